/* weyl bms transform, charges, algebra and link: what happens at the boundary. */
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

/* Data less those of Minkowski space: as the charges are linear at fixed gauge, the variation that gives them whole. */
static weyl_status from_minkowski(const bms *b, const weyl_bms_data *d, weyl_bms_data *out) {
  WEYL_TRY(weyl_bms_data_new(b->arena, d->modes, out));
  memcpy(out->theta, d->theta, (2 * d->modes + 1) * sizeof *out->theta);
  memcpy(out->xi, d->xi, (2 * d->modes + 1) * sizeof *out->xi);
  out->theta[0] += 1;
  return WEYL_OK;
}

/* ---- transform ---- */

/* The inverse of (F, alpha) undoes it: F^-1 by its samples, alpha by a = -(alpha o F) / F', a map of 2 K modes. */
typedef struct back {
  double apart, invariant, spin;
} back;

static weyl_status there_and_back(bms *b, const weyl_bms_map *map, const weyl_bms_data *to, back *out) {
  weyl_context *ctx = b->c->ctx;
  const size_t k = to->modes, n = 4 * k + 4;
  weyl_bms_map inverse;
  weyl_bms_data again;
  weyl_bms_orbit o[2];
  double *f = weyl_arena_array(b->arena, double, 2 * n);
  if (!f) return WEYL_MEMORY;
  WEYL_TRY(weyl_bms_map_new(b->arena, k, &inverse));
  WEYL_TRY(weyl_bms_data_new(b->arena, k, &again));
  for (size_t j = 0; j < n; j++) {
    const double phi = 2 * BMS_PI * (double)j / (double)n;
    double p[2], alpha;
    f[j] = weyl_circle_preimage(map->modes, map->p, phi) - phi;
    weyl_circle_at(map->modes, map->p, phi, 1, p);
    weyl_circle_at(map->modes, map->alpha, phi + p[0], 0, &alpha);
    f[n + j] = -alpha / (1 + p[1]);
  }
  weyl_circle_modes(n, f, k, inverse.p);
  weyl_circle_modes(n, f + n, k, inverse.alpha);
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
  bms_identities_begin(b);
  bms_identity(b, "aliasing: change when the points are doubled", aliasing, 1e-3, false);
  bms_identity(b, "back by the inverse", undone.apart, fmax(1e-8, 100 * aliasing), false);
  bms_identity(b, "trace of the monodromy, after and before", undone.invariant, fmax(1e-9, 100 * aliasing), false);
  bms_identity(b, "spin j, after and before", undone.spin, fmax(1e-8, 100 * aliasing), false);
  bms_identities_end(b);
  WEYL_TRY(bms_save_modes(b, "theta", "xi", k, to.theta, to.xi));
  if (bms_draws(b)) {
    double *phi = bms_curve(b, 0, NULL), *y[4] = {bms_curve(b, b->data.modes, b->data.theta), bms_curve(b, k, to.theta),
                                                  bms_curve(b, b->data.modes, b->data.xi), bms_curve(b, k, to.xi)};
    if (!phi || !y[0] || !y[1] || !y[2] || !y[3]) return WEYL_MEMORY;
    weyl_series s[4];
    for (int i = 0; i < 4; i++)
      s[i] = (weyl_series){.label = i % 2 ? "after" : "before",
                           .style = i % 2 ? WEYL_LINE : WEYL_DASHES,
                           .colour = i % 2,
                           .n = BMS_CURVE,
                           .x = phi,
                           .y = y[i]};
    const bms_page page = {
        .title = "Boundary data under a superrotation and a supertranslation",
        .text =
            "Theta is the mass aspect, Xi that of the angular momentum; what no such transformation changes is below.",
        .table = &t,
        .plots = 2,
        .plot = {{.title = "Mass aspect", .x_label = "phi", .y_label = "Theta", .count = 2, .series = s},
                 {.title = "Angular momentum aspect", .x_label = "phi", .y_label = "Xi", .count = 2, .series = s + 2}},
        .caption = {"Theta, before and after.", "Xi, before and after."}};
    WEYL_TRY(bms_show(b, &page));
  }
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
  WEYL_TRY(from_minkowski(b, &b->data, &change));
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
  const char *path = cli_string(c, "out");
  if (path)
    WEYL_TRY(weyl_table_write(c->ctx, path, most + 1, 5, (const char *const[]){"n", "p_re", "p_im", "j_re", "j_im"},
                              (const double *const *)column));
  if (bms_draws(b)) {
    weyl_series s[2] = {{.label = "|P_n|", .style = WEYL_BARS, .colour = 0, .n = most + 1, .x = column[0]},
                        {.label = "|J_n|", .style = WEYL_BARS, .colour = 1, .n = most + 1, .x = column[0]}};
    for (int k = 0; k < 2; k++) {
      double *size = weyl_arena_array(b->arena, double, most + 1);
      if (!size) return WEYL_MEMORY;
      for (size_t n = 0; n <= most; n++) size[n] = hypot(column[1 + 2 * k][n], column[2 + 2 * k][n]);
      s[k].y = size;
    }
    const bms_page page = {.title = "Charges of BMS3",
                           .text = "P_n of supertranslations and J_n of superrotations; Minkowski space has none.",
                           .table = &t,
                           .plots = 1,
                           .plot = {{.title = "Charges", .x_label = "n", .y_label = "size", .count = 2, .series = s}},
                           .caption = {"Sizes of the modes of the charges."}};
    WEYL_TRY(bms_show(b, &page));
  }
  return bms_verdict(b);
}

