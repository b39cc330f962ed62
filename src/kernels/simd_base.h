/* The compiler's own vectors: whatever 16-byte registers the machine has (SSE2, NEON), or none. */
#define VECTOR_BYTES 16
typedef T vec __attribute__((vector_size(VECTOR_BYTES)));
typedef bits mask __attribute__((vector_size(VECTOR_BYTES)));
enum { BASE_LANES = VECTOR_BYTES / sizeof(T) };

#if defined(__x86_64__)
#define SLEEF_TAG sse2
#elif defined(__aarch64__)
#define SLEEF_TAG advsimd
#endif
#define SLEEF_LANES F32_OR_F64(4, 2)

INLINE vec v_load(const T *p) {
  vec v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void v_store(T *p, vec v) { memcpy(p, &v, sizeof v); }

INLINE vec v_set1(T s) { return F32_OR_F64(((vec){s, s, s, s}), ((vec){s, s})); }

INLINE vec v_load_n(const T *p, size_t m) {
  T lane[BASE_LANES];
  for (size_t i = 0; i < BASE_LANES; i++) lane[i] = i < m ? p[i] : 1;
  return v_load(lane);
}

INLINE void v_store_n(T *p, size_t m, vec v) {
  T lane[BASE_LANES];
  v_store(lane, v);
  for (size_t i = 0; i < m; i++) p[i] = lane[i];
}

INLINE vec v_fma(vec a, vec b, vec c) { return a * b + c; }

#define V_ADD_PRODUCT(sum, x, y) sum = v_fma(x, y, sum)

INLINE mask v_lt(vec a, vec b) { return a < b; }

INLINE mask v_le(vec a, vec b) { return a <= b; }

INLINE mask v_eq(vec a, vec b) { return a == b; }

INLINE mask v_unordered(vec a) { return a != a; }

INLINE vec v_select(mask m, vec a, vec b) { /* m ? a : b */
  return (vec)((m & (mask)a) | (~m & (mask)b));
}

INLINE bool v_any(mask m) {
  bits any = 0;
  for (int i = 0; i < BASE_LANES; i++) any |= m[i];
  return any != 0;
}

INLINE vec v_max_raw(vec a, vec b) { return v_select(a > b, a, b); }

INLINE vec v_min_raw(vec a, vec b) { return v_select(a < b, a, b); }

INLINE vec v_sign_bit(vec a) { return (vec)((mask)a & (mask)v_set1((T)-0.0)); }

INLINE vec v_xor(vec a, vec b) { return (vec)((mask)a ^ (mask)b); }

INLINE vec v_abs(vec a) { return (vec)((mask)a & ~(mask)v_set1((T)-0.0)); }

INLINE vec v_sqrt(vec a) {
  vec r;
  for (int i = 0; i < BASE_LANES; i++) r[i] = F32_OR_F64(__builtin_sqrtf, __builtin_sqrt)(a[i]);
  return r;
}

/* To the nearest integer: adding 1.5 2^23 (2^52) leaves no room for a fraction. For |a| below 2^22 (2^51). */
INLINE vec v_round(vec a) {
  const vec shift = v_set1((T)F32_OR_F64(0x1.8p23, 0x1.8p52));
  return (a + shift) - shift;
}

INLINE vec v_floor(vec a) {
  const vec big = v_set1((T)F32_OR_F64(0x1p22, 0x1p51)); /* above, halves do not exist or are cut off exactly below */
  const vec r = v_round(a);
  const vec down = v_select(a < r, r - v_set1(1), r);
  const vec small = (vec)((mask)v_abs(down) | (mask)v_sign_bit(a)); /* keeps -0 */
  vec large = a;
  if (v_any(~(v_abs(a) < big)))
    for (int i = 0; i < BASE_LANES; i++) large[i] = F32_OR_F64(__builtin_floorf, __builtin_floor)(a[i]);
  return v_select(v_abs(a) < big, small, large);
}

INLINE T v_sum(vec a) {
  for (int half = BASE_LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) a[i] += a[i + half];
  return a[0];
}

INLINE void v_sum4(vec a, vec b, vec c, vec d, T *sums) {
  sums[0] = v_sum(a);
  sums[1] = v_sum(b);
  sums[2] = v_sum(c);
  sums[3] = v_sum(d);
}

#if WEYL_BITS == 32
INLINE vec v_pow2(vec n) { return (vec)((mask)n << 23); }

INLINE vec v_scale(vec x, vec n) {
  const mask whole = (mask)n, half = whole >> 1;
  const mask rest = whole - half; /* two steps: 2^-151 and 2^128 are no normal numbers */
  return x * (vec)(half << 23) * (vec)(rest << 23);
}
#endif
