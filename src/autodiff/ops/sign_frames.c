/* Frames of signs and their adjoint (engine findings, section 3): attr.n frames, attr.data [n][d] doubles +-1.
 * sign_frames: x [R, ..., d] -> [R, F, ..., d];  sign_fold: [R, F, ..., d] -> [R, ..., d], summed. */
#include "../graph.h"

static weyl_status frames_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_shape *x = weyl_in_shape(g, node, 0);
  char b[160];
  if (x->rank < 2 || x->rank == WEYL_RANK_MAX || x->dim[x->rank - 1].n != node->attr.i[0])
    return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s must be [rows, ..., %lld]", weyl_shape_text(x, b),
                          (long long)node->attr.i[0]);
  out->shape.rank = x->rank + 1;
  out->shape.dim[0] = x->dim[0];
  out->shape.dim[1] = weyl_num(node->attr.n);
  for (int i = 1; i < x->rank; i++) out->shape.dim[i + 1] = x->dim[i];
  return WEYL_OK;
}

static weyl_status fold_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_shape *x = weyl_in_shape(g, node, 0);
  char b[160];
  if (x->rank < 3 || x->dim[1].n != node->attr.n || x->dim[1].count != WEYL_NUMBER ||
      x->dim[x->rank - 1].n != node->attr.i[0])
    return weyl_node_fail(g, node, WEYL_SHAPE, "operand %s must be [rows, %d, ..., %lld]", weyl_shape_text(x, b),
                          node->attr.n, (long long)node->attr.i[0]);
  out->shape.rank = x->rank - 1;
  out->shape.dim[0] = x->dim[0];
  for (int i = 2; i < x->rank; i++) out->shape.dim[i - 1] = x->dim[i];
  return WEYL_OK;
}

static weyl_status frames_eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0];
  const weyl_attr *a = &e->node->attr;
  e->kernels->sign_frames[x->dtype]((size_t)x->dim[0], (size_t)weyl_view_inner(x, 1), (size_t)a->i[0], (size_t)a->n,
                                    a->data, x->data, e->out[0].data);
  return WEYL_OK;
}

static weyl_status fold_eval(const weyl_eval *e) {
  const weyl_view *y = &e->out[0];
  const weyl_attr *a = &e->node->attr;
  e->kernels->sign_fold[y->dtype]((size_t)y->dim[0], (size_t)weyl_view_inner(y, 1), (size_t)a->i[0], (size_t)a->n,
                                  a->data, e->in[0].data, y->data);
  return WEYL_OK;
}

static void frames_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)g, (void)want;
  dx[0] = weyl_node_new(g, &weyl_op_sign_fold, dy, 1, &node->attr, NULL);
}

static void fold_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)g, (void)want;
  dx[0] = weyl_node_new(g, &weyl_op_sign_frames, dy, 1, &node->attr, NULL);
}

static const double example_signs[4 * 3] = {1, 1, 1, -1, 1, 1, 1, -1, -1, -1, -1, 1};

static void frames_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(
      ex, which ? WEYL_SHAPE(weyl_num(5), weyl_num(2), weyl_num(3)) : WEYL_SHAPE(weyl_num(5), weyl_num(3)));
  ex->out[0] = weyl_sign_frames(ex->in[0], 4, example_signs);
}

static void fold_example(weyl_example *ex, int which) {
  ex->in[0] = weyl_example_input(ex, which ? WEYL_SHAPE(weyl_num(5), weyl_num(4), weyl_num(2), weyl_num(3))
                                           : WEYL_SHAPE(weyl_num(5), weyl_num(4), weyl_num(3)));
  ex->out[0] = weyl_sign_fold(ex->in[0], 4, example_signs);
}

const weyl_op weyl_op_sign_frames = {.name = "sign_frames",
                                     .flags = WEYL_OP_LINEAR,
                                     .shape = frames_shape,
                                     .eval = frames_eval,
                                     .vjp = frames_vjp,
                                     .check = {.order = 2, .cases = 2, .example = frames_example}};
const weyl_op weyl_op_sign_fold = {.name = "sign_fold",
                                   .flags = WEYL_OP_LINEAR,
                                   .shape = fold_shape,
                                   .eval = fold_eval,
                                   .vjp = fold_vjp,
                                   .check = {.order = 2, .cases = 2, .example = fold_example}};

static weyl_tensor make(const weyl_op *op, weyl_tensor x, int frames, const double *signs) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int64_t d = weyl_rank(x) ? weyl_dim_of(x, -1) : 0;
  if (frames < 1 || d < 1 || d > WEYL_SIGNS_D)
    return weyl_graph_fail(x.graph, WEYL_BAD_ARG, "%s: %d frames of %lld signs, at least 1 and 1..%d", op->name, frames,
                           (long long)d, WEYL_SIGNS_D);
  double *copy = weyl_arena_array(x.graph->arena, double, frames *d);
  if (!copy) return weyl_graph_fail(x.graph, WEYL_MEMORY, "%s", op->name);
  for (int64_t i = 0; i < frames * d; i++) copy[i] = signs[i];
  return weyl_node_new(x.graph, op, &x, 1, &(weyl_attr){.n = frames, .i = {d}, .data = copy}, NULL);
}

weyl_tensor weyl_sign_frames(weyl_tensor x, int frames, const double *signs) {
  return make(&weyl_op_sign_frames, x, frames, signs);
}
weyl_tensor weyl_sign_fold(weyl_tensor x, int frames, const double *signs) {
  return make(&weyl_op_sign_fold, x, frames, signs);
}
