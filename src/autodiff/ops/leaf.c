/* Leaves: inputs, variables, constants, indices, counts. Their memory is provided, but for iota and count, which are
 * computed. */
#include "../graph.h"
#include "../variables.h"

#include <string.h>

static weyl_status given_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  (void)g;
  out->shape = node->attr.shape;
  out->dtype = (weyl_dtype)node->attr.flag;
  return WEYL_OK;
}

static weyl_status no_eval(const weyl_eval *e) {
  return weyl_fail(e->ctx, WEYL_BUG, "%s has no evaluation", e->node->op->name);
}

/* ---- input: attr.flag type, attr.shape ------------------------------------------------------------------------------
 */

const weyl_op weyl_op_input = {.name = "input", .flags = WEYL_OP_LEAF, .shape = given_shape, .eval = no_eval};

weyl_tensor weyl_input(weyl_graph *g, const char *name, weyl_dtype dtype, weyl_shape shape) {
  if (dtype != WEYL_I32 && dtype != g->real)
    return weyl_graph_fail(g, WEYL_DTYPE, "input %s: type %s, must be %s or i32", name, weyl_dtype_name(dtype),
                           weyl_dtype_name(g->real));
  for (uint32_t i = 0; i < g->n_nodes; i++)
    if (g->nodes[i]->op == &weyl_op_input && strcmp(g->nodes[i]->name, name) == 0) {
      const weyl_value *v = &g->values[g->nodes[i]->first];
      char a[160], b[160];
      if (v->dtype != dtype || !weyl_shape_equal(&v->shape, &shape))
        return weyl_graph_fail(g, WEYL_SHAPE, "input %s: declared as %s %s, before as %s %s", name,
                               weyl_dtype_name(dtype), weyl_shape_text(&shape, a), weyl_dtype_name(v->dtype),
                               weyl_shape_text(&v->shape, b));
      return weyl_tensor_of(g, g->nodes[i]->first);
    }
  return weyl_node_new(g, &weyl_op_input, NULL, 0, &(weyl_attr){.shape = shape, .flag = (int32_t)dtype}, name);
}

/* ---- variables: attr.axis kind, attr.n index
 * ------------------------------------------------------------------------- */

const weyl_op weyl_op_variable = {.name = "variable", .flags = WEYL_OP_LEAF, .shape = given_shape, .eval = no_eval};
const weyl_op weyl_op_variable_vector = {
    .name = "variable_vector", .flags = WEYL_OP_LEAF, .shape = given_shape, .eval = no_eval};

static weyl_tensor variable_leaf(weyl_graph *g, weyl_kind kind, const char *name, weyl_shape shape, weyl_init init) {
  if (g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  char full[640];
  /* optimiser slots belong to the run, not to a layer: no scope */
  const int n = snprintf(full, sizeof full, "%s%s", kind == WEYL_SLOT ? "" : g->scope_text, name);
  if (n < 0 || (size_t)n >= sizeof full) return weyl_graph_fail(g, WEYL_BAD_ARG, "variable name %s is too long", name);
  if (kind == WEYL_PARAM && g->vector_node != UINT32_MAX && weyl_variables_find(g->vars, kind, full) < 0)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "parameter %s is declared after the parameters were taken as one vector",
                           full);
  size_t index = 0;
  const weyl_status status = weyl_variables_declare(g->vars, kind, full, &shape, init, &index);
  if (status != WEYL_OK) {
    if (g->status == WEYL_OK) g->status = status;
    return WEYL_NULL_TENSOR;
  }
  for (uint32_t i = 0; i < g->n_nodes; i++)
    if (g->nodes[i]->op == &weyl_op_variable && g->nodes[i]->attr.axis == (int32_t)kind &&
        g->nodes[i]->attr.n == (int32_t)index)
      return weyl_tensor_of(g, g->nodes[i]->first);
  const char *scope = g->scope_text;
  g->scope_text = ""; /* the name is whole already */
  const weyl_tensor t =
      weyl_node_new(g, &weyl_op_variable, NULL, 0,
                    &(weyl_attr){.shape = shape, .flag = (int32_t)g->real, .axis = (int32_t)kind, .n = (int32_t)index},
                    weyl_variables_name(g->vars, kind, index));
  g->scope_text = scope;
  return t;
}

weyl_tensor weyl_param(weyl_graph *g, const char *name, weyl_shape shape, weyl_init init) {
  return variable_leaf(g, WEYL_PARAM, name, shape, init);
}
weyl_tensor weyl_state(weyl_graph *g, const char *name, weyl_shape shape, weyl_init init) {
  return variable_leaf(g, WEYL_STATE, name, shape, init);
}
weyl_tensor weyl_slot(weyl_graph *g, const char *name, weyl_shape shape, weyl_init init) {
  return variable_leaf(g, WEYL_SLOT, name, shape, init);
}

