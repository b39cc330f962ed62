/* Elementwise nodes, with the rows they gather and the sums they end in, become single steps (engine findings, 5 and
 * 7): the graph is built once more, a cluster at a time. */
#include "cluster.h"
#include "optimise.h"

#include <string.h>

typedef struct emission emission;
typedef struct builder {
  const weyl_clusters *c;
  emission *emission;
  weyl_graph *to;
  uint32_t *map;       /* values */
  bool *outside;       /* values that are read outside of their cluster */
  bool *done;          /* by node */
  weyl_rowwise *steps; /* of the cluster in hand */
} builder;

struct emission { /* a cluster being built */
  builder *b;
  weyl_fused_step steps[WEYL_FUSED_STEPS];
  weyl_value outputs[WEYL_FUSED_OUTPUTS];
  uint32_t output_value[WEYL_FUSED_OUTPUTS], input[WEYL_FUSED_INPUTS];
  int n_steps, n_outputs, n_inputs, registers;
  uint32_t held[WEYL_FUSED_STEPS]; /* value in each register, WEYL_NOBODY when free */
};

static int input_number(emission *e, uint32_t v) {
  for (int i = 0; i < e->n_inputs; i++)
    if (e->input[i] == v) return i;
  e->input[e->n_inputs] = v;
  return e->n_inputs++;
}

static weyl_fused_operand operand(emission *e, const weyl_row_source *o, uint32_t k, int64_t width) {
  const weyl_clusters *c = e->b->c;
  weyl_fused_operand to = {.index = -1,
                           .div = o->div,
                           .times = o->times,
                           .rest = o->rest,
                           .one = o->one,
                           .stride = o->one      ? 1
                                     : o->stride ? o->stride
                                                 : width,
                           .offset = o->offset};
  if (c->of[c->g->values[o->value].node] != k) {
    to.place = WEYL_FUSED_INPUT;
    to.n = input_number(e, o->value);
  } else if (e->b->outside[o->value]) {
    to.place = WEYL_FUSED_OUTPUT;
    for (int i = 0; i < e->n_outputs; i++)
      if (e->output_value[i] == o->value) to.n = i;
  } else {
    to.place = WEYL_FUSED_REGISTER;
    for (int i = 0; i < e->registers; i++)
      if (e->held[i] == o->value) to.n = i;
  }
  if (o->index != WEYL_NOBODY) to.index = input_number(e, o->index);
  return to;
}

static weyl_fused_operand result(emission *e, uint32_t v, const weyl_row_source *o, int64_t width) {
  weyl_fused_operand to = {
      .index = -1, .div = o->div, .times = o->times, .rest = o->rest, .one = o->one, .stride = o->one ? 1 : width};
  if (e->b->outside[v]) {
    to.place = WEYL_FUSED_OUTPUT;
    to.n = e->n_outputs;
    e->outputs[e->n_outputs] = e->b->c->g->values[v];
    e->output_value[e->n_outputs++] = v;
    if (o->index != WEYL_NOBODY) to.index = input_number(e, o->index);
    return to;
  }
  to.place = WEYL_FUSED_REGISTER;
  to.n = 0;
  while (to.n < e->registers && e->held[to.n] != WEYL_NOBODY) to.n++;
  if (to.n == e->registers) e->registers++;
  e->held[to.n] = v;
  return to;
}

static bool reads(const weyl_rowwise *step, uint32_t v) {
  for (int i = 0; i < step->n_in; i++)
    if (step->in[i].value == v) return true;
  return false;
}

/* Whether a member behind member m of the cluster reads v. */
static bool read_later(const weyl_rowwise *step, int m, int members, uint32_t v) {
  for (int i = m + 1; i < members; i++)
    if (reads(&step[i], v)) return true;
  return false;
}

/* ---- steps that become one ---- */

static bool same_place(const weyl_fused_operand *a, const weyl_fused_operand *b) {
  return a->place == b->place && a->n == b->n;
}

