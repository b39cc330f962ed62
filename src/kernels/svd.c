/* Singular values: one-sided Jacobi (Hestenes 1958) for small matrices, with columns rotated until they are orthogonal;
 * LAPACK's divide and conquer above. */
#include "linalg.h"

#include <lapacke.h>

#include <float.h>

/* The square of a column that is nothing but rounding of rounding, beside entries of about 1: its products underflow.
 */
static const double vanished = 1e-280;
enum { SWEEPS = 60, ON_STACK = 2 * SMALL * SMALL };

static double dot(size_t m, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < m; i++) sum += x[i] * y[i];
  return sum;
}

static void turn(size_t m, double *x, double *y, double c, double s) {
  for (size_t i = 0; i < m; i++) {
    const double t = x[i];
    x[i] = c * t - s * y[i];
    y[i] = s * t + c * y[i];
  }
}

/* b [n][m] holds n vectors of length m, v [n][n] follows the rotations. False: not converged. */
static bool orthogonalise(size_t m, size_t n, double *b, double *v) {
  const double tolerance = DBL_EPSILON * sqrt((double)m); /* the rounding of the dot product itself */
  for (int sweep = 0; sweep < SWEEPS; sweep++) {
    bool changed = false;
    for (size_t p = 0; p < n; p++)
      for (size_t q = p + 1; q < n; q++) {
        double *x = b + p * m, *y = b + q * m;
        const double xx = dot(m, x, x), yy = dot(m, y, y), xy = dot(m, x, y);
        if (xx < vanished || yy < vanished || fabs(xy) <= tolerance * sqrt(xx) * sqrt(yy)) continue;
        const double zeta = (yy - xx) / (2 * xy);
        const double t = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
        const double c = 1 / sqrt(1 + t * t);
        turn(m, x, y, c, c * t);
        turn(n, v + p * n, v + q * n, c, c * t);
        changed = true;
      }
    if (!changed) return true;
  }
  return false;
}

/* Makes u the unit vector orthogonal to the `done` rows of basis [.][m] that is nearest to it, or to some axis when it
 * is (nearly) in their span. */
static void complete(size_t m, size_t done, const double *basis, double *u) {
  for (size_t axis = 0; axis <= m; axis++) {
    double before = sqrt(dot(m, u, u)), after = before;
    for (int pass = 0; pass < 2 && after > 0; pass++) { /* twice is enough (Kahan) */
      for (size_t j = 0; j < done; j++) {
        const double d = dot(m, basis + j * m, u);
        for (size_t i = 0; i < m; i++) u[i] -= d * basis[j * m + i];
      }
      after = sqrt(dot(m, u, u));
    }
    /* Some axis keeps at least sqrt((m - done) / m) of its length; half of that is asked of it. */
    const double kept = axis == 0 ? 0.5 : 0.5 * sqrt((double)(m - done) / (double)m);
    if (after > 0 && after >= kept * before) {
      for (size_t i = 0; i < m; i++) u[i] /= after;
      return;
    }
    if (axis < m) {
      memset(u, 0, m * sizeof *u);
      u[axis] = 1;
    }
  }
}

/* n vectors of length m >= n, at b[j * vector + i * step]: left [n][m], s, right [n][n], so that
 * b_j = sum_i left_i s_i right_i[j]. False: not converged. work: n m + n n doubles. */
static bool svd_tall(size_t m, size_t n, const double *a, size_t vector, size_t step, double scale, double *left,
                     double *s, double *right, double *work) {
  double *b = work, *v = work + n * m, norm[SMALL];
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) b[j * m + i] = a[j * vector + i * step] * scale;
  memset(v, 0, n * n * sizeof *v);
  for (size_t j = 0; j < n; j++) v[j * n + j] = 1;
  if (!orthogonalise(m, n, b, v)) return false;

  size_t order[SMALL];
  for (size_t j = 0; j < n; j++) {
    norm[j] = sqrt(dot(m, b + j * m, b + j * m));
    size_t at = j;
    for (; at > 0 && norm[order[at - 1]] < norm[j]; at--) order[at] = order[at - 1];
    order[at] = j;
  }
  for (size_t i = 0; i < n; i++) {
    const size_t j = order[i];
    double *u = left + i * m;
    s[i] = norm[j] / scale;
    memcpy(right + i * n, v + j * n, n * sizeof *v);
    for (size_t r = 0; r < m; r++) u[r] = norm[j] > 0 ? b[j * m + r] / norm[j] : 0;
    /* what rounding has left of a zero singular value points anywhere */
    if (norm[j] <= (double)m * DBL_EPSILON * norm[order[0]]) complete(m, i, left, u);
  }
  return true;
}

