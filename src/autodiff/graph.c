/* The graph: nodes, values, scopes and the first failure. */
#include "graph.h"

#include "optimise/optimise.h"
#include "plans.h"

#include <string.h>

weyl_status weyl_graph_new(weyl_context *ctx, weyl_variables *vars, bool training, weyl_graph **out) {
  static uint32_t generations;
  *out = NULL;
  weyl_arena *arena = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &arena));
  weyl_graph *g = weyl_alloc(ctx, 1, sizeof *g);
  if (!g) {
    weyl_arena_free(arena);
    return WEYL_MEMORY;
  }
  g->ctx = ctx;
  g->vars = vars;
  g->arena = arena;
  g->real = weyl_variables_dtype(vars);
  g->training = training;
  g->generation = __atomic_add_fetch(&generations, 1, __ATOMIC_RELAXED);
  g->scope_text = "";
  g->vector_node = UINT32_MAX;
  *out = g;
  return WEYL_OK;
}

void weyl_graph_free(weyl_graph *g) {
  if (!g) return;
  weyl_dealloc(g->ctx, g->nodes);
  weyl_dealloc(g->ctx, g->values);
  weyl_dealloc(g->ctx, g->assigns);
  weyl_graph_free_plans(g);
  weyl_arena_free(g->arena);
  weyl_dealloc(g->ctx, g);
}

weyl_status weyl_graph_status(const weyl_graph *g) { return g->status; }
weyl_context *weyl_graph_context(const weyl_graph *g) { return g->ctx; }
weyl_dtype weyl_graph_dtype(const weyl_graph *g) { return g->real; }
bool weyl_graph_training(const weyl_graph *g) { return g->training; }
weyl_variables *weyl_graph_variables(const weyl_graph *g) { return g->vars; }
weyl_arena *weyl_graph_arena(weyl_graph *g) { return g->arena; }
uint32_t weyl_graph_nodes(const weyl_graph *g) { return g->n_nodes; }
const weyl_node *weyl_graph_node(const weyl_graph *g, uint32_t node) { return g->nodes[node]; }
const weyl_value *weyl_value_of(const weyl_graph *g, uint32_t value) { return &g->values[value]; }

static weyl_status keep(weyl_graph *g, weyl_status status) {
  if (g->status == WEYL_OK) g->status = status;
  return status;
}

