/* product and product_back: a tensor product of irreps (weyl/irrep.h) and its three derivatives (trilinear.h).
 * attr.data: the plan; attr.n: outputs of product_back; attr.i: numbers of x, y, out, a set of weights, channels;
 * attr.flag: a weyl_path_weights. */
#include "../plans.h"
#include "along.h"
#include "trilinear.h"

#include <string.h>

enum { X, Y, OUT, W, CHANNELS };

static weyl_shape last_axis(weyl_shape s, int64_t n) {
  s.dim[s.rank - 1] = weyl_num(n);
  return s;
}

/* The operands' rows agree; rows: x's shape. */
static weyl_status check(weyl_graph *g, const weyl_node *node) {
  const bool back = node->op == &weyl_op_product_back;
  const int of[4] = {X, Y, back ? OUT : W, W};
  const int weighted = node->attr.flag != WEYL_WEIGHTS_NONE, wanted = (back ? 3 : 2) + weighted;
  char a[160], b[160];
  if (node->n_in != wanted)
    return weyl_node_fail(g, node, WEYL_BAD_ARG, "%d operands, must be %d", (int)node->n_in, wanted);
  const weyl_shape rows = *weyl_in_shape(g, node, 0);
  if (rows.rank < 1) return weyl_node_fail(g, node, WEYL_SHAPE, "x has no axis");
  for (int i = 0; i < node->n_in; i++) {
    WEYL_TRY(input_is_real(g, node, i));
    const int64_t numbers = node->attr.i[of[i]];
    const weyl_shape fit =
        of[i] == W && node->attr.flag == WEYL_WEIGHTS_SHARED ? WEYL_SHAPE(weyl_num(numbers)) : last_axis(rows, numbers);
    if (!weyl_shape_equal(weyl_in_shape(g, node, i), &fit))
      return weyl_node_fail(g, node, WEYL_SHAPE, "operand %d is %s, must be %s", i,
                            weyl_shape_text(weyl_in_shape(g, node, i), a), weyl_shape_text(&fit, b));
  }
  return WEYL_OK;
}

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(check(g, node));
  out->shape = last_axis(*weyl_in_shape(g, node, 0), node->attr.i[OUT]);
  return WEYL_OK;
}

static weyl_status back_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(check(g, node));
  out[0].shape = *weyl_in_shape(g, node, 0);
  out[1].shape = *weyl_in_shape(g, node, 1);
  if (node->attr.n == 3) out[2].shape = *weyl_in_shape(g, node, 3);
  for (int k = 1; k < node->attr.n; k++) out[k].dtype = out[0].dtype;
  return WEYL_OK;
}

static int64_t rows_of(const weyl_node *node, const weyl_view *x) {
  return weyl_view_size(x) / (node->attr.i[X] ? node->attr.i[X] : 1);
}

static weyl_status eval(const weyl_eval *e) {
  const void *w = e->node->n_in == 3 ? e->in[2].data : NULL;
  return weyl_product_forward(e->ctx, e->node->attr.data, rows_of(e->node, &e->in[0]), e->in[0].data, e->in[1].data, w,
                              e->out[0].data, e->scratch);
}

static size_t bytes_of(const weyl_view *x) {
  return ((size_t)weyl_view_size(x) * weyl_dtype_size(x->dtype) + 63) & ~(size_t)63;
}

static weyl_status back_eval(const weyl_eval *e) {
  char *spare = e->scratch; /* for what nobody reads */
  const bool free_to_skip = weyl_product_how(e->node->attr.data) == WEYL_PRODUCT_ROWS;
  void *d[2];
  for (int k = 0; k < 2; k++) {
    d[k] = e->out[k].data;
    if (d[k] || free_to_skip) continue;
    d[k] = spare;
    spare += bytes_of(&e->in[k]);
  }
  return weyl_product_backward(e->ctx, e->node->attr.data, rows_of(e->node, &e->in[0]), e->in[0].data, e->in[1].data,
                               e->node->n_in == 4 ? e->in[3].data : NULL, e->in[2].data, d[0], d[1],
                               e->node->attr.n == 3 ? e->out[2].data : NULL, spare);
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)out;
  const size_t work = weyl_product_work(node->attr.data);
  return node->op == &weyl_op_product ? work : work + bytes_of(&in[0]) + bytes_of(&in[1]);
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const int way = node->op == &weyl_op_product ? 0 : node->attr.n == 3 && out[2].data ? 2 : 1;
  return (double)rows_of(node, &in[0]) * (double)node->attr.i[CHANNELS] * weyl_product_ops(node->attr.data, way);
}

/* ---- derivatives ---- */

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  trilinear_vjp(g, node, &weyl_op_product_back, dy, dx);
}

static void back_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  trilinear_back_vjp(g, node, &weyl_op_product, dy, dx);
}

/* ---- plans ---- */

