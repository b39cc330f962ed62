/* steerable_product_test.c: products on irreps against sums over their couplings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "steerable_fixture.h"

static const int64_t one[1][WEYL_COUNTS] = {{0, 1, 1, 0}}, rows[1][WEYL_COUNTS] = {{0, 1, ROWS, 0}};

static weyl_tensor input(weyl_graph *g, const char *name, int64_t n) {
  return weyl_input(g, name, weyl_graph_dtype(g), WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(n)));
}

static void harmonics_and_vectors(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const weyl_tensor v = input(t.graph, "v", 3);
  const weyl_steerable y = weyl_steerable_harmonics(v, 2, WEYL_HARMONICS_NORM);
  assert_true(weyl_irreps_equal(y.irreps, weyl_graph_irreps(t.graph, "1x0e+1x1o+1x2e")));
  const weyl_tensor out[] = {y.x, weyl_steerable_vectors_of(y), weyl_steerable_vectors(v).x};
  traced_compile(&t, out, 3);
  const double in[] = {0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  assert_ok(t.ctx, traced_step(&t, 1, rows, (bound[]){{"v", in}}, 1, 0));
  double *got[3];
  for (int k = 0; k < 3; k++) got[k] = output_values(&t, k, NULL);
  assert_near(got[0][0], 1, 1e-15); /* a zero vector has no direction */
  for (int i = 1; i < 9; i++) assert_near(got[0][i], 0, 0);
  const double direction[] = {0.6, 0, 0.8};
  for (int i = 0; i < 3; i++) {
    assert_near(got[0][9 + 1 + i], direction[i], 1e-15);
    assert_near(got[1][3 + i], direction[i], 1e-15);
    assert_near(got[2][3 + i], in[3 + i], 0);
  }
  for (int k = 0; k < 3; k++) free(got[k]);
  traced_free(&t);
}

/* Every path and pair of copies has a weight: e3nn's fully connected product. */
static void cg_by_hand(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, false);
  const weyl_irreps in = weyl_graph_irreps(t.graph, "2x0e+3x1o"), y = weyl_graph_irreps(t.graph, "1x0e+1x1o"),
                    to = weyl_graph_irreps(t.graph, "2x1o+1x1e");
  const weyl_steerable z = weyl_steerable_product(weyl_steerable_of(input(t.graph, "x", 11), in),
                                                  weyl_steerable_of(input(t.graph, "y", 4), y), "tp", to, NULL);
  traced_compile(&t, &z.x, 1);
  assert_int_equal(weyl_variables_numbers(t.vars, WEYL_PARAM), 2 * 5 + 3);
  variables_shake(t.vars, 3);
  double x[11], b[4], want[9] = {0}, w[27];
  normal_numbers(x, 11, 1, 1);
  normal_numbers(b, 4, 1, 2);
  const weyl_array even = variable(t.vars, WEYL_PARAM, "tp.1e.weight"),
                   odd = variable(t.vars, WEYL_PARAM, "tp.1o.weight");
  assert_int_equal(odd.dim[1], 5);
  /* 1o: paths (0e, 1o), two copies, and (1o, 0e), three; 1e: (1o, 1o) */
  for (int m = 0; m < 3; m++)
    for (int o = 0; o < 2; o++)
      for (int u = 0; u < 5; u++)
        want[m * 2 + o] +=
            array_at(&odd, o * 5 + u) / sqrt(5) * (u < 2 ? x[u] * b[1 + m] : x[2 + m * 3 + u - 2] * b[0]);
  assert_ok(t.ctx, weyl_clebsch(t.ctx, 1, 1, 1, WEYL_GAUGE_E3NN, w));
  for (int m = 0; m < 3; m++)
    for (int u = 0; u < 3; u++)
      for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
          want[6 + m] += array_at(&even, u) / sqrt(3) * w[(i * 3 + j) * 3 + m] * x[2 + i * 3 + u] * b[1 + j];
  assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", x}, {"y", b}}, 2, 0));
  double *got = output_values(&t, 0, NULL);
  for (int i = 0; i < 9; i++) assert_near(got[i], want[i], 1e-13);
  free(got);
  traced_free(&t);
}

