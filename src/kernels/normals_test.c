/* Normal numbers in bulk: the reference's words and formula, moments, and numbers that depend on their place alone. */
#include "kernels_test.h"

static void same_as_reference(void **state) {
  (void)state;
  enum { N = 3 * WEYL_NORMALS_CHUNK + 77 };
  for (int type = F32; type <= F64; type++) {
    void *want = array_of(type, N), *got = array_of(type, N);
    for (uint64_t block = 0; block < 3; block++) {
      const uint64_t from = block * 0xffffff80u; /* over the border of the first word */
      weyl_kernels_reference()->normals[type](5, 0x123456789abcdefu, from, N, want);
      FOR_TABLES(k) {
        put(type, got, N, 77);
        k->normals[type](5, 0x123456789abcdefu, from, N, got);
        for (size_t i = 0; i < N; i++)
          if (!(fabs(at(type, got, i) - at(type, want, i)) <= 8 * epsilon_of(type) * (1 + fabs(at(type, want, i)))))
            fail_msg("%s: number %zu is %.17g, must be %.17g", k->isa, i, at(type, got, i), at(type, want, i));
        assert_true(at(type, got, N) == 77);
      }
    }
    free(want);
    free(got);
  }
}

static void moments(void **state) {
  (void)state;
  enum { N = 1 << 20 };
  for (int type = F32; type <= F64; type++) {
    void *x = array_of(type, N);
    weyl_kernels_active()->normals[type](9, 4, 0, N, x);
    double sum = 0, square = 0, fourth = 0, beside = 0, half = 0;
    for (size_t i = 0; i < N; i++) {
      const double v = at(type, x, i);
      sum += v;
      square += v * v;
      fourth += v * v * v * v;
      if (i) beside += v * at(type, x, i - 1);
      if (i >= WEYL_NORMALS_CHUNK / 2) half += v * at(type, x, i - WEYL_NORMALS_CHUNK / 2);
    }
    const double step = 4 / sqrt(N);
    assert_true(fabs(sum / N) < step && fabs(square / N - 1) < 1.5 * step && fabs(fourth / N - 3) < 10 * step);
    assert_true(fabs(beside / N) < step && fabs(half / N) < step);
    free(x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_reference), cmocka_unit_test(moments)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
