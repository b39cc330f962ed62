/* dot_general: out [batch..., free axes of a..., free axes of b...].
 * attr.n batch axes: i[0..3] of a, i[4..7] of b; attr.axis contracted axes: i[8..11] of a, i[12..15] of b. */
#include "../graph.h"
#include "../strided.h"

#include <string.h>

#define AXES_MAX 4

typedef struct split {
  int batch[AXES_MAX], n_batch, free[WEYL_RANK_MAX], n_free, contract[AXES_MAX], n_contract;
} split;

static split split_axes(const weyl_node *node, int which, int rank) {
  split s = {.n_batch = node->attr.n, .n_contract = node->attr.axis};
  bool used[WEYL_RANK_MAX] = {false};
  for (int i = 0; i < s.n_batch; i++) used[s.batch[i] = (int)node->attr.i[4 * which + i]] = true;
  for (int i = 0; i < s.n_contract; i++) used[s.contract[i] = (int)node->attr.i[8 + 4 * which + i]] = true;
  for (int a = 0; a < rank; a++)
    if (!used[a]) s.free[s.n_free++] = a;
  return s;
}

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_value *a = weyl_value_of(g, node->in[0]), *b = weyl_value_of(g, node->in[1]);
  char p[160], q[160];
  if (a->dtype == WEYL_I32 || b->dtype == WEYL_I32)
    return weyl_node_fail(g, node, WEYL_DTYPE, "an operand is i32, must be %s", weyl_dtype_name(g->real));
  for (int which = 0; which < 2; which++) {
    const int rank = which ? b->shape.rank : a->shape.rank;
    bool seen[WEYL_RANK_MAX] = {false};
    for (int i = 0; i < node->attr.n + node->attr.axis; i++) {
      const int64_t axis =
          i < node->attr.n ? node->attr.i[4 * which + i] : node->attr.i[8 + 4 * which + i - node->attr.n];
      if (axis < 0 || axis >= rank || seen[axis])
        return weyl_node_fail(g, node, WEYL_BAD_ARG, "axis %lld of operand %d (%s) is out of range or named twice",
                              (long long)axis, which, weyl_shape_text(which ? &b->shape : &a->shape, p));
      seen[axis] = true;
    }
  }
  const split sa = split_axes(node, 0, a->shape.rank), sb = split_axes(node, 1, b->shape.rank);
  bool ok = true;
  for (int i = 0; i < sa.n_batch; i++) ok = ok && weyl_dim_equal(a->shape.dim[sa.batch[i]], b->shape.dim[sb.batch[i]]);
  for (int i = 0; i < sa.n_contract; i++)
    ok = ok && weyl_dim_equal(a->shape.dim[sa.contract[i]], b->shape.dim[sb.contract[i]]);
  if (!ok || sa.n_batch + sa.n_free + sb.n_free > WEYL_RANK_MAX)
    return weyl_node_fail(g, node, WEYL_SHAPE, "shapes %s and %s do not agree in the axes joined",
                          weyl_shape_text(&a->shape, p), weyl_shape_text(&b->shape, q));
  for (int i = 0; i < sa.n_batch; i++) out->shape.dim[out->shape.rank++] = a->shape.dim[sa.batch[i]];
  for (int i = 0; i < sa.n_free; i++) out->shape.dim[out->shape.rank++] = a->shape.dim[sa.free[i]];
  for (int i = 0; i < sb.n_free; i++) out->shape.dim[out->shape.rank++] = b->shape.dim[sb.free[i]];
  return WEYL_OK;
}

/* Axes as one axis: size and stride, if they can be stepped through as one. */
static bool as_one(const weyl_view *x, const int64_t *stride, const int *axes, int n, int64_t *size, int64_t *step) {
  *size = 1;
  *step = 1;
  bool any = false;
  for (int i = n - 1; i >= 0; i--) {
    const int64_t d = x->dim[axes[i]];
    if (d == 1) continue;
    if (!any) {
      *step = stride[axes[i]];
      any = true;
    } else if (stride[axes[i]] != *step * *size) {
      return false;
    }
    *size *= d;
  }
  return true;
}

