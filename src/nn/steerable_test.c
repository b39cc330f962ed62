/* steerable_test.c: layers on irreps by hand, their initial weights, and what they refuse. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "steerable_fixture.h"

/* ---- layout and lists -------------------------------------------------------------------------------------------- */

static void layouts(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const weyl_irreps irreps = weyl_graph_irreps(t.graph, "2x0e+%dx1o+1x2e", 2);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(13)));
  const weyl_steerable h = weyl_steerable_from_e3nn(x, irreps);
  const weyl_tensor out[] = {h.x, weyl_steerable_to_e3nn(h), weyl_steerable_block(h, 1)};
  traced_compile(&t, out, 3);
  double in[2 * 13], want[2 * 13];
  for (int i = 0; i < 26; i++) in[i] = i;
  const int64_t two[1][WEYL_COUNTS] = {{0, 1, 2, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, two, (bound[]){{"x", in}}, 1, 0));
  swap_layout(irreps, 2, in, want, false);
  const double row[] = {0, 1, 2, 5, 3, 6, 4, 7, 8, 9, 10, 11, 12}; /* 1o: x x y y z z */
  for (int i = 0; i < 13; i++) assert_near(want[i], row[i], 0);
  double *engine = output_values(&t, 0, NULL), *back = output_values(&t, 1, NULL), *block = output_values(&t, 2, NULL);
  for (int i = 0; i < 26; i++) {
    assert_near(engine[i], want[i], 0);
    assert_near(back[i], in[i], 0);
  }
  for (int i = 0; i < 12; i++) assert_near(block[i], want[i < 6 ? 2 + i : 9 + i], 0);
  free(engine);
  free(back);
  free(block);
  traced_free(&t);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* e3nn: out_w = sum over copies u of kind / sqrt(fan_in), whatever blocks they stand in. */
static void linear_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const feature_inputs in = inputs_of(t.graph, "1x0e+2x1o+1x0e+1x1o");
  const weyl_steerable y = weyl_steerable_linear(in.h, "fc", weyl_graph_irreps(t.graph, "1x1o+2x0e+1x1o+1x2e"), NULL);
  traced_compile(&t, &y.x, 1);
  assert_int_equal(weyl_variables_numbers(t.vars, WEYL_PARAM), 2 * 3 + 2 * 2 + 2);
  variable_set(t.vars, WEYL_PARAM, "fc.1o.weight", (double[]){1, 2, 3, -1, 0.5, 4});
  variable_set(t.vars, WEYL_PARAM, "fc.0e.weight", (double[]){1, -1, 2, 5});
  variable_set(t.vars, WEYL_PARAM, "fc.0e.bias", (double[]){0.25, -3});
  const double x[] = {7, 1, 2, 3, 4, 5, 6, -2, 10, 20, 30}; /* s; (1,3,5) and (2,4,6) as columns; s; (10,20,30) */
  const int64_t one[1][WEYL_COUNTS] = {{0, 1, 1, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", x}}, 1, 0));
  double *got = output_values(&t, 0, NULL);
  const double v = 1 / sqrt(3), s = 1 / sqrt(2);
  const double want[] = {v * (1 + 4 + 30),
                         v * (3 + 8 + 60),
                         v * (5 + 12 + 90),
                         s * (7 + 2) + 0.25,
                         s * (14 - 10) - 3,
                         v * (-1 + 1 + 40),
                         v * (-3 + 2 + 80),
                         v * (-5 + 3 + 120),
                         0,
                         0,
                         0,
                         0,
                         0};
  for (int i = 0; i < 13; i++) assert_near(got[i], want[i], 1e-13);
  free(got);
  traced_free(&t);
}

static void self_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const feature_inputs in = inputs_of(t.graph, "2x1o");
  const weyl_steerable y = weyl_steerable_self(in.h, in.types, "si", weyl_graph_irreps(t.graph, "1x1o"));
  traced_compile(&t, &y.x, 1);
  variable_set(t.vars, WEYL_PARAM, "si.1o.weight", (double[]){1, 2, 3, 4, 5, 6}); /* [1][types][2] */
  const double x[] = {1, 0, 0, 1, 1, 1, 2, 0, 0, 2, 2, 2}, types[] = {0, 1, 0, 1, 0, 2};
  const int64_t two[1][WEYL_COUNTS] = {{0, 1, 2, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, two, (bound[]){{"x", x}, {"types", types}}, 2, 0));
  double *got = output_values(&t, 0, NULL);
  const double want[] = {3, 4, 7, 2 + 20, 4 + 24, 6 + 44};
  for (int i = 0; i < 6; i++) assert_near(got[i], want[i] / sqrt(6), 1e-13);
  free(got);
  traced_free(&t);
}

