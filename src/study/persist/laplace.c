/* The survival function by its Laplace transform, (1 - Psi) / s = L / (Phi(u) + s D) with L that of P_up - P_down and D
 * that of Phi(-u) - P_down (sheet 2.4, 2.7; at level 0 Psi = (1 - s L) / (1 + s L), L of E_0), inverted by Euler's sums
 * (Abate and Whitt 1995): a check of the renewal equation by other means. */
#include "covariance.h"

#include <complex.h>
#include <math.h>

enum { TERMS = 15, BINOMIAL = 11 };

typedef struct transform {
  size_t n;
  double *t, *both, *down; /* both, down: weights times persist_rest_at */
  double under;            /* Phi(u) */
} transform;

static double real_part(const transform *q, double complex s) {
  double complex l = 0, d = 0;
  for (size_t i = 0; i < q->n; i++) {
    const double size = exp(-creal(s) * q->t[i]), angle = cimag(s) * q->t[i];
    const double complex e = size * cos(angle) - size * sin(angle) * I;
    l += q->both[i] * e;
    d += q->down[i] * e;
  }
  return creal(l / (q->under + s * d));
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

weyl_status weyl_persist_laplace(weyl_context *ctx, const weyl_covariance *c, double u, size_t n, const double *t,
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
  WEYL_TRY(persist_require_level(ctx, u));
  /* exp(-s t) at the smallest real part goes through at most eight turns a panel at the highest frequency */
  const double mu = weyl_covariance_mean(c), end = 2 * most / 18.4 * 40,
               width = 8 * 2 * pi * least / ((TERMS + BINOMIAL) * pi);
  if (end / width > 1e6)
    return weyl_fail(ctx, WEYL_BAD_ARG, "laplace: times %g and %g are too far apart for one call", least, most);
  transform q = {.under = persist_normal_below(u)};
  double *w;
  WEYL_TRY(persist_panels(ctx, 1e-4 * mu, width, end, &q.n, &q.t, &w));
  q.both = weyl_alloc(ctx, 2 * q.n, sizeof *q.both);
  if (q.both) {
    q.down = q.both + q.n;
    for (size_t i = 0; i < q.n; i++) {
      const persist_rest r = persist_rest_at(c, u, q.t[i]);
      q.both[i] = w[i] * r.both;
      q.down[i] = w[i] * r.down;
    }
    for (size_t i = 0; i < n; i++) survival[i] = invert(&q, t[i]);
  }
  const weyl_status status = q.both ? WEYL_OK : WEYL_MEMORY;
  weyl_dealloc(ctx, q.both);
  weyl_dealloc(ctx, q.t);
  return status;
}
