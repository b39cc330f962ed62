/* weyl sem compare: ways to learn from several environments, on those and on others. */
#include "sem.h"

typedef struct fit {
  const char *name;
  double *beta;
  char note[80];
  bool good;
} fit;

enum { METHODS = 10 };

typedef struct comparison {
  cli *c;
  const sem_source *s;
  fit fits[METHODS];
  size_t count;
} comparison;

static fit *next(comparison *q, const char *name) {
  fit *f = &q->fits[q->count++];
  f->name = name;
  f->beta = weyl_arena_array(q->s->arena, double, q->s->seen.d + 1);
  return f;
}

/* A method that cannot be used on these environments says why in the table. */
static weyl_status settle(comparison *q, fit *f, weyl_status status) {
  weyl_context *ctx = q->c->ctx;
  if (!f->beta) return WEYL_MEMORY;
  if (status == WEYL_DEGENERATE || status == WEYL_NUMERIC || status == WEYL_BAD_ARG) {
    snprintf(f->note, sizeof f->note, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
    return WEYL_OK;
  }
  f->good = status == WEYL_OK;
  return status;
}

static weyl_status invariant_subset(comparison *q, fit *f) {
  const weyl_search_opts o = {.eps = cli_number(q->c, "eps"), .most = (size_t)cli_integer(q->c, "most")};
  weyl_search found = {0};
  WEYL_TRY(weyl_search_subsets(q->c->ctx, &q->s->seen, &o, &found));
  weyl_status status = WEYL_OK;
  if (found.count) {
    memcpy(f->beta, found.found[0].beta, q->s->seen.d * sizeof *f->beta);
    snprintf(f->note, sizeof f->note, "%s", sem_set(q->s->arena, &q->s->seen, found.found[0].subset));
  } else {
    status = weyl_fail(q->c->ctx, WEYL_DEGENERATE, "none is invariant to %g", o.eps);
  }
  weyl_search_free(&found);
  return status;
}

static weyl_status causal(comparison *q, fit *f) {
  weyl_icp r;
  const weyl_moments *m = &q->s->seen;
  if (m->rows[0] == 0) return weyl_fail(q->c->ctx, WEYL_DEGENERATE, "tests need data: --rows 500");
  WEYL_TRY(weyl_sem_icp(q->c->ctx, m, cli_number(q->c, "alpha"), cli_bool(q->c, "means_only"), &r));
  if (r.accepted == 0) return weyl_fail(q->c->ctx, WEYL_DEGENERATE, "every set is rejected");
  const size_t features = m->d - m->intercept;
  for (size_t i = 0; i < features; i++) f->beta[i] = r.beta[i];
  if (m->intercept) { /* the constant beside the pooled least squares on the set */
    double mean[2] = {0, 0};
    for (size_t e = 0; e < m->count; e++) {
      const double *at = m->mean + e * (m->d + 1);
      double all = 0;
      for (size_t i = 0; i < m->count; i++) all += m->rows[i];
      mean[0] += m->rows[e] / all * at[m->d];
      for (size_t i = 0; i < features; i++) mean[1] += m->rows[e] / all * at[i] * r.beta[i];
    }
    f->beta[m->d - 1] = mean[0] - mean[1];
  }
  snprintf(f->note, sizeof f->note, "causes: %s", sem_set(q->s->arena, m, r.causes));
  return WEYL_OK;
}

static weyl_status fit_all(comparison *q) {
  cli *c = q->c;
  weyl_context *ctx = c->ctx;
  const weyl_moments *m = &q->s->seen;
  const size_t starts = (size_t)cli_integer(c, "starts");
  const uint64_t seed = cli_seed(c);
  fit *f = next(q, "pooled");
  WEYL_TRY(settle(q, f, f->beta ? weyl_sem_pooled(ctx, m, f->beta) : WEYL_MEMORY));
  f = next(q, "invariant subset");
  WEYL_TRY(settle(q, f, f->beta ? invariant_subset(q, f) : WEYL_MEMORY));
  f = next(q, "ICP");
  WEYL_TRY(settle(q, f, f->beta ? causal(q, f) : WEYL_MEMORY));
  f = next(q, "anchor regression");
  WEYL_TRY(settle(q, f, f->beta ? weyl_sem_anchor(ctx, m, cli_number(c, "gamma"), f->beta) : WEYL_MEMORY));
  f = next(q, "DRIG");
  snprintf(f->note, sizeof f->note, "reference %.20s", m->name[0]);
  WEYL_TRY(settle(q, f, f->beta ? weyl_sem_drig(ctx, m, cli_number(c, "gamma"), 0, f->beta) : WEYL_MEMORY));
  f = next(q, "IRMv1");
  WEYL_TRY(settle(q, f, f->beta ? weyl_sem_irm(ctx, m, cli_number(c, "lambda"), starts, seed, f->beta) : WEYL_MEMORY));
  f = next(q, "V-REx");
  WEYL_TRY(settle(q, f, f->beta ? weyl_sem_vrex(ctx, m, cli_number(c, "rex"), starts, seed, f->beta) : WEYL_MEMORY));
  f = next(q, "group DRO");
  WEYL_TRY(settle(q, f, f->beta ? weyl_sem_minimax(ctx, m, 0, f->beta, NULL) : WEYL_MEMORY));
  f = next(q, "causal Dantzig");
  if (m->count >= 2) snprintf(f->note, sizeof f->note, "environments %.20s and %.20s", m->name[0], m->name[1]);
  return settle(q, f, f->beta ? weyl_sem_dantzig(ctx, m, 0, m->count > 1, f->beta) : WEYL_MEMORY);
}

typedef struct risks {
  double mean, worst, violation;
} risks;

static risks risks_on(const weyl_moments *m, const double *beta) {
  risks r = {0};
  if (m->count == 0) return r;
  const double size = m->scale[m->d] * m->scale[m->d];
  for (size_t e = 0; e < m->count; e++) {
    const double risk = size * weyl_moments_risk(m, e, beta);
    r.mean += risk / (double)m->count;
    r.worst = fmax(r.worst, risk);
  }
  return r;
}

/* the largest |g| over environments, on the features that beta uses */
static weyl_status violation_on(cli *c, const sem_source *s, const weyl_moments *m, const double *beta, double *worst) {
  const size_t d = m->d;
  double *phi = weyl_arena_array(s->arena, double, d *d + 1), *w = weyl_arena_array(s->arena, double, d + 1);
  if (!phi || !w) return WEYL_MEMORY;
  double largest = 0;
  for (size_t i = 0; i < d; i++) largest = fmax(largest, fabs(beta[i]));
  size_t k = 0;
  for (size_t i = 0; i < d; i++) {
    if (fabs(beta[i]) <= 1e-9 * largest) continue;
    phi[k * d + i] = 1;
    w[k++] = beta[i];
  }
  return weyl_sem_worst(c->ctx, m, k, phi, w, worst);
}

static void json_risks(weyl_json *json, const char *key, risks r) {
  weyl_json_object(json, key);
  weyl_json_number(json, "risk", r.mean);
  weyl_json_number(json, "worst_risk", r.worst);
  weyl_json_number(json, "violation", r.violation);
  weyl_json_end(json);
}

static weyl_status show_comparison(comparison *q) {
  cli *c = q->c;
  const sem_source *s = q->s;
  const bool unseen = s->unseen.count > 0;
  sheet t;
  head(
      &t,
      (const char *const[]){"method", "predictor", "train risk", "worst", "|g|", "unseen risk", "worst", "|g|", "note"},
      9);
  double train[METHODS], test[METHODS], x[METHODS];
  const char *names[METHODS];
  size_t drawn = 0;
  weyl_json_array(c->result, "table");
  for (size_t i = 0; i < q->count; i++) {
    const fit *f = &q->fits[i];
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "method", f->name);
    weyl_json_string(c->result, "note", f->note[0] ? f->note : NULL);
    put(&t, 0, "%s", f->name);
    put(&t, 8, "%s", f->note);
    if (f->good) {
      risks seen = risks_on(&s->seen, f->beta), other = risks_on(&s->unseen, f->beta);
      WEYL_TRY(violation_on(c, s, &s->seen, f->beta, &seen.violation));
      if (unseen) WEYL_TRY(violation_on(c, s, &s->unseen, f->beta, &other.violation));
      const char *formula = sem_formula(s->arena, &s->seen, f->beta);
      if (!formula) return WEYL_MEMORY;
      put(&t, 1, "%s", formula);
      put(&t, 2, "%.4g", seen.mean);
      put(&t, 3, "%.4g", seen.worst);
      put(&t, 4, "%.2g", seen.violation);
      if (unseen) {
        put(&t, 5, "%.4g", other.mean);
        put(&t, 6, "%.4g", other.worst);
        put(&t, 7, "%.2g", other.violation);
      }
      sem_json_beta(c->result, &s->seen, f->beta);
      json_risks(c->result, "train", seen);
      if (unseen) json_risks(c->result, "unseen", other);
      names[drawn] = f->name;
      train[drawn] = seen.worst;
      test[drawn] = other.worst;
      x[drawn] = (double)drawn;
      drawn++;
    }
    weyl_json_end(c->result);
    t.rows++;
  }
  weyl_json_end(c->result);
  show(c, &t);
  char text[200];
  snprintf(text, sizeof text,
           "Squared errors in %zu training and %zu unseen environments: mean over them, and the worst. |g|: how far "
           "from the best predictor of an environment.",
           s->seen.count, s->unseen.count);
  cli_say(c, "\n%s\n", text);
  if (!unseen) cli_say(c, "No unseen environments: --hold-out NAME,NAME keeps some of the table's apart.\n");
  const weyl_series series[2] = {
      {.label = "training", .style = WEYL_BARS, .colour = -1, .n = drawn, .x = x, .y = train},
      {.label = "unseen", .style = WEYL_BARS, .colour = -1, .n = drawn, .x = x, .y = test}};
  const weyl_plot plot = {.title = "Risk of the worst environment",
                          .y_label = "squared error",
                          .width = 900,
                          .count = unseen ? 2 : 1,
                          .series = series,
                          .names = names,
                          .names_count = drawn};
  return study_draw(c, &plot);
}

weyl_status sem_compare(cli *c) {
  sem_source s;
  WEYL_TRY(sem_source_open(c, &s));
  weyl_status status;
  comparison *q = weyl_arena_array(s.arena, comparison, 1);
  if (!q) {
    status = WEYL_MEMORY;
    goto done;
  }
  *q = (comparison){.c = c, .s = &s};
  WEYL_GOTO(fit_all(q));
  weyl_json_integer(c->result, "n", (int64_t)s.seen.count);
  weyl_json_number(c->result, "m", s.seen.rows[0]);
  status = show_comparison(q);
done:
  sem_source_close(&s);
  return status;
}
