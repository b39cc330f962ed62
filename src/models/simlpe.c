/* simlpe.c: perceptrons along time and over the joints of a skeleton (Guo, Du, Shen, Lepetit, Alameda-Pineda,
 * Moreno-Noguer, WACV 2023): no graph, no symmetry of space, and hard to beat on motion capture.
 *
 *   x [d J, T] -> D -> W_0 -> blocks x <- x + layer_norm(W x) along time -> W_1 -> D^T -> first F frames + last pose
 *
 * Where few bodies are trained on, the poses themselves are learned by heart: with `relative`, x is what they are less
 * the last one.
 */
#include "parts.h"

extern const weyl_model_def weyl_model_simlpe;

/* [nodes, T, d] -> [batch, T, J d]: the joints of a sample side by side. */
static weyl_tensor side_by_side(const weyl_motion *in) {
  const int64_t joints = weyl_dim_of(in->joint, 1), d = in->points.d;
  const weyl_tensor placed = weyl_einsum(
      "nj,nt->njt", in->joint, weyl_reshape(in->past, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(in->frames * d))));
  const weyl_tensor x =
      weyl_reshape(weyl_points_sum(&in->points, placed),
                   WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(joints), weyl_num(in->frames), weyl_num(d)));
  return weyl_reshape(weyl_permute(x, (int[]){0, 2, 1, 3}),
                      WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(in->frames), weyl_num(joints * d)));
}

/* [batch, T, J d] -> [nodes, T, d] */
static weyl_tensor node_by_node(const weyl_motion *in, weyl_tensor x) {
  const int64_t joints = weyl_dim_of(in->joint, 1), d = in->points.d, n = weyl_dim_of(x, 1);
  x = weyl_reshape(x, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(n), weyl_num(joints), weyl_num(d)));
  x = weyl_reshape(weyl_permute(x, (int[]){0, 2, 1, 3}),
                   WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(joints), weyl_num(n * d)));
  const weyl_tensor own = weyl_einsum("nj,njt->nt", in->joint, weyl_points_spread(&in->points, x));
  return weyl_reshape(own, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(n), weyl_num(d)));
}

static weyl_tensor motion(weyl_graph *g, const weyl_motion *in, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_simlpe;
  const int64_t blocks = weyl_model_integer(me, o, "layers"), n = in->frames;
  if (!weyl_tensor_valid(in->joint))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "model %s is for skeletons: the points of these data have no names",
                           me->name);
  if (in->future > n)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "model %s predicts at most as many frames as it sees: %lld of %lld",
                           me->name, (long long)in->future, (long long)n);
  const weyl_tensor past = side_by_side(in), last = weyl_slice(past, 1, n - 1, 1, 1);
  const int64_t width = weyl_dim_of(past, 2);
  /* time stands last: its maps are products over the last axis */
  const weyl_tensor given = weyl_model_bool(me, o, "relative") ? weyl_sub(past, last) : past;
  weyl_tensor x = weyl_permute(weyl_linear(given, "in", width, NULL), (int[]){0, 2, 1});
  x = weyl_matmul(x, weyl_cosines(g, n, true));
  for (int64_t l = 0; l < blocks; l++) {
    weyl_scope(g, "block_%d", (int)l);
    /* the norm is over the joints, as the authors' best form has it */
    const weyl_tensor mixed = weyl_permute(weyl_linear(x, "time", n, NULL), (int[]){0, 2, 1});
    x = weyl_add(x, weyl_permute(weyl_layer_norm(mixed, "norm"), (int[]){0, 2, 1}));
    weyl_scope_end(g);
  }
  x = weyl_permute(weyl_matmul(x, weyl_cosines(g, n, false)), (int[]){0, 2, 1});
  const weyl_linear_opts small = {.scheme = WEYL_SCHEME_XAVIER, .gain = 1e-8};
  const weyl_tensor way = weyl_slice(weyl_linear(x, "out", width, &small), 1, 0, in->future, 1);
  return weyl_unsqueeze(node_by_node(in, weyl_add(way, last)), 1);
}

static const weyl_option options[] = {
    {"layers", WEYL_OPT_INT, "48", 0, 512, NULL, "blocks along time"},
    {"relative", WEYL_OPT_BOOL, "false", 0, 0, NULL, "what goes in is less the last pose"},
    {0},
};

const weyl_model_def weyl_model_simlpe = {
    .name = "simlpe",
    .paper = "Guo, Du, Shen, Lepetit, Alameda-Pineda, Moreno-Noguer, WACV 2023",
    .summary = "skeletons: perceptrons along time on cosine coefficients, beside the last pose",
    .symmetry = "",
    .options = options,
    .motion = motion,
};
