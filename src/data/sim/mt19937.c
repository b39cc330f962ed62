#include "sim/mt19937.h"

#include <math.h>

enum { WORDS = 624, SHIFT = 397 };

void mt19937_seed(mt19937 *mt, uint32_t seed) {
  mt->state[0] = seed;
  for (uint32_t i = 1; i < WORDS; i++) {
    const uint32_t s = mt->state[i - 1];
    mt->state[i] = 1812433253u * (s ^ (s >> 30)) + i;
  }
  mt->next = WORDS;
  mt->has_spare = false;
  mt->spare = 0;
}

static uint32_t twist(uint32_t high, uint32_t low) {
  const uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
  return (y >> 1) ^ ((low & 1u) ? 0x9908b0dfu : 0u);
}

static void refill(mt19937 *mt) {
  uint32_t *s = mt->state;
  int i = 0;
  for (; i < WORDS - SHIFT; i++) s[i] = s[i + SHIFT] ^ twist(s[i], s[i + 1]);
  for (; i < WORDS - 1; i++) s[i] = s[i + SHIFT - WORDS] ^ twist(s[i], s[i + 1]);
  s[WORDS - 1] = s[SHIFT - 1] ^ twist(s[WORDS - 1], s[0]);
  mt->next = 0;
}

uint32_t mt19937_word(mt19937 *mt) {
  if (mt->next == WORDS) refill(mt);
  uint32_t y = mt->state[mt->next++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

double mt19937_uniform(mt19937 *mt) {
  const uint32_t a = mt19937_word(mt) >> 5, b = mt19937_word(mt) >> 6;
  return (a * 67108864.0 + b) / 9007199254740992.0;
}

/* A point of the unit disk, without the origin. */
static double disk(mt19937 *mt, double *x1, double *x2) {
  double r2;
  do {
    *x1 = 2.0 * mt19937_uniform(mt) - 1.0;
    *x2 = 2.0 * mt19937_uniform(mt) - 1.0;
    r2 = *x1 * *x1 + *x2 * *x2;
  } while (r2 >= 1.0 || r2 == 0.0);
  return r2;
}

double mt19937_normal(mt19937 *mt) {
  if (mt->has_spare) {
    mt->has_spare = false;
    return mt->spare;
  }
  double x1, x2;
  const double r2 = disk(mt, &x1, &x2);
  const double f = sqrt(-2.0 * log(r2) / r2);
  mt->spare = f * x1;
  mt->has_spare = true;
  return f * x2;
}

void mt19937_discard_normals(mt19937 *mt, int64_t n) {
  if (n > 0 && mt->has_spare) {
    mt->has_spare = false;
    n--;
  }
  for (; n >= 2; n -= 2) {
    double x1, x2;
    (void)disk(mt, &x1, &x2);
  }
  if (n == 1) (void)mt19937_normal(mt); /* its partner stays for the next caller */
}
