/* weyl report: a run as one HTML page, and its pictures as SVG and PNG. */
#include "audit.h"
#include "report.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double *report_numbers(report *r, int64_t n) { return weyl_arena_array(r->arena, double, n > 0 ? n : 1); }

weyl_status report_picture(report *r, const weyl_plot *plots, size_t count, int columns, const char *name,
                           const char *caption) {
  for (size_t i = 0; i < count; i++) WEYL_TRY(weyl_page_plot(r->page, &plots[i], i + 1 == count ? caption : NULL));
  static const char *const ending[] = {"svg", "png"};
  for (int k = 0; k < 2 && r->drawing; k++) {
    const char *path = weyl_arena_printf(r->arena, "%s/%s.%s", r->folder, name, ending[k]);
    if (!path) return WEYL_MEMORY;
    const weyl_status status = weyl_plot_sheet_write(r->c->ctx, plots, count, columns, path);
    if (status == WEYL_UNSUPPORTED) { /* the page says so where the picture would be */
      cli_note(r->c, "warning: %s", weyl_message(r->c->ctx));
      weyl_message_clear(r->c->ctx);
      r->drawing = false;
      return WEYL_OK;
    }
    WEYL_TRY(status);
    r->pictures++;
  }
  return WEYL_OK;
}

/* ---- the log ---- */

enum { EPOCH, TRAIN, VALID, RATE, EQUIVARIANCE, COLUMNS };

typedef struct history {
  size_t lines;
  double *column[COLUMNS]; /* NaN where a line has no such number */
  char metric[32];         /* the one of VALID */
} history;

static double number_of(const json_t *value) { return json_is_number(value) ? json_number_value(value) : NAN; }

static void read_line(const json_t *line, history *h) {
  const size_t i = h->lines++;
  h->column[EPOCH][i] = number_of(json_object_get(line, "epoch"));
  h->column[TRAIN][i] = number_of(json_object_get(line, "train_loss"));
  h->column[RATE][i] = number_of(json_object_get(line, "rate"));
  h->column[EQUIVARIANCE][i] = number_of(json_object_get(line, "equivariance"));
  h->column[VALID][i] = NAN;
  void *first =
      json_object_iter(json_object_get(line, "valid")); /* metrics stand in order, the one that selects first */
  if (!first) return;
  h->column[VALID][i] = number_of(json_object_iter_value(first));
  snprintf(h->metric, sizeof h->metric, "%s", json_object_iter_key(first));
}

static weyl_status read_log(report *r, history *h) {
  char *text = NULL;
  size_t bytes = 0, lines = 0;
  const char *path = weyl_arena_printf(r->arena, "%s/log.jsonl", r->run);
  if (!path) return WEYL_MEMORY;
  WEYL_TRY(weyl_file_read(r->c->ctx, path, 0, &text, &bytes));
  for (size_t i = 0; i < bytes; i++) lines += text[i] == '\n';
  weyl_status status = WEYL_OK;
  for (int k = 0; k < COLUMNS; k++) {
    h->column[k] = report_numbers(r, (int64_t)lines + 1);
    if (!h->column[k]) status = WEYL_MEMORY;
  }
  size_t number = 0;
  for (char *at = text, *end; status == WEYL_OK && *at; at = end + 1) {
    end = strchr(at, '\n');
    if (!end) break; /* a line that is not finished is being written, or was when the machine stopped */
    number++;
    json_error_t error;
    json_t *line = json_loadb(at, (size_t)(end - at), 0, &error);
    if (json_is_object(line))
      read_line(line, h);
    else
      status = weyl_fail(r->c->ctx, WEYL_FORMAT, "not a JSON object: %s (%s:%zu)", line ? "another value" : error.text,
                         path, number);
    json_decref(line);
  }
  weyl_dealloc(r->c->ctx, text);
  return status;
}

static bool any_finite(const double *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (isfinite(x[i]) && x[i] > 0) return true;
  }
  return false;
}

