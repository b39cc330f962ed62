/* Continuous searches: what is pooled, and what was found. */
#ifndef WEYL_STUDY_SEM_HUNT_H
#define WEYL_STUDY_SEM_HUNT_H

#include "model.h"

typedef struct hunt {
  weyl_context *ctx;
  const weyl_moments *m;
  const weyl_search_opts *o;
  weyl_arena *arena, *scratch;
  double *h, *c; /* pooled */
  double y2, spread;
  weyl_invariant *found;
  size_t count;
} hunt;

weyl_status hunt_new(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *o, hunt *q);
/* Hands over what was found, or frees all. */
weyl_status hunt_end(hunt *q, weyl_status status, weyl_search *out);
/* Keeps Phi [k][d] with w = Phi beta if it is invariant, explains enough, and is new. */
weyl_status hunt_keep(hunt *q, size_t k, const double *phi, const double *beta);
/* w best for the mean of |g_e|^2 at Phi [k][d], linear in w; false when it is not determined. */
#define HUNT_PREDICTOR(k, d) (3 * (k) * (k) + 2 * (k) + (d)) /* numbers of work */
bool hunt_predictor(const hunt *q, size_t k, const double *phi, double *work, double *w);
/* weyl_search_continuous; quiet: without reports of progress, for use in threads. */
weyl_status search_linear(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *opts, bool quiet,
                          weyl_search *out);

#endif
