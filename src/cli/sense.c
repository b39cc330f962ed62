/* weyl sense: matrices of low rank from few measurements, and which method finds them. */
#include "sense.h"
#include "studies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one run ---- */

void sense_setting_of(cli *c, sense_setting *s) {
  *s = (sense_setting){
      .measure = cli_string(c, "measure"),
      .n1 = (size_t)cli_integer(c, "n"),
      .n2 = (size_t)cli_integer(c, "n2"),
      .rank = (size_t)cli_integer(c, "rank"),
      .m = (size_t)cli_integer(c, "m"),
      .kappa = cli_number(c, "kappa"),
      .noise = cli_number(c, "noise"),
      .haar = cli_bool(c, "haar"),
      .o = {.method = cli_string(c, "method"),
            .k = (size_t)cli_integer(c, "k"),
            .symmetric = cli_bool(c, "symmetric"),
            .iterations = cli_integer(c, "iterations"),
            .eta = cli_number(c, "eta"),
            .eta_before = cli_number(c, "eta_before"),
            .trigger = cli_number(c, "trigger"),
            .beta = cli_number(c, "beta"),
            .lambda = cli_number(c, "lambda"),
            .momentum = cli_number(c, "momentum"),
            .start = strcmp(cli_string(c, "start"), "auto") == 0 ? NULL : cli_string(c, "start"),
            .alpha = cli_number(c, "alpha"),
            .imbalance = cli_number(c, "imbalance"),
            .norm = cli_string(c, "norm"),
            .tolerance = cli_number(c, "tolerance"),
            .points = cli_integer(c, "points"),
            .even = strcmp(cli_string(c, "spacing"), "even") == 0,
            .traces = (size_t)cli_integer(c, "traces"),
            .seed = cli_seed(c)},
  };
}

weyl_status sense_solve(cli *c, const sense_setting *s, sense_curve *out) {
  weyl_context *ctx = c->ctx;
  const char *measure = s->measure ? s->measure : "gaussian";
  const size_t n2 = s->n2 ? s->n2 : s->n1, k = s->o.k ? s->o.k : s->rank;
  /* about ten for each number to choose */
  const size_t m = s->m ? s->m : 10 * s->rank * (s->n1 + n2);
  weyl_sensing *a = NULL;
  weyl_sense_truth truth = {0};
  sense_curve made = {.label = ""};
  double *y = NULL, *sigma = NULL;
  weyl_status status;
  if (s->o.symmetric && n2 != s->n1) return weyl_fail(ctx, WEYL_BAD_ARG, "--symmetric of a %zux%zu matrix", s->n1, n2);
  if (s->rank > s->n1 || s->rank > n2)
    return weyl_fail(ctx, WEYL_BAD_ARG, "rank %zu of a %zux%zu matrix, must be at most %zu", s->rank, s->n1, n2,
                     s->n1 < n2 ? s->n1 : n2);
  /* kinds that have only so many different ones: by themselves not more than half of those */
  const bool bounded =
      strcmp(measure, "entries") == 0 || strcmp(measure, "hadamard") == 0 || strcmp(measure, "fourier") == 0;
  const double half = (double)s->n1 * (double)n2 / (s->o.symmetric ? 4 : 2);
  const weyl_sensing_opts o = {s->n1, n2, !s->m && bounded && (double)m > half ? (size_t)ceil(half) : m, s->o.symmetric,
                               s->o.seed};
  if (strcmp(measure, "population") != 0) WEYL_TRY(weyl_sense_enough(ctx, s->n1, n2, s->rank, s->o.symmetric, o.m));
  WEYL_GOTO(weyl_sensing_new(ctx, measure, &o, &a));
  sigma = weyl_alloc(ctx, s->rank, sizeof *sigma);
  y = weyl_alloc(ctx, weyl_sensing_count(a), sizeof *y);
  status = sigma && y ? WEYL_OK : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  for (size_t j = 0; j < s->rank; j++)
    sigma[j] = s->rank > 1 && s->kappa > 0 ? pow(s->kappa, -(double)j / (double)(s->rank - 1)) : 1;
  /* what the measurements see as they are needs directions of its own */
  const bool haar = s->haar || (strcmp(measure, "gaussian") != 0 && strcmp(measure, "regenerated") != 0 &&
                                strcmp(measure, "population") != 0);
  WEYL_GOTO(weyl_sense_truth_new(ctx, s->n1, n2, s->rank, sigma, s->o.symmetric, haar, s->o.seed, &truth));
  WEYL_GOTO(weyl_sense_measure(a, &truth, s->noise, s->o.seed, y));
  weyl_sense_opts asked = s->o;
  asked.k = k;
  WEYL_GOTO(weyl_sense_run(ctx, a, y, &asked, &truth, &made.r));
  snprintf(made.label, sizeof made.label, "%s", s->label ? s->label : asked.method ? asked.method : "gd");
  status = weyl_sense_law_find(ctx, made.r.points, made.r.t, made.r.error2_at, &made.law);
  if (status != WEYL_OK) weyl_sense_result_free(ctx, &made.r);
done:
  weyl_sensing_free(a);
  weyl_sense_truth_free(ctx, &truth);
  weyl_dealloc(ctx, sigma);
  weyl_dealloc(ctx, y);
  if (status == WEYL_OK) *out = made;
  return status;
}

