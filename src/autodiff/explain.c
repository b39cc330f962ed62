/* What a program is and costs: readable equations, phases, arithmetic and memory. */
#include "optimise/fused.h"
#include "program.h"

#include <string.h>

static double node_flops(const weyl_graph *g, const weyl_node *node, const int64_t *count, const int64_t *total) {
  weyl_view in[64], out[WEYL_OUTPUTS_MAX];
  if (node->n_in > 64) return 0; /* pack: moves only */
  for (int i = 0; i < node->n_in; i++) weyl_view_shape(g, node->in[i], count, total, &in[i]);
  for (int k = 0; k < node->n_out; k++) weyl_view_shape(g, node->first + (uint32_t)k, count, total, &out[k]);
  return node->op->flops ? node->op->flops(node, in, out) : (double)weyl_view_size(&out[0]);
}

static double node_bytes(const weyl_program *p, const weyl_node *node, const int64_t *count, const int64_t *total) {
  double bytes = 0;
  for (int i = 0; i < node->n_in; i++) /* a view is read as small as it is stored */
    bytes += (double)weyl_value_bytes(p->graph, p->home[node->in[i]].base, count, total);
  for (int k = 0; k < node->n_out; k++)
    bytes += (double)weyl_value_bytes(p->graph, node->first + (uint32_t)k, count, total);
  return bytes;
}

static size_t placed(const weyl_program *p, const weyl_pool_plan *pool, const int64_t *count, const int64_t *total,
                     weyl_arena *tmp) {
  weyl_memory_layout l = {.offset = weyl_arena_array(tmp, size_t, pool->n + 1),
                          .by_offset = weyl_arena_array(tmp, uint32_t, pool->n + 1)};
  if (!l.offset || !l.by_offset) return 0;
  weyl_program_place(p, pool, count, total, &l);
  return l.bytes;
}

static bool multiplies(const weyl_node *node) {
  return node->op == &weyl_op_dot_general || node->op == &weyl_op_conv || node->op == &weyl_op_conv_input ||
         node->op == &weyl_op_conv_weight;
}

weyl_program_stats weyl_program_about(const weyl_program *p, const int64_t (*shard)[WEYL_COUNTS], int64_t shards) {
  weyl_program_stats s = {.phases = p->phases, .nodes_before = p->traced->n_nodes};
  int64_t total[WEYL_COUNTS] = {0};
  for (int64_t k = 0; k < shards; k++)
    for (int c = 0; c < WEYL_COUNTS; c++) total[c] += shard[k][c];
  for (uint32_t n = 0; n < p->n_nodes; n++) {
    if (!p->live[n]) continue;
    s.nodes_after++;
    if (!weyl_program_runs(p, n)) continue;
    const weyl_node *node = p->graph->nodes[n];
    const bool sharded = weyl_home_in_phase(&p->home[node->first]);
    s.steps++;
    for (int64_t k = 0; k < (sharded ? shards : 1); k++) {
      const double flops = node_flops(p->graph, node, sharded ? shard[k] : total, total);
      s.flops += flops;
      if (multiplies(node)) s.product_flops += flops;
      s.bytes += node_bytes(p, node, sharded ? shard[k] : total, total);
    }
  }
  weyl_arena *tmp = NULL;
  if (weyl_arena_new(p->ctx, &tmp) != WEYL_OK) return s;
  for (int64_t k = 0; k < shards; k++) {
    if (k && memcmp(shard[k], shard[k - 1], sizeof *shard) == 0) continue;
    const double bytes = (double)placed(p, &p->work, shard[k], total, tmp);
    if (bytes > s.workspace) s.workspace = bytes;
  }
  s.kept = (double)placed(p, &p->kept, total, total, tmp);
  s.whole = (double)placed(p, &p->whole, total, total, tmp) + p->lanes * (double)placed(p, &p->lane, total, total, tmp);
  weyl_arena_free(tmp);
  return s;
}

