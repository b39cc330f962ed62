/* Compilation: what is needed, in which phase, and where its memory is. */
#include "program.h"

#include "optimise/optimise.h"

#include <stdlib.h>
#include <string.h>

weyl_program_opts weyl_program_defaults(void) { return (weyl_program_opts){.lanes = 4}; }

static void *need(weyl_program *p, size_t n, size_t size, weyl_status *status) {
  void *block = weyl_arena_alloc(p->arena, n ? n : 1, size);
  if (!block) *status = WEYL_MEMORY;
  return block;
}

/* ---- what is needed ------------------------------------------------------------------------------------------------
 */

static void mark_live(weyl_program *p) {
  weyl_mark_live(p->graph, p->outputs, p->n_outputs, p->assigns, p->live);
  for (uint32_t n = 0; n < p->n_nodes; n++) p->n_live += p->live[n];
}

/* ---- phases and stages ----------------------------------------------------------------------------------------------
 */

static weyl_status assign_levels(weyl_program *p, int32_t *level) {
  const weyl_graph *g = p->graph;
  for (uint32_t n = 0; n < p->n_nodes; n++) {
    if (!p->live[n]) continue;
    const weyl_node *node = g->nodes[n];
    const int32_t phase = weyl_node_levels(g, node, level);
    for (int k = 0; k < node->n_out; k++) {
      const uint32_t v = node->first + (uint32_t)k;
      weyl_home *h = &p->home[v];
      h->sharded = weyl_shape_sharded(&g->values[v].shape);
      h->reduction = !h->sharded && phase > 0;
      h->level = level[v];
      if (h->reduction && !(node->op->flags & WEYL_OP_REDUCES)) {
        char b[160];
        return weyl_fail(p->ctx, WEYL_SHAPE,
                         "%s (%s) makes the whole value %s from sharded ones: that needs a sum, a maximum or collect",
                         node->op->name, node->scope, weyl_shape_text(&g->values[v].shape, b));
      }
      if (h->level > p->phases) p->phases = h->level;
    }
  }
  return WEYL_OK;
}

/* ---- where values live
 * ------------------------------------------------------------------------------------------------- */

/* A view is possible if everything that reads it can read broadcast strides. */
static void mark_strided_readers(const weyl_program *p, bool *dense_reader) {
  const weyl_graph *g = p->graph;
  for (uint32_t n = 0; n < p->n_nodes; n++) {
    if (!p->live[n]) continue;
    const weyl_node *node = g->nodes[n];
    if (!(node->op->flags & (WEYL_OP_STRIDED | WEYL_OP_STRIDED_IN)))
      for (int i = 0; i < node->n_in; i++) dense_reader[node->in[i]] = true;
  }
  for (int k = 0; k < p->n_outputs; k++) dense_reader[p->outputs[k]] = true;
}

static void choose_places(weyl_program *p, const bool *dense_reader) {
  const weyl_graph *g = p->graph;
  for (uint32_t n = 0; n < p->n_nodes; n++) {
    if (!p->live[n]) continue;
    const weyl_node *node = g->nodes[n];
    for (int k = 0; k < node->n_out; k++) {
      const uint32_t v = node->first + (uint32_t)k;
      weyl_home *h = &p->home[v];
      h->base = v;
      h->slot = h->lane_slot = h->part_slot = WEYL_NONE;
      if (node->op == &weyl_op_input) {
        h->place = WEYL_PLACE_INPUT;
        h->slot = (uint32_t)p->n_inputs;
        p->inputs[p->n_inputs++] = v;
      } else if (node->op == &weyl_op_constant) {
        h->place = WEYL_PLACE_CONSTANT;
      } else if (node->op->flags & WEYL_OP_LEAF) {
        h->place = WEYL_PLACE_VARIABLE;
      } else if (!p->reference && node->op->flags & WEYL_OP_ALIAS && p->home[node->in[0]].place != WEYL_PLACE_VIEW) {
        h->place = WEYL_PLACE_ALIAS;
        h->base = p->home[node->in[0]].base;
        h->level = p->home[node->in[0]].level;
      } else if (!p->reference && node->op->flags & WEYL_OP_VIEW && !dense_reader[v]) {
        h->place = WEYL_PLACE_VIEW;
        h->base = p->home[node->in[0]].base;
      } else {
        h->place = h->sharded ? WEYL_PLACE_WORK : WEYL_PLACE_WHOLE;
      }
    }
  }
}

