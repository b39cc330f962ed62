#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "folder.h"
#include "testing.h"

static weyl_splits load(weyl_context *ctx, const char *path, const char *const *pairs) {
  const weyl_set_def *def = weyl_set_find("pedestrians");
  weyl_options *o = test_options(ctx, def, pairs);
  weyl_splits s = {0};
  assert_ok(ctx, def->load(ctx, o, path, 1, &s));
  weyl_options_free(o);
  return s;
}

static const int32_t *whole(const weyl_dataset *set, const char *field) {
  return weyl_dataset_find(set, field)->array.data;
}

/* ADE and FDE of x_7 + (x_7 - x_6) (f - 7) for the egos. */
static void constant_velocity(const weyl_dataset *set, double out[2]) {
  const int64_t n = weyl_dataset_find(set, "past")->array.dim[1], samples = weyl_dataset_samples(set);
  out[0] = out[1] = 0;
  for (int64_t s = 0; s < samples; s++) {
    const double *p = reals(set, "past") + s * n * 16, *f = reals(set, "future") + s * n * 24;
    for (int k = 0; k < 12; k++) {
      const double ex = p[14] + (k + 1) * (p[14] - p[12]) - f[2 * k],
                   ey = p[15] + (k + 1) * (p[15] - p[13]) - f[2 * k + 1];
      const double e = sqrt(ex * ex + ey * ey);
      out[0] += e / (double)(12 * samples);
      if (k == 11) out[1] += e / (double)samples;
    }
  }
}

/* Acceptance check 7 in both layouts: test samples and constant-velocity errors. */
static void sheet_counts(void **state) {
  (void)state;
  static const struct {
    const char *scene;
    int64_t test, agents;
    double ade, fde;
  } row[] = {{"eth", 364, 1, 1.0755, 2.2819},
             {"hotel", 1197, 1, 0.3194, 0.6142},
             {"univ", 24334, 2, 0.5242, 1.1651},
             {"zara1", 2356, 3, 0.4272, 0.9524},
             {"zara2", 5910, 1, 0.3239, 0.7244}};
  char path[512];
  if (!shared_file("eth-ucy/splits.tsv", path)) skip();
  *strrchr(path, '/') = '\0';
  char wide[512];
  snprintf(wide, sizeof wide, "%.500s/eqmotion", path);
  weyl_context *ctx = test_context(1);
  for (int k = 0; k < 5; k++) {
    char scene[32];
    snprintf(scene, sizeof scene, "test_scene=%s", row[k].scene);
    const char *const pairs[] = {scene, "train=500", "valid=500", NULL};
    weyl_splits s = load(ctx, k % 2 ? wide : path, pairs);
    double e[2];
    assert_int_equal(weyl_dataset_samples(s.test), row[k].test);
    assert_int_equal(weyl_dataset_find(s.test, "past")->array.dim[1], row[k].agents);
    constant_velocity(s.test, e);
    assert_close(e[0], row[k].ade, 5e-5);
    assert_close(e[1], row[k].fde, 5e-5);
    weyl_splits_free(&s);
  }
  /* the released protocol: the validation split is the test, divided by 1.6; and neighbours where it has none */
  static const char *const released[] = {"selection=test", "test_scale=1.6", "train=10", "agents=6", NULL};
  weyl_splits s = load(ctx, path, released);
  assert_int_equal(weyl_dataset_samples(s.valid), 364);
  assert_string_equal(weyl_dataset_noted(s.test, "scale"), "1.6");
  assert_memory_equal(reals(s.valid, "past"), reals(s.test, "past"), 364 * 6 * 16 * sizeof(double));
  double e[2];
  constant_velocity(s.test, e);
  assert_close(e[0] * 1.6, 1.0755, 5e-5);
  int64_t others = 0;
  for (int64_t k = 0; k < 364; k++) others += whole(s.test, "agents")[k] - 1;
  assert_in_range(others, 100, 364 * 5);
  weyl_splits_free(&s);
  test_context_free(ctx);
}

static const char *write_rows(const char *name) {
  const char *path = in_folder(name);
  char text[16384];
  size_t n = 0;
  /* agent 0 walks along x all the time; 1 is beside it from frame 10 on, 2 m away; 2 is 6 m away; 3 is 1 m away but has
   * a gap at frame 45 */
  for (int f = 0; f < 90; f++)
    for (int a = 0; a < 4; a++) {
      static const double y[4] = {0, 2, 6, -1};
      if ((a == 1 && f < 10) || (a == 3 && f == 45)) continue;
      n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d,%.3f,%.3f\n", f, a, 0.5 * f, y[a]);
    }
  test_write(path, text, n);
  return path;
}