void sense_curves_free(cli *c, size_t count, sense_curve *curves) {
  for (size_t i = 0; i < count; i++) weyl_sense_result_free(c->ctx, &curves[i].r);
}

/* ---- laws ---- */

void sense_law_json(weyl_json *json, const weyl_sense_law *law) {
  weyl_json_string(json, "law", law->name);
  const struct {
    const char *key;
    double value;
  } numbers[] = {
      {"slope", law->slope}, {"r2", law->r2}, {"constant", law->constant}, {"from", law->from}, {"to", law->to}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (isfinite(numbers[i].value))
      weyl_json_number(json, numbers[i].key, numbers[i].value);
    else
      weyl_json_string(json, numbers[i].key, NULL);
}

const char *sense_law_text(char *buffer, size_t room, const weyl_sense_law *law) {
  if (strcmp(law->name, "power") == 0)
    snprintf(buffer, room, "t^%.3f", law->slope);
  else if (strcmp(law->name, "linear") == 0)
    snprintf(buffer, room, "exp(%.4g t)", law->slope);
  else
    snprintf(buffer, room, "none");
  return buffer;
}

/* ---- files and pictures ---- */

weyl_status sense_save(cli *c, size_t count, const sense_curve *curves) {
  const char *path = cli_string(c, "out");
  if (!path) return WEYL_OK;
  enum { COLUMNS = 4 * SENSE_CURVES + 32 };
  static const char *const kinds[] = {"t", "error2", "residual"};
  char names[COLUMNS][80];
  const char *name[COLUMNS];
  const double *column[COLUMNS];
  size_t rows = 0, columns = 0, made = 0;
  double *padded[COLUMNS];
  weyl_status status = WEYL_OK;
  for (size_t i = 0; i < count; i++) rows = curves[i].r.points > rows ? curves[i].r.points : rows;
  for (size_t i = 0; i < count && status == WEYL_OK; i++) {
    const weyl_sense_result *r = &curves[i].r;
    const size_t traces = count == 1 ? (r->traces < 30 ? r->traces : 30) : 0;
    for (size_t k = 0; k < 3 + traces && status == WEYL_OK; k++) {
      double *to = weyl_alloc(c->ctx, rows, sizeof *to);
      if (!to) {
        status = WEYL_MEMORY;
        break;
      }
      padded[made++] = to;
      for (size_t p = 0; p < rows; p++)
        to[p] = p >= r->points ? NAN
                : k >= 3       ? r->trace[p * r->traces + k - 3]
                               : (k == 0   ? r->t
                                  : k == 1 ? r->error2_at
                                           : r->residual_at)[p];
      if (k >= 3)
        snprintf(names[columns], sizeof names[0], "sigma_%zu", k - 2);
      else
        snprintf(names[columns], sizeof names[0], count > 1 ? "%s (%s)" : "%s", kinds[k], curves[i].label);
      for (char *x = names[columns]; *x; x++)
        if (*x == ',') *x = ';';
      name[columns] = names[columns];
      column[columns++] = to;
    }
  }
  if (status == WEYL_OK) status = weyl_table_write(c->ctx, path, rows, columns, name, column);
  for (size_t i = 0; i < made; i++) weyl_dealloc(c->ctx, padded[i]);
  WEYL_TRY(status);
  weyl_json_string(c->result, "file", path);
  cli_say(c, "\n%zu points in %s\n", rows, path);
  return WEYL_OK;
}

/* The fitted law over its window, or nothing. */
static size_t fitted(const weyl_sense_law *law, size_t room, double *x, double *y) {
  if (!isfinite(law->slope)) return 0;
  const bool power = strcmp(law->name, "power") == 0;
  for (size_t i = 0; i < room; i++) {
    const double share = (double)i / (double)(room - 1);
    x[i] = power ? law->from * pow(law->to / law->from, share) : law->from + share * (law->to - law->from);
    y[i] = exp(law->constant + law->slope * (power ? log(x[i]) : x[i]));
  }
  return room;
}

weyl_status sense_draw(cli *c, const char *title, bool log_x, bool fits, size_t count, const sense_curve *curves) {
  enum { FIT = 40 };
  weyl_series series[2 * SENSE_CURVES];
  double x[SENSE_CURVES][FIT], y[SENSE_CURVES][FIT];
  char text[SENSE_CURVES][128];
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    const weyl_sense_result *r = &curves[i].r;
    char law[40];
    snprintf(text[i], sizeof text[i], "%s%s%s", curves[i].label, fits && isfinite(curves[i].law.slope) ? ":  " : "",
             fits && isfinite(curves[i].law.slope) ? sense_law_text(law, sizeof law, &curves[i].law) : "");
    series[used++] =
        (weyl_series){text[i], i < 7 ? WEYL_LINE : WEYL_DASHES, (int)i % 7, r->points, r->t, r->error2_at, NULL, NULL};
  }
  for (size_t i = 0; fits && i < count; i++) { /* the law over its window, on its curve */
    const size_t n = fitted(&curves[i].law, FIT, x[i], y[i]);
    if (n > 0) series[used++] = (weyl_series){NULL, WEYL_DASHES, 7, n, x[i], y[i], NULL, NULL};
  }
  const weyl_plot plot = {.title = title,
                          .x_label = "step t",
                          .y_label = "|F G^T - M*|_F^2",
                          .log_x = log_x,
                          .log_y = true,
                          .count = used,
                          .series = series,
                          .width = 720,
                          .height = 460};
  return study_draw(c, &plot);
}