static weyl_status make_plan(weyl_context *ctx, weyl_dtype real, const weyl_plan_request *r, void **plan) {
  const weyl_product_opts opts = {.wiring = (weyl_wiring)r->choice[0],
                                  .weights = (weyl_path_weights)r->choice[1],
                                  .gauge = (weyl_gauge)r->choice[2],
                                  .method = (weyl_product_method)r->choice[3],
                                  .layout = WEYL_LAYOUT_ROWS,
                                  .factor = r->factor};
  weyl_product *made = NULL;
  const weyl_status status = weyl_product_new(ctx, &opts, real, r->list[0], r->list[1], r->list[2], r->paths, &made);
  *plan = made;
  return status;
}

static void free_plan(void *plan) { weyl_product_free(plan); }

static const weyl_product *plan_of(weyl_graph *g, const weyl_product_opts *opts, weyl_irreps in1, weyl_irreps in2,
                                   weyl_irreps out, weyl_paths paths) {
  static const weyl_plan_kind kind = {make_plan, free_plan};
  const weyl_product_opts usual = {0}, *o = opts ? opts : &usual;
  const weyl_plan_request request = {.kind = &kind,
                                     .choice = {o->wiring, o->weights, o->gauge, o->method},
                                     .list = {in1, in2, out},
                                     .paths = paths,
                                     .factor = o->factor};
  return weyl_graph_plan(g, &request);
}

static int64_t most_copies(weyl_irreps list) {
  int64_t most = 0;
  for (int32_t i = 0; i < list.n; i++)
    if (list.item[i].mul > most) most = list.item[i].mul;
  return most;
}

int64_t weyl_product_weights_of(weyl_graph *g, const weyl_product_opts *opts, weyl_irreps in1, weyl_irreps in2,
                                weyl_irreps out, weyl_paths paths) {
  const weyl_product *plan = plan_of(g, opts, in1, in2, out, paths);
  return plan ? weyl_product_weights(plan) : -1;
}

weyl_tensor weyl_product_of(weyl_tensor x, weyl_tensor y, weyl_tensor w, const weyl_product_opts *opts, weyl_irreps in1,
                            weyl_irreps in2, weyl_irreps out, weyl_paths paths) {
  if (!weyl_tensor_valid(x) || !weyl_tensor_valid(y)) return WEYL_NULL_TENSOR;
  weyl_graph *g = x.graph;
  const weyl_product *plan = plan_of(g, opts, in1, in2, out, paths);
  if (!plan) return WEYL_NULL_TENSOR;
  const weyl_path_weights kind = opts ? opts->weights : WEYL_WEIGHTS_SHARED;
  if ((kind != WEYL_WEIGHTS_NONE) != (w.graph != NULL))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "product: weights are %s",
                           w.graph ? "given for a product without" : "missing");
  if (opts && opts->wiring == WEYL_WIRE_UVU) y = weyl_irreps_from_rows(y, in2);
  const int64_t a = most_copies(in1), b = most_copies(out);
  const weyl_attr attr = {.n = kind == WEYL_WEIGHTS_NONE ? 2 : 3,
                          .flag = (int32_t)kind,
                          .i = {weyl_product_size(plan, 0), weyl_product_size(plan, 1), weyl_product_size(plan, 2),
                                weyl_product_weights(plan), a > b ? a : b},
                          .data = plan};
  return weyl_node_new(g, &weyl_op_product, (weyl_tensor[]){x, y, w}, w.graph ? 3 : 2, &attr, NULL);
}

/* ---- layouts ---- */

/* Block by block, copies and orders exchanged. */
static weyl_tensor exchange(weyl_tensor x, weyl_irreps irreps, bool to_rows) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  weyl_graph *g = x.graph;
  const weyl_shape s = weyl_tensor_shape(x);
  char text[160];
  const int last = s.rank - 1;
  if (last < 0 || s.rank >= WEYL_RANK_MAX || s.dim[last].count != WEYL_NUMBER ||
      s.dim[last].n != weyl_irreps_dim(irreps))
    return weyl_graph_fail(g, WEYL_SHAPE, "irreps of dimension %lld: numbers are %s",
                           (long long)weyl_irreps_dim(irreps), weyl_shape_text(&s, text));
  bool same = true;
  for (int32_t i = 0; i < irreps.n; i++) same = same && (irreps.item[i].mul < 2 || irreps.item[i].l == 0);
  if (same) return x;
  weyl_tensor *parts = weyl_arena_array(weyl_graph_arena(g), weyl_tensor, irreps.n);
  if (!parts) return weyl_graph_fail(g, WEYL_MEMORY, "no memory for %d blocks", (int)irreps.n);
  int n = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    const int64_t copies = irreps.item[i].mul, d = 2 * irreps.item[i].l + 1;
    if (copies == 0) continue;
    weyl_tensor part = weyl_slice(x, last, weyl_irreps_at(irreps, i), copies * d, 1);
    if (copies > 1 && d > 1) {
      weyl_shape apart = s, flat = s;
      apart.dim[last] = weyl_num(to_rows ? copies : d);
      apart.dim[apart.rank++] = weyl_num(to_rows ? d : copies);
      flat.dim[last] = weyl_num(copies * d);
      part = weyl_reshape(weyl_transpose(weyl_reshape(part, apart), last, last + 1), flat);
    }
    parts[n++] = part;
  }
  return n == 1 ? parts[0] : weyl_concat(parts, n, last);
}

