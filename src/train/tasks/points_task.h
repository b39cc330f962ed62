/* What tasks on sets of moving points share. */
#ifndef WEYL_TRAIN_POINTS_TASK_H
#define WEYL_TRAIN_POINTS_TASK_H

#include <weyl/train.h>

/* Where the points will be: inputs x, v, node_scalar, edge_i, edge_j, edge_scalar as far as the data have them, target
 * "target" [nodes, d]; loss: mean squared error a coordinate; metrics mse and mae a coordinate; the model wrapped by
 * `symmetry` unless "none". */
weyl_traced train_points_trace(weyl_graph *g, const weyl_dataset *example, const weyl_model_def *model,
                               const char *symmetry, const weyl_options *options);
/* x and target are points, v vectors. */
extern const weyl_task_field train_points_fields[];

/* The fields of their rows that are the same. */
#define TRAIN_POINTS_TASK                                                                                   \
  .symmetry = "E(3) x S(n)", .controls = "", .model = "egnn", .options = NULL, .trace = train_points_trace, \
  .fields = train_points_fields, .output = WEYL_ACT_POINT

#endif
