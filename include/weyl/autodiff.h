/* weyl/autodiff.h: trace -> differentiate -> optimise -> plan -> run.
 *
 * A model is a C function that calls operations on weyl_tensor handles and so records a graph.  A shape entry is a
 * number, or a number times a run-time COUNT (batch, nodes, edges): [nodes, 64], [8 batch, 5, 3].  The trace fixes the
 * numbers; every run brings the counts.  A value whose shape holds a count is SHARDED: it lives in one shard (a run of
 * whole samples) at a time; a value without is WHOLE: it belongs to the batch.  Reductions over a count (a loss, batch
 * statistics, a weight's gradient) turn sharded values into whole ones and end a phase; nothing else needs to know.
 * Derivatives are operations of the same graph, so gradients of gradients need no special case.
 *
 * Errors: expressions return a tensor always; the graph keeps the first failure and weyl_graph_status /
 * weyl_program_new return it. Conventions: row-major, channels last.  f32 or f64 for a whole graph ("real"), i32 for
 * indices.
 */
#ifndef WEYL_AUTODIFF_H
#define WEYL_AUTODIFF_H

#include <weyl/irrep.h>

WEYL_BEGIN_API

/* ---- shapes ---------------------------------------------------------------------------------------------------------
 */

typedef enum weyl_count {
  WEYL_NUMBER = 0, /* no count: just a number */
  WEYL_BATCH = 1,  /* samples */
  WEYL_NODES = 2,  /* points, atoms, bodies */
  WEYL_EDGES = 3,  /* pairs */
  WEYL_COUNT_4 = 4,
  WEYL_COUNT_5 = 5,
  WEYL_COUNT_6 = 6,
  WEYL_COUNT_7 = 7, /* free for a model's own use */
  WEYL_COUNTS = 8
} weyl_count;
/* The same count over the whole batch: the axis of a collected value. */
#define WEYL_WHOLE(count) ((int32_t)(count) + WEYL_COUNTS)

typedef struct weyl_dim {
  int64_t n;     /* the number */
  int32_t count; /* a weyl_count, or WEYL_WHOLE(...) */
} weyl_dim;
typedef struct weyl_shape {
  int32_t rank;
  weyl_dim dim[WEYL_RANK_MAX];
} weyl_shape;

weyl_dim weyl_num(int64_t n);                     /* n */
weyl_dim weyl_per(weyl_count count);              /* 1 count: [nodes, ...] */
weyl_dim weyl_times(int64_t n, weyl_count count); /* n count: [8 nodes, ...] */
weyl_shape weyl_shape_from(const weyl_dim *dims, int rank);
/* WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)) */
#define WEYL_SHAPE(...) \
  weyl_shape_from((weyl_dim[]){__VA_ARGS__}, (int)(sizeof((weyl_dim[]){__VA_ARGS__}) / sizeof(weyl_dim)))
weyl_shape weyl_shape_scalar(void);
bool weyl_shape_equal(const weyl_shape *a, const weyl_shape *b);
/* "[nodes, 64]" into buffer; returns buffer. */
const char *weyl_shape_text(const weyl_shape *shape, char buffer[160]);

/* ---- variables: what outlives a trace
 * ------------------------------------------------------------------------------------- */

/* Each kind lives in ONE contiguous arena, every entry aligned to 64 bytes with zero padding, in the order of
 * declaration. */
typedef enum weyl_kind {
  WEYL_PARAM = 0, /* trained */
  WEYL_STATE = 1, /* running statistics */
  WEYL_SLOT = 2,  /* the optimiser's vectors, averages */
  WEYL_KINDS = 3
} weyl_kind;

typedef enum weyl_init_kind { WEYL_INIT_CONSTANT, WEYL_INIT_UNIFORM, WEYL_INIT_NORMAL } weyl_init_kind;
typedef struct weyl_init {
  weyl_init_kind kind;
  double a, b; /* constant a; uniform in [a, b); normal with mean a, deviation b */
} weyl_init;
weyl_init weyl_init_constant(double value);
weyl_init weyl_init_uniform(double low, double high);
weyl_init weyl_init_normal(double mean, double deviation);

