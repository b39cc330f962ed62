/* Motion capture clips read, brought to one rate and millimetres. */
#ifndef WEYL_DATA_CLIPS_H
#define WEYL_DATA_CLIPS_H

#include "sets/motion_files.h"

typedef struct clip {
  weyl_trajectory motion; /* millimetres, one step for all clips; labels and parents */
  const char *name;       /* "02_01", or "S5/walking_1" where the folder is a subject */
  bool h36m;
} clip;

typedef struct clips {
  weyl_arena *arena;
  clip *item;
  size_t count;
} clips;

/* All clips under a path; they must agree in their joints. */
weyl_status clips_read(weyl_context *ctx, const weyl_options *o, const char *path, clips *out);
void clips_free(clips *c);
/* Whether a name begins with one of the words between commas, and the word ends there: "S5" is of "S5/walking_1" and
 * not of "S51", "02" is of "02_01". */
bool clip_is_one_of(const char *name, const char *words);

#endif
