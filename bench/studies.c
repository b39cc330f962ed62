/* Steps of matrix sensing, and searches of invariance across environments, beside NumPy and SciPy doing the same. */
#include "bench.h"

#include <weyl/study.h>

#include <math.h>
#include <string.h>

typedef struct shape { /* of sensing: n, m, k; of environments: nodes, environments, features at most */
  const char *what, *kind, *method, *peer;
  int64_t n, m, k;
  bool symmetric;
} shape;

static const shape sense[] = {
    {"gaussian", "gaussian", "gd", "gaussian", 50, 2000, 5, false},
    {"gaussian, symmetric", "gaussian", "gd", "gaussian", 50, 2000, 5, true},
    {"gaussian", "gaussian", "gd", "gaussian", 100, 4000, 5, false},
    {"gaussian, symmetric", "gaussian", "gd", "gaussian", 100, 4000, 5, true},
    {"rank-one", "rank-one", "gd", "rank-one", 1000, 2000, 5, false},
    {"entries", "entries", "gd", "entries", 100000, 10000000, 10, false},
    {"entries, alt-min", "entries", "alt-min", "", 100000, 10000000, 10, false},
};
static const shape sem[] = {
    {"subsets", "pac-curve", "", "subsets", 16, 32, 3, false},
    {"continuous", "dim-free", "", "", 50, 8, 0, false},
    {"curve", "", "", "", 16, 32, 3, false},
};

/* ---- sensing: steps of a run, timed by the run itself ---- */

static weyl_status sensing_new(weyl_context *ctx, const shape *s, weyl_sensing **a, double **y) {
  static const double ones[3] = {1, 1, 1};
  const size_t n = (size_t)s->n;
  weyl_sense_truth truth = {0};
  weyl_status status;
  WEYL_GOTO(weyl_sensing_new(ctx, s->kind, &(weyl_sensing_opts){n, n, (size_t)s->m, s->symmetric, 1}, a));
  *y = weyl_alloc(ctx, (size_t)s->m, sizeof **y);
  status = *y ? weyl_sense_truth_new(ctx, n, n, 3, ones, s->symmetric, true, 1, &truth) : WEYL_MEMORY;
  if (status == WEYL_OK) status = weyl_sense_measure(*a, &truth, 0, 1, *y);
done:
  weyl_sense_truth_free(ctx, &truth);
  return status;
}

static weyl_status some_steps(weyl_context *ctx, const shape *s, weyl_sensing *a, const double *y, int64_t steps,
                              bench_samples *into) {
  const weyl_sense_opts o = {.method = s->method,
                             .k = (size_t)s->k,
                             .symmetric = s->symmetric,
                             .iterations = steps,
                             .eta = 1e-3,
                             .alpha = 0.1,
                             .start = "random",
                             .points = 2,
                             .seed = 1};
  weyl_sense_result r;
  const double before = weyl_cpu_seconds();
  WEYL_TRY(weyl_sense_run(ctx, a, y, &o, NULL, &r));
  const double cpu = weyl_cpu_seconds() - before, one = r.seconds / (double)r.iterations;
  weyl_sense_result_free(ctx, &r);
  return bench_samples_add(ctx, into, one, cpu / (double)steps);
}

static weyl_status sense_row(weyl_context *ctx, const shape *s, bench_peer *peer, double seconds, bench_signal *row) {
  enum { TURNS = 3 };
  weyl_sensing *a = NULL;
  double *y = NULL;
  bench_samples mine = {0}, theirs = {0};
  weyl_status status;
  WEYL_GOTO(sensing_new(ctx, s, &a, &y));
  if (strcmp(s->kind, "gaussian") == 0) /* floats, each once a step */
    row->bytes = 4.0 * (double)s->m * (double)(s->symmetric ? s->n * (s->n + 1) / 2 : s->n * s->n);
  const int64_t steps = strcmp(s->kind, "gaussian") == 0 ? 40 : 4;
  for (int turn = 0; turn < TURNS; turn++) {
    const double until = weyl_seconds() + seconds / TURNS;
    do WEYL_GOTO(some_steps(ctx, s, a, y, steps, &mine));
    while (weyl_seconds() < until);
    if (!peer || !s->peer[0]) continue;
    char words[80];
    snprintf(words, sizeof words, "%s %lld %lld %lld", s->peer, (long long)s->n, (long long)s->m, (long long)s->k);
    if (turn == 0) WEYL_GOTO(bench_peer_case(peer, words));
    WEYL_GOTO(bench_peer_run(peer, seconds / TURNS, &theirs));
  }
  row->ours = bench_times_of(&mine);
  row->peer = bench_times_of(&theirs);
done:
  weyl_sensing_free(a);
  weyl_dealloc(ctx, y);
  bench_samples_free(ctx, &mine);
  bench_samples_free(ctx, &theirs);
  return status;
}

