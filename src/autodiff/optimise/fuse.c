/* Elementwise nodes, with the rows they gather and the sums they end in, become single steps (engine findings, 5 and
 * 7).
 *
 * Nodes join a cluster when they go over the same rows of the same width, at the same phase, and when nothing that they
 * read is made from the cluster by somebody else.  Then the graph is built once more, a cluster at a time.
 */
#include "fused.h"
#include "optimise.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX

enum { OPERANDS = 4 }; /* of a node that can be a step, with its sum's rows */

typedef struct cluster {
  int64_t numbers; /* size of the arrays it goes over: this many, times the count */
  int32_t count;
  int64_t width; /* of a row; 0: any */
  int32_t level;
  int members, inputs, outputs;
  uint32_t input[WEYL_FUSED_INPUTS]; /* values from outside */
} cluster;

typedef struct fusing {
  weyl_graph *g;
  const bool *live;
  int32_t *level; /* of values */
  uint32_t *of;   /* cluster of each node */
  cluster *clusters;
  uint32_t n, words;
  uint64_t *needs;    /* [n_nodes][words]: clusters that a node needs */
  uint64_t *together; /* [clusters][words]: clusters that a cluster needs */
} fusing;

/* ---- what values are ---- */

/* Through reshapes: the same numbers in the same order. */
static uint32_t root(const weyl_graph *g, uint32_t v) {
  for (;;) {
    const weyl_node *node = g->nodes[g->values[v].node];
    if (node->op != &weyl_op_reshape) return v;
    v = node->in[0];
  }
}

static const weyl_node *maker(const weyl_graph *g, uint32_t v) { return g->nodes[g->values[v].node]; }

static void size_of(const weyl_shape *s, int from, int to, int64_t *numbers, int32_t *count) {
  *numbers = 1;
  *count = WEYL_NUMBER;
  for (int a = from; a < to; a++) {
    *numbers *= s->dim[a].n;
    if (s->dim[a].count != WEYL_NUMBER) *count = s->dim[a].count;
  }
}

/* Product of dims when all of them are numbers (and no more than a row program can count), else 0. */
static int64_t plain_size(const weyl_shape *s, int from, int to) {
  int64_t n;
  int32_t count;
  size_of(s, from, to, &n, &count);
  return count == WEYL_NUMBER && n <= INT32_MAX ? n : 0;
}

static bool single(weyl_dim d) { return d.n == 1 && d.count == WEYL_NUMBER; }

/* ---- operands ---- */

typedef struct source {
  uint32_t value; /* its array */
  uint32_t index; /* value with the rows, or NOBODY */
  int64_t div, times;
  bool rest, one;
} source;

/* Which of the row axes 0..cut an operand has: all, a leading part (each row repeated), a trailing part (rows over and
 * over), or none. */
static bool row_map(const weyl_shape *s, int cut, const bool *has, source *o) {
  int first = cut, last = -1, gaps = 0, absent = 0;
  for (int a = 0; a < cut; a++) {
    if (single(s->dim[a])) continue;
    if (has[a]) {
      if (first == cut) first = a;
      last = a;
    } else {
      absent++;
    }
  }
  for (int a = first; a < last; a++) gaps += !has[a] && !single(s->dim[a]);
  o->div = o->times = 1;
  o->rest = false;
  if (absent == 0) return true;
  if (last < 0) {
    o->times = 0;
    return true;
  }
  if (gaps) return false;
  bool leading = true, trailing = true;
  for (int a = 0; a < first; a++) leading = leading && single(s->dim[a]);
  for (int a = last + 1; a < cut; a++) trailing = trailing && single(s->dim[a]);
  if (leading) {
    o->div = plain_size(s, last + 1, cut);
    return o->div > 0;
  }
  if (!trailing) return false;
  o->div = plain_size(s, first, cut);
  o->times = 0;
  o->rest = true;
  return o->div > 0;
}

