/* harmonics and harmonics_back: solid spherical harmonics S(r) [.., (l_max + 1)^2] of r [.., 3], and their derivative
 * backwards, (r, g) -> sum over lm of g_lm grad S_lm(r) [.., 3].  attr.i: l_max, axes, norm; attr.data: the plan.
 * A derivative of a harmonic polynomial is one of one degree less, grad_j S = D_j S with constant D, so that higher
 * derivatives are the same two operations and products with D. */
#include "../plans.h"
#include "along.h"

#include <math.h>
#include <string.h>

enum { POINTS = 32 }; /* at a time */

static int64_t columns_of(const weyl_node *node) { return (node->attr.i[0] + 1) * (node->attr.i[0] + 1); }

static weyl_status check_points(weyl_graph *g, const weyl_node *node) {
  const weyl_shape *r = weyl_in_shape(g, node, 0);
  char text[160];
  WEYL_TRY(input_is_real(g, node, 0));
  const weyl_dim last = r->rank > 0 ? r->dim[r->rank - 1] : weyl_num(0);
  if (last.n != 3 || last.count != WEYL_NUMBER)
    return weyl_node_fail(g, node, WEYL_SHAPE, "points %s, must be [.., 3]", weyl_shape_text(r, text));
  return WEYL_OK;
}

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(check_points(g, node));
  out->shape = *weyl_in_shape(g, node, 0);
  out->shape.dim[out->shape.rank - 1] = weyl_num(columns_of(node));
  return WEYL_OK;
}

static weyl_status back_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(check_points(g, node));
  WEYL_TRY(input_is_real(g, node, 1));
  out->shape = *weyl_in_shape(g, node, 0);
  weyl_shape wanted = out->shape;
  wanted.dim[wanted.rank - 1] = weyl_num(columns_of(node));
  char a[160], b[160];
  if (!weyl_shape_equal(&wanted, weyl_in_shape(g, node, 1)))
    return weyl_node_fail(g, node, WEYL_SHAPE, "gradients %s, must be %s",
                          weyl_shape_text(weyl_in_shape(g, node, 1), a), weyl_shape_text(&wanted, b));
  return WEYL_OK;
}

static weyl_status eval(const weyl_eval *e) {
  weyl_harmonics_run(e->node->attr.data, weyl_view_size(&e->in[0]) / 3, e->in[0].data, e->out[0].data, NULL,
                     e->scratch);
  return WEYL_OK;
}

#define CONTRACT(T)                                                                       \
  static void contract_##T(int64_t n, int64_t columns, const T *g, const T *dy, T *out) { \
    for (int64_t i = 0; i < 3 * n; i++) {                                                 \
      const T *a = g + i / 3 * columns, *b = dy + i * columns;                            \
      T sum = 0;                                                                          \
      for (int64_t k = 0; k < columns; k++) sum += a[k] * b[k];                           \
      out[i] = sum;                                                                       \
    }                                                                                     \
  }
CONTRACT(float)
CONTRACT(double)

static size_t part_bytes(const weyl_node *node, weyl_dtype type) {
  return ((size_t)POINTS * (size_t)columns_of(node) * weyl_dtype_size(type) + 63) & ~(size_t)63;
}

static weyl_status back_eval(const weyl_eval *e) {
  const weyl_dtype type = e->out[0].dtype;
  const size_t size = weyl_dtype_size(type), part = part_bytes(e->node, type);
  const int64_t n = weyl_view_size(&e->in[0]) / 3, columns = columns_of(e->node);
  char *y = e->scratch, *dy = y + part, *work = dy + 3 * part;
  for (int64_t i = 0; i < n; i += POINTS) {
    const int64_t m = n - i < POINTS ? n - i : POINTS;
    const char *g = (const char *)e->in[1].data + (size_t)(i * columns) * size;
    char *out = (char *)e->out[0].data + (size_t)(3 * i) * size;
    weyl_harmonics_run(e->node->attr.data, m, (const char *)e->in[0].data + (size_t)(3 * i) * size, y, dy, work);
    if (type == WEYL_F32)
      contract_float(m, columns, (const void *)g, (const void *)dy, (void *)out);
    else
      contract_double(m, columns, (const void *)g, (const void *)dy, (void *)out);
  }
  return WEYL_OK;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in;
  const size_t parts = node->op == &weyl_op_harmonics_back ? 4 * part_bytes(node, out->dtype) : 0;
  return parts + weyl_harmonics_work(node->attr.data);
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)out; /* two operations a recursion, one for the angle; twice two for each derivative, and the sum */
  return (double)(weyl_view_size(&in[0]) / 3) * (double)columns_of(node) *
         (node->op == &weyl_op_harmonics_back ? 18 : 3);
}

