/* Rules of few points for functions of low degrees on the sphere, by the symmetries of the cube.
 *
 * The points come in orbits under the signs of x, y and z: eight of them, four in a plane, two on an axis.  A harmonic
 * is even or odd in each sign, so that an orbit's values are at most eight sums, one for each pattern of parities, and
 * the additions of a fast Hadamard transform.  Fewer points than a product of two rules has, and no sums over rows
 * first: less work for low degrees. */
#ifndef WEYL_IRREP_SPHERE_ORBITS_H
#define WEYL_IRREP_SPHERE_ORBITS_H

#include <weyl/kernels.h>

/* Patterns of parities, and sets of signs: bit 0 for x, 1 for y, 2 for z. */
enum { ORBIT_PATTERNS = 8, ORBIT_DEGREE_MAX = 3 };

/* In which coordinates harmonic i = l (l + 1) + m is odd. */
static inline int sphere_orbit_pattern(int i) {
  static const uint8_t pattern[] = {0, 2, 4, 1, 3, 6, 0, 5, 0, 2, 7, 2, 4, 1, 4, 1};
  return pattern[i];
}

typedef struct sphere_orbits {
  int points;            /* 0: there is no rule */
  int n[ORBIT_PATTERNS]; /* orbits whose points differ in these signs alone */
  int width;             /* harmonics: (l_max + 1)^2 */
  const void *value;     /* [orbit][width] in the order of n: at the orbit's point with no sign */
  const void *weighted;  /* times the weight of a point */
} sphere_orbits;

/* Powers that there is code for. */
static inline bool sphere_orbits_take(int l, int l_out) { return (l == 2 || l == 3) && l_out <= l; }

/* The smallest rule that integrates polynomials of the degree, with harmonics to l_max <= ORBIT_DEGREE_MAX; no points
 * if there is none. Lives in the arena. */
WEYL_MUST_CHECK weyl_status sphere_orbits_make(weyl_context *ctx, weyl_arena *arena, int degree, int l_max,
                                               weyl_dtype real, sphere_orbits *out);
/* Additions, multiplications and multiply-adds of the harmonics to l at all points, or of the way back. */
double sphere_orbits_operations(const sphere_orbits *o, int l);

#endif
