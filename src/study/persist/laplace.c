/* The survival function by its Laplace transform, (1 - Psi) / s with Psi = (1 - s L) / (1 + s L) and L that of E_0
 * (sheet 2.4), inverted by Euler's sums (Abate and Whitt 1995): a check of the renewal equation by other means. */
#include "covariance.h"

#include <complex.h>
#include <math.h>

enum { TERMS = 15, BINOMIAL = 11 };

typedef struct transform {
  size_t n;
  double *t, *w; /* weights times E_0 */
} transform;

static double real_part(const transform *q, double complex s) {
  double re = 0, im = 0;
  for (size_t i = 0; i < q->n; i++) {
    const double e = q->w[i] * exp(-creal(s) * q->t[i]), angle = cimag(s) * q->t[i];
    re += e * cos(angle);
    im -= e * sin(angle);
  }
  const double complex sl = s * (re + im * I);
  return creal(2 * sl / (s * (1 + sl))); /* 1 - Psi = 2 s L / (1 + s L) */
}

static double invert(const transform *q, double t) {
  static const double pi = 3.14159265358979323846, a = 18.4; /* the error is exp(-a) */
  double sum = exp(a / 2) / (2 * t) * real_part(q, a / (2 * t)), value = 0, choose = 1;
  for (int k = 1; k <= TERMS + BINOMIAL; k++) {
    if (k > TERMS) { /* averages of partial sums, binomially: sum has k - 1 terms */
      value += choose * sum;
      choose *= (double)(BINOMIAL - (k - 1 - TERMS)) / (double)(k - TERMS);
    }
    const double part = exp(a / 2) / t * real_part(q, a / (2 * t) + k * pi / t * I);
    sum += k % 2 ? -part : part;
  }
  return (value + choose * sum) * pow(0.5, BINOMIAL);
}

weyl_status weyl_persist_laplace(weyl_context *ctx, const weyl_covariance *c, size_t n, const double *t,
                                 double *survival) {
  static const double pi = 3.14159265358979323846;
  double least = INFINITY, most = 0;
  for (size_t i = 0; i < n; i++) {
    if (!(t[i] > 0) || !isfinite(t[i]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "laplace: time %g, must be more than 0", t[i]);
    least = t[i] < least ? t[i] : least;
    most = t[i] > most ? t[i] : most;
  }
  if (n == 0) return WEYL_OK;
  WEYL_TRY(persist_require_valid(ctx, c));
  /* exp(-s t) at the smallest real part goes through at most eight turns a panel at the highest frequency */
  const double mu = weyl_covariance_mean(c), end = 2 * most / 18.4 * 40,
               width = 8 * 2 * pi * least / ((TERMS + BINOMIAL) * pi);
  if (end / width > 1e6)
    return weyl_fail(ctx, WEYL_BAD_ARG, "laplace: times %g and %g are too far apart for one call", least, most);
  transform q = {0};
  WEYL_TRY(persist_panels(ctx, 1e-4 * mu, width, end, &q.n, &q.t, &q.w));
  for (size_t i = 0; i < q.n; i++) q.w[i] *= weyl_clipped_slepian(c, q.t[i]);
  for (size_t i = 0; i < n; i++) survival[i] = invert(&q, t[i]);
  weyl_dealloc(ctx, q.t);
  return WEYL_OK;
}
