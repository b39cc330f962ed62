/* The sheet's acceptance checks, properties of orbits, invariance under the group BMS3, files, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "folder.h"

#define PI 3.14159265358979323846

static weyl_context *ctx;
static weyl_arena *arena;

static int up(void **state) {
  ctx = test_context(2);
  return folder_make(state) != 0 || weyl_arena_new(ctx, &arena) != WEYL_OK;
}

static int down(void **state) {
  weyl_arena_free(arena);
  test_context_free(ctx);
  return folder_remove(state);
}

static weyl_bms_data data_named(const char *text) {
  weyl_bms_data d;
  assert_ok(ctx, weyl_bms_preset(ctx, arena, text, 1, &d));
  return d;
}

static weyl_bms_data data_of(size_t modes) {
  weyl_bms_data d;
  assert_ok(ctx, weyl_bms_data_new(arena, modes, &d));
  return d;
}

static weyl_bms_map map_drawn(weyl_rng *rng, double slope) {
  weyl_bms_map m;
  assert_ok(ctx, weyl_bms_map_new(arena, 3, &m));
  weyl_bms_random(rng, 3, 0.3, m.p);
  weyl_bms_random(rng, 3, 0.5, m.alpha);
  while (!(weyl_circle_slope(3, m.p) > slope))
    for (int i = 1; i < 7; i++) m.p[i] *= 0.8;
  return m;
}

static weyl_bms_data moved(const weyl_bms_data *d, const weyl_bms_map *map, size_t modes) {
  weyl_bms_data to = data_of(modes);
  double aliasing;
  assert_ok(ctx, weyl_bms_transform(ctx, d, map, &to, &aliasing));
  assert_true(aliasing < 1e-8);
  return to;
}

static weyl_bms_orbit orbit_of(const weyl_bms_data *d) {
  weyl_bms_orbit o;
  assert_ok(ctx, weyl_bms_orbit_of(ctx, d, 0, &o, NULL));
  return o;
}

/* ---- the acceptance checks ---- */

static void every_check(void **state) {
  (void)state;
  size_t rows = 0, controls = 0;
  const double start = weyl_seconds();
  for (const weyl_bms_check *k; (k = weyl_bms_check_at(rows)) != NULL; rows++) {
    double ours = NAN;
    char budget[64];
    assert_ok(ctx, weyl_bms_check_run(ctx, rows, false, &ours, budget));
    if (!(ours >= k->low && ours <= k->high))
      fail_msg("%s: %s is %.17g, must be %g to %g", k->name, k->metric, ours, k->low, k->high);
    assert_true(budget[0]);
    controls += strcmp(k->source, "control") == 0;
  }
  assert_true(rows >= 50 && controls >= 6);
  assert_true(weyl_seconds() - start < 120);
  double ours;
  char budget[64];
  assert_status(ctx, weyl_bms_check_run(ctx, rows, false, &ours, budget), WEYL_BAD_ARG);
}

/* ---- maps ---- */

/* (F, alpha) and its inverse compose to the identity from both sides, and undo each other on data. */
PROPERTY(inverses, 10) {
  const weyl_bms_map m = map_drawn(rng, 0.7);
  weyl_bms_map back, both;
  assert_ok(ctx, weyl_bms_map_new(arena, 100, &back));
  assert_ok(ctx, weyl_bms_map_new(arena, 100, &both));
  assert_ok(ctx, weyl_bms_inverse(ctx, &m, &back));
  for (int side = 0; side < 2; side++) {
    assert_ok(ctx, weyl_bms_compose(ctx, side ? &m : &back, side ? &back : &m, &both));
    for (int i = 0; i <= 200; i++) {
      assert_close(both.p[i], 0, 1e-13);
      assert_close(both.alpha[i], 0, 1e-13);
    }
  }
  const weyl_bms_data d = data_named("random:8"), to = moved(&d, &m, 100), again = moved(&to, &back, 100);
  for (size_t i = 0; i <= 200; i++) assert_close(again.xi[i], i <= 2 * d.modes ? d.xi[i] : 0, 1e-8);
  const weyl_bms_data trimmed = weyl_bms_data_trim(to);
  assert_true(trimmed.modes < 100 && trimmed.modes > 4);
}

/* ---- orbits ---- */

