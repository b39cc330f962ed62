/* The training step of egnn written by hand: its weights, its batch, and the room it works in. The step itself is in
 * egnn_by_hand.isa.c. */
#include "egnn_by_hand.h"

#include <math.h>
#include <string.h>

/* ---- parameters by name ---- */

/* Columns [from, from + columns) of a parameter of so many columns, or all rows of a vector: where they lie here. */
typedef struct place {
  const char *name; /* in a layer "gcl_%d." is in front */
  int64_t rows, all_columns, from, columns;
  size_t at; /* bytes from the layer's beginning, or from that of all */
  int64_t row, column;
} place;

#define MATRIX(n, from_, width, member) \
  { n, HAND_WIDE, width, from_, HAND_WIDE, offsetof(hand_layer, member), HAND_WIDE, 1 }
#define VECTOR(n, count, member) \
  { n, count, 1, 0, 1, offsetof(hand_layer, member), 1, 1 }
enum { EDGE_COLUMNS = 2 * HAND_WIDE + HAND_EXTRAS };

static const place of_layer[] = {
    MATRIX("edge_mlp.0.weight", 0, EDGE_COLUMNS, of_h[HAND_RECEIVER]),
    MATRIX("edge_mlp.0.weight", HAND_WIDE, EDGE_COLUMNS, of_h[HAND_SENDER]),
    {"edge_mlp.0.weight", HAND_WIDE, EDGE_COLUMNS, 2 * HAND_WIDE, HAND_EXTRAS, offsetof(hand_layer, extra), 1,
     HAND_WIDE},
    VECTOR("edge_mlp.0.bias", HAND_WIDE, of_h_bias[HAND_RECEIVER]),
    MATRIX("edge_mlp.2.weight", 0, HAND_WIDE, message),
    VECTOR("edge_mlp.2.bias", HAND_WIDE, message_bias),
    MATRIX("coord_mlp.0.weight", 0, HAND_WIDE, coordinate),
    VECTOR("coord_mlp.0.bias", HAND_WIDE, coordinate_bias),
    {"coord_mlp.2.weight", 1, HAND_WIDE, 0, HAND_WIDE, offsetof(hand_layer, edge_weight), HAND_WIDE, 1},
    MATRIX("coord_mlp_vel.0.weight", 0, HAND_WIDE, of_h[HAND_SPEED]),
    VECTOR("coord_mlp_vel.0.bias", HAND_WIDE, of_h_bias[HAND_SPEED]),
    {"coord_mlp_vel.2.weight", 1, HAND_WIDE, 0, HAND_WIDE, offsetof(hand_layer, speed_weight), HAND_WIDE, 1},
    VECTOR("coord_mlp_vel.2.bias", 1, speed_bias),
    MATRIX("node_mlp.0.weight", 0, 2 * HAND_WIDE, of_h[HAND_NODE]),
    MATRIX("node_mlp.0.weight", HAND_WIDE, 2 * HAND_WIDE, of_sum),
    VECTOR("node_mlp.0.bias", HAND_WIDE, of_h_bias[HAND_NODE]),
    MATRIX("node_mlp.2.weight", 0, HAND_WIDE, update),
    VECTOR("node_mlp.2.bias", HAND_WIDE, update_bias),
};

static const place of_all[] = {
    {"embedding.weight", HAND_WIDE, 1, 0, 1, offsetof(hand_weights, embedding), 1, 1},
    {"embedding.bias", HAND_WIDE, 1, 0, 1, offsetof(hand_weights, embedding) + sizeof(float[HAND_WIDE]), 1, 1},
};

