/* weyl persist: how long a stationary Gaussian process stays on one side of a level. */
#include "persist.h"
#include "studies.h"

#include <math.h>
#include <string.h>

/* ---- the covariance ---- */

/* The name, with --dimension or --nu behind it where they stand for the parameter. */
static weyl_status by_name(cli *c, weyl_covariance **out) {
  static const struct { const char *flag, *name; } parameter[] = {{"dimension", "diffusion"}, {"nu", "matern"}};
  const char *name = cli_string(c, "covariance") ? cli_string(c, "covariance") : "";
  char text[128];
  snprintf(text, sizeof text, "%s", name);
  for (size_t i = 0; i < sizeof parameter / sizeof *parameter; i++) {
    if (!cli_given(c, parameter[i].flag)) continue;
    snprintf(c->place, sizeof c->place, "--%s", parameter[i].flag);
    if (strcmp(name, parameter[i].name) != 0)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s belongs to --covariance %s, not to %s", parameter[i].flag,
                       parameter[i].name, name);
    snprintf(text, sizeof text, "%s:%.17g", name, cli_number(c, parameter[i].flag));
  }
  snprintf(c->place, sizeof c->place, "--covariance");
  WEYL_TRY(weyl_covariance_parse(c->ctx, text, out));
  c->place[0] = '\0';
  return WEYL_OK;
}

/* The first columns of a table that are not of words. */
static weyl_status columns_of(cli *c, const char *path, size_t least, size_t most, const char *what, size_t *found,
                              size_t *rows, double *column[3]) {
  weyl_table table;
  WEYL_TRY(weyl_table_read(c->ctx, path, &table));
  weyl_status status = WEYL_OK;
  *found = 0;
  *rows = table.rows;
  for (size_t k = 0; k < table.columns && *found < most && status == WEYL_OK; k++) {
    if (table.words[k]) continue;
    double *to = column[*found] = weyl_alloc(c->ctx, table.rows, sizeof *to);
    if (!to) status = WEYL_MEMORY;
    for (size_t i = 0; to && i < table.rows; i++) to[i] = table.value[i * table.columns + k];
    (*found)++;
  }
  if (status == WEYL_OK && *found < least)
    status = weyl_fail(c->ctx, WEYL_FORMAT, "%zu columns of numbers, must be %s (%s)", *found, what, path);
  weyl_table_free(c->ctx, &table);
  return status;
}

static weyl_status by_file(cli *c, weyl_covariance **out) {
  const char *table = cli_string(c, "table"), *spectrum = cli_string(c, "spectrum"), *path = table ? table : spectrum;
  double *column[3] = {NULL, NULL, NULL};
  size_t found, rows;
  weyl_status status = table ? columns_of(c, path, 2, 3, "t, r and, if known, r'", &found, &rows, column)
                             : columns_of(c, path, 2, 2, "frequency and density", &found, &rows, column);
  if (status == WEYL_OK) {
    status = table ? weyl_covariance_table(c->ctx, rows, column[0], column[1], column[2], out)
                   : weyl_covariance_spectrum(c->ctx, rows, column[0], column[1], out);
    /* what is wrong with a file is wrong input, not wrong usage */
    if (status == WEYL_BAD_ARG || status == WEYL_NUMERIC) status = WEYL_FORMAT;
    if (status != WEYL_OK) status = weyl_fail_within(c->ctx, status, "%s", path);
  }
  for (int k = 0; k < 3; k++) weyl_dealloc(c->ctx, column[k]);
  return status;
}

static weyl_status covariance_asked(cli *c, weyl_covariance **out) {
  const bool table = cli_given(c, "table"), spectrum = cli_given(c, "spectrum"), name = cli_given(c, "covariance");
  if (table + spectrum + name > 1)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "one of --covariance, --table and --spectrum, not several");
  return table || spectrum ? by_file(c, out) : by_name(c, out);
}

/* ---- what all actions share ---- */

bool persist_first(const persist *p) { return !p->c->comm || p->c->comm->rank == 0; }

