/* Every preset: its generators, currents, and all symmetries there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <weyl/noether.h>

#include "property.h"

typedef struct bench {
  weyl_context *ctx;
  weyl_noether *p;
  weyl_algebra *a;
} bench;

static bench begin_text(const char *text) {
  bench b = {.ctx = test_context(1)};
  assert_ok(b.ctx, weyl_noether_parse(b.ctx, text, strlen(text), "test", &b.p));
  b.a = weyl_noether_algebra(b.p);
  return b;
}

static bench begin(const char *name) {
  const char *text = NULL, *found;
  for (size_t i = 0; (found = weyl_noether_preset(i, &text)); i++)
    if (strcmp(found, name) == 0) break;
  assert_non_null(found);
  return begin_text(text);
}

static void end(bench b) {
  weyl_noether_free(b.p);
  test_context_free(b.ctx);
}

static const weyl_expr *of(bench b, const char *text) {
  const weyl_expr *x = NULL;
  assert_ok(b.ctx, weyl_expr_parse(b.a, &(weyl_line){text, strlen(text), "test", 1, 1}, &x));
  return x;
}

static weyl_noether_verdict verdict(bench b, const char *generator) {
  weyl_noether_verdict v;
  size_t k = 0;
  while (k < weyl_noether_generators(b.p) && strcmp(weyl_noether_generator_name(b.p, k), generator) != 0) k++;
  if (k == weyl_noether_generators(b.p)) assert_ok(b.ctx, weyl_noether_add(b.p, NULL, generator, "test", &k));
  assert_ok(b.ctx, weyl_noether_check(b.p, weyl_noether_generator(b.p, k), 64, 1, &v));
  return v;
}

static void every_preset(void **state) {
  (void)state;
  const char *name;
  for (size_t i = 0; (name = weyl_noether_preset(i, NULL)); i++) {
    bench b = begin(name);
    assert_true(weyl_noether_generators(b.p) > 0);
    for (size_t k = 0; k < weyl_noether_generators(b.p); k++) {
      weyl_noether_verdict v;
      assert_ok(b.ctx, weyl_noether_check(b.p, weyl_noether_generator(b.p, k), 64, 7, &v));
      const bool good = weyl_noether_lagrangian(b.p)
                            ? v.variational && v.closed && v.residual <= 1e-10 && v.trivial == WEYL_NOT_TRIVIAL
                            : v.equations == 1;
      if (!good || v.equations != 1)
        print_error("%s, %s: variational %d, closed %d (%s), residual %g, equations %d, trivial %d\n", name,
                    weyl_noether_generator_name(b.p, k), v.variational, v.closed, v.reason, v.residual, v.equations,
                    v.trivial);
      assert_true(good);
      assert_int_equal(v.equations, 1);
    }
    end(b);
  }
}

static void current(const char *preset, const char *generator, const char *j0) {
  bench b = begin(preset);
  const weyl_noether_verdict v = verdict(b, generator);
  assert_true(v.closed);
  const weyl_expr *want = of(b, j0);
  if (!weyl_expr_is_zero(b.a, weyl_expr_sub(b.a, v.current[0], want)))
    print_error("%s, %s: J = %s\n", preset, generator, weyl_expr_text(b.a, v.current[0], WEYL_PLAIN));
  assert_true(weyl_expr_is_zero(b.a, weyl_expr_sub(b.a, v.current[0], want)));
  end(b);
}

/* Section 9, check 12 of the sheet: (a) to (f). */
static void known_currents(void **state) {
  (void)state;
  current("kepler", "time", "m*(x'^2 + y'^2)/2 - k/sqrt(x^2 + y^2)");
  current("kepler", "rotation", "-m*(x*y' - y*x')");
  current("kepler", "runge_lenz_x", "m^2*y'*(x*y' - y*x') - k*m*x/sqrt(x^2 + y^2)");
  current("kepler", "runge_lenz_y", "-m^2*x'*(x*y' - y*x') - k*m*y/sqrt(x^2 + y^2)");
  current("free-particle", "boost", "m*(x - x'*t)");
  current("wave", "boost", "x*(u_t^2 + c^2*u_x^2)/2 + c^2*t*u_t*u_x");
  current("kdv-potential", "space", "w_x^2/2");
  current("nls", "phase", "-(u^2 + v^2)/2");
  current("sine-gordon", "time", "u_t^2/2 + u_x^2/2 + 1 - cos(u)");
  current("sine-gordon", "space", "u_t*u_x");
}

