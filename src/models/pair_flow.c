/* pair_flow.c: prototype */
#include "parts.h"

#include <string.h>

extern const weyl_model_def weyl_model_pair_flow;

/* [edges, 1] sum over coordinates of a b */
static weyl_tensor dot(weyl_tensor a, weyl_tensor b) { return weyl_unsqueeze(weyl_sum(weyl_mul(a, b), 1), 1); }

typedef struct how {
  int64_t hidden, depth, steps, node;
  bool shared;
  double soft;
  bool free_flight;
  int waves;
  bool body;
} how;

static weyl_tensor log_of(weyl_tensor square, double soft) { return weyl_scale(weyl_log(weyl_shift(square, soft)), 0.5); }

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_pair_flow;
  how c = {.hidden = weyl_model_integer(me, o, "hidden"),
           .depth = weyl_model_integer(me, o, "depth"),
           .steps = weyl_model_integer(me, o, "steps"),
           .node = weyl_model_integer(me, o, "node"),
           .shared = weyl_model_bool(me, o, "shared"),
           .waves = (int)weyl_model_integer(me, o, "waves"),
           .free_flight = weyl_model_bool(me, o, "free_flight")};
  const double soft = 1e-4, dt = 1.0 / (double)c.steps;
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  if (!weyl_tensor_valid(p->v))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "model pair-flow needs velocities, and these points have none");
  const weyl_dim nodes = weyl_tensor_shape(p->x).dim[0];

  weyl_tensor time = weyl_param(g, "time", WEYL_SHAPE(weyl_num(1)), weyl_init_constant(1.0));
  time = weyl_scale(time, dt);
  weyl_tensor x = p->x, v = p->v, h = WEYL_NULL_TENSOR;
  if (c.node > 0) {
    weyl_tensor speed = log_of(dot(v, v), soft);
    weyl_tensor in = weyl_join((weyl_tensor[]){speed, p->scalar}, 2);
    h = weyl_mlp(in, "embedding", (int64_t[]){c.node}, 1, WEYL_ACT_SILU, false);
  }
  for (int64_t k = 0; k < c.steps; k++) {
    weyl_tensor r = weyl_edge_difference(p, x), w = weyl_edge_difference(p, v);
    weyl_tensor rr = dot(r, r), rw = dot(r, w), ww = dot(w, w);
    weyl_tensor length = weyl_sqrt(weyl_shift(rr, soft));
    weyl_tensor lr = log_of(rr, soft), lw = log_of(ww, soft);
    weyl_tensor radial = weyl_div(rw, length);
    weyl_tensor f[16];
    int n = 0;
    f[n++] = lr;
    f[n++] = lw;
    f[n++] = weyl_recip(weyl_shift(length, 0.1));
    f[n++] = weyl_div(radial, weyl_sqrt(weyl_shift(ww, soft)));
    if (c.free_flight) {
      /* where the pair would be at the end of the step, and how close it would come */
      weyl_tensor end = weyl_add(r, weyl_mul(w, time));
      f[n++] = log_of(dot(end, end), soft);
      weyl_tensor when = weyl_neg(weyl_div(rw, weyl_shift(ww, soft)));
      when = weyl_max(weyl_min(when, weyl_broadcast_to(time, weyl_tensor_shape(when))), weyl_scale(when, 0));
      weyl_tensor near = weyl_add(r, weyl_mul(w, when));
      f[n++] = log_of(dot(near, near), soft);
    }
    for (int s = 0; s < c.waves; s++) {
      f[n++] = weyl_sin(weyl_scale(lr, (double)(1 << (s + 1))));
      f[n++] = weyl_cos(weyl_scale(lr, (double)(1 << (s + 1))));
    }
    if (weyl_tensor_valid(p->edge_scalar)) f[n++] = p->edge_scalar;
    weyl_tensor e = weyl_concat(f, n, 1);
    if (weyl_tensor_valid(h))
      e = weyl_concat((weyl_tensor[]){weyl_gather(h, p->receiver), weyl_gather(h, p->sender), e}, 3, 1);

    if (c.shared)
      weyl_scope(g, "step");
    else
      weyl_scope(g, "step_%d", (int)k);
    int64_t width[8];
    for (int64_t l = 0; l < c.depth; l++) width[l] = c.hidden;
    weyl_tensor m = weyl_mlp(e, "pair", width, (int)c.depth, WEYL_ACT_SILU, true);
    const weyl_linear_opts small = {.scheme = WEYL_SCHEME_XAVIER, .gain = 0.1};
    weyl_tensor coef = weyl_linear(m, "coefficients", 4, &small);
    weyl_tensor unit = weyl_div(r, length), tame = weyl_div(w, weyl_sqrt(weyl_shift(ww, 1)));
    weyl_tensor a = weyl_slice(coef, 1, 0, 1, 1), b = weyl_slice(coef, 1, 1, 1, 1), cc = weyl_slice(coef, 1, 2, 1, 1),
                d = weyl_slice(coef, 1, 3, 1, 1);
    weyl_tensor dx = weyl_add(weyl_mul(unit, a), weyl_mul(tame, b)), dv = weyl_add(weyl_mul(unit, cc), weyl_mul(tame, d));
    weyl_tensor both = weyl_segment_sum(weyl_concat((weyl_tensor[]){dx, dv}, 2, 1), p->receiver, nodes);
    dx = weyl_scale(weyl_slice(both, 1, 0, p->d, 1), dt);
    dv = weyl_slice(both, 1, p->d, p->d, 1);
    x = weyl_add(x, weyl_add(weyl_mul(v, time), dx));
    v = weyl_add(v, dv);
    if (weyl_tensor_valid(h) && k + 1 < c.steps) {
      weyl_tensor sum = weyl_segment_sum(m, p->receiver, nodes);
      h = weyl_add(h, weyl_mlp(weyl_concat((weyl_tensor[]){h, sum}, 2, 1), "node", (int64_t[]){c.hidden, c.node}, 2,
                               WEYL_ACT_SILU, false));
    }
    weyl_scope_end(g);
  }
  return x;
}

static const weyl_option options[] = {
    {"hidden", WEYL_OPT_INT, "64", 1, 4096, NULL, "width of the pair network"},
    {"depth", WEYL_OPT_INT, "2", 1, 8, NULL, "hidden layers of the pair network"},
    {"steps", WEYL_OPT_INT, "8", 1, 64, NULL, "steps"},
    {"node", WEYL_OPT_INT, "0", 0, 64, NULL, "node features"},
    {"waves", WEYL_OPT_INT, "0", 0, 4, NULL, "waves"},
    {"shared", WEYL_OPT_BOOL, "true", 0, 0, NULL, "shared"},
    {"free_flight", WEYL_OPT_BOOL, "true", 0, 0, NULL, "free_flight"},
    {0},
};

const weyl_model_def weyl_model_pair_flow = {
    .name = "pair-flow",
    .paper = "ours",
    .summary = "learned two-body flows, summed over pairs and composed in time",
    .symmetry = "E x S",
    .options = options,
    .points = points,
};
