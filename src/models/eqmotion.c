/* eqmotion.c: equivariant motion prediction with invariant interaction reasoning (Xu, Tan, Tan, Chen, Wang, Wang, Wang,
 * CVPR 2023), sections and symbols of the spec sheet.
 *
 * Geometric features G [nodes, d, C] are C vectors a node, U likewise from its steps, pattern features h [nodes, H]
 * numbers.  Linear maps of vectors act on channels alone and have no bias: that is the equivariance.  A scene's mean
 * is taken off before the network and given back to what it predicts.
 */
#include "parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const weyl_model_def weyl_model_eqmotion, weyl_model_eqmotion_plus;

enum { HEADS_MOST = 64 };

typedef struct settings {
  int64_t channels, hidden, layers, categories, networks, heads;
  double tau, tau_end; /* temperature of the categories, at first and when it has fallen */
  int64_t tau_steps;
  bool dct;
  const char *residual;
} settings;

typedef struct features {
  weyl_tensor g; /* [nodes, d, C] */
  weyl_tensor u; /* [nodes, d, C] */
  weyl_tensor h; /* [nodes, H] */
} features;

/* ---- small parts --------------------------------------------------------------------------------------------- */

static weyl_tensor vectors_linear(weyl_tensor x, const char *name, int64_t out) {
  return weyl_linear(x, name, out, &(weyl_linear_opts){.no_bias = true});
}

/* MLP_sigma of the sheet: two layers, sigma after both; the last one is open where `last` is false. */
static weyl_tensor mlp(weyl_tensor x, const char *name, int64_t hidden, int64_t out, bool last) {
  return weyl_mlp(x, name, (int64_t[]){hidden, out}, 2, WEYL_ACT_SILU, last);
}

/* The mean over the nodes of a sample and all channels, [nodes, d, 1] (2.1). */
static weyl_tensor mean_of(const weyl_points *p, weyl_tensor x) {
  return weyl_unsqueeze(weyl_points_spread(p, weyl_points_mean(p, weyl_mean(x, 2))), 2);
}

static weyl_tensor pair(const weyl_points *p, weyl_tensor h, weyl_tensor edge) {
  return weyl_join((weyl_tensor[]){weyl_gather(h, p->receiver), weyl_gather(h, p->sender), edge}, 3);
}

static weyl_tensor to_nodes(const weyl_points *p, weyl_tensor x) {
  return weyl_segment_sum(x, p->receiver, weyl_per(WEYL_NODES));
}

/* [edges, d, C] -> [edges, C] */
static weyl_tensor lengths(weyl_tensor x) { return weyl_squeeze(weyl_length_along(x, 1), 1); }

/* ---- features of the past (2.2) ------------------------------------------------------------------------------ */

/* [nodes, d, T]: steps, the first one twice. */
static weyl_tensor steps_of(weyl_tensor x, int64_t frames) {
  const weyl_tensor v = weyl_sub(weyl_slice(x, 2, 1, frames - 1, 1), weyl_slice(x, 2, 0, frames - 1, 1));
  return weyl_concat((weyl_tensor[]){weyl_slice(v, 2, 0, 1, 1), v}, 2, 2);
}

/* The angle theta of consecutive steps a, b: cos theta = p_a p_b cos(a, b) with p = |v| / (|v| + 1e-6).  With unit
 * vectors and q = 1 - p, sin^2 theta = q_a + p_a q_b, times 1 + p_a p_b, + (p_a p_b)^2 sin^2(a, b): nothing cancels,
 * where the arc cosine would lose half of the digits for straight motion.  [nodes, T] */
