/* Making a plan of a convolution in the frame of each edge: which orders mix by which weights, and the turns. */
#include "align.h"
#include "degrees.h"
#include "numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct draft {
  weyl_edge_aligned *p;
  weyl_arena *scratch;
  int32_t *path; /* numbers of paths, by out, then in1 */
  align_block *block[2];
  align_pair *pair;
  int32_t *at;
  double *k[2];
  int64_t pairs, paths, numbers; /* numbers: of k */
} draft;

static double *array_of(draft *d, int64_t n) { return weyl_arena_array(d->scratch, double, n + 1); }

/* Doubles as numbers of the type of the plan. */
static const void *keep(weyl_edge_aligned *p, const double *from, int64_t n) {
  void *to = weyl_arena_alloc(p->arena, (size_t)n + 1, weyl_dtype_size(p->dtype));
  if (to) numbers_write(p->dtype, from, n, to, 0);
  return to;
}

/* ---- pairs ---- */

static int32_t orders_of(const weyl_edge_aligned *p, int32_t l) {
  return p->opts.orders > 0 && p->opts.orders <= l ? p->opts.orders : l + 1;
}

static const weyl_path *path_of(const draft *d, int64_t i) { return &d->p->paths.item[d->path[i]]; }

/* By insertion: a plan of thousands of paths has far more to do than this. */
static void sort_paths(draft *d) {
  for (int64_t i = 0; i < d->p->paths.n; i++) d->path[i] = (int32_t)i;
  for (int64_t i = 1; i < d->p->paths.n; i++)
    for (int64_t j = i; j > 0; j--) {
      const weyl_path *a = path_of(d, j - 1), *b = path_of(d, j);
      if (a->out < b->out || (a->out == b->out && a->in1 <= b->in1)) break;
      const int32_t t = d->path[j];
      d->path[j] = d->path[j - 1];
      d->path[j - 1] = t;
    }
}

/* k[m] of a path: W[m, 0, m] or, where the sum of degrees is odd, W[m, 0, -m]; alike for exchanged degrees. */
static weyl_status zonal(draft *d, const weyl_path *q, int32_t orders, double *k) {
  const bool odd = (q->l1 + q->l2 + q->l3) % 2 != 0, turned = !odd && q->l1 > q->l3;
  const int l1 = turned ? q->l3 : q->l1, l3 = turned ? q->l1 : q->l3;
  const weyl_mark mark = weyl_arena_mark(d->scratch);
  double *W = array_of(d, (2 * l1 + 1) * (2 * q->l2 + 1) * (2 * l3 + 1));
  if (!W) return WEYL_MEMORY;
  WEYL_TRY(weyl_wigner_3j(d->p->ctx, l1, q->l2, l3, WEYL_GAUGE_WEYL, W));
  for (int m = 0; m < orders; m++)
    k[m] = W[((l1 + m) * (2 * q->l2 + 1) + q->l2) * (2 * l3 + 1) + (odd ? l3 - m : l3 + m)];
  weyl_arena_release(d->scratch, mark);
  return WEYL_OK;
}

/* The numbers of a pair whose paths are [from, to): A's, then B's. */
static weyl_status fill_pair(draft *d, align_pair *pair, int64_t from, int64_t to) {
  weyl_edge_aligned *p = d->p;
  double column[WEYL_L_MAX + 1];
  for (int odd = 0; odd < 2; odd++) {
    const int32_t n = odd ? pair->odd : pair->even;
    int32_t i = 0;
    for (int64_t j = from; j < to; j++) {
      const weyl_path *q = path_of(d, j);
      if ((q->l1 + q->l2 + q->l3) % 2 != odd) continue;
      WEYL_TRY(zonal(d, q, pair->orders, column));
      const bool known = q->l2 == 0 && pair->orders == q->l1 + 1; /* without a direction */
      for (int m = odd; m < pair->orders; m++) {
        double *k = &d->k[0][d->numbers + (m - odd) * n + i];
        *k = p->factor[d->path[j]] * column[m];
        d->k[1][k - d->k[0]] = known ? *k : 0;
      }
      d->at[d->paths++] = p->opts.weights == WEYL_EDGE_DEGREES ? q->in2 : d->path[j];
      i++;
    }
    d->numbers += (pair->orders - odd) * n;
  }
  return WEYL_OK;
}

