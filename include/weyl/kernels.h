/* weyl/kernels.h: the inner loops.
 *
 * One source, compiled once per instruction set (base, avx2, avx512), chosen at the first call from what the CPU
 * offers; WEYL_ISA=base|avx2|avx512 pins the choice.  Rows are indexed by element type: [WEYL_F32] or [WEYL_F64].  A
 * plain reference table in scalar C always exists: WEYL_OPT=0 and the tests use it.  No kernel allocates; all are
 * thread-safe; arrays may be unaligned (64-byte alignment is faster); outputs may alias an input exactly (y == x) in
 * the elementwise ones, never partly.
 */
#ifndef WEYL_KERNELS_H
#define WEYL_KERNELS_H

#include <weyl/core.h>

WEYL_BEGIN_API

/* ---- elementwise --------------------------------------------------------------------------------------------------
 */

/* name, formula.  f32 errors are at most 4 ulp (exp, sigmoid, tanh: own polynomials; the rest SLEEF), f64 at most 2 ulp
 * (sigmoid 3).  Results below the normal numbers may be flushed to 0. */
#define WEYL_UNARY_LIST(X) \
  X(NEG, neg)              \
  X(ABS, abs)              \
  X(SIGN, sign)            \
  X(FLOOR, floor)          \
  X(SQRT, sqrt)            \
  X(RSQRT, rsqrt)          \
  X(RECIP, recip)          \
  X(EXP, exp)              \
  X(EXPM1, expm1) X(LOG, log) X(LOG1P, log1p) X(SIN, sin) X(COS, cos) X(TANH, tanh) X(SIGMOID, sigmoid) X(ERF, erf)
#define WEYL_BINARY_LIST(X) \
  X(ADD, add)               \
  X(SUB, sub) X(MUL, mul) X(DIV, div) X(POW, pow) X(MAX, max) X(MIN, min) X(ATAN2, atan2) X(LT, lt) X(LE, le) X(EQ, eq)

typedef enum weyl_unary {
#define X(U, l) WEYL_UNARY_##U,
  WEYL_UNARY_LIST(X)
#undef X
      WEYL_UNARY_COUNT
} weyl_unary;
typedef enum weyl_binary {
#define X(U, l) WEYL_BINARY_##U,
  WEYL_BINARY_LIST(X)
#undef X
      WEYL_BINARY_COUNT
} weyl_binary;

/* y[i] = f(x[i]), i < n */
typedef void (*weyl_unary_fn)(size_t n, const void *x, void *y);
/* z[i] = f(x[i * sx], y[i * sy]); strides are 0 (one value for all) or 1. lt, le, eq give 1 or 0 (0 for NaN); max and
 * min hand on NaN from either side. */
typedef void (*weyl_binary_fn)(size_t n, const void *x, size_t sx, const void *y, size_t sy, void *z);

/* ---- row programs: elementwise work of many steps in one pass over memory (engine findings, section 5)
 * ---------------
 */

typedef enum weyl_row_kind {
  WEYL_ROW_UNARY,    /* out[0] = f(in[0]), f a weyl_unary */
  WEYL_ROW_BINARY,   /* out[0] = f(in[0], in[1]), f a weyl_binary */
  WEYL_ROW_WHERE,    /* out[0] = in[0] != 0 ? in[1] : in[2] */
  WEYL_ROW_COPY,     /* out[0] = in[0] */
  WEYL_ROW_ADDS,     /* out[0] = in[0] + ... + in[f - 1], times in[WEYL_ROW_ADDENDS] if that has data; f = 2, 3, 4 */
  WEYL_ROW_SILU,     /* x = in[0] + ... + in[f - 1] (f = 0: in[0]); out[0] = x sigmoid(x), out[1] its derivative; either
                        may be absent (data NULL) */
  WEYL_ROW_SUM,      /* out[0] = sum of the row, one number a row */
  WEYL_ROW_MAX,      /* ... its maximum; NaN if any is */
  WEYL_ROW_ADD_INTO, /* rows of out[0] += rows of in[0], wherever out's map leads, in the order of rows */
  WEYL_ROW_ADD_ALL   /* one number += the sum of all */
} weyl_row_kind;

/* An array as the rows of a program see it. Row r of the program is row (index ? index[r / div] : r / div) * times +
 * (rest ? r % div : 0) of the array: {1, 1} rows as they are, {k, 1} each row k times, {k, 0, rest} k rows over and
 * over, {k, k, rest} with an index: rows gathered k at a time, {1, 0} one row for all. */
typedef struct weyl_row_operand {
  void *data;
  const int32_t *index;
  int32_t div, times;
  int32_t stride; /* numbers from one row of the array to the next */
  bool rest;
  bool one;   /* one number a row, for all of the width */
  bool block; /* a register: row 0 is the first row of the block in hand */
} weyl_row_operand;

