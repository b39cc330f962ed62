/* Products of functions on the sphere by the grid kernels, in their own layout. */
#include "bench.h"

#include <irrep/sphere_product.h>

#include <math.h>
#include <string.h>

typedef struct task {
  sphere_product_kind kind;
  const char *what;
  int l1, l3, power;
} task;

typedef struct work {
  weyl_arena *arena;
  sphere_product product;
  sphere_arrays arrays;
  void *scratch;
} work;

/* Numbers in [-1/2, 1/2), of 64-byte aligned memory. */
static weyl_status fill(const work *w, weyl_dtype real, size_t n, void **out) {
  char *memory = weyl_arena_alloc(w->arena, n * weyl_dtype_size(real) + 64, 1);
  if (!memory) return WEYL_MEMORY;
  memory += (0 - (uintptr_t)memory) % 64;
  weyl_rng rng = weyl_rng_new(1, "functions");
  for (size_t i = 0; i < n; i++) {
    const double x = weyl_rng_uniform(&rng) - 0.5;
    if (real == WEYL_F32)
      ((float *)(void *)memory)[i] = (float)x;
    else
      ((double *)(void *)memory)[i] = x;
  }
  *out = memory;
  return WEYL_OK;
}

static weyl_status work_open(weyl_context *ctx, const bench_gaunt_ask *ask, const task *t, work *w) {
  WEYL_TRY(weyl_arena_new(ctx, &w->arena));
  WEYL_TRY(sphere_product_make(ctx, w->arena, t->l1, t->l1, t->l3, t->power, 0, 0, ask->real, &w->product));
  const int64_t lanes = sphere_block(ask->real), blocks = (ask->channels + lanes - 1) / lanes;
  const size_t items = (size_t)(ask->batch * blocks * lanes);
  const size_t n1 = items * (size_t)(t->l1 + 1) * (size_t)(t->l1 + 1),
               n3 = items * (size_t)(t->l3 + 1) * (size_t)(t->l3 + 1);
  void *x, *y, *g, *z, *dx, *dy;
  WEYL_TRY(fill(w, ask->real, n1, &x));
  WEYL_TRY(fill(w, ask->real, n1, &y));
  WEYL_TRY(fill(w, ask->real, n3, &g));
  WEYL_TRY(fill(w, ask->real, n3, &z));
  WEYL_TRY(fill(w, ask->real, n1, &dx));
  WEYL_TRY(fill(w, ask->real, n1, &dy));
  WEYL_TRY(fill(w, WEYL_F64, sphere_product_scratch(&w->product) / 8, &w->scratch));
  const size_t weights = (size_t)(blocks * lanes) * (size_t)((t->l1 > t->l3 ? t->l1 : t->l3) + 1);
  void *weight[5];
  for (int i = 0; i < 5; i++) WEYL_TRY(fill(w, ask->real, weights, &weight[i]));
  w->arrays = (sphere_arrays){.samples = ask->batch,
                              .blocks = blocks,
                              .f = {x, y},
                              .g = g,
                              .z = z,
                              .df = {dx, dy},
                              .wf = {weight[0], weight[1]},
                              .wp = weight[2],
                              .wz = {weight[2], weight[3], weight[4]}};
  return WEYL_OK;
}

/* Least and median CPU seconds of a pass over a few samples at a time, so that a timing falls into a quiet moment. */
static weyl_status repeat(weyl_context *ctx, const work *w, sphere_product_kind kind, weyl_dtype real, double seconds,
                          bench_times *times, double *peak) {
  bench_samples samples = {0};
  const int64_t all = w->arrays.samples, step = all < 8 ? all : 8;
  int64_t from = 0;
  double next_peak = 0;
  for (const double end = weyl_seconds() + seconds; weyl_seconds() < end || samples.n < 10;) {
    const int64_t to = from + step <= all ? from + step : all;
    const double wall = weyl_seconds(), cpu = weyl_thread_cpu_seconds();
    for (int64_t b = 0; b < w->arrays.blocks; b++)
      sphere_product_run(&w->product, kind, &w->arrays, b, from, to, w->scratch);
    const double took = weyl_thread_cpu_seconds() - cpu, now = weyl_seconds(), share = (double)(to - from);
    const weyl_status status = bench_samples_add(ctx, &samples, (now - wall) / share, took / share);
    if (status) {
      bench_samples_free(ctx, &samples);
      return status;
    }
    from = to < all ? to : 0;
    if (now >= next_peak) {
      const double rate = bench_peak(real, 0.003);
      if (rate > *peak) *peak = rate;
      next_peak = now + seconds / 4;
    }
  }
  *times = bench_times_of(&samples);
  bench_samples_free(ctx, &samples);
  return WEYL_OK;
}

static weyl_status one_row(weyl_context *ctx, const bench_gaunt_ask *ask, const task *t, bench_gaunt_row *row) {
  work w = {0};
  bench_times times = {0};
  double peak = 0;
  weyl_status status;
  WEYL_GOTO(work_open(ctx, ask, t, &w));
  WEYL_GOTO(repeat(ctx, &w, t->kind, ask->real, ask->seconds, &times, &peak));
  const double items = (double)(w.arrays.blocks * sphere_block(ask->real));
  *row = (bench_gaunt_row){.what = t->what,
                           .l1 = t->l1,
                           .l3 = t->l3,
                           .power = t->power,
                           .ns = 1e9 * times.best_cpu / items,
                           .ns_median = 1e9 * times.cpu / items,
                           .operations = sphere_product_operations(&w.product, t->kind, false)};
  row->fraction = 2 * row->operations / (row->ns * 1e-9) / peak;
done:
  weyl_arena_free(w.arena);
  return status;
}

/* Least squares of log ns by log L, over Gaunt products of degrees 6 and more. */
static double slope_of(const bench_gaunt *r) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (int i = 0; i < r->rows; i++) {
    const bench_gaunt_row *row = &r->row[i];
    if (strcmp(row->what, "gaunt") != 0 || row->l1 < 6) continue;
    const double x = log(row->l1), y = log(row->ns);
    n++, sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  return n < 2 ? 0 : (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

weyl_status bench_gaunt_run(weyl_context *ctx, const bench_gaunt_ask *ask, bench_gaunt *out) {
  bench_gaunt made = {0};
  task todo[BENCH_GAUNT_ROWS];
  int tasks = 0;
  for (int l = ask->low; l <= ask->high; l++) {
    todo[tasks++] = (task){SPHERE_GAUNT, "gaunt", l, l, 2};
    todo[tasks++] = (task){SPHERE_GAUNT_BACK, "gaunt back", l, l, 2};
    todo[tasks++] = (task){SPHERE_COMPLETE, "complete", l, l, 2};
    todo[tasks++] = (task){SPHERE_COMPLETE_BACK, "complete back", l, l, 2};
  }
  static const int powers[][3] = {{2, 2, 3}, {3, 2, 3}, {3, 3, 3}, {2, 2, 4}};
  for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
    todo[tasks++] = (task){SPHERE_POWERS, "powers", powers[i][0], powers[i][1], powers[i][2]};
    todo[tasks++] = (task){SPHERE_POWERS_BACK, "powers back", powers[i][0], powers[i][1], powers[i][2]};
  }
  for (int i = 0; i < tasks; i++) {
    if (weyl_progress(ctx, todo[i].what, i, tasks)) return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
    WEYL_TRY(one_row(ctx, ask, &todo[i], &made.row[made.rows++]));
  }
  made.slope = slope_of(&made);
  *out = made;
  return WEYL_OK;
}
