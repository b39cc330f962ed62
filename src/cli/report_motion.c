/* Pictures of motion: past, future and guesses; skeletons frame by frame; error against time; who interacts with whom.
 */
#include "report_motion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t report_sample_at(const shown *s, int i) { return (int64_t)i * s->samples / REPORT_SHOWN; }

int report_plots_of(const shown *s) { return s->samples < REPORT_SHOWN ? (int)s->samples : REPORT_SHOWN; }

line report_line(report *r, int64_t room) { return (line){report_numbers(r, room), report_numbers(r, room), 0}; }

void report_put(line *l, double x, double y) {
  if (!l->x || !l->y) return;
  l->x[l->n] = x;
  l->y[l->n++] = y;
}

void report_lift(line *l) { report_put(l, NAN, NAN); }

weyl_series report_drawn(const line *l, const char *label, weyl_mark_style style, int colour) {
  return (weyl_series){.label = label, .style = style, .colour = colour, .n = l->n, .x = l->x, .y = l->y};
}

/* ---- trajectories ---------------------------------------------------------------------------------------------- */

/* Frames [n][d] of a node, from `start` if there is one, where the window was. */
static void path(line *l, const double *start, const double *x, int64_t n, int64_t d, const double *origin) {
  if (start) report_put(l, start[0] + origin[0], start[1] + origin[1]);
  for (int64_t t = 0; t < n; t++) report_put(l, x[t * d] + origin[0], x[t * d + 1] + origin[1]);
  report_lift(l);
}

static weyl_status trajectories(const shown *s) {
  weyl_plot plots[REPORT_SHOWN];
  weyl_series *series = weyl_arena_array(s->r->arena, weyl_series, 4 * REPORT_SHOWN);
  if (!series) return WEYL_MEMORY;
  const int count = report_plots_of(s);
  for (int k = 0; k < count; k++) {
    const int64_t sample = report_sample_at(s, k), n = s->nodes[sample + 1] - s->nodes[sample];
    const double *origin = (const double *)weyl_dataset_find(s->set, "origin")->array.data + sample * s->d;
    line past = report_line(s->r, n * (s->frames + 1)), truth = report_line(s->r, n * (s->future + 2)),
         guess = report_line(s->r, n * s->heads * (s->future + 2)), now = report_line(s->r, n);
    for (int64_t i = s->nodes[sample]; i < s->nodes[sample + 1]; i++) {
      const double *last = s->past + ((i + 1) * s->frames - 1) * s->d;
      path(&past, NULL, s->past + i * s->frames * s->d, s->frames, s->d, origin);
      path(&truth, last, s->target + i * s->future * s->d, s->future, s->d, origin);
      for (int64_t h = 0; h < s->heads; h++)
        path(&guess, last, s->guess + (i * s->heads + h) * s->future * s->d, s->future, s->d, origin);
      report_put(&now, last[0] + origin[0], last[1] + origin[1]);
    }
    weyl_series *of = series + 4 * k;
    of[0] = report_drawn(&guess, s->heads > 1 ? "guesses" : "predicted", WEYL_LINE, 1);
    of[1] = report_drawn(&past, "past", WEYL_LINE, 7);
    of[2] = report_drawn(&truth, "true", WEYL_LINE, 0);
    of[3] = report_drawn(&now, NULL, WEYL_POINTS, 7);
    const char *title = weyl_arena_printf(s->r->arena, "test sample %lld", (long long)sample);
    if (!title) return WEYL_MEMORY;
    plots[k] = (weyl_plot){.title = title,
                           .x_label = "x",
                           .y_label = "y",
                           .equal_axes = true,
                           .count = 4,
                           .series = of,
                           .width = 520,
                           .height = 520};
  }
  return report_picture(
      s->r, plots, (size_t)count, 2, "trajectories",
      "The first two coordinates, seen from above: what was seen, what came, and what the model says.");
}

