/* Pictures through gnuplot: what is drawn, what is left out, and what is said when it cannot be drawn. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"

#include <locale.h>
#include <sys/stat.h>
#include <weyl/report.h>

static const double x[] = {1, 2, 3, 4}, y[] = {1, 10, 100, 1000};

static weyl_series line(const char *label) {
  return (weyl_series){.label = label, .style = WEYL_LINE, .colour = -1, .n = 4, .x = x, .y = y};
}

static bool have_gnuplot(void) {
  const char *path = getenv("PATH");
  char list[4096];
  snprintf(list, sizeof list, "%s", path ? path : "");
  for (char *p = strtok(list, ":"); p; p = strtok(NULL, ":")) {
    char name[4200];
    snprintf(name, sizeof name, "%s/gnuplot", p);
    if (access(name, X_OK) == 0) return true;
  }
  print_message("gnuplot is not installed: this test is skipped\n");
  return false;
}

static size_t count(const char *text, const char *word) {
  size_t n = 0;
  for (const char *at = text; (at = strstr(at, word)) != NULL; at++) n++;
  return n;
}

static void svg_holds_title_labels_and_curves(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  weyl_context *ctx = test_context(1);
  const weyl_series s[] = {line("train"),
                           {.label = "valid", .style = WEYL_LINE_POINTS, .colour = 3, .n = 4, .x = y, .y = x}};
  const weyl_plot plot = {
      .title = "Loss <of> 'egnn' & $HOME `id`", .x_label = "epoch", .y_label = "MSE", .count = 2, .series = s};
  char *svg = NULL;
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &svg));
  assert_non_null(strstr(svg, "<svg"));
  assert_non_null(strstr(svg, "</svg>"));
  /* the text arrives as it was given: nothing was run or filled in */
  assert_non_null(strstr(svg, "Loss &lt;of> 'egnn' &amp; $HOME `id`"));
  assert_non_null(strstr(svg, ">epoch<"));
  assert_non_null(strstr(svg, ">train<"));
  assert_non_null(strstr(svg, ">valid<"));
  assert_non_null(strstr(svg, "width=\"640\" height=\"400\""));
  assert_true(count(svg, "gnuplot_plot_") >= 2);
  weyl_dealloc(ctx, svg);
  test_context_free(ctx);
}

static void every_style_and_band_is_drawn(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  weyl_context *ctx = test_context(1);
  const double low[] = {0.5, 5, 50, 500}, high[] = {2, 20, 200, 2000};
  const weyl_series s[] = {
      {.label = "a", .style = WEYL_LINE, .colour = -1, .n = 4, .x = x, .y = y, .low = low, .high = high},
      {.label = "b", .style = WEYL_POINTS, .colour = -1, .n = 4, .x = x, .y = low},
      {.label = "c", .style = WEYL_DASHES, .colour = -1, .n = 4, .x = x, .y = high},
      {.style = WEYL_BARS, .colour = 12, .n = 4, .x = x, .y = x},
      {.style = WEYL_BARS, .colour = -1, .n = 4, .x = x, .y = y},
      {.label = "one point", .style = WEYL_LINE_POINTS, .colour = -1, .n = 1, .x = x, .y = y},
  };
  weyl_plot plot = {.count = 6, .series = s, .width = 300, .height = 200};
  char *svg = NULL;
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &svg));
  assert_true(count(svg, "<g id=\"gnuplot_plot_") == 7); /* six series and a band */
  weyl_dealloc(ctx, svg);
  const char *const names[] = {"zero", "it's", "two"};
  plot.names = names;
  plot.names_count = 3;
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &svg));
  assert_non_null(strstr(svg, ">it's<"));
  assert_non_null(strstr(svg, ">two<"));
  weyl_dealloc(ctx, svg);
  plot.names = NULL;
  plot.log_y = plot.log_x = true;
  plot.count = 3;
  plot.equal_axes = true;
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &svg));
  assert_non_null(strstr(svg, ">1000<"));
  weyl_dealloc(ctx, svg);
  test_context_free(ctx);
}

static void numbers_that_cannot_be_shown_break_the_line(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  weyl_context *ctx = test_context(1);
  const double holes[] = {1, NAN, INFINITY, 4}, low[] = {-1, 0, 0, 1};
  weyl_series s = {.style = WEYL_LINE, .colour = -1, .n = 4, .x = x, .y = holes, .low = low, .high = y};
  weyl_plot plot = {.title = "holes", .count = 1, .series = &s, .log_y = true};
  char *svg = NULL;
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &svg));
  weyl_dealloc(ctx, svg);

  const double none[] = {NAN, NAN, -INFINITY, NAN}, negative[] = {-1, 0, -3, -4};
  s.y = none;
  assert_says(ctx, weyl_plot_svg(ctx, &plot, &svg), WEYL_BAD_ARG, "plot \"holes\" has no point to show");
  s.y = negative;
  assert_says(ctx, weyl_plot_svg(ctx, &plot, &svg), WEYL_BAD_ARG, "positive");
  plot.log_y = false;
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &svg));
  weyl_dealloc(ctx, svg);
  plot.count = 0;
  assert_status(ctx, weyl_plot_svg(ctx, &plot, &svg), WEYL_BAD_ARG);
  test_context_free(ctx);
}

