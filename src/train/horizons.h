/* Times ahead at which errors of motion are metrics: the option horizons. */
#ifndef WEYL_TRAIN_HORIZONS_H
#define WEYL_TRAIN_HORIZONS_H

#include <weyl/train.h>

enum { TRAIN_HORIZONS = WEYL_METRICS - 4 };
typedef struct train_horizons {
  int count;
  double ms[TRAIN_HORIZONS]; /* ascending */
} train_horizons;

/* None where the task has no such option; WEYL_BAD_ARG for what is no list of ascending times above 0. */
WEYL_MUST_CHECK weyl_status train_horizons_read(weyl_context *ctx, const weyl_options *options, train_horizons *out);
/* The frame of the future at horizon k; -1: the data do not reach it, have no frame there or no step in seconds. */
int64_t train_horizon_frame(const train_horizons *horizons, int k, const weyl_dataset *set, int64_t future);

#endif
