/* broadcast: attr.shape the target, attr.i[i] the output axis of input axis i (ascending); a number 1 stretches. Often
 * a view with strides 0. */
#include "../graph.h"
#include "../strided.h"

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  const weyl_shape *to = &node->attr.shape;
  for (int i = 0; i < x->shape.rank; i++) {
    const int64_t a = node->attr.i[i];
    const weyl_dim d = x->shape.dim[i];
    const bool ok = a >= 0 && a < to->rank && (i == 0 || a > node->attr.i[i - 1]) &&
                    (weyl_dim_equal(d, to->dim[a]) || (d.n == 1 && d.count == WEYL_NUMBER));
    if (!ok) {
      char b[160], c[160];
      return weyl_node_fail(g, node, WEYL_SHAPE, "%s does not stretch to %s", weyl_shape_text(&x->shape, b),
                            weyl_shape_text(to, c));
    }
  }
  out->shape = *to;
  out->dtype = x->dtype;
  return WEYL_OK;
}

static weyl_status eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  int64_t to[WEYL_RANK_MAX], by[WEYL_RANK_MAX] = {0};
  if (weyl_view_size(y) == 0) return WEYL_OK;
  weyl_dense_strides(y->rank, y->dim, to);
  for (int i = 0; i < x->rank; i++)
    if (x->dim[i] != 1) by[e->node->attr.i[i]] = x->stride[i];
  weyl_copy_strided(weyl_dtype_size(y->dtype), y->rank, y->dim, y->data, to, x->data, by);
  return WEYL_OK;
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_shape x = *weyl_in_shape(g, node, 0), *y = &node->attr.shape; /* a copy: new nodes move the values */
  bool kept[WEYL_RANK_MAX] = {false};
  for (int i = 0; i < x.rank; i++) kept[node->attr.i[i]] = weyl_dim_equal(x.dim[i], y->dim[node->attr.i[i]]);
  int axes[WEYL_RANK_MAX], n = 0;
  for (int a = 0; a < y->rank; a++)
    if (!kept[a]) axes[n++] = a;
  dx[0] = weyl_reshape(weyl_sum_axes(dy[0], n, axes), x); /* brings back the stretched 1s */
}

static void example(weyl_example *ex, int which) {
  if (which == 0) {
    ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(1), weyl_num(4)));
    ex->out[0] = weyl_broadcast_to(ex->in[0], WEYL_SHAPE(weyl_num(2), weyl_num(3), weyl_num(4)));
  } else {
    ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(4)));
    ex->out[0] = weyl_expand(ex->in[0], 1, weyl_num(3));
  }
}

const weyl_op weyl_op_broadcast = {.name = "broadcast",
                                   .flags = WEYL_OP_VIEW | WEYL_OP_LINEAR | WEYL_OP_STRIDED_IN,
                                   .shape = shape,
                                   .eval = eval,
                                   .vjp = vjp,
                                   .check = {.order = 2, .cases = 2, .example = example}};

weyl_tensor weyl_broadcast_in(weyl_tensor x, weyl_shape to, const int *axes) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const weyl_shape from = weyl_tensor_shape(x);
  if (weyl_shape_equal(&from, &to)) return x;
  weyl_attr attr = {.shape = to};
  for (int i = 0; i < from.rank; i++) attr.i[i] = axes[i];
  return weyl_node_new(x.graph, &weyl_op_broadcast, &x, 1, &attr, NULL);
}

weyl_tensor weyl_broadcast_to(weyl_tensor x, weyl_shape to) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const weyl_shape from = weyl_tensor_shape(x);
  if (from.rank > to.rank) {
    char a[160], b[160];
    return weyl_graph_fail(x.graph, WEYL_SHAPE, "broadcast: %s does not stretch to %s", weyl_shape_text(&from, a),
                           weyl_shape_text(&to, b));
  }
  int axes[WEYL_RANK_MAX];
  for (int i = 0; i < from.rank; i++) axes[i] = to.rank - from.rank + i;
  return weyl_broadcast_in(x, to, axes);
}

weyl_tensor weyl_expand(weyl_tensor x, int axis, weyl_dim dim) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const weyl_shape from = weyl_tensor_shape(x);
  const int a = axis < 0 ? axis + from.rank + 1 : axis;
  if (a < 0 || a > from.rank || from.rank == WEYL_RANK_MAX) {
    char b[160];
    return weyl_graph_fail(x.graph, WEYL_BAD_ARG, "expand: axis %d of %s", axis, weyl_shape_text(&from, b));
  }
  weyl_shape to = {.rank = from.rank + 1};
  int axes[WEYL_RANK_MAX];
  for (int i = 0, j = 0; i < to.rank; i++) {
    if (i == a) {
      to.dim[i] = dim;
    } else {
      axes[j] = i;
      to.dim[i] = from.dim[j++];
    }
  }
  return weyl_broadcast_in(x, to, axes);
}
