/* Windows of tracks: an ego and its neighbours. */
#ifndef WEYL_DATA_TRACK_WINDOWS_H
#define WEYL_DATA_TRACK_WINDOWS_H

#include "sets/motion.h"

typedef struct track_settings {
  int64_t past, future, spacing, stride, agents; /* spacing: steps between the frames of a window */
  int64_t blank; /* frames of the field future behind those, left zero: not in the data */
  bool ids;      /* the field id and the note ids */
  double radius; /* of neighbours, around the ego at the last frame seen */
} track_settings;

/* Part of a recording: frames from <= f < until. */
typedef struct track_part {
  const weyl_tracks *tracks;
  const char *name;
  int64_t from, until;
} track_part;

/* A data set of all windows of the parts: for every last frame seen, ascending, one sample for each agent that is there
 * in all frames of the window; row 0 is the ego, then others of these by distance. Positions are divided by `scale`.
 * WEYL_FORMAT when there is no window. */
weyl_status track_windows(weyl_context *ctx, const char *name, const track_settings *o, const track_part *part,
                          size_t parts, double scale, weyl_dataset **out);

#endif
