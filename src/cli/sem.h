/* What the parts of `weyl sem` share: where environments come from. */
#ifndef WEYL_CLI_SEM_H
#define WEYL_CLI_SEM_H

#include "cli.h"
#include "sheet.h"
#include "studies.h"

#include <weyl/report.h>

#include <math.h>

typedef struct sem_source {
  weyl_sem *sem;             /* NULL: a table */
  weyl_moments seen, unseen; /* unseen.count 0: none */
  weyl_arena *arena;
} sem_source;

/* The model named by the second argument; a table gives NULL. */
weyl_status sem_model(cli *c, weyl_sem **out);
/* Environments as the options say, scaled. */
weyl_status sem_source_open(cli *c, sem_source *out);
void sem_source_close(sem_source *source);

/* Coefficients on the scale of the data as text: "1.02 X1 - 0.3 X4"; those of largest effect first come first. */
const char *sem_formula(weyl_arena *arena, const weyl_moments *m, const double *beta);
/* "X1, X4" of a set of features; "none" */
const char *sem_set(weyl_arena *arena, const weyl_moments *m, uint64_t set);
void sem_json_numbers(weyl_json *json, const char *key, const double *x, size_t n);
/* beta on the scale of the data, name by name */
void sem_json_beta(weyl_json *json, const weyl_moments *m, const double *beta);

/* Every bound on the VC dimension that the options and the model (may be NULL) allow; the least of them. */
typedef struct sem_vc {
  size_t count;
  const char *name[4];
  double value[4], best;
  size_t rank;
} sem_vc;
weyl_status sem_vc_bounds(cli *c, const weyl_sem *sem, size_t k, size_t d, sem_vc *out);
void sem_json_vc(weyl_json *json, const sem_vc *vc);

weyl_status sem_simulate(cli *c);
weyl_status sem_search(cli *c);
weyl_status sem_plan(cli *c);
weyl_status sem_certify(cli *c);
weyl_status sem_compare(cli *c);
weyl_status sem_curve(cli *c);
weyl_status sem_check(cli *c);

#endif
