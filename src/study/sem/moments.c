/* Environments as second moments: containers, pooling, scales, and what is drawn from a model. */
#include "model.h"

#include <stdatomic.h>

weyl_status moments_new(weyl_context *ctx, size_t d, size_t count, bool intercept, weyl_moments *out) {
  *out = (weyl_moments){.d = d, .count = count, .intercept = intercept};
  WEYL_TRY(weyl_arena_new(ctx, &out->arena));
  out->feature = weyl_arena_array(out->arena, char *, d + 1);
  out->name = weyl_arena_array(out->arena, char *, count + 1);
  out->sigma = weyl_arena_array(out->arena, double, count *d *d + 1);
  out->c = weyl_arena_array(out->arena, double, count *d + 1);
  out->y2 = weyl_arena_array(out->arena, double, count + 1);
  out->mean = weyl_arena_array(out->arena, double, count *(d + 1) + 1);
  out->rows = weyl_arena_array(out->arena, double, count + 1);
  out->scale = weyl_arena_array(out->arena, double, d + 1);
  if (out->feature && out->name && out->sigma && out->c && out->y2 && out->mean && out->rows && out->scale) {
    for (size_t i = 0; i <= d; i++) out->scale[i] = 1;
    return WEYL_OK;
  }
  weyl_moments_free(out);
  return WEYL_MEMORY;
}

void weyl_moments_free(weyl_moments *m) {
  weyl_arena_free(m->arena);
  *m = (weyl_moments){0};
}

double moments_rows(const weyl_moments *m) {
  double all = 0;
  for (size_t e = 0; e < m->count; e++) all += m->rows[e];
  return all;
}

void moments_pool(const weyl_moments *m, double *sigma, double *c, double *y2) {
  const size_t d = m->d;
  memset(sigma, 0, d * d * sizeof *sigma);
  memset(c, 0, d * sizeof *c);
  const double all = moments_rows(m);
  double sum = 0;
  for (size_t e = 0; e < m->count; e++) {
    const double weight = moments_weight(m, all, e);
    for (size_t i = 0; i < d * d; i++) sigma[i] += weight * m->sigma[e * d * d + i];
    for (size_t i = 0; i < d; i++) c[i] += weight * m->c[e * d + i];
    sum += weight * m->y2[e];
  }
  if (y2) *y2 = sum;
}

double weyl_moments_risk(const weyl_moments *m, size_t e, const double *beta) {
  const size_t d = m->d;
  double risk = m->y2[e];
  for (size_t i = 0; i < d; i++) risk += beta[i] * (dot(d, m->sigma + (e * d + i) * d, beta) - 2 * m->c[e * d + i]);
  return risk;
}

double weyl_moments_pooled_risk(const weyl_moments *m, const double *beta) {
  const double all = moments_rows(m);
  double risk = 0;
  for (size_t e = 0; e < m->count; e++) risk += moments_weight(m, all, e) * weyl_moments_risk(m, e, beta);
  return risk;
}

weyl_status weyl_moments_norm(weyl_context *ctx, const weyl_moments *m, double *norm) {
  const size_t d = m->d, n = d + 1;
  double *a = weyl_alloc(ctx, 2 * n * n + n, sizeof *a), *w = a ? a + n * n : NULL;
  if (!a) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  double most = 0;
  for (size_t e = 0; e < m->count && status == WEYL_OK; e++) {
    for (size_t i = 0; i < d; i++) {
      memcpy(a + i * n, m->sigma + (e * d + i) * d, d * sizeof *a);
      a[i * n + d] = a[d * n + i] = m->c[e * d + i];
    }
    a[d * n + d] = m->y2[e];
    status = weyl_eigh(ctx, n, a, w, w + n);
    if (status == WEYL_OK) most = fmax(most, w[n - 1]);
  }
  weyl_dealloc(ctx, a);
  if (status == WEYL_OK) *norm = most;
  return status;
}

weyl_status weyl_moments_pick(weyl_context *ctx, const weyl_moments *m, size_t count, const size_t *pick,
                              weyl_moments *out) {
  const size_t d = m->d;
  for (size_t i = 0; i < count; i++)
    if (pick[i] >= m->count) return weyl_fail(ctx, WEYL_BAD_ARG, "environment %zu of %zu", pick[i], m->count);
  weyl_moments made;
  WEYL_TRY(moments_new(ctx, d, count, m->intercept, &made));
  bool good = true;
  for (size_t i = 0; i <= d; i++) {
    made.scale[i] = m->scale[i];
    good = (made.feature[i] = weyl_arena_strdup(made.arena, m->feature[i])) && good;
  }
  for (size_t i = 0; i < count; i++) {
    const size_t e = pick[i];
    memcpy(made.sigma + i * d * d, m->sigma + e * d * d, d * d * sizeof *m->sigma);
    memcpy(made.c + i * d, m->c + e * d, d * sizeof *m->c);
    memcpy(made.mean + i * (d + 1), m->mean + e * (d + 1), (d + 1) * sizeof *m->mean);
    made.y2[i] = m->y2[e];
    made.rows[i] = m->rows[e];
    good = (made.name[i] = weyl_arena_strdup(made.arena, m->name[e])) && good;
  }
  if (good)
    *out = made;
  else
    weyl_moments_free(&made);
  return good ? WEYL_OK : WEYL_MEMORY;
}

