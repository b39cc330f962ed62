/* weyl sem simulate and search. */
#include "sem.h"

/* ---- simulate ---- */

static weyl_status write_rows(cli *c, const weyl_sem *sem, const weyl_sem_rows *rows, weyl_arena *arena) {
  const size_t d = rows->d;
  const double **column = weyl_arena_array(arena, const double *, d + 2);
  const char **name = weyl_arena_array(arena, const char *, d + 2);
  double *x = weyl_alloc(c->ctx, d * rows->count + 1, sizeof *x);
  if (!column || !name || !x) {
    weyl_dealloc(c->ctx, x);
    return WEYL_MEMORY;
  }
  column[0] = rows->environment;
  name[0] = "env";
  for (size_t i = 0; i < d; i++) {
    for (size_t r = 0; r < rows->count; r++) x[i * rows->count + r] = rows->x[r * d + i];
    column[i + 1] = x + i * rows->count;
    name[i + 1] = weyl_sem_feature(sem, i);
  }
  column[d + 1] = rows->y;
  name[d + 1] = weyl_sem_node(sem, weyl_sem_about(sem).y);
  const weyl_status status = weyl_table_write(c->ctx, cli_string(c, "out"), rows->count, d + 2, name, column);
  weyl_dealloc(c->ctx, x);
  if (status == WEYL_OK) cli_note(c, "wrote %s", cli_string(c, "out"));
  return status;
}

static void describe(const cli *c, const weyl_sem *sem, const weyl_moments *m) {
  const weyl_sem_info a = weyl_sem_about(sem);
  cli_say(c, "%s: %zu nodes, %zu features, predicting %s\n", c->arg[1], a.nodes, a.features, weyl_sem_node(sem, a.y));
  if (a.sites)
    cli_say(c, "interventions on %zu node%s of at most %zu parents: %zu numbers, second moments of degree %zu\n",
            a.sites, a.sites > 1 ? "s" : "", a.in_degree, a.parameters, a.degree);
  if (!a.mixed) {
    cli_say(c, "parents of %s:", weyl_sem_node(sem, a.y));
    size_t parents = 0;
    double effect;
    for (size_t i = 0; i < a.features; i++)
      if (weyl_sem_parent(sem, i, &effect))
        cli_say(c, "%s %s (%.4g)", parents++ ? "," : "", weyl_sem_feature(sem, i), effect);
    cli_say(c, "%s\n", parents ? "" : " none");
  }
  cli_say(c, "\n");
  sheet s;
  head(&s, (const char *const[]){"environment", "rows", "mean of target", "deviation"}, 4);
  for (size_t e = 0; e < m->count && e < 20; e++, s.rows++) {
    const double mean = m->mean[e * (m->d + 1) + m->d];
    put(&s, 0, "%s", m->name[e]);
    put(&s, 1, "%g", m->rows[e]);
    put(&s, 2, "%.4g", mean);
    put(&s, 3, "%.4g", sqrt(fmax(m->y2[e] - mean * mean, 0)));
  }
  show(c, &s);
  if (m->count > 20) cli_say(c, "and %zu more\n", m->count - 20);
}

weyl_status sem_simulate(cli *c) {
  weyl_sem *sem = NULL;
  weyl_arena *arena = NULL;
  weyl_sem_rows rows = {0};
  weyl_moments m = {0};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(c->ctx, &arena));
  WEYL_GOTO(sem_model(c, &sem));
  if (!sem) {
    status = weyl_fail(c->ctx, WEYL_BAD_ARG, "%s is a table: only a model (file.sem) or a preset can be simulated",
                       c->arg[1]);
    goto done;
  }
  const weyl_sem_info a = weyl_sem_about(sem);
  weyl_sem_world world = {
      .seed = cli_seed(c), .count = (size_t)cli_integer(c, "environments"), .rows = (size_t)cli_integer(c, "rows")};
  if (world.count == 0 && a.trained == 0) world.count = 16;
  if (world.rows == 0) world.rows = 200;
  WEYL_GOTO(weyl_sem_moments(c->ctx, sem, &world, &m));
  if (cli_string(c, "out") && !c->silent) {
    WEYL_GOTO(weyl_sem_sample(c->ctx, sem, &world, &rows));
    WEYL_GOTO(write_rows(c, sem, &rows, arena));
  }
  if (cli_string(c, "model") && !c->silent) {
    WEYL_GOTO(weyl_sem_write(c->ctx, sem, cli_string(c, "model")));
    cli_note(c, "wrote %s", cli_string(c, "model"));
  }
  weyl_json_integer(c->result, "n", (int64_t)m.count);
  weyl_json_integer(c->result, "m", (int64_t)world.rows);
  weyl_json_string(c->result, "file", cli_string(c, "out"));
  weyl_json_array(c->result, "table");
  for (size_t e = 0; e < m.count; e++) {
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "environment", m.name[e]);
    weyl_json_number(c->result, "rows", m.rows[e]);
    weyl_json_number(c->result, "y2", m.y2[e]);
    sem_json_numbers(c->result, "mean", m.mean + e * (m.d + 1), m.d + 1);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  describe(c, sem, &m);
