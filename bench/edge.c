/* The convolution along edges: forward, forward and backward with all gradients, in blocks and in rows of channels, and
 * a peer's. */
#include "bench.h"

#include <weyl/irrep.h>

#include <string.h>

const char *const bench_edge_pass[] = {"forward", "forward+backward", "forward, rows", "forward+backward, rows"};

enum { X, R, Y, OUT, ARRAYS };

typedef struct side {
  weyl_edge_product *plan;
  void *in[ARRAYS], *d[ARRAYS]; /* x, R, y, gradient of out; dx, dR, dy, out */
  void *work;
} side;

static void side_close(weyl_context *ctx, side *s) {
  for (int i = 0; i < ARRAYS; i++) {
    weyl_dealloc(ctx, s->in[i]);
    weyl_dealloc(ctx, s->d[i]);
  }
  weyl_dealloc(ctx, s->work);
  weyl_edge_product_free(s->plan);
}

/* A block of the output for every path with an even sum of degrees. */
static weyl_status side_open(weyl_context *ctx, weyl_arena *arena, const bench_edge_ask *ask, weyl_layout layout,
                             bench_edge_row *row, side *s) {
  weyl_irreps list[3] = {{ask->l_in + 1, NULL}, {ask->l_harmonics + 1, NULL}, {ask->l_out + 1, NULL}};
  for (int i = 0; i < 3; i++) {
    weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, list[i].n);
    if (!item) return WEYL_MEMORY;
    for (int l = 0; l < list[i].n; l++) item[l] = (weyl_irrep){i == 1 ? 1 : row->channels, l, l % 2 ? -1 : 1};
    list[i].item = item;
  }
  weyl_paths found;
  WEYL_TRY(weyl_paths_find(ctx, arena, list[0], list[1], list[2], WEYL_PATH_EVEN, &found));
  weyl_irrep *out = weyl_arena_array(arena, weyl_irrep, found.n);
  weyl_path *path = weyl_arena_array(arena, weyl_path, found.n);
  if (!out || !path) return WEYL_MEMORY;
  row->outputs = 0;
  for (int32_t i = 0; i < found.n; i++) {
    path[i] = found.item[i];
    out[i] = list[2].item[path[i].out];
    path[i].out = i;
    row->outputs += 2 * path[i].l3 + 1;
  }
  const weyl_edge_product_opts opts = {.layout = layout};
  WEYL_TRY(weyl_edge_product_new(ctx, &opts, ask->real, list[0], list[1], (weyl_irreps){(int32_t)found.n, out},
                                 (weyl_paths){found.n, path}, &s->plan));
  row->paths = found.n;
  const double forward = weyl_edge_product_ops(s->plan, 0), backward = weyl_edge_product_ops(s->plan, 2);
  for (int pass = 0; pass < BENCH_EDGE_PASSES; pass++) row->ops[pass] = forward + (pass % 2 ? backward : 0);
  const int64_t n[] = {ask->atoms * weyl_edge_product_size(s->plan, 0), ask->edges * weyl_edge_product_size(s->plan, 3),
                       ask->edges * weyl_edge_product_size(s->plan, 1),
                       ask->atoms * weyl_edge_product_size(s->plan, 2)};
  weyl_rng rng = weyl_rng_new(1, "edge");
  bool whole = true;
  for (int i = 0; i < ARRAYS; i++) {
    whole &= (s->in[i] = bench_random_numbers(ctx, &rng, ask->real, (size_t)n[i])) != NULL;
    whole &= (s->d[i] = bench_random_numbers(ctx, &rng, ask->real, (size_t)n[i])) != NULL;
  }
  whole &= (s->work = weyl_alloc(ctx, weyl_edge_product_work(s->plan), 1)) != NULL;
  return whole ? WEYL_OK : WEYL_MEMORY;
}

typedef struct call {
  weyl_context *ctx;
  side *s;
  const weyl_edges *edges;
  bool backward;
} call;

static weyl_status once(void *self) {
  const call *c = self;
  weyl_context *ctx = c->ctx;
  side *s = c->s;
  const weyl_edges *edges = c->edges;
  WEYL_TRY(weyl_edge_product_forward(ctx, s->plan, edges, s->in[X], s->in[R], s->in[Y], s->d[OUT], s->work));
  if (!c->backward) return WEYL_OK;
  return weyl_edge_product_backward(ctx, s->plan, edges, s->in[X], s->in[R], s->in[Y], s->in[OUT], s->d[X], s->d[R],
                                    s->d[Y], s->work);
}

