/* The covariances that have a name.  Each has 1 - r without cancellation: the expected sign divides by its root. */
#include "covariances.h"

#include <math.h>
#include <string.h>

/* log cosh x */
static double log_cosh(double x) {
  if (x < 0.1) return 0.5 * log1p(sinh(x) * sinh(x));
  return x + log1p(exp(-2 * x)) - 0.69314718055994530942;
}

static weyl_covariance_at by_log(double log_r, double slope_over_r) {
  const double r = exp(log_r);
  return (weyl_covariance_at){r, -expm1(log_r), slope_over_r * r};
}

/* ---- diffusion of white noise in d dimensions, t = log time: r = sech(t / 2)^(d / 2) ---- */

static weyl_covariance_at diffusion(const double *p, double t) {
  return by_log(-p[0] / 2 * log_cosh(t / 2), -p[0] / 4 * tanh(t / 2));
}
static double diffusion_lambda2(const double *p) { return p[0] / 8; }
static double diffusion_decay(const double *p) { return p[0] / 4; }

/* ---- random acceleration x'' = white noise, t = log time ---- */

static weyl_covariance_at random_acceleration(const double *p, double t) {
  const double e = exp(-t / 2), q = -expm1(-t / 2);
  (void)p;
  return (weyl_covariance_at){1.5 * e - 0.5 * e * e * e, (3 - q) * q * q / 2, -0.75 * e * q * (1 + e)};
}
static double random_acceleration_bend(const double *p, double t) {
  const double q = -expm1(-t / 2);
  (void)p;
  return q * (3 - q * (3.375 - 1.125 * q));
}
static bool always(const double *p) { return (void)p, true; }
static double three_quarters(const double *p) { return (void)p, 0.75; }
static double half(const double *p) { return (void)p, 0.5; }

/* ---- Matern, scale 1: r = 2^(1 - nu) / Gamma(nu) t^nu K_nu(t), the mean of exp(-t^2 / 4G) over G ~ Gamma(nu) ----
 *
 * Sums over x = log G by the trapezoid rule, exact to rounding; all terms have one sign, and exponents are taken from
 * where they are largest, so that no smoothness costs digits. */

/* e^x - 1 - x */
static double bend_of_exp(double x) {
  if (fabs(x) > 0.5) return expm1(x) - x;
  double sum = 1;
  for (int k = 16; k > 2; k--) sum = 1 + sum * x / k;
  return sum * x * x / 2;
}

typedef struct matern_sums {
  double all, of; /* of weights; of weights (1 - exp(-c g / G)), or, c being 0, of weights g / G */
} matern_sums;

/* Weights G^nu exp(-G - t^2 / 4G) relative to the largest, at G = g = nu (1 + d): there t^2 / 4g = nu d. */
static matern_sums matern_sum(double nu, double d, double c) {
  const double g = nu * (1 + d), pull = nu * d, step = fmin(0.125, 0.5 / sqrt(g + pull));
  matern_sums s = {0};
  for (int side = 0; side < 2; side++)
    for (int k = side; k < 100000; k++) {
      const double x = side ? step * k : -step * k, up = exp(-x), w = exp(-g * bend_of_exp(x) - pull * bend_of_exp(-x));
      const double term = w * (c > 0 ? -expm1(-c * up) : up);
      s.all += w;
      s.of += term;
      if (k > 0 && w < 1e-18 * s.all && term < 1e-18 * s.of) break;
    }
  s.all *= step;
  s.of *= step;
  return s;
}

static weyl_covariance_at matern(const double *p, double t) {
  const double lambda2 = 1 / (2 * (p[0] - 1));
  if (t < 1e-100) return (weyl_covariance_at){1, lambda2 * t * t / 2, -lambda2 * t};
  const double nu = p[0], x = t / nu, d = x * x / (2 * (1 + sqrt(1 + x * x))), g = nu * (1 + d);
  const matern_sums here = matern_sum(nu, d, 0), start = matern_sum(nu, 0, t * x / 4);
  const double height = exp(nu * (log1p(d) - 2 * d)) / start.all, r = height * here.all;
  return (weyl_covariance_at){r, r > 0.5 ? start.of / start.all : 1 - r, -t / (2 * g) * height * here.of};
}

