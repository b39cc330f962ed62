/* Names of groups: what is understood, what is said about them, and where an error is. */
#include "testing.h"

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *text, *name;
    int space, lie, generators;
    bool rotations, reflections, translations, permutations, compact;
    int64_t order;
  } rows[] = {
      {"E(3)", "E(3)", 3, 6, 1, true, true, true, false, false, 0},
      {"SE(3)", "SE(3)", 3, 6, 0, true, false, true, false, false, 0},
      {"O(2)", "O(2)", 2, 1, 1, true, true, false, false, true, 0},
      {"SO( 4 )", "SO(4)", 4, 6, 0, true, false, false, false, true, 0},
      {"T(16)", "T(16)", 16, 16, 0, false, false, true, false, false, 0},
      {"O(1)", "O(1)", 1, 0, 1, false, true, false, false, true, 2},
      {"SO(1)", "SO(1)", 1, 0, 0, false, false, false, false, true, 1},
      {"E(1)", "E(1)", 1, 1, 1, false, true, true, false, false, 0},
      {"C4", "C4", 2, 0, 1, true, false, false, false, true, 4},
      {"C1", "C1", 2, 0, 0, false, false, false, false, true, 1},
      {"D6", "D6", 2, 0, 2, true, true, false, false, true, 12},
      {"Z2", "Z2", 1, 0, 1, false, true, false, false, true, 2},
      {"S(n)", "S(n)", 0, 0, 2, false, false, false, true, true, 0},
      {" S(5) ", "S(5)", 0, 0, 2, false, false, false, true, true, 120},
      {"S(20)", "S(20)", 0, 0, 2, false, false, false, true, true, 2432902008176640000},
      {"S(21)", "S(21)", 0, 0, 2, false, false, false, true, true, 0},
      {"E(3) x S(n)", "E(3) x S(n)", 3, 6, 3, true, true, true, true, false, 0},
      {"S(n)xE(3)", "E(3) x S(n)", 3, 6, 3, true, true, true, true, false, 0},
      {"SO(3) \xc3\x97 S(4)", "SO(3) x S(4)", 3, 3, 2, true, false, false, true, true, 0},
      {"D4 x S(3)", "D4 x S(3)", 2, 0, 4, true, true, false, true, true, 48},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weyl_group *group = group_named(rows[i].text);
    const weyl_group_info info = weyl_group_about(group);
    assert_string_equal(info.name, rows[i].name);
    assert_int_equal(info.space, rows[i].space);
    assert_int_equal(info.lie_dimension, rows[i].lie);
    assert_int_equal(info.generators, rows[i].generators);
    assert_int_equal(info.rotations, rows[i].rotations);
    assert_int_equal(info.reflections, rows[i].reflections);
    assert_int_equal(info.translations, rows[i].translations);
    assert_int_equal(info.permutations, rows[i].permutations);
    assert_int_equal(info.compact, rows[i].compact);
    assert_true(info.order == rows[i].order);
    const size_t d = (size_t)info.space;
    assert_int_equal(weyl_group_element_size(group, 7), d * d + d + (info.permutations ? 7 : 0));
    weyl_group_free(group);
  }
}

