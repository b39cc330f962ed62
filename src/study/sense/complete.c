/* Missing entries: rank, method and ridge are what foretells entries held out best; then all entries are fitted. */
#include "solver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 128, LOOKS = 40, LOSING = 6 };

typedef struct part { /* of the entries; values without the levels */
  size_t m;
  int32_t *row, *column;
  double *value;
} part;

typedef struct job {
  weyl_context *ctx;
  const weyl_triplets *all;
  weyl_complete_opts o;
  part fit, held;
  double *row_level, *level;
  double size; /* root mean square of the values to fit */
  double unit; /* a power of two near the largest value: all is in it until the end */
  weyl_sensing *sensing;
  weyl_attempt *attempt;
  size_t attempts;
} job;

/* ---- the parts ---- */

static void part_free(weyl_context *ctx, part *p) {
  weyl_dealloc(ctx, p->row);
  weyl_dealloc(ctx, p->value);
  *p = (part){0};
}

static weyl_status part_new(weyl_context *ctx, size_t room, part *p) {
  p->row = weyl_alloc(ctx, 2 * room + 1, sizeof *p->row);
  p->value = weyl_alloc(ctx, room + 1, sizeof *p->value);
  p->column = p->row ? p->row + room : NULL;
  return p->row && p->value ? WEYL_OK : WEYL_MEMORY;
}

/* Entry i is held out by a number of its own: (seed, i). */
static weyl_status split(job *j, double share) {
  const weyl_triplets *t = j->all;
  WEYL_TRY(part_new(j->ctx, t->count, &j->fit));
  WEYL_TRY(part_new(j->ctx, share > 0 ? t->count : 0, &j->held));
  const uint64_t key = weyl_hash_name("entries held out"), below = (uint64_t)(share * 4294967296.0);
  for (size_t i = 0; i < t->count; i++) {
    uint32_t word[4];
    weyl_philox(key, j->o.seed, i, word);
    part *p = word[0] < below ? &j->held : &j->fit;
    p->row[p->m] = t->row[i];
    p->column[p->m] = t->column[i];
    p->value[p->m++] = t->value[i] / j->unit;
  }
  return WEYL_OK;
}

/* ---- levels ---- */

/* Means of what a line's entries have left, shrunk as if `prior` more were 0. */
static void shrunk_means(const part *p, const int32_t *line, size_t lines, const double *left, double prior,
                         double *sum, double *out) {
  memset(sum, 0, 2 * lines * sizeof *sum);
  for (size_t i = 0; i < p->m; i++) {
    sum[line[i]] += left[i];
    sum[lines + (size_t)line[i]] += 1;
  }
  for (size_t l = 0; l < lines; l++) out[l] += sum[l] / (sum[lines + l] + prior);
}

static weyl_status find_levels(job *j) {
  const size_t n1 = j->all->n1, n2 = j->all->n2;
  part *p = &j->fit;
  double mean = 0;
  memset(j->row_level, 0, n1 * sizeof *j->row_level);
  memset(j->level, 0, n2 * sizeof *j->level);
  if (strcmp(j->o.centre, "none") == 0) return WEYL_OK;
  for (size_t i = 0; i < p->m; i++) mean += p->value[i] / (double)p->m;
  if (strcmp(j->o.centre, "effects") == 0) {
    const size_t most = n1 > n2 ? n1 : n2;
    double *left = weyl_alloc(j->ctx, p->m + 2 * most, sizeof *left);
    if (!left) return WEYL_MEMORY;
    for (int round = 0; round < 10; round++) {
      for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < p->m; i++)
          left[i] = p->value[i] - mean - j->row_level[p->row[i]] - j->level[p->column[i]];
        if (side)
          shrunk_means(p, p->row, n1, left, 3, left + p->m, j->row_level);
        else
          shrunk_means(p, p->column, n2, left, 3, left + p->m, j->level);
      }
    }
    weyl_dealloc(j->ctx, left);
  }
  for (size_t i = 0; i < n1; i++) j->row_level[i] += mean;
  return WEYL_OK;
}

static void take_levels(const job *j, part *p) {
  for (size_t i = 0; i < p->m; i++) p->value[i] -= j->row_level[p->row[i]] + j->level[p->column[i]];
}

static double size_of(const part *p) { return p->m ? sqrt(dense_squares(p->m, p->value) / (double)p->m) : NAN; }

