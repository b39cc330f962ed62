#include "fuzz.h"

#include <weyl/table.h>

/* What parses has all its rows, columns and names. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_table table = {0};
  const weyl_status status = weyl_table_parse(ctx, data, size, "input", &table);
  if (status == WEYL_OK) {
    FUZZ_CHECK(table.rows > 0 && table.columns > 0 && table.words);
    volatile double sum = 0;
    for (size_t i = 0; i < table.rows; i++)
      for (size_t k = 0; k < table.columns; k++) {
        const double x = table.value[i * table.columns + k];
        FUZZ_CHECK(!table.words[k] || x != x);
        const char *word = weyl_table_word(&table, i, k);
        FUZZ_CHECK(!word == !table.words[k] && (!word || strlen(word) <= size));
        sum = sum + x;
      }
    for (size_t k = 0; table.name && k < table.columns; k++) FUZZ_CHECK(strlen(table.name[k]) < size);
  } else {
    FUZZ_CHECK(!table.value && !table.name && !table.words);
    fuzz_refused(ctx, status);
  }
  weyl_table_free(ctx, &table);
  fuzz_context_free(ctx);
  return 0;
}
