#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"
#include "testing.h"

static const char *const few[] = {"train=20", "valid=7", "test=9", NULL};

static weyl_splits load(weyl_context *ctx, const char *const *pairs, uint64_t seed) {
  const weyl_set_def *def = weyl_set_find("nbody");
  assert_non_null(def);
  weyl_options *o = test_options(ctx, def, pairs);
  weyl_splits splits = {0};
  assert_ok(ctx, def->load(ctx, o, NULL, seed, &splits));
  weyl_options_free(o);
  return splits;
}

static void fields(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  weyl_splits s = load(ctx, few, 1);
  assert_int_equal(weyl_dataset_samples(s.train), 20);
  assert_int_equal(weyl_dataset_samples(s.valid), 7);
  assert_int_equal(weyl_dataset_samples(s.test), 9);
  assert_int_equal(weyl_dataset_offsets(s.train, WEYL_PER_NODE)[20], 100);
  assert_int_equal(weyl_dataset_offsets(s.train, WEYL_PER_EDGE)[20], 400);
  /* sheet 5.1 again, through the set */
  assert_close(reals(s.train, "x")[0], 2.98911632, 5e-9);
  assert_close(reals(s.train, "v")[1], 0.39568061, 5e-9);
  assert_close(reals(s.train, "target")[14], -2.32072659, 5e-9);
  assert_true(reals(s.train, "node_scalar")[1] == 1.0);
  const int32_t *i = weyl_dataset_find(s.train, "edge_i")->array.data,
                *j = weyl_dataset_find(s.train, "edge_j")->array.data;
  const double *q = reals(s.train, "node_scalar"), *product = reals(s.train, "edge_scalar");
  for (int64_t e = 0; e < 400; e++) {
    assert_true(i[e] != j[e] && i[e] >= 0 && i[e] < 5 && j[e] >= 0 && j[e] < 5);
    assert_int_equal(i[e], e % 20 / 4); /* receivers ascend */
    assert_true(e % 4 == 0 || j[e] > j[e - 1]);
    assert_true(product[e] == q[e / 20 * 5 + i[e]] * q[e / 20 * 5 + j[e]]);
  }
  assert_string_equal(weyl_dataset_noted(s.test, "seed"), "43");
  weyl_splits_free(&s);
  weyl_splits_free(&s);
  test_context_free(ctx);
}

/* Asking for fewer changes no sample; the run's seed changes nothing; the data seed does. */
static void seeds_and_counts(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  static const char *const fewer[] = {"train=3", "valid=2", "test=1", NULL}, *const other[] = {"train=3", "valid=2",
                                                                                               "test=1", "data_seed=44",
                                                                                               NULL};
  weyl_splits a = load(ctx, few, 1), b = load(ctx, fewer, 2), c = load(ctx, fewer, 3), d = load(ctx, other, 3);
  assert_memory_equal(reals(a.test, "x"), reals(b.test, "x"), 15 * sizeof(double));
  assert_memory_equal(reals(a.valid, "target"), reals(b.valid, "target"), 30 * sizeof(double));
  char hex[2][65];
  weyl_dataset_checksum(b.train, hex[0]);
  weyl_dataset_checksum(c.train, hex[1]);
  assert_string_equal(hex[0], hex[1]);
  weyl_dataset_checksum(d.train, hex[1]);
  assert_string_not_equal(hex[0], hex[1]);
  weyl_splits_free(&a);
  weyl_splits_free(&b);
  weyl_splits_free(&c);
  weyl_splits_free(&d);
  test_context_free(ctx);
}

