/* Other ways to learn from environments, all from second moments; environments count alike, but for pooling. */
#include "model.h"

static weyl_status singular(weyl_context *ctx, const char *what) {
  return weyl_fail(ctx, WEYL_DEGENERATE, "singular second moments (%s): features depend on each other, or rows are few",
                   what);
}

weyl_status weyl_sem_pooled(weyl_context *ctx, const weyl_moments *m, double *beta) {
  const size_t d = m->d;
  double *work = weyl_alloc(ctx, 2 * d * d + 2 * d + 1, sizeof *work);
  if (!work) return WEYL_MEMORY;
  double *c = work + 2 * d * d, *x = c + d;
  moments_pool(m, work, c, NULL);
  const bool good = cholesky_solve(d, work, c, work + d * d, x);
  if (good) memcpy(beta, x, d * sizeof *beta);
  weyl_dealloc(ctx, work);
  return good ? WEYL_OK : singular(ctx, "pooled least squares");
}

/* ---- without an intercept: features first .. d' - 1, and then the constant that makes the pooled residual 0 ---- */

static size_t features_of(const weyl_moments *m) { return m->d - m->intercept; }

static void pooled_mean(const weyl_moments *m, double *mean) {
  const double all = moments_rows(m);
  for (size_t i = 0; i <= m->d; i++) {
    mean[i] = 0;
    for (size_t e = 0; e < m->count; e++) mean[i] += moments_weight(m, all, e) * m->mean[e * (m->d + 1) + i];
  }
}

static void set_intercept(const weyl_moments *m, const double *mean, double *beta) {
  if (m->intercept) beta[m->d - 1] = mean[m->d] - dot(m->d - 1, beta, mean);
}

/* total [d'+1][d'+1] and projected of (X, Y), both a row, centred when there is an intercept */
static void anchor_moments(const weyl_moments *m, const double *mean, double *total, double *projected) {
  const size_t d = features_of(m), n = d + 1, full = m->d + 1;
  const double rows = moments_rows(m);
  for (size_t i = 0; i < n; i++) {
    const size_t at_i = i == d ? m->d : i;
    for (size_t j = 0; j < n; j++) {
      const size_t at_j = j == d ? m->d : j;
      const double centre = m->intercept ? mean[at_i] * mean[at_j] : 0;
      double t = 0, p = 0;
      for (size_t e = 0; e < m->count; e++) {
        const double weight = moments_weight(m, rows, e), *x = m->mean + e * full;
        t += weight * (i == d && j == d ? m->y2[e]
                       : i == d         ? m->c[e * m->d + j]
                       : j == d         ? m->c[e * m->d + i]
                                        : m->sigma[(e * m->d + i) * m->d + j]);
        p += weight * x[at_i] * x[at_j];
      }
      if (m->anchored) p = m->anchored[at_i * full + at_j] / rows;
      total[i * n + j] = t - centre;
      projected[i * n + j] = p - centre;
    }
  }
}

weyl_status weyl_sem_anchor(weyl_context *ctx, const weyl_moments *m, double gamma, double *beta) {
  if (!(gamma >= 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "gamma is %g, must be 0 or more", gamma);
  const size_t d = features_of(m), n = d + 1;
  double *work = weyl_alloc(ctx, 2 * n * n + 2 * d * d + 2 * d + m->d + 2, sizeof *work);
  if (!work) return WEYL_MEMORY;
  double *total = work, *projected = total + n * n, *a = projected + n * n, *l = a + d * d, *c = l + d * d, *x = c + d,
         *mean = x + d;
  pooled_mean(m, mean);
  anchor_moments(m, mean, total, projected);
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j < d; j++)
      a[i * d + j] = isinf(gamma) ? projected[i * n + j] : total[i * n + j] + (gamma - 1) * projected[i * n + j];
    c[i] = isinf(gamma) ? projected[i * n + d] : total[i * n + d] + (gamma - 1) * projected[i * n + d];
  }
  const bool good = cholesky_solve(d, a, c, l, x);
  if (good) {
    memcpy(beta, x, d * sizeof *beta);
    set_intercept(m, mean, beta);
  }
  weyl_dealloc(ctx, work);
  return good ? WEYL_OK : singular(ctx, "anchor regression");
}