/* Where the numbers of v are for rows cut at axis `cut` of the shape s that v has. */
static bool locate(const weyl_graph *g, uint32_t v, const weyl_shape *s, int cut, source *o) {
  *o = (source){.value = root(g, v), .index = NOBODY, .div = 1, .times = 1};
  const weyl_node *node = maker(g, v);
  if (node->op == &weyl_op_gather && g->values[v].dtype != WEYL_I32 && cut >= 1) {
    const int64_t k = plain_size(s, 1, cut);
    *o = (source){.value = node->in[0], .index = node->in[1], .div = k, .times = k, .rest = k > 1};
    return k > 0;
  }
  if (node->op != &weyl_op_broadcast) return true;
  const weyl_shape *x = &g->values[node->in[0]].shape;
  bool has[WEYL_RANK_MAX] = {false};
  for (int i = 0; i < x->rank; i++) has[node->attr.i[i]] = weyl_dim_equal(x->dim[i], s->dim[node->attr.i[i]]);
  int real = 0, missing = 0;
  for (int a = cut; a < s->rank; a++)
    if (!single(s->dim[a])) {
      real += has[a];
      missing += !has[a];
    }
  if (real && missing) return false;
  o->value = root(g, node->in[0]);
  o->one = real == 0;
  return row_map(s, cut, has, o);
}

static bool plain(const source *o) { return o->index == NOBODY && o->div == 1 && o->times == 1; }

/* ---- what nodes can be steps ---- */

typedef struct role {
  weyl_row_kind kind;
  int32_t f;
} role;

static bool role_of(const weyl_node *node, role *r) {
#define X(U, l) &weyl_op_##l,
  static const weyl_op *const unary[] = {WEYL_UNARY_LIST(X)}, *const binary[] = {WEYL_BINARY_LIST(X)};
#undef X
  *r = (role){WEYL_ROW_UNARY, 0};
  for (r->f = 0; r->f < WEYL_UNARY_COUNT; r->f++)
    if (node->op == unary[r->f]) return true;
  r->kind = WEYL_ROW_BINARY;
  for (r->f = 0; r->f < WEYL_BINARY_COUNT; r->f++)
    if (node->op == binary[r->f]) return true;
  r->f = 0;
  if (node->op == &weyl_op_where)
    r->kind = WEYL_ROW_WHERE;
  else if (node->op == &weyl_op_copy)
    r->kind = WEYL_ROW_COPY;
  else if (node->op == &weyl_op_silu)
    r->kind = WEYL_ROW_SILU;
  else if (node->op == &weyl_op_sum)
    r->kind = WEYL_ROW_SUM;
  else if (node->op == &weyl_op_scatter_add)
    r->kind = WEYL_ROW_ADD_INTO;
  else
    return false;
  return true;
}

static bool ends(const weyl_node *node) { return node->op == &weyl_op_sum || node->op == &weyl_op_scatter_add; }

/* The cut of a shape that leaves rows of `width` numbers, or -1. */
static int cut_at(const weyl_shape *s, int64_t width) {
  for (int c = s->rank; c >= 0; c--) {
    const int64_t n = plain_size(s, c, s->rank);
    if (n == width && !(c > 0 && single(s->dim[c - 1]))) return c;
    if (n == 0 || n > width) return -1;
  }
  return -1;
}

static bool summed(const weyl_node *node, int axis) {
  for (int i = 0; i < node->attr.n; i++)
    if (node->attr.i[i] == axis) return true;
  return false;
}

/* A sum as a step over its operand's rows: of each row, of rows into rows, or of everything. */
static bool sum_step(const weyl_graph *g, const weyl_node *node, int cut, weyl_row_kind *kind, source *to) {
  const weyl_shape *s = &g->values[node->in[0]].shape;
  bool has[WEYL_RANK_MAX];
  int in_row = 0, in_rows = 0, kept_in_row = 0, kept_rows = 0;
  for (int a = 0; a < s->rank; a++) {
    has[a] = !summed(node, a);
    if (single(s->dim[a])) continue;
    *(a < cut ? (has[a] ? &kept_rows : &in_rows) : (has[a] ? &kept_in_row : &in_row)) += 1;
  }
  *to = (source){.index = NOBODY, .div = 1, .times = 1};
  if (in_row && kept_in_row) return false;
  if (in_rows == 0 && in_row) {
    *kind = WEYL_ROW_SUM;
    to->one = true;
    return true;
  }
  if (kept_rows == 0 && kept_in_row == 0) {
    *kind = WEYL_ROW_ADD_ALL;
    to->one = true;
    to->times = 0;
    return true;
  }
  if (in_row) return false;
  *kind = WEYL_ROW_ADD_INTO;
  return row_map(s, cut, has, to);
}

