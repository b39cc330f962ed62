#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "folder.h"
#include "sets/clips.h"
#include "testing.h"

static weyl_status try_load(weyl_context *ctx, const char *set, const char *path, const char *const *pairs,
                            weyl_splits *out) {
  const weyl_set_def *def = weyl_set_find(set);
  assert_non_null(def);
  weyl_options *o = test_options(ctx, def, pairs);
  const weyl_status status = def->load(ctx, o, path, 1, out);
  weyl_options_free(o);
  return status;
}

static weyl_splits load(weyl_context *ctx, const char *set, const char *path, const char *const *pairs) {
  weyl_splits s = {0};
  assert_ok(ctx, try_load(ctx, set, path, pairs, &s));
  return s;
}

static const int32_t *whole(const weyl_dataset *set, const char *field) {
  const weyl_field *f = weyl_dataset_find(set, field);
  assert_non_null(f);
  return f->array.data;
}

static const int64_t *shape(const weyl_dataset *set, const char *field) {
  return weyl_dataset_find(set, field)->array.dim;
}

/* ---- molecules ---- */

/* Two heavy atoms and a hydrogen; atom a is at x = frame + 100 a, so that a window tells where it is from. Its bond
 * is 1.5 long in y and z. */
static const char *write_molecule(const char *name, int64_t frames, double step) {
  const char *path = in_folder(name);
  weyl_context *ctx = test_context(1);
  double *r = calloc((size_t)frames * 9, sizeof *r);
  int32_t z[3] = {6, 1, 8};
  for (int64_t f = 0; f < frames; f++)
    for (int a = 0; a < 3; a++) {
      r[f * 9 + 3 * a] = (double)f * 1e-3;
      r[f * 9 + 3 * a + 1] = a == 2 ? 1.2 : 0;
      r[f * 9 + 3 * a + 2] = a == 2 ? 0.9 : 0;
    }
  weyl_trajectory t = {.frames = frames, .points = 3, .d = 3, .position = r, .type = z, .time_step = step};
  const weyl_trajectories list = {.count = 1, .item = &t, .format = "npz", .length_unit = "", .time_unit = ""};
  assert_ok(ctx, weyl_trajectories_write(ctx, path, &list));
  free(r);
  test_context_free(ctx);
  return path;
}

/* Sheet 5.2: the last frame dropped, 5:1:2 in time, starts and poses 20 frames apart, no hydrogen. */
static void molecules(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = write_molecule("md.npz", 8001, 0);
  weyl_splits s = load(ctx, "molecules", path, NULL);
  const weyl_dataset *const set[3] = {s.train, s.valid, s.test};
  const int64_t from[4] = {0, 5000, 6000, 8000};
  for (int p = 0; p < 3; p++) {
    const int64_t n = weyl_dataset_samples(set[p]);
    assert_int_equal(n, (from[p + 1] - from[p] - 1 - 19 * 20) / 20 + 1);
    assert_true(shape(set[p], "past")[1] == 2 && shape(set[p], "past")[2] == 10 && shape(set[p], "past")[3] == 3);
    for (int64_t k = 0; k < n; k++) {
      const double *past = reals(set[p], "past") + k * 60, *future = reals(set[p], "future") + k * 60;
      const int32_t start = whole(set[p], "start")[k], *e = whole(set[p], "edges") + k * 4;
      assert_int_equal(start, from[p] + 20 * k);
      assert_true(past[0] == start * 1e-3);
      assert_close(future[27], (start + 380) * 1e-3, 1e-12);
      assert_true(e[0] == 0 && e[1] == 1 && e[2] == 1 && e[3] == 0);
      assert_true(whole(set[p], "type")[2 * k] == 6 && whole(set[p], "type")[2 * k + 1] == 8);
      assert_true(past[31] == 1.2);
    }
  }
  assert_string_equal(weyl_dataset_noted(s.test, "edge_classes"), "none|bond");
  assert_string_equal(weyl_dataset_noted(s.test, "spacing"), "20");
  weyl_splits_free(&s);
  /* a file that knows its step of 10 fs is spaced by one frame; hydrogens stay when asked for; samples are drawn */
  path = write_molecule("dt.npz", 401, 10);
  static const char *const pairs[] = {"hydrogens=true", "train=30", "test=5", NULL}, *const other[] = {"data_seed=9",
                                                                                                       "train=30",
                                                                                                       NULL};
  s = load(ctx, "motion", path, pairs);
  assert_int_equal(weyl_dataset_samples(s.train), 30);
  assert_int_equal(weyl_dataset_samples(s.valid), 50 - 19);
  assert_int_equal(weyl_dataset_samples(s.test), 5);
  assert_int_equal(shape(s.train, "past")[1], 3);
  assert_string_equal(weyl_dataset_noted(s.train, "time_step"), "10");
  int32_t first[30];
  memcpy(first, whole(s.train, "start"), sizeof first);
  weyl_splits_free(&s);
  s = load(ctx, "molecules", path, pairs);
  assert_memory_equal(whole(s.train, "start"), first, sizeof first);
  weyl_splits_free(&s);
  s = load(ctx, "molecules", path, other);
  assert_memory_not_equal(whole(s.train, "start"), first, sizeof first);
  weyl_splits_free(&s);
  static const char *const far[] = {"spacing=20", NULL};
  assert_says(ctx, try_load(ctx, "molecules", path, far, &s), WEYL_FORMAT,
              "no train sample: windows of 20 frames, 20 apart, span 381, and the longest stretch for it has 250");
  test_context_free(ctx);
}

