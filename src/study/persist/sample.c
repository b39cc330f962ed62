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

static void draw(void *arg, int64_t block, int thread) {
  enum { BLOCK = 1024 };
  const sampler *s = arg;
  (void)thread;
  for (int64_t i = block * BLOCK; i < s->n && i < (block + 1) * BLOCK; i++) {
    weyl_rng rng = weyl_rng_new(s->seed, "persist");
    rng.index = (uint64_t)i << 16; /* far more than a draw takes */
    double sum = 0;
    do sum += inverse(s, 1 - weyl_rng_uniform(&rng));
    while (weyl_rng_u64(&rng) & 1);
    s->out[i] = sum;
  }
}

weyl_status weyl_persist_sample(weyl_context *ctx, const weyl_covariance *c, uint64_t seed, size_t n, double *t) {
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
  weyl_parallel(ctx, (int64_t)((n + 1023) / 1024), draw, &s);
  weyl_dealloc(ctx, s.t);
  return WEYL_OK;
}
