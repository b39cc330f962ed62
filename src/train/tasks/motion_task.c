#include "tasks.h"
#include "tasks/motion_task.h"

#include <math.h>
#include <string.h>

const weyl_task_field train_motion_fields[] = {
    {"past", WEYL_ACT_POINT}, {"target", WEYL_ACT_POINT}, {NULL, WEYL_ACT_SCALAR}};

const weyl_option train_motion_options[] = {
    {"select", WEYL_OPT_CHOICE, "fde", 0, 0, "ade|fde", "error on the validation samples that chooses the weights"},
    {"frame_decay", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "frame t = 0, 1 ... of the future weighs 1 / (1 + decay t)"},
    {"step_loss", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "weight of the error of the predicted steps in the loss"},
    {"entropy", WEYL_OPT_DOUBLE, "0", -1e6, 1e6, NULL, "weight of the entropy of the categories in the loss"},
    {"balance", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL,
     "weight in the loss of how unevenly a batch's pairs fall into the categories, against one that takes all"},
    {"reverse", WEYL_OPT_DOUBLE, "0", 0, 1, NULL, "share of the training samples that run backwards in time"},
    {"resize", WEYL_OPT_DOUBLE, "1", 1, 100, NULL,
     "training samples are made larger by a random factor up to this, or smaller"},
    {"charges", WEYL_OPT_BOOL, "false", 0, 0, NULL, "the model knows the charges, where the data have them"},
    {"horizons", WEYL_OPT_STRING, "80,160,320,400,560,720,880,1000", 0, 0, NULL,
     "times ahead in ms at which errors are metrics, with commas; where the data say their step in seconds"},
    {0}};

weyl_status train_motion_rows(weyl_context *ctx, const weyl_dataset *given, const weyl_options *options,
                              weyl_dataset **out) {
  return weyl_motion_rows(ctx, given, weyl_options_bool(options, "charges"), out);
}

typedef struct motion_data {
  int64_t d, frames, future, scalars, edge_scalars, joints;
  bool counted, weighted, scaled, labelled;
} motion_data;

static bool look(weyl_graph *g, const weyl_dataset *set, motion_data *out) {
  const weyl_field *past = weyl_dataset_find(set, "past"), *target = weyl_dataset_find(set, "target");
  if (past == NULL || target == NULL || past->array.rank != 3 || target->array.rank != 3 ||
      past->array.dim[2] != target->array.dim[2]) {
    weyl_graph_fail(g, WEYL_SHAPE, "the data need the fields past [nodes, T, d] and target [nodes, F, d]");
    return false;
  }
  if (weyl_dataset_find(set, "edge_i") == NULL || weyl_dataset_find(set, "edge_j") == NULL) {
    weyl_graph_fail(g, WEYL_SHAPE, "the data need the pairs edge_i and edge_j of each sample");
    return false;
  }
  *out = (motion_data){.d = past->array.dim[2],
                       .frames = past->array.dim[1],
                       .future = target->array.dim[1],
                       .scalars = train_row_width(set, "node_scalar"),
                       .edge_scalars = train_row_width(set, "edge_scalar"),
                       .joints = train_row_width(set, "joint"),
                       .counted = weyl_dataset_find(set, "counted") != NULL,
                       .weighted = weyl_dataset_find(set, "metric_weight") != NULL,
                       .scaled = weyl_dataset_find(set, "metric_scale") != NULL,
                       .labelled = weyl_dataset_find(set, "edge_label") != NULL};
  return true;
}

/* ---- what training sees ---------------------------------------------------------------------------------------- */

/* Whole samples run backwards, or grow: past and target are changed together.  Neither leaves the set of motions that
 * the laws of springs, charges and walkers allow, which is for the user to know. */
static void augment(weyl_motion *in, weyl_tensor *target, const motion_data *data, const weyl_options *o) {
  const double reverse = weyl_options_number(o, "reverse"), resize = weyl_options_number(o, "resize");
  weyl_graph *g = in->past.graph;
  if (!weyl_graph_training(g) || (reverse == 0 && resize == 1)) return;
  weyl_tensor all = weyl_concat((weyl_tensor[]){in->past, *target}, 2, 1);
  const weyl_shape one = WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(1), weyl_num(1));
  if (reverse > 0) {
    const int64_t n = data->frames + data->future;
    const weyl_tensor draw = weyl_random_uniform(g, "reverse", one, in->points.sample_key);
    const weyl_tensor chosen = weyl_points_spread(&in->points, weyl_lt(draw, weyl_scalar(g, reverse)));
    all = weyl_where(chosen, weyl_slice(all, 1, n - 1, n, -1), all);
  }
  if (resize > 1) {
    const weyl_tensor draw = weyl_random_uniform(g, "resize", one, in->points.sample_key);
    const weyl_tensor factor = weyl_exp(weyl_scale(weyl_shift(weyl_scale(draw, 2), -1), log(resize)));
    all = weyl_mul(all, weyl_points_spread(&in->points, factor));
  }
  weyl_motion_show(in, weyl_slice(all, 1, 0, data->frames, 1));
  *target = weyl_slice(all, 1, data->frames, data->future, 1);
}

