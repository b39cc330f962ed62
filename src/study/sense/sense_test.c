/* The sheet's numbers for runs: laws, rates, the rebalancing step, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sensing.h"

#include "property.h"

#include <math.h>
#include <string.h>

static weyl_context *ctx;

typedef struct problem {
  weyl_sensing *a;
  weyl_sense_truth truth;
  double *y;
} problem;

static problem problem_new(const char *kind, size_t n, size_t r, const double *sigma, size_t m, bool symmetric,
                           bool haar) {
  problem p = {0};
  assert_ok(ctx, weyl_sensing_new(ctx, kind, &(weyl_sensing_opts){n, n, m, symmetric, 1}, &p.a));
  assert_ok(ctx, weyl_sense_truth_new(ctx, n, n, r, sigma, symmetric, haar, 1, &p.truth));
  p.y = malloc(weyl_sensing_count(p.a) * sizeof *p.y);
  assert_ok(ctx, weyl_sense_measure(p.a, &p.truth, 0, 1, p.y));
  return p;
}

static void problem_free(problem *p) {
  weyl_sensing_free(p->a);
  weyl_sense_truth_free(ctx, &p->truth);
  free(p->y);
}

static weyl_sense_result run(const problem *p, weyl_sense_opts o) {
  weyl_sense_result r;
  assert_ok(ctx, weyl_sense_run(ctx, p->a, p->y, &o, &p->truth, &r));
  return r;
}

static const double ones[3] = {1, 1, 1};

/* (S1): error^2 4 eta^2 t^2 / (k - r) -> 1, slope -2; here a tenth of the sheet's time, so 0.9 of the way (the whole is
 * in `weyl reproduce`). k = r: below 1e-28 at t = 400. */
static void test_symmetric(void **state) {
  (void)state;
  problem p = problem_new("population", 50, 3, ones, 0, true, false);
  weyl_sense_opts o = {.k = 3, .symmetric = true, .alpha = 0.2, .eta = 0.1, .iterations = 400};
  weyl_sense_result r = run(&p, o);
  assert_true(r.error2 < 1e-28);
  weyl_sense_law law;
  assert_ok(ctx, weyl_sense_law_find(ctx, r.points, r.t, r.error2_at, &law));
  assert_string_equal(law.name, "linear");
  weyl_sense_result_free(ctx, &r);
  for (size_t k = 4; k <= 8; k += 4) {
    o.k = k;
    o.iterations = 8000;
    r = run(&p, o);
    const double t = 8000, ratio = r.error2 * 4 * 0.01 * t * t / (double)(k - 3);
    if (!(ratio > 0.93 && ratio < 1)) fail_msg("k = %zu: %.4f of the law", k, ratio);
    assert_ok(ctx, weyl_sense_law_find(ctx, r.points, r.t, r.error2_at, &law));
    assert_string_equal(law.name, "power");
    assert_close(law.slope, -1.9, 0.08);
    assert_true(law.r2 > 0.999);
    weyl_sense_result_free(ctx, &r);
  }
  problem_free(&p);
}

/* The rate after the rebalancing step is that of beta, not of alpha (sheet 2.5: .051 for beta = .5). */
static void test_modified(void **state) {
  (void)state;
  problem p = problem_new("population", 50, 3, ones, 0, false, false);
  double rate[2];
  for (int i = 0; i < 2; i++) {
    weyl_sense_result r = run(&p, (weyl_sense_opts){.method = "modified",
                                                    .k = 5,
                                                    .eta = 0.1,
                                                    .alpha = i ? 0.05 : 0.2,
                                                    .beta = 0.5,
                                                    .trigger = 0.3 / sqrt(3),
                                                    .iterations = 900,
                                                    .even = true});
    assert_true(r.switched > 0 && r.error2 < (i ? 1e-23 : 1e-21));
    weyl_sense_law law;
    assert_ok(ctx, weyl_sense_law_find(ctx, r.points, r.t, r.error2_at, &law));
    assert_string_equal(law.name, "linear");
    rate[i] = -law.slope;
    assert_close(rate[i], -2 * log(1 - 0.1 * 0.25), 0.003);
    weyl_sense_result_free(ctx, &r);
  }
  assert_close(rate[0] / rate[1], 1, 0.1);
  /* chosen by itself, beta is 0.7 sqrt(sigma_3) */
  weyl_sense_result r =
      run(&p, (weyl_sense_opts){.method = "modified", .k = 5, .eta = 0.1, .alpha = 0.2, .iterations = 900});
  assert_close(r.beta, 0.7, 0.05);
  assert_true(r.error2 < 1e-20);
  weyl_sense_result_free(ctx, &r);
  problem_free(&p);
}

