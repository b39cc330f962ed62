/* conv, conv_input, conv_weight: three bilinear operations, each the derivative of the others, so any order of
 * derivatives stays among them. attr.i: stride 0 1, before 2 3, after 4 5, dilation 6 7, groups 8; conv_input: h w at 9
 * 10; conv_weight: kh kw there. conv(x, w) = y    conv_input(y, w) = x    conv_weight(x, y) = w x [N, H, W, C], w [KH,
 * KW, C / groups, O], y [N, H', W', O]; N may carry a count, and then conv_weight's result is whole. */
#include "../conv.h"
#include "along.h"

static int64_t windows_of(int64_t size, int64_t k, const weyl_attr *p, int i) {
  const int64_t room = size + p->i[2 + i] + p->i[4 + i] - p->i[6 + i] * (k - 1) - 1;
  return room < 0 ? 0 : room / p->i[i] + 1;
}

/* rank 4, plain numbers but for the first axis (of x and y) */
static weyl_status image(weyl_graph *g, const weyl_node *node, int input, bool weight) {
  const weyl_shape *s = weyl_in_shape(g, node, input);
  char text[160];
  WEYL_TRY(input_is_real(g, node, input));
  bool ok = s->rank == 4;
  for (int i = weight ? 0 : 1; ok && i < 4; i++) ok = s->dim[i].count == WEYL_NUMBER;
  if (ok) return WEYL_OK;
  return weyl_node_fail(g, node, WEYL_SHAPE, "operand %d has shape %s, must be %s of plain numbers%s", input,
                        weyl_shape_text(s, text), weight ? "[KH, KW, C / groups, O]" : "[N, H, W, C]",
                        weight ? "" : " behind N");
}

/* What the three have in common: x's, w's and y's sizes agree. */
static weyl_status agree(weyl_graph *g, const weyl_node *node, const weyl_shape *x, const weyl_shape *w,
                         const weyl_shape *y) {
  const weyl_attr *p = &node->attr;
  char a[160], b[160];
  if (x->dim[3].n != w->dim[2].n * p->i[8] || w->dim[3].n % p->i[8])
    return weyl_node_fail(g, node, WEYL_SHAPE, "weights %s in %lld groups do not fit %s", weyl_shape_text(w, a),
                          (long long)p->i[8], weyl_shape_text(x, b));
  for (int i = 0; i < 2; i++)
    if (w->dim[i].n < 1 || windows_of(x->dim[1 + i].n, w->dim[i].n, p, i) < 1)
      return weyl_node_fail(g, node, WEYL_SHAPE, "windows %lld x %lld do not fit into the image %s with its borders",
                            (long long)w->dim[0].n, (long long)w->dim[1].n, weyl_shape_text(x, a));
  if (y && (!weyl_dim_equal(x->dim[0], y->dim[0]) || y->dim[3].n != w->dim[3].n ||
            windows_of(x->dim[1].n, w->dim[0].n, p, 0) != y->dim[1].n ||
            windows_of(x->dim[2].n, w->dim[1].n, p, 1) != y->dim[2].n))
    return weyl_node_fail(g, node, WEYL_SHAPE, "%s is not the result's shape for images %s", weyl_shape_text(y, a),
                          weyl_shape_text(x, b));
  return WEYL_OK;
}

static weyl_status conv_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(image(g, node, 0, false));
  WEYL_TRY(image(g, node, 1, true));
  const weyl_shape *x = weyl_in_shape(g, node, 0), *w = weyl_in_shape(g, node, 1);
  WEYL_TRY(agree(g, node, x, w, NULL));
  out->shape = *x;
  for (int i = 0; i < 2; i++)
    out->shape.dim[1 + i] = weyl_num(windows_of(x->dim[1 + i].n, w->dim[i].n, &node->attr, i));
  out->shape.dim[3] = w->dim[3];
  return WEYL_OK;
}

static weyl_status input_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(image(g, node, 0, false));
  WEYL_TRY(image(g, node, 1, true));
  const weyl_shape *y = weyl_in_shape(g, node, 0), *w = weyl_in_shape(g, node, 1);
  out->shape = (weyl_shape){.rank = 4,
                            .dim = {y->dim[0], weyl_num(node->attr.i[9]), weyl_num(node->attr.i[10]),
                                    weyl_num(w->dim[2].n * node->attr.i[8])}};
  return agree(g, node, &out->shape, w, y);
}

