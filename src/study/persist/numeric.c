/* P(T > t) by numbers, for any covariance (sheet 3 F): the Slepian process
 *
 *   X(s) = u r(s) - r'(s) / sqrt(lambda2) R + Delta(s)
 *
 * is above u at N points of (0, t], a Gaussian probability by separation of variables (Genz 1992) with R the first of
 * them, on a randomly shifted lattice; the points are refined, and N to infinity by the order that the small intervals
 * have. RIND (Lindgren, Rychlik; Brodtkorb) evaluates the same family of integrals. */
#include "covariance.h"

#include <math.h>
#include <string.h>

enum { LEAST = 16, SIZES = 3, SHIFTS = 12, POINTS = 1 << 13, MOST = LEAST << (SIZES - 1) };

/* Phi and its inverse (Wichura 1988, AS 241, to 1e-16) */
static double normal_below(double x) { return 0.5 * erfc(-x / 1.41421356237309504880); }

static double poly(const double *c, double x) {
  double sum = 0;
  for (int i = 7; i >= 0; i--) sum = sum * x + c[i];
  return sum;
}
static double normal_quantile(double p) {
  static const double a[] = {3.3871328727963666080,    1.3314166789178437745e+2, 1.9715909503065514427e+3,
                             1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                             3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static const double b[] = {1.0,
                             4.2313330701600911252e+1,
                             6.8718700749205790830e+2,
                             5.3941960214247511077e+3,
                             2.1213794301586595867e+4,
                             3.9307895800092710610e+4,
                             2.8729085735721942674e+4,
                             5.2264952788528545610e+3};
  static const double c[] = {1.42343711074968357734,    4.63033784615654529590,   5.76949722146069140550,
                             3.64784832476320460504,    1.27045825245236838258,   2.41780725177450611770e-1,
                             2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[] = {1.0,
                             2.05319162663775882187,
                             1.67638483018380384940,
                             6.89767334985100004550e-1,
                             1.48103976427480074590e-1,
                             1.51986665636164571966e-2,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
  static const double e[] = {6.65790464350110377720,    5.46378491116411436990,    1.78482653991729133580,
                             2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[] = {1.0,
                             5.99832206555887937690e-1,
                             1.36929880922735805310e-1,
                             1.48753612908506148525e-2,
                             7.86869131145613259100e-4,
                             1.84631831751005468180e-5,
                             1.42151175831644588870e-7,
                             2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (fabs(q) <= 0.425) return q * poly(a, 0.180625 - q * q) / poly(b, 0.180625 - q * q);
  const double tail = q < 0 ? p : 1 - p;
  if (!(tail > 0)) return q < 0 ? -38 : 38;
  const double r = sqrt(-log(tail));
  const double x = r <= 5 ? poly(c, r - 1.6) / poly(d, r - 1.6) : poly(e, r - 5) / poly(f, r - 5);
  return q < 0 ? -x : x;
}

typedef struct orthant {
  size_t n;
  double slope[MOST], bound[MOST]; /* Delta_i > bound_i - slope_i R */
  double l[MOST * MOST];           /* rows of the factor, in the order of the conditions */
  double root[MOST + 1];           /* of the lattice, by dimension */
  uint64_t seed;
  double sum[SHIFTS];
} orthant;

static double covariance_of(const weyl_covariance *c, double s, double t) {
  const weyl_covariance_at a = weyl_covariance_eval(c, s), b = weyl_covariance_eval(c, t),
                           d = weyl_covariance_eval(c, fabs(t - s));
  return a.rest + b.rest - a.rest * b.rest - d.rest - a.slope * b.slope / c->lambda2;
}

static void swap_rows(size_t n, double *m, double *slope, double *bound, size_t i, size_t j) {
  for (size_t k = 0; k < n; k++) {
    const double x = m[i * n + k];
    m[i * n + k] = m[j * n + k];
    m[j * n + k] = x;
  }
  for (size_t k = 0; k < n; k++) {
    const double x = m[k * n + i];
    m[k * n + i] = m[k * n + j];
    m[k * n + j] = x;
  }
  const double s = slope[i], b = bound[i];
  slope[i] = slope[j];
  bound[i] = bound[j];
  slope[j] = s;
  bound[j] = b;
}

/* Cholesky's factor of m in place, the least likely condition next, the others at their expected values (Gibson, Genz).
 * What is left of a variance below rounding is no variance: the condition is then decided. */
static void factor(orthant *o, double *m) {
  const size_t n = o->n;
  const double typical = 1.2533141373155; /* E R */
  double variance[MOST], most = 0, y[MOST];
  for (size_t i = 0; i < n; i++) {
    variance[i] = m[i * n + i];
    most = fmax(most, variance[i]);
  }
  memset(o->l, 0, sizeof o->l);
  for (size_t i = 0; i < n; i++) {
    size_t best = i;
    double least = INFINITY;
    for (size_t k = i; k < n; k++) {
      double mean = 0;
      for (size_t j = 0; j < i; j++) mean += o->l[k * n + j] * y[j];
      const double gap = o->bound[k] - o->slope[k] * typical - mean;
      const double d = variance[k] > 1e-13 * most ? gap / sqrt(variance[k]) : gap > 0 ? 40 : -40;
      if (-d < least) {
        least = -d;
        best = k;
      }
    }
    if (best != i) {
      swap_rows(n, m, o->slope, o->bound, i, best);
      for (size_t j = 0; j < i; j++) {
        const double x = o->l[i * n + j];
        o->l[i * n + j] = o->l[best * n + j];
        o->l[best * n + j] = x;
      }
      const double x = variance[i];
      variance[i] = variance[best];
      variance[best] = x;
    }
    const double root = variance[i] > 1e-13 * most ? sqrt(variance[i]) : 0;
    o->l[i * n + i] = root;
    for (size_t k = i + 1; k < n && root > 0; k++) {
      double x = m[k * n + i];
      for (size_t j = 0; j < i; j++) x -= o->l[k * n + j] * o->l[i * n + j];
      o->l[k * n + i] = x / root;
      variance[k] -= o->l[k * n + i] * o->l[k * n + i];
    }
    /* the mean of a normal number beyond d */
    const double d = -least, beyond = normal_below(-d);
    y[i] = root == 0 ? 0 : beyond > 1e-12 ? exp(-d * d / 2) / 2.50662827463100050242 / beyond : d;
  }
}

/* One point of the lattice: the product of the conditions' probabilities, each given those before it. */
static double product(const orthant *o, double first, uint64_t index, const double *shift) {
  const size_t n = o->n;
  double y[MOST], p = 1;
  const double r = sqrt(-2 * log(fmax(first, 1e-300)));
  for (size_t i = 0; i < n; i++) {
    double mean = 0;
    const double *row = o->l + i * n;
    for (size_t j = 0; j < i; j++) mean += row[j] * y[j];
    const double gap = o->bound[i] - o->slope[i] * r - mean;
    y[i] = 0;
    if (row[i] == 0) {
      if (gap > 1e-7) return 0;
      continue;
    }
    const double above = normal_below(-gap / row[i]);
    p *= above;
    if (!(p > 0)) return 0;
    if (i + 1 == n) break;
    double x = (double)index * o->root[i + 1] + shift[i + 1];
    x = fabs(2 * (x - floor(x)) - 1); /* the baker's transform makes it periodic */
    y[i] = -normal_quantile(x * above);
  }
  return p;
}

static void one_shift(void *arg, int64_t k, int thread) {
  orthant *o = arg;
  double shift[MOST + 1], sum = 0;
  (void)thread;
  weyl_rng rng = weyl_rng_new(o->seed + (uint64_t)k, "persist numeric");
  for (size_t i = 0; i <= o->n; i++) shift[i] = weyl_rng_uniform(&rng);
  for (uint64_t index = 1; index <= POINTS; index++) {
    double x = (double)index * o->root[0] + shift[0];
    x = fabs(2 * (x - floor(x)) - 1);
    sum += product(o, x, index, shift);
  }
  o->sum[k] = sum / POINTS;
}

/* Roots of the primes: Richtmyer's lattice. */
static void lattice(orthant *o) {
  int prime = 1;
  for (size_t i = 0; i <= MOST; i++) {
    for (bool composite = true; composite;) {
      prime++;
      composite = false;
      for (int d = 2; d * d <= prime; d++) composite = composite || prime % d == 0;
    }
    o->root[i] = sqrt(prime);
  }
}

static weyl_status at_points(weyl_context *ctx, const weyl_covariance *c, double u, double t, size_t n, orthant *o,
                             double *value, double *error) {
  double *m = weyl_alloc(ctx, n * n, sizeof *m);
  if (!m) return WEYL_MEMORY;
  o->n = n;
  for (size_t i = 0; i < n; i++) {
    const double s = t * (double)(i + 1) / (double)n;
    const weyl_covariance_at v = weyl_covariance_eval(c, s);
    o->slope[i] = -v.slope / sqrt(c->lambda2);
    o->bound[i] = u * v.rest;
    for (size_t j = 0; j <= i; j++) m[i * n + j] = m[j * n + i] = covariance_of(c, s, t * (double)(j + 1) / (double)n);
  }
  factor(o, m);
  weyl_dealloc(ctx, m);
  weyl_parallel(ctx, SHIFTS, one_shift, o);
  double sum = 0, squares = 0;
  for (int k = 0; k < SHIFTS; k++) sum += o->sum[k];
  for (int k = 0; k < SHIFTS; k++) squares += (o->sum[k] - sum / SHIFTS) * (o->sum[k] - sum / SHIFTS);
  *value = sum / SHIFTS;
  *error = sqrt(squares / (SHIFTS * (SHIFTS - 1.0)));
  return WEYL_OK;
}

/* 1 - E_0 ~ t^order: pairs of crossings that a grid of spacing h does not see are as frequent as h^order. */
static double order_of(const weyl_covariance *c) {
  const double t = 1e-3 * weyl_covariance_mean(c), a = 1 - weyl_clipped_slepian(c, t),
               b = 1 - weyl_clipped_slepian(c, t / 2);
  const double order = a > 0 && b > 0 ? log2(a / b) : 2;
  return order > 1.9 ? 2 : order < 1 ? 1 : order;
}

weyl_status weyl_persist_numeric(weyl_context *ctx, const weyl_covariance *c, double u, uint64_t seed, size_t n,
                                 const double *t, double *survival, double *error) {
  WEYL_TRY(persist_require_level(ctx, u));
  for (size_t i = 0; i < n; i++)
    if (!(t[i] > 0) || t[i] > 100 * weyl_covariance_mean(c))
      return weyl_fail(ctx, WEYL_BAD_ARG, "numeric: time %g, must be more than 0 and at most 100 mean intervals", t[i]);
  orthant *o = weyl_alloc(ctx, 1, sizeof *o);
  if (!o) return WEYL_MEMORY;
  const double order = order_of(c);
  weyl_status status = WEYL_OK;
  lattice(o);
  o->seed = seed;
  for (size_t i = 0; i < n && status == WEYL_OK; i++) {
    if (weyl_progress(ctx, "integrating", (double)i, (double)n)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "numeric: stopped after %zu of %zu times", i, n);
      break;
    }
    double p[SIZES] = {0}, e[SIZES] = {0};
    for (int k = 0; k < SIZES && status == WEYL_OK; k++)
      status = at_points(ctx, c, u, t[i], (size_t)LEAST << k, o, &p[k], &e[k]);
    const double gain = 1 / (pow(2, order) - 1);
    const double last = p[2] + gain * (p[2] - p[1]), before = p[1] + gain * (p[1] - p[0]);
    survival[i] = fmin(fmax(last, 0), 1);
    if (error) error[i] = hypot((1 + gain) * e[2], gain * e[1]) + fabs(last - before) / 2;
  }
  weyl_dealloc(ctx, o);
  return status;
}
