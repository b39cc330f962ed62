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

/* ---- features that turn: layers on irreps of O(3) --------------------------------------------------------------- */

/* x [rows.., dim] turns by the irreps.  The numbers of a block of mul copies of degree l stand order by order, copies
 * last: [2 l + 1][mul], so that a map between copies is one product of matrices (WEYL_LAYOUT_ROWS for blocks of unequal
 * copies).  The list lives in the graph's arena and has no blocks of 0 copies.  A steerable with a null tensor is null:
 * every function passes it on.  Errors are kept by the graph: WEYL_SHAPE where x and its list or two lists do not fit,
 * WEYL_BAD_ARG for empty lists and options out of range. */
typedef struct weyl_steerable {
  weyl_tensor x;
  weyl_irreps irreps;
  const struct weyl_steerable_parts *parts; /* private: the blocks that x was joined from; NULL is fine */
} weyl_steerable;
/* "16x0e+8x1o" as a list in the graph's arena, without blocks of 0 copies; empty after a failure. */
weyl_irreps weyl_graph_irreps(weyl_graph *g, const char *fmt, ...) WEYL_PRINTF(2, 3);
/* x is already in the layout above; the list is copied. */
weyl_steerable weyl_steerable_of(weyl_tensor x, weyl_irreps irreps);
/* From and to e3nn's layout (WEYL_LAYOUT_IRREPS): blocks [mul][2 l + 1]. */
weyl_steerable weyl_steerable_from_e3nn(weyl_tensor x, weyl_irreps irreps);
weyl_tensor weyl_steerable_to_e3nn(weyl_steerable h);
weyl_tensor weyl_steerable_block(weyl_steerable h, int32_t block);              /* [rows.., 2 l + 1, mul] */
weyl_steerable weyl_steerable_part(weyl_steerable h, int32_t first, int32_t n); /* some blocks */
weyl_steerable weyl_steerable_join(const weyl_steerable *parts,
                                   int n); /* one list after the other; nulls are left out */
weyl_steerable weyl_steerable_add(weyl_steerable a, weyl_steerable b); /* equal lists */
/* 1x0e, the same number in all rows: products with it cost nothing. */
weyl_steerable weyl_steerable_number(weyl_graph *g, double value, weyl_dim rows);

/* Rows by index, and sums of rows by segment, block by block. */
weyl_steerable weyl_steerable_gather(weyl_steerable h, weyl_tensor index);
weyl_steerable weyl_steerable_segment_sum(weyl_steerable h, weyl_tensor segment, weyl_dim rows);

typedef struct weyl_steerable_linear_opts {
  bool no_bias;
  bool uniform; /* weights uniform in +-gain/sqrt(fan_in), biases likewise, as PyTorch's linear layer; default: e3nn's,
                   weights N(0, 1) times the constant 1/sqrt(fan_in), biases 0 */
  double gain;  /* 0 means 1; sqrt 3 keeps variances */
} weyl_steerable_linear_opts;
/* All blocks of one degree and parity to all blocks of that kind in `out`, by one matrix name.1o.weight [copies out,
 * copies in] for each kind (blocks in the order of their lists); biases name.0e.bias for 0e alone.  Kinds that h does
 * not have are 0 (the bias apart).  NULL opts: biases, e3nn's weights. */
weyl_steerable weyl_steerable_linear(weyl_steerable h, const char *name, weyl_irreps out,
                                     const weyl_steerable_linear_opts *opts);
/* The same with matrices that depend on invariants t [rows.., types], one-hot types of elements for instance:
 * sum over t of t W_t; weights [copies out, types, copies in], fan_in = types * copies in (e3nn's fully connected
 * product with scalars), no biases. */
weyl_steerable weyl_steerable_self(weyl_steerable h, weyl_tensor types, const char *name, weyl_irreps out);

/* sqrt(1 / E[f(z)^2]), z ~ N(0, 1), by quadrature: what makes an activation keep the second moment (e3nn's
 * normalize2mom, exact). */
