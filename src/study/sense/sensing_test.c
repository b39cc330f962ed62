/* Measurement operators: adjoints, isotropy, factors against matrices, the same numbers on any number of threads. */
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

static void fill(weyl_rng *rng, size_t n, double *x) {
  for (size_t i = 0; i < n; i++) x[i] = weyl_rng_normal(rng);
}

static double norm(size_t n, const double *x) { return sqrt(dense_squares(n, x)); }

static const char *kind_at(size_t i) { return weyl_sensing_known(i, NULL); }

/* |<A(M), y> - <M, A*(y)>| <= 1e-12 |A(M)| |y|, symmetric or not (sheet 9.1) */
static void test_adjoint(void **state) {
  (void)state;
  enum { N1 = 13, N2 = 11, M = 60 };
  for (size_t i = 0; kind_at(i); i++) {
    for (int symmetric = 0; symmetric < 2; symmetric++) {
      const size_t n2 = symmetric ? N1 : N2;
      weyl_sensing *a = NULL;
      assert_ok(ctx, weyl_sensing_new(ctx, kind_at(i), &(weyl_sensing_opts){N1, n2, M, symmetric, 3}, &a));
      const size_t m = weyl_sensing_count(a);
      double matrix[N1 * N1], back[N1 * N1], y[N1 * N1], ay[N1 * N1];
      weyl_rng rng = weyl_rng_new(7 + i, "adjoint");
      fill(&rng, N1 * n2, matrix);
      fill(&rng, m, y);
      assert_ok(ctx, weyl_sensing_apply(a, matrix, ay));
      assert_ok(ctx, weyl_sensing_adjoint(a, y, back));
      const double left = dense_dot(m, ay, y), right = dense_dot(N1 * n2, matrix, back);
      if (!(fabs(left - right) <= 1e-12 * norm(N1 * n2, matrix) * norm(m, y)))
        fail_msg("%s, symmetric %d: %.17g, adjoint %.17g", kind_at(i), symmetric, left, right);
      if (symmetric) {
        for (size_t r = 0; r < N1; r++)
          for (size_t c = 0; c < r; c++) assert_close(back[r * N1 + c], back[c * N1 + r], 0);
      }
      weyl_sensing_free(a);
    }
  }
}

/* The mean over random unit matrices of rank 3 of |A(M)|^2 is 1 within 0.02, m = 2000 (sheet 9.2) */
static void test_isotropy(void **state) {
  (void)state;
  enum { N = 50, R = 3, M = 2000, TRIALS = 200 };
  double *matrix = malloc(N * N * sizeof *matrix), *y = malloc(N * N * sizeof *y);
  for (size_t i = 0; kind_at(i); i++) {
    if (strcmp(kind_at(i), "regenerated") == 0) continue; /* has the numbers of gaussian */
    for (int symmetric = 0; symmetric < 2; symmetric++) {
      weyl_sensing *a = NULL;
      const size_t wanted =
          symmetric && (strcmp(kind_at(i), "hadamard") == 0 || strcmp(kind_at(i), "fourier") == 0) ? 1000 : M;
      assert_ok(ctx, weyl_sensing_new(ctx, kind_at(i), &(weyl_sensing_opts){N, N, wanted, symmetric, 1}, &a));
      weyl_rng rng = weyl_rng_new(11, "isotropy");
      double sum = 0, f[N * R], g[N * R];
      for (int t = 0; t < TRIALS; t++) {
        fill(&rng, N * R, f);
        fill(&rng, N * R, g);
        for (size_t r = 0; r < N; r++)
          for (size_t c = 0; c < N; c++) matrix[r * N + c] = dense_dot(R, f + r * R, (symmetric ? f : g) + c * R);
        const double length = norm(N * N, matrix);
        for (size_t e = 0; e < N * N; e++) matrix[e] /= length;
        assert_ok(ctx, weyl_sensing_apply(a, matrix, y));
        sum += dense_squares(weyl_sensing_count(a), y);
      }
      /* P and Q are one draw for all trials: sqrt(2 / p) and the like stays */
      const double tolerance = strcmp(kind_at(i), "kronecker") == 0 ? 0.06 : 0.02;
      if (!(fabs(sum / TRIALS - 1) <= tolerance))
        fail_msg("%s, symmetric %d: mean of |A(M)|^2 is %.4f", kind_at(i), symmetric, sum / TRIALS);
      weyl_sensing_free(a);
    }
  }
  free(matrix);
  free(y);
}

