/* Products on the grid, by vectors of channels. Everything is a small matrix of constants times a few columns of
 * vectors: TILE at most constants' rows at a time, so that sums, columns and one constant fill the registers. */
#include "isa.h"

#include <simd.h>

enum { V = 64 / sizeof(T), TILE = 6, FIELDS = 9, RESULTS = 4 };

/* How Legendre sums lie: [pair][order][cosine, sine][even, odd in z]; and points: [point of a quarter][row +z, -z]
 * [CE CO SE SO], cosines and sines of even and odd orders. */
enum { ORDER = 4, POINT = 8, ROW = 4 };

/* Calls f with its first argument constant. */
#define TILED(size, f, ...)            \
  switch (size) {                      \
    case 1: f(1, __VA_ARGS__); break;  \
    case 2: f(2, __VA_ARGS__); break;  \
    case 3: f(3, __VA_ARGS__); break;  \
    case 4: f(4, __VA_ARGS__); break;  \
    case 5: f(5, __VA_ARGS__); break;  \
    default: f(6, __VA_ARGS__); break; \
  }

/* The largest share when n are dealt evenly to tiles. */
INLINE int share_of(int n) {
  const int parts = (n + TILE - 1) / TILE;
  return n <= TILE ? n : (n + parts - 1) / parts;
}

/* ---- the four sums ---- */

/* Legendre sums of n harmonics l, l + 2, ... of one order: x at (l, m), s at (l, -m). */
INLINE void to_pairs(const int pairs, const bool both, int n, int l, const T *table, int table_step, const T *x,
                     const T *s, const T *w, vec *to, int to_step) {
  vec a[TILE], b[TILE];
  UNROLL for (int i = 0; i < pairs; i++) a[i] = b[i] = v_zero();
  for (int k = 0; k < n; k++, l += 2) {
    vec u = v_load(x), v = u;
    if (both) v = v_load(s);
    if (w) {
      u = u * v_load(w);
      if (both) v = v * v_load(w);
      w += 2 * V;
    }
    UNROLL for (int i = 0; i < pairs; i++) {
      const vec t = v_set1(table[i]);
      a[i] = v_fma(t, u, a[i]);
      if (both) b[i] = v_fma(t, v, b[i]);
    }
    x += (4 * l + 6) * V;
    s += (4 * l + 6) * V;
    table += table_step;
  }
  UNROLL for (int i = 0; i < pairs; i++) {
    to[i * to_step] = a[i];
    if (both) to[i * to_step + 2] = b[i];
  }
}

/* Sums over n orders m, m + 2, ... at points of the quarter turn, on both rows of a pair or the equator. */
INLINE void to_points(const int points, const int rows, int n, const vec *g, const T *table, int table_step, vec *to) {
  vec a[TILE], b[TILE];
  UNROLL for (int i = 0; i < points; i++) a[i] = b[i] = v_zero();
  for (int k = 0; k < n; k++) {
    vec u = g[0], v = u;
    if (rows == 2) {
      u = g[0] + g[1];
      v = g[0] - g[1];
    }
    UNROLL for (int i = 0; i < points; i++) {
      const vec t = v_set1(table[i]);
      a[i] = v_fma(t, u, a[i]);
      if (rows == 2) b[i] = v_fma(t, v, b[i]);
    }
    g += 2 * ORDER;
    table += table_step;
  }
  UNROLL for (int i = 0; i < points; i++) {
    to[i * POINT] = a[i];
    if (rows == 2) to[i * POINT + ROW] = b[i];
  }
}