done:
  weyl_moments_free(&m);
  weyl_sem_rows_free(c->ctx, &rows);
  weyl_sem_free(sem);
  weyl_arena_free(arena);
  return status;
}

/* ---- search ---- */

static weyl_status shares(cli *c, const sem_source *s, const weyl_invariant *r, double eps, double *share) {
  size_t over = 0;
  *share = NAN;
  for (size_t e = 0; e < s->unseen.count; e++) {
    double v;
    WEYL_TRY(weyl_sem_violation(c->ctx, &s->unseen, e, r->k, r->phi, r->w, WEYL_SEM_GRADIENT, NULL, &v));
    over += v > eps;
  }
  if (s->unseen.count) *share = (double)over / (double)s->unseen.count;
  return WEYL_OK;
}

static weyl_status write_found(cli *c, const sem_source *s, const weyl_search *found) {
  const size_t d = s->seen.d, columns = d + 4;
  double *x = weyl_alloc(c->ctx, found->count * columns + 1, sizeof *x);
  const double **column = weyl_arena_array(s->arena, const double *, columns);
  const char **name = weyl_arena_array(s->arena, const char *, columns);
  if (!x || !column || !name) {
    weyl_dealloc(c->ctx, x);
    return WEYL_MEMORY;
  }
  static const char *const first[] = {"rows", "violation", "risk", "worst_risk"};
  for (size_t k = 0; k < columns; k++) {
    column[k] = x + k * found->count;
    name[k] = k < 4 ? first[k] : s->seen.feature[k - 4];
  }
  for (size_t i = 0; i < found->count; i++) {
    const weyl_invariant *r = &found->found[i];
    const double own[4] = {(double)r->k, r->violation, r->risk, r->worst_risk};
    for (size_t k = 0; k < columns; k++)
      x[k * found->count + i] = k < 4 ? own[k] : r->beta[k - 4] * s->seen.scale[d] / s->seen.scale[k - 4];
  }
  const weyl_status status = weyl_table_write(c->ctx, cli_string(c, "out"), found->count, columns, name, column);
  weyl_dealloc(c->ctx, x);
  if (status == WEYL_OK) cli_note(c, "wrote %s", cli_string(c, "out"));
  return status;
}

static weyl_status draw_search(cli *c, const sem_source *s, double eps, const weyl_search *drawn) {
  if (!study_draws(c)) return WEYL_OK;
  const size_t n = drawn->count;
  double *x = weyl_arena_array(s->arena, double, 2 * n + 2), *y = x + n, line_x[2] = {0, 0}, line_y[2] = {eps, eps};
  if (!x) return WEYL_MEMORY;
  for (size_t i = 0; i < n; i++) {
    x[i] = drawn->found[i].risk;
    y[i] = fmax(drawn->found[i].violation, 1e-3 * eps); /* nothing to tell apart below */
    line_x[1] = fmax(line_x[1], 1.05 * x[i]);
  }
  const weyl_series series[2] = {
      {.label = strcmp(cli_string(c, "method"), "subsets") == 0 ? "subsets" : "representations",
       .style = WEYL_POINTS,
       .colour = -1,
       .n = n,
       .x = x,
       .y = y},
      {.label = "eps", .style = WEYL_DASHES, .colour = -1, .n = 2, .x = line_x, .y = line_y}};
  const weyl_plot plot = {.title = "Invariance and risk",
                          .x_label = "pooled risk",
                          .y_label = "largest |g| in training",
                          .log_y = true,
                          .count = 2,
                          .series = series};
  if (n == 0 && cli_string(c, "plot"))
    return weyl_fail(c->ctx, WEYL_NO, "nothing to draw: nothing is invariant to %g", eps);
  return n ? study_draw(c, &plot) : WEYL_OK;
}