/* The copies of a kind over all blocks, [2 l + 1][copies]; their number. */
static int64_t copies_of(weyl_irreps list, const double *x, const weyl_irrep *kind, double *to) {
  const int64_t n = weyl_irreps_count(list, kind->l, kind->parity);
  int64_t at = 0;
  for (int32_t b = 0; b < list.n; b++) {
    const weyl_irrep *ir = &list.item[b];
    if (ir->l != kind->l || ir->parity != kind->parity) continue;
    for (int m = 0; m < 2 * ir->l + 1; m++)
      for (int64_t u = 0; u < ir->mul; u++) to[m * n + at + u] = x[weyl_irreps_at(list, b) + m * ir->mul + u];
    at += ir->mul;
  }
  return n;
}

/* Any lists, kinds in several blocks, couplings in front of their matrices and behind: sums over all symbols. */
static void cg_by_symbols(void **state) {
  (void)state;
  enum { MOST = 128 };
  traced t = traced_new(WEYL_F64, false);
  const weyl_irreps in = weyl_graph_irreps(t.graph, "2x0e+3x1o+2x2e+1x0e+2x1e+1x1o"),
                    y = weyl_graph_irreps(t.graph, "1x0e+1x1o+1x2e+1x1o"),
                    to = weyl_graph_irreps(t.graph, "2x1o+1x0e+2x2e+1x1e+3x0e+2x3o+1x2o");
  const weyl_steerable z =
      weyl_steerable_product(weyl_steerable_of(input(t.graph, "x", weyl_irreps_dim(in)), in),
                             weyl_steerable_of(input(t.graph, "y", weyl_irreps_dim(y)), y), "tp", to, NULL);
  traced_compile(&t, &z.x, 1);
  variables_shake(t.vars, 3);
  double x[MOST], b[MOST], a[MOST], want[MOST] = {0}, symbol[7 * 7 * 7];
  normal_numbers(x, weyl_irreps_dim(in), 1, 1);
  normal_numbers(b, weyl_irreps_dim(y), 1, 2);
  static const weyl_irrep kinds[] = {{1, 0, 1}, {1, 1, -1}, {1, 2, 1}, {1, 1, 1}}; /* of x, as they first appear */
  for (int32_t k = 0, row[8] = {0}; k < to.n; k++) {
    const weyl_irrep *out = &to.item[k];
    char name[32];
    snprintf(name, sizeof name, "tp.%d%c.weight", (int)out->l, out->parity > 0 ? 'e' : 'o');
    const weyl_array w = variable(t.vars, WEYL_PARAM, name);
    int32_t *first = &row[2 * out->l + (out->parity > 0)]; /* copies of this kind in the blocks before */
    int64_t column = 0;
    for (int i = 0; i < 4; i++) {
      const int64_t n = copies_of(in, x, &kinds[i], a);
      for (int32_t j = 0; j < y.n; j++) {
        const weyl_irrep *by = &y.item[j];
        const int l1 = kinds[i].l, l2 = by->l, l3 = out->l;
        if (kinds[i].parity * by->parity != out->parity || l3 < abs(l1 - l2) || l3 > l1 + l2) continue;
        assert_ok(t.ctx, weyl_clebsch(t.ctx, l1, l2, l3, WEYL_GAUGE_E3NN, symbol));
        for (int64_t o = 0; o < out->mul; o++)
          for (int64_t u = 0; u < n; u++)
            for (int m1 = 0; m1 < 2 * l1 + 1; m1++)
              for (int m2 = 0; m2 < 2 * l2 + 1; m2++)
                for (int m3 = 0; m3 < 2 * l3 + 1; m3++)
                  want[weyl_irreps_at(to, k) + m3 * out->mul + o] +=
                      array_at(&w, (*first + o) * w.dim[1] + column + u) / sqrt((double)w.dim[1]) *
                      symbol[(m1 * (2 * l2 + 1) + m2) * (2 * l3 + 1) + m3] * a[m1 * n + u] *
                      b[weyl_irreps_at(y, j) + m2];
        column += n;
      }
    }
    assert_int_equal(column, w.dim[1]);
    if (out->l == 0) {
      const weyl_array bias = variable(t.vars, WEYL_PARAM, "tp.0e.bias");
      for (int64_t o = 0; o < out->mul; o++) want[weyl_irreps_at(to, k) + o] += array_at(&bias, *first + o);
    }
    *first += (int32_t)out->mul;
  }
  assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", x}, {"y", b}}, 2, 0));
  double *got = output_values(&t, 0, NULL);
  for (int64_t i = 0; i < weyl_irreps_dim(to); i++) assert_near(got[i], want[i], 1e-13);
  free(got);
  traced_free(&t);
}

