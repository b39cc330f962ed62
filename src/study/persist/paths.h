/* paths.h: paths of a process, for simulate.c. */
#ifndef WEYL_PERSIST_PATHS_H
#define WEYL_PERSIST_PATHS_H

#include "covariance.h"

/* Crossings of a level by a path, as they come. */
typedef struct path_zeros {
  double *at; /* [room] times, rising */
  size_t n, room;
  bool above; /* how the path begins */
  int64_t hidden;
  bool full; /* there were more */
} path_zeros;
static inline void path_zero(path_zeros *z, double t) {
  if (z->n < z->room)
    z->at[z->n++] = t;
  else
    z->full = true;
}

/* Smooth paths by circulant embedding. Of a circle of m points all are of use but those where its end is felt at its
 * beginning; of its m frequencies all but those that single precision does not feel. */
typedef struct path_spectrum {
  size_t m, points; /* points of a path */
  size_t kept;      /* frequencies 0 .. kept - 1 and as many negative ones, -kept .. -1; m / 2: all */
  float *share;     /* [kept + 1] root of the spectrum */
  weyl_fft *fft;
  double step, clipped;
} path_spectrum;
WEYL_MUST_CHECK weyl_status path_spectrum_new(weyl_context *ctx, const weyl_covariance *c, size_t points, double step,
                                              path_spectrum *out);
void path_spectrum_free(weyl_context *ctx, path_spectrum *s);
size_t path_spectrum_work(const path_spectrum *s); /* bytes, 0 at first */
/* Paths 2 k and 2 k + 1 in pairs, x [points][2], in the work. */
const float *path_spectrum_draw(const path_spectrum *s, uint64_t seed, int64_t k, void *work);
void path_spectrum_zeros(const path_spectrum *s, double level, uint64_t seed, int64_t k, void *work,
                         path_zeros zeros[2]);

/* The pair (X, X') by exact steps and bridges. */
enum { PATH_LEVELS = 12 };
typedef struct path_bridge {
  double from[2][2], to[2][2], root[2][2]; /* the middle: from y_0 + to y_1 + root noise */
  double deviation;                        /* of X there */
} path_bridge;
typedef struct path_markov {
  double step, move[2][2], root[2][2], lambda2;
  path_bridge bridge[PATH_LEVELS];
} path_markov;
void path_markov_new(const weyl_covariance *c, double step, path_markov *out);
void path_markov_draw(const path_markov *m, uint64_t seed, int64_t path, size_t points, double *x);
void path_markov_zeros(const path_markov *m, double level, uint64_t seed, int64_t path, size_t points,
                       path_zeros *zeros);

#endif