/* ---- error against time ---------------------------------------------------------------------------------------- */

/* Of points that go on as they went (speed 1) or stand still (0), meant over the nodes that count as metrics are. */
static double *errors_without_model(const shown *s, double speed) {
  const weyl_field *counted = weyl_dataset_find(s->set, "counted"),
                   *weights = weyl_dataset_find(s->set, "metric_weight");
  double *out = report_numbers(s->r, s->future);
  for (int64_t f = 0; out && f < s->future; f++) {
    double sum = 0, nodes = 0;
    for (int64_t i = 0; i < s->nodes[s->samples]; i++) {
      const double counts = counted ? ((const double *)counted->array.data)[i] : 1,
                   weight = weights ? ((const double *)weights->array.data)[i] : 1;
      const double *truth = s->target + (i * s->future + f) * s->d, *last = s->past + ((i + 1) * s->frames - 1) * s->d;
      double square = 0;
      for (int64_t k = 0; k < s->d; k++) {
        const double miss = last[k] + speed * (double)(f + 1) * (last[k] - last[k - s->d]) - truth[k];
        square += miss * miss;
      }
      sum += counts * weight * sqrt(square);
      nodes += counts;
    }
    out[f] = s->scale * sum / nodes;
  }
  return out;
}

static weyl_status horizon(const shown *s, const double *ours) {
  double *time = report_numbers(s->r, s->future), *straight = errors_without_model(s, 1),
         *still = errors_without_model(s, 0);
  if (!time || !straight || !still) return WEYL_MEMORY;
  for (int64_t f = 0; f < s->future; f++) time[f] = s->time_step * (double)(f + 1);
  const size_t n = (size_t)s->future;
  const weyl_series lines[] = {
      {.label = "the model", .style = WEYL_LINE_POINTS, .colour = 1, .n = n, .x = time, .y = ours},
      {.label = "straight motion", .style = WEYL_LINE, .colour = 7, .n = n, .x = time, .y = straight},
      {.label = "standing still", .style = WEYL_DASHES, .colour = 7, .n = n, .x = time, .y = still}};
  const char *x_label = weyl_arena_printf(s->r->arena, "time ahead (%s)", s->time_unit);
  const char *unit = weyl_dataset_noted(s->set, "units");
  const char *y_label = weyl_arena_printf(s->r->arena, "mean distance (%s)", unit ? unit : "unit of the data");
  const weyl_plot plot = {
      .title = "Error against time", .x_label = x_label, .y_label = y_label, .count = 3, .series = lines};
  return report_picture(s->r, &plot, 1, 1, "horizon",
                        s->heads > 1 ? "Of the best guess at each time, over all test samples."
                                     : "Mean over all test samples and points.");
}

/* ---- who interacts with whom ----------------------------------------------------------------------------------- */

typedef struct graphs {
  const weyl_array *pairs;      /* [edges][categories] */
  const int32_t *i, *j, *label; /* label: NULL where the truth is not known */
  int category_of[16], classes; /* the category that stands for a class */
  double accuracy;
} graphs;

static int largest_of(const weyl_array *pairs, int64_t e) {
  const double *p = (const double *)pairs->data + e * pairs->dim[1];
  int best = 0;
  for (int k = 1; k < pairs->dim[1]; k++)
    if (p[k] > p[best]) best = k;
  return best;
}

static weyl_status name_categories(const shown *s, graphs *g) {
  const int categories = (int)g->pairs->dim[1];
  int64_t count[16 * 16] = {0}, right, edges = s->edges[s->samples];
  if (!g->label || categories > 16 || edges == 0) {
    g->label = NULL;
    return WEYL_OK;
  }
  for (int64_t e = 0; e < edges; e++)
    if (g->label[e] >= g->classes) g->classes = g->label[e] + 1;
  if (g->classes > 16) {
    g->label = NULL;
    return WEYL_OK;
  }
  for (int64_t e = 0; e < edges; e++) count[largest_of(g->pairs, e) * g->classes + g->label[e]]++;
  WEYL_TRY(weyl_best_naming(s->r->c->ctx, categories, g->classes, count, g->category_of, &right));
  g->accuracy = (double)right / (double)edges;
  return WEYL_OK;
}