/* Runs of paths with one out and one in1. Counts without arrays, fills with them. */
static weyl_status add_pairs(draft *d) {
  weyl_edge_aligned *p = d->p;
  const int64_t n = p->paths.n;
  d->pairs = d->paths = d->numbers = 0;
  p->tables.weights = 0;
  for (int64_t from = 0, to; from < n; from = to) {
    const weyl_path *q = path_of(d, from);
    align_pair pair = {.b = q->in1, .at = (int32_t)d->paths, .k = d->numbers, .sine = -1, .row = -1};
    for (to = from; to < n && path_of(d, to)->out == q->out && path_of(d, to)->in1 == q->in1; to++)
      if ((q->l1 + path_of(d, to)->l2 + q->l3) % 2)
        pair.odd++;
      else
        pair.even++;
    pair.orders = orders_of(p, q->l1 < q->l3 ? q->l1 : q->l3);
    if (p->opts.weights == WEYL_EDGE_ORDERS) { /* rows are weights */
      if (pair.even) pair.row = p->tables.weights;
      p->tables.weights += pair.even ? pair.orders : 0;
      if (pair.odd) pair.sine = p->tables.weights;
      p->tables.weights += pair.odd ? pair.orders - 1 : 0;
    }
    if (d->pair) {
      WEYL_TRY(fill_pair(d, &pair, from, to));
      align_block *k = &d->block[1][q->out];
      if (k->pairs++ == 0) k->pair = (int32_t)d->pairs;
      d->block[0][q->in1].pairs = 1;
      d->pair[d->pairs] = pair;
    } else {
      d->paths += to - from;
      d->numbers += pair.orders * (pair.even + pair.odd);
    }
    d->pairs++;
  }
  if (p->opts.weights == WEYL_EDGE_PATHS) p->tables.weights = (int32_t)n;
  if (p->opts.weights == WEYL_EDGE_DEGREES) p->tables.weights = p->irreps[1].n;
  return WEYL_OK;
}

/* Those of more orders first. */
static void sort_pairs(draft *d, const align_block *k) {
  align_pair *pair = d->pair + k->pair;
  for (int32_t i = 1; i < k->pairs; i++)
    for (int32_t j = i; j > 0 && pair[j - 1].orders < pair[j].orders; j--) {
      const align_pair t = pair[j];
      pair[j] = pair[j - 1];
      pair[j - 1] = t;
    }
}

static bool same_numbers(const draft *d, const align_pair *a, const align_pair *b) {
  return a->even == b->even && a->odd == 0 && b->odd == 0 && a->orders == b->orders &&
         memcmp(d->at + a->at, d->at + b->at, (size_t)a->even * sizeof *d->at) == 0 &&
         memcmp(d->k[0] + a->k, d->k[0] + b->k, (size_t)(a->even * a->orders) * sizeof(double)) == 0;
}

/* Rows of coefficients: those of one block of the output after the other in one place, but where weights are shared by
 * pairs, each in its own place, and pairs alike, such as those of (1, 3) and (3, 1), in one. */