/* ---- one attempt ---- */

typedef struct look {
  const job *j;
  size_t k;
  double scale, best;
  int64_t at, since; /* iteration of the best, looks since */
} look;

static double held_error(const look *l, const double *f, const double *g) {
  const part *p = &l->j->held;
  double sum = 0;
  for (size_t i = 0; i < p->m; i++) {
    const double d = dense_dot(l->k, f + (size_t)p->row[i] * l->k, g + (size_t)p->column[i] * l->k) - p->value[i];
    sum += d * d;
  }
  return sqrt(sum / (double)p->m);
}

static bool look_at(void *user, int64_t t, const double *f, const double *g) {
  look *l = user;
  const double error = held_error(l, f, g);
  if (error < l->best * (1 - 1e-4)) {
    l->best = error;
    l->at = t;
    l->since = 0;
    return false;
  }
  return ++l->since >= LOSING;
}

static bool is_whole(const char *method) {
  for (size_t i = 0; method_at(i); i++)
    if (strcmp(method_at(i)->name, method) == 0) return method_at(i)->whole;
  return false;
}

/* The ridge is told in shares of the values' size: in sums over a line's entries noise grows with their root. */
static double ridge_of(const job *j, double share) {
  const double lines = (double)(j->all->n1 + j->all->n2) / 2;
  return share * j->size * sqrt((double)j->fit.m / lines);
}

static weyl_status fit(job *j, const weyl_attempt *a, int64_t iterations, look *l, weyl_sense_result *r) {
  char label[64];
  snprintf(label, sizeof label, "%s, rank %zu", a->method, a->rank);
  const double c = sqrt((double)j->all->n1 * (double)j->all->n2 / (double)j->fit.m); /* y = c M at the entries */
  double *y = weyl_alloc(j->ctx, j->fit.m, sizeof *y);
  if (!y) return WEYL_MEMORY;
  for (size_t i = 0; i < j->fit.m; i++) y[i] = c * j->fit.value[i];
  const bool alt = strcmp(a->method, "alt-min") == 0, scaled = strcmp(a->method, "scaled-gd") == 0;
  weyl_sense_opts o = {.method = a->method,
                       .k = a->rank,
                       .iterations = iterations,
                       .points = l ? LOOKS : 2,
                       .even = true,
                       .change = true,
                       .start = alt || scaled ? "spectral" : NULL,
                       .lambda = alt ? ridge_of(j, a->ridge) : 0,
                       .seed = j->o.seed};
  weyl_status status = WEYL_OK;
  if (scaled) {
    double sigma;
    status = start_sigma(j->sensing, y, &sigma);
    o.lambda = 0.02 * sigma;
  }
  for (o.eta = scaled ? 0.5 : 0; status == WEYL_OK; o.eta /= 4) { /* uneven entries may need a smaller step */
    const watch w = {l && !is_whole(a->method) ? look_at : NULL, l, label};
    if (l) l->best = INFINITY, l->at = l->since = 0;
    status = solver_run(j->ctx, j->sensing, y, &o, NULL, &w, r);
    if (status != WEYL_NUMERIC || o.eta == 0 || o.eta < 0.02) break;
    weyl_message_clear(j->ctx);
    status = WEYL_OK;
  }
  weyl_dealloc(j->ctx, y);
  return status;
}

static weyl_attempt *known(job *j, const char *method, size_t rank, double ridge) {
  for (size_t i = 0; i < j->attempts; i++)
    if (strcmp(j->attempt[i].method, method) == 0 && j->attempt[i].rank == rank && j->attempt[i].ridge == ridge)
      return &j->attempt[i];
  return NULL;
}

