/* gnn.c: the plain graph network on raw coordinates, which knows no symmetry of space: the baseline, and a backbone for
 * symmetrizers. */
#include "parts.h"

extern const weyl_model_def weyl_model_gnn;

static weyl_tensor layers(const weyl_points *p, weyl_tensor h, int64_t n) {
  for (int64_t l = 0; l < n; l++) {
    char name[32];
    snprintf(name, sizeof name, "gcl_%d", (int)l);
    h = weyl_graph_layer(p, h, p->edge_scalar, name);
  }
  return h;
}

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_gnn;
  const int64_t hidden = weyl_model_integer(me, o, "hidden");
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  const bool scalars = weyl_scalars_wanted(p, weyl_model_bool(me, o, "node_charges"));

  const weyl_tensor raw[] = {p->x, p->v, scalars ? p->scalar : WEYL_NULL_TENSOR};
  weyl_tensor h = weyl_mlp(weyl_join(raw, 3), "embedding", &hidden, 1, WEYL_ACT_SILU, false);
  h = layers(p, h, weyl_model_integer(me, o, "layers"));
  (void)g;
  return weyl_mlp(h, "decoder", (int64_t[]){hidden, p->d}, 2, WEYL_ACT_SILU, false);
}

/* The whole past of a node, less the mean of its scene, as plain numbers; the answer is added to the last position.
 * Without layers every node is on its own: a perceptron. */
static weyl_tensor motion(weyl_graph *g, const weyl_motion *in, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_gnn;
  const weyl_points *p = &in->points;
  const int64_t hidden = weyl_model_integer(me, o, "hidden");
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  const weyl_tensor centre = weyl_points_spread(p, weyl_points_mean(p, weyl_mean(in->past, 1)));
  const weyl_tensor x = weyl_reshape(weyl_sub(in->past, weyl_unsqueeze(centre, 1)),
                                     WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(in->frames * p->d)));
  const weyl_tensor raw[] = {x, p->scalar, in->joint};
  weyl_tensor h = weyl_mlp(weyl_join(raw, 3), "embedding", (int64_t[]){hidden, hidden}, 2, WEYL_ACT_SILU, false);
  h = layers(p, h, weyl_model_integer(me, o, "layers"));
  const weyl_tensor y = weyl_mlp(h, "decoder", (int64_t[]){hidden, in->future * p->d}, 2, WEYL_ACT_SILU, false);
  const weyl_tensor way =
      weyl_reshape(y, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(1), weyl_num(in->future), weyl_num(p->d)));
  (void)g;
  return weyl_add(weyl_unsqueeze(weyl_unsqueeze(p->x, 1), 1), way);
}

static const weyl_option options[] = {
    {"hidden", WEYL_OPT_INT, "64", 1, 4096, NULL, "width of the hidden features"},
    {"layers", WEYL_OPT_INT, "4", 0, 64, NULL, "graph convolutions"},
    {"node_charges", WEYL_OPT_BOOL, "false", 0, 0, NULL, "node scalars (charges) as inputs of the nodes too"},
    {0},
};

const weyl_model_def weyl_model_gnn = {
    .name = "gnn",
    .paper = "Gilmer et al., ICML 2017; baseline of Satorras, Hoogeboom, Welling, ICML 2021",
    .summary = "graph network on raw coordinates: permutations only, a backbone for frames",
    .symmetry = "S",
    .options = options,
    .points = points,
    .motion = motion,
};
