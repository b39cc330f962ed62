/* weyl bms vacuum4d: supertranslated Minkowski space in four dimensions. */
#include "bms.h"

#include <stdlib.h>

static weyl_status harmonics(bms *b, int *l_max, double **out) {
  cli *c = b->c;
  *out = weyl_arena_array(b->arena, double, (WEYL_BMS_DEGREE + 1) * (WEYL_BMS_DEGREE + 1));
  if (!*out) return WEYL_MEMORY;
  *l_max = (int)cli_integer(c, "degree");
  if (*l_max > 0) {
    weyl_rng rng = weyl_rng_new(cli_seed(c), "bms vacuum4d");
    for (int l = 0; l <= *l_max; l++)
      for (int m = -l; m <= l; m++) (*out)[l * l + l + m] = ldexp(weyl_rng_normal(&rng), -l);
    return WEYL_OK;
  }
  snprintf(c->place, sizeof c->place, "--harmonics");
  const char *text = cli_string(c, "harmonics");
  for (const char *at = text ? text : "0:0:0"; *at;) {
    char *end;
    const long l = strtol(at, &end, 10);
    const char *second = *end == ':' && end != at ? end + 1 : NULL;
    const long m = second ? strtol(second, &end, 10) : 0;
    const char *third = second && *end == ':' && end != second ? end + 1 : NULL;
    const double x = third ? strtod(third, &end) : 0;
    if (!third || end == third || !isfinite(x) || (*end && *end != ',') || (*end == ',' && !end[1]))
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--harmonics has \"%.20s\", expected l:m:coefficient, commas between", at);
    if (l < 0 || l > WEYL_BMS_DEGREE || m < -l || m > l)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--harmonics has \"%.20s\": degrees are 0 to %d, orders -l to l", at,
                       WEYL_BMS_DEGREE);
    (*out)[l * l + l + m] += x;
    if (l > *l_max) *l_max = (int)l;
    at = *end ? end + 1 : end;
  }
  c->place[0] = '\0';
  return WEYL_OK;
}

/* Hammer's projection of the sphere, areas as they are. */
static void hammer(double theta, double phi, double *x, double *y) {
  const double latitude = BMS_PI / 2 - theta, longitude = phi - BMS_PI;
  const double z = sqrt(1 + cos(latitude) * cos(longitude / 2));
  *x = 2 * cos(latitude) * sin(longitude / 2) * sqrt(2) / z;
  *y = sin(latitude) * sqrt(2) / z;
}

enum { RINGS = 15, WHISKERS = 1200, OUTLINE = 200 };

/* Headless arrows along the stretching axis of the shear, as long as it is strong. */
static weyl_status show_shear(bms *b, int l_max, const double *f, double most) {
  double *x = weyl_arena_array(b->arena, double, 3 * WHISKERS), *y = weyl_arena_array(b->arena, double, 3 * WHISKERS),
         *edge = weyl_arena_array(b->arena, double, 2 * OUTLINE);
  if (!x || !y || !edge) return WEYL_MEMORY;
  size_t n = 0;
  for (int i = 0; i < RINGS; i++) {
    const double theta = BMS_PI * (i + 0.5) / RINGS;
    const int around = (int)ceil(2 * RINGS * sin(theta));
    for (int j = 0; j < around && n + 3 <= 3 * WHISKERS; j++) {
      const double phi = 2 * BMS_PI * (j + 0.5) / around;
      weyl_bms_shear s;
      WEYL_TRY(weyl_bms_shear_at(b->c->ctx, l_max, f, theta, phi, &s));
      const double size = hypot(s.c[0], s.c[1]), axis = 0.5 * atan2(s.c[1], s.c[0]);
      const double reach = most > 0 ? 0.95 * BMS_PI / RINGS / 2 * size / most : 0;
      for (int end = -1; end <= 1; end += 2, n++)
        hammer(theta + end * reach * cos(axis), phi + end * reach * sin(axis) / sin(theta), &x[n], &y[n]);
      x[n] = y[n] = NAN;
      n++;
    }
  }
  for (int i = 0; i < OUTLINE; i++) {
    const double at = 2 * BMS_PI * i / (OUTLINE - 1);
    edge[i] = 2 * sqrt(2) * cos(at);
    edge[OUTLINE + i] = sqrt(2) * sin(at);
  }
  const weyl_series s[] = {
      {.label = NULL, .style = WEYL_LINE, .colour = 7, .n = OUTLINE, .x = edge, .y = edge + OUTLINE},
      {.label = NULL, .style = WEYL_LINE, .colour = 0, .n = n, .x = x, .y = y}};
  const weyl_plot plot = {.title = "Shear of the vacuum on the celestial sphere",
                          .x_label = "(Hammer's projection)",
                          .y_label = "",
                          .count = 2,
                          .series = s,
                          .width = 960,
                          .height = 520};
  return study_draw_all(
      b->c, 1, &plot,
      (const char *const[]){"Lines point along the stretching axis of C_AB; their length is its size. The metric is "
                            "-du^2 - 2 du d(r + f) + q q with q_AB = r gamma_AB - D_A D_B f: flat."});
}