/* Class, trace and spin do not change along an orbit, whichever it is. */
PROPERTY(invariants, 12) {
  static const char *const presets[] = {"fsc:0.1:0.2", "defect:0.7", "defect:1.4", "orbifold", "minkowski", "defect:2"};
  static const weyl_bms_class classes[] = {WEYL_BMS_HYPERBOLIC, WEYL_BMS_ELLIPTIC,    WEYL_BMS_ELLIPTIC,
                                           WEYL_BMS_PARABOLIC,  WEYL_BMS_EXCEPTIONAL, WEYL_BMS_EXCEPTIONAL};
  const size_t k = weyl_rng_below(rng, 6);
  weyl_bms_data d = data_named(presets[k]);
  d.xi[0] = weyl_rng_normal(rng);
  const weyl_bms_map map = map_drawn(rng, 0.5);
  const weyl_bms_data to = moved(&d, &map, 160);
  const weyl_bms_orbit o = orbit_of(&d), p = orbit_of(&to);
  assert_int_equal(o.what, classes[k]);
  assert_int_equal(p.what, classes[k]);
  assert_int_equal(p.winding, o.winding);
  assert_close(p.trace, o.trace, 1e-9);
  assert_close(p.monodromy[0][0] * p.monodromy[1][1] - p.monodromy[0][1] * p.monodromy[1][0], 1, 1e-10);
  if (o.stabilisers == 1) {
    assert_close(o.spin[0], d.xi[0], 1e-9);
    assert_close(p.spin[0], d.xi[0], 1e-8);
    assert_close(p.integral_error, 0, 1e-9);
    assert_close(p.integral, -0.5 * o.theta0, 1e-8);
  }
  if (o.what != WEYL_BMS_HYPERBOLIC) assert_close(p.theta0, d.theta[0], 1e-8);
}

/* The energy of the vacuum orbit is bounded by that of Minkowski space; that of an excess is not bounded. */
PROPERTY(energy, 20) {
  const weyl_bms_data d = data_named("minkowski");
  const weyl_bms_map map = map_drawn(rng, 0.3);
  weyl_bms_data to = data_of(200);
  assert_ok(ctx, weyl_bms_transform(ctx, &d, &map, &to, NULL));
  assert_true(to.theta[0] >= -1 - 1e-12);
  assert_true(orbit_of(&d).bounded);
  weyl_bms_orbit o = orbit_of(&to);
  for (int i = 0; i < 3; i++) assert_close(o.spin[i], 0, 1e-9); /* a pure vacuum has no Poincare charges */
}

static void unbounded(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("defect:2.5");
  weyl_bms_map map;
  assert_ok(ctx, weyl_bms_map_new(arena, 1, &map));
  map.p[2] = 0.6; /* F' as in a boost */
  weyl_bms_data to = data_of(200);
  assert_ok(ctx, weyl_bms_transform(ctx, &d, &map, &to, NULL));
  assert_true(to.theta[0] < d.theta[0]);
  assert_false(orbit_of(&d).bounded);
}

/* Windings tell what traces do not: a = 0.3, 1.7 and 2.3 have one trace. And orbits without a constant. */
static void windings(void **state) {
  (void)state;
  const double a[] = {0.3, 1.7, 2.3};
  double trace[3];
  for (int i = 0; i < 3; i++) {
    weyl_bms_data d = data_of(0);
    d.theta[0] = -a[i] * a[i];
    const weyl_bms_orbit o = orbit_of(&d);
    trace[i] = o.trace;
    assert_int_equal(o.winding, (int)a[i]);
    assert_close(o.a, a[i], 1e-11);
  }
  assert_close(trace[0], trace[1], 1e-11);
  assert_close(trace[0], trace[2], 1e-11);
  weyl_bms_data d = data_of(1); /* Mathieu's first tongue */
  d.theta[0] = -1;
  d.theta[1] = 0.5;
  const weyl_bms_orbit o = orbit_of(&d);
  assert_int_equal(o.what, WEYL_BMS_HYPERBOLIC);
  assert_int_equal(o.winding, 1);
  assert_true(o.trace < -2 && isnan(o.theta0) && !o.bounded);
  /* the edge of it with positive energy is that of a massless particle: parabolic, bounded */
  double low = -1, high = 0;
  for (int step = 0; step < 200; step++) {
    const double middle = 0.5 * (low + high);
    d.theta[0] = middle;
    *(orbit_of(&d).trace < -2 ? &low : &high) = middle;
  }
  d.theta[0] = 0.5 * (low + high);
  const weyl_bms_orbit edge = orbit_of(&d);
  assert_int_equal(edge.what, WEYL_BMS_PARABOLIC);
  assert_int_equal(edge.winding, 1);
  assert_int_equal(edge.sign, -1);
  assert_true(edge.bounded && d.theta[0] > -1);
}

