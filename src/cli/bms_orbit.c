/* weyl bms orbit: which vacuum, which particle. */
#include "bms.h"

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

static weyl_status show_orbit(bms *b, const weyl_bms_orbit *o, size_t points, const double *y) {
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
  const weyl_plot plots[2] = {
      {.title = "Orbits of Theta = p + q cos(phi)",
       .x_label = "p",
       .y_label = "q",
       .count = kinds,
       .series = s,
       .width = 860,
       .height = 480},
      {.title = "Stabiliser", .x_label = "phi", .y_label = "y", .count = o->stabilisers, .series = of}};
  return study_draw_all(
      b->c, 2, plots,
      (const char *const[]){"The class of an orbit is that of the monodromy of psi'' = (Theta / 4) psi, with its "
                            "winding: where data of one mode belong. The lines between are parabolic.",
                            "The symmetry that leaves Theta as it is."});
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
  if (cli_string(c, "out")) {
    double *phi = weyl_arena_array(b->arena, double, points);
    if (!phi) return WEYL_MEMORY;
    for (size_t i = 0; i < points; i++) phi[i] = 2 * BMS_PI * (double)i / (double)points;
    WEYL_TRY(study_save(c, points, 1 + o.stabilisers, (const char *const[]){"phi", "y1", "y2", "y3"},
                        (const double *const[]){phi, y, y + points, y + 2 * points}));
  }
  if (study_draws(c)) WEYL_TRY(show_orbit(b, &o, points, y));
  return bms_verdict(b);
}