typedef struct operand {
  int64_t batch, batch_step, free, free_step, contract, contract_step;
  bool copied; /* what does not collapse is copied as [batch, free, contract] */
} operand;

static operand matrix(const weyl_view *x, const split *s) {
  operand m = {0};
  int64_t stride[WEYL_RANK_MAX];
  weyl_dense_strides(x->rank, x->dim, stride);
  if (as_one(x, stride, s->batch, s->n_batch, &m.batch, &m.batch_step) &&
      as_one(x, stride, s->free, s->n_free, &m.free, &m.free_step) &&
      as_one(x, stride, s->contract, s->n_contract, &m.contract, &m.contract_step))
    return m;
  m = (operand){.batch = 1, .free = 1, .contract = 1, .contract_step = 1, .copied = true};
  for (int i = 0; i < s->n_batch; i++) m.batch *= x->dim[s->batch[i]];
  for (int i = 0; i < s->n_free; i++) m.free *= x->dim[s->free[i]];
  for (int i = 0; i < s->n_contract; i++) m.contract *= x->dim[s->contract[i]];
  m.free_step = m.contract;
  m.batch_step = m.free * m.contract;
  return m;
}

static void copy_operand(const weyl_view *x, const split *s, char *room) {
  int64_t stride[WEYL_RANK_MAX], dim[WEYL_RANK_MAX], from[WEYL_RANK_MAX], to[WEYL_RANK_MAX];
  int r = 0;
  weyl_dense_strides(x->rank, x->dim, stride);
  for (int i = 0; i < s->n_batch; i++, r++) {
    from[r] = stride[s->batch[i]];
    dim[r] = x->dim[s->batch[i]];
  }
  for (int i = 0; i < s->n_free; i++, r++) {
    from[r] = stride[s->free[i]];
    dim[r] = x->dim[s->free[i]];
  }
  for (int i = 0; i < s->n_contract; i++, r++) {
    from[r] = stride[s->contract[i]];
    dim[r] = x->dim[s->contract[i]];
  }
  weyl_dense_strides(r, dim, to);
  weyl_copy_strided(weyl_dtype_size(x->dtype), r, dim, room, to, x->data, from);
}

static size_t room_for(const weyl_view *x) {
  return ((size_t)weyl_view_size(x) * weyl_dtype_size(x->dtype) + 63) & ~(size_t)63;
}

enum { SHORT = 4 };

typedef struct product {
  operand m[2];
  bool rows, tiny; /* plain loops cost less than calls of the matrix kernel */
} product;

static product product_of(const weyl_node *node, const weyl_view *in) {
  const split sa = split_axes(node, 0, in[0].rank), sb = split_axes(node, 1, in[1].rank);
  product p = {.m = {matrix(&in[0], &sa), matrix(&in[1], &sb)}};
  const operand *a = &p.m[0], *b = &p.m[1];
  p.rows = a->free > 1 && b->free <= SHORT && a->contract <= SHORT && (a->batch > 1 || a->free <= 64);
  p.tiny = a->free * b->free == 1 || (a->batch > 1 && a->free * b->free * a->contract <= 256);
  return p;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)out;
  const product p = product_of(node, in);
  return (p.m[0].copied ? room_for(&in[0]) : 0) + (p.m[1].copied ? room_for(&in[1]) : 0);
}

static size_t prepared(const weyl_node *node) {
  (void)node;
  return sizeof(product);
}

static void prepare(const weyl_eval *e) { *(product *)e->prepared = product_of(e->node, e->in); }