/* ---- scales ---- */

static void divide(weyl_moments *m, const double *scale) {
  const size_t d = m->d;
  for (size_t e = 0; e < m->count; e++) {
    for (size_t i = 0; i < d; i++) {
      for (size_t j = 0; j < d; j++) m->sigma[(e * d + i) * d + j] /= scale[i] * scale[j];
      m->c[e * d + i] /= scale[i] * scale[d];
    }
    m->y2[e] /= scale[d] * scale[d];
    for (size_t i = 0; i <= d; i++) m->mean[e * (d + 1) + i] /= scale[i];
  }
  for (size_t i = 0; i <= d; i++) {
    m->scale[i] *= scale[i];
    for (size_t j = 0; m->anchored && j <= d; j++) m->anchored[i * (d + 1) + j] /= scale[i] * scale[j];
  }
}

weyl_status weyl_moments_scale(weyl_context *ctx, weyl_moments *m, const weyl_moments *like) {
  const size_t d = m->d;
  const double all = moments_rows(m);
  double *scale = weyl_alloc(ctx, d + 1, sizeof *scale);
  if (!scale) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  for (size_t i = 0; i <= d && status == WEYL_OK; i++) {
    double second = 0, mean = 0;
    for (size_t e = 0; e < m->count; e++) {
      const double weight = moments_weight(m, all, e);
      second += weight * (i < d ? m->sigma[(e * d + i) * d + i] : m->y2[e]);
      mean += weight * m->mean[e * (d + 1) + i];
    }
    const double square = m->intercept ? second - mean * mean : second;
    scale[i] = like ? like->scale[i] / m->scale[i] : m->intercept && i + 1 == d ? 1 : sqrt(square);
    if (!like && !(m->intercept && i + 1 == d) && !(square > 1e-24 * second))
      status = weyl_fail(ctx, WEYL_DEGENERATE, "%s is the same in all rows of all environments: leave it out",
                         m->feature[i]);
  }
  if (status == WEYL_OK) divide(m, scale);
  weyl_dealloc(ctx, scale);
  return status;
}

void weyl_moments_unscale(const weyl_moments *m, double *beta) {
  for (size_t i = 0; i < m->d; i++) beta[i] *= m->scale[m->d] / m->scale[i];
}

/* ---- worlds of a model ---- */

weyl_status sem_world_check(weyl_context *ctx, const weyl_sem *s, const weyl_sem_world *world, size_t *count) {
  size_t fixed = 0;
  for (size_t i = 0; i < s->environments; i++) fixed += s->environment[i].unseen == (world->which == WEYL_SEM_UNSEEN);
  if (world->count == 0 && fixed == 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "the model has no fixed %s environments: say how many to draw from its family",
                     world->which == WEYL_SEM_UNSEEN ? "unseen" : "training");
  if (world->count > 0 && s->family.sites == 0)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "the model has no family of interventions to draw %zu from: its environments "
                     "are fixed",
                     world->count);
  if (world->count > 1u << 24 || world->first > (size_t)1 << 40)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%zu environments, at most 2^24", world->count);
  *count = world->count ? world->count : fixed;
  return WEYL_OK;
}

const sem_acts *sem_world_at(const weyl_sem *s, const weyl_sem_world *world, size_t i, double *a) {
  const bool unseen = world->which == WEYL_SEM_UNSEEN;
  if (world->count > 0) {
    /* the two kinds have numbers of their own: the halves of the counter */
    weyl_sem_draw(s, world->seed, world->first + i + (unseen ? (uint64_t)1 << 48 : 0), a);
    return &s->family;
  }
  for (size_t k = 0;; k++) {
    if (s->environment[k].unseen != unseen || i-- > 0) continue;
    weyl_rng rng = numbered_rng(world->seed, "sem environment", k);
    sem_acts_draw(s, &s->environment[k], &rng, a);
    return &s->environment[k];
  }
}