weyl_tensor weyl_graph_fail(weyl_graph *g, weyl_status status, const char *fmt, ...) {
  char text[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  /* only the first failure speaks: what follows is its consequence */
  if (g->status == WEYL_OK) keep(g, weyl_fail(g->ctx, status, "%s%s", g->scope_text[0] ? g->scope_text : "", text));
  return WEYL_NULL_TENSOR;
}

weyl_status weyl_node_fail(weyl_graph *g, const weyl_node *node, weyl_status status, const char *fmt, ...) {
  char text[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (g->status != WEYL_OK) return g->status;
  const bool place = node->scope[0] || node->name;
  return keep(g, weyl_fail(g->ctx, status, "%s%s%s%s%s: %s", node->op->name, place ? " (" : "", node->scope,
                           node->name ? node->name : "", place ? ")" : "", text));
}

/* ---- scopes ------------------------------------------------------------------------------------------------------ */

void weyl_scope(weyl_graph *g, const char *fmt, ...) {
  const size_t at = strlen(g->scope);
  if (g->scope_depth < 64) g->scope_at[g->scope_depth] = at;
  g->scope_depth++;
  va_list args;
  va_start(args, fmt);
  const int n = vsnprintf(g->scope + at, sizeof g->scope - at, fmt, args);
  va_end(args);
  if (n < 0 || at + (size_t)n + 2 > sizeof g->scope || g->scope_depth > 64) {
    g->scope[at] = 0;
    (void)weyl_graph_fail(g, WEYL_BAD_ARG, "scopes are nested too deeply or have names too long");
    return;
  }
  strcat(g->scope, ".");
  const char *text = weyl_arena_strdup(g->arena, g->scope);
  if (text)
    g->scope_text = text;
  else
    keep(g, WEYL_MEMORY);
}

void weyl_scope_end(weyl_graph *g) {
  if (g->scope_depth == 0) {
    (void)weyl_graph_fail(g, WEYL_BUG, "a scope is ended that was not begun");
    return;
  }
  g->scope_depth--;
  if (g->scope_depth < 64) g->scope[g->scope_at[g->scope_depth]] = 0;
  const char *text = weyl_arena_strdup(g->arena, g->scope);
  if (text)
    g->scope_text = text;
  else
    keep(g, WEYL_MEMORY);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

static bool grow(weyl_graph *g, void **items, uint32_t *cap, uint32_t need, size_t size) {
  if (need <= *cap) return true;
  const uint32_t next = need > 2 * *cap ? need + 64 : 2 * *cap;
  void *p = weyl_realloc(g->ctx, *items, next, size);
  if (!p) {
    keep(g, WEYL_MEMORY);
    return false;
  }
  *items = p;
  *cap = next;
  return true;
}

weyl_tensor weyl_tensor_of(weyl_graph *g, uint32_t value) { return (weyl_tensor){g, value, g->generation}; }

weyl_tensor weyl_node_new(weyl_graph *g, const weyl_op *op, const weyl_tensor *in, int n_in, const weyl_attr *attr,
                          const char *name) {
  if (!g || g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  for (int i = 0; i < n_in; i++) {
    if (!in[i].graph) return weyl_graph_fail(g, WEYL_BAD_ARG, "%s: operand %d is the null tensor", op->name, i);
    if (in[i].graph != g || in[i].generation != g->generation || in[i].id >= g->n_values)
      return weyl_graph_fail(g, WEYL_BAD_ARG, "%s: operand %d belongs to another graph", op->name, i);
  }
  if (g->rewriter) {
    static const weyl_attr none;
    const weyl_call call = {op, in, n_in, attr ? attr : &none, name};
    const weyl_tensor better = weyl_rewrite_call(g, &call);
    if (better.graph || g->status != WEYL_OK) return better;
  }
  const int n_out = op->n_out < 0 ? attr->n : op->n_out ? op->n_out : 1;
  weyl_node *node = weyl_arena_array(g->arena, weyl_node, 1);
  uint32_t *ids = weyl_arena_array(g->arena, uint32_t, n_in ? n_in : 1);
  const char *text = name ? weyl_arena_strdup(g->arena, name) : NULL;
  if (!node || !ids || (name && !text)) {
    keep(g, WEYL_MEMORY);
    return WEYL_NULL_TENSOR;
  }
  if (!grow(g, (void **)&g->nodes, &g->cap_nodes, g->n_nodes + 1, sizeof *g->nodes) ||
      !grow(g, (void **)&g->values, &g->cap_values, g->n_values + (uint32_t)n_out, sizeof *g->values))
    return WEYL_NULL_TENSOR;
  for (int i = 0; i < n_in; i++) ids[i] = in[i].id;
  *node = (weyl_node){.op = op,
                      .n_in = n_in,
                      .n_out = n_out,
                      .in = ids,
                      .first = g->n_values,
                      .id = g->n_nodes,
                      .name = text,
                      .scope = g->scope_text};
  if (attr) node->attr = *attr;
  weyl_value out[WEYL_OUTPUTS_MAX] = {0};
  for (int k = 0; k < n_out; k++) out[k] = (weyl_value){.dtype = g->real, .node = node->id, .out = k};
  const weyl_status status = op->shape(g, node, out);
  if (status != WEYL_OK) {
    keep(g, status);
    return WEYL_NULL_TENSOR;
  }
  for (int k = 0; k < n_out; k++) {
    int counts = 0;
    for (int i = 0; i < out[k].shape.rank; i++) {
      const weyl_dim d = out[k].shape.dim[i];
      if (d.n < 0) {
        char b[160];
        return weyl_graph_fail(g, WEYL_SHAPE, "%s: negative size in %s", op->name, weyl_shape_text(&out[k].shape, b));
      }
      counts += weyl_dim_sharded(d);
    }
    if (counts > 1) {
      char b[160];
      return weyl_graph_fail(g, WEYL_SHAPE, "%s: %s has two counts of a shard; collect one of them first", op->name,
                             weyl_shape_text(&out[k].shape, b));
    }
    g->values[g->n_values + (uint32_t)k] = out[k];
  }
  g->nodes[g->n_nodes++] = node;
  g->n_values += (uint32_t)n_out;
  if (g->rewriter) weyl_rewrite_made(g, node);
  return weyl_tensor_of(g, node->first);
}

weyl_tensor weyl_node_value(weyl_tensor first, int k) {
  if (!first.graph) return first;
  first.id += (uint32_t)k;
  return first;
}

weyl_tensor weyl_node_in(weyl_graph *g, const weyl_node *node, int i) { return weyl_tensor_of(g, node->in[i]); }
weyl_tensor weyl_node_out(weyl_graph *g, const weyl_node *node, int k) {
  return weyl_tensor_of(g, node->first + (uint32_t)k);
}
const weyl_shape *weyl_in_shape(const weyl_graph *g, const weyl_node *node, int i) {
  return &g->values[node->in[i]].shape;
}

bool weyl_tensor_valid(weyl_tensor t) {
  return t.graph && t.generation == t.graph->generation && t.id < t.graph->n_values;
}
weyl_shape weyl_tensor_shape(weyl_tensor t) {
  return weyl_tensor_valid(t) ? t.graph->values[t.id].shape : (weyl_shape){0};
}
weyl_dtype weyl_tensor_dtype(weyl_tensor t) { return weyl_tensor_valid(t) ? t.graph->values[t.id].dtype : WEYL_F32; }
int weyl_rank(weyl_tensor t) { return weyl_tensor_shape(t).rank; }

int weyl_axis(weyl_graph *g, const char *op, weyl_tensor x, int axis) {
  const weyl_shape s = weyl_tensor_shape(x);
  const int a = axis < 0 ? axis + s.rank : axis;
  if (a < 0 || a >= s.rank) {
    char b[160];
    if (weyl_tensor_valid(x))
      (void)weyl_graph_fail(g, WEYL_BAD_ARG, "%s: axis %d of %s", op, axis, weyl_shape_text(&s, b));
    return -1;
  }
  return a;
}

int64_t weyl_dim_of(weyl_tensor t, int axis) {
  if (!weyl_tensor_valid(t)) return 0;
  const int a = weyl_axis(t.graph, "dim", t, axis);
  return a < 0 ? 0 : t.graph->values[t.id].shape.dim[a].n;
}

void weyl_watch(weyl_tensor value, const char *name) {
  if (!weyl_tensor_valid(value)) return;
  weyl_graph *g = value.graph;
  weyl_watching *w = weyl_arena_array(g->arena, weyl_watching, 1);
  char *text = weyl_arena_strdup(g->arena, name);
  if (!w || !text) {
    keep(g, WEYL_MEMORY);
    return;
  }
  *w = (weyl_watching){value.id, text, NULL};
  weyl_watching **at = &g->watched;
  while (*at) at = &(*at)->next;
  *at = w;
}

weyl_tensor weyl_watched(weyl_graph *g, const char *name, int i) {
  for (const weyl_watching *w = g->watched; w; w = w->next)
    if (strcmp(w->name, name) == 0 && i-- == 0) return weyl_tensor_of(g, w->value);
  return WEYL_NULL_TENSOR;
}

void weyl_assign(weyl_tensor variable, weyl_tensor value) {
  weyl_graph *g = variable.graph;
  if (!g || g->status != WEYL_OK) return;
  if (!weyl_tensor_valid(variable) || !weyl_tensor_valid(value) || value.graph != g) {
    (void)weyl_graph_fail(g, WEYL_BAD_ARG, "assign: variable and value must be tensors of one graph");
    return;
  }
  const weyl_node *leaf = g->nodes[g->values[variable.id].node];
  if (leaf->op != &weyl_op_variable && leaf->op != &weyl_op_variable_vector) {
    (void)weyl_graph_fail(g, WEYL_BAD_ARG, "assign: the target is the result of %s, not a variable", leaf->op->name);
    return;
  }
  if (!weyl_shape_equal(&g->values[variable.id].shape, &g->values[value.id].shape)) {
    char a[160], b[160];
    (void)weyl_graph_fail(g, WEYL_SHAPE, "assign: %s%s has shape %s, the value %s", leaf->scope,
                          leaf->name ? leaf->name : "", weyl_shape_text(&g->values[variable.id].shape, a),
                          weyl_shape_text(&g->values[value.id].shape, b));
    return;
  }
  /* a copy of its own, so that assignments may read each other's old values in any order */
  value = weyl_node_new(g, &weyl_op_copy, &value, 1, NULL, NULL);
  if (value.graph) (void)weyl_graph_append_assign(g, variable.id, value.id);
}

int32_t weyl_node_levels(const weyl_graph *g, const weyl_node *node, int32_t *level) {
  int32_t sharded_in = 0, whole_in = 0;
  bool in_phase = false;
  for (int i = 0; i < node->n_in; i++) {
    const bool sharded = weyl_shape_sharded(&g->values[node->in[i]].shape);
    int32_t *most = sharded ? &sharded_in : &whole_in;
    in_phase = in_phase || sharded;
    if (level[node->in[i]] > *most) *most = level[node->in[i]];
  }
  for (int k = 0; k < node->n_out; k++)
    in_phase = in_phase || weyl_shape_sharded(&g->values[node->first + (uint32_t)k].shape);
  const int32_t phase = sharded_in > whole_in + 1 ? sharded_in : whole_in + 1;
  for (int k = 0; k < node->n_out; k++) level[node->first + (uint32_t)k] = in_phase ? phase : whole_in;
  return in_phase ? phase : 0;
}

weyl_status weyl_graph_append_assign(weyl_graph *g, uint32_t variable, uint32_t value) {
  if (!grow(g, (void **)&g->assigns, &g->cap_assigns, g->n_assigns + 1, sizeof *g->assigns)) return WEYL_MEMORY;
  g->assigns[g->n_assigns++] = (weyl_assignment){variable, value};
  return WEYL_OK;
}
