/* Maps of two and three arrays, fill and axpy. */
#include "simd.h"

#include "vector_math.h"

INLINE vec f_add(vec x, vec y) { return x + y; }

INLINE vec f_sub(vec x, vec y) { return x - y; }

INLINE vec f_mul(vec x, vec y) { return x * y; }

INLINE vec f_div(vec x, vec y) { return x / y; }

INLINE vec f_pow(vec x, vec y) { return SLEEF(pow)(x, y); }

INLINE vec f_max(vec x, vec y) { return v_max_nan(x, y); }

INLINE vec f_min(vec x, vec y) { return v_min_nan(x, y); }

INLINE vec f_atan2(vec x, vec y) { return SLEEF(atan2)(x, y); }

INLINE vec f_lt(vec x, vec y) { return v_select(v_lt(x, y), v_set1(1), v_zero()); }

INLINE vec f_le(vec x, vec y) { return v_select(v_le(x, y), v_set1(1), v_zero()); }

INLINE vec f_eq(vec x, vec y) { return v_select(v_eq(x, y), v_set1(1), v_zero()); }

/* sx and sy are constants where this is called, so each pair of strides gets a loop of its own. */
INLINE void map_pair(size_t n, const T *x, size_t sx, const T *y, size_t sy, T *z, vec (*f)(vec, vec)) {
  size_t i = 0;
  const vec x0 = sx ? v_zero() : v_set1(*x), y0 = sy ? v_zero() : v_set1(*y);
  for (; i + 2 * VL <= n; i += 2 * VL) {
    const vec a = f(sx ? v_load(x + i) : x0, sy ? v_load(y + i) : y0);
    const vec b = f(sx ? v_load(x + i + VL) : x0, sy ? v_load(y + i + VL) : y0);
    v_store(z + i, a);
    v_store(z + i + VL, b);
  }
  if (i + VL <= n) {
    v_store(z + i, f(sx ? v_load(x + i) : x0, sy ? v_load(y + i) : y0));
    i += VL;
  }
  if (i < n) {
    const size_t m = n - i;
    v_store_n(z + i, m, f(sx ? v_load_n(x + i, m) : x0, sy ? v_load_n(y + i, m) : y0));
  }
}

INLINE void map2(size_t n, const T *x, size_t sx, const T *y, size_t sy, T *z, vec (*f)(vec, vec)) {
  if (n == 0) return; /* the single value of a stride of 0 may not be there then */
  if (sx && sy)
    map_pair(n, x, 1, y, 1, z, f);
  else if (sx)
    map_pair(n, x, 1, y, 0, z, f);
  else
    map_pair(n, x, 0, y, sy, z, f);
}

#define X(U, l) \
  void K(binary_##l) BINARY_ARGS { map2(n, x, sx, y, sy, z, f_##l); }
WEYL_BINARY_LIST(X)
#undef X

INLINE void copy(size_t n, const T *x, size_t sx, T *z) {
  const vec x0 = v_set1(*x);
  size_t i = 0;
  for (; i + VL <= n; i += VL) v_store(z + i, sx ? v_load(x + i) : x0);
  if (i < n) v_store_n(z + i, n - i, sx ? v_load_n(x + i, n - i) : x0);
}

/* The value of a stride of 0 is read before anything is written: the output may be the same place. */
void K(where)(size_t n, const void *cv, size_t sc, const void *xv, size_t sx, const void *yv, size_t sy, void *zv) {
  if (n == 0) return;
  const T *c = cv, *x = xv, *y = yv;
  T *z = zv;
  if (!sc) { /* NaN counts as true, here and below */
    if (*c != 0)
      copy(n, x, sx, z);
    else
      copy(n, y, sy, z);
    return;
  }
  const vec x0 = v_set1(*x), y0 = v_set1(*y), zero = v_zero();
  size_t i = 0;
  for (; i + VL <= n; i += VL) {
    const mask none = v_eq(v_load(c + i), zero);
    v_store(z + i, v_select(none, sy ? v_load(y + i) : y0, sx ? v_load(x + i) : x0));
  }
  if (i < n) {
    const size_t m = n - i;
    const mask none = v_eq(v_load_n(c + i, m), zero);
    v_store_n(z + i, m, v_select(none, sy ? v_load_n(y + i, m) : y0, sx ? v_load_n(x + i, m) : x0));
  }
}

void K(fill)(size_t n, double value, void *yv) {
  T *y = yv;
  const vec v = v_set1((T)value);
  size_t i = 0;
  for (; i + VL <= n; i += VL) v_store(y + i, v);
  if (i < n) v_store_n(y + i, n - i, v);
}

void K(axpy)(size_t n, double a, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  const vec factor = v_set1((T)a);
  size_t i = 0;
  for (; i + 2 * VL <= n; i += 2 * VL) {
    const vec s = v_fma(factor, v_load(x + i), v_load(y + i));
    const vec t = v_fma(factor, v_load(x + i + VL), v_load(y + i + VL));
    v_store(y + i, s);
    v_store(y + i + VL, t);
  }
  if (i + VL <= n) {
    v_store(y + i, v_fma(factor, v_load(x + i), v_load(y + i)));
    i += VL;
  }
  if (i < n) v_store_n(y + i, n - i, v_fma(factor, v_load_n(x + i, n - i), v_load_n(y + i, n - i)));
}
