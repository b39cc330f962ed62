/* A run of a method: what is checked before, the loop, and its log. */
#include "solver.h"

#include <math.h>
#include <string.h>

/* ---- options ---- */

static weyl_status method_of(weyl_context *ctx, const char *name, const method_def **out) {
  const char *names[16];
  size_t n = 0;
  for (const method_def *def; (def = method_at(n)) != NULL; n++) {
    names[n] = def->name;
    if (strcmp(def->name, name) != 0) continue;
    *out = def;
    return WEYL_OK;
  }
  const char *near = weyl_nearest_name(name, names, n);
  return weyl_fail(ctx, WEYL_UNKNOWN, "no method \"%s\"%s%s%s", name, near ? ": did you mean \"" : "", near ? near : "",
                   near ? "\"?" : "");
}

static weyl_status one_of(weyl_context *ctx, const char *what, const char *value, const char *const *list) {
  for (; *list; list++)
    if (strcmp(value, *list) == 0) return WEYL_OK;
  return weyl_fail(ctx, WEYL_UNKNOWN, "no %s \"%s\"", what, value);
}

weyl_status weyl_sense_enough(weyl_context *ctx, size_t n1, size_t n2, size_t r, bool symmetric, size_t m) {
  const size_t free_numbers = symmetric ? r * n1 - r * (r - 1) / 2 : r * (n1 + n2 - r);
  if (m >= free_numbers) return WEYL_OK;
  return weyl_fail(ctx, WEYL_BAD_ARG,
                   "%zu measurements of a %zux%zu matrix of rank %zu, which has %zu numbers to choose: at least as "
                   "many are needed, and about %zu to find it",
                   m, n1, n2, r, free_numbers, 3 * free_numbers);
}