/* Copies one place, in or out, and counts its numbers. */
static weyl_status copy_place(weyl_context *ctx, const place *p, const char *name, char *base,
                              const weyl_variables *vars, bool out, int64_t *numbers) {
  const int64_t i = weyl_variables_find(vars, WEYL_PARAM, name);
  if (i < 0) return weyl_fail(ctx, WEYL_UNSUPPORTED, "the step by hand is of egnn, and there is no parameter %s", name);
  const weyl_array a = weyl_variables_array(vars, WEYL_PARAM, (size_t)i);
  int64_t count = 1;
  for (int k = 0; k < a.rank; k++) count *= a.dim[k];
  if (a.dtype != WEYL_F32 || a.dim[0] != p->rows || count != p->rows * p->all_columns)
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "the step by hand has %lld x %lld f32 numbers in %s, not %s of %lld rows",
                     (long long)p->rows, (long long)p->all_columns, name, weyl_dtype_name(a.dtype),
                     (long long)a.dim[0]);
  float *const here = (float *)(void *)(base + p->at), *const there = a.data;
  for (int64_t r = 0; r < p->rows; r++)
    for (int64_t c = 0; c < p->columns; c++) {
      float *mine = here + r * p->row + c * p->column, *theirs = there + r * p->all_columns + p->from + c;
      if (out)
        *theirs = *mine;
      else
        *mine = *theirs;
    }
  *numbers += p->rows * p->columns;
  return WEYL_OK;
}

static weyl_status copy_weights(weyl_context *ctx, hand_weights *w, const weyl_variables *vars, bool out) {
  int64_t numbers = 0;
  for (int l = 0; l < HAND_LAYERS; l++)
    for (size_t i = 0; i < sizeof of_layer / sizeof of_layer[0]; i++) {
      char name[64];
      snprintf(name, sizeof name, "gcl_%d.%s", l, of_layer[i].name);
      WEYL_TRY(copy_place(ctx, &of_layer[i], name, (char *)&w->layer[l], vars, out, &numbers));
    }
  for (size_t i = 0; i < sizeof of_all / sizeof of_all[0]; i++)
    WEYL_TRY(copy_place(ctx, &of_all[i], of_all[i].name, (char *)w, vars, out, &numbers));
  if (numbers != weyl_variables_numbers(vars, WEYL_PARAM))
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "the step by hand has %lld parameters, the model %lld", (long long)numbers,
                     (long long)weyl_variables_numbers(vars, WEYL_PARAM));
  return WEYL_OK;
}

/* ---- the batch ---- */

static weyl_status field_of(weyl_context *ctx, const weyl_dataset *set, const char *name, weyl_dtype type, int64_t rows,
                            int64_t width, const void **out) {
  const weyl_field *f = weyl_dataset_find(set, name);
  int64_t numbers = 1;
  for (int k = 0; f && k < f->array.rank; k++) numbers *= f->array.dim[k];
  if (!f || f->array.dtype != type || numbers != rows * width)
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "the step by hand needs the field %s, %s [%lld][%lld]", name,
                     weyl_dtype_name(type), (long long)rows, (long long)width);
  *out = f->array.data;
  return WEYL_OK;
}

static float *floats(weyl_arena *arena, int64_t n) { return weyl_arena_array(arena, float, n > 0 ? n : 1); }

static float *as_floats(weyl_arena *arena, const double *from, int64_t n) {
  float *to = floats(arena, n);
  for (int64_t i = 0; to && i < n; i++) to[i] = (float)from[i];
  return to;
}

/* Where each receiver's edges begin, and the senders as nodes of the batch. */
static weyl_status read_edges(weyl_context *ctx, const int32_t *receiver, const int32_t *sender, hand_batch *b) {
  int64_t node = 0;
  for (int64_t s = 0; s < b->samples; s++)
    for (int64_t e = b->edge_at[s]; e < b->edge_at[s + 1]; e++) {
      const int64_t i = b->node_at[s] + receiver[e];
      if (i + 1 < node)
        return weyl_fail(ctx, WEYL_UNSUPPORTED, "edge %lld: the step by hand needs edges sorted by receiver",
                         (long long)e);
      for (; node <= i; node++) b->edge_of[node] = e;
      b->sender[e] = (int32_t)b->node_at[s] + sender[e];
    }
  for (; node <= b->nodes; node++) b->edge_of[node] = b->edges;
  return WEYL_OK;
}