/* nu = 3/2, 5/2, 7/2: polynomials times exp(-t) */
static weyl_covariance_at matern_half(const double *p, double t) {
  static const double poly[3][4] = {{1, 1, 0, 0}, {1, 1, 1 / 3.0, 0}, {1, 1, 0.4, 1 / 15.0}};
  const int which = (int)(p[0] - 1.5);
  const double *c = poly[which], e = exp(-t);
  const double before = which == 0 ? 1 : which == 1 ? 1 + t : 1 + t + t * t / 3; /* r_(nu - 1) = before e */
  const double r = (c[0] + t * (c[1] + t * (c[2] + t * c[3]))) * e;
  double rest = 1 - r;
  if (t < 1) { /* the series of the product: its first terms cancel exactly */
    double power = t;
    rest = 0;
    for (int k = 2; k < 24; k++) {
      double term = 0, factorial = 1; /* sum over j of c_j (-1)^(k - j) / (k - j)! */
      for (int j = k < 3 ? k : 3, f = k - j, at = 1; j >= 0; j--, f++) {
        for (; at <= f; at++) factorial *= at;
        term += c[j] * (f % 2 ? -1 : 1) / factorial;
      }
      power *= t;
      rest -= term * power;
    }
  }
  return (weyl_covariance_at){r, rest, -t * before * e / (2 * (p[0] - 1))};
}

static weyl_covariance_at any_matern(const double *p, double t) {
  return p[0] == 1.5 || p[0] == 2.5 || p[0] == 3.5 ? matern_half(p, t) : matern(p, t);
}
static double matern_bend(const double *p, double t) { return (void)p, -expm1(-t) + t * exp(-t); }
static bool matern_markov(const double *p) { return p[0] == 1.5; }
static double matern_lambda2(const double *p) { return 1 / (2 * (p[0] - 1)); }
static double one(const double *p) { return (void)p, 1; }

/* ---- others ---- */

static weyl_covariance_at gaussian(const double *p, double t) { return (void)p, by_log(-t * t / 2, -t); }
static double infinite(const double *p) { return (void)p, INFINITY; }

static weyl_covariance_at rational_quadratic(const double *p, double t) {
  const double x = t * t / (2 * p[0]);
  return by_log(-p[0] * log1p(x), -t / (1 + x));
}
static double none(const double *p) { return (void)p, 0; }

/* exp(-z t) (cos w t + (z / w) sin w t) */
static weyl_covariance_at damped(const double *p, double t) {
  const double z = p[0], w = p[1], e = exp(-z * t), fall = e * (w + z * z / w);
  const double r = e * (cos(w * t) + z / w * sin(w * t));
  double rest = 1 - r;
  if (t * (z + w) < 1) {
    enum { NODES = 12 };
    double s[NODES], weight[NODES];
    weyl_gauss_legendre(NODES, 0, t, s, weight);
    rest = 0;
    for (int i = 0; i < NODES; i++) rest += weight[i] * exp(-z * s[i]) * (w + z * z / w) * sin(w * s[i]);
  }
  return (weyl_covariance_at){r, rest, -fall * sin(w * t)};
}
static double damped_lambda2(const double *p) { return p[0] * p[0] + p[1] * p[1]; }
static double damped_decay(const double *p) { return p[0]; }

static weyl_covariance_at sinc(const double *p, double t) {
  (void)p;
  if (t > 1) return (weyl_covariance_at){sin(t) / t, 1 - sin(t) / t, (t * cos(t) - sin(t)) / (t * t)};
  double rest = 0, slope = 0, term = 1; /* (-t^2)^k / (2 k + 1)! */
  for (int k = 1; k < 12; k++) {
    term *= -t * t / ((2 * k) * (2 * k + 1));
    rest -= term;
    slope += t > 0 ? 2 * k * term / t : 0;
  }
  return (weyl_covariance_at){1 - rest, rest, slope};
}
static double third(const double *p) { return (void)p, 1 / 3.0; }

const covariance_def covariance_defs[] = {
    {"diffusion",
     "diffusion in D dimensions from white noise, in log time: sech(t/2)^(D/2)",
     1,
     {"dimension"},
     {0},
     diffusion,
     diffusion_lambda2,
     diffusion_decay,
     NULL,
     NULL},
    {"random-acceleration",
     "x'' = white noise, in log time",
     0,
     {0},
     {0},
     random_acceleration,
     three_quarters,
     half,
     random_acceleration_bend,
     always},
    {"matern",
     "Matern of smoothness NU > 1, scale 1",
     1,
     {"smoothness"},
     {1},
     any_matern,
     matern_lambda2,
     one,
     matern_bend,
     matern_markov},
    {"gaussian", "exp(-t^2/2)", 0, {0}, {0}, gaussian, one, infinite, NULL, NULL},
    {"rational-quadratic",
     "(1 + t^2/(2 K))^-K: a power tail",
     1,
     {"power"},
     {0},
     rational_quadratic,
     one,
     none,
     NULL,
     NULL},
    {"damped",
     "damped oscillator of damping Z and frequency W",
     2,
     {"damping", "frequency"},
     {0, 0},
     damped,
     damped_lambda2,
     damped_decay,
     NULL,
     NULL},
    {"sinc", "sin t / t", 0, {0}, {0}, sinc, third, none, NULL, NULL},
};
const size_t covariance_defs_count = sizeof covariance_defs / sizeof *covariance_defs;