/* Features of unit variance stay so; initial weights are N(0, 1), or uniform. */
static void statistics(void **state) {
  (void)state;
  enum { MANY = 300 };
  traced t = traced_new(WEYL_F64, false);
  const feature_inputs in = inputs_of(t.graph, "60x0e+60x1o+40x1o+64x2e");
  const weyl_irreps out = weyl_graph_irreps(t.graph, "50x0e+50x1o+50x2e");
  const weyl_steerable y[] = {
      weyl_steerable_linear(in.h, "normal", out, NULL),
      weyl_steerable_linear(in.h, "uniform", out,
                            &(weyl_steerable_linear_opts){.uniform = true, .no_bias = true, .gain = 2}),
      weyl_steerable_self(in.h, in.types, "self", out)};
  traced_compile(&t, (weyl_tensor[]){y[0].x, y[1].x, y[2].x}, 3);
  assert_int_equal(weyl_variables_find(t.vars, WEYL_PARAM, "uniform.0e.bias"), -1);
  assert_int_equal(weyl_variables_find(t.vars, WEYL_PARAM, "normal.1o.bias"), -1);
  const struct {
    const char *name;
    double deviation, bound;
  } weight[] = {
      {"normal.1o.weight", 1, INFINITY}, {"uniform.1o.weight", 0.2 / sqrt(3), 0.2}, {"self.1o.weight", 1, INFINITY}};
  for (int k = 0; k < 3; k++) {
    const weyl_array w = variable(t.vars, WEYL_PARAM, weight[k].name);
    double square = 0;
    for (int64_t i = 0; i < weyl_array_size(&w); i++) {
      assert_true(fabs(array_at(&w, i)) <= weight[k].bound);
      square += array_at(&w, i) * array_at(&w, i) / (double)weyl_array_size(&w);
    }
    assert_near(sqrt(square), weight[k].deviation, 0.03 * weight[k].deviation);
  }
  const int64_t dim = weyl_irreps_dim(in.h.irreps), n_out = weyl_irreps_dim(out);
  double *x = calloc((size_t)(MANY * dim), sizeof *x), *types = calloc(MANY * TYPES, sizeof *types);
  normal_numbers(x, MANY * dim, 1, 1);
  normal_numbers(types, MANY * TYPES, 1, 2);
  const int64_t many[1][WEYL_COUNTS] = {{0, 1, MANY, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, many, (bound[]){{"x", x}, {"types", types}}, 2, 0));
  for (int k = 0; k < 3; k++) {
    double *got = output_values(&t, k, NULL), square = 0;
    for (int64_t i = 0; i < MANY * n_out; i++) square += got[i] * got[i] / (double)(MANY * n_out);
    assert_near(square, k == 1 ? 4.0 / 3 : 1, 0.06);
    free(got);
  }
  free(x);
  free(types);
  traced_free(&t);
}

static void activation_norms(void **state) {
  (void)state;
  assert_near(weyl_activation_norm(WEYL_ACT_NONE), 1, 1e-14);
  assert_near(weyl_activation_norm(WEYL_ACT_SILU), 1.6765324703, 1e-10);
  assert_near(weyl_activation_norm(WEYL_ACT_RELU), sqrt(2), 1e-14);
  assert_near(weyl_activation_norm(WEYL_ACT_LEAKY_RELU), sqrt(2 / (1 + 1e-4)), 1e-14);
  /* E[Phi(z)^2 z^2] = 1/3 + 1 / (2 pi sqrt 3) */
  assert_near(weyl_activation_norm(WEYL_ACT_GELU), 1 / sqrt(1.0 / 3 + 1 / (2 * M_PI * sqrt(3))), 1e-12);
}

