/* The exact solution: the centre moves straight, and half a period later every body has mirrored through it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "testing.h"

static void half_a_period(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const weyl_set_def *def = weyl_set_find("springs");
  assert_non_null(def);
  /* w = sqrt(1 * 4) = 2, so pi / 2 is half a period */
  static const char *const pairs[] = {"train=3", "valid=2", "test=2", "time=1.5707963267948966", NULL};
  weyl_options *o = test_options(ctx, def, pairs);
  weyl_splits s;
  assert_ok(ctx, def->load(ctx, o, NULL, 1, &s));
  assert_int_equal(weyl_dataset_samples(s.train), 3);
  const double *x = reals(s.train, "x"), *v = reals(s.train, "v"), *target = reals(s.train, "target");
  for (int sample = 0; sample < 3; sample++)
    for (int c = 0; c < 3; c++) {
      double center = 0, drift = 0;
      for (int i = 0; i < 4; i++) {
        center += x[(sample * 4 + i) * 3 + c] / 4;
        drift += v[(sample * 4 + i) * 3 + c] / 4;
      }
      for (int i = 0; i < 4; i++) {
        const int at = (sample * 4 + i) * 3 + c;
        assert_close(target[at], center + 1.5707963267948966 * drift - (x[at] - center), 1e-12);
      }
    }
  weyl_splits_free(&s);
  weyl_options_free(o);
  test_context_free(ctx);
}

static void bad_input(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const weyl_set_def *def = weyl_set_find("springs");
  weyl_splits s = {0};
  assert_says(ctx, def->load(ctx, NULL, "file.npz", 1, &s), WEYL_BAD_ARG, "takes no file (file.npz)");
  assert_null(s.train);
  weyl_options *o = test_options(ctx, def, NULL);
  assert_says(ctx, weyl_options_set(o, "bodies", "1", NULL), WEYL_BAD_ARG, "bodies of springs is \"1\", must be a whole number from 2 to 64");
  weyl_options_free(o);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(half_a_period), cmocka_unit_test(bad_input)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
