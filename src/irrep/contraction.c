/* Plans of symmetric contractions: the basis as tables, and calls that take samples to the kernels one by one. */
#include <weyl/irrep.h>

#include "contraction.h"
#include "product.h"

#include <string.h>

enum { SAMPLES_MAX = 8 }; /* at a time through layouts */

struct weyl_contraction {
  weyl_context *ctx;
  weyl_arena *arena;
  const product_kernels *kernels;
  weyl_contraction_opts opts;
  weyl_dtype dtype;
  size_t size, V, blocks;
  weyl_irreps irreps[2];
  int32_t paths, entries;
  int64_t counts[WEYL_L_MAX + 1][CONTRACTION_ORDER_MAX + 1]; /* [degree][order] */
  contraction_table table;
};

/* ---- tables ---- */

typedef struct tables { /* as they are filled */
  weyl_contraction *p;
  int32_t rows, keys[CONTRACTION_ORDER_MAX + 1]; /* of each order */
  int32_t *place[CONTRACTION_ORDER_MAX + 1];     /* [keys] where the monomial is, -1: nowhere */
} tables;

static void put(weyl_dtype real, void *x, size_t i, double value) {
  if (real == WEYL_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

static void mark(tables *t, int order, int32_t key) {
  for (; order > 0 && t->place[order][key] < 0; order--, key /= t->rows) t->place[order][key] = 0;
}

/* Monomials that couplings take, and what those are made of, by order. */
static weyl_status number_monomials(tables *t, const symmetric_basis *basis) {
  weyl_contraction *p = t->p;
  contraction_table *to = &p->table;
  for (int32_t i = 0; i < basis->n; i++) {
    const symmetric_coupling *s = &basis->item[i];
    for (int m = 0; m <= 2 * s->l; m++)
      for (int32_t j = 0; j < s->part[m].n; j++) mark(t, s->order, s->part[m].key[j]);
  }
  for (int32_t row = 0; row < t->rows; row++) t->place[1][row] = 0;
  int32_t n = 0;
  for (int order = 1; order <= p->opts.order; order++)
    for (int32_t key = 0; key < t->keys[order]; key++)
      if (t->place[order][key] == 0) t->place[order][key] = n++;
  int32_t *left = weyl_arena_array(p->arena, int32_t, n), *right = weyl_arena_array(p->arena, int32_t, n);
  if (!left || !right) return WEYL_MEMORY;
  for (int order = 1; order <= p->opts.order; order++)
    for (int32_t key = 0; key < t->keys[order]; key++) {
      const int32_t at = t->place[order][key];
      if (at < 0) continue;
      left[at] = order > 1 ? t->place[order - 1][key / t->rows] : 0;
      right[at] = key % t->rows;
    }
  to->monomials = n;
  to->left = left, to->right = right;
  return WEYL_OK;
}

static weyl_status fill_targets(tables *t, const symmetric_basis *basis) {
  weyl_contraction *p = t->p;
  contraction_table *to = &p->table;
  int32_t targets = 0, entries = 0;
  for (int32_t i = 0; i < basis->n; i++)
    for (int m = 0; m <= 2 * basis->item[i].l; m++, targets++) entries += basis->item[i].part[m].n;
  int32_t *first = weyl_arena_array(p->arena, int32_t, to->out_rows + 1),
          *row = weyl_arena_array(p->arena, int32_t, targets), *path = weyl_arena_array(p->arena, int32_t, targets),
          *from = weyl_arena_array(p->arena, int32_t, targets + 1), *at = weyl_arena_array(p->arena, int32_t, entries),
          *back = weyl_arena_array(p->arena, int32_t, to->monomials + 2),
          *back_at = weyl_arena_array(p->arena, int32_t, entries);
  void *k = weyl_arena_alloc(p->arena, (size_t)entries, p->size),
       *back_k = weyl_arena_alloc(p->arena, (size_t)entries, p->size);
  if (!first || !row || !path || !from || !at || !back || !back_at || !k || !back_k) return WEYL_MEMORY;
  int32_t n = 0, e = 0;
  memset(back, 0, (size_t)(to->monomials + 2) * sizeof *back);
  for (int32_t r = 0; r < to->out_rows; r++) {
    first[r] = n;
    for (int32_t i = 0; i < basis->n; i++) {
      const symmetric_coupling *s = &basis->item[i];
      if (r < s->l * s->l || r >= (s->l + 1) * (s->l + 1)) continue;
      const polynomial *part = &s->part[r - s->l * s->l];
      row[n] = r, path[n] = i, from[n++] = e;
      for (int32_t j = 0; j < part->n; j++, e++) {
        at[e] = t->place[s->order][part->key[j]];
        put(p->dtype, k, (size_t)e, part->c[j]);
        back[at[e] + 2]++;
      }
    }
  }
  first[to->out_rows] = n;
  from[n] = e;
  for (int32_t m = 0; m < to->monomials; m++) back[m + 2] += back[m + 1];
  for (int32_t j = 0; j < n; j++)
    for (int32_t i = from[j]; i < from[j + 1]; i++) {
      const size_t to_entry = (size_t)back[at[i] + 1]++;
      back_at[to_entry] = j;
      memcpy((char *)back_k + to_entry * p->size, (const char *)k + (size_t)i * p->size, p->size);
    }
  to->targets = n;
  p->entries = e;
  to->first = first, to->row = row, to->path = path, to->from = from, to->at = at, to->k = k;
  to->back = back, to->back_at = back_at, to->back_k = back_k;
  return WEYL_OK;
}

static weyl_status fill(weyl_contraction *p, weyl_arena *scratch) {
  const weyl_contraction_opts *o = &p->opts;
  symmetric_basis basis;
  WEYL_TRY(symmetric_basis_make(p->ctx, scratch, o->l_max, o->l_out, o->order, &basis));
  tables t = {.p = p, .rows = (o->l_max + 1) * (o->l_max + 1), .keys = {1}};
  p->table.rows = t.rows;
  p->table.out_rows = (o->l_out + 1) * (o->l_out + 1);
  p->paths = basis.n;
  for (int32_t i = 0; i < basis.n; i++) p->counts[basis.item[i].l][basis.item[i].order]++;
  for (int order = 1; order <= o->order; order++) {
    t.keys[order] = t.keys[order - 1] * t.rows;
    t.place[order] = weyl_arena_array(scratch, int32_t, t.keys[order]);
    if (!t.place[order]) return WEYL_MEMORY;
    memset(t.place[order], -1, (size_t)t.keys[order] * sizeof(int32_t));
  }
  WEYL_TRY(number_monomials(&t, &basis));
  WEYL_TRY(fill_targets(&t, &basis));
  for (int i = 0; i < 2; i++) {
    const int l_max = i ? o->l_out : o->l_max;
    weyl_irrep *item = weyl_arena_array(p->arena, weyl_irrep, l_max + 1);
    if (!item) return WEYL_MEMORY;
    for (int l = 0; l <= l_max; l++) item[l] = (weyl_irrep){o->channels, l, 1};
    p->irreps[i] = (weyl_irreps){l_max + 1, item};
    WEYL_TRY(weyl_irreps_check(p->ctx, p->irreps[i]));
  }
  return WEYL_OK;
}

/* ---- plans ---- */

static weyl_status check(weyl_context *ctx, const weyl_contraction_opts *o, weyl_dtype dtype) {
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "a contraction of %s numbers, must be f32 or f64", weyl_dtype_name(dtype));
  const struct {
    const char *what;
    int64_t value, least, most;
  } choices[] = {{"l_max", o->l_max, 0, WEYL_L_MAX},
                 {"l_out", o->l_out, 0, WEYL_L_MAX},
                 {"order", o->order, 1, CONTRACTION_ORDER_MAX},
                 {"channels", o->channels, 0, WEYL_IRREPS_MUL_MAX},
                 {"elements", o->elements, 1, INT32_MAX},
                 {"layout", (int64_t)o->layout, 0, WEYL_LAYOUT_CHANNELS}};
  for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
    if (choices[i].value < choices[i].least || choices[i].value > choices[i].most)
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s is %lld, must be %lld to %lld", choices[i].what,
                       (long long)choices[i].value, (long long)choices[i].least, (long long)choices[i].most);
  return WEYL_OK;
}