/* Thousand frames of ethanol one step apart: the spacing must be shorter than the paper's, and is noted. */
static void public_ethanol(void **state) {
  (void)state;
  char path[512];
  if (!shared_file("md17/ethanol_0000-0999.npz", path)) skip();
  weyl_context *ctx = test_context(1);
  weyl_splits s = {0};
  static const char *const pairs[] = {"spacing=2", "stride=1", NULL};
  assert_says(ctx, try_load(ctx, "molecules", path, NULL, &s), WEYL_FORMAT, "try a smaller spacing");
  s = load(ctx, "motion", path, pairs);
  assert_int_equal(weyl_dataset_samples(s.train), 624 - 38);
  assert_int_equal(shape(s.train, "past")[1], 3);
  const int32_t *e = whole(s.train, "edges"); /* C-C-O */
  assert_int_equal(e[0 * 3 + 1] + e[1 * 3 + 2] + e[0 * 3 + 2], 2);
  assert_string_equal(weyl_dataset_noted(s.train, "spacing"), "2");
  weyl_splits_free(&s);
  test_context_free(ctx);
}

/* ---- skeletons ---- */

/* A line of Human3.6M: every joint turns at a speed of its own, the root walks and turns. */
static void write_h36m(const char *path, int lines, double speed) {
  char *text = calloc((size_t)lines * 99, 16);
  size_t n = 0;
  for (int f = 0; f < lines; f++)
    for (int k = 0; k < 99; k++)
      n += (size_t)snprintf(text + n, 16, "%.6f%c", 0.3 * sin(k + speed * f * (1 + k % 5)), k < 98 ? ',' : '\n');
  test_write(path, text, n);
  free(text);
}

static const char *make_h36m(void) {
  static char root[128];
  char path[256];
  snprintf(root, sizeof root, "%s", in_folder("h36m"));
  assert_int_equal(mkdir(root, 0700), 0);
  for (int k = 0; k < 3; k++) {
    static const char *const subject[3] = {"S1", "S5", "S11"};
    snprintf(path, sizeof path, "%s/%s", root, subject[k]);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/%s/walking_1.txt", root, subject[k]);
    write_h36m(path, 100 + 20 * k, 0.01 * (k + 1));
  }
  return root;
}