/* H = int (u^3 - u_x^2/2) up to sign and a divergence; Galilei: the centre of mass. */
static void kdv_densities(void **state) {
  (void)state;
  bench b = begin("kdv-potential");
  const weyl_expr *h = weyl_expr_add(b.a, verdict(b, "time").current[0], of(b, "w_x^3 - w_xx^2/2"));
  assert_true(weyl_expr_is_zero(b.a, weyl_expr_euler(b.a, h, 0)));
  const weyl_expr *g = weyl_expr_sub(b.a, verdict(b, "galilei").current[0], of(b, "3*t*w_x^2 - x*w_x"));
  const weyl_expr *e = weyl_expr_euler(b.a, g, 0);
  if (!weyl_expr_is_zero(b.a, e))
    print_error("galilei: J - guess has E = %s, J = %s\n", weyl_expr_text(b.a, e, WEYL_PLAIN),
                weyl_expr_text(b.a, verdict(b, "galilei").current[0], WEYL_PLAIN));
  assert_true(weyl_expr_is_zero(b.a, e));
  end(b);
}

/* (g), and others that are none */
static void rejected(void **state) {
  (void)state;
  bench b = begin("free-particle");
  weyl_noether_verdict v = verdict(b, "x = x^2");
  assert_false(v.variational);
  assert_int_equal(v.equations, 0);
  assert_ptr_equal(v.remainder[0], of(b, "-2*m*x'^2 - 4*m*x*x''"));
  v = verdict(b, "x = x"); /* of the equation, not of the Lagrangian */
  assert_false(v.variational);
  assert_int_equal(v.equations, 1);
  v = verdict(b, "x = x'''"); /* trivial: Q vanishes on solutions */
  assert_true(v.variational && v.closed);
  assert_int_equal(v.trivial, WEYL_TRIVIAL_ON_SHELL);
  v = verdict(b, "t = 1, x = x'"); /* Q = 0 */
  assert_true(v.variational);
  assert_int_equal(v.trivial, WEYL_TRIVIAL_IDENTICALLY);
  end(b);
  b = begin("kepler");
  assert_false(verdict(b, "t = 3*t, x = 2*x, y = 2*y").variational);
  assert_int_equal(verdict(b, "t = 3*t, x = 2*x, y = 2*y").equations, 1);
  assert_false(verdict(b, "x = 1").variational);
  end(b);
  b = begin("sine-gordon");
  assert_int_equal(verdict(b, "t = t, x = x").equations, 0);
  end(b);
}

/* What only an identity of functions makes a symmetry is not claimed, but seen in numbers. */
static void hidden_identity(void **state) {
  (void)state;
  bench b = begin_text(
      "independent: t\nfields: x, y\n"
      "lagrangian: x'^2/2 + (sin(x + y) - sin(x)*cos(y) - cos(x)*sin(y))*y'^2 + y'^2\n");
  weyl_noether_verdict v = verdict(b, "x = 1");
  assert_false(v.variational);
  assert_true(v.remainder_size < 1e-13);
  assert_true(verdict(b, "x = x").remainder_size > 1e-3);
  end(b);
}

static void found(const char *preset, int degree, int order, bool lagrangian, size_t count, size_t variational) {
  bench b = begin(preset);
  weyl_noether_found f;
  assert_ok(b.ctx, weyl_noether_find(b.p, &(weyl_noether_find_opts){degree, order, lagrangian}, &f));
  if (f.count != count || f.variational != variational) {
    print_error("%s: %zu symmetries, %zu variational, expected %zu and %zu\n", preset, f.count, f.variational, count,
                variational);
    for (size_t k = 0; k < f.count; k++) print_error("  %s\n", weyl_noether_generator_text(b.p, &f.v[k], WEYL_PLAIN));
  }
  assert_int_equal(f.count, count);
  assert_int_equal(f.variational, variational);
  for (size_t k = 0; k < f.count; k++) { /* each is what it is said to be */
    weyl_noether_verdict v;
    assert_ok(b.ctx, weyl_noether_check(b.p, &f.v[k], 16, 1, &v));
    if (order == 0) assert_int_equal(v.equations, 1);
    if (weyl_noether_lagrangian(b.p)) assert_int_equal(v.variational, k < f.variational);
  }
  weyl_noether_found_free(b.ctx, &f);
  end(b);
}