static weyl_status weight_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(image(g, node, 0, false));
  WEYL_TRY(image(g, node, 1, false));
  const weyl_shape *x = weyl_in_shape(g, node, 0), *y = weyl_in_shape(g, node, 1);
  out->shape = (weyl_shape){.rank = 4,
                            .dim = {weyl_num(node->attr.i[9]), weyl_num(node->attr.i[10]),
                                    weyl_num(x->dim[3].n / node->attr.i[8]), y->dim[3]}};
  return agree(g, node, x, &out->shape, y);
}

/* ---- evaluation
 * ------------------------------------------------------------------------------------------------------ */

static weyl_conv_kind kind_of(const weyl_node *node) {
  return node->op == &weyl_op_conv         ? WEYL_CONV_FORWARD
         : node->op == &weyl_op_conv_input ? WEYL_CONV_INPUT
                                           : WEYL_CONV_WEIGHT;
}

static weyl_conv_geometry geometry(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const weyl_conv_kind kind = kind_of(node);
  const weyl_view *x = kind == WEYL_CONV_INPUT ? out : &in[0],
                  *y = kind == WEYL_CONV_FORWARD ? out : &in[kind == WEYL_CONV_INPUT ? 0 : 1];
  const weyl_view *w = kind == WEYL_CONV_WEIGHT ? out : &in[1];
  const int64_t *p = node->attr.i;
  return (weyl_conv_geometry){
      .n = x->dim[0],
      .h = x->dim[1],
      .w = x->dim[2],
      .c = x->dim[3],
      .kh = w->dim[0],
      .kw = w->dim[1],
      .oh = y->dim[1],
      .ow = y->dim[2],
      .o = y->dim[3],
      .stride = {p[0], p[1]},
      .before = {p[2], p[3]},
      .after = {p[4], p[5]},
      .dilation = {p[6], p[7]},
      .groups = p[8],
  };
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const weyl_conv_geometry q = geometry(node, in, out);
  const size_t gemm = weyl_conv_gemm_scratch(kind_of(node), &q, out->dtype),
               direct = weyl_conv_direct_can(&q) ? weyl_conv_direct_scratch(kind_of(node), &q, out->dtype) : 0;
  const size_t sum = (size_t)weyl_view_size(out) * weyl_dtype_size(out->dtype), most = gemm > direct ? gemm : direct;
  return kind_of(node) == WEYL_CONV_WEIGHT && most < sum ? sum : most; /* by_onednn's own result */
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const weyl_conv_geometry q = geometry(node, in, out);
  return 2.0 * (double)(q.n * q.oh * q.ow) * (double)(q.kh * q.kw * (q.c / q.groups)) * (double)q.o;
}

static bool by_onednn(const weyl_eval *e, weyl_conv_kind kind, const weyl_conv_geometry *q) {
  const size_t n = (size_t)weyl_view_size(&e->out[0]);
  float *sum = e->out[0].data, *out = e->add ? e->scratch : sum;
  if (!weyl_conv_onednn(kind, q, e->in[0].data, e->in[1].data, out)) return false;
  if (e->add) e->kernels->binary[WEYL_F32][WEYL_BINARY_ADD](n, sum, 1, out, 1, sum);
  return true;
}

static weyl_status eval(const weyl_eval *e) {
  const weyl_conv_kind kind = kind_of(e->node);
  const weyl_conv_geometry q = geometry(e->node, e->in, e->out);
  const weyl_dtype type = e->out[0].dtype;
  void *out = e->out[0].data;
  const bool some = q.n * q.oh * q.ow * q.o * q.c > 0, reference = e->kernels == weyl_kernels_reference();
  const void *a = e->in[0].data, *b = e->in[1].data;
  if (some && !reference && weyl_conv_direct_can(&q))
    weyl_conv_direct(e->kernels, type, kind, &q, a, b, e->add, out, e->scratch);
  else if (!(some && !reference && type == WEYL_F32 && by_onednn(e, kind, &q)))
    weyl_conv_gemm(e->kernels, type, kind, &q, a, b, e->add, out, e->scratch);
  return WEYL_OK;
}

