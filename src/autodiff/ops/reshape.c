/* reshape: the same memory with another shape. Numbers may fold into a count and out of it. */
#include "../graph.h"

#include <string.h>

/* product of the numbers before the count's axis, of all numbers, and the count */
static void factors(const weyl_shape *s, int64_t *before, int64_t *all, int32_t *count) {
  *before = *all = 1;
  *count = WEYL_NUMBER;
  for (int i = 0; i < s->rank; i++) {
    if (s->dim[i].count != WEYL_NUMBER) {
      *before = *all;
      *count = s->dim[i].count;
    }
    *all *= s->dim[i].n;
  }
}

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  int64_t before[2], all[2];
  int32_t count[2];
  factors(&x->shape, &before[0], &all[0], &count[0]);
  factors(&node->attr.shape, &before[1], &all[1], &count[1]);
  if (all[0] != all[1] || count[0] != count[1] || (count[0] != WEYL_NUMBER && before[0] != before[1])) {
    char a[160], b[160];
    return weyl_node_fail(g, node, WEYL_SHAPE, "%s cannot become %s", weyl_shape_text(&x->shape, a),
                          weyl_shape_text(&node->attr.shape, b));
  }
  out->shape = node->attr.shape;
  out->dtype = x->dtype;
  return WEYL_OK;
}

static weyl_status eval(const weyl_eval *e) {
  if (e->out[0].data != e->in[0].data)
    memcpy(e->out[0].data, e->in[0].data, (size_t)weyl_view_size(&e->out[0]) * weyl_dtype_size(e->out[0].dtype));
  return WEYL_OK;
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  dx[0] = weyl_reshape(dy[0], *weyl_in_shape(g, node, 0));
}

static void example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(4), weyl_num(6)));
  ex->out[0] = weyl_reshape(ex->in[0], WEYL_SHAPE(weyl_num(2), weyl_num(3), weyl_num(4)));
}

const weyl_op weyl_op_reshape = {.name = "reshape",
                                 .flags = WEYL_OP_ALIAS | WEYL_OP_LINEAR,
                                 .shape = shape,
                                 .eval = eval,
                                 .vjp = vjp,
                                 .check = {.order = 2, .example = example}};

weyl_tensor weyl_reshape(weyl_tensor x, weyl_shape to) {
  const weyl_shape from = weyl_tensor_shape(x);
  if (weyl_tensor_valid(x) && weyl_shape_equal(&from, &to)) return x;
  return weyl_node_new(x.graph, &weyl_op_reshape, &x, 1, &(weyl_attr){.shape = to}, NULL);
}

weyl_tensor weyl_squeeze(weyl_tensor x, int axis) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int a = weyl_axis(x.graph, "squeeze", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  weyl_shape s = weyl_tensor_shape(x);
  if (s.dim[a].n != 1 || s.dim[a].count != WEYL_NUMBER) {
    char b[160];
    return weyl_graph_fail(x.graph, WEYL_SHAPE, "squeeze: axis %d of %s is not 1", axis, weyl_shape_text(&s, b));
  }
  for (int i = a; i + 1 < s.rank; i++) s.dim[i] = s.dim[i + 1];
  s.rank--;
  return weyl_reshape(x, s);
}

weyl_tensor weyl_unsqueeze(weyl_tensor x, int axis) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  weyl_shape s = weyl_tensor_shape(x);
  const int a = axis < 0 ? axis + s.rank + 1 : axis;
  if (a < 0 || a > s.rank || s.rank == WEYL_RANK_MAX) {
    char b[160];
    return weyl_graph_fail(x.graph, WEYL_BAD_ARG, "unsqueeze: axis %d of %s", axis, weyl_shape_text(&s, b));
  }
  for (int i = s.rank; i > a; i--) s.dim[i] = s.dim[i - 1];
  s.dim[a] = weyl_num(1);
  s.rank++;
  return weyl_reshape(x, s);
}
