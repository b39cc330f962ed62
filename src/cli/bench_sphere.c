/* weyl bench sh and weyl bench gaunt: what is timed is in bench/harmonics.c and bench/gaunt.c. */
#include "sheet.h"

#include <bench.h>

static double seconds_or(const cli *c, double standard) {
  const double asked = cli_number(c, "seconds");
  return asked > 0 ? asked : standard;
}

static weyl_dtype real_asked(const cli *c) {
  return strcmp(weyl_options_string(c->extra, "type"), "f64") == 0 ? WEYL_F64 : WEYL_F32;
}

/* ---- harmonics ---- */

const weyl_option cli_bench_sh_options[] = {
    {"L", WEYL_OPT_STRING, "1-12", 0, 0, NULL, "degrees"},
    {"points", WEYL_OPT_INT, "100000", 1, 1e8, NULL, "points"},
    {"type", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "of the numbers"},
    {0},
};

static void json_side(weyl_json *json, const char *key, const bench_times *t) {
  if (t->steps == 0) {
    weyl_json_string(json, key, NULL);
    return;
  }
  weyl_json_object(json, key);
  weyl_json_number(json, "cpu_ms", ms(t->cpu));
  weyl_json_number(json, "best_cpu_ms", ms(t->best_cpu));
  weyl_json_integer(json, "timed", t->steps);
  weyl_json_end(json);
}

static void json_harmonics(const cli *c, const bench_harmonics *r) {
  weyl_json *json = c->result;
  weyl_json_number(json, "store_gbs", giga(r->store));
  weyl_json_string(json, "peer", r->about.name[0] ? r->about.name : NULL);
  weyl_json_string(json, "peer_version", r->about.name[0] ? r->about.version : NULL);
  weyl_json_array(json, "rows");
  static const char *const pass[] = {"values", "gradients"};
  for (int i = 0; i < r->rows; i++)
    for (int g = 0; g < 2; g++) {
      const bench_harmonics_row *row = &r->row[i];
      weyl_json_object(json, NULL);
      weyl_json_integer(json, "l_max", row->l);
      weyl_json_string(json, "pass", pass[g]);
      json_side(json, "weyl", &row->ours[g]);
      json_side(json, "sphericart", &row->sphericart[g]);
      json_or_null(json, "sphericart_ratio", ratio(row->sphericart[g].cpu, row->ours[g].cpu));
      json_or_null(json, "sphericart_best_ratio", ratio(row->sphericart[g].best_cpu, row->ours[g].best_cpu));
      if (g == BENCH_VALUES) {
        json_side(json, "e3nn", &row->e3nn);
        json_or_null(json, "e3nn_ratio", ratio(row->e3nn.cpu, row->ours[g].cpu));
        json_or_null(json, "e3nn_best_ratio", ratio(row->e3nn.best_cpu, row->ours[g].best_cpu));
      }
      weyl_json_number(json, "gbs", giga(ratio(row->bytes[g], row->ours[g].best_cpu)));
      weyl_json_number(json, "store_fraction", ratio(ratio(row->bytes[g], row->ours[g].best_cpu), r->store));
      weyl_json_end(json);
    }
  weyl_json_end(json);
}

