/* egnn.c: E(n) equivariant graph network with velocities (Satorras, Hoogeboom, Welling, ICML 2021, equations 3 to 7),
 * parameters named as in the authors' code.
 *
 *   m_ij = mlp_e(h_i, h_j, |x_i - x_j|^2, a_ij)        a_ij = (edge scalars, |x_i - x_j|^2 of the input)
 *   x_i <- x_i + mean_j (x_i - x_j) mlp_x(m_ij) + mlp_v(h_i) v_i        v_i of the input
 *   h_i <- h_i + mlp_h(h_i, sum_j m_ij)
 *
 * The authors clamp the coordinate messages to +-100 component by component, "never activated but just in case": left
 * out, as it would break the symmetry.
 */
#include "parts.h"

extern const weyl_model_def weyl_model_egnn;

/* What the nodes know at first: invariants only, speed as in the paper. */
static weyl_tensor node_input(weyl_graph *g, const weyl_points *p, bool charges) {
  const bool moving = weyl_tensor_valid(p->v);
  const bool scalars = weyl_scalars_wanted(p, charges || !moving);
  weyl_tensor speed = WEYL_NULL_TENSOR;
  if (moving) {
    /* no infinite slope at rest: |v| has none that matters, and a tiny shift is below rounding elsewhere */
    weyl_tensor square = weyl_unsqueeze(weyl_sum(weyl_square(p->v), 1), 1);
    speed = weyl_sqrt(weyl_shift(square, 1e-30));
  }
  weyl_tensor input = weyl_join((weyl_tensor[]){speed, scalars ? p->scalar : WEYL_NULL_TENSOR}, 2);
  if (weyl_tensor_valid(input)) return input;
  return weyl_constant(g, 1, WEYL_SHAPE(weyl_tensor_shape(p->x).dim[0], weyl_num(1))); /* nothing to tell them apart */
}

static weyl_tensor layer(const weyl_points *p, weyl_tensor h, weyl_tensor *x, weyl_tensor attribute, int64_t hidden) {
  const weyl_linear_opts small = {.no_bias = true, .scheme = WEYL_SCHEME_XAVIER, .gain = 0.001};
  weyl_graph *g = x->graph;

  weyl_tensor r = weyl_edge_difference(p, *x);
  weyl_tensor edge = weyl_join((weyl_tensor[]){weyl_square_length(r), attribute}, 2);
  weyl_tensor m = weyl_graph_messages(p, h, edge);

  weyl_scope(g, "coord_mlp");
  weyl_tensor weight = weyl_linear(weyl_silu(weyl_linear(m, "0", hidden, NULL)), "2", 1, &small);
  weyl_scope_end(g);
  weyl_tensor next = weyl_add(*x, weyl_segment_mean(weyl_mul(r, weight), p->receiver, weyl_tensor_shape(*x).dim[0]));
  if (weyl_tensor_valid(p->v)) {
    weyl_tensor along = weyl_mlp(h, "coord_mlp_vel", (int64_t[]){hidden, 1}, 2, WEYL_ACT_SILU, false);
    next = weyl_add(next, weyl_mul(p->v, along));
  }
  *x = next;
  return weyl_graph_update(p, h, m);
}

/* All layers, from the features h and the positions x of p. */
static void layers(weyl_graph *g, const weyl_points *p, const weyl_options *o, weyl_tensor *h, weyl_tensor *x) {
  const weyl_model_def *me = &weyl_model_egnn;
  const int64_t hidden = weyl_model_integer(me, o, "hidden"), n = weyl_model_integer(me, o, "layers");
  const weyl_tensor parts[] = {p->edge_scalar, weyl_square_length(weyl_edge_difference(p, p->x))};
  const weyl_tensor attribute = weyl_join(parts, 2);
  *x = p->x;
  for (int64_t l = 0; l < n && weyl_tensor_valid(*x); l++) {
    weyl_scope(g, "gcl_%d", (int)l);
    *h = layer(p, *h, x, attribute, hidden);
    weyl_scope_end(g);
  }
}

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_egnn;
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  weyl_tensor x, h = weyl_linear(node_input(g, p, weyl_model_bool(me, o, "node_charges")), "embedding",
                                 weyl_model_integer(me, o, "hidden"), NULL);
  layers(g, p, o, &h, &x);
  return x;
}

/* A past in place of one velocity: nodes know the speeds of all steps, and the answer is the last position plus steps
 * and the way that the layers moved it, each times numbers of h: y_f = x + sum_t w_ft(h) v_t + w_f(h) (x' - x). */
static weyl_tensor motion(weyl_graph *g, const weyl_motion *in, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_egnn;
  const weyl_points *p = &in->points;
  const int64_t hidden = weyl_model_integer(me, o, "hidden");
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  const weyl_tensor steps = weyl_motion_steps(in);
  const weyl_tensor speeds = weyl_squeeze(weyl_length(steps), 2);
  weyl_tensor x, h = weyl_linear(weyl_join((weyl_tensor[]){speeds, p->scalar}, 2), "embedding", hidden, NULL);
  layers(g, p, o, &h, &x);
  if (!weyl_tensor_valid(x)) return x;
  const weyl_tensor moved = weyl_unsqueeze(weyl_sub(x, p->x), 1);
  const weyl_tensor vectors = weyl_concat((weyl_tensor[]){steps, moved}, 2, 1);
  const weyl_tensor w = weyl_mlp(h, "future", (int64_t[]){hidden, in->future * in->frames}, 2, WEYL_ACT_SILU, false);
  const weyl_tensor by_frame =
      weyl_reshape(w, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(in->future), weyl_num(in->frames)));
  const weyl_tensor way = weyl_einsum("nfs,nsd->nfd", by_frame, vectors);
  return weyl_unsqueeze(weyl_add(weyl_unsqueeze(p->x, 1), way), 1);
}

static const weyl_option options[] = {
    {"hidden", WEYL_OPT_INT, "64", 1, 4096, NULL, "width of the hidden features"},
    {"layers", WEYL_OPT_INT, "4", 1, 64, NULL, "graph convolutions"},
    {"node_charges", WEYL_OPT_BOOL, "false", 0, 0, NULL, "node scalars (charges) as inputs of the nodes too"},
    {0},
};

const weyl_model_def weyl_model_egnn = {
    .name = "egnn",
    .paper = "Satorras, Hoogeboom, Welling, ICML 2021",
    .summary = "E(n) equivariant graph network: invariant messages, coordinates moved along edges",
    .symmetry = "E x S",
    .options = options,
    .points = points,
    .motion = motion,
};