weyl_status weyl_contraction_new(weyl_context *ctx, const weyl_contraction_opts *opts, weyl_dtype dtype,
                                 weyl_contraction **plan) {
  if (!opts) return weyl_fail(ctx, WEYL_BAD_ARG, "there are no options");
  WEYL_TRY(check(ctx, opts, dtype));
  weyl_contraction *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  *p = (weyl_contraction){.ctx = ctx, .kernels = product_kernels_active(), .opts = *opts, .dtype = dtype};
  p->size = weyl_dtype_size(dtype);
  p->V = 64 / p->size;
  p->blocks = ((size_t)opts->channels + p->V - 1) / p->V;
  weyl_arena *scratch = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &p->arena));
  WEYL_GOTO(weyl_arena_new(ctx, &scratch));
  WEYL_GOTO(fill(p, scratch));
  *plan = p;
  p = NULL;
done:
  weyl_arena_free(scratch);
  weyl_contraction_free(p);
  return status;
}

void weyl_contraction_free(weyl_contraction *plan) {
  if (!plan) return;
  weyl_arena_free(plan->arena);
  weyl_dealloc(plan->ctx, plan);
}

int64_t weyl_contraction_couplings(const weyl_contraction *plan, int l, int order) {
  int64_t sum = 0;
  for (int i = 0; i <= plan->opts.l_out; i++)
    for (int v = 1; v <= plan->opts.order; v++)
      if ((l < 0 || l == i) && (order < 1 || order == v)) sum += plan->counts[i][v];
  return sum;
}

