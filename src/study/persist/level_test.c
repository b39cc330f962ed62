/* Levels, and numeric distributions of the process itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "property.h"

static weyl_context *ctx;
static const double PI = 3.14159265358979323846;

static weyl_covariance *named(const char *text) {
  weyl_covariance *c = NULL;
  assert_ok(ctx, weyl_covariance_parse(ctx, text, &c));
  return c;
}

static double normal_below(double x) { return 0.5 * erfc(-x / sqrt(2)); }

static const char *const names[] = {"diffusion:1", "diffusion:2", "random-acceleration", "matern:2.5", "gaussian"};
enum { NAMES = sizeof names / sizeof *names };

static void zero_is_the_old_one(void **state) {
  (void)state;
  for (size_t i = 0; i < NAMES; i++) {
    weyl_covariance *c = named(names[i]);
    const double mu = weyl_covariance_mean(c);
    for (double t = 1e-6 * mu; t < 10 * mu; t *= 1.3) {
      double up, down;
      weyl_persist_above(c, 0, t, &up, &down);
      assert_close(2 * up - 1, weyl_clipped_slepian(c, t), 1e-12);
      assert_close(1 - 2 * down, weyl_clipped_slepian(c, t), 1e-12);
    }
    /* Psi = (1 - s L) / (1 + s L), L that of E_0 by other means: exp(-s t) E_0 over Simpson's rule */
    const double s = 1.3 / mu;
    double psi, mean, sum = 0;
    enum { N = 400000 };
    const double h = 60 * mu / N;
    for (int k = 0; k <= N; k++)
      sum += (k == 0 || k == N ? 1 : k % 2 ? 4 : 2) * exp(-s * h * k) * weyl_clipped_slepian(c, h * k);
    const double sl = s * sum * h / 3;
    assert_ok(ctx, weyl_persist_transform(ctx, c, 0, 1, &s, &psi, &mean));
    assert_close(psi, (1 - sl) / (1 + sl), 1e-10);
    assert_close(mean, mu, 1e-9);
    weyl_covariance_free(c);
  }
}

static void means_are_rices(void **state) {
  (void)state;
  for (size_t i = 0; i < NAMES; i++) {
    weyl_covariance *c = named(names[i]);
    for (double u = -1.5; u < 2; u += 0.5) {
      const double rate = sqrt(weyl_covariance_lambda2(c)) / (2 * PI) * exp(-u * u / 2), s = 1;
      double psi, mean;
      assert_ok(ctx, weyl_persist_transform(ctx, c, u, 1, &s, &psi, &mean));
      assert_close(mean, normal_below(-u) / rate, 1e-6);
      assert_close(weyl_persist_level_mean(c, u), normal_below(-u) / rate, 1e-9);
    }
    weyl_covariance_free(c);
  }
  weyl_covariance *c = named("diffusion:2"); /* the sheet's, above and below */
  assert_close(weyl_persist_level_mean(c, 0.5), 4.3934, 5e-5);
  assert_close(weyl_persist_level_mean(c, -0.5), 9.8461, 5e-5);
  assert_close(weyl_persist_level_mean(c, 1), 3.2871, 5e-5);
  assert_close(weyl_persist_level_mean(c, -1), 17.4314, 5e-5);
  weyl_covariance_free(c);
}

