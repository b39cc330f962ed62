/* Invariant causal prediction: sets of features whose pooled residual has one mean (and variance) everywhere. */
#include "distributions.h"
#include "model.h"

enum { FEATURES_MAX = 16 };

typedef struct icp {
  const weyl_moments *m;
  size_t d, n; /* features without the constant; environments */
  double rows;
  double *mean, *cov; /* pooled, of (X, Y): [d + 1], [d + 1][d + 1], centred */
  bool means_only;
  double alpha;
  size_t k, member[FEATURES_MAX];
  double beta[FEATURES_MAX], inverse[FEATURES_MAX]; /* diagonal of the inverse of the covariances */
  double variance;                                  /* of the pooled residual */
} icp;

static double moment(const weyl_moments *m, size_t e, size_t i, size_t j, size_t d) {
  return i == d && j == d ? m->y2[e]
         : i == d         ? m->c[e * m->d + j]
         : j == d         ? m->c[e * m->d + i]
                          : m->sigma[(e * m->d + i) * m->d + j];
}

static size_t place(const icp *q, size_t i) { return i == q->d ? q->m->d : i; }

static void pool(icp *q) {
  const weyl_moments *m = q->m;
  const size_t n = q->d + 1;
  for (size_t e = 0; e < q->n; e++) q->rows += m->rows[e];
  for (size_t i = 0; i < n; i++)
    for (size_t e = 0; e < q->n; e++) q->mean[i] += m->rows[e] / q->rows * m->mean[e * (m->d + 1) + place(q, i)];
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      for (size_t e = 0; e < q->n; e++) q->cov[i * n + j] += m->rows[e] / q->rows * moment(m, e, i, j, q->d);
      q->cov[i * n + j] -= q->mean[i] * q->mean[j];
    }
}

/* Pooled least squares on the members; false when they depend on each other. */
static bool fit(icp *q) {
  const size_t k = q->k, n = q->d + 1;
  double a[FEATURES_MAX * FEATURES_MAX], l[FEATURES_MAX * FEATURES_MAX], c[FEATURES_MAX], x[FEATURES_MAX];
  for (size_t i = 0; i < k; i++) {
    c[i] = q->cov[q->member[i] * n + q->d];
    for (size_t j = 0; j < k; j++) a[i * k + j] = q->cov[q->member[i] * n + q->member[j]];
  }
  if (!cholesky_solve(k, a, c, l, q->beta)) return false;
  q->variance = q->cov[q->d * n + q->d];
  for (size_t i = 0; i < k; i++) q->variance -= q->beta[i] * c[i];
  for (size_t j = 0; j < k; j++) {
    double unit[FEATURES_MAX] = {0};
    unit[j] = 1;
    (void)cholesky_solve(k, a, unit, l, x);
    q->inverse[j] = x[j];
  }
  return true;
}

/* Mean and mean square of the residual in environment e, without the pooled mean. */
static void residual(const icp *q, size_t e, double *mean, double *square) {
  const weyl_moments *m = q->m;
  const double *at = m->mean + e * (m->d + 1);
  double sum = at[m->d] - q->mean[q->d], second = m->y2[e];
  double offset = q->mean[q->d]; /* r = y - beta x - offset */
  for (size_t i = 0; i < q->k; i++) {
    sum -= q->beta[i] * (at[q->member[i]] - q->mean[q->member[i]]);
    offset -= q->beta[i] * q->mean[q->member[i]];
  }
  for (size_t i = 0; i < q->k; i++) {
    second -= 2 * q->beta[i] * moment(m, e, q->member[i], q->d, q->d);
    for (size_t j = 0; j < q->k; j++)
      second += q->beta[i] * q->beta[j] * moment(m, e, q->member[i], q->member[j], q->d);
  }
  /* E (u - offset)^2 with u = y - beta x of mean sum + offset */
  *mean = sum;
  *square = second - 2 * offset * (sum + offset) + offset * offset;
}

