/* Optimisers as traced arithmetic on the vector of all parameters. The conventions are PyTorch's. */
#include <weyl/train.h>

#include <float.h>
#include <string.h>

static weyl_tensor vector_slot(weyl_graph *g, const char *name, weyl_tensor like) {
  return weyl_slot(g, name, weyl_tensor_shape(like), weyl_init_constant(0));
}

/* The average m <- beta m + (1 - beta) x of a slot, assigned (unless the step is `bad`) and returned. */
static weyl_tensor average(weyl_tensor slot, weyl_tensor x, double beta, weyl_tensor good) {
  const weyl_tensor next = weyl_add(weyl_scale(slot, beta), weyl_scale(x, 1 - beta));
  weyl_assign(slot, weyl_where(good, next, slot));
  return next;
}

/* 1 - beta^t: the same average of the constant 1. Kept as a number of its own it has full relative precision, which 1 -
 * pow(beta, t) in f32 has not. */
static weyl_tensor correction(weyl_graph *g, const char *name, double beta, weyl_tensor good) {
  const weyl_tensor one = weyl_slot(g, name, weyl_shape_scalar(), weyl_init_constant(0));
  return average(one, weyl_scalar(g, 1), beta, good);
}

/* D. Kingma, J. Ba, ICLR 2015; AMSGrad: S. Reddi, S. Kale, S. Kumar, ICLR 2018. Gives the step before the learning
 * rate. */
static weyl_tensor adam(weyl_graph *g, weyl_tensor grad, bool amsgrad, const weyl_options *o, weyl_tensor good) {
  const double beta1 = weyl_options_number(o, "beta1"), beta2 = weyl_options_number(o, "beta2");
  const weyl_tensor m = average(vector_slot(g, "adam.m", grad), grad, beta1, good);
  weyl_tensor v = average(vector_slot(g, "adam.v", grad), weyl_square(grad), beta2, good);
  if (amsgrad) {
    const weyl_tensor most = vector_slot(g, "adam.v_max", grad);
    v = weyl_max(most, v);
    weyl_assign(most, weyl_where(good, v, most));
  }
  const weyl_tensor c1 = correction(g, "adam.one1", beta1, good), c2 = correction(g, "adam.one2", beta2, good);
  const weyl_tensor root = weyl_shift(weyl_mul(weyl_sqrt(v), weyl_rsqrt(c2)), weyl_options_number(o, "eps"));
  return weyl_div(weyl_mul(m, weyl_recip(c1)), root);
}

static weyl_tensor sgd(weyl_graph *g, weyl_tensor grad, const weyl_options *o, weyl_tensor good) {
  const double momentum = weyl_options_number(o, "momentum");
  if (momentum == 0) return grad;
  const weyl_tensor slot = vector_slot(g, "sgd.momentum", grad);
  const weyl_tensor next = weyl_add(weyl_scale(slot, momentum), grad);
  weyl_assign(slot, weyl_where(good, next, slot));
  return next;
}

/* The average of the weights with decay min(ema, t / (t + 9)) at step t = 0, 1, ...: the first values do not linger. */
static void trace_average(weyl_graph *g, weyl_tensor weights, double ema, weyl_tensor good) {
  const weyl_tensor slot = vector_slot(g, "ema", weights);
  const weyl_tensor step = weyl_slot(g, "ema.step", weyl_shape_scalar(), weyl_init_constant(0));
  const weyl_tensor decay = weyl_min(weyl_scalar(g, ema), weyl_div(step, weyl_shift(step, 9)));
  const weyl_tensor next = weyl_add(weights, weyl_mul(decay, weyl_sub(slot, weights)));
  weyl_assign(slot, weyl_where(good, next, slot));
  weyl_assign(step, weyl_where(good, weyl_shift(step, 1), step));
}

weyl_tensor weyl_optimiser_trace(weyl_graph *g, weyl_tensor loss, const weyl_options *o) {
  const char *kind = weyl_options_string(o, "optimiser");
  const double decay = weyl_options_number(o, "weight_decay"), clip = weyl_options_number(o, "clip"),
               ema = weyl_options_number(o, "ema");
  weyl_tensor grad = weyl_param_grad(loss);
  const weyl_tensor weights = weyl_param_vector(g);
  const weyl_tensor rate = weyl_input(g, "rate", weyl_graph_dtype(g), weyl_shape_scalar());
  weyl_scope(g, "optimiser");

  const weyl_tensor norm = weyl_sqrt(weyl_sum_all(weyl_square(grad)));
  /* A gradient with a NaN or infinity changes nothing, so that the weights of before can be looked into and saved. */
  const weyl_tensor good = weyl_le(norm, weyl_scalar(g, weyl_graph_dtype(g) == WEYL_F32 ? (double)FLT_MAX : DBL_MAX));

  if (clip > 0)
    grad = weyl_mul(grad, weyl_min(weyl_scalar(g, 1), weyl_div(weyl_scalar(g, clip), weyl_shift(norm, 1e-6))));
  const bool decoupled = strcmp(kind, "adamw") == 0; /* I. Loshchilov, F. Hutter, ICLR 2019 */
  if (decay > 0 && !decoupled) grad = weyl_add(grad, weyl_scale(weights, decay));

  const weyl_tensor step =
      strcmp(kind, "sgd") == 0 ? sgd(g, grad, o, good) : adam(g, grad, strcmp(kind, "amsgrad") == 0, o, good);
  weyl_tensor next = weights;
  if (decay > 0 && decoupled) next = weyl_sub(next, weyl_mul(weyl_scale(rate, decay), next));
  next = weyl_sub(next, weyl_mul(rate, step));
  weyl_assign(weights, weyl_where(good, next, weights));
  if (ema > 0) trace_average(g, next, ema, good);

  weyl_scope_end(g);
  return norm;
}
