#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "property.h"
#include "sim/mt19937.h"

/* The 10000th word of seed 5489 is 4123659995 (C++ standard, [rand.predef]). */
static void known_word(void **state) {
  (void)state;
  mt19937 mt;
  mt19937_seed(&mt, 5489);
  for (int i = 1; i < 10000; i++) (void)mt19937_word(&mt);
  assert_int_equal(mt19937_word(&mt), 4123659995u);
}

/* First values of seed 42 as every Python tutorial prints them: uniforms and normals of the legacy interface. */
static void known_reals(void **state) {
  (void)state;
  mt19937 mt;
  mt19937_seed(&mt, 42);
  assert_close(mt19937_uniform(&mt), 0.3745401188473625, 0);
  assert_close(mt19937_uniform(&mt), 0.9507143064099162, 0);
  mt19937_seed(&mt, 42);
  assert_close(mt19937_normal(&mt), 0.4967141530112327, 1e-15);
  assert_close(mt19937_normal(&mt), -0.13826430117118466, 1e-15);
  assert_close(mt19937_normal(&mt), 0.6476885381006925, 1e-15);
}

/* Discarding is drawing, whatever is left over before and after. */
PROPERTY(discard_is_draw, 50) {
  mt19937 a, b;
  mt19937_seed(&a, (uint32_t)weyl_rng_u64(rng));
  for (uint64_t k = weyl_rng_below(rng, 4); k > 0; k--) (void)mt19937_normal(&a);
  b = a;
  const int64_t n = (int64_t)weyl_rng_below(rng, 9);
  for (int64_t k = 0; k < n; k++) (void)mt19937_normal(&a);
  mt19937_discard_normals(&b, n);
  for (int k = 0; k < 3; k++) assert_close(mt19937_normal(&a), mt19937_normal(&b), 0);
  assert_int_equal(mt19937_word(&a), mt19937_word(&b));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_word), cmocka_unit_test(known_reals),
                                     property_test(discard_is_draw)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
