/* The micro-kernels of gemm.isa.c: tiles of R rows by V vectors of C, held in registers.
 *
 * A is read by broadcast, either along its rows (A(i, p) = a[i lead + p]) or along its columns (a[p lead + i]); B is
 * read as rows of vectors where it lies. Columns that fill no whole vector need no mask: the last vector of a tile
 * ends with the last column and overlaps the one before it, whose lanes come out the same. */
#ifndef WEYL_KERNELS_GEMM_TILE_H
#define WEYL_KERNELS_GEMM_TILE_H

#include "simd.h"

enum { V_MOST = 8, R_MOST = 8 };

/* Rows of a tile of V vectors: 24 of 32 registers accumulate, or 12 of 16; at least 8 where it can be, for FMA takes 4
 * cycles and two start in each. */
#if WEYL_LEVEL == 2
static const unsigned char tile_rows[V_MOST + 1] = {0, 8, 8, 8, 6, 3, 3, 3, 3};
#define TILES(X)                                                                                                      \
  X(1, 1)                                                                                                             \
  X(2, 1)                                                                                                             \
  X(3, 1)                                                                                                             \
  X(4, 1)                                                                                                             \
  X(5, 1)                                                                                                             \
  X(6, 1)                                                                                                             \
  X(7, 1) X(8, 1) X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) X(7, 2) X(8, 2) X(1, 3) X(2, 3) X(3, 3) X(4, 3)     \
      X(5, 3) X(6, 3) X(7, 3) X(8, 3) X(1, 4) X(2, 4) X(3, 4) X(4, 4) X(5, 4) X(6, 4) X(1, 5) X(2, 5) X(3, 5) X(1, 6) \
          X(2, 6) X(3, 6) X(1, 7) X(2, 7) X(3, 7) X(1, 8) X(2, 8) X(3, 8)
#else
static const unsigned char tile_rows[V_MOST + 1] = {0, 8, 6, 4, 3, 1, 1, 1, 1};
#define TILES(X)                                                                                                  \
  X(1, 1)                                                                                                         \
  X(2, 1)                                                                                                         \
  X(3, 1)                                                                                                         \
  X(4, 1)                                                                                                         \
  X(5, 1)                                                                                                         \
  X(6, 1)                                                                                                         \
  X(7, 1) X(8, 1) X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) X(1, 3) X(2, 3) X(3, 3) X(4, 3) X(1, 4) X(2, 4) \
      X(3, 4) X(1, 5) X(1, 6) X(1, 7) X(1, 8)
#endif

/* The compiler forgets what it knows of a number: else it keeps a register for each address that follows from it. */
#define FORGET(number) __asm__("" : "+r"(number))

/* A of one tile: three lines to a pointer, which is the reach of one index register. `lead` is in bytes. */
#define A_AT(i, s) (columns ? line[0][i] : ((const T *)((const char *)line[(i) / 3] + (i) % 3 * lead))[s])

/* One step of k. Whichever of the two operands is shorter stays in registers. */
#define TILE_STEP(s)                                                                       \
  if (R >= V) {                                                                            \
    vec row[V_MOST];                                                                       \
    UNROLL for (int v = 0; v < V; v++) row[v] = v_load(v < V - 1 ? b + v * VL : b + tail); \
    UNROLL for (int i = 0; i < R; i++) {                                                   \
      const vec x = v_set1(A_AT(i, s));                                                    \
      UNROLL for (int v = 0; v < V; v++) V_ADD_PRODUCT(acc[i][v], x, row[v]);              \
    }                                                                                      \
  } else {                                                                                 \
    vec x[R_MOST];                                                                         \
    UNROLL for (int i = 0; i < R; i++) x[i] = v_set1(A_AT(i, s));                          \
    UNROLL for (int v = 0; v < V; v++) {                                                   \
      const vec row = v_load(v < V - 1 ? b + v * VL : b + tail);                           \
      UNROLL for (int i = 0; i < R; i++) V_ADD_PRODUCT(acc[i][v], x[i], row);              \
    }                                                                                      \
  }                                                                                        \
  if (columns) line[0] = (const T *)((const char *)line[0] + lead);                        \
  b = (const T *)((const char *)b + b_row);                                                \
  FORGET(b);                                                                               \
  FORGET(lead)

#define TILE_ADVANCE(s) \
  if (!columns) UNROLL for (int i = 0; i < R; i += 3) line[i / 3] += s

/* `tail` is where the last of several vectors starts, or for one vector how many of its lanes are stored. */
INLINE void tile(const int R, const int V, const bool columns, size_t k, const T *a, ptrdiff_t lead, const T *b,
                 ptrdiff_t b_row, ptrdiff_t tail, T *c, ptrdiff_t c_row, bool accumulate) {
  const size_t lanes = V == 1 ? (size_t)tail : VL;
  if (V == 1) tail = 0;
  vec acc[R_MOST][V_MOST];
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int v = 0; v < V; v++) acc[i][v] = v_zero();
  const T *line[3];
  UNROLL for (int i = 0; i < 3; i++) line[i] = a + (i * 3 < R && !columns ? 3 * i * lead : 0);
  lead *= (ptrdiff_t)sizeof(T);
  b_row *= (ptrdiff_t)sizeof(T);
  for (; WEYL_LEVEL > 0 && k >= 4; k -= 4) {
    TILE_STEP(0);
    TILE_STEP(1);
    TILE_STEP(2);
    TILE_STEP(3);
    TILE_ADVANCE(4);
  }
  NO_UNROLL for (; k > 0; k--) {
    TILE_STEP(0);
    TILE_ADVANCE(1);
  }
  UNROLL for (int i = 0; i < R; i++, c += c_row) {
    if (V == 1 && lanes < VL) {
      if (accumulate) acc[i][0] = v_load_n(c, lanes) + acc[i][0];
      v_store_n(c, lanes, acc[i][0]);
      continue;
    }
    if (accumulate)
      UNROLL for (int v = 0; v < V; v++) acc[i][v] = v_load(v < V - 1 ? c + v * VL : c + tail) + acc[i][v];
    UNROLL for (int v = 0; v < V; v++) v_store(v < V - 1 ? c + v * VL : c + tail, acc[i][v]);
  }
}

/* `tiles` tiles below each other, a_step and R c_row apart. */
typedef void sweep_fn(size_t tiles, size_t k, const T *a, ptrdiff_t a_step, ptrdiff_t lead, const T *b, ptrdiff_t b_row,
                      ptrdiff_t tail, T *c, ptrdiff_t c_row, bool accumulate);

#define SWEEP(R, V, name, columns)                                                                               \
  static void name##_##R##_##V(size_t tiles, size_t k, const T *a, ptrdiff_t a_step, ptrdiff_t lead, const T *b, \
                               ptrdiff_t b_row, ptrdiff_t tail, T *c, ptrdiff_t c_row, bool accumulate) {        \
    for (; tiles > 0; tiles--, a += a_step, c += R * c_row)                                                      \
      tile(R, V, columns, k, a, lead, b, b_row, tail, c, c_row, accumulate);                                     \
  }
#define X(R, V) SWEEP(R, V, along_rows, false) SWEEP(R, V, along_columns, true)
TILES(X)
#undef X

/* By the way A is read, vectors and rows. */
static sweep_fn *const sweeps[2][V_MOST + 1][R_MOST + 1] = {
#define X(R, V) [0][V][R] = along_rows_##R##_##V, [1][V][R] = along_columns_##R##_##V,
    TILES(X)
#undef X
};

#endif
