/* The sheet's known values, computed: what `weyl reproduce matrix-sensing` and `weyl sense check` show. */
#include "solver.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 50 };
static const double ones[3] = {1, 1, 1};

typedef struct problem {
  weyl_context *ctx;
  weyl_sensing *a;
  weyl_sense_truth truth;
  double *y;
} problem;

static void problem_free(problem *p) {
  weyl_sensing_free(p->a);
  weyl_sense_truth_free(p->ctx, &p->truth);
  weyl_dealloc(p->ctx, p->y);
}

static weyl_status problem_new(weyl_context *ctx, const char *kind, size_t n, size_t r, const double *sigma, size_t m,
                               bool symmetric, problem *p) {
  *p = (problem){.ctx = ctx};
  weyl_status status;
  WEYL_GOTO(weyl_sensing_new(ctx, kind, &(weyl_sensing_opts){n, n, m, symmetric, 1}, &p->a));
  WEYL_GOTO(weyl_sense_truth_new(ctx, n, n, r, sigma, symmetric, strcmp(kind, "entries") == 0, 1, &p->truth));
  p->y = weyl_alloc(ctx, weyl_sensing_count(p->a), sizeof *p->y);
  status = p->y ? weyl_sense_measure(p->a, &p->truth, 0, 1, p->y) : WEYL_MEMORY;
done:
  if (status != WEYL_OK) problem_free(p);
  return status;
}

/* One run on a problem of its own. */
static weyl_status once(weyl_context *ctx, const char *kind, size_t n, size_t r, const double *sigma, size_t m,
                        weyl_sense_opts o, weyl_sense_result *out) {
  problem p;
  WEYL_TRY(problem_new(ctx, kind, n, r, sigma, m, o.symmetric, &p));
  const weyl_status status = weyl_sense_run(ctx, p.a, p.y, &o, &p.truth, out);
  problem_free(&p);
  return status;
}

static weyl_status law_of(weyl_context *ctx, const char *kind, size_t m, weyl_sense_opts o, weyl_sense_law *law,
                          double *error2) {
  weyl_sense_result r;
  WEYL_TRY(once(ctx, kind, N, 3, ones, m, o, &r));
  const weyl_status status = weyl_sense_law_find(ctx, r.points, r.t, r.error2_at, law);
  if (error2) *error2 = r.error2;
  weyl_sense_result_free(ctx, &r);
  return status;
}

/* d ln error^2 / d ln t over the last 3/8 of t: the law's slope is the limit. */
static weyl_status late_slope(weyl_context *ctx, weyl_sense_opts o, double *error2, double *slope) {
  weyl_sense_result r;
  WEYL_TRY(once(ctx, "population", N, 3, ones, 0, o, &r));
  size_t from = r.points - 1, end = from;
  while (from > 0 && r.t[from] > 0.625 * r.t[end]) from--;
  if (error2) *error2 = r.error2;
  *slope = log(r.error2_at[end] / r.error2_at[from]) / log(r.t[end] / r.t[from]);
  weyl_sense_result_free(ctx, &r);
  return WEYL_OK;
}

/* What several checks need is computed once, and kept here. */
typedef struct descent {
  bool there;
  double error2, slope;
} descent;
struct weyl_sense_checks {
  weyl_context *ctx;
  bool full, half_there;
  double half;
  descent symmetric[9]; /* by k */
};

#define BUDGET(...) snprintf(budget, 64, __VA_ARGS__)

/* ---- operators ---- */

static weyl_status adjoint(weyl_sense_checks *s, double *ours, char budget[64]) {
  double *x = weyl_alloc(s->ctx, 4 * N * N, sizeof *x), worst = 0;
  if (!x) return WEYL_MEMORY;
  double *y = x + N * N, *ax = y + N * N, *back = ax + N * N;
  weyl_status status = WEYL_OK;
  int count = 0;
  for (size_t i = 0; status == WEYL_OK && weyl_sensing_known(i, NULL); i++)
    for (int symmetric = 0; symmetric < 2; symmetric++, count++) {
      weyl_sensing *a = NULL;
      WEYL_GOTO(
          weyl_sensing_new(s->ctx, weyl_sensing_known(i, NULL), &(weyl_sensing_opts){N, N, 1000, symmetric, 1}, &a));
      weyl_kernels_active()->normals[WEYL_F64](1, i, 0, N * N, x);
      weyl_kernels_active()->normals[WEYL_F64](2, i, 0, a->m, y);
      status = weyl_sensing_apply(a, x, ax);
      if (status == WEYL_OK) status = weyl_sensing_adjoint(a, y, back);
      const double gap = fabs(dense_dot(a->m, ax, y) - dense_dot(N * N, x, back));
      worst = fmax(worst, gap / sqrt(dense_squares(N * N, x) * dense_squares(a->m, y)));
      weyl_sensing_free(a);
      if (status != WEYL_OK) goto done;
    }
  *ours = worst;
  BUDGET("%d operators", count);
done:
  weyl_dealloc(s->ctx, x);
  return status;
}

