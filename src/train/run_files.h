/* log.jsonl and metrics.json of a run directory. */
#ifndef WEYL_TRAIN_RUN_FILES_H
#define WEYL_TRAIN_RUN_FILES_H

#include "checkpoint.h"
#include "evaluate.h"

/* One JSON line an evaluation, flushed at once; equivariance: NaN when it was not measured. A run that goes on drops
 * the lines after `epoch` first (-1: all of them). */
WEYL_MUST_CHECK weyl_status train_log_open(weyl_context *ctx, const char *path, int64_t epoch, FILE **out);
WEYL_MUST_CHECK weyl_status train_log_write(weyl_context *ctx, FILE *log, const train_progress *progress, int64_t steps,
                                            double rate, double gradient, double seconds, const train_evaluation *valid,
                                            double equivariance);
WEYL_MUST_CHECK weyl_status train_metrics_write(weyl_context *ctx, const char *path, const train_config *config,
                                                const weyl_train_result *result, int ranks, int64_t samples[3],
                                                double seconds);

/* Removes what a process that was killed while it wrote has left in the folder of a run. */
void train_temporaries_remove(const char *folder);

#endif