static double apart(const double *a, const double *b) {
  return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

/* A turned sample keeps its distances, in and between input and target, and its handedness; samples turn differently.
 */
static void rotations(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  static const char *const turned[] = {"train=20", "valid=7", "test=9", "rotate_test=true", NULL};
  weyl_splits a = load(ctx, few, 1), b = load(ctx, turned, 1);
  assert_memory_equal(reals(a.train, "x"), reals(b.train, "x"), 300 * sizeof(double));
  const double *x = reals(a.test, "x"), *y = reals(b.test, "x"), *v = reals(b.test, "v"), *t = reals(a.test, "target"),
               *u = reals(b.test, "target");
  for (int s = 0; s < 9; s++) {
    const int n = s * 15;
    assert_true(apart(x + n, y + n) > 1e-3);
    assert_close(apart(x + n, x + n + 6), apart(y + n, y + n + 6), 1e-12);
    assert_close(apart(x + n + 3, t + n + 9), apart(y + n + 3, u + n + 9), 1e-12);
    assert_close(sqrt(v[n] * v[n] + v[n + 1] * v[n + 1] + v[n + 2] * v[n + 2]),
                 apart(reals(a.test, "v") + n, (double[3]){0}), 1e-12);
    const double da = weyl_det(3, x + n), db = weyl_det(3, y + n); /* of three points: keeps its sign under rotations */
    assert_close(da, db, 1e-9);
  }
  assert_true(fabs(apart(y, x) / apart(x, (double[3]){0}) - apart(y + 15, x + 15) / apart(x + 15, (double[3]){0})) >
              1e-6);
  weyl_splits_free(&a);
  weyl_splits_free(&b);
  test_context_free(ctx);
}

static void bad_options(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const weyl_set_def *def = weyl_set_find("nbody");
  static const char *const back[] = {"frame_in=40", "frame_out=40", NULL};
  weyl_options *o = test_options(ctx, def, back);
  weyl_splits s = {0};
  assert_says(ctx, def->load(ctx, o, NULL, 1, &s), WEYL_BAD_ARG, "frame_out is 40, must be after frame_in = 40");
  assert_says(ctx, def->load(ctx, NULL, "file.npz", 1, &s), WEYL_BAD_ARG, "file.npz");
  assert_status(ctx, weyl_options_set(o, "train", "0", NULL), WEYL_BAD_ARG);
  assert_status(ctx, weyl_options_set(o, "frame_out", "49", NULL), WEYL_BAD_ARG);
  assert_null(s.train);
  weyl_options_free(o);
  assert_null(weyl_set_find("nobody"));
  test_context_free(ctx);
}

static void expect_shape(const weyl_bundle *b, const char *name, int rank, int64_t d0, int64_t d1, int64_t d2,
                         int64_t d3) {
  const weyl_array *a = weyl_bundle_find(b, name);
  assert_non_null(a);
  assert_int_equal(a->rank, rank);
  const int64_t dim[4] = {d0, d1, d2, d3};
  for (int k = 0; k < rank; k++) assert_int_equal(a->dim[k], dim[k]);
}

/* The keys that scripts rely on (json-contract), and that the same seed writes the same bytes. */
static void make(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  const char *path = in_folder("nbody.npz"), *other = in_folder("again.npz");
  char hex[2][65];
  const weyl_set_def *def = weyl_set_find("nbody");
  static const char *const pairs[] = {"train=4", "valid=3", "test=2", "trajectories=true", NULL};
  weyl_options *o = test_options(ctx, def, pairs);
  weyl_json *json = weyl_json_new();
  weyl_json_object(json, NULL);
  assert_ok(ctx, weyl_set_write(ctx, def, o, NULL, 43, path, json));
  weyl_json_end(json);
  assert_non_null(strstr(weyl_json_text(json), "\"task\""));
  assert_non_null(strstr(weyl_json_text(json), "\"checksums\""));
  weyl_json_free(json);
  assert_ok(ctx, weyl_set_write(ctx, def, o, NULL, WEYL_SEED_NOT_GIVEN, other, NULL));
  assert_ok(ctx, weyl_file_sha256(ctx, path, hex[0]));
  assert_ok(ctx, weyl_file_sha256(ctx, other, hex[1]));
  assert_string_equal(hex[0], hex[1]);
  assert_ok(ctx, weyl_set_write(ctx, def, o, NULL, 44, other, NULL));
  assert_ok(ctx, weyl_file_sha256(ctx, other, hex[1]));
  assert_string_not_equal(hex[0], hex[1]);

  weyl_bundle *b;
  assert_ok(ctx, weyl_npz_read(ctx, path, &b));
  assert_int_equal(weyl_bundle_count(b), 18);
  expect_shape(b, "train_pos", 3, 4, 5, 3, 0);
  expect_shape(b, "valid_vel", 3, 3, 5, 3, 0);
  expect_shape(b, "test_charge", 2, 2, 5, 0, 0);
  expect_shape(b, "test_target", 3, 2, 5, 3, 0);
  expect_shape(b, "train_traj_pos", 4, 4, 49, 5, 3);
  expect_shape(b, "train_traj_vel", 4, 4, 49, 5, 3);
  const double *pos = weyl_bundle_find(b, "train_pos")->data, *all = weyl_bundle_find(b, "train_traj_pos")->data;
  assert_close(pos[0], 2.98911632, 5e-9);
  assert_memory_equal(pos + 15, all + (49 + 30) * 15, 15 * sizeof(double));
  assert_memory_equal(weyl_bundle_find(b, "train_target")->data, all + 40 * 15, 15 * sizeof(double));
  weyl_bundle_free(b);

  /* no folder there: nothing is left behind */
  assert_true(weyl_set_write(ctx, def, o, NULL, 43, in_folder("absent/nbody.npz"), NULL) != WEYL_OK);
  weyl_options_free(o);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(fields), cmocka_unit_test(seeds_and_counts),
                                     cmocka_unit_test(rotations), cmocka_unit_test(bad_options),
                                     cmocka_unit_test(make)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
