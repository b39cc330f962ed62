/* The planned executor: phases over shards by lanes, ordered sums, stages of whole values, assignments last. */
#include "run.h"
#include "variables.h"

#include <math.h>
#include <string.h>

#define INPUTS_MAX 64

/* ---- views ---------------------------------------------------------------------------------------------------------
 */

static char *base_memory(const weyl_run *run, uint32_t v, int64_t shard, int thread) {
  const weyl_program *p = run->program;
  const weyl_graph *g = p->graph;
  const weyl_home *h = &p->home[v];
  const weyl_node *node = g->nodes[g->values[v].node];
  switch (h->place) {
    case WEYL_PLACE_INPUT: {
      char *data = (char *)(uintptr_t)run->batch->input[h->slot];
      /* rows before this shard: the shape is linear in its one count */
      return h->sharded ? data + weyl_value_bytes(g, v, run->first[shard], run->total) : data;
    }
    case WEYL_PLACE_VARIABLE:
      if (node->op == &weyl_op_variable_vector) return run->variables[node->attr.axis];
      return run->variables[node->attr.axis] +
             (size_t)g->vars->store[node->attr.axis].items[node->attr.n].offset * weyl_dtype_size(g->real);
    case WEYL_PLACE_CONSTANT: return (char *)(uintptr_t)node->attr.data;
    case WEYL_PLACE_WORK: return run->value_memory ? NULL : run->workspace[thread] + run->work.offset[h->slot];
    case WEYL_PLACE_KEPT:
      return run->kept_memory + run->kept.offset[h->slot] + weyl_value_bytes(g, v, run->first[shard], run->total);
    case WEYL_PLACE_WHOLE: return run->whole_memory + run->whole.offset[h->slot];
    default: return NULL;
  }
}

char *weyl_run_memory(const weyl_run *run, uint32_t v, int64_t shard, int thread) {
  const weyl_home *h = &run->program->home[v];
  if (run->value_memory && (h->place == WEYL_PLACE_WORK || h->place == WEYL_PLACE_KEPT || h->place == WEYL_PLACE_WHOLE))
    return run->value_memory[v] +
           (h->sharded ? weyl_value_bytes(run->program->graph, v, run->first[shard], run->total) : 0);
  return base_memory(run, v, shard, thread);
}

void weyl_run_view(const weyl_run *run, uint32_t v, int64_t shard, int thread, weyl_view *view) {
  const weyl_program *p = run->program;
  const weyl_graph *g = p->graph;
  const weyl_home *h = &p->home[v];
  const int64_t *count = shard >= 0 ? run->batch->count[shard] : run->total;
  if (h->place == WEYL_PLACE_VIEW) {
    weyl_view from;
    const weyl_node *node = g->nodes[g->values[v].node];
    weyl_run_view(run, node->in[0], shard, thread, &from);
    weyl_view_shape(g, v, count, run->total, view);
    for (int a = 0; a < view->rank; a++) view->stride[a] = 0;
    for (int i = 0; i < from.rank; i++)
      if (from.dim[i] != 1) view->stride[node->attr.i[i]] = from.stride[i];
    view->data = from.data;
    return;
  }
  weyl_view_shape(g, v, count, run->total, view);
  view->data = weyl_run_memory(run, h->base, shard, thread);
}

weyl_status weyl_run_node(weyl_run *run, const weyl_node *node, int64_t shard, int thread, const weyl_kernels *kernels,
                          const weyl_view *in, const weyl_view *out, int part, int parts) {
  weyl_moment now = {.seed = run->batch->seed, .step = run->batch->step};
  if (shard >= 0) memcpy(now.row, run->first[shard], sizeof now.row);
  const weyl_eval e = {.ctx = run->ctx,
                       .kernels = kernels,
                       .graph = run->program->graph,
                       .node = node,
                       .in = in,
                       .out = out,
                       .scratch = run->scratch[thread],
                       .part = part,
                       .parts = parts,
                       .now = &now,
                       .count = shard >= 0 ? run->batch->count[shard] : run->total,
                       .total = run->total,
                       .degenerate = &run->degenerate[thread]};
  return node->op->eval(&e);
}

void weyl_run_combine(const weyl_kernels *kernels, const weyl_node *node, weyl_dtype dtype, size_t n, const void *a,
                      const void *b, void *sum) {
  kernels->binary[dtype][node->op->flags & WEYL_OP_MAXIMUM ? WEYL_BINARY_MAX : WEYL_BINARY_ADD](n, a, 1, b, 1, sum);
}