static weyl_status isotropy(weyl_sense_checks *s, double *ours, char budget[64]) {
  enum { M = 2000 };
  const int trials = s->full ? 200 : 50;
  double *x = weyl_alloc(s->ctx, N * N + M + 6 * N, sizeof *x);
  if (!x) return WEYL_MEMORY;
  double *y = x + N * N, *f = y + M;
  weyl_sensing *a = NULL;
  double sum = 0;
  weyl_status status;
  WEYL_GOTO(weyl_sensing_new(s->ctx, "gaussian", &(weyl_sensing_opts){N, N, M, false, 1}, &a));
  for (int t = 0; t < trials; t++) {
    weyl_kernels_active()->normals[WEYL_F64](3, (uint64_t)t, 0, 6 * N, f);
    for (size_t i = 0; i < N * N; i++) x[i] = dense_dot(3, f + i / N * 3, f + 3 * N + i % N * 3);
    WEYL_GOTO(weyl_sensing_apply(a, x, y));
    sum += dense_squares(M, y) / dense_squares(N * N, x) / trials;
  }
  *ours = sum;
  BUDGET("%d matrices, m = 2000", trials);
done:
  weyl_sensing_free(a);
  weyl_dealloc(s->ctx, x);
  return status;
}

/* ---- symmetric ---- */

static weyl_status symmetric_descent(weyl_sense_checks *s, size_t k, double *t, const descent **out) {
  descent *d = &s->symmetric[k];
  *t = s->full ? 40000 : 20000;
  *out = d;
  if (d->there) return WEYL_OK;
  WEYL_TRY(late_slope(s->ctx,
                      (weyl_sense_opts){.k = k, .symmetric = true, .alpha = 0.2, .eta = 0.1, .iterations = (int64_t)*t},
                      &d->error2, &d->slope));
  d->there = true;
  return WEYL_OK;
}

/* The constant of t^-2, after k - r: that of the law is 1. */
static weyl_status prefactor(weyl_sense_checks *s, size_t k, double *ours, char budget[64]) {
  double t;
  const descent *d;
  WEYL_TRY(symmetric_descent(s, k, &t, &d));
  *ours = d->error2 * 4 * 0.01 * t * t / (double)(k - 3);
  BUDGET("t = %g", t);
  return WEYL_OK;
}

static weyl_status prefactor_4(weyl_sense_checks *s, double *ours, char budget[64]) {
  return prefactor(s, 4, ours, budget);
}
static weyl_status prefactor_5(weyl_sense_checks *s, double *ours, char budget[64]) {
  return prefactor(s, 5, ours, budget);
}
static weyl_status prefactor_8(weyl_sense_checks *s, double *ours, char budget[64]) {
  return prefactor(s, 8, ours, budget);
}

static weyl_status symmetric_slope(weyl_sense_checks *s, double *ours, char budget[64]) {
  double t;
  const descent *d;
  WEYL_TRY(symmetric_descent(s, 5, &t, &d));
  *ours = d->slope;
  BUDGET("t = %g", t);
  return WEYL_OK;
}

static weyl_status symmetric_exact(weyl_sense_checks *s, double *ours, char budget[64]) {
  weyl_sense_law law;
  BUDGET("t = 400");
  return law_of(s->ctx, "population", 0,
                (weyl_sense_opts){.k = 3, .symmetric = true, .alpha = 0.2, .eta = 0.1, .iterations = 400}, &law, ours);
}

