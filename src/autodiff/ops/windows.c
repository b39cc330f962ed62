/* windows and windows_fold: the windows of an image as an axis (im2col), and its adjoint, which adds them back.
 *   windows(x [N, H, W, C]) = y [N, H', W', KH*KW, C]    windows_fold(y) = x
 * attr.i: stride 0 1, before 2 3, after 4 5, dilation 6 7, kh kw 8 9; windows_fold: h w 10 11. attr.f[0]: what lies
 * outside the image, for windows. */
#include "along.h"

#include <string.h>

static int64_t windows_of(int64_t size, const weyl_attr *p, int i) {
  const int64_t room = size + p->i[2 + i] + p->i[4 + i] - p->i[6 + i] * (p->i[8 + i] - 1) - 1;
  return room < 0 ? 0 : room / p->i[i] + 1;
}

static weyl_status numbers_behind(weyl_graph *g, const weyl_node *node, int rank, const char *wanted) {
  const weyl_shape *s = weyl_in_shape(g, node, 0);
  char text[160];
  WEYL_TRY(input_is_real(g, node, 0));
  bool ok = s->rank == rank;
  for (int i = 1; ok && i < rank; i++) ok = s->dim[i].count == WEYL_NUMBER;
  if (ok) return WEYL_OK;
  return weyl_node_fail(g, node, WEYL_SHAPE, "%s is not %s with plain numbers behind N", weyl_shape_text(s, text),
                        wanted);
}

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_attr *p = &node->attr;
  const weyl_shape *x = weyl_in_shape(g, node, 0);
  WEYL_TRY(numbers_behind(g, node, 4, "[N, H, W, C]"));
  const int64_t h = windows_of(x->dim[1].n, p, 0), w = windows_of(x->dim[2].n, p, 1);
  char text[160];
  if (h < 1 || w < 1)
    return weyl_node_fail(g, node, WEYL_SHAPE, "windows %lld x %lld do not fit into the image %s with its borders",
                          (long long)p->i[8], (long long)p->i[9], weyl_shape_text(x, text));
  out->shape =
      (weyl_shape){.rank = 5, .dim = {x->dim[0], weyl_num(h), weyl_num(w), weyl_num(p->i[8] * p->i[9]), x->dim[3]}};
  return WEYL_OK;
}

static weyl_status fold_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_attr *p = &node->attr;
  const weyl_shape *y = weyl_in_shape(g, node, 0);
  WEYL_TRY(numbers_behind(g, node, 5, "[N, H', W', KH*KW, C]"));
  char text[160];
  if (windows_of(p->i[10], p, 0) != y->dim[1].n || windows_of(p->i[11], p, 1) != y->dim[2].n ||
      p->i[8] * p->i[9] != y->dim[3].n)
    return weyl_node_fail(g, node, WEYL_SHAPE, "%s does not fold into images %lld x %lld", weyl_shape_text(y, text),
                          (long long)p->i[10], (long long)p->i[11]);
  out->shape = (weyl_shape){.rank = 4, .dim = {y->dim[0], weyl_num(p->i[10]), weyl_num(p->i[11]), y->dim[4]}};
  return WEYL_OK;
}

/* Calls IN(pixel offset) or OUT for each entry of each window in turn; c numbers belong to each. */
#define WALK(x, y, IN, OUT)                                                                   \
  const int64_t *p = e->node->attr.i, h = (x)->dim[1], w = (x)->dim[2], c = (x)->dim[3];      \
  for (int64_t n = 0; n < (y)->dim[0]; n++)                                                   \
    for (int64_t oy = 0; oy < (y)->dim[1]; oy++)                                              \
      for (int64_t ox = 0; ox < (y)->dim[2]; ox++)                                            \
        for (int64_t i = 0; i < p[8]; i++)                                                    \
          for (int64_t j = 0; j < p[9]; j++) {                                                \
            const int64_t iy = oy * p[0] - p[2] + i * p[6], ix = ox * p[1] - p[3] + j * p[7]; \
            if (iy >= 0 && iy < h && ix >= 0 && ix < w) {                                     \
              IN(((n * h + iy) * w + ix) * c)                                                 \
            } else {                                                                          \
              OUT                                                                             \
            }                                                                                 \
          }

#define FUNCTIONS(T)                                             \
  static void split_##T(const weyl_eval *e) {                    \
    const T *x = e->in[0].data, outside = (T)e->node->attr.f[0]; \
    T *y = e->out[0].data;                                       \
    WALK(&e->in[0], &e->out[0], TAKE, FILL)                      \
  }                                                              \
  static void fold_##T(const weyl_eval *e) {                     \
    const T *y = e->in[0].data;                                  \
    T *x = e->out[0].data;                                       \
    WALK(&e->out[0], &e->in[0], ADD, SKIP)                       \
  }
#define TAKE(at)                              \
  memcpy(y, x + (at), (size_t)c * sizeof *y); \
  y += c;
#define FILL \
  for (int64_t k = 0; k < c; k++) *y++ = outside;
#define ADD(at) \
  for (int64_t k = 0; k < c; k++) x[(at) + k] += *y++;
#define SKIP y += c;
FUNCTIONS(float)
FUNCTIONS(double)

