/* The convolutions of WRN-40-2 (Zagoruyko, Komodakis, BMVC 2016): forward and both gradients, as programs of the
 * engine, and a peer's. */
#include "bench.h"

#include <string.h>

const bench_conv_shape bench_conv_shapes[] = {
    {"3>16 32x32", 32, 3, 16, 3, 1, 1},          {"16>32 32x32", 32, 16, 32, 3, 1, 1},
    {"16>32 1x1 32x32", 32, 16, 32, 1, 1, 1},    {"32>32 32x32", 32, 32, 32, 3, 1, 11},
    {"32>64 /2 32x32", 32, 32, 64, 3, 2, 1},     {"64>64 16x16", 16, 64, 64, 3, 1, 11},
    {"64>128 /2 16x16", 16, 64, 128, 3, 2, 1},   {"128>128 8x8", 8, 128, 128, 3, 1, 11},
    {"32>64 1x1 /2 32x32", 32, 32, 64, 1, 2, 1},
};
_Static_assert(sizeof bench_conv_shapes / sizeof bench_conv_shapes[0] == BENCH_CONV_SHAPES, "every shape has a row");
const char *const bench_conv_pass[] = {"forward", "data", "weight"};
const char *const bench_conv_layout[] = {"channels_last", "contiguous"};

static int64_t size_out(const bench_conv_shape *s) { return (s->size + s->stride - 1) / s->stride; }

/* ---- ours ---- */

typedef struct side {
  weyl_graph *graph;
  weyl_program *program;
  weyl_run *run;
  void **input; /* [inputs of the program] */
} side;

static void side_close(weyl_context *ctx, side *s) {
  for (int i = 0; s->input && i < weyl_program_inputs(s->program); i++) weyl_dealloc(ctx, s->input[i]);
  weyl_dealloc(ctx, s->input);
  weyl_run_free(s->run);
  weyl_program_free(s->program);
  weyl_graph_free(s->graph);
}

static weyl_status trace(weyl_context *ctx, weyl_variables *vars, const bench_conv_shape *shape, int pass, side *s) {
  WEYL_TRY(weyl_graph_new(ctx, vars, true, &s->graph));
  weyl_graph *g = s->graph;
  const int64_t before = (shape->kernel - 1) / 2, n = size_out(shape);
  const int64_t after = (n - 1) * shape->stride + shape->kernel - shape->size - before;
  const weyl_conv_opts opts = {.stride = {shape->stride, shape->stride},
                               .before = {before, before},
                               .after = {after > 0 ? after : 0, after > 0 ? after : 0}};
  const weyl_dim batch = weyl_per(WEYL_BATCH), side_in = weyl_num(shape->size), side_out = weyl_num(n);
  const weyl_dim k = weyl_num(shape->kernel), in = weyl_num(shape->in), out = weyl_num(shape->out);
  const weyl_tensor x = weyl_input(g, "x", WEYL_F32, WEYL_SHAPE(batch, side_in, side_in, in));
  const weyl_tensor w = weyl_input(g, "w", WEYL_F32, WEYL_SHAPE(k, k, in, out));
  const weyl_tensor dy = weyl_input(g, "dy", WEYL_F32, WEYL_SHAPE(batch, side_out, side_out, out));
  weyl_tensor y = weyl_conv2d(x, w, &opts), result = y;
  if (pass > 0) weyl_vjp(&y, &dy, 1, pass == 1 ? &x : &w, 1, &result);
  const weyl_program_opts how = weyl_program_defaults();
  WEYL_TRY(weyl_program_new(g, &result, 1, &how, &s->program));
  return weyl_run_new(s->program, NULL, &s->run);
}

static weyl_status fill(weyl_context *ctx, int64_t batch, side *s) {
  const int inputs = weyl_program_inputs(s->program);
  s->input = weyl_alloc(ctx, (size_t)inputs, sizeof *s->input);
  if (!s->input) return WEYL_MEMORY;
  weyl_rng rng = weyl_rng_new(1, "images");
  for (int i = 0; i < inputs; i++) {
    const weyl_shape shape = weyl_program_input_shape(s->program, i);
    int64_t n = 1;
    for (int d = 0; d < shape.rank; d++) n *= shape.dim[d].n * (shape.dim[d].count == WEYL_BATCH ? batch : 1);
    float *x = weyl_alloc(ctx, (size_t)n, sizeof *x);
    if (!x) return WEYL_MEMORY;
    for (int64_t j = 0; j < n; j++) x[j] = (float)(weyl_rng_uniform(&rng) - 0.5);
    s->input[i] = x;
  }
  return WEYL_OK;
}

