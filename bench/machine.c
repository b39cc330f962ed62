/* What the machine can do: the arithmetic peak of a core, memory, and products of our own and of the BLAS. */
#include "bench.h"

#include <weyl/kernels.h>

weyl_status bench_product_rate(weyl_context *ctx, double seconds, bench_product *p) {
  const int turns = 4; /* a neighbour's burst meets both */
  for (int t = 0; t < turns; t++) {
    const double peak = bench_peak(p->gemm.real, seconds / turns / 4);
    double rate = 0;
    WEYL_TRY(bench_gemm_rate(ctx, &p->gemm, seconds / turns, &rate));
    if (peak > p->peak) p->peak = peak;
    if (rate > p->rate) p->rate = rate;
  }
  return WEYL_OK;
}

weyl_status bench_machine_rates(weyl_context *ctx, double seconds, bench_machine *out) {
  static const struct {
    const char *what;
    size_t m, n, k;
    bool a_turned;
  } shapes[] = {
      {"100 rows, 64 wide", 100, 64, 64, false},    {"500 rows, 64 wide", 500, 64, 64, false},
      {"2000 rows, 64 wide", 2000, 64, 64, false},  {"16000 rows, 64 wide", 16000, 64, 64, false},
      {"500 rows, 128 to 64", 500, 64, 128, false}, {"weight gradient, 2000 rows", 64, 64, 2000, true},
      {"square", 1024, 1024, 1024, false},
  };
  enum { SHAPES = sizeof shapes / sizeof shapes[0] };
  _Static_assert(4 * SHAPES == BENCH_MACHINE_PRODUCTS, "every shape, in both types, by both");
  bench_machine made = {0};
  for (int real = WEYL_F32; real <= WEYL_F64; real++) made.peak[real] = bench_peak((weyl_dtype)real, seconds);
  for (size_t s = 0; s < SHAPES; s++)
    for (int real = WEYL_F32; real <= WEYL_F64; real++)
      for (int blas = 0; blas < 2; blas++) {
        if (weyl_progress(ctx, "products", made.products, BENCH_MACHINE_PRODUCTS))
          return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
        bench_product *p = &made.product[made.products++];
        *p = (bench_product){
            .what = shapes[s].what,
            .gemm = {shapes[s].m, shapes[s].n, shapes[s].k, shapes[s].a_turned, false, (weyl_dtype)real, blas != 0}};
        WEYL_TRY(bench_product_rate(ctx, seconds, p));
        if (p->peak > made.peak[real]) made.peak[real] = p->peak;
        if (blas && p->rate > made.blas[real]) made.blas[real] = p->rate;
      }
  WEYL_TRY(bench_bandwidth(ctx, seconds, &made.read, &made.copy));
  *out = made;
  return WEYL_OK;
}