/* ---- derivatives
 * --------------------------------------------------------------------------------------------------------- */

static weyl_tensor make(const weyl_op *op, const weyl_attr *p, weyl_tensor a, weyl_tensor b, int64_t h, int64_t w) {
  weyl_attr attr = *p;
  attr.i[9] = h;
  attr.i[10] = w;
  return weyl_node_new(a.graph, op, (weyl_tensor[]){a, b}, 2, &attr, NULL);
}

static weyl_tensor conv(const weyl_attr *p, weyl_tensor x, weyl_tensor w) { return make(&weyl_op_conv, p, x, w, 0, 0); }
static weyl_tensor conv_input(const weyl_attr *p, weyl_tensor y, weyl_tensor w, weyl_tensor like) {
  return make(&weyl_op_conv_input, p, y, w, weyl_dim_of(like, 1), weyl_dim_of(like, 2));
}
static weyl_tensor conv_weight(const weyl_attr *p, weyl_tensor x, weyl_tensor y, weyl_tensor like) {
  return make(&weyl_op_conv_weight, p, x, y, weyl_dim_of(like, 0), weyl_dim_of(like, 1));
}

static void conv_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const weyl_tensor x = weyl_node_in(g, node, 0), w = weyl_node_in(g, node, 1);
  if (want[0]) dx[0] = conv_input(&node->attr, dy[0], w, x);
  if (want[1]) dx[1] = conv_weight(&node->attr, x, dy[0], w);
}

static void input_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const weyl_tensor y = weyl_node_in(g, node, 0), w = weyl_node_in(g, node, 1);
  if (want[0]) dx[0] = conv(&node->attr, dy[0], w);
  if (want[1]) dx[1] = conv_weight(&node->attr, dy[0], y, w);
}

static void weight_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const weyl_tensor x = weyl_node_in(g, node, 0), y = weyl_node_in(g, node, 1);
  if (want[0]) dx[0] = conv_input(&node->attr, y, dy[0], x);
  if (want[1]) dx[1] = conv(&node->attr, x, dy[0]);
}

/* ---- examples
 * ---------------------------------------------------------------------------------------------------------- */

enum { CASES = 7 };
static const struct {
  int64_t x[4], w[4];
  weyl_conv_opts opts;
} cases[CASES] = {
    {{2, 5, 4, 3}, {3, 3, 3, 2}, {.before = {1, 1}, .after = {1, 1}}},
    {{1, 4, 5, 2}, {1, 1, 2, 3}, {.groups = 1}},
    {{1, 4, 4, 2}, {1, 1, 2, 3}, {.stride = {2, 2}}},
    {{2, 6, 5, 2},
     {2, 3, 2, 3},
     {.stride = {2, 1}, .before = {0, 2}, .after = {1, 0}}}, /* a last row that no window reaches */
    {{1, 7, 6, 2}, {3, 2, 2, 2}, {.dilation = {2, 3}, .before = {1, 0}, .after = {1, 1}}},
    {{2, 4, 4, 4}, {3, 3, 2, 6}, {.groups = 2, .before = {1, 1}, .after = {1, 1}}},
    {{1, 5, 5, 3},
     {3, 3, 1, 3},
     {.groups = 3, .stride = {2, 2}, .before = {1, 1}, .after = {1, 1}}}, /* one channel a group */
};

static weyl_attr attr_of(const weyl_conv_opts *opts) {
  static const weyl_conv_opts none;
  const weyl_conv_opts *o = opts ? opts : &none;
  weyl_attr p = {0};
  for (int i = 0; i < 2; i++) {
    p.i[i] = o->stride[i] ? o->stride[i] : 1;
    p.i[2 + i] = o->before[i];
    p.i[4 + i] = o->after[i];
    p.i[6 + i] = o->dilation[i] ? o->dilation[i] : 1;
  }
  p.i[8] = o->groups ? o->groups : 1;
  return p;
}

static weyl_shape shape_of(const int64_t *dims) {
  weyl_shape s = {.rank = 4};
  for (int i = 0; i < 4; i++) s.dim[i] = weyl_num(dims[i]);
  return s;
}

static weyl_shape result_of(int which, const weyl_attr *p) {
  weyl_shape s = shape_of(cases[which].x);
  for (int i = 0; i < 2; i++) s.dim[1 + i].n = windows_of(cases[which].x[1 + i], cases[which].w[i], p, i);
  s.dim[3].n = cases[which].w[3];
  return s;
}

