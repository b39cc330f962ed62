/* Softmax and its kin over axes and over segments, out of smaller operations. The maximum that keeps exponentials in
 * range cancels from the result, so no gradient flows through it. */
#include "engine.h"

#include <float.h>

weyl_tensor weyl_logsumexp(weyl_tensor x, int axis) {
  const int a = weyl_axis(x.graph, "logsumexp", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  /* a maximum of -infinity (nothing there) or infinity is the answer itself: subtract 0, not that */
  const weyl_tensor top = weyl_stop_gradient(weyl_reduce_max(x, a));
  const double most = weyl_tensor_dtype(x) == WEYL_F64 ? DBL_MAX : (double)FLT_MAX;
  const weyl_tensor finite =
      weyl_where(weyl_le(weyl_abs(top), weyl_scalar(x.graph, most)), top, weyl_scalar(x.graph, 0));
  return weyl_add(weyl_log(weyl_sum(weyl_exp(weyl_sub(x, weyl_unsqueeze(finite, a))), a)), finite);
}

weyl_tensor weyl_softmax(weyl_tensor x, int axis) {
  const int a = weyl_axis(x.graph, "softmax", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  const weyl_tensor top = weyl_stop_gradient(weyl_reduce_max(x, a)), y = weyl_exp(weyl_sub(x, weyl_unsqueeze(top, a)));
  return weyl_mul(y, weyl_unsqueeze(weyl_recip(weyl_sum(y, a)), a));
}

weyl_tensor weyl_segment_sum(weyl_tensor x, weyl_tensor segment, weyl_dim rows) {
  return weyl_scatter_add(x, segment, rows);
}

weyl_tensor weyl_segment_mean(weyl_tensor x, weyl_tensor segment, weyl_dim rows) {
  const weyl_shape s = weyl_tensor_shape(x);
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  weyl_shape one = {.rank = s.rank ? s.rank : 1, .dim = {s.dim[0]}};
  for (int i = 1; i < s.rank; i++) one.dim[i] = weyl_num(1);
  const weyl_tensor members = weyl_scatter_add(weyl_constant(x.graph, 1, one), segment, rows);
  return weyl_mul(weyl_scatter_add(x, segment, rows), weyl_recip(weyl_max(members, weyl_scalar(x.graph, 1))));
}

weyl_tensor weyl_segment_softmax(weyl_tensor x, weyl_tensor segment, weyl_dim rows) {
  const weyl_tensor top = weyl_stop_gradient(weyl_segment_max(x, segment, rows));
  const weyl_tensor y = weyl_exp(weyl_sub(x, weyl_gather(top, segment)));
  /* only segments with members are gathered, so the reciprocal of an empty one's 0 is never read; made finite all the
   * same */
  const weyl_tensor sum = weyl_scatter_add(y, segment, rows), zero = weyl_zeros_like(sum);
  const weyl_tensor safe = weyl_where(weyl_lt(zero, sum), sum, weyl_shift(zero, 1));
  return weyl_mul(y, weyl_gather(weyl_recip(safe), segment));
}
