#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/table.h>

#include "folder.h"

static weyl_context *ctx;

static weyl_table parse(const char *text) {
  weyl_table t;
  assert_ok(ctx, weyl_table_parse(ctx, text, strlen(text), "t.csv", &t));
  return t;
}

static void assert_table(const char *text, size_t rows, size_t columns, const double *value) {
  weyl_table t = parse(text);
  assert_int_equal(t.rows, rows);
  assert_int_equal(t.columns, columns);
  for (size_t i = 0; i < rows * columns; i++) {
    if (isnan(value[i]))
      assert_true(isnan(t.value[i]));
    else
      assert_true(t.value[i] == value[i]);
  }
  weyl_table_free(ctx, &t);
}

static void texts_are_read(void **state) {
  (void)state;
  assert_table("1,2\n3,4\n", 2, 2, (double[]){1, 2, 3, 4});
  assert_table("\xef\xbb\xbf# what it is\r\na;b\r\n1; 2.5e-1\r\n\r\n3;-4\r\n", 2, 2, (double[]){1, 0.25, 3, -4});
  assert_table("  1   2\n 3 \t 4  ", 2, 2, (double[]){1, 2, 3, 4});
  assert_table("1\t\t3\n4\tnan\t\n", 2, 3, (double[]){1, NAN, 3, 4, NAN, NAN});
  assert_table("7", 1, 1, (double[]){7});
  assert_table("1,,NA\n", 1, 3, (double[]){1, NAN, NAN});
  assert_table("day,flow\n2020-01-01,3\n2020-01-02,4", 2, 2, (double[]){NAN, 3, NAN, 4});
  weyl_table t = parse("\"time, s\" , \"x\"\n\"1\",2\n");
  assert_string_equal(t.name[0], "time, s");
  assert_string_equal(t.name[1], "x");
  assert_false(t.words[0]);
  weyl_table_free(ctx, &t);
  t = parse("day,flow\nmonday,3\n");
  assert_true(t.words[0] && !t.words[1]);
  assert_string_equal(weyl_table_word(&t, 0, 0), "monday");
  assert_null(weyl_table_word(&t, 0, 1));
  weyl_table_free(ctx, &t);
  t = parse("site,x\n# none\na,1\n\nbeta,2\n,3\n");
  assert_string_equal(weyl_table_word(&t, 1, 0), "beta");
  assert_string_equal(weyl_table_word(&t, 2, 0), "");
  assert_int_equal(t.line[1], 5);
  weyl_table_free(ctx, &t);
}

static void what_is_wrong_is_named(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } bad[] = {{"", "no numbers"},
             {"# nothing\n", "no numbers"},
             {"a,b\n", "only a head"},
             {"1,2\n3,x\n", "\"x\" in column 2 is not a number (t.csv:2)"},
             {"1,2\n3\n", "1 columns, the first line has 2 (t.csv:2)"},
             {"1,2\n3,4,5\n", "more than 2 columns"},
             {"1 2\n3 4 5\n", "more than 2 columns"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    weyl_table t = {0};
    assert_says(ctx, weyl_table_parse(ctx, bad[i].text, strlen(bad[i].text), "t.csv", &t), WEYL_FORMAT, bad[i].says);
    assert_null(t.value);
  }
}

static void tables_come_back(void **state) {
  (void)state;
  const double x[3] = {0.1, -1e300, 3}, y[3] = {1.0 / 3, 5e-324, NAN};
  const double *const both[] = {x, y};
  const char *const names[] = {"x", "y"}, *const files[] = {"t.csv", "t.npy"};
  for (size_t f = 0; f < 2; f++) {
    const char *path = in_folder(files[f]);
    weyl_table t;
    assert_ok(ctx, weyl_table_write(ctx, path, 3, 2, names, both));
    assert_ok(ctx, weyl_table_read(ctx, path, &t));
    assert_int_equal(t.rows, 3);
    for (size_t i = 0; i < 3; i++) {
      assert_true(t.value[2 * i] == x[i]);
      assert_true(i == 2 ? isnan(t.value[2 * i + 1]) : t.value[2 * i + 1] == y[i]);
    }
    weyl_table_free(ctx, &t);
  }
  const char *path = in_folder("t.npz");
  weyl_bundle *bundle = NULL;
  assert_ok(ctx, weyl_table_write(ctx, path, 3, 2, names, both));
  assert_ok(ctx, weyl_npz_read(ctx, path, &bundle));
  assert_true(((const double *)weyl_bundle_find(bundle, "y")->data)[0] == y[0]);
  weyl_bundle_free(bundle);
  assert_says(ctx, weyl_table_write(ctx, "t.txt", 3, 2, names, both), WEYL_BAD_ARG, ".csv, .npy or .npz");
  static const char *const label[] = {"bob", "a,b", "say \"so\""};
  path = in_folder("labelled.csv");
  assert_ok(ctx, weyl_table_write_labelled(ctx, path, 3, 2, names, both, "id", label));
  char *text = NULL;
  size_t n = 0;
  assert_ok(ctx, weyl_file_read(ctx, path, 0, &text, &n));
  assert_memory_equal(text, "id,x,y\nbob,", 11);
  assert_non_null(strstr(text, "\n\"a,b\","));
  assert_non_null(strstr(text, "\n\"say \"\"so\"\"\","));
  weyl_dealloc(ctx, text);
  assert_says(ctx, weyl_table_write_labelled(ctx, "t.npy", 3, 2, names, both, "id", label), WEYL_BAD_ARG, ".csv");
}

static int begin(void **state) {
  ctx = test_context(1);
  return folder_make(state);
}

static int end(void **state) {
  test_context_free(ctx);
  return folder_remove(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_are_read),
      cmocka_unit_test(what_is_wrong_is_named),
      cmocka_unit_test(tables_come_back),
  };
  return cmocka_run_group_tests_name("table", tests, begin, end);
}
