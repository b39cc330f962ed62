#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "points_fixture.h"

enum { N = 7, F = 2, C = 3 };

static void fill(double *x, int n, uint64_t seed) {
  weyl_rng rng = weyl_rng_new(seed, "norm");
  for (int i = 0; i < n; i++) x[i] = 3 + 0.5 * (i % C) + (1 + i % C) * weyl_rng_normal(&rng);
}

static void layer_norm_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, true);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(C)));
  weyl_tensor y = weyl_layer_norm(x, "ln");
  traced_compile(&t, &y, 1);
  const double scale[] = {1, 2, -0.5}, bias[] = {0.1, 0, 3};
  variable_set(t.vars, WEYL_PARAM, "ln.weight", scale);
  variable_set(t.vars, WEYL_PARAM, "ln.bias", bias);
  double in[N * C];
  fill(in, N * C, 1);
  const int64_t count[1][WEYL_COUNTS] = {{0, 1, N, 0}};
  assert_int_equal(traced_step(&t, 1, count, (bound[]){{"x", in}}, 1, 0), WEYL_OK);
  double *out = output_values(&t, 0, NULL);
  for (int i = 0; i < N; i++) {
    double mean = 0, var = 0;
    for (int c = 0; c < C; c++) mean += in[i * C + c] / C;
    for (int c = 0; c < C; c++) var += (in[i * C + c] - mean) * (in[i * C + c] - mean) / C;
    for (int c = 0; c < C; c++)
      assert_near(out[i * C + c], (in[i * C + c] - mean) / sqrt(var + 1e-5) * scale[c] + bias[c], 1e-12);
  }
  free(out);
  traced_free(&t);
}

/* Rows of every shard and every number axis share one mean and one variance. */
static void batch_norm_by_hand(void **state) {
  (void)state;
  const int64_t shards[3][N][WEYL_COUNTS] = {
      {{0, 1, N, 0}},
      {{0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}},
      {{0, 1, 3, 0}, {0, 1, 4, 0}}};
  const int64_t count[] = {1, N, 2};
  const double scale[] = {1, 2, -0.5}, bias[] = {0.1, 0, 3};
  for (int way = 0; way < 3; way++) {
    traced t = traced_new(WEYL_F64, true), e = traced_again(&t, false);
    weyl_tensor y[2];
    for (int k = 0; k < 2; k++) {
      weyl_graph *g = k ? e.graph : t.graph;
      weyl_tensor x = weyl_input(g, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(F), weyl_num(C)));
      y[k] = weyl_batch_norm(x, "bn", 0.2);
    }
    traced_compile(&t, &y[0], 1);
    traced_compile(&e, &y[1], 1);
    variable_set(t.vars, WEYL_PARAM, "bn.weight", scale);
    variable_set(t.vars, WEYL_PARAM, "bn.bias", bias);

    double running_mean[C] = {0}, running_var[C] = {1, 1, 1};
    double in[N * F * C];
    for (uint64_t step = 0; step < 2; step++) {
      fill(in, N * F * C, step);
      assert_int_equal(traced_step(&t, count[way], shards[way], (bound[]){{"x", in}}, 1, step), WEYL_OK);
      double *out = output_values(&t, 0, NULL);
      for (int c = 0; c < C; c++) {
        const int n = N * F;
        double mean = 0, var = 0;
        for (int i = 0; i < n; i++) mean += in[i * C + c] / n;
        for (int i = 0; i < n; i++) var += (in[i * C + c] - mean) * (in[i * C + c] - mean) / n;
        for (int i = 0; i < n; i++)
          assert_near(out[i * C + c], (in[i * C + c] - mean) / sqrt(var + 1e-5) * scale[c] + bias[c], 1e-12);
        running_mean[c] = 0.8 * running_mean[c] + 0.2 * mean;
        running_var[c] = 0.8 * running_var[c] + 0.2 * var * n / (n - 1);
      }
      free(out);
      const weyl_array m = variable(t.vars, WEYL_STATE, "bn.running_mean");
      const weyl_array v = variable(t.vars, WEYL_STATE, "bn.running_var");
      for (int c = 0; c < C; c++) {
        assert_near(array_at(&m, c), running_mean[c], 1e-12);
        assert_near(array_at(&v, c), running_var[c], 1e-12);
      }
    }

    /* evaluation: the running statistics, unchanged */
    assert_int_equal(traced_step(&e, count[way], shards[way], (bound[]){{"x", in}}, 1, 9), WEYL_OK);
    double *out = output_values(&e, 0, NULL);
    for (int i = 0; i < N * F * C; i++) {
      const int c = i % C;
      assert_near(out[i], (in[i] - running_mean[c]) / sqrt(running_var[c] + 1e-5) * scale[c] + bias[c], 1e-12);
    }
    free(out);
    const weyl_array m = variable(t.vars, WEYL_STATE, "bn.running_mean");
    for (int c = 0; c < C; c++) assert_near(array_at(&m, c), running_mean[c], 1e-12);
    traced_free_graph(&e);
    traced_free(&t);
  }
}