/* The way back: orders m, m + 2, ... from n points, as parts even and odd in z. */
INLINE void from_points(const int orders, const int rows, int n, const vec *f, const T *table, int table_step, vec *g) {
  vec a[TILE], b[TILE];
  UNROLL for (int i = 0; i < orders; i++) a[i] = b[i] = v_zero();
  for (int k = 0; k < n; k++) {
    const vec u = f[0], v = f[rows == 2 ? ROW : 0];
    UNROLL for (int i = 0; i < orders; i++) {
      const vec t = v_set1(table[i * table_step]);
      a[i] = v_fma(t, u, a[i]);
      if (rows == 2) b[i] = v_fma(t, v, b[i]);
    }
    f += POINT;
    table++;
  }
  UNROLL for (int i = 0; i < orders; i++) {
    if (rows == 2) {
      g[2 * ORDER * i] = a[i] + b[i];
      g[2 * ORDER * i + 1] = a[i] - b[i];
    } else {
      g[2 * ORDER * i] = a[i];
      g[2 * ORDER * i + 1] = v_zero();
    }
  }
}

/* Harmonics l, l + 2, ... of one order from n pairs. */
INLINE void from_pairs(const int degrees, const bool both, bool more, int n, int l, const vec *g, int g_step,
                       const T *table, int table_step, vec *x, vec *s) {
  vec a[TILE], b[TILE];
  UNROLL for (int i = 0; i < degrees; i++) a[i] = b[i] = v_zero();
  for (int j = 0; j < n; j++) {
    const vec u = g[0], v = g[both ? 2 : 0];
    UNROLL for (int i = 0; i < degrees; i++) {
      const vec t = v_set1(table[i * table_step]);
      a[i] = v_fma(t, u, a[i]);
      if (both) b[i] = v_fma(t, v, b[i]);
    }
    g += g_step;
    table++;
  }
  UNROLL for (int i = 0; i < degrees; i++) {
    if (more) {
      a[i] = a[i] + *x;
      if (both) b[i] = b[i] + *s;
    }
    *x = a[i];
    if (both) *s = b[i];
    x += 4 * (l + 2 * i) + 6;
    s += 4 * (l + 2 * i) + 6;
  }
}

/* ---- of whole functions ---- */

INLINE int place(int l, int m) { return l * (l + 1) + m; }

/* Legendre sums at pairs j ... j + pairs - 1. Slopes by theta swap even and odd. */
INLINE void function_to_pairs(const sphere_product *p, int pairs_all, int orders, int l_max, bool slope, const T *x,
                              const T *w, int j, int pairs, vec *to) {
  const T *const tables = slope ? p->d_theta : p->value;
  for (int m = 0; m <= l_max; m++)
    for (int odd = 0; odd < 2; odd++) {
      const int l = m + odd, n = l > l_max ? 0 : (l_max - l) / 2 + 1;
      const T *const table = tables + p->table[2 * m + odd] + j, *const weight = w ? w + l * V : NULL;
      vec *const g = to + m * ORDER + (slope ? 1 - odd : odd);
      if (m == 0) {
        TILED(pairs, to_pairs, false, n, l, table, pairs_all, x + place(l, 0) * V, x, weight, g, orders * ORDER);
      } else {
        TILED(pairs, to_pairs, true, n, l, table, pairs_all, x + place(l, m) * V, x + place(l, -m) * V, weight, g,
              orders * ORDER);
      }
    }
}

/* f(i) for i = 0, share, 2 share, ... below n; without a loop, up to three times, where sizes are constant, so that
 * what follows from i is. */
#define EACH_SHARE(constant, n, share, f)                        \
  do {                                                           \
    if (constant) {                                              \
      f(0);                                                      \
      if ((share) < (n)) f(share);                               \
      if (2 * (share) < (n)) f(2 * (share));                     \
    } else {                                                     \
      NO_UNROLL for (int i_ = 0; i_ < (n); i_ += (share)) f(i_); \
    }                                                            \
  } while (0)

enum { CE, CO, SE, SO, PARTS };

INLINE int first_order(int part) { return part == SE ? 2 : part % 2; }

INLINE int orders_of(int part, int l_max) {
  return first_order(part) > l_max ? 0 : (l_max - first_order(part)) / 2 + 1;
}

