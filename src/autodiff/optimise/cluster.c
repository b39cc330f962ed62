/* Which elementwise nodes become one step: nodes join the cluster that makes what they read, then clusters merge. */
#include "cluster.h"
#include "optimise.h"

#include <string.h>

enum { OPERANDS = 4 }; /* of a node that can be a step, with its sum's rows */

typedef struct finding {
  const weyl_graph *g;
  const bool *live;
  int32_t *position; /* of values: 2 * phase + 1, 2 * stage */
  uint32_t *of;      /* cluster of each node */
  weyl_cluster *clusters;
  uint32_t n, words;
  uint64_t *needs;    /* [n_nodes][words]: clusters that a node needs */
  uint64_t *together; /* [clusters][words]: clusters that a cluster needs */
} finding;

static const weyl_node *maker(const weyl_graph *g, uint32_t v) { return g->nodes[g->values[v].node]; }

static bool plain(const weyl_row_source *o) {
  return o->index == WEYL_NOBODY && o->div == 1 && o->times == 1 && o->stride == 0;
}

/* A sum of each row: one number a row, which the steps behind it can read. */
static bool row_sum(const weyl_graph *g, const weyl_node *node, int64_t width) {
  weyl_rowwise step;
  return node->op == &weyl_op_sum && weyl_rowwise_read(g, node, width, &step) && step.kind == WEYL_ROW_SUM;
}

/* ---- who needs whom ---- */

static void set(uint64_t *bits, uint32_t i) { bits[i / 64] |= (uint64_t)1 << (i % 64); }
static void unset(uint64_t *bits, uint32_t i) { bits[i / 64] &= ~((uint64_t)1 << (i % 64)); }
static bool has_bit(const uint64_t *bits, uint32_t i) { return bits[i / 64] >> (i % 64) & 1; }
static void join_bits(uint64_t *to, const uint64_t *from, uint32_t words) {
  for (uint32_t i = 0; i < words; i++) to[i] |= from[i];
}

static uint64_t *needs_of_cluster(const finding *f, uint32_t k) { return f->together + (size_t)k * f->words; }
static uint64_t *needs_of_node(const finding *f, uint32_t n) { return f->needs + (size_t)n * f->words; }
static const uint64_t *needs_of(const finding *f, uint32_t node) {
  return f->of[node] != WEYL_NOBODY ? needs_of_cluster(f, f->of[node]) : needs_of_node(f, node);
}

/* What a value read from outside needs, put into bits. */
static void need_value(const finding *f, uint32_t v, uint64_t *bits) {
  const uint32_t node = f->g->values[v].node;
  join_bits(bits, needs_of(f, node), f->words);
  if (f->of[node] != WEYL_NOBODY) set(bits, f->of[node]);
}

/* ---- nodes join clusters ---- */

/* What a step reads of cluster k: nothing, rows as they are being made, or what is not there in time. */
typedef enum reading { ELSEWHERE, IN_TIME, TOO_LATE } reading;

static reading reads_of(const finding *f, const weyl_rowwise *step, uint32_t k) {
  const weyl_graph *g = f->g;
  const int64_t width = f->clusters[k].width;
  reading found = ELSEWHERE;
  for (int i = 0; i < step->n_in; i++) {
    const weyl_row_source *in = &step->in[i];
    if (in->index != WEYL_NOBODY && f->of[g->values[in->index].node] == k) return TOO_LATE;
    const weyl_node *by = maker(g, in->value);
    if (f->of[by->id] != k) continue;
    /* rows as they are being made, or a number a row that has just been summed */
    const bool narrow = row_sum(g, by, width);
    if (!plain(in) || narrow != in->one || (weyl_rowwise_ends(by) && !narrow)) return TOO_LATE;
    found = IN_TIME;
  }
  if (step->out.index != WEYL_NOBODY && f->of[g->values[step->out.index].node] == k) return TOO_LATE;
  return found;
}

