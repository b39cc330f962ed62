/* Running recipes: one training a row and seed, and what came out of it. */
#include "recipe.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "config.h"

typedef struct job {
  weyl_context *ctx;
  const weyl_recipe *recipe;
  const weyl_recipe_opts *opts;
  weyl_arena *arena;
  int mode; /* 1: quick, 2: full */
} job;

/* "fa-gnn residual", 1 -> OUT/fa-gnn-residual-seed1 */
static char *run_folder(const job *j, const recipe_row *row, int seed) {
  char *folder = weyl_arena_printf(j->arena, "%s/%s-seed%d", j->opts->out, row->shown.name, seed);
  for (char *c = folder != NULL ? folder + strlen(j->opts->out) + 1 : NULL; c != NULL && *c != '\0'; c++)
    if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL) *c = '-';
  return folder;
}

/* ---- options ---- */

/* A finished or unfinished run in the folder must be of this very row. */
static weyl_status same_run(const job *j, const char *folder, const recipe_row *row, const weyl_options *wanted) {
  train_config c;
  const char *path = train_path(j->arena, folder, "config.ini");
  if (path == NULL) return WEYL_MEMORY;
  WEYL_TRY(train_config_read(j->ctx, j->arena, path, &c));
  weyl_status status = WEYL_OK;
  if (strcmp(c.task->name, row->shown.task) != 0 || strcmp(c.model->name, row->shown.model) != 0 ||
      strcmp(c.symmetry, row->shown.symmetry) != 0)
    status = weyl_fail(j->ctx, WEYL_BAD_ARG, "%s holds another run (%s, %s, %s): remove it, or name another folder",
                       folder, c.task->name, c.model->name, c.symmetry);
  for (size_t i = 0; status == WEYL_OK && i < weyl_options_count(wanted); i++) {
    const char *value, *name = weyl_options_at(wanted, i, &value)->name;
    if (strcmp(weyl_options_string(c.options, name), value) != 0)
      status = weyl_fail(j->ctx, WEYL_BAD_ARG,
                         "%s holds a run with %s = %s, the recipe says %s: remove it, or name another folder", folder,
                         name, weyl_options_string(c.options, name), value);
  }
  weyl_options_free(c.options);
  return status;
}

/* ---- results ---- */

static weyl_status no_metric(const job *j, const recipe_row *row, const char *where) {
  return weyl_fail(j->ctx, WEYL_FORMAT, "%s:%d: row [%s]: no metric \"%s\" in %s", j->recipe->path, row->line,
                   row->shown.name, row->metric, where);
}

typedef struct seed_result {
  double ours, seconds_per_epoch;
  int64_t epochs, samples;
} seed_result;

static weyl_status read_metrics(const job *j, const recipe_row *row, const char *path, seed_result *out) {
  json_error_t error;
  json_t *all = json_load_file(path, 0, &error);
  if (all == NULL) return weyl_fail(j->ctx, WEYL_FORMAT, "%s:%d: %s", path, error.line, error.text);
  const json_t *value = json_object_get(json_object_get(all, row->valid ? "valid" : "test"), row->metric);
  const bool found = json_is_number(value);
  *out = (seed_result){.ours = json_number_value(value),
                       .seconds_per_epoch = json_number_value(json_object_get(all, "seconds_per_epoch")),
                       .epochs = json_integer_value(json_object_get(all, "epochs")),
                       .samples = json_integer_value(json_object_get(json_object_get(all, "samples"), "train"))};
  json_decref(all);
  return found ? WEYL_OK : no_metric(j, row, path);
}

