/* Measuring the symmetry of a run, for `weyl audit` and for the page of `weyl report`. */
#ifndef WEYL_CLI_AUDIT_H
#define WEYL_CLI_AUDIT_H

#include "cli.h"

#define CLI_AUDIT_GROUPS 16

typedef struct cli_audit_ask {
  const char *group; /* NULL: the groups of the task, and its controls */
  const char *data;  /* NULL: the run's own */
  int64_t inputs;
  int elements;
  double scale; /* of translations */
  uint64_t seed;
} cli_audit_ask;

typedef struct cli_audit_subject {
  char name[96];
  bool counts;   /* for the verdict; controls do not */
  bool expected; /* the model's row, or the wrapper, promises it */
} cli_audit_subject;

typedef struct cli_audit_finding {
  weyl_audit_result result;
  double tolerance_mean, tolerance_max;
  bool holds;
} cli_audit_finding;

typedef struct cli_audit {
  weyl_arena *arena;
  cli_audit_ask ask;
  const char *model, *task;
  cli_audit_subject subject[CLI_AUDIT_GROUPS];
  int subjects;
  cli_audit_finding found[CLI_AUDIT_GROUPS][2]; /* [..][f32, f64] */
  double gap;                                   /* smallest relative gap of a frame met; infinite without frames */
  bool frames, holds;
} cli_audit;

/* Opens the run in float and in double and measures every group. Results live in the arena. */
weyl_status cli_audit_measure(cli *c, const char *run, const cli_audit_ask *ask, weyl_arena *arena, cli_audit *a);

#endif