/* What diverges is an attempt that failed, not an error. */
static weyl_status attempt(job *j, const char *method, size_t rank, double ridge, weyl_attempt **out) {
  *out = known(j, method, rank, ridge);
  if (*out) return WEYL_OK;
  if (j->attempts == ATTEMPTS) {
    *out = &j->attempt[0];
    return WEYL_OK;
  }
  weyl_attempt *a = &j->attempt[j->attempts];
  *a = (weyl_attempt){.rank = rank, .ridge = ridge, .fitted = NAN, .held = INFINITY};
  snprintf(a->method, sizeof a->method, "%s", method);
  look l = {.j = j, .k = rank};
  weyl_sense_result r;
  const weyl_status status = fit(j, a, j->o.iterations, &l, &r);
  if (status != WEYL_OK && status != WEYL_NUMERIC) return status;
  if (status == WEYL_NUMERIC) weyl_message_clear(j->ctx);
  if (status == WEYL_OK) {
    const bool whole = is_whole(method);
    a->held = whole ? held_error(&l, r.f, r.g) : l.best;
    a->iterations = whole ? r.iterations : l.at;
    a->fitted = r.residual * j->size;
    a->seconds = r.seconds;
    weyl_sense_result_free(j->ctx, &r);
  }
  j->attempts++;
  *out = a;
  return WEYL_OK;
}

/* ---- the search ---- */

static bool better(const job *j, const weyl_attempt *a, const weyl_attempt *than) {
  if (!than || !isfinite(than->held)) return !than || isfinite(a->held);
  const double slack = 1e-6 * j->size; /* what is found exactly is found exactly */
  if (a->rank < than->rank) return a->held <= 1.002 * than->held + slack;
  return a->held < than->held * (a->rank > than->rank ? 0.998 : 1) - (a->rank > than->rank ? slack : 0);
}

typedef struct best {
  weyl_attempt a; /* a copy: attempts may not move, but ranks are compared after them */
  bool any;
} best;

static void keep(const job *j, best *b, const weyl_attempt *a) {
  if (better(j, a, b->any ? &b->a : NULL)) *b = (best){*a, true};
}

/* 1, 2, 3, 4, 6, 8, 12, 16, 24 ..., and `most` at the end. */
static size_t rung(size_t after, size_t most) {
  const size_t next = after < 4 ? after + 1 : after % 3 == 0 ? after / 3 * 4 : after / 2 * 3;
  return next < most ? next : most;
}

/* Rising ranks until three in a row are no better; then those between the best and its neighbours. */
static weyl_status ranks(job *j, const char *method, double ridge, size_t most, best *out) {
  best b = {.any = false};
  weyl_attempt *a;
  size_t below = 0, above = most + 1, lost = 0;
  for (size_t r = 1, before = 0; lost < 3; before = r, r = rung(r, most)) {
    WEYL_TRY(attempt(j, method, r, ridge, &a));
    keep(j, &b, a);
    if (b.any && b.a.rank == r) {
      below = before;
      above = most + 1;
      lost = 0;
    } else if (lost++ == 0) {
      above = r;
    }
    if (r == most) break;
  }
  while (b.any && (b.a.rank - below > 1 || above - b.a.rank > 1)) {
    const size_t now = b.a.rank, r = now - below > 1 ? (now + below) / 2 : (now + above) / 2;
    WEYL_TRY(attempt(j, method, r, ridge, &a));
    keep(j, &b, a);
    if (b.a.rank == now) {
      if (r < now)
        below = r;
      else
        above = r;
    } else if (r < now) {
      above = now;
    } else {
      below = now;
    }
  }
  *out = b;
  return WEYL_OK;
}

static const double ridges[] = {1e-4, 0.05, 0.2, 0.6};
enum { RIDGES = sizeof ridges / sizeof *ridges, MIDDLE = 1 };

static weyl_status one_method(job *j, const char *method, size_t most, best *out) {
  const bool alt = strcmp(method, "alt-min") == 0;
  const double asked = alt ? j->o.ridge : 0;
  double ridge = alt ? asked > 0 ? asked : ridges[MIDDLE] : 0;
  best b = {.any = false};
  weyl_attempt *a;
  for (int round = 0; round < 3; round++) {
    best found = {.any = false};
    if (j->o.rank) {
      WEYL_TRY(attempt(j, method, j->o.rank, ridge, &a));
      keep(j, &found, a);
    } else {
      WEYL_TRY(ranks(j, method, ridge, most, &found));
    }
    if (!found.any) break;
    if (!b.any || found.a.held < b.a.held) b = found;
    if (!alt || asked > 0) break;
    const double before = ridge;
    for (int i = 0; i < RIDGES; i++) {
      WEYL_TRY(attempt(j, method, b.a.rank, ridges[i], &a));
      if (a->held < b.a.held) b.a = *a;
    }
    ridge = b.a.ridge;
    if (ridge == before) break;
  }
  if (b.any && (!out->any || b.a.held < out->a.held)) *out = b;
  return WEYL_OK;
}