static void place_rows(draft *d) {
  weyl_edge_aligned *p = d->p;
  int32_t rows = 0;
  for (int32_t b = 0; b < p->irreps[2].n; b++) {
    const align_block *k = &d->block[1][b];
    if (!p->tables.shared) rows = 0;
    for (align_pair *pair = d->pair + k->pair, *end = pair + k->pairs; pair < end; pair++) {
      pair->first = pair->last = true;
      if (p->tables.free) continue;
      align_pair *like = NULL;
      for (align_pair *q = d->pair; p->tables.shared && q < pair; q++)
        if (q->last && same_numbers(d, q, pair)) like = q;
      if (like) {
        like->last = pair->first = false;
        pair->row = like->row;
        continue;
      }
      if (pair->even) pair->row = rows;
      rows += pair->even ? pair->orders : 0;
      if (pair->odd) pair->sine = rows;
      rows += pair->odd ? pair->orders - 1 : 0;
    }
    if (rows > p->tables.coefficients) p->tables.coefficients = rows;
  }
}

/* ---- turns ---- */

static weyl_status make_turns(draft *d) {
  weyl_edge_aligned *p = d->p;
  align_tables *t = &p->tables;
  t->l_max = 0;
  for (int side = 0; side < 2; side++)
    for (int32_t b = 0; b < p->irreps[2 * side].n; b++)
      if (d->block[side][b].pairs > 0 && d->block[side][b].l > t->l_max) t->l_max = d->block[side][b].l;
  const int l_max = t->l_max;
  align_degree *degree = weyl_arena_array(p->arena, align_degree, l_max + 1);
  double *D = array_of(d, (int64_t)weyl_wigner_d_at(l_max + 1)), *j = array_of(d, (int64_t)weyl_wigner_d_at(l_max + 1)),
         *slope = array_of(d, (l_max + 1) * (l_max + 2) / 2);
  if (!degree || !D || !j || !slope) return WEYL_MEMORY;
  memset(degree, 0, (size_t)(l_max + 1) * sizeof *degree);
  const double quarter[9] = {0, 0, 1, 1, 0, 0, 0, 1, 0}; /* y to z, z to x, x to y */
  WEYL_TRY(weyl_wigner_d_all(p->ctx, l_max, WEYL_AXES_STANDARD, quarter, D));
  const int32_t lanes = 64 / (int32_t)weyl_dtype_size(p->dtype);
  t->scalars = (2 * (l_max + 1) + lanes - 1) / lanes * lanes; /* squares of lanes are turned from there on */
  int64_t n = 0;
  for (int side = 0; side < 2; side++)
    for (int32_t b = 0; b < p->irreps[2 * side].n; b++)
      if (d->block[side][b].pairs > 0) degree[d->block[side][b].l].seen = d->block[side][b].seen;
  for (int l = 0; l <= l_max; l++) {
    align_degree *g = &degree[l];
    for (int m = 0; m <= l; m++)
      slope[l * (l + 1) / 2 + m] = -sqrt((double)(l - m) * (l + m + 1)) / (m == 0 ? sqrt(2.0) : 2.0);
    if (g->seen == 0) continue;
    g->j = n;
    g->cosine = t->scalars;
    g->sine = g->cosine + g->seen * (l + 1);
    t->scalars = g->sine + (g->seen - 1) * l;
    const double *J = D + weyl_wigner_d_at(l);
    for (int sine = 0; sine < 2; sine++) /* a column has rows k >= 0 alone, or k < 0 alone */
      for (int m = sine; m <= l; m++)
        for (int k = l - sine; k >= 0; k -= 2) {
          const bool plus = (m + sine) % 2 == 0;
          j[n++] = plus || k > 0 ? J[(plus ? l + k : l - k) * (2 * l + 1) + (sine ? l - m : l + m)] : 0;
        }
  }
  t->degree = degree;
  t->quarter = keep(p, j, n);
  t->slope = keep(p, slope, (l_max + 1) * (l_max + 2) / 2);
  return t->quarter && t->slope ? WEYL_OK : WEYL_MEMORY;
}

