/* weyl bms transform and charges: boundary data. */
#include "bms.h"

static weyl_bms_vector constant_vector(const bms *b, double y, double t) {
  weyl_bms_vector v = {0};
  if (weyl_bms_vector_new(b->arena, 0, &v) != WEYL_OK) return v;
  v.y[0] = y;
  v.t[0] = t;
  return v;
}

static weyl_status mass_and_spin(const bms *b, const weyl_bms_data *d, double out[2]) {
  for (int k = 0; k < 2; k++) {
    const weyl_bms_vector v = constant_vector(b, k, 1 - k);
    if (!v.y) return WEYL_MEMORY;
    out[k] = weyl_bms_charge(d, &v, b->g);
  }
  return WEYL_OK;
}

/* ---- transform ---- */

/* The inverse undoes it, and invariants are what they were. */
typedef struct back {
  double apart, invariant, spin;
} back;

static weyl_status there_and_back(bms *b, const weyl_bms_map *map, const weyl_bms_data *all, back *out) {
  weyl_context *ctx = b->c->ctx;
  const weyl_bms_data trimmed = weyl_bms_data_trim(*all), *to = &trimmed;
  const size_t k = all->modes < 2 * to->modes + 64 ? all->modes : 2 * to->modes + 64;
  weyl_bms_map inverse;
  weyl_bms_data again;
  weyl_bms_orbit o[2];
  WEYL_TRY(weyl_bms_map_new(b->arena, k, &inverse));
  WEYL_TRY(weyl_bms_data_new(b->arena, k, &again));
  WEYL_TRY(weyl_bms_inverse(ctx, map, &inverse));
  WEYL_TRY(weyl_bms_transform(ctx, to, &inverse, &again, NULL));
  double size = 0, apart = 0;
  for (size_t i = 0; i <= 2 * k; i++) {
    const bool there = i <= 2 * b->data.modes;
    const double theta = there ? b->data.theta[i] : 0, xi = there ? b->data.xi[i] : 0;
    size = fmax(size, fmax(fabs(to->theta[i]), fabs(to->xi[i])));
    apart = fmax(apart, fmax(fabs(again.theta[i] - theta), fabs(again.xi[i] - xi)));
  }
  out->apart = apart / fmax(size, 1);
  WEYL_TRY(weyl_bms_orbit_of(ctx, &b->data, 0, &o[0], NULL));
  WEYL_TRY(weyl_bms_orbit_of(ctx, to, 0, &o[1], NULL));
  out->invariant = fabs(o[1].trace - o[0].trace) / fmax(2, fabs(o[0].trace));
  out->spin = o[0].stabilisers == 1 ? fabs(o[1].spin[0] - o[0].spin[0]) / fmax(1, fabs(o[0].spin[0])) : 0;
  return WEYL_OK;
}

/* Both aspects before, on the way (thirds of F and alpha) and after. */
static weyl_status show_transform(bms *b, const weyl_bms_map *map, const weyl_bms_data *to) {
  enum { STAGES = 4 };
  static const char *const label[STAGES] = {"before", "1/3 of the way", "2/3", "after"};
  const double *phi = bms_curve(b, 0, NULL);
  weyl_series s[2][STAGES];
  for (int i = 0; i < STAGES; i++) {
    weyl_bms_data d = i == 0 ? b->data : *to;
    if (i > 0 && i < STAGES - 1) {
      weyl_bms_map part;
      WEYL_TRY(weyl_bms_map_new(b->arena, map->modes, &part));
      for (size_t k = 0; k <= 2 * map->modes; k++) {
        part.p[k] = map->p[k] * i / (STAGES - 1);
        part.alpha[k] = map->alpha[k] * i / (STAGES - 1);
      }
      WEYL_TRY(weyl_bms_data_new(b->arena, to->modes, &d));
      WEYL_TRY(weyl_bms_transform(b->c->ctx, &b->data, &part, &d, NULL));
    }
    for (int k = 0; k < 2; k++) {
      const double *y = bms_curve(b, d.modes, k ? d.xi : d.theta);
      if (!phi || !y) return WEYL_MEMORY;
      s[k][i] = (weyl_series){.label = label[i],
                              .style = i == STAGES - 1 ? WEYL_LINE : WEYL_DASHES,
                              .colour = (const int[]){0, 5, 4, 1}[i],
                              .n = BMS_CURVE,
                              .x = phi,
                              .y = y};
    }
  }
  const weyl_plot plots[2] = {
      {.title = "Mass aspect", .x_label = "phi", .y_label = "Theta", .count = STAGES, .series = s[0]},
      {.title = "Angular momentum aspect", .x_label = "phi", .y_label = "Xi", .count = STAGES, .series = s[1]}};
  return study_draw_all(
      b->c, 2, plots,
      (const char *const[]){"Theta: before, on the way (thirds of F and alpha) and after.", "Xi, likewise."});
}

