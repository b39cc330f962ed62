/* 3j symbols, Gaunt and Poisson coefficients against exact sums, tables (spec sheet 2.3, 2.4, 2.8) and their axioms. */
#include "testing.h"

static size_t block_size(int l1, int l2, int l3) {
  return (size_t)(2 * l1 + 1) * (size_t)(2 * l2 + 1) * (size_t)(2 * l3 + 1);
}

static size_t at(int l1, int m1, int l2, int m2, int l3, int m3) {
  return ((size_t)(m1 + l1) * (size_t)(2 * l2 + 1) + (size_t)(m2 + l2)) * (size_t)(2 * l3 + 1) + (size_t)(m3 + l3);
}

static double *wigner_3j(int l1, int l2, int l3) {
  double *w = numbers(block_size(l1, l2, l3));
  ok(weyl_wigner_3j(ctx, l1, l2, l3, WEYL_GAUGE_WEYL, w));
  return w;
}

static long double choose(int n, int k) {
  if (k < 0 || k > n) return 0;
  long double c = 1;
  for (int i = 1; i <= k; i++) c = c * (n - k + i) / i; /* whole at every step */
  return c;
}

/* Racah's sum in binomials: integers below 2^63 for l <= 10, so that the sum is exact. */
static double racah(int a, int b, int c, int x, int y, int z) {
  if (x + y + z != 0 || abs(x) > a || abs(y) > b || abs(z) > c || c > a + b || a > b + c || b > a + c) return 0;
  long double sum = 0;
  for (int k = 0; k <= a + b - c; k++) {
    const long double term = choose(a + b - c, k) * choose(a - b + c, a - x - k) * choose(b + c - a, b + y - k);
    sum += k % 2 ? -term : term;
  }
  const long double square = choose(2 * a, a + b - c) * choose(2 * b, a + b - c) /
                             (choose(a + b + c + 1, a + b - c) * choose(2 * a, a - x) * choose(2 * b, b - y) *
                              choose(2 * c, c - z) * (2 * c + 1));
  const long double scale = sqrtl(square);
  return (double)((a - b - z) % 2 ? -scale * sum : scale * sum);
}

static void test_racah(void **state) {
  (void)state;
  double worst = 0;
  for (int a = 0; a <= 10; a++) {
    for (int b = 0; b <= 10; b++) {
      for (int c = 0; c <= 10; c++) {
        for (int x = -a; x <= a; x++) {
          for (int y = -b; y <= b; y++) {
            const double exact = racah(a, b, c, x, y, -x - y), ours = weyl_complex_3j(a, b, c, x, y, -x - y);
            const double error = fabs(exact - ours);
            if (exact == 0 ? ours != 0 : !(error < 2e-13 * fabs(exact)))
              fail_msg("(%d %d %d; %d %d %d) is %.17g, not %.17g", a, b, c, x, y, -x - y, ours, exact);
            worst = fmax(worst, error);
          }
        }
      }
    }
  }
  assert_below(worst, 3e-15);
  assert_true(weyl_complex_3j(2, 2, 2, 1, 1, 1) == 0);
  assert_true(weyl_complex_3j(2, 2, 5, 0, 0, 0) == 0);
  assert_true(isnan(weyl_complex_3j(-1, 1, 1, 0, 0, 0)));
  assert_true(isnan(weyl_complex_3j(1, 1, WEYL_L_MAX + 1, 0, 0, 0)));
}

static void test_values(void **state) {
  (void)state;
  static const struct {
    int l[3], m[3];
    double value;
  } rows[] = {
      {{1, 1, 1}, {-1, 0, 1}, 0.4082482905},   {{1, 1, 1}, {0, 1, -1}, 0.4082482905},
      {{1, 1, 1}, {1, -1, 0}, 0.4082482905},   {{1, 1, 1}, {0, -1, 1}, -0.4082482905},
      {{1, 1, 2}, {0, 0, 0}, 0.3651483717},    {{1, 1, 2}, {1, 1, 0}, -0.1825741858},
      {{1, 1, 2}, {1, 1, 2}, 0.3162277660},    {{1, 1, 2}, {-1, -1, 2}, -0.3162277660},
      {{1, 1, 2}, {-1, 1, -2}, 0.3162277660},  {{2, 2, 2}, {-2, -2, 0}, 0.2390457219},
      {{2, 2, 2}, {-2, -1, 1}, -0.2070196678},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const int *l = rows[i].l, *m = rows[i].m;
    double *w = wigner_3j(l[0], l[1], l[2]);
    assert_close(w[at(l[0], m[0], l[1], m[1], l[2], m[2])], rows[i].value, 5.1e-11);
    weyl_dealloc(ctx, w);
  }
}