/* Whether the cluster may take the node in; what that makes it need, in bits. */
static bool may_join(const finding *f, uint32_t n, uint32_t k, uint64_t *bits) {
  const weyl_graph *g = f->g;
  const weyl_node *node = g->nodes[n];
  const weyl_cluster *c = &f->clusters[k];
  int64_t numbers;
  int32_t count;
  const weyl_shape *s = weyl_rowwise_domain(g, node);
  weyl_rowwise_size(s, 0, s->rank, &numbers, &count);
  if (numbers != c->numbers || count != c->count || f->position[node->first] != c->level ||
      c->members >= WEYL_FUSED_STEPS || c->inputs + 2 * OPERANDS > WEYL_FUSED_INPUTS ||
      c->outputs + node->n_out > WEYL_FUSED_OUTPUTS)
    return false;
  weyl_rowwise step;
  if (!weyl_rowwise_read(g, node, c->width, &step)) return false;
  const reading reads = reads_of(f, &step, k);
  if (reads == TOO_LATE || (weyl_rowwise_ends(node) && reads == ELSEWHERE)) return false;
  memset(bits, 0, f->words * sizeof *bits);
  for (int i = 0; i < step.n_in; i++) {
    if (f->of[g->values[step.in[i].value].node] != k) need_value(f, step.in[i].value, bits);
    if (step.in[i].index != WEYL_NOBODY) need_value(f, step.in[i].index, bits);
  }
  if (step.out.index != WEYL_NOBODY) need_value(f, step.out.index, bits);
  return !has_bit(bits, k);
}

static void add_input(weyl_cluster *c, uint32_t v) {
  for (int i = 0; i < c->inputs; i++)
    if (c->input[i] == v) return;
  if (v != WEYL_NOBODY) c->input[c->inputs++] = v;
}

static void take_in(finding *f, uint32_t n, uint32_t k, const uint64_t *bits) {
  weyl_cluster *c = &f->clusters[k];
  weyl_rowwise step;
  (void)weyl_rowwise_read(f->g, f->g->nodes[n], c->width, &step);
  for (int i = 0; i < step.n_in; i++) {
    if (f->of[f->g->values[step.in[i].value].node] != k) add_input(c, step.in[i].value);
    add_input(c, step.in[i].index);
  }
  add_input(c, step.out.index);
  f->of[n] = k;
  c->member[c->members++] = n;
  c->outputs += f->g->nodes[n]->n_out;
  /* whoever needs this cluster needs what it needs now */
  join_bits(needs_of_cluster(f, k), bits, f->words);
  for (uint32_t o = 0; o < f->n; o++)
    if (has_bit(needs_of_cluster(f, o), k)) join_bits(needs_of_cluster(f, o), bits, f->words);
  for (uint32_t i = 0; i < n; i++)
    if (has_bit(needs_of_node(f, i), k)) join_bits(needs_of_node(f, i), bits, f->words);
}

/* Whether the cluster makes an operand of the node, looking through reshapes and repetitions. */
static bool feeds(const finding *f, const weyl_node *node, uint32_t k) {
  const weyl_graph *g = f->g;
  for (int i = 0; i < node->n_in; i++) {
    const weyl_node *m = maker(g, weyl_rowwise_root(g, node->in[i]));
    if (m->op == &weyl_op_broadcast) m = maker(g, weyl_rowwise_root(g, m->in[0]));
    if (f->of[m->id] == k) return true;
  }
  return false;
}

/* The latest cluster that feeds the node and may take it in, else one of its own, or WEYL_NOBODY. */
static uint32_t home_for(finding *f, uint32_t n, uint64_t *bits) {
  enum { NEAR = 24 };
  const weyl_graph *g = f->g;
  const weyl_node *node = g->nodes[n];
  for (uint32_t k = f->n; k-- > 0 && k + NEAR >= f->n;)
    if (may_join(f, n, k, bits) && feeds(f, node, k)) return k;
  const int64_t width = weyl_rowwise_ends(node) ? 0 : weyl_rowwise_width(g, node);
  if (width == 0) return WEYL_NOBODY;
  weyl_cluster *c = &f->clusters[f->n];
  const weyl_shape *s = weyl_rowwise_domain(g, node);
  *c = (weyl_cluster){.width = width, .level = f->position[node->first]};
  weyl_rowwise_size(s, 0, s->rank, &c->numbers, &c->count);
  return may_join(f, n, f->n, bits) ? f->n++ : WEYL_NOBODY;
}

