/* edge_product and edge_product_back: messages along edges, of x at the sender, harmonics y and weights w of the edge,
 * summed at the receiver without being stored (weyl/irrep.h), and the three derivatives (trilinear.h).
 *   x [senders, ..], y [edges, ..], w [edges, ..], sender and receiver i32 [edges] -> [receivers, ..].
 * attr.data: the plan; the rest in along_edges.h. */
#include "../plans.h"
#include "along_edges.h"

static weyl_status eval(const weyl_eval *e) {
  const weyl_edges edges = edges_of(e->node, e->in, &e->out[0]);
  return weyl_edge_product_forward(e->ctx, e->node->attr.data, &edges, e->in[0].data, e->in[2].data, e->in[1].data,
                                   e->out[0].data, e->scratch);
}

static weyl_status back_eval(const weyl_eval *e) {
  const weyl_edges edges = edges_of(e->node, e->in, &e->in[2]);
  return weyl_edge_product_backward(e->ctx, e->node->attr.data, &edges, e->in[0].data, e->in[3].data, e->in[1].data,
                                    e->in[2].data, e->out[0].data, e->out[2].data, e->out[1].data, e->scratch);
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in, (void)out;
  return weyl_edge_product_work(node->attr.data);
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const int way = node->op == &weyl_op_edge_product ? 0 : out[1].data ? 2 : 1;
  return (double)in[1].dim[0] * (double)node->attr.i[CHANNELS] * weyl_edge_product_ops(node->attr.data, way);
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  trilinear_vjp(g, node, &weyl_op_edge_product_back, dy, dx);
}

static void back_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  trilinear_back_vjp(g, node, &weyl_op_edge_product, dy, dx);
}

/* ---- expressions ---- */

static weyl_status make_plan(weyl_context *ctx, weyl_dtype real, const weyl_plan_request *r, void **plan) {
  const weyl_edge_product_opts opts = {
      .layout = WEYL_LAYOUT_ROWS, .gauge = (weyl_gauge)r->choice[0], .factor = r->factor};
  weyl_edge_product *made = NULL;
  const weyl_status status =
      weyl_edge_product_new(ctx, &opts, real, r->list[0], r->list[1], r->list[2], r->paths, &made);
  *plan = made;
  return status;
}

static void free_plan(void *plan) { weyl_edge_product_free(plan); }

static const weyl_edge_product *plan_of(weyl_graph *g, const weyl_edge_product_opts *opts, weyl_irreps in,
                                        weyl_irreps harmonics, weyl_irreps out, weyl_paths paths) {
  static const weyl_plan_kind kind = {make_plan, free_plan};
  const weyl_plan_request request = {.kind = &kind,
                                     .choice = {opts ? opts->gauge : WEYL_GAUGE_WEYL},
                                     .list = {in, harmonics, out},
                                     .paths = paths,
                                     .factor = opts ? opts->factor : NULL};
  return weyl_graph_plan(g, &request);
}

int64_t weyl_edge_product_weights_of(weyl_graph *g, const weyl_edge_product_opts *opts, weyl_irreps in,
                                     weyl_irreps harmonics, weyl_irreps out, weyl_paths paths) {
  const weyl_edge_product *plan = plan_of(g, opts, in, harmonics, out, paths);
  return plan ? weyl_edge_product_size(plan, 3) : -1;
}

weyl_tensor weyl_edge_product_of(weyl_tensor x, weyl_tensor y, weyl_tensor w, weyl_tensor sender, weyl_tensor receiver,
                                 weyl_dim receivers, const weyl_edge_product_opts *opts, weyl_irreps in,
                                 weyl_irreps harmonics, weyl_irreps out, weyl_paths paths) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const weyl_edge_product *plan = plan_of(x.graph, opts, in, harmonics, out, paths);
  if (!plan) return WEYL_NULL_TENSOR;
  weyl_attr attr = {.n = 3, .shape = {.rank = 1, .dim = {receivers}}, .data = plan};
  for (int i = 0; i < 4; i++) attr.i[i] = weyl_edge_product_size(plan, i == Y ? 1 : i);
  attr.i[CHANNELS] = in.n > 0 ? in.item[0].mul : 0;
  return weyl_node_new(x.graph, &weyl_op_edge_product, (weyl_tensor[]){x, y, w, sender, receiver}, 5, &attr, NULL);
}

/* ---- examples ---- */

static void make_example(weyl_example *ex, bool counts) {
  static const weyl_irrep in[] = {{2, 0, 1}, {2, 1, -1}}, y[] = {{1, 0, 1}, {1, 1, -1}, {1, 2, 1}},
                          out[] = {{2, 0, 1}, {2, 1, -1}, {2, 1, 1}};
  weyl_graph *g = ex->graph;
  const weyl_irreps list[3] = {{2, in}, {3, y}, {3, out}};
  weyl_paths paths;
  const weyl_status status =
      weyl_paths_find(weyl_graph_context(g), weyl_graph_arena(g), list[0], list[1], list[2], WEYL_PATH_ALL, &paths);
  if (status != WEYL_OK) g->status = status;
  const weyl_dim nodes = counts ? weyl_per(WEYL_NODES) : weyl_num(3),
                 edges = counts ? weyl_per(WEYL_EDGES) : weyl_num(4);
  const int64_t weights = weyl_edge_product_weights_of(g, NULL, list[0], list[1], list[2], paths);
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(nodes, weyl_num(weyl_irreps_dim(list[0]))));
  ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(edges, weyl_num(weyl_irreps_dim(list[1]))));
  ex->in[2] = weyl_example_input(ex, WEYL_SHAPE(edges, weyl_num(weights)));
  ex->in[3] = weyl_example_index(ex, WEYL_SHAPE(edges), 3, false);
  ex->in[4] = weyl_example_index(ex, WEYL_SHAPE(edges), 3, true);
  ex->out[0] = weyl_edge_product_of(ex->in[0], ex->in[1], ex->in[2], ex->in[3], ex->in[4], nodes, NULL, list[0],
                                    list[1], list[2], paths);
}

static void example(weyl_example *ex, int which) {
  (void)which;
  make_example(ex, false);
}

static void back_example(weyl_example *ex, int which) {
  make_example(ex, which > 0);
  weyl_graph *g = ex->graph;
  const weyl_node *made = weyl_graph_node(g, weyl_value_of(g, ex->out[0].id)->node);
  weyl_tensor x[4];
  const trilinear t = trilinear_of(g, made, &weyl_op_edge_product, &weyl_op_edge_product_back, x);
  const weyl_tensor out = weyl_example_input(ex, weyl_tensor_shape(ex->out[0]));
  ex->in[ex->n_in - 1] = out;
  const weyl_tensor d = trilinear_node(g, &t, x[0], x[1], out, x[3]);
  for (int k = 0; k < 3; k++) ex->out[k] = weyl_node_value(d, k);
}

const weyl_op weyl_op_edge_product = {.name = "edge_product",
                                      .flags = WEYL_OP_LINEAR,
                                      .shape = edges_shape,
                                      .eval = eval,
                                      .vjp = vjp,
                                      .scratch = scratch,
                                      .flops = flops,
                                      .check = {.order = 2, .example = example}};
const weyl_op weyl_op_edge_product_back = {.name = "edge_product_back",
                                           .n_out = 3,
                                           .flags = WEYL_OP_PARTIAL,
                                           .shape = edges_back_shape,
                                           .eval = back_eval,
                                           .vjp = back_vjp,
                                           .scratch = scratch,
                                           .flops = flops,
                                           .check = {.order = 2, .cases = 2, .example = back_example}};
