/* model.safetensors: what a run gives. state.safetensors: what it needs to go on bit for bit. */
#ifndef WEYL_TRAIN_CHECKPOINT_H
#define WEYL_TRAIN_CHECKPOINT_H

#include "config.h"
#include "schedule.h"

/* Everything that changes while training, beside the variables. */
typedef struct train_progress {
  int64_t epoch, step; /* epochs done; steps done of the next one */
  int64_t best_epoch;  /* -1: nothing evaluated yet */
  int64_t since_best;  /* evaluations without a better one */
  double best, valid;  /* of the first metric; valid: the last evaluation */
  double loss_sum;     /* of the steps of the epoch under way */
  double train_loss;   /* mean over the last whole epoch */
  double schedule[TRAIN_SCHEDULE_STATE];
} train_progress;

/* Parameters and running statistics, with notes of what determines them and nothing else. fields: train_fields_text. */
WEYL_MUST_CHECK weyl_status train_model_save(weyl_context *ctx, const char *path, const weyl_variables *vars,
                                             const train_config *config, const char *fields, const char *checksum);
/* Loads into variables that are declared already. */
WEYL_MUST_CHECK weyl_status train_model_load(weyl_variables *vars, const weyl_bundle *bundle, const char *path);
/* Reads the file and checks that it is a model of this task, model and symmetry. */
WEYL_MUST_CHECK weyl_status train_model_read(weyl_context *ctx, const char *path, const train_config *config,
                                             weyl_bundle **out);

/* vars: the training's, all kinds; best: the best so far, parameters and statistics. */
WEYL_MUST_CHECK weyl_status train_state_save(weyl_context *ctx, const char *path, const weyl_variables *vars,
                                             const weyl_variables *best, const char *checksum,
                                             const train_progress *progress);
WEYL_MUST_CHECK weyl_status train_state_load(weyl_context *ctx, const char *path, weyl_variables *vars,
                                             weyl_variables *best, const char *checksum, train_progress *progress);

#endif
