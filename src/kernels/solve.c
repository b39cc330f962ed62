/* Linear systems, the Cholesky factor and the determinant. */
#include "linalg.h"

#include <lapacke.h>

#include <float.h>

/* In place, with partial pivoting: row i was swapped with row swap[i] >= i. Stops early, with `false`, at a pivot of at
 * most `tiny`; *sign is that of the permutation. */
static bool factor(size_t n, double *a, size_t *swap, double tiny, double *sign) {
  *sign = 1;
  for (size_t i = 0; i < n; i++) {
    size_t best = i;
    for (size_t r = i + 1; r < n; r++)
      if (fabs(a[r * n + i]) > fabs(a[best * n + i])) best = r;
    if (swap) swap[i] = best;
    if (best != i) {
      *sign = -*sign;
      for (size_t j = 0; j < n; j++) {
        const double t = a[i * n + j];
        a[i * n + j] = a[best * n + j];
        a[best * n + j] = t;
      }
    }
    const double pivot = a[i * n + i];
    if (!(fabs(pivot) > tiny)) return false;
    for (size_t r = i + 1; r < n; r++) {
      const double l = a[r * n + i] /= pivot;
      if (l != 0)
        for (size_t j = i + 1; j < n; j++) a[r * n + j] -= l * a[i * n + j];
    }
  }
  return true;
}

static weyl_status singular(weyl_context *ctx, size_t n) {
  return weyl_fail(ctx, WEYL_NUMERIC, "solve: the %zux%zu matrix is singular to working precision", n, n);
}

static weyl_status solve_small(weyl_context *ctx, size_t n, size_t k, const double *a, const double *b, double *x,
                               double top) {
  double lu[SMALL * SMALL], sign;
  size_t swap[SMALL];
  memcpy(lu, a, n * n * sizeof *lu);
  if (!factor(n, lu, swap, (double)n * DBL_EPSILON * top, &sign)) return singular(ctx, n);
  if (x != b) memmove(x, b, n * k * sizeof *x);
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; swap[i] != i && c < k; c++) {
      const double t = x[i * k + c];
      x[i * k + c] = x[swap[i] * k + c];
      x[swap[i] * k + c] = t;
    }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      for (size_t c = 0; c < k; c++) x[i * k + c] -= lu[i * n + j] * x[j * k + c];
  for (size_t i = n; i-- > 0;) {
    for (size_t j = i + 1; j < n; j++)
      for (size_t c = 0; c < k; c++) x[i * k + c] -= lu[i * n + j] * x[j * k + c];
    for (size_t c = 0; c < k; c++) x[i * k + c] /= lu[i * n + i];
  }
  return WEYL_OK;
}

static weyl_status solve_large(weyl_context *ctx, size_t n, size_t k, const double *a, const double *b, double *x) {
  weyl_status status = WEYL_OK;
  const lapack_int order = (lapack_int)n;
  double *lu = weyl_alloc(ctx, n * n, sizeof *lu), *turned = weyl_alloc(ctx, n * k, sizeof *turned);
  lapack_int *swap = weyl_alloc(ctx, n, sizeof *swap);
  if (!lu || !turned || !swap) {
    status = WEYL_MEMORY;
    goto done;
  }
  memcpy(lu, a, n * n * sizeof *lu);
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < k; c++) turned[c * n + i] = b[i * k + c];

  /* LAPACK sees a^T by columns, so it is asked for the transposed system */
  const double norm = LAPACKE_dlange(LAPACK_COL_MAJOR, '1', order, order, lu, order);
  lapack_int info = LAPACKE_dgetrf(LAPACK_COL_MAJOR, order, order, lu, order, swap);
  double condition = 0; /* its reciprocal */
  if (info == 0) info = LAPACKE_dgecon(LAPACK_COL_MAJOR, '1', order, lu, order, norm, &condition);
  if (info == LAPACK_WORK_MEMORY_ERROR) {
    status = weyl_fail(ctx, WEYL_MEMORY, "solve with a %zux%zu matrix: no memory for LAPACK", n, n);
    goto done;
  }
  if (info != 0 || !(condition > DBL_EPSILON)) {
    status = singular(ctx, n);
    goto done;
  }
  info = LAPACKE_dgetrs(LAPACK_COL_MAJOR, 'T', order, (lapack_int)k, lu, order, swap, turned, order);
  if (info != 0) {
    status = weyl_fail(ctx, WEYL_BUG, "solve with a %zux%zu matrix: LAPACK's dgetrs answers %d", n, n, (int)info);
    goto done;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < k; c++) x[i * k + c] = turned[c * n + i];