static void all_symmetries(void **state) {
  (void)state;
  found("free-particle", 2, 0, false, 8, 5);     /* sl(3, R); the Schroedinger group of a line */
  found("free-particle", 3, 0, false, 8, 5);     /* no more of them */
  found("free-particle-2d", 2, 0, false, 15, 8); /* sl(4, R); the Schroedinger group of a plane */
  found("oscillator", 2, 0, false, 8, 5);        /* sl(3, R) again */
  found("kepler", 2, 0, false, 3, 2);            /* time, rotation; and Kepler's third law */
  found("kepler-3d", 1, 0, false, 5, 4);
  found("wave-2d", 2, 0, false, 20, 19); /* so(3, 2), nine polynomial solutions, and u d/du */
  found("kepler-3d", 2, 1, true, 7, 7);
  found("kepler", 2, 1, true, 4, 4); /* energy, angular momentum, the Runge-Lenz vector */
  found("kdv", 2, 0, false, 4, 0);
  found("nls", 2, 0, false, 5, 4);
  found("sine-gordon", 2, 0, false, 3, 3);
  found("half-plane", 2, 0, false, 5, 4); /* sl(2, R), time and its scaling */
}

/* Every preset with initial values: charges drift at the order of the method, or not at all. */
static void charges_along_motion(void **state) {
  (void)state;
  const char *name, *text;
  for (size_t i = 0; (name = weyl_noether_preset(i, &text)); i++) {
    if (!strstr(text, "initial:")) continue;
    bench b = begin(name);
    const weyl_expr *j[16][WEYL_INDEPENDENTS_MAX];
    const size_t n = weyl_noether_generators(b.p);
    for (size_t k = 0; k < n; k++) memcpy(j[k], verdict(b, weyl_noether_generator_name(b.p, k)).current, sizeof j[k]);
    weyl_noether_motion m;
    assert_ok(b.ctx, weyl_noether_move(b.p, NULL, n, (const weyl_expr *const(*)[WEYL_INDEPENDENTS_MAX])j, &m));
    for (size_t k = 0; k < n; k++) {
      if (!m.holds[k])
        print_error("%s %s: %g %g %g, order %.2f\n", name, weyl_noether_generator_name(b.p, k), m.drift[0][k],
                    m.drift[1][k], m.drift[2][k], m.slope[k]);
      assert_true(m.holds[k]);
    }
    weyl_noether_motion_free(b.ctx, &m);
    end(b);
  }
}

static void breather(void **state) {
  (void)state;
  bench b = begin("sine-gordon");
  const weyl_expr *j[2][WEYL_INDEPENDENTS_MAX];
  memcpy(j[0], verdict(b, "time").current, sizeof j[0]);
  memcpy(j[1], verdict(b, "space").current, sizeof j[1]);
  weyl_noether_motion m;
  const weyl_noether_motion_opts o = {.method = "gauss6", .step = 0.2};
  assert_ok(b.ctx, weyl_noether_move(b.p, &o, 2, (const weyl_expr *const(*)[WEYL_INDEPENDENTS_MAX])j, &m));
  assert_close(m.value[2][0], 16 * 0.8, 1e-10); /* the energy of a breather: 16 sqrt(1 - w^2) */
  for (size_t k = 0; k < 2; k++) assert_true(m.drift[2][k] < 1e-10);
  /* u = 4 atan(sqrt(1 - w^2) / w sin(w t) / cosh(sqrt(1 - w^2) x)) at the last time */
  const double t = m.t[m.samples - 1];
  for (size_t i = 0; i < m.width; i += 7)
    assert_close(m.state[(m.samples - 1) * m.width + i] /* the first state is u */,
                 4 * atan(0.8 / 0.6 * sin(0.6 * t) / cosh(0.8 * m.x[i])), 1e-8);
  weyl_noether_motion_free(b.ctx, &m);
  end(b);
}

