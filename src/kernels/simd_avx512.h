/* AVX-512 F, DQ, VL, BW: 64-byte vectors, comparisons in mask registers. */
#include <immintrin.h>

#define VECTOR_BYTES 64
#define V_(op)       F32_OR_F64(_mm512_##op##_ps, _mm512_##op##_pd)
#define M_(op)       F32_OR_F64(_mm512_##op##_ps_mask, _mm512_##op##_pd_mask)
typedef F32_OR_F64(__m512, __m512d) vec;
typedef F32_OR_F64(__mmask16, __mmask8) mask;

#define SLEEF_TAG   avx512f
#define SLEEF_LANES F32_OR_F64(16, 8)

INLINE vec v_load(const T *p) { return V_(loadu)(p); }

INLINE void v_store(T *p, vec v) { V_(storeu)(p, v); }

INLINE vec v_set1(T s) { return V_(set1)(s); }

INLINE vec v_select(mask m, vec a, vec b) { return V_(mask_blend)(m, b, a); }

INLINE mask first_lanes(size_t m) { return (mask)((1u << m) - 1u); }

INLINE vec v_load_n(const T *p, size_t m) { return V_(mask_loadu)(v_set1(1), first_lanes(m), p); }

INLINE void v_store_n(T *p, size_t m, vec v) { V_(mask_storeu)(p, first_lanes(m), v); }

INLINE vec v_fma(vec a, vec b, vec c) { return V_(fmadd)(a, b, c); }

/* sum += x y in words of the machine: the compilers would rather overwrite x or y, and then copy and spill sums. */
#define V_ADD_PRODUCT(sum, x, y) \
  __asm__(F32_OR_F64("vfmadd231ps %2, %1, %0", "vfmadd231pd %2, %1, %0") : "+v"(sum) : "v"(x), "v"(y))

INLINE mask v_lt(vec a, vec b) { return M_(cmp)(a, b, _CMP_LT_OQ); }

INLINE mask v_le(vec a, vec b) { return M_(cmp)(a, b, _CMP_LE_OQ); }

INLINE mask v_eq(vec a, vec b) { return M_(cmp)(a, b, _CMP_EQ_OQ); }

INLINE mask v_unordered(vec a) { return M_(cmp)(a, a, _CMP_UNORD_Q); }

INLINE bool v_any(mask m) { return m != 0; }

INLINE vec v_max_raw(vec a, vec b) { return V_(max)(a, b); }

INLINE vec v_min_raw(vec a, vec b) { return V_(min)(a, b); }

INLINE vec v_sign_bit(vec a) { return V_(and)(a, v_set1((T)-0.0)); }

INLINE vec v_xor(vec a, vec b) { return V_(xor)(a, b); }

INLINE vec v_abs(vec a) { return V_(andnot)(v_set1((T)-0.0), a); }

INLINE vec v_sqrt(vec a) { return V_(sqrt)(a); }

INLINE vec v_round(vec a) { return V_(roundscale)(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

INLINE vec v_floor(vec a) { return V_(roundscale)(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }

INLINE T v_sum(vec a) { /* the halves first, as in the other sets; written out so that the compiler cannot choose */
#if WEYL_BITS == 32
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
#else
  const __m256d h = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
  const __m128d s = _mm_add_pd(_mm256_castpd256_pd128(h), _mm256_extractf128_pd(h, 1));
  return _mm_cvtsd_f64(_mm_add_sd(s, _mm_unpackhi_pd(s, s)));
#endif
}

#if WEYL_BITS == 32
INLINE __m256 halves_of_two(vec a, vec b) { /* lanes of a and b in turn */
  const vec ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  return _mm256_add_ps(_mm512_castps512_ps256(ab), _mm512_extractf32x8_ps(ab, 1));
}
#else
INLINE __m256d halves_of_two(vec a, vec b) {
  const vec ab = _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
  return _mm256_add_pd(_mm512_castpd512_pd256(ab), _mm512_extractf64x4_pd(ab, 1));
}
#endif

INLINE void v_sum4(vec a, vec b, vec c, vec d, T *sums) {
#if WEYL_BITS == 32
  const __m256 ab = halves_of_two(a, b), cd = halves_of_two(c, d);
  const __m256 s = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
  _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
#else
  const __m256d ab = halves_of_two(a, b), cd = halves_of_two(c, d);
  _mm256_storeu_pd(sums, _mm256_add_pd(_mm256_permute2f128_pd(ab, cd, 0x20), _mm256_permute2f128_pd(ab, cd, 0x31)));
#endif
}

#if WEYL_BITS == 32
INLINE vec v_pow2(vec n) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(n), 23)); }

INLINE vec v_scale(vec x, vec n) { return _mm512_scalef_ps(x, _mm512_sub_ps(n, v_set1(SCALE_BIAS))); }
#endif
