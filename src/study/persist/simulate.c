/* Intervals that simulated paths spend above and below a level. */
#include "paths.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FULL = -1 }; /* in place of a count: more crossings than room */

typedef struct simulation {
  const weyl_covariance *c;
  double level;
  uint64_t seed;
  int64_t first, skipped; /* of the pairs in hand; pairs of other parts before ours */
  size_t points, room;    /* of a path: points, and crossings at most */
  bool markov;
  path_markov pairs;
  path_spectrum spectrum;
  size_t work_bytes;
  char *work;       /* of each thread */
  double *interval; /* [items][2 room]: below the level with a minus sign */
  int64_t *count;   /* [items] */
  int64_t *hidden;  /* [items] */
} simulation;

/* Complete intervals between the crossings of a path go to `to`, which may lie before them; how many. */
static size_t intervals(const path_zeros *zeros, double *to) {
  bool above = zeros->above;
  size_t n = 0;
  for (; n + 1 < zeros->n; n++) {
    above = !above;
    const double length = zeros->at[n + 1] - zeros->at[n];
    to[n] = above ? length : -length;
  }
  return n;
}

static void two_paths(void *arg, int64_t i, int thread) {
  simulation *s = arg;
  const int64_t item = s->first + i, pair = s->skipped + item;
  double *at = s->interval + (size_t)item * 2 * s->room;
  path_zeros zeros[2] = {{.at = at, .room = s->room}, {.at = at + s->room, .room = s->room}};
  if (s->markov)
    for (int k = 0; k < 2; k++) path_markov_zeros(&s->pairs, s->level, s->seed, 2 * pair + k, s->points, &zeros[k]);
  else
    path_spectrum_zeros(&s->spectrum, s->level, s->seed, pair, s->work + (size_t)thread * s->work_bytes, zeros);
  const size_t one = intervals(&zeros[0], at);
  s->count[item] = zeros[0].full || zeros[1].full ? FULL : (int64_t)(one + intervals(&zeros[1], at + one));
  s->hidden[item] = zeros[0].hidden + zeros[1].hidden;
}

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

weyl_status weyl_persist_measure(weyl_context *ctx, int64_t n, const double *interval, weyl_persist_stats *out) {
  enum { LEAST = 100 };
  weyl_persist_stats r = {.count = n, .mean = NAN, .mean_error = NAN, .theta = NAN, .theta_error = NAN};
  double sum = 0, squares = 0, excess = 0;
  for (int64_t i = 0; i < n; i++) sum += interval[i];
  if (n > 0) r.mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) squares += (interval[i] - r.mean) * (interval[i] - r.mean);
  if (n > 1) r.mean_error = sqrt(squares / (double)(n - 1) / (double)n);
  if (n >= LEAST) {
    double *sorted = weyl_alloc(ctx, (size_t)n, sizeof *sorted);
    if (!sorted) return WEYL_MEMORY;
    memcpy(sorted, interval, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, rising);
    const int64_t from = (int64_t)(0.97 * (double)n), beyond = n - from;
    for (int64_t i = from; i < n; i++) excess += sorted[i] - sorted[from];
    if (excess > 0) r.theta = (double)(beyond - 1) / excess;
    r.theta_error = r.theta / sqrt((double)beyond);
    weyl_dealloc(ctx, sorted);
  }
  *out = r;
  return WEYL_OK;
}

static weyl_status check(weyl_context *ctx, const weyl_covariance *c, const weyl_persist_simulate_opts *o) {
  const double mu = weyl_covariance_mean(c);
  if (o->points < 1024 || o->points > 1 << 24 || (o->points & (o->points - 1)))
    return weyl_fail(ctx, WEYL_BAD_ARG, "simulate: %lld points a path, must be a power of 2 from 1024 to 2^24",
                     (long long)o->points);
  if (!(fabs(o->level) <= 4)) return weyl_fail(ctx, WEYL_BAD_ARG, "simulate: level %g, must be -4 to 4", o->level);
  if (o->parts < 0 || o->part < 0 || o->part >= (o->parts ? o->parts : 1))
    return weyl_fail(ctx, WEYL_BAD_ARG, "simulate: part %d of %d", o->part, o->parts);
  if (o->intervals < 1 || o->intervals > 1000000000)
    return weyl_fail(ctx, WEYL_BAD_ARG, "simulate: %lld intervals, must be 1 to 1e9", (long long)o->intervals);
  if (!(o->step > 0) || o->step > mu / 10)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "simulate: step %g, must be more than 0 and at most a tenth of %g, the mean interval", o->step,
                     mu);
  if (o->step * (double)o->points < 20 * mu)
    return weyl_fail(
        ctx, WEYL_BAD_ARG,
        "simulate: a path of %lld steps of %g is shorter than 20 intervals of %g: what it cuts off would count",
        (long long)o->points, o->step, mu);
  return WEYL_OK;
}

/* What is kept, above the level first. */
static weyl_status collect(weyl_context *ctx, const simulation *s, int64_t items, weyl_persist_simulation *r) {
  for (int64_t i = 0; i < items; i++) {
    if (s->count[i] == FULL)
      return weyl_fail(ctx, WEYL_NUMERIC,
                       "%s: path %lld or %lld has more than %zu crossings, far from what Rice's formula says",
                       s->c->name, (long long)(2 * (s->skipped + i)), (long long)(2 * (s->skipped + i) + 1), s->room);
    const double *interval = s->interval + (size_t)i * 2 * s->room;
    for (int64_t k = 0; k < s->count[i]; k++) r->above += interval[k] > 0;
    r->count += s->count[i];
    r->hidden += s->hidden[i];
  }
  r->interval = weyl_alloc(ctx, (size_t)r->count + 1, sizeof *r->interval);
  if (!r->interval) return WEYL_MEMORY;
  double *over = r->interval, *under = r->interval + r->above;
  for (int64_t i = 0; i < items; i++) {
    const double *interval = s->interval + (size_t)i * 2 * s->room;
    for (int64_t k = 0; k < s->count[i]; k++) {
      if (interval[k] > 0)
        *over++ = interval[k];
      else
        *under++ = -interval[k];
    }
  }
  return WEYL_OK;
}

