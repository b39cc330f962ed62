/* What the files of src/report share; no other room sees it. */
#ifndef WEYL_REPORT_INTERNAL_H
#define WEYL_REPORT_INTERNAL_H

#include <weyl/report.h>

/* Text that grows. The first failure sticks and makes all later calls do nothing. */
typedef struct report_text {
  weyl_context *ctx;
  char *bytes; /* zero-terminated once something was added */
  size_t used, room;
  weyl_status status;
} report_text;

void report_text_add(report_text *text, const char *bytes, size_t n);
void report_text_puts(report_text *text, const char *line);
/* With &, <, > and quotes as entities, and control characters (which XML forbids) as spaces. */
void report_text_escape(report_text *text, const char *line);
void report_text_free(report_text *text);

/* Runs gnuplot on a script (read from its start) and adds what it prints to `out`. `what` names the picture in
 * messages. */
weyl_status report_gnuplot(weyl_context *ctx, FILE *script, const char *what, report_text *out);

/* Writes the commands that draw `count` plots, `columns` a row, on one sheet of the terminal ("svg" or "png").
 * WEYL_BAD_ARG when a plot has nothing that can be shown. */
weyl_status report_script(weyl_context *ctx, FILE *script, const char *terminal, const weyl_plot *plots, size_t count,
                          int columns);

#endif