static weyl_status eval(const weyl_eval *e) {
  if (e->out[0].dtype == WEYL_F32)
    split_float(e);
  else
    split_double(e);
  return WEYL_OK;
}

static weyl_status fold_eval(const weyl_eval *e) {
  memset(e->out[0].data, 0, (size_t)weyl_view_size(&e->out[0]) * weyl_dtype_size(e->out[0].dtype));
  if (e->out[0].dtype == WEYL_F32)
    fold_float(e);
  else
    fold_double(e);
  return WEYL_OK;
}

static weyl_tensor fold(const weyl_attr *p, weyl_tensor y, int64_t h, int64_t w) {
  weyl_attr attr = *p;
  attr.i[10] = h;
  attr.i[11] = w;
  attr.f[0] = 0;
  return weyl_node_new(y.graph, &weyl_op_windows_fold, &y, 1, &attr, NULL);
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  const weyl_shape *x = weyl_in_shape(g, node, 0);
  dx[0] = fold(&node->attr, dy[0], x->dim[1].n, x->dim[2].n);
}

static void fold_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  weyl_attr attr = node->attr;
  attr.i[10] = attr.i[11] = 0;
  dx[0] = weyl_node_new(g, &weyl_op_windows, dy, 1, &attr, NULL);
}

enum { CASES = 5 };
static const struct {
  int64_t h, w, kh, kw;
  weyl_conv_opts opts;
  double outside;
} cases[CASES] = {
    {4, 5, 3, 2, {.before = {1, 0}, .after = {1, 1}}, 0},
    {4, 6, 2, 2, {.stride = {2, 2}}, 0},
    {5, 6, 2, 2, {.stride = {2, 3}, .before = {1, 1}}, 0.5},
    {6, 5, 3, 2, {.dilation = {2, 3}, .before = {1, 0}}, -2},
    {3, 3, 1, 1, {.groups = 1}, 0},
};

static bool attr_of(weyl_attr *p, weyl_graph *g, int64_t kh, int64_t kw, const weyl_conv_opts *opts, double outside) {
  static const weyl_conv_opts none;
  const weyl_conv_opts *o = opts ? opts : &none;
  *p = (weyl_attr){.f = {outside}};
  p->i[8] = kh;
  p->i[9] = kw;
  for (int i = 0; i < 2; i++) {
    p->i[i] = o->stride[i] ? o->stride[i] : 1;
    p->i[2 + i] = o->before[i];
    p->i[4 + i] = o->after[i];
    p->i[6 + i] = o->dilation[i] ? o->dilation[i] : 1;
    if (p->i[i] < 1 || p->i[2 + i] < 0 || p->i[4 + i] < 0 || p->i[6 + i] < 1 || p->i[8 + i] < 1) {
      (void)weyl_graph_fail(
          g, WEYL_BAD_ARG,
          "windows: size %lld, stride %lld, dilation %lld must be 1 or more, borders %lld and %lld 0 or more",
          (long long)p->i[8 + i], (long long)p->i[i], (long long)p->i[6 + i], (long long)p->i[2 + i],
          (long long)p->i[4 + i]);
      return false;
    }
  }
  if (o->groups > 1) {
    (void)weyl_graph_fail(g, WEYL_BAD_ARG, "windows: groups is %lld, windows have none", (long long)o->groups);
    return false;
  }
  return true;
}

static void example(weyl_example *ex, int which) {
  ex->in[0] =
      weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(cases[which].h), weyl_num(cases[which].w), weyl_num(2)));
  ex->out[0] = weyl_windows(ex->in[0], cases[which].kh, cases[which].kw, &cases[which].opts, cases[which].outside);
}

static void fold_example(weyl_example *ex, int which) {
  weyl_attr p;
  if (!attr_of(&p, ex->graph, cases[which].kh, cases[which].kw, &cases[which].opts, 0)) return;
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(windows_of(cases[which].h, &p, 0)),
                                                weyl_num(windows_of(cases[which].w, &p, 1)),
                                                weyl_num(cases[which].kh * cases[which].kw), weyl_num(2)));
  ex->out[0] = fold(&p, ex->in[0], cases[which].h, cases[which].w);
}

/* affine, not linear: what lies outside need not be 0 */
const weyl_op weyl_op_windows = {
    .name = "windows",
    .shape = shape,
    .eval = eval,
    .vjp = vjp,
    .check = {.low = -1, .high = 1, .order = 2, .cases = CASES, .example = example},
};
const weyl_op weyl_op_windows_fold = {
    .name = "windows_fold",
    .flags = WEYL_OP_LINEAR,
    .shape = fold_shape,
    .eval = fold_eval,
    .vjp = fold_vjp,
    .check = {.low = -1, .high = 1, .order = 2, .cases = CASES, .example = fold_example},
};

weyl_tensor weyl_windows(weyl_tensor x, int64_t kh, int64_t kw, const weyl_conv_opts *opts, double outside) {
  weyl_attr p;
  if (!weyl_tensor_valid(x) || !attr_of(&p, x.graph, kh, kw, opts, outside)) return WEYL_NULL_TENSOR;
  return weyl_node_new(x.graph, &weyl_op_windows, &x, 1, &p, NULL);
}