/* ---- loss and metrics ------------------------------------------------------------------------------------------ */

typedef struct motion_traced {
  weyl_motion in;
  motion_data data;
  weyl_tensor counted;       /* [nodes], or null: all */
  weyl_tensor weight, scale; /* [nodes], [batch]: of errors in metrics, or null */
  weyl_tensor distance;      /* [nodes, heads, F]: from where the points are */
} motion_traced;

/* The best head's, [nodes, heads] -> [nodes]. */
static weyl_tensor least(weyl_tensor x) { return weyl_neg(weyl_reduce_max(weyl_neg(x), 1)); }

/* The mean over the nodes that count, of [nodes] values: a whole scalar. */
static weyl_tensor mean_counted(const motion_traced *m, weyl_tensor value) {
  if (!weyl_tensor_valid(m->counted)) return weyl_mean_all(value);
  return weyl_div(weyl_sum_all(weyl_mul(value, m->counted)), weyl_sum_all(m->counted));
}

/* [nodes, heads, F, d], [nodes, F, d] -> [nodes, heads, F] */
static weyl_tensor distances(weyl_tensor prediction, weyl_tensor target) {
  return weyl_squeeze(weyl_length(weyl_sub(prediction, weyl_unsqueeze(target, 1))), 3);
}

static weyl_tensor steps(weyl_tensor x, int axis, int64_t frames) {
  return weyl_sub(weyl_slice(x, axis, 1, frames - 1, 1), weyl_slice(x, axis, 0, frames - 1, 1));
}

static weyl_tensor frame_weights(weyl_graph *g, int64_t future, double decay) {
  const weyl_tensor t = weyl_cast(weyl_iota(g, WEYL_SHAPE(weyl_num(future)), 0), weyl_graph_dtype(g));
  return weyl_recip(weyl_shift(weyl_scale(t, decay), 1));
}

/* sum_k c_k log c_k over the last axis. */
static weyl_tensor sum_c_log_c(weyl_tensor c) {
  const weyl_tensor safe = weyl_max(c, weyl_scalar(c.graph, 1e-30));
  return weyl_sum(weyl_mul(c, weyl_log(safe)), -1);
}

static weyl_tensor loss_of(const motion_traced *m, weyl_tensor prediction, weyl_tensor target, weyl_tensor category,
                           const weyl_options *o) {
  weyl_graph *g = prediction.graph;
  const double decay = weyl_options_number(o, "frame_decay"), step_loss = weyl_options_number(o, "step_loss"),
               entropy = weyl_options_number(o, "entropy"), balance = weyl_options_number(o, "balance");
  const int64_t future = m->data.future;
  weyl_tensor distance = m->distance;
  if (decay > 0) distance = weyl_mul(distance, frame_weights(g, future, decay));
  weyl_tensor of_head = weyl_mean(distance, 2);
  if (step_loss > 0 && future > 1) {
    const weyl_tensor missed = distances(steps(prediction, 2, future), steps(target, 1, future));
    of_head = weyl_add(of_head, weyl_scale(weyl_mean(missed, 2), step_loss));
  }
  weyl_tensor loss = mean_counted(m, least(of_head));
  if (!weyl_tensor_valid(category)) return loss;
  if (entropy != 0) loss = weyl_sub(loss, weyl_scale(weyl_mean_all(sum_c_log_c(category)), entropy));
  if (balance != 0) loss = weyl_add(loss, weyl_scale(sum_c_log_c(weyl_mean(category, 0)), balance));
  return loss;
}

/* [nodes, ...] -> [batch, ...]: the sum over the nodes that count. */
static weyl_tensor per_sample(const motion_traced *m, weyl_tensor value) {
  if (weyl_tensor_valid(m->counted))
    value = weyl_mul(value, weyl_tensor_shape(value).rank > 1 ? weyl_unsqueeze(m->counted, 1) : m->counted);
  return weyl_points_sum(&m->in.points, value);
}