static void conv_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, shape_of(cases[which].x));
  ex->in[1] = weyl_example_input(ex, shape_of(cases[which].w));
  ex->out[0] = weyl_conv2d(ex->in[0], ex->in[1], &cases[which].opts);
}

static void input_example(weyl_example *ex, int which) {
  const weyl_attr p = attr_of(&cases[which].opts);
  ex->in[0] = weyl_example_input(ex, result_of(which, &p));
  ex->in[1] = weyl_example_input(ex, shape_of(cases[which].w));
  ex->out[0] = make(&weyl_op_conv_input, &p, ex->in[0], ex->in[1], cases[which].x[1], cases[which].x[2]);
}

static void weight_example(weyl_example *ex, int which) {
  const weyl_attr p = attr_of(&cases[which].opts);
  ex->in[0] = weyl_example_input(ex, shape_of(cases[which].x));
  ex->in[1] = weyl_example_input(ex, result_of(which, &p));
  ex->out[0] = make(&weyl_op_conv_weight, &p, ex->in[0], ex->in[1], cases[which].w[0], cases[which].w[1]);
}

const weyl_op weyl_op_conv = {
    .name = "conv",
    .flags = WEYL_OP_LINEAR,
    .shape = conv_shape,
    .eval = eval,
    .vjp = conv_vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -1, .high = 1, .order = 2, .cases = CASES, .example = conv_example},
};
const weyl_op weyl_op_conv_input = {
    .name = "conv_input",
    .flags = WEYL_OP_LINEAR,
    .shape = input_shape,
    .eval = eval,
    .vjp = input_vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -1, .high = 1, .order = 2, .cases = CASES, .example = input_example},
};
const weyl_op weyl_op_conv_weight = {
    .name = "conv_weight",
    .flags = WEYL_OP_LINEAR | WEYL_OP_REDUCES | WEYL_OP_ADDS,
    .shape = weight_shape,
    .eval = eval,
    .vjp = weight_vjp,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -1, .high = 1, .order = 2, .cases = CASES, .example = weight_example},
};

/* ---- public
 * ------------------------------------------------------------------------------------------------------------- */

weyl_tensor weyl_conv2d(weyl_tensor x, weyl_tensor w, const weyl_conv_opts *opts) {
  const weyl_attr p = attr_of(opts);
  if (!weyl_tensor_valid(x)) return weyl_node_new(w.graph, &weyl_op_conv, (weyl_tensor[]){x, w}, 2, &p, NULL);
  for (int i = 0; i < 9; i++)
    if (p.i[i] < (i >= 2 && i < 6 ? 0 : 1)) {
      static const char *const names[9] = {"stride", "stride",   "before",   "before", "after",
                                           "after",  "dilation", "dilation", "groups"};
      return weyl_graph_fail(x.graph, WEYL_BAD_ARG, "conv: %s is %lld, must not be negative", names[i],
                             (long long)p.i[i]);
    }
  return conv(&p, x, w);
}

/* A line is an image of one row. */
weyl_tensor weyl_conv1d(weyl_tensor x, weyl_tensor w, const weyl_conv_opts *opts) {
  weyl_conv_opts o = {0};
  if (opts)
    o = (weyl_conv_opts){.stride = {1, opts->stride[0]},
                         .before = {0, opts->before[0]},
                         .after = {0, opts->after[0]},
                         .dilation = {1, opts->dilation[0]},
                         .groups = opts->groups};
  const weyl_shape xs = weyl_tensor_shape(x), ws = weyl_tensor_shape(w);
  char a[160], b[160];
  if (weyl_tensor_valid(x) && weyl_tensor_valid(w) && (xs.rank != 3 || ws.rank != 3))
    return weyl_graph_fail(x.graph, WEYL_SHAPE,
                           "conv: a line [N, L, C] and weights [K, C / groups, O] are wanted, not %s and %s",
                           weyl_shape_text(&xs, a), weyl_shape_text(&ws, b));
  return weyl_squeeze(weyl_conv2d(weyl_unsqueeze(x, 1), weyl_unsqueeze(w, 0), &o), 1);
}
