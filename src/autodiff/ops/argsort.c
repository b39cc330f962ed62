/* argsort: i32 indices that put x in ascending order along attr.axis; equals keep their order, NaNs come last. */
#include "along.h"

#include <math.h>

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(input_is_real(g, node, 0));
  WEYL_TRY(axis_is_number(g, node, 0, node->attr.axis));
  out->dtype = WEYL_I32;
  out->shape = *weyl_in_shape(g, node, 0);
  return WEYL_OK;
}

static bool after(double a, double b) { return a > b || (isnan(a) && !isnan(b)); }

/* Runs of 8 by insertion, then merged bottom up: stable, no recursion. The result is in `order`. */
static void sort(int64_t n, const double *key, int32_t *order, int32_t *spare) {
  const int64_t run = 8;
  for (int64_t start = 0; start < n; start += run)
    for (int64_t i = start; i < n && i < start + run; i++) {
      int64_t j = i;
      for (; j > start && after(key[order[j - 1]], key[i]); j--) order[j] = order[j - 1];
      order[j] = (int32_t)i;
    }
  for (int64_t width = run; width < n; width *= 2)
    for (int64_t start = 0; start + width < n; start += 2 * width) {
      const int64_t middle = start + width, end = middle + width < n ? middle + width : n;
      for (int64_t i = start; i < middle; i++) spare[i] = order[i];
      int64_t a = start, b = middle;
      for (int64_t to = start; a < middle; to++)
        order[to] = b < end && after(key[spare[a]], key[order[b]]) ? order[b++] : spare[a++];
    }
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)out;
  return (size_t)in[0].dim[node->attr.axis] * (sizeof(double) + 2 * sizeof(int32_t));
}

static weyl_status eval(const weyl_eval *e) {
  const span s = span_of(&e->in[0], e->node->attr.axis);
  double *key = e->scratch;
  int32_t *order = (int32_t *)(key + s.n), *spare = order + s.n, *y = e->out[0].data;
  for (int64_t o = 0; o < s.outer; o++)
    for (int64_t i = 0; i < s.inner; i++) {
      const int64_t at = o * s.n * s.inner + i;
      if (e->in[0].dtype == WEYL_F32)
        for (int64_t k = 0; k < s.n; k++) key[k] = (double)((const float *)e->in[0].data)[at + k * s.inner];
      else
        for (int64_t k = 0; k < s.n; k++) key[k] = ((const double *)e->in[0].data)[at + k * s.inner];
      sort(s.n, key, order, spare);
      for (int64_t k = 0; k < s.n; k++) y[at + k * s.inner] = order[k];
    }
  return WEYL_OK;
}

static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const double n = (double)in[0].dim[node->attr.axis];
  return (double)weyl_view_size(out) * log2(n + 1);
}

static void example(weyl_example *ex, int which) {
  static const int64_t n[3] = {3, 40, 2};
  ex->in[0] = weyl_example_input(ex, WEYL_SHAPE(weyl_num(n[0]), weyl_num(n[1]), weyl_num(n[2])));
  ex->out[0] = weyl_cast(weyl_argsort(ex->in[0], which), weyl_graph_dtype(ex->graph));
}

const weyl_op weyl_op_argsort = {
    .name = "argsort",
    .shape = shape,
    .eval = eval,
    .scratch = scratch,
    .flops = flops,
    .check = {.low = -1, .high = 1, .order = 0, .cases = 3, .example = example},
};

weyl_tensor weyl_argsort(weyl_tensor x, int axis) {
  const int a = weyl_axis(x.graph, "argsort", x, axis);
  return a < 0 ? WEYL_NULL_TENSOR : weyl_node_new(x.graph, &weyl_op_argsort, &x, 1, &(weyl_attr){.axis = a}, NULL);
}

weyl_tensor weyl_sort(weyl_tensor x, int axis) { return weyl_take_along(x, weyl_argsort(x, axis), axis); }
