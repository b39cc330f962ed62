/* take_along and put_along: y[o, m, i] = x[o, index[o, m, i], i] along attr.axis, and its adjoint, which adds into
 * zeros of size attr.i[0]. The index has x's shape but for that axis; the axes behind it may also all be 1: then one
 * index moves a whole row. */
#include "along.h"

#include <string.h>

/* Checks data (input 0) against index (input 1); `m` and `n` are the sizes of the axis in the index and in the result.
 */
static weyl_status agree(weyl_graph *g, const weyl_node *node, bool same_axis) {
  const int axis = node->attr.axis;
  const weyl_shape *x = weyl_in_shape(g, node, 0), *index = weyl_in_shape(g, node, 1);
  char a[160], b[160];
  const weyl_dtype t = weyl_value_of(g, node->in[1])->dtype;
  if (t != WEYL_I32) return weyl_node_fail(g, node, WEYL_DTYPE, "the index is %s, must be i32", weyl_dtype_name(t));
  WEYL_TRY(axis_is_number(g, node, 0, axis));
  bool ok = x->rank == index->rank, rows = true;
  for (int i = axis + 1; ok && i < x->rank; i++)
    rows = rows && index->dim[i].n == 1 && index->dim[i].count == WEYL_NUMBER;
  for (int i = 0; ok && i < x->rank; i++)
    ok = (i == axis && !same_axis) || (i > axis && rows) || weyl_dim_equal(x->dim[i], index->dim[i]);
  if (!ok)
    return weyl_node_fail(g, node, WEYL_SHAPE, "the index %s does not fit %s along axis %d", weyl_shape_text(index, a),
                          weyl_shape_text(x, b), axis);
  return axis_is_number(g, node, 1, axis);
}

static weyl_status take_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(agree(g, node, false));
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  out->dtype = x->dtype;
  out->shape = x->shape;
  out->shape.dim[node->attr.axis] = weyl_in_shape(g, node, 1)->dim[node->attr.axis];
  return WEYL_OK;
}

static weyl_status put_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_real(g, node, 0));
  WEYL_TRY(agree(g, node, true));
  out->shape = *weyl_in_shape(g, node, 0);
  out->shape.dim[node->attr.axis] = weyl_num(node->attr.i[0]);
  return WEYL_OK;
}

static weyl_status out_of_range(const weyl_eval *e, int32_t index, int64_t n) {
  return weyl_fail(e->ctx, WEYL_BAD_ARG, "%s (%s): index %d along axis %d, must be 0..%lld", e->node->op->name,
                   e->node->scope, index, e->node->attr.axis, (long long)n - 1);
}

/* big [outer][n][inner], small [outer][m][inner], index [outer][m][wide ? 1 : inner] */
static weyl_status take_eval(const weyl_eval *e) {
  const int axis = e->node->attr.axis;
  const span s = span_of(&e->in[0], axis);
  const int64_t m = e->out[0].dim[axis];
  const bool rows = span_of(&e->in[1], axis).inner != s.inner || s.inner == 1;
  const size_t size = weyl_dtype_size(e->in[0].dtype);
  const int32_t *index = e->in[1].data;
  const char *x = e->in[0].data;
  char *y = e->out[0].data;
  for (int64_t o = 0; o < s.outer; o++, x += (size_t)(s.n * s.inner) * size)
    for (int64_t k = 0; k < m; k++, y += (size_t)s.inner * size) {
      if (rows) {
        const int32_t j = *index++;
        if (j < 0 || j >= s.n) return out_of_range(e, j, s.n);
        memcpy(y, x + (size_t)(j * s.inner) * size, (size_t)s.inner * size);
        continue;
      }
      for (int64_t i = 0; i < s.inner; i++) {
        const int32_t j = *index++;
        if (j < 0 || j >= s.n) return out_of_range(e, j, s.n);
        const size_t from = (size_t)(j * s.inner + i) * size;
        if (size == 4)
          memcpy(y + 4 * (size_t)i, x + from, 4);
        else
          memcpy(y + 8 * (size_t)i, x + from, 8);
      }
    }
  return WEYL_OK;
}

