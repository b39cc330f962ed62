/* What `weyl bench` times.  The functions here measure and return numbers; the command prints them.
 *
 * Times are seconds of wall clock and of CPU, best and median: the machine is rarely quiet, so what is compared is
 * taken in turn within one call, and rates are fractions of the multiply-add rate measured in the same call.
 */
#ifndef WEYL_BENCH_H
#define WEYL_BENCH_H

#include <weyl/irrep.h>
#include <weyl/train.h>

/* ---- times of repeated work (samples.c) ---- */

typedef struct bench_samples {
  double *wall, *cpu; /* [n] seconds */
  size_t n, room;
} bench_samples;
WEYL_MUST_CHECK weyl_status bench_samples_add(weyl_context *ctx, bench_samples *s, double wall, double cpu);
void bench_samples_free(weyl_context *ctx, bench_samples *s);
/* Calls once more than it counts, so that the first finds what it needs in the caches; for so many seconds, at least
 * once. cpu: weyl_cpu_seconds or weyl_thread_cpu_seconds. */
WEYL_MUST_CHECK weyl_status bench_repeat(weyl_context *ctx, weyl_status (*once)(void *self), void *self,
                                         double (*cpu)(void), double seconds, bench_samples *into);
/* n numbers in [-1, 1); NULL: no memory. */
void *bench_random_numbers(weyl_context *ctx, weyl_rng *rng, weyl_dtype real, size_t n);

typedef struct bench_times {
  double wall, cpu;           /* medians */
  double best_wall, best_cpu; /* all are 0 when nothing was timed */
  int64_t steps;
} bench_times;
bench_times bench_times_of(const bench_samples *s); /* sorts the samples */

/* CPU seconds of every thread of the process so far. n = 0 where the system does not tell. */
#define BENCH_THREADS_MAX 1024
typedef struct bench_threads {
  int n, id[BENCH_THREADS_MAX];
  double cpu[BENCH_THREADS_MAX];
} bench_threads;
void bench_threads_now(bench_threads *out);
/* What the busiest thread used between the two; 0 when unknown. */
double bench_threads_busiest(const bench_threads *before, const bench_threads *after);

/* ---- rates of the machine (rates.c): one core, by its CPU time, best of many repeats ---- */

/* Multiply-adds in registers, operations a second. */
double bench_peak(weyl_dtype real, double seconds);

typedef struct bench_gemm {
  size_t m, n, k;
  bool a_turned, b_turned; /* the operand lies transposed in memory */
  weyl_dtype real;
  bool blas; /* the BLAS in place of our own */
} bench_gemm;
WEYL_MUST_CHECK weyl_status bench_gemm_rate(weyl_context *ctx, const bench_gemm *gemm, double seconds, double *rate);
/* Bytes a second of arrays far larger than the caches: reading one, copying one to another (read and written bytes). */
WEYL_MUST_CHECK weyl_status bench_bandwidth(weyl_context *ctx, double seconds, double *read, double *copy);

/* ---- products as fractions of that peak (machine.c, engine.c) ---- */

typedef struct bench_product {
  const char *what; /* "x W^T" */
  bench_gemm gemm;
  double rate, peak; /* operations a second; the peak as measured around it */
} bench_product;
enum { BENCH_MACHINE_PRODUCTS = 28, BENCH_SKINNY_PRODUCTS = 40 };
typedef struct bench_machine {
  double peak[2];    /* [WEYL_F32], [WEYL_F64] */
  double read, copy; /* bytes a second */
  int products;
  bench_product product[BENCH_MACHINE_PRODUCTS];
  double blas[2]; /* the BLAS's best rate */
} bench_machine;
WEYL_MUST_CHECK weyl_status bench_machine_rates(weyl_context *ctx, double seconds, bench_machine *out);
/* The products of a network 64 wide: forward, input gradient, weight gradient, for 100 to 2000 rows. seconds: each. */
typedef struct bench_skinny {
  double peak;
  int products;
  bench_product product[BENCH_SKINNY_PRODUCTS];
} bench_skinny;
WEYL_MUST_CHECK weyl_status bench_skinny_products(weyl_context *ctx, double seconds, bench_skinny *out);
/* One product and the peak just before it, in turn. */
WEYL_MUST_CHECK weyl_status bench_product_rate(weyl_context *ctx, double seconds, bench_product *product);