typedef struct world_job {
  const weyl_sem *sem;
  const weyl_sem_world *world;
  weyl_moments *m;
  weyl_sem_rows *rows;
  sem_state *state;     /* [threads] */
  double **a, **z, **x; /* [threads] */
  weyl_status *status;  /* [environments] */
  size_t count;
  weyl_context *ctx;
  double work;         /* of a row, or of exact moments: numbers touched */
  double *since;       /* [threads] of it, since the last report */
  atomic_size_t ended; /* environments */
  atomic_bool stopped;
} world_job;

/* Counts work; true when the user asked to stop. What is short is not reported. */
static bool worked(world_job *q, int thread) {
  if ((q->since[thread] += q->work) < 1e7) return atomic_load(&q->stopped);
  q->since[thread] = 0;
  if (weyl_progress(q->ctx, "environments", (double)atomic_load(&q->ended), (double)q->count))
    atomic_store(&q->stopped, true);
  return atomic_load(&q->stopped);
}

static void draw_row(const weyl_sem *s, const sem_state *q, weyl_rng *rng, double *z, double *x, double *y) {
  for (size_t u = 0; u < s->nodes; u++) {
    const size_t j = s->order[u];
    z[j] = q->mean[j] + sqrt(q->variance[j]) * weyl_rng_normal(rng);
    for (size_t k = s->start[j]; k < s->start[j + 1]; k++) z[j] += q->effect[k] * z[s->parent[k]];
  }
  for (size_t i = 0; i < sem_features(s); i++) {
    x[i] = z[s->mixed ? 0 : sem_feature_node(s, i)];
    if (s->mixed)
      x[i] = s->mix_mean[i] + dot(s->nodes, s->mix + i * s->nodes, z) + sqrt(s->mix_noise[i]) * weyl_rng_normal(rng);
  }
  *y = z[s->y];
}

void moments_add_row(weyl_moments *m, size_t e, const double *x, double y) {
  const size_t d = m->d;
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j <= i; j++) m->sigma[(e * d + i) * d + j] += x[i] * x[j];
    m->c[e * d + i] += x[i] * y;
    m->mean[e * (d + 1) + i] += x[i];
  }
  m->y2[e] += y * y;
  m->mean[e * (d + 1) + d] += y;
  m->rows[e]++;
}

void moments_finish(weyl_moments *m, size_t e) {
  const size_t d = m->d;
  const double n = m->rows[e];
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j <= i; j++) m->sigma[(e * d + j) * d + i] = m->sigma[(e * d + i) * d + j] /= n;
    m->c[e * d + i] /= n;
  }
  for (size_t i = 0; i <= d; i++) m->mean[e * (d + 1) + i] /= n;
  m->y2[e] /= n;
}

static void one_environment(void *arg, int64_t item, int thread) {
  world_job *q = arg;
  const weyl_sem *s = q->sem;
  const size_t e = (size_t)item;
  if (atomic_load(&q->stopped)) return;
  sem_state *state = &q->state[thread];
  const sem_acts *acts = sem_world_at(s, q->world, e, q->a[thread]);
  q->status[e] = sem_state_set(s, acts, q->a[thread], state);
  if (q->status[e] != WEYL_OK) return;
  if (q->m && q->world->rows == 0) {
    const size_t d = q->m->d;
    sem_state_solve(s, state);
    sem_state_moments(s, state, q->m->intercept, q->m->sigma + e * d * d, q->m->c + e * d, q->m->y2 + e,
                      q->m->mean + e * (d + 1), q->x[thread]);
    atomic_fetch_add(&q->ended, 1);
    worked(q, thread);
    return;
  }
  const size_t dx = sem_features(s);
  weyl_rng rng = numbered_rng(q->world->seed, q->world->which == WEYL_SEM_UNSEEN ? "sem unseen rows" : "sem rows",
                              q->world->first + e);
  double *x = q->x[thread];
  for (size_t i = 0; i < q->world->rows; i++) {
    if (worked(q, thread)) return;
    if (q->rows) {
      const size_t row = e * q->world->rows + i;
      q->rows->environment[row] = (double)e;
      draw_row(s, state, &rng, q->z[thread], q->rows->x + row * dx, q->rows->y + row);
      continue;
    }
    double y;
    draw_row(s, state, &rng, q->z[thread], x, &y);
    if (q->m->intercept) x[dx] = 1;
    moments_add_row(q->m, e, x, y);
  }
  if (q->m) moments_finish(q->m, e);
  atomic_fetch_add(&q->ended, 1);
}

