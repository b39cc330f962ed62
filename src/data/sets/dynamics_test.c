#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"
#include "testing.h"

static weyl_status load(weyl_context *ctx, const char *path, const char *const *pairs, weyl_splits *out) {
  const weyl_set_def *def = weyl_set_find("dynamics");
  weyl_options *o = test_options(ctx, def, pairs);
  const weyl_status status = def->load(ctx, o, path, 1, out);
  weyl_options_free(o);
  return status;
}

/* A system whose x coordinates are the number of the frame (and a little more for each point): what a sample has seen
 * can be read off it. */
static void fill_clock(double *x, int64_t frames, int64_t points, int64_t d) {
  for (int64_t f = 0; f < frames; f++)
    for (int64_t p = 0; p < points; p++)
      for (int64_t k = 0; k < d; k++)
        x[(f * points + p) * d + k] = (double)(k == 0 ? f : 0) + 0.01 * (double)(p + 1) * (double)(k + 1);
}

/* No frame is seen by two splits, be it as input, as the frame before it or as target; and at least `horizon` frames
 * lie between. */
static void splits_do_not_leak(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[100 * 2 * 3];
  fill_clock(x, 100, 2, 3);
  weyl_trajectory item = {.frames = 100, .points = 2, .d = 3, .position = x};
  const weyl_trajectories in = {.count = 1, .item = &item};
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("clock.npz"), &in));
  for (int horizon = 1; horizon <= 9; horizon += 4) {
    for (int stride = 1; stride <= 3; stride++) {
      char h[32], t[32];
      snprintf(h, sizeof h, "horizon=%d", horizon);
      snprintf(t, sizeof t, "stride=%d", stride);
      const char *const pairs[] = {h, t, "train_fraction=0.5", "valid_fraction=0.25", "test_fraction=0.25", NULL};
      weyl_splits s;
      assert_ok(ctx, load(ctx, in_folder("clock.npz"), pairs, &s));
      const weyl_dataset *const part[3] = {s.train, s.valid, s.test};
      double seen_to = -1e9;
      for (int p = 0; p < 3; p++) {
        double first = 1e9, last = -1e9, before = -1;
        for (int64_t i = 0; i < weyl_dataset_samples(part[p]); i++) {
          const double now = reals(part[p], "x")[i * 6] - 0.01, v = reals(part[p], "v")[i * 6],
                       then = reals(part[p], "target")[i * 6] - 0.01;
          assert_close(v, 1, 1e-12);
          assert_close(then - now, horizon, 1e-12);
          if (before >= 0) assert_close(now - before, stride, 1e-12);
          before = now;
          first = fmin(first, now - 1);
          last = fmax(last, then);
        }
        assert_true(first >= -1e-9 && last <= 99 + 1e-9);
        if (p > 0) assert_true(first - seen_to > horizon);
        seen_to = last;
      }
      weyl_splits_free(&s);
    }
  }
  test_context_free(ctx);
}