/* Sheet 5.3: every second line, fixed root, 22 of 32 joints, windows of stride 1, decimetres; S5 is the test. */
static void human36m(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *root = make_h36m(), *kind;
  assert_ok(ctx, weyl_motion_kind(ctx, root, &kind));
  assert_string_equal(kind, "skeleton");
  weyl_splits s = load(ctx, "skeleton", root, NULL);
  assert_int_equal(weyl_dataset_samples(s.train), 50 - 19);
  assert_int_equal(weyl_dataset_samples(s.test), 60 - 19);
  assert_int_equal(weyl_dataset_samples(s.valid), 70 - 19);
  assert_int_equal(shape(s.train, "past")[1], 22);
  assert_string_equal(weyl_dataset_noted(s.train, "joints"),
                      "2|3|4|5|7|8|9|10|12|13|14|15|17|18|19|21|22|25|26|27|29|30");
  assert_string_equal(weyl_dataset_noted(s.train, "parents"),
                      "-1 0 1 2 -1 4 5 6 -1 8 9 10 8 12 13 14 14 8 17 18 19 19");
  assert_string_equal(weyl_dataset_noted(s.test, "scenes"), "S5/walking_1");
  assert_string_equal(weyl_dataset_noted(s.test, "scale"), "100");
  assert_string_equal(weyl_dataset_noted(s.test, "time_step"), "0.04");
  double sum = 0; /* 28 of the 32 joints are predicted or copied */
  const char *at = weyl_dataset_noted(s.test, "joint_weights");
  for (int k = 0; k < 22; k++) {
    char *end;
    sum += strtod(at, &end);
    at = end;
  }
  assert_close(sum, 28.0 / 32, 1e-12);
  /* window 5, frame 3 of joint 15 is line 16 */
  weyl_trajectories t;
  char path[256];
  snprintf(path, sizeof path, "%s/S5/walking_1.txt", root);
  assert_ok(ctx, weyl_trajectories_read(ctx, path, &t));
  const double *x = t.item->position + (16 * 32) * 3, *p = reals(s.test, "past") + ((5 * 22 + 11) * 10 + 3) * 3;
  /* the file's own pose is turned and moved by its root: distances agree */
  const double *q = reals(s.test, "past") + ((5 * 22 + 3) * 10 + 3) * 3;
  double a = 0, b = 0;
  for (int k = 0; k < 3; k++) {
    a += (x[15 * 3 + k] - x[5 * 3 + k]) * (x[15 * 3 + k] - x[5 * 3 + k]);
    b += (p[k] - q[k]) * (p[k] - q[k]);
  }
  assert_close(sqrt(a), 100 * sqrt(b), 1e-9);
  weyl_trajectories_free(&t);
  weyl_splits_free(&s);

  static const char
      *const words[] = {"test_clips=S1", "valid_fraction=0.35", "train_fraction=0.5", "test_fraction=0.1", NULL},
             *const absent[] = {"test_clips=S7", NULL}, *const named[] = {"joints=13,15", "root=free", NULL},
             *const unknown[] = {"joints=hip", NULL}, *const fast[] = {"frame_rate=60", NULL},
             *const all[] = {"test_clips=S1,S5", "valid_clips=S11", NULL};
  s = load(ctx, "motion", root, words); /* S5 and S11 train; their last third or so is for validation */
  assert_string_equal(weyl_dataset_noted(s.train, "scenes"), "S11/walking_1|S5/walking_1");
  assert_string_equal(weyl_dataset_noted(s.test, "scenes"), "S1/walking_1");
  weyl_splits_free(&s);
  s = load(ctx, "skeleton", root, named);
  assert_int_equal(shape(s.train, "past")[1], 2);
  assert_string_equal(weyl_dataset_noted(s.train, "parents"), "-1 0");
  weyl_splits_free(&s);
  assert_says(ctx, try_load(ctx, "skeleton", root, absent, &s), WEYL_BAD_ARG, "test_clips=S7");
  assert_says(ctx, try_load(ctx, "skeleton", root, unknown, &s), WEYL_UNKNOWN, "no joint 'hip'");
  assert_says(ctx, try_load(ctx, "skeleton", root, fast, &s), WEYL_FORMAT, "has 50 frames a second, 60 are asked for");
  assert_says(ctx, try_load(ctx, "skeleton", root, all, &s), WEYL_BAD_ARG, "none is left to train");

  /* another format in the folder: not guessed */
  static const char bvh[] =
      "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xposition\n}\nMOTION\nFrames: 1\nFrame Time: 1\n2\n";
  static const char *const only[] = {"clips=h36m", NULL};
  snprintf(path, sizeof path, "%s/S1/walking.bvh", root);
  test_write(path, bvh, sizeof bvh - 1);
  assert_says(ctx, try_load(ctx, "skeleton", root, NULL, &s), WEYL_FORMAT,
              "two formats, S1/walking.bvh and S1/walking_1.txt: choose one (clips=bvh or clips=h36m)");
  s = load(ctx, "skeleton", root, only);
  assert_int_equal(weyl_dataset_samples(s.train), 50 - 19);
  weyl_splits_free(&s);
  test_context_free(ctx);
}

