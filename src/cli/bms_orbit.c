/* weyl bms orbit and vacuum4d: which vacuum, which particle. */
#include "bms.h"

#include <stdlib.h>

/* ---- orbits ---- */

static const char *spelt(const weyl_bms_orbit *o, char text[96]) {
  switch (o->what) {
    case WEYL_BMS_HYPERBOLIC:
      snprintf(text, 96, o->winding ? "hyperbolic, winding %d: no constant on the orbit" : "flat cosmology",
               o->winding);
      break;
    case WEYL_BMS_ELLIPTIC: snprintf(text, 96, o->winding ? "conical excess" : "conical defect: a point mass"); break;
    case WEYL_BMS_PARABOLIC:
      snprintf(text, 96, o->winding ? "parabolic, winding %d, sign %+d: no constant on the orbit" : "null orbifold",
               o->winding, o->sign);
      break;
    case WEYL_BMS_EXCEPTIONAL:
      snprintf(text, 96, o->winding == 1 ? "vacuum" : "exceptional excess, a = %d", o->winding);
  }
  return text;
}

/* The classes of Theta = p + q cos(phi): Mathieu's chart. */
enum { CHART_X = 73, CHART_Y = 37, CHART = CHART_X * CHART_Y, KINDS = 6 };
static const char *const kind_name[KINDS] = {"cosmology",       "defect, a < 1", "excess, 1 < a < 2",
                                             "hyperbolic, w 1", "a > 2",         "hyperbolic, w > 1"};

typedef struct chart {
  double *x, *y; /* [KINDS][CHART] */
  size_t n[KINDS];
} chart;

static weyl_status draw_chart(bms *b, chart *out) {
  double theta[3] = {0}, xi[3] = {0};
  const weyl_bms_data d = {1, theta, xi};
  out->x = weyl_arena_array(b->arena, double, KINDS *CHART);
  out->y = weyl_arena_array(b->arena, double, KINDS *CHART);
  if (!out->x || !out->y) return WEYL_MEMORY;
  for (int i = 0; i < CHART_X; i++)
    for (int j = 0; j < CHART_Y; j++) {
      weyl_bms_orbit o;
      theta[0] = -7 + 9.0 * i / (CHART_X - 1) + 0.003; /* off the boundary lines at q = 0 */
      theta[1] = 4.5 * j / (CHART_Y - 1);
      WEYL_TRY(weyl_bms_orbit_of(b->c->ctx, &d, 128, &o, NULL));
      const int k = o.what == WEYL_BMS_HYPERBOLIC ? (o.winding == 0   ? 0
                                                     : o.winding == 1 ? 3
                                                                      : 5)
                    : o.winding == 0              ? 1
                    : o.winding == 1              ? 2
                                                  : 4;
      out->x[k * CHART + (int)out->n[k]] = theta[0];
      out->y[k * CHART + (int)out->n[k]++] = theta[1];
    }
  return WEYL_OK;
}

static weyl_status show_orbit(bms *b, const weyl_bms_orbit *o, const sheet *t, size_t points, const double *y) {
  chart ch = {0};
  WEYL_TRY(draw_chart(b, &ch));
  double *phi = weyl_arena_array(b->arena, double, points);
  if (!phi) return WEYL_MEMORY;
  for (size_t i = 0; i < points; i++) phi[i] = 2 * BMS_PI * (double)i / (double)points;
  weyl_series s[KINDS + 1 + 3] = {0};
  size_t kinds = 0;
  for (int k = 0; k < KINDS; k++)
    if (ch.n[k] > 0)
      s[kinds++] = (weyl_series){.label = kind_name[k],
                                 .style = WEYL_POINTS,
                                 .colour = k,
                                 .n = ch.n[k],
                                 .x = ch.x + k * CHART,
                                 .y = ch.y + k * CHART};
  /* data of one mode have a place in the chart: phi = 0 is of no matter */
  double size = 0, place[2] = {b->data.theta[0], 0};
  for (size_t n = 2; n <= b->data.modes; n++)
    size = fmax(size, fmax(fabs(b->data.theta[2 * n - 1]), fabs(b->data.theta[2 * n])));
  if (b->data.modes > 0) place[1] = hypot(b->data.theta[1], b->data.theta[2]);
  if (size < 1e-12 && place[0] > -7 && place[0] < 2 && place[1] < 4.5)
    s[kinds++] =
        (weyl_series){.label = "these data", .style = WEYL_POINTS, .colour = 7, .n = 1, .x = &place[0], .y = &place[1]};
  static const char *const which[] = {"psi1^2", "psi1 psi2", "psi2^2"};
  weyl_series *of = s + KINDS + 1;
  for (size_t k = 0; k < o->stabilisers; k++)
    of[k] = (weyl_series){.label = o->stabilisers > 1 ? which[k] : "y",
                          .style = WEYL_LINE,
                          .colour = (int)k,
                          .n = points,
                          .x = phi,
                          .y = y + k * points};
  const bms_page page = {
      .title = "Coadjoint orbits of BMS3",
      .text = "The class of an orbit is that of the monodromy of psi'' = (Theta / 4) psi, with its winding.",
      .table = t,
      .plots = 2,
      .plot = {{.title = "Orbits of Theta = p + q cos(phi)",
                .x_label = "p",
                .y_label = "q",
                .count = kinds,
                .series = s,
                .width = 860,
                .height = 480},
               {.title = "Stabiliser", .x_label = "phi", .y_label = "y", .count = o->stabilisers, .series = of}},
      .caption = {"Where data of one mode belong. The lines between are parabolic.",
                  "The symmetry that leaves Theta as it is."}};
  return bms_show(b, &page);
}

