/* along.h: an array seen from one axis, [outer][n][inner]. */
#ifndef WEYL_ALONG_H
#define WEYL_ALONG_H

#include "../graph.h"

typedef struct span {
  int64_t outer, n, inner;
} span;

static inline span span_of(const weyl_view *v, int axis) {
  span s = {.outer = 1, .n = v->dim[axis], .inner = weyl_view_inner(v, axis + 1)};
  for (int i = 0; i < axis; i++) s.outer *= v->dim[i];
  return s;
}

/* For shape rules of operations in which order along the axis matters: a count's rows have no order of their own. */
static inline weyl_status axis_is_number(weyl_graph *g, const weyl_node *node, int input, int axis) {
  const weyl_shape *s = weyl_in_shape(g, node, input);
  char text[160];
  if (axis < 0 || axis >= s->rank)
    return weyl_node_fail(g, node, WEYL_BAD_ARG, "axis %d of %s", axis, weyl_shape_text(s, text));
  if (s->dim[axis].count != WEYL_NUMBER)
    return weyl_node_fail(g, node, WEYL_SHAPE, "axis %d of %s is a count, must be a plain number", axis,
                          weyl_shape_text(s, text));
  return WEYL_OK;
}

static inline weyl_status input_is_real(weyl_graph *g, const weyl_node *node, int input) {
  const weyl_dtype t = weyl_value_of(g, node->in[input])->dtype;
  if (t == weyl_graph_dtype(g)) return WEYL_OK;
  return weyl_node_fail(g, node, WEYL_DTYPE, "operand %d is %s, must be %s", input, weyl_dtype_name(t),
                        weyl_dtype_name(weyl_graph_dtype(g)));
}

#endif
