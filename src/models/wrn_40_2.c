/* wrn_40_2.c: the wide residual network, with the names of the authors' PyTorch code. Normalised and activated before
 * each convolution; where the width changes, the shortcut starts behind the activation. */
#include "parts.h"

extern const weyl_model_def weyl_model_wrn_40_2;

static weyl_tensor norm_relu(weyl_tensor x, const char *name) { return weyl_relu(weyl_batch_norm(x, name, 0)); }

static weyl_tensor conv(weyl_tensor x, const char *name, int64_t out, int64_t kernel, int64_t stride) {
  const weyl_conv_layer_opts o = {.kernel = kernel, .stride = stride, .no_bias = true, .scheme = WEYL_SCHEME_HE};
  return weyl_conv_layer(x, name, out, &o);
}

static weyl_tensor block(weyl_tensor x, int64_t out, int64_t stride) {
  const weyl_tensor h = norm_relu(x, "bn0");
  const weyl_tensor shortcut = weyl_dim_of(x, 3) == out ? x : conv(h, "convdim", out, 1, stride);
  return weyl_add(conv(norm_relu(conv(h, "conv0", out, 3, stride), "bn1"), "conv1", out, 3, 1), shortcut);
}

static weyl_tensor image(weyl_graph *g, weyl_tensor x, int64_t classes, const weyl_options *options) {
  const weyl_model_def *me = &weyl_model_wrn_40_2;
  const int64_t depth = weyl_model_integer(me, options, "depth"), widen = weyl_model_integer(me, options, "widen");
  if (depth % 6 != 4)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "depth is %lld, must be 6 n + 4: 3 groups of blocks of 2 convolutions",
                           (long long)depth);
  x = conv(x, "conv0", 16, 3, 1);
  for (int i = 0; i < 3; i++)
    for (int64_t k = 0; k < (depth - 4) / 6 && weyl_tensor_valid(x); k++) {
      weyl_scope(g, "group%d.block%d", i, (int)k);
      x = block(x, (16 << i) * widen, i > 0 && k == 0 ? 2 : 1);
      weyl_scope_end(g);
    }
  x = norm_relu(x, "bn");
  return weyl_linear(weyl_mean(weyl_mean(x, 2), 1), "fc", classes, NULL);
}

static const weyl_option options[] = {
    {"depth", WEYL_OPT_INT, "40", 10, 1000, NULL, "convolutions: 6 n + 4"},
    {"widen", WEYL_OPT_INT, "2", 1, 64, NULL, "times 16, 32 and 64 channels"},
    {0},
};

const weyl_model_def weyl_model_wrn_40_2 = {
    .name = "wrn-40-2",
    .paper = "Zagoruyko, Komodakis, BMVC 2016",
    .summary = "images: wide residual network, 40 layers, twice as wide",
    .symmetry = "",
    .options = options,
    .image = image,
};
