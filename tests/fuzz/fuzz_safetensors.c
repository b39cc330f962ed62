#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_bundle *bundle = NULL;
  const weyl_status status = weyl_safetensors_parse(ctx, data, size, "input", &bundle);
  if (status == WEYL_OK) {
    fuzz_read_arrays(bundle);
    (void)weyl_bundle_noted(bundle, "format");
  } else {
    FUZZ_CHECK(bundle == NULL);
    fuzz_refused(ctx, status);
  }
  weyl_bundle_free(bundle);
  fuzz_context_free(ctx);
  return 0;
}
