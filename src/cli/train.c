/* weyl train: declares what the task and the model can be set to, trains, and says what came out and what to do next.
 */
#include "cli.h"

#include <string.h>

/* The task is the first word that is one, wherever the flags stand: its options must be known to read them. */
static const char *find_task(const cli *c) {
  for (int i = 0; i < c->argc; i++) {
    if (weyl_task_find(c->argv[i])) return c->argv[i];
  }
  if (c->args > 0) return c->arg[0];
  return c->argc > 0 && c->argv[0][0] != '-' ? c->argv[0] : NULL;
}

static weyl_status more(cli *c) {
  const char *task = find_task(c);
  if (!task) {
    char list[512];
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "which task? There is %s", cli_list(list, sizeof list, cli_task_name));
  }
  return weyl_train_options(c->ctx, task, cli_peek(c, "model"), &c->extra);
}

static const char *metric_of(const weyl_metric *metrics, int count, const char *name, char *buffer) {
  for (int i = 0; i < count; i++) {
    if (strcmp(metrics[i].name, name) == 0) return cli_digits(buffer, metrics[i].value, 5);
  }
  return NULL;
}

static void json_metrics(weyl_json *json, const char *key, const weyl_metric *metrics, int count) {
  weyl_json_object(json, key);
  for (int i = 0; i < count; i++) weyl_json_number(json, metrics[i].name, metrics[i].value);
  weyl_json_end(json);
}

static void show(cli *c, const weyl_train_result *r, const char *run) {
  weyl_json *json = c->result;
  weyl_json_string(json, "task", r->task);
  weyl_json_string(json, "model", r->model);
  weyl_json_string(json, "symmetry", r->symmetry);
  weyl_json_integer(json, "params", r->params);
  weyl_json_integer(json, "epochs", r->epochs);
  weyl_json_number(json, "train_loss", r->train_loss);
  json_metrics(json, "valid", r->valid, r->metrics);
  json_metrics(json, "test", r->test, r->metrics);
  weyl_json_integer(json, "best_epoch", r->best_epoch);
  weyl_json_bool(json, "stopped_early", r->stopped_early);
  weyl_json_string(json, "run", run);
  weyl_json_number(json, "seconds_per_epoch", r->seconds_per_epoch);

  char time[32], params[64];
  snprintf(params, sizeof params, "%lld", (long long)r->params);
  cli_say(c, "%s on %s%s%s: %s parameters, %lld epochs%s, best at %lld, %s in all\n\n", r->model, r->task,
          strcmp(r->symmetry, "none") && r->symmetry[0] ? " with " : "", strcmp(r->symmetry, "none") ? r->symmetry : "",
          params, (long long)r->epochs, r->stopped_early ? " (no better validation any more)" : "",
          (long long)r->best_epoch, cli_duration(time, weyl_seconds() - c->start));
  const char *cells[3 * (WEYL_METRICS + 1)] = {"metric", "valid", "test"};
  char numbers[2 * WEYL_METRICS][32];
  for (int i = 0; i < r->metrics; i++) {
    cells[3 * i + 3] = r->test[i].name;
    cells[3 * i + 4] = metric_of(r->valid, r->metrics, r->test[i].name, numbers[2 * i]);
    cells[3 * i + 5] = cli_digits(numbers[2 * i + 1], r->test[i].value, 5);
  }
  cli_table(c, (size_t)r->metrics + 1, 3, cells);
  cli_say(c, "\nwritten to %s; next:\n  weyl audit %s     how symmetric it is\n  weyl report %s    pictures of it\n",
          run, run, run);
}

/* Looked at before anything is computed, and as what was typed rather than read from a file. */
static weyl_status check_symmetry(cli *c) {
  const char *text = cli_string(c, "symmetry");
  bool none;
  char group[32];
  weyl_symmetrize_opts opts;
  if (!text) return WEYL_OK;
  snprintf(c->place, sizeof c->place, "--symmetry");
  const weyl_status status = weyl_symmetry_parse(c->ctx, text, &none, group, &opts);
  if (status != WEYL_OK) return status == WEYL_FORMAT ? WEYL_BAD_ARG : status;
  c->place[0] = '\0';
  return WEYL_OK;
}

static weyl_status run(cli *c) {
  WEYL_TRY(check_symmetry(c));
  const char *task = c->arg[0], *model = cli_string(c, "model");
  char folder[512];
  if (cli_string(c, "out")) {
    snprintf(folder, sizeof folder, "%s", cli_string(c, "out"));
  } else {
    snprintf(folder, sizeof folder, "runs/%s-%s-%llu", task, model ? model : weyl_task_find(task)->model,
             (unsigned long long)cli_seed(c));
  }
  const bool resume = cli_bool(c, "resume"); /* which goes on with the run's own seed */
  const weyl_train_config config = {
      .task = task,
      .model = model,
      .symmetry = cli_string(c, "symmetry"),
      .data = cli_string(c, "data"),
      .out = folder,
      .resume = resume,
      .options = c->extra,
      .seed = resume && !cli_given(c, "seed") ? WEYL_SEED_NOT_GIVEN : cli_seed(c),
      .stop = cli_stop(),
      .comm = c->comm,
  };
  weyl_train_result result = {0};
  WEYL_TRY(weyl_train(c->ctx, &config, &result));
  show(c, &result, folder);
  return WEYL_OK;
}

static const weyl_option options[] = {
    {"model", WEYL_OPT_STRING, "", 0, 0, NULL, "the model; the task's own when not given"},
    {"symmetry", WEYL_OPT_STRING, "", 0, 0, NULL,
     "wrap the model so that it obeys a group: none, frame:E(3), frame:SE(3), sfa:E(3) (one random frame while "
     "training)"},
    {"data", WEYL_OPT_STRING, "", 0, 0, NULL, "file or folder of the data; what is simulated needs none"},
    {"out", WEYL_OPT_STRING, "", 0, 0, NULL, "folder of the run; runs/TASK-MODEL-SEED when not given"},
    {"resume", WEYL_OPT_BOOL, "no", 0, 0, NULL, "go on with the run in --out, bit for bit"},
    {"seed", WEYL_OPT_U64, "1", 0, 0, NULL, "every random choice follows from it"},
    CLI_OPTION_MPI,
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_train = {
    .name = "train",
    .summary = "trains a model on a task",
    .usage = "TASK",
    .details =
        "Trains, keeps the weights that did best on the validation samples, and measures them on the test samples. The "
        "run's "
        "folder holds config.ini, model.safetensors, state.safetensors, log.jsonl and metrics.json.\n\n"
        "How long and how it learns are options of the task and model, set by --set key=value or simply --key value "
        "(--epochs 300, --rate 5e-4, --batch 50); weyl train TASK --model MODEL --help lists them all.\n\n"
        "Ctrl-C stops after the step and saves; --resume goes on. A second Ctrl-C ends at once.\n\n"
        "Under mpirun the processes share the lanes of every batch: 1, 2 or 4 of them give the same weights, byte for "
        "byte.",
    .examples =
        "weyl train nbody --model egnn --epochs 300 --out run\n"
        "weyl train nbody --model gnn --symmetry \"frame:E(3)\" --seed 7\n"
        "weyl train dynamics --data ethanol.npz --set horizon=10\n"
        "weyl train nbody --model egnn --epochs 300 --out run --resume\n"
        "mpirun -n 2 weyl train nbody --model egnn --epochs 300 --out run",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .arg = CLI_ARG_TASK,
    .sets = true,
    .computes = true,
    .stops = true,
    .ranks = true,
    .more = more,
    .run = run,
};
