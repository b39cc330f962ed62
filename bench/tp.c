/* Products of all degrees to L: tensor products with a weight for each path and channel, and products of functions on
 * the sphere with one for each degree. Forward, forward and backward with all gradients, in blocks and in e3nn's
 * layout, and a peer's. */
#include "bench.h"

#include <weyl/irrep.h>

#include <string.h>

const char *const bench_tp_pass[] = {"forward", "forward+backward", "forward, e3nn layout",
                                     "forward+backward, e3nn layout"};
const char *const bench_tp_kind_name[] = {"full", "even", "gaunt", "complete"};

const char *bench_tp_method_name(weyl_product_method method) {
  static const char *const names[] = {"auto", "written", "table", "grid"};
  return names[method];
}

typedef struct side {
  weyl_product *plan; /* one of the two */
  weyl_sphere_product *sphere;
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
  weyl_sphere_product_free(s->sphere);
  *s = (side){0};
}

static bool on_sphere(const bench_tp_ask *ask) { return ask->kind >= BENCH_TP_GAUNT; }

static int64_t side_size(const side *s, int i) {
  return s->plan ? weyl_product_size(s->plan, i) : weyl_sphere_product_size(s->sphere, i);
}

static weyl_product_method side_how(const side *s) {
  return s->plan ? weyl_product_how(s->plan) : weyl_sphere_product_how(s->sphere);
}

static weyl_status plan_open(weyl_context *ctx, weyl_arena *arena, const bench_tp_ask *ask, int l, weyl_layout layout,
                             weyl_product_method method, bench_tp_row *row, side *s) {
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, l + 1);
  if (!item) return WEYL_MEMORY;
  for (int i = 0; i <= l; i++) item[i] = (weyl_irrep){ask->channels, i, 1};
  const weyl_irreps list = {l + 1, item};
  weyl_paths paths;
  const bool even = ask->kind == BENCH_TP_EVEN || ask->kind == BENCH_TP_GAUNT;
  WEYL_TRY(weyl_paths_find(ctx, arena, list, list, list, even ? WEYL_PATH_EVEN : WEYL_PATH_ALL, &paths));
  row->peer_weights = paths.n;
  if (on_sphere(ask)) {
    const weyl_sphere_product_opts opts = {
        .kind = ask->kind == BENCH_TP_GAUNT ? WEYL_SPHERE_PRODUCT : WEYL_SPHERE_COMPLETE,
        .functions = 2,
        .l = {l, l},
        .l_out = l,
        .channels = ask->channels,
        .layout = layout,
        .method = method};
    return weyl_sphere_product_new(ctx, &opts, ask->real, &s->sphere);
  }
  const weyl_product_opts opts = {.layout = layout, .method = method};
  return weyl_product_new(ctx, &opts, ask->real, list, list, list, paths, &s->plan);
}

