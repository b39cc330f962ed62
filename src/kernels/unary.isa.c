/* Maps of one array. The exponential family in f32 is our own; what is rare, and all of f64, is SLEEF's. */
#include "exponential.h"

INLINE vec f_neg(vec x) { return v_minus(x); }

INLINE vec f_abs(vec x) { return v_abs(x); }

INLINE vec f_sign(vec x) { /* 0 and NaN stay as they are */
  const vec one = v_set1(1), zero = v_zero();
  return v_select(v_lt(zero, x), one, v_select(v_lt(x, zero), v_set1(-1), x));
}

INLINE vec f_floor(vec x) { return v_floor(x); }

INLINE vec f_sqrt(vec x) { return v_sqrt(x); }

INLINE vec f_rsqrt(vec x) { return v_set1(1) / v_sqrt(x); }

INLINE vec f_recip(vec x) { return v_set1(1) / x; }

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

INLINE void silu_at(const int lanes, const T *x, T *y, T *dy, const bool value, const bool slope) {
  vec v[SILU_LANES], d[SILU_LANES];
  UNROLL for (int i = 0; i < lanes; i++) v[i] = v_load(x + i * VL);
  f_silu(lanes, v, v, d);
  UNROLL for (int i = 0; i < lanes; i++) {
    if (value) v_store(y + i * VL, v[i]);
    if (slope) v_store(dy + i * VL, d[i]);
  }
}

INLINE void map_silu(size_t n, const T *x, T *y, T *dy, const bool value, const bool slope) {
  size_t i = 0;
  for (; i + SILU_LANES * VL <= n; i += SILU_LANES * VL)
    silu_at(SILU_LANES, x + i, value ? y + i : y, slope ? dy + i : dy, value, slope);
  for (; i + VL <= n; i += VL) silu_at(1, x + i, value ? y + i : y, slope ? dy + i : dy, value, slope);
  if (i == n) return;
  vec v = v_load_n(x + i, n - i), d;
  f_silu(1, &v, &v, &d);
  if (value) v_store_n(y + i, n - i, v);
  if (slope) v_store_n(dy + i, n - i, d);
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