weyl_status weyl_persist_simulate(weyl_context *ctx, const weyl_covariance *c, const weyl_persist_simulate_opts *opts,
                                  weyl_persist_simulation *out) {
  *out = (weyl_persist_simulation){0};
  weyl_persist_simulate_opts o = opts ? *opts : (weyl_persist_simulate_opts){0};
  const double mu = weyl_covariance_mean(c);
  if (o.intervals == 0) o.intervals = 1000000;
  if (o.points == 0) o.points = 1 << 18;
  if (o.step == 0) o.step = mu / 100;
  WEYL_TRY(check(ctx, c, &o));
  const double mean = o.step * (double)o.points / mu * exp(-o.level * o.level / 2); /* crossings of a path */
  const int64_t pairs = (int64_t)ceil((double)o.intervals / (2 * fmax(mean - 2 - 3 * sqrt(mean), 1)));
  const int parts = o.parts ? o.parts : 1;
  const int64_t before = pairs * o.part / parts, items = pairs * (o.part + 1) / parts - before;
  simulation s = {.c = c,
                  .level = o.level,
                  .seed = o.seed,
                  .skipped = before,
                  .points = (size_t)o.points,
                  .room = (size_t)(mean * 1.5 + 20 * sqrt(mean) + 20)};
  weyl_persist_simulation r = {.paths = 2 * items, .points = o.points, .step = o.step};
  weyl_status status = WEYL_OK;
  s.markov = c->def && c->def->markov && c->def->markov(c->p);
  if (s.markov) {
    path_markov_new(c, o.step, &s.pairs);
  } else {
    WEYL_TRY(path_spectrum_new(ctx, c, s.points, o.step, &s.spectrum));
    s.work_bytes = path_spectrum_work(&s.spectrum);
    r.clipped = s.spectrum.clipped;
  }
  s.work_bytes = (s.work_bytes + 64) & ~(size_t)63;
  s.work = weyl_alloc(ctx, (size_t)weyl_threads(ctx), s.work_bytes);
  s.interval = weyl_alloc(ctx, (size_t)items * 2 * s.room + 1, sizeof *s.interval);
  s.count = weyl_alloc(ctx, (size_t)items + 1, sizeof *s.count);
  s.hidden = weyl_alloc(ctx, (size_t)items + 1, sizeof *s.hidden);
  if (!s.work || !s.interval || !s.count || !s.hidden) {
    status = WEYL_MEMORY;
    goto done;
  }
  enum { AT_ONCE = 64 }; /* pairs of paths between two looks at who waits */
  for (s.first = 0; s.first < items; s.first += AT_ONCE) {
    if (weyl_progress(ctx, "simulating", (double)s.first, (double)items)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "simulate: stopped after %lld of %lld paths", (long long)(2 * s.first),
                         (long long)(2 * items));
      goto done;
    }
    weyl_parallel(ctx, items - s.first < AT_ONCE ? items - s.first : AT_ONCE, two_paths, &s);
  }
  WEYL_GOTO(collect(ctx, &s, items, &r));
  *out = r;
done:
  path_spectrum_free(ctx, &s.spectrum);
  weyl_dealloc(ctx, s.work);
  weyl_dealloc(ctx, s.count);
  weyl_dealloc(ctx, s.hidden);
  weyl_dealloc(ctx, s.interval);
  return status;
}

void weyl_persist_simulation_free(weyl_context *ctx, weyl_persist_simulation *r) {
  weyl_dealloc(ctx, r->interval);
  *r = (weyl_persist_simulation){0};
}

double weyl_persist_beyond(int64_t n, const double *interval, double t) {
  int64_t beyond = 0;
  for (int64_t i = 0; i < n; i++) beyond += interval[i] > t;
  return n > 0 ? (double)beyond / (double)n : NAN;
}

weyl_status weyl_persist_path(weyl_context *ctx, const weyl_covariance *c, uint64_t seed, double step, size_t n,
                              double *x) {
  if (n < 2 || n > (size_t)1 << 24) return weyl_fail(ctx, WEYL_BAD_ARG, "path: %zu points, must be 2 to 2^24", n);
  if (!(step > 0) || !isfinite(step)) return weyl_fail(ctx, WEYL_BAD_ARG, "path: step %g, must be more than 0", step);
  if (c->def && c->def->markov && c->def->markov(c->p)) {
    path_markov m;
    path_markov_new(c, step, &m);
    path_markov_draw(&m, seed, 0, n, x);
    return WEYL_OK;
  }
  size_t points = 1024;
  while (points < n) points *= 2;
  path_spectrum s;
  WEYL_TRY(path_spectrum_new(ctx, c, points, step, &s));
  void *work = weyl_alloc(ctx, path_spectrum_work(&s), 1);
  if (work) {
    const float *pair = path_spectrum_draw(&s, seed, 0, work);
    for (size_t i = 0; i < n; i++) x[i] = (double)pair[2 * i];
  }
  weyl_dealloc(ctx, work);
  path_spectrum_free(ctx, &s);
  return work ? WEYL_OK : WEYL_MEMORY;
}