static weyl_status side_open(weyl_context *ctx, weyl_arena *arena, const bench_tp_ask *ask, int l, weyl_layout layout,
                             weyl_product_method method, bench_tp_row *row, side *s) {
  WEYL_TRY(plan_open(ctx, arena, ask, l, layout, method, row, s));
  row->method = side_how(s);
  const int64_t weights = s->plan ? weyl_product_weights(s->plan) : weyl_sphere_product_weights(s->sphere);
  row->weights = weights / ask->channels;
  const double forward = s->plan ? weyl_product_ops(s->plan, 0) : weyl_sphere_product_ops(s->sphere, 0);
  const double backward = s->plan ? weyl_product_ops(s->plan, 2) : weyl_sphere_product_ops(s->sphere, 2);
  const double array = (l + 1.0) * (l + 1) * (double)weyl_dtype_size(ask->real);
  for (int pass = 0; pass < BENCH_TP_PASSES; pass++) {
    row->ops[pass] = forward + (pass % 2 ? backward : 0);
    row->bytes[pass] = array * (pass % 2 ? 8 : 3); /* two arrays in and one out; three in and two out */
  }
  weyl_rng rng = weyl_rng_new(1, "product");
  bool whole = true;
  for (int i = 0; i < 3; i++) {
    const size_t n = (size_t)(ask->batch * side_size(s, i));
    whole &= (s->x[i] = bench_random_numbers(ctx, &rng, ask->real, n)) != NULL;
    whole &= (s->d[i] = bench_random_numbers(ctx, &rng, ask->real, n)) != NULL;
  }
  whole &= (s->w = bench_random_numbers(ctx, &rng, ask->real, (size_t)weights)) != NULL;
  whole &= (s->dw = bench_random_numbers(ctx, &rng, ask->real, (size_t)weights)) != NULL;
  const size_t work = s->plan ? weyl_product_work(s->plan) : weyl_sphere_product_work(s->sphere);
  whole &= (s->work = weyl_alloc(ctx, work, 1)) != NULL;
  return whole ? WEYL_OK : WEYL_MEMORY;
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
  if (s->sphere) {
    const void *const f[] = {s->x[0], s->x[1]};
    WEYL_TRY(weyl_sphere_product_forward(ctx, s->sphere, batch, f, s->w, s->d[2], s->work));
    if (!c->backward) return WEYL_OK;
    return weyl_sphere_product_backward(ctx, s->sphere, batch, f, s->w, s->x[2], s->d, s->dw, s->work);
  }
  WEYL_TRY(weyl_product_forward(ctx, s->plan, batch, s->x[0], s->x[1], s->w, s->d[2], s->work));
  if (!c->backward) return WEYL_OK;
  return weyl_product_backward(ctx, s->plan, batch, s->x[0], s->x[1], s->w, s->x[2], s->d[0], s->d[1], s->dw, s->work);
}

enum { TURNS = 3, COMPILED_MAX = 4 }; /* torch.compile takes minutes beyond */

/* What the peer's second side is, at a degree; NULL: nothing. */
static const char *second_side(const bench_tp_ask *ask, int l) {
  if (ask->kind == BENCH_TP_GAUNT) return "dense";
  return ask->kind != BENCH_TP_COMPLETE && l <= COMPILED_MAX && strcmp(ask->peer, "e3nn") == 0 ? "compile" : NULL;
}

static weyl_status peer_run(const bench_tp_ask *ask, bench_peer *peer, int l, int pass, const char *form,
                            bench_samples *into) {
  const bool even = ask->kind == BENCH_TP_EVEN || ask->kind == BENCH_TP_GAUNT;
  char words[160];
  snprintf(words, sizeof words, "%d %lld %lld %s %s %s %s", l, (long long)ask->channels, (long long)ask->batch,
           even ? "even" : "full", pass ? "both" : "forward", form, ask->real == WEYL_F64 ? "f64" : "f32");
  WEYL_TRY(bench_peer_case(peer, words));
  return bench_peer_run(peer, ask->seconds / TURNS, into);
}

