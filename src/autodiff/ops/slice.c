/* slice and pad, each other's adjoint. Along one axis of numbers. */
#include "../graph.h"
#include "../strided.h"

/* ---- slice: attr.axis; i[0] start, i[1] size, i[2] step
 * ---------------------------------------------------------------- */

static weyl_status plain_axis(weyl_graph *g, const weyl_node *node, const weyl_value *x) {
  const int a = node->attr.axis;
  char b[160];
  if (a < 0 || a >= x->shape.rank || x->shape.dim[a].count != WEYL_NUMBER)
    return weyl_node_fail(g, node, WEYL_SHAPE, "axis %d of %s must be a plain number", a,
                          weyl_shape_text(&x->shape, b));
  return WEYL_OK;
}

static weyl_status slice_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  WEYL_TRY(plain_axis(g, node, x));
  const int64_t start = node->attr.i[0], size = node->attr.i[1], step = node->attr.i[2],
                n = x->shape.dim[node->attr.axis].n;
  char b[160];
  if (size < 1 || step == 0 || start < 0 || start >= n || size > n || start + (size - 1) * step >= n ||
      start + (size - 1) * step < 0)
    return weyl_node_fail(g, node, WEYL_SHAPE, "%lld entries from %lld by %lld do not fit axis %d of %s",
                          (long long)size, (long long)start, (long long)step, node->attr.axis,
                          weyl_shape_text(&x->shape, b));
  out->shape = x->shape;
  out->dtype = x->dtype;
  out->shape.dim[node->attr.axis].n = size;
  return WEYL_OK;
}

static weyl_status slice_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const int a = e->node->attr.axis;
  int64_t from[WEYL_RANK_MAX], to[WEYL_RANK_MAX];
  weyl_dense_strides(x->rank, x->dim, from);
  weyl_dense_strides(y->rank, y->dim, to);
  const char *start = (const char *)x->data + (size_t)(e->node->attr.i[0] * from[a]) * weyl_dtype_size(y->dtype);
  from[a] *= e->node->attr.i[2];
  weyl_copy_strided(weyl_dtype_size(y->dtype), y->rank, y->dim, y->data, to, start, from);
  return WEYL_OK;
}

static void slice_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const int a = node->attr.axis;
  const int64_t n = weyl_in_shape(g, node, 0)->dim[a].n, size = node->attr.i[1];
  int64_t start = node->attr.i[0], step = node->attr.i[2];
  weyl_tensor d = dy[0];
  if (step < 0) { /* turn it round first */
    d = weyl_slice(d, a, size - 1, size, -1);
    start += (size - 1) * step;
    step = -step;
  }
  dx[0] = weyl_pad(d, a, start, n - start - ((size - 1) * step + 1), step - 1, 0);
}

static void slice_example(weyl_example *ex, int which) {
  static const int64_t s[3][3] = {{1, 2, 1}, {0, 3, 2}, {5, 3, -2}};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(6), weyl_num(3)));
  ex->out[0] = weyl_slice(ex->in[0], 1, s[which][0], s[which][1], s[which][2]);
}

const weyl_op weyl_op_slice = {.name = "slice",
                               .flags = WEYL_OP_LINEAR,
                               .shape = slice_shape,
                               .eval = slice_eval,
                               .vjp = slice_vjp,
                               .check = {.order = 2, .cases = 3, .example = slice_example}};

weyl_tensor weyl_slice(weyl_tensor x, int axis, int64_t start, int64_t size, int64_t step) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int a = weyl_axis(x.graph, "slice", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  if (start == 0 && step == 1 && size == weyl_dim_of(x, a) && weyl_tensor_shape(x).dim[a].count == WEYL_NUMBER)
    return x;
  return weyl_node_new(x.graph, &weyl_op_slice, &x, 1, &(weyl_attr){.axis = a, .i = {start, size, step}}, NULL);
}

/* ---- pad: attr.axis; i[0] before, i[1] after, i[2] between; f[0] the value
 * ------------------------------------------------ */

static weyl_status pad_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  WEYL_TRY(plain_axis(g, node, x));
  const int64_t *p = node->attr.i, n = x->shape.dim[node->attr.axis].n;
  if (p[0] < 0 || p[1] < 0 || p[2] < 0)
    return weyl_node_fail(g, node, WEYL_BAD_ARG, "padding %lld before, %lld after, %lld between must not be negative",
                          (long long)p[0], (long long)p[1], (long long)p[2]);
  if (x->dtype == WEYL_I32)
    return weyl_node_fail(g, node, WEYL_DTYPE, "operand is i32, must be %s", weyl_dtype_name(g->real));
  out->shape = x->shape;
  out->dtype = x->dtype;
  out->shape.dim[node->attr.axis].n = p[0] + p[1] + n + (n - 1) * p[2];
  return WEYL_OK;
}

static weyl_status pad_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const int a = e->node->attr.axis;
  int64_t from[WEYL_RANK_MAX], to[WEYL_RANK_MAX];
  weyl_dense_strides(x->rank, x->dim, from);
  weyl_dense_strides(y->rank, y->dim, to);
  e->kernels->fill[y->dtype]((size_t)weyl_view_size(y), e->node->attr.f[0], y->data);
  char *start = (char *)y->data + (size_t)(e->node->attr.i[0] * to[a]) * weyl_dtype_size(y->dtype);
  to[a] *= e->node->attr.i[2] + 1;
  weyl_copy_strided(weyl_dtype_size(y->dtype), x->rank, x->dim, start, to, x->data, from);
  return WEYL_OK;
}

static void pad_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const int a = node->attr.axis;
  dx[0] = weyl_slice(dy[0], a, node->attr.i[0], weyl_in_shape(g, node, 0)->dim[a].n, node->attr.i[2] + 1);
}

static void pad_example(weyl_example *ex, int which) {
  static const int64_t p[3][3] = {{1, 2, 0}, {0, 1, 2}, {0, 0, 1}};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(3), weyl_num(2)));
  ex->out[0] = weyl_pad(ex->in[0], 1, p[which][0], p[which][1], p[which][2], 0);
}

const weyl_op weyl_op_pad = {.name = "pad",
                             .flags = WEYL_OP_LINEAR,
                             .shape = pad_shape,
                             .eval = pad_eval,
                             .vjp = pad_vjp,
                             .check = {.order = 2, .cases = 3, .example = pad_example}};

weyl_tensor weyl_pad(weyl_tensor x, int axis, int64_t before, int64_t after, int64_t between, double value) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int a = weyl_axis(x.graph, "pad", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  if (before == 0 && after == 0 && between == 0) return x;
  return weyl_node_new(x.graph, &weyl_op_pad, &x, 1,
                       &(weyl_attr){.axis = a, .i = {before, after, between}, .f = {value}}, NULL);
}
