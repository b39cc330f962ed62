/* Calls of a convolution in the frame of each edge: checks, and the kernels. */
#include "align.h"
#include "isa.h"
#include "product_choice.h"

#include <string.h>

void weyl_edge_aligned_lists(const weyl_edge_aligned *plan, weyl_irreps *in, weyl_irreps *out) {
  *in = plan->irreps[0];
  *out = plan->irreps[2];
}

int64_t weyl_edge_aligned_size(const weyl_edge_aligned *plan, int which) {
  const align_tables *t = &plan->tables;
  const size_t padded = edge_padded(plan->opts.layout, plan->dtype, plan->channels);
  switch (which) {
    case 0: return (int64_t)(padded * (size_t)t->x_rows);
    case 1: return 3;
    case 2: return (int64_t)(padded * (size_t)t->out_rows);
    case 3: return (int64_t)(plan->channels * (size_t)t->weights);
    default: return 0;
  }
}

size_t weyl_edge_aligned_work(const weyl_edge_aligned *plan) {
  const size_t size = weyl_dtype_size(plan->dtype);
  return (align_room_of(&plan->tables, 64 / size).total + 1) * size;
}

double weyl_edge_aligned_ops(const weyl_edge_aligned *plan, int way) {
  return way >= 0 && way < 3 ? plan->ops[way] : 0;
}

bool weyl_edge_aligned_pays(const weyl_edge_aligned *plan) {
  if (plan->opts.weights != WEYL_EDGE_PATHS || plan->opts.orders > 0) return true;
  const double *n = plan->edge_work; /* forward and backward, as weyl_edge_product_ops */
  return edge_aligned_first(weyl_kernels_active()->isa, plan->dtype, 4 * n[0] + 3 * n[1], plan->ops[0] + plan->ops[2]);
}

static weyl_status check_call(weyl_context *ctx, const weyl_edge_aligned *p, const weyl_edges *e, const align_span *q,
                              const void *work) {
  const weyl_edges none = {0}, *n = e ? e : &none;
  const edge_array array[] = {{"x", q->x, n->senders, weyl_edge_aligned_size(p, 0)},
                              {"v", q->v, n->n, 3},
                              {q->g ? "g" : "out", q->g ? q->g : q->out, n->receivers, weyl_edge_aligned_size(p, 2)},
                              {"weights", q->weights, n->n, weyl_edge_aligned_size(p, 3)},
                              {"work", work, 1, 1}};
  return edge_check_call(ctx, e, 5, array);
}

static align_span span_of(const weyl_edge_aligned *p, const weyl_edges *edges) {
  return (align_span){.edges = edges,
                      .channels = p->channels,
                      .blocked = p->opts.layout == WEYL_LAYOUT_BLOCKED,
                      .xs = edge_stride_of(p->opts.layout, p->dtype, p->channels, p->tables.x_rows),
                      .os = edge_stride_of(p->opts.layout, p->dtype, p->channels, p->tables.out_rows)};
}

static void clear(const weyl_edge_aligned *p, int which, int64_t count, void *to) {
  const size_t bytes = (size_t)count * (size_t)weyl_edge_aligned_size(p, which) * weyl_dtype_size(p->dtype);
  if (to && bytes > 0) memset(to, 0, bytes);
}

weyl_status weyl_edge_aligned_forward(weyl_context *ctx, const weyl_edge_aligned *plan, const weyl_edges *edges,
                                      const void *x, const void *weights, const void *v, void *out, void *work) {
  align_span q = span_of(plan, edges);
  q.x = x, q.weights = weights, q.v = v, q.out = out;
  WEYL_TRY(check_call(ctx, plan, edges, &q, work));
  clear(plan, 2, edges->receivers, out);
  IRREP_KERNEL(align_forward, plan->dtype)(&plan->tables, &q, work);
  return WEYL_OK;
}

weyl_status weyl_edge_aligned_backward(weyl_context *ctx, const weyl_edge_aligned *plan, const weyl_edges *edges,
                                       const void *x, const void *weights, const void *v, const void *g, void *dx,
                                       void *dweights, void *dv, void *work) {
  align_span q = span_of(plan, edges);
  q.x = x, q.weights = weights, q.v = v, q.g = g;
  q.dx = dx, q.dweights = dweights, q.dv = dv;
  WEYL_TRY(check_call(ctx, plan, edges, &q, work));
  clear(plan, 0, edges->senders, dx);
  if (dx || dweights || dv) IRREP_KERNEL(align_backward, plan->dtype)(&plan->tables, &q, work);
  return WEYL_OK;
}
