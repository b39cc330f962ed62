/* The op-by-op executor: every value of every shard in memory of its own, no aliases, no reuse, scalar loops. Slow and
 * plain: the planned executor is tested against it, and it finds the first node that made a NaN. */
#include "run.h"

#include <math.h>
#include <string.h>

void weyl_run_reference_free(weyl_run *run) {
  if (!run->value_memory) return;
  for (uint32_t v = 0; v < run->program->n_values; v++) weyl_dealloc(run->ctx, run->value_memory[v]);
  weyl_dealloc(run->ctx, run->value_memory);
  weyl_dealloc(run->ctx, run->value_room);
  run->value_memory = NULL;
  run->value_room = NULL;
}

static weyl_status room_for(weyl_run *run, uint32_t v) {
  const size_t bytes = weyl_value_bytes(run->program->graph, v, run->total, run->total) + 64;
  if (bytes <= run->value_room[v]) return WEYL_OK;
  weyl_dealloc(run->ctx, run->value_memory[v]);
  run->value_memory[v] = weyl_alloc(run->ctx, bytes, 1);
  run->value_room[v] = run->value_memory[v] ? bytes : 0;
  return run->value_memory[v] ? WEYL_OK : WEYL_MEMORY;
}

static bool finite_view(const weyl_view *v) {
  const int64_t n = weyl_view_size(v);
  for (int64_t i = 0; i < n; i++) {
    if (v->dtype == WEYL_F32 && !isfinite(((const float *)v->data)[i])) return false;
    if (v->dtype == WEYL_F64 && !isfinite(((const double *)v->data)[i])) return false;
  }
  return true;
}

/* The value of a leaf that came in from outside, or of a node just made. */
static weyl_status check_finite(weyl_run *run, const weyl_node *node, const weyl_view *v) {
  if (finite_view(v)) return WEYL_OK;
  char b[160];
  return weyl_fail(run->ctx, WEYL_NUMERIC, "the first NaN or infinity is in the output of %s (%s%s), %s",
                   node->op->name, node->scope, node->name ? node->name : "",
                   weyl_shape_text(&run->program->graph->values[node->first].shape, b));
}

/* A dense copy of a view, for operations that read dense arrays only. Without views in this executor every operand is
 * dense already. */
static weyl_status run_one(weyl_run *run, const weyl_node *node, int64_t shard, const weyl_kernels *kernels, bool check,
                           void *part) {
  weyl_view small_in[16], *in = small_in, out[WEYL_OUTPUTS_MAX];
  weyl_status status = WEYL_OK;
  if (node->n_in > 16) {
    in = weyl_alloc(run->ctx, (size_t)node->n_in, sizeof *in);
    if (!in) return WEYL_MEMORY;
  }
  for (int i = 0; i < node->n_in; i++) weyl_run_view(run, node->in[i], shard, 0, &in[i]);
  for (int k = 0; k < node->n_out; k++) weyl_run_view(run, node->first + (uint32_t)k, shard, 0, &out[k]);
  if (part) out[0].data = part;
  WEYL_GOTO(weyl_run_node(run, node, shard, 0, kernels, in, out, 0, 1));
  for (int k = 0; check && k < node->n_out; k++) WEYL_GOTO(check_finite(run, node, &out[k]));
done:
  if (in != small_in) weyl_dealloc(run->ctx, in);
  return status;
}

static weyl_status run_node(weyl_run *run, uint32_t n, const weyl_kernels *kernels, bool check) {
  const weyl_program *p = run->program;
  const weyl_node *node = p->graph->nodes[n];
  const weyl_home *h = &p->home[node->first];
  for (int k = 0; k < node->n_out; k++) WEYL_TRY(room_for(run, node->first + (uint32_t)k));
  if (!weyl_home_in_phase(h)) return run_one(run, node, -1, kernels, check, NULL);
  const bool adds = h->reduction && !(node->op->flags & WEYL_OP_COLLECTS);
  const weyl_dtype dtype = p->graph->values[node->first].dtype;
  const size_t bytes = weyl_value_bytes(p->graph, node->first, run->total, run->total);
  weyl_status status = WEYL_OK;
  void *part = adds ? weyl_alloc(run->ctx, bytes + 64, 1) : NULL;
  if (adds && !part) return WEYL_MEMORY;
  for (int64_t s = 0; s < run->batch->shards; s++) {
    WEYL_GOTO(run_one(run, node, s, kernels, check, part));
    if (adds && s == 0) memcpy(run->value_memory[node->first], part, bytes);
    if (adds && s > 0)
      weyl_run_combine(kernels, node, dtype, bytes / weyl_dtype_size(dtype), run->value_memory[node->first], part,
                       run->value_memory[node->first]);
  }
done:
  weyl_dealloc(run->ctx, part);
  return status;
}

