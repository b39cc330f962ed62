/* What the parts of `weyl bench` share: a table under construction, and numbers as they are shown. */
#ifndef WEYL_CLI_SHEET_H
#define WEYL_CLI_SHEET_H

#include "cli.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX    48
#define COLUMNS_MAX 12

/* Cells are short, and kept here. */

typedef struct sheet {
  size_t columns, rows;
  char text[ROWS_MAX * COLUMNS_MAX][72];
} sheet;

static inline void put(sheet *s, size_t column, const char *fmt, ...) WEYL_PRINTF(3, 4);

static inline void put(sheet *s, size_t column, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(s->text[s->rows * s->columns + column], sizeof s->text[0], fmt, args);
  va_end(args);
}

static inline void head(sheet *s, const char *const *names, size_t columns) {
  memset(s, 0, sizeof *s);
  s->columns = columns;
  for (size_t i = 0; i < columns; i++) put(s, i, "%s", names[i]);
  s->rows = 1;
}

static inline void show(const cli *c, const sheet *s) {
  const char *cells[ROWS_MAX * COLUMNS_MAX];
  for (size_t i = 0; i < s->rows * s->columns; i++) cells[i] = s->text[i];
  cli_table(c, s->rows, s->columns, cells);
}

static inline double ms(double seconds) { return 1e3 * seconds; }

static inline double giga(double rate) { return rate / 1e9; }

static inline double ratio(double a, double b) { return b > 0 ? a / b : 0; }

/* A number, or null where there is none. */
static inline void json_or_null(weyl_json *json, const char *key, double value) {
  if (value > 0)
    weyl_json_number(json, key, value);
  else
    weyl_json_string(json, key, NULL);
}

static inline const char *type_name(weyl_dtype real) { return real == WEYL_F64 ? "f64" : "f32"; }

/* The parts in files of their own, and the options of each. */
weyl_status cli_bench_sh(cli *c);
weyl_status cli_bench_gaunt(cli *c);
weyl_status cli_bench_tp(cli *c);
weyl_status cli_bench_edge(cli *c);
weyl_status cli_bench_many(cli *c);
weyl_status cli_bench_fft(cli *c);
weyl_status cli_bench_persist(cli *c);
weyl_status cli_bench_sense(cli *c);
weyl_status cli_bench_sem(cli *c);
weyl_status cli_bench_noether(cli *c);
weyl_status cli_bench_bms(cli *c);
extern const weyl_option cli_bench_sh_options[], cli_bench_gaunt_options[], cli_bench_tp_options[],
    cli_bench_edge_options[], cli_bench_many_options[];

#endif