/* ---- derivatives ---- */

/* D [lm][j][lm'] or, turned, [lm'][j][lm]: grad_j S_lm = sum D S_lm'.  grad (r^l Y_l) is sqrt(l (2 l + 1)) times the
 * coupling of a vector and Y_(l-1) to degree l; the sign makes D of the highest order positive as z^l's is. */
static weyl_tensor slopes(weyl_graph *g, const weyl_node *node, bool turned) {
  const int l_max = (int)node->attr.i[0];
  const int64_t columns = columns_of(node);
  const weyl_axes axes = (weyl_axes)node->attr.i[1];
  const weyl_harmonics_norm norm = (weyl_harmonics_norm)node->attr.i[2];
  static const int of_axis[2][3] = {{0, 1, 2}, {2, 0, 1}}; /* order of degree 1 of x, y, z */
  weyl_context *ctx = weyl_graph_context(g);
  double *d = weyl_alloc(ctx, (size_t)(3 * columns * columns), sizeof *d);
  double *w = weyl_alloc(ctx, (size_t)(3 * columns * columns), sizeof *w);
  weyl_tensor t = WEYL_NULL_TENSOR;
  if (d && w) {
    weyl_status status = WEYL_OK;
    for (int l = 1; l <= l_max && status == WEYL_OK; l++) {
      status = weyl_wigner_3j(ctx, 1, l - 1, l, WEYL_GAUGE_WEYL, w);
      const double sign = weyl_gaunt_factor(1, l - 1, l) < 0 ? -1 : 1;
      const double factor =
          sign * (2 * l + 1) * sqrt(l) * weyl_harmonics_scale(norm, l) / weyl_harmonics_scale(norm, l - 1);
      for (int j = 0; j < 3; j++)
        for (int p = 0; p < 2 * l - 1; p++)
          for (int q = 0; q < 2 * l + 1; q++) {
            const int64_t to = l * l + q, from = (l - 1) * (l - 1) + p;
            d[((turned ? from : to) * 3 + j) * columns + (turned ? to : from)] =
                factor * w[(of_axis[axes][j] * (2 * l - 1) + p) * (2 * l + 1) + q];
          }
    }
    if (status == WEYL_OK)
      t = weyl_constant_array(g, weyl_graph_dtype(g), WEYL_SHAPE(weyl_num(columns), weyl_num(3 * columns)), d);
    else
      t = weyl_graph_fail(g, status, "derivatives of harmonics");
  } else {
    t = weyl_graph_fail(g, WEYL_MEMORY, "no memory for the derivatives of harmonics of degree %d", l_max);
  }
  weyl_dealloc(ctx, w);
  weyl_dealloc(ctx, d);
  return t;
}

/* sum over j of t_j (a D_j), [.., columns] */
static weyl_tensor along(weyl_graph *g, const weyl_node *node, weyl_tensor a, weyl_tensor t, bool turned) {
  const weyl_tensor b = weyl_matmul(a, slopes(g, node, turned));
  if (!weyl_tensor_valid(b)) return WEYL_NULL_TENSOR;
  weyl_shape s = weyl_tensor_shape(b);
  if (s.rank >= WEYL_RANK_MAX)
    return weyl_graph_fail(g, WEYL_SHAPE, "harmonics: points of rank %d have no second derivatives", s.rank);
  s.dim[s.rank - 1] = weyl_num(3);
  s.dim[s.rank++] = weyl_num(columns_of(node));
  return weyl_sum(weyl_mul(weyl_reshape(b, s), weyl_unsqueeze(t, -1)), s.rank - 2);
}

static void vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  (void)want;
  dx[0] =
      weyl_node_new(g, &weyl_op_harmonics_back, (weyl_tensor[]){weyl_node_in(g, node, 0), dy[0]}, 2, &node->attr, NULL);
}

