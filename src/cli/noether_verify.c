/* weyl noether verify: charges along computed motion. */
#include "noether.h"

enum { SHOWN_MAX = 8, PROFILES = 4, PLOTS = 3 };

typedef struct pictures {
  weyl_plot plot[PLOTS];
  size_t count;
  weyl_series series[PLOTS][SHOWN_MAX + 1];
  char label[PROFILES][32];
} pictures;

static const char *field_name(const noether *n, weyl_jet jet) {
  return weyl_expr_text(n->a, weyl_expr_jet(n->a, jet), WEYL_PLAIN);
}

/* |J(t) - J(0)| over its size, at the shortest step; never 0, which has no logarithm. */
static weyl_status over_time(noether *n, const weyl_noether_motion *m, pictures *out) {
  weyl_series *s = out->series[out->count];
  size_t shown = 0;
  for (; shown < m->count && shown < SHOWN_MAX; shown++) {
    double *y = weyl_arena_array(n->arena, double, m->samples);
    if (!y) return WEYL_MEMORY;
    const double *v = m->value[WEYL_NOETHER_LEVELS - 1] + shown * m->samples;
    for (size_t i = 1; i < m->samples; i++) y[i - 1] = fmax(fabs(v[i] - v[0]) / fmax(m->scale[shown], 1e-300), 1e-17);
    s[shown] = (weyl_series){.label = weyl_noether_generator_name(n->p, n->generator[shown]),
                             .style = WEYL_LINE,
                             .colour = -1,
                             .n = m->samples - 1,
                             .x = m->t + 1,
                             .y = y};
  }
  char title[80];
  snprintf(title, sizeof title, "Change of the charges, step %.3g", m->step[WEYL_NOETHER_LEVELS - 1]);
  out->plot[out->count++] = (weyl_plot){.title = weyl_arena_strdup(n->arena, title),
                                        .x_label = weyl_algebra_independent_name(n->a, 0),
                                        .y_label = "|J - J(0)| / size",
                                        .log_y = true,
                                        .count = shown,
                                        .series = s};
  return WEYL_OK;
}

/* The largest change against the step, and a line of the method's order. */
static weyl_status over_step(noether *n, const weyl_noether_motion *m, const char *method, pictures *out) {
  enum { L = WEYL_NOETHER_LEVELS };
  weyl_series *s = out->series[out->count];
  size_t shown = 0, worst = 0;
  for (; shown < m->count && shown < SHOWN_MAX; shown++) {
    double *y = weyl_arena_array(n->arena, double, L);
    if (!y) return WEYL_MEMORY;
    for (int k = 0; k < L; k++) y[k] = fmax(m->drift[k][shown], 1e-17);
    if (m->drift[0][shown] > m->drift[0][worst]) worst = shown;
    s[shown] = (weyl_series){.label = weyl_noether_generator_name(n->p, n->generator[shown]),
                             .style = WEYL_LINE_POINTS,
                             .colour = -1,
                             .n = L,
                             .x = m->step,
                             .y = y};
  }
  double *line = weyl_arena_array(n->arena, double, L);
  if (!line) return WEYL_MEMORY;
  const double top = fmax(m->drift[0][worst], 1e-17);
  for (int k = 0; k < L; k++) line[k] = 2 * top * pow(m->step[k] / m->step[0], m->order);
  s[shown] = (weyl_series){.label = weyl_arena_printf(n->arena, "order %d", m->order),
                           .style = WEYL_DASHES,
                           .colour = -1,
                           .n = L,
                           .x = m->step,
                           .y = line};
  out->plot[out->count++] =
      (weyl_plot){.title = weyl_arena_printf(n->arena, "Largest change against the step, %s", method),
                  .x_label = "step",
                  .y_label = "largest |J - J(0)| / size",
                  .log_x = true,
                  .log_y = true,
                  .count = shown + (top > 1e-12),
                  .series = s};
  return WEYL_OK;
}

