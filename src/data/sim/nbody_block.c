/* Forces and steps of NBODY_LANES simulations at a time: every inner loop runs over the lanes, which the compiler turns
 * into vectors.  Wider vectors give the same bits, because each lane does the same IEEE operations in the same order:
 * nothing is contracted but the two fma written out below, and those are exact on machines without the instruction too
 * (only slow). */
#include "sim/nbody_block.h"

#include <math.h>

#define LANES         NBODY_LANES
#define EACH_LANE     for (int s = 0; s < LANES; s++)
#define ALWAYS_INLINE static inline __attribute__((always_inline))

static const double time_step = 1e-3;
static const double force_limit = 100.0; /* 0.1 / time_step, on each component, after summation */

/* f of Coulomb's force f (x_i - x_j).  The squared distance is |x_i|^2 + |x_j|^2 - 2 x_i.x_j, with the product
 * accumulated by fma as a BLAS does: poorer than differences, but a close encounter amplifies its rounding errors, and
 * one simulation in twenty is published with such an encounter.  In this order all 7000 published samples come out
 * equal in every bit of their float32. */
ALWAYS_INLINE double coulomb(const nbody_block *restrict b, double (*restrict norm)[LANES], int i, int j, int s) {
  const double dot =
      fma(b->x[i][2][s], b->x[j][2][s], fma(b->x[i][1][s], b->x[j][1][s], b->x[i][0][s] * b->x[j][0][s]));
  const double r2 = norm[i][s] + norm[j][s] - 2.0 * dot;
  return b->q[i][s] * b->q[j][s] / (r2 * sqrt(r2));
}

/* The forces, each pair once.  Partners add up in ascending order for every particle, as in the originals' sum over j.
 */
ALWAYS_INLINE void forces(nbody_block *restrict b, nbody_law law, int n) {
  double norm[NBODY_PARTICLES_MAX][LANES];
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < 3; k++) EACH_LANE b->force[i][k][s] = 0;
    if (law == NBODY_SPRINGS) continue;
    EACH_LANE norm[i][s] =
        b->x[i][0][s] * b->x[i][0][s] + b->x[i][1][s] * b->x[i][1][s] + b->x[i][2][s] * b->x[i][2][s];
  }
  int pair = 0;
  for (int i = 0; i < n; i++) {
    for (int j = i + 1; j < n; j++, pair++) {
      EACH_LANE {
        const double dx = b->x[i][0][s] - b->x[j][0][s];
        const double dy = b->x[i][1][s] - b->x[j][1][s];
        const double dz = b->x[i][2][s] - b->x[j][2][s];
        const double f = law == NBODY_SPRINGS ? -b->k[pair][s] : coulomb(b, norm, i, j, s);
        b->force[i][0][s] += f * dx;
        b->force[i][1][s] += f * dy;
        b->force[i][2][s] += f * dz;
        b->force[j][0][s] -= f * dx;
        b->force[j][1][s] -= f * dy;
        b->force[j][2][s] -= f * dz;
      }
    }
  }
}

ALWAYS_INLINE void kick(nbody_block *restrict b, nbody_law law, int n) {
  forces(b, law, n);
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < 3; k++) {
      EACH_LANE {
        double f = b->force[i][k][s];
        f = f > force_limit ? force_limit : f;
        f = f < -force_limit ? -force_limit : f;
        b->v[i][k][s] += time_step * f;
      }
    }
  }
}

ALWAYS_INLINE void drift(nbody_block *restrict b, int n) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < 3; k++) EACH_LANE b->x[i][k][s] += time_step * b->v[i][k][s];
}

ALWAYS_INLINE void advance(nbody_block *restrict b, nbody_law law, int n, int64_t steps) {
  for (int64_t i = 0; i < steps; i++) {
    if (i > 0) kick(b, law, n);
    drift(b, n);
  }
}

/* The published size gets copies of its own, with their loops unrolled. */
ALWAYS_INLINE void advance_law(nbody_block *restrict b, nbody_law law, int64_t steps) {
  if (b->particles == 5)
    advance(b, law, 5, steps);
  else
    advance(b, law, b->particles, steps);
}

ALWAYS_INLINE void advance_any(nbody_block *restrict b, int64_t steps) {
  if (b->law == NBODY_SPRINGS)
    advance_law(b, NBODY_SPRINGS, steps);
  else
    advance_law(b, NBODY_COULOMB, steps);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void advance_fma(nbody_block *restrict b, int64_t steps) {
  advance_any(b, steps);
}
#endif
static void advance_base(nbody_block *restrict b, int64_t steps) { advance_any(b, steps); }

void nbody_block_kick(nbody_block *block) { kick(block, block->law, block->particles); }

void nbody_block_advance(nbody_block *block, int64_t steps) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    advance_fma(block, steps);
    return;
  }
#endif
  advance_base(block, steps);
}
