/* Sums and maxima of rows and columns.
 *
 * A sum runs over blocks of BLOCK values, and the sums of the blocks are added by a binary tree: the order depends on
 * the length alone, and the error grows with log n instead of n. */
#include "simd.h"

#include <math.h>

enum { BLOCK = 256, LEVELS = 64, LANES = 4 * VL };

/* ---- one row -------------------------------------------------------------------------------- */

INLINE T sum_short(size_t n, const T *x) {
  T sum = n ? x[0] : 0;
  for (size_t i = 1; i < n; i++) sum += x[i];
  return sum;
}

static T sum_block(size_t n, const T *x) { /* n <= BLOCK */
  if (n < VL) return sum_short(n, x);
  vec a = v_load(x), b = v_zero(), c = v_zero(), d = v_zero();
  size_t i = VL;
  for (; i + 4 * VL <= n; i += 4 * VL) {
    a += v_load(x + i);
    b += v_load(x + i + VL);
    c += v_load(x + i + 2 * VL);
    d += v_load(x + i + 3 * VL);
  }
  for (; i + VL <= n; i += VL) b += v_load(x + i);
  return v_sum((a + b) + (c + d)) + sum_short(n - i, x + i);
}

static T sum_long(size_t n, const T *x) {
  T level[LEVELS]; /* sums of 1, 2, 4, ... blocks that wait for their neighbour */
  size_t depth = 0;
  for (size_t block = 0; block * BLOCK < n; block++) {
    const size_t left = n - block * BLOCK;
    T sum = sum_block(left < BLOCK ? left : BLOCK, x + block * BLOCK);
    for (size_t bit = block; bit & 1; bit >>= 1) sum = level[--depth] + sum;
    level[depth++] = sum;
  }
  T sum = level[--depth];
  while (depth) sum = level[--depth] + sum;
  return sum;
}

void K(sum_rows)(size_t rows, size_t n, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  if (n < VL)
    for (size_t i = 0; i < rows; i++) y[i] = sum_short(n, x + i * n);
  else if (n <= BLOCK)
    for (size_t i = 0; i < rows; i++) y[i] = sum_block(n, x + i * n);
  else
    for (size_t i = 0; i < rows; i++) y[i] = sum_long(n, x + i * n);
}

INLINE T max_pair(T a, T b) { return isnan(a) || a > b ? a : b; }

static T max_row(size_t n, const T *x) {
  size_t i = 0;
  T top = x[0];
  if (n >= VL) {
    vec a = v_load(x), b = a;
    for (i = VL; i + 2 * VL <= n; i += 2 * VL) {
      a = v_max_nan(a, v_load(x + i));
      b = v_max_nan(b, v_load(x + i + VL));
    }
    T lane[VL];
    v_store(lane, v_max_nan(a, b));
    top = lane[0];
    for (size_t j = 1; j < VL; j++) top = max_pair(top, lane[j]);
  }
  for (; i < n; i++) top = max_pair(top, x[i]);
  return top;
}

void K(max_rows)(size_t rows, size_t n, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t i = 0; i < rows; i++) y[i] = max_row(n, x + i * n);
}

/* ---- columns -------------------------------------------------------------------------------- */

/* V vectors of adjacent columns: even and odd rows apart, for speed and accuracy. */
INLINE void sum_column_block(const int V, size_t rows, size_t n, const T *x, vec *sum) {
  vec odd[4];
  UNROLL for (int v = 0; v < V; v++) sum[v] = odd[v] = v_zero();
  size_t i = 0;
  for (; i + 2 <= rows; i += 2, x += 2 * n) UNROLL for (int v = 0; v < V; v++) {
      sum[v] += v_load(x + v * VL);
      odd[v] += v_load(x + n + v * VL);
    }
  UNROLL for (int v = 0; v < V; v++) {
    if (i < rows) sum[v] += v_load(x + v * VL);
    sum[v] += odd[v];
  }
}

INLINE void sum_column_panel(const int V, size_t rows, size_t n, const T *x, T *y) {
  vec level[LEVELS][4], sum[4];
  size_t depth = 0;
  UNROLL for (int v = 0; v < V; v++) sum[v] = v_zero();
  for (size_t block = 0; block * BLOCK < rows; block++) {
    const size_t left = rows - block * BLOCK;
    sum_column_block(V, left < BLOCK ? left : BLOCK, n, x + block * BLOCK * n, sum);
    for (size_t bit = block; bit & 1; bit >>= 1) {
      depth--;
      UNROLL for (int v = 0; v < V; v++) sum[v] = level[depth][v] + sum[v];
    }
    UNROLL for (int v = 0; v < V; v++) level[depth][v] = sum[v];
    depth++;
  }
  if (depth) depth--; /* the last sum is in `sum` */
  while (depth) {
    depth--;
    UNROLL for (int v = 0; v < V; v++) sum[v] = level[depth][v] + sum[v];
  }
  UNROLL for (int v = 0; v < V; v++) v_store(y + v * VL, sum[v]);
}

