/* sum over any axes, maximum over one. Over a count the result is whole: shards give partial results. */
#include "../graph.h"

#include <string.h>

/* ---- sum: attr.n axes in attr.i, ascending
 * ------------------------------------------------------------------------------ */

static bool reduced(const weyl_node *node, int axis) {
  for (int i = 0; i < node->attr.n; i++)
    if (node->attr.i[i] == axis) return true;
  return false;
}

static weyl_status sum_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  if (x->dtype == WEYL_I32)
    return weyl_node_fail(g, node, WEYL_DTYPE, "operand is i32, must be %s", weyl_dtype_name(g->real));
  for (int i = 0; i < node->attr.n; i++)
    if (node->attr.i[i] < 0 || node->attr.i[i] >= x->shape.rank || (i && node->attr.i[i] <= node->attr.i[i - 1]))
      return weyl_node_fail(g, node, WEYL_BAD_ARG, "axes must be ascending and within the operand");
  for (int a = 0; a < x->shape.rank; a++)
    if (!reduced(node, a)) out->shape.dim[out->shape.rank++] = x->shape.dim[a];
  return WEYL_OK;
}

/* [outer, n, inner] -> [outer, inner] */
static void sum_middle(const weyl_eval *e, weyl_dtype t, int64_t outer, int64_t n, int64_t inner, const char *x,
                       char *y) {
  const size_t size = weyl_dtype_size(t);
  if (inner == 1) {
    e->kernels->sum_rows[t]((size_t)outer, (size_t)n, x, y);
    return;
  }
  for (int64_t o = 0; o < outer; o++)
    e->kernels->sum_columns[t]((size_t)n, (size_t)inner, x + (size_t)(o * n * inner) * size,
                               y + (size_t)(o * inner) * size);
}

static weyl_status sum_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const size_t size = weyl_dtype_size(x->dtype);
  if (weyl_view_size(x) == 0) {
    e->kernels->fill[y->dtype]((size_t)weyl_view_size(y), 0, y->data);
    return WEYL_OK;
  }
  /* runs of neighbouring axes that are all kept or all summed */
  int64_t dim[WEYL_RANK_MAX];
  bool sum[WEYL_RANK_MAX];
  int r = 0, sums = 0;
  for (int a = 0; a < x->rank; a++) {
    if (x->dim[a] == 1) continue;
    const bool s = reduced(e->node, a);
    if (r && sum[r - 1] == s)
      dim[r - 1] *= x->dim[a];
    else {
      dim[r] = x->dim[a];
      sum[r++] = s;
      sums += s;
    }
  }
  if (sums == 0) {
    memcpy(y->data, x->data, (size_t)weyl_view_size(y) * size);
    return WEYL_OK;
  }
  /* last run first; what is between goes to the two halves of the scratch memory in turn */
  const char *from = x->data;
  char *half[2] = {(char *)e->scratch + WEYL_GEMM_SCRATCH, NULL};
  half[1] = half[0] + (((size_t)weyl_view_size(x) * size + 63) & ~(size_t)63);
  for (int k = r - 1, turn = 0; k >= 0; k--) {
    if (!sum[k]) continue;
    int64_t outer = 1, inner = 1;
    for (int a = 0; a < k; a++) outer *= dim[a];
    for (int a = k + 1; a < r; a++) inner *= dim[a];
    char *to = --sums == 0 ? y->data : half[turn++ & 1];
    sum_middle(e, x->dtype, outer, dim[k], inner, from, to);
    from = to;
    dim[k] = 1;
  }
  return WEYL_OK;
}

static size_t sum_scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)out;
  int runs = 0;
  bool before = false;
  for (int a = 0; a < in[0].rank; a++) {
    const bool s = reduced(node, a);
    runs += s && !before;
    before = s;
  }
  return runs > 1 ? 2 * (((size_t)weyl_view_size(&in[0]) * weyl_dtype_size(in[0].dtype) + 63) & ~(size_t)63) : 0;
}

static double sum_flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)node, (void)out;
  return (double)weyl_view_size(&in[0]);
}

static void sum_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_shape x = *weyl_in_shape(g, node, 0);
  int axes[WEYL_RANK_MAX], n = 0;
  for (int a = 0; a < x.rank; a++)
    if (!reduced(node, a)) axes[n++] = a;
  dx[0] = weyl_broadcast_in(dy[0], x, axes);
}

