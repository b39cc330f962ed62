/* Operations in which order along an axis matters: argmax, cumsum, argsort, sort, take_along; and the softmax family.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "testing.h"

#define NUM(...) WEYL_SHAPE(__VA_ARGS__)
#define N        weyl_num

static void test_known_values(void **state) {
  (void)state;
  lab l;
  double y[24];
  lab_begin(&l, WEYL_F64);
  const double nan = NAN, inf = INFINITY;
  const weyl_tensor x = lab_array(&l, NUM(N(2), N(4)), (const double[]){3, 1, 3, 2, -1, -2, -1, -5});
  lab_read(&l, weyl_argmax(x, 1), y, 2);
  assert_numbers(y, (const double[]){0, 0}, 2, 0); /* the first of equals */
  lab_read(&l, weyl_argmax(x, 0), y, 4);
  assert_numbers(y, (const double[]){0, 0, 0, 0}, 4, 0);
  lab_read(&l, weyl_argsort(x, -1), y, 8);
  assert_numbers(y, (const double[]){1, 3, 0, 2, 3, 1, 0, 2}, 8, 0); /* equals keep their order */
  lab_read(&l, weyl_sort(x, 1), y, 8);
  assert_numbers(y, (const double[]){1, 2, 3, 3, -5, -2, -1, -1}, 8, 0);
  lab_read(&l, weyl_sort(x, 0), y, 8);
  assert_numbers(y, (const double[]){-1, -2, -1, -5, 3, 1, 3, 2}, 8, 0);
  lab_read(&l, weyl_cumsum(x, 1, false), y, 8);
  assert_numbers(y, (const double[]){3, 4, 7, 9, -1, -3, -4, -9}, 8, 1e-15);
  lab_read(&l, weyl_cumsum(x, 1, true), y, 8);
  assert_numbers(y, (const double[]){9, 6, 5, 2, -9, -8, -6, -5}, 8, 1e-15);
  lab_read(&l, weyl_cumsum(x, 0, false), y, 8);
  assert_numbers(y, (const double[]){3, 1, 3, 2, 2, -1, 2, -3}, 8, 1e-15);

  /* a NaN is the largest for argmax and comes last for argsort, as in numpy */
  const weyl_tensor odd = lab_array(&l, NUM(N(5)), (const double[]){1, nan, inf, nan, -inf});
  lab_read(&l, weyl_argmax(odd, 0), y, 1);
  assert_numbers(y, (const double[]){1}, 1, 0);
  lab_read(&l, weyl_argsort(odd, 0), y, 5);
  assert_numbers(y, (const double[]){4, 0, 2, 1, 3}, 5, 0);

  /* one index a number, and one index a row */
  const weyl_tensor each = lab_index(&l, NUM(N(2), N(1)), (const double[]){2, 3});
  lab_read(&l, weyl_take_along(x, each, 1), y, 2);
  assert_numbers(y, (const double[]){3, -5}, 2, 0);
  const weyl_tensor rows = lab_index(&l, NUM(N(3), N(1)), (const double[]){1, 0, 1});
  lab_read(&l, weyl_take_along(x, rows, 0), y, 12);
  assert_numbers(y, (const double[]){-1, -2, -1, -5, 3, 1, 3, 2, -1, -2, -1, -5}, 12, 0);
  lab_end(&l);
}

/* Long axes go through the merging part: against a plain insertion sort. Few distinct keys, so that stability shows. */
PROPERTY(sorting, 20) {
  lab l;
  lab_begin(&l, weyl_rng_below(rng, 2) ? WEYL_F64 : WEYL_F32);
  const int64_t n = 1 + (int64_t)weyl_rng_below(rng, 300), columns = 2;
  double *x = calloc((size_t)(n * columns), sizeof *x), *y = calloc((size_t)(n * columns), sizeof *y);
  for (int64_t i = 0; i < n * columns; i++) x[i] = (double)weyl_rng_below(rng, 40);
  lab_read(&l, weyl_argsort(lab_array(&l, NUM(N(n), N(columns)), x), 0), y, n * columns);
  for (int64_t c = 0; c < columns; c++) {
    int64_t order[300];
    for (int64_t i = 0; i < n; i++) {
      int64_t j = i;
      for (; j > 0 && x[order[j - 1] * columns + c] > x[i * columns + c]; j--) order[j] = order[j - 1];
      order[j] = i;
    }
    for (int64_t i = 0; i < n; i++) assert_int_equal((int64_t)y[i * columns + c], order[i]);
  }
  free(x);
  free(y);
  lab_end(&l);
}

