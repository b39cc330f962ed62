/* weyl/nn.h: layers, and symmetrizers that take any backbone.  Everything here is a function that traces operations
 * into a graph; parameters are named by the scope they are made in, with PyTorch's names and layouts (weight [out, in],
 * bias [out]).
 */
#ifndef WEYL_NN_H
#define WEYL_NN_H

#include <weyl/autodiff.h>

WEYL_BEGIN_API

/* ---- layers ----------------------------------------------------------------------------------------------------- */

typedef enum weyl_activation {
  WEYL_ACT_NONE,
  WEYL_ACT_SILU,
  WEYL_ACT_RELU,
  WEYL_ACT_TANH,
  WEYL_ACT_SIGMOID,
  WEYL_ACT_GELU,
  WEYL_ACT_LEAKY_RELU,
  WEYL_ACT_SOFTPLUS
} weyl_activation;
weyl_tensor weyl_activate(weyl_tensor x, weyl_activation activation);

typedef enum weyl_scheme { WEYL_SCHEME_TORCH, WEYL_SCHEME_XAVIER, WEYL_SCHEME_HE, WEYL_SCHEME_ZERO } weyl_scheme;
typedef struct weyl_linear_opts {
  bool no_bias;
  weyl_scheme scheme; /* TORCH: uniform +-1/sqrt(fan_in) for weight and bias; XAVIER: uniform +-gain sqrt(6/(in+out));
                         HE: normal gain sqrt(2/in); bias 0 for those */
  double gain;        /* 0 means 1 */
} weyl_linear_opts;
/* y = x W^T + b over the last axis. x [.., in] -> [.., out]. NULL opts: bias, TORCH. */
weyl_tensor weyl_linear(weyl_tensor x, const char *name, int64_t out, const weyl_linear_opts *opts);
/* name.0, name.2, ...: linear layers of the given widths with an activation between them (numbered as PyTorch's
 * Sequential numbers them), and after the last one if `last`. */
weyl_tensor weyl_mlp(weyl_tensor x, const char *name, const int64_t *width, int layers, weyl_activation activation,
                     bool last);
weyl_tensor weyl_layer_norm(weyl_tensor x, const char *name); /* over the last axis, eps 1e-5 */
/* Over all axes but the last, with the statistics of the whole batch, eps 1e-5; running statistics with the given
 * momentum (0 means 0.1). */
weyl_tensor weyl_batch_norm(weyl_tensor x, const char *name, double momentum);
typedef struct weyl_conv_layer_opts {
  int64_t kernel, stride; /* square; 0 means 3 and 1. The border is (kernel - 1) / 2 on each side */
  bool no_bias;
  weyl_scheme scheme; /* as for linear layers, with fan_in kernel^2 c */
} weyl_conv_layer_opts;
/* x [batch, h, w, c] -> [batch, h', w', out]. The weight is [kernel, kernel, c, out], PyTorch's permuted by (2, 3, 1,
 * 0), because images have their channels last. NULL opts: 3 x 3, bias, TORCH. */
weyl_tensor weyl_conv_layer(weyl_tensor x, const char *name, int64_t out, const weyl_conv_layer_opts *opts);
weyl_tensor weyl_dropout(weyl_tensor x, const char *name, double rate,
                         weyl_tensor key); /* key as for random operations */
weyl_tensor weyl_embedding(weyl_tensor index, const char *name, int64_t entries,
                           int64_t width); /* i32 [M] -> [M, width], N(0,1) */

/* ---- losses: scalars over the whole batch
 * ------------------------------------------------------------------------------ */

weyl_tensor weyl_loss_mse(weyl_tensor prediction, weyl_tensor target);
weyl_tensor weyl_loss_mae(weyl_tensor prediction, weyl_tensor target);
weyl_tensor weyl_loss_huber(weyl_tensor prediction, weyl_tensor target, double delta);
weyl_tensor weyl_loss_cross_entropy(weyl_tensor logits, weyl_tensor label); /* [batch, classes], i32 [batch] */
weyl_tensor weyl_loss_binary_cross_entropy(weyl_tensor logits, weyl_tensor target);
/* InfoNCE over the whole batch: a, b [batch, d], positives are pairs of equal rows. SimCLR's form: cosine similarities
 * over the temperature, both views in turn, the 2 N - 2 other rows of both views as negatives. */
weyl_tensor weyl_loss_contrastive(weyl_tensor a, weyl_tensor b, double temperature);

/* ---- point sets
 * --------------------------------------------------------------------------------------------------------- */

/* A batch of point sets as traced tensors; optional ones are null. Receiver and sender index nodes of the shard; edges
 * are sorted by receiver. */
