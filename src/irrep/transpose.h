/* Squares of VL x VL numbers turned in registers: lane j of row i becomes lane i of row j.  And VL points
 * (x, y, z) in a row, split into three vectors. */
#ifndef WEYL_IRREP_TRANSPOSE_H
#define WEYL_IRREP_TRANSPOSE_H

#include <simd.h>

#ifdef __clang__
#define UNROLL_VL UNROLL
#else
#define UNROLL_VL _Pragma("GCC unroll 16")
#endif

#if WEYL_LEVEL == 0

INLINE void v_transpose(vec r[VL]) {
  vec t[VL];
  UNROLL for (int i = 0; i < VL; i++) t[i] = r[i];
  UNROLL for (int i = 0; i < VL; i++) UNROLL for (int j = 0; j < VL; j++) r[i][j] = t[j][i];
}

INLINE void v_load_points(const T *p, vec xyz[3]) {
  UNROLL for (int k = 0; k < 3; k++) UNROLL for (int i = 0; i < VL; i++) xyz[k][i] = p[3 * i + k];
}

#elif WEYL_LEVEL == 1 && WEYL_BITS == 32

INLINE void v_transpose(vec r[VL]) {
  vec a[8], b[8];
  UNROLL for (int i = 0; i < 8; i += 2) {
    a[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    a[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  UNROLL for (int i = 0; i < 8; i += 4) {
    b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
    b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
    b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    r[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
  }
}

INLINE void v_load_points(const T *p, vec xyz[3]) {
  const vec a = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + 12), 1);
  const vec b = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + 4)), _mm_loadu_ps(p + 16), 1);
  const vec c = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + 8)), _mm_loadu_ps(p + 20), 1);
  const vec xy = _mm256_shuffle_ps(b, c, _MM_SHUFFLE(2, 1, 3, 2)); /* x2 y2 x3 y3 */
  const vec yz = _mm256_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 2, 1)); /* y0 z0 y1 z1 */
  xyz[0] = _mm256_shuffle_ps(a, xy, _MM_SHUFFLE(2, 0, 3, 0));
  xyz[1] = _mm256_shuffle_ps(yz, xy, _MM_SHUFFLE(3, 1, 2, 0));
  xyz[2] = _mm256_shuffle_ps(yz, c, _MM_SHUFFLE(3, 0, 3, 1));
}

#elif WEYL_LEVEL == 1

