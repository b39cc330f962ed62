/* Packing for gemm.isa.c: blocks of A and panels of B made contiguous. */
#ifndef WEYL_KERNELS_GEMM_PACK_H
#define WEYL_KERNELS_GEMM_PACK_H

#include "simd.h"

/* 16 bytes: squares of Q x Q are turned in registers, on every instruction set alike. */
typedef T quad __attribute__((vector_size(16)));
enum { Q = 16 / sizeof(T) };

INLINE quad quad_load(const T *p) {
  quad q;
  memcpy(&q, p, sizeof q);
  return q;
}

INLINE void quad_store(T *p, quad q) { memcpy(p, &q, sizeof q); }

/* to[j][i] = from[i][j], i, j < Q */
INLINE void turn_square(const T *from, ptrdiff_t from_row, T *to, ptrdiff_t to_row) {
#if WEYL_BITS == 32
  const quad a = quad_load(from), b = quad_load(from + from_row);
  const quad c = quad_load(from + 2 * from_row), d = quad_load(from + 3 * from_row);
  const quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  quad_store(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  quad_store(to + to_row, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  quad_store(to + 2 * to_row, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  quad_store(to + 3 * to_row, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
#else
  const quad a = quad_load(from), b = quad_load(from + from_row);
  quad_store(to, __builtin_shufflevector(a, b, 0, 2));
  quad_store(to + to_row, __builtin_shufflevector(a, b, 1, 3));
#endif
}

/* to[p][j] = from[j * col + p], p < k, j < width: B lies transposed, its columns contiguous. */
static void turn_columns(size_t k, size_t width, const T *from, ptrdiff_t col, T *to, ptrdiff_t to_row) {
  size_t j = 0;
  for (; j + Q <= width; j += Q) {
    const T *square = from + (ptrdiff_t)j * col;
    size_t p = 0;
    for (; p + Q <= k; p += Q) turn_square(square + p, col, to + (ptrdiff_t)p * to_row + j, to_row);
    for (; p < k; p++)
      for (size_t q = 0; q < Q; q++)
        to[(ptrdiff_t)p * to_row + (ptrdiff_t)(j + q)] = square[(ptrdiff_t)q * col + (ptrdiff_t)p];
  }
  for (; j < width; j++)
    for (size_t p = 0; p < k; p++) to[(ptrdiff_t)p * to_row + (ptrdiff_t)j] = from[(ptrdiff_t)j * col + (ptrdiff_t)p];
}

/* to[p][j] = from[p row + j col], p < k, j < width; lines of `padded`, zero behind the width. */
static void pack_panel(size_t k, size_t width, size_t padded, const T *from, ptrdiff_t row, ptrdiff_t col, T *to) {
  if (width < padded)
    for (size_t p = 0; p < k; p++)
      for (size_t j = width; j < padded; j++) to[p * padded + j] = 0;
  if (col == 1) {
    for (size_t p = 0; p < k; p++, from += row, to += padded) {
      size_t j = 0;
      for (; j + VL <= width; j += VL) v_store(to + j, v_load(from + j));
      for (; j < width; j++) to[j] = from[j];
    }
  } else if (row == 1) {
    turn_columns(k, width, from, col, to, (ptrdiff_t)padded);
  } else {
    for (size_t p = 0; p < k; p++, from += row, to += padded)
      for (size_t j = 0; j < width; j++) to[j] = from[(ptrdiff_t)j * col];
  }
}

#endif