static weyl_status search(job *j, size_t most, best *out) {
  char name[24];
  for (const char *at = j->o.methods; *at;) {
    const size_t n = strcspn(at, ",");
    if (n == 0 || n >= sizeof name)
      return weyl_fail(j->ctx, WEYL_BAD_ARG, "methods \"%s\": names with commas in between", j->o.methods);
    snprintf(name, sizeof name, "%.*s", (int)n, at);
    size_t i = 0;
    while (method_at(i) && strcmp(method_at(i)->name, name) != 0) i++;
    if (!method_at(i)) return weyl_fail(j->ctx, WEYL_UNKNOWN, "no method \"%s\"", name);
    if (method_at(i)->symmetric)
      return weyl_fail(j->ctx, WEYL_BAD_ARG, "%s is for symmetric problems, not for missing entries", name);
    WEYL_TRY(one_method(j, name, most, out));
    at += n + (at[n] == ',');
  }
  return WEYL_OK;
}

/* ---- all of it ---- */

static weyl_status check(job *j, size_t *most) {
  const weyl_triplets *t = j->all;
  const size_t least = t->n1 < t->n2 ? t->n1 : t->n2;
  weyl_complete_opts *o = &j->o;
  if (!o->methods || !*o->methods) o->methods = "alt-min,scaled-gd,gd";
  if (!o->centre || !*o->centre) o->centre = "mean";
  if (o->rank_max == 0) o->rank_max = 30;
  if (o->held == 0) o->held = 0.1;
  if (o->iterations == 0) o->iterations = 200;
  if (!(o->held > 0 && o->held < 0.9))
    return weyl_fail(j->ctx, WEYL_BAD_ARG, "a share of %g held out, must be more than 0 and less than 0.9", o->held);
  if (!(o->ridge >= 0) || !isfinite(o->ridge))
    return weyl_fail(j->ctx, WEYL_BAD_ARG, "ridge %g, must be 0 or more", o->ridge);
  if (strcmp(o->centre, "none") != 0 && strcmp(o->centre, "mean") != 0 && strcmp(o->centre, "effects") != 0)
    return weyl_fail(j->ctx, WEYL_UNKNOWN, "no centre \"%s\": none, mean or effects", o->centre);
  if (o->rank > least)
    return weyl_fail(j->ctx, WEYL_BAD_ARG, "rank %zu of a %zux%zu matrix, must be at most %zu", o->rank, t->n1, t->n2,
                     least);
  /* ranks that fewer entries than numbers to choose could not tell */
  const double kept = (double)t->count * (1 - o->held);
  for (*most = 0; *most < least && *most < (o->rank ? o->rank : o->rank_max); ++*most) {
    const double r = (double)(*most + 1);
    if (r * ((double)(t->n1 + t->n2) - r) > kept) break;
  }
  const size_t asked = o->rank ? o->rank : 1;
  if (*most < asked)
    return weyl_fail(
        j->ctx, o->rank ? WEYL_BAD_ARG : WEYL_FORMAT,
        "%zu entries (%.0f without those held out) of a %zux%zu matrix: rank %zu has %.0f numbers to choose", t->count,
        kept, t->n1, t->n2, asked, (double)asked * ((double)(t->n1 + t->n2) - (double)asked));
  return WEYL_OK;
}

static weyl_status sense(job *j) {
  weyl_sensing_free(j->sensing);
  j->sensing = NULL;
  WEYL_TRY(
      weyl_sensing_entries(j->ctx, j->all->n1, j->all->n2, j->fit.m, j->fit.row, j->fit.column, false, &j->sensing));
  j->size = size_of(&j->fit);
  return WEYL_OK;
}

