#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "train_fixture.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void training_learns(void **state) {
  train_fixture *f = *state;
  weyl_train_result r;
  assert_trained(
      f, fixture_train(f, "run", "egnn", false, OPTIONS("epochs", "30", "rate", "5e-3", "eval_every", "10"), &r));
  assert_string_equal(r.task, "dynamics");
  assert_string_equal(r.model, "egnn");
  assert_string_equal(r.symmetry, "none");
  assert_int_equal(r.epochs, 30);
  assert_true(r.params > 100 && r.metrics == 2 && r.best_epoch > 0 && r.train_loss > 0 && r.train_loss < 0.05);
  assert_string_equal(r.test[0].name, "mse");
  assert_string_equal(r.test[1].name, "mae");

  /* the log: the untrained model, then every tenth epoch, with a falling loss */
  char *text = NULL;
  size_t n = 0;
  assert_int_equal(weyl_file_read(f->ctx, fixture_path(f, "run", "log.jsonl"), 0, &text, &n), WEYL_OK);
  double first = 0, last = 0;
  int lines = 0;
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
    json_t *j = json_loads(line, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(j, "epoch")), 10 * lines);
    last = json_number_value(json_object_get(json_object_get(j, "valid"), "mse"));
    if (lines == 0) first = last;
    json_decref(j);
  }
  assert_int_equal(lines, 4);
  if (!(last < 0.7 * first)) fail_msg("validation went from %g to %g", first, last);
  weyl_dealloc(f->ctx, text);

  json_t *metrics = json_load_file(fixture_path(f, "run", "metrics.json"), 0, NULL);
  assert_true(json_number_value(json_object_get(json_object_get(metrics, "test"), "mse")) == r.test[0].value);
  assert_int_equal(json_integer_value(json_object_get(metrics, "params")), r.params);
  json_decref(metrics);
}

static void resume_is_exact(void **state) {
  train_fixture *f = *state;
  weyl_train_result a, b;
  assert_trained(f, fixture_train(f, "whole", "egnn", false, OPTIONS("epochs", "4"), &a));
  assert_trained(f, fixture_train(f, "halves", "egnn", false, OPTIONS("epochs", "2"), NULL));
  assert_trained(f, fixture_train(f, "halves", "egnn", true, OPTIONS("epochs", "4"), &b));
  assert_same_file(f, "whole", "halves", "model.safetensors");
  assert_same_file(f, "whole", "halves", "state.safetensors");
  assert_same_file(f, "whole", "halves", "config.ini");
  assert_true(a.test[0].value == b.test[0].value && a.train_loss == b.train_loss && b.epochs == 4);
  /* going on with a finished run changes nothing */
  assert_trained(f, fixture_train(f, "halves", "egnn", true, NULL, &b));
  assert_same_file(f, "whole", "halves", "model.safetensors");
  assert_true(a.test[0].value == b.test[0].value);
}

/* While one process trains in a folder, no other does. */
static void one_at_a_time(void **state) {
  train_fixture *f = *state;
  int hold;
  assert_trained(f, fixture_train(f, "held", "egnn", false, OPTIONS("epochs", "1"), NULL));
  assert_int_equal(weyl_folder_hold(f->ctx, fixture_path(f, "held", ""), &hold), WEYL_OK);
  assert_int_equal(fixture_train(f, "held", "egnn", true, OPTIONS("epochs", "2"), NULL), WEYL_BAD_ARG);
  assert_message(f, "in use by another process");
  weyl_folder_release(hold);
  assert_trained(f, fixture_train(f, "held", "egnn", true, OPTIONS("epochs", "2"), NULL));
}

/* Averages, clipping, cosine decay with warm-up and random frames: all of it comes back in the middle of an epoch. */
static void interruption_is_exact(void **state) {
  train_fixture *f = *state;
  const char *const *options = OPTIONS("ema", "0.9", "clip", "1", "schedule", "cosine", "warmup", "0.5", "mode",
                                       "stochastic", "optimiser", "amsgrad");
  assert_trained(f, fixture_train(f, "whole", "fa-gnn", false, options, NULL));
  const int64_t calls = f->steps;
  static const int64_t stops[] = {1, 3, 9, 14};
  for (size_t k = 0; k < sizeof stops / sizeof *stops; k++) {
    char run[32];
    snprintf(run, sizeof run, "stopped_%d", (int)stops[k]);
    assert_true(stops[k] < calls);
    f->stop_at = stops[k];
    f->stop = 0;
    assert_int_equal(fixture_train(f, run, "fa-gnn", false, options, NULL), WEYL_INTERRUPTED);
    assert_message(f, "--resume");
    assert_true(weyl_file_exists(fixture_path(f, run, "model.safetensors")));
    f->stop_at = 0;
    f->stop = 0;
    assert_trained(f, fixture_train(f, run, "fa-gnn", true, NULL, NULL));
    assert_same_file(f, "whole", run, "model.safetensors");
    assert_same_file(f, "whole", run, "state.safetensors");
  }
}

