/* All subsets of the features, each with its pooled least squares. */
#include "model.h"

#include <stdlib.h>

enum { FEATURES_MAX = 20 };

void weyl_search_free(weyl_search *search) {
  weyl_arena_free(search->arena);
  *search = (weyl_search){0};
}

bool cholesky_solve(size_t d, const double *sigma, const double *c, double *l, double *x) {
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j <= i; j++) {
      const double sum = sigma[i * d + j] - dot(j, l + i * d, l + j * d);
      if (j < i) {
        l[i * d + j] = sum / l[j * d + j];
      } else {
        if (!(sum > 1e-13 * sigma[i * d + i])) return false;
        l[i * d + i] = sqrt(sum);
      }
    }
    x[i] = (c[i] - dot(i, l + i * d, x)) / l[i * d + i];
  }
  for (size_t i = d; i-- > 0;) {
    for (size_t k = i + 1; k < d; k++) x[i] -= l[k * d + i] * x[k];
    x[i] /= l[i * d + i];
  }
  return true;
}

/* The subset in hand is a path in a tree: one feature more is one row more of the Cholesky factor. */
typedef struct walk {
  const weyl_moments *m;
  weyl_context *ctx;
  const weyl_search_opts *o;
  double rows;       /* of all environments */
  double *sigma, *c; /* pooled */
  size_t most;
  size_t member[FEATURES_MAX + 1];
  double l[(FEATURES_MAX + 1) * (FEATURES_MAX + 1)], z[FEATURES_MAX + 1]; /* factor, and L^-1 c */
  weyl_arena *arena;
  weyl_invariant *found;
  size_t count, room, looked;
  double all, work; /* subsets there are; numbers read since the last report */
  weyl_status status;
} walk;

static void weights(const walk *q, size_t k, double *w) {
  for (size_t i = k; i-- > 0;) {
    w[i] = q->z[i];
    for (size_t j = i + 1; j < k; j++) w[i] -= q->l[j * (FEATURES_MAX + 1) + i] * w[j];
    w[i] /= q->l[i * (FEATURES_MAX + 1) + i];
  }
}

static double worst_violation(const walk *q, size_t k, const double *w) {
  const size_t d = q->m->d;
  double worst = 0;
  for (size_t e = 0; e < q->m->count; e++) {
    const double *sigma = q->m->sigma + e * d * d, *c = q->m->c + e * d;
    double square = 0;
    for (size_t i = 0; i < k; i++) {
      const double *row = sigma + q->member[i] * d;
      double g = -c[q->member[i]];
      for (size_t j = 0; j < k; j++) g += row[q->member[j]] * w[j];
      square += g * g;
    }
    worst = fmax(worst, square);
  }
  return sqrt(worst);
}

static bool keep(walk *q, size_t k, const double *w, double violation) {
  const size_t d = q->m->d;
  if (q->count == q->room) {
    const size_t room = q->room ? 2 * q->room : 64;
    weyl_invariant *more = weyl_arena_array(q->arena, weyl_invariant, room);
    if (!more) return false;
    if (q->count) memcpy(more, q->found, q->count * sizeof *more);
    q->found = more;
    q->room = room;
  }
  double *block = weyl_arena_array(q->arena, double, k *d + k + d);
  if (!block) return false;
  weyl_invariant *r = &q->found[q->count++];
  *r = (weyl_invariant){.k = k, .phi = block, .w = block + k * d, .beta = block + k * d + k, .violation = violation};
  for (size_t i = 0; i < k; i++) {
    r->phi[i * d + q->member[i]] = 1;
    r->w[i] = r->beta[q->member[i]] = w[i];
    if (!(q->m->intercept && q->member[i] + 1 == d)) r->subset |= (uint64_t)1 << q->member[i];
  }
  for (size_t e = 0; e < q->m->count; e++) {
    const double risk = weyl_moments_risk(q->m, e, r->beta);
    r->risk += moments_weight(q->m, q->rows, e) * risk;
    r->worst_risk = fmax(r->worst_risk, risk);
  }
  return true;
}

static void look(walk *q, size_t k) {
  double w[FEATURES_MAX + 1];
  weights(q, k, w);
  const double violation = worst_violation(q, k, w);
  q->looked++;
  if ((q->o->all || violation <= q->o->eps) && !keep(q, k, w, violation)) q->status = WEYL_MEMORY;
  q->work += (double)(q->m->count * (k * k + 1));
  if (q->work < 1e7 || q->status != WEYL_OK) return;
  q->work = 0;
  if (weyl_progress(q->ctx, "subsets", (double)q->looked, q->all))
    q->status = weyl_fail(q->ctx, WEYL_INTERRUPTED, "search: stopped after %zu of %.0f subsets", q->looked, q->all);
}