/* Whether a step behind k reads a register that k leaves alone. */
static bool register_read(const emission *e, int k, const weyl_fused_operand *r) {
  for (int o = 0; o < 2; o++)
    if (same_place(&e->steps[k].out[o], r)) return false;
  for (int i = k + 1; i < e->n_steps; i++) {
    for (int a = 0; a <= WEYL_ROW_ADDENDS; a++)
      if (same_place(&e->steps[i].in[a], r)) return true;
    for (int o = 0; o < 2; o++)
      if (same_place(&e->steps[i].out[o], r)) return false;
  }
  return false;
}

static int addends(const weyl_fused_step *s) {
  if (s->kind == WEYL_ROW_ADDS) return s->in[WEYL_ROW_ADDENDS].place == WEYL_FUSED_NOTHING ? s->f : 0;
  return s->kind == WEYL_ROW_BINARY && s->f == WEYL_BINARY_ADD ? 2 : 0;
}

/* Sums of sums, sums times an array and silu of sums, when nobody else reads the sum: one pass instead of several. */
static void merge_steps(emission *e, int64_t width) {
  for (int k = 0; k + 1 < e->n_steps;) {
    weyl_fused_step *s = &e->steps[k], *next = &e->steps[k + 1], merged;
    const weyl_fused_operand *sum = &s->out[0];
    const int n = addends(s), more = addends(next);
    int at = -1, times = 0;
    bool narrow = false; /* a number for all of a row is spread by the loops of two operands alone */
    for (int i = 0; i < 2; i++) {
      if (same_place(&next->in[i], sum)) {
        at = i;
        times++;
      }
      narrow = narrow || (width > 1 && (s->in[i].one || next->in[i].one));
    }
    const bool fits =
        n > 0 && times == 1 && !narrow && sum->place == WEYL_FUSED_REGISTER && !register_read(e, k + 1, sum);
    merged = *s;
    merged.kind = WEYL_ROW_ADDS;
    merged.f = n;
    memcpy(merged.out, next->out, sizeof merged.out);
    if (fits && more == 2 && next->kind == WEYL_ROW_BINARY && n < WEYL_ROW_ADDENDS) {
      merged.in[n] = next->in[1 - at];
      merged.f = n + 1;
    } else if (fits && next->kind == WEYL_ROW_BINARY && next->f == WEYL_BINARY_MUL) {
      merged.in[WEYL_ROW_ADDENDS] = next->in[1 - at];
    } else if (fits && next->kind == WEYL_ROW_SILU && at == 0 && next->f == 0) {
      merged.kind = WEYL_ROW_SILU;
    } else {
      k++;
      continue;
    }
    *s = merged;
    memmove(next, next + 1, (size_t)(e->n_steps - k - 2) * sizeof *next);
    e->n_steps--;
  }
}

static bool adds_rows(const emission *e) {
  for (int k = 0; k < e->n_steps; k++)
    if (e->steps[k].kind == WEYL_ROW_ADD_INTO || e->steps[k].kind == WEYL_ROW_ADD_ALL) return true;
  return false;
}

static void read_members(const builder *b, uint32_t k, weyl_rowwise *step) {
  const weyl_cluster *c = &b->c->cluster[k];
  for (int m = 0; m < c->members; m++)
    (void)weyl_rowwise_read(b->c->g, b->c->g->nodes[c->member[m]], c->width, &step[m]);
}

/* Registers that nobody behind member m reads are free for its result, but not those of a number a row that it reads:
 * it is read again for every number of the row. */
static void free_registers(emission *e, const weyl_rowwise *step, int m, int members, bool several) {
  for (int i = 0; i < e->registers; i++) {
    if (e->held[i] == WEYL_NOBODY || read_later(step, m, members, e->held[i])) continue;
    bool now = false;
    for (int a = 0; a < step[m].n_in; a++)
      now = now || (step[m].in[a].value == e->held[i] && (step[m].in[a].one || several));
    if (!now) e->held[i] = WEYL_NOBODY;
  }
}

