/* Products with one copy of each block of y (row_product.h): matrices of 16 samples at a time, vectors of samples; then
 * each sample's rows, vectors of channels. */
#include "row_product.h"

#include "simd.h"

enum { B = ROW_SAMPLES };

typedef struct memory {
  T *y, *m, *dy, *dm; /* [row or entry][B] */
} memory;

static memory lay_out(const row_tables *t, T *scratch) {
  const size_t y = (size_t)(t->y_size + 1) * B, m = (size_t)t->entries * B;
  return (memory){.y = scratch, .m = scratch + y, .dy = scratch + y + m, .dm = scratch + 2 * y + m};
}

static void make_matrices(const row_tables *t, size_t n, const T *y, const memory *s) {
  const T *k = t->k;
  const size_t rows = (size_t)t->y_size;
  if (n < B) memset(s->y, 0, rows * B * sizeof(T));
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < rows; j++) s->y[j * B + i] = y[i * rows + j];
  for (int32_t e = 0; e < t->entries; e++) {
    vec sum[B / VL];
    UNROLL for (int v = 0; v < (int)(B / VL); v++) sum[v] = v_zero();
    for (int32_t i = t->of[e]; i < t->of[e + 1]; i++) {
      const vec ki = v_set1(k[i]);
      const T *from = s->y + (size_t)t->y[i] * B;
      UNROLL for (int v = 0; v < (int)(B / VL); v++) sum[v] = v_fma(ki, v_load(from + v * VL), sum[v]);
    }
    UNROLL for (int v = 0; v < (int)(B / VL); v++) v_store(s->m + (size_t)e * B + v * VL, sum[v]);
  }
}

/* `VECTORS` vectors of one row. */
INLINE void line_part(const int VECTORS, const row_entry *e, const row_entry *end, const T *x, const T *m, T *to) {
  vec sum[4];
  UNROLL for (int v = 0; v < VECTORS; v++) sum[v] = v_zero();
  for (; e < end; e++) {
    const vec f = v_set1(m[(size_t)e->at * B]);
    const T *from = x + e->from;
    UNROLL for (int v = 0; v < VECTORS; v++) sum[v] = v_fma(f, v_load(from + v * VL), sum[v]);
  }
  UNROLL for (int v = 0; v < VECTORS; v++) v_store(to + v * VL, sum[v]);
}

/* The rows of one sample; m: its matrix, every B-th number. */
static void lines(const row_side *side, const T *x, const T *m, T *to) {
  for (const row_line *l = side->line; l < side->line + side->lines; l++) {
    const row_entry *e = side->entry + l->first, *end = side->entry + l->end;
    const size_t width = (size_t)l->width;
    size_t j = 0;
    for (; j + 4 * VL <= width; j += 4 * VL) line_part(4, e, end, x + j, m, to + l->to + j);
    if (j + 2 * VL <= width) {
      line_part(2, e, end, x + j, m, to + l->to + j);
      j += 2 * VL;
    }
    if (j + VL <= width) {
      line_part(1, e, end, x + j, m, to + l->to + j);
      j += VL;
    }
    if (j == width) continue;
    vec sum = v_zero();
    for (; e < end; e++) sum = v_fma(v_set1(m[(size_t)e->at * B]), v_load_n(x + e->from + j, width - j), sum);
    v_store_n(to + l->to + j, width - j, sum);
  }
}

/* The gradient of one sample's matrix. */
static void matrix_gradient(const row_side *side, const T *x, const T *g, T *dm) {
  for (const row_line *l = side->line; l < side->line + side->lines; l++) {
    const size_t width = (size_t)l->width, whole = width / VL * VL;
    const T *row = g + l->to;
    for (const row_entry *e = side->entry + l->first; e < side->entry + l->end; e++) {
      const T *from = x + e->from;
      vec sum = v_zero();
      for (size_t j = 0; j < whole; j += VL) sum = v_fma(v_load(from + j), v_load(row + j), sum);
      T rest = 0;
      for (size_t j = whole; j < width; j++) rest += from[j] * row[j];
      dm[(size_t)e->at * B] = v_sum(sum) + rest;
    }
  }
}

static void y_gradient(const row_tables *t, size_t n, const memory *s, T *dy) {
  const T *k = t->k;
  const size_t rows = (size_t)t->y_size;
  memset(s->dy, 0, rows * B * sizeof(T));
  for (int32_t e = 0; e < t->entries; e++) {
    const T *from = s->dm + (size_t)e * B;
    for (int32_t i = t->of[e]; i < t->of[e + 1]; i++) {
      const vec ki = v_set1(k[i]);
      T *to = s->dy + (size_t)t->y[i] * B;
      UNROLL for (int v = 0; v < (int)(B / VL); v++)
          v_store(to + v * VL, v_fma(ki, v_load(from + v * VL), v_load(to + v * VL)));
    }
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < rows; j++) dy[i * rows + j] = s->dy[j * B + i];
}

void K(row_product_forward)(const row_tables *t, size_t n, const void *x, const void *y, void *out, void *scratch) {
  const memory s = lay_out(t, scratch);
  for (size_t first = 0; first < n; first += B) {
    const size_t here = n - first < B ? n - first : B;
    make_matrices(t, here, (const T *)y + first * (size_t)t->y_size, &s);
    for (size_t i = 0; i < here; i++)
      lines(&t->out, (const T *)x + (first + i) * (size_t)t->x_size, s.m + i,
            (T *)out + (first + i) * (size_t)t->o_size);
  }
}

void K(row_product_backward)(const row_tables *t, size_t n, const void *x, const void *y, const void *g, void *dx,
                             void *dy, void *scratch) {
  const memory s = lay_out(t, scratch);
  const size_t x_size = (size_t)t->x_size, o_size = (size_t)t->o_size;
  for (size_t first = 0; first < n; first += B) {
    const size_t here = n - first < B ? n - first : B;
    if (dx) make_matrices(t, here, (const T *)y + first * (size_t)t->y_size, &s);
    if (dy && here < B) memset(s.dm, 0, (size_t)t->entries * B * sizeof(T));
    for (size_t i = 0; i < here; i++) {
      const T *from = (const T *)g + (first + i) * o_size;
      if (dx) lines(&t->back, from, s.m + i, (T *)dx + (first + i) * x_size);
      if (dy) matrix_gradient(&t->out, (const T *)x + (first + i) * x_size, from, s.dm + i);
    }
    if (dy) y_gradient(t, here, &s, (T *)dy + first * (size_t)t->y_size);
  }
}
