/* edge_aligned and edge_aligned_back: messages along edges made in the frame of each edge (weyl/irrep.h), and the three
 * derivatives.
 *   x [senders, ..], v [edges, 3], w [edges, ..], sender and receiver i32 [edges] -> [receivers, ..].
 * attr.data: the plan; attr.i[AXES]: a weyl_axes; the rest in along_edges.h.
 *   F = <g, out> is linear in x, g and w, with derivatives as in trilinear.h.  It sees but the direction of v, and
 * turning edge e alone by a small angle omega changes its part F_e by -F_e(x, L g, w) - F_e(L x, g, w), L the generator
 * of turns about omega: the derivative by v along b, with omega = v x b / |v|^2 for every edge, is a sum of the same F
 * with weights omega_i w, so that higher derivatives need nothing else than L, which is a tensor product. */
#include "../plans.h"
#include "along_edges.h"

#include <math.h>

enum { AXES = CHANNELS + 1 };
static const double pi = 3.14159265358979323846;

static weyl_status eval(const weyl_eval *e) {
  const weyl_edges edges = edges_of(e->node, e->in, &e->out[0]);
  return weyl_edge_aligned_forward(e->ctx, e->node->attr.data, &edges, e->in[0].data, e->in[2].data, e->in[1].data,
                                   e->out[0].data, e->scratch);
}

static weyl_status back_eval(const weyl_eval *e) {
  const weyl_edges edges = edges_of(e->node, e->in, &e->in[2]);
  return weyl_edge_aligned_backward(e->ctx, e->node->attr.data, &edges, e->in[0].data, e->in[3].data, e->in[1].data,
                                    e->in[2].data, e->out[0].data, e->out[2].data, e->out[1].data, e->scratch);
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in, (void)out;
  return weyl_edge_aligned_work(node->attr.data);
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const int way = node->op == &weyl_op_edge_aligned ? 0 : out[1].data ? 2 : 1;
  return (double)in[1].dim[0] * (double)node->attr.i[CHANNELS] * weyl_edge_aligned_ops(node->attr.data, way);
}

/* ---- derivatives ---- */

/* L_axis of features of the plan's list `which`, 0 of x, 1 of the output: D(turn by a small angle) = 1 + angle L. */
static weyl_tensor generate(weyl_graph *g, const weyl_node *node, int which, int axis, weyl_tensor x) {
  static const int of_axis[2][3] = {{0, 1, 2}, {2, 0, 1}}; /* order of degree 1 of x, y, z */
  static const weyl_irrep vector = {1, 1, 1};
  weyl_irreps list[2];
  weyl_edge_aligned_lists(node->attr.data, &list[0], &list[1]);
  const weyl_irreps a = list[which];
  weyl_arena *arena = weyl_graph_arena(g);
  weyl_path *path = weyl_arena_array(arena, weyl_path, a.n + 1);
  double *factor = weyl_arena_array(arena, double, a.n + 1), unit[3] = {0};
  if (!path || !factor) return weyl_graph_fail(g, WEYL_MEMORY, "no memory for %d paths", (int)a.n);
  weyl_paths paths = {0, path};
  for (int32_t b = 0; b < a.n; b++) {
    const int32_t l = a.item[b].l;
    if (l == 0) continue;
    path[paths.n] = (weyl_path){.in1 = b, .in2 = 0, .out = b, .l1 = l, .l2 = 1, .l3 = l};
    factor[paths.n++] = -sqrt(4 * pi / 3) * weyl_poisson_factor(l, 1, l);
  }
  unit[of_axis[node->attr.i[AXES]][axis]] = 1;
  weyl_shape rows = weyl_tensor_shape(x);
  rows.dim[1] = weyl_num(3);
  const weyl_tensor y =
      weyl_broadcast_to(weyl_constant_array(g, weyl_graph_dtype(g), WEYL_SHAPE(weyl_num(3)), unit), rows);
  const weyl_product_opts opts = {.wiring = WEYL_WIRE_UVU, .weights = WEYL_WEIGHTS_NONE, .factor = factor};
  return weyl_product_of(x, y, WEYL_NULL_TENSOR, &opts, a, (weyl_irreps){1, &vector}, a, paths);
}

