#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "points_fixture.h"

enum { N = 6, C = 4 };

static const int64_t shards[3][N][WEYL_COUNTS] = {
    {{0, N}}, {{0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}}, {{0, 2}, {0, 4}}};
static const int64_t shard_count[3] = {1, N, 2};

static void fill(double *x, int n, uint64_t seed) {
  weyl_rng rng = weyl_rng_new(seed, "losses");
  for (int i = 0; i < n; i++) x[i] = 2 * weyl_rng_normal(&rng);
}

static void regression(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, true);
  weyl_tensor p = weyl_input(t.graph, "p", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C)));
  weyl_tensor y = weyl_input(t.graph, "y", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C)));
  weyl_tensor loss[] = {weyl_loss_mse(p, y), weyl_loss_mae(p, y), weyl_loss_huber(p, y, 1.5)};
  traced_compile(&t, loss, 3);
  double a[N * C], b[N * C], want[3] = {0};
  fill(a, N * C, 1);
  fill(b, N * C, 2);
  for (int i = 0; i < N * C; i++) {
    const double d = fabs(a[i] - b[i]);
    want[0] += d * d / (N * C);
    want[1] += d / (N * C);
    want[2] += (d <= 1.5 ? d * d / 2 : 1.5 * (d - 0.75)) / (N * C);
  }
  for (int way = 0; way < 3; way++) {
    assert_int_equal(traced_step(&t, shard_count[way], shards[way], (bound[]){{"p", a}, {"y", b}}, 2, 0), WEYL_OK);
    for (int k = 0; k < 3; k++) assert_near(output_scalar(&t, k), want[k], 1e-13);
  }
  traced_free(&t);
}

static void classification(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, true);
  weyl_tensor x = weyl_input(t.graph, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C)));
  weyl_tensor label = weyl_input(t.graph, "label", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  weyl_tensor y = weyl_input(t.graph, "y", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C)));
  weyl_tensor ce = weyl_loss_cross_entropy(x, label);
  weyl_tensor loss[] = {ce, weyl_loss_binary_cross_entropy(x, y), weyl_grad(ce, x)};
  traced_compile(&t, loss, 3);
  double in[N * C], target[N * C], gradient[N * C];
  const double labels[N] = {0, 3, 2, 1, 1, 0};
  fill(in, N * C, 3);
  in[0] = 400; /* no overflow */
  double want[2] = {0};
  for (int i = 0; i < N; i++) {
    double largest = -INFINITY, sum = 0;
    for (int c = 0; c < C; c++) largest = fmax(largest, in[i * C + c]);
    for (int c = 0; c < C; c++) sum += exp(in[i * C + c] - largest);
    want[0] += (largest + log(sum) - in[i * C + (int)labels[i]]) / N;
    for (int c = 0; c < C; c++) {
      const int k = i * C + c;
      gradient[k] = (exp(in[k] - largest) / sum - (c == (int)labels[i])) / N;
      target[k] = (k * 37 % 11) / 10.0;
      const double v = in[k]; /* -t log s - (1 - t) log (1 - s) */
      want[1] += (target[k] * log1p(exp(-v)) + (1 - target[k]) * (v > 30 ? v : log1p(exp(v)))) / (N * C);
    }
  }
  const bound inputs[] = {{"x", in}, {"label", labels}, {"y", target}};
  for (int way = 0; way < 3; way++) {
    assert_int_equal(traced_step(&t, shard_count[way], shards[way], inputs, 3, 0), WEYL_OK);
    for (int k = 0; k < 2; k++) assert_near(output_scalar(&t, k), want[k], 1e-12);
    double *got = output_values(&t, 2, NULL);
    assert_true(largest_difference(got, gradient, N * C) < 1e-13);
    free(got);
  }
  const double out_of_range[N] = {0, 3, 2, C, 1, 0};
  assert_int_not_equal(
      traced_step(&t, 1, shards[0], (bound[]){{"x", in}, {"label", out_of_range}, {"y", target}}, 3, 0), WEYL_OK);
  traced_free(&t);
}

