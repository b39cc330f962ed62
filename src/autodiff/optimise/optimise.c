/* The passes: a graph is built again, each node offered to the rules. */
#include "optimise.h"

#include <stdlib.h>
#include <string.h>

/* ---- what WEYL_OPT asks for ---- */

static weyl_status unknown_rewrite(weyl_context *ctx, const char *text, size_t n) {
  char list[256];
  size_t at = 0;
#define WEYL_REWRITE(U, name, about) at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", name);
#include "rewrites.def"
#undef WEYL_REWRITE
  return weyl_fail(ctx, WEYL_BAD_ARG, "WEYL_OPT: no rewrite \"%.*s\": must be 0, 1, none, or some of %s", (int)n, text,
                   list);
}

weyl_status weyl_rewrites_asked(weyl_context *ctx, const char *text, unsigned *on, bool *reference) {
  *on = WEYL_REWRITE_ALL;
  *reference = false;
  if (!text || !text[0] || strcmp(text, "1") == 0) return WEYL_OK;
  if (strcmp(text, "0") == 0) {
    *reference = true;
    return WEYL_OK;
  }
  *on = 0;
  if (strcmp(text, "none") == 0) return WEYL_OK;
  const bool without = text[0] == '-';
  unsigned named = 0;
  for (const char *at = text + without; *at;) {
    const size_t n = strcspn(at, ",");
    unsigned found = 0;
#define WEYL_REWRITE(U, name, about) \
  if (n == strlen(name) && memcmp(at, name, n) == 0) found = 1u << WEYL_REWRITE_##U;
#include "rewrites.def"
#undef WEYL_REWRITE
    if (!found) return unknown_rewrite(ctx, at, n);
    named |= found;
    at += n + (at[n] == ',');
  }
  *on = without ? WEYL_REWRITE_ALL & ~named : named;
  return WEYL_OK;
}

/* ---- rules ---- */

weyl_tensor weyl_rewrite_call(weyl_graph *g, const weyl_call *call) {
  static const struct {
    weyl_rewrite switched;
    weyl_tensor (*rule)(weyl_graph *g, const weyl_call *call);
  } rules[] = {{WEYL_REWRITE_FOLD, weyl_rewrite_fold},   {WEYL_REWRITE_FOLD, weyl_rewrite_move},
               {WEYL_REWRITE_HOIST, weyl_rewrite_hoist}, {WEYL_REWRITE_SIGNS, weyl_rewrite_signs},
               {WEYL_REWRITE_CHAIN, weyl_rewrite_chain}, {WEYL_REWRITE_TRANSPOSE, weyl_rewrite_transpose},
               {WEYL_REWRITE_CSE, weyl_rewrite_equal}};
  weyl_rewriter *r = g->rewriter;
  if (r->depth > 32) return WEYL_NULL_TENSOR; /* rules that never end would be our bug; the node itself is right */
  weyl_tensor better = WEYL_NULL_TENSOR;
  r->depth++;
  for (size_t i = 0; i < sizeof rules / sizeof *rules && !better.graph && g->status == WEYL_OK; i++)
    if (r->on & 1u << rules[i].switched) better = rules[i].rule(g, call);
  r->depth--;
  return better;
}

const weyl_node *weyl_made_by(weyl_tensor t, const weyl_op *op) {
  const weyl_node *node = t.graph->nodes[t.graph->values[t.id].node];
  return node->op == op ? node : NULL;
}

weyl_value_facts weyl_facts(weyl_tensor t) {
  const weyl_rewriter *r = t.graph->rewriter;
  return t.id < r->cap_facts ? r->facts[t.id] : (weyl_value_facts){0};
}

bool weyl_whole(weyl_tensor t) { return !weyl_shape_sharded(&t.graph->values[t.id].shape); }

/* ---- passes ---- */

typedef struct rebuild {
  weyl_graph *from, *to;
  bool *live;
  weyl_value_facts *facts; /* of from's values */
  uint32_t *map;           /* from's values in to */
  weyl_rewriter rewriter;
} rebuild;