static weyl_tensor component(weyl_tensor a, int i) { return weyl_slice(a, 1, i % 3, 1, 1); }

static weyl_tensor cross(weyl_tensor a, weyl_tensor b) {
  weyl_tensor part[3];
  for (int i = 0; i < 3; i++)
    part[i] = weyl_sub(weyl_mul(component(a, i + 1), component(b, i + 2)),
                       weyl_mul(component(a, i + 2), component(b, i + 1)));
  return weyl_concat(part, 3, 1);
}

static weyl_tensor dot(weyl_tensor a, weyl_tensor b) { return weyl_unsqueeze(weyl_sum(weyl_mul(a, b), 1), 1); }

/* 1 / |v|^2; 0 for the zero vector. */
static weyl_tensor inverse_square(weyl_graph *g, weyl_tensor v) {
  const weyl_tensor square = dot(v, v), zero = weyl_scalar(g, 0), none = weyl_eq(square, zero);
  return weyl_where(none, zero, weyl_recip(weyl_where(none, weyl_scalar(g, 1), square)));
}

/* What cotangent b of the derivative by v adds to the derivatives dx of x, v, g, w. */
static void along_v(weyl_graph *g, const weyl_node *node, const trilinear *t, const weyl_tensor x[4], weyl_tensor b,
                    weyl_tensor *dx) {
  enum { X_, V_, G_, W_ };
  const weyl_tensor v = x[V_], inverse = inverse_square(g, v), omega = weyl_mul(cross(v, b), inverse);
  weyl_tensor torque[3] = {{0}}; /* the derivative by omega */
  for (int i = 0; i < 3; i++) {
    const weyl_tensor w = weyl_neg(weyl_mul(component(omega, i), x[W_]));
    for (int side = 0; side < 2; side++) { /* L on x, or on g; it is antisymmetric */
      const weyl_tensor at = side ? x[X_] : generate(g, node, 0, i, x[X_]),
                        out = side ? generate(g, node, 1, i, x[G_]) : x[G_];
      const weyl_tensor d = trilinear_node(g, t, at, v, out, w), dg = trilinear_node(g, t, at, v, WEYL_NULL_TENSOR, w),
                        da = weyl_node_value(d, 0), dw = weyl_node_value(d, 2);
      trilinear_add(&dx[X_], side ? da : weyl_neg(generate(g, node, 0, i, da)));
      trilinear_add(&dx[V_], weyl_node_value(d, 1));
      trilinear_add(&dx[G_], side ? weyl_neg(generate(g, node, 1, i, dg)) : dg);
      trilinear_add(&dx[W_], weyl_neg(weyl_mul(component(omega, i), dw)));
      trilinear_add(&torque[i], weyl_neg(dot(x[W_], dw)));
    }
  }
  const weyl_tensor a = weyl_concat(torque, 3, 1);
  trilinear_add(&dx[V_], weyl_mul(inverse, weyl_sub(cross(b, a), weyl_mul(weyl_scale(dot(a, omega), 2), v))));
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  trilinear_vjp(g, node, &weyl_op_edge_aligned_back, dy, dx);
}

static void back_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  weyl_tensor x[4];
  const trilinear t = trilinear_of(g, node, &weyl_op_edge_aligned, node->op, x);
  if (dy[0].graph) trilinear_back_add(g, &t, x, 0, dy[0], dx);
  if (dy[1].graph) along_v(g, node, &t, x, dy[1], dx);
  if (dy[2].graph) trilinear_back_add(g, &t, x, 2, dy[2], dx);
}

/* ---- expressions ---- */

