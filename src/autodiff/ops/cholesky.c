/* cholesky: positive definite a [.., d, d] = l l^T, l lower with zeros above. Only a's symmetric part is seen.
 *   da = l^-T P l^-1, symmetrised, P the lower triangle of l^T dl with half of its diagonal
 * (I. Murray, "Differentiation of the Cholesky decomposition", 2016). */
#include "batched.h"

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_matrix(g, node, 0, true));
  out->shape = *weyl_in_shape(g, node, 0);
  return WEYL_OK;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  const size_t d = (size_t)in[0].dim[in[0].rank - 1];
  return 2 * d * d * sizeof(double);
}

static weyl_status eval(const weyl_eval *e) {
  const int64_t d = e->in[0].dim[e->in[0].rank - 1], batch = batch_of(&e->in[0], 2);
  double *a = e->scratch, *l = a + d * d;
  for (int64_t i = 0; i < batch; i++) {
    load(&e->in[0], i * d * d, d * d, a);
    symmetrise(d, a);
    WEYL_TRY(within_matrix(e, weyl_cholesky(e->ctx, (size_t)d, a, l), i));
    store(&e->out[0], i * d * d, d * d, l);
  }
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node;
  return (double)in[0].dim[in[0].rank - 1] / 3.0 * (double)weyl_view_size(out);
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_tensor l = weyl_node_out(g, node, 0), lt = flip(l);
  const weyl_tensor half = weyl_triangle(g, weyl_dim_of(l, -1), 0, 0.5, 1);
  const weyl_tensor left = weyl_solve_of(lt, weyl_mul(weyl_matmul(lt, dy[0]), half));
  dx[0] = symmetric_part(weyl_solve_of(lt, flip(left)));
}

static void example(weyl_example *ex, int which) {
  const weyl_dim dims[3] = {weyl_num(2), weyl_num(which == 2 ? 1 : 3), weyl_num(which == 2 ? 1 : 3)};
  ex->in[0] = weyl_example_input(ex, weyl_shape_from(dims + which % 2, 3 - which % 2));
  ex->symmetric[0] = ex->spd[0] = true;
  ex->out[0] = weyl_cholesky_of(ex->in[0]);
}

const weyl_op weyl_op_cholesky = {
    .name = "cholesky",
    .shape = shape,
    .eval = eval,
    .vjp = vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -1, .high = 1, .order = 2, .cases = 3, .example = example},
};

weyl_tensor weyl_cholesky_of(weyl_tensor a) { return weyl_node_new(a.graph, &weyl_op_cholesky, &a, 1, NULL, NULL); }
