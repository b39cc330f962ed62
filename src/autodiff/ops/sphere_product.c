/* sphere_product and sphere_bracket: products f_1^a f_2^b ... and Poisson brackets {f_1, f_2} of functions on the
 * sphere (weyl/irrep.h), given by coefficients [.., (l + 1)^2 channels] in WEYL_LAYOUT_ROWS.  Each is closed under
 * differentiation: the gradient by f_1 is a times the product g f_1^(a - 1) f_2^b taken to f_1's degree, and {f_2, g}.
 * attr.i: l_out, channels, method, then degree and exponent of each function; attr.data: the plan. */
#include "../plans.h"
#include "along.h"

#include <string.h>

enum { L_OUT, CHANNELS, METHOD, DEGREE, EXPONENT = DEGREE + WEYL_SPHERE_FUNCTIONS };

static int64_t numbers(int64_t l, int64_t channels) { return (l + 1) * (l + 1) * channels; }

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_attr *a = &node->attr;
  char s[160], t[160];
  for (int i = 0; i < node->n_in; i++) {
    WEYL_TRY(input_is_real(g, node, i));
    weyl_shape fit = *weyl_in_shape(g, node, 0);
    if (fit.rank < 1) return weyl_node_fail(g, node, WEYL_SHAPE, "a function has no axis");
    fit.dim[fit.rank - 1] = weyl_num(numbers(a->i[DEGREE + i], a->i[CHANNELS]));
    if (!weyl_shape_equal(weyl_in_shape(g, node, i), &fit))
      return weyl_node_fail(g, node, WEYL_SHAPE, "function %d is %s, must be %s", i,
                            weyl_shape_text(weyl_in_shape(g, node, i), s), weyl_shape_text(&fit, t));
  }
  out->shape = *weyl_in_shape(g, node, 0);
  out->shape.dim[out->shape.rank - 1] = weyl_num(numbers(a->i[L_OUT], a->i[CHANNELS]));
  return WEYL_OK;
}

static int64_t rows_of(const weyl_node *node, const weyl_view *out) {
  return weyl_view_size(out) / numbers(node->attr.i[L_OUT], node->attr.i[CHANNELS]);
}

static weyl_status eval(const weyl_eval *e) {
  const void *f[WEYL_SPHERE_FUNCTIONS] = {NULL};
  for (int i = 0; i < e->node->n_in; i++) f[i] = e->in[i].data;
  return weyl_sphere_product_forward(e->ctx, e->node->attr.data, rows_of(e->node, &e->out[0]), f, NULL, e->out[0].data,
                                     e->scratch);
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in, (void)out;
  return weyl_sphere_product_work(node->attr.data);
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in;
  return (double)rows_of(node, out) * (double)node->attr.i[CHANNELS] * weyl_sphere_product_ops(node->attr.data, 0);
}

/* ---- plans ---- */

enum { KIND = EXPONENT + WEYL_SPHERE_FUNCTIONS, FUNCTIONS, CHOICES }; /* behind those of the node */

static weyl_status make_plan(weyl_context *ctx, weyl_dtype real, const weyl_plan_request *r, void **plan) {
  const int64_t *c = r->choice;
  weyl_sphere_product_opts o = {.kind = (weyl_sphere_kind)c[KIND],
                                .functions = (int)c[FUNCTIONS],
                                .l_out = (int)c[L_OUT],
                                .channels = c[CHANNELS],
                                .weights = WEYL_WEIGHTS_NONE,
                                .layout = WEYL_LAYOUT_ROWS,
                                .method = (weyl_product_method)c[METHOD]};
  for (int i = 0; i < WEYL_SPHERE_FUNCTIONS; i++) {
    o.l[i] = (int)c[DEGREE + i];
    o.exponent[i] = (int)c[EXPONENT + i];
  }
  weyl_sphere_product *made = NULL;
  const weyl_status status = weyl_sphere_product_new(ctx, &o, real, &made);
  *plan = made;
  return status;
}

static void free_plan(void *plan) { weyl_sphere_product_free(plan); }

static weyl_tensor make(weyl_graph *g, weyl_sphere_kind kind, weyl_attr attr, const weyl_tensor *f, int n) {
  static const weyl_plan_kind plans = {make_plan, free_plan};
  weyl_plan_request request = {.kind = &plans};
  _Static_assert((size_t)CHOICES <= sizeof request.choice / sizeof *request.choice, "there is room for all");
  memcpy(request.choice, attr.i, KIND * sizeof *attr.i);
  request.choice[KIND] = kind;
  request.choice[FUNCTIONS] = n;
  attr.data = weyl_graph_plan(g, &request);
  if (!attr.data) return WEYL_NULL_TENSOR;
  return weyl_node_new(g, kind == WEYL_SPHERE_POISSON ? &weyl_op_sphere_bracket : &weyl_op_sphere_product, f, n, &attr,
                       NULL);
}

/* ---- derivatives ---- */

