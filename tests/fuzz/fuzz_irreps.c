#include "fuzz.h"

#include <weyl/irrep.h>

/* What parses spells itself the same again, sorted and simplified lists keep their dimension, and the product with a
 * vector, where it exists, has three times that. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_arena *arena = NULL;
  FUZZ_CHECK(weyl_arena_new(ctx, &arena) == WEYL_OK);
  char *text = weyl_arena_alloc(arena, size + 1, 1);
  FUZZ_CHECK(text != NULL);
  if (size > 0) memcpy(text, data, size);
  weyl_irreps list, again, sorted, simple, product;
  const weyl_status status = weyl_irreps_parse(ctx, arena, text, &list);
  if (status == WEYL_OK) {
    const weyl_irrep item = {1, 1, -1};
    const char *spelt = weyl_irreps_text(arena, list);
    FUZZ_CHECK(spelt && weyl_irreps_parse(ctx, arena, spelt, &again) == WEYL_OK && weyl_irreps_equal(list, again));
    FUZZ_CHECK(weyl_irreps_check(ctx, list) == WEYL_OK);
    FUZZ_CHECK(weyl_irreps_sort(ctx, arena, list, &sorted, NULL, NULL) == WEYL_OK);
    FUZZ_CHECK(weyl_irreps_simplify(ctx, arena, sorted, &simple) == WEYL_OK && simple.n <= list.n);
    FUZZ_CHECK(weyl_irreps_dim(simple) == weyl_irreps_dim(list));
    if (weyl_irreps_product(ctx, arena, list, (weyl_irreps){1, &item}, -1, &product, NULL) == WEYL_OK)
      FUZZ_CHECK(weyl_irreps_dim(product) == 3 * weyl_irreps_dim(list));
  } else {
    fuzz_refused(ctx, status);
  }
  weyl_arena_free(arena);
  fuzz_context_free(ctx);
  return 0;
}
