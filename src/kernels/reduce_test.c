/* Sums and maxima of rows and columns. */
#include "kernels_test.h"

static const size_t lengths[] = {1,  2,  3,  4,   5,   7,   8,   9,   15,  16,  17,   31,  33,
                                 63, 64, 65, 100, 129, 255, 256, 257, 511, 513, 1025, 3000};
enum { LENGTHS = sizeof lengths / sizeof lengths[0] };

/* Sums of values in [-1, 1] in blocks of 256 and a tree: a few sqrt(n) eps. */
static double tolerance(int type, size_t n) { return epsilon_of(type) * (2 + 10 * sqrt((double)n)); }

/* In extended precision: one by one in double is worse than what is tested. */
static void exact_sums(int type, size_t lines, size_t n, const void *x, size_t line, size_t step, void *y) {
  for (size_t i = 0; i < lines; i++) {
    long double sum = 0;
    for (size_t j = 0; j < n; j++) sum += (long double)at(type, x, i * line + j * step);
    put(type, y, i, (double)sum);
  }
}

static void check(const weyl_kernels *k, int type, const char *what, size_t rows, size_t n, const void *got,
                  const void *expected, size_t count, double allowed) {
  for (size_t i = 0; i < count; i++)
    if (!(fabs(at(type, got, i) - at(type, expected, i)) <= allowed))
      fail_msg("%s f%d %s of %zu x %zu, place %zu: %.17g, not %.17g", k->isa, type == F32 ? 32 : 64, what, rows, n, i,
               at(type, got, i), at(type, expected, i));
  if (at(type, got, count) != 77) fail_msg("%s %s of %zu x %zu wrote behind its end", k->isa, what, rows, n);
}

static void against_reference(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "reduce");
  const weyl_kernels *ref = weyl_kernels_reference();
  for (int type = F32; type <= F64; type++)
    for (size_t l = 0; l < LENGTHS; l++)
      for (size_t r = 0; r < LENGTHS; r++) {
        const size_t rows = lengths[r], n = lengths[l];
        if (rows * n > 40000) continue;
        void *x = random_array(&rng, type, rows * n + 1, -1, 1), *from = shifted(type, x, (l + r) % 2);
        void *y = array_of(type, rows + n + 1), *z = array_of(type, rows + n + 1);
        FOR_TABLES(k) {
          exact_sums(type, rows, n, from, n, 1, z);
          put(type, y, rows, 77);
          k->sum_rows[type](rows, n, from, y);
          check(k, type, "sum_rows", rows, n, y, z, rows, tolerance(type, n));
          ref->max_rows[type](rows, n, from, z);
          put(type, y, rows, 77);
          k->max_rows[type](rows, n, from, y);
          check(k, type, "max_rows", rows, n, y, z, rows, 0);
          exact_sums(type, n, rows, from, 1, n, z);
          put(type, y, n, 77);
          k->sum_columns[type](rows, n, from, y);
          check(k, type, "sum_columns", rows, n, y, z, n, tolerance(type, rows));
          ref->max_columns[type](rows, n, from, z);
          put(type, y, n, 77);
          k->max_columns[type](rows, n, from, y);
          check(k, type, "max_columns", rows, n, y, z, n, 0);
        }
        free(x);
        free(y);
        free(z);
      }
}

/* A NaN anywhere is the maximum, and so is an infinity; -infinity alone stays. */
static void maxima_of_nan(void **state) {
  (void)state;
  for (int type = F32; type <= F64; type++)
    for (size_t n = 1; n < 40; n++)
      for (size_t bad = 0; bad < n; bad++) {
        void *x = array_of(type, n * 3), *y = array_of(type, n + 3);
        FOR_TABLES(k) {
          for (size_t i = 0; i < n; i++) put(type, x, i, i == bad ? NAN : (double)i);
          k->max_rows[type](1, n, x, y);
          assert_true(isnan(at(type, y, 0)));
          k->max_columns[type](n, 1, x, y);
          assert_true(isnan(at(type, y, 0)));
          for (size_t i = 0; i < 3 * n; i++) put(type, x, i, i == n + bad ? NAN : -INFINITY);
          k->max_columns[type](3, n, x, y);
          for (size_t i = 0; i < n; i++) assert_true(same(at(type, y, i), i == bad ? NAN : -INFINITY));
        }
        free(x);
        free(y);
      }
}