/* Factors give what the matrix gives; gradients are those of (1/2)|A(F G^T) - y|^2 by differences (sheet 9.3). */
static void test_factors(void **state) {
  (void)state;
  enum { N1 = 12, N2 = 9, K = 3, M = 70 };
  for (size_t i = 0; kind_at(i); i++) {
    for (int symmetric = 0; symmetric < 2; symmetric++) {
      const size_t n2 = symmetric ? N1 : N2;
      weyl_sensing *a = NULL;
      assert_ok(ctx, weyl_sensing_new(ctx, kind_at(i), &(weyl_sensing_opts){N1, n2, M, symmetric, 5}, &a));
      const size_t m = weyl_sensing_count(a);
      double f[N1 * K], g[N1 * K], matrix[N1 * N1], y[N1 * N1], y2[N1 * N1], s[N1 * N1], s_g[N1 * K], st_f[N1 * K];
      weyl_rng rng = weyl_rng_new(5 + i, "factors");
      fill(&rng, N1 * K, f);
      fill(&rng, n2 * K, g);
      if (symmetric) memcpy(g, f, sizeof f);
      const double *other = symmetric ? f : g;
      for (size_t r = 0; r < N1; r++)
        for (size_t c = 0; c < n2; c++) matrix[r * n2 + c] = dense_dot(K, f + r * K, other + c * K);
      assert_ok(ctx, weyl_sensing_apply(a, matrix, y));
      assert_ok(ctx, weyl_sensing_apply_factors(a, K, f, other, y2));
      for (size_t e = 0; e < m; e++) assert_close(y[e], y2[e], 1e-12 * norm(m, y));
      fill(&rng, m, y2);
      assert_ok(ctx, weyl_sensing_adjoint(a, y2, s));
      assert_ok(ctx, weyl_sensing_adjoint_factors(a, K, y2, f, other, s_g, st_f));
      for (size_t r = 0; r < N1; r++)
        for (size_t c = 0; c < K; c++) {
          double want = 0;
          for (size_t j = 0; j < n2; j++) want += s[r * n2 + j] * other[j * K + c];
          assert_close(s_g[r * K + c], want, 1e-11 * norm(N1 * n2, s) * norm(K * n2, other));
        }
      for (size_t r = 0; r < n2; r++)
        for (size_t c = 0; c < K; c++) {
          double want = 0;
          for (size_t j = 0; j < N1; j++) want += s[j * n2 + r] * f[j * K + c];
          assert_close(st_f[r * K + c], want, 1e-11 * norm(N1 * n2, s) * norm(K * N1, f));
        }
      /* the gradient, against differences along a random direction */
      double residual2, up, down, df[N1 * K], dg[N1 * K], moved[2][N1 * K];
      assert_ok(ctx, sensing_bind(a, y2));
      assert_ok(ctx, sensing_gradient(a, K, f, other, s_g, st_f, &residual2));
      fill(&rng, N1 * K, df);
      fill(&rng, n2 * K, dg);
      const double h = 1e-5;
      double slope = symmetric ? dense_dot(N1 * K, s_g, df) : dense_dot(N1 * K, s_g, df) + dense_dot(n2 * K, st_f, dg);
      double ends[2];
      for (int side = 0; side < 2; side++) {
        for (size_t e = 0; e < N1 * K; e++) moved[0][e] = f[e] + (side ? -h : h) * df[e];
        for (size_t e = 0; e < n2 * K; e++) moved[1][e] = g[e] + (side ? -h : h) * dg[e];
        assert_ok(ctx, weyl_sensing_apply_factors(a, K, moved[0], symmetric ? moved[0] : moved[1], y));
        for (size_t e = 0; e < m; e++) y[e] -= y2[e];
        ends[side] = dense_squares(m, y);
      }
      up = ends[0];
      down = ends[1];
      const double difference = (symmetric ? 0.25 : 0.5) * (up - down) / (2 * h);
      if (!(fabs(difference - slope) <= 1e-6 * fabs(slope)))
        fail_msg("%s, symmetric %d: slope %.12g, by differences %.12g", kind_at(i), symmetric, slope, difference);
      weyl_sensing_free(a);
    }
  }
}

