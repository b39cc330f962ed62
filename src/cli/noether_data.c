/* weyl noether measure: what recorded trajectories conserve. */
#include "noether.h"

enum { QUANTITIES_MAX = 64, BARS_MAX = 16 };

/* Quantities along runs, [count][runs][frames]. */
typedef struct measured {
  size_t count, runs, frames;
  const char *name[QUANTITIES_MAX], *symbol[QUANTITIES_MAX], *text[QUANTITIES_MAX];
  double *value, scale[QUANTITIES_MAX];
} measured;

/* --quantity "a; b", or the known ones. */
static weyl_status choose(noether *n, const weyl_particles_run *data, measured *out) {
  const char *given = cli_string(n->c, "quantity");
  for (size_t i = 0; !given && weyl_quantity_known(i, NULL, NULL) && i < QUANTITIES_MAX; i++) {
    const char *symbol, *text, *name = weyl_quantity_known(i, &symbol, &text);
    const size_t last = strlen(name) - 1;
    if ((name[last] == 'z' && data->d < 3) || (name[last] == 'y' && data->d < 2)) continue;
    if (strstr(name, "angular") && data->d < (name[last] == 'z' ? 2u : 3u)) continue;
    if (strstr(name, "Coulomb") && !data->charge) continue;
    out->name[out->count] = name;
    out->symbol[out->count] = symbol;
    out->text[out->count++] = text;
  }
  while (given && *given && out->count < QUANTITIES_MAX) {
    size_t from = strspn(given, " ;"), length = strcspn(given + from, ";");
    if (length == 0) break;
    char *text = weyl_arena_printf(n->arena, "%.*s", (int)length, given + from),
         *colon = text ? strchr(text, ':') : NULL;
    if (!text) return WEYL_MEMORY;
    out->name[out->count] = out->symbol[out->count] = text;
    out->text[out->count++] = colon ? colon + 1 : text;
    if (colon) *colon = '\0';
    given += from + length;
  }
  if (out->count == 0) return weyl_fail(n->c->ctx, WEYL_BAD_ARG, "--quantity names nothing");
  return WEYL_OK;
}

static weyl_status of_particles(noether *n, const weyl_bundle *bundle, measured *out) {
  weyl_particles_run data;
  WEYL_TRY(noether_particles(n, bundle, &data));
  WEYL_TRY(choose(n, &data, out));
  out->runs = data.runs;
  out->frames = data.frames;
  out->value = weyl_arena_array(n->arena, double, out->count *data.runs *data.frames);
  if (!out->value) return WEYL_MEMORY;
  const bool given = cli_string(n->c, "quantity");
  for (size_t k = 0; k < out->count; k++) {
    const weyl_status status = weyl_quantity_measure(n->c->ctx, out->text[k], given ? "--quantity" : out->name[k],
                                                     &data, out->value + k * data.runs * data.frames, &out->scale[k]);
    if (status != WEYL_OK) return status == WEYL_FORMAT ? WEYL_BAD_ARG : status;
  }
  cli_say(n->c, "%s: %zu runs of %zu frames, %zu particles in %zu dimensions\n\n", n->c->arg[1], data.runs, data.frames,
          data.particles, data.d);
  return WEYL_OK;
}

/* ---- currents of a problem ---- */

