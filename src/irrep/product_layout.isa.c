/* Between rows of channels in blocks of V and arrays where each channel's d numbers lie side by side: squares of VL
 * vectors, transposed in registers. */
#include "product_code.h"

/* One round of a transposition: of each pair of rows, what the other should have goes over, in pieces of `n` lanes. */
#if WEYL_BITS == 32 && WEYL_LEVEL == 0
#define SHUFFLES_1(a, b) a = __builtin_shufflevector(p, q, 0, 4, 2, 6), b = __builtin_shufflevector(p, q, 1, 5, 3, 7)
#define SHUFFLES_2(a, b) a = __builtin_shufflevector(p, q, 0, 1, 4, 5), b = __builtin_shufflevector(p, q, 2, 3, 6, 7)
#elif WEYL_LEVEL == 0
#define SHUFFLES_1(a, b) a = __builtin_shufflevector(p, q, 0, 2), b = __builtin_shufflevector(p, q, 1, 3)
#elif WEYL_LEVEL == 1 && WEYL_BITS == 32
#define SHUFFLES_1(a, b)                                        \
  a = __builtin_shufflevector(p, q, 0, 8, 2, 10, 4, 12, 6, 14), \
  b = __builtin_shufflevector(p, q, 1, 9, 3, 11, 5, 13, 7, 15)
#define SHUFFLES_2(a, b)                                       \
  a = __builtin_shufflevector(p, q, 0, 1, 8, 9, 4, 5, 12, 13), \
  b = __builtin_shufflevector(p, q, 2, 3, 10, 11, 6, 7, 14, 15)
#define SHUFFLES_4(a, b)                                       \
  a = __builtin_shufflevector(p, q, 0, 1, 2, 3, 8, 9, 10, 11), \
  b = __builtin_shufflevector(p, q, 4, 5, 6, 7, 12, 13, 14, 15)