/* The gradient that passes through the statistics, against central differences; shards of one row. */
static void batch_norm_gradient(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, true);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(C)));
  weyl_tensor y = weyl_batch_norm(x, "bn", 0);
  weyl_tensor loss = weyl_mean_all(weyl_mul(weyl_sin(y), weyl_exp(weyl_scale(x, 0.1))));
  weyl_tensor out[] = {loss, weyl_grad(loss, x)};
  if (weyl_graph_status(t.graph) != WEYL_OK) fail_msg("%s", weyl_message(t.ctx));
  weyl_program_opts o = weyl_program_defaults(); /* no assignments: the running mean stays put */
  assert_int_equal(weyl_program_new(t.graph, out, 2, &o, &t.program), WEYL_OK);
  assert_int_equal(weyl_run_new(t.program, NULL, &t.run), WEYL_OK);
  int64_t count[N][WEYL_COUNTS] = {{0}};
  for (int i = 0; i < N; i++) count[i][WEYL_BATCH] = count[i][WEYL_NODES] = 1;
  double in[N * C];
  fill(in, N * C, 3);
  const bound inputs[] = {{"x", in}};
  assert_int_equal(traced_step(&t, N, (const int64_t(*)[WEYL_COUNTS])count, inputs, 1, 0), WEYL_OK);
  double *gradient = output_values(&t, 1, NULL);
  for (int i = 0; i < N * C; i++) {
    const double h = 1e-5, keep = in[i];
    double f[2];
    for (int k = 0; k < 2; k++) {
      in[i] = keep + (k ? h : -h);
      assert_int_equal(traced_step(&t, N, (const int64_t(*)[WEYL_COUNTS])count, inputs, 1, 0), WEYL_OK);
      f[k] = output_scalar(&t, 0);
    }
    in[i] = keep;
    assert_near(gradient[i], (f[1] - f[0]) / (2 * h), 1e-9);
  }
  free(gradient);
  traced_free(&t);
}

static void bad_arguments(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, true);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(C)));
  assert_false(weyl_tensor_valid(weyl_batch_norm(x, "bn", 1.5)));
  assert_int_equal(weyl_graph_status(t.graph), WEYL_BAD_ARG);
  assert_non_null(strstr(weyl_message(t.ctx), "momentum is 1.5"));
  traced_free(&t);

  t = traced_new(WEYL_F64, true);
  weyl_tensor flat = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES)));
  assert_false(weyl_tensor_valid(weyl_batch_norm(flat, "bn", 0)));
  assert_int_equal(weyl_graph_status(t.graph), WEYL_SHAPE);
  traced_free(&t);
  assert_false(weyl_tensor_valid(weyl_layer_norm(WEYL_NULL_TENSOR, "ln")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layer_norm_by_hand),
      cmocka_unit_test(batch_norm_by_hand),
      cmocka_unit_test(batch_norm_gradient),
      cmocka_unit_test(bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