typedef struct weyl_variables weyl_variables;
/* Initial values are drawn from (seed, name), so neither order nor threads matter. real: WEYL_F32 or WEYL_F64. */
WEYL_MUST_CHECK weyl_status weyl_variables_new(weyl_context *ctx, weyl_dtype real, uint64_t seed, weyl_variables **out);
void weyl_variables_free(weyl_variables *vars);
weyl_dtype weyl_variables_dtype(const weyl_variables *vars);
size_t weyl_variables_count(const weyl_variables *vars, weyl_kind kind);
/* Name, shape and place (view into the arena) of one variable. */
const char *weyl_variables_name(const weyl_variables *vars, weyl_kind kind, size_t i);
weyl_array weyl_variables_array(const weyl_variables *vars, weyl_kind kind, size_t i);
int64_t weyl_variables_find(const weyl_variables *vars, weyl_kind kind, const char *name); /* -1 when absent */
int64_t weyl_variables_numbers(const weyl_variables *vars, weyl_kind kind); /* without padding: "92103 parameters" */
weyl_array weyl_variables_arena(const weyl_variables *vars,
                                weyl_kind kind); /* the contiguous vector, padding included */
/* `alias` names the same variable as `name` from now on (tied weights). */
WEYL_MUST_CHECK weyl_status weyl_variables_tie(weyl_variables *vars, weyl_kind kind, const char *alias,
                                               const char *name);
/* A copy in another precision. */
WEYL_MUST_CHECK weyl_status weyl_variables_cast(const weyl_variables *vars, weyl_dtype real, weyl_variables **out);
/* Adds all variables of a kind to a bundle under prefix + name (shapes without padding), and back: every variable must
 * be there with its shape. */
WEYL_MUST_CHECK weyl_status weyl_variables_save(const weyl_variables *vars, weyl_kind kind, const char *prefix,
                                                weyl_bundle *into);
WEYL_MUST_CHECK weyl_status weyl_variables_load(weyl_variables *vars, weyl_kind kind, const char *prefix,
                                                const weyl_bundle *from, const char *place);

/* ---- the graph
 * -------------------------------------------------------------------------------------------------------------- */

typedef struct weyl_graph weyl_graph;
/* 16 bytes, passed by value. All zero is the null tensor, valid to pass anywhere (operations on it give null and a
 * failure). */
typedef struct weyl_tensor {
  weyl_graph *graph;
  uint32_t id, generation;
} weyl_tensor;
#define WEYL_NULL_TENSOR ((weyl_tensor){0})

/* real is the variables' type. training: what dropout and batch norm look at. */
WEYL_MUST_CHECK weyl_status weyl_graph_new(weyl_context *ctx, weyl_variables *vars, bool training, weyl_graph **out);
void weyl_graph_free(weyl_graph *graph);
weyl_status weyl_graph_status(const weyl_graph *graph); /* the first failure; its message is in the context */
weyl_context *weyl_graph_context(const weyl_graph *graph);
weyl_arena *weyl_graph_arena(weyl_graph *graph); /* for what must live as long as the graph: lists of irreps */
weyl_dtype weyl_graph_dtype(const weyl_graph *graph);
bool weyl_graph_training(const weyl_graph *graph);
weyl_variables *weyl_graph_variables(const weyl_graph *graph);
/* Names inside get "scope." in front; scopes nest, and label nodes for messages and `explain`. */
void weyl_scope(weyl_graph *graph, const char *fmt, ...) WEYL_PRINTF(2, 3);
void weyl_scope_end(weyl_graph *graph);
/* Marks a value as worth watching under a name ("frame gap"), so that a task can report it without the layers in
 * between handing it on; no cost until it is made an output. weyl_watched: the i-th value marked so, or the null tensor
 * behind the last. */
void weyl_watch(weyl_tensor value, const char *name);
weyl_tensor weyl_watched(weyl_graph *graph, const char *name, int i);
/* For builders: records a failure of their own and returns the null tensor. */
weyl_tensor weyl_graph_fail(weyl_graph *graph, weyl_status status, const char *fmt, ...) WEYL_PRINTF(3, 4);

