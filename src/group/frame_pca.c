/* The principal axes: eigenvectors of the covariance in ascending order, with every sign. */
#include "frame.h"

#include <math.h>

/* A repeated eigenvalue leaves its axes undetermined. This is harmless if nothing reaches into their span. */
static bool degenerate(const frame_input *in, const double *lambda, const double *u) {
  const int d = in->d;
  const double close = in->opts->tolerance * lambda[d - 1];
  for (int first = 0; first < d;) {
    int end = first + 1;
    while (end < d && (lambda[end] - lambda[end - 1] <= close)) end++;
    if (end - first > 1 && frame_reaches(in, u, first, end - first)) return true;
    first = end;
  }
  return false;
}

weyl_status frame_pca(const frame_input *in, weyl_frame *out) {
  const int d = in->d;
  double c[SPACE_MAX * SPACE_MAX] = {0}, lambda[SPACE_MAX], u[SPACE_MAX * SPACE_MAX];
  for (int64_t p = 0; p < in->rows; p++) {
    const double *y = in->row + p * d;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j <= i; j++) c[i * d + j] += y[i] * y[j];
    }
  }
  for (int i = 0; i < d; i++) {
    for (int j = i + 1; j < d; j++) c[i * d + j] = c[j * d + i];
  }
  WEYL_TRY(weyl_eigh(in->ctx, (size_t)d, c, lambda, u));

  out->gap = d > 1 ? INFINITY : 1;
  for (int i = 1; i < d; i++)
    out->gap = fmin(out->gap, lambda[d - 1] > 0 ? (lambda[i] - lambda[i - 1]) / lambda[d - 1] : 0);
  out->degenerate = degenerate(in, lambda, u);

  if (weyl_det((size_t)d, u) < 0) { /* for SO(d) */
    for (int i = 0; i < d; i++) u[i * d] = -u[i * d];
  }
  WEYL_TRY(frame_room(in, (double)frame_completions(in, 0), out));
  frame_append(in, u, 0, 1, out);
  return WEYL_OK;
}
