/* The survival function of an interval above a level by its renewal equation (sheet 3 B),
 *
 *   S(t) = e(t) + integral over [0, t] of S(t - s) dG(s),   e = P_up - P_down,   G = P_down,
 *
 * where P_up and P_down are the probabilities to be above the level a time t after an up- or a downcrossing: at level
 * 0, e = E_0 and G = (1 - E_0) / 2. On a grid, S averaged over each cell.  What later values owe to earlier ones is
 * added in blocks by Fourier transforms, so that n values cost n log^2 n. */
#include "covariance.h"

#include <math.h>
#include <string.h>

enum { DIRECT = 64 }; /* values of a block that are added one by one */

typedef struct solver {
  weyl_context *ctx;
  size_t n;
  const double *v;     /* v[j] = g[j] + g[j + 1] */
  double *sum;         /* sum[i] = over j < i of v[i - j] s[j], as far as it is known */
  double *s, *x, *y;   /* complex work, 2 * length each */
  const double *e, *g; /* g[j] = G(j h) - G((j - 1) h) */
  weyl_fft *fft[48];   /* by log2 of the length */
  void *scratch;
} solver;

/* sum[middle .. to) += v * s[from .. middle): one transform holds both real sequences. */
static weyl_status spread(solver *q, size_t from, size_t middle, size_t to) {
  const size_t span = to - from;
  size_t m = 1, level = 0;
  while (m < span) m *= 2, level++; /* what wraps around falls on values that are not wanted */
  if (!q->fft[level]) WEYL_TRY(weyl_fft_new(q->ctx, WEYL_F64, m, &q->fft[level]));
  double *x = q->x, *y = q->y;
  memset(x, 0, 2 * m * sizeof *x);
  for (size_t j = from; j < middle; j++) x[2 * (j - from)] = q->s[j];
  for (size_t j = 1; j < span; j++) x[2 * j + 1] = q->v[j];
  weyl_fft_run(q->fft[level], false, 1, x, y, q->scratch);
  for (size_t k = 0; k < m; k++) { /* a = (z_k + conj z_-k) / 2, b = (z_k - conj z_-k) / 2 i: a b */
    const size_t l = (m - k) & (m - 1);
    const double ar = (y[2 * k] + y[2 * l]) / 2, ai = (y[2 * k + 1] - y[2 * l + 1]) / 2;
    const double br = (y[2 * k + 1] + y[2 * l + 1]) / 2, bi = (y[2 * l] - y[2 * k]) / 2;
    x[2 * k] = ar * br - ai * bi;
    x[2 * k + 1] = ar * bi + ai * br;
  }
  weyl_fft_run(q->fft[level], true, 1, x, x, q->scratch);
  for (size_t i = middle; i < to; i++) q->sum[i] += x[2 * (i - from)] / (double)m;
  return WEYL_OK;
}

static weyl_status solve(solver *q, size_t from, size_t to) {
  if (to - from > DIRECT) {
    size_t half = DIRECT;
    while (2 * half < to - from) half *= 2;
    const size_t middle = from + half;
    WEYL_TRY(solve(q, from, middle));
    WEYL_TRY(spread(q, from, middle, to));
    return solve(q, middle, to);
  }
  for (size_t i = from; i < to; i++) {
    double sum = q->sum[i];
    for (size_t j = from; j < i; j++) sum += q->v[i - j] * q->s[j];
    /* s[0] has g[i] alone where v[i] is added */
    q->s[i] = i == 0 ? 1 : (q->e[i] + (sum - q->g[i + 1]) / 2) / (1 - q->g[1] / 2);
  }
  return WEYL_OK;
}

/* e and g at i h, i = 0..n + 1 */
static void at_level(const weyl_covariance *c, double u, double h, size_t n, double *e, double *g) {
  double before = 0;
  for (size_t i = 0; i <= n + 1; i++) {
    const double t = h * (double)i;
    if (u == 0) { /* one division and one root each */
      e[i] = weyl_clipped_slepian(c, t);
      g[i] = i ? (e[i - 1] - e[i]) / 2 : 0;
      continue;
    }
    double up, down;
    weyl_persist_above(c, u, t, &up, &down);
    e[i] = up - down;
    g[i] = i ? down - before : 0;
    before = down;
  }
}

