#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <weyl/train.h>

/* Minimises sum_k c_k (w_k - t_k)^2 / 2 in f64 through the engine, beside the formulas of PyTorch's documentation
 * written out here. */
#define N 3
static const double curve[N] = {1, 4, 0.25}, goal[N] = {1, -2, 0.5}, begin[N] = {0.3, 0.1, -0.7};

typedef struct problem {
  weyl_context *ctx;
  weyl_variables *vars;
  weyl_graph *graph;
  weyl_program *program;
  weyl_run *run;
  weyl_options *options;
  double rate, sign;
} problem;

static void problem_open(problem *p, const char *const *pairs) {
  *p = (problem){.sign = 1};
  assert_int_equal(weyl_context_new(NULL, &p->ctx), WEYL_OK);
  assert_int_equal(weyl_train_options(p->ctx, "nbody", NULL, &p->options), WEYL_OK);
  assert_int_equal(weyl_options_set(p->options, "weight_decay", "0", NULL), WEYL_OK);
  for (; *pairs != NULL; pairs += 2) assert_int_equal(weyl_options_set(p->options, pairs[0], pairs[1], NULL), WEYL_OK);
  p->rate = weyl_options_number(p->options, "rate");
  assert_int_equal(weyl_variables_new(p->ctx, WEYL_F64, 1, &p->vars), WEYL_OK);
  assert_int_equal(weyl_graph_new(p->ctx, p->vars, true, &p->graph), WEYL_OK);
  weyl_graph *g = p->graph;
  const weyl_shape shape = WEYL_SHAPE(weyl_num(N));
  weyl_tensor w = weyl_param(g, "w", shape, weyl_init_constant(0));
  weyl_tensor scale = weyl_input(g, "sign", WEYL_F64, weyl_shape_scalar());
  weyl_tensor off = weyl_sub(w, weyl_constant_array(g, WEYL_F64, shape, goal));
  weyl_tensor loss =
      weyl_scale(weyl_sum_all(weyl_mul(weyl_constant_array(g, WEYL_F64, shape, curve), weyl_square(off))), 0.5);
  loss = weyl_mul(loss, scale);
  weyl_tensor outputs[2] = {loss, weyl_optimiser_trace(g, loss, p->options)};
  weyl_program_opts opts = weyl_program_defaults();
  opts.assigns = true;
  assert_int_equal(weyl_program_new(g, outputs, 2, &opts, &p->program), WEYL_OK);
  assert_int_equal(weyl_run_new(p->program, NULL, &p->run), WEYL_OK);
  memcpy(weyl_variables_array(p->vars, WEYL_PARAM, 0).data, begin, sizeof begin);
}

static void problem_close(problem *p) {
  weyl_run_free(p->run);
  weyl_program_free(p->program);
  weyl_graph_free(p->graph);
  weyl_variables_free(p->vars);
  weyl_options_free(p->options);
  weyl_context_free(p->ctx);
}

static const double *weights(const problem *p) { return weyl_variables_array(p->vars, WEYL_PARAM, 0).data; }

/* One step; gives the loss and the gradient's norm of before. */
static void take_step(problem *p, double *loss, double *norm) {
  const void *input[4] = {0};
  for (int k = 0; k < weyl_program_inputs(p->program); k++)
    input[k] = strcmp(weyl_program_input_name(p->program, k), "rate") == 0 ? &p->rate : &p->sign;
  static const int64_t count[1][WEYL_COUNTS] = {{0}};
  const weyl_batch batch = {.shards = 1, .count = count, .input = input};
  assert_int_equal(weyl_run_step(p->run, &batch), WEYL_OK);
  *loss = *(double *)weyl_run_output(p->run, 0).data;
  *norm = *(double *)weyl_run_output(p->run, 1).data;
}

typedef struct by_hand {
  double w[N], m[N], v[N], top[N], ema[N];
  int t;
} by_hand;

typedef struct rule {
  const char *kind;
  double rate, beta1, beta2, eps, momentum, decay, clip, ema;
} rule;

static double gradient(const by_hand *h, double g[N]) {
  double square = 0;
  for (int k = 0; k < N; k++) {
    g[k] = curve[k] * (h->w[k] - goal[k]);
    square += g[k] * g[k];
  }
  return sqrt(square);
}

static void hand_step(by_hand *h, const rule *r) {
  double g[N];
  const double norm = gradient(h, g);
  const double shrink = r->clip > 0 ? fmin(1, r->clip / (norm + 1e-6)) : 1;
  h->t++;
  for (int k = 0; k < N; k++) {
    double d = g[k] * shrink;
    const bool decoupled = strcmp(r->kind, "adamw") == 0;
    if (!decoupled) d += r->decay * h->w[k];
    if (strcmp(r->kind, "sgd") == 0) {
      h->m[k] = r->momentum * h->m[k] + d;
      h->w[k] -= r->rate * h->m[k];
    } else {
      if (decoupled) h->w[k] *= 1 - r->rate * r->decay;
      h->m[k] = r->beta1 * h->m[k] + (1 - r->beta1) * d;
      h->v[k] = r->beta2 * h->v[k] + (1 - r->beta2) * d * d;
      double v = h->v[k];
      if (strcmp(r->kind, "amsgrad") == 0) v = h->top[k] = fmax(h->top[k], v);
      const double c1 = 1 - pow(r->beta1, h->t), c2 = 1 - pow(r->beta2, h->t);
      h->w[k] -= r->rate / c1 * h->m[k] / (sqrt(v) / sqrt(c2) + r->eps);
    }
    const double keep = fmin(r->ema, (h->t - 1) / (h->t + 8.0));
    h->ema[k] = keep * h->ema[k] + (1 - keep) * h->w[k];
  }
}

