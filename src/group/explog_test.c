/* Exponential and logarithm where they are delicate; round trips of every group are in axioms_test.c. */
#include "testing.h"

static void turn(int axis, double angle, double *g) {
  weyl_group *group = group_named("SO(3)");
  double c[3] = {0};
  if (axis == 2) c[0] = angle; /* planes (0,1), (0,2), (1,2) */
  if (axis == 1) c[1] = -angle;
  if (axis == 0) c[2] = angle;
  ok(weyl_group_exp(ctx, group, 0, c, g));
  weyl_group_free(group);
}

static void test_known_turns(void **state) {
  (void)state;
  double g[12];
  turn(2, PI / 2, g); /* x to y */
  const double quarter[9] = {0, -1, 0, 1, 0, 0, 0, 0, 1};
  assert_below(largest_difference(9, g, quarter), 1e-15);
  turn(0, 1e6, g); /* many times round: the angle has lost six digits */
  assert_below(fabs(g[4] - cos(1e6)), 1e-9);
  assert_below(fabs(g[7] - sin(1e6)), 1e-9);
}

/* exp of a screw motion in the plane: t = (sin a, 1 - cos a; ...) b / a. */
static void test_screw(void **state) {
  (void)state;
  weyl_group *group = group_named("SE(2)");
  const double a = 0.7, c[3] = {a, 2, -1};
  double g[6];
  ok(weyl_group_exp(ctx, group, 0, c, g));
  const double s = sin(a) / a, k = (1 - cos(a)) / a;
  assert_below(fabs(g[4] - (s * 2 - k * -1)), 1e-15);
  assert_below(fabs(g[5] - (k * 2 + s * -1)), 1e-15);
  weyl_group_free(group);
}

/* Angles close to pi and at pi, about axes of all kinds: exp(log g) = g, and a choice that repeats. */
static void test_near_pi(void **state) {
  (void)state;
  weyl_group *group = group_named("SO(3)");
  weyl_rng rng = weyl_rng_new(21, "near pi");
  const double below[] = {0, 1e-16, 1e-12, 1e-8, 1e-4, 1e-1};
  for (int trial = 0; trial < 200; trial++) {
    double w[3], norm = 0, g[12], again[12], c[3], c2[3];
    for (int i = 0; i < 3; i++) {
      w[i] = trial < 6 ? (i == trial % 3 ? (trial < 3 ? 1 : -1) : 0) : weyl_rng_normal(&rng);
      norm += w[i] * w[i];
    }
    const double angle = PI - below[trial % 6];
    for (int i = 0; i < 3; i++) w[i] *= angle / sqrt(norm);
    ok(weyl_group_exp(ctx, group, 0, w, g));
    ok(weyl_group_log(ctx, group, 0, g, c));
    ok(weyl_group_exp(ctx, group, 0, c, again));
    assert_below(largest_difference(9, g, again), 3e-15);
    double length = sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]);
    assert_below(fabs(length - angle), 2e-15 * 4);
    ok(weyl_group_inverse(ctx, group, 0, g, again)); /* at pi the inverse is the same rotation: the same choice */
    ok(weyl_group_log(ctx, group, 0, again, c2));
    if (below[trial % 6] == 0) assert_below(largest_difference(3, c, c2), 1e-14);
    if (below[trial % 6] > 1e-13) {
      for (int i = 0; i < 3; i++) c2[i] = -c2[i];
      assert_below(largest_difference(3, c, c2), 1e-14);
    }
  }
  weyl_group_free(group);
}

static void test_plane_by_pi(void **state) {
  (void)state;
  weyl_group *group = group_named("SO(2)");
  const double pi = PI, minus = -PI;
  double g[6], c;
  ok(weyl_group_exp(ctx, group, 0, &pi, g));
  ok(weyl_group_log(ctx, group, 0, g, &c));
  assert_below(fabs(c - PI), 1e-15);
  ok(weyl_group_exp(ctx, group, 0, &minus, g));
  ok(weyl_group_log(ctx, group, 0, g, &c));
  assert_below(fabs(c - PI), 1e-15);
  weyl_group_free(group);
}

/* d > 3 by pi has no unique logarithm; equal angles and a fixed plane are no trouble. */
static void test_higher(void **state) {
  (void)state;
  weyl_group *group = group_named("SO(5)");
  weyl_rng rng = weyl_rng_new(22, "higher");
  double c[10] = {0}, back[10], g[30], h[30], hi[30];
  c[0] = PI; /* plane (0,1) */
  ok(weyl_group_exp(ctx, group, 0, c, g));
  weyl_message_clear(ctx);
  assert_int_equal(weyl_group_log(ctx, group, 0, g, back), WEYL_DEGENERATE);
  assert_non_null(strstr(weyl_message(ctx), "rotation by pi"));
  c[0] = 2; /* the same angle in planes (0,1) and (2,3), axis 4 fixed, then turned at random */
  c[7] = 2;
  ok(weyl_group_exp(ctx, group, 0, c, g));
  ok(weyl_group_sample(ctx, group, 0, 1, &rng, h));
  ok(weyl_group_inverse(ctx, group, 0, h, hi));
  ok(weyl_group_compose(ctx, group, 0, h, g, g));
  ok(weyl_group_compose(ctx, group, 0, g, hi, g));
  ok(weyl_group_log(ctx, group, 0, g, back));
  ok(weyl_group_exp(ctx, group, 0, back, h));
  assert_below(largest_difference(25, g, h), 1e-13);
  double norm = 0;
  for (int k = 0; k < 10; k++) norm += back[k] * back[k];
  assert_below(fabs(norm - 8), 1e-12);
  weyl_group_free(group);
}

static void test_refused(void **state) {
  (void)state;
  weyl_group *o3 = group_named("O(3)"), *e3s = group_named("E(3) x S(n)"), *c4 = group_named("C4");
  double g[24], c[6];
  weyl_group_identity(o3, 0, g);
  g[0] = 2;
  assert_int_equal(weyl_group_log(ctx, o3, 0, g, c), WEYL_BAD_ARG);
  g[0] = -1;
  assert_int_equal(weyl_group_log(ctx, o3, 0, g, c), WEYL_DEGENERATE);
  g[0] = (double)NAN;
  assert_int_equal(weyl_group_log(ctx, o3, 0, g, c), WEYL_BAD_ARG);
  weyl_group_identity(e3s, 5, g);
  ok(weyl_group_log(ctx, e3s, 5, g, c));
  g[12] = 1;
  g[13] = 0;
  assert_int_equal(weyl_group_log(ctx, e3s, 5, g, c), WEYL_DEGENERATE);
  weyl_group_identity(c4, 0, g);
  ok(weyl_group_log(ctx, c4, 0, g, c));
  ok(weyl_group_generator(ctx, c4, 0, 0, g));
  assert_int_equal(weyl_group_log(ctx, c4, 0, g, c), WEYL_DEGENERATE);
  weyl_group_free(o3);
  weyl_group_free(e3s);
  weyl_group_free(c4);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_turns), cmocka_unit_test(test_screw),
                                     cmocka_unit_test(test_near_pi),     cmocka_unit_test(test_plane_by_pi),
                                     cmocka_unit_test(test_higher),      cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
