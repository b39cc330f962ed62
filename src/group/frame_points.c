/* Frames of points: checks, centre and scale, then the kind asked for; and the Gram-Schmidt steps that two kinds share.
 */
#include "frame.h"

#include <float.h>
#include <math.h>
#include <string.h>

weyl_frame_opts weyl_frame_defaults(void) { return (weyl_frame_opts){.kind = WEYL_FRAME_PCA, .tolerance = 1e-6}; }

static double dot(int d, const double *a, const double *b, int stride) {
  double sum = 0;
  for (int i = 0; i < d; i++) sum += a[i] * b[i * stride];
  return sum;
}

double frame_take(int d, double *r, int k, const double *x, double least) {
  double y[SPACE_MAX];
  memcpy(y, x, (size_t)d * sizeof *y);
  for (int pass = 0; pass < 2; pass++) { /* twice is enough for orthogonality to rounding */
    for (int c = 0; c < k; c++) {
      const double along = dot(d, y, r + c, d);
      for (int i = 0; i < d; i++) y[i] -= along * r[i * d + c];
    }
  }
  const double length = sqrt(dot(d, y, y, 1));
  if (!(length > least)) return 0;
  for (int i = 0; i < d; i++) r[i * d + k] = y[i] / length;
  if (length < 1e-3 * sqrt(dot(d, x, x, 1))) { /* heavy cancellation: once more, on the unit vector */
    double z[SPACE_MAX];
    for (int i = 0; i < d; i++) z[i] = r[i * d + k];
    for (int c = 0; c < k; c++) {
      const double along = dot(d, z, r + c, d);
      for (int i = 0; i < d; i++) z[i] -= along * r[i * d + c];
    }
    const double again = sqrt(dot(d, z, z, 1));
    for (int i = 0; i < d; i++) r[i * d + k] = z[i] / again;
  }
  return length;
}

void frame_complete(int d, double *r, int k) {
  for (; k < d; k++) { /* the coordinate axis that is farthest from the span so far */
    int best = 0;
    double least = INFINITY;
    for (int i = 0; i < d; i++) {
      double inside = 0;
      for (int c = 0; c < k; c++) inside += r[i * d + c] * r[i * d + c];
      if (inside < least - 1e-12) {
        least = inside;
        best = i;
      }
    }
    double axis[SPACE_MAX] = {0};
    axis[best] = 1;
    frame_take(d, r, k, axis, 0);
    if (k < d - 1) continue;
    if (weyl_det((size_t)d, r) < 0) {
      for (int i = 0; i < d; i++) r[i * d + k] = -r[i * d + k];
    }
  }
}

int64_t frame_completions(const frame_input *in, int k) {
  const int open = in->d - k;
  return (int64_t)1 << (in->reflections || open == 0 ? open : open - 1);
}

void frame_append(const frame_input *in, const double *r, int k, double weight, weyl_frame *out) {
  const int d = in->d;
  const double share = weight / (double)frame_completions(in, k);
  for (uint32_t signs = 0; signs >> (d - k) == 0; signs++) {
    bool even = true;
    for (int c = 0; c < d - k; c++) even ^= (signs >> c) & 1;
    if (!in->reflections && !even) continue;
    double *to = out->rotation + out->count * d * d;
    for (int i = 0; i < d * d; i++) to[i] = i % d >= k && (signs >> (i % d - k)) & 1 ? -r[i] : r[i];
    out->weight[out->count++] = share;
  }
}

static bool reaches(const double *x, int64_t n, double least, int d, const double *axes, int first, int count) {
  if (!x) return false;
  for (int64_t p = 0; p < n; p++) {
    double inside = 0;
    for (int c = first; c < first + count; c++) {
      const double along = dot(d, x + p * d, axes + c, d);
      inside += along * along;
    }
    if (sqrt(inside) > least) return true;
  }
  return false;
}

bool frame_reaches(const frame_input *in, const double *axes, int first, int count) {
  return reaches(in->point, in->n, fmax(1e-10, in->noise), in->d, axes, first, count) ||
         reaches(in->vector, in->n, 1e-10, in->d, axes, first, count);
}

