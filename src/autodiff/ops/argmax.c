/* argmax: i32 index of the largest entry along attr.axis, which is dropped; the first of equals; a NaN wins, as in
 * numpy. */
#include "along.h"

#include <math.h>

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_real(g, node, 0));
  WEYL_TRY(axis_is_number(g, node, 0, node->attr.axis));
  const weyl_shape *s = weyl_in_shape(g, node, 0);
  char text[160];
  if (s->dim[node->attr.axis].n < 1)
    return weyl_node_fail(g, node, WEYL_SHAPE, "axis %d of %s is empty", node->attr.axis, weyl_shape_text(s, text));
  out->dtype = WEYL_I32;
  for (int i = 0; i < s->rank; i++)
    if (i != node->attr.axis) out->shape.dim[out->shape.rank++] = s->dim[i];
  return WEYL_OK;
}

#define ARGMAX(T)                                                           \
  static void argmax_##T(span s, const T *x, int32_t *y) {                  \
    for (int64_t o = 0; o < s.outer; o++, x += s.n * s.inner, y += s.inner) \
      for (int64_t i = 0; i < s.inner; i++) {                               \
        int64_t best = 0;                                                   \
        for (int64_t k = 1; k < s.n && !isnan(x[best * s.inner + i]); k++)  \
          if (!(x[k * s.inner + i] <= x[best * s.inner + i])) best = k;     \
        y[i] = (int32_t)best;                                               \
      }                                                                     \
  }
ARGMAX(float)
ARGMAX(double)

static weyl_status eval(const weyl_eval *e) {
  const span s = span_of(&e->in[0], e->node->attr.axis);
  if (e->in[0].dtype == WEYL_F32)
    argmax_float(s, e->in[0].data, e->out[0].data);
  else
    argmax_double(s, e->in[0].data, e->out[0].data);
  return WEYL_OK;
}

static void example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(3), weyl_num(5), weyl_num(2)));
  ex->out[0] = weyl_cast(weyl_argmax(ex->in[0], which), weyl_graph_dtype(ex->graph));
}

const weyl_op weyl_op_argmax = {
    .name = "argmax",
    .shape = shape,
    .eval = eval,
    .check = {.low = -1, .high = 1, .order = 0, .cases = 3, .example = example},
};

weyl_tensor weyl_argmax(weyl_tensor x, int axis) {
  const int a = weyl_axis(x.graph, "argmax", x, axis);
  return a < 0 ? WEYL_NULL_TENSOR : weyl_node_new(x.graph, &weyl_op_argmax, &x, 1, &(weyl_attr){.axis = a}, NULL);
}
