/* weyl sem plan and certify: what theory promises, beside what held-out environments say. */
#include "sem.h"

static void add(sem_vc *vc, const char *name, double value) {
  vc->name[vc->count] = name;
  vc->value[vc->count++] = value;
  vc->best = vc->count == 1 ? value : fmin(vc->best, value);
}

weyl_status sem_vc_bounds(cli *c, const weyl_sem *sem, size_t k, size_t d, sem_vc *out) {
  sem_vc vc = {0};
  const char *acts = cli_string(c, "acts_on");
  size_t sites = (size_t)cli_integer(c, "sites"), degree = (size_t)cli_integer(c, "in_degree");
  size_t extra = strcmp(acts, "means") == 0 ? 2 : strcmp(acts, "variances") == 0 ? 1 : 0;
  size_t parameters, polynomial;
  if (sem && weyl_sem_about(sem).sites > 0) {
    const weyl_sem_info a = weyl_sem_about(sem);
    parameters = a.parameters;
    polynomial = 2 * a.degree;
    WEYL_TRY(weyl_sem_rank(c->ctx, sem, 0, cli_seed(c), &vc.rank));
  } else {
    if (sites == 0) sites = 1;
    if (degree == 0) degree = 2;
    parameters = sites * (degree + extra);
    polynomial = 4 * sites;
  }
  add(&vc, "polynomials in the interventions", weyl_vc_polynomial(parameters, polynomial));
  if (vc.rank) add(&vc, "rank of the family", weyl_vc_rank(vc.rank));
  if (d) add(&vc, "polynomials in the representation", weyl_vc_ambient(k ? k : 1, d));
  *out = vc;
  return WEYL_OK;
}

void sem_json_vc(weyl_json *json, const sem_vc *vc) {
  weyl_json_number(json, "vc", vc->best);
  weyl_json_array(json, "vc_bounds");
  for (size_t i = 0; i < vc->count; i++) {
    weyl_json_object(json, NULL);
    weyl_json_string(json, "name", vc->name[i]);
    weyl_json_number(json, "vc", vc->value[i]);
    weyl_json_end(json);
  }
  weyl_json_end(json);
  if (vc->rank) weyl_json_integer(json, "rank", (int64_t)vc->rank);
}

/* ---- plan ---- */

/* A number of things that may be past all use. */
static const char *count_text(char *buffer, size_t room, double n) {
  if (!isfinite(n))
    snprintf(buffer, room, "more than 1e308");
  else
    snprintf(buffer, room, n < 1e15 ? "%.0f" : "%.3g", ceil(n));
  return buffer;
}

enum { CURVE = 61 };

static weyl_status draw_plan(cli *c, const sem_vc *vc) {
  if (!study_draws(c)) return WEYL_OK;
  double zeta[CURVE], n[5][CURVE];
  weyl_series series[5] = {0};
  const double delta = cli_number(c, "delta");
  for (int i = 0; i < CURVE; i++) {
    zeta[i] = pow(10, -3 + 3.0 * i / (CURVE - 1) * 0.9999);
    for (size_t k = 0; k < vc->count; k++) n[k][i] = weyl_pac_environments(vc->value[k], zeta[i], delta);
    n[vc->count][i] = ceil(log(delta) / log1p(-zeta[i])); /* (1 - zeta)^n = delta */
  }
  for (size_t k = 0; k <= vc->count; k++)
    series[k] = (weyl_series){.label = k < vc->count ? vc->name[k] : "held out, none violated",
                              .style = k < vc->count ? WEYL_LINE : WEYL_DASHES,
                              .colour = -1,
                              .n = CURVE,
                              .x = zeta,
                              .y = n[k]};
  const weyl_plot plot = {.title = "Environments that suffice",
                          .x_label = "zeta: share of unseen interventions violated",
                          .y_label = "environments",
                          .log_x = true,
                          .log_y = true,
                          .count = vc->count + 1,
                          .series = series};
  return study_draw(c, &plot);
}

