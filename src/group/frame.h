/* The kinds of frames of points, one file each, behind weyl_frame_of_points. */
#ifndef WEYL_GROUP_FRAME_H
#define WEYL_GROUP_FRAME_H

#include "family.h"

/* What every kind starts from. Rows are the centred points (times the root of their weight), then, with a vector
 * weight, the vectors times its root; all over one scale, so that squares neither overflow nor vanish. */
typedef struct frame_input {
  weyl_context *ctx;
  weyl_arena *arena;
  int d;
  bool reflections; /* O or E, not SO or SE */
  int64_t rows;
  const double *row; /* [rows][d], entries at most 1 in size; all 0 when the points are one */
  /* All that the frame will be applied to, centred, over their own largest entry: whether an axis matters. */
  int64_t n;
  const double *point, *vector; /* [n][d]; vector NULL when there is none or all are 0 */
  double noise;                 /* rounding of `point`: entries below are 0 */
  const weyl_frame_opts *opts;
} frame_input;

weyl_status frame_pca(const frame_input *in, weyl_frame *out);
weyl_status frame_weighted(const frame_input *in, weyl_frame *out);
weyl_status frame_minimal(const frame_input *in, weyl_frame *out);

/* Does any point or vector reach into the span of the `count` columns of axes [d][d] from `first` on? */
bool frame_reaches(const frame_input *in, const double *axes, int first, int count);
/* Gram-Schmidt of columns: takes x [d] as column k of r [d][d] if what is left of it beside columns 0..k-1 is longer
 * than `least`; returns that length (0 if refused). */
double frame_take(int d, double *r, int k, const double *x, double least);
/* Fills columns k..d-1 of r to an orthonormal basis; the last one so that det r = +1. */
void frame_complete(int d, double *r, int k);
/* How many signs columns k..d-1 can have: all 2^(d-k), or half of them in SO(d). */
int64_t frame_completions(const frame_input *in, int k);
/* Appends r with every such sign, the weight shared among them: so what a network says along arbitrary axes cancels. In
 * SO(d) det r must be +1. */
void frame_append(const frame_input *in, const double *r, int k, double weight, weyl_frame *out);
/* Space for `count` elements. */
weyl_status frame_room(const frame_input *in, double count, weyl_frame *out);

#endif
