#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  char *text = malloc(size + 1);
  FUZZ_CHECK(text);
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  weyl_ini *ini = NULL;
  const weyl_status status = weyl_ini_parse(ctx, text, "input", &ini);
  if (status == WEYL_OK) {
    int line = 0;
    for (size_t i = 0; i < weyl_ini_count(ini); i++) {
      const weyl_ini_entry e = weyl_ini_at(ini, i);
      FUZZ_CHECK(e.line > line && e.key[0] != '\0'); /* one entry a line, in the order of the file */
      FUZZ_CHECK(strstr(text, e.key) && strstr(text, e.value) && strstr(text, e.section));
      FUZZ_CHECK(weyl_ini_find(ini, e.section, e.key) != NULL);
      line = e.line;
    }
  } else {
    FUZZ_CHECK(ini == NULL);
    fuzz_refused(ctx, status);
  }
  weyl_ini_free(ini);
  free(text);
  fuzz_context_free(ctx);
  return 0;
}
