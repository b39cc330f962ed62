/* What the operations along edges share: shapes of x [senders, ..], y [edges, ..], the gradient of the output
 * [receivers, ..] (of the derivatives), w [edges, ..], sender and receiver i32 [edges].
 * attr.shape: [receivers]; attr.i: numbers of x, y, out, w, channels. */
#ifndef WEYL_ALONG_EDGES_H
#define WEYL_ALONG_EDGES_H

#include "along.h"
#include "trilinear.h"

enum { X, Y, OUT, W, CHANNELS };

static inline weyl_status edges_operand(weyl_graph *g, const weyl_node *node, int i, const weyl_dim *rows,
                                        int64_t numbers) {
  const weyl_shape *s = weyl_in_shape(g, node, i);
  char a[160], b[160];
  WEYL_TRY(input_is_real(g, node, i));
  weyl_shape fit = {.rank = 2, .dim = {rows ? *rows : weyl_num(0), weyl_num(numbers)}};
  if (!rows && s->rank > 0) fit.dim[0] = s->dim[0];
  if (weyl_shape_equal(s, &fit)) return WEYL_OK;
  return weyl_node_fail(g, node, WEYL_SHAPE, "operand %d is %s, must be %s", i, weyl_shape_text(s, a),
                        rows ? weyl_shape_text(&fit, b) : "[senders, numbers of the first list]");
}

static inline weyl_status edges_check(weyl_graph *g, const weyl_node *node, bool back) {
  const int64_t *n = node->attr.i;
  const int w = back ? 3 : 2;
  char text[160];
  if (node->n_in != w + 3)
    return weyl_node_fail(g, node, WEYL_BAD_ARG, "%d operands, must be %d", (int)node->n_in, w + 3);
  const weyl_shape *edges = weyl_in_shape(g, node, 1);
  if (edges->rank != 2)
    return weyl_node_fail(g, node, WEYL_SHAPE, "y is %s, must be [edges, numbers]", weyl_shape_text(edges, text));
  WEYL_TRY(edges_operand(g, node, 0, NULL, n[X]));
  WEYL_TRY(edges_operand(g, node, 1, &edges->dim[0], n[Y]));
  WEYL_TRY(edges_operand(g, node, w, &edges->dim[0], n[W]));
  if (back) WEYL_TRY(edges_operand(g, node, 2, &node->attr.shape.dim[0], n[OUT]));
  for (int i = w + 1; i < w + 3; i++) {
    const weyl_value *index = weyl_value_of(g, node->in[i]);
    if (index->dtype != WEYL_I32 || index->shape.rank != 1 || !weyl_dim_equal(index->shape.dim[0], edges->dim[0]))
      return weyl_node_fail(g, node, WEYL_SHAPE, "%s are %s of %s, must be i32 of the edges",
                            i == w + 1 ? "senders" : "receivers", weyl_dtype_name(index->dtype),
                            weyl_shape_text(&index->shape, text));
  }
  return WEYL_OK;
}

static inline weyl_status edges_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  WEYL_TRY(edges_check(g, node, false));
  out->shape = (weyl_shape){.rank = 2, .dim = {node->attr.shape.dim[0], weyl_num(node->attr.i[OUT])}};
  return WEYL_OK;
}

static inline weyl_status edges_back_shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  static const int like[3] = {0, 1, 3};
  WEYL_TRY(edges_check(g, node, true));
  for (int k = 0; k < 3; k++) {
    out[k].shape = *weyl_in_shape(g, node, like[k]);
    out[k].dtype = out[0].dtype;
  }
  return WEYL_OK;
}

static inline weyl_edges edges_of(const weyl_node *node, const weyl_view *in, const weyl_view *receivers) {
  const int sender = node->n_in - 2;
  return (weyl_edges){.n = in[sender].dim[0],
                      .senders = in[0].dim[0],
                      .receivers = receivers->dim[0],
                      .sender = in[sender].data,
                      .receiver = in[sender + 1].data};
}

#endif
