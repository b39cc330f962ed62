/* The matrix product: every path of it (tiles, tails, packing, turned, dots, plain, BLAS) against the reference. */
#include "kernels_test.h"

static void *scratch;

static int make_scratch(void **state) {
  (void)state;
  scratch = aligned_alloc(64, WEYL_GEMM_SCRATCH + 64);
  return scratch ? 0 : -1;
}

static int drop_scratch(void **state) {
  (void)state;
  free(scratch);
  return 0;
}

typedef struct operand { /* a matrix with room around it */
  void *block, *at;
  ptrdiff_t row, col;
} operand;

/* layout 0: rows contiguous, 1: columns contiguous, 2: neither, 3: rows backwards; `gap` more between the lines. */
static operand operand_new(weyl_rng *rng, int type, size_t rows, size_t columns, int layout, size_t gap) {
  const ptrdiff_t r = (ptrdiff_t)rows, c = (ptrdiff_t)columns, g = (ptrdiff_t)gap;
  operand x = {.row = c + g, .col = 1};
  if (layout == 1) x.row = 1, x.col = r + g;
  if (layout == 2) x.row = 2 * (c + g), x.col = 2;
  const size_t size = layout == 1 ? (size_t)(x.col * c) : (size_t)(x.row * r);
  x.block = random_array(rng, type, size + 1, -1, 1);
  x.at = x.block;
  if (layout == 3) {
    x.at = shifted(type, x.block, (size_t)(x.row * (r - 1)));
    x.row = -x.row;
  }
  return x;
}

static void check_product(weyl_rng *rng, const weyl_kernels *k, int type, size_t m, size_t n, size_t kk, int a_layout,
                          int b_layout, size_t gap, bool accumulate) {
  const operand a = operand_new(rng, type, m, kk, a_layout, gap), b = operand_new(rng, type, kk, n, b_layout, gap);
  const size_t lead = n + gap, size = m * lead;
  void *c = random_array(rng, type, size, -1, 1), *d = array_of(type, size);
  memcpy(d, c, size * size_of(type));
  memset(scratch, 0xff, WEYL_GEMM_SCRATCH); /* NaN: nothing may be read before it is written */
  memset((char *)scratch + WEYL_GEMM_SCRATCH, 0x5a, 64);
  k->gemm[type](m, n, kk, a.at, a.row, a.col, b.at, b.row, b.col, c, (ptrdiff_t)lead, accumulate, scratch);
  weyl_kernels_reference()->gemm[type](m, n, kk, a.at, a.row, a.col, b.at, b.row, b.col, d, (ptrdiff_t)lead, accumulate,
                                       NULL);
  /* Entries of [-1, 1]: the sums walk to sqrt(kk) / 3, and as many rounding errors of half an ulp walk too: kk eps / 5
   * is about one standard deviation (two roundings a step without FMA). */
  const double allowed = epsilon_of(type) * (4 + 2 * sqrt((double)kk) + 0.8 * (double)kk);
  for (size_t i = 0; i < size; i++) {
    const bool inside = i % lead < n;
    if (!(fabs(at(type, c, i) - at(type, d, i)) <= (inside ? allowed : 0)))
      fail_msg("%s f%d %zu x %zu x %zu, layouts %d %d, gap %zu, accumulate %d: C[%zu][%zu] is %.17g, not %.17g", k->isa,
               type == F32 ? 32 : 64, m, n, kk, a_layout, b_layout, gap, accumulate, i / lead, i % lead, at(type, c, i),
               at(type, d, i));
  }
  for (size_t i = 0; i < 64; i++) assert_true(((unsigned char *)scratch)[WEYL_GEMM_SCRATCH + i] == 0x5a);
  free(a.block);
  free(b.block);
  free(c);
  free(d);
}

static void small_shapes(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "small");
  for (int type = F32; type <= F64; type++)
    for (size_t m = 1; m <= 9; m++)
      for (size_t n = 1; n <= 18; n++)
        for (size_t kk = 1; kk <= 10; kk += 3) FOR_TABLES(k) {
            const int way = (int)((m + 3 * n + 5 * kk) % 16);
            check_product(&rng, k, type, m, n, kk, way % 4, way / 4, (m + n) % 3, (m + n + kk) % 2);
          }
}

/* Every tail of every tile: each m, n and k of a range, with rows or columns contiguous, `gap` more between them. What
 * lies around the matrices is NaN, and C must keep what lies between its rows. */