static void assign_clusters(finding *f, uint64_t *bits) {
  const weyl_graph *g = f->g;
  for (uint32_t n = 0; n < g->n_nodes; n++) {
    const weyl_node *node = g->nodes[n];
    if (!f->live[n]) continue;
    const bool can = weyl_rowwise_can(node) && g->values[node->first].dtype != WEYL_I32;
    const uint32_t home = can ? home_for(f, n, bits) : WEYL_NOBODY;
    if (home != WEYL_NOBODY)
      take_in(f, n, home, bits);
    else
      for (int i = 0; i < node->n_in; i++) need_value(f, node->in[i], needs_of_node(f, n));
  }
}

/* ---- clusters merge ---- */

/* Whether something that cluster b reads, other than from cluster a, is made from a. */
static bool reads_around(const finding *f, uint32_t b, uint32_t a) {
  const weyl_cluster *c = &f->clusters[b];
  for (int i = 0; i < c->inputs; i++) {
    const uint32_t node = f->g->values[c->input[i]].node;
    if (f->of[node] != a && f->of[node] != b && has_bit(needs_of(f, node), a)) return true;
  }
  return false;
}

static bool may_merge(const finding *f, uint32_t a, uint32_t b) {
  const weyl_cluster *p = &f->clusters[a], *q = &f->clusters[b];
  if (p->numbers != q->numbers || p->count != q->count || p->width != q->width || p->level != q->level ||
      p->members + q->members > WEYL_FUSED_STEPS || p->inputs + q->inputs > WEYL_FUSED_INPUTS ||
      p->outputs + q->outputs > WEYL_FUSED_OUTPUTS)
    return false;
  bool reads = false;
  for (int i = 0; i < q->inputs; i++) reads = reads || f->of[f->g->values[q->input[i]].node] == a;
  if (!reads || has_bit(needs_of_cluster(f, a), b) || reads_around(f, b, a)) return false;
  for (int m = 0; m < q->members; m++) {
    weyl_rowwise step;
    if (!weyl_rowwise_read(f->g, f->g->nodes[q->member[m]], p->width, &step) || reads_of(f, &step, a) == TOO_LATE)
      return false;
  }
  return true;
}

/* Both lists of members as one, in the graph's order. */
static void join_members(weyl_cluster *p, weyl_cluster *q) {
  uint32_t all[WEYL_FUSED_STEPS];
  for (int i = 0, j = 0, n = 0; n < p->members + q->members; n++)
    all[n] = j == q->members || (i < p->members && p->member[i] < q->member[j]) ? p->member[i++] : q->member[j++];
  p->members += q->members;
  q->members = 0;
  memcpy(p->member, all, (size_t)p->members * sizeof *all);
}

/* Whoever needs b needs a from now on, and with it all that either needs. */
static void merge(finding *f, uint32_t a, uint32_t b) {
  weyl_cluster *p = &f->clusters[a], *q = &f->clusters[b];
  uint64_t *both = needs_of_cluster(f, a);
  join_bits(both, needs_of_cluster(f, b), f->words);
  unset(both, a);
  for (uint32_t i = 0; i < f->n + f->g->n_nodes; i++) {
    uint64_t *bits = i < f->n ? needs_of_cluster(f, i) : needs_of_node(f, i - f->n);
    if (i == a || !(has_bit(bits, a) || has_bit(bits, b))) continue;
    join_bits(bits, both, f->words);
    set(bits, a);
  }
  for (int m = 0; m < q->members; m++) f->of[q->member[m]] = a;
  int inputs = 0;
  for (int i = 0; i < q->inputs; i++) add_input(p, q->input[i]);
  for (int i = 0; i < p->inputs; i++)
    if (f->of[f->g->values[p->input[i]].node] != a) p->input[inputs++] = p->input[i];
  p->inputs = inputs;
  p->outputs += q->outputs;
  join_members(p, q);
}