static weyl_status balanced(weyl_sense_checks *s, double *ours, char budget[64]) {
  const int64_t t = s->full ? 40000 : 20000;
  BUDGET("t = %lld", (long long)t);
  return late_slope(s->ctx, (weyl_sense_opts){.k = 5, .start = "balanced", .alpha = 0.2, .eta = 0.1, .iterations = t},
                    NULL, ours);
}

/* ---- asymmetric ---- */

static weyl_status asymmetric_exact(weyl_sense_checks *s, double *ours, char budget[64]) {
  weyl_sense_law law;
  BUDGET("gaussian, m = 2000, t = 800");
  return law_of(s->ctx, "gaussian", 2000, (weyl_sense_opts){.k = 3, .alpha = 0.2, .eta = 0.05, .iterations = 800}, &law,
                ours);
}

static weyl_status rate(weyl_context *ctx, weyl_sense_opts o, double *out) {
  weyl_sense_law law;
  WEYL_TRY(law_of(ctx, "population", 0, o, &law, NULL));
  *out = strcmp(law.name, "linear") == 0 ? -law.slope : NAN;
  return WEYL_OK;
}

static weyl_status doubling(weyl_sense_checks *s, double *ours, char budget[64]) {
  double r[2];
  for (int i = 0; i < 2; i++)
    WEYL_TRY(rate(s->ctx,
                  (weyl_sense_opts){
                      .k = 5, .alpha = i ? 0.4 : 0.2, .eta = 0.1, .iterations = s->full ? 8000 : 4000, .even = true},
                  &r[i]));
  *ours = r[1] / r[0];
  BUDGET("alpha .2 and .4, t = %d", s->full ? 8000 : 4000);
  return WEYL_OK;
}

/* Rate of the modified method from a start of size alpha. */
static weyl_status modified(weyl_context *ctx, double beta, double alpha, int64_t t, double *out) {
  return rate(ctx,
              (weyl_sense_opts){.method = "modified",
                                .k = 5,
                                .alpha = alpha,
                                .eta = 0.1,
                                .beta = beta,
                                .trigger = 0.3 / sqrt(3),
                                .iterations = t,
                                .even = true},
              out);
}

/* beta = .5, alpha = .2, which two checks ask for */
static weyl_status half_rate(weyl_sense_checks *s, double *out) {
  if (!s->half_there) WEYL_TRY(modified(s->ctx, 0.5, 0.2, 900, &s->half));
  s->half_there = true;
  *out = s->half;
  return WEYL_OK;
}

static weyl_status modified_half(weyl_sense_checks *s, double *ours, char budget[64]) {
  BUDGET("beta = .5, t = 900");
  return half_rate(s, ours);
}

static weyl_status modified_nine(weyl_sense_checks *s, double *ours, char budget[64]) {
  BUDGET("beta = .9, t = 300");
  return modified(s->ctx, 0.9, 0.2, 300, ours);
}

static weyl_status modified_ratio(weyl_sense_checks *s, double *ours, char budget[64]) {
  double large, small;
  WEYL_TRY(half_rate(s, &large));
  WEYL_TRY(modified(s->ctx, 0.5, 0.05, 900, &small));
  *ours = large / small;
  BUDGET("alpha .2 and .05, t = 900");
  return WEYL_OK;
}

/* |Delta_t - Delta_0|_F / |Delta_0|_F, Delta = F^T F - G^T G */
static weyl_status conserved(weyl_sense_checks *s, double *ours, char budget[64]) {
  enum { K = 5 };
  weyl_sense_result r[2];
  double delta[2][K * K], moved = 0;
  for (int i = 0; i < 2; i++) {
    const weyl_status status = once(
        s->ctx, "population", N, 3, ones, 0,
        (weyl_sense_opts){.k = K, .alpha = 0.5, .eta = i ? 1e-3 : 1e-300, .iterations = i ? 10000 : 1, .points = 2},
        &r[i]);
    if (status != WEYL_OK) return status;
    for (size_t a = 0; a < K; a++)
      for (size_t b = 0; b < K; b++) {
        double sum = 0;
        for (size_t c = 0; c < N; c++)
          sum += r[i].f[c * K + a] * r[i].f[c * K + b] - r[i].g[c * K + a] * r[i].g[c * K + b];
        delta[i][a * K + b] = sum;
      }
    weyl_sense_result_free(s->ctx, &r[i]);
  }
  for (size_t i = 0; i < K * K; i++) moved += (delta[1][i] - delta[0][i]) * (delta[1][i] - delta[0][i]);
  *ours = sqrt(moved / dense_squares(K * K, delta[0]));
  BUDGET("eta = 1e-3, 1e4 steps");
  return WEYL_OK;
}

