/* Convolution as matrix products: the windows of a block of output pixels are laid out as rows (im2col), so that all
 * three products are GEMMs. Blocks are sized to stay in the L2 cache. */
#include "conv.h"

#include <string.h>

static int64_t window_of(const weyl_conv_geometry *q) { return q->kh * q->kw * (q->c / q->groups); }

/* the window of a pixel is the pixel itself: x is its own matrix of windows */
static bool pointwise(const weyl_conv_geometry *q) {
  return q->kh == 1 && q->kw == 1 && q->stride[0] == 1 && q->stride[1] == 1 && q->oh == q->h && q->ow == q->w &&
         q->before[0] == 0 && q->before[1] == 0;
}

/* Rows of a block. The weight's gradient is read and written once a block, so its blocks are larger. */
static int64_t block_of(weyl_conv_kind kind, const weyl_conv_geometry *q, weyl_dtype dtype) {
  const int64_t bytes = kind == WEYL_CONV_WEIGHT ? 1 << 20 : 1 << 18;
  const int64_t rows = bytes / (window_of(q) * (int64_t)weyl_dtype_size(dtype)) / 24 * 24, all = q->n * q->oh * q->ow;
  const int64_t block = rows < 24 ? 24 : rows;
  return block < all ? block : all;
}

size_t weyl_conv_gemm_scratch(weyl_conv_kind kind, const weyl_conv_geometry *q, weyl_dtype dtype) {
  if (q->n * q->oh * q->ow == 0 || window_of(q) == 0) return WEYL_GEMM_SCRATCH;
  return WEYL_GEMM_SCRATCH + (size_t)(block_of(kind, q, dtype) * window_of(q)) * weyl_dtype_size(dtype);
}

/* Walks the windows of output pixels first .. first + rows - 1 of one group: STRETCH(image offset, row offset, length)
 * for what lies in the image, HOLE(row offset, length) for what does not. */
#define WALK(STRETCH, HOLE)                                                                       \
  const int64_t cg = q->c / q->groups, k = window_of(q);                                          \
  const bool solid = q->groups == 1 && q->dilation[1] == 1;                                       \
  for (int64_t r = 0; r < rows; r++) {                                                            \
    const int64_t p = first + r, n = p / (q->oh * q->ow), py = p / q->ow % q->oh, px = p % q->ow; \
    const int64_t y0 = py * q->stride[0] - q->before[0], x0 = px * q->stride[1] - q->before[1];   \
    for (int64_t i = 0; i < q->kh; i++) {                                                         \
      const int64_t y = y0 + i * q->dilation[0], at = r * k + i * q->kw * cg;                     \
      if (y < 0 || y >= q->h) {                                                                   \
        HOLE(at, q->kw *cg);                                                                      \
        continue;                                                                                 \
      }                                                                                           \
      const int64_t line = (n * q->h + y) * q->w;                                                 \
      if (solid && x0 >= 0 && x0 + q->kw <= q->w) {                                               \
        STRETCH((line + x0) * cg, at, q->kw * cg);                                                \
        continue;                                                                                 \
      }                                                                                           \
      for (int64_t j = 0; j < q->kw; j++) {                                                       \
        const int64_t x = x0 + j * q->dilation[1];                                                \
        if (x < 0 || x >= q->w)                                                                   \
          HOLE(at + j * cg, cg);                                                                  \
        else                                                                                      \
          STRETCH((line + x) * q->c + group * cg, at + j * cg, cg);                               \
      }                                                                                           \
    }                                                                                             \
  }

static void rows_from_image(const weyl_conv_geometry *q, int64_t group, int64_t first, int64_t rows, size_t size,
                            const char *image, char *row){
#define STRETCH(from, to, n) memcpy(row + (size_t)(to)*size, image + (size_t)(from)*size, (size_t)(n)*size)
#define HOLE(to, n)          memset(row + (size_t)(to)*size, 0, (size_t)(n)*size)
    WALK(STRETCH, HOLE)
#undef STRETCH
#undef HOLE
}

#define ADD(T)                                                                                                         \
  static void rows_to_image_##T(const weyl_conv_geometry *q, int64_t group, int64_t first, int64_t rows, const T *row, \
                                T *image) {                                                                            \
    WALK(STRETCH, HOLE)                                                                                                \
  }
#define STRETCH(to, from, n) \
  for (int64_t t = 0; t < (n); t++) image[(to) + t] += row[(from) + t]
#define HOLE(from, n) (void)0
ADD(float) ADD(double)
#undef STRETCH
#undef HOLE

    void weyl_conv_gemm(const weyl_kernels *kernels, weyl_dtype dtype, weyl_conv_kind kind, const weyl_conv_geometry *q,
                        const void *a, const void *b, bool add, void *out, void *scratch) {
  const size_t size = weyl_dtype_size(dtype);
  const int64_t all = q->n * q->oh * q->ow, k = window_of(q), cg = q->c / q->groups, og = q->o / q->groups;
  const int64_t block = all && k ? block_of(kind, q, dtype) : 0;
  const bool direct = pointwise(q);
  char *row = (char *)scratch + WEYL_GEMM_SCRATCH;
  const size_t in_size = (size_t)(q->n * q->h * q->w * q->c) * size, w_size = (size_t)(k * q->o) * size;
  if (kind == WEYL_CONV_FORWARD && block == 0) memset(out, 0, (size_t)(all * q->o) * size);
  if (kind == WEYL_CONV_INPUT && (!direct || block == 0)) memset(out, 0, in_size);
  if (kind == WEYL_CONV_WEIGHT && block == 0 && !add) memset(out, 0, w_size);
  if (block == 0) return;

  for (int64_t group = 0; group < q->groups; group++) {
    const size_t w_at = (size_t)(group * og) * size;
    for (int64_t first = 0; first < all; first += block) {
      const int64_t rows = all - first < block ? all - first : block;
      const size_t x_at = (size_t)(first * q->c + group * cg) * size, y_at = (size_t)(first * q->o + group * og) * size;
      const size_t m = (size_t)rows;
      /* where this block's windows are, or are to be */
      const char *from = direct ? (const char *)a + x_at : row;
      const ptrdiff_t lead = direct ? q->c : k;
      if (kind != WEYL_CONV_INPUT && !direct) rows_from_image(q, group, first, rows, size, a, row);
      switch (kind) {
        case WEYL_CONV_FORWARD:
          kernels->gemm[dtype](m, (size_t)og, (size_t)k, from, lead, 1, (const char *)b + w_at, q->o, 1,
                               (char *)out + y_at, q->o, false, scratch);
          break;
        case WEYL_CONV_WEIGHT:
          kernels->gemm[dtype]((size_t)k, (size_t)og, m, from, 1, lead, (const char *)b + y_at, q->o, 1,
                               (char *)out + w_at, q->o, add || first > 0, scratch);
          break;
        case WEYL_CONV_INPUT:
          kernels->gemm[dtype](m, (size_t)k, (size_t)og, (const char *)a + y_at, q->o, 1, (const char *)b + w_at, 1,
                               q->o, direct ? (char *)out + x_at : row, lead, false, scratch);
          if (!direct && dtype == WEYL_F32) rows_to_image_float(q, group, first, rows, (const float *)(void *)row, out);
          if (!direct && dtype == WEYL_F64)
            rows_to_image_double(q, group, first, rows, (const double *)(void *)row, out);
          break;
      }
    }
  }
}
