#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"
#include "testing.h"

enum { RECORD = 3073 };

static char path[96];

/* Images whose byte b of image i is i + b, and labels 3 i. */
static void write_images(int bytes) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  for (int k = 0; k < bytes; k++) {
    const int i = k / RECORD, b = k % RECORD - 1;
    assert_int_not_equal(fputc(b < 0 ? 3 * i : (i + b) & 255, f), EOF);
  }
  assert_int_equal(fclose(f), 0);
}

static void reads_planes_as_pixels(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_dataset *set = NULL;
  write_images(3 * RECORD);
  for (int64_t most = 0; most <= 4; most += 2) {
    assert_ok(ctx, weyl_cifar10_read(ctx, path, most, &set));
    const int64_t n = weyl_dataset_samples(set);
    assert_int_equal(n, most == 2 ? 2 : 3);
    const weyl_array image = weyl_dataset_find(set, "image")->array, label = weyl_dataset_find(set, "label")->array;
    assert_int_equal(image.rank, 4);
    for (int64_t i = 0; i < n; i++) {
      assert_int_equal(((const int32_t *)label.data)[i], 3 * i);
      for (int p = 0; p < 1024; p += 37)
        for (int c = 0; c < 3; c++) {
          const float want = (float)((i + c * 1024 + p) & 255) / 127.5F - 1;
          assert_true(((const float *)image.data)[(i * 1024 + p) * 3 + c] == want);
        }
    }
    weyl_dataset_free(set);
  }
  test_context_free(ctx);
}

static void refuses_what_is_none(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_dataset *set = NULL;
  write_images(RECORD + 1);
  assert_says(ctx, weyl_cifar10_read(ctx, path, 0, &set), WEYL_FORMAT, "3074 bytes are no CIFAR-10 images");
  write_images(0);
  assert_says(ctx, weyl_cifar10_read(ctx, path, 0, &set), WEYL_FORMAT, "0 bytes");
  write_images(5 * RECORD); /* the last label is 12 */
  assert_says(ctx, weyl_cifar10_read(ctx, path, 0, &set), WEYL_FORMAT, "image 4 has label 12");
  unlink(path);
  assert_says(ctx, weyl_cifar10_read(ctx, path, 0, &set), WEYL_NO_FILE, path);
  assert_null(set);
  test_context_free(ctx);
}

/* The packed files beside the source tree, where there are any. */
static void reads_the_real_ones(void **state) {
  (void)state;
  char file[512];
  if (!shared_file("cifar10/test_first1000.bin.xz", file)) skip();
  weyl_context *ctx = test_context(1);
  weyl_dataset *set = NULL;
  assert_ok(ctx, weyl_cifar10_read(ctx, file, 0, &set));
  assert_int_equal(weyl_dataset_samples(set), 1000);
  const int32_t *label = weyl_dataset_find(set, "label")->array.data;
  assert_int_equal(label[0], 3); /* a cat, two ships, an airplane */
  assert_int_equal(label[1], 8);
  assert_int_equal(label[2], 8);
  assert_int_equal(label[3], 0);
  weyl_dataset_free(set);
  test_context_free(ctx);
}

static int begin(void **state) {
  folder_make(state);
  snprintf(path, sizeof path, "%s", in_folder("images.bin"));
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_planes_as_pixels),
      cmocka_unit_test(refuses_what_is_none),
      cmocka_unit_test(reads_the_real_ones),
  };
  return cmocka_run_group_tests(tests, begin, folder_remove);
}
