/* Products where they are cheapest (engine findings, section 2): what is linear per row moves in front of a gather or a
 * repetition of rows and behind a sum of rows, so that an edge network's first layer runs per node, and so does its
 * derivative.
 *
 *   [gather(h, i) | gather(h, j) | e] W  =  gather(h W1, i) + gather(h W2, j) + e W3
 *   sum_e gather(h, i)_e (x) d_e         =  sum_n h_n (x) scatter_add(d, i)_n
 *   scatter_add(d W, i)                  =  scatter_add(d, i) W
 */
#include "optimise.h"

/* Parts of a concatenation, or of a result, that are worth a product of their own: when others move, and when none
 * does, so that nothing but a copy is saved. */
enum { WIDE = 16, VERY_WIDE = 48 };

double weyl_dim_typical(weyl_dim d) {
  static const double count[WEYL_COUNTS] = {1, 8, 64, 512, 64, 64, 64, 64};
  return (double)d.n * count[d.count % WEYL_COUNTS];
}

static weyl_dim row_dim(weyl_tensor t) { return weyl_tensor_shape(t).dim[0]; }

/* A gather that makes more rows than it reads. */
static const weyl_node *spread(weyl_tensor t) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_gather);
  return node && weyl_dim_typical(row_dim(t)) > weyl_dim_typical(row_dim(weyl_node_in(t.graph, node, 0))) ? node : NULL;
}

/* The axis of a repetition, if a broadcast adds or stretches exactly one; *from is its input with that axis of 1. */
static int repeated_axis(weyl_tensor t, weyl_tensor *from) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_broadcast);
  if (!node) return -1;
  weyl_graph *g = t.graph;
  const weyl_tensor x = weyl_node_in(g, node, 0);
  const weyl_shape s = weyl_tensor_shape(x), to = weyl_tensor_shape(t);
  int axis = -1, next = 0;
  for (int a = 0; a < to.rank; a++) {
    const bool there = next < s.rank && node->attr.i[next] == a;
    const bool kept = there && weyl_dim_equal(s.dim[next], to.dim[a]);
    next += there;
    if (kept) continue;
    if (axis >= 0) return -1;
    axis = a;
  }
  weyl_shape one = to;
  one.dim[axis < 0 ? 0 : axis] = weyl_num(1);
  if (axis >= 0) *from = weyl_reshape(x, one);
  return axis;
}

static weyl_tensor repeat(weyl_tensor x, int axis, weyl_dim dim) {
  weyl_shape to = weyl_tensor_shape(x);
  int axes[WEYL_RANK_MAX];
  for (int i = 0; i < to.rank; i++) axes[i] = i;
  to.dim[axis] = dim;
  return weyl_broadcast_in(x, to, axes);
}

static bool movable(weyl_tensor t) {
  weyl_tensor from;
  return spread(t) || repeated_axis(t, &from) >= 0;
}

static int find(const int *axes, int n, int axis) {
  for (int i = 0; i < n; i++)
    if (axes[i] == axis) return i;
  return -1;
}

/* ---- products of a concatenation ---- */

/* Where the parts of a concatenation are cut: parts that move or are wide stand alone, the rest stays together. */
static int groups_of(const weyl_node *joined, weyl_graph *g, int *first, int most) {
  int n = 0;
  bool open = false, moving = false;
  for (int i = 0; i < joined->n_in; i++) moving = moving || movable(weyl_node_in(g, joined, i));
  for (int i = 0; i < joined->n_in; i++) {
    const weyl_tensor part = weyl_node_in(g, joined, i);
    const bool alone = movable(part) || weyl_tensor_shape(part).dim[joined->attr.axis].n >= (moving ? WIDE : VERY_WIDE);
    if (alone || !open) {
      if (n == most) return 0;
      first[n++] = i;
    }
    open = !alone;
  }
  return n;
}

static weyl_tensor group(weyl_graph *g, const weyl_node *joined, int from, int to, int64_t *size) {
  weyl_tensor part[16];
  *size = 0;
  for (int i = from; i < to; i++) {
    part[i - from] = weyl_node_in(g, joined, i);
    *size += weyl_tensor_shape(part[i - from]).dim[joined->attr.axis].n;
  }
  return weyl_concat(part, to - from, joined->attr.axis);
}

static weyl_tensor of_concat(weyl_graph *g, const weyl_dot *d, int side) {
  enum { MOST = 16 };
  const weyl_node *joined = weyl_made_by(d->in[side], &weyl_op_concat);
  if (!joined || joined->n_in > MOST || d->n_batch) return WEYL_NULL_TENSOR;
  const int axis = joined->attr.axis, other = 1 - side;
  const int at_contract = find(d->contract[side], d->n_contract, axis),
            at_free = find(d->free[side], d->n_free[side], axis);
  /* slices of the other operand must be cheap, or the result one for the whole batch */
  const bool result_whole = !weyl_whole(d->in[other]) && find(d->contract[side], d->n_contract, 0) >= 0;
  if (at_contract >= 0 ? !weyl_whole(d->in[other]) : !result_whole) return WEYL_NULL_TENSOR;
  int first[MOST + 1];
  const int n = groups_of(joined, g, first, MOST);
  if (n < 2) return WEYL_NULL_TENSOR;
  first[n] = joined->n_in;
  weyl_tensor sum = WEYL_NULL_TENSOR, piece[MOST];
  int64_t at = 0;
  for (int k = 0; k < n; k++) {
    int64_t size;
    weyl_dot part = *d;
    part.in[side] = group(g, joined, first[k], first[k + 1], &size);
    if (at_contract >= 0) part.in[other] = weyl_slice(d->in[other], d->contract[other][at_contract], at, size, 1);
    at += size;
    piece[k] = weyl_dot_make(&part);
    if (at_contract >= 0) sum = k ? weyl_add(sum, piece[k]) : piece[k];
  }
  if (at_contract >= 0) return sum;
  return weyl_concat(piece, n, side == 0 ? at_free : d->n_free[0] + at_free);
}

