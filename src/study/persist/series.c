/* A measured series: its covariance by a Fourier transform, the nearest covariance that has an interval approximation,
 * and its own intervals. */
#include "covariance.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
enum { LEAST = 50, LAGS_MIN = 4 };

static weyl_status standardised(weyl_context *ctx, size_t n, const double *x, weyl_persist_series *s) {
  if (n < LEAST || n > (size_t)1 << 26)
    return weyl_fail(ctx, WEYL_BAD_ARG, "series: %zu values, must be %d to 2^26", n, LEAST);
  double sum = 0, squares = 0, most = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(x[i]))
      return weyl_fail(ctx, WEYL_NUMERIC, "series: value %zu is %g: fill or cut what is missing first", i + 1, x[i]);
    sum += x[i] / (double)n;
    most = fmax(most, fabs(x[i]));
  }
  for (size_t i = 0; i < n; i++) squares += (x[i] - sum) / (double)n * (x[i] - sum);
  s->mean = sum;
  s->deviation = sqrt(squares);
  if (!isfinite(s->deviation)) return weyl_fail(ctx, WEYL_NUMERIC, "series: values up to %g are too large", most);
  if (!(s->deviation > 1e-14 * most)) return weyl_fail(ctx, WEYL_NUMERIC, "series: all values are %g", sum);
  return WEYL_OK;
}

/* r at lags 0..n - 1, each by as many products as there are: the transform of the squared transform. */
static weyl_status correlations(weyl_context *ctx, size_t n, const double *x, const weyl_persist_series *s, double *r) {
  size_t m = 1;
  while (m < 2 * n) m *= 2;
  weyl_fft *fft = NULL;
  void *scratch = NULL;
  weyl_status status;
  double *z = weyl_alloc(ctx, 2 * m, sizeof *z);
  if (!z) return WEYL_MEMORY;
  WEYL_GOTO(weyl_fft_new(ctx, WEYL_F64, m, &fft));
  scratch = weyl_alloc(ctx, weyl_fft_scratch(fft), 1);
  status = scratch ? WEYL_OK : WEYL_MEMORY;
  if (!scratch) goto done;
  for (size_t i = 0; i < n; i++) z[2 * i] = (x[i] - s->mean) / s->deviation;
  weyl_fft_run(fft, false, 1, z, z, scratch);
  for (size_t k = 0; k < m; k++) {
    z[2 * k] = z[2 * k] * z[2 * k] + z[2 * k + 1] * z[2 * k + 1];
    z[2 * k + 1] = 0;
  }
  weyl_fft_run(fft, true, 1, z, z, scratch);
  for (size_t k = 0; k < n; k++) r[k] = z[2 * k] / (double)m / (double)(n - k);
  for (size_t k = n; k-- > 0;) r[k] /= r[0];
done:
  weyl_dealloc(ctx, scratch);
  weyl_fft_free(fft);
  weyl_dealloc(ctx, z);
  return status;
}

/* The lags before r falls below four deviations of what it scatters by where it is 0 (Bartlett 1946). */
static size_t lags_of(size_t n, const double *r, double *scatter) {
  double sum = 1;
  size_t k = 1;
  for (; k < n / 2; k++) {
    *scatter = sqrt(sum / (double)n);
    if (r[k] < 4 * *scatter) break;
    sum += 2 * r[k] * r[k];
  }
  return k - 1;
}

/* The nearest falling numbers (pool adjacent violators); block, weight: [n] work. */
static void falling(size_t n, double *d, double *block, size_t *weight) {
  size_t blocks = 0;
  for (size_t i = 0; i < n; i++) {
    block[blocks] = d[i];
    weight[blocks++] = 1;
    while (blocks > 1 && block[blocks - 1] > block[blocks - 2]) {
      const size_t a = weight[blocks - 2], b = weight[blocks - 1];
      block[blocks - 2] = (block[blocks - 2] * (double)a + block[blocks - 1] * (double)b) / (double)(a + b);
      weight[blocks - 2] = a + b;
      blocks--;
    }
  }
  for (size_t b = 0, i = 0; b < blocks; b++)
    for (size_t k = 0; k < weight[b]; k++) d[i++] = block[b];
}

/* The rate at which r falls over the last half of its lags, by a straight line through log r. */
static double tail_rate(size_t lags, const double *r, double step) {
  double t = 0, y = 0, tt = 0, ty = 0, count = 0;
  for (size_t k = lags / 2; k <= lags; k++) {
    const double at = step * (double)k, v = log(r[k]);
    t += at, y += v, tt += at * at, ty += at * v, count++;
  }
  return -(count * ty - t * y) / (count * tt - t * t);
}

/* The slope at 0 of what rises by d over equal steps, from the middles of three: s - b t^p with p = 2 for smooth paths,
 * whose expected sign is even, and 1 where it has a corner. */
static double first_slope(const double *d) {
  const double bend = d[0] - d[1], next = d[1] - d[2];
  const double p = next > 0 ? fmin(fmax(3 - 2 * bend / next, 1), 2) : 1;
  return d[0] + bend * pow(0.5, p) / (pow(1.5, p) - pow(0.5, p));
}

