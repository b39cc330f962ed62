/* Movement: reshapes of reshapes, permutations of permutations, slices of what was joined, sums of what zeros keep
 * apart. */
#include "optimise.h"

static weyl_tensor of_reshape(weyl_graph *g, const weyl_call *call) {
  const weyl_tensor x = call->in[0];
  const weyl_node *inner = weyl_made_by(x, &weyl_op_reshape);
  const weyl_shape s = weyl_tensor_shape(x);
  if (weyl_shape_equal(&s, &call->attr->shape)) return x;
  return inner ? weyl_reshape(weyl_node_in(g, inner, 0), call->attr->shape) : WEYL_NULL_TENSOR;
}

static weyl_tensor of_broadcast(weyl_graph *g, const weyl_call *call) {
  const weyl_tensor x = call->in[0];
  const weyl_node *inner = weyl_made_by(x, &weyl_op_broadcast);
  const weyl_shape s = weyl_tensor_shape(x);
  if (weyl_shape_equal(&s, &call->attr->shape)) return x;
  if (!inner) return WEYL_NULL_TENSOR;
  const weyl_tensor from = weyl_node_in(g, inner, 0);
  int axes[WEYL_RANK_MAX];
  for (int i = 0; i < weyl_rank(from); i++) axes[i] = (int)call->attr->i[inner->attr.i[i]];
  return weyl_broadcast_in(from, call->attr->shape, axes);
}

static weyl_tensor of_permute(weyl_graph *g, const weyl_call *call) {
  const weyl_tensor x = call->in[0];
  const weyl_shape s = weyl_tensor_shape(x);
  const weyl_node *inner = weyl_made_by(x, &weyl_op_permute);
  int axes[WEYL_RANK_MAX], last = -1;
  bool still = true; /* axes that are more than 1 long keep their order: the memory stays as it is */
  weyl_shape to = {.rank = s.rank};
  for (int i = 0; i < s.rank; i++) {
    const int a = (int)call->attr->i[i];
    to.dim[i] = s.dim[a];
    axes[i] = inner ? (int)inner->attr.i[a] : a;
    if (s.dim[a].n == 1 && s.dim[a].count == WEYL_NUMBER) continue;
    still = still && a > last;
    last = a;
  }
  if (still) return weyl_reshape(x, to);
  return inner ? weyl_permute(weyl_node_in(g, inner, 0), axes) : WEYL_NULL_TENSOR;
}

static weyl_tensor of_slice(weyl_graph *g, const weyl_call *call) {
  const weyl_tensor x = call->in[0];
  const int axis = call->attr->axis;
  const int64_t start = call->attr->i[0], size = call->attr->i[1], step = call->attr->i[2];
  const weyl_node *inner = weyl_made_by(x, &weyl_op_slice);
  if (inner && inner->attr.axis == axis)
    return weyl_slice(weyl_node_in(g, inner, 0), axis, inner->attr.i[0] + start * inner->attr.i[2], size,
                      step * inner->attr.i[2]);
  const weyl_node *joined = weyl_made_by(x, &weyl_op_concat);
  if (!joined || joined->attr.axis != axis || step < 1) return WEYL_NULL_TENSOR;
  int64_t at = 0;
  for (int i = 0; i < joined->n_in; i++) {
    const weyl_tensor part = weyl_node_in(g, joined, i);
    const int64_t n = weyl_tensor_shape(part).dim[axis].n;
    if (start >= at && start + (size - 1) * step < at + n) return weyl_slice(part, axis, start - at, size, step);
    at += n;
  }
  return WEYL_NULL_TENSOR;
}

/* concat(.., concat(a, b), ..) = concat(.., a, b, ..) along one axis */
static weyl_tensor of_concat(weyl_graph *g, const weyl_call *call) {
  enum { MOST = 16 };
  weyl_tensor part[MOST];
  int n = 0;
  bool flat = true;
  for (int i = 0; i < call->n_in; i++) {
    const weyl_node *inner = weyl_made_by(call->in[i], &weyl_op_concat);
    const bool open = inner && inner->attr.axis == call->attr->axis;
    flat = flat && !open;
    for (int k = 0; k < (open ? inner->n_in : 1); k++) {
      if (n == MOST) return WEYL_NULL_TENSOR;
      part[n++] = open ? weyl_node_in(g, inner, k) : call->in[i];
    }
  }
  return flat ? WEYL_NULL_TENSOR : weyl_concat(part, n, call->attr->axis);
}

/* A sum over axes of 1 is a reshape. */
static weyl_tensor of_sum(const weyl_call *call) {
  const weyl_shape s = weyl_tensor_shape(call->in[0]);
  weyl_shape to = {0};
  int k = 0;
  for (int a = 0; a < s.rank; a++) {
    if (k < call->attr->n && call->attr->i[k] == a) {
      if (s.dim[a].n != 1 || s.dim[a].count != WEYL_NUMBER) return WEYL_NULL_TENSOR;
      k++;
    } else {
      to.dim[to.rank++] = s.dim[a];
    }
  }
  return weyl_reshape(call->in[0], to);
}

/* Zeros around x along one axis: x, its axis, and where it stands. */
static bool zeros_around(weyl_tensor t, weyl_tensor *x, int *axis, int64_t *from, int64_t *to) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_pad);
  if (!node || node->attr.i[2] != 0 || node->attr.f[0] != 0) return false;
  *x = weyl_node_in(t.graph, node, 0);
  *axis = node->attr.axis;
  *from = node->attr.i[0];
  *to = *from + weyl_tensor_shape(*x).dim[*axis].n;
  return true;
}

/* a with zeros behind + b with zeros in front, where one begins as the other ends: both joined. What slices are
 * differentiated to. */
static weyl_tensor of_add(const weyl_call *call) {
  weyl_tensor x[2];
  int axis[2];
  int64_t from[2], to[2];
  for (int i = 0; i < 2; i++)
    if (!zeros_around(call->in[i], &x[i], &axis[i], &from[i], &to[i])) return WEYL_NULL_TENSOR;
  const weyl_shape a = weyl_tensor_shape(call->in[0]), b = weyl_tensor_shape(call->in[1]);
  if (axis[0] != axis[1] || !weyl_shape_equal(&a, &b)) return WEYL_NULL_TENSOR;
  const int first = to[0] == from[1] ? 0 : 1, second = 1 - first;
  if (to[first] != from[second]) return WEYL_NULL_TENSOR;
  const weyl_tensor joined = weyl_concat((weyl_tensor[]){x[first], x[second]}, 2, axis[0]);
  return weyl_pad(joined, axis[0], from[first], a.dim[axis[0]].n - to[second], 0, 0);
}

weyl_tensor weyl_rewrite_move(weyl_graph *g, const weyl_call *call) {
  const weyl_op *op = call->op;
  if (op == &weyl_op_reshape) return of_reshape(g, call);
  if (op == &weyl_op_broadcast) return of_broadcast(g, call);
  if (op == &weyl_op_permute) return of_permute(g, call);
  if (op == &weyl_op_slice) return of_slice(g, call);
  if (op == &weyl_op_concat) return of_concat(g, call);
  if (op == &weyl_op_sum) return of_sum(call);
  if (op == &weyl_op_add) return of_add(call);
  return WEYL_NULL_TENSOR;
}
