/* program.h: a compiled graph, and a run of it. Private to the autodiff room.
 *
 * Positions: stage 0 (whole values from variables and constants), phase 1 (on all shards), stage 1 (whole), phase 2,
 * ... A sharded value belongs to the phase that makes it, a whole one to the stage from which it can be read; a node
 * that turns sharded values into a whole one runs in its phase, and its value is there at the stage of the same number.
 */
#ifndef WEYL_PROGRAM_H
#define WEYL_PROGRAM_H

#include "graph.h"

#define WEYL_LANES_MAX 64
#define WEYL_NONE      UINT32_MAX

typedef enum weyl_place {
  WEYL_PLACE_NONE,     /* dead */
  WEYL_PLACE_INPUT,    /* the batch's array, at this shard */
  WEYL_PLACE_VARIABLE, /* the variables' arena */
  WEYL_PLACE_CONSTANT, /* the graph's arena */
  WEYL_PLACE_WORK,     /* the thread's workspace */
  WEYL_PLACE_KEPT,     /* all shards' rows in turn: read in a later phase, or an output */
  WEYL_PLACE_WHOLE,    /* the run's whole workspace */
  WEYL_PLACE_TARGET,   /* the memory of the variable that it is assigned to */
  WEYL_PLACE_ALIAS,    /* another value's memory with another shape */
  WEYL_PLACE_VIEW      /* another value's memory with broadcast strides */
} weyl_place;

typedef struct weyl_home {
  weyl_place place;
  bool sharded, reduction; /* reduction: shards give partial results, lanes are added */
  int32_t level;           /* phase (sharded) or stage (whole) */
  uint32_t base;           /* of aliases, views and targets: the value whose memory it is, never itself one */
  uint32_t slot;           /* WORK, WHOLE, KEPT: index into the slots; INPUT: input number */
  uint32_t lane_slot;      /* reductions: of the accumulators, */
  uint32_t part_slot;      /* and of one shard's part in the workspace */
} weyl_home;

/* A piece of memory whose size follows from counts. */
typedef struct weyl_slot_info {
  uint32_t value;
  uint32_t first, last; /* positions of the timeline */
  uint32_t reuse;       /* take the place of this slot (elementwise operation in place), or WEYL_NONE */
} weyl_slot_info;

typedef struct weyl_step {
  uint32_t node;
  uint32_t position;
} weyl_step;

typedef struct weyl_steps {
  weyl_step *item;
  uint32_t n;
} weyl_steps;

typedef struct weyl_pool_plan { /* one kind of memory */
  weyl_slot_info *slot;
  uint32_t n;
} weyl_pool_plan;

struct weyl_program {
  weyl_context *ctx;
  weyl_graph *graph;  /* what runs: the traced graph, or what the rewrites made of it */
  weyl_graph *traced; /* the caller's */
  uint32_t *traced_outputs;
  weyl_arena *arena;
  bool reference, assigns;
  int lanes;
  int n_outputs;
  uint32_t *outputs;
  weyl_home *home;                    /* by value */
  bool *live;                         /* by node */
  uint32_t n_live, n_nodes, n_values; /* of the graph when it was compiled: it may grow afterwards */
  int n_inputs;
  uint32_t *inputs;                       /* values of live inputs */
  int32_t phases;                         /* phases are 1..phases */
  weyl_steps *phase, *stage;              /* [phases + 1] */
  uint32_t **sums, *n_sums;               /* [phases + 1] values that a phase sums over shards */
  weyl_pool_plan work, whole, kept, lane; /* lane: one accumulator of each reduction */
  uint32_t positions;
  double reuse; /* memory of a shard over everything made in it */
};

typedef struct weyl_memory_layout { /* offsets of one kind of memory at given capacities */
  size_t *offset;                   /* [slots] */
  uint32_t *by_offset;              /* scratch, [slots] */
  size_t bytes;
} weyl_memory_layout;

void weyl_program_place(const weyl_program *p, const weyl_pool_plan *pool, const int64_t *count, const int64_t *total,
                        weyl_memory_layout *layout);
size_t weyl_value_bytes(const weyl_graph *g, uint32_t value, const int64_t *count, const int64_t *total);
/* Whether a node runs at all (leaves, aliases and views do not), and whether it runs for every shard. */
bool weyl_program_runs(const weyl_program *p, uint32_t node);
bool weyl_home_in_phase(const weyl_home *h);
/* Dense strides and dims of a value with these counts. */
void weyl_view_shape(const weyl_graph *g, uint32_t value, const int64_t *count, const int64_t *total, weyl_view *view);

#endif