static weyl_status complete(job *j, weyl_completion *c) {
  size_t most = 0;
  best chosen = {.any = false};
  WEYL_TRY(check(j, &most));
  WEYL_TRY(split(j, j->o.held));
  if (j->held.m == 0 || j->fit.m == 0)
    return weyl_fail(j->ctx, WEYL_BAD_ARG, "%zu entries: %zu to fit, %zu held out, must be some of both", j->all->count,
                     j->fit.m, j->held.m);
  WEYL_TRY(find_levels(j));
  take_levels(j, &j->fit);
  take_levels(j, &j->held);
  c->held_mean = size_of(&j->held);
  WEYL_TRY(sense(j));
  if (j->size > 1e-12 * fabs(j->row_level[0]))
    WEYL_TRY(search(j, most, &chosen));
  else
    return weyl_fail(j->ctx, WEYL_DEGENERATE, "all entries are what the levels say: nothing is left to find");
  if (!chosen.any) return weyl_fail(j->ctx, WEYL_NUMERIC, "no method and rank gave finite numbers");
  const weyl_attempt a = chosen.a;
  for (size_t i = 0; i < j->attempts; i++)
    if (known(j, a.method, a.rank, a.ridge) == &j->attempt[i]) c->chosen = i;
  c->held = a.held;
  c->rank = a.rank;
  /* once more, to everything; the levels stay those that the choice was made with */
  part_free(j->ctx, &j->fit);
  part_free(j->ctx, &j->held);
  WEYL_TRY(split(j, 0));
  take_levels(j, &j->fit);
  WEYL_TRY(sense(j));
  weyl_sense_result r;
  WEYL_TRY(fit(j, &a, a.iterations > 0 ? a.iterations : 1, NULL, &r));
  c->fitted = r.residual * j->size;
  c->f = r.f;
  c->g = r.g;
  r.f = NULL;
  weyl_sense_result_free(j->ctx, &r);
  return WEYL_OK;
}

static double unit_of(const weyl_triplets *t) {
  double top = 0;
  int exponent;
  for (size_t i = 0; i < t->count; i++) top = fmax(top, fabs(t->value[i]));
  frexp(top, &exponent);
  return top > 0 ? ldexp(1, exponent < -1000 ? -1000 : exponent - 1) : 1;
}

/* The answer in the values' own unit. */
static void in_unit(weyl_completion *c, double unit) {
  for (size_t i = 0; i < c->n1 * c->rank; i++) c->f[i] *= unit;
  for (size_t i = 0; i < c->n1; i++) c->row_level[i] *= unit;
  for (size_t i = 0; i < c->n2; i++) c->level[i] *= unit;
  c->held *= unit;
  c->held_mean *= unit;
  c->fitted *= unit;
  for (size_t i = 0; i < c->attempts; i++) {
    c->attempt[i].held *= unit;
    c->attempt[i].fitted *= unit;
  }
}

weyl_status weyl_complete(weyl_context *ctx, const weyl_triplets *entries, const weyl_complete_opts *opts,
                          weyl_completion *out) {
  job j = {.ctx = ctx, .all = entries, .o = opts ? *opts : (weyl_complete_opts){0}};
  weyl_completion c = {.n1 = entries->n1, .n2 = entries->n2};
  weyl_status status = WEYL_MEMORY;
  for (size_t i = 0; i < entries->count; i++)
    if (!isfinite(entries->value[i])) return weyl_fail(ctx, WEYL_NUMERIC, "entry %zu is %g", i, entries->value[i]);
  j.unit = unit_of(entries);
  j.row_level = weyl_alloc(ctx, entries->n1, sizeof *j.row_level);
  j.level = weyl_alloc(ctx, entries->n2, sizeof *j.level);
  j.attempt = weyl_alloc(ctx, ATTEMPTS, sizeof *j.attempt);
  if (j.row_level && j.level && j.attempt) status = complete(&j, &c);
  part_free(ctx, &j.fit);
  part_free(ctx, &j.held);
  weyl_sensing_free(j.sensing);
  c.row_level = j.row_level;
  c.level = j.level;
  c.attempt = j.attempt;
  c.attempts = j.attempts;
  if (status == WEYL_OK) {
    in_unit(&c, j.unit);
    *out = c;
  } else {
    weyl_completion_free(ctx, &c);
  }
  return status;
}

double weyl_completion_at(const weyl_completion *c, size_t i, size_t j) {
  return c->row_level[i] + c->level[j] + dense_dot(c->rank, c->f + i * c->rank, c->g + j * c->rank);
}

void weyl_completion_free(weyl_context *ctx, weyl_completion *c) {
  weyl_dealloc(ctx, c->f);
  weyl_dealloc(ctx, c->row_level);
  weyl_dealloc(ctx, c->level);
  weyl_dealloc(ctx, c->attempt);
  *c = (weyl_completion){0};
}