/* Asymmetric, k > r: exp(-c eta alpha^2 t); four times the rate for twice the alpha. Balanced: the symmetric law. */
static void test_asymmetric(void **state) {
  (void)state;
  problem p = problem_new("population", 50, 3, ones, 0, false, false);
  double rate[2];
  for (int i = 0; i < 2; i++) {
    weyl_sense_result r =
        run(&p, (weyl_sense_opts){.k = 5, .eta = 0.1, .alpha = i ? 0.4 : 0.2, .iterations = 3000, .even = true});
    weyl_sense_law law;
    assert_ok(ctx, weyl_sense_law_find(ctx, r.points, r.t, r.error2_at, &law));
    assert_string_equal(law.name, "linear");
    rate[i] = -law.slope;
    weyl_sense_result_free(ctx, &r);
  }
  if (!(rate[1] / rate[0] > 3 && rate[1] / rate[0] < 5)) fail_msg("rates %g and %g", rate[0], rate[1]);
  weyl_sense_result r =
      run(&p, (weyl_sense_opts){.k = 5, .eta = 0.1, .alpha = 0.2, .start = "balanced", .iterations = 8000});
  weyl_sense_law law;
  assert_ok(ctx, weyl_sense_law_find(ctx, r.points, r.t, r.error2_at, &law));
  assert_string_equal(law.name, "power");
  assert_close(law.slope, -2, 0.15);
  weyl_sense_result_free(ctx, &r);
  problem_free(&p);
}

/* F^T F - G^T G stays under small steps, and drifts in proportion to eta (sheet 9.5). */
static double drift(const problem *p, double eta, int64_t steps) {
  enum { N = 50, K = 5 };
  weyl_sense_result start = run(p, (weyl_sense_opts){.k = K, .alpha = 0.5, .eta = 1e-12, .iterations = 1, .points = 2}),
                    end = run(p, (weyl_sense_opts){.k = K, .alpha = 0.5, .eta = eta, .iterations = steps, .points = 2});
  double moved = 0, size = 0;
  for (size_t i = 0; i < K; i++)
    for (size_t j = 0; j < K; j++) {
      double before = 0, after = 0;
      for (size_t c = 0; c < N; c++) {
        before += start.f[c * K + i] * start.f[c * K + j] - start.g[c * K + i] * start.g[c * K + j];
        after += end.f[c * K + i] * end.f[c * K + j] - end.g[c * K + i] * end.g[c * K + j];
      }
      moved += (after - before) * (after - before);
      size += before * before;
    }
  weyl_sense_result_free(ctx, &start);
  weyl_sense_result_free(ctx, &end);
  return sqrt(moved / size);
}

static void test_conserved(void **state) {
  (void)state;
  problem p = problem_new("population", 50, 3, ones, 0, false, false);
  const double d = drift(&p, 1e-3, 10000), half = drift(&p, 5e-4, 20000);
  assert_true(d < 1e-2);
  assert_close(d / half, 2, 0.1);
  problem_free(&p);
}

/* Iterations until |E|_F < 1e-10. */
static int64_t until(const weyl_sense_result *r) {
  for (size_t i = 0; i < r->points; i++)
    if (r->error2_at[i] < 1e-20) return (int64_t)r->t[i];
  return INT64_MAX;
}

/* Sheet 9.8, and PrecGD's row of section 6. */
static void test_preconditioned(void **state) {
  (void)state;
  int64_t gd[2];
  for (int i = 0; i < 2; i++) {
    const double kappa = i ? 100 : 1, sigma[3] = {1, i ? 0.1 : 1, 1 / kappa};
    problem p = problem_new("population", 50, 3, sigma, 0, false, false);
    weyl_sense_opts o = {.method = "scaled-gd",
                         .k = 3,
                         .eta = 0.5,
                         .start = "near",
                         .alpha = 0.05 / kappa,
                         .iterations = 100,
                         .points = 102,
                         .even = true};
    weyl_sense_result r = run(&p, o);
    if (until(&r) > 60) fail_msg("scaled-gd, kappa %g: %lld steps", kappa, (long long)until(&r));
    weyl_sense_result_free(ctx, &r);
    o.method = "gd";
    o.eta = 0.25;
    o.iterations = o.points = 10000;
    r = run(&p, o);
    gd[i] = until(&r);
    weyl_sense_result_free(ctx, &r);
    problem_free(&p);
  }
  assert_true(gd[1] >= 30 * gd[0]);
  problem p = problem_new("population", 50, 3, ones, 0, true, false);
  for (int i = 0; i < 2; i++) {
    weyl_sense_result r = run(&p, (weyl_sense_opts){.method = "prec-gd",
                                                    .k = 5,
                                                    .symmetric = true,
                                                    .eta = 0.2,
                                                    .eta_before = 0.1,
                                                    .lambda = 1,
                                                    .trigger = 0.3 / sqrt(3),
                                                    .alpha = i ? 0.05 : 0.2,
                                                    .iterations = 200});
    if (!(r.error2 < 1e-20)) fail_msg("prec-gd: %g", r.error2);
    weyl_sense_result_free(ctx, &r);
  }
  problem_free(&p);
}