static weyl_status curves(report *r, const history *h) {
  weyl_page_heading(r->page, "Training");
  if (!any_finite(h->column[TRAIN], h->lines) && !any_finite(h->column[VALID], h->lines)) {
    weyl_page_text(r->page, "The log holds no evaluation with a positive loss: there is no curve to draw.");
    return WEYL_OK;
  }
  char label[64];
  snprintf(label, sizeof label, "validation %s", h->metric);
  const weyl_series s[] = {{.label = "training loss",
                            .style = WEYL_LINE,
                            .colour = 0,
                            .n = h->lines,
                            .x = h->column[EPOCH],
                            .y = h->column[TRAIN]},
                           {.label = label,
                            .style = h->lines > 60 ? WEYL_LINE : WEYL_LINE_POINTS,
                            .colour = 1,
                            .n = h->lines,
                            .x = h->column[EPOCH],
                            .y = h->column[VALID]}};
  const weyl_plot plot = {
      .title = "Loss over training", .x_label = "epoch", .y_label = "loss", .log_y = true, .count = 2, .series = s};
  WEYL_TRY(
      report_picture(r, &plot, 1, 1, "loss", "Training loss (mean over an epoch) and validation error; logarithmic."));
  if (!any_finite(h->column[EQUIVARIANCE], h->lines)) return WEYL_OK;
  const weyl_series e = {
      .style = WEYL_LINE_POINTS, .colour = 2, .n = h->lines, .x = h->column[EPOCH], .y = h->column[EQUIVARIANCE]};
  const weyl_plot over = {.title = "Equivariance error over training",
                          .x_label = "epoch",
                          .y_label = "relative error",
                          .log_y = true,
                          .count = 1,
                          .series = &e};
  return report_picture(
      r, &over, 1, 1, "equivariance-training",
      "Mean error |f(g x) - g f(x)| relative to the output's root mean square, measured at each evaluation.");
}

/* ---- the test ---- */

static weyl_status results(report *r, weyl_trained *trained, const weyl_splits *splits) {
  weyl_metric valid[WEYL_METRICS], test[WEYL_METRICS];
  int n_valid = 0, n_test = 0;
  int64_t samples_valid = 0, samples_test = 0;
  WEYL_TRY(weyl_trained_eval(trained, splits->valid, valid, &n_valid, &samples_valid));
  WEYL_TRY(weyl_trained_eval(trained, splits->test, test, &n_test, &samples_test));
  const char *cells[3 * (WEYL_METRICS + 1)] = {"metric", "validation", "test"};
  char text[2 * WEYL_METRICS][32];
  weyl_json_object(r->c->result, "test");
  for (int i = 0; i < n_test; i++) {
    cells[3 * i + 3] = test[i].name;
    cells[3 * i + 4] = i < n_valid ? cli_digits(text[2 * i], valid[i].value, 5) : "";
    cells[3 * i + 5] = cli_digits(text[2 * i + 1], test[i].value, 5);
    weyl_json_number(r->c->result, test[i].name, test[i].value);
  }
  weyl_json_end(r->c->result);
  weyl_page_heading(r->page, "Test");
  weyl_page_table(r->page, (size_t)n_test + 1, 3, cells);
  weyl_page_text(r->page, "%lld validation and %lld test samples.", (long long)samples_valid, (long long)samples_test);
  return WEYL_OK;
}

/* ---- symmetry ---- */