static void count_ops(draft *d) {
  weyl_edge_aligned *p = d->p;
  double turns[2] = {0}, make = 0, mix = 0, slopes = 0;
  for (int side = 0; side < 2; side++)
    for (int32_t b = 0; b < p->irreps[2 * side].n; b++) {
      const align_block *k = &d->block[side][b];
      if (k->pairs > 0) turns[side] += k->seen * (k->l + 1) + (k->seen - 1) * k->l + 4 * k->l;
      if (k->pairs > 0) slopes += 10 * (k->seen - 1);
    }
  for (int64_t i = 0; i < d->pairs; i++) {
    const align_pair *q = &d->pair[i];
    if (q->first && !p->tables.free) make += q->orders * q->even + (q->orders - 1) * q->odd;
    mix += (q->even > 0) * (2 * q->orders - 1) + (q->odd > 0) * 2 * (q->orders - 1);
  }
  p->ops[0] = turns[0] + turns[1] + make + mix;
  p->ops[1] = 2 * turns[0] + turns[1] + 2 * make + 2 * mix;
  p->ops[2] = p->ops[1] + mix + slopes;
  for (int64_t i = 0; i < p->paths.n; i++) edge_count(&p->paths.item[i], &p->edge_work[0], &p->edge_work[1]);
}

/* ---- plans ---- */

static weyl_status make_tables(draft *d) {
  weyl_edge_aligned *p = d->p;
  align_tables *t = &p->tables;
  static const int axis[2][3] = {[WEYL_AXES_E3NN] = {2, 0, 1}, [WEYL_AXES_STANDARD] = {0, 1, 2}};
  memcpy(t->axis, axis[p->opts.axes], sizeof t->axis);
  t->free = p->opts.weights == WEYL_EDGE_ORDERS;
  t->shared = p->opts.weights == WEYL_EDGE_DEGREES;
  int32_t *rows[2] = {&t->x_rows, &t->out_rows}, *blocks[2] = {&t->x_blocks, &t->out_blocks};
  for (int side = 0; side < 2; side++) {
    const weyl_irreps list = p->irreps[2 * side];
    d->block[side] = weyl_arena_array(p->arena, align_block, list.n + 1);
    if (!d->block[side]) return WEYL_MEMORY;
    for (int32_t b = 0; b < list.n; b++) {
      const int32_t l = list.item[b].l, orders = orders_of(p, l), seen = orders <= l ? orders + 1 : orders;
      d->block[side][b] = (align_block){.l = l, .row = *rows[side], .orders = orders, .seen = seen};
      *rows[side] += 2 * l + 1;
    }
    *blocks[side] = list.n;
  }
  d->path = weyl_arena_array(d->scratch, int32_t, p->paths.n + 1);
  if (!d->path) return WEYL_MEMORY;
  sort_paths(d);
  WEYL_TRY(add_pairs(d));
  d->k[0] = array_of(d, d->numbers);
  d->k[1] = array_of(d, d->numbers);
  d->at = weyl_arena_array(p->arena, int32_t, d->paths + 1);
  d->pair = weyl_arena_array(p->arena, align_pair, d->pairs + 1);
  if (!d->k[0] || !d->k[1] || !d->at || !d->pair) return WEYL_MEMORY;
  WEYL_TRY(add_pairs(d));
  for (int32_t b = 0; b < t->out_blocks; b++) sort_pairs(d, &d->block[1][b]);
  place_rows(d);
  for (int32_t b = 0; b < t->x_blocks; b++) {
    d->block[0][b].at = t->turned;
    if (d->block[0][b].pairs > 0) t->turned += 2 * d->block[0][b].seen - 1;
  }
  WEYL_TRY(make_turns(d));
  t->x = d->block[0];
  t->out = d->block[1];
  t->pair = d->pair;
  t->at = d->at;
  for (int i = 0; i < 2; i++)
    if (!(t->k[i] = keep(p, d->k[i], d->numbers))) return WEYL_MEMORY;
  count_ops(d);
  return WEYL_OK;
}

