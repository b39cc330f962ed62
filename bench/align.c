/* The convolution along edges with harmonics of their own directions, all degrees to L: over tables, harmonics and
 * their gradients included, and in the frame of each edge. */
#include "bench.h"

#include <weyl/irrep.h>

#include <math.h>

const char *const bench_align_way[BENCH_ALIGN_WAYS] = {"tables", "aligned", "orders", "orders to 2", "gaunt"};
const char *const bench_align_pass[BENCH_ALIGN_PASSES] = {"forward", "forward+backward"};

enum { X, R, V, OUT, ARRAYS };

typedef struct side {
  weyl_edge_product *tables;
  weyl_harmonics_plan *harmonics;
  weyl_edge_aligned *aligned;
  int64_t width; /* harmonics */
  weyl_dtype real;
  weyl_edges edges;
  void *in[ARRAYS], *d[ARRAYS]; /* x, R, v, gradient of out; dx, dR, dv, out */
  void *y, *dy, *slopes, *work;
  weyl_context *ctx;
  bool backward;
} side;

static void side_close(side *s) {
  for (int i = 0; i < ARRAYS; i++) {
    weyl_dealloc(s->ctx, s->in[i]);
    weyl_dealloc(s->ctx, s->d[i]);
  }
  void *const rest[] = {s->y, s->dy, s->slopes, s->work};
  for (int i = 0; i < 4; i++) weyl_dealloc(s->ctx, rest[i]);
  weyl_edge_product_free(s->tables);
  weyl_harmonics_plan_free(s->harmonics);
  weyl_edge_aligned_free(s->aligned);
}

/* Gradients by v of n edges from those by harmonics. */
#define PULL(T)                                                                                 \
  static void pull_##T(int64_t n, int64_t width, const T *dy, const T *slopes, T *dv) {         \
    for (int64_t i = 0; i < 3 * n; i++) {                                                       \
      T sum = 0;                                                                                \
      for (int64_t k = 0; k < width; k++) sum += dy[i / 3 * width + k] * slopes[i * width + k]; \
      dv[i] = sum;                                                                              \
    }                                                                                           \
  }
PULL(float)
PULL(double)

static weyl_status once(void *self) {
  side *s = self;
  weyl_context *ctx = s->ctx;
  if (s->aligned) {
    WEYL_TRY(weyl_edge_aligned_forward(ctx, s->aligned, &s->edges, s->in[X], s->in[R], s->in[V], s->d[OUT], s->work));
    if (!s->backward) return WEYL_OK;
    return weyl_edge_aligned_backward(ctx, s->aligned, &s->edges, s->in[X], s->in[R], s->in[V], s->in[OUT], s->d[X],
                                      s->d[R], s->d[V], s->work);
  }
  weyl_harmonics_run(s->harmonics, s->edges.n, s->in[V], s->y, s->backward ? s->slopes : NULL, s->work);
  WEYL_TRY(weyl_edge_product_forward(ctx, s->tables, &s->edges, s->in[X], s->in[R], s->y, s->d[OUT], s->work));
  if (!s->backward) return WEYL_OK;
  WEYL_TRY(weyl_edge_product_backward(ctx, s->tables, &s->edges, s->in[X], s->in[R], s->y, s->in[OUT], s->d[X], s->d[R],
                                      s->dy, s->work));
  if (s->real == WEYL_F32)
    pull_float(s->edges.n, s->width, s->dy, s->slopes, s->d[V]);
  else
    pull_double(s->edges.n, s->width, s->dy, s->slopes, s->d[V]);
  return WEYL_OK;
}

