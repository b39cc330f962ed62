/* Elementwise functions of two numbers, and where. Operands are broadcast to one shape before the node is made. */
#include "../graph.h"
#include "../strided.h"

static weyl_status run(const weyl_eval *e, weyl_binary f) {
  const weyl_view *y = &e->out[0];
  const size_t size = weyl_dtype_size(y->dtype);
  weyl_loop loop;
  if (weyl_view_size(y) == 0) return WEYL_OK;
  weyl_loop_make(&loop, y, e->in, 2);
  const weyl_binary_fn kernel = e->kernels->binary[y->dtype][f];
  const char *a = e->in[0].data, *b = e->in[1].data;
  WEYL_LOOP_RUN(loop, kernel((size_t)loop.inner, a + (size_t)off[0] * size, loop.inner_stride[0],
                             b + (size_t)off[1] * size, loop.inner_stride[1], (char *)y->data + (size_t)to * size));
  return WEYL_OK;
}

/* numpy's rule: trailing axes aligned; a number 1 or a missing axis stretches */
static bool common_shape(weyl_shape a, weyl_shape b, weyl_shape *out) {
  const weyl_shape big = a.rank >= b.rank ? a : b, small = a.rank >= b.rank ? b : a;
  *out = big;
  for (int i = 0; i < small.rank; i++) {
    const int at = big.rank - small.rank + i;
    const weyl_dim p = big.dim[at], q = small.dim[i];
    if (weyl_dim_equal(p, q) || (q.n == 1 && q.count == WEYL_NUMBER)) continue;
    if (!(p.n == 1 && p.count == WEYL_NUMBER)) return false;
    out->dim[at] = q;
  }
  return true;
}

static bool stretch(weyl_graph *g, const char *op, weyl_tensor *x, int n) {
  weyl_shape shape = weyl_tensor_shape(x[0]);
  for (int i = 0; i < n; i++) {
    const weyl_shape s = weyl_tensor_shape(x[i]), before = shape;
    char a[160], b[160];
    if (!common_shape(before, s, &shape)) {
      (void)weyl_graph_fail(g, WEYL_SHAPE, "%s: shapes %s and %s do not broadcast", op, weyl_shape_text(&before, a),
                            weyl_shape_text(&s, b));
      return false;
    }
  }
  for (int i = 0; i < n; i++) x[i] = weyl_broadcast_to(x[i], shape);
  return true;
}

weyl_tensor weyl_binary_of(weyl_binary f, weyl_tensor a, weyl_tensor b) {
#define X(U, l) &weyl_op_##l,
  static const weyl_op *const ops[] = {WEYL_BINARY_LIST(X)};
#undef X
  weyl_graph *g = a.graph ? a.graph : b.graph;
  if (!g || g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  weyl_tensor in[2] = {a, b};
  if (a.graph && b.graph && weyl_tensor_valid(a) && weyl_tensor_valid(b) && !stretch(g, ops[f]->name, in, 2))
    return WEYL_NULL_TENSOR;
  return weyl_node_new(g, ops[f], in, 2, NULL, NULL);
}

static void example(weyl_example *ex, int which) {
  static const int rank[3] = {2, 1, 0};
  const weyl_dim dims[2] = {weyl_num(3), weyl_num(5)};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(3), weyl_num(5)));
  ex->in[1] = weyl_example_input(ex, weyl_shape_from(dims + (2 - rank[which]), rank[which]));
}

