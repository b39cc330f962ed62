/* The quantities of invariance across environments that rows of recipes name: those of weyl_sem_checks. */
#include "cli.h"

#include <math.h>
#include <string.h>

/* All checks are computed at the first row, and kept. */
typedef struct kept {
  bool full, there;
  size_t count;
  weyl_sem_check row[WEYL_SEM_CHECKS];
} kept;
static kept last;

static const char *const quantities[] = {"value", "holds", NULL};

static weyl_status run(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *value,
                       double *error, char budget[160]) {
  (void)state;
  const bool full = weyl_options_bool(options, "full");
  const char *wanted = weyl_options_string(options, "check");
  if (!last.there || last.full != full) {
    WEYL_TRY(weyl_sem_checks(ctx, full, 1, NULL, NULL, last.row, &last.count));
    last.there = true;
    last.full = full;
  }
  for (size_t i = 0; i < last.count; i++) {
    char name[160];
    snprintf(name, sizeof name, "%s: %s", last.row[i].name, last.row[i].metric);
    if (strcmp(name, wanted) != 0) continue;
    *value = strcmp(quantity, "holds") == 0 ? last.row[i].holds : last.row[i].ours;
    *error = 0;
    snprintf(budget, 160, "%s", full ? "full" : "quick");
    return WEYL_OK;
  }
  return weyl_fail(ctx, WEYL_UNKNOWN, "no check \"%s\": weyl sem check lists them", wanted);
}

static const weyl_option options[] = {
    {"check", WEYL_OPT_STRING, "", 0, 0, NULL, "name and quantity as weyl sem check prints them, with a colon between"},
    {"full", WEYL_OPT_BOOL, "no", 0, 0, NULL, "the larger budgets"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const weyl_recipe_study cli_study_sem = {"sem", options, quantities, NULL, run};
