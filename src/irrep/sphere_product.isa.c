/* Products on the grid, by vectors of channels. */
#include "sphere_points.h"

enum { FIELDS = 9, RESULTS = SPHERE_FUNCTIONS_MAX + 1 };

typedef struct legendre_field {
  const T *x, *w;
  int l;
  bool slope;
} legendre_field;

typedef struct point_field {
  int of; /* Legendre sums */
  bool turn;
} point_field;

typedef struct sizes {
  int l1, l2, l3, power, pairs, quarter, orders;
  bool equator;
  bool constant; /* known to the compiler */
} sizes;

INLINE bool is_complete(sphere_product_kind kind) { return kind == SPHERE_COMPLETE || kind == SPHERE_COMPLETE_BACK; }

INLINE bool has_slopes(sphere_product_kind kind) {
  return is_complete(kind) || kind == SPHERE_POISSON || kind == SPHERE_POISSON_BACK;
}

/* Numbers of vectors of scratch: Legendre sums of one field at some pairs, and a field at the points of a pair. */
INLINE int sums_size(sizes z) { return share_of(z.pairs) * z.orders * ORDER; }

INLINE int points_size(sizes z) { return z.quarter * POINT; }

/* Lines of 64 bytes that are needed soon: the results' and the next item's. They come while pairs are computed, a few
 * with each, so that arithmetic does not wait for memory. */
typedef struct soon {
  const char *at[2 * SPHERE_FUNCTIONS_MAX + 1];
  int lines[2 * SPHERE_FUNCTIONS_MAX + 1], n;
} soon;

/* The same block of the next sample. */
INLINE const T *next_item(const T *at, int l, int64_t blocks) {
  return at + (size_t)blocks * (size_t)((l + 1) * (l + 1)) * V;
}

INLINE void add_soon(soon *q, const T *at, int l) {
  if (!at) return;
  q->at[q->n] = (const char *)at;
  q->lines[q->n++] = (l + 1) * (l + 1);
}

INLINE void fetch(const soon *q, int pair, int pairs) {
  NO_UNROLL for (int i = 0; i < q->n; i++) {
    const char *line = q->at[i] + 64 * (pair * q->lines[i] / pairs);
    const char *const end = q->at[i] + 64 * ((pair + 1) * q->lines[i] / pairs);
    NO_UNROLL for (; line < end; line += 64) __builtin_prefetch(line);
  }
}

/* All of one sample and one vector of channels: results [results][orders^2]. Legendre sums of results take the place of
 * those of fields, pair by pair. */
INLINE void sample(const sphere_product *p, sphere_product_kind kind, bool weights, sizes z, const legendre_field *leg,
                   int legs, const point_field *point, int points, const int *degree, int results, const soon *q,
                   vec *scratch, vec *out) {
  const int sum = sums_size(z), step = points_size(z), share = share_of(z.pairs);
  const bool many = kind == SPHERE_PRODUCT || kind == SPHERE_PRODUCT_BACK;
  const bool same = !many && z.l1 == z.l2 && z.l2 == z.l3, slopes = has_slopes(kind);
  vec *const sums = scratch, *const fields = sums + (legs > results ? legs : results) * sum;
  vec *const products = fields + points * step;
  for (int j = 0; j < z.pairs; j += share) {
    const int pairs = z.pairs - j < share ? z.pairs - j : share;
/* Spans of pairs are constant, one of two, where sizes are. */
#define SPAN(f)                               \
  if (!z.constant)                            \
    f(((span){z.pairs, z.orders, j, pairs})); \
  else if (j == 0)                            \
    f(((span){z.pairs, z.orders, 0, share})); \
  else                                        \
    f(((span){z.pairs, z.orders, share, z.pairs - share}))
#define TO_PAIRS(of)                                          \
  NO_UNROLL for (int f = 0; f < legs; f++) function_to_pairs( \
      p, z.constant, of, same ? z.l1 : leg[f].l, slopes &&leg[f].slope, leg[f].x, leg[f].w, sums + f * sum)
    SPAN(TO_PAIRS);
    for (int i = 0; i < pairs; i++) {
      const int at = i * z.orders * ORDER;
      const vec over_sine = v_set1(((const T *)p->inverse_sine)[j + i]);
      fetch(q, j + i, z.pairs);
#define PAIR(both)                                                                                                    \
  NO_UNROLL for (int f = 0; f < points; f++)                                                                          \
      function_to_points(p, z.constant, z.quarter, same ? z.l1 : leg[point[f].of].l, both, slopes &&point[f].turn,    \
                         sums + point[f].of * sum + at, fields + f * step);                                           \
  at_points(p, kind, weights, z.power, z.quarter, 1 + both, over_sine, fields, products);                             \
  NO_UNROLL for (int r = 0; r < results; r++) function_from_points(p, z.constant, z.quarter, same ? z.l1 : degree[r], \
                                                                   both, products + r * step, sums + r * sum + at);
      if (z.equator && j + i == z.pairs - 1) {
        PAIR(false)
      } else {
        PAIR(true)
      }
#undef PAIR
    }
#define FROM_PAIRS(of)                        \
  NO_UNROLL for (int r = 0; r < results; r++) \
      function_from_pairs(p, z.constant, of, same ? z.l1 : degree[r], sums + r * sum, out + r * z.orders * z.orders)
    SPAN(FROM_PAIRS);
#undef FROM_PAIRS
#undef TO_PAIRS
#undef SPAN
  }
}