static void threads_do_not_matter(void **state) {
  train_fixture *f = *state;
  static const char *const names[] = {"one", "two", "three"};
  for (int threads = 1; threads <= 3; threads++) {
    fixture_context(f, threads);
    assert_trained(f, fixture_train(f, names[threads - 1], "egnn", false, OPTIONS("epochs", "2", "shard", "1"), NULL));
    if (threads > 1) assert_same_file(f, "one", names[threads - 1], "model.safetensors");
  }
}

static void steps_allocate_nothing(void **state) {
  train_fixture *f = *state;
  assert_trained(f, fixture_train(f, "run", "egnn", false, OPTIONS("epochs", "3", "eval_every", "3"), NULL));
  assert_true(f->steps >= 12); /* five steps an epoch, and one call before each */
  for (int64_t k = 2; k < f->steps; k++)
    if (f->allocations[k] != f->allocations[1])
      fail_msg("%d allocations at call %d, %d at the second", (int)f->allocations[k], (int)k, (int)f->allocations[1]);
}

static void failed_numbers_are_named(void **state) {
  train_fixture *f = *state;
  assert_int_equal(fixture_train(f, "run", "egnn", false, OPTIONS("rate", "1000", "epochs", "40"), NULL), WEYL_NUMERIC);
  assert_message(f, "epoch ");
  assert_message(f, "gcl_"); /* the scope of the first bad value */
  /* the best checkpoint, here the untrained model, is there and good */
  weyl_trained *t = NULL;
  assert_int_equal(weyl_trained_open(f->ctx, fixture_path(f, "run", NULL), WEYL_F32, NULL, &t), WEYL_OK);
  weyl_metric metrics[WEYL_METRICS];
  int count;
  int64_t samples;
  assert_int_equal(weyl_trained_eval(t, NULL, metrics, &count, &samples), WEYL_OK);
  assert_true(isfinite(metrics[0].value) != 0 && samples > 0);
  weyl_trained_free(t);
}

static void patience_stops(void **state) {
  train_fixture *f = *state;
  weyl_train_result r;
  assert_trained(f, fixture_train(f, "run", "egnn", false, OPTIONS("rate", "0", "patience", "2", "epochs", "50"), &r));
  assert_true(r.stopped_early);
  assert_int_equal(r.epochs, 2);
  assert_int_equal(r.best_epoch, 0);
  assert_trained(f, fixture_train(f, "run", "egnn", true, NULL, &r)); /* it stays stopped */
  assert_int_equal(r.epochs, 2);
}

static void averages_are_what_counts(void **state) {
  train_fixture *f = *state;
  weyl_train_result with, without;
  assert_trained(f, fixture_train(f, "with", "egnn", false, OPTIONS("ema", "0.99", "rate", "1e-2"), &with));
  assert_trained(f, fixture_train(f, "without", "egnn", false, OPTIONS("rate", "1e-2"), &without));
  assert_true(with.train_loss == without.train_loss); /* the average does not act back */
  assert_true(with.valid[0].value != without.valid[0].value);
}

/* A run goes on with its own seed: another one is refused, not ignored. */
static void a_run_keeps_its_seed(void **state) {
  train_fixture *f = *state;
  weyl_train_result r;
  assert_trained(f, fixture_train(f, "run", "linear", false, OPTIONS("epochs", "1"), NULL)); /* seed 7 */
  weyl_train_config again = {.task = "dynamics", .out = fixture_path(f, "run", NULL), .resume = true, .seed = 8};
  assert_int_equal(weyl_train(f->ctx, &again, &r), WEYL_BAD_ARG);
  assert_message(f, "has seed 7, not 8");
  again.seed = WEYL_SEED_NOT_GIVEN;
  assert_trained(f, weyl_train(f->ctx, &again, &r));
}

static void touch(const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fclose(file);
}

/* A process that is killed while it writes leaves a part of a file: gone when the run goes on, and nothing else is. */
static void parts_of_files_are_removed(void **state) {
  train_fixture *f = *state;
  static const char *const part[] = {"model.safetensors.123-4.tmp", "state.safetensors.99999-0.tmp"},
                           *const mine[] = {"notes.1-2.tmp", "model.safetensors.tmp", "model.safetensors.1-2.tmp.txt"};
  assert_trained(f, fixture_train(f, "run", "linear", false, OPTIONS("epochs", "1"), NULL));
  for (int k = 0; k < 2; k++) touch(fixture_path(f, "run", part[k]));
  for (int k = 0; k < 3; k++) touch(fixture_path(f, "run", mine[k]));
  assert_trained(f, fixture_train(f, "run", "linear", true, OPTIONS("epochs", "2"), NULL));
  for (int k = 0; k < 2; k++) assert_false(weyl_file_exists(fixture_path(f, "run", part[k])));
  for (int k = 0; k < 3; k++) assert_true(weyl_file_exists(fixture_path(f, "run", mine[k])));
}

