/* layers.c: linear layers and what goes between them.  Weights are [out, in] as PyTorch stores them, so checkpoints
 * need no transposition. */
#include <weyl/nn.h>

#include <math.h>

weyl_tensor weyl_activate(weyl_tensor x, weyl_activation activation) {
  switch (activation) {
    case WEYL_ACT_SILU: return weyl_silu(x);
    case WEYL_ACT_RELU: return weyl_relu(x);
    case WEYL_ACT_TANH: return weyl_tanh(x);
    case WEYL_ACT_SIGMOID: return weyl_sigmoid(x);
    case WEYL_ACT_GELU: return weyl_gelu(x);
    case WEYL_ACT_LEAKY_RELU: return weyl_leaky_relu(x, 0.01); /* PyTorch's default slope */
    case WEYL_ACT_SOFTPLUS: return weyl_softplus(x);
    case WEYL_ACT_NONE: break;
  }
  return x;
}

static weyl_init weight_init(const weyl_linear_opts *o, int64_t in, int64_t out) {
  const double gain = o->gain == 0 ? 1 : o->gain;
  double bound;
  switch (o->scheme) {
    case WEYL_SCHEME_XAVIER: bound = gain * sqrt(6.0 / (double)(in + out)); return weyl_init_uniform(-bound, bound);
    case WEYL_SCHEME_HE: return weyl_init_normal(0, gain * sqrt(2.0 / (double)in));
    case WEYL_SCHEME_ZERO: return weyl_init_constant(0);
    case WEYL_SCHEME_TORCH: break;
  }
  /* kaiming_uniform with a = sqrt 5 is this bound; a gain scales it */
  bound = gain / sqrt((double)in);
  return weyl_init_uniform(-bound, bound);
}

weyl_tensor weyl_linear(weyl_tensor x, const char *name, int64_t out, const weyl_linear_opts *opts) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  const weyl_linear_opts o = opts ? *opts : (weyl_linear_opts){0};
  weyl_graph *g = x.graph;
  const int rank = weyl_rank(x);
  if (rank < 1 || weyl_tensor_shape(x).dim[rank - 1].count != WEYL_NUMBER) {
    char text[160];
    const weyl_shape shape = weyl_tensor_shape(x);
    return weyl_graph_fail(g, WEYL_SHAPE, "linear layer %s: the last axis of %s must be a number", name,
                           weyl_shape_text(&shape, text));
  }
  const int64_t in = weyl_dim_of(x, -1);
  if (in < 1 || out < 1)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "linear layer %s: widths are %lld -> %lld, must be 1 or more", name,
                           (long long)in, (long long)out);

  weyl_scope(g, "%s", name);
  weyl_tensor w = weyl_param(g, "weight", WEYL_SHAPE(weyl_num(out), weyl_num(in)), weight_init(&o, in, out));
  weyl_tensor y = weyl_dot_general(x, w, 0, NULL, NULL, 1, (int[]){rank - 1}, (int[]){1});
  if (!o.no_bias) {
    const double bound = o.scheme == WEYL_SCHEME_TORCH ? 1 / sqrt((double)in) : 0;
    const weyl_init init = bound > 0 ? weyl_init_uniform(-bound, bound) : weyl_init_constant(0);
    y = weyl_add(y, weyl_param(g, "bias", WEYL_SHAPE(weyl_num(out)), init));
  }
  weyl_scope_end(g);
  return y;
}

weyl_tensor weyl_mlp(weyl_tensor x, const char *name, const int64_t *width, int layers, weyl_activation activation,
                     bool last) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  weyl_graph *g = x.graph;
  const int stride = activation == WEYL_ACT_NONE ? 1 : 2; /* Sequential counts the activations too */
  weyl_scope(g, "%s", name);
  for (int i = 0; i < layers; i++) {
    char index[16];
    snprintf(index, sizeof index, "%d", i * stride);
    x = weyl_linear(x, index, width[i], NULL);
    if (i + 1 < layers || last) x = weyl_activate(x, activation);
  }
  weyl_scope_end(g);
  return x;
}

weyl_tensor weyl_dropout(weyl_tensor x, const char *name, double rate, weyl_tensor key) {
  if (!weyl_tensor_valid(x)) return WEYL_NULL_TENSOR;
  weyl_graph *g = x.graph;
  if (!(rate >= 0 && rate < 1))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "dropout %s: the rate is %g, must be in [0, 1)", name, rate);
  if (rate == 0 || !weyl_graph_training(g)) return x;
  weyl_tensor u = weyl_random_uniform(g, name, weyl_tensor_shape(x), key);
  weyl_tensor kept = weyl_le(weyl_scalar(g, rate), u); /* probability 1 - rate, as u is in [0, 1) */
  return weyl_mul(x, weyl_scale(kept, 1 / (1 - rate)));
}

weyl_tensor weyl_embedding(weyl_tensor index, const char *name, int64_t entries, int64_t width) {
  if (!weyl_tensor_valid(index)) return WEYL_NULL_TENSOR;
  weyl_graph *g = index.graph;
  if (entries < 1 || width < 1)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "embedding %s: %lld entries of width %lld, must be 1 or more", name,
                           (long long)entries, (long long)width);
  weyl_scope(g, "%s", name);
  weyl_tensor w = weyl_param(g, "weight", WEYL_SHAPE(weyl_num(entries), weyl_num(width)), weyl_init_normal(0, 1));
  weyl_scope_end(g);
  return weyl_gather(w, index);
}
