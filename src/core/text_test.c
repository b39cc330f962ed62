#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "property.h"

#include <jansson.h>
#include <locale.h>

#include "internal.h"

/* ---- numbers ---- */

PROPERTY(numbers_read_back, 2000) {
  double x;
  do {
    const uint64_t bits = weyl_rng_u64(rng);
    memcpy(&x, &bits, 8);
  } while (!isfinite(x));
  if (weyl_rng_below(rng, 2)) x = (double)weyl_rng_below(rng, 10000) / 100;
  char text[NUMBER_TEXT_MAX];
  core_number_print(x, text);
  double back = 0;
  assert_true(core_number_parse(text, &back));
  assert_true(back == x);
}

static void numbers_are_short_and_strict(void **state) {
  (void)state;
  char text[NUMBER_TEXT_MAX];
  core_number_print(0.1, text);
  assert_string_equal(text, "0.1");
  core_number_print(1. / 3, text);
  assert_string_equal(text, "0.3333333333333333");
  core_number_print(1e300, text);
  assert_string_equal(text, "1e+300");
  static const char *const bad[] = {"", " 1", "1 ", "1,5", "1.5x", "e", "--1", "."};
  double x = 5;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) assert_false(core_number_parse(bad[k], &x));
  assert_true(x == 5);
}

/* In a program whose locale writes commas, numbers keep their points. */
static void numbers_ignore_the_locale(void **state) {
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF.UTF-8"};
  const char *set = NULL;
  for (size_t k = 0; k < 4 && !set; k++) set = setlocale(LC_NUMERIC, names[k]);
  if (!set) {
    print_message("skipped: no locale with a decimal comma is installed\n");
    skip();
  }
  char text[NUMBER_TEXT_MAX];
  core_number_print(1.5, text);
  double x = 0;
  const bool parsed = core_number_parse("2.5", &x);
  setlocale(LC_NUMERIC, "C");
  assert_string_equal(text, "1.5");
  assert_true(parsed && x == 2.5);
}

static void utf8_is_told_from_bytes(void **state) {
  (void)state;
  static const char *const good[] = {
      "", "a", "caf\xc3\xa9", "\xe2\x88\x87", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
  static const char *const bad[] = {"\x80",
                                    "\xc3",
                                    "\xc0\x80",
                                    "\xe0\x80\x80",
                                    "\xed\xa0\x80",
                                    "\xf4\x90\x80\x80",
                                    "\xf8\x88\x80\x80\x80",
                                    "\xe2\x88",
                                    "\xe2\x28\xa1",
                                    "a\xff"};
  for (size_t k = 0; k < sizeof good / sizeof good[0]; k++) assert_true(core_utf8_valid(good[k]));
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) assert_false(core_utf8_valid(bad[k]));
}

/* ---- JSON ---- */

static void json_documents(void **state) {
  (void)state;
  weyl_json *j = weyl_json_new();
  assert_string_equal(weyl_json_text(j), "");
  weyl_json_object(j, NULL);
  weyl_json_string(j, "s", "a\"\\\n\t\x01 caf\xc3\xa9 \xff");
  weyl_json_string(j, "none", NULL);
  weyl_json_number(j, "x", 0.1);
  weyl_json_number(j, "nan", NAN);
  weyl_json_number(j, "inf", -INFINITY);
  weyl_json_integer(j, "i", INT64_MIN);
  weyl_json_array(j, "a");
  weyl_json_bool(j, NULL, true);
  weyl_json_object(j, NULL);
  weyl_json_end(j);
  weyl_json_array(j, NULL);
  weyl_json_end(j);
  weyl_json_end(j);
  weyl_json_bool(j, "b", false);
  weyl_json_end(j);
  assert_string_equal(weyl_json_text(j),
                      "{\"s\": \"a\\\"\\\\\\n\\t\\u0001 caf\xc3\xa9 \xef\xbf\xbd\", \"none\": null, \"x\": 0.1, "
                      "\"nan\": \"NaN\", \"inf\": \"-Infinity\", \"i\": -9223372036854775808, "
                      "\"a\": [true, {}, []], \"b\": false}");
  weyl_json_free(j);
  weyl_json_free(NULL);
  j = weyl_json_new();
  weyl_json_number(j, NULL, 5);
  assert_string_equal(weyl_json_text(j), "5");
  weyl_json_free(j);
}

/* Random bytes as text, and random numbers, come back from jansson. */
PROPERTY(json_is_read_by_others, 200) {
  char text[40];
  const size_t n = (size_t)weyl_rng_below(rng, 39);
  for (size_t i = 0; i < n; i++) text[i] = (char)(1 + weyl_rng_below(rng, weyl_rng_below(rng, 2) ? 127 : 255));
  text[n] = '\0';
  const double x = weyl_rng_normal(rng) * pow(10, weyl_rng_normal(rng) * 50);
  weyl_json *j = weyl_json_new();
  weyl_json_array(j, NULL);
  weyl_json_object(j, NULL);
  weyl_json_string(j, text, text);
  weyl_json_end(j);
  weyl_json_number(j, NULL, x);
  weyl_json_end(j);
  json_error_t error;
  json_t *doc = json_loads(weyl_json_text(j), 0, &error);
  if (!doc) fail_msg("%s in %s", error.text, weyl_json_text(j));
  assert_true(json_number_value(json_array_get(doc, 1)) == x);
  json_t *object = json_array_get(doc, 0);
  assert_int_equal(json_object_size(object), 1);
  if (core_utf8_valid(text)) assert_string_equal(json_string_value(json_object_get(object, text)), text);
  json_decref(doc);
  weyl_json_free(j);
}

/* ---- names ---- */

static void near_names_are_found(void **state) {
  (void)state;
  static const char *const names[] = {"rate", "epochs", "seed", "batch_size", "hidden", "l"};
  static const struct {
    const char *word, *nearest;
  } rows[] = {
      {"rte", "rate"},     {"epoch", "epochs"}, {"sede", "seed"},     {"batchsize", "batch_size"},  {"SEED", "seed"},
      {"hiden", "hidden"}, {"x", NULL},         {"frobnicate", NULL}, {"batch-sise", "batch_size"}, {"", NULL},
      {"l", "l"},
  };
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    const char *found = weyl_nearest_name(rows[k].word, names, 6);
    if (!rows[k].nearest)
      assert_null(found);
    else
      assert_string_equal(found, rows[k].nearest);
  }
  char word[200];
  memset(word, 'a', 199);
  word[199] = '\0';
  const char *const long_names[] = {word};
  assert_null(weyl_nearest_name(word, names, 6));
  assert_null(weyl_nearest_name("aaaa", long_names, 1));
  assert_null(weyl_nearest_name("aaaa", NULL, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      property_test(numbers_read_back),
      cmocka_unit_test(numbers_are_short_and_strict),
      cmocka_unit_test(numbers_ignore_the_locale),
      cmocka_unit_test(utf8_is_told_from_bytes),
      cmocka_unit_test(json_documents),
      property_test(json_is_read_by_others),
      cmocka_unit_test(near_names_are_found),
  };
  return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
