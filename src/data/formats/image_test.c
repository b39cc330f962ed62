/* Images: written and read again, missing where transparent, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/data.h>

#include "property.h"

static weyl_context *ctx;

static void test_round_trip(void **state) {
  (void)state;
  char folder[64], path[128];
  test_folder(folder);
  static const struct {
    const char *ending;
    size_t channels;
  } kind[] = {{"pgm", 1}, {"ppm", 3}, {"png", 1}, {"png", 3}};
  for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
    double value[5 * 7 * 3];
    weyl_image image = {5, 7, kind[k].channels, value}, again;
    for (size_t i = 0; i < 5 * 7 * kind[k].channels; i++) value[i] = (double)((i * 37 + k) % 256);
    snprintf(path, sizeof path, "%s/x.%s", folder, kind[k].ending);
    const weyl_status status = weyl_image_write(ctx, path, &image);
    if (status == WEYL_UNSUPPORTED) { /* a build without libpng says so */
      weyl_message_clear(ctx);
      continue;
    }
    assert_ok(ctx, status);
    assert_ok(ctx, weyl_image_read(ctx, path, &again));
    assert_int_equal(again.rows, 5);
    assert_int_equal(again.columns, 7);
    assert_int_equal(again.channels, kind[k].channels);
    for (size_t i = 0; i < 5 * 7 * kind[k].channels; i++) assert_close(again.value[i], value[i], 0);
    weyl_image_free(ctx, &again);
  }
  weyl_image grey = {1, 1, 1, (double[]){3}};
  snprintf(path, sizeof path, "%s/x.ppm", folder);
  assert_says(ctx, weyl_image_write(ctx, path, &grey), WEYL_BAD_ARG, "1 channels");
  assert_says(ctx, weyl_image_write(ctx, "x.jpg", &grey), WEYL_BAD_ARG, "ends in .png, .pgm or .ppm");
  test_remove(folder);
}

static void test_read(void **state) {
  (void)state;
  weyl_image image;
  assert_ok(ctx, weyl_image_parse(ctx, "P2 # words\n2 1\n15\n0 15\n", 22, "x", &image));
  assert_close(image.value[0], 0, 0);
  assert_close(image.value[1], 255, 0);
  weyl_image_free(ctx, &image);
  /* two grey pixels with alpha: the first is transparent */
  FILE *f = fopen(WEYL_SOURCE_DIR "/tests/fuzz/corpus/image/png", "rb");
  char bytes[256];
  assert_non_null(f);
  const size_t n = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  const weyl_status status = weyl_image_parse(ctx, bytes, n, "x", &image);
  if (status == WEYL_UNSUPPORTED) {
    weyl_message_clear(ctx);
  } else {
    assert_ok(ctx, status);
    assert_int_equal(image.columns, 3);
    assert_true(isnan(image.value[1]) && !isnan(image.value[0]) && !isnan(image.value[2]));
    weyl_image_free(ctx, &image);
  }
  assert_says(ctx, weyl_image_parse(ctx, "P5\n3 3\n255\nabc", 14, "x", &image), WEYL_FORMAT, "3x3 pixels, but only 3");
  assert_says(ctx, weyl_image_parse(ctx, "P5\n3 0\n255\nabc", 14, "x", &image), WEYL_FORMAT, "head");
  assert_says(ctx, weyl_image_parse(ctx, "P5\n99999 99999\n255\n", 19, "x", &image), WEYL_FORMAT, "2^26");
  assert_says(ctx, weyl_image_parse(ctx, "GIF89a", 6, "x", &image), WEYL_FORMAT, "not an image");
}

static int set_up(void **state) {
  (void)state;
  ctx = test_context(1);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_read)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