/* ---- making room
 * ------------------------------------------------------------------------------------------------------ */

static bool layout_new(weyl_run *run, weyl_memory_layout *l, const weyl_pool_plan *pool) {
  l->offset = weyl_alloc(run->ctx, pool->n + 1, sizeof *l->offset);
  l->by_offset = weyl_alloc(run->ctx, pool->n + 1, sizeof *l->by_offset);
  return l->offset && l->by_offset;
}

static void layout_free(weyl_run *run, weyl_memory_layout *l) {
  weyl_dealloc(run->ctx, l->offset);
  weyl_dealloc(run->ctx, l->by_offset);
}

weyl_status weyl_run_new(weyl_program *p, const weyl_comm *comm, weyl_run **out) {
  *out = NULL;
  if (comm) WEYL_TRY(weyl_comm_check(p->ctx, comm->size, p->lanes));
  weyl_run *run = weyl_alloc(p->ctx, 1, sizeof *run);
  if (!run) return WEYL_MEMORY;
  run->ctx = p->ctx;
  run->program = p;
  run->comm = comm && comm->size > 1 ? comm : NULL;
  run->threads = weyl_threads(p->ctx);
  const size_t t = (size_t)run->threads;
  run->workspace = weyl_alloc(p->ctx, t, sizeof *run->workspace);
  run->scratch = weyl_alloc(p->ctx, t, sizeof *run->scratch);
  run->degenerate = weyl_alloc(p->ctx, t, sizeof *run->degenerate);
  run->operands = weyl_alloc(p->ctx, t, sizeof *run->operands);
  size_t most = 1;
  for (uint32_t n = 0; n < p->n_nodes; n++)
    if (p->live[n] && (size_t)p->graph->nodes[n]->n_in > most) most = (size_t)p->graph->nodes[n]->n_in;
  bool operands = run->operands != NULL;
  for (size_t k = 0; operands && k < t; k++) {
    run->operands[k] = weyl_alloc(p->ctx, most, sizeof **run->operands);
    operands = run->operands[k] != NULL;
  }
  if (operands && !p->reference && weyl_bound_new(run) != WEYL_OK) operands = false;
  if (!operands || !run->workspace || !run->scratch || !run->degenerate || !layout_new(run, &run->work, &p->work) ||
      !layout_new(run, &run->whole, &p->whole) || !layout_new(run, &run->kept, &p->kept) ||
      !layout_new(run, &run->lane, &p->lane)) {
    weyl_run_free(run);
    return WEYL_MEMORY;
  }
  *out = run;
  return WEYL_OK;
}

void weyl_run_free(weyl_run *run) {
  if (!run) return;
  for (int t = 0; t < run->threads; t++) {
    if (run->operands) weyl_dealloc(run->ctx, run->operands[t]);
    if (run->workspace) weyl_dealloc(run->ctx, run->workspace[t]);
    if (run->scratch) weyl_dealloc(run->ctx, run->scratch[t]);
  }
  weyl_run_reference_free(run);
  weyl_bound_free(run);
  weyl_dealloc(run->ctx, run->operands);
  weyl_dealloc(run->ctx, run->workspace);
  weyl_dealloc(run->ctx, run->scratch);
  weyl_dealloc(run->ctx, run->degenerate);
  weyl_dealloc(run->ctx, run->whole_memory);
  weyl_dealloc(run->ctx, run->kept_memory);
  weyl_dealloc(run->ctx, run->lane_memory);
  weyl_dealloc(run->ctx, run->first);
  layout_free(run, &run->work);
  layout_free(run, &run->whole);
  layout_free(run, &run->kept);
  layout_free(run, &run->lane);
  weyl_dealloc(run->ctx, run);
}

static size_t node_scratch(const weyl_run *run, const weyl_node *node, const int64_t *count, const int64_t *total) {
  if (!node->op->scratch) return 0;
  weyl_view in[INPUTS_MAX], out[WEYL_OUTPUTS_MAX];
  for (int i = 0; i < node->n_in && i < INPUTS_MAX; i++)
    weyl_view_shape(run->program->graph, node->in[i], count, total, &in[i]);
  for (int k = 0; k < node->n_out; k++)
    weyl_view_shape(run->program->graph, node->first + (uint32_t)k, count, total, &out[k]);
  return node->op->scratch(node, in, out);
}