static double p_value(const icp *q) {
  double least = 1, all_mean = 0, all_square = 0;
  for (size_t e = 0; e < q->n; e++) {
    double mean, square;
    residual(q, e, &mean, &square);
    all_mean += q->m->rows[e] * mean;
    all_square += q->m->rows[e] * square;
  }
  for (size_t e = 0; e < q->n; e++) {
    const double n1 = q->m->rows[e], n2 = q->rows - n1;
    double m1, s1;
    residual(q, e, &m1, &s1);
    const double m2 = (all_mean - n1 * m1) / n2, s2 = (all_square - n1 * s1) / n2;
    const double v1 = fmax(s1 - m1 * m1, 0) * n1 / (n1 - 1), v2 = fmax(s2 - m2 * m2, 0) * n2 / (n2 - 1);
    const double e1 = v1 / n1, e2 = v2 / n2;
    if (!(e1 + e2 > 0)) continue; /* no residual at all: nothing to tell apart */
    const double freedom = (e1 + e2) * (e1 + e2) / (e1 * e1 / (n1 - 1) + e2 * e2 / (n2 - 1));
    least = fmin(least, student_two_sided((m1 - m2) / sqrt(e1 + e2), freedom));
    if (!q->means_only) least = fmin(least, v2 > 0 ? fisher_two_sided(v1 / v2, n1 - 1, n2 - 1) : 0);
  }
  return fmin(1, (q->means_only ? 1 : 2) * (double)q->n * least);
}

static void accept(icp *q, uint64_t set, double p, weyl_icp *r) {
  const double t = student_quantile(1 - q->alpha / 2, q->rows - (double)q->k - 1);
  const double noise = q->variance / (q->rows - (double)q->k - 1); /* `inverse` is that of means over rows */
  const bool first = r->accepted++ == 0;
  r->causes = first ? set : r->causes & set;
  if (first || p > r->p) {
    r->p = p;
    r->best = set;
    memset(r->beta, 0, sizeof r->beta);
    for (size_t i = 0; i < q->k; i++) r->beta[q->member[i]] = q->beta[i];
  }
  for (size_t i = 0, at = 0; i < q->d; i++) {
    double low = 0, high = 0;
    if (set >> i & 1) {
      const double half = t * sqrt(noise * q->inverse[at]);
      low = q->beta[at] - half;
      high = q->beta[at++] + half;
    }
    r->low[i] = first ? low : fmin(r->low[i], low);
    r->high[i] = first ? high : fmax(r->high[i], high);
  }
}

weyl_status weyl_sem_icp(weyl_context *ctx, const weyl_moments *m, double alpha, bool means_only, weyl_icp *out) {
  icp q = {.m = m, .d = m->d - m->intercept, .n = m->count, .alpha = alpha, .means_only = means_only};
  if (!(alpha > 0 && alpha < 1)) return weyl_fail(ctx, WEYL_BAD_ARG, "alpha is %g, must be between 0 and 1", alpha);
  if (q.d > FEATURES_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%zu features: invariant causal prediction looks at all subsets of at most %d",
                     q.d, FEATURES_MAX);
  if (m->count < 2) return weyl_fail(ctx, WEYL_BAD_ARG, "%zu environment: at least two to compare", m->count);
  for (size_t e = 0; e < m->count; e++)
    if (m->rows[e] < 3)
      return weyl_fail(ctx, WEYL_BAD_ARG, "environment %s has %g rows: its tests need data, at least 3", m->name[e],
                       m->rows[e]);
  double *work = weyl_alloc(ctx, (q.d + 1) * (q.d + 2), sizeof *work);
  if (!work) return WEYL_MEMORY;
  q.mean = work;
  q.cov = work + q.d + 1;
  pool(&q);
  weyl_icp r = {0};
  for (uint64_t set = 0; set < (uint64_t)1 << q.d; set++) {
    q.k = 0;
    for (size_t i = 0; i < q.d; i++)
      if (set >> i & 1) q.member[q.k++] = i;
    if (q.rows - (double)q.k - 1 < 1 || !fit(&q)) continue;
    const double p = p_value(&q);
    if (p > alpha) accept(&q, set, p, &r);
  }
  weyl_dealloc(ctx, work);
  *out = r;
  return WEYL_OK;
}