#define WEYL_ROW_BLOCK 1024 /* numbers of a register; a row of more is a block alone, and its registers are as wide */

#define WEYL_ROW_ADDENDS 4

typedef struct weyl_row_step { /* what every step has comes first: programs are long, and caches are small */
  weyl_row_kind kind;
  int32_t f, width;
  weyl_row_operand out[2], in[WEYL_ROW_ADDENDS + 1];
} weyl_row_step;

/* ---- convolution: sums over windows of an image, read in place (channels last)
 * ---------------------------------- */

/* Matrices are packed in panels of weyl_kernels.panel_bytes: [columns / P][rows][P], the last panel filled with 0. */
#define WEYL_PANEL_BYTES_MAX 128

/* Memory that is brought near while a kernel computes: what the next call reads. */
typedef struct weyl_ahead {
  const void *at;
  size_t bytes;
} weyl_ahead;

/* out[to[p] + j] = sum_{s, t} in[from[p] + segment[s] + t] w[s length + t][j] for p < pixels, j < out. Offsets are
 * numbers. */
typedef struct weyl_conv_taps {
  size_t pixels, segments, length, out;
  const int32_t *from, *to; /* [pixels] */
  const int32_t *segment;   /* [segments] */
  weyl_ahead ahead;
} weyl_conv_taps;

/* sums[s length + t][j] (+)= sum_{r, k} x[from[r] + k step + segment[s] + t] dy[r run + k][j] for one panel of dy;
 * sums [segments length][P] */
typedef struct weyl_conv_sums {
  size_t runs, run, segments, length;
  ptrdiff_t step;
  const int32_t *from;    /* [runs] */
  const int32_t *segment; /* [segments] */
  weyl_ahead ahead;
} weyl_conv_sums;

/* ---- the table
 * -------------------------------------------------------------------------------------------------------- */

typedef struct weyl_kernels {
  const char *isa; /* "reference", "base", "avx2", "avx512" */
  weyl_unary_fn unary[2][WEYL_UNARY_COUNT];
  weyl_binary_fn binary[2][WEYL_BINARY_COUNT];
  /* z[i] = c[i] != 0 ? x[i] : y[i]; strides 0 or 1 */
  void (*where[2])(size_t n, const void *c, size_t sc, const void *x, size_t sx, const void *y, size_t sy, void *z);
  void (*fill[2])(size_t n, double value, void *y);
  /* y = x sigmoid(x) and dy its derivative; either may be NULL, either may be x. With s the sigmoid and eps the
   * distance from 1 to the next number, errors are at most 2 eps |x| s in y and 3 eps s (1 + |x| (1 - s)) in dy.
   * Infinity gives infinity and 1. Below -88 (f64: -709) sigmoid is no normal number: both results are of no size. */
  void (*silu[2])(size_t n, const void *x, void *y, void *dy);
  /* y[i] += a * x[i] */
  void (*axpy[2])(size_t n, double a, const void *x, void *y);

  /* x [rows][n] -> y[rows], the sum (or maximum; NaN if any is NaN) of each row. Sums run over fixed blocks, so the
   * order does not depend on alignment; f32 sums of n values have error O(sqrt-ish) of blocked summation: blocks of
   * 256, then a tree. n >= 1 for max. */
  void (*sum_rows[2])(size_t rows, size_t n, const void *x, void *y);
  void (*max_rows[2])(size_t rows, size_t n, const void *x, void *y);
  /* x [rows][n] -> y[n], the sum (maximum) of each column; rows in blocks as above. */
  void (*sum_columns[2])(size_t rows, size_t n, const void *x, void *y);
  void (*max_columns[2])(size_t rows, size_t n, const void *x, void *y);

  /* Runs the steps over rows from ... to - 1 in blocks of `block` rows (block * width at most WEYL_ROW_BLOCK, or 1):
   * all steps on one block, then the next. Registers are arrays of block * width numbers, 64-byte aligned. An output
   * may be an input exactly. Outputs are regular (div 1, no index) but for ADD_INTO. scratch: 3 * block * width
   * numbers. */
  void (*rows[2])(const weyl_row_step *steps, size_t n, size_t from, size_t to, size_t block, void *scratch);

  /* y[i][0..w) = x[index[i]][0..w), i < m. Indices are in range: the caller has checked them. */
  void (*gather[2])(size_t m, size_t w, const void *x, const int32_t *index, void *y);
  /* y[index[i]][0..w) += x[i][0..w), in the order of i. y is not cleared. */
  void (*scatter_add[2])(size_t m, size_t w, const void *x, const int32_t *index, void *y);

  /* Frames that differ by signs [frames][d], d <= WEYL_SIGNS_D.
   *   sign_mix     x [d][rows][n] -> y [rows][frames][n], y[r][f] = sum over c of signs[f][c] x[c][r]
   *   sign_unmix   x [rows][frames][n] -> y [d][rows][n], its adjoint
   *   sign_frames  x [rows][n] -> y [rows][frames][n], y[r][f][j] = signs[f][j mod d] x[r][j], d divides n
   *   sign_fold    x [rows][frames][n] -> y [rows][n], its adjoint */
  void (*sign_mix[2])(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y);
  void (*sign_unmix[2])(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y);
  void (*sign_frames[2])(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y);
  void (*sign_fold[2])(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y);

  /* C (+)= A B with any strides (in elements) for A and B: A(i,k) = a[i*a_row + k*a_col], B(k,j) = b[k*b_row +
   * j*b_col]; C is row-major with row stride c_row (column stride 1).  `accumulate`: add to C, else overwrite. k = 0
   * gives 0. scratch: weyl_gemm_scratch bytes, 64-byte aligned. The result depends on shapes and strides alone, not on
   * alignment or threads. */
  void (*gemm[2])(size_t m, size_t n, size_t k, const void *a, ptrdiff_t a_row, ptrdiff_t a_col, const void *b,
                  ptrdiff_t b_row, ptrdiff_t b_col, void *c, ptrdiff_t c_row, bool accumulate, void *scratch);

  /* Packs rows of x(i, j) = x[i row + j column] as rows of a matrix of all_rows; `packed` is where the first of them
   * goes. */
  void (*conv_pack[2])(size_t rows, size_t columns, const void *x, ptrdiff_t row, ptrdiff_t column, size_t all_rows,
                       void *packed);
  void (*conv_taps[2])(const weyl_conv_taps *q, const void *in, const void *packed, void *out);
  void (*conv_sums[2])(const weyl_conv_sums *q, const void *x, const void *dy, bool accumulate, void *sums);
  size_t panel_bytes;

  /* Multiplies and adds in registers, as many at a time as the core takes, and sets *flops to the number of operations:
   * timed, it is the arithmetic peak of one core that a product is measured against. */
  void (*multiply_add[2])(size_t rounds, double *flops);
} weyl_kernels;

