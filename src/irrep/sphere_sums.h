/* Transforms of a vector of channels between harmonics and the points of a grid. Everything is a small matrix of
 * constants times a few columns of vectors: TILE at most constants' rows at a time, so that sums, columns and one
 * constant fill the registers.
 *
 * Where sizes are known to the compiler (`constant`), whole transforms become code without a branch. Otherwise each
 * tile is a call. */
#ifndef WEYL_IRREP_SPHERE_SUMS_H
#define WEYL_IRREP_SPHERE_SUMS_H

#include "sphere_results.h"

#define NOINLINE __attribute__((noinline, unused))

enum { TILE = 6 };

/* How Legendre sums lie: [pair][order][cosine, sine][even, odd in z]; and points: [point of a quarter][row +z, -z]
 * [CE CO SE SO], cosines and sines of even and odd orders. */
enum { ORDER = 4, POINT = 8, ROW = 4 };

/* The largest share when n are dealt evenly to tiles. */
INLINE int share_of(int n) {
  const int parts = (n + TILE - 1) / TILE;
  return n <= TILE ? n : (n + parts - 1) / parts;
}

/* ---- the four sums ---- */

/* Does the statements for k = 0 ... n - 1; without a loop where n is constant. */
#define EACH_TERM(constant, n, ...)                     \
  if (constant) {                                       \
    UNROLL for (int k = 0; k < (n); k++) __VA_ARGS__    \
  } else {                                              \
    NO_UNROLL for (int k = 0; k < (n); k++) __VA_ARGS__ \
  }

/* sum + t u; the first term of a constant number is the sum. */
INLINE vec add_term(bool first, vec t, vec u, vec sum) {
  if (first) return t * u;
  return v_fma(t, u, sum);
}

/* Adds t u and t v to the sums a and b. */
#define ADD_TERMS(size, both, t, t_step)                         \
  UNROLL for (int i = 0; i < (size); i++) {                      \
    const vec t_i = v_set1((t)[i * (t_step)]);                   \
    a[i] = add_term(constant && k == 0, t_i, u, a[i]);           \
    if (both) b[i] = add_term(constant && k == 0, t_i, v, b[i]); \
  }

#define NO_SUMS(size) UNROLL for (int i = 0; i < (size); i++) a[i] = b[i] = v_zero();

/* Legendre sums of n harmonics l, l + 2, ... of one order at some pairs: x at (l, m), s at (l, -m). */
INLINE void to_pairs(const int pairs, const bool both, const bool constant, int n, int l, const T *table,
                     int table_step, const T *x, const T *s, const T *w, vec *to, int to_step) {
  vec a[TILE], b[TILE];
  NO_SUMS(pairs)
  EACH_TERM(constant, n, {
    const vec weight = v_load(w), u = v_load(x) * weight;
    vec v = u;
    if (both) v = v_load(s) * weight;
    ADD_TERMS(pairs, both, table, 1)
    x += (4 * (l + 2 * k) + 6) * V;
    s += (4 * (l + 2 * k) + 6) * V;
    w += 2 * V;
    table += table_step;
  })
  UNROLL for (int i = 0; i < pairs; i++) {
    to[i * to_step] = a[i];
    to[i * to_step + 2] = v_zero(); /* the derivative by phi reads it */
    if (both) to[i * to_step + 2] = b[i];
  }
}

/* Sums over n orders m, m + 2, ... at some points of the quarter turn, on both rows of a pair or the equator. */
INLINE void to_points(const int points, const bool both, const bool constant, int n, const vec *g, const T *table,
                      int table_step, vec *to) {
  vec a[TILE], b[TILE];
  NO_SUMS(points)
  EACH_TERM(constant, n, {
    vec u = g[0], v = u;
    if (both) {
      u = g[0] + g[1];
      v = g[0] - g[1];
    }
    ADD_TERMS(points, both, table, 1)
    g += 2 * ORDER;
    table += table_step;
  })
  UNROLL for (int i = 0; i < points; i++) {
    to[i * POINT] = a[i];
    if (both) to[i * POINT + ROW] = b[i];
  }
}

/* The way back: some orders m, m + 2, ... from n points, as parts even and odd in z. */
INLINE void from_points(const int orders, const bool both, const bool constant, int n, const vec *f, const T *table,
                        int table_step, vec *g) {
  vec a[TILE], b[TILE];
  NO_SUMS(orders)
  EACH_TERM(constant, n, {
    const vec u = f[0], v = both ? f[ROW] : u;
    ADD_TERMS(orders, both, table, table_step)
    f += POINT;
    table++;
  })
  UNROLL for (int i = 0; i < orders; i++) {
    vec *const to = g + 2 * ORDER * i;
    to[0] = a[i];
    to[1] = v_zero();
    if (both) {
      to[0] = a[i] + b[i];
      to[1] = a[i] - b[i];
    }
  }
}

