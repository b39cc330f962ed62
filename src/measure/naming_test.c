#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/measure.h>

#include "property.h"

static void small_tables(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  int of[3];
  int64_t right;
  /* the flip of two names */
  assert_int_equal(weyl_best_naming(ctx, 2, 2, (int64_t[]){3, 40, 50, 7}, of, &right), WEYL_OK);
  assert_int_equal(right, 90);
  assert_int_equal(of[0], 1);
  assert_int_equal(of[1], 0);
  /* everything in one category: the larger class is right, the other is not */
  assert_int_equal(weyl_best_naming(ctx, 2, 2, (int64_t[]){30, 40, 0, 0}, of, &right), WEYL_OK);
  assert_int_equal(right, 40);
  assert_int_equal(of[1], 0);
  /* more categories than classes, and fewer */
  assert_int_equal(weyl_best_naming(ctx, 3, 2, (int64_t[]){5, 5, 9, 1, 2, 8}, of, &right), WEYL_OK);
  assert_int_equal(right, 17);
  assert_true(of[0] == 1 && of[1] == 2);
  assert_int_equal(weyl_best_naming(ctx, 1, 3, (int64_t[]){4, 6, 5}, of, &right), WEYL_OK);
  assert_int_equal(right, 6);
  assert_true(of[0] == -1 && of[1] == 0 && of[2] == -1);
  assert_int_equal(weyl_best_naming(ctx, 17, 2, (int64_t[]){0}, of, &right), WEYL_BAD_ARG);
  weyl_context_free(ctx);
}

/* Against all maps, one by one. */
static int64_t by_trial(int categories, int classes, const int64_t *count, int c, int used) {
  if (c == classes) return 0;
  int64_t most = by_trial(categories, classes, count, c + 1, used);
  for (int k = 0; k < categories; k++) {
    if (used >> k & 1) continue;
    const int64_t with = count[k * classes + c] + by_trial(categories, classes, count, c + 1, used | 1 << k);
    most = with > most ? with : most;
  }
  return most;
}

static void random_tables(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_rng rng = weyl_rng_new(3, "tables");
  for (int trial = 0; trial < 200; trial++) {
    const int k = 1 + (int)(5 * weyl_rng_uniform(&rng)), n = 1 + (int)(5 * weyl_rng_uniform(&rng));
    int64_t count[25], right, sum = 0;
    int of[5];
    for (int i = 0; i < k * n; i++) count[i] = (int64_t)(20 * weyl_rng_uniform(&rng));
    assert_int_equal(weyl_best_naming(ctx, k, n, count, of, &right), WEYL_OK);
    assert_int_equal(right, by_trial(k, n, count, 0, 0));
    for (int c = 0; c < n; c++) {
      if (of[c] >= 0) sum += count[of[c] * n + c];
      for (int b = 0; b < c; b++) assert_true(of[c] < 0 || of[b] != of[c]);
    }
    assert_int_equal(sum, right);
  }
  weyl_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(small_tables), cmocka_unit_test(random_tables)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
