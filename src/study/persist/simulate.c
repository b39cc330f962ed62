/* Intervals between the zeros of simulated paths. */
#include "paths.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FULL = -1 }; /* in place of a count: more zeros than room */

typedef struct simulation {
  const weyl_covariance *c;
  uint64_t seed;
  int64_t first;       /* of the items in hand */
  size_t points, room; /* of a path: points, and zeros at most */
  bool markov;
  path_markov pairs;
  path_spectrum spectrum;
  size_t work_bytes;
  char *work;       /* of each thread */
  double *interval; /* [items][2 room] */
  int64_t *count;   /* [items] */
  int64_t *hidden;  /* [items] */
} simulation;

/* Complete intervals in place of the zeros from `from` on: the first number goes to `to`. */
static size_t intervals(double *at, size_t from, size_t n, size_t to) {
  for (size_t i = from; i + 1 < n; i++) at[to++] = at[i + 1] - at[i];
  return to;
}

static void two_paths(void *arg, int64_t i, int thread) {
  simulation *s = arg;
  const int64_t item = s->first + i;
  path_zeros zeros = {.at = s->interval + (size_t)item * 2 * s->room, .room = 2 * s->room};
  size_t half;
  if (s->markov) {
    path_markov_zeros(&s->pairs, s->seed, 2 * item, s->points, &zeros);
    half = zeros.n;
    path_markov_zeros(&s->pairs, s->seed, 2 * item + 1, s->points, &zeros);
  } else {
    path_spectrum_zeros(&s->spectrum, s->seed, item, s->points, s->work + (size_t)thread * s->work_bytes, &zeros,
                        &half);
  }
  s->count[item] = (int64_t)intervals(zeros.at, half, zeros.n, intervals(zeros.at, 0, half, 0));
  s->hidden[item] = zeros.hidden;
  if (zeros.full) s->count[item] = FULL;
}

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static weyl_status measure(weyl_context *ctx, weyl_persist_simulation *r) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < r->count; i++) sum += r->interval[i];
  r->mean = sum / (double)r->count;
  for (int64_t i = 0; i < r->count; i++) squares += (r->interval[i] - r->mean) * (r->interval[i] - r->mean);
  r->mean_error = sqrt(squares) / (double)r->count;
  double *sorted = weyl_alloc(ctx, (size_t)r->count, sizeof *sorted);
  if (!sorted) return WEYL_MEMORY;
  memcpy(sorted, r->interval, (size_t)r->count * sizeof *sorted);
  qsort(sorted, (size_t)r->count, sizeof *sorted, rising);
  const int64_t from = (int64_t)(0.97 * (double)r->count), n = r->count - from;
  double excess = 0;
  for (int64_t i = from; i < r->count; i++) excess += sorted[i] - sorted[from];
  r->theta = excess > 0 ? (double)(n - 1) / excess : NAN;
  r->theta_error = r->theta / sqrt((double)n);
  weyl_dealloc(ctx, sorted);
  return WEYL_OK;
}

static weyl_status check(weyl_context *ctx, const weyl_covariance *c, const weyl_persist_simulate_opts *o) {
  const double mu = weyl_covariance_mean(c);
  if (o->points < 1024 || o->points > 1 << 24 || (o->points & (o->points - 1)))
    return weyl_fail(ctx, WEYL_BAD_ARG, "simulate: %lld points a path, must be a power of 2 from 1024 to 2^24",
                     (long long)o->points);
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

weyl_status weyl_persist_simulate(weyl_context *ctx, const weyl_covariance *c, const weyl_persist_simulate_opts *opts,
                                  weyl_persist_simulation *out) {
  *out = (weyl_persist_simulation){0};
  weyl_persist_simulate_opts o = opts ? *opts : (weyl_persist_simulate_opts){0};
  const double mu = weyl_covariance_mean(c);
  if (o.intervals == 0) o.intervals = 1000000;
  if (o.points == 0) o.points = 1 << 18;
  if (o.step == 0) o.step = mu / 100;
  WEYL_TRY(check(ctx, c, &o));
  const double mean = o.step * (double)o.points / mu;
  const int64_t items = (int64_t)ceil((double)o.intervals / (2 * fmax(mean - 2 - 3 * sqrt(mean), 1)));
  simulation s = {.c = c, .seed = o.seed, .points = (size_t)o.points, .room = (size_t)(mean * 1.5 + 20 * sqrt(mean))};
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
  s.interval = weyl_alloc(ctx, (size_t)items * 2 * s.room, sizeof *s.interval);
  s.count = weyl_alloc(ctx, (size_t)items, sizeof *s.count);
  s.hidden = weyl_alloc(ctx, (size_t)items, sizeof *s.hidden);
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
  for (int64_t i = 0; i < items; i++) { /* what is kept moves down */
    if (s.count[i] == FULL) {
      status =
          weyl_fail(ctx, WEYL_NUMERIC, "%s: paths %lld and %lld have more than %zu zeros, far from Rice's mean of %.0f",
                    c->name, (long long)(2 * i), (long long)(2 * i + 1), 2 * s.room, 2 * mean);
      goto done;
    }
    memmove(s.interval + r.count, s.interval + (size_t)i * 2 * s.room, (size_t)s.count[i] * sizeof *s.interval);
    r.count += s.count[i];
    r.hidden += s.hidden[i];
  }
  if (r.count < 100) {
    status = weyl_fail(ctx, WEYL_NUMERIC, "simulate: %lld intervals, too few to say anything", (long long)r.count);
    goto done;
  }
  r.interval = s.interval;
  WEYL_GOTO(measure(ctx, &r));
  s.interval = NULL;
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

double weyl_persist_simulation_survival(const weyl_persist_simulation *r, double t) {
  int64_t beyond = 0;
  for (int64_t i = 0; i < r->count; i++) beyond += r->interval[i] > t;
  return r->count ? (double)beyond / (double)r->count : NAN;
}
