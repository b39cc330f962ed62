/* Ways of making products of all degrees to L, side by side: over couplings, on grids, by Fourier transforms. */
#include "bench.h"

#include <weyl/irrep.h>
#include <weyl/kernels.h>

#include <math.h>
#include <string.h>

const char *const bench_method_name[BENCH_METHODS] = {"all couplings", "even couplings", "dense grid", "separable grid",
                                                      "Fourier"};

typedef struct work {
  weyl_context *ctx;
  bench_method method;
  int l;
  int64_t n; /* channels of samples */
  weyl_dtype real;
  weyl_product *product; /* one of the two, or */
  weyl_sphere_product *sphere;
  int64_t batch;
  weyl_arena *arena;
  weyl_torus torus;
  size_t points;
  void *forth, *back, *f, *g, *scratch; /* of the dense grid: [width][points]; a tile's values */
  void *x, *y, *z, *w, *memory;
} work;

enum { TILE = 256, FOURIER_ITEMS = 256 };

static void work_close(work *w) {
  void *const all[] = {w->forth, w->back, w->f, w->g, w->scratch, w->x, w->y, w->z, w->w, w->memory};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weyl_dealloc(w->ctx, all[i]);
  weyl_product_free(w->product);
  weyl_sphere_product_free(w->sphere);
  weyl_arena_free(w->arena);
}

static weyl_status open_plan(work *w, int64_t channels) {
  weyl_context *ctx = w->ctx;
  if (w->method == BENCH_METHOD_CG) {
    weyl_irrep item[BENCH_TP_DEGREES];
    for (int i = 0; i <= w->l; i++) item[i] = (weyl_irrep){channels, i, 1};
    const weyl_irreps list = {w->l + 1, item};
    weyl_paths paths;
    WEYL_TRY(weyl_paths_find(ctx, w->arena, list, list, list, WEYL_PATH_ALL, &paths));
    const weyl_product_opts opts = {.layout = WEYL_LAYOUT_BLOCKED};
    return weyl_product_new(ctx, &opts, w->real, list, list, list, paths, &w->product);
  }
  weyl_sphere_product_opts opts = {.functions = 2,
                                   .l = {w->l, w->l},
                                   .l_out = w->l,
                                   .channels = channels,
                                   .layout = WEYL_LAYOUT_BLOCKED,
                                   .method = WEYL_PRODUCT_GRID};
  if (w->method == BENCH_METHOD_GRID) return weyl_sphere_product_new(ctx, &opts, w->real, &w->sphere);
  opts.method = WEYL_PRODUCT_WRITTEN;
  const weyl_status status = weyl_sphere_product_new(ctx, &opts, w->real, &w->sphere);
  if (status != WEYL_UNSUPPORTED) return status;
  weyl_message_clear(ctx);
  opts.method = WEYL_PRODUCT_TABLE;
  return weyl_sphere_product_new(ctx, &opts, w->real, &w->sphere);
}

/* Values of the harmonics at the points of the smallest grid, and those times the weights. */
static weyl_status open_dense(work *w) {
  weyl_context *ctx = w->ctx;
  const size_t width = (size_t)(w->l + 1) * (size_t)(w->l + 1), size = weyl_dtype_size(w->real);
  int rows = 0, columns = 0;
  weyl_sphere_grid_sizes(3 * w->l, &rows, &columns);
  weyl_sphere_grid grid;
  WEYL_TRY(weyl_sphere_grid_new(ctx, w->arena, w->l, rows, columns, 0, &grid));
  w->points = (size_t)rows * (size_t)columns;
  w->forth = weyl_alloc(ctx, width * w->points, size);
  w->back = weyl_alloc(ctx, width * w->points, size);
  w->f = weyl_alloc(ctx, TILE * w->points, size);
  w->g = weyl_alloc(ctx, TILE * w->points, size);
  w->scratch = weyl_alloc(ctx, WEYL_GEMM_SCRATCH, 1);
  void *const one = weyl_arena_alloc(w->arena, width * width, size);
  if (!w->forth || !w->back || !w->f || !w->g || !w->scratch || !one) return WEYL_MEMORY;
  memset(one, 0, width * width * size);
  for (size_t i = 0; i < width; i++) {
    if (w->real == WEYL_F64)
      ((double *)one)[i * width + i] = 1;
    else
      ((float *)one)[i * width + i] = 1;
  }
  WEYL_TRY(weyl_sphere_to_grid(ctx, &grid, WEYL_SPHERE_VALUE, false, w->l, w->real, (int64_t)width, one, w->forth));
  return weyl_sphere_to_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, w->l, w->real, (int64_t)width, one, w->back);
}

