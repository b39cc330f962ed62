/* weyl predict: every frame of a file of trajectories goes through a trained run; what it predicts is written as
 * trajectories. */
#include "predict.h"

#include <math.h>
#include <string.h>

/* The mean position that the run's data had taken off, when its option `centre` is set: given back to the prediction.
 */
static void add_centre(const weyl_trajectory *t, int64_t frame, int64_t dim, double *prediction) {
  const int64_t used = t->d < dim ? t->d : dim;
  for (int64_t k = 0; k < used; k++) {
    double mean = 0;
    for (int64_t p = 0; p < t->points; p++) mean += t->position[(frame * t->points + p) * t->d + k] / (double)t->points;
    for (int64_t p = 0; p < t->points; p++) prediction[p * dim + k] += mean;
  }
}

/* The same systems with the predicted positions [rows][dim], in the order of weyl_dynamics_inputs. */
static weyl_status rebuild(cli *c, const weyl_trajectories *in, double *rows, int64_t dim, bool centred,
                           weyl_arena *arena, weyl_trajectories *out) {
  weyl_trajectory *item = weyl_arena_array(arena, weyl_trajectory, in->count);
  if (!item) return weyl_fail(c->ctx, WEYL_MEMORY, "no memory for %lld trajectories", (long long)in->count);
  for (int64_t i = 0; i < in->count; i++) {
    const weyl_trajectory *t = &in->item[i];
    const int64_t back = t->velocity ? 0 : 1;
    item[i] = *t;
    item[i].frames = t->frames - back;
    item[i].d = dim;
    item[i].velocity = item[i].force = item[i].energy = NULL;
    item[i].position = rows;
    for (int64_t f = 0; f < item[i].frames; f++) {
      if (centred) add_centre(t, f + back, dim, rows);
      rows += t->points * dim;
    }
  }
  *out = *in;
  out->item = item;
  return WEYL_OK;
}

static weyl_status predict(cli *c, weyl_trained *trained, const weyl_trajectories *in, weyl_arena *arena) {
  const char *source = cli_string(c, "in"), *target = cli_string(c, "out");
  const weyl_splits *splits = NULL;
  weyl_dataset *inputs = NULL;
  const weyl_options *o = weyl_trained_options(trained);
  weyl_status status;
  WEYL_GOTO(weyl_trained_splits(trained, &splits));
  WEYL_GOTO(weyl_dynamics_inputs(c->ctx, o, in, source, splits->train, &inputs));
  weyl_array rows;
  double gap = INFINITY;
  WEYL_GOTO(weyl_trained_predict(trained, inputs, arena, &rows, &gap));
  const int64_t dim = rows.rank > 1 ? rows.dim[1] : 1;
  const bool centred = weyl_options_has(o, "centre") && weyl_options_bool(o, "centre");
  weyl_trajectories out;
  WEYL_GOTO(rebuild(c, in, rows.data, dim, centred, arena, &out));
  WEYL_GOTO(weyl_trajectories_write(c->ctx, target, &out));

  weyl_json_string(c->result, "in", source);
  weyl_json_string(c->result, "out", target);
  weyl_json_integer(c->result, "trajectories", in->count);
  weyl_json_integer(c->result, "samples", weyl_dataset_samples(inputs));
  if (weyl_options_has(o, "horizon")) weyl_json_integer(c->result, "horizon", weyl_options_integer(o, "horizon"));
  if (isfinite(gap)) weyl_json_number(c->result, "smallest_gap", gap);
  cli_say(c, "%lld frames of %lld %s predicted", (long long)weyl_dataset_samples(inputs), (long long)in->count,
          in->count == 1 ? "trajectory" : "trajectories");
  if (weyl_options_has(o, "horizon"))
    cli_say(c, ", each %lld frames ahead", (long long)weyl_options_integer(o, "horizon"));
  cli_say(c, ": %s\n", target);
done:
  weyl_dataset_free(inputs);
  return status;
}

static weyl_status predict_points(cli *c, weyl_trained *trained) {
  weyl_arena *arena = NULL;
  weyl_trajectories in = {0};
  weyl_status status;
  if (!cli_string(c, "in") || !cli_string(c, "out"))
    return weyl_fail(c->ctx, WEYL_BAD_ARG,
                     "--in and --out are needed: weyl predict RUN --in water.extxyz --out later.extxyz");
  if (cli_string(c, "graphs"))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--graphs is for tasks on motion, this run is of %s",
                     weyl_trained_task(trained)->name);
  WEYL_GOTO(weyl_trajectories_read(c->ctx, cli_string(c, "in"), &in));
  WEYL_GOTO(weyl_arena_new(c->ctx, &arena));
  status = predict(c, trained, &in, arena);
done:
  weyl_arena_free(arena);
  weyl_trajectories_free(&in);
  return status;
}

static weyl_status run(cli *c) {
  weyl_trained *trained = NULL;
  const weyl_dtype real = strcmp(cli_string(c, "dtype"), "f64") == 0 ? WEYL_F64 : WEYL_F32;
  if (!cli_string(c, "out") && !cli_string(c, "graphs"))
    return weyl_fail(c->ctx, WEYL_BAD_ARG,
                     "--in and --out are needed: weyl predict RUN --in water.extxyz --out later.extxyz");
  WEYL_TRY(weyl_trained_open(c->ctx, c->arg[0], real, cli_string(c, "data"), &trained));
  const weyl_status status = weyl_trained_task(trained)->takes == WEYL_TAKES_MOTION ? cli_predict_motion(c, trained)
                                                                                    : predict_points(c, trained);
  weyl_trained_free(trained);
  return status;
}

static const weyl_option options[] = {
    {"in", WEYL_OPT_STRING, "", 0, 0, NULL,
     "trajectories to start from: npz, extended xyz or HDF5; motion: any file that weyl data info knows, default the "
     "run's test windows"},
    {"out", WEYL_OPT_STRING, "", 0, 0, NULL, "the file to write, npz or extended xyz by its name; motion: npz or csv"},
    {"graphs", WEYL_OPT_STRING, "", 0, 0, NULL, "motion: a JSON file of who interacts with whom in each window"},
    {"data", WEYL_OPT_STRING, "", 0, 0, NULL, "where the run's own data are, if they moved"},
    {"dtype", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "precision of the computation"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_predict = {
    .name = "predict",
    .summary = "lets a trained run predict from the frames of a file",
    .details =
        "Every frame of the file is an input (the first is not where the file has no velocities: they are differences "
        "to the frame "
        "before). Frame k of the file written is what the model predicts from input k, as far ahead as it was trained "
        "for; types, charges "
        "and cells are handed on.\n\n"
        "Runs on motion: every window of past frames is an input. An npz holds past [S,N,T,d], future "
        "[S,N,guesses,F,d] (NaN for the neighbours of an ego), agents [S] (rows behind them are zero), scene and start "
        "of the windows, and categories "
        "[S,N,N,K]; a csv has one row for each window, agent, guess and frame. --graphs: for each window the "
        "probabilities of the categories of its pairs, receiver first.",
    .examples =
        "weyl predict run --in ethanol.npz --out later.extxyz\n"
        "weyl predict run --in walkers.csv --out later.csv --graphs who.json",
    .options = options,
    CLI_TAKES_RUN,
    .run = run,
};