typedef struct weyl_points {
  weyl_tensor x;                /* [nodes, d] positions */
  weyl_tensor v;                /* [nodes, d] velocities or other vectors */
  weyl_tensor scalar;           /* [nodes, s] invariants: charges, one-hot types */
  weyl_tensor sample;           /* i32 [nodes]: its sample in the shard */
  weyl_tensor key;              /* i32 [nodes]: number of the node in the whole batch, for random operations */
  weyl_tensor sample_key;       /* i32 [batch] */
  weyl_tensor receiver, sender; /* i32 [edges] */
  weyl_tensor edge_scalar;      /* [edges, e] invariants */
  int64_t copies;               /* nodes per node of the data: [copies nodes, ...]; 1 but inside a symmetrizer */
  int d;
} weyl_points;
/* Declares the inputs x, v, node_scalar, node_sample, node_key, sample_key, edge_i, edge_j, edge_scalar (those with a
 * width > 0, edges if e >= 0). */
weyl_points weyl_points_input(weyl_graph *g, int d, bool velocity, int64_t node_scalars, int64_t edge_scalars);
/* [nodes, w] -> [batch, w]; and back. */
weyl_tensor weyl_points_mean(const weyl_points *p, weyl_tensor value);
weyl_tensor weyl_points_sum(const weyl_points *p, weyl_tensor value);
weyl_tensor weyl_points_spread(const weyl_points *p, weyl_tensor per_sample);

/* What a point network gives. */
typedef enum weyl_output { WEYL_OUT_INVARIANT, WEYL_OUT_VECTORS, WEYL_OUT_POINTS } weyl_output;
/* Any backbone: [nodes, w] numbers from points; w = k d for vectors and points. */
typedef weyl_tensor (*weyl_backbone)(void *self, weyl_graph *g, const weyl_points *in);

/* ---- symmetrizers
 * ---------------------------------------------------------------------------------------------------------- */

typedef enum weyl_frame_mode { WEYL_FRAMES_FULL, WEYL_FRAMES_STOCHASTIC } weyl_frame_mode;
typedef struct weyl_symmetrize_opts {
  const char *group;    /* "E(3)", "SE(3)", "O(3)", "SO(3)", any d of the points */
  weyl_frame_mode mode; /* stochastic: one random frame a sample while training, all frames otherwise */
  bool differentiate;   /* gradients through the frame too (forces); default: the frame is a constant */
  double vector_weight; /* adds this times sum v v^T to the covariance */
  const char *name;     /* of the random draws */
} weyl_symmetrize_opts;
/* PCA frames of each sample: axes [batch, d, d] (columns are eigenvectors, ascending), centre [batch, d], relative gap
 * [batch] (whole spectrum). */
typedef struct weyl_frames {
  weyl_tensor axes, center, gap;
  int count;            /* copies: 2^d, 2^(d-1), or 1 when stochastic */
  double signs[64 * 8]; /* [count][d] for full frames */
  weyl_tensor sign;     /* [batch, d], +-1, for one random frame; null for full frames */
} weyl_frames;
/* The points or, if given, [nodes, k, d] vectors make the frame; a group with translations centres them. NULL opts, or
 * no group: E(d). At most 64 frames. */
weyl_frames weyl_frames_of(const weyl_points *p, weyl_tensor vectors_or_null, const weyl_symmetrize_opts *opts);
/* [nodes, k, d] vectors (per node) -> coordinates in the frames [nodes, copies, k, d], and back with the mean over the
 * copies. */
weyl_tensor weyl_frames_into(const weyl_points *p, const weyl_frames *f, weyl_tensor vectors);
weyl_tensor weyl_frames_back(const weyl_points *p, const weyl_frames *f, weyl_tensor framed);
/* Points with each node copied into all frames: [copies nodes, ..], edges likewise. */
weyl_points weyl_frames_points(const weyl_points *p, const weyl_frames *f);
/* The whole symmetrizer: frames, one backbone call on all copies, turned back and averaged. */
weyl_tensor weyl_frame_symmetrize(const weyl_points *p, const weyl_symmetrize_opts *opts, weyl_output output,
                                  weyl_backbone backbone, void *self);
/* `--symmetry` strings: "none", "frame:E(3)", "frame:SE(3)", "sfa:E(3)" (stochastic). WEYL_FORMAT with the position and
 * what was expected. */
WEYL_MUST_CHECK weyl_status weyl_symmetry_parse(weyl_context *ctx, const char *text, bool *none, char group[32],
                                                weyl_symmetrize_opts *out);

WEYL_END_API
#endif