static bool has_memory(const weyl_home *h) {
  return h->place == WEYL_PLACE_WORK || h->place == WEYL_PLACE_WHOLE || h->place == WEYL_PLACE_KEPT ||
         h->place == WEYL_PLACE_TARGET;
}
bool weyl_program_runs(const weyl_program *p, uint32_t node) {
  const weyl_node *n = p->graph->nodes[node];
  bool any = false;
  for (int k = 0; k < n->n_out; k++) any = any || has_memory(&p->home[n->first + (uint32_t)k]);
  return p->live[node] && any;
}
bool weyl_home_in_phase(const weyl_home *h) { return h->sharded || h->reduction; }

/* Values of one phase read in another one are kept for the whole batch; so are outputs. */
static void mark_kept(weyl_program *p) {
  const weyl_graph *g = p->graph;
  for (uint32_t n = 0; n < p->n_nodes; n++) {
    if (!weyl_program_runs(p, n)) continue;
    const weyl_node *node = g->nodes[n];
    const weyl_home *mine = &p->home[node->first];
    for (int i = 0; i < node->n_in; i++) {
      weyl_home *base = &p->home[p->home[node->in[i]].base];
      if (base->place == WEYL_PLACE_WORK && weyl_home_in_phase(mine) && base->level != mine->level)
        base->place = WEYL_PLACE_KEPT;
    }
  }
  for (int k = 0; k < p->n_outputs; k++) {
    weyl_home *base = &p->home[p->home[p->outputs[k]].base];
    if (base->place == WEYL_PLACE_WORK) base->place = WEYL_PLACE_KEPT;
  }
}

static weyl_status list_steps(weyl_program *p) {
  const weyl_graph *g = p->graph;
  weyl_status status = WEYL_OK;
  p->phase = need(p, (size_t)p->phases + 1, sizeof *p->phase, &status);
  p->stage = need(p, (size_t)p->phases + 1, sizeof *p->stage, &status);
  if (status != WEYL_OK) return status;
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t n = 0; n < p->n_nodes; n++) {
      if (!weyl_program_runs(p, n)) continue;
      const weyl_home *h = &p->home[g->nodes[n]->first];
      weyl_steps *list = weyl_home_in_phase(h) ? &p->phase[h->level] : &p->stage[h->level];
      if (pass == 1) list->item[list->n].node = n;
      list->n++;
    }
    if (pass == 0)
      for (int32_t l = 0; l <= p->phases; l++) {
        p->phase[l].item = need(p, p->phase[l].n, sizeof(weyl_step), &status);
        p->stage[l].item = need(p, p->stage[l].n, sizeof(weyl_step), &status);
        p->phase[l].n = p->stage[l].n = 0;
      }
    if (status != WEYL_OK) return status;
  }
  uint32_t position = 1;
  for (int32_t l = 0; l <= p->phases; l++) {
    for (uint32_t i = 0; i < p->phase[l].n; i++) p->phase[l].item[i].position = position++;
    for (uint32_t i = 0; i < p->stage[l].n; i++) p->stage[l].item[i].position = position++;
  }
  p->positions = position;
  return WEYL_OK;
}

/* ---- variables written in place
 * ------------------------------------------------------------------------------------------------------------ */

static bool is_output(const weyl_program *p, uint32_t base) {
  for (int k = 0; k < p->n_outputs; k++)
    if (p->home[p->outputs[k]].base == base) return true;
  return false;
}

/* Whether v is a leaf with numbers of this variable: itself, the vector of all parameters, or a part of it. */
static bool overlaps(const weyl_graph *g, uint32_t v, uint32_t variable) {
  const weyl_node *a = g->nodes[g->values[v].node], *b = g->nodes[g->values[variable].node];
  const bool vector = a->op == &weyl_op_variable_vector || b->op == &weyl_op_variable_vector;
  if (a->op != &weyl_op_variable && a->op != &weyl_op_variable_vector) return false;
  return a->attr.axis == b->attr.axis && (vector || a->attr.n == b->attr.n);
}

/* Whether an assignment can be made by the step `node` itself: nobody else wants the old value or this copy of the new
 * one, and the step has read each old number before it writes there. */