bool weyl_tensor_valid(weyl_tensor t);
weyl_shape weyl_tensor_shape(weyl_tensor t); /* rank 0 for the null tensor */
weyl_dtype weyl_tensor_dtype(weyl_tensor t);
int weyl_rank(weyl_tensor t);
int64_t weyl_dim_of(weyl_tensor t, int axis); /* the number of that axis; negative axes count from the end */

/* ---- leaves
 * ---------------------------------------------------------------------------------------------------------------------
 */

weyl_tensor weyl_input(weyl_graph *g, const char *name, weyl_dtype dtype,
                       weyl_shape shape); /* sharded or whole by its shape */
weyl_tensor weyl_param(weyl_graph *g, const char *name, weyl_shape shape, weyl_init init);
weyl_tensor weyl_state(weyl_graph *g, const char *name, weyl_shape shape, weyl_init init);
weyl_tensor weyl_slot(weyl_graph *g, const char *name, weyl_shape shape, weyl_init init);
/* All parameters as one vector (the arena with its padding). No parameter may be declared afterwards. */
weyl_tensor weyl_param_vector(weyl_graph *g);
weyl_tensor weyl_constant(weyl_graph *g, double value, weyl_shape shape); /* filled with one value */
weyl_tensor weyl_constant_array(weyl_graph *g, weyl_dtype dtype, weyl_shape shape,
                                const double *values); /* numbers only; copied */
weyl_tensor weyl_scalar(weyl_graph *g, double value);
weyl_tensor weyl_iota(weyl_graph *g, weyl_shape shape,
                      int axis); /* i32: the index along one axis (in the shard, for a count) */
weyl_tensor weyl_count_total(weyl_graph *g,
                             weyl_count count); /* whole real scalar: the count over the whole batch, all ranks */
/* Uniform [0,1) or normal numbers, keyed by (seed, step, name, key[row], place in the row): shape[0] is a count or a
 * number, key is i32 [shape[0]] and names the row within the whole batch (never by its place in a shard). Null key:
 * shape is whole and rows are numbered. */
weyl_tensor weyl_random_uniform(weyl_graph *g, const char *name, weyl_shape shape, weyl_tensor key);
weyl_tensor weyl_random_normal(weyl_graph *g, const char *name, weyl_shape shape, weyl_tensor key);

/* ---- elementwise (binary ones broadcast as numpy does: trailing axes aligned, missing ones and numbers 1 stretch)
 * ---------------------- */

weyl_tensor weyl_add(weyl_tensor a, weyl_tensor b);
weyl_tensor weyl_sub(weyl_tensor a, weyl_tensor b);
weyl_tensor weyl_mul(weyl_tensor a, weyl_tensor b);
weyl_tensor weyl_div(weyl_tensor a, weyl_tensor b);
weyl_tensor weyl_pow(weyl_tensor a, weyl_tensor b); /* a > 0 where b varies; derivative in b is 0 at a = 0 */
weyl_tensor weyl_max(weyl_tensor a, weyl_tensor b); /* ties: half of the gradient to each */
weyl_tensor weyl_min(weyl_tensor a, weyl_tensor b);
weyl_tensor weyl_atan2(weyl_tensor y, weyl_tensor x);
weyl_tensor weyl_lt(weyl_tensor a, weyl_tensor b); /* 1 or 0, no gradient */
weyl_tensor weyl_le(weyl_tensor a, weyl_tensor b);
weyl_tensor weyl_eq(weyl_tensor a, weyl_tensor b);
weyl_tensor weyl_where(weyl_tensor c, weyl_tensor a,
                       weyl_tensor b); /* c != 0 ? a : b; gradient only to the branch taken */