/* Moved by a random map the invariants are the same. */
static weyl_status moved(bms *b, const weyl_bms_orbit *o, double *trace, double *spin, double *integral) {
  weyl_rng rng = weyl_rng_new(cli_seed(b->c), "bms orbit");
  weyl_bms_map map;
  weyl_bms_data to;
  weyl_bms_orbit other;
  const size_t k = b->data.modes < 64 ? 160 : 2 * b->data.modes + 64;
  WEYL_TRY(weyl_bms_map_new(b->arena, 2, &map));
  weyl_bms_random(&rng, 2, 0.25, map.p);
  weyl_bms_random(&rng, 2, 0.5, map.alpha);
  while (!(weyl_circle_slope(2, map.p) > 0.5))
    for (int i = 1; i < 5; i++) map.p[i] *= 0.7;
  WEYL_TRY(weyl_bms_data_new(b->arena, k, &to));
  WEYL_TRY(weyl_bms_transform(b->c->ctx, &b->data, &map, &to, NULL));
  WEYL_TRY(weyl_bms_orbit_of(b->c->ctx, &to, 0, &other, NULL));
  *trace = fabs(other.trace - o->trace) / fmax(2, fabs(o->trace));
  *spin = fabs(other.spin[0] - o->spin[0]) / fmax(1, fabs(o->spin[0]));
  *integral = other.integral_error;
  return WEYL_OK;
}

weyl_status bms_orbit(bms *b) {
  cli *c = b->c;
  size_t points = 2048;
  while (points < 8 * b->data.modes) points *= 2;
  double *y = weyl_arena_array(b->arena, double, 3 * points), trace, spin, integral;
  if (!y) return WEYL_MEMORY;
  weyl_bms_orbit o;
  char text[96];
  WEYL_TRY(weyl_bms_orbit_of(c->ctx, &b->data, points, &o, y));
  weyl_json *json = c->result;
  weyl_json_string(json, "class", weyl_bms_class_name(o.what));
  weyl_json_string(json, "what", spelt(&o, text));
  weyl_json_number(json, "trace", o.trace);
  weyl_json_integer(json, "winding", o.winding);
  weyl_json_number(json, "theta0", o.theta0);
  weyl_json_number(json, "a", o.a);
  weyl_json_bool(json, "bounded", o.bounded);
  weyl_json_array(json, "monodromy");
  for (int i = 0; i < 4; i++) weyl_json_number(json, NULL, o.monodromy[i / 2][i % 2]);
  weyl_json_end(json);
  weyl_json_integer(json, "stabilisers", (int64_t)o.stabilisers);
  weyl_json_array(json, "spin");
  for (size_t k = 0; k < o.stabilisers; k++) weyl_json_number(json, NULL, o.spin[k]);
  weyl_json_end(json);
  sheet t;
  head(&t, (const char *const[]){"invariant", "value"}, 2);
  const struct {
    const char *name;
    double value;
  } row[] = {{"trace of the monodromy", o.trace},
             {"winding", o.winding},
             {"constant of the orbit Theta0", o.theta0},
             {"a, Theta0 = -a^2", o.a},
             {"mass of the constant, (Theta0 + 1) / 8 G", (o.theta0 + 1) / (8 * b->g)}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    if (isnan(row[i].value)) continue;
    put(&t, 0, "%s", row[i].name);
    put(&t, 1, "%.12g", bms_tidy(row[i].value));
    t.rows++;
  }
  for (size_t k = 0; k < o.stabilisers; k++, t.rows++) {
    put(&t, 0, o.stabilisers > 1 ? "spin along stabiliser %zu" : "spin j", k + 1);
    put(&t, 1, "%.12g", bms_tidy(o.spin[k]));
  }
  put(&t, 0, "energy on the orbit");
  put(&t, 1, o.bounded ? "bounded from below" : "not bounded from below");
  t.rows++;
  cli_say(c, "%s: %s (%s)\n\n", b->name, text, weyl_bms_class_name(o.what));
  show(c, &t);
  WEYL_TRY(moved(b, &o, &trace, &spin, &integral));
  bms_identities_begin(b);
  bms_identity(b, "trace with half the steps", o.error / fmax(2, fabs(o.trace)), 1e-9, false);
  bms_identity(b, "trace after a random transformation", trace, 1e-9, false);
  if (o.stabilisers == 1) {
    bms_identity(b, "spin after a random transformation", spin, 1e-8, false);
    bms_identity(b, "first integral of the stabiliser is constant", fmax(o.integral_error, integral), 1e-9, false);
  }
  bms_identities_end(b);
  const char *path = cli_string(c, "out");
  if (path) {
    double *phi = weyl_arena_array(b->arena, double, points);
    if (!phi) return WEYL_MEMORY;
    for (size_t i = 0; i < points; i++) phi[i] = 2 * BMS_PI * (double)i / (double)points;
    WEYL_TRY(weyl_table_write(c->ctx, path, points, 1 + o.stabilisers, (const char *const[]){"phi", "y1", "y2", "y3"},
                              (const double *const[]){phi, y, y + points, y + 2 * points}));
  }
  if (bms_draws(b)) WEYL_TRY(show_orbit(b, &o, &t, points, y));
  return bms_verdict(b);
}