static void every_tail(void **state) {
  (void)state;
  enum { M = 13, N = 70, GAP = 3, MOST = (131 + GAP) * (N + GAP), FENCE = 16 };
  static const size_t depths[] = {0, 1, 2, 3, 4, 5, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 131};
  weyl_rng rng = weyl_rng_new(6, "tails");
  memset(scratch, 0xff, WEYL_GEMM_SCRATCH);
  for (int type = F32; type <= F64; type++) {
    void *pool = random_array(&rng, type, 2 * MOST, -1, 1), *a = array_of(type, MOST + FENCE),
         *b = array_of(type, MOST + FENCE);
    void *c = array_of(type, M * (N + GAP)), *exact = array_of(type, M * (N + GAP)),
         *old = array_of(type, M * (N + GAP));
    for (size_t i = 0; i < M * (N + GAP); i++) put(type, old, i, at(type, pool, i + 7));
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++)
      for (size_t m = 1; m <= M; m++)
        for (size_t n = 1; n <= N; n++) {
          const size_t kk = depths[d], way = m + 3 * n + 5 * d, gap = way % 3 ? 0 : GAP, lead = n + gap;
          const bool a_columns = way / 3 % 2, b_columns = way / 5 % 4 == 3, accumulate = (way + n / 2) % 2;
          const size_t a_lead = (a_columns ? m : kk) + gap, b_lead = (b_columns ? kk : n) + gap;
          const size_t a_size = kk == 0 ? 0 : a_columns ? (kk - 1) * a_lead + m : (m - 1) * a_lead + kk;
          const size_t b_size = kk == 0 ? 0 : b_columns ? (n - 1) * b_lead + kk : (kk - 1) * b_lead + n;
          memcpy(a, shifted(type, pool, way), a_size * size_of(type));
          memcpy(b, shifted(type, pool, MOST / 2 + way), b_size * size_of(type));
          for (size_t i = 0; i < FENCE; i++) put(type, a, a_size + i, NAN), put(type, b, b_size + i, NAN);
          const ptrdiff_t a_row = a_columns ? 1 : (ptrdiff_t)a_lead, a_col = a_columns ? (ptrdiff_t)a_lead : 1;
          const ptrdiff_t b_row = b_columns ? 1 : (ptrdiff_t)b_lead, b_col = b_columns ? (ptrdiff_t)b_lead : 1;
          memcpy(exact, old, m * lead * size_of(type));
          weyl_kernels_reference()->gemm[type](m, n, kk, a, a_row, a_col, b, b_row, b_col, exact, (ptrdiff_t)lead,
                                               accumulate, NULL);
          const double allowed = epsilon_of(type) * (4 + 2 * sqrt((double)kk) + 0.8 * (double)kk);
          FOR_TABLES(k) {
            memcpy(c, old, m * lead * size_of(type));
            k->gemm[type](m, n, kk, a, a_row, a_col, b, b_row, b_col, c, (ptrdiff_t)lead, accumulate, scratch);
            for (size_t i = 0; i < m * lead; i++)
              if (!(fabs(at(type, c, i) - at(type, exact, i)) <= (i % lead < n ? allowed : 0)))
                fail_msg(
                    "%s f%d %zu x %zu x %zu, columns %d %d, gap %zu, accumulate %d: C[%zu][%zu] is %.17g, not %.17g",
                    k->isa, type == F32 ? 32 : 64, m, n, kk, a_columns, b_columns, gap, accumulate, i / lead, i % lead,
                    at(type, c, i), at(type, exact, i));
          }
        }
    free(pool);
    free(a);
    free(b);
    free(c);
    free(exact);
    free(old);
  }
}

/* Shapes near every boundary: rows of a tile, vectors, panels, blocks of k, chunks of turned products. */
static void every_path(void **state) {
  (void)state;
  static const size_t shapes[][3] = {
      {100, 64, 64}, {25, 64, 64},  {24, 64, 64},  {61, 60, 67},   {33, 131, 40}, {64, 64, 500},  {64, 64, 129},
      {7, 33, 300},  {13, 17, 257}, {50, 1, 64},   {50, 2, 64},    {51, 3, 65},   {53, 4, 31},    {64, 1, 500},
      {40, 3, 300},  {2100, 2, 40}, {2, 2, 700},   {3, 4, 1000},   {1, 64, 64},   {1, 200, 33},   {6, 600, 20},
      {200, 5, 9},   {9, 15, 700},  {130, 150, 3}, {300, 16, 1},   {5, 700, 260}, {140, 32, 261}, {1, 1, 5000},
      {11, 64, 64},  {17, 128, 70}, {64, 64, 200}, {131, 64, 260}, {97, 128, 64}, {100, 144, 33}, {2050, 1, 3},
      {29, 31, 2},   {3, 1, 4000},  {2, 4, 12000}, {700, 40, 30},
  };
  weyl_rng rng = weyl_rng_new(2, "paths");
  for (int type = F32; type <= F64; type++)
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
      for (int way = (int)s % 3; way < 16; way += 3) /* all pairs of layouts, over the shapes */
        FOR_TABLES(k) {
          const size_t gap = (size_t)way % 3 == 2 ? 9 : 0;
          check_product(&rng, k, type, shapes[s][0], shapes[s][1], shapes[s][2], way % 4, way / 4, gap,
                        (way + (int)s) % 2);
        }
}

