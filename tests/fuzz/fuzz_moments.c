#include "fuzz.h"

#include <weyl/study.h>

#include <math.h>

/* A table with environments has finite moments, scales or says why not, and can be searched. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_table table = {0};
  weyl_moments m = {0};
  weyl_status status = weyl_table_parse(ctx, data, size, "input", &table);
  if (status == WEYL_OK)
    status = weyl_moments_table(ctx, &table, "input", &(weyl_moments_opts){.intercept = size % 2}, &m);
  if (status == WEYL_OK) {
    double rows = 0;
    for (size_t e = 0; e < m.count; e++) {
      FUZZ_CHECK(m.rows[e] >= 2 && m.name[e] && isfinite(m.y2[e]));
      rows += m.rows[e];
    }
    FUZZ_CHECK(rows == (double)table.rows);
    status = weyl_moments_scale(ctx, &m, NULL);
  }
  if (status == WEYL_OK && m.d <= 8) {
    weyl_search found;
    status = weyl_search_subsets(ctx, &m, &(weyl_search_opts){.most = 2, .all = true}, &found);
    if (status == WEYL_OK) weyl_search_free(&found);
  }
  if (status != WEYL_OK) fuzz_refused(ctx, status);
  weyl_moments_free(&m);
  weyl_table_free(ctx, &table);
  fuzz_context_free(ctx);
  return 0;
}
