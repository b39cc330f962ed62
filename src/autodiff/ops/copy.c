/* cast, stop_gradient, copy. */
#include "../graph.h"
#include "../strided.h"

#include <math.h>
#include <string.h>

/* ---- cast: attr.flag the type --------------------------------------------------------------------------------------
 */

static weyl_status cast_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_dtype to = (weyl_dtype)node->attr.flag;
  out->shape = *weyl_in_shape(g, node, 0);
  out->dtype = to;
  if (to != WEYL_I32 && to != g->real)
    return weyl_node_fail(g, node, WEYL_DTYPE, "to %s in a graph of %s", weyl_dtype_name(to), weyl_dtype_name(g->real));
  return WEYL_OK;
}

static double number_at(const weyl_view *v, int64_t i) {
  if (v->dtype == WEYL_F32) return (double)((const float *)v->data)[i];
  if (v->dtype == WEYL_F64) return ((const double *)v->data)[i];
  return (double)((const int32_t *)v->data)[i];
}

static weyl_status cast_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  const int64_t n = weyl_view_size(y);
  for (int64_t i = 0; i < n; i++) {
    const double v = number_at(x, i);
    if (y->dtype == WEYL_F32) ((float *)y->data)[i] = (float)v;
    if (y->dtype == WEYL_F64) ((double *)y->data)[i] = v;
    if (y->dtype == WEYL_I32) {
      if (!(fabs(v) < 2147483648.0))
        return weyl_fail(e->ctx, WEYL_NUMERIC, "cast (%s): %g does not fit an i32", e->node->scope, v);
      ((int32_t *)y->data)[i] = (int32_t)v;
    }
  }
  return WEYL_OK;
}

static void cast_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  if (weyl_value_of(g, node->in[0])->dtype != WEYL_I32 && node->attr.flag != WEYL_I32) dx[0] = dy[0];
}

static void cast_example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(4)));
  const weyl_tensor index = weyl_cast(weyl_scale(ex->in[0], 10), WEYL_I32);
  ex->out[0] = weyl_add(weyl_cast(index, weyl_graph_dtype(ex->graph)), weyl_scalar(ex->graph, 0.5));
}

const weyl_op weyl_op_cast = {.name = "cast",
                              .shape = cast_shape,
                              .eval = cast_eval,
                              .vjp = cast_vjp,
                              .check = {.low = -1, .high = 1, .order = 0, .example = cast_example}};

weyl_tensor weyl_cast(weyl_tensor x, weyl_dtype dtype) {
  return weyl_node_new(x.graph, &weyl_op_cast, &x, 1, &(weyl_attr){.flag = (int32_t)dtype}, NULL);
}

/* ---- stop_gradient
 * ----------------------------------------------------------------------------------------------------- */

static weyl_status any_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  out->shape = x->shape;
  out->dtype = x->dtype;
  return WEYL_OK;
}

static weyl_status copy_eval(const weyl_eval *e) {
  if (e->out[0].data != e->in[0].data)
    memcpy(e->out[0].data, e->in[0].data, (size_t)weyl_view_size(&e->out[0]) * weyl_dtype_size(e->out[0].dtype));
  return WEYL_OK;
}

static void stop_example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(4)));
  ex->out[0] = weyl_stop_gradient(ex->in[0]);
}

const weyl_op weyl_op_stop_gradient = {.name = "stop_gradient",
                                       .flags = WEYL_OP_ALIAS,
                                       .shape = any_shape,
                                       .eval = copy_eval,
                                       .check = {.low = -1, .high = 1, .order = 0, .example = stop_example}};

weyl_tensor weyl_stop_gradient(weyl_tensor x) {
  return weyl_node_new(x.graph, &weyl_op_stop_gradient, &x, 1, NULL, NULL);
}

/* ---- copy: memory of its own
 * ----------------------------------------------------------------------------------------------- */

static void copy_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)g, (void)node, (void)want;
  dx[0] = dy[0];
}

static void copy_example(weyl_example *ex, int which) {
  (void)which;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(4)));
  ex->out[0] = weyl_node_new(ex->graph, &weyl_op_copy, &ex->in[0], 1, NULL, NULL);
}

const weyl_op weyl_op_copy = {.name = "copy",
                              .flags = WEYL_OP_LINEAR,
                              .shape = any_shape,
                              .eval = copy_eval,
                              .vjp = copy_vjp,
                              .check = {.low = -1, .high = 1, .order = 2, .example = copy_example}};