static bool in_place(const weyl_program *p, const weyl_node *node, const weyl_assignment *a) {
  const weyl_graph *g = p->graph;
  const weyl_home *h = &p->home[a->value];
  if (h->place != WEYL_PLACE_WHOLE || is_output(p, a->value)) return false;
  for (uint32_t i = 0; i < g->n_assigns; i++)
    if (&g->assigns[i] != a &&
        (overlaps(g, g->assigns[i].variable, a->variable) || p->home[g->assigns[i].value].base == a->value ||
         p->home[g->assigns[i].value].base == a->variable))
      return false;
  for (int i = 0; i < node->n_in; i++) {
    const weyl_home *x = &p->home[node->in[i]];
    const bool same = x->base == a->variable;
    if (!same && overlaps(g, x->base, a->variable)) return false;
    if (same && (x->place == WEYL_PLACE_VIEW || !node->op->overwrites(node, (int)(a->value - node->first), i)))
      return false;
  }
  return true;
}

/* The last step of all (an optimiser's, most often) makes its assignments itself: all others have read by then, and
 * none can fail any more. */
static void write_variables(weyl_program *p) {
  const weyl_steps *last = &p->stage[p->phases];
  if (!p->assigns || p->reference || last->n == 0) return;
  const weyl_node *node = p->graph->nodes[last->item[last->n - 1].node];
  if (!node->op->overwrites) return;
  for (uint32_t i = 0; i < p->graph->n_assigns; i++) {
    const weyl_assignment *a = &p->graph->assigns[i];
    if (p->graph->values[a->value].node != node->id || !in_place(p, node, a)) continue;
    p->home[a->value].place = WEYL_PLACE_TARGET;
    p->home[a->value].base = a->variable;
  }
}

/* ---- lifetimes
 * ------------------------------------------------------------------------------------------------------------ */

static uint32_t add_slot(weyl_pool_plan *pool, uint32_t value, uint32_t first, uint32_t last) {
  pool->slot[pool->n] = (weyl_slot_info){value, first, last, WEYL_NONE};
  return pool->n++;
}

static weyl_status find_lifetimes(weyl_program *p) {
  const weyl_graph *g = p->graph;
  weyl_status status = WEYL_OK;
  uint32_t *last = need(p, p->n_values, sizeof *last, &status);
  p->work.slot = need(p, p->n_values, sizeof *p->work.slot, &status);
  p->whole.slot = need(p, p->n_values, sizeof *p->whole.slot, &status);
  p->kept.slot = need(p, p->n_values, sizeof *p->kept.slot, &status);
  p->lane.slot = need(p, p->n_values, sizeof *p->lane.slot, &status);
  if (status != WEYL_OK) return status;
  for (int32_t l = 0; l <= p->phases; l++)
    for (int which = 0; which < 2; which++) {
      const weyl_steps *list = which ? &p->stage[l] : &p->phase[l];
      const uint32_t end = list->n ? list->item[list->n - 1].position : 0;
      for (uint32_t i = 0; i < list->n; i++) {
        const weyl_node *node = g->nodes[list->item[i].node];
        for (int k = 0; k < node->n_in; k++) {
          const uint32_t base = p->home[node->in[k]].base;
          /* what a phase reads must outlive its last shard, unless it is made anew in each */
          const bool through = which == 0 && p->home[base].place != WEYL_PLACE_WORK;
          const uint32_t at = through ? end : list->item[i].position;
          if (at > last[base]) last[base] = at;
        }
      }
    }
  for (int k = 0; k < p->n_outputs; k++) last[p->home[p->outputs[k]].base] = p->positions;
  if (p->assigns)
    for (uint32_t i = 0; i < g->n_assigns; i++) last[p->home[g->assigns[i].value].base] = p->positions;
  for (int32_t l = 0; l <= p->phases; l++)
    for (int which = 0; which < 2; which++) {
      const weyl_steps *list = which ? &p->stage[l] : &p->phase[l];
      for (uint32_t i = 0; i < list->n; i++) {
        const weyl_node *node = g->nodes[list->item[i].node];
        const uint32_t at = list->item[i].position;
        for (int k = 0; k < node->n_out; k++) {
          const uint32_t v = node->first + (uint32_t)k;
          weyl_home *h = &p->home[v];
          const uint32_t until = last[v] > at ? last[v] : at;
          if (node->op->flags & WEYL_OP_PARTIAL && last[v] == 0 && !p->reference && h->place != WEYL_PLACE_TARGET) {
            h->place = WEYL_PLACE_NONE;
            continue;
          }
          if (h->place == WEYL_PLACE_WORK)
            h->slot = add_slot(&p->work, v, at, until);
          else if (h->place == WEYL_PLACE_KEPT)
            h->slot = add_slot(&p->kept, v, list->item[0].position, until);
          else if (h->place == WEYL_PLACE_WHOLE)
            h->slot = add_slot(&p->whole, v, which == 0 ? list->item[0].position : at, until);
          if (h->reduction && !(node->op->flags & WEYL_OP_COLLECTS)) {
            /* a shard's part is made in the workspace and added to its lane's accumulator, or made there at once */
            if (!(node->op->flags & WEYL_OP_ADDS)) h->part_slot = add_slot(&p->work, v, at, at);
            h->lane_slot = add_slot(&p->lane, v, list->item[0].position, list->item[list->n - 1].position);
          }
        }
        /* elementwise: in place of an operand that is not read again */
        if (node->op->flags & WEYL_OP_STRIDED && p->home[node->first].place == WEYL_PLACE_WORK) {
          for (int k = 0; k < node->n_in; k++) {
            const weyl_home *x = &p->home[node->in[k]];
            if (x->place == WEYL_PLACE_VIEW) continue;
            const weyl_home *base = &p->home[x->base];
            if (base->place != WEYL_PLACE_WORK || last[x->base] != at || base->level != p->home[node->first].level)
              continue;
            bool twice = false; /* another operand that is a view of the same memory is read after it is overwritten */
            for (int o = 0; o < node->n_in; o++)
              twice = twice ||
                      (o != k && p->home[node->in[o]].base == x->base && p->home[node->in[o]].place == WEYL_PLACE_VIEW);
            if (twice) continue;
            p->work.slot[p->home[node->first].slot].reuse = base->slot;
            break;
          }
        }
      }
    }
  return WEYL_OK;
}