static void clip_names(void **state) {
  (void)state;
  assert_true(clip_is_one_of("S5/walking_1", "S11,S5"));
  assert_false(clip_is_one_of("S51/walking_1", "S5"));
  assert_true(clip_is_one_of("02_01", " 35, 02"));
  assert_true(clip_is_one_of("02_01", "02_01"));
  assert_false(clip_is_one_of("02_01", "02_0"));
  assert_false(clip_is_one_of("02_01", ""));
}

/* CMU at 120 frames a second brought to 25: frame f is between frames 4.8 f and the next; bones stay as long as the
 * line between two frames allows; joints that stand (hips under a fixed root) are left out. */
static void public_clip(void **state) {
  (void)state;
  char path[512];
  if (!shared_file("mocap/02_01.amc.xz", path)) skip();
  weyl_context *ctx = test_context(1);
  static const char *const thirds[] = {"valid_fraction=0.3", "train_fraction=0.3", "test_fraction=0.3", NULL};
  weyl_splits s = load(ctx, "motion", path, thirds);
  assert_int_equal(shape(s.train, "past")[1], 28);
  assert_string_equal(weyl_dataset_noted(s.train, "time_step"), "0.04");
  assert_null(weyl_dataset_noted(s.train, "joint_weights"));
  weyl_splits_free(&s);
  /* root and hips stand still: shown on request, and their errors weigh nothing, here and in what is predicted from */
  static const char *const anchored[] = {"valid_fraction=0.3", "train_fraction=0.3", "test_fraction=0.3",
                                         "anchors=true", NULL};
  s = load(ctx, "motion", path, anchored);
  assert_int_equal(shape(s.train, "past")[1], 31);
  weyl_dataset *rows = NULL, *in = NULL;
  assert_ok(ctx, weyl_motion_rows(ctx, s.test, false, &rows));
  const double *past = reals(rows, "past"), *weight = reals(rows, "metric_weight");
  int still = 0;
  for (int i = 0; i < 31; i++) {
    bool moves = false;
    for (int k = 3; k < 30; k++) moves = moves || fabs(past[i * 30 + k] - past[i * 30 + k % 3]) > 1e-9;
    still += !moves;
    assert_close(weight[i], moves ? 31.0 / 28 : 0, 1e-12);
  }
  assert_int_equal(still, 3);
  assert_ok(ctx, weyl_motion_inputs(ctx, NULL, path, rows, &in));
  assert_string_equal(weyl_dataset_noted(in, "joint_weights"), weyl_dataset_noted(s.test, "joint_weights"));
  weyl_dataset_free(in);
  weyl_dataset_free(rows);
  weyl_options *o = test_options(ctx, weyl_set_find("skeleton"), NULL);
  clips c;
  assert_ok(ctx, clips_read(ctx, o, path, &c));
  const weyl_trajectory *t = &c.item[0].motion;
  assert_string_equal(c.item[0].name, "02_01");
  assert_int_equal(t->frames, 72); /* 342 / 4.8 = 71.25 */
  weyl_trajectories source;
  assert_ok(ctx, weyl_trajectories_read(ctx, path, &source));
  for (int64_t j = 1; j < t->points; j++) {
    for (int64_t f = 0; f < t->frames; f++) {
      double here = 0, there = 0;
      for (int k = 0; k < 3; k++) {
        const double e = t->position[(f * t->points + j) * 3 + k] - t->position[(f * t->points + t->parent[j]) * 3 + k],
                     g = source.item->position[j * 3 + k] - source.item->position[t->parent[j] * 3 + k];
        here += e * e;
        there += g * g;
      }
      assert_rel_close(sqrt(here), sqrt(there), 5e-3);
      if (f % 5 == 0) assert_rel_close(sqrt(here), sqrt(there), 1e-9); /* 4.8 * 5 is a frame */
    }
  }
  weyl_trajectories_free(&source);
  clips_free(&c);
  weyl_options_free(o);
  weyl_splits_free(&s);
  test_context_free(ctx);
}

