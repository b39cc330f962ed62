/* Measured series: what is known of a process comes back from one path of it; files of covariances. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "property.h"

static weyl_context *ctx;

static weyl_covariance *named(const char *text) {
  weyl_covariance *c = NULL;
  assert_ok(ctx, weyl_covariance_parse(ctx, text, &c));
  return c;
}

static void a_path_tells_its_process(void **state) {
  (void)state;
  enum { N = 1 << 18 };
  double *x = malloc(N * sizeof *x);
  static const char *const names[] = {"diffusion:2", "matern:2.5", "random-acceleration"};
  for (int i = 0; i < 3; i++) {
    weyl_covariance *c = named(names[i]);
    const double mu = weyl_covariance_mean(c), step = mu / 20;
    assert_ok(ctx, weyl_persist_path(ctx, c, 7, step, N, x));
    for (int k = 0; k < N; k++) x[k] = 3 * x[k] - 100;
    weyl_persist_series s;
    assert_ok(ctx, weyl_persist_series_read(ctx, N, x, step, 0, &s));
    assert_close(s.mean, -100, 0.3);
    assert_rel_close(s.deviation, 3, 0.05);
    assert_true(s.violation < 4);
    assert_true(weyl_persist_validate(s.covariance).valid);
    assert_rel_close(weyl_covariance_mean(s.covariance), mu, 0.03);
    for (double t = mu / 10; t < mu; t *= 1.5)
      assert_close(weyl_covariance_eval(s.covariance, t).r, weyl_covariance_eval(c, t).r, 0.03);
    weyl_persist_rate want, got;
    assert_ok(ctx, weyl_persist_exponent(ctx, c, &want));
    assert_ok(ctx, weyl_persist_exponent(ctx, s.covariance, &got));
    assert_rel_close(got.theta, want.theta, 0.06);
    weyl_persist_stats stats;
    assert_ok(ctx, weyl_persist_measure(ctx, s.count, s.interval, &stats));
    assert_rel_close(stats.mean, mu, i < 2 ? 0.04 : 0.06); /* of a rough path the steps miss crossings */
    assert_true(llabs(2 * s.above - s.count) <= 1);
    weyl_persist_series_free(ctx, &s);
    weyl_covariance_free(c);
  }
  free(x);
}

static void levels_split_the_time(void **state) {
  (void)state;
  enum { N = 1 << 18 };
  double *x = malloc(N * sizeof *x);
  weyl_covariance *c = named("diffusion:2");
  const double step = weyl_covariance_mean(c) / 20;
  assert_ok(ctx, weyl_persist_path(ctx, c, 3, step, N, x));
  weyl_persist_series s;
  assert_ok(ctx, weyl_persist_series_read(ctx, N, x, step, 1, &s));
  weyl_persist_stats above, below;
  assert_ok(ctx, weyl_persist_measure(ctx, s.above, s.interval, &above));
  assert_ok(ctx, weyl_persist_measure(ctx, s.count - s.above, s.interval + s.above, &below));
  assert_rel_close(above.mean, 3.2871, 0.05);
  assert_rel_close(below.mean, 17.4314, 0.05);
  weyl_persist_series_free(ctx, &s);
  /* and simulated, in three parts as in one */
  const weyl_persist_simulate_opts all = {.intervals = 100000, .points = 1 << 16, .seed = 3, .level = 1};
  weyl_persist_simulation whole;
  assert_ok(ctx, weyl_persist_simulate(ctx, c, &all, &whole));
  assert_ok(ctx, weyl_persist_measure(ctx, whole.above, whole.interval, &above));
  assert_rel_close(above.mean, 3.2871, 0.01);
  assert_true(whole.count >= all.intervals);
  int64_t over = 0, under = whole.above;
  for (int part = 0; part < 3; part++) {
    weyl_persist_simulate_opts o = all;
    weyl_persist_simulation p;
    o.part = part;
    o.parts = 3;
    assert_ok(ctx, weyl_persist_simulate(ctx, c, &o, &p));
    assert_memory_equal(whole.interval + over, p.interval, (size_t)p.above * sizeof *p.interval);
    assert_memory_equal(whole.interval + under, p.interval + p.above, (size_t)(p.count - p.above) * sizeof *p.interval);
    over += p.above;
    under += p.count - p.above;
    weyl_persist_simulation_free(ctx, &p);
  }
  assert_true(over == whole.above && under == whole.count);
  weyl_persist_simulation_free(ctx, &whole);
  weyl_covariance_free(c);
  free(x);
}

static void what_is_no_series_is_refused(void **state) {
  (void)state;
  enum { N = 4096 };
  double *x = malloc(N * sizeof *x);
  weyl_persist_series s;
  weyl_rng rng = weyl_rng_new(1, "noise");
  for (int i = 0; i < N; i++) x[i] = weyl_rng_normal(&rng);
  assert_says(ctx, weyl_persist_series_read(ctx, N, x, 1, 0, &s), WEYL_NO, "noise");
  for (int i = 1; i < N; i++) x[i] = 0.99 * x[i - 1] + x[i]; /* Ornstein-Uhlenbeck */
  assert_says(ctx, weyl_persist_series_read(ctx, N, x, 1, 0, &s), WEYL_NO, "no slope");
  assert_says(ctx, weyl_persist_series_read(ctx, 20, x, 1, 0, &s), WEYL_BAD_ARG, "20 values");
  assert_says(ctx, weyl_persist_series_read(ctx, N, x, 0, 0, &s), WEYL_BAD_ARG, "step 0");
  assert_says(ctx, weyl_persist_series_read(ctx, N, x, 1, 99, &s), WEYL_BAD_ARG, "level 99");
  x[17] = NAN;
  assert_says(ctx, weyl_persist_series_read(ctx, N, x, 1, 0, &s), WEYL_NUMERIC, "value 18 is nan");
  for (int i = 0; i < N; i++) x[i] = 5;
  assert_says(ctx, weyl_persist_series_read(ctx, N, x, 1, 0, &s), WEYL_NUMERIC, "all values are 5");
  /* a wave has a covariance that rises again */
  for (int i = 0; i < N; i++) x[i] = sin(0.1 * i) + sin(0.13 * i);
  const weyl_status status = weyl_persist_series_read(ctx, N, x, 1, 0, &s);
  assert_true(status == WEYL_OK && s.lags > 0);
  weyl_persist_series_free(ctx, &s);
  free(x);
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
      cmocka_unit_test(a_path_tells_its_process),
      cmocka_unit_test(levels_split_the_time),
      cmocka_unit_test(what_is_no_series_is_refused),
  };
  return cmocka_run_group_tests_name("series", tests, begin, end);
}