static weyl_status list_sums(weyl_program *p) {
  weyl_status status = WEYL_OK;
  p->sums = need(p, (size_t)p->phases + 1, sizeof *p->sums, &status);
  p->n_sums = need(p, (size_t)p->phases + 1, sizeof *p->n_sums, &status);
  for (int32_t l = 0; l <= p->phases && status == WEYL_OK; l++) {
    const weyl_steps *list = &p->phase[l];
    for (int pass = 0; pass < 2 && status == WEYL_OK; pass++) {
      p->n_sums[l] = 0;
      for (uint32_t i = 0; i < list->n; i++) {
        const weyl_node *node = p->graph->nodes[list->item[i].node];
        for (int k = 0; k < node->n_out; k++) {
          const uint32_t v = node->first + (uint32_t)k;
          if (p->home[v].lane_slot == WEYL_NONE) continue;
          if (pass == 1) p->sums[l][p->n_sums[l]] = v;
          p->n_sums[l]++;
        }
      }
      if (pass == 0) p->sums[l] = need(p, p->n_sums[l], sizeof **p->sums, &status);
    }
  }
  return status;
}

/* ---- offsets
 * -------------------------------------------------------------------------------------------------------------------
 */

size_t weyl_value_bytes(const weyl_graph *g, uint32_t value, const int64_t *count, const int64_t *total) {
  const weyl_value *v = &g->values[value];
  return (size_t)weyl_shape_size(&v->shape, count, total) * weyl_dtype_size(v->dtype);
}

/* First fit: slots come in the order of their first position, so what has ended can be forgotten; the rest is kept
 * sorted by offset. */
void weyl_program_place(const weyl_program *p, const weyl_pool_plan *pool, const int64_t *count, const int64_t *total,
                        weyl_memory_layout *layout) {
  uint32_t *active = layout->by_offset, n = 0;
  layout->bytes = 0;
  for (uint32_t i = 0; i < pool->n; i++) {
    const weyl_slot_info *s = &pool->slot[i];
    const size_t size = (weyl_value_bytes(p->graph, s->value, count, total) + 63) & ~(size_t)63;
    uint32_t kept = 0;
    for (uint32_t j = 0; j < n; j++)
      if (pool->slot[active[j]].last >= s->first) active[kept++] = active[j];
    n = kept;
    size_t at = 0;
    if (s->reuse != WEYL_NONE) {
      at = layout->offset[s->reuse];
    } else {
      for (uint32_t j = 0; j < n; j++) {
        const size_t from = layout->offset[active[j]];
        if (at + size <= from) break;
        const size_t to =
            from + ((weyl_value_bytes(p->graph, pool->slot[active[j]].value, count, total) + 63) & ~(size_t)63);
        if (to > at) at = to;
      }
    }
    layout->offset[i] = at;
    if (at + size > layout->bytes) layout->bytes = at + size;
    uint32_t j = n++;
    for (; j > 0 && layout->offset[active[j - 1]] > at; j--) active[j] = active[j - 1];
    active[j] = i;
  }
}

