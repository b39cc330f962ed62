/* weyl/train.h: tasks, losses, optimisers, schedules, the trainer, checkpoints, evaluation and prediction.
 *
 * A run directory holds config.ini, model.safetensors (parameters and running statistics, and only what determines
 * them), state.safetensors (optimiser, averages, counters), log.jsonl and metrics.json: enough to run it again.
 */
#ifndef WEYL_TRAIN_H
#define WEYL_TRAIN_H

#include <weyl/data.h>
#include <weyl/measure.h>
#include <weyl/models.h>

WEYL_BEGIN_API

/* ---- tasks (tasks.def) --------------------------------------------------------------------------------------------
 */

typedef struct weyl_traced {
  weyl_tensor loss;       /* whole scalar */
  weyl_tensor prediction; /* sharded */
  int metrics;
  const char *metric[4]; /* "mse", "mae": sum of value over sum of weight, both [batch]. The first selects on
                            validation: lower is better */
  weyl_tensor value[4], weight[4];
  bool either[4];    /* a share of pairs put right, when nothing says which of two names is which: a or 1 - a over
                        all samples, the larger */
  weyl_tensor ahead; /* [batch, F] of motion: value of the error at each frame of the future, weighted by weight[0];
                        or null */
  weyl_tensor diagnostic; /* [batch] smallest frame gap, or null */
  weyl_tensor pairs;      /* [edges, categories] what the model says about pairs, or null */
} weyl_traced;

/* How a field of the task's data transforms under a group of space and permutations; fields not listed are invariants.
 * Edge fields are moved as pairs. A NULL name ends the table. */
typedef struct weyl_task_field {
  const char *name;
  weyl_action action;
} weyl_task_field;
/* What is recommended for an option in place of its default; model NULL: with any model. Later rows win; a NULL option
 * ends the table. */
typedef struct weyl_task_default {
  const char *model, *option, *value;
} weyl_task_default;

typedef enum weyl_takes { WEYL_TAKES_POINTS = 0, WEYL_TAKES_MOTION } weyl_takes;

typedef struct weyl_task_def {
  const char *name; /* "nbody" */
  const char *summary;
  const char *set;      /* data set */
  const char *symmetry; /* the group that the task has: "E(3) x S(n)"; (d) is the dimension of its points */
  const char *controls; /* groups that it does not have, audited as controls: comma-separated, or "" */
  weyl_takes takes;     /* which of a model's functions it trains */
  const char *model;    /* default model */
  const weyl_option *options;
  /* Turns a part of the data set into what is traced; NULL: it is so already. */
  weyl_status (*rows)(weyl_context *ctx, const weyl_dataset *given, const weyl_options *options, weyl_dataset **out);
  /* Traces model and loss; inputs are named as the fields of the data set, and node_sample, node_key, sample_key. */
  weyl_traced (*trace)(weyl_graph *g, const weyl_dataset *example, const weyl_model_def *model, const char *symmetry,
                       const weyl_options *options);
  const weyl_task_field *fields;
  weyl_action output; /* of the prediction; the field "target" goes with it */
  const weyl_task_default *defaults;
} weyl_task_def;
const weyl_task_def *weyl_task_find(const char *name);
const weyl_task_def *const *weyl_tasks(void);

/* ---- many processes
 * ---------------------------------------------------------------------------------------------------- */

/* How ranks reach each other: what a message-passing library has to give. Made by the module weyl-mpi, which the
 * command opens; a program of one's own can hand in another. */
typedef struct weyl_transport {
  void *self;
  int rank, size;
  /* Sends to rank `to` while it receives from rank `from`; -1: there is no such half. Back when both buffers are free.
   * One call at a time, from any thread. */
  weyl_status (*exchange)(void *self, int to, const void *send, size_t send_bytes, int from, void *receive,
                          size_t receive_bytes);
} weyl_transport;
/* Sums by the binary tree over ranks (that of the lanes, so equal bytes for any number of ranks), on top of a
 * transport, which must outlive it. Nothing is allocated afterwards. */