/* Values of a jet along the data: its array, or differences of the one below. */
static weyl_status along(noether *n, const weyl_bundle *bundle, weyl_jet jet, double dt, measured *shape,
                         double **out) {
  cli *c = n->c;
  const char *name = weyl_expr_text(n->a, weyl_expr_jet(n->a, jet), WEYL_PLAIN);
  int rank;
  int64_t dim[WEYL_RANK_MAX];
  WEYL_TRY(noether_array_of(n, bundle, (const char *const[]){name, NULL}, out, &rank, dim));
  if (rank == 0 && jet.order[0] == 0) return weyl_fail(c->ctx, WEYL_FORMAT, "%s: no array %s", c->arg[1], name);
  if (rank == 0) {
    double *below;
    jet.order[0]--;
    WEYL_TRY(along(n, bundle, jet, dt, shape, &below));
    *out = weyl_arena_array(n->arena, double, shape->runs * shape->frames);
    if (!*out) return WEYL_MEMORY;
    noether_differentiate(shape->runs, shape->frames, 1, dt, below, *out);
    cli_note(c, "no array %s in %s: differences, frames %g apart", name, c->arg[1], dt);
    return WEYL_OK;
  }
  const size_t runs = rank == 2 ? (size_t)dim[0] : 1, frames = (size_t)dim[rank - 1];
  if (rank > 2 || frames < 3)
    return weyl_fail(c->ctx, WEYL_FORMAT, "%s: %s must have 3 frames or more, or runs before them", c->arg[1], name);
  if (shape->frames && (shape->runs != runs || shape->frames != frames))
    return weyl_fail(c->ctx, WEYL_FORMAT, "%s: %s has %zu runs of %zu frames, others %zu of %zu", c->arg[1], name, runs,
                     frames, shape->runs, shape->frames);
  shape->runs = runs;
  shape->frames = frames;
  return WEYL_OK;
}

static weyl_status of_problem(noether *n, const weyl_bundle *bundle, measured *out) {
  enum { JETS = 64, TERMS = 256 };
  cli *c = n->c;
  double dt;
  if (weyl_algebra_independents(n->a) != 1 || !weyl_noether_lagrangian(n->p))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--problem %s must have a lagrangian and one independent variable",
                     cli_string(c, "problem"));
  WEYL_TRY(noether_choose(n));
  WEYL_TRY(noether_time_step(n, bundle, &dt));
  for (size_t k = 0; k < n->count && k < QUANTITIES_MAX; k++) {
    weyl_noether_verdict v;
    weyl_jet jet[JETS];
    const weyl_expr *term[TERMS];
    WEYL_TRY(weyl_noether_check(n->p, weyl_noether_generator(n->p, n->generator[k]), 16, cli_seed(c), &v));
    const char *name = weyl_noether_generator_name(n->p, n->generator[k]);
    if (!v.closed) return weyl_fail(c->ctx, WEYL_NO, "%s has no current: weyl noether check says why", name);
    const size_t jets = weyl_expr_jets(n->a, v.current[0], jet, JETS), terms = weyl_expr_terms(v.current[0]);
    if (jets > JETS || terms > TERMS)
      return weyl_fail(c->ctx, WEYL_UNSUPPORTED, "the current of %s is too large", name);
    const size_t m = weyl_algebra_parameters(n->a);
    const double **in = weyl_arena_array(n->arena, const double *, 1 + m + jets);
    if (!in) return WEYL_MEMORY;
    for (size_t i = 0; i < jets; i++) {
      double *x;
      WEYL_TRY(along(n, bundle, jet[i], dt, out, &x));
      in[1 + m + i] = x;
    }
    if (out->frames == 0) return weyl_fail(c->ctx, WEYL_BAD_ARG, "the current of %s has no field in it", name);
    const size_t points = out->runs * out->frames;
    double *rows = weyl_arena_array(n->arena, double, (1 + m + terms) * points),
           **to = weyl_arena_array(n->arena, double *, terms + 1);
    if (!out->value) out->value = weyl_arena_array(n->arena, double, n->count *points);
    if (!rows || !to || !out->value) return WEYL_MEMORY;
    for (size_t i = 0; i < points; i++) rows[i] = dt * (double)(i % out->frames);
    for (size_t i = 0; i < m * points; i++) rows[points + i] = weyl_noether_value(n->p, i / points);
    for (size_t i = 0; i < 1 + m; i++) in[i] = rows + i * points;
    for (size_t i = 0; i < terms; i++) {
      term[i] = weyl_expr_only(n->a, v.current[0], i);
      to[i] = rows + (1 + m + i) * points;
    }
    weyl_tape *tape = NULL;
    WEYL_TRY(weyl_tape_new(n->a, terms, term, jets, jet, &tape));
    weyl_tape_run(tape, points, in, to);
    weyl_tape_free(tape);
    double sum = 0;
    for (size_t i = 0; i < points; i++) {
      double size = 0;
      for (size_t j = 0; j < terms; j++) {
        out->value[k * points + i] += to[j][i];
        size += fabs(to[j][i]);
      }
      sum += size * size;
    }
    out->scale[k] = sqrt(sum / (double)points);
    out->name[k] = out->symbol[k] = out->text[k] = name;
    out->count = k + 1;
  }
  return WEYL_OK;
}

