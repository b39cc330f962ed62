/* Steps of a phase bound to memory: what depends on a shard's counts alone is worked out once, and a shard of the same
 * counts only moves what is its own: rows of the inputs, of values kept for the whole batch, and its lane's sums. */
#include "run.h"

#include <string.h>

enum { SETS = 3 }; /* counts that a thread remembers for a phase */

typedef struct moving {
  weyl_view *view;
  uint32_t at; /* index into places, or WEYL_NONE: a lane's sum */
  size_t offset;
} moving;

typedef struct bound_set {
  bool valid;
  uint64_t used; /* the clock of the thread when it was */
  uint64_t generation;
  int64_t count[WEYL_COUNTS], total[WEYL_COUNTS];
  weyl_moment now;
  weyl_eval *steps;
  weyl_view *views;
  char *prepared;
  moving *moving;
  uint32_t *places; /* base values that move */
  char **memory;    /* of each place */
  uint32_t *adding, *parts;
  uint32_t n_moving, n_places, n_adding, n_parts;
} bound_set;

struct weyl_bound { /* of a phase and thread */
  uint64_t clock;
  bound_set set[SETS];
};

static size_t round_up(size_t n) { return (n + 63) & ~(size_t)63; }

static void sizes(const weyl_program *p, const weyl_steps *steps, size_t *views, size_t *prepared) {
  *views = *prepared = 0;
  for (uint32_t i = 0; i < steps->n; i++) {
    const weyl_node *node = p->graph->nodes[steps->item[i].node];
    *views += (size_t)(node->n_in + node->n_out);
    if (node->op->prepared) *prepared += round_up(node->op->prepared(node));
  }
}

weyl_status weyl_bound_new(weyl_run *run) {
  const weyl_program *p = run->program;
  const size_t phases = (size_t)p->phases + 1;
  run->bound = weyl_alloc(run->ctx, phases * (size_t)run->threads, sizeof *run->bound);
  if (!run->bound) return WEYL_MEMORY;
  for (size_t l = 0; l < phases; l++)
    for (size_t t = 0; t < (size_t)run->threads; t++) {
      const weyl_steps *steps = &p->phase[l];
      if (!steps->n) continue;
      weyl_bound *b = run->bound[l * (size_t)run->threads + t] = weyl_alloc(run->ctx, 1, sizeof *b);
      if (!b) return WEYL_MEMORY;
      size_t views, prepared;
      sizes(p, steps, &views, &prepared);
      for (int s = 0; s < SETS; s++) {
        bound_set *set = &b->set[s];
        set->steps = weyl_alloc(run->ctx, steps->n, sizeof *set->steps);
        set->views = weyl_alloc(run->ctx, views + 1, sizeof *set->views);
        set->prepared = weyl_alloc(run->ctx, prepared + 64, 1);
        set->moving = weyl_alloc(run->ctx, views + 1, sizeof *set->moving);
        set->places = weyl_alloc(run->ctx, views + 1, sizeof *set->places);
        set->memory = weyl_alloc(run->ctx, views + 1, sizeof *set->memory);
        set->adding = weyl_alloc(run->ctx, steps->n, sizeof *set->adding);
        set->parts = weyl_alloc(run->ctx, steps->n, sizeof *set->parts);
        if (!set->steps || !set->views || !set->prepared || !set->moving || !set->places || !set->memory ||
            !set->adding || !set->parts)
          return WEYL_MEMORY;
      }
    }
  return WEYL_OK;
}

void weyl_bound_free(weyl_run *run) {
  const size_t n = run->bound ? ((size_t)run->program->phases + 1) * (size_t)run->threads : 0;
  for (size_t i = 0; i < n; i++) {
    weyl_bound *b = run->bound[i];
    for (int s = 0; b && s < SETS; s++) {
      bound_set *set = &b->set[s];
      void *const blocks[] = {set->steps,  set->views,  set->prepared, set->moving,
                              set->places, set->memory, set->adding,   set->parts};
      for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) weyl_dealloc(run->ctx, blocks[k]);
    }
    weyl_dealloc(run->ctx, b);
  }
  weyl_dealloc(run->ctx, run->bound);
}

/* A view whose memory is not the same for every shard and batch. */
static void note_moving(const weyl_run *run, bound_set *set, uint32_t v, weyl_view *view) {
  const weyl_home *h = &run->program->home[v], *base = &run->program->home[h->base];
  if (base->place != WEYL_PLACE_INPUT && base->place != WEYL_PLACE_KEPT) return;
  uint32_t k = 0;
  while (k < set->n_places && set->places[k] != h->base) k++;
  if (k == set->n_places) set->places[set->n_places++] = h->base;
  set->moving[set->n_moving++] = (moving){.view = view, .at = k};
}