/* A boosted defect is on the orbit of the defect, and has its spin. */
static void boosts(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("boosted:0.8:0.9");
  const weyl_bms_orbit o = orbit_of(&d);
  assert_int_equal(o.what, WEYL_BMS_ELLIPTIC);
  assert_close(o.a, 0.8, 1e-9);
  weyl_bms_vector v;
  assert_ok(ctx, weyl_bms_vector_new(arena, 1, &v));
  v.t[0] = 1;
  /* at G = 1 a defect has M = (1 - a^2) / 8; its momentum is a vector, so M grows by cosh */
  assert_close(weyl_bms_charge(&d, &v, 1), (1 - 0.64) / 8 * cosh(0.9), 1e-12);
  v.t[0] = 0;
  v.t[1] = 1;
  assert_close(fabs(weyl_bms_charge(&d, &v, 1)), (1 - 0.64) / 8 * sinh(0.9), 1e-12);
}

/* ---- the group ---- */

enum { GRID = 256 };

/* out: trace of the monodromy, or (control) the mean of Theta */
typedef struct audited {
  bool control;
  double data[2 * GRID];
  const double *input[1];
} audited;

static weyl_status draw(void *arg, int64_t i, weyl_audit_sample *out) {
  audited *q = arg;
  for (int j = 0; j < GRID; j++) {
    q->data[j] = -0.3 + 0.1 * (double)i * cos(2 * PI * j / GRID);
    q->data[GRID + j] = 0.2 * sin(2 * PI * j / GRID);
  }
  q->input[0] = q->data;
  *out = (weyl_audit_sample){.n = 1, .input = q->input};
  return WEYL_OK;
}

static weyl_status evaluate(void *arg, int64_t count, const weyl_audit_sample *samples, double *const *y) {
  const audited *q = arg;
  double theta[201], xi[201];
  const weyl_bms_data d = {100, theta, xi};
  for (int64_t s = 0; s < count; s++) {
    weyl_circle_modes(GRID, samples[s].input[0], 100, theta);
    weyl_circle_modes(GRID, samples[s].input[0] + GRID, 100, xi);
    weyl_bms_orbit o;
    WEYL_TRY(weyl_bms_orbit_of(ctx, &d, 0, &o, NULL));
    y[s][0] = q->control ? theta[0] : o.trace;
    y[s][1] = q->control ? xi[0] : o.spin[0];
  }
  return WEYL_OK;
}

static void audit(void **state) {
  (void)state;
  weyl_group *group = NULL;
  assert_ok(ctx, weyl_group_parse(ctx, "BMS3", &group));
  assert_int_equal(weyl_group_about(group).grid, GRID);
  const weyl_audit_slot in = {"data", WEYL_ACT_COADJOINT, 2 * GRID};
  for (int control = 0; control < 2; control++) {
    audited q = {.control = control};
    const weyl_audit_target target = {.inputs = 1,
                                      .input = &in,
                                      .output = {"invariants", WEYL_ACT_GLOBAL_SCALAR, 2},
                                      .evaluate = evaluate,
                                      .arg = &q,
                                      .samples = 3,
                                      .sample = draw};
    weyl_audit_opts o = weyl_audit_defaults(WEYL_F64);
    o.inputs = 3;
    o.elements = 2;
    o.tolerance_mean = o.tolerance_max = 1e-7;
    weyl_audit_result r;
    assert_ok(ctx, weyl_audit(ctx, arena, group, &target, &o, &r));
    assert_int_equal(r.holds, !control);
    if (control) assert_true(r.mean > 1e-2);
  }
  weyl_group_free(group);
}

/* ---- matter, rays, vacua: limits beside those of the checks ---- */

