#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/train.h>

#include "property.h"

/* ---- windows and rows ---- */

enum { S = 3, N = 4, T = 3, F = 2, D = 2 };
static const int32_t agents[S] = {4, 1, 3};

static double number(int s, int i, int t, int k) { return 100 * s + 10 * i + t + 0.1 * k + 1; }

/* Windows with `padding` rows behind the agents. */
static weyl_dataset *windows(weyl_context *ctx, int64_t padding) {
  weyl_dataset *set = NULL;
  weyl_array past, future, count, edges;
  const int64_t room = N + padding;
  assert_int_equal(weyl_dataset_new(ctx, "windows", S, &set), WEYL_OK);
  assert_int_equal(weyl_dataset_add(set, "past", WEYL_PER_SAMPLE, WEYL_F64, 3, (int64_t[]){room, T, D}, "", &past),
                   WEYL_OK);
  assert_int_equal(weyl_dataset_add(set, "future", WEYL_PER_SAMPLE, WEYL_F64, 3, (int64_t[]){room, F, D}, "", &future),
                   WEYL_OK);
  assert_int_equal(weyl_dataset_add(set, "agents", WEYL_PER_SAMPLE, WEYL_I32, 0, NULL, "", &count), WEYL_OK);
  assert_int_equal(weyl_dataset_add(set, "edges", WEYL_PER_SAMPLE, WEYL_I32, 2, (int64_t[]){room, room}, "", &edges),
                   WEYL_OK);
  for (int s = 0; s < S; s++) {
    ((int32_t *)count.data)[s] = agents[s];
    for (int i = 0; i < agents[s]; i++) {
      for (int t = 0; t < T + F; t++)
        for (int k = 0; k < D; k++) {
          if (t < T)
            ((double *)past.data)[((s * room + i) * T + t) * D + k] = number(s, i, t, k);
          else
            ((double *)future.data)[((s * room + i) * F + t - T) * D + k] = number(s, i, t, k);
        }
      for (int j = 0; j < agents[s]; j++) ((int32_t *)edges.data)[(s * room + i) * room + j] = i != j && (i + j) % 2;
    }
  }
  return set;
}

/* Padding leaves no trace (spec sheet of EqMotion, 2.7 and check 6): the rows are the same, bit for bit. */
static void padding_is_dropped(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char hex[2][65];
  for (int k = 0; k < 2; k++) {
    weyl_dataset *given = windows(ctx, 5 * k), *rows = NULL;
    if (weyl_motion_rows(ctx, given, false, &rows) != WEYL_OK) fail_msg("%s", weyl_message(ctx));
    const int64_t *nodes = weyl_dataset_offsets(rows, WEYL_PER_NODE),
                  *edges = weyl_dataset_offsets(rows, WEYL_PER_EDGE);
    assert_int_equal(nodes[S], 8);
    assert_int_equal(edges[S], 12 + 0 + 6);
    const double *past = weyl_dataset_find(rows, "past")->array.data,
                 *target = weyl_dataset_find(rows, "target")->array.data;
    const int32_t *i = weyl_dataset_find(rows, "edge_i")->array.data,
                  *j = weyl_dataset_find(rows, "edge_j")->array.data,
                  *label = weyl_dataset_find(rows, "edge_label")->array.data;
    const double *origin = weyl_dataset_find(rows, "origin")->array.data;
    for (int s = 0; s < S; s++) {
      assert_true(fabs(origin[s * D] - (100 * s + 5 * (agents[s] - 1) + 2)) < 1e-12);
      for (int64_t r = nodes[s]; r < nodes[s + 1]; r++)
        for (int t = 0; t < T + F; t++) {
          const double want = number(s, (int)(r - nodes[s]), t, 1) - origin[s * D + 1];
          assert_true(want == (t < T ? past[(r * T + t) * D + 1] : target[(r * F + t - T) * D + 1]));
        }
      for (int64_t e = edges[s]; e < edges[s + 1]; e++) {
        assert_true(i[e] != j[e] && i[e] < agents[s] && j[e] < agents[s] && (e == edges[s] || i[e] >= i[e - 1]));
        assert_int_equal(label[e], (i[e] + j[e]) % 2);
      }
    }
    weyl_dataset_checksum(rows, hex[k]);
    weyl_dataset_free(given);
    weyl_dataset_free(rows);
  }
  assert_string_equal(hex[0], hex[1]);
  weyl_context_free(ctx);
}

