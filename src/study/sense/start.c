/* Where the methods start. */
#include "solver.h"

#include <math.h>
#include <string.h>

enum { EXACT = 300 * 300, FORMED = 1 << 23, MORE = 6, ROUNDS = 20 };

static void normals(uint64_t seed, const char *name, size_t n, double *out) {
  weyl_kernels_active()->normals[WEYL_F64](weyl_hash_name(name), seed, 0, n, out);
}

/* ---- singular vectors of A*(y) ---- */

/* Rounds of b = S^T a, a = S b with both made orthonormal: S formed once where it is small. */
static weyl_status subspace(weyl_sensing *a, const double *y, size_t w, double *u, double *v) {
  const bool formed = a->n1 * a->n2 <= FORMED;
  if (formed) {
    WEYL_TRY(sensing_matrices(a));
    WEYL_TRY(weyl_sensing_adjoint(a, y, a->matrix[1]));
  }
  normals(1, "start of power iteration", a->n1 * w, u);
  WEYL_TRY(dense_qr(a->ctx, a->n1, w, u, NULL));
  for (int round = 0; round < ROUNDS; round++) {
    if (weyl_progress(a->ctx, "spectral start", round, ROUNDS))
      return weyl_fail(a->ctx, WEYL_INTERRUPTED, "stopped while looking for a start");
    if (formed)
      dense_product(&a->d, a->n2, w, a->n1, turned(a->matrix[1], a->n2), plain(u, w), v, false);
    else
      WEYL_TRY(weyl_sensing_adjoint_factors(a, w, y, u, NULL, NULL, v));
    WEYL_TRY(dense_qr(a->ctx, a->n2, w, v, NULL));
    if (formed)
      dense_product(&a->d, a->n1, w, a->n2, plain(a->matrix[1], a->n2), plain(v, w), u, false);
    else
      WEYL_TRY(weyl_sensing_adjoint_factors(a, w, y, NULL, v, u, NULL));
    if (round + 1 < ROUNDS) WEYL_TRY(dense_qr(a->ctx, a->n1, w, u, NULL));
  }
  return WEYL_OK; /* u = S v with v orthonormal */
}

static weyl_status exact(weyl_sensing *a, const double *y, size_t k, double *u, double *s, double *v) {
  const size_t r = a->n1 < a->n2 ? a->n1 : a->n2;
  double *room = weyl_alloc(a->ctx, a->n1 * a->n2 + (a->n1 + a->n2 + 1) * r, sizeof *room);
  if (!room) return WEYL_MEMORY;
  double *left = room + a->n1 * a->n2, *values = left + a->n1 * r, *vt = values + r;
  weyl_status status = weyl_sensing_adjoint(a, y, room);
  if (status == WEYL_OK) status = weyl_svd(a->ctx, a->n1, a->n2, room, left, values, vt);
  for (size_t j = 0; status == WEYL_OK && j < k; j++) {
    s[j] = values[j];
    for (size_t i = 0; i < a->n1; i++) u[i * k + j] = left[i * r + j];
    for (size_t i = 0; i < a->n2; i++) v[i * k + j] = vt[j * a->n2 + i];
  }
  weyl_dealloc(a->ctx, room);
  return status;
}

weyl_status start_spectrum(weyl_sensing *a, const double *y, size_t k, double *u, double *s, double *v) {
  if (a->n1 * a->n2 <= EXACT) return exact(a, y, k, u, s, v);
  const size_t r = a->n1 < a->n2 ? a->n1 : a->n2, w = k + MORE < r ? k + MORE : r;
  double *room = weyl_alloc(a->ctx, (2 * a->n1 + a->n2 + 1 + w) * w, sizeof *room);
  if (!room) return WEYL_MEMORY;
  double *x = room, *z = x + a->n1 * w, *left = z + a->n2 * w, *values = left + a->n1 * w, *bt = values + w;
  weyl_status status = subspace(a, y, w, x, z);
  if (status == WEYL_OK) status = dense_svd_tall(&a->d, a->n1, w, x, left, values, bt);
  for (size_t j = 0; status == WEYL_OK && j < k; j++) {
    s[j] = values[j];
    for (size_t i = 0; i < a->n1; i++) u[i * k + j] = left[i * w + j];
    for (size_t i = 0; i < a->n2; i++) {
      double sum = 0;
      for (size_t c = 0; c < w; c++) sum += z[i * w + c] * bt[j * w + c];
      v[i * k + j] = sum;
    }
  }
  weyl_dealloc(a->ctx, room);
  return status;
}

weyl_status start_sigma(weyl_sensing *a, const double *y, double *sigma) {
  double *room = weyl_alloc(a->ctx, a->n1 + a->n2, sizeof *room);
  if (!room) return WEYL_MEMORY;
  const weyl_status status = subspace(a, y, 1, room, room + a->n1);
  *sigma = sqrt(dense_squares(a->n1, room));
  weyl_dealloc(a->ctx, room);
  return status;
}

