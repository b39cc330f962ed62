/* The engine's own parts beside what the hardware allows. */
#include "bench.h"

weyl_status bench_skinny_products(weyl_context *ctx, double seconds, bench_skinny *out) {
  static const size_t rows[] = {100, 200, 500, 1000, 2000};
  static const struct {
    const char *what;
    size_t in, out;
    int kind; /* 0: x W^T, 1: dy W, 2: dy^T x */
  } layers[] = {
      {"x W^T", 64, 64, 0},  {"dy W", 64, 64, 1},  {"dy^T x", 64, 64, 2},
      {"x W^T", 128, 64, 0}, {"dy W", 128, 64, 1}, {"dy^T x", 128, 64, 2},
  };
  bench_skinny made = {0};
  enum { ROWS = sizeof rows / sizeof rows[0], LAYERS = sizeof layers / sizeof layers[0] };
  _Static_assert(ROWS * LAYERS <= BENCH_SKINNY_PRODUCTS, "there is room for all");
  for (size_t l = 0; l < LAYERS; l++)
    for (size_t r = 0; r < ROWS; r++) {
      if (weyl_progress(ctx, "products", made.products, ROWS * LAYERS))
        return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
      const size_t m = rows[r], in = layers[l].in, width = layers[l].out;
      const bench_gemm kinds[3] = {{.m = m, .n = width, .k = in, .b_turned = true},
                                   {.m = m, .n = in, .k = width},
                                   {.m = width, .n = in, .k = m, .a_turned = true}};
      bench_product *p = &made.product[made.products++];
      *p = (bench_product){.what = layers[l].what, .gemm = kinds[layers[l].kind]};
      WEYL_TRY(bench_product_rate(ctx, seconds, p));
      if (p->peak > made.peak) made.peak = p->peak;
    }
  *out = made;
  return WEYL_OK;
}

weyl_status bench_engine_step(weyl_context *ctx, uint64_t seed, double seconds, bench_train *out) {
  weyl_context *one = NULL;
  weyl_options *options = NULL;
  weyl_context_opts o = weyl_context_defaults();
  o.threads = 1;
  weyl_status status;
  WEYL_GOTO(weyl_context_new(&o, &one));
  WEYL_GOTO(weyl_train_options(ctx, "nbody", "egnn", &options));
  const bench_train_ask ask = {.model = "egnn", .options = options, .seed = seed, .seconds = seconds, .by_hand = true};
  status = bench_train_step(one, &ask, out);
  if (status != WEYL_OK) weyl_fail(ctx, status, "%s", weyl_message(one));
done:
  weyl_options_free(options);
  weyl_context_free(one);
  return status;
}
