/* A run on several ranks: which lanes and shards each has, and what they exchange. */
#include "run.h"

#include <stdio.h>

/* The lanes of a rank must be a subtree of the tree that adds all of them. */
static bool can_share(int ranks, int lanes) {
  if (ranks < 1 || lanes % ranks != 0) return false;
  const int block = lanes / ranks;
  return ranks == 1 || (block & (block - 1)) == 0;
}

weyl_status weyl_comm_check(weyl_context *ctx, int ranks, int lanes) {
  if (can_share(ranks, lanes)) return WEYL_OK;
  char possible[64] = "";
  size_t used = 0;
  for (int n = 1; n <= lanes && used < sizeof possible; n++)
    if (can_share(n, lanes))
      used += (size_t)snprintf(possible + used, sizeof possible - used, "%s%d", used ? ", " : "", n);
  return weyl_fail(ctx, WEYL_BAD_ARG, "%d ranks cannot share %d lanes evenly, the number of ranks must be one of: %s",
                   ranks, lanes, possible);
}

/* The lanes that a batch of so many shards has, and those of them that are the rank's. */
static int deal(const weyl_program *p, int64_t shards, int rank, int ranks, int *from, int *to) {
  const int lanes = shards < p->lanes ? (int)shards : p->lanes, block = p->lanes / ranks;
  *from = rank * block < lanes ? rank * block : lanes;
  *to = *from + block < lanes ? *from + block : lanes;
  return lanes;
}

void weyl_program_share(const weyl_program *p, int64_t shards, int rank, int ranks, int64_t *from, int64_t *to) {
  *from = 0;
  *to = shards;
  if (p->reference || ranks < 2) return; /* op by op: all of it on every rank */
  int first, last;
  const int lanes = deal(p, shards, rank, ranks, &first, &last);
  *from = first * shards / lanes;
  *to = last * shards / lanes;
}

void weyl_run_deal(weyl_run *run) {
  run->lanes = deal(run->program, run->batch->shards, run->comm ? run->comm->rank : 0, run->comm ? run->comm->size : 1,
                    &run->lane_from, &run->lane_to);
}

weyl_status weyl_run_agree(weyl_run *run, weyl_status status) {
  return run->comm ? run->comm->agree(run->comm->self, run->ctx, status) : status;
}

/* Rows of the sharded value v that stand at `data` for the whole batch: each rank has those of its shards. */
static weyl_status gather(weyl_run *run, uint32_t v, char *data) {
  int64_t first[WEYL_LANES_MAX + 1], from, to;
  for (int r = 0; r < run->comm->size; r++) {
    weyl_program_share(run->program, run->batch->shards, r, run->comm->size, &from, &to);
    first[r] = (int64_t)weyl_value_bytes(run->program->graph, v, run->first[from], run->total);
  }
  first[run->comm->size] = (int64_t)weyl_value_bytes(run->program->graph, v, run->total, run->total);
  return run->comm->gather(run->comm->self, data, first);
}

char *weyl_run_sums(const weyl_run *run, const weyl_home *h) {
  return run->lane_memory + (size_t)run->lane_from * run->lane.bytes + run->lane.offset[h->lane_slot];
}

typedef struct piece { /* accumulators beside each other, with the padding in between */
  char *data;
  size_t bytes;
  weyl_dtype dtype;
  bool maximum;
} piece;

static weyl_status add_piece(const weyl_comm *comm, const piece *x) {
  if (!x->data) return WEYL_OK;
  const int64_t n = (int64_t)(x->bytes / weyl_dtype_size(x->dtype));
  return (x->maximum ? comm->maximum : comm->sum)(comm->self, x->data, x->dtype, n);
}

weyl_status weyl_run_exchange(weyl_run *run) {
  if (!run->comm) return WEYL_OK;
  const weyl_program *p = run->program;
  const weyl_steps *steps = &p->phase[run->level];
  piece last = {0};
  for (uint32_t i = 0; i < steps->n; i++) {
    const weyl_node *node = p->graph->nodes[steps->item[i].node];
    for (int k = 0; k < node->n_out; k++) {
      const uint32_t v = node->first + (uint32_t)k;
      const weyl_home *h = &p->home[v];
      if (h->reduction && node->op->flags & WEYL_OP_COLLECTS)
        WEYL_TRY(gather(run, node->in[0], run->whole_memory + run->whole.offset[h->slot]));
      if (h->lane_slot == WEYL_NONE) continue;
      const piece x = {.data = weyl_run_sums(run, h),
                       .bytes = weyl_value_bytes(p->graph, v, run->total, run->total),
                       .dtype = p->graph->values[v].dtype,
                       .maximum = (node->op->flags & WEYL_OP_MAXIMUM) != 0};
      const char *behind = last.data ? last.data + ((last.bytes + 63) & ~(size_t)63) : NULL;
      if (x.data == behind && x.dtype == last.dtype && x.maximum == last.maximum) {
        last.bytes = (size_t)(x.data - last.data) + x.bytes;
      } else {
        WEYL_TRY(add_piece(run->comm, &last));
        last = x;
      }
    }
  }
  return add_piece(run->comm, &last);
}

weyl_status weyl_run_gather_outputs(weyl_run *run) {
  const weyl_program *p = run->program;
  for (int k = 0; run->comm && k < p->n_outputs; k++)
    if (p->home[p->outputs[k]].sharded) WEYL_TRY(gather(run, p->outputs[k], weyl_run_output(run, k).data));
  return WEYL_OK;
}
