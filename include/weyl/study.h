/* weyl/study.h: the theory laboratories. */
#ifndef WEYL_STUDY_H
#define WEYL_STUDY_H

#include <weyl/measure.h>
#include <weyl/sem.h>

WEYL_BEGIN_API

/* ---- persistency: how long a stationary Gaussian process stays on one side of a level
 * --------------------------------
 *
 * X(t) has mean 0, variance 1 and covariance r(t) with lambda2 = -r''(0) finite: its zeros are mu = pi / sqrt(lambda2)
 * apart in the mean (Rice).  After an upcrossing of zero at time 0 it is the Slepian process, whose expected sign is
 *
 *   E_0(t) = -r'(t) / (sqrt(lambda2) sqrt(1 - r(t)^2)),   E_0(0) = 1.
 *
 * The independent interval approximation (IIA) lets a process that switches its sign after independent intervals have
 * the same expectation (Bengtsson, Podgorski, 2024, arXiv 2401.01805).  It is a distribution when E_0 decreases from 1
 * to 0: then T = W_1 + ... + W_nu with P(W > t) = E_0(t) and nu geometric (1/2) on 1, 2, ...
 */
typedef struct weyl_covariance weyl_covariance;

/* By name, parameters behind colons: diffusion:2 (dimension), random-acceleration, matern:2.5 (smoothness > 1; scale
 * 1), gaussian, rational-quadratic:2, damped:0.1:1 (damping, frequency), sinc.  matern:0.5 (Ornstein-Uhlenbeck) has no
 * finite lambda2 and is refused. */
WEYL_MUST_CHECK weyl_status weyl_covariance_parse(weyl_context *ctx, const char *text, weyl_covariance **out);
/* From a table: t rising from 0, r from 1, slope r' (NULL: by monotone cubics). Beyond its end r falls exponentially.
 */
WEYL_MUST_CHECK weyl_status weyl_covariance_table(weyl_context *ctx, size_t n, const double *t, const double *r,
                                                  const double *slope, weyl_covariance **out);
/* From a spectral density on frequencies w >= 0 (radians a unit of time), linear in between. */
WEYL_MUST_CHECK weyl_status weyl_covariance_spectrum(weyl_context *ctx, size_t n, const double *w,
                                                     const double *density, weyl_covariance **out);
void weyl_covariance_free(weyl_covariance *covariance);
const char *weyl_covariance_name(const weyl_covariance *covariance);

typedef struct weyl_covariance_at {
  double r, rest, slope; /* r, 1 - r without cancellation, r' */
} weyl_covariance_at;
weyl_covariance_at weyl_covariance_eval(const weyl_covariance *covariance, double t);
double weyl_covariance_lambda2(const weyl_covariance *covariance);
double weyl_covariance_mean(const weyl_covariance *covariance);           /* mu, the mean time between zeros */
double weyl_clipped_slepian(const weyl_covariance *covariance, double t); /* E_0(t), t >= 0 */

/* Names, parameters and one line each, for help: NULL beyond the last. */
const char *weyl_covariance_known(size_t i, const char **about);

typedef struct weyl_persist_verdict {
  bool valid;
  double t;           /* where the first violation is */
  const char *reason; /* NULL when valid */
} weyl_persist_verdict;
/* Whether the approximation is a distribution: r' <= 0 and E_0 falls, looked at on a grid. */
weyl_persist_verdict weyl_persist_validate(const weyl_covariance *covariance);

/* theta: P(no zero in [0, t]) ~ exp(-theta t).  WEYL_NO with the reason when the approximation is no distribution or
 * E_0 falls slower than any exponential: then there is no exponent. */
typedef struct weyl_persist_rate {
  double theta;
  double amplitude; /* P(T > t) ~ amplitude exp(-theta t) */
  double decay;     /* of E_0; infinity when it falls faster than any exponential */
} weyl_persist_rate;
WEYL_MUST_CHECK weyl_status weyl_persist_exponent(weyl_context *ctx, const weyl_covariance *covariance,
                                                  weyl_persist_rate *rate);

/* P(T > i h) for i = 0..n, of an interval between zeros, second order in h. */
WEYL_MUST_CHECK weyl_status weyl_persist_survival(weyl_context *ctx, const weyl_covariance *covariance, double h,
                                                  size_t n, double *survival);
/* The same for n >= 2 by two steps, h and h / 2, extrapolated; error O(h^4) where r is smooth. density (may be NULL): -d/dt. */
WEYL_MUST_CHECK weyl_status weyl_persist_distribution(weyl_context *ctx, const weyl_covariance *covariance, double h,
                                                      size_t n, double *survival, double *density);
/* The same at times t > 0 by inversion of the Laplace transform (Euler's sums of Abate and Whitt): about 1e-8. */
WEYL_MUST_CHECK weyl_status weyl_persist_laplace(weyl_context *ctx, const weyl_covariance *covariance, size_t n,
                                                 const double *t, double *survival);
/* n draws of T: (seed, number of the draw) gives each. */
WEYL_MUST_CHECK weyl_status weyl_persist_sample(weyl_context *ctx, const weyl_covariance *covariance, uint64_t seed,
                                                size_t n, double *t);

/* Paths of the process itself, and the intervals between their zeros: what the approximation is measured against.
 *
 * Smooth processes by circulant embedding (two paths a Fourier transform), with slopes, so that two zeros between
 * neighbouring points are seen; random-acceleration and matern:1.5, whose slope is a Markov process with the path, by
 * exact steps of the pair, refined by exact bridges wherever a zero is near.  The first and the last, incomplete
 * interval of a path are left out.  Path k depends on (seed, k) alone: any number of threads or processes gives the
 * same intervals. */
typedef struct weyl_persist_simulate_opts { /* 0: the default */
  int64_t intervals;                        /* at least; 1e6 */
  int64_t points;                           /* of a path, a power of 2; 2^18 */
  double step;                              /* between points; mu / 100 */
  uint64_t seed;
} weyl_persist_simulate_opts;
typedef struct weyl_persist_simulation {
  int64_t count, paths, points; /* intervals, path by path */
  double *interval;
  double step;
  double mean, mean_error;   /* with the deviation of the mean */
  double theta, theta_error; /* the rate of what goes beyond the 97 % quantile, by maximum likelihood */
  double clipped;            /* share of the spectrum that was negative, and is left out */
  int64_t hidden;            /* zeros that the signs at the points do not show */
} weyl_persist_simulation;
/* WEYL_NUMERIC when the covariance is not positive definite. */
WEYL_MUST_CHECK weyl_status weyl_persist_simulate(weyl_context *ctx, const weyl_covariance *covariance,
                                                  const weyl_persist_simulate_opts *opts, weyl_persist_simulation *out);
void weyl_persist_simulation_free(weyl_context *ctx, weyl_persist_simulation *simulation);
double weyl_persist_simulation_survival(const weyl_persist_simulation *simulation, double t); /* share beyond t */

/* Exactly known: diffusion in two dimensions, P(no zero in [0, t]) as a Pfaffian (zeros of the Gaussian power series)
 * and P(T > t), to about 1e-8 and 1e-6; random acceleration, P(T > t) (McKean, Wong), to 1e-9. */
WEYL_MUST_CHECK weyl_status weyl_exact_diffusion2(weyl_context *ctx, double t, double *no_zero, double *survival);
double weyl_exact_random_acceleration(double t);

WEYL_END_API

#endif