/* Node `i` of n stands on a circle. */
static void stand(int64_t i, int64_t n, double at[2]) {
  const double angle = 2 * M_PI * (double)i / (double)n;
  at[0] = sin(angle);
  at[1] = cos(angle);
}

/* One link; true and learned ones lie beside each other, those of both directions on their own sides. */
static void link_nodes(line *l, int64_t i, int64_t j, int64_t n, double side) {
  double a[2], b[2];
  stand(i, n, a);
  stand(j, n, b);
  const double x = b[0] - a[0], y = b[1] - a[1], length = sqrt(x * x + y * y);
  const double off[2] = {-side * y / length, side * x / length};
  report_put(l, a[0] + 0.06 * x + off[0], a[1] + 0.06 * y + off[1]);
  report_put(l, b[0] - 0.06 * x + off[0], b[1] - 0.06 * y + off[1]);
  report_lift(l);
}

/* A circle of more nodes than this is nothing but lines: its pairs are points of a table instead. */
enum { CIRCLE_MOST = 16 };

static void mark_pair(line *l, int64_t i, int64_t j, int64_t n, double side) {
  if (n <= CIRCLE_MOST)
    link_nodes(l, i, j, n, side);
  else
    report_put(l, (double)j + 10 * side, (double)i);
}

static weyl_status graph_pictures(const shown *s, const graphs *g) {
  enum { LINES = 18 };
  weyl_plot plots[REPORT_SHOWN];
  weyl_series *series = weyl_arena_array(s->r->arena, weyl_series, LINES * REPORT_SHOWN);
  if (!series) return WEYL_MEMORY;
  const int count = report_plots_of(s), categories = (int)g->pairs->dim[1] < 16 ? (int)g->pairs->dim[1] : 16;
  for (int k = 0; k < count; k++) {
    const int64_t sample = report_sample_at(s, k), n = s->nodes[sample + 1] - s->nodes[sample],
                  first = s->edges[sample], edges = s->edges[sample + 1] - first;
    weyl_series *of = series + LINES * k;
    size_t used = 0;
    const bool circle = n <= CIRCLE_MOST;
    line dots = report_line(s->r, n);
    for (int64_t i = 0; circle && i < n; i++) {
      double at[2];
      stand(i, n, at);
      report_put(&dots, at[0], at[1]);
    }
    /* with a truth: its last class (a spring, a like charge); without: every category */
    for (int c = g->label ? g->classes - 1 : 0; c < (g->label ? g->classes : categories); c++) {
      const int category = g->label ? g->category_of[c] : c;
      line learned = report_line(s->r, 3 * edges), truth = report_line(s->r, 3 * edges);
      for (int64_t e = first; e < first + edges; e++) {
        if (largest_of(g->pairs, e) == category) mark_pair(&learned, g->i[e], g->j[e], n, 0.025);
        if (g->label && g->label[e] == c && (g->i[e] < g->j[e] || !circle)) mark_pair(&truth, g->i[e], g->j[e], n, 0);
      }
      if (g->label) of[used++] = report_drawn(&truth, "true", circle ? WEYL_DASHES : WEYL_POINTS, 0);
      const char *label = g->label ? "learned" : weyl_arena_printf(s->r->arena, "category %d", c);
      of[used++] = report_drawn(&learned, label, circle ? WEYL_LINE : WEYL_POINTS, g->label ? 1 : c);
    }
    if (circle) of[used++] = report_drawn(&dots, NULL, WEYL_POINTS, 7);
    const char *title = weyl_arena_printf(s->r->arena, "test sample %lld", (long long)sample);
    if (!title) return WEYL_MEMORY;
    plots[k] = (weyl_plot){.title = title,
                           .x_label = circle ? NULL : "who acts",
                           .y_label = circle ? NULL : "on whom",
                           .equal_axes = true,
                           .bare = circle,
                           .count = used,
                           .series = of,
                           .width = 420,
                           .height = 420};
  }
  return report_picture(s->r, plots, (size_t)count, 2, "graphs",
                        g->label
                            ? "Pairs that interact, and pairs that the model puts into that category; one line for "
                              "each direction."
                            : "The category that the model puts each pair into.");
}

