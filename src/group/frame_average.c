/* Averages of any function over a frame: equations (2) and (3) of Puny et al. (ICLR 2022). */
#include "frame.h"

#include <string.h>

typedef struct average {
  const weyl_frame *frame;
  int64_t n;
  const double *x, *v;
  double *framed_x, *framed_v; /* [n][d] */
  weyl_points_fn f;
  void *arg;
  bool turned, moved;
  int64_t size; /* numbers f gives */
  double *y;    /* [size] of one copy */
} average;

/* out = (in - t) R: rho(g)^-1 of a point, or of a vector when t is NULL. */
static void into_frame(int d, const double *r, const double *t, int64_t n, const double *in, double *out) {
  for (int64_t p = 0; p < n; p++) {
    for (int j = 0; j < d; j++) {
      double sum = 0;
      for (int i = 0; i < d; i++) sum += (in[p * d + i] - (t ? t[i] : 0)) * r[i * d + j];
      out[p * d + j] = sum;
    }
  }
}

/* sum += weight * rho(g) f(rho(g)^-1 x) for element k, g = (R, t). */
static weyl_status add_copy(const average *a, int64_t k, double weight, double *sum) {
  const int d = a->frame->d;
  const double *r = a->frame->rotation + k * d * d, *t = a->frame->center;
  into_frame(d, r, t, a->n, a->x, a->framed_x);
  if (a->v) into_frame(d, r, NULL, a->n, a->v, a->framed_v);
  WEYL_TRY(a->f(a->arg, a->n, a->framed_x, a->v ? a->framed_v : NULL, a->y));
  if (!a->turned) {
    for (int64_t i = 0; i < a->size; i++) sum[i] += weight * a->y[i];
    return WEYL_OK;
  }
  for (int64_t p = 0; p < a->size; p += d) {
    for (int i = 0; i < d; i++) {
      double turned = a->moved ? t[i] : 0;
      for (int j = 0; j < d; j++) turned += r[i * d + j] * a->y[p + j];
      sum[p + i] += weight * turned;
    }
  }
  return WEYL_OK;
}

/* An element by its weight: the first whose cumulated weight passes u. */
static int64_t draw(const weyl_frame *frame, const double *cumulated, weyl_rng *rng) {
  const double u = weyl_rng_uniform(rng) * cumulated[frame->count - 1];
  int64_t low = 0, high = frame->count - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (cumulated[middle] > u) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

static weyl_status run(weyl_context *ctx, weyl_arena *arena, const average *a, int samples, weyl_rng *rng, double *y) {
  const weyl_frame *frame = a->frame;
  double *sum = weyl_arena_array(arena, double, a->size > 0 ? a->size : 1);
  double *cumulated = weyl_arena_array(arena, double, frame->count);
  if (!sum || !cumulated) return WEYL_MEMORY;
  for (int64_t k = 0; k < frame->count; k++) cumulated[k] = frame->weight[k] + (k > 0 ? cumulated[k - 1] : 0);
  const int64_t copies = samples > 0 ? samples : frame->count;
  for (int64_t k = 0; k < copies; k++) {
    const int64_t element = samples > 0 ? draw(frame, cumulated, rng) : k;
    const double weight = samples > 0 ? 1 / (double)samples : frame->weight[k];
    if (weight > 0) WEYL_TRY(add_copy(a, element, weight, sum));
    if (k % 1024 == 1023 && weyl_progress(ctx, "frame average", (double)k, (double)copies)) {
      return weyl_fail(ctx, WEYL_INTERRUPTED, "frame average stopped after %lld of %lld copies", (long long)k + 1,
                       (long long)copies);
    }
  }
  memcpy(y, sum, (size_t)a->size * sizeof *y);
  return WEYL_OK;
}

weyl_status weyl_frame_average(weyl_context *ctx, const weyl_group *group, int64_t n, const double *x, const double *v,
                               const weyl_frame_opts *opts, int samples, weyl_rng *rng, weyl_points_fn f, void *arg,
                               weyl_action out_action, int64_t out_rows, int64_t out_width, double *y) {
  const int d = group->info.space;
  if (samples < 0) return weyl_fail(ctx, WEYL_BAD_ARG, "%d samples of the frame, must be 0 (all) or more", samples);
  if (samples > 0 && !rng) return weyl_fail(ctx, WEYL_BAD_ARG, "%d samples of the frame need a random stream", samples);
  if ((int)out_action < 0 || out_action > WEYL_ACT_PAIR) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "action %d of the output is none of the known", (int)out_action);
  }
  const bool moved = out_action == WEYL_ACT_POINT || out_action == WEYL_ACT_GLOBAL_POINT;
  const bool turned = moved || out_action == WEYL_ACT_VECTOR || out_action == WEYL_ACT_GLOBAL_VECTOR;
  if (out_rows < 0 || out_width < 0 || (turned && d > 0 && out_width % d != 0)) {
    return weyl_fail(ctx, WEYL_SHAPE, "output of %lld rows of %lld numbers, a row must be a multiple of %d",
                     (long long)out_rows, (long long)out_width, turned ? d : 1);
  }

  weyl_arena *arena = NULL;
  weyl_frame frame;
  weyl_status status = weyl_arena_new(ctx, &arena);
  if (status != WEYL_OK) return status;
  WEYL_GOTO(weyl_frame_of_points(ctx, arena, group, n, x, v, opts, &frame));
  average a = {.frame = &frame,
               .n = n,
               .x = x,
               .v = v,
               .f = f,
               .arg = arg,
               .turned = turned,
               .moved = moved,
               .size = out_rows * out_width};
  a.framed_x = weyl_arena_array(arena, double, n *d);
  a.framed_v = weyl_arena_array(arena, double, n *d);
  a.y = weyl_arena_array(arena, double, a.size > 0 ? a.size : 1);
  if (!a.framed_x || !a.framed_v || !a.y) {
    status = WEYL_MEMORY;
    goto done;
  }
  WEYL_GOTO(run(ctx, arena, &a, samples, rng, y));
done:
  weyl_arena_free(arena);
  return status;
}