weyl_status cli_bench_sh(cli *c) {
  const char *peer = cli_string(c, "peer");
  bench_harmonics_ask ask = {.points = weyl_options_integer(c->extra, "points"),
                             .real = real_asked(c),
                             .seconds = seconds_or(c, 0.4),
                             .peer = peer && strcmp(peer, "sphericart") == 0 ? peer : NULL,
                             .verbose = c->verbose};
  if (peer && !ask.peer && strcmp(peer, "none") != 0) {
    snprintf(c->place, sizeof c->place, "--peer");
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench sh has the peer sphericart");
  }
  WEYL_TRY(bench_degrees(c->ctx, weyl_options_string(c->extra, "L"), 1, BENCH_DEGREES_MAX, &ask.low, &ask.high));
  bench_harmonics r;
  WEYL_TRY(bench_harmonics_run(c->ctx, &ask, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  weyl_json_integer(c->result, "points", ask.points);
  weyl_json_string(c->result, "type", type_name(ask.real));
  json_harmonics(c, &r);

  const bool beside = r.about.name[0];
  cli_say(c, "spherical harmonics of %lld points in %s: best CPU ms; stores past the caches %.1f GB/s a core\n",
          (long long)ask.points, type_name(ask.real), giga(r.store));
  if (beside) cli_say(c, "peers: %s\n", r.about.version);
  cli_say(c, "\n");
  static const char *const names[] = {"L",          "values", "of stores", "gradients", "of stores",
                                      "sphericart", "ratio",  "gradients", "ratio",     "e3nn ratio"};
  sheet s;
  head(&s, names, beside ? 10 : 5);
  for (int i = 0; i < r.rows; i++, s.rows++) {
    const bench_harmonics_row *row = &r.row[i];
    put(&s, 0, "%d", row->l);
    for (size_t g = 0; g < 2; g++) {
      put(&s, 1 + 2 * g, "%.3f", ms(row->ours[g].best_cpu));
      put(&s, 2 + 2 * g, "%.0f%%", 100 * ratio(ratio(row->bytes[g], row->ours[g].best_cpu), r.store));
      if (!beside) continue;
      put(&s, 5 + 2 * g, "%.3f", ms(row->sphericart[g].best_cpu));
      put(&s, 6 + 2 * g, "%.2f", ratio(row->sphericart[g].best_cpu, row->ours[g].best_cpu));
    }
    if (beside && row->e3nn.steps > 0) put(&s, 9, "%.1f", ratio(row->e3nn.best_cpu, row->ours[0].best_cpu));
  }
  show(c, &s);
  return WEYL_OK;
}

/* ---- products on the sphere ---- */

const weyl_option cli_bench_gaunt_options[] = {
    {"L", WEYL_OPT_STRING, "1-12", 0, 0, NULL, "degrees"},
    {"channels", WEYL_OPT_INT, "64", 1, 65536, NULL, "channels"},
    {"batch", WEYL_OPT_INT, "64", 1, 1e6, NULL, "samples"},
    {"type", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "of the numbers"},
    {0},
};

weyl_status cli_bench_gaunt(cli *c) {
  const char *peer = cli_string(c, "peer");
  if (peer && strcmp(peer, "none") != 0) {
    snprintf(c->place, sizeof c->place, "--peer");
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench gaunt has no peer");
  }
  bench_gaunt_ask ask = {.channels = weyl_options_integer(c->extra, "channels"),
                         .batch = weyl_options_integer(c->extra, "batch"),
                         .real = real_asked(c),
                         .seconds = seconds_or(c, 0.3)};
  WEYL_TRY(bench_degrees(c->ctx, weyl_options_string(c->extra, "L"), 1, BENCH_DEGREES_MAX, &ask.low, &ask.high));
  bench_gaunt r;
  WEYL_TRY(bench_gaunt_run(c->ctx, &ask, &r));
  cli_bar_clear(c);
  weyl_json *json = c->result;
  weyl_json_integer(json, "channels", ask.channels);
  weyl_json_integer(json, "batch", ask.batch);
  weyl_json_string(json, "type", type_name(ask.real));
  json_or_null(json, "slope", r.slope);
  weyl_json_array(json, "rows");
  for (int i = 0; i < r.rows; i++) {
    const bench_gaunt_row *row = &r.row[i];
    weyl_json_object(json, NULL);
    weyl_json_string(json, "what", row->what);
    weyl_json_integer(json, "l", row->l1);
    weyl_json_integer(json, "l_out", row->l3);
    weyl_json_integer(json, "power", row->power);
    weyl_json_number(json, "ns", row->ns);
    weyl_json_number(json, "median_ns", row->ns_median);
    weyl_json_number(json, "operations", row->operations);
    weyl_json_number(json, "fraction", row->fraction);
    weyl_json_end(json);
  }
  weyl_json_end(json);

  cli_say(c, "products on the sphere by a grid, %s, one core, instruction set %s: one channel of one sample\n\n",
          type_name(ask.real), weyl_kernels_active()->isa);
  static const char *const names[] = {"product", "L", "to", "power", "ns", "median", "operations", "of peak"};
  /* rows of a sheet are few: one for each product and range of degrees */
  for (int from = 0; from < r.rows; from += ROWS_MAX - 1) {
    sheet s;
    head(&s, names, sizeof names / sizeof names[0]);
    for (int i = from; i < r.rows && i < from + ROWS_MAX - 1; i++, s.rows++) {
      const bench_gaunt_row *row = &r.row[i];
      put(&s, 0, "%s", row->what);
      put(&s, 1, "%d", row->l1);
      put(&s, 2, "%d", row->l3);
      put(&s, 3, "%d", row->power);
      put(&s, 4, "%.1f", row->ns);
      put(&s, 5, "%.1f", row->ns_median);
      put(&s, 6, "%.0f", row->operations);
      put(&s, 7, "%.0f%%", 100 * row->fraction);
    }
    show(c, &s);
  }
  if (r.slope > 0) cli_say(c, "\nthe time of the Gaunt product grows as L^%.2f from L = 6 on\n", r.slope);
  return WEYL_OK;
}
