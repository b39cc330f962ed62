/* Products of products in the order that costs less, when a row in between is wider than what it was made from:
 *
 *   (a W1 + b) W      =  a (W1 W) + b W
 *   (a W1 + b)^T y    =  W1^T (a^T y) + b (x) sum_rows y
 *   (y W + ...)^T a   =  W^T (y^T a) + ...             sum_rows (y W + ...)  =  (sum_rows y) W + ...
 *
 * with W, W1, b whole, a of few columns; and the same for maps of sign frames, where a W1 is mix(t). An embedding of
 * one number a node makes such rows, and so do biased frames.
 */
#include "optimise.h"

enum { TERMS = 12 };

static int add_terms(weyl_tensor t, bool shared, weyl_tensor *terms, int n) {
  const weyl_node *sum = shared ? NULL : weyl_made_by(t, &weyl_op_add);
  if (n >= TERMS) return TERMS + 1;
  if (!sum) {
    terms[n] = t;
    return n + 1;
  }
  for (int i = 0; i < 2; i++) {
    const weyl_tensor part = weyl_node_in(t.graph, sum, i);
    n = add_terms(part, weyl_facts(part).uses > 1, terms, n);
  }
  return n;
}

/* Terms of a sum, through additions that nobody else reads; more than TERMS: too many. */
static int terms_of(weyl_tensor t, weyl_tensor *terms) { return add_terms(t, false, terms, 0); }

static int64_t last_of(weyl_tensor t) { return weyl_dim_of(t, -1); }

/* Rows y W: contracted over their last axis with a whole matrix. */
static bool rows_times_matrix(weyl_tensor t, weyl_dot *d) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_dot_general);
  if (!node) return false;
  *d = weyl_dot_read(t.graph, (weyl_tensor[]){weyl_node_in(t.graph, node, 0), weyl_node_in(t.graph, node, 1)},
                     &node->attr);
  return d->n_batch == 0 && d->n_contract == 1 && d->contract[0][0] == weyl_rank(d->in[0]) - 1 &&
         weyl_rank(d->in[1]) == 2 && weyl_whole(d->in[1]) && !weyl_whole(d->in[0]);
}

/* a W1, with rows a much narrower than the product. */
static bool thin_product(weyl_tensor t, weyl_dot *d) {
  return rows_times_matrix(t, d) && last_of(d->in[0]) * 4 <= last_of(t);
}

/* The vector over the last axis that t repeats for every row, or null. */
static weyl_tensor repeated_vector(weyl_tensor t) {
  const weyl_node *node = weyl_made_by(t, &weyl_op_broadcast);
  if (!node) return WEYL_NULL_TENSOR;
  const weyl_tensor x = weyl_node_in(t.graph, node, 0);
  const weyl_shape s = weyl_tensor_shape(x), to = weyl_tensor_shape(t);
  if (!weyl_whole(x) || s.rank < 1 || node->attr.i[s.rank - 1] != to.rank - 1 ||
      !weyl_dim_equal(s.dim[s.rank - 1], to.dim[to.rank - 1]))
    return WEYL_NULL_TENSOR;
  for (int a = 0; a + 1 < s.rank; a++)
    if (s.dim[a].n != 1 || s.dim[a].count != WEYL_NUMBER) return WEYL_NULL_TENSOR;
  return weyl_reshape(x, WEYL_SHAPE(s.dim[s.rank - 1]));
}

/* Sums of which every term is cheaper to multiply one by one; only those of more than a bias. */
static int cheap_terms(weyl_tensor t, weyl_tensor *terms) {
  const int n = terms_of(t, terms);
  bool rows = false;
  if (n > TERMS) return 0;
  for (int i = 0; i < n; i++) {
    weyl_dot d;
    const bool made = thin_product(terms[i], &d) || weyl_made_by(terms[i], &weyl_op_sign_mix);
    if (!made && !repeated_vector(terms[i]).graph) return 0;
    rows = rows || made;
  }
  return rows ? n : 0;
}