weyl_status weyl_sem_dantzig(weyl_context *ctx, const weyl_moments *m, size_t first, size_t second, double *beta) {
  if (first >= m->count || second >= m->count || first == second)
    return weyl_fail(ctx, WEYL_BAD_ARG, "environments %zu and %zu of %zu: the causal Dantzig takes two", first, second,
                     m->count);
  const size_t d = features_of(m);
  double *work = weyl_alloc(ctx, d * d + 2 * d + m->d + 2, sizeof *work);
  if (!work) return WEYL_MEMORY;
  double *c = work + d * d, *x = c + d, *mean = x + d;
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j < d; j++)
      work[i * d + j] = m->sigma[(first * m->d + i) * m->d + j] - m->sigma[(second * m->d + i) * m->d + j];
    c[i] = m->c[first * m->d + i] - m->c[second * m->d + i];
  }
  weyl_status status = d ? weyl_solve(ctx, d, 1, work, c, x) : WEYL_OK;
  if (status == WEYL_NUMERIC) {
    weyl_message_clear(ctx);
    status = weyl_fail(ctx, WEYL_DEGENERATE, "environments %s and %s do not differ in all features", m->name[first],
                       m->name[second]);
  }
  if (status == WEYL_OK) {
    pooled_mean(m, mean);
    memcpy(beta, x, d * sizeof *beta);
    set_intercept(m, mean, beta);
  }
  weyl_dealloc(ctx, work);
  return status;
}