weyl_status sense_table(cli *c, size_t count, const sense_curve *curves) {
  enum { COLUMNS = 7 };
  char text[SENSE_CURVES + 1][COLUMNS][64];
  const char *cells[(SENSE_CURVES + 1) * COLUMNS] = {"run", "k", "steps", "error^2", "law", "R^2", "ms a step"};
  weyl_json_array(c->result, "runs");
  for (size_t i = 0; i < count; i++) {
    const weyl_sense_result *r = &curves[i].r;
    char(*t)[64] = text[i + 1];
    const double per = r->iterations ? 1e3 * r->seconds / (double)r->iterations : 0;
    snprintf(t[0], 64, "%s", curves[i].label);
    snprintf(t[1], 64, "%zu", r->k);
    snprintf(t[2], 64, "%lld", (long long)r->iterations);
    snprintf(t[3], 64, "%.3g", r->error2);
    sense_law_text(t[4], 64, &curves[i].law);
    t[5][0] = 0;
    if (isfinite(curves[i].law.r2)) snprintf(t[5], 64, "%.5f", curves[i].law.r2);
    snprintf(t[6], 64, "%.3g", per);
    for (size_t k = 0; k < COLUMNS; k++) cells[(i + 1) * COLUMNS + k] = t[k];
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "label", curves[i].label);
    weyl_json_integer(c->result, "k", (int64_t)r->k);
    weyl_json_integer(c->result, "iterations", r->iterations);
    weyl_json_number(c->result, "error2", r->error2);
    weyl_json_number(c->result, "residual", r->residual);
    sense_law_json(c->result, &curves[i].law);
    weyl_json_number(c->result, "ms_per_step", per);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  cli_table(c, count + 1, COLUMNS, cells);
  return WEYL_OK;
}

