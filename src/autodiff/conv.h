/* conv.h: the convolution y[n, p, q, o] = sum_{i, j, c} x[n, p s - before + i d, q s - before + j d, c] w[i, j, c, o]
 * and its two adjoints, below the operations: one geometry, three engines. Channels last; w is [kh][kw][c / groups][o],
 * group g owns input channels g c / groups ... and output channels g o / groups ... */
#ifndef WEYL_CONV_H
#define WEYL_CONV_H

#include "engine.h"

typedef struct weyl_conv_geometry {
  int64_t n, h, w, c; /* x [n][h][w][c] */
  int64_t kh, kw;
  int64_t oh, ow, o; /* y [n][oh][ow][o] */
  int64_t stride[2], before[2], after[2], dilation[2], groups;
} weyl_conv_geometry;

typedef enum weyl_conv_kind {
  WEYL_CONV_FORWARD, /* a = x, b = w, out = y */
  WEYL_CONV_INPUT,   /* a = y, b = w, out = x */
  WEYL_CONV_WEIGHT   /* a = x, b = y, out = w; with `add`, out += w */
} weyl_conv_kind;

/* im2col in blocks that stay in cache, and GEMM. Any type, any machine; the same order of sums always. */
size_t weyl_conv_gemm_scratch(weyl_conv_kind kind, const weyl_conv_geometry *q, weyl_dtype dtype);
void weyl_conv_gemm(const weyl_kernels *kernels, weyl_dtype dtype, weyl_conv_kind kind, const weyl_conv_geometry *q,
                    const void *a, const void *b, bool add, void *out, void *scratch);

/* Our own kernels on the image where it lies: one group, and images of less than 2^30 numbers (weyl_conv_direct_can).
 */
bool weyl_conv_direct_can(const weyl_conv_geometry *q);
size_t weyl_conv_direct_scratch(weyl_conv_kind kind, const weyl_conv_geometry *q, weyl_dtype dtype);
void weyl_conv_direct(const weyl_kernels *kernels, weyl_dtype dtype, weyl_conv_kind kind, const weyl_conv_geometry *q,
                      const void *a, const void *b, bool add, void *out, void *scratch);

/* oneDNN, f32. False when the library is absent (or has no fast kernel for this shape): nothing was written.
 * Thread-safe. */
bool weyl_conv_onednn(weyl_conv_kind kind, const weyl_conv_geometry *q, const float *a, const float *b, float *out);
bool weyl_conv_onednn_here(void);

#endif