/* Moments about the means of the reference; environments count alike, so that gamma = 1 is all of them. */
weyl_status weyl_sem_drig(weyl_context *ctx, const weyl_moments *m, double gamma, size_t reference, double *beta) {
  if (!(gamma >= 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "gamma is %g, must be 0 or more", gamma);
  if (reference >= m->count) return weyl_fail(ctx, WEYL_BAD_ARG, "environment %zu of %zu", reference, m->count);
  const size_t d = features_of(m), full = m->d;
  double *work = weyl_alloc(ctx, 2 * d * d + 2 * d + 1, sizeof *work);
  if (!work) return WEYL_MEMORY;
  double *l = work + d * d, *c = l + d * d, *x = c + d;
  const double *mean = m->mean + reference * (full + 1);
  for (size_t e = 0; e < m->count; e++) {
    const double share = isinf(gamma) ? 1 : gamma, own = isinf(gamma) ? 0 : 1;
    const double weight = share / (double)m->count + (e == reference ? own - share : 0);
    const double *at = m->mean + e * (full + 1);
    for (size_t i = 0; i < d; i++) {
      for (size_t j = 0; j <= d; j++) {
        const size_t k = j < d ? j : full;
        double second = j < d ? m->sigma[(e * full + i) * full + j] : m->c[e * full + i];
        if (m->intercept) second -= at[i] * mean[k] + mean[i] * at[k] - mean[i] * mean[k];
        *(j < d ? &work[i * d + j] : &c[i]) += weight * second;
      }
    }
  }
  const bool good = cholesky_solve(d, work, c, l, x);
  if (good) {
    memcpy(beta, x, d * sizeof *beta);
    set_intercept(m, mean, beta);
  }
  weyl_dealloc(ctx, work);
  if (good) return WEYL_OK;
  return weyl_fail(ctx, WEYL_DEGENERATE, "no minimum: features vary more in %s than elsewhere, or depend on each other",
                   m->name[reference]);
}

/* ---- penalties, by Levenberg and Marquardt from several starts ---- */

typedef struct equal_pool {
  double *h, *c, *l, *pooled, *beta, *v;
  double y2;
} equal_pool;

static weyl_status equal_pool_new(weyl_context *ctx, weyl_arena *arena, const weyl_moments *m, equal_pool *q) {
  const size_t d = m->d;
  q->h = weyl_arena_array(arena, double, d *d + 1);
  q->l = weyl_arena_array(arena, double, d *d + 1);
  q->c = weyl_arena_array(arena, double, d + 1);
  q->pooled = weyl_arena_array(arena, double, d + 1);
  q->beta = weyl_arena_array(arena, double, d + 1);
  q->v = weyl_arena_array(arena, double, d * m->count + m->count + d + 1);
  if (!q->h || !q->l || !q->c || !q->pooled || !q->beta || !q->v) return WEYL_MEMORY;
  for (size_t e = 0; e < m->count; e++) {
    for (size_t i = 0; i < d * d; i++) q->h[i] += m->sigma[e * d * d + i] / (double)m->count;
    for (size_t i = 0; i < d; i++) q->c[i] += m->c[e * d + i] / (double)m->count;
    q->y2 += m->y2[e] / (double)m->count;
  }
  return cholesky_solve(d, q->h, q->c, q->l, q->pooled) ? WEYL_OK : singular(ctx, "least squares");
}

/* The lowest of several starts; `stages` values of the penalty up to the last (0: only that). */
static weyl_status lowest(weyl_context *ctx, weyl_arena *arena, const weyl_moments *m, equal_pool *q,
                          lm_problem *problem, double *strength, double last, bool stages, size_t starts, uint64_t seed,
                          double *beta) {
  const size_t d = m->d;
  double best = INFINITY;
  for (size_t start = 0; start < starts; start++) {
    weyl_rng rng = numbered_rng(seed, "sem start", start);
    for (size_t i = 0; i < d; i++) {
      const double size = sqrt(q->y2 / fmax(q->h[i * d + i], 1e-300));
      q->beta[i] = start == 0 ? q->pooled[i] : 2 * weyl_rng_normal(&rng) * size / sqrt((double)d);
    }
    double value = INFINITY;
    for (double now = stages ? fmin(1, last) : last;; now = fmin(10 * now, last)) {
      *strength = sqrt(now);
      WEYL_TRY(lm_minimise(ctx, arena, problem, 300, q->beta, &value));
      if (now >= last) break;
    }
    if (value < best) {
      best = value;
      memcpy(beta, q->beta, d * sizeof *beta);
    }
  }
  return isfinite(best) ? WEYL_OK : weyl_fail(ctx, WEYL_NUMERIC, "no start came to an end");
}

typedef struct irm_terms {
  const weyl_moments *m;
  double strength;
  quadrics q;
} irm_terms;

/* sqrt(lambda / E) p_e, p_e = 2 beta . v_e */
static void irm_at(void *user, const double *beta, double *r, double *jacobian) {
  irm_terms *t = user;
  t->q.factor = 2 * t->strength / sqrt((double)t->m->count);
  quadrics_at(&t->q, beta, r, jacobian);
}

weyl_status weyl_sem_irm(weyl_context *ctx, const weyl_moments *m, double lambda, size_t starts, uint64_t seed,
                         double *beta) {
  if (!(lambda >= 0) || isinf(lambda)) return weyl_fail(ctx, WEYL_BAD_ARG, "lambda is %g, must be 0 or more", lambda);
  weyl_arena *arena = NULL;
  weyl_status status;
  equal_pool q = {0};
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(equal_pool_new(ctx, arena, m, &q));
  irm_terms terms = {.m = m, .q = {.m = m, .v = q.v}};
  lm_problem problem = {m->d, m->count, q.h, q.c, &terms, irm_at};
  status = lowest(ctx, arena, m, &q, &problem, &terms.strength, lambda, true, starts ? starts : 20, seed, beta);
done:
  weyl_arena_free(arena);
  return status;
}

typedef struct rex_terms {
  const weyl_moments *m;
  double strength;
  double *v, *risk, *mean; /* [E][d], [E], [d] */
} rex_terms;

/* sqrt(penalty / E) (R_e - mean R) */
static void rex_at(void *user, const double *beta, double *r, double *jacobian) {
  const rex_terms *t = user;
  const weyl_moments *m = t->m;
  const size_t d = m->d, n = m->count;
  const double factor = t->strength / sqrt((double)n);
  double mean = 0;
  memset(t->mean, 0, d * sizeof *t->mean);
  for (size_t e = 0; e < n; e++) {
    double *v = t->v + e * d;
    residual_moment(m, e, beta, v);
    t->risk[e] = m->y2[e] + dot(d, beta, v) - dot(d, beta, m->c + e * d);
    mean += t->risk[e] / (double)n;
    for (size_t i = 0; i < d; i++) t->mean[i] += v[i] / (double)n;
  }
  for (size_t e = 0; e < n; e++) {
    r[e] = factor * (t->risk[e] - mean);
    for (size_t i = 0; jacobian && i < d; i++) jacobian[e * d + i] = 2 * factor * (t->v[e * d + i] - t->mean[i]);
  }
}

weyl_status weyl_sem_vrex(weyl_context *ctx, const weyl_moments *m, double penalty, size_t starts, uint64_t seed,
                          double *beta) {
  if (!(penalty >= 0) || isinf(penalty))
    return weyl_fail(ctx, WEYL_BAD_ARG, "the penalty is %g, must be 0 or more", penalty);
  weyl_arena *arena = NULL;
  weyl_status status;
  equal_pool q = {0};
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(equal_pool_new(ctx, arena, m, &q));
  rex_terms terms = {.m = m, .v = q.v, .risk = q.v + m->count * m->d, .mean = q.v + m->count * (m->d + 1)};
  lm_problem problem = {m->d, m->count, q.h, q.c, &terms, rex_at};
  status = lowest(ctx, arena, m, &q, &problem, &terms.strength, penalty, true, starts ? starts : 20, seed, beta);
done:
  weyl_arena_free(arena);
  return status;
}

/* ---- the worst mixture of environments ---- */

/* The best beta against weights low + (1 - E low) p, its value, and the risks. */
static weyl_status reply(weyl_context *ctx, const weyl_moments *m, double low, const double *p, equal_pool *q,
                         double *risk, double *value) {
  const size_t d = m->d, n = m->count;
  memset(q->h, 0, d * d * sizeof *q->h);
  memset(q->c, 0, d * sizeof *q->c);
  for (size_t e = 0; e < n; e++) {
    const double weight = low + (1 - (double)n * low) * p[e];
    for (size_t i = 0; i < d * d; i++) q->h[i] += weight * m->sigma[e * d * d + i];
    for (size_t i = 0; i < d; i++) q->c[i] += weight * m->c[e * d + i];
  }
  if (!cholesky_solve(d, q->h, q->c, q->l, q->beta))
    return low < 0 ? weyl_fail(ctx, WEYL_NUMERIC,
                               "MM-REx with weights down to %g: no finite minimum, take a larger one", low)
                   : singular(ctx, "the worst environments");
  *value = 0;
  for (size_t e = 0; e < n; e++) {
    risk[e] = weyl_moments_risk(m, e, q->beta);
    *value += (low + (1 - (double)n * low) * p[e]) * risk[e];
  }
  return WEYL_OK;
}

static double upper(const weyl_moments *m, double low, const double *risk) {
  double most = -INFINITY, sum = 0;
  for (size_t e = 0; e < m->count; e++) {
    most = fmax(most, risk[e]);
    sum += risk[e];
  }
  return (1 - (double)m->count * low) * most + low * sum;
}

/* Exponentiated gradient ascent on the value of the best reply, which is concave in p, with a step that adapts. */
static weyl_status ascend(weyl_context *ctx, weyl_arena *arena, const weyl_moments *m, double low, equal_pool *q,
                          double *beta, double *weights) {
  const size_t n = m->count, d = m->d;
  double *p = weyl_arena_array(arena, double, 4 * n), *next = p + n, *risk = p + 2 * n, *next_risk = p + 3 * n;
  if (!p) return WEYL_MEMORY;
  for (size_t e = 0; e < n; e++) p[e] = 1 / (double)n;
  double value, best = INFINITY, eta = 1 / q->y2;
  WEYL_TRY(reply(ctx, m, low, p, q, risk, &value));
  for (int it = 0; it < 20000; it++) {
    const double above = upper(m, low, risk);
    if (above < best) {
      best = above;
      memcpy(beta, q->beta, d * sizeof *beta);
      for (size_t e = 0; weights && e < n; e++) weights[e] = low + (1 - (double)n * low) * p[e];
    }
    if (best - value <= 1e-6 * fabs(best) + 1e-12 * q->y2) return WEYL_OK;
    double most = risk[0], sum = 0, next_value;
    for (size_t e = 1; e < n; e++) most = fmax(most, risk[e]);
    for (size_t e = 0; e < n; e++) sum += next[e] = fmax(p[e], 1e-300) * exp(eta * (risk[e] - most));
    for (size_t e = 0; e < n; e++) next[e] /= sum;
    WEYL_TRY(reply(ctx, m, low, next, q, next_risk, &next_value));
    if (next_value >= value) {
      memcpy(p, next, n * sizeof *p);
      memcpy(risk, next_risk, n * sizeof *risk);
      value = next_value;
      eta *= 1.5;
    } else {
      eta /= 3;
      WEYL_TRY(reply(ctx, m, low, p, q, risk, &value));
    }
  }
  return weyl_fail(ctx, WEYL_NUMERIC, "the worst environments: the gap is still %.3g of %.3g", best - value, best);
}

weyl_status weyl_sem_minimax(weyl_context *ctx, const weyl_moments *m, double low, double *beta, double *weights) {
  if (!(low * (double)m->count <= 1) || isinf(low))
    return weyl_fail(ctx, WEYL_BAD_ARG, "weights of at least %g for %zu environments: they add up to 1", low, m->count);
  weyl_arena *arena = NULL;
  weyl_status status;
  equal_pool q = {0};
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(equal_pool_new(ctx, arena, m, &q));
  status = ascend(ctx, arena, m, low, &q, beta, weights);
done:
  weyl_arena_free(arena);
  return status;
}
