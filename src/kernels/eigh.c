/* Symmetric eigenproblems: cyclic Jacobi for small matrices (Golub & Van Loan, Matrix Computations, section 8.5), where
 * it is both the fastest and the most accurate; LAPACK's divide and conquer above. */
#include "linalg.h"

#include <lapacke.h>

enum { SWEEPS = 60 };
/* What is left off the diagonal may be this small beside the largest entry. Convergence is quadratic at the end, so
 * that asking for less than the machine epsilon costs one sweep at most. */
static const double negligible = 1e-18;

/* a' = J^T a J, v' = v J with the rotation that makes a[p][q] zero, p > q; both triangles are kept. */
static void rotate(size_t n, double *a, double *v, size_t p, size_t q) {
  const double theta = (a[p * n + p] - a[q * n + q]) / (2 * a[p * n + q]);
  const double t = copysign(1, theta) / (fabs(theta) + sqrt(1 + theta * theta));
  const double c = 1 / sqrt(1 + t * t), s = t * c, shift = t * a[p * n + q];
  a[p * n + p] += shift;
  a[q * n + q] -= shift;
  a[p * n + q] = a[q * n + p] = 0;
  for (size_t i = 0; i < n; i++) {
    if (i != p && i != q) {
      const double ip = a[i * n + p], iq = a[i * n + q];
      a[i * n + p] = a[p * n + i] = c * ip + s * iq;
      a[i * n + q] = a[q * n + i] = c * iq - s * ip;
    }
    const double vp = v[i * n + p], vq = v[i * n + q];
    v[i * n + p] = c * vp + s * vq;
    v[i * n + q] = c * vq - s * vp;
  }
}

/* a is scaled to entries about 1; its diagonal becomes the eigenvalues, v the vectors (columns). False: not converged.
 */
static bool jacobi(size_t n, double *a, double *v) {
  memset(v, 0, n * n * sizeof *v);
  for (size_t i = 0; i < n; i++) v[i * n + i] = 1;
  for (int sweep = 0; sweep < SWEEPS; sweep++) {
    bool changed = false;
    for (size_t p = 1; p < n; p++)
      for (size_t q = 0; q < p; q++)
        if (fabs(a[p * n + q]) > negligible) {
          rotate(n, a, v, p, q);
          changed = true;
        }
    if (!changed) return true;
  }
  return false;
}

/* Column `from` of x [n][n] to column `to` of v, so that its component of largest magnitude is positive: the first of
 * those equal within 1e-12. */
static void place_column(size_t n, const double *x, size_t from, double *v, size_t to) {
  double top = 0;
  for (size_t i = 0; i < n; i++) top = fmax(top, fabs(x[i * n + from]));
  size_t first = 0;
  while (first + 1 < n && fabs(x[first * n + from]) < top - 1e-12) first++;
  const double sign = x[first * n + from] < 0 ? -1 : 1;
  for (size_t i = 0; i < n; i++) v[i * n + to] = sign * x[i * n + from];
}

static weyl_status eigh_small(weyl_context *ctx, size_t n, const double *a, double *w, double *v, double scale) {
  double s[SMALL * SMALL], x[SMALL * SMALL];
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) s[i * n + j] = s[j * n + i] = a[i * n + j] * scale;
  if (!jacobi(n, s, x))
    return weyl_fail(ctx, WEYL_NUMERIC, "eigh of a %zux%zu matrix: Jacobi did not converge in %d sweeps", n, n, SWEEPS);
  size_t order[SMALL]; /* ascending; equal values stay in their order */
  for (size_t i = 0; i < n; i++) {
    size_t at = i;
    for (; at > 0 && s[order[at - 1] * (n + 1)] > s[i * (n + 1)]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  for (size_t j = 0; j < n; j++) {
    w[j] = s[order[j] * (n + 1)] / scale;
    place_column(n, x, order[j], v, j);
  }
  return WEYL_OK;
}

static weyl_status eigh_large(weyl_context *ctx, size_t n, const double *a, double *w, double *v, double scale) {
  weyl_status status = WEYL_OK;
  double *x = weyl_alloc(ctx, n * n, sizeof *x), *values = weyl_alloc(ctx, n, sizeof *values);
  if (!x || !values) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) x[i * n + j] = a[i * n + j] * scale;
  /* our lower triangle is LAPACK's upper one; its columns are our rows */
  const lapack_int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)n, x, (lapack_int)n, values);
  if (info != 0) {
    status = info == LAPACK_WORK_MEMORY_ERROR
                 ? weyl_fail(ctx, WEYL_MEMORY, "eigh of a %zux%zu matrix: no memory for LAPACK", n, n)
                 : weyl_fail(ctx, WEYL_NUMERIC, "eigh of a %zux%zu matrix: LAPACK's dsyevd gives up with info %d", n, n,
                             (int)info);
    goto done;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) {
      const double t = x[i * n + j];
      x[i * n + j] = x[j * n + i];
      x[j * n + i] = t;
    }
  for (size_t j = 0; j < n; j++) {
    w[j] = values[j] / scale;
    place_column(n, x, j, v, j);
  }
done:
  weyl_dealloc(ctx, x);
  weyl_dealloc(ctx, values);
  return status;
}

weyl_status weyl_eigh(weyl_context *ctx, size_t n, const double *a, double *w, double *v) {
  double top = 0;
  for (size_t i = 0; i < n; i++) {
    const double row = largest(i + 1, a + i * n);
    if (!(row <= top)) top = row;
    if (!isfinite(row)) return weyl_fail(ctx, WEYL_NUMERIC, "eigh of a %zux%zu matrix: row %zu is not finite", n, n, i);
  }
  const double scale = exact_scale(top);
  return n <= SMALL ? eigh_small(ctx, n, a, w, v, scale) : eigh_large(ctx, n, a, w, v, scale);
}
