/* optimise.h: rewriting a graph before it is planned.
 *
 * A pass builds a second graph from the first, node by node.  While a graph has a rewriter, every node that is asked
 * for is offered to the rules first: a rule gives an equal expression of nodes that cost less, or declines.  What a
 * rule asks for is offered to the rules in its turn, so rules stay small.  Derivatives are nodes like others here; what
 * is made here is never differentiated.
 */
#ifndef WEYL_OPTIMISE_H
#define WEYL_OPTIMISE_H

#include "../graph.h"

typedef enum weyl_rewrite {
#define WEYL_REWRITE(U, name, about) WEYL_REWRITE_##U,
#include "rewrites.def"
#undef WEYL_REWRITE
  WEYL_REWRITE_COUNT
} weyl_rewrite;

#define WEYL_REWRITE_ALL ((1u << WEYL_REWRITE_COUNT) - 1)

/* A node that is asked for. */
typedef struct weyl_call {
  const weyl_op *op;
  const weyl_tensor *in;
  int n_in;
  const weyl_attr *attr; /* never NULL */
  const char *name;
} weyl_call;

typedef struct weyl_value_facts {
  uint32_t uses; /* readers among the nodes of the graph rewritten; 1 for what a rule made */
  bool sliced;   /* all of them are slices */
} weyl_value_facts;

typedef struct weyl_rewriter {
  unsigned on;             /* bits 1 << weyl_rewrite */
  bool layout;             /* the last pass: operands are laid as the kernels like them */
  int depth;               /* of rules within rules */
  const weyl_graph *from;  /* the graph that is built again, */
  const bool *live;        /* which of its nodes are, */
  const uint32_t *map;     /* what its values became, */
  const weyl_node *source; /* and the node in hand */
  weyl_value_facts *facts;
  uint32_t cap_facts;
  uint32_t *bucket, *next; /* nodes by the hash of what they are: heads, and the next one of each node */
  uint32_t buckets, cap_next;
} weyl_rewriter;

/* Which rewrites WEYL_OPT asks for: unset or "1" all, "none" none, else names separated by commas; with "-" in front of
 * the first, all but those. "0" asks for the op-by-op executor (*reference). WEYL_BAD_ARG names what is unknown. */
weyl_status weyl_rewrites_asked(weyl_context *ctx, const char *text, unsigned *on, bool *reference);
/* A graph of its own with equal outputs and, if asked, assignments; outputs are values of it. The first graph must
 * outlive it (constants are shared). */
weyl_status weyl_optimise(weyl_graph *from, const uint32_t *outputs, int n, bool assigns, unsigned on, weyl_graph **to,
                          uint32_t *out);

/* Cheap numbers that a later phase reads are made again there (recompute.c). The graph is a new one, as above; outputs
 * are changed to its values. */
weyl_status weyl_recompute(weyl_graph *from, uint32_t *outputs, int n, bool assigns, weyl_graph **to);
/* Clusters of elementwise nodes become single steps. The graph is a new one, as above; outputs are changed to its
 * values. */
weyl_status weyl_fuse(weyl_graph *from, uint32_t *outputs, int n, bool assigns, weyl_graph **to);

/* ---- for passes ---- */
void weyl_mark_live(const weyl_graph *g, const uint32_t *outputs, int n, bool assigns, bool *live); /* by node */
/* The node again, in another graph; constants and names move with it. */
weyl_tensor weyl_copy_node(weyl_graph *to, const weyl_node *node, const weyl_tensor *in);
/* When all nodes are there: outputs become their images in map, and assignments move. */
weyl_status weyl_finish_copy(const weyl_graph *from, const uint32_t *map, uint32_t *outputs, int n, bool assigns,
                             weyl_graph *to);

/* ---- for weyl_node_new ---- */
weyl_tensor weyl_rewrite_call(weyl_graph *g, const weyl_call *call); /* null: make it */
void weyl_rewrite_made(weyl_graph *g, const weyl_node *node);

/* ---- rules: the better expression, or null ---- */
weyl_tensor weyl_rewrite_fold(weyl_graph *g, const weyl_call *call);
weyl_tensor weyl_rewrite_move(weyl_graph *g, const weyl_call *call);
weyl_tensor weyl_rewrite_hoist(weyl_graph *g, const weyl_call *call);
weyl_tensor weyl_rewrite_chain(weyl_graph *g, const weyl_call *call);
weyl_tensor weyl_rewrite_signs(weyl_graph *g, const weyl_call *call);
weyl_tensor weyl_rewrite_transpose(weyl_graph *g, const weyl_call *call);
weyl_tensor weyl_rewrite_equal(weyl_graph *g, const weyl_call *call); /* a node that is there already */

/* ---- for rules ---- */
/* The node that makes t, if it is of this operation. */
const weyl_node *weyl_made_by(weyl_tensor t, const weyl_op *op);
weyl_value_facts weyl_facts(weyl_tensor t);
bool weyl_whole(weyl_tensor t); /* no axis is a count of a shard */
/* One number everywhere. */
bool weyl_uniform(weyl_tensor t, double *value);
/* Numbers of typical size for decisions: a molecule's nodes and edges. */
double weyl_dim_typical(weyl_dim d);

/* The axes of a dot_general. */
typedef struct weyl_dot {
  weyl_tensor in[2];
  int batch[2][4], contract[2][4], free[2][WEYL_RANK_MAX];
  int n_batch, n_contract, n_free[2];
} weyl_dot;
weyl_dot weyl_dot_read(weyl_graph *g, const weyl_tensor *in, const weyl_attr *attr);
weyl_tensor weyl_dot_make(const weyl_dot *d);

#endif