/* ---- the answer ---- */

static const char *combination_text(noether *n, const measured *m, const size_t *of, size_t count, const double *w) {
  const char *text = "";
  for (size_t k = 0; k < count && text; k++) {
    char digits[32];
    if (fabs(w[k]) < 1e-3) continue;
    const char *name = m->name[of[k]], *sign = text[0] ? (w[k] < 0 ? " - " : " + ") : w[k] < 0 ? "-" : "";
    const bool formula = strpbrk(name, "+-*/|");
    text = weyl_arena_printf(n->arena, "%s%s%s %s%s%s", text, sign, cli_digits(digits, fabs(w[k]), 4),
                             formula ? "[" : "", name, formula ? "]" : "");
  }
  return text ? text : "?";
}

/* Combinations of what is not conserved by itself; those that are. */
static weyl_status combinations(noether *n, const measured *m, const bool *alone, double tolerance) {
  cli *c = n->c;
  const size_t points = m->runs * m->frames;
  size_t of[QUANTITIES_MAX], count = 0;
  for (size_t k = 0; k < m->count; k++)
    if (!alone[k]) of[count++] = k;
  weyl_json_array(c->result, "combinations");
  weyl_combinations r = {0};
  if (count > 1 && m->runs >= 4) {
    double *value = weyl_arena_array(n->arena, double, count *points);
    if (!value) return WEYL_MEMORY;
    for (size_t k = 0; k < count; k++) memcpy(value + k * points, m->value + of[k] * points, points * sizeof *value);
    WEYL_TRY(weyl_conserved_combinations(c->ctx, count, m->runs, m->frames, value, &r));
  }
  for (size_t i = 0; i < r.found && r.ratio[i] <= tolerance; i++) {
    const double *w = r.c + i * count;
    weyl_json_object(c->result, NULL);
    weyl_json_number(c->result, "ratio", r.ratio[i]);
    weyl_json_integer(c->result, "runs", (int64_t)r.runs);
    weyl_json_object(c->result, "weights");
    for (size_t k = 0; k < count; k++) weyl_json_number(c->result, m->name[of[k]], w[k]);
    weyl_json_end(c->result);
    weyl_json_end(c->result);
    if (i == 0) cli_say(c, "\nconserved together, in %zu usual runs of %zu:\n", r.runs, m->runs);
    cli_say(c, "  %s  (ratio %.1e)\n", combination_text(n, m, of, count, w), r.ratio[i]);
  }
  weyl_json_end(c->result);
  weyl_combinations_free(c->ctx, &r);
  return WEYL_OK;
}

static weyl_status draw(noether *n, const measured *m, const weyl_conserved *how) {
  double x[BARS_MAX], all[BARS_MAX], median[BARS_MAX];
  const size_t count = m->count < BARS_MAX ? m->count : BARS_MAX;
  for (size_t k = 0; k < count; k++) {
    x[k] = (double)k;
    all[k] = fmax(how[k].ratio, 1e-17);
    median[k] = fmax(how[k].typical, 1e-17);
  }
  const weyl_series series[2] = {
      {.label = "all runs", .style = WEYL_POINTS, .colour = -1, .n = count, .x = x, .y = all},
      {.label = "median run", .style = WEYL_POINTS, .colour = -1, .n = count, .x = x, .y = median}};
  const weyl_plot plot = {.title = "Change along a run (1: as much as runs differ, below: conserved)",
                          .x_label = "",
                          .y_label = "change",
                          .log_y = true,
                          .count = m->runs > 1 ? 2 : 1,
                          .series = series,
                          .width = 900,
                          .height = 460,
                          .names = m->symbol,
                          .names_count = count};
  return study_draw_all(
      n->c, 1, &plot,
      (const char *const[]){"A quantity is conserved where its change along runs is small against what differs between "
                            "them."});
}