/* ---- environments ---- */

typedef struct search {
  weyl_context *ctx;
  const shape *s;
  weyl_moments *m;
} search;

static weyl_status one_search(void *self) {
  const search *q = self;
  double violation[2];
  weyl_search found;
  if (strcmp(q->s->what, "curve") == 0)
    return weyl_sem_curve(q->ctx,
                          &(weyl_sem_curve_opts){.model = {.nodes = (size_t)q->s->n, .seed = 1},
                                                 .trials = 1,
                                                 .counts = 1,
                                                 .n = {(size_t)q->s->m},
                                                 .most = (size_t)q->s->k},
                          violation);
  if (strcmp(q->s->what, "subsets") == 0)
    WEYL_TRY(weyl_search_subsets(q->ctx, q->m, &(weyl_search_opts){.most = (size_t)q->s->k}, &found));
  else
    WEYL_TRY(weyl_search_continuous(q->ctx, q->m, &(weyl_search_opts){.seed = 1}, &found));
  weyl_search_free(&found);
  return WEYL_OK;
}

static weyl_status sem_row(weyl_context *ctx, const shape *s, bench_peer *peer, double seconds, bench_signal *row) {
  enum { TURNS = 3 };
  bench_samples mine = {0}, theirs = {0};
  weyl_moments m = {0};
  weyl_sem *model = NULL;
  weyl_status status;
  const weyl_sem_random_opts o = {.nodes = (size_t)s->n, .seed = 1};
  WEYL_GOTO(weyl_sem_preset(ctx, s->kind[0] ? s->kind : "pac-curve", &o, &model));
  WEYL_GOTO(weyl_sem_moments(ctx, model, &(weyl_sem_world){.seed = 1, .count = (size_t)s->m}, &m));
  search q = {ctx, s, &m};
  for (int turn = 0; turn < TURNS; turn++) {
    WEYL_GOTO(bench_repeat(ctx, one_search, &q, weyl_cpu_seconds, seconds / TURNS, &mine));
    if (!peer || !s->peer[0]) continue;
    char words[80];
    snprintf(words, sizeof words, "%s %zu %lld %lld", s->peer, m.d, (long long)s->m, (long long)s->k);
    if (turn == 0) WEYL_GOTO(bench_peer_case(peer, words));
    WEYL_GOTO(bench_peer_run(peer, seconds / TURNS, &theirs));
  }
  row->ours = bench_times_of(&mine);
  row->peer = bench_times_of(&theirs);
done:
  weyl_moments_free(&m);
  weyl_sem_free(model);
  bench_samples_free(ctx, &mine);
  bench_samples_free(ctx, &theirs);
  return status;
}

weyl_status bench_studies_run(weyl_context *ctx, bool environments, double seconds, const char *peer_name, bool verbose,
                              bench_signals *out) {
  bench_signals r = {.wall = true};
  bench_peer *peer = NULL;
  double copy;
  char threads[16];
  snprintf(threads, sizeof threads, "%d", weyl_threads(ctx));
  if (peer_name &&
      bench_peer_start(ctx, (const char *const[]){"studies", "--threads", threads, NULL}, verbose, &peer) != WEYL_OK) {
    snprintf(r.missing, sizeof r.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) r.about = *bench_peer_what(peer);
  weyl_status status;
  WEYL_GOTO(bench_bandwidth(ctx, 0.1, &r.read, &copy));
  const shape *shapes = environments ? sem : sense;
  const size_t count = environments ? sizeof sem / sizeof *sem : sizeof sense / sizeof *sense;
  for (size_t i = 0; i < count; i++) {
    bench_signal *row = &r.row[r.rows++];
    *row = (bench_signal){.what = shapes[i].what, .type = "f64", .n = shapes[i].n, .items = shapes[i].m};
    WEYL_GOTO((environments ? sem_row : sense_row)(ctx, &shapes[i], peer, seconds, row));
  }
  *out = r;
done:
  bench_peer_free(peer);
  return status;
}
