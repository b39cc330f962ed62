#include "kernels_test.h"

/* Best rate in GFLOP/s over a few short trials, by the CPU time of this thread. */
static double rate(const weyl_kernels *k, int type) {
  double best = 0;
  for (int trial = 0; trial < 20; trial++) {
    double flops = 0;
    const double start = weyl_thread_cpu_seconds();
    k->multiply_add[type](100000, &flops);
    const double seconds = weyl_thread_cpu_seconds() - start;
    if (seconds > 0 && flops / seconds > best) best = flops / seconds;
  }
  return best / 1e9;
}

static void counts_its_work(void **state) {
  (void)state;
  for (int type = F32; type <= F64; type++) {
    FOR_TABLES(k) {
      double none = 1, one = 0, many = 0;
      k->multiply_add[type](0, &none);
      k->multiply_add[type](1, &one);
      k->multiply_add[type](1000, &many);
      assert_true(none == 0 && one > 0 && many == 1000 * one);
    }
    double flops = 0;
    weyl_kernels_reference()->multiply_add[type](7, &flops);
    assert_true(flops == 14);
  }
}

/* The work is done, not left out: no core reaches 100 operations a nanosecond a vector lane, and a chain of dependent
 * ones runs far below the peak. */
static void takes_time(void **state) {
  (void)state;
  for (int type = F32; type <= F64; type++) {
    const double chain = rate(weyl_kernels_reference(), type);
    FOR_TABLES(k) {
      const double peak = rate(k, type);
      print_message("%s %s: %.1f GFLOP/s, one chain %.2f\n", k->isa, type == F32 ? "f32" : "f64", peak, chain);
      assert_true(peak < 1600);
      assert_true(peak > chain);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(counts_its_work), cmocka_unit_test(takes_time)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
