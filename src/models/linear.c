/* linear.c: straight motion for a learned time, x + tau v. */
#include <weyl/models.h>

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *options) {
  (void)options;
  if (!weyl_tensor_valid(p->v))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "model linear needs velocities, and these points have none");
  weyl_tensor time = weyl_param(g, "time", WEYL_SHAPE(weyl_num(1)), weyl_init_constant(0.7));
  return weyl_add(p->x, weyl_mul(p->v, time));
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
};
