/* The studies that rows of recipes may name, the checks among them, and the files that their commands write. */
#include "studies.h"

#include <string.h>

/* ---- files ---- */

static bool ends_in(const char *path, const char *ending) {
  const size_t n = strlen(path), m = strlen(ending);
  return n > m && strcmp(path + n - m, ending) == 0;
}

weyl_status study_ending(cli *c, const char *flag, unsigned kinds) {
  static const struct {
    unsigned kind;
    const char *ending[3], *text;
  } known[] = {{STUDY_TABLES, {".csv", ".npy", ".npz"}, ".csv, .npy or .npz"},
               {STUDY_PICTURES, {".svg", ".png"}, ".svg or .png"},
               {STUDY_PAGES, {".html", ".htm"}, ".html"},
               {STUDY_CSV, {".csv"}, ".csv"}};
  const char *path = cli_string(c, flag), *text = "";
  if (!path) return WEYL_OK;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!(known[i].kind & kinds)) continue;
    text = known[i].text;
    for (int k = 0; k < 3 && known[i].ending[k]; k++)
      if (ends_in(path, known[i].ending[k])) return WEYL_OK;
  }
  snprintf(c->place, sizeof c->place, "--%s", flag);
  return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s %s must end in %s", flag, path, text);
}

/* ---- checks ---- */

const char *const study_checks_quantities[] = {"value", "holds", NULL};

const weyl_option study_checks_options[] = {
    {"check", WEYL_OPT_STRING, "", 0, 0, NULL, "name and quantity as the command's check prints them, a colon between"},
    STUDY_OPTION_FULL,
    STUDY_OPTION_END,
};

weyl_status study_checks_run(const study_checks *checks, void *state, weyl_context *ctx, const char *quantity,
                             const weyl_options *options, double *value, char budget[160]) {
  const char *wanted = weyl_options_string(options, "check"), *name, *metric;
  WEYL_TRY(checks->open(state, ctx, weyl_options_bool(options, "full")));
  for (size_t i = 0; checks->at(state, i, &name, &metric); i++) {
    char both[160];
    snprintf(both, sizeof both, "%s: %s", name, metric);
    if (strcmp(both, wanted) != 0) continue;
    bool holds = false;
    WEYL_TRY(checks->value(state, i, value, &holds, budget));
    if (strcmp(quantity, "holds") == 0) *value = holds;
    return WEYL_OK;
  }
  return weyl_fail(ctx, WEYL_UNKNOWN, "no check \"%s\": %s lists them", wanted, checks->command);
}

/* ---- the list ---- */

static const study_kind *const kinds[] = {&study_kind_persist, &study_kind_sense, &study_kind_sem, &study_kind_noether,
                                          &study_kind_bms};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct cli_studies {
  weyl_context *ctx;
  weyl_recipe_study study[KINDS];
  const weyl_recipe_study *list[KINDS + 1];
};

weyl_status cli_studies_new(weyl_context *ctx, cli_studies **out) {
  cli_studies *s = weyl_alloc(ctx, 1, sizeof *s);
  if (!s) return WEYL_MEMORY;
  s->ctx = ctx;
  for (size_t i = 0; i < KINDS; i++) {
    s->study[i] = kinds[i]->study;
    s->list[i] = &s->study[i];
    s->study[i].state = weyl_alloc(ctx, 1, kinds[i]->size);
    if (!s->study[i].state) {
      cli_studies_free(s);
      return WEYL_MEMORY;
    }
  }
  *out = s;
  return WEYL_OK;
}

const weyl_recipe_study *const *cli_studies_list(const cli_studies *studies) { return studies->list; }

void cli_studies_free(cli_studies *studies) {
  if (!studies) return;
  for (size_t i = 0; i < KINDS; i++) {
    if (studies->study[i].state && kinds[i]->clear) kinds[i]->clear(studies->ctx, studies->study[i].state);
    weyl_dealloc(studies->ctx, studies->study[i].state);
  }
  weyl_dealloc(studies->ctx, studies);
}