#elif WEYL_LEVEL == 1
#define SHUFFLES_1(a, b) a = __builtin_shufflevector(p, q, 0, 4, 2, 6), b = __builtin_shufflevector(p, q, 1, 5, 3, 7)
#define SHUFFLES_2(a, b) a = __builtin_shufflevector(p, q, 0, 1, 4, 5), b = __builtin_shufflevector(p, q, 2, 3, 6, 7)
#elif WEYL_BITS == 32
#define SHUFFLES_1(a, b)                                                                        \
  a = __builtin_shufflevector(p, q, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30), \
  b = __builtin_shufflevector(p, q, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
#define SHUFFLES_2(a, b)                                                                       \
  a = __builtin_shufflevector(p, q, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29), \
  b = __builtin_shufflevector(p, q, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define SHUFFLES_4(a, b)                                                                       \
  a = __builtin_shufflevector(p, q, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27), \
  b = __builtin_shufflevector(p, q, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define SHUFFLES_8(a, b)                                                                     \
  a = __builtin_shufflevector(p, q, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), \
  b = __builtin_shufflevector(p, q, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#else
#define SHUFFLES_1(a, b)                                        \
  a = __builtin_shufflevector(p, q, 0, 8, 2, 10, 4, 12, 6, 14), \
  b = __builtin_shufflevector(p, q, 1, 9, 3, 11, 5, 13, 7, 15)
#define SHUFFLES_2(a, b)                                       \
  a = __builtin_shufflevector(p, q, 0, 1, 8, 9, 4, 5, 12, 13), \
  b = __builtin_shufflevector(p, q, 2, 3, 10, 11, 6, 7, 14, 15)
#define SHUFFLES_4(a, b)                                       \
  a = __builtin_shufflevector(p, q, 0, 1, 2, 3, 8, 9, 10, 11), \
  b = __builtin_shufflevector(p, q, 4, 5, 6, 7, 12, 13, 14, 15)
#endif

#define ROUND_OF(n)                                   \
  UNROLL for (int i = 0; i < VL; i++) if (!(i & n)) { \
    const vec p = r[i], q = r[i + n];                 \
    SHUFFLES_##n(r[i], r[i + n]);                     \
  }

INLINE void transpose(vec r[VL]) {
  ROUND_OF(1)
#if defined(SHUFFLES_2)
  ROUND_OF(2)
#endif
#if defined(SHUFFLES_4)
  ROUND_OF(4)
#endif
#if defined(SHUFFLES_8)
  ROUND_OF(8)
#endif
}

/* Lanes beyond m are 0. */
INLINE vec load_some(const T *x, size_t m) {
  if (m >= VL) return v_load(x);
  T lane[VL] = {0};
  memcpy(lane, x, m * sizeof(T));
  return v_load(lane);
}

INLINE void store_some(T *x, size_t m, vec v) {
  if (m >= VL)
    v_store(x, v);
  else if (m > 0)
    v_store_n(x, m, v);
}

/* Rows go in squares; the last one of d >= VL rows overlaps the one before. */
INLINE size_t next_square(size_t row, size_t d) {
  const size_t next = row + VL;
  return next < d && next + VL > d ? d - VL : next;
}

/* y[row][lane] of one vector of channels from x[channel][d] */
static void pack_vector(size_t channels, size_t d, const T *x, size_t from_channel, const T *x_end, T *y) {
  for (size_t row = 0; row < d; row = next_square(row, d)) {
    const size_t rows = d < VL ? d : VL;
    vec r[VL];
    UNROLL for (int i = 0; i < VL; i++) {
      const T *from = x + (size_t)i * from_channel + row;
      if ((size_t)i >= channels)
        r[i] = v_zero();
      else if (from + VL <= x_end)
        r[i] = v_load(from); /* what is behind the d numbers is transposed into rows that are not stored */
      else
        r[i] = load_some(from, rows);
    }
    transpose(r);
    UNROLL for (int i = 0; i < VL; i++) if ((size_t)i < rows) v_store(y + (row + (size_t)i) * V, r[i]);
  }
}

static void unpack_vector(size_t channels, size_t d, const T *y, T *x, size_t to_channel) {
  for (size_t row = 0; row < d; row = next_square(row, d)) {
    const size_t rows = d < VL ? d : VL;
    vec r[VL];
    UNROLL for (int i = 0; i < VL; i++) r[i] = (size_t)i < rows ? v_load(y + (row + (size_t)i) * V) : v_zero();
    transpose(r);
    /* in rising order: what a store writes beyond its d numbers is written again, but for the last channels */
    UNROLL for (int i = 0; i < VL; i++) if ((size_t)i < channels) {
      T *to = x + (size_t)i * to_channel + row;
      const size_t mine = (channels - 1 - (size_t)i) * to_channel + rows; /* to the end of what is ours */
      if (to_channel == d && mine >= VL)
        v_store(to, r[i]);
      else
        store_some(to, rows, r[i]);
    }
  }
}

/* from_row 1: x[sample][channel][d]; otherwise channels lie side by side, from_channel is 1, and rows are copied. */
void PRODUCT_NAME(product_pack)(size_t samples, size_t channels, size_t d, const void *from, size_t from_sample,
                                size_t from_channel, size_t from_row, void *to, size_t to_sample, size_t to_block) {
  for (size_t s = 0; s < samples; s++) {
    const T *x = (const T *)from + s * from_sample;
    const T *x_end = x + (d - 1) * from_row + (channels - 1) * from_channel + 1;
    for (size_t c = 0; c < channels; c += V) {
      T *y = (T *)to + s * to_sample + c / V * to_block;
      for (size_t lane = 0; lane < V; lane += VL) {
        const size_t left = c + lane < channels ? channels - c - lane : 0, here = left < VL ? left : VL;
        if (from_row == 1)
          pack_vector(here, d, x + (c + lane) * from_channel, from_channel, x_end, y + lane);
        else
          for (size_t row = 0; row < d; row++)
            v_store(y + row * V + lane, here ? load_some(x + row * from_row + (c + lane), here) : v_zero());
      }
    }
  }
}

void PRODUCT_NAME(product_unpack)(size_t samples, size_t channels, size_t d, const void *from, size_t from_sample,
                                  size_t from_block, void *to, size_t to_sample, size_t to_channel, size_t to_row) {
  for (size_t s = 0; s < samples; s++) {
    T *x = (T *)to + s * to_sample;
    for (size_t c = 0; c < channels; c += V) {
      const T *y = (const T *)from + s * from_sample + c / V * from_block;
      for (size_t lane = 0; lane < V && c + lane < channels; lane += VL) {
        const size_t left = channels - c - lane, here = left < VL ? left : VL;
        if (to_row == 1)
          unpack_vector(here, d, y + lane, x + (c + lane) * to_channel, to_channel);
        else
          for (size_t row = 0; row < d; row++)
            store_some(x + row * to_row + c + lane, here, v_load(y + row * V + lane));
      }
    }
  }
}
