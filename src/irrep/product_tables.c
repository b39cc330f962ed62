/* The tables of a product of any blocks and paths. */
#include "product_plan.h"

#include "couple.h"

#include <string.h>

typedef struct builder {
  weyl_product *p;
  weyl_paths paths;
  int32_t *row[3]; /* the first row of each block */
} builder;

static int order_row(int l, int m) { return l + m; }

static void set_k(const weyl_product *p, void *k, int32_t i, double value) {
  if (p->dtype == WEYL_F64)
    ((double *)k)[i] = value;
  else
    ((float *)k)[i] = (float)value;
}

static double get_k(const weyl_product *p, const void *k, int32_t i) {
  return p->dtype == WEYL_F64 ? ((const double *)k)[i] : (double)((const float *)k)[i];
}

static weyl_status entries_new(const weyl_product *p, product_entries *e, int64_t rows, int64_t n) {
  e->from = weyl_arena_array(p->arena, int32_t, rows + 1);
  e->at = weyl_arena_array(p->arena, int32_t, n);
  e->k = weyl_arena_alloc(p->arena, (size_t)n, p->size);
  return e->from && e->at && e->k ? WEYL_OK : WEYL_MEMORY;
}

/* The form as rows of x and y. */
static product_form form_of(const couple *c, const couple_pair *q, couple_form f, int32_t x, int32_t y) {
  const int a1 = q->a1, a2 = q->a2, l1 = c->l1, l2 = c->l2;
  product_form z = {.x2 = -1, .y2 = -1};
  if (a1 == 0 || a2 == 0) {
    z.x1 = x + order_row(l1, f == FORM_S && a1 > 0 ? -a1 : a1);
    z.y1 = y + order_row(l2, f == FORM_S && a2 > 0 ? -a2 : a2);
    return z;
  }
  z.x1 = x + order_row(l1, f == FORM_C ? a1 : -a1);
  z.y1 = y + order_row(l2, a2);
  z.x2 = x + order_row(l1, f == FORM_C ? -a1 : a1);
  z.y2 = y + order_row(l2, -a2);
  z.sign = (q->side == SIDE_SUM) == (f == FORM_C) ? -1 : 1;
  return z;
}

