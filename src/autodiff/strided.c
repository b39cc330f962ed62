/* Collapsing of axes: neighbours merge when every input steps through them as through one. */
#include "strided.h"

#include <string.h>

void weyl_loop_make(weyl_loop *loop, const weyl_view *out, const weyl_view *in, int n_in) {
  int64_t dim[WEYL_RANK_MAX + 1], stride[WEYL_LOOP_INPUTS][WEYL_RANK_MAX + 1];
  int rank = 0;
  for (int a = 0; a < out->rank; a++) {
    if (out->dim[a] == 1) continue;
    bool merge = rank > 0;
    for (int k = 0; merge && k < n_in; k++) merge = stride[k][rank - 1] == in[k].stride[a] * out->dim[a];
    if (merge) {
      dim[rank - 1] *= out->dim[a];
      for (int k = 0; k < n_in; k++) stride[k][rank - 1] = in[k].stride[a];
    } else {
      dim[rank] = out->dim[a];
      for (int k = 0; k < n_in; k++) stride[k][rank] = in[k].stride[a];
      rank++;
    }
  }
  *loop = (weyl_loop){.n_in = n_in, .inner = 1};
  bool unit = rank > 0;
  for (int k = 0; unit && k < n_in; k++) unit = stride[k][rank - 1] == 0 || stride[k][rank - 1] == 1;
  if (unit) {
    rank--;
    loop->inner = dim[rank];
    for (int k = 0; k < n_in; k++) loop->inner_stride[k] = (size_t)stride[k][rank];
  }
  loop->rank = rank;
  for (int a = 0; a < rank; a++) {
    loop->dim[a] = dim[a];
    for (int k = 0; k < n_in; k++) loop->stride[k][a] = stride[k][a];
  }
}

void weyl_dense_strides(int rank, const int64_t *dim, int64_t *stride) {
  int64_t s = 1;
  for (int a = rank - 1; a >= 0; a--) {
    stride[a] = s;
    s *= dim[a];
  }
}

static void copy_line(size_t size, int64_t n, char *to, int64_t to_step, const char *from, int64_t from_step) {
  if (to_step == 1 && from_step == 1) {
    memcpy(to, from, (size_t)n * size);
    return;
  }
  if (size == 4) {
    uint32_t *t = (uint32_t *)(void *)to;
    const uint32_t *f = (const uint32_t *)(const void *)from;
    for (int64_t i = 0; i < n; i++) t[i * to_step] = f[i * from_step];
  } else {
    uint64_t *t = (uint64_t *)(void *)to;
    const uint64_t *f = (const uint64_t *)(const void *)from;
    for (int64_t i = 0; i < n; i++) t[i * to_step] = f[i * from_step];
  }
}

void weyl_copy_strided(size_t size, int rank, const int64_t *dim, void *to, const int64_t *to_stride, const void *from,
                       const int64_t *from_stride) {
  int64_t d[WEYL_RANK_MAX + 1], ts[WEYL_RANK_MAX + 1], fs[WEYL_RANK_MAX + 1];
  int r = 0;
  for (int a = 0; a < rank; a++) {
    if (dim[a] == 0) return;
    if (dim[a] == 1) continue;
    if (r > 0 && ts[r - 1] == to_stride[a] * dim[a] && fs[r - 1] == from_stride[a] * dim[a]) {
      d[r - 1] *= dim[a];
      ts[r - 1] = to_stride[a];
      fs[r - 1] = from_stride[a];
    } else {
      d[r] = dim[a];
      ts[r] = to_stride[a];
      fs[r] = from_stride[a];
      r++;
    }
  }
  enum { LONG = 8 };
  if (r == 0) {
    memcpy(to, from, size);
    return;
  }
  r--; /* the line: no short one when there is a long one */
  for (int a = 0; a < r; a++)
    if (d[a] >= LONG * d[r]) {
      const int64_t n = d[a], t = ts[a], f = fs[a];
      d[a] = d[r], ts[a] = ts[r], fs[a] = fs[r];
      d[r] = n, ts[r] = t, fs[r] = f;
    }
  int64_t at[WEYL_RANK_MAX] = {0};
  char *t = to;
  const char *f = from;
  const int64_t bytes = (int64_t)size;
  for (;;) {
    copy_line(size, d[r], t, ts[r], f, fs[r]);
    int a = r - 1;
    for (; a >= 0; a--) {
      t += ts[a] * bytes;
      f += fs[a] * bytes;
      if (++at[a] < d[a]) break;
      t -= ts[a] * d[a] * bytes;
      f -= fs[a] * d[a] * bytes;
      at[a] = 0;
    }
    if (a < 0) return;
  }
}