/* --at; with --smooth the metric too. */
static weyl_status at_one_point(bms *b, int l_max, const double *f, double length) {
  static const char *const name[] = {"uu",      "ur",    "u theta",     "u phi",     "rr",
                                     "r theta", "r phi", "theta theta", "theta phi", "phi phi"};
  cli *c = b->c;
  double x[4], riemann, scale;
  const char *at = cli_string(c, "at");
  int used = 0;
  if (sscanf(at, "%lf,%lf,%lf,%lf%n", &x[0], &x[1], &x[2], &x[3], &used) != 4 || at[used]) {
    snprintf(c->place, sizeof c->place, "--at");
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--at %s: must be u,r,theta,phi, 4 numbers with commas", at);
  }
  weyl_bms_smooth_point p;
  if (length > 0) {
    WEYL_TRY(weyl_bms_smooth_at(c->ctx, l_max, f, length, x, &p));
    riemann = p.riemann;
    scale = p.scale;
  } else {
    WEYL_TRY(weyl_bms_vacuum_riemann(c->ctx, l_max, f, x, &riemann, &scale));
  }
  weyl_json_number(c->result, "riemann", riemann);
  cli_say(c, "at (%g, %g, %g, %g): largest |Riemann| %.2g, of terms to %.3g\n\n", x[0], x[1], x[2], x[3], riemann,
          scale);
  if (!(length > 0)) return WEYL_OK;
  sheet t;
  head(&t, (const char *const[]){"component", "g"}, 2);
  weyl_json_array(c->result, "metric");
  for (int i = 0; i < 10; i++, t.rows++) {
    weyl_json_number(c->result, NULL, p.g[i]);
    put(&t, 0, "%s", name[i]);
    put(&t, 1, "%.12g", p.g[i] + 0.0);
  }
  weyl_json_end(c->result);
  show(c, &t);
  cli_say(c, "\n");
  return WEYL_OK;
}

/* The same vacuum with Minkowski space inside r = L. */
static void smooth_identities(bms *b, const weyl_bms_smooth *v, double length, double shear) {
  bms_identity(b, "smooth: g = eta, r < L", v->inside, 1e-12, false);
  bms_identity(b, "smooth: Riemann = 0, 1e-4 L < r < L", v->riemann[0], 1e-9, false);
  bms_identity(b, "smooth: Riemann = 0, L < r < 2 L", v->riemann[1], 1e-9, false);
  bms_identity(b, "smooth: Riemann = 0, 2 L < r < 10 L", v->riemann[2], 1e-9, false);
  if (shear > 1e-9)
    bms_identity(b, "control: L < r < 2 L without the slope of chi", v->spoilt, fmin(1e-4, 1e-3 * shear / length),
                 true);
  bms_identity(b, "smooth: g is that of the vacuum, r > 2 L", v->outside, 1e-11, false);
  bms_identity(b, "smooth: C_AB from this metric", v->shear / fmax(fmax(1, shear), length), 1e-12, false);
  bms_identity(b, "smooth: no caustic, 1 - least stretch of the map", 1 - v->stretch, 1, false);
}