WEYL_MUST_CHECK weyl_status weyl_comm_new(weyl_context *ctx, const weyl_transport *transport, weyl_comm **out);
void weyl_comm_free(weyl_comm *comm);
/* True once the ranks agreed on a failure: all of them know, and each can end by itself. */
bool weyl_comm_failed(const weyl_comm *comm);

/* ---- loading batches
 * ------------------------------------------------------------------------------------------------- */

/* Turns samples of a data set into the batch of one program: whole samples laid out in shards by WEYL_SHARD_BYTES (or a
 * fixed number of samples per shard, for tests), inputs converted to the program's type. */
typedef struct weyl_loader weyl_loader;
WEYL_MUST_CHECK weyl_status weyl_loader_new(weyl_context *ctx, const weyl_dataset *set, const weyl_program *program,
                                            int64_t shard_samples, weyl_loader **out);
void weyl_loader_free(weyl_loader *loader);
WEYL_MUST_CHECK weyl_status weyl_loader_fill(weyl_loader *loader, const int64_t *samples, int64_t n, uint64_t seed,
                                             uint64_t step, weyl_batch *out);
/* The next batches hold only the rows that this rank runs (weyl_program_share); counts and totals stay those of the
 * whole batch. 0 of 1: all rows. */
void weyl_loader_share(weyl_loader *loader, int rank, int ranks);
/* A whole input that is not in the data (a learning rate): copied into the next batches. */
WEYL_MUST_CHECK weyl_status weyl_loader_set(weyl_loader *loader, const char *input, double value);

/* ---- optimisers and schedules: traced like the rest
 * --------------------------------------------------------------------- */

/* Declares the optimiser's slots and assigns the new parameters. rate: a whole scalar input "rate". Options: optimiser
 * (sgd adam adamw amsgrad), momentum, beta1, beta2, eps, weight_decay, clip_norm (0 off), ema (0 off). Returns the
 * gradient's norm. */
weyl_tensor weyl_optimiser_trace(weyl_graph *g, weyl_tensor loss, const weyl_options *options);
/* The learning rate at a step (0-based): schedule constant | cosine (with warm-up) | step | plateau. */
typedef struct weyl_schedule weyl_schedule;
WEYL_MUST_CHECK weyl_status weyl_schedule_new(weyl_context *ctx, const weyl_options *options, int64_t steps_per_epoch,
                                              weyl_schedule **out);
void weyl_schedule_free(weyl_schedule *schedule);
double weyl_schedule_rate(const weyl_schedule *schedule, int64_t step);
void weyl_schedule_observe(weyl_schedule *schedule, int64_t epoch, double validation); /* plateau */

/* ---- training
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct weyl_train_config {
  const char *task, *model, *symmetry, *data; /* model, symmetry, data may be NULL: the task's defaults */
  const char *out; /* run directory, made if absent; an existing run there is WEYL_BAD_ARG unless resume */
  bool resume;
  const weyl_options *options; /* train, task, model and data set options, declared by weyl_train_options */
  uint64_t seed; /* a run that is resumed has its own: another one is WEYL_BAD_ARG, WEYL_SEED_NOT_GIVEN is not */
  const volatile int *stop; /* set by a signal handler: finish the step, save, return WEYL_INTERRUPTED; may be NULL */
  const weyl_comm *comm;    /* NULL: one process. Rank 0 writes the files; a stop on any rank stops all */
} weyl_train_config;

enum { WEYL_METRICS = 16 }; /* of a run, at most */
typedef struct weyl_metric {
  char name[32]; /* "mse", "error at 400 ms" */
  double value;
} weyl_metric;
typedef struct weyl_train_result {
  char task[32], model[64], symmetry[64];
  int64_t params, epochs, best_epoch;
  double train_loss, seconds_per_epoch;
  int metrics;
  weyl_metric valid[WEYL_METRICS], test[WEYL_METRICS];
  bool stopped_early;
} weyl_train_result;
/* Every option that training a task with a model takes: names are unique over the tables. task NULL: the options of
 * training and of the model alone. */
WEYL_MUST_CHECK weyl_status weyl_train_options(weyl_context *ctx, const char *task, const char *model,
                                               weyl_options **out);
WEYL_MUST_CHECK weyl_status weyl_train(weyl_context *ctx, const weyl_train_config *config, weyl_train_result *out);

