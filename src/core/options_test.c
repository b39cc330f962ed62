#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "property.h"

static const weyl_option table[] = {
    {"epochs", WEYL_OPT_INT, "100", 1, 1e6, NULL, "passes over the training set"},
    {"rate", WEYL_OPT_DOUBLE, "1e-3", 0, 1, NULL, "learning rate of the first epoch"},
    {"seed", WEYL_OPT_U64, "1", 0, 0, NULL, "every random choice follows from it"},
    {"amsgrad", WEYL_OPT_BOOL, "no", 0, 0, NULL, "keep the largest second moment"},
    {"optimiser", WEYL_OPT_CHOICE, "adam", 0, 0, "adam|adamw|sgd", "the rule of the update"},
    {"out", WEYL_OPT_STRING, "", 0, 0, NULL, "folder of the run"},
    {"shift", WEYL_OPT_DOUBLE, "-0.5", -INFINITY, 2, NULL, "any number up to 2"},
    {NULL, WEYL_OPT_INT, NULL, 0, 0, NULL, NULL},
};

static weyl_options *declared(weyl_context *ctx) {
  weyl_options *o = NULL;
  assert_ok(ctx, weyl_options_new(ctx, &o));
  assert_ok(ctx, weyl_options_declare(o, "train", table));
  return o;
}

static void defaults_and_values(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_options *o = declared(ctx);
  assert_int_equal(weyl_options_count(o), 7);
  assert_int_equal(weyl_options_integer(o, "epochs"), 100);
  assert_true(weyl_options_number(o, "epochs") == 100);
  assert_true(weyl_options_number(o, "rate") == 1e-3);
  assert_false(weyl_options_bool(o, "amsgrad"));
  assert_string_equal(weyl_options_string(o, "optimiser"), "adam");
  assert_string_equal(weyl_options_string(o, "out"), "");
  assert_true(weyl_options_is_default(o, "rate"));
  assert_true(weyl_options_has(o, "rate"));
  assert_false(weyl_options_has(o, "rte"));

  assert_ok(ctx, weyl_options_set(o, "rate", "1e-3", NULL));
  assert_false(weyl_options_is_default(o, "rate"));
  assert_ok(ctx, weyl_options_set(o, "epochs", "1e3", NULL));
  assert_int_equal(weyl_options_integer(o, "epochs"), 1000);
  assert_ok(ctx, weyl_options_set(o, "seed", "18446744073709551615", NULL));
  assert_true((uint64_t)weyl_options_integer(o, "seed") == UINT64_MAX);
  assert_ok(ctx, weyl_options_set(o, "seed", "9007199254740993", NULL)); /* 2^53 + 1: not by way of a double */
  assert_true(weyl_options_integer(o, "seed") == 9007199254740993);
  assert_ok(ctx, weyl_options_set(o, "amsgrad", "on", NULL));
  assert_true(weyl_options_bool(o, "amsgrad"));
  assert_ok(ctx, weyl_options_set(o, "optimiser", "sgd", NULL));
  assert_string_equal(weyl_options_string(o, "optimiser"), "sgd");
  char text[] = "run";
  assert_ok(ctx, weyl_options_set(o, "out", text, NULL));
  text[0] = 'x'; /* the value is a copy */
  assert_string_equal(weyl_options_string(o, "out"), "run");
  const char *value = NULL;
  assert_string_equal(weyl_options_at(o, 5, &value)->name, "out");
  assert_string_equal(value, "run");
  weyl_options_free(o);
  weyl_options_free(NULL);
  test_context_free(ctx);
}