static weyl_tensor angles_of(weyl_tensor v, weyl_tensor speed, int64_t frames) {
  weyl_graph *g = v.graph;
  const weyl_tensor before =
      weyl_concat((weyl_tensor[]){weyl_slice(v, 2, 0, 1, 1), weyl_slice(v, 2, 0, frames - 1, 1)}, 2, 2);
  const weyl_tensor before_speed =
      weyl_concat((weyl_tensor[]){weyl_slice(speed, 2, 0, 1, 1), weyl_slice(speed, 2, 0, frames - 1, 1)}, 2, 2);
  const weyl_tensor tiny = weyl_scalar(g, 1e-30);
  const weyl_tensor a = weyl_div(before, weyl_max(before_speed, tiny)), b = weyl_div(v, weyl_max(speed, tiny));
  const weyl_tensor dot = weyl_sum(weyl_mul(a, b), 1);
  /* sin(a, b) = |a - b| |a + b| / 2 */
  const weyl_tensor minus = weyl_sum(weyl_square(weyl_sub(a, b)), 1), plus = weyl_sum(weyl_square(weyl_add(a, b)), 1);
  const weyl_tensor sine2 = weyl_scale(weyl_mul(minus, plus), 0.25);
  const weyl_tensor qa = weyl_squeeze(weyl_div(weyl_scalar(g, 1e-6), weyl_shift(before_speed, 1e-6)), 1),
                    qb = weyl_squeeze(weyl_div(weyl_scalar(g, 1e-6), weyl_shift(speed, 1e-6)), 1);
  const weyl_tensor pa = weyl_sub(weyl_scalar(g, 1), qa), pb = weyl_sub(weyl_scalar(g, 1), qb), p = weyl_mul(pa, pb);
  const weyl_tensor rest = weyl_mul(weyl_add(qa, weyl_mul(pa, qb)), weyl_shift(p, 1));
  const weyl_tensor sine = weyl_sqrt(weyl_add(rest, weyl_mul(weyl_square(p), sine2)));
  return weyl_atan2(sine, weyl_mul(p, dot));
}

static weyl_tensor patterns(const weyl_motion *in, weyl_tensor v, const settings *s) {
  const weyl_tensor speed = weyl_length_along(v, 1); /* [nodes, 1, T] */
  const weyl_tensor invariant[] = {weyl_stop_gradient(weyl_squeeze(speed, 1)),
                                   weyl_stop_gradient(angles_of(v, speed, in->frames))};
  weyl_tensor h = weyl_join((weyl_tensor[]){weyl_linear(invariant[0], "speed", s->hidden - s->hidden / 2, NULL),
                                            weyl_linear(invariant[1], "angle", s->hidden / 2, NULL)},
                            2);
  if (weyl_tensor_valid(in->points.scalar))
    h = weyl_add(h, weyl_linear(in->points.scalar, "scalar", s->hidden, &(weyl_linear_opts){.no_bias = true}));
  if (!weyl_tensor_valid(in->joint)) return h;
  const int64_t joints = weyl_dim_of(in->joint, 1);
  const weyl_tensor tokens =
      weyl_param(h.graph, "joint.weight", WEYL_SHAPE(weyl_num(joints), weyl_num(s->hidden)), weyl_init_normal(0, 1));
  const weyl_tensor token = weyl_matmul(in->joint, tokens);
  return mlp(weyl_join((weyl_tensor[]){h, token}, 2), "with_joint", s->hidden, s->hidden, true);
}

/* x [nodes, d, T], centred. */
static features first_features(const weyl_motion *in, weyl_tensor x, const settings *s) {
  const weyl_tensor v = steps_of(x, in->frames);
  features f = {.h = patterns(in, v, s)};
  weyl_tensor x_hat = x, v_hat = v;
  if (s->dct) {
    const weyl_tensor d = weyl_cosines(x.graph, in->frames, true);
    x_hat = weyl_matmul(x, d);
    v_hat = weyl_matmul(v, d);
  }
  const weyl_tensor m = mean_of(&in->points, x_hat);
  f.g = weyl_add(vectors_linear(weyl_sub(x_hat, m), "position", s->channels), m);
  f.u = vectors_linear(v_hat, "step", s->channels);
  return f;
}

/* ---- which pairs interact, and how (2.3) --------------------------------------------------------------------- */

