/* What the commands of studies (persist, sem, sense, noether, bms) share, and the studies that rows of recipes may
 * name. */
#ifndef WEYL_CLI_STUDIES_H
#define WEYL_CLI_STUDIES_H

#include "cli.h"

/* ---- rows of options ---- */
#define STUDY_OPTION_SEED \
  { "seed", WEYL_OPT_U64, "1", 0, 0, NULL, "every random choice follows from it" }
#define STUDY_OPTION_PLOT \
  { "plot", WEYL_OPT_STRING, "", 0, 0, NULL, "a picture of the answer: .svg or .png" }
#define STUDY_OPTION_FULL \
  { "full", WEYL_OPT_BOOL, "no", 0, 0, NULL, "check: the larger sizes and budgets" }
#define STUDY_OPTION_END \
  { NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL }

/* What could not be written is said before anything is computed: the file of --flag, if any, must end so. */
enum { STUDY_TABLES = 1, STUDY_PICTURES = 2, STUDY_PAGES = 4, STUDY_CSV = 8 };
weyl_status study_ending(cli *c, const char *flag, unsigned kinds);

/* ---- studies ---- */
/* One kind of rows, and the state that its rows share: bytes that begin as zeros. */
typedef struct study_kind {
  weyl_recipe_study study;
  size_t size;
  void (*clear)(weyl_context *ctx, void *state); /* NULL: nothing to free */
} study_kind;
extern const study_kind study_kind_persist, study_kind_sense, study_kind_sem, study_kind_noether, study_kind_bms;

typedef struct cli_studies cli_studies;
weyl_status cli_studies_new(weyl_context *ctx, cli_studies **out);
const weyl_recipe_study *const *cli_studies_list(const cli_studies *studies); /* NULL ends */
void cli_studies_free(cli_studies *studies);

/* Studies whose rows name a check, by its name and quantity: "value" is its number, "holds" whether it is as known. */
typedef struct study_checks {
  const char *command;                                                       /* "weyl sem check" lists them */
  weyl_status (*open)(void *state, weyl_context *ctx, bool full);            /* before the others, each time */
  bool (*at)(void *state, size_t i, const char **name, const char **metric); /* false: there is none */
  weyl_status (*value)(void *state, size_t i, double *ours, bool *holds, char budget[160]);
} study_checks;
extern const char *const study_checks_quantities[];
extern const weyl_option study_checks_options[];
weyl_status study_checks_run(const study_checks *checks, void *state, weyl_context *ctx, const char *quantity,
                             const weyl_options *options, double *value, char budget[160]);

#endif
