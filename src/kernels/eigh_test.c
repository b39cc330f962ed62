/* Eigenproblems: identities on random, degenerate and badly scaled matrices, known values, refusals. */
#include "kernels_test.h"

static double *random_symmetric(weyl_rng *rng, size_t n) {
  double *a = malloc(n * n * sizeof *a);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = weyl_rng_normal(rng);
  return a;
}

/* a v = v diag(w), v^T v = 1, w ascending, signs as promised. */
static void check_eigh(size_t n, const double *a) {
  double *w = malloc(n * sizeof *w), *v = malloc(n * n * sizeof *v), size = 0;
  for (size_t i = 0; i < n * n; i++) size = fmax(size, fabs(a[i]));
  assert_int_equal(weyl_eigh(NULL, n, a, w, v), WEYL_OK);
  const double allowed = 20 * DBL_EPSILON * (double)n;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double av = 0, vv = 0;
      for (size_t p = 0; p < n; p++) {
        av += (i >= p ? a[i * n + p] : a[p * n + i]) / (size > 0 ? size : 1) * v[p * n + j];
        vv += v[p * n + i] * v[p * n + j];
      }
      assert_true(fabs(av - w[j] / (size > 0 ? size : 1) * v[i * n + j]) <= allowed);
      assert_true(fabs(vv - (i == j)) <= allowed);
    }
  for (size_t j = 0; j < n; j++) {
    if (j) assert_true(w[j] >= w[j - 1]);
    size_t first = 0;
    for (size_t i = 1; i < n; i++)
      if (fabs(v[i * n + j]) > fabs(v[first * n + j]) + 1e-12) first = i;
    assert_true(v[first * n + j] > 0);
  }
  free(w);
  free(v);
}

static void identities(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "eigh");
  for (size_t n = 1; n <= 40; n++)
    for (int trial = 0; trial < 5; trial++) {
      double *a = random_symmetric(&rng, n);
      check_eigh(n, a);
      const double scale = trial % 2 ? 1e-200 : 1e200; /* squares would leave the range */
      for (size_t i = 0; i < n * n; i++) a[i] *= scale;
      check_eigh(n, a);
      free(a);
    }
}

static void degenerate(void **state) {
  (void)state;
  for (size_t n = 1; n <= 24; n++) {
    double *a = calloc(n * n, sizeof *a);
    check_eigh(n, a); /* zero */
    for (size_t i = 0; i < n; i++) a[i * n + i] = 3;
    check_eigh(n, a); /* a multiple of one */
    for (size_t i = 0; i < n * n; i++) a[i] = 1;
    check_eigh(n, a); /* of rank one: n - 1 zeros */
    for (size_t i = 0; i < n; i++) a[i * n + i] += 1e-13;
    check_eigh(n, a); /* nearly so */
    free(a);
  }
}

static void known_values(void **state) {
  (void)state;
  const double a[4] = {2, NAN, 1, 2}; /* only the lower triangle is read */
  double w[16], v[16];
  assert_int_equal(weyl_eigh(NULL, 2, a, w, v), WEYL_OK);
  assert_true(fabs(w[0] - 1) < 1e-15 && fabs(w[1] - 3) < 1e-15);
  const double h = sqrt(0.5), expected[4] = {h, h, -h, h}; /* of equal magnitudes the first is positive */
  for (size_t i = 0; i < 4; i++) assert_true(fabs(v[i] - expected[i]) < 1e-15);

  /* the chain 2, -1: eigenvalues 2 - 2 cos(pi j / (n + 1)) */
  for (size_t n = 2; n <= 64; n *= 2) {
    double *chain = calloc(n * n, sizeof *chain), *values = malloc(n * sizeof *values), *x = malloc(n * n * sizeof *x);
    for (size_t i = 0; i < n; i++) {
      chain[i * n + i] = 2;
      if (i) chain[i * n + i - 1] = chain[(i - 1) * n + i] = -1;
    }
    assert_int_equal(weyl_eigh(NULL, n, chain, values, x), WEYL_OK);
    for (size_t j = 0; j < n; j++)
      assert_true(fabs(values[j] - (2 - 2 * cos(acos(-1.0) * (double)(j + 1) / (double)(n + 1)))) < 1e-13);
    free(chain);
    free(values);
    free(x);
  }

  const double diagonal[9] = {3, 0, 0, 0, -1, 0, 0, 0, 2};
  assert_int_equal(weyl_eigh(NULL, 3, diagonal, w, v), WEYL_OK);
  assert_true(w[0] == -1 && w[1] == 2 && w[2] == 3 && v[3] == 1 && v[7] == 1 && v[2] == 1);
}

static void refusals(void **state) {
  (void)state;
  weyl_context *ctx = NULL;
  weyl_context_opts opts = weyl_context_defaults();
  opts.threads = 1;
  assert_int_equal(weyl_context_new(&opts, &ctx), WEYL_OK);
  for (size_t n = 3; n <= 20; n += 17) {
    double *a = calloc(n * n, sizeof *a), *w = calloc(n, sizeof *w), *v = calloc(n * n, sizeof *v);
    w[0] = v[0] = 7;
    const double bad[3] = {NAN, INFINITY, -INFINITY};
    for (size_t b = 0; b < 3; b++) {
      a[2 * n + 1] = bad[b];
      assert_int_equal(weyl_eigh(ctx, n, a, w, v), WEYL_NUMERIC);
      assert_non_null(strstr(weyl_message(ctx), "row 2"));
      weyl_message_clear(ctx);
    }
    assert_true(w[0] == 7 && v[0] == 7);
    a[2 * n + 1] = 0;
    if (n > 16) { /* no memory for LAPACK's copy */
      weyl_context_fail_allocation(ctx, 1);
      assert_int_equal(weyl_eigh(ctx, n, a, w, v), WEYL_MEMORY);
      weyl_context_fail_allocation(ctx, 2);
      assert_int_equal(weyl_eigh(ctx, n, a, w, v), WEYL_MEMORY);
      assert_true(w[0] == 7 && v[0] == 7 && weyl_memory_used(ctx) == 0);
      weyl_message_clear(ctx);
      weyl_context_fail_allocation(ctx, 0);
    }
    free(a);
    free(w);
    free(v);
  }
  assert_int_equal(weyl_eigh(ctx, 0, NULL, NULL, NULL), WEYL_OK);
  weyl_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(identities),
      cmocka_unit_test(degenerate),
      cmocka_unit_test(known_values),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
