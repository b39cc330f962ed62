/* The tensor product of all degrees to L, one weight for each path and channel: forward, forward and backward with all
 * gradients, in blocks and in e3nn's layout, and a peer's. */
#include "bench.h"

#include <weyl/irrep.h>

#include <string.h>

const char *const bench_tp_pass[] = {"forward", "forward+backward", "forward, e3nn layout",
                                     "forward+backward, e3nn layout"};

typedef struct side {
  weyl_product *plan;
  void *x[3], *d[3]; /* x, y, gradient of out; dx, dy, out */
  void *w, *dw, *work;
} side;

static void side_close(weyl_context *ctx, side *s) {
  for (int i = 0; i < 3; i++) {
    weyl_dealloc(ctx, s->x[i]);
    weyl_dealloc(ctx, s->d[i]);
  }
  weyl_dealloc(ctx, s->w);
  weyl_dealloc(ctx, s->dw);
  weyl_dealloc(ctx, s->work);
  weyl_product_free(s->plan);
}

static void *random_numbers(weyl_context *ctx, weyl_rng *rng, weyl_dtype real, size_t n) {
  void *x = weyl_alloc(ctx, n, weyl_dtype_size(real));
  for (size_t i = 0; x && i < n; i++) {
    const double value = 2 * weyl_rng_uniform(rng) - 1;
    if (real == WEYL_F64)
      ((double *)x)[i] = value;
    else
      ((float *)x)[i] = (float)value;
  }
  return x;
}

static weyl_status side_open(weyl_context *ctx, weyl_arena *arena, const bench_tp_ask *ask, int l, weyl_layout layout,
                             bench_tp_row *row, side *s) {
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, l + 1);
  if (!item) return WEYL_MEMORY;
  for (int i = 0; i <= l; i++) item[i] = (weyl_irrep){ask->channels, i, 1};
  const weyl_irreps list = {l + 1, item};
  weyl_paths paths;
  WEYL_TRY(weyl_paths_find(ctx, arena, list, list, list, ask->even ? WEYL_PATH_EVEN : WEYL_PATH_ALL, &paths));
  const weyl_product_opts opts = {.layout = layout, .method = ask->method};
  WEYL_TRY(weyl_product_new(ctx, &opts, ask->real, list, list, list, paths, &s->plan));
  row->paths = paths.n;
  row->written = weyl_product_how(s->plan) == WEYL_PRODUCT_WRITTEN;
  const double forward = weyl_product_ops(s->plan, 0), backward = weyl_product_ops(s->plan, 2);
  for (int pass = 0; pass < BENCH_TP_PASSES; pass++) row->ops[pass] = forward + (pass % 2 ? backward : 0);
  weyl_rng rng = weyl_rng_new(1, "product");
  bool whole = true;
  for (int i = 0; i < 3; i++) {
    const size_t n = (size_t)(ask->batch * weyl_product_size(s->plan, i));
    whole &= (s->x[i] = random_numbers(ctx, &rng, ask->real, n)) != NULL;
    whole &= (s->d[i] = random_numbers(ctx, &rng, ask->real, n)) != NULL;
  }
  whole &= (s->w = random_numbers(ctx, &rng, ask->real, (size_t)weyl_product_weights(s->plan))) != NULL;
  whole &= (s->dw = random_numbers(ctx, &rng, ask->real, (size_t)weyl_product_weights(s->plan))) != NULL;
  whole &= (s->work = weyl_alloc(ctx, weyl_product_work(s->plan), 1)) != NULL;
  return whole ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status once(weyl_context *ctx, side *s, int64_t batch, bool backward) {
  WEYL_TRY(weyl_product_forward(ctx, s->plan, batch, s->x[0], s->x[1], s->w, s->d[2], s->work));
  if (!backward) return WEYL_OK;
  return weyl_product_backward(ctx, s->plan, batch, s->x[0], s->x[1], s->w, s->x[2], s->d[0], s->d[1], s->dw, s->work);
}