/* Of d things, those with at most `most`. */
static double subsets_of(size_t d, size_t most) {
  double all = 0, some = 1;
  for (size_t k = 0; k <= d && k <= most; k++) {
    all += some;
    some *= (double)(d - k) / (double)(k + 1);
  }
  return all;
}

/* Adds a feature to the factor; false where the pooled moments of the subset are singular. */
static bool extend(walk *q, size_t k, size_t feature) {
  const size_t d = q->m->d, s = FEATURES_MAX + 1;
  double *row = q->l + k * s;
  q->member[k] = feature;
  for (size_t j = 0; j < k; j++)
    row[j] = (q->sigma[feature * d + q->member[j]] - dot(j, row, q->l + j * s)) / q->l[j * s + j];
  const double left = q->sigma[feature * d + feature] - dot(k, row, row);
  if (!(left > 1e-13 * q->sigma[feature * d + feature])) return false;
  row[k] = sqrt(left);
  q->z[k] = (q->c[feature] - dot(k, row, q->z)) / row[k];
  return true;
}

static void visit(walk *q, size_t k, size_t from, size_t chosen) {
  look(q, k);
  if (chosen == q->most) return;
  const size_t d = q->m->d - q->m->intercept;
  for (size_t feature = from; feature < d && q->status == WEYL_OK; feature++)
    if (extend(q, k, feature)) visit(q, k + 1, feature + 1, chosen + 1);
}

static int by_risk(const void *a, const void *b) {
  const weyl_invariant *x = a, *y = b;
  if (x->risk != y->risk) return x->risk < y->risk ? -1 : 1;
  return x->subset < y->subset ? -1 : x->subset > y->subset;
}
static int by_worst_risk(const void *a, const void *b) {
  const weyl_invariant *x = a, *y = b;
  if (x->worst_risk != y->worst_risk) return x->worst_risk < y->worst_risk ? -1 : 1;
  return by_risk(a, b);
}

weyl_search_opts search_defaults(const weyl_search_opts *opts) {
  weyl_search_opts o = opts ? *opts : (weyl_search_opts){0};
  if (o.eps == 0) o.eps = 0.02;
  if (o.most == 0) o.most = 3;
  if (o.starts == 0) o.starts = 20;
  if (o.floor == 0) o.floor = 0.01;
  return o;
}

weyl_status search_check(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *o) {
  if (m->count < 1) return weyl_fail(ctx, WEYL_BAD_ARG, "no environment to search");
  if (!(o->eps > 0) || isinf(o->eps)) return weyl_fail(ctx, WEYL_BAD_ARG, "eps is %g, must be more than 0", o->eps);
  for (size_t i = 0; i < m->count * m->d * m->d; i++)
    if (!isfinite(m->sigma[i]))
      return weyl_fail(ctx, WEYL_NUMERIC, "moments of %s are not finite", m->name[i / (m->d * m->d)]);
  return WEYL_OK;
}

void search_sort(weyl_invariant *found, size_t count, bool by_worst) {
  if (count) qsort(found, count, sizeof *found, by_worst ? by_worst_risk : by_risk);
}

weyl_status weyl_search_subsets(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *opts,
                                weyl_search *out) {
  const weyl_search_opts o = search_defaults(opts);
  WEYL_TRY(search_check(ctx, m, &o));
  const size_t d = m->d;
  if (d - m->intercept > FEATURES_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "%zu features: all their subsets are too many beyond %d; choose features, or search continuously",
                     d - m->intercept, FEATURES_MAX);
  weyl_arena *arena = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &arena));
  walk *q = weyl_arena_array(arena, walk, 1);
  if (q) {
    *q = (walk){.m = m, .ctx = ctx, .o = &o, .rows = moments_rows(m), .most = o.most, .arena = arena};
    q->all = subsets_of(d - m->intercept, o.most);
    q->sigma = weyl_arena_array(arena, double, d *d + 1);
    q->c = weyl_arena_array(arena, double, d + 1);
  }
  weyl_status status = q && q->sigma && q->c ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK) {
    moments_pool(m, q->sigma, q->c, NULL);
    size_t k = 0;
    if (m->intercept && extend(q, 0, d - 1)) k = 1;
    visit(q, k, 0, 0);
    status = q->status;
  }
  if (status == WEYL_OK) {
    search_sort(q->found, q->count, o.by_worst);
    *out = (weyl_search){.arena = arena, .count = q->count, .looked = q->looked, .found = q->found};
  } else {
    weyl_arena_free(arena);
  }
  return status;
}
