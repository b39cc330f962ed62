/* frame_group.h: the groups that have PCA frames, private to the nn room. */
#ifndef WEYL_FRAME_GROUP_H
#define WEYL_FRAME_GROUP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct weyl_frame_group {
  int d;
  bool special;      /* determinant +1 only: SO, SE */
  bool translations; /* E, SE */
  int count;         /* frames of one point set: 2^d, or 2^(d-1) when special */
} weyl_frame_group;

/* Reads "E(3)", "SE(3)", "O(3)", "SO(3)"; NULL when all of the text is one, else what was expected at text[*at]. At
 * most 64 frames. */
const char *weyl_frame_group_read(const char *text, weyl_frame_group *out, size_t *at);

#endif
