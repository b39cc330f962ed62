/* Pooling and sampling of images, out of smaller operations. */
#include "engine.h"

#include <float.h>

weyl_tensor weyl_max_pool(weyl_tensor x, int64_t kh, int64_t kw, const weyl_conv_opts *opts) {
  /* the least finite number rather than -infinity: nothing in a healthy graph is infinite */
  const double least = weyl_tensor_dtype(x) == WEYL_F64 ? -DBL_MAX : -(double)FLT_MAX;
  return weyl_reduce_max(weyl_windows(x, kh, kw, opts, least), 3);
}

static bool tiles(const weyl_shape *s, int64_t kh, int64_t kw, const weyl_conv_opts *o) {
  return o && s->rank == 4 && kh > 0 && kw > 0 && o->stride[0] == kh && o->stride[1] == kw && s->dim[1].n % kh == 0 &&
         s->dim[2].n % kw == 0 && s->dim[1].count == WEYL_NUMBER && s->dim[2].count == WEYL_NUMBER &&
         o->before[0] == 0 && o->before[1] == 0 && o->after[0] == 0 && o->after[1] == 0 && o->dilation[0] <= 1 &&
         o->dilation[1] <= 1 && o->groups <= 1;
}

weyl_tensor weyl_mean_pool(weyl_tensor x, int64_t kh, int64_t kw, const weyl_conv_opts *opts) {
  const weyl_shape s = weyl_tensor_shape(x);
  if (!tiles(&s, kh, kw, opts)) return weyl_mean(weyl_windows(x, kh, kw, opts, 0), 3);
  /* tiles that cover the image need no copy of it */
  x = weyl_reshape(x, WEYL_SHAPE(s.dim[0], weyl_num(s.dim[1].n / kh), weyl_num(kh), weyl_num(s.dim[2].n / kw),
                                 weyl_num(kw), s.dim[3]));
  return weyl_scale(weyl_sum_axes(x, 2, (const int[]){2, 4}), 1.0 / (double)(kh * kw));
}

/* 1 where 0 <= x <= last */
static weyl_tensor within(weyl_tensor x, double last) {
  return weyl_mul(weyl_le(weyl_scalar(x.graph, 0), x), weyl_le(x, weyl_scalar(x.graph, last)));
}

/* The four pixels around each point, weighted. A pixel outside the image counts as 0: its weight is masked, and its
 * index, which must stay in range, becomes 0. A coordinate that is not a number gives a value that is not a number. */
weyl_tensor weyl_grid_sample(weyl_tensor x, weyl_tensor at) {
  weyl_graph *g = x.graph;
  if (!weyl_tensor_valid(x) || !weyl_tensor_valid(at)) return WEYL_NULL_TENSOR;
  const weyl_shape s = weyl_tensor_shape(x), t = weyl_tensor_shape(at);
  char a[160], b[160];
  bool ok = s.rank == 4 && t.rank == 4 && weyl_dim_equal(s.dim[0], t.dim[0]) && t.dim[3].n == 2;
  for (int i = 1; ok && i < 4; i++) ok = s.dim[i].count == WEYL_NUMBER && t.dim[i].count == WEYL_NUMBER;
  if (!ok || s.dim[1].n < 1 || s.dim[2].n < 1)
    return weyl_graph_fail(g, WEYL_SHAPE,
                           "grid_sample: images [N, H, W, C] and points [N, H', W', 2] are wanted, not %s and %s",
                           weyl_shape_text(&s, a), weyl_shape_text(&t, b));
  const int64_t h = s.dim[1].n, w = s.dim[2].n, points = t.dim[1].n * t.dim[2].n;
  if (h * w > 1 << 24)
    return weyl_graph_fail(g, WEYL_SHAPE, "grid_sample: %s has more than 2^24 pixels an image", weyl_shape_text(&s, a));

  const weyl_tensor pixels = weyl_reshape(x, WEYL_SHAPE(s.dim[0], weyl_num(h * w), s.dim[3]));
  at = weyl_reshape(at, WEYL_SHAPE(s.dim[0], weyl_num(points), weyl_num(2)));
  const weyl_tensor low = weyl_floor(at), part = weyl_sub(at, low);
  weyl_tensor sum = WEYL_NULL_TENSOR;
  for (int corner = 0; corner < 4; corner++) {
    const int dx = corner % 2, dy = corner / 2;
    const weyl_tensor col = weyl_shift(weyl_slice(low, 2, 0, 1, 1), dx),
                      row = weyl_shift(weyl_slice(low, 2, 1, 1, 1), dy);
    const weyl_tensor fx = weyl_slice(part, 2, 0, 1, 1), fy = weyl_slice(part, 2, 1, 1, 1);
    const weyl_tensor inside = weyl_mul(within(col, (double)w - 1), within(row, (double)h - 1));
    const weyl_tensor place = weyl_where(inside, weyl_add(weyl_scale(row, (double)w), col), weyl_scalar(g, 0));
    const weyl_tensor wx = dx ? fx : weyl_shift(weyl_neg(fx), 1), wy = dy ? fy : weyl_shift(weyl_neg(fy), 1);
    const weyl_tensor weight = weyl_mul(weyl_mul(wx, wy), inside);
    const weyl_tensor value = weyl_mul(weyl_take_along(pixels, weyl_cast(place, WEYL_I32), 1), weight);
    sum = corner ? weyl_add(sum, value) : value;
  }
  return weyl_reshape(sum, WEYL_SHAPE(s.dim[0], t.dim[1], t.dim[2], s.dim[3]));
}
