#include "fuzz.h"

#include <weyl/study.h>

/* A problem that parses is complete; its generators print, and small ones are checked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 1024) return 0;
  weyl_context *ctx = fuzz_context();
  weyl_noether *p = NULL;
  const weyl_status status = weyl_noether_parse(ctx, (const char *)data, size, "input", &p);
  if (status == WEYL_OK) {
    weyl_algebra *a = weyl_noether_algebra(p);
    size_t terms = 0;
    FUZZ_CHECK(weyl_algebra_independents(a) > 0 && weyl_algebra_fields(a) > 0 && weyl_noether_equations(p) > 0);
    for (size_t k = 0; k < weyl_noether_equations(p); k++) terms += weyl_expr_terms(weyl_noether_equation(p, k));
    for (size_t k = 0; k < weyl_noether_generators(p) && k < 4; k++) {
      const weyl_generator *v = weyl_noether_generator(p, k);
      FUZZ_CHECK(weyl_noether_generator_text(p, v, WEYL_PLAIN)[0]);
      for (size_t i = 0; i < weyl_algebra_independents(a); i++) terms += weyl_expr_terms(v->xi[i]);
      for (size_t i = 0; i < weyl_algebra_fields(a); i++) terms += weyl_expr_terms(v->phi[i]);
      weyl_noether_verdict verdict;
      if (terms > 30) continue;
      const weyl_status checked = weyl_noether_check(p, v, 4, 1, &verdict);
      if (checked != WEYL_OK) fuzz_refused(ctx, checked);
      weyl_algebra_clear(a);
    }
    weyl_noether_free(p);
  } else {
    FUZZ_CHECK(!p);
    fuzz_refused(ctx, status);
  }
  fuzz_context_free(ctx);
  return 0;
}
