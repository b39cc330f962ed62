#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"

static weyl_ini *parse(weyl_context *ctx, const char *text) {
  weyl_ini *ini = NULL;
  assert_ok(ctx, weyl_ini_parse(ctx, text, "t.ini", &ini));
  return ini;
}

static void assert_entry(const weyl_ini *ini, size_t i, const char *section, const char *key, const char *value,
                         int line) {
  const weyl_ini_entry e = weyl_ini_at(ini, i);
  assert_string_equal(e.section, section);
  assert_string_equal(e.key, key);
  assert_string_equal(e.value, value);
  assert_int_equal(e.line, line);
}

static void entries_keep_order_and_lines(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_ini *ini = parse(ctx,
                        "\xef\xbb\xbftop = 1\r\n; a comment\n# another\n\n[train] ; why\n  rate = 1e-3 ; unit\n"
                        "rate=2e-3\n\tname : a;b\nempty =\n[model]\nrate = x = y");
  assert_int_equal(weyl_ini_count(ini), 6);
  assert_entry(ini, 0, "", "top", "1", 1);
  assert_entry(ini, 1, "train", "rate", "1e-3", 6);
  assert_entry(ini, 2, "train", "rate", "2e-3", 7);
  assert_entry(ini, 3, "train", "name", "a;b", 8);
  assert_entry(ini, 4, "train", "empty", "", 9);
  assert_entry(ini, 5, "model", "rate", "x = y", 11);
  assert_string_equal(weyl_ini_find(ini, "train", "rate"), "2e-3");
  assert_null(weyl_ini_find(ini, "train", "top"));
  assert_null(weyl_ini_find(ini, "none", "rate"));
  weyl_ini_free(ini);
  weyl_ini_free(NULL);
  ini = parse(ctx, "");
  assert_int_equal(weyl_ini_count(ini), 0);
  weyl_ini_free(ini);
  test_context_free(ctx);
}

static void long_lines_are_whole(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  enum { N = 5000 };
  for (size_t n = 150; n < N; n += n < 250 ? 1 : 997) {
    char *text = malloc(2 * N), *value = malloc(2 * N);
    memset(value, 'v', n);
    value[n] = '\0';
    value[n / 2] = ' ';
    sprintf(text, "[s]\ndata =  %s  ; and more\nnext = 1\n", value);
    weyl_ini *ini = parse(ctx, text);
    assert_int_equal(weyl_ini_count(ini), 2);
    assert_entry(ini, 0, "s", "data", value, 2);
    assert_entry(ini, 1, "s", "next", "1", 3);
    weyl_ini_free(ini);
    memset(value, 'k', n);
    sprintf(text, ";%s\nx=1", value);
    ini = parse(ctx, text);
    assert_entry(ini, 0, "", "x", "1", 2);
    weyl_ini_free(ini);
    free(text);
    free(value);
  }
  test_context_free(ctx);
}

static void bad_lines_are_named(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char long_key[400], long_section[100], long_word[400];
  memset(long_key, 'k', 300);
  strcpy(long_key + 300, " = 1\n");
  memset(long_word, 'w', 300);
  strcpy(long_word + 300, "\n");
  memset(long_section, 's', 80);
  long_section[0] = '[';
  strcpy(long_section + 80, "]\n");
  const char *const bad[] = {"word",   "[open",   "= 5",        "[a] b = 1", "[a ;b]",
                             long_key, long_word, long_section, "[]x",       "key ; = 1"};
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    char text[600];
    snprintf(text, sizeof text, "a = 1\n\n%s\nb = 2\nworse\n", bad[k]);
    weyl_ini *ini = NULL;
    assert_says(ctx, weyl_ini_parse(ctx, text, "t.ini", &ini), WEYL_FORMAT, "t.ini:3:");
    assert_null(ini);
  }
  test_context_free(ctx);
}

static void files(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("t.ini");
  weyl_ini *ini = NULL;
  assert_says(ctx, weyl_ini_read(ctx, path, &ini), WEYL_NO_FILE, "t.ini");
  test_write(path, "a = 1\0b = 2", 11);
  assert_says(ctx, weyl_ini_read(ctx, path, &ini), WEYL_FORMAT, "zero");
  test_write(path, "a = 1\n", 6);
  assert_ok(ctx, weyl_ini_read(ctx, path, &ini));
  assert_entry(ini, 0, "", "a", "1", 1);
  weyl_ini_free(ini);
  test_context_free(ctx);
}

/* Any text is read or refused with its line; what was read is in the text. */
PROPERTY(any_text_is_safe, 500) {
  static const char letters[] = "ab =:;#[]\n\n\t \r\\\"1";
  weyl_context *ctx = test_context(1);
  char text[600];
  const size_t n = (size_t)weyl_rng_below(rng, 599);
  for (size_t i = 0; i < n; i++) text[i] = letters[weyl_rng_below(rng, sizeof letters - 1)];
  text[n] = '\0';
  weyl_ini *ini = NULL;
  const weyl_status status = weyl_ini_parse(ctx, text, "t.ini", &ini);
  if (status == WEYL_OK) {
    for (size_t i = 0; i < weyl_ini_count(ini); i++) {
      const weyl_ini_entry e = weyl_ini_at(ini, i);
      assert_non_null(strstr(text, e.key));
      assert_non_null(strstr(text, e.value));
    }
  } else {
    assert_says(ctx, status, WEYL_FORMAT, "t.ini:");
  }
  weyl_ini_free(ini);
  test_context_free(ctx);
}

static void refused_memory_is_survived(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char text[2000] = "";
  for (int k = 0; k < 80; k++) sprintf(text + strlen(text), "[s%d]\nkey = value\n", k);
  for (uint64_t n = 1;; n++) {
    weyl_ini *ini = NULL;
    weyl_context_fail_allocation(ctx, n);
    const weyl_status status = weyl_ini_parse(ctx, text, "t.ini", &ini);
    weyl_context_fail_allocation(ctx, 0);
    weyl_ini_free(ini);
    assert_int_equal(weyl_memory_used(ctx), 0);
    if (status == WEYL_OK) {
      assert_true(n > 4);
      break;
    }
    assert_status(ctx, status, WEYL_MEMORY);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(entries_keep_order_and_lines),
      cmocka_unit_test(long_lines_are_whole),
      cmocka_unit_test(bad_lines_are_named),
      cmocka_unit_test(files),
      property_test(any_text_is_safe),
      cmocka_unit_test(refused_memory_is_survived),
  };
  return cmocka_run_group_tests_name("ini", tests, folder_make, folder_remove);
}