void weyl_view_shape(const weyl_graph *g, uint32_t value, const int64_t *count, const int64_t *total, weyl_view *view) {
  const weyl_value *v = &g->values[value];
  view->dtype = v->dtype;
  view->rank = v->shape.rank;
  int64_t stride = 1;
  for (int a = v->shape.rank - 1; a >= 0; a--) {
    view->dim[a] = weyl_dim_size(v->shape.dim[a], count, total);
    view->stride[a] = stride;
    stride *= view->dim[a];
  }
}

static double made_bytes(const weyl_program *p, const int64_t count[WEYL_COUNTS]) {
  double bytes = 0;
  for (uint32_t i = 0; i < p->work.n; i++)
    if (p->home[p->work.slot[i].value].sharded && p->work.slot[i].reuse == WEYL_NONE)
      bytes += (double)weyl_value_bytes(p->graph, p->work.slot[i].value, count, count);
  for (uint32_t i = 0; i < p->kept.n; i++)
    bytes += (double)weyl_value_bytes(p->graph, p->kept.slot[i].value, count, count);
  return bytes;
}

/* Memory that a shard's phases touch: what is made, times the share that is left when memory is used again. The share
 * hardly depends on the counts, so that it is taken once, at a middling molecule's. */
static weyl_status measure_reuse(weyl_program *p) {
  const int64_t typical[WEYL_COUNTS] = {0, 8, 64, 512, 64, 64, 64, 64};
  weyl_status status = WEYL_OK;
  weyl_memory_layout l = {.offset = need(p, p->work.n, sizeof *l.offset, &status),
                          .by_offset = need(p, p->work.n, sizeof *l.by_offset, &status)};
  if (status != WEYL_OK) return status;
  weyl_program_place(p, &p->work, typical, typical, &l);
  double bytes = (double)l.bytes;
  for (uint32_t i = 0; i < p->kept.n; i++)
    bytes += (double)weyl_value_bytes(p->graph, p->kept.slot[i].value, typical, typical);
  const double made = made_bytes(p, typical);
  p->reuse = made > bytes ? bytes / made : 1;
  return WEYL_OK;
}

/* ---- making a program
 * -------------------------------------------------------------------------------------------------------------- */

static weyl_status check_outputs(weyl_program *p, const weyl_tensor *outputs, int n) {
  weyl_graph *g = p->traced;
  weyl_status status = WEYL_OK;
  p->outputs = need(p, (size_t)n, sizeof *p->outputs, &status);
  p->traced_outputs = need(p, (size_t)n, sizeof *p->traced_outputs, &status);
  if (status != WEYL_OK) return status;
  p->n_outputs = n;
  for (int k = 0; k < n; k++) {
    if (!weyl_tensor_valid(outputs[k]) || outputs[k].graph != g)
      return weyl_fail(p->ctx, WEYL_BAD_ARG, "program: output %d is not a tensor of this graph", k);
    const weyl_shape *s = &g->values[outputs[k].id].shape;
    char b[160];
    if (weyl_shape_sharded(s) && !weyl_dim_sharded(s->dim[0]))
      return weyl_fail(p->ctx, WEYL_SHAPE, "program: output %d, %s, must have its count as the first axis", k,
                       weyl_shape_text(s, b));
    p->outputs[k] = p->traced_outputs[k] = outputs[k].id;
  }
  return WEYL_OK;
}

/* An output has memory of its own: what it would share may be gone before it is read. */
static weyl_status own_outputs(weyl_program *p) {
  weyl_graph *g = p->graph;
  for (int k = 0; k < p->n_outputs; k++) {
    weyl_tensor own = weyl_tensor_of(g, p->outputs[k]);
    if (g->nodes[g->values[own.id].node]->op->flags & (WEYL_OP_LEAF | WEYL_OP_ALIAS))
      own = weyl_node_new(g, &weyl_op_copy, &own, 1, NULL, NULL);
    WEYL_TRY(weyl_graph_status(g));
    p->outputs[k] = own.id;
  }
  return WEYL_OK;
}

