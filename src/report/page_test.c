/* The HTML page: escaped, self-contained, with pictures whose identifiers do not clash. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"

#include <weyl/report.h>

static char *written(weyl_context *ctx, weyl_page *page) {
  const char *path = in_folder("report.html");
  char *bytes = NULL;
  size_t n = 0;
  assert_ok(ctx, weyl_page_write(page, path));
  assert_ok(ctx, weyl_file_read(ctx, path, 0, &bytes, &n));
  return bytes;
}

static void text_is_escaped_and_tables_align(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_page *page = NULL;
  assert_ok(ctx, weyl_page_new(ctx, "run <1> & \"co\"", &page));
  weyl_page_heading(page, "a < b");
  weyl_page_text(page, "%d samples of <script>alert('%s')</script>\x01", 7, "x");
  const char *const cells[] = {"metric", "value", "share", "mse <3", "1.25e-3", "12 %", "name", "12 apples", NULL};
  weyl_page_table(page, 3, 3, cells);
  char *html = written(ctx, page);
  assert_non_null(strstr(html, "<title>run &lt;1&gt; &amp; &quot;co&quot;</title>"));
  assert_non_null(strstr(html, "<h2>a &lt; b</h2>"));
  assert_non_null(strstr(html, "<p>7 samples of &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; </p>"));
  assert_null(strstr(html, "<script"));
  assert_non_null(strstr(html, "<th>metric</th><th class=\"n\">value</th><th class=\"n\">share</th>"));
  assert_non_null(strstr(html, "<td>mse &lt;3</td><td class=\"n\">1.25e-3</td><td class=\"n\">12 %</td>"));
  assert_non_null(strstr(html, "<td>name</td><td>12 apples</td><td></td>"));
  assert_non_null(strstr(html, "</html>\n"));
  weyl_dealloc(ctx, html);
  weyl_page_free(page);
  weyl_page_free(NULL);
  test_context_free(ctx);
}

static void pictures_stand_inline_with_their_own_names(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const double x[] = {0, 1, 2};
  const weyl_series s = {.label = "s", .style = WEYL_POINTS, .colour = -1, .n = 3, .x = x, .y = x};
  const weyl_plot plot = {.title = "p", .count = 1, .series = &s};
  weyl_page *page = NULL;
  assert_ok(ctx, weyl_page_new(ctx, "t", &page));
  assert_ok(ctx, weyl_page_plot(page, &plot, "first"));
  assert_ok(ctx, weyl_page_plot(page, &plot, NULL));
  char *html = written(ctx, page);
  if (strstr(html, "apt install gnuplot-nox")) {
    print_message("gnuplot is not installed: only the sentence in the picture's place was seen\n");
  } else {
    assert_non_null(strstr(html, "<figcaption>first</figcaption>"));
    assert_null(strstr(html, "<?xml"));
    assert_non_null(strstr(html, "id='p1-gpPt6'"));
    assert_non_null(strstr(html, "href='#p2-gpPt6'"));
    assert_null(strstr(html, "'#gp"));
    assert_null(strstr(html, "id='gp"));
    /* nothing is fetched from elsewhere: the only addresses are the two of the SVG standard's names */
    for (const char *at = html; (at = strstr(at, "http")) != NULL; at++)
      assert_memory_equal(at, "http://www.w3.org/", 18);
  }
  weyl_dealloc(ctx, html);

  const weyl_plot empty = {.title = "none"};
  assert_status(ctx, weyl_page_plot(page, &empty, "x"), WEYL_BAD_ARG);
  weyl_page_free(page);
  test_context_free(ctx);
}

static void without_gnuplot_a_sentence_stands_there(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char *old = strdup(getenv("PATH") ? getenv("PATH") : "");
  assert_non_null(old);
  const double x[] = {0, 1};
  const weyl_series s = {.n = 2, .x = x, .y = x};
  const weyl_plot plot = {.count = 1, .series = &s};
  weyl_page *page = NULL;
  assert_ok(ctx, weyl_page_new(ctx, "t", &page));
  setenv("PATH", folder, 1);
  assert_ok(ctx, weyl_page_plot(page, &plot, "loss & co"));
  setenv("PATH", old, 1);
  free(old);
  char *html = written(ctx, page);
  assert_non_null(strstr(html, "(loss &amp; co: the picture needs gnuplot"));
  assert_string_equal(weyl_message(ctx), "");
  weyl_dealloc(ctx, html);
  weyl_page_free(page);
  test_context_free(ctx);
}

static void failures_stay_until_the_page_is_written(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("memory.html");
  for (int n = 1; n < 20; n++) {
    weyl_page *page = NULL;
    weyl_context_fail_allocation(ctx, (uint64_t)n);
    weyl_status status = weyl_page_new(ctx, "t", &page);
    for (int i = 0; page && i < 100; i++) weyl_page_text(page, "%d some words that make the page grow", i);
    if (status == WEYL_OK) status = weyl_page_write(page, path);
    weyl_context_fail_allocation(ctx, 0);
    assert_int_equal(weyl_file_exists(path), status == WEYL_OK);
    if (status != WEYL_OK)
      assert_status(ctx, status, WEYL_MEMORY);
    else
      test_remove(path);
    weyl_page_free(page);
  }
  weyl_page *page = NULL;
  assert_ok(ctx, weyl_page_new(ctx, "t", &page));
  assert_int_not_equal(weyl_page_write(page, in_folder("none/report.html")), WEYL_OK);
  weyl_message_clear(ctx);
  weyl_page_free(page);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_escaped_and_tables_align),
      cmocka_unit_test(pictures_stand_inline_with_their_own_names),
      cmocka_unit_test(without_gnuplot_a_sentence_stands_there),
      cmocka_unit_test(failures_stay_until_the_page_is_written),
  };
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