static weyl_status read_batch(weyl_context *ctx, weyl_arena *arena, const weyl_dataset *set, hand_batch *b) {
  const int64_t *nodes = weyl_dataset_offsets(set, WEYL_PER_NODE), *edges = weyl_dataset_offsets(set, WEYL_PER_EDGE);
  if (!nodes || !edges) return weyl_fail(ctx, WEYL_UNSUPPORTED, "the step by hand needs nodes and edges");
  b->samples = weyl_dataset_samples(set);
  b->nodes = nodes[b->samples];
  b->edges = edges[b->samples];
  const void *x, *v, *target, *charges, *receiver, *sender;
  WEYL_TRY(field_of(ctx, set, "x", WEYL_F64, b->nodes, 3, &x));
  WEYL_TRY(field_of(ctx, set, "v", WEYL_F64, b->nodes, 3, &v));
  WEYL_TRY(field_of(ctx, set, "target", WEYL_F64, b->nodes, 3, &target));
  WEYL_TRY(field_of(ctx, set, "edge_scalar", WEYL_F64, b->edges, 1, &charges));
  WEYL_TRY(field_of(ctx, set, "edge_i", WEYL_I32, b->edges, 1, &receiver));
  WEYL_TRY(field_of(ctx, set, "edge_j", WEYL_I32, b->edges, 1, &sender));
  if (!(b->node_at = weyl_arena_array(arena, int64_t, b->samples + 1)) ||
      !(b->edge_at = weyl_arena_array(arena, int64_t, b->samples + 1)) ||
      !(b->edge_of = weyl_arena_array(arena, int64_t, b->nodes + 1)) ||
      !(b->sender = weyl_arena_array(arena, int32_t, b->edges + 1)) || !(b->x = as_floats(arena, x, 3 * b->nodes)) ||
      !(b->v = as_floats(arena, v, 3 * b->nodes)) || !(b->target = as_floats(arena, target, 3 * b->nodes)) ||
      !(b->speed = floats(arena, b->nodes)) || !(b->charges = as_floats(arena, charges, b->edges)))
    return WEYL_MEMORY;
  memcpy(b->node_at, nodes, (size_t)(b->samples + 1) * sizeof *nodes);
  memcpy(b->edge_at, edges, (size_t)(b->samples + 1) * sizeof *edges);
  return read_edges(ctx, receiver, sender, b);
}

/* ---- the room ---- */

/* Most rows of so many samples together, one after the other. */
static int64_t most_rows(const int64_t *at, int64_t samples, int64_t together) {
  int64_t most = 0;
  for (int64_t s = 0; s < samples; s++) {
    const int64_t rows = at[s + together < samples ? s + together : samples] - at[s];
    if (rows > most) most = rows;
  }
  return most;
}

