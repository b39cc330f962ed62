/* parts.h: what several point models share, private to the models room. */
#ifndef WEYL_MODEL_PARTS_H
#define WEYL_MODEL_PARTS_H

#include <weyl/models.h>

/* The model's own option, or the table's default when no options are given. */
int64_t weyl_model_integer(const weyl_model_def *model, const weyl_options *options, const char *name);
double weyl_model_number(const weyl_model_def *model, const weyl_options *options, const char *name);
bool weyl_model_bool(const weyl_model_def *model, const weyl_options *options, const char *name);
const char *weyl_model_string(const weyl_model_def *model, const weyl_options *options, const char *name);

/* The valid ones of n tensors side by side along the last axis; null when none is. */
weyl_tensor weyl_join(const weyl_tensor *parts, int n);
/* [nodes, T - 1, d]: the steps of a past. */
weyl_tensor weyl_motion_steps(const weyl_motion *m);
/* [F]: 1, 2 ... F. */
weyl_tensor weyl_frames_ahead(weyl_graph *g, int64_t future);
/* [edges, ..]: x_i - x_j, receiver minus sender. */
weyl_tensor weyl_edge_difference(const weyl_points *p, weyl_tensor x);
/* [edges, 1] */
weyl_tensor weyl_square_length(weyl_tensor edge_vector);
/* Fails, and is false, when the points have no edges. */
bool weyl_need_edges(const weyl_points *p, const char *model);
/* Whether the nodes see their scalars: when asked, or when no edge scalar carries them. */
bool weyl_scalars_wanted(const weyl_points *p, bool asked);

/* A graph convolution with residual, as in the EGNN and FA-GNN code: m_ij = mlp(h_i, h_j, e_ij), h_i + mlp(h_i, sum_j
 * m_ij). h [nodes, .., hidden], edge [edges, .., e] or null. Parameters name.edge_mlp and name.node_mlp. */
weyl_tensor weyl_graph_layer(const weyl_points *p, weyl_tensor h, weyl_tensor edge, const char *name);
/* The messages alone, and the node update from their sum. */
weyl_tensor weyl_graph_messages(const weyl_points *p, weyl_tensor h, weyl_tensor edge);
weyl_tensor weyl_graph_update(const weyl_points *p, weyl_tensor h, weyl_tensor messages);

#endif