static weyl_status replace(weyl_run *run, char **memory, size_t bytes) {
  weyl_dealloc(run->ctx, *memory);
  *memory = bytes ? weyl_alloc(run->ctx, bytes, 1) : NULL;
  return bytes && !*memory ? WEYL_MEMORY : WEYL_OK;
}

static weyl_status make_room(weyl_run *run, bool op_by_op) {
  weyl_program *p = run->program;
  run->scratch_bytes = 0;
  run->generation++;
  for (uint32_t n = 0; n < p->n_nodes; n++)
    if (weyl_program_runs(p, n)) {
      const weyl_node *node = p->graph->nodes[n];
      const size_t s = node_scratch(
          run, node, weyl_home_in_phase(&p->home[node->first]) ? run->count_cap : run->total_cap, run->total_cap);
      if (s > run->scratch_bytes) run->scratch_bytes = s;
    }
  for (int t = 0; t < run->threads; t++)
    WEYL_TRY(replace(run, &run->scratch[t], WEYL_GEMM_SCRATCH + run->scratch_bytes + 64));
  if (op_by_op) return WEYL_OK;
  weyl_program_place(p, &p->work, run->count_cap, run->total_cap, &run->work);
  weyl_program_place(p, &p->whole, run->total_cap, run->total_cap, &run->whole);
  weyl_program_place(p, &p->kept, run->total_cap, run->total_cap, &run->kept);
  weyl_program_place(p, &p->lane, run->total_cap, run->total_cap, &run->lane);
  for (int t = 0; t < run->threads; t++) WEYL_TRY(replace(run, &run->workspace[t], run->work.bytes));
  WEYL_TRY(replace(run, &run->whole_memory, run->whole.bytes));
  WEYL_TRY(replace(run, &run->kept_memory, run->kept.bytes));
  return replace(run, &run->lane_memory, run->lane.bytes * (size_t)p->lanes);
}

weyl_status weyl_run_begin(weyl_run *run, const weyl_batch *batch) {
  weyl_program *p = run->program;
  const weyl_variables *vars = p->graph->vars;
  if (batch->shards < 1)
    return weyl_fail(run->ctx, WEYL_BAD_ARG, "a batch of %lld shards, must have at least one",
                     (long long)batch->shards);
  for (int i = 0; i < p->n_inputs; i++)
    if (!batch->input[i])
      return weyl_fail(run->ctx, WEYL_BAD_ARG, "input %s is missing from the batch", weyl_program_input_name(p, i));
  int64_t most[WEYL_COUNTS] = {0};
  memset(run->total, 0, sizeof run->total);
  if (batch->shards > run->shards_cap) {
    weyl_dealloc(run->ctx, run->first);
    const int64_t cap = run->shards_cap ? batch->shards + batch->shards / 2 : batch->shards;
    run->first = weyl_alloc(run->ctx, (size_t)cap + 1, sizeof *run->first);
    run->shards_cap = run->first ? cap : 0;
    if (!run->first) return WEYL_MEMORY;
  }
  for (int64_t s = 0; s < batch->shards; s++)
    for (int c = 1; c < WEYL_COUNTS; c++) {
      const int64_t n = batch->count[s][c];
      if (n < 0 || n > INT32_MAX)
        return weyl_fail(run->ctx, WEYL_BAD_ARG, "shard %lld: count %d is %lld", (long long)s, c, (long long)n);
      run->first[s][c] = run->total[c];
      run->total[c] += n;
      if (n > most[c]) most[c] = n;
    }
  memcpy(run->first[batch->shards], run->total, sizeof run->total);
  const bool again = run->scratch[0] != NULL;
  bool grow = !again;
  for (int c = 1; c < WEYL_COUNTS; c++) grow = grow || most[c] > run->count_cap[c] || run->total[c] > run->total_cap[c];
  if (grow) {
    for (int c = 1; c < WEYL_COUNTS; c++) {
      if (most[c] > run->count_cap[c]) run->count_cap[c] = again ? most[c] + most[c] / 2 : most[c];
      if (run->total[c] > run->total_cap[c])
        run->total_cap[c] = again ? run->total[c] + run->total[c] / 2 : run->total[c];
    }
    const weyl_status status = make_room(run, run->value_memory != NULL);
    if (status != WEYL_OK) { /* the next step plans afresh */
      weyl_dealloc(run->ctx, run->scratch[0]);
      run->scratch[0] = NULL;
      return status;
    }
  }
  for (int k = 0; k < WEYL_KINDS; k++) {
    if (run->variables[k] != vars->store[k].data) run->generation++;
    run->variables[k] = vars->store[k].data;
  }
  if (p->graph->vector_node != UINT32_MAX && p->live[p->graph->vector_node] &&
      vars->store[WEYL_PARAM].used != p->graph->nodes[p->graph->vector_node]->attr.shape.dim[0].n)
    return weyl_fail(run->ctx, WEYL_BUG, "parameters were declared after this program was traced");
  run->batch = batch;
  for (int t = 0; t < run->threads; t++) run->degenerate[t] = 0;
  return WEYL_OK;
}

