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

#define assert_below(value, bound)                                                              \
  do {                                                                                          \
    const double value_ = (value), bound_ = (bound);                                            \
    if (!(value_ < bound_)) fail_msg("%s is %.6g, must be below %.3g", #value, value_, bound_); \
  } while (0)

#endif
