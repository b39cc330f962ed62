/* What is known of flat space, and what comes out here: the rows of `weyl bms check` and of the recipe. */
#include "flat.h"

#include <complex.h>
#include <string.h>

#define PI 3.14159265358979323846

typedef struct asked {
  weyl_context *ctx;
  weyl_arena *arena;
  bool full;
  char *budget;
} asked;

static weyl_status draw_data(const asked *q, uint64_t seed, weyl_bms_data *out) {
  char text[48];
  snprintf(text, sizeof text, "random:%llu", (unsigned long long)seed);
  return weyl_bms_preset(q->ctx, q->arena, text, 1, out);
}

static weyl_status draw_vector(const asked *q, uint64_t seed, weyl_bms_vector *out) {
  weyl_rng rng = weyl_rng_new(seed, "bms check vector");
  WEYL_TRY(weyl_bms_vector_new(q->arena, 4, out));
  weyl_bms_random(&rng, 4, 1, out->y);
  weyl_bms_random(&rng, 4, 1, out->t);
  return WEYL_OK;
}

/* F of three modes with F' > 3/4: what is composed of two still decays fast, so that third derivatives keep 10 digits
 */
static weyl_status draw_map(const asked *q, uint64_t seed, weyl_bms_map *out) {
  weyl_rng rng = weyl_rng_new(seed, "bms check map");
  WEYL_TRY(weyl_bms_map_new(q->arena, 3, out));
  weyl_bms_random(&rng, 3, 0.2, out->p);
  weyl_bms_random(&rng, 3, 0.5, out->alpha);
  while (!(weyl_circle_slope(3, out->p) > 0.75))
    for (size_t i = 1; i < 7; i++) out->p[i] *= 0.7;
  return WEYL_OK;
}

static weyl_status constant_data(const asked *q, double theta, double xi, weyl_bms_data *out) {
  WEYL_TRY(weyl_bms_data_new(q->arena, 0, out));
  out->theta[0] = theta;
  out->xi[0] = xi;
  return WEYL_OK;
}

/* ---- 1 to 3: the metric ---- */

enum { RICCI, LIE, BRACKET, UNMODIFIED, WRONG_SIGN, SPOILT, PAST = 16 };

static weyl_status bulk(const asked *q, int what, double *ours) {
  const uint64_t sets = q->full ? 40 : 4;
  const bool past = what & PAST, control = (what & 15) >= UNMODIFIED;
  *ours = control ? INFINITY : 0;
  for (uint64_t seed = 1; seed <= sets; seed++) {
    weyl_bms_data d;
    weyl_bms_vector a, b;
    weyl_bms_bulk found;
    WEYL_TRY(draw_data(q, seed, &d));
    WEYL_TRY(draw_vector(q, seed, &a));
    WEYL_TRY(draw_vector(q, 1000 + seed, &b));
    WEYL_TRY(weyl_bms_bulk_check(q->ctx, &d, &a, &b, past, 100, 1, 50, seed, &found));
    const double value[] = {found.ricci, found.lie, found.bracket, found.unmodified, found.wrong_sign, found.spoilt};
    if (control)
      *ours = fmin(*ours, value[what & 15]);
    else
      worst(ours, value[what & 15]);
  }
  snprintf(q->budget, 64, "%d random data, 100 points each, r in [1, 50]", (int)sets);
  return WEYL_OK;
}

/* ---- 4: charges from the metric ---- */

static weyl_status bulk_charge(const asked *q, int what, double *ours) {
  const double r = what & 15 ? 1000 : 10;
  *ours = 0;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    weyl_bms_data d, change;
    weyl_bms_vector v;
    double from;
    WEYL_TRY(draw_data(q, seed, &d));
    WEYL_TRY(draw_data(q, 100 + seed, &change));
    WEYL_TRY(draw_vector(q, seed, &v));
    const double closed = weyl_bms_charge(&change, &v, 1) - v.t[0] / 8;
    WEYL_TRY(weyl_bms_bulk_charge(q->ctx, &d, &v, &change, what & PAST, 0.3, r, 1, &from));
    worst(ours, fabs(from - closed) / fabs(closed));
  }
  snprintf(q->budget, 64, "8 random data, u = 0.3, r = %g", r);
  return WEYL_OK;
}

/* ---- 5: the algebra ---- */