weyl_status sem_plan(cli *c) {
  weyl_sem *sem = NULL;
  weyl_status status = WEYL_OK;
  if (c->args > 1) {
    WEYL_TRY(sem_model(c, &sem));
    if (!sem)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s is a table: plan takes a model, or --sites and --in-degree",
                       c->arg[1]);
  }
  if (sem && weyl_sem_about(sem).sites == 0) {
    status =
        weyl_fail(c->ctx, WEYL_BAD_ARG,
                  "%s has fixed environments, no family of interventions to plan for: a line intervene, or --sites and "
                  "--in-degree without a model",
                  c->arg[1]);
    goto done;
  }
  const double zeta = cli_number(c, "zeta"), delta = cli_number(c, "delta"), eps = cli_number(c, "eps"),
               norm = cli_number(c, "norm"), weight = cli_number(c, "weight");
  size_t d = (size_t)cli_integer(c, "dimension");
  if (sem) d = weyl_sem_about(sem).features;
  sem_vc vc;
  WEYL_GOTO(sem_vc_bounds(c, sem, (size_t)cli_integer(c, "most"), d, &vc));
  sheet t;
  char number[3][32];
  head(&t, (const char *const[]){"bound", "VC dimension", "environments"}, 3);
  weyl_json_array(c->result, "bounds");
  for (size_t i = 0; i < vc.count; i++, t.rows++) {
    const double n = weyl_pac_environments(vc.value[i], zeta, delta);
    put(&t, 0, "%s", vc.name[i]);
    put(&t, 1, "%s", count_text(number[0], sizeof number[0], vc.value[i]));
    put(&t, 2, "%s", count_text(number[1], sizeof number[1], n));
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", vc.name[i]);
    weyl_json_number(c->result, "vc", vc.value[i]);
    weyl_json_number(c->result, "n", n);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  const size_t support = sem ? weyl_sem_about(sem).support : 0;
  if (support > 0) {
    put(&t, 0, "all %zu interventions seen", support);
    put(&t, 2, "%.0f", weyl_pac_coverage(1 / (double)support, (double)support, delta));
    t.rows++;
  }
  const double subsets = d && d <= 60 ? (double)d * log(2) : 0, n = weyl_pac_environments(vc.best, zeta, delta);
  if (subsets > 0) {
    put(&t, 0, "subsets, predictor fixed beforehand");
    put(&t, 2, "%.0f", weyl_pac_finite(subsets, zeta, delta));
    t.rows++;
  }
  const double held = ceil(log(delta) / log1p(-fmin(zeta, 1 - 1e-12)));
  put(&t, 0, "held out, none of them violated");
  put(&t, 2, "%.0f", held);
  t.rows++;
  const size_t rows_d = d ? d : 10;
  const double m = weyl_sample_rows(rows_d, n, delta, norm, weight, eps / 2);
  const double m_held = weyl_sample_rows(rows_d, held, delta, norm, weight, eps / 2);
  weyl_json_number(c->result, "n", n);
  weyl_json_number(c->result, "m", m);
  weyl_json_number(c->result, "n_held_out", held);
  weyl_json_number(c->result, "m_held_out", m_held);
  sem_json_vc(c->result, &vc);
  show(c, &t);
  char text[700];
  if (!isfinite(n))
    snprintf(text, sizeof text,
             "No number of training environments that could ever be seen makes every invariant representation safe: "
             "the bounds are vacuous for these interventions. A choice that is made first needs %.0f environments that "
             "took no part in it, none of them violated, to be invariant on all but %g of the interventions with "
             "probability %g.",
             held, zeta, 1 - delta);
  else
    snprintf(text, sizeof text,
             "With %s training environments, every linear representation and predictor that are invariant on all of "
             "them are "
             "invariant on all but %g of the interventions, with probability %g. That holds for whatever is chosen "
             "afterwards, and "
             "is far more than what one choice needs: %.0f environments that took no part in choosing, none of them "
             "violated, say "
             "the same of that choice.",
             count_text(number[0], sizeof number[0], n), zeta, 1 - delta, held);
  cli_say(c,
          "\n%s\n\nFrom data, |g| <= %g on %zu features needs %s rows of each environment (held out: %s), if |w| "
          "<= %g and the "
          "second moments of (X, Y) have eigenvalues up to %g.\n",
          text, eps, rows_d, count_text(number[1], sizeof number[1], m),
          count_text(number[2], sizeof number[2], m_held), weight, norm);
  status = draw_plan(c, &vc);
done:
  weyl_sem_free(sem);
  return status;
}

/* ---- certify ---- */

