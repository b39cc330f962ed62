/* One training under way. */
#ifndef WEYL_TRAIN_TRAINER_H
#define WEYL_TRAIN_TRAINER_H

#include "run_files.h"

/* The training step of a task, traced and compiled: outputs the loss and the gradient's norm, assigns the new weights.
 */
typedef struct train_stepper {
  weyl_graph *graph;
  weyl_program *program;
} train_stepper;
WEYL_MUST_CHECK weyl_status train_stepper_make(weyl_context *ctx, weyl_variables *vars, const train_config *config,
                                               const weyl_dataset *example, train_stepper *out);
void train_stepper_free(train_stepper *stepper);

typedef struct trainer {
  weyl_context *ctx;
  weyl_arena *arena;
  train_config config;
  const volatile int *stop;
  const weyl_comm *comm; /* NULL: one process */
  const char *folder, *fields;
  int hold; /* of the folder, by the rank that writes; -1: none */
  char checksum[65];
  char alike[2 * 64 + 1]; /* checksums of what all ranks must have alike: the data, then the settings */
  weyl_splits splits;
  int64_t batch, steps_per_epoch;

  weyl_variables *vars;   /* trained */
  weyl_variables *shadow; /* what is evaluated: the weights, or their average */
  weyl_variables *best;   /* by validation */
  bool trains;            /* the model has parameters */
  train_stepper stepper;
  weyl_run *run;
  weyl_loader *loader;
  weyl_schedule *schedule;
  train_evaluator *evaluator;
  weyl_loader *valid_loader;
  int64_t *order; /* of the samples in this epoch */

  train_progress at;
  FILE *log;
  double started, last_save, training_seconds, gradient;
  int64_t steps_here; /* of this session */
  bool stopped_early;
} trainer;

/* Goes on from t->at to the last epoch. WEYL_INTERRUPTED after saving when asked to stop. */
WEYL_MUST_CHECK weyl_status train_loop(trainer *t);
WEYL_MUST_CHECK weyl_status train_save_state(trainer *t);
WEYL_MUST_CHECK weyl_status train_save_model(trainer *t);
/* The status that all ranks go on with; its own on one. */
weyl_status train_agree(const trainer *t, weyl_status status);
/* Rank 0 alone writes files. */
bool train_writes(const trainer *t);
/* All arenas of a kind, from one set of variables to another of the same model. */
WEYL_MUST_CHECK weyl_status train_copy(weyl_context *ctx, const weyl_variables *from, weyl_variables *to,
                                       weyl_kind kind);

#endif
