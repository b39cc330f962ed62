/* Representation and predictor at once: the mean of |g_e|^2 over orthonormal Phi, w always the best for it. */
#include "hunt.h"

typedef struct stiefel {
  double *phi, *w, *grad, *trial, *trial_w, *before, *before_grad, *a, *room; /* [k][d] but w [k], a [k][k] */
} stiefel;

static void orthonormal(size_t k, size_t d, double *phi) {
  for (size_t a = 0; a < k; a++) {
    double *row = phi + a * d;
    for (int twice = 0; twice < 2; twice++)
      for (size_t b = 0; b < a; b++) {
        const double along = dot(d, phi + b * d, row);
        for (size_t i = 0; i < d; i++) row[i] -= along * phi[b * d + i];
      }
    const double norm = sqrt(dot(d, row, row));
    for (size_t i = 0; i < d; i++) row[i] /= norm;
  }
}

/* w best for the mean of |g_e|^2 at Phi, by its normal equations, and that mean; gradient in Phi where asked for. */
static weyl_status best_w(hunt *q, stiefel *t, size_t k, const double *phi, double *w, double *value, double *grad) {
  const weyl_moments *m = q->m;
  const size_t d = m->d;
  if (!hunt_predictor(q, k, phi, t->room, w)) {
    *value = INFINITY;
    return WEYL_OK;
  }
  double sum = 0;
  if (grad) memset(grad, 0, k * d * sizeof *grad);
  for (size_t e = 0; e < m->count; e++) {
    double own;
    WEYL_TRY(weyl_sem_gradient(q->ctx, m, e, k, phi, w, &own, NULL, grad ? t->before_grad : NULL));
    sum += own;
    for (size_t i = 0; grad && i < k * d; i++) grad[i] += t->before_grad[i] / (double)m->count;
  }
  *value = sum / (double)m->count;
  return WEYL_OK;
}

/* The part of the gradient along the manifold: G - (G Phi^T + Phi G^T) Phi / 2 */
static void tangent(size_t k, size_t d, const double *phi, double *grad, double *a) {
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < k; j++)
      a[i * k + j] = 0.5 * (dot(d, grad + i * d, phi + j * d) + dot(d, phi + i * d, grad + j * d));
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < k; j++)
      for (size_t u = 0; u < d; u++) grad[i * d + u] -= a[i * k + j] * phi[j * d + u];
}

static weyl_status descend(hunt *q, stiefel *t, size_t k, weyl_rng *rng) {
  const size_t d = q->m->d, n = k * d;
  for (size_t i = 0; i < n; i++) t->phi[i] = weyl_rng_normal(rng);
  orthonormal(k, d, t->phi);
  double f, step = 0.1;
  WEYL_TRY(best_w(q, t, k, t->phi, t->w, &f, t->grad));
  if (!isfinite(f)) return WEYL_OK;
  tangent(k, d, t->phi, t->grad, t->a);
  const double small = 1e-4 * q->o->eps * q->o->eps;
  for (int it = 0; it < 3000 && f > small; it++) {
    const double slope = dot(n, t->grad, t->grad);
    if (slope <= 1e-30 * (1 + f)) break;
    double next = INFINITY;
    for (int half = 0; half < 40; half++, step /= 2) {
      for (size_t i = 0; i < n; i++) t->trial[i] = t->phi[i] - step * t->grad[i];
      orthonormal(k, d, t->trial);
      WEYL_TRY(best_w(q, t, k, t->trial, t->trial_w, &next, NULL));
      if (next <= f - 1e-4 * step * slope) break;
    }
    if (!(next < f)) break;
    /* the step of Barzilai and Borwein from the last two points */
    memcpy(t->before, t->grad, n * sizeof *t->before);
    double ss = 0, sy = 0;
    for (size_t i = 0; i < n; i++) {
      const double moved = t->trial[i] - t->phi[i];
      ss += moved * moved;
      t->phi[i] = moved; /* for the product below; replaced by the new point after it */
    }
    WEYL_TRY(best_w(q, t, k, t->trial, t->w, &f, t->grad));
    tangent(k, d, t->trial, t->grad, t->a);
    for (size_t i = 0; i < n; i++) sy += t->phi[i] * (t->grad[i] - t->before[i]);
    memcpy(t->phi, t->trial, n * sizeof *t->phi);
    step = sy > 0 ? fmin(fmax(ss / sy, 1e-10), 1e6) : 2 * step;
  }
  double *beta = t->trial_w + k;
  for (size_t i = 0; i < d; i++) {
    beta[i] = 0;
    for (size_t j = 0; j < k; j++) beta[i] += t->phi[j * d + i] * t->w[j];
  }
  return hunt_keep(q, k, t->phi, beta);
}

weyl_status weyl_search_joint(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *opts,
                              weyl_search *out) {
  const weyl_search_opts o = search_defaults(opts);
  WEYL_TRY(search_check(ctx, m, &o));
  if (o.most > m->d) return weyl_fail(ctx, WEYL_BAD_ARG, "%zu rows of a representation of %zu features", o.most, m->d);
  const size_t k = o.most, d = m->d;
  hunt q;
  weyl_status status = hunt_new(ctx, m, &o, &q);
  stiefel t = {0};
  if (status == WEYL_OK) {
    double **const each[] = {&t.phi, &t.grad, &t.trial, &t.before, &t.before_grad};
    for (size_t i = 0; i < 5 && status == WEYL_OK; i++) {
      *each[i] = weyl_arena_array(q.scratch, double, k *d);
      if (!*each[i]) status = WEYL_MEMORY;
    }
    t.w = weyl_arena_array(q.scratch, double, k);
    t.trial_w = weyl_arena_array(q.scratch, double, k + d);
    t.a = weyl_arena_array(q.scratch, double, k *k);
    t.room = weyl_arena_array(q.scratch, double, HUNT_PREDICTOR(k, d));
    if (!t.w || !t.trial_w || !t.a || !t.room) status = WEYL_MEMORY;
  }
  for (size_t start = 0; start < o.starts && status == WEYL_OK; start++) {
    weyl_rng rng = numbered_rng(o.seed, "sem joint search", start);
    status = descend(&q, &t, k, &rng);
    if (status == WEYL_OK && weyl_progress(ctx, "searching", (double)start + 1, (double)o.starts))
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "search: stopped after %zu of %zu starts", start + 1, o.starts);
  }
  return hunt_end(&q, status, out);
}