/* ---- preconditioned ---- */

static weyl_status steps(weyl_context *ctx, const char *method, double eta, double kappa, double *out) {
  const double sigma[3] = {1, kappa > 1 ? 0.1 : 1, 1 / kappa};
  weyl_sense_result r;
  WEYL_TRY(once(ctx, "population", N, 3, sigma, 0,
                (weyl_sense_opts){.method = method,
                                  .k = 3,
                                  .eta = eta,
                                  .start = "near",
                                  .alpha = 0.05 / kappa,
                                  .iterations = 10000,
                                  .points = 10001,
                                  .even = true},
                &r));
  *out = NAN;
  for (size_t i = r.points; i-- > 0 && r.error2_at[i] < 1e-20;) *out = r.t[i];
  weyl_sense_result_free(ctx, &r);
  return WEYL_OK;
}

static weyl_status scaled(weyl_sense_checks *s, double *ours, char budget[64]) {
  double at[2];
  WEYL_TRY(steps(s->ctx, "scaled-gd", 0.5, 1, &at[0]));
  WEYL_TRY(steps(s->ctx, "scaled-gd", 0.5, 100, &at[1]));
  *ours = fmax(at[0], at[1]);
  BUDGET("kappa 1: %g, kappa 100: %g", at[0], at[1]);
  return WEYL_OK;
}

static weyl_status plain_ratio(weyl_sense_checks *s, double *ours, char budget[64]) {
  double at[2];
  WEYL_TRY(steps(s->ctx, "gd", 0.25, 1, &at[0]));
  WEYL_TRY(steps(s->ctx, "gd", 0.25, 100, &at[1]));
  *ours = at[1] / at[0];
  BUDGET("kappa 1: %g, kappa 100: %g", at[0], at[1]);
  return WEYL_OK;
}

static weyl_status prec(weyl_sense_checks *s, double *ours, char budget[64]) {
  *ours = 0;
  for (int i = 0; i < 2; i++) {
    weyl_sense_result r;
    WEYL_TRY(once(s->ctx, "population", N, 3, ones, 0,
                  (weyl_sense_opts){.method = "prec-gd",
                                    .k = 5,
                                    .symmetric = true,
                                    .eta = 0.2,
                                    .eta_before = 0.1,
                                    .lambda = 1,
                                    .trigger = 0.3 / sqrt(3),
                                    .alpha = i ? 0.05 : 0.2,
                                    .iterations = 200},
                  &r));
    *ours = fmax(*ours, r.error2);
    weyl_sense_result_free(s->ctx, &r);
  }
  BUDGET("alpha .2 and .05, t = 200");
  return WEYL_OK;
}

/* ---- others ---- */

static weyl_status nuclear(weyl_context *ctx, const char *method, double *ours, char budget[64]) {
  weyl_sense_result r;
  WEYL_TRY(
      once(ctx, "gaussian", N, 2, ones, 1000, (weyl_sense_opts){.method = method, .iterations = 400, .points = 3}, &r));
  *ours = sqrt(r.error2 / 2);
  weyl_sense_result_free(ctx, &r);
  BUDGET("m = 1000, 400 steps");
  return WEYL_OK;
}

static weyl_status fista(weyl_sense_checks *s, double *ours, char budget[64]) {
  return nuclear(s->ctx, "fista", ours, budget);
}
static weyl_status svt(weyl_sense_checks *s, double *ours, char budget[64]) {
  return nuclear(s->ctx, "svt", ours, budget);
}

static weyl_status large(weyl_sense_checks *s, double *ours, char budget[64]) {
  const size_t n = s->full ? 100000 : 20000, m = s->full ? 10000000 : 1000000;
  weyl_sense_result r;
  WEYL_TRY(once(s->ctx, "entries", n, 3, ones, m,
                (weyl_sense_opts){.k = 5, .eta = 0.3, .alpha = 0.3, .iterations = 300, .points = 2}, &r));
  *ours = r.seconds / (double)r.iterations;
  snprintf(budget, 64, "n = %zu, m = %zu, residual %.1e, %.0f MiB", n, m, r.residual,
           (double)weyl_peak_rss() / 1048576);
  weyl_sense_result_free(s->ctx, &r);
  return WEYL_OK;
}

