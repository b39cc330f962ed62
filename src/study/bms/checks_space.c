/* Checks of spacetimes: past and future, cosmologies, matter. */
#include "checks.h"

#include <string.h>

#define PI 3.14159265358979323846

/* ---- 9: linking ---- */

enum { LINK_BOUNDARY, LINK_BULK, LINK_RAY, LINK_CONTROL };

static weyl_status link_charges(const asked *q, int what, double *ours) {
  weyl_bms_data d, past, change;
  WEYL_TRY(checks_data(q, 2, &d));
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
    WEYL_TRY(checks_vector(q, i, &v));
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
  WEYL_TRY(checks_constant(q, -1, 0, &d));
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

/* ---- matter ---- */

enum { MATTER_MASS, MATTER_SPIN, MATTER_RICCI };

static weyl_status matter(const asked *q, int what, double *ours) {
  const double tau[] = {0.02, 0.01, 0, 0.003, 0.002}, sigma[] = {0.01, 0, 0.02, 0.005, 0};
  weyl_bms_data d;
  weyl_bms_flow f;
  WEYL_TRY(checks_data(q, 5, &d));
  WEYL_TRY(weyl_bms_evolve(q->ctx, q->arena, &d, &(weyl_bms_matter){2, tau, sigma, 1, 0.5, 1}, -3, 5, 1600, &f));
  const double value[] = {f.mass_error, f.spin_error, f.ricci_error};
  *ours = value[what];
  snprintf(q->budget, 64, "1600 Runge-Kutta steps");
  return WEYL_OK;
}

/* ---- the rows ---- */

const checks_row checks_space[] = {
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
    {{"matter: M + carried off", "largest change", VANISHES(1e-9)}, matter, MATTER_MASS},
    {{"matter: J + carried off", "largest change", VANISHES(1e-9)}, matter, MATTER_SPIN},
    {{"matter: Ricci - 8 pi G T from g", "largest", VANISHES(1e-10)}, matter, MATTER_RICCI},
    {{0}, NULL, 0}};