static weyl_status bracket(const asked *q, int what, double *ours) {
  (void)what;
  *ours = 0;
  for (uint64_t seed = 1; seed <= 16; seed++) {
    weyl_bms_data d, change;
    weyl_bms_vector a, b, ab;
    WEYL_TRY(draw_data(q, seed, &d));
    WEYL_TRY(draw_vector(q, seed, &a));
    WEYL_TRY(draw_vector(q, 1000 + seed, &b));
    WEYL_TRY(weyl_bms_data_new(q->arena, 8, &change));
    WEYL_TRY(weyl_bms_vector_new(q->arena, 8, &ab));
    WEYL_TRY(weyl_bms_vary(q->ctx, &d, &b, &change));
    WEYL_TRY(weyl_bms_bracket(q->ctx, &a, &b, &ab));
    const double varied = weyl_bms_charge(&change, &a, 1) - a.t[0] / 8;
    worst(ours, fabs(varied - weyl_bms_charge(&d, &ab, 1) - weyl_bms_central(&a, &b, 1)));
  }
  snprintf(q->budget, 64, "16 random data and pairs");
  return WEYL_OK;
}

enum { C1, C2, TERM, NO_TERM, BRACKETS };

static weyl_status algebra(const asked *q, int what, double *ours) {
  weyl_bms_data d;
  weyl_bms_algebra a;
  const size_t modes = q->full ? 8 : 4;
  WEYL_TRY(draw_data(q, 1, &d));
  WEYL_TRY(weyl_bms_algebra_of(q->ctx, &d, modes, 1, 10, NULL, &a));
  const double value[] = {a.c1, a.c2, a.wrong_term, a.no_term, a.residual};
  *ours = value[what];
  snprintf(q->budget, 64, "from the metric at r = 10, |n| <= %zu", modes);
  return WEYL_OK;
}

/* ---- 6: orbits ---- */

/* F = phi + 0.3 sin phi + 0.1 cos 2 phi */
static weyl_status sheet_map(const asked *q, weyl_bms_map *out) {
  WEYL_TRY(weyl_bms_map_new(q->arena, 2, out));
  out->p[2] = 0.3;
  out->p[3] = 0.1;
  return WEYL_OK;
}

static weyl_status moved_orbit(const asked *q, double theta0, const weyl_bms_map *map, weyl_bms_orbit *out) {
  weyl_bms_data d, to;
  WEYL_TRY(constant_data(q, theta0, 0.7, &d));
  WEYL_TRY(weyl_bms_data_new(q->arena, 128, &to));
  WEYL_TRY(weyl_bms_transform(q->ctx, &d, map, &to, NULL));
  return weyl_bms_orbit_of(q->ctx, &to, 0, out, NULL);
}

static weyl_status trace(const asked *q, int what, double *ours) {
  static const double theta0[] = {0.5, -0.36, -1};
  weyl_bms_map map;
  weyl_bms_orbit o;
  WEYL_TRY(sheet_map(q, &map));
  WEYL_TRY(moved_orbit(q, theta0[what], &map, &o));
  *ours = o.trace;
  snprintf(q->budget, 64, "Magnus' expansion of order 6, 4096 steps");
  return WEYL_OK;
}

static weyl_status spin(const asked *q, int what, double *ours) {
  static const double theta0[] = {0.5, -0.36, -1.69, 0};
  (void)what;
  *ours = 0;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    weyl_bms_map map;
    weyl_bms_orbit o;
    WEYL_TRY(draw_map(q, seed, &map));
    WEYL_TRY(moved_orbit(q, theta0[seed - 1], &map, &o));
    worst(ours, fabs(o.spin[0] - 0.7));
    worst(ours, o.integral_error);
  }
  snprintf(q->budget, 64, "4 orbits, random F and alpha");
  return WEYL_OK;
}

/* a of Theta0 = -a^2 is found again, whatever a: the trace alone does not tell. */
static weyl_status winding(const asked *q, int what, double *ours) {
  static const double a[] = {0.3, 0.7, 1.3, 1.7, 2.3};
  (void)what;
  *ours = 0;
  for (int i = 0; i < 5; i++) {
    weyl_bms_map map;
    weyl_bms_orbit o;
    WEYL_TRY(draw_map(q, 20 + (uint64_t)i, &map));
    WEYL_TRY(moved_orbit(q, -a[i] * a[i], &map, &o));
    worst(ours, fabs(o.a - a[i]));
  }
  snprintf(q->budget, 64, "a = 0.3 to 2.3, random F");
  return WEYL_OK;
}

