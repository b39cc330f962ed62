#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "property.h"

/* Known answers for philox4x32 with 10 rounds, from the file kat_vectors of Random123. */
static void philox_known_answers(void **state) {
  (void)state;
  static const struct {
    uint64_t key, hi, lo;
    uint32_t out[4];
  } known[] = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    uint32_t out[4];
    weyl_philox(known[k].key, known[k].hi, known[k].lo, out);
    assert_memory_equal(out, known[k].out, sizeof out);
  }
}

/* Streams of saved runs depend on these numbers: they may never change. */
static void streams_are_stable(void **state) {
  (void)state;
  assert_int_equal(weyl_hash_name(""), 0xefd01f60ba992926);
  weyl_rng rng = weyl_rng_new(7, "enc.0.weight");
  uint32_t block[4];
  weyl_philox(7, weyl_hash_name("enc.0.weight"), 0, block);
  assert_true(weyl_rng_u64(&rng) == (block[0] | (uint64_t)block[1] << 32));
  assert_int_equal(rng.index, 1);
}

static void names_and_seeds_separate_streams(void **state) {
  (void)state;
  const char *names[] = {"a", "b", "enc.0.weight", "enc.1.weight", ""};
  uint64_t first[20];
  size_t n = 0;
  for (uint64_t seed = 0; seed < 4; seed++) {
    for (size_t k = 0; k < 5; k++) {
      weyl_rng rng = weyl_rng_new(seed, names[k]);
      first[n++] = weyl_rng_u64(&rng);
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++) assert_true(first[i] != first[j]);
  }
}

PROPERTY(a_copy_is_a_bookmark, 20) {
  for (uint64_t k = weyl_rng_below(rng, 9); k > 0; k--) (void)weyl_rng_normal(rng);
  weyl_rng copy = *rng;
  for (int k = 0; k < 9; k++) assert_true(weyl_rng_normal(rng) == weyl_rng_normal(&copy));
  assert_true(weyl_rng_u64(rng) == weyl_rng_u64(&copy));
}

/* n draws: a mean is off by 5 standard errors once in 1.7 million times. */
PROPERTY(moments_are_right, 5) {
  enum { N = 100000 };
  double u1 = 0, u2 = 0, z1 = 0, z2 = 0, z3 = 0, z4 = 0;
  for (int i = 0; i < N; i++) {
    const double u = weyl_rng_uniform(rng), z = weyl_rng_normal(rng);
    assert_true(u >= 0 && u < 1);
    assert_true(isfinite(z));
    u1 += u;
    u2 += u * u;
    z1 += z;
    z2 += z * z;
    z3 += z * z * z;
    z4 += z * z * z * z;
  }
  const double e = 5 / sqrt(N);
  assert_close(u1 / N, 0.5, e * sqrt(1. / 12));
  assert_close(u2 / N, 1. / 3, e * sqrt(4. / 45));
  assert_close(z1 / N, 0, e);
  assert_close(z2 / N, 1, e * sqrt(2));
  assert_close(z3 / N, 0, e * sqrt(15));
  assert_close(z4 / N, 3, e * sqrt(96));
}

PROPERTY(below_is_even, 12) {
  const uint64_t n = 1 + weyl_rng_below(rng, 20);
  enum { DRAWS = 20000 };
  int count[20] = {0};
  for (int i = 0; i < DRAWS; i++) {
    const uint64_t x = weyl_rng_below(rng, n);
    assert_true(x < n);
    count[x]++;
  }
  double chi2 = 0;
  for (uint64_t k = 0; k < n; k++) {
    const double expected = (double)DRAWS / (double)n, d = count[k] - expected;
    chi2 += d * d / expected;
  }
  assert_true(chi2 < (double)n + 8 * sqrt(2. * (double)n) + 10);
  assert_true(weyl_rng_below(rng, UINT64_MAX) < UINT64_MAX);
  assert_int_equal(weyl_rng_below(rng, 1), 0);
}

/* n = 3/4 of 2^64: a plain remainder would count the lowest third twice, with probability 1/2 instead of 1/3. */
PROPERTY(below_is_even_for_large_n, 3) {
  enum { DRAWS = 20000 };
  int low = 0;
  for (int i = 0; i < DRAWS; i++) low += weyl_rng_below(rng, (uint64_t)3 << 62) < (uint64_t)1 << 62;
  assert_close((double)low / DRAWS, 1. / 3, 5 * sqrt(2. / 9 / DRAWS));
}

PROPERTY(shuffle_permutes, 30) {
  int64_t items[50] = {0};
  const size_t n = (size_t)weyl_rng_below(rng, 51);
  for (size_t i = 0; i < n; i++) items[i] = (int64_t)i;
  weyl_rng_shuffle(rng, items, n);
  bool seen[50] = {false};
  for (size_t i = 0; i < n; i++) {
    assert_true(items[i] >= 0 && items[i] < (int64_t)n && !seen[items[i]]);
    seen[items[i]] = true;
  }
}

/* All 6 orders of 3 items come up evenly: chi squared with 5 degrees, 40 is beyond 1e-6. */
PROPERTY(shuffle_is_even, 3) {
  int count[27] = {0};
  enum { DRAWS = 12000 };
  for (int i = 0; i < DRAWS; i++) {
    int64_t items[3] = {0, 1, 2};
    weyl_rng_shuffle(rng, items, 3);
    count[items[0] * 9 + items[1] * 3 + items[2]]++;
  }
  double chi2 = 0;
  int orders = 0;
  for (int k = 0; k < 27; k++) {
    if (count[k] == 0) continue;
    orders++;
    chi2 += (count[k] - DRAWS / 6.) * (count[k] - DRAWS / 6.) / (DRAWS / 6.);
  }
  assert_int_equal(orders, 6);
  assert_true(chi2 < 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_known_answers),
      cmocka_unit_test(streams_are_stable),
      cmocka_unit_test(names_and_seeds_separate_streams),
      property_test(a_copy_is_a_bookmark),
      property_test(moments_are_right),
      property_test(below_is_even),
      property_test(below_is_even_for_large_n),
      property_test(shuffle_permutes),
      property_test(shuffle_is_even),
  };
  return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
