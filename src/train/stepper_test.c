#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/train.h>

typedef struct fixture {
  weyl_context *ctx;
  weyl_options *options; /* of the task and the model */
  weyl_splits splits;
} fixture;

static int make(void **state) {
  static fixture f;
  f = (fixture){0};
  const weyl_context_opts o = {.threads = 1};
  assert_int_equal(weyl_context_new(&o, &f.ctx), WEYL_OK);
  assert_int_equal(weyl_train_options(f.ctx, "nbody", "egnn", &f.options), WEYL_OK);
  assert_int_equal(weyl_options_set(f.options, "train", "8", NULL), WEYL_OK);
  assert_int_equal(weyl_options_set(f.options, "valid", "1", NULL), WEYL_OK);
  assert_int_equal(weyl_options_set(f.options, "test", "1", NULL), WEYL_OK);
  assert_int_equal(weyl_set_find("nbody")->load(f.ctx, f.options, NULL, 1, &f.splits), WEYL_OK);
  *state = &f;
  return 0;
}

static int drop(void **state) {
  fixture *f = *state;
  weyl_splits_free(&f->splits);
  weyl_options_free(f->options);
  weyl_context_free(f->ctx);
  return 0;
}

static double first_output(const weyl_run *run) {
  const weyl_array a = weyl_run_output(run, 0);
  return a.dtype == WEYL_F64 ? *(const double *)a.data : (double)*(const float *)a.data;
}

/* The loss of the same batch after so many steps. */
static double loss_after(fixture *f, int steps) {
  const weyl_train_config config = {.task = "nbody", .model = "egnn", .options = f->options, .seed = 3};
  weyl_stepper *s = NULL;
  weyl_loader *loader = NULL;
  weyl_run *run = NULL;
  weyl_batch batch;
  static const int64_t samples[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  assert_int_equal(weyl_stepper_new(f->ctx, &config, f->splits.train, &s), WEYL_OK);
  assert_int_equal(weyl_variables_numbers(weyl_stepper_variables(s), WEYL_PARAM), 134020); /* as the authors' */
  assert_int_equal(weyl_options_integer(weyl_stepper_options(s), "train"), 8);
  assert_int_equal(weyl_loader_new(f->ctx, f->splits.train, weyl_stepper_program(s), 0, &loader), WEYL_OK);
  assert_int_equal(weyl_loader_set(loader, "rate", 1e-3), WEYL_OK);
  assert_int_equal(weyl_loader_fill(loader, samples, 8, 1, 0, &batch), WEYL_OK);
  assert_int_equal(weyl_run_new(weyl_stepper_program(s), NULL, &run), WEYL_OK);
  for (int i = 0; i <= steps; i++) assert_int_equal(weyl_run_step(run, &batch), WEYL_OK);
  const double loss = first_output(run);
  weyl_run_free(run);
  weyl_loader_free(loader);
  weyl_stepper_free(s);
  return loss;
}

static void steps_learn(void **state) {
  fixture *f = *state;
  const double before = loss_after(f, 0), after = loss_after(f, 20);
  if (!(after < 0.9 * before)) fail_msg("20 steps took the loss from %g to %g", before, after);
}

static void bad_requests(void **state) {
  fixture *f = *state;
  weyl_stepper *s = NULL;
  weyl_train_config config = {.task = "nbody", .model = "egn"};
  assert_int_equal(weyl_stepper_new(f->ctx, &config, f->splits.train, &s), WEYL_UNKNOWN);
  weyl_message_clear(f->ctx);
  config = (weyl_train_config){.task = "nbdy", .model = "egnn"};
  assert_int_equal(weyl_stepper_new(f->ctx, &config, f->splits.train, &s), WEYL_UNKNOWN);
  weyl_message_clear(f->ctx);
  config = (weyl_train_config){.task = "nbody", .model = "egnn", .symmetry = "frame:Q(3)"};
  assert_int_not_equal(weyl_stepper_new(f->ctx, &config, f->splits.train, &s), WEYL_OK);
  assert_true(weyl_message(f->ctx)[0] != '\0');
  weyl_message_clear(f->ctx);
  assert_null(s);
  weyl_stepper_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(steps_learn, make, drop),
      cmocka_unit_test_setup_teardown(bad_requests, make, drop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