#define TINY(T, A)                                                                                                  \
  static void tiny_##T(const operand *a, const T *x0, const operand *b, const T *y0, T *c, bool add) {              \
    for (int64_t s = 0; s < a->batch; s++) {                                                                        \
      const T *x = x0 + s * a->batch_step, *y = y0 + s * b->batch_step;                                             \
      for (int64_t i = 0; i < a->free; i++)                                                                         \
        for (int64_t j = 0; j < b->free; j++) {                                                                     \
          A sum = 0;                                                                                                \
          const T *p = x + i * a->free_step, *q = y + j * b->free_step;                                             \
          for (int64_t k = 0; k < a->contract; k++) sum += (A)p[k * a->contract_step] * (A)q[k * b->contract_step]; \
          *c = add ? *c + (T)sum : (T)sum;                                                                          \
          c++;                                                                                                      \
        }                                                                                                           \
    }                                                                                                               \
  }
TINY(float, double)
TINY(double, double)

/* Many short rows by a matrix of at most 4 x 4: vectors by rotations, for the most part. */
#define SHORT_ROWS(T)                                                                                                \
  static void rotate_##T(const operand *a, const T *x, T m[SHORT][SHORT], T *c, bool add) {                    \
    const T m00 = m[0][0], m01 = m[0][1], m02 = m[0][2], m10 = m[1][0], m11 = m[1][1], m12 = m[1][2], m20 = m[2][0], \
            m21 = m[2][1], m22 = m[2][2];                                                                            \
    const int64_t next = a->contract_step;                                                                           \
    for (int64_t i = 0; i < a->free; i++, x += a->free_step, c += 3) {                                               \
      const T p = x[0], q = x[next], r = x[2 * next];                                                                \
      const T u = p * m00 + q * m10 + r * m20, v = p * m01 + q * m11 + r * m21, w = p * m02 + q * m12 + r * m22;     \
      c[0] = add ? c[0] + u : u;                                                                                     \
      c[1] = add ? c[1] + v : v;                                                                                     \
      c[2] = add ? c[2] + w : w;                                                                                     \
    }                                                                                                                \
  }                                                                                                                  \
  static void short_##T(const operand *a, const T *x0, const operand *b, const T *y0, T *c, bool add) {              \
    const int n = (int)b->free, depth = (int)a->contract;                                                            \
    for (int64_t s = 0; s < a->batch; s++) {                                                                         \
      const T *x = x0 + s * a->batch_step, *y = y0 + s * b->batch_step;                                              \
      T m[SHORT][SHORT] = {{0}};                                                                                     \
      for (int k = 0; k < depth; k++)                                                                                \
        for (int j = 0; j < n; j++) m[k][j] = y[k * b->contract_step + j * b->free_step];                            \
      if (n == 3 && depth == 3) {                                                                                    \
        rotate_##T(a, x, m, c, add);                                                                                 \
        c += 3 * a->free;                                                                                            \
        continue;                                                                                                    \
      }                                                                                                              \
      for (int64_t i = 0; i < a->free; i++, x += a->free_step)                                                       \
        for (int j = 0; j < n; j++, c++) {                                                                           \
          T sum = 0;                                                                                                 \
          for (int k = 0; k < depth; k++) sum += x[k * a->contract_step] * m[k][j];                                  \
          *c = add ? *c + sum : sum;                                                                                 \
        }                                                                                                            \
    }                                                                                                                \
  }
SHORT_ROWS(float)
SHORT_ROWS(double)

