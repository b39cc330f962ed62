/* steerable_norm.c: normalisation and dropout of features on irreps. */
#include "rows.h"
#include "steerable.h"

#define EPS 1e-5

static int64_t invariant_copies(weyl_irreps irreps) { return weyl_irreps_count(irreps, 0, 1); }

/* Numbers of the copies of 0e [n] as numbers of all copies, 0 for the others: [copies]. */
static weyl_tensor among_copies(weyl_irreps irreps, weyl_tensor invariant) {
  weyl_graph *g = invariant.graph;
  weyl_tensor *part = weyl_steerable_room(g, irreps.n);
  int64_t at = 0;
  for (int32_t i = 0; part && i < irreps.n; i++) {
    const weyl_irrep *ir = &irreps.item[i];
    const bool here = weyl_irrep_invariant(ir);
    part[i] = here ? weyl_slice(invariant, 0, at, ir->mul, 1) : weyl_constant(g, 0, WEYL_SHAPE(weyl_num(ir->mul)));
    if (here) at += ir->mul;
  }
  return part ? weyl_concat(part, irreps.n, 0) : WEYL_NULL_TENSOR;
}

/* The blocks of 0e side by side: [rows.., n]. */
static weyl_tensor invariants(weyl_steerable h) {
  weyl_tensor *part = weyl_steerable_room(h.x.graph, h.irreps.n);
  int n = 0;
  for (int32_t i = 0; part && i < h.irreps.n; i++)
    if (weyl_irrep_invariant(&h.irreps.item[i])) {
      const weyl_tensor b = weyl_steerable_block(h, i);
      part[n++] = weyl_squeeze(b, weyl_rank(b) - 2);
    }
  return n == 1 ? part[0] : weyl_concat(part, n, weyl_rank(part[0]) - 1);
}

/* Blocks of 0e plus `term` [n]; NULL tensor: as they are. */
static weyl_steerable shifted(weyl_steerable h, weyl_tensor term) {
  weyl_tensor *blocks = weyl_steerable_room(h.x.graph, h.irreps.n);
  if (!blocks || !weyl_tensor_valid(term)) return h;
  int64_t at = 0;
  for (int32_t i = 0; i < h.irreps.n; i++) {
    blocks[i] = weyl_steerable_block(h, i);
    if (!weyl_irrep_invariant(&h.irreps.item[i])) continue;
    blocks[i] = weyl_add(blocks[i], weyl_slice(term, 0, at, h.irreps.item[i].mul, 1));
    at += h.irreps.item[i].mul;
  }
  return weyl_steerable_from_blocks(h.x.graph, blocks, h.irreps);
}

typedef struct affine {
  weyl_tensor weight, bias; /* of copies, of invariant ones or null */
} affine;

static affine affine_of(weyl_graph *g, weyl_irreps irreps) {
  affine a = {.weight =
                  weyl_param(g, "weight", WEYL_SHAPE(weyl_num(weyl_irreps_copies(irreps))), weyl_init_constant(1))};
  const int64_t n = invariant_copies(irreps);
  if (n > 0) a.bias = weyl_param(g, "bias", WEYL_SHAPE(weyl_num(n)), weyl_init_constant(0));
  return a;
}