static weyl_status symmetry(report *r) {
  cli *c = r->c;
  const cli_audit_ask ask = {
      .data = cli_string(c, "data"), .inputs = cli_integer(c, "inputs"), .elements = 2, .scale = 1, .seed = 1};
  cli_audit *a = weyl_arena_array(r->arena, cli_audit, 1);
  if (!a) return WEYL_MEMORY;
  WEYL_TRY(cli_audit_measure(c, r->run, &ask, r->arena, a));
  static const char *const dtype[2] = {"f32", "f64"};
  const char *cells[6 * (2 * CLI_AUDIT_GROUPS + 1)] = {"group",       "type",     "mean error",
                                                       "worst error", "promised", "holds"};
  const char *names[2 * CLI_AUDIT_GROUPS];
  double *place = report_numbers(r, 2 * CLI_AUDIT_GROUPS), *mean = report_numbers(r, 2 * CLI_AUDIT_GROUPS),
         *worst = report_numbers(r, 2 * CLI_AUDIT_GROUPS);
  if (!place || !mean || !worst) return WEYL_MEMORY;
  size_t row = 1, bars = 0;
  for (int k = 0; k < a->subjects; k++) {
    for (int t = 0; t < 2; t++) {
      const cli_audit_finding *f = &a->found[k][t];
      const char **at = &cells[6 * row++];
      at[0] = a->subject[k].name;
      at[1] = dtype[t];
      at[2] = weyl_arena_printf(r->arena, "%.3g", f->result.mean);
      at[3] = weyl_arena_printf(r->arena, "%.3g", f->result.max);
      at[4] = a->subject[k].expected ? "yes" : "no";
      at[5] = f->holds ? "yes" : "no";
      place[bars] = (double)bars;
      mean[bars] = fmax(f->result.mean, 1e-17); /* exact zeros stand at the foot of the picture */
      worst[bars] = fmax(f->result.max, 1e-17);
      names[bars++] = weyl_arena_printf(r->arena, "%s %s", at[0], at[1]);
    }
  }
  weyl_page_heading(r->page, "Symmetry");
  weyl_page_text(r->page,
                 "%s: random group elements act on %lld test inputs, %d each; errors are |f(g x) - g f(x)| relative to "
                 "the output's root "
                 "mean square. weyl audit gives the offending elements.",
                 a->holds ? "The symmetry of the task holds" : "The symmetry of the task does not hold",
                 (long long)ask.inputs, ask.elements);
  weyl_page_table(r->page, row, 6, cells);
  weyl_json_string(c->result, "verdict", a->holds ? "holds" : "fails");
  if (a->frames) weyl_page_text(r->page, "Smallest relative gap between eigenvalues of a frame: %.3g.", a->gap);
  const weyl_series s[] = {{.label = "mean", .style = WEYL_BARS, .colour = 0, .n = bars, .x = place, .y = mean},
                           {.label = "worst", .style = WEYL_BARS, .colour = 1, .n = bars, .x = place, .y = worst}};
  const weyl_plot plot = {.title = "Equivariance error",
                          .y_label = "relative error",
                          .log_y = true,
                          .count = 2,
                          .series = s,
                          .names = names,
                          .names_count = bars};
  return report_picture(r, &plot, 1, 1, "equivariance", "Rounding is about 1e-7 in float and 1e-16 in double.");
}

/* ---- the page ---- */

static weyl_status about(report *r, const weyl_trained *trained) {
  const weyl_options *o = weyl_trained_options(trained);
  const size_t n = weyl_options_count(o);
  const char **cells = weyl_arena_array(r->arena, const char *, 2 * (n + 5));
  if (!cells) return WEYL_MEMORY;
  size_t row = 0;
  const char *seed = weyl_arena_printf(r->arena, "%llu", (unsigned long long)weyl_trained_seed(trained));
  const char *const head[5][2] = {{"option", "value"},
                                  {"task", weyl_trained_task(trained)->name},
                                  {"model", weyl_trained_model(trained)->name},
                                  {"symmetry", weyl_trained_symmetry(trained)},
                                  {"seed", seed}};
  for (; row < 5; row++) {
    cells[2 * row] = head[row][0];
    cells[2 * row + 1] = head[row][1];
  }
  for (size_t i = 0; i < n; i++, row++) {
    const char *value;
    cells[2 * row] = weyl_options_at(o, i, &value)->name;
    cells[2 * row + 1] = value;
  }
  weyl_page_heading(r->page, "Options");
  weyl_page_table(r->page, row, 2, cells);
  weyl_page_text(r->page, "Made by weyl %s from %s; config.ini there repeats the run.", weyl_version(), r->run);
  return WEYL_OK;
}

