/* Which pieces of written code make a product. */
#include "product_plan.h"

#include "couple.h"

#include <string.h>

enum { L_MOST = 12, FEW = 2 }; /* paths that are not there cost as much as others: at least one in FEW must be */

/* Blocks of degrees 0 ... L, in this order, of as many copies each: L, or -1. */
static int ladder(weyl_irreps list, size_t channels) {
  if (list.n > L_MOST + 1) return -1;
  for (int32_t i = 0; i < list.n; i++)
    if (list.item[i].l != i || (channels && (size_t)list.item[i].mul != channels)) return -1;
  return list.n - 1;
}

static const product_unit *find(const product_unit *units, int l1, int l2, int least, int most) {
  const product_unit *best = NULL;
  for (const product_unit *u = units; u->run; u++)
    if (u->l1 == l1 && u->l2 == l2 && u->high >= least && u->high <= most && (!best || u->high < best->high)) best = u;
  return best;
}

typedef struct search {
  weyl_product *p;
  weyl_paths paths;
  const product_unit *const *tables; /* [way] */
  bool even;
  int l[3];
  int32_t row[L_MOST + 1][L_MOST + 1][L_MOST + 1]; /* of the weights, by degrees; -1: no such path in the code */
  double scale[L_MOST + 1][L_MOST + 1][L_MOST + 1];
} search;

/* The rows of the weights of all paths of a pair of degrees, in the order of the code; high becomes the highest degree
 * that there is a path to. */
static weyl_status number(search *s, int l1, int l2, int *high) {
  weyl_mark mark = weyl_arena_mark(s->p->arena);
  couple c;
  const weyl_status status = couple_make(s->p->ctx, s->p->arena, l1, l2, *high, s->even, &c);
  if (status == WEYL_OK) {
    for (int l3 = c.low; l3 <= c.high; l3 += c.step) {
      s->row[l1][l2][l3] = s->p->kernel_paths++;
      s->scale[l1][l2][l3] = c.scale[l3];
    }
    *high = c.high;
  }
  weyl_arena_release(s->p->arena, mark);
  return status;
}

static void add_unit(weyl_product *p, int way, const product_unit *u, size_t first_path) {
  p->ops[way] += (double)u->ops;
  p->unit[way][p->units[way]++] = (plan_unit){u->run, first_path, p->ops[way]};
}

/* The highest degree that the pair goes to; -1: it does not. */
static int highest(const search *s, int l1, int l2) {
  int most = -1;
  for (int64_t i = 0; i < s->paths.n; i++) {
    const weyl_path *q = &s->paths.item[i];
    if (q->in1 == l1 && q->in2 == l2 && q->out > most) most = q->out;
  }
  return most;
}

static void zero_degree(plan_zero *z, int l) {
  z->row[z->n] = l * l;
  z->count[z->n++] = 2 * l + 1;
}

/* One function for all pairs of degrees, if there is one. */
static const product_unit *find_whole(const search *s, int way) {
  if (s->l[0] != s->l[1] || s->l[0] != s->l[2]) return NULL;
  return find(s->tables[way], -1, -1, s->l[0], s->l[0]);
}

static weyl_status collect(search *s, bool *found) {
  weyl_product *p = s->p;
  const product_unit *whole[PRODUCT_WAYS];
  bool begun[3][L_MOST + 1] = {{false}}, all = false;
  *found = false;
  p->kernel_paths = 0;
  memset(p->units, 0, sizeof p->units);
  memset(p->ops, 0, sizeof p->ops);
  memset(p->zero, 0, sizeof p->zero);
  memset(s->row, -1, sizeof s->row);
  for (int way = 0; way < PRODUCT_WAYS; way++) {
    whole[way] = find_whole(s, way);
    all |= whole[way] != NULL;
    if (whole[way]) add_unit(p, way, whole[way], 0);
  }
  for (int l1 = 0; l1 <= s->l[0]; l1++)
    for (int l2 = 0; l2 <= s->l[1]; l2++) {
      const size_t first_path = (size_t)p->kernel_paths;
      int least = highest(s, l1, l2), most = s->l[2];
      if (all) { /* every path has weights in the code of all pairs: so it must elsewhere */
        least = most;
        WEYL_TRY(number(s, l1, l2, &least));
      } else if (least < 0) {
        continue;
      }
      int high = least;
      for (int way = 0; way < PRODUCT_WAYS; way++) {
        if (whole[way]) continue;
        const product_unit *u = find(s->tables[way], l1, l2, least, most);
        if (!u) return WEYL_OK;
        add_unit(p, way, u, first_path);
        high = u->high;
      }
      if (!all) WEYL_TRY(number(s, l1, l2, &high));
      if (l1 == 0) begun[1][l2] = begun[2][l2] = true; /* the code of these puts where the rest adds */
      if (l2 == 0) begun[0][l1] = true;
    }
  for (int i = 0; i < 3; i++)
    for (int l = 0; l <= s->l[i]; l++)
      if (!begun[i][l]) zero_degree(&p->zero[i], l);
  for (int way = 0; way < PRODUCT_WAYS; way++)
    for (int32_t i = 0; i < p->units[way]; i++) p->unit[way][i].share /= p->ops[way];
  /* every path once, and in the code */
  bool taken[(L_MOST + 1) * (L_MOST + 1) * (L_MOST + 1)] = {false};
  for (int64_t i = 0; i < s->paths.n; i++) {
    const weyl_path *q = &s->paths.item[i];
    const int32_t row = s->row[q->l1][q->l2][q->l3];
    if (row < 0 || taken[row]) return WEYL_OK;
    taken[row] = true;
    p->path[i].row = row;
    p->path[i].factor *= s->scale[q->l1][q->l2][q->l3];
  }
  *found = FEW * s->paths.n >= p->kernel_paths;
  return WEYL_OK;
}

weyl_status plan_written(weyl_product *p, weyl_paths paths, bool *found) {
  *found = false;
  search s = {.p = p, .paths = paths};
  for (int i = 0; i < 3; i++) {
    s.l[i] = ladder(p->irreps[i], i == 1 && p->opts.wiring == WEYL_WIRE_UVU ? 0 : p->channels);
    if (s.l[i] < 0) return WEYL_OK;
  }
  bool all_even = true;
  for (int64_t i = 0; i < paths.n; i++) all_even &= (paths.item[i].l1 + paths.item[i].l2 + paths.item[i].l3) % 2 == 0;
  double *factor = weyl_arena_array(p->arena, double, paths.n);
  if (!factor) return WEYL_MEMORY;
  for (int way = 0; way < PRODUCT_WAYS; way++)
    if (!(p->unit[way] = weyl_arena_array(p->arena, plan_unit, (L_MOST + 1) * (L_MOST + 1) + 1))) return WEYL_MEMORY;
  for (int64_t i = 0; i < paths.n; i++) factor[i] = p->path[i].factor;
  for (int even = all_even ? 1 : 0; even >= 0 && !*found; even--) {
    s.even = even != 0;
    s.tables = even ? p->kernels->even[p->dtype] : p->kernels->full[p->dtype];
    WEYL_TRY(collect(&s, found));
    if (!*found)
      for (int64_t i = 0; i < paths.n; i++) p->path[i].factor = factor[i];
  }
  return WEYL_OK;
}
