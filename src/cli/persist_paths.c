/* weyl persist simulate, series: intervals that paths really have, beside what the approximation says. */
#include "persist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The intervals of one side of the level; both at level 0. */
typedef struct side {
  int64_t n;
  double *interval;
} side;

static side side_of(const persist *p, int64_t count, int64_t above, double *interval) {
  if (p->level == 0) return (side){count, interval};
  return p->below ? (side){count - above, interval + above} : (side){above, interval};
}

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

/* The approximation where it exists: survival on a grid to `end`, or NULL with the reason. */
enum { GRID = 4000 };
static weyl_status approximation(persist *p, double end, double *s, bool *exists, char *reason, size_t room) {
  weyl_status status = weyl_persist_distribution(p->c->ctx, p->covariance, p->u, end / GRID, GRID, s, NULL);
  *exists = status == WEYL_OK;
  if (status != WEYL_NO) return status;
  snprintf(reason, room, "%s", weyl_message(p->c->ctx));
  weyl_message_clear(p->c->ctx);
  return WEYL_OK;
}

static weyl_status theta_of(persist *p, weyl_persist_rate *rate) {
  const weyl_status status = weyl_persist_level_exponent(p->c->ctx, p->covariance, p->u, rate);
  if (status != WEYL_NO) return status;
  *rate = (weyl_persist_rate){.theta = NAN};
  weyl_message_clear(p->c->ctx);
  return WEYL_OK;
}

static void json_stats(weyl_json *json, const weyl_persist_stats *s) {
  weyl_json_integer(json, "intervals", s->count);
  weyl_json_number(json, "interval_mean", s->mean);
  weyl_json_number(json, "interval_mean_error", s->mean_error);
  weyl_json_number(json, "theta", s->theta);
  weyl_json_number(json, "theta_error", s->theta_error);
}

static void say_pair(const cli *c, const char *what, double value, double error, const char *other, double expected) {
  char text[32], second[32];
  if (isnan(value)) return;
  cli_say(c, "  %-14s%s +- %.1g", what, cli_digits(text, value, 6), error);
  if (!isnan(expected)) cli_say(c, "   %s %s", other, cli_digits(second, expected, 8));
  cli_say(c, "\n");
}

/* Survival of the intervals, sorted in place, beside the approximation and what is known exactly. */
static weyl_status compare(persist *p, side s, const char *own, const char *title) {
  cli *c = p->c;
  const size_t rows = (size_t)cli_integer(c, "rows");
  double end = cli_number(c, "to");
  weyl_persist_stats stats;
  weyl_persist_rate rate;
  WEYL_TRY(weyl_persist_measure(c->ctx, s.n, s.interval, &stats));
  WEYL_TRY(theta_of(p, &rate));
  qsort(s.interval, (size_t)s.n, sizeof *s.interval, rising);
  if (!(end > 0)) { /* a mean or so beyond what a thousandth of the intervals outlives */
    const int64_t at = s.n - 1 - s.n / 1000;
    end = s.n > 0 ? s.interval[at > 0 ? at : 0] : persist_end(p, 5);
    end = fmax(end, weyl_persist_level_mean(p->covariance, p->u));
    const double unit = pow(10, floor(log10(end / (double)rows)));
    end = ceil(end / (double)rows / unit) * unit * (double)rows; /* round steps */
  }
  json_stats(c->result, &stats);
  weyl_json_number(c->result, "theta_approximation", rate.theta);
  cli_say(c, "%s: %lld intervals\n", title, (long long)s.n);
  say_pair(c, "mean", stats.mean, stats.mean_error, "Rice", weyl_persist_level_mean(p->covariance, p->u));
  say_pair(c, "theta", stats.theta, stats.theta_error, "approximation", rate.theta);
  cli_say(c, "\n");
  char reason[256] = "";
  bool exists = false;
  double *all = weyl_alloc(c->ctx, 3 * (GRID + 1), sizeof *all), *t = NULL;
  weyl_status status = all ? persist_times(p, end, GRID, &t) : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  double *seen = all, *approximate = all + GRID + 1, *exact = approximate + GRID + 1;
  WEYL_GOTO(approximation(p, end, approximate, &exists, reason, sizeof reason));
  size_t k = 0;
  const bool known = persist_exactly_known(p) != PERSIST_UNKNOWN;
  const size_t skip = (rows + PERSIST_SLOW - 1) / PERSIST_SLOW; /* printed rows from one exact result to the next */
  for (size_t i = 0; i <= GRID; i++) {
    while (k < (size_t)s.n && s.interval[k] <= t[i]) k++;
    seen[i] = s.n > 0 ? (double)((size_t)s.n - k) / (double)s.n : NAN;
    exact[i] = NAN;
    /* on the rows that are printed, as persist_show chooses them */
    if (!known || t[i] > 100 || i * rows / GRID % skip || (i * rows / GRID) * GRID / rows != i) continue;
    if (weyl_progress(c->ctx, "exact", (double)i, GRID)) {
      status = weyl_fail(c->ctx, WEYL_INTERRUPTED, "stopped");
      goto done;
    }
    WEYL_GOTO(persist_exact_at(p, t[i], &exact[i], NULL));
  }
  persist_curves curves = {.n = GRID + 1, .count = 1, .t = t, .name = {own}, .y = {seen}};
  if (exists) {
    curves.name[curves.count] = "approximation";
    curves.y[curves.count++] = approximate;
  }
  if (known) {
    curves.name[curves.count] = "exact";
    curves.y[curves.count++] = exact;
  }
  WEYL_GOTO(persist_show(p, &curves));
  weyl_json_bool(c->result, "valid", exists);
  if (!exists) cli_say(c, "\n%s\n", reason);
  status = persist_draw(p, title, "P(T > t)", true, &curves);
done:
  weyl_dealloc(c->ctx, t);
  weyl_dealloc(c->ctx, all);
  return status;
}

