/* Sampling: the first two moments of the Haar measure, uniform elements of finite groups, normal translations. */
#include "testing.h"

#define DRAWS 20000

/* Over O(d) and over SO(d), d > 2: E R_ij = 0, E R_ij R_kl = delta_ik delta_jl / d. (d = 2: see the next test.) Each
 * mean of DRAWS numbers of variance at most 1/d has a standard error of at most 1/sqrt(d DRAWS); 6 of them are allowed
 * for some 10^4 comparisons. */
static void check_moments(const char *name, int d) {
  weyl_group *group = group_named(name);
  weyl_rng rng = weyl_rng_new(11, name);
  const int m = d * d;
  double g[30], *first = calloc((size_t)m, sizeof *first), *second = calloc((size_t)(m * m), sizeof *second),
                trace4 = 0;
  for (int k = 0; k < DRAWS; k++) {
    ok(weyl_group_sample(ctx, group, 0, 1, &rng, g));
    double trace = 0;
    for (int i = 0; i < m; i++) {
      first[i] += g[i] / DRAWS;
      for (int j = 0; j < m; j++) second[i * m + j] += g[i] * g[j] / DRAWS;
    }
    for (int i = 0; i < d; i++) trace += g[i * d + i];
    trace4 += trace * trace / DRAWS;
  }
  const double error = 6 / sqrt((double)DRAWS);
  for (int i = 0; i < m; i++) {
    assert_below(fabs(first[i]), error / sqrt((double)d));
    for (int j = 0; j < m; j++) assert_below(fabs(second[i * m + j] - (i == j ? 1.0 / d : 0)), error / d * 1.5);
  }
  assert_below(fabs(trace4 - 1), error * 2); /* the defining representation is irreducible: E (trace R)^2 = 1 */
  free(first);
  free(second);
  weyl_group_free(group);
}

static void test_moments(void **state) {
  (void)state;
  check_moments("O(2)", 2);
  check_moments("O(3)", 3);
  check_moments("SO(3)", 3);
  check_moments("O(4)", 4);
  check_moments("SO(5)", 5);
}

/* Angles of SO(2) are uniform: cosines of k angle have mean 0 and mean square 1/2. Determinants of O(d) are +1 half the
 * time. */
static void test_plane_and_determinant(void **state) {
  (void)state;
  weyl_group *so2 = group_named("SO(2)"), *o3 = group_named("O(3)");
  weyl_rng rng = weyl_rng_new(12, "plane");
  double g[12], c[4] = {0}, square[4] = {0}, positive = 0;
  for (int k = 0; k < DRAWS; k++) {
    ok(weyl_group_sample(ctx, so2, 0, 1, &rng, g));
    const double angle = atan2(g[2], g[0]);
    for (int h = 1; h <= 4; h++) {
      c[h - 1] += cos(h * angle) / DRAWS;
      square[h - 1] += pow(sin(h * angle), 2) / DRAWS;
    }
    ok(weyl_group_sample(ctx, o3, 0, 1, &rng, g));
    positive += weyl_det(3, g) > 0;
  }
  for (int h = 0; h < 4; h++) {
    assert_below(fabs(c[h]), 6 / sqrt(2.0 * DRAWS));
    assert_below(fabs(square[h] - 0.5), 6 / sqrt(8.0 * DRAWS));
  }
  assert_below(fabs(positive / DRAWS - 0.5), 6 * 0.5 / sqrt((double)DRAWS));
  weyl_group_free(so2);
  weyl_group_free(o3);
}

/* chi^2 over the elements of D6 (11 degrees of freedom) and S(4) (23): below their 1 - 1e-6 quantiles, 51 and 71. */
static void test_finite(void **state) {
  (void)state;
  weyl_group *d6 = group_named("D6"), *s4 = group_named("S(4)");
  weyl_rng rng = weyl_rng_new(13, "finite");
  double g[8], chi = 0, seen[12] = {0}, arrangement[256] = {0};
  for (int k = 0; k < DRAWS; k++) {
    ok(weyl_group_sample(ctx, d6, 0, 1, &rng, g));
    const int turn = (int)lround(atan2(g[2], g[0]) / (2 * PI) * 6 + 6) % 6;
    seen[turn + (weyl_det(2, g) < 0 ? 6 : 0)]++;
    ok(weyl_group_sample(ctx, s4, 4, 1, &rng, g));
    arrangement[(int)(g[0] + 4 * g[1] + 16 * g[2] + 64 * g[3])]++;
  }
  for (int i = 0; i < 12; i++) chi += pow(seen[i] - DRAWS / 12.0, 2) / (DRAWS / 12.0);
  assert_below(chi, 51);
  chi = 0;
  int kinds = 0;
  for (int i = 0; i < 256; i++) {
    if (arrangement[i] == 0) continue;
    kinds++;
    chi += pow(arrangement[i] - DRAWS / 24.0, 2) / (DRAWS / 24.0);
  }
  assert_int_equal(kinds, 24);
  assert_below(chi, 71);
  weyl_group_free(d6);
  weyl_group_free(s4);
}

static void test_translations(void **state) {
  (void)state;
  weyl_group *group = group_named("E(3)");
  weyl_rng rng = weyl_rng_new(14, "translations");
  double g[12], mean = 0, square = 0;
  for (int k = 0; k < DRAWS; k++) {
    ok(weyl_group_sample(ctx, group, 0, 2.5, &rng, g));
    for (int i = 9; i < 12; i++) {
      mean += g[i] / (3.0 * DRAWS);
      square += g[i] * g[i] / (3.0 * DRAWS);
    }
  }
  assert_below(fabs(mean), 6 * 2.5 / sqrt(3.0 * DRAWS));
  assert_below(fabs(square / 6.25 - 1), 6 * sqrt(2 / (3.0 * DRAWS)));
  assert_int_equal(weyl_group_sample(ctx, group, 0, -1, &rng, g), WEYL_BAD_ARG);
  assert_int_equal(weyl_group_sample(ctx, group, 0, (double)NAN, &rng, g), WEYL_BAD_ARG);
  weyl_group_free(group);
}

/* The same seed, the same elements; the copy of a stream is a bookmark. */
static void test_repeats(void **state) {
  (void)state;
  weyl_group *group = group_named("E(3) x S(n)");
  weyl_rng rng = weyl_rng_new(15, "repeats"), copy = rng;
  double a[20], b[20], c[20];
  ok(weyl_group_sample(ctx, group, 8, 1, &rng, a));
  ok(weyl_group_sample(ctx, group, 8, 1, &copy, b));
  ok(weyl_group_sample(ctx, group, 8, 1, &rng, c));
  assert_memory_equal(a, b, sizeof a);
  assert_true(largest_difference(20, a, c) > 0.1);
  weyl_group_free(group);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_moments), cmocka_unit_test(test_plane_and_determinant),
                                     cmocka_unit_test(test_finite), cmocka_unit_test(test_translations),
                                     cmocka_unit_test(test_repeats)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