/* ---- products of gathered or repeated rows ---- */

static weyl_tensor of_spread(weyl_graph *g, const weyl_dot *d, int side) {
  const weyl_node *node = spread(d->in[side]);
  if (!node || d->n_batch) return WEYL_NULL_TENSOR;
  const int other = 1 - side, at = find(d->contract[side], d->n_contract, 0);
  const weyl_tensor x = weyl_node_in(g, node, 0), index = weyl_node_in(g, node, 1);
  weyl_dot moved = *d;
  moved.in[side] = x;
  if (at < 0) { /* rows are free */
    if (side == 1 && d->n_free[0] > 0) return WEYL_NULL_TENSOR;
    if (!weyl_whole(d->in[other])) return WEYL_NULL_TENSOR;
    return weyl_gather(weyl_dot_make(&moved), index);
  }
  if (d->contract[other][at] != 0) return WEYL_NULL_TENSOR;
  moved.in[other] = weyl_scatter_add(d->in[other], index, row_dim(x));
  return weyl_dot_make(&moved);
}

static weyl_tensor of_repeated(const weyl_dot *d, int side) {
  weyl_tensor from = WEYL_NULL_TENSOR;
  double value;
  const int axis = repeated_axis(d->in[side], &from), other = 1 - side;
  if (axis < 0 || d->n_batch || weyl_uniform(d->in[side], &value)) return WEYL_NULL_TENSOR;
  const weyl_dim dim = weyl_tensor_shape(d->in[side]).dim[axis];
  const int at_free = find(d->free[side], d->n_free[side], axis), at = find(d->contract[side], d->n_contract, axis);
  weyl_dot moved = *d;
  moved.in[side] = from;
  if (at_free >= 0) {
    if (!weyl_whole(d->in[other])) return WEYL_NULL_TENSOR;
    return repeat(weyl_dot_make(&moved), side == 0 ? at_free : d->n_free[0] + at_free, dim);
  }
  if (dim.count != WEYL_NUMBER) return WEYL_NULL_TENSOR;
  weyl_shape one = weyl_tensor_shape(d->in[other]);
  one.dim[d->contract[other][at]] = weyl_num(1);
  moved.in[other] = weyl_reshape(weyl_sum(d->in[other], d->contract[other][at]), one);
  return weyl_dot_make(&moved);
}

/* ---- what reads a product ---- */

/* slice(a b) = slice(a) b when nobody wants the rest. */
static weyl_tensor of_slice(weyl_graph *g, const weyl_call *call) {
  const weyl_node *node = weyl_made_by(call->in[0], &weyl_op_dot_general);
  const weyl_value_facts facts = weyl_facts(call->in[0]);
  if (!node || !facts.sliced) return WEYL_NULL_TENSOR;
  /* slices as large as this one would be all of it: one product of many columns, unless each has many */
  const int64_t size = call->attr->i[1], all = weyl_tensor_shape(call->in[0]).dim[call->attr->axis].n;
  if (facts.uses * size >= all && size < VERY_WIDE) return WEYL_NULL_TENSOR;
  weyl_dot d = weyl_dot_read(g, (weyl_tensor[]){weyl_node_in(g, node, 0), weyl_node_in(g, node, 1)}, &node->attr);
  const int at = call->attr->axis - d.n_batch, side = at < d.n_free[0] ? 0 : 1;
  if (at < 0) return WEYL_NULL_TENSOR;
  if (!weyl_whole(d.in[side])) return WEYL_NULL_TENSOR;
  d.in[side] = weyl_slice(d.in[side], d.free[side][side ? at - d.n_free[0] : at], call->attr->i[0], call->attr->i[1],
                          call->attr->i[2]);
  return weyl_dot_make(&d);
}

/* scatter_add(a b, i) = scatter_add(a, i) b: rows of a are the rows. */
static weyl_tensor of_scatter(weyl_graph *g, const weyl_call *call) {
  const weyl_node *node = weyl_made_by(call->in[0], &weyl_op_dot_general);
  if (!node || weyl_facts(call->in[0]).uses > 1) return WEYL_NULL_TENSOR;
  if (weyl_dim_typical(call->attr->shape.dim[0]) >= weyl_dim_typical(row_dim(call->in[0]))) return WEYL_NULL_TENSOR;
  weyl_dot d = weyl_dot_read(g, (weyl_tensor[]){weyl_node_in(g, node, 0), weyl_node_in(g, node, 1)}, &node->attr);
  if (d.n_batch || d.n_free[0] < 1 || d.free[0][0] != 0 || !weyl_whole(d.in[1])) return WEYL_NULL_TENSOR;
  d.in[0] = weyl_scatter_add(d.in[0], call->in[1], call->attr->shape.dim[0]);
  return weyl_dot_make(&d);
}

weyl_tensor weyl_rewrite_hoist(weyl_graph *g, const weyl_call *call) {
  if (call->op == &weyl_op_slice) return of_slice(g, call);
  if (call->op == &weyl_op_scatter_add) return of_scatter(g, call);
  if (call->op != &weyl_op_dot_general) return WEYL_NULL_TENSOR;
  const weyl_dot d = weyl_dot_read(g, call->in, call->attr);
  weyl_tensor better = WEYL_NULL_TENSOR;
  for (int side = 0; side < 2 && !better.graph; side++) {
    better = of_concat(g, &d, side);
    if (!better.graph) better = of_spread(g, &d, side);
    if (!better.graph) better = of_repeated(&d, side);
  }
  return better;
}