static void test_sort_gradient(void **state) {
  (void)state;
  lab l;
  double y[4];
  lab_begin(&l, WEYL_F64);
  const weyl_tensor x = lab_array(&l, NUM(N(4)), (const double[]){3, 1, 2, 0}),
                    w = lab_array(&l, NUM(N(4)), (const double[]){10, 20, 30, 40});
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_mul(weyl_sort(x, 0), w)), x), y, 4);
  assert_numbers(y, (const double[]){40, 20, 30, 10}, 4, 0);
  /* an entry taken twice gets both gradients */
  const weyl_tensor twice = lab_index(&l, NUM(N(3)), (const double[]){1, 1, 3});
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_mul(weyl_take_along(x, twice, 0), weyl_slice(w, 0, 0, 3, 1))), x), y, 4);
  assert_numbers(y, (const double[]){0, 30, 0, 30}, 4, 0);
  lab_end(&l);
}

static void test_refusals(void **state) {
  (void)state;
  lab l;
  lab_begin(&l, WEYL_F64);
  const weyl_shape counted = WEYL_SHAPE(weyl_per(WEYL_NODES), N(3));
  (void)weyl_argmax(weyl_input(l.g, "x", WEYL_F64, counted), 0);
  lab_refused(&l, WEYL_SHAPE, "axis 0 of [nodes, 3] is a count");
  (void)weyl_cumsum(weyl_input(l.g, "x", WEYL_F64, counted), 0, false);
  lab_refused(&l, WEYL_SHAPE, "axis 0 of [nodes, 3] is a count");
  (void)weyl_sort(weyl_input(l.g, "x", WEYL_F64, counted), 0);
  lab_refused(&l, WEYL_SHAPE, "axis 0 of [nodes, 3] is a count");
  (void)weyl_take_along(weyl_input(l.g, "x", WEYL_F64, counted), weyl_input(l.g, "i", WEYL_I32, counted), 0);
  lab_refused(&l, WEYL_SHAPE, "axis 0 of [nodes, 3] is a count");
  (void)weyl_argmax(weyl_input(l.g, "x", WEYL_F64, WEYL_SHAPE(N(2), N(0))), 1);
  lab_refused(&l, WEYL_SHAPE, "is empty");
  (void)weyl_cumsum(weyl_input(l.g, "x", WEYL_F64, counted), 2, false);
  lab_refused(&l, WEYL_BAD_ARG, "axis 2");
  (void)weyl_cumsum(weyl_input(l.g, "x", WEYL_I32, WEYL_SHAPE(N(3))), 0, false);
  lab_refused(&l, WEYL_DTYPE, "i32");
  (void)weyl_take_along(weyl_input(l.g, "x", WEYL_F64, counted), weyl_input(l.g, "i", WEYL_F64, counted), 1);
  lab_refused(&l, WEYL_DTYPE, "must be i32");
  (void)weyl_take_along(weyl_input(l.g, "x", WEYL_F64, counted),
                        weyl_input(l.g, "i", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_EDGES), N(2))), 1);
  lab_refused(&l, WEYL_SHAPE, "[edges, 2]");
  /* an index that is out of range is seen when it is used */
  const weyl_tensor x = lab_array(&l, NUM(N(3)), (const double[]){1, 2, 3}),
                    bad = lab_index(&l, NUM(N(2)), (const double[]){0, 3});
  double y[3];
  assert_says(l.ctx, lab_try(&l, weyl_take_along(x, bad, 0), false, y, 2), WEYL_BAD_ARG,
              "index 3 along axis 0, must be 0..2");
  const weyl_tensor negative = lab_index(&l, NUM(N(2)), (const double[]){0, -1});
  assert_says(l.ctx, lab_try(&l, weyl_take_along(x, negative, 0), false, y, 2), WEYL_BAD_ARG, "index -1");
  /* the null tensor does no harm */
  assert_false(weyl_tensor_valid(weyl_sort(WEYL_NULL_TENSOR, 0)));
  assert_false(weyl_tensor_valid(weyl_cumsum(WEYL_NULL_TENSOR, 0, true)));
  assert_false(weyl_tensor_valid(weyl_softmax(WEYL_NULL_TENSOR, 0)));
  assert_false(weyl_tensor_valid(weyl_segment_mean(WEYL_NULL_TENSOR, WEYL_NULL_TENSOR, N(1))));
  lab_end(&l);
}

