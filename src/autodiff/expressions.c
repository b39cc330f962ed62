/* Expressions made of operations: nothing here has a derivative of its own. */
#include "graph.h"

#include <math.h>

weyl_tensor weyl_zeros_like(weyl_tensor x) {
  return weyl_tensor_valid(x) ? weyl_constant(x.graph, 0, weyl_tensor_shape(x)) : WEYL_NULL_TENSOR;
}

weyl_tensor weyl_scale(weyl_tensor x, double factor) { return weyl_mul(x, weyl_scalar(x.graph, factor)); }
weyl_tensor weyl_shift(weyl_tensor x, double term) { return weyl_add(x, weyl_scalar(x.graph, term)); }
weyl_tensor weyl_square(weyl_tensor x) { return weyl_mul(x, x); }
weyl_tensor weyl_relu(weyl_tensor x) {
  return weyl_where(weyl_lt(weyl_scalar(x.graph, 0), x), x, weyl_scalar(x.graph, 0));
}
weyl_tensor weyl_gelu(weyl_tensor x) {
  return weyl_mul(x, weyl_scale(weyl_shift(weyl_erf(weyl_scale(x, M_SQRT1_2)), 1), 0.5));
}
/* max(x, 0) + log1p(exp(-|x|)): no overflow */
weyl_tensor weyl_softplus(weyl_tensor x) {
  return weyl_add(weyl_max(x, weyl_scalar(x.graph, 0)), weyl_log1p(weyl_exp(weyl_neg(weyl_abs(x)))));
}
weyl_tensor weyl_leaky_relu(weyl_tensor x, double slope) {
  return weyl_where(weyl_lt(weyl_scalar(x.graph, 0), x), x, weyl_scale(x, slope));
}

/* the size of an axis as a tensor: of the whole batch, for a count */
static weyl_tensor axis_total(weyl_graph *g, weyl_dim d) {
  if (d.count == WEYL_NUMBER) return weyl_scalar(g, (double)d.n);
  const weyl_count count = (weyl_count)(d.count < WEYL_COUNTS ? d.count : d.count - WEYL_COUNTS);
  return weyl_scale(weyl_count_total(g, count), (double)d.n);
}

weyl_tensor weyl_mean(weyl_tensor x, int axis) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int a = weyl_axis(x.graph, "mean", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  return weyl_div(weyl_sum(x, a), axis_total(x.graph, weyl_tensor_shape(x).dim[a]));
}

weyl_tensor weyl_mean_all(weyl_tensor x) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const weyl_shape s = weyl_tensor_shape(x);
  weyl_tensor n = weyl_scalar(x.graph, 1);
  for (int a = 0; a < s.rank; a++) n = weyl_mul(n, axis_total(x.graph, s.dim[a]));
  return weyl_div(weyl_sum_all(x), n);
}