/* ---- run ---- */

/* What the asymptotics say of this run (sheet 2.3 and 2.4), for exact measurements. */
static void predict(cli *c, const sense_setting *s, const weyl_sense_result *r) {
  const char *method = s->o.method;
  const size_t n2 = s->n2 ? s->n2 : s->n1, least = (s->n1 < n2 ? s->n1 : n2) - s->rank,
               q = r->k - s->rank < least ? r->k - s->rank : least;
  char text[128] = "";
  double slope = NAN, error2 = NAN;
  if (r->k < s->rank) {
    snprintf(text, sizeof text, "k is below the rank: an error stays");
  } else if (strcmp(method, "gd") == 0 && s->o.symmetric && r->k > s->rank) {
    slope = -2;
    error2 = (double)q / (4 * r->eta * r->eta * (double)r->iterations * (double)r->iterations);
    snprintf(text, sizeof text, "t^-2, error^2 -> (k - r) / (4 eta^2 t^2) = %.4g", error2);
  } else if (strcmp(method, "modified") == 0 && r->switched >= 0) {
    slope = 2 * log1p(-r->eta * r->beta * r->beta);
    snprintf(text, sizeof text, "exp(%.4g t) with exact measurements: 2 ln(1 - eta beta^2)", slope);
  } else if (strcmp(method, "gd") == 0 && r->k > s->rank && r->switched < 0 &&
             strcmp(s->o.start ? s->o.start : "random", "random") == 0) {
    snprintf(text, sizeof text, "exp(-c eta alpha^2 t): faster from a larger start");
  } else if (strcmp(method, "gd") == 0 && r->k == s->rank) {
    snprintf(text, sizeof text, "exp(-c eta sigma_r t)");
  }
  weyl_json_object(c->result, "predicted");
  weyl_json_string(c->result, "text", text[0] ? text : NULL);
  if (isfinite(slope)) weyl_json_number(c->result, "slope", slope);
  if (isfinite(error2)) weyl_json_number(c->result, "error2", error2);
  weyl_json_end(c->result);
  if (text[0]) cli_say(c, "  theory      %s\n", text);
}

static weyl_status run_one(cli *c) {
  sense_setting s;
  sense_curve curve;
  char text[64], number[3][32];
  sense_setting_of(c, &s);
  WEYL_TRY(sense_solve(c, &s, &curve));
  const weyl_sense_result *r = &curve.r;
  weyl_json *json = c->result;
  weyl_json_integer(json, "iterations", r->iterations);
  weyl_json_number(json, "error2", r->error2);
  weyl_json_number(json, "residual", r->residual);
  sense_law_json(json, &curve.law);
  weyl_json_integer(json, "k", (int64_t)r->k);
  weyl_json_number(json, "eta", r->eta);
  if (r->switched >= 0) {
    weyl_json_integer(json, "switched", r->switched);
    weyl_json_number(json, "beta", r->beta);
  }
  weyl_json_number(json, "seconds_iterating", r->seconds);
  cli_say(c, "%s, %zux%zu of rank %zu, %s, k = %zu%s\n", s.measure, r->n1, r->n2, s.rank, s.o.method, r->k,
          s.o.symmetric ? ", symmetric" : "");
  cli_say(c, "  steps       %lld, %s ms each, eta = %s\n", (long long)r->iterations,
          cli_digits(number[0], r->iterations ? 1e3 * r->seconds / (double)r->iterations : 0, 3),
          cli_digits(number[1], r->eta, 4));
  if (r->switched >= 0)
    cli_say(c, "  switched    after %lld steps%s%s\n", (long long)r->switched, r->beta > 0 ? ", beta = " : "",
            r->beta > 0 ? cli_digits(number[2], r->beta, 4) : "");
  cli_say(c, "  error^2     %.4g   (|%s - M*|_F^2)\n", r->error2, s.o.symmetric ? "X X^T" : "F G^T");
  cli_say(c, "  residual    %.4g   (|A(.) - y| / |y|)\n", r->residual);
  if (isfinite(curve.law.slope))
    cli_say(c, "  law         error^2 ~ %s, R^2 = %.5f over t = %g to %g\n",
            sense_law_text(text, sizeof text, &curve.law), curve.law.r2, curve.law.from, curve.law.to);
  else
    cli_say(c, "  law         neither a power nor exponential\n");
  predict(c, &s, r);
  weyl_status status = sense_save(c, 1, &curve);
  char title[128];
  snprintf(title, sizeof title, "%s, %s, n = %zu, r = %zu, k = %zu", s.measure, s.o.method, r->n1, s.rank, r->k);
  if (status == WEYL_OK) status = sense_draw(c, title, strcmp(curve.law.name, "power") == 0, true, 1, &curve);
  sense_curves_free(c, 1, &curve);
  return status;
}