double weyl_activation_norm(weyl_activation activation);
/* e3nn's gate: scalars through an activation; each copy of `gated` times a scalar of its own, through an activation. */
typedef struct weyl_gate_spec {
  weyl_irreps scalars, gates, gated;   /* scalars and gates: degree 0; gates: as many copies as gated has */
  weyl_activation even, odd;           /* of scalars 0e and 0o; odd: an odd function (TANH or NONE) */
  weyl_activation gate_even, gate_odd; /* of gates; a gate 0o turns the parity of what it multiplies */
  bool normalise;                      /* activations times weyl_activation_norm */
} weyl_gate_spec;
/* The gate that gives the blocks of degree 0 of `out`, then the others: gates 0e, SILU, TANH, SIGMOID, TANH. */
weyl_gate_spec weyl_gate_for(weyl_graph *g, weyl_irreps out);
weyl_irreps weyl_gate_in(weyl_graph *g, const weyl_gate_spec *spec); /* scalars, gates, gated: the list it takes */
weyl_steerable weyl_gate(weyl_steerable h, const weyl_gate_spec *spec);

typedef struct weyl_norm_activation_opts {
  bool raw;   /* x f(|x|) in place of (x / |x|) f(|x|) */
  bool bias;  /* f(|x| + b), b of each copy, name.bias, 0 at first */
  double eps; /* |x| is sqrt(sum x^2 + eps^2); 0 means 1e-4 */
} weyl_norm_activation_opts;
/* Each copy keeps its direction; f is of the norm, for degree 0 too.  Smooth at 0.  NULL opts: (x / |x|) f(|x|). */
weyl_steerable weyl_norm_activation(weyl_steerable h, const char *name, weyl_activation activation,
                                    const weyl_norm_activation_opts *opts);
/* e3nn's batch norm: copies of 0e less their mean; every copy over the root of the mean of its x^2 over rows and orders
 * (eps 1e-5); weights of all copies, biases of 0e.  Running statistics with the given momentum (0 means 0.1). */
weyl_steerable weyl_steerable_batch_norm(weyl_steerable h, const char *name, double momentum);
/* Row by row and block by block: blocks of 0e less their mean; over the root of the mean of x^2 over copies and orders
 * (eps 1e-5); weights of all copies, biases of 0e. */
weyl_steerable weyl_steerable_layer_norm(weyl_steerable h, const char *name);
/* Whole copies are dropped, all orders at once; while training only. */
weyl_steerable weyl_steerable_dropout(weyl_steerable h, const char *name, double rate, weyl_tensor key);

/* Spherical harmonics of the directions of vectors [.., 3] in e3nn's axes: 0e+1o+2e+..., one copy each; 0 from degree 1
 * on for a zero vector. */
weyl_steerable weyl_steerable_harmonics(weyl_tensor vectors, int l_max, weyl_harmonics_norm norm);
/* Vectors [.., 3] as 1x1o, and back: all copies of 1o, [.., copies, 3]. */
weyl_steerable weyl_steerable_vectors(weyl_tensor vectors);
weyl_tensor weyl_steerable_vectors_of(weyl_steerable h);

typedef enum weyl_steerable_product_kind {
  WEYL_STEERABLE_CG = 0, /* all couplings, a weight for every path and pair of copies: e3nn's fully connected product */
  WEYL_STEERABLE_GAUNT = 1,    /* products of functions on the sphere: no coupling of odd l1 + l2 + l3 */
  WEYL_STEERABLE_COMPLETE = 2, /* these, and Poisson brackets, which have the odd ones */
  WEYL_STEERABLE_AUTO = 3      /* CG, or products of functions where they are less work: GAUNT where parities forbid
                                  every odd coupling, else COMPLETE. The choice follows from the lists alone */
} weyl_steerable_product_kind;
typedef struct weyl_steerable_product_opts {
  weyl_steerable_product_kind kind;
  int64_t channels; /* functions that GAUNT and COMPLETE multiply; 0: the most copies of a block of `out` */
  weyl_steerable_linear_opts linear;
} weyl_steerable_product_opts;
/* h times y, which has one copy in each block and the rows of h.  CG: every copy of h is coupled with every block of y
 * to every copy of `out` that degrees and parities allow, with a weight for each, name.1o.weight [copies out, copies in
 * of all paths to this kind, by blocks of h and then of y]; sqrt(2 l3 + 1) W in e3nn's gauge.  GAUNT, COMPLETE: linear
 * layers name.x and name.y lead to `channels` functions (blocks of parity (-1)^l) and pseudo functions (the others) of
 * the degrees of h and of y, and a linear layer `name` from their products, of the degrees of `out`, to it; what the
 * products, and what the brackets lead to in one degree is scaled to variance 1.  NULL opts: CG. */