weyl_status bms_transform(bms *b) {
  cli *c = b->c;
  weyl_bms_map map;
  weyl_bms_data to;
  const size_t asked = (size_t)cli_integer(c, "modes"), k = asked ? asked : 128;
  double aliasing, charge[2][2];
  WEYL_TRY(bms_map(b, &map));
  WEYL_TRY(weyl_bms_data_new(b->arena, k, &to));
  WEYL_TRY(weyl_bms_transform(c->ctx, &b->data, &map, &to, &aliasing));
  weyl_json_number(c->result, "aliasing", aliasing);
  if (aliasing > 1e-3)
    return weyl_fail(
        c->ctx, WEYL_NUMERIC,
        "%zu modes do not resolve the result: twice as many change it by %.2g of its size: take more --modes", k,
        aliasing);
  if (aliasing > 1e-10)
    cli_note(c, "warning: %zu modes resolve the result to %.2g of its size only: more --modes help", k, aliasing);
  WEYL_TRY(mass_and_spin(b, &b->data, charge[0]));
  WEYL_TRY(mass_and_spin(b, &to, charge[1]));
  back undone;
  WEYL_TRY(there_and_back(b, &map, &to, &undone));
  bms_json_modes(c->result, "theta", k, to.theta);
  bms_json_modes(c->result, "xi", k, to.xi);
  sheet t;
  head(&t, (const char *const[]){"quantity", "before", "after"}, 3);
  for (int q = 0; q < 2; q++, t.rows++) {
    put(&t, 0, "%s", q ? "angular momentum J" : "mass M");
    put(&t, 1, "%.12g", charge[0][q]);
    put(&t, 2, "%.12g", charge[1][q]);
    weyl_json_number(c->result, q ? "spin" : "mass", charge[1][q]);
  }
  cli_say(c, "%s moved by a superrotation with F' > %.4g\n\n", b->name, weyl_circle_slope(map.modes, map.p));
  show(c, &t);
  /* what the modes cut off counts with up to its third derivative */
  const double loss = fmax(1e-8, aliasing * (double)(k * k));
  bms_identities_begin(b);
  bms_identity(b, "aliasing: change when the points are doubled", aliasing, 1e-3, false);
  bms_identity(b, "back by the inverse", undone.apart, loss, false);
  bms_identity(b, "trace of the monodromy, after and before", undone.invariant, loss, false);
  bms_identity(b, "spin j, after and before", undone.spin, loss, false);
  bms_identities_end(b);
  WEYL_TRY(bms_save_modes(b, "theta", "xi", k, to.theta, to.xi));
  if (study_draws(c)) WEYL_TRY(show_transform(b, &map, &to));
  return bms_verdict(b);
}

/* ---- charges ---- */

static weyl_status one_charge(bms *b) {
  cli *c = b->c;
  weyl_bms_vector v;
  WEYL_TRY(bms_generator(b, "bms charges", &v));
  const double q = weyl_bms_charge(&b->data, &v, b->g);
  weyl_json_number(c->result, "charge", q);
  cli_say(c, "Q(T, Y) = %.15g\n\n", q);
  return WEYL_OK;
}

/* Of a cosmology. */
static weyl_status horizon(bms *b) {
  cli *c = b->c;
  if (b->data.modes > 0 || !(b->data.theta[0] > 0) || b->data.xi[0] == 0) return WEYL_OK;
  weyl_bms_thermo h;
  WEYL_TRY(weyl_bms_thermodynamics(c->ctx, b->data.theta[0], b->data.xi[0], b->g, &h));
  const struct {
    const char *key;
    double value;
  } quantity[] = {{"radius", h.radius}, {"entropy", h.entropy}, {"temperature", h.temperature}, {"omega", h.omega}};
  cli_say(c, "\ncosmological horizon: radius %.12g, entropy %.12g, temperature %.12g, angular velocity %.12g\n",
          h.radius, h.entropy, h.temperature, h.omega);
  for (int i = 0; i < 4; i++) weyl_json_number(c->result, quantity[i].key, quantity[i].value);
  return WEYL_OK;
}

