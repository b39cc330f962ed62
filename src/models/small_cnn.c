/* small_cnn.c: three convolutions, each normalised and activated, and a linear layer on the mean over the image. */
#include "parts.h"

extern const weyl_model_def weyl_model_small_cnn;

static weyl_tensor image(weyl_graph *g, weyl_tensor x, int64_t classes, const weyl_options *options) {
  const int64_t width = weyl_model_integer(&weyl_model_small_cnn, options, "width");
  (void)g;
  for (int i = 0; i < 3; i++) {
    char name[16];
    snprintf(name, sizeof name, "conv%d", i);
    const weyl_conv_layer_opts o = {.stride = i == 0 ? 1 : 2, .no_bias = true};
    x = weyl_conv_layer(x, name, width << i, &o);
    snprintf(name, sizeof name, "bn%d", i);
    x = weyl_relu(weyl_batch_norm(x, name, 0));
  }
  return weyl_linear(weyl_mean(weyl_mean(x, 2), 1), "fc", classes, NULL);
}

static const weyl_option options[] = {
    {"width", WEYL_OPT_INT, "32", 1, 4096, NULL, "channels of the first convolution; each next one has twice as many"},
    {0},
};

const weyl_model_def weyl_model_small_cnn = {
    .name = "small-cnn",
    .paper = "a small network of our own, for measurements",
    .summary = "images: three convolutions with batch norm and ReLU, mean, linear",
    .symmetry = "",
    .options = options,
    .image = image,
};
