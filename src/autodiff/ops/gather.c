/* Rows by index: gather, scatter_add, segment_max, index_repeat. Indices are checked at every run: they come from
 * outside. */
#include "../graph.h"

#include <math.h>
#include <string.h>

static weyl_status index_check(weyl_graph *g, const weyl_node *node, int i) {
  const weyl_value *v = weyl_value_of(g, node->in[i]);
  char b[160];
  if (v->dtype != WEYL_I32 || v->shape.rank != 1)
    return weyl_node_fail(g, node, WEYL_DTYPE, "index is %s %s, must be i32 with one axis", weyl_dtype_name(v->dtype),
                          weyl_shape_text(&v->shape, b));
  return WEYL_OK;
}

weyl_status weyl_rows_in_range(const weyl_eval *e, const weyl_view *index, int64_t rows) {
  const int32_t *p = index->data;
  const int64_t n = index->dim[0];
  uint32_t worst = 0;
  for (int64_t i = 0; i < n; i++) worst = (uint32_t)p[i] > worst ? (uint32_t)p[i] : worst;
  if (n == 0 || (int64_t)worst < rows) return WEYL_OK;
  for (int64_t i = 0; i < n; i++)
    if ((int64_t)(uint32_t)p[i] >= rows)
      return weyl_fail(e->ctx, WEYL_BAD_ARG, "%s (%s): index %d at place %lld, must be in 0..%lld", e->node->op->name,
                       e->node->scope, p[i], (long long)i, (long long)rows - 1);
  return WEYL_BUG;
}

/* ---- gather
 * ---------------------------------------------------------------------------------------------------------- */

static weyl_status gather_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  char b[160];
  WEYL_TRY(index_check(g, node, 1));
  if (x->shape.rank < 1)
    return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s has no rows", weyl_shape_text(&x->shape, b));
  out->shape = x->shape;
  out->dtype = x->dtype;
  out->shape.dim[0] = weyl_in_shape(g, node, 1)->dim[0];
  return WEYL_OK;
}

static weyl_status gather_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0];
  WEYL_TRY(weyl_rows_in_range(e, &e->in[1], x->dim[0]));
  /* i32 rows are moved as f32: nothing is computed */
  e->kernels->gather[x->dtype == WEYL_F64]((size_t)e->in[1].dim[0], (size_t)weyl_view_inner(x, 1), x->data,
                                           e->in[1].data, e->out[0].data);
  return WEYL_OK;
}

static void gather_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  if (want[0] && weyl_value_of(g, node->in[0])->dtype != WEYL_I32)
    dx[0] = weyl_scatter_add(dy[0], weyl_node_in(g, node, 1), weyl_in_shape(g, node, 0)->dim[0]);
}

static void gather_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, which ? WEYL_SHAPE(weyl_num(4)) : WEYL_SHAPE(weyl_num(4), weyl_num(3)));
  ex->in[1] = weyl_example_index(ex, WEYL_SHAPE(weyl_num(6)), 4, false);
  ex->out[0] = weyl_gather(ex->in[0], ex->in[1]);
}

const weyl_op weyl_op_gather = {.name = "gather",
                                .flags = WEYL_OP_LINEAR,
                                .shape = gather_shape,
                                .eval = gather_eval,
                                .vjp = gather_vjp,
                                .check = {.order = 2, .cases = 2, .example = gather_example}};

weyl_tensor weyl_gather(weyl_tensor x, weyl_tensor index) {
  return weyl_node_new(x.graph, &weyl_op_gather, (weyl_tensor[]){x, index}, 2, NULL, NULL);
}

/* ---- scatter_add: attr.shape.dim[0] the rows
 * --------------------------------------------------------------------------- */

static weyl_status rows_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  char b[160], c[160];
  WEYL_TRY(index_check(g, node, 1));
  const weyl_shape *index = weyl_in_shape(g, node, 1);
  if (x->dtype == WEYL_I32 || x->shape.rank < 1 || !weyl_dim_equal(x->shape.dim[0], index->dim[0]))
    return weyl_node_fail(g, node, WEYL_SHAPE, "rows of %s %s and index %s do not agree", weyl_dtype_name(x->dtype),
                          weyl_shape_text(&x->shape, b), weyl_shape_text(index, c));
  out->shape = x->shape;
  out->shape.dim[0] = node->attr.shape.dim[0];
  return WEYL_OK;
}

static weyl_status scatter_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  WEYL_TRY(weyl_rows_in_range(e, &e->in[1], y->dim[0]));
  memset(y->data, 0, (size_t)weyl_view_size(y) * weyl_dtype_size(y->dtype));
  e->kernels->scatter_add[y->dtype]((size_t)x->dim[0], (size_t)weyl_view_inner(x, 1), x->data, e->in[1].data, y->data);
  return WEYL_OK;
}

static double scatter_flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  return (double)weyl_view_size(&in[0]);
}

static void scatter_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want,
                        weyl_tensor *dx) {
  if (want[0]) dx[0] = weyl_gather(dy[0], weyl_node_in(g, node, 1));
}

static void scatter_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(6), weyl_num(3)));
  ex->in[1] = weyl_example_index(ex, WEYL_SHAPE(weyl_num(6)), 4, which == 1);
  ex->out[0] = weyl_scatter_add(ex->in[0], ex->in[1], weyl_num(4));
}

const weyl_op weyl_op_scatter_add = {.name = "scatter_add",
                                     .flags = WEYL_OP_LINEAR | WEYL_OP_REDUCES,
                                     .shape = rows_shape,
                                     .eval = scatter_eval,
                                     .vjp = scatter_vjp,
                                     .flops = scatter_flops,
                                     .check = {.order = 2, .cases = 2, .example = scatter_example}};

