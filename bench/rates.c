/* What one core reaches: multiply-adds in registers, matrix products, and memory. */
#include "bench.h"

#include <weyl/kernels.h>

#include <cblas.h>
#include <string.h>

extern void openblas_set_num_threads(int threads) __attribute__((weak)); /* null with any other library */

/* One timing is this long, so that the clock's grain does not matter, and short enough to fall into a quiet moment. */
static const double chunk = 2e-3;

typedef struct work {
  void (*once)(const struct work *w);
  const bench_gemm *gemm;
  void *a, *b, *c, *scratch;
  size_t bytes;
} work;

/* Least CPU seconds of one repetition. */
static double least(const work *w, double seconds) {
  size_t repeats = 1;
  double best = 0;
  w->once(w);
  for (const double end = weyl_seconds() + seconds;;) {
    const double start = weyl_thread_cpu_seconds();
    for (size_t i = 0; i < repeats; i++) w->once(w);
    const double took = weyl_thread_cpu_seconds() - start;
    if (took < chunk / 2 && repeats < ((size_t)1 << 40)) {
      repeats *= 2;
      continue;
    }
    if (best == 0 || took / (double)repeats < best) best = took / (double)repeats;
    if (weyl_seconds() >= end) return best;
  }
}

double bench_peak(weyl_dtype real, double seconds) {
  const weyl_kernels *k = weyl_kernels_active();
  size_t rounds = 1000;
  double best = 0;
  for (const double end = weyl_seconds() + seconds;;) {
    double flops = 0;
    const double start = weyl_thread_cpu_seconds();
    k->multiply_add[real](rounds, &flops);
    const double took = weyl_thread_cpu_seconds() - start;
    if (took < chunk / 2 && rounds < ((size_t)1 << 40)) {
      rounds *= 2;
      continue;
    }
    if (flops / took > best) best = flops / took;
    if (weyl_seconds() >= end) return best;
  }
}

/* ---- products ---- */

static void own_product(const work *w) {
  const bench_gemm *g = w->gemm;
  const ptrdiff_t m = (ptrdiff_t)g->m, n = (ptrdiff_t)g->n, k = (ptrdiff_t)g->k;
  weyl_kernels_active()->gemm[g->real](g->m, g->n, g->k, w->a, g->a_turned ? 1 : k, g->a_turned ? m : 1, w->b,
                                       g->b_turned ? 1 : n, g->b_turned ? k : 1, w->c, n, false, w->scratch);
}

static void blas_product(const work *w) {
  const bench_gemm *g = w->gemm;
  const int m = (int)g->m, n = (int)g->n, k = (int)g->k;
  const int a_lead = g->a_turned ? m : k, b_lead = g->b_turned ? k : n;
  const CBLAS_TRANSPOSE a_turn = g->a_turned ? CblasTrans : CblasNoTrans,
                        b_turn = g->b_turned ? CblasTrans : CblasNoTrans;
  if (g->real == WEYL_F64)
    cblas_dgemm(CblasRowMajor, a_turn, b_turn, m, n, k, 1, w->a, a_lead, w->b, b_lead, 0, w->c, n);
  else
    cblas_sgemm(CblasRowMajor, a_turn, b_turn, m, n, k, 1, w->a, a_lead, w->b, b_lead, 0, w->c, n);
}

static void fill(weyl_rng *rng, weyl_dtype real, size_t n, void *x) {
  for (size_t i = 0; i < n; i++) {
    const double value = weyl_rng_uniform(rng) - 0.5;
    if (real == WEYL_F64)
      ((double *)x)[i] = value;
    else
      ((float *)x)[i] = (float)value;
  }
}

weyl_status bench_gemm_rate(weyl_context *ctx, const bench_gemm *g, double seconds, double *rate) {
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  const size_t size = weyl_dtype_size(g->real);
  weyl_rng rng = weyl_rng_new(1, "gemm");
  work w = {.once = g->blas ? blas_product : own_product, .gemm = g};
  weyl_status status = WEYL_MEMORY;
  if (!(w.a = weyl_alloc(ctx, g->m * g->k, size)) || !(w.b = weyl_alloc(ctx, g->k * g->n, size)) ||
      !(w.c = weyl_alloc(ctx, g->m * g->n, size)) || !(w.scratch = weyl_alloc(ctx, WEYL_GEMM_SCRATCH, 1)))
    goto done;
  fill(&rng, g->real, g->m * g->k, w.a);
  fill(&rng, g->real, g->k * g->n, w.b);
  *rate = 2 * (double)g->m * (double)g->n * (double)g->k / least(&w, seconds);
  status = WEYL_OK;
done:
  weyl_dealloc(ctx, w.a);
  weyl_dealloc(ctx, w.b);
  weyl_dealloc(ctx, w.c);
  weyl_dealloc(ctx, w.scratch);
  return status;
}

/* ---- memory ---- */

static void read_all(const work *w) {
  const size_t n = (size_t)1 << 14; /* floats a row */
  weyl_kernels_active()->max_rows[WEYL_F32](w->bytes / sizeof(float) / n, n, w->a, w->c);
}

static void copy_all(const work *w) { memcpy(w->b, w->a, w->bytes); }

weyl_status bench_bandwidth(weyl_context *ctx, double seconds, double *read, double *copy) {
  work w = {.bytes = (size_t)128 << 20};
  weyl_status status = WEYL_MEMORY;
  if (!(w.a = weyl_alloc(ctx, w.bytes, 1)) || !(w.b = weyl_alloc(ctx, w.bytes, 1)) ||
      !(w.c = weyl_alloc(ctx, (size_t)1 << 16, sizeof(float))))
    goto done;
  memset(w.a, 1, w.bytes); /* pages that were never written are one page */
  memset(w.b, 1, w.bytes);
  w.once = read_all;
  *read = (double)w.bytes / least(&w, seconds);
  w.once = copy_all;
  *copy = 2 * (double)w.bytes / least(&w, seconds);
  status = WEYL_OK;
done:
  weyl_dealloc(ctx, w.a);
  weyl_dealloc(ctx, w.b);
  weyl_dealloc(ctx, w.c);
  return status;
}