/* A matrix [k, n] of operand `side`, whose axis `axis` is contracted: k first. */
static weyl_tensor rows_first(weyl_tensor w, int axis) { return axis == 0 ? w : weyl_permute(w, (int[]){1, 0}); }

static weyl_tensor frames_like(const weyl_op *op, weyl_tensor x, const weyl_node *mix) {
  return weyl_node_new(x.graph, op, &x, 1, &mix->attr, NULL);
}

/* x w, w [k, n], over the last axis of x */
static weyl_tensor times(weyl_tensor x, weyl_tensor w) {
  const int last = weyl_rank(x) - 1, first = 0;
  return weyl_dot_general(x, w, 0, NULL, NULL, 1, &last, &first);
}

/* X W with X a sum of cheap terms. */
static weyl_tensor of_rows(const weyl_dot *d) {
  weyl_tensor terms[TERMS], sum = WEYL_NULL_TENSOR;
  const weyl_tensor x = d->in[0];
  if (d->n_batch || d->n_contract != 1 || d->contract[0][0] != weyl_rank(x) - 1 || weyl_whole(x) ||
      !weyl_whole(d->in[1]) || weyl_rank(d->in[1]) != 2)
    return WEYL_NULL_TENSOR;
  const int n = cheap_terms(x, terms);
  if (n < 1) return WEYL_NULL_TENSOR;
  const weyl_tensor w = rows_first(d->in[1], d->contract[1][0]);
  weyl_shape shape = weyl_tensor_shape(x);
  shape.dim[shape.rank - 1] = weyl_tensor_shape(w).dim[1];
  for (int i = 0; i < n; i++) {
    weyl_dot thin;
    weyl_tensor product;
    const weyl_node *mix = weyl_made_by(terms[i], &weyl_op_sign_mix);
    if (mix) {
      product = frames_like(&weyl_op_sign_mix, times(weyl_node_in(x.graph, mix, 0), w), mix);
    } else if (thin_product(terms[i], &thin)) {
      product = times(thin.in[0], times(rows_first(thin.in[1], thin.contract[1][0]), w));
    } else {
      const weyl_tensor b = repeated_vector(terms[i]);
      const int last = shape.rank - 1;
      product = weyl_broadcast_in(times(b, w), shape, &last);
    }
    sum = i ? weyl_add(sum, product) : product;
  }
  return sum;
}

/* All axes but the last are contracted with the same ones of the other operand. */
static bool over_rows(const weyl_dot *d) {
  const int rank = weyl_rank(d->in[0]);
  if (d->n_batch || rank < 2 || weyl_rank(d->in[1]) != rank || d->n_contract != rank - 1) return false;
  for (int i = 0; i < rank - 1; i++)
    if (d->contract[0][i] != d->contract[1][i] || d->contract[0][i] == rank - 1) return false;
  return true;
}

static weyl_tensor sum_of_rows(weyl_tensor y) {
  int axes[WEYL_RANK_MAX];
  const int rank = weyl_rank(y);
  for (int a = 0; a + 1 < rank; a++) axes[a] = a;
  return weyl_sum_axes(y, rank - 1, axes);
}

/* x^T y over all axes but the last: [last of x, last of y] */
static weyl_tensor rows_product(weyl_tensor x, weyl_tensor y) {
  int axes[WEYL_RANK_MAX];
  const int rank = weyl_rank(x);
  for (int a = 0; a + 1 < rank; a++) axes[a] = a;
  return weyl_dot_general(x, y, 0, NULL, NULL, rank - 1, axes, axes);
}

