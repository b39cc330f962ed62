/* Spherical harmonics of many points: ours and other libraries', values alone and with gradients. */
#include "bench.h"

#include <weyl/irrep.h>

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

weyl_status bench_degrees(weyl_context *ctx, const char *text, int least, int most, int *low, int *high) {
  char *end = NULL;
  const long a = strtol(text, &end, 10);
  long b = a;
  bool good = end != text;
  if (good && *end == '-') {
    const char *second = end + 1;
    b = strtol(second, &end, 10);
    good = end != second;
  }
  if (!good || *end || a < least || b > most || a > b)
    return weyl_fail(ctx, WEYL_BAD_ARG, "degrees \"%s\", must be one or two of %d to %d, as in 1-%d", text, least, most,
                     most);
  *low = (int)a;
  *high = (int)b;
  return WEYL_OK;
}

/* ---- what memory takes ---- */

static void write_all(char *to, size_t n, int value) {
#ifdef __SSE2__
  const __m128i v = _mm_set1_epi8((char)value);
  for (size_t i = 0; i + 16 <= n; i += 16) _mm_stream_si128((__m128i *)(void *)(to + i), v);
  _mm_sfence();
#else
  memset(to, value, n);
#endif
}

static double store_rate(char *to, size_t n, double seconds) {
  double best = 0;
  for (const double end = weyl_seconds() + seconds; weyl_seconds() < end;) {
    const double start = weyl_thread_cpu_seconds();
    write_all(to, n, 1);
    const double took = weyl_thread_cpu_seconds() - start;
    if (took > 0 && (double)n / took > best) best = (double)n / took;
  }
  return best;
}

/* ---- sides ---- */

typedef struct work {
  const bench_harmonics_ask *ask;
  void *memory[3]; /* of xyz, y, dy */
  void *xyz, *y, *dy;
} work;

static void work_close(weyl_context *ctx, work *w) {
  for (int i = 0; i < 3; i++) weyl_dealloc(ctx, w->memory[i]);
}

static weyl_status work_open(weyl_context *ctx, const bench_harmonics_ask *ask, work *w) {
  const size_t n = (size_t)ask->points, size = weyl_dtype_size(ask->real);
  const size_t width = (size_t)(ask->high + 1) * (size_t)(ask->high + 1), count[3] = {3 * n, n * width, 3 * n * width};
  w->ask = ask;
  void *at[3];
  for (int i = 0; i < 3; i++) {
    w->memory[i] = weyl_alloc(ctx, count[i] * size + 64, 1);
    if (!w->memory[i]) return WEYL_MEMORY;
    at[i] = (char *)w->memory[i] + (0 - (uintptr_t)w->memory[i]) % 64;
    memset(at[i], 0, count[i] * size);
  }
  w->xyz = at[0], w->y = at[1], w->dy = at[2];
  weyl_rng rng = weyl_rng_new(1, "points");
  for (size_t i = 0; i < 3 * n; i++) {
    const double x = weyl_rng_normal(&rng);
    if (ask->real == WEYL_F32)
      ((float *)w->xyz)[i] = (float)x;
    else
      ((double *)w->xyz)[i] = x;
  }
  return WEYL_OK;
}

static weyl_status ours(weyl_context *ctx, const work *w, int l, bool gradients, double seconds, bench_samples *into) {
  const weyl_harmonics_opts opts = {.l_max = l, .axes = WEYL_AXES_STANDARD};
  bool counted = false; /* the first brings the caches back */
  for (const double end = weyl_seconds() + seconds;;) {
    const double wall = weyl_seconds(), cpu = weyl_cpu_seconds();
    WEYL_TRY(weyl_harmonics(ctx, &opts, w->ask->real, w->ask->points, w->xyz, w->y, gradients ? w->dy : NULL));
    const double cpu_took = weyl_cpu_seconds() - cpu, now = weyl_seconds();
    if (counted) WEYL_TRY(bench_samples_add(ctx, into, now - wall, cpu_took));
    if (counted && now >= end) return WEYL_OK;
    counted = true;
  }
}

static weyl_status theirs(bench_peer *peer, const work *w, const char *who, int l, bool gradients, double seconds,
                          bench_samples *into) {
  char words[120];
  snprintf(words, sizeof words, "%s %d %lld %s %s", who, l, (long long)w->ask->points,
           gradients ? "gradients" : "values", w->ask->real == WEYL_F32 ? "f32" : "f64");
  WEYL_TRY(bench_peer_case(peer, words));
  return bench_peer_run(peer, seconds, into);
}

enum { TURNS = 4, E3NN_MAX = 11 };

static weyl_status one_row(weyl_context *ctx, const work *w, bench_peer *peer, bench_harmonics_row *row,
                           double *store) {
  const double share = w->ask->seconds / TURNS;
  bench_samples mine[2] = {{0}}, sphericart[2] = {{0}}, e3nn = {0};
  weyl_status status = WEYL_OK;
  for (int turn = 0; turn < TURNS; turn++) {
    for (int g = 0; g < 2; g++) {
      WEYL_GOTO(ours(ctx, w, row->l, g, share, &mine[g]));
      if (peer) WEYL_GOTO(theirs(peer, w, "sphericart", row->l, g, share, &sphericart[g]));
    }
    if (peer && row->l <= E3NN_MAX) WEYL_GOTO(theirs(peer, w, "e3nn", row->l, false, share, &e3nn));
    const double rate = store_rate(w->y, (size_t)row->bytes[BENCH_VALUES], 0.01);
    if (rate > *store) *store = rate;
  }
  for (int g = 0; g < 2; g++) {
    row->ours[g] = bench_times_of(&mine[g]);
    row->sphericart[g] = bench_times_of(&sphericart[g]);
  }
  row->e3nn = bench_times_of(&e3nn);
done:
  for (int g = 0; g < 2; g++) {
    bench_samples_free(ctx, &mine[g]);
    bench_samples_free(ctx, &sphericart[g]);
  }
  bench_samples_free(ctx, &e3nn);
  return status;
}

weyl_status bench_harmonics_run(weyl_context *ctx, const bench_harmonics_ask *ask, bench_harmonics *out) {
  bench_harmonics made = {0};
  bench_peer *peer = NULL;
  work w = {0};
  char threads[32];
  snprintf(threads, sizeof threads, "%d", weyl_threads(ctx));
  if (ask->peer &&
      bench_peer_start(ctx, (const char *const[]){"sh", "--threads", threads, NULL}, ask->verbose, &peer)) {
    snprintf(made.missing, sizeof made.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) made.about = *bench_peer_what(peer);
  weyl_status status;
  WEYL_GOTO(work_open(ctx, ask, &w));
  for (int l = ask->low; l <= ask->high && made.rows < BENCH_DEGREES_MAX; l++) {
    if (weyl_progress(ctx, "harmonics", l - ask->low, ask->high - ask->low + 1)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
      goto done;
    }
    bench_harmonics_row *row = &made.row[made.rows++];
    row->l = l;
    row->bytes[BENCH_VALUES] = (double)ask->points * (l + 1) * (l + 1) * (double)weyl_dtype_size(ask->real);
    row->bytes[BENCH_GRADIENTS] = 4 * row->bytes[BENCH_VALUES];
    WEYL_GOTO(one_row(ctx, &w, peer, row, &made.store));
  }
  *out = made;
done:
  bench_peer_free(peer);
  work_close(ctx, &w);
  return status;
}