const char *persist_what(const persist *p, char *buffer, size_t room) {
  if (p->level == 0)
    snprintf(buffer, room, "between zeros");
  else
    snprintf(buffer, room, "%s level %g", p->below ? "below" : "above", p->level);
  return buffer;
}

void persist_common(const persist *p) {
  weyl_json *json = p->c->result;
  weyl_json_string(json, "covariance", weyl_covariance_name(p->covariance));
  weyl_json_number(json, "lambda2", weyl_covariance_lambda2(p->covariance));
  weyl_json_number(json, "level", p->level);
  weyl_json_string(json, "side", p->level == 0 ? "both" : p->below ? "below" : "above");
  weyl_json_number(json, "mean", weyl_persist_level_mean(p->covariance, p->u));
}

persist_known persist_exactly_known(const persist *p) {
  const char *name = weyl_covariance_name(p->covariance);
  if (p->level != 0) return PERSIST_UNKNOWN;
  return strcmp(name, "diffusion:2") == 0           ? PERSIST_DIFFUSION2
         : strcmp(name, "random-acceleration") == 0 ? PERSIST_ACCELERATION
                                                    : PERSIST_UNKNOWN;
}

weyl_status persist_exact_at(const persist *p, double t, double *survival, double *no_zero) {
  double none = NAN;
  weyl_status status = WEYL_OK;
  if (persist_exactly_known(p) == PERSIST_DIFFUSION2)
    status = weyl_exact_diffusion2(p->c->ctx, t, &none, survival);
  else if (survival)
    *survival = weyl_exact_random_acceleration(t);
  if (no_zero) *no_zero = none;
  return status;
}

double persist_end(const persist *p, double means) {
  const double to = cli_number(p->c, "to");
  return to > 0 ? to : means * weyl_persist_level_mean(p->covariance, p->u);
}

weyl_status persist_times(const persist *p, double end, size_t n, double **t) {
  *t = weyl_alloc(p->c->ctx, n + 1, sizeof **t);
  if (!*t) return WEYL_MEMORY;
  for (size_t i = 0; i <= n; i++) (*t)[i] = end * (double)i / (double)n;
  return WEYL_OK;
}

weyl_status persist_show(const persist *p, const persist_curves *curves) {
  cli *c = p->c;
  const size_t asked = (size_t)cli_integer(c, "rows"), last = curves->n - 1;
  const size_t rows = asked < last ? asked : last, columns = curves->count + 1;
  char *text = weyl_alloc(c->ctx, (rows + 2) * columns, 24);
  const char **cells = weyl_alloc(c->ctx, (rows + 2) * columns, sizeof *cells);
  weyl_status status = text && cells ? WEYL_OK : WEYL_MEMORY;
  for (size_t k = 0; status == WEYL_OK && k < columns; k++) {
    cells[k] = k ? curves->name[k - 1] : "t";
    weyl_json_array(c->result, cells[k]);
    for (size_t i = 0; i <= rows; i++) {
      const size_t at = rows ? i * last / rows : 0;
      const double x = k ? curves->y[k - 1][at] : curves->t[at];
      char *cell = text + 24 * ((i + 1) * columns + k);
      if (isnan(x))
        weyl_json_string(c->result, NULL, NULL);
      else
        weyl_json_number(c->result, NULL, x);
      snprintf(cell, 24, k ? "%.8f" : "%.6g", x);
      cells[(i + 1) * columns + k] = isnan(x) ? "" : cell;
    }
    weyl_json_end(c->result);
  }
  if (status == WEYL_OK) cli_table(c, rows + 2, columns, cells);
  weyl_dealloc(c->ctx, cells);
  weyl_dealloc(c->ctx, text);
  return status;
}

weyl_status persist_save(const persist *p, size_t rows, size_t columns, const char *const *names,
                         const double *const *column) {
  const char *path = cli_string(p->c, "out");
  if (!path || !persist_first(p)) return WEYL_OK;
  WEYL_TRY(weyl_table_write(p->c->ctx, path, rows, columns, names, column));
  weyl_json_string(p->c->result, "file", path);
  cli_say(p->c, "\n%zu rows in %s\n", rows, path);
  return WEYL_OK;
}

