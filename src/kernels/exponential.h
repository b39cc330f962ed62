/* exp, sigmoid, tanh and x sigmoid(x) of one vector. In f32 they are our own polynomials. */
#ifndef WEYL_KERNELS_EXPONENTIAL_H
#define WEYL_KERNELS_EXPONENTIAL_H

#include "vector_math.h"

INLINE vec v_minus(vec x) { return v_xor(x, v_set1((T)-0.0)); }

#if WEYL_BITS == 32

/* n = round(x / ln 2), *biased = n + bias; returns expm1(r), r = x - n ln 2, |r| <= 0.347: r + r^2 P(r), P of degree 4
 * by the exchange algorithm, relative error 1.4e-8. ln 2 in two parts, so that n times the first is exact even without
 * FMA. */
INLINE vec expm1_reduced(vec x, T bias, vec *biased) {
  *biased = v_fma(x, v_set1(1.44269504089f), v_set1(bias));
  const vec n = *biased - v_set1(bias);
  vec r = v_fma(n, v_set1(-0.693359375f), x);
  r = v_fma(n, v_set1(2.12194440055e-4f), r);
  vec p = v_set1(1.39466703512e-3f);
  p = v_fma(p, r, v_set1(8.36671064651e-3f));
  p = v_fma(p, r, v_set1(4.16662790781e-2f));
  p = v_fma(p, r, v_set1(1.66665420484e-1f));
  p = v_fma(p, r, v_set1(5.00000006265e-1f));
  return v_fma(r * r, p, r);
}

INLINE vec f_exp(vec x) {
  /* beyond the bounds the result is 0 or infinity already; NaN passes both (v_max_raw's second argument) */
  const vec inside = v_min_raw(v_set1(89), v_max_raw(v_set1(-104), x));
  vec n;
  const vec p = expm1_reduced(inside, SCALE_BIAS, &n);
  return v_scale(p + v_set1(1), n);
}

/* SILU_LANES vectors at a time: each step is done for all of them before the next, so that the core has independent
 * work at hand. */
#define EACH UNROLL for (int i = 0; i < lanes; i++)

enum { SILU_LANES = 4 };

/* e = exp(-x) for x in -89..87: 1 - r + r^2 P(-r) with x = -n ln 2 + r. */
INLINE void exp_minus(const int lanes, const vec *x, vec *e) {
  vec n[SILU_LANES], r[SILU_LANES], p[SILU_LANES];
  EACH n[i] = v_fma(x[i], v_set1(-1.44269504089f), v_set1(POW2_BIAS));
  EACH e[i] = v_pow2(n[i]);
  EACH n[i] = n[i] - v_set1(POW2_BIAS);
  EACH r[i] = v_fma(n[i], v_set1(0.693359375f), x[i]);
  EACH r[i] = v_fma(n[i], v_set1(-2.12194440055e-4f), r[i]);
  EACH p[i] = v_fma(v_set1(1.39466703512e-3f), r[i], v_set1(-8.36671064651e-3f));
  EACH p[i] = v_fma(p[i], r[i], v_set1(4.16662790781e-2f));
  EACH p[i] = v_fma(p[i], r[i], v_set1(-1.66665420484e-1f));
  EACH p[i] = v_fma(p[i], r[i], v_set1(5.00000006265e-1f));
  EACH n[i] = r[i] * r[i];
  EACH r[i] = v_set1(1) - r[i];
  EACH p[i] = v_fma(n[i], p[i], r[i]);
  EACH e[i] = p[i] * e[i];
}

/* NaN passes both. */
INLINE vec at_least(T low, vec x) { return v_max_raw(v_set1(low), x); }

INLINE vec at_most_87(vec x) { return v_min_raw(v_set1(87), x); }

/* At -89 e is infinite. */
INLINE vec f_sigmoid(vec x) {
  const vec inside = at_most_87(at_least(-89, x)), one = v_set1(1);
  vec e;
  exp_minus(1, &inside, &e);
  return one / (one + e);
}

/* tanh |x| = e / (e + 2), e = expm1(2 |x|) = 2^n expm1(r) + (2^n - 1): good to the last bits near 0 too. */
INLINE vec f_tanh(vec x) {
  const vec twice = v_min_raw(v_set1(20), v_abs(x) * v_set1(2));
  vec n;
  const vec p = expm1_reduced(twice, POW2_BIAS, &n);
  const vec s = v_pow2(n);
  const vec e = v_fma(p, s, s - v_set1(1));
  return v_xor(e / (e + v_set1(2)), v_sign_bit(x));
}

#else

INLINE vec f_exp(vec x) { return SLEEF(exp)(x); }

INLINE vec f_sigmoid(vec x) {
  const vec one = v_set1(1);
  const vec e = f_exp(v_xor(v_abs(x), v_set1(-0.0)));
  return v_select(v_lt(x, v_zero()), e, one) / (one + e);
}

INLINE vec f_tanh(vec x) { return SLEEF(tanh)(x); }

#endif

/* y = x s and its derivative s + x s (1 - s), s = sigmoid(x) = 1 / (1 + e) and 1 - s = e s with e = exp(-x). */
#if WEYL_BITS == 32

INLINE void f_silu(const int lanes, const vec *x, vec *y, vec *dy) {
  vec inside[SILU_LANES], e[SILU_LANES], s[SILU_LANES];
  EACH y[i] = at_least(-88, x[i]);
  EACH inside[i] = at_most_87(y[i]);
  exp_minus(lanes, inside, e);
  EACH s[i] = v_set1(1) + e[i];
  EACH s[i] = v_set1(1) / s[i];
  EACH y[i] = y[i] * s[i];
  EACH inside[i] = inside[i] * s[i];
  EACH e[i] = e[i] * s[i];
  EACH dy[i] = v_fma(inside[i], e[i], s[i]);
}

#else

enum { SILU_LANES = 4 };

INLINE void f_silu(const int lanes, const vec *x, vec *y, vec *dy) {
  for (int i = 0; i < lanes; i++) {
    const vec low = v_max_raw(v_set1(-709), x[i]), inside = v_min_raw(v_set1(709), low);
    const vec e = f_exp(v_minus(inside)), s = v_set1(1) / (v_set1(1) + e);
    y[i] = low * s;
    dy[i] = v_fma(inside * s, e * s, s);
  }
}

#endif

#endif
