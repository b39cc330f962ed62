/* svd: a [.., m, n] = u diag(s) vt, r = min(m, n): u [.., m, r], s [.., r] descending, vt [.., r, n]. attr.flag: count
 * degenerate matrices.
 *
 *   da = u (J + J^T) S v^T + u S (K + K^T) v^T + u diag(ds) v^T + (1 - u u^T) du S^-1 v^T + u S^-1 dv^T (1 - v v^T)
 *   J = F o (u^T du), K = F o (v^T dv), F_ij = 1 / (s_j^2 - s_i^2) where the gap s_j - s_i counts, else 0
 * (J. Townsend, "Differentiating the singular value decomposition", 2016). S^-1 is 0 for singular values that do not
 * count; the terms with it vanish for a square a. */
#include "batched.h"

#include <math.h>

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_matrix(g, node, 0, false));
  const weyl_shape a = *weyl_in_shape(g, node, 0);
  const int k = a.rank;
  const weyl_dim m = a.dim[k - 2], n = a.dim[k - 1], r = m.n < n.n ? m : n;
  out[0].shape = out[1].shape = out[2].shape = a;
  out[0].shape.dim[k - 1] = r;
  out[1].shape.rank = k - 1;
  out[1].shape.dim[k - 2] = r;
  out[2].shape.dim[k - 2] = r;
  return WEYL_OK;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  const size_t m = (size_t)in[0].dim[in[0].rank - 2], n = (size_t)in[0].dim[in[0].rank - 1], r = m < n ? m : n;
  return (m * n + m * r + r + r * n) * sizeof(double);
}

/* A gap, or (where the space outside matters) a singular value, too small for the derivative */
static bool degenerate(int64_t r, const double *s, bool square, double tolerance) {
  for (int64_t i = 1; i < r; i++)
    if (s[i - 1] - s[i] <= tolerance * s[0]) return true;
  return !square && s[r - 1] <= tolerance * s[0];
}

static weyl_status eval(const weyl_eval *e) {
  const int64_t m = e->in[0].dim[e->in[0].rank - 2], n = e->in[0].dim[e->in[0].rank - 1], r = m < n ? m : n,
                batch = batch_of(&e->in[0], 2);
  double *a = e->scratch, *u = a + m * n, *s = u + m * r, *vt = s + r;
  for (int64_t b = 0; b < batch; b++) {
    load(&e->in[0], b * m * n, m * n, a);
    WEYL_TRY(within_matrix(e, weyl_svd(e->ctx, (size_t)m, (size_t)n, a, u, s, vt), b));
    store(&e->out[0], b * m * r, m * r, u);
    store(&e->out[1], b * r, r, s);
    store(&e->out[2], b * r * n, r * n, vt);
    if (!e->node->attr.flag || !e->degenerate) continue;
    load(&e->out[1], b * r, r, s); /* as rounded: what the derivative sees */
    *e->degenerate += degenerate(r, s, m == n, gap_tolerance(e->in[0].dtype));
  }
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  return 14.0 * (double)weyl_view_size(&in[0]) * (double)in[0].dim[in[0].rank - 1];
}

static weyl_tensor plus(weyl_tensor a, weyl_tensor b) { return a.graph ? weyl_add(a, b) : b; }

/* F o (x^T dx), plus its transpose */
static weyl_tensor turning(weyl_tensor factor, weyl_tensor x, weyl_tensor dx) {
  const weyl_tensor j = weyl_mul(factor, weyl_matmul(flip(x), dx));
  return weyl_add(j, flip(j));
}

/* (1 - x x^T) y */
static weyl_tensor outside(weyl_tensor x, weyl_tensor y) {
  return weyl_sub(y, weyl_matmul(x, weyl_matmul(flip(x), y)));
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_tensor u = weyl_node_out(g, node, 0), s = weyl_node_out(g, node, 1), vt = weyl_node_out(g, node, 2);
  const int k = weyl_rank(u);
  const int64_t m = weyl_dim_of(u, k - 2), n = weyl_dim_of(vt, k - 1);
  weyl_tensor middle = WEYL_NULL_TENSOR, da = WEYL_NULL_TENSOR; /* u middle vt + the terms outside */
  if (dy[1].graph) middle = weyl_mul(weyl_triangle(g, m < n ? m : n, 0, 1, 0), as_row(dy[1]));
  if (dy[0].graph || dy[2].graph) {
    count_degenerate(node);
    const weyl_tensor least = least_gap(s), gap = differences(s), sum = weyl_add(as_row(s), as_column(s));
    const weyl_tensor ok = weyl_lt(as_column(as_column(least)), weyl_abs(gap));
    const weyl_tensor factor = recip_where(ok, weyl_mul(gap, sum));
    const weyl_tensor inverse = recip_where(weyl_lt(as_column(least), s), s);
    if (dy[0].graph) {
      middle = plus(middle, weyl_mul(turning(factor, u, dy[0]), as_row(s)));
      if (m > n) da = weyl_matmul(weyl_mul(outside(u, dy[0]), as_row(inverse)), vt);
    }
    if (dy[2].graph) {
      const weyl_tensor v = flip(vt), dv = flip(dy[2]);
      middle = plus(middle, weyl_mul(as_column(s), turning(factor, v, dv)));
      if (n > m) da = weyl_matmul(u, flip(weyl_mul(outside(v, dv), as_row(inverse))));
    }
  }
  dx[0] = plus(da, weyl_matmul(weyl_matmul(u, middle), vt));
}

/* Well separated singular values, near 1, 2, 3, ... */
static void example(weyl_example *ex, int which) {
  static const int64_t rows[4] = {3, 4, 2, 1}, columns[4] = {3, 2, 4, 3};
  const int64_t m = rows[which], n = columns[which];
  double shift[16] = {0};
  for (int64_t i = 0; i < m && i < n; i++) shift[i * n + i] = (double)(i + 1);
  const weyl_dim dims[3] = {weyl_num(2), weyl_num(m), weyl_num(n)};
  const int from = which == 3; /* once without a batch */
  ex->in[0] = weyl_example_input(ex, weyl_shape_from(dims + from, 3 - from));
  weyl_svd_of(weyl_add(ex->in[0], weyl_constant_array(ex->graph, weyl_graph_dtype(ex->graph),
                                                      WEYL_SHAPE(weyl_num(m), weyl_num(n)), shift)),
              &ex->out[0], &ex->out[1], &ex->out[2]);
  ex->n_out = 3;
}

const weyl_op weyl_op_svd = {
    .name = "svd",
    .n_out = 3,
    .shape = shape,
    .eval = eval,
    .vjp = vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -0.3, .high = 0.3, .order = 2, .cases = 4, .example = example},
};

void weyl_svd_of(weyl_tensor a, weyl_tensor *u, weyl_tensor *s, weyl_tensor *vt) {
  const weyl_tensor first = weyl_node_new(a.graph, &weyl_op_svd, &a, 1, NULL, NULL);
  if (u) *u = first;
  if (s) *s = weyl_node_value(first, 1);
  if (vt) *vt = weyl_node_value(first, 2);
}