weyl_steerable weyl_steerable_product(weyl_steerable h, weyl_steerable y, const char *name, weyl_irreps out,
                                      const weyl_steerable_product_opts *opts);

/* The length of the last axis, which it keeps as 1.  A vector shorter than 1e-30 (f32: 1e-7) has length 0 with
 * derivatives 0, of every order. */
weyl_tensor weyl_length(weyl_tensor vectors);
weyl_tensor weyl_length_along(weyl_tensor vectors, int axis); /* of another axis; negative axes count from the end */
typedef enum weyl_cutoff { WEYL_CUTOFF_NONE, WEYL_CUTOFF_POLYNOMIAL, WEYL_CUTOFF_COSINE } weyl_cutoff;
typedef enum weyl_radial_kind { WEYL_RADIAL_BESSEL, WEYL_RADIAL_GAUSSIAN } weyl_radial_kind;
typedef struct weyl_radial_opts {
  weyl_radial_kind kind;
  int64_t n;     /* functions; 0 means 8 */
  double radius; /* r_c, above 0 */
  weyl_cutoff cutoff;
  int p; /* of the polynomial: it leaves 1 as x^p and meets 0 with 2 derivatives; 0 means 5 (Gasteiger et al., 2020) */
} weyl_radial_opts;
/* 1 at r = 0, 0 from r_c on.  POLYNOMIAL: 1 - (p+1)(p+2)/2 x^p + p(p+2) x^(p+1) - p(p+1)/2 x^(p+2), x = r / r_c;
 * COSINE: (1 + cos pi x) / 2. */
weyl_tensor weyl_cutoff_of(weyl_tensor r, weyl_cutoff cutoff, double radius, int p);
/* r [.., 1] -> [.., n], times the cutoff.  BESSEL: sqrt(2 / r_c) sin(k pi r / r_c) / r, k = 1 ... n; GAUSSIAN: centres
 * evenly from 0 to r_c, exp(-(r - c)^2 / (2 d^2)) with their spacing d.  All derivatives are finite for every r >= 0.
 */
weyl_tensor weyl_radial(weyl_tensor r, const weyl_radial_opts *opts);

/* The orthogonal cosine transform D of n values as a constant [n, n]: D_kt = w_k cos(pi (t + 1/2) k / n), w_0 =
 * sqrt(1/n), else sqrt(2/n).  Rows of values x transform by weyl_matmul(x, D^T), and back by D = inverse of D^T.
 * transposed: D^T. */
weyl_tensor weyl_cosines(weyl_graph *g, int64_t n, bool transposed);

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

/* Past positions of moving points, all at the same times. */
typedef struct weyl_motion {
  weyl_tensor past;       /* [nodes, frames, d] */
  weyl_tensor joint;      /* [nodes, joints]: 1 for the joint of the skeleton that the node is, 0 elsewhere; or null */
  weyl_points points;     /* x: the last positions, v: the last steps; edges join all pairs that interact */
  int64_t frames, future; /* frames seen, and frames to predict */
} weyl_motion;
/* Declares the inputs past, node_scalar, node_sample, node_key, sample_key, edge_i, edge_j, edge_scalar, and joint when
 * joints > 0.  WEYL_BAD_ARG: less than 2 frames, future below 1. */
weyl_motion weyl_motion_input(weyl_graph *g, int d, int64_t frames, int64_t future, int64_t node_scalars,
                              int64_t edge_scalars, int64_t joints);

/* The same points with another past [nodes, frames, d]. */
void weyl_motion_show(weyl_motion *m, weyl_tensor past);

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
