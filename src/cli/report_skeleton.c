/* Pictures of bodies: strips of poses, true and predicted. */
#include "report_motion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POSES = 6 };

int64_t report_parents(const weyl_dataset *set, int64_t parent[REPORT_JOINTS]) {
  const char *at = weyl_dataset_noted(set, "parents");
  int64_t n = 0;
  while (at && n < REPORT_JOINTS) {
    char *end;
    const long long value = strtoll(at, &end, 10);
    if (end == at) break;
    parent[n++] = value;
    at = end;
  }
  return n;
}

/* The picture's two directions in space: the coordinate in which the first pose is the longest stands upright, and the
 * others are looked at from the side, so that arms and steps both show. */
static void choose_view(const shown *s, int64_t sample, double right[3], double up[3]) {
  double longest = -1;
  int upright = 0, others = 0;
  const int d = s->d < 3 ? (int)s->d : 3;
  for (int a = 0; a < d; a++) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = s->nodes[sample]; i < s->nodes[sample + 1]; i++) {
      const double x = s->past[((i + 1) * s->frames - 1) * s->d + a];
      low = fmin(low, x);
      high = fmax(high, x);
    }
    if (high - low > longest) upright = a;
    longest = fmax(longest, high - low);
  }
  for (int a = 0; a < 3; a++) {
    up[a] = a == upright;
    right[a] = a == upright || a >= d ? 0 : d == 2 ? 1 : others++ ? 0.6 : 0.8;
  }
}

/* How many poses of the future are drawn: equally far apart where the number of frames allows. */
static int64_t poses_of(int64_t future) {
  for (int64_t n = POSES; n >= 3; n--)
    if (future % n == 0) return n;
  return future < POSES ? future : POSES;
}

/* Where poses of one sample are drawn: side by side, one unit apart. */
typedef struct stage {
  int d; /* coordinates looked at */
  double view[2][3], middle[2], unit;
  double root[3]; /* where joints without a parent hang; NaN: nowhere */
} stage;

static double seen_at(const stage *g, const double *x, int side) {
  double sum = 0;
  for (int a = 0; a < g->d; a++) sum += g->view[side][a] * x[a];
  return sum;
}

static stage stage_of(const shown *s, int64_t sample) {
  stage g = {.d = s->d < 3 ? (int)s->d : 3, .root = {NAN, NAN, NAN}};
  const char *root = weyl_dataset_noted(s->set, "root");
  const double *origin = (const double *)weyl_dataset_find(s->set, "origin")->array.data + sample * s->d;
  choose_view(s, sample, g.view[0], g.view[1]);
  for (int a = 0; root && strcmp(root, "origin") == 0 && a < g.d; a++) g.root[a] = -origin[a];
  double extent[2];
  for (int side = 0; side < 2; side++) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = s->nodes[sample] * s->future; i < s->nodes[sample + 1] * s->future; i++) {
      const double x = seen_at(&g, s->target + i * s->d, side);
      low = fmin(low, x);
      high = fmax(high, x);
    }
    g.middle[side] = low + 0.5 * (high - low);
    extent[side] = high - low;
  }
  g.unit = fmax(1.1 * extent[0], 0.6 * extent[1]);
  if (!(g.unit > 0)) g.unit = 1;
  return g;
}

static void joint_at(line *l, const stage *g, const double *x, double shift) {
  report_put(l, (seen_at(g, x, 0) - g->middle[0]) / g->unit + shift, (seen_at(g, x, 1) - g->middle[1]) / g->unit);
}

/* The bones of one pose. x: frame of the first node; rows `stride` numbers apart. */
static void pose(line *l, const stage *g, const double *x, int64_t stride, int64_t n, const int64_t *parent,
                 double shift) {
  for (int64_t i = 0; i < n; i++) {
    const bool hangs = parent[i] >= 0 && parent[i] < n;
    if (!hangs && isnan(g->root[0])) continue;
    joint_at(l, g, x + i * stride, shift);
    joint_at(l, g, hangs ? x + parent[i] * stride : g->root, shift);
    report_lift(l);
  }
}

/* "test sample 66", and of which recording, where that is known. */
static const char *title_of(const shown *s, int64_t sample) {
  const weyl_field *scene = weyl_dataset_find(s->set, "scene");
  const char *names = weyl_dataset_noted(s->set, "scenes");
  int32_t k = scene ? ((const int32_t *)scene->array.data)[sample] : 0;
  for (; names && k > 0; k--) names = strchr(names, '|') ? strchr(names, '|') + 1 : NULL;
  if (!scene || !names) return weyl_arena_printf(s->r->arena, "test sample %lld", (long long)sample);
  return weyl_arena_printf(s->r->arena, "test sample %lld, of %.*s", (long long)sample, (int)strcspn(names, "|"),
                           names);
}

weyl_status report_skeletons(const shown *s, const int64_t *parent) {
  weyl_plot plots[REPORT_SHOWN];
  weyl_series *series = weyl_arena_array(s->r->arena, weyl_series, 3 * REPORT_SHOWN);
  const int count = report_plots_of(s);
  const int64_t poses = poses_of(s->future);
  const char *times[POSES + 1] = {"last seen"};
  if (!series) return WEYL_MEMORY;
  for (int64_t p = 0; p < poses; p++) {
    const double ahead = s->time_step * (double)((p + 1) * s->future / poses);
    times[p + 1] = weyl_arena_printf(s->r->arena, "%.3g %s", ahead, s->time_unit);
    if (!times[p + 1]) return WEYL_MEMORY;
  }
  for (int k = 0; k < count; k++) {
    const int64_t sample = report_sample_at(s, k), first = s->nodes[sample], n = s->nodes[sample + 1] - first;
    const stage g = stage_of(s, sample);
    line seen = report_line(s->r, 3 * n), truth = report_line(s->r, 3 * n * poses),
         guess = report_line(s->r, 3 * n * poses);
    pose(&seen, &g, s->past + (first * s->frames + s->frames - 1) * s->d, s->frames * s->d, n, parent, 0);
    for (int64_t p = 0; p < poses; p++) {
      const int64_t frame = (p + 1) * s->future / poses - 1;
      const double shift = (double)(p + 1);
      pose(&truth, &g, s->target + (first * s->future + frame) * s->d, s->future * s->d, n, parent, shift);
      pose(&guess, &g, s->guess + (first * s->heads * s->future + frame) * s->d, s->heads * s->future * s->d, n, parent,
           shift);
    }
    weyl_series *of = series + 3 * k;
    of[0] = report_drawn(&seen, "last seen", WEYL_LINE, 7);
    of[1] = report_drawn(&truth, "true", WEYL_LINE, 0);
    of[2] = report_drawn(&guess, "predicted", WEYL_LINE, 1);
    const char *title = title_of(s, sample);
    if (!title) return WEYL_MEMORY;
    plots[k] = (weyl_plot){.title = title,
                           .equal_axes = true,
                           .bare = true,
                           .count = 3,
                           .series = of,
                           .width = 960,
                           .height = 290,
                           .names = times,
                           .names_count = (size_t)poses + 1};
  }
  return report_picture(s->r, plots, (size_t)count, 1, "skeletons",
                        "The pose that was seen last, then what came and what the model says.");
}