static void bad_values_are_named(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_options *o = declared(ctx);
  static const struct {
    const char *name, *value, *words;
    weyl_status status;
  } bad[] = {
      {"rte", "1", "did you mean \"rate\"", WEYL_UNKNOWN},
      {"frobnicate", "1", "no option \"frobnicate\"", WEYL_UNKNOWN},
      {"epochs", "0", "epochs of train is \"0\", must be a whole number from 1 to 1000000", WEYL_BAD_ARG},
      {"epochs", "1000001", "to 1000000", WEYL_BAD_ARG},
      {"epochs", "1.5", "whole", WEYL_BAD_ARG},
      {"epochs", "", "whole", WEYL_BAD_ARG},
      {"epochs", "0x10", "whole", WEYL_BAD_ARG},
      {"epochs", " 5", "whole", WEYL_BAD_ARG},
      {"epochs", "99999999999999999999", "whole", WEYL_BAD_ARG},
      {"rate", "fast", "a number from 0 to 1", WEYL_BAD_ARG},
      {"rate", "1.0001", "a number from 0 to 1", WEYL_BAD_ARG},
      {"rate", "nan", "a number", WEYL_BAD_ARG},
      {"rate", "0.5 ", "a number", WEYL_BAD_ARG},
      {"seed", "-1", "without sign", WEYL_BAD_ARG},
      {"seed", "18446744073709551616", "without sign", WEYL_BAD_ARG},
      {"amsgrad", "maybe", "yes or no", WEYL_BAD_ARG},
      {"optimiser", "ada", "one of adam|adamw|sgd", WEYL_BAD_ARG},
      {"optimiser", "adam|adamw", "one of", WEYL_BAD_ARG},
      {"optimiser", "", "one of", WEYL_BAD_ARG},
      {"shift", "2.5", "at most 2", WEYL_BAD_ARG},
  };
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    const weyl_status status = weyl_options_set(o, bad[k].name, bad[k].value, k % 2 ? "a.ini:3" : NULL);
    if (k % 2) assert_int_equal(strncmp(weyl_message(ctx), "a.ini:3: ", 9), 0);
    assert_says(ctx, status, bad[k].status, bad[k].words);
  }
  assert_int_equal(weyl_options_integer(o, "epochs"), 100);
  weyl_options_free(o);
  test_context_free(ctx);
}

static void bad_tables_are_bugs(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_options *o = declared(ctx);
  const weyl_option twin[] = {{"hidden", WEYL_OPT_INT, "64", 1, 4096, NULL, "width"},
                              {"rate", WEYL_OPT_INT, "5", 0, 0, NULL, ""},
                              {NULL, WEYL_OPT_INT, NULL, 0, 0, NULL, NULL}};
  assert_says(ctx, weyl_options_declare(o, "model egnn", twin), WEYL_BUG, "rate");
  assert_false(weyl_options_has(o, "hidden"));
  const weyl_option wrong[] = {{"layers", WEYL_OPT_INT, "many", 0, 0, NULL, ""},
                               {NULL, WEYL_OPT_INT, NULL, 0, 0, NULL, NULL}};
  assert_says(ctx, weyl_options_declare(o, "model egnn", wrong), WEYL_BUG, "many");
  weyl_options_free(o);
  test_context_free(ctx);
}

static void refused_memory_is_survived(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_option many[60] = {{0}};
  char name[59][8];
  for (int k = 0; k < 59; k++) {
    snprintf(name[k], sizeof name[k], "o%d", k);
    many[k] = (weyl_option){name[k], WEYL_OPT_STRING, "", 0, 0, NULL, "one of many"};
  }
  for (uint64_t n = 1;; n++) {
    weyl_context_fail_allocation(ctx, n);
    weyl_options *o = NULL;
    weyl_status status = weyl_options_new(ctx, &o);
    if (status == WEYL_OK) status = weyl_options_declare(o, "many", many);
    if (status == WEYL_OK) status = weyl_options_set(o, "o5", "value", NULL);
    if (status == WEYL_OK) {
      status = weyl_options_set(o, "o577", "value", NULL);
      if (status == WEYL_UNKNOWN) {
        weyl_message_clear(ctx);
        status = WEYL_OK;
      }
    }
    weyl_context_fail_allocation(ctx, 0);
    weyl_options_free(o);
    assert_int_equal(weyl_memory_used(ctx), 0);
    if (status == WEYL_OK) {
      assert_true(n > 5);
      break;
    }
    assert_status(ctx, status, WEYL_MEMORY);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_and_values),
      cmocka_unit_test(bad_values_are_named),
      cmocka_unit_test(bad_tables_are_bugs),
      cmocka_unit_test(refused_memory_is_survived),
  };
  return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
