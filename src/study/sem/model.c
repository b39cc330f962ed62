/* Acyclic linear models: their order, what an intervention changes, and the second moments that follow. */
#include "model.h"

weyl_status sem_new(weyl_context *ctx, size_t nodes, size_t effects, weyl_sem **out) {
  weyl_arena *arena = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &arena));
  weyl_sem *s = weyl_arena_array(arena, weyl_sem, 1);
  if (s) {
    s->ctx = ctx;
    s->arena = arena;
    s->nodes = nodes;
    s->names = weyl_arena_array(arena, char *, nodes);
    s->order = weyl_arena_array(arena, size_t, nodes);
    s->start = weyl_arena_array(arena, size_t, nodes + 1);
    s->parent = weyl_arena_array(arena, size_t, effects + 1);
    s->effect = weyl_arena_array(arena, double, effects + 1);
    s->variance = weyl_arena_array(arena, double, nodes);
    s->mean = weyl_arena_array(arena, double, nodes);
    if (s->names && s->order && s->start && s->parent && s->effect && s->variance && s->mean) {
      *out = s;
      return WEYL_OK;
    }
  }
  weyl_arena_free(arena);
  return WEYL_MEMORY;
}

void weyl_sem_free(weyl_sem *sem) {
  if (sem) weyl_arena_free(sem->arena);
}

/* A cycle in words: from a node that is not done, parents that are not done lead back to one seen before. */
static weyl_status cycle(const weyl_sem *s, const bool *done, const char *place) {
  size_t at = 0;
  while (done[at]) at++;
  for (size_t step = 0; step < s->nodes; step++) { /* far enough to be on the cycle */
    for (size_t k = s->start[at]; k < s->start[at + 1]; k++) {
      if (!done[s->parent[k]]) {
        at = s->parent[k];
        break;
      }
    }
  }
  char text[160];
  size_t used = (size_t)snprintf(text, sizeof text, "%.30s", s->names[at]);
  const size_t first = at;
  do {
    for (size_t k = s->start[at]; k < s->start[at + 1]; k++) {
      if (!done[s->parent[k]]) {
        at = s->parent[k];
        break;
      }
    }
    if (used < 120) used += (size_t)snprintf(text + used, sizeof text - used, " <- %.30s", s->names[at]);
  } while (at != first);
  return weyl_fail(s->ctx, place ? WEYL_FORMAT : WEYL_BAD_ARG,
                   "the equations have a cycle, %s: effects must have an order%s%s%s", text, place ? " (" : "",
                   place ? place : "", place ? ")" : "");
}

weyl_status sem_finish(weyl_sem *s, const char *place) {
  const weyl_mark mark = weyl_arena_mark(s->arena);
  bool *done = weyl_arena_array(s->arena, bool, s->nodes);
  if (!done) return WEYL_MEMORY;
  size_t count = 0;
  for (bool moved = true; moved && count < s->nodes;) {
    moved = false;
    for (size_t j = 0; j < s->nodes; j++) {
      if (done[j]) continue;
      bool ready = true;
      for (size_t k = s->start[j]; k < s->start[j + 1]; k++) ready = ready && done[s->parent[k]];
      if (!ready) continue;
      done[j] = moved = true;
      s->order[count++] = j;
    }
  }
  const weyl_status status = count < s->nodes ? cycle(s, done, place) : WEYL_OK;
  weyl_arena_release(s->arena, mark);
  return status;
}