/* The intervals as they came, with their side of the level. */
static weyl_status save(const persist *p, int64_t count, int64_t above, const double *interval) {
  if (!cli_string(p->c, "out") || !persist_first(p)) return WEYL_OK;
  double *sides = weyl_alloc(p->c->ctx, (size_t)count + 1, sizeof *sides);
  if (!sides) return WEYL_MEMORY;
  for (int64_t i = 0; i < count; i++) sides[i] = i < above ? 1 : -1;
  const weyl_status status = persist_save(p, (size_t)count, 2, (const char *const[]){"interval", "side"},
                                          (const double *const[]){interval, sides});
  weyl_dealloc(p->c->ctx, sides);
  return status;
}

/* ---- simulate ---- */

/* All parts together on every rank, above the level first: the bytes that one process has. */
static weyl_status gather(cli *c, weyl_persist_simulation *s) {
  const weyl_comm *comm = c->comm;
  if (!comm) return WEYL_OK;
  enum { NUMBERS = 4 };
  const size_t size = (size_t)comm->size, rank = (size_t)comm->rank;
  int64_t *counts = weyl_alloc(c->ctx, size * NUMBERS, sizeof *counts),
          *first = weyl_alloc(c->ctx, size + 1, sizeof *first);
  double *all = NULL;
  weyl_status status = counts && first ? WEYL_OK : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  const int64_t mine[NUMBERS] = {s->above, s->count - s->above, s->paths, s->hidden};
  memcpy(counts + rank * NUMBERS, mine, sizeof mine);
  for (size_t r = 0; r <= size; r++) first[r] = (int64_t)(r * sizeof mine);
  WEYL_GOTO(comm->gather(comm->self, counts, first));
  int64_t sum[NUMBERS] = {0};
  for (size_t r = 0; r < size; r++)
    for (int k = 0; k < NUMBERS; k++) sum[k] += counts[r * NUMBERS + (size_t)k];
  all = weyl_alloc(c->ctx, (size_t)(sum[0] + sum[1]) + 1, sizeof *all);
  WEYL_GOTO(comm->agree(comm->self, c->ctx, all ? WEYL_OK : WEYL_MEMORY));
  const double *own[2] = {s->interval, s->interval + s->above};
  double *to = all;
  for (int k = 0; k < 2; k++) {
    for (size_t r = 0; r < size; r++) first[r + 1] = first[r] + counts[r * NUMBERS + (size_t)k] * (int64_t)sizeof *all;
    if (mine[k]) memcpy((char *)to + first[rank], own[k], (size_t)mine[k] * sizeof *all);
    WEYL_GOTO(comm->gather(comm->self, to, first));
    to += sum[k];
  }
  weyl_dealloc(c->ctx, s->interval);
  s->interval = all;
  all = NULL;
  s->above = sum[0];
  s->count = sum[0] + sum[1];
  s->paths = sum[2];
  s->hidden = sum[3];
done:
  weyl_dealloc(c->ctx, all);
  weyl_dealloc(c->ctx, first);
  weyl_dealloc(c->ctx, counts);
  return status;
}

