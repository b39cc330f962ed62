#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

#include <math.h>
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

#define NEAR 5e-5

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
      const double rounding = 1.2e-7 * fabs((double)program[k]); /* of the weight itself */
      difference = fmax(difference, fabs((double)hand[k] - (double)program[k]) - rounding);
      change = fmax(change, fabs((double)program[k] - (double)before[k]));
    }
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

static void both_step(fixture *f, double *difference, char worst[64], bench_hand_outcome *hand) {
  float *before = copy_of_parameters(f);
  assert_int_equal(weyl_run_step(f->run, &f->batch), WEYL_OK);
  *hand = bench_hand_step(f->hand);
  *difference = worst_difference(f, before, worst);
  weyl_dealloc(f->ctx, before);
}

/* With a large eps Adam's step is as smooth as the gradient, so that all of its numbers are compared; with the usual
 * one a number whose gradient is rounding moves by its sign. */
static void smooth(fixture *f) {
  option(f, "eps", "1");
  option(f, "rate", "0.001");
  option(f, "weight_decay", "1e-3");
}

static void same_step(void **state) {
  fixture *f = *state;
  smooth(f);
  open_both(f);
  for (int step = 0; step < 4; step++) {
    char worst[64] = "";
    double difference;
    bench_hand_outcome hand;
    both_step(f, &difference, worst, &hand);
    near("loss", hand.loss, output(f, 0), 1e-5);
    near("norm", hand.norm, output(f, 1), 1e-4);
    if (!(difference < NEAR)) fail_msg("step %d: %s differs by %g of its change", step, worst, difference);
    assert_true(hand.flops > 5.8e6 * SAMPLES && hand.flops < 6.5e6 * SAMPLES);
  }
}

/* What a user trains with: the same losses all along. */
static void same_training(void **state) {
  fixture *f = *state;
  open_both(f);
  double first = 0, last = 0;
  for (int step = 0; step < 15; step++) {
    assert_int_equal(weyl_run_step(f->run, &f->batch), WEYL_OK);
    const bench_hand_outcome hand = bench_hand_step(f->hand);
    near("loss", hand.loss, output(f, 0), 1e-3);
    last = hand.loss;
    if (step == 0) first = last;
  }
  if (!(last < 0.9 * first)) fail_msg("the loss went from %g to %g", first, last);
}

/* The comparison fails when the step by hand starts from something else. */
static void fault_is_seen(fixture *f, const char *what, void (*put)(fixture *f), void (*back)(fixture *f)) {
  smooth(f);
  open_both(f);
  bench_hand_free(f->hand);
  f->hand = NULL;
  put(f);
  assert_int_equal(bench_hand_new(f->ctx, weyl_stepper_variables(f->stepper), weyl_stepper_options(f->stepper),
                                  f->splits.train, &f->hand),
                   WEYL_OK);
  back(f);
  char worst[64] = "";
  double difference;
  bench_hand_outcome hand;
  both_step(f, &difference, worst, &hand);
  if (!(difference > NEAR)) fail_msg("%s goes unseen: %g", what, difference);
}

static void turn_edge(fixture *f) { /* node 0 hears node 2 in place of 1, and again */
  int32_t *sender = weyl_dataset_find(f->splits.train, "edge_j")->array.data;
  sender[0] = 3 - sender[0];
}

static void wrong_edge_is_seen(void **state) { fault_is_seen(*state, "an edge", turn_edge, turn_edge); }

static float *one_weight(fixture *f) {
  const weyl_variables *vars = weyl_stepper_variables(f->stepper);
  const int64_t i = weyl_variables_find(vars, WEYL_PARAM, "gcl_2.edge_mlp.2.weight");
  assert_true(i >= 0);
  return (float *)weyl_variables_array(vars, WEYL_PARAM, (size_t)i).data + 77;
}

static void more(fixture *f) { *one_weight(f) += 0.0078125F; }

static void less(fixture *f) { *one_weight(f) -= 0.0078125F; }

static void wrong_weight_is_seen(void **state) { fault_is_seen(*state, "a weight", more, less); }

static void refuses(fixture *f, const weyl_variables *vars, const weyl_options *o, const weyl_dataset *set,
                    const char *says) {
  bench_hand *hand = NULL;
  assert_int_equal(bench_hand_new(f->ctx, vars, o, set, &hand), WEYL_UNSUPPORTED);
  if (!strstr(weyl_message(f->ctx), says)) fail_msg("%s, wanted \"%s\"", weyl_message(f->ctx), says);
  assert_null(hand);
  weyl_message_clear(f->ctx);
}

static void other_steps_are_refused(void **state) {
  fixture *f = *state;
  open_both(f);
  const weyl_variables *vars = weyl_stepper_variables(f->stepper);
  const weyl_options *o = weyl_stepper_options(f->stepper);
  option(f, "clip", "1");
  refuses(f, vars, f->options, f->splits.train, "plain Adam");
  option(f, "clip", "0");
  int32_t *receiver = weyl_dataset_find(f->splits.train, "edge_i")->array.data;
  receiver[0] = 4;
  refuses(f, vars, o, f->splits.train, "sorted by receiver");
  receiver[0] = 0;
  weyl_stepper *narrow = NULL;
  option(f, "hidden", "32");
  const weyl_train_config config = {.task = "nbody", .model = "egnn", .options = f->options};
  assert_int_equal(weyl_stepper_new(f->ctx, &config, f->splits.train, &narrow), WEYL_OK);
  refuses(f, weyl_stepper_variables(narrow), o, f->splits.train, "64 x 131");
  weyl_stepper_free(narrow);
  option(f, "hidden", "64");
  option(f, "layers", "5");
  assert_int_equal(weyl_stepper_new(f->ctx, &config, f->splits.train, &narrow), WEYL_OK);
  refuses(f, weyl_stepper_variables(narrow), o, f->splits.train, "134020 parameters");
  weyl_stepper_free(narrow);
  bench_hand_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(same_step, make, drop),
      cmocka_unit_test_setup_teardown(same_training, make, drop),
      cmocka_unit_test_setup_teardown(wrong_edge_is_seen, make, drop),
      cmocka_unit_test_setup_teardown(wrong_weight_is_seen, make, drop),
      cmocka_unit_test_setup_teardown(other_steps_are_refused, make, drop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