/* X^T y, or y^T X: with X a sum of cheap terms. */
static weyl_tensor of_gradient(const weyl_dot *d) {
  if (!over_rows(d) || weyl_whole(d->in[0]) || weyl_whole(d->in[1])) return WEYL_NULL_TENSOR;
  for (int side = 0; side < 2; side++) {
    weyl_tensor terms[TERMS], sum = WEYL_NULL_TENSOR;
    const weyl_tensor x = d->in[side], y = d->in[1 - side];
    const int n = last_of(y) * 4 < last_of(x) ? 0 : cheap_terms(x, terms);
    for (int i = 0; i < n; i++) {
      weyl_dot thin;
      weyl_tensor product; /* [k, n] */
      const weyl_node *mix = weyl_made_by(terms[i], &weyl_op_sign_mix);
      if (mix) {
        product = rows_product(weyl_node_in(x.graph, mix, 0), frames_like(&weyl_op_sign_unmix, y, mix));
      } else if (thin_product(terms[i], &thin)) {
        const int contracted = thin.contract[1][0], first = 0;
        product = weyl_dot_general(thin.in[1], rows_product(thin.in[0], y), 0, NULL, NULL, 1, &contracted, &first);
      } else {
        product = weyl_dot_general(repeated_vector(terms[i]), sum_of_rows(y), 0, NULL, NULL, 0, NULL, NULL);
      }
      sum = i ? weyl_add(sum, product) : product;
    }
    if (n > 0) return side == 0 ? sum : weyl_permute(sum, (int[]){1, 0});
  }
  return WEYL_NULL_TENSOR;
}

/* Whether t is a sum with rows y W in it whose readers are thin: two of them, a derivative of a bias and one of a
 * matrix of few columns. */
static int spent_terms(weyl_tensor t, weyl_tensor *terms) {
  if (weyl_facts(t).uses > 2) return 0;
  const int n = terms_of(t, terms);

  bool any = false;
  if (n > TERMS) return 0;
  for (int i = 0; i < n; i++) {
    weyl_dot d;
    any = any || rows_times_matrix(terms[i], &d);
  }
  return any ? n : 0;
}

/* X^T a, or a^T X, with a of few columns and X = y W + ... */
static weyl_tensor of_thin_gradient(const weyl_dot *d) {
  if (!over_rows(d) || weyl_whole(d->in[0]) || weyl_whole(d->in[1])) return WEYL_NULL_TENSOR;
  for (int side = 0; side < 2; side++) {
    weyl_tensor terms[TERMS], sum = WEYL_NULL_TENSOR;
    const weyl_tensor x = d->in[side], a = d->in[1 - side];
    const int n = last_of(a) * 16 > last_of(x) ? 0 : spent_terms(x, terms);
    for (int i = 0; i < n; i++) {
      weyl_dot y;
      weyl_tensor product; /* [k, n] */
      if (rows_times_matrix(terms[i], &y)) {
        const int contracted = y.contract[1][0], first = 0;
        product = weyl_dot_general(y.in[1], rows_product(y.in[0], a), 0, NULL, NULL, 1, &contracted, &first);
      } else {
        product = rows_product(terms[i], a);
      }
      sum = i ? weyl_add(sum, product) : product;
    }
    if (n > 0) return side == 0 ? sum : weyl_permute(sum, (int[]){1, 0});
  }
  return WEYL_NULL_TENSOR;
}

/* sum_rows x = sum_rows scatter_add(x, i), when the sums by index are wanted anyway: there are fewer of them. */
static weyl_tensor of_scattered(weyl_graph *g, const weyl_call *call) {
  const weyl_rewriter *r = g->rewriter;
  const weyl_node *sum = r->source;
  const weyl_tensor x = call->in[0];
  if (!r->layout || r->depth > 1 || sum->op != &weyl_op_sum || r->map[sum->in[0]] != x.id || call->attr->i[0] != 0)
    return WEYL_NULL_TENSOR;
  for (uint32_t n = 0; n < r->from->n_nodes; n++) {
    const weyl_node *node = r->from->nodes[n];
    if (!r->live[n] || node->op != &weyl_op_scatter_add || node->in[0] != sum->in[0] ||
        r->from->nodes[r->from->values[node->in[1]].node]->op != &weyl_op_input)
      continue;
    const weyl_dim rows = node->attr.shape.dim[0];
    if (!weyl_dim_sharded(rows) || weyl_dim_typical(rows) * 2 > weyl_dim_typical(weyl_tensor_shape(x).dim[0])) continue;
    const weyl_tensor index = weyl_tensor_of(g, r->map[node->in[1]]);
    weyl_attr attr = *call->attr;
    const weyl_tensor fewer = weyl_scatter_add(x, index, rows);
    return weyl_node_new(g, &weyl_op_sum, &fewer, 1, &attr, NULL);
  }
  return WEYL_NULL_TENSOR;
}