/* Entries other than 0 over all degrees up to L, and paths; "even": l1 + l2 + l3 even. */
static void test_counts(void **state) {
  (void)state;
  static const long all[] = {16, 137, 611, 2052, 5265, 11896}, even[] = {10, 83, 353, 1158, 2907, 6460};
  static const long paths[] = {5, 15, 34, 65, 111, 175, 260, 369}, even_paths[] = {4, 11, 23, 42, 69, 106, 154, 215};
  for (int L = 1; L <= 8; L++) {
    long n = 0, n_even = 0, p = 0, p_even = 0;
    for (int a = 0; a <= L; a++) {
      for (int b = 0; b <= L; b++) {
        for (int c = 0; c <= L; c++) {
          double *w = wigner_3j(a, b, c);
          long count = 0;
          for (size_t i = 0; i < block_size(a, b, c); i++) count += w[i] != 0;
          n += count;
          p += count > 0;
          if ((a + b + c) % 2 == 0) {
            n_even += count;
            p_even += count > 0;
          }
          weyl_dealloc(ctx, w);
        }
      }
    }
    if (L <= 6) {
      assert_int_equal(n, all[L - 1]);
      assert_int_equal(n_even, even[L - 1]);
    }
    assert_int_equal(p, paths[L - 1]);
    assert_int_equal(p_even, even_paths[L - 1]);
  }
}

/* sum_ij W_ijk W_ijk' = delta / (2 l3 + 1). */
static double orthogonality(int l1, int l2, int l3) {
  double *w = wigner_3j(l1, l2, l3);
  const size_t rows = (size_t)(2 * l1 + 1) * (size_t)(2 * l2 + 1), n = (size_t)(2 * l3 + 1);
  double worst = 0;
  for (size_t k = 0; k < n; k++) {
    for (size_t q = 0; q <= k; q++) {
      double sum = 0;
      for (size_t r = 0; r < rows; r++) sum += w[r * n + k] * w[r * n + q];
      worst = fmax(worst, fabs((2.0 * l3 + 1) * sum - (k == q)));
    }
  }
  weyl_dealloc(ctx, w);
  return worst;
}

static void test_orthogonality(void **state) {
  (void)state;
  double worst = 0;
  for (int c = 0; c <= 20; c++) worst = fmax(worst, orthogonality(20, 20, c));
  for (int c = 7; c <= 20; c++) worst = fmax(worst, orthogonality(20, 13, c));
  assert_below(worst, 1e-12);
  assert_below(orthogonality(64, 64, 5), 1e-12);
  assert_below(orthogonality(64, 33, 40), 1e-12);
}

static int parity_of(int l1, int l2, int l3) { return (l1 + l2 + l3) % 2 ? -1 : 1; }

static void test_permutations(void **state) {
  (void)state;
  static const int l[][3] = {{1, 1, 1}, {1, 2, 2}, {2, 3, 4}, {3, 3, 3}, {5, 4, 7}, {20, 11, 14}};
  for (size_t t = 0; t < sizeof l / sizeof *l; t++) {
    const int a = l[t][0], b = l[t][1], c = l[t][2];
    double *w = wigner_3j(a, b, c), *cyclic = wigner_3j(b, c, a), *swapped = wigner_3j(b, a, c);
    double worst = 0;
    for (int x = -a; x <= a; x++) {
      for (int y = -b; y <= b; y++) {
        for (int z = -c; z <= c; z++) {
          const double value = w[at(a, x, b, y, c, z)];
          worst = fmax(worst, fabs(value - cyclic[at(b, y, c, z, a, x)]));
          worst = fmax(worst, fabs(value - parity_of(a, b, c) * swapped[at(b, y, a, x, c, z)]));
        }
      }
    }
    assert_below(worst, 1e-14);
    weyl_dealloc(ctx, w);
    weyl_dealloc(ctx, cyclic);
    weyl_dealloc(ctx, swapped);
  }
}

