/* Linear systems, Cholesky factors and determinants. */
#include "kernels_test.h"

static void systems(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "solve");
  for (size_t n = 1; n <= 40; n++)
    for (size_t k = 1; k <= 5; k += 2) {
      double *a = random_array(&rng, F64, n * n, -1, 1), *x = random_array(&rng, F64, n * k, -1, 1);
      double *b = calloc(n * k, sizeof *b), *got = calloc(n * k, sizeof *got);
      for (size_t i = 0; i < n; i++)
        a[i * n + (i + 1) % n] += (double)n; /* well conditioned, and rows must be swapped */
      for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < n; p++)
          for (size_t c = 0; c < k; c++) b[i * k + c] += a[i * n + p] * x[p * k + c];
      assert_int_equal(weyl_solve(NULL, n, k, a, b, got), WEYL_OK);
      for (size_t i = 0; i < n * k; i++) assert_true(fabs(got[i] - x[i]) < 1e-13 * (double)(n + 3));
      assert_int_equal(weyl_solve(NULL, n, k, a, b, b), WEYL_OK); /* in place */
      assert_memory_equal(b, got, n * k * sizeof *b);
      free(a);
      free(x);
      free(b);
      free(got);
    }
  const double a[4] = {0, 1, 2, 0}, b[2] = {3, 4};
  double x[2];
  assert_int_equal(weyl_solve(NULL, 2, 1, a, b, x), WEYL_OK);
  assert_true(x[0] == 2 && x[1] == 3);
}

static void singular_systems(void **state) {
  (void)state;
  weyl_context *ctx = NULL;
  assert_int_equal(weyl_context_new(NULL, &ctx), WEYL_OK);
  for (size_t n = 2; n <= 20; n += 3) {
    double *a = calloc(n * n, sizeof *a), *b = calloc(n, sizeof *b);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) a[i * n + j] = cos((double)(i + 1)) * (double)(j + 1); /* rank one */
    b[0] = 7;
    assert_int_equal(weyl_solve(ctx, n, 1, a, b, b), WEYL_NUMERIC);
    assert_non_null(strstr(weyl_message(ctx), "singular"));
    weyl_message_clear(ctx);
    memset(a, 0, n * n * sizeof *a);
    assert_int_equal(weyl_solve(ctx, n, 1, a, b, b), WEYL_NUMERIC);
    for (size_t i = 0; i < n; i++) a[i * n + i] = 1;
    a[n * n - 1] = 1e-18;
    assert_int_equal(weyl_solve(ctx, n, 1, a, b, b), WEYL_NUMERIC); /* to working precision */
    a[n * n - 1] = 1e-9;
    assert_int_equal(weyl_solve(ctx, n, 1, a, b, b), WEYL_OK);
    assert_true(b[0] == 7);
    a[1] = INFINITY;
    assert_int_equal(weyl_solve(ctx, n, 1, a, b, b), WEYL_NUMERIC);
    a[1] = 0;
    b[1] = NAN;
    assert_int_equal(weyl_solve(ctx, n, 1, a, b, b), WEYL_NUMERIC);
    assert_true(b[0] == 7);
    free(a);
    free(b);
  }
  enum { N = 20 };
  double a[N * N] = {0}, b[N] = {7};
  for (size_t i = 0; i < N; i++) a[i * N + i] = 2;
  for (uint64_t i = 1; i <= 3; i++) {
    weyl_context_fail_allocation(ctx, i);
    assert_int_equal(weyl_solve(ctx, N, 1, a, b, b), WEYL_MEMORY);
    assert_true(weyl_memory_used(ctx) == 0 && b[0] == 7);
  }
  weyl_context_free(ctx);
}

static void factors(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "cholesky");
  for (size_t n = 1; n <= 40; n++) {
    double *g = random_array(&rng, F64, n * n, -1, 1), *a = calloc(n * n, sizeof *a), *l = calloc(n * n, sizeof *l);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        for (size_t p = 0; p < n; p++) a[i * n + j] += g[i * n + p] * g[j * n + p];
        if (i == j) a[i * n + j] += 1;
      }
    assert_int_equal(weyl_cholesky(NULL, n, a, l), WEYL_OK);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t p = 0; p < n; p++) sum += l[i * n + p] * l[j * n + p];
        assert_true(fabs(sum - a[i * n + j]) < 1e-14 * (double)(n + 1));
        if (j > i) assert_true(l[i * n + j] == 0);
      }
    l[0] = 77;
    a[n * n - 1] = -1; /* no longer positive definite */
    assert_int_equal(weyl_cholesky(NULL, n, a, l), WEYL_NUMERIC);
    a[n * n - 1] = NAN;
    assert_int_equal(weyl_cholesky(NULL, n, a, l), WEYL_NUMERIC);
    memset(a, 0, n * n * sizeof *a);
    assert_int_equal(weyl_cholesky(NULL, n, a, l), WEYL_NUMERIC);
    assert_true(l[0] == 77);
    free(g);
    free(a);
    free(l);
  }
}

static void determinants(void **state) {
  (void)state;
  const double a[9] = {2, 0, 1, 1, 3, 2, 1, 1, 4}, swapped[4] = {0, 1, 1, 0}, flat[4] = {1, 2, 2, 4},
               bad[4] = {1, 2, NAN, 4};
  assert_true(fabs(weyl_det(3, a) - 18) < 1e-13);
  assert_true(weyl_det(2, swapped) == -1);
  assert_true(weyl_det(2, flat) == 0);
  assert_true(isnan(weyl_det(2, bad)));
  assert_true(weyl_det(0, NULL) == 1);
  weyl_rng rng = weyl_rng_new(3, "det");
  for (size_t n = 1; n <= 30; n++) { /* Vandermonde-free: a triangle times a permutation, factors far out of range */
    double *t = calloc(n * n, sizeof *t);
    for (size_t i = 0; i < n; i++) {
      for (size_t j = i + 1; j < n; j++) t[((i + 1) % n) * n + j] = weyl_rng_uniform(&rng);
      t[((i + 1) % n) * n + i] = i % 2 ? 1e-120 : 1e120;
    }
    const double expected = (n % 2 ? 1e120 : 1) * (n % 2 ? 1 : -1); /* a cycle of n has the sign (-1)^(n-1) */
    assert_true(fabs(weyl_det(n, t) / expected - 1) < 1e-12);
    free(t);
  }
  for (size_t n = 90; n <= 91; n++) { /* by LAPACK: an even and an odd number of swaps, and a column that is missing */
    double *t = calloc(n * n, sizeof *t);
    for (size_t i = 0; i < n; i++) {
      for (size_t j = i + 1; j < n; j++) t[((i + 1) % n) * n + j] = 0.01 * weyl_rng_uniform(&rng);
      t[((i + 1) % n) * n + i] = i % 2 ? 2 : 0.5;
    }
    assert_true(fabs(weyl_det(n, t) / (n % 2 ? 0.5 : -1) - 1) < 1e-12);
    t[n] = 0;
    assert_true(weyl_det(n, t) == 0);
    free(t);
  }
  double big[4] = {1e200, 0, 0, 1e200}, small[4] = {1e-200, 0, 0, -1e-200};
  assert_true(weyl_det(2, big) == INFINITY);
  assert_true(weyl_det(2, small) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(systems),
      cmocka_unit_test(singular_systems),
      cmocka_unit_test(factors),
      cmocka_unit_test(determinants),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
