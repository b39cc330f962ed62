/* Singular values: identities for all shapes, deficient ranks, known values, refusals. */
#include "kernels_test.h"

/* a = u diag(s) vt, u^T u = 1, vt vt^T = 1, s descending. */
static void check_svd(size_t m, size_t n, const double *a) {
  const size_t r = m < n ? m : n;
  double *u = malloc(m * r * sizeof *u), *s = malloc(r * sizeof *s), *vt = malloc(r * n * sizeof *vt), size = 0;
  for (size_t i = 0; i < m * n; i++) size = fmax(size, fabs(a[i]));
  if (size == 0) size = 1;
  assert_int_equal(weyl_svd(NULL, m, n, a, u, s, vt), WEYL_OK);
  const double allowed = 20 * DBL_EPSILON * (double)(m + n);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t p = 0; p < r; p++) sum += u[i * r + p] * (s[p] / size) * vt[p * n + j];
      if (!(fabs(sum - a[i * n + j] / size) <= allowed)) fail_msg("%zu x %zu: place %zu %zu", m, n, i, j);
    }
  for (size_t p = 0; p < r; p++) {
    assert_true(s[p] >= 0);
    if (p) assert_true(s[p] <= s[p - 1]);
    for (size_t q = 0; q <= p; q++) {
      double uu = 0, vv = 0;
      for (size_t i = 0; i < m; i++) uu += u[i * r + p] * u[i * r + q];
      for (size_t j = 0; j < n; j++) vv += vt[p * n + j] * vt[q * n + j];
      if (!(fabs(uu - (p == q)) <= allowed)) fail_msg("%zu x %zu: u %zu %zu: %g", m, n, p, q, uu);
      if (!(fabs(vv - (p == q)) <= allowed)) fail_msg("%zu x %zu: vt %zu %zu: %g", m, n, p, q, vv);
    }
  }
  free(u);
  free(s);
  free(vt);
}

static void identities(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "svd");
  for (size_t m = 1; m <= 22; m++)
    for (size_t n = 1; n <= 22; n++) {
      double *a = random_array(&rng, F64, m * n, -1, 1);
      check_svd(m, n, a);
      const double scale = (m + n) % 2 ? 1e-180 : 1e180;
      for (size_t i = 0; i < m * n; i++) a[i] *= scale;
      check_svd(m, n, a);
      free(a);
    }
  static const size_t long_ones[][2] = {{500, 3}, {3, 500}, {200, 16}, {100, 17}, {17, 100}, {1, 300}};
  for (size_t i = 0; i < 6; i++) {
    double *a = random_array(&rng, F64, long_ones[i][0] * long_ones[i][1], -1, 1);
    check_svd(long_ones[i][0], long_ones[i][1], a);
    free(a);
  }
}

/* Ranks from 0 up: what belongs to zero singular values still is orthonormal. */
static void deficient(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "deficient");
  for (size_t m = 1; m <= 20; m += 3)
    for (size_t n = 1; n <= 20; n += 2)
      for (size_t rank = 0; rank < 5; rank++) {
        double *a = calloc(m * n, sizeof *a);
        for (size_t p = 0; p < rank; p++)
          for (size_t i = 0; i < m; i++) {
            const double x = weyl_rng_normal(&rng);
            for (size_t j = 0; j < n; j++) a[i * n + j] += x * cos((double)(j * p + 1));
          }
        check_svd(m, n, a);
        free(a);
      }
  double zero_column[12] = {1, 0, 2, 3, 0, 4, 5, 0, 6, 7, 0, 8}, axes[12] = {0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1};
  check_svd(4, 3, zero_column);
  check_svd(4, 3, axes);
  check_svd(3, 4, axes);
}

static void known_values(void **state) {
  (void)state;
  const double a[4] = {3, 0, 4, 5}; /* 3 sqrt 5, sqrt 5: Golub & Van Loan */
  double u[4], s[2], vt[4];
  assert_int_equal(weyl_svd(NULL, 2, 2, a, u, s, vt), WEYL_OK);
  assert_true(fabs(s[0] - 3 * sqrt(5)) < 1e-14 && fabs(s[1] - sqrt(5)) < 1e-14);

  /* Laeuchli: 1, d, d with a tiny d keeps its small singular values, which a^T a would lose */
  const double d = 1e-10, tall[8] = {1, 1, d, 0, 0, d, 0, 0};
  double u2[8];
  assert_int_equal(weyl_svd(NULL, 4, 2, tall, u2, s, vt), WEYL_OK);
  assert_true(fabs(s[0] - sqrt(2 + d * d)) < 1e-15 && fabs(s[1] - d) < 1e-15 * 10 && s[1] > 0.99 * d);
}

static void refusals(void **state) {
  (void)state;
  weyl_context *ctx = NULL;
  assert_int_equal(weyl_context_new(NULL, &ctx), WEYL_OK);
  enum { N = 20 };
  double a[N * N] = {0}, u[N * N] = {7}, s[N] = {7}, vt[N * N] = {7};
  a[5] = NAN;
  assert_int_equal(weyl_svd(ctx, 3, 4, a, u, s, vt), WEYL_NUMERIC);
  assert_non_null(strstr(weyl_message(ctx), "3x4"));
  assert_int_equal(weyl_svd(ctx, N, N, a, u, s, vt), WEYL_NUMERIC);
  a[5] = 1;
  for (uint64_t i = 1; i <= 4; i++) {
    weyl_context_fail_allocation(ctx, i);
    assert_int_equal(weyl_svd(ctx, N, N, a, u, s, vt), WEYL_MEMORY);
    assert_true(weyl_memory_used(ctx) == 0);
  }
  weyl_context_fail_allocation(ctx, 0);
  assert_true(u[0] == 7 && s[0] == 7 && vt[0] == 7);
  weyl_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(identities),
      cmocka_unit_test(deficient),
      cmocka_unit_test(known_values),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
