#include "fuzz.h"

#include <weyl/data.h>

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_image image = {0};
  const weyl_status status = weyl_image_parse(ctx, data, size, "input", &image);
  if (status == WEYL_OK) {
    FUZZ_CHECK(weyl_image_seems(data, size));
    FUZZ_CHECK(image.rows > 0 && image.columns > 0 && (image.channels == 1 || image.channels == 3));
    for (size_t i = 0; i < image.rows * image.columns * image.channels; i++)
      FUZZ_CHECK(isnan(image.value[i]) || (image.value[i] >= 0 && image.value[i] <= 255));
  } else {
    FUZZ_CHECK(image.value == NULL);
    fuzz_refused(ctx, status);
  }
  weyl_image_free(ctx, &image);
  fuzz_context_free(ctx);
  return 0;
}
