/* weyl bms metric, bulkcharge, evolve and geodesic: what happens in the bulk. */
#include "bms.h"

#include <stdlib.h>

/* n numbers with commas from --flag. */
static weyl_status numbers(bms *b, const char *flag, size_t n, const char *what, double *out) {
  cli *c = b->c;
  const char *text = cli_string(c, flag), *at = text;
  snprintf(c->place, sizeof c->place, "--%s", flag);
  for (size_t i = 0; i < n; i++) {
    char *end;
    out[i] = strtod(at, &end);
    if (end == at || !isfinite(out[i]) || *end != (i + 1 < n ? ',' : '\0'))
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s %s: must be %s, %zu finite numbers with commas", flag, text, what,
                       n);
    at = end + 1;
  }
  c->place[0] = '\0';
  return WEYL_OK;
}

/* ---- metric ---- */

static weyl_status at_one_point(bms *b) {
  cli *c = b->c;
  static const char *const place[] = {"uu", "ur", "uphi", "rr", "rphi", "phiphi"};
  double x[3], g[2][6], ricci[2][6], scale[2];
  WEYL_TRY(numbers(b, "at", 3, "u,r,phi", x));
  weyl_bms_data past;
  WEYL_TRY(weyl_bms_data_new(b->arena, b->data.modes, &past));
  weyl_bms_antipode(b->data.modes, b->data.theta, past.theta);
  weyl_bms_antipode(b->data.modes, b->data.xi, past.xi);
  for (int k = 0; k < 2; k++)
    WEYL_TRY(weyl_bms_metric(c->ctx, k ? &past : &b->data, k, 1, x, g[k], ricci[k], &scale[k]));
  sheet t;
  head(&t, (const char *const[]){"component", "g, future", "Ricci, future", "g, past", "Ricci, past"}, 5);
  weyl_json_array(c->result, "components");
  for (int i = 0; i < 6; i++, t.rows++) {
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", place[i]);
    put(&t, 0, "%s", place[i]);
    for (int k = 0; k < 2; k++) {
      weyl_json_number(c->result, k ? "g_past" : "g_future", g[k][i]);
      weyl_json_number(c->result, k ? "ricci_past" : "ricci_future", ricci[k][i]);
      put(&t, (size_t)(1 + 2 * k), "%.12g", g[k][i] + 0.0);
      put(&t, (size_t)(2 + 2 * k), "%.1e", ricci[k][i] + 0.0);
    }
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  cli_say(c, "at (u, r, phi) = (%g, %g, %g); the past is that of the antipodal data, at v in place of u\n\n", x[0],
          x[1], x[2]);
  show(c, &t);
  return WEYL_OK;
}

weyl_status bms_metric(bms *b) {
  cli *c = b->c;
  const size_t points = cli_integer(c, "points") ? (size_t)cli_integer(c, "points") : 100;
  const double low = cli_number(c, "low"), high = cli_number(c, "high");
  weyl_bms_vector v, w;
  weyl_rng rng = weyl_rng_new(cli_seed(c), "bms second vector");
  if (cli_string(c, "at")) WEYL_TRY(at_one_point(b));
  WEYL_TRY(bms_generator(b, "bms first vector", &v));
  WEYL_TRY(weyl_bms_vector_new(b->arena, 4, &w));
  weyl_bms_random(&rng, 4, 1, w.y);
  weyl_bms_random(&rng, 4, 1, w.t);
  cli_say(c, "%s%s: metric at %zu random points of each infinity, r from %g to %g\n", cli_string(c, "at") ? "\n" : "",
          b->name, points, low, high);
  bms_identities_begin(b);
  for (int past = 0; past < 2; past++) {
    weyl_bms_bulk found;
    WEYL_TRY(
        weyl_bms_bulk_check(c->ctx, &b->data, &v, &w, past, points, low, high, cli_seed(c) + (uint64_t)past, &found));
    const struct {
      const char *name;
      double value, bound;
      bool control;
    } row[] = {{"Ricci = 0", found.ricci, 1e-10, false},
               {"control: Ricci without u Theta' / 2 in g_uphi", found.spoilt, 1e-3, true},
               {"Lie_xi g = g(delta Theta, delta Xi)", found.lie, 1e-10, false},
               {"modified bracket = xi(T12, Y12)", found.bracket, 1e-9, false},
               {"control: bracket without modification", found.unmodified, 1e-3, true},
               {"control: modification of the wrong sign", found.wrong_sign, 1e-3, true},
               {"completion: n^2 / Omega at Omega = 1e-6", found.completion, 1e-3, false}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
      char name[96];
      /* constant data and symmetries make the modification vanish: then there is no control */
      if (row[i].control && !(row[i].value >= row[i].bound) && b->data.modes == 0) continue;
      snprintf(name, sizeof name, "%s: %s", past ? "past" : "future", row[i].name);
      bms_identity(b, name, row[i].value, row[i].bound, row[i].control);
    }
  }
  bms_identities_end(b);
  return bms_verdict(b);
}

/* ---- charges from the bulk ---- */

weyl_status bms_bulkcharge(bms *b) {
  cli *c = b->c;
  weyl_bms_vector v;
  weyl_bms_data change;
  WEYL_TRY(bms_generator(b, "bms first vector", &v));
  if (cli_given(c, "delta_theta") || cli_given(c, "delta_xi")) {
    size_t k;
    WEYL_TRY(bms_function(b, "delta_theta", 0, &k, &change.theta));
    WEYL_TRY(bms_function(b, "delta_xi", k, &change.modes, &change.xi));
    WEYL_TRY(bms_function(b, "delta_theta", change.modes, &change.modes, &change.theta));
  } else {
    weyl_rng rng = weyl_rng_new(cli_seed(c), "bms variation");
    WEYL_TRY(weyl_bms_data_new(b->arena, 4, &change));
    weyl_bms_random(&rng, 4, 1, change.theta);
    weyl_bms_random(&rng, 4, 1, change.xi);
  }
  /* Q of the change alone: the zero of the charge does not vary */
  const double closed = weyl_bms_charge(&change, &v, b->g) - v.t[0] / (8 * b->g),
               size = fmax(fabs(closed), 1e-3 / b->g);
  sheet t;
  head(&t, (const char *const[]){"r", "future", "off", "past", "off"}, 5);
  double worst[2] = {0};
  weyl_json_number(c->result, "closed", closed);
  weyl_json_array(c->result, "radii");
  for (int k = 1; k <= 5; k++, t.rows++) {
    const double r = pow(10, k);
    weyl_json_object(c->result, NULL);
    weyl_json_number(c->result, "r", r);
    put(&t, 0, "%g", r);
    for (int past = 0; past < 2; past++) {
      double q;
      WEYL_TRY(weyl_bms_bulk_charge(c->ctx, &b->data, &v, &change, past, 0.3, r, b->g, &q));
      const double off = fabs(q - closed) / size;
      worst[past] = fmax(worst[past], off);
      weyl_json_number(c->result, past ? "past" : "future", q);
      put(&t, (size_t)(1 + 2 * past), "%.14g", q);
      put(&t, (size_t)(2 + 2 * past), "%.1e", off);
    }
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  cli_say(c, "%s, G = %g: variation of the charge, by the form of Barnich and Brandt at u = 0.3\n", b->name, b->g);
  cli_say(c, "closed form 1 / (16 pi G) int T dTheta + 2 Y dXi = %.14g\n\n", closed);
  show(c, &t);
  bms_identities_begin(b);
  bms_identity(b, "future, r = 10 to 1e5: closed form", worst[0], 1e-9, false);
  bms_identity(b, "past, r = 10 to 1e5: closed form", worst[1], 1e-9, false);
  bms_identities_end(b);
  return bms_verdict(b);
}

/* ---- matter ---- */

weyl_status bms_evolve(bms *b) {
  cli *c = b->c;
  weyl_bms_matter m = {.centre = cli_number(c, "centre"), .width = cli_number(c, "width"), .g = b->g};
  size_t k;
  double *tau, *sigma;
  WEYL_TRY(bms_function(b, "tau", 0, &k, &tau));
  WEYL_TRY(bms_function(b, "sigma", k, &m.modes, &sigma));
  WEYL_TRY(bms_function(b, "tau", m.modes, &m.modes, &tau));
  if (!cli_given(c, "tau")) tau[0] = 0.02;
  m.tau = tau;
  m.sigma = sigma;
  double least = INFINITY;
  for (int i = 0; i < BMS_CURVE; i++) {
    double at;
    weyl_circle_at(m.modes, tau, 2 * BMS_PI * i / BMS_CURVE, 0, &at);
    least = fmin(least, at);
  }
  if (least < 0) cli_note(c, "warning: tau falls to %.3g: matter of negative energy", least);
  const double step = (cli_number(c, "to") - cli_number(c, "from")) / (double)cli_integer(c, "steps");
  if (step > 0.2 * m.width)
    cli_note(c, "warning: steps of %.3g do not resolve a pulse of width %.3g: take more --steps", step, m.width);
  weyl_bms_flow f;
  WEYL_TRY(weyl_bms_evolve(c->ctx, b->arena, &b->data, &m, cli_number(c, "from"), cli_number(c, "to"),
                           (size_t)cli_integer(c, "steps"), &f));
  sheet t;
  head(&t, (const char *const[]){"u", "mass M", "carried off", "M + carried off", "angular momentum J"}, 5);
  for (int i = 0; i <= 8; i++, t.rows++) {
    const size_t at = f.steps * (size_t)i / 8;
    put(&t, 0, "%g", f.u[at]);
    put(&t, 1, "%.12g", f.mass[at]);
    put(&t, 2, "%.12g", f.lost[at]);
    put(&t, 3, "%.12g", f.mass[at] + f.lost[at]);
    put(&t, 4, "%.12g", f.spin[at]);
  }
  weyl_json_number(c->result, "mass_before", f.mass[0]);
  weyl_json_number(c->result, "mass_after", f.mass[f.steps]);
  weyl_json_number(c->result, "carried_off", f.lost[f.steps]);
  weyl_json_number(c->result, "spin_before", f.spin[0]);
  weyl_json_number(c->result, "spin_after", f.spin[f.steps]);
  bms_json_modes(c->result, "theta", f.end.modes, f.end.theta);
  bms_json_modes(c->result, "xi", f.end.modes, f.end.xi);
  cli_say(c, "%s, G = %g: a pulse of null matter around u = %g\n\n", b->name, b->g, m.centre);
  show(c, &t);
  bms_identities_begin(b);
  bms_identity(b, "M + what is carried off = const", f.mass_error, 1e-6, false);
  bms_identity(b, "J + what is carried off = const", f.spin_error, 1e-6, false);
  bms_identity(b, "R_ab = 8 pi G T_ab from the metric in the bulk", f.ricci_error, 1e-10, false);
  bms_identity(b, "R = 0: the matter is null", f.trace, 1e-10, false);
  bms_identities_end(b);
  WEYL_TRY(study_save(c, f.steps + 1, 4, (const char *const[]){"u", "mass", "spin", "carried_off"},
                      (const double *const[]){f.u, f.mass, f.spin, f.lost}));
  if (study_draws(c)) {
    double *phi = bms_curve(b, 0, NULL), *before = bms_curve(b, b->data.modes, b->data.theta),
           *after = bms_curve(b, f.end.modes, f.end.theta);
    if (!phi || !before || !after) return WEYL_MEMORY;
    const size_t stride = f.steps / 1000 + 1, n = f.steps / stride + 1;
    double *u = weyl_arena_array(b->arena, double, 3 * n);
    if (!u) return WEYL_MEMORY;
    for (size_t i = 0; i < n; i++) {
      u[i] = f.u[i * stride];
      u[n + i] = f.mass[i * stride];
      u[2 * n + i] = f.spin[i * stride];
    }
    const weyl_series s[] = {
        {.label = "M", .style = WEYL_LINE, .colour = 0, .n = n, .x = u, .y = u + n},
        {.label = "J", .style = WEYL_LINE, .colour = 1, .n = n, .x = u, .y = u + 2 * n},
        {.label = "before", .style = WEYL_DASHES, .colour = 0, .n = BMS_CURVE, .x = phi, .y = before},
        {.label = "after", .style = WEYL_LINE, .colour = 1, .n = BMS_CURVE, .x = phi, .y = after}};
    const weyl_plot plots[2] = {
        {.title = "Charges", .x_label = "u", .y_label = "", .count = 2, .series = s},
        {.title = "Mass aspect", .x_label = "phi", .y_label = "Theta", .count = 2, .series = s + 2}};
    WEYL_TRY(study_draw_all(c, 2, plots,
                            (const char *const[]){"Null matter carries mass and angular momentum to infinity.",
                                                  "Theta before and after."}));
  }
  return bms_verdict(b);
}

/* ---- geodesics ---- */

enum { PATH = 20000 };

weyl_status bms_geodesic(bms *b) {
  cli *c = b->c;
  const bool past = cli_bool(c, "past"), inward = !cli_bool(c, "outward");
  const double far = cli_number(c, "far");
  double x[3] = {0, far, 0}, v[3];
  if (cli_string(c, "at")) WEYL_TRY(numbers(b, "at", 3, past ? "v,r,phi" : "u,r,phi", x));
  if (cli_string(c, "velocity"))
    WEYL_TRY(numbers(b, "velocity", 3, "u',r',phi'", v));
  else
    WEYL_TRY(weyl_bms_null(c->ctx, &b->data, past, x, cli_number(c, "impact"), inward, v));
  double *path = weyl_arena_array(b->arena, double, 3 * PATH);
  if (!path) return WEYL_MEMORY;
  weyl_bms_ray ray;
  const weyl_bms_ray_opts o = {.far = far,
                               .near = cli_number(c, "near"),
                               .tolerance = 1e-13,
                               .most = 200000,
                               .past = past,
                               .path = path,
                               .path_room = PATH};
  WEYL_TRY(weyl_bms_geodesic(c->ctx, &b->data, x, v, &o, &ray));
  weyl_json_array(c->result, "end");
  for (int i = 0; i < 3; i++) weyl_json_number(c->result, NULL, ray.x[i]);
  weyl_json_end(c->result);
  const double turned = ray.x[2] - x[2];
  weyl_json_number(c->result, "turned", turned);
  weyl_json_number(c->result, "nearest", ray.nearest);
  weyl_json_number(c->result, "norm", ray.norm);
  weyl_json_integer(c->result, "steps", (int64_t)ray.steps);
  weyl_json_bool(c->result, "escaped", ray.escaped);
  cli_say(c, "%s: from (%g, %g, %g) to (%.9g, %.9g, %.12g) in %zu steps%s\n", b->name, x[0], x[1], x[2], ray.x[0],
          ray.x[1], ray.x[2], ray.steps, ray.escaped ? ", out to infinity" : "");
  cli_say(c, "nearest r = %.9g, turned by %.12g = %.9g pi\n", ray.nearest, turned, turned / BMS_PI);
  bms_identities_begin(b);
  bms_identity(b, "g(v, v) stays, relative to its largest term", ray.norm_drift, 1e-9, false);
  const bool constant = b->data.modes == 0 && b->data.xi[0] == 0 && b->data.theta[0] < 0;
  if (constant && ray.escaped && inward && !cli_string(c, "velocity") && x[1] >= 0.99 * far)
    bms_identity(b, "turned by pi / a, less the ends", fabs(fabs(turned) - BMS_PI / sqrt(-b->data.theta[0])),
                 1e-8 + 8 * fabs(cli_number(c, "impact")) / far, false);
  bms_identities_end(b);
  const size_t n = ray.steps + 1 < PATH ? ray.steps + 1 : PATH;
  double *column = weyl_arena_array(b->arena, double, 3 * n);
  if (!column) return WEYL_MEMORY;
  for (size_t i = 0; i < 3 * n; i++) column[(i % 3) * n + i / 3] = path[i];
  WEYL_TRY(study_save(c, n, 3, (const char *const[]){"x", "y", past ? "v" : "u"},
                      (const double *const[]){column, column + n, column + 2 * n}));
  if (study_draws(c)) {
    const double reach = 20 * fmax(ray.nearest, 1e-9); /* the part near the centre */
    double *shown = weyl_arena_array(b->arena, double, 2 * n);
    if (!shown) return WEYL_MEMORY;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
      if (hypot(path[3 * i], path[3 * i + 1]) < reach) {
        shown[kept] = path[3 * i];
        shown[n + kept++] = path[3 * i + 1];
      }
    const double zero = 0;
    const weyl_series s[] = {{.label = "ray", .style = WEYL_LINE, .colour = 0, .n = kept, .x = shown, .y = shown + n},
                             {.label = "r = 0", .style = WEYL_POINTS, .colour = 1, .n = 1, .x = &zero, .y = &zero}};
    const weyl_plot plot = {.title = "A geodesic",
                            .x_label = "r cos phi",
                            .y_label = "r sin phi",
                            .equal_axes = true,
                            .count = 2,
                            .series = s,
                            .width = 560,
                            .height = 560};
    WEYL_TRY(study_draw_all(c, 1, &plot, (const char *const[]){"The part of the path near the centre."}));
  }
  return bms_verdict(b);
}