weyl_status persist_draw(const persist *p, const char *title, const char *y_label, bool log_y,
                         const persist_curves *curves) {
  if (!study_draws(p->c)) return WEYL_OK;
  weyl_series series[PERSIST_CURVES];
  char label[PERSIST_CURVES][32];
  double *kept = weyl_alloc(p->c->ctx, 2 * curves->n * curves->count, sizeof *kept), *to = kept;
  if (!kept) return WEYL_MEMORY;
  for (size_t k = 0; k < curves->count; k++) { /* a logarithm has no room for 0, nor for what is not known */
    double *x = to, *y = to + curves->n;
    size_t n = 0;
    for (size_t i = 0; i < curves->n; i++) {
      if (!isfinite(curves->y[k][i]) || (log_y && !(curves->y[k][i] > 1e-12))) continue;
      x[n] = curves->t[i];
      y[n++] = curves->y[k][i];
    }
    to += 2 * curves->n;
    /* what is known at few times is dots beside a curve, and joined where there is none */
    const weyl_mark_style style = n >= 200          ? (k % 2 ? WEYL_DASHES : WEYL_LINE)
                                  : curves->n < 200 ? WEYL_LINE_POINTS
                                                    : WEYL_POINTS;
    snprintf(label[k], sizeof label[k], "%s", curves->name[k]);
    for (char *at = label[k]; (at = strchr(at, '_')) != NULL;) *at = ' ';
    series[k] = (weyl_series){label[k], style, -1, n, x, y, NULL, NULL};
  }
  const weyl_plot plot = {
      .title = title, .x_label = "t", .y_label = y_label, .log_y = log_y, .count = curves->count, .series = series};
  const weyl_status status = study_draw(p->c, &plot);
  weyl_dealloc(p->c->ctx, kept);
  return status;
}

/* ---- the exponent, and whether there is one ---- */

static void json_verdict(weyl_json *json, weyl_persist_verdict verdict) {
  weyl_json_bool(json, "valid", verdict.valid);
  if (verdict.valid) return;
  weyl_json_object(json, "violation");
  weyl_json_number(json, "t", verdict.t);
  weyl_json_string(json, "reason", verdict.reason);
  weyl_json_end(json);
}

weyl_status persist_exponent(persist *p) {
  cli *c = p->c;
  char what[64], text[3][32];
  persist_common(p);
  json_verdict(c->result, weyl_persist_validate(p->covariance));
  weyl_persist_rate rate;
  WEYL_TRY(weyl_persist_level_exponent(c->ctx, p->covariance, p->u, &rate));
  weyl_json_number(c->result, "theta", rate.theta);
  weyl_json_number(c->result, "error", rate.error);
  weyl_json_number(c->result, "amplitude", rate.amplitude);
  weyl_json_number(c->result, "decay", rate.decay);
  weyl_json_string(c->result, "method", "independent interval approximation");
  cli_say(c, "%s, intervals %s\n", weyl_covariance_name(p->covariance), persist_what(p, what, sizeof what));
  cli_say(c, "  exponent      %s +- %.1g  (independent interval approximation)\n", cli_digits(text[0], rate.theta, 13),
          rate.error);
  cli_say(c, "  tail          P(T > t) -> %s exp(-%s t)\n", cli_digits(text[0], rate.amplitude, 7),
          cli_digits(text[1], rate.theta, 6));
  cli_say(c, "  mean          %s  (Rice, exact)\n",
          cli_digits(text[2], weyl_persist_level_mean(p->covariance, p->u), 11));
  const persist_known known = persist_exactly_known(p);
  if (known == PERSIST_UNKNOWN) return WEYL_OK;
  const double exact = known == PERSIST_DIFFUSION2 ? 3.0 / 16 : 0.25;
  weyl_json_number(c->result, "exact", exact);
  cli_say(c, "  exactly       %.12g  (of the process; the approximation is off by %.2g%%)\n", exact,
          100 * fabs(rate.theta / exact - 1));
  return WEYL_OK;
}