static weyl_status work_open(work *w, int64_t channels) {
  weyl_context *ctx = w->ctx;
  const int64_t width = (w->l + 1) * (w->l + 1);
  int64_t size = w->n * width, weights = 1;
  size_t memory = 1;
  WEYL_TRY(weyl_arena_new(ctx, &w->arena));
  if (w->method == BENCH_METHOD_FOURIER) {
    WEYL_TRY(weyl_torus_new(ctx, w->arena, w->l, 2 * w->l, &w->torus));
  } else if (w->method == BENCH_METHOD_DENSE) {
    WEYL_TRY(open_dense(w));
  } else {
    WEYL_TRY(open_plan(w, channels));
    size = w->batch * (w->product ? weyl_product_size(w->product, 0) : weyl_sphere_product_size(w->sphere, 0));
    weights = w->product ? weyl_product_weights(w->product) : weyl_sphere_product_weights(w->sphere);
    memory = w->product ? weyl_product_work(w->product) : weyl_sphere_product_work(w->sphere);
  }
  weyl_rng rng = weyl_rng_new(1, "methods");
  void **const arrays[] = {&w->x, &w->y, &w->z};
  for (size_t i = 0; i < 3; i++)
    if (!(*arrays[i] = bench_random_numbers(ctx, &rng, w->real, (size_t)size))) return WEYL_MEMORY;
  w->w = bench_random_numbers(ctx, &rng, w->real, (size_t)weights);
  w->memory = weyl_alloc(ctx, memory, 1);
  return w->w && w->memory ? WEYL_OK : WEYL_MEMORY;
}

static void dense(const work *w) {
  const weyl_kernels *const k = weyl_kernels_active();
  const size_t width = (size_t)(w->l + 1) * (size_t)(w->l + 1), size = weyl_dtype_size(w->real), points = w->points;
  const ptrdiff_t row = (ptrdiff_t)width, all = (ptrdiff_t)points;
  for (size_t at = 0; at < (size_t)w->n; at += TILE) {
    const size_t m = (size_t)w->n - at < TILE ? (size_t)w->n - at : TILE;
    const char *const x = (const char *)w->x + at * width * size, *const y = (const char *)w->y + at * width * size;
    k->gemm[w->real](m, points, width, x, row, 1, w->forth, all, 1, w->f, all, false, w->scratch);
    k->gemm[w->real](m, points, width, y, row, 1, w->forth, all, 1, w->g, all, false, w->scratch);
    k->binary[w->real][WEYL_BINARY_MUL](m * points, w->f, 1, w->g, 1, w->f);
    k->gemm[w->real](m, width, points, w->f, all, 1, w->back, 1, all, (char *)w->z + at * width * size, row, false,
                     w->scratch);
  }
}

static weyl_status once(void *self) {
  const work *w = self;
  switch (w->method) {
    case BENCH_METHOD_DENSE: dense(w); return WEYL_OK;
    case BENCH_METHOD_FOURIER:
      return weyl_gaunt_fourier(w->ctx, &w->torus, w->l, w->l, w->l, w->real, w->n, w->x, w->y, w->z);
    case BENCH_METHOD_CG: return weyl_product_forward(w->ctx, w->product, w->batch, w->x, w->y, w->w, w->z, w->memory);
    default: {
      const void *const f[] = {w->x, w->y};
      return weyl_sphere_product_forward(w->ctx, w->sphere, w->batch, f, w->w, w->z, w->memory);
    }
  }
}

static weyl_status one(weyl_context *ctx, const bench_methods_ask *ask, int l, bench_method method, double *ns,
                       double *best) {
  work w = {.ctx = ctx, .method = method, .l = l, .real = ask->real, .batch = ask->samples};
  w.n = method == BENCH_METHOD_FOURIER ? FOURIER_ITEMS : ask->samples * ask->channels;
  bench_samples samples = {0};
  weyl_status status;
  WEYL_GOTO(work_open(&w, ask->channels));
  WEYL_GOTO(bench_repeat(ctx, once, &w, weyl_cpu_seconds, ask->seconds, &samples));
  const bench_times times = bench_times_of(&samples);
  *ns = 1e9 * times.cpu / (double)w.n;
  *best = 1e9 * times.best_cpu / (double)w.n;
done:
  bench_samples_free(ctx, &samples);
  work_close(&w);
  return status;
}

/* Least squares of log ns by log L from L = 4 on. */
static double slope_of(const bench_methods *r, int method) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (int i = 0; i < r->rows; i++) {
    if (r->row[i].l < 4) continue;
    const double x = log(r->row[i].l), y = log(r->row[i].best[method]);
    n++, sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  return n < 2 ? 0 : (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

/* The first L from which one method stays faster than the other; 0: none. */
static int crossover(const bench_methods *r, bench_method fast, bench_method slow) {
  int l = 0;
  for (int i = r->rows - 1; i >= 0 && r->row[i].best[fast] < r->row[i].best[slow]; i--) l = r->row[i].l;
  return l;
}

weyl_status bench_methods_run(weyl_context *ctx, const bench_methods_ask *ask, bench_methods *out) {
  bench_methods made = {0};
  for (int l = ask->low; l <= ask->high; l++) {
    bench_methods_row *row = &made.row[made.rows++];
    row->l = l;
    for (int m = 0; m < BENCH_METHODS; m++) {
      if (weyl_progress(ctx, bench_method_name[m], (l - ask->low) * BENCH_METHODS + m,
                        (ask->high - ask->low + 1) * BENCH_METHODS))
        return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
      WEYL_TRY(one(ctx, ask, l, (bench_method)m, &row->ns[m], &row->best[m]));
    }
  }
  for (int m = 0; m < BENCH_METHODS; m++) made.slope[m] = slope_of(&made, m);
  made.grid_beats_all = crossover(&made, BENCH_METHOD_GRID, BENCH_METHOD_CG);
  made.grid_beats_even = crossover(&made, BENCH_METHOD_GRID, BENCH_METHOD_EVEN);
  *out = made;
  return WEYL_OK;
}