/* ---- law of a file ---- */

static weyl_status law(cli *c) {
  weyl_table table;
  WEYL_TRY(weyl_table_read(c->ctx, c->arg[1], &table));
  const size_t columns = table.columns;
  double *t = weyl_alloc(c->ctx, 2 * table.rows, sizeof *t), *e = t ? t + table.rows : NULL;
  size_t n = 0;
  weyl_status status = t ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK && columns < 2)
    status = weyl_fail(c->ctx, WEYL_FORMAT, "%zu column, must be t and error^2 (%s)", columns, c->arg[1]);
  for (size_t i = 0; status == WEYL_OK && i < table.rows; i++) {
    t[n] = table.value[i * columns];
    e[n] = table.value[i * columns + 1];
    n += !(isnan(t[n]) && isnan(e[n])); /* shorter curves end in nothing */
  }
  weyl_sense_law found;
  if (status == WEYL_OK) {
    status = weyl_sense_law_find(c->ctx, n, t, e, &found);
    if (status == WEYL_BAD_ARG) status = weyl_fail_within(c->ctx, WEYL_FORMAT, "%s", c->arg[1]);
  }
  if (status == WEYL_OK) {
    char text[64];
    weyl_json_integer(c->result, "points", (int64_t)n);
    sense_law_json(c->result, &found);
    if (isfinite(found.slope))
      cli_say(c, "%s: error^2 ~ %s, R^2 = %.5f over t = %g to %g\n", found.name,
              sense_law_text(text, sizeof text, &found), found.r2, found.from, found.to);
    else
      cli_say(c, "none: neither a power nor exponential over %zu points\n", n);
    const sense_curve curve = {.label = "error^2", .r = {.points = n, .t = t, .error2_at = e}, .law = found};
    status = sense_draw(c, c->arg[1], strcmp(found.name, "power") == 0, true, 1, &curve);
  }
  weyl_dealloc(c->ctx, t);
  weyl_table_free(c->ctx, &table);
  return status;
}

/* ---- the sheet's numbers ---- */

