/* silu: x sigmoid(x), and as second output its derivative s + y (1 - s), computed only where somebody reads it: storing
 * the derivative in the forward pass makes every backward step one product (engine findings, section 5). */
#include "../graph.h"

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(weyl_shape_same(g, node, out));
  out[1].shape = out[0].shape;
  return WEYL_OK;
}

static weyl_status eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0];
  e->kernels->silu[x->dtype]((size_t)weyl_view_size(x), x->data, e->out[0].data, e->out[1].data);
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  return 4 * (double)weyl_view_size(&in[0]);
}

/* d/dx of the second output: s (1 - s) (2 + x (1 - 2 s)) */
static weyl_tensor second(weyl_tensor x) {
  const weyl_tensor s = weyl_sigmoid(x), rest = weyl_shift(weyl_neg(s), 1);
  return weyl_mul(weyl_mul(s, rest), weyl_shift(weyl_mul(x, weyl_sub(rest, s)), 2));
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  if (dy[0].graph) dx[0] = weyl_mul(dy[0], weyl_node_out(g, node, 1));
  if (!dy[1].graph) return;
  const weyl_tensor d = weyl_mul(dy[1], second(weyl_node_in(g, node, 0)));
  dx[0] = dx[0].graph ? weyl_add(dx[0], d) : d;
}

static void example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(3), weyl_num(7)));
  ex->out[0] = weyl_silu(ex->in[0]);
  if (which == 1) ex->out[0] = weyl_node_value(ex->out[0], 1);
}

const weyl_op weyl_op_silu = {.name = "silu",
                              .n_out = 2,
                              .flags = WEYL_OP_PARTIAL,
                              .shape = shape,
                              .eval = eval,
                              .vjp = vjp,
                              .flops = flops,
                              .check = {.low = -3, .high = 3, .order = 2, .cases = 2, .example = example}};

weyl_tensor weyl_silu(weyl_tensor x) { return weyl_node_new(x.graph, &weyl_op_silu, &x, 1, NULL, NULL); }
