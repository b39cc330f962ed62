/* norm.c: layer norm and batch norm. */
#include "rows.h"

#define EPS 1e-5

weyl_tensor weyl_layer_norm(weyl_tensor x, const char *name) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  weyl_graph *g = x.graph;
  const int last = weyl_rank(x) - 1;
  if (last < 0) return weyl_graph_fail(g, WEYL_SHAPE, "layer norm %s: the input is a scalar, needs a last axis", name);
  const int64_t width = weyl_dim_of(x, -1);

  weyl_scope(g, "%s", name);
  weyl_tensor scale = weyl_param(g, "weight", WEYL_SHAPE(weyl_num(width)), weyl_init_constant(1));
  weyl_tensor bias = weyl_param(g, "bias", WEYL_SHAPE(weyl_num(width)), weyl_init_constant(0));
  weyl_tensor d = weyl_sub(x, weyl_unsqueeze(weyl_mean(x, last), last));
  weyl_tensor variance = weyl_unsqueeze(weyl_mean(weyl_square(d), last), last);
  weyl_tensor y = weyl_add(weyl_mul(weyl_mul(d, weyl_rsqrt(weyl_shift(variance, EPS))), scale), bias);
  weyl_scope_end(g);
  return y;
}

weyl_tensor weyl_batch_norm(weyl_tensor x, const char *name, double momentum) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  weyl_graph *g = x.graph;
  if (weyl_rank(x) < 2)
    return weyl_graph_fail(g, WEYL_SHAPE, "batch norm %s: the input has rank %d, needs rows and a last axis", name,
                           weyl_rank(x));
  if (momentum == 0) momentum = 0.1;
  if (!(momentum > 0 && momentum <= 1))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "batch norm %s: the momentum is %g, must be in (0, 1]", name, momentum);
  const weyl_shape width = WEYL_SHAPE(weyl_num(weyl_dim_of(x, -1)));

  weyl_scope(g, "%s", name);
  weyl_tensor scale = weyl_param(g, "weight", width, weyl_init_constant(1));
  weyl_tensor bias = weyl_param(g, "bias", width, weyl_init_constant(0));
  weyl_tensor running_mean = weyl_state(g, "running_mean", width, weyl_init_constant(0));
  weyl_tensor running_var = weyl_state(g, "running_var", width, weyl_init_constant(1));
  weyl_scope_end(g);

  const weyl_shape shape = weyl_tensor_shape(x);
  x = weyl_as_rows(x);
  weyl_tensor mean = running_mean, variance = running_var;
  if (weyl_graph_training(g)) {
    /* Both moments about the running mean: one pass over the batch (one phase), and no cancellation once the running
     * mean is near the mean.  In exact arithmetic the shift changes nothing, so the derivative is that of batch norm.
     */
    weyl_tensor n = weyl_row_count(x);
    weyl_tensor d = weyl_sub(x, running_mean);
    weyl_tensor first = weyl_div(weyl_sum_rows(d), n);
    weyl_tensor second = weyl_div(weyl_sum_rows(weyl_square(d)), n);
    mean = weyl_add(running_mean, first);
    variance = weyl_max(weyl_sub(second, weyl_square(first)), weyl_scalar(g, 0)); /* rounding may go below 0 */

    /* PyTorch keeps the unbiased variance, and normalises with the biased one. */
    weyl_tensor bessel = weyl_div(n, weyl_max(weyl_shift(n, -1), weyl_scalar(g, 1)));
    weyl_tensor unbiased = weyl_mul(variance, bessel);
    weyl_assign(running_mean, weyl_add(running_mean, weyl_scale(first, momentum)));
    weyl_assign(running_var, weyl_add(weyl_scale(running_var, 1 - momentum), weyl_scale(unbiased, momentum)));
  }
  weyl_tensor factor = weyl_mul(scale, weyl_rsqrt(weyl_shift(variance, EPS)));
  return weyl_reshape(weyl_add(weyl_mul(weyl_sub(x, mean), factor), bias), shape);
}