static void bad_requests_are_refused(void **state) {
  train_fixture *f = *state;
  assert_trained(f, fixture_train(f, "run", "linear", false, OPTIONS("epochs", "1"), NULL));
  assert_int_equal(fixture_train(f, "run", "linear", false, NULL, NULL), WEYL_BAD_ARG);
  assert_message(f, "holds a run already");
  assert_int_equal(fixture_train(f, "nowhere", "linear", true, NULL, NULL), WEYL_NO_FILE);
  assert_int_equal(fixture_train(f, "run", "egnn", true, NULL, NULL), WEYL_BAD_ARG);
  assert_message(f, "model linear");
  assert_int_equal(fixture_train(f, "run", "linear", true, OPTIONS("rate", "0.5"), NULL), WEYL_BAD_ARG);
  assert_message(f, "rate");
  assert_int_equal(fixture_train(f, "paths.npz/run", "linear", false, NULL, NULL), WEYL_IO);
  assert_true(fixture_train(f, "hidden", "fa-gnn", false, OPTIONS("hidden", "10"), NULL) ==
              WEYL_BAD_ARG);                                               /* no multiple of 3 */
  assert_false(weyl_file_exists(fixture_path(f, "hidden", "config.ini"))); /* nothing to resume is left behind */

  weyl_options *o = NULL;
  assert_int_equal(weyl_train_options(f->ctx, "dynamics", "linear", &o), WEYL_OK);
  assert_int_equal(weyl_options_set(o, "horizon", "2", NULL), WEYL_OK);
  const weyl_train_config config = {.task = "dynamics",
                                    .model = "linear",
                                    .symmetry = "frame:E(",
                                    .data = f->data,
                                    .out = fixture_path(f, "bad", NULL),
                                    .options = o};
  weyl_train_result r;
  weyl_message_clear(f->ctx);
  assert_int_equal(weyl_train(f->ctx, &config, &r), WEYL_FORMAT);
  assert_message(f, "symmetry");
  weyl_options_free(o);

  /* other data than the run began with */
  snprintf(f->data, sizeof f->data, "%s/others.npz", f->folder);
  fixture_data(f, 3);
  weyl_trajectories all;
  assert_int_equal(weyl_trajectories_read(f->ctx, f->data, &all), WEYL_OK);
  all.item[0].position[0] += 1;
  assert_int_equal(weyl_trajectories_write(f->ctx, f->data, &all), WEYL_OK);
  weyl_trajectories_free(&all);
  assert_int_equal(fixture_train(f, "run", "linear", true, NULL, NULL), WEYL_BAD_ARG);
  assert_message(f, "other data");
}

/* Whichever allocation fails, the training says so, leaks nothing, and leaves a folder that can be resumed or used
 * anew. */
static void memory_may_run_out(void **state) {
  train_fixture *f = *state;
  const size_t before = weyl_memory_used(f->ctx);
  bool begun = false;
  int failures = 0;
  for (uint64_t n = 1;; n += 1 + n / 6) {
    weyl_options *o = NULL;
    assert_int_equal(weyl_train_options(f->ctx, "dynamics", "egnn", &o), WEYL_OK);
    static const char *const small[] = {"horizon", "2", "batch",  "8", "epochs", "1",
                                        "hidden",  "3", "layers", "1", NULL};
    fixture_set(o, small, false);
    const weyl_train_config config = {.task = "dynamics",
                                      .model = "egnn",
                                      .data = f->data,
                                      .out = fixture_path(f, "run", NULL),
                                      .options = o,
                                      .seed = 7,
                                      .resume = begun};
    weyl_train_result r;
    weyl_message_clear(f->ctx);
    weyl_context_fail_allocation(f->ctx, n);
    const weyl_status status = weyl_train(f->ctx, &config, &r);
    weyl_context_fail_allocation(f->ctx, 0);
    weyl_options_free(o);
    if (weyl_memory_used(f->ctx) != before)
      fail_msg("allocation %d: %zu bytes are lost", (int)n, weyl_memory_used(f->ctx) - before);
    begun = weyl_file_exists(fixture_path(f, "run", "config.ini"));
    if (status == WEYL_OK) break;
    if (status != WEYL_MEMORY)
      fail_msg("allocation %d: %s: %s", (int)n, weyl_status_name(status), weyl_message(f->ctx));
    failures++;
  }
  assert_true(failures > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fixture_test(training_learns),
      fixture_test(resume_is_exact),
      fixture_test(one_at_a_time),
      fixture_test(interruption_is_exact),
      fixture_test(threads_do_not_matter),
      fixture_test(steps_allocate_nothing),
      fixture_test(failed_numbers_are_named),
      fixture_test(patience_stops),
      fixture_test(averages_are_what_counts),
      fixture_test(bad_requests_are_refused),
      fixture_test(memory_may_run_out),
      fixture_test(a_run_keeps_its_seed),
      fixture_test(parts_of_files_are_removed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
