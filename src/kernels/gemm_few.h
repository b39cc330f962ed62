/* Products with so few columns that they fill no vectors: plain loops, and dot products. */
#ifndef WEYL_KERNELS_GEMM_FEW_H
#define WEYL_KERNELS_GEMM_FEW_H

#include "gemm_pack.h"

enum { FEW = 4, PLAIN_BLOCK = 256, DOT_BLOCK = 2048 };

typedef struct matrix { /* any strides, in elements */
  const T *at;
  ptrdiff_t row, col;
} matrix;

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* N columns in plain loops: for the tiniest products, and for what has too short rows for vectors. */
INLINE void plain_columns(const size_t N, size_t m, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row,
                          bool accumulate) {
  for (size_t i = 0; i < m; i++, a.at += a.row, c += c_row) {
    T total[FEW];
    UNROLL for (size_t j = 0; j < N; j++) total[j] = accumulate ? c[j] : 0;
    for (size_t p0 = 0; p0 < k; p0 += PLAIN_BLOCK) {
      const size_t p1 = smaller(k, p0 + PLAIN_BLOCK);
      T sum[FEW] = {0};
      for (ptrdiff_t p = (ptrdiff_t)p0; p < (ptrdiff_t)p1; p++) {
        const T x = a.at[p * a.col];
        UNROLL for (size_t j = 0; j < N; j++) sum[j] += x * b.at[p * b.row + (ptrdiff_t)j * b.col];
      }
      UNROLL for (size_t j = 0; j < N; j++) total[j] += sum[j];
    }
    UNROLL for (size_t j = 0; j < N; j++) c[j] = total[j];
  }
}

static void plain(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate) {
  for (; n >= FEW; n -= FEW, b.at += FEW * b.col, c += FEW) plain_columns(FEW, m, k, a, b, c, c_row, accumulate);
  switch (n) {
    case 3: plain_columns(3, m, k, a, b, c, c_row, accumulate); break;
    case 2: plain_columns(2, m, k, a, b, c, c_row, accumulate); break;
    case 1: plain_columns(1, m, k, a, b, c, c_row, accumulate); break;
    default: break;
  }
}

/* R rows of A, which are contiguous, against N columns of B, which are too and lie `lead` apart. b_end has what fills
 * no whole vector at the end of each column, with zeros behind. R N is a multiple of 4: sums over lanes come by fours.
 */
INLINE void dot_tile(const size_t R, const size_t N, size_t k, const T *const *row, const T *b, ptrdiff_t lead,
                     const T *b_end, T *sums) {
  vec acc[8][FEW];
  UNROLL for (size_t i = 0; i < R; i++) UNROLL for (size_t j = 0; j < N; j++) acc[i][j] = v_zero();
  size_t p = 0;
  for (; p + VL <= k; p += VL) {
    vec y[FEW];
    UNROLL for (size_t j = 0; j < N; j++) y[j] = v_load(b + (ptrdiff_t)j * lead + p);
    UNROLL for (size_t i = 0; i < R; i++) {
      const vec x = v_load(row[i] + p);
      UNROLL for (size_t j = 0; j < N; j++) acc[i][j] = v_fma(x, y[j], acc[i][j]);
    }
  }
  if (p < k) UNROLL for (size_t i = 0; i < R; i++) {
      const vec x = v_load_n(row[i] + p, k - p);
      UNROLL for (size_t j = 0; j < N; j++) acc[i][j] = v_fma(x, v_load(b_end + j * VL), acc[i][j]);
    }
#define SUM(s) acc[(s) / N][(s) % N]
  UNROLL for (size_t s = 0; s < R * N; s += 4) v_sum4(SUM(s), SUM(s + 1), SUM(s + 2), SUM(s + 3), sums + s);
#undef SUM
}

/* The first `rows` of R rows; the rest repeats the last of them and is not stored. */
INLINE void dot_rows(const size_t R, const size_t N, size_t rows, size_t k, const T *a, ptrdiff_t a_row, const T *b,
                     ptrdiff_t lead, const T *b_end, T *c, ptrdiff_t c_row, bool accumulate) {
  const T *row[8];
  T sums[12];
  row[0] = a;
  UNROLL for (size_t r = 1; r < R; r++) row[r] = row[r - 1] + (r < rows ? a_row : 0);
  dot_tile(R, N, k, row, b, lead, b_end, sums);
  NO_UNROLL for (size_t r = 0; r < rows; r++, c += c_row) UNROLL for (size_t j = 0; j < N; j++) c[j] =
      accumulate ? c[j] + sums[r * N + j] : sums[r * N + j];
}

INLINE void dot_columns(const size_t R, const size_t N, size_t m, size_t k, matrix a, const T *b, ptrdiff_t lead,
                        const T *b_end, T *c, ptrdiff_t c_row, bool accumulate) {
  for (; m >= R; m -= R, a.at += (ptrdiff_t)R * a.row, c += (ptrdiff_t)R * c_row)
    dot_rows(R, N, R, k, a.at, a.row, b, lead, b_end, c, c_row, accumulate);
  if (m > 0) dot_rows(R, N, m, k, a.at, a.row, b, lead, b_end, c, c_row, accumulate);
}

/* Rows of A are contiguous and no shorter than a vector, and B has up to FEW columns. `pack`: FEW * DOT_BLOCK. */
static void dots(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate, T *pack) {
  T b_end[FEW * VL] = {0};
  for (size_t p = 0; p < k; p += DOT_BLOCK, a.at += DOT_BLOCK, b.at += DOT_BLOCK * b.row, accumulate = true) {
    const size_t kk = smaller(DOT_BLOCK, k - p), whole = kk / VL * VL;
    const T *columns = b.at;
    ptrdiff_t lead = b.col;
    if (b.row != 1) {
      lead = DOT_BLOCK;
      columns = pack;
      if (b.col == 1)
        turn_columns(n, whole, b.at, b.row, pack, lead);
      else
        for (size_t j = 0; j < n; j++)
          for (size_t q = 0; q < whole; q++)
            pack[j * DOT_BLOCK + q] = b.at[(ptrdiff_t)q * b.row + (ptrdiff_t)j * b.col];
    }
    for (size_t j = 0; j < n; j++)
      for (size_t q = whole; q < kk; q++) b_end[j * VL + q - whole] = b.at[(ptrdiff_t)q * b.row + (ptrdiff_t)j * b.col];
    switch (n) {
      case 1: dot_columns(8, 1, m, kk, a, columns, lead, b_end, c, c_row, accumulate); break;
      case 2: dot_columns(4, 2, m, kk, a, columns, lead, b_end, c, c_row, accumulate); break;
      case 3: dot_columns(4, 3, m, kk, a, columns, lead, b_end, c, c_row, accumulate); break;
      default: dot_columns(3, 4, m, kk, a, columns, lead, b_end, c, c_row, accumulate); break;
    }
  }
}

#endif