/* The shape that a node goes over. */
static const weyl_shape *domain(const weyl_graph *g, const weyl_node *node) {
  return &g->values[ends(node) ? node->in[0] : node->first].shape;
}

static int operands(const weyl_node *node) { return node->op == &weyl_op_scatter_add ? 1 : node->n_in; }

/* Whether all operands of a node can be read (and its sum written) by rows of this width. */
static bool fits(const weyl_graph *g, const weyl_node *node, int64_t width, source *in, source *out,
                 weyl_row_kind *kind) {
  const weyl_shape *s = domain(g, node);
  const int cut = cut_at(s, width);
  if (cut < 0) return false;
  for (int i = 0; i < operands(node); i++)
    if (!locate(g, node->in[i], s, cut, &in[i])) return false;
  *out = (source){.index = NOBODY, .div = 1, .times = 1};
  if (node->op == &weyl_op_sum) return sum_step(g, node, cut, kind, out);
  if (node->op == &weyl_op_scatter_add) {
    const int64_t k = cut >= 1 ? plain_size(s, 1, cut) : 0;
    *out = (source){.index = node->in[1], .div = k, .times = k, .rest = k > 1};
    return k > 0;
  }
  return true;
}

/* A sum of each row: one number a row, which the steps behind it can read. */
static bool row_sum(const weyl_graph *g, const weyl_node *node, int64_t width) {
  source in[3], out;
  weyl_row_kind kind = WEYL_ROW_COPY;
  return node->op == &weyl_op_sum && fits(g, node, width, in, &out, &kind) && kind == WEYL_ROW_SUM;
}

/* ---- clusters ---- */

static void set(uint64_t *bits, uint32_t i) { bits[i / 64] |= (uint64_t)1 << (i % 64); }
static bool has_bit(const uint64_t *bits, uint32_t i) { return bits[i / 64] >> (i % 64) & 1; }
static void join_bits(uint64_t *to, const uint64_t *from, uint32_t words) {
  for (uint32_t i = 0; i < words; i++) to[i] |= from[i];
}

static const uint64_t *needs_of(const fusing *f, uint32_t node) {
  return f->of[node] != NOBODY ? f->together + (size_t)f->of[node] * f->words : f->needs + (size_t)node * f->words;
}

/* What a value read from outside needs, put into bits. */
static void need_value(const fusing *f, uint32_t v, uint64_t *bits) {
  const uint32_t node = f->g->values[v].node;
  join_bits(bits, needs_of(f, node), f->words);
  if (f->of[node] != NOBODY) set(bits, f->of[node]);
}

/* Whether the cluster may take the node in; what that makes it need, in bits. */
static bool may_join(const fusing *f, uint32_t n, uint32_t k, uint64_t *bits) {
  const weyl_graph *g = f->g;
  const weyl_node *node = g->nodes[n];
  const cluster *c = &f->clusters[k];
  int64_t numbers;
  int32_t count;
  const weyl_shape *s = domain(g, node);
  size_of(s, 0, s->rank, &numbers, &count);
  if (numbers != c->numbers || count != c->count || f->level[node->first] != c->level ||
      c->members >= WEYL_FUSED_STEPS || c->inputs + 2 * OPERANDS > WEYL_FUSED_INPUTS ||
      c->outputs + node->n_out > WEYL_FUSED_OUTPUTS)
    return false;
  source in[3], out;
  weyl_row_kind kind;
  if (!fits(g, node, c->width, in, &out, &kind)) return false;
  memset(bits, 0, f->words * sizeof *bits);
  bool reads = false; /* something that the cluster makes */
  for (int i = 0; i < operands(node); i++) {
    const uint32_t by = g->values[in[i].value].node;
    if (f->of[by] == k) {
      /* rows as they are being made, or a number a row that has just been summed */
      const bool narrow = row_sum(g, g->nodes[by], c->width);
      if (!plain(&in[i]) || narrow != in[i].one || (ends(g->nodes[by]) && !narrow)) return false;
      reads = true;
    } else {
      need_value(f, in[i].value, bits);
    }
    if (in[i].index != NOBODY) need_value(f, in[i].index, bits);
  }
  if (out.index != NOBODY) need_value(f, out.index, bits);
  if (ends(node) && !reads) return false;
  return !has_bit(bits, k);
}

