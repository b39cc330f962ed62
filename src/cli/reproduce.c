/* weyl reproduce: a paper's table again, with the paper's number, ours, and what was spent on ours. */
#include "studies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An installed program finds its recipes beside itself, wherever the package was unpacked. */
static void find_installed(void) {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 64);
  if (n <= 0 || getenv("WEYL_RECIPES")) return;
  path[n] = '\0';
  for (int up = 0; up < 2; up++) { /* bin/weyl -> the prefix */
    char *slash = strrchr(path, '/');
    if (!slash) return;
    *slash = '\0';
  }
  strcat(path, "/share/weyl/recipes");
  if (access(path, R_OK) == 0) setenv("WEYL_RECIPES", path, 1);
}

/* The names of the recipes, for help and completion; read once. */
const char *cli_paper_name(size_t i) {
  static char names[64][64];
  static size_t count;
  static bool read;
  if (!read) {
    read = true;
    find_installed();
    weyl_context *ctx = NULL;
    weyl_arena *arena = NULL;
    const char **list = NULL;
    if (weyl_context_new(&(weyl_context_opts){.threads = 1}, &ctx) == WEYL_OK &&
        weyl_arena_new(ctx, &arena) == WEYL_OK && weyl_recipe_list(ctx, arena, &list) == WEYL_OK) {
      for (; list[count] && count < 64; count++) snprintf(names[count], sizeof names[count], "%s", list[count]);
    }
    weyl_arena_free(arena);
    weyl_context_free(ctx);
  }
  return i < count ? names[i] : NULL;
}

static weyl_status list(cli *c) {
  const char *cells[3 * 65] = {"paper", "title", "rows"};
  char titles[64][80], counts[64][16];
  size_t rows = 1;
  cli_studies *studies;
  WEYL_TRY(cli_studies_new(c->ctx, &studies));
  weyl_status status = WEYL_OK;
  weyl_json_array(c->result, "papers");
  for (size_t i = 0; cli_paper_name(i); i++, rows++) {
    weyl_recipe *recipe = NULL;
    WEYL_GOTO(weyl_recipe_open(c->ctx, cli_paper_name(i), cli_studies_list(studies), &recipe));
    snprintf(titles[i], sizeof titles[i], "%s", weyl_recipe_title(recipe) ? weyl_recipe_title(recipe) : "");
    snprintf(counts[i], sizeof counts[i], "%zu", weyl_recipe_rows(recipe));
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", cli_paper_name(i));
    weyl_json_string(c->result, "title", weyl_recipe_title(recipe));
    weyl_json_string(c->result, "source", weyl_recipe_source(recipe));
    weyl_json_integer(c->result, "rows", (int64_t)weyl_recipe_rows(recipe));
    weyl_json_end(c->result);
    weyl_recipe_free(recipe);
    cells[3 * rows] = cli_paper_name(i);
    cells[3 * rows + 1] = titles[i];
    cells[3 * rows + 2] = counts[i];
  }
  weyl_json_end(c->result);
  cli_table(c, rows, 3, cells);
done:
  cli_studies_free(studies);
  return status;
}

/* One line on standard error as each row is done: the whole may take long. */
static void row_done(void *user, const weyl_recipe_row *row, const weyl_recipe_result *r) {
  cli *c = user;
  char ours[32], paper[32], time[32];
  if (row->study && !c->verbose) return; /* many and short */
  cli_bar_clear(c);
  cli_note(c, "%s, %s: %s (paper %s), %s", row->name, row->metric, cli_digits(ours, r->ours, 4),
           isnan(row->paper) ? "none" : cli_digits(paper, row->paper, 4), cli_duration(time, r->seconds));
}

/* Ours is within the row's tolerance, or on the right side of it; rows without one hold. */
static bool holds(const weyl_recipe_row *row, const weyl_recipe_result *r) {
  const double over = r->ours - row->paper;
  if (isnan(row->tolerance) || isnan(row->paper)) return true;
  return (strcmp(row->better, "higher") == 0  ? -over
          : strcmp(row->better, "lower") == 0 ? over
                                              : fabs(over)) <= row->tolerance;
}

static void json_row(weyl_json *json, const weyl_recipe_row *row, const weyl_recipe_result *r) {
  weyl_json_object(json, NULL);
  weyl_json_string(json, "name", row->name);
  weyl_json_string(json, "task", row->task);
  weyl_json_string(json, "model", row->model);
  weyl_json_string(json, "symmetry", row->symmetry);
  weyl_json_string(json, "metric", row->metric);
  if (isnan(row->paper))
    weyl_json_string(json, "paper", NULL);
  else
    weyl_json_number(json, "paper", row->paper);
  weyl_json_number(json, "ours", r->ours);
  weyl_json_number(json, "std", r->std);
  weyl_json_integer(json, "seeds", r->seeds);
  weyl_json_string(json, "budget", r->budget);
  weyl_json_string(json, "source", row->source);
  weyl_json_string(json, "better", row->better);
  if (row->study) {
    if (isnan(row->tolerance))
      weyl_json_string(json, "tolerance", NULL);
    else
      weyl_json_number(json, "tolerance", row->tolerance);
    weyl_json_bool(json, "holds", holds(row, r));
  }
  weyl_json_number(json, "seconds", r->seconds);
  weyl_json_number(json, "seconds_per_epoch", r->seconds_per_epoch);
  weyl_json_end(json);
}