/* Two fields: the path in their plane. Otherwise fields over time; of partial equations, profiles. */
static weyl_status motion_picture(noether *n, const weyl_noether_motion *m, pictures *out) {
  weyl_series *s = out->series[out->count];
  size_t field[SHOWN_MAX], fields = 0, shown = 0;
  for (size_t k = 0; k < m->states && fields < SHOWN_MAX; k++)
    if (m->jet[k].order[0] == 0) field[fields++] = k;
  weyl_plot plot = {.title = "The motion", .series = s};
  if (m->width > 1) {
    for (; shown < PROFILES; shown++) {
      const size_t i = shown * (m->samples - 1) / (PROFILES - 1);
      snprintf(out->label[shown], sizeof out->label[shown], "%s = %.3g", weyl_algebra_independent_name(n->a, 0),
               m->t[i]);
      s[shown] = (weyl_series){.label = out->label[shown],
                               .style = WEYL_LINE,
                               .colour = -1,
                               .n = m->width,
                               .x = m->x,
                               .y = m->state + (field[0] * m->samples + i) * m->width};
    }
    plot.x_label = weyl_algebra_independent_name(n->a, 1);
    plot.y_label = field_name(n, m->jet[field[0]]);
  } else if (fields == 2) {
    s[shown++] = (weyl_series){.style = WEYL_LINE,
                               .colour = -1,
                               .n = m->samples,
                               .x = m->state + field[0] * m->samples,
                               .y = m->state + field[1] * m->samples};
    plot.x_label = field_name(n, m->jet[field[0]]);
    plot.y_label = field_name(n, m->jet[field[1]]);
    plot.equal_axes = true;
  } else {
    for (; shown < fields; shown++)
      s[shown] = (weyl_series){.label = field_name(n, m->jet[field[shown]]),
                               .style = WEYL_LINE,
                               .colour = -1,
                               .n = m->samples,
                               .x = m->t,
                               .y = m->state + field[shown] * m->samples};
    plot.x_label = weyl_algebra_independent_name(n->a, 0);
    plot.y_label = "";
  }
  plot.count = shown;
  out->plot[out->count++] = plot;
  return WEYL_OK;
}

