/* segnn.c: steerable E(3) equivariant graph network (Brandstetter, Hesselink, van der Pol, Bekkers, Welling, ICLR 2022;
 * for moving points as in the authors' code).  Features turn by irreps; every layer is a product with attributes, which
 * are harmonics of what the geometry offers.
 *
 *   a_ij = Y(x_i - x_j),  a_i = mean_j a_ij + Y(v_i) with 1 in degree 0
 *   h_i = W_a_i (x_i - mean x, v_i, |v_i|)
 *   m_ij = gate(W_a_ij gate(W_a_ij (h_i, h_j, |x_i - x_j|, edge scalars)))
 *   h_i <- h_i + W_a_i gate(W_a_i (h_i, sum_j m_ij))
 *   x_i + W_a_i gate(W_a_i h_i)        one vector
 *
 * W_a stands for a product with a whose weights are learned.  Fewer dimensions than 3 are embedded, which keeps the
 * symmetry.
 */
#include "parts.h"

#include <string.h>

extern const weyl_model_def weyl_model_segnn;

typedef struct segnn {
  weyl_irreps hidden;
  weyl_steerable_product_opts product;
} segnn;

static weyl_steerable gated(const segnn *s, weyl_steerable h, weyl_steerable a, const char *name) {
  if (!weyl_tensor_valid(h.x)) return h;
  weyl_gate_spec gate = weyl_gate_for(h.x.graph, s->hidden);
  gate.normalise = true; /* as e3nn's gate */
  return weyl_gate(weyl_steerable_product(h, a, name, weyl_gate_in(h.x.graph, &gate), &s->product), &gate);
}

static weyl_steerable plain(const segnn *s, weyl_steerable h, weyl_steerable a, const char *name, weyl_irreps out) {
  return weyl_steerable_product(h, a, name, out, &s->product);
}

static weyl_steerable invariants(weyl_tensor x) {
  if (!weyl_tensor_valid(x)) return (weyl_steerable){0};
  return weyl_steerable_of(x, weyl_graph_irreps(x.graph, "%lldx0e", (long long)weyl_dim_of(x, -1)));
}

/* The invariant of the attributes is 1 in all rows: nodes without neighbours have one too. */
static weyl_steerable with_one(weyl_steerable a) {
  if (!weyl_tensor_valid(a.x)) return a;
  weyl_steerable parts[2] = {weyl_steerable_number(a.x.graph, 1, weyl_tensor_shape(a.x).dim[0])};
  if (a.irreps.n > 1) parts[1] = weyl_steerable_part(a, 1, a.irreps.n - 1);
  return weyl_steerable_join(parts, 2);
}

/* [rows, d] -> [rows, 3] */
static weyl_tensor spatial(weyl_tensor x, int d) { return d == 3 ? x : weyl_pad(x, 1, 0, 3 - d, 0, 0); }

/* C copies of each degree with the parity of harmonics, and of the other parity too if `both`. */
static weyl_irreps hidden_irreps(weyl_graph *g, int64_t channels, int64_t l_max, bool both) {
  char text[400] = "";
  size_t at = 0;
  for (int64_t l = 0; l <= l_max; l++)
    for (int pseudo = 0; pseudo <= (both ? 1 : 0); pseudo++)
      at += (size_t)snprintf(text + at, sizeof text - at, "%s%lldx%lld%c", at ? "+" : "", (long long)channels,
                             (long long)l, (l + pseudo) % 2 ? 'o' : 'e');
  return weyl_graph_irreps(g, "%s", text);
}