static void bind(weyl_run *run, bound_set *set, const weyl_steps *steps, int64_t shard, int thread) {
  const weyl_program *p = run->program;
  const weyl_kernels *kernels = weyl_kernels_active();
  weyl_view *view = set->views;
  char *prepared = (char *)round_up((uintptr_t)set->prepared);
  memcpy(set->count, run->batch->count[shard], sizeof set->count);
  memcpy(set->total, run->total, sizeof set->total);
  set->n_moving = set->n_places = set->n_adding = set->n_parts = 0;
  for (uint32_t i = 0; i < steps->n; i++) {
    const weyl_node *node = p->graph->nodes[steps->item[i].node];
    weyl_eval *e = &set->steps[i];
    *e = (weyl_eval){.ctx = run->ctx,
                     .kernels = kernels,
                     .graph = p->graph,
                     .node = node,
                     .in = view,
                     .out = view + node->n_in,
                     .scratch = run->scratch[thread],
                     .now = &set->now,
                     .count = set->count,
                     .total = set->total,
                     .degenerate = &run->degenerate[thread]};
    for (int k = 0; k < node->n_in; k++, view++) {
      weyl_run_view(run, node->in[k], shard, thread, view);
      note_moving(run, set, node->in[k], view);
    }
    bool adds = false, parts = false;
    for (int k = 0; k < node->n_out; k++, view++) {
      const uint32_t v = node->first + (uint32_t)k;
      const weyl_home *h = &p->home[v];
      weyl_run_view(run, v, shard, thread, view);
      note_moving(run, set, v, view);
      if (h->part_slot != WEYL_NONE) {
        view->data = run->workspace[thread] + run->work.offset[h->part_slot];
        parts = true;
      } else if (h->lane_slot != WEYL_NONE) {
        set->moving[set->n_moving++] =
            (moving){.view = view, .at = WEYL_NONE, .offset = run->lane.offset[h->lane_slot]};
        adds = true;
      }
    }
    if (adds) set->adding[set->n_adding++] = i;
    if (parts) set->parts[set->n_parts++] = i;
    if (node->op->prepare) {
      e->prepared = prepared;
      node->op->prepare(e);
      prepared += round_up(node->op->prepared(node));
    }
  }
  set->generation = run->generation;
  set->valid = true;
}

static bound_set *find(weyl_run *run, weyl_bound *b, const weyl_steps *steps, int64_t shard, int thread) {
  bound_set *oldest = &b->set[0];
  b->clock++;
  for (int s = 0; s < SETS; s++) {
    bound_set *set = &b->set[s];
    if (set->valid && set->generation == run->generation &&
        memcmp(set->count, run->batch->count[shard], sizeof set->count) == 0 &&
        memcmp(set->total, run->total, sizeof set->total) == 0) {
      set->used = b->clock;
      return set;
    }
    if (set->used < oldest->used) oldest = set;
  }
  oldest->used = b->clock;
  bind(run, oldest, steps, shard, thread);
  return oldest;
}

/* Adds the parts of a shard into its lane. */
static void add_parts(const weyl_run *run, const weyl_eval *e, char *lane, bool first) {
  const weyl_program *p = run->program;
  for (int k = 0; k < e->node->n_out; k++) {
    const weyl_home *h = &p->home[e->node->first + (uint32_t)k];
    if (h->lane_slot == WEYL_NONE) continue;
    char *sum = lane + run->lane.offset[h->lane_slot];
    const size_t n = (size_t)weyl_view_size(&e->out[k]);
    if (first)
      memcpy(sum, e->out[k].data, n * weyl_dtype_size(e->out[k].dtype));
    else
      weyl_run_combine(e->kernels, e->node, e->out[k].dtype, n, sum, e->out[k].data, sum);
  }
}

weyl_status weyl_bound_run(weyl_run *run, int64_t shard, int thread, int lane, bool first_of_lane) {
  const weyl_steps *steps = &run->program->phase[run->level];
  weyl_bound *b = run->bound[(size_t)run->level * (size_t)run->threads + (size_t)thread];
  bound_set *set = find(run, b, steps, shard, thread);
  char *lane_memory = run->lane.bytes > 0 ? run->lane_memory + (size_t)lane * run->lane.bytes : NULL;
  set->now.seed = run->batch->seed;
  set->now.step = run->batch->step;
  memcpy(set->now.row, run->first[shard], sizeof set->now.row);
  for (uint32_t i = 0; i < set->n_places; i++) set->memory[i] = weyl_run_memory(run, set->places[i], shard, thread);
  for (uint32_t i = 0; i < set->n_moving; i++) {
    const moving *m = &set->moving[i];
    m->view->data = m->at == WEYL_NONE ? lane_memory + m->offset : set->memory[m->at];
  }
  for (uint32_t i = 0; i < set->n_adding; i++) set->steps[set->adding[i]].add = !first_of_lane;
  uint32_t part = 0;
  for (uint32_t i = 0; i < steps->n; i++) {
    const weyl_eval *e = &set->steps[i];
    WEYL_TRY(e->node->op->eval(e));
    if (part < set->n_parts && set->parts[part] == i) {
      add_parts(run, e, lane_memory, first_of_lane);
      part++;
    }
  }
  return WEYL_OK;
}
