/* pair_flow.c: learned flows of pairs, composed in time.  Our own design; no paper.
 *
 * The time to the target is cut into steps.  In a step every pair moves as if it were alone, by a learned map of its
 * relative position and velocity, and what the pairs do to a point is summed:
 *
 *   r, w = x_i - x_j, v_i - v_j, moved to the middle of the step by what the others do to the pair (`bend`)
 *   (a, b, c, d) = net_k(invariants of r and w, a_ij)
 *   x_i <- x_i + t v_i + t sum_j (a r/|r| + b w/<w>)      t: length of a step, learned;  <w> = sqrt(1 + |w|^2)
 *   v_i <- v_i + t     2 sum_j (c r/|r| + d w/<w>)
 *
 * In two dimensions or more the motion of two bodies under any central force stays in the span of r and w, so that four
 * numbers are all that a pair needs.  The bend is a learned central force u(|r|, a_ij) of its own:
 *
 *   g = sum_k u_ik - sum_k u_jk without the pair's own u_ij and u_ji,  w <- w + p t g / 2,  r <- r - q t^2 g / 12
 *
 * What is built in: motion of second order in time, forces between pairs, equal and opposite (so that the sum of the
 * velocities is kept), and locality in time.  What is learned: every law of force and motion.  Composing flows of pairs
 * as if the others were absent is the splitting of SAKURA (Goncalves Ferrari, Boekholt, Portegies Zwart, MNRAS 2014),
 * there with the known solution of the Kepler problem.
 *
 * All inputs of the networks are logarithms or bounded, and all vectors they multiply are unit or shorter: no rollout
 * grows without bound, whatever the weights.
 */
#include "parts.h"

extern const weyl_model_def weyl_model_pair_flow;

/* Squares of lengths and speeds below this count as zero: it keeps logarithms and directions of nothing finite. */
#define SOFT    1e-4
#define MEMBERS 16

/* [edges, 1] */
static weyl_tensor dot(weyl_tensor a, weyl_tensor b) { return weyl_unsqueeze(weyl_sum(weyl_mul(a, b), 1), 1); }

static weyl_tensor soft_root(weyl_tensor square, double soft) { return weyl_sqrt(weyl_shift(square, soft)); }

static weyl_tensor log_length(weyl_tensor square) { return weyl_scale(weyl_log(weyl_shift(square, SOFT)), 0.5); }

/* [edges, k], the same for ij and ji: edge scalars, or what the nodes' scalars give. Null: none. */
static weyl_tensor pair_scalars(const weyl_points *p) {
  if (weyl_tensor_valid(p->edge_scalar) || !weyl_tensor_valid(p->scalar)) return p->edge_scalar;
  const weyl_tensor i = weyl_gather(p->scalar, p->receiver), j = weyl_gather(p->scalar, p->sender);
  return weyl_join((weyl_tensor[]){weyl_add(i, j), weyl_mul(i, j)}, 2);
}

/* What all but the pair itself do to its relative motion, [edges, d], at most 10 long. */
static weyl_tensor field_of_others(const weyl_points *p, weyl_tensor r, weyl_tensor kind, int64_t width) {
  const weyl_tensor square = dot(r, r), length = soft_root(square, SOFT);
  const weyl_tensor in[] = {log_length(square), weyl_recip(weyl_shift(length, 0.1)), kind};
  const weyl_tensor strength =
      weyl_mlp(weyl_join(in, 3), "field", (int64_t[]){width, width, 1}, 3, WEYL_ACT_SILU, false);
  const weyl_tensor own = weyl_mul(weyl_div(r, length), strength);
  const weyl_tensor all = weyl_segment_sum(own, p->receiver, weyl_tensor_shape(p->x).dim[0]);
  const weyl_tensor others = weyl_sub(weyl_edge_difference(p, all), weyl_scale(own, 2));
  return weyl_div(others, soft_root(weyl_scale(dot(others, others), 0.01), 1));
}

/* [edges, 6 + ..]: what the pair's network sees. */
static weyl_tensor invariants(weyl_tensor r, weyl_tensor w, weyl_tensor time, weyl_tensor kind) {
  const weyl_tensor rr = dot(r, r), rw = dot(r, w), ww = dot(w, w);
  const weyl_tensor length = soft_root(rr, SOFT), speed = soft_root(ww, SOFT);
  /* in free flight: where the step ends, and the closest approach within it */
  const weyl_tensor end = weyl_add(r, weyl_mul(w, time));
  const weyl_tensor most = weyl_broadcast_to(time, weyl_tensor_shape(rr)), least = weyl_scale(most, 0);
  const weyl_tensor when = weyl_max(weyl_min(weyl_neg(weyl_div(rw, weyl_shift(ww, SOFT))), most), least);
  const weyl_tensor near = weyl_add(r, weyl_mul(w, when));
  const weyl_tensor all[] = {
      log_length(rr),
      log_length(ww),
      weyl_recip(weyl_shift(length, 0.1)),
      weyl_div(rw, weyl_mul(length, speed)),
      log_length(dot(end, end)),
      log_length(dot(near, near)),
      kind,
  };
  return weyl_join(all, 7);
}

static weyl_tensor column(weyl_tensor x, int64_t k) { return weyl_slice(x, 1, k, 1, 1); }

typedef struct flow {
  int64_t hidden, depth, steps, bend;
  bool shared;
} flow;