static weyl_steerable layer(const segnn *s, const weyl_points *p, weyl_steerable h, weyl_steerable edge,
                            weyl_steerable edge_attribute, weyl_steerable node_attribute) {
  const weyl_steerable pair[] = {weyl_steerable_gather(h, p->receiver), weyl_steerable_gather(h, p->sender), edge};
  weyl_steerable m = gated(s, weyl_steerable_join(pair, 3), edge_attribute, "message_layer_1");
  m = gated(s, m, edge_attribute, "message_layer_2");
  m = weyl_steerable_segment_sum(m, p->receiver, weyl_tensor_shape(h.x).dim[0]);
  weyl_steerable u = weyl_steerable_join((weyl_steerable[]){h, m}, 2);
  u = gated(s, u, node_attribute, "update_layer_1");
  return weyl_steerable_add(h, plain(s, u, node_attribute, "update_layer_2", s->hidden));
}

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_segnn;
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  if (p->d > 3) return weyl_graph_fail(g, WEYL_BAD_ARG, "model segnn: the dimension is %d, must be 1, 2 or 3", p->d);
  const char *kind = weyl_model_string(me, o, "product"), *pseudo = weyl_model_string(me, o, "pseudo");
  segnn s = {.product = {.linear = {.uniform = true}}};
  if (strcmp(kind, "gaunt") == 0) s.product.kind = WEYL_STEERABLE_GAUNT;
  if (strcmp(kind, "complete") == 0) s.product.kind = WEYL_STEERABLE_COMPLETE;
  if (strcmp(kind, "auto") == 0) s.product.kind = WEYL_STEERABLE_AUTO;
  const bool both =
      strcmp(pseudo, "auto") == 0 ? s.product.kind == WEYL_STEERABLE_COMPLETE : strcmp(pseudo, "yes") == 0;
  s.product.channels = (both ? 2 : 1) * weyl_model_integer(me, o, "hidden"); /* as many as each degree has copies */
  s.hidden = hidden_irreps(g, weyl_model_integer(me, o, "hidden"), weyl_model_integer(me, o, "l_hidden"), both);
  const int l_max = (int)weyl_model_integer(me, o, "l_attributes");
  const weyl_dim nodes = weyl_tensor_shape(p->x).dim[0];
  const bool moving = weyl_tensor_valid(p->v);

  const weyl_tensor r = spatial(weyl_edge_difference(p, p->x), p->d);
  const weyl_steerable a = weyl_steerable_harmonics(r, l_max, WEYL_HARMONICS_INTEGRAL);
  weyl_steerable a_node = {.x = weyl_segment_mean(a.x, p->receiver, nodes), .irreps = a.irreps};
  const weyl_tensor centred = weyl_sub(p->x, weyl_points_spread(p, weyl_points_mean(p, p->x)));
  weyl_steerable input[4] = {weyl_steerable_vectors(spatial(centred, p->d))};
  if (moving) {
    const weyl_tensor v = spatial(p->v, p->d);
    a_node = weyl_steerable_add(a_node, weyl_steerable_harmonics(v, l_max, WEYL_HARMONICS_INTEGRAL));
    input[1] = weyl_steerable_vectors(v);
    input[2] = invariants(weyl_length(v));
  }
  a_node = with_one(a_node);
  if (weyl_scalars_wanted(p, weyl_model_bool(me, o, "node_charges"))) input[3] = invariants(p->scalar);
  const weyl_steerable edge =
      weyl_steerable_join((weyl_steerable[]){invariants(weyl_length(r)), invariants(p->edge_scalar)}, 2);

  weyl_steerable h = plain(&s, weyl_steerable_join(input, 4), a_node, "embedding_layer", s.hidden);
  const int64_t layers = weyl_model_integer(me, o, "layers");
  for (int64_t l = 0; l < layers && weyl_tensor_valid(h.x); l++) {
    weyl_scope(g, "layers.%d", (int)l);
    h = layer(&s, p, h, edge, a, a_node);
    weyl_scope_end(g);
  }
  h = gated(&s, h, a_node, "pre_pool1");
  h = plain(&s, h, a_node, "pre_pool2", weyl_graph_irreps(g, "1x1o"));
  return weyl_add(p->x, p->d == 3 ? h.x : weyl_slice(h.x, 1, 0, p->d, 1));
}

static const weyl_option options[] = {
    {"hidden", WEYL_OPT_INT, "32", 1, 1024, NULL, "copies of each irrep of the hidden features"},
    {"layers", WEYL_OPT_INT, "4", 1, 64, NULL, "message passing layers"},
    {"l_hidden", WEYL_OPT_INT, "1", 0, 8, NULL, "highest degree of the hidden features"},
    {"l_attributes", WEYL_OPT_INT, "1", 0, 8, NULL, "highest degree of the attributes"},
    {"product", WEYL_OPT_CHOICE, "cg", 0, 0, "cg|gaunt|complete|auto",
     "all couplings; products of functions on the sphere; those and Poisson brackets; the least work, layer by layer"},
    {"pseudo", WEYL_OPT_CHOICE, "auto", 0, 0, "auto|no|yes",
     "hidden features of both parities; auto: with the complete product, whose brackets lead to them"},
    {"node_charges", WEYL_OPT_BOOL, "false", 0, 0, NULL, "node scalars (charges) as inputs of the nodes too"},
    {0},
};

const weyl_model_def weyl_model_segnn = {
    .name = "segnn",
    .paper = "Brandstetter, Hesselink, van der Pol, Bekkers, Welling, ICLR 2022",
    .summary = "steerable E(3) equivariant graph network: features of any degree, products of irreps",
    .symmetry = "E x S",
    .options = options,
    .points = points,
};