weyl_status weyl_persist_survival(weyl_context *ctx, const weyl_covariance *c, double u, double h, size_t n,
                                  double *survival) {
  if (!(h > 0) || !isfinite(h) || n < 1 || n > ((size_t)1 << 26))
    return weyl_fail(ctx, WEYL_BAD_ARG, "survival: %zu steps of %g, must be 1 to 2^26 of more than 0", n, h);
  WEYL_TRY(persist_require_valid(ctx, c));
  WEYL_TRY(persist_require_level(ctx, u));
  size_t m = 1;
  while (m < n + 1) m *= 2;
  solver q = {.ctx = ctx, .n = n + 1};
  weyl_status status = WEYL_MEMORY;
  double *e = weyl_alloc(ctx, n + 3, sizeof *e), *g = weyl_alloc(ctx, n + 3, sizeof *g),
         *v = weyl_alloc(ctx, n + 3, sizeof *v);
  q.sum = weyl_alloc(ctx, n + 1, sizeof *q.sum);
  q.x = weyl_alloc(ctx, 2 * m, sizeof *q.x);
  q.y = weyl_alloc(ctx, 2 * m, sizeof *q.y);
  weyl_fft *largest = NULL;
  if (!e || !g || !v || !q.sum || !q.x || !q.y) goto done;
  WEYL_GOTO(weyl_fft_new(ctx, WEYL_F64, m, &largest));
  size_t room = weyl_fft_scratch(largest), least = 4 * 4096 * 8 * sizeof(double);
  q.scratch = weyl_alloc(ctx, room > least ? room : least, 2);
  status = WEYL_MEMORY;
  if (!q.scratch) goto done;
  at_level(c, u, h, n, e, g);
  for (size_t j = 1; j <= n; j++) v[j] = g[j] + g[j + 1];
  q.e = e;
  q.g = g;
  q.v = v;
  q.s = survival;
  status = solve(&q, 0, n + 1);
done:
  for (size_t i = 0; i < sizeof q.fft / sizeof *q.fft; i++) weyl_fft_free(q.fft[i]);
  weyl_fft_free(largest);
  weyl_dealloc(ctx, e);
  weyl_dealloc(ctx, g);
  weyl_dealloc(ctx, v);
  weyl_dealloc(ctx, q.sum);
  weyl_dealloc(ctx, q.x);
  weyl_dealloc(ctx, q.y);
  weyl_dealloc(ctx, q.scratch);
  return status;
}

weyl_status weyl_persist_distribution(weyl_context *ctx, const weyl_covariance *c, double u, double h, size_t n,
                                      double *survival, double *density) {
  weyl_status status;
  if (n < 2) return weyl_fail(ctx, WEYL_BAD_ARG, "distribution: %zu steps, must be 2 or more", n);
  double *fine = weyl_alloc(ctx, 2 * n + 1, sizeof *fine);
  if (!fine) return WEYL_MEMORY;
  WEYL_GOTO(weyl_persist_survival(ctx, c, u, h, n, survival));
  WEYL_GOTO(weyl_persist_survival(ctx, c, u, h / 2, 2 * n, fine));
  for (size_t i = 0; i <= n; i++) survival[i] = (4 * fine[2 * i] - survival[i]) / 3;
  for (size_t i = 0; density && i <= n; i++) { /* three points, one-sided at the ends */
    const double *s = survival + i;
    density[i] = i == 0   ? (3 * s[0] - 4 * s[1] + s[2]) / (2 * h)
                 : i == n ? (4 * s[-1] - 3 * s[0] - s[-2]) / (2 * h)
                          : (s[-1] - s[1]) / (2 * h);
  }
done:
  weyl_dealloc(ctx, fine);
  return status;
}
