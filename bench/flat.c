/* Flat space: Ricci tensors from the metric at many points, finite transformations, orbits and brackets. */
#include "bench.h"

#include <weyl/study.h>

#include <math.h>

typedef struct flat {
  weyl_context *ctx;
  weyl_bms_data data, to;
  weyl_bms_map map;
  size_t points;
  double *x, *ricci, *scale;
} flat;

static weyl_status ricci(void *self) {
  const flat *q = self;
  WEYL_TRY(weyl_bms_metric(q->ctx, &q->data, false, q->points, q->x, NULL, q->ricci, q->scale));
  for (size_t i = 0; i < q->points; i++)
    for (int k = 0; k < 6; k++)
      if (!(fabs(q->ricci[6 * i + (size_t)k]) <= 1e-10 * q->scale[i]))
        return weyl_fail(q->ctx, WEYL_NUMERIC, "point %zu is not flat: %g", i, q->ricci[6 * i + (size_t)k]);
  return WEYL_OK;
}

static weyl_status transform(void *self) {
  flat *q = self;
  double aliasing;
  return weyl_bms_transform(q->ctx, &q->data, &q->map, &q->to, &aliasing);
}

static weyl_status orbit(void *self) {
  const flat *q = self;
  weyl_bms_orbit o;
  return weyl_bms_orbit_of(q->ctx, &q->data, 0, &o, NULL);
}

static weyl_status brackets(void *self) {
  const flat *q = self;
  weyl_bms_algebra a;
  return weyl_bms_algebra_of(q->ctx, &q->data, 8, 1, 10, NULL, &a);
}

static weyl_status prepare(weyl_arena *arena, flat *q, size_t modes) {
  weyl_rng rng = weyl_rng_new(1, "bench bms");
  WEYL_TRY(weyl_bms_data_new(arena, modes, &q->data));
  WEYL_TRY(weyl_bms_data_new(arena, 128, &q->to));
  WEYL_TRY(weyl_bms_map_new(arena, 4, &q->map));
  weyl_bms_random(&rng, modes, 0.5, q->data.theta);
  weyl_bms_random(&rng, modes, 0.5, q->data.xi);
  q->map.p[2] = 0.3;
  q->map.p[3] = 0.1;
  q->map.alpha[4] = 0.2;
  for (size_t i = 0; i < q->points; i++) {
    q->x[3 * i] = 4 * weyl_rng_uniform(&rng) - 2;
    q->x[3 * i + 1] = exp(log(50) * weyl_rng_uniform(&rng));
    q->x[3 * i + 2] = 6.28318530717958648 * weyl_rng_uniform(&rng);
  }
  return WEYL_OK;
}

weyl_status bench_flat_run(weyl_context *ctx, bool second, double seconds, const char *peer, bool verbose,
                           bench_signals *out) {
  (void)second, (void)verbose;
  static const struct {
    const char *what;
    weyl_status (*run)(void *self);
    size_t modes;
    int64_t items;
  } work[] = {{"Ricci at points", ricci, 4, 100000},
              {"Ricci at points", ricci, 128, 100000},
              {"transform", transform, 4, 1},
              {"orbit", orbit, 4, 1},
              {"brackets from the bulk", brackets, 4, 3 * 17 * 17}};
  bench_signals r = {0};
  flat q = {.ctx = ctx, .points = 100000};
  weyl_arena *arena = NULL;
  weyl_status status;
  double copy;
  if (peer) snprintf(r.missing, sizeof r.missing, "flat space has none");
  WEYL_GOTO(bench_bandwidth(ctx, 0.1, &r.read, &copy));
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  q.x = weyl_arena_array(arena, double, 3 * q.points);
  q.ricci = weyl_arena_array(arena, double, 6 * q.points);
  q.scale = weyl_arena_array(arena, double, q.points);
  status = q.x && q.ricci && q.scale ? WEYL_OK : WEYL_MEMORY;
  for (size_t i = 0; i < sizeof work / sizeof *work && status == WEYL_OK; i++) {
    bench_samples mine = {0};
    bench_signal *row = &r.row[r.rows++];
    *row = (bench_signal){.what = work[i].what, .type = "f64", .n = (int64_t)work[i].modes, .items = work[i].items};
    status = prepare(arena, &q, work[i].modes);
    if (status == WEYL_OK) status = bench_repeat(ctx, work[i].run, &q, weyl_cpu_seconds, seconds, &mine);
    row->ours = bench_times_of(&mine);
    bench_samples_free(ctx, &mine);
  }
  if (status == WEYL_OK) *out = r;
done:
  weyl_arena_free(arena);
  return status;
}
