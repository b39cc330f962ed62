/* weyl/study.h: the theory laboratories. */
#ifndef WEYL_STUDY_H
#define WEYL_STUDY_H

#include <weyl/bms.h>
#include <weyl/measure.h>
#include <weyl/noether.h>
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
/* As weyl_persist_distribution at times t > 0, by inversion of the Laplace transform (Euler's sums of Abate and Whitt):
 * about 1e-8. */
WEYL_MUST_CHECK weyl_status weyl_persist_laplace(weyl_context *ctx, const weyl_covariance *covariance, double u,
                                                 size_t n, const double *t, double *survival);
/* P(T > t) of the process itself, not of the approximation, for any covariance: a Gaussian probability of many
 * conditions (16, 32 and 64 points, extrapolated) on 12 randomly shifted lattices. error (may be NULL): theirs, and
 * what the extrapolation may be wrong by. To about 1e-3 while the probability is not small. */
WEYL_MUST_CHECK weyl_status weyl_persist_numeric(weyl_context *ctx, const weyl_covariance *covariance, double u,
                                                 uint64_t seed, size_t n, const double *t, double *survival,
                                                 double *error);
/* n draws of T: (seed, number of the draw) gives each. */
WEYL_MUST_CHECK weyl_status weyl_persist_sample(weyl_context *ctx, const weyl_covariance *covariance, uint64_t seed,
                                                size_t n, double *t);

/* The exponent by Monte Carlo: E exp(theta W) = 2 with n draws of W, P(W > t) = E_0(t), in place of the expectation.
 * error: its deviation; infinite where exp(theta W) has none (theta above half the decay of E_0). WEYL_NO as
 * weyl_persist_exponent. */
WEYL_MUST_CHECK weyl_status weyl_persist_sample_exponent(weyl_context *ctx, const weyl_covariance *covariance,
                                                         uint64_t seed, size_t n, double *theta, double *error);

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

/* ---- matrix sensing: a matrix of low rank from linear measurements
 * ------------------------------------------------------------
 *
 * M* [n1][n2] has rank r and singular values sigma_1 >= ... >= sigma_r; y = A(M*) in R^m with A(M)_i = <A_i, M> /
 * sqrt(m) and the adjoint A*(y) = (1 / sqrt(m)) sum_i y_i A_i, so that E[A* A(M)] = M.  It is looked for as F G^T, F
 * [n1][k], G [n2][k] (symmetric: X X^T), by descent on (1/2)|A(F G^T) - y|^2 (symmetric: 1/4).  With S = A*(A(F G^T) -
 * y):
 *
 *   symmetric   X+ = X - eta S X
 *   asymmetric  F+ = F - eta S G,  G+ = G - eta S^T F       both from the old pair
 *
 * With k = r the error falls exponentially. With k > r, symmetric: |X X^T - M*|_F^2 -> min(k, n) - r over 4 eta^2 t^2;
 * asymmetric from F_0 = alpha F~, G_0 = alpha G~ / 3: exp(-c eta alpha^2 t); after F <- beta A, G <- G B S / beta (F =
 * A S B^T, once, near the solution): (1 - eta beta^2)^(2 t) (Xiong, Ding, Du, ICLR 2024, arXiv 2310.01769).
 */
typedef struct weyl_sensing weyl_sensing; /* A; one thread uses it at a time */

typedef struct weyl_sensing_opts {
  size_t n1, n2;  /* n2 0: as n1 */
  size_t m;       /* measurements; population: n1 n2 in any case */
  bool symmetric; /* A acts on (M + M^T) / 2, A* gives symmetric matrices */
  uint64_t seed;
} weyl_sensing_opts;
/* By kind: population (A* A = I), gaussian (A_i stored), regenerated (the same A_i, made anew in each use), rank-one
 * (a b^T; symmetric: half the difference of a a^T and b b^T, which has no bias), entries, hadamard and fourier (m rows
 * of an orthogonal transform of vec(M) with random signs), kronecker (vec(P M Q^T)). */
WEYL_MUST_CHECK weyl_status weyl_sensing_new(weyl_context *ctx, const char *kind, const weyl_sensing_opts *opts,
                                             weyl_sensing **out);
/* Given entries, scaled by sqrt(n1 n2 / m); copied. WEYL_BAD_ARG for one out of range or given twice. */
WEYL_MUST_CHECK weyl_status weyl_sensing_entries(weyl_context *ctx, size_t n1, size_t n2, size_t m, const int32_t *row,
                                                 const int32_t *column, bool symmetric, weyl_sensing **out);
void weyl_sensing_free(weyl_sensing *sensing);
const char *weyl_sensing_known(size_t i, const char **about); /* kinds, for help: NULL beyond the last */
size_t weyl_sensing_count(const weyl_sensing *sensing);       /* m */

