/* engine.h: the graph and the operation table, private to the autodiff room.
 *
 * A graph is in single assignment form: nodes make values, values are numbered in the order they were made, which is a
 * topological order.  An operation is a row (weyl_op): shape rule, evaluation, derivative made of operations, and an
 * example for the generic tests.  ops/ops.def lists them.
 */
#ifndef WEYL_ENGINE_H
#define WEYL_ENGINE_H

#include <weyl/autodiff.h>

typedef struct weyl_op weyl_op;
typedef struct weyl_node weyl_node;

#define WEYL_OUTPUTS_MAX 24 /* of a node */

/* Everything that tells two nodes of one operation apart. Unused entries are zero. */
typedef struct weyl_attr {
  int32_t axis, flag, n;
  int64_t i[24]; /* axes, starts, strides: each operation says which */
  double f[2];
  weyl_shape shape; /* target shape where it is not inferred */
  const void *data; /* constant arrays, in the graph's arena */
  uint64_t key;     /* of random streams */
} weyl_attr;

typedef struct weyl_value {
  weyl_shape shape;
  weyl_dtype dtype;
  uint32_t node; /* that makes it */
  int32_t out;   /* as its out-th output */
} weyl_value;

struct weyl_node {
  const weyl_op *op;
  int32_t n_in, n_out;
  const uint32_t *in; /* values */
  uint32_t first;     /* value of output 0; the others follow */
  uint32_t id;
  weyl_attr attr;
  const char *name;  /* of inputs, variables and random streams, else NULL */
  const char *scope; /* "enc.0." or "" */
};

/* An array in memory during a run. Only operations with WEYL_OP_STRIDED get views whose strides are not those of a
 * dense row-major array, and then every stride is either the dense one of some smaller array or 0 (broadcast). */
typedef struct weyl_view {
  void *data;
  weyl_dtype dtype;
  int32_t rank;
  int64_t dim[WEYL_RANK_MAX], stride[WEYL_RANK_MAX];
} weyl_view;

/* Which step it is, and which shard of it. */
typedef struct weyl_moment {
  uint64_t seed, step;
  int64_t row[WEYL_COUNTS]; /* first row of the shard in the whole batch, by count */
} weyl_moment;

typedef struct weyl_eval {
  weyl_context *ctx;
  const weyl_kernels *kernels;
  const weyl_graph *graph;
  const weyl_node *node;
  const weyl_view *in;
  const weyl_view
      *out; /* dense; never overlaps an input but for elementwise operations, where it may be exactly one of them */
  void *prepared;  /* what .prepare left here for these shapes, or NULL */
  void *scratch;   /* at least WEYL_GEMM_SCRATCH and what .scratch asked for; 64-byte aligned */
  bool add;        /* with WEYL_OP_ADDS: add to what the output holds */
  int part, parts; /* with WEYL_OP_DEALS; parts 0 or 1: all of it */
  const weyl_moment *now;
  const int64_t *count; /* [WEYL_COUNTS]: of this shard; of the whole batch for a whole node, */
  const int64_t *total; /* and of the whole batch */
  int64_t *degenerate;  /* counter */
} weyl_eval;

enum {
  WEYL_OP_LINEAR = 1,  /* linear in each real input (multilinear): the adjointness test applies */
  WEYL_OP_STRIDED = 2, /* accepts broadcast views; elementwise over the output's shape: out may be an input */
  WEYL_OP_ALIAS = 4,   /* output is input 0's memory with another shape (reshape, stop_gradient) */
  WEYL_OP_VIEW = 8,    /* output can be a strided view of input 0 (broadcast) */
  WEYL_OP_LEAF = 16,   /* no inputs, memory provided: input, variable, constant data */
  WEYL_OP_REDUCES =
      32, /* may turn sharded inputs into a whole output: partial results of shards are added (or maximised) */
  WEYL_OP_MAXIMUM = 64,     /* ... maximised */
  WEYL_OP_COLLECTS = 128,   /* ... laid one after another */
  WEYL_OP_STRIDED_IN = 256, /* accepts broadcast views, but is not elementwise (copying and summing operations) */
  WEYL_OP_PARTIAL = 512,    /* an output that nobody reads has no memory (data NULL) and is not computed */
  WEYL_OP_DEALS = 2048,     /* with attr.flag: can be made in parts, part e->part of e->parts by each of some threads */
  WEYL_OP_ADDS = 1024       /* a partial result can be added where it belongs: no other output, and it reads e->add */
};

enum { WEYL_EXAMPLE_INPUTS = 6 };
/* How the generic tests call an operation. */
typedef struct weyl_example {
  weyl_graph *graph;
  int n_in, n_out;
  weyl_tensor in[WEYL_EXAMPLE_INPUTS]; /* made with weyl_example_input: real, or i32 below `limit` */
  int64_t limit[WEYL_EXAMPLE_INPUTS];  /* 0: real; k > 0: indices 0..k-1 */
  bool sorted[WEYL_EXAMPLE_INPUTS];    /* indices ascending */
  double low[WEYL_EXAMPLE_INPUTS], high[WEYL_EXAMPLE_INPUTS];
  bool symmetric[WEYL_EXAMPLE_INPUTS]; /* last two axes are symmetrised */
  bool spd[WEYL_EXAMPLE_INPUTS];       /* ... and made positive definite */
  weyl_tensor out[3];
} weyl_example;

