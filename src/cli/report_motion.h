/* What the pictures of motion share. */
#ifndef WEYL_CLI_REPORT_MOTION_H
#define WEYL_CLI_REPORT_MOTION_H

#include "report.h"

typedef struct shown {
  report *r;
  const weyl_dataset *set;
  const double *past, *target, *guess; /* [nodes][T][d], [nodes][F][d], [nodes][heads][F][d] */
  int64_t d, frames, future, heads, samples;
  const int64_t *nodes, *edges;
  double time_step, scale; /* seconds or what else; of errors */
  const char *time_unit;
} shown;

int64_t report_sample_at(const shown *s, int i);
int report_plots_of(const shown *s);

/* A line under construction, with gaps. */
typedef struct line {
  double *x, *y;
  size_t n;
} line;
line report_line(report *r, int64_t room);
void report_put(line *l, double x, double y);
void report_lift(line *l);
weyl_series report_drawn(const line *l, const char *label, weyl_mark_style style, int colour);

/* Bodies, pose by pose: the parents of joints, -1 for a root. */
enum { REPORT_JOINTS = 256 };
int64_t report_parents(const weyl_dataset *set, int64_t parent[REPORT_JOINTS]);
weyl_status report_skeletons(const shown *s, const int64_t *parent);

#endif