/* A function that is g itself or an operand twice is one function with a higher exponent. */
static void multiply(weyl_attr *a, weyl_tensor *f, int *n, weyl_tensor by, int64_t l, int64_t exponent) {
  if (exponent == 0) return;
  for (int i = 0; i < *n; i++)
    if (f[i].id == by.id) {
      a->i[EXPONENT + i] += exponent;
      return;
    }
  a->i[DEGREE + *n] = l;
  a->i[EXPONENT + *n] = exponent;
  f[(*n)++] = by;
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const weyl_attr *a = &node->attr;
  for (int k = 0; k < node->n_in; k++) {
    if (!want[k]) continue;
    weyl_attr b = {.i = {[L_OUT] = a->i[DEGREE + k], [CHANNELS] = a->i[CHANNELS], [METHOD] = a->i[METHOD]}};
    weyl_tensor f[WEYL_SPHERE_FUNCTIONS + 1];
    int n = 0;
    multiply(&b, f, &n, dy[0], a->i[L_OUT], 1);
    for (int i = 0; i < node->n_in; i++)
      multiply(&b, f, &n, weyl_node_in(g, node, i), a->i[DEGREE + i], a->i[EXPONENT + i] - (i == k));
    const weyl_tensor product = make(g, WEYL_SPHERE_PRODUCT, b, f, n);
    dx[k] = a->i[EXPONENT + k] > 1 ? weyl_scale(product, (double)a->i[EXPONENT + k]) : product;
  }
}

static void bracket_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want,
                        weyl_tensor *dx) {
  const weyl_attr *a = &node->attr;
  for (int k = 0; k < 2; k++) {
    if (!want[k]) continue;
    weyl_attr b = {.i = {[L_OUT] = a->i[DEGREE + k], [CHANNELS] = a->i[CHANNELS], [METHOD] = a->i[METHOD]}};
    const weyl_tensor other = weyl_node_in(g, node, 1 - k), f[2] = {k ? dy[0] : other, k ? other : dy[0]};
    b.i[DEGREE + (k ? 0 : 1)] = a->i[L_OUT];
    b.i[DEGREE + (k ? 1 : 0)] = a->i[DEGREE + 1 - k];
    dx[k] = make(g, WEYL_SPHERE_POISSON, b, f, 2);
  }
}

/* ---- expressions ---- */

weyl_tensor weyl_sphere_product_of(const weyl_tensor *f, const weyl_sphere_product_opts *opts) {
  const bool bracket = opts->kind == WEYL_SPHERE_POISSON;
  const int n = bracket ? 2 : opts->functions;
  weyl_graph *g = f[0].graph;
  if (!g) return WEYL_NULL_TENSOR;
  if (!bracket && opts->kind != WEYL_SPHERE_PRODUCT)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "sphere_product: kind %d, must be a product or a bracket", (int)opts->kind);
  if (n < 1 || n > WEYL_SPHERE_FUNCTIONS)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "sphere_product: %d functions, must be 1 to %d", n, WEYL_SPHERE_FUNCTIONS);
  weyl_attr attr = {.i = {[L_OUT] = opts->l_out, [CHANNELS] = opts->channels, [METHOD] = opts->method}};
  for (int i = 0; i < n; i++) {
    attr.i[DEGREE + i] = opts->l[i];
    attr.i[EXPONENT + i] = bracket || opts->exponent[i] == 0 ? !bracket : opts->exponent[i];
  }
  return make(g, opts->kind, attr, f, n);
}

static void example(weyl_example *ex, int which) {
  static const weyl_sphere_product_opts cases[] = {
      {.functions = 2, .l = {2, 1}, .l_out = 2, .channels = 3},
      {.functions = 1, .l = {1}, .exponent = {3}, .l_out = 2, .channels = 2},
      {.functions = 2, .l = {1, 2}, .exponent = {2, 1}, .l_out = 1, .channels = 1, .method = WEYL_PRODUCT_GRID}};
  const weyl_sphere_product_opts *o = &cases[which];
  for (int i = 0; i < o->functions; i++)
    ex->in[i] = weyl_example_input(
        ex, WEYL_SHAPE(which ? weyl_num(2) : weyl_per(WEYL_NODES), weyl_num(numbers(o->l[i], o->channels))));
  ex->out[0] = weyl_sphere_product_of(ex->in, o);
}

static void bracket_example(weyl_example *ex, int which) {
  const weyl_sphere_product_opts o = {.kind = WEYL_SPHERE_POISSON, .l = {2, 1}, .l_out = 2, .channels = 2};
  (void)which;
  for (int i = 0; i < 2; i++)
    ex->in[i] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(numbers(o.l[i], o.channels))));
  ex->out[0] = weyl_sphere_product_of(ex->in, &o);
}

const weyl_op weyl_op_sphere_product = {.name = "sphere_product",
                                        .shape = shape,
                                        .eval = eval,
                                        .vjp = vjp,
                                        .scratch = scratch,
                                        .flops = flops,
                                        .check = {.order = 2, .cases = 3, .example = example}};
const weyl_op weyl_op_sphere_bracket = {.name = "sphere_bracket",
                                        .flags = WEYL_OP_LINEAR,
                                        .shape = shape,
                                        .eval = eval,
                                        .vjp = bracket_vjp,
                                        .scratch = scratch,
                                        .flops = flops,
                                        .check = {.order = 2, .example = bracket_example}};
