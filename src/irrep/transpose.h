/* Squares of VL x VL numbers turned in registers: lane j of row i becomes lane i of row j.  And VL points
 * (x, y, z) in a row, split into three vectors and joined again. */
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
  UNROLL for (int k = 0; k < 3; k++) {
    T lane[VL];
    UNROLL for (int i = 0; i < VL; i++) lane[i] = p[3 * i + k];
    xyz[k] = v_load(lane);
  }
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

/* Rows of four numbers: row p takes lane p of four vectors.  Squares of four are turned within 128 bits of f32, 256 of
 * f64. */
typedef T quad __attribute__((vector_size(4 * sizeof(T))));
#if WEYL_LEVEL == 1 && WEYL_BITS == 32
INLINE void v_turn_fours(vec v[4]) {
  const vec a = _mm256_unpacklo_ps(v[0], v[1]), b = _mm256_unpackhi_ps(v[0], v[1]);
  const vec c = _mm256_unpacklo_ps(v[2], v[3]), d = _mm256_unpackhi_ps(v[2], v[3]);
  v[0] = _mm256_shuffle_ps(a, c, 0x44);
  v[1] = _mm256_shuffle_ps(a, c, 0xee);
  v[2] = _mm256_shuffle_ps(b, d, 0x44);
  v[3] = _mm256_shuffle_ps(b, d, 0xee);
}
INLINE void v_fours(const vec v[4], quad row[VL]) {
  vec r[4] = {v[0], v[1], v[2], v[3]};
  v_turn_fours(r);
  UNROLL for (int i = 0; i < 4; i++) {
    row[i] = (quad)_mm256_castps256_ps128(r[i]);
    row[i + 4] = (quad)_mm256_extractf128_ps(r[i], 1);
  }
}
INLINE void v_from_fours(const quad row[VL], vec v[4]) {
  UNROLL for (int i = 0; i < 4; i++) v[i] =
      _mm256_insertf128_ps(_mm256_castps128_ps256((__m128)row[i]), (__m128)row[i + 4], 1);
  v_turn_fours(v);
}
#elif WEYL_LEVEL == 1
INLINE void v_fours(const vec v[4], quad row[VL]) {
  vec r[4] = {v[0], v[1], v[2], v[3]};
  v_transpose(r);
  UNROLL for (int i = 0; i < 4; i++) row[i] = (quad)r[i];
}
INLINE void v_from_fours(const quad row[VL], vec v[4]) {
  UNROLL for (int i = 0; i < 4; i++) v[i] = (vec)row[i];
  v_transpose(v);
}
#elif WEYL_LEVEL == 2 && WEYL_BITS == 32
INLINE void v_turn_fours(vec v[4]) {
  const vec a = _mm512_unpacklo_ps(v[0], v[1]), b = _mm512_unpackhi_ps(v[0], v[1]);
  const vec c = _mm512_unpacklo_ps(v[2], v[3]), d = _mm512_unpackhi_ps(v[2], v[3]);
  v[0] = _mm512_shuffle_ps(a, c, 0x44);
  v[1] = _mm512_shuffle_ps(a, c, 0xee);
  v[2] = _mm512_shuffle_ps(b, d, 0x44);
  v[3] = _mm512_shuffle_ps(b, d, 0xee);
}
INLINE void v_fours(const vec v[4], quad row[VL]) {
  vec r[4] = {v[0], v[1], v[2], v[3]};
  v_turn_fours(r);
  UNROLL for (int i = 0; i < 4; i++) {
    row[i] = (quad)_mm512_castps512_ps128(r[i]);
    row[i + 4] = (quad)_mm512_extractf32x4_ps(r[i], 1);
    row[i + 8] = (quad)_mm512_extractf32x4_ps(r[i], 2);
    row[i + 12] = (quad)_mm512_extractf32x4_ps(r[i], 3);
  }
}
INLINE void v_from_fours(const quad row[VL], vec v[4]) {
  UNROLL for (int i = 0; i < 4; i++) {
    v[i] = _mm512_castps128_ps512((__m128)row[i]);
    v[i] = _mm512_insertf32x4(v[i], (__m128)row[i + 4], 1);
    v[i] = _mm512_insertf32x4(v[i], (__m128)row[i + 8], 2);
    v[i] = _mm512_insertf32x4(v[i], (__m128)row[i + 12], 3);
  }
  v_turn_fours(v);
}
#else
INLINE void v_fours(const vec v[4], quad row[VL]) {
  UNROLL_VL for (int i = 0; i < VL; i++) row[i] = (quad){v[0][i], v[1][i], v[2][i], v[3][i]};
}
INLINE void v_from_fours(const quad row[VL], vec v[4]) {
  UNROLL for (int j = 0; j < 4; j++) {
    T lane[VL];
    UNROLL_VL for (int i = 0; i < VL; i++) lane[i] = row[i][j];
    v[j] = v_load(lane);
  }
}
#endif

/* v_load_points backwards. */
#if WEYL_LEVEL == 1 && WEYL_BITS == 32
INLINE void v_store_points(T *p, const vec xyz[3]) {
  const vec x = xyz[0], y = xyz[1], z = xyz[2];
  const vec a = _mm256_shuffle_ps(x, y, _MM_SHUFFLE(2, 0, 2, 0));      /* x0 x2 y0 y2 */
  const vec b = _mm256_shuffle_ps(y, z, _MM_SHUFFLE(3, 1, 3, 1));      /* y1 y3 z1 z3 */
  const vec c = _mm256_shuffle_ps(z, x, _MM_SHUFFLE(3, 1, 2, 0));      /* z0 z2 x1 x3 */
  const vec q[3] = {_mm256_shuffle_ps(a, c, _MM_SHUFFLE(2, 0, 2, 0)),  /* x0 y0 z0 x1 */
                    _mm256_shuffle_ps(b, a, _MM_SHUFFLE(3, 1, 2, 0)),  /* y1 z1 x2 y2 */
                    _mm256_shuffle_ps(c, b, _MM_SHUFFLE(3, 1, 3, 1))}; /* z2 x3 y3 z3 */
  UNROLL for (int i = 0; i < 3; i++) {
    _mm_storeu_ps(p + 4 * i, _mm256_castps256_ps128(q[i]));
    _mm_storeu_ps(p + 12 + 4 * i, _mm256_extractf128_ps(q[i], 1));
  }
}
#else
INLINE void v_store_points(T *p, const vec xyz[3]) {
  UNROLL_VL for (int i = 0; i < VL; i++) UNROLL for (int k = 0; k < 3; k++) p[3 * i + k] = xyz[k][i];
}
#endif

/* The same rows as they follow each other in memory. */
#if WEYL_LEVEL == 1 && WEYL_BITS == 32
INLINE void v_fours_in_line(const vec v[4], vec line[4]) {
  vec r[4] = {v[0], v[1], v[2], v[3]};
  v_turn_fours(r);
  line[0] = _mm256_permute2f128_ps(r[0], r[1], 0x20);
  line[1] = _mm256_permute2f128_ps(r[2], r[3], 0x20);
  line[2] = _mm256_permute2f128_ps(r[0], r[1], 0x31);
  line[3] = _mm256_permute2f128_ps(r[2], r[3], 0x31);
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
