/* Which table is chosen: by the CPU, and by WEYL_ISA. */
#include "kernels_test.h"

#include <sys/wait.h>
#include <unistd.h>

static void tables_are_full(void **state) {
  (void)state;
  const weyl_kernels *tables[4] = {weyl_kernels_reference(), table_here(0), table_here(1), table_here(2)};
  assert_string_equal(tables[0]->isa, "reference");
  assert_non_null(tables[1]); /* base runs anywhere */
  for (size_t t = 0; t < 4; t++) {
    const weyl_kernels *k = tables[t];
    if (!k) continue;
    assert_ptr_equal(k, weyl_kernels_named(k->isa));
    for (int type = F32; type <= F64; type++) {
      for (size_t f = 0; f < WEYL_UNARY_COUNT; f++) assert_true(k->unary[type][f] != NULL);
      for (size_t f = 0; f < WEYL_BINARY_COUNT; f++) assert_true(k->binary[type][f] != NULL);
      assert_true(k->where[type] && k->fill[type] && k->silu[type] && k->axpy[type] && k->sum_rows[type] &&
                  k->max_rows[type]);
      assert_true(k->sum_columns[type] && k->max_columns[type] && k->gather[type] && k->scatter_add[type] &&
                  k->gemm[type]);
    }
  }
}

static void unknown_names(void **state) {
  (void)state;
  assert_null(weyl_kernels_named("avx3"));
  assert_null(weyl_kernels_named(""));
  assert_null(weyl_kernels_named("AVX2"));
  assert_null(weyl_kernels_named(NULL));
}

/* The choice is made once a process, so each value is tried in a child. */
static bool child_chooses(const char *value, const char *expected) {
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (value)
      setenv("WEYL_ISA", value, 1);
    else
      unsetenv("WEYL_ISA");
    const weyl_kernels *k = weyl_kernels_active();
    setenv("WEYL_ISA", "reference", 1); /* too late */
    _exit(strcmp(k->isa, expected) == 0 && weyl_kernels_active() == k ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void environment_pins(void **state) {
  (void)state;
  const char *best = "base";
  for (size_t t = 0; t < 3; t++) {
    const weyl_kernels *k = table_here(t);
    if (!k) continue;
    best = k->isa;
    assert_true(child_chooses(k->isa, k->isa));
  }
  assert_true(child_chooses(NULL, best));
  assert_true(child_chooses("", best));
  assert_true(child_chooses("nonsense", best));
  assert_true(child_chooses("reference", "reference"));
  if (!table_here(2)) assert_true(child_chooses("avx512", best)); /* what the CPU lacks is never run */
}

static void blas_core(void **state) {
  (void)state;
  const char *core = weyl_blas_core();
  assert_non_null(core);
  assert_true(core[0] != 0);
  print_message("BLAS core: %s\n", core);
  const char *wanted = weyl_blas_core_wanted();
  if (wanted) assert_string_not_equal(wanted, core);
  if (strcmp(core, "Prescott") == 0 && weyl_kernels_named("avx2") && !getenv("OPENBLAS_CORETYPE"))
    assert_non_null(wanted);
  setenv("OPENBLAS_CORETYPE", "Prescott", 1); /* a core that the user chose stays */
  assert_null(weyl_blas_core_wanted());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_are_full),
      cmocka_unit_test(unknown_names),
      cmocka_unit_test(environment_pins),
      cmocka_unit_test(blas_core),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