static weyl_status interactions(const shown *s, const weyl_array *pairs) {
  const weyl_field *label = weyl_dataset_find(s->set, "edge_label");
  graphs g = {.pairs = pairs,
              .i = weyl_dataset_find(s->set, "edge_i")->array.data,
              .j = weyl_dataset_find(s->set, "edge_j")->array.data,
              .label = label ? label->array.data : NULL};
  const int64_t edges = s->edges[s->samples];
  if (edges == 0) return WEYL_OK; /* everybody is alone */
  weyl_page_heading(s->r->page, "Who interacts with whom");
  WEYL_TRY(name_categories(s, &g));
  double entropy = 0;
  for (int64_t e = 0; e < edges * pairs->dim[1]; e++) {
    const double p = ((const double *)pairs->data)[e];
    if (p > 0) entropy -= p * log(p);
  }
  weyl_page_text(s->r->page, "%lld categories, never named in training; their mean entropy is %.3f of at most %.3f.",
                 (long long)pairs->dim[1], entropy / (double)edges, log((double)pairs->dim[1]));
  if (g.label) {
    weyl_page_text(s->r->page, "%.2f%% of %lld pairs are right under the best naming of the categories, one for all.",
                   100 * g.accuracy, (long long)edges);
    weyl_json_number(s->r->c->result, "edge_accuracy", g.accuracy);
  }
  weyl_json_number(s->r->c->result, "category_entropy", entropy / (double)edges);
  return graph_pictures(s, &g);
}

weyl_status report_motion(report *r, const weyl_dataset *test, const double *prediction, int64_t heads,
                          const double *errors, const weyl_array *pairs) {
  const weyl_array *past = &weyl_dataset_find(test, "past")->array, *target = &weyl_dataset_find(test, "target")->array;
  const weyl_field *scale = weyl_dataset_find(test, "metric_scale");
  const char *step = weyl_dataset_noted(test, "time_step"), *unit = weyl_dataset_noted(test, "time_unit");
  const shown s = {.r = r,
                   .set = test,
                   .past = past->data,
                   .target = target->data,
                   .guess = prediction,
                   .d = past->dim[2],
                   .frames = past->dim[1],
                   .future = target->dim[1],
                   .heads = heads,
                   .samples = weyl_dataset_samples(test),
                   .nodes = weyl_dataset_offsets(test, WEYL_PER_NODE),
                   .edges = weyl_dataset_offsets(test, WEYL_PER_EDGE),
                   .time_step = step ? strtod(step, NULL) : 1,
                   .scale = scale ? ((const double *)scale->array.data)[0] : 1,
                   .time_unit = !step  ? "frames"
                                : unit ? unit
                                       : "time units"};
  int64_t parent[REPORT_JOINTS];
  const int64_t joints = report_parents(test, parent);
  if (s.samples < 1) return WEYL_OK;
  weyl_page_heading(r->page, "Predicted against true");
  if (s.d >= 2 && joints > 0 && joints == s.nodes[1])
    WEYL_TRY(report_skeletons(&s, parent));
  else if (s.d >= 2)
    WEYL_TRY(trajectories(&s));
  WEYL_TRY(horizon(&s, errors));
  return pairs ? interactions(&s, pairs) : WEYL_OK;
}
