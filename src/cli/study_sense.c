/* The quantities of matrix sensing that rows of recipes name: those of weyl_sense_check_at. */
#include "studies.h"

#include <weyl/study.h>

typedef struct kept {
  bool full;
  weyl_sense_checks *checks; /* NULL: none yet */
} kept;

static weyl_status open(void *state, weyl_context *ctx, bool full) {
  kept *k = state;
  if (k->checks && k->full == full) return WEYL_OK;
  weyl_sense_checks_free(k->checks);
  k->checks = NULL;
  k->full = full;
  return weyl_sense_checks_new(ctx, full, &k->checks);
}

static bool at(void *state, size_t i, const char **name, const char **metric) {
  (void)state;
  const weyl_sense_check *check = weyl_sense_check_at(i);
  if (!check) return false;
  *name = check->name;
  *metric = check->metric;
  return true;
}

static weyl_status value(void *state, size_t i, double *ours, char budget[160]) {
  const kept *k = state;
  char text[64];
  WEYL_TRY(weyl_sense_check_run(k->checks, i, ours, text));
  snprintf(budget, 160, "%s", text);
  return WEYL_OK;
}

static weyl_status run(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *out,
                       double *error, char budget[160]) {
  static const study_checks checks = {"weyl sense check", open, at, value};
  (void)quantity;
  *error = 0;
  return study_checks_run(&checks, state, ctx, options, out, budget);
}

static void clear(weyl_context *ctx, void *state) {
  (void)ctx;
  weyl_sense_checks_free(((kept *)state)->checks);
}

const study_kind study_kind_sense = {
    {"sense", study_checks_options, study_checks_quantities, NULL, run}, sizeof(kept), clear};