/* Values at a pair's points; or the derivative by phi, which takes cosines to sines. */
INLINE void part_to_points(const sphere_product *p, bool constant, int quarter, int l_max, int rows, bool turn,
                           int part, const vec *g, vec *f) {
  const bool sine = part == SE || part == SO;
  const T *const table = sine ? (turn ? p->m_sine : p->sine) : (turn ? p->m_cosine : p->cosine);
  const int n = orders_of(part, l_max), share = share_of(quarter);
  const int skip = turn && part == CE && n > 0; /* order 0 has no sine, and no derivative */
  const int first = first_order(part) + 2 * skip;
  const vec *const from = g + first * ORDER + (turn ? !sine : sine) * 2;
#define POINTS(k)                                                                                                      \
  TILED(quarter - (k) < share ? quarter - (k) : share, to_points, rows, n - skip, from, table + first * quarter + (k), \
        2 * quarter, f + (k)*POINT + part)
  EACH_SHARE(constant, quarter, share, POINTS);
#undef POINTS
}

INLINE void function_to_points(const sphere_product *p, bool constant, int quarter, int l_max, int rows, bool turn,
                               const vec *g, vec *f) {
#define PART(i) part_to_points(p, constant, quarter, l_max, rows, turn, i, g, f)
  if (constant) {
    PART(CE);
    PART(CO);
    PART(SE);
    PART(SO);
  } else {
    NO_UNROLL for (int i = 0; i < PARTS; i++) PART(i);
  }
#undef PART
}

INLINE void part_from_points(const sphere_product *p, bool constant, int quarter, int l_max, int rows, int part,
                             const vec *f, vec *g) {
  const bool sine = part == SE || part == SO;
  const T *const table = sine ? p->sine : p->cosine;
  const int n = orders_of(part, l_max), share = share_of(n), first = first_order(part);
  if (n == 0) return;
#define ORDERS(i)                                                                                                     \
  TILED(n - (i) < share ? n - (i) : share, from_points, rows, quarter, f + part, table + (first + 2 * (i)) * quarter, \
        2 * quarter, g + (first + 2 * (i)) * ORDER + sine * 2)
  EACH_SHARE(constant, n, share, ORDERS);
#undef ORDERS
}

INLINE void function_from_points(const sphere_product *p, bool constant, int quarter, int l_max, int rows, const vec *f,
                                 vec *g) {
#define PART(i) part_from_points(p, constant, quarter, l_max, rows, i, f, g)
  if (constant) {
    PART(CE);
    PART(CO);
    PART(SE);
    PART(SO);
  } else {
    NO_UNROLL for (int i = 0; i < PARTS; i++) PART(i);
  }
#undef PART
}

INLINE void function_from_pairs(const sphere_product *p, int pairs_all, int orders, int l_max, int j, int pairs,
                                const vec *from, vec *x) {
  for (int m = 0; m <= l_max; m++)
    for (int odd = 0; odd < 2; odd++) {
      const int n = m + odd > l_max ? 0 : (l_max - m - odd) / 2 + 1, share = share_of(n);
      const T *const tables = (const T *)p->weighted + p->table[2 * m + odd] + j;
      const vec *const g = from + m * ORDER + odd;
      for (int i = 0; i < n; i += share) {
        const int l = m + odd + 2 * i, degrees = n - i < share ? n - i : share;
        if (m == 0) {
          TILED(degrees, from_pairs, false, j > 0, pairs, l, g, orders * ORDER, tables + i * pairs_all, pairs_all,
                x + place(l, 0), x);
        } else {
          TILED(degrees, from_pairs, true, j > 0, pairs, l, g, orders * ORDER, tables + i * pairs_all, pairs_all,
                x + place(l, m), x + place(l, -m));
        }
      }
    }
}

/* ---- at the points ---- */

/* At phi, -phi, pi - phi, pi + phi. */
INLINE void to_four(const vec *f, vec v[4]) {
  const vec a = f[0] + f[1], b = f[0] - f[1], c = f[2] + f[3], d = f[2] - f[3];
  v[0] = a + c;
  v[1] = a - c;
  v[2] = b - d;
  v[3] = b + d;
}

