/* Rows of tracks as they stand in the file, and what makes them tracks. */
#ifndef WEYL_DATA_TRACKS_H
#define WEYL_DATA_TRACKS_H

#include <weyl/data.h>

#include "formats/text.h"

typedef struct track_row {
  double frame, x[3];
  span id;
  int64_t line, order; /* order: in the file */
  int32_t agent;
} track_row;

/* Numbers agents, puts frames on steps, sorts the rows and looks for what cannot be. Scratch: `rows` are reordered. */
weyl_status tracks_arrange(weyl_context *ctx, const char *path, track_row *rows, int64_t n, weyl_tracks *out);

#endif