#define WEYL_SIGNS_D      8
#define WEYL_GEMM_SCRATCH (1u << 20) /* bytes: a fixed number for every shape */

const weyl_kernels *weyl_kernels_active(void);    /* chosen once, at the first call */
const weyl_kernels *weyl_kernels_reference(void); /* scalar loops, libm; the same signatures */
/* The table of one instruction set by name; NULL when the name is unknown or the CPU lacks it. */
const weyl_kernels *weyl_kernels_named(const char *isa);

/* ---- small dense linear algebra, in double
 * ----------------------------------------------------------------------------- */

/* Symmetric a [n][n] (lower triangle read) = v diag(w) v^T: w ascending, v [n][n] has the eigenvectors as COLUMNS.
 * Sign: the component of largest magnitude of each column (first of equals within 1e-12) is positive; so equal inputs
 * give equal outputs, but a frame must never rely on it.  Cyclic Jacobi for n <= 16, LAPACK above.  WEYL_NUMERIC for
 * NaN/Inf or no convergence; ctx may be NULL. */
WEYL_MUST_CHECK weyl_status weyl_eigh(weyl_context *ctx, size_t n, const double *a, double *w, double *v);
/* a [m][n], m >= n or m < n, r = min(m, n): a = u diag(s) vt, u [m][r], s [r] descending >= 0, vt [r][n]. One-sided
 * Jacobi to 16, LAPACK above. */
WEYL_MUST_CHECK weyl_status weyl_svd(weyl_context *ctx, size_t m, size_t n, const double *a, double *u, double *s,
                                     double *vt);
/* a x = b, a [n][n], b and x [n][k] (x may alias b). WEYL_NUMERIC if a is singular to working precision. */
WEYL_MUST_CHECK weyl_status weyl_solve(weyl_context *ctx, size_t n, size_t k, const double *a, const double *b,
                                       double *x);
/* a = l l^T, l lower with zeros above. WEYL_NUMERIC if a is not positive definite. */
WEYL_MUST_CHECK weyl_status weyl_cholesky(weyl_context *ctx, size_t n, const double *a, double *l);
double weyl_det(size_t n, const double *a); /* LU with partial pivoting; NaN in, NaN out */

/* ---- the BLAS
 * ---------------------------------------------------------------------------------------------------------------- */

/* OpenBLAS's core name ("Zen", "SkylakeX", "Prescott"), "unknown" for other libraries.  Loads nothing but what is
 * linked. */
const char *weyl_blas_core(void);
/* The value OPENBLAS_CORETYPE should have for this CPU when the library took too small a core (the wrong-core trap of
 * OpenBLAS 0.3.21), or NULL when all is well. Only the command acts on it (it re-executes itself once). */
const char *weyl_blas_core_wanted(void);

WEYL_END_API
#endif