static weyl_status run_world(weyl_context *ctx, const weyl_sem *s, const weyl_sem_world *world, size_t count,
                             weyl_moments *m, weyl_sem_rows *rows) {
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  const size_t threads = (size_t)weyl_threads(ctx);
  const double nodes = (double)(s->nodes + sem_features(s));
  world_job q = {.sem = s,
                 .world = world,
                 .m = m,
                 .rows = rows,
                 .count = count,
                 .ctx = ctx,
                 .work = world->rows > 0 ? 20 * nodes : nodes * nodes};
  q.state = weyl_arena_array(arena, sem_state, threads);
  q.a = weyl_arena_array(arena, double *, threads);
  q.z = weyl_arena_array(arena, double *, threads);
  q.x = weyl_arena_array(arena, double *, threads);
  q.status = weyl_arena_array(arena, weyl_status, count);
  q.since = weyl_arena_array(arena, double, threads);
  if (!q.state || !q.a || !q.z || !q.x || !q.status || !q.since) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (size_t t = 0; t < threads; t++) {
    WEYL_GOTO(sem_state_new(s, arena, &q.state[t]));
    q.a[t] = weyl_arena_array(arena, double, sem_numbers_most(s) + 1);
    q.z[t] = weyl_arena_array(arena, double, s->nodes);
    q.x[t] = weyl_arena_array(arena, double, s->mixed * s->nodes + sem_features(s) + 1);
    if (!q.a[t] || !q.z[t] || !q.x[t]) {
      status = WEYL_MEMORY;
      goto done;
    }
  }
  weyl_parallel(ctx, (int64_t)count, one_environment, &q);
  if (atomic_load(&q.stopped))
    status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped after %zu of %zu environments", atomic_load(&q.ended), count);
  for (size_t e = 0; e < count && status == WEYL_OK; e++) status = q.status[e];
done:
  weyl_arena_free(arena);
  return status;
}

weyl_status weyl_sem_moments(weyl_context *ctx, const weyl_sem *s, const weyl_sem_world *world, weyl_moments *out) {
  size_t count;
  WEYL_TRY(sem_world_check(ctx, s, world, &count));
  if (world->rows == 1) return weyl_fail(ctx, WEYL_BAD_ARG, "1 row of an environment: at least 2");
  weyl_moments m;
  WEYL_TRY(moments_new(ctx, sem_features(s) + world->intercept, count, world->intercept, &m));
  weyl_status status = WEYL_OK;
  for (size_t i = 0; i <= m.d && status == WEYL_OK; i++) {
    const char *name = i == m.d ? s->names[s->y] : i == sem_features(s) ? "1" : weyl_sem_feature(s, i);
    m.feature[i] = weyl_arena_strdup(m.arena, name);
    if (!m.feature[i]) status = WEYL_MEMORY;
  }
  size_t named = 0;
  for (size_t e = 0; e < count && status == WEYL_OK; e++) {
    if (world->count > 0) {
      m.name[e] = weyl_arena_printf(m.arena, "%zu", world->first + e);
    } else {
      while (s->environment[named].unseen != (world->which == WEYL_SEM_UNSEEN)) named++;
      m.name[e] = weyl_arena_strdup(m.arena, s->environment[named++].name);
    }
    if (!m.name[e]) status = WEYL_MEMORY;
  }
  if (status == WEYL_OK) status = run_world(ctx, s, world, count, &m, NULL);
  if (status == WEYL_OK)
    *out = m;
  else
    weyl_moments_free(&m);
  return status;
}

weyl_status weyl_sem_sample(weyl_context *ctx, const weyl_sem *s, const weyl_sem_world *world, weyl_sem_rows *out) {
  size_t count;
  WEYL_TRY(sem_world_check(ctx, s, world, &count));
  if (world->rows < 1 || world->rows > (size_t)1 << 32)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%zu rows, at least 1", world->rows);
  const size_t n = count * world->rows, d = sem_features(s);
  weyl_sem_rows rows = {.count = n, .d = d, .environments = count};
  rows.environment = weyl_alloc(ctx, n, sizeof(double));
  rows.x = weyl_alloc(ctx, n, d ? d * sizeof(double) : 1);
  rows.y = weyl_alloc(ctx, n, sizeof(double));
  weyl_status status = rows.environment && rows.x && rows.y ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK) status = run_world(ctx, s, world, count, NULL, &rows);
  if (status == WEYL_OK)
    *out = rows;
  else
    weyl_sem_rows_free(ctx, &rows);
  return status;
}

void weyl_sem_rows_free(weyl_context *ctx, weyl_sem_rows *rows) {
  weyl_dealloc(ctx, rows->environment);
  weyl_dealloc(ctx, rows->x);
  weyl_dealloc(ctx, rows->y);
  *rows = (weyl_sem_rows){0};
}