/* 1 / tau.  A temperature that falls is a running number of the model, from tau to tau_end geometrically. */
static weyl_tensor sharpness(weyl_graph *g, const settings *s) {
  if (s->tau_end == s->tau) return weyl_scalar(g, 1 / s->tau);
  const weyl_tensor now = weyl_state(g, "sharpness", weyl_shape_scalar(), weyl_init_constant(1 / s->tau));
  const double growth = pow(s->tau / s->tau_end, 1 / (double)s->tau_steps);
  const weyl_tensor end = weyl_scalar(g, 1 / s->tau_end), next = weyl_scale(now, growth);
  if (weyl_graph_training(g)) weyl_assign(now, growth > 1 ? weyl_min(next, end) : weyl_max(next, end));
  return now;
}

/* Probabilities of the categories, [edges, K]. */
static weyl_tensor reason(const weyl_motion *in, const features *f, const settings *s) {
  const weyl_points *p = &in->points;
  const int64_t hidden = s->hidden, channels = s->channels;
  weyl_graph *g = f->g.graph;
  weyl_scope(g, "reasoning");
  const weyl_tensor a = weyl_join((weyl_tensor[]){f->g, f->u}, 2);
  const weyl_tensor delta = mlp(lengths(weyl_edge_difference(p, a)), "distance", hidden, 2 * channels, true);
  const weyl_tensor e = mlp(pair(p, f->h, delta), "edge", hidden, hidden, true);
  const weyl_tensor n = mlp(weyl_join((weyl_tensor[]){f->h, to_nodes(p, e)}, 2), "node", hidden, hidden, true);
  const weyl_tensor z = mlp(pair(p, n, delta), "category", hidden, s->categories, true);
  const weyl_tensor c = weyl_softmax(weyl_mul(z, sharpness(g, s)), 1);
  weyl_scope_end(g);
  weyl_watch(c, "categories");
  return c;
}

/* ---- a layer (2.4) ------------------------------------------------------------------------------------------- */

static weyl_tensor attention(const weyl_points *p, weyl_tensor g, weyl_tensor h, int64_t channels) {
  const weyl_tensor a = weyl_unsqueeze(weyl_silu(weyl_linear(h, "attention", channels, NULL)), 1);
  return weyl_add(g, weyl_mul(a, weyl_sub(g, mean_of(p, g))));
}

/* What neighbours do to a node, by the category of each pair. */
static weyl_tensor neighbours(const weyl_points *p, weyl_tensor z, weyl_tensor delta, weyl_tensor category,
                              const settings *s) {
  weyl_tensor sum = WEYL_NULL_TENSOR;
  for (int64_t k = 0; k < s->networks; k++) {
    char name[32];
    snprintf(name, sizeof name, "category_%d", (int)k);
    const weyl_tensor phi = weyl_mul(mlp(z, name, s->hidden, s->channels, true), weyl_slice(category, 1, k, 1, 1));
    sum = k == 0 ? phi : weyl_add(sum, phi);
  }
  const weyl_tensor f = weyl_unsqueeze(mlp(sum, "aggregate", s->channels, s->channels, true), 1);
  return to_nodes(p, weyl_mul(f, delta));
}

/* A rectifier of vectors: what of Q points against R is taken off. */
static weyl_tensor rectify(const weyl_points *p, weyl_tensor g, int64_t channels) {
  const weyl_tensor mean = mean_of(p, g), centred = weyl_sub(g, mean);
  const weyl_tensor q = vectors_linear(centred, "q", channels), r = vectors_linear(centred, "r", channels);
  const weyl_tensor dot = weyl_unsqueeze(weyl_sum(weyl_mul(q, r), 1), 1);
  const weyl_tensor square = weyl_shift(weyl_unsqueeze(weyl_sum(weyl_square(r), 1), 1), 1e-4);
  const weyl_tensor against = weyl_min(dot, weyl_scalar(g.graph, 0));
  return weyl_add(weyl_sub(q, weyl_mul(weyl_div(against, square), r)), mean);
}