/* ---- 7: finite transformations ---- */

static weyl_status composition(const asked *q, int what, double *ours) {
  (void)what;
  *ours = 0;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    weyl_bms_data d, first, second, at_once;
    weyl_bms_map a, b, ab;
    WEYL_TRY(draw_data(q, seed, &d));
    WEYL_TRY(draw_map(q, seed, &a));
    WEYL_TRY(draw_map(q, 10 + seed, &b));
    WEYL_TRY(weyl_bms_data_new(q->arena, 160, &first));
    WEYL_TRY(weyl_bms_data_new(q->arena, 160, &second));
    WEYL_TRY(weyl_bms_data_new(q->arena, 160, &at_once));
    WEYL_TRY(weyl_bms_map_new(q->arena, 160, &ab));
    WEYL_TRY(weyl_bms_transform(q->ctx, &d, &a, &first, NULL));
    WEYL_TRY(weyl_bms_transform(q->ctx, &first, &b, &second, NULL));
    WEYL_TRY(weyl_bms_compose(q->ctx, &a, &b, &ab));
    WEYL_TRY(weyl_bms_transform(q->ctx, &d, &ab, &at_once, NULL));
    double size = 0, apart = 0;
    for (size_t i = 0; i <= 320; i++) {
      size = fmax(size, fmax(fabs(second.theta[i]), fabs(second.xi[i])));
      worst(&apart, fmax(fabs(at_once.theta[i] - second.theta[i]), fabs(at_once.xi[i] - second.xi[i])));
    }
    worst(ours, apart / size);
  }
  snprintf(q->budget, 64, "4 pairs of random maps with F' > 3/4, 160 modes");
  return WEYL_OK;
}

/* |finite(eps) - data - eps delta| falls as eps^2: the slope between two eps */
static weyl_status limit(const asked *q, int what, double *ours) {
  (void)what;
  double off[2];
  for (int k = 0; k < 2; k++) {
    const double eps = k ? 5e-4 : 1e-3;
    weyl_bms_data d, to, change;
    weyl_bms_vector v;
    weyl_bms_map map;
    WEYL_TRY(draw_data(q, 3, &d));
    WEYL_TRY(draw_vector(q, 3, &v));
    WEYL_TRY(weyl_bms_map_new(q->arena, 4, &map));
    for (size_t i = 0; i < 9; i++) {
      map.p[i] = eps * v.y[i];
      map.alpha[i] = eps * v.t[i];
    }
    WEYL_TRY(weyl_bms_data_new(q->arena, 40, &to));
    WEYL_TRY(weyl_bms_data_new(q->arena, 40, &change));
    WEYL_TRY(weyl_bms_transform(q->ctx, &d, &map, &to, NULL));
    WEYL_TRY(weyl_bms_vary(q->ctx, &d, &v, &change));
    off[k] = 0;
    for (size_t i = 0; i <= 80; i++) {
      const double theta = i < 9 ? d.theta[i] : 0, xi = i < 9 ? d.xi[i] : 0;
      worst(&off[k], fmax(fabs(to.theta[i] - theta - eps * change.theta[i]), fabs(to.xi[i] - xi - eps * change.xi[i])));
    }
  }
  *ours = log2(off[0] / off[1]);
  snprintf(q->budget, 64, "eps = 1e-3 and half of it");
  return WEYL_OK;
}

/* ---- 8: supertranslated vacuum ---- */

enum { J2_IMAGINARY, J2_REAL, J_POINCARE };

static weyl_status vacuum(const asked *q, int what, double *ours) {
  const double eps = 0.37;
  weyl_bms_data d, to;
  weyl_bms_map map;
  weyl_bms_vector v;
  WEYL_TRY(constant_data(q, -1, 0, &d));
  WEYL_TRY(weyl_bms_map_new(q->arena, 2, &map));
  map.alpha[3] = eps;
  map.alpha[1] = 0.2; /* translations change nothing */
  map.alpha[0] = -0.4;
  WEYL_TRY(weyl_bms_data_new(q->arena, 8, &to));
  WEYL_TRY(weyl_bms_transform(q->ctx, &d, &map, &to, NULL));
  WEYL_TRY(weyl_bms_vector_new(q->arena, 2, &v));
  *ours = 0;
  if (what == J_POINCARE) {
    for (size_t i = 0; i < 3; i++) {
      v.y[i] = 1;
      worst(ours, fabs(weyl_bms_charge(&to, &v, 1)));
      v.y[i] = 0;
    }
  } else { /* e^{2 i phi} */
    v.y[what == J2_IMAGINARY ? 4 : 3] = 1;
    *ours = weyl_bms_charge(&to, &v, 1) / eps;
  }
  snprintf(q->budget, 64, "alpha = 0.37 cos 2 phi and translations");
  return WEYL_OK;
}