static weyl_tensor of_sum(const weyl_call *call) {
  const weyl_tensor x = call->in[0];
  weyl_tensor terms[TERMS], sum = WEYL_NULL_TENSOR;
  if (weyl_whole(x) || call->attr->n != weyl_rank(x) - 1 || call->attr->i[call->attr->n - 1] != call->attr->n - 1)
    return WEYL_NULL_TENSOR;
  const int n = spent_terms(x, terms);
  for (int i = 0; i < n; i++) {
    weyl_dot y;
    weyl_tensor part;
    if (rows_times_matrix(terms[i], &y)) {
      const int first = 0;
      part = weyl_dot_general(sum_of_rows(y.in[0]), y.in[1], 0, NULL, NULL, 1, &first, &y.contract[1][0]);
    } else {
      part = sum_of_rows(terms[i]);
    }
    sum = i ? weyl_add(sum, part) : part;
  }
  return sum;
}

/* unmix(y W + ...) = unmix(y) W + ...: d coordinates instead of all frames. */
static weyl_tensor of_unmix(const weyl_call *call) {
  const weyl_tensor x = call->in[0];
  weyl_tensor terms[TERMS], sum = WEYL_NULL_TENSOR;
  const int n = weyl_rank(x) == 3 ? spent_terms(x, terms) : 0;
  for (int i = 0; i < n; i++) {
    weyl_dot y;
    const bool product = rows_times_matrix(terms[i], &y);
    const weyl_tensor from = product ? y.in[0] : terms[i];
    weyl_tensor part = weyl_node_new(x.graph, call->op, &from, 1, call->attr, NULL);
    if (product) part = times(part, rows_first(y.in[1], y.contract[1][0]));
    sum = i ? weyl_add(sum, part) : part;
  }
  return sum;
}

/* A product over one number is an outer product: a multiplication that a fused pass can take in. */
static weyl_tensor of_one(const weyl_dot *d) {
  if (d->n_batch || weyl_whole(d->in[0]) == weyl_whole(d->in[1])) return WEYL_NULL_TENSOR;
  weyl_tensor part[2];
  weyl_shape to = {0}, shape[2] = {{0}, {0}};
  for (int side = 0; side < 2; side++) {
    const weyl_shape s = weyl_tensor_shape(d->in[side]);
    for (int i = 0; i < d->n_contract; i++)
      if (s.dim[d->contract[side][i]].n != 1 || s.dim[d->contract[side][i]].count != WEYL_NUMBER)
        return WEYL_NULL_TENSOR;
    for (int i = 0; i < d->n_free[side]; i++)
      shape[side].dim[shape[side].rank++] = to.dim[to.rank++] = s.dim[d->free[side][i]];
  }
  for (int side = 0; side < 2; side++) {
    int axes[WEYL_RANK_MAX];
    for (int i = 0; i < shape[side].rank; i++) axes[i] = i + (side ? shape[0].rank : 0);
    part[side] = weyl_broadcast_in(weyl_reshape(d->in[side], shape[side]), to, axes);
  }
  return weyl_mul(part[0], part[1]);
}

weyl_tensor weyl_rewrite_chain(weyl_graph *g, const weyl_call *call) {
  if (call->op == &weyl_op_sign_unmix) return of_unmix(call);
  if (call->op == &weyl_op_sum) {
    const weyl_tensor better = of_sum(call);
    return better.graph ? better : of_scattered(g, call);
  }
  if (call->op != &weyl_op_dot_general) return WEYL_NULL_TENSOR;
  const weyl_dot d = weyl_dot_read(g, call->in, call->attr);
  weyl_tensor better = of_rows(&d);
  if (!better.graph) better = of_gradient(&d);
  if (!better.graph) better = of_thin_gradient(&d);
  /* last: the rules above know products */
  if (!better.graph && g->rewriter->layout && d.n_contract > 0) better = of_one(&d);
  return better;
}
