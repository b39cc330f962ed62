/* Pictures of points that are somewhere else later. */
#include "report.h"

#include <math.h>
#include <stdlib.h>

typedef struct field {
  const double *x;
  int64_t width;
} field;

static field field_of(const weyl_dataset *set, const char *name) {
  const weyl_field *f = weyl_dataset_find(set, name);
  if (!f || f->array.dtype != WEYL_F64 || f->per != WEYL_PER_NODE || f->array.rank != 2) return (field){0};
  return (field){f->array.data, f->array.dim[1]};
}

/* Lines from each point of `from` to that of `to` (or by `to` itself, when it is a vector): x, y with gaps between
 * them. */
static weyl_series segments(report *r, const char *label, int colour, weyl_mark_style style, int64_t n,
                            const double *from, const double *to, int64_t d, bool vector) {
  double *x = report_numbers(r, 3 * n), *y = report_numbers(r, 3 * n);
  for (int64_t i = 0; x && y && i < n; i++) {
    const double *a = from + i * d, *b = to + i * d;
    x[3 * i] = a[0];
    y[3 * i] = a[1];
    x[3 * i + 1] = vector ? a[0] + b[0] : b[0];
    y[3 * i + 1] = vector ? a[1] + b[1] : b[1];
    x[3 * i + 2] = y[3 * i + 2] = NAN;
  }
  return (weyl_series){
      .label = label, .style = style, .colour = colour, .n = x && y ? (size_t)(3 * n) : 0, .x = x, .y = y};
}

static weyl_series points(report *r, const char *label, int colour, int64_t n, const double *at, int64_t d) {
  double *x = report_numbers(r, n), *y = report_numbers(r, n);
  for (int64_t i = 0; x && y && i < n; i++) {
    x[i] = at[i * d];
    y[i] = at[i * d + 1];
  }
  return (weyl_series){
      .label = label, .style = WEYL_POINTS, .colour = colour, .n = x && y ? (size_t)n : 0, .x = x, .y = y};
}

static weyl_status places(report *r, const weyl_dataset *test, const double *prediction) {
  const field x = field_of(test, "x"), v = field_of(test, "v"), target = field_of(test, "target");
  const int64_t *nodes = weyl_dataset_offsets(test, WEYL_PER_NODE), samples = weyl_dataset_samples(test), d = x.width;
  if (!x.x || !target.x || target.width != d || d < 2) return WEYL_OK; /* nothing that lies in a plane */
  weyl_page_heading(r->page, "Predicted against true");
  weyl_plot plots[REPORT_SHOWN];
  weyl_series *series = weyl_arena_array(r->arena, weyl_series, 5 * REPORT_SHOWN);
  if (!series) return WEYL_MEMORY;
  size_t count = 0;
  for (; count < REPORT_SHOWN && (int64_t)count < samples; count++) {
    const int64_t s = (int64_t)count * samples / REPORT_SHOWN, at = nodes[s] * d, n = nodes[s + 1] - nodes[s];
    weyl_series *of = series + 5 * count;
    size_t used = 0;
    of[used++] = segments(r, NULL, 0, WEYL_DASHES, n, x.x + at, target.x + at, d, false);
    if (v.x && v.width == d) of[used++] = segments(r, "velocity", 5, WEYL_LINE, n, x.x + at, v.x + at, d, true);
    of[used++] = points(r, "input", 7, n, x.x + at, d);
    of[used++] = points(r, "true", 0, n, target.x + at, d);
    of[used++] = points(r, "predicted", 1, n, prediction + at, d);
    const char *title = weyl_arena_printf(r->arena, "test sample %lld", (long long)s);
    if (!title) return WEYL_MEMORY;
    plots[count] = (weyl_plot){.title = title,
                               .x_label = "x",
                               .y_label = "y",
                               .equal_axes = true,
                               .count = used,
                               .series = of,
                               .width = 520,
                               .height = 520};
  }
  return report_picture(
      r, plots, count, 2, "trajectories",
      "First two coordinates: where the points are, their velocities over one unit of time, where they go, "
      "and what the model says.");
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* All coordinates of the test, predicted over true, and the error of each sample in ascending order. */
static weyl_status scatter(report *r, const weyl_dataset *test, const double *prediction) {
  const field target = field_of(test, "target");
  if (!target.x) return WEYL_OK;
  const int64_t *nodes = weyl_dataset_offsets(test, WEYL_PER_NODE), samples = weyl_dataset_samples(test),
                d = target.width;
  const int64_t all = nodes[samples] * d, step = all > 4000 ? all / 4000 : 1, n = (all + step - 1) / step;
  double *x = report_numbers(r, n), *y = report_numbers(r, n), *share = report_numbers(r, samples),
         *error = report_numbers(r, samples), line[2] = {INFINITY, -INFINITY};
  if (!x || !y || !share || !error) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) {
    x[i] = target.x[i * step];
    y[i] = prediction[i * step];
    line[0] = fmin(line[0], x[i]);
    line[1] = fmax(line[1], x[i]);
  }
  const weyl_series s[] = {
      {.label = "test coordinates", .style = WEYL_POINTS, .colour = 0, .n = (size_t)n, .x = x, .y = y},
      {.label = "equal", .style = WEYL_LINE, .colour = 1, .n = 2, .x = line, .y = line}};
  const weyl_plot plot = {.title = "Predicted over true coordinates",
                          .x_label = "true",
                          .y_label = "predicted",
                          .equal_axes = true,
                          .count = 2,
                          .series = s,
                          .width = 520,
                          .height = 520};
  WEYL_TRY(report_picture(r, &plot, 1, 1, "scatter", "A perfect model puts every point on the line."));

  for (int64_t k = 0; k < samples; k++) {
    double sum = 0;
    for (int64_t i = nodes[k] * d; i < nodes[k + 1] * d; i++)
      sum += (prediction[i] - target.x[i]) * (prediction[i] - target.x[i]);
    error[k] = sqrt(sum / (double)((nodes[k + 1] - nodes[k]) * d));
    share[k] = 100.0 * (double)(k + 1) / (double)samples;
  }
  qsort(error, (size_t)samples, sizeof *error, ascending);
  const weyl_series e = {.style = WEYL_LINE, .colour = 0, .n = (size_t)samples, .x = share, .y = error};
  const weyl_plot quantiles = {.title = "Error of the test samples, sorted",
                               .x_label = "percent of the test samples",
                               .y_label = "root mean square error",
                               .log_y = true,
                               .count = 1,
                               .series = &e};
  if (!(error[samples - 1] > 0)) return WEYL_OK; /* nothing that a logarithm shows */
  return report_picture(r, &quantiles, 1, 1, "errors",
                        "How the error is spread: half of the samples are better than the value at 50 percent.");
}

weyl_status report_points(report *r, const weyl_dataset *test, const double *prediction) {
  WEYL_TRY(places(r, test, prediction));
  return scatter(r, test, prediction);
}
