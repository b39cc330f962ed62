/* Reverse mode: derivatives are nodes of the same graph, so that they can be differentiated again. */
#include "graph.h"
#include "variables.h"

#include <string.h>

static bool real_value(const weyl_graph *g, uint32_t v) { return g->values[v].dtype != WEYL_I32; }

void weyl_vjp(const weyl_tensor *y, const weyl_tensor *dy, int n_y, const weyl_tensor *x, int n_x, weyl_tensor *out) {
  for (int i = 0; i < n_x; i++) out[i] = WEYL_NULL_TENSOR;
  weyl_graph *g = n_y > 0 ? y[0].graph : NULL;
  if (!g || g->status != WEYL_OK) return;
  for (int k = 0; k < n_y; k++) {
    const weyl_shape a = weyl_tensor_shape(y[k]), b = weyl_tensor_shape(dy[k]);
    char p[160], q[160];
    if (!weyl_tensor_valid(y[k]) || !weyl_tensor_valid(dy[k]) || !weyl_shape_equal(&a, &b)) {
      (void)weyl_graph_fail(g, WEYL_SHAPE, "vjp: output %d has shape %s, its cotangent %s", k, weyl_shape_text(&a, p),
                            weyl_shape_text(&b, q));
      return;
    }
  }
  for (int i = 0; i < n_x; i++)
    if (!weyl_tensor_valid(x[i]) || x[i].graph != g) {
      (void)weyl_graph_fail(g, WEYL_BAD_ARG, "vjp: argument %d is not a tensor of this graph", i);
      return;
    }
  /* nodes made from here on are derivatives; what exists now is what is differentiated */
  const uint32_t n_nodes = g->n_nodes, n_values = g->n_values;
  bool *depends = weyl_alloc(g->ctx, n_values, sizeof *depends);
  weyl_tensor *adjoint = weyl_alloc(g->ctx, n_values, sizeof *adjoint);
  if (!depends || !adjoint) {
    (void)weyl_graph_fail(g, WEYL_MEMORY, "vjp of %u values", n_values);
    goto done;
  }
  for (int i = 0; i < n_x; i++) depends[x[i].id] = true;
  for (uint32_t n = 0; n < n_nodes; n++) {
    const weyl_node *node = g->nodes[n];
    bool any = false;
    if (node->op != &weyl_op_stop_gradient)
      for (int i = 0; i < node->n_in; i++) any = any || depends[node->in[i]];
    if (any)
      for (int k = 0; k < node->n_out; k++)
        depends[node->first + (uint32_t)k] =
            depends[node->first + (uint32_t)k] || real_value(g, node->first + (uint32_t)k);
  }
  for (int k = 0; k < n_y; k++)
    if (depends[y[k].id]) adjoint[y[k].id] = adjoint[y[k].id].graph ? weyl_add(adjoint[y[k].id], dy[k]) : dy[k];
  const char *scope = g->scope_text;
  for (uint32_t n = n_nodes; n-- > 0 && g->status == WEYL_OK;) {
    const weyl_node *node = g->nodes[n];
    weyl_tensor d[4] = {{0}};
    bool any = false, wanted = false;
    for (int k = 0; k < node->n_out; k++) {
      d[k] = adjoint[node->first + (uint32_t)k];
      any = any || d[k].graph;
    }
    bool small_want[16] = {false}, *want = small_want;
    weyl_tensor small_dx[16] = {{0}}, *dx = small_dx;
    for (int i = 0; i < node->n_in; i++) wanted = wanted || depends[node->in[i]];
    if (!any || !wanted || !node->op->vjp) continue;
    if (node->n_in > 16) {
      want = weyl_arena_array(g->arena, bool, node->n_in);
      dx = weyl_arena_array(g->arena, weyl_tensor, node->n_in);
      if (!want || !dx) {
        (void)weyl_graph_fail(g, WEYL_MEMORY, "vjp of %s", node->op->name);
        break;
      }
    }
    for (int i = 0; i < node->n_in; i++) want[i] = depends[node->in[i]];
    g->scope_text = node->scope; /* a derivative is labelled as what it comes from */
    node->op->vjp(g, node, d, want, dx);
    for (int i = 0; i < node->n_in; i++)
      if (want[i] && dx[i].graph) {
        weyl_tensor *a = &adjoint[node->in[i]];
        *a = a->graph ? weyl_add(*a, dx[i]) : dx[i];
      }
  }
  g->scope_text = scope;
  if (g->status == WEYL_OK)
    for (int i = 0; i < n_x; i++) out[i] = adjoint[x[i].id].graph ? adjoint[x[i].id] : weyl_zeros_like(x[i]);
done:
  weyl_dealloc(g->ctx, depends);
  weyl_dealloc(g->ctx, adjoint);
}

void weyl_grads(weyl_tensor y, const weyl_tensor *x, int n, weyl_tensor *out) {
  const weyl_shape s = weyl_tensor_shape(y);
  for (int i = 0; i < n; i++) out[i] = WEYL_NULL_TENSOR;
  if (!weyl_tensor_valid(y)) return;
  if (s.rank != 0) {
    char b[160];
    (void)weyl_graph_fail(y.graph, WEYL_SHAPE, "grad: the value has shape %s, must be a scalar",
                          weyl_shape_text(&s, b));
    return;
  }
  const weyl_tensor one = weyl_scalar(y.graph, 1);
  weyl_vjp(&y, &one, 1, x, n, out);
}

weyl_tensor weyl_grad(weyl_tensor y, weyl_tensor x) {
  weyl_tensor out;
  weyl_grads(y, &x, 1, &out);
  return out;
}

weyl_tensor weyl_param_grad(weyl_tensor y) {
  weyl_graph *g = y.graph;
  if (!weyl_tensor_valid(y) || g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  const store *s = &g->vars->store[WEYL_PARAM];
  if (s->n == 0) return weyl_graph_fail(g, WEYL_BAD_ARG, "param_grad: the model has no parameters");
  (void)weyl_param_vector(g);
  weyl_tensor *x = weyl_arena_array(g->arena, weyl_tensor, s->n), *dx = weyl_arena_array(g->arena, weyl_tensor, s->n);
  int64_t *offset = weyl_arena_array(g->arena, int64_t, s->n);
  if (!x || !dx || !offset) return weyl_graph_fail(g, WEYL_MEMORY, "param_grad");
  int n = 0;
  for (uint32_t i = 0; i < g->n_nodes; i++) /* parameters that this graph does not use keep a zero gradient */
    if (g->nodes[i]->op == &weyl_op_variable && g->nodes[i]->attr.axis == WEYL_PARAM) {
      x[n] = weyl_tensor_of(g, g->nodes[i]->first);
      offset[n++] = s->items[g->nodes[i]->attr.n].offset;
    }
  weyl_grads(y, x, n, dx);
  return weyl_node_new(g, &weyl_op_pack, dx, n, &(weyl_attr){.data = offset, .i = {s->used}, .flag = 1}, NULL);
}
