/* Sparse polynomials of the rows of A, by a few vectors of channels at a time: a coefficient is loaded once for them.
 */
#include "contraction.h"

#include <simd.h>

enum { V = 64 / sizeof(T) };

/* Channels of vector v of a sample. */
typedef struct place {
  size_t block, lane;
} place;

INLINE place place_of(size_t v) { return (place){v * VL / V, v * VL % V}; }

INLINE void monomials_of(const int n, const contraction_table *t, const T *const a[], vec *mono) {
  for (int32_t r = 0; r < t->rows; r++) UNROLL for (int i = 0; i < n; i++) mono[r * n + i] = v_load(a[i] + r * V);
  for (int32_t m = t->rows; m < t->monomials; m++) {
    const vec *const x = mono + t->left[m] * n, *const y = mono + t->right[m] * n;
    UNROLL for (int i = 0; i < n; i++) mono[m * n + i] = x[i] * y[i];
  }
}

INLINE void sum_of(const int n, const int32_t *at, const T *k, int32_t from, int32_t to, const vec *x, vec *sum) {
  UNROLL for (int i = 0; i < n; i++) sum[i] = v_zero();
  for (int32_t j = from; j < to; j++) {
    const vec c = v_set1(k[j]), *const y = x + at[j] * n;
    UNROLL for (int i = 0; i < n; i++) sum[i] = v_fma(c, y[i], sum[i]);
  }
}

INLINE void forward(const int n, const contraction_table *t, const contraction_span *q, size_t first, vec *scratch) {
  const T *a[CONTRACTION_VECTORS], *w[CONTRACTION_VECTORS];
  T *out[CONTRACTION_VECTORS];
  UNROLL for (int i = 0; i < n; i++) {
    const place p = place_of(first + (size_t)i);
    a[i] = (const T *)q->a + p.block * (size_t)t->rows * V + p.lane;
    w[i] = (const T *)q->w + p.block * V + p.lane;
    out[i] = (T *)q->out + p.block * (size_t)t->out_rows * V + p.lane;
  }
  monomials_of(n, t, a, scratch);
  for (int32_t r = 0; r < t->out_rows; r++) {
    vec total[CONTRACTION_VECTORS], sum[CONTRACTION_VECTORS];
    UNROLL for (int i = 0; i < n; i++) total[i] = v_zero();
    for (int32_t j = t->first[r]; j < t->first[r + 1]; j++) {
      sum_of(n, t->at, t->k, t->from[j], t->from[j + 1], scratch, sum);
      UNROLL for (int i = 0; i < n; i++) total[i] =
          v_fma(v_load(w[i] + (size_t)t->path[j] * q->weight_step), sum[i], total[i]);
    }
    UNROLL for (int i = 0; i < n; i++) v_store(out[i] + r * V, total[i]);
  }
}

INLINE void backward(const int n, const contraction_table *t, const contraction_span *q, size_t first, vec *scratch) {
  vec *const mono = scratch, *const d = mono + t->monomials * n, *const h = d + t->monomials * n;
  vec *const da = h + t->targets * n, sum[CONTRACTION_VECTORS];
  const T *a[CONTRACTION_VECTORS], *w[CONTRACTION_VECTORS], *g[CONTRACTION_VECTORS];
  place p[CONTRACTION_VECTORS];
  UNROLL for (int i = 0; i < n; i++) {
    p[i] = place_of(first + (size_t)i);
    a[i] = (const T *)q->a + p[i].block * (size_t)t->rows * V + p[i].lane;
    w[i] = (const T *)q->w + p[i].block * V + p[i].lane;
    g[i] = (const T *)q->g + p[i].block * (size_t)t->out_rows * V + p[i].lane;
  }
  monomials_of(n, t, a, mono);
  for (int32_t j = 0; j < t->targets; j++) {
    UNROLL for (int i = 0; i < n; i++) sum[i] = v_zero();
    if (q->dw) sum_of(n, t->at, t->k, t->from[j], t->from[j + 1], mono, sum);
    UNROLL for (int i = 0; i < n; i++) {
      const size_t at = (size_t)t->path[j] * q->weight_step;
      const vec gradient = v_load(g[i] + t->row[j] * V);
      h[j * n + i] = v_load(w[i] + at) * gradient;
      if (!q->dw) continue;
      T *const dw = (T *)q->dw + p[i].block * V + p[i].lane + at;
      v_store(dw, v_fma(gradient, sum[i], v_load(dw)));
    }
  }
  for (int32_t m = 0; m < t->monomials * n; m++) d[m] = v_zero();
  for (int32_t r = 0; r < t->rows * n; r++) da[r] = v_zero();
  for (int32_t m = t->monomials - 1; m >= t->rows; m--) {
    const int32_t left = t->left[m] * n, right = t->right[m] * n;
    sum_of(n, t->back_at, t->back_k, t->back[m], t->back[m + 1], h, sum);
    UNROLL for (int i = 0; i < n; i++) {
      sum[i] = sum[i] + d[m * n + i];
      d[left + i] = v_fma(sum[i], mono[right + i], d[left + i]);
      da[right + i] = v_fma(sum[i], mono[left + i], da[right + i]);
    }
  }
  for (int32_t r = 0; r < t->rows; r++) {
    sum_of(n, t->back_at, t->back_k, t->back[r], t->back[r + 1], h, sum);
    UNROLL for (int i = 0; i < n; i++) v_store((T *)q->da + (p[i].block * (size_t)t->rows + (size_t)r) * V + p[i].lane,
                                               sum[i] + d[r * n + i] + da[r * n + i]);
  }
}

void K(contraction_forward)(const contraction_table *t, const contraction_span *q, void *scratch) {
  const size_t vectors = q->blocks * (V / VL);
  size_t v = 0;
  for (; v + CONTRACTION_VECTORS <= vectors; v += CONTRACTION_VECTORS) forward(CONTRACTION_VECTORS, t, q, v, scratch);
  for (; v < vectors; v++) forward(1, t, q, v, scratch);
}

void K(contraction_backward)(const contraction_table *t, const contraction_span *q, void *scratch) {
  const size_t vectors = q->blocks * (V / VL);
  size_t v = 0;
  for (; v + CONTRACTION_VECTORS <= vectors; v += CONTRACTION_VECTORS) backward(CONTRACTION_VECTORS, t, q, v, scratch);
  for (; v < vectors; v++) backward(1, t, q, v, scratch);
}
