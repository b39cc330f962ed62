#include "distributions.h"

#include <math.h>

/* Lentz's evaluation of the continued fraction (Numerical analysis: DLMF 8.17.22). */
static double fraction(double a, double b, double x) {
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (fabs(d) < tiny) d = tiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < 10000; m++) {
    const double k = m;
    const double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
    const double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
    for (int half = 0; half < 2; half++) {
      const double term = half ? odd : even;
      d = 1 + term * d;
      c = 1 + term / c;
      if (fabs(d) < tiny) d = tiny;
      if (fabs(c) < tiny) c = tiny;
      d = 1 / d;
      h *= c * d;
      if (half && fabs(c * d - 1) < 1e-15) return h;
    }
  }
  return h;
}

double incomplete_beta(double a, double b, double x) {
  if (isnan(x)) return x;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  int sign;
  const double front =
      exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * fraction(a, b, x) / a;
  return 1 - front * fraction(b, a, 1 - x) / b;
}

double student_two_sided(double t, double freedom) {
  return isinf(t) ? 0 : incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

double student_quantile(double p, double freedom) {
  double low = 0, high = 1;
  const double want = 2 * (1 - p);
  while (student_two_sided(high, freedom) > want && high < 1e12) high *= 2;
  for (int i = 0; i < 100; i++) {
    const double middle = (low + high) / 2;
    if (student_two_sided(middle, freedom) > want)
      low = middle;
    else
      high = middle;
  }
  return (low + high) / 2;
}

double fisher_two_sided(double f, double above, double below) {
  const double under = incomplete_beta(above / 2, below / 2, above * f / (above * f + below));
  const double over = incomplete_beta(below / 2, above / 2, below / (above * f + below));
  return fmin(1, 2 * fmin(under, over));
}
