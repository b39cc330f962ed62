/* Which loop computes the spherical harmonics. */
#include "harmonics.h"

harmonics_fn harmonics_pick(const harmonics_plan *plan, weyl_dtype dtype, bool gradients) {
  (void)plan;
  (void)gradients;
  return dtype == WEYL_F32 ? harmonics_reference_f32 : harmonics_reference_f64;
}
