/* weyl bms algebra and link: brackets of charges, and charges across spatial infinity. */
#include "bms.h"

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
  if (study_draws(c)) {
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
    const weyl_plot plot = {.title = "Central term of i{J_m, P_-m}",
                            .x_label = "m",
                            .y_label = "i{J_m, P_-m} - 2 m P_0",
                            .count = 2,
                            .series = s};
    WEYL_TRY(study_draw_all(
        c, 1, &plot,
        (const char *const[]){"What is left of the bracket is m (m^2 - 1) / (4 G): c2 = 3 / G. Each bracket is the "
                              "charge form of one symmetry, evaluated for the change of the metric under the other."}));
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
  WEYL_TRY(bms_from_minkowski(b, &b->data, &change[0]));
  WEYL_TRY(bms_from_minkowski(b, &past, &change[1]));
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
  if (study_draws(c)) {
    const weyl_series s[] = {
        {.label = "future, boundary", .style = WEYL_BARS, .colour = 5, .n = PAIRS, .x = x, .y = q[0]},
        {.label = "past, from the metric", .style = WEYL_POINTS, .colour = 1, .n = PAIRS, .x = x, .y = q[1]},
        {.label = "without the map", .style = WEYL_POINTS, .colour = 7, .n = PAIRS, .x = x, .y = q[2]}};
    const weyl_plot plot = {.title = "Charges of 16 random symmetries",
                            .x_label = "symmetry",
                            .y_label = "Q",
                            .count = k > 0 ? 3 : 2,
                            .series = s};
    WEYL_TRY(study_draw_all(
        c, 1, &plot,
        (const char *const[]){"Each charge is the same before and after; without the antipodal map it is not."}));
  }
  return bms_verdict(b);
}
