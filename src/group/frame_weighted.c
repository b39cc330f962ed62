/* The weighted frame of Dym, Lawrence and Siegel (ICML 2024): Gram-Schmidt of every ordered (d-1)-tuple of rows, weight
 * its volume.  A rotation jumps only where its weight is 0, so averages are continuous in the points. */
#include "frame.h"

#include <math.h>
#include <string.h>

typedef struct tuples {
  const frame_input *in;
  weyl_frame *out;
  int length;   /* of a tuple */
  double least; /* residuals below are rounding */
  double total;
  double r[SPACE_MAX * SPACE_MAX];
  int64_t chosen[SPACE_MAX];
} tuples;

static void extend(tuples *t, int depth, double volume) {
  if (depth == t->length) {
    frame_complete(t->in->d, t->r, depth);
    frame_append(t->in, t->r, depth, volume, t->out);
    t->total += volume;
    return;
  }
  for (int64_t p = 0; p < t->in->rows; p++) {
    bool used = false;
    for (int k = 0; k < depth; k++) used |= t->chosen[k] == p;
    if (used) continue;
    const double length = frame_take(t->in->d, t->r, depth, t->in->row + p * t->in->d, t->least);
    if (length <= 0) continue;
    t->chosen[depth] = p;
    extend(t, depth + 1, volume * length);
  }
}

/* The most rows that Gram-Schmidt takes, up to `wanted`, the longest remainder first. */
static int rank_of(const frame_input *in, int wanted, double least) {
  double r[SPACE_MAX * SPACE_MAX];
  for (int rank = 0; rank < wanted; rank++) {
    double longest = 0;
    int64_t best = -1;
    for (int64_t p = 0; p < in->rows; p++) {
      const double length = frame_take(in->d, r, rank, in->row + p * in->d, least);
      if (length > longest) {
        longest = length;
        best = p;
      }
    }
    if (best < 0) return rank;
    frame_take(in->d, r, rank, in->row + best * in->d, least);
  }
  return wanted;
}

weyl_status frame_weighted(const frame_input *in, weyl_frame *out) {
  const int d = in->d;
  tuples t = {.in = in, .out = out, .least = fmax(1e-14, in->noise)};
  t.length = rank_of(in, d - 1, t.least);
  double count = (double)frame_completions(in, t.length);
  for (int k = 0; k < t.length; k++) count *= (double)(in->rows - k);
  WEYL_TRY(frame_room(in, count, out));
  extend(&t, 0, 1);
  if (t.length < d - 1) { /* all rows lie in a smaller space: not continuous there, and the axes beyond are arbitrary */
    out->gap = 0;
    out->degenerate = t.length > 0 || frame_reaches(in, t.r, t.length, d - t.length);
  }
  for (int64_t k = 0; k < out->count; k++) out->weight[k] /= t.total;
  return WEYL_OK;
}