/* Every method finds a matrix of rank 2 from Gaussian measurements and from entries. */
static void test_methods(void **state) {
  (void)state;
  static const double sigma[2] = {1, 0.7};
  for (size_t i = 0; weyl_sense_method_known(i, NULL); i++) {
    const char *name = weyl_sense_method_known(i, NULL);
    const bool symmetric = strcmp(name, "prec-gd") == 0;
    for (int kind = 0; kind < 3; kind++) {
      static const char *const kinds[] = {"gaussian", "entries", "rank-one"};
      problem p = problem_new(kinds[kind], 30, 2, sigma, 500, symmetric, true);
      weyl_sense_opts o = {.method = name,
                           .k = 2,
                           .symmetric = symmetric,
                           .iterations = strcmp(name, "svt") == 0 ? 1500 : 600,
                           .points = 3};
      if (strcmp(name, "gd") == 0 || strcmp(name, "modified") == 0 || strcmp(name, "nesterov") == 0)
        o.eta = 0.1, o.iterations = 1500;
      weyl_sense_result r = run(&p, o);
      if (!(r.error2 < 2e-6))
        fail_msg("%s, %s: error^2 %g after %lld steps, residual %g", name, kinds[kind], r.error2,
                 (long long)r.iterations, r.residual);
      weyl_sense_result_free(ctx, &r);
      problem_free(&p);
    }
  }
}

/* Nuclear norm: n = 50, r = 2, m = 1000, relative error below 1e-3 (sheet 9.9). */
static void test_nuclear(void **state) {
  (void)state;
  static const double sigma[2] = {1, 1};
  problem p = problem_new("gaussian", 50, 2, sigma, 1000, false, true);
  for (int svt = 0; svt < 2; svt++) {
    const char *method = svt ? "svt" : "fista";
    weyl_sense_result r = run(&p, (weyl_sense_opts){.method = method, .iterations = 400, .points = 3});
    if (!(sqrt(r.error2 / 2) < 1e-3)) fail_msg("%s: relative error %g", method, sqrt(r.error2 / 2));
    weyl_sense_result_free(ctx, &r);
  }
  problem_free(&p);
}

static void test_law(void **state) {
  (void)state;
  enum { N = 200 };
  double t[N], e[N];
  weyl_sense_law law;
  for (int i = 0; i < N; i++) {
    t[i] = 1 + 50 * i;
    e[i] = 1e-3 * fmax(exp(-0.01 * t[i]), 1e-30);
  }
  assert_ok(ctx, weyl_sense_law_find(ctx, N, t, e, &law));
  assert_string_equal(law.name, "linear");
  assert_close(law.slope, -0.01, 1e-9);
  for (int i = 0; i < N; i++) e[i] = pow(1 + t[i] / 40, -1.5);
  assert_ok(ctx, weyl_sense_law_find(ctx, N, t, e, &law));
  assert_string_equal(law.name, "power");
  assert_close(law.slope, -1.5, 0.05);
  for (int i = 0; i < N; i++) e[i] = 1 + 0.1 * sin(i);
  assert_ok(ctx, weyl_sense_law_find(ctx, N, t, e, &law));
  assert_string_equal(law.name, "none");
  assert_true(isnan(law.slope));
  e[3] = NAN;
  assert_says(ctx, weyl_sense_law_find(ctx, N, t, e, &law), WEYL_BAD_ARG, "error 3");
  t[5] = t[4];
  assert_says(ctx, weyl_sense_law_find(ctx, N, t, e, &law), WEYL_BAD_ARG, "do not rise");
}

static void refused(const problem *p, weyl_sense_opts o, weyl_status status, const char *words) {
  weyl_sense_result r = {0};
  assert_says(ctx, weyl_sense_run(ctx, p->a, p->y, &o, &p->truth, &r), status, words);
  assert_null(r.f);
}

