/* The table of costs: which method comes first, and the pin, which each process reads once. */
#include "testing.h"

#include "product_choice.h"

#include <sys/wait.h>
#include <unistd.h>

static weyl_product_method first(product_family family, const char *isa, weyl_dtype real, int l) {
  weyl_product_method order[PRODUCT_METHODS];
  product_order(family, isa, real, l, order);
  bool there[PRODUCT_METHODS + 1] = {false};
  for (int i = 0; i < PRODUCT_METHODS; i++) there[order[i]] = true;
  for (int i = 1; i <= PRODUCT_METHODS; i++) assert_true(there[i]); /* each once */
  return order[0];
}

static void table(void **state) {
  (void)state;
  static const char *const isas[] = {"base", "avx2", "avx512"};
  for (size_t i = 0; i < 3; i++)
    for (int real = WEYL_F32; real <= WEYL_F64; real++) {
      const weyl_dtype t = (weyl_dtype)real;
      assert_int_equal(first(PRODUCT_FULL, isas[i], t, 3), WEYL_PRODUCT_WRITTEN);
      assert_int_equal(first(PRODUCT_GAUNT, isas[i], t, 2), WEYL_PRODUCT_WRITTEN);
      assert_int_equal(first(PRODUCT_GAUNT, isas[i], t, 6), WEYL_PRODUCT_GRID);
      assert_int_equal(first(PRODUCT_GAUNT, isas[i], t, 40), WEYL_PRODUCT_GRID); /* as the highest there is */
      assert_int_equal(first(PRODUCT_COMPLETE, isas[i], t, 4), WEYL_PRODUCT_WRITTEN);
      assert_int_equal(first(PRODUCT_FULL, isas[i], t, 0), WEYL_PRODUCT_WRITTEN); /* as the lowest */
    }
  assert_int_equal(first(PRODUCT_FULL, "unknown", WEYL_F32, 2), WEYL_PRODUCT_WRITTEN);
}

static weyl_product_method plan_with(const char *pin, weyl_sphere_kind kind) {
  int how = -1, ends[2];
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    setenv("WEYL_TP", pin, 1);
    const weyl_sphere_product_opts o = {.kind = kind,
                                        .functions = 2,
                                        .l = {2, 2},
                                        .l_out = 2,
                                        .exponent = {kind == WEYL_SPHERE_POWERS ? 3 : 1},
                                        .channels = 4};
    weyl_sphere_product *plan;
    how = weyl_sphere_product_new(ctx, &o, WEYL_F32, &plan) == WEYL_OK ? (int)weyl_sphere_product_how(plan) : -1;
    _exit(write(ends[1], &how, sizeof how) == sizeof how ? 0 : 1);
  }
  assert_int_equal(read(ends[0], &how, sizeof how), sizeof how);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  close(ends[0]);
  close(ends[1]);
  return (weyl_product_method)how;
}

static void pin(void **state) {
  (void)state;
  assert_int_equal(plan_with("table", WEYL_SPHERE_PRODUCT), WEYL_PRODUCT_TABLE);
  assert_int_equal(plan_with("grid", WEYL_SPHERE_COMPLETE), WEYL_PRODUCT_GRID);
  assert_int_equal(plan_with("written", WEYL_SPHERE_COMPLETE), WEYL_PRODUCT_WRITTEN);
  assert_int_equal(plan_with("table", WEYL_SPHERE_POWERS), WEYL_PRODUCT_GRID); /* there is no choice */
  assert_int_equal(plan_with("", WEYL_SPHERE_PRODUCT), plan_with("nonsense", WEYL_SPHERE_PRODUCT));
}

int main(void) {
  unsetenv("WEYL_TP");
  const struct CMUnitTest tests[] = {cmocka_unit_test(pin), cmocka_unit_test(table)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
