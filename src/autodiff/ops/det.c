/* det: the determinant of each a [.., d, d].  da = dy det(a) a^-T; the derivative needs an invertible a. */
#include "batched.h"

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_matrix(g, node, 0, true));
  out->shape = *weyl_in_shape(g, node, 0);
  out->shape.rank -= 2;
  return WEYL_OK;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  const size_t d = (size_t)in[0].dim[in[0].rank - 1];
  return d * d * sizeof(double);
}

static weyl_status eval(const weyl_eval *e) {
  const int64_t d = e->in[0].dim[e->in[0].rank - 1], batch = batch_of(&e->in[0], 2);
  double *a = e->scratch;
  for (int64_t i = 0; i < batch; i++) {
    load(&e->in[0], i * d * d, d * d, a);
    const double y = weyl_det((size_t)d, a);
    store(&e->out[0], i, 1, &y);
  }
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  return 2.0 / 3.0 * (double)in[0].dim[in[0].rank - 1] * (double)weyl_view_size(&in[0]);
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_tensor a = weyl_node_in(g, node, 0), y = weyl_node_out(g, node, 0);
  const weyl_tensor unit = weyl_broadcast_to(weyl_triangle(g, weyl_dim_of(a, -1), 0, 1, 0), weyl_tensor_shape(a));
  dx[0] = weyl_mul(as_column(as_column(weyl_mul(dy[0], y))), weyl_solve_of(flip(a), unit));
}

static void example(weyl_example *ex, int which) {
  static const int64_t d[3] = {3, 2, 1};
  const weyl_dim dims[3] = {weyl_num(2), weyl_num(d[which]), weyl_num(d[which])};
  ex->in[0] = weyl_example_input(ex, weyl_shape_from(dims + which % 2, 3 - which % 2));
  ex->out[0] = weyl_det_of(weyl_add(ex->in[0], weyl_triangle(ex->graph, d[which], 0, 2, 0)));
}

const weyl_op weyl_op_det = {
    .name = "det",
    .shape = shape,
    .eval = eval,
    .vjp = vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -0.5, .high = 0.5, .order = 2, .cases = 3, .example = example},
};

weyl_tensor weyl_det_of(weyl_tensor a) { return weyl_node_new(a.graph, &weyl_op_det, &a, 1, NULL, NULL); }

/* The entries one place on, in a circle: (x_1, x_2, x_0) */
static weyl_tensor next(weyl_tensor x) {
  const int axis = weyl_rank(x) - 1;
  return weyl_concat((weyl_tensor[]){weyl_slice(x, axis, 1, 2, 1), weyl_slice(x, axis, 0, 1, 1)}, 2, axis);
}

weyl_tensor weyl_cross(weyl_tensor a, weyl_tensor b) {
  const weyl_shape s = weyl_tensor_shape(a), t = weyl_tensor_shape(b);
  char p[160], q[160];
  if (!weyl_tensor_valid(a) || !weyl_tensor_valid(b)) return WEYL_NULL_TENSOR;
  if (s.rank < 1 || t.rank < 1 || !weyl_dim_equal(s.dim[s.rank - 1], weyl_num(3)) ||
      !weyl_dim_equal(t.dim[t.rank - 1], weyl_num(3)))
    return weyl_graph_fail(a.graph, WEYL_SHAPE, "cross: the last axes of %s and %s must be 3", weyl_shape_text(&s, p),
                           weyl_shape_text(&t, q));
  return next(weyl_sub(weyl_mul(a, next(b)), weyl_mul(next(a), b)));
}