weyl_tensor weyl_neg(weyl_tensor x);
weyl_tensor weyl_abs(weyl_tensor x);
weyl_tensor weyl_sign(weyl_tensor x);
weyl_tensor weyl_floor(weyl_tensor x);
weyl_tensor weyl_sqrt(weyl_tensor x);
weyl_tensor weyl_rsqrt(weyl_tensor x);
weyl_tensor weyl_recip(weyl_tensor x);
weyl_tensor weyl_exp(weyl_tensor x);
weyl_tensor weyl_expm1(weyl_tensor x);
weyl_tensor weyl_log(weyl_tensor x);
weyl_tensor weyl_log1p(weyl_tensor x);
weyl_tensor weyl_sin(weyl_tensor x);
weyl_tensor weyl_cos(weyl_tensor x);
weyl_tensor weyl_tanh(weyl_tensor x);
weyl_tensor weyl_sigmoid(weyl_tensor x);
weyl_tensor weyl_erf(weyl_tensor x);
weyl_tensor weyl_scale(weyl_tensor x, double factor);
weyl_tensor weyl_shift(weyl_tensor x, double term);
weyl_tensor weyl_square(weyl_tensor x);
weyl_tensor weyl_silu(weyl_tensor x); /* x sigmoid(x) */
weyl_tensor weyl_relu(weyl_tensor x);
weyl_tensor weyl_gelu(weyl_tensor x); /* with erf */
weyl_tensor weyl_softplus(weyl_tensor x);
weyl_tensor weyl_leaky_relu(weyl_tensor x, double slope);
weyl_tensor weyl_cast(weyl_tensor x, weyl_dtype dtype); /* real -> i32 truncates; no gradient through integers */
weyl_tensor weyl_stop_gradient(weyl_tensor x);

/* ---- movement
 * ----------------------------------------------------------------------------------------------------------------------
 */

weyl_tensor weyl_reshape(weyl_tensor x,
                         weyl_shape shape); /* may fold numbers into a count: [nodes, 8, 3] -> [8 nodes, 3] */
weyl_tensor weyl_permute(weyl_tensor x, const int *axes); /* out axis i is in axis axes[i] */
weyl_tensor weyl_transpose(weyl_tensor x, int a, int b);
weyl_tensor weyl_broadcast_to(weyl_tensor x, weyl_shape shape); /* numpy rule */
weyl_tensor weyl_expand(weyl_tensor x, int axis, weyl_dim dim); /* inserts an axis and repeats along it */
weyl_tensor weyl_squeeze(weyl_tensor x, int axis);
weyl_tensor weyl_unsqueeze(weyl_tensor x, int axis);
/* Along one axis (a number): start, start + step, ... `size` entries; step may be negative. */
weyl_tensor weyl_slice(weyl_tensor x, int axis, int64_t start, int64_t size, int64_t step);
/* Zeros (or `value`) before, after and between the entries of one axis; the adjoint of slice. */
weyl_tensor weyl_pad(weyl_tensor x, int axis, int64_t before, int64_t after, int64_t between, double value);
weyl_tensor weyl_concat(const weyl_tensor *xs, int n, int axis); /* along a number axis */
weyl_tensor weyl_stack(const weyl_tensor *xs, int n, int axis);  /* new axis */

/* ---- reductions
 * --------------------------------------------------------------------------------------------------------------------------
 */

weyl_tensor weyl_sum(weyl_tensor x, int axis); /* drops the axis; over a count: the result is whole */
weyl_tensor weyl_sum_all(weyl_tensor x);
weyl_tensor weyl_mean(weyl_tensor x, int axis); /* over a count: divides by the count of the whole batch */
weyl_tensor weyl_mean_all(weyl_tensor x);
weyl_tensor weyl_reduce_max(weyl_tensor x, int axis); /* ties share the gradient */
weyl_tensor weyl_argmax(weyl_tensor x, int axis);     /* i32; the first of equals; number axes only */
weyl_tensor weyl_logsumexp(weyl_tensor x, int axis);
weyl_tensor weyl_softmax(weyl_tensor x, int axis);
weyl_tensor weyl_cumsum(weyl_tensor x, int axis, bool reverse); /* number axes only */
weyl_tensor weyl_sort(weyl_tensor x, int axis);                 /* ascending, stable; number axes only */
weyl_tensor weyl_argsort(weyl_tensor x, int axis);              /* i32 */
weyl_tensor weyl_take_along(
    weyl_tensor x, weyl_tensor index,
    int axis); /* as numpy's take_along_axis; index has x's shape but for that axis; those behind it may all be 1 */

