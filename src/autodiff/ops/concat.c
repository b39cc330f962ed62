/* concat along an axis of numbers (attr.axis), and pack: arrays laid into one vector at given places. */
#include "../graph.h"
#include "../strided.h"

#include <string.h>

static weyl_status concat_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *first = weyl_value_of(g, node->in[0]);
  const int axis = node->attr.axis;
  char a[160], b[160];
  if (axis < 0 || axis >= first->shape.rank || first->shape.dim[axis].count != WEYL_NUMBER)
    return weyl_node_fail(g, node, WEYL_SHAPE, "axis %d of %s must be a plain number", axis,
                          weyl_shape_text(&first->shape, a));
  out->shape = first->shape;
  out->dtype = first->dtype;
  for (int i = 1; i < node->n_in; i++) {
    const weyl_value *x = weyl_value_of(g, node->in[i]);
    bool ok = x->shape.rank == first->shape.rank && x->dtype == first->dtype;
    for (int d = 0; ok && d < x->shape.rank; d++)
      ok = d == axis ? x->shape.dim[d].count == WEYL_NUMBER : weyl_dim_equal(x->shape.dim[d], first->shape.dim[d]);
    if (!ok)
      return weyl_node_fail(g, node, WEYL_SHAPE, "operands %s and %s do not join along axis %d",
                            weyl_shape_text(&first->shape, a), weyl_shape_text(&x->shape, b), axis);
    out->shape.dim[axis].n += x->shape.dim[axis].n;
  }
  return WEYL_OK;
}

static weyl_status concat_eval(const weyl_eval *e) {
  const weyl_view *y = &e->out[0];
  const int axis = e->node->attr.axis;
  int64_t to[WEYL_RANK_MAX], from[WEYL_RANK_MAX];
  weyl_dense_strides(y->rank, y->dim, to);
  int64_t at = 0;
  for (int i = 0; i < e->node->n_in; i++) {
    const weyl_view *x = &e->in[i];
    weyl_dense_strides(x->rank, x->dim, from);
    weyl_copy_strided(weyl_dtype_size(y->dtype), x->rank, x->dim,
                      (char *)y->data + (size_t)(at * to[axis]) * weyl_dtype_size(y->dtype), to, x->data, from);
    at += x->dim[axis];
  }
  return WEYL_OK;
}

static void concat_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  int64_t at = 0;
  for (int i = 0; i < node->n_in; i++) {
    const int64_t n = weyl_in_shape(g, node, i)->dim[node->attr.axis].n;
    if (want[i]) dx[i] = weyl_slice(dy[0], node->attr.axis, at, n, 1);
    at += n;
  }
}

static void concat_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(3)));
  ex->in[1] = which ? weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(2)))
                    : weyl_example_input(ex, WEYL_SHAPE(weyl_num(4), weyl_num(3)));
  ex->out[0] = weyl_concat(ex->in, 2, which);
}

const weyl_op weyl_op_concat = {.name = "concat",
                                .flags = WEYL_OP_LINEAR,
                                .shape = concat_shape,
                                .eval = concat_eval,
                                .vjp = concat_vjp,
                                .check = {.order = 2, .cases = 2, .example = concat_example}};

weyl_tensor weyl_concat(const weyl_tensor *xs, int n, int axis) {
  if (n < 1 || !weyl_tensor_valid(xs[0])) return WEYL_NULL_TENSOR;
  const int a = weyl_axis(xs[0].graph, "concat", xs[0], axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  return n == 1 ? xs[0] : weyl_node_new(xs[0].graph, &weyl_op_concat, xs, n, &(weyl_attr){.axis = a}, NULL);
}

weyl_tensor weyl_stack(const weyl_tensor *xs, int n, int axis) {
  if (n < 1 || !weyl_tensor_valid(xs[0])) return WEYL_NULL_TENSOR;
  weyl_graph *g = xs[0].graph;
  weyl_tensor *list = weyl_arena_array(g->arena, weyl_tensor, n);
  if (!list) return weyl_graph_fail(g, WEYL_MEMORY, "stack of %d", n);
  const int a = axis < 0 ? axis + weyl_rank(xs[0]) + 1 : axis;
  for (int i = 0; i < n; i++) list[i] = weyl_unsqueeze(xs[i], a);
  return weyl_concat(list, n, a);
}

/* ---- pack: attr.data int64 offsets, attr.i[0] the length; zero elsewhere
 * ---------------------------------------------------- */

static weyl_status pack_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  for (int i = 0; i < node->n_in; i++) {
    const weyl_shape *x = weyl_in_shape(g, node, i);
    char b[160];
    for (int d = 0; d < x->rank; d++)
      if (x->dim[d].count != WEYL_NUMBER)
        return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s must have plain numbers", weyl_shape_text(x, b));
  }
  out->shape = WEYL_SHAPE(weyl_num(node->attr.i[0]));
  return WEYL_OK;
}

static weyl_status pack_eval(const weyl_eval *e) {
  const weyl_view *y = &e->out[0];
  const int64_t size = (int64_t)weyl_dtype_size(y->dtype), parts = e->parts > 1 ? e->parts : 1;
  const int64_t from = y->dim[0] * e->part / parts, to = y->dim[0] * (e->part + 1) / parts;
  const int64_t *offset = e->node->attr.data;
  char *data = y->data;
  memset(data + from * size, 0, (size_t)((to - from) * size));
  for (int i = 0; i < e->node->n_in; i++) {
    const int64_t end = offset[i] + weyl_view_size(&e->in[i]);
    const int64_t a = offset[i] > from ? offset[i] : from, b = end < to ? end : to;
    if (a < b) memcpy(data + a * size, (char *)e->in[i].data + (a - offset[i]) * size, (size_t)((b - a) * size));
  }
  return WEYL_OK;
}

static void pack_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const int64_t *offset = node->attr.data;
  for (int i = 0; i < node->n_in; i++)
    if (want[i]) {
      const weyl_shape x = *weyl_in_shape(g, node, i); /* a copy: new nodes move the values */
      dx[i] = weyl_reshape(weyl_slice(dy[0], 0, offset[i], weyl_shape_size(&x, NULL, NULL), 1), x);
    }
}

static void pack_example(weyl_example *ex, int which) {
  (void)which;
  static const int64_t offset[2] = {1, 8};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(3)));
  ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(4)));
  ex->out[0] = weyl_node_new(ex->graph, &weyl_op_pack, ex->in, 2, &(weyl_attr){.data = offset, .i = {16}}, NULL);
}

const weyl_op weyl_op_pack = {.name = "pack",
                              .flags = WEYL_OP_LINEAR | WEYL_OP_DEALS,
                              .shape = pack_shape,
                              .eval = pack_eval,
                              .vjp = pack_vjp,
                              .check = {.order = 2, .example = pack_example}};
