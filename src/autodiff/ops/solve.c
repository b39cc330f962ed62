/* solve: x = a^-1 b, a [.., d, d], b [.., d, k].  db = a^-T dx, da = -db x^T. */
#include "batched.h"

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_matrix(g, node, 0, true));
  WEYL_TRY(input_is_matrix(g, node, 1, false));
  const weyl_shape *a = weyl_in_shape(g, node, 0), *b = weyl_in_shape(g, node, 1);
  char p[160], q[160];
  bool ok = a->rank == b->rank;
  for (int i = 0; ok && i < a->rank - 1; i++) ok = weyl_dim_equal(a->dim[i], b->dim[i]);
  if (!ok)
    return weyl_node_fail(g, node, WEYL_SHAPE, "matrices %s and right sides %s do not agree but for the last axis",
                          weyl_shape_text(a, p), weyl_shape_text(b, q));
  out->shape = *b;
  return WEYL_OK;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  const size_t d = (size_t)in[0].dim[in[0].rank - 1], k = (size_t)in[1].dim[in[1].rank - 1];
  return (d * d + d * k) * sizeof(double);
}

static weyl_status eval(const weyl_eval *e) {
  const int64_t d = e->in[0].dim[e->in[0].rank - 1], k = e->in[1].dim[e->in[1].rank - 1],
                batch = batch_of(&e->in[0], 2);
  double *a = e->scratch, *x = a + d * d;
  for (int64_t i = 0; i < batch; i++) {
    load(&e->in[0], i * d * d, d * d, a);
    load(&e->in[1], i * d * k, d * k, x);
    WEYL_TRY(within_matrix(e, weyl_solve(e->ctx, (size_t)d, (size_t)k, a, x, x), i));
    store(&e->out[0], i * d * k, d * k, x);
  }
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node;
  const double d = (double)in[0].dim[in[0].rank - 1];
  return 2.0 / 3.0 * d * (double)weyl_view_size(&in[0]) + 2 * d * (double)weyl_view_size(out);
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const weyl_tensor x = weyl_node_out(g, node, 0), db = weyl_solve_of(flip(weyl_node_in(g, node, 0)), dy[0]);
  if (want[0]) dx[0] = weyl_neg(weyl_matmul(db, flip(x)));
  if (want[1]) dx[1] = db;
}

static void example(weyl_example *ex, int which) {
  static const int64_t d[3] = {3, 1, 2}, k[3] = {2, 1, 4};
  const weyl_dim a[3] = {weyl_num(2), weyl_num(d[which]), weyl_num(d[which])},
                 b[3] = {weyl_num(2), weyl_num(d[which]), weyl_num(k[which])};
  const int from = which == 1;
  ex->in[0] = weyl_example_input(ex, weyl_shape_from(a + from, 3 - from));
  ex->in[1] = weyl_example_input(ex, weyl_shape_from(b + from, 3 - from));
  /* far from singular: the unit matrix is added, twice */
  ex->out[0] = weyl_solve_of(weyl_add(ex->in[0], weyl_triangle(ex->graph, d[which], 0, 2, 0)), ex->in[1]);
}

const weyl_op weyl_op_solve = {
    .name = "solve",
    .shape = shape,
    .eval = eval,
    .vjp = vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -0.5, .high = 0.5, .order = 2, .cases = 3, .example = example},
};

weyl_tensor weyl_solve_of(weyl_tensor a, weyl_tensor b) {
  return weyl_node_new(a.graph, &weyl_op_solve, (weyl_tensor[]){a, b}, 2, NULL, NULL);
}