/* Two halves of the pulse are the whole one; the error falls by 16 with half the steps. */
static void evolution(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("random:5");
  const double tau[3] = {0.02, 0.01, 0.005}, sigma[3] = {0.01, 0, 0.02};
  const weyl_bms_matter m = {1, tau, sigma, 0, 0.5, 1};
  weyl_bms_flow coarse, fine, rest;
  assert_ok(ctx, weyl_bms_evolve(ctx, arena, &d, &m, -4, 4, 40, &coarse));
  assert_ok(ctx, weyl_bms_evolve(ctx, arena, &d, &m, -4, 4, 80, &fine));
  assert_true(coarse.mass_error > 10 * fine.mass_error);
  assert_ok(ctx, weyl_bms_evolve(ctx, arena, &d, &m, -4, 0.3, 2000, &coarse));
  assert_ok(ctx, weyl_bms_evolve(ctx, arena, &coarse.end, &m, 0.3, 4, 2000, &rest));
  assert_ok(ctx, weyl_bms_evolve(ctx, arena, &d, &m, -4, 4, 4000, &fine));
  for (size_t i = 0; i <= 2 * fine.end.modes; i++) {
    assert_close(rest.end.theta[i], fine.end.theta[i], 1e-9);
    assert_close(rest.end.xi[i], fine.end.xi[i], 1e-9);
  }
  const double nothing[1] = {0};
  assert_ok(ctx, weyl_bms_evolve(ctx, arena, &d, &(weyl_bms_matter){0, nothing, nothing, 0, 1, 1}, -2, 3, 50, &rest));
  for (size_t i = 0; i <= 2 * d.modes; i++) { /* in vacuum nothing changes */
    assert_close(rest.end.theta[i], d.theta[i], 1e-12);
    assert_close(rest.end.xi[i], d.xi[i], 1e-12);
  }
}

/* A defect turns rays by pi / a, in the coordinates of both infinities; a timelike one keeps its norm. */
static void rays(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("defect:0.8");
  for (int past = 0; past < 2; past++) {
    const double x[3] = {0, 1e9, 0};
    double v[3];
    weyl_bms_ray ray;
    weyl_bms_ray_opts o = {.far = 1e9, .near = 1e-3, .tolerance = 1e-12, .most = 100000, .past = past};
    assert_ok(ctx, weyl_bms_null(ctx, &d, past, x, 1, true, v));
    assert_ok(ctx, weyl_bms_geodesic(ctx, &d, x, v, &o, &ray));
    assert_true(ray.escaped && ray.norm == 0 && ray.norm_drift < 1e-9);
    assert_close(ray.x[2], PI / 0.8, 2e-8);
  }
  const double x[3] = {0, 5, 0}, v[3] = {1.5, -0.2, 0.1};
  weyl_bms_ray ray;
  assert_ok(
      ctx, weyl_bms_geodesic(ctx, &d, x, v,
                             &(weyl_bms_ray_opts){.far = 100, .near = 1e-6, .tolerance = 1e-12, .most = 100000}, &ray));
  assert_true(ray.norm < 0 && ray.norm_drift < 1e-9 && ray.escaped);
}

/* ---- files ---- */

static weyl_status table(const char *text, bool map, size_t *modes, double *out[2]) {
  const char *path = in_folder("table.csv");
  test_write(path, text, strlen(text));
  return weyl_bms_table(ctx, arena, path, map ? "F" : "theta", map ? "alpha" : "xi", map, modes, &out[0], &out[1]);
}