/* ---- four dimensions ---- */

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
static weyl_status show_shear(bms *b, int l_max, const double *f, double most, const sheet *t) {
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
  const bms_page page = {
      .title = "Supertranslated Minkowski space",
      .text = "ds^2 = -du^2 - 2 du d(r + f) + q q, q_AB = r gamma_AB - D_A D_B f: flat, with shear at null infinity.",
      .table = t,
      .plots = 1,
      .plot = {{.title = "Shear of the vacuum on the celestial sphere",
                .x_label = "(Hammer's projection)",
                .y_label = "",
                .count = 2,
                .series = s,
                .width = 960,
                .height = 520}},
      .caption = {"Lines point along the stretching axis of C_AB; their length is its size."}};
  return bms_show(b, &page);
}

weyl_status bms_vacuum4d(bms *b) {
  cli *c = b->c;
  int l_max;
  double *f;
  const size_t points = cli_integer(c, "points") ? (size_t)cli_integer(c, "points") : 50;
  WEYL_TRY(harmonics(b, &l_max, &f));
  if (cli_string(c, "at")) {
    double x[4], riemann, scale;
    const char *at = cli_string(c, "at");
    int used = 0;
    if (sscanf(at, "%lf,%lf,%lf,%lf%n", &x[0], &x[1], &x[2], &x[3], &used) != 4 || at[used]) {
      snprintf(c->place, sizeof c->place, "--at");
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--at %s: must be u,r,theta,phi, 4 numbers with commas", at);
    }
    WEYL_TRY(weyl_bms_vacuum_riemann(c->ctx, l_max, f, x, &riemann, &scale));
    weyl_json_number(c->result, "riemann", riemann);
    cli_say(c, "at (%g, %g, %g, %g): largest |Riemann| %.2g, of terms to %.3g\n\n", x[0], x[1], x[2], x[3], riemann,
            scale);
  }
  weyl_bms_vacuum v;
  WEYL_TRY(weyl_bms_vacuum_check(c->ctx, l_max, f, points, cli_seed(c), &v));
  weyl_json_number(c->result, "shear", v.shear);
  weyl_json_number(c->result, "norm2", v.norm2);
  weyl_json_number(c->result, "caustic", v.radius);
  cli_say(c, "supertranslated Minkowski space, f of degree %d\n", l_max);
  cli_say(c, "largest shear %.9g, mean of C_AB C^AB %.9g, outermost caustic seen at |r| = %.9g\n\n", v.shear, v.norm2,
          v.radius);
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
  bms_identities_end(b);
  const char *path = cli_string(c, "out");
  if (path) {
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
    WEYL_TRY(weyl_table_write(c->ctx, path, GRID * GRID, 5,
                              (const char *const[]){"theta", "phi", "c_theta_theta", "c_theta_phi", "caustic"}, at));
  }
  if (bms_draws(b)) WEYL_TRY(show_shear(b, l_max, f, v.shear, &t));
  return bms_verdict(b);
}
