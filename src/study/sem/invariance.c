/* How far a representation with its predictor is from being best in an environment. */
#include "model.h"

/* v = Sigma_e Phi^T w - c_e, g = Phi v */
static void residuals(const weyl_moments *m, size_t e, size_t k, const double *phi, const double *w, double *beta,
                      double *v, double *g) {
  const size_t d = m->d;
  for (size_t i = 0; i < d; i++) {
    beta[i] = 0;
    for (size_t j = 0; j < k; j++) beta[i] += phi[j * d + i] * w[j];
  }
  residual_moment(m, e, beta, v);
  apply(k, d, phi, v, g);
}

/* w - w_e = H^+ g, H = Phi Sigma_e Phi^T, the pseudo-inverse by its eigenvalues */
static weyl_status beside(weyl_context *ctx, const weyl_moments *m, size_t e, size_t k, const double *phi,
                          const double *g, double *parameter, double *excess) {
  const size_t d = m->d;
  double *h = weyl_alloc(ctx, 2 * k * k + k + d, sizeof *h);
  if (!h) return WEYL_MEMORY;
  double *vectors = h + k * k, *values = vectors + k * k, *row = values + k;
  for (size_t i = 0; i < k; i++) {
    apply(d, d, m->sigma + e * d * d, phi + i * d, row);
    for (size_t j = 0; j < k; j++) h[i * k + j] = dot(d, phi + j * d, row);
  }
  const weyl_status status = weyl_eigh(ctx, k, h, values, vectors);
  double square = 0, cost = 0;
  for (size_t a = 0; a < k && status == WEYL_OK; a++) {
    if (!(values[a] > 1e-12 * values[k - 1])) continue;
    double along = 0;
    for (size_t i = 0; i < k; i++) along += vectors[i * k + a] * g[i];
    square += along / values[a] * (along / values[a]);
    cost += along * along / values[a];
  }
  weyl_dealloc(ctx, h);
  *parameter = sqrt(square);
  *excess = cost;
  return status;
}

weyl_status weyl_sem_violation(weyl_context *ctx, const weyl_moments *m, size_t e, size_t k, const double *phi,
                               const double *w, weyl_sem_mode mode, double *g, double *violation) {
  const size_t d = m->d;
  double *work = weyl_alloc(ctx, 2 * d + k + 1, sizeof *work);
  if (!work) return WEYL_MEMORY;
  double *own = work + 2 * d, parameter = 0, excess = 0;
  residuals(m, e, k, phi, w, work, work + d, own);
  double value = sqrt(dot(k, own, own));
  weyl_status status = WEYL_OK;
  if (mode != WEYL_SEM_GRADIENT && k > 0) {
    status = beside(ctx, m, e, k, phi, own, &parameter, &excess);
    value = mode == WEYL_SEM_PARAMETER ? parameter : excess;
  }
  if (status == WEYL_OK) {
    *violation = value;
    if (g) memcpy(g, own, k * sizeof *g);
  }
  weyl_dealloc(ctx, work);
  return status;
}

weyl_status weyl_sem_worst(weyl_context *ctx, const weyl_moments *m, size_t k, const double *phi, const double *w,
                           double *worst) {
  double *beta = weyl_alloc(ctx, 2 * m->d + 1, sizeof *beta), most = 0;
  if (!beta) return WEYL_MEMORY;
  for (size_t i = 0; i < m->d; i++)
    for (size_t j = 0; j < k; j++) beta[i] += phi[j * m->d + i] * w[j];
  for (size_t e = 0; e < m->count; e++) most = fmax(most, gradient_norm(m, e, k, phi, beta, beta + m->d));
  weyl_dealloc(ctx, beta);
  *worst = most;
  return WEYL_OK;
}

weyl_status weyl_sem_gradient(weyl_context *ctx, const weyl_moments *m, size_t e, size_t k, const double *phi,
                              const double *w, double *value, double *grad_w, double *grad_phi) {
  const size_t d = m->d;
  double *work = weyl_alloc(ctx, 4 * d + k + 1, sizeof *work);
  if (!work) return WEYL_MEMORY;
  double *beta = work, *v = beta + d, *back = v + d, *turned = back + d, *g = turned + d;
  residuals(m, e, k, phi, w, beta, v, g);
  for (size_t i = 0; i < d; i++) {
    back[i] = 0;
    for (size_t j = 0; j < k; j++) back[i] += phi[j * d + i] * g[j];
  }
  apply(d, d, m->sigma + e * d * d, back, turned); /* Sigma Phi^T g */
  *value = dot(k, g, g);
  for (size_t j = 0; j < k; j++) {
    if (grad_w) grad_w[j] = 2 * dot(d, phi + j * d, turned);
    for (size_t i = 0; grad_phi && i < d; i++) grad_phi[j * d + i] = 2 * (g[j] * v[i] + w[j] * turned[i]);
  }
  weyl_dealloc(ctx, work);
  return WEYL_OK;
}