static weyl_status make_plan(weyl_context *ctx, weyl_dtype real, const weyl_plan_request *r, void **plan) {
  const weyl_edge_aligned_opts opts = {.weights = (weyl_edge_weights)r->choice[0],
                                       .layout = WEYL_LAYOUT_ROWS,
                                       .gauge = (weyl_gauge)r->choice[1],
                                       .axes = (weyl_axes)r->choice[2],
                                       .norm = (weyl_harmonics_norm)r->choice[3],
                                       .orders = (int)r->choice[4],
                                       .factor = r->factor};
  weyl_edge_aligned *made = NULL;
  const weyl_status status =
      weyl_edge_aligned_new(ctx, &opts, real, r->list[0], r->list[1], r->list[2], r->paths, &made);
  *plan = made;
  return status;
}

static void free_plan(void *plan) { weyl_edge_aligned_free(plan); }

static const weyl_edge_aligned *plan_of(weyl_graph *g, const weyl_edge_aligned_opts *opts, weyl_irreps in,
                                        weyl_irreps harmonics, weyl_irreps out, weyl_paths paths) {
  static const weyl_plan_kind kind = {make_plan, free_plan};
  const weyl_edge_aligned_opts usual = {0}, *o = opts ? opts : &usual;
  const weyl_plan_request request = {.kind = &kind,
                                     .choice = {o->weights, o->gauge, o->axes, o->norm, o->orders},
                                     .list = {in, harmonics, out},
                                     .paths = paths,
                                     .factor = o->factor};
  return weyl_graph_plan(g, &request);
}

int64_t weyl_edge_convolution_weights_of(weyl_graph *g, const weyl_edge_aligned_opts *opts, weyl_irreps in,
                                         weyl_irreps harmonics, weyl_irreps out, weyl_paths paths) {
  const weyl_edge_aligned *plan = plan_of(g, opts, in, harmonics, out, paths);
  return plan ? weyl_edge_aligned_size(plan, 3) : -1;
}

static weyl_tensor aligned(const weyl_edge_aligned *plan, const weyl_tensor in[5], weyl_dim receivers, weyl_axes axes,
                           int64_t channels) {
  weyl_attr attr = {.n = 3, .shape = {.rank = 1, .dim = {receivers}}, .data = plan};
  for (int i = 0; i < 4; i++) attr.i[i] = weyl_edge_aligned_size(plan, i == Y ? 1 : i);
  attr.i[CHANNELS] = channels;
  attr.i[AXES] = axes;
  return weyl_node_new(in[0].graph, &weyl_op_edge_aligned, in, 5, &attr, NULL);
}

/* Harmonics of every block of a list, one after the other. */
static weyl_tensor harmonics_of(weyl_tensor v, const weyl_edge_aligned_opts *o, weyl_irreps list) {
  weyl_graph *g = v.graph;
  const int l_max = weyl_irreps_l_max(list);
  const weyl_tensor y = weyl_harmonics_of(v, &(weyl_harmonics_opts){.l_max = l_max, .axes = o->axes, .norm = o->norm});
  bool all = list.n == l_max + 1;
  for (int32_t i = 0; i < list.n; i++) all &= list.item[i].l == i;
  if (all) return y;
  weyl_tensor *part = weyl_arena_array(weyl_graph_arena(g), weyl_tensor, list.n + 1);
  if (!part) return weyl_graph_fail(g, WEYL_MEMORY, "no memory for %d blocks", (int)list.n);
  for (int32_t i = 0; i < list.n; i++) {
    const int64_t l = list.item[i].l;
    part[i] = weyl_slice(y, 1, l * l, 2 * l + 1, 1);
  }
  return weyl_concat(part, list.n, 1);
}

weyl_tensor weyl_edge_convolution_of(weyl_tensor x, weyl_tensor v, weyl_tensor w, weyl_tensor sender,
                                     weyl_tensor receiver, weyl_dim receivers, const weyl_edge_aligned_opts *opts,
                                     weyl_irreps in, weyl_irreps harmonics, weyl_irreps out, weyl_paths paths) {
  if (!weyl_tensor_valid(x) || !weyl_tensor_valid(v)) return WEYL_NULL_TENSOR;
  const weyl_edge_aligned_opts usual = {0}, *o = opts ? opts : &usual;
  const weyl_edge_aligned *plan = plan_of(x.graph, o, in, harmonics, out, paths);
  if (!plan) return WEYL_NULL_TENSOR;
  if (weyl_edge_aligned_pays(plan) || harmonics.n == 0)
    return aligned(plan, (weyl_tensor[]){x, v, w, sender, receiver}, receivers, o->axes, in.n > 0 ? in.item[0].mul : 0);
  const weyl_edge_product_opts tables = {.gauge = o->gauge, .factor = o->factor};
  return weyl_edge_product_of(x, harmonics_of(v, o, harmonics), w, sender, receiver, receivers, &tables, in, harmonics,
                              out, paths);
}