INLINE void from_four(const vec v[4], vec *f) {
  const vec a = v[0] + v[1], b = v[2] + v[3], c = v[0] - v[1], d = v[3] - v[2];
  f[0] = a + b;
  f[1] = a - b;
  f[2] = c + d;
  f[3] = c - d;
}

#define FOUR(i) UNROLL for (int i = 0; i < 4; i++)

INLINE void multiply(const vec *a, const vec *b, vec v[4]) {
  vec x[4], y[4];
  to_four(a, x);
  to_four(b, y);
  FOUR(i) v[i] = x[i] * y[i];
}

/* v (+)= (a_theta b_phi - a_phi b_theta) / sin theta */
INLINE void bracket(const vec *a_theta, const vec *a_phi, const vec *b_theta, const vec *b_phi, vec over_sine, bool add,
                    vec v[4]) {
  vec x[4], y[4], u[4];
  to_four(a_theta, x);
  to_four(b_phi, y);
  FOUR(i) u[i] = x[i] * y[i];
  to_four(a_phi, x);
  to_four(b_theta, y);
  FOUR(i) u[i] = u[i] - x[i] * y[i];
  FOUR(i) u[i] = u[i] * over_sine;
  FOUR(i) {
    if (add) u[i] = u[i] + v[i];
    v[i] = u[i];
  }
}

/* The fields of each kind, as Legendre sums and at points. */
enum { GX, GY, GG };                               /* Gaunt */
enum { LX, LXT, LY, LYT, LH, LQ, LQT };            /* complete: Legendre sums */
enum { CX, CXT, CXP, CY, CYT, CYP, CH, CQT, CQP }; /* at points */

INLINE void at_points(sphere_product_kind kind, bool weights, int power, int quarter, int rows, vec over_sine,
                      const vec *fields, vec *results) {
  const int step = quarter * POINT;
#define F(i) (fields + (i)*step + at)
#define R(i) (results + (i)*step + at)
  for (int k = 0; k < quarter; k++)
    for (int r = 0; r < rows; r++) {
      const int at = k * POINT + r * ROW;
      vec v[4], x[4], y[4], z[4];
      switch (kind) {
        case SPHERE_GAUNT:
          multiply(F(GX), F(GY), v);
          from_four(v, R(0));
          break;
        case SPHERE_GAUNT_BACK:
          to_four(F(GX), x);
          to_four(F(GY), y);
          to_four(F(GG), z);
          if (weights) {
            FOUR(i) v[i] = x[i] * y[i];
            from_four(v, R(2));
          }
          FOUR(i) v[i] = z[i] * y[i];
          from_four(v, R(0));
          FOUR(i) v[i] = z[i] * x[i];
          from_four(v, R(1));
          break;
        case SPHERE_COMPLETE:
          multiply(F(CX), F(CY), v);
          from_four(v, R(0));
          bracket(F(CXT), F(CXP), F(CYT), F(CYP), over_sine, false, v);
          from_four(v, R(1));
          break;
        case SPHERE_COMPLETE_BACK:
          multiply(F(CH), F(CY), v);
          bracket(F(CYT), F(CYP), F(CQT), F(CQP), over_sine, true, v);
          from_four(v, R(0));
          multiply(F(CH), F(CX), v);
          bracket(F(CQT), F(CQP), F(CXT), F(CXP), over_sine, true, v);
          from_four(v, R(1));
          if (weights) {
            multiply(F(CX), F(CY), v);
            from_four(v, R(2));
            bracket(F(CXT), F(CXP), F(CYT), F(CYP), over_sine, false, v);
            from_four(v, R(3));
          }
          break;
        case SPHERE_POWERS:
          to_four(F(0), x);
          FOUR(i) v[i] = x[i] * x[i];
          from_four(v, R(0));
          for (int n = 3; n <= power; n++) {
            FOUR(i) v[i] = v[i] * x[i];
            from_four(v, R(n - 2));
          }
          break;
        case SPHERE_POWERS_BACK: {
          to_four(F(0), x);
          to_four(F(1), y);
          vec sum[4];
          FOUR(i) sum[i] = (x[i] + x[i]) * y[i];
          FOUR(i) v[i] = x[i] * x[i];
          if (weights) from_four(v, R(1));
          for (int n = 3; n <= power; n++) {
            to_four(F(n - 1), y);
            FOUR(i) sum[i] = sum[i] + v_set1((T)n) * v[i] * y[i];
            FOUR(i) v[i] = v[i] * x[i];
            if (weights) from_four(v, R(n - 1));
          }
          from_four(sum, R(0));
          break;
        }
      }
    }
#undef F
#undef R
}

