/* The matrix that is looked for, and what is measured of it. */
#include "sensing.h"

#include <math.h>
#include <string.h>

/* n numbers, mean 0 and variance 1, from (seed, name). */
static void normals(uint64_t seed, const char *name, size_t n, double *out) {
  weyl_kernels_active()->normals[WEYL_F64](weyl_hash_name(name), seed, 0, n, out);
}

/* The first r columns of a random orthogonal matrix [n][n]: Q of a Gaussian one, with the signs of R's diagonal. */
static weyl_status haar_columns(weyl_context *ctx, size_t n, size_t r, uint64_t seed, const char *name, double *q) {
  double *t = weyl_alloc(ctx, r, r * sizeof *t);
  if (!t) return WEYL_MEMORY;
  normals(seed, name, n * r, q);
  const weyl_status status = dense_qr(ctx, n, r, q, t);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < r; j++)
      if (t[j * r + j] < 0) q[i * r + j] = -q[i * r + j];
  weyl_dealloc(ctx, t);
  return status;
}

weyl_status weyl_sense_truth_new(weyl_context *ctx, size_t n1, size_t n2, size_t r, const double *sigma, bool symmetric,
                                 bool haar, uint64_t seed, weyl_sense_truth *out) {
  if (r < 1 || r > n1 || r > n2)
    return weyl_fail(ctx, WEYL_BAD_ARG, "rank %zu of a %zux%zu matrix, must be 1 to %zu", r, n1, n2, n1 < n2 ? n1 : n2);
  if (symmetric && n1 != n2) return weyl_fail(ctx, WEYL_BAD_ARG, "symmetric, but %zux%zu", n1, n2);
  for (size_t j = 0; j < r; j++)
    if (!(sigma[j] > 0) || !isfinite(sigma[j]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "singular value %zu is %g, must be more than 0", j + 1, sigma[j]);
  weyl_sense_truth t = {n1, n2, r, weyl_alloc(ctx, n1 * r, sizeof(double)), weyl_alloc(ctx, n2 * r, sizeof(double))};
  weyl_status status = t.left && t.right ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK && haar) {
    status = haar_columns(ctx, n1, r, seed, "left vectors", t.left);
    if (status == WEYL_OK && !symmetric) status = haar_columns(ctx, n2, r, seed, "right vectors", t.right);
    if (symmetric) memcpy(t.right, t.left, n1 * r * sizeof *t.left);
  } else if (status == WEYL_OK) {
    for (size_t j = 0; j < r; j++) t.left[j * r + j] = t.right[j * r + j] = 1;
  }
  for (size_t i = 0; status == WEYL_OK && i < n1; i++)
    for (size_t j = 0; j < r; j++) t.left[i * r + j] *= sigma[j];
  if (status == WEYL_OK)
    *out = t;
  else
    weyl_sense_truth_free(ctx, &t);
  return status;
}

void weyl_sense_truth_free(weyl_context *ctx, weyl_sense_truth *t) {
  weyl_dealloc(ctx, t->left);
  weyl_dealloc(ctx, t->right);
  *t = (weyl_sense_truth){0};
}

weyl_status weyl_sense_measure(weyl_sensing *a, const weyl_sense_truth *t, double noise, uint64_t seed, double *y) {
  weyl_context *ctx = a->ctx;
  const size_t m = weyl_sensing_count(a);
  if (!(noise >= 0) || !isfinite(noise)) return weyl_fail(ctx, WEYL_BAD_ARG, "noise %g, must be 0 or more", noise);
  /* of symmetric kinds the factors must be one: left diag(sigma)^-1/2 */
  double *x = NULL;
  if (a->symmetric) {
    x = weyl_alloc(ctx, t->n1 * t->r, sizeof *x);
    if (!x) return WEYL_MEMORY;
    for (size_t j = 0; j < t->r; j++) {
      double squares = 0;
      for (size_t i = 0; i < t->n1; i++) squares += t->left[i * t->r + j] * t->left[i * t->r + j];
      for (size_t i = 0; i < t->n1; i++) x[i * t->r + j] = t->left[i * t->r + j] / sqrt(sqrt(squares));
    }
  }
  weyl_status status = weyl_sensing_apply_factors(a, t->r, x ? x : t->left, x ? x : t->right, y);
  weyl_dealloc(ctx, x);
  if (status != WEYL_OK || noise == 0) return status;
  double *z = weyl_alloc(ctx, m, sizeof *z);
  if (!z) return WEYL_MEMORY;
  normals(seed, "noise of measurements", m, z);
  dense_add(m, noise / sqrt((double)m), z, y);
  weyl_dealloc(ctx, z);
  return status;
}
