/* Frames that differ by signs (engine findings, section 3). With h_f = sum_c s_fc h_c, a linear map of all F frames is
 * d thin products and some additions, and so is every derivative:
 *
 *   frames(h) W  =  mix(h_c W_c)           fold(y W)  =  unmix(y)_c W_c         y^T frames(h)  =  unmix(y)_c^T h_c
 *   fold(a + b)  =  fold(a) + fold(b)      fold(frames(h))  =  F h               fold(the same for all frames)  =  0
 */
#include "optimise.h"

/* reshape(sign_frames(x)) or sign_frames(x) itself. */
static const weyl_node *framed(weyl_tensor t) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_reshape);
  const weyl_tensor inner = node ? weyl_node_in(t.graph, node, 0) : t;
  return weyl_made_by(inner, &weyl_op_sign_frames);
}

/* [R, F, k d] as the frames of x [R, k, d] */
static bool flat_frames(weyl_tensor t, const weyl_node *frames) {
  const weyl_shape s = weyl_tensor_shape(t), x = weyl_tensor_shape(weyl_node_in(t.graph, frames, 0));
  return s.rank == 3 && x.rank == 3 && s.dim[2].n == x.dim[1].n * x.dim[2].n;
}

/* The axis of a matrix [.., k d, ..] apart: [.., k, d, ..]. */
static weyl_tensor apart(weyl_tensor w, int axis, int64_t d) {
  const weyl_shape s = weyl_tensor_shape(w);
  weyl_shape to = {.rank = s.rank + 1};
  for (int a = 0, b = 0; a < s.rank; a++) {
    to.dim[b] = s.dim[a];
    if (a == axis) {
      to.dim[b++].n /= d;
      to.dim[b] = weyl_num(d);
    }
    b++;
  }
  return weyl_reshape(w, to);
}

static weyl_tensor unmixed(weyl_tensor y, const weyl_node *frames) {
  return weyl_node_new(y.graph, &weyl_op_sign_unmix, &y, 1, &frames->attr, NULL);
}

static weyl_tensor of_dot(weyl_graph *g, const weyl_call *call) {
  const weyl_dot d = weyl_dot_read(g, call->in, call->attr);
  for (int side = 0; side < 2; side++) {
    const weyl_node *frames = framed(d.in[side]);
    const weyl_tensor other = d.in[1 - side];
    if (!frames || !flat_frames(d.in[side], frames) || d.n_batch) continue;
    const weyl_tensor x = weyl_node_in(g, frames, 0);
    const int64_t dim = frames->attr.i[0];
    if (side == 0 && d.n_contract == 1 && d.contract[0][0] == 2 && weyl_whole(other) && weyl_rank(other) == 2) {
      const int axis = d.contract[1][0];
      const weyl_tensor w = apart(other, axis, dim);
      const weyl_tensor t = weyl_dot_general(x, w, 1, (int[]){2}, (int[]){axis + 1}, 1, (int[]){1}, (int[]){axis});
      return weyl_node_new(g, &weyl_op_sign_mix, &t, 1, &frames->attr, NULL);
    }
    const bool rows = d.n_contract == 2 && d.contract[side][0] == 0 && d.contract[side][1] == 1 &&
                      d.contract[1 - side][0] == 0 && d.contract[1 - side][1] == 1 && weyl_rank(other) == 3;
    if (rows) {
      const weyl_tensor y = unmixed(other, frames); /* [d, R, n] */
      const int64_t n = weyl_dim_of(other, 2), k = weyl_dim_of(x, 1);
      if (side == 1) {
        const weyl_tensor t = weyl_dot_general(y, x, 1, (int[]){0}, (int[]){2}, 1, (int[]){1}, (int[]){0});
        return weyl_reshape(weyl_permute(t, (int[]){1, 2, 0}), WEYL_SHAPE(weyl_num(n), weyl_num(k * dim)));
      }
      const weyl_tensor t = weyl_dot_general(x, y, 1, (int[]){2}, (int[]){0}, 1, (int[]){0}, (int[]){1});
      return weyl_reshape(weyl_permute(t, (int[]){1, 0, 2}), WEYL_SHAPE(weyl_num(k * dim), weyl_num(n)));
    }
  }
  return WEYL_NULL_TENSOR;
}

static bool balanced(const weyl_attr *attr) {
  const double *signs = attr->data;
  for (int64_t c = 0; c < attr->i[0]; c++) {
    double sum = 0;
    for (int f = 0; f < attr->n; f++) sum += signs[f * attr->i[0] + c];
    if (sum != 0) return false;
  }
  return true;
}

