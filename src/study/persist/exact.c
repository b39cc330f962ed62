/* Exactly known distributions: the diffusion in two dimensions and random acceleration (sheet 3 G, H). */
#include "covariance.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

/* ---- diffusion in two dimensions: the zeros are a Pfaffian point process (Matsumoto, Shirai) ---- */

/* P(no zero in [0, t]) = Pf(J - K / pi) on n nodes over [0, t / 2]; its square is a determinant. */
static weyl_status pfaffian(weyl_context *ctx, double t, size_t n, double *value) {
  weyl_status status = WEYL_MEMORY;
  double *a = weyl_alloc(ctx, 4 * n * n, sizeof *a), *s = weyl_alloc(ctx, 2 * n, sizeof *s), *w = s ? s + n : NULL;
  if (!a || !s) goto done;
  weyl_gauss_legendre(n, 0, t / 2, s, w);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      const double d = s[i] - s[j], sech = 1 / cosh(d), factor = sqrt(w[i] * w[j]) / PI;
      double *block = a + 2 * i * 2 * n + 2 * j;
      block[0] = -factor * sinh(d) * sech * sech;
      block[1] = (i == j) - factor * sech;
      block[2 * n] = -(double)(i == j) + factor * sech;
      block[2 * n + 1] = i == j ? 0 : factor * (d > 0 ? 1 : -1) * asin(sech);
    }
  const double det = weyl_det(2 * n, a);
  if (!(det > 0)) {
    status = weyl_fail(ctx, WEYL_NUMERIC, "diffusion:2: the probability at t = %g is too small for these numbers", t);
    goto done;
  }
  *value = sqrt(det);
  status = WEYL_OK;
done:
  weyl_dealloc(ctx, a);
  weyl_dealloc(ctx, s);
  return status;
}

/* The kink of one entry leaves an error in 1/n^2 and 1/n^4: three sizes take both out. */
static weyl_status no_zero(weyl_context *ctx, double t, double *value) {
  double p[3];
  if (t == 0) {
    *value = 1;
    return WEYL_OK;
  }
  for (int k = 0; k < 3; k++) WEYL_TRY(pfaffian(ctx, t, (size_t)(t < 4 ? 40 : 80) << k, &p[k]));
  const double a = (4 * p[1] - p[0]) / 3, b = (4 * p[2] - p[1]) / 3;
  *value = (16 * b - a) / 15;
  return WEYL_OK;
}

weyl_status weyl_exact_diffusion2(weyl_context *ctx, double t, double *none, double *survival) {
  if (!(t >= 0) || t > 100) return weyl_fail(ctx, WEYL_BAD_ARG, "diffusion:2: time %g, must be in 0..100", t);
  WEYL_TRY(no_zero(ctx, t, none));
  if (!survival) return WEYL_OK;
  if (t == 0) {
    *survival = 1;
    return WEYL_OK;
  }
  /* S_T = -mu dP/dt, by differences of sixth order */
  const double h = t < 0.3 ? t / 4 : 0.075, mu = 2 * PI, weight[3] = {45, -9, 1};
  double slope = 0;
  for (int k = 1; k <= 3; k++) {
    double up, down;
    WEYL_TRY(no_zero(ctx, t + k * h, &up));
    WEYL_TRY(no_zero(ctx, t - k * h, &down));
    slope += weight[k - 1] * (up - down);
  }
  *survival = -mu * slope / (60 * h);
  return WEYL_OK;
}

/* ---- random acceleration: time between zeros of an integrated Brownian motion (McKean, Wong) ---- */

enum { NODES = 40, TIMES = 16 };

/* Nodes and weights on [0, 1] */
typedef struct rule {
  double x[NODES], w[NODES];
} rule;

/* Density of tau, where the next zero of the motion that has one at time 1 is at 1 + tau. */
static double density_tau(const rule *q, double tau) {
  double sum = 0;
  const int panels = 12 + (int)(0.5 * log2(1 + tau)); /* they narrow towards pi / 2: for large tau there is the peak */
  for (int k = 0; k < panels; k++) {
    const double from = PI / 2 * (1 - pow(0.5, k)), to = k + 1 < panels ? PI / 2 * (1 - pow(0.5, k + 1)) : PI / 2;
    for (int i = 0; i < NODES; i++) {
      const double p = from + (to - from) * q->x[i], c = cos(p), cs = c * sin(p);
      const double a = 2 * c * c + 2 * (1 - cs) / tau, b2 = 6 * cs / tau, b = sqrt(b2), root = sqrt(a + b2);
      sum += (to - from) * q->w[i] * cs * (b / (2 * a * a * root) + b / (4 * a * root * root * root));
    }
  }
  return 4 * sqrt(3) / (PI * tau * tau) * sum;
}

double weyl_exact_random_acceleration(double t) {
  if (!(t > 0)) return t == t ? 1 : t;
  if (t > 40) return 0.88526 * exp(-t / 4);
  rule q;
  double sum = 0, from = 0;
  weyl_gauss_legendre(NODES, 0, 1, q.x, q.w);
  for (int k = 0; k < TIMES; k++) { /* panels that widen from 0: the density has a root there */
    const double to = t * pow(0.5, TIMES - 1 - k);
    for (int i = 0; i < NODES; i++) {
      const double x = from + (to - from) * q.x[i];
      sum += (to - from) * q.w[i] * density_tau(&q, expm1(x)) * exp(x);
    }
    from = to;
  }
  return 1 - sum;
}