/* y [m] = A(M), M [n1][n2]; M = A*(y). */
WEYL_MUST_CHECK weyl_status weyl_sensing_apply(weyl_sensing *sensing, const double *matrix, double *y);
WEYL_MUST_CHECK weyl_status weyl_sensing_adjoint(weyl_sensing *sensing, const double *y, double *matrix);
/* y = A(F G^T); and s_g [n1][k] = A*(y) G, st_f [n2][k] = A*(y)^T F. rank-one and entries form no matrix for that. */
WEYL_MUST_CHECK weyl_status weyl_sensing_apply_factors(weyl_sensing *sensing, size_t k, const double *f,
                                                       const double *g, double *y);
WEYL_MUST_CHECK weyl_status weyl_sensing_adjoint_factors(weyl_sensing *sensing, size_t k, const double *y,
                                                         const double *f, const double *g, double *s_g, double *st_f);

/* M* = left right^T, left [n1][r] = U diag(sigma), right [n2][r] = V. */
typedef struct weyl_sense_truth {
  size_t n1, n2, r;
  double *left, *right;
} weyl_sense_truth;
/* U, V: the first columns of the unit matrix, or (haar) of random orthogonal ones; symmetric: V = U. */
WEYL_MUST_CHECK weyl_status weyl_sense_truth_new(weyl_context *ctx, size_t n1, size_t n2, size_t r, const double *sigma,
                                                 bool symmetric, bool haar, uint64_t seed, weyl_sense_truth *out);
void weyl_sense_truth_free(weyl_context *ctx, weyl_sense_truth *truth);
/* WEYL_BAD_ARG when m measurements are fewer than the numbers that a matrix of rank r has to choose. */
WEYL_MUST_CHECK weyl_status weyl_sense_enough(weyl_context *ctx, size_t n1, size_t n2, size_t r, bool symmetric,
                                              size_t m);
/* y = A(M*) + noise N(0, 1) / sqrt(m) */
WEYL_MUST_CHECK weyl_status weyl_sense_measure(weyl_sensing *sensing, const weyl_sense_truth *truth, double noise,
                                               uint64_t seed, double *y);

/* Names of methods and one line each, for help: NULL beyond the last. */
const char *weyl_sense_method_known(size_t i, const char **about);

typedef struct weyl_sense_opts { /* 0 or NULL: the default */
  const char *method;            /* "gd" */
  size_t k;                      /* columns of the factors; must be given */
  bool symmetric;                /* one factor X; A must be symmetric */
  int64_t iterations;            /* at most; 1000 */
  double eta;        /* step; of the method: gd 0.1 / sigma_1 (of A*(y), by power iteration), scaled-gd 0.5, ... */
  double eta_before; /* until the trigger; eta */
  double trigger;    /* modified, prec-gd: the relative residual |A(F G^T) - y| / |y| below which they begin; 0.1 */
  double beta;       /* modified; 0.7 sqrt(sigma_r), with r at the widest gap of the singular values of F G^T */
  double lambda;     /* scaled-gd: added to the Gram matrices; prec-gd: times |A(X X^T) - y|, 1/2; fista: of the weight,
                        times sigma_1, 1e-4; alt-min: ridge */
  double momentum;   /* nesterov; 0.9 */
  const char *start; /* "random"; "balanced" (G_0 = F_0), "spectral", "near" (M* with noise of size alpha) */
  double alpha;      /* scale of the start; 0.2 sqrt(sigma_1) */
  double imbalance;  /* G_0 is this times as large as F_0; 1/3 */
  const char *norm;  /* variance of the entries of F~: "inv_n" (1/n), "inv_k", "one" */
  double tolerance;  /* ends at this relative residual; 0: at 1e-15 */
  int64_t points;    /* at most, of the log; 400 */
  bool even;         /* points equally spaced; otherwise by equal ratios */
  size_t traces;     /* singular values of F G^T kept at each point */
  bool change;       /* ends, too, when |F G^T| stands still to 1e-6 over ten steps (real data) */
  uint64_t seed;
} weyl_sense_opts;

typedef struct weyl_sense_result {
  size_t n1, n2, k;
  double *f, *g; /* [n1][k], [n2][k]; symmetric: the same block */
  int64_t iterations;
  int64_t switched; /* iteration of the trigger; -1: none */
  double eta, beta; /* as used */
  double residual;  /* relative */
  double error2;    /* |F G^T - M*|_F^2; NaN where M* is not given */
  double seconds;   /* of the iterations, without the log */
  size_t points;
  double *t, *error2_at, *residual_at; /* [points]; t = 0: the start */
  size_t traces;
  double *trace; /* [points][traces] */
} weyl_sense_result;
/* truth may be NULL. WEYL_NUMERIC when it diverges, with the step in the message. */
WEYL_MUST_CHECK weyl_status weyl_sense_run(weyl_context *ctx, weyl_sensing *sensing, const double *y,
                                           const weyl_sense_opts *opts, const weyl_sense_truth *truth,
                                           weyl_sense_result *out);
