/* losses.c: scalars over the whole batch; every mean divides by the counts of the whole batch, so shards do not matter.
 */
#include <weyl/nn.h>

weyl_tensor weyl_loss_mse(weyl_tensor prediction, weyl_tensor target) {
  return weyl_mean_all(weyl_square(weyl_sub(prediction, target)));
}

weyl_tensor weyl_loss_mae(weyl_tensor prediction, weyl_tensor target) {
  return weyl_mean_all(weyl_abs(weyl_sub(prediction, target)));
}

/* d^2 / 2 where |d| <= delta, delta (|d| - delta / 2) beyond. */
weyl_tensor weyl_loss_huber(weyl_tensor prediction, weyl_tensor target, double delta) {
  weyl_tensor d = weyl_abs(weyl_sub(prediction, target));
  if (!weyl_tensor_valid(d)) return WEYL_NULL_TENSOR;
  if (!(delta > 0)) return weyl_graph_fail(d.graph, WEYL_BAD_ARG, "huber loss: delta is %g, must be above 0", delta);
  /* with m = min(|d|, delta) both branches are m (|d| - m / 2) */
  weyl_tensor m = weyl_min(d, weyl_scalar(d.graph, delta));
  return weyl_mean_all(weyl_mul(m, weyl_sub(d, weyl_scale(m, 0.5))));
}

weyl_tensor weyl_loss_cross_entropy(weyl_tensor logits, weyl_tensor label) {
  const int last = weyl_rank(logits) - 1;
  if (!weyl_tensor_valid(logits)) return WEYL_NULL_TENSOR;
  if (last < 0) return weyl_graph_fail(logits.graph, WEYL_SHAPE, "cross entropy: the logits are a scalar");
  weyl_tensor chosen = weyl_squeeze(weyl_take_along(logits, weyl_unsqueeze(label, last), last), last);
  return weyl_mean_all(weyl_sub(weyl_logsumexp(logits, last), chosen));
}

/* -t log s(x) - (1 - t) log(1 - s(x)) = softplus(x) - t x */
weyl_tensor weyl_loss_binary_cross_entropy(weyl_tensor logits, weyl_tensor target) {
  return weyl_mean_all(weyl_sub(weyl_softplus(logits), weyl_mul(target, logits)));
}

static weyl_tensor unit_rows(weyl_tensor x) {
  weyl_tensor square = weyl_unsqueeze(weyl_sum(weyl_square(x), 1), 1);
  return weyl_mul(x, weyl_rsqrt(weyl_shift(square, 1e-12))); /* a zero row stays zero, with a finite gradient */
}

/* log sum over the 2 N - 1 other rows: own [N] are the rows' own view, with themselves left out; other [N] the other
 * view. */
static weyl_tensor log_others(weyl_tensor rows, weyl_tensor own, weyl_tensor other, weyl_tensor self, double scale) {
  weyl_tensor near = weyl_scale(weyl_dot_general(rows, own, 0, NULL, NULL, 1, (int[]){1}, (int[]){1}), scale);
  weyl_tensor far = weyl_scale(weyl_dot_general(rows, other, 0, NULL, NULL, 1, (int[]){1}, (int[]){1}), scale);
  near = weyl_where(self, weyl_scalar(rows.graph, -1e30), near);
  return weyl_logsumexp(weyl_logsumexp(weyl_stack((weyl_tensor[]){near, far}, 2, 1), 2), 1);
}

/* SimCLR's form (Chen et al., ICML 2020, equation 1): cosine similarities over the temperature; of the 2 N - 1 other
 * rows of both views, one is the positive. */
weyl_tensor weyl_loss_contrastive(weyl_tensor a, weyl_tensor b, double temperature) {
  if (!weyl_tensor_valid(a) || !weyl_tensor_valid(b)) return WEYL_NULL_TENSOR;
  weyl_graph *g = a.graph;
  const weyl_shape sa = weyl_tensor_shape(a), sb = weyl_tensor_shape(b);
  if (sa.rank != 2 || !weyl_shape_equal(&sa, &sb) || sa.dim[0].count == WEYL_NUMBER || sa.dim[0].count >= WEYL_COUNTS) {
    char ta[160], tb[160];
    return weyl_graph_fail(g, WEYL_SHAPE,
                           "contrastive loss: two views [batch, d] of one shape are needed, got %s and %s",
                           weyl_shape_text(&sa, ta), weyl_shape_text(&sb, tb));
  }
  if (!(temperature > 0))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "contrastive loss: the temperature is %g, must be above 0", temperature);

  a = unit_rows(a);
  b = unit_rows(b);
  weyl_tensor all_a = weyl_collect(a), all_b = weyl_collect(b);
  /* rows stay in their shards; which column of the whole batch is the row itself comes from a distributed numbering */
  const weyl_dim whole = {sa.dim[0].n, WEYL_WHOLE(sa.dim[0].count)};
  weyl_tensor number = weyl_cast(weyl_iota(g, WEYL_SHAPE(whole), 0), weyl_graph_dtype(g));
  weyl_tensor row = weyl_distribute(number, (weyl_count)sa.dim[0].count);
  weyl_tensor self = weyl_eq(weyl_unsqueeze(row, 1), weyl_unsqueeze(number, 0));

  const double scale = 1 / temperature;
  weyl_tensor positive = weyl_scale(weyl_sum(weyl_mul(a, b), 1), 2 * scale);
  weyl_tensor both = weyl_add(log_others(a, all_a, all_b, self, scale), log_others(b, all_b, all_a, self, scale));
  return weyl_scale(weyl_mean_all(weyl_sub(both, positive)), 0.5);
}
