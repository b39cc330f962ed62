#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "points_fixture.h"

static const int64_t sizes[] = {5, 2, 1, 4};

/* Sums stay inside a sample, whatever its size and shard; a sample's number is its place in the shard. */
static void sums_by_sample(void **state) {
  (void)state;
  cloud c = cloud_new(3, 4, sizes, 1);
  traced t = traced_new(WEYL_F64, false);
  weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
  weyl_tensor mean = weyl_points_mean(&p, p.x);
  weyl_tensor out[] = {mean, weyl_points_sum(&p, p.x), weyl_points_spread(&p, mean)};
  traced_compile(&t, out, 3);
  for (int64_t shard = 0; shard <= 3; shard++) {
    assert_int_equal(cloud_step(&t, &c, shard, 0), WEYL_OK);
    double *got[3];
    for (int k = 0; k < 3; k++) got[k] = output_values(&t, k, NULL);
    for (int64_t s = 0, first = 0; s < c.samples; first += c.size[s++]) {
      for (int a = 0; a < 3; a++) {
        double sum = 0;
        for (int64_t i = 0; i < c.size[s]; i++) sum += c.x[(first + i) * 3 + a];
        assert_near(got[0][s * 3 + a], sum / (double)c.size[s], 1e-14);
        assert_near(got[1][s * 3 + a], sum, 1e-14);
        for (int64_t i = 0; i < c.size[s]; i++)
          assert_near(got[2][(first + i) * 3 + a], sum / (double)c.size[s], 1e-14);
      }
    }
    for (int k = 0; k < 3; k++) free(got[k]);
  }
  traced_free(&t);
  cloud_free(&c);
}

static void only_inputs_with_a_width(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F32, false);
  weyl_points p = weyl_points_input(t.graph, 2, false, 0, -1);
  assert_true(weyl_tensor_valid(p.x) && weyl_tensor_valid(p.sample) && weyl_tensor_valid(p.sample_key));
  assert_false(weyl_tensor_valid(p.v) || weyl_tensor_valid(p.scalar) || weyl_tensor_valid(p.receiver) ||
               weyl_tensor_valid(p.edge_scalar));
  assert_int_equal(p.copies, 1);
  assert_int_equal(p.d, 2);
  traced_free(&t);

  t = traced_new(WEYL_F32, false);
  p = weyl_points_input(t.graph, 2, true, 3, 0);
  assert_true(weyl_tensor_valid(p.v) && weyl_tensor_valid(p.receiver) && weyl_tensor_valid(p.sender));
  assert_int_equal(weyl_dim_of(p.scalar, 1), 3);
  assert_false(weyl_tensor_valid(p.edge_scalar));
  traced_free(&t);

  t = traced_new(WEYL_F32, false);
  weyl_points_input(t.graph, 0, true, 3, 0);
  assert_int_equal(weyl_graph_status(t.graph), WEYL_BAD_ARG);
  assert_non_null(strstr(weyl_message(t.ctx), "dimension 0"));
  traced_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sums_by_sample), cmocka_unit_test(only_inputs_with_a_width)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
