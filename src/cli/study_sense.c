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

static weyl_status value(void *state, weyl_context *ctx, bool full, size_t i, double *ours, char budget[160]) {
  (void)ctx;
  (void)full;
  return weyl_sense_check_run(((const kept *)state)->checks, i, ours, budget);
}

static void clear(weyl_context *ctx, void *state) {
  (void)ctx;
  weyl_sense_checks_free(((kept *)state)->checks);
}

static const study_checks checks = {"weyl sense check", open, at, value};
const study_kind study_kind_sense = {
    .study = {.name = "sense"}, .size = sizeof(kept), .clear = clear, .checks = &checks};
