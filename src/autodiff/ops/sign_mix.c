/* sign_mix and its adjoint: what is left of a linear map of sign frames (engine findings, section 3). attr.n frames F,
 * attr.i[0] the dimension d, attr.data signs [F][d].
 *   sign_mix:   t [d, R, ...] -> [R, F, ...], sum over c of signs[f][c] t[c];   sign_unmix: [R, F, ...] -> [d, R, ...].
 * Only rewrites make them. */
#include "../graph.h"

static weyl_status mix_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_shape *x = weyl_in_shape(g, node, 0);
  char b[160];
  if (x->rank < 2 || x->dim[0].count != WEYL_NUMBER || x->dim[0].n != node->attr.i[0] || node->attr.i[0] > WEYL_SIGNS_D)
    return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s must be [%lld, rows, ...]", weyl_shape_text(x, b),
                          (long long)node->attr.i[0]);
  out->shape = *x;
  out->shape.dim[0] = x->dim[1];
  out->shape.dim[1] = weyl_num(node->attr.n);
  return WEYL_OK;
}

static weyl_status unmix_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_shape *x = weyl_in_shape(g, node, 0);
  char b[160];
  if (x->rank < 2 || x->dim[1].count != WEYL_NUMBER || x->dim[1].n != node->attr.n)
    return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s must be [rows, %d, ...]", weyl_shape_text(x, b),
                          node->attr.n);
  out->shape = *x;
  out->shape.dim[0] = weyl_num(node->attr.i[0]);
  out->shape.dim[1] = x->dim[0];
  return WEYL_OK;
}

static weyl_status mix_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0];
  const weyl_attr *a = &e->node->attr;
  e->kernels->sign_mix[x->dtype]((size_t)x->dim[1], (size_t)weyl_view_inner(x, 2), (size_t)a->i[0], (size_t)a->n,
                                 a->data, x->data, e->out[0].data);
  return WEYL_OK;
}

static weyl_status unmix_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0];
  const weyl_attr *a = &e->node->attr;
  e->kernels->sign_unmix[x->dtype]((size_t)x->dim[0], (size_t)weyl_view_inner(x, 2), (size_t)a->i[0], (size_t)a->n,
                                   a->data, x->data, e->out[0].data);
  return WEYL_OK;
}

static void mix_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  dx[0] = weyl_node_new(g, &weyl_op_sign_unmix, dy, 1, &node->attr, NULL);
}

static void unmix_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  dx[0] = weyl_node_new(g, &weyl_op_sign_mix, dy, 1, &node->attr, NULL);
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in;
  return 2.0 * (node->op == &weyl_op_sign_mix ? (double)node->attr.i[0] : node->attr.n) * (double)weyl_view_size(out);
}

static const double example_signs[4 * 3] = {1, 1, 1, -1, 1, 1, 1, -1, -1, -1, -1, 1};

static void example(weyl_example *ex, const weyl_op *op, weyl_shape shape) {
  ex->in[0] = weyl_example_input(ex, shape);
  ex->out[0] = weyl_node_new(ex->graph, op, ex->in, 1, &(weyl_attr){.n = 4, .i = {3}, .data = example_signs}, NULL);
}

static void mix_example(weyl_example *ex, int which) {
  (void)which;
  example(ex, &weyl_op_sign_mix, WEYL_SHAPE(weyl_num(3), weyl_num(5), weyl_num(6)));
}

static void unmix_example(weyl_example *ex, int which) {
  (void)which;
  example(ex, &weyl_op_sign_unmix, WEYL_SHAPE(weyl_num(5), weyl_num(4), weyl_num(6)));
}

const weyl_op weyl_op_sign_mix = {.name = "sign_mix",
                                  .flags = WEYL_OP_LINEAR,
                                  .shape = mix_shape,
                                  .eval = mix_eval,
                                  .vjp = mix_vjp,
                                  .flops = flops,
                                  .check = {.order = 2, .example = mix_example}};
const weyl_op weyl_op_sign_unmix = {.name = "sign_unmix",
                                    .flags = WEYL_OP_LINEAR,
                                    .shape = unmix_shape,
                                    .eval = unmix_eval,
                                    .vjp = unmix_vjp,
                                    .flops = flops,
                                    .check = {.order = 2, .example = unmix_example}};