weyl_status persist_validate(persist *p) {
  cli *c = p->c;
  enum { N = 800 };
  const weyl_persist_verdict verdict = weyl_persist_validate(p->covariance);
  persist_common(p);
  json_verdict(c->result, verdict);
  double *t = NULL, *e = NULL;
  weyl_status status;
  WEYL_GOTO(persist_times(p, persist_end(p, 4), N, &t));
  e = weyl_alloc(c->ctx, 2 * (N + 1), sizeof *e);
  status = e ? WEYL_OK : WEYL_MEMORY;
  if (!e) goto done;
  double *r = e + N + 1;
  for (size_t i = 0; i <= N; i++) {
    e[i] = weyl_clipped_slepian(p->covariance, t[i]);
    r[i] = weyl_covariance_eval(p->covariance, t[i]).r;
  }
  const persist_curves curves = {N + 1, 2, t, {"expected_sign", "r"}, {e, r}};
  cli_say(c, "%s: %s\n", weyl_covariance_name(p->covariance),
          verdict.valid ? "the expected sign after a crossing falls from 1 to 0, so the approximation is a distribution"
                        : "no interval approximation");
  cli_say(c, "lambda2 %.10g, mean interval between zeros %.10g\n\n", weyl_covariance_lambda2(p->covariance),
          weyl_covariance_mean(p->covariance));
  WEYL_GOTO(persist_show(p, &curves));
  WEYL_GOTO(
      persist_save(p, N + 1, 3, (const char *const[]){"t", "expected_sign", "r"}, (const double *const[]){t, e, r}));
  WEYL_GOTO(persist_draw(p, weyl_covariance_name(p->covariance), "", false, &curves));
  if (!verdict.valid)
    status = weyl_fail(c->ctx, WEYL_NO, "%s: invalid: at t = %.6g %s", weyl_covariance_name(p->covariance), verdict.t,
                       verdict.reason);
done:
  weyl_dealloc(c->ctx, t);
  weyl_dealloc(c->ctx, e);
  return status;
}

/* ---- the command ---- */

static weyl_status asked(cli *c, weyl_status (*run)(persist *p)) {
  persist p = {.c = c, .level = cli_number(c, "level"), .below = strcmp(cli_string(c, "side"), "below") == 0};
  p.u = p.below ? -p.level : p.level;
  WEYL_TRY(covariance_asked(c, &p.covariance));
  const weyl_status status = run(&p);
  weyl_covariance_free(p.covariance);
  return status;
}

static weyl_status exponent(cli *c) { return asked(c, persist_exponent); }
static weyl_status distribution(cli *c) { return asked(c, persist_distribution); }
static weyl_status sample(cli *c) { return asked(c, persist_sample); }
static weyl_status simulate(cli *c) { return asked(c, persist_simulate); }
static weyl_status exact(cli *c) { return asked(c, persist_exact); }
static weyl_status validate(cli *c) { return asked(c, persist_validate); }

static const study_action actions[] = {
    {"exponent", exponent, 1, 1, 0, false, NULL, NULL},
    {"distribution", distribution, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"sample", sample, 1, 1, STUDY_TABLES, false, NULL, NULL},
    {"simulate", simulate, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"exact", exact, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"validate", validate, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"series", persist_series, 2, 2, STUDY_TABLES, true, "of which file", "flow.csv --column flow"},
    {0}};

static weyl_status run(cli *c) {
  if (strcmp(c->arg[0], "simulate") == 0) {
    WEYL_TRY(study_ending(c, "path", STUDY_TABLES));
  } else if (cli_string(c, "path")) {
    snprintf(c->place, sizeof c->place, "--path");
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--path is of simulate: weyl persist simulate --path path.csv");
  }
  return study_run(c, actions);
}