static void add_input(cluster *c, uint32_t v) {
  for (int i = 0; i < c->inputs; i++)
    if (c->input[i] == v) return;
  if (v != NOBODY) c->input[c->inputs++] = v;
}

static void take_in(fusing *f, uint32_t n, uint32_t k, const uint64_t *bits) {
  cluster *c = &f->clusters[k];
  source in[3], out;
  weyl_row_kind kind;
  (void)fits(f->g, f->g->nodes[n], c->width, in, &out, &kind);
  for (int i = 0; i < operands(f->g->nodes[n]); i++) {
    if (f->of[f->g->values[in[i].value].node] != k) add_input(c, in[i].value);
    add_input(c, in[i].index);
  }
  add_input(c, out.index);
  f->of[n] = k;
  c->members++;
  c->outputs += f->g->nodes[n]->n_out;
  /* whoever needs this cluster needs what it needs now */
  join_bits(f->together + (size_t)k * f->words, bits, f->words);
  for (uint32_t o = 0; o < f->n; o++)
    if (has_bit(f->together + (size_t)o * f->words, k)) join_bits(f->together + (size_t)o * f->words, bits, f->words);
  for (uint32_t i = 0; i < n; i++)
    if (has_bit(f->needs + (size_t)i * f->words, k)) join_bits(f->needs + (size_t)i * f->words, bits, f->words);
}

/* Rows of the width that an operand asks for: the widest that does. */
static int64_t width_for(const weyl_graph *g, const weyl_node *node) {
  const weyl_shape *s = domain(g, node);
  source in[3], out;
  weyl_row_kind kind;
  for (int c = s->rank - 1; c >= 0; c--) {
    const int64_t width = plain_size(s, c, s->rank);
    if (width == 0 || width > WEYL_ROW_BLOCK) break;
    if (width > 1 && fits(g, node, width, in, &out, &kind)) return width;
  }
  return fits(g, node, 1, in, &out, &kind) ? 1 : 0;
}

static void assign_clusters(fusing *f, uint64_t *bits) {
  const weyl_graph *g = f->g;
  for (uint32_t n = 0; n < g->n_nodes; n++) {
    const weyl_node *node = g->nodes[n];
    role r;
    if (!f->live[n]) continue;
    uint32_t home = NOBODY;
    const bool can = role_of(node, &r) && g->values[node->first].dtype != WEYL_I32 && f->level[node->first] >= 0;
    if (can) {
      /* the latest cluster that makes an operand, else the latest that reads one */
      for (uint32_t k = f->n; k-- > 0 && k + 24 >= f->n && home == NOBODY;)
        if (may_join(f, n, k, bits)) {
          bool near = false;
          for (int i = 0; i < node->n_in; i++) {
            const weyl_node *m = maker(g, root(g, node->in[i]));
            if (m->op == &weyl_op_broadcast) m = maker(g, root(g, m->in[0]));
            near = near || f->of[m->id] == k;
          }
          if (near) home = k;
        }
      const int64_t width = home == NOBODY && !ends(node) ? width_for(g, node) : 0;
      if (width > 0) {
        cluster *c = &f->clusters[f->n];
        const weyl_shape *s = domain(g, node);
        *c = (cluster){.width = width, .level = f->level[node->first]};
        size_of(s, 0, s->rank, &c->numbers, &c->count);
        if (may_join(f, n, f->n, bits)) home = f->n++;
      }
    }
    if (home != NOBODY) {
      may_join(f, n, home, bits);
      take_in(f, n, home, bits);
    } else {
      for (int i = 0; i < node->n_in; i++) need_value(f, node->in[i], f->needs + (size_t)n * f->words);
    }
  }
}

/* Whether what node n reads of cluster k is made row by row in time for it. */
static bool in_step(const fusing *f, uint32_t n, uint32_t k) {
  const weyl_graph *g = f->g;
  const weyl_node *node = g->nodes[n];
  const int64_t width = f->clusters[k].width;
  source in[3], out;
  weyl_row_kind kind;
  if (!fits(g, node, width, in, &out, &kind)) return false;
  for (int i = 0; i < operands(node); i++) {
    if (in[i].index != NOBODY && f->of[g->values[in[i].index].node] == k) return false;
    const weyl_node *by = maker(g, in[i].value);
    if (f->of[by->id] != k) continue;
    const bool narrow = row_sum(g, by, width);
    if (!plain(&in[i]) || narrow != in[i].one || (ends(by) && !narrow)) return false;
  }
  return out.index == NOBODY || f->of[g->values[out.index].node] != k;
}