/* ---- phases and stages
 * ------------------------------------------------------------------------------------------------------ */

static weyl_status run_whole(weyl_run *run, const weyl_node *node, int thread, int part, int parts) {
  weyl_view *in = run->operands[thread], out[WEYL_OUTPUTS_MAX];
  for (int i = 0; i < node->n_in; i++) weyl_run_view(run, node->in[i], -1, thread, &in[i]);
  for (int k = 0; k < node->n_out; k++) weyl_run_view(run, node->first + (uint32_t)k, -1, thread, &out[k]);
  return weyl_run_node(run, node, -1, thread, weyl_kernels_active(), in, out, part, parts);
}

static void lane_job(void *arg, int64_t item, int thread) {
  weyl_run *run = arg;
  const int64_t lane = run->lane_from + item;
  const int64_t from = lane * run->batch->shards / run->lanes, to = (lane + 1) * run->batch->shards / run->lanes;
  weyl_status status = WEYL_OK;
  for (int64_t s = from; s < to && status == WEYL_OK; s++)
    status = weyl_bound_run(run, s, thread, (int)lane, s == from);
  run->lane_status[lane] = status;
}

/* The lanes of a sum are added by a fixed binary tree, whatever the number of threads and ranks: a rank adds the
 * subtree of its lanes, and the ranks' sums go on up the tree. On one rank the last addition is made where the sum
 * belongs. */
static void add_lanes(void *arg, int64_t item, int thread) {
  (void)thread;
  weyl_run *run = arg;
  const weyl_program *p = run->program;
  const weyl_kernels *kernels = weyl_kernels_active();
  const uint32_t v = p->sums[run->level][item];
  const weyl_home *h = &p->home[v];
  const weyl_node *node = p->graph->nodes[p->graph->values[v].node];
  const weyl_dtype dtype = p->graph->values[v].dtype;
  const size_t bytes = weyl_value_bytes(p->graph, v, run->total, run->total), n = bytes / weyl_dtype_size(dtype);
  const int lanes = run->lane_to - run->lane_from;
  char *base = run->lane_memory + run->lane.offset[h->lane_slot], *first = weyl_run_sums(run, h);
  char *sum = run->comm ? first : run->whole_memory + run->whole.offset[h->slot];
  for (int step = 1; step < lanes; step *= 2)
    for (int l = run->lane_from; l + step < run->lane_to; l += 2 * step) {
      char *into = base + (size_t)l * run->lane.bytes;
      weyl_run_combine(kernels, node, dtype, n, into, base + (size_t)(l + step) * run->lane.bytes,
                       into == first && 2 * step >= lanes ? sum : into);
    }
  if (lanes == 1 && sum != first) memcpy(sum, first, bytes);
  if (lanes == 0) /* fewer shards than lanes: what adds nothing, exactly */
    kernels->fill[dtype](n, node->op->flags & WEYL_OP_MAXIMUM ? -INFINITY : -0.0, sum);
}

static weyl_status add_all_lanes(weyl_run *run) {
  const weyl_program *p = run->program;
  weyl_parallel(run->ctx, p->n_sums[run->level], add_lanes, run);
  if (!run->comm) return WEYL_OK;
  WEYL_TRY(weyl_run_exchange(run));
  for (uint32_t i = 0; i < p->n_sums[run->level]; i++) {
    const weyl_home *h = &p->home[p->sums[run->level][i]];
    memcpy(run->whole_memory + run->whole.offset[h->slot], weyl_run_sums(run, h),
           weyl_value_bytes(p->graph, p->sums[run->level][i], run->total, run->total));
  }
  return WEYL_OK;
}

enum { DEALT = 1 << 14 }; /* numbers that are worth the other threads */

static const weyl_node *stage_node(const weyl_run *run, uint32_t i) {
  return run->program->graph->nodes[run->program->stage[run->level].item[i].node];
}

