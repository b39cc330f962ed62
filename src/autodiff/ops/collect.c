/* collect: the rows of all shards as one whole array; distribute: this shard's rows of one. Each other's adjoint. */
#include "../graph.h"

#include <string.h>

static weyl_status collect_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  char b[160];
  if (x->shape.rank < 1 || !weyl_dim_sharded(x->shape.dim[0]))
    return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s must have a count as its first axis",
                          weyl_shape_text(&x->shape, b));
  out->shape = x->shape;
  out->dtype = x->dtype;
  out->shape.dim[0].count = WEYL_WHOLE(x->shape.dim[0].count);
  return WEYL_OK;
}

static weyl_status distribute_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  char b[160];
  if (x->shape.rank < 1 || x->shape.dim[0].count != WEYL_WHOLE(node->attr.n))
    return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s must have the whole count as its first axis",
                          weyl_shape_text(&x->shape, b));
  out->shape = x->shape;
  out->dtype = x->dtype;
  out->shape.dim[0].count = node->attr.n;
  return WEYL_OK;
}

static weyl_status collect_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const weyl_dim d = weyl_in_shape(e->graph, e->node, 0)->dim[0];
  const size_t row = (size_t)weyl_view_inner(x, 1) * weyl_dtype_size(x->dtype);
  memcpy((char *)y->data + (size_t)(e->now->row[d.count] * d.n) * row, x->data, (size_t)x->dim[0] * row);
  return WEYL_OK;
}

static weyl_status distribute_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const weyl_dim d = weyl_in_shape(e->graph, e->node, 0)->dim[0];
  const size_t row = (size_t)weyl_view_inner(x, 1) * weyl_dtype_size(x->dtype);
  memcpy(y->data, (const char *)x->data + (size_t)(e->now->row[e->node->attr.n] * d.n) * row, (size_t)y->dim[0] * row);
  return WEYL_OK;
}

static void collect_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want,
                        weyl_tensor *dx) {
  (void)want;
  dx[0] = weyl_distribute(dy[0], (weyl_count)weyl_in_shape(g, node, 0)->dim[0].count);
}

static void distribute_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want,
                           weyl_tensor *dx) {
  (void)g, (void)node, (void)want;
  dx[0] = weyl_collect(dy[0]);
}

static void collect_example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_times(2, WEYL_BATCH), weyl_num(3)));
  ex->out[0] = weyl_collect(weyl_square(ex->in[0]));
}

static void distribute_example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(3)));
  ex->out[0] = weyl_distribute(weyl_square(weyl_collect(ex->in[0])), WEYL_BATCH);
}

const weyl_op weyl_op_collect = {.name = "collect",
                                 .flags = WEYL_OP_LINEAR | WEYL_OP_REDUCES | WEYL_OP_COLLECTS,
                                 .shape = collect_shape,
                                 .eval = collect_eval,
                                 .vjp = collect_vjp,
                                 .check = {.order = 2, .example = collect_example}};
const weyl_op weyl_op_distribute = {.name = "distribute",
                                    .flags = WEYL_OP_LINEAR,
                                    .shape = distribute_shape,
                                    .eval = distribute_eval,
                                    .vjp = distribute_vjp,
                                    .check = {.order = 2, .example = distribute_example}};

weyl_tensor weyl_collect(weyl_tensor x) { return weyl_node_new(x.graph, &weyl_op_collect, &x, 1, NULL, NULL); }
weyl_tensor weyl_distribute(weyl_tensor x, weyl_count count) {
  return weyl_node_new(x.graph, &weyl_op_distribute, &x, 1, &(weyl_attr){.n = (int32_t)count}, NULL);
}