/* ---- algebra ---- */

weyl_status bms_algebra(bms *b) {
  cli *c = b->c;
  const size_t asked = (size_t)cli_integer(c, "modes"), most = asked ? asked : 8, K = 2 * most + 1;
  weyl_bms_algebra a[2];
  double *table = weyl_arena_array(b->arena, double, 6 * K * K);
  if (!table) return WEYL_MEMORY;
  for (int k = 0; k < 2; k++)
    WEYL_TRY(weyl_bms_algebra_of(c->ctx, &b->data, most, b->g, k ? 0 : 10, k ? NULL : table, &a[k]));
  cli_bar_clear(c);
  weyl_json_number(c->result, "c1", a[0].c1);
  weyl_json_number(c->result, "c2", a[0].c2);
  weyl_json_integer(c->result, "modes", (int64_t)most);
  weyl_json_array(c->result, "brackets");
  sheet t;
  head(&t, (const char *const[]){"m", "i{J_m, P_-m}", "2 m P_0", "rest", "(c2 / 12) m (m^2 - 1)"}, 5);
  static const char *const kind[] = {"JJ", "JP", "PP"};
  const int top = (int)most;
  for (int k = 0; k < 3; k++)
    for (int m = -top; m <= top; m++)
      for (int n = -top; n <= top; n++) {
        const double *at = table + 2 * (((size_t)k * K + (size_t)(m + top)) * K + (size_t)(n + top));
        weyl_json_object(c->result, NULL);
        weyl_json_string(c->result, "kind", kind[k]);
        weyl_json_integer(c->result, "m", m);
        weyl_json_integer(c->result, "n", n);
        weyl_json_number(c->result, "re", at[0]);
        weyl_json_number(c->result, "im", at[1]);
        weyl_json_end(c->result);
        if (k != 1 || m + n != 0 || m < 0 || t.rows >= ROWS_MAX) continue;
        const double p0 = (b->data.theta[0] + 1) / (8 * b->g);
        put(&t, 0, "%d", m);
        put(&t, 1, "%.10g", at[0]);
        put(&t, 2, "%.10g", 2 * m * p0 + 0.0);
        put(&t, 3, "%.10g", bms_tidy(at[0] - 2 * m * p0));
        put(&t, 4, "%.10g", 3 / b->g / 12 * m * (m * m - 1) + 0.0);
        t.rows++;
      }
  weyl_json_end(c->result);
  cli_say(c, "%s, G = %g: brackets from the metric at r = 10, {Q1, Q2} the charge of xi_1 for Lie_xi2 g\n", b->name,
          b->g);
  cli_say(c, "c1 = %.3g, c2 = %.12g (3 / G = %.12g)\n\n", bms_tidy(a[0].c1), a[0].c2, 3 / b->g);
  show(c, &t);
  const double scale = fmax(1, fabs(a[1].no_term));
  bms_identities_begin(b);
  bms_identity(b, "all brackets at the boundary", a[1].residual / scale, 1e-12, false);
  bms_identity(b, "all brackets from the bulk", a[0].residual / scale, 1e-10, false);
  bms_identity(b, "c2 G - 3", fabs(a[0].c2 * b->g - 3), 1e-10, false);
  bms_identity(b, "c2 G, spread over m", a[0].c2_spread * b->g, 1e-10, false);
  bms_identity(b, "c1 G", fabs(a[0].c1) * b->g, 1e-10, false);
  bms_identity(b, "control: m^3 as the central term", a[0].wrong_term * b->g, 1e-3, true);
  bms_identity(b, "control: no central term", a[0].no_term * b->g, 1e-3, true);
  bms_identities_end(b);
  if (bms_draws(b)) {
    double *x = weyl_arena_array(b->arena, double, 2 * most), *y = x + most;
    double *line = weyl_arena_array(b->arena, double, 2 * BMS_CURVE);
    if (!x || !line) return WEYL_MEMORY;
    for (size_t m = 1; m <= most; m++) {
      x[m - 1] = (double)m;
      y[m - 1] = table[2 * ((K + most + m) * K + most - m)] - 2 * (double)m * (b->data.theta[0] + 1) / (8 * b->g);
    }
    for (int i = 0; i < BMS_CURVE; i++) {
      const double m = 1 + (double)(most - 1) * i / (BMS_CURVE - 1);
      line[i] = m;
      line[BMS_CURVE + i] = m * (m * m - 1) / (4 * b->g);
    }
    const weyl_series s[] = {{.label = "from the metric", .style = WEYL_POINTS, .colour = 1, .n = most, .x = x, .y = y},
                             {.label = "m (m^2 - 1) / 4 G",
                              .style = WEYL_LINE,
                              .colour = 0,
                              .n = BMS_CURVE,
                              .x = line,
                              .y = line + BMS_CURVE}};
    const bms_page page = {.title = "The algebra of charges",
                           .text =
                               "Brackets of the charges of BMS3, each the charge form of one symmetry evaluated in the "
                               "bulk for the change of the metric under the other.",
                           .table = &t,
                           .plots = 1,
                           .plot = {{.title = "Central term of i{J_m, P_-m}",
                                     .x_label = "m",
                                     .y_label = "i{J_m, P_-m} - 2 m P_0",
                                     .count = 2,
                                     .series = s}},
                           .caption = {"What is left of the bracket is m (m^2 - 1) / (4 G): c2 = 3 / G."}};
    WEYL_TRY(bms_show(b, &page));
  }
  return bms_verdict(b);
}