/* ---- text
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct text {
  weyl_arena *arena;
  char *at;
  size_t used, room;
} text;

static void put(text *t, const char *fmt, ...) WEYL_PRINTF(2, 3);
static void put(text *t, const char *fmt, ...) {
  if (!t->at) return;
  for (;;) {
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(t->at + t->used, t->room - t->used, fmt, args);
    va_end(args);
    if (n < 0) return;
    if (t->used + (size_t)n < t->room) {
      t->used += (size_t)n;
      return;
    }
    const size_t room = 2 * (t->room + (size_t)n);
    char *more = weyl_arena_alloc(t->arena, room, 1);
    if (more) memcpy(more, t->at, t->used + 1);
    t->at = more;
    t->room = room;
    if (!more) return;
  }
}

static void put_attributes(text *t, const weyl_node *node) {
  const weyl_op *op = node->op;
  if (op == &weyl_op_sum || op == &weyl_op_permute) {
    const int n = op == &weyl_op_sum ? node->attr.n : -1;
    put(t, " axes");
    for (int i = 0; i < (n < 0 ? 8 : n) && (n >= 0 || i == 0 || node->attr.i[i]); i++)
      put(t, " %lld", (long long)node->attr.i[i]);
  }
  if (op == &weyl_op_slice) put(t, " axis %d from %lld", node->attr.axis, (long long)node->attr.i[0]);
  if (op == &weyl_op_pad)
    put(t, " axis %d before %lld after %lld between %lld", node->attr.axis, (long long)node->attr.i[0],
        (long long)node->attr.i[1], (long long)node->attr.i[2]);
  if (op == &weyl_op_concat || op == &weyl_op_reduce_max) put(t, " axis %d", node->attr.axis);
  if (op == &weyl_op_dot_general) {
    put(t, " over");
    for (int i = 0; i < node->attr.axis; i++)
      put(t, " %lld:%lld", (long long)node->attr.i[8 + i], (long long)node->attr.i[12 + i]);
  }
}

/* %12 when it has a step of its own, else the leaf's name or constant; aliases and views show as what they are. */
static void put_operand(text *t, const weyl_program *p, uint32_t v) {
  const weyl_graph *g = p->graph;
  const weyl_node *node = g->nodes[g->values[v].node];
  if (node->op == &weyl_op_constant && g->values[v].shape.rank == 0)
    put(t, "%.6g", node->attr.f[0]);
  else if (node->op->flags & WEYL_OP_LEAF && node->name)
    put(t, "%s", node->name);
  else if (p->home[v].place == WEYL_PLACE_ALIAS || p->home[v].place == WEYL_PLACE_VIEW) {
    char b[160];
    put_operand(t, p, node->in[0]);
    put(t, "%s%s", p->home[v].place == WEYL_PLACE_VIEW ? " to " : " as ", weyl_shape_text(&g->values[v].shape, b));
  } else
    put(t, "%%%u", v);
}

/* %12[edge_i]: gathered rows; [r/8], [r%8], [0]: repeated ones; ".": one number for all of a row; {32..63}: a part of
 * each row; r0: a register. */
static void put_row_operand(text *t, const weyl_program *p, const weyl_node *node, const weyl_fused_operand *o) {
  const int64_t width = ((const weyl_fused *)node->attr.data)->width;
  if (o->place == WEYL_FUSED_REGISTER) {
    put(t, "r%d", o->n);
    return;
  }
  if (o->place == WEYL_FUSED_INPUT)
    put_operand(t, p, node->in[o->n]);
  else
    put(t, "%%%u", node->first + (uint32_t)o->n);
  if (o->index >= 0) {
    put(t, "[");
    put_operand(t, p, node->in[o->index]);
    if (o->div > 1) put(t, "[r/%lld], r%%%lld", (long long)o->div, (long long)o->div);
    put(t, "]");
  } else if (o->rest) {
    put(t, "[r%%%lld]", (long long)o->div);
  } else if (o->times == 0) {
    put(t, "[0]");
  } else if (o->div > 1) {
    put(t, "[r/%lld]", (long long)o->div);
  }
  if (o->one) put(t, ".");
  if (!o->one && o->place == WEYL_FUSED_INPUT && o->stride != width)
    put(t, "{%lld..%lld}", (long long)o->offset, (long long)(o->offset + width - 1));
}