/* last: the pattern is not needed any more. */
static void layer(const weyl_points *p, features *f, weyl_tensor category, const settings *s, bool last) {
  const weyl_tensor delta = weyl_edge_difference(p, f->g);
  const weyl_tensor z = pair(p, f->h, lengths(delta));
  weyl_tensor g = attention(p, f->g, f->h, s->channels);
  g = weyl_add(g, neighbours(p, z, delta, category, s));
  g = weyl_add(g, vectors_linear(f->u, "step", s->channels));
  f->g = rectify(p, g, s->channels);
  const weyl_tensor m = to_nodes(p, mlp(z, "message", s->hidden, s->hidden, true));
  const weyl_tensor h = mlp(weyl_join((weyl_tensor[]){f->h, m}, 2), "pattern", s->hidden, s->hidden, false);
  if (!last) f->h = weyl_add(f->h, h);
}

/* ---- the output (2.5) ---------------------------------------------------------------------------------------- */

/* What the network's answer is added to, [nodes, d, F]: nothing, the last pose, or straight motion from it. */
static weyl_tensor baseline(weyl_tensor x, int64_t frames, int64_t future, const char *residual) {
  if (strcmp(residual, "none") == 0) return WEYL_NULL_TENSOR;
  const weyl_tensor last = weyl_slice(x, 2, frames - 1, 1, 1);
  if (strcmp(residual, "last") == 0) return last;
  const weyl_tensor v = weyl_sub(last, weyl_slice(x, 2, frames - 2, 1, 1));
  return weyl_add(last, weyl_mul(v, weyl_frames_ahead(x.graph, future)));
}

/* [nodes, d, F] */
static weyl_tensor future_of(const weyl_motion *in, weyl_tensor g, weyl_tensor base, const settings *s) {
  const weyl_tensor m = mean_of(&in->points, g);
  const bool residual = weyl_tensor_valid(base);
  /* beside a good guess the network begins with little to say, and without its own mean */
  const weyl_linear_opts opts = {
      .no_bias = true, .scheme = residual ? WEYL_SCHEME_XAVIER : WEYL_SCHEME_TORCH, .gain = residual ? 0.1 : 1};
  weyl_tensor y = weyl_linear(weyl_sub(g, m), "out", in->future, &opts);
  if (!residual) y = weyl_add(y, m);
  if (s->dct) y = weyl_matmul(y, weyl_cosines(g.graph, in->future, false));
  return residual ? weyl_add(y, base) : y;
}

static settings settings_of(const weyl_model_def *me, const weyl_options *o) {
  settings s = {
      .channels = weyl_model_integer(me, o, "channels"),
      .hidden = weyl_model_integer(me, o, "hidden"),
      .layers = weyl_model_integer(me, o, "layers"),
      .categories = weyl_model_integer(me, o, "categories"),
      .heads = weyl_model_integer(me, o, "heads"),
      .tau = weyl_model_number(me, o, "tau"),
      .tau_end = weyl_model_number(me, o, "tau_end"),
      .tau_steps = weyl_model_integer(me, o, "tau_steps"),
      .dct = weyl_model_bool(me, o, "dct"),
      .residual = weyl_model_string(me, o, "residual"),
  };
  s.networks = s.categories - weyl_model_integer(me, o, "null_categories");
  if (s.tau_end == 0) s.tau_end = s.tau;
  return s;
}

static weyl_tensor predict(weyl_graph *g, const weyl_motion *in, const settings *s) {
  const weyl_points *p = &in->points;
  weyl_tensor x = weyl_permute(in->past, (int[]){0, 2, 1}); /* [nodes, d, T] */
  const weyl_tensor centre = mean_of(p, x);
  x = weyl_sub(x, centre);
  features f = first_features(in, x, s);
  const weyl_tensor category = reason(in, &f, s);
  const weyl_tensor base = baseline(x, in->frames, in->future, s->residual);
  const int64_t shared = s->heads > 1 ? s->layers - 1 : s->layers;
  for (int64_t l = 0; l < shared; l++) {
    weyl_scope(g, "layer_%d", (int)l);
    layer(p, &f, category, s, l == s->layers - 1);
    weyl_scope_end(g);
  }
  weyl_tensor y[HEADS_MOST];
  for (int64_t k = 0; k < s->heads; k++) {
    features own = f;
    if (s->heads > 1) {
      weyl_scope(g, "head_%d", (int)k);
      layer(p, &own, category, s, true);
    }
    y[k] = weyl_add(future_of(in, own.g, base, s), centre);
    if (s->heads > 1) weyl_scope_end(g);
  }
  return weyl_permute(weyl_stack(y, (int)s->heads, 1), (int[]){0, 1, 3, 2});
}

