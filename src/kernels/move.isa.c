/* Rows by index: gather and scatter_add. */
#include "simd.h"

/* Rows shorter than a vector, W of them known to the compiler. */
INLINE void gather_short(size_t m, const size_t W, const T *x, const int32_t *index, T *y) {
  for (size_t i = 0; i < m; i++) {
    const T *row = x + (size_t)index[i] * W;
    for (size_t j = 0; j < W; j++) y[i * W + j] = row[j];
  }
}

void K(gather)(size_t m, size_t w, const void *xv, const int32_t *index, void *yv) {
  const T *x = xv;
  T *y = yv;
  switch (w) {
    case 0: return;
    case 1: gather_short(m, 1, x, index, y); return;
    case 2: gather_short(m, 2, x, index, y); return;
    case 3: gather_short(m, 3, x, index, y); return;
    case 4: gather_short(m, 4, x, index, y); return;
    default: break;
  }
  if (w < VL) {
    for (size_t i = 0; i < m; i++) memcpy(y + i * w, x + (size_t)index[i] * w, w * sizeof(T));
    return;
  }
  for (size_t i = 0; i < m; i++) {
    const T *row = x + (size_t)index[i] * w;
    T *to = y + i * w;
    size_t j = 0;
    for (; j + VL <= w; j += VL) v_store(to + j, v_load(row + j));
    if (j < w) v_store(to + w - VL, v_load(row + w - VL)); /* the last vector reaches back */
  }
}

INLINE void scatter_short(size_t m, const size_t W, const T *x, const int32_t *index, T *y) {
  for (size_t i = 0; i < m; i++) {
    T *row = y + (size_t)index[i] * W;
    for (size_t j = 0; j < W; j++) row[j] += x[i * W + j];
  }
}

void K(scatter_add)(size_t m, size_t w, const void *xv, const int32_t *index, void *yv) {
  const T *x = xv;
  T *y = yv;
  switch (w) {
    case 1: scatter_short(m, 1, x, index, y); return;
    case 2: scatter_short(m, 2, x, index, y); return;
    case 3: scatter_short(m, 3, x, index, y); return;
    case 4: scatter_short(m, 4, x, index, y); return;
    default: break;
  }
  for (size_t i = 0; i < m; i++) {
    T *row = y + (size_t)index[i] * w;
    const T *from = x + i * w;
    size_t j = 0;
    for (; j + VL <= w; j += VL) v_store(row + j, v_load(row + j) + v_load(from + j));
    if (j < w) v_store_n(row + j, w - j, v_load_n(row + j, w - j) + v_load_n(from + j, w - j));
  }
}