static const struct {
  weyl_sense_check shown;
  weyl_status (*run)(weyl_sense_checks *s, double *ours, char budget[64]);
} checks[] = {
    {{"operators", "adjoint gap", 0, 0, 1e-12, "lower", "sheet 9.1"}, adjoint},
    {{"operators", "mean |A(M)|^2", 1, 0.98, 1.02, "lower", "sheet 9.2"}, isotropy},
    {{"symmetric, k = 3", "error^2", NAN, 0, 1e-28, "lower", "sheet 6"}, symmetric_exact},
    {{"symmetric, k = 4", "prefactor", 0.991, 0.96, 1, "higher", "sheet 2.5"}, prefactor_4},
    {{"symmetric, k = 5", "prefactor", 0.993, 0.96, 1, "higher", "sheet 2.5"}, prefactor_5},
    {{"symmetric, k = 8", "prefactor", 0.991, 0.96, 1, "higher", "sheet 2.5"}, prefactor_8},
    {{"symmetric, k = 5", "log-log slope", -2, -2.03, -1.97, "lower", "sheet 6; T^-2 of the paper"}, symmetric_slope},
    {{"asymmetric, k = 3", "error^2", 1e-14, 0, 1e-12, "lower", "sheet 6"}, asymmetric_exact},
    {{"asymmetric, k = 5", "rate, alpha doubled", 4, 3, 5, "higher", "exp(-c alpha^2 T) of the paper"}, doubling},
    {{"asymmetric, balanced", "log-log slope", -2, -2.03, -1.97, "lower", "sheet 6"}, balanced},
    {{"asymmetric, k = 5", "drift of F^T F - G^T G", NAN, 0, 1e-2, "lower", "sheet 9.5"}, conserved},
    {{"modified, beta = .5", "rate", 0.051, 0.049, 0.053, "higher", "sheet 2.5"}, modified_half},
    {{"modified, beta = .9", "rate", 0.17, 0.155, 0.185, "higher", "sheet 2.5"}, modified_nine},
    {{"modified, beta = .5", "rate, alpha .2 to .05", 1, 0.9, 1.1, "higher", "sheet 6"}, modified_ratio},
    {{"scaled-gd", "steps to 1e-10", 31, 1, 60, "lower", "sheet 9.8"}, scaled},
    {{"gd", "steps, kappa 100 to 1", 85.6, 30, 1e4, "lower", "sheet 9.8"}, plain_ratio},
    {{"prec-gd, k = 5", "error^2", 4.5e-25, 0, 1e-20, "lower", "sheet 6"}, prec},
    {{"fista", "relative error", NAN, 0, 1e-3, "lower", "sheet 9.9"}, fista},
    {{"svt", "relative error", NAN, 0, 1e-3, "lower", "sheet 9.9"}, svt},
    {{"entries, k = 5", "seconds a step", NAN, 0, 0.5, "lower", "sheet 9.10"}, large},
};

#define CHECKS (sizeof checks / sizeof *checks)

const weyl_sense_check *weyl_sense_check_at(size_t i) { return i < CHECKS ? &checks[i].shown : NULL; }

weyl_status weyl_sense_checks_new(weyl_context *ctx, bool full, weyl_sense_checks **out) {
  weyl_sense_checks *s = weyl_alloc(ctx, 1, sizeof *s);
  if (!s) return WEYL_MEMORY;
  s->ctx = ctx;
  s->full = full;
  *out = s;
  return WEYL_OK;
}

void weyl_sense_checks_free(weyl_sense_checks *s) {
  if (s) weyl_dealloc(s->ctx, s);
}

weyl_status weyl_sense_check_run(weyl_sense_checks *s, size_t i, double *ours, char budget[64]) {
  if (i >= CHECKS) return weyl_fail(s->ctx, WEYL_BAD_ARG, "check %zu: there are %zu", i, CHECKS);
  budget[0] = '\0';
  return checks[i].run(s, ours, budget);
}
