/* Levels other than zero (sheet 2.7; Bengtsson, Podgorski, 2024, arXiv 2410.06000): the probabilities to be above the
 * level after an up- and a downcrossing, and the transforms, means and exponents of the intervals above it.  Intervals
 * below u are those above -u. */
#include "covariance.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

double persist_normal_below(double x) { return 0.5 * erfc(-x / 1.41421356237309504880); }

weyl_status persist_require_level(weyl_context *ctx, double u) {
  if (fabs(u) <= 8) return WEYL_OK;
  return weyl_fail(ctx, WEYL_BAD_ARG, "level %g, must be -8 to 8 standard deviations", u);
}

/* With E = E_0, k = u sqrt((1 - r) / (1 + r)) and p = k / sqrt(1 - E^2): P_up = Phi(-p) + E exp(-k^2/2) Phi(E p) and
 * P_down = Phi(-p) - E exp(-k^2/2) Phi(-E p). */
void weyl_persist_above(const weyl_covariance *c, double u, double t, double *up, double *down) {
  if (t <= 0) {
    *up = 1;
    *down = 0;
    return;
  }
  const weyl_covariance_at v = weyl_covariance_eval(c, t);
  const double e = fmin(weyl_clipped_slepian(c, t), 1), rest = 1 - e * e;
  const double k = u * sqrt(v.rest / (1 + v.r)), p = u == 0 ? 0 : k / sqrt(rest);
  const double half = e * exp(-k * k / 2);
  *up = persist_normal_below(-p) + half * persist_normal_below(e * p);
  *down = persist_normal_below(-p) - half * persist_normal_below(-e * p);
}

/* Phi(-u) - P_down, which goes to 0 as r does, and P_up - P_down. What is nearly 1 is not subtracted: with b^2 = (1 -
 * r^2)(1 - E^2), p - u = u (r (r - 1) 2 + a^2) / (b (1 - r + b)). */
persist_rest persist_rest_at(const weyl_covariance *c, double u, double t) {
  double up, down;
  weyl_persist_above(c, u, t, &up, &down);
  persist_rest out = {persist_normal_below(-u) - down, up - down};
  if (u == 0) out.down = out.both / 2;
  const weyl_covariance_at v = weyl_covariance_eval(c, t);
  if (u == 0 || fabs(v.r) > 0.3) return out;
  enum { NODES = 8 };
  const double a2 = v.slope * v.slope / c->lambda2, b = sqrt(v.rest * (1 + v.r) - a2);
  const double shift = u * (2 * v.r * (v.r - 1) + a2) / (b * (v.rest + b));
  double x[NODES], w[NODES], sum = 0;
  weyl_gauss_legendre(NODES, u, u + shift, x, w);
  for (int i = 0; i < NODES; i++) sum += w[i] * exp(-x[i] * x[i] / 2);
  const double e = weyl_clipped_slepian(c, t), k = u * sqrt(v.rest / (1 + v.r));
  const double half = e * exp(-k * k / 2);
  out.down = sum / sqrt(2 * PI) + half * persist_normal_below(-e * (u + shift));
  out.both = half;
  return out;
}

/* ---- integrals ---- */

typedef struct integral {
  size_t n;
  double *t, *down, *both; /* down, both: weights times rest_at */
} integral;

static weyl_status integral_new(weyl_context *ctx, const weyl_covariance *c, double u, double most, double end,
                                integral *q) {
  double *w;
  WEYL_TRY(persist_panels(ctx, 1e-4 * weyl_covariance_mean(c), most, end, &q->n, &q->t, &w));
  q->down = weyl_alloc(ctx, 2 * q->n, sizeof *q->down);
  if (!q->down) {
    weyl_dealloc(ctx, q->t);
    return WEYL_MEMORY;
  }
  q->both = q->down + q->n;
  for (size_t i = 0; i < q->n; i++) {
    const persist_rest r = persist_rest_at(c, u, q->t[i]);
    q->down[i] = w[i] * r.down;
    q->both[i] = w[i] * r.both;
  }
  return WEYL_OK;
}

static void integral_free(weyl_context *ctx, integral *q) {
  weyl_dealloc(ctx, q->t);
  weyl_dealloc(ctx, q->down);
}

/* integral of exp(-s t) times (rest, both, t rest) */
typedef struct moments {
  double down, both, slope;
} moments;
static moments moments_at(const integral *q, double s) {
  moments m = {0};
  for (size_t i = 0; i < q->n; i++) {
    const double x = exp(-s * q->t[i]);
    m.down += x * q->down[i];
    m.both += x * q->both[i];
    m.slope += x * q->t[i] * q->down[i];
  }
  return m;
}