/* What the test samples look like, by the kind of the task. */
static weyl_status report_test(report *r, weyl_trained *trained, const weyl_dataset *test, const double *prediction,
                               int64_t width) {
  if (weyl_trained_task(trained)->takes != WEYL_TAKES_MOTION) return report_points(r, test, prediction);
  const weyl_array *target = &weyl_dataset_find(test, "target")->array;
  weyl_array pairs;
  const weyl_status status = weyl_trained_pairs(trained, test, r->arena, &pairs);
  if (status == WEYL_UNSUPPORTED) weyl_message_clear(r->c->ctx);
  if (status != WEYL_OK && status != WEYL_UNSUPPORTED) return status;
  weyl_array errors;
  WEYL_TRY(weyl_trained_errors(trained, test, r->arena, &errors));
  return report_motion(r, test, prediction, width / (target->dim[1] * target->dim[2]), errors.data,
                       status == WEYL_OK ? &pairs : NULL);
}

static weyl_status compose(report *r, weyl_trained *trained) {
  const weyl_splits *splits = NULL;
  history h = {0};
  WEYL_TRY(read_log(r, &h));
  WEYL_TRY(weyl_trained_splits(trained, &splits));
  weyl_page_text(r->page, "%s (%s) on %s: %s.", weyl_trained_model(trained)->name, weyl_trained_model(trained)->paper,
                 weyl_trained_task(trained)->name, weyl_trained_task(trained)->summary);
  WEYL_TRY(results(r, trained, splits));
  WEYL_TRY(curves(r, &h));
  weyl_array prediction;
  double gap = INFINITY;
  WEYL_TRY(weyl_trained_predict(trained, splits->test, r->arena, &prediction, &gap));
  WEYL_TRY(report_test(r, trained, splits->test, prediction.data, prediction.dim[1]));
  WEYL_TRY(symmetry(r));
  return about(r, trained);
}

static weyl_status run(cli *c) {
  report r = {.c = c, .run = c->arg[0], .drawing = true};
  weyl_trained *trained = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_trained_open(c->ctx, r.run, WEYL_F32, cli_string(c, "data"), &trained));
  WEYL_GOTO(weyl_arena_new(c->ctx, &r.arena));
  r.folder = weyl_arena_printf(r.arena, "%s/pictures", r.run);
  const char *out = cli_string(c, "out") ? cli_string(c, "out") : weyl_arena_printf(r.arena, "%s/report.html", r.run);
  const char *title =
      weyl_arena_printf(r.arena, "%s on %s", weyl_trained_model(trained)->name, weyl_trained_task(trained)->name);
  if (!r.folder || !out || !title) {
    status = WEYL_MEMORY;
    goto done;
  }
  WEYL_GOTO(weyl_folder_make(c->ctx, r.folder));
  WEYL_GOTO(weyl_page_new(c->ctx, title, &r.page));
  WEYL_GOTO(compose(&r, trained));
  WEYL_GOTO(weyl_page_write(r.page, out));
  weyl_json_string(c->result, "page", out);
  weyl_json_string(c->result, "folder", r.folder);
  weyl_json_integer(c->result, "pictures", r.pictures);
  cli_say(c, "%s\n%d pictures in %s\n", out, r.pictures, r.folder);
done:
  weyl_page_free(r.page);
  weyl_arena_free(r.arena);
  weyl_trained_free(trained);
  return status;
}

static const weyl_option options[] = {
    {"out", WEYL_OPT_STRING, "", 0, 0, NULL, "the page; RUN/report.html when not given"},
    {"inputs", WEYL_OPT_INT, "100", 1, 1e6, NULL, "test samples of its audit"},
    CLI_OPTION_DATA,
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_report = {
    .name = "report",
    .summary = "draws a run: one HTML page, and the pictures as SVG and PNG",
    .details =
        "Writes RUN/report.html, which needs nothing else to be shown: the test table, the loss over training, what "
        "the model predicts "
        "against what is true, and how symmetric it is. The same pictures go to RUN/pictures. gnuplot draws them.",
    .examples = "weyl report run\nweyl report run --out page.html",
    .options = options,
    CLI_TAKES_RUN,
    .run = run,
};
