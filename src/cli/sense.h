/* What the files of `weyl sense` share. */
#ifndef WEYL_CLI_SENSE_H
#define WEYL_CLI_SENSE_H

#include "cli.h"
#include "studies.h"

#include <weyl/report.h>
#include <weyl/study.h>

/* One problem and one method: what is looked for, how it is measured, how it is sought. */
typedef struct sense_setting {
  const char *label;
  const char *measure; /* NULL: gaussian */
  size_t n1, n2, rank, m;
  double kappa, noise; /* singular values 1 ... 1 / kappa in equal ratios; 0: 1 */
  bool haar;
  weyl_sense_opts o;
} sense_setting;

/* Result, law and name of one curve; freed together. */
enum { SENSE_CURVES = 12 };
typedef struct sense_curve {
  char label[64];
  weyl_sense_result r;
  weyl_sense_law law;
} sense_curve;

weyl_status sense_solve(cli *c, const sense_setting *setting, sense_curve *out);
void sense_curves_free(cli *c, size_t count, sense_curve *curves);

/* t and error^2 of all curves (and traces) to --out, a picture to --plot and the page. */
weyl_status sense_save(cli *c, size_t count, const sense_curve *curves);
weyl_status sense_draw(cli *c, const char *title, bool log_x, bool fits, size_t count, const sense_curve *curves);
void sense_law_json(weyl_json *json, const weyl_sense_law *law);
const char *sense_law_text(char *buffer, size_t room, const weyl_sense_law *law); /* "linear, -0.0513 a step" */
/* What the options say. */
void sense_setting_of(cli *c, sense_setting *out);
/* The columns of the table of several curves. */
weyl_status sense_table(cli *c, size_t count, const sense_curve *curves);

weyl_status sense_figure(cli *c);
weyl_status sense_compare(cli *c);
weyl_status sense_complete(cli *c);
const char *sense_figure_name(size_t i);

#endif
