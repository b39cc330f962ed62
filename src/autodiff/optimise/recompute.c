/* Cheap numbers of an earlier phase are made again where a later phase reads them, from the one array that they follow
 * from: nothing is written for the whole batch but that array. A batch norm then keeps its input, and neither the
 * differences from the mean nor what is normalised and activated. */
#include "optimise.h"

#include <string.h>

#define NOTHING    UINT32_MAX
#define CHAIN_MOST 24

/* ---- another reader's phase: input 0, to be read when the whole input 1 is there ---- */

static weyl_status later_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  out->shape = *weyl_in_shape(g, node, 0);
  out->dtype = weyl_value_of(g, node->in[0])->dtype;
  return WEYL_OK;
}

static weyl_status later_eval(const weyl_eval *e) {
  if (e->out[0].data != e->in[0].data)
    memcpy(e->out[0].data, e->in[0].data, (size_t)weyl_view_size(&e->out[0]) * weyl_dtype_size(e->out[0].dtype));
  return WEYL_OK;
}

static const weyl_op later = {.name = "later", .flags = WEYL_OP_ALIAS, .shape = later_shape, .eval = later_eval};

/* ---- what follows from one array ---- */

typedef struct origin {
  uint32_t source; /* sharded array that the value follows from; itself where it is no cheap function of one */
  int32_t chain;   /* nodes between */
} origin;

typedef struct copying {
  const weyl_graph *from;
  weyl_graph *to;
  const bool *live;
  int32_t *level; /* weyl_node_levels */
  bool *sharded;
  origin *origin;
  uint32_t *map;     /* values in `to` */
  uint32_t *token;   /* [phases + 1] whole value of `to` that is there one stage before */
  uint32_t *remade;  /* values in `to` of the phase in hand, */
  int32_t *in_phase; /* for which remade is right */
} copying;

static bool cheap(const weyl_op *op) {
  static const weyl_op *const ops[] = {&weyl_op_add, &weyl_op_sub,  &weyl_op_mul,     &weyl_op_max,      &weyl_op_min,
                                       &weyl_op_lt,  &weyl_op_le,   &weyl_op_eq,      &weyl_op_where,    &weyl_op_neg,
                                       &weyl_op_abs, &weyl_op_sign, &weyl_op_reshape, &weyl_op_broadcast};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (op == ops[i]) return true;
  return false;
}

static void find_origin(copying *c, const weyl_node *node) {
  const weyl_graph *g = c->from;
  for (int k = 0; k < node->n_out; k++) c->origin[node->first + (uint32_t)k] = (origin){node->first + (uint32_t)k, 0};
  if (!c->sharded[node->first] || !cheap(node->op)) return;
  origin o = {NOTHING, 1};
  for (int i = 0; i < node->n_in; i++) {
    const uint32_t v = node->in[i];
    if (!c->sharded[v]) continue;
    const origin from = c->origin[v];
    if (from.source == NOTHING) continue;
    if (o.source != NOTHING && o.source != from.source) return;
    o.source = from.source;
    o.chain += from.chain;
  }
  /* no larger array may stand for a smaller one */
  if (o.source != NOTHING) {
    int64_t ones[WEYL_COUNTS];
    for (int k = 0; k < WEYL_COUNTS; k++) ones[k] = 1;
    if (weyl_shape_size(&g->values[o.source].shape, ones, ones) >
        weyl_shape_size(&g->values[node->first].shape, ones, ones))
      return;
  }
  if (o.chain <= CHAIN_MOST) c->origin[node->first] = o;
}

/* ---- building ---- */