static void bad_windows(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_dataset *rows = NULL, *set = windows(ctx, 0);
  int32_t *count = weyl_dataset_find(set, "agents")->array.data;
  count[1] = 0;
  assert_int_equal(weyl_motion_rows(ctx, set, false, &rows), WEYL_FORMAT);
  assert_non_null(strstr(weyl_message(ctx), "window 1: 0 agents"));
  weyl_message_clear(ctx);
  count[1] = N + 1;
  assert_int_equal(weyl_motion_rows(ctx, set, false, &rows), WEYL_FORMAT);
  weyl_message_clear(ctx);
  count[1] = 1;
  assert_int_equal(weyl_dataset_note(set, "joints", "hip|knee"), WEYL_OK);
  assert_int_equal(weyl_motion_rows(ctx, set, false, &rows), WEYL_SHAPE);
  weyl_message_clear(ctx);
  weyl_dataset_free(set);
  assert_int_equal(weyl_dataset_new(ctx, "nothing", 1, &set), WEYL_OK);
  assert_int_equal(weyl_motion_rows(ctx, set, false, &rows), WEYL_SHAPE);
  weyl_dataset_free(set);
  weyl_context_free(ctx);
}

/* ---- training ---- */

typedef struct trial {
  char folder[64], out[96];
  weyl_context *ctx;
  weyl_options *options;
} trial;

static void set(trial *t, const char *name, const char *value) {
  if (weyl_options_set(t->options, name, value, NULL) != WEYL_OK) fail_msg("%s", weyl_message(t->ctx));
}

static trial trial_new(const char *task, const char *model) {
  trial t = {.folder = "/tmp/weyl-motion-XXXXXX", .ctx = test_context(2)};
  assert_non_null(mkdtemp(t.folder));
  snprintf(t.out, sizeof t.out, "%s/run", t.folder);
  assert_int_equal(weyl_train_options(t.ctx, task, model, &t.options), WEYL_OK);
  set(&t, "valid", "20");
  set(&t, "test", "20");
  if (!weyl_options_has(t.options, "channels")) return t;
  set(&t, "channels", "16");
  set(&t, "hidden", "16");
  set(&t, "layers", "1");
  return t;
}

static weyl_train_result train(trial *t, const char *task, const char *model) {
  weyl_train_result r;
  const weyl_train_config config = {.task = task, .model = model, .out = t->out, .options = t->options, .seed = 1};
  if (weyl_train(t->ctx, &config, &r) != WEYL_OK) fail_msg("%s", weyl_message(t->ctx));
  return r;
}

static void trial_free(trial *t) {
  char command[160];
  weyl_options_free(t->options);
  weyl_context_free(t->ctx);
  snprintf(command, sizeof command, "rm -rf '%s'", t->folder);
  assert_int_equal(system(command), 0);
}

/* 100 scenes by heart, by a smaller model and in fewer steps than check 8 of the sheet has, and still equivariant
 * (check 3). */
static void learns_by_heart(void **state) {
  (void)state;
  trial t = trial_new("springs", "eqmotion");
  set(&t, "train", "100");
  set(&t, "batch", "50");
  set(&t, "epochs", "150");
  set(&t, "eval_every", "150");
  set(&t, "rate", "3e-3");
  set(&t, "reverse", "0.3");
  set(&t, "resize", "1.1");
  set(&t, "balance", "0.01");
  set(&t, "entropy", "-0.001");
  set(&t, "step_loss", "0.1");
  set(&t, "frame_decay", "0.05");
  const weyl_train_result r = train(&t, "springs", "eqmotion");
  if (!(r.train_loss < 0.3)) fail_msg("300 steps took the error to %g", r.train_loss);
  assert_int_equal(r.metrics, 3);
  assert_string_equal(r.test[0].name, "FDE");
  assert_string_equal(r.test[1].name, "ADE");
  assert_string_equal(r.test[2].name, "edge accuracy");
  assert_true(r.test[2].value >= 0.5 && r.test[1].value < r.test[0].value);

  weyl_trained *trained = NULL;
  weyl_arena *arena = NULL;
  weyl_group *group = NULL;
  weyl_audit_result audit;
  weyl_audit_opts o = weyl_audit_defaults(WEYL_F64);
  o.inputs = 10;
  assert_int_equal(weyl_trained_open(t.ctx, t.out, WEYL_F64, NULL, &trained), WEYL_OK);
  assert_int_equal(weyl_arena_new(t.ctx, &arena), WEYL_OK);
  assert_int_equal(weyl_group_parse(t.ctx, "E(3) x S(n)", &group), WEYL_OK);
  if (weyl_trained_audit(trained, arena, group, &o, &audit, NULL) != WEYL_OK) fail_msg("%s", weyl_message(t.ctx));
  assert_true(audit.holds && audit.max < 1e-10 && audit.rms > 0.1);
  const weyl_splits *splits;
  weyl_array pairs;
  assert_int_equal(weyl_trained_splits(trained, &splits), WEYL_OK);
  assert_int_equal(weyl_trained_pairs(trained, splits->test, arena, &pairs), WEYL_OK);
  assert_true(pairs.dim[0] == 400 && pairs.dim[1] == 2);
  for (int e = 0; e < 400; e++)
    assert_true(fabs(((double *)pairs.data)[2 * e] + ((double *)pairs.data)[2 * e + 1] - 1) < 1e-12);
  weyl_group_free(group);
  weyl_arena_free(arena);
  weyl_trained_free(trained);
  trial_free(&t);
}

