/* Spherical harmonics one point at a time, which the fast loops (harmonics_table.h) are compared with. */
#ifndef WEYL_IRREP_HARMONICS_H
#define WEYL_IRREP_HARMONICS_H

#include "degrees.h"

/* Coefficients of the recursion for solid Legendre functions P[l][m], normalised so that
 * r^l Y_lm = P[l][m] c_m and r^l Y_l-m = P[l][m] s_m, c_m + i s_m = (x + i y)^m (standard axes):
 *   P[m][m] = a[m][m] P[m-1][m-1],  P[l][m] = a[l][m] z P[l-1][m] - b[l][m] r^2 P[l-2][m],
 *   dP[l][m]/dx = -x gx[l][m] P[l-1][m+1],  (the same in y),  dP[l][m]/dz = gz[l][m] P[l-1][m].
 * Triangles: [l][m] is at harmonics_at(l, m).  P[0][0] = a[0][0]. */
typedef struct harmonics_plan {
  int l_max;
  bool standard, solid;
  const double *a, *b, *gx, *gz;
  double scale[WEYL_L_MAX + 1]; /* of degree l, from the choice of norm: multiplies the outputs */
} harmonics_plan;

static inline size_t harmonics_at(int l, int m) { return (size_t)l * (size_t)(l + 1) / 2 + (size_t)m; }

/* Plain loops, double inside: xyz [n][3], y [n][(l_max+1)^2], dy [n][3][(l_max+1)^2] or NULL. */
void harmonics_reference_f32(const harmonics_plan *plan, size_t n, const void *xyz, void *y, void *dy);
void harmonics_reference_f64(const harmonics_plan *plan, size_t n, const void *xyz, void *y, void *dy);

/* Doubles behind a, b, gx and gz of a plan. */
static inline size_t harmonics_plan_size(int l_max) { return 4 * harmonics_at(l_max + 1, 0); }
/* Fills the plan; room [harmonics_plan_size]. */
void harmonics_plan_fill(const weyl_harmonics_opts *opts, double *room, harmonics_plan *plan);

#endif
