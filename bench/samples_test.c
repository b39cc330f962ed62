#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

static void best_and_median(void **state) {
  (void)state;
  bench_samples s = {0};
  bench_times t = bench_times_of(&s);
  assert_true(t.steps == 0 && t.wall == 0 && t.best_cpu == 0);
  for (int i = 0; i < 1000; i++) assert_int_equal(bench_samples_add(NULL, &s, 1000 - i, i + 1), WEYL_OK);
  t = bench_times_of(&s);
  assert_true(t.steps == 1000 && t.wall == 500.5 && t.cpu == 500.5 && t.best_wall == 1 && t.best_cpu == 1);
  /* a CPU clock that stood still: the wall's time */
  assert_int_equal(bench_samples_add(NULL, &s, 2000, 0), WEYL_OK);
  t = bench_times_of(&s);
  assert_true(t.wall == 501 && t.cpu == 501 && t.best_cpu == 1);
  bench_samples_free(NULL, &s);
}

static void spin(void *arg, int64_t i, int thread) {
  (void)i;
  (void)thread;
  const double end = weyl_thread_cpu_seconds() + *(const double *)arg;
  while (weyl_thread_cpu_seconds() < end) continue;
}

/* Two threads, each at work for that long: the busiest of them used no less, and less than both together. */
static void threads_are_told_apart(void **state) {
  (void)state;
  static bench_threads before, after;
  weyl_context *ctx = NULL;
  double each = 0.05;
  assert_int_equal(weyl_context_new(&(weyl_context_opts){.threads = 2}, &ctx), WEYL_OK);
  bench_threads_now(&before);
  if (before.n == 0) {
    print_message("skipped: this system does not tell the CPU time of threads\n");
    weyl_context_free(ctx);
    return;
  }
  const double cpu = weyl_cpu_seconds();
  weyl_parallel(ctx, 2, spin, &each);
  const double all = weyl_cpu_seconds() - cpu;
  bench_threads_now(&after);
  const double busiest = bench_threads_busiest(&before, &after);
  weyl_context_free(ctx);
  if (!(busiest >= each && busiest <= all)) fail_msg("the busiest used %g s of %g", busiest, all);
  assert_true(bench_threads_busiest(&after, &after) == 0);
}

static void rates_are_rates(void **state) {
  (void)state;
  weyl_context *ctx = NULL;
  assert_int_equal(weyl_context_new(&(weyl_context_opts){.threads = 1}, &ctx), WEYL_OK);
  for (int real = WEYL_F32; real <= WEYL_F64; real++)
    for (int blas = 0; blas < 2; blas++)
      for (int turned = 0; turned < 4; turned++) {
        bench_product p = {.gemm = {96, 64, 32, turned & 1, turned & 2, (weyl_dtype)real, blas}};
        assert_int_equal(bench_product_rate(ctx, 0.01, &p), WEYL_OK);
        if (!(p.rate > 1e6 && p.rate < 1e13 && p.peak > 1e6 && p.peak < 1e13))
          fail_msg("a product at %g operations a second, multiply-adds at %g", p.rate, p.peak);
      }
  weyl_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(best_and_median),
      cmocka_unit_test(threads_are_told_apart),
      cmocka_unit_test(rates_are_rates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
