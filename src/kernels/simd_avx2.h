/* AVX2 and FMA: 32-byte vectors. */
#include <immintrin.h>

#define VECTOR_BYTES 32
#define V_(op)       F32_OR_F64(_mm256_##op##_ps, _mm256_##op##_pd)
typedef F32_OR_F64(__m256, __m256d) vec;
typedef vec mask; /* all bits of a lane set: true */
typedef bits ivec __attribute__((vector_size(VECTOR_BYTES)));

#define SLEEF_TAG   avx2
#define SLEEF_LANES F32_OR_F64(8, 4)

INLINE vec v_load(const T *p) { return V_(loadu)(p); }

INLINE void v_store(T *p, vec v) { V_(storeu)(p, v); }

INLINE vec v_set1(T s) { return V_(set1)(s); }

INLINE vec v_select(mask m, vec a, vec b) { return V_(blendv)(b, a, m); }

INLINE vec v_load_n(const T *p, size_t m) {
  const ivec lane = F32_OR_F64(((ivec){0, 1, 2, 3, 4, 5, 6, 7}), ((ivec){0, 1, 2, 3}));
  const __m256i here = (__m256i)(lane < (bits)m);
  return v_select((mask)here, V_(maskload)(p, here), v_set1(1));
}

INLINE void v_store_n(T *p, size_t m, vec v) { /* in pieces: masked stores are slow on AMD */
#if WEYL_BITS == 32
  __m128 part = _mm256_castps256_ps128(v);
  if (m & 4) {
    _mm_storeu_ps(p, part);
    part = _mm256_extractf128_ps(v, 1);
    p += 4;
  }
  if (m & 2) {
    _mm_storel_pi((__m64 *)(void *)p, part);
    part = _mm_movehl_ps(part, part);
    p += 2;
  }
  if (m & 1) _mm_store_ss(p, part);
#else
  __m128d part = _mm256_castpd256_pd128(v);
  if (m & 2) {
    _mm_storeu_pd(p, part);
    part = _mm256_extractf128_pd(v, 1);
    p += 2;
  }
  if (m & 1) _mm_store_sd(p, part);
#endif
}

INLINE vec v_fma(vec a, vec b, vec c) { return V_(fmadd)(a, b, c); }

/* sum += x y in words of the machine: the compilers would rather overwrite x or y, and then copy and spill sums. */
#define V_ADD_PRODUCT(sum, x, y) \
  __asm__(F32_OR_F64("vfmadd231ps %2, %1, %0", "vfmadd231pd %2, %1, %0") : "+v"(sum) : "v"(x), "v"(y))

INLINE mask v_lt(vec a, vec b) { return V_(cmp)(a, b, _CMP_LT_OQ); }

INLINE mask v_le(vec a, vec b) { return V_(cmp)(a, b, _CMP_LE_OQ); }

INLINE mask v_eq(vec a, vec b) { return V_(cmp)(a, b, _CMP_EQ_OQ); }

INLINE mask v_unordered(vec a) { return V_(cmp)(a, a, _CMP_UNORD_Q); }

INLINE bool v_any(mask m) { return V_(movemask)(m) != 0; }

INLINE vec v_max_raw(vec a, vec b) { return V_(max)(a, b); }

INLINE vec v_min_raw(vec a, vec b) { return V_(min)(a, b); }

INLINE vec v_sign_bit(vec a) { return V_(and)(a, v_set1((T)-0.0)); }

INLINE vec v_xor(vec a, vec b) { return V_(xor)(a, b); }

INLINE vec v_abs(vec a) { return V_(andnot)(v_set1((T)-0.0), a); }

INLINE vec v_sqrt(vec a) { return V_(sqrt)(a); }

INLINE vec v_round(vec a) { return V_(round)(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

INLINE vec v_floor(vec a) { return V_(round)(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }

INLINE T v_sum(vec a) {
#if WEYL_BITS == 32
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
#else
  const __m128d s = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
  return _mm_cvtsd_f64(_mm_add_sd(s, _mm_unpackhi_pd(s, s)));
#endif
}

INLINE void v_sum4(vec a, vec b, vec c, vec d, T *sums) {
#if WEYL_BITS == 32
  const vec ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
  const vec cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
  const vec s = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
  _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
#else
  const vec ab = _mm256_add_pd(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
  const vec cd = _mm256_add_pd(_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
  _mm256_storeu_pd(sums, _mm256_add_pd(_mm256_permute2f128_pd(ab, cd, 0x20), _mm256_permute2f128_pd(ab, cd, 0x31)));
#endif
}

#if WEYL_BITS == 32
INLINE vec v_pow2(vec n) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(n), 23)); }

INLINE vec v_scale(vec x, vec n) {
  const __m256i whole = _mm256_castps_si256(n), half = _mm256_srli_epi32(whole, 1);
  const __m256i rest = _mm256_sub_epi32(whole, half); /* two steps: 2^-151 and 2^128 are no normal numbers */
  return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(half, 23))),
                       _mm256_castsi256_ps(_mm256_slli_epi32(rest, 23)));
}
#endif