/* One degree by one method; the peer beside it if there is one. */
static weyl_status one_row(weyl_context *ctx, const bench_tp_ask *ask, bench_peer *peer, int l,
                           weyl_product_method method, bench_tp_row *row, bench_tp *made) {
  side s[2] = {{0}};
  bench_samples ours[BENCH_TP_PASSES] = {{0}}, theirs[2] = {{0}}, second[2] = {{0}};
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  *row = (bench_tp_row){.l = l};
  const bool compiled = ask->peer && strcmp(ask->peer, "e3nn-compile") == 0;
  for (int i = 0; 2 * i < ask->passes; i++)
    WEYL_GOTO(side_open(ctx, arena, ask, l, i ? WEYL_LAYOUT_IRREPS : WEYL_LAYOUT_BLOCKED, method, row, &s[i]));
  for (int turn = 0; turn < TURNS; turn++)
    for (int pass = 0; pass < ask->passes; pass++) {
      WEYL_GOTO(bench_repeat(ctx, once, &(call){ctx, &s[pass / 2], ask->batch, pass % 2 != 0}, weyl_thread_cpu_seconds,
                             ask->seconds / TURNS, &ours[pass]));
      const double now = bench_peak(ask->real, 0.01);
      if (now > made->peak) made->peak = now;
      if (!peer || pass >= 2) continue;
      WEYL_GOTO(peer_run(ask, peer, l, pass, compiled ? "compile" : "script", &theirs[pass]));
      const char *form = second_side(ask, l);
      if (!form) continue;
      made->second = form;
      WEYL_GOTO(peer_run(ask, peer, l, pass, form, &second[pass]));
    }
  for (int pass = 0; pass < ask->passes; pass++) row->ours[pass] = bench_times_of(&ours[pass]);
  for (int pass = 0; pass < 2; pass++) {
    row->peer[pass] = bench_times_of(&theirs[pass]);
    row->second[pass] = bench_times_of(&second[pass]);
  }
done:
  for (int pass = 0; pass < BENCH_TP_PASSES; pass++) bench_samples_free(ctx, &ours[pass]);
  for (int pass = 0; pass < 2; pass++) {
    bench_samples_free(ctx, &theirs[pass]);
    bench_samples_free(ctx, &second[pass]);
  }
  side_close(ctx, &s[0]);
  side_close(ctx, &s[1]);
  weyl_arena_free(arena);
  return status;
}

static weyl_status chosen_method(weyl_context *ctx, const bench_tp_ask *ask, int l, weyl_product_method *method) {
  side s = {0};
  bench_tp_row row;
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(plan_open(ctx, arena, ask, l, WEYL_LAYOUT_BLOCKED, WEYL_PRODUCT_AUTO, &row, &s));
  *method = side_how(&s);
done:
  side_close(ctx, &s);
  weyl_arena_free(arena);
  return status;
}

static weyl_status one_degree(weyl_context *ctx, const bench_tp_ask *ask, bench_peer *peer, int l, bench_tp *made) {
  weyl_product_method chosen;
  WEYL_TRY(chosen_method(ctx, ask, l, &chosen));
  for (int m = WEYL_PRODUCT_WRITTEN; m <= WEYL_PRODUCT_GRID; m++) {
    if (!ask->every && m != (int)(ask->method == WEYL_PRODUCT_AUTO ? chosen : ask->method)) continue;
    if (ask->every && m == WEYL_PRODUCT_GRID && !on_sphere(ask)) continue;
    bench_tp_row *row = &made->row[made->rows];
    const bool beside = !ask->every || m == (int)chosen;
    const weyl_status status = one_row(ctx, ask, beside ? peer : NULL, l, (weyl_product_method)m, row, made);
    if (status == WEYL_UNSUPPORTED && ask->every) { /* there is no such code */
      weyl_message_clear(ctx);
      continue;
    }
    WEYL_TRY(status);
    row->chosen = row->method == chosen;
    made->rows++;
  }
  return WEYL_OK;
}

weyl_status bench_products(weyl_context *ctx, const bench_tp_ask *ask, bench_tp *out) {
  static bench_tp made;
  made = (bench_tp){0};
  bench_peer *peer = NULL;
  if (ask->peer && bench_peer_start(ctx, (const char *const[]){"tp", "--threads", "1", NULL}, ask->verbose, &peer)) {
    snprintf(made.missing, sizeof made.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) made.about = *bench_peer_what(peer);
  weyl_status status;
  double copy = 0;
  WEYL_GOTO(bench_bandwidth(ctx, ask->seconds < 0.05 ? ask->seconds : 0.05, &made.bandwidth, &copy));
  if (copy > made.bandwidth) made.bandwidth = copy;
  for (int l = ask->l_low; l <= ask->l_high; l++) {
    if (weyl_progress(ctx, "products", l - ask->l_low, ask->l_high - ask->l_low + 1)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
      goto done;
    }
    WEYL_GOTO(one_degree(ctx, ask, peer, l, &made));
  }
  *out = made;
done:
  bench_peer_free(peer);
  return status;
}