static void test_refused(void **state) {
  (void)state;
  problem p = problem_new("gaussian", 20, 3, ones, 100, false, false);
  refused(&p, (weyl_sense_opts){.k = 3}, WEYL_BAD_ARG, "100 measurements of a 20x20 matrix of rank 3, which has 111");
  problem_free(&p);
  p = problem_new("gaussian", 20, 3, ones, 300, false, false);
  refused(&p, (weyl_sense_opts){.k = 0}, WEYL_BAD_ARG, "k is 0, must be 1 to 20");
  refused(&p, (weyl_sense_opts){.k = 21}, WEYL_BAD_ARG, "k is 21");
  refused(&p, (weyl_sense_opts){.k = 3, .method = "gdd"}, WEYL_UNKNOWN, "did you mean");
  refused(&p, (weyl_sense_opts){.k = 3, .method = "prec-gd"}, WEYL_BAD_ARG, "symmetric");
  refused(&p, (weyl_sense_opts){.k = 3, .symmetric = true}, WEYL_BAD_ARG, "asymmetric measurements");
  refused(&p, (weyl_sense_opts){.k = 3, .eta = 50}, WEYL_NUMERIC, "diverges");
  refused(&p, (weyl_sense_opts){.k = 3, .eta = -1}, WEYL_BAD_ARG, "must be 0 or more");
  refused(&p, (weyl_sense_opts){.k = 3, .start = "here"}, WEYL_UNKNOWN, "no start");
  refused(&p, (weyl_sense_opts){.k = 6, .method = "scaled-gd", .start = "near", .alpha = 1e-15, .iterations = 5},
          WEYL_NUMERIC, "lambda");
  p.y[7] = NAN;
  refused(&p, (weyl_sense_opts){.k = 3}, WEYL_NUMERIC, "measurement 7 is");
  for (int i = 0; i < 300; i++) p.y[i] = 0;
  refused(&p, (weyl_sense_opts){.k = 3}, WEYL_DEGENERATE, "all measurements are 0");
  problem_free(&p);
  weyl_sense_truth t = {0};
  assert_says(ctx, weyl_sense_truth_new(ctx, 5, 4, 5, ones, false, false, 1, &t), WEYL_BAD_ARG, "rank 5 of a 5x4");
}

/* Each allocation fails once. */
static void test_memory(void **state) {
  (void)state;
  static const char *const names[] = {"gd", "modified", "alt-min", "fista", "gauss-newton"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    for (uint64_t n = 1;; n++) {
      problem p = problem_new("gaussian", 8, 2, ones, 60, false, false);
      weyl_sense_result r = {0};
      weyl_context_fail_allocation(ctx, n);
      const weyl_status status = weyl_sense_run(
          ctx, p.a, p.y, &(weyl_sense_opts){.method = names[i], .k = 2, .iterations = 5, .traces = 2}, &p.truth, &r);
      weyl_context_fail_allocation(ctx, 0);
      problem_free(&p);
      if (status == WEYL_OK) {
        weyl_sense_result_free(ctx, &r);
        break;
      }
      assert_status(ctx, status, WEYL_MEMORY);
    }
  }
}

/* The rebalancing step alone (sheet 9.6): F G^T as it was, F^T F = beta^2 I; nothing else moves at a step of 1e-300.
 * Redundant columns far below the others are no harder. */
static void test_rebalanced(void **state) {
  (void)state;
  enum { SIZE = 50, K = 5 };
  for (int i = 0; i < 3; i++) {
    const double alpha = (double[]){0.5, 1e-3, 1e-9}[i], beta = 0.7;
    problem p = problem_new("population", SIZE, 3, ones, 0, false, false);
    weyl_sense_opts o = {.k = K, .alpha = alpha, .eta = 1e-300, .iterations = 1, .points = 2, .start = "near"};
    weyl_sense_result before = run(&p, o);
    o.method = "modified";
    o.trigger = 10;
    o.beta = beta;
    weyl_sense_result after = run(&p, o);
    assert_int_equal(after.switched, 0);
    for (size_t a = 0; a < SIZE; a++)
      for (size_t b = 0; b < SIZE; b++)
        assert_close(dense_dot(K, after.f + a * K, after.g + b * K), dense_dot(K, before.f + a * K, before.g + b * K),
                     1e-12);
    for (size_t a = 0; a < K; a++)
      for (size_t b = 0; b < K; b++) {
        double sum = 0;
        for (size_t c = 0; c < SIZE; c++) sum += after.f[c * K + a] * after.f[c * K + b];
        assert_close(sum, a == b ? beta * beta : 0, 1e-12);
      }
    weyl_sense_result_free(ctx, &before);
    weyl_sense_result_free(ctx, &after);
    problem_free(&p);
  }
}

static int set_up(void **state) {
  (void)state;
  ctx = test_context(1);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_symmetric),  cmocka_unit_test(test_modified),  cmocka_unit_test(test_rebalanced),
      cmocka_unit_test(test_asymmetric), cmocka_unit_test(test_conserved), cmocka_unit_test(test_preconditioned),
      cmocka_unit_test(test_methods),    cmocka_unit_test(test_nuclear),   cmocka_unit_test(test_law),
      cmocka_unit_test(test_refused),    cmocka_unit_test(test_memory)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