/* The data as the caller names them, or the row's own file among them. */
static weyl_status data_of(const job *j, const recipe_row *row, const char **path) {
  *path = j->opts->data;
  if (row->file == NULL) return WEYL_OK;
  if (*path == NULL || **path == '\0')
    return weyl_fail(j->ctx, WEYL_BAD_ARG, "no data given, expected a folder with %s", row->file);
  *path = train_path(j->arena, *path, row->file);
  return *path != NULL ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status train_seed(const job *j, const recipe_row *row, int seed, seed_result *out) {
  const char *folder = run_folder(j, row, seed);
  const char *config = folder != NULL ? train_path(j->arena, folder, "config.ini") : NULL;
  const char *metrics = folder != NULL ? train_path(j->arena, folder, "metrics.json") : NULL, *data;
  if (config == NULL || metrics == NULL) return WEYL_MEMORY;
  weyl_options *o = NULL;
  weyl_status status;
  WEYL_GOTO(data_of(j, row, &data));
  WEYL_GOTO(weyl_train_options(j->ctx, row->shown.task, row->shown.model, &o));
  WEYL_GOTO(recipe_options(j->recipe, row, j->mode, j->opts->set, o));
  const bool begun = weyl_file_exists(config);
  if (begun) WEYL_GOTO(same_run(j, folder, row, o));
  if (!begun || !weyl_file_exists(metrics)) {
    weyl_train_result ignored;
    const weyl_train_config asked = {.task = row->shown.task,
                                     .model = row->shown.model,
                                     .symmetry = row->shown.symmetry,
                                     .data = data,
                                     .out = folder,
                                     .resume = begun,
                                     .options = o,
                                     .seed = (uint64_t)seed,
                                     .stop = j->opts->stop,
                                     .comm = j->opts->comm};
    WEYL_GOTO(weyl_train(j->ctx, &asked, &ignored));
  }
  status = read_metrics(j, row, metrics, out);
done:
  weyl_options_free(o);
  return status;
}

/* The finished run of another row on its own data: as it wrote it down. False: it did not. */
static bool written_down(const job *j, const recipe_row *row, const recipe_row *of, int seed, seed_result *out) {
  const char *folder = run_folder(j, of, seed);
  const char *metrics = folder != NULL ? train_path(j->arena, folder, "metrics.json") : NULL;
  if (row->options > 0 || metrics == NULL || !weyl_file_exists(metrics)) return false;
  if (read_metrics(j, row, metrics, out) == WEYL_OK) return true;
  weyl_message_clear(j->ctx);
  return false;
}

/* The finished run of another row, on data made with this row's options. */
static weyl_status evaluate_seed(const job *j, const recipe_row *row, const recipe_row *of, int seed, double *ours) {
  const char *folder = run_folder(j, of, seed);
  const char *path = folder != NULL ? train_path(j->arena, folder, "config.ini") : NULL;
  if (path == NULL) return WEYL_MEMORY;
  train_config c = {0};
  weyl_splits splits = {0};
  weyl_trained *trained = NULL;
  weyl_metric metrics[WEYL_METRICS];
  int count = 0;
  int64_t samples;
  weyl_status status;
  WEYL_GOTO(train_config_read(j->ctx, j->arena, path, &c));
  WEYL_GOTO(recipe_row_options(j->recipe, row, j->mode, c.options));
  WEYL_GOTO(train_splits_load(j->ctx, c.task, c.set, c.options, c.options, c.data, c.seed, &splits));
  const bool twice = strcmp(weyl_options_string(c.options, "dtype"), "f64") == 0;
  WEYL_GOTO(weyl_trained_open(j->ctx, folder, twice ? WEYL_F64 : WEYL_F32, NULL, &trained));
  WEYL_GOTO(weyl_trained_eval(trained, row->valid ? splits.valid : splits.test, metrics, &count, &samples));
  int k = 0;
  while (k < count && strcmp(metrics[k].name, row->metric) != 0) k++;
  if (k < count)
    *ours = metrics[k].value;
  else
    status = no_metric(j, row, folder);
done:
  weyl_trained_free(trained);
  weyl_splits_free(&splits);
  weyl_options_free(c.options);
  return status;
}

static weyl_status run_study(const job *j, const recipe_row *row, weyl_recipe_result *out) {
  weyl_options *o = NULL;
  weyl_recipe_result r = {.seeds = 1};
  const double start = weyl_seconds();
  weyl_status status;
  WEYL_GOTO(recipe_options_new(j->recipe, row, &o));
  WEYL_GOTO(recipe_options(j->recipe, row, j->mode, j->opts->set, o));
  WEYL_GOTO(row->study->run(row->study->state, j->ctx, row->shown.metric, o, &r.ours, &r.std, r.budget));
  r.seconds = weyl_seconds() - start;
  *out = r;
done:
  weyl_options_free(o);
  return status;
}

static weyl_status run_row(const job *j, const recipe_row *row, weyl_recipe_result *out) {
  if (row->study != NULL) return run_study(j, row, out);
  const recipe_row *of = NULL;
  for (size_t i = 0; row->run != NULL && i < j->recipe->rows; i++)
    if (strcmp(j->recipe->row[i].shown.name, row->run) == 0) of = &j->recipe->row[i];

  const int seeds = j->recipe->seeds[j->mode];
  const double start = weyl_seconds();
  double sum = 0, squares = 0, per_epoch = 0;
  seed_result s = {0};
  for (int seed = 1; seed <= seeds; seed++) {
    if (of == NULL)
      WEYL_TRY(train_seed(j, row, seed, &s));
    else if (written_down(j, row, of, seed, &s))
      s.seconds_per_epoch = 0;
    else
      WEYL_TRY(evaluate_seed(j, row, of, seed, &s.ours));
    /* Welford's update */
    const double off = s.ours - sum / (seed > 1 ? seed - 1 : 1);
    sum += s.ours;
    squares += off * (s.ours - sum / seed);
    per_epoch += s.seconds_per_epoch / seeds;
  }
  weyl_recipe_result r = {.ours = sum / seeds,
                          .std = seeds > 1 ? sqrt(squares / (seeds - 1)) : 0,
                          .seeds = seeds,
                          .seconds = weyl_seconds() - start,
                          .seconds_per_epoch = per_epoch};
  const char *plural = seeds > 1 ? "s" : "";
  if (of != NULL)
    snprintf(r.budget, sizeof r.budget, "the run of %s, %d seed%s", row->run, seeds, plural);
  else
    snprintf(r.budget, sizeof r.budget, "%lld epochs of %lld samples, %d seed%s", (long long)s.epochs,
             (long long)s.samples, seeds, plural);
  *out = r;
  return WEYL_OK;
}

weyl_status weyl_recipe_run(weyl_context *ctx, const weyl_recipe *recipe, const weyl_recipe_opts *opts,
                            weyl_recipe_result *results) {
  if (opts->out == NULL || *opts->out == '\0')
    return weyl_fail(ctx, WEYL_BAD_ARG, "a recipe needs a folder for its runs");
  job j = {.ctx = ctx, .recipe = recipe, .opts = opts, .mode = opts->full ? 2 : 1};
  WEYL_TRY(weyl_arena_new(ctx, &j.arena));
  weyl_status status = WEYL_OK;
  for (size_t i = 0; i < recipe->rows && status == WEYL_OK; i++) {
    const recipe_row *row = &recipe->row[i];
    results[i] = (weyl_recipe_result){0};
    if (opts->task != NULL && *opts->task != '\0' && strcmp(opts->task, row->shown.task) != 0) continue;
    if (opts->only != NULL && strstr(row->shown.name, opts->only) == NULL) continue;
    status = run_row(&j, row, &results[i]);
    if (status != WEYL_OK)
      status = weyl_fail_within(ctx, status, "row \"%s\"", row->shown.name);
    else if (opts->row != NULL)
      opts->row(opts->user, &row->shown, &results[i]);
  }
  weyl_arena_free(j.arena);
  return status;
}
