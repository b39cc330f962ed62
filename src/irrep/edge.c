/* Calls of a convolution along edges: checks, and the kernels. */
#include "edge.h"
#include "isa.h"

#include <string.h>

static size_t block_lanes(weyl_dtype real) { return 64 / weyl_dtype_size(real); }

size_t edge_padded(weyl_layout layout, weyl_dtype real, size_t channels) {
  const size_t lanes = block_lanes(real);
  return layout == WEYL_LAYOUT_BLOCKED ? (channels + lanes - 1) / lanes * lanes : channels;
}

static size_t padded(const weyl_edge_product *p) { return edge_padded(p->opts.layout, p->dtype, p->channels); }

int64_t weyl_edge_product_size(const weyl_edge_product *plan, int which) {
  const edge_tables *t = &plan->tables;
  switch (which) {
    case 0: return (int64_t)(padded(plan) * (size_t)t->x_rows);
    case 1: return t->y_rows;
    case 2: return (int64_t)(padded(plan) * (size_t)t->out_rows);
    case 3: return (int64_t)(plan->channels * (size_t)t->paths);
    default: return 0;
  }
}

size_t weyl_edge_product_work(const weyl_edge_product *plan) {
  const edge_room room = edge_room_of(&plan->tables, plan->channels, block_lanes(plan->dtype));
  return (room.total + 1) * weyl_dtype_size(plan->dtype);
}

double weyl_edge_product_ops(const weyl_edge_product *plan, int way) {
  const double pieces = plan->tables.pieces, scalars = plan->tables.scalars;
  return way == 0 ? pieces + scalars : way == 1 ? 2 * pieces + scalars : way == 2 ? 3 * pieces + 2 * scalars : 0;
}

/* ---- calls ---- */

static weyl_status check_edges(weyl_context *ctx, const weyl_edges *e) {
  if (!e) return weyl_fail(ctx, WEYL_BAD_ARG, "the edges are NULL");
  if (e->n < 0 || e->senders < 0 || e->receivers < 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld edges from %lld nodes to %lld, must be 0 or more", (long long)e->n,
                     (long long)e->senders, (long long)e->receivers);
  if (e->n > 0 && (!e->sender || !e->receiver))
    return weyl_fail(ctx, WEYL_BAD_ARG, "the %s of the edges are NULL", e->sender ? "receivers" : "senders");
  int32_t last = 0;
  for (int64_t i = 0; i < e->n; i++) {
    if (e->sender[i] < 0 || e->sender[i] >= e->senders)
      return weyl_fail(ctx, WEYL_BAD_ARG, "edge %lld: sender %d of %lld nodes", (long long)i, (int)e->sender[i],
                       (long long)e->senders);
    if (e->receiver[i] < 0 || e->receiver[i] >= e->receivers)
      return weyl_fail(ctx, WEYL_BAD_ARG, "edge %lld: receiver %d of %lld nodes", (long long)i, (int)e->receiver[i],
                       (long long)e->receivers);
    if (e->receiver[i] < last)
      return weyl_fail(ctx, WEYL_BAD_ARG, "edge %lld: receiver %d after %d, must be sorted by receiver", (long long)i,
                       (int)e->receiver[i], (int)last);
    if (e->row && (e->row[i] < 0 || e->row[i] >= e->n))
      return weyl_fail(ctx, WEYL_BAD_ARG, "edge %lld: row %d of %lld", (long long)i, (int)e->row[i], (long long)e->n);
    last = e->receiver[i];
  }
  return WEYL_OK;
}

static weyl_status check_array(weyl_context *ctx, const edge_array *a) {
  if (a->count > 0 && a->size > INT64_MAX / 8 / a->count)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld rows of %s of %lld numbers", (long long)a->count, a->name,
                     (long long)a->size);
  if (!a->data && a->count > 0 && a->size > 0) return weyl_fail(ctx, WEYL_BAD_ARG, "the array %s is NULL", a->name);
  return WEYL_OK;
}

weyl_status edge_check_call(weyl_context *ctx, const weyl_edges *e, int arrays, const edge_array *array) {
  WEYL_TRY(check_edges(ctx, e));
  for (int i = 0; i < arrays; i++) WEYL_TRY(check_array(ctx, &array[i]));
  return WEYL_OK;
}

static weyl_status check_call(weyl_context *ctx, const weyl_edge_product *p, const weyl_edges *e, const edge_span *q,
                              const void *work) {
  const weyl_edges none = {0}, *n = e ? e : &none;
  const edge_array array[] = {{"x", q->x, n->senders, weyl_edge_product_size(p, 0)},
                              {"y", q->y, n->n, weyl_edge_product_size(p, 1)},
                              {q->g ? "g" : "out", q->g ? q->g : q->out, n->receivers, weyl_edge_product_size(p, 2)},
                              {"weights", q->weights, n->n, weyl_edge_product_size(p, 3)},
                              {"work", work, 1, 1}};
  return edge_check_call(ctx, e, 5, array);
}

edge_stride edge_stride_of(weyl_layout layout, weyl_dtype real, size_t channels, int32_t rows) {
  const size_t lanes = block_lanes(real), n = (size_t)rows;
  if (layout == WEYL_LAYOUT_ROWS) return (edge_stride){.node = n * channels, .block = channels, .row = channels};
  return (edge_stride){.node = n * edge_padded(layout, real, channels), .block = n * lanes, .row = lanes};
}

static edge_stride stride_of(const weyl_edge_product *p, int32_t rows) {
  return edge_stride_of(p->opts.layout, p->dtype, p->channels, rows);
}

static edge_span span_of(const weyl_edge_product *p, const weyl_edges *edges) {
  return (edge_span){.edges = edges,
                     .channels = p->channels,
                     .blocked = p->opts.layout == WEYL_LAYOUT_BLOCKED,
                     .xs = stride_of(p, p->tables.x_rows),
                     .os = stride_of(p, p->tables.out_rows)};
}

weyl_status weyl_edge_product_forward(weyl_context *ctx, const weyl_edge_product *plan, const weyl_edges *edges,
                                      const void *x, const void *weights, const void *y, void *out, void *work) {
  edge_span q = span_of(plan, edges);
  q.x = x, q.weights = weights, q.y = y, q.out = out;
  WEYL_TRY(check_call(ctx, plan, edges, &q, work));
  IRREP_KERNEL(edge_forward, plan->dtype)(&plan->tables, &q, work);
  return WEYL_OK;
}

weyl_status weyl_edge_product_backward(weyl_context *ctx, const weyl_edge_product *plan, const weyl_edges *edges,
                                       const void *x, const void *weights, const void *y, const void *g, void *dx,
                                       void *dweights, void *dy, void *work) {
  edge_span q = span_of(plan, edges);
  q.x = x, q.weights = weights, q.y = y, q.g = g;
  q.dx = dx, q.dweights = dweights, q.dy = dy;
  WEYL_TRY(check_call(ctx, plan, edges, &q, work));
  if (dx)
    memset(dx, 0, (size_t)edges->senders * (size_t)weyl_edge_product_size(plan, 0) * weyl_dtype_size(plan->dtype));
  if (dx || dweights || dy) IRREP_KERNEL(edge_backward, plan->dtype)(&plan->tables, &q, work);
  return WEYL_OK;
}
