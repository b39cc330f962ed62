/* What the commands of studies (persist, sem, sense, noether, bms) share, and the studies that rows of recipes may
 * name. */
#ifndef WEYL_CLI_STUDIES_H
#define WEYL_CLI_STUDIES_H

#include "cli.h"

/* ---- rows of options ---- */
/* The last ones of each command. */
#define STUDY_OPTIONS_SHOWN(about_out)                                                               \
  {"seed", WEYL_OPT_U64, "1", 0, 0, NULL, "every random choice follows from it"},                    \
      {"out", WEYL_OPT_STRING, "", 0, 0, NULL, about_out},                                           \
      {"plot", WEYL_OPT_STRING, "", 0, 0, NULL, "a picture of the answer: .svg or .png"}, {          \
    "report", WEYL_OPT_STRING, "", 0, 0, NULL, "one HTML page with what is printed, and the picture" \
  }
#define STUDY_OPTION_FULL \
  { "full", WEYL_OPT_BOOL, "no", 0, 0, NULL, "check: the larger sizes and budgets" }
#define STUDY_OPTION_END \
  { NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL }

/* What could not be written is said before anything is computed: the file of --flag, if any, must end so. */
enum { STUDY_TABLES = 1, STUDY_PICTURES = 2, STUDY_PAGES = 4, STUDY_CSV = 8, STUDY_ANY = 16 };
weyl_status study_ending(cli *c, const char *flag, unsigned kinds);

/* ---- actions: the first argument ---- */
typedef struct study_action {
  const char *name;
  weyl_status (*run)(cli *c);
  int least, most; /* arguments, its own name among them */
  unsigned out;    /* what --out may end in; 0: it writes none */
  bool draws;
  const char *missing, *example; /* what is asked for when arguments are fewer, and one that would do */
} study_action;
/* Runs the action that the first argument names, a NULL name ending the list; with --report, what it says and draws
 * stands on a page, written even where the answer is no. */
weyl_status study_run(cli *c, const study_action *actions);
/* Whether a picture is wanted; and the picture, to --plot and the page. Several stand on one sheet, and one below the
 * other on the page; captions may be NULL. */
bool study_draws(const cli *c);
weyl_status study_draw(cli *c, const weyl_plot *plot);
weyl_status study_draw_all(cli *c, size_t count, const weyl_plot *plots, const char *const *captions);
/* Columns to --out, if it is given. */
weyl_status study_save(cli *c, size_t rows, size_t columns, const char *const *names, const double *const *column);

/* ---- studies ---- */
/* Studies whose rows name a check, by its name and quantity: "value" is its number. */
typedef struct study_checks {
  const char *command;                                            /* "weyl sem check" lists them */
  weyl_status (*open)(void *state, weyl_context *ctx, bool full); /* before the others, each time; NULL: no need */
  bool (*at)(void *state, size_t i, const char **name, const char **metric); /* false: there is none */
  weyl_status (*value)(void *state, weyl_context *ctx, bool full, size_t i, double *ours, char budget[160]);
} study_checks;

/* One kind of rows, and the state that its rows share: bytes that begin as zeros. */
typedef struct study_kind {
  weyl_recipe_study study; /* of checks: its name */
  size_t size;
  void (*clear)(weyl_context *ctx, void *state); /* NULL: nothing to free */
  const study_checks *checks;                    /* NULL: the study computes its rows itself */
} study_kind;
extern const study_kind study_kind_persist, study_kind_sense, study_kind_sem, study_kind_noether, study_kind_bms;

typedef struct cli_studies cli_studies;
weyl_status cli_studies_new(weyl_context *ctx, cli_studies **out);
const weyl_recipe_study *const *cli_studies_list(const cli_studies *studies); /* NULL ends */
void cli_studies_free(cli_studies *studies);

#endif