/* ---- products
 * -----------------------------------------------------------------------------------------------------------------------------
 */

/* out = [batch axes..., free axes of a..., free axes of b...]; contracting over a count gives a whole result. */
weyl_tensor weyl_dot_general(weyl_tensor a, weyl_tensor b, int n_batch, const int *a_batch, const int *b_batch,
                             int n_contract, const int *a_contract, const int *b_contract);
weyl_tensor weyl_matmul(weyl_tensor a, weyl_tensor b); /* [.., m, k] x [k, n], or [B.., m, k] x [B.., k, n] */
/* einsum("nij,njk->nik", a, b): one or two operands, letters; no repeated letter within an operand but for sums. */
weyl_tensor weyl_einsum(const char *spec, weyl_tensor a, weyl_tensor b);

/* ---- rows by index
 * -----------------------------------------------------------------------------------------------------------------------------
 */

weyl_tensor weyl_gather(weyl_tensor x, weyl_tensor index); /* x [N, ...], index [M] -> [M, ...] */
weyl_tensor weyl_scatter_add(weyl_tensor x, weyl_tensor index,
                             weyl_dim rows); /* x [M, ...], index [M] -> [rows, ...] */
weyl_tensor weyl_segment_sum(weyl_tensor x, weyl_tensor segment,
                             weyl_dim rows); /* scatter_add; segments sorted are faster */
weyl_tensor weyl_segment_mean(weyl_tensor x, weyl_tensor segment, weyl_dim rows); /* empty segments: 0 */
weyl_tensor weyl_segment_max(weyl_tensor x, weyl_tensor segment,
                             weyl_dim rows); /* empty segments: 0; ties share the gradient */
weyl_tensor weyl_segment_softmax(weyl_tensor x, weyl_tensor segment,
                                 weyl_dim rows);             /* over rows of one segment, per column */
weyl_tensor weyl_index_repeat(weyl_tensor index, int64_t k); /* i32 [M] -> [k M]: entry r*k + a is index[r]*k + a */

/* ---- irreps ------------------------------------------------------------------------------------------------------ */

/* Features are [.., dim], the numbers of a list of irreps in WEYL_LAYOUT_ROWS: block by block, order by order, copies
 * last. */

/* xyz [.., 3] -> [.., (l_max + 1)^2], as weyl_harmonics; any order of derivatives. */
weyl_tensor weyl_harmonics_of(weyl_tensor xyz, const weyl_harmonics_opts *opts);
/* The tensor product of weyl_product_new: x [.., dim of in1], y [.., dim of in2], w [weights] (shared), [.., weights]
 * (each) or null (none) -> [.., dim of out]; any order of derivatives. opts may be NULL; its layout is not looked at,
 * with uvu y is [.., dim of in2] like the others. */
weyl_tensor weyl_product_of(weyl_tensor x, weyl_tensor y, weyl_tensor w, const weyl_product_opts *opts, weyl_irreps in1,
                            weyl_irreps in2, weyl_irreps out, weyl_paths paths);
/* Numbers of one set of weights, for a parameter's shape; -1 for what has no plan. */
int64_t weyl_product_weights_of(weyl_graph *g, const weyl_product_opts *opts, weyl_irreps in1, weyl_irreps in2,
                                weyl_irreps out, weyl_paths paths);
/* Products and brackets of functions on the sphere (weyl_sphere_product_new), f [.., (l + 1)^2 channels] each, to
 * [.., (l_out + 1)^2 channels]; any order of derivatives.  opts: kind, functions, l, l_out, exponent, channels, method.
 */
weyl_tensor weyl_sphere_product_of(const weyl_tensor *f, const weyl_sphere_product_opts *opts);
/* Messages along edges, summed at their receivers (weyl_edge_product_new): x [senders, dim of in], harmonics y
 * [edges, dim of harmonics], w [edges, weights], sender and receiver i32 [edges], receivers ascending -> [receivers,
 * dim of out]; any order of derivatives. opts may be NULL; its layout is not looked at. */