/* Where what is left of the integrals is below 1e-17 or so. */
static double far_end(const weyl_covariance *c) {
  const double mu = weyl_covariance_mean(c);
  double end = mu;
  while (end < 1e5 * mu && fabs(weyl_covariance_eval(c, end).r) + weyl_clipped_slepian(c, end) > 1e-17) end *= 1.25;
  return end;
}

/* Psi_above = (1 - alpha) / (1 + beta): with L the transform of P_up - P_down and D that of Phi(-u) - P_down,
 * 1 - Psi = s L / (Phi(u) + s D). */
weyl_status weyl_persist_transform(weyl_context *ctx, const weyl_covariance *c, double u, size_t n, const double *s,
                                   double *psi, double *mean) {
  WEYL_TRY(persist_require_valid(ctx, c));
  WEYL_TRY(persist_require_level(ctx, u));
  for (size_t i = 0; i < n; i++)
    if (!(s[i] > 0) || s[i] > 1e6 / weyl_covariance_mean(c))
      return weyl_fail(ctx, WEYL_BAD_ARG, "transform: %g, must be more than 0 and at most 1e6 / mu", s[i]);
  integral q;
  WEYL_TRY(integral_new(ctx, c, u, weyl_covariance_mean(c), far_end(c), &q));
  for (size_t i = 0; i < n; i++) {
    const moments m = moments_at(&q, s[i]);
    psi[i] = 1 - s[i] * m.both / (persist_normal_below(u) + s[i] * m.down);
  }
  if (mean) *mean = moments_at(&q, 0).both / persist_normal_below(u);
  integral_free(ctx, &q);
  return WEYL_OK;
}

double weyl_persist_level_mean(const weyl_covariance *c, double u) {
  return persist_normal_below(-u) * 2 * weyl_covariance_mean(c) * exp(u * u / 2);
}

/* ---- the exponent: 1 + beta(-theta) = 0, theta integral of exp(theta t) (Phi(-u) - P_down) dt = Phi(u) ---- */

static double excess(const integral *q, double u, double theta) {
  return theta * moments_at(q, -theta).down - persist_normal_below(u);
}

static bool first_root(const integral *q, double u, double most, double *theta) {
  enum { STEPS = 128 };
  double low = 0, high = 0;
  int i = 1;
  for (; i <= STEPS; i++) {
    high = most * i / STEPS;
    if (excess(q, u, high) > 0) break;
    low = high;
  }
  if (i > STEPS) return false;
  for (i = 0; i < 100 && high - low > 1e-15 * high; i++) {
    const double middle = (low + high) / 2;
    if (excess(q, u, middle) > 0)
      high = middle;
    else
      low = middle;
  }
  *theta = (low + high) / 2;
  return true;
}

weyl_status weyl_persist_level_exponent(weyl_context *ctx, const weyl_covariance *c, double u, weyl_persist_rate *out) {
  if (u == 0) return weyl_persist_exponent(ctx, c, out);
  WEYL_TRY(persist_require_valid(ctx, c));
  WEYL_TRY(persist_require_level(ctx, u));
  const double decay = persist_decay(c), mu = weyl_covariance_mean(c);
  if (decay <= 0)
    return weyl_fail(ctx, WEYL_NO,
                     "%s: no exponent: the expected sign after a crossing falls slower than any exponential", c->name);
  static const double shares[] = {0.5, 0.9, 0.99, 0.999};
  for (int k = 0; k < 4; k++) {
    const double most = fmin(5 * pow(4, k) / mu, isinf(decay) ? INFINITY : shares[k] * decay);
    const double end = isinf(decay) ? far_end(c) : persist_far(c, decay, most);
    weyl_persist_rate rate = {.decay = decay};
    integral q;
    WEYL_TRY(integral_new(ctx, c, u, isinf(decay) ? mu : fmin(mu, fmax(8 / decay, mu / 2)), end, &q));
    const bool found = first_root(&q, u, most, &rate.theta);
    if (found) {
      const moments m = moments_at(&q, -rate.theta);
      /* (1 - alpha) / (theta beta'), alpha + beta = 2 s L and beta = -1 here, beta' = 2 (D + theta t D) */
      rate.amplitude = m.both / (m.down + rate.theta * m.slope);
      rate.error = fabs(excess(&q, u, rate.theta)) / (m.down + rate.theta * m.slope) + 1e-12 * rate.theta;
    }
    integral_free(ctx, &q);
    if (!found) continue;
    *out = rate;
    return WEYL_OK;
  }
  return weyl_fail(ctx, WEYL_NO, "%s: no exponent at level %g below the decay %.6g of the covariance", c->name, u,
                   decay);
}