static weyl_status save_path(const persist *p, const weyl_persist_simulate_opts *o, double step) {
  cli *c = p->c;
  const char *path = cli_string(c, "path");
  if (!path || !persist_first(p)) return WEYL_OK;
  const size_t n = (size_t)o->points;
  double *t = NULL, *x = weyl_alloc(c->ctx, n, sizeof *x);
  weyl_status status = x ? persist_times(p, step * (double)(n - 1), n - 1, &t) : WEYL_MEMORY;
  if (status == WEYL_OK) status = weyl_persist_path(c->ctx, p->covariance, o->seed, step, n, x);
  if (status == WEYL_OK)
    status = weyl_table_write(c->ctx, path, n, 2, (const char *const[]){"t", "x"}, (const double *const[]){t, x});
  weyl_dealloc(c->ctx, t);
  weyl_dealloc(c->ctx, x);
  if (status == WEYL_OK) cli_say(c, "\na path of %zu points in %s\n", n, path);
  return status;
}

weyl_status persist_simulate(persist *p) {
  cli *c = p->c;
  const weyl_comm *comm = c->comm;
  char what[64], title[160];
  weyl_persist_simulate_opts o = {.intervals = cli_integer(c, "intervals"),
                                  .points = cli_integer(c, "points"),
                                  .step = cli_number(c, "step"),
                                  .level = p->level,
                                  .seed = cli_seed(c),
                                  .part = comm ? comm->rank : 0,
                                  .parts = comm ? comm->size : 1};
  weyl_persist_simulation s;
  weyl_status status = weyl_persist_simulate(c->ctx, p->covariance, &o, &s);
  if (comm) status = comm->agree(comm->self, c->ctx, status);
  if (status != WEYL_OK) {
    weyl_persist_simulation_free(c->ctx, &s);
    return status;
  }
  WEYL_GOTO(gather(c, &s));
  persist_common(p);
  weyl_json_integer(c->result, "paths", s.paths);
  weyl_json_integer(c->result, "points", s.points);
  weyl_json_number(c->result, "step", s.step);
  weyl_json_integer(c->result, "hidden", s.hidden);
  weyl_json_number(c->result, "clipped", s.clipped);
  snprintf(title, sizeof title, "%s, %s, simulated", weyl_covariance_name(p->covariance),
           persist_what(p, what, sizeof what));
  WEYL_GOTO(save(p, s.count, s.above, s.interval));
  WEYL_GOTO(compare(p, side_of(p, s.count, s.above, s.interval), "simulation", title));
  cli_say(c, "\n%lld paths of %lld points, step %.4g; %lld crossings were between points of one sign\n",
          (long long)s.paths, (long long)s.points, s.step, (long long)s.hidden);
  if (s.clipped > 1e-6)
    cli_note(c,
             "warning: %.2g of the spectrum is negative and was left out: the covariance is not quite positive "
             "definite",
             s.clipped);
  status = save_path(p, &o, s.step);
done:
  weyl_persist_simulation_free(c->ctx, &s);
  return status;
}

/* ---- series ---- */

static weyl_status find_column(cli *c, const weyl_table *t, size_t *column) {
  const char *name = cli_string(c, "column");
  size_t last = t->columns;
  for (size_t k = 0; k < t->columns; k++)
    if (!t->words[k]) last = k;
  if (last == t->columns) return weyl_fail(c->ctx, WEYL_FORMAT, "no column of numbers (%s)", c->arg[1]);
  *column = last;
  if (!name) return WEYL_OK;
  snprintf(c->place, sizeof c->place, "--column");
  for (size_t k = 0; t->name && k < t->columns; k++)
    if (strcmp(t->name[k], name) == 0) *column = k, last = t->columns;
  if (last != t->columns) { /* not a name */
    char *end;
    const long number = strtol(name, &end, 10);
    if (*end || number < 1 || (size_t)number > t->columns) {
      const char *near = t->name ? weyl_nearest_name(name, (const char *const *)t->name, t->columns) : NULL;
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "no column \"%s\" among %zu (%s)%s%s%s", name, t->columns, c->arg[1],
                       near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    *column = (size_t)number - 1;
  }
  if (t->words[*column])
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "column \"%s\" is of words, not of numbers (%s)", name, c->arg[1]);
  c->place[0] = '\0';
  return WEYL_OK;
}