static void put_fused(text *t, const weyl_program *p, const weyl_node *node) {
#define X(U, l) #l,
  static const char *const unary[] = {WEYL_UNARY_LIST(X)}, *const binary[] = {WEYL_BINARY_LIST(X)};
#undef X
  static const char *const kinds[] = {
      [WEYL_ROW_WHERE] = "where",    [WEYL_ROW_COPY] = "copy",         [WEYL_ROW_ADDS] = "sum of",
      [WEYL_ROW_SILU] = "silu",      [WEYL_ROW_SUM] = "sum of row",    [WEYL_ROW_MAX] = "maximum of row",
      [WEYL_ROW_ADD_INTO] = "added", [WEYL_ROW_ADD_ALL] = "sum of all"};
  const weyl_fused *f = node->attr.data;
  char b[160];
  put(t, "      rows %s of %lld\n", weyl_shape_text(&f->rows, b), (long long)f->width);
  for (int32_t k = 0; k < f->n_steps; k++) {
    const weyl_fused_step *s = &f->steps[k];
    put(t, "      ");
    for (int i = 0; i < 2; i++)
      if (s->out[i].place != WEYL_FUSED_NOTHING) {
        if (i) put(t, ", ");
        put_row_operand(t, p, node, &s->out[i]);
      } else if (i == 0) {
        put(t, "_");
      }
    put(t, " = %s",
        s->kind == WEYL_ROW_UNARY    ? unary[s->f]
        : s->kind == WEYL_ROW_BINARY ? binary[s->f]
                                     : kinds[s->kind]);
    for (int i = 0; i <= WEYL_ROW_ADDENDS; i++)
      if (s->in[i].place != WEYL_FUSED_NOTHING) {
        put(t, i == 0 ? " " : i == WEYL_ROW_ADDENDS ? " times " : ", ");
        put_row_operand(t, p, node, &s->in[i]);
      }
    put(t, "\n");
  }
}

static void put_step(text *t, const weyl_program *p, const weyl_node *node) {
  char b[160];
  put(t, "  ");
  for (int k = 0; k < node->n_out; k++) put(t, "%s%%%u", k ? ", " : "", node->first + (uint32_t)k);
  put(t, " %s = %s", weyl_shape_text(&p->graph->values[node->first].shape, b), node->op->name);
  for (int i = 0; i < node->n_in; i++) {
    put(t, i ? ", " : " ");
    if (i == 8 && node->n_in > 9) {
      put(t, "... (%d operands)", node->n_in);
      break;
    }
    put_operand(t, p, node->in[i]);
  }
  put_attributes(t, node);
  if (p->home[node->first].reduction) put(t, "   -> whole");
  if (p->home[node->first].place == WEYL_PLACE_KEPT) put(t, "   (kept)");
  if (node->scope[0]) put(t, "   # %s", node->scope);
  put(t, "\n");
  if (node->op == &weyl_op_fused) put_fused(t, p, node);
}

char *weyl_program_text(const weyl_program *p, weyl_arena *arena) {
  text t = {.arena = arena, .room = 1 << 16};
  t.at = weyl_arena_alloc(arena, t.room, 1);
  const weyl_graph *g = p->graph;
  char b[160];
  put(&t, "inputs\n");
  for (int i = 0; i < p->n_inputs; i++) {
    const weyl_value *v = &g->values[p->inputs[i]];
    put(&t, "  %s %s %s\n", g->nodes[v->node]->name, weyl_dtype_name(v->dtype), weyl_shape_text(&v->shape, b));
  }
  for (int32_t l = 0; l <= p->phases; l++)
    for (int which = 0; which < 2; which++) {
      const weyl_steps *list = which ? &p->stage[l] : &p->phase[l];
      if (!list->n) continue;
      put(&t, which ? "stage %d: whole values, once, %u steps\n" : "phase %d: every shard, %u steps\n", l, list->n);
      for (uint32_t i = 0; i < list->n; i++) put_step(&t, p, g->nodes[list->item[i].node]);
    }
  if (p->assigns && g->n_assigns) {
    put(&t, "assign\n");
    for (uint32_t i = 0; i < g->n_assigns; i++) {
      put(&t, "  ");
      put_operand(&t, p, g->assigns[i].variable);
      put(&t, " := %%%u%s\n", g->assigns[i].value,
          p->home[g->assigns[i].value].place == WEYL_PLACE_TARGET ? " (in place)" : "");
    }
  }
  put(&t, "outputs");
  for (int k = 0; k < p->n_outputs; k++) {
    put(&t, k ? ", " : " ");
    put_operand(&t, p, p->outputs[k]);
  }
  put(&t, "\n");
  return t.at;
}