weyl_tensor weyl_param_vector(weyl_graph *g) {
  if (g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  if (g->vector_node != UINT32_MAX) return weyl_tensor_of(g, g->nodes[g->vector_node]->first);
  const int64_t n = weyl_variables_arena(g->vars, WEYL_PARAM).dim[0];
  const weyl_tensor t = weyl_node_new(
      g, &weyl_op_variable_vector, NULL, 0,
      &(weyl_attr){.shape = WEYL_SHAPE(weyl_num(n)), .flag = (int32_t)g->real, .axis = WEYL_PARAM}, "parameters");
  if (t.graph) g->vector_node = g->values[t.id].node;
  return t;
}

/* ---- constants: attr.data in the value's type
 * -------------------------------------------------------------------------- */

const weyl_op weyl_op_constant = {.name = "constant", .flags = WEYL_OP_LEAF, .shape = given_shape, .eval = no_eval};

weyl_tensor weyl_constant_array(weyl_graph *g, weyl_dtype dtype, weyl_shape shape, const double *values) {
  if (!g || g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  char text[160];
  int64_t n = 1;
  for (int i = 0; i < shape.rank; i++) {
    if (shape.dim[i].count != WEYL_NUMBER || shape.dim[i].n < 1)
      return weyl_graph_fail(g, WEYL_SHAPE, "constant: shape %s must be of positive numbers",
                             weyl_shape_text(&shape, text));
    n *= shape.dim[i].n;
  }
  void *data = weyl_arena_alloc(g->arena, (size_t)n, weyl_dtype_size(dtype));
  if (!data) return weyl_graph_fail(g, WEYL_MEMORY, "constant of shape %s", weyl_shape_text(&shape, text));
  for (int64_t i = 0; i < n; i++) {
    if (dtype == WEYL_F32) ((float *)data)[i] = (float)values[i];
    if (dtype == WEYL_F64) ((double *)data)[i] = values[i];
    if (dtype == WEYL_I32) ((int32_t *)data)[i] = (int32_t)values[i];
  }
  return weyl_node_new(g, &weyl_op_constant, NULL, 0,
                       &(weyl_attr){.shape = shape, .flag = (int32_t)dtype, .data = data, .f = {values[0]}}, NULL);
}

weyl_tensor weyl_scalar(weyl_graph *g, double value) {
  return g ? weyl_constant_array(g, g->real, weyl_shape_scalar(), &value) : WEYL_NULL_TENSOR;
}

weyl_tensor weyl_constant(weyl_graph *g, double value, weyl_shape shape) {
  const weyl_tensor s = weyl_scalar(g, value);
  return shape.rank == 0 ? s : weyl_broadcast_in(s, shape, NULL);
}

/* ---- iota: attr.axis
 * ------------------------------------------------------------------------------------------------------ */

static weyl_status iota_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  char b[160];
  out->shape = node->attr.shape;
  out->dtype = WEYL_I32;
  if (node->attr.axis < 0 || node->attr.axis >= out->shape.rank)
    return weyl_node_fail(g, node, WEYL_BAD_ARG, "axis %d of %s", node->attr.axis, weyl_shape_text(&out->shape, b));
  return WEYL_OK;
}

static weyl_status iota_eval(const weyl_eval *e) {
  const weyl_view *y = &e->out[0];
  const int64_t inner = weyl_view_inner(y, e->node->attr.axis + 1), mid = y->dim[e->node->attr.axis],
                n = weyl_view_size(y);
  int32_t *to = y->data;
  for (int64_t i = 0; i < n; i++) to[i] = (int32_t)(i / inner % mid);
  return WEYL_OK;
}

const weyl_op weyl_op_iota = {.name = "iota", .shape = iota_shape, .eval = iota_eval};

weyl_tensor weyl_iota(weyl_graph *g, weyl_shape shape, int axis) {
  return weyl_node_new(g, &weyl_op_iota, NULL, 0,
                       &(weyl_attr){.shape = shape, .axis = axis < 0 ? axis + shape.rank : axis}, NULL);
}

/* ---- count: the total of attr.n over the whole batch
 * ------------------------------------------------------------------------ */

static weyl_status scalar_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  if (node->attr.n < 1 || node->attr.n >= WEYL_COUNTS)
    return weyl_node_fail(g, node, WEYL_BAD_ARG, "%d is not a count", node->attr.n);
  out->shape = weyl_shape_scalar();
  return WEYL_OK;
}

static weyl_status count_eval(const weyl_eval *e) {
  e->kernels->fill[e->out[0].dtype](1, (double)e->total[e->node->attr.n], e->out[0].data);
  return WEYL_OK;
}

const weyl_op weyl_op_count = {.name = "count", .shape = scalar_shape, .eval = count_eval};

weyl_tensor weyl_count_total(weyl_graph *g, weyl_count count) {
  return weyl_node_new(g, &weyl_op_count, NULL, 0, &(weyl_attr){.n = (int32_t)count}, NULL);
}