static void files(void **state) {
  (void)state;
  size_t k;
  double *c[2];
  assert_ok(ctx, table("n,theta_cos,theta_sin,xi_cos,xi_sin\n0,-1,0,0.5,0\n2,0.1,0.2,0.3,0.4\n", false, &k, c));
  assert_int_equal(k, 2);
  const double theta[5] = {-1, 0, 0, 0.1, 0.2}, xi[5] = {0.5, 0, 0, 0.3, 0.4};
  assert_memory_equal(c[0], theta, sizeof theta);
  assert_memory_equal(c[1], xi, sizeof xi);
  assert_ok(ctx, table("n,theta_cos\n0,-1\n1,0.1\n", false, &k, c));
  assert_true(c[0][1] == 0.1 && c[1][0] == 0);
  char text[8192] = "phi,F,alpha\n";
  for (int j = 0; j <= 16; j++) { /* closed: the last is the first, a turn on */
    const double phi = 2 * PI * j / 16;
    snprintf(text + strlen(text), sizeof text - strlen(text), "%.17g,%.17g,%.17g\n", phi, phi + 0.3 * sin(phi),
             0.2 * cos(2 * phi));
  }
  assert_ok(ctx, table(text, true, &k, c));
  assert_int_equal(k, 7);
  assert_close(c[0][2], 0.3, 1e-14);
  assert_close(c[1][3], 0.2, 1e-14);
  static const struct {
    const char *text, *says;
    bool map;
  } bad[] = {
      {"n,theta_cos\n0,nan\n", "theta_cos is nan", false},
      {"n,theta_cos\n0,1\n0,2\n", "mode 0 is given twice (", false},
      {"n,theta_cos\n0.5,1\n", "must be a whole number", false},
      {"n,theta_cos\n-1,1\n", "must be a whole number", false},
      {"n,theta_cos\n99999999,1\n", "must be a whole number from 0 to 2048", false},
      {"n,theta_cos,theta_sin\n0,1,3\n", "the sine of mode 0", false},
      {"n,q\n0,1\n", "no column theta_cos", false},
      {"m,q\n0,1\n", "a column n (modes) or phi (samples) is missing", false},
      {"phi,theta\n0,1\n1,2\n", "must be 4 or more", false},
      {"phi,theta\n0,1\n1,2\n2,3\n3,4\n4,5\n", "equal steps", false},
      {"phi,theta\n0,1\n1.5707963267948966,2\n3.141592653589793,1\n4.71238898038469,2\n6.283185307179586,9\n",
       "not periodic", false},
      {"phi,F\n0,0\n1.5707963267948966,1.5\n3.141592653589793,3.1\n4.71238898038469,4.7\n6.283185307179586,6\n",
       "must change by 2 pi", true},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_says(ctx, table(bad[i].text, bad[i].map, &k, c), WEYL_FORMAT, bad[i].says);
  assert_status(ctx, weyl_bms_table(ctx, arena, in_folder("none.csv"), "theta", "xi", false, &k, &c[0], &c[1]),
                WEYL_NO_FILE);
}

/* ---- what is refused ---- */

static void refused(void **state) {
  (void)state;
  weyl_bms_data d = data_named("random:1"), to = data_of(16), out;
  weyl_bms_map map;
  weyl_bms_vector v;
  weyl_bms_orbit o;
  weyl_bms_algebra a;
  weyl_bms_bulk bulk;
  weyl_bms_flow flow;
  weyl_bms_ray ray;
  weyl_bms_thermo thermo;
  double q, x[4] = {0, 1, 1, 0}, velocity[3] = {0, 0, 0};
  assert_says(ctx, weyl_bms_preset(ctx, arena, "minkovski", 1, &out), WEYL_UNKNOWN, "known are minkowski");
  assert_says(ctx, weyl_bms_preset(ctx, arena, "defect", 1, &out), WEYL_BAD_ARG, "1 number behind colons");
  assert_says(ctx, weyl_bms_preset(ctx, arena, "defect:-1", 1, &out), WEYL_BAD_ARG, "above 0");
  assert_says(ctx, weyl_bms_preset(ctx, arena, "fsc:1:x", 1, &out), WEYL_BAD_ARG, "2 numbers");
  assert_says(ctx, weyl_bms_preset(ctx, arena, "minkowski:3", 1, &out), WEYL_BAD_ARG, "too much");
  assert_says(ctx, weyl_bms_preset(ctx, arena, "boosted:0.5:9", 1, &out), WEYL_BAD_ARG, "rapidities to 3");
  assert_ok(ctx, weyl_bms_map_new(arena, 1, &map));
  assert_ok(ctx, weyl_bms_vector_new(arena, 1, &v));
  map.p[2] = -1.5;
  assert_says(ctx, weyl_bms_transform(ctx, &d, &map, &to, &q), WEYL_BAD_ARG, "F' is -0.5");
  assert_status(ctx, weyl_bms_compose(ctx, &map, &map, &map), WEYL_BAD_ARG);
  map.p[2] = NAN;
  assert_says(ctx, weyl_bms_transform(ctx, &d, &map, &to, &q), WEYL_NUMERIC, "the sine of mode 1 of F is nan");
  map.p[2] = 0.9; /* sharp: 16 modes do not hold it, and that is said */
  assert_ok(ctx, weyl_bms_transform(ctx, &d, &map, &to, &q));
  assert_true(q > 1e-3);
  assert_says(ctx, weyl_bms_algebra_of(ctx, &d, 99, 1, 0, NULL, &a), WEYL_BAD_ARG, "99 modes");
  assert_status(ctx, weyl_bms_algebra_of(ctx, &d, 4, 0, 0, NULL, &a), WEYL_BAD_ARG);
  assert_says(ctx, weyl_bms_orbit_of(ctx, &d, 7, &o, NULL), WEYL_BAD_ARG, "7 steps");
  out = data_of(0);
  out.theta[0] = 1e4;
  assert_says(ctx, weyl_bms_orbit_of(ctx, &out, 0, &o, NULL), WEYL_NUMERIC, "trace");
  out.theta[0] = NAN;
  assert_status(ctx, weyl_bms_orbit_of(ctx, &out, 0, &o, NULL), WEYL_NUMERIC);
  assert_status(ctx, weyl_bms_bulk_check(ctx, &d, &v, &v, false, 3, 0, 5, 1, &bulk), WEYL_BAD_ARG);
  assert_status(ctx, weyl_bms_bulk_charge(ctx, &d, &v, &d, false, 0, -1, 1, &q), WEYL_BAD_ARG);
  assert_status(ctx, weyl_bms_bulk_charge(ctx, &d, &v, &d, false, 0, 1, 0, &q), WEYL_BAD_ARG);
  x[1] = 0;
  assert_says(ctx, weyl_bms_metric(ctx, &d, false, 1, x, &q, NULL, NULL), WEYL_BAD_ARG, "point 0");
  assert_status(ctx, weyl_bms_thermodynamics(ctx, -1, 1, 1, &thermo), WEYL_BAD_ARG);
  const double tau[1] = {0};
  const weyl_bms_matter m = {0, tau, tau, 0, 1, 1}, narrow = {0, tau, tau, 0, 0, 1};
  assert_status(ctx, weyl_bms_evolve(ctx, arena, &d, &m, 1, 0, 10, &flow), WEYL_BAD_ARG);
  assert_status(ctx, weyl_bms_evolve(ctx, arena, &d, &m, 0, 1, 0, &flow), WEYL_BAD_ARG);
  assert_status(ctx, weyl_bms_evolve(ctx, arena, &d, &narrow, 0, 1, 10, &flow), WEYL_BAD_ARG);
  const weyl_bms_ray_opts opts = {.far = 10, .near = 0.1, .tolerance = 1e-9, .most = 100};
  assert_status(ctx, weyl_bms_geodesic(ctx, &d, x, velocity, &opts, &ray), WEYL_BAD_ARG);
  x[1] = 1;
  assert_says(ctx, weyl_bms_geodesic(ctx, &d, x, velocity, &opts, &ray), WEYL_BAD_ARG, "velocity 0");
  x[0] = INFINITY;
  assert_status(ctx, weyl_bms_null(ctx, &d, false, x, 1, true, velocity), WEYL_BAD_ARG);
}

/* Each allocation of a transformation and an orbit fails once. */
static void memory(void **state) {
  (void)state;
  const weyl_bms_data d = data_named("random:1");
  weyl_bms_map map;
  assert_ok(ctx, weyl_bms_map_new(arena, 1, &map));
  weyl_bms_data to = data_of(32);
  uint64_t n = 1;
  for (weyl_status status = WEYL_MEMORY; status != WEYL_OK; n++) {
    assert_true(n < 500);
    weyl_context_fail_allocation(ctx, n);
    weyl_bms_orbit o;
    weyl_bms_algebra a;
    status = weyl_bms_transform(ctx, &d, &map, &to, NULL);
    if (status == WEYL_OK) status = weyl_bms_orbit_of(ctx, &to, 64, &o, NULL);
    if (status == WEYL_OK) status = weyl_bms_algebra_of(ctx, &d, 2, 1, 0, NULL, &a);
    assert_true(status == WEYL_OK || status == WEYL_MEMORY);
    weyl_context_fail_allocation(ctx, 0);
    weyl_message_clear(ctx);
  }
  assert_true(n > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_check), property_test(inverses),    property_test(invariants), property_test(energy),
      cmocka_unit_test(unbounded),   cmocka_unit_test(windings), cmocka_unit_test(boosts),  cmocka_unit_test(audit),
      cmocka_unit_test(evolution),   cmocka_unit_test(rays),     cmocka_unit_test(files),   cmocka_unit_test(refused),
      cmocka_unit_test(memory)};
  return cmocka_run_group_tests(tests, up, down);
}
