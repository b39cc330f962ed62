/* Fourier transforms of W sequences side by side: Stockham's autosort passes, real and imaginary parts apart, a vector
 * along the sequences.  A pass of radix r takes x [r][m][s] to y [m][r][s] (every entry W numbers),
 *
 *   y[p][j] = w^(p j) sum over k of exp(-2 pi i j k / r) x[k][p],   w = exp(-2 pi i / (r m)),
 *
 * and leaves m transforms for the passes behind it. */
#include "simd.h"

enum { W = F32_OR_F64(WEYL_FFT_LANES, WEYL_FFT_LANES / 2) };

typedef struct pair {
  vec re, im;
} pair;

INLINE pair p_add(pair a, pair b) { return (pair){a.re + b.re, a.im + b.im}; }
INLINE pair p_sub(pair a, pair b) { return (pair){a.re - b.re, a.im - b.im}; }
INLINE pair p_mul(pair a, vec re, vec im) { return (pair){a.re * re - a.im * im, a.re * im + a.im * re}; }
/* a + c b and a - i c b, c one number */
INLINE pair p_plus(pair a, vec c, pair b) { return (pair){v_fma(c, b.re, a.re), v_fma(c, b.im, a.im)}; }
INLINE pair p_minus_i(pair a, pair b) { return (pair){a.re + b.im, a.im - b.re}; }
INLINE pair p_plus_i(pair a, pair b) { return (pair){a.re - b.im, a.im + b.re}; }

INLINE void two(const pair *a, pair *y) {
  y[0] = p_add(a[0], a[1]);
  y[1] = p_sub(a[0], a[1]);
}

INLINE void three(const pair *a, pair *y) {
  const vec half = v_set1((T)-0.5), sine = v_set1((T)0.86602540378443864676);
  const pair s = p_add(a[1], a[2]), d = p_sub(a[1], a[2]), c = p_plus(a[0], half, s);
  const pair t = {sine * d.re, sine * d.im};
  y[0] = p_add(a[0], s);
  y[1] = p_minus_i(c, t);
  y[2] = p_plus_i(c, t);
}

INLINE void four(const pair *a, pair *y) {
  const pair s = p_add(a[0], a[2]), d = p_sub(a[0], a[2]), t = p_add(a[1], a[3]), e = p_sub(a[1], a[3]);
  y[0] = p_add(s, t);
  y[1] = p_minus_i(d, e);
  y[2] = p_sub(s, t);
  y[3] = p_plus_i(d, e);
}

INLINE void five(const pair *a, pair *y) {
  const vec c1 = v_set1((T)0.30901699437494742410), c2 = v_set1((T)-0.80901699437494742410),
            s1 = v_set1((T)0.95105651629515357212), s2 = v_set1((T)0.58778525229247312917);
  const pair p = p_add(a[1], a[4]), q = p_add(a[2], a[3]), d = p_sub(a[1], a[4]), e = p_sub(a[2], a[3]);
  const pair u = p_plus(p_plus(a[0], c1, p), c2, q), v = p_plus(p_plus(a[0], c2, p), c1, q);
  const pair f = {s1 * d.re + s2 * e.re, s1 * d.im + s2 * e.im}, g = {s2 * d.re - s1 * e.re, s2 * d.im - s1 * e.im};
  y[0] = p_add(a[0], p_add(p, q));
  y[1] = p_minus_i(u, f);
  y[4] = p_plus_i(u, f);
  y[2] = p_minus_i(v, g);
  y[3] = p_plus_i(v, g);
}

/* Odd r: pairs k and r - k; unit [r][2] are the roots of unity. */
INLINE void odd(size_t r, const T *unit, const pair *a, pair *y) {
  const size_t half = r / 2;
  pair s[WEYL_FFT_RADIX / 2 + 1], d[WEYL_FFT_RADIX / 2 + 1], sum = a[0];
  for (size_t k = 1; k <= half; k++) {
    s[k] = p_add(a[k], a[r - k]);
    d[k] = p_sub(a[k], a[r - k]);
    sum = p_add(sum, s[k]);
  }
  y[0] = sum;
  for (size_t j = 1; j <= half; j++) {
    pair even = a[0], skew = {v_zero(), v_zero()};
    for (size_t k = 1, t = j; k <= half; k++, t = (t + j) % r) {
      even = p_plus(even, v_set1(unit[2 * t]), s[k]);
      skew = p_plus(skew, v_set1(-unit[2 * t + 1]), d[k]);
    }
    y[j] = p_minus_i(even, skew);
    y[r - j] = p_plus_i(even, skew);
  }
}

typedef struct arrays {
  T *re, *im;
} arrays;