done:
  weyl_dealloc(ctx, lu);
  weyl_dealloc(ctx, turned);
  weyl_dealloc(ctx, swap);
  return status;
}

weyl_status weyl_solve(weyl_context *ctx, size_t n, size_t k, const double *a, const double *b, double *x) {
  if (n == 0 || k == 0) return WEYL_OK;
  const double top = largest(n * n, a);
  if (!isfinite(top)) return weyl_fail(ctx, WEYL_NUMERIC, "solve: an entry of the %zux%zu matrix is not finite", n, n);
  if (!isfinite(largest(n * k, b)))
    return weyl_fail(ctx, WEYL_NUMERIC, "solve: an entry of the right side is not finite");
  return n <= SMALL ? solve_small(ctx, n, k, a, b, x, top) : solve_large(ctx, n, k, a, b, x);
}

weyl_status weyl_cholesky(weyl_context *ctx, size_t n, const double *a, double *l) {
  if (n == 0) return WEYL_OK;
  double stack[SMALL * SMALL];
  double *x = n <= SMALL ? stack : weyl_alloc(ctx, n * n, sizeof *x);
  if (!x) return WEYL_MEMORY;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) x[i * n + j] = j <= i ? a[i * n + j] : 0;

  size_t bad = 0; /* the row, from 1, where it fails */
  if (n <= SMALL) {
    for (size_t j = 0; j < n && !bad; j++) {
      double d = x[j * n + j];
      for (size_t p = 0; p < j; p++) d -= x[j * n + p] * x[j * n + p];
      if (!(d > 0 && isfinite(d))) {
        bad = j + 1;
        break;
      }
      const double root = x[j * n + j] = sqrt(d);
      for (size_t i = j + 1; i < n; i++) {
        double s = x[i * n + j];
        for (size_t p = 0; p < j; p++) s -= x[i * n + p] * x[j * n + p];
        x[i * n + j] = s / root;
      }
    }
  } else if (!isfinite(largest(n * n, x))) {
    bad = n;
  } else { /* our lower triangle is LAPACK's upper one */
    const lapack_int info = LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'U', (lapack_int)n, x, (lapack_int)n);
    bad = info > 0 ? (size_t)info : info < 0 ? n : 0;
  }
  if (!bad) memcpy(l, x, n * n * sizeof *l);
  if (x != stack) weyl_dealloc(ctx, x);
  return bad ? weyl_fail(ctx, WEYL_NUMERIC, "cholesky: the %zux%zu matrix is not positive definite (row %zu)", n, n,
                         bad - 1)
             : WEYL_OK;
}

/* factor() without what the determinant does not need, by LAPACK where it is faster. */
static bool factor_for_det(size_t n, double *a, double *sign) {
  enum { LARGE = 64 };
  lapack_int *swap = n > LARGE ? weyl_alloc(NULL, n, sizeof *swap) : NULL;
  if (!swap) return factor(n, a, NULL, 0, sign);
  const lapack_int info = LAPACKE_dgetrf(LAPACK_COL_MAJOR, (lapack_int)n, (lapack_int)n, a, (lapack_int)n, swap);
  *sign = 1;
  for (size_t i = 0; i < n; i++) *sign = swap[i] == (lapack_int)i + 1 ? *sign : -*sign;
  weyl_dealloc(NULL, swap);
  return info == 0;
}

double weyl_det(size_t n, const double *a) {
  if (n == 0) return 1;
  double stack[SMALL * SMALL];
  for (size_t i = 0; i < n * n; i++)
    if (isnan(a[i])) return NAN;
  double *lu = n <= SMALL ? stack : weyl_alloc(NULL, n * n, sizeof *lu);
  if (!lu) return NAN;
  memcpy(lu, a, n * n * sizeof *lu);
  double product;
  long power = 0; /* apart, because factors may pass the range where their product does not */
  if (factor_for_det(n, lu, &product))
    for (size_t i = 0; i < n; i++) {
      int exponent = 0;
      product = frexp(product * lu[i * n + i], &exponent);
      power += exponent;
    }
  else /* a pivot of 0, or of NaN where infinities met */
    product = isnan(largest(n * n, lu)) ? NAN : 0;
  if (lu != stack) weyl_dealloc(NULL, lu);
  return ldexp(product, power > 5000 ? 5000 : power < -5000 ? -5000 : (int)power);
}