static weyl_status emit_cluster(builder *b, uint32_t k) {
  const weyl_cluster *c = &b->c->cluster[k];
  const weyl_graph *g = b->c->g;
  const int64_t width = c->width;
  emission *e = b->emission;
  weyl_rowwise *step = b->steps;
  weyl_fused *fused = weyl_arena_array(b->to->arena, weyl_fused, 1);
  if (!fused) return WEYL_MEMORY;
  *e = (emission){.b = b};
  for (int i = 0; i < WEYL_FUSED_STEPS; i++) e->held[i] = WEYL_NOBODY;
  read_members(b, k, step);
  for (int m = 0; m < c->members; m++) {
    const weyl_node *node = g->nodes[c->member[m]];
    weyl_fused_step *s = &e->steps[e->n_steps++];
    s->kind = step[m].kind;
    s->f = step[m].f;
    for (int i = 0; i < step[m].n_in; i++) s->in[i] = operand(e, &step[m].in[i], k, width);
    free_registers(e, step, m, c->members, node->n_out > 1);
    for (int o = 0; o < node->n_out; o++) {
      const uint32_t v = node->first + (uint32_t)o;
      if (b->outside[v] || read_later(step, m, c->members, v)) s->out[o] = result(e, v, &step[m].out, width);
    }
    fused->operations += (double)width * (node->op == &weyl_op_silu ? 4 : 1);
    b->done[node->id] = true;
  }
  const weyl_node *first = g->nodes[c->member[0]];
  fused->rows = *weyl_rowwise_domain(g, first);
  fused->rows.rank = weyl_rowwise_cut(&fused->rows, width);
  merge_steps(e, width);
  fused->width = width;
  fused->n_steps = e->n_steps;
  fused->registers = e->registers;
  fused->steps = weyl_arena_array(b->to->arena, weyl_fused_step, e->n_steps);
  fused->outputs = weyl_arena_array(b->to->arena, weyl_value, e->n_outputs);
  const char *scope = weyl_arena_strdup(b->to->arena, first->scope);
  if (!fused->steps || !fused->outputs || !scope) return WEYL_MEMORY;
  memcpy(fused->steps, e->steps, (size_t)e->n_steps * sizeof *e->steps);
  memcpy(fused->outputs, e->outputs, (size_t)e->n_outputs * sizeof *e->outputs);
  weyl_tensor in[WEYL_FUSED_INPUTS];
  for (int i = 0; i < e->n_inputs; i++) in[i] = weyl_tensor_of(b->to, b->map[e->input[i]]);
  b->to->scope_text = scope;
  const weyl_tensor t = weyl_node_new(b->to, &weyl_op_fused, in, e->n_inputs,
                                      &(weyl_attr){.n = e->n_outputs, .flag = !adds_rows(e), .data = fused}, NULL);
  WEYL_TRY(weyl_graph_status(b->to));
  for (int i = 0; i < e->n_outputs; i++) b->map[e->output_value[i]] = weyl_node_value(t, i).id;
  return WEYL_OK;
}

static weyl_status emit_node(builder *b, const weyl_node *node) {
  weyl_tensor small[16], *in = small;
  if (node->n_in > 16) in = weyl_arena_array(b->to->arena, weyl_tensor, node->n_in);
  if (!in) return WEYL_MEMORY;
  for (int i = 0; i < node->n_in; i++) in[i] = weyl_tensor_of(b->to, b->map[node->in[i]]);
  const weyl_tensor t = weyl_copy_node(b->to, node, in);
  WEYL_TRY(weyl_graph_status(b->to));
  for (int k = 0; k < node->n_out; k++) b->map[node->first + (uint32_t)k] = weyl_node_value(t, k).id;
  b->done[node->id] = true;
  return WEYL_OK;
}

/* What a unit reads: of a cluster, what its members read from outside. */
static bool ready(const builder *b, uint32_t v) { return b->done[b->c->g->values[v].node]; }

static bool node_ready(const builder *b, const weyl_node *node) {
  for (int i = 0; i < node->n_in; i++)
    if (!ready(b, node->in[i])) return false;
  return true;
}

static bool cluster_ready(const builder *b, uint32_t k) {
  const weyl_cluster *c = &b->c->cluster[k];
  for (int i = 0; i < c->inputs; i++)
    if (!ready(b, c->input[i])) return false;
  return true;
}

/* Values that somebody reads who is not in their cluster: the graph's outputs, other nodes, other clusters. Nodes that
 * only clusters look through (gathers, repetitions, reshapes) and nobody else reads are not built. */