/* ---- link ---- */

enum { PAIRS = 16 };

weyl_status bms_link(bms *b) {
  cli *c = b->c;
  const size_t asked = (size_t)cli_integer(c, "modes"), most = asked ? asked : 4, k = b->data.modes;
  weyl_bms_data past, change[2];
  WEYL_TRY(weyl_bms_data_new(b->arena, k, &past));
  weyl_bms_antipode(k, b->data.theta, past.theta);
  weyl_bms_antipode(k, b->data.xi, past.xi);
  WEYL_TRY(from_minkowski(b, &b->data, &change[0]));
  WEYL_TRY(from_minkowski(b, &past, &change[1]));
  weyl_rng rng = weyl_rng_new(cli_seed(c), "bms link");
  double x[PAIRS], q[3][PAIRS], boundary = 0, bulk = 0, control = 0;
  sheet t;
  head(&t, (const char *const[]){"symmetry", "Q+ (boundary)", "Q- (boundary)", "Q+ (metric)", "Q- (metric)"}, 5);
  weyl_json_array(c->result, "charges");
  for (int i = 0; i < PAIRS; i++, t.rows++) {
    weyl_bms_vector v, w;
    WEYL_TRY(weyl_bms_vector_new(b->arena, most, &v));
    WEYL_TRY(weyl_bms_vector_new(b->arena, most, &w));
    weyl_bms_random(&rng, most, 1, v.y);
    weyl_bms_random(&rng, most, 1, v.t);
    weyl_bms_antipode(most, v.y, w.y);
    weyl_bms_antipode(most, v.t, w.t);
    double from[2];
    const double plus = weyl_bms_charge(&b->data, &v, b->g), minus = weyl_bms_charge(&past, &w, b->g);
    WEYL_TRY(weyl_bms_bulk_charge(c->ctx, &b->data, &v, &change[0], false, 0.3, 25, b->g, &from[0]));
    WEYL_TRY(weyl_bms_bulk_charge(c->ctx, &past, &w, &change[1], true, -0.7, 25, b->g, &from[1]));
    x[i] = i;
    q[0][i] = plus;
    q[1][i] = from[1];
    q[2][i] = weyl_bms_charge(&past, &v, b->g); /* without the antipodal map of the symmetry */
    boundary = fmax(boundary, fabs(plus - minus));
    bulk = fmax(bulk, fabs(from[0] - from[1]) / fmax(1, fabs(plus)));
    control = fmax(control, fabs(q[2][i] - plus));
    put(&t, 0, "random %d", i);
    put(&t, 1, "%.12g", plus);
    put(&t, 2, "%.12g", minus);
    put(&t, 3, "%.12g", from[0]);
    put(&t, 4, "%.12g", from[1]);
    weyl_json_object(c->result, NULL);
    weyl_json_number(c->result, "future", plus);
    weyl_json_number(c->result, "past", minus);
    weyl_json_number(c->result, "future_bulk", from[0]);
    weyl_json_number(c->result, "past_bulk", from[1]);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  bms_json_modes(c->result, "past_theta", k, past.theta);
  bms_json_modes(c->result, "past_xi", k, past.xi);
  /* a null ray of Minkowski space goes out opposite to where it came in */
  const double minus_one = -1, zero = 0, start[3] = {0, 1e10, 0.4};
  double velocity[3];
  const weyl_bms_data flat = {0, (double[]){minus_one}, (double[]){zero}};
  weyl_bms_ray ray;
  WEYL_TRY(weyl_bms_null(c->ctx, &flat, true, start, 1, true, velocity));
  WEYL_TRY(weyl_bms_geodesic(
      c->ctx, &flat, start, velocity,
      &(weyl_bms_ray_opts){.far = 1e10, .near = 1e-3, .tolerance = 1e-13, .most = 100000, .past = true}, &ray));
  const double turned = fabs(ray.x[2] - start[2] - BMS_PI);
  cli_say(c, "%s at future null infinity; past data are Theta(phi + pi), Xi(phi + pi)\n\n", b->name);
  show(c, &t);
  bms_identities_begin(b);
  bms_identity(b, "Q+ = Q- at the boundary, 16 symmetries", boundary, 1e-12, false);
  bms_identity(b, "Q+ = Q- from the two metrics in the bulk", bulk, 1e-9, false);
  bms_identity(b, "null ray of Minkowski space: turned by pi", turned, 1e-8, false);
  if (k > 0) bms_identity(b, "control: symmetries not mapped", control, 1e-3, true);
  bms_identities_end(b);
  WEYL_TRY(bms_save_modes(b, "theta", "xi", k, past.theta, past.xi));
  if (bms_draws(b)) {
    const weyl_series s[] = {
        {.label = "future, boundary", .style = WEYL_BARS, .colour = 5, .n = PAIRS, .x = x, .y = q[0]},
        {.label = "past, from the metric", .style = WEYL_POINTS, .colour = 1, .n = PAIRS, .x = x, .y = q[1]},
        {.label = "without the map", .style = WEYL_POINTS, .colour = 7, .n = PAIRS, .x = x, .y = q[2]}};
    const bms_page page = {
        .title = "Charges across spatial infinity",
        .text = "Past and future are joined by Theta+(phi) = Theta-(phi + pi), and so for Xi, T and Y.",
        .table = &t,
        .plots = 1,
        .plot = {{.title = "Charges of 16 random symmetries",
                  .x_label = "symmetry",
                  .y_label = "Q",
                  .count = k > 0 ? 3 : 2,
                  .series = s}},
        .caption = {"Each charge is the same before and after; without the antipodal map it is not."}};
    WEYL_TRY(bms_show(b, &page));
  }
  return bms_verdict(b);
}
