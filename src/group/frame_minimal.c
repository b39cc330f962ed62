/* The minimal frame of Lin et al. (ICML 2024): QR of the first independent rows, in the given order, with positive
 * diagonal. One element, or one for each sign of the axes that the rows leave open. */
#include "frame.h"

weyl_status frame_minimal(const frame_input *in, weyl_frame *out) {
  const int d = in->d;
  double r[SPACE_MAX * SPACE_MAX] = {0};
  const int wanted = in->reflections ? d : d - 1; /* SO(d) has its last column from the determinant */
  const double least = in->opts->tolerance > in->noise ? in->opts->tolerance : in->noise;
  int rank = 0;
  for (int64_t p = 0; p < in->rows && rank < wanted; p++) {
    if (frame_take(d, r, rank, in->row + p * d, least) > 0) rank++;
  }
  frame_complete(d, r, rank);
  if (rank < d - 1) {
    out->gap = 0;
    out->degenerate = frame_reaches(in, r, rank, d - rank);
  }
  WEYL_TRY(frame_room(in, (double)frame_completions(in, rank), out));
  frame_append(in, r, rank, 1, out);
  return WEYL_OK;
}
