/* The exponent of persistency: theta integral of exp(theta t) E_0(t) dt = 1 (sheet 2.6), and whether the approximation
 * is a distribution at all (2.5). */
#include "covariance.h"

#include <math.h>

enum { NODES = 40 };

/* Panels of Gauss-Legendre nodes from 0: the first `first` wide, each next twice as wide, none wider than `most`. */
weyl_status persist_panels(weyl_context *ctx, double first, double most, double end, size_t *n, double **t,
                           double **w) {
  size_t panels = 0;
  for (double at = 0, width = first; at < end; at += width, width = width * 2 < most ? width * 2 : most) panels++;
  *n = panels * NODES;
  *t = weyl_alloc(ctx, 2 * *n, sizeof **t);
  if (!*t) return WEYL_MEMORY;
  *w = *t + *n;
  double x[NODES], weight[NODES], at = 0, width = first;
  weyl_gauss_legendre(NODES, 0, 1, x, weight);
  for (size_t p = 0; p < panels; p++) {
    for (size_t i = 0; i < NODES; i++) {
      (*t)[p * NODES + i] = at + width * x[i];
      (*w)[p * NODES + i] = width * weight[i];
    }
    at += width;
    width = width * 2 < most ? width * 2 : most;
  }
  return WEYL_OK;
}

/* ---- validity ---- */

static bool rises(const weyl_covariance *c, double t) {
  if (t >= c->reach) return false;
  return c->slack > 0 ? weyl_clipped_slepian(c, t) < -c->slack : weyl_covariance_eval(c, t).slope > 1e-14;
}

weyl_persist_verdict weyl_persist_validate(const weyl_covariance *c) {
  enum { STEPS = 4000 };
  const double mu = weyl_covariance_mean(c), first = 1e-4 * mu, end = 40 * mu;
  double before = 1, good = 0;
  for (int i = 0; i <= STEPS; i++) { /* close together near 0, then evenly */
    double t = i < STEPS / 4 ? first * pow(mu / first, i / (STEPS / 4.0))
                             : mu + (end - mu) * (i - STEPS / 4) / (STEPS * 3 / 4.0);
    if (rises(c, t)) {
      for (int k = 0; k < 40; k++) { /* where it begins to */
        const double middle = (good + t) / 2;
        if (rises(c, middle))
          t = middle;
        else
          good = middle;
      }
      return (weyl_persist_verdict){false, t, "r increases: the expected sign would be negative"};
    }
    const double e = weyl_clipped_slepian(c, t);
    if (!(e <= before + fmax(c->slack, 1e-10)))
      return (weyl_persist_verdict){false, t, "the expected sign after a crossing increases: no intervals have it"};
    before = fmin(before, e);
    good = t;
  }
  return (weyl_persist_verdict){.valid = true};
}

weyl_status persist_require_valid(weyl_context *ctx, const weyl_covariance *c) {
  const weyl_persist_verdict verdict = weyl_persist_validate(c);
  if (verdict.valid) return WEYL_OK;
  return weyl_fail(ctx, WEYL_NO, "%s: no interval approximation: at t = %.6g %s", c->name, verdict.t, verdict.reason);
}

/* ---- the exponent ---- */

double persist_far(const weyl_covariance *c, double decay, double theta) {
  const double mu = weyl_covariance_mean(c), least = isinf(decay) ? mu : 40 / (decay - theta);
  double t = least;
  while (t < least + 1e3 * mu && weyl_clipped_slepian(c, t) * exp(theta * t) > 1e-18) t += mu / 4;
  return t;
}

/* Decay of E_0 far out, when nobody knows it: 0 when it goes on falling as t grows. */
static double seen_decay(const weyl_covariance *c) {
  const double mu = weyl_covariance_mean(c);
  double t = 10 * mu, last = 0;
  for (int i = 0; i < 8; i++, t *= 2) {
    const double a = weyl_clipped_slepian(c, t), b = weyl_clipped_slepian(c, 2 * t);
    if (!(a > 1e-280) || !(b > 1e-280)) return i == 0 ? INFINITY : last;
    const double rate = log(a / b) / t;
    if (i > 0 && rate < 0.7 * last) return 0;
    last = rate;
  }
  return last;
}