struct weyl_op {
  const char *name;
  int n_out; /* 0 means 1, -1 attr.n */
  unsigned flags;
  /* Infers the outputs' shapes and types (g's values node->first ...) from inputs and attributes; weyl_fail with both
   * shapes when they do not agree. */
  weyl_status (*shape)(weyl_graph *g, const weyl_node *node, weyl_value *out);
  weyl_status (*eval)(const weyl_eval *e);
  /* dx[i] for each input with want[i]; a null dy[k] means zero. Leave dx[i] null where there is no dependence. NULL: no
   * derivative. */
  void (*vjp)(weyl_graph *g, const weyl_node *node, const weyl_tensor *dy, const bool *want, weyl_tensor *dx);
  /* What .eval works out from shapes alone, worked out once for shards of equal counts: .prepare fills e->prepared,
   * .prepared bytes, without reading or keeping any .data. NULL: nothing. */
  size_t (*prepared)(const weyl_node *node);
  void (*prepare)(const weyl_eval *e);
  size_t (*scratch)(const weyl_node *node, const weyl_view *in,
                    const weyl_view *out); /* bytes; NULL: none beyond GEMM's */
  double (*flops)(const weyl_node *node, const weyl_view *in, const weyl_view *out); /* NULL: one per output number */
  /* Whether output `out` may be written where operand `in` is, number by number while others are still read. NULL:
   * never. */
  bool (*overwrites)(const weyl_node *node, int out, int in);
  struct {
    double low, high;                             /* default domain of real inputs; both 0: [-1, 1] */
    int order;                                    /* derivatives tested: 0, 1, 2 */
    int cases;                                    /* example is called with which = 0 .. cases-1; 0 means 1 */
    double h;                                     /* step of finite differences; 0: default */
    void (*example)(weyl_example *ex, int which); /* NULL: no test (leaves only) */
  } check;
};

/* All operations, by ops.def. */
#define WEYL_OP(name) extern const weyl_op weyl_op_##name;
#include "ops/ops.def"
#undef WEYL_OP
extern const weyl_op *const weyl_ops_all[];
extern const size_t weyl_ops_count;

/* ---- building ---------------------------------------------------------------------------------------------------- */

/* Makes a node and gives output 0 (others: weyl_node_value(t, k)). Null or foreign inputs, or a failing shape rule,
 * give the null tensor and keep the failure. name may be NULL. */
weyl_tensor weyl_node_new(weyl_graph *g, const weyl_op *op, const weyl_tensor *in, int n_in, const weyl_attr *attr,
                          const char *name);
weyl_tensor weyl_node_value(weyl_tensor first, int k);
weyl_tensor weyl_tensor_of(weyl_graph *g, uint32_t value);
weyl_tensor weyl_node_in(weyl_graph *g, const weyl_node *node, int i);
weyl_tensor weyl_node_out(weyl_graph *g, const weyl_node *node, int k);
const weyl_value *weyl_value_of(const weyl_graph *g, uint32_t value);
const weyl_node *weyl_graph_node(const weyl_graph *g, uint32_t node);
uint32_t weyl_graph_nodes(const weyl_graph *g);
const weyl_shape *weyl_in_shape(const weyl_graph *g, const weyl_node *node, int i);
/* "dot_general (enc.0.): " style failure of a node under construction. */
weyl_status weyl_node_fail(weyl_graph *g, const weyl_node *node, weyl_status status, const char *fmt, ...)
    WEYL_PRINTF(4, 5);

/* Shapes. */
bool weyl_dim_equal(weyl_dim a, weyl_dim b);
bool weyl_dim_sharded(weyl_dim d); /* its count is a shard's */
bool weyl_shape_sharded(const weyl_shape *s);
int weyl_axis(weyl_graph *g, const char *op, weyl_tensor x,
              int axis); /* negative from the end; -1 and a failure when out of range */
weyl_status weyl_shape_same(weyl_graph *g, const weyl_node *node,
                            weyl_value *out); /* output as input 0; all real inputs must agree */
/* Numbers: the dims with counts put in; count[WEYL_COUNTS] of the shard, total of the batch. */
int64_t weyl_dim_size(weyl_dim d, const int64_t *count, const int64_t *total);
int64_t weyl_shape_size(const weyl_shape *s, const int64_t *count, const int64_t *total);

/* Internal forms used by derivatives. */
weyl_tensor weyl_sum_axes(weyl_tensor x, int n, const int *axes); /* drops the axes */
weyl_tensor weyl_broadcast_in(weyl_tensor x, weyl_shape shape,
                              const int *axes); /* axis i of x becomes axis axes[i]; number 1 stretches */
weyl_tensor weyl_zeros_like(weyl_tensor x);
weyl_tensor weyl_unary_of(weyl_unary f, weyl_tensor x);
weyl_tensor weyl_binary_of(weyl_binary f, weyl_tensor a, weyl_tensor b); /* broadcasts */

/* Every index is in 0..rows-1; WEYL_BAD_ARG names the first that is not. */
weyl_status weyl_rows_in_range(const weyl_eval *e, const weyl_view *index, int64_t rows);

/* Views. */
int64_t weyl_view_size(const weyl_view *v);
bool weyl_view_dense(const weyl_view *v);
static inline int64_t weyl_view_inner(const weyl_view *v, int from) { /* product of dims from an axis on */
  int64_t n = 1;
  for (int i = from; i < v->rank; i++) n *= v->dim[i];
  return n;
}

/* Examples. */
weyl_tensor weyl_example_input(weyl_example *ex, weyl_shape shape); /* real */
weyl_tensor weyl_example_index(weyl_example *ex, weyl_shape shape, int64_t limit, bool sorted);

#endif
