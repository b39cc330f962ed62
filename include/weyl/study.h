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
/* From a table: t rising from 0, r from 1, slope r' (NULL: by cubics, of differences of fourth order, that rise and
 * fall where the values do). Beyond its end r falls exponentially. */
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
  double error;     /* of theta: quadrature and rounding */
} weyl_persist_rate;
WEYL_MUST_CHECK weyl_status weyl_persist_exponent(weyl_context *ctx, const weyl_covariance *covariance,
                                                  weyl_persist_rate *rate);

/* P(T > i h) for i = 0..n, of an interval above the level u (in standard deviations; below u it is that above -u; 0:
 * between zeros), second order in h. */
WEYL_MUST_CHECK weyl_status weyl_persist_survival(weyl_context *ctx, const weyl_covariance *covariance, double u,
                                                  double h, size_t n, double *survival);
/* The same for n >= 2 by two steps, h and h / 2, extrapolated; error O(h^4) where r is smooth. density (may be NULL):
 * -d/dt. */
WEYL_MUST_CHECK weyl_status weyl_persist_distribution(weyl_context *ctx, const weyl_covariance *covariance, double u,
                                                      double h, size_t n, double *survival, double *density);

/* Levels (Bengtsson, Podgorski, 2024, arXiv 2410.06000): the probabilities to be above u a time t after an upcrossing
 * and after a downcrossing of it. */
void weyl_persist_above(const weyl_covariance *covariance, double u, double t, double *after_up, double *after_down);
/* The mean time above u, exact (Rice). */
double weyl_persist_level_mean(const weyl_covariance *covariance, double u);
/* E exp(-s T) of the approximation, s > 0, and its mean by the same integrals (mean may be NULL). */
WEYL_MUST_CHECK weyl_status weyl_persist_transform(weyl_context *ctx, const weyl_covariance *covariance, double u,
                                                   size_t n, const double *s, double *psi, double *mean);
/* As weyl_persist_exponent, for the time above u. */
WEYL_MUST_CHECK weyl_status weyl_persist_level_exponent(weyl_context *ctx, const weyl_covariance *covariance, double u,
                                                        weyl_persist_rate *rate);
/* The same at times t > 0 by inversion of the Laplace transform (Euler's sums of Abate and Whitt): about 1e-8. */
WEYL_MUST_CHECK weyl_status weyl_persist_laplace(weyl_context *ctx, const weyl_covariance *covariance, size_t n,
                                                 const double *t, double *survival);
/* P(T > t) of the process itself, not of the approximation, for any covariance: a Gaussian probability of many
 * conditions (16, 32 and 64 points, extrapolated) on 12 randomly shifted lattices. error (may be NULL): theirs, and
 * what the extrapolation may be wrong by. To about 1e-3 while the probability is not small. */
WEYL_MUST_CHECK weyl_status weyl_persist_numeric(weyl_context *ctx, const weyl_covariance *covariance, double u,
                                                 uint64_t seed, size_t n, const double *t, double *survival,
                                                 double *error);
/* n draws of T: (seed, number of the draw) gives each. */
WEYL_MUST_CHECK weyl_status weyl_persist_sample(weyl_context *ctx, const weyl_covariance *covariance, uint64_t seed,
                                                size_t n, double *t);

/* Lengths of intervals, measured or simulated. */
typedef struct weyl_persist_stats {
  int64_t count;
  double mean, mean_error;   /* with the deviation of the mean */
  double theta, theta_error; /* the rate of what goes beyond the 97 % quantile, by maximum likelihood; NaN below 100 */
} weyl_persist_stats;
WEYL_MUST_CHECK weyl_status weyl_persist_measure(weyl_context *ctx, int64_t n, const double *interval,
                                                 weyl_persist_stats *out);
double weyl_persist_beyond(int64_t n, const double *interval, double t); /* the share beyond t */

/* Paths of the process itself, and the intervals they spend above and below a level: what the approximation is measured
 * against.
 *
 * Smooth processes by circulant embedding (two paths a Fourier transform), with slopes, so that two crossings between
 * neighbouring points are seen; random-acceleration and matern:1.5, whose slope is a Markov process with the path, by
 * exact steps of the pair, refined by exact bridges wherever a crossing is near.  The first and the last, incomplete
 * interval of a path are left out.  Path k depends on (seed, k) alone: any number of threads gives the same intervals,
 * and so do parts, one behind the other, above and below each for itself. */
typedef struct weyl_persist_simulate_opts { /* 0: the default */
  int64_t intervals;                        /* at least, of both kinds; 1e6 */
  int64_t points;                           /* of a path, a power of 2; 2^18 */
  double step;                              /* between points; mu / 100 */
  double level;                             /* in standard deviations */
  uint64_t seed;
  int part, parts; /* paths of this part alone, of so many; 0 parts: all */
} weyl_persist_simulate_opts;
typedef struct weyl_persist_simulation {
  int64_t count, above;  /* intervals, path by path: the first `above` are above the level, the rest below */
  int64_t paths, points; /* of this part */
  double *interval;
  double step;
  double clipped; /* share of the spectrum that was negative, and is left out */
  int64_t hidden; /* crossings that the signs at the points do not show */
} weyl_persist_simulation;
/* WEYL_NUMERIC when the covariance is not positive definite. */
WEYL_MUST_CHECK weyl_status weyl_persist_simulate(weyl_context *ctx, const weyl_covariance *covariance,
                                                  const weyl_persist_simulate_opts *opts, weyl_persist_simulation *out);
void weyl_persist_simulation_free(weyl_context *ctx, weyl_persist_simulation *simulation);
/* One path, x at i step, i = 0..n - 1; in single precision where the process is smooth. */
WEYL_MUST_CHECK weyl_status weyl_persist_path(weyl_context *ctx, const weyl_covariance *covariance, uint64_t seed,
                                              double step, size_t n, double *x);

/* A series of numbers, one a time step: its covariance, what the approximation makes of that, and its own intervals.
 *
 * The expected sign E_0 is estimated from the angles arccos r at the lags, up to where r drowns in its own scatter; the
 * nearest falling one (least squares) gives the covariance. Far from falling (`violation`, in deviations, above 4) the
 * series has no interval approximation. */
typedef struct weyl_persist_series {
  weyl_covariance *covariance; /* freed with weyl_covariance_free */
  double mean, deviation;      /* of the values */
  size_t lags;                 /* used */
  double scatter;              /* deviation of r far out */
  double violation, at;        /* worst distance of arccos r from a concave one, in deviations, and the time */
  int64_t count, above;        /* intervals as in a simulation, by straight lines between the values */
  double *interval;
} weyl_persist_series;
/* level: in standard deviations from the mean. WEYL_NUMERIC for values that are not finite or all equal, WEYL_BAD_ARG
 * for fewer than 50; what has noise from one value to the next has no slope, and is refused with WEYL_NO. */
WEYL_MUST_CHECK weyl_status weyl_persist_series_read(weyl_context *ctx, size_t n, const double *x, double step,
                                                     double level, weyl_persist_series *out);
void weyl_persist_series_free(weyl_context *ctx, weyl_persist_series *series);

/* Exactly known: diffusion in two dimensions, P(no zero in [0, t]) as a Pfaffian (zeros of the Gaussian power series)
 * and P(T > t), to about 1e-8 and 1e-6; random acceleration, P(T > t) (McKean, Wong), to 1e-9. */
WEYL_MUST_CHECK weyl_status weyl_exact_diffusion2(weyl_context *ctx, double t, double *no_zero, double *survival);
double weyl_exact_random_acceleration(double t);

WEYL_END_API

#endif