static weyl_status make_room(bench_hand *h) {
  const hand_batch *b = &h->batch;
  const int64_t nodes = most_rows(b->node_at, b->samples, HAND_SAMPLES),
                edges = most_rows(b->edge_at, b->samples, HAND_SAMPLES),
                chunk = most_rows(b->edge_at, b->samples, HAND_CHUNK);
  bool good = true;
#define ROOM(p, n) good = ((p) = floats(h->arena, (n))) != NULL && good
  for (int l = 0; l <= HAND_LAYERS; l++) {
    hand_kept *k = &h->kept[l];
    if (l > 0) ROOM(k->x, nodes * 3); /* the first is the batch's */
    if (l == HAND_LAYERS) break;
    float **const of_nodes[] = {&k->h, &k->sum, &k->update, &k->d_update, &k->speed, &k->d_speed},
                  **const of_edges[] = {&k->first,     &k->d_first,    &k->message,
                                        &k->d_message, &k->coordinate, &k->d_coordinate};
    for (size_t i = 0; i < sizeof of_nodes / sizeof of_nodes[0]; i++) ROOM(*of_nodes[i], nodes * HAND_WIDE);
    for (size_t i = 0; i < sizeof of_edges / sizeof of_edges[0]; i++) ROOM(*of_edges[i], edges * HAND_WIDE);
    ROOM(k->r, edges * 3);
    ROOM(k->square, edges);
    ROOM(k->weight, edges);
  }
  hand_passing *p = &h->passing;
  ROOM(p->z, nodes * HAND_LEAD);
  ROOM(p->edge, chunk * HAND_WIDE);
  ROOM(p->node, nodes * HAND_WIDE);
  ROOM(p->dh, nodes * HAND_WIDE);
  ROOM(p->dsum, nodes * HAND_WIDE);
  ROOM(p->dx, nodes * 3);
  ROOM(p->pull, nodes * 3);
  ROOM(p->factor, chunk);
  ROOM(p->partial, chunk * HAND_LANES);
#undef ROOM
  h->weights = weyl_arena_array(h->arena, hand_weights, 1);
  h->gradient = weyl_arena_array(h->arena, hand_weights, 1);
  h->m = weyl_arena_array(h->arena, hand_weights, 1);
  h->v = weyl_arena_array(h->arena, hand_weights, 1);
  h->turned = weyl_arena_array(h->arena, hand_turned, HAND_LAYERS);
  h->scratch = weyl_arena_alloc(h->arena, WEYL_GEMM_SCRATCH, 1);
  good = good && h->weights && h->gradient && h->m && h->v && h->turned && h->scratch;
  return good ? WEYL_OK : WEYL_MEMORY;
}

/* ---- the step ---- */

static weyl_status read_options(weyl_context *ctx, const weyl_options *o, bench_hand *h) {
  if (strcmp(weyl_options_string(o, "optimiser"), "adam") != 0 || weyl_options_number(o, "clip") > 0 ||
      weyl_options_number(o, "ema") > 0)
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "the step by hand knows plain Adam alone: no clip, no ema");
  h->rate = (float)weyl_options_number(o, "rate");
  h->beta1 = (float)weyl_options_number(o, "beta1");
  h->beta2 = (float)weyl_options_number(o, "beta2");
  h->eps = (float)weyl_options_number(o, "eps");
  h->decay = (float)weyl_options_number(o, "weight_decay");
  return WEYL_OK;
}

static void (*step_of_isa(void))(bench_hand *) {
#ifdef WEYL_HAS_X86_KERNELS
  const char *isa = weyl_kernels_active()->isa;
  if (strcmp(isa, "avx512") == 0) return hand_step_avx512;
  if (strcmp(isa, "avx2") == 0) return hand_step_avx2;
#endif
  return hand_step_base;
}

weyl_status bench_hand_new(weyl_context *ctx, const weyl_variables *vars, const weyl_options *options,
                           const weyl_dataset *set, bench_hand **out) {
  bench_hand *h = weyl_alloc(ctx, 1, sizeof *h);
  if (!h) return WEYL_MEMORY;
  h->ctx = ctx;
  h->step = step_of_isa();
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &h->arena));
  WEYL_GOTO(read_options(ctx, options, h));
  WEYL_GOTO(read_batch(ctx, h->arena, set, &h->batch));
  WEYL_GOTO(make_room(h));
  WEYL_GOTO(copy_weights(ctx, h->weights, vars, false));
  *out = h;
  return WEYL_OK;
done:
  bench_hand_free(h);
  return status;
}

void bench_hand_free(bench_hand *h) {
  if (!h) return;
  weyl_arena_free(h->arena);
  weyl_dealloc(h->ctx, h);
}

static void run_step(void *arg, int64_t i, int thread) {
  (void)i;
  (void)thread;
  bench_hand *h = arg;
  h->step(h);
}

bench_hand_outcome bench_hand_step(bench_hand *h) {
  weyl_parallel(h->ctx, 1, run_step, h); /* in the floating-point mode of the engine */
  return (bench_hand_outcome){.loss = h->loss, .norm = h->norm, .flops = h->flops};
}

weyl_status bench_hand_store(const bench_hand *h, const weyl_variables *into) {
  return copy_weights(h->ctx, h->weights, into, true);
}