/* ---- peers (peer.c): the same work by other programs ---- */

typedef struct bench_peer_about {
  char name[32], version[64];
  int threads;
  int64_t parameters; /* 0: it has none */
} bench_peer_about;
typedef struct bench_peer bench_peer;
/* Starts bench/peers/peer.py with the arguments (NULL ends) in the Python environment of `make peers`, which the
 * environment variable WEYL_PEERS names or the build knows, and waits until it is ready. WEYL_NO_FILE when there is no
 * such environment, with the remedy; WEYL_UNSUPPORTED when it cannot do the work. verbose: its messages are seen. */
WEYL_MUST_CHECK weyl_status bench_peer_start(weyl_context *ctx, const char *const *arguments, bool verbose,
                                             bench_peer **out);
void bench_peer_free(bench_peer *peer);
const bench_peer_about *bench_peer_what(const bench_peer *peer);
/* Chooses among the cases of a peer that has several. */
WEYL_MUST_CHECK weyl_status bench_peer_case(bench_peer *peer, const char *words);
/* Repeats the work for that long, and adds the time of every repetition. */
WEYL_MUST_CHECK weyl_status bench_peer_run(bench_peer *peer, double seconds, bench_samples *into);

/* ---- one training step written by hand (egnn_by_hand.c, egnn_by_hand.isa.c) ---- */

/* Forward, backward and Adam of the model egnn, with its default options, in f32 on one thread: what the program of the
 * same step is measured against. */
typedef struct bench_hand bench_hand;
/* vars: of the program, with the parameters to start from; options: of the training (rate, weight_decay, Adam's). The
 * batch is all samples of `set`, points in space with edges sorted by receiver. WEYL_UNSUPPORTED for anything that this
 * one step does not know. */
WEYL_MUST_CHECK weyl_status bench_hand_new(weyl_context *ctx, const weyl_variables *vars, const weyl_options *options,
                                           const weyl_dataset *set, bench_hand **out);
void bench_hand_free(bench_hand *hand);
typedef struct bench_hand_outcome {
  double loss, norm; /* the gradient's */
  double flops;      /* of the matrix products */
} bench_hand_outcome;
bench_hand_outcome bench_hand_step(bench_hand *hand);
/* Writes the parameters to variables of the same model. */
WEYL_MUST_CHECK weyl_status bench_hand_store(const bench_hand *hand, const weyl_variables *into);

/* ---- one training step (train.c) ---- */

typedef struct bench_train_ask {
  const char *model, *symmetry; /* symmetry may be NULL */
  const weyl_options *options;  /* of the n-body task and the model; of training and the model for images */
  uint64_t seed;
  double seconds;   /* for each side */
  const char *peer; /* NULL, "torch" or "torch-compile" */
  const char *data; /* image models: a file of CIFAR-10; NULL: random images */
  bool by_hand;     /* the step written by hand takes turns too: of egnn alone, on one thread */
  bool verbose;
} bench_train_ask;
typedef struct bench_train {
  char data[64]; /* "nbody", "random images" or "cifar10" */
  int64_t batch, shards, params;
  weyl_program_stats program;
  double peak; /* multiply-add operations a second of one core, in the type of the training */
  bench_times ours;
  bench_times single; /* ours on one thread; not timed when one was asked for */
  bench_times hand;   /* of the step written by hand, */
  double hand_useful; /* and the operations of its products */
  double busiest;     /* CPU seconds a step of the busiest of our threads; 0 when unknown */
  bench_times peer;
  bench_peer_about about; /* of the peer */
  char missing[512];      /* why there is no peer: "" when there is one or none was asked for */
} bench_train;
/* Threads are those of the context. A peer that is missing or fails leaves `missing` and the rest whole. */
/* The task that a model's step is timed on; NULL: images. */
const char *bench_task_of(const char *model);
WEYL_MUST_CHECK weyl_status bench_train_step(weyl_context *ctx, const bench_train_ask *ask, bench_train *out);

