/* Between rows of channels in blocks of V and arrays where each channel's d numbers lie side by side: four numbers of
 * VL channels at a time, turned in registers.  The d of low degrees are constants of their own code. */
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

/* Four rows of channels, VL of them, from the numbers row ... row + 3 of each; less than four, and fewer channels,
 * through memory of our own. */
INLINE void four_rows(size_t channels, size_t some, const T *x, size_t step, vec row[4]) {
  quad q[VL];
  if (channels == VL && some == 4) {
    UNROLL_VL for (int i = 0; i < VL; i++) memcpy(&q[i], x + (size_t)i * step, sizeof q[i]);
  } else {
    T lane[4 * VL] = {0};
    for (size_t i = 0; i < channels; i++)
      for (size_t j = 0; j < some; j++) lane[4 * i + j] = x[i * step + j];
    UNROLL_VL for (int i = 0; i < VL; i++) memcpy(&q[i], lane + 4 * i, sizeof q[i]);
  }
  v_from_fours(q, row);
}

/* Rows go in fours; the last one of more than four overlaps the one before. */
INLINE size_t next_four(size_t row, size_t d) {
  const size_t next = row + 4;
  return next < d && next + 4 > d ? d - 4 : next;
}

/* y[row][lane] of one vector of channels from x[channel][d]. x_end: what is before it can be read. */
INLINE void pack_vector(size_t channels, size_t d, const T *x, const T *x_end, T *y) {
  if (channels == VL && d == 1) {
    v_store(y, v_load(x));
  } else if (channels == VL && d == 3) {
    vec xyz[3];
    v_load_points(x, xyz);
    UNROLL for (int k = 0; k < 3; k++) v_store(y + k * V, xyz[k]);
  } else {
    /* what is behind d numbers is turned into rows that are not stored */
    const size_t can = d >= 4 || (channels - 1) * d + 4 <= (size_t)(x_end - x) ? 4 : d;
    UNROLL for (size_t row = 0; row < d; row = next_four(row, d)) {
      vec r[4];
      four_rows(channels, can, x + row, d, r);
      UNROLL for (size_t j = 0; j < 4; j++) if (row + j < d) v_store(y + (row + j) * V, r[j]);
    }
  }
}

INLINE void unpack_vector(size_t channels, size_t d, const T *y, T *x) {
  if (channels == VL && d == 1) {
    v_store(x, v_load(y));
  } else if (channels == VL && d == 3) {
    const vec xyz[3] = {v_load(y), v_load(y + V), v_load(y + 2 * V)};
    v_store_points(x, xyz);
  } else {
    UNROLL for (size_t row = 0; row < d; row = next_four(row, d)) {
      vec r[4];
      quad q[VL];
      UNROLL for (size_t j = 0; j < 4; j++) r[j] = row + j < d ? v_load(y + (row + j) * V) : v_zero();
      v_fours(r, q);
      if (channels == VL && d >= 4)
        UNROLL_VL for (int i = 0; i < VL; i++) memcpy(x + (size_t)i * d + row, &q[i], sizeof q[i]);
      else
        for (size_t i = 0; i < channels; i++) memcpy(x + i * d + row, &q[i], (d < 4 ? d : 4) * sizeof(T));
    }
  }
}

INLINE void pack_all(size_t samples, size_t channels, size_t d, const T *x, size_t from_sample, T *y, size_t to_sample,
                     size_t to_block) {
  const T *x_end = x + (samples - 1) * from_sample + channels * d;
  for (size_t s = 0; s < samples; s++)
    for (size_t c = 0; c < channels; c += V) {
      T *to = y + s * to_sample + c / V * to_block;
      const T *from = x + s * from_sample + c * d;
      for (size_t lane = 0; lane < V; lane += VL) {
        if (c + lane + VL <= channels)
          pack_vector(VL, d, from + lane * d, x_end, to + lane);
        else if (c + lane < channels)
          pack_vector(channels - c - lane, d, from + lane * d, x_end, to + lane);
        else
          for (size_t row = 0; row < d; row++) v_store(to + row * V + lane, v_zero());
      }
    }
}

INLINE void unpack_all(size_t samples, size_t channels, size_t d, const T *y, size_t from_sample, size_t from_block,
                       T *x, size_t to_sample) {
  for (size_t s = 0; s < samples; s++)
    for (size_t c = 0; c < channels; c += V) {
      const T *from = y + s * from_sample + c / V * from_block;
      T *to = x + s * to_sample + c * d;
      for (size_t lane = 0; lane < V && c + lane < channels; lane += VL) {
        if (c + lane + VL <= channels)
          unpack_vector(VL, d, from + lane, to + lane * d);
        else
          unpack_vector(channels - c - lane, d, from + lane, to + lane * d);
      }
    }
}

#define EACH_D(call)         \
  switch (d) {               \
    case 1: call(1); break;  \
    case 3: call(3); break;  \
    case 5: call(5); break;  \
    case 7: call(7); break;  \
    case 9: call(9); break;  \
    default: call(d); break; \
  }

/* from_row 1: x[sample][channel][d]; otherwise channels lie side by side, from_channel is 1, and rows are copied. */
void PRODUCT_NAME(product_pack)(size_t samples, size_t channels, size_t d, const void *from, size_t from_sample,
                                size_t from_channel, size_t from_row, void *to, size_t to_sample, size_t to_block) {
  const T *x = (const T *)from;
  T *y = (T *)to;
  (void)from_channel;
  if (from_row == 1) {
#define PACK(d) pack_all(samples, channels, d, x, from_sample, y, to_sample, to_block)
    EACH_D(PACK)
    return;
  }
  for (size_t s = 0; s < samples; s++)
    for (size_t c = 0; c < channels; c += V)
      for (size_t lane = 0; lane < V; lane += VL) {
        const size_t left = c + lane < channels ? channels - c - lane : 0;
        for (size_t row = 0; row < d; row++)
          v_store(y + s * to_sample + c / V * to_block + row * V + lane,
                  left ? load_some(x + s * from_sample + row * from_row + c + lane, left) : v_zero());
      }
}

void PRODUCT_NAME(product_unpack)(size_t samples, size_t channels, size_t d, const void *from, size_t from_sample,
                                  size_t from_block, void *to, size_t to_sample, size_t to_channel, size_t to_row) {
  const T *y = (const T *)from;
  T *x = (T *)to;
  (void)to_channel;
  if (to_row == 1) {
#define UNPACK(d) unpack_all(samples, channels, d, y, from_sample, from_block, x, to_sample)
    EACH_D(UNPACK)
    return;
  }
  for (size_t s = 0; s < samples; s++)
    for (size_t c = 0; c < channels; c += V)
      for (size_t lane = 0; lane < V && c + lane < channels; lane += VL)
        for (size_t row = 0; row < d; row++)
          store_some(x + s * to_sample + row * to_row + c + lane, channels - c - lane,
                     v_load(y + s * from_sample + c / V * from_block + row * V + lane));
}
