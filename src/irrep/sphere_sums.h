/* Transforms of a vector of channels between harmonics and the points of a grid. Everything is a small matrix of
 * constants times a few columns of vectors: TILE at most constants' rows at a time, so that sums, columns and one
 * constant fill the registers. */
#ifndef WEYL_IRREP_SPHERE_SUMS_H
#define WEYL_IRREP_SPHERE_SUMS_H

#include "sphere_results.h"

enum { TILE = 6 };

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

#endif
