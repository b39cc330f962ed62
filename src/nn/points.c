/* points.c: batches of point sets as traced inputs, and their sums by sample. */
#include <weyl/nn.h>

weyl_points weyl_points_input(weyl_graph *g, int d, bool velocity, int64_t node_scalars, int64_t edge_scalars) {
  weyl_points p = {.copies = 1, .d = d};
  if (d < 1) {
    weyl_graph_fail(g, WEYL_BAD_ARG, "points of dimension %d, must be 1 or more", d);
    return p;
  }
  const weyl_dtype real = weyl_graph_dtype(g);
  const weyl_dim nodes = weyl_per(WEYL_NODES), edges = weyl_per(WEYL_EDGES);
  p.x = weyl_input(g, "x", real, WEYL_SHAPE(nodes, weyl_num(d)));
  if (velocity) p.v = weyl_input(g, "v", real, WEYL_SHAPE(nodes, weyl_num(d)));
  if (node_scalars > 0) p.scalar = weyl_input(g, "node_scalar", real, WEYL_SHAPE(nodes, weyl_num(node_scalars)));
  p.sample = weyl_input(g, "node_sample", WEYL_I32, WEYL_SHAPE(nodes));
  p.key = weyl_input(g, "node_key", WEYL_I32, WEYL_SHAPE(nodes));
  p.sample_key = weyl_input(g, "sample_key", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  if (edge_scalars >= 0) {
    p.receiver = weyl_input(g, "edge_i", WEYL_I32, WEYL_SHAPE(edges));
    p.sender = weyl_input(g, "edge_j", WEYL_I32, WEYL_SHAPE(edges));
  }
  if (edge_scalars > 0) p.edge_scalar = weyl_input(g, "edge_scalar", real, WEYL_SHAPE(edges, weyl_num(edge_scalars)));
  return p;
}

weyl_tensor weyl_points_mean(const weyl_points *p, weyl_tensor value) {
  return weyl_segment_mean(value, p->sample, weyl_times(p->copies, WEYL_BATCH));
}

weyl_tensor weyl_points_sum(const weyl_points *p, weyl_tensor value) {
  return weyl_segment_sum(value, p->sample, weyl_times(p->copies, WEYL_BATCH));
}

weyl_tensor weyl_points_spread(const weyl_points *p, weyl_tensor per_sample) {
  return weyl_gather(per_sample, p->sample);
}
