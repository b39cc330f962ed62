/* Actions by hand; that they are homomorphisms is in axioms_test.c. */
#include "testing.h"

static void test_by_hand(void **state) {
  (void)state;
  weyl_group *group = group_named("E(2) x S(n)");
  /* a quarter turn, then (10, 20); point 0 to place 2, 1 to 0, 2 to 1 */
  const double g[] = {0, -1, 1, 0, 10, 20, 2, 0, 1};
  const double x[] = {1, 2, 3, 4, 5, 6};
  double y[9];
  ok(weyl_group_act(ctx, group, g, WEYL_ACT_POINT, 3, 2, x, y));
  const double points[] = {6, 23, 4, 25, 8, 21};
  assert_true(largest_difference(6, y, points) == 0);
  ok(weyl_group_act(ctx, group, g, WEYL_ACT_VECTOR, 3, 2, x, y));
  const double vectors[] = {-4, 3, -6, 5, -2, 1};
  assert_true(largest_difference(6, y, vectors) == 0);
  ok(weyl_group_act(ctx, group, g, WEYL_ACT_SCALAR, 3, 2, x, y));
  const double scalars[] = {3, 4, 5, 6, 1, 2};
  assert_true(largest_difference(6, y, scalars) == 0);
  ok(weyl_group_act(ctx, group, g, WEYL_ACT_GLOBAL_POINT, 3, 4, x, y));
  const double global[] = {8, 21, 6, 23};
  assert_true(largest_difference(4, y, global) == 0);
  const double pairs[] = {0, 1, 2, 10, 11, 12, 20, 21, 22};
  ok(weyl_group_act(ctx, group, g, WEYL_ACT_PAIR, 3, 1, pairs, y));
  const double paired[] = {11, 12, 10, 21, 22, 20, 1, 2, 0};
  assert_true(largest_difference(9, y, paired) == 0);
  weyl_group_free(group);
}

static void test_refused(void **state) {
  (void)state;
  weyl_group *group = group_named("E(3) x S(n)"), *z2 = group_named("Z2"), *s4 = group_named("S(4)");
  double g[16], x[16] = {1, 2, 3}, y[16];
  weyl_group_identity(group, 2, g);
  weyl_message_clear(ctx);
  assert_int_equal(weyl_group_act(ctx, group, g, WEYL_ACT_POINT, 2, 4, x, y), WEYL_SHAPE);
  assert_non_null(
      strstr(weyl_message(ctx), "rows of 4 numbers under the point action of E(3) x S(n), must be a multiple of 3"));
  assert_int_equal(weyl_group_act(ctx, group, g, WEYL_ACT_POINT, 2, -3, x, y), WEYL_SHAPE);
  assert_int_equal(weyl_group_act(ctx, group, g, (weyl_action)7, 2, 3, x, y), WEYL_BAD_ARG);
  assert_int_equal(weyl_group_act(ctx, group, g, (weyl_action)-1, 2, 3, x, y), WEYL_BAD_ARG);
  const double bad[] = {2, -1, 0.5, (double)NAN};
  for (int k = 0; k < 4; k++) { /* places that are none */
    g[13] = bad[k];
    assert_int_equal(weyl_group_act(ctx, group, g, WEYL_ACT_SCALAR, 2, 1, x, y), WEYL_BAD_ARG);
    assert_int_equal(weyl_group_compose(ctx, group, 2, g, g, y), WEYL_BAD_ARG);
    assert_int_equal(weyl_group_inverse(ctx, group, 2, g, y), WEYL_BAD_ARG);
  }
  g[12] = g[13] = 1; /* twice the same place */
  assert_int_equal(weyl_group_inverse(ctx, group, 2, g, y), WEYL_BAD_ARG);
  assert_false(weyl_group_contains(group, 2, g, 1e-6));
  weyl_group_identity(s4, 4, g);
  assert_int_equal(weyl_group_act(ctx, s4, g, WEYL_ACT_SCALAR, 3, 1, x, y), WEYL_SHAPE);
  ok(weyl_group_generator(ctx, z2, 0, 0, g)); /* any number of coordinates */
  ok(weyl_group_act(ctx, z2, g, WEYL_ACT_VECTOR, 1, 3, x, y));
  assert_true(y[0] == -1 && y[1] == -2 && y[2] == -3);
  ok(weyl_group_act(ctx, z2, g, WEYL_ACT_VECTOR, 0, 3, x, y)); /* no points */
  weyl_group_free(group);
  weyl_group_free(z2);
  weyl_group_free(s4);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