/* An attribute that is known to be a number gives what the same numbers give as rows. */
static void known_attribute(void **state) {
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    traced t = traced_new(WEYL_F64, false);
    const weyl_irreps in = weyl_graph_irreps(t.graph, "2x0e+3x1o"), scalar = weyl_graph_irreps(t.graph, "1x0e");
    const weyl_steerable h = weyl_steerable_of(input(t.graph, "x", 11), in),
                         v = weyl_steerable_vectors(input(t.graph, "v", 3)),
                         y = weyl_steerable_of(input(t.graph, "y", 1), scalar),
                         c = weyl_steerable_number(t.graph, -0.7, weyl_per(WEYL_NODES));
    const weyl_steerable_product_opts o = {.kind = (weyl_steerable_product_kind)kind};
    weyl_tensor out[2];
    for (int k = 0; k < 2; k++)
      out[k] = weyl_steerable_product(h, weyl_steerable_join((weyl_steerable[]){k ? c : y, v}, 2), "tp",
                                      weyl_graph_irreps(t.graph, "2x0e+2x1o"), &o)
                   .x;
    traced_compile(&t, out, 2);
    variables_shake(t.vars, 5);
    double x[11], vector[3], number = -0.7;
    normal_numbers(x, 11, 1, 1);
    normal_numbers(vector, 3, 1, 2);
    assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", x}, {"v", vector}, {"y", &number}}, 3, 0));
    double *got = output_values(&t, 1, NULL), *want = output_values(&t, 0, NULL);
    for (int i = 0; i < 8; i++) assert_near(got[i], want[i], 1e-14);
    free(got);
    free(want);
    traced_free(&t);
  }
}

/* The choice follows from the lists: one degree more, and functions are less work; brackets where parities ask. */
static void least_work(void **state) {
  (void)state;
  static const struct {
    const char *in, *y;
    bool functions;
    const char *parameter;
  } row[] = {{"32x0e+32x1o", "1x0e+1x1o", false, "tp.1o.weight"},
             {"32x0e+32x1o+32x2e", "1x0e+1x1o+1x2e", true, "tp.x.2e.weight"},
             {"32x0e+32x0o+32x1o+32x1e+32x2e+32x2o", "1x0e+1x1o+1x2e", true, "tp.x.2o.weight"}};
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F64, false);
    const weyl_irreps in = weyl_graph_irreps(t.graph, "%s", row[k].in), y = weyl_graph_irreps(t.graph, "%s", row[k].y);
    const weyl_steerable z = weyl_steerable_product(weyl_steerable_of(input(t.graph, "x", weyl_irreps_dim(in)), in),
                                                    weyl_steerable_of(input(t.graph, "y", weyl_irreps_dim(y)), y), "tp",
                                                    in, &(weyl_steerable_product_opts){.kind = WEYL_STEERABLE_AUTO});
    assert_true(weyl_tensor_valid(z.x));
    assert_true(weyl_variables_find(t.vars, WEYL_PARAM, row[k].parameter) >= 0);
    assert_true((weyl_variables_find(t.vars, WEYL_PARAM, "tp.x.0e.weight") >= 0) == row[k].functions);
    traced_free(&t);
  }
}