INLINE void v_transpose(vec r[VL]) {
  const vec a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
  const vec c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
  r[0] = _mm256_permute2f128_pd(a, c, 0x20);
  r[1] = _mm256_permute2f128_pd(b, d, 0x20);
  r[2] = _mm256_permute2f128_pd(a, c, 0x31);
  r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

INLINE void v_load_points(const T *p, vec xyz[3]) {
  UNROLL for (int k = 0; k < 3; k++) xyz[k] = _mm256_set_pd(p[9 + k], p[6 + k], p[3 + k], p[k]);
}

#else /* AVX-512 */

#if WEYL_BITS == 32
INLINE void v_transpose(vec r[VL]) {
  vec a[16], b[16];
  UNROLL_VL for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    a[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  UNROLL_VL for (int i = 0; i < 16; i += 4) { /* b[i + k]: columns k, k + 4, k + 8, k + 12 of rows i ... i + 3 */
    b[i] = _mm512_shuffle_ps(a[i], a[i + 2], 0x44);
    b[i + 1] = _mm512_shuffle_ps(a[i], a[i + 2], 0xee);
    b[i + 2] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0xee);
  }
  UNROLL for (int k = 0; k < 4; k++) {
    const vec e = _mm512_shuffle_f32x4(b[k], b[4 + k], 0x88), f = _mm512_shuffle_f32x4(b[k], b[4 + k], 0xdd);
    const vec g = _mm512_shuffle_f32x4(b[8 + k], b[12 + k], 0x88), h = _mm512_shuffle_f32x4(b[8 + k], b[12 + k], 0xdd);
    r[k] = _mm512_shuffle_f32x4(e, g, 0x88);
    r[k + 8] = _mm512_shuffle_f32x4(e, g, 0xdd);
    r[k + 4] = _mm512_shuffle_f32x4(f, h, 0x88);
    r[k + 12] = _mm512_shuffle_f32x4(f, h, 0xdd);
  }
}
#else
INLINE void v_transpose(vec r[VL]) {
  vec a[8];
  UNROLL for (int i = 0; i < 8; i += 2) { /* a[i + k]: columns k, k + 2, k + 4, k + 6 of rows i, i + 1 */
    a[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
    a[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
  }
  UNROLL for (int k = 0; k < 2; k++) {
    const vec e = _mm512_shuffle_f64x2(a[k], a[2 + k], 0x88), f = _mm512_shuffle_f64x2(a[k], a[2 + k], 0xdd);
    const vec g = _mm512_shuffle_f64x2(a[4 + k], a[6 + k], 0x88), h = _mm512_shuffle_f64x2(a[4 + k], a[6 + k], 0xdd);
    r[k] = _mm512_shuffle_f64x2(e, g, 0x88);
    r[k + 4] = _mm512_shuffle_f64x2(e, g, 0xdd);
    r[k + 2] = _mm512_shuffle_f64x2(f, h, 0x88);
    r[k + 6] = _mm512_shuffle_f64x2(f, h, 0xdd);
  }
}
#endif

INLINE void v_load_points(const T *p, vec xyz[3]) {
  UNROLL for (int k = 0; k < 3; k++) {
    T lane[VL];
    for (int i = 0; i < VL; i++) lane[i] = p[3 * i + k];
    xyz[k] = v_load(lane);
  }
}

#endif

/* Rows of four numbers: row p takes lane p of four vectors. */
typedef T quad __attribute__((vector_size(4 * sizeof(T))));
#if WEYL_LEVEL == 1 && WEYL_BITS == 32
INLINE void v_fours(const vec v[4], quad row[VL]) {
  const vec a = _mm256_unpacklo_ps(v[0], v[1]), b = _mm256_unpackhi_ps(v[0], v[1]);
  const vec c = _mm256_unpacklo_ps(v[2], v[3]), d = _mm256_unpackhi_ps(v[2], v[3]);
  const vec r[4] = {_mm256_shuffle_ps(a, c, 0x44), _mm256_shuffle_ps(a, c, 0xee), _mm256_shuffle_ps(b, d, 0x44),
                    _mm256_shuffle_ps(b, d, 0xee)};
  UNROLL for (int i = 0; i < 4; i++) {
    row[i] = (quad)_mm256_castps256_ps128(r[i]);
    row[i + 4] = (quad)_mm256_extractf128_ps(r[i], 1);
  }
}
#elif WEYL_LEVEL == 1
INLINE void v_fours(const vec v[4], quad row[VL]) {
  vec r[4] = {v[0], v[1], v[2], v[3]};
  v_transpose(r);
  UNROLL for (int i = 0; i < 4; i++) row[i] = (quad)r[i];
}
#else
INLINE void v_fours(const vec v[4], quad row[VL]) {
  UNROLL_VL for (int i = 0; i < VL; i++) row[i] = (quad){v[0][i], v[1][i], v[2][i], v[3][i]};
}
#endif

/* The same rows as they follow each other in memory. */
#if WEYL_LEVEL == 1 && WEYL_BITS == 32
INLINE void v_fours_in_line(const vec v[4], vec line[4]) {
  const vec a = _mm256_unpacklo_ps(v[0], v[1]), b = _mm256_unpackhi_ps(v[0], v[1]);
  const vec c = _mm256_unpacklo_ps(v[2], v[3]), d = _mm256_unpackhi_ps(v[2], v[3]);
  const vec e = _mm256_shuffle_ps(a, c, 0x44), f = _mm256_shuffle_ps(a, c, 0xee);
  const vec g = _mm256_shuffle_ps(b, d, 0x44), h = _mm256_shuffle_ps(b, d, 0xee);
  line[0] = _mm256_permute2f128_ps(e, f, 0x20);
  line[1] = _mm256_permute2f128_ps(g, h, 0x20);
  line[2] = _mm256_permute2f128_ps(e, f, 0x31);
  line[3] = _mm256_permute2f128_ps(g, h, 0x31);
}
#else
INLINE void v_fours_in_line(const vec v[4], vec line[4]) {
  quad row[VL];
  v_fours(v, row);
  memcpy(line, row, sizeof row);
}
#endif

/* 0, 1, 2, ... */
INLINE vec v_lanes(void) {
  static const T lane[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return v_load(lane);
}

/* A store that goes past the caches. p is a multiple of the vector's bytes. */
#if WEYL_LEVEL == 0
INLINE void v_stream(T *p, vec v) { v_store(p, v); }
INLINE void quad_stream(T *p, quad q) { memcpy(p, &q, sizeof q); }
INLINE void v_stream_end(void) {}
#else
INLINE void v_stream(T *p, vec v) { V_(stream)(p, v); }
INLINE void quad_stream(T *p, quad q) { F32_OR_F64(_mm_stream_ps(p, (__m128)q), _mm256_stream_pd(p, (__m256d)q)); }
INLINE void v_stream_end(void) { _mm_sfence(); }
#endif

#endif
