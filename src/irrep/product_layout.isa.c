/* Between rows of channels in blocks of V and arrays where each channel's d numbers lie side by side: squares of VL
 * vectors, transposed in registers. */
#include "product_code.h"
#include "transpose.h"

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
    v_transpose(r);
    UNROLL for (int i = 0; i < VL; i++) if ((size_t)i < rows) v_store(y + (row + (size_t)i) * V, r[i]);
  }
}

static void unpack_vector(size_t channels, size_t d, const T *y, T *x, size_t to_channel) {
  for (size_t row = 0; row < d; row = next_square(row, d)) {
    const size_t rows = d < VL ? d : VL;
    vec r[VL];
    UNROLL for (int i = 0; i < VL; i++) r[i] = (size_t)i < rows ? v_load(y + (row + (size_t)i) * V) : v_zero();
    v_transpose(r);
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
