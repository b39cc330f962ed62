/* Maps of one array. The exponential family in f32 is our own; what is rare, and all of f64, is SLEEF's. */
#include "simd.h"

#include "vector_math.h"

INLINE vec f_neg(vec x) { return v_xor(x, v_set1((T)-0.0)); }

INLINE vec f_abs(vec x) { return v_abs(x); }

INLINE vec f_sign(vec x) { /* 0 and NaN stay as they are */
  const vec one = v_set1(1), zero = v_zero();
  return v_select(v_lt(zero, x), one, v_select(v_lt(x, zero), v_set1(-1), x));
}

INLINE vec f_floor(vec x) { return v_floor(x); }

INLINE vec f_sqrt(vec x) { return v_sqrt(x); }

INLINE vec f_rsqrt(vec x) { return v_set1(1) / v_sqrt(x); }

INLINE vec f_recip(vec x) { return v_set1(1) / x; }

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
  const vec p = expm1_reduced(f_neg(x), POW2_BIAS, &n);
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
  const vec e = F32_OR_F64(exp_minus(inside), f_exp(f_neg(inside)));
  const vec s = v_set1(1) / (v_set1(1) + e);
  *y = low * s;
  *dy = v_fma(inside * s, v_min_raw(v_set1(F32_OR_F64(3e38f, 1.7e308)), e) * s, s);
}

INLINE vec f_expm1(vec x) { return SLEEF(expm1)(x); }

INLINE vec f_log(vec x) { return SLEEF(log)(x); }

INLINE vec f_log1p(vec x) {
  const mask large = v_lt(v_set1((T)1e30), x); /* SLEEF 3.5 answers infinity near the end of the range */
  const vec y = SLEEF(log1p)(x);
  return v_any(large) ? v_select(large, SLEEF(log)(x), y) : y;
}

INLINE vec f_sin(vec x) { return SLEEF(sin)(x); }

INLINE vec f_cos(vec x) { return SLEEF(cos)(x); }

INLINE vec f_erf(vec x) { return SLEEF(erf)(x); }

/* The tail goes through a vector too, so that a value does not depend on where in the array it stands. */
INLINE void map(size_t n, const T *x, T *y, vec (*f)(vec)) {
  size_t i = 0;
  for (; i + 2 * VL <= n; i += 2 * VL) {
    const vec a = f(v_load(x + i)), b = f(v_load(x + i + VL));
    v_store(y + i, a);
    v_store(y + i + VL, b);
  }
  if (i + VL <= n) {
    v_store(y + i, f(v_load(x + i)));
    i += VL;
  }
  if (i < n) v_store_n(y + i, n - i, f(v_load_n(x + i, n - i)));
}

INLINE void map_silu(size_t n, const T *x, T *y, T *dy, const bool value, const bool slope) {
  vec a, b, da, db;
  size_t i = 0;
  for (; i + 2 * VL <= n; i += 2 * VL) {
    f_silu(v_load(x + i), &a, &da);
    f_silu(v_load(x + i + VL), &b, &db);
    if (value) v_store(y + i, a);
    if (value) v_store(y + i + VL, b);
    if (slope) v_store(dy + i, da);
    if (slope) v_store(dy + i + VL, db);
  }
  if (i + VL <= n) {
    f_silu(v_load(x + i), &a, &da);
    if (value) v_store(y + i, a);
    if (slope) v_store(dy + i, da);
    i += VL;
  }
  if (i < n) {
    f_silu(v_load_n(x + i, n - i), &a, &da);
    if (value) v_store_n(y + i, n - i, a);
    if (slope) v_store_n(dy + i, n - i, da);
  }
}

void K(silu)(size_t n, const void *x, void *y, void *dy) {
  if (y && dy)
    map_silu(n, x, y, dy, true, true);
  else if (y)
    map_silu(n, x, y, NULL, true, false);
  else if (dy)
    map_silu(n, x, NULL, dy, false, true);
}

#define X(U, l) \
  void K(unary_##l) UNARY_ARGS { map(n, x, y, f_##l); }
WEYL_UNARY_LIST(X)
