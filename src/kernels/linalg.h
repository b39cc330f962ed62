/* Shared by eigh.c, svd.c and solve.c. */
#ifndef WEYL_KERNELS_LINALG_H
#define WEYL_KERNELS_LINALG_H

#include <weyl/kernels.h>

#include <math.h>
#include <string.h>

/* Up to this order our own loops work on the stack; LAPACK's overhead and its blocking pay above. */
#define SMALL 16

/* The largest magnitude; NaN if any value is NaN. */
static inline double largest(size_t n, const double *x) {
  double top = 0;
  for (size_t i = 0; i < n; i++) {
    const double v = fabs(x[i]);
    if (!(v <= top)) top = v;
    if (isnan(v)) break;
  }
  return top;
}

/* A power of two near 1 / top: scaling by it is exact and keeps squares from overflow and underflow. */
static inline double exact_scale(double top) {
  int exponent;
  frexp(top, &exponent);
  if (exponent < -1000) exponent = -1000; /* 2^1022 is the last normal power */
  return top > 0 ? ldexp(1, -exponent) : 1;
}

#endif