/* The representation that --features names, with pooled least squares on it. */
static weyl_status chosen(cli *c, const sem_source *s, size_t *k, double **phi, double **w) {
  const weyl_moments *m = &s->seen;
  const size_t d = m->d;
  const char *names = cli_string(c, "features");
  *phi = weyl_arena_array(s->arena, double, d *d + 1);
  *w = weyl_arena_array(s->arena, double, d + 1);
  double *sigma = weyl_arena_array(s->arena, double, 3 * d * d + 2 * d + 1);
  size_t *member = weyl_arena_array(s->arena, size_t, d + 1);
  if (!*phi || !*w || !sigma || !member) return WEYL_MEMORY;
  *k = 0;
  if (!names) return weyl_fail(c->ctx, WEYL_BAD_ARG, "certify: which features? --features X1,X2, for example");
  snprintf(c->place, sizeof c->place, "--features");
  for (const char *p = names; p; p = strchr(p, ',')) {
    if (*p == ',') p++;
    while (*p == ' ') p++;
    size_t n = strcspn(p, ","), found = d;
    while (n > 0 && p[n - 1] == ' ') n--;
    for (size_t i = 0; i < d; i++)
      if (strlen(m->feature[i]) == n && memcmp(m->feature[i], p, n) == 0) found = i;
    if (found == d)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--features: no feature \"%.*s\"; the first is %s", n < 40 ? (int)n : 40,
                       p, m->feature[0]);
    for (size_t i = 0; i < *k; i++)
      if (member[i] == found) return weyl_fail(c->ctx, WEYL_BAD_ARG, "--features: %s twice", m->feature[found]);
    member[(*k)++] = found;
  }
  c->place[0] = '\0';
  bool constant = !m->intercept;
  for (size_t i = 0; i < *k; i++) constant = constant || member[i] + 1 == d;
  if (!constant) member[(*k)++] = d - 1;
  /* pooled moments of the members, as one environment of a smaller problem */
  weyl_moments small = {.d = *k, .count = m->count, .rows = m->rows, .feature = m->feature, .name = m->name};
  small.sigma = weyl_arena_array(s->arena, double, m->count **k **k + 1);
  small.c = weyl_arena_array(s->arena, double, m->count **k + 1);
  small.y2 = m->y2;
  if (!small.sigma || !small.c) return WEYL_MEMORY;
  for (size_t e = 0; e < m->count; e++)
    for (size_t i = 0; i < *k; i++) {
      for (size_t j = 0; j < *k; j++)
        small.sigma[(e * *k + i) * *k + j] = m->sigma[(e * d + member[i]) * d + member[j]];
      small.c[e * *k + i] = m->c[e * d + member[i]];
    }
  for (size_t i = 0; i < *k; i++) (*phi)[i * d + member[i]] = 1;
  return weyl_sem_pooled(c->ctx, &small, *w);
}

typedef struct certificate {
  double eps_train, slack, norm, norm_w, least_rows, eps;
  size_t over_train, over_held;
  double zeta[4], agnostic, held;
} certificate;

static weyl_status certificate_of(cli *c, const sem_source *s, size_t k, const double *phi, const double *w,
                                  const sem_vc *vc, certificate *out) {
  const weyl_moments *m = &s->seen;
  const double delta = cli_number(c, "delta"), n = (double)m->count;
  certificate r = {.eps = cli_number(c, "eps"), .least_rows = INFINITY};
  WEYL_TRY(weyl_sem_worst(c->ctx, m, k, phi, w, &r.eps_train));
  WEYL_TRY(weyl_moments_norm(c->ctx, m, &r.norm));
  for (size_t i = 0; i < k; i++) r.norm_w += w[i] * w[i];
  r.norm_w = sqrt(r.norm_w);
  for (size_t e = 0; e < m->count; e++)
    if (m->rows[e] > 0) r.least_rows = fmin(r.least_rows, m->rows[e]);
  if (isfinite(r.least_rows)) r.slack = weyl_sample_slack(m->d, n, delta, r.norm, r.norm_w, r.least_rows);
  for (int held = 0; held < 2; held++) {
    const weyl_moments *at = held ? &s->unseen : m;
    for (size_t e = 0; e < at->count; e++) {
      double v;
      WEYL_TRY(weyl_sem_violation(c->ctx, at, e, k, phi, w, WEYL_SEM_GRADIENT, NULL, &v));
      if (v > r.eps) ++*(held ? &r.over_held : &r.over_train);
    }
  }
  for (size_t i = 0; i < vc->count; i++) r.zeta[i] = weyl_pac_zeta(vc->value[i], n, delta);
  r.agnostic = weyl_pac_agnostic(vc->best, n, delta, (double)r.over_train / n);
  r.held = weyl_clopper_pearson(r.over_held, s->unseen.count, delta);
  *out = r;
  return WEYL_OK;
}

