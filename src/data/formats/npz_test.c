#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"
#include "testing.h"

static void put(weyl_context *ctx, weyl_bundle *b, const char *name, void *data, weyl_dtype dtype, int rank,
                const int64_t *dim) {
  weyl_array a = {.data = data, .dtype = dtype, .rank = rank};
  for (int k = 0; k < rank; k++) a.dim[k] = dim[k];
  assert_ok(ctx, weyl_bundle_add(b, name, &a));
}

/* An npz of positions [dim] under `name`, counting up, and perhaps one more array. */
static const char *write_npz(weyl_context *ctx, const char *name, weyl_dtype dtype, int rank, const int64_t *dim,
                             const char *other, weyl_dtype other_dtype, int other_rank, const int64_t *other_dim) {
  double values[1000];
  float singles[1000];
  int32_t whole[1000];
  for (int i = 0; i < 1000; i++) values[i] = whole[i] = i, singles[i] = (float)i;
  void *const data[3] = {singles, values, whole};
  weyl_bundle *b;
  assert_ok(ctx, weyl_bundle_new(ctx, &b));
  put(ctx, b, name, data[dtype], dtype, rank, dim);
  if (other) put(ctx, b, other, data[other_dtype], other_dtype, other_rank, other_dim);
  const char *path = in_folder("made.npz");
  assert_ok(ctx, weyl_npz_write(ctx, path, b));
  weyl_bundle_free(b);
  return path;
}

static void one_and_many_systems(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const int64_t three[] = {4, 2, 3}, four[] = {5, 4, 2, 3}, points[] = {2}, each[] = {5, 2, 1};
  weyl_trajectories t;
  assert_ok(ctx, weyl_trajectories_read(
                     ctx, write_npz(ctx, "coords", WEYL_F32, 3, three, "nuclear_charges", WEYL_I32, 1, points), &t));
  assert_int_equal(t.count, 1);
  assert_string_equal(t.format, "npz");
  assert_int_equal(t.item[0].frames, 4);
  assert_int_equal(t.item[0].points, 2);
  assert_true(t.item[0].position[23] == 23.0);
  assert_int_equal(t.item[0].type[1], 1);
  assert_null(t.item[0].velocity);
  weyl_trajectories_free(&t);
  assert_ok(ctx,
            weyl_trajectories_read(ctx, write_npz(ctx, "pos", WEYL_F64, 4, four, "charge", WEYL_F64, 3, each), &t));
  assert_int_equal(t.count, 5);
  assert_true(t.item[3].position[0] == 72.0);
  assert_true(t.item[3].charge[1] == 7.0);
  weyl_trajectories_free(&t);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

static void wrong_arrays(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const int64_t three[] = {4, 2, 3}, two[] = {4, 2}, none[] = {4, 0, 3}, wide[] = {2, 2, 17}, five[] = {1, 1, 1, 2, 3};
  weyl_trajectories t;
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_I32, 3, three, NULL, 0, 0, NULL), &t),
              WEYL_DTYPE, "array R is i32, expected f64 or f32");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 2, two, NULL, 0, 0, NULL), &t), WEYL_SHAPE,
              "array R is [4, 2]");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 5, five, NULL, 0, 0, NULL), &t),
              WEYL_SHAPE, "array R");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 3, none, NULL, 0, 0, NULL), &t),
              WEYL_SHAPE, "[4, 0, 3]");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 3, wide, NULL, 0, 0, NULL), &t),
              WEYL_SHAPE, "[2, 2, 17]");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "stuff", WEYL_F64, 3, three, NULL, 0, 0, NULL), &t),
              WEYL_FORMAT, "stuff");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 3, three, "V", WEYL_F64, 2, two), &t),
              WEYL_SHAPE, "array V is [4, 2], expected the same shape beside R [4, 2, 3]");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 3, three, "E", WEYL_F64, 1, two + 1), &t),
              WEYL_SHAPE, "array E is [2]");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 3, three, "q", WEYL_F64, 1, two), &t),
              WEYL_SHAPE, "array q is [4]");
  assert_says(ctx, weyl_trajectories_read(ctx, write_npz(ctx, "R", WEYL_F64, 3, three, "cell", WEYL_F64, 1, two), &t),
              WEYL_SHAPE, "[3, 3]");
  test_context_free(ctx);
}

static void not_finite(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[12] = {0};
  const int64_t dim[] = {2, 2, 3};
  for (int k = 0; k < 2; k++) {
    x[10] = k ? -INFINITY : NAN;
    weyl_bundle *b;
    assert_ok(ctx, weyl_bundle_new(ctx, &b));
    put(ctx, b, "x", x, WEYL_F64, 3, dim);
    assert_ok(ctx, weyl_npz_write(ctx, in_folder("nan.npz"), b));
    weyl_bundle_free(b);
    weyl_trajectories t;
    assert_says(ctx, weyl_trajectories_read(ctx, in_folder("nan.npz"), &t), WEYL_FORMAT,
                k ? "frame 1, point 1: position[1] is -inf" : "frame 1, point 1: position[1] is nan");
  }
  test_context_free(ctx);
}

static void damaged(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const int64_t three[] = {4, 2, 3};
  weyl_trajectories t;
  assert_prefixes_refused(ctx, write_npz(ctx, "R", WEYL_F64, 3, three, NULL, 0, 0, NULL), in_folder("cut.npz"));
  test_write(in_folder("junk.npz"), "what is this", 12);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("junk.npz"), &t), WEYL_FORMAT, "junk.npz");
  test_write(in_folder("junk.dat"), "what is this", 12);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("junk.dat"), &t), WEYL_FORMAT, "no trajectory file");
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("absent.npz"), &t), WEYL_NO_FILE, "absent.npz");
  test_context_free(ctx);
}

