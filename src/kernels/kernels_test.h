/* Shared by the tests of this room: every table of kernels that this CPU can run, random numbers, and distance in ulp.
 */
#ifndef WEYL_KERNELS_TEST_H
#define WEYL_KERNELS_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/kernels.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { F32 = WEYL_F32, F64 = WEYL_F64 };

/* One of base, avx2, avx512; NULL where the CPU or the build lacks it, which is said once a program. */
static inline const weyl_kernels *table_here(size_t i) {
  static const char *const names[] = {"base", "avx2", "avx512"};
  static bool said[3];
  const weyl_kernels *table = weyl_kernels_named(names[i]);
  if (!table && !said[i]) print_message("skipped: this CPU or build has no %s kernels\n", names[i]);
  said[i] = true;
  return table;
}

#define FOR_TABLES(k)               \
  for (size_t t_ = 0; t_ < 3; t_++) \
    for (const weyl_kernels *k = table_here(t_); k; k = NULL)

/* An array of either type, seen as doubles. */
static inline double at(int type, const void *x, size_t i) {
  return type == F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static inline void put(int type, void *x, size_t i, double value) {
  if (type == F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

static inline size_t size_of(int type) { return type == F32 ? sizeof(float) : sizeof(double); }

static inline void *shifted(int type, void *x, size_t i) { return (char *)x + i * size_of(type); }

static inline void *array_of(int type, size_t n) {
  void *x = calloc(n + 1, size_of(type));
  assert_non_null(x);
  return x;
}

static inline void *random_array(weyl_rng *rng, int type, size_t n, double low, double high) {
  void *x = array_of(type, n);
  for (size_t i = 0; i < n; i++) put(type, x, i, low + (high - low) * weyl_rng_uniform(rng));
  return x;
}

static inline double epsilon_of(int type) { return type == F32 ? (double)FLT_EPSILON : DBL_EPSILON; }

static inline bool same(double a, double b) { /* NaN equals NaN */
  return a == b || (isnan(a) && isnan(b));
}

/* |got - exact| in units of the last place of `exact`; what is below the normal numbers may be flushed. */
static inline double ulps(int type, double got, long double exact) {
  const double top = type == F32 ? (double)FLT_MAX : DBL_MAX, low = type == F32 ? (double)FLT_MIN : DBL_MIN;
  const int digits = type == F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
  if (isnan(exact) || isnan(got)) return isnan(exact) && isnan(got) ? 0 : INFINITY;
  if (fabsl(exact) < (long double)low) return fabsl((long double)got - exact) <= (long double)low ? 0 : INFINITY;
  int exponent;
  frexpl(exact, &exponent);
  const long double ulp = ldexpl(1, exponent - digits);
  if (isinf(exact) || fabsl(exact) > (long double)top) { /* the largest number is one ulp from infinity */
    const bool far = !isinf(got) && fabs(got) < top;
    return far || (got > 0) != (exact > 0) ? INFINITY : 0;
  }
  if (isinf(got)) return (got > 0) == (exact > 0) && (long double)top - fabsl(exact) < 4 * ulp ? 1 : INFINITY;
  return (double)(fabsl((long double)got - exact) / ulp);
}

#endif