static void gate_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const weyl_irreps list = weyl_graph_irreps(t.graph, "1x0e+2x1o+1x0o+1x1e");
  weyl_gate_spec spec = weyl_gate_for(t.graph, list);
  const weyl_irreps wanted = weyl_graph_irreps(t.graph, "1x0e+1x0o+3x0e+2x1o+1x1e");
  assert_true(weyl_irreps_equal(weyl_gate_in(t.graph, &spec), wanted));
  const feature_inputs in = inputs_of(t.graph, "1x0e+1x0o+3x0e+2x1o+1x1e");
  weyl_steerable y[2];
  for (int k = 0; k < 2; k++) {
    spec.normalise = k;
    y[k] = weyl_gate(in.h, &spec);
  }
  assert_true(weyl_irreps_equal(y[0].irreps, weyl_graph_irreps(t.graph, "1x0e+1x0o+2x1o+1x1e")));
  traced_compile(&t, (weyl_tensor[]){y[0].x, y[1].x}, 2);
  const double x[] = {0.7, -0.4, 1, -2, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const int64_t one[1][WEYL_COUNTS] = {{0, 1, 1, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", x}}, 1, 0));
  for (int k = 0; k < 2; k++) {
    double *got = output_values(&t, k, NULL), g[3];
    const double silu = k ? weyl_activation_norm(WEYL_ACT_SILU) : 1, th = k ? weyl_activation_norm(WEYL_ACT_TANH) : 1,
                 si = k ? weyl_activation_norm(WEYL_ACT_SIGMOID) : 1;
    assert_near(got[0], silu * 0.7 / (1 + exp(-0.7)), 1e-14);
    assert_near(got[1], th * tanh(-0.4), 1e-14);
    for (int i = 0; i < 3; i++) g[i] = si / (1 + exp(-x[2 + i]));
    for (int i = 0; i < 6; i++) assert_near(got[2 + i], g[i % 2] * x[5 + i], 1e-13);
    for (int i = 0; i < 3; i++) assert_near(got[8 + i], g[2] * x[11 + i], 1e-13);
    free(got);
  }
  traced_free(&t);

  t = traced_new(WEYL_F64, false); /* scalars alone */
  const feature_inputs plain = inputs_of(t.graph, "3x0e");
  spec = weyl_gate_for(t.graph, plain.h.irreps);
  assert_int_equal(spec.gates.n + spec.gated.n, 0);
  assert_true(weyl_tensor_valid(weyl_gate(plain.h, &spec).x));
  traced_free(&t);
}

static void norm_activation_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const feature_inputs in = inputs_of(t.graph, "1x0e+2x1o");
  const weyl_steerable y[] = {
      weyl_norm_activation(in.h, "a", WEYL_ACT_SILU, NULL),
      weyl_norm_activation(in.h, "b", WEYL_ACT_SILU, &(weyl_norm_activation_opts){.raw = true, .bias = true})};
  traced_compile(&t, (weyl_tensor[]){y[0].x, y[1].x}, 2);
  variable_set(t.vars, WEYL_PARAM, "b.bias", (double[]){0.1, -0.2, 0.3});
  const double x[] = {-0.5, 3, 0, 0, 0, 4, 0}, norm[] = {0.5, 5, 1e-4}, bias[] = {0.1, -0.2, 0.3};
  const int64_t one[1][WEYL_COUNTS] = {{0, 1, 1, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", x}}, 1, 0));
  for (int k = 0; k < 2; k++) {
    double *got = output_values(&t, k, NULL);
    for (int i = 0; i < 7; i++) {
      const int c = i == 0 ? 0 : 1 + (i - 1) % 2;
      const double a = norm[c] + (k ? bias[c] : 0), f = a / (1 + exp(-a));
      assert_near(got[i], x[i] * f / (k ? 1 : norm[c]), 1e-7); /* eps^2 / |x|^2 = 4e-8 */
    }
    free(got);
  }
  traced_free(&t);
}

/* Statistics over all shards, and running ones; e3nn's formulas with normalization = "component". */
static void batch_norm_by_hand(void **state) {
  (void)state;
  enum { DIM = 2 + 2 * 3 + 5 };
  traced t = traced_new(WEYL_F64, true), e = traced_again(&t, false);
  weyl_tensor y[2];
  for (int k = 0; k < 2; k++)
    y[k] = weyl_steerable_batch_norm(inputs_of(k ? e.graph : t.graph, "2x0e+2x1o+1x2e").h, "bn", 0.3).x;
  traced_compile(&t, &y[0], 1);
  traced_compile(&e, &y[1], 1);
  const double weight[] = {1, 2, -0.5, 3, 0.7}, bias[] = {0.1, -4};
  variable_set(t.vars, WEYL_PARAM, "bn.weight", weight);
  variable_set(t.vars, WEYL_PARAM, "bn.bias", bias);
  const int copy[DIM] = {0, 1, 2, 3, 2, 3, 2, 3, 4, 4, 4, 4, 4}, orders[5] = {1, 1, 3, 3, 5};
  const int64_t shards[2][WEYL_COUNTS] = {{0, 1, 2, 0}, {0, 1, 3, 0}};
  double x[ROWS * DIM], mean[2] = {0}, var[5] = {0}, running_mean[2], running_var[5];
  normal_numbers(x, ROWS * DIM, 2, 3);
  for (int i = 0; i < ROWS; i++) x[i * DIM] += 5;
  for (int i = 0; i < ROWS; i++)
    for (int c = 0; c < 2; c++) mean[c] += x[i * DIM + c] / ROWS;
  for (int i = 0; i < ROWS; i++)
    for (int k = 0; k < DIM; k++) {
      const double d = x[i * DIM + k] - (k < 2 ? mean[k] : 0);
      var[copy[k]] += d * d / (ROWS * orders[copy[k]]);
    }
  for (int c = 0; c < 2; c++) running_mean[c] = 0.3 * mean[c];
  for (int c = 0; c < 5; c++) running_var[c] = 0.7 + 0.3 * var[c];
  for (int k = 0; k < 2; k++) {
    traced *u = k ? &e : &t;
    assert_ok(u->ctx, traced_step(u, 2, shards, (bound[]){{"x", x}}, 1, 0));
    double *got = output_values(u, 0, NULL);
    for (int i = 0; i < ROWS * DIM; i++) {
      const int j = i % DIM, c = copy[j];
      const double d = x[i] - (j < 2 ? (k ? running_mean : mean)[j] : 0), v = (k ? running_var : var)[c];
      assert_near(got[i], d / sqrt(v + 1e-5) * weight[c] + (j < 2 ? bias[j] : 0), 1e-12);
    }
    free(got);
    const weyl_array m = variable(t.vars, WEYL_STATE, "bn.running_mean");
    const weyl_array v = variable(t.vars, WEYL_STATE, "bn.running_var");
    for (int c = 0; c < 2; c++) assert_near(array_at(&m, c), running_mean[c], 1e-12);
    for (int c = 0; c < 5; c++) assert_near(array_at(&v, c), running_var[c], 1e-12);
  }
  traced_free_graph(&e);
  traced_free(&t);
}

static void layer_norm_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const weyl_steerable y = weyl_steerable_layer_norm(inputs_of(t.graph, "2x0e+2x1o").h, "ln");
  traced_compile(&t, &y.x, 1);
  variable_set(t.vars, WEYL_PARAM, "ln.weight", (double[]){1, 2, 3, -4});
  variable_set(t.vars, WEYL_PARAM, "ln.bias", (double[]){0.5, 0});
  const double x[] = {1, 3, 1, 2, 3, 4, 5, 6}, v = 91.0 / 6;
  const int64_t one[1][WEYL_COUNTS] = {{0, 1, 1, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", x}}, 1, 0));
  double *got = output_values(&t, 0, NULL);
  assert_near(got[0], -1 / sqrt(1 + 1e-5) + 0.5, 1e-13);
  assert_near(got[1], 2 / sqrt(1 + 1e-5), 1e-13);
  for (int i = 0; i < 6; i++) assert_near(got[2 + i], x[2 + i] / sqrt(v + 1e-5) * (i % 2 ? -4 : 3), 1e-13);
  free(got);
  traced_free(&t);
}

static void dropout_takes_whole_copies(void **state) {
  (void)state;
  enum { MANY = 400, DIM = 3 + 4 * 3 };
  traced t = traced_new(WEYL_F64, true);
  const feature_inputs in = inputs_of(t.graph, "3x0e+4x1o");
  const weyl_tensor y = weyl_shift(weyl_steerable_dropout(in.h, "drop", 0.25, in.key).x, 0);
  assert_true(weyl_steerable_dropout(in.h, "none", 0, in.key).x.id == in.h.x.id);
  traced_compile(&t, &y, 1);
  double *x = calloc(MANY * DIM, sizeof *x), *key = calloc(MANY, sizeof *key);
  for (int i = 0; i < MANY * DIM; i++) x[i] = 1 + i % DIM;
  for (int i = 0; i < MANY; i++) key[i] = i;
  const bound inputs[] = {{"x", x}, {"key", key}};
  const int64_t whole[1][WEYL_COUNTS] = {{0, 1, MANY, 0}}, two[2][WEYL_COUNTS] = {{0, 1, 150, 0}, {0, 1, 250, 0}};
  assert_ok(t.ctx, traced_step(&t, 1, whole, inputs, 2, 1));
  double *a = output_values(&t, 0, NULL);
  assert_ok(t.ctx, traced_step(&t, 2, two, inputs, 2, 1));
  double *b = output_values(&t, 0, NULL);
  int kept = 0;
  for (int i = 0; i < MANY; i++)
    for (int k = 0; k < DIM; k++) {
      const int first = k < 3 ? k : 3 + (k - 3) % 4;
      const bool here = a[i * DIM + first] != 0;
      assert_near(a[i * DIM + k], here ? x[i * DIM + k] / 0.75 : 0, 1e-13);
      assert_near(a[i * DIM + k], b[i * DIM + k], 0);
      kept += here && k == first;
    }
  assert_true(abs(kept - MANY * 7 * 3 / 4) < 120); /* 2100 +- 5 deviations of 23 */
  free(a);
  free(b);
  free(x);
  free(key);
  traced_free(&t);
}

/* ---- bad input --------------------------------------------------------------------------------------------------- */

static void refused(void (*build)(const feature_inputs *in), weyl_status status, const char *words) {
  traced t = traced_new(WEYL_F64, true);
  const feature_inputs in = inputs_of(t.graph, "2x0e+2x1o");
  build(&in);
  assert_int_equal(weyl_graph_status(t.graph), status);
  if (!strstr(weyl_message(t.ctx), words)) fail_msg("\"%s\" lacks \"%s\"", weyl_message(t.ctx), words);
  traced_free(&t);
}

#define BAD(name, expression)                     \
  static void name(const feature_inputs *in) {    \
    weyl_graph *g = in->h.x.graph;                \
    const weyl_steerable got = expression;        \
    assert_false(weyl_tensor_valid(got.x) || !g); \
  }
#define IRREPS(text) weyl_graph_irreps(g, text)
BAD(bad_text, weyl_steerable_of(in->h.x, IRREPS("2x0e+1z")))
BAD(bad_empty, weyl_steerable_of(in->h.x, (weyl_irreps){0}))
BAD(bad_nothing, weyl_steerable_linear(in->h, "fc", IRREPS("0x0e"), NULL))
BAD(bad_width, weyl_steerable_of(in->h.x, IRREPS("2x0e+1x1o")))
BAD(bad_type, weyl_steerable_of(in->key, IRREPS("1x0e")))
BAD(bad_block, weyl_steerable_of(weyl_steerable_block(in->h, 2), in->h.irreps))
BAD(bad_part, weyl_steerable_part(in->h, 1, 2))
BAD(bad_sum, weyl_steerable_add(in->h, weyl_steerable_part(in->h, 0, 1)))
BAD(bad_types, weyl_steerable_self(in->h, weyl_steerable_block(in->h, 0), "si", in->h.irreps))
BAD(bad_rate, weyl_steerable_dropout(in->h, "d", 1, in->key))
BAD(bad_momentum, weyl_steerable_batch_norm(in->h, "bn", -1))
BAD(bad_eps, weyl_norm_activation(in->h, "na", WEYL_ACT_SILU, &(weyl_norm_activation_opts){.eps = -1}))
BAD(bad_gate,
    weyl_gate(in->h, &(weyl_gate_spec){.scalars = IRREPS("1x0e"), .gates = IRREPS("1x0e"), .gated = IRREPS("1x1o")}))
BAD(bad_gates,
    weyl_gate(in->h, &(weyl_gate_spec){.scalars = IRREPS("2x0e"), .gates = IRREPS("1x0e"), .gated = IRREPS("2x1o")}))
BAD(bad_scalars, weyl_gate(in->h, &(weyl_gate_spec){.scalars = IRREPS("2x1e")}))
BAD(bad_odd, weyl_gate(in->h, &(weyl_gate_spec){.scalars = IRREPS("2x0o"), .odd = WEYL_ACT_SILU}))
BAD(bad_mixture, weyl_gate(weyl_steerable_linear(in->h, "in", IRREPS("1x0e+1x0o+2x1o"), NULL),
                           &(weyl_gate_spec){.gates = IRREPS("1x0e+1x0o"), .gated = IRREPS("2x1o")}))

static void bad_input(void **state) {
  (void)state;
  refused(bad_text, WEYL_FORMAT, "1z");
  refused(bad_empty, WEYL_BAD_ARG, "the list of irreps is empty");
  refused(bad_nothing, WEYL_BAD_ARG, "the list of irreps is empty");
  refused(bad_width, WEYL_SHAPE, "f64 [nodes, 8], but 2x0e+1x1o has 5 numbers");
  refused(bad_type, WEYL_SHAPE, "i32 [nodes]");
  refused(bad_block, WEYL_BAD_ARG, "block 2, must be 0 to 1");
  refused(bad_part, WEYL_BAD_ARG, "2 blocks from 1 on, but there are 2");
  refused(bad_sum, WEYL_SHAPE, "2x0e cannot be added to 2x0e+2x1o");
  refused(bad_types, WEYL_SHAPE, "self-interaction si: types [nodes, 1, 2] do not have the rows of [nodes, 8]");
  refused(bad_rate, WEYL_BAD_ARG, "the rate is 1");
  refused(bad_momentum, WEYL_BAD_ARG, "the momentum is -1");
  refused(bad_eps, WEYL_BAD_ARG, "eps is -1");
  refused(bad_gate, WEYL_SHAPE, "the features are 2x0e+2x1o, must be 1x0e+1x0e+1x1o");
  refused(bad_gates, WEYL_BAD_ARG, "one gate for each copy");
  refused(bad_scalars, WEYL_BAD_ARG, "not all of degree 0");
  refused(bad_odd, WEYL_BAD_ARG, "0o needs an odd activation");
  refused(bad_mixture, WEYL_BAD_ARG, "block 0 is multiplied by gates of both parities");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layouts),
      cmocka_unit_test(linear_by_hand),
      cmocka_unit_test(self_by_hand),
      cmocka_unit_test(statistics),
      cmocka_unit_test(activation_norms),
      cmocka_unit_test(gate_by_hand),
      cmocka_unit_test(norm_activation_by_hand),
      cmocka_unit_test(batch_norm_by_hand),
      cmocka_unit_test(layer_norm_by_hand),
      cmocka_unit_test(dropout_takes_whole_copies),
      cmocka_unit_test(bad_input),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