static void merge_clusters(finding *f) {
  for (bool more = true; more;) {
    more = false;
    for (uint32_t a = 0; a < f->n; a++)
      for (uint32_t b = 0; b < f->n; b++)
        if (a != b && f->clusters[a].members && f->clusters[b].members && may_merge(f, a, b)) {
          merge(f, a, b);
          more = true;
        }
  }
}

/* ---- when values are made ---- */

static void find_positions(finding *f, int32_t *level) {
  for (uint32_t n = 0; n < f->g->n_nodes; n++) {
    if (!f->live[n]) continue;
    const weyl_node *node = f->g->nodes[n];
    const bool in_phase = weyl_node_levels(f->g, node, level) > 0;
    for (int k = 0; k < node->n_out; k++) {
      const uint32_t v = node->first + (uint32_t)k;
      f->position[v] = 2 * level[v] + in_phase;
    }
  }
}

/* Whole elementwise nodes whose readers are all of a later stage go there, and join them: an optimiser's decay of last
 * step's averages, say. */
static void sink(finding *f, int32_t *reader) {
  const weyl_graph *g = f->g;
  for (uint32_t v = 0; v < g->n_values; v++) reader[v] = INT32_MAX;
  for (uint32_t n = g->n_nodes; n-- > 0;) {
    const weyl_node *node = g->nodes[n];
    if (!f->live[n]) continue;
    const uint32_t v = node->first;
    const bool stage = !(node->op->flags & WEYL_OP_LEAF) && f->position[v] % 2 == 0;
    const bool light =
        node->op->flags & (WEYL_OP_ALIAS | WEYL_OP_VIEW) || (weyl_rowwise_can(node) && !weyl_rowwise_ends(node));
    if (stage && light && node->n_out == 1 && reader[v] != INT32_MAX && reader[v] % 2 == 0 &&
        reader[v] > f->position[v])
      f->position[v] = reader[v];
    for (int i = 0; i < node->n_in; i++)
      if (f->position[v] < reader[node->in[i]]) reader[node->in[i]] = f->position[v];
  }
}

weyl_status weyl_find_clusters(const weyl_graph *g, const bool *live, weyl_arena *arena, weyl_clusters *to) {
  finding f = {.g = g, .live = live, .words = g->n_nodes / 64 + 1};
  uint64_t *bits = weyl_arena_array(arena, uint64_t, f.words);
  int32_t *scratch = weyl_arena_array(arena, int32_t, g->n_values + 1);
  f.position = weyl_arena_array(arena, int32_t, g->n_values + 1);
  f.of = weyl_arena_array(arena, uint32_t, g->n_nodes + 1);
  f.clusters = weyl_arena_array(arena, weyl_cluster, g->n_nodes + 1);
  f.needs = weyl_arena_array(arena, uint64_t, (size_t)g->n_nodes * f.words + 1);
  f.together = weyl_arena_array(arena, uint64_t, (size_t)(g->n_nodes + 1) * f.words);
  if (!bits || !scratch || !f.position || !f.of || !f.clusters || !f.needs || !f.together) return WEYL_MEMORY;
  for (uint32_t n = 0; n < g->n_nodes; n++) f.of[n] = WEYL_NOBODY;
  find_positions(&f, scratch);
  sink(&f, scratch);
  assign_clusters(&f, bits);
  merge_clusters(&f);
  *to = (weyl_clusters){.g = g, .live = live, .of = f.of, .n = f.n, .cluster = f.clusters};
  return WEYL_OK;
}
