/* Arrays whose element type is known at run time, read and written as doubles. */
#ifndef WEYL_IRREP_NUMBERS_H
#define WEYL_IRREP_NUMBERS_H

#include <weyl/irrep.h>

static inline void numbers_read(weyl_dtype dtype, const void *from, int64_t at, int64_t n, double *to) {
  if (dtype == WEYL_F32) {
    const float *x = (const float *)from + at;
    for (int64_t i = 0; i < n; i++) to[i] = (double)x[i];
  } else {
    const double *x = (const double *)from + at;
    for (int64_t i = 0; i < n; i++) to[i] = x[i];
  }
}

static inline void numbers_write(weyl_dtype dtype, const double *from, int64_t n, void *to, int64_t at) {
  if (dtype == WEYL_F32) {
    float *y = (float *)to + at;
    for (int64_t i = 0; i < n; i++) y[i] = (float)from[i];
  } else {
    double *y = (double *)to + at;
    for (int64_t i = 0; i < n; i++) y[i] = from[i];
  }
}

/* WEYL_F32 or WEYL_F64 and a number of rows of `width` numbers that can be addressed. */
static inline weyl_status numbers_check(weyl_context *ctx, const char *what, weyl_dtype dtype, int64_t n,
                                        int64_t width) {
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "%s of %s, must be f32 or f64", what, weyl_dtype_name(dtype));
  if (n < 0 || n > INT64_MAX / 8 / (width > 0 ? width : 1))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld rows of %lld numbers", (long long)n, (long long)width);
  return WEYL_OK;
}

#endif