/* The program of egnn's step on the n-body task, with default options, and the step written by hand, in turn on one
 * thread (engine.c). seconds: each. */
WEYL_MUST_CHECK weyl_status bench_engine_step(weyl_context *ctx, uint64_t seed, double seconds, bench_train *out);

/* ---- the step of an image model (images.c) ---- */

typedef struct bench_step {
  weyl_variables *vars;
  weyl_graph *graph;
  weyl_program *program;
} bench_step;
/* Images 32 x 32 of 3 channels and 10 classes; inputs image, label and the whole number rate. */
WEYL_MUST_CHECK weyl_status bench_image_step(weyl_context *ctx, const bench_train_ask *ask, bench_step *out);
void bench_step_free(bench_step *step);
/* The first n images of a file of CIFAR-10, or random ones when path is NULL. */
WEYL_MUST_CHECK weyl_status bench_images(weyl_context *ctx, const char *path, int64_t n, weyl_dataset **out);

/* ---- convolutions (conv.c) ---- */

typedef struct bench_conv_shape {
  const char *name;
  int64_t size, in, out, kernel, stride; /* square images and kernels; same padding */
  int count;                             /* in one WRN-40-2 */
} bench_conv_shape;
extern const bench_conv_shape bench_conv_shapes[];
enum { BENCH_CONV_SHAPES = 9, BENCH_CONV_PASSES = 3, BENCH_CONV_LAYOUTS = 2 };
extern const char *const bench_conv_pass[BENCH_CONV_PASSES];    /* forward, data gradient, weight gradient */
extern const char *const bench_conv_layout[BENCH_CONV_LAYOUTS]; /* of the peer: channels_last, contiguous */

typedef struct bench_conv_ask {
  int64_t batch;
  double seconds; /* for each shape, pass and side */
  const char *peer;
  bool verbose;
} bench_conv_ask;
typedef struct bench_conv_row {
  const bench_conv_shape *shape;
  double flops; /* of one pass */
  bench_times ours[BENCH_CONV_PASSES], peer[BENCH_CONV_LAYOUTS][BENCH_CONV_PASSES];
} bench_conv_row;
typedef struct bench_conv {
  double peak;
  bench_conv_row row[BENCH_CONV_SHAPES];
  bench_peer_about about;
  char missing[512];
} bench_conv;
WEYL_MUST_CHECK weyl_status bench_convolutions(weyl_context *ctx, const bench_conv_ask *ask, bench_conv *out);

/* ---- tensor products (tp.c) ---- */