static weyl_status one_couple(builder *b, int32_t i, int32_t j, product_couple *out, product_table *t) {
  weyl_product *p = b->p;
  const weyl_irrep x = p->irreps[0].item[i], y = p->irreps[1].item[j];
  int high = 0;
  int64_t targets = 0;
  for (int64_t n = 0; n < b->paths.n; n++) {
    const weyl_path *q = &b->paths.item[n];
    if (q->in1 != i || q->in2 != j) continue;
    if (q->l3 > high) high = q->l3;
    targets += 2 * q->l3 + 1;
  }
  couple c;
  WEYL_TRY(couple_make(p->ctx, p->arena, x.l, y.l, high, false, &c));
  int64_t forms = 0, uses = 0;
  for (int a = 0; a <= c.high; a++) forms += FORMS * c.pairs[a];
  for (int64_t n = 0; n < b->paths.n; n++)
    if (b->paths.item[n].in1 == i && b->paths.item[n].in2 == j)
      for (int a = 0; a <= b->paths.item[n].l3; a++) uses += FORMS * c.pairs[a];
  product_form *form = weyl_arena_array(p->arena, product_form, forms);
  int32_t *number = weyl_arena_array(p->arena, int32_t, forms); /* of each form among those that are used, or -1 */
  int32_t *row = weyl_arena_array(p->arena, int32_t, targets), *path = weyl_arena_array(p->arena, int32_t, targets);
  if (!form || !number || !row || !path) return WEYL_MEMORY;
  WEYL_TRY(entries_new(p, &out->sums, targets, uses));
  /* forms by |m3|, in the order of the pairs */
  int32_t used = 0, slot = 0;
  for (int a = 0; a <= c.high; a++)
    for (int r = 0; r < c.pairs[a]; r++)
      for (int f = 0; f < FORMS; f++, slot++) {
        const couple_pair *q = &c.pair[a][r];
        bool any = false;
        for (int64_t n = 0; n < b->paths.n; n++) {
          const weyl_path *w = &b->paths.item[n];
          any |= w->in1 == i && w->in2 == j && w->l3 >= a && q->k[f][w->l3] != 0;
        }
        number[slot] = any ? used : -1;
        if (any) form[used++] = form_of(&c, q, (couple_form)f, b->row[0][i], b->row[1][j]);
      }
  int32_t target = 0, entry = 0;
  for (int64_t n = 0; n < b->paths.n; n++) {
    const weyl_path *w = &b->paths.item[n];
    if (w->in1 != i || w->in2 != j) continue;
    p->path[n].factor *= c.scale[w->l3];
    const int64_t mul = p->irreps[2].item[w->out].mul;
    if (mul > out->channels) out->channels = (int32_t)mul;
    slot = 0;
    for (int a = 0; a <= w->l3; slot += FORMS * c.pairs[a], a++)
      for (int side = 0; side < (a ? 2 : 1); side++) {
        const int32_t before = entry;
        for (int r = 0; r < c.pairs[a]; r++)
          for (int f = 0; f < FORMS; f++) {
            const double k = c.pair[a][r].k[f][w->l3];
            if (k == 0 || couple_target(&c, w->l3, (couple_form)f) != (side == 1)) continue;
            out->sums.at[entry] = number[slot + FORMS * r + f];
            set_k(p, out->sums.k, entry++, k);
          }
        if (entry == before) continue;
        row[target] = b->row[2][w->out] + order_row(w->l3, side ? -a : a);
        path[target] = (int32_t)n;
        out->sums.from[++target] = entry;
      }
  }
  /* the same by forms */
  WEYL_TRY(entries_new(p, &out->back, used, entry));
  for (int32_t e = 0; e < entry; e++) out->back.from[out->sums.at[e] + 1]++;
  for (int32_t z = 0; z < used; z++) {
    out->back.from[z + 1] += out->back.from[z];
    number[z] = out->back.from[z];
  }
  for (int32_t g = 0; g < target; g++)
    for (int32_t e = out->sums.from[g]; e < out->sums.from[g + 1]; e++) {
      const int32_t to = number[out->sums.at[e]]++;
      out->back.at[to] = g;
      set_k(p, out->back.k, to, get_k(p, out->sums.k, e));
    }
  out->form = form;
  out->forms = used;
  out->targets = target;
  out->row = row;
  out->path = path;
  int doubles = 0;
  for (int32_t z = 0; z < used; z++) doubles += form[z].sign != 0;
  p->ops[PRODUCT_FORWARD] += used + doubles + entry + target;
  p->ops[PRODUCT_BACKWARD] += entry + target + 2 * (used + doubles);
  p->ops[PRODUCT_GRADIENTS] += 2 * entry + 2 * target + 3 * (used + doubles);
  if (used > t->forms_max) t->forms_max = used;
  if (target > t->targets_max) t->targets_max = target;
  return WEYL_OK;
}

weyl_status plan_table(weyl_product *p, weyl_paths paths) {
  builder b = {.p = p, .paths = paths};
  for (int i = 0; i < 3; i++) {
    b.row[i] = weyl_arena_array(p->arena, int32_t, p->irreps[i].n + 1);
    if (!b.row[i]) return WEYL_MEMORY;
    for (int32_t j = 0; j < p->irreps[i].n; j++) b.row[i][j + 1] = b.row[i][j] + 2 * p->irreps[i].item[j].l + 1;
  }
  memset(p->ops, 0, sizeof p->ops);
  p->kernel_paths = (int32_t)paths.n;
  for (int64_t n = 0; n < paths.n; n++) p->path[n].row = (int32_t)n;
  product_table *t = &p->table;
  *t = (product_table){.x_rows = p->rows[0], .y_rows = p->rows[1], .out_rows = p->rows[2], .paths = p->kernel_paths};
  product_couple *couples = weyl_arena_array(p->arena, product_couple, paths.n); /* no more couples than paths */
  if (!couples) return WEYL_MEMORY;
  for (int64_t n = 0; n < paths.n; n++) {
    const weyl_path *q = &paths.item[n];
    bool first = true;
    for (int64_t m = 0; m < n; m++) first &= paths.item[m].in1 != q->in1 || paths.item[m].in2 != q->in2;
    if (first) WEYL_TRY(one_couple(&b, q->in1, q->in2, &couples[t->couples++], t));
  }
  t->couple = couples;
  return WEYL_OK;
}
