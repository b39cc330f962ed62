#include "fuzz.h"

#include <weyl/study.h>

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_table table = {0};
  weyl_triplets t = {0};
  weyl_status status = weyl_table_parse(ctx, data, size, "input", &table);
  if (status == WEYL_OK) {
    status = weyl_triplets_table(ctx, &table, "input", -1, 0, 0, &t);
    if (status == WEYL_OK) {
      FUZZ_CHECK(t.count == table.rows && t.n1 > 0 && t.n2 > 0);
      for (size_t i = 0; i < t.count; i++) {
        FUZZ_CHECK(t.row[i] >= 0 && (size_t)t.row[i] < t.n1 && t.column[i] >= 0 && (size_t)t.column[i] < t.n2);
        FUZZ_CHECK(isfinite(t.value[i]));
      }
    }
  }
  if (status != WEYL_OK) {
    FUZZ_CHECK(t.row == NULL);
    fuzz_refused(ctx, status);
  }
  weyl_triplets_free(ctx, &t);
  weyl_table_free(ctx, &table);
  fuzz_context_free(ctx);
  return 0;
}
