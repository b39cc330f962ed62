/* weyl eval: the test metrics of a finished run, on its own test samples or on other data. */
#include "cli.h"

#include <string.h>

/* The run's config.ini; WEYL_NO_FILE where there is none. */
static weyl_status read_config(weyl_context *ctx, const char *run, weyl_ini **out) {
  char path[4096];
  snprintf(path, sizeof path, "%s/config.ini", run);
  if (!weyl_file_exists(path))
    return weyl_fail(ctx, WEYL_NO_FILE, "%s is no run directory: there is no config.ini in it", run);
  return weyl_ini_read(ctx, path, out);
}

static const weyl_set_def *set_of(const weyl_ini *config) {
  const char *name = weyl_ini_find(config, "run", "task");
  const weyl_task_def *task = name ? weyl_task_find(name) : NULL;
  return task ? weyl_set_find(task->set) : NULL;
}

/* The options of the run's data set, with the run's values as defaults: --set changes the data it is measured on. */
static weyl_status declare(cli *c, const weyl_ini *config) {
  const weyl_set_def *set = set_of(config);
  size_t n = 0;
  while (set && set->options && set->options[n].name) n++;
  weyl_option *table = weyl_alloc(c->ctx, n + 1, sizeof *table);
  if (!table) return WEYL_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const char *value = weyl_ini_find(config, "options", set->options[i].name);
    table[i] = set->options[i];
    if (value) table[i].fallback = value;
  }
  weyl_status status = weyl_options_new(c->ctx, &c->extra);
  if (status == WEYL_OK && n > 0) status = weyl_options_declare(c->extra, set->name, table);
  weyl_dealloc(c->ctx, table);
  return status == WEYL_BUG ? weyl_fail(c->ctx, WEYL_FORMAT, "the run's options are not those of %s", set->name)
                            : status;
}

static weyl_status more(cli *c) {
  const char *run = c->args > 0 ? c->arg[0] : NULL;
  for (int i = 0; !run && i < c->argc; i++) { /* flags of the data set may stand before the run */
    if (c->argv[i][0] != '-') run = c->argv[i];
  }
  weyl_ini *config = NULL;
  if (!run) return weyl_fail(c->ctx, WEYL_BAD_ARG, "which run? weyl eval RUN");
  WEYL_TRY(read_config(c->ctx, run, &config));
  const weyl_status status = declare(c, config);
  weyl_ini_free(config);
  return status;
}

static bool other_data(const cli *c) {
  const char *value;
  for (size_t i = 0; c->extra && i < weyl_options_count(c->extra); i++) {
    if (!weyl_options_is_default(c->extra, weyl_options_at(c->extra, i, &value)->name)) return true;
  }
  return false;
}

static weyl_status evaluate(cli *c, weyl_trained *trained, const weyl_splits *splits) {
  const char *name = cli_string(c, "split");
  const weyl_dataset *set = strcmp(name, "train") == 0   ? splits->train
                            : strcmp(name, "valid") == 0 ? splits->valid
                                                         : splits->test;
  weyl_metric metrics[WEYL_METRICS];
  int count = 0;
  int64_t samples = 0;
  WEYL_TRY(weyl_trained_eval(trained, set, metrics, &count, &samples));

  const char *cells[2 * (WEYL_METRICS + 1)] = {"metric", name};
  char numbers[WEYL_METRICS][32];
  weyl_json_object(c->result, name);
  for (int i = 0; i < count; i++) {
    weyl_json_number(c->result, metrics[i].name, metrics[i].value);
    cells[2 * i + 2] = metrics[i].name;
    cells[2 * i + 3] = cli_digits(numbers[i], metrics[i].value, 6);
  }
  weyl_json_end(c->result);
  weyl_json_integer(c->result, "samples", samples);
  cli_say(c, "%s on %s, %lld samples\n\n", weyl_trained_model(trained)->name, weyl_trained_task(trained)->name,
          (long long)samples);
  cli_table(c, (size_t)count + 1, 2, cells);
  return WEYL_OK;
}

static weyl_status run(cli *c) {
  weyl_trained *trained = NULL;
  weyl_splits other = {0};
  const weyl_splits *splits = &other;
  weyl_status status;
  const weyl_dtype real = strcmp(cli_string(c, "dtype"), "f64") == 0 ? WEYL_F64 : WEYL_F32;
  WEYL_GOTO(weyl_trained_open(c->ctx, c->arg[0], real, cli_string(c, "data"), &trained));
  if (other_data(c))
    WEYL_GOTO(weyl_trained_load(trained, c->extra, cli_string(c, "data"), &other));
  else
    WEYL_GOTO(weyl_trained_splits(trained, &splits));
  status = evaluate(c, trained, splits);
done:
  weyl_splits_free(&other);
  weyl_trained_free(trained);
  return status;
}

static const weyl_option options[] = {
    CLI_OPTION_DATA,
    {"split", WEYL_OPT_CHOICE, "test", 0, 0, "train|valid|test", "the samples to measure"},
    {"dtype", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "precision of the computation"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_eval = {
    .name = "eval",
    .summary = "measures a trained run on data",
    .details =
        "Prints the metrics of the run's best weights, each the mean over all samples. --set changes options of the "
        "data set: the same "
        "model on other data.",
    .examples = "weyl eval run\nweyl eval run --data other.npz --json\nweyl eval run --set rotate_test=yes",
    .options = options,
    CLI_TAKES_RUN,
    .sets = true,
    .more = more,
    .run = run,
};