/* Value v made again for a phase. */
static weyl_status remake(copying *c, uint32_t v, int32_t phase, uint32_t *out) {
  const weyl_graph *g = c->from;
  if (c->in_phase[v] == phase) {
    *out = c->remade[v];
    return WEYL_OK;
  }
  const weyl_node *node = g->nodes[g->values[v].node];
  weyl_tensor t, in[4];
  if (c->origin[v].source == v) {
    in[0] = weyl_tensor_of(c->to, c->map[v]);
    in[1] = weyl_tensor_of(c->to, c->token[phase]);
    c->to->scope_text = weyl_arena_strdup(c->to->arena, node->scope);
    if (!c->to->scope_text) return WEYL_MEMORY;
    t = weyl_node_new(c->to, &later, in, 2, NULL, NULL);
  } else {
    for (int i = 0; i < node->n_in; i++) {
      const uint32_t u = node->in[i];
      uint32_t made = c->map[u];
      if (c->sharded[u] && c->origin[u].source != NOTHING) WEYL_TRY(remake(c, u, phase, &made));
      in[i] = weyl_tensor_of(c->to, made);
    }
    t = weyl_copy_node(c->to, node, in);
  }
  WEYL_TRY(weyl_graph_status(c->to));
  c->in_phase[v] = phase;
  *out = c->remade[v] = t.id;
  return WEYL_OK;
}

static weyl_status copy_nodes(copying *c) {
  const weyl_graph *g = c->from;
  weyl_tensor small[16];
  for (uint32_t n = 0; n < g->n_nodes; n++) {
    const weyl_node *node = g->nodes[n];
    if (!c->live[n]) continue;
    const int32_t phase = weyl_node_levels(g, node, c->level);
    for (int k = 0; k < node->n_out; k++)
      c->sharded[node->first + (uint32_t)k] = weyl_shape_sharded(&g->values[node->first + (uint32_t)k].shape);
    find_origin(c, node);
    weyl_tensor *in = node->n_in <= 16 ? small : weyl_arena_array(c->to->arena, weyl_tensor, node->n_in);
    if (!in) return WEYL_MEMORY;
    for (int i = 0; i < node->n_in; i++) {
      const uint32_t v = node->in[i], source = c->origin[v].source;
      uint32_t made = c->map[v];
      if (c->sharded[v] && source != v && source != NOTHING && phase > c->level[v] && c->token[phase] != NOTHING)
        WEYL_TRY(remake(c, v, phase, &made));
      in[i] = weyl_tensor_of(c->to, made);
    }
    const weyl_tensor t = weyl_copy_node(c->to, node, in);
    WEYL_TRY(weyl_graph_status(c->to));
    for (int k = 0; k < node->n_out; k++) {
      const uint32_t v = node->first + (uint32_t)k;
      c->map[v] = weyl_node_value(t, k).id;
      if (!c->sharded[v] && c->token[c->level[v] + 1] == NOTHING) c->token[c->level[v] + 1] = c->map[v];
    }
  }
  return WEYL_OK;
}

weyl_status weyl_recompute(weyl_graph *from, uint32_t *outputs, int n, bool assigns, weyl_graph **out) {
  weyl_context *ctx = from->ctx;
  weyl_arena *tmp = NULL;
  weyl_status status = WEYL_MEMORY;
  *out = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &tmp));
  const size_t values = from->n_values + 1, levels = from->n_nodes + 3;
  copying c = {.from = from};
  bool *live = weyl_arena_array(tmp, bool, from->n_nodes + 1);
  c.level = weyl_arena_array(tmp, int32_t, values);
  c.sharded = weyl_arena_array(tmp, bool, values);
  c.origin = weyl_arena_array(tmp, origin, values);
  c.map = weyl_arena_array(tmp, uint32_t, values);
  c.token = weyl_arena_array(tmp, uint32_t, levels);
  c.remade = weyl_arena_array(tmp, uint32_t, values);
  c.in_phase = weyl_arena_array(tmp, int32_t, values);
  c.live = live;
  if (!live || !c.level || !c.sharded || !c.origin || !c.map || !c.token || !c.remade || !c.in_phase) goto done;
  memset(c.token, 0xff, levels * sizeof *c.token);
  WEYL_GOTO(weyl_graph_new(ctx, from->vars, from->training, &c.to));
  weyl_mark_live(from, outputs, n, assigns, live);
  WEYL_GOTO(copy_nodes(&c));
  WEYL_GOTO(weyl_finish_copy(from, c.map, outputs, n, assigns, c.to));
  *out = c.to;
  c.to = NULL;
done:
  weyl_graph_free(c.to);
  weyl_arena_free(tmp);
  return status;
}
