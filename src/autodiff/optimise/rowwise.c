/* Where the numbers of a node are when it goes over rows: whole arrays, one number or one row for several rows, rows by
 * index. */
#include "rowwise.h"

/* ---- what values are ---- */

uint32_t weyl_rowwise_root(const weyl_graph *g, uint32_t v) {
  for (;;) {
    const weyl_node *node = g->nodes[g->values[v].node];
    if (node->op != &weyl_op_reshape) return v;
    v = node->in[0];
  }
}

static const weyl_node *maker(const weyl_graph *g, uint32_t v) { return g->nodes[g->values[v].node]; }

void weyl_rowwise_size(const weyl_shape *s, int from, int to, int64_t *numbers, int32_t *count) {
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
  weyl_rowwise_size(s, from, to, &n, &count);
  return count == WEYL_NUMBER && n <= INT32_MAX ? n : 0;
}

static bool single(weyl_dim d) { return d.n == 1 && d.count == WEYL_NUMBER; }

/* ---- operands ---- */

/* Which of the row axes 0..cut an operand has: all, a leading part (each row repeated), a trailing part (rows over and
 * over), or none. */
static bool row_map(const weyl_shape *s, int cut, const bool *has, weyl_row_source *o) {
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

/* Rows of a slice are read where they are if each is one piece of a longer row. */
static void look_through_slice(const weyl_graph *g, int64_t width, weyl_row_source *o) {
  const weyl_node *node = maker(g, o->value);
  if (node->op != &weyl_op_slice || node->attr.i[2] != 1 || o->one) return;
  const weyl_shape *s = &g->values[o->value].shape, *x = &g->values[node->in[0]].shape;
  const int cut = weyl_rowwise_cut(s, width), axis = node->attr.axis;
  if (cut < 0 || axis < cut) return;
  for (int a = cut; a < axis; a++)
    if (!single(s->dim[a])) return;
  const int64_t inner = plain_size(x, axis + 1, x->rank), row = plain_size(x, cut, x->rank);
  if (inner == 0 || row == 0) return;
  o->value = o->index == WEYL_NOBODY ? weyl_rowwise_root(g, node->in[0]) : node->in[0];
  o->stride = row;
  o->offset = node->attr.i[0] * inner;
}

/* Where the numbers of v are for rows cut at axis `cut` of the shape s that v has. */
static bool locate(const weyl_graph *g, uint32_t v, const weyl_shape *s, int cut, weyl_row_source *o) {
  *o = (weyl_row_source){.value = weyl_rowwise_root(g, v), .index = WEYL_NOBODY, .div = 1, .times = 1};
  const weyl_node *node = maker(g, v);
  if (node->op == &weyl_op_gather && g->values[v].dtype != WEYL_I32 && cut >= 1) {
    const int64_t k = plain_size(s, 1, cut);
    *o = (weyl_row_source){.value = node->in[0], .index = node->in[1], .div = k, .times = k, .rest = k > 1};
    look_through_slice(g, plain_size(s, cut, s->rank), o);
    return k > 0;
  }
  if (node->op != &weyl_op_broadcast) {
    look_through_slice(g, plain_size(s, cut, s->rank), o);
    return true;
  }
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
  o->value = weyl_rowwise_root(g, node->in[0]);
  o->one = real == 0;
  if (!row_map(s, cut, has, o)) return false;
  look_through_slice(g, plain_size(s, cut, s->rank), o);
  return true;
}

/* ---- what nodes can be steps ---- */

static bool kind_of(const weyl_node *node, weyl_row_kind *kind, int32_t *f) {
#define X(U, l) &weyl_op_##l,
  static const weyl_op *const unary[] = {WEYL_UNARY_LIST(X)}, *const binary[] = {WEYL_BINARY_LIST(X)};
#undef X
  static const struct {
    const weyl_op *op;
    weyl_row_kind kind;
  } other[] = {{&weyl_op_where, WEYL_ROW_WHERE},
               {&weyl_op_copy, WEYL_ROW_COPY},
               {&weyl_op_silu, WEYL_ROW_SILU},
               {&weyl_op_sum, WEYL_ROW_SUM},
               {&weyl_op_scatter_add, WEYL_ROW_ADD_INTO}};
  *kind = WEYL_ROW_UNARY;
  for (*f = 0; *f < WEYL_UNARY_COUNT; ++*f)
    if (node->op == unary[*f]) return true;
  *kind = WEYL_ROW_BINARY;
  for (*f = 0; *f < WEYL_BINARY_COUNT; ++*f)
    if (node->op == binary[*f]) return true;
  *f = 0;
  for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
    *kind = other[i].kind;
    if (node->op == other[i].op) return true;
  }
  return false;
}

bool weyl_rowwise_can(const weyl_node *node) {
  weyl_row_kind kind;
  int32_t f;
  return kind_of(node, &kind, &f);
}

bool weyl_rowwise_ends(const weyl_node *node) { return node->op == &weyl_op_sum || node->op == &weyl_op_scatter_add; }

int weyl_rowwise_cut(const weyl_shape *s, int64_t width) {
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
static bool sum_step(const weyl_graph *g, const weyl_node *node, int cut, weyl_row_kind *kind, weyl_row_source *to) {
  const weyl_shape *s = &g->values[node->in[0]].shape;
  bool has[WEYL_RANK_MAX];
  int in_row = 0, in_rows = 0, kept_in_row = 0, kept_rows = 0;
  for (int a = 0; a < s->rank; a++) {
    has[a] = !summed(node, a);
    if (single(s->dim[a])) continue;
    *(a < cut ? (has[a] ? &kept_rows : &in_rows) : (has[a] ? &kept_in_row : &in_row)) += 1;
  }
  *to = (weyl_row_source){.index = WEYL_NOBODY, .div = 1, .times = 1};
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

const weyl_shape *weyl_rowwise_domain(const weyl_graph *g, const weyl_node *node) {
  return &g->values[weyl_rowwise_ends(node) ? node->in[0] : node->first].shape;
}

bool weyl_rowwise_read(const weyl_graph *g, const weyl_node *node, int64_t width, weyl_rowwise *step) {
  const weyl_shape *s = weyl_rowwise_domain(g, node);
  const int cut = weyl_rowwise_cut(s, width);
  if (cut < 0 || !kind_of(node, &step->kind, &step->f)) return false;
  step->n_in = node->op == &weyl_op_scatter_add ? 1 : node->n_in;
  step->out = (weyl_row_source){.index = WEYL_NOBODY, .div = 1, .times = 1};
  for (int i = 0; i < step->n_in; i++)
    if (!locate(g, node->in[i], s, cut, &step->in[i])) return false;
  if (node->op == &weyl_op_sum) return sum_step(g, node, cut, &step->kind, &step->out);
  if (node->op == &weyl_op_scatter_add) {
    const int64_t k = cut >= 1 ? plain_size(s, 1, cut) : 0;
    step->out = (weyl_row_source){.index = node->in[1], .div = k, .times = k, .rest = k > 1};
    return k > 0;
  }
  return true;
}

int64_t weyl_rowwise_width(const weyl_graph *g, const weyl_node *node) {
  const weyl_shape *s = weyl_rowwise_domain(g, node);
  weyl_rowwise step;
  for (int c = s->rank - 1; c >= 0; c--) {
    const int64_t width = plain_size(s, c, s->rank);
    if (width == 0 || width > WEYL_ROW_BLOCK) break;
    if (width > 1 && weyl_rowwise_read(g, node, width, &step)) return width;
  }
  return weyl_rowwise_read(g, node, 1, &step) ? 1 : 0;
}
