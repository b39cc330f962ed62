/* Rows times a vector and their weighted sum, against plain loops: all sizes around a vector's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "isa.h"
#include "isa_test.h"

#include <math.h>

static void same_as_loops(void **state) {
  (void)state;
  enum { M = 9, N = 70 };
  static float rows[M * N];
  for (size_t m = 1; m <= M; m++)
    for (size_t n = 1; n <= N; n += n < 40 ? 1 : 7) {
      double v[N], e[M + 1], want_e[M] = {0}, sum[N + 1], want_sum[N];
      for (size_t i = 0; i < m * n; i++) rows[i] = sinf((float)i * 0.7f + 0.1f);
      for (size_t j = 0; j < n; j++) want_sum[j] = (double)j, v[j] = cos((double)j * 1.3);
      for (size_t r = 0; r < m; r++)
        for (size_t j = 0; j < n; j++) want_e[r] += (double)rows[r * n + j] * v[j];
      for (size_t r = 0; r < m; r++)
        for (size_t j = 0; j < n; j++) want_sum[j] += (double)rows[r * n + j] * want_e[r];
      FOR_SETS(dots, run) {
        e[m] = 77;
        run(m, n, rows, v, e, 0);
        for (size_t r = 0; r < m; r++) assert_true(fabs(e[r] - want_e[r]) < 1e-14 * (double)n);
        assert_true(e[m] == 77);
      }
      FOR_SETS(add_rows, run) {
        for (size_t j = 0; j < n; j++) sum[j] = (double)j;
        sum[n] = 77;
        run(m, n, rows, want_e, sum, 0);
        for (size_t j = 0; j < n; j++) assert_true(fabs(sum[j] - want_sum[j]) < 1e-14 * (double)(n + m));
        assert_true(sum[n] == 77);
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_loops)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
