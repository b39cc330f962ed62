/* Where two paths, a number of one and a number of the other in turn, may cross a level. */
#include "isa.h"

#include "simd.h"

INLINE uint64_t bits_of(mask m) {
#if WEYL_LEVEL == 2
  return m;
#elif WEYL_LEVEL == 1
  return (uint64_t)(uint32_t)_mm256_movemask_ps(m);
#else
  uint64_t all = 0;
  for (int i = 0; i < BASE_LANES; i++) all |= (uint64_t)(m[i] & 1) << i;
  return all;
#endif
}

/* Twelve times the slope at x: differences of fourth order. */
INLINE vec slope(vec before2, vec before, vec after, vec after2) {
  return v_fma(v_set1(8), after - before, before2 - after2);
}

INLINE uint64_t vector(const T *x, vec level) {
  const vec here = v_load(x), next = v_load(x + 2), before = v_load(x - 2), after = v_load(x + 4);
  const vec p = slope(v_load(x - 4), before, next, after), q = slope(before, here, after, v_load(x + 6));
  const uint64_t below = bits_of(v_lt(here, level)), below_next = bits_of(v_lt(next, level)),
                 falls = bits_of(v_lt(p, v_zero())), falls_next = bits_of(v_lt(q, v_zero()));
  /* a cubic with these ends and slopes leaves the nearer end by at most 4/27 of their sum */
  const vec end = v_min_raw(v_abs(here - level), v_abs(next - level));
  const uint64_t near = bits_of(v_le(v_set1(81) * end, v_abs(p) + v_abs(q)));
  return (below ^ below_next) | ((below ^ falls) & ~(below_next ^ falls_next) & near);
}

void K(crossings)(size_t n, float level, const float *x, uint64_t *to) {
  const vec u = v_set1(level);
  for (const float *end = x + n; x < end; x += 64) {
    uint64_t word = 0;
    for (size_t i = 0; i < 64; i += VL) word |= vector(x + i, u) << i;
    *to++ = word;
  }
}