static weyl_status save(noether *n, const measured *m) {
  const char *name[QUANTITIES_MAX + 2];
  const double *column[QUANTITIES_MAX + 2];
  if (!cli_string(n->c, "out")) return WEYL_OK;
  const size_t points = m->runs * m->frames;
  double *numbers = weyl_arena_array(n->arena, double, 2 * points);
  if (!numbers) return WEYL_MEMORY;
  for (size_t i = 0; i < points; i++) {
    numbers[i] = (double)(i / m->frames);
    numbers[points + i] = (double)(i % m->frames);
  }
  name[0] = "run";
  name[1] = "frame";
  for (size_t k = 0; k < m->count; k++) {
    name[k + 2] = m->name[k];
    column[k + 2] = m->value + k * points;
  }
  column[0] = numbers;
  column[1] = numbers + points;
  return study_save(n->c, points, m->count + 2, name, column);
}

weyl_status noether_measure(cli *c) {
  noether n = {.c = c};
  noether_table t = {.columns = 6};
  measured m = {0};
  weyl_bundle *bundle = NULL;
  weyl_conserved how[QUANTITIES_MAX];
  bool alone[QUANTITIES_MAX];
  const double tolerance = cli_number(c, "tolerance");
  weyl_status status;
  if (cli_string(c, "problem"))
    WEYL_TRY(noether_open(c, cli_string(c, "problem"), &n));
  else
    WEYL_TRY(weyl_arena_new(c->ctx, &n.arena));
  WEYL_GOTO(weyl_npz_read(c->ctx, c->arg[1], &bundle));
  WEYL_GOTO((n.p ? of_problem : of_particles)(&n, bundle, &m));
  noether_row(
      &n, &t,
      (const char *const[]){"quantity", "size", "change along runs", "to differences", "median run", "conserved"});
  weyl_json_integer(c->result, "runs", (int64_t)m.runs);
  weyl_json_integer(c->result, "frames", (int64_t)m.frames);
  weyl_json_array(c->result, "quantities");
  for (size_t k = 0; k < m.count; k++) {
    char cell[4][32];
    WEYL_GOTO(weyl_conserved_of(c->ctx, m.runs, m.frames, m.value + k * m.runs * m.frames, m.scale[k], &how[k]));
    alone[k] = how[k].typical <= tolerance;
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", m.name[k]);
    weyl_json_number(c->result, "size", m.scale[k]);
    weyl_json_number(c->result, "within", how[k].within);
    weyl_json_number(c->result, "between", how[k].between);
    weyl_json_number(c->result, "ratio", how[k].ratio);
    weyl_json_number(c->result, "typical", how[k].typical);
    weyl_json_bool(c->result, "conserved", how[k].ratio <= tolerance);
    weyl_json_end(c->result);
    cli_digits(cell[0], m.scale[k], 4);
    noether_relative(cell[1], how[k].within / fmax(m.scale[k], 1e-300));
    noether_relative(cell[2], how[k].ratio);
    noether_relative(cell[3], how[k].typical);
    noether_row(&n, &t,
                (const char *const[]){m.name[k], cell[0], cell[1], cell[2], cell[3],
                                      how[k].ratio <= tolerance ? "yes"
                                      : alone[k]                ? "in most runs"
                                                                : "no"});
  }
  weyl_json_end(c->result);
  noether_show(&n, &t);
  WEYL_GOTO(combinations(&n, &m, alone, tolerance));
  WEYL_GOTO(save(&n, &m));
  WEYL_GOTO(draw(&n, &m, how));
done:
  weyl_bundle_free(bundle);
  noether_close(&n);
  return status;
}