/* d [lags]: the steps of arccos r. Expected signs at 0 and in the middle of each step. */
static weyl_status covariance_from(weyl_context *ctx, size_t lags, const double *d, double rate, double step, double *t,
                                   double *e, weyl_covariance **out) {
  const double slope = first_slope(d) / step;
  double angle = 0;
  t[0] = 0;
  e[0] = 1;
  for (size_t k = 0; k < lags; k++) {
    t[k + 1] = step * ((double)k + 0.5);
    e[k + 1] = d[k] / step / slope;
    angle += slope * (e[k] + e[k + 1]) / 2 * (t[k + 1] - t[k]);
  }
  if (rate > 0 && angle < PI / 2) e[lags] = fmin(e[lags], rate * (PI / 2 - angle) / slope);
  return persist_covariance_angles(ctx, lags + 1, t, e, slope * slope, out);
}

static weyl_status estimate(weyl_context *ctx, size_t n, const double *x, double step, weyl_persist_series *s) {
  double *r = weyl_alloc(ctx, n, sizeof *r), *work = NULL;
  size_t *weight = NULL;
  weyl_status status = WEYL_MEMORY;
  if (!r) return status;
  WEYL_GOTO(correlations(ctx, n, x, s, r));
  s->lags = lags_of(n, r, &s->scatter);
  const size_t m = s->lags;
  if (m < LAGS_MIN) {
    status = weyl_fail(ctx, WEYL_NO,
                       "series: neighbours have r = %.3g and %zu steps on r = %.3g drowns in its scatter of %.2g: "
                       "sampled too coarsely, or noise",
                       r[1], m + 1, r[m + 1], s->scatter);
    goto done;
  }
  work = weyl_alloc(ctx, 4 * (m + 2), sizeof *work);
  weight = weyl_alloc(ctx, m, sizeof *weight);
  status = work && weight ? WEYL_OK : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  double *d = work, *t = work + m + 2, *e = t + m + 2;
  for (size_t k = 0; k < m; k++) d[k] = acos(fmin(r[k + 1], 1)) - acos(fmin(r[k], 1));
  if (!(d[1] > 0.55 * d[0]) || d[0] > 0.8) {
    status = weyl_fail(ctx, WEYL_NO,
                       "series: arccos r goes to %.3g in the first step and to %.3g in the second: the paths have no "
                       "slope (noise?), or are sampled too coarsely to see it: smooth or sample it finer",
                       d[0], d[0] + d[1]);
    goto done;
  }
  falling(m, d, e, weight);
  double angle = 0;
  s->violation = 0;
  for (size_t k = 0; k < m; k++) {
    angle += d[k];
    const double off = fabs(angle - acos(fmin(r[k + 1], 1))) / (s->scatter * sqrt(1 - r[k + 1] * r[k + 1]));
    if (off <= s->violation) continue;
    s->violation = off;
    s->at = step * (double)(k + 1);
  }
  status = covariance_from(ctx, m, d, tail_rate(m, r, step), step, t, e, &s->covariance);
  if (status == WEYL_OK) snprintf(s->covariance->name, sizeof s->covariance->name, "series of %zu values", n);
done:
  weyl_dealloc(ctx, weight);
  weyl_dealloc(ctx, work);
  weyl_dealloc(ctx, r);
  return status;
}

/* Complete intervals: above the level to the front, below it behind them. */
static weyl_status intervals(weyl_context *ctx, size_t n, const double *x, double step, double u,
                             weyl_persist_series *s) {
  const double level = s->mean + u * s->deviation;
  size_t crossings = 0;
  for (size_t i = 1; i < n; i++) crossings += (x[i - 1] < level) != (x[i] < level);
  if (crossings < 2) return WEYL_OK;
  s->count = (int64_t)crossings - 1;
  s->interval = weyl_alloc(ctx, crossings, sizeof *s->interval);
  if (!s->interval) return WEYL_MEMORY;
  const bool first_above = x[0] < level; /* the first complete interval is on the other side of the first value */
  s->above = first_above ? (s->count + 1) / 2 : s->count / 2;
  size_t over = 0, under = (size_t)s->above, seen = 0;
  double last = 0;
  for (size_t i = 1; i < n; i++) {
    if ((x[i - 1] < level) == (x[i] < level)) continue;
    const double at = step * ((double)i - 1 + (level - x[i - 1]) / (x[i] - x[i - 1]));
    if (seen++ > 0) s->interval[(x[i] < level) ? over++ : under++] = at - last;
    last = at;
  }
  return WEYL_OK;
}

weyl_status weyl_persist_series_read(weyl_context *ctx, size_t n, const double *x, double step, double level,
                                     weyl_persist_series *out) {
  *out = (weyl_persist_series){0};
  weyl_persist_series s = {0};
  weyl_status status;
  if (!(step > 0) || !isfinite(step)) return weyl_fail(ctx, WEYL_BAD_ARG, "series: step %g, must be more than 0", step);
  WEYL_TRY(persist_require_level(ctx, level));
  WEYL_TRY(standardised(ctx, n, x, &s));
  WEYL_GOTO(estimate(ctx, n, x, step, &s));
  WEYL_GOTO(intervals(ctx, n, x, step, level, &s));
  *out = s;
  return WEYL_OK;
done:
  weyl_persist_series_free(ctx, &s);
  return status;
}

void weyl_persist_series_free(weyl_context *ctx, weyl_persist_series *s) {
  weyl_covariance_free(s->covariance);
  weyl_dealloc(ctx, s->interval);
  *s = (weyl_persist_series){0};
}
