/* Checks of finite transformations, of orbits and of the supertranslated vacuum in three dimensions. */
#include "checks.h"

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
  WEYL_TRY(checks_constant(q, theta0, 0.7, &d));
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
    WEYL_TRY(checks_data(q, seed, &d));
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
    WEYL_TRY(checks_data(q, 3, &d));
    WEYL_TRY(checks_vector(q, 3, &v));
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
  WEYL_TRY(checks_constant(q, -1, 0, &d));
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

/* ---- the rows ---- */

const checks_row checks_orbit[] = {
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
    {{0}, NULL, 0}};