static void systems_of_different_sizes(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[2][40 * 3 * 3], v[2][40 * 3 * 3], q[3] = {1, -2, 3};
  int32_t z[2][3] = {{8, 1, 1}, {6, 8, 0}};
  weyl_trajectory item[2];
  for (int s = 0; s < 2; s++) {
    fill_clock(x[s], 40, 3 - s, 3);
    for (int i = 0; i < 360; i++) v[s][i] = i;
    item[s] = (weyl_trajectory){
        .frames = 40, .points = 3 - s, .d = 3, .position = x[s], .velocity = v[s], .type = z[s], .charge = q};
  }
  weyl_trajectories in = {.count = 2, .item = item};
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("two.extxyz"), &in));
  static const char *const pairs[] = {"horizon=2", "train_fraction=0.5", "valid_fraction=0.25", "test_fraction=0.25",
                                      NULL};
  weyl_splits s;
  assert_ok(ctx, load(ctx, in_folder("two.extxyz"), pairs, &s));
  const int64_t samples = weyl_dataset_samples(s.train), *nodes = weyl_dataset_offsets(s.train, WEYL_PER_NODE),
                *edges = weyl_dataset_offsets(s.train, WEYL_PER_EDGE);
  assert_int_equal(samples, 2 * 16); /* (40 - 2 gaps of 2) / 2 frames, less the horizon; velocities are there */
  assert_int_equal(nodes[1], 3);
  assert_int_equal(nodes[samples] - nodes[samples - 1], 2);
  assert_int_equal(edges[1], 6);
  assert_int_equal(edges[samples] - edges[samples - 1], 2);
  assert_string_equal(weyl_dataset_noted(s.train, "types"), "1 6 8");
  const weyl_field *scalar = weyl_dataset_find(s.train, "node_scalar");
  assert_int_equal(scalar->array.dim[1], 4);
  static const double first[12] = {0, 0, 1, 1, 1, 0, 0, -2, 1, 0, 0, 3}, last[8] = {0, 1, 0, 1, 0, 0, 1, -2};
  assert_memory_equal(reals(s.train, "node_scalar"), first, sizeof first);
  assert_memory_equal(reals(s.train, "node_scalar") + nodes[samples - 1] * 4, last, sizeof last);
  assert_true(reals(s.train, "edge_scalar")[0] == -2 && reals(s.train, "edge_scalar")[5] == -6);
  assert_true(reals(s.train, "v")[0] == 0 && reals(s.train, "v")[9] == 9);
  const int32_t *i = weyl_dataset_find(s.train, "edge_i")->array.data,
                *j = weyl_dataset_find(s.train, "edge_j")->array.data;
  assert_true(i[0] == 0 && j[0] == 1 && i[1] == 0 && j[1] == 2 && i[5] == 2 && j[5] == 1);
  weyl_splits_free(&s);

  /* whole trajectories to the splits: two are too few for three */
  static const char *const whole[] = {"horizon=2", "split=trajectory", NULL};
  assert_says(ctx, load(ctx, in_folder("two.extxyz"), whole, &s), WEYL_FORMAT, "no valid sample");
  /* one of them without velocities, charges or in another dimension */
  item[1].charge = NULL;
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("mixed.extxyz"), &in));
  assert_says(ctx, load(ctx, in_folder("mixed.extxyz"), pairs, &s), WEYL_FORMAT, "1 have charges");
  item[1].charge = q;
  item[1].velocity = NULL;
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("mixed.extxyz"), &in));
  assert_says(ctx, load(ctx, in_folder("mixed.extxyz"), pairs, &s), WEYL_FORMAT, "trajectory 1 has no velocities");
  item[1].velocity = v[1];
  item[1].d = 2;
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("mixed.extxyz"), &in));
  assert_says(ctx, load(ctx, in_folder("mixed.extxyz"), pairs, &s), WEYL_SHAPE, "trajectory 1 has 2 coordinates");
  test_context_free(ctx);
}

static void options_of_geometry(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[30 * 4 * 2];
  for (int f = 0; f < 30; f++) {
    const double at[8] = {0, 0, 1, 0, 5, 0, 5.5, f}; /* points 0 and 1 are near; 2 and 3 part */
    memcpy(x + f * 8, at, sizeof at);
  }
  weyl_trajectory item = {.frames = 30, .points = 4, .d = 2, .position = x};
  const weyl_trajectories in = {.count = 1, .item = &item};
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("plane.npz"), &in));
  static const char *const pairs[] = {
      "horizon=1",           "cutoff=1.5",         "dim=3", "centre=true", "train_fraction=0.5",
      "valid_fraction=0.25", "test_fraction=0.25", NULL};
  weyl_splits s;
  assert_ok(ctx, load(ctx, in_folder("plane.npz"), pairs, &s));
  const int64_t *edges = weyl_dataset_offsets(s.train, WEYL_PER_EDGE);
  assert_int_equal(edges[1], 4); /* the first input is frame 1: y = 1, distance sqrt(1.25) */
  assert_int_equal(edges[2] - edges[1], 2);
  assert_int_equal(weyl_dataset_find(s.train, "x")->array.dim[1], 3);
  const double *y = reals(s.train, "x");
  for (int k = 0; k < 3; k++) assert_close(y[k] + y[3 + k] + y[6 + k] + y[9 + k], 0, 1e-12);
  assert_true(y[2] == 0.0 && reals(s.train, "target")[11] == 0.0);
  assert_close(reals(s.train, "target")[10] - y[10], 1, 1e-12);
  assert_true(reals(s.train, "node_scalar")[0] == 1.0 && reals(s.train, "edge_scalar")[0] == 1.0);
  weyl_splits_free(&s);
  static const char *const line[] = {"horizon=1", "dim=1", NULL};
  assert_ok(ctx, load(ctx, in_folder("plane.npz"), line, &s));
  assert_int_equal(weyl_dataset_find(s.train, "x")->array.dim[1], 1);
  assert_true(reals(s.train, "x")[3] == 5.5);
  weyl_splits_free(&s);
  test_context_free(ctx);
}

