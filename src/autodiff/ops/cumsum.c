/* cumsum: y[k] = sum of x[0..k] along attr.axis, or of x[k..n-1] when attr.flag is set. The two are adjoint to each
 * other. */
#include "along.h"

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_real(g, node, 0));
  WEYL_TRY(axis_is_number(g, node, 0, node->attr.axis));
  out->shape = *weyl_in_shape(g, node, 0);
  return WEYL_OK;
}

#define CUMSUM(T)                                                                     \
  static void cumsum_##T(span s, bool reverse, const T *x, T *y) {                    \
    const int64_t step = reverse ? -s.inner : s.inner;                                \
    for (int64_t o = 0; o < s.outer; o++) {                                           \
      int64_t at = (o * s.n + (reverse ? s.n - 1 : 0)) * s.inner;                     \
      for (int64_t i = 0; i < s.inner; i++) y[at + i] = x[at + i];                    \
      for (int64_t k = 1; k < s.n; k++, at += step)                                   \
        for (int64_t i = at; i < at + s.inner; i++) y[i + step] = y[i] + x[i + step]; \
    }                                                                                 \
  }
CUMSUM(float)
CUMSUM(double)

static weyl_status eval(const weyl_eval *e) {
  const span s = span_of(&e->in[0], e->node->attr.axis);
  if (s.n == 0) return WEYL_OK;
  if (e->in[0].dtype == WEYL_F32)
    cumsum_float(s, e->node->attr.flag, e->in[0].data, e->out[0].data);
  else
    cumsum_double(s, e->node->attr.flag, e->in[0].data, e->out[0].data);
  return WEYL_OK;
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)g, (void)want;
  dx[0] = weyl_cumsum(dy[0], node->attr.axis, !node->attr.flag);
}

static void example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(4), weyl_num(3)));
  ex->out[0] = weyl_cumsum(ex->in[0], which / 2, which % 2);
}

const weyl_op weyl_op_cumsum = {
    .name = "cumsum",
    .flags = WEYL_OP_LINEAR,
    .shape = shape,
    .eval = eval,
    .vjp = vjp,
    .check = {.low = -1, .high = 1, .order = 2, .cases = 6, .example = example},
};

weyl_tensor weyl_cumsum(weyl_tensor x, int axis, bool reverse) {
  const int a = weyl_axis(x.graph, "cumsum", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  return weyl_node_new(x.graph, &weyl_op_cumsum, &x, 1, &(weyl_attr){.axis = a, .flag = reverse}, NULL);
}