/* The fields of a kind: what goes through Legendre sums, what of it to the points. */
typedef struct fields {
  legendre_field leg[7];
  point_field point[FIELDS];
  int legs, points;
} fields;

INLINE legendre_field field_of(const sphere_product *p, const T *x, const T *w, int l, bool slope) {
  return (legendre_field){x, w ? w : p->ones, l, slope};
}

INLINE void add_field(fields *f, legendre_field of) {
  f->leg[f->legs] = of;
  f->point[f->points++] = (point_field){f->legs++, false};
}

/* Value and slope of one function, as many of the points' fields as are wanted: value, slope by theta, by phi. */
INLINE void add_slopes(const sphere_product *p, fields *f, bool value, const T *x, const T *w, int l) {
  const int at = f->legs;
  f->leg[f->legs++] = field_of(p, x, w, l, false);
  f->leg[f->legs++] = field_of(p, x, w, l, true);
  if (value) f->point[f->points++] = (point_field){at, false};
  f->point[f->points++] = (point_field){at + 1, false};
  f->point[f->points++] = (point_field){at, true};
}

INLINE void run(const sphere_product *p, sphere_product_kind kind, bool weights, sizes z, const sphere_arrays *a,
                size_t block, size_t from, size_t to, vec *scratch) {
  const bool back = sphere_product_is_back(kind), powers = kind == SPHERE_POWERS || kind == SPHERE_POWERS_BACK;
  const bool many = kind == SPHERE_PRODUCT || kind == SPHERE_PRODUCT_BACK;
  const bool complete = is_complete(kind);
  const int functions = powers ? 1 : many ? p->functions : 2;
  for (size_t s = from; s < to; s++)
    for (size_t h = 0; h < V; h += VL) {
      const size_t item = s * (size_t)a->blocks + block;
      const size_t z_at = item * (size_t)((z.l3 + 1) * (z.l3 + 1)) * V + h, w_at = block * (size_t)(z.l3 + 1) * V + h;
      const T *const g = lanes(a->g, z_at), *const wp = lanes(a->wp, w_at), *f[SPHERE_FUNCTIONS_MAX] = {NULL};
      const T *wf[SPHERE_FUNCTIONS_MAX] = {NULL}, *wz[SPHERE_POWER_MAX - 1];
      size_t f_at[SPHERE_FUNCTIONS_MAX] = {0}, wf_at[SPHERE_FUNCTIONS_MAX] = {0};
      int degree[RESULTS], l[SPHERE_FUNCTIONS_MAX] = {z.l1, z.l2};
      UNROLL for (int i = 0; i < SPHERE_FUNCTIONS_MAX && i < functions; i++) {
        if (many) l[i] = p->l[i];
        f_at[i] = item * (size_t)((l[i] + 1) * (l[i] + 1)) * V + h;
        wf_at[i] = block * (size_t)(l[i] + 1) * V + h;
        f[i] = lanes(a->f[i], f_at[i]);
        wf[i] = lanes(a->wf[i], wf_at[i]);
      }
      UNROLL for (int n = 0; n < SPHERE_POWER_MAX - 1; n++) wz[n] = lanes(a->wz[n], w_at);
      fields all = {.legs = 0};
      if (has_slopes(kind)) {
        UNROLL for (int i = 0; i < 2; i++) add_slopes(p, &all, complete, f[i], wf[i], l[i]);
        if (back && complete) add_field(&all, field_of(p, g, wz[0], z.l3, false));
        if (back) add_slopes(p, &all, false, g, complete ? wp : wz[0], z.l3);
      } else {
        UNROLL for (int i = 0; i < SPHERE_FUNCTIONS_MAX && i < functions; i++)
            add_field(&all, field_of(p, f[i], wf[i], l[i], false));
        const int gradients = !back ? 0 : powers ? z.power - 1 : 1;
        UNROLL for (int n = 0; n < SPHERE_POWER_MAX - 1 && n < gradients; n++)
            add_field(&all, field_of(p, g, wz[n], z.l3, false));
      }
      const int outs = powers ? z.power - 1 : complete ? 2 : 1; /* that have weights of their own */
      const int results = !back ? outs : weights ? functions + outs : functions;
      for (int i = 0; i < RESULTS; i++) degree[i] = z.l3;
      UNROLL for (int i = 0; i < SPHERE_FUNCTIONS_MAX && i < functions; i++) if (back) degree[i] = l[i];
      const int width = z.orders * z.orders;
      vec *const out = scratch, *const rest = out + results * width;
      soon q = {.n = 0};
      if (h == 0 && !back) add_soon(&q, lanes_to(a->z, z_at), z.l3);
      const bool ahead = h + VL == V && s + 1 < to; /* the last vector of this item brings the next one */
      NO_UNROLL for (int i = 0; i < functions; i++) {
        if (h == 0 && back) add_soon(&q, lanes_to(a->df[i], f_at[i]), l[i]);
        if (ahead) add_soon(&q, next_item(f[i], l[i], a->blocks) - h, l[i]);
      }
      if (ahead && back) add_soon(&q, next_item(g, z.l3, a->blocks) - h, z.l3);
      sample(p, kind, weights, z, all.leg, all.legs, all.point, all.points, degree, results, &q, rest, out);
      if (back) {
        UNROLL for (int i = 0; i < SPHERE_FUNCTIONS_MAX && i < functions; i++) {
          if (a->df[i]) put_result(l[i], out + i * width, wf[i], false, lanes_to(a->df[i], f_at[i]));
          if (weights) add_weights(l[i], out + i * width, f[i], lanes_to(a->dwf[i], wf_at[i]));
        }
        for (int n = 0; weights && n < outs; n++)
          add_weights(z.l3, out + (functions + n) * width, g, lanes_to(complete && n > 0 ? a->dwp : a->dwz[n], w_at));
      } else {
        for (int n = 0; n < outs; n++)
          put_result(z.l3, out + n * width, complete && n > 0 ? wp : wz[n], n > 0, lanes_to(a->z, z_at));
      }
    }
}