/* Whether something that cluster b reads, other than from cluster a, is made from a. */
static bool reads_around(const fusing *f, uint32_t b, uint32_t a) {
  const cluster *c = &f->clusters[b];
  for (int i = 0; i < c->inputs; i++) {
    const uint32_t node = f->g->values[c->input[i]].node;
    if (f->of[node] != a && f->of[node] != b && has_bit(needs_of(f, node), a)) return true;
  }
  return false;
}

static bool may_merge(const fusing *f, uint32_t a, uint32_t b) {
  const cluster *p = &f->clusters[a], *q = &f->clusters[b];
  if (p->numbers != q->numbers || p->count != q->count || p->width != q->width || p->level != q->level ||
      p->members + q->members > WEYL_FUSED_STEPS || p->inputs + q->inputs > WEYL_FUSED_INPUTS ||
      p->outputs + q->outputs > WEYL_FUSED_OUTPUTS)
    return false;
  bool reads = false;
  for (int i = 0; i < q->inputs; i++) reads = reads || f->of[f->g->values[q->input[i]].node] == a;
  if (!reads || has_bit(f->together + (size_t)a * f->words, b) || reads_around(f, b, a)) return false;
  for (uint32_t n = 0; n < f->g->n_nodes; n++)
    if (f->of[n] == b && !in_step(f, n, a)) return false;
  return true;
}

static void unset(uint64_t *bits, uint32_t i) { bits[i / 64] &= ~((uint64_t)1 << (i % 64)); }

/* Whoever needs b needs a from now on, and with it all that either needs. */
static void merge(fusing *f, uint32_t a, uint32_t b) {
  cluster *p = &f->clusters[a], *q = &f->clusters[b];
  uint64_t *both = f->together + (size_t)a * f->words;
  join_bits(both, f->together + (size_t)b * f->words, f->words);
  unset(both, a);
  for (uint32_t i = 0; i < f->n + f->g->n_nodes; i++) {
    uint64_t *bits = i < f->n ? f->together + (size_t)i * f->words : f->needs + (size_t)(i - f->n) * f->words;
    if (i == a || !(has_bit(bits, a) || has_bit(bits, b))) continue;
    join_bits(bits, both, f->words);
    set(bits, a);
  }
  for (uint32_t n = 0; n < f->g->n_nodes; n++)
    if (f->of[n] == b) f->of[n] = a;
  int inputs = 0;
  for (int i = 0; i < q->inputs; i++) add_input(p, q->input[i]);
  for (int i = 0; i < p->inputs; i++)
    if (f->of[f->g->values[p->input[i]].node] != a) p->input[inputs++] = p->input[i];
  p->inputs = inputs;
  p->members += q->members;
  p->outputs += q->outputs;
  q->members = 0;
}