/* A point that crosses the face of a periodic box moves on, not back. */
static void periodic_motion(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[30 * 3] = {0}, cell[9] = {4, 0, 0, 1, 4, 0, 0, 0, 4};
  for (int f = 0; f < 30; f++) { /* velocity (0.25, 0.5, 0), wrapped along the second lattice vector (1, 4, 0) */
    const double turns = floor(0.5 * f / 4);
    x[3 * f] = 0.25 * f - turns;
    x[3 * f + 1] = 0.5 * f - 4 * turns;
  }
  weyl_trajectory item = {
      .frames = 30, .points = 1, .d = 3, .position = x, .cell = cell, .periodic = {true, true, true}};
  const weyl_trajectories in = {.count = 1, .item = &item};
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("box.npz"), &in));
  static const char *const pairs[] = {"horizon=2", "train_fraction=0.5", "valid_fraction=0.25", "test_fraction=0.25",
                                      NULL};
  weyl_splits s;
  assert_ok(ctx, load(ctx, in_folder("box.npz"), pairs, &s));
  for (int64_t i = 0; i < weyl_dataset_samples(s.train); i++) {
    for (int k = 0; k < 3; k++) {
      const double v = k == 0 ? 0.25 : k == 1 ? 0.5 : 0;
      assert_close(reals(s.train, "v")[3 * i + k], v, 1e-12);
      assert_close(reals(s.train, "target")[3 * i + k] - reals(s.train, "x")[3 * i + k], 2 * v, 1e-12);
    }
  }
  weyl_splits_free(&s);
  cell[4] = 0;
  cell[3] = 0;
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("flat.npz"), &in));
  assert_says(ctx, load(ctx, in_folder("flat.npz"), pairs, &s), WEYL_FORMAT, "its cell has no volume");
  test_context_free(ctx);
}

static int warnings;
static void count_warnings(void *user, weyl_level level, const char *text) {
  (void)user;
  warnings += level == WEYL_WARN && strstr(text, "same place") != NULL;
}

/* One particle is a sample without edges; none is refused; two in one place are told of and finite. */
static void few_and_coincident_points(void **state) {
  (void)state;
  weyl_context *ctx = test_context_with((weyl_context_opts){.threads = 1, .log = count_warnings});
  double x[30 * 2 * 3] = {0};
  weyl_trajectory item = {.frames = 30, .points = 1, .d = 3, .position = x};
  const weyl_trajectories in = {.count = 1, .item = &item};
  static const char *const pairs[] = {"horizon=2", "train_fraction=0.5", "valid_fraction=0.25", "test_fraction=0.25",
                                      NULL};
  weyl_splits s;
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("lone.npz"), &in));
  assert_ok(ctx, load(ctx, in_folder("lone.npz"), pairs, &s));
  assert_int_equal(weyl_dataset_find(s.train, "edge_i")->array.dim[0], 0);
  weyl_splits_free(&s);
  assert_int_equal(warnings, 0);
  item.points = 2;
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("twins.npz"), &in));
  assert_ok(ctx, load(ctx, in_folder("twins.npz"), pairs, &s));
  assert_int_equal(warnings, 3); /* one a split */
  weyl_splits_free(&s);
  test_write(in_folder("zero.xyz"), "0\n\n", 3);
  assert_says(ctx, load(ctx, in_folder("zero.xyz"), pairs, &s), WEYL_FORMAT, "a frame of 0 atoms");
  test_context_free(ctx);
}