/* SimCLR's loss straight from its definition. */
static double contrastive(const double *a, const double *b, double temperature) {
  double z[2 * N][C], loss = 0;
  for (int i = 0; i < 2 * N; i++) {
    const double *row = i < N ? a + i * C : b + (i - N) * C;
    double square = 0;
    for (int c = 0; c < C; c++) square += row[c] * row[c];
    for (int c = 0; c < C; c++) z[i][c] = row[c] / sqrt(square);
  }
  for (int i = 0; i < 2 * N; i++) {
    double sum = 0, positive = 0;
    for (int k = 0; k < 2 * N; k++) {
      if (k == i) continue;
      double s = 0;
      for (int c = 0; c < C; c++) s += z[i][c] * z[k][c] / temperature;
      sum += exp(s);
      if (k == (i + N) % (2 * N)) positive = s;
    }
    loss += (log(sum) - positive) / (2 * N);
  }
  return loss;
}

static void contrastive_over_the_whole_batch(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, true);
  weyl_tensor a = weyl_input(t.graph, "a", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C)));
  weyl_tensor b = weyl_input(t.graph, "b", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C)));
  weyl_tensor loss = weyl_loss_contrastive(a, b, 0.3);
  weyl_tensor out[] = {loss, weyl_grad(loss, a), weyl_grad(loss, b)};
  traced_compile(&t, out, 3);
  double in[2][N * C];
  fill(in[0], N * C, 4);
  fill(in[1], N * C, 5);
  const double want = contrastive(in[0], in[1], 0.3);
  for (int way = 0; way < 3; way++) {
    const bound inputs[] = {{"a", in[0]}, {"b", in[1]}};
    if (traced_step(&t, shard_count[way], shards[way], inputs, 2, 0) != WEYL_OK) fail_msg("%s", weyl_message(t.ctx));
    assert_near(output_scalar(&t, 0), want, 1e-10);
    for (int side = 0; side < 2; side++) {
      double *gradient = output_values(&t, 1 + side, NULL);
      for (int i = 0; i < N * C; i++) {
        const double keep = in[side][i], h = 1e-5;
        in[side][i] = keep + h;
        const double up = contrastive(in[0], in[1], 0.3);
        in[side][i] = keep - h;
        const double down = contrastive(in[0], in[1], 0.3);
        in[side][i] = keep;
        assert_near(gradient[i], (up - down) / (2 * h), 1e-8);
      }
      free(gradient);
    }
  }
  traced_free(&t);
}

static void bad_arguments(void **state) {
  (void)state;
  for (int which = 0; which < 3; which++) {
    traced t = traced_new(WEYL_F64, true);
    weyl_tensor a = weyl_input(t.graph, "a", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C)));
    weyl_tensor b = weyl_input(t.graph, "b", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(C + 1)));
    const weyl_tensor y = which == 0   ? weyl_loss_contrastive(a, b, 0.1)
                          : which == 1 ? weyl_loss_contrastive(a, a, 0)
                                       : weyl_loss_huber(a, a, -1);
    static const char *const word[] = {"one shape", "temperature is 0", "delta is -1"};
    static const weyl_status status[] = {WEYL_SHAPE, WEYL_BAD_ARG, WEYL_BAD_ARG};
    assert_false(weyl_tensor_valid(y));
    assert_int_equal(weyl_graph_status(t.graph), status[which]);
    assert_non_null(strstr(weyl_message(t.ctx), word[which]));
    traced_free(&t);
  }
  assert_false(weyl_tensor_valid(weyl_loss_mse(WEYL_NULL_TENSOR, WEYL_NULL_TENSOR)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(regression),
      cmocka_unit_test(classification),
      cmocka_unit_test(contrastive_over_the_whole_batch),
      cmocka_unit_test(bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