void weyl_sense_result_free(weyl_context *ctx, weyl_sense_result *result);

/* Which law a falling error obeys: linear, ln e = c + slope t, fitted where 1e-26 < e / e_0 < 1e-3, in the later half;
 * or power, ln e = c + slope ln t, over the last decade of t. The one with the larger r2, if it is above 0.9. */
typedef struct weyl_sense_law {
  const char *name; /* "linear", "power", "none" */
  double slope, r2; /* of ln e to t, or to ln t; NaN for none */
  double constant;  /* c */
  double from, to;  /* window of t */
} weyl_sense_law;
WEYL_MUST_CHECK weyl_status weyl_sense_law_find(weyl_context *ctx, size_t n, const double *t, const double *e,
                                                weyl_sense_law *out);

/* ---- matrices with missing entries ---- */

typedef struct weyl_triplets {
  size_t n1, n2, count;
  int32_t *row, *column; /* from 0 */
  double *value;
} weyl_triplets;
/* From columns 1, 2 and 3 of a table (row, column, value), indices from `base` (0, 1; -1: 1 if no 0 occurs); n1, n2 0:
 * what the largest indices say. WEYL_FORMAT for an index that is no whole number, NaN or a place given twice. */
WEYL_MUST_CHECK weyl_status weyl_triplets_table(weyl_context *ctx, const weyl_table *table, const char *place, int base,
                                                size_t n1, size_t n2, weyl_triplets *out);
/* From a matrix [n1][n2] with NaN where an entry is missing. */
WEYL_MUST_CHECK weyl_status weyl_triplets_matrix(weyl_context *ctx, size_t n1, size_t n2, const double *matrix,
                                                 weyl_triplets *out);
void weyl_triplets_free(weyl_context *ctx, weyl_triplets *triplets);

typedef struct weyl_complete_opts { /* 0 or NULL: the default */
  const char *methods;              /* commas between; "alt-min,scaled-gd,gd" */
  const char *centre;               /* "mean"; "none", "effects" (rows and columns have levels of their own) */
  size_t rank;                      /* this one; 0: chosen */
  size_t rank_max;                  /* 30 */
  double held;                      /* share of the entries that choose rank and method; 0.1 */
  double ridge;                     /* of alt-min; 0: chosen */
  int64_t iterations;               /* at most, of each attempt; 200 */
  uint64_t seed;
} weyl_complete_opts;
typedef struct weyl_attempt {
  char method[24];
  size_t rank;
  double ridge;
  int64_t iterations;
  double fitted, held; /* root mean square errors on the entries fitted, and on those held out */
  double seconds;
} weyl_attempt;
typedef struct weyl_completion {
  size_t n1, n2, rank;
  double *f, *g;             /* [n1][rank], [n2][rank] */
  double *row_level, *level; /* [n1], [n2]: what is added, the mean in row_level */
  double held, held_mean;    /* root mean square on entries held out: of the one chosen, and of the levels alone */
  double fitted;             /* of the final fit to all entries */
  size_t attempts, chosen;
  weyl_attempt *attempt;
} weyl_completion;
/* WEYL_FORMAT when the entries are too few for any rank, WEYL_BAD_ARG when for the one asked for. */
WEYL_MUST_CHECK weyl_status weyl_complete(weyl_context *ctx, const weyl_triplets *entries,
                                          const weyl_complete_opts *opts, weyl_completion *out);
double weyl_completion_at(const weyl_completion *completion, size_t i, size_t j);
void weyl_completion_free(weyl_context *ctx, weyl_completion *completion);

/* The sheet's known values, one a row: what `weyl reproduce matrix-sensing` shows. NULL beyond the last. */
typedef struct weyl_sense_check {
  const char *name, *metric;
  double known;     /* NaN: none */
  double low, high; /* what ours must lie in */
  const char *better, *source;
} weyl_sense_check;
const weyl_sense_check *weyl_sense_check_at(size_t i);
/* What several checks need is computed once. full: the sheet's own times and sizes. */
typedef struct weyl_sense_checks weyl_sense_checks;
WEYL_MUST_CHECK weyl_status weyl_sense_checks_new(weyl_context *ctx, bool full, weyl_sense_checks **out);
void weyl_sense_checks_free(weyl_sense_checks *checks);
WEYL_MUST_CHECK weyl_status weyl_sense_check_run(weyl_sense_checks *checks, size_t i, double *ours, char budget[64]);

WEYL_END_API

#endif
