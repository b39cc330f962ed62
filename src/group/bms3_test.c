/* BMS3 beside the axioms (axioms_test.c): its Lie algebra, exponential and coadjoint action. */
#include "testing.h"

enum { GRID = 256, DIM = 34 };

static double a[2 * GRID], b[2 * GRID], c[2 * GRID], d[2 * GRID];

static void fill_algebra(weyl_rng *rng, size_t modes, double size, double *v) {
  memset(v, 0, DIM * sizeof *v);
  for (int k = 0; k < 2; k++)
    for (size_t i = 0; i <= 2 * modes; i++) v[k * 17 + (int)i] = size * weyl_rng_normal(rng) / (1 + (double)i);
}

static void about(void **state) {
  (void)state;
  weyl_group *g = group_named("BMS3");
  const weyl_group_info info = weyl_group_about(g);
  assert_string_equal(info.name, "BMS3");
  assert_int_equal(info.space, 0);
  assert_int_equal(info.lie_dimension, DIM);
  assert_int_equal(info.grid, GRID);
  assert_false(info.compact);
  assert_int_equal(weyl_group_element_size(g, 3), 2 * GRID);
  weyl_group *wrong = NULL;
  assert_int_equal(weyl_group_parse(ctx, "BMS4", &wrong), WEYL_BAD_ARG);
  weyl_group_free(g);
}

/* exp is a one-parameter group, and its slope at 0 is the vector field. */
static void exponential(void **state) {
  (void)state;
  weyl_group *g = group_named("BMS3");
  weyl_rng rng = weyl_rng_new(1, "exponential");
  double v[DIM], w[DIM], f;
  for (int trial = 0; trial < 3; trial++) {
    fill_algebra(&rng, 3, 0.3, v);
    for (int i = 0; i < DIM; i++) w[i] = 0.4 * v[i];
    ok(weyl_group_exp(ctx, g, 1, w, a));
    for (int i = 0; i < DIM; i++) w[i] = 0.6 * v[i];
    ok(weyl_group_exp(ctx, g, 1, w, b));
    ok(weyl_group_compose(ctx, g, 1, a, b, c));
    ok(weyl_group_exp(ctx, g, 1, v, d));
    assert_below(largest_difference(2 * GRID, c, d), 1e-10);
    for (int i = 0; i < DIM; i++) w[i] = 1e-6 * v[i];
    ok(weyl_group_exp(ctx, g, 1, w, a));
    for (int i = 0; i < DIM; i++) w[i] = -w[i];
    ok(weyl_group_exp(ctx, g, 1, w, b));
    for (int j = 0; j < GRID; j++)
      for (int k = 0; k < 2; k++) {
        weyl_circle_at(8, v + 17 * k, 2 * PI * j / GRID, 0, &f);
        assert_below(fabs((a[k * GRID + j] - b[k * GRID + j]) / 2e-6 - f), 1e-8);
      }
  }
  v[1] = 40; /* a flow that no grid of this size resolves */
  assert_int_equal(weyl_group_exp(ctx, g, 1, v, a), WEYL_NUMERIC);
  weyl_group_free(g);
}

/* [v, w] is the slope of exp(s v) exp(t w) exp(-s v), and obeys Jacobi up to the modes that are kept. */
static void bracket(void **state) {
  (void)state;
  weyl_group *g = group_named("BMS3");
  weyl_rng rng = weyl_rng_new(2, "bracket");
  double v[DIM], w[DIM], x[DIM], y[DIM], f, side[2][2 * GRID];
  const double eps = 2e-4;
  fill_algebra(&rng, 3, 0.5, v);
  fill_algebra(&rng, 3, 0.5, w);
  ok(weyl_group_bracket(ctx, g, v, w, x));
  for (int s = 0; s < 2; s++) { /* (v w v^-1 - v^-1 w v) / 2 eps^2: the odd part in s */
    for (int i = 0; i < DIM; i++) y[i] = (s ? -eps : eps) * v[i];
    ok(weyl_group_exp(ctx, g, 1, y, a));
    ok(weyl_group_inverse(ctx, g, 1, a, d));
    for (int i = 0; i < DIM; i++) y[i] = eps * w[i];
    ok(weyl_group_exp(ctx, g, 1, y, b));
    ok(weyl_group_compose(ctx, g, 1, a, b, c));
    ok(weyl_group_compose(ctx, g, 1, c, d, side[s]));
  }
  double size = 0;
  for (int j = 0; j < GRID; j++)
    for (int k = 0; k < 2; k++) {
      weyl_circle_at(8, x + 17 * k, 2 * PI * j / GRID, 0, &f);
      size = fmax(size, fabs(f));
      assert_below(fabs((side[0][k * GRID + j] - side[1][k * GRID + j]) / (2 * eps * eps) - f), 2e-3);
    }
  assert_true(size > 0.05);
  double u[DIM], p[DIM], q[DIM], r[DIM], t[DIM];
  fill_algebra(&rng, 2, 1, v);
  fill_algebra(&rng, 2, 1, w);
  fill_algebra(&rng, 2, 1, u);
  ok(weyl_group_bracket(ctx, g, v, w, t));
  ok(weyl_group_bracket(ctx, g, u, t, p));
  ok(weyl_group_bracket(ctx, g, w, u, t));
  ok(weyl_group_bracket(ctx, g, v, t, q));
  ok(weyl_group_bracket(ctx, g, u, v, t));
  ok(weyl_group_bracket(ctx, g, w, t, r));
  for (int i = 0; i < DIM; i++) assert_below(fabs(p[i] + q[i] + r[i]), 1e-12);
  weyl_group_free(g);
}

