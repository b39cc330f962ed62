/* The runs of `weyl sense` as curves: solved, with their laws, in files and in pictures. */
#include "sense.h"

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
