/* graph.h: what a graph is made of, for the files that build, differentiate and compile it. */
#ifndef WEYL_GRAPH_H
#define WEYL_GRAPH_H

#include "engine.h"

typedef struct weyl_watching {
  uint32_t value;
  const char *name;
  struct weyl_watching *next; /* in the order marked */
} weyl_watching;

typedef struct weyl_assignment {
  uint32_t variable, value;
} weyl_assignment;

typedef struct weyl_kept weyl_kept; /* plans.c */

struct weyl_graph {
  weyl_context *ctx;
  weyl_variables *vars;
  weyl_arena *arena;
  weyl_dtype real;
  bool training;
  uint32_t generation;
  weyl_status status;
  uint32_t n_nodes, cap_nodes;
  weyl_node **nodes;
  uint32_t n_values, cap_values;
  weyl_value *values;
  uint32_t n_assigns, cap_assigns;
  weyl_assignment *assigns;
  weyl_watching *watched;
  weyl_kept *kept;
  char scope[512];
  const char *scope_text; /* interned copy of scope */
  size_t scope_depth, scope_at[64];
  struct weyl_rewriter *rewriter; /* while the graph is being rewritten: new nodes are offered to its rules */
  uint32_t vector_node;           /* the parameter vector, or UINT32_MAX: then no parameter may follow */
};

/* An assignment as it stands: no copy, no checks. */
weyl_status weyl_graph_append_assign(weyl_graph *g, uint32_t variable, uint32_t value);
/* When a node's values are made (program.h), put into level, which has its operands' by value: the phase of sharded
 * values and of what is summed over shards, the stage of other whole values. Returns the node's phase, 0 for a stage.
 */
int32_t weyl_node_levels(const weyl_graph *g, const weyl_node *node, int32_t *level);

#endif
