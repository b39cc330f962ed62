#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "schedule.h"

static weyl_context *ctx;

static int setup(void **state) {
  (void)state;
  return weyl_context_new(NULL, &ctx) == WEYL_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  weyl_context_free(ctx);
  return 0;
}

/* Ten epochs of 4 steps, rate 1; pairs of option and value, NULL at the end. */
static weyl_schedule *make(const char *const *pairs) {
  weyl_options *o = NULL;
  weyl_schedule *s = NULL;
  assert_int_equal(weyl_train_options(ctx, "nbody", NULL, &o), WEYL_OK);
  assert_int_equal(weyl_options_set(o, "epochs", "10", NULL), WEYL_OK);
  assert_int_equal(weyl_options_set(o, "rate", "1", NULL), WEYL_OK);
  for (; *pairs != NULL; pairs += 2) assert_int_equal(weyl_options_set(o, pairs[0], pairs[1], NULL), WEYL_OK);
  assert_int_equal(weyl_schedule_new(ctx, o, 4, &s), WEYL_OK);
  weyl_options_free(o);
  return s;
}

static void assert_rate(const weyl_schedule *s, int64_t step, double want) {
  const double got = weyl_schedule_rate(s, step);
  if (!(fabs(got - want) < 1e-14)) fail_msg("rate at step %lld is %.17g, want %.17g", (long long)step, got, want);
}

static void constant_rate(void **state) {
  (void)state;
  weyl_schedule *s = make((const char *const[]){NULL});
  assert_rate(s, 0, 1);
  assert_rate(s, 1000000, 1);
  weyl_schedule_free(s);
  s = make((const char *const[]){"warmup", "2.5", NULL}); /* 10 steps */
  for (int k = 0; k < 10; k++) assert_rate(s, k, (k + 1) / 10.0);
  assert_rate(s, 10, 1);
  weyl_schedule_free(s);
}

static void cosine(void **state) {
  (void)state;
  weyl_schedule *s = make((const char *const[]){"schedule", "cosine", "min_rate", "0.1", NULL});
  assert_rate(s, 0, 1);
  assert_rate(s, 20, 0.55);
  assert_rate(s, 10, 0.1 + 0.9 * (1 + sqrt(0.5)) / 2);
  assert_rate(s, 40, 0.1);
  assert_rate(s, 50, 0.1);
  weyl_schedule_free(s);
  s = make((const char *const[]){"schedule", "cosine", "warmup", "5", NULL});
  assert_rate(s, 19, 1);
  assert_rate(s, 20, 1);
  assert_rate(s, 30, 0.5);
  assert_rate(s, 40, 0);
  weyl_schedule_free(s);
}

static void steps(void **state) {
  (void)state;
  weyl_schedule *s =
      make((const char *const[]){"schedule", "step", "step_every", "3", "step_factor", "0.5", "min_rate", "0.2", NULL});
  assert_rate(s, 11, 1);
  assert_rate(s, 12, 0.5);
  assert_rate(s, 24, 0.25);
  assert_rate(s, 36, 0.2);
  weyl_schedule_free(s);
}

static void plateau(void **state) {
  (void)state;
  weyl_schedule *s = make((const char *const[]){"schedule", "plateau", "step_every", "2", "step_factor", "0.1", NULL});
  const double valid[] = {5, 4, 4.5, 4, 3, 3.5, 3.5, 3.5, 3.5}; /* better at epochs 1, 2, 5; reduced at 4, 7 and 9 */
  const double want[] = {1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001};
  for (int e = 0; e < 9; e++) {
    double saved[TRAIN_SCHEDULE_STATE]; /* through a checkpoint each time */
    train_schedule_save(s, saved);
    weyl_schedule_free(s);
    s = make((const char *const[]){"schedule", "plateau", "step_every", "2", "step_factor", "0.1", NULL});
    train_schedule_load(s, saved);
    weyl_schedule_observe(s, e + 1, valid[e]);
    assert_rate(s, 0, want[e]);
  }
  weyl_schedule_free(s);
}

static void bad_input(void **state) {
  (void)state;
  weyl_options *o = NULL;
  weyl_schedule *s = NULL;
  assert_int_equal(weyl_train_options(ctx, "nbody", NULL, &o), WEYL_OK);
  assert_int_equal(weyl_schedule_new(ctx, o, 0, &s), WEYL_BAD_ARG);
  assert_null(s);
  assert_int_equal(weyl_options_set(o, "schedule", "cosin", NULL), WEYL_BAD_ARG);
  weyl_options_free(o);
}

/* What the task recommends stands in place of the defaults, and does not count as set. */
static void recommendations(void **state) {
  (void)state;
  weyl_options *o = NULL;
  assert_int_equal(weyl_train_options(ctx, "nbody", "egnn", &o), WEYL_OK);
  assert_true(weyl_options_number(o, "rate") == 5e-4 && weyl_options_is_default(o, "rate"));
  weyl_options_free(o);
  assert_int_equal(weyl_train_options(ctx, "nbody", "gnn", &o), WEYL_OK);
  assert_true(weyl_options_number(o, "rate") == 1e-3 && weyl_options_integer(o, "batch") == 100);
  assert_true(weyl_options_number(o, "weight_decay") == 1e-12);
  weyl_options_free(o);
  weyl_message_clear(ctx);
  assert_int_equal(weyl_train_options(ctx, "nbdy", NULL, &o), WEYL_UNKNOWN);
  assert_string_equal(weyl_message(ctx), "no task \"nbdy\": did you mean \"nbody\"?");
  assert_int_equal(weyl_train_options(ctx, "nbody", "egn", &o), WEYL_UNKNOWN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constant_rate), cmocka_unit_test(cosine),    cmocka_unit_test(steps),
      cmocka_unit_test(plateau),       cmocka_unit_test(bad_input), cmocka_unit_test(recommendations),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
