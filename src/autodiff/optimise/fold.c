/* Constants and identities. Values that are one number everywhere are folded as that number. */
#include "optimise.h"

#include <string.h>

static double number_of(weyl_dtype t, const void *data) {
  return t == WEYL_F32 ? (double)*(const float *)data : *(const double *)data;
}

bool weyl_uniform(weyl_tensor t, double *value) {
  const weyl_graph *g = t.graph;
  for (uint32_t v = t.id;;) {
    const weyl_node *node = g->nodes[g->values[v].node];
    if (node->op == &weyl_op_constant) {
      const weyl_value *c = &g->values[v];
      if (c->dtype == WEYL_I32 || weyl_shape_size(&c->shape, NULL, NULL) != 1) return false;
      *value = number_of(c->dtype, node->attr.data);
      return true;
    }
    if (node->op != &weyl_op_broadcast && node->op != &weyl_op_reshape && node->op != &weyl_op_permute &&
        node->op != &weyl_op_slice)
      return false;
    v = node->in[0];
  }
}

static weyl_shape shape_of(const weyl_call *call) { return weyl_tensor_shape(call->in[0]); }

/* f(a), f(a, b) by the reference loops, in the graph's own type. */
static weyl_tensor evaluated(weyl_graph *g, const weyl_call *call, double a, double b) {
#define X(U, l) &weyl_op_##l,
  static const weyl_op *const unary[] = {WEYL_UNARY_LIST(X)}, *const binary[] = {WEYL_BINARY_LIST(X)};
#undef X
  const weyl_kernels *k = weyl_kernels_reference();
  const weyl_dtype t = g->real;
  const float af = (float)a, bf = (float)b;
  const void *x = t == WEYL_F32 ? (const void *)&af : &a, *y = t == WEYL_F32 ? (const void *)&bf : &b;
  double out = 0; /* room for either type */
  for (int f = 0; f < WEYL_UNARY_COUNT; f++)
    if (call->op == unary[f]) {
      k->unary[t][f](1, x, &out);
      return weyl_constant(g, number_of(t, &out), shape_of(call));
    }
  for (int f = 0; f < WEYL_BINARY_COUNT; f++)
    if (call->op == binary[f]) {
      k->binary[t][f](1, x, 0, y, 0, &out);
      return weyl_constant(g, number_of(t, &out), shape_of(call));
    }
  return WEYL_NULL_TENSOR;
}

static weyl_tensor negated(weyl_tensor t) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_neg);
  return node ? weyl_node_in(t.graph, node, 0) : WEYL_NULL_TENSOR;
}

/* x c1 c2 = x (c1 c2) */
static weyl_tensor scaled_again(weyl_graph *g, weyl_tensor x, double factor) {
  const weyl_node *node = weyl_made_by(x, &weyl_op_mul);
  double inner;
  if (!node) return WEYL_NULL_TENSOR;
  for (int i = 0; i < 2; i++)
    if (weyl_uniform(weyl_node_in(g, node, i), &inner)) {
      const weyl_tensor rest = weyl_node_in(g, node, 1 - i);
      return weyl_scale(rest, inner * factor);
    }
  return WEYL_NULL_TENSOR;
}

static weyl_tensor arithmetic(weyl_graph *g, const weyl_call *call) {
  const weyl_op *op = call->op;
  const weyl_tensor x = call->in[0], y = call->n_in > 1 ? call->in[1] : x;
  double a = 0, b = 0;
  const bool know_x = weyl_uniform(x, &a), know_y = call->n_in > 1 && weyl_uniform(y, &b);
  if (know_x && (call->n_in == 1 || know_y)) {
    const weyl_tensor t = evaluated(g, call, a, b);
    if (t.graph) return t;
  }
  const weyl_tensor minus_x = negated(x), minus_y = call->n_in > 1 ? negated(y) : WEYL_NULL_TENSOR;
  if (op == &weyl_op_neg) return minus_x;
  if (op == &weyl_op_add) {
    if (know_y && b == 0) return x;
    if (know_x && a == 0) return y;
    if (minus_y.graph) return weyl_sub(x, minus_y);
    if (minus_x.graph) return weyl_sub(y, minus_x);
  }
  if (op == &weyl_op_sub) {
    if (know_y && b == 0) return x;
    if (know_x && a == 0) return weyl_neg(y);
    if (minus_y.graph) return weyl_add(x, minus_y);
  }
  if (op == &weyl_op_mul) {
    if (know_y && b == 1) return x;
    if (know_x && a == 1) return y;
    if (know_y && b == -1) return weyl_neg(x);
    if (know_x && a == -1) return weyl_neg(y);
    if (know_y) return scaled_again(g, x, b);
    if (know_x) return scaled_again(g, y, a);
  }
  if (op == &weyl_op_div && know_y && b == 1) return x;
  return WEYL_NULL_TENSOR;
}

weyl_tensor weyl_rewrite_fold(weyl_graph *g, const weyl_call *call) {
  double a;
  if (call->n_in < 1) return WEYL_NULL_TENSOR;
  if (call->op == &weyl_op_stop_gradient) return call->in[0];
  if (call->op == &weyl_op_copy) { /* of a value that has memory of its own */
    const unsigned shares = WEYL_OP_LEAF | WEYL_OP_ALIAS | WEYL_OP_VIEW;
    return g->nodes[g->values[call->in[0].id].node]->op->flags & shares ? WEYL_NULL_TENSOR : call->in[0];
  }
  if (call->op == &weyl_op_where) return weyl_uniform(call->in[0], &a) ? call->in[a != 0 ? 1 : 2] : WEYL_NULL_TENSOR;
  if (call->op == &weyl_op_gather && weyl_uniform(call->in[0], &a)) {
    weyl_shape s = shape_of(call);
    s.dim[0] = weyl_tensor_shape(call->in[1]).dim[0];
    return weyl_constant(g, a, s);
  }
  /* linear, and their sign is free when it comes behind */
  if (call->op == &weyl_op_gather || call->op == &weyl_op_scatter_add || call->op == &weyl_op_reshape ||
      call->op == &weyl_op_broadcast || call->op == &weyl_op_sum) {
    const weyl_tensor x = negated(call->in[0]);
    if (!x.graph) return WEYL_NULL_TENSOR;
    weyl_tensor in[2] = {x, call->n_in > 1 ? call->in[1] : x};
    return weyl_neg(weyl_node_new(g, call->op, in, call->n_in, call->attr, call->name));
  }
  if (call->n_in > 2 || !(call->op->flags & WEYL_OP_STRIDED)) return WEYL_NULL_TENSOR;
  return arithmetic(g, call);
}