static void run_any(const sphere_product *p, sphere_product_kind kind, bool weights, const sphere_arrays *a,
                    size_t block, size_t from, size_t to, vec *scratch) {
  const sizes z = {p->l1, p->l2, p->l3, p->power, p->pairs, p->quarter, p->orders, p->equator, false};
  run(p, kind, weights, z, a, block, from, to, scratch);
}

/* ---- constant degrees, on the smallest grids ---- */

INLINE sizes sizes_of(int l1, int l2, int l3, int power) {
  const int degree = power > 2 ? power * l1 + l3 : l1 + l2 + l3, rows = degree / 2 + 1;
  const int most = l1 > l2 ? l1 : l2;
  return (sizes){l1, l2, l3, power, (rows + 1) / 2, degree / 4 + 1, 1 + (l3 > most ? l3 : most), rows % 2 != 0, true};
}

INLINE bool is_of(const sphere_product *p, sizes z) {
  return p->l1 == z.l1 && p->l2 == z.l2 && p->l3 == z.l3 && p->power == z.power && p->pairs == z.pairs &&
         p->quarter == z.quarter && p->equator == z.equator;
}

typedef void (*run_fn)(const sphere_product *p, bool weights, const sphere_arrays *a, size_t block, size_t from,
                       size_t to, vec *scratch);