weyl_status bms_vacuum4d(bms *b) {
  cli *c = b->c;
  int l_max;
  double *f;
  const size_t points = cli_integer(c, "points") ? (size_t)cli_integer(c, "points") : 50;
  WEYL_TRY(harmonics(b, &l_max, &f));
  const double length = cli_number(c, "smooth");
  if (cli_string(c, "at")) WEYL_TRY(at_one_point(b, l_max, f, length));
  weyl_bms_vacuum v;
  WEYL_TRY(weyl_bms_vacuum_check(c->ctx, l_max, f, points, cli_seed(c), &v));
  weyl_json_number(c->result, "shear", v.shear);
  weyl_json_number(c->result, "norm2", v.norm2);
  weyl_json_number(c->result, "caustic", v.radius);
  cli_say(c, "supertranslated Minkowski space, f of degree %d\n", l_max);
  cli_say(c, "largest shear %.9g, mean of C_AB C^AB %.9g, outermost caustic seen at |r| = %.9g\n\n", v.shear, v.norm2,
          v.radius);
  weyl_bms_smooth everywhere;
  if (length > 0) {
    WEYL_TRY(weyl_bms_smooth_check(c->ctx, l_max, f, length, points, cli_seed(c), &everywhere));
    weyl_json_number(c->result, "stretch", everywhere.stretch);
    cli_say(c, "without caustics: Minkowski space inside r = %g, this vacuum beyond %g, least stretch %.6g\n\n", length,
            2 * length, everywhere.stretch);
    if (!(everywhere.stretch > 0)) cli_note(c, "the map folds: take a larger --smooth than %g", length);
  }
  sheet t;
  head(&t, (const char *const[]){"vector", "l", "m", "charge of the gradient", "of the curl"}, 5);
  weyl_json_array(c->result, "charges");
  double lorentz = 0, beyond = 0;
  for (int l = 1; l <= 3; l++)
    for (int m = -l; m <= l; m++, t.rows++) {
      double q[2];
      for (int k = 0; k < 2; k++) {
        WEYL_TRY(weyl_bms_vacuum_charge(c->ctx, l_max, f, l, m, k, b->g, &q[k]));
        if (l == 1)
          lorentz = fmax(lorentz, fabs(q[k]));
        else
          beyond = fmax(beyond, fabs(q[k]));
      }
      put(&t, 0, "%s", l == 1 ? "Lorentz" : "superrotation");
      put(&t, 1, "%d", l);
      put(&t, 2, "%d", m);
      put(&t, 3, "%.9g", bms_tidy(q[0]));
      put(&t, 4, "%.9g", bms_tidy(q[1]));
      weyl_json_object(c->result, NULL);
      weyl_json_integer(c->result, "l", l);
      weyl_json_integer(c->result, "m", m);
      weyl_json_number(c->result, "gradient", q[0]);
      weyl_json_number(c->result, "curl", q[1]);
      weyl_json_end(c->result);
    }
  weyl_json_end(c->result);
  cli_say(c, "charges of superrotations (coefficients after Flanagan and Nichols):\n");
  show(c, &t);
  const double size = fmax(1, v.shear);
  bms_identities_begin(b);
  bms_identity(b, "Riemann = 0, relative to its terms", v.riemann, 1e-9, false);
  bms_identity(b, "C_AB from the metric = -2 D_A D_B f + gamma_AB D^2 f", v.closed / size, 1e-12, false);
  bms_identity(b, "C_AB without trace", v.trace / size, 1e-12, false);
  bms_identity(b, "g_uA = D^B C_AB / 2", v.divergence / size, 1e-11, false);
  bms_identity(b, "mass aspect = 0", v.mass, 1e-14, false);
  bms_identity(b, "charges of the Lorentz group = 0", lorentz * b->g / (size * size), 1e-12, false);
  if (v.shear > 1e-9) bms_identity(b, "control: some superrotation charge", beyond * b->g, 1e-12, true);
  if (length > 0) smooth_identities(b, &everywhere, length, v.shear);
  bms_identities_end(b);
  if (cli_string(c, "out")) {
    enum { GRID = 37 };
    double *column = weyl_arena_array(b->arena, double, 5 * GRID * GRID);
    if (!column) return WEYL_MEMORY;
    for (size_t i = 0; i < GRID * GRID; i++) {
      weyl_bms_shear s;
      const double theta = BMS_PI * ((double)(i / GRID) + 0.5) / GRID, phi = 2 * BMS_PI * (double)(i % GRID) / GRID;
      WEYL_TRY(weyl_bms_shear_at(c->ctx, l_max, f, theta, phi, &s));
      const double row[5] = {theta, phi, s.c[0], s.c[1], s.radius};
      for (size_t k = 0; k < 5; k++) column[k * GRID * GRID + i] = row[k];
    }
    const double *at[5];
    for (size_t k = 0; k < 5; k++) at[k] = column + k * GRID * GRID;
    WEYL_TRY(study_save(c, GRID * GRID, 5,
                        (const char *const[]){"theta", "phi", "c_theta_theta", "c_theta_phi", "caustic"}, at));
  }
  if (study_draws(c)) WEYL_TRY(show_shear(b, l_max, f, v.shear));
  return bms_verdict(b);
}