/* A, B: inputs, Y: output, D: gradient of the output */
#define BINARY(U, l, lo, hi, ord, fl, da, db)                                                                       \
  static void example_##l(weyl_example *ex, int which) {                                                            \
    example(ex, which);                                                                                             \
    ex->out[0] = weyl_binary_of(WEYL_BINARY_##U, ex->in[0], ex->in[1]);                                             \
  }                                                                                                                 \
  static weyl_status eval_##l(const weyl_eval *e) { return run(e, WEYL_BINARY_##U); }                               \
  static void vjp_##l(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want,                \
                      weyl_tensor *dx) {                                                                            \
    const weyl_tensor A = weyl_node_in(g, node, 0), B = weyl_node_in(g, node, 1), Y = weyl_node_out(g, node, 0),    \
                      D = dy[0];                                                                                    \
    (void)A, (void)B, (void)Y, (void)D;                                                                             \
    if (want[0]) dx[0] = (da);                                                                                      \
    if (want[1]) dx[1] = (db);                                                                                      \
  }                                                                                                                 \
  const weyl_op weyl_op_##l = {.name = #l,                                                                          \
                               .flags = WEYL_OP_STRIDED | (fl),                                                     \
                               .shape = weyl_shape_same,                                                            \
                               .eval = eval_##l,                                                                    \
                               .vjp = vjp_##l,                                                                      \
                               .check = {.low = lo, .high = hi, .order = ord, .cases = 3, .example = example_##l}}; \
  weyl_tensor weyl_##l(weyl_tensor a, weyl_tensor b) { return weyl_binary_of(WEYL_BINARY_##U, a, b); }

/* where a wins; ties share, so that the sum of both gradients is 1 */
static weyl_tensor share(weyl_tensor a, weyl_tensor b) {
  return weyl_add(weyl_lt(b, a), weyl_scale(weyl_eq(a, b), 0.5));
}

/* d(a^b)/db = a^b log a, and 0 at a = 0: the logarithm of 1 stands in there */
static weyl_tensor pow_log(weyl_tensor a, weyl_tensor y) {
  const weyl_tensor positive = weyl_lt(weyl_scale(a, 0), a);
  return weyl_mul(y, weyl_log(weyl_where(positive, a, weyl_shift(weyl_scale(a, 0), 1))));
}

BINARY(ADD, add, -1, 1, 2, WEYL_OP_LINEAR, D, D)
BINARY(SUB, sub, -1, 1, 2, WEYL_OP_LINEAR, D, weyl_neg(D))
BINARY(MUL, mul, -1, 1, 2, WEYL_OP_LINEAR, weyl_mul(D, B), weyl_mul(D, A))
BINARY(DIV, div, 0.5, 2, 2, 0, weyl_div(D, B), weyl_neg(weyl_mul(D, weyl_div(Y, B))))
BINARY(POW, pow, 0.5, 2, 2, 0, weyl_mul(D, weyl_mul(B, weyl_pow(A, weyl_shift(B, -1)))), weyl_mul(D, pow_log(A, Y)))
BINARY(MAX, max, -1, 1, 2, 0, weyl_mul(D, share(A, B)), weyl_mul(D, share(B, A)))
BINARY(MIN, min, -1, 1, 2, 0, weyl_mul(D, share(B, A)), weyl_mul(D, share(A, B)))
/* atan2(a, b): d/da = b / (a^2 + b^2), d/db = -a / (a^2 + b^2) */
BINARY(ATAN2, atan2, 0.2, 2, 2, 0, weyl_mul(D, weyl_div(B, weyl_add(weyl_mul(A, A), weyl_mul(B, B)))),
       weyl_neg(weyl_mul(D, weyl_div(A, weyl_add(weyl_mul(A, A), weyl_mul(B, B))))))
BINARY(LT, lt, -1, 1, 0, 0, WEYL_NULL_TENSOR, WEYL_NULL_TENSOR)
BINARY(LE, le, -1, 1, 0, 0, WEYL_NULL_TENSOR, WEYL_NULL_TENSOR)
BINARY(EQ, eq, -1, 1, 0, 0, WEYL_NULL_TENSOR, WEYL_NULL_TENSOR)

/* ---- where ---------------------------------------------------------------------------------------------------------
 */

static weyl_status eval_where(const weyl_eval *e) {
  const weyl_view *y = &e->out[0];
  const size_t size = weyl_dtype_size(y->dtype);
  weyl_loop loop;
  if (weyl_view_size(y) == 0) return WEYL_OK;
  weyl_loop_make(&loop, y, e->in, 3);
  const char *c = e->in[0].data, *a = e->in[1].data, *b = e->in[2].data;
  WEYL_LOOP_RUN(loop,
                e->kernels->where[y->dtype]((size_t)loop.inner, c + (size_t)off[0] * size, loop.inner_stride[0],
                                            a + (size_t)off[1] * size, loop.inner_stride[1], b + (size_t)off[2] * size,
                                            loop.inner_stride[2], (char *)y->data + (size_t)to * size));
  return WEYL_OK;
}

static void vjp_where(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const weyl_tensor c = weyl_node_in(g, node, 0), zero = weyl_zeros_like(dy[0]);
  if (want[1]) dx[1] = weyl_where(c, dy[0], zero);
  if (want[2]) dx[2] = weyl_where(c, zero, dy[0]);
}

static void example_where(weyl_example *ex, int which) {
  example(ex, which);
  ex->out[0] = weyl_where(weyl_lt(ex->in[0], weyl_scalar(ex->graph, 0.3)), weyl_mul(ex->in[0], ex->in[0]), ex->in[1]);
}

const weyl_op weyl_op_where = {.name = "where",
                               .flags = WEYL_OP_STRIDED,
                               .shape = weyl_shape_same,
                               .eval = eval_where,
                               .vjp = vjp_where,
                               .check = {.low = -1, .high = 1, .order = 2, .cases = 3, .example = example_where}};

weyl_tensor weyl_where(weyl_tensor c, weyl_tensor a, weyl_tensor b) {
  weyl_graph *g = c.graph ? c.graph : a.graph;
  if (!g || g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  weyl_tensor in[3] = {c, a, b};
  if (weyl_tensor_valid(a) && weyl_tensor_valid(b) && weyl_tensor_valid(c) && !stretch(g, "where", in, 3))
    return WEYL_NULL_TENSOR;
  return weyl_node_new(g, &weyl_op_where, in, 3, NULL, NULL);
}