weyl_status frame_room(const frame_input *in, double count, weyl_frame *out) {
  const double most = 1 << 27; /* numbers: 1 GiB */
  if (count * in->d * in->d > most) {
    return weyl_fail(in->ctx, WEYL_BAD_ARG,
                     "the frame of %lld points in %d dimensions has %.3g elements, at most %.3g fit", (long long)in->n,
                     in->d, count, most / (in->d * in->d));
  }
  out->rotation = weyl_arena_array(in->arena, double, count * in->d * in->d);
  out->weight = weyl_arena_array(in->arena, double, count);
  return out->rotation && out->weight ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status check_finite(weyl_context *ctx, const char *what, int64_t n, int d, const double *x) {
  for (int64_t i = 0; i < n * d; i++) {
    if (!isfinite(x[i])) {
      return weyl_fail(ctx, WEYL_NUMERIC, "coordinate %d of %s %lld is %g, must be finite", (int)(i % d), what,
                       (long long)(i / d), x[i]);
    }
  }
  return WEYL_OK;
}

static double largest(int64_t count, const double *x) {
  double most = 0;
  for (int64_t i = 0; i < count; i++) most = fmax(most, fabs(x[i]));
  return most;
}

static weyl_status check(weyl_context *ctx, const weyl_group *group, int64_t n, const double *x, const double *v,
                         const weyl_frame_opts *opts) {
  const int d = group->info.space;
  if (!group->space || !group->space->full_orthogonal) {
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "%s has no frame of points, E(d) SE(d) O(d) SO(d) have", group->name);
  }
  WEYL_TRY(group_check_points(ctx, group, n));
  if (n == 0) return weyl_fail(ctx, WEYL_BAD_ARG, "0 points have no frame, 1 or more are needed");
  if (opts->kind != WEYL_FRAME_PCA && opts->kind != WEYL_FRAME_WEIGHTED && opts->kind != WEYL_FRAME_MINIMAL) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "kind of frame %d is none of pca, weighted, minimal", (int)opts->kind);
  }
  if (opts->kind == WEYL_FRAME_MINIMAL && group->permutation) {
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "the minimal frame depends on the order of the points, which %s permutes",
                     group->name);
  }
  if (!(opts->tolerance >= 0 && opts->tolerance < 1)) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "the tolerance of the frame is %g, must be 0 to 1", opts->tolerance);
  }
  if (!(opts->vector_weight >= 0 && opts->vector_weight < INFINITY)) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "the weight of vectors is %g, must be 0 or more", opts->vector_weight);
  }
  for (int64_t i = 0; opts->point_weights && i < n; i++) {
    if (!(opts->point_weights[i] >= 0 && opts->point_weights[i] < INFINITY)) {
      return weyl_fail(ctx, WEYL_BAD_ARG, "the weight of point %lld is %g, must be 0 or more", (long long)i,
                       opts->point_weights[i]);
    }
  }
  WEYL_TRY(check_finite(ctx, "point", n, d, x));
  if (v) WEYL_TRY(check_finite(ctx, "vector", n, d, v));
  return WEYL_OK;
}

weyl_status weyl_frame_of_points(weyl_context *ctx, weyl_arena *arena, const weyl_group *group, int64_t n,
                                 const double *x, const double *v, const weyl_frame_opts *opts, weyl_frame *out) {
  const weyl_frame_opts defaults = weyl_frame_defaults();
  if (!opts) opts = &defaults;
  WEYL_TRY(check(ctx, group, n, x, v, opts));
  const int d = group->info.space;
  weyl_frame frame = {.d = d, .gap = 1};

  if (group->info.translations) {
    for (int k = 0; k < d; k++) {
      const double origin = x[k]; /* differences first: equal coordinates then have exactly their own mean */
      double mean = 0;
      for (int64_t i = 0; i < n; i++) mean += (x[i * d + k] / 2 - origin / 2) / (double)n;
      frame.center[k] = origin + 2 * mean;
    }
  }
  double *y = weyl_arena_array(arena, double, n *d);
  double *row = weyl_arena_array(arena, double, 2 * n * d);
  double *u = v ? weyl_arena_array(arena, double, n *d) : NULL;
  if (!y || !row || (v && !u)) return WEYL_MEMORY;
  for (int64_t i = 0; i < n * d; i++) y[i] = x[i] - frame.center[i % d];
  const double points = largest(n * d, y), vectors = v ? largest(n * d, v) : 0;
  if (!isfinite(points))
    return weyl_fail(ctx, WEYL_NUMERIC, "the points are too far apart: coordinates up to %g", largest(n * d, x));
  const double noise = points > 0 ? 16 * DBL_EPSILON * largest(n * d, x) / points : 0;
  if (noise >= 1e-3) memset(y, 0, (size_t)(n * d) * sizeof *y); /* one point, to rounding */
  const double scale = noise < 1e-3 && points > 0 ? points : 1;
  for (int64_t i = 0; i < n * d; i++) {
    y[i] /= scale;
    if (u && vectors > 0) u[i] = v[i] / vectors;
  }

  int64_t rows = n;
  for (int64_t i = 0; i < n * d; i++) {
    row[i] = y[i] * (opts->point_weights ? sqrt(opts->point_weights[i / d]) : 1);
  }
  if (v && opts->vector_weight > 0) {
    rows = 2 * n;
    for (int64_t i = 0; i < n * d; i++) row[n * d + i] = v[i] / scale * sqrt(opts->vector_weight);
  }
  const double heaviest = largest(rows * d, row);
  for (int64_t i = 0; i < rows * d && heaviest > 0; i++) row[i] /= heaviest;
  if (!isfinite(heaviest))
    return weyl_fail(ctx, WEYL_NUMERIC, "the vectors are too long for the points: up to %g", vectors);

  const frame_input in = {.ctx = ctx,
                          .arena = arena,
                          .d = d,
                          .reflections = group->info.reflections,
                          .rows = rows,
                          .row = row,
                          .n = n,
                          .point = y,
                          .vector = vectors > 0 ? u : NULL,
                          .noise = noise,
                          .opts = opts};
  static weyl_status (*const kinds[])(const frame_input *, weyl_frame *) = {
      [WEYL_FRAME_PCA] = frame_pca, [WEYL_FRAME_WEIGHTED] = frame_weighted, [WEYL_FRAME_MINIMAL] = frame_minimal};
  WEYL_TRY(kinds[opts->kind](&in, &frame));
  if (frame.degenerate && opts->strict) {
    return weyl_fail(
        ctx, WEYL_DEGENERATE,
        "the points are degenerate: relative gap %.3g of the spectrum, tolerance %.3g; a weighted frame, weights of "
        "points or a vector weight may help",
        frame.gap, opts->tolerance);
  }
  *out = frame;
  return WEYL_OK;
}
