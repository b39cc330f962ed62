/* Fractions of 128-bit integers. What does not fit sets *over, and the value is then of no use. */
#ifndef WEYL_EXPR_RATIONAL_H
#define WEYL_EXPR_RATIONAL_H

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

/* In lowest terms, d > 0. */
typedef struct rational {
  i128 n, d;
} rational;

static inline u128 magnitude(i128 x) { return x < 0 ? -(u128)x : (u128)x; }

static inline u128 common_divisor(u128 x, u128 y) {
  while (y > UINT64_MAX || x > UINT64_MAX) {
    if (y == 0) return x;
    const u128 r = x % y;
    x = y;
    y = r;
  }
  uint64_t p = (uint64_t)x, q = (uint64_t)y;
  while (q) {
    const uint64_t r = p % q;
    p = q;
    q = r;
  }
  return p;
}

static inline rational rational_of(i128 n, i128 d) {
  const u128 g = common_divisor(magnitude(n), magnitude(d));
  if (g > 1) n /= (i128)g, d /= (i128)g;
  return d < 0 ? (rational){-n, -d} : (rational){n, d};
}

static inline i128 i128_mul(i128 x, i128 y, bool *over) {
  i128 r;
  if (__builtin_mul_overflow(x, y, &r)) *over = true;
  return r;
}

static inline i128 i128_add(i128 x, i128 y, bool *over) {
  i128 r;
  if (__builtin_add_overflow(x, y, &r)) *over = true;
  return r;
}

static inline rational rational_add(rational x, rational y, bool *over) {
  if (x.d == 1 && y.d == 1) return (rational){i128_add(x.n, y.n, over), 1};
  if (x.d == y.d) return rational_of(i128_add(x.n, y.n, over), x.d);
  const i128 g = (i128)common_divisor((u128)x.d, (u128)y.d), yd = y.d / g;
  return rational_of(i128_add(i128_mul(x.n, yd, over), i128_mul(y.n, x.d / g, over), over), i128_mul(x.d, yd, over));
}

static inline rational rational_mul(rational x, rational y, bool *over) {
  if (x.d == 1 && y.d == 1) return (rational){i128_mul(x.n, y.n, over), 1};
  const rational a = rational_of(x.n, y.d), b = rational_of(y.n, x.d);
  return (rational){i128_mul(a.n, b.n, over), i128_mul(a.d, b.d, over)};
}

static inline rational rational_inverse(rational x) { return x.n < 0 ? (rational){-x.d, -x.n} : (rational){x.d, x.n}; }

static inline rational rational_power(rational x, uint32_t k, bool *over) {
  rational r = {1, 1};
  for (; k && !*over; k >>= 1) {
    if (k & 1) r = rational_mul(r, x, over);
    if (k > 1) x = rational_mul(x, x, over);
  }
  return r;
}

static inline double rational_double(rational x) { return (double)x.n / (double)x.d; }

#endif