/* ---- 9: linking ---- */

enum { LINK_BOUNDARY, LINK_BULK, LINK_RAY, LINK_CONTROL };

static weyl_status link_charges(const asked *q, int what, double *ours) {
  weyl_bms_data d, past, change;
  WEYL_TRY(draw_data(q, 2, &d));
  WEYL_TRY(weyl_bms_data_new(q->arena, d.modes, &past));
  WEYL_TRY(weyl_bms_data_new(q->arena, d.modes, &change));
  weyl_bms_antipode(d.modes, d.theta, past.theta);
  weyl_bms_antipode(d.modes, d.xi, past.xi);
  memcpy(change.theta, past.theta, (2 * d.modes + 1) * sizeof *change.theta);
  memcpy(change.xi, past.xi, (2 * d.modes + 1) * sizeof *change.xi);
  change.theta[0] += 1;
  *ours = 0;
  for (uint64_t i = 1; i <= 16; i++) {
    weyl_bms_vector v, w;
    double minus;
    WEYL_TRY(draw_vector(q, i, &v));
    WEYL_TRY(weyl_bms_vector_new(q->arena, 4, &w));
    weyl_bms_antipode(4, v.y, w.y);
    weyl_bms_antipode(4, v.t, w.t);
    if (what == LINK_BULK)
      WEYL_TRY(weyl_bms_bulk_charge(q->ctx, &past, &w, &change, true, -0.6, 20, 1, &minus));
    else
      minus = weyl_bms_charge(&past, what == LINK_CONTROL ? &v : &w, 1);
    worst(ours, fabs(weyl_bms_charge(&d, &v, 1) - minus));
  }
  snprintf(q->budget, 64, "16 random (T, Y)%s", what == LINK_BULK ? ", Q- from the past metric at r = 20" : "");
  return WEYL_OK;
}

static weyl_status link_ray(const asked *q, int what, double *ours) {
  (void)what;
  *ours = 0;
  weyl_bms_data d;
  WEYL_TRY(constant_data(q, -1, 0, &d));
  for (int past = 0; past < 2; past++) {
    const double x[3] = {0.3, 1e10, 0.4};
    double v[3];
    weyl_bms_ray ray;
    WEYL_TRY(weyl_bms_null(q->ctx, &d, past, x, 1, true, v));
    WEYL_TRY(weyl_bms_geodesic(
        q->ctx, &d, x, v,
        &(weyl_bms_ray_opts){.far = 1e10, .near = 1e-3, .tolerance = 1e-13, .most = 100000, .past = past}, &ray));
    worst(ours, ray.escaped ? fabs(ray.x[2] - x[2] - PI) : INFINITY);
  }
  snprintf(q->budget, 64, "r from 1e10 in and out, both coordinates");
  return WEYL_OK;
}

/* ---- 10: cosmologies ---- */

enum { THETA_OF, XI_OF, RADIUS, ENTROPY, TEMPERATURE, OMEGA, FIRST_LAW, MASS_MINKOWSKI, MASS_GAP };

static weyl_status cosmology(const asked *q, int what, double *ours) {
  const double g = 0.125;
  weyl_bms_data d;
  weyl_bms_thermo t;
  WEYL_TRY(weyl_bms_preset(q->ctx, q->arena, "fsc:1:1", g, &d));
  WEYL_TRY(weyl_bms_thermodynamics(q->ctx, d.theta[0], d.xi[0], g, &t));
  const double value[] = {d.theta[0], d.xi[0], t.radius, t.entropy, t.temperature, t.omega};
  snprintf(q->budget, 64, "M = J = 1, G = 1/8");
  if (what < FIRST_LAW) {
    *ours = value[what];
    return WEYL_OK;
  }
  *ours = 0; /* dM = -T dS + Omega dJ along 8 directions, by differences */
  for (int i = 0; i < 8; i++) {
    const double h = 1e-5, a = PI * i / 4;
    weyl_bms_thermo side[2];
    for (int s = 0; s < 2; s++) {
      const double e = s ? h : -h;
      WEYL_TRY(weyl_bms_thermodynamics(q->ctx, d.theta[0] + e * cos(a), d.xi[0] + e * sin(a), g, &side[s]));
    }
    worst(ours, fabs(side[1].mass - side[0].mass + t.temperature * (side[1].entropy - side[0].entropy) -
                     t.omega * (side[1].spin - side[0].spin)) /
                    (2 * h));
  }
  return WEYL_OK;
}