static void find_outside(builder *b, const uint32_t *outputs, int n_outputs, bool assigns, bool *wanted) {
  const weyl_clusters *c = b->c;
  const weyl_graph *g = c->g;
  for (int k = 0; k < n_outputs; k++) wanted[outputs[k]] = true;
  for (uint32_t i = 0; assigns && i < g->n_assigns; i++)
    wanted[g->assigns[i].value] = wanted[g->assigns[i].variable] = true;
  for (uint32_t k = 0; k < c->n; k++)
    for (int i = 0; c->cluster[k].members && i < c->cluster[k].inputs; i++) wanted[c->cluster[k].input[i]] = true;
  for (uint32_t n = g->n_nodes; n-- > 0;) {
    const weyl_node *node = g->nodes[n];
    if (!c->live[n] || c->of[n] != WEYL_NOBODY) continue;
    bool any = false;
    for (int k = 0; k < node->n_out; k++) any = any || wanted[node->first + (uint32_t)k];
    if (any)
      for (int i = 0; i < node->n_in; i++) wanted[node->in[i]] = true;
  }
  memcpy(b->outside, wanted, g->n_values * sizeof *wanted);
}

/* Builds what node n belongs to, if all that it reads is there; a node that is looked through only counts as built. */
static weyl_status build_unit(builder *b, uint32_t n, bool *built) {
  const weyl_node *node = b->c->g->nodes[n];
  const uint32_t k = b->c->of[n];
  bool any = false;
  *built = true;
  if (k != WEYL_NOBODY) {
    if (cluster_ready(b, k)) return emit_cluster(b, k);
    *built = false;
    return WEYL_OK;
  }
  for (int o = 0; o < node->n_out; o++) any = any || b->outside[node->first + (uint32_t)o];
  if (!any) {
    b->done[n] = true;
    return WEYL_OK;
  }
  if (node_ready(b, node)) return emit_node(b, node);
  *built = false;
  return WEYL_OK;
}

static weyl_status build(builder *b) {
  const weyl_graph *g = b->c->g;
  uint32_t first = 0, n = 0;
  while (first < g->n_nodes) {
    bool built = false;
    if (!b->c->live[first] || b->done[first]) {
      n = ++first;
      continue;
    }
    if (b->c->live[n] && !b->done[n]) WEYL_TRY(build_unit(b, n, &built));
    n = built ? first : n + 1; /* what waited for it comes first */
    if (n == g->n_nodes) return weyl_fail(g->ctx, WEYL_BUG, "fuse: %s cannot be ordered", g->nodes[first]->op->name);
  }
  return WEYL_OK;
}

weyl_status weyl_fuse(weyl_graph *from, uint32_t *outputs, int n, bool assigns, weyl_graph **out) {
  weyl_context *ctx = from->ctx;
  weyl_arena *tmp = NULL;
  weyl_status status = WEYL_MEMORY;
  *out = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &tmp));
  weyl_clusters clusters;
  builder b = {.c = &clusters};
  bool *live = weyl_arena_array(tmp, bool, from->n_nodes + 1),
       *wanted = weyl_arena_array(tmp, bool, from->n_values + 1);
  b.map = weyl_arena_array(tmp, uint32_t, from->n_values + 1);
  b.outside = weyl_arena_array(tmp, bool, from->n_values + 1);
  b.done = weyl_arena_array(tmp, bool, from->n_nodes + 1);
  b.emission = weyl_arena_array(tmp, emission, 1);
  b.steps = weyl_arena_array(tmp, weyl_rowwise, WEYL_FUSED_STEPS);
  if (!live || !wanted || !b.map || !b.outside || !b.done || !b.emission || !b.steps) goto done;
  weyl_mark_live(from, outputs, n, assigns, live);
  WEYL_GOTO(weyl_find_clusters(from, live, tmp, &clusters));
  find_outside(&b, outputs, n, assigns, wanted);
  WEYL_GOTO(weyl_graph_new(ctx, from->vars, from->training, &b.to));
  WEYL_GOTO(build(&b));
  WEYL_GOTO(weyl_finish_copy(from, b.map, outputs, n, assigns, b.to));
  *out = b.to;
  b.to = NULL;
done:
  weyl_graph_free(b.to);
  weyl_arena_free(tmp);
  return status;
}