static weyl_status eval(const weyl_eval *e) {
  const weyl_view *y = &e->out[0];
  const size_t size = weyl_dtype_size(y->dtype);
  product here;
  if (!e->prepared) here = product_of(e->node, e->in);
  const product *p = e->prepared ? e->prepared : &here;
  const operand *a = &p->m[0], *b = &p->m[1];
  const int64_t numbers = a->batch * a->free * b->free;
  if (numbers == 0) return WEYL_OK;
  if (a->contract == 0) {
    if (!e->add) e->kernels->fill[y->dtype]((size_t)numbers, 0, y->data);
    return WEYL_OK;
  }
  const char *data[2] = {e->in[0].data, e->in[1].data};
  char *room = (char *)e->scratch + WEYL_GEMM_SCRATCH;
  for (int which = 0; which < 2; which++)
    if (p->m[which].copied) {
      const split s = split_axes(e->node, which, e->in[which].rank);
      copy_operand(&e->in[which], &s, room);
      data[which] = room;
      room += room_for(&e->in[which]);
    }
  if (p->rows) {
    if (y->dtype == WEYL_F32)
      short_float(a, (const void *)data[0], b, (const void *)data[1], y->data, e->add);
    else
      short_double(a, (const void *)data[0], b, (const void *)data[1], y->data, e->add);
    return WEYL_OK;
  }
  if (p->tiny) {
    if (y->dtype == WEYL_F32)
      tiny_float(a, (const void *)data[0], b, (const void *)data[1], y->data, e->add);
    else
      tiny_double(a, (const void *)data[0], b, (const void *)data[1], y->data, e->add);
    return WEYL_OK;
  }
  /* a batch that continues the rows (weights shared) never gets here: it has no batch axis */
  for (int64_t s = 0; s < a->batch; s++)
    e->kernels->gemm[y->dtype]((size_t)a->free, (size_t)b->free, (size_t)a->contract,
                               data[0] + (size_t)(s * a->batch_step) * size, a->free_step, a->contract_step,
                               data[1] + (size_t)(s * b->batch_step) * size, b->contract_step, b->free_step,
                               (char *)y->data + (size_t)(s * a->free * b->free) * size, b->free, e->add, e->scratch);
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  double k = 1;
  for (int i = 0; i < node->attr.axis; i++) k *= (double)in[0].dim[node->attr.i[8 + i]];
  return 2 * k * (double)weyl_view_size(out);
}

/* Gradient of operand `which`: dy with the other operand, contracted over the other's free axes; then its axes put back
 * in order. */
static weyl_tensor gradient(weyl_graph *g, const weyl_node *node, int which, weyl_tensor dy) {
  const split mine = split_axes(node, which, weyl_in_shape(g, node, which)->rank),
              other = split_axes(node, 1 - which, weyl_in_shape(g, node, 1 - which)->rank);
  int dy_batch[AXES_MAX], dy_contract[WEYL_RANK_MAX];
  for (int i = 0; i < mine.n_batch; i++) dy_batch[i] = i;
  /* in dy: batch, free of a, free of b */
  for (int i = 0; i < other.n_free; i++) dy_contract[i] = mine.n_batch + (which == 0 ? mine.n_free : 0) + i;
  weyl_tensor d = weyl_dot_general(dy, weyl_node_in(g, node, 1 - which), mine.n_batch, dy_batch, other.batch,
                                   other.n_free, dy_contract, other.free);
  /* now: batch, my free axes, the other's contracted axes in ascending order */
  int at[WEYL_RANK_MAX], place = 0;
  for (int i = 0; i < mine.n_batch; i++) at[mine.batch[i]] = place++;
  for (int i = 0; i < mine.n_free; i++) at[mine.free[i]] = place++;
  bool done[AXES_MAX] = {false};
  for (int k = 0; k < other.n_contract; k++) {
    int best = -1;
    for (int i = 0; i < other.n_contract; i++)
      if (!done[i] && (best < 0 || other.contract[i] < other.contract[best])) best = i;
    done[best] = true;
    at[mine.contract[best]] = place++;
  }
  return weyl_permute(d, at);
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  for (int i = 0; i < 2; i++)
    if (want[i]) dx[i] = gradient(g, node, i, dy[0]);
}