static void test_e3nn_signs(void **state) {
  (void)state;
  static const struct {
    int l[3], sign;
  } rows[] = {{{1, 1, 1}, 1}, {{1, 1, 2}, 1}, {{2, 2, 1}, -1}, {{2, 2, 2}, -1}, {{1, 2, 3}, -1}, {{2, 2, 3}, 1}};
  for (size_t t = 0; t < sizeof rows / sizeof *rows; t++) {
    const int *l = rows[t].l;
    const size_t n = block_size(l[0], l[1], l[2]);
    double *w = wigner_3j(l[0], l[1], l[2]), *e = numbers(n);
    ok(weyl_wigner_3j(ctx, l[0], l[1], l[2], WEYL_GAUGE_E3NN, e));
    assert_int_equal(weyl_wigner_3j_sign(l[0], l[1], l[2]), rows[t].sign);
    for (size_t i = 0; i < n; i++) assert_true(e[i] == rows[t].sign * w[i]);
    weyl_dealloc(ctx, w);
    weyl_dealloc(ctx, e);
  }
}

static void test_factors(void **state) {
  (void)state;
  static const struct {
    int l[3];
    double value;
  } rho[] = {{{0, 0, 0}, 0.2820947918},  {{1, 1, 0}, -0.4886025119}, {{1, 1, 2}, 0.6909882989},
             {{2, 2, 2}, -0.7539300439}, {{1, 2, 3}, -0.8462843753}, {{2, 2, 4}, 1.0115032970},
             {{3, 3, 2}, 0.8618138243},  {{3, 3, 4}, -0.9547375372}},
    kappa[] = {{{1, 1, 1}, 1.1968268412},  {{1, 2, 2}, -2.6761861742}, {{2, 2, 1}, -2.6761861742},
               {{2, 2, 3}, 5.3523723485},  {{2, 3, 2}, 5.3523723485},  {{3, 3, 3}, -9.6738361852},
               {{2, 3, 4}, -8.4628437532}, {{3, 3, 5}, 12.9272073646}, {{1, 3, 3}, 4.4781159911}};
  for (size_t i = 0; i < sizeof rho / sizeof *rho; i++)
    assert_close(weyl_gaunt_factor(rho[i].l[0], rho[i].l[1], rho[i].l[2]), rho[i].value, 5.1e-11);
  for (size_t i = 0; i < sizeof kappa / sizeof *kappa; i++)
    assert_close(weyl_poisson_factor(kappa[i].l[0], kappa[i].l[1], kappa[i].l[2]), kappa[i].value, 5.1e-11);
  for (int a = 0; a <= 12; a++) {
    for (int b = 0; b <= 12; b++) {
      for (int c = 0; c <= 12; c++) {
        const bool triangle = c <= a + b && a <= b + c && b <= a + c, even = (a + b + c) % 2 == 0;
        assert_int_equal(weyl_gaunt_factor(a, b, c) != 0, triangle && even);
        assert_int_equal(weyl_poisson_factor(a, b, c) != 0, triangle && !even);
      }
    }
  }
  assert_true(isnan(weyl_gaunt_factor(1, -1, 1)));
  assert_true(isnan(weyl_poisson_factor(1, 1, WEYL_L_MAX + 1)));
}

