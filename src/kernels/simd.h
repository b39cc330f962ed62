/* Vectors of the element type and instruction set that this file is compiled for.
 *
 *   T, bits          the element type and the signed integer of its size
 *   vec, mask, VL    a vector, the result of a comparison, lanes a vector
 *   v_load_n(p, m)   the first m lanes (0 < m < VL) from memory, 1 in the rest, so that no lane divides by 0
 *   v_max_raw(a, b)  a > b ? a : b, thus b when either is NaN; v_min_raw alike
 *   v_fma(a, b, c)   a b + c, in one rounding where the CPU can
 *   V_ADD_PRODUCT    of sum, x, y: sum += x y as v_fma, where sums fill the registers
 *   v_sum4(.., s)    the sums over the lanes of four vectors, to s[0..3]
 *   v_pow2(n + POW2_BIAS)        2^n for n integral in -126..128, at the end infinity (f32 only)
 *   v_scale(x, n + SCALE_BIAS)   x 2^n for n integral in -151..128, to infinity and through the denormals (f32 only)
 */
#ifndef WEYL_KERNELS_SIMD_H
#define WEYL_KERNELS_SIMD_H

#include "names.h"

#include "declare.inc.h"

#include <string.h>

#if WEYL_BITS == 32
typedef float T;
typedef int32_t bits;
#define F32_OR_F64(a, b) a
#else
typedef double T;
typedef int64_t bits;
#define F32_OR_F64(a, b) b
#endif

/* 1.5 2^23: a sum with it has no fraction left, and the integer, plus the bias of exponents (once, or once for each of
 * two factors), in its low bits. */
#define POW2_BIAS  (0x1.8p23f + 127)
#define SCALE_BIAS (0x1.8p23f + 254)

#define INLINE static inline __attribute__((always_inline, unused))
#ifdef __clang__ /* a count would unroll too late for arrays of vectors to become registers */
#define UNROLL    _Pragma("clang loop unroll(full)")
#define NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define UNROLL    _Pragma("GCC unroll 8")
#define NO_UNROLL _Pragma("GCC unroll 1")
#endif

#if WEYL_LEVEL == 0
#include "simd_base.h"
#elif WEYL_LEVEL == 1
#include "simd_avx2.h"
#else
#include "simd_avx512.h"
#endif

enum { VL = VECTOR_BYTES / sizeof(T) };

INLINE vec v_zero(void) { return v_set1(0); }

INLINE vec v_max_nan(vec a, vec b) { /* NaN if either is */
  return v_select(v_unordered(a), a, v_max_raw(a, b));
}

INLINE vec v_min_nan(vec a, vec b) { return v_select(v_unordered(a), a, v_min_raw(a, b)); }

#endif
