/* Convolution of images, channels last, without im2col: an image with its border lies in cache once, and every window
 * of it is read in place. Tiles of R rows by 2 vectors of sums stay in registers, as in gemm_tile.h. */
#include "simd.h"

enum { R_MOST = WEYL_LEVEL == 2 ? 8 : 6, P = 2 * VL, PANEL_BYTES = 24 * 1024 /* of weights, in L1 beside the image */ };
_Static_assert(P * sizeof(T) == PANEL_OF(WEYL_ISA), "the table says how wide a panel is");

#if WEYL_LEVEL == 2
#define HEIGHTS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#else
#define HEIGHTS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#endif

/* Rows in tiles of two heights that differ by one: `higher` tiles of low + 1 rows first. */
typedef struct heights {
  size_t tiles, low, higher;
} heights;

INLINE heights heights_of(size_t rows) {
  const size_t tiles = (rows + R_MOST - 1) / R_MOST;
  return (heights){tiles, rows / tiles, rows % tiles};
}

/* Memory that comes nearer, some lines a tile. */
typedef struct coming {
  const char *at;
  size_t lines, per_tile;
} coming;

INLINE coming coming_of(weyl_ahead ahead, size_t tiles) {
  const size_t lines = ahead.bytes / 64;
  return (coming){ahead.at, lines, (lines + tiles - 1) / tiles};
}

INLINE void bring(coming *c) {
  for (size_t i = 0; i < c->per_tile && c->lines > 0; i++, c->at += 64, c->lines--) __builtin_prefetch(c->at, 0, 2);
}

void K(conv_pack)(size_t rows, size_t columns, const void *xv, ptrdiff_t row, ptrdiff_t column, size_t all_rows,
                  void *packed) {
  const T *x = xv;
  for (size_t j = 0; j < columns; j += P, x += P * column) {
    const size_t width = columns - j < P ? columns - j : P;
    T *to = (T *)packed + j * all_rows;
    if (column == 1 && width == P) {
      for (size_t i = 0; i < rows; i++, to += P) {
        const T *from = x + (ptrdiff_t)i * row;
        v_store(to, v_load(from));
        v_store(to + VL, v_load(from + VL));
      }
      continue;
    }
    for (size_t i = 0; i < rows; i++, to += P)
      for (size_t k = 0; k < P; k++) to[k] = k < width ? x[(ptrdiff_t)i * row + (ptrdiff_t)k * column] : 0;
  }
}

INLINE void row_store(T *to, size_t width, vec a, vec b, bool accumulate) {
  if (width == P) {
    if (accumulate) {
      a = v_load(to) + a;
      b = v_load(to + VL) + b;
    }
    v_store(to, a);
    v_store(to + VL, b);
    return;
  }
  T sum[P];
  v_store(sum, a);
  v_store(sum + VL, b);
  for (size_t k = 0; k < width; k++) to[k] = accumulate ? to[k] + sum[k] : sum[k];
}

/* The compiler forgets what it knows of a number: else it keeps a register for each address that follows from it. */
#define FORGET(number) __asm__("" : "+r"(number))

/* ---- windows times weights ---- */

#define TAP(k)                                                                 \
  {                                                                            \
    const vec b0 = v_load(b + (k)*P), b1 = v_load(b + (k)*P + VL);             \
    UNROLL for (int i = 0; i < R; i++) {                                       \
      const vec x = v_set1(*(const T *)(line[i] + at + (k) * (int)sizeof(T))); \
      V_ADD_PRODUCT(acc[i][0], x, b0);                                         \
      V_ADD_PRODUCT(acc[i][1], x, b1);                                         \
    }                                                                          \
  }

INLINE void taps_tile(const int R, const weyl_conv_taps *q, size_t s, size_t segments, size_t pixel, const T *in,
                      const T *b, size_t width, T *out) {
  vec acc[R_MOST][2];
  const char *line[R_MOST];
  UNROLL for (int i = 0; i < R; i++) {
    acc[i][0] = acc[i][1] = v_zero();
    line[i] = (const char *)(in + q->from[pixel + (size_t)i]);
    __builtin_prefetch(out + q->to[pixel + (size_t)i], 1, 3);
  }
  for (size_t end = s + segments, at_s = s; at_s < end; at_s++) {
    ptrdiff_t at = q->segment[at_s] * (ptrdiff_t)sizeof(T);
    size_t k = q->length;
    for (; k >= 4; k -= 4) {
      TAP(0) TAP(1) TAP(2) TAP(3);
      at += 4 * (ptrdiff_t)sizeof(T);
      b += 4 * P;
      FORGET(at);
      FORGET(b);
    }
    NO_UNROLL for (; k > 0; k--) {
      TAP(0);
      at += (ptrdiff_t)sizeof(T);
      b += P;
      FORGET(at);
    }
  }
  UNROLL for (int i = 0; i < R; i++) row_store(out + q->to[pixel + (size_t)i], width, acc[i][0], acc[i][1], s > 0);
}