/* A model without parameters reports its test; the numbers of the sheet, section 6, to the noise of 200 scenes. */
static void straight_motion(void **state) {
  (void)state;
  trial t = trial_new("springs", "constant-velocity");
  set(&t, "train", "1");
  set(&t, "batch", "1");
  set(&t, "test", "400");
  const weyl_train_result r = train(&t, "springs", "constant-velocity");
  assert_int_equal(r.params, 0);
  assert_true(fabs(r.test[1].value - 0.572) < 0.02 && fabs(r.test[0].value - 1.451) < 0.05);
  weyl_trained *trained = NULL;
  weyl_arena *arena = NULL;
  weyl_array pairs;
  const weyl_splits *splits;
  assert_int_equal(weyl_trained_open(t.ctx, t.out, WEYL_F32, NULL, &trained), WEYL_OK);
  assert_int_equal(weyl_arena_new(t.ctx, &arena), WEYL_OK);
  assert_int_equal(weyl_trained_splits(trained, &splits), WEYL_OK);
  assert_int_equal(weyl_trained_pairs(trained, splits->test, arena, &pairs), WEYL_UNSUPPORTED);
  weyl_arena_free(arena);
  weyl_trained_free(trained);
  trial_free(&t);
}

/* ---- errors at horizons ---- */

/* Two windows of two joints in the plane that stood at the origin; joint i of window s is `off[s][i][f]` away at frame
 * f of the future, 80 ms each. */
enum { AHEAD = 5 };
static const double off[2][2][AHEAD] = {{{1, 2, 3, 4, 5}, {0, 1, 0, 2, 0}}, {{3, 4, 4, 4, 7}, {8, 0, 2, 6, 4}}};

static void write_standing(weyl_context *ctx, const char *path, const char *notes) {
  static const char *const split[] = {"train", "valid", "test"};
  double past[2][2][2][2] = {0}, future[2][2][AHEAD][2];
  weyl_bundle *bundle = NULL;
  char name[32];
  for (int k = 0; k < 2 * 2 * AHEAD; k++) { /* in the direction (0.6, -0.8) */
    (&future[0][0][0][0])[2 * k] = 0.6 * (&off[0][0][0])[k];
    (&future[0][0][0][0])[2 * k + 1] = -0.8 * (&off[0][0][0])[k];
  }
  const struct {
    const char *name;
    weyl_array array;
  } all[] = {{"past", {past, WEYL_F64, 4, {2, 2, 2, 2}}},
             {"future", {future, WEYL_F64, 4, {2, 2, AHEAD, 2}}},
             {"notes", {(void *)(uintptr_t)notes, WEYL_U8, 1, {(int64_t)strlen(notes)}}}};
  assert_int_equal(weyl_bundle_new(ctx, &bundle), WEYL_OK);
  for (int s = 0; s < 3; s++)
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
      snprintf(name, sizeof name, "%s_%s", split[s], all[k].name);
      assert_int_equal(weyl_bundle_add(bundle, name, &all[k].array), WEYL_OK);
    }
  assert_int_equal(weyl_npz_write(ctx, path, bundle), WEYL_OK);
  weyl_bundle_free(bundle);
}

