/* Products of many copies of one function: the exact symmetric contraction, beside MACE's, and powers on the grid. */
#include "bench.h"

#include <string.h>

typedef struct side {
  weyl_contraction *contraction; /* one of the two */
  weyl_sphere_product *powers;
  void *a, *b, *g, *da, *w, *dw, *work;
  int32_t *element;
} side;

static void side_close(weyl_context *ctx, side *s) {
  void *const all[] = {s->a, s->b, s->g, s->da, s->w, s->dw, s->work, s->element};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weyl_dealloc(ctx, all[i]);
  weyl_contraction_free(s->contraction);
  weyl_sphere_product_free(s->powers);
}

static weyl_status side_open(weyl_context *ctx, const bench_many_ask *ask, int power, side *s) {
  int64_t a, b, w;
  size_t work;
  if (power == 0) {
    const weyl_contraction_opts o = {.l_max = ask->l,
                                     .l_out = ask->l_out,
                                     .order = ask->order,
                                     .channels = ask->channels,
                                     .elements = ask->elements,
                                     .layout = WEYL_LAYOUT_BLOCKED};
    WEYL_TRY(weyl_contraction_new(ctx, &o, ask->real, &s->contraction));
    a = weyl_contraction_size(s->contraction, 0), b = weyl_contraction_size(s->contraction, 1);
    w = weyl_contraction_weights(s->contraction), work = weyl_contraction_work(s->contraction);
  } else {
    const weyl_sphere_product_opts o = {.kind = WEYL_SPHERE_POWERS,
                                        .l = {ask->l},
                                        .l_out = ask->l_out,
                                        .exponent = {power},
                                        .channels = ask->channels,
                                        .layout = WEYL_LAYOUT_BLOCKED};
    WEYL_TRY(weyl_sphere_product_new(ctx, &o, ask->real, &s->powers));
    a = weyl_sphere_product_size(s->powers, 0), b = weyl_sphere_product_size(s->powers, 1);
    w = weyl_sphere_product_weights(s->powers), work = weyl_sphere_product_work(s->powers);
  }
  weyl_rng rng = weyl_rng_new(1, "many");
  const struct {
    void **to;
    int64_t n;
  } all[] = {{&s->a, ask->batch * a},
             {&s->da, ask->batch * a},
             {&s->b, ask->batch * b},
             {&s->g, ask->batch * b},
             {&s->w, w},
             {&s->dw, w}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!(*all[i].to = bench_random_numbers(ctx, &rng, ask->real, (size_t)all[i].n))) return WEYL_MEMORY;
  s->work = weyl_alloc(ctx, work, 1);
  s->element = weyl_alloc(ctx, (size_t)ask->batch, sizeof *s->element);
  if (!s->work || !s->element) return WEYL_MEMORY;
  for (int64_t i = 0; i < ask->batch; i++) s->element[i] = (int32_t)(i % ask->elements);
  return WEYL_OK;
}

typedef struct call {
  weyl_context *ctx;
  side *s;
  int64_t batch;
  bool backward;
} call;

static weyl_status once(void *self) {
  const call *c = self;
  weyl_context *ctx = c->ctx;
  side *s = c->s;
  const int64_t batch = c->batch;
  if (s->contraction) {
    WEYL_TRY(weyl_contraction_forward(ctx, s->contraction, batch, s->element, s->a, s->w, s->b, s->work));
    if (!c->backward) return WEYL_OK;
    return weyl_contraction_backward(ctx, s->contraction, batch, s->element, s->a, s->w, s->g, s->da, s->dw, s->work);
  }
  const void *const f[] = {s->a};
  WEYL_TRY(weyl_sphere_product_forward(ctx, s->powers, batch, f, s->w, s->b, s->work));
  if (!c->backward) return WEYL_OK;
  return weyl_sphere_product_backward(ctx, s->powers, batch, f, s->w, s->g, &s->da, s->dw, s->work);
}

enum { TURNS = 3 };

static weyl_status one_row(weyl_context *ctx, const bench_many_ask *ask, bench_peer *peer, int power, bool backward,
                           double *peak, bench_many_row *row) {
  side s = {0};
  bench_samples ours = {0}, theirs = {0};
  weyl_status status;
  WEYL_GOTO(side_open(ctx, ask, power, &s));
  *row = (bench_many_row){.what = power ? "powers on the grid" : "symmetric contraction",
                          .pass = backward ? "forward+backward" : "forward",
                          .order = power ? power : ask->order};
  row->weights =
      power ? weyl_sphere_product_weights(s.powers) / ask->channels : weyl_contraction_couplings(s.contraction, -1, 0);
  const double in = (ask->l + 1.0) * (ask->l + 1), result = (ask->l_out + 1.0) * (ask->l_out + 1);
  row->bytes = (double)weyl_dtype_size(ask->real) * (backward ? 3 * in + 2 * result : in + result);
  for (int way = 0; way <= (backward ? 2 : 0); way += 2)
    row->ops += power ? weyl_sphere_product_ops(s.powers, way) : weyl_contraction_ops(s.contraction, way);
  for (int turn = 0; turn < TURNS; turn++) {
    WEYL_GOTO(bench_repeat(ctx, once, &(call){ctx, &s, ask->batch, backward}, weyl_thread_cpu_seconds,
                           ask->seconds / TURNS, &ours));
    const double rate = bench_peak(ask->real, 0.01);
    if (rate > *peak) *peak = rate;
    if (!peer || power) continue;
    char words[160];
    snprintf(words, sizeof words, "%d %d %d %lld %lld %lld %s %s", ask->l, ask->l_out, ask->order,
             (long long)ask->channels, (long long)ask->batch, (long long)ask->elements, backward ? "both" : "forward",
             ask->real == WEYL_F64 ? "f64" : "f32");
    WEYL_GOTO(bench_peer_case(peer, words));
    WEYL_GOTO(bench_peer_run(peer, ask->seconds / TURNS, &theirs));
  }
  row->ours = bench_times_of(&ours);
  row->peer = bench_times_of(&theirs);
done:
  bench_samples_free(ctx, &ours);
  bench_samples_free(ctx, &theirs);
  side_close(ctx, &s);
  return status;
}

weyl_status bench_many_run(weyl_context *ctx, const bench_many_ask *ask, bench_many *out) {
  bench_many made = {0};
  bench_peer *peer = NULL;
  if (ask->peer && bench_peer_start(ctx, (const char *const[]){"many", "--threads", "1", NULL}, ask->verbose, &peer)) {
    snprintf(made.missing, sizeof made.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) made.about = *bench_peer_what(peer);
  weyl_status status;
  double copy = 0;
  WEYL_GOTO(bench_bandwidth(ctx, ask->seconds < 0.05 ? ask->seconds : 0.05, &made.bandwidth, &copy));
  if (copy > made.bandwidth) made.bandwidth = copy;
  static const int powers[] = {0, 2, 3, 4};
  for (int i = 0; i < 8; i++) {
    if (weyl_progress(ctx, "many-body products", i, 8)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
      goto done;
    }
    WEYL_GOTO(one_row(ctx, ask, peer, powers[i / 2], i % 2 != 0, &made.peak, &made.row[made.rows]));
    made.rows++;
  }
  *out = made;
done:
  bench_peer_free(peer);
  return status;
}
