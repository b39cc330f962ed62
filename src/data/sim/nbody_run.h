/* What the particle simulators share: the arrays of a split, and running all its simulations. */
#ifndef WEYL_DATA_NBODY_RUN_H
#define WEYL_DATA_NBODY_RUN_H

#include <weyl/data.h>

#include "sim/nbody_block.h"

/* Room for one split, zeroed; no stiffness. */
weyl_status nbody_room(weyl_arena *arena, int64_t simulations, int64_t frames, int64_t n, weyl_nbody *out);
/* Fills position and velocity of three splits from their starts. Frame f is step sample_every (f + 1); frame [frames of
 * each split], ascending. NBODY_SPRINGS needs stiffness, NBODY_COULOMB charge. Same bytes on any number of threads. */
weyl_status nbody_run(weyl_context *ctx, weyl_nbody out[3], nbody_law law, const int64_t *frame, int64_t sample_every);

#endif