enum { BENCH_TP_PASSES = 4, BENCH_TP_DEGREES = 24, BENCH_TP_ROWS = 96 };
extern const char *const bench_tp_pass[BENCH_TP_PASSES]; /* forward, both; the same from and to e3nn's layout */
typedef enum bench_tp_kind {
  BENCH_TP_FULL,    /* every path, each with a weight */
  BENCH_TP_EVEN,    /* those with l1 + l2 + l3 even */
  BENCH_TP_GAUNT,   /* a weight for each degree: of functions on the sphere */
  BENCH_TP_COMPLETE /* likewise, and the Poisson bracket */
} bench_tp_kind;
enum { BENCH_TP_KINDS = 4 };
extern const char *const bench_tp_kind_name[BENCH_TP_KINDS];
const char *bench_tp_method_name(weyl_product_method method);
typedef struct bench_tp_ask {
  bench_tp_kind kind;
  int l_low, l_high; /* at most BENCH_TP_DEGREES of them */
  int64_t channels, batch;
  weyl_dtype real;
  weyl_product_method method;
  bool every;       /* a row for each method */
  int passes;       /* BENCH_TP_PASSES, or 2: in blocks alone */
  double seconds;   /* for each degree, pass and side */
  const char *peer; /* NULL, "e3nn", or "e3nn-script" or "e3nn-compile": one of its two sides */
  bool verbose;
} bench_tp_ask;
typedef struct bench_tp_row {
  int l;
  weyl_product_method method;
  bool chosen;                   /* WEYL_PRODUCT_AUTO takes this method */
  int64_t weights, peer_weights; /* of one channel */
  double ops[BENCH_TP_PASSES];   /* of one item: one channel of one sample; a multiplication with an addition is one */
  double bytes[BENCH_TP_PASSES]; /* of it, that go to or come from memory at least */
  bench_times ours[BENCH_TP_PASSES], peer[2]; /* of e3nn: couplings of the same parities, a weight each */
  bench_times second[2];                      /* e3nn through torch.compile, or torch's product on a dense grid */
} bench_tp_row;
typedef struct bench_tp {
  double peak;      /* multiply-add operations a second of one core, 2 for each op */
  double bandwidth; /* bytes a second of one core */
  int rows;
  bench_tp_row row[BENCH_TP_ROWS];
  bench_peer_about about;
  const char *second; /* what it is; NULL: there is none */
  char missing[512];
} bench_tp;
/* On one thread. */
WEYL_MUST_CHECK weyl_status bench_products(weyl_context *ctx, const bench_tp_ask *ask, bench_tp *out);

/* ---- ways of making them (methods.c) ---- */

typedef enum bench_method {
  BENCH_METHOD_CG,     /* every path, each with a weight: more than the others do */
  BENCH_METHOD_EVEN,   /* products of functions over couplings, */
  BENCH_METHOD_DENSE,  /* by three matrix products, */
  BENCH_METHOD_GRID,   /* by sums over rows, then columns, */
  BENCH_METHOD_FOURIER /* and as the paper has them */
} bench_method;
enum { BENCH_METHODS = 5 };
extern const char *const bench_method_name[BENCH_METHODS];
typedef struct bench_methods_ask {
  int low, high;
  int64_t channels, samples;
  weyl_dtype real;
  double seconds; /* for each degree and method */
} bench_methods_ask;
typedef struct bench_methods_row {
  int l;
  double ns[BENCH_METHODS], best[BENCH_METHODS]; /* of one channel of one sample, forward: median, least */
} bench_methods_row;
typedef struct bench_methods {
  int rows;
  bench_methods_row row[BENCH_TP_DEGREES];
  double slope[BENCH_METHODS];         /* of log time by log L from L = 4 on; 0: too few */
  int grid_beats_all, grid_beats_even; /* the separable grid is faster from this L on; 0: it is not */
} bench_methods;
/* CPU time of all threads. */
WEYL_MUST_CHECK weyl_status bench_methods_run(weyl_context *ctx, const bench_methods_ask *ask, bench_methods *out);

/* ---- convolution along edges (edge.c) ---- */

enum { BENCH_EDGE_PASSES = 4, BENCH_EDGE_WIDTHS = 8 };
extern const char *const bench_edge_pass[BENCH_EDGE_PASSES]; /* forward, both; the same in rows of channels */
typedef struct bench_edge_ask {
  int64_t atoms, edges;
  int widths;
  int64_t channels[BENCH_EDGE_WIDTHS];
  int l_in, l_harmonics, l_out; /* paths with an even sum of degrees, a block of the output each */
  weyl_dtype real;
  double seconds;   /* for each width, pass and side */
  const char *peer; /* NULL or "e3nn" */
  bool verbose;
} bench_edge_ask;
typedef struct bench_edge_row {
  int64_t channels, paths, outputs; /* outputs: of a channel */
  double ops[BENCH_EDGE_PASSES];    /* of one channel of one edge; a multiplication with an addition is one */
  bench_times ours[BENCH_EDGE_PASSES], peer[BENCH_EDGE_PASSES];
} bench_edge_row;
typedef struct bench_edge {
  double peak; /* multiply-add operations a second of one core, 2 for each op */
  int rows;
  bench_edge_row row[BENCH_EDGE_WIDTHS];
  bench_peer_about about;
  char missing[512];
} bench_edge;
/* On one thread. */
WEYL_MUST_CHECK weyl_status bench_edges(weyl_context *ctx, const bench_edge_ask *ask, bench_edge *out);

