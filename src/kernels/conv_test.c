#include "kernels_test.h"

/* The kernels of convolution against the reference table, whose panels have another width: unpacked, all agree. */

enum { LENGTH_MOST = 40, OUT_MOST = 70, PIXELS_MOST = 30 };

static size_t panel_of(const weyl_kernels *k, int type) { return k->panel_bytes / size_of(type); }

static size_t packed_size(const weyl_kernels *k, int type, size_t rows, size_t columns) {
  const size_t p = panel_of(k, type);
  return rows * ((columns + p - 1) / p * p);
}

static void *packed(const weyl_kernels *k, int type, size_t rows, size_t columns, const void *x, bool turned) {
  void *to = array_of(type, packed_size(k, type, rows, columns));
  /* in two parts: the second is placed behind the rows of the first */
  const size_t first = rows / 2;
  const ptrdiff_t row = turned ? 1 : (ptrdiff_t)columns, column = turned ? (ptrdiff_t)rows : 1;
  k->conv_pack[type](first, columns, x, row, column, rows, to);
  k->conv_pack[type](rows - first, columns, shifted(type, (void *)(uintptr_t)x, first * (size_t)row), row, column, rows,
                     shifted(type, to, first * panel_of(k, type)));
  return to;
}

static double at_panel(const weyl_kernels *k, int type, const void *x, size_t rows, size_t i, size_t j) {
  const size_t p = panel_of(k, type);
  return at(type, x, j / p * p * rows + i * p + j % p);
}

static void packs(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "packs");
  FOR_TABLES(k)
  for (int type = F32; type <= F64; type++)
    for (size_t columns = 1; columns <= OUT_MOST; columns += 3)
      for (int turned = 0; turned < 2; turned++) {
        const size_t rows = 1 + columns % 7;
        void *x = random_array(&rng, type, rows * columns, -1, 1), *to = packed(k, type, rows, columns, x, turned);
        for (size_t i = 0; i < rows; i++)
          for (size_t j = 0; j < packed_size(k, type, rows, columns) / rows; j++) {
            const double want = j >= columns ? 0 : at(type, x, turned ? j * rows + i : i * columns + j);
            assert_true(at_panel(k, type, to, rows, i, j) == want);
          }
        free(x);
        free(to);
      }
}

static size_t below(weyl_rng *rng, size_t low, size_t high) {
  return low + (size_t)weyl_rng_below(rng, high - low + 1);
}

/* Sums of n products below 1 round off by about n epsilon. */
static void assert_close_to(int type, double got, double want, size_t terms) {
  if (!(fabs(got - want) <= epsilon_of(type) * (4 + (double)terms))) fail_msg("%.17g is not %.17g", got, want);
}

static void taps(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "taps");
  const weyl_kernels *r = weyl_kernels_reference();
  FOR_TABLES(k)
  for (int trial = 0; trial < 200; trial++) {
    const int type = trial % 2 ? F64 : F32;
    int32_t from[PIXELS_MOST], to[PIXELS_MOST], segment[8];
    weyl_conv_taps q = {.pixels = below(&rng, 0, PIXELS_MOST),
                        .segments = below(&rng, 0, 4),
                        .length = trial % 9 == 0 ? 300 : below(&rng, 1, LENGTH_MOST), /* 300: a panel in parts */
                        .out = below(&rng, 1, OUT_MOST),
                        .from = from,
                        .to = to,
                        .segment = segment};
    enum { IN = 1000 };
    for (size_t s = 0; s < 4; s++) segment[s] = (int32_t)below(&rng, 0, 300);
    for (size_t p = 0; p < q.pixels; p++) {
      from[p] = (int32_t)below(&rng, 0, 300);
      to[p] = (int32_t)((q.pixels - 1 - p) * q.out);
    }
    const size_t rows = q.segments * q.length, n = q.pixels * q.out;
    void *in = random_array(&rng, type, IN, -1, 1), *w = random_array(&rng, type, rows * q.out, -1, 1);
    void *mine = packed(k, type, rows, q.out, w, false), *theirs = packed(r, type, rows, q.out, w, false);
    void *got = random_array(&rng, type, n + 1, 5, 6), *want = random_array(&rng, type, n, 5, 6);
    const double behind = at(type, got, n);
    q.ahead = (weyl_ahead){in, IN * size_of(type)};
    k->conv_taps[type](&q, in, mine, got);
    r->conv_taps[type](&q, in, theirs, want);
    for (size_t i = 0; i < n; i++) assert_close_to(type, at(type, got, i), at(type, want, i), rows);
    assert_true(at(type, got, n) == behind);
    free(in);
    free(w);
    free(mine);
    free(theirs);
    free(got);
    free(want);
  }
}

static void sums(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "sums");
  FOR_TABLES(k)
  for (int trial = 0; trial < 200; trial++) {
    const int type = trial % 2 ? F64 : F32;
    int32_t from[6], segment[4];
    const size_t panel = panel_of(k, type);
    weyl_conv_sums q = {.runs = below(&rng, 1, 6),
                        .run = below(&rng, 1, 9),
                        .segments = below(&rng, 1, 4),
                        .length = below(&rng, 1, LENGTH_MOST),
                        .step = (ptrdiff_t)below(&rng, 1, 20),
                        .from = from,
                        .segment = segment};
    enum { IN = 1000 };
    for (size_t i = 0; i < 6; i++) from[i] = (int32_t)below(&rng, 0, 300);
    for (size_t i = 0; i < 4; i++) segment[i] = (int32_t)below(&rng, 0, 300);
    const size_t rows = q.segments * q.length, pixels = q.runs * q.run;
    void *x = random_array(&rng, type, IN, -1, 1), *dy = random_array(&rng, type, pixels * panel, -1, 1);
    void *got = random_array(&rng, type, rows * panel, 5, 6), *before = array_of(type, rows * panel);
    memcpy(before, got, rows * panel * size_of(type));
    const bool accumulate = trial % 3 == 0;
    k->conv_sums[type](&q, x, dy, accumulate, got);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < panel; j++) {
        double want = accumulate ? at(type, before, i * panel + j) : 0;
        for (size_t p = 0; p < pixels; p++)
          want += at(type, x,
                     (size_t)(from[p / q.run] + segment[i / q.length]) + p % q.run * (size_t)q.step + i % q.length) *
                  at(type, dy, p * panel + j);
        assert_close_to(type, at(type, got, i * panel + j), want, pixels + 8);
      }
    free(x);
    free(dy);
    free(got);
    free(before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(packs), cmocka_unit_test(taps), cmocka_unit_test(sums)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