#if WEYL_LEVEL > 0
#define CONSTANT(name, kind, l1, l2, l3, power)                                                              \
  static void name(const sphere_product *p, bool weights, const sphere_arrays *a, size_t block, size_t from, \
                   size_t to, vec *scratch) {                                                                \
    run(p, kind, weights, sizes_of(l1, l2, l3, power), a, block, from, to, scratch);                         \
  }
#define GAUNT(L)                                \
  CONSTANT(gaunt_##L, SPHERE_GAUNT, L, L, L, 2) \
  CONSTANT(gaunt_back_##L, SPHERE_GAUNT_BACK, L, L, L, 2)
#define COMPLETE(L)                                   \
  CONSTANT(complete_##L, SPHERE_COMPLETE, L, L, L, 2) \
  CONSTANT(complete_back_##L, SPHERE_COMPLETE_BACK, L, L, L, 2)
#define GAUNT_ROW(L)    [SPHERE_GAUNT] = gaunt_##L, [SPHERE_GAUNT_BACK] = gaunt_back_##L
#define COMPLETE_ROW(L) [SPHERE_COMPLETE] = complete_##L, [SPHERE_COMPLETE_BACK] = complete_back_##L
GAUNT(4)
#if WEYL_BITS == 32 /* f64 has less code: it is used less */
GAUNT(2)
GAUNT(3)
GAUNT(5)
GAUNT(6)
GAUNT(7)
GAUNT(8)
COMPLETE(6)
COMPLETE(7)
COMPLETE(8)
#endif

static run_fn constant_run(const sphere_product *p, sphere_product_kind kind) {
  static const run_fn products[CONSTANT_L_MAX + 1][SPHERE_COMPLETE_BACK + 1] = {
    [4] = {GAUNT_ROW(4)},
#if WEYL_BITS == 32
    [2] = {GAUNT_ROW(2)},
    [3] = {GAUNT_ROW(3)},
    [5] = {GAUNT_ROW(5)},
    [6] = {GAUNT_ROW(6), COMPLETE_ROW(6)},
    [7] = {GAUNT_ROW(7), COMPLETE_ROW(7)},
    [8] = {GAUNT_ROW(8), COMPLETE_ROW(8)},
#endif
  };
  /* other products of two functions are made faster from couplings where code of their own would pay */
  if (kind > SPHERE_COMPLETE_BACK) return NULL;
  return p->l1 <= CONSTANT_L_MAX && is_of(p, sizes_of(p->l1, p->l1, p->l1, 2)) ? products[p->l1][kind] : NULL;
}
#else
static run_fn constant_run(const sphere_product *p, sphere_product_kind kind) {
  (void)p;
  (void)kind;
  return NULL;
}
#endif

void K(sphere_product)(const sphere_product *p, sphere_product_kind kind, const sphere_arrays *a, int64_t block,
                       int64_t from, int64_t to, void *scratch) {
  bool weights = a->dwp;
  for (int i = 0; i < SPHERE_FUNCTIONS_MAX; i++) weights |= a->dwf[i] || (i < SPHERE_POWER_MAX - 1 && a->dwz[i]);
  const run_fn constant = constant_run(p, kind);
  if (constant)
    constant(p, weights, a, (size_t)block, (size_t)from, (size_t)to, scratch);
  else
    run_any(p, kind, weights, a, (size_t)block, (size_t)from, (size_t)to, scratch);
}
