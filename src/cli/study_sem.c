/* The quantities of invariance across environments that rows of recipes name: those of weyl_sem_checks. */
#include "studies.h"

/* All checks are computed at the first row, and kept. */
typedef struct kept {
  bool full, there;
  size_t count;
  weyl_sem_check row[WEYL_SEM_CHECKS];
} kept;

static weyl_status open(void *state, weyl_context *ctx, bool full) {
  kept *k = state;
  if (k->there && k->full == full) return WEYL_OK;
  k->there = false;
  WEYL_TRY(weyl_sem_checks(ctx, full, 1, NULL, NULL, k->row, &k->count));
  k->there = true;
  k->full = full;
  return WEYL_OK;
}

static bool at(void *state, size_t i, const char **name, const char **metric) {
  const kept *k = state;
  if (i >= k->count) return false;
  *name = k->row[i].name;
  *metric = k->row[i].metric;
  return true;
}

static weyl_status value(void *state, size_t i, double *ours, char budget[160]) {
  const kept *k = state;
  *ours = k->row[i].ours;
  snprintf(budget, 160, "%s", k->full ? "full" : "quick");
  return WEYL_OK;
}

static weyl_status run(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *out,
                       double *error, char budget[160]) {
  static const study_checks checks = {"weyl sem check", open, at, value};
  (void)quantity;
  *error = 0;
  return study_checks_run(&checks, state, ctx, options, out, budget);
}

const study_kind study_kind_sem = {
    {"sem", study_checks_options, study_checks_quantities, NULL, run}, sizeof(kept), NULL};
