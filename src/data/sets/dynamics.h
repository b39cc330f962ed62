/* Windows of trajectories, and the data sets made of them. */
#ifndef WEYL_DATA_DYNAMICS_H
#define WEYL_DATA_DYNAMICS_H

#include <weyl/data.h>

enum { DYNAMICS_TYPES_MAX = 256 };

typedef struct dynamics_settings {
  int64_t horizon, stride, dim;
  double fraction[3], cutoff;
  bool centre, by_trajectory;
} dynamics_settings;

/* Columns of node_scalar: one for each type, ascending, then the charge; a column of ones when there is neither. */
typedef struct dynamics_scalars {
  int types, width;
  int32_t type[DYNAMICS_TYPES_MAX];
  bool charge;
} dynamics_scalars;

/* One sample: the input frame of a trajectory. */
typedef struct dynamics_window {
  int64_t trajectory, frame;
} dynamics_window;

/* Offsets, fields and notes of one split; one window is one sample of `set`. */
weyl_status dynamics_fill(weyl_context *ctx, weyl_arena *arena, const char *path, const dynamics_settings *o,
                          const dynamics_scalars *scalars, const weyl_trajectories *in, const dynamics_window *window,
                          weyl_dataset *set);

#endif
