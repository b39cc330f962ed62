/* Shared by the tests of this room. */
#ifndef WEYL_IRREP_TESTING_H
#define WEYL_IRREP_TESTING_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <weyl/irrep.h>
#include "property.h"

#define PI 3.14159265358979323846

#ifdef __GNUC__
#define UNUSED __attribute__((unused))
#else
#define UNUSED
#endif

static weyl_context *ctx;

#define ok(expr) assert_ok(ctx, (expr))

static UNUSED int context_up(void **state) {
  (void)state;
  ctx = test_context(2);
  return 0;
}

static UNUSED int context_down(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

static UNUSED double *numbers(size_t n) {
  double *x = weyl_alloc(ctx, n > 0 ? n : 1, sizeof *x);
  assert_non_null(x);
  return x;
}

static UNUSED void fill_normal(weyl_rng *rng, size_t n, double *x) {
  for (size_t i = 0; i < n; i++) x[i] = weyl_rng_normal(rng);
}

static UNUSED double largest(size_t n, const double *a) {
  double most = 0;
  for (size_t i = 0; i < n; i++) {
    if (!(fabs(a[i]) <= most)) most = fabs(a[i]); /* NaN sticks */
  }
  return most;
}

static UNUSED double largest_difference(size_t n, const double *a, const double *b) {
  double most = 0;
  for (size_t i = 0; i < n; i++) {
    const double d = fabs(a[i] - b[i]);
    if (!(d <= most)) most = d;
  }
  return most;
}

/* The largest difference over the largest of the first. */
static UNUSED double relative_difference(size_t n, const double *a, const double *b) {
  return largest_difference(n, a, b) / largest(n, a);
}

static UNUSED void random_rotation(weyl_rng *rng, double r[9]) {
  double q[4];
  fill_normal(rng, 4, q);
  ok(weyl_rotation_from_quaternion(ctx, q, r));
}

static UNUSED size_t degrees_width(int l_max) { return (size_t)(l_max + 1) * (size_t)(l_max + 1); }

/* z [(l3 + 1)^2] = the product of x [(l1 + 1)^2] and y [(l2 + 1)^2] over all couplings of a kind, one by one. */
static UNUSED void sparse_product(weyl_coupling_kind kind, int l1, int l2, int l3, const double *x, const double *y,
                                  double *z) {
  memset(z, 0, degrees_width(l3) * sizeof *z);
  weyl_arena *arena;
  ok(weyl_arena_new(ctx, &arena));
  for (int a = 0; a <= l1; a++) {
    for (int b = 0; b <= l2; b++) {
      for (int c = abs(a - b); c <= a + b && c <= l3; c++) {
        weyl_couplings list;
        ok(weyl_couplings_find(ctx, arena, kind, a, b, c, WEYL_GAUGE_WEYL, &list));
        for (int64_t i = 0; i < list.n; i++) {
          const weyl_coupling e = list.item[i];
          z[c * c + e.k] += e.value * x[a * a + e.i] * y[b * b + e.j];
        }
      }
    }
  }
  weyl_arena_free(arena);
}

#define assert_below(value, bound)                                                              \
  do {                                                                                          \
    const double value_ = (value), bound_ = (bound);                                            \
    if (!(value_ < bound_)) fail_msg("%s is %.6g, must be below %.3g", #value, value_, bound_); \
  } while (0)

#endif
