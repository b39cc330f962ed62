#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "train_fixture.h"

static weyl_status open_run(train_fixture *f, const char *run, weyl_dtype real, weyl_trained **t) {
  weyl_message_clear(f->ctx);
  return weyl_trained_open(f->ctx, fixture_path(f, run, NULL), real, NULL, t);
}

static void evaluation_repeats_the_training_s(void **state) {
  train_fixture *f = *state;
  weyl_train_result r;
  assert_trained(f, fixture_train(f, "run", "egnn", false, NULL, &r));
  weyl_trained *t = NULL;
  assert_trained(f, open_run(f, "run", WEYL_F32, &t));
  assert_string_equal(weyl_trained_task(t)->name, "dynamics");
  assert_string_equal(weyl_trained_model(t)->name, "egnn");
  assert_string_equal(weyl_trained_symmetry(t), "none");
  assert_int_equal(weyl_trained_seed(t), 7);
  assert_int_equal(weyl_options_integer(weyl_trained_options(t), "hidden"), 9);

  weyl_metric metrics[WEYL_METRICS];
  int count;
  int64_t samples;
  assert_int_equal(weyl_trained_eval(t, NULL, metrics, &count, &samples), WEYL_OK);
  assert_int_equal(count, 2);
  assert_true(metrics[0].value == r.test[0].value && metrics[1].value == r.test[1].value);

  /* the metric from the predictions */
  const weyl_splits *splits;
  weyl_arena *arena = NULL;
  weyl_array y;
  double gap = 0;
  assert_int_equal(weyl_trained_splits(t, &splits), WEYL_OK);
  assert_int_equal(weyl_dataset_samples(splits->test), samples);
  assert_int_equal(weyl_arena_new(f->ctx, &arena), WEYL_OK);
  assert_int_equal(weyl_trained_predict(t, splits->test, arena, &y, &gap), WEYL_OK);
  const double *target = weyl_dataset_find(splits->test, "target")->array.data;
  double sum = 0;
  for (int64_t i = 0; i < weyl_array_size(&y); i++) sum += pow(((double *)y.data)[i] - target[i], 2);
  assert_true(fabs(sum / (double)weyl_array_size(&y) / metrics[0].value - 1) < 1e-5);
  assert_true(isinf(gap) != 0); /* this model has no frames */

  /* in double the same to rounding */
  weyl_trained *twice = NULL;
  weyl_array z;
  assert_trained(f, open_run(f, "run", WEYL_F64, &twice));
  assert_int_equal(weyl_trained_predict(twice, splits->test, arena, &z, NULL), WEYL_OK);
  double most = 0;
  for (int64_t i = 0; i < weyl_array_size(&y); i++)
    most = fmax(most, fabs(((double *)y.data)[i] - ((double *)z.data)[i]));
  assert_true(most > 0 && most < 1e-4);

  weyl_program *program = NULL;
  assert_int_equal(weyl_trained_train_program(t, &program), WEYL_OK);
  assert_true(weyl_program_input_find(program, "rate") >= 0);
  assert_true(weyl_program_input_find(weyl_trained_program(t), "x") >= 0);
  weyl_trained_free(twice);
  weyl_trained_free(t);
  weyl_arena_free(arena);
}

static weyl_audit_result audit(train_fixture *f, const char *run, weyl_dtype real, const char *name, double *gap) {
  weyl_trained *t = NULL;
  weyl_group *group = NULL;
  weyl_arena *arena = NULL;
  weyl_audit_result r;
  assert_trained(f, open_run(f, run, real, &t));
  assert_int_equal(weyl_group_parse(f->ctx, name, &group), WEYL_OK);
  assert_int_equal(weyl_arena_new(f->ctx, &arena), WEYL_OK);
  assert_trained(f, weyl_trained_audit(t, arena, group, NULL, &r, gap));
  weyl_arena_free(arena);
  weyl_group_free(group);
  weyl_trained_free(t);
  return r;
}

static void audits_tell_models_apart(void **state) {
  train_fixture *f = *state;
  double gap;
  assert_trained(f, fixture_train(f, "egnn", "egnn", false, NULL, NULL));
  assert_trained(f, fixture_train(f, "gnn", "gnn", false, NULL, NULL));
  const weyl_audit_result good = audit(f, "egnn", WEYL_F64, "E(3) x S(n)", &gap);
  assert_true(good.holds && good.max < 1e-12 && good.draws > 9 && good.rms > 0.1);
  const weyl_audit_result single = audit(f, "egnn", WEYL_F32, "E(3) x S(n)", &gap);
  assert_true(single.holds && single.mean > 1e-9);
  const weyl_audit_result bad = audit(f, "gnn", WEYL_F64, "SO(3)", &gap);
  assert_true(!bad.holds && bad.mean > 1e-3 && bad.failing == bad.draws);
  assert_true(audit(f, "gnn", WEYL_F64, "S(n)", &gap).holds);
  assert_true(isinf(gap) != 0);
}

/* `frame:E(3)` makes a plain network equivariant. */
static void frames_make_symmetric(void **state) {
  train_fixture *f = *state;
  weyl_options *o = NULL;
  weyl_train_result r;
  assert_int_equal(weyl_train_options(f->ctx, "dynamics", "gnn", &o), WEYL_OK);
  assert_int_equal(weyl_options_set(o, "epochs", "1", NULL), WEYL_OK);
  assert_int_equal(weyl_options_set(o, "horizon", "2", NULL), WEYL_OK);
  const weyl_train_config config = {.task = "dynamics",
                                    .model = "gnn",
                                    .symmetry = "frame:E(3)",
                                    .data = f->data,
                                    .out = fixture_path(f, "framed", NULL),
                                    .options = o,
                                    .seed = 1};
  assert_trained(f, weyl_train(f->ctx, &config, &r));
  assert_string_equal(r.symmetry, "frame:E(3)");
  weyl_options_free(o);
  double gap;
  const weyl_audit_result a = audit(f, "framed", WEYL_F64, "E(3)", &gap);
  assert_true(a.holds);
  assert_true(gap > 0 && gap < 1);
}