double persist_decay(const weyl_covariance *c) { return isnan(c->decay) ? seen_decay(c) : c->decay; }

typedef struct integral {
  size_t n;
  double *t, *w; /* w: weights times E_0 */
} integral;

/* theta integral of e^{theta t} E_0 - 1, and its derivative, which is E[W e^{theta W}] */
static double excess(const integral *q, double theta, double *derivative) {
  double sum = 0, slope = 0;
  for (size_t i = 0; i < q->n; i++) {
    const double x = theta * q->t[i], e = q->w[i] * exp(x);
    sum += e;
    slope += (1 + x) * e;
  }
  *derivative = slope;
  return theta * sum - 1;
}

/* The function is convex and rises: Newton's steps from the right of the root come down to it; from the left they pass
 * it once. */
static double root(const integral *q, double guess, double most, double *derivative) {
  double low = 0, high = most, theta = guess;
  for (int i = 0; i < 200; i++) {
    const double f = excess(q, theta, derivative);
    if (f > 0)
      high = theta;
    else
      low = theta;
    double next = theta - f / *derivative;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (fabs(next - theta) <= 1e-15 * theta) break;
    theta = next;
  }
  return theta;
}

static weyl_status integral_new(weyl_context *ctx, const weyl_covariance *c, double first, double most, double end,
                                integral *q) {
  WEYL_TRY(persist_panels(ctx, first, most, end, &q->n, &q->t, &q->w));
  for (size_t i = 0; i < q->n; i++) q->w[i] *= weyl_clipped_slepian(c, q->t[i]);
  return WEYL_OK;
}

static weyl_status solve(weyl_context *ctx, const weyl_covariance *c, double decay, double guess, double end,
                         weyl_persist_rate *rate) {
  const double mu = weyl_covariance_mean(c), most = isinf(decay) ? mu : fmax(8 / decay, mu / 2);
  integral q = {0};
  double mean;
  WEYL_TRY(integral_new(ctx, c, 1e-4 * mu, most, end, &q));
  rate->theta = root(&q, guess, fmin(20 / mu, decay), &mean);
  (void)excess(&q, rate->theta, &mean);
  rate->amplitude = 2 / (rate->theta * mean);
  weyl_dealloc(ctx, q.t);
  return WEYL_OK;
}

/* How far the root is from that of other panels; what is cut off, and rounding. */
static weyl_status error_of(weyl_context *ctx, const weyl_covariance *c, double end, weyl_persist_rate *rate) {
  const double mu = weyl_covariance_mean(c);
  integral q = {0};
  double mean;
  WEYL_TRY(integral_new(ctx, c, 1.3e-4 * mu, isinf(rate->decay) ? 0.7 * mu : fmax(6 / rate->decay, 0.4 * mu), end, &q));
  rate->error = fabs(excess(&q, rate->theta, &mean)) / mean + 1e-14 * rate->theta;
  weyl_dealloc(ctx, q.t);
  return WEYL_OK;
}

weyl_status weyl_persist_exponent(weyl_context *ctx, const weyl_covariance *c, weyl_persist_rate *out) {
  WEYL_TRY(persist_require_valid(ctx, c));
  const double decay = persist_decay(c), mu = weyl_covariance_mean(c);
  if (decay <= 0)
    return weyl_fail(ctx, WEYL_NO,
                     "%s: no exponent: the expected sign after a crossing falls slower than any exponential", c->name);
  weyl_persist_rate rate = {.theta = fmin(1.2 / mu, decay / 2), .decay = decay};
  double end = 0;
  for (int i = 0; i < 20; i++) {
    const double wanted = persist_far(c, decay, rate.theta);
    if (wanted <= end) break;
    end = wanted * (i ? 1.1 : 1);
    WEYL_TRY(solve(ctx, c, decay, rate.theta, end, &rate));
    if (!(rate.theta < decay * (1 - 1e-6)))
      return weyl_fail(ctx, WEYL_NO, "%s: no exponent below the decay %.6g of the expected sign", c->name, decay);
  }
  WEYL_TRY(error_of(ctx, c, end, &rate));
  *out = rate;
  return WEYL_OK;
}
