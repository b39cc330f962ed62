/* images.c: layers on images, channels last. */
#include <weyl/nn.h>

#include <math.h>

static weyl_init weight_init(weyl_scheme scheme, double fan_in, double fan_out) {
  const double bound = scheme == WEYL_SCHEME_XAVIER ? sqrt(6 / (fan_in + fan_out)) : 1 / sqrt(fan_in);
  if (scheme == WEYL_SCHEME_HE) return weyl_init_normal(0, sqrt(2 / fan_in));
  if (scheme == WEYL_SCHEME_ZERO) return weyl_init_constant(0);
  return weyl_init_uniform(-bound, bound);
}

weyl_tensor weyl_conv_layer(weyl_tensor x, const char *name, int64_t out, const weyl_conv_layer_opts *opts) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const weyl_conv_layer_opts o = opts ? *opts : (weyl_conv_layer_opts){0};
  const int64_t kernel = o.kernel ? o.kernel : 3, stride = o.stride ? o.stride : 1;
  weyl_graph *g = x.graph;
  if (weyl_rank(x) != 4 || weyl_tensor_shape(x).dim[3].count != WEYL_NUMBER) {
    char text[160];
    const weyl_shape shape = weyl_tensor_shape(x);
    return weyl_graph_fail(g, WEYL_SHAPE, "convolution %s: %s must be images [n, h, w, c]", name,
                           weyl_shape_text(&shape, text));
  }
  const int64_t in = weyl_dim_of(x, 3);
  if (kernel < 1 || stride < 1 || in < 1 || out < 1)
    return weyl_graph_fail(g, WEYL_BAD_ARG,
                           "convolution %s: kernel %lld, stride %lld, channels %lld -> %lld must be 1 or more", name,
                           (long long)kernel, (long long)stride, (long long)in, (long long)out);
  const int64_t border = (kernel - 1) / 2;
  const double window = (double)(kernel * kernel), fan_in = window * (double)in;

  weyl_scope(g, "%s", name);
  const weyl_tensor w =
      weyl_param(g, "weight", WEYL_SHAPE(weyl_num(kernel), weyl_num(kernel), weyl_num(in), weyl_num(out)),
                 weight_init(o.scheme, fan_in, window * (double)out));
  weyl_tensor y = weyl_conv2d(
      x, w, &(weyl_conv_opts){.stride = {stride, stride}, .before = {border, border}, .after = {border, border}});
  if (!o.no_bias) {
    const weyl_init init =
        o.scheme == WEYL_SCHEME_TORCH ? weyl_init_uniform(-1 / sqrt(fan_in), 1 / sqrt(fan_in)) : weyl_init_constant(0);
    y = weyl_add(y, weyl_param(g, "bias", WEYL_SHAPE(weyl_num(out)), init));
  }
  weyl_scope_end(g);
  return y;
}