/* ---- results ---- */

/* to = weights times of, or added to what is there. */
INLINE void put_result(int l_max, const vec *of, const T *w, bool add, T *to) {
  for (int l = 0, i = 0; l <= l_max; l++) {
    vec weight = v_set1(1);
    if (w) weight = v_load(w + l * V);
    for (const int end = (l + 1) * (l + 1); i < end; i++) {
      vec v = weight * of[i];
      if (add) v = v + v_load(to + i * V);
      v_store(to + i * V, v);
    }
  }
}

/* Sums over orders of x times `of` are added to the weights' gradients. */
INLINE void add_weights(int l_max, const vec *of, const T *x, T *dw) {
  for (int l = 0, i = 0; dw && l <= l_max; l++) {
    vec sum = v_load(dw + l * V);
    for (const int end = (l + 1) * (l + 1); i < end; i++) sum = v_fma(of[i], v_load(x + i * V), sum);
    v_store(dw + l * V, sum);
  }
}

/* ---- everything ---- */

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

/* Numbers of vectors of scratch: Legendre sums of one field at some pairs, and a field at the points of a pair. */
INLINE int sums_size(sizes z) { return share_of(z.pairs) * z.orders * ORDER; }

INLINE int points_size(sizes z) { return z.quarter * POINT; }

/* All of one sample and one vector of channels: results [results][orders^2]. Legendre sums of results take the place of
 * those of fields, pair by pair. */
INLINE void sample(const sphere_product *p, sphere_product_kind kind, bool weights, sizes z, const legendre_field *leg,
                   int legs, const point_field *point, int points, const int *degree, int results, vec *scratch,
                   vec *out) {
  const int span = sums_size(z), step = points_size(z), share = share_of(z.pairs);
  const bool same = z.l1 == z.l2 && z.l2 == z.l3;
  vec *const sums = scratch, *const fields = sums + (legs > results ? legs : results) * span;
  vec *const products = fields + points * step;
  for (int j = 0; j < z.pairs; j += share) {
    const int pairs = z.pairs - j < share ? z.pairs - j : share;
    NO_UNROLL for (int f = 0; f < legs; f++) function_to_pairs(
        p, z.pairs, z.orders, same ? z.l1 : leg[f].l, leg[f].slope, leg[f].x, leg[f].w, j, pairs, sums + f * span);
    for (int i = 0; i < pairs; i++) {
      const int at = i * z.orders * ORDER;
      const vec over_sine = v_set1(((const T *)p->inverse_sine)[j + i]);
#define PAIR(rows)                                                                                                    \
  NO_UNROLL for (int f = 0; f < points; f++)                                                                          \
      function_to_points(p, z.constant, z.quarter, same ? z.l1 : leg[point[f].of].l, rows, point[f].turn,             \
                         sums + point[f].of * span + at, fields + f * step);                                          \
  at_points(kind, weights, z.power, z.quarter, rows, over_sine, fields, products);                                    \
  NO_UNROLL for (int r = 0; r < results; r++) function_from_points(p, z.constant, z.quarter, same ? z.l1 : degree[r], \
                                                                   rows, products + r * step, sums + r * span + at);
      if (z.equator && j + i == z.pairs - 1) {
        PAIR(1)
      } else {
        PAIR(2)
      }
#undef PAIR
    }
    NO_UNROLL for (int r = 0; r < results; r++) function_from_pairs(
        p, z.pairs, z.orders, same ? z.l1 : degree[r], j, pairs, sums + r * span, out + r * z.orders * z.orders);
  }
}