static const weyl_option options[] = {
    {"covariance", WEYL_OPT_STRING, "diffusion:2", 0, 0, NULL,
     "diffusion:D, random-acceleration, matern:NU, gaussian, rational-quadratic:K, damped:Z:W, sinc"},
    {"dimension", WEYL_OPT_DOUBLE, "2", 1e-6, 1e6, NULL, "of --covariance diffusion"},
    {"nu", WEYL_OPT_DOUBLE, "1.5", 1e-6, 1e6, NULL, "smoothness of --covariance matern"},
    {"table", WEYL_OPT_STRING, "", 0, 0, NULL, "a covariance from a file (CSV, npy): t, r and, if known, r'"},
    {"spectrum", WEYL_OPT_STRING, "", 0, 0, NULL, "a covariance from a spectral density: frequency, density"},
    {"level", WEYL_OPT_DOUBLE, "0", -8, 8, NULL, "in standard deviations from the mean"},
    {"side", WEYL_OPT_CHOICE, "above", 0, 0, "above|below", "of the level"},
    {"to", WEYL_OPT_DOUBLE, "0", 0, 1e12, NULL, "the last time; 0: some mean intervals"},
    {"step", WEYL_OPT_DOUBLE, "0", 0, 1e12, NULL,
     "of the grid or the paths; 0: a 2000th or, for simulate, a 100th of the mean interval between zeros"},
    {"rows", WEYL_OPT_INT, "10", 1, 1e5, NULL, "how many steps of a curve are printed"},
    {"method", WEYL_OPT_CHOICE, "iia", 0, 0, "iia|laplace|numeric",
     "distribution: the approximation by its renewal equation or its transform, or the process by numbers"},
    {"beside", WEYL_OPT_CHOICE, "exact", 0, 0, "none|exact|numeric|simulation|all",
     "distribution: shown beside it; exact results are few"},
    {"count", WEYL_OPT_INT, "10", 1, 1e9, NULL, "sample: how many"},
    {"intervals", WEYL_OPT_INT, "1000000", 100, 1e9, NULL, "simulate, --beside simulation: at least so many"},
    {"points", WEYL_OPT_INT, "262144", 1024, 1 << 24, NULL, "of a simulated path, a power of 2"},
    {"path", WEYL_OPT_STRING, "", 0, 0, NULL, "simulate: one path (t, x) goes to this file too"},
    {"column", WEYL_OPT_STRING, "", 0, 0, NULL, "series: name or number of the column; none: the last"},
    {"dt", WEYL_OPT_DOUBLE, "0", 0, 1e12, NULL,
     "series: time from one value to the next; 0: from the first column if it rises evenly, else 1"},
    STUDY_OPTIONS_SHOWN("the numbers: .csv, .npy or .npz"),
    CLI_OPTION_MPI,
    STUDY_OPTION_END,
};

const cli_command cli_command_persist = {
    .name = "persist",
    .summary = "how long a Gaussian process stays above a level",
    .usage = "exponent|distribution|sample|simulate|exact|validate|series [FILE]",
    .details =
        "exponent: theta, with P(no crossing in [0, t]) ~ exp(-theta t), by the independent interval approximation of "
        "the Slepian process. distribution: P(T > t) of an interval and its density. sample: intervals drawn from the "
        "approximation. simulate: paths of the process itself, and their intervals beside the approximation. exact: "
        "what is known exactly (diffusion:2, random-acceleration). validate: whether the approximation is a "
        "distribution, with the first violation; 1 is the exit status when it is not.\n\n"
        "series FILE: a measured series, evenly sampled (CSV or npy). Its covariance is estimated, checked and "
        "brought to the nearest one that has an approximation, and the excursions of the series itself stand beside "
        "what follows from it.\n\n"
        "Time is in the covariance's own unit: logarithmic time for diffusion and random acceleration.",
    .examples =
        "weyl persist exponent --covariance diffusion --dimension 2\n"
        "weyl persist distribution --covariance matern:2.5 --to 20 --beside simulation --plot survival.svg\n"
        "weyl persist distribution --covariance gaussian --level 1 --side above --out above.csv\n"
        "weyl persist sample --covariance diffusion:3 --count 100000 --out intervals.npy\n"
        "mpirun -n 2 weyl persist simulate --covariance random-acceleration --json\n"
        "weyl persist exact --covariance diffusion:2 --to 20\n"
        "weyl persist validate --covariance sinc\n"
        "weyl persist series flow.csv --column flow --level 1 --plot flow.svg",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .computes = true,
    .stops = true,
    .ranks = true,
    .run = run,
};
