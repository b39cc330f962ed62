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

/* Of degrees to l with every path: a number of nodes, edges and channels does not matter. */
static bool aligned(int l, weyl_edge_aligned_opts opts) {
  weyl_irrep item[2][8];
  for (int i = 0; i <= l; i++) item[0][i] = (weyl_irrep){4, i, 1}, item[1][i] = (weyl_irrep){1, i, 1};
  const weyl_irreps list = {l + 1, item[0]}, harmonics = {l + 1, item[1]};
  weyl_arena *arena;
  weyl_paths paths;
  weyl_edge_aligned *plan;
  ok(weyl_arena_new(ctx, &arena));
  ok(weyl_paths_find(ctx, arena, list, harmonics, list, WEYL_PATH_EVEN, &paths));
  ok(weyl_edge_aligned_new(ctx, &opts, WEYL_F32, list, harmonics, list, paths, &plan));
  const bool pays = weyl_edge_aligned_pays(plan);
  weyl_edge_aligned_free(plan);
  weyl_arena_free(arena);
  return pays;
}

static void along_edges(void **state) {
  (void)state;
  assert_false(aligned(1, (weyl_edge_aligned_opts){0}));
  assert_true(aligned(6, (weyl_edge_aligned_opts){0}));
  assert_true(aligned(1, (weyl_edge_aligned_opts){.orders = 1})); /* nothing else makes these */
  assert_true(aligned(1, (weyl_edge_aligned_opts){.weights = WEYL_EDGE_DEGREES}));
}

/* How a product is made with a pin; l > 0: whether edges are aligned. */
static int with_pin(const char *pin, weyl_sphere_kind kind, int l) {
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
    if (l > 0)
      how = aligned(l, (weyl_edge_aligned_opts){0});
    else
      how = weyl_sphere_product_new(ctx, &o, WEYL_F32, &plan) == WEYL_OK ? (int)weyl_sphere_product_how(plan) : -1;
    _exit(write(ends[1], &how, sizeof how) == sizeof how ? 0 : 1);
  }
  assert_int_equal(read(ends[0], &how, sizeof how), sizeof how);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  close(ends[0]);
  close(ends[1]);
  return how;
}

static weyl_product_method plan_with(const char *pin, weyl_sphere_kind kind) {
  return (weyl_product_method)with_pin(pin, kind, 0);
}

static void pin(void **state) {
  (void)state;
  assert_int_equal(plan_with("table", WEYL_SPHERE_PRODUCT), WEYL_PRODUCT_TABLE);
  assert_int_equal(plan_with("grid", WEYL_SPHERE_COMPLETE), WEYL_PRODUCT_GRID);
  assert_int_equal(plan_with("written", WEYL_SPHERE_COMPLETE), WEYL_PRODUCT_WRITTEN);
  assert_int_equal(plan_with("table", WEYL_SPHERE_POWERS), WEYL_PRODUCT_GRID); /* there is no choice */
  assert_int_equal(with_pin("table", 0, 6), false);
  assert_int_equal(with_pin("aligned", 0, 1), true);
  assert_int_equal(with_pin("grid", 0, 1), false); /* says nothing of edges */
  assert_int_equal(plan_with("aligned", WEYL_SPHERE_PRODUCT), plan_with("", WEYL_SPHERE_PRODUCT));
  assert_int_equal(plan_with("", WEYL_SPHERE_PRODUCT), plan_with("nonsense", WEYL_SPHERE_PRODUCT));
}

int main(void) {
  unsetenv("WEYL_TP");
  const struct CMUnitTest tests[] = {cmocka_unit_test(pin), cmocka_unit_test(table), cmocka_unit_test(along_edges)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
