/* What the fuzz targets share. */
#ifndef WEYL_TESTS_FUZZ_H
#define WEYL_TESTS_FUZZ_H

#include <weyl/core.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(truth)  \
  do {                     \
    if (!(truth)) abort(); \
  } while (0)

/* A context of 256 MB, which is far more than an input can ask for. */
static inline weyl_context *fuzz_context(void) {
  weyl_context_opts opts = weyl_context_defaults();
  opts.threads = 1;
  opts.memory_limit = (size_t)256 << 20;
  weyl_context *ctx = NULL;
  FUZZ_CHECK(weyl_context_new(&opts, &ctx) == WEYL_OK);
  return ctx;
}

/* A refusal blames the input and says why. */
static inline void fuzz_refused(weyl_context *ctx, weyl_status status) {
  FUZZ_CHECK(weyl_message(ctx)[0] != '\0');
  FUZZ_CHECK(status != WEYL_BUG && status != WEYL_MEMORY && status != WEYL_IO);
}

/* Every array can be found and every byte of it read. */
static inline void fuzz_read_arrays(const weyl_bundle *bundle) {
  for (size_t i = 0; i < weyl_bundle_count(bundle); i++) {
    const weyl_array *a = weyl_bundle_array(bundle, i);
    FUZZ_CHECK(weyl_bundle_find(bundle, weyl_bundle_name(bundle, i)) == a);
    const size_t n = (size_t)weyl_array_size(a) * weyl_dtype_size(a->dtype);
    const unsigned char *bytes = a->data;
    volatile unsigned char sum = 0;
    for (size_t k = 0; k < n; k++) sum = (unsigned char)(sum + bytes[k]);
  }
}

static inline void fuzz_context_free(weyl_context *ctx) {
  FUZZ_CHECK(weyl_memory_used(ctx) == 0);
  weyl_context_free(ctx);
}

#endif
