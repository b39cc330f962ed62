/* Least squares with a quadratic part, by Levenberg's and Marquardt's steps. */
#include "model.h"

typedef struct lm_work {
  double *r, *jacobian, *gradient, *a, *l, *step, *next;
} lm_work;

static double value_at(const lm_problem *q, const double *beta, double *r, double *jacobian, double *room) {
  q->at(q->user, beta, r, jacobian);
  apply(q->d, q->d, q->h, beta, room);
  return dot(q->d, beta, room) - 2 * dot(q->d, beta, q->c) + dot(q->residuals, r, r);
}

weyl_status lm_minimise(weyl_context *ctx, weyl_arena *arena, const lm_problem *q, int steps, double *beta,
                        double *value) {
  const size_t d = q->d, n = q->residuals;
  const weyl_mark mark = weyl_arena_mark(arena);
  lm_work w = {.r = weyl_arena_array(arena, double, n + 1),
               .jacobian = weyl_arena_array(arena, double, n *d + 1),
               .gradient = weyl_arena_array(arena, double, d + 1),
               .a = weyl_arena_array(arena, double, d *d + 1),
               .l = weyl_arena_array(arena, double, d *d + 1),
               .step = weyl_arena_array(arena, double, d + 1),
               .next = weyl_arena_array(arena, double, d + 1)};
  if (!w.r || !w.jacobian || !w.gradient || !w.a || !w.l || !w.step || !w.next) return WEYL_MEMORY;
  double damping = 1e-3, f = value_at(q, beta, w.r, w.jacobian, w.step), work = 0;
  for (int it = 0; it < steps && isfinite(f) && damping < 1e12; it++) {
    work += (double)(n * d * d);
    if (work > 1e7) { /* short ones belong to a search that reports for itself */
      work = 0;
      if (weyl_progress(ctx, "minimising", it, steps)) {
        weyl_arena_release(arena, mark);
        return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped after %d steps of a minimisation", it);
      }
    }
    apply(d, d, q->h, beta, w.gradient);
    memcpy(w.a, q->h, d * d * sizeof *w.a);
    for (size_t i = 0; i < d; i++) w.gradient[i] = q->c[i] - w.gradient[i];
    for (size_t e = 0; e < n; e++) {
      const double *row = w.jacobian + e * d;
      for (size_t i = 0; i < d; i++) {
        w.gradient[i] -= row[i] * w.r[e];
        for (size_t j = 0; j <= i; j++) w.a[i * d + j] += row[i] * row[j];
      }
    }
    for (size_t i = 0; i < d; i++) w.a[i * d + i] *= 1 + damping;
    if (!cholesky_solve(d, w.a, w.gradient, w.l, w.step)) {
      damping *= 10;
      continue;
    }
    const double size = sqrt(dot(d, w.step, w.step)), where = sqrt(dot(d, beta, beta));
    for (size_t i = 0; i < d; i++) w.next[i] = beta[i] + w.step[i];
    const double next = value_at(q, w.next, w.r, NULL, w.step);
    if (next <= f) {
      memcpy(beta, w.next, d * sizeof *beta);
      f = value_at(q, beta, w.r, w.jacobian, w.step);
      damping = fmax(damping / 10, 1e-15);
      if (size <= 1e-14 * (1 + where)) break;
    } else {
      damping *= 10;
      if (size <= 1e-15 * (1 + where)) break;
    }
  }
  weyl_arena_release(arena, mark);
  *value = f;
  if (isfinite(f)) return WEYL_OK;
  return weyl_fail(ctx, WEYL_NUMERIC, "the minimisation left the finite numbers");
}

void quadrics_at(void *user, const double *beta, double *r, double *jacobian) {
  const quadrics *q = user;
  const size_t d = q->m->d;
  for (size_t e = 0; e < q->m->count; e++) {
    residual_moment(q->m, e, beta, q->v);
    r[e] = q->factor * dot(d, beta, q->v);
    for (size_t i = 0; jacobian && i < d; i++) jacobian[e * d + i] = q->factor * (2 * q->v[i] + q->m->c[e * d + i]);
  }
}