/* Two vectors as functions a . r and b . r: their product has a scalar and a degree 2, their bracket the cross product.
 */
static void functions_by_hand(void **state) {
  (void)state;
  for (int complete = 0; complete < 2; complete++) {
    traced t = traced_new(WEYL_F64, false);
    const weyl_irreps vector = weyl_graph_irreps(t.graph, "1x1o"), to = weyl_graph_irreps(t.graph, "1x0e+1x1o+1x1e");
    const weyl_steerable_product_opts o = {.kind = complete ? WEYL_STEERABLE_COMPLETE : WEYL_STEERABLE_GAUNT};
    const weyl_steerable z = weyl_steerable_product(weyl_steerable_of(input(t.graph, "x", 3), vector),
                                                    weyl_steerable_of(input(t.graph, "y", 3), vector), "tp", to, &o);
    traced_compile(&t, &z.x, 1);
    const double r = 1, a[] = {1, 2, 3}, b[] = {-1, 0.5, 4}, cross[] = {2 * 4 - 3 * 0.5, 3 * -1 - 4, 0.5 + 2};
    static const char *const weight[] = {"tp.x.1o.weight", "tp.y.1o.weight", "tp.0e.weight", "tp.1e.weight"};
    for (int k = 0; k < 4; k++) variable_set(t.vars, WEYL_PARAM, weight[k], &r);
    assert_ok(t.ctx, traced_step(&t, 1, one, (bound[]){{"x", a}, {"y", b}}, 2, 0));
    double *got = output_values(&t, 0, NULL);
    /* variance 1 for normal vectors when no other path leads there: a . b / sqrt 3, and a x b / sqrt 2 */
    const double sign = got[0] < 0 ? -1 : 1;
    const int64_t natural = weyl_variables_find(t.vars, WEYL_PARAM, "tp.1o.weight");
    assert_true(natural >= 0);
    for (int i = 0; i < 3; i++) assert_near(got[1 + i], 0, 1e-14);
    const double turn = got[4] * cross[0] < 0 ? -1 : 1;
    for (int i = 0; i < 3; i++) {
      const double want = complete ? turn * cross[i] / sqrt(2) : 0;
      assert_near(got[4 + i], want, 1e-13);
    }
    assert_near(got[0], sign * (-1 + 1 + 12) / sqrt(3), 1e-13);
    free(got);
    traced_free(&t);
  }
}

/* Normal features in, variance 1 out, whatever the kind. */
static void variances(void **state) {
  (void)state;
  enum { MANY = 4000 };
  for (int kind = 0; kind < 3; kind++) {
    traced t = traced_new(WEYL_F32, false);
    const weyl_irreps list = weyl_graph_irreps(t.graph, "8x0e+8x1o+8x2e+8x0o+8x1e"),
                      y = weyl_graph_irreps(t.graph, "1x0e+1x1o+1x2e");
    const weyl_steerable z = weyl_steerable_product(
        weyl_steerable_of(input(t.graph, "x", 8 * 13), list), weyl_steerable_of(input(t.graph, "y", 9), y), "tp", list,
        &(weyl_steerable_product_opts){.kind = (weyl_steerable_product_kind)kind});
    traced_compile(&t, &z.x, 1);
    double *x = calloc(MANY * 104, sizeof *x), *b = calloc(MANY * 9, sizeof *b), square[5] = {0};
    normal_numbers(x, MANY * 104, 1, 1);
    normal_numbers(b, MANY * 9, 1, 2);
    const int64_t many[1][WEYL_COUNTS] = {{0, 1, MANY, 0}};
    assert_ok(t.ctx, traced_step(&t, 1, many, (bound[]){{"x", x}, {"y", b}}, 2, 0));
    double *got = output_values(&t, 0, NULL);
    const int end[] = {8, 32, 72, 80, 104};
    for (int64_t i = 0; i < MANY; i++)
      for (int k = 0, block = 0; k < 104; k++) {
        block += k == end[block];
        square[block] +=
            got[i * 104 + k] * got[i * 104 + k] / (double)MANY / (end[block] - (block ? end[block - 1] : 0));
      }
    for (int k = 0; k < 5; k++) /* weights are drawn too: 8 to 40 copies add up */
      if (!(square[k] > 0.3 && square[k] < 3)) fail_msg("kind %d, block %d: variance %g", kind, k, square[k]);
    free(got);
    free(x);
    free(b);
    traced_free(&t);
  }
}