weyl_status bench_ring(weyl_arena *arena, int64_t atoms, int64_t edges, weyl_edges *out) {
  int32_t *sender = weyl_arena_array(arena, int32_t, edges + 1),
          *receiver = weyl_arena_array(arena, int32_t, edges + 1);
  if (!sender || !receiver) return WEYL_MEMORY;
  int64_t first = 0;
  for (int64_t e = 0; e < edges; e++) {
    receiver[e] = (int32_t)(e * atoms / edges);
    if (e > 0 && receiver[e] != receiver[e - 1]) first = e;
    sender[e] = (int32_t)((receiver[e] + 1 + (e - first) % (atoms - 1)) % atoms);
  }
  *out = (weyl_edges){.n = edges, .senders = atoms, .receivers = atoms, .sender = sender, .receiver = receiver};
  return WEYL_OK;
}

#define TURNS 3

static weyl_status one_width(weyl_context *ctx, const bench_edge_ask *ask, bench_peer *peer, bench_edge_row *row,
                             double *peak) {
  side s[2] = {{0}};
  bench_samples ours[BENCH_EDGE_PASSES] = {{0}}, theirs[BENCH_EDGE_PASSES] = {{0}};
  weyl_arena *arena = NULL;
  weyl_edges edges;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(bench_ring(arena, ask->atoms, ask->edges, &edges)); /* the peer makes the same ones */
  WEYL_GOTO(side_open(ctx, arena, ask, WEYL_LAYOUT_BLOCKED, row, &s[0]));
  WEYL_GOTO(side_open(ctx, arena, ask, WEYL_LAYOUT_ROWS, row, &s[1]));
  for (int turn = 0; turn < TURNS; turn++)
    for (int pass = 0; pass < BENCH_EDGE_PASSES; pass++) {
      WEYL_GOTO(bench_repeat(ctx, once, &(call){ctx, &s[pass / 2], &edges, pass % 2 != 0}, weyl_thread_cpu_seconds,
                             ask->seconds / TURNS, &ours[pass]));
      const double now = bench_peak(ask->real, 0.01);
      if (now > *peak) *peak = now;
      if (!peer || pass >= 2) continue;
      char words[160];
      snprintf(words, sizeof words, "%lld %lld %lld %d %d %d %s", (long long)ask->atoms, (long long)ask->edges,
               (long long)row->channels, ask->l_in, ask->l_harmonics, ask->l_out, pass ? "both" : "forward");
      WEYL_GOTO(bench_peer_case(peer, words));
      WEYL_GOTO(bench_peer_run(peer, ask->seconds / TURNS, &theirs[pass]));
    }
  for (int pass = 0; pass < BENCH_EDGE_PASSES; pass++) {
    row->ours[pass] = bench_times_of(&ours[pass]);
    row->peer[pass] = bench_times_of(&theirs[pass]);
  }
done:
  for (int pass = 0; pass < BENCH_EDGE_PASSES; pass++) {
    bench_samples_free(ctx, &ours[pass]);
    bench_samples_free(ctx, &theirs[pass]);
  }
  side_close(ctx, &s[0]);
  side_close(ctx, &s[1]);
  weyl_arena_free(arena);
  return status;
}

weyl_status bench_edges(weyl_context *ctx, const bench_edge_ask *ask, bench_edge *out) {
  bench_edge made = {0};
  bench_peer *peer = NULL;
  if (ask->peer &&
      bench_peer_start(ctx, (const char *const[]){"edge", "--threads", "1", NULL}, ask->verbose, &peer) != WEYL_OK) {
    snprintf(made.missing, sizeof made.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) made.about = *bench_peer_what(peer);
  weyl_status status = WEYL_OK;
  for (int i = 0; i < ask->widths; i++) {
    if (weyl_progress(ctx, "edges", i, ask->widths)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
      goto done;
    }
    made.row[i].channels = ask->channels[i];
    WEYL_GOTO(one_width(ctx, ask, peer, &made.row[i], &made.peak));
    made.rows++;
  }
  *out = made;
done:
  bench_peer_free(peer);
  return status;
}
