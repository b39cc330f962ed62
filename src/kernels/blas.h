/* The outside BLAS, and what the CPU offers: shared by the files of this room. */
#ifndef WEYL_KERNELS_BLAS_H
#define WEYL_KERNELS_BLAS_H

#include <weyl/kernels.h>

bool kernels_cpu_has_avx2(void);   /* and FMA */
bool kernels_cpu_has_avx512(void); /* F, DQ, VL, BW */

/* From this size on in all of m, n and k a product goes to the BLAS. */
#define BLAS_SIZE 256

/* C (+)= A B as in weyl_kernels.gemm; false, and nothing done, when the BLAS cannot take it (a matrix with neither
 * stride 1) or would be slower than our own loops (the wrong core). */
bool kernels_blas_gemm_f32(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
                           const float *b, ptrdiff_t b_row, ptrdiff_t b_col, float *c, ptrdiff_t c_row,
                           bool accumulate);
bool kernels_blas_gemm_f64(size_t m, size_t n, size_t k, const double *a, ptrdiff_t a_row, ptrdiff_t a_col,
                           const double *b, ptrdiff_t b_row, ptrdiff_t b_col, double *c, ptrdiff_t c_row,
                           bool accumulate);

#endif