INLINE void pass(const size_t r, const bool last, size_t m, size_t s, const T *twiddle, const T *unit, arrays x,
                 arrays y) {
  for (size_t p = 0; p < m; p++, twiddle += 2 * (r - 1)) {
    const T *re = x.re + p * s, *im = x.im + p * s;
    T *to_re = y.re + r * p * s, *to_im = y.im + r * p * s;
    for (size_t q = 0; q < s; q += VL) {
      pair a[WEYL_FFT_RADIX], b[WEYL_FFT_RADIX];
      for (size_t k = 0; k < r; k++) a[k] = (pair){v_load(re + k * m * s + q), v_load(im + k * m * s + q)};
      switch (r) {
        case 2: two(a, b); break;
        case 3: three(a, b); break;
        case 4: four(a, b); break;
        case 5: five(a, b); break;
        default: odd(r, unit, a, b);
      }
      for (size_t j = 0; j < r; j++) {
        if (j > 0 && !last) b[j] = p_mul(b[j], v_set1(twiddle[2 * j - 2]), v_set1(twiddle[2 * j - 1]));
        v_store(to_re + j * s + q, b[j].re);
        v_store(to_im + j * s + q, b[j].im);
      }
    }
  }
}

static void any_pass(size_t r, size_t m, size_t s, const T *twiddle, const T *unit, arrays x, arrays y) {
  const bool last = m == 1;
  switch (r) {
#define PASS(R)                                  \
  case R:                                        \
    if (last)                                    \
      pass(R, true, m, s, twiddle, unit, x, y);  \
    else                                         \
      pass(R, false, m, s, twiddle, unit, x, y); \
    break;
    PASS(2)
    PASS(3)
    PASS(4)
    PASS(5)
#undef PASS
    default: pass(r, last, m, s, twiddle, unit, x, y);
  }
}

/* ---- between the caller's pairs and our arrays ---- */

typedef T block __attribute__((vector_size(32))); /* any instruction set: the compiler cuts it where it must */
enum { B = 32 / sizeof(T), NUMBERS = B / 2 };     /* complex numbers in a block */

/* by address: without AVX, 32 bytes have no register to be returned in */
INLINE void b_load(block *b, const T *p) { memcpy(b, p, sizeof *b); }
INLINE void b_store(T *p, const block *b) { memcpy(p, b, sizeof *b); }

#define MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/* B complex numbers of one array to the real and imaginary parts of two, and back. */
#if WEYL_BITS == 32
#define EVEN(a, b)  MIX(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(a, b)   MIX(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#define FIRST(a, b) MIX(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define LAST(a, b)  MIX(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define EVEN(a, b)  MIX(a, b, 0, 2, 4, 6)
#define ODD(a, b)   MIX(a, b, 1, 3, 5, 7)
#define FIRST(a, b) MIX(a, b, 0, 4, 1, 5)
#define LAST(a, b)  MIX(a, b, 2, 6, 3, 7)
#endif
INLINE void split(const T *from, block *re, block *im) {
  block a, b;
  b_load(&a, from);
  b_load(&b, from + B);
  *re = EVEN(a, b);
  *im = ODD(a, b);
}
INLINE void join(const block *re, const block *im, T *to) {
  const block a = FIRST(*re, *im), b = LAST(*re, *im);
  b_store(to, &a);
  b_store(to + B, &b);
}