static weyl_status repeat(weyl_context *ctx, side *s, int64_t batch, bool backward, double seconds,
                          bench_samples *into) {
  WEYL_TRY(once(ctx, s, batch, backward));
  for (const double end = weyl_seconds() + seconds;;) {
    const double wall = weyl_seconds(), cpu = weyl_thread_cpu_seconds();
    WEYL_TRY(once(ctx, s, batch, backward));
    const double cpu_took = weyl_thread_cpu_seconds() - cpu, now = weyl_seconds();
    WEYL_TRY(bench_samples_add(ctx, into, now - wall, cpu_took));
    if (now >= end) return WEYL_OK;
  }
}

#define TURNS 3

static weyl_status one_degree(weyl_context *ctx, const bench_tp_ask *ask, bench_peer *peer, int l, bench_tp_row *row,
                              double *peak) {
  side s[2] = {{0}};
  bench_samples ours[BENCH_TP_PASSES] = {{0}}, theirs[BENCH_TP_PASSES] = {{0}};
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  *row = (bench_tp_row){.l = l};
  WEYL_GOTO(side_open(ctx, arena, ask, l, WEYL_LAYOUT_BLOCKED, row, &s[0]));
  WEYL_GOTO(side_open(ctx, arena, ask, l, WEYL_LAYOUT_IRREPS, row, &s[1]));
  for (int turn = 0; turn < TURNS; turn++)
    for (int pass = 0; pass < BENCH_TP_PASSES; pass++) {
      WEYL_GOTO(repeat(ctx, &s[pass / 2], ask->batch, pass % 2 != 0, ask->seconds / TURNS, &ours[pass]));
      const double now = bench_peak(ask->real, 0.01);
      if (now > *peak) *peak = now;
      if (!peer || pass >= 2) continue;
      char words[160];
      snprintf(words, sizeof words, "%d %lld %lld %s %s", l, (long long)ask->channels, (long long)ask->batch,
               ask->even ? "even" : "full", pass ? "both" : "forward");
      WEYL_GOTO(bench_peer_case(peer, words));
      WEYL_GOTO(bench_peer_run(peer, ask->seconds / TURNS, &theirs[pass]));
    }
  for (int pass = 0; pass < BENCH_TP_PASSES; pass++) {
    row->ours[pass] = bench_times_of(&ours[pass]);
    row->peer[pass] = bench_times_of(&theirs[pass]);
  }
done:
  for (int pass = 0; pass < BENCH_TP_PASSES; pass++) {
    bench_samples_free(ctx, &ours[pass]);
    bench_samples_free(ctx, &theirs[pass]);
  }
  side_close(ctx, &s[0]);
  side_close(ctx, &s[1]);
  weyl_arena_free(arena);
  return status;
}

weyl_status bench_products(weyl_context *ctx, const bench_tp_ask *ask, bench_tp *out) {
  bench_tp made = {0};
  bench_peer *peer = NULL;
  if (ask->peer) {
    const bool compile = strcmp(ask->peer, "e3nn-compile") == 0;
    if (bench_peer_start(ctx, (const char *const[]){"tp", "--threads", "1", compile ? "--compile" : NULL, NULL},
                         ask->verbose, &peer) != WEYL_OK) {
      snprintf(made.missing, sizeof made.missing, "%s", weyl_message(ctx));
      weyl_message_clear(ctx);
    }
  }
  if (peer) made.about = *bench_peer_what(peer);
  weyl_status status = WEYL_OK;
  for (int l = ask->l_low; l <= ask->l_high; l++) {
    if (weyl_progress(ctx, "products", l - ask->l_low, ask->l_high - ask->l_low + 1)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
      goto done;
    }
    WEYL_GOTO(one_degree(ctx, ask, peer, l, &made.row[made.rows], &made.peak));
    made.rows++;
  }
  *out = made;
done:
  bench_peer_free(peer);
  return status;
}
