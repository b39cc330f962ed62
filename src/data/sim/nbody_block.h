/* The integrator of the particle simulators, on a block of simulations side by side. */
#ifndef WEYL_DATA_NBODY_BLOCK_H
#define WEYL_DATA_NBODY_BLOCK_H

#include <stdint.h>

enum {
  NBODY_LANES = 8,
  NBODY_PARTICLES_MAX = 64,
  NBODY_PAIRS_MAX = NBODY_PARTICLES_MAX * (NBODY_PARTICLES_MAX - 1) / 2
};

typedef enum nbody_law {
  NBODY_COULOMB, /* F_i = sum_j q_i q_j (x_i - x_j) / |x_i - x_j|^3 */
  NBODY_SPRINGS  /* F_i = -sum_j k_ij (x_i - x_j) */
} nbody_law;

/* One block: [particle][x y z][lane], [particle][lane] and [pair i < j, row by row][lane].  Unused lanes hold a copy of
 * a used one. */
typedef struct nbody_block {
  int particles;
  nbody_law law;
  double x[NBODY_PARTICLES_MAX][3][NBODY_LANES];
  double v[NBODY_PARTICLES_MAX][3][NBODY_LANES];
  double q[NBODY_PARTICLES_MAX][NBODY_LANES]; /* charges, for Coulomb's law */
  double k[NBODY_PAIRS_MAX][NBODY_LANES];     /* stiffness, for springs */
  double force[NBODY_PARTICLES_MAX][3][NBODY_LANES];
} nbody_block;

/* v += dt F(x), the kick before the first step. */
void nbody_block_kick(nbody_block *block);
/* `steps` times: x += dt v, then v += dt F(x); but the last kick is left out, because the generator records between the
 * two. */
void nbody_block_advance(nbody_block *block, int64_t steps);

#endif
