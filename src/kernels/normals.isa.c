/* Normal numbers in bulk: Philox-4x32-10 on vectors of counters, then Box and Muller. */
#include "simd.h"

#if WEYL_LEVEL > 0
#include <immintrin.h>
#endif

enum { CHUNK = WEYL_NORMALS_CHUNK, WORDS = F32_OR_F64(4, 2), BLOCKS = CHUNK / WORDS };

static const uint32_t M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85; /* Salmon et al., SC 2011 */

#if WEYL_LEVEL > 0
typedef struct product {
  __m256i high, low;
} product;

INLINE product multiply(__m256i c, __m256i m) {
  const __m256i even = _mm256_mul_epu32(c, m), odd = _mm256_mul_epu32(_mm256_srli_epi64(c, 32), m);
  return (product){_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa),
                   _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)};
}

/* Eight blocks at a time; words [4][BLOCKS]. */
static void philox(uint64_t key, uint64_t high, uint64_t low, uint32_t *words) {
  const __m256i m0 = _mm256_set1_epi32((int)M0), m1 = _mm256_set1_epi32((int)M1);
  for (size_t b = 0; b < BLOCKS; b += 8) {
    uint32_t first[8], second[8];
    for (size_t i = 0; i < 8; i++) {
      first[i] = (uint32_t)(low + b + i);
      second[i] = (uint32_t)((low + b + i) >> 32);
    }
    __m256i c0 = _mm256_loadu_si256((const void *)first), c1 = _mm256_loadu_si256((const void *)second),
            c2 = _mm256_set1_epi32((int)(uint32_t)high), c3 = _mm256_set1_epi32((int)(uint32_t)(high >> 32));
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int r = 0; r < 10; r++, k0 += W0, k1 += W1) {
      const product p = multiply(c0, m0), q = multiply(c2, m1);
      c0 = _mm256_xor_si256(_mm256_xor_si256(q.high, c1), _mm256_set1_epi32((int)k0));
      c1 = q.low;
      c2 = _mm256_xor_si256(_mm256_xor_si256(p.high, c3), _mm256_set1_epi32((int)k1));
      c3 = p.low;
    }
    _mm256_storeu_si256((void *)(words + b), c0);
    _mm256_storeu_si256((void *)(words + BLOCKS + b), c1);
    _mm256_storeu_si256((void *)(words + 2 * BLOCKS + b), c2);
    _mm256_storeu_si256((void *)(words + 3 * BLOCKS + b), c3);
  }
}
#else
static void philox(uint64_t key, uint64_t high, uint64_t low, uint32_t *words) {
  for (size_t b = 0; b < BLOCKS; b++) {
    uint32_t c[4] = {(uint32_t)(low + b), (uint32_t)((low + b) >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int r = 0; r < 10; r++, k0 += W0, k1 += W1) {
      const uint64_t p = (uint64_t)c[0] * M0, q = (uint64_t)c[2] * M1;
      c[0] = (uint32_t)(q >> 32) ^ c[1] ^ k0;
      c[1] = (uint32_t)q;
      c[2] = (uint32_t)(p >> 32) ^ c[3] ^ k1;
      c[3] = (uint32_t)p;
    }
    for (int i = 0; i < 4; i++) words[(size_t)i * BLOCKS + b] = c[i];
  }
}
#endif

/* u in (0, 1) and an angle in [-pi, pi) for each pair, from the words. */
static void spread(const uint32_t *w, T *u, T *angle) {
  const T pi = (T)3.14159265358979323846;
#if WEYL_BITS == 32
  for (size_t pair = 0; pair < 2; pair++)
    for (size_t i = 0; i < BLOCKS; i++) {
      u[pair * BLOCKS + i] = ((T)(int32_t)(w[2 * pair * BLOCKS + i] >> 1) + (T)0.5) * (T)0x1p-31;
      angle[pair * BLOCKS + i] = (T)(int32_t)w[(2 * pair + 1) * BLOCKS + i] * ((T)0x1p-31 * pi);
    }
#else
  for (size_t i = 0; i < BLOCKS; i++) { /* 53 bits of 27 and 26 */
    const T a = (T)(int32_t)(w[i] >> 5), b = (T)(int32_t)(w[BLOCKS + i] >> 6), c = (T)(int32_t)w[2 * BLOCKS + i],
            d = (T)(int32_t)(w[3 * BLOCKS + i] >> 11);
    u[i] = (a * 0x1p26 + b + 0.5) * 0x1p-53;
    angle[i] = (c + d * 0x1p-21) * (0x1p-31 * pi);
  }
#endif
}

static void chunk(uint64_t key, uint64_t high, uint64_t low, T *out) {
  enum { PAIRS = CHUNK / 2 };
  _Alignas(64) uint32_t words[4 * BLOCKS];
  _Alignas(64) T radius[PAIRS], angle[PAIRS];
  philox(key, high, low, words);
  spread(words, radius, angle);
  K(unary_log)(PAIRS, radius, radius);
  for (size_t i = 0; i < PAIRS; i++) radius[i] *= -2;
  K(unary_sqrt)(PAIRS, radius, radius);
  K(unary_cos)(PAIRS, angle, out);
  K(unary_sin)(PAIRS, angle, out + PAIRS);
  for (size_t i = 0; i < PAIRS; i++) {
    out[i] *= radius[i];
    out[PAIRS + i] *= radius[i];
  }
}

void K(normals)(uint64_t key, uint64_t stream, uint64_t block, size_t n, void *outv) {
  T *out = outv;
  for (; n >= CHUNK; n -= CHUNK, out += CHUNK, block += BLOCKS) chunk(key, stream, block, out);
  if (n > 0) {
    _Alignas(64) T rest[CHUNK];
    chunk(key, stream, block, rest);
    memcpy(out, rest, n * sizeof(T));
  }
}
