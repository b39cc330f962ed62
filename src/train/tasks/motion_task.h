/* What tasks on motion share: past positions in, future positions out. */
#ifndef WEYL_TRAIN_MOTION_TASK_H
#define WEYL_TRAIN_MOTION_TASK_H

#include <weyl/train.h>

/* Inputs past [nodes, T, d], edge_i, edge_j and, as far as the data have them, node_scalar, edge_scalar and joint;
 * target [nodes, F, d].  counted [nodes], 0 or 1: the nodes that loss and metrics look at; metric_scale [batch]: what
 * metrics are multiplied by; edge_label i32 [edges], 0 or 1: what two categories are compared with. */
weyl_traced train_motion_trace(weyl_graph *g, const weyl_dataset *example, const weyl_model_def *model,
                               const char *symmetry, const weyl_options *options);
weyl_status train_motion_rows(weyl_context *ctx, const weyl_dataset *given, const weyl_options *options,
                              weyl_dataset **out);
extern const weyl_task_field train_motion_fields[];
extern const weyl_option train_motion_options[];

/* The authors' protocol: the best of every fifth epoch. */
#define TRAIN_MOTION_DEFAULTS \
  {NULL, "batch", "100"}, {NULL, "weight_decay", "1e-12"}, { NULL, "eval_every", "5" }

/* What eqmotion+ is trained with: large steps that shrink, and averaged weights.  Behind a task's own rate. */
#define TRAIN_MOTION_PLUS \
  {"eqmotion+", "rate", "2e-3"}, {"eqmotion+", "schedule", "cosine"}, { "eqmotion+", "ema", "0.99" }

/* The fields of their rows that are the same. */
#define TRAIN_MOTION_TASK(GROUP)                                                                                   \
  .symmetry = GROUP, .controls = "", .takes = WEYL_TAKES_MOTION, .model = "eqmotion", .trace = train_motion_trace, \
  .rows = train_motion_rows, .options = train_motion_options, .fields = train_motion_fields, .output = WEYL_ACT_POINT

#endif
