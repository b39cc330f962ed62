#include "fuzz.h"

#include <weyl/study.h>

#include <math.h>
#include <string.h>

/* What is a covariance is 1 at 0, and its values are numbers; whether it has an exponent, it says. */
static void look(weyl_covariance *c) {
  static const double at[] = {0, 1e-9, 0.1, 1, 7, 1e3};
  FUZZ_CHECK(weyl_covariance_lambda2(c) > 0);
  FUZZ_CHECK(fabs(weyl_covariance_eval(c, 0).r - 1) < 1e-12);
  for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
    const weyl_covariance_at v = weyl_covariance_eval(c, at[i]);
    FUZZ_CHECK(!isnan(v.r) && !isnan(v.rest) && !isnan(v.slope) && !isnan(weyl_clipped_slepian(c, at[i])));
  }
  (void)weyl_persist_validate(c);
  weyl_covariance_free(c);
}

static void refused(weyl_context *ctx, weyl_status status) {
  fuzz_refused(ctx, status);
  weyl_message_clear(ctx);
}

/* The first line: a name. The rest, or all: a table, read as a covariance, a spectrum and a series. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_covariance *c = NULL;
  const uint8_t *end = memchr(data, '\n', size);
  char name[80] = "";
  const size_t n = end ? (size_t)(end - data) : size;
  if (n > 0 && n < sizeof name && !memchr(data, 0, n)) memcpy(name, data, n);
  weyl_status status = weyl_covariance_parse(ctx, name, &c);
  if (status == WEYL_OK)
    look(c);
  else
    refused(ctx, status);
  weyl_table table = {0};
  const bool named = status == WEYL_OK && end;
  status = weyl_table_parse(ctx, named ? end + 1 : data, named ? size - n - 1 : size, "input", &table);
  if (status != WEYL_OK) {
    refused(ctx, status);
  } else if (table.columns >= 2 && table.rows <= 200) {
    double *column = weyl_alloc(ctx, 2 * table.rows, sizeof *column), *second = column + table.rows;
    for (size_t i = 0; i < table.rows; i++) {
      column[i] = table.value[i * table.columns];
      second[i] = table.value[i * table.columns + 1];
    }
    for (int kind = 0; kind < 2; kind++) {
      status = kind ? weyl_covariance_spectrum(ctx, table.rows, column, second, &c)
                    : weyl_covariance_table(ctx, table.rows, column, second, NULL, &c);
      if (status == WEYL_OK)
        look(c);
      else
        refused(ctx, status);
    }
    weyl_persist_series series;
    status = weyl_persist_series_read(ctx, table.rows, second, 1, 0, &series);
    if (status == WEYL_OK)
      weyl_persist_series_free(ctx, &series);
    else
      refused(ctx, status);
    weyl_dealloc(ctx, column);
  }
  weyl_table_free(ctx, &table);
  fuzz_context_free(ctx);
  return 0;
}