static weyl_status svd_small(weyl_context *ctx, size_t m, size_t n, const double *a, double *u, double *s, double *vt,
                             double scale) {
  const bool tall = m >= n;
  const size_t r = tall ? n : m, length = tall ? m : n, room = 2 * r * length + r * r + r * r;
  double stack[2 * ON_STACK], values[SMALL];
  double *work = room <= sizeof stack / sizeof *stack ? stack : weyl_alloc(ctx, room, sizeof *work);
  if (!work) return WEYL_MEMORY;
  double *left = work, *right = left + r * length;
  const bool good = svd_tall(length, r, a, tall ? 1 : n, tall ? n : 1, scale, left, values, right, right + r * r);
  if (good) {
    double *of_rows = tall ? u : vt, *of_columns = tall ? vt : u;
    for (size_t i = 0; i < r; i++) {
      s[i] = values[i];
      for (size_t j = 0; j < length; j++) of_rows[tall ? j * r + i : i * length + j] = left[i * length + j];
      for (size_t j = 0; j < r; j++) of_columns[tall ? i * r + j : j * r + i] = right[i * r + j];
    }
  }
  if (work != stack) weyl_dealloc(ctx, work);
  return good ? WEYL_OK
              : weyl_fail(ctx, WEYL_NUMERIC, "svd of a %zux%zu matrix: Jacobi did not converge in %d sweeps", m, n,
                          SWEEPS);
}

static weyl_status svd_large(weyl_context *ctx, size_t m, size_t n, const double *a, double *u, double *s, double *vt,
                             double scale) {
  weyl_status status = WEYL_OK;
  const size_t r = m < n ? m : n;
  double *x = weyl_alloc(ctx, m * n, sizeof *x), *left = weyl_alloc(ctx, m * r, sizeof *left);
  double *right = weyl_alloc(ctx, r * n, sizeof *right), *values = weyl_alloc(ctx, r, sizeof *values);
  if (!x || !left || !right || !values) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (size_t i = 0; i < m * n; i++) x[i] = a[i] * scale;
  /* LAPACK sees a^T = v s u^T, by columns; and v by columns is vt by rows */
  const lapack_int info = LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'S', (lapack_int)n, (lapack_int)m, x, (lapack_int)n, values,
                                         right, (lapack_int)n, left, (lapack_int)r);
  if (info != 0) {
    status = info == LAPACK_WORK_MEMORY_ERROR
                 ? weyl_fail(ctx, WEYL_MEMORY, "svd of a %zux%zu matrix: no memory for LAPACK", m, n)
                 : weyl_fail(ctx, WEYL_NUMERIC, "svd of a %zux%zu matrix: LAPACK's dgesdd gives up with info %d", m, n,
                             (int)info);
    goto done;
  }
  for (size_t i = 0; i < r; i++) s[i] = values[i] / scale;
  memcpy(u, left, m * r * sizeof *u);
  memcpy(vt, right, r * n * sizeof *vt);
done:
  weyl_dealloc(ctx, x);
  weyl_dealloc(ctx, left);
  weyl_dealloc(ctx, right);
  weyl_dealloc(ctx, values);
  return status;
}

weyl_status weyl_svd(weyl_context *ctx, size_t m, size_t n, const double *a, double *u, double *s, double *vt) {
  if (m == 0 || n == 0) return WEYL_OK;
  const double top = largest(m * n, a);
  if (!isfinite(top)) return weyl_fail(ctx, WEYL_NUMERIC, "svd of a %zux%zu matrix: an entry is not finite", m, n);
  const double scale = exact_scale(top);
  return (m < n ? m : n) <= SMALL ? svd_small(ctx, m, n, a, u, s, vt, scale) : svd_large(ctx, m, n, a, u, s, vt, scale);
}