/* ---- recognising ---- */

static void kinds(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static const struct {
    const char *name, *text, *kind;
  } file[] = {{"a.csv", "frame,id,x,y\n0,1,2,3\n", "pedestrians"},
              {"b.txt", "780\t1\t8.4\t3.5\n", "pedestrians"},
              {"c.dat", "  HIERARCHY\nROOT a\n", "skeleton"},
              {"d.dat", "#!OML\n:FULLY-SPECIFIED\n", "skeleton"},
              {"e.dat", "2\ncomment\nH 0 0 0\nH 0 0 1\n", "molecules"}};
  const char *kind;
  for (size_t k = 0; k < sizeof file / sizeof *file; k++) {
    test_write(in_folder(file[k].name), file[k].text, strlen(file[k].text));
    assert_ok(ctx, weyl_motion_kind(ctx, in_folder(file[k].name), &kind));
    assert_string_equal(kind, file[k].kind);
  }
  test_write(in_folder("f.dat"), "once upon a time", 16);
  assert_says(ctx, weyl_motion_kind(ctx, in_folder("f.dat"), &kind), WEYL_FORMAT,
              "f.dat: is no motion that weyl knows");
  assert_says(ctx, weyl_motion_kind(ctx, in_folder("none"), &kind), WEYL_NO_FILE, "none");
  assert_int_equal(mkdir(in_folder("empty"), 0700), 0);
  assert_says(ctx, weyl_motion_kind(ctx, in_folder("empty"), &kind), WEYL_NO_FILE, "the folder has no file");
  test_context_free(ctx);
}

/* What `weyl data make springs` writes comes back the same, and arrays that do not agree are refused. */
static void windows(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("springs.npz"), *kind;
  static const char *const few[] = {"train=6", "valid=2", "test=3", NULL};
  const weyl_set_def *def = weyl_set_find("springs");
  weyl_options *o = test_options(ctx, def, few);
  weyl_splits a = load(ctx, "springs", NULL, few), b = {0};
  assert_ok(ctx, weyl_set_write(ctx, def, o, NULL, WEYL_SEED_NOT_GIVEN, path, NULL));
  assert_ok(ctx, weyl_motion_kind(ctx, path, &kind));
  assert_string_equal(kind, "windows");
  assert_ok(ctx, weyl_motion_read(ctx, NULL, path, &b));
  char hex[2][65];
  weyl_dataset_checksum(a.test, hex[0]);
  weyl_dataset_checksum(b.test, hex[1]);
  assert_string_equal(hex[0], hex[1]);
  weyl_splits_free(&b);
  weyl_bundle *bundle;
  double x[2 * 3 * 4 * 2] = {0};
  int32_t agents[2] = {3, 4};
  for (int wrong = 0; wrong < 4; wrong++) {
    assert_ok(ctx, weyl_bundle_new(ctx, &bundle));
    const weyl_array past = {x, WEYL_F64, 4, {2, 3, 4, 2}},
                     future = {x, WEYL_F64, 4, {wrong == 0 ? 1 : 2, wrong == 1 ? 2 : 3, 1, 2}},
                     count = {agents, WEYL_I32, 1, {2}};
    assert_ok(ctx, weyl_bundle_add(bundle, "train_past", &past));
    if (wrong != 2) assert_ok(ctx, weyl_bundle_add(bundle, "train_future", &future));
    if (wrong == 3) assert_ok(ctx, weyl_bundle_add(bundle, "train_agents", &count));
    assert_ok(ctx, weyl_npz_write(ctx, in_folder("wrong.npz"), bundle));
    static const char *const says[4] = {"train_future has 1 rows, expected 2",
                                        "must be reals [samples, agents, frames, d]", "has no array train_future",
                                        "train_agents[1] is 4, expected 1 to 3"};
    assert_says(ctx, weyl_motion_read(ctx, NULL, in_folder("wrong.npz"), &b), wrong < 2 ? WEYL_SHAPE : WEYL_FORMAT,
                says[wrong]);
    weyl_bundle_free(bundle);
  }
  assert_null(b.train);
  weyl_splits_free(&a);
  weyl_options_free(o);
  test_context_free(ctx);
}