/* Joints weigh 3/4 and 1/4, lengths are in units of 10: sums done by hand. */
static void errors_at_horizons(void **state) {
  (void)state;
  trial t = trial_new("motion", "last-position");
  char path[128];
  snprintf(path, sizeof path, "%s/windows.npz", t.folder);
  write_standing(t.ctx, path,
                 "{\"time_step\": \"0.08\", \"time_unit\": \"s\", \"scale\": \"10\", \"joints\": \"hip|knee\", "
                 "\"joint_weights\": \"0.75 0.25\"}");
  set(&t, "horizons", "80,100,320,400,480"); /* no frame at 100 ms, and 480 ms are too far */
  set(&t, "batch", "2");
  weyl_train_result r;
  const weyl_train_config config = {
      .task = "motion", .model = "last-position", .data = path, .out = t.out, .options = t.options, .seed = 1};
  if (weyl_train(t.ctx, &config, &r) != WEYL_OK) fail_msg("%s", weyl_message(t.ctx));
  static const struct {
    const char *name;
    double value;
  } want[] = {{"FDE", 10 * (0.75 * 12 + 0.25 * 4) / 2},
              {"ADE", 10 * (0.75 * 37 + 0.25 * 23) / 10},
              {"error at 80 ms", 10 * (0.75 * 4 + 0.25 * 8) / 2},
              {"error at 320 ms", 10 * (0.75 * 8 + 0.25 * 8) / 2},
              {"error at 400 ms", 10 * (0.75 * 12 + 0.25 * 4) / 2}};
  assert_int_equal(r.metrics, 5);
  for (int k = 0; k < 5; k++) {
    assert_string_equal(r.test[k].name, want[k].name);
    if (fabs(r.test[k].value - want[k].value) > 1e-5 * want[k].value)
      fail_msg("%s is %.9g, not %.9g", want[k].name, r.test[k].value, want[k].value);
  }

  static const double ahead[AHEAD] = {25, 23.75, 28.75, 40, 50};
  weyl_trained *trained = NULL;
  weyl_arena *arena = NULL;
  const weyl_splits *splits;
  weyl_array errors;
  assert_int_equal(weyl_trained_open(t.ctx, t.out, WEYL_F64, NULL, &trained), WEYL_OK);
  assert_int_equal(weyl_arena_new(t.ctx, &arena), WEYL_OK);
  assert_int_equal(weyl_trained_splits(trained, &splits), WEYL_OK);
  assert_int_equal(weyl_trained_errors(trained, splits->test, arena, &errors), WEYL_OK);
  assert_int_equal(errors.dim[0], AHEAD);
  for (int f = 0; f < AHEAD; f++) assert_true(fabs(((double *)errors.data)[f] - ahead[f]) < 1e-12 * ahead[f]);
  weyl_arena_free(arena);
  weyl_trained_free(trained);
  trial_free(&t);
}

/* The first row counts alone where it is an ego, and data without a step in seconds have no horizons. */
static void errors_of_egos(void **state) {
  (void)state;
  trial t = trial_new("motion", "last-position");
  char path[128];
  snprintf(path, sizeof path, "%s/windows.npz", t.folder);
  write_standing(t.ctx, path, "{\"time_step\": \"80\", \"time_unit\": \"fs\", \"ego\": \"true\"}");
  set(&t, "batch", "2");
  weyl_train_result r;
  const weyl_train_config config = {
      .task = "motion", .model = "last-position", .data = path, .out = t.out, .options = t.options, .seed = 1};
  if (weyl_train(t.ctx, &config, &r) != WEYL_OK) fail_msg("%s", weyl_message(t.ctx));
  assert_int_equal(r.metrics, 2);
  assert_true(fabs(r.test[0].value - 6) < 1e-5 && fabs(r.test[1].value - 3.7) < 1e-5);

  static const char *const bad[] = {"80,40", "soon", "80;160", "0,80", "-80", "nan", "1,2,3,4,5,6,7,8,9,10,11,12,13"};
  weyl_train_config again = config;
  char out[128];
  snprintf(out, sizeof out, "%s/again", t.folder);
  again.out = out;
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    set(&t, "horizons", bad[k]);
    assert_int_equal(weyl_train(t.ctx, &again, &r), WEYL_BAD_ARG);
    assert_non_null(strstr(weyl_message(t.ctx), "horizons is"));
    weyl_message_clear(t.ctx);
  }
  trial_free(&t);
}

static void wrong_pairs_of_task_and_model(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_options *o = NULL;
  assert_int_equal(weyl_train_options(ctx, "springs", "segnn", &o), WEYL_UNSUPPORTED);
  weyl_message_clear(ctx);
  assert_int_equal(weyl_train_options(ctx, "nbody", "eqmotion", &o), WEYL_UNSUPPORTED);
  weyl_message_clear(ctx);
  assert_int_equal(weyl_train_options(ctx, "nbody", "wrn-40-2", &o), WEYL_UNSUPPORTED);
  weyl_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(padding_is_dropped),
      cmocka_unit_test(bad_windows),
      cmocka_unit_test(learns_by_heart),
      cmocka_unit_test(straight_motion),
      cmocka_unit_test(errors_at_horizons),
      cmocka_unit_test(errors_of_egos),
      cmocka_unit_test(wrong_pairs_of_task_and_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