static void bad_input(void **state) {
  (void)state;
  static const struct {
    const char *in, *y, *out;
    weyl_steerable_product_opts o;
    const char *words;
  } row[] = {{"1x0e", "1x0e", "1x0o", {0}, "the product of 1x0e and 1x0e has nothing of 1x0o"},
             {"1x0e", "2x0e", "1x0e", {0}, "product tp: the second factor has 2 copies of 0e, must have 1"},
             {"1x0e", "1x0e", "0x0e", {0}, "the list of irreps is empty"},
             {"1x0e", "1x0e", "1x0e", {.channels = -1}, "kind 0 of -1 channels"},
             {"1x0e", "1x0e", "1x0e", {.kind = (weyl_steerable_product_kind)7}, "kind 7"}};
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F64, false);
    const weyl_irreps in = weyl_graph_irreps(t.graph, "%s", row[k].in), y = weyl_graph_irreps(t.graph, "%s", row[k].y);
    const weyl_steerable h = weyl_steerable_of(input(t.graph, "x", weyl_irreps_dim(in)), in),
                         b = weyl_steerable_of(input(t.graph, "y", weyl_irreps_dim(y)), y);
    weyl_irreps out;
    weyl_arena *arena = weyl_graph_arena(t.graph);
    assert_ok(t.ctx, weyl_irreps_parse(t.ctx, arena, row[k].out, &out));
    assert_false(weyl_tensor_valid(weyl_steerable_product(h, b, "tp", out, &row[k].o).x));
    assert_says(t.ctx, weyl_graph_status(t.graph), WEYL_BAD_ARG, row[k].words);
    traced_free(&t);
  }
  traced t = traced_new(WEYL_F64, false);
  const weyl_steerable h = weyl_steerable_of(input(t.graph, "x", 2), weyl_graph_irreps(t.graph, "2x0e"));
  assert_false(weyl_tensor_valid(weyl_steerable_vectors_of(h)));
  assert_says(t.ctx, weyl_graph_status(t.graph), WEYL_BAD_ARG, "there are no vectors");
  traced_free(&t);
  t = traced_new(WEYL_F64, false);
  assert_false(weyl_tensor_valid(weyl_steerable_harmonics(input(t.graph, "v", 2), 2, WEYL_HARMONICS_NORM).x));
  assert_int_equal(weyl_graph_status(t.graph), WEYL_SHAPE);
  traced_free(&t);
  t = traced_new(WEYL_F64, false);
  assert_false(weyl_tensor_valid(weyl_steerable_harmonics(input(t.graph, "v", 3), 65, WEYL_HARMONICS_NORM).x));
  assert_int_equal(weyl_graph_status(t.graph), WEYL_BAD_ARG);
  traced_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(harmonics_and_vectors),
      cmocka_unit_test(cg_by_hand),
      cmocka_unit_test(cg_by_symbols),
      cmocka_unit_test(known_attribute),
      cmocka_unit_test(least_work),
      cmocka_unit_test(functions_by_hand),
      cmocka_unit_test(variances),
      cmocka_unit_test(bad_input),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