weyl_tensor weyl_scatter_add(weyl_tensor x, weyl_tensor index, weyl_dim rows) {
  return weyl_node_new(x.graph, &weyl_op_scatter_add, (weyl_tensor[]){x, index}, 2,
                       &(weyl_attr){.shape = {.rank = 1, .dim = {rows}}}, NULL);
}

/* ---- segment_max
 * ------------------------------------------------------------------------------------------------------------ */

#define SEGMENT_MAX(T)                                                                     \
  static void segment_max_##T(const weyl_eval *e, int64_t m, int64_t w, int64_t rows) {    \
    const T *x = e->in[0].data;                                                            \
    const int32_t *s = e->in[1].data;                                                      \
    T *y = e->out[0].data;                                                                 \
    for (int64_t i = 0; i < rows * w; i++) y[i] = -(T)INFINITY;                            \
    for (int64_t i = 0; i < m; i++)                                                        \
      for (int64_t j = 0; j < w; j++) {                                                    \
        T *to = &y[s[i] * w + j];                                                          \
        if (!(*to >= x[i * w + j])) *to = *to != *to ? *to : x[i * w + j]; /* NaN stays */ \
      }                                                                                    \
    for (int64_t i = 0; i < rows * w; i++)                                                 \
      if (y[i] == -(T)INFINITY) y[i] = 0; /* an empty segment */                           \
  }
SEGMENT_MAX(float)
SEGMENT_MAX(double)

static weyl_status segment_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  WEYL_TRY(weyl_rows_in_range(e, &e->in[1], y->dim[0]));
  if (x->dtype == WEYL_F32)
    segment_max_float(e, x->dim[0], weyl_view_inner(x, 1), y->dim[0]);
  else
    segment_max_double(e, x->dim[0], weyl_view_inner(x, 1), y->dim[0]);
  return WEYL_OK;
}

static void segment_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want,
                        weyl_tensor *dx) {
  if (!want[0]) return;
  const weyl_tensor segment = weyl_node_in(g, node, 1);
  const weyl_tensor hit = weyl_eq(weyl_node_in(g, node, 0), weyl_gather(weyl_node_out(g, node, 0), segment));
  const weyl_tensor ties = weyl_max(weyl_scatter_add(hit, segment, node->attr.shape.dim[0]), weyl_scalar(g, 1));
  dx[0] = weyl_mul(hit, weyl_gather(weyl_div(dy[0], ties), segment));
}

static void segment_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(8), weyl_num(3)));
  ex->in[1] = weyl_example_index(ex, WEYL_SHAPE(weyl_num(8)), 3, which == 1);
  ex->out[0] = weyl_segment_max(ex->in[0], ex->in[1], weyl_num(5));
}

const weyl_op weyl_op_segment_max = {.name = "segment_max",
                                     .flags = WEYL_OP_REDUCES | WEYL_OP_MAXIMUM,
                                     .shape = rows_shape,
                                     .eval = segment_eval,
                                     .vjp = segment_vjp,
                                     .flops = scatter_flops,
                                     .check = {.order = 2, .cases = 2, .example = segment_example}};

weyl_tensor weyl_segment_max(weyl_tensor x, weyl_tensor segment, weyl_dim rows) {
  /* partial maxima of shards could not tell an empty segment from a 0 */
  const weyl_shape s = weyl_tensor_shape(x);
  if (weyl_tensor_valid(x) && weyl_shape_sharded(&s) && !weyl_dim_sharded(rows))
    return weyl_graph_fail(x.graph, WEYL_SHAPE, "segment_max: the segments of a sharded value must have a count too");
  return weyl_node_new(x.graph, &weyl_op_segment_max, (weyl_tensor[]){x, segment}, 2,
                       &(weyl_attr){.shape = {.rank = 1, .dim = {rows}}}, NULL);
}

/* ---- index_repeat: attr.n copies
 * ------------------------------------------------------------------------------------------------ */

static weyl_status repeat_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(index_check(g, node, 0));
  if (node->attr.n < 1) return weyl_node_fail(g, node, WEYL_BAD_ARG, "%d copies", node->attr.n);
  out->shape = *weyl_in_shape(g, node, 0);
  out->shape.dim[0].n *= node->attr.n;
  out->dtype = WEYL_I32;
  return WEYL_OK;
}

static weyl_status repeat_eval(const weyl_eval *e) {
  const int32_t *x = e->in[0].data, k = e->node->attr.n;
  int32_t *y = e->out[0].data;
  for (int64_t i = 0; i < e->in[0].dim[0]; i++)
    for (int32_t a = 0; a < k; a++) *y++ = x[i] * k + a;
  return WEYL_OK;
}

static void repeat_example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(8)));
  ex->in[1] = weyl_example_index(ex, WEYL_SHAPE(weyl_num(3)), 4, false);
  ex->out[0] = weyl_gather(ex->in[0], weyl_index_repeat(ex->in[1], 2));
}

const weyl_op weyl_op_index_repeat = {.name = "index_repeat",
                                      .shape = repeat_shape,
                                      .eval = repeat_eval,
                                      .check = {.order = 1, .example = repeat_example}};

weyl_tensor weyl_index_repeat(weyl_tensor index, int64_t k) {
  return k == 1 ? index
                : weyl_node_new(index.graph, &weyl_op_index_repeat, &index, 1, &(weyl_attr){.n = (int32_t)k}, NULL);
}