static void sum_example(weyl_example *ex, int which) {
  static const int axes[5][3] = {{0}, {2}, {1}, {0, 2}, {0, 1, 2}}, n[5] = {1, 1, 1, 2, 3};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(3), weyl_num(4), weyl_num(5)));
  ex->out[0] = weyl_sum_axes(ex->in[0], n[which], axes[which]);
}

const weyl_op weyl_op_sum = {.name = "sum",
                             .flags = WEYL_OP_LINEAR | WEYL_OP_REDUCES,
                             .shape = sum_shape,
                             .eval = sum_eval,
                             .vjp = sum_vjp,
                             .scratch = sum_scratch,
                             .flops = sum_flops,
                             .check = {.order = 2, .cases = 5, .example = sum_example}};

weyl_tensor weyl_sum_axes(weyl_tensor x, int n, const int *axes) {
  if (n == 0) return x;
  weyl_attr attr = {.n = n};
  for (int i = 0; i < n; i++) attr.i[i] = axes[i];
  return weyl_node_new(x.graph, &weyl_op_sum, &x, 1, &attr, NULL);
}

weyl_tensor weyl_sum(weyl_tensor x, int axis) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int a = weyl_axis(x.graph, "sum", x, axis);
  return a < 0 ? WEYL_NULL_TENSOR : weyl_sum_axes(x, 1, &a);
}

weyl_tensor weyl_sum_all(weyl_tensor x) {
  static const int axes[WEYL_RANK_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
  return weyl_sum_axes(x, weyl_rank(x), axes);
}

/* ---- maximum: attr.axis
 * ------------------------------------------------------------------------------------------------------ */

static weyl_status max_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  if (x->dtype == WEYL_I32)
    return weyl_node_fail(g, node, WEYL_DTYPE, "operand is i32, must be %s", weyl_dtype_name(g->real));
  for (int a = 0; a < x->shape.rank; a++)
    if (a != node->attr.axis) out->shape.dim[out->shape.rank++] = x->shape.dim[a];
  return WEYL_OK;
}

static weyl_status max_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const int a = e->node->attr.axis;
  const int64_t n = x->dim[a], inner = weyl_view_inner(x, a + 1), outer = weyl_view_size(y) / (inner ? inner : 1);
  const size_t size = weyl_dtype_size(x->dtype);
  if (n == 0) {
    e->kernels->fill[y->dtype]((size_t)weyl_view_size(y), -__builtin_inf(), y->data);
    return WEYL_OK;
  }
  if (inner == 1)
    e->kernels->max_rows[x->dtype]((size_t)outer, (size_t)n, x->data, y->data);
  else
    for (int64_t o = 0; o < outer; o++)
      e->kernels->max_columns[x->dtype]((size_t)n, (size_t)inner,
                                        (const char *)x->data + (size_t)(o * n * inner) * size,
                                        (char *)y->data + (size_t)(o * inner) * size);
  return WEYL_OK;
}

static weyl_tensor stretch_back(weyl_graph *g, const weyl_node *node, weyl_tensor y) {
  const weyl_shape x = *weyl_in_shape(g, node, 0);
  int axes[WEYL_RANK_MAX], n = 0;
  for (int a = 0; a < x.rank; a++)
    if (a != node->attr.axis) axes[n++] = a;
  return weyl_broadcast_in(y, x, axes);
}

static void max_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_tensor hit = weyl_eq(weyl_node_in(g, node, 0), stretch_back(g, node, weyl_node_out(g, node, 0)));
  const weyl_tensor ties = weyl_sum(hit, node->attr.axis);
  dx[0] = weyl_mul(hit, stretch_back(g, node, weyl_div(dy[0], ties)));
}

static void max_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(3), weyl_num(4), weyl_num(5)));
  ex->out[0] = weyl_reduce_max(ex->in[0], which);
}

const weyl_op weyl_op_reduce_max = {.name = "reduce_max",
                                    .flags = WEYL_OP_REDUCES | WEYL_OP_MAXIMUM,
                                    .shape = max_shape,
                                    .eval = max_eval,
                                    .vjp = max_vjp,
                                    .flops = sum_flops,
                                    .check = {.order = 2, .cases = 3, .example = max_example}};

weyl_tensor weyl_reduce_max(weyl_tensor x, int axis) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int a = weyl_axis(x.graph, "reduce_max", x, axis);
  return a < 0 ? WEYL_NULL_TENSOR : weyl_node_new(x.graph, &weyl_op_reduce_max, &x, 1, &(weyl_attr){.axis = a}, NULL);
}