/* Clusters that read one another become one. */
static void merge_clusters(fusing *f) {
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

/* ---- levels: as the plan has them ---- */

static void find_levels(const weyl_graph *g, const bool *live, int32_t *level) {
  for (uint32_t n = 0; n < g->n_nodes; n++) {
    const weyl_node *node = g->nodes[n];
    if (!live[n]) continue;
    int32_t sharded_in = 0, whole_in = 0;
    bool any = false;
    for (int i = 0; i < node->n_in; i++) {
      const bool sharded = weyl_shape_sharded(&g->values[node->in[i]].shape);
      const int32_t l = level[node->in[i]] / 2;
      any = any || sharded;
      if (sharded)
        sharded_in = l > sharded_in ? l : sharded_in;
      else
        whole_in = l > whole_in ? l : whole_in;
    }
    const int32_t phase = sharded_in > whole_in + 1 ? sharded_in : whole_in + 1;
    for (int k = 0; k < node->n_out; k++) {
      const bool sharded = weyl_shape_sharded(&g->values[node->first + (uint32_t)k].shape);
      int32_t l = sharded || any ? phase : whole_in;
      if (sharded && node->op->flags & WEYL_OP_LEAF) l = 1;
      level[node->first + (uint32_t)k] = 2 * l + (sharded || any); /* phases and stages apart */
    }
  }
}

/* Whole elementwise nodes whose readers are all of a later stage go there, and join them: an optimiser's decay of last
 * step's averages, say. */
static void sink(const weyl_graph *g, const bool *live, int32_t *level, int32_t *reader) {
  for (uint32_t v = 0; v < g->n_values; v++) reader[v] = INT32_MAX;
  for (uint32_t n = g->n_nodes; n-- > 0;) {
    const weyl_node *node = g->nodes[n];
    role r;
    if (!live[n]) continue;
    const uint32_t v = node->first;
    const bool stage = !(node->op->flags & WEYL_OP_LEAF) && level[v] % 2 == 0;
    const bool light = node->op->flags & (WEYL_OP_ALIAS | WEYL_OP_VIEW) || (role_of(node, &r) && !ends(node));
    if (stage && light && node->n_out == 1 && reader[v] != INT32_MAX && reader[v] % 2 == 0 && reader[v] > level[v])
      level[v] = reader[v];
    for (int i = 0; i < node->n_in; i++)
      if (level[v] < reader[node->in[i]]) reader[node->in[i]] = level[v];
  }
}

/* ---- building ---- */

typedef struct emission emission;
typedef struct builder {
  fusing *f;
  emission *emission;
  weyl_graph *to;
  uint32_t *map; /* values */
  bool *outside; /* values that are read outside of their cluster */
  bool *done;    /* by node */
} builder;

struct emission { /* a cluster being built */
  builder *b;
  weyl_fused_step steps[WEYL_FUSED_STEPS];
  weyl_value outputs[WEYL_FUSED_OUTPUTS];
  uint32_t output_value[WEYL_FUSED_OUTPUTS], input[WEYL_FUSED_INPUTS];
  int n_steps, n_outputs, n_inputs, registers;
  uint32_t held[WEYL_FUSED_STEPS]; /* value in each register, NOBODY when free */
};

static int input_number(emission *e, uint32_t v) {
  for (int i = 0; i < e->n_inputs; i++)
    if (e->input[i] == v) return i;
  e->input[e->n_inputs] = v;
  return e->n_inputs++;
}

static weyl_fused_operand operand(emission *e, const source *o, uint32_t k, int64_t width) {
  const fusing *f = e->b->f;
  weyl_fused_operand to = {
      .index = -1, .div = o->div, .times = o->times, .rest = o->rest, .one = o->one, .stride = o->one ? 1 : width};
  if (f->of[f->g->values[o->value].node] != k) {
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
  if (o->index != NOBODY) to.index = input_number(e, o->index);
  return to;
}

static weyl_fused_operand result(emission *e, uint32_t v, const source *o, int64_t width) {
  weyl_fused_operand to = {
      .index = -1, .div = o->div, .times = o->times, .rest = o->rest, .one = o->one, .stride = o->one ? 1 : width};
  if (e->b->outside[v]) {
    to.place = WEYL_FUSED_OUTPUT;
    to.n = e->n_outputs;
    e->outputs[e->n_outputs] = e->b->f->g->values[v];
    e->output_value[e->n_outputs++] = v;
    if (o->index != NOBODY) to.index = input_number(e, o->index);
    return to;
  }
  to.place = WEYL_FUSED_REGISTER;
  to.n = 0;
  while (to.n < e->registers && e->held[to.n] != NOBODY) to.n++;
  if (to.n == e->registers) e->registers++;
  e->held[to.n] = v;
  return to;
}

/* Whether a member behind `n` reads v. */
static bool read_later(const fusing *f, uint32_t v, uint32_t n, uint32_t k) {
  const weyl_graph *g = f->g;
  for (uint32_t i = n + 1; i < g->n_nodes; i++) {
    if (f->of[i] != k) continue;
    source in[3], out;
    weyl_row_kind kind;
    (void)fits(g, g->nodes[i], f->clusters[k].width, in, &out, &kind);
    for (int a = 0; a < operands(g->nodes[i]); a++)
      if (in[a].value == v) return true;
  }
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

static weyl_status emit_cluster(builder *b, uint32_t k) {
  const fusing *f = b->f;
  weyl_graph *g = f->g;
  const int64_t width = f->clusters[k].width;
  emission *e = b->emission;
  weyl_fused *fused = weyl_arena_array(b->to->arena, weyl_fused, 1);
  if (!fused) return WEYL_MEMORY;
  *e = (emission){.b = b};
  for (int i = 0; i < WEYL_FUSED_STEPS; i++) e->held[i] = NOBODY;
  const weyl_node *first = NULL;
  for (uint32_t n = 0; n < g->n_nodes; n++) {
    const weyl_node *node = g->nodes[n];
    if (f->of[n] != k) continue;
    role r;
    source in[3], out;
    weyl_fused_step *s = &e->steps[e->n_steps++];
    (void)role_of(node, &r);
    (void)fits(g, node, width, in, &out, &r.kind);
    s->kind = r.kind;
    s->f = r.f;
    for (int i = 0; i < operands(node); i++) s->in[i] = operand(e, &in[i], k, width);
    for (int i = 0; i < e->registers; i++)
      if (e->held[i] != NOBODY && !read_later(f, e->held[i], n, k)) {
        /* what this step reads row for row may give its place to the result, but not a number a row */
        bool now = false;
        for (int a = 0; a < operands(node); a++)
          now = now || (in[a].value == e->held[i] && (in[a].one || node->n_out > 1));
        if (!now) e->held[i] = NOBODY;
      }
    for (int o = 0; o < node->n_out; o++) {
      const uint32_t v = node->first + (uint32_t)o;
      if (b->outside[v] || read_later(f, v, n, k)) s->out[o] = result(e, v, &out, width);
    }
    fused->operations += (double)width * (node->op == &weyl_op_silu ? 4 : 1);
    if (!first) {
      const weyl_shape *shape = domain(g, node);
      const int cut = cut_at(shape, width);
      first = node;
      fused->rows = *shape;
      fused->rows.rank = cut;
    }
    b->done[n] = true;
  }
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
static bool ready(const builder *b, uint32_t v) { return b->done[b->f->g->values[v].node]; }

static bool node_ready(const builder *b, const weyl_node *node) {
  for (int i = 0; i < node->n_in; i++)
    if (!ready(b, node->in[i])) return false;
  return true;
}

static bool cluster_ready(const builder *b, uint32_t k) {
  const fusing *f = b->f;
  const weyl_graph *g = f->g;
  for (uint32_t n = 0; n < g->n_nodes; n++) {
    if (f->of[n] != k) continue;
    source in[3], out;
    weyl_row_kind kind;
    (void)fits(g, g->nodes[n], f->clusters[k].width, in, &out, &kind);
    for (int i = 0; i < operands(g->nodes[n]); i++) {
      if (f->of[g->values[in[i].value].node] != k && !ready(b, in[i].value)) return false;
      if (in[i].index != NOBODY && !ready(b, in[i].index)) return false;
    }
    if (out.index != NOBODY && !ready(b, out.index)) return false;
  }
  return true;
}

/* Values that somebody reads who is not in their cluster: the graph's outputs, other nodes, other clusters. Nodes that
 * only clusters look through (gathers, repetitions, reshapes) and nobody else reads are not built. */
static void find_outside(builder *b, const uint32_t *outputs, int n_outputs, bool assigns, bool *wanted) {
  const fusing *f = b->f;
  const weyl_graph *g = f->g;
  for (int k = 0; k < n_outputs; k++) wanted[outputs[k]] = true;
  for (uint32_t i = 0; assigns && i < g->n_assigns; i++)
    wanted[g->assigns[i].value] = wanted[g->assigns[i].variable] = true;
  for (uint32_t n = g->n_nodes; n-- > 0;) {
    const weyl_node *node = g->nodes[n];
    if (!f->live[n]) continue;
    if (f->of[n] == NOBODY) {
      bool any = false;
      for (int k = 0; k < node->n_out; k++) any = any || wanted[node->first + (uint32_t)k];
      if (any)
        for (int i = 0; i < node->n_in; i++) wanted[node->in[i]] = true;
      continue;
    }
    source in[3], out;
    weyl_row_kind kind;
    (void)fits(g, node, f->clusters[f->of[n]].width, in, &out, &kind);
    for (int i = 0; i < operands(node); i++) {
      if (f->of[g->values[in[i].value].node] != f->of[n]) wanted[in[i].value] = true;
      if (in[i].index != NOBODY) wanted[in[i].index] = true;
    }
    if (out.index != NOBODY) wanted[out.index] = true;
  }
  memcpy(b->outside, wanted, g->n_values * sizeof *wanted);
}

static weyl_status build(builder *b) {
  const fusing *f = b->f;
  const weyl_graph *g = f->g;
  for (bool more = true; more;) {
    more = false;
    for (uint32_t n = 0; n < g->n_nodes; n++) {
      const weyl_node *node = g->nodes[n];
      if (!f->live[n] || b->done[n]) continue;
      const uint32_t k = f->of[n];
      if (k == NOBODY) {
        bool any = false;
        for (int o = 0; o < node->n_out; o++) any = any || b->outside[node->first + (uint32_t)o];
        if (!any) {
          b->done[n] = true; /* looked through only */
          more = true;
          continue;
        }
        if (!node_ready(b, node)) continue;
        WEYL_TRY(emit_node(b, node));
      } else {
        if (!cluster_ready(b, k)) continue;
        WEYL_TRY(emit_cluster(b, k));
      }
      more = true;
      n = UINT32_MAX; /* what waited for it comes first */
    }
  }
  for (uint32_t n = 0; n < g->n_nodes; n++)
    if (f->live[n] && !b->done[n])
      return weyl_fail(g->ctx, WEYL_BUG, "fuse: %s cannot be ordered", g->nodes[n]->op->name);
  return WEYL_OK;
}

weyl_status weyl_fuse(weyl_graph *from, uint32_t *outputs, int n, bool assigns, weyl_graph **out) {
  weyl_context *ctx = from->ctx;
  weyl_arena *tmp = NULL;
  weyl_status status = WEYL_OK;
  *out = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &tmp));
  fusing f = {.g = from, .words = from->n_nodes / 64 + 1};
  builder b = {.f = &f};
  bool *live = weyl_arena_array(tmp, bool, from->n_nodes + 1),
       *wanted = weyl_arena_array(tmp, bool, from->n_values + 1);
  uint64_t *bits = weyl_arena_array(tmp, uint64_t, f.words);
  f.level = weyl_arena_array(tmp, int32_t, from->n_values + 1);
  int32_t *reader = weyl_arena_array(tmp, int32_t, from->n_values + 1);
  f.of = weyl_arena_array(tmp, uint32_t, from->n_nodes + 1);
  f.clusters = weyl_arena_array(tmp, cluster, from->n_nodes + 1);
  f.needs = weyl_arena_array(tmp, uint64_t, (size_t)from->n_nodes * f.words + 1);
  f.together = weyl_arena_array(tmp, uint64_t, (size_t)(from->n_nodes + 1) * f.words);
  b.map = weyl_arena_array(tmp, uint32_t, from->n_values + 1);
  b.outside = weyl_arena_array(tmp, bool, from->n_values + 1);
  b.done = weyl_arena_array(tmp, bool, from->n_nodes + 1);
  b.emission = weyl_arena_array(tmp, emission, 1);
  if (!live || !wanted || !bits || !f.level || !reader || !f.of || !f.clusters || !f.needs || !f.together || !b.map ||
      !b.outside || !b.done || !b.emission) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (uint32_t i = 0; i < from->n_nodes; i++) f.of[i] = NOBODY;
  f.live = live;
  weyl_mark_live(from, outputs, n, assigns, live);
  find_levels(from, live, f.level);
  sink(from, live, f.level, reader);
  assign_clusters(&f, bits);
  merge_clusters(&f);
  find_outside(&b, outputs, n, assigns, wanted);
  WEYL_GOTO(weyl_graph_new(ctx, from->vars, from->training, &b.to));
  WEYL_GOTO(build(&b));
  for (int k = 0; k < n; k++) outputs[k] = b.map[outputs[k]];
  for (uint32_t i = 0; assigns && i < from->n_assigns; i++)
    WEYL_GOTO(weyl_graph_append_assign(b.to, b.map[from->assigns[i].variable], b.map[from->assigns[i].value]));
  *out = b.to;
  b.to = NULL;
done:
  weyl_graph_free(b.to);
  weyl_arena_free(tmp);
  return status;
}
