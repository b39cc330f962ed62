/* The quantities of flat space that rows of recipes name: those of weyl_bms_check_at. */
#include "studies.h"

typedef struct kept {
  weyl_context *ctx;
  bool full;
} kept;

static weyl_status open(void *state, weyl_context *ctx, bool full) {
  *(kept *)state = (kept){ctx, full};
  return WEYL_OK;
}

static bool at(void *state, size_t i, const char **name, const char **metric) {
  (void)state;
  const weyl_bms_check *check = weyl_bms_check_at(i);
  if (!check) return false;
  *name = check->name;
  *metric = check->metric;
  return true;
}

static weyl_status value(void *state, size_t i, double *ours, char budget[160]) {
  const kept *k = state;
  char text[64];
  WEYL_TRY(weyl_bms_check_run(k->ctx, i, k->full, ours, text));
  snprintf(budget, 160, "%s", text);
  return WEYL_OK;
}

static weyl_status run(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *out,
                       double *error, char budget[160]) {
  static const study_checks checks = {"weyl bms check", open, at, value};
  (void)quantity; /* "value" alone */
  *error = 0;
  return study_checks_run(&checks, state, ctx, options, out, budget);
}

const study_kind study_kind_bms = {
    {"bms", study_checks_options, study_checks_quantities, NULL, run}, sizeof(kept), NULL};