/* Positions at the end of one rollout. */
static weyl_tensor rollout(weyl_graph *g, const weyl_points *p, const flow *f, weyl_tensor kind) {
  const double part = 1.0 / (double)f->steps;
  const weyl_tensor horizon = weyl_param(g, "time", WEYL_SHAPE(weyl_num(1)), weyl_init_constant(1));
  const weyl_tensor time = weyl_scale(horizon, part);
  const weyl_linear_opts small = {.scheme = WEYL_SCHEME_XAVIER, .gain = 0.1};
  int64_t width[8];
  for (int64_t l = 0; l < f->depth; l++) width[l] = f->hidden;

  weyl_tensor x = p->x, v = p->v;
  for (int64_t k = 0; k < f->steps && weyl_tensor_valid(x); k++) {
    weyl_tensor r = weyl_edge_difference(p, x), w = weyl_edge_difference(p, v);
    if (f->bend > 0) { /* one law of force for all steps */
      const weyl_tensor others = field_of_others(p, r, kind, f->bend);
      const weyl_tensor share = weyl_param(g, "bend", WEYL_SHAPE(weyl_num(2)), weyl_init_constant(1));
      w = weyl_add(w, weyl_mul(others, weyl_scale(weyl_slice(share, 0, 0, 1, 1), part / 2)));
      r = weyl_sub(r, weyl_mul(others, weyl_scale(weyl_slice(share, 0, 1, 1, 1), part * part / 12)));
    }
    const weyl_tensor unit = weyl_div(r, soft_root(dot(r, r), SOFT)), along = weyl_div(w, soft_root(dot(w, w), 1));

    if (f->shared)
      weyl_scope(g, "step");
    else
      weyl_scope(g, "step_%d", (int)k);
    const weyl_tensor m = weyl_mlp(invariants(r, w, time, kind), "pair", width, (int)f->depth, WEYL_ACT_SILU, true);
    const weyl_tensor c = weyl_linear(m, "coefficients", 4, &small);
    weyl_scope_end(g);

    const weyl_tensor moves[] = {
        weyl_add(weyl_mul(unit, column(c, 0)), weyl_mul(along, column(c, 1))),
        weyl_add(weyl_mul(unit, column(c, 2)), weyl_mul(along, column(c, 3))),
    };
    const weyl_tensor sum = weyl_segment_sum(weyl_concat(moves, 2, 1), p->receiver, weyl_tensor_shape(p->x).dim[0]);
    x = weyl_add(x, weyl_add(weyl_mul(v, time), weyl_scale(weyl_slice(sum, 1, 0, p->d, 1), part)));
    v = weyl_add(v, weyl_scale(weyl_slice(sum, 1, p->d, p->d, 1), 2 * part));
  }
  return x;
}

/* The mean of the members' rollouts, [members, nodes, d] -> [nodes, d].  While training, their weights are drawn anew
 * for every sample, uniformly from the simplex: the loss is then in part that of each member alone, which keeps them
 * different. */
static weyl_tensor mean_of(weyl_graph *g, const weyl_points *p, const weyl_tensor *x, int members) {
  if (members == 1) return x[0];
  weyl_tensor sum = WEYL_NULL_TENSOR;
  if (!weyl_graph_training(g)) {
    for (int m = 0; m < members; m++) sum = m ? weyl_add(sum, x[m]) : x[m];
    return weyl_scale(sum, 1.0 / members);
  }
  const weyl_shape each = WEYL_SHAPE(weyl_tensor_shape(p->sample_key).dim[0], weyl_num(members));
  weyl_tensor share = weyl_neg(weyl_log(weyl_shift(weyl_random_uniform(g, "members", each, p->sample_key), 1e-7)));
  share = weyl_points_spread(p, weyl_div(share, weyl_unsqueeze(weyl_sum(share, 1), 1)));
  for (int m = 0; m < members; m++) {
    const weyl_tensor term = weyl_mul(x[m], column(share, m));
    sum = m ? weyl_add(sum, term) : term;
  }
  return sum;
}

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_pair_flow;
  const flow f = {.hidden = weyl_model_integer(me, o, "hidden"),
                  .depth = weyl_model_integer(me, o, "depth"),
                  .steps = weyl_model_integer(me, o, "steps"),
                  .bend = weyl_model_integer(me, o, "bend"),
                  .shared = weyl_model_bool(me, o, "shared")};
  const int members = (int)weyl_model_integer(me, o, "members");
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  if (!weyl_tensor_valid(p->v))
    return weyl_graph_fail(g, WEYL_BAD_ARG, "model %s needs velocities, and these points have none", me->name);

  const weyl_tensor kind = pair_scalars(p);
  weyl_tensor x[MEMBERS];
  for (int m = 0; m < members; m++) {
    if (members > 1) weyl_scope(g, "member_%d", m);
    x[m] = rollout(g, p, &f, kind);
    if (members > 1) weyl_scope_end(g);
  }
  return mean_of(g, p, x, members);
}

static const weyl_option options[] = {
    {"hidden", WEYL_OPT_INT, "32", 1, 4096, NULL, "width of the networks of the pairs"},
    {"depth", WEYL_OPT_INT, "2", 1, 8, NULL, "hidden layers of a pair's network"},
    {"steps", WEYL_OPT_INT, "8", 1, 64, NULL, "steps of time"},
    {"bend", WEYL_OPT_INT, "32", 0, 1024, NULL,
     "width of the network of the field that the others bend a pair's path with; 0: pairs do not see the others"},
    {"members", WEYL_OPT_INT, "1", 1, MEMBERS, NULL, "rollouts with weights of their own, whose mean is the answer"},
    {"shared", WEYL_OPT_BOOL, "false", 0, 0, NULL, "the same network in every step"},
    {0},
};

const weyl_model_def weyl_model_pair_flow = {
    .name = "pair-flow",
    .paper = "ours; splitting as in Goncalves Ferrari, Boekholt, Portegies Zwart, MNRAS 2014",
    .summary = "learned flows of pairs in the field of the others, summed, composed in time",
    .symmetry = "E x S",
    .options = options,
    .points = points,
};
