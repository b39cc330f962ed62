/* points.c: batches of point sets as traced inputs, and their sums by sample. */
#include <weyl/nn.h>

/* All but positions and velocities. */
static void other_inputs(weyl_graph *g, weyl_points *out, int64_t node_scalars, int64_t edge_scalars) {
  weyl_points p = *out;
  const weyl_dtype real = weyl_graph_dtype(g);
  const weyl_dim nodes = weyl_per(WEYL_NODES), edges = weyl_per(WEYL_EDGES);
  if (node_scalars > 0) p.scalar = weyl_input(g, "node_scalar", real, WEYL_SHAPE(nodes, weyl_num(node_scalars)));
  p.sample = weyl_input(g, "node_sample", WEYL_I32, WEYL_SHAPE(nodes));
  p.key = weyl_input(g, "node_key", WEYL_I32, WEYL_SHAPE(nodes));
  p.sample_key = weyl_input(g, "sample_key", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  if (edge_scalars >= 0) {
    p.receiver = weyl_input(g, "edge_i", WEYL_I32, WEYL_SHAPE(edges));
    p.sender = weyl_input(g, "edge_j", WEYL_I32, WEYL_SHAPE(edges));
  }
  if (edge_scalars > 0) p.edge_scalar = weyl_input(g, "edge_scalar", real, WEYL_SHAPE(edges, weyl_num(edge_scalars)));
  *out = p;
}

static weyl_tensor vectors_input(weyl_graph *g, const char *name, int d) {
  return weyl_input(g, name, weyl_graph_dtype(g), WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(d)));
}

weyl_points weyl_points_input(weyl_graph *g, int d, bool velocity, int64_t node_scalars, int64_t edge_scalars) {
  if (d < 1) {
    weyl_graph_fail(g, WEYL_BAD_ARG, "points of dimension %d, must be 1 or more", d);
    return (weyl_points){.copies = 1, .d = d};
  }
  weyl_points p = {.copies = 1, .d = d, .x = vectors_input(g, "x", d)};
  if (velocity) p.v = vectors_input(g, "v", d);
  other_inputs(g, &p, node_scalars, edge_scalars);
  return p;
}

weyl_motion weyl_motion_input(weyl_graph *g, int d, int64_t frames, int64_t future, int64_t node_scalars,
                              int64_t edge_scalars, int64_t joints) {
  weyl_motion m = {.frames = frames, .future = future};
  if (d < 1 || frames < 2 || future < 1) {
    weyl_graph_fail(g, WEYL_BAD_ARG,
                    "motion in dimension %d, %lld frames seen and %lld to predict: must be 1, 2 and 1 or more", d,
                    (long long)frames, (long long)future);
    return m;
  }
  const weyl_dim nodes = weyl_per(WEYL_NODES);
  const weyl_dtype real = weyl_graph_dtype(g);
  const weyl_tensor past = weyl_input(g, "past", real, WEYL_SHAPE(nodes, weyl_num(frames), weyl_num(d)));
  m.points = (weyl_points){.copies = 1, .d = d};
  other_inputs(g, &m.points, node_scalars, edge_scalars);
  if (joints > 0) m.joint = weyl_input(g, "joint", real, WEYL_SHAPE(nodes, weyl_num(joints)));
  weyl_motion_show(&m, past);
  return m;
}

void weyl_motion_show(weyl_motion *m, weyl_tensor past) {
  m->past = past;
  m->points.x = weyl_squeeze(weyl_slice(past, 1, m->frames - 1, 1, 1), 1);
  m->points.v = weyl_sub(m->points.x, weyl_squeeze(weyl_slice(past, 1, m->frames - 2, 1, 1), 1));
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
