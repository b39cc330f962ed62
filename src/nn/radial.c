/* radial.c: functions of distances that stay smooth, at 0 as at the cutoff (J. Gasteiger, J. Gross, S. Guennemann, ICLR
 * 2020: Bessel functions and the polynomial cutoff). */
#include <weyl/nn.h>

#include <math.h>

weyl_tensor weyl_length_along(weyl_tensor vectors, int axis) {
  if (!weyl_tensor_valid(vectors)) return WEYL_NULL_TENSOR;
  weyl_graph *g = vectors.graph;
  const int rank = weyl_rank(vectors), at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) return weyl_graph_fail(g, WEYL_SHAPE, "length: axis %d of an input of rank %d", axis, rank);
  /* below this, powers of 1 / r that derivatives are made of would leave the range of numbers */
  const double least = weyl_graph_dtype(g) == WEYL_F32 ? 1e-14 : 1e-60;
  const weyl_tensor square = weyl_unsqueeze(weyl_sum(weyl_square(vectors), at), at);
  const weyl_tensor small = weyl_lt(square, weyl_scalar(g, least));
  /* the root sees 1 where its slope would be infinite */
  const weyl_tensor root = weyl_sqrt(weyl_where(small, weyl_scalar(g, 1), square));
  return weyl_where(small, weyl_scalar(g, 0), root);
}

weyl_tensor weyl_length(weyl_tensor vectors) { return weyl_length_along(vectors, -1); }

/* x^n by multiplications, whose derivatives are polynomials at 0 too */
static weyl_tensor power(weyl_tensor x, int n) {
  weyl_tensor y = WEYL_NULL_TENSOR;
  for (; n > 0; n >>= 1) {
    if (n & 1) y = weyl_tensor_valid(y) ? weyl_mul(y, x) : x;
    if (n > 1) x = weyl_square(x);
  }
  return y;
}

weyl_tensor weyl_cutoff_of(weyl_tensor r, weyl_cutoff cutoff, double radius, int p) {
  if (!weyl_tensor_valid(r)) return WEYL_NULL_TENSOR;
  weyl_graph *g = r.graph;
  if (p == 0) p = 5;
  if (!(radius > 0 && isfinite(radius)) || p < 1 || p > 64)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "cutoff: radius %g and p %d, must be above 0 and 1 to 64", radius, p);
  if (cutoff == WEYL_CUTOFF_NONE) return weyl_add(weyl_scale(r, 0), weyl_scalar(g, 1));
  weyl_tensor x = weyl_scale(r, 1 / radius);
  const weyl_tensor inside = weyl_lt(x, weyl_scalar(g, 1));
  x = weyl_where(inside, x, weyl_scalar(g, 1)); /* no overflow far away */
  weyl_tensor f;
  if (cutoff == WEYL_CUTOFF_COSINE) {
    f = weyl_scale(weyl_shift(weyl_cos(weyl_scale(x, M_PI)), 1), 0.5);
  } else {
    const double q = p, a = (q + 1) * (q + 2) / 2, b = q * (q + 2), c = q * (q + 1) / 2;
    /* -a + b x - c x^2 */
    const weyl_tensor end = weyl_shift(weyl_mul(x, weyl_shift(weyl_scale(x, -c), b)), -a);
    f = weyl_shift(weyl_mul(power(x, p), end), 1);
  }
  return weyl_where(inside, f, weyl_scalar(g, 0));
}

/* sin(sqrt t) / sqrt t for t < 1: 12 terms, to rounding with the derivatives that matter */
static weyl_tensor sinc_series(weyl_tensor t) {
  weyl_tensor y = weyl_scalar(t.graph, 1);
  for (int k = 12; k > 0; k--) y = weyl_shift(weyl_scale(weyl_mul(t, y), -1.0 / (2.0 * k * (2.0 * k + 1))), 1);
  return y;
}

/* sqrt(2 / r_c) sin(k pi r / r_c) / r */
static weyl_tensor bessel(weyl_tensor r, const double *k, weyl_shape n, double radius) {
  weyl_graph *g = r.graph;
  const weyl_dtype real = weyl_graph_dtype(g);
  const weyl_tensor order = weyl_constant_array(g, real, n, k);
  const weyl_tensor angle = weyl_mul(weyl_scale(r, M_PI / radius), order);
  const weyl_tensor square = weyl_square(angle), one = weyl_scalar(g, 1), small = weyl_lt(square, one);
  const weyl_tensor far = weyl_where(small, one, angle), near = weyl_where(small, square, one);
  const weyl_tensor sinc = weyl_where(small, sinc_series(near), weyl_div(weyl_sin(far), far));
  return weyl_mul(sinc, weyl_scale(order, sqrt(2 / radius) * M_PI / radius));
}

static weyl_tensor gaussian(weyl_tensor r, const double *k, weyl_shape n, double radius) {
  weyl_graph *g = r.graph;
  const int64_t count = n.dim[0].n;
  const double spacing = count > 1 ? radius / (double)(count - 1) : radius;
  /* (r - c) / d with centres (k - 1) d */
  const weyl_tensor index = weyl_constant_array(g, weyl_graph_dtype(g), n, k);
  const weyl_tensor z = weyl_sub(weyl_shift(weyl_scale(r, 1 / spacing), 1), index);
  return weyl_exp(weyl_scale(weyl_square(z), -0.5));
}

weyl_tensor weyl_radial(weyl_tensor r, const weyl_radial_opts *opts) {
  if (!weyl_tensor_valid(r)) return WEYL_NULL_TENSOR;
  weyl_graph *g = r.graph;
  const int64_t n = opts->n ? opts->n : 8;
  double k[256];
  if (!(opts->radius > 0 && isfinite(opts->radius)) || n < 1 || n > 256)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "radial basis: %lld functions to radius %g, must be 1 to 256 and above 0",
                           (long long)n, opts->radius);
  const weyl_shape s = weyl_tensor_shape(r);
  if (s.rank < 1 || s.dim[s.rank - 1].count != WEYL_NUMBER || s.dim[s.rank - 1].n != 1) {
    char text[160];
    return weyl_graph_fail(g, WEYL_SHAPE, "radial basis: distances %s, must be [.., 1]", weyl_shape_text(&s, text));
  }
  for (int64_t i = 0; i < n; i++) k[i] = (double)(i + 1);
  const weyl_shape width = WEYL_SHAPE(weyl_num(n));
  const weyl_tensor f =
      opts->kind == WEYL_RADIAL_GAUSSIAN ? gaussian(r, k, width, opts->radius) : bessel(r, k, width, opts->radius);
  if (opts->cutoff == WEYL_CUTOFF_NONE) return f;
  return weyl_mul(f, weyl_cutoff_of(r, opts->cutoff, opts->radius, opts->p));
}