static weyl_status check(solver *s, const weyl_sense_truth *truth) {
  weyl_context *ctx = s->ctx;
  const weyl_sense_opts *o = &s->o;
  const size_t least = s->n1 < s->n2 ? s->n1 : s->n2;
  if (s->def->whole && !s->def->begin && (o->k < 1 || o->k > least))
    return weyl_fail(ctx, WEYL_BAD_ARG, "k is %zu, must be 1 to %zu", o->k, least);
  if (!s->def->whole && (o->k < 1 || o->k > least))
    return weyl_fail(ctx, WEYL_BAD_ARG, "k is %zu, must be 1 to %zu: factors of a %zux%zu matrix", o->k, least, s->n1,
                     s->n2);
  if (s->def->whole && s->n1 * s->n2 > 1 << 24)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "%s works on the whole %zux%zu matrix, at most 2^24 numbers: alt-min, scaled-gd "
                     "and gd need the factors only",
                     s->def->name, s->n1, s->n2);
  if (s->def->symmetric && !o->symmetric)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s has one factor X: it needs the symmetric problem", s->def->name);
  if (s->def->asymmetric && (o->symmetric || s->a->symmetric))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s has two factors F and G: not for the symmetric problem", s->def->name);
  if (!s->def->whole && o->symmetric != s->a->symmetric)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s measurements for %s factors", s->a->symmetric ? "symmetric" : "asymmetric",
                     o->symmetric ? "symmetric" : "asymmetric");
  if (o->iterations < 1 || o->iterations > 1000000000)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld iterations, must be 1 to 1e9", (long long)o->iterations);
  if (o->points < 2 || o->points > 1000000)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld points of the log, must be 2 to 1e6", (long long)o->points);
  if (truth && (truth->n1 != s->n1 || truth->n2 != s->n2))
    return weyl_fail(ctx, WEYL_SHAPE, "a %zux%zu matrix measured as %zux%zu", truth->n1, truth->n2, s->n1, s->n2);
  if (truth) WEYL_TRY(weyl_sense_enough(ctx, s->n1, s->n2, truth->r, s->a->symmetric, s->a->m));
  const double *const numbers[] = {&o->eta,    &o->eta_before, &o->trigger,  &o->beta,
                                   &o->lambda, &o->alpha,      &o->imbalance};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (!(*numbers[i] >= 0) || !isfinite(*numbers[i]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s: an option is %g, must be 0 or more", s->def->name, *numbers[i]);
  if (o->momentum >= 1 || o->momentum < 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "momentum is %g, must be 0 to less than 1", o->momentum);
  WEYL_TRY(one_of(ctx, "start", o->start, (const char *const[]){"random", "balanced", "spectral", "near", NULL}));
  if (strcmp(o->start, "balanced") == 0 && s->n1 != s->n2)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a balanced start G_0 = F_0 of a %zux%zu matrix", s->n1, s->n2);
  return one_of(ctx, "norm", o->norm, (const char *const[]){"inv_n", "inv_k", "one", NULL});
}

static weyl_status fill(solver *s) {
  weyl_sense_opts *o = &s->o;
  const method_def *def = s->def;
  if (o->iterations == 0) o->iterations = 1000;
  if (o->points == 0) o->points = 400;
  if (o->trigger == 0) o->trigger = 0.1;
  if (o->imbalance == 0) o->imbalance = 1.0 / 3;
  if (o->momentum == 0) o->momentum = 0.9;
  if (o->tolerance == 0) o->tolerance = 1e-15;
  if (!o->norm || !*o->norm) o->norm = "inv_n";
  if (!o->start || !*o->start) o->start = def == &method_scaled && o->lambda > 0 ? "random" : def->start;
  if (!o->start) o->start = "random";
  if (o->lambda == 0) o->lambda = def == &method_prec ? 0.5 : def == &method_fista ? 1e-4 : def == &method_svt ? 5 : 0;
  s->sigma = NAN;
  const double plain_eta = def->eta == 0 && o->eta == 0;
  const bool random = !def->whole && o->alpha == 0 && strcmp(o->start, "spectral") != 0;
  if (plain_eta != 0 || random || def->begin == method_fista.begin || def->begin == method_svt.begin ||
      (def == &method_prec && o->eta_before == 0))
    WEYL_TRY(start_sigma(s->a, s->y, &s->sigma));
  if (o->alpha == 0) o->alpha = isfinite(s->sigma) ? 0.2 * sqrt(s->sigma) : 1;
  if (o->eta == 0) o->eta = def->eta > 0 ? def->eta : def->eta == 0 ? 0.1 / s->sigma : 0;
  if (o->eta_before == 0) o->eta_before = def == &method_prec ? 0.1 / s->sigma : o->eta;
  return WEYL_OK;
}

/* ---- memory ---- */

static void solver_free(solver *s) {
  weyl_dealloc(s->ctx, s->s_g);
  weyl_dealloc(s->ctx, s->gram);
  weyl_dealloc(s->ctx, s->matrix);
  weyl_dealloc(s->ctx, s->e);
  dense_free(&s->d);
}

static weyl_status solver_new(solver *s, weyl_sense_result *r) {
  const size_t n1 = s->n1, n2 = s->n2, k = s->k, one = n1 * k, both = (n1 + n2) * k, n = n1 * n2,
               least = n1 < n2 ? n1 : n2;
  WEYL_TRY(dense_new(s->ctx, &s->d));
  r->f = weyl_alloc(s->ctx, s->symmetric ? one : both, sizeof *r->f);
  if (!r->f) return WEYL_MEMORY;
  r->g = s->symmetric ? r->f : r->f + one;
  s->f = r->f;
  s->g = r->g;
  s->s_g = weyl_alloc(s->ctx, 2 * both, sizeof *s->s_g);
  s->gram = weyl_alloc(s->ctx, 4 * k * k + k, sizeof *s->gram);
  s->e = weyl_alloc(s->ctx, 2 * s->a->m, sizeof *s->e);
  if (!s->s_g || !s->gram || !s->e) return WEYL_MEMORY;
  s->st_f = s->s_g + one;
  s->f_next = s->s_g + both;
  s->g_next = s->f_next + one;
  if (s->symmetric) s->g_next = s->f_next;
  s->inverse = s->gram + 2 * k * k;
  s->dual = s->e + s->a->m;
  if (!s->def->whole) return WEYL_OK;
  s->matrix = weyl_alloc(s->ctx, 4 * n + (n1 + n2 + 1) * least, sizeof *s->matrix);
  if (!s->matrix) return WEYL_MEMORY;
  s->slope = s->matrix + n;
  s->extra = s->slope + n;
  s->u = s->extra + 2 * n;
  s->values = s->u + n1 * least;
  s->vt = s->values + least;
  return WEYL_OK;
}

/* ---- the log ---- */

/* Up to `points` iterations, 0 first and `last` at the end; equally far apart or in equal ratios. */
static size_t times_of(int64_t last, int64_t points, bool even, int64_t *at) {
  size_t n = 0;
  for (int64_t i = 0; i < points; i++) {
    const double share = (double)i / (double)(points - 1);
    const int64_t t =
        even     ? (int64_t)llround(share * (double)last)
        : i == 0 ? 0
                 : (int64_t)llround(pow((double)last, (double)(i - 1) / (double)(points > 2 ? points - 2 : 1)));
    if (n == 0 || t > at[n - 1]) at[n++] = t;
  }
  return n;
}

/* |F G^T - M*|_F^2 and singular values. */
static weyl_status look(solver *s, const weyl_sense_truth *truth, size_t point, weyl_sense_result *r) {
  const size_t n = s->n1 * s->n2;
  double error2 = NAN;
  if (truth && s->def->whole) {
    double *m = s->extra + n; /* room that no method keeps anything in between two steps */
    dense_product(&s->d, s->n1, s->n2, truth->r, plain(truth->left, truth->r), turned(truth->right, truth->r), m,
                  false);
    for (size_t i = 0; i < n; i++) m[i] -= s->matrix[i];
    error2 = dense_squares(n, m);
  } else if (truth) {
    WEYL_TRY(dense_distance2(&s->d, s->n1, s->n2, s->k, s->f, s->g, truth->r, truth->left, truth->right, &error2));
  }
  r->t[point] = (double)s->t;
  r->error2_at[point] = r->error2 = error2;
  r->residual_at[point] = r->residual = s->y2 > 0 ? sqrt(s->residual2 / s->y2) : 0;
  r->points = point + 1;
  if (r->traces == 0) return WEYL_OK;
  double *values = s->def->whole ? s->extra + n : s->gram, *to = r->trace + point * r->traces;
  if (s->def->whole) {
    double *copy = weyl_alloc(s->ctx, n, sizeof *copy);
    if (!copy) return WEYL_MEMORY;
    memcpy(copy, s->matrix, n * sizeof *copy);
    double *room = weyl_alloc(s->ctx, n + (s->n1 + s->n2) * (s->n1 < s->n2 ? s->n1 : s->n2), sizeof *room);
    const weyl_status status =
        room ? weyl_svd(s->ctx, s->n1, s->n2, copy, room, values, room + s->n1 * (s->n1 < s->n2 ? s->n1 : s->n2))
             : WEYL_MEMORY;
    weyl_dealloc(s->ctx, copy);
    weyl_dealloc(s->ctx, room);
    WEYL_TRY(status);
  } else {
    WEYL_TRY(dense_svd_product(&s->d, s->n1, s->n2, s->k, s->f, s->g, NULL, values, NULL));
  }
  memcpy(to, values, r->traces * sizeof *to);
  return WEYL_OK;
}

/* What the matrix of a whole method is as factors, in halves. */
static weyl_status factors_of(solver *s) {
  const size_t r = s->n1 < s->n2 ? s->n1 : s->n2;
  memcpy(s->slope, s->def->begin == method_fista.begin && s->t > 0 ? s->extra : s->matrix,
         s->n1 * s->n2 * sizeof *s->slope);
  WEYL_TRY(weyl_svd(s->ctx, s->n1, s->n2, s->slope, s->u, s->values, s->vt));
  for (size_t j = 0; j < s->k; j++) {
    const double root = sqrt(s->values[j]);
    for (size_t i = 0; i < s->n1; i++) s->f[i * s->k + j] = root * s->u[i * r + j];
    for (size_t i = 0; i < s->n2; i++) s->g[i * s->k + j] = root * s->vt[j * s->n2 + i];
  }
  return WEYL_OK;
}

/* ---- the loop ---- */

static weyl_status evaluate(solver *s) {
  if (s->def->evaluate) return s->def->evaluate(s);
  return sensing_gradient(s->a, s->k, s->f, s->g, s->s_g, s->symmetric ? NULL : s->st_f, &s->residual2);
}

static weyl_status loop(solver *s, const weyl_sense_truth *truth, const watch *w, const int64_t *at, size_t times,
                        weyl_sense_result *r) {
  const int64_t last = s->o.iterations;
  const char *label = w && w->label ? w->label : s->def->name;
  size_t next = 0;
  double slow[10];
  double spent = 0, shown = weyl_seconds();
  for (s->t = 0;; s->t++) {
    const double before = weyl_seconds();
    WEYL_TRY(evaluate(s));
    spent += weyl_seconds() - before;
    if (!isfinite(s->residual2) || s->residual2 > 1e12 * s->y2)
      return weyl_fail(
          s->ctx, WEYL_NUMERIC,
          "%s diverges: after %lld steps of eta = %.4g the residual is %.3g times the data; take a smaller "
          "eta",
          s->def->name, (long long)s->t, s->o.eta, sqrt(s->residual2 / s->y2));
    const double relative = sqrt(s->residual2 / s->y2);
    bool end = s->t == last || relative < s->o.tolerance;
    if (s->o.change) {
      if (s->t >= 10 && fabs(slow[s->t % 10] - relative) <= 1e-6 * relative) end = true;
      slow[s->t % 10] = relative;
    }
    const bool point = end || (next < times && at[next] == s->t);
    if (point) {
      WEYL_TRY(look(s, truth, r->points, r));
      next++;
      if (w && w->look && w->look(w->user, s->t, s->f, s->g)) end = true;
    }
    if (end) break;
    const double now = weyl_seconds();
    if (now - shown > 0.1) {
      shown = now;
      if (weyl_progress(s->ctx, label, (double)s->t, (double)last))
        return weyl_fail(s->ctx, WEYL_INTERRUPTED, "%s: stopped after %lld of %lld steps, residual %.3g", s->def->name,
                         (long long)s->t, (long long)last, relative);
    }
    const bool before_trigger = s->after;
    WEYL_TRY(s->def->move(s));
    if (s->after && !before_trigger) r->switched = s->t;
    spent += weyl_seconds() - now;
  }
  weyl_progress(s->ctx, label, (double)last, (double)last);
  r->iterations = s->t;
  r->seconds = spent;
  return WEYL_OK;
}

weyl_status solver_run(weyl_context *ctx, weyl_sensing *a, const double *y, const weyl_sense_opts *opts,
                       const weyl_sense_truth *truth, const watch *w, weyl_sense_result *out) {
  solver s = {.ctx = ctx, .a = a, .o = *opts, .n1 = a->n1, .n2 = a->n2, .y = y};
  weyl_sense_result r = {.n1 = a->n1, .n2 = a->n2, .switched = -1, .error2 = NAN};
  int64_t *at = NULL;
  weyl_status status;
  WEYL_GOTO(method_of(ctx, opts->method && *opts->method ? opts->method : "gd", &s.def));
  for (size_t i = 0; i < a->m; i++)
    if (!isfinite(y[i])) return weyl_fail(ctx, WEYL_NUMERIC, "measurement %zu is %g", i, y[i]);
  s.symmetric = opts->symmetric && !s.def->whole;
  s.y2 = dense_squares(a->m, y);
  if (s.y2 == 0) return weyl_fail(ctx, WEYL_DEGENERATE, "all measurements are 0: so is the matrix");
  WEYL_GOTO(sensing_bind(a, y));
  if (s.def->whole && s.def->begin && s.o.k == 0) s.o.k = a->n1 < a->n2 ? a->n1 : a->n2;
  s.k = s.o.k;
  weyl_sense_opts asked = s.o; /* what is wrong is said of what was asked for, before anything is computed */
  if (asked.iterations == 0) s.o.iterations = 1;
  if (asked.points == 0) s.o.points = 2;
  if (!asked.start || !*asked.start) s.o.start = "random";
  if (!asked.norm || !*asked.norm) s.o.norm = "inv_n";
  WEYL_GOTO(check(&s, truth));
  s.o = asked;
  WEYL_GOTO(fill(&s));
  WEYL_GOTO(solver_new(&s, &r));
  if (!s.def->whole) WEYL_GOTO(start_factors(&s, truth));
  if (s.def->begin) WEYL_GOTO(s.def->begin(&s));
  r.k = s.k;
  r.traces = s.o.traces < s.k ? s.o.traces : s.k;
  const size_t room = (size_t)s.o.points + 2;
  at = weyl_alloc(ctx, room, sizeof *at);
  r.t = weyl_alloc(ctx, room * (3 + r.traces), sizeof *r.t);
  status = at && r.t ? WEYL_OK : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  r.error2_at = r.t + room;
  r.residual_at = r.error2_at + room;
  r.trace = r.residual_at + room;
  const size_t times = times_of(s.o.iterations, s.o.points, s.o.even, at);
  WEYL_GOTO(loop(&s, truth, w, at, times, &r));
  if (s.def->whole) WEYL_GOTO(factors_of(&s));
  r.eta = s.o.eta;
  r.beta = s.o.beta;
done:
  solver_free(&s);
  weyl_dealloc(ctx, at);
  if (status == WEYL_OK)
    *out = r;
  else
    weyl_sense_result_free(ctx, &r);
  return status;
}

weyl_status weyl_sense_run(weyl_context *ctx, weyl_sensing *a, const double *y, const weyl_sense_opts *opts,
                           const weyl_sense_truth *truth, weyl_sense_result *out) {
  return solver_run(ctx, a, y, opts, truth, NULL, out);
}

void weyl_sense_result_free(weyl_context *ctx, weyl_sense_result *r) {
  weyl_dealloc(ctx, r->f);
  weyl_dealloc(ctx, r->t);
  *r = (weyl_sense_result){0};
}