/* Two kinds of tables: what was trained, and what was computed. */
enum { COLUMNS = 7 };
static const char *const trained_head[COLUMNS] = {"model", "metric", "paper", "ours", "std", "s/epoch", "budget"};
static const char *const study_head[COLUMNS] = {"what", "quantity", "known", "ours", "difference", "holds", "budget"};

static weyl_status trained_cells(weyl_arena *arena, const weyl_recipe_row *row, const weyl_recipe_result *r,
                                 const char **at) {
  at[0] = row->name;
  at[1] = row->metric;
  at[2] = isnan(row->paper) ? "" : weyl_arena_printf(arena, "%.4g", row->paper);
  at[3] = weyl_arena_printf(arena, "%.4g", r->ours);
  at[4] = r->seeds > 1 ? weyl_arena_printf(arena, "%.1g", r->std) : "";
  at[5] = r->seconds_per_epoch > 0 ? weyl_arena_printf(arena, "%.2g", r->seconds_per_epoch) : "";
  at[6] = r->budget;
  return at[2] && at[3] && at[4] && at[5] ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status study_cells(weyl_arena *arena, const weyl_recipe_row *row, const weyl_recipe_result *r,
                               const char **at) {
  const bool known = !isnan(row->paper), judged = known && !isnan(row->tolerance);
  at[0] = row->name;
  at[1] = row->metric;
  const bool bound = row->better[0] != 'e';
  at[2] = known ? weyl_arena_printf(arena, "%s%.12g",
                                    !bound                  ? ""
                                    : row->better[0] == 'l' ? "<= "
                                                            : ">= ",
                                    row->paper)
                : "";
  at[3] = r->std > 1e-7 * fabs(r->ours) ? weyl_arena_printf(arena, "%.6g +- %.1g", r->ours, r->std)
                                        : weyl_arena_printf(arena, "%.12g", r->ours);
  at[4] = known ? weyl_arena_printf(arena, "%+.1e", r->ours - row->paper) : "";
  at[5] = !judged ? ""
          : bound && row->tolerance == 0
              ? (holds(row, r) ? "yes" : "NO")
              : weyl_arena_printf(arena, holds(row, r) ? "to %.0e" : "NOT to %.0e", row->tolerance);
  at[6] =
      weyl_arena_printf(arena, "%s%s%s%s", r->budget, *row->source ? " (" : "", row->source, *row->source ? ")" : "");
  return at[2] && at[3] && at[4] && at[5] && at[6] ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status show(cli *c, const weyl_recipe *recipe, const weyl_recipe_result *results, weyl_arena *arena) {
  const size_t rows = weyl_recipe_rows(recipe);
  const char **cells = weyl_arena_array(arena, const char *, COLUMNS *(rows + 1));
  if (!cells) return WEYL_MEMORY;
  double seconds = 0;
  size_t off = 0;
  cli_say(c, "%s\n%s\n", weyl_recipe_title(recipe) ? weyl_recipe_title(recipe) : c->arg[0],
          weyl_recipe_source(recipe) ? weyl_recipe_source(recipe) : "");
  weyl_json_string(c->result, "paper", c->arg[0]);
  weyl_json_array(c->result, "rows");
  for (int study = 0; study < 2; study++) {
    size_t used = 1;
    memcpy(cells, study ? study_head : trained_head, sizeof study_head);
    for (size_t i = 0; i < rows; i++) {
      const weyl_recipe_row *row = weyl_recipe_row_at(recipe, i);
      const weyl_recipe_result *r = &results[i];
      if (r->seeds == 0 || row->study != (study == 1)) continue;
      seconds += r->seconds;
      off += !holds(row, r);
      json_row(c->result, row, r);
      const char **at = &cells[COLUMNS * used++];
      WEYL_TRY(study ? study_cells(arena, row, r, at) : trained_cells(arena, row, r, at));
    }
    if (used > 1) cli_say(c, "\n");
    if (used > 1) cli_table(c, used, COLUMNS, cells);
  }
  weyl_json_end(c->result);
  char time[32];
  cli_say(c, "\n%s of work in this call\n", cli_duration(time, seconds));
  if (off == 0) return WEYL_OK;
  return weyl_fail(c->ctx, WEYL_NO, "%s: %zu rows are not within their tolerance", c->arg[0], off);
}

static weyl_status reproduce(cli *c, const weyl_recipe *recipe, weyl_arena *arena) {
  const char *task = cli_string(c, "task"), *only = cli_string(c, "only");
  const size_t rows = weyl_recipe_rows(recipe);
  size_t wanted = 0;
  for (size_t i = 0; i < rows; i++) {
    const weyl_recipe_row *row = weyl_recipe_row_at(recipe, i);
    wanted += (!task || strcmp(row->task, task) == 0) && (!only || strstr(row->name, only));
  }
  if (wanted == 0) {
    snprintf(c->place, sizeof c->place, only ? "--only" : "--task");
    if (only)
      return weyl_fail(c->ctx, WEYL_UNKNOWN, "%s has no row with \"%s\" in its name%s%s", c->arg[0], only,
                       task ? " and of task " : "", task ? task : "");
    return weyl_fail(c->ctx, WEYL_UNKNOWN, "%s has no row of task \"%s\"", c->arg[0], task ? task : "");
  }
  weyl_recipe_result *results = weyl_arena_array(arena, weyl_recipe_result, rows);
  if (!results) return WEYL_MEMORY;
  const bool full = cli_bool(c, "full");
  char folder[512];
  const char *base = strrchr(c->arg[0], '/');
  if (cli_string(c, "out"))
    snprintf(folder, sizeof folder, "%s", cli_string(c, "out"));
  else
    snprintf(folder, sizeof folder, "runs/%s-%s", base ? base + 1 : c->arg[0], full ? "full" : "quick");
  const weyl_recipe_opts opts = {.full = full,
                                 .task = task,
                                 .only = only,
                                 .out = folder,
                                 .data = cli_string(c, "data"),
                                 .stop = cli_stop(),
                                 .comm = c->comm,
                                 .user = c,
                                 .row = row_done};
  const weyl_status status = weyl_recipe_run(c->ctx, recipe, &opts, results);
  if (status == WEYL_INTERRUPTED && weyl_file_exists(folder))
    return weyl_fail_within(c->ctx, status, "what was trained is in %s; the same command goes on", folder);
  WEYL_TRY(status);
  weyl_json_string(c->result, "folder", folder);
  return show(c, recipe, results, arena);
}

static weyl_status run(cli *c) {
  find_installed();
  if (cli_bool(c, "list")) return list(c);
  if (c->args == 0) return weyl_fail(c->ctx, WEYL_BAD_ARG, "which paper? weyl reproduce --list shows them");
  if (cli_bool(c, "full") && cli_bool(c, "quick"))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--quick or --full, not both");
  weyl_recipe *recipe = NULL;
  weyl_arena *arena = NULL;
  cli_studies *studies = NULL;
  weyl_status status;
  WEYL_GOTO(cli_studies_new(c->ctx, &studies));
  WEYL_GOTO(weyl_recipe_open(c->ctx, c->arg[0], cli_studies_list(studies), &recipe));
  WEYL_GOTO(weyl_arena_new(c->ctx, &arena));
  status = reproduce(c, recipe, arena);
done:
  weyl_arena_free(arena);
  weyl_recipe_free(recipe);
  cli_studies_free(studies);
  return status;
}

static const weyl_option options[] = {
    {"quick", WEYL_OPT_BOOL, "no", 0, 0, NULL, "a small budget, minutes on two cores; this is also what no flag means"},
    {"full", WEYL_OPT_BOOL, "no", 0, 0, NULL, "the paper's own protocol: hours"},
    {"task", WEYL_OPT_STRING, "", 0, 0, NULL, "only the rows of this task"},
    {"only", WEYL_OPT_STRING, "", 0, 0, NULL, "only the rows with this in their name"},
    {"list", WEYL_OPT_BOOL, "no", 0, 0, NULL, "the papers there are"},
    {"data", WEYL_OPT_STRING, "", 0, 0, NULL, "file or folder of the data; what is simulated needs none"},
    {"out", WEYL_OPT_STRING, "", 0, 0, NULL,
     "folder for the runs; runs/PAPER-quick or -full when not given. Finished runs there are kept"},
    CLI_OPTION_MPI,
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_reproduce = {
    .name = "reproduce",
    .summary = "repeats a paper's table: the paper's number, ours, and the budget",
    .usage = "[PAPER]",
    .details =
        "Trains or computes every row of a recipe and prints the paper's number, or what is known exactly, beside "
        "ours, "
        "with the budget that ours was given. Runs that are finished are not trained again, and an interrupted call "
        "goes on where it was. Computed rows may have a tolerance: 1 is the exit status when one is not met.",
    .examples =
        "weyl reproduce --list\n"
        "weyl reproduce frame-averaging --task nbody --quick\n"
        "weyl reproduce slepian-iia --quick",
    .options = options,
    .max_args = 1,
    .arg = CLI_ARG_PAPER,
    .computes = true,
    .stops = true,
    .ranks = true,
    .run = run,
};
