/* Skeletons: a tree of joints and the positions that its rotations give. Rotations are 3x3 row-major on column vectors.
 */
#ifndef WEYL_DATA_SKELETON_H
#define WEYL_DATA_SKELETON_H

#include <weyl/data.h>

#include "formats/text.h"

enum { SKELETON_JOINTS_MAX = 1024 };

typedef enum skeleton_channel { MOVE_X, MOVE_Y, MOVE_Z, TURN_X, TURN_Y, TURN_Z } skeleton_channel;

typedef struct skeleton_joint {
  const char *name;
  int32_t parent; /* -1: the root; parents come before children */
  double offset[3];
  int channels;
  uint8_t channel[6]; /* skeleton_channel, in the order of the file */
  double axis[9];     /* rotations are axis M axis^T; the identity where a format knows no axes */
} skeleton_joint;

typedef struct skeleton {
  weyl_arena *arena;
  int joints;
  skeleton_joint joint[SKELETON_JOINTS_MAX];
  bool own;           /* a joint's offset turns with its own rotation (ASF: bones), else with its parent's */
  bool first_inside;  /* rotations of a joint: the first named acts first (ASF), else last (BVH) */
  double unit, angle; /* lengths and angles of the file times this are lengths as read and radians */
} skeleton;

weyl_status skeleton_new(weyl_context *ctx, skeleton **out);
void skeleton_free(weyl_context *ctx, skeleton *s);
/* A joint at the end; WEYL_FORMAT at the limit, WEYL_MEMORY. */
weyl_status skeleton_add(weyl_context *ctx, const char *place, skeleton *s, span name, int32_t parent,
                         skeleton_joint **out);
int skeleton_find(const skeleton *s, span name); /* -1 when absent */

/* axis, angle in radians: 0 x, 1 y, 2 z */
void skeleton_turn(int axis, double angle, double r[9]);
void skeleton_multiply(const double a[9], const double b[9], double c[9]); /* c may be neither */
void skeleton_exponential(const double v[3], double r[9]);                 /* of a rotation vector */
/* Positions x [joints][3] from local rotations [joints][9] and shifts [joints][3] of each joint. world [joints][9] is
 * scratch. */
void skeleton_pose(const skeleton *s, const double *local, const double *shift, double *world, double *x);
/* Positions from the channels' values of one frame, joint after joint. fixed_root: the root stays at the origin and
 * does not turn. scratch [joints][21]. */
void skeleton_frame(const skeleton *s, const double *value, bool fixed_root, double *scratch, double *x);

/* A trajectory of `frames` frames with names and parents, positions to be filled. */
weyl_status skeleton_trajectory(const skeleton *s, int64_t frames, double time_step, weyl_trajectories *out);

/* The formats, on open text. Lengths: BVH in the file's unit, AMC in millimetres, Human3.6M in millimetres. */
weyl_status bvh_parse(text_file *file, bool fixed_root, weyl_trajectories *out);
weyl_status asf_parse(text_file *file, skeleton **out);
weyl_status amc_parse(text_file *file, const skeleton *s, bool fixed_root, weyl_trajectories *out);
weyl_status h36m_parse(text_file *file, bool fixed_root, weyl_trajectories *out);
/* Any of the three by content, then by extension; AMC with the ASF beside it. */
weyl_status skeleton_read(weyl_context *ctx, const char *path, bool fixed_root, weyl_trajectories *out);
/* The body of a format's read. */
typedef weyl_status skeleton_parser(text_file *file, bool fixed_root, weyl_trajectories *out);
weyl_status skeleton_read_as(weyl_context *ctx, const char *path, skeleton_parser *parse, bool fixed_root,
                             weyl_trajectories *out);
weyl_status amc_read(weyl_context *ctx, const char *path, bool fixed_root, weyl_trajectories *out);
bool h36m_seems(const char *head, size_t n);

#endif