static weyl_status compile(weyl_program *p, const weyl_tensor *outputs, int n, unsigned rewrites) {
  weyl_status status = WEYL_OK;
  WEYL_TRY(check_outputs(p, outputs, n));
  if (rewrites) WEYL_TRY(weyl_optimise(p->traced, p->traced_outputs, n, p->assigns, rewrites, &p->graph, p->outputs));
  WEYL_TRY(own_outputs(p));
  const weyl_graph *g = p->graph;
  p->n_nodes = g->n_nodes;
  p->n_values = g->n_values;
  p->live = need(p, p->n_nodes, sizeof *p->live, &status);
  p->home = need(p, p->n_values, sizeof *p->home, &status);
  p->inputs = need(p, p->n_nodes, sizeof *p->inputs, &status);
  bool *dense_reader = need(p, p->n_values, sizeof *dense_reader, &status);
  int32_t *level = need(p, p->n_values, sizeof *level, &status);
  if (status != WEYL_OK) return status;
  mark_live(p);
  WEYL_TRY(assign_levels(p, level));
  mark_strided_readers(p, dense_reader);
  choose_places(p, dense_reader);
  mark_kept(p);
  WEYL_TRY(list_steps(p));
  write_variables(p);
  WEYL_TRY(find_lifetimes(p));
  WEYL_TRY(list_sums(p));
  return measure_reuse(p);
}

weyl_status weyl_program_new(weyl_graph *g, const weyl_tensor *outputs, int n, const weyl_program_opts *opts,
                             weyl_program **out) {
  *out = NULL;
  WEYL_TRY(weyl_graph_status(g));
  const weyl_program_opts o = opts ? *opts : weyl_program_defaults();
  if (n < 0 || o.lanes < 1 || o.lanes > WEYL_LANES_MAX)
    return weyl_fail(g->ctx, WEYL_BAD_ARG, "program: %d outputs and %d lanes, must be 0 or more and 1..%d", n, o.lanes,
                     WEYL_LANES_MAX);
  weyl_arena *arena = NULL;
  WEYL_TRY(weyl_arena_new(g->ctx, &arena));
  weyl_program *p = weyl_arena_array(arena, weyl_program, 1);
  if (!p) {
    weyl_arena_free(arena);
    return WEYL_MEMORY;
  }
  unsigned rewrites = 0;
  bool reference = false;
  weyl_status status = weyl_rewrites_asked(g->ctx, getenv("WEYL_OPT"), &rewrites, &reference);
  *p = (weyl_program){.ctx = g->ctx,
                      .graph = g,
                      .traced = g,
                      .arena = arena,
                      .assigns = o.assigns,
                      .lanes = o.lanes,
                      .reference = o.reference || reference};
  if (status == WEYL_OK) status = compile(p, outputs, n, p->reference ? 0 : rewrites);
  if (status != WEYL_OK) {
    weyl_program_free(p);
    return status;
  }
  *out = p;
  return WEYL_OK;
}

void weyl_program_free(weyl_program *p) {
  if (!p) return;
  if (p->graph != p->traced) weyl_graph_free(p->graph);
  weyl_arena_free(p->arena);
}

int weyl_program_inputs(const weyl_program *p) { return p->n_inputs; }
static const weyl_value *input(const weyl_program *p, int i) { return &p->graph->values[p->inputs[i]]; }
const char *weyl_program_input_name(const weyl_program *p, int i) { return p->graph->nodes[input(p, i)->node]->name; }
weyl_shape weyl_program_input_shape(const weyl_program *p, int i) { return input(p, i)->shape; }
weyl_dtype weyl_program_input_dtype(const weyl_program *p, int i) { return input(p, i)->dtype; }

int weyl_program_input_find(const weyl_program *p, const char *name) {
  for (int i = 0; i < p->n_inputs; i++)
    if (strcmp(weyl_program_input_name(p, i), name) == 0) return i;
  return -1;
}

double weyl_program_bytes(const weyl_program *p, const int64_t count[WEYL_COUNTS]) {
  return p->reuse * made_bytes(p, count);
}
