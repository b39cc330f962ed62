/* The quantities of matrix sensing that rows of recipes name: those of weyl_sense_check_at. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const char *const quantities[] = {"value", "holds", NULL};

static weyl_status run(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *value,
                       double *error, char budget[160]) {
  (void)state;
  const bool full = weyl_options_bool(options, "full");
  const char *wanted = weyl_options_string(options, "check");
  const weyl_sense_check *check;
  for (size_t i = 0; (check = weyl_sense_check_at(i)) != NULL; i++) {
    char name[160], text[64] = "";
    snprintf(name, sizeof name, "%s: %s", check->name, check->metric);
    if (strcmp(name, wanted) != 0) continue;
    double ours = 0;
    WEYL_TRY(check->run(ctx, full, &ours, text));
    *value = strcmp(quantity, "holds") == 0 ? check->low <= ours && ours <= check->high : ours;
    *error = 0;
    snprintf(budget, 160, "%s", text);
    return WEYL_OK;
  }
  return weyl_fail(ctx, WEYL_UNKNOWN, "no check \"%s\": weyl sense check lists them", wanted);
}

static const weyl_option options[] = {
    {"check", WEYL_OPT_STRING, "", 0, 0, NULL, "name and quantity as weyl sense check prints them, a colon between"},
    {"full", WEYL_OPT_BOOL, "no", 0, 0, NULL, "the larger budgets"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const weyl_recipe_study cli_study_sense = {"sense", options, quantities, NULL, run};