INLINE void max_column_panel(const int V, size_t rows, size_t n, const T *x, T *y) {
  vec top[4];
  UNROLL for (int v = 0; v < V; v++) top[v] = v_load(x + v * VL);
  for (size_t i = 1; i < rows; i++)
    UNROLL for (int v = 0; v < V; v++) top[v] = v_max_nan(top[v], v_load(x + i * n + v * VL));
  UNROLL for (int v = 0; v < V; v++) v_store(y + v * VL, top[v]);
}

/* Fewer columns than lanes. The array is read as one run: in n vectors, from VL rows, lane l of vector v belongs to
 * column (v VL + l) mod n. */
static void sum_few_columns(size_t rows, size_t n, const T *x, T *y) {
  T level[LEVELS][VL];
  size_t depth = 0;
  for (size_t block = 0; block * BLOCK < rows; block++) {
    size_t left = rows - block * BLOCK;
    if (left > BLOCK) left = BLOCK;
    const T *row = x + block * BLOCK * n;
    T sum[VL] = {0};
    if (left >= 2 * VL) {
      vec part[VL];
      for (size_t v = 0; v < n; v++) part[v] = v_load(row + v * VL);
      row += n * VL;
      left -= VL;
      for (; left >= VL; left -= VL, row += n * VL)
        for (size_t v = 0; v < n; v++) part[v] += v_load(row + v * VL);
      for (size_t v = 0, column = 0; v < n; v++) {
        T lane[VL];
        v_store(lane, part[v]);
        for (size_t l = 0; l < VL; l++) {
          sum[column] += lane[l];
          column = column + 1 < n ? column + 1 : 0;
        }
      }
    }
    for (; left; left--, row += n)
      for (size_t j = 0; j < n; j++) sum[j] += row[j];
    for (size_t bit = block; bit & 1; bit >>= 1) {
      depth--;
      for (size_t j = 0; j < n; j++) sum[j] = level[depth][j] + sum[j];
    }
    memcpy(level[depth++], sum, sizeof sum);
  }
  for (size_t j = 0; j < n; j++) {
    T sum = depth ? level[depth - 1][j] : 0;
    for (size_t d = depth; d > 1; d--) sum = level[d - 2][j] + sum;
    y[j] = sum;
  }
}

static void max_few_columns(size_t rows, size_t n, const T *x, T *y) {
  memcpy(y, x, n * sizeof(T));
  for (size_t i = 1; i < rows; i++)
    for (size_t j = 0; j < n; j++) y[j] = max_pair(y[j], x[i * n + j]);
}

static void sum_panel_4(size_t rows, size_t n, const T *x, T *y) { sum_column_panel(4, rows, n, x, y); }

static void sum_panel_1(size_t rows, size_t n, const T *x, T *y) { sum_column_panel(1, rows, n, x, y); }

static void max_panel_4(size_t rows, size_t n, const T *x, T *y) { max_column_panel(4, rows, n, x, y); }

static void max_panel_1(size_t rows, size_t n, const T *x, T *y) { max_column_panel(1, rows, n, x, y); }

typedef void panel_fn(size_t rows, size_t n, const T *x, T *y);

/* n >= VL: the last vector reaches back over columns done already, and gives them the same value again. */
INLINE void over_columns(size_t rows, size_t n, const T *x, T *y, panel_fn *wide, panel_fn *narrow) {
  size_t j = 0;
  for (; j + LANES <= n; j += LANES) wide(rows, n, x + j, y + j);
  for (; j + VL <= n; j += VL) narrow(rows, n, x + j, y + j);
  if (j < n) narrow(rows, n, x + n - VL, y + n - VL);
}

void K(sum_columns)(size_t rows, size_t n, const void *x, void *y) {
  if (n == 1)
    K(sum_rows)(1, rows, x, y);
  else if (n < VL)
    sum_few_columns(rows, n, x, y);
  else
    over_columns(rows, n, x, y, sum_panel_4, sum_panel_1);
}

void K(max_columns)(size_t rows, size_t n, const void *x, void *y) {
  if (n == 1)
    K(max_rows)(1, rows, x, y);
  else if (n < VL)
    max_few_columns(rows, n, x, y);
  else
    over_columns(rows, n, x, y, max_panel_4, max_panel_1);
}