static weyl_status side_open(weyl_arena *arena, const bench_align_ask *ask, bench_align_row *row, side *s) {
  weyl_context *ctx = s->ctx;
  const int l = row->l;
  weyl_irreps list[2];
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, 2 * (l + 1));
  if (!item) return WEYL_MEMORY;
  for (int i = 0; i < 2 * (l + 1); i++) item[i] = (weyl_irrep){i > l ? 1 : ask->channels, i % (l + 1), 1};
  list[0] = (weyl_irreps){l + 1, item};
  list[1] = (weyl_irreps){l + 1, item + l + 1};
  weyl_paths paths;
  const bool even = !ask->full || row->way == BENCH_ALIGN_GAUNT;
  WEYL_TRY(weyl_paths_find(ctx, arena, list[0], list[1], list[0], even ? WEYL_PATH_EVEN : WEYL_PATH_ALL, &paths));
  int64_t size[ARRAYS];
  size_t work;
  s->width = (l + 1) * (l + 1);
  if (row->way == BENCH_ALIGN_TABLES) {
    WEYL_TRY(weyl_edge_product_new(ctx, NULL, ask->real, list[0], list[1], list[0], paths, &s->tables));
    WEYL_TRY(weyl_harmonics_plan_new(ctx, &(weyl_harmonics_opts){.l_max = l}, ask->real, &s->harmonics));
    for (int i = 0; i < ARRAYS; i++) size[i] = weyl_edge_product_size(s->tables, (const int[]){0, 3, 1, 2}[i]);
    size[V] = 3;
    work = weyl_edge_product_work(s->tables);
    if (weyl_harmonics_work(s->harmonics) > work) work = weyl_harmonics_work(s->harmonics);
    row->ops[0] = weyl_edge_product_ops(s->tables, 0);
    row->ops[1] = row->ops[0] + weyl_edge_product_ops(s->tables, 2);
  } else {
    const weyl_edge_aligned_opts opts = {.weights = row->way == BENCH_ALIGN_PATHS   ? WEYL_EDGE_PATHS
                                                    : row->way == BENCH_ALIGN_GAUNT ? WEYL_EDGE_DEGREES
                                                                                    : WEYL_EDGE_ORDERS,
                                         .orders = row->way == BENCH_ALIGN_FEW ? 3 : 0};
    WEYL_TRY(weyl_edge_aligned_new(ctx, &opts, ask->real, list[0], list[1], list[0], paths, &s->aligned));
    for (int i = 0; i < ARRAYS; i++) size[i] = weyl_edge_aligned_size(s->aligned, (const int[]){0, 3, 1, 2}[i]);
    work = weyl_edge_aligned_work(s->aligned);
    row->ops[0] = weyl_edge_aligned_ops(s->aligned, 0);
    row->ops[1] = row->ops[0] + weyl_edge_aligned_ops(s->aligned, 2);
  }
  row->weights = size[R] / ask->channels;
  const int64_t count[ARRAYS] = {ask->atoms, ask->edges, ask->edges, ask->atoms};
  weyl_rng rng = weyl_rng_new(1, "align");
  bool whole = true;
  for (int i = 0; i < ARRAYS; i++) {
    whole &= (s->in[i] = bench_random_numbers(ctx, &rng, ask->real, (size_t)(count[i] * size[i]))) != NULL;
    whole &= (s->d[i] = bench_random_numbers(ctx, &rng, ask->real, (size_t)(count[i] * size[i]))) != NULL;
  }
  const size_t harmonics = s->tables ? (size_t)(ask->edges * s->width) : 1, number = weyl_dtype_size(ask->real);
  whole &= (s->y = weyl_alloc(ctx, harmonics, number)) != NULL;
  whole &= (s->dy = weyl_alloc(ctx, harmonics, number)) != NULL;
  whole &= (s->slopes = weyl_alloc(ctx, 3 * harmonics, number)) != NULL;
  whole &= (s->work = weyl_alloc(ctx, work, 1)) != NULL;
  return whole ? WEYL_OK : WEYL_MEMORY;
}

#define TURNS 3

static weyl_status one_degree(weyl_context *ctx, const bench_align_ask *ask, int l, bench_align *out) {
  side s[BENCH_ALIGN_WAYS] = {{0}};
  bench_samples times[BENCH_ALIGN_WAYS][BENCH_ALIGN_PASSES] = {{{0}}};
  bench_align_row *row = out->row + out->rows;
  weyl_arena *arena = NULL;
  weyl_edges edges;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(bench_ring(arena, ask->atoms, ask->edges, &edges));
  for (int k = 0; k < BENCH_ALIGN_WAYS; k++) {
    s[k] = (side){.ctx = ctx, .real = ask->real, .edges = edges};
    row[k] = (bench_align_row){.l = l, .way = (bench_align_kind)k};
    WEYL_GOTO(side_open(arena, ask, &row[k], &s[k]));
  }
  for (int turn = 0; turn < TURNS; turn++)
    for (int k = 0; k < BENCH_ALIGN_WAYS; k++)
      for (int pass = 0; pass < BENCH_ALIGN_PASSES; pass++) {
        s[k].backward = pass > 0;
        WEYL_GOTO(bench_repeat(ctx, once, &s[k], weyl_thread_cpu_seconds, ask->seconds / TURNS, &times[k][pass]));
        const double now = bench_peak(ask->real, 0.005);
        if (now > out->peak) out->peak = now;
      }
  for (int k = 0; k < BENCH_ALIGN_WAYS; k++)
    for (int pass = 0; pass < BENCH_ALIGN_PASSES; pass++) row[k].ours[pass] = bench_times_of(&times[k][pass]);
  out->rows += BENCH_ALIGN_WAYS;
done:
  for (int k = 0; k < BENCH_ALIGN_WAYS; k++) {
    for (int pass = 0; pass < BENCH_ALIGN_PASSES; pass++) bench_samples_free(ctx, &times[k][pass]);
    if (s[k].ctx) side_close(&s[k]);
  }
  weyl_arena_free(arena);
  return status;
}

weyl_status bench_aligns(weyl_context *ctx, const bench_align_ask *ask, bench_align *out) {
  *out = (bench_align){0};
  for (int l = ask->l_low; l <= ask->l_high; l++) {
    if (weyl_progress(ctx, "degrees", l - ask->l_low, ask->l_high - ask->l_low + 1))
      return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
    WEYL_TRY(one_degree(ctx, ask, l, out));
  }
  return WEYL_OK;
}
