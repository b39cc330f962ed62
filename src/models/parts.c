/* parts.c: what several point models share. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

static const char *fallback(const weyl_model_def *model, const char *name) {
  for (const weyl_option *o = model->options; o && o->name; o++)
    if (strcmp(o->name, name) == 0) return o->fallback;
  return "0";
}

int64_t weyl_model_integer(const weyl_model_def *model, const weyl_options *options, const char *name) {
  return options ? weyl_options_integer(options, name) : strtoll(fallback(model, name), NULL, 10);
}

double weyl_model_number(const weyl_model_def *model, const weyl_options *options, const char *name) {
  return options ? weyl_options_number(options, name) : strtod(fallback(model, name), NULL);
}

bool weyl_model_bool(const weyl_model_def *model, const weyl_options *options, const char *name) {
  return options ? weyl_options_bool(options, name) : strcmp(fallback(model, name), "true") == 0;
}

const char *weyl_model_string(const weyl_model_def *model, const weyl_options *options, const char *name) {
  return options ? weyl_options_string(options, name) : fallback(model, name);
}

weyl_tensor weyl_join(const weyl_tensor *parts, int n) {
  weyl_tensor valid[8];
  int k = 0;
  for (int i = 0; i < n; i++)
    if (weyl_tensor_valid(parts[i])) valid[k++] = parts[i];
  if (k == 0) return WEYL_NULL_TENSOR;
  return k == 1 ? valid[0] : weyl_concat(valid, k, weyl_rank(valid[0]) - 1);
}

weyl_tensor weyl_motion_steps(const weyl_motion *m) {
  const int64_t n = m->frames - 1;
  return weyl_sub(weyl_slice(m->past, 1, 1, n, 1), weyl_slice(m->past, 1, 0, n, 1));
}

weyl_tensor weyl_frames_ahead(weyl_graph *g, int64_t future) {
  const weyl_tensor from_0 = weyl_iota(g, WEYL_SHAPE(weyl_num(future)), 0);
  return weyl_shift(weyl_cast(from_0, weyl_graph_dtype(g)), 1);
}

weyl_tensor weyl_edge_difference(const weyl_points *p, weyl_tensor x) {
  return weyl_sub(weyl_gather(x, p->receiver), weyl_gather(x, p->sender));
}

weyl_tensor weyl_square_length(weyl_tensor edge_vector) {
  return weyl_unsqueeze(weyl_sum(weyl_square(edge_vector), 1), 1);
}

bool weyl_need_edges(const weyl_points *p, const char *model) {
  if (weyl_tensor_valid(p->receiver) && weyl_tensor_valid(p->sender)) return true;
  if (p->x.graph) weyl_graph_fail(p->x.graph, WEYL_BAD_ARG, "model %s needs edges, and these points have none", model);
  return false;
}

bool weyl_scalars_wanted(const weyl_points *p, bool asked) {
  return weyl_tensor_valid(p->scalar) && (asked || !weyl_tensor_valid(p->edge_scalar));
}

weyl_tensor weyl_graph_messages(const weyl_points *p, weyl_tensor h, weyl_tensor edge) {
  const int64_t hidden = weyl_dim_of(h, -1);
  /* the first layer is written on edges; the optimiser moves it to the nodes */
  const weyl_tensor pair[] = {weyl_gather(h, p->receiver), weyl_gather(h, p->sender), edge};
  return weyl_mlp(weyl_join(pair, 3), "edge_mlp", (int64_t[]){hidden, hidden}, 2, WEYL_ACT_SILU, true);
}

weyl_tensor weyl_graph_update(const weyl_points *p, weyl_tensor h, weyl_tensor messages) {
  const int64_t hidden = weyl_dim_of(h, -1);
  const weyl_tensor sum = weyl_segment_sum(messages, p->receiver, weyl_tensor_shape(h).dim[0]);
  const weyl_tensor both = weyl_concat((weyl_tensor[]){h, sum}, 2, weyl_rank(h) - 1);
  return weyl_add(h, weyl_mlp(both, "node_mlp", (int64_t[]){hidden, hidden}, 2, WEYL_ACT_SILU, false));
}

weyl_tensor weyl_graph_layer(const weyl_points *p, weyl_tensor h, weyl_tensor edge, const char *name) {
  if (!weyl_tensor_valid(h)) return WEYL_NULL_TENSOR;
  weyl_scope(h.graph, "%s", name);
  h = weyl_graph_update(p, h, weyl_graph_messages(p, h, edge));
  weyl_scope_end(h.graph);
  return h;
}