weyl_steerable weyl_steerable_batch_norm(weyl_steerable h, const char *name, double momentum) {
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  weyl_graph *g = h.x.graph;
  if (weyl_rank(h.x) < 2)
    return weyl_steerable_fail(g, WEYL_SHAPE, "batch norm %s: the input has rank %d, needs rows and a last axis", name,
                               weyl_rank(h.x));
  if (momentum == 0) momentum = 0.1;
  if (!(momentum > 0 && momentum <= 1))
    return weyl_steerable_fail(g, WEYL_BAD_ARG, "batch norm %s: the momentum is %g, must be in (0, 1]", name, momentum);
  const int64_t copies = weyl_irreps_copies(h.irreps), n = invariant_copies(h.irreps);

  weyl_scope(g, "%s", name);
  const affine a = affine_of(g, h.irreps);
  weyl_tensor running_mean = WEYL_NULL_TENSOR;
  if (n > 0) running_mean = weyl_state(g, "running_mean", WEYL_SHAPE(weyl_num(n)), weyl_init_constant(0));
  const weyl_tensor running_var = weyl_state(g, "running_var", WEYL_SHAPE(weyl_num(copies)), weyl_init_constant(1));
  weyl_scope_end(g);

  /* Moments of 0e about the running mean, as in weyl_batch_norm: one pass over the batch. */
  const weyl_shape shape = weyl_tensor_shape(h.x);
  h.x = weyl_as_rows(h.x);
  if (n > 0) h = shifted(h, weyl_neg(running_mean));
  weyl_tensor variance = running_var;
  if (weyl_graph_training(g)) {
    const weyl_tensor rows = weyl_row_count(h.x), squares = weyl_steerable_squares(h, true);
    weyl_tensor moments = squares;
    if (n > 0) moments = weyl_concat((weyl_tensor[]){squares, invariants(h)}, 2, weyl_rank(squares) - 1);
    moments = weyl_div(weyl_sum_rows(moments), rows);
    variance = weyl_slice(moments, 0, 0, copies, 1);
    if (n > 0) {
      const weyl_tensor first = weyl_slice(moments, 0, copies, n, 1);
      variance = weyl_sub(variance, among_copies(h.irreps, weyl_square(first)));
      variance = weyl_max(variance, weyl_scalar(g, 0)); /* rounding may go below 0 */
      h = shifted(h, weyl_neg(first));
      weyl_assign(running_mean, weyl_add(running_mean, weyl_scale(first, momentum)));
    }
    weyl_assign(running_var, weyl_add(weyl_scale(running_var, 1 - momentum), weyl_scale(variance, momentum)));
  }
  h = weyl_steerable_times(h, weyl_mul(a.weight, weyl_rsqrt(weyl_shift(variance, EPS))));
  h = shifted(h, a.bias);
  h.x = weyl_reshape(h.x, shape);
  return h;
}

weyl_steerable weyl_steerable_layer_norm(weyl_steerable h, const char *name) {
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  weyl_graph *g = h.x.graph;
  weyl_tensor *blocks = weyl_steerable_room(g, h.irreps.n);
  if (!blocks) return (weyl_steerable){0};
  weyl_scope(g, "%s", name);
  const affine a = affine_of(g, h.irreps);
  weyl_scope_end(g);
  for (int32_t i = 0; i < h.irreps.n; i++) {
    weyl_tensor b = weyl_steerable_block(h, i);
    const int copies = weyl_rank(b) - 1, orders = copies - 1;
    if (weyl_irrep_invariant(&h.irreps.item[i])) b = weyl_sub(b, weyl_unsqueeze(weyl_mean(b, copies), copies));
    const weyl_tensor variance = weyl_mean(weyl_mean(weyl_square(b), copies), orders);
    const weyl_tensor factor = weyl_rsqrt(weyl_shift(variance, EPS));
    blocks[i] = weyl_mul(weyl_mul(b, weyl_unsqueeze(weyl_unsqueeze(factor, orders), copies)),
                         weyl_steerable_copies(h.irreps, i, a.weight));
  }
  return shifted(weyl_steerable_from_blocks(g, blocks, h.irreps), a.bias);
}

weyl_steerable weyl_steerable_dropout(weyl_steerable h, const char *name, double rate, weyl_tensor key) {
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  weyl_graph *g = h.x.graph;
  weyl_shape shape = weyl_tensor_shape(h.x);
  shape.dim[shape.rank - 1] = weyl_num(weyl_irreps_copies(h.irreps));
  if (!(rate >= 0 && rate < 1))
    return weyl_steerable_fail(g, WEYL_BAD_ARG, "dropout %s: the rate is %g, must be in [0, 1)", name, rate);
  if (rate == 0 || !weyl_graph_training(g)) return h;
  const weyl_tensor one = weyl_constant(g, 1, shape);
  return weyl_steerable_times(h, weyl_dropout(one, name, rate, key));
}
