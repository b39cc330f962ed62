/* eigh: symmetric a [.., d, d] = v diag(w) v^T, w [.., d] ascending, v [.., d, d] with eigenvectors as columns. Only
 * a's symmetric part is seen. attr.flag: count degenerate matrices.
 *
 *   da = v (diag(dw) + F o (v^T dv)) v^T, symmetrised, F_ij = 1 / (w_j - w_i) where that gap counts, else 0
 * (M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation",
 * 2008, 3.1). */
#include "batched.h"

#include <math.h>

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_matrix(g, node, 0, true));
  out[0].shape = out[1].shape = *weyl_in_shape(g, node, 0);
  out[0].shape.rank--;
  return WEYL_OK;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  const size_t d = (size_t)in[0].dim[in[0].rank - 1];
  return (2 * d * d + d) * sizeof(double);
}

static weyl_status eval(const weyl_eval *e) {
  const int64_t d = e->in[0].dim[e->in[0].rank - 1], batch = batch_of(&e->in[0], 2);
  const double tolerance = gap_tolerance(e->in[0].dtype);
  double *a = e->scratch, *v = a + d * d, *w = v + d * d;
  for (int64_t b = 0; b < batch; b++) {
    load(&e->in[0], b * d * d, d * d, a);
    symmetrise(d, a);
    WEYL_TRY(within_matrix(e, weyl_eigh(e->ctx, (size_t)d, a, w, v), b));
    store(&e->out[0], b * d, d, w);
    store(&e->out[1], b * d * d, d * d, v);
    if (!e->node->attr.flag || !e->degenerate) continue;
    load(&e->out[0], b * d, d, w); /* as rounded: what the derivative sees */
    const double top = fmax(fabs(w[0]), fabs(w[d - 1]));
    bool degenerate = false;
    for (int64_t i = 1; i < d; i++) degenerate = degenerate || w[i] - w[i - 1] <= tolerance * top;
    *e->degenerate += degenerate;
  }
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  return 9.0 * (double)weyl_view_size(&in[0]) * (double)in[0].dim[in[0].rank - 1];
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_tensor w = weyl_node_out(g, node, 0), v = weyl_node_out(g, node, 1);
  weyl_tensor left = WEYL_NULL_TENSOR; /* v (diag(dw) + F o (v^T dv)) */
  if (dy[0].graph) left = weyl_mul(v, as_row(dy[0]));
  if (dy[1].graph) {
    count_degenerate(node);
    const weyl_tensor gap = differences(w);
    const weyl_tensor ok = weyl_lt(as_column(as_column(least_gap(w))), weyl_abs(gap));
    const weyl_tensor turn = weyl_matmul(v, weyl_mul(recip_where(ok, gap), weyl_matmul(flip(v), dy[1])));
    left = left.graph ? weyl_add(left, turn) : turn;
  }
  const weyl_tensor da = weyl_matmul(left, flip(v));
  dx[0] = dy[1].graph ? symmetric_part(da) : da;
}

/* Well separated, so that finite differences mean something: eigenvalues near 1, 2, 3, ... */
static void example(weyl_example *ex, int which) {
  static const int64_t d[3] = {3, 1, 5};
  const weyl_shape s = which == 0 ? WEYL_SHAPE(weyl_num(2), weyl_num(2), weyl_num(3), weyl_num(3))
                                  : WEYL_SHAPE(weyl_num(d[which]), weyl_num(d[which]));
  double shift[25] = {0};
  for (int64_t i = 0; i < d[which]; i++) shift[i * (d[which] + 1)] = (double)i;
  ex->in[0] = weyl_example_input(ex, s);
  ex->symmetric[0] = true;
  weyl_eigh_of(weyl_add(ex->in[0], weyl_constant_array(ex->graph, weyl_graph_dtype(ex->graph),
                                                       WEYL_SHAPE(weyl_num(d[which]), weyl_num(d[which])), shift)),
               &ex->out[0], &ex->out[1]);
  ex->n_out = 2;
}

const weyl_op weyl_op_eigh = {
    .name = "eigh",
    .n_out = 2,
    .shape = shape,
    .eval = eval,
    .vjp = vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -0.3, .high = 0.3, .order = 2, .cases = 3, .example = example},
};

void weyl_eigh_of(weyl_tensor a, weyl_tensor *w, weyl_tensor *v) {
  const weyl_tensor first = weyl_node_new(a.graph, &weyl_op_eigh, &a, 1, NULL, NULL);
  if (w) *w = first;
  if (v) *v = weyl_node_value(first, 1);
}

/* ---- shared by the derivatives of this family
 * -------------------------------------------------------------------------- */

weyl_tensor weyl_triangle(weyl_graph *g, int64_t d, double above, double on, double below) {
  double *t = weyl_arena_array(weyl_graph_arena(g), double, d *d);
  if (!t) return weyl_graph_fail(g, WEYL_MEMORY, "no memory for a constant of %lld x %lld", (long long)d, (long long)d);
  for (int64_t i = 0; i < d; i++)
    for (int64_t j = 0; j < d; j++) t[i * d + j] = j > i ? above : j == i ? on : below;
  return weyl_constant_array(g, weyl_graph_dtype(g), WEYL_SHAPE(weyl_num(d), weyl_num(d)), t);
}