/* ---- what is wrong with a run directory
 * ------------------------------------------------------------------------------------ */

static void bad_models_are_refused(void **state) {
  train_fixture *f = *state;
  weyl_trained *t = NULL;
  assert_int_equal(open_run(f, "nowhere", WEYL_F32, &t), WEYL_NO_FILE);
  assert_message(f, "no run directory");
  assert_trained(f, fixture_train(f, "run", "egnn", false, NULL, NULL));
  assert_int_equal(open_run(f, "run", WEYL_I32, &t), WEYL_DTYPE);

  char path[400];
  snprintf(path, sizeof path, "%s", fixture_path(f, "run", "model.safetensors"));
  char *bytes = NULL;
  size_t n = 0;
  assert_int_equal(weyl_file_read(f->ctx, path, 0, &bytes, &n), WEYL_OK);
  const size_t cuts[] = {0, 4, 100, n / 2, n - 1};
  for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
    test_write(path, bytes, cuts[k]);
    assert_int_equal(open_run(f, "run", WEYL_F32, &t), WEYL_FORMAT);
    assert_message(f, "model.safetensors");
  }
  test_write(path, "this is no such file, whatever its name says", 44);
  assert_int_equal(open_run(f, "run", WEYL_F32, &t), WEYL_FORMAT);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(open_run(f, "run", WEYL_F32, &t), WEYL_NO_FILE);
  weyl_dealloc(f->ctx, bytes);

  /* of another width, and of another model */
  assert_trained(f, fixture_train(f, "wide", "egnn", false, (const char *const[]){"hidden", "12", NULL}, NULL));
  assert_int_equal(rename(fixture_path(f, "wide", "model.safetensors"), path), 0);
  assert_int_equal(open_run(f, "run", WEYL_F32, &t), WEYL_SHAPE);
  assert_trained(f, fixture_train(f, "gnn", "gnn", false, NULL, NULL));
  assert_int_equal(rename(fixture_path(f, "gnn", "model.safetensors"), path), 0);
  assert_int_equal(open_run(f, "run", WEYL_F32, &t), WEYL_FORMAT);
  assert_message(f, "its model is gnn");
  assert_null(t);
}

static void bad_configurations_are_refused(void **state) {
  train_fixture *f = *state;
  weyl_trained *t = NULL;
  assert_trained(f, fixture_train(f, "run", "linear", false, NULL, NULL));
  char path[400];
  snprintf(path, sizeof path, "%s", fixture_path(f, "run", "config.ini"));
  static const struct {
    const char *text, *message;
    weyl_status status;
  } bad[] = {
      {"[run]\nformat = 2\n", "format 2", WEYL_FORMAT},
      {"[run]\nseed = 1\n", "no key format", WEYL_FORMAT},
      {"[run]\nformat = 1\nseed = -4\ntask = dynamics\n", "seed", WEYL_FORMAT},
      {"[run]\nformat = 1\nseed = 4\ntask = dinamics\n", "dynamics", WEYL_UNKNOWN},
      {"[run]\nformat = 1\nseed = 4\ntask = dynamics\nmodel = linear\n[options]\nepoch = 3\n", "config.ini:7",
       WEYL_UNKNOWN},
      {"[run]\nformat = 1\nseed = 4\ntask = dynamics\nmodel = linear\n[options]\nepochs = -3\n", "config.ini:7",
       WEYL_BAD_ARG},
      {"[run\nformat", "config.ini", WEYL_FORMAT},
  };
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    test_write(path, bad[k].text, strlen(bad[k].text));
    const weyl_status status = open_run(f, "run", WEYL_F32, &t);
    if (status != bad[k].status) fail_msg("case %zu: %s: %s", k, weyl_status_name(status), weyl_message(f->ctx));
    assert_message(f, bad[k].message);
  }
  assert_null(t);
}

static void bad_states_are_refused(void **state) {
  train_fixture *f = *state;
  assert_trained(f, fixture_train(f, "run", "linear", false, NULL, NULL));
  char path[400];
  snprintf(path, sizeof path, "%s", fixture_path(f, "run", "state.safetensors"));
  char *bytes = NULL;
  size_t n = 0;
  assert_int_equal(weyl_file_read(f->ctx, path, 0, &bytes, &n), WEYL_OK);
  test_write(path, bytes, n / 2);
  assert_int_equal(fixture_train(f, "run", "linear", true, NULL, NULL), WEYL_FORMAT);
  assert_message(f, "state.safetensors");
  weyl_dealloc(f->ctx, bytes);
  assert_int_equal(rename(fixture_path(f, "run", "model.safetensors"), path), 0); /* a model is no state */
  assert_int_equal(fixture_train(f, "run", "linear", true, NULL, NULL), WEYL_FORMAT);
  assert_message(f, "counters");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fixture_test(evaluation_repeats_the_training_s),
      fixture_test(audits_tell_models_apart),
      fixture_test(frames_make_symmetric),
      fixture_test(bad_models_are_refused),
      fixture_test(bad_configurations_are_refused),
      fixture_test(bad_states_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