static void same_numbers(const double *a, const double *b, int64_t n) {
  assert_true(!a == !b);
  if (a) assert_memory_equal(a, b, (size_t)n * sizeof *a);
}

/* Written and read back, all arrays are the same. */
static void round_trip(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[2][24], e[3] = {1, 2, 3}, q[4] = {1, -1, 0.5, 0}, cell[9] = {2, 0, 0, 0, 3, 0, 0.5, 0, 4};
  int32_t z[4] = {6, 1, 1, 2000};
  for (int i = 0; i < 48; i++) x[i / 24][i % 24] = sin(i) / 3;
  weyl_trajectory item[2];
  for (int s = 0; s < 2; s++)
    item[s] = (weyl_trajectory){.frames = 3,
                                .points = 4,
                                .d = 2,
                                .position = x[s],
                                .velocity = x[1 - s],
                                .force = x[s],
                                .energy = e,
                                .charge = q,
                                .type = z,
                                .cell = cell,
                                .periodic = {true, false, true},
                                .time_step = 0.1};
  for (int64_t count = 1; count <= 2; count++) {
    weyl_trajectories in = {.count = count, .item = item}, out;
    assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("back.npz"), &in));
    assert_ok(ctx, weyl_trajectories_read(ctx, in_folder("back.npz"), &out));
    assert_int_equal(out.count, count);
    for (int64_t s = 0; s < count; s++) {
      const weyl_trajectory *t = &out.item[s];
      assert_int_equal(t->d, 2);
      same_numbers(t->position, item[s].position, 24);
      same_numbers(t->velocity, item[s].velocity, 24);
      same_numbers(t->force, item[s].force, 24);
      same_numbers(t->energy, e, 3);
      same_numbers(t->charge, q, 4);
      same_numbers(t->cell, cell, 9);
      assert_memory_equal(t->type, z, sizeof z);
      assert_true(t->periodic[0] && !t->periodic[1] && t->periodic[2]);
      assert_true(t->time_step == 0.1);
    }
    weyl_trajectories_free(&out);
  }
  item[1].frames = 2;
  weyl_trajectories in = {.count = 2, .item = item};
  assert_says(ctx, weyl_trajectories_write(ctx, in_folder("bad.npz"), &in), WEYL_UNSUPPORTED, "one shape");
  assert_says(ctx, weyl_trajectories_write(ctx, in_folder("bad.h5"), &in), WEYL_UNSUPPORTED, "read, not written");
  assert_says(ctx, weyl_trajectories_write(ctx, in_folder("bad.npz.gz"), &in), WEYL_UNSUPPORTED, "compressed");
  assert_says(ctx, weyl_trajectories_write(ctx, in_folder("bad.txt"), &in), WEYL_BAD_ARG, "bad.txt");
  in.count = 0;
  assert_says(ctx, weyl_trajectories_write(ctx, in_folder("bad.npz"), &in), WEYL_FORMAT, "no trajectory");
  assert_false(weyl_file_exists(in_folder("bad.npz")));
  test_context_free(ctx);
}

/* A lone npy is the position array; gz and xz are read too (made here by the system's programs, where there are any).
 */
static void npy_and_packed(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[18];
  for (int i = 0; i < 18; i++) x[i] = i;
  const int64_t dim[] = {3, 2, 3};
  weyl_bundle *b;
  assert_ok(ctx, weyl_bundle_new(ctx, &b));
  put(ctx, b, "", x, WEYL_F64, 3, dim);
  assert_ok(ctx, weyl_npz_write(ctx, in_folder("a.npy"), b));
  weyl_bundle_free(b);
  static const char *const program[3] = {"true", "gzip -k", "xz -k"}, *const name[3] = {"a.npy", "a.npy.gz",
                                                                                        "a.npy.xz"};
  for (int k = 0; k < 3; k++) {
    char command[256];
    snprintf(command, sizeof command, "%s %s/a.npy 2>/dev/null", program[k], folder);
    if (system(command) != 0) continue;
    weyl_trajectories t;
    assert_ok(ctx, weyl_trajectories_read(ctx, in_folder(name[k]), &t));
    assert_int_equal(t.item[0].frames, 3);
    assert_true(t.item[0].position[17] == 17.0);
    weyl_trajectories_free(&t);
  }
  test_context_free(ctx);
}

static void md17(void **state) {
  (void)state;
  char path[512];
  if (!shared_file("md17/ethanol_0000-0999.npz", path)) skip();
  weyl_context *ctx = test_context(1);
  weyl_trajectories t;
  assert_ok(ctx, weyl_trajectories_read(ctx, path, &t));
  assert_int_equal(t.count, 1);
  assert_int_equal(t.item[0].frames, 1000);
  assert_int_equal(t.item[0].points, 9);
  assert_true(t.item[0].energy[0] == -97208.40600498248);
  int carbons = 0;
  for (int p = 0; p < 9; p++) carbons += t.item[0].type[p] == 6;
  assert_int_equal(carbons, 2);
  assert_non_null(t.item[0].force);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_and_many_systems),
                                     cmocka_unit_test(wrong_arrays),
                                     cmocka_unit_test(not_finite),
                                     cmocka_unit_test(damaged),
                                     cmocka_unit_test(round_trip),
                                     cmocka_unit_test(npy_and_packed),
                                     cmocka_unit_test(md17)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
