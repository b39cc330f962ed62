/* straight_motion.c: what every model of motion has to beat: standing still, going on as before, and the best linear
 * map of the past. */
#include "parts.h"

/* [nodes, F, d] as the one head [nodes, 1, F, d]. */
static weyl_tensor one_head(weyl_tensor y) { return weyl_unsqueeze(y, 1); }

static weyl_tensor still(weyl_graph *g, const weyl_motion *in, const weyl_options *options) {
  (void)options;
  const weyl_tensor zero = weyl_constant(g, 0, WEYL_SHAPE(weyl_num(in->future), weyl_num(1)));
  return one_head(weyl_add(weyl_unsqueeze(in->points.x, 1), zero));
}

static weyl_tensor straight(weyl_graph *g, const weyl_motion *in, const weyl_options *options) {
  (void)options;
  const weyl_tensor way =
      weyl_mul(weyl_unsqueeze(in->points.v, 1), weyl_unsqueeze(weyl_frames_ahead(g, in->future), 1));
  return one_head(weyl_add(weyl_unsqueeze(in->points.x, 1), way));
}

static const weyl_option options[] = {{0}};

extern const weyl_model_def weyl_model_last_position, weyl_model_constant_velocity;
const weyl_model_def weyl_model_last_position = {
    .name = "last-position",
    .paper = "baseline of Martinez, Black, Romero, CVPR 2017",
    .summary = "everything stays where it was last seen",
    .symmetry = "E x S",
    .options = options,
    .motion = still,
};
const weyl_model_def weyl_model_constant_velocity = {
    .name = "constant-velocity",
    .paper = "baseline of Schoeller, Aravantinos, Lay, Knoll, RA-L 2020",
    .summary = "everything goes on with its last step",
    .symmetry = "E x S",
    .options = options,
    .motion = straight,
};