/* The step of the first column, if it rises evenly and is not the series itself. */
static double step_of(const weyl_table *t, size_t column) {
  if (column == 0 || t->words[0] || t->rows < 3) return 1;
  const double step = (t->value[(t->rows - 1) * t->columns] - t->value[0]) / (double)(t->rows - 1);
  for (size_t i = 1; i < t->rows; i++) {
    const double d = t->value[i * t->columns] - t->value[(i - 1) * t->columns];
    if (!(d > 0) || !(fabs(d - step) < 1e-3 * step)) return NAN;
  }
  return step;
}

static weyl_status series_of(cli *c, const weyl_table *table, size_t column, double step) {
  persist p = {.c = c, .level = cli_number(c, "level"), .below = strcmp(cli_string(c, "side"), "below") == 0};
  p.u = p.below ? -p.level : p.level;
  double *x = weyl_alloc(c->ctx, table->rows, sizeof *x);
  if (!x) return WEYL_MEMORY;
  for (size_t i = 0; i < table->rows; i++) x[i] = table->value[i * table->columns + column];
  weyl_persist_series s;
  weyl_status status = weyl_persist_series_read(c->ctx, table->rows, x, step, p.level, &s);
  weyl_dealloc(c->ctx, x);
  if (status == WEYL_NUMERIC) status = WEYL_FORMAT; /* of the file */
  if (status == WEYL_BAD_ARG && table->rows < 50) status = WEYL_FORMAT;
  if (status != WEYL_OK) return weyl_fail_within(c->ctx, status, "%s", c->arg[1]);
  p.covariance = s.covariance;
  const bool near = s.violation <= 4;
  char what[64], title[200];
  persist_common(&p);
  weyl_json_integer(c->result, "values", (int64_t)table->rows);
  weyl_json_number(c->result, "dt", step);
  weyl_json_number(c->result, "series_mean", s.mean);
  weyl_json_number(c->result, "series_deviation", s.deviation);
  weyl_json_integer(c->result, "lags", (int64_t)s.lags);
  weyl_json_number(c->result, "violation_deviations", s.violation);
  weyl_json_number(c->result, "violation_t", s.at);
  weyl_json_bool(c->result, "near_valid", near);
  cli_say(c, "%zu values every %g: mean %.6g, deviation %.6g, r above its scatter of %.2g for %zu steps\n", table->rows,
          step, s.mean, s.deviation, s.scatter, s.lags);
  cli_say(c, "the nearest covariance with an interval approximation is %.2g deviations away, at t = %.4g: %s\n\n",
          s.violation, s.at, near ? "no objection" : "this series has none");
  const char *name = strrchr(c->arg[1], '/');
  snprintf(title, sizeof title, "%s, %s", name ? name + 1 : c->arg[1], persist_what(&p, what, sizeof what));
  WEYL_GOTO(save(&p, s.count, s.above, s.interval));
  WEYL_GOTO(compare(&p, side_of(&p, s.count, s.above, s.interval), "series", title));
  if (s.count > 0) {
    const double mu = weyl_covariance_mean(s.covariance);
    if (step > mu / 20)
      cli_note(c,
               "%.3g values between zeros: what crosses twice from one value to the next is not seen, so the "
               "intervals of the series come out longer",
               mu / step);
  }
  if (!near)
    status = weyl_fail(c->ctx, WEYL_NO,
                       "%s: %.2g deviations from a covariance that has an interval approximation, at "
                       "t = %.4g: its correlation does not fall as it must",
                       c->arg[1], s.violation, s.at);
done:
  weyl_persist_series_free(c->ctx, &s);
  return status;
}

weyl_status persist_series(cli *c) {
  static const char *const others[] = {"covariance", "table", "spectrum"};
  for (size_t i = 0; i < 3; i++)
    if (cli_given(c, others[i]))
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s: a series brings its own covariance", others[i]);
  weyl_table table;
  size_t column = 0;
  weyl_status status;
  WEYL_TRY(weyl_table_read(c->ctx, c->arg[1], &table));
  WEYL_GOTO(find_column(c, &table, &column));
  double step = cli_number(c, "dt");
  if (!(step > 0)) step = step_of(&table, column);
  if (isnan(step))
    status = weyl_fail(c->ctx, WEYL_FORMAT,
                       "the first column does not rise evenly: sample the series evenly, or give --dt if that column "
                       "is no time (%s)",
                       c->arg[1]);
  else
    status = series_of(c, &table, column, step);
done:
  weyl_table_free(c->ctx, &table);
  return status;
}
