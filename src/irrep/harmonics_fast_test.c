/* The fast loops for harmonics against the plain ones: degrees, choices, types, counts of points and places of arrays;
 * points that need care. Run once for each instruction set by the suite. */
#include "harmonics.h"

#include "testing.h"

static double number(weyl_dtype real, const void *x, size_t i) {
  return real == WEYL_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* The size of a point's numbers: those of high degree are what is left of larger ones. */
static double largest_of(weyl_dtype real, const void *x, size_t from, size_t n) {
  double most = 0;
  for (size_t i = from; i < from + n; i++) most = fmax(most, fabs(number(real, x, i)));
  return most;
}

typedef struct arrays {
  char *memory[6];
  void *xyz, *y, *dy, *wanted, *d_wanted;
} arrays;

/* offset: numbers that the outputs are beside a 64-byte boundary. Outputs are followed by one number that must stay. */
static arrays arrays_new(weyl_dtype real, size_t n, size_t width, size_t offset) {
  const size_t size = weyl_dtype_size(real), count[5] = {3 * n, n * width, 3 * n * width, n * width, 3 * n * width};
  arrays a = {0};
  void *at[5];
  for (int k = 0; k < 5; k++) {
    a.memory[k] = weyl_alloc(ctx, (count[k] + 32) * size, 1);
    assert_non_null(a.memory[k]);
    at[k] = a.memory[k] + (0 - (uintptr_t)a.memory[k]) % 64 + (k == 1 || k == 2 ? offset * size : 0);
    memset(at[k], 0x5a, (count[k] + 1) * size);
  }
  a.xyz = at[0], a.y = at[1], a.dy = at[2], a.wanted = at[3], a.d_wanted = at[4];
  return a;
}

static void arrays_free(arrays *a) {
  for (int k = 0; k < 5; k++) weyl_dealloc(ctx, a->memory[k]);
}

static void compare(weyl_harmonics_opts opts, weyl_dtype real, size_t n, size_t offset, double bound, double d_bound) {
  const size_t width = (size_t)(opts.l_max + 1) * (size_t)(opts.l_max + 1), size = weyl_dtype_size(real);
  arrays a = arrays_new(real, n, width, offset);
  weyl_rng rng = weyl_rng_new(n + 100 * width, "points");
  for (size_t i = 0; i < 3 * n; i++) {
    const double r = (opts.solid ? 0.5 : 2) * weyl_rng_normal(&rng);
    if (real == WEYL_F32)
      ((float *)a.xyz)[i] = (float)r;
    else
      ((double *)a.xyz)[i] = r;
  }
  double *room = numbers(harmonics_plan_size(opts.l_max));
  harmonics_plan plan;
  harmonics_plan_fill(&opts, room, &plan);
  (real == WEYL_F32 ? harmonics_reference_f32 : harmonics_reference_f64)(&plan, n, a.xyz, a.wanted, a.d_wanted);
  for (int gradients = 0; gradients < 2; gradients++) {
    ok(weyl_harmonics(ctx, &opts, real, (int64_t)n, a.xyz, a.y, gradients ? a.dy : NULL));
    for (size_t p = 0; p < n; p++) {
      const double most = largest_of(real, a.wanted, p * width, width);
      for (size_t i = p * width; i < (p + 1) * width; i++)
        assert_close(number(real, a.y, i), number(real, a.wanted, i), bound * most);
    }
    assert_true(((unsigned char *)a.y)[n * width * size] == 0x5a);
  }
  for (size_t p = 0; p < n; p++) {
    const double most = largest_of(real, a.d_wanted, 3 * p * width, 3 * width);
    for (size_t i = 3 * p * width; i < 3 * (p + 1) * width; i++)
      assert_close(number(real, a.dy, i), number(real, a.d_wanted, i), d_bound * most);
  }
  assert_true(((unsigned char *)a.dy)[3 * n * width * size] == 0x5a);
  weyl_dealloc(ctx, room);
  arrays_free(&a);
}

static void test_degrees(void **state) {
  (void)state;
  for (int l = 0; l <= 24; l += l < 14 ? 1 : 5)
    for (int choice = 0; choice < 12; choice++) {
      const weyl_harmonics_opts opts = {l, (weyl_axes)(choice % 2), (weyl_harmonics_norm)(choice / 2 % 3), choice / 6};
      compare(opts, WEYL_F64, 19, 0, 1e-15 * (4 + l), 2e-15 * (4 + l));
      compare(opts, WEYL_F32, 37, 0, 6e-7 * (4 + l), 1e-6 * (4 + l));
    }
}

static void test_counts_and_places(void **state) {
  (void)state;
  for (int l = 1; l <= 7; l++)
    for (size_t n = 1; n <= 35; n += n < 20 ? 1 : 5)
      for (size_t offset = 0; offset < 16; offset += 1 + n % 3) {
        const weyl_harmonics_opts opts = {.l_max = l};
        compare(opts, WEYL_F64, n, offset, 2e-14, 2e-13);
        compare(opts, WEYL_F32, n, offset, 1e-5, 1e-4);
      }
}

/* Large outputs are written past the caches, in tasks of several threads. */
static void test_streamed(void **state) {
  (void)state;
  for (int l = 1; l <= 8; l++)
    for (size_t offset = 0; offset < 3; offset += 1 + (size_t)l % 2) {
      compare((weyl_harmonics_opts){.l_max = l}, WEYL_F32,
              100003 / ((size_t)(l + 1) * (size_t)(l + 1)) + 60000 / (size_t)l, offset, 1e-5, 1e-4);
      compare((weyl_harmonics_opts){.l_max = l}, WEYL_F64, 40001 / (size_t)l, offset, 2e-14, 2e-13);
    }
}

/* Points without direction and points far out beside ordinary ones, in any lane. */
static void test_careful_points(void **state) {
  (void)state;
  enum { N = 40 };
  for (int real = WEYL_F32; real <= WEYL_F64; real++)
    for (int l = 1; l <= 7; l += 2)
      for (size_t at = 0; at < N; at++) {
        const size_t width = (size_t)(l + 1) * (size_t)(l + 1);
        double xyz[3 * N];
        for (size_t i = 0; i < 3 * N; i++) xyz[i] = 0.25 * (double)(1 + i % 7);
        const double tiny = real == WEYL_F32 ? 1e-25 : 1e-200, huge = 1 / tiny;
        const double odd[5][3] = {
            {0, 0, 0}, {3 * tiny, 4 * tiny, 0}, {0, -3 * huge, 4 * huge}, {NAN, 1, 2}, {INFINITY, 1, 0}};
        memcpy(xyz + 3 * at, odd[at % 5], sizeof odd[0]);
        float f[3 * N];
        for (size_t i = 0; i < 3 * N; i++) f[i] = (float)xyz[i];
        arrays a = arrays_new((weyl_dtype)real, N, width, 0);
        const weyl_harmonics_opts opts = {.l_max = l, .norm = WEYL_HARMONICS_NORM};
        ok(weyl_harmonics(ctx, &opts, (weyl_dtype)real, N, real == WEYL_F32 ? (void *)f : xyz, a.y, a.dy));
        const double eps = real == WEYL_F32 ? 1e-5 : 1e-14;
        for (size_t p = 0; p < N; p++) {
          assert_close(number((weyl_dtype)real, a.y, p * width), 1, eps);
          for (size_t k = 0; k < 3; k++) {
            const double v = number((weyl_dtype)real, a.y, p * width + 1 + k);
            const double r[3] = {xyz[3 * p], xyz[3 * p + 1], xyz[3 * p + 2]};
            const double length = hypot(hypot(r[0], r[1]), r[2]);
            if (p == at && at % 5 >= 3)
              assert_true(isnan(v));
            else
              assert_close(v, length > 0 ? r[k] / length : 0, eps);
          }
          for (size_t i = 0; p == at && at % 5 == 0 && i < 3 * width; i++)
            assert_true(number((weyl_dtype)real, a.dy, 3 * p * width + i) == 0);
          for (size_t i = 0; p != at && i < 3 * width; i++)
            assert_true(isfinite(number((weyl_dtype)real, a.dy, 3 * p * width + i)));
        }
        arrays_free(&a);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_degrees),
      cmocka_unit_test(test_counts_and_places),
      cmocka_unit_test(test_streamed),
      cmocka_unit_test(test_careful_points),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
