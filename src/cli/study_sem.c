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

static weyl_status value(void *state, weyl_context *ctx, bool full, size_t i, double *ours, char budget[160]) {
  (void)ctx;
  *ours = ((const kept *)state)->row[i].ours;
  snprintf(budget, 160, "%s", full ? "full" : "quick");
  return WEYL_OK;
}

static const study_checks checks = {"weyl sem check", open, at, value};
const study_kind study_kind_sem = {.study = {.name = "sem"}, .size = sizeof(kept), .checks = &checks};
