/* CIFAR-10 in its binary form. */
#include <weyl/data.h>

#include "input.h"

enum { SIDE = 32, PLANE = SIDE * SIDE, RECORD = 1 + 3 * PLANE, CLASSES = 10 };

static weyl_status fill(weyl_context *ctx, const char *path, const unsigned char *bytes, weyl_dataset *set) {
  weyl_array image, label;
  WEYL_TRY(weyl_dataset_add(set, "image", WEYL_PER_SAMPLE, WEYL_F32, 3, (const int64_t[]){SIDE, SIDE, 3}, "", &image));
  WEYL_TRY(weyl_dataset_add(set, "label", WEYL_PER_SAMPLE, WEYL_I32, 0, NULL, "", &label));
  float *pixel = image.data;
  const int64_t n = weyl_dataset_samples(set);
  for (int64_t i = 0; i < n; i++, bytes += RECORD) {
    if (bytes[0] >= CLASSES)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: image %lld has label %d, must be 0 to 9", path, (long long)i, bytes[0]);
    ((int32_t *)label.data)[i] = bytes[0];
    for (int p = 0; p < PLANE; p++)
      for (int c = 0; c < 3; c++) *pixel++ = (float)bytes[1 + c * PLANE + p] / 127.5F - 1;
  }
  return WEYL_OK;
}

weyl_status weyl_cifar10_read(weyl_context *ctx, const char *path, int64_t most, weyl_dataset **out) {
  char *bytes = NULL;
  size_t size = 0;
  weyl_dataset *set = NULL;
  weyl_status status;
  WEYL_TRY(input_read(ctx, path, &bytes, &size));
  if (size == 0 || size % RECORD != 0) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: %zu bytes are no CIFAR-10 images of %d bytes each", path, size, RECORD);
    goto done;
  }
  int64_t n = (int64_t)(size / RECORD);
  if (most > 0 && most < n) n = most;
  WEYL_GOTO(weyl_dataset_new(ctx, "cifar10", n, &set));
  WEYL_GOTO(fill(ctx, path, (const unsigned char *)bytes, set));
  *out = set;
  set = NULL;
done:
  weyl_dataset_free(set);
  weyl_dealloc(ctx, bytes);
  return status;
}
