#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "property.h"

static void statuses_have_names(void **state) {
  (void)state;
  assert_string_equal(weyl_status_name(WEYL_BAD_ARG), "BAD_ARG");
  assert_int_equal(weyl_status_exit_code(WEYL_NUMERIC), 4);
  assert_int_equal(weyl_status_exit_code(WEYL_INTERRUPTED), 130);
  assert_string_equal(weyl_status_text(WEYL_OK), "success");
  assert_string_equal(weyl_status_name((weyl_status)99), "BUG");
  assert_string_equal(weyl_version(), WEYL_VERSION_TEXT);
}

static void the_first_message_wins(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  assert_string_equal(weyl_message(ctx), "");
  assert_int_equal(weyl_fail(ctx, WEYL_SHAPE, "frame %d: %d forces", 17, 3), WEYL_SHAPE);
  weyl_fail(ctx, WEYL_IO, "second");
  assert_string_equal(weyl_message(ctx), "frame 17: 3 forces");
  assert_int_equal(weyl_fail_within(ctx, WEYL_SHAPE, "%s:%d", "water.xyz", 812), WEYL_SHAPE);
  assert_string_equal(weyl_message(ctx), "water.xyz:812: frame 17: 3 forces");
  weyl_message_clear(ctx);
  assert_string_equal(weyl_message(ctx), "");
  weyl_fail_within(ctx, WEYL_IO, "here");
  assert_string_equal(weyl_message(ctx), "here: reading or writing failed");
  assert_int_equal(weyl_fail(NULL, WEYL_IO, "nowhere"), WEYL_IO);
  assert_string_equal(weyl_message(NULL), "");
  weyl_context_free(ctx);
}

static void long_messages_are_cut(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char *text = malloc(10000);
  memset(text, 'x', 9999);
  text[9999] = '\0';
  weyl_fail(ctx, WEYL_IO, "%s", text);
  const size_t n = strlen(weyl_message(ctx));
  assert_true(n > 1000 && n < 9999);
  assert_string_equal(weyl_message(ctx) + n - 3, "...");
  weyl_fail_within(ctx, WEYL_IO, "%s", text);
  assert_int_equal(weyl_message(ctx)[0], 'x');
  free(text);
  weyl_context_free(ctx);
}

static void fail_job(void *arg, int64_t i, int thread) {
  (void)thread;
  weyl_fail(arg, WEYL_NUMERIC, "item %d of many, whole", (int)i);
}

static void workers_may_fail(void **state) {
  (void)state;
  weyl_context *ctx = test_context(4);
  weyl_parallel(ctx, 1000, fail_job, ctx);
  int item = -1, end = 0;
  assert_int_equal(sscanf(weyl_message(ctx), "item %d of many, whole%n", &item, &end), 1);
  assert_int_equal(end, strlen(weyl_message(ctx)));
  weyl_context_free(ctx);
}

typedef struct seen {
  weyl_context *ctx;
  int logs, reports;
  weyl_level level;
  char text[100];
} seen;

static void on_log(void *user, weyl_level level, const char *text) {
  seen *s = user;
  s->logs++;
  s->level = level;
  snprintf(s->text, sizeof s->text, "%s", text);
  if (s->logs == 1) weyl_context_log(s->ctx, WEYL_DEBUG, "from within");
}

static bool on_progress(void *user, const char *what, double done, double total) {
  seen *s = user;
  s->reports++;
  assert_string_equal(what, "epoch");
  return done >= total;
}

static void log_job(void *arg, int64_t i, int thread) {
  (void)thread;
  weyl_context_log(arg, WEYL_INFO, "item %d", (int)i);
}

static void callbacks_are_called(void **state) {
  (void)state;
  seen s = {0};
  weyl_context_opts opts = weyl_context_defaults();
  opts.user = &s;
  opts.log = on_log;
  opts.progress = on_progress;
  opts.threads = 3;
  weyl_context *ctx;
  assert_int_equal(weyl_context_new(&opts, &ctx), WEYL_OK);
  s.ctx = ctx;
  weyl_context_log(ctx, WEYL_WARN, "%d", 5);
  assert_int_equal(s.logs, 2);
  assert_string_equal(s.text, "from within");
  assert_false(weyl_progress(ctx, "epoch", 1, 2));
  assert_true(weyl_progress(ctx, "epoch", 2, 2));
  assert_int_equal(s.reports, 2);
  weyl_parallel(ctx, 500, log_job, ctx);
  assert_int_equal(s.logs, 502);
  weyl_context_free(ctx);
}

static void defaults_fit_the_machine(void **state) {
  (void)state;
  weyl_context *ctx;
  assert_int_equal(weyl_context_new(NULL, &ctx), WEYL_OK);
  assert_true(weyl_threads(ctx) >= 1);
  assert_non_null(weyl_context_pool(ctx));
  weyl_context_log(ctx, WEYL_INFO, "silence");
  assert_false(weyl_progress(ctx, "x", 0, 1));
  weyl_context_free(ctx);
  weyl_context_free(NULL);
}

static void clocks_run(void **state) {
  (void)state;
  const double wall = weyl_seconds(), cpu = weyl_cpu_seconds(), own = weyl_thread_cpu_seconds();
  volatile double x = 0;
  while (weyl_thread_cpu_seconds() - own < 0.01) x = x + 1;
  assert_true(weyl_seconds() - wall > 0.005);
  assert_true(weyl_cpu_seconds() - cpu >= 0.009);
  assert_true(weyl_peak_rss() > 100000);
}

static void arrays_have_sizes(void **state) {
  (void)state;
  assert_int_equal(weyl_dtype_size(WEYL_F32), 4);
  assert_int_equal(weyl_dtype_size(WEYL_U8), 1);
  assert_int_equal(weyl_dtype_size((weyl_dtype)77), 0);
  assert_string_equal(weyl_dtype_name(WEYL_I64), "i64");
  weyl_array a = {.rank = 3, .dim = {2, 3, 4}};
  assert_int_equal(weyl_array_size(&a), 24);
  a.rank = 0;
  assert_int_equal(weyl_array_size(&a), 1);
  a = (weyl_array){.rank = 3, .dim = {INT64_MAX, 2, 0}};
  assert_int_equal(weyl_array_size(&a), 0);
  a.dim[2] = 1;
  assert_int_equal(weyl_array_size(&a), -1);
  a.dim[0] = -1;
  assert_int_equal(weyl_array_size(&a), -1);
  a.rank = 9;
  assert_int_equal(weyl_array_size(&a), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statuses_have_names),
      cmocka_unit_test(the_first_message_wins),
      cmocka_unit_test(long_messages_are_cut),
      cmocka_unit_test(workers_may_fail),
      cmocka_unit_test(callbacks_are_called),
      cmocka_unit_test(defaults_fit_the_machine),
      cmocka_unit_test(clocks_run),
      cmocka_unit_test(arrays_have_sizes),
  };
  return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