typedef struct call {
  side *s;
  const weyl_batch *batch;
} call;

static weyl_status once(void *self) {
  const call *c = self;
  return weyl_run_step(c->s->run, c->batch);
}

/* ---- in turn ---- */

#define TURNS 3

static weyl_status peer_choose(bench_peer *peer, const bench_conv_shape *s, int64_t batch, int pass, int layout) {
  char words[160];
  snprintf(words, sizeof words, "%lld %lld %lld %lld %lld %lld %s %s", (long long)batch, (long long)s->size,
           (long long)s->in, (long long)s->out, (long long)s->kernel, (long long)s->stride, bench_conv_pass[pass],
           bench_conv_layout[layout]);
  return bench_peer_case(peer, words);
}

static weyl_status one_case(weyl_context *ctx, weyl_variables *vars, const bench_conv_ask *ask, bench_peer *peer,
                            int pass, bench_conv_row *row, double *peak) {
  enum { SHARDS_MAX = 64 };
  int64_t count[SHARDS_MAX][WEYL_COUNTS] = {{0}};
  const int threads = weyl_threads(ctx) < SHARDS_MAX ? weyl_threads(ctx) : SHARDS_MAX;
  const int64_t shards = ask->batch < threads ? ask->batch : threads;
  for (int64_t i = 0; i < shards; i++) count[i][WEYL_BATCH] = ask->batch * (i + 1) / shards - ask->batch * i / shards;
  side s = {0};
  bench_samples ours = {0}, theirs[BENCH_CONV_LAYOUTS] = {{0}};
  weyl_status status;
  WEYL_GOTO(trace(ctx, vars, row->shape, pass, &s));
  WEYL_GOTO(fill(ctx, ask->batch, &s));
  const weyl_batch batch = {
      .shards = shards, .count = (const int64_t(*)[WEYL_COUNTS])count, .input = (const void *const *)s.input};
  for (int turn = 0; turn < TURNS; turn++) {
    WEYL_GOTO(bench_repeat(ctx, once, &(call){&s, &batch}, weyl_cpu_seconds, ask->seconds / TURNS, &ours));
    for (int l = 0; peer && l < BENCH_CONV_LAYOUTS; l++) {
      WEYL_GOTO(peer_choose(peer, row->shape, ask->batch, pass, l));
      WEYL_GOTO(bench_peer_run(peer, ask->seconds / TURNS, &theirs[l]));
    }
    const double now = bench_peak(WEYL_F32, 0.01);
    if (now > *peak) *peak = now;
  }
  row->ours[pass] = bench_times_of(&ours);
  for (int l = 0; l < BENCH_CONV_LAYOUTS; l++) row->peer[l][pass] = bench_times_of(&theirs[l]);
done:
  bench_samples_free(ctx, &ours);
  for (int l = 0; l < BENCH_CONV_LAYOUTS; l++) bench_samples_free(ctx, &theirs[l]);
  side_close(ctx, &s);
  return status;
}

weyl_status bench_convolutions(weyl_context *ctx, const bench_conv_ask *ask, bench_conv *out) {
  bench_conv made = {0};
  bench_peer *peer = NULL;
  weyl_variables *vars = NULL;
  char threads[32];
  snprintf(threads, sizeof threads, "%d", weyl_threads(ctx));
  if (ask->peer && bench_peer_start(ctx, (const char *const[]){"conv", "--threads", threads, NULL}, ask->verbose,
                                    &peer) != WEYL_OK) {
    snprintf(made.missing, sizeof made.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) made.about = *bench_peer_what(peer);
  weyl_status status;
  WEYL_GOTO(weyl_variables_new(ctx, WEYL_F32, 1, &vars));
  for (int i = 0; i < BENCH_CONV_SHAPES; i++) {
    const bench_conv_shape *shape = &bench_conv_shapes[i];
    bench_conv_row *row = &made.row[i];
    const double outputs = (double)(ask->batch * size_out(shape) * size_out(shape) * shape->out);
    *row = (bench_conv_row){.shape = shape, .flops = 2 * outputs * (double)(shape->kernel * shape->kernel * shape->in)};
    for (int pass = 0; pass < BENCH_CONV_PASSES; pass++) {
      if (weyl_progress(ctx, shape->name, i * BENCH_CONV_PASSES + pass, BENCH_CONV_SHAPES * BENCH_CONV_PASSES)) {
        status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
        goto done;
      }
      WEYL_GOTO(one_case(ctx, vars, ask, peer, pass, row, &made.peak));
    }
  }
  *out = made;
done:
  bench_peer_free(peer);
  weyl_variables_free(vars);
  return status;
}
