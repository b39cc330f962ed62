/* Intervals of the approximation by their representation (sheet 2.5): geometrically many W, each the inverse of E_0. */
#include "covariance.h"

#include <math.h>

enum { TABLE = 4096 };

typedef struct sampler {
  const weyl_covariance *c;
  double *t, *e; /* E_0 at rising times */
  uint64_t seed;
  double *out;
  int64_t n;
} sampler;

/* The time at which E_0 has fallen to u: between two entries of the table, then by regula falsi (Illinois). */
static double inverse(const sampler *s, double u) {
  size_t low = 0, high = TABLE - 1;
  if (u <= s->e[high]) return s->t[high];
  while (high - low > 1) {
    const size_t middle = (low + high) / 2;
    if (s->e[middle] >= u)
      low = middle;
    else
      high = middle;
  }
  double a = s->t[low], b = s->t[high], fa = s->e[low] - u, fb = s->e[high] - u;
  for (int i = 0; i < 60 && b - a > 1e-12 * b && fa > 0 && fb < 0; i++) {
    const double t = a + (b - a) * fa / (fa - fb), f = weyl_clipped_slepian(s->c, t) - u;
    if (f > 0) {
      a = t;
      fa = f;
      fb /= 2;
    } else {
      b = t;
      fb = f;
      fa /= 2;
    }
    if (fabs(f) < 1e-15) return t;
  }
  return fa <= 0 ? a : fb >= 0 ? b : (a + b) / 2;
}

enum { BLOCK = 1024 };
typedef struct sampler_run {
  const sampler *s;
  bool one; /* W; else T, geometrically many of them */
} sampler_run;

static void draw(void *arg, int64_t block, int thread) {
  const sampler_run *r = arg;
  const sampler *s = r->s;
  (void)thread;
  for (int64_t i = block * BLOCK; i < s->n && i < (block + 1) * BLOCK; i++) {
    weyl_rng rng = weyl_rng_new(s->seed, r->one ? "persist divisor" : "persist");
    rng.index = (uint64_t)i << 16; /* far more than a draw takes */
    double sum = 0;
    do sum += inverse(s, 1 - weyl_rng_uniform(&rng));
    while (!r->one && (weyl_rng_u64(&rng) & 1));
    s->out[i] = sum;
  }
}

static weyl_status sample(weyl_context *ctx, const weyl_covariance *c, uint64_t seed, bool one, size_t n, double *t) {
  WEYL_TRY(persist_require_valid(ctx, c));
  sampler s = {.c = c, .seed = seed, .out = t, .n = (int64_t)n};
  s.t = weyl_alloc(ctx, 2 * TABLE, sizeof *s.t);
  if (!s.t) return WEYL_MEMORY;
  s.e = s.t + TABLE;
  const double mu = weyl_covariance_mean(c);
  double end = mu;
  while (weyl_clipped_slepian(c, end) > 1e-17 && end < 1e6 * mu) end *= 1.25;
  for (int i = 0; i < TABLE; i++) {
    s.t[i] =
        i < TABLE / 2 ? 4 * mu * i / (TABLE / 2) : 4 * mu * pow(end / (4 * mu), (i - TABLE / 2.0) / (TABLE / 2 - 1));
    s.e[i] = weyl_clipped_slepian(c, s.t[i]);
  }
  weyl_parallel(ctx, (int64_t)((n + BLOCK - 1) / BLOCK), draw, &(sampler_run){&s, one});
  weyl_dealloc(ctx, s.t);
  return WEYL_OK;
}

weyl_status weyl_persist_sample(weyl_context *ctx, const weyl_covariance *c, uint64_t seed, size_t n, double *t) {
  return sample(ctx, c, seed, false, n, t);
}

/* ---- the exponent from draws of the divisor ---- */

/* mean exp(theta w) - 2, its derivative, and the mean square of exp(theta w) */
static double excess(size_t n, const double *w, double theta, double *slope, double *square) {
  double sum = 0;
  *slope = *square = 0;
  for (size_t i = 0; i < n; i++) {
    const double e = exp(theta * w[i]);
    sum += e / (double)n;
    *slope += w[i] * e / (double)n;
    *square += e * e / (double)n;
  }
  return sum - 2;
}

weyl_status weyl_persist_sample_exponent(weyl_context *ctx, const weyl_covariance *c, uint64_t seed, size_t n,
                                         double *theta, double *error) {
  if (n < 2) return weyl_fail(ctx, WEYL_BAD_ARG, "exponent: %zu draws, must be 2 or more", n);
  weyl_persist_rate rate;
  WEYL_TRY(weyl_persist_exponent(ctx, c, &rate)); /* whether there is one */
  double *w = weyl_alloc(ctx, n, sizeof *w);
  if (!w) return WEYL_MEMORY;
  const weyl_status status = sample(ctx, c, seed, true, n, w);
  if (status == WEYL_OK) {
    double mean = 0, slope, square;
    for (size_t i = 0; i < n; i++) mean += w[i] / (double)n;
    double at = log(2) / mean; /* exp(theta mean) <= 2: Newton comes down from there */
    for (int i = 0; i < 100; i++) {
      const double step = excess(n, w, at, &slope, &square) / slope;
      at -= step;
      if (fabs(step) < 1e-14 * at) break;
    }
    (void)excess(n, w, at, &slope, &square);
    *theta = at;
    *error = 2 * rate.theta < rate.decay ? sqrt((square - 4) / (double)n) / slope : INFINITY;
  }
  weyl_dealloc(ctx, w);
  return status;
}
