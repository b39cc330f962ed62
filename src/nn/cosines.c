/* cosines.c: the cosine transform along time. */
#include <weyl/nn.h>

#include <math.h>

weyl_tensor weyl_cosines(weyl_graph *g, int64_t n, bool transposed) {
  if (n < 1 || n > 1 << 15)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "a cosine transform of %lld values, must be of 1 to %d", (long long)n,
                           1 << 15);
  weyl_context *ctx = weyl_graph_context(g);
  double *value = weyl_alloc(ctx, (size_t)(n * n), sizeof *value);
  if (value == NULL) return weyl_graph_fail(g, WEYL_MEMORY, "no memory for a transform of %lld values", (long long)n);
  for (int64_t k = 0; k < n; k++)
    for (int64_t t = 0; t < n; t++)
      value[transposed ? t * n + k : k * n + t] =
          sqrt((k == 0 ? 1.0 : 2.0) / (double)n) * cos(M_PI * ((double)t + 0.5) * (double)k / (double)n);
  const weyl_tensor d = weyl_constant_array(g, weyl_graph_dtype(g), WEYL_SHAPE(weyl_num(n), weyl_num(n)), value);
  weyl_dealloc(ctx, value);
  return d;
}