#define PUT(T)                                                                                                   \
  static weyl_status put_##T(const weyl_eval *e, span s, int64_t m, bool rows, const T *x, const int32_t *index, \
                             T *y) {                                                                             \
    for (int64_t o = 0; o < s.outer; o++, y += s.n * s.inner)                                                    \
      for (int64_t k = 0; k < m; k++, x += s.inner)                                                              \
        for (int64_t i = 0; i < s.inner; i++) {                                                                  \
          const int32_t j = rows ? *index : *index++;                                                            \
          if (j < 0 || j >= s.n) return out_of_range(e, j, s.n);                                                 \
          y[j * s.inner + i] += x[i];                                                                            \
          if (rows && i == s.inner - 1) index++;                                                                 \
        }                                                                                                        \
    return WEYL_OK;                                                                                              \
  }
PUT(float)
PUT(double)

static weyl_status put_eval(const weyl_eval *e) {
  const int axis = e->node->attr.axis;
  const span s = span_of(&e->out[0], axis);
  const int64_t m = e->in[0].dim[axis];
  const bool rows = span_of(&e->in[1], axis).inner != s.inner || s.inner == 1;
  memset(e->out[0].data, 0, (size_t)weyl_view_size(&e->out[0]) * weyl_dtype_size(e->out[0].dtype));
  return e->out[0].dtype == WEYL_F32 ? put_float(e, s, m, rows, e->in[0].data, e->in[1].data, e->out[0].data)
                                     : put_double(e, s, m, rows, e->in[0].data, e->in[1].data, e->out[0].data);
}

static weyl_tensor put(weyl_tensor x, weyl_tensor index, int axis, int64_t size) {
  weyl_attr attr = {.axis = axis};
  attr.i[0] = size;
  return weyl_node_new(x.graph, &weyl_op_put_along, (weyl_tensor[]){x, index}, 2, &attr, NULL);
}

static void take_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const int axis = node->attr.axis;
  if (want[0]) dx[0] = put(dy[0], weyl_node_in(g, node, 1), axis, weyl_in_shape(g, node, 0)->dim[axis].n);
}

static void put_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  if (want[0]) dx[0] = weyl_take_along(dy[0], weyl_node_in(g, node, 1), node->attr.axis);
}

/* which: the axis 0, 1, 2, then axis 1 with one index a row; x has n along the axis, the index m */
static int example_inputs(weyl_example *ex, int which, int64_t n, int64_t m, int64_t limit) {
  weyl_dim data[3] = {weyl_num(2), weyl_num(3), weyl_num(4)}, index[3] = {weyl_num(2), weyl_num(3), weyl_num(4)};
  const int axis = which < 3 ? which : 1;
  data[axis] = weyl_num(n);
  index[axis] = weyl_num(m);
  if (which == 3) index[2] = weyl_num(1);
  ex->in[0] = weyl_example_input(ex, weyl_shape_from(data, 3));
  ex->in[1] = weyl_example_index(ex, weyl_shape_from(index, 3), limit, false);
  return axis;
}

static void take_example(weyl_example *ex, int which) {
  const int axis = example_inputs(ex, which, 3, 5, 3);
  ex->out[0] = weyl_take_along(ex->in[0], ex->in[1], axis);
}

static void put_example(weyl_example *ex, int which) {
  const int axis = example_inputs(ex, which, 5, 5, 3);
  ex->out[0] = put(ex->in[0], ex->in[1], axis, 3);
}

const weyl_op weyl_op_take_along = {
    .name = "take_along",
    .flags = WEYL_OP_LINEAR,
    .shape = take_shape,
    .eval = take_eval,
    .vjp = take_vjp,
    .check = {.low = -1, .high = 1, .order = 2, .cases = 4, .example = take_example},
};
const weyl_op weyl_op_put_along = {
    .name = "put_along",
    .flags = WEYL_OP_LINEAR,
    .shape = put_shape,
    .eval = put_eval,
    .vjp = put_vjp,
    .check = {.low = -1, .high = 1, .order = 2, .cases = 4, .example = put_example},
};

weyl_tensor weyl_take_along(weyl_tensor x, weyl_tensor index, int axis) {
  const int a = weyl_axis(x.graph, "take_along", x, axis);
  if (a < 0) return WEYL_NULL_TENSOR;
  return weyl_node_new(x.graph, &weyl_op_take_along, (weyl_tensor[]){x, index}, 2, &(weyl_attr){.axis = a}, NULL);
}
