/* linear.c: straight motion for a learned time, x + tau v; of a longer past, the best linear map of its steps. */
#include "parts.h"

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *options) {
  (void)options;
  if (!weyl_tensor_valid(p->v))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "model linear needs velocities, and these points have none");
  weyl_tensor time = weyl_param(g, "time", WEYL_SHAPE(weyl_num(1)), weyl_init_constant(0.7));
  return weyl_add(p->x, weyl_mul(p->v, time));
}

/* y_f = x_last + sum_t W_ft (x_t - x_(t-1)), at first straight motion. */
static weyl_tensor motion(weyl_graph *g, const weyl_motion *in, const weyl_options *options) {
  (void)options;
  const int64_t n = in->frames - 1;
  const weyl_tensor steps = weyl_motion_steps(in);
  const weyl_tensor w =
      weyl_param(g, "steps.weight", WEYL_SHAPE(weyl_num(in->future), weyl_num(n)), weyl_init_constant(0));
  const weyl_tensor ahead = weyl_unsqueeze(weyl_frames_ahead(g, in->future), 1);
  const weyl_tensor learned = weyl_permute(weyl_einsum("nsd,fs->ndf", steps, w), (int[]){0, 2, 1});
  const weyl_tensor straight =
      weyl_add(weyl_unsqueeze(in->points.x, 1), weyl_mul(weyl_unsqueeze(in->points.v, 1), ahead));
  return weyl_unsqueeze(weyl_add(straight, learned), 1);
}

static const weyl_option options[] = {{0}};

extern const weyl_model_def weyl_model_linear;
const weyl_model_def weyl_model_linear = {
    .name = "linear",
    .paper = "baseline of Satorras, Hoogeboom, Welling, ICML 2021",
    .summary = "straight motion for one learned time: x + tau v",
    .symmetry = "E x S",
    .options = options,
    .points = points,
    .motion = motion,
};