static weyl_status set_factors(weyl_edge_aligned *p) {
  p->factor = weyl_arena_array(p->arena, double, p->paths.n + 1);
  if (!p->factor) return WEYL_MEMORY;
  const bool gaunt = p->opts.weights == WEYL_EDGE_DEGREES;
  for (int64_t i = 0; i < p->paths.n; i++) {
    const weyl_path *q = &p->paths.item[i];
    if (gaunt && (q->l1 + q->l2 + q->l3) % 2)
      return weyl_fail(p->ctx, WEYL_BAD_ARG,
                       "path %lld: degrees %d, %d and %d have an odd sum, which products of functions do not couple",
                       (long long)i, (int)q->l1, (int)q->l2, (int)q->l3);
    p->factor[i] = p->opts.factor ? p->opts.factor[i]
                   : gaunt        ? weyl_gaunt_factor(q->l1, q->l2, q->l3)
                                  : edge_usual_factor(p->paths, i);
    if (p->opts.gauge == WEYL_GAUGE_E3NN && !gaunt) p->factor[i] *= weyl_wigner_3j_sign(q->l1, q->l2, q->l3);
    p->factor[i] *= sqrt((2 * q->l2 + 1) / (4 * pi)) * weyl_harmonics_scale(p->opts.norm, q->l2);
  }
  p->opts.factor = NULL; /* it was the caller's */
  return WEYL_OK;
}

static weyl_status check_opts(weyl_context *ctx, const weyl_edge_aligned_opts *o, weyl_dtype dtype) {
  WEYL_TRY(edge_check_choices(ctx, o->layout, o->gauge, dtype));
  if ((int)o->weights < 0 || o->weights > WEYL_EDGE_DEGREES)
    return weyl_fail(ctx, WEYL_BAD_ARG, "weights is %d, must be 0 to %d", (int)o->weights, WEYL_EDGE_DEGREES);
  if ((int)o->axes < 0 || o->axes > WEYL_AXES_STANDARD)
    return weyl_fail(ctx, WEYL_BAD_ARG, "axes is %d, must be WEYL_AXES_E3NN or WEYL_AXES_STANDARD", (int)o->axes);
  if ((int)o->norm < 0 || o->norm > WEYL_HARMONICS_NORM)
    return weyl_fail(ctx, WEYL_BAD_ARG, "norm is %d, must be 0 to %d", (int)o->norm, WEYL_HARMONICS_NORM);
  if (o->orders < 0) return weyl_fail(ctx, WEYL_BAD_ARG, "orders is %d, must be 0 or more", o->orders);
  return WEYL_OK;
}

weyl_status weyl_edge_aligned_new(weyl_context *ctx, const weyl_edge_aligned_opts *opts, weyl_dtype dtype,
                                  weyl_irreps in, weyl_irreps harmonics, weyl_irreps out, weyl_paths paths,
                                  weyl_edge_aligned **plan) {
  const weyl_edge_aligned_opts standard = {0}, *o = opts ? opts : &standard;
  const weyl_irreps list[] = {in, harmonics, out};
  size_t channels = 0;
  WEYL_TRY(check_opts(ctx, o, dtype));
  WEYL_TRY(edge_check_lists(ctx, list, paths, &channels));
  weyl_edge_aligned *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  *p = (weyl_edge_aligned){.ctx = ctx, .dtype = dtype, .opts = *o, .channels = channels};
  if (p->opts.layout != WEYL_LAYOUT_ROWS) p->opts.layout = WEYL_LAYOUT_BLOCKED;
  draft d = {.p = p};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &p->arena));
  WEYL_GOTO(weyl_arena_new(ctx, &d.scratch));
  WEYL_GOTO(edge_copy_lists(p->arena, list, paths, p->irreps, &p->paths));
  WEYL_GOTO(set_factors(p));
  WEYL_GOTO(make_tables(&d));
  *plan = p;
  p = NULL;
done:
  weyl_arena_free(d.scratch);
  weyl_edge_aligned_free(p);
  return status;
}

void weyl_edge_aligned_free(weyl_edge_aligned *plan) {
  if (!plan) return;
  weyl_arena_free(plan->arena);
  weyl_dealloc(plan->ctx, plan);
}
