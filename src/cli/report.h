/* What the pictures of a run share. */
#ifndef WEYL_CLI_REPORT_H
#define WEYL_CLI_REPORT_H

#include "cli.h"

typedef struct report {
  cli *c;
  weyl_arena *arena;
  const char *run, *folder; /* the run, and its pictures */
  weyl_page *page;
  bool drawing; /* false once gnuplot was found missing */
  int pictures;
} report;

enum { REPORT_SHOWN = 4 }; /* test samples whose motion is drawn */

/* n numbers in the arena; NULL: no memory. */
double *report_numbers(report *r, int64_t n);
/* One plot on the page and as files; plots of one sheet stand on the page one by one. */
weyl_status report_picture(report *r, const weyl_plot *plots, size_t count, int columns, const char *name,
                           const char *caption);

/* Where the points of test samples go, true and predicted [nodes][d]. */
weyl_status report_points(report *r, const weyl_dataset *test, const double *prediction);
/* The same of a past and a future, prediction [nodes][heads][F][d]; mean errors [F]; who interacts with whom, pairs
 * [edges][categories] or NULL. */
weyl_status report_motion(report *r, const weyl_dataset *test, const double *prediction, int64_t heads,
                          const double *errors, const weyl_array *pairs);

#endif
