/* Violation on unseen interventions against the number of those seen. */
#include "hunt.h"

#include <stdlib.h>

typedef struct curve {
  weyl_context *ctx;
  const weyl_sem_curve_opts *o;
  size_t from;       /* of the trials in hand */
  double *violation; /* [trials][counts] */
  weyl_status *status;
} curve;

weyl_sem_curve_opts weyl_sem_curve_defaults(const weyl_sem_curve_opts *opts) {
  weyl_sem_curve_opts o = opts ? *opts : (weyl_sem_curve_opts){0};
  if (o.trials == 0) o.trials = 30;
  if (o.counts == 0)
    for (size_t n = 1; n <= 32; n *= 2) o.n[o.counts++] = n;
  if (o.unseen == 0) o.unseen = 200;
  if (o.most == 0) o.most = 3;
  if (o.eps == 0) o.eps = 0.02;
  return o;
}

/* The largest share of environments of `unseen` that one of those found violates. */
static weyl_status worst_share(weyl_context *ctx, const weyl_search *search, const weyl_moments *unseen, double eps,
                               double *worst) {
  size_t most = 0;
  double *v = weyl_alloc(ctx, unseen->d + 1, sizeof *v);
  if (!v) return WEYL_MEMORY;
  for (size_t i = 0; i < search->count; i++) {
    const weyl_invariant *r = &search->found[i];
    size_t over = 0;
    for (size_t e = 0; e < unseen->count && over + unseen->count - e > most; e++) /* while it can still be the worst */
      over += gradient_norm(unseen, e, r->k, r->phi, r->beta, v) > eps;
    if (over > most) most = over;
  }
  weyl_dealloc(ctx, v);
  *worst = (double)most / (double)unseen->count;
  return WEYL_OK;
}

static weyl_status trial(const curve *q, size_t number, double *violation) {
  const weyl_sem_curve_opts *o = q->o;
  weyl_context *ctx = q->ctx;
  weyl_rng rng = numbered_rng(o->model.seed, "sem curve", number);
  weyl_sem_random_opts model = o->model;
  model.seed = weyl_rng_u64(&rng) >> 1;
  weyl_sem *sem = NULL;
  weyl_moments seen = {0}, unseen = {0};
  weyl_status status;
  WEYL_GOTO(weyl_sem_random(ctx, &model, &sem));
  const weyl_sem_world train = {.which = WEYL_SEM_TRAINED, .seed = model.seed, .count = o->n[o->counts - 1]};
  const weyl_sem_world test = {.which = WEYL_SEM_UNSEEN, .seed = model.seed, .count = o->unseen};
  WEYL_GOTO(weyl_sem_moments(ctx, sem, &train, &seen));
  WEYL_GOTO(weyl_sem_moments(ctx, sem, &test, &unseen));
  for (size_t i = 0; i < o->counts; i++) {
    weyl_moments first = seen;
    first.count = o->n[i];
    weyl_search search = {0};
    const weyl_search_opts opts = {.eps = o->eps, .most = o->most, .starts = o->continuous ? 4 : 0, .seed = model.seed};
    if (o->continuous)
      WEYL_GOTO(search_linear(ctx, &first, &opts, true, &search));
    else
      WEYL_GOTO(weyl_search_subsets(ctx, &first, &opts, &search));
    status = worst_share(ctx, &search, &unseen, o->eps, &violation[i]);
    weyl_search_free(&search);
    if (status != WEYL_OK) goto done;
  }
done:
  weyl_moments_free(&seen);
  weyl_moments_free(&unseen);
  weyl_sem_free(sem);
  return status;
}

static void one_trial(void *arg, int64_t i, int thread) {
  (void)thread;
  curve *q = arg;
  const size_t at = q->from + (size_t)i;
  q->status[at] = trial(q, q->o->first + at, q->violation + at * q->o->counts);
}

weyl_status weyl_sem_curve(weyl_context *ctx, const weyl_sem_curve_opts *opts, double *violation) {
  const weyl_sem_curve_opts o = weyl_sem_curve_defaults(opts);
  if (o.trials > 4096) return weyl_fail(ctx, WEYL_BAD_ARG, "%zu random models, at most 4096", o.trials);
  if (o.counts > 16) return weyl_fail(ctx, WEYL_BAD_ARG, "%zu numbers of environments, at most 16", o.counts);
  for (size_t i = 0; i < o.counts; i++)
    if (o.n[i] < 1 || (i > 0 && o.n[i] <= o.n[i - 1]) || o.n[i] > 1u << 20)
      return weyl_fail(ctx, WEYL_BAD_ARG, "numbers of environments rise from 1 to at most 2^20: %zu does not fit",
                       o.n[i]);
  curve q = {.ctx = ctx, .o = &o, .violation = violation};
  q.status = weyl_alloc(ctx, o.trials, sizeof *q.status);
  if (!q.status) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  const size_t at_once = (size_t)weyl_threads(ctx) * 2;
  for (q.from = 0; q.from < o.trials && status == WEYL_OK; q.from += at_once) {
    const size_t n = o.trials - q.from < at_once ? o.trials - q.from : at_once;
    weyl_parallel(ctx, (int64_t)n, one_trial, &q);
    for (size_t i = 0; i < n && status == WEYL_OK; i++) status = q.status[q.from + i];
    if (status == WEYL_OK && weyl_progress(ctx, "random models", (double)(q.from + n), (double)o.trials))
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped after %zu of %zu models", q.from + n, o.trials);
  }
  weyl_dealloc(ctx, q.status);
  return status;
}

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

void weyl_sem_curve_summary(size_t trials, size_t counts, const double *violation, double *mean, double *high) {
  for (size_t k = 0; k < counts; k++) {
    double column[4096];
    size_t n = 0;
    mean[k] = 0;
    for (size_t i = 0; i < trials; i++) {
      mean[k] += violation[i * counts + k];
      if (n < sizeof column / sizeof *column) column[n++] = violation[i * counts + k];
    }
    mean[k] /= (double)trials;
    qsort(column, n, sizeof *column, rising);
    const double at = 0.9 * (double)(n - 1); /* linear between order statistics */
    const size_t below = (size_t)at;
    high[k] = column[below] + (at - (double)below) * (below + 1 < n ? column[below + 1] - column[below] : 0);
  }
}