static weyl_tensor motion_as(const weyl_model_def *me, weyl_graph *g, const weyl_motion *in, const weyl_options *o) {
  const settings s = settings_of(me, o);
  if (!weyl_tensor_valid(in->past) || !weyl_need_edges(&in->points, me->name)) return WEYL_NULL_TENSOR;
  if (s.networks < 1)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "%lld null categories of %lld: one must have an effect",
                           (long long)(s.categories - s.networks), (long long)s.categories);
  if (s.heads > 1 && s.layers < 1)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "%lld layers: several heads need one each", (long long)s.layers);
  return predict(g, in, &s);
}

static weyl_tensor motion(weyl_graph *g, const weyl_motion *in, const weyl_options *o) {
  return motion_as(&weyl_model_eqmotion, g, in, o);
}
static weyl_tensor motion_plus(weyl_graph *g, const weyl_motion *in, const weyl_options *o) {
  return motion_as(&weyl_model_eqmotion_plus, g, in, o);
}

#define OPTIONS(RESIDUAL)                                                                                           \
  {"channels", WEYL_OPT_INT, "64", 1, 4096, NULL, "vectors a node (C)"},                                            \
      {"hidden", WEYL_OPT_INT, "64", 2, 4096, NULL, "width of the invariant features (H)"},                         \
      {"layers", WEYL_OPT_INT, "4", 1, 64, NULL, "layers (L); with several heads the last one is each head's own"}, \
      {"categories", WEYL_OPT_INT, "2", 1, 64, NULL, "kinds of interaction (K)"},                                   \
      {"null_categories",                                                                                           \
       WEYL_OPT_INT,                                                                                                \
       "0",                                                                                                         \
       0,                                                                                                           \
       63,                                                                                                          \
       NULL,                                                                                                        \
       "of these, kinds without effect (2 of 4 in the authors' "                                                    \
       "code for skeletons and pedestrians)"},                                                                      \
      {"tau", WEYL_OPT_DOUBLE, "1", 1e-3, 1e3, NULL, "temperature of the categories"},                              \
      {"tau_end", WEYL_OPT_DOUBLE, "0", 0, 1e3, NULL, "temperature that tau falls to; 0: it stays"},                \
      {"tau_steps", WEYL_OPT_INT, "1000", 1, 1e9, NULL, "steps that it takes"},                                     \
      {"heads", WEYL_OPT_INT, "1", 1, HEADS_MOST, NULL, "futures predicted"},                                       \
      {"dct", WEYL_OPT_BOOL, "true", 0, 0, NULL, "cosine transform along time"},                                    \
      {"residual",                                                                                                  \
       WEYL_OPT_CHOICE,                                                                                             \
       RESIDUAL,                                                                                                    \
       0,                                                                                                           \
       0,                                                                                                           \
       "none|last|velocity",                                                                                        \
       "what the answer is added to: nothing, the last positions, straight motion"},                                \
  {                                                                                                                 \
    0                                                                                                               \
  }

static const weyl_option options[] = {OPTIONS("none")};
static const weyl_option options_plus[] = {OPTIONS("last")};

const weyl_model_def weyl_model_eqmotion = {
    .name = "eqmotion",
    .paper = "Xu, Tan, Tan, Chen, Wang, Wang, Wang, CVPR 2023",
    .summary = "future positions from past ones, turning with them; says which pairs interact",
    .symmetry = "E x S",
    .options = options,
    .motion = motion,
};

const weyl_model_def weyl_model_eqmotion_plus = {
    .name = "eqmotion+",
    .paper = "the same network; what it is added to, from Martinez, Black, Romero, CVPR 2017",
    .summary = "eqmotion that says how far the last positions move, trained in large steps that shrink",
    .symmetry = "E x S",
    .options = options_plus,
    .motion = motion_plus,
};
