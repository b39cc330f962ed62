#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"
#include "testing.h"

static const char *const few[] = {"train=12", "valid=5", "test=7", "trajectories=true", NULL};

static const int32_t *whole(const weyl_dataset *set, const char *field) {
  const weyl_field *f = weyl_dataset_find(set, field);
  assert_non_null(f);
  assert_int_equal(f->array.dtype, WEYL_I32);
  return f->array.data;
}

/* Past and future are frames 0-19 and 20-39 of the trajectories, agent-major; edges are the classes of the pairs. */
static void windows(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  static const char *const name[3] = {"springs", "charged", "charged3"};
  for (int kind = 0; kind < 3; kind++) {
    const weyl_set_def *def = weyl_set_find(name[kind]);
    assert_non_null(def);
    weyl_options *o = test_options(ctx, def, few);
    weyl_splits s;
    assert_ok(ctx, def->load(ctx, o, NULL, 1, &s));
    assert_int_equal(weyl_dataset_samples(s.train), 12);
    assert_int_equal(weyl_dataset_samples(s.valid), 5);
    assert_int_equal(weyl_dataset_samples(s.test), 7);
    const double *past = reals(s.test, "past"), *future = reals(s.test, "future"), *all = reals(s.test, "positions");
    const int32_t *edges = whole(s.test, "edges"), *agents = whole(s.test, "agents");
    for (int k = 0; k < 3; k++) {
      assert_true(past[((6 * 5 + 4) * 20 + 19) * 3 + k] == all[((6 * 49 + 19) * 5 + 4) * 3 + k]);
      assert_true(future[((6 * 5 + 4) * 20 + 19) * 3 + k] == all[((6 * 49 + 39) * 5 + 4) * 3 + k]);
    }
    for (int64_t e = 0; e < 7 * 25; e++) {
      const int64_t i = e / 5 % 5, j = e % 5;
      assert_int_equal(agents[e / 25], 5);
      assert_int_equal(edges[e], edges[e / 25 * 25 + j * 5 + i]);
      if (i == j) {
        assert_int_equal(edges[e], 0);
      } else if (kind > 0) {
        const double *q = reals(s.test, "charge") + e / 25 * 5;
        assert_int_equal(edges[e], kind == 1 ? q[i] * q[j] > 0 : (int)(q[i] * q[j]) + 1);
      }
    }
    assert_string_equal(weyl_dataset_noted(s.test, "time_step"), "0.2");
    assert_string_equal(weyl_dataset_noted(s.test, "seed"), "42");
    weyl_splits_free(&s);
    weyl_options_free(o);
  }
  test_context_free(ctx);
}

static void bad_options(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const weyl_set_def *def = weyl_set_find("springs");
  static const char *const many[] = {"past=30", NULL};
  weyl_options *o = test_options(ctx, def, many);
  weyl_splits s = {0};
  assert_says(ctx, def->load(ctx, o, NULL, 1, &s), WEYL_BAD_ARG, "past is 30 and future 20");
  assert_says(ctx, def->load(ctx, NULL, "file.npz", 1, &s), WEYL_BAD_ARG, "file.npz");
  assert_null(s.train);
  weyl_options_free(o);
  test_context_free(ctx);
}

/* --seed is the seed of the data, unless data_seed is set; the same seed writes the same bytes. */
static void make(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  const weyl_set_def *def = weyl_set_find("charged");
  const char *file[4];
  static const char *const own[] = {"train=2", "valid=1", "test=1", "data_seed=8", NULL}, *const none[] = {
                                                                                              "train=2", "valid=1",
                                                                                              "test=1", NULL};
  weyl_options *o = test_options(ctx, def, own), *plain = test_options(ctx, def, none);
  char hex[4][65];
  for (int k = 0; k < 4; k++) {
    char name[16];
    snprintf(name, sizeof name, "%d.npz", k);
    file[k] = in_folder(name);
    assert_ok(ctx, weyl_set_write(ctx, def, k == 0 ? o : plain, NULL,
                                  k == 3   ? WEYL_SEED_NOT_GIVEN
                                  : k == 2 ? 9
                                           : 8,
                                  file[k], NULL));
    assert_ok(ctx, weyl_file_sha256(ctx, file[k], hex[k]));
  }
  assert_string_equal(hex[0], hex[1]);
  assert_string_not_equal(hex[1], hex[2]);
  assert_string_not_equal(hex[2], hex[3]);
  weyl_bundle *b;
  assert_ok(ctx, weyl_npz_read(ctx, file[0], &b));
  const weyl_array *a = weyl_bundle_find(b, "train_past");
  assert_non_null(a);
  assert_true(a->rank == 4 && a->dim[0] == 2 && a->dim[1] == 5 && a->dim[2] == 20 && a->dim[3] == 3);
  weyl_bundle_free(b);
  weyl_options_free(o);
  weyl_options_free(plain);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(windows), cmocka_unit_test(bad_options), cmocka_unit_test(make)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