static void metric(weyl_traced *t, const char *name, weyl_tensor value, weyl_tensor weight) {
  t->metric[t->metrics] = name;
  t->value[t->metrics] = value;
  t->weight[t->metrics++] = weight;
}

/* The best head's errors, [nodes, heads, k] -> [batch, k], in the data's own unit. */
static weyl_tensor errors(const motion_traced *m, weyl_tensor of_head) {
  weyl_tensor value = least(of_head);
  if (weyl_tensor_valid(m->weight)) value = weyl_mul(value, weyl_unsqueeze(m->weight, 1));
  value = per_sample(m, value);
  return weyl_tensor_valid(m->scale) ? weyl_mul(value, weyl_unsqueeze(m->scale, 1)) : value;
}

static void metrics(weyl_graph *g, const motion_traced *m, const char *select, weyl_traced *t) {
  const weyl_points *p = &m->in.points;
  const weyl_tensor weight = per_sample(m, weyl_constant(g, 1, WEYL_SHAPE(weyl_per(WEYL_NODES))));
  const weyl_tensor ade = weyl_squeeze(errors(m, weyl_unsqueeze(weyl_mean(m->distance, 2), 2)), 1);
  t->ahead = errors(m, m->distance);
  const weyl_tensor fde = weyl_squeeze(weyl_slice(t->ahead, 1, m->data.future - 1, 1, 1), 1);
  const bool ade_first = strcmp(select, "ade") == 0; /* the first one selects */
  metric(t, ade_first ? "ADE" : "FDE", ade_first ? ade : fde, weight);
  metric(t, ade_first ? "FDE" : "ADE", ade_first ? fde : ade, weight);

  if (!m->data.labelled || !weyl_tensor_valid(t->pairs) || weyl_dim_of(t->pairs, 1) != 2) return;
  const weyl_tensor label = weyl_input(g, "edge_label", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_EDGES)));
  const weyl_tensor right =
      weyl_eq(weyl_cast(weyl_argmax(t->pairs, 1), weyl_graph_dtype(g)), weyl_cast(label, weyl_graph_dtype(g)));
  const weyl_tensor sample = weyl_gather(p->sample, p->receiver);
  const weyl_tensor one = weyl_constant(g, 1, WEYL_SHAPE(weyl_per(WEYL_EDGES)));
  t->either[t->metrics] = true; /* nothing says which category is which */
  metric(t, "edge accuracy", weyl_segment_sum(right, sample, weyl_per(WEYL_BATCH)),
         weyl_segment_sum(one, sample, weyl_per(WEYL_BATCH)));
}

static weyl_tensor node_input(weyl_graph *g, const char *name) {
  return weyl_input(g, name, weyl_graph_dtype(g), WEYL_SHAPE(weyl_per(WEYL_NODES)));
}

weyl_traced train_motion_trace(weyl_graph *g, const weyl_dataset *example, const weyl_model_def *model,
                               const char *symmetry, const weyl_options *options) {
  weyl_traced t = {0};
  motion_traced m = {0};
  if (strcmp(symmetry, "none") != 0) {
    t.loss = weyl_graph_fail(g, WEYL_UNSUPPORTED, "symmetry \"%s\": the models of motion are not wrapped", symmetry);
    return t;
  }
  if (!look(g, example, &m.data)) return t;
  m.in = weyl_motion_input(g, (int)m.data.d, m.data.frames, m.data.future, m.data.scalars, m.data.edge_scalars,
                           m.data.joints);
  weyl_tensor target = weyl_input(g, "target", weyl_graph_dtype(g),
                                  WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(m.data.future), weyl_num(m.data.d)));
  if (m.data.counted) m.counted = node_input(g, "counted");
  if (m.data.weighted) m.weight = node_input(g, "metric_weight");
  if (m.data.scaled) m.scale = weyl_input(g, "metric_scale", weyl_graph_dtype(g), WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  weyl_scope(g, "augment");
  augment(&m.in, &target, &m.data, options);
  weyl_scope_end(g);

  t.prediction = model->motion(g, &m.in, options);
  t.pairs = weyl_watched(g, "categories", 0);
  weyl_scope(g, "loss");
  m.distance = distances(t.prediction, target);
  t.loss = loss_of(&m, t.prediction, target, t.pairs, options);
  weyl_scope_end(g);
  weyl_scope(g, "metrics");
  metrics(g, &m, weyl_options_string(options, "select"), &t);
  weyl_scope_end(g);
  return t;
}
