/* The transforms of one function between sphere and torus, in double, on planes of any row length. */
#ifndef WEYL_IRREP_TORUS_H
#define WEYL_IRREP_TORUS_H

#include "degrees.h"

static inline size_t torus_at(int l, int m) { return (size_t)l * (size_t)(l + 1) / 2 + (size_t)m; }

/* A plane [n][n][re, im] that holds F_uv, |u|, |v| < n / 2, at row (u + shift) mod n and column (v + shift) mod n. */
typedef struct torus_plane {
  int n, shift;
  double *f;
} torus_plane;

/* Adds the function with coefficients x [(l_max + 1)^2] to the plane. */
void torus_spread(const weyl_torus *torus, int l_max, const double *x, torus_plane plane);
/* x [(l_max + 1)^2] of the plane's F_uv, |u| <= u_max. */
void torus_collect(const weyl_torus *torus, int u_max, int l_max, torus_plane plane, double *x);

#endif
