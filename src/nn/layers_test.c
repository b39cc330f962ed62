#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "points_fixture.h"

static const int64_t seven_nodes[1][WEYL_COUNTS] = {{0, 1, 7, 0}};

static void linear_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(2), weyl_num(3)));
  weyl_tensor y = weyl_linear(x, "fc", 2, NULL);
  traced_compile(&t, &y, 1);
  assert_int_equal(weyl_variables_numbers(t.vars, WEYL_PARAM), 8);
  variable_set(t.vars, WEYL_PARAM, "fc.weight", (double[]){1, 2, 3, -4, 5, -6});
  variable_set(t.vars, WEYL_PARAM, "fc.bias", (double[]){0.5, -1});
  const int64_t count[2][WEYL_COUNTS] = {{0, 1, 1, 0}, {0, 1, 1, 0}};
  const double in[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1};
  assert_int_equal(traced_step(&t, 2, count, (bound[]){{"x", in}}, 1, 0), WEYL_OK);
  double *out = output_values(&t, 0, NULL);
  const double want[] = {1.5, -5, 2.5, 4, 3.5, -7, 6.5, -6};
  for (int i = 0; i < 8; i++) assert_near(out[i], want[i], 1e-14);
  free(out);
  traced_free(&t);
}

static void initial_bounds(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(100)));
  const struct {
    const char *name;
    weyl_linear_opts opts;
    double bound, deviation, bias;
  } row[] = {
      {"torch", {0}, 0.1, 0.1 / sqrt(3), 0.1},
      {"xavier", {.scheme = WEYL_SCHEME_XAVIER, .gain = 0.5}, 0.5 * sqrt(6.0 / 300), 0.5 * sqrt(2.0 / 300), 0},
      {"he", {.scheme = WEYL_SCHEME_HE}, INFINITY, sqrt(0.02), 0},
      {"zero", {.scheme = WEYL_SCHEME_ZERO}, 0, 0, 0},
  };
  for (size_t k = 0; k < 4; k++) weyl_linear(x, row[k].name, 200, &row[k].opts);
  for (size_t k = 0; k < 4; k++) {
    char name[32];
    snprintf(name, sizeof name, "%s.weight", row[k].name);
    weyl_array a = variable(t.vars, WEYL_PARAM, name);
    double square = 0;
    const int64_t n = weyl_array_size(&a);
    assert_int_equal(n, 20000);
    for (int64_t i = 0; i < n; i++) {
      assert_true(fabs(array_at(&a, i)) <= row[k].bound);
      square += array_at(&a, i) * array_at(&a, i) / (double)n;
    }
    assert_near(sqrt(square), row[k].deviation, 0.02 * row[k].deviation);
    snprintf(name, sizeof name, "%s.bias", row[k].name);
    a = variable(t.vars, WEYL_PARAM, name);
    double largest = 0;
    for (int64_t i = 0; i < weyl_array_size(&a); i++) largest = fmax(largest, fabs(array_at(&a, i)));
    assert_true(largest <= row[k].bias && largest >= 0.9 * row[k].bias);
  }
  traced_free(&t);
}

static void mlp_numbers_as_sequential(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(1)));
  weyl_scope(t.graph, "enc");
  weyl_tensor y = weyl_mlp(x, "net", (int64_t[]){2, 1}, 2, WEYL_ACT_TANH, false);
  weyl_tensor z = weyl_mlp(x, "plain", (int64_t[]){1, 1}, 2, WEYL_ACT_NONE, true);
  weyl_scope_end(t.graph);
  traced_compile(&t, (weyl_tensor[]){y, z}, 2);
  variable_set(t.vars, WEYL_PARAM, "enc.net.0.weight", (double[]){1, -2});
  variable_set(t.vars, WEYL_PARAM, "enc.net.0.bias", (double[]){0.25, 0.5});
  variable_set(t.vars, WEYL_PARAM, "enc.net.2.weight", (double[]){3, 4});
  variable_set(t.vars, WEYL_PARAM, "enc.net.2.bias", (double[]){-1});
  variable_set(t.vars, WEYL_PARAM, "enc.plain.0.weight", (double[]){2});
  variable_set(t.vars, WEYL_PARAM, "enc.plain.0.bias", (double[]){0});
  variable_set(t.vars, WEYL_PARAM, "enc.plain.1.weight", (double[]){3});
  variable_set(t.vars, WEYL_PARAM, "enc.plain.1.bias", (double[]){1});
  const double in[] = {-3, -2, -1, 0, 1, 2, 3};
  assert_int_equal(traced_step(&t, 1, seven_nodes, (bound[]){{"x", in}}, 1, 0), WEYL_OK);
  double *out = output_values(&t, 0, NULL), *plain = output_values(&t, 1, NULL);
  for (int i = 0; i < 7; i++) {
    assert_near(out[i], 3 * tanh(in[i] + 0.25) + 4 * tanh(-2 * in[i] + 0.5) - 1, 1e-12);
    assert_near(plain[i], 6 * in[i] + 1, 1e-14);
  }
  free(out);
  free(plain);
  traced_free(&t);
}