weyl_tensor weyl_edge_product_of(weyl_tensor x, weyl_tensor y, weyl_tensor w, weyl_tensor sender, weyl_tensor receiver,
                                 weyl_dim receivers, const weyl_edge_product_opts *opts, weyl_irreps in,
                                 weyl_irreps harmonics, weyl_irreps out, weyl_paths paths);
/* Numbers of w of one edge, path by path; -1 for what has no plan. */
int64_t weyl_edge_product_weights_of(weyl_graph *g, const weyl_edge_product_opts *opts, weyl_irreps in,
                                     weyl_irreps harmonics, weyl_irreps out, weyl_paths paths);
/* The same with harmonics of the edges' own directions, v [edges, 3] (weyl_edge_aligned_new; its layout is not looked
 * at): over tables, with weyl_harmonics_of, or in the frame of each edge, as weyl_edge_aligned_pays says; any order of
 * derivatives. */
weyl_tensor weyl_edge_convolution_of(weyl_tensor x, weyl_tensor v, weyl_tensor w, weyl_tensor sender,
                                     weyl_tensor receiver, weyl_dim receivers, const weyl_edge_aligned_opts *opts,
                                     weyl_irreps in, weyl_irreps harmonics, weyl_irreps out, weyl_paths paths);
int64_t weyl_edge_convolution_weights_of(weyl_graph *g, const weyl_edge_aligned_opts *opts, weyl_irreps in,
                                         weyl_irreps harmonics, weyl_irreps out, weyl_paths paths);
/* Between WEYL_LAYOUT_ROWS and e3nn's WEYL_LAYOUT_IRREPS, [.., dim]. */
weyl_tensor weyl_rows_from_irreps(weyl_tensor x, weyl_irreps irreps);
weyl_tensor weyl_irreps_from_rows(weyl_tensor x, weyl_irreps irreps);

/* ---- images (channels last)
 * -----------------------------------------------------------------------------------------------------------------------
 */

typedef struct weyl_conv_opts {
  int64_t stride[2], before[2], after[2], dilation[2]; /* (height, width); zero stride or dilation means 1 */
  int64_t groups;                                      /* 0 means 1 */
} weyl_conv_opts;
/* x [N, H, W, C], w [KH, KW, C / groups, O] -> [N, H', W', O] (cross-correlation, as in deep learning). */
weyl_tensor weyl_conv2d(weyl_tensor x, weyl_tensor w, const weyl_conv_opts *opts);
weyl_tensor weyl_conv1d(weyl_tensor x, weyl_tensor w,
                        const weyl_conv_opts *opts); /* x [N, L, C], w [K, C, O]; entry 0 of opts */
/* Windows as an axis: [N, H, W, C] -> [N, H', W', KH*KW, C]; outside the image is `outside`. */
weyl_tensor weyl_windows(weyl_tensor x, int64_t kh, int64_t kw, const weyl_conv_opts *opts, double outside);
weyl_tensor weyl_max_pool(weyl_tensor x, int64_t kh, int64_t kw, const weyl_conv_opts *opts);
weyl_tensor weyl_mean_pool(weyl_tensor x, int64_t kh, int64_t kw, const weyl_conv_opts *opts); /* zeros outside count */
/* Bilinear: x [N, H, W, C], at [N, H', W', 2] in pixels (column, row), 0 = centre of the first; outside is 0. */
weyl_tensor weyl_grid_sample(weyl_tensor x, weyl_tensor at);

/* ---- small batched linear algebra: leading axes are a batch; computed in f64
 * ------------------------------------------------------------------------ */

/* symmetric a [.., d, d] = v diag(w) v^T, w ascending, eigenvectors are columns. Gaps below 1e-10 (f64) or 1e-6 (f32)
 * of the largest |w| get no gradient through v; such matrices are counted in weyl_run_degenerate. */