/* Groups of matrices: [J_x, J_y] = J_z of SO(3), up to the order of planes; none of a discrete group. */
static void matrices(void **state) {
  (void)state;
  weyl_group *g = group_named("SE(3)"), *s = group_named("C4");
  double v[6] = {0}, w[6] = {0}, x[6];
  v[0] = w[1] = 1;
  ok(weyl_group_bracket(ctx, g, v, w, x));
  assert_below(fabs(fabs(x[2]) - 1) + fabs(x[0]) + fabs(x[1]) + fabs(x[3]) + fabs(x[4]) + fabs(x[5]), 1e-14);
  assert_int_equal(weyl_group_bracket(ctx, s, v, w, x), WEYL_BAD_ARG);
  weyl_group_free(g);
  weyl_group_free(s);
}

/* (g h) D = g (h D); a rotation moves Theta; a supertranslation of constant data gives Xi alpha' Theta - alpha'''. */
static void coadjoint(void **state) {
  (void)state;
  weyl_group *g = group_named("BMS3");
  weyl_rng rng = weyl_rng_new(3, "coadjoint");
  double x[2 * GRID], y[2 * GRID], z[2 * GRID];
  for (int j = 0; j < GRID; j++) {
    x[j] = -0.5 + 0.3 * cos(2 * PI * j / GRID);
    x[GRID + j] = 0.2 * sin(4 * PI * j / GRID);
  }
  for (int trial = 0; trial < 4; trial++) {
    ok(weyl_group_sample(ctx, g, 1, 1, &rng, a));
    ok(weyl_group_sample(ctx, g, 1, 1, &rng, b));
    ok(weyl_group_compose(ctx, g, 1, a, b, c));
    ok(weyl_group_act(ctx, g, b, WEYL_ACT_COADJOINT, 1, 2 * GRID, x, y));
    ok(weyl_group_act(ctx, g, a, WEYL_ACT_COADJOINT, 1, 2 * GRID, y, y));
    ok(weyl_group_act(ctx, g, c, WEYL_ACT_COADJOINT, 1, 2 * GRID, x, z));
    double size = 0;
    for (int i = 0; i < 2 * GRID; i++) size = fmax(size, fabs(z[i]));
    assert_below(largest_difference(2 * GRID, y, z), 3e-9 * size);
  }
  memset(a, 0, sizeof a);
  for (int j = 0; j < GRID; j++) a[GRID + j] = 0.3 * cos(4 * PI * j / GRID);
  for (int j = 0; j < GRID; j++) {
    x[j] = -0.25;
    x[GRID + j] = 0.1;
  }
  ok(weyl_group_act(ctx, g, a, WEYL_ACT_COADJOINT, 1, 2 * GRID, x, y));
  for (int j = 0; j < GRID; j++) { /* moved by the inverse: -alpha */
    const double s = sin(4 * PI * j / GRID);
    assert_below(fabs(y[j] + 0.25), 1e-12);
    assert_below(fabs(y[GRID + j] - (0.1 + 0.6 * s * -0.25 + 0.3 * 8 * s)), 1e-10);
  }
  weyl_group *e = group_named("E(3)");
  assert_int_equal(weyl_group_act(ctx, g, a, WEYL_ACT_COADJOINT, 1, GRID, x, y), WEYL_BAD_ARG);
  assert_int_equal(weyl_group_act(ctx, e, a, WEYL_ACT_COADJOINT, 1, 2 * GRID, x, y), WEYL_BAD_ARG);
  for (int j = 0; j < GRID; j++) a[j] = -2 * sin(2 * PI * j / GRID); /* F' < 0 somewhere */
  assert_int_equal(weyl_group_act(ctx, g, a, WEYL_ACT_COADJOINT, 1, 2 * GRID, x, y), WEYL_BAD_ARG);
  assert_int_equal(weyl_group_compose(ctx, g, 1, a, a, c), WEYL_BAD_ARG);
  assert_false(weyl_group_contains(g, 1, a, 1));
  weyl_group_free(e);
  weyl_group_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(about), cmocka_unit_test(exponential), cmocka_unit_test(bracket),
                                     cmocka_unit_test(matrices), cmocka_unit_test(coadjoint)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
