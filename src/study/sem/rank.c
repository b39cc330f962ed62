/* How many dimensions the second moments of a family of interventions span. */
#include "model.h"

/* Rows are scaled column by column; the longest row gives the next direction until all are short. */
static weyl_status numerical_rank(weyl_context *ctx, size_t points, size_t features, double *x, double *length,
                                  size_t *out) {
  for (size_t j = 0; j < features; j++) {
    double most = 0;
    for (size_t i = 0; i < points; i++) most = fmax(most, fabs(x[i * features + j]));
    for (size_t i = 0; i < points && most > 0; i++) x[i * features + j] /= most;
  }
  double first = 0;
  size_t rank = 0;
  for (size_t i = 0; i < points; i++) length[i] = dot(features, x + i * features, x + i * features);
  for (; rank < points && rank < features; rank++) {
    if (points * features > 1000000 && weyl_progress(ctx, "rank of the family", (double)rank, (double)points))
      return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped at rank %zu of a family", rank);
    size_t longest = rank;
    for (size_t i = rank; i < points; i++)
      if (length[i] > length[longest]) longest = i;
    if (rank == 0) first = length[longest];
    if (!(length[longest] > 1e-18 * first)) break; /* squares: 1e-9 of the longest row */
    double *q = x + rank * features, *from = x + longest * features;
    for (size_t j = 0; longest != rank && j < features; j++) {
      const double kept = q[j];
      q[j] = from[j];
      from[j] = kept;
    }
    const double kept = length[rank];
    length[rank] = length[longest];
    length[longest] = kept;
    const double norm = sqrt(length[rank]);
    for (size_t j = 0; j < features; j++) q[j] /= norm;
    for (size_t i = rank + 1; i < points; i++) {
      double *row = x + i * features;
      const double along = dot(features, q, row);
      for (size_t j = 0; j < features; j++) row[j] -= along * q[j];
      length[i] = dot(features, row, row);
    }
  }
  *out = rank < points || rank == features ? rank : 0;
  return WEYL_OK;
}

weyl_status weyl_sem_rank(weyl_context *ctx, const weyl_sem *s, size_t points, uint64_t seed, size_t *rank) {
  if (points == 0) points = 400;
  weyl_moments m;
  const weyl_sem_world world = {.which = WEYL_SEM_TRAINED, .seed = seed ^ 0x5eed, .count = points};
  if (s->family.sites == 0) {
    *rank = 1;
    return WEYL_OK;
  }
  WEYL_TRY(weyl_sem_moments(ctx, s, &world, &m));
  const size_t d = m.d, features = d * (d + 1) / 2 + d + 1;
  double *x = weyl_alloc(ctx, points * features, sizeof *x), *length = weyl_alloc(ctx, points, sizeof *length);
  weyl_status status = x && length ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK) {
    for (size_t e = 0; e < points; e++) {
      double *to = x + e * features;
      for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) *to++ = m.sigma[(e * d + i) * d + j];
        *to++ = m.c[e * d + i];
      }
      *to = 1;
    }
    status = numerical_rank(ctx, points, features, x, length, rank);
  }
  weyl_dealloc(ctx, x);
  weyl_dealloc(ctx, length);
  weyl_moments_free(&m);
  return status;
}
