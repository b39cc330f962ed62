/* batched.h: small matrices in the last two axes of an array, computed in double. */
#ifndef WEYL_BATCHED_H
#define WEYL_BATCHED_H

#include "along.h"

/* Numbers at..at+n-1 of an array as doubles, and back. */
static inline void load(const weyl_view *v, int64_t at, int64_t n, double *to) {
  if (v->dtype == WEYL_F32)
    for (int64_t i = 0; i < n; i++) to[i] = (double)((const float *)v->data)[at + i];
  else
    for (int64_t i = 0; i < n; i++) to[i] = ((const double *)v->data)[at + i];
}

static inline void store(const weyl_view *v, int64_t at, int64_t n, const double *from) {
  if (v->dtype == WEYL_F32)
    for (int64_t i = 0; i < n; i++) ((float *)v->data)[at + i] = (float)from[i];
  else
    for (int64_t i = 0; i < n; i++) ((double *)v->data)[at + i] = from[i];
}

/* (a + a^T) / 2 in place: functions of symmetric matrices see this part alone, and so their gradients are symmetric. */
static inline void symmetrise(int64_t d, double *a) {
  for (int64_t i = 0; i < d; i++)
    for (int64_t j = 0; j < i; j++) a[i * d + j] = a[j * d + i] = 0.5 * (a[i * d + j] + a[j * d + i]);
}

static inline int64_t batch_of(const weyl_view *v, int trailing) {
  int64_t n = 1;
  for (int i = 0; i < v->rank - trailing; i++) n *= v->dim[i];
  return n;
}

/* Gaps at or below this part of the largest value count as none. */
static inline double gap_tolerance(weyl_dtype dtype) { return dtype == WEYL_F32 ? 1e-6 : 1e-10; }

/* Puts the operation and the number of the matrix before a message of the kernel. */
static inline weyl_status within_matrix(const weyl_eval *e, weyl_status status, int64_t i) {
  return status == WEYL_OK ? WEYL_OK
                           : weyl_fail_within(e->ctx, status, "%s (%s), matrix %lld", e->node->op->name, e->node->scope,
                                              (long long)i);
}

/* ---- shapes ---------------------------------------------------------------------------------------------------------
 */

/* Real, and plain numbers in the last two axes; `square`: equal ones. */
static inline weyl_status input_is_matrix(weyl_graph *g, const weyl_node *node, int input, bool square) {
  const weyl_shape *s = weyl_in_shape(g, node, input);
  char text[160];
  WEYL_TRY(input_is_real(g, node, input));
  const int r = s->rank;
  bool ok = r >= 2 && s->dim[r - 1].count == WEYL_NUMBER && s->dim[r - 2].count == WEYL_NUMBER && s->dim[r - 1].n > 0 &&
            s->dim[r - 2].n > 0;
  if (ok && square) ok = s->dim[r - 1].n == s->dim[r - 2].n;
  if (ok) return WEYL_OK;
  return weyl_node_fail(g, node, WEYL_SHAPE, "%s is not a batch of %smatrices of plain numbers",
                        weyl_shape_text(s, text), square ? "square " : "");
}

/* ---- for derivatives
 * -------------------------------------------------------------------------------------------------- */

static inline weyl_tensor flip(weyl_tensor x) { return weyl_transpose(x, weyl_rank(x) - 2, weyl_rank(x) - 1); }
static inline weyl_tensor as_row(weyl_tensor x) {
  return weyl_unsqueeze(x, weyl_rank(x) - 1);
} /* [.., d] -> [.., 1, d] */
static inline weyl_tensor as_column(weyl_tensor x) {
  return weyl_unsqueeze(x, weyl_rank(x));
} /* [.., d] -> [.., d, 1] */
static inline weyl_tensor symmetric_part(weyl_tensor x) { return weyl_scale(weyl_add(x, flip(x)), 0.5); }

/* 1 / x where `ok`, else 0; finite on both branches. */
static inline weyl_tensor recip_where(weyl_tensor ok, weyl_tensor x) {
  return weyl_mul(ok, weyl_recip(weyl_where(ok, x, weyl_scalar(x.graph, 1))));
}

/* The least gap of each matrix that counts: [.., d] -> [..]; no gradient. */
static inline weyl_tensor least_gap(weyl_tensor values) {
  const weyl_tensor top = weyl_reduce_max(weyl_abs(values), weyl_rank(values) - 1);
  return weyl_stop_gradient(weyl_scale(top, gap_tolerance(weyl_graph_dtype(values.graph))));
}

/* x_j - x_i at [.., i, j] */
static inline weyl_tensor differences(weyl_tensor x) { return weyl_sub(as_row(x), as_column(x)); }

/* Numbers in the place (i, j) of a d x d constant: above, on, below the diagonal. */
weyl_tensor weyl_triangle(weyl_graph *g, int64_t d, double above, double on, double below);

/* An operation whose derivative needs gaps was differentiated: from now on its evaluation counts degenerate matrices.
 * The node is the graph's own, which is still being built. */
static inline void count_degenerate(const weyl_node *node) { ((weyl_node *)(uintptr_t)node)->attr.flag = 1; }

#endif