weyl_status start_norm(weyl_sensing *a, double *out) {
  const size_t n = a->n1 * a->n2;
  double *m = weyl_alloc(a->ctx, n, sizeof *m);
  double *y = weyl_alloc(a->ctx, a->m, sizeof *y);
  weyl_status status = m && y ? WEYL_OK : WEYL_MEMORY;
  double norm = 0;
  if (status == WEYL_OK) normals(2, "start of power iteration", n, m);
  for (int round = 0; status == WEYL_OK && round < 2 * ROUNDS; round++) {
    norm = sqrt(dense_squares(n, m));
    for (size_t i = 0; i < n; i++) m[i] /= norm;
    status = weyl_sensing_apply(a, m, y);
    if (status == WEYL_OK) status = weyl_sensing_adjoint(a, y, m);
  }
  if (status == WEYL_OK) *out = sqrt(dense_squares(n, m));
  weyl_dealloc(a->ctx, m);
  weyl_dealloc(a->ctx, y);
  return status;
}

/* ---- factors ---- */

static double spread(const solver *s, size_t n) {
  return strcmp(s->o.norm, "one") == 0 ? 1 : 1 / sqrt((double)(strcmp(s->o.norm, "inv_k") == 0 ? s->k : n));
}

static void random_factors(solver *s) {
  const bool balanced = strcmp(s->o.start, "balanced") == 0 && s->n1 == s->n2;
  normals(s->o.seed, "start of F", s->n1 * s->k, s->f);
  const double scale = s->o.alpha * spread(s, s->n1);
  for (size_t i = 0; i < s->n1 * s->k; i++) s->f[i] *= scale;
  if (s->symmetric) return;
  if (balanced) {
    memcpy(s->g, s->f, s->n1 * s->k * sizeof *s->g);
    return;
  }
  normals(s->o.seed, "start of G", s->n2 * s->k, s->g);
  const double other = s->o.alpha * s->o.imbalance * spread(s, s->n2);
  for (size_t i = 0; i < s->n2 * s->k; i++) s->g[i] *= other;
}

/* u diag(s) v^T in halves. Symmetric: what belongs to negative eigenvalues is left out. */
static void halves(solver *s, const double *u, const double *values, const double *v) {
  for (size_t j = 0; j < s->k; j++) {
    const double root = sqrt(fmax(values[j], 0));
    double sign = 0;
    for (size_t i = 0; s->symmetric && i < s->n1; i++) sign += u[i * s->k + j] * v[i * s->k + j];
    for (size_t i = 0; i < s->n1; i++) s->f[i * s->k + j] = s->symmetric && sign < 0 ? 0 : root * u[i * s->k + j];
    for (size_t i = 0; i < s->n2 && !s->symmetric; i++) s->g[i * s->k + j] = root * v[i * s->k + j];
  }
}

/* The k best of M* + alpha N(0, 1) / sqrt(n). */
static weyl_status near_truth(solver *s, const weyl_sense_truth *t, double *u, double *values, double *v) {
  const size_t n = s->n1 * s->n2, r = s->n1 < s->n2 ? s->n1 : s->n2;
  if (!t) return weyl_fail(s->ctx, WEYL_BAD_ARG, "a start near the matrix looked for, which is not known");
  double *m = weyl_alloc(s->ctx, n + (s->n1 + s->n2 + 1) * r, sizeof *m);
  if (!m) return WEYL_MEMORY;
  double *left = m + n, *all = left + s->n1 * r, *vt = all + r;
  normals(s->o.seed, "start near the matrix", n, m);
  const double scale = s->o.alpha / sqrt((double)s->n1);
  for (size_t i = 0; i < n; i++) m[i] *= scale;
  for (size_t i = 0; s->symmetric && i < s->n1; i++)
    for (size_t j = 0; j < i; j++) m[i * s->n1 + j] = m[j * s->n1 + i];
  dense_product(&s->d, s->n1, s->n2, t->r, plain(t->left, t->r), turned(t->right, t->r), m, true);
  const weyl_status status = weyl_svd(s->ctx, s->n1, s->n2, m, left, all, vt);
  for (size_t j = 0; j < s->k; j++) {
    values[j] = all[j];
    for (size_t i = 0; i < s->n1; i++) u[i * s->k + j] = left[i * r + j];
    for (size_t i = 0; i < s->n2; i++) v[i * s->k + j] = vt[j * s->n2 + i];
  }
  weyl_dealloc(s->ctx, m);
  return status;
}

weyl_status start_factors(solver *s, const weyl_sense_truth *truth) {
  const bool spectral = strcmp(s->o.start, "spectral") == 0, near = strcmp(s->o.start, "near") == 0;
  if (!spectral && !near) {
    random_factors(s);
    return WEYL_OK;
  }
  double *u = weyl_alloc(s->ctx, (s->n1 + s->n2 + 1) * s->k, sizeof *u);
  if (!u) return WEYL_MEMORY;
  double *v = u + s->n1 * s->k, *values = v + s->n2 * s->k;
  const weyl_status status = near ? near_truth(s, truth, u, values, v) : start_spectrum(s->a, s->y, s->k, u, values, v);
  if (status == WEYL_OK) halves(s, u, values, v);
  weyl_dealloc(s->ctx, u);
  return status;
}
