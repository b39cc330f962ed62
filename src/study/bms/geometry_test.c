/* Curvature from jets, on metrics whose curvature is known; none of them is of the family that the study builds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "geometry.h"

#include "property.h"

static void clear(jet *g) {
  for (int p = 0; p < JET_PAIRS; p++) g[p] = jet_constant(0);
}

/* The derivatives of jets against differences. */
PROPERTY(jets, 20) {
  double at[3][3][3], h = 1e-3;
  jet z = {0};
  const double x0 = weyl_rng_uniform(rng), y0 = 1 + weyl_rng_uniform(rng);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      const jet x = jet_variable(0, x0 + h * (i - 1)), y = jet_variable(2, y0 + h * (j - 1));
      const jet s = jet_chain(x, sin(x.v), cos(x.v), -sin(x.v));
      const jet f = jet_mix(2, jet_mul(s, jet_recip(y)), -3, jet_mul(jet_mul(x, y), y));
      at[0][i][j] = f.v;
      if (i == 1 && j == 1) z = f;
    }
  assert_close(z.d[0], (at[0][2][1] - at[0][0][1]) / (2 * h), 1e-5);
  assert_close(z.d[2], (at[0][1][2] - at[0][1][0]) / (2 * h), 1e-5);
  assert_close(z.h[jet_pair(0, 0)], (at[0][2][1] + at[0][0][1] - 2 * at[0][1][1]) / (h * h), 1e-4);
  assert_close(z.h[jet_pair(0, 2)], (at[0][2][2] - at[0][2][0] - at[0][0][2] + at[0][0][0]) / (4 * h * h), 1e-4);
  const jet slope = jet_slope(z, 2);
  assert_close(slope.v, z.d[2], 0);
  assert_close(slope.d[0], z.h[jet_pair(0, 2)], 0);
}

/* The unit 3-sphere: R_ab = 2 g_ab. */
PROPERTY(sphere, 50) {
  const double chi = 0.3 + 2 * weyl_rng_uniform(rng), theta = 0.3 + 2 * weyl_rng_uniform(rng);
  const jet c = jet_variable(0, chi), t = jet_variable(1, theta);
  const jet s = jet_chain(c, sin(chi), cos(chi), -sin(chi)), u = jet_chain(t, sin(theta), cos(theta), -sin(theta));
  jet g[JET_PAIRS];
  geometry at;
  double ricci[JET_VARS][JET_VARS];
  clear(g);
  g[jet_pair(0, 0)] = jet_constant(1);
  g[jet_pair(1, 1)] = jet_mul(s, s);
  g[jet_pair(2, 2)] = jet_mul(jet_mul(s, s), jet_mul(u, u));
  geometry_at(3, g, &at);
  const double scale = geometry_ricci(&at, ricci);
  assert_true(scale > 0.1);
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++) assert_close(ricci[a][b], 2 * at.g[a][b], 1e-12);
  assert_close(at.volume, s.v * s.v * u.v, 1e-13);
}

/* Schwarzschild: R_ab = 0, R_trtr = -2 m / r^3. */
PROPERTY(schwarzschild, 50) {
  const double m = 0.5 + weyl_rng_uniform(rng), r0 = 3 + 5 * weyl_rng_uniform(rng), theta = 0.5 + weyl_rng_uniform(rng);
  const jet r = jet_variable(1, r0), t = jet_variable(2, theta);
  const jet f = jet_mix(-2 * m, jet_recip(r), 1, jet_constant(1)),
            s = jet_chain(t, sin(theta), cos(theta), -sin(theta));
  jet g[JET_PAIRS];
  geometry at;
  double ricci[JET_VARS][JET_VARS], scale;
  clear(g);
  g[jet_pair(0, 0)] = jet_scale(-1, f);
  g[jet_pair(1, 1)] = jet_recip(f);
  g[jet_pair(2, 2)] = jet_mul(r, r);
  g[jet_pair(3, 3)] = jet_mul(jet_mul(r, r), jet_mul(s, s));
  geometry_at(4, g, &at);
  geometry_ricci(&at, ricci);
  for (int a = 0; a < 4; a++)
    for (int b = 0; b < 4; b++) assert_close(ricci[a][b], 0, 1e-12);
  const double riemann = geometry_riemann(&at, &scale);
  /* the largest component is R_theta phi theta phi = 2 m r sin^2 */
  assert_close(riemann, 2 * m * r0 * s.v * s.v, 1e-10);
  assert_true(scale > 0.5 * riemann);
}

/* A rotation is a symmetry of the plane, a stretch is not; and the bracket of x d_y and y d_x is x d_x - y d_y. */
static void fields(void **state) {
  (void)state;
  const jet x = jet_variable(0, 0.7), y = jet_variable(1, -0.4);
  jet g[JET_PAIRS], lie[JET_PAIRS], out[3];
  geometry at;
  clear(g);
  for (int a = 0; a < 3; a++) g[jet_pair(a, a)] = jet_constant(1);
  geometry_at(3, g, &at);
  const jet turn[3] = {jet_scale(-1, y), x, jet_constant(0)}, grow[3] = {x, y, jet_constant(0)};
  geometry_lie(&at, turn, lie);
  for (int p = 0; p < JET_PAIRS; p++) assert_close(lie[p].v, 0, 1e-15);
  geometry_lie(&at, grow, lie);
  assert_close(lie[jet_pair(0, 0)].v, 2, 1e-15);
  const jet a[3] = {jet_constant(0), x, jet_constant(0)}, b[3] = {y, jet_constant(0), jet_constant(0)};
  geometry_bracket(3, a, b, out);
  assert_close(out[0].v, x.v, 1e-15);
  assert_close(out[1].v, -y.v, 1e-15);
  g[jet_pair(2, 2)] = jet_constant(0);
  geometry_at(3, g, &at);
  assert_true(at.volume == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {property_test(jets), property_test(sphere), property_test(schwarzschild),
                                     cmocka_unit_test(fields)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
