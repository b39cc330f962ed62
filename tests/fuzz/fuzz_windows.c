#include <weyl/data.h>

#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"

/* Windows in an npz whose notes are the input: read, and made into samples as the notes say (scale, weights, ego). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static double past[2 * 3 * 2], future[2 * 2 * 2];
  weyl_context *ctx = fuzz_context();
  weyl_bundle *bundle = NULL;
  char path[64], name[32];
  snprintf(path, sizeof path, "fuzz_windows_%ld.npz", (long)getpid());
  const struct {
    const char *name;
    weyl_array array;
  } all[] = {{"past", {past, WEYL_F64, 4, {1, 2, 3, 2}}},
             {"future", {future, WEYL_F64, 4, {1, 2, 2, 2}}},
             {"notes", {(void *)(uintptr_t)data, WEYL_U8, 1, {(int64_t)size}}}};
  static const char *const split[] = {"train", "valid", "test"};
  FUZZ_CHECK(weyl_bundle_new(ctx, &bundle) == WEYL_OK);
  for (int s = 0; s < 3; s++)
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
      snprintf(name, sizeof name, "%s_%s", split[s], all[k].name);
      FUZZ_CHECK(weyl_bundle_add(bundle, name, &all[k].array) == WEYL_OK);
    }
  FUZZ_CHECK(weyl_npz_write(ctx, path, bundle) == WEYL_OK);
  weyl_bundle_free(bundle);
  weyl_splits splits = {0};
  weyl_status status = weyl_motion_read(ctx, NULL, path, &splits);
  if (status == WEYL_OK) {
    weyl_dataset *rows = NULL;
    status = weyl_motion_rows(ctx, splits.test, false, &rows);
    weyl_dataset_free(rows);
  }
  if (status != WEYL_OK) fuzz_refused(ctx, status);
  weyl_splits_free(&splits);
  remove(path);
  fuzz_context_free(ctx);
  return 0;
}
