/* What a name of a kernel looks like, and the list of all of them.
 *
 * The files *.isa.c are compiled once per instruction set and element type, with WEYL_ISA and WEYL_TYPE set by
 * room.cmake: K(gemm) is weyl_avx2_f32_gemm there. */
#ifndef WEYL_KERNELS_NAMES_H
#define WEYL_KERNELS_NAMES_H

#include <weyl/kernels.h>

#define KERNEL_JOIN_(isa, type, name) weyl_##isa##_##type##_##name
#define KERNEL_JOIN(isa, type, name)  KERNEL_JOIN_(isa, type, name)
#define K(name)                       KERNEL_JOIN(WEYL_ISA, WEYL_TYPE, name)

/* The kernels that are no map of one or two arrays: name, arguments. */
#define KERNEL_OTHERS(F)                                                                                          \
  F(where, (size_t n, const void *c, size_t sc, const void *x, size_t sx, const void *y, size_t sy, void *z))     \
  F(fill, (size_t n, double value, void *y))                                                                      \
  F(silu, (size_t n, const void *x, void *y, void *dy))                                                           \
  F(axpy, (size_t n, double a, const void *x, void *y))                                                           \
  F(sum_rows, (size_t rows, size_t n, const void *x, void *y))                                                    \
  F(max_rows, (size_t rows, size_t n, const void *x, void *y))                                                    \
  F(sum_columns, (size_t rows, size_t n, const void *x, void *y))                                                 \
  F(max_columns, (size_t rows, size_t n, const void *x, void *y))                                                 \
  F(rows, (const weyl_row_step *steps, size_t n, size_t from, size_t to, size_t block, void *scratch))            \
  F(gather, (size_t m, size_t w, const void *x, const int32_t *index, void *y))                                   \
  F(scatter_add, (size_t m, size_t w, const void *x, const int32_t *index, void *y))                              \
  F(sign_mix, (size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y))      \
  F(sign_unmix, (size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y))    \
  F(sign_frames, (size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y))   \
  F(sign_fold, (size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y))     \
  F(gemm, (size_t m, size_t n, size_t k, const void *a, ptrdiff_t a_row, ptrdiff_t a_col, const void *b,          \
           ptrdiff_t b_row, ptrdiff_t b_col, void *c, ptrdiff_t c_row, bool accumulate, void *scratch))           \
  F(conv_pack,                                                                                                    \
    (size_t rows, size_t columns, const void *x, ptrdiff_t row, ptrdiff_t column, size_t all_rows, void *packed)) \
  F(conv_taps, (const weyl_conv_taps *q, const void *in, const void *packed, void *out))                          \
  F(conv_sums, (const weyl_conv_sums *q, const void *x, const void *dy, bool accumulate, void *sums))             \
  F(multiply_add, (size_t rounds, double *flops))

/* Bytes of a row of a panel (conv_pack): two vectors. */
#define PANEL_OF_(isa) panel_bytes_##isa
#define PANEL_OF(isa)  PANEL_OF_(isa)
enum { panel_bytes_reference = 32, panel_bytes_base = 32, panel_bytes_avx2 = 64, panel_bytes_avx512 = 128 };

#define UNARY_ARGS  (size_t n, const void *x, void *y)
#define BINARY_ARGS (size_t n, const void *x, size_t sx, const void *y, size_t sy, void *z)

#endif