weyl_tensor weyl_rows_from_irreps(weyl_tensor x, weyl_irreps irreps) { return exchange(x, irreps, true); }
weyl_tensor weyl_irreps_from_rows(weyl_tensor x, weyl_irreps irreps) { return exchange(x, irreps, false); }

/* ---- examples ---- */

typedef struct setting {
  weyl_irrep in1[3], in2[3], out[3];
  weyl_product_opts opts;
} setting;

static void make_example(weyl_example *ex, int which, weyl_dim rows) {
  static const setting settings[] = {
      {{{3, 0, 1}, {3, 1, -1}}, {{3, 0, 1}, {3, 1, -1}}, {{3, 0, 1}, {3, 1, -1}}, {0}},
      {{{2, 1, -1}, {2, 0, 1}}, {{2, 1, -1}}, {{2, 2, 1}, {2, 1, 1}}, {.weights = WEYL_WEIGHTS_EACH}},
      {{{2, 0, 1}, {3, 1, -1}},
       {{1, 0, 1}, {1, 1, -1}},
       {{2, 0, 1}, {2, 1, -1}, {3, 1, -1}},
       {.wiring = WEYL_WIRE_UVU, .weights = WEYL_WEIGHTS_NONE}},
      {{{2, 1, -1}}, {{2, 1, -1}, {1, 0, 1}}, {{2, 0, 1}, {2, 1, 1}, {2, 1, -1}}, {.wiring = WEYL_WIRE_UVU}}};
  const setting *s = &settings[which];
  weyl_graph *g = ex->graph;
  weyl_irreps list[3];
  const weyl_irrep *from[3] = {s->in1, s->in2, s->out};
  for (int i = 0; i < 3; i++) {
    list[i] = (weyl_irreps){0, from[i]};
    while (list[i].n < 3 && from[i][list[i].n].mul) list[i].n++;
  }
  weyl_paths paths;
  const weyl_status status =
      weyl_paths_find(weyl_graph_context(g), weyl_graph_arena(g), list[0], list[1], list[2], WEYL_PATH_ALL, &paths);
  if (status != WEYL_OK) g->status = status;
  weyl_path fit[16];
  int64_t n = 0;
  for (int64_t i = 0; i < paths.n; i++)
    if (list[0].item[paths.item[i].in1].mul == list[2].item[paths.item[i].out].mul) fit[n++] = paths.item[i];
  paths = (weyl_paths){n, fit};
  for (int i = 0; i < 2; i++) ex->in[i] = weyl_example_input(ex, WEYL_SHAPE(rows, weyl_num(weyl_irreps_dim(list[i]))));
  const int64_t weights = weyl_product_weights_of(g, &s->opts, list[0], list[1], list[2], paths);
  if (s->opts.weights == WEYL_WEIGHTS_SHARED) ex->in[2] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(weights)));
  if (s->opts.weights == WEYL_WEIGHTS_EACH) ex->in[2] = weyl_example_input(ex, WEYL_SHAPE(rows, weyl_num(weights)));
  ex->out[0] = weyl_product_of(ex->in[0], ex->in[1], ex->in[2], &s->opts, list[0], list[1], list[2], paths);
}

static void example(weyl_example *ex, int which) { make_example(ex, which, weyl_num(2)); }

static void back_example(weyl_example *ex, int which) {
  make_example(ex, which, which == 3 ? weyl_num(2) : weyl_per(WEYL_NODES));
  weyl_graph *g = ex->graph;
  const weyl_node *made = weyl_graph_node(g, weyl_value_of(g, ex->out[0].id)->node);
  weyl_tensor x[4];
  const trilinear t = trilinear_of(g, made, &weyl_op_product, &weyl_op_product_back, x);
  const weyl_tensor out = weyl_example_input(ex, weyl_tensor_shape(ex->out[0]));
  ex->in[ex->n_in - 1] = out;
  const weyl_tensor d = trilinear_node(g, &t, x[0], x[1], out, x[3]);
  for (int k = 0; k < made->attr.n; k++) ex->out[k] = weyl_node_value(d, k);
}

const weyl_op weyl_op_product = {.name = "product",
                                 .flags = WEYL_OP_LINEAR,
                                 .shape = shape,
                                 .eval = eval,
                                 .vjp = vjp,
                                 .scratch = scratch,
                                 .flops = flops,
                                 .check = {.order = 2, .cases = 4, .example = example}};
const weyl_op weyl_op_product_back = {.name = "product_back",
                                      .n_out = -1,
                                      .flags = WEYL_OP_PARTIAL | WEYL_OP_REDUCES,
                                      .shape = back_shape,
                                      .eval = back_eval,
                                      .vjp = back_vjp,
                                      .scratch = scratch,
                                      .flops = flops,
                                      .check = {.order = 2, .cases = 4, .example = back_example}};