void weyl_eigh_of(weyl_tensor a, weyl_tensor *w, weyl_tensor *v);
void weyl_svd_of(weyl_tensor a, weyl_tensor *u, weyl_tensor *s, weyl_tensor *vt);
weyl_tensor weyl_solve_of(weyl_tensor a, weyl_tensor b); /* a [.., d, d], b [.., d, k] */
weyl_tensor weyl_cholesky_of(weyl_tensor a);
weyl_tensor weyl_det_of(weyl_tensor a);               /* gradient needs an invertible a */
weyl_tensor weyl_cross(weyl_tensor a, weyl_tensor b); /* last axis 3 */

/* ---- frames of signs (engine findings, section 3)
 * ------------------------------------------------------------------------------------------------------ */

/* x [R, ..., d] -> [R, F, ..., d]: copy s of row r is x[r] times the s-th row of `signs` [F][d] (values +-1) along the
 * last axis. One operation and its adjoint (sum over F of signed copies), so that the optimiser can factorise products
 * with it. */
weyl_tensor weyl_sign_frames(weyl_tensor x, int frames, const double *signs);
weyl_tensor weyl_sign_fold(weyl_tensor x, int frames, const double *signs); /* x [R, F, ..., d] -> [R, ..., d] */

/* ---- the whole batch
 * ------------------------------------------------------------------------------------------------------------------------------------
 */

weyl_tensor weyl_collect(weyl_tensor x); /* [k batch, ...] -> [k whole batch, ...]: for losses that compare samples */
weyl_tensor weyl_distribute(weyl_tensor x, weyl_count count); /* its adjoint: this shard's rows of a whole array */
/* The variable gets this value after every read of the old one, at the end of the run. Kept by every program of the
 * graph made with `assigns`. */
void weyl_assign(weyl_tensor variable, weyl_tensor value);

/* ---- differentiate
 * ----------------------------------------------------------------------------------------------------------------------------------------
 */

/* d y / d x_i for a scalar y; zeros where y does not depend on x_i. */
weyl_tensor weyl_grad(weyl_tensor y, weyl_tensor x);
void weyl_grads(weyl_tensor y, const weyl_tensor *x, int n, weyl_tensor *out);
/* sum_k <dy_k, d y_k / d x_i> */
void weyl_vjp(const weyl_tensor *y, const weyl_tensor *dy, int n_y, const weyl_tensor *x, int n_x, weyl_tensor *out);
/* Gradient of scalar y with respect to all parameters, as one vector in the arena's layout. */
weyl_tensor weyl_param_grad(weyl_tensor y);

/* ---- programs and runs
 * -----------------------------------------------------------------------------------------------------------------------------------------
 */

typedef struct weyl_program weyl_program;
typedef struct weyl_program_opts {
  bool assigns;   /* perform the graph's assignments */
  bool reference; /* the op-by-op executor with scalar loops, whole batch as one shard (also by WEYL_OPT=0) */
  int lanes;      /* accumulators of their own, 1..64; default 4 */
} weyl_program_opts;
weyl_program_opts weyl_program_defaults(void);
/* Outputs may be whole or sharded. The program keeps the graph's nodes it needs: the graph must outlive it and not
 * grow. */
WEYL_MUST_CHECK weyl_status weyl_program_new(weyl_graph *graph, const weyl_tensor *outputs, int n,
                                             const weyl_program_opts *opts, weyl_program **out);
void weyl_program_free(weyl_program *program);
int weyl_program_inputs(const weyl_program *program); /* live inputs only */
const char *weyl_program_input_name(const weyl_program *program, int i);
weyl_shape weyl_program_input_shape(const weyl_program *program, int i);
weyl_dtype weyl_program_input_dtype(const weyl_program *program, int i);
int weyl_program_input_find(const weyl_program *program, const char *name); /* -1: absent or dead */
/* Bytes of activations of one shard with these counts: what the loader sizes shards by (target: weyl_shard_bytes). */
double weyl_program_bytes(const weyl_program *program, const int64_t count[WEYL_COUNTS]);
/* 2.5 MiB: the weights and their gradients pass once a shard, and the activations of a shard stay near. A constant, so
 * that results do not depend on the machine. */
#define WEYL_SHARD_BYTES (2621440.0)