static void test_errors(void **state) {
  (void)state;
  static const struct {
    const char *text;
    weyl_status status;
    const char *says;
  } rows[] = {
      {"", WEYL_FORMAT, "ends at 1, expected a group"},
      {"SO", WEYL_FORMAT, "ends at 3, expected \"(\""},
      {"SO(", WEYL_FORMAT, "ends at 4, expected a number"},
      {"SO(3", WEYL_FORMAT, "ends at 5, expected \")\""},
      {"SO(d)", WEYL_FORMAT, "\"d)\" at 4, expected a number"},
      {"SO(-1)", WEYL_FORMAT, "at 4, expected a number"},
      {"S(m)", WEYL_FORMAT, "at 3, expected a number or n"},
      {"so(3)", WEYL_FORMAT, "\"so(3)\" at 1, expected a group"},
      {"U(3)", WEYL_FORMAT, "at 1, expected a group: E(d)"},
      {"C", WEYL_FORMAT, "ends at 2, expected a number"},
      {"C(4)", WEYL_FORMAT, "at 2, expected a number"},
      {"E(3) S(n)", WEYL_FORMAT, "\"S(n)\" at 6, expected \"x\" or the end"},
      {"E(3) x ", WEYL_FORMAT, "ends at 8, expected a group"},
      {"E(3) x O(3)", WEYL_FORMAT, "\"O(3)\" at 8, expected S(n): there is a group of space before it"},
      {"S(n) x S(3)", WEYL_FORMAT, "at 8, expected a group of space"},
      {"E(3) x S(n) x C4", WEYL_FORMAT, "\"x C4\" at 13, expected the end"},
      {"SO(0)", WEYL_BAD_ARG, "SO of 0 at 4, must be 1 to 16"},
      {"SO(17)", WEYL_BAD_ARG, "SO of 17 at 4, must be 1 to 16"},
      {"SO(99999999999999999999999)", WEYL_BAD_ARG, "must be 1 to 16"},
      {"C0", WEYL_BAD_ARG, "must be 1 to"},
      {"Z3", WEYL_BAD_ARG, "Z of 3 at 2, must be 2 to 2"},
      {"S(0)", WEYL_BAD_ARG, "S of 0 at 3"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weyl_group *group = NULL;
    weyl_message_clear(ctx);
    const weyl_status status = weyl_group_parse(ctx, rows[i].text, &group);
    if (status != rows[i].status || group || !strstr(weyl_message(ctx), rows[i].says)) {
      fail_msg("\"%s\": %s \"%s\"", rows[i].text, weyl_status_name(status), weyl_message(ctx));
    }
  }
  weyl_group *group = NULL;
  assert_int_equal(weyl_group_parse(ctx, NULL, &group), WEYL_BAD_ARG);
  weyl_context_fail_allocation(ctx, 1);
  assert_int_equal(weyl_group_parse(ctx, "E(3)", &group), WEYL_MEMORY);
  assert_null(group);
  weyl_group_free(NULL);
}

/* Random cuts and swaps of valid names never crash, and what parses spells itself the same again. */
static void test_garbled(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "garbled");
  const char *letters = "ESOTCDZS()xn0123456789 \xc3\x97-";
  for (int trial = 0; trial < 20000; trial++) {
    char text[24] = {0};
    const size_t length = weyl_rng_below(&rng, sizeof text);
    for (size_t i = 0; i < length; i++) text[i] = letters[weyl_rng_below(&rng, strlen(letters))];
    weyl_group *group = NULL, *again = NULL;
    if (weyl_group_parse(ctx, text, &group) != WEYL_OK) {
      assert_null(group);
      continue;
    }
    ok(weyl_group_parse(ctx, weyl_group_about(group).name, &again));
    assert_string_equal(weyl_group_about(group).name, weyl_group_about(again).name);
    weyl_group_free(group);
    weyl_group_free(again);
  }
}

static void test_fixed_points(void **state) {
  (void)state;
  weyl_group *group = group_named("S(5)");
  weyl_rng rng = weyl_rng_new(3, "fixed");
  double g[8];
  ok(weyl_group_sample(ctx, group, 5, 1, &rng, g));
  weyl_message_clear(ctx);
  assert_int_equal(weyl_group_sample(ctx, group, 6, 1, &rng, g), WEYL_SHAPE);
  assert_non_null(strstr(weyl_message(ctx), "S(5) acts on 5 points, not on 6"));
  assert_false(weyl_group_contains(group, 6, g, 1));
  weyl_group_free(group);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_errors),
                                     cmocka_unit_test(test_garbled), cmocka_unit_test(test_fixed_points)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