/* ---- the training step alone
 * ---------------------------------------------------------------------------------------------------- */

/* The program that weyl_train repeats, with fresh parameters, for who feeds and times it himself. Outputs: the loss and
 * the gradient's norm; inputs: the fields of the data set, and the whole number "rate". */
typedef struct weyl_stepper weyl_stepper;
/* config: out, resume, data and stop are not looked at. example: a set with the fields of the task's data.
 * WEYL_UNSUPPORTED for a model without parameters. */
WEYL_MUST_CHECK weyl_status weyl_stepper_new(weyl_context *ctx, const weyl_train_config *config,
                                             const weyl_dataset *example, weyl_stepper **out);
void weyl_stepper_free(weyl_stepper *stepper);
weyl_program *weyl_stepper_program(const weyl_stepper *stepper);
const weyl_variables *weyl_stepper_variables(const weyl_stepper *stepper);
const weyl_options *weyl_stepper_options(const weyl_stepper *stepper);

/* ---- finished runs
 * -------------------------------------------------------------------------------------------------------------- */

typedef struct weyl_trained weyl_trained; /* a run directory opened: configuration, weights, data on demand */
/* real: WEYL_F32 or WEYL_F64 (weights converted). data: overrides the run's data path, may be NULL. */
WEYL_MUST_CHECK weyl_status weyl_trained_open(weyl_context *ctx, const char *run, weyl_dtype real, const char *data,
                                              weyl_trained **out);
void weyl_trained_free(weyl_trained *trained);
const weyl_task_def *weyl_trained_task(const weyl_trained *trained);
const weyl_model_def *weyl_trained_model(const weyl_trained *trained);
const char *weyl_trained_group(const weyl_trained *trained); /* of the task, on these data: "E(2) x S(n)" */
const char *weyl_trained_symmetry(const weyl_trained *trained);
const weyl_options *weyl_trained_options(const weyl_trained *trained);
uint64_t weyl_trained_seed(const weyl_trained *trained);
weyl_program *weyl_trained_program(const weyl_trained *trained); /* the evaluation program */
WEYL_MUST_CHECK weyl_status weyl_trained_train_program(weyl_trained *trained,
                                                       weyl_program **out); /* the training step's, for explain */
WEYL_MUST_CHECK weyl_status weyl_trained_splits(weyl_trained *trained, const weyl_splits **out);
/* Other data of the same kind: the data set's own options (NULL: the run's) and path (NULL: the run's). */
WEYL_MUST_CHECK weyl_status weyl_trained_load(weyl_trained *trained, const weyl_options *of_set, const char *path,
                                              weyl_splits *out);
WEYL_MUST_CHECK weyl_status weyl_trained_eval(weyl_trained *trained, const weyl_dataset *set,
                                              weyl_metric metrics[WEYL_METRICS], int *count, int64_t *samples);
/* Mean errors at each frame of the future, of the best guess at that frame: [F], in double. The metrics "error at ..."
 * are some of them. WEYL_UNSUPPORTED for tasks that are no motion. */
WEYL_MUST_CHECK weyl_status weyl_trained_errors(weyl_trained *trained, const weyl_dataset *set, weyl_arena *arena,
                                                weyl_array *out);
/* Predictions for all samples of a set: rows as the set's nodes, [nodes, width], in double. */
WEYL_MUST_CHECK weyl_status weyl_trained_predict(weyl_trained *trained, const weyl_dataset *set, weyl_arena *arena,
                                                 weyl_array *out, double *smallest_gap);
/* What the model says of pairs, rows of probabilities in the order of the set's edges: [edges, categories], in double.
 * WEYL_UNSUPPORTED for a model that says nothing. */
WEYL_MUST_CHECK weyl_status weyl_trained_pairs(weyl_trained *trained, const weyl_dataset *set, weyl_arena *arena,
                                               weyl_array *out);
/* Equivariance of the run's model on its test inputs, in the precision it was opened with. */
WEYL_MUST_CHECK weyl_status weyl_trained_audit(weyl_trained *trained, weyl_arena *arena, const weyl_group *group,
                                               const weyl_audit_opts *opts, weyl_audit_result *out,
                                               double *smallest_gap);

