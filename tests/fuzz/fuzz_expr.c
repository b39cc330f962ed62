#include "fuzz.h"

#include <weyl/expr.h>

/* What parses prints, reads back as the same, and has derivatives; what does not says where. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 512) return 0;
  weyl_context *ctx = fuzz_context();
  weyl_algebra *a = NULL;
  const weyl_expr *x = NULL, *back = NULL;
  FUZZ_CHECK(weyl_algebra_new(ctx, &a) == WEYL_OK);
  FUZZ_CHECK(weyl_algebra_independent(a, "t") == WEYL_OK && weyl_algebra_independent(a, "x") == WEYL_OK);
  FUZZ_CHECK(weyl_algebra_field(a, "u") == WEYL_OK && weyl_algebra_field(a, "v") == WEYL_OK);
  FUZZ_CHECK(weyl_algebra_parameter(a, "k") == WEYL_OK);
  const weyl_status status = weyl_expr_parse(a, &(weyl_line){(const char *)data, size, "input", 1, 1}, &x);
  if (status != WEYL_OK) {
    FUZZ_CHECK(!x && weyl_algebra_status(a) == WEYL_OK);
    fuzz_refused(ctx, status);
  } else if (weyl_expr_terms(x) <= 60) {
    const char *text = weyl_expr_text(a, x, WEYL_PLAIN);
    FUZZ_CHECK(weyl_expr_text(a, x, WEYL_LATEX)[0]);
    if (weyl_expr_parse(a, &(weyl_line){text, strlen(text), "back", 1, 1}, &back) != WEYL_OK) {
      weyl_message_clear(ctx); /* numbers of more than 30 digits, nesting that printing adds */
    } else {
      const weyl_expr *rest = weyl_expr_sub(a, x, back);
      if (weyl_algebra_status(a) == WEYL_OK && back != x && !weyl_expr_is_zero(a, rest))
        FUZZ_CHECK(weyl_algebra_status(a) != WEYL_OK);
    }
    weyl_algebra_clear(a);
    const weyl_expr *slope = weyl_expr_partial(a, x, weyl_expr_jet(a, (weyl_jet){0}));
    FUZZ_CHECK(slope || weyl_algebra_status(a) != WEYL_OK);
    weyl_algebra_clear(a);
    const weyl_expr *total = weyl_expr_total(a, x, 0);
    FUZZ_CHECK(total || weyl_algebra_status(a) != WEYL_OK);
  }
  weyl_algebra_free(a);
  fuzz_context_free(ctx);
  return 0;
}