static void files_are_svg_or_png(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  weyl_context *ctx = test_context(1);
  const weyl_series s = line("a");
  const weyl_plot plots[] = {{.title = "one", .count = 1, .series = &s, .width = 200, .height = 150},
                             {.title = "two", .count = 1, .series = &s},
                             {.title = "three", .count = 1, .series = &s, .log_y = true}};
  char *bytes = NULL;
  size_t n = 0;
  assert_ok(ctx, weyl_plot_sheet_write(ctx, plots, 3, 2, in_folder("a.svg")));
  assert_ok(ctx, weyl_file_read(ctx, in_folder("a.svg"), 0, &bytes, &n));
  assert_non_null(strstr(bytes, "width=\"400\" height=\"300\"")); /* 2 x 2 panels of the first one's size */
  assert_non_null(strstr(bytes, ">one<"));
  assert_non_null(strstr(bytes, ">three<"));
  weyl_dealloc(ctx, bytes);
  assert_ok(ctx, weyl_plot_write(ctx, plots, in_folder("a.png")));
  assert_ok(ctx, weyl_file_read(ctx, in_folder("a.png"), 0, &bytes, &n));
  assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
  assert_memory_equal(bytes + 16, "\0\0\0\xc8\0\0\0\x96", 8); /* 200 x 150 */
  weyl_dealloc(ctx, bytes);

  assert_says(ctx, weyl_plot_write(ctx, plots, in_folder("a.pdf")), WEYL_BAD_ARG, "a.pdf");
  assert_status(ctx, weyl_plot_write(ctx, plots, "picture"), WEYL_BAD_ARG);
  assert_int_not_equal(weyl_plot_write(ctx, plots, in_folder("none/a.svg")), WEYL_OK);
  assert_non_null(strstr(weyl_message(ctx), "none/a.svg"));
  weyl_message_clear(ctx);
  const char *path = in_folder("b.svg");
  assert_status(ctx, weyl_plot_sheet_write(ctx, plots, 3, 0, path), WEYL_BAD_ARG);
  assert_status(ctx, weyl_plot_sheet_write(ctx, plots, 0, 1, path), WEYL_BAD_ARG);
  const weyl_plot huge = {.count = 1, .series = &s, .width = 1e9};
  assert_says(ctx, weyl_plot_write(ctx, &huge, path), WEYL_BAD_ARG, "1e+09");
  assert_false(weyl_file_exists(path));
  test_context_free(ctx);
}

static void a_comma_locale_changes_nothing(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  weyl_context *ctx = test_context(1);
  const double half[] = {0.5, 1.5, 2.5, 3.5};
  const weyl_series s = {.style = WEYL_LINE, .colour = 0, .n = 4, .x = half, .y = half};
  const weyl_plot plot = {.count = 1, .series = &s};
  char *plain = NULL, *comma = NULL;
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &plain));
  const bool german = setlocale(LC_NUMERIC, "de_DE.UTF-8") || setlocale(LC_NUMERIC, "de_DE");
  if (!german) print_message("no locale with decimal commas here: only the C locale was seen\n");
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &comma));
  setlocale(LC_NUMERIC, "C");
  assert_string_equal(plain, comma);
  weyl_dealloc(ctx, plain);
  weyl_dealloc(ctx, comma);
  test_context_free(ctx);
}

/* Puts a program called gnuplot into the folder that does what `body` says; PATH is that folder alone. */
static void fake_gnuplot(const char *body) {
  const char *path = in_folder("gnuplot");
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fprintf(file, "#!/bin/sh\n%s\n", body);
  fclose(file);
  assert_int_equal(chmod(path, 0755), 0);
}

static void a_missing_or_failing_gnuplot_is_named(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char *old = strdup(getenv("PATH") ? getenv("PATH") : "");
  assert_non_null(old);
  const weyl_series s = line("a");
  const weyl_plot plot = {.title = "it", .count = 1, .series = &s};
  char *svg = NULL;
  setenv("PATH", folder, 1);
  assert_says(ctx, weyl_plot_svg(ctx, &plot, &svg), WEYL_UNSUPPORTED, "apt install gnuplot-nox");
  fake_gnuplot("echo 'line 7:   no such\n\tterminal' >&2; exit 3");
  assert_says(ctx, weyl_plot_svg(ctx, &plot, &svg), WEYL_IO, "draw it: line 7: no such terminal");
  fake_gnuplot("exit 0");
  assert_says(ctx, weyl_plot_svg(ctx, &plot, &svg), WEYL_IO, "drew nothing");
  fake_gnuplot("echo picture; kill -9 $$");
  assert_status(ctx, weyl_plot_svg(ctx, &plot, &svg), WEYL_IO);
  fake_gnuplot("echo picture"); /* never reads its script: no broken pipe may hurt us */
  assert_ok(ctx, weyl_plot_svg(ctx, &plot, &svg));
  assert_string_equal(svg, "picture\n");
  weyl_dealloc(ctx, svg);
  setenv("PATH", old, 1);
  free(old);
  test_context_free(ctx);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  weyl_context *ctx = test_context(1);
  const weyl_series s = line("a");
  const weyl_plot plot = {.count = 1, .series = &s};
  weyl_status status = WEYL_MEMORY;
  char *svg = NULL;
  int n = 0;
  while (status != WEYL_OK && n < 50) {
    weyl_context_fail_allocation(ctx, (uint64_t)++n);
    status = weyl_plot_svg(ctx, &plot, &svg);
    weyl_context_fail_allocation(ctx, 0);
    if (status != WEYL_OK) assert_status(ctx, status, WEYL_MEMORY);
  }
  assert_true(n > 1);
  assert_ok(ctx, status);
  weyl_dealloc(ctx, svg);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(svg_holds_title_labels_and_curves),
      cmocka_unit_test(every_style_and_band_is_drawn),
      cmocka_unit_test(numbers_that_cannot_be_shown_break_the_line),
      cmocka_unit_test(files_are_svg_or_png),
      cmocka_unit_test(a_comma_locale_changes_nothing),
      cmocka_unit_test(a_missing_or_failing_gnuplot_is_named),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