void weyl_mark_live(const weyl_graph *g, const uint32_t *outputs, int n, bool assigns, bool *live) {
  for (int k = 0; k < n; k++) live[g->values[outputs[k]].node] = true;
  for (uint32_t i = 0; assigns && i < g->n_assigns; i++)
    live[g->values[g->assigns[i].value].node] = live[g->values[g->assigns[i].variable].node] = true;
  for (uint32_t i = g->n_nodes; i-- > 0;)
    for (int k = 0; live[i] && k < g->nodes[i]->n_in; k++) live[g->values[g->nodes[i]->in[k]].node] = true;
}

static void count_uses(rebuild *b, const uint32_t *outputs, int n, bool assigns) {
  const weyl_graph *g = b->from;
  for (int k = 0; k < n; k++) b->facts[outputs[k]].uses++;
  for (uint32_t i = 0; assigns && i < g->n_assigns; i++) b->facts[g->assigns[i].value].uses++;
  for (uint32_t v = 0; v < g->n_values; v++) b->facts[v].sliced = b->facts[v].uses == 0;
  for (uint32_t i = 0; i < g->n_nodes; i++)
    for (int k = 0; b->live[i] && k < g->nodes[i]->n_in; k++) {
      weyl_value_facts *f = &b->facts[g->nodes[i]->in[k]];
      f->uses++;
      if (g->nodes[i]->op != &weyl_op_slice) f->sliced = false;
    }
}

/* What is known of a value holds for its image; images of several add up. */
static weyl_status learn(rebuild *b, uint32_t v, weyl_tensor image) {
  weyl_rewriter *r = &b->rewriter;
  if (image.id >= r->cap_facts) {
    const uint32_t cap = b->to->cap_values;
    weyl_value_facts *more = weyl_realloc(b->to->ctx, r->facts, cap, sizeof *more);
    if (!more) return WEYL_MEMORY;
    memset(more + r->cap_facts, 0, (cap - r->cap_facts) * sizeof *more);
    r->facts = more;
    r->cap_facts = cap;
  }
  weyl_value_facts *f = &r->facts[image.id];
  f->sliced = b->facts[v].sliced && (f->uses == 0 || f->sliced);
  f->uses += b->facts[v].uses;
  b->map[v] = image.id;
  return WEYL_OK;
}

/* A constant moves with its numbers: the graph that it was folded in goes. */
static weyl_status own_constant(weyl_graph *to, weyl_attr *attr) {
  const size_t n = (size_t)weyl_shape_size(&attr->shape, NULL, NULL), size = weyl_dtype_size((weyl_dtype)attr->flag);
  void *data = weyl_arena_alloc(to->arena, n, size);
  if (!data) return WEYL_MEMORY;
  memcpy(data, attr->data, n * size);
  attr->data = data;
  return WEYL_OK;
}

weyl_tensor weyl_copy_node(weyl_graph *to, const weyl_node *node, const weyl_tensor *in) {
  const char *scope = weyl_arena_strdup(to->arena, node->scope);
  weyl_attr attr = node->attr;
  if (!scope || (node->op == &weyl_op_constant && own_constant(to, &attr) != WEYL_OK)) {
    to->status = WEYL_MEMORY;
    return WEYL_NULL_TENSOR;
  }
  to->scope_text = scope;
  const weyl_tensor t = weyl_node_new(to, node->op, in, node->n_in, &attr, node->name);
  if (t.graph && node->op == &weyl_op_variable_vector) to->vector_node = to->values[t.id].node;
  return t;
}

weyl_status weyl_finish_copy(const weyl_graph *from, const uint32_t *map, uint32_t *outputs, int n, bool assigns,
                             weyl_graph *to) {
  for (int k = 0; k < n; k++) outputs[k] = map[outputs[k]];
  for (uint32_t i = 0; assigns && i < from->n_assigns; i++)
    WEYL_TRY(weyl_graph_append_assign(to, map[from->assigns[i].variable], map[from->assigns[i].value]));
  return WEYL_OK;
}

