/* Transpositions: absorbed by products, and made once for the whole batch where the kernels want rows. */
#include "optimise.h"

#include <string.h>

enum { NARROW = 8 }; /* columns that leave the kernel's vectors half empty */
enum { FEW = 4 };    /* the matrix kernel turns so few columns into dot products, which want columns in one piece */

/* permute(x) as an operand: x itself with other axes, as long as the free axes keep their order. */
static weyl_tensor of_permuted(weyl_graph *g, const weyl_dot *d, int side) {
  const weyl_node *node = weyl_made_by(d->in[side], &weyl_op_permute);
  if (!node) return WEYL_NULL_TENSOR;
  weyl_dot plain = *d;
  plain.in[side] = weyl_node_in(g, node, 0);
  for (int i = 0; i < d->n_batch; i++) plain.batch[side][i] = (int)node->attr.i[d->batch[side][i]];
  for (int i = 0; i < d->n_contract; i++) plain.contract[side][i] = (int)node->attr.i[d->contract[side][i]];
  for (int i = 1; i < d->n_free[side]; i++)
    if (node->attr.i[d->free[side][i]] < node->attr.i[d->free[side][i - 1]]) return WEYL_NULL_TENSOR;
  return weyl_dot_make(&plain);
}

static int64_t free_size(const weyl_dot *d, int side) {
  const weyl_shape s = weyl_tensor_shape(d->in[side]);
  int64_t n = 1;
  for (int i = 0; i < d->n_free[side]; i++) {
    if (s.dim[d->free[side][i]].count != WEYL_NUMBER) return 0;
    n *= s.dim[d->free[side][i]].n;
  }
  return n;
}

/* A sum over the rows of all shards with few columns and more rows: the matrix kernel is quicker the other way. */
static bool narrow(const weyl_dot *d) {
  const int64_t rows = free_size(d, 0), columns = free_size(d, 1);
  return !d->n_batch && !weyl_whole(d->in[0]) && !weyl_whole(d->in[1]) && columns > 0 && columns <= NARROW &&
         rows >= 2 * NARROW;
}

static weyl_dot turned(const weyl_dot *d) {
  weyl_dot t = *d;
  for (int side = 0; side < 2; side++) {
    t.in[side] = d->in[1 - side];
    memcpy(t.contract[side], d->contract[1 - side], sizeof t.contract[side]);
    memcpy(t.free[side], d->free[1 - side], sizeof t.free[side]);
    t.n_free[side] = d->n_free[1 - side];
  }
  return t;
}

static weyl_tensor of_narrow(const weyl_dot *d) {
  int axes[WEYL_RANK_MAX];
  if (!narrow(d)) return WEYL_NULL_TENSOR;
  const weyl_dot t = turned(d);
  for (int i = 0; i < d->n_free[0]; i++) axes[i] = d->n_free[1] + i;
  for (int i = 0; i < d->n_free[1]; i++) axes[d->n_free[0] + i] = i;
  return weyl_permute(weyl_dot_make(&t), axes);
}

/* The transposition of a product with all its free axes of one side before those of the other. */
static weyl_tensor of_product(weyl_graph *g, const weyl_call *call) {
  const weyl_node *node = weyl_made_by(call->in[0], &weyl_op_dot_general);
  if (!node || weyl_facts(call->in[0]).uses > 1) return WEYL_NULL_TENSOR;
  weyl_dot d = weyl_dot_read(g, (weyl_tensor[]){weyl_node_in(g, node, 0), weyl_node_in(g, node, 1)}, &node->attr);
  const int rank = d.n_batch + d.n_free[0] + d.n_free[1];
  for (int i = 0; i < rank; i++) {
    const int from = i < d.n_batch ? i : i < d.n_batch + d.n_free[1] ? i + d.n_free[0] : i - d.n_free[1];
    if (call->attr->i[i] != from) return WEYL_NULL_TENSOR;
  }
  const weyl_dot other = turned(&d);
  if (g->rewriter->layout && narrow(&other)) return WEYL_NULL_TENSOR;
  return weyl_dot_general(d.in[1], d.in[0], d.n_batch, d.batch[1], d.batch[0], d.n_contract, d.contract[1],
                          d.contract[0]);
}

/* A weight that every shard reads is laid as the matrix kernel reads it: the batch first, contracted
 * axes next, then the free ones. */
static weyl_tensor of_weight(weyl_graph *g, const weyl_dot *d) {
  if (weyl_whole(d->in[0]) || !weyl_whole(d->in[1]) || d->n_contract < 1 || d->n_free[1] < 1) return WEYL_NULL_TENSOR;
  const weyl_shape s = weyl_tensor_shape(d->in[1]);
  int64_t columns = 1;
  for (int i = 0; i < d->n_free[1]; i++) columns *= s.dim[d->free[1][i]].n;
  const bool rows_first = columns > FEW;
  int axes[WEYL_RANK_MAX], n = 0;
  weyl_dot laid = *d;
  for (int i = 0; i < d->n_batch; i++) {
    laid.batch[1][i] = n;
    axes[n++] = d->batch[1][i];
  }
  for (int part = 0; part < 2; part++)
    if ((part == 0) == rows_first)
      for (int i = 0; i < d->n_contract; i++) {
        laid.contract[1][i] = n;
        axes[n++] = d->contract[1][i];
      }
    else
      for (int i = 0; i < d->n_free[1]; i++) axes[n++] = d->free[1][i];
  laid.in[1] = weyl_permute(d->in[1], axes);
  (void)g;
  return laid.in[1].id == d->in[1].id ? WEYL_NULL_TENSOR : weyl_dot_make(&laid);
}

weyl_tensor weyl_rewrite_transpose(weyl_graph *g, const weyl_call *call) {
  if (call->op == &weyl_op_permute) return of_product(g, call);
  if (call->op != &weyl_op_dot_general) return WEYL_NULL_TENSOR;
  const weyl_dot d = weyl_dot_read(g, call->in, call->attr);
  weyl_tensor better = WEYL_NULL_TENSOR;
  for (int side = 0; side < 2 && !better.graph; side++) {
    /* in the last pass the weights' own transpositions stay */
    if (g->rewriter->layout && side == 1 && !weyl_whole(d.in[0])) continue;
    better = of_permuted(g, &d, side);
  }
  if (!better.graph && g->rewriter->layout) better = of_weight(g, &d);
  if (!better.graph && g->rewriter->layout) better = of_narrow(&d);
  return better;
}
