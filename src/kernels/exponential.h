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

/* exp(-x) for x in -89..87: infinite below -88.4, where a sigmoid is no normal number and comes out as 0. */
INLINE vec exp_minus(vec x) {
  vec n;
  const vec p = expm1_reduced(v_minus(x), POW2_BIAS, &n);
  return (p + v_set1(1)) * v_pow2(n);
}

INLINE vec at_least_89(vec x) { return v_max_raw(v_set1(-89), x); } /* minus; NaN passes */

INLINE vec at_most_87(vec x) { return v_min_raw(v_set1(87), x); }

INLINE vec f_sigmoid(vec x) {
  const vec one = v_set1(1);
  return one / (one + exp_minus(at_most_87(at_least_89(x))));
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

/* y = x s and its derivative s + x s (1 - s), s = sigmoid(x) = 1 / (1 + e) and 1 - s = e s with e = exp(-x). Where x is
 * cut off, s is 0 or 1, and e may be infinite. */
INLINE void f_silu(vec x, vec *y, vec *dy) {
  const vec low = F32_OR_F64(at_least_89(x), v_max_raw(v_set1(-1000), x));
  const vec inside = F32_OR_F64(at_most_87(low), v_min_raw(v_set1(1000), low));
  const vec e = F32_OR_F64(exp_minus(inside), f_exp(v_minus(inside)));
  const vec s = v_set1(1) / (v_set1(1) + e);
  *y = low * s;
  *dy = v_fma(inside * s, v_min_raw(v_set1(F32_OR_F64(3e38f, 1.7e308)), e) * s, s);
}

#endif