/* Some harmonics l, l + 2, ... of one order from n pairs. */
INLINE void from_pairs(const int degrees, const bool both, const bool constant, int n, bool more, int l, const vec *g,
                       int g_step, const T *table, int table_step, vec *x, vec *s) {
  vec a[TILE], b[TILE];
  NO_SUMS(degrees)
  EACH_TERM(constant, n, {
    const vec u = g[0], v = both ? g[2] : u;
    ADD_TERMS(degrees, both, table, table_step)
    g += g_step;
    table++;
  })
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

/* Calls f(size, both, constant, ...): in place where sizes are constant, otherwise by way of f_any, which has all
 * sizes. */
#define CALL(f, constant, size, both, ...) \
  do {                                     \
    if (constant)                          \
      f(size, both, true, __VA_ARGS__);    \
    else                                   \
      f##_any(size, both, __VA_ARGS__);    \
  } while (0)

#define SIZES(f, both, ...)                        \
  switch (size) {                                  \
    case 1: f(1, both, false, __VA_ARGS__); break; \
    case 2: f(2, both, false, __VA_ARGS__); break; \
    case 3: f(3, both, false, __VA_ARGS__); break; \
    case 4: f(4, both, false, __VA_ARGS__); break; \
    case 5: f(5, both, false, __VA_ARGS__); break; \
    default: f(TILE, both, false, __VA_ARGS__);    \
  }

#define ANY_SIZE(f, ...)           \
  do {                             \
    if (both) {                    \
      SIZES(f, true, __VA_ARGS__)  \
    } else {                       \
      SIZES(f, false, __VA_ARGS__) \
    }                              \
  } while (0)

static NOINLINE void to_pairs_any(int size, bool both, int n, int l, const T *table, int table_step, const T *x,
                                  const T *s, const T *w, vec *to, int to_step) {
  ANY_SIZE(to_pairs, n, l, table, table_step, x, s, w, to, to_step);
}

static NOINLINE void to_points_any(int size, bool both, int n, const vec *g, const T *table, int table_step, vec *to) {
  ANY_SIZE(to_points, n, g, table, table_step, to);
}

static NOINLINE void from_points_any(int size, bool both, int n, const vec *f, const T *table, int table_step, vec *g) {
  ANY_SIZE(from_points, n, f, table, table_step, g);
}

static NOINLINE void from_pairs_any(int size, bool both, int n, bool more, int l, const vec *g, int g_step,
                                    const T *table, int table_step, vec *x, vec *s) {
  ANY_SIZE(from_pairs, n, more, l, g, g_step, table, table_step, x, s);
}

/* ---- of whole functions ---- */

INLINE int place(int l, int m) { return l * (l + 1) + m; }

/* Where the Legendre functions of order m, l - m even or odd, start in tables of all degrees below `orders`. */
INLINE int table_place(int orders, int m, int odd) {
  return m * orders - m * (m - 1) / 2 + (odd ? (orders - m + 1) / 2 : 0);
}

/* Degrees m + odd, m + odd + 2, ... to l_max. */
INLINE int degrees_of(int m, int odd, int l_max) { return m + odd > l_max ? 0 : (l_max - m - odd) / 2 + 1; }

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

enum { CONSTANT_L_MAX = 8 };

/* f(m, odd) for the orders m = 0 ... l_max and l - m even and odd; without a loop where sizes are constant. */
#define EACH_HALF(constant, l_max, f)                                           \
  do {                                                                          \
    if (constant) {                                                             \
      f(0, 0), f(0, 1);                                                         \
      if ((l_max) >= 1) f(1, 0), f(1, 1);                                       \
      if ((l_max) >= 2) f(2, 0), f(2, 1);                                       \
      if ((l_max) >= 3) f(3, 0), f(3, 1);                                       \
      if ((l_max) >= 4) f(4, 0), f(4, 1);                                       \
      if ((l_max) >= 5) f(5, 0), f(5, 1);                                       \
      if ((l_max) >= 6) f(6, 0), f(6, 1);                                       \
      if ((l_max) >= 7) f(7, 0), f(7, 1);                                       \
      if ((l_max) >= 8) f(8, 0), f(8, 1);                                       \
    } else {                                                                    \
      NO_UNROLL for (int i_ = 0; i_ < 2 * (l_max) + 2; i_++) f(i_ / 2, i_ % 2); \
    }                                                                           \
  } while (0)

/* Which part of a function: the sums of `pairs` of all the pairs, from j on. */
typedef struct span {
  int pairs_all, orders, j, pairs;
} span;

INLINE void half_to_pairs(bool constant, span z, int l_max, const T *tables, const T *x, const T *w, int m, int odd,
                          vec *to) {
  const int l = m + odd, n = degrees_of(m, odd, l_max);
  const T *const table = tables + table_place(z.orders, m, odd) * z.pairs_all + z.j;
  CALL(to_pairs, constant, z.pairs, m > 0, n, l, table, z.pairs_all, x + place(l, m) * V, x + place(l, -m) * V,
       w + l * V, to + m * ORDER, z.orders * ORDER);
}

/* Legendre sums. Slopes by theta swap even and odd. */
INLINE void function_to_pairs(const sphere_product *p, bool constant, span z, int l_max, bool slope, const T *x,
                              const T *w, vec *to) {
  const T *const tables = slope ? p->d_theta : p->value;
  vec *const even = slope ? to + 1 : to, *const other = slope ? to : to + 1;
#define HALF(m, odd) half_to_pairs(constant, z, l_max, tables, x, w, m, odd, odd ? other : even)
  EACH_HALF(constant, l_max, HALF);
#undef HALF
}

INLINE void half_from_pairs(const sphere_product *p, bool constant, span z, int l_max, int m, int odd, const vec *from,
                            vec *x) {
  const int n = degrees_of(m, odd, l_max), share = share_of(n);
  const T *const table = (const T *)p->weighted + table_place(z.orders, m, odd) * z.pairs_all + z.j;
  const vec *const g = from + m * ORDER + odd;
#define DEGREES(i)                                                                                             \
  do {                                                                                                         \
    const int l = m + odd + 2 * (i), size = n - (i) < share ? n - (i) : share;                                 \
    CALL(from_pairs, constant, size, m > 0, z.pairs, z.j > 0, l, g, z.orders * ORDER, table + (i)*z.pairs_all, \
         z.pairs_all, x + place(l, m), x + place(l, -m));                                                      \
  } while (0)
  if (n > 0) EACH_SHARE(constant, n, share, DEGREES);
#undef DEGREES
}

INLINE void function_from_pairs(const sphere_product *p, bool constant, span z, int l_max, const vec *from, vec *x) {
#define HALF(m, odd) half_from_pairs(p, constant, z, l_max, m, odd, from, x)
  EACH_HALF(constant, l_max, HALF);
#undef HALF
}

enum { CE, CO, SE, SO, PARTS };

INLINE int first_order(int part) { return part == SE ? 2 : part % 2; }

INLINE int orders_of(int part, int l_max) {
  return first_order(part) > l_max ? 0 : (l_max - first_order(part)) / 2 + 1;
}

INLINE void part_to_points(bool constant, int quarter, int l_max, bool both, int part, const T *table, const vec *g,
                           vec *f) {
  const int n = orders_of(part, l_max), share = share_of(quarter), first = first_order(part);
#define POINTS(k)                                                                                      \
  CALL(to_points, constant, quarter - (k) < share ? quarter - (k) : share, both, n, g + first * ORDER, \
       table + first * quarter + (k), 2 * quarter, f + (k)*POINT + part)
  EACH_SHARE(constant, quarter, share, POINTS);
#undef POINTS
}

INLINE void part_from_points(const sphere_product *p, bool constant, int quarter, int l_max, bool both, int part,
                             const vec *f, vec *g) {
  const bool sine = part == SE || part == SO;
  const T *const table = sine ? p->sine : p->cosine;
  const int n = orders_of(part, l_max), share = share_of(n), first = first_order(part);
#define ORDERS(i)                                                                         \
  CALL(from_points, constant, n - (i) < share ? n - (i) : share, both, quarter, f + part, \
       table + (first + 2 * (i)) * quarter, 2 * quarter, g + (first + 2 * (i)) * ORDER + sine * 2)
  if (n > 0) EACH_SHARE(constant, n, share, ORDERS);
#undef ORDERS
}

#define EACH_PART(constant, f)                                        \
  do {                                                                \
    if (constant)                                                     \
      f(CE), f(CO), f(SE), f(SO);                                     \
    else                                                              \
      NO_UNROLL for (int part_ = 0; part_ < PARTS; part_++) f(part_); \
  } while (0)

/* Values at a pair's points; or the derivative by phi, which takes cosines to sines. */
INLINE void function_to_points(const sphere_product *p, bool constant, int quarter, int l_max, bool both, bool turn,
                               const vec *g, vec *f) {
  const T *const cosine = turn ? p->m_cosine : p->cosine, *const sine = turn ? p->m_sine : p->sine;
  const vec *const g_cosine = turn ? g + 2 : g, *const g_sine = turn ? g : g + 2;
#define PART(part)                                                                                                     \
  part_to_points(constant, quarter, l_max, both, part, (part) >= SE ? sine : cosine, (part) >= SE ? g_sine : g_cosine, \
                 f)
  EACH_PART(constant, PART);
#undef PART
}

INLINE void function_from_points(const sphere_product *p, bool constant, int quarter, int l_max, bool both,
                                 const vec *f, vec *g) {
#define PART(part) part_from_points(p, constant, quarter, l_max, both, part, f, g)
  EACH_PART(constant, PART);
#undef PART
}

#endif
