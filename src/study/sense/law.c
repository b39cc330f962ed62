/* Power or linear: which law a falling error obeys. */
#include <weyl/study.h>

#include <math.h>

/* y = constant + slope x by least squares over n points. */
static void line(size_t n, const double *x, const double *y, weyl_sense_law *out) {
  double mx = 0, my = 0, xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < n; i++) {
    mx += x[i] / (double)n;
    my += y[i] / (double)n;
  }
  for (size_t i = 0; i < n; i++) {
    xx += (x[i] - mx) * (x[i] - mx);
    xy += (x[i] - mx) * (y[i] - my);
    yy += (y[i] - my) * (y[i] - my);
  }
  out->slope = xy / xx;
  out->constant = my - out->slope * mx;
  out->r2 = xx > 0 && yy > 0 ? xy * xy / (xx * yy) : 0;
}

enum { LEAST = 5 }; /* points of a fit */

weyl_status weyl_sense_law_find(weyl_context *ctx, size_t n, const double *t, const double *e, weyl_sense_law *out) {
  static const double floor_of = 1e-26, from_of = 1e-3;
  weyl_sense_law none = {"none", NAN, NAN, NAN, NAN, NAN}, linear = none, power = none;
  *out = none;
  for (size_t i = 1; i < n; i++)
    if (!(t[i] > t[i - 1]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "times %zu and %zu: %g, %g do not rise", i - 1, i, t[i - 1], t[i]);
  for (size_t i = 0; i < n; i++)
    if (!(e[i] >= 0) || !isfinite(e[i]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "error %zu is %g, must be 0 or more", i, e[i]);
  if (n < LEAST) return WEYL_OK;
  double *x = weyl_alloc(ctx, 2 * n, sizeof *x), *y = x ? x + n : NULL;
  if (!x) return WEYL_MEMORY;
  /* linear: from the last time e was above the window to the first below it, the later half of that */
  size_t from = 0, to = n;
  for (size_t i = 0; i < n; i++)
    if (e[i] > from_of * e[0]) from = i + 1;
  for (size_t i = n; i-- > from;)
    if (!(e[i] > floor_of * e[0])) to = i;
  if (to > from + 1) {
    const double middle = (t[from] + t[to - 1]) / 2;
    size_t kept = 0;
    linear.from = INFINITY;
    for (size_t i = from; i < to; i++) {
      if (t[i] < middle) continue;
      linear.from = fmin(linear.from, t[i]);
      linear.to = t[i];
      x[kept] = t[i];
      y[kept++] = log(e[i]);
    }
    if (kept >= LEAST) {
      line(kept, x, y, &linear);
      linear.name = "linear";
    }
  }
  size_t kept = 0;
  power.from = INFINITY;
  for (size_t i = 0; i < n; i++) {
    if (!(t[i] > 0) || t[i] < t[n - 1] / 10 || !(e[i] > floor_of * e[0])) continue;
    power.from = fmin(power.from, t[i]);
    power.to = t[i];
    x[kept] = log(t[i]);
    y[kept++] = log(e[i]);
  }
  if (kept >= LEAST && e[n - 1] > floor_of * e[0]) {
    line(kept, x, y, &power);
    power.name = "power";
  }
  weyl_dealloc(ctx, x);
  const double least = 0.9;
  const bool line_good = linear.r2 > least && linear.slope<0, power_good = power.r2> least && power.slope < -0.3;
  if (line_good && (!power_good || linear.r2 >= power.r2))
    *out = linear;
  else if (power_good)
    *out = power;
  return WEYL_OK;
}
