/* permute: attr.i the axes; output axis i is input axis axes[i]. */
#include "../graph.h"
#include "../strided.h"

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *x = weyl_value_of(g, node->in[0]);
  out->dtype = x->dtype;
  out->shape.rank = x->shape.rank;
  bool seen[WEYL_RANK_MAX] = {false};
  for (int i = 0; i < x->shape.rank; i++) {
    const int64_t a = node->attr.i[i];
    if (a < 0 || a >= x->shape.rank || seen[a]) {
      char b[160];
      return weyl_node_fail(g, node, WEYL_BAD_ARG, "the axes are not a permutation of those of %s",
                            weyl_shape_text(&x->shape, b));
    }
    seen[a] = true;
    out->shape.dim[i] = x->shape.dim[a];
  }
  return WEYL_OK;
}

static weyl_status eval(const weyl_eval *e) {
  const weyl_view *x = &e->in[0], *y = &e->out[0];
  int64_t from[WEYL_RANK_MAX], to[WEYL_RANK_MAX], by[WEYL_RANK_MAX];
  weyl_dense_strides(x->rank, x->dim, from);
  weyl_dense_strides(y->rank, y->dim, to);
  for (int i = 0; i < y->rank; i++) by[i] = from[e->node->attr.i[i]];
  weyl_copy_strided(weyl_dtype_size(y->dtype), y->rank, y->dim, y->data, to, x->data, by);
  return WEYL_OK;
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  int back[WEYL_RANK_MAX];
  for (int i = 0; i < weyl_in_shape(g, node, 0)->rank; i++) back[node->attr.i[i]] = i;
  dx[0] = weyl_permute(dy[0], back);
}

static void example(weyl_example *ex, int which) {
  static const int axes[2][3] = {{2, 0, 1}, {0, 2, 1}};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(3), weyl_num(4)));
  ex->out[0] = weyl_permute(ex->in[0], axes[which]);
}

const weyl_op weyl_op_permute = {.name = "permute",
                                 .flags = WEYL_OP_LINEAR,
                                 .shape = shape,
                                 .eval = eval,
                                 .vjp = vjp,
                                 .check = {.order = 2, .cases = 2, .example = example}};

weyl_tensor weyl_permute(weyl_tensor x, const int *axes) {
  weyl_attr attr = {0};
  bool identity = true;
  const int rank = weyl_rank(x);
  for (int i = 0; i < rank; i++) {
    attr.i[i] = axes[i];
    identity = identity && axes[i] == i;
  }
  return identity && weyl_tensor_valid(x) ? x : weyl_node_new(x.graph, &weyl_op_permute, &x, 1, &attr, NULL);
}

weyl_tensor weyl_transpose(weyl_tensor x, int a, int b) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const int p = weyl_axis(x.graph, "transpose", x, a), q = weyl_axis(x.graph, "transpose", x, b);
  if (p < 0 || q < 0) return WEYL_NULL_TENSOR;
  int axes[WEYL_RANK_MAX];
  for (int i = 0; i < WEYL_RANK_MAX; i++) axes[i] = i;
  axes[p] = q;
  axes[q] = p;
  return weyl_permute(x, axes);
}