/* ---- examples ---- */

static void make_example(weyl_example *ex, int which, bool counts) {
  static const weyl_irrep in[] = {{2, 0, 1}, {2, 1, -1}, {2, 2, 1}}, y[] = {{1, 0, 1}, {1, 1, -1}, {1, 2, 1}},
                          out[] = {{2, 0, 1}, {2, 1, -1}, {2, 1, 1}};
  const weyl_edge_aligned_opts opts[] = {
      {0}, {.weights = WEYL_EDGE_ORDERS, .orders = 1, .axes = WEYL_AXES_STANDARD}, {.weights = WEYL_EDGE_DEGREES}};
  weyl_graph *g = ex->graph;
  const weyl_irreps list[3] = {{which ? 2 : 3, in}, {3, y}, {3 - which, out}};
  weyl_paths paths;
  const weyl_status status = weyl_paths_find(weyl_graph_context(g), weyl_graph_arena(g), list[0], list[1], list[2],
                                             which == 2 ? WEYL_PATH_EVEN : WEYL_PATH_ALL, &paths);
  if (status != WEYL_OK) g->status = status;
  const weyl_dim nodes = counts ? weyl_per(WEYL_NODES) : weyl_num(3),
                 edges = counts ? weyl_per(WEYL_EDGES) : weyl_num(4);
  const weyl_edge_aligned *plan = plan_of(g, &opts[which], list[0], list[1], list[2], paths);
  if (!plan) return;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(nodes, weyl_num(weyl_irreps_dim(list[0]))));
  ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(edges, weyl_num(3)));
  ex->in[2] = weyl_example_input(ex, WEYL_SHAPE(edges, weyl_num(weyl_edge_aligned_size(plan, 3))));
  ex->in[3] = weyl_example_index(ex, WEYL_SHAPE(edges), 3, false);
  ex->in[4] = weyl_example_index(ex, WEYL_SHAPE(edges), 3, true);
  ex->out[0] = aligned(plan, ex->in, nodes, opts[which].axes, 2);
}

static void example(weyl_example *ex, int which) { make_example(ex, which, which == 1); }

static void back_example(weyl_example *ex, int which) {
  make_example(ex, which + 1, which > 0);
  weyl_graph *g = ex->graph;
  const weyl_node *made = weyl_graph_node(g, weyl_value_of(g, ex->out[0].id)->node);
  weyl_tensor x[4];
  const trilinear t = trilinear_of(g, made, &weyl_op_edge_aligned, &weyl_op_edge_aligned_back, x);
  const weyl_tensor out = weyl_example_input(ex, weyl_tensor_shape(ex->out[0]));
  ex->in[ex->n_in - 1] = out;
  const weyl_tensor d = trilinear_node(g, &t, x[0], x[1], out, x[3]);
  for (int k = 0; k < 3; k++) ex->out[k] = weyl_node_value(d, k);
}

const weyl_op weyl_op_edge_aligned = {.name = "edge_aligned",
                                      .shape = edges_shape,
                                      .eval = eval,
                                      .vjp = vjp,
                                      .scratch = scratch,
                                      .flops = flops,
                                      .check = {.order = 2, .cases = 3, .example = example}};
const weyl_op weyl_op_edge_aligned_back = {.name = "edge_aligned_back",
                                           .n_out = 3,
                                           .flags = WEYL_OP_PARTIAL,
                                           .shape = edges_back_shape,
                                           .eval = back_eval,
                                           .vjp = back_vjp,
                                           .scratch = scratch,
                                           .flops = flops,
                                           .check = {.order = 2, .cases = 2, .example = back_example}};