static void back_vjp(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx) {
  const weyl_tensor r = weyl_node_in(g, node, 0), gradient = weyl_node_in(g, node, 1);
  if (want[0])
    dx[0] = weyl_node_new(g, &weyl_op_harmonics_back, (weyl_tensor[]){r, along(g, node, gradient, dy[0], false)}, 2,
                          &node->attr, NULL);
  if (want[1]) dx[1] = along(g, node, weyl_node_new(g, &weyl_op_harmonics, &r, 1, &node->attr, NULL), dy[0], true);
}

/* ---- expressions ---- */

static weyl_status make_plan(weyl_context *ctx, weyl_dtype real, const weyl_plan_request *r, void **plan) {
  const weyl_harmonics_opts opts = {.l_max = (int)r->choice[0],
                                    .axes = (weyl_axes)r->choice[1],
                                    .norm = (weyl_harmonics_norm)r->choice[2],
                                    .solid = true};
  weyl_harmonics_plan *made = NULL;
  const weyl_status status = weyl_harmonics_plan_new(ctx, &opts, real, &made);
  *plan = made;
  return status;
}

static void free_plan(void *plan) { weyl_harmonics_plan_free(plan); }

static weyl_tensor solid(weyl_tensor xyz, const weyl_harmonics_opts *o) {
  static const weyl_plan_kind kind = {make_plan, free_plan};
  const weyl_plan_request request = {.kind = &kind, .choice = {o->l_max, o->axes, o->norm}};
  const weyl_attr attr = {.i = {o->l_max, o->axes, o->norm}, .data = weyl_graph_plan(xyz.graph, &request)};
  return attr.data ? weyl_node_new(xyz.graph, &weyl_op_harmonics, &xyz, 1, &attr, NULL) : WEYL_NULL_TENSOR;
}

weyl_tensor weyl_harmonics_of(weyl_tensor xyz, const weyl_harmonics_opts *opts) {
  if (!weyl_tensor_valid(xyz)) return WEYL_NULL_TENSOR;
  weyl_graph *g = xyz.graph;
  if (!opts) return weyl_graph_fail(g, WEYL_BAD_ARG, "the options of spherical harmonics are NULL: they hold l_max");
  if (opts->solid || weyl_rank(xyz) < 1) return solid(xyz, opts);
  /* of the direction; a zero vector has none, and neither a derivative */
  const weyl_tensor square = weyl_unsqueeze(weyl_sum(weyl_square(xyz), -1), -1), zero = weyl_scalar(g, 0);
  const weyl_tensor none = weyl_eq(square, zero);
  const weyl_tensor inverse = weyl_where(none, zero, weyl_rsqrt(weyl_where(none, weyl_scalar(g, 1), square)));
  return solid(weyl_mul(xyz, inverse), opts);
}

static void example(weyl_example *ex, int which) {
  const weyl_harmonics_opts opts[] = {
      {.l_max = 3, .solid = true},
      {.l_max = 2, .axes = WEYL_AXES_STANDARD, .norm = WEYL_HARMONICS_COMPONENT, .solid = true},
      {.l_max = 2, .norm = WEYL_HARMONICS_NORM}};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(which == 1 ? weyl_per(WEYL_NODES) : weyl_num(3), weyl_num(3)));
  ex->out[0] = weyl_harmonics_of(ex->in[0], &opts[which]);
}

static void back_example(weyl_example *ex, int which) {
  const weyl_harmonics_opts opts = {.l_max = 3, .axes = which ? WEYL_AXES_STANDARD : WEYL_AXES_E3NN, .solid = true};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(3)));
  ex->in[1] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(2), weyl_num(16)));
  const weyl_tensor y = weyl_harmonics_of(ex->in[0], &opts);
  const weyl_node *made = weyl_graph_node(ex->graph, weyl_value_of(ex->graph, y.id)->node);
  ex->out[0] = weyl_node_new(ex->graph, &weyl_op_harmonics_back, ex->in, 2, &made->attr, NULL);
}

const weyl_op weyl_op_harmonics = {.name = "harmonics",
                                   .shape = shape,
                                   .eval = eval,
                                   .vjp = vjp,
                                   .scratch = scratch,
                                   .flops = flops,
                                   .check = {.order = 2, .cases = 3, .example = example}};
const weyl_op weyl_op_harmonics_back = {.name = "harmonics_back",
                                        .shape = back_shape,
                                        .eval = back_eval,
                                        .vjp = back_vjp,
                                        .scratch = scratch,
                                        .flops = flops,
                                        .check = {.order = 2, .cases = 2, .example = back_example}};
