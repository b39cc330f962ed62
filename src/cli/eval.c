/* weyl eval: the test metrics of a finished run, on its own test samples or on other data. */
#include "cli.h"

#include <string.h>

static weyl_status evaluate(cli *c, weyl_trained *trained) {
  const weyl_splits *splits = NULL;
  WEYL_TRY(weyl_trained_splits(trained, &splits));
  const char *name = cli_string(c, "split");
  const weyl_dataset *set = strcmp(name, "train") == 0 ? splits->train : strcmp(name, "valid") == 0 ? splits->valid : splits->test;
  weyl_metric metrics[4];
  int count = 0;
  int64_t samples = 0;
  WEYL_TRY(weyl_trained_eval(trained, set, metrics, &count, &samples));

  const char *cells[10] = {"metric", name};
  char numbers[4][32];
  weyl_json_object(c->result, name);
  for (int i = 0; i < count; i++) {
    weyl_json_number(c->result, metrics[i].name, metrics[i].value);
    cells[2 * i + 2] = metrics[i].name;
    cells[2 * i + 3] = cli_digits(numbers[i], metrics[i].value, 6);
  }
  weyl_json_end(c->result);
  weyl_json_integer(c->result, "samples", samples);
  cli_say(c, "%s on %s, %lld samples\n\n", weyl_trained_model(trained)->name, weyl_trained_task(trained)->name, (long long)samples);
  cli_table(c, (size_t)count + 1, 2, cells);
  return WEYL_OK;
}

static weyl_status run(cli *c) {
  weyl_trained *trained = NULL;
  const weyl_dtype real = strcmp(cli_string(c, "dtype"), "f64") == 0 ? WEYL_F64 : WEYL_F32;
  WEYL_TRY(weyl_trained_open(c->ctx, c->arg[0], real, cli_string(c, "data"), &trained));
  const weyl_status status = evaluate(c, trained);
  weyl_trained_free(trained);
  return status;
}

static const weyl_option options[] = {
    {"data", WEYL_OPT_STRING, "", 0, 0, NULL, "other data than the run's own"},
    {"split", WEYL_OPT_CHOICE, "test", 0, 0, "train|valid|test", "the samples to measure"},
    {"dtype", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "precision of the computation"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_eval = {
    .name = "eval",
    .summary = "measures a trained run on data",
    .usage = "RUN",
    .details = "Prints the metrics of the run's best weights, each the mean over all samples.",
    .examples = "weyl eval run\nweyl eval run --data other.npz --json",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .arg = CLI_ARG_RUN,
    .computes = true,
    .run = run,
};