weyl_status bms_charges(bms *b) {
  cli *c = b->c;
  const size_t asked = (size_t)cli_integer(c, "modes"), most = asked ? asked : 4;
  if (most > 40) return weyl_fail(c->ctx, WEYL_BAD_ARG, "--modes %zu, must be at most 40 to be shown", most);
  double mj[2];
  WEYL_TRY(mass_and_spin(b, &b->data, mj));
  weyl_json_number(c->result, "mass", mj[0]);
  weyl_json_number(c->result, "spin", mj[1]);
  cli_say(c, "%s, G = %g: mass M = %.12g above Minkowski space, angular momentum J = %.12g\n\n", b->name, b->g, mj[0],
          mj[1] + 0.0);
  if (cli_given(c, "y") || cli_given(c, "t")) WEYL_TRY(one_charge(b));
  sheet t;
  head(&t, (const char *const[]){"n", "Re P_n", "Im P_n", "Re J_n", "Im J_n"}, 5);
  double *column[5];
  for (int k = 0; k < 5; k++) {
    column[k] = weyl_arena_array(b->arena, double, most + 1);
    if (!column[k]) return WEYL_MEMORY;
  }
  weyl_bms_vector v;
  WEYL_TRY(weyl_bms_vector_new(b->arena, most, &v));
  for (size_t n = 0; n <= most; n++, t.rows++) {
    column[0][n] = (double)n;
    put(&t, 0, "%zu", n);
    for (int k = 0; k < 4; k++) { /* e^{i n phi} = cos + i sin, as T and as Y */
      double *c_of = k < 2 ? v.t : v.y;
      const size_t place = n == 0 ? 0 : 2 * n - 1 + (size_t)(k % 2);
      c_of[place] = n == 0 && k % 2 ? 0 : 1;
      column[1 + k][n] = weyl_bms_charge(&b->data, &v, b->g);
      c_of[place] = 0;
      put(&t, 1 + (size_t)k, "%.12g", bms_tidy(column[1 + k][n]));
    }
  }
  show(c, &t);
  weyl_json_array(c->result, "modes");
  for (size_t n = 0; n <= most; n++) {
    weyl_json_object(c->result, NULL);
    weyl_json_integer(c->result, "n", (int64_t)n);
    static const char *const key[] = {"p_re", "p_im", "j_re", "j_im"};
    for (int k = 0; k < 4; k++) weyl_json_number(c->result, key[k], column[1 + k][n]);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  WEYL_TRY(horizon(b));
  weyl_bms_data change; /* the charges again, from the metric */
  WEYL_TRY(bms_from_minkowski(b, &b->data, &change));
  weyl_rng rng = weyl_rng_new(cli_seed(c), "bms charges");
  weyl_bms_vector w;
  WEYL_TRY(weyl_bms_vector_new(b->arena, 4, &w));
  weyl_bms_random(&rng, 4, 1, w.y);
  weyl_bms_random(&rng, 4, 1, w.t);
  double bulk;
  WEYL_TRY(weyl_bms_bulk_charge(c->ctx, &b->data, &w, &change, false, 0.4, 10, b->g, &bulk));
  const double closed = weyl_bms_charge(&b->data, &w, b->g);
  bms_identities_begin(b);
  bms_identity(b, "Q of a random symmetry, from the metric at r = 10", fabs(bulk - closed) / fmax(fabs(closed), 1),
               1e-9, false);
  bms_identities_end(b);
  WEYL_TRY(study_save(c, most + 1, 5, (const char *const[]){"n", "p_re", "p_im", "j_re", "j_im"},
                      (const double *const *)column));
  if (study_draws(c)) {
    weyl_series s[2] = {{.label = "|P_n|", .style = WEYL_BARS, .colour = 0, .n = most + 1, .x = column[0]},
                        {.label = "|J_n|", .style = WEYL_BARS, .colour = 1, .n = most + 1, .x = column[0]}};
    for (int k = 0; k < 2; k++) {
      double *size = weyl_arena_array(b->arena, double, most + 1);
      if (!size) return WEYL_MEMORY;
      for (size_t n = 0; n <= most; n++) size[n] = hypot(column[1 + 2 * k][n], column[2 + 2 * k][n]);
      s[k].y = size;
    }
    const weyl_plot plot = {.title = "Charges", .x_label = "n", .y_label = "size", .count = 2, .series = s};
    WEYL_TRY(study_draw_all(
        c, 1, &plot,
        (const char *const[]){"P_n of supertranslations and J_n of superrotations; Minkowski space has none."}));
  }
  return bms_verdict(b);
}