/* Notes go with the windows: names that need quoting too. */
static void windows_keep_notes(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *file = in_folder("S1_\"wave\".txt"), *path = in_folder("wave.npz");
  write_h36m(file, 400, 0.01);
  const weyl_set_def *def = weyl_set_find("skeleton");
  weyl_options *o = test_options(ctx, def, NULL);
  weyl_splits a = load(ctx, "skeleton", file, NULL), b = {0};
  assert_ok(ctx, weyl_set_write(ctx, def, o, file, WEYL_SEED_NOT_GIVEN, path, NULL));
  assert_ok(ctx, weyl_motion_read(ctx, NULL, path, &b));
  static const char *const keys[] = {"joints",    "parents", "joint_weights", "time_step",
                                     "time_unit", "units",   "scale",         "scenes"};
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    assert_string_equal(weyl_dataset_noted(a.valid, keys[k]), weyl_dataset_noted(b.valid, keys[k]));
  assert_non_null(strstr(weyl_dataset_noted(b.valid, "scenes"), "\"wave\""));
  assert_int_equal(weyl_dataset_fields(a.valid), weyl_dataset_fields(b.valid));
  weyl_splits_free(&b);
  weyl_splits_free(&a);
  weyl_options_free(o);

  static const char *const notes[] = {"{\"a\": 1}", "[\"a\"]", "{\"a\""}, *const says[] = {"the note a is no string",
                                                                                           "no JSON object",
                                                                                           "no JSON object"};
  double x[2 * 3 * 4 * 2] = {0};
  for (int k = 0; k < 3; k++) {
    weyl_bundle *bundle;
    assert_ok(ctx, weyl_bundle_new(ctx, &bundle));
    const weyl_array past = {x, WEYL_F64, 4, {2, 3, 4, 2}},
                     text = {(void *)(uintptr_t)notes[k], WEYL_U8, 1, {(int64_t)strlen(notes[k])}};
    assert_ok(ctx, weyl_bundle_add(bundle, "train_past", &past));
    assert_ok(ctx, weyl_bundle_add(bundle, "train_future", &past));
    assert_ok(ctx, weyl_bundle_add(bundle, "train_notes", &text));
    assert_ok(ctx, weyl_npz_write(ctx, in_folder("notes.npz"), bundle));
    assert_says(ctx, weyl_motion_read(ctx, NULL, in_folder("notes.npz"), &b), WEYL_FORMAT, says[k]);
    weyl_bundle_free(bundle);
  }
  test_context_free(ctx);
}