static void example(weyl_example *ex, int which) {
  static const int b0[1] = {0}, b1[1] = {1}, c1[1] = {1}, c2[1] = {2}, c0[1] = {0}, c20[2] = {2, 0}, c12[2] = {1, 2};
  const weyl_shape abc = WEYL_SHAPE(weyl_num(2), weyl_num(3), weyl_num(4));
  ex->in[0] = weyl_example_input(ex, abc);
  switch (which) {
    case 0: /* rows by a matrix */
      ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(5), weyl_num(4)));
      ex->out[0] = weyl_dot_general(ex->in[0], ex->in[1], 0, NULL, NULL, 1, c2, c1);
      break;
    case 1: /* batched */
      ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(4), weyl_num(5)));
      ex->out[0] = weyl_dot_general(ex->in[0], ex->in[1], 1, b0, b0, 1, c2, c1);
      break;
    case 2: /* two axes, crossed */
      ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(5), weyl_num(4), weyl_num(2)));
      ex->out[0] = weyl_dot_general(ex->in[0], ex->in[1], 0, NULL, NULL, 2, c20, c12);
      break;
    case 3: /* batch axis in the middle */
      ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(3)));
      ex->out[0] = weyl_dot_general(ex->in[0], ex->in[1], 1, b1, b1, 1, c0, c0);
      break;
    default: /* outer product */
      ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(5)));
      ex->out[0] = weyl_dot_general(ex->in[0], ex->in[1], 0, NULL, NULL, 0, NULL, NULL);
  }
}

const weyl_op weyl_op_dot_general = {.name = "dot_general",
                                     .flags = WEYL_OP_LINEAR | WEYL_OP_REDUCES | WEYL_OP_ADDS,
                                     .shape = shape,
                                     .eval = eval,
                                     .vjp = vjp,
                                     .prepared = prepared,
                                     .prepare = prepare,
                                     .scratch = scratch,
                                     .flops = flops,
                                     .check = {.order = 2, .cases = 5, .example = example}};

weyl_tensor weyl_dot_general(weyl_tensor a, weyl_tensor b, int n_batch, const int *a_batch, const int *b_batch,
                             int n_contract, const int *a_contract, const int *b_contract) {
  if (!weyl_tensor_valid(a) || !weyl_tensor_valid(b)) return WEYL_NULL_TENSOR;
  if (n_batch < 0 || n_batch > AXES_MAX || n_contract < 0 || n_contract > AXES_MAX)
    return weyl_graph_fail(a.graph, WEYL_BAD_ARG, "dot_general: %d batch and %d contracted axes, at most %d each",
                           n_batch, n_contract, AXES_MAX);
  weyl_attr attr = {.n = n_batch, .axis = n_contract};
  for (int i = 0; i < n_batch; i++) {
    attr.i[i] = a_batch[i];
    attr.i[4 + i] = b_batch[i];
  }
  for (int i = 0; i < n_contract; i++) {
    attr.i[8 + i] = a_contract[i];
    attr.i[12 + i] = b_contract[i];
  }
  return weyl_node_new(a.graph, &weyl_op_dot_general, (weyl_tensor[]){a, b}, 2, &attr, NULL);
}

weyl_tensor weyl_matmul(weyl_tensor a, weyl_tensor b) {
  if (!weyl_tensor_valid(a) || !weyl_tensor_valid(b)) return WEYL_NULL_TENSOR;
  const int ra = weyl_rank(a), rb = weyl_rank(b), n_batch = rb - 2;
  if (ra < 1 || rb < 2 || n_batch > AXES_MAX || (n_batch > 0 && ra != rb)) {
    const weyl_shape s = weyl_tensor_shape(a), t = weyl_tensor_shape(b);
    char p[160], q[160];
    return weyl_graph_fail(a.graph, WEYL_SHAPE, "matmul: shapes %s and %s", weyl_shape_text(&s, p),
                           weyl_shape_text(&t, q));
  }
  static const int batch[AXES_MAX] = {0, 1, 2, 3};
  const int last = ra - 1, row = rb - 2;
  return weyl_dot_general(a, b, n_batch, batch, batch, 1, &last, &row);
}
