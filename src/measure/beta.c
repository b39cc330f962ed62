#include "beta.h"

#include <float.h>
#include <math.h>

/* The continued fraction of the incomplete beta function (Abramowitz, Stegun 26.5.8) by Lentz's method; it converges
 * quickly for x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x) {
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < tiny ? tiny : d);
  double f = d;

  for (int m = 1; m < 10000; m++) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    c = 1 + even / c;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    if (fabs(c) < tiny) c = tiny;
    f *= d * c;

    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    c = 1 + odd / c;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    if (fabs(c) < tiny) c = tiny;
    f *= d * c;
    if (fabs(d * c - 1) < DBL_EPSILON) break;
  }
  return f;
}

double weyl_beta_incomplete(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  int sign; /* lgamma keeps it in a global, lgamma_r does not */
  const double front =
      exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * fraction(a, b, x) / a;
  return 1 - front * fraction(b, a, 1 - x) / b;
}

double weyl_binomial_upper(int64_t hits, int64_t trials, double confidence) {
  if (trials <= 0 || hits >= trials) return 1;
  if (hits < 0) hits = 0;
  /* P(at most `hits` hits | p) = 1 - I_p(hits + 1, trials - hits), which falls with p: bisect */
  const double a = (double)hits + 1, b = (double)(trials - hits);
  double low = 0, high = 1;
  for (int i = 0; i < 200 && high - low > DBL_EPSILON * high; i++) {
    const double middle = 0.5 * (low + high);
    if (weyl_beta_incomplete(a, b, middle) < confidence)
      low = middle;
    else
      high = middle;
  }
  return high;
}