static void test_gaunt(void **state) {
  (void)state;
  static const struct {
    int l1, m1, l2, m2, l3, m3;
    double value;
  } rows[] = {
      {1, 0, 1, 0, 0, 0, 0.2820947918},    {1, 0, 1, 0, 2, 0, 0.2523132522},   {1, 1, 1, 1, 2, 0, -0.1261566261},
      {1, 1, 1, 1, 2, 2, 0.2185096861},    {1, -1, 1, 1, 2, -2, 0.2185096861}, {1, -1, 1, 0, 2, -1, 0.2185096861},
      {2, 0, 2, 0, 2, 0, 0.1802237516},    {2, 2, 2, 2, 2, 0, -0.1802237516},  {2, 1, 2, 1, 2, 2, 0.1560783472},
      {2, -2, 2, -1, 2, 1, 0.1560783472},  {2, 0, 2, 0, 4, 0, 0.2417955358},   {3, 0, 2, 0, 1, 0, 0.2477666951},
      {3, -3, 2, 2, 1, -1, 0.2261790132},  {3, 1, 2, -1, 3, -2, 0.1151647165}, {4, 0, 4, 0, 4, 0, 0.1369611077},
      {4, 3, 3, -2, 3, -1, -0.0678502423},
  };
  double g[13 * 13 * 13];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ok(weyl_gaunt(ctx, rows[i].l1, rows[i].l2, rows[i].l3, g));
    assert_close(g[at(rows[i].l1, rows[i].m1, rows[i].l2, rows[i].m2, rows[i].l3, rows[i].m3)], rows[i].value, 5.1e-11);
  }
  /* selection rules */
  for (int a = 0; a <= 6; a++) {
    for (int b = 0; b <= 6; b++) {
      for (int c = 0; c <= 6; c++) {
        ok(weyl_gaunt(ctx, a, b, c, g));
        for (int x = -a; x <= a; x++) {
          for (int y = -b; y <= b; y++) {
            for (int z = -c; z <= c; z++) {
              const bool adds = abs(z) == abs(x) + abs(y) || abs(z) == abs(abs(x) - abs(y));
              const bool allowed = (a + b + c) % 2 == 0 && adds && ((x < 0) + (y < 0) + (z < 0)) % 2 == 0;
              if (!allowed) assert_true(g[at(a, x, b, y, c, z)] == 0);
            }
          }
        }
      }
    }
  }
}

static void test_clebsch_is_an_isometry(void **state) {
  (void)state;
  double w[5 * 7 * 9], c[5 * 7 * 9], p[5 * 7 * 9];
  ok(weyl_wigner_3j(ctx, 2, 3, 4, WEYL_GAUGE_WEYL, w));
  ok(weyl_clebsch(ctx, 2, 3, 4, WEYL_GAUGE_WEYL, c));
  ok(weyl_poisson(ctx, 2, 3, 4, p));
  for (size_t i = 0; i < 5 * 7 * 9; i++) {
    assert_close(c[i], 3 * w[i], 1e-15);
    assert_close(p[i], -8.4628437532 * w[i], 1e-10);
  }
}

static void test_bad(void **state) {
  (void)state;
  double w[64] = {7};
  assert_says(ctx, weyl_wigner_3j(ctx, -1, 1, 1, WEYL_GAUGE_WEYL, w), WEYL_BAD_ARG, "l1 is -1, must be 0 to 64");
  assert_says(ctx, weyl_clebsch(ctx, 1, 65, 1, WEYL_GAUGE_WEYL, w), WEYL_BAD_ARG, "l2 is 65");
  assert_says(ctx, weyl_gaunt(ctx, 1, 1, -2, w), WEYL_BAD_ARG, "l3 is -2");
  assert_says(ctx, weyl_poisson(ctx, 1, 1, 100, w), WEYL_BAD_ARG, "l3 is 100");
  assert_says(ctx, weyl_wigner_3j(ctx, 1, 1, 1, (weyl_gauge)3, w), WEYL_BAD_ARG, "gauge is 3");
  assert_true(w[0] == 7);
  ok(weyl_wigner_3j(ctx, 1, 0, 2, WEYL_GAUGE_WEYL, w)); /* no triangle */
  for (int i = 0; i < 15; i++) assert_true(w[i] == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_racah),
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_orthogonality),
      cmocka_unit_test(test_permutations),
      cmocka_unit_test(test_e3nn_signs),
      cmocka_unit_test(test_factors),
      cmocka_unit_test(test_gaunt),
      cmocka_unit_test(test_clebsch_is_an_isometry),
      cmocka_unit_test(test_bad),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