static void certificate_row(sheet *t, const char *what, double value, const char *says) {
  put(t, 0, "%s", what);
  put(t, 1, isfinite(value) ? "%.4g" : "-", value);
  put(t, 2, "%s", says);
  t->rows++;
}

static weyl_status show_certificate(cli *c, const sem_source *s, const sem_vc *vc, const certificate *r) {
  const double delta = cli_number(c, "delta");
  const bool held = s->unseen.count > 0, invariant = r->over_train == 0;
  sheet t;
  head(&t, (const char *const[]){"quantity", "value", "reads"}, 3);
  certificate_row(&t, "largest |g| in training", r->eps_train, invariant ? "invariant" : "NOT invariant");
  if (isfinite(r->least_rows))
    certificate_row(&t, "slack of the moments", r->slack, r->slack < r->eps ? "" : "more than eps: more rows");
  for (size_t i = 0; i < vc->count; i++) {
    char what[48];
    char number[32];
    snprintf(what, sizeof what, "zeta, V = %s", count_text(number, sizeof number, vc->value[i]));
    certificate_row(&t, what, r->zeta[i],
                    !invariant       ? "does not apply: violated"
                    : r->zeta[i] < 1 ? vc->name[i]
                                     : "vacuous: more environments");
  }
  certificate_row(&t, "zeta with violations in training", r->agnostic,
                  r->agnostic < 1 ? "" : "vacuous: more environments");
  if (held) {
    certificate_row(&t, "held-out share violated", (double)r->over_held / (double)s->unseen.count, "");
    certificate_row(&t, "held-out upper limit", r->held, "Clopper and Pearson");
  }
  show(c, &t);
  char text[500];
  snprintf(
      text, sizeof text,
      "%zu training environments, %zu held out, |g| <= %g, confidence %g. Violated: %zu in training, %zu held out.",
      s->seen.count, s->unseen.count, r->eps, 1 - delta, r->over_train, r->over_held);
  cli_say(c, "\n%s\n", text);
  if (!held) cli_say(c, "No environment was held out: --hold-out NAME,NAME gives the bound that is practical.\n");
  if (s->sem && weyl_sem_about(s->sem).touches_y)
    cli_say(c, "The noise of the target changes too: its risk may differ, and tests of variances fail.\n");
  weyl_json_integer(c->result, "n", (int64_t)s->seen.count);
  weyl_json_number(c->result, "m", isfinite(r->least_rows) ? r->least_rows : 0);
  sem_json_vc(c->result, vc);
  weyl_json_array(c->result, "bounds");
  for (size_t i = 0; i < vc->count; i++) {
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", vc->name[i]);
    weyl_json_number(c->result, "vc", vc->value[i]);
    weyl_json_number(c->result, "zeta", r->zeta[i]);
    weyl_json_bool(c->result, "vacuous", !(r->zeta[i] < 1));
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  weyl_json_object(c->result, "violation");
  weyl_json_number(c->result, "train", r->eps_train);
  weyl_json_integer(c->result, "train_violated", (int64_t)r->over_train);
  weyl_json_integer(c->result, "held_out", (int64_t)s->unseen.count);
  weyl_json_integer(c->result, "held_out_violated", (int64_t)r->over_held);
  weyl_json_number(c->result, "held_out_limit", r->held);
  weyl_json_number(c->result, "agnostic", r->agnostic);
  weyl_json_number(c->result, "slack", r->slack);
  weyl_json_end(c->result);
  weyl_json_string(c->result, "verdict", invariant ? "invariant" : "violated");
  return invariant ? WEYL_OK : WEYL_NO;
}

weyl_status sem_certify(cli *c) {
  sem_source s;
  WEYL_TRY(sem_source_open(c, &s));
  weyl_sem *behind = NULL;
  weyl_status status;
  size_t k;
  double *phi, *w;
  sem_vc vc;
  certificate r;
  if (!s.sem && cli_string(c, "model")) WEYL_GOTO(weyl_sem_read(c->ctx, cli_string(c, "model"), &behind));
  WEYL_GOTO(chosen(c, &s, &k, &phi, &w));
  WEYL_GOTO(sem_vc_bounds(c, s.sem ? s.sem : behind, k, s.seen.d, &vc));
  WEYL_GOTO(certificate_of(c, &s, k, phi, w, &vc, &r));
  status = show_certificate(c, &s, &vc, &r);
done:
  weyl_sem_free(behind);
  sem_source_close(&s);
  return status;
}