/* drawn (may be NULL): more than was found, for the picture */
static weyl_status show_search(cli *c, const sem_source *s, const weyl_search *found, const weyl_search *drawn,
                               double eps) {
  sheet t;
  const bool subsets = strcmp(cli_string(c, "method"), "subsets") == 0;
  head(&t,
       (const char *const[]){subsets ? "features" : "rows", "predictor", "violation", "risk", "worst",
                             "unseen violated"},
       6);
  const size_t rows = found->count < ROWS_MAX - 1 ? found->count : ROWS_MAX - 1;
  weyl_json_array(c->result, "table");
  for (size_t i = 0; i < found->count; i++) {
    const weyl_invariant *r = &found->found[i];
    double share;
    WEYL_TRY(shares(c, s, r, eps, &share));
    const char *formula = sem_formula(s->arena, &s->seen, r->beta);
    if (!formula) return WEYL_MEMORY;
    weyl_json_object(c->result, NULL);
    weyl_json_integer(c->result, "rows", (int64_t)r->k);
    if (subsets) weyl_json_string(c->result, "features", sem_set(s->arena, &s->seen, r->subset));
    weyl_json_number(c->result, "violation", r->violation);
    weyl_json_bool(c->result, "invariant", r->violation <= eps);
    weyl_json_number(c->result, "risk", r->risk);
    weyl_json_number(c->result, "worst_risk", r->worst_risk);
    weyl_json_number(c->result, "unseen_violated", share);
    sem_json_beta(c->result, &s->seen, r->beta);
    weyl_json_end(c->result);
    if (i >= rows) continue;
    if (subsets)
      put(&t, 0, "%s", sem_set(s->arena, &s->seen, r->subset));
    else
      put(&t, 0, "%zu", r->k);
    put(&t, 1, "%s", formula);
    put(&t, 2, "%.3g", r->violation);
    put(&t, 3, "%.4g", r->risk);
    put(&t, 4, "%.4g", r->worst_risk);
    if (!isnan(share)) put(&t, 5, "%.3g", share);
    t.rows++;
  }
  weyl_json_end(c->result);
  char text[300];
  snprintf(text, sizeof text,
           "%zu of %zu looked at %s, in %zu environments (|g| <= %g; risks where the target varies by 1).",
           found->count, found->looked, cli_bool(c, "all") && subsets ? "are listed" : "are invariant", s->seen.count,
           eps);
  show(c, &t);
  cli_say(c, "%s%s\n", found->count ? "\n" : "", text);
  if (found->count > rows) cli_say(c, "the first %zu are shown; --json and --out have all\n", rows);
  return draw_search(c, s, eps, drawn ? drawn : found);
}

weyl_status sem_search(cli *c) {
  sem_source s;
  WEYL_TRY(sem_source_open(c, &s));
  weyl_search found = {0}, drawn = {0};
  weyl_status status;
  const weyl_search_opts o = {.eps = cli_number(c, "eps"),
                              .most = (size_t)cli_integer(c, "most"),
                              .by_worst = strcmp(cli_string(c, "order"), "worst") == 0,
                              .all = cli_bool(c, "all"),
                              .starts = (size_t)cli_integer(c, "starts"),
                              .seed = cli_seed(c)};
  const char *method = cli_string(c, "method");
  if (strcmp(method, "subsets") == 0)
    WEYL_GOTO(weyl_search_subsets(c->ctx, &s.seen, &o, &found));
  else if (strcmp(method, "continuous") == 0)
    WEYL_GOTO(weyl_search_continuous(c->ctx, &s.seen, &o, &found));
  else
    WEYL_GOTO(weyl_search_joint(c->ctx, &s.seen, &o, &found));
  weyl_json_integer(c->result, "n", (int64_t)s.seen.count);
  weyl_json_number(c->result, "m", s.seen.rows[0]);
  weyl_json_integer(c->result, "looked", (int64_t)found.looked);
  const bool picture = strcmp(method, "subsets") == 0 && study_draws(c);
  if (picture) {
    weyl_search_opts all = o;
    all.all = true;
    WEYL_GOTO(weyl_search_subsets(c->ctx, &s.seen, &all, &drawn));
  }
  WEYL_GOTO(show_search(c, &s, &found, picture ? &drawn : NULL, o.eps));
  if (cli_string(c, "out") && !c->silent) WEYL_GOTO(write_found(c, &s, &found));
  if (found.count == 0) status = WEYL_NO;
done:
  weyl_search_free(&found);
  weyl_search_free(&drawn);
  sem_source_close(&s);
  return status;
}