/* One large value among small ones: naive f32 summation of 10^6 times 0.1 is off by 1 %, blocks are not. */
static void long_sums(void **state) {
  (void)state;
  enum { N = 1000000 };
  float *x = malloc(N * sizeof *x), sum[4];
  for (size_t i = 0; i < N; i++) x[i] = 0.1f;
  FOR_TABLES(k) {
    k->sum_rows[F32](1, N, x, sum);
    assert_true(fabs((double)sum[0] / (N * (double)0.1f) - 1) < 1e-6);
    k->sum_columns[F32](N, 1, x, sum);
    assert_true(fabs((double)sum[0] / (N * (double)0.1f) - 1) < 1e-6);
    k->sum_columns[F32](N / 4, 4, x, sum);
    for (size_t j = 0; j < 4; j++) assert_true(fabs((double)sum[j] / (N / 4 * (double)0.1f) - 1) < 1e-6);
  }
  free(x);
}

/* The same bits at every alignment, and for a column whatever stands beside it. */
static void order_is_fixed(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "order");
  for (int type = F32; type <= F64; type++)
    for (size_t n = 1; n < 1200; n = n * 3 / 2 + 1) {
      void *x = random_array(&rng, type, n, -1, 1), *copy = array_of(type, n + 8), *y = array_of(type, 8);
      FOR_TABLES(k) {
        k->sum_rows[type](1, n, x, y);
        for (size_t shift = 1; shift < 8; shift++) {
          memcpy(shifted(type, copy, shift), x, n * size_of(type));
          k->sum_rows[type](1, n, shifted(type, copy, shift), shifted(type, y, 1));
          assert_true(at(type, y, 0) == at(type, y, 1));
        }
      }
      free(x);
      free(copy);
      free(y);
    }
  enum { ROWS = 700, WIDE = 133 };
  for (int type = F32; type <= F64; type++) {
    void *x = random_array(&rng, type, ROWS * WIDE, -1, 1), *part = array_of(type, ROWS * WIDE);
    void *y = array_of(type, WIDE), *z = array_of(type, WIDE);
    FOR_TABLES(k) {
      k->sum_columns[type](ROWS, WIDE, x, y);
      for (size_t n = 16; n < WIDE; n += 13) { /* as wide as a vector at least */
        for (size_t i = 0; i < ROWS; i++)
          memcpy(shifted(type, part, i * n), shifted(type, x, i * WIDE + 5 % (WIDE - n)), n * size_of(type));
        k->sum_columns[type](ROWS, n, part, z);
        for (size_t j = 0; j < n; j++) assert_true(at(type, z, j) == at(type, y, j + 5 % (WIDE - n)));
      }
    }
    free(x);
    free(part);
    free(y);
    free(z);
  }
}

static void nothing_to_add(void **state) {
  (void)state;
  double x[4] = {1, 2, 3, 4}, y[4] = {7, 7, 7, 7};
  for (int type = F32; type <= F64; type++) FOR_TABLES(k) {
      k->sum_rows[type](2, 0, x, y);
      assert_true(at(type, y, 0) == 0 && at(type, y, 1) == 0);
      for (size_t n = 1; n < 40; n++) {
        void *z = random_array(&(weyl_rng){.seed = n}, type, n, 1, 2);
        k->sum_columns[type](0, n, x, z);
        for (size_t j = 0; j < n; j++) assert_true(at(type, z, j) == 0);
        free(z);
      }
      y[0] = y[1] = 7;
      k->sum_rows[type](0, 3, x, y);
      k->max_rows[type](0, 3, x, y);
      assert_true(y[0] == 7 && y[1] == 7);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(against_reference), cmocka_unit_test(maxima_of_nan),  cmocka_unit_test(long_sums),
      cmocka_unit_test(order_is_fixed),    cmocka_unit_test(nothing_to_add),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