static weyl_status copy_nodes(rebuild *b) {
  const weyl_graph *g = b->from;
  weyl_tensor small[16];
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    const weyl_node *node = g->nodes[i];
    if (!b->live[i]) continue;
    weyl_tensor *in = node->n_in <= 16 ? small : weyl_arena_array(b->to->arena, weyl_tensor, node->n_in);
    if (!in) return WEYL_MEMORY;
    for (int k = 0; k < node->n_in; k++) in[k] = weyl_tensor_of(b->to, b->map[node->in[k]]);
    b->rewriter.source = node;
    const weyl_tensor t = weyl_copy_node(b->to, node, in);
    WEYL_TRY(weyl_graph_status(b->to));
    for (int k = 0; k < node->n_out; k++) WEYL_TRY(learn(b, node->first + (uint32_t)k, weyl_node_value(t, k)));
  }
  return WEYL_OK;
}

static weyl_status pass(weyl_graph *from, uint32_t *outputs, int n, bool assigns, unsigned on, bool layout,
                        weyl_graph **out) {
  rebuild b = {.from = from, .rewriter = {.on = on, .layout = layout}};
  weyl_context *ctx = from->ctx;
  weyl_status status = WEYL_MEMORY;
  *out = NULL;
  b.live = weyl_alloc(ctx, from->n_nodes + 1, sizeof *b.live);
  b.facts = weyl_alloc(ctx, from->n_values + 1, sizeof *b.facts);
  b.map = weyl_alloc(ctx, from->n_values + 1, sizeof *b.map);
  b.rewriter.buckets = 1024;
  b.rewriter.bucket = weyl_alloc(ctx, b.rewriter.buckets, sizeof *b.rewriter.bucket);
  if (!b.live || !b.facts || !b.map || !b.rewriter.bucket) goto done;
  memset(b.rewriter.bucket, 0xff, b.rewriter.buckets * sizeof *b.rewriter.bucket);
  WEYL_GOTO(weyl_graph_new(ctx, from->vars, from->training, &b.to));
  b.to->rewriter = &b.rewriter;
  b.rewriter.from = from;
  b.rewriter.live = b.live;
  b.rewriter.map = b.map;
  weyl_mark_live(from, outputs, n, assigns, b.live);
  count_uses(&b, outputs, n, assigns);
  WEYL_GOTO(copy_nodes(&b));
  b.to->rewriter = NULL;
  WEYL_GOTO(weyl_finish_copy(from, b.map, outputs, n, assigns, b.to));
  *out = b.to;
  b.to = NULL;
done:
  weyl_graph_free(b.to);
  weyl_dealloc(ctx, b.live);
  weyl_dealloc(ctx, b.facts);
  weyl_dealloc(ctx, b.map);
  weyl_dealloc(ctx, b.rewriter.facts);
  weyl_dealloc(ctx, b.rewriter.bucket);
  weyl_dealloc(ctx, b.rewriter.next);
  return status;
}

weyl_status weyl_optimise(weyl_graph *from, const uint32_t *outputs, int n, bool assigns, unsigned on, weyl_graph **to,
                          uint32_t *out) {
  /* The second pass sees what the first one left without readers; the last one lays out operands. */
  enum { PASSES = 3 };
  weyl_graph *g = from;
  for (int k = 0; k < n; k++) out[k] = outputs[k];
  for (int i = 0; i < PASSES; i++) {
    weyl_graph *next = NULL;
    const weyl_status status = pass(g, out, n, assigns, on, i == PASSES - 1, &next);
    if (g != from) weyl_graph_free(g);
    if (status != WEYL_OK) return status;
    g = next;
  }
  static const struct {
    weyl_rewrite switched;
    weyl_status (*build)(weyl_graph *from, uint32_t *outputs, int n, bool assigns, weyl_graph **to);
  } last[] = {{WEYL_REWRITE_RECOMPUTE, weyl_recompute}, {WEYL_REWRITE_FUSE, weyl_fuse}};
  for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
    if (!(on & 1u << last[i].switched)) continue;
    weyl_graph *next = NULL;
    const weyl_status status = last[i].build(g, out, n, assigns, &next);
    weyl_graph_free(g);
    if (status != WEYL_OK) return status;
    g = next;
  }
  *to = g;
  return WEYL_OK;
}
