/* The sheet's acceptance checks, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <weyl/study.h>

#define ok(expr)                                                                              \
  do {                                                                                        \
    const weyl_status ok_ = (expr);                                                           \
    if (ok_ != WEYL_OK) fail_msg("%s: %s", #expr, weyl_message(ctx));                         \
  } while (0)
#define below(value, bound)                                                                   \
  do {                                                                                        \
    const double value_ = (value), bound_ = (bound);                                          \
    if (!(value_ < bound_)) fail_msg("%s is %.6g, must be below %.3g", #value, value_, bound_); \
  } while (0)
#define PI 3.14159265358979323846

static weyl_context *ctx;
static weyl_arena *arena;

static int up(void **state) {
  (void)state;
  return weyl_context_new(NULL, &ctx) != WEYL_OK || weyl_arena_new(ctx, &arena) != WEYL_OK;
}

static int down(void **state) {
  (void)state;
  weyl_arena_free(arena);
  const size_t left = weyl_memory_used(ctx);
  weyl_context_free(ctx);
  return left != 0;
}

static weyl_bms_data data_named(const char *text) {
  weyl_bms_data d;
  ok(weyl_bms_preset(ctx, arena, text, 1, &d));
  return d;
}

static weyl_bms_vector vector_drawn(weyl_rng *rng, size_t modes) {
  weyl_bms_vector v;
  ok(weyl_bms_vector_new(arena, modes, &v));
  weyl_bms_random(rng, modes, 1, v.y);
  weyl_bms_random(rng, modes, 1, v.t);
  return v;
}

static void bulk(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "bulk");
  for (int past = 0; past < 2; past++) {
    const weyl_bms_data d = data_named("random:3");
    const weyl_bms_vector a = vector_drawn(&rng, 4), b = vector_drawn(&rng, 4);
    weyl_bms_bulk found;
    ok(weyl_bms_bulk_check(ctx, &d, &a, &b, past, 100, 1, 50, 7, &found));
    print_message("ricci %g lie %g bracket %g plain %g wrong %g complete %g\n", found.ricci, found.lie, found.bracket, found.unmodified, found.wrong_sign, found.completion);
    below(found.ricci, 1e-10);
    below(found.lie, 1e-10);
    below(found.bracket, 1e-9);
    below(1e-3, found.unmodified);
    below(1e-3, found.wrong_sign);
    weyl_bms_data change;
    ok(weyl_bms_data_new(arena, 4, &change));
    weyl_bms_random(&rng, 4, 1, change.theta);
    weyl_bms_random(&rng, 4, 1, change.xi);
    for (double r = 10; r < 1e5; r *= 10) {
      double q;
      ok(weyl_bms_bulk_charge(ctx, &d, &a, &change, past, 0.3, r, 1, &q));
      weyl_bms_data shifted = change;
      const double closed = weyl_bms_charge(&shifted, &a, 1) - a.t[0] / 8;
      print_message("%d r %g: %.15g closed %.15g\n", past, r, q, closed);
    }
  }
}

static void algebra(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("random:5");
  for (double r = 0; r < 11; r += 10) {
    weyl_bms_algebra a;
    ok(weyl_bms_algebra_of(ctx, &d, 8, 1, r, NULL, &a));
    print_message("r %g c1 %g c2 %.15g spread %g res %g wrong %g none %g\n", r, a.c1, a.c2, a.c2_spread, a.residual, a.wrong_term, a.no_term);
  }
}

static void orbits(void **state) {
  (void)state;
  const double theta0[] = {0.5, -0.36, -1, 0, -1.69, -4, -6.25};
  for (int i = 0; i < 7; i++) {
    weyl_bms_data d, to;
    weyl_bms_map map;
    ok(weyl_bms_data_new(arena, 0, &d));
    d.theta[0] = theta0[i];
    d.xi[0] = 0.7;
    ok(weyl_bms_map_new(arena, 2, &map));
    map.p[2] = 0.3;
    map.p[3] = 0.1;
    map.alpha[3] = 0.4;
    ok(weyl_bms_data_new(arena, 128, &to));
    double alias;
    ok(weyl_bms_transform(ctx, &d, &map, &to, &alias));
    weyl_bms_orbit o;
    ok(weyl_bms_orbit_of(ctx, &to, 0, &o, NULL));
    print_message("theta0 %g: alias %g %s trace %.12f err %g wind %d sign %d theta0 %.12g a %.12g j %.12g %g %g integral %g %g\n", theta0[i], alias, weyl_bms_class_name(o.what), o.trace, o.error,
      o.winding, o.sign, o.theta0, o.a, o.spin[0], o.spin[1], o.spin[2], o.integral, o.integral_error);
  }
}

static void rays(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("minkowski");
  for (int past = 0; past < 2; past++) {
    double v[3], x[3] = {0.3, 1e10, 0.4};
    weyl_bms_ray ray;
    ok(weyl_bms_null(ctx, &d, past, x, 1, true, v));
    ok(weyl_bms_geodesic(ctx, &d, x, v, &(weyl_bms_ray_opts){.far = 1e10, .near = 1e-3, .tolerance = 1e-13, .most = 100000, .past = past}, &ray));
    print_message("%d: turned %.12g steps %zu nearest %g drift %g u %g\n", past, ray.x[2] - x[2] - PI, ray.steps, ray.nearest, ray.norm_drift, ray.x[0]);
  }
}

static void flows(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("random:5");
  const double tau[] = {0.02, 0.01, 0, 0.003, 0.002}, sigma[] = {0.01, 0, 0.02, 0.005, 0};
  weyl_bms_flow f;
  ok(weyl_bms_evolve(ctx, arena, &d, &(weyl_bms_matter){2, tau, sigma, 1, 0.5, 1}, -3, 5, 400, &f));
  print_message("mass err %g ricci %g trace %g; M %g -> %g J %g -> %g\n", f.mass_error, f.ricci_error, f.trace, f.mass[0], f.mass[400], f.spin[0], f.spin[400]);
}

static void vacua(void **state) {
  (void)state;
  double c[25] = {0};
  for (int k = 0; k < 3; k++) {
    memset(c, 0, sizeof c);
    if (k == 0) c[6] = 1.0 / 3;
    weyl_rng rng = weyl_rng_new(2, "vacua");
    for (int i = 0; i < (k == 1 ? 25 : k == 2 ? 4 : 0); i++) c[i] = 0.3 * weyl_rng_normal(&rng);
    weyl_bms_vacuum v;
    ok(weyl_bms_vacuum_check(ctx, 4, c, 50, 3, &v));
    print_message("riemann %g (%g) trace %g shear %g closed %g div %g mass %g radius %g norm %g\n", v.riemann, v.riemann_size, v.trace, v.shear, v.closed, v.divergence, v.mass, v.radius, v.norm2);
    for (int l = 1; l <= 3; l++)
      for (int m = -l; m <= l; m++) {
        double q[2];
        ok(weyl_bms_vacuum_charge(ctx, 4, c, l, m, false, 1, &q[0]));
        ok(weyl_bms_vacuum_charge(ctx, 4, c, l, m, true, 1, &q[1]));
        print_message(" (%d %d) %g %g\n", l, m, q[0], q[1]);
      }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bulk), cmocka_unit_test(algebra), cmocka_unit_test(orbits), cmocka_unit_test(rays), cmocka_unit_test(flows), cmocka_unit_test(vacua)};
  return cmocka_run_group_tests(tests, up, down);
}
