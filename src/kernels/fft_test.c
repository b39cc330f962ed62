/* Fourier transforms: every way of a length against sums by definition, both directions, batches, both types. */
#include "kernels_test.h"

static weyl_context *ctx;

static void by_definition(int type, size_t n, const void *x, double sign, size_t k, double *re, double *im) {
  const double turn = sign * 2 * 3.14159265358979323846 / (double)n;
  *re = *im = 0;
  for (size_t i = 0; i < n; i++) {
    const double angle = turn * (double)((uint64_t)i * k % n), c = cos(angle), s = sin(angle);
    *re += at(type, x, 2 * i) * c - at(type, x, 2 * i + 1) * s;
    *im += at(type, x, 2 * i) * s + at(type, x, 2 * i + 1) * c;
  }
}

static void check(int type, size_t n, size_t batch, bool in_place) {
  weyl_rng rng = weyl_rng_new(n, "fft");
  weyl_fft *fft = NULL;
  assert_int_equal(weyl_fft_new(ctx, (weyl_dtype)type, n, &fft), WEYL_OK);
  void *x = random_array(&rng, type, 2 * n * batch, -1, 1), *y = array_of(type, 2 * n * batch);
  void *scratch = weyl_alloc(ctx, weyl_fft_scratch(fft), 1);
  const double most = 8 * epsilon_of(type) * (1 + log2((double)n)) * sqrt((double)n);
  for (int inverse = 0; inverse < 2; inverse++) {
    put(type, y, 2 * n * batch, 77);
    if (in_place) memcpy(y, x, 2 * n * batch * size_of(type));
    weyl_fft_run(fft, inverse, batch, in_place ? y : x, y, scratch);
    assert_true(at(type, y, 2 * n * batch) == 77);
    for (size_t b = 0; b < batch; b++)
      for (size_t k = 0; k<n; k += n> 300 ? 1 + n / 7 : 1) {
        double re, im;
        by_definition(type, n, shifted(type, x, 2 * n * b), inverse ? 1 : -1, k, &re, &im);
        const double error = hypot(at(type, y, 2 * (n * b + k)) - re, at(type, y, 2 * (n * b + k) + 1) - im);
        if (!(error <= most)) fail_msg("n %zu batch %zu: number %zu is %g off, at most %g", n, batch, k, error, most);
      }
  }
  weyl_dealloc(ctx, scratch);
  free(x);
  free(y);
  weyl_fft_free(fft);
}

static void lengths(void **state) {
  (void)state;
  static const size_t large[] = {256, 360, 961, 1009, 1024, 2039, 2048, 4096, 4290, 6561, 9973, 20000, 65536, 100003};
  for (int type = F32; type <= F64; type++) {
    for (size_t n = 1; n <= 130; n++) check(type, n, 1 + n % 5, n % 2);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) check(type, large[i], 1, i % 2);
    check(type, 1024, 37, true);
    check(type, 77, 16, false);
    check(type, 1000, 9, false);
    check(type, 40, 100, true);
  }
}

/* The kernels of each instruction set against the reference, with strides and factors. */
static void strides(void **state) {
  (void)state;
  enum { N = 36, LANES = 5 };
  weyl_rng rng = weyl_rng_new(3, "strides");
  for (int type = F32; type <= F64; type++) {
    void *x = random_array(&rng, type, 2 * N * 40, -1, 1), *factor = random_array(&rng, type, 2 * N * 40, -1, 1);
    void *want = array_of(type, 2 * N * 40), *y = array_of(type, 2 * N * 40);
    void *scratch = weyl_alloc(ctx, WEYL_FFT_SCRATCH(N, 64), 1);
    weyl_fft_stages s = {.n = N, .count = 3, .radix = {4, 3, 3}};
    double table[2 * (9 * 3 + 3 * 2 + 2)];
    size_t n = 0;
    for (size_t i = 0, m = N; i < 3; i++) {
      m /= (size_t)s.radix[i];
      for (size_t p = 0; p < m; p++)
        for (size_t j = 1; j < (size_t)s.radix[i]; j++) {
          const double angle = -2 * 3.14159265358979323846 * (double)(p * j) / (double)(m * (size_t)s.radix[i]);
          put(type, table, n++, cos(angle));
          put(type, table, n++, sin(angle));
        }
    }
    s.twiddle = s.unit = table;
    for (int which = 0; which < 8; which++) {
      const bool inverse = which & 1, columns = which & 2;
      const ptrdiff_t step = columns ? 7 : 1,
                      lane = columns ? 1 : N + 3; /* in as columns, out as rows, or the other way */
      const ptrdiff_t to_step = columns ? 1 : 7, to_lane = columns ? N + 3 : 1;
      const void *f = which & 4 ? factor : NULL;
      weyl_kernels_reference()->fft[type](&s, inverse, x, step, lane, LANES, f, want, to_step, to_lane, scratch);
      FOR_TABLES(k) {
        k->fft[type](&s, inverse, x, step, lane, LANES, f, y, to_step, to_lane, scratch);
        for (size_t i = 0; i < 2 * N * 40; i++)
          if (!(fabs(at(type, y, i) - at(type, want, i)) < 200 * epsilon_of(type)))
            fail_msg("%s way %d: number %zu is %g, must be %g", k->isa, which, i, at(type, y, i), at(type, want, i));
      }
    }
    weyl_dealloc(ctx, scratch);
    free(x);
    free(factor);
    free(want);
    free(y);
  }
}

/* Shifts, Parseval and there and back again, at a length that no table was made for by hand. */
static void round_trip(void **state) {
  (void)state;
  enum { N = 3 * 5 * 7 * 11 * 13 };
  weyl_fft *fft = NULL;
  weyl_rng rng = weyl_rng_new(4, "round trip");
  assert_int_equal(weyl_fft_new(ctx, WEYL_F64, N, &fft), WEYL_OK);
  double *x = random_array(&rng, F64, 2 * N, -1, 1), *y = calloc(2 * N, sizeof *y);
  void *scratch = weyl_alloc(ctx, weyl_fft_scratch(fft), 1);
  double before = 0, after = 0;
  weyl_fft_run(fft, false, 1, x, y, scratch);
  for (size_t i = 0; i < 2 * N; i++) {
    before += x[i] * x[i];
    after += y[i] * y[i];
  }
  assert_true(fabs(after / before / N - 1) < 1e-14);
  weyl_fft_run(fft, true, 1, y, y, scratch);
  for (size_t i = 0; i < 2 * N; i++) assert_true(fabs(y[i] / N - x[i]) < 1e-14);
  weyl_dealloc(ctx, scratch);
  free(x);
  free(y);
  weyl_fft_free(fft);
}

static void bad_lengths(void **state) {
  (void)state;
  weyl_fft *fft = NULL;
  assert_int_equal(weyl_fft_new(ctx, WEYL_F64, 0, &fft), WEYL_BAD_ARG);
  weyl_message_clear(ctx);
  assert_int_equal(weyl_fft_new(ctx, WEYL_F64, ((size_t)1 << 28) + 1, &fft), WEYL_BAD_ARG);
  weyl_message_clear(ctx);
  assert_int_equal(weyl_fft_new(ctx, WEYL_I32, 8, &fft), WEYL_BAD_ARG);
  assert_null(fft);
  weyl_message_clear(ctx);
  weyl_fft_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lengths), cmocka_unit_test(strides), cmocka_unit_test(round_trip),
                                     cmocka_unit_test(bad_lengths)};
  if (weyl_context_new(NULL, &ctx) != WEYL_OK) return 1;
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  weyl_context_free(ctx);
  return failed;
}
