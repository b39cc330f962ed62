/* The convolution in the frame of each edge: against the convolution over tables with harmonics, which is tested by its
 * definition, against Gaunt coefficients, turned and mirrored, and with bad input. */
#include "align_testing.h"

/* Weights for paths: the exact product with harmonics, at random directions, at the poles and without a direction. */
static void paths(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "align");
  const int64_t channels[] = {1, 8, 20, 37, 70};
  const weyl_edge_aligned_opts opts[] = {{0},
                                         {.axes = WEYL_AXES_STANDARD, .norm = WEYL_HARMONICS_COMPONENT},
                                         {.gauge = WEYL_GAUGE_E3NN, .norm = WEYL_HARMONICS_NORM}};
  for (size_t i = 0; i < 5; i++) {
    problem p =
        problem_of(&rng, "0e+1o+2e", "0e+1o+2e+3o", "0e+1o+2e+3o", WEYL_PATH_ALL, opts[i % 3], channels[i], 5, 21);
    right(&p);
    check_free(p);
  }
  problem p = problem_of(&rng, "1o+0e+1e+2e+1o", "0e+1o+2e", "1o+2o+0e+1e+1o", WEYL_PATH_ALL, opts[0], 9, 4, 40);
  right(&p);
  check_free(p);
  p = problem_of(&rng, "4e+5o", "2e+6e+3o", "6e+3o+7o", WEYL_PATH_ALL, opts[1], 3, 3, 18);
  right(&p);
  check_free(p);
}

/* Every coupling to degree 6, and degree 20. */
static void high_degrees(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "align");
  const char *six = "0e+1e+2e+3e+4e+5e+6e"; /* parities allow every path */
  problem p = problem_of(&rng, six, six, six, WEYL_PATH_ALL, (weyl_edge_aligned_opts){0}, 2, 3, 9);
  assert_int_equal(p.paths.n, 175);
  right(&p);
  check_free(p);
  p = problem_of(&rng, "20e+7o", "3o+20e", "20e+18e+19o", WEYL_PATH_ALL, (weyl_edge_aligned_opts){0}, 2, 2, 8);
  right(&p);
  check_free(p);
}

/* Products of functions. */
static void degrees(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "align");
  const weyl_edge_aligned_opts opts = {.weights = WEYL_EDGE_DEGREES};
  problem p = problem_of(&rng, "0e+1o+2e+3o", "0e+1o+2e", "0e+1o+2e+3o", WEYL_PATH_EVEN, opts, 20, 4, 19);
  right(&p);
  check_free(p);
  p = problem_of(&rng, "2e+1o", "1o+2e+3o", "0e+3o+1o", WEYL_PATH_EVEN, opts, 5, 4, 19);
  right(&p);
  check_free(p);
  /* one edge, by Gaunt coefficients alone */
  enum { L = 5, N = (L + 1) * (L + 1) };
  p = problem_of(&rng, "0e+1o+2e+3o+4e+5o", "0e+1o+2e+3o+4e+5o", "0e+1o+2e+3o+4e+5o", WEYL_PATH_EVEN, opts, 1, 1, 1);
  fill_normal(&rng, 3, p.a[V]);
  double y[N];
  ok(weyl_harmonics(ctx, &(weyl_harmonics_opts){.l_max = L}, WEYL_F64, 1, p.a[V], y, NULL));
  for (int l = 0; l <= L; l++)
    for (int i = l * l; i < (l + 1) * (l + 1); i++) y[i] *= p.a[R][l];
  sparse_product(WEYL_COUPLING_GAUNT, L, L, L, p.a[X], y, p.d[OUT]);
  const side s = {WEYL_F64, WEYL_LAYOUT_ROWS, &p};
  weyl_edge_aligned_opts rows = opts;
  rows.layout = WEYL_LAYOUT_ROWS;
  weyl_edge_aligned *plan;
  ok(weyl_edge_aligned_new(ctx, &rows, WEYL_F64, p.in, p.harmonics, p.out, p.paths, &plan));
  void *out = array_of(&s, OUT, NULL), *work = weyl_alloc(ctx, weyl_edge_aligned_work(plan), 1);
  ok(weyl_edge_aligned_forward(ctx, plan, &p.edges, p.a[X], p.a[R], p.a[V], out, work));
  compare(&s, OUT, out, 1e-13);
  weyl_dealloc(ctx, out);
  weyl_dealloc(ctx, work);
  weyl_edge_aligned_free(plan);
  problem_free(&p);
}

