/* The quantities of flat space that rows of recipes name: those of weyl_bms_check_at. */
#include "studies.h"

static bool at(void *state, size_t i, const char **name, const char **metric) {
  (void)state;
  const weyl_bms_check *check = weyl_bms_check_at(i);
  if (!check) return false;
  *name = check->name;
  *metric = check->metric;
  return true;
}

static weyl_status value(void *state, weyl_context *ctx, bool full, size_t i, double *ours, char budget[160]) {
  (void)state;
  return weyl_bms_check_run(ctx, i, full, ours, budget);
}

static const study_checks checks = {"weyl bms check", NULL, at, value};
const study_kind study_kind_bms = {.study = {.name = "bms"}, .size = 1, .checks = &checks};
