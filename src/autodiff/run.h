/* run.h: the memory of a run. Private to the autodiff room. */
#ifndef WEYL_RUN_H
#define WEYL_RUN_H

#include "program.h"

typedef struct weyl_bound weyl_bound;

struct weyl_run {
  weyl_context *ctx;
  weyl_program *program;
  const weyl_comm *comm;
  int threads;
  /* capacities */
  int64_t count_cap[WEYL_COUNTS], total_cap[WEYL_COUNTS], shards_cap;
  weyl_memory_layout work, whole, kept, lane;
  uint64_t generation; /* of the memory below */
  weyl_bound **bound;  /* [phases + 1][threads] */
  size_t scratch_bytes;
  char **workspace, **scratch; /* [threads] */
  weyl_view **operands;        /* [threads][most operands of a node] */
  char *whole_memory, *kept_memory, *lane_memory;
  int64_t (*first)[WEYL_COUNTS]; /* [shards + 1] rows before each shard */
  int64_t *degenerate;           /* [threads] */
  weyl_status lane_status[WEYL_LANES_MAX];
  /* the step in progress */
  const weyl_batch *batch;
  int64_t total[WEYL_COUNTS];
  int32_t level;
  uint32_t stage_from, stage_to; /* steps of the stage in hand */
  int lanes, lane_from, lane_to; /* of the batch; from which to before which are this rank's */
  char *variables[WEYL_KINDS];
  /* the op-by-op executor: every value of every shard in memory of its own */
  char **value_memory; /* [values], NULL when planned */
  size_t *value_room;
};

/* Where value v, which is no alias and no view, of a shard is. */
char *weyl_run_memory(const weyl_run *run, uint32_t v, int64_t shard, int thread);
/* ... and any value, and how it is shaped. */
void weyl_run_view(const weyl_run *run, uint32_t v, int64_t shard, int thread, weyl_view *view);
/* Evaluates one node for one shard (-1: a whole node) with the views given, or its part of so many. */
weyl_status weyl_run_node(weyl_run *run, const weyl_node *node, int64_t shard, int thread, const weyl_kernels *kernels,
                          const weyl_view *in, const weyl_view *out, int part, int parts);
/* sum = a + b, or their maximum. */
void weyl_run_combine(const weyl_kernels *kernels, const weyl_node *node, weyl_dtype dtype, size_t n, const void *a,
                      const void *b, void *sum);
/* The phase run->level of one shard; its sums go to those of the lane. */
weyl_status weyl_bound_run(weyl_run *run, int64_t shard, int thread, int lane, bool first_of_lane);
weyl_status weyl_bound_new(weyl_run *run);
void weyl_bound_free(weyl_run *run);
void weyl_run_assign(weyl_run *run);
/* Several ranks (ranks.c); all of it does the obvious on one. Sets the lanes of the batch and of this rank. */
void weyl_run_deal(weyl_run *run);
weyl_status weyl_run_agree(weyl_run *run, weyl_status status);
/* Where the sum of this rank's lanes is, and behind weyl_run_exchange that of all lanes. */
char *weyl_run_sums(const weyl_run *run, const weyl_home *h);
/* The reductions of the phase run->level become those of all ranks. */
weyl_status weyl_run_exchange(weyl_run *run);
weyl_status weyl_run_gather_outputs(weyl_run *run);
weyl_status weyl_run_begin(weyl_run *run, const weyl_batch *batch); /* checks the batch, makes room */
/* One step op by op. check: WEYL_NUMERIC at the first node with a NaN or infinity; then nothing is assigned. */
weyl_status weyl_run_reference(weyl_run *run, const weyl_batch *batch, const weyl_kernels *kernels, bool check);
void weyl_run_reference_free(weyl_run *run);

#endif