static weyl_status draw(noether *n, const weyl_noether_motion *m, const char *method) {
  pictures *p = weyl_arena_alloc(n->arena, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  WEYL_TRY(over_time(n, m, p));
  WEYL_TRY(over_step(n, m, method, p));
  WEYL_TRY(motion_picture(n, m, p));
  static const char *const captions[PLOTS] = {
      "Relative to the size of a charge's terms.",
      "A charge is conserved when its change falls at the order of the method, or is rounding.", NULL};
  return study_draw_all(n->c, p->count, p->plot, captions);
}

/* Columns t, states (ordinary equations), charges. */
static weyl_status save(noether *n, const weyl_noether_motion *m) {
  enum { COLUMNS = 128 };
  const char *name[COLUMNS];
  const double *column[COLUMNS];
  size_t columns = 0;
  name[columns] = weyl_algebra_independent_name(n->a, 0);
  column[columns++] = m->t;
  for (size_t k = 0; k < m->states && m->width == 1 && columns < COLUMNS; k++) {
    name[columns] = field_name(n, m->jet[k]);
    column[columns++] = m->state + k * m->samples;
  }
  for (size_t k = 0; k < m->count && columns < COLUMNS; k++) {
    name[columns] = weyl_arena_printf(n->arena, "J_%s", weyl_noether_generator_name(n->p, n->generator[k]));
    column[columns++] = m->value[WEYL_NOETHER_LEVELS - 1] + k * m->samples;
  }
  return study_save(n->c, m->samples, columns, name, column);
}

static void result(noether *n, const weyl_noether_motion *m, noether_table *t, size_t *failed) {
  weyl_json *json = n->c->result;
  char cell[7][32];
  noether_row(n, t,
              (const char *const[]){"charge", "J(0)", weyl_arena_printf(n->arena, "step %.3g", m->step[0]),
                                    weyl_arena_printf(n->arena, "%.3g", m->step[1]),
                                    weyl_arena_printf(n->arena, "%.3g", m->step[2]), "order", "conserved"});
  weyl_json_integer(json, "order", m->order);
  weyl_json_array(json, "steps");
  for (int k = 0; k < WEYL_NOETHER_LEVELS; k++) weyl_json_number(json, NULL, m->step[k]);
  weyl_json_end(json);
  weyl_json_array(json, "charges");
  for (size_t k = 0; k < m->count; k++) {
    const char *name = weyl_noether_generator_name(n->p, n->generator[k]);
    weyl_json_object(json, NULL);
    weyl_json_string(json, "name", name);
    weyl_json_number(json, "value", m->value[2][k * m->samples]);
    weyl_json_number(json, "scale", m->scale[k]);
    weyl_json_array(json, "drift");
    for (int level = 0; level < WEYL_NOETHER_LEVELS; level++) weyl_json_number(json, NULL, m->drift[level][k]);
    weyl_json_end(json);
    weyl_json_number(json, "observed_order", m->slope[k]);
    weyl_json_bool(json, "holds", m->holds[k]);
    weyl_json_end(json);
    cli_digits(cell[1], fabs(m->value[2][k * m->samples]) < 1e-13 * m->scale[k] ? 0 : m->value[2][k * m->samples], 6);
    for (int level = 0; level < WEYL_NOETHER_LEVELS; level++) noether_relative(cell[2 + level], m->drift[level][k]);
    snprintf(cell[5], sizeof cell[5], isfinite(m->slope[k]) ? "%.1f" : "exact", m->slope[k]);
    noether_row(n, t,
                (const char *const[]){name, cell[1], cell[2], cell[3], cell[4], cell[5], m->holds[k] ? "yes" : "no"});
    *failed += !m->holds[k];
  }
  weyl_json_end(json);
  weyl_json_string(json, "verdict", *failed ? "no" : "holds");
}

/* Currents of the generators chosen; those without one are an answer of no. */
static weyl_status currents(noether *n, const weyl_expr *(*j)[WEYL_INDEPENDENTS_MAX]) {
  cli *c = n->c;
  if (!weyl_noether_lagrangian(n->p))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s has no lagrangian, and so no charges from Noether's theorem", c->arg[1]);
  for (size_t k = 0; k < n->count; k++) {
    weyl_noether_verdict v;
    const char *name = weyl_noether_generator_name(n->p, n->generator[k]);
    WEYL_TRY(weyl_noether_check(n->p, weyl_noether_generator(n->p, n->generator[k]), 16, cli_seed(c), &v));
    if (!v.variational)
      return weyl_fail(c->ctx, WEYL_NO, "%s is no symmetry of the action: weyl noether check shows what is left", name);
    if (!v.closed) return weyl_fail(c->ctx, WEYL_NO, "no closed form of the current of %s: %.200s", name, v.reason);
    memcpy(j[k], v.current, sizeof v.current);
  }
  return WEYL_OK;
}

weyl_status noether_verify(cli *c) {
  noether n;
  WEYL_TRY(noether_open(c, c->arg[1], &n));
  weyl_noether_motion m = {0};
  noether_table t = {.columns = 7};
  size_t failed = 0;
  weyl_status status;
  WEYL_GOTO(noether_choose(&n));
  const weyl_expr *(*j)[WEYL_INDEPENDENTS_MAX] = weyl_arena_alloc(n.arena, n.count, sizeof *j);
  status = j ? WEYL_OK : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  WEYL_GOTO(currents(&n, j));
  const weyl_noether_motion_opts o = {.method = cli_string(c, "method"),
                                      .step = cli_number(c, "step"),
                                      .time = cli_number(c, "time"),
                                      .points = (size_t)cli_integer(c, "points")};
  WEYL_GOTO(weyl_noether_move(n.p, &o, n.count, (const weyl_expr *const(*)[WEYL_INDEPENDENTS_MAX])j, &m));
  weyl_json_string(c->result, "method", o.method);
  result(&n, &m, &t, &failed);
  cli_say(c, "%s, to %s = %.6g; largest change over the size of a charge's terms\n\n", o.method,
          weyl_algebra_independent_name(n.a, 0), m.t[m.samples - 1]);
  noether_show(&n, &t);
  WEYL_GOTO(save(&n, &m));
  if (study_draws(c)) WEYL_GOTO(draw(&n, &m, o.method));
  if (failed)
    status = weyl_fail(c->ctx, WEYL_NO, "%zu of %zu charges drift more than %s allows", failed, m.count, o.method);
done:
  weyl_noether_motion_free(c->ctx, &m);
  noether_close(&n);
  return status;
}
