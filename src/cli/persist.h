/* What the files of `weyl persist` share. */
#ifndef WEYL_CLI_PERSIST_H
#define WEYL_CLI_PERSIST_H

#include "cli.h"

#include <weyl/report.h>
#include <weyl/study.h>
#include <weyl/table.h>

/* One call: the covariance, the level and the side asked for. */
typedef struct persist {
  cli *c;
  weyl_covariance *covariance;
  double level;
  bool below;
  double u; /* intervals above u are the ones asked for: the level, or minus it */
} persist;

/* Exactly known survival functions: 0 when there is one for this covariance at this level. */
typedef enum persist_known { PERSIST_UNKNOWN, PERSIST_DIFFUSION2, PERSIST_ACCELERATION } persist_known;
persist_known persist_exactly_known(const persist *p);
weyl_status persist_exact_at(const persist *p, double t, double *survival, double *no_zero); /* either may be NULL */

/* Curves over one axis: columns of a table, of a file and of a picture. */
enum { PERSIST_CURVES = 8, PERSIST_SLOW = 200 }; /* of those that are slow, so many points at most */
typedef struct persist_curves {
  size_t n, count; /* points, curves */
  const double *t;
  const char *name[PERSIST_CURVES];
  const double *y[PERSIST_CURVES];
} persist_curves;
/* Prints about --rows of them and puts all numbers of these rows into the result, under the curves' names. */
weyl_status persist_show(const persist *p, const persist_curves *curves);
weyl_status persist_save(const persist *p, size_t rows, size_t columns, const char *const *names,
                         const double *const *column); /* --out */
weyl_status persist_draw(const persist *p, const char *title, const char *y_label, bool log_y,
                         const persist_curves *curves); /* --plot, --report */

double persist_end(const persist *p, double means); /* --to, or so many mean intervals */
/* n + 1 times 0, ..., end; freed with weyl_dealloc. */
weyl_status persist_times(const persist *p, double end, size_t n, double **t);
bool persist_first(const persist *p); /* of several processes, the one that writes */

/* "above level 1", "between zeros" */
const char *persist_what(const persist *p, char *buffer, size_t room);
void persist_common(const persist *p); /* covariance, level and side into the result */

weyl_status persist_exponent(persist *p);
weyl_status persist_validate(persist *p);
weyl_status persist_distribution(persist *p);
weyl_status persist_exact(persist *p);
weyl_status persist_sample(persist *p);
weyl_status persist_simulate(persist *p);
weyl_status persist_series(cli *c);

#endif
