/* Fourier transforms of several lengths, and the parts of `weyl persist`, beside SciPy doing the same. */
#include "bench.h"

#include <weyl/study.h>

#include <math.h>

enum { PAIRS = 64 }; /* of simulated paths a call */

typedef struct work {
  weyl_context *ctx;
  bench_signal *row;
  weyl_dtype real;
  weyl_fft *fft;
  void *in, *out, *scratch;
  size_t batch;
  weyl_covariance *covariance;
  char words[80]; /* for the peer; "": it has no such work */
} work;

static weyl_status once(void *self) {
  const work *w = self;
  const bench_signal *row = w->row;
  weyl_persist_rate rate;
  switch (row->what[0]) {
    case 'f': weyl_fft_run(w->fft, false, w->batch, w->in, w->out, w->scratch); return WEYL_OK;
    case 'n': weyl_kernels_active()->normals[w->real](1, 2, 0, (size_t)row->n, w->out); return WEYL_OK;
    case 'e': return weyl_persist_exponent(w->ctx, w->covariance, &rate);
    case 's': return weyl_persist_survival(w->ctx, w->covariance, 0, 1e-3, (size_t)row->n, w->out);
    default: break;
  }
  /* so many crossings has a path in the mean; what is prepared once is shared by PAIRS pairs */
  const double mean = (double)row->n / 100;
  const weyl_persist_simulate_opts o = {
      .intervals = (int64_t)(2 * (PAIRS - 0.5) * (mean - 2 - 3 * sqrt(mean))), .points = row->n, .seed = 1};
  weyl_persist_simulation s;
  WEYL_TRY(weyl_persist_simulate(w->ctx, w->covariance, &o, &s));
  weyl_persist_simulation_free(w->ctx, &s);
  return WEYL_OK;
}

static weyl_status work_open(work *w, size_t numbers) {
  const size_t size = weyl_dtype_size(w->real);
  w->in = weyl_alloc(w->ctx, numbers + 1, size);
  w->out = weyl_alloc(w->ctx, numbers + 1, size);
  if (!w->in || !w->out) return WEYL_MEMORY;
  weyl_kernels_active()->normals[w->real](1, 1, 0, numbers, w->in);
  if (w->row->what[0] == 'f') {
    WEYL_TRY(weyl_fft_new(w->ctx, w->real, (size_t)w->row->n, &w->fft));
    w->scratch = weyl_alloc(w->ctx, weyl_fft_scratch(w->fft) + 64, 1);
    return w->scratch ? WEYL_OK : WEYL_MEMORY;
  }
  return weyl_covariance_parse(w->ctx, "diffusion:2", &w->covariance);
}

static void work_close(work *w) {
  weyl_fft_free(w->fft);
  weyl_dealloc(w->ctx, w->in);
  weyl_dealloc(w->ctx, w->out);
  weyl_dealloc(w->ctx, w->scratch);
  weyl_covariance_free(w->covariance);
}

static weyl_status one_row(work *w, bench_peer *peer, size_t numbers, double seconds) {
  enum { TURNS = 4 };
  bench_samples mine = {0}, theirs = {0};
  weyl_status status;
  WEYL_GOTO(work_open(w, numbers));
  if (peer && w->words[0]) WEYL_GOTO(bench_peer_case(peer, w->words));
  for (int turn = 0; turn < TURNS; turn++) {
    WEYL_GOTO(bench_repeat(w->ctx, once, w, weyl_cpu_seconds, seconds / TURNS, &mine));
    if (peer && w->words[0]) WEYL_GOTO(bench_peer_run(peer, seconds / TURNS, &theirs));
  }
  w->row->ours = bench_times_of(&mine);
  w->row->peer = bench_times_of(&theirs);
  if (w->row->what[0] == 'i') { /* one pair a call */
    w->row->peer.cpu *= PAIRS;
    w->row->peer.best_cpu *= PAIRS;
  }
done:
  work_close(w);
  bench_samples_free(w->ctx, &mine);
  bench_samples_free(w->ctx, &theirs);
  return status;
}

static const char *const types[2] = {"f32", "f64"};

static weyl_status transforms(weyl_context *ctx, bench_peer *peer, double seconds, bench_signals *r) {
  static const int64_t lengths[] = {64, 256, 1000, 1024, 4096, 16384, 65536, 262144};
  enum { LENGTHS = sizeof lengths / sizeof *lengths, NUMBERS = 1 << 17 };
  for (int real = WEYL_F32; real <= WEYL_F64; real++) {
    for (int i = 0; i < LENGTHS; i++) {
      const int64_t n = lengths[i], batch = n < NUMBERS ? NUMBERS / n : 1;
      bench_signal *row = &r->row[r->rows++];
      *row = (bench_signal){.what = "fft", .type = types[real], .n = n, .items = n * batch};
      row->operations = 5 * (double)(n * batch) * log2((double)n);
      work w = {.ctx = ctx, .row = row, .real = (weyl_dtype)real, .batch = (size_t)batch};
      snprintf(w.words, sizeof w.words, "fft %lld %lld %s", (long long)n, (long long)batch, row->type);
      WEYL_TRY(one_row(&w, peer, 2 * (size_t)(n * batch), seconds));
    }
  }
  return WEYL_OK;
}

static weyl_status parts(weyl_context *ctx, bench_peer *peer, double seconds, bench_signals *r) {
  static const struct {
    const char *what, *words;
    weyl_dtype real;
    int64_t n, items;
  } part[] = {{"exponent", "", WEYL_F64, 1, 1},
              {"survival", "", WEYL_F64, 40000, 40000},
              {"normals", "normals 1048576 f32", WEYL_F32, 1 << 20, 1 << 20},
              {"fft", "fft 524288 1 f32", WEYL_F32, 1 << 19, 1 << 19},
              {"intervals", "intervals 262144", WEYL_F32, 1 << 18, (int64_t)PAIRS << 19}};
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    bench_signal *row = &r->row[r->rows++];
    *row = (bench_signal){.what = part[i].what, .type = types[part[i].real], .n = part[i].n, .items = part[i].items};
    if (row->what[0] == 'f') row->operations = 5 * (double)row->n * log2((double)row->n);
    work w = {.ctx = ctx, .row = row, .real = part[i].real, .batch = 1};
    snprintf(w.words, sizeof w.words, "%s", part[i].words);
    WEYL_TRY(one_row(&w, peer, 2 * (size_t)row->n, seconds));
  }
  return WEYL_OK;
}

weyl_status bench_signals_run(weyl_context *ctx, bool persist, double seconds, const char *peer_name, bool verbose,
                              bench_signals *out) {
  bench_signals r = {0};
  bench_peer *peer = NULL;
  double copy;
  if (peer_name &&
      bench_peer_start(ctx, (const char *const[]){"signals", "--threads", "1", NULL}, verbose, &peer) != WEYL_OK) {
    snprintf(r.missing, sizeof r.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) r.about = *bench_peer_what(peer);
  weyl_status status;
  for (int real = WEYL_F32; real <= WEYL_F64; real++) r.peak[real] = bench_peak((weyl_dtype)real, 0.05);
  WEYL_GOTO(bench_bandwidth(ctx, 0.1, &r.read, &copy));
  WEYL_GOTO((persist ? parts : transforms)(ctx, peer, seconds, &r));
  *out = r;
done:
  bench_peer_free(peer);
  return status;
}