/* Windows of a file of ours: who is in them, in which order, nobody across a gap, nothing across a split. */
static void neighbours(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static const char *const pairs[] = {"agents=3", "past=4", "future=4", NULL};
  const char *path = write_rows("walk.csv");
  weyl_splits s = load(ctx, path, pairs);
  const int64_t windows[3] = {56 - 8 + 1, 12 - 8 + 1, 22 - 8 + 1}; /* starts of an agent that is always there */
  const weyl_dataset *const set[3] = {s.train, s.valid, s.test};
  const int32_t from[4] = {0, 56, 68, 90};
  for (int p = 0; p < 3; p++) {
    const double *past = reals(set[p], "past"), *future = reals(set[p], "future");
    int64_t of[4] = {0, 0, 0, 0};
    for (int64_t k = 0; k < weyl_dataset_samples(set[p]); k++) {
      static const double y[4] = {0, 2, 6, -1};
      const int32_t start = whole(set[p], "start")[k], n = whole(set[p], "agents")[k];
      const double *x = past + k * 3 * 8, *f = future + k * 3 * 8;
      int ego = 0;
      while (x[1] != y[ego]) ego++;
      of[ego]++;
      assert_true(start >= from[p] && start + 8 <= from[p + 1]);
      assert_true(ego != 3 || start + 7 < 45 || start > 45);
      assert_true(x[0] == 0.5 * start && f[6] == 0.5 * (start + 7));
      for (int r = 1; r < n; r++) /* by distance, 5 m at most */
        assert_true(fabs(x[8 * r + 1] - x[1]) <= 5 && (r == 1 || fabs(x[9] - x[1]) <= fabs(x[17] - x[1])));
      for (int e = n * 8; e < 24; e++) assert_true(x[e] == 0 && f[e] == 0);
      if (p == 2) assert_int_equal(n, ego == 2 ? 2 : 3); /* 0: 3 and 1; 1: 0 and 3; 2: 1 only (4 m); 3: 0 and 1 */
    }
    assert_int_equal(of[2], windows[p]);
    assert_int_equal(of[0], of[2]);
    assert_true(p > 0 || of[1] == of[0] - 10);
    assert_true(p > 0 || of[3] == of[0] - 8);
  }
  assert_string_equal(weyl_dataset_noted(s.train, "ego"), "true");
  weyl_splits_free(&s);
  /* every second frame: the window spans 15 */
  static const char *const apart[] = {
      "agents=1",          "past=4", "future=4", "spacing=2", "stride=100", "valid_fraction=0.18", "train_fraction=0.6",
      "test_fraction=0.2", NULL};
  s = load(ctx, path, apart);
  assert_true(reals(s.train, "past")[2] - reals(s.train, "past")[0] == 1.0);
  weyl_splits_free(&s);
  test_context_free(ctx);
}

static void bad_input(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const weyl_set_def *def = weyl_set_find("pedestrians");
  weyl_splits s = {0};
  const char *path = write_rows("walk.csv");
  assert_says(ctx, def->load(ctx, NULL, NULL, 1, &s), WEYL_BAD_ARG, "needs a file or folder");
  assert_says(ctx, def->load(ctx, NULL, "no/such", 1, &s), WEYL_NO_FILE, "no/such");
  assert_says(ctx, def->load(ctx, NULL, folder, 1, &s), WEYL_FORMAT,
              "no valid sample"); /* 12 frames for windows of 20 */
  static const char *const long_window[] = {"past=100", NULL}, *const fractions[] = {"train_fraction=0.9", NULL};
  weyl_options *o = test_options(ctx, def, long_window);
  assert_says(ctx, def->load(ctx, o, path, 1, &s), WEYL_FORMAT, "no train sample: no agent is there in 112 frames");
  weyl_options_free(o);
  o = test_options(ctx, def, fractions);
  assert_says(ctx, def->load(ctx, o, path, 1, &s), WEYL_BAD_ARG, "their sum must be at most 1");
  weyl_options_free(o);
  /* two files of different rates */
  char twice[512], files[128];
  size_t n = 0;
  for (int f = 0; f < 10; f++)
    n += (size_t)snprintf(twice + n, sizeof twice - n, "%s%d.5,a,%d,0\n", f ? "" : "t,id,x,y\n", f, f);
  snprintf(files, sizeof files, "%s", in_folder("rates"));
  assert_int_equal(mkdir(files, 0700), 0);
  test_write(in_folder("rates/a.csv"), twice, n);
  test_write(in_folder("rates/b.txt"), "0 1 2 3\n1 1 2 3\n", 16);
  assert_says(ctx, def->load(ctx, NULL, files, 1, &s), WEYL_FORMAT,
              "b.txt has a frame each 0.4 s, a.csv each 1 s: mixed frame rates");
  /* a scene without its training files */
  test_write(in_folder("biwi_eth.txt"), "0 1 2 3\n", 8);
  assert_says(ctx, def->load(ctx, NULL, folder, 1, &s), WEYL_NO_FILE, "biwi_hotel_train.txt: no such file");
  assert_null(s.train);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sheet_counts), cmocka_unit_test(neighbours),
                                     cmocka_unit_test(bad_input)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