static void bad_requests(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[12 * 3] = {0};
  weyl_trajectory item = {.frames = 12, .points = 1, .d = 3, .position = x};
  const weyl_trajectories in = {.count = 1, .item = &item};
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("short.npz"), &in));
  weyl_splits s = {0};
  static const char *const far[] = {"horizon=11", NULL}, *const sum[] = {"train_fraction=0.9", NULL},
                           *const none[] = {"test_fraction=0", NULL};
  assert_says(ctx, load(ctx, in_folder("short.npz"), far, &s), WEYL_FORMAT,
              "at most 12 frames are too few for a horizon of 11");
  assert_says(ctx, load(ctx, in_folder("short.npz"), sum, &s), WEYL_BAD_ARG, "sum must be at most 1");
  assert_says(ctx, load(ctx, in_folder("short.npz"), none, &s), WEYL_BAD_ARG, "test_fraction is 0");
  assert_says(ctx, load(ctx, NULL, NULL, &s), WEYL_BAD_ARG, "needs a file");
  assert_says(ctx, load(ctx, in_folder("absent.npz"), NULL, &s), WEYL_NO_FILE, "absent.npz");
  assert_null(s.train);
  test_context_free(ctx);
}

/* MD17 ethanol: 1000 frames, 9 atoms, three elements; and writing what was made of it. */
static void ethanol(void **state) {
  (void)state;
  char path[512];
  if (!shared_file("md17/ethanol_0000-0999.npz", path)) skip();
  weyl_context *ctx = test_context(1);
  const weyl_set_def *def = weyl_set_find("dynamics");
  weyl_splits s;
  assert_ok(ctx, def->load(ctx, NULL, path, 1, &s)); /* NULL options are the defaults */
  const int64_t n[3] = {weyl_dataset_samples(s.train), weyl_dataset_samples(s.valid), weyl_dataset_samples(s.test)};
  assert_int_equal(n[0], 784 - 11); /* 980 frames without the gaps, of which 0.8; less one before and ten behind */
  assert_int_equal(n[1], 98 - 11);
  assert_int_equal(n[2], 98 - 11);
  assert_string_equal(weyl_dataset_noted(s.train, "types"), "1 6 8");
  double still = 0, drift = 0;
  const double *x = reals(s.test, "x"), *v = reals(s.test, "v"), *t = reals(s.test, "target");
  for (int64_t e = 0; e < n[2] * 27; e++) {
    still += (t[e] - x[e]) * (t[e] - x[e]) / (double)(n[2] * 27);
    drift += (t[e] - x[e] - 10 * v[e]) * (t[e] - x[e] - 10 * v[e]) / (double)(n[2] * 27);
  }
  print_message("ethanol, 10 frames ahead: mean squared error of x %.4g, of x + 10 v %.4g A^2\n", still, drift);
  assert_true(still > 0 && still < 1);
  weyl_splits_free(&s);
  assert_ok(ctx, weyl_set_write(ctx, def, NULL, path, 1, in_folder("ethanol.npz"), NULL));
  weyl_bundle *b;
  assert_ok(ctx, weyl_npz_read(ctx, in_folder("ethanol.npz"), &b));
  assert_int_equal(weyl_bundle_find(b, "train_nodes")->dim[0], n[0] + 1);
  assert_int_equal(weyl_bundle_find(b, "test_x")->dim[0], 9 * n[2]);
  weyl_bundle_free(b);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(splits_do_not_leak),
                                     cmocka_unit_test(systems_of_different_sizes),
                                     cmocka_unit_test(options_of_geometry),
                                     cmocka_unit_test(periodic_motion),
                                     cmocka_unit_test(few_and_coincident_points),
                                     cmocka_unit_test(bad_requests),
                                     cmocka_unit_test(ethanol)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