static weyl_status masses(const asked *q, int what, double *ours) {
  weyl_bms_data d;
  weyl_bms_vector v;
  WEYL_TRY(weyl_bms_preset(q->ctx, q->arena, what == MASS_GAP ? "orbifold" : "minkowski", 1, &d));
  WEYL_TRY(weyl_bms_vector_new(q->arena, 0, &v));
  v.t[0] = 1;
  *ours = weyl_bms_charge(&d, &v, 1);
  snprintf(q->budget, 64, "G = 1");
  return WEYL_OK;
}

/* ---- 11: four dimensions ---- */

enum { P2_RIEMANN, P2_SHEAR, MIX_RIEMANN, MIX_TRACE, MIX_MASS, TRANSLATION_SHEAR, LORENTZ, SUPERROTATION };

static weyl_status sphere(const asked *q, int what, double *ours) {
  double c[25] = {0};
  weyl_bms_vacuum v;
  weyl_rng rng = weyl_rng_new(4, "bms check sphere");
  if (what <= P2_SHEAR || what >= LORENTZ)
    c[6] = 1.0 / 3;
  else
    for (int i = 0; i < (what == TRANSLATION_SHEAR ? 4 : 25); i++) c[i] = 0.2 * weyl_rng_normal(&rng);
  if (what >= LORENTZ) {
    *ours = 0;
    const int l = what == LORENTZ ? 1 : 2;
    c[11] = 0.2; /* and something not axisymmetric */
    for (int m = -l; m <= l; m++)
      for (int curl = 0; curl < 2; curl++) {
        double charge;
        WEYL_TRY(weyl_bms_vacuum_charge(q->ctx, 4, c, l, m, curl, 1, &charge));
        worst(ours, fabs(charge));
      }
    snprintf(q->budget, 64, "f = P2 / 3 + 0.2 Y_3-1");
    return WEYL_OK;
  }
  WEYL_TRY(weyl_bms_vacuum_check(q->ctx, 4, c, q->full ? 500 : 50, 3, &v));
  const double value[] = {v.riemann_size, v.closed, v.riemann_size, v.trace, v.mass, v.shear};
  *ours = value[what];
  snprintf(q->budget, 64, "%d random points off the caustics", q->full ? 500 : 50);
  return WEYL_OK;
}

enum { SMOOTH_CENTRE, SMOOTH_SHELL, SMOOTH_FAR, SMOOTH_SHEAR, SMOOTH_SPOILT };

/* Without caustics. */
static weyl_status smooth(const asked *q, int what, double *ours) {
  const double length = 12;
  double c[25];
  weyl_bms_smooth v;
  weyl_rng rng = weyl_rng_new(5, "bms check sphere");
  for (int i = 0; i < 25; i++) c[i] = 0.2 * weyl_rng_normal(&rng);
  WEYL_TRY(weyl_bms_smooth_check(q->ctx, 4, c, length, q->full ? 500 : 50, 3, &v));
  if (!(v.stretch > 0)) return weyl_fail(q->ctx, WEYL_NUMERIC, "the map folds: stretch %g", v.stretch);
  const double value[] = {fmax(v.riemann[0], v.inside), v.riemann[1], fmax(v.riemann[2], v.outside), v.shear, v.spoilt};
  *ours = value[what];
  snprintf(q->budget, 64, "degrees to 4, L = %g, %d random points", length, q->full ? 500 : 50);
  return WEYL_OK;
}

/* ---- matter ---- */

enum { MATTER_MASS, MATTER_SPIN, MATTER_RICCI };