/* The same for all frames: a broadcast along axis 1 (of what is reshaped by splitting its last axis). */
static bool equal_in_frames(weyl_tensor t) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_broadcast);
  if (!node) return false;
  const weyl_shape x = weyl_tensor_shape(weyl_node_in(t.graph, node, 0)), to = weyl_tensor_shape(t);
  for (int i = 0; i < x.rank; i++)
    if (node->attr.i[i] == 1 && weyl_dim_equal(x.dim[i], to.dim[1])) return false;
  return true;
}

static bool folds_well(weyl_tensor t) {
  if (framed(t) || weyl_made_by(t, &weyl_op_dot_general) || equal_in_frames(t)) return true;
  const weyl_node *sum = weyl_made_by(t, &weyl_op_add);
  return sum && (folds_well(weyl_node_in(t.graph, sum, 0)) || folds_well(weyl_node_in(t.graph, sum, 1)));
}

static weyl_tensor folded(weyl_tensor flat, weyl_shape shape, const weyl_attr *attr) {
  const weyl_tensor x = weyl_reshape(flat, shape);
  return weyl_node_new(flat.graph, &weyl_op_sign_fold, &x, 1, attr, NULL);
}

static weyl_tensor of_fold(weyl_graph *g, const weyl_call *call) {
  const weyl_tensor x = call->in[0];
  const weyl_shape shape = weyl_tensor_shape(x);
  const weyl_node *reshaped = weyl_made_by(x, &weyl_op_reshape);
  const weyl_tensor flat = reshaped ? weyl_node_in(g, reshaped, 0) : x;
  const weyl_shape s = weyl_tensor_shape(flat);
  const weyl_node *frames = framed(x);
  if (frames && frames->attr.n == call->attr->n && frames->attr.data == call->attr->data)
    return weyl_scale(weyl_node_in(g, frames, 0), call->attr->n);
  if (s.rank < 3 || !weyl_dim_equal(s.dim[0], shape.dim[0]) || !weyl_dim_equal(s.dim[1], shape.dim[1]))
    return WEYL_NULL_TENSOR;
  if (equal_in_frames(flat) && balanced(call->attr)) {
    weyl_shape to = {.rank = shape.rank - 1, .dim = {shape.dim[0]}};
    for (int a = 2; a < shape.rank; a++) to.dim[a - 1] = shape.dim[a];
    return weyl_constant(g, 0, to);
  }
  const weyl_node *sum = weyl_made_by(flat, &weyl_op_add);
  if (sum && weyl_facts(flat).uses <= 1 && folds_well(flat))
    return weyl_add(folded(weyl_node_in(g, sum, 0), shape, call->attr),
                    folded(weyl_node_in(g, sum, 1), shape, call->attr));
  const weyl_node *dot = weyl_made_by(flat, &weyl_op_dot_general);
  if (!dot || weyl_facts(flat).uses > 1 || s.rank != 3 || shape.rank != 4) return WEYL_NULL_TENSOR;
  const weyl_dot d = weyl_dot_read(g, (weyl_tensor[]){weyl_node_in(g, dot, 0), weyl_node_in(g, dot, 1)}, &dot->attr);
  if (d.n_batch || d.n_contract != 1 || weyl_rank(d.in[0]) != 3 || d.contract[0][0] != 2 || weyl_rank(d.in[1]) != 2 ||
      !weyl_whole(d.in[1]))
    return WEYL_NULL_TENSOR;
  const int contracted = d.contract[1][0], kept = 1 - contracted;
  const weyl_tensor w = apart(d.in[1], kept, call->attr->i[0]);
  const weyl_tensor y = weyl_node_new(g, &weyl_op_sign_unmix, &d.in[0], 1, call->attr, NULL);
  const weyl_tensor t =
      weyl_dot_general(y, w, 1, (int[]){0}, (int[]){kept + 1}, 1, (int[]){2}, (int[]){contracted == 0 ? 0 : 2});
  return weyl_permute(t, (int[]){1, 2, 0});
}

weyl_tensor weyl_rewrite_signs(weyl_graph *g, const weyl_call *call) {
  if (call->op == &weyl_op_dot_general) return of_dot(g, call);
  if (call->op == &weyl_op_sign_fold) return of_fold(g, call);
  return WEYL_NULL_TENSOR;
}
