#include "fuzz.h"

#include <weyl/circle.h>

/* What parses is finite where it has room, adds up the same twice, and has no mode beyond its highest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { ROOM = 40 };
  weyl_context *ctx = fuzz_context();
  char *text = malloc(size + 1);
  FUZZ_CHECK(text);
  memcpy(text, data, size);
  text[size] = '\0';
  double c[2 * ROOM + 1] = {0}, again[2 * ROOM + 1] = {0};
  size_t k = 0;
  weyl_status status = weyl_circle_highest(ctx, text, &k);
  if (status == WEYL_OK) {
    FUZZ_CHECK(k <= WEYL_CIRCLE_MODES);
    status = weyl_circle_parse(ctx, text, ROOM, c);
    FUZZ_CHECK((status == WEYL_OK) == (k <= ROOM));
  }
  if (status == WEYL_OK) {
    FUZZ_CHECK(weyl_circle_parse(ctx, text, ROOM, again) == WEYL_OK);
    FUZZ_CHECK(memcmp(c, again, sizeof c) == 0);
    for (size_t i = 2 * k + 1; i <= 2 * ROOM; i++) FUZZ_CHECK(c[i] == 0);
  } else {
    for (size_t i = 0; i <= 2 * ROOM; i++) FUZZ_CHECK(c[i] == 0);
    fuzz_refused(ctx, status);
  }
  free(text);
  fuzz_context_free(ctx);
  return 0;
}