static void test_threads(void **state) {
  (void)state;
  enum { N = 40, K = 4, M = 900 };
  for (size_t i = 0; kind_at(i); i++) {
    double kept[2][2 * N * K], residual2[2];
    for (int threads = 0; threads < 2; threads++) {
      weyl_context *own = test_context(1 + 2 * threads);
      weyl_sensing *a = NULL;
      assert_ok(own, weyl_sensing_new(own, kind_at(i), &(weyl_sensing_opts){N, N, M, false, 5}, &a));
      double *y = malloc(N * N * sizeof *y), f[2 * N * K];
      weyl_rng rng = weyl_rng_new(5, "threads");
      fill(&rng, weyl_sensing_count(a), y);
      fill(&rng, 2 * N * K, f);
      assert_ok(own, sensing_bind(a, y));
      assert_ok(own, sensing_gradient(a, K, f, f + N * K, kept[threads], kept[threads] + N * K, &residual2[threads]));
      weyl_sensing_free(a);
      free(y);
      test_context_free(own);
    }
    if (memcmp(kept[0], kept[1], sizeof kept[0]) != 0 || residual2[0] != residual2[1])
      fail_msg("%s: one and three threads differ", kind_at(i));
  }
}

/* The stored and the regenerated matrices are the same. */
static void test_regenerated(void **state) {
  (void)state;
  enum { N = 30, M = 200 };
  double matrix[N * N], y[2][M];
  weyl_rng rng = weyl_rng_new(1, "regenerated");
  fill(&rng, N * N, matrix);
  for (int i = 0; i < 2; i++) {
    weyl_sensing *a = NULL;
    assert_ok(ctx, weyl_sensing_new(ctx, i ? "regenerated" : "gaussian", &(weyl_sensing_opts){N, N, M, false, 9}, &a));
    assert_ok(ctx, weyl_sensing_apply(a, matrix, y[i]));
    weyl_sensing_free(a);
  }
  for (size_t i = 0; i < M; i++) assert_close(y[0][i], y[1][i], 1e-12 * N);
}

static void test_refused(void **state) {
  (void)state;
  weyl_sensing *a = NULL;
  assert_says(ctx, weyl_sensing_new(ctx, "gausian", &(weyl_sensing_opts){5, 5, 5, false, 0}, &a), WEYL_UNKNOWN,
              "did you mean \"gaussian\"");
  assert_says(ctx, weyl_sensing_new(ctx, "gaussian", &(weyl_sensing_opts){5, 6, 5, true, 0}, &a), WEYL_BAD_ARG, "5x6");
  assert_says(ctx, weyl_sensing_new(ctx, "gaussian", &(weyl_sensing_opts){5, 5, 0, false, 0}, &a), WEYL_BAD_ARG,
              "0 meas");
  assert_says(ctx, weyl_sensing_new(ctx, "entries", &(weyl_sensing_opts){5, 5, 26, false, 0}, &a), WEYL_BAD_ARG, "26");
  assert_says(ctx, weyl_sensing_new(ctx, "fourier", &(weyl_sensing_opts){5, 5, 26, false, 0}, &a), WEYL_BAD_ARG, "26");
  const int32_t row[3] = {0, 1, 0}, column[3] = {2, 1, 2};
  assert_says(ctx, weyl_sensing_entries(ctx, 3, 3, 3, row, column, false, &a), WEYL_BAD_ARG, "given twice");
  assert_says(ctx, weyl_sensing_entries(ctx, 3, 2, 3, row, column, false, &a), WEYL_BAD_ARG, "column 2 of a 3x2");
  assert_null(a);
}

static int set_up(void **state) {
  (void)state;
  ctx = test_context(2);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_adjoint),     cmocka_unit_test(test_isotropy),
                                     cmocka_unit_test(test_factors),     cmocka_unit_test(test_threads),
                                     cmocka_unit_test(test_regenerated), cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
