/* Supertranslated Minkowski space in four dimensions, with caustics and without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "property.h"

static weyl_context *ctx;

static int up(void **state) {
  (void)state;
  ctx = test_context(1);
  return 0;
}

static int down(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

static void shear_of(void **state) {
  (void)state;
  /* f = P2 / 3: C_theta theta = -(f'' - cot f') = -sin^2 */
  double c[9] = {0}, riemann, scale;
  c[6] = 1.0 / 3;
  weyl_bms_shear s;
  assert_ok(ctx, weyl_bms_shear_at(ctx, 2, c, 0.8, 0.3, &s));
  assert_close(s.c[0], -sin(0.8) * sin(0.8), 1e-14);
  assert_close(s.c[2], sin(0.8) * sin(0.8), 1e-14);
  assert_close(s.c[1], 0, 1e-15);
  assert_close(s.trace, 0, 1e-13);
  const double inside[4] = {0.1, 0.05, 1.1, 2}; /* behind the caustic it is flat as well */
  assert_ok(ctx, weyl_bms_vacuum_riemann(ctx, 2, c, inside, &riemann, &scale));
  assert_true(riemann < 1e-9 * scale);
  const double on[4] = {0, -cos(2 * 1.1), 1.1, 0}; /* f'' = -cos 2 theta */
  assert_says(ctx, weyl_bms_vacuum_riemann(ctx, 2, c, on, &riemann, &scale), WEYL_DEGENERATE, "caustic");
}

/* The vacuum without caustics: flat everywhere, Minkowski space at the centre, with the shear of f at infinity. */
PROPERTY(smooth, 4) {
  double c[25];
  for (int i = 0; i < 25; i++) c[i] = 0.2 * weyl_rng_normal(rng);
  weyl_bms_smooth v;
  assert_ok(ctx, weyl_bms_smooth_check(ctx, 4, c, 12, 60, weyl_rng_u64(rng), &v));
  for (int k = 0; k < 3; k++) assert_true(v.riemann[k] < 1e-12);
  assert_true(v.spoilt > 1e-4);
  assert_true(v.inside < 1e-13 && v.outside < 1e-13 && v.shear < 1e-11);
  assert_true(v.stretch > 0 && v.stretch < 1);
  assert_ok(ctx, weyl_bms_smooth_check(ctx, 4, c, 0.3, 60, 1, &v)); /* too short: it folds */
  assert_true(v.stretch < 0);
}

/* The map itself, differenced: g = J^T eta J, and its volume is the determinant. */
static void pulled_back(void **state) {
  (void)state;
  double c[9] = {0};
  c[6] = 0.5;
  c[8] = 0.3; /* cos 2 phi */
  const double length = 3, x[4] = {0.2, 4.3, 1.1, 0.7}, h = 1e-4;
  double jacobian[4][4];
  for (int i = 0; i < 4; i++) {
    double side[4][4];
    for (int k = 0; k < 4; k++) {
      double at[4] = {x[0], x[1], x[2], x[3]};
      at[i] += (double[]){-2, -1, 1, 2}[k] * h;
      const double s = sin(at[2]), n = cos(at[2]), w = 0.5 * sqrt(3);
      const double f = 0.5 * (1.5 * n * n - 0.5) + 0.3 * w * s * s * cos(2 * at[3]);
      const double slope[2] = {-1.5 * n * s + 0.6 * w * s * n * cos(2 * at[3]), -0.6 * w * s * sin(2 * at[3])};
      const double t = at[1] / length - 1, chi = 1 / (1 + exp(1 / t - 1 / (1 - t)));
      const double p = cos(at[3]), q = sin(at[3]);
      side[k][0] = at[0] + at[1] + chi * f;
      side[k][1] = at[1] * s * p - chi * (slope[0] * n * p - slope[1] * q);
      side[k][2] = at[1] * s * q - chi * (slope[0] * n * q + slope[1] * p);
      side[k][3] = at[1] * n + chi * slope[0] * s;
    }
    for (int k = 0; k < 4; k++) jacobian[k][i] = (side[0][k] - 8 * side[1][k] + 8 * side[2][k] - side[3][k]) / (12 * h);
  }
  weyl_bms_smooth_point at;
  assert_ok(ctx, weyl_bms_smooth_at(ctx, 2, c, length, x, &at));
  for (int i = 0, p = 0; i < 4; i++)
    for (int j = i; j < 4; j++, p++) {
      double sum = -jacobian[0][i] * jacobian[0][j];
      for (int k = 1; k < 4; k++) sum += jacobian[k][i] * jacobian[k][j];
      assert_close(at.g[p], sum, 1e-9);
    }
  assert_true(at.riemann < 1e-12 * at.scale);
  assert_true(at.stretch > 0 && at.stretch < 1);
  const double near[4] = {0, 1e-6, 1, 0}, behind[4] = {0, -1, 1, 0};
  assert_ok(ctx, weyl_bms_smooth_at(ctx, 2, c, length, near, &at));
  assert_close(at.volume, 1e-12 * sin(1), 1e-25);
  assert_true(at.riemann <= 1e-14 * at.scale);
  assert_says(ctx, weyl_bms_smooth_at(ctx, 2, c, length, behind, &at), WEYL_BAD_ARG, "r > 0");
  assert_says(ctx, weyl_bms_smooth_at(ctx, 2, c, 0, x, &at), WEYL_BAD_ARG, "radius of the smooth part is 0");
}

static void refused(void **state) {
  (void)state;
  const double x[4] = {INFINITY, 1, 1, 0};
  double q;
  double c[289] = {0}, riemann, scale;
  weyl_bms_shear shear;
  weyl_bms_vacuum vacuum;
  assert_status(ctx, weyl_bms_shear_at(ctx, 17, c, 1, 0, &shear), WEYL_BAD_ARG);
  assert_says(ctx, weyl_bms_shear_at(ctx, 2, c, 0, 0, &shear), WEYL_BAD_ARG, "pole");
  c[4] = NAN;
  assert_says(ctx, weyl_bms_vacuum_check(ctx, 2, c, 3, 1, &vacuum), WEYL_NUMERIC, "coefficient 4");
  c[4] = 0;
  assert_status(ctx, weyl_bms_vacuum_riemann(ctx, 2, c, x, &riemann, &scale), WEYL_BAD_ARG);
  assert_status(ctx, weyl_bms_vacuum_charge(ctx, 2, c, 0, 0, false, 1, &q), WEYL_BAD_ARG);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(shear_of), property_test(smooth), cmocka_unit_test(pulled_back),
                                     cmocka_unit_test(refused)};
  return cmocka_run_group_tests(tests, up, down);
}