int64_t weyl_contraction_weights(const weyl_contraction *plan) {
  return plan->opts.elements * plan->paths * plan->opts.channels;
}

static size_t block_size(const weyl_contraction *p, int which) {
  return (size_t)(which ? p->table.out_rows : p->table.rows) * p->V;
}

int64_t weyl_contraction_size(const weyl_contraction *plan, int which) {
  if (which < 0 || which > 1) return 0;
  if (plan->opts.layout == WEYL_LAYOUT_BLOCKED) return (int64_t)(block_size(plan, which) * plan->blocks);
  return weyl_irreps_dim(plan->irreps[which]);
}

double weyl_contraction_ops(const weyl_contraction *plan, int way) {
  const contraction_table *t = &plan->table;
  const double products = t->monomials - t->rows, entries = plan->entries;
  if (way == 0) return products + entries + t->targets;
  return 4 * products + entries + t->targets + 2 * t->rows + (way == 2 ? entries + t->targets : 0);
}

/* ---- calls ---- */

typedef struct parts {
  char *w, *dw;       /* of one element, where channels do not fill blocks */
  char *a, *da, *out; /* blocked; NULL where the caller's arrays are */
  void *scratch;
} parts;

static bool weights_in_place(const weyl_contraction *p) { return (size_t)p->opts.channels % p->V == 0; }

static size_t lay_out(const weyl_contraction *p, char *memory, parts *s) {
  size_t used = 0;
  const bool moved = p->opts.layout != WEYL_LAYOUT_BLOCKED;
  const size_t set = weights_in_place(p) ? 0 : (size_t)p->paths * p->blocks * 64;
  const size_t a = moved ? SAMPLES_MAX * p->blocks * block_size(p, 0) * p->size : 0,
               out = moved ? SAMPLES_MAX * p->blocks * block_size(p, 1) * p->size : 0;
  const size_t bytes[] = {set, set, a, a, out, contraction_scratch(&p->table) * 64};
  char *at[6];
  for (int i = 0; i < 6; i++) {
    at[i] = memory ? memory + used : NULL;
    used += (bytes[i] + 63) / 64 * 64;
  }
  *s = (parts){at[0], at[1], at[2], at[3], at[4], at[5]};
  return used;
}

size_t weyl_contraction_work(const weyl_contraction *plan) {
  parts s;
  return lay_out(plan, NULL, &s);
}

typedef struct weights { /* of the element that is at hand */
  const weyl_contraction *p;
  const char *w;
  char *dw;
  const parts *s;
  int64_t element;
} weights;

static size_t element_bytes(const weyl_contraction *p) { return (size_t)(p->paths * p->opts.channels) * p->size; }

/* Rows of channels to rows of whole blocks, and back. */
static void turn_to(weights *h, int64_t element) {
  const weyl_contraction *p = h->p;
  const size_t row = (size_t)p->opts.channels * p->size, wide = p->blocks * 64;
  if (element == h->element) return;
  if (!weights_in_place(p)) {
    for (int32_t i = 0; h->dw && h->element >= 0 && i < p->paths; i++)
      memcpy(h->dw + (size_t)h->element * element_bytes(p) + (size_t)i * row, h->s->dw + (size_t)i * wide, row);
    for (int32_t i = 0; element >= 0 && i < p->paths; i++) {
      char *const w = h->s->w + (size_t)i * wide, *const dw = h->s->dw + (size_t)i * wide;
      memset(w + row, 0, wide - row);
      memset(dw + row, 0, wide - row);
      memcpy(w, h->w + (size_t)element * element_bytes(p) + (size_t)i * row, row);
      if (h->dw) memcpy(dw, h->dw + (size_t)element * element_bytes(p) + (size_t)i * row, row);
    }
  }
  h->element = element;
}

static void one_sample(weights *h, int64_t element, contraction_span *q, bool back) {
  const weyl_contraction *p = h->p;
  turn_to(h, element);
  const bool direct = weights_in_place(p);
  q->weight_step = p->blocks * p->V;
  q->w = direct ? h->w + (size_t)element * element_bytes(p) : h->s->w;
  q->dw = !h->dw ? NULL : direct ? h->dw + (size_t)element * element_bytes(p) : h->s->dw;
  if (back)
    IRREP_KERNEL(contraction_backward, p->dtype)(&p->table, q, h->s->scratch);
  else
    IRREP_KERNEL(contraction_forward, p->dtype)(&p->table, q, h->s->scratch);
}

