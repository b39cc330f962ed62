/* SLEEF's functions of one vector at one ulp: SLEEF(sin)(x) is Sleef_sinf8_u10avx2(x), say. Where SLEEF has no vectors
 * of this size, the C library's function lane by lane. */
#ifndef WEYL_KERNELS_VECTOR_MATH_H
#define WEYL_KERNELS_VECTOR_MATH_H

#include "simd.h"

#ifdef SLEEF_TAG

#include <sleef.h>

#define SLEEF_JOIN_(name, letter, lanes, tag) Sleef_##name##letter##lanes##_u10##tag
#define SLEEF_JOIN(name, letter, lanes, tag)  SLEEF_JOIN_(name, letter, lanes, tag)
#define SLEEF(name)                           SLEEF_JOIN(name, F32_OR_F64(f, d), SLEEF_LANES, SLEEF_TAG)

#else

#include <math.h>

#define SLEEF(name) lanewise_##name
#define LANEWISE(name)                                                           \
  INLINE vec lanewise_##name(vec x) {                                            \
    for (int i = 0; i < BASE_LANES; i++) x[i] = F32_OR_F64(name##f, name)(x[i]); \
    return x;                                                                    \
  }
LANEWISE(exp)
LANEWISE(expm1)
LANEWISE(log)
LANEWISE(log1p)
LANEWISE(sin)
LANEWISE(cos)
LANEWISE(tanh)
LANEWISE(erf)
#undef LANEWISE

#define LANEWISE_TWO(name)                                                             \
  INLINE vec lanewise_##name(vec x, vec y) {                                           \
    for (int i = 0; i < BASE_LANES; i++) x[i] = F32_OR_F64(name##f, name)(x[i], y[i]); \
    return x;                                                                          \
  }
LANEWISE_TWO(pow)
LANEWISE_TWO(atan2)
#undef LANEWISE_TWO

#endif
#endif