typedef struct weyl_program_stats {
  int64_t phases, steps, nodes_before, nodes_after;
  double flops, bytes;  /* arithmetic, and memory touched */
  double product_flops; /* arithmetic of matrix products and convolutions alone */
  double workspace;     /* bytes of one thread's workspace, for the largest shard, */
  double kept, whole;   /* of values kept across phases, of whole values */
} weyl_program_stats;
/* What one run does on shards of these counts, [shards]. */
weyl_program_stats weyl_program_about(const weyl_program *program, const int64_t (*shard)[WEYL_COUNTS], int64_t shards);
/* The program as readable equations with phases and shapes; a string in the arena. */
char *weyl_program_text(const weyl_program *program, weyl_arena *arena);

/* A batch: consecutive shards of whole samples. Index inputs are local to their shard. */
typedef struct weyl_batch {
  int64_t shards;
  const int64_t (*count)[WEYL_COUNTS]; /* counts of each shard, [shards][WEYL_COUNTS]; entry 0 unused */
  const void *const *input; /* by input number of the program: rows of all shards in turn; whole inputs once */
  uint64_t seed, step;      /* of random operations */
} weyl_batch;

/* A communicator for runs on several ranks (processes that take the same steps on parts of each batch). NULL: one
 * process. Every function is called by all ranks, in the same order and with the same sizes. */
typedef struct weyl_comm {
  void *self;
  int rank, size;
  /* data are the sums of this rank's lanes; adds over ranks by the binary tree over lanes and leaves the total, of the
   * same bytes, everywhere. f32 and f64. */
  weyl_status (*sum)(void *self, void *data, weyl_dtype dtype, int64_t n);
  weyl_status (*maximum)(void *self, void *data, weyl_dtype dtype, int64_t n);
  /* Bytes first[r] to first[r + 1] of data come from rank r: fills in those of the other ranks. first: [size + 1]. */
  weyl_status (*gather)(void *self, void *data, const int64_t *first);
  /* What all ranks go on with: OK if each of them says so, else the worst status of all, with the message of the first
   * rank that has it. WEYL_INTERRUPTED is the mildest. */
  weyl_status (*agree)(void *self, weyl_context *ctx, weyl_status status);
} weyl_comm;
/* Whether so many ranks can share so many lanes: each takes an aligned block of 1, 2, 4 ... of them, or WEYL_BAD_ARG.
 */
WEYL_MUST_CHECK weyl_status weyl_comm_check(weyl_context *ctx, int ranks, int lanes);
/* Which shards of a batch the rank runs: from `*from` to before `*to`. The inputs of others are not read. */
void weyl_program_share(const weyl_program *program, int64_t shards, int rank, int ranks, int64_t *from, int64_t *to);

typedef struct weyl_run weyl_run;
/* A run owns workspaces; the program and the variables are shared. After the first step with the largest counts nothing
 * is allocated. With a communicator (which must outlive the run) all ranks make the same steps on the same batches;
 * each runs its share of the shards, and outputs, assignments and the status returned are the same on all. WEYL_BAD_ARG
 * when the ranks cannot share the lanes. */
WEYL_MUST_CHECK weyl_status weyl_run_new(weyl_program *program, const weyl_comm *comm, weyl_run **out);
void weyl_run_free(weyl_run *run);
/* Executes the program once on a batch. Bytes are the same for any number of threads. WEYL_BAD_ARG for an index out of
 * range, named. */
WEYL_MUST_CHECK weyl_status weyl_run_step(weyl_run *run, const weyl_batch *batch);
/* Output k of the last step: whole values, or the rows of all shards in turn. Valid until the next step. */
weyl_array weyl_run_output(const weyl_run *run, int k);
/* Small matrices with a degenerate spectrum met by differentiated eigh/svd in the last step, in this rank's shards. */
int64_t weyl_run_degenerate(const weyl_run *run);
/* Runs the batch again op by op and names the first node with a NaN or infinity among its outputs: WEYL_NUMERIC with
 * its name, scope and shape; OK when all is finite. Assignments are not made. */
WEYL_MUST_CHECK weyl_status weyl_run_find_nonfinite(weyl_run *run, const weyl_batch *batch);

WEYL_END_API
#endif