static weyl_status move(weyl_context *ctx, const weyl_contraction *p, int which, bool pack, int64_t n, const void *from,
                        void *to) {
  if (pack) return weyl_layout_pack(ctx, p->opts.layout, p->dtype, p->irreps[which], p->opts.channels, n, from, to);
  return weyl_layout_unpack(ctx, p->opts.layout, p->dtype, p->irreps[which], p->opts.channels, n, from, to);
}

/* b: written forward, its gradient backward. */
static weyl_status run(weyl_context *ctx, const weyl_contraction *p, bool back, int64_t n, const int32_t *element,
                       const char *a, const char *w, const char *g, char *b, char *da, char *dw, void *memory) {
  parts s;
  lay_out(p, memory, &s);
  const bool moved = p->opts.layout != WEYL_LAYOUT_BLOCKED;
  const size_t a_size = (size_t)weyl_contraction_size(p, 0) * p->size,
               b_size = (size_t)weyl_contraction_size(p, 1) * p->size;
  const size_t a_step = p->blocks * block_size(p, 0) * p->size, b_step = p->blocks * block_size(p, 1) * p->size;
  weights h = {.p = p, .w = w, .dw = dw, .s = &s, .element = -1};
  for (int64_t first = 0; first < n; first += SAMPLES_MAX) {
    const int64_t here = n - first < SAMPLES_MAX ? n - first : SAMPLES_MAX;
    const size_t a_at = (size_t)first * a_size, b_at = (size_t)first * b_size;
    if (moved) WEYL_TRY(move(ctx, p, 0, true, here, a + a_at, s.a));
    if (moved && back) WEYL_TRY(move(ctx, p, 1, true, here, g + b_at, s.out));
    for (int64_t i = 0; i < here; i++) {
      contraction_span q = {.blocks = p->blocks};
      const size_t a_of = (size_t)i * a_step, b_of = (size_t)i * b_step;
      q.a = (moved ? s.a : a + a_at) + a_of;
      if (back) {
        q.g = (moved ? s.out : g + b_at) + b_of;
        q.da = (moved ? s.da : da + a_at) + a_of;
      } else {
        q.out = (moved ? s.out : b + b_at) + b_of;
      }
      one_sample(&h, element ? element[first + i] : 0, &q, back);
    }
    if (moved && back) WEYL_TRY(move(ctx, p, 0, false, here, s.da, da + a_at));
    if (moved && !back) WEYL_TRY(move(ctx, p, 1, false, here, s.out, b + b_at));
  }
  turn_to(&h, -1);
  return WEYL_OK;
}

static weyl_status check_call(weyl_context *ctx, const weyl_contraction *p, int64_t n, const int32_t *element,
                              bool arrays_there, const void *memory) {
  if (!p) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no plan");
  if (n < 0) return weyl_fail(ctx, WEYL_BAD_ARG, "%lld samples, must be 0 or more", (long long)n);
  if (!memory) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no memory to work in");
  if (n > 0 && !arrays_there) return weyl_fail(ctx, WEYL_BAD_ARG, "an array is missing");
  for (int64_t i = 0; element && i < n; i++)
    if (element[i] < 0 || element[i] >= p->opts.elements)
      return weyl_fail(ctx, WEYL_BAD_ARG, "element of sample %lld is %d, must be 0 to %lld", (long long)i,
                       (int)element[i], (long long)p->opts.elements - 1);
  return WEYL_OK;
}

weyl_status weyl_contraction_forward(weyl_context *ctx, const weyl_contraction *plan, int64_t n, const int32_t *element,
                                     const void *a, const void *w, void *b, void *work) {
  WEYL_TRY(check_call(ctx, plan, n, element, a && w && b, work));
  if (n == 0 || plan->blocks == 0) return WEYL_OK;
  return run(ctx, plan, false, n, element, a, w, NULL, b, NULL, NULL, work);
}

weyl_status weyl_contraction_backward(weyl_context *ctx, const weyl_contraction *plan, int64_t n,
                                      const int32_t *element, const void *a, const void *w, const void *g, void *da,
                                      void *dw, void *work) {
  WEYL_TRY(check_call(ctx, plan, n, element, a && w && g && da, work));
  if (dw) memset(dw, 0, (size_t)weyl_contraction_weights(plan) * plan->size);
  if (n == 0 || plan->blocks == 0) return WEYL_OK;
  return run(ctx, plan, true, n, element, a, w, g, NULL, da, dw, work);
}