/* ---- recipes: published experiments as INI files ---- */

/* A recipe holds [paper] (format, title, spec, source), [quick] and [full] (seeds, and options of all rows that take
 * them) and one section a row: task, model, symmetry, file (of the data folder), metric, paper, source, better, and
 * options as option.NAME (always), quick.NAME or full.NAME. A row with `run = ROW` trains nothing: it evaluates that
 * row's run on data made with its own options. A row with `study = NAME` computes a quantity, its metric, from options:
 * `each.NAME = A B C` makes a row of each, with as many numbers behind `paper` (- for none), and `tolerance` is how far
 * ours may be from it, or on the wrong side of it where `better` is lower (at most) or higher (at least). Recipes are
 * looked for in $WEYL_RECIPES, the source tree and the installed folder, in this order. */
typedef struct weyl_recipe weyl_recipe;
typedef struct weyl_recipe_row {
  const char *name, *task, *model, *symmetry; /* symmetry: "none" when the row has none; a study is its own task */
  const char *metric;                         /* "test mse" */
  double paper;                               /* the paper's number, NaN: none */
  const char *source, *better;                /* where it stands; "lower" or "higher", of a study also "equal" */
  bool study;
  double tolerance; /* of a study; NaN: none */
} weyl_recipe_row;
/* A kind of rows that is no training: `run` computes one quantity. The state is its own. */
typedef struct weyl_recipe_study {
  const char *name;
  const weyl_option *options;
  const char *const *quantities; /* NULL ends */
  void *state;
  weyl_status (*run)(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *value,
                     double *error, char budget[160]);
} weyl_recipe_study;
typedef struct weyl_recipe_result {
  double ours,
      std; /* mean and standard deviation over the seeds (0 for one), or a study's error; of the row's metric */
  int seeds;
  char budget[160];         /* "300 epochs of 3000 samples, 1 seed" */
  double seconds;           /* of training in this call; 0 for rows that were finished before */
  double seconds_per_epoch; /* mean over the seeds, whenever they ran; 0 where nothing was trained */
} weyl_recipe_result;
/* Names of the recipes found, in the arena, sorted; NULL ends. */
WEYL_MUST_CHECK weyl_status weyl_recipe_list(weyl_context *ctx, weyl_arena *arena, const char ***names);
/* By name ("frame-averaging") or by the path of an INI file. studies: those that rows may name, NULL ends, or NULL;
 * they outlive the recipe. */
WEYL_MUST_CHECK weyl_status weyl_recipe_open(weyl_context *ctx, const char *name,
                                             const weyl_recipe_study *const *studies, weyl_recipe **out);
void weyl_recipe_free(weyl_recipe *recipe);
const char *weyl_recipe_title(const weyl_recipe *recipe);
const char *weyl_recipe_spec(const weyl_recipe *recipe);
const char *weyl_recipe_source(const weyl_recipe *recipe);
size_t weyl_recipe_rows(const weyl_recipe *recipe);
const weyl_recipe_row *weyl_recipe_row_at(const weyl_recipe *recipe, size_t i);
typedef struct weyl_recipe_opts {
  bool full;        /* the paper's protocol in place of the quick one */
  const char *task; /* only rows of this task; NULL: all */
  const char *only; /* only rows with this in their name; NULL: all */
  const char *out; /* folder: one run folder a row and seed; runs found finished there are not trained again, unfinished
                      ones go on */
  const char *data;        /* data path, or NULL */
  const weyl_options *set; /* NULL, or options whose values that are set win over the recipe's */
  const volatile int *stop;
  const weyl_comm *comm; /* as for weyl_train */
  void *user;            /* handed to `row` */
  void (*row)(void *user, const weyl_recipe_row *row,
              const weyl_recipe_result *result); /* after each row; may be NULL */
} weyl_recipe_opts;
/* results [rows]; rows left out by `task` and `only` have seeds = 0. */
WEYL_MUST_CHECK weyl_status weyl_recipe_run(weyl_context *ctx, const weyl_recipe *recipe, const weyl_recipe_opts *opts,
                                            weyl_recipe_result *results);

WEYL_END_API
#endif