weyl_status weyl_sem_new(weyl_context *ctx, size_t nodes, const double *b, const double *variance, const double *mean,
                         size_t y, const char *const *names, weyl_sem **out) {
  if (nodes < 1 || nodes > 4096 || y >= nodes)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%zu nodes, Y is %zu: there are 1 to 4096, and Y is one of them", nodes, y);
  size_t effects = 0;
  for (size_t i = 0; i < nodes * nodes; i++) {
    if (!isfinite(b[i]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "effect %zu of node %zu is %g", i % nodes, i / nodes, b[i]);
    effects += b[i] != 0;
  }
  for (size_t i = 0; i < nodes; i++) {
    if (!(variance[i] > 0) || isinf(variance[i]) || (mean && !isfinite(mean[i])))
      return weyl_fail(ctx, WEYL_BAD_ARG, "the noise of node %zu has variance %g, which must be more than 0", i,
                       variance[i]);
  }
  weyl_sem *s;
  WEYL_TRY(sem_new(ctx, nodes, effects, &s));
  s->y = y;
  weyl_status status = WEYL_OK;
  effects = 0;
  for (size_t j = 0; j < nodes; j++) {
    s->start[j] = effects;
    s->names[j] = names    ? weyl_arena_strdup(s->arena, names[j])
                  : j == y ? weyl_arena_strdup(s->arena, "Y")
                           : weyl_arena_printf(s->arena, "X%zu", j < y ? j + 1 : j);
    if (!s->names[j]) status = WEYL_MEMORY;
    s->variance[j] = variance[j];
    s->mean[j] = mean ? mean[j] : 0;
    for (size_t i = 0; i < nodes; i++) {
      if (b[j * nodes + i] == 0) continue;
      s->parent[effects] = i;
      s->effect[effects++] = b[j * nodes + i];
    }
  }
  s->start[nodes] = effects;
  if (status == WEYL_OK) status = sem_finish(s, NULL);
  if (status == WEYL_OK)
    *out = s;
  else
    weyl_sem_free(s);
  return status;
}

/* ---- interventions ---- */

static bool site_has_variance(const sem_site *t) { return t->variance.kind != DRAW_NONE || t->scale.kind != DRAW_NONE; }
static bool site_has_mean(const sem_site *t) { return t->mean.kind != DRAW_NONE || t->set.kind != DRAW_NONE; }

static size_t site_numbers(const weyl_sem *s, const sem_site *t) {
  return (t->coefficients.kind != DRAW_NONE ? sem_parents(s, t->node) : 0) + site_has_variance(t) + site_has_mean(t);
}

size_t sem_acts_numbers(const weyl_sem *s, const sem_acts *acts) {
  size_t n = 0;
  for (size_t i = 0; i < acts->sites; i++) n += site_numbers(s, &acts->site[i]);
  return n;
}

size_t sem_numbers_most(const weyl_sem *s) {
  size_t most = sem_acts_numbers(s, &s->family);
  for (size_t i = 0; i < s->environments; i++) {
    const size_t n = sem_acts_numbers(s, &s->environment[i]);
    if (n > most) most = n;
  }
  return most;
}

static double draw(const sem_draw *d, weyl_rng *rng) {
  switch (d->kind) {
    case DRAW_UNIFORM: return d->a + (d->b - d->a) * weyl_rng_uniform(rng);
    case DRAW_NORMAL: return d->a + sqrt(d->b) * weyl_rng_normal(rng);
    case DRAW_LIST: return d->list[weyl_rng_below(rng, d->n)];
    default: return d->a;
  }
}

void sem_acts_draw(const weyl_sem *s, const sem_acts *acts, weyl_rng *rng, double *a) {
  for (size_t i = 0; i < acts->sites; i++) {
    const sem_site *t = &acts->site[i];
    if (t->coefficients.kind != DRAW_NONE)
      for (size_t k = 0; k < sem_parents(s, t->node); k++) *a++ = draw(&t->coefficients, rng);
    if (site_has_variance(t)) *a++ = draw(t->variance.kind != DRAW_NONE ? &t->variance : &t->scale, rng);
    if (site_has_mean(t)) *a++ = draw(t->set.kind != DRAW_NONE ? &t->set : &t->mean, rng);
  }
}

void weyl_sem_draw(const weyl_sem *s, uint64_t seed, uint64_t index, double *a) {
  weyl_rng rng = numbered_rng(seed, "sem intervention", index);
  sem_acts_draw(s, &s->family, &rng, a);
}

weyl_status sem_state_new(const weyl_sem *s, weyl_arena *arena, sem_state *out) {
  const size_t n = s->nodes, effects = s->start[n];
  out->effect = weyl_arena_array(arena, double, effects + 1);
  out->variance = weyl_arena_array(arena, double, n);
  out->mean = weyl_arena_array(arena, double, n);
  out->cov = weyl_arena_array(arena, double, n *n);
  out->at = weyl_arena_array(arena, double, n);
  return out->effect && out->variance && out->mean && out->cov && out->at ? WEYL_OK : WEYL_MEMORY;
}

weyl_status sem_state_set(const weyl_sem *s, const sem_acts *acts, const double *a, sem_state *q) {
  memcpy(q->effect, s->effect, s->start[s->nodes] * sizeof *q->effect);
  memcpy(q->variance, s->variance, s->nodes * sizeof *q->variance);
  memcpy(q->mean, s->mean, s->nodes * sizeof *q->mean);
  for (size_t i = 0; acts && i < acts->sites; i++) {
    const sem_site *t = &acts->site[i];
    const size_t j = t->node;
    for (size_t k = s->start[j]; k < s->start[j + 1]; k++) {
      if (t->coefficients.kind != DRAW_NONE) q->effect[k] = *a++;
      if (t->cut) q->effect[k] = 0;
    }
    if (site_has_variance(t)) q->variance[j] = t->variance.kind != DRAW_NONE ? *a++ : q->variance[j] * *a++;
    if (site_has_mean(t)) q->mean[j] = *a++;
    if (t->set.kind != DRAW_NONE) q->variance[j] = 0;
    if (!(q->variance[j] >= 0) || !isfinite(q->variance[j]) || !isfinite(q->mean[j]))
      return weyl_fail(s->ctx, WEYL_BAD_ARG, "the intervention on %s gives its noise the variance %g", s->names[j],
                       q->variance[j]);
  }
  return WEYL_OK;
}

/* Causes first: cov(j, i) = sum over parents k of effect times cov(k, i), for every i before j and for j itself. */
void sem_state_solve(const weyl_sem *s, sem_state *q) {
  const size_t n = s->nodes;
  for (size_t u = 0; u < n; u++) {
    const size_t j = s->order[u];
    double *row = q->cov + j * n, mean = q->mean[j], own = q->variance[j];
    for (size_t v = 0; v < u; v++) row[s->order[v]] = 0;
    for (size_t k = s->start[j]; k < s->start[j + 1]; k++) {
      const double *from = q->cov + s->parent[k] * n, effect = q->effect[k];
      mean += effect * q->at[s->parent[k]];
      if (effect == 0) continue;
      for (size_t v = 0; v < u; v++) row[s->order[v]] += effect * from[s->order[v]];
    }
    for (size_t k = s->start[j]; k < s->start[j + 1]; k++) own += q->effect[k] * row[s->parent[k]];
    row[j] = own;
    q->at[j] = mean;
    for (size_t v = 0; v < u; v++) q->cov[s->order[v] * n + j] = row[s->order[v]];
  }
}

void sem_state_moments(const weyl_sem *s, const sem_state *q, bool intercept, double *sigma, double *c, double *y2,
                       double *mean, double *work) {
  const size_t n = s->nodes, dx = sem_features(s), d = dx + intercept, y = s->y;
  const double *cov_y = q->cov + y * n;
  for (size_t i = 0; i < dx; i++) {
    if (!s->mixed) {
      const size_t node = sem_feature_node(s, i);
      mean[i] = q->at[node];
      c[i] = cov_y[node];
      for (size_t j = 0; j <= i; j++) sigma[i * d + j] = q->cov[node * n + sem_feature_node(s, j)];
      continue;
    }
    const double *row = s->mix + i * n;
    mean[i] = s->mix_mean[i] + dot(n, row, q->at);
    c[i] = dot(n, row, cov_y);
    apply(n, n, q->cov, row, work + i * n);
    for (size_t j = 0; j <= i; j++) sigma[i * d + j] = dot(n, s->mix + j * n, work + i * n);
    sigma[i * d + i] += s->mix_noise[i];
  }
  const double mean_y = q->at[y];
  for (size_t i = 0; i < dx; i++) {
    c[i] += mean[i] * mean_y;
    for (size_t j = 0; j <= i; j++) {
      sigma[i * d + j] += mean[i] * mean[j];
      sigma[j * d + i] = sigma[i * d + j];
    }
  }
  if (intercept) {
    for (size_t i = 0; i < dx; i++) sigma[i * d + dx] = sigma[dx * d + i] = mean[i];
    sigma[dx * d + dx] = mean[dx] = 1;
    c[dx] = mean_y;
  }
  *y2 = cov_y[y] + mean_y * mean_y;
  mean[d] = mean_y;
}

weyl_status weyl_sem_moments_at(weyl_context *ctx, const weyl_sem *s, const double *a, double *sigma, double *c,
                                double *y2, double *mean) {
  weyl_arena *arena = NULL;
  weyl_status status;
  sem_state state;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(sem_state_new(s, arena, &state));
  double *work = weyl_arena_array(arena, double, s->mixed * s->nodes + 1);
  double *at = mean ? mean : weyl_arena_array(arena, double, sem_features(s) + 1);
  status = work && at ? sem_state_set(s, a ? &s->family : NULL, a, &state) : WEYL_MEMORY;
  if (status == WEYL_OK) {
    sem_state_solve(s, &state);
    sem_state_moments(s, &state, false, sigma, c, y2, at, work);
  }
done:
  weyl_arena_free(arena);
  return status;
}

void weyl_sem_effects(const weyl_sem *s, double *a) {
  const size_t n = s->nodes;
  memset(a, 0, n * n * sizeof *a);
  for (size_t u = 0; u < n; u++) {
    const size_t j = s->order[u];
    a[j * n + j] = 1;
    for (size_t k = s->start[j]; k < s->start[j + 1]; k++)
      for (size_t i = 0; i < n; i++) a[j * n + i] += s->effect[k] * a[s->parent[k] * n + i];
  }
}

/* ---- what it is ---- */

static size_t support(const weyl_sem *s) {
  double count = s->family.sites ? 1 : 0;
  for (size_t i = 0; i < s->family.sites; i++) {
    const sem_site *t = &s->family.site[i];
    const sem_draw *each[5] = {&t->coefficients, &t->variance, &t->scale, &t->mean, &t->set};
    for (size_t k = 0; k < 5; k++) {
      if (each[k]->kind == DRAW_UNIFORM || each[k]->kind == DRAW_NORMAL) return 0;
      const size_t times = k == 0 ? sem_parents(s, t->node) : 1;
      if (each[k]->kind == DRAW_LIST) count *= pow((double)each[k]->n, (double)times);
    }
  }
  return count < 1e15 ? (size_t)count : 0;
}

weyl_sem_info weyl_sem_about(const weyl_sem *s) {
  weyl_sem_info a = {.nodes = s->nodes, .features = sem_features(s), .y = s->y, .sites = s->family.sites};
  a.parameters = sem_acts_numbers(s, &s->family);
  a.support = support(s);
  a.mixed = s->mixed > 0;
  for (size_t i = 0; i < s->nodes; i++) a.means = a.means || s->mean[i] != 0;
  for (size_t i = 0; i < s->mixed; i++) a.means = a.means || s->mix_mean[i] != 0;
  for (size_t i = 0; i <= s->environments; i++) {
    const sem_acts *acts = i < s->environments ? &s->environment[i] : &s->family;
    if (i < s->environments) {
      a.unseen += acts->unseen;
      a.trained += !acts->unseen;
    }
    for (size_t k = 0; k < acts->sites; k++) {
      const sem_site *t = &acts->site[k];
      a.means = a.means || site_has_mean(t);
      a.touches_y = a.touches_y || t->node == s->y;
      if (i < s->environments) continue;
      a.degree += t->coefficients.kind != DRAW_NONE ? 2 : 0;
      const size_t extra = (size_t)site_has_variance(t) + site_has_mean(t);
      if (sem_parents(s, t->node) > a.in_degree) a.in_degree = sem_parents(s, t->node);
      if (extra > a.extra) a.extra = extra;
    }
  }
  /* noise: a new variance enters once, a mean twice, beside coefficients of other sites; with coefficients everywhere
   * neither adds to the degree, because no path comes back to its site */
  const size_t noise = a.means ? 2 : a.extra > 0 ? 1 : 0;
  a.degree = a.degree + noise < 2 * a.sites ? a.degree + noise : 2 * a.sites;
  return a;
}

const char *weyl_sem_feature(const weyl_sem *s, size_t i) {
  return s->mixed ? s->mixed_names[i] : s->names[sem_feature_node(s, i)];
}

const char *weyl_sem_node(const weyl_sem *s, size_t i) { return s->names[i]; }

bool weyl_sem_parent(const weyl_sem *s, size_t i, double *coefficient) {
  if (coefficient) *coefficient = 0;
  if (s->mixed) return false;
  for (size_t k = s->start[s->y]; k < s->start[s->y + 1]; k++) {
    if (s->parent[k] != sem_feature_node(s, i)) continue;
    if (coefficient) *coefficient = s->effect[k];
    return true;
  }
  return false;
}
