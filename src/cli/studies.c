/* The studies that rows of recipes may name, the checks among them, and the files that their commands write. */
#include "studies.h"

#include <weyl/report.h>
#include <weyl/table.h>

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
  if (!path || kinds & STUDY_ANY) return WEYL_OK;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!(known[i].kind & kinds)) continue;
    text = known[i].text;
    for (int k = 0; k < 3 && known[i].ending[k]; k++)
      if (ends_in(path, known[i].ending[k])) return WEYL_OK;
  }
  snprintf(c->place, sizeof c->place, "--%s", flag);
  return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s %s must end in %s", flag, path, text);
}

/* ---- actions ---- */

bool study_draws(const cli *c) { return !c->silent && (cli_string(c, "plot") || c->page); }

static void wrote(cli *c, const char *key, const char *path) {
  weyl_json_string(c->result, key, path);
  cli_note(c, "wrote %s", path);
}

weyl_status study_draw_all(cli *c, size_t count, const weyl_plot *plots, const char *const *captions) {
  const char *path = cli_string(c, "plot");
  if (!study_draws(c)) return WEYL_OK;
  if (path) {
    WEYL_TRY(count == 1 ? weyl_plot_write(c->ctx, plots, path)
                        : weyl_plot_sheet_write(c->ctx, plots, count, count < 4 ? (int)count : 2, path));
    wrote(c, "plot", path);
  }
  for (size_t i = 0; c->page && i < count; i++)
    WEYL_TRY(weyl_page_plot(c->page, &plots[i], captions ? captions[i] : NULL));
  return WEYL_OK;
}

weyl_status study_draw(cli *c, const weyl_plot *plot) { return study_draw_all(c, 1, plot, NULL); }

weyl_status study_save(cli *c, size_t rows, size_t columns, const char *const *names, const double *const *column) {
  const char *path = cli_string(c, "out");
  if (!path || c->silent) return WEYL_OK;
  WEYL_TRY(weyl_table_write(c->ctx, path, rows, columns, names, column));
  wrote(c, "file", path);
  return WEYL_OK;
}

static weyl_status page_open(cli *c) {
  char title[200];
  int n = snprintf(title, sizeof title, "weyl %s", c->command->name);
  for (int i = 0; i < c->args && n < (int)sizeof title; i++)
    n += snprintf(title + n, sizeof title - (size_t)n, " %s", c->arg[i]);
  return weyl_page_new(c->ctx, title, &c->page);
}

/* The page ends with the call that makes it again. */
static weyl_status page_close(cli *c, weyl_status status) {
  weyl_page *page = c->page;
  c->page = NULL;
  if (status == WEYL_OK || status == WEYL_NO) {
    char call[1000];
    int n = snprintf(call, sizeof call, "weyl %s", c->command->name);
    for (int i = 0; i < c->argc && n < (int)sizeof call; i++)
      n += snprintf(call + n, sizeof call - (size_t)n, " %s", c->argv[i]);
    if (status == WEYL_NO && weyl_message(c->ctx)[0])
      weyl_page_text(page, "The answer is no: %s.", weyl_message(c->ctx));
    weyl_page_text(page, "Made by weyl %s: %s", weyl_version(), call);
    const char *path = cli_string(c, "report");
    const weyl_status written = weyl_page_write(page, path);
    if (written == WEYL_OK)
      wrote(c, "report", path);
    else
      status = written;
  }
  weyl_page_free(page);
  return status;
}

static weyl_status no_action(cli *c, const study_action *actions) {
  const char *names[16], *word = c->arg[0];
  char list[256] = "";
  size_t n = 0, used = 0;
  for (; actions[n].name && n < 16; n++) {
    names[n] = actions[n].name;
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                             n == 0                ? ""
                             : actions[n + 1].name ? ", "
                                                   : " or ",
                             names[n]);
  }
  snprintf(c->place, sizeof c->place, "%s", word);
  const char *near = weyl_nearest_name(word, names, n);
  if (near) return weyl_fail(c->ctx, WEYL_UNKNOWN, "no action \"%s\": did you mean \"%s\"?", word, near);
  return weyl_fail(c->ctx, WEYL_UNKNOWN, "no action \"%s\": there is %s", word, list);
}