/* The survival function's integral is the mean, its transform is Psi's, and its tail is the exponent's. */
static void survival_fits_the_transform(void **state) {
  (void)state;
  enum { N = 40000 };
  double *s = malloc((N + 1) * sizeof *s);
  const double at = 0.4;
  for (int k = 0; k < 4; k++) {
    const double u = (double[]){-1, -0.5, 0.5, 1}[k], h = 0.002;
    weyl_covariance *c = named("diffusion:2");
    double psi, sum = 0, all = 0;
    assert_ok(ctx, weyl_persist_distribution(ctx, c, u, h, N, s, NULL));
    for (int i = 0; i <= N; i++) {
      const double w = (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) * h / 3;
      sum += w * exp(-at * h * i) * s[i];
      all += w * s[i];
      if (i) assert_true(s[i] <= s[i - 1] + 1e-12);
    }
    assert_ok(ctx, weyl_persist_transform(ctx, c, u, 1, &at, &psi, NULL));
    assert_close(sum, (1 - psi) / at, 1e-8);
    weyl_persist_rate rate;
    assert_ok(ctx, weyl_persist_level_exponent(ctx, c, u, &rate));
    /* beyond t = 40 rounding shows */
    assert_rel_close(log(s[3 * N / 8] / s[N / 2]) / (h * N / 8), rate.theta, 3e-3);
    assert_rel_close(s[N / 2] * exp(rate.theta * h * N / 2), rate.amplitude, 4e-2);
    assert_close(all + s[N] / rate.theta, weyl_persist_level_mean(c, u), 1e-6);
    weyl_covariance_free(c);
  }
  free(s);
}

/* The inverted transform against the renewal equation, for smooth processes and rough ones, above and below. */
static void laplace_knows_levels(void **state) {
  (void)state;
  enum { PER_UNIT = 1000, N = 10 * PER_UNIT };
  const double t[] = {0.5, 1, 2, 5, 10};
  double *s = malloc((N + 1) * sizeof *s), laplace[5];
  for (size_t i = 0; i < NAMES; i++) {
    weyl_covariance *c = named(names[i]);
    for (double u = -1; u <= 1; u += 0.5) {
      assert_ok(ctx, weyl_persist_distribution(ctx, c, u, 1.0 / PER_UNIT, N, s, NULL));
      assert_ok(ctx, weyl_persist_laplace(ctx, c, u, 5, t, laplace));
      for (int k = 0; k < 5; k++) assert_close(laplace[k], s[(int)(t[k] * PER_UNIT)], 1e-6);
    }
    weyl_covariance_free(c);
  }
  assert_says(ctx, weyl_persist_laplace(ctx, NULL, 0, 1, (double[]){0}, laplace), WEYL_BAD_ARG, "time 0");
  free(s);
}

static void levels_meet_at_zero(void **state) {
  (void)state;
  for (size_t i = 0; i < NAMES; i++) {
    weyl_covariance *c = named(names[i]);
    weyl_persist_rate zero, near;
    assert_ok(ctx, weyl_persist_level_exponent(ctx, c, 0, &zero));
    assert_ok(ctx, weyl_persist_level_exponent(ctx, c, 1e-7, &near));
    assert_rel_close(near.theta, zero.theta, 1e-6);
    assert_rel_close(near.amplitude, zero.amplitude, 1e-5);
    weyl_covariance_free(c);
  }
}

static void numeric_is_exact(void **state) {
  (void)state;
  weyl_covariance *c = named("diffusion:2");
  double s, e;
  assert_ok(ctx, weyl_persist_numeric(ctx, c, 0, 1, 1, (double[]){2}, &s, &e));
  assert_close(s, 0.818039, 1e-3);
  weyl_covariance_free(c);
  c = named("random-acceleration");
  assert_ok(ctx, weyl_persist_numeric(ctx, c, 0, 1, 1, (double[]){2}, &s, &e));
  assert_close(s, 0.545519, 1e-3);
  assert_says(ctx, weyl_persist_numeric(ctx, c, 0, 1, 1, (double[]){-1}, &s, &e), WEYL_BAD_ARG, "time -1");
  assert_says(ctx, weyl_persist_numeric(ctx, c, NAN, 1, 1, (double[]){1}, &s, &e), WEYL_BAD_ARG, "level nan");
  weyl_covariance_free(c);
}

static int begin(void **state) {
  (void)state;
  ctx = test_context(2);
  return 0;
}

static int end(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(zero_is_the_old_one),         cmocka_unit_test(means_are_rices),
      cmocka_unit_test(survival_fits_the_transform), cmocka_unit_test(laplace_knows_levels),
      cmocka_unit_test(levels_meet_at_zero),         cmocka_unit_test(numeric_is_exact),
  };
  return cmocka_run_group_tests_name("level", tests, begin, end);
}