static void compare(const rule *r, const char *const *pairs) {
  problem p;
  problem_open(&p, pairs);
  by_hand h = {.w = {begin[0], begin[1], begin[2]}};
  for (int t = 0; t < 30; t++) {
    double loss, norm, g[N], want = 0;
    for (int k = 0; k < N; k++) want += 0.5 * curve[k] * (h.w[k] - goal[k]) * (h.w[k] - goal[k]);
    const double want_norm = gradient(&h, g);
    take_step(&p, &loss, &norm);
    hand_step(&h, r);
    if (!(fabs(loss - want) < 1e-12)) fail_msg("%s, step %d: loss %.17g, by hand %.17g", r->kind, t, loss, want);
    if (!(fabs(norm - want_norm) < 1e-12))
      fail_msg("%s, step %d: norm %.17g, by hand %.17g", r->kind, t, norm, want_norm);
    for (int k = 0; k < N; k++)
      if (!(fabs(weights(&p)[k] - h.w[k]) < 1e-12))
        fail_msg("%s, step %d: weight %d is %.17g, by hand %.17g", r->kind, t, k, weights(&p)[k], h.w[k]);
  }
  if (r->ema > 0) {
    const int64_t i = weyl_variables_find(p.vars, WEYL_SLOT, "ema");
    assert_true(i >= 0);
    const double *ema = weyl_variables_array(p.vars, WEYL_SLOT, (size_t)i).data;
    for (int k = 0; k < N; k++) assert_true(fabs(ema[k] - h.ema[k]) < 1e-12);
  }
  problem_close(&p);
}

static void steps_by_hand(void **state) {
  (void)state;
  const rule adam = {"adam", 0.05, 0.9, 0.999, 1e-8, 0, 0, 0, 0};
  compare(&adam, (const char *const[]){"rate", "0.05", NULL});
  const rule decayed = {"adam", 0.05, 0.8, 0.95, 1e-4, 0, 0.1, 0, 0.5};
  compare(&decayed, (const char *const[]){"rate", "0.05", "beta1", "0.8", "beta2", "0.95", "eps", "1e-4",
                                          "weight_decay", "0.1", "ema", "0.5", NULL});
  const rule decoupled = {"adamw", 0.05, 0.9, 0.999, 1e-8, 0, 0.3, 0, 0};
  compare(&decoupled, (const char *const[]){"optimiser", "adamw", "rate", "0.05", "weight_decay", "0.3", NULL});
  const rule ams = {"amsgrad", 0.1, 0.5, 0.6, 1e-8, 0, 0, 0, 0}; /* short memory: the maximum matters */
  compare(&ams, (const char *const[]){"optimiser", "amsgrad", "rate", "0.1", "beta1", "0.5", "beta2", "0.6", NULL});
  const rule plain = {"sgd", 0.1, 0, 0, 0, 0, 0, 0, 0};
  compare(&plain, (const char *const[]){"optimiser", "sgd", "rate", "0.1", NULL});
  const rule heavy = {"sgd", 0.05, 0, 0, 0, 0.9, 0.01, 0.5, 0.999}; /* clipped at first, not later */
  compare(&heavy, (const char *const[]){"optimiser", "sgd", "rate", "0.05", "momentum", "0.9", "weight_decay", "0.01",
                                        "clip", "0.5", "ema", "0.999", NULL});
}

static void all_reach_the_minimum(void **state) {
  (void)state;
  const char *kinds[] = {"sgd", "adam", "adamw", "amsgrad"};
  for (size_t i = 0; i < 4; i++) {
    problem p;
    problem_open(&p, (const char *const[]){"optimiser", kinds[i], "rate", i == 0 ? "0.3" : "0.1", NULL});
    double loss = 0, norm = 0;
    for (int t = 0; t < 600; t++) {
      p.rate = (i == 0 ? 0.3 : 0.1) * (t < 300 ? 1 : pow(0.97, t - 300));
      take_step(&p, &loss, &norm);
    }
    for (int k = 0; k < N; k++)
      if (!(fabs(weights(&p)[k] - goal[k]) < 1e-4))
        fail_msg("%s: weight %d is %g, not %g", kinds[i], k, weights(&p)[k], goal[k]);
    problem_close(&p);
  }
}

/* A gradient that is not finite leaves weights and slots alone. */
static void bad_gradient_changes_nothing(void **state) {
  (void)state;
  problem p;
  problem_open(&p, (const char *const[]){"ema", "0.9", NULL});
  double loss, norm, before[N];
  take_step(&p, &loss, &norm);
  memcpy(before, weights(&p), sizeof before);
  const weyl_array slots = weyl_variables_arena(p.vars, WEYL_SLOT);
  const size_t bytes = (size_t)weyl_array_size(&slots) * sizeof(double);
  char kept[8192];
  assert_true(bytes <= sizeof kept);
  memcpy(kept, slots.data, bytes);
  const double bad[] = {NAN, INFINITY};
  for (int k = 0; k < 2; k++) {
    p.sign = bad[k];
    take_step(&p, &loss, &norm);
    assert_false(isfinite(norm) != 0);
    assert_memory_equal(weights(&p), before, sizeof before);
    assert_memory_equal(slots.data, kept, bytes);
  }
  p.sign = 1;
  take_step(&p, &loss, &norm);
  assert_true(isfinite(norm) != 0 && weights(&p)[0] != before[0]);
  problem_close(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_by_hand),
      cmocka_unit_test(all_reach_the_minimum),
      cmocka_unit_test(bad_gradient_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