/* The transpose of B x B numbers. */
#if WEYL_BITS == 32
INLINE void turn(block *v) {
  block u[8], w[8];
  UNROLL for (int i = 0; i < 8; i += 2) {
    u[i] = MIX(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    u[i + 1] = MIX(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  UNROLL for (int i = 0; i < 8; i += 4) UNROLL for (int k = 0; k < 2; k++) {
    w[i + 2 * k] = MIX(u[i + k], u[i + 2 + k], 0, 1, 8, 9, 4, 5, 12, 13);
    w[i + 2 * k + 1] = MIX(u[i + k], u[i + 2 + k], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  UNROLL for (int k = 0; k < 4; k++) {
    v[k] = MIX(w[k], w[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    v[k + 4] = MIX(w[k], w[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
#else
INLINE void turn(block *v) {
  const block a = MIX(v[0], v[1], 0, 4, 2, 6), b = MIX(v[0], v[1], 1, 5, 3, 7), c = MIX(v[2], v[3], 0, 4, 2, 6),
              d = MIX(v[2], v[3], 1, 5, 3, 7);
  v[0] = MIX(a, c, 0, 1, 4, 5);
  v[1] = MIX(b, d, 0, 1, 4, 5);
  v[2] = MIX(a, c, 2, 3, 6, 7);
  v[3] = MIX(b, d, 2, 3, 6, 7);
}
#endif

/* Numbers i .. i + NUMBERS - 1 of all W sequences, each of them contiguous; `lane` numbers of type T apart. */
INLINE void load_rows(const T *in, ptrdiff_t lane, size_t i, arrays x) {
  for (size_t l = 0; l < W; l += B) {
    block v[B];
    UNROLL for (size_t k = 0; k < B; k++) b_load(&v[k], in + (ptrdiff_t)(l + k) * lane + 2 * (ptrdiff_t)i);
    turn(v);
    UNROLL for (size_t k = 0; k < NUMBERS; k++) {
      b_store(x.re + (i + k) * W + l, &v[2 * k]);
      b_store(x.im + (i + k) * W + l, &v[2 * k + 1]);
    }
  }
}

INLINE void store_rows(arrays x, size_t i, T *out, ptrdiff_t lane) {
  for (size_t l = 0; l < W; l += B) {
    block v[B];
    UNROLL for (size_t k = 0; k < NUMBERS; k++) {
      b_load(&v[2 * k], x.re + (i + k) * W + l);
      b_load(&v[2 * k + 1], x.im + (i + k) * W + l);
    }
    turn(v);
    UNROLL for (size_t k = 0; k < B; k++) b_store(out + (ptrdiff_t)(l + k) * lane + 2 * (ptrdiff_t)i, &v[k]);
  }
}

static void load(size_t n, const T *in, ptrdiff_t step, ptrdiff_t lane, size_t lanes, arrays x) {
  size_t i = 0;
  if (lane == 1 && lanes == W)
    for (; i < n; i++) {
      const T *from = in + 2 * (ptrdiff_t)i * step;
      UNROLL for (size_t l = 0; l < W; l += B) {
        block re, im;
        split(from + 2 * l, &re, &im);
        b_store(x.re + i * W + l, &re);
        b_store(x.im + i * W + l, &im);
      }
    }
  if (step == 1 && lanes == W)
    for (; i + NUMBERS <= n; i += NUMBERS) load_rows(in, 2 * lane, i, x);
  for (; i < n; i++)
    for (size_t l = 0; l < W; l++) {
      const T *from = in + 2 * ((ptrdiff_t)i * step + (ptrdiff_t)l * lane);
      x.re[i * W + l] = l < lanes ? from[0] : 0;
      x.im[i * W + l] = l < lanes ? from[1] : 0;
    }
}

/* sign: -1 conjugates the factor */
static void store(size_t n, arrays x, const T *factor, T sign, T *out, ptrdiff_t step, ptrdiff_t lane, size_t lanes) {
  size_t i = 0;
  if (lane == 1 && lanes == W)
    for (; i < n; i++) {
      T *to = out + 2 * (ptrdiff_t)i * step;
      const T *f = factor ? factor + 2 * (ptrdiff_t)i * step : NULL;
      UNROLL for (size_t l = 0; l < W; l += B) {
        block re, im;
        b_load(&re, x.re + i * W + l);
        b_load(&im, x.im + i * W + l);
        if (f) {
          block c, d;
          split(f + 2 * l, &c, &d);
          d *= sign;
          const block product = re * c - im * d;
          im = re * d + im * c;
          re = product;
        }
        join(&re, &im, to + 2 * l);
      }
    }
  if (step == 1 && lanes == W && !factor)
    for (; i + NUMBERS <= n; i += NUMBERS) store_rows(x, i, out, 2 * lane);
  for (; i < n; i++)
    for (size_t l = 0; l < lanes; l++) {
      const ptrdiff_t at = 2 * ((ptrdiff_t)i * step + (ptrdiff_t)l * lane);
      const T re = x.re[i * W + l], im = x.im[i * W + l];
      const T c = factor ? factor[at] : 1, d = factor ? sign * factor[at + 1] : 0;
      out[at] = re * c - im * d;
      out[at + 1] = re * d + im * c;
    }
}

INLINE arrays exchanged(arrays x) { return (arrays){x.im, x.re}; }

void K(fft)(const weyl_fft_stages *f, bool inverse, const void *in, ptrdiff_t in_step, ptrdiff_t in_lane, size_t lanes,
            const void *factor, void *out, ptrdiff_t out_step, ptrdiff_t out_lane, void *scratch) {
  const size_t n = f->n;
  /* arrays of a power of two would share their places in the cache: a few lines between them */
  const size_t apart = n * W + 5 * 64 / sizeof(T);
  arrays x = {scratch, (T *)scratch + apart}, y = {(T *)scratch + 2 * apart, (T *)scratch + 3 * apart};
  const T *twiddle = f->twiddle, *unit = f->unit;
  /* the inverse: parts exchanged, before and behind */
  load(n, in, in_step, in_lane, lanes, inverse ? exchanged(x) : x);
  size_t m = n, s = W;
  for (int t = 0; t < f->count; t++) {
    const size_t r = (size_t)f->radix[t];
    m /= r;
    any_pass(r, m, s, twiddle, unit, x, y);
    if (r > 5) unit += 2 * r;
    twiddle += 2 * (r - 1) * m;
    s *= r;
    const arrays z = x;
    x = y;
    y = z;
  }
  store(n, inverse ? exchanged(x) : x, factor, inverse ? -1 : 1, out, out_step, out_lane, lanes);
}
