/* Crossings of a level: a plain loop's bits, on whole numbers, which no rounding moves; and parabolas that dip. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "isa.h"
#include "isa_test.h"

#include <math.h>
#include <string.h>

enum { N = 4096, BEFORE = 4, BEHIND = 70 };

static bool may_cross(const float *x, float u) {
  const float p = 8 * (x[2] - x[-2]) + x[-4] - x[4], q = 8 * (x[4] - x[0]) + x[-2] - x[6];
  const bool below = x[0] < u, next = x[2] < u;
  if (below != next) return true;
  return below != (p < 0) && next == (q < 0) && 81 * fminf(fabsf(x[0] - u), fabsf(x[2] - u)) <= fabsf(p) + fabsf(q);
}

static void same_as_a_loop(void **state) {
  (void)state;
  float x[BEFORE + N + BEHIND];
  uint64_t got[N / 64];
  size_t seen = 0;
  for (int level = -3; level <= 3; level += 3) {
    for (size_t i = 0; i < BEFORE + N + BEHIND; i++) { /* rough and smooth, on the level too */
      const int64_t j = (int64_t)i / 2;
      x[i] = i % 2 ? (float)((j * j * 7 + 13) % 23 - 11) : (float)((j * 3) % 401 - 200) * (j / 401 % 2 ? -1 : 1);
    }
    FOR_SETS(crossings, run) {
      memset(got, 0x5a, sizeof got);
      run(N, (float)level, x + BEFORE, got);
      for (size_t i = 0; i < N; i++) {
        const bool bit = got[i / 64] >> i % 64 & 1;
        seen += bit;
        assert_int_equal(bit, may_cross(x + BEFORE + i, (float)level));
      }
    }
  }
  assert_true(seen > 100);
}

/* (t - c)^2 - depth between two numbers: two zeros when depth > 0, none when the lowest place is above the level. */
static void dips(void **state) {
  (void)state;
  float x[BEFORE + 64 + BEHIND];
  for (int deep = 0; deep < 2; deep++)
    for (int sign = -1; sign <= 1; sign += 2) {
      for (size_t i = 0; i < BEFORE + 64 + BEHIND; i++) {
        const double t = (double)(i / 2) - BEFORE / 2 - 9.5;
        x[i] = i % 2 ? 1 : (float)(sign * (t * t - (deep ? 0.0625 : -0.0625)));
      }
      FOR_SETS(crossings, run) {
        uint64_t bits;
        run(64, 0, x + BEFORE, &bits);
        /* 81 * 0.1875 is within the slopes' sum of 24; 81 * 0.3125 is not */
        assert_true(bits == (deep ? (uint64_t)1 << 18 : 0));
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_a_loop), cmocka_unit_test(dips)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