typedef void taps_fn(const weyl_conv_taps *q, size_t s, size_t segments, size_t pixel, const T *in, const T *b,
                     size_t width, T *out);
#define X(R)                                                                                                      \
  static void taps_##R(const weyl_conv_taps *q, size_t s, size_t segments, size_t pixel, const T *in, const T *b, \
                       size_t width, T *out) {                                                                    \
    taps_tile(R, q, s, segments, pixel, in, b, width, out);                                                       \
  }
HEIGHTS(X)
#undef X
static taps_fn *const taps[R_MOST + 1] = {
#define X(R) [R] = taps_##R,
    HEIGHTS(X)
#undef X
};

void K(conv_taps)(const weyl_conv_taps *q, const void *in, const void *packed, void *out) {
  if (q->pixels == 0) return;
  const size_t fits = PANEL_BYTES / sizeof(T) / P / (q->length ? q->length : 1), most = fits ? fits : 1;
  const heights h = heights_of(q->pixels);
  coming next = coming_of(q->ahead, h.tiles * ((q->out + P - 1) / P) * ((q->segments + most - 1) / most + 1));
  for (size_t j = 0; j < q->out; j += P) {
    const size_t width = q->out - j < P ? q->out - j : P;
    const T *panel = (const T *)packed + j * q->segments * q->length;
    size_t s = 0;
    do {
      const size_t n = q->segments - s < most ? q->segments - s : most;
      for (size_t t = 0, pixel = 0; t < h.tiles; t++) {
        const size_t rows = h.low + (t < h.higher);
        bring(&next);
        taps[rows](q, s, n, pixel, in, panel + s * q->length * P, width, (T *)out + j);
        pixel += rows;
      }
      s += n;
    } while (s < q->segments);
  }
}

/* ---- windows times gradients: the sums over pixels that are the gradient of the weights ---- */

#define PIXEL(k)                                                   \
  {                                                                \
    const vec b0 = v_load(b + (k)*P), b1 = v_load(b + (k)*P + VL); \
    UNROLL for (int i = 0; i < R; i++) {                           \
      const vec v = v_set1(((const T *)a)[i]);                     \
      V_ADD_PRODUCT(acc[i][0], v, b0);                             \
      V_ADD_PRODUCT(acc[i][1], v, b1);                             \
    }                                                              \
    a += step;                                                     \
    FORGET(a);                                                     \
  }

INLINE void sums_tile(const int R, const weyl_conv_sums *q, const T *x, const T *b, T *sums, bool accumulate) {
  vec acc[R_MOST][2];
  UNROLL for (int i = 0; i < R; i++) {
    acc[i][0] = acc[i][1] = v_zero();
    __builtin_prefetch(sums + i * P, 1, 3);
  }
  ptrdiff_t step = q->step * (ptrdiff_t)sizeof(T);
  for (size_t r = 0; r < q->runs; r++) {
    const char *a = (const char *)(x + q->from[r]);
    size_t k = q->run;
    NO_UNROLL for (; k >= 4; k -= 4) {
      PIXEL(0) PIXEL(1) PIXEL(2) PIXEL(3);
      b += 4 * P;
      FORGET(b);
    }
    NO_UNROLL for (; k > 0; k--) {
      PIXEL(0);
      b += P;
    }
  }
  UNROLL for (int i = 0; i < R; i++) row_store(sums + i * P, P, acc[i][0], acc[i][1], accumulate);
}

typedef void sums_fn(const weyl_conv_sums *q, const T *x, const T *b, T *sums, bool accumulate);
#define X(R)                                                                                        \
  static void sums_##R(const weyl_conv_sums *q, const T *x, const T *b, T *sums, bool accumulate) { \
    sums_tile(R, q, x, b, sums, accumulate);                                                        \
  }
HEIGHTS(X)
#undef X
static sums_fn *const sums_of[R_MOST + 1] = {
#define X(R) [R] = sums_##R,
    HEIGHTS(X)
#undef X
};

void K(conv_sums)(const weyl_conv_sums *q, const void *x, const void *dy, bool accumulate, void *sums) {
  if (q->length == 0) return;
  const heights h = heights_of(q->length);
  coming next = coming_of(q->ahead, h.tiles * q->segments);
  for (size_t s = 0; s < q->segments; s++)
    for (size_t t = 0, row = 0; t < h.tiles; t++) {
      const size_t rows = h.low + (t < h.higher);
      bring(&next);
      sums_of[rows](q, (const T *)x + q->segment[s] + row, dy, (T *)sums + (s * q->length + row) * P, accumulate);
      row += rows;
    }
}