/* ---- invariance ---- */

static void act(weyl_irreps list, int64_t channels, const double *r, size_t n, const double *x, double *to) {
  weyl_irrep item[16];
  for (int32_t i = 0; i < list.n; i++) item[i] = (weyl_irrep){1, list.item[i].l, list.item[i].parity};
  const size_t rows = (size_t)rows_of(list), C = (size_t)channels;
  double *D = numbers(rows * rows);
  ok(weyl_irreps_matrix(ctx, (weyl_irreps){list.n, item}, WEYL_AXES_E3NN, r, D));
  for (size_t i = 0; i < n; i++) {
    const size_t node = i / (rows * C), row = i / C % rows, u = i % C;
    to[i] = 0;
    for (size_t j = 0; j < rows; j++) to[i] += D[row * rows + j] * x[(node * rows + j) * C + u];
  }
  weyl_dealloc(ctx, D);
}

/* Features and directions turned and mirrored: out turns likewise, whatever the weights are and however few orders. */
PROPERTY(equivariance, 8) {
  const weyl_edge_aligned_opts opts = {.weights = (weyl_edge_weights)(weyl_rng_uniform(rng) * 3),
                                       .orders = (int)(weyl_rng_uniform(rng) * 4)};
  problem p = problem_of(rng, "0e+1o+2e+3o", "0e+1o+2e+3o", "0e+1o+2e+3o",
                         opts.weights == WEYL_EDGE_DEGREES ? WEYL_PATH_EVEN : WEYL_PATH_ALL, opts, 5, 4, 20);
  double r[9];
  random_rotation(rng, r);
  if (weyl_rng_uniform(rng) < 0.5)
    for (int i = 0; i < 9; i++) r[i] = -r[i];
  call c = call_of(&p);
  double *x = numbers(p.n[X]), *v = numbers(p.n[V]), *out = numbers(p.n[OUT]), *want = numbers(p.n[OUT]);
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, p.a[X], p.a[R], p.a[V], out, c.work));
  act(p.out, p.channels, r, p.n[OUT], out, want);
  act(p.in, p.channels, r, p.n[X], p.a[X], x);
  for (size_t i = 0; i < p.n[V]; i++) {
    v[i] = 0;
    for (size_t j = 0; j < 3; j++) v[i] += r[3 * (i % 3) + j] * p.a[V][i / 3 * 3 + j];
  }
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, x, p.a[R], v, out, c.work));
  assert_below(relative_difference(p.n[OUT], want, out), 1e-12);
  double *all[] = {x, v, out, want};
  for (int i = 0; i < 4; i++) weyl_dealloc(ctx, all[i]);
  call_free(&c);
  problem_free(&p);
}

/* NaN and infinity go where their edge goes, lengths far from 1 do not matter, and no edges give 0. */
static void odd_numbers(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(8, "align");
  problem p = problem_of(&rng, "0e+1o+2e", "0e+1o+2e", "1o+2e", WEYL_PATH_EVEN, (weyl_edge_aligned_opts){0}, 5, 3, 9);
  right(&p);
  for (size_t i = 0; i < p.n[V]; i++) p.a[V][i] *= i / 3 % 2 ? 1e-170 : 1e170;
  call c = call_of(&p);
  double *out = numbers(p.n[OUT]);
  const size_t node = p.n[OUT] / 4;
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, p.a[X], p.a[R], p.a[V], out, c.work));
  assert_below(relative_difference(p.n[OUT], p.d[OUT], out), 1e-12);
  p.a[V][3 * 8] = NAN;
  p.a[V][3 * 5 + 1] = INFINITY;
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, p.a[X], p.a[R], p.a[V], out, c.work));
  assert_below(largest_difference(node, out, p.d[OUT]), 1e-12 * largest(node, out));
  for (size_t i = node; i < 3 * node; i++) assert_true(isnan(out[i]));
  for (size_t i = 3 * node; i < 4 * node; i++) assert_true(out[i] == 0); /* a node without edges */
  weyl_edges none = p.edges;
  none.n = 0;
  ok(weyl_edge_aligned_forward(ctx, c.plan, &none, p.a[X], p.a[R], p.a[V], out, c.work));
  assert_true(largest(p.n[OUT], out) == 0);
  weyl_dealloc(ctx, out);
  call_free(&c);
  problem_free(&p);
}