static weyl_status check(cli *c) {
  enum { COLUMNS = 6, MOST = 64 };
  char text[MOST + 1][COLUMNS][64];
  const char *cells[(MOST + 1) * COLUMNS] = {"what", "quantity", "known", "ours", "holds", "budget"};
  size_t rows = 1, failed = 0;
  weyl_sense_checks *checks;
  WEYL_TRY(weyl_sense_checks_new(c->ctx, cli_bool(c, "full"), &checks));
  weyl_status status = WEYL_OK;
  weyl_json_array(c->result, "rows");
  for (const weyl_sense_check *k; (k = weyl_sense_check_at(rows - 1)) != NULL && rows <= MOST; rows++) {
    double ours;
    char(*t)[64] = text[rows];
    const double start = weyl_seconds();
    WEYL_GOTO(weyl_sense_check_run(checks, rows - 1, &ours, t[5]));
    const bool holds = ours >= k->low && ours <= k->high;
    failed += !holds;
    snprintf(t[0], 64, "%s", k->name);
    snprintf(t[1], 64, "%s", k->metric);
    t[2][0] = 0;
    if (!isnan(k->known)) snprintf(t[2], 64, "%.4g", k->known);
    snprintf(t[3], 64, "%.4g", ours);
    snprintf(t[4], 64, "%s", holds ? "yes" : "NO");
    for (size_t j = 0; j < COLUMNS; j++) cells[rows * COLUMNS + j] = t[j];
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", k->name);
    weyl_json_string(c->result, "metric", k->metric);
    if (isnan(k->known))
      weyl_json_string(c->result, "paper", NULL);
    else
      weyl_json_number(c->result, "paper", k->known);
    weyl_json_number(c->result, "ours", ours);
    weyl_json_number(c->result, "low", k->low);
    weyl_json_number(c->result, "high", k->high);
    weyl_json_bool(c->result, "holds", holds);
    weyl_json_string(c->result, "budget", t[5]);
    weyl_json_string(c->result, "source", k->source);
    weyl_json_string(c->result, "better", k->better);
    weyl_json_number(c->result, "seconds", weyl_seconds() - start);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  cli_table(c, rows, COLUMNS, cells);
  cli_say(c, "\n%zu of %zu hold\n", rows - 1 - failed, rows - 1);
  if (failed) status = WEYL_NO;
done:
  weyl_sense_checks_free(checks);
  return status;
}

/* ---- the command ---- */

static const study_action actions[] = {
    {"run", run_one, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"compare", sense_compare, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"figure", sense_figure, 1, 2, STUDY_TABLES, true, NULL, NULL},
    {"law", law, 2, 2, 0, true, "which file? Columns t and error^2, as --out writes them", "log.csv"},
    {"complete", sense_complete, 2, 2, STUDY_ANY, true,
     "which file? Lines of row, column, value; a matrix (npy); or an image (png, pgm, ppm)", "ratings.csv"},
    {"check", check, 1, 1, 0, false, NULL, NULL},
    {0}};

static weyl_status run(cli *c) { return study_run(c, actions); }

static const weyl_option options[] = {
    {"measure", WEYL_OPT_CHOICE, "gaussian", 0, 0,
     "population|gaussian|regenerated|rank-one|entries|hadamard|fourier|kronecker", "kind of measurements"},
    {"n", WEYL_OPT_INT, "50", 1, 1e7, NULL, "rows of the matrix"},
    {"n2", WEYL_OPT_INT, "0", 0, 1e7, NULL, "columns; 0: as many"},
    {"rank", WEYL_OPT_INT, "3", 1, 1e4, NULL, "its rank r; complete: the rank of the answer, chosen when not given"},
    {"m", WEYL_OPT_INT, "0", 0, 2147483647, NULL, "measurements; 0: 10 r (n + n2)"},
    {"kappa", WEYL_OPT_DOUBLE, "1", 1, 1e12, NULL, "singular values fall from 1 to 1 / kappa"},
    {"noise", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "added to y: noise N(0, 1) / sqrt(m)"},
    {"haar", WEYL_OPT_BOOL, "no", 0, 0, NULL, "random singular vectors instead of unit vectors"},
    {"method", WEYL_OPT_CHOICE, "gd", 0, 0, "gd|modified|scaled-gd|prec-gd|gauss-newton|nesterov|alt-min|iht|fista|svt",
     "how it is sought"},
    {"k", WEYL_OPT_INT, "0", 0, 1e4, NULL, "columns of the factors; 0: the rank"},
    {"symmetric", WEYL_OPT_BOOL, "no", 0, 0, NULL, "X X^T in place of F G^T"},
    {"iterations", WEYL_OPT_INT, "0", 0, 1e9, NULL, "steps at most; 0: 1000 (complete: 200)"},
    {"eta", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "step size; 0: the method's own"},
    {"eta_before", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "step size until the trigger (modified, prec-gd)"},
    {"trigger", WEYL_OPT_DOUBLE, "0", 0, 1, NULL, "relative residual where modified and prec-gd begin; 0: 0.1"},
    {"beta", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "of modified; 0: 0.7 sqrt(sigma_r), seen in the factors"},
    {"lambda", WEYL_OPT_DOUBLE, "0", 0, 1e12, NULL,
     "damping (scaled-gd, prec-gd), weight (fista, svt), ridge (alt-min)"},
    {"momentum", WEYL_OPT_DOUBLE, "0", 0, 0.9999, NULL, "of nesterov; 0: 0.9"},
    {"start", WEYL_OPT_CHOICE, "auto", 0, 0, "auto|random|balanced|spectral|near",
     "where it starts; auto: the method's own"},
    {"alpha", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "scale of a random start; 0: 0.2 sqrt(sigma_1)"},
    {"imbalance", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "G_0 is this times as large as F_0; 0: 1/3"},
    {"norm", WEYL_OPT_CHOICE, "inv_n", 0, 0, "inv_n|inv_k|one", "variance of the start's entries: 1/n, 1/k, 1"},
    {"tolerance", WEYL_OPT_DOUBLE, "0", 0, 1, NULL, "ends at this relative residual; 0: 1e-15"},
    {"points", WEYL_OPT_INT, "400", 2, 1e6, NULL, "of the log, at most"},
    {"spacing", WEYL_OPT_CHOICE, "ratio", 0, 0, "ratio|even", "of these points in t"},
    {"traces", WEYL_OPT_INT, "0", 0, 30, NULL, "singular values of the answer in each row of --out"},
    {"methods", WEYL_OPT_STRING, "", 0, 0, NULL, "of compare and complete, commas between"},
    STUDY_OPTION_FULL,
    {"hide", WEYL_OPT_DOUBLE, "0", 0, 0.99, NULL, "complete: leave out this share too, and tell how well it was found"},
    {"held", WEYL_OPT_DOUBLE, "0.1", 0.001, 0.8, NULL, "complete: share of entries that choose rank and method"},
    {"rank_max", WEYL_OPT_INT, "30", 1, 1000, NULL, "complete: the largest rank tried"},
    {"ridge", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "complete: of alt-min, in shares of the noise-free size; 0: chosen"},
    {"centre", WEYL_OPT_CHOICE, "mean", 0, 0, "none|mean|effects", "complete: what is taken off first"},
    {"base", WEYL_OPT_INT, "-1", -1, 1, NULL, "complete: indices begin at 0 or 1; -1: seen in the file"},
    {"shape", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: ROWSxCOLUMNS; the largest indices otherwise"},
    {"mask", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: an image, black where a pixel is missing"},
    {"missing", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: the value that stands for a missing entry"},
    {"ask", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: a file of rows and columns whose values --out is to hold"},
    STUDY_OPTIONS_SHOWN("csv, npy or npz: the points of the log; complete: the answer, in the form of the input"),
    STUDY_OPTION_END,
};

const cli_command cli_command_sense = {
    .name = "sense",
    .summary = "matrices of low rank from few measurements, and missing entries",
    .usage = "run|compare|figure|law|complete|check [ARG]",
    .details =
        "run: one method on one problem, with the law by which its error falls. compare: all methods on one problem. "
        "figure NAME: the curves of a figure, as a picture and a table; without NAME the list. law FILE: the law of "
        "a trajectory (columns t, error^2). check: known values, computed again.\n\n"
        "complete FILE: fills in what is missing. FILE has a row, a column and a value in each line; or is a matrix "
        "(npy, nan where it has gaps) or an image (png, pgm, ppm; missing where transparent, or by --mask). Rank and "
        "method are those that foretell entries held out best.\n\n"
        "M* has rank r and is sought as F G^T with k columns. With k > r plain descent slows: t^-2 for X X^T, "
        "exp(-c alpha^2 t) for F G^T; one rebalancing step (modified), or a preconditioned method, mends it.",
    .examples =
        "weyl sense run --measure population --symmetric --k 5 --eta 0.1 --alpha 0.2 --iterations 20000\n"
        "weyl sense run --method modified --k 5 --alpha 0.05 --plot modified.svg\n"
        "weyl sense compare --k 5 --kappa 10\n"
        "weyl sense figure fig-2b --plot fig-2b.png\n"
        "weyl sense complete ratings.csv --ask wanted.csv --out predicted.csv\n"
        "weyl sense complete photo.png --hide 0.5 --out filled.png",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .computes = true,
    .stops = true,
    .run = run,
};