static bool dealt(const weyl_run *run, uint32_t i) {
  const weyl_node *node = stage_node(run, i);
  return run->threads > 1 && node->op->flags & WEYL_OP_DEALS && node->attr.flag &&
         weyl_shape_size(&run->program->graph->values[node->first].shape, run->total, run->total) >= DEALT;
}

static int parts_of(const weyl_run *run, uint32_t i) {
  if (!dealt(run, i)) return 1;
  return run->threads < WEYL_LANES_MAX ? run->threads : WEYL_LANES_MAX;
}

static void stage_job(void *arg, int64_t item, int thread) {
  weyl_run *run = arg;
  weyl_status status = WEYL_OK;
  const int parts = parts_of(run, run->stage_from);
  for (uint32_t i = run->stage_from; i < run->stage_to && status == WEYL_OK; i++)
    status = run_whole(run, stage_node(run, i), thread, (int)item, parts);
  run->lane_status[item] = status;
}

/* Steps that can be dealt among threads are, one at a time; the others run on one thread in turn. */
static weyl_status run_stage(weyl_run *run) {
  const uint32_t n = run->program->stage[run->level].n;
  for (run->stage_from = 0; run->stage_from < n; run->stage_from = run->stage_to) {
    run->stage_to = run->stage_from + 1;
    const int parts = parts_of(run, run->stage_from);
    while (parts == 1 && run->stage_to < n && !dealt(run, run->stage_to)) run->stage_to++;
    weyl_parallel(run->ctx, parts, stage_job, run);
    for (int k = 0; k < parts; k++) WEYL_TRY(run->lane_status[k]);
  }
  return WEYL_OK;
}

void weyl_run_assign(weyl_run *run) {
  const weyl_program *p = run->program;
  if (!p->assigns) return;
  for (uint32_t i = 0; i < p->graph->n_assigns; i++) {
    if (p->home[p->graph->assigns[i].value].place == WEYL_PLACE_TARGET) continue;
    weyl_view to, from;
    weyl_run_view(run, p->graph->assigns[i].variable, -1, 0, &to);
    weyl_run_view(run, p->graph->assigns[i].value, -1, 0, &from);
    memcpy(to.data, from.data, (size_t)weyl_view_size(&to) * weyl_dtype_size(to.dtype));
  }
}

weyl_status weyl_run_step(weyl_run *run, const weyl_batch *batch) {
  weyl_program *p = run->program;
  if (p->reference) return weyl_run_agree(run, weyl_run_reference(run, batch, weyl_kernels_reference(), false));
  weyl_status status = weyl_run_agree(run, weyl_run_begin(run, batch));
  if (status != WEYL_OK) return status;
  weyl_run_deal(run);
  for (int32_t l = 0; l <= p->phases; l++) {
    run->level = l;
    const bool phase = l > 0 && p->phase[l].n > 0;
    if (phase) {
      if (status == WEYL_OK) weyl_parallel(run->ctx, run->lane_to - run->lane_from, lane_job, run);
      for (int k = run->lane_from; k < run->lane_to && status == WEYL_OK; k++) status = run->lane_status[k];
      status = weyl_run_agree(run, status);
      if (status != WEYL_OK) return status;
    }
    if (status == WEYL_OK && (phase || p->stage[l].n)) {
      if (phase) status = add_all_lanes(run);
      if (status == WEYL_OK) status = run_stage(run);
      if (status != WEYL_OK && !run->comm) return status; /* a rank tells the others first */
    }
  }
  status = weyl_run_agree(run, status);
  if (status != WEYL_OK) return status;
  WEYL_TRY(weyl_run_gather_outputs(run));
  weyl_run_assign(run);
  return WEYL_OK;
}

weyl_array weyl_run_output(const weyl_run *run, int k) {
  const weyl_program *p = run->program;
  const uint32_t v = p->outputs[k];
  weyl_view view;
  weyl_view_shape(p->graph, v, run->total, run->total, &view);
  /* shard 0 stands at the beginning of all shards' rows; the batch itself is not needed any more */
  weyl_array a = {.data = weyl_run_memory(run, p->home[v].base, 0, 0), .dtype = view.dtype, .rank = view.rank};
  memcpy(a.dim, view.dim, sizeof a.dim);
  return a;
}

int64_t weyl_run_degenerate(const weyl_run *run) {
  int64_t n = 0;
  for (int t = 0; t < run->threads; t++) n += run->degenerate[t];
  return n;
}