static void test_softmax(void **state) {
  (void)state;
  lab l;
  double y[8];
  lab_begin(&l, WEYL_F64);
  /* large numbers do not overflow; -infinity is a mask */
  const weyl_tensor x = lab_array(&l, NUM(N(2), N(3)), (const double[]){1000, 1001, -INFINITY, -1000, -1000, -1000});
  const double e = exp(1), third = 1.0 / 3;
  lab_read(&l, weyl_softmax(x, 1), y, 6);
  assert_numbers(y, (const double[]){1 / (1 + e), e / (1 + e), 0, third, third, third}, 6, 1e-15);
  lab_read(&l, weyl_logsumexp(x, 1), y, 2);
  assert_numbers(y, (const double[]){1000 + log(1 + e), -1000 + log(3)}, 2, 1e-12);
  const weyl_tensor none = lab_array(&l, NUM(N(2)), (const double[]){-INFINITY, -INFINITY}),
                    all = lab_array(&l, NUM(N(2)), (const double[]){INFINITY, 0});
  lab_read(&l, weyl_logsumexp(none, 0), y, 1);
  assert_true(y[0] == -INFINITY);
  lab_read(&l, weyl_logsumexp(all, 0), y, 1);
  assert_true(y[0] == INFINITY);
  /* d logsumexp = softmax; d softmax_0 = s_0 (e_0 - s) */
  const weyl_tensor z = lab_array(&l, NUM(N(3)), (const double[]){0.3, -0.2, 0.9});
  double s[3];
  lab_read(&l, weyl_softmax(z, 0), s, 3);
  lab_read(&l, weyl_grad(weyl_logsumexp(z, 0), z), y, 3);
  assert_numbers(y, s, 3, 1e-15);
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_slice(weyl_softmax(z, 0), 0, 0, 1, 1)), z), y, 3);
  assert_numbers(y, (const double[]){s[0] * (1 - s[0]), -s[0] * s[1], -s[0] * s[2]}, 3, 1e-15);
  lab_end(&l);
}

static void test_segments(void **state) {
  (void)state;
  lab l;
  double y[10], s[3];
  lab_begin(&l, WEYL_F64);
  /* rows 0 2 3 belong to segment 2, row 1 to segment 0; segment 1 is empty */
  const weyl_tensor x = lab_array(&l, NUM(N(4), N(2)), (const double[]){1, 900, 2, -5, 3, 900, 8, 900}),
                    of = lab_index(&l, NUM(N(4)), (const double[]){2, 0, 2, 2});
  lab_read(&l, weyl_segment_sum(x, of, N(3)), y, 6);
  assert_numbers(y, (const double[]){2, -5, 0, 0, 12, 2700}, 6, 1e-12);
  lab_read(&l, weyl_segment_mean(x, of, N(3)), y, 6);
  assert_numbers(y, (const double[]){2, -5, 0, 0, 4, 900}, 6, 1e-12);
  const double three[3] = {1, 3, 8};
  lab_read(&l, weyl_softmax(lab_array(&l, NUM(N(3)), three), 0), s, 3);
  lab_read(&l, weyl_segment_softmax(x, of, N(3)), y, 8);
  assert_numbers(y, (const double[]){s[0], 1.0 / 3, 1, 1, s[1], 1.0 / 3, s[2], 1.0 / 3}, 8, 1e-14);
  /* a scalar a row, and the gradient: the softmax of one segment sums to 1 whatever x is */
  const weyl_tensor one = lab_array(&l, NUM(N(4)), (const double[]){1, 2, 3, 8});
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_segment_softmax(one, of, N(3))), one), y, 4);
  assert_numbers(y, (const double[]){0, 0, 0, 0}, 4, 1e-15);
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_square(weyl_segment_mean(one, of, N(3)))), one), y, 4);
  assert_numbers(y, (const double[]){8.0 / 3, 4, 8.0 / 3, 8.0 / 3}, 4, 1e-14);
  lab_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_values), property_test(sorting),         cmocka_unit_test(test_sort_gradient),
      cmocka_unit_test(test_refusals),     cmocka_unit_test(test_softmax), cmocka_unit_test(test_segments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