static void random_shapes(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "shapes");
  for (int trial = 0; trial < 300; trial++) {
    const size_t m = 1 + weyl_rng_below(&rng, 90), n = 1 + weyl_rng_below(&rng, 90), kk = 1 + weyl_rng_below(&rng, 90);
    const int a = (int)weyl_rng_below(&rng, 4), b = (int)weyl_rng_below(&rng, 4), type = trial % 2;
    FOR_TABLES(k) check_product(&rng, k, type, m, n, kk, a, b, weyl_rng_below(&rng, 5), trial % 3 == 0);
  }
}

/* Wide leading dimensions (columns in one set of the cache) and products that go to the BLAS. */
static void large_shapes(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(4, "large");
  for (int type = F32; type <= F64; type++) FOR_TABLES(k) {
      for (int way = 0; way < 9; way += 2)
        check_product(&rng, k, type, 257, 259, 261, way % 3, way / 3, way % 2 ? 5 : 0, way % 2);
      check_product(&rng, k, type, 40, 48, 70, 1, 0, 984, false);
      check_product(&rng, k, type, 40, 48, 70, 0, 1, 954, true);
    }
}

static void nothing_to_add(void **state) {
  (void)state;
  for (int type = F32; type <= F64; type++) FOR_TABLES(k) {
      double a[4] = {0}, b[4] = {0};
      void *c = random_array(&(weyl_rng){.seed = 1}, type, 15, 1, 2);
      k->gemm[type](3, 4, 0, a, 0, 1, b, 4, 1, c, 5, true, scratch);
      for (size_t i = 0; i < 15; i++) assert_true(at(type, c, i) >= 1);
      k->gemm[type](3, 4, 0, a, 0, 1, b, 4, 1, c, 5, false, scratch);
      for (size_t i = 0; i < 15; i++) assert_true((at(type, c, i) == 0) == (i % 5 < 4));
      k->gemm[type](0, 4, 3, a, 3, 1, b, 4, 1, c, 5, false, scratch);
      k->gemm[type](3, 0, 3, a, 3, 1, b, 4, 1, c, 5, false, scratch);
      for (size_t i = 0; i < 15; i++) assert_true((at(type, c, i) == 0) == (i % 5 < 4));
      free(c);
    }
}

/* Bits do not depend on alignment, and not on what C held. */
static void alignment(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(5, "alignment");
  static const size_t shapes[][3] = {{30, 20, 40}, {64, 64, 300},   {50, 3, 70},
                                     {70, 1, 100}, {260, 257, 258}, {4, 4, 4}};
  for (int type = F32; type <= F64; type++)
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
      for (int layout = 0; layout < 2; layout++) FOR_TABLES(k) {
          const size_t m = shapes[s][0], n = shapes[s][1], kk = shapes[s][2];
          void *a = random_array(&rng, type, m * kk + 8, -1, 1), *b = random_array(&rng, type, kk * n + 8, -1, 1);
          void *c = array_of(type, m * n), *d = array_of(type, m * n + 8);
          const ptrdiff_t a_row = layout ? 1 : (ptrdiff_t)kk, a_col = layout ? (ptrdiff_t)m : 1;
          k->gemm[type](m, n, kk, a, a_row, a_col, b, (ptrdiff_t)n, 1, c, (ptrdiff_t)n, false, scratch);
          memmove(shifted(type, a, 3), a, m * kk * size_of(type));
          memmove(shifted(type, b, 5), b, kk * n * size_of(type));
          for (size_t i = 0; i < m * n + 8; i++) put(type, d, i, NAN);
          k->gemm[type](m, n, kk, shifted(type, a, 3), a_row, a_col, shifted(type, b, 5), (ptrdiff_t)n, 1,
                        shifted(type, d, 1), (ptrdiff_t)n, false, scratch);
          assert_memory_equal(c, shifted(type, d, 1), m * n * size_of(type));
          free(a);
          free(b);
          free(c);
          free(d);
        }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_shapes),  cmocka_unit_test(every_tail),   cmocka_unit_test(every_path),
      cmocka_unit_test(random_shapes), cmocka_unit_test(large_shapes), cmocka_unit_test(nothing_to_add),
      cmocka_unit_test(alignment),
  };
  return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