static weyl_status matter(const asked *q, int what, double *ours) {
  const double tau[] = {0.02, 0.01, 0, 0.003, 0.002}, sigma[] = {0.01, 0, 0.02, 0.005, 0};
  weyl_bms_data d;
  weyl_bms_flow f;
  WEYL_TRY(draw_data(q, 5, &d));
  WEYL_TRY(weyl_bms_evolve(q->ctx, q->arena, &d, &(weyl_bms_matter){2, tau, sigma, 1, 0.5, 1}, -3, 5, 1600, &f));
  const double value[] = {f.mass_error, f.spin_error, f.ricci_error};
  *ours = value[what];
  snprintf(q->budget, 64, "1600 Runge-Kutta steps");
  return WEYL_OK;
}

/* ---- the list ---- */

#define EXACT(value, tolerance) (value), (value) - (tolerance), (value) + (tolerance), "exact"
#define VANISHES(bound)         NAN, 0, (bound), "identity"
#define MUST_FAIL(bound)        NAN, (bound), INFINITY, "control"

static const struct {
  weyl_bms_check check;
  weyl_status (*run)(const asked *q, int what, double *ours);
  int what;
} rows[] = {
    {{"1 Ricci, future", "largest", VANISHES(1e-10)}, bulk, RICCI},
    {{"1 Ricci, past", "largest", VANISHES(1e-10)}, bulk, RICCI | PAST},
    {{"1 Ricci without u Theta' in g_uphi", "least", MUST_FAIL(1e-3)}, bulk, SPOILT},
    {{"2 Lie_xi g - g(delta), future", "largest", VANISHES(1e-10)}, bulk, LIE},
    {{"2 Lie_xi g - g(delta), past", "largest", VANISHES(1e-10)}, bulk, LIE | PAST},
    {{"3 modified bracket, future", "largest", VANISHES(1e-9)}, bulk, BRACKET},
    {{"3 modified bracket, past", "largest", VANISHES(1e-9)}, bulk, BRACKET | PAST},
    {{"3 bracket not modified", "least", MUST_FAIL(1e-3)}, bulk, UNMODIFIED},
    {{"3 modified with the wrong sign", "least", MUST_FAIL(1e-3)}, bulk, WRONG_SIGN},
    {{"4 charge from g, r = 10", "off the closed form", VANISHES(1e-9)}, bulk_charge, 0},
    {{"4 charge from g, r = 1000", "off the closed form", VANISHES(1e-9)}, bulk_charge, 1},
    {{"4 charge from g, past, r = 10", "off the closed form", VANISHES(1e-9)}, bulk_charge, PAST},
    {{"5 delta_2 Q1 - Q12 - K12", "largest", VANISHES(1e-12)}, bracket, 0},
    {{"5 brackets from g", "largest residual", VANISHES(1e-10)}, algebra, BRACKETS},
    {{"5 central charge c1 G", "value", EXACT(0, 1e-10)}, algebra, C1},
    {{"5 central charge c2 G", "value", EXACT(3, 1e-10)}, algebra, C2},
    {{"5 central term m^3", "residual", MUST_FAIL(1e-3)}, algebra, TERM},
    {{"5 no central term", "residual", MUST_FAIL(1e-3)}, algebra, NO_TERM},
    {{"6 trace, Theta0 = 0.5", "value", EXACT(9.3290651838, 1e-9)}, trace, 0},
    {{"6 trace, Theta0 = -0.36", "value", EXACT(-0.6180339887, 1e-9)}, trace, 1},
    {{"6 trace, vacuum", "value", EXACT(-2, 1e-9)}, trace, 2},
    {{"6 spin j under random F, alpha", "largest change", VANISHES(1e-9)}, spin, 0},
    {{"6 a from trace and winding", "largest error", VANISHES(1e-9)}, winding, 0},
    {{"7 composition of two maps", "largest difference", VANISHES(1e-10)}, composition, 0},
    {{"7 infinitesimal limit", "power of eps", EXACT(2, 0.02)}, limit, 0},
    {{"8 Im J_2 / eps, alpha = eps cos 2 phi", "value", EXACT(-0.75, 1e-12)}, vacuum, J2_IMAGINARY},
    {{"8 Re J_2 / eps", "value", EXACT(0, 1e-12)}, vacuum, J2_REAL},
    {{"8 J_n, |n| <= 1", "largest", VANISHES(1e-12)}, vacuum, J_POINCARE},
    {{"9 Q+ - Q-", "largest", VANISHES(1e-12)}, link_charges, LINK_BOUNDARY},
    {{"9 Q+ - Q- from the past metric", "largest", VANISHES(1e-9)}, link_charges, LINK_BULK},
    {{"9 symmetries not mapped", "largest", MUST_FAIL(1e-3)}, link_charges, LINK_CONTROL},
    {{"9 null ray turned by pi", "error", VANISHES(1e-8)}, link_ray, LINK_RAY},
    {{"10 Minkowski", "mass", EXACT(0, 1e-15)}, masses, MASS_MINKOWSKI},
    {{"10 mass gap to Theta = 0", "mass", EXACT(0.125, 1e-15)}, masses, MASS_GAP},
    {{"10 cosmology M = J = 1, G = 1/8", "Theta", EXACT(1, 1e-14)}, cosmology, THETA_OF},
    {{"10 cosmology M = J = 1, G = 1/8", "Xi", EXACT(0.5, 1e-14)}, cosmology, XI_OF},
    {{"10 cosmology M = J = 1, G = 1/8", "horizon", EXACT(0.5, 1e-14)}, cosmology, RADIUS},
    {{"10 cosmology M = J = 1, G = 1/8", "entropy", EXACT(2 * PI, 1e-13)}, cosmology, ENTROPY},
    {{"10 cosmology M = J = 1, G = 1/8", "temperature", EXACT(1 / PI, 1e-14)}, cosmology, TEMPERATURE},
    {{"10 cosmology M = J = 1, G = 1/8", "angular velocity", EXACT(2, 1e-14)}, cosmology, OMEGA},
    {{"10 first law", "largest error", VANISHES(1e-7)}, cosmology, FIRST_LAW},
    {{"11 4D Riemann, f = P2 / 3", "largest", VANISHES(1e-9)}, sphere, P2_RIEMANN},
    {{"11 4D shear from g, f = P2 / 3", "off the closed form", VANISHES(1e-12)}, sphere, P2_SHEAR},
    {{"11 4D Riemann, degrees to 4", "largest", VANISHES(1e-9)}, sphere, MIX_RIEMANN},
    {{"11 4D trace of the shear", "largest", VANISHES(1e-12)}, sphere, MIX_TRACE},
    {{"11 4D mass aspect", "largest", VANISHES(1e-12)}, sphere, MIX_MASS},
    {{"11 4D shear, degrees to 1", "largest", VANISHES(1e-12)}, sphere, TRANSLATION_SHEAR},
    {{"11 4D charges of Lorentz vectors", "largest", VANISHES(1e-12)}, sphere, LORENTZ},
    {{"11 4D charges of superrotations", "largest", MUST_FAIL(1e-3)}, sphere, SUPERROTATION},
    {{"11 4D smooth, g - eta and Riemann, r < L", "largest", VANISHES(1e-12)}, smooth, SMOOTH_CENTRE},
    {{"11 4D smooth, Riemann, L < r < 2 L", "largest", VANISHES(1e-12)}, smooth, SMOOTH_SHELL},
    {{"11 4D smooth, g and Riemann, r > 2 L", "largest", VANISHES(1e-12)}, smooth, SMOOTH_FAR},
    {{"11 4D smooth, shear from g", "off the closed form", VANISHES(1e-11)}, smooth, SMOOTH_SHEAR},
    {{"11 4D smooth without the slope of chi", "Riemann", MUST_FAIL(1e-4)}, smooth, SMOOTH_SPOILT},
    {{"matter: M + carried off", "largest change", VANISHES(1e-9)}, matter, MATTER_MASS},
    {{"matter: J + carried off", "largest change", VANISHES(1e-9)}, matter, MATTER_SPIN},
    {{"matter: Ricci - 8 pi G T from g", "largest", VANISHES(1e-10)}, matter, MATTER_RICCI},
};
enum { ROWS = sizeof rows / sizeof *rows };

const weyl_bms_check *weyl_bms_check_at(size_t i) { return i < ROWS ? &rows[i].check : NULL; }

weyl_status weyl_bms_check_run(weyl_context *ctx, size_t i, bool full, double *ours, char budget[64]) {
  if (i >= ROWS) return weyl_fail(ctx, WEYL_BAD_ARG, "check %zu of %d", i, ROWS);
  asked q = {.ctx = ctx, .full = full, .budget = budget};
  double value = NAN;
  budget[0] = '\0';
  WEYL_TRY(weyl_arena_new(ctx, &q.arena));
  const weyl_status status = rows[i].run(&q, rows[i].what, &value);
  weyl_arena_free(q.arena);
  if (status == WEYL_OK) *ours = value;
  return status;
}
