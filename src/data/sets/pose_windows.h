/* Windows of trajectories whose points are always there: molecules, skeletons. */
#ifndef WEYL_DATA_POSE_WINDOWS_H
#define WEYL_DATA_POSE_WINDOWS_H

#include "sets/motion.h"

/* Part of a trajectory: frames from <= f < until, the points chosen. */
typedef struct pose_part {
  const weyl_trajectory *of;
  const int64_t *point;
  int64_t points, from, until, spacing, stride;
} pose_part;

typedef struct pose_settings {
  int64_t past, future;
  int64_t blank; /* frames of the field future behind those, left zero: not in the data */
  double scale;  /* positions are divided by it */
  bool types;    /* the field type, where all trajectories have types */
  const char *unit;
} pose_settings;

/* A data set of all windows of the parts, part after part; samples with fewer points than others end in zeros. `what`
 * and `place` are for the message when there is none (WEYL_FORMAT). No field edges: *fields lets the caller fill it
 * (MOTION_EDGES in `also`). The field scene is the part's number, start the first frame. */
weyl_status pose_windows(weyl_context *ctx, const char *name, const char *place, const pose_settings *o, int also,
                         const pose_part *part, size_t parts, motion_fields *fields, weyl_dataset **out);

#endif