/* Windows to predict from: the pasts that the splits have, and those at the end, whose future nobody knows. */
static void inputs(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = write_molecule("tail.npz", 401, 10);
  weyl_splits s = load(ctx, "molecules", path, NULL), h = {0};
  weyl_dataset *in = NULL;
  assert_ok(ctx, weyl_motion_inputs(ctx, NULL, path, s.train, &in));
  assert_int_equal(weyl_dataset_samples(in), 401 - 9);
  assert_memory_equal(reals(in, "past"), reals(s.train, "past"), 60 * sizeof(double));
  assert_true(reals(in, "past")[391 * 60 + 27] == 400 * 1e-3 && shape(in, "future")[2] == 10);
  for (int64_t e = 0; e < 60; e++) assert_true(reals(in, "future")[391 * 60 + e] == 0);
  weyl_dataset_free(in);
  static const char *const all[] = {"hydrogens=true", NULL};
  h = load(ctx, "molecules", path, all);
  in = NULL;
  assert_says(ctx, weyl_motion_inputs(ctx, NULL, path, h.train, &in), WEYL_SHAPE,
              "2 agents in R^3, the data trained on have 3");
  weyl_options *o = test_options(ctx, weyl_set_find("molecules"), all);
  assert_ok(ctx, weyl_motion_inputs(ctx, o, path, h.train, &in));
  weyl_dataset_free(in);
  weyl_options_free(o);
  weyl_splits_free(&h);
  weyl_splits_free(&s);
  /* people: rows of the ego and one neighbour, and the end of the file */
  char text[4096];
  size_t n = 0;
  for (int f = 0; f < 80; f++) n += (size_t)snprintf(text + n, sizeof text - n, "%d,a,%d,0\n%d,b,%d,1\n", f, f, f, f);
  test_write(in_folder("two.csv"), text, n);
  static const char *const short_window[] = {"past=3", "future=4", "agents=2", NULL};
  s = load(ctx, "pedestrians", in_folder("two.csv"), short_window);
  assert_ok(ctx, weyl_motion_inputs(ctx, NULL, in_folder("two.csv"), s.train, &in));
  assert_int_equal(weyl_dataset_samples(in), 2 * 78);
  assert_true(reals(in, "past")[155 * 12 + 4] == 79 && whole(in, "agents")[155] == 2);
  assert_string_equal(weyl_dataset_noted(in, "ids"), "a\nb");
  assert_null(weyl_dataset_find(s.train, "id"));
  weyl_dataset *rows = NULL;
  assert_ok(ctx, weyl_motion_rows(ctx, in, false, &rows));
  for (int64_t r = 0; r < 4 * 78; r++) { /* the second coordinate of a is 0, of b 1 */
    const double y = reals(rows, "past")[6 * r + 1] + reals(rows, "origin")[r / 2 * 2 + 1];
    assert_true(fabs(y - whole(rows, "id")[r]) < 1e-12);
  }
  weyl_dataset_free(rows);
  weyl_dataset_free(in);
  in = NULL;
  assert_says(ctx, weyl_motion_inputs(ctx, NULL, in_folder("springs.npz"), s.train, &in), WEYL_SHAPE,
              "test_past has 20 frames, the data trained on 3");
  weyl_splits_free(&s);
  /* windows in an npz: those of the test, without what comes */
  assert_ok(ctx, weyl_motion_read(ctx, NULL, in_folder("springs.npz"), &s));
  assert_ok(ctx, weyl_motion_inputs(ctx, NULL, in_folder("springs.npz"), s.train, &in));
  assert_int_equal(weyl_dataset_samples(in), 3);
  assert_memory_equal(reals(in, "past"), reals(s.test, "past"), 3 * 5 * 20 * 3 * sizeof(double));
  assert_memory_equal(whole(in, "edges"), whole(s.test, "edges"), 3 * 25 * sizeof(int32_t));
  for (int e = 0; e < 3 * 5 * 20 * 3; e++) assert_true(reals(in, "future")[e] == 0);
  assert_string_equal(weyl_dataset_noted(in, "edge_classes"), "none|spring");
  weyl_dataset_free(in);
  weyl_splits_free(&s);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(molecules),  cmocka_unit_test(public_ethanol),     cmocka_unit_test(human36m),
      cmocka_unit_test(clip_names), cmocka_unit_test(public_clip),        cmocka_unit_test(kinds),
      cmocka_unit_test(windows),    cmocka_unit_test(windows_keep_notes), cmocka_unit_test(inputs)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