/* Receivers have equally many edges, from the nodes that follow them in a ring. */
WEYL_MUST_CHECK weyl_status bench_ring(weyl_arena *arena, int64_t atoms, int64_t edges, weyl_edges *out);

/* ---- the same with harmonics of the edges' directions, in the frame of each edge (align.c) ---- */

typedef enum bench_align_kind {
  BENCH_ALIGN_TABLES, /* harmonics, and weyl_edge_product */
  BENCH_ALIGN_PATHS,  /* the same by weyl_edge_aligned */
  BENCH_ALIGN_ORDERS, /* with weights for orders */
  BENCH_ALIGN_FEW,    /* |m| <= 2 alone */
  BENCH_ALIGN_GAUNT   /* products of functions: even sums of degrees in any case */
} bench_align_kind;
enum { BENCH_ALIGN_WAYS = 5, BENCH_ALIGN_PASSES = 2, BENCH_ALIGN_DEGREES = 9 };
extern const char *const bench_align_way[BENCH_ALIGN_WAYS];
extern const char *const bench_align_pass[BENCH_ALIGN_PASSES]; /* forward, both */
typedef struct bench_align_ask {
  int64_t atoms, edges, channels;
  int l_low, l_high; /* every degree to l, one block each, of x, harmonics and output */
  bool full;         /* all sums of degrees, not the even ones alone */
  weyl_dtype real;
  double seconds; /* for each row and pass */
} bench_align_ask;
typedef struct bench_align_row {
  int l;
  bench_align_kind way;
  int64_t weights;                /* of a channel of an edge */
  double ops[BENCH_ALIGN_PASSES]; /* likewise */
  bench_times ours[BENCH_ALIGN_PASSES];
} bench_align_row;
typedef struct bench_align {
  double peak; /* as of bench_edge */
  int rows;
  bench_align_row row[BENCH_ALIGN_DEGREES * BENCH_ALIGN_WAYS];
} bench_align;
/* On one thread. */
WEYL_MUST_CHECK weyl_status bench_aligns(weyl_context *ctx, const bench_align_ask *ask, bench_align *out);

/* ---- many-body products (many.c) ---- */

enum { BENCH_MANY_ROWS = 16 };
typedef struct bench_many_ask {
  int l, l_out, order;
  int64_t channels, batch, elements;
  weyl_dtype real;
  double seconds;   /* for each row and side */
  const char *peer; /* NULL or "mace" */
  bool verbose;
} bench_many_ask;
typedef struct bench_many_row {
  const char *what, *pass;
  int order;       /* the highest power */
  int64_t weights; /* of one channel and element */
  double ops;      /* of one item; a multiplication with an addition is one, and so is an addition */
  double bytes;    /* of it, that go to or come from memory at least */
  bench_times ours, peer;
} bench_many_row;
typedef struct bench_many {
  double peak;      /* multiply-add operations a second of one core, 2 for each op */
  double bandwidth; /* bytes a second of one core */
  int rows;
  bench_many_row row[BENCH_MANY_ROWS];
  bench_peer_about about;
  char missing[512];
} bench_many;
/* The symmetric contraction, beside the peer, and powers of functions on the sphere; on one thread. */
WEYL_MUST_CHECK weyl_status bench_many_run(weyl_context *ctx, const bench_many_ask *ask, bench_many *out);

/* ---- Fourier transforms and persistency (signals.c), on one thread; sensing and environments (studies.c) ---- */

