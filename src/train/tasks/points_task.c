#include "tasks.h"
#include "tasks/points_task.h"

#include <string.h>

const weyl_task_field train_points_fields[] = {
    {"x", WEYL_ACT_POINT}, {"v", WEYL_ACT_VECTOR}, {"target", WEYL_ACT_POINT}, {NULL, WEYL_ACT_SCALAR}};

typedef struct model_call {
  const weyl_model_def *model;
  const weyl_options *options;
} model_call;

static weyl_tensor call_model(void *self, weyl_graph *g, const weyl_points *in) {
  const model_call *call = self;
  return call->model->points(g, in, call->options);
}

/* [nodes, d] -> [batch], summed over the sample's nodes and coordinates */
static weyl_tensor per_sample(const weyl_points *p, weyl_tensor value) {
  return weyl_squeeze(weyl_points_sum(p, weyl_unsqueeze(weyl_sum(value, -1), 1)), 1);
}

weyl_traced train_points_trace(weyl_graph *g, const weyl_dataset *example, const weyl_model_def *model,
                               const char *symmetry, const weyl_options *options) {
  weyl_traced t = {0};
  const int64_t d = train_row_width(example, "x");
  if (d < 1 || train_row_width(example, "target") != d) {
    t.loss = weyl_graph_fail(g, WEYL_SHAPE, "the data need fields x and target of equal width, here %lld and %lld",
                             (long long)d, (long long)train_row_width(example, "target"));
    return t;
  }
  const bool edges = weyl_dataset_find(example, "edge_i") != NULL && weyl_dataset_find(example, "edge_j") != NULL;
  const weyl_points p =
      weyl_points_input(g, (int)d, weyl_dataset_find(example, "v") != NULL, train_row_width(example, "node_scalar"),
                        edges ? train_row_width(example, "edge_scalar") : -1);

  bool none = true;
  char group[32];
  weyl_symmetrize_opts wrap = {0};
  const weyl_status status = weyl_symmetry_parse(weyl_graph_context(g), symmetry, &none, group, &wrap);
  if (status != WEYL_OK) {
    t.loss = weyl_graph_fail(g, status, "symmetry \"%s\": %s", symmetry, weyl_message(weyl_graph_context(g)));
    return t;
  }
  model_call call = {model, options};
  t.prediction =
      none ? model->points(g, &p, options) : weyl_frame_symmetrize(&p, &wrap, WEYL_OUT_POINTS, call_model, &call);

  const weyl_tensor target =
      weyl_input(g, "target", weyl_graph_dtype(g), WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(d)));
  weyl_scope(g, "loss");
  t.loss = weyl_loss_mse(t.prediction, target);
  weyl_scope_end(g);

  weyl_scope(g, "metrics");
  const weyl_tensor difference = weyl_sub(t.prediction, target);
  const weyl_tensor weight = per_sample(&p, weyl_constant(g, 1, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(d))));
  t.metrics = 2;
  t.metric[0] = "mse";
  t.value[0] = per_sample(&p, weyl_square(difference));
  t.weight[0] = weight;
  t.metric[1] = "mae";
  t.value[1] = per_sample(&p, weyl_abs(difference));
  t.weight[1] = weight;
  weyl_scope_end(g);

  /* the smallest gap of all frames on the way, the hidden ones of a model too */
  for (int i = 0; !weyl_graph_training(g); i++) {
    const weyl_tensor gap = weyl_watched(g, "frame gap", i);
    if (!weyl_tensor_valid(gap)) break;
    const weyl_shape s = weyl_tensor_shape(gap);
    if (s.rank != 1 || s.dim[0].n != 1) continue; /* of the copies inside another symmetrizer */
    t.diagnostic = weyl_tensor_valid(t.diagnostic) ? weyl_min(t.diagnostic, gap) : gap;
  }
  return t;
}