static void activations(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES)));
  weyl_tensor y[8];
  for (int a = 0; a < 8; a++) y[a] = weyl_activate(weyl_shift(x, 0), (weyl_activation)a);
  traced_compile(&t, y, 8);
  const double in[] = {-3, -0.7, -0.1, 0, 0.2, 1, 4};
  assert_int_equal(traced_step(&t, 1, seven_nodes, (bound[]){{"x", in}}, 1, 0), WEYL_OK);
  for (int a = 0; a < 8; a++) {
    double *out = output_values(&t, a, NULL);
    for (int i = 0; i < 7; i++) {
      const double v = in[i], s = 1 / (1 + exp(-v));
      const double want[] = {[WEYL_ACT_NONE] = v,
                             [WEYL_ACT_SILU] = v * s,
                             [WEYL_ACT_RELU] = v > 0 ? v : 0,
                             [WEYL_ACT_TANH] = tanh(v),
                             [WEYL_ACT_SIGMOID] = s,
                             [WEYL_ACT_GELU] = 0.5 * v * (1 + erf(v / sqrt(2))),
                             [WEYL_ACT_LEAKY_RELU] = v > 0 ? v : 0.01 * v,
                             [WEYL_ACT_SOFTPLUS] = log1p(exp(v))};
      assert_near(out[i], want[a], 1e-12);
    }
    free(out);
  }
  traced_free(&t);
}

static void dropout_keeps_the_mean(void **state) {
  (void)state;
  double in[1000], key[1000];
  for (int i = 0; i < 1000; i++) {
    in[i] = 1;
    key[i] = i;
  }
  const int64_t whole[1][WEYL_COUNTS] = {{0, 1, 1000, 0}}, two[2][WEYL_COUNTS] = {{0, 1, 300, 0}, {0, 1, 700, 0}};
  double *out[3];
  for (int training = 0; training < 2; training++) {
    traced t = traced_new(WEYL_F64, training);
    weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(1)));
    weyl_tensor k = weyl_input(t.graph, "key", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_NODES)));
    weyl_tensor y = weyl_dropout(x, "drop", 0.25, k);
    weyl_tensor same = weyl_dropout(x, "none", 0, k);
    assert_true(same.id == x.id);
    y = weyl_shift(y, 0);
    traced_compile(&t, &y, 1);
    const bound inputs[] = {{"x", in}, {"key", key}};
    assert_int_equal(traced_step(&t, 1, whole, inputs, 2, 5), WEYL_OK);
    out[training] = output_values(&t, 0, NULL);
    if (training) {
      assert_int_equal(traced_step(&t, 2, two, inputs, 2, 5), WEYL_OK);
      out[2] = output_values(&t, 0, NULL);
    }
    traced_free(&t);
  }
  int kept = 0;
  for (int i = 0; i < 1000; i++) {
    assert_near(out[0][i], 1, 0); /* evaluation changes nothing */
    assert_true(out[1][i] == 0 || fabs(out[1][i] - 1 / 0.75) < 1e-14);
    assert_near(out[1][i], out[2][i], 0); /* shards do not matter */
    kept += out[1][i] != 0;
  }
  assert_true(kept > 690 && kept < 810); /* 750 +- 4.4 deviations of 13.7 */
  for (int i = 0; i < 3; i++) free(out[i]);
}

static void embedding_takes_rows(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  weyl_tensor index = weyl_input(t.graph, "type", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_NODES)));
  weyl_tensor y = weyl_embedding(index, "emb", 3, 2);
  traced_compile(&t, &y, 1);
  variable_set(t.vars, WEYL_PARAM, "emb.weight", (double[]){1, 2, 3, 4, 5, 6});
  const double type[] = {2, 0, 1, 1, 2, 0, 0};
  assert_int_equal(traced_step(&t, 1, seven_nodes, (bound[]){{"type", type}}, 1, 0), WEYL_OK);
  double *out = output_values(&t, 0, NULL);
  for (int i = 0; i < 7; i++)
    for (int k = 0; k < 2; k++) assert_near(out[2 * i + k], 2 * type[i] + k + 1, 0);
  free(out);
  traced_free(&t);
}

static void bad_arguments(void **state) {
  (void)state;
  for (int which = 0; which < 4; which++) {
    traced t = traced_new(WEYL_F32, true);
    weyl_tensor x = weyl_input(t.graph, "x", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
    weyl_tensor flat = weyl_input(t.graph, "flat", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_NODES)));
    weyl_tensor key = weyl_input(t.graph, "key", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_NODES)));
    const weyl_tensor y[] = {
        which == 0 ? weyl_linear(x, "fc", 0, NULL) : WEYL_NULL_TENSOR,
        which == 1 ? weyl_linear(flat, "fc", 4, NULL) : WEYL_NULL_TENSOR,
        which == 2 ? weyl_dropout(x, "drop", 1, key) : WEYL_NULL_TENSOR,
        which == 3 ? weyl_embedding(key, "emb", 0, 4) : WEYL_NULL_TENSOR,
    };
    static const char *const word[] = {"3 -> 0", "last axis", "the rate is 1", "0 entries"};
    static const weyl_status status[] = {WEYL_BAD_ARG, WEYL_SHAPE, WEYL_BAD_ARG, WEYL_BAD_ARG};
    assert_false(weyl_tensor_valid(y[which]));
    assert_int_equal(weyl_graph_status(t.graph), status[which]);
    assert_non_null(strstr(weyl_message(t.ctx), word[which]));
    traced_free(&t);
  }
  assert_false(weyl_tensor_valid(weyl_linear(WEYL_NULL_TENSOR, "fc", 4, NULL)));
  assert_false(weyl_tensor_valid(weyl_mlp(WEYL_NULL_TENSOR, "fc", (int64_t[]){4}, 1, WEYL_ACT_SILU, false)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(linear_by_hand),
      cmocka_unit_test(initial_bounds),
      cmocka_unit_test(mlp_numbers_as_sequential),
      cmocka_unit_test(activations),
      cmocka_unit_test(dropout_keeps_the_mean),
      cmocka_unit_test(embedding_takes_rows),
      cmocka_unit_test(bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