enum { BENCH_SIGNALS = 24 };
typedef struct bench_signal {
  const char *what;  /* "fft", "normals", "intervals", "exponent", "survival" */
  const char *type;  /* "f32", "f64" */
  int64_t n, items;  /* length; numbers or points of one call */
  double operations; /* 5 n log2 n a transform; 0: not counted */
  double bytes;      /* that must come from memory; 0: not counted */
  bench_times ours, peer;
} bench_signal;
typedef struct bench_signals {
  bench_peer_about about;
  char missing[256];
  double peak[2]; /* multiply-add operations a second, [WEYL_F32], [WEYL_F64] */
  double read;    /* bytes a second, one thread */
  bool wall;      /* rows are by wall time, on all threads; else by CPU time, on one */
  int rows;
  bench_signal row[BENCH_SIGNALS];
} bench_signals;
/* persist: the parts of `weyl persist`; else transforms of several lengths. */
WEYL_MUST_CHECK weyl_status bench_signals_run(weyl_context *ctx, bool persist, double seconds, const char *peer,
                                              bool verbose, bench_signals *out);

/* Steps of `weyl sense`, or searches of `weyl sem`. */
WEYL_MUST_CHECK weyl_status bench_studies_run(weyl_context *ctx, bool environments, double seconds, const char *peer,
                                              bool verbose, bench_signals *out);
/* `n` is modes, `items` points or brackets; `second` and `peer` are not used. */
WEYL_MUST_CHECK weyl_status bench_flat_run(weyl_context *ctx, bool second, double seconds, const char *peer,
                                           bool verbose, bench_signals *out);

/* Euler operators, prolongations and symmetries; `second` is not looked at. */
WEYL_MUST_CHECK weyl_status bench_noether_run(weyl_context *ctx, bool second, double seconds, const char *peer,
                                              bool verbose, bench_signals *out);

/* ---- spherical harmonics (harmonics.c) ---- */

/* "4" or "1-12" to the two ends, which are within least and most. */
WEYL_MUST_CHECK weyl_status bench_degrees(weyl_context *ctx, const char *text, int least, int most, int *low,
                                          int *high);

enum { BENCH_DEGREES_MAX = 24 };
typedef struct bench_harmonics_ask {
  int low, high;
  int64_t points;
  weyl_dtype real;
  double seconds; /* for each degree and side */
  const char *peer;
  bool verbose;
} bench_harmonics_ask;
enum { BENCH_VALUES, BENCH_GRADIENTS };
typedef struct bench_harmonics_row {
  int l;
  double bytes[2];                          /* written */
  bench_times ours[2], sphericart[2], e3nn; /* values; values and gradients */
} bench_harmonics_row;
typedef struct bench_harmonics {
  double store; /* bytes a second that one core writes past the caches */
  int rows;
  bench_harmonics_row row[BENCH_DEGREES_MAX];
  bench_peer_about about;
  char missing[512];
} bench_harmonics;
WEYL_MUST_CHECK weyl_status bench_harmonics_run(weyl_context *ctx, const bench_harmonics_ask *ask,
                                                bench_harmonics *out);

/* ---- products on the sphere (gaunt.c) ---- */

typedef struct bench_gaunt_ask {
  int low, high;
  int64_t channels, batch;
  weyl_dtype real;
  double seconds; /* for each row */
} bench_gaunt_ask;
typedef struct bench_gaunt_row {
  const char *what; /* "gaunt", "gaunt back", ... */
  int l1, l3, power;
  double ns; /* of one channel of one sample, at best */
  double ns_median;
  double operations; /* multiply-adds, multiplications and additions of it */
  double fraction;   /* of the rate of multiply-adds, measured around it */
} bench_gaunt_row;
enum { BENCH_GAUNT_ROWS = 128 };
typedef struct bench_gaunt {
  int rows;
  bench_gaunt_row row[BENCH_GAUNT_ROWS];
  double slope; /* of log time by log L of the Gaunt product, from 6 on; 0 with fewer than two */
} bench_gaunt;
WEYL_MUST_CHECK weyl_status bench_gaunt_run(weyl_context *ctx, const bench_gaunt_ask *ask, bench_gaunt *out);

#endif
