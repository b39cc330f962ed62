/* Elementwise functions of one number. Each row: name, domain of the tests, derivative. */
#include "../graph.h"
#include "../strided.h"

weyl_status weyl_shape_same(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  if (x->dtype == WEYL_I32)
    return weyl_node_fail(g, node, WEYL_DTYPE, "operand is i32, must be %s", weyl_dtype_name(g->real));
  out->shape = x->shape;
  for (int i = 1; i < node->n_in; i++) {
    const weyl_value *y = weyl_value_of(g, node->in[i]);
    char a[160], b[160];
    if (y->dtype == WEYL_I32)
      return weyl_node_fail(g, node, WEYL_DTYPE, "operand %d is i32, must be %s", i, weyl_dtype_name(g->real));
    if (!weyl_shape_equal(&x->shape, &y->shape))
      return weyl_node_fail(g, node, WEYL_SHAPE, "shapes %s and %s", weyl_shape_text(&x->shape, a),
                            weyl_shape_text(&y->shape, b));
  }
  return WEYL_OK;
}

static weyl_status run(const weyl_eval *e, weyl_unary f) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const size_t size = weyl_dtype_size(y->dtype);
  weyl_loop loop;
  if (weyl_view_size(y) == 0) return WEYL_OK;
  weyl_loop_make(&loop, y, x, 1);
  if (loop.inner_stride[0] == 1 || loop.inner == 1) {
    WEYL_LOOP_RUN(loop,
                  e->kernels->unary[y->dtype][f]((size_t)loop.inner, (const char *)x->data + (size_t)off[0] * size,
                                                 (char *)y->data + (size_t)to * size));
  } else { /* one value for the whole inner axis */
    WEYL_LOOP_RUN(loop, {
      char *at = (char *)y->data + (size_t)to * size;
      e->kernels->unary[y->dtype][f](1, (const char *)x->data + (size_t)off[0] * size, at);
      e->kernels->fill[y->dtype]((size_t)loop.inner,
                                 y->dtype == WEYL_F32 ? (double)*(float *)(void *)at : *(double *)(void *)at, at);
    });
  }
  return WEYL_OK;
}

static void example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(3), weyl_num(7)));
}

weyl_tensor weyl_unary_of(weyl_unary f, weyl_tensor x) {
#define X(U, l) &weyl_op_##l,
  static const weyl_op *const ops[] = {WEYL_UNARY_LIST(X)};
#undef X
  return weyl_node_new(x.graph, ops[f], &x, 1, NULL, NULL);
}

/* X: the input, Y: the output, D: the gradient of the output */
#define UNARY(U, l, lo, hi, ord, fl, expr)                                                              \
  static void example_##l(weyl_example *ex, int which) {                                                \
    example(ex, which);                                                                                 \
    ex->out[0] = weyl_unary_of(WEYL_UNARY_##U, ex->in[0]);                                              \
  }                                                                                                     \
  static weyl_status eval_##l(const weyl_eval *e) { return run(e, WEYL_UNARY_##U); }                    \
  static void vjp_##l(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want,    \
                      weyl_tensor *dx) {                                                                \
    const weyl_tensor X = weyl_node_in(g, node, 0), Y = weyl_node_out(g, node, 0), D = dy[0];           \
    (void)X, (void)Y, (void)D, (void)want;                                                              \
    dx[0] = (expr);                                                                                     \
  }                                                                                                     \
  const weyl_op weyl_op_##l = {.name = #l,                                                              \
                               .flags = WEYL_OP_STRIDED | (fl),                                         \
                               .shape = weyl_shape_same,                                                \
                               .eval = eval_##l,                                                        \
                               .vjp = vjp_##l,                                                          \
                               .check = {.low = lo, .high = hi, .order = ord, .example = example_##l}}; \
  weyl_tensor weyl_##l(weyl_tensor x) { return weyl_unary_of(WEYL_UNARY_##U, x); }

UNARY(NEG, neg, -1, 1, 2, WEYL_OP_LINEAR, weyl_neg(D))
UNARY(ABS, abs, 0.2, 2, 2, 0, weyl_mul(D, weyl_sign(X)))
UNARY(SIGN, sign, 0.2, 2, 0, 0, WEYL_NULL_TENSOR)
UNARY(FLOOR, floor, 0.1, 0.9, 0, 0, WEYL_NULL_TENSOR)
UNARY(SQRT, sqrt, 0.3, 2, 2, 0, weyl_scale(weyl_div(D, Y), 0.5))
UNARY(RSQRT, rsqrt, 0.4, 2, 2, 0, weyl_scale(weyl_mul(D, weyl_mul(Y, weyl_mul(Y, Y))), -0.5))
UNARY(RECIP, recip, 0.5, 2, 2, 0, weyl_neg(weyl_mul(D, weyl_mul(Y, Y))))
UNARY(EXP, exp, -2, 2, 2, 0, weyl_mul(D, Y))
UNARY(EXPM1, expm1, -2, 2, 2, 0, weyl_mul(D, weyl_shift(Y, 1)))
UNARY(LOG, log, 0.3, 3, 2, 0, weyl_div(D, X))
UNARY(LOG1P, log1p, -0.5, 2, 2, 0, weyl_div(D, weyl_shift(X, 1)))
UNARY(SIN, sin, -3, 3, 2, 0, weyl_mul(D, weyl_cos(X)))
UNARY(COS, cos, -3, 3, 2, 0, weyl_neg(weyl_mul(D, weyl_sin(X))))
UNARY(TANH, tanh, -2, 2, 2, 0, weyl_mul(D, weyl_shift(weyl_neg(weyl_mul(Y, Y)), 1)))
UNARY(SIGMOID, sigmoid, -3, 3, 2, 0, weyl_mul(D, weyl_mul(Y, weyl_shift(weyl_neg(Y), 1))))
/* erf' = 2/sqrt(pi) exp(-x^2) */
UNARY(ERF, erf, -2, 2, 2, 0, weyl_mul(D, weyl_scale(weyl_exp(weyl_neg(weyl_mul(X, X))), 1.1283791670955126)))