typedef struct job {
  weyl_run *run;
  const weyl_kernels *kernels;
  bool check;
  weyl_status status;
} job;

static void run_all(void *arg, int64_t item, int thread) {
  (void)item, (void)thread;
  job *j = arg;
  weyl_run *run = j->run;
  const weyl_program *p = run->program;
  for (uint32_t n = 0; n < p->n_nodes; n++) {
    if (!p->live[n]) continue;
    if (weyl_program_runs(p, n)) {
      j->status = run_node(run, n, j->kernels, j->check);
    } else if (j->check && p->graph->nodes[n]->op->flags & WEYL_OP_LEAF) {
      const weyl_node *node = p->graph->nodes[n];
      for (int64_t s = 0; s < (p->home[node->first].sharded ? run->batch->shards : 1) && j->status == WEYL_OK; s++) {
        weyl_view v;
        weyl_run_view(run, node->first, p->home[node->first].sharded ? s : -1, 0, &v);
        j->status = check_finite(run, node, &v);
      }
    }
    if (j->status != WEYL_OK) return;
  }
}

weyl_status weyl_run_reference(weyl_run *run, const weyl_batch *batch, const weyl_kernels *kernels, bool check) {
  weyl_program *p = run->program;
  if (!run->value_memory) {
    run->value_memory = weyl_alloc(run->ctx, p->n_values, sizeof *run->value_memory);
    run->value_room = weyl_alloc(run->ctx, p->n_values, sizeof *run->value_room);
    if (!run->value_memory || !run->value_room) {
      weyl_dealloc(run->ctx, run->value_memory);
      weyl_dealloc(run->ctx, run->value_room);
      run->value_memory = NULL;
      run->value_room = NULL;
      return WEYL_MEMORY;
    }
  }
  WEYL_TRY(weyl_run_begin(run, batch));
  job j = {run, kernels, check, WEYL_OK};
  weyl_parallel(run->ctx, 1, run_all, &j); /* in the same floating-point mode as the planned executor */
  WEYL_TRY(j.status);
  if (!check) weyl_run_assign(run);
  return WEYL_OK;
}

/* A program of its own, without aliases and views, so that every value has its own memory. */
static weyl_status plain_program(const weyl_program *p, weyl_graph *g, const uint32_t *values, weyl_program **plain) {
  weyl_tensor *outputs = weyl_alloc(p->ctx, (size_t)p->n_outputs + 1, sizeof *outputs);
  if (!outputs) return WEYL_MEMORY;
  for (int k = 0; k < p->n_outputs; k++) outputs[k] = weyl_tensor_of(g, values[k]);
  const weyl_status status = weyl_program_new(
      g, outputs, p->n_outputs, &(weyl_program_opts){.reference = true, .lanes = 1, .assigns = p->assigns}, plain);
  weyl_dealloc(p->ctx, outputs);
  return status;
}

static bool inputs_known(const weyl_program *p, const weyl_program *plain) {
  for (int i = 0; i < plain->n_inputs; i++)
    if (weyl_program_input_find(p, weyl_program_input_name(plain, i)) < 0) return false;
  return true;
}

weyl_status weyl_run_find_nonfinite(weyl_run *run, const weyl_batch *batch) {
  weyl_program *p = run->program, *plain = NULL;
  weyl_run *second = NULL;
  const void **input = NULL;
  weyl_status status = WEYL_OK;
  WEYL_GOTO(plain_program(p, p->traced, p->traced_outputs, &plain));
  if (!inputs_known(p, plain)) { /* the rewrites did without some input, which the batch need not hold */
    weyl_program_free(plain);
    plain = NULL;
    WEYL_GOTO(plain_program(p, p->graph, p->outputs, &plain));
  }
  weyl_batch same = *batch;
  input = weyl_alloc(run->ctx, (size_t)plain->n_inputs + 1, sizeof *input);
  if (!input) {
    status = WEYL_MEMORY;
    goto done;
  }
  same.input = input;
  for (int i = 0; i < plain->n_inputs; i++)
    input[i] = batch->input[weyl_program_input_find(p, weyl_program_input_name(plain, i))];
  WEYL_GOTO(weyl_run_new(plain, NULL, &second));
  WEYL_GOTO(weyl_run_reference(second, &same, weyl_kernels_active(), true));
done:
  weyl_run_free(second);
  weyl_program_free(plain);
  weyl_dealloc(run->ctx, input);
  return status;
}
