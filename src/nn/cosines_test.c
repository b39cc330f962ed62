#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "points_fixture.h"

/* Spec sheet of EqMotion, check 2. */
static void transform(void **state) {
  (void)state;
  static const int64_t count[1][WEYL_COUNTS] = {{0, 1, 0, 0}};
  for (int n = 1; n <= 25; n += 3) {
    traced t = traced_new(WEYL_F64, false);
    const weyl_tensor d = weyl_cosines(t.graph, n, false), turned = weyl_cosines(t.graph, n, true);
    traced_compile(&t, (weyl_tensor[]){weyl_matmul(d, turned), d, turned}, 3);
    assert_int_equal(traced_step(&t, 1, count, NULL, 0, 0), WEYL_OK);
    double *unit = output_values(&t, 0, NULL), *rows = output_values(&t, 1, NULL),
           *columns = output_values(&t, 2, NULL);
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) {
        assert_near(unit[i * n + j], i == j, 1e-14);
        assert_near(rows[i * n + j], columns[j * n + i], 0);
      }
    if (n == 4) {
      static const double row1[4] = {0.6532814824, 0.2705980501, -0.2705980501, -0.6532814824};
      for (int i = 0; i < 4; i++) assert_near(rows[4 + i], row1[i], 1e-10);
    }
    free(unit);
    free(rows);
    free(columns);
    traced_free(&t);
  }
}

static void bad_sizes(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    traced t = traced_new(WEYL_F64, false);
    assert_false(weyl_tensor_valid(weyl_cosines(t.graph, k ? 1 << 20 : 0, false)));
    assert_int_equal(weyl_graph_status(t.graph), WEYL_BAD_ARG);
    traced_free(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(transform), cmocka_unit_test(bad_sizes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