INLINE const T *lanes(const void *array, size_t at) { return array ? (const T *)array + at : NULL; }

INLINE T *lanes_to(void *array, size_t at) { return array ? (T *)array + at : NULL; }

INLINE void run(const sphere_product *p, sphere_product_kind kind, bool weights, sizes z, const sphere_arrays *a,
                size_t block, size_t from, size_t to, vec *scratch) {
  const int n1 = (z.l1 + 1) * (z.l1 + 1), n2 = (z.l2 + 1) * (z.l2 + 1), n3 = (z.l3 + 1) * (z.l3 + 1);
  const bool back = kind == SPHERE_GAUNT_BACK || kind == SPHERE_COMPLETE_BACK || kind == SPHERE_POWERS_BACK;
  for (size_t s = from; s < to; s++)
    for (size_t h = 0; h < V; h += VL) {
      const size_t item = s * (size_t)a->blocks + block;
      const size_t x_at = item * (size_t)n1 * V + h, y_at = item * (size_t)n2 * V + h, z_at = item * (size_t)n3 * V + h;
      const size_t w1 = block * (size_t)(z.l1 + 1) * V + h, w2 = block * (size_t)(z.l2 + 1) * V + h;
      const size_t w3 = block * (size_t)(z.l3 + 1) * V + h;
      const T *x = lanes(a->x, x_at), *y = lanes(a->y, y_at), *g = lanes(a->g, z_at);
      const T *wx = lanes(a->wx, w1), *wy = lanes(a->wy, w2), *wp = lanes(a->wp, w3), *wz[SPHERE_POWER_MAX - 1];
      UNROLL for (int n = 0; n < SPHERE_POWER_MAX - 1; n++) wz[n] = lanes(a->wz[n], w3);
      legendre_field leg[7];
      point_field point[FIELDS];
      int degree[RESULTS] = {z.l3, z.l3, z.l3, z.l3}, legs = 0, points = 0, results = 1;
      if (kind == SPHERE_GAUNT || kind == SPHERE_GAUNT_BACK) {
        leg[GX] = (legendre_field){x, wx, z.l1, false};
        leg[GY] = (legendre_field){y, wy, z.l2, false};
        leg[GG] = (legendre_field){g, wz[0], z.l3, false};
        legs = points = back ? 3 : 2;
        UNROLL for (int f = 0; f < 3; f++) point[f] = (point_field){f, false};
        if (back) results = weights ? 3 : 2;
      } else if (kind == SPHERE_COMPLETE || kind == SPHERE_COMPLETE_BACK) {
        leg[LX] = (legendre_field){x, wx, z.l1, false};
        leg[LXT] = (legendre_field){x, wx, z.l1, true};
        leg[LY] = (legendre_field){y, wy, z.l2, false};
        leg[LYT] = (legendre_field){y, wy, z.l2, true};
        leg[LH] = (legendre_field){g, wz[0], z.l3, false};
        leg[LQ] = (legendre_field){g, wp, z.l3, false};
        leg[LQT] = (legendre_field){g, wp, z.l3, true};
        static const point_field all[FIELDS] = {{LX, false}, {LXT, false}, {LX, true},   {LY, false}, {LYT, false},
                                                {LY, true},  {LH, false},  {LQT, false}, {LQ, true}};
        for (int f = 0; f < FIELDS; f++) point[f] = all[f];
        legs = back ? 7 : 4;
        points = back ? 9 : 6;
        results = back && weights ? 4 : 2;
      } else {
        leg[0] = (legendre_field){x, wx, z.l1, false};
        UNROLL for (int n = 0; n < SPHERE_POWER_MAX - 1; n++) leg[n + 1] = (legendre_field){g, wz[n], z.l3, false};
        UNROLL for (int f = 0; f < SPHERE_POWER_MAX; f++) point[f] = (point_field){f, false};
        legs = points = back ? z.power : 1;
        if (!back) results = z.power - 1;
        if (back && weights) results = z.power;
      }
      if (back) {
        degree[0] = z.l1;
        if (kind != SPHERE_POWERS_BACK) degree[1] = z.l2;
      }
      const int width = z.orders * z.orders;
      vec *const out = scratch, *const rest = out + results * width;
      sample(p, kind, weights, z, leg, legs, point, points, degree, results, rest, out);
      if (back) {
        if (a->dx) put_result(z.l1, out, wx, false, lanes_to(a->dx, x_at));
        if (a->dy && kind != SPHERE_POWERS_BACK) put_result(z.l2, out + width, wy, false, lanes_to(a->dy, y_at));
        if (weights) {
          const bool powers = kind == SPHERE_POWERS_BACK;
          add_weights(z.l1, out, x, lanes_to(a->dwx, w1));
          if (!powers) add_weights(z.l2, out + width, y, lanes_to(a->dwy, w2));
          for (int n = 0; n < (powers ? z.power - 1 : 1); n++)
            add_weights(z.l3, out + (powers ? 1 + n : 2) * width, g, lanes_to(a->dwz[n], w3));
          if (kind == SPHERE_COMPLETE_BACK) add_weights(z.l3, out + 3 * width, g, lanes_to(a->dwp, w3));
        }
      } else {
        T *const to_z = lanes_to(a->z, z_at);
        put_result(z.l3, out, wz[0], false, to_z);
        if (kind == SPHERE_COMPLETE) put_result(z.l3, out + width, wp, true, to_z);
        for (int n = 1; kind == SPHERE_POWERS && n < z.power - 1; n++)
          put_result(z.l3, out + n * width, wz[n], true, to_z);
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
GAUNT(1)
GAUNT(2)
GAUNT(3)
GAUNT(4)
#if WEYL_BITS == 32 /* f64 has less code: it is used less */
GAUNT(5)
GAUNT(6)
COMPLETE(2)
COMPLETE(3)
COMPLETE(4)
COMPLETE(5)
COMPLETE(6)
#define CUBES(L1, L3)                                       \
  CONSTANT(cubes_##L1##_##L3, SPHERE_POWERS, L1, L1, L3, 3) \
  CONSTANT(cubes_back_##L1##_##L3, SPHERE_POWERS_BACK, L1, L1, L3, 3)
CUBES(2, 2)
CUBES(3, 2)
CUBES(3, 3)
#endif

static run_fn constant_run(const sphere_product *p, sphere_product_kind kind) {
  static const run_fn products[][4] = {
    {GAUNT_ROW(1)},
#if WEYL_BITS == 32
    {GAUNT_ROW(2), COMPLETE_ROW(2)},
    {GAUNT_ROW(3), COMPLETE_ROW(3)},
    {GAUNT_ROW(4), COMPLETE_ROW(4)},
    {GAUNT_ROW(5), COMPLETE_ROW(5)},
    {GAUNT_ROW(6), COMPLETE_ROW(6)},
#else
    {GAUNT_ROW(2)},
    {GAUNT_ROW(3)},
    {GAUNT_ROW(4)},
#endif
  };
  if (kind < SPHERE_POWERS)
    return p->l1 >= 1 && p->l1 <= (int)(sizeof products / sizeof *products) &&
                   is_of(p, sizes_of(p->l1, p->l1, p->l1, 2))
               ? products[p->l1 - 1][kind]
               : NULL;
#if WEYL_BITS == 32
#define CUBE(L1, L3) \
  if (is_of(p, sizes_of(L1, L1, L3, 3))) return kind == SPHERE_POWERS ? cubes_##L1##_##L3 : cubes_back_##L1##_##L3;
  CUBE(2, 2)
  CUBE(3, 2)
  CUBE(3, 3)
#endif
  return NULL;
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
  const bool weights = a->dwx || a->dwy || a->dwz[0] || a->dwz[1] || a->dwz[2] || a->dwp;
  const run_fn constant = constant_run(p, kind);
  if (constant)
    constant(p, weights, a, (size_t)block, (size_t)from, (size_t)to, scratch);
  else
    run_any(p, kind, weights, a, (size_t)block, (size_t)from, (size_t)to, scratch);
}
