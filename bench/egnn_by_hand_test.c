#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 23 }; /* two micro-batches and a part of one, with half a chunk at the end */

typedef struct fixture {
  weyl_context *ctx;
  weyl_options *options;
  weyl_splits splits;
  weyl_stepper *stepper;
  weyl_loader *loader;
  weyl_run *run;
  weyl_batch batch;
  bench_hand *hand;
} fixture;

static void option(fixture *f, const char *name, const char *value) {
  assert_int_equal(weyl_options_set(f->options, name, value, NULL), WEYL_OK);
}

static int make(void **state) {
  static fixture f;
  f = (fixture){0};
  assert_int_equal(weyl_context_new(&(weyl_context_opts){.threads = 1}, &f.ctx), WEYL_OK);
  assert_int_equal(weyl_train_options(f.ctx, "nbody", "egnn", &f.options), WEYL_OK);
  char text[16];
  snprintf(text, sizeof text, "%d", SAMPLES);
  option(&f, "train", text);
  option(&f, "valid", "1");
  option(&f, "test", "1");
  assert_int_equal(weyl_set_find("nbody")->load(f.ctx, f.options, NULL, 1, &f.splits), WEYL_OK);
  *state = &f;
  return 0;
}

static int drop(void **state) {
  fixture *f = *state;
  bench_hand_free(f->hand);
  weyl_run_free(f->run);
  weyl_loader_free(f->loader);
  weyl_stepper_free(f->stepper);
  weyl_splits_free(&f->splits);
  weyl_options_free(f->options);
  weyl_context_free(f->ctx);
  return 0;
}

/* The program and the step by hand, on the same parameters and samples. */
static void open_both(fixture *f) {
  const weyl_train_config config = {.task = "nbody", .model = "egnn", .options = f->options, .seed = 3};
  int64_t sample[SAMPLES];
  for (int i = 0; i < SAMPLES; i++) sample[i] = i;
  assert_int_equal(weyl_stepper_new(f->ctx, &config, f->splits.train, &f->stepper), WEYL_OK);
  weyl_program *program = weyl_stepper_program(f->stepper);
  const weyl_options *o = weyl_stepper_options(f->stepper);
  assert_int_equal(weyl_run_new(program, NULL, &f->run), WEYL_OK);
  assert_int_equal(weyl_loader_new(f->ctx, f->splits.train, program, 0, &f->loader), WEYL_OK);
  assert_int_equal(weyl_loader_set(f->loader, "rate", weyl_options_number(o, "rate")), WEYL_OK);
  assert_int_equal(weyl_loader_fill(f->loader, sample, SAMPLES, 1, 0, &f->batch), WEYL_OK);
  assert_int_equal(bench_hand_new(f->ctx, weyl_stepper_variables(f->stepper), o, f->splits.train, &f->hand), WEYL_OK);
}

static void near(const char *what, double a, double b, double relative) {
  if (!(fabs(a - b) <= relative * fabs(b))) fail_msg("%s: by hand %.9g, the program %.9g", what, a, b);
}

static double output(const fixture *f, int k) { return *(const float *)weyl_run_output(f->run, k).data; }

/* The largest difference of a parameter's two new values over the largest change that a step made of it; the worst of
 * all parameters. */
static double worst_difference(const fixture *f, const float *before, char worst[64]) {
  const weyl_variables *vars = weyl_stepper_variables(f->stepper);
  const weyl_array all = weyl_variables_arena(vars, WEYL_PARAM);
  const size_t bytes = (size_t)all.dim[0] * sizeof(float);
  float *program = weyl_alloc(f->ctx, 1, bytes), *hand = all.data;
  memcpy(program, all.data, bytes);
  assert_int_equal(bench_hand_store(f->hand, vars), WEYL_OK);
  double most = 0;
  for (size_t i = 0; i < weyl_variables_count(vars, WEYL_PARAM); i++) {
    const weyl_array a = weyl_variables_array(vars, WEYL_PARAM, i);
    const int64_t from = (const float *)a.data - (const float *)all.data;
    int64_t n = 1;
    for (int k = 0; k < a.rank; k++) n *= a.dim[k];
    double difference = 0, change = 1e-12;
    for (int64_t k = from; k < from + n; k++) {
      difference = fmax(difference, fabs((double)hand[k] - (double)program[k]));
      change = fmax(change, fabs((double)program[k] - (double)before[k]));
    }
    if (getenv("SHOW")) printf("%-28s %.3g of %.3g\n", weyl_variables_name(vars, WEYL_PARAM, i), difference, change);
    if (difference / change > most) {
      most = difference / change;
      snprintf(worst, 64, "%s", weyl_variables_name(vars, WEYL_PARAM, i));
    }
  }
  memcpy(all.data, program, bytes);
  weyl_dealloc(f->ctx, program);
  return most;
}

static float *copy_of_parameters(const fixture *f) {
  const weyl_array all = weyl_variables_arena(weyl_stepper_variables(f->stepper), WEYL_PARAM);
  float *copy = weyl_alloc(f->ctx, (size_t)all.dim[0], sizeof *copy);
  assert_non_null(copy);
  memcpy(copy, all.data, (size_t)all.dim[0] * sizeof *copy);
  return copy;
}

/* With a large eps Adam's step is as smooth as the gradient, so that all of its numbers are compared; with the usual
 * one it is the gradient's sign. */
static void same_step(void **state) {
  fixture *f = *state;
  option(f, "eps", "1");
  option(f, "rate", "0.02");
  option(f, "weight_decay", "1e-3");
  open_both(f);
  for (int step = 0; step < 3; step++) {
    float *before = copy_of_parameters(f);
    assert_int_equal(weyl_run_step(f->run, &f->batch), WEYL_OK);
    const bench_hand_outcome hand = bench_hand_step(f->hand);
    near("loss", hand.loss, output(f, 0), 1e-5);
    near("norm", hand.norm, output(f, 1), 1e-4);
    char worst[64] = "";
    const double difference = worst_difference(f, before, worst);
    if (!(difference < 1e-3)) fail_msg("step %d: %s differs by %g of its change", step, worst, difference);
    weyl_dealloc(f->ctx, before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(same_step, make, drop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