static weyl_status has_no(cli *c, const char *action, const char *flag) {
  snprintf(c->place, sizeof c->place, "--%s", flag);
  return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s has no --%s", action, flag);
}

weyl_status study_run(cli *c, const study_action *actions) {
  const study_action *a = actions;
  while (a->name && strcmp(a->name, c->arg[0]) != 0) a++;
  if (!a->name) return no_action(c, actions);
  if (c->args < a->least)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s, for example: weyl %s %s %s", a->missing, c->command->name, a->name,
                     a->example);
  if (c->args > a->most)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "\"%s\" is one argument too many for weyl %s %s", c->arg[a->most],
                     c->command->name, a->name);
  if (!a->out && cli_string(c, "out")) return has_no(c, a->name, "out");
  if (!a->draws && cli_string(c, "plot")) return has_no(c, a->name, "plot");
  if (a->out) WEYL_TRY(study_ending(c, "out", a->out));
  WEYL_TRY(study_ending(c, "plot", STUDY_PICTURES));
  WEYL_TRY(study_ending(c, "report", STUDY_PAGES));
  if (!cli_string(c, "report") || c->silent) return a->run(c);
  WEYL_TRY(page_open(c));
  return page_close(c, a->run(c));
}

/* ---- checks ---- */

/* What a study works on: its own state, and its checks where it has some. */
typedef struct kept {
  const study_checks *checks;
  void *state;
} kept;

static weyl_status run_check(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options,
                             double *value, double *error, char budget[160]) {
  (void)quantity; /* "value" alone */
  const kept *k = state;
  const study_checks *checks = k->checks;
  const char *wanted = weyl_options_string(options, "check"), *name, *metric;
  const bool full = weyl_options_bool(options, "full");
  *error = 0;
  if (checks->open) WEYL_TRY(checks->open(k->state, ctx, full));
  for (size_t i = 0; checks->at(k->state, i, &name, &metric); i++) {
    char both[160];
    snprintf(both, sizeof both, "%s: %s", name, metric);
    if (strcmp(both, wanted) == 0) return checks->value(k->state, ctx, full, i, value, budget);
  }
  return weyl_fail(ctx, WEYL_UNKNOWN, "no check \"%s\": %s lists them", wanted, checks->command);
}

static weyl_recipe_study study_of_checks(const char *name) {
  static const char *const quantities[] = {"value", NULL};
  static const weyl_option options[] = {
      {"check", WEYL_OPT_STRING, "", 0, 0, NULL,
       "name and quantity as the command's check prints them, a colon between"},
      STUDY_OPTION_FULL,
      STUDY_OPTION_END,
  };
  return (weyl_recipe_study){name, options, quantities, NULL, run_check};
}

/* ---- the list ---- */

static const study_kind *const kinds[] = {&study_kind_persist, &study_kind_sense, &study_kind_sem, &study_kind_noether,
                                          &study_kind_bms};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct cli_studies {
  weyl_context *ctx;
  kept kept[KINDS];
  weyl_recipe_study study[KINDS];
  const weyl_recipe_study *list[KINDS + 1];
};

weyl_status cli_studies_new(weyl_context *ctx, cli_studies **out) {
  cli_studies *s = weyl_alloc(ctx, 1, sizeof *s);
  if (!s) return WEYL_MEMORY;
  s->ctx = ctx;
  for (size_t i = 0; i < KINDS; i++) {
    kept *k = &s->kept[i];
    k->checks = kinds[i]->checks;
    k->state = weyl_alloc(ctx, 1, kinds[i]->size);
    if (!k->state) {
      cli_studies_free(s);
      return WEYL_MEMORY;
    }
    s->study[i] = k->checks ? study_of_checks(kinds[i]->study.name) : kinds[i]->study;
    s->study[i].state = k->checks ? (void *)k : k->state;
    s->list[i] = &s->study[i];
  }
  *out = s;
  return WEYL_OK;
}

const weyl_recipe_study *const *cli_studies_list(const cli_studies *studies) { return studies->list; }

void cli_studies_free(cli_studies *studies) {
  if (!studies) return;
  for (size_t i = 0; i < KINDS; i++) {
    void *state = studies->kept[i].state;
    if (state && kinds[i]->clear) kinds[i]->clear(studies->ctx, state);
    weyl_dealloc(studies->ctx, state);
  }
  weyl_dealloc(studies->ctx, studies);
}
