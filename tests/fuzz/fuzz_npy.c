#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_bundle *bundle = NULL;
  FUZZ_CHECK(weyl_bundle_new(ctx, &bundle) == WEYL_OK);
  const weyl_status status = weyl_npy_parse(ctx, data, size, "input", bundle, "x");
  FUZZ_CHECK(weyl_bundle_count(bundle) == (status == WEYL_OK));
  if (status == WEYL_OK)
    fuzz_read_arrays(bundle);
  else
    fuzz_refused(ctx, status);
  weyl_bundle_free(bundle);
  fuzz_context_free(ctx);
  return 0;
}