static void bad_input(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(7, "align");
  problem p = problem_of(&rng, "0e+1o", "0e+1o+2e", "0e+1o+1e", WEYL_PATH_ALL, (weyl_edge_aligned_opts){0}, 4, 3, 6);
  weyl_edge_aligned *plan = NULL;
#define NEW(options, real) \
  weyl_edge_aligned_new(ctx, &(weyl_edge_aligned_opts)options, real, p.in, p.harmonics, p.out, p.paths, &plan)
#define REFUSED(expr, code, words)                     \
  do {                                                 \
    assert_int_equal((expr), code);                    \
    assert_non_null(strstr(weyl_message(ctx), words)); \
    weyl_message_clear(ctx);                           \
  } while (0)
  REFUSED(NEW({0}, WEYL_I32), WEYL_DTYPE, "must be f32 or f64");
  REFUSED(NEW({.weights = (weyl_edge_weights)3}, WEYL_F32), WEYL_BAD_ARG, "weights is 3");
  REFUSED(NEW({.axes = (weyl_axes)2}, WEYL_F32), WEYL_BAD_ARG, "axes is 2");
  REFUSED(NEW({.norm = (weyl_harmonics_norm)4}, WEYL_F32), WEYL_BAD_ARG, "norm is 4");
  REFUSED(NEW({.gauge = (weyl_gauge)5}, WEYL_F32), WEYL_BAD_ARG, "gauge is 5");
  REFUSED(NEW({.orders = -1}, WEYL_F32), WEYL_BAD_ARG, "orders is -1");
  REFUSED(NEW({.layout = WEYL_LAYOUT_CHANNELS}, WEYL_F32), WEYL_UNSUPPORTED, "weyl_layout_pack");
  REFUSED(NEW({.weights = WEYL_EDGE_DEGREES}, WEYL_F32), WEYL_BAD_ARG, "have an odd sum");
  REFUSED(weyl_edge_aligned_new(ctx, NULL, WEYL_F32, p.in, p.in, p.out, p.paths, &plan), WEYL_SHAPE, "4 copies");
  assert_null(plan);
  call c = call_of(&p);
  weyl_edges e = p.edges;
  double *out = numbers(p.n[OUT]);
#define CALL(x, v) weyl_edge_aligned_forward(ctx, c.plan, &e, x, p.a[R], v, out, c.work)
  REFUSED(CALL(NULL, p.a[V]), WEYL_BAD_ARG, "array x is NULL");
  REFUSED(CALL(p.a[X], NULL), WEYL_BAD_ARG, "array v is NULL");
  REFUSED(weyl_edge_aligned_backward(ctx, c.plan, &e, p.a[X], NULL, p.a[V], p.a[OUT], out, NULL, NULL, c.work),
          WEYL_BAD_ARG, "array weights is NULL");
  REFUSED(weyl_edge_aligned_forward(ctx, c.plan, NULL, p.a[X], p.a[R], p.a[V], out, c.work), WEYL_BAD_ARG, "NULL");
  e.senders = 1;
  REFUSED(CALL(p.a[X], p.a[V]), WEYL_BAD_ARG, "of 1 nodes");
  e = p.edges;
  e.row = (int32_t[]){0, 1, 2, 3, 4, 6};
  REFUSED(CALL(p.a[X], p.a[V]), WEYL_BAD_ARG, "edge 5: row 6 of 6");
  weyl_dealloc(ctx, out);
  call_free(&c);
  weyl_edge_aligned_free(NULL);
  problem_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths),        cmocka_unit_test(high_degrees), cmocka_unit_test(degrees),
      cmocka_unit_test(equivariance), cmocka_unit_test(odd_numbers),  cmocka_unit_test(bad_input),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