/* What is not conserved is seen to drift, and orders are those of the methods. */
static void orders(void **state) {
  (void)state;
  bench b = begin("kepler");
  const weyl_expr *zero = of(b, "0"), *j[2][WEYL_INDEPENDENTS_MAX] = {{of(b, "x'"), zero, zero, zero}};
  memcpy(j[1], verdict(b, "time").current, sizeof j[1]);
  static const struct {
    const char *name;
    int order;
    double step;
  } methods[] = {{"gauss2", 2, 0.02}, {"gauss4", 4, 0.05}, {"gauss6", 6, 0.2}, {"rk4", 4, 0.02}};
  for (size_t k = 0; k < 4; k++) {
    weyl_noether_motion m;
    const weyl_noether_motion_opts o = {.method = methods[k].name, .step = methods[k].step};
    assert_ok(b.ctx, weyl_noether_move(b.p, &o, 2, (const weyl_expr *const(*)[WEYL_INDEPENDENTS_MAX])j, &m));
    assert_false(m.holds[0]);
    assert_true(m.holds[1]);
    assert_true(m.slope[1] > methods[k].order - 0.4);
    if (k < 3) assert_true(m.slope[1] < methods[k].order + 0.6); /* rk4: the energy gains one */
    weyl_noether_motion_free(b.ctx, &m);
  }
  weyl_noether_motion m;
  assert_says(b.ctx,
              weyl_noether_move(b.p, &(weyl_noether_motion_opts){.method = "gauss9"}, 2,
                                (const weyl_expr *const(*)[WEYL_INDEPENDENTS_MAX])j, &m),
              WEYL_UNKNOWN, "gauss9");
  assert_says(b.ctx,
              weyl_noether_move(b.p, &(weyl_noether_motion_opts){.step = 5}, 2,
                                (const weyl_expr *const(*)[WEYL_INDEPENDENTS_MAX])j, &m),
              WEYL_NUMERIC, "does not converge");
  end(b);
  static const struct {
    const char *text, *says;
  } bad[] = {
      {"independent: t\nfields: x\nlagrangian: x'^2", "no initial values"},
      {"independent: t, x\nfields: u\nlagrangian: u_t^2 - u_x^2\ninitial: u = 1", "no domain"},
      {"independent: t, x\nfields: u\nlagrangian: u_t*u_x\ninitial: u = 1\ndomain: x = 0 to 1",
       "no equation gives the highest time derivative of u"},
      {"independent: t, x, y\nfields: u\nlagrangian: u_t^2\ninitial: u = 1", "more than one dimension"},
  };
  for (size_t k = 0; k < 4; k++) {
    b = begin_text(bad[k].text);
    assert_says(b.ctx, weyl_noether_move(b.p, NULL, 0, NULL, &m), WEYL_UNSUPPORTED, bad[k].says);
    end(b);
  }
  b = begin_text("independent: t\nfields: x\nequation: x' = -x\nevolution: x_t = x\ninitial: x = 1");
  assert_says(b.ctx, weyl_noether_move(b.p, NULL, 0, NULL, &m), WEYL_FORMAT, "do not solve");
  end(b);
}

static void lines_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } bad[] = {
      {"fields: x\nlagrangian: x", "no independent variable"},
      {"independent: t\nlagrangian: t", "no field"},
      {"independent: t\nfields: x", "neither a lagrangian nor an equation"},
      {"independent: t\nfields: x\nlagrangian: x'^2/\n",
       "test:3:18: expected a number, a name or \"(\" here\n  x'^2/\n       ^"},
      {"independent: t\nfields: x\nlagrangain: x", "did you mean \"lagrangian\"?"},
      {"independent: t\nfields: x\nlagrangian x",
       "test:3:11: expected \":\" behind lagrangian\n  lagrangian x\n            ^"},
      {"independent: t\nfields: x, x\nlagrangian: x", "test:2:12: field \"x\" has the name of a field"},
      {"independent: t\nfields: x\nlagrangian: x\nlagrangian: x", "a second lagrangian"},
      {"independent: t\nfields: x\nlagrangian: x'^2\ngenerator a: y = 1", "unknown name \"y\""},
      {"independent: t\nfields: x\nlagrangian: x'^2\ngenerator a: x' = 1",
       "expected an independent variable or a field"},
      {"independent: t\nfields: x\nlagrangian: x'^2\ngenerator a: 1", "expected \"=\""},
      {"independent: t\nfields: x\nlagrangian: x'^2\ngenerator a: x = 1, x = 2", "a second component for x"},
      {"independent: t\nfields: x\nparameters: k = 1/0\nlagrangian: x'^2", "division by zero"},
      {"independent: t\nfields: x\nlagrangian: x'^2\ninitial: x = x'", "depends on position and parameters alone"},
      {"independent: t, x\nfields: u\nlagrangian: u_t^2\ndomain: x = 3 to 1", "must end behind its beginning"},
      {"independent: t, x\nfields: u\nlagrangian: u_t^2\npoints: 2.5", "whole number"},
      {"independent: t\nfields: x\nlagrangian: x'^2\nstep: -1", "above 0"},
  };
  weyl_context *ctx = test_context(1);
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    weyl_noether *p = NULL;
    assert_says(ctx, weyl_noether_parse(ctx, bad[k].text, strlen(bad[k].text), "test", &p), WEYL_FORMAT, bad[k].says);
    assert_null(p);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_preset),  cmocka_unit_test(known_currents),       cmocka_unit_test(kdv_densities),
      cmocka_unit_test(rejected),      cmocka_unit_test(charges_along_motion), cmocka_unit_test(breather),
      cmocka_unit_test(orders),        cmocka_unit_test(all_symmetries),       cmocka_unit_test(hidden_identity),
      cmocka_unit_test(lines_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
