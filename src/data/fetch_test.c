#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fetch.h"
#include "folder.h"
#include "testing.h"

static char source[128], url[160], target[128];

/* From a file:// address, so that no network is needed; skipped aloud where libcurl is not installed. */
static weyl_status fetch(weyl_context *ctx, int64_t bytes, const char *sha256, char hex[65]) {
  const weyl_download what = {
      .name = "test", .file = "got.bin", .url = url, .bytes = bytes, .sha256 = sha256, .licence = "", .summary = ""};
  const weyl_status status = data_fetch(ctx, &what, folder, hex);
  if (status == WEYL_UNSUPPORTED) {
    print_message("skipped: %s\n", weyl_message(ctx));
    skip();
  }
  return status;
}

static void table_is_sound(void **state) {
  (void)state;
  int count = 0;
  for (const weyl_download *d = weyl_downloads(); d->name; d++, count++) {
    assert_ptr_equal(weyl_download_find(d->name), d); /* names are unique */
    assert_true(strncmp(d->url, "http", 4) == 0 && d->file[0] && d->licence[0] && d->summary[0]);
    assert_null(strchr(d->file, '/'));
    if (d->sha256) assert_int_equal(strlen(d->sha256), 64);
    if (d->sha256) assert_true(d->bytes > 0);
  }
  assert_true(count > 20);
  weyl_context *ctx = test_context(1);
  assert_says(ctx, weyl_data_fetch(ctx, "md17-etanol", folder, NULL), WEYL_UNKNOWN, "md17-ethanol");
  test_context_free(ctx);
}

static void fetch_check_resume(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char good[65], hex[65], part[160];
  weyl_sha256("0123456789", 10, good);
  snprintf(part, sizeof part, "%s.part", target);

  assert_ok(ctx, fetch(ctx, 10, good, hex));
  assert_string_equal(hex, good);
  assert_true(weyl_file_exists(target) && !weyl_file_exists(part));

  /* there and sound: not fetched again, even when the source is gone; unsound: fetched anew */
  test_remove(source);
  assert_ok(ctx, fetch(ctx, 10, good, hex));
  assert_status(ctx, fetch(ctx, 11, NULL, hex), WEYL_IO);
  test_write(source, "0123456789", 10);
  test_write(target, "changed it", 10);
  assert_ok(ctx, fetch(ctx, 10, good, hex));

  /* what an earlier attempt received is kept: the first bytes come from the part, the rest from the source */
  test_remove(target);
  test_write(part, "01234", 5);
  test_write(source, "#####56789", 10);
  assert_ok(ctx, fetch(ctx, 10, good, hex));

  /* another content: refused, and nothing is left */
  test_remove(target);
  assert_says(ctx, fetch(ctx, 10, good, hex), WEYL_FORMAT, "expected");
  assert_true(!weyl_file_exists(target) && !weyl_file_exists(part));
  assert_says(ctx, fetch(ctx, 12, NULL, hex), WEYL_FORMAT, "10 bytes received");
  assert_true(!weyl_file_exists(target) && !weyl_file_exists(part));
  assert_ok(ctx, fetch(ctx, 0, NULL, NULL));
  test_context_free(ctx);
}

static bool stop(void *user, const char *what, double done, double total) {
  (void)user;
  (void)what;
  (void)done;
  (void)total;
  return true;
}

static void can_be_stopped(void **state) {
  (void)state;
  weyl_context *ctx = test_context_with((weyl_context_opts){.threads = 1, .progress = stop});
  if (weyl_file_exists(target)) test_remove(target);
  assert_says(ctx, fetch(ctx, 10, NULL, NULL), WEYL_INTERRUPTED, "next time");
  assert_false(weyl_file_exists(target));
  test_context_free(ctx);
}

static int setup(void **state) {
  folder_make(state);
  snprintf(source, sizeof source, "%s/source.bin", folder);
  snprintf(target, sizeof target, "%s/got.bin", folder);
  snprintf(url, sizeof url, "file://%s", source);
  test_write(source, "0123456789", 10);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(table_is_sound), cmocka_unit_test(fetch_check_resume),
                                     cmocka_unit_test(can_be_stopped)};
  return cmocka_run_group_tests(tests, setup, folder_remove);
}
