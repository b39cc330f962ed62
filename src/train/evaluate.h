/* A model traced for evaluation, with everything needed to run it on a data set. */
#ifndef WEYL_TRAIN_EVALUATE_H
#define WEYL_TRAIN_EVALUATE_H

#include "horizons.h"
#include "tasks.h"

typedef struct train_evaluator {
  weyl_context *ctx;
  weyl_graph *graph;
  weyl_traced traced;
  weyl_program *program;
  weyl_run *run;
  weyl_run *shared;             /* on several ranks; NULL until it is needed */
  int64_t shard;                /* samples a shard, 0: by formula */
  int ahead, diagnostic, pairs; /* numbers of the program's outputs, -1: none. Outputs: prediction, then value and
                                   weight of each metric, then these */
  train_horizons horizons;
  double *errors; /* [F] sums under way */
  int64_t *order; /* 0, 1, 2, ... */
  int64_t room;
} train_evaluator;

/* vars: borrowed; the model's variables are declared in it if they are not there yet. */
WEYL_MUST_CHECK weyl_status train_evaluator_new(weyl_context *ctx, weyl_variables *vars, const weyl_task_def *task,
                                                const weyl_model_def *model, const char *symmetry,
                                                const weyl_options *options, const weyl_dataset *example,
                                                train_evaluator **out);
void train_evaluator_free(train_evaluator *e);

typedef struct train_evaluation {
  int metrics;
  weyl_metric metric[WEYL_METRICS]; /* those of the task, then errors at the horizons that the data have */
  int64_t samples;
  double smallest_gap; /* of the frames; infinity when there are none */
} train_evaluation;
/* What is wanted beside the metrics; NULL: not wanted. */
typedef struct train_wanted {
  double *prediction; /* [rows][width], in the order of the data */
  double *pairs;      /* [edges][categories] likewise; untouched where the model says nothing of pairs */
  double *errors;     /* [F] at each frame of the future; untouched where there is none */
} train_wanted;
/* Runs over all samples the loader's data set has. stop: looked at between batches, may be NULL. comm: all ranks call
 * it and get the same; NULL: this one alone. wanted may be NULL. */
WEYL_MUST_CHECK weyl_status train_evaluate(train_evaluator *e, weyl_loader *loader, const weyl_dataset *set,
                                           const volatile int *stop, const weyl_comm *comm, const train_wanted *wanted,
                                           train_evaluation *out);
/* Numbers a row of the prediction, and which count it has rows of. */
int64_t train_prediction_width(const train_evaluator *e);
weyl_rows_per train_prediction_per(const train_evaluator *e);
/* Frames of the future; 0: the task is no motion. */
int64_t train_future(const train_evaluator *e);
/* Categories of pairs; 0: the model says nothing of them. */
int64_t train_categories(const train_evaluator *e);

#endif
