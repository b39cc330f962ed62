/* weyl bench tp: what is timed is in bench/tp.c. */
#include "sheet.h"

#include <bench.h>

const weyl_option cli_bench_tp_options[] = {
    {"L", WEYL_OPT_STRING, "1-6", 0, 0, NULL, "degrees: one, or a range"},
    {"channels", WEYL_OPT_INT, "64", 1, 65536, NULL, "copies of every degree"},
    {"batch", WEYL_OPT_INT, "1024", 1, 1 << 24, NULL, "samples a call"},
    {"type", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "of the numbers"},
    {"product", WEYL_OPT_CHOICE, "full", 0, 0, "full|even|gaunt|complete",
     "all paths, or those with l1 + l2 + l3 even, each with a weight; or functions on the sphere, a weight a degree"},
    {"method", WEYL_OPT_CHOICE, "auto", 0, 0, "auto|written|table|grid|all",
     "code written at build time, the loop over tables, the grid (gaunt, complete); all: a row for each"},
    {"table", WEYL_OPT_BOOL, "no", 0, 0, NULL,
     "ways of making products side by side, forward: all couplings, even ones, dense and separable grid, Fourier"},
    {"tune", WEYL_OPT_BOOL, "no", 0, 0, NULL, "print the lines of the library's table of costs, every product"},
    {0},
};

static double ns_an_item(const bench_tp_ask *ask, double seconds) {
  return 1e9 * seconds / ((double)ask->channels * (double)ask->batch);
}

/* Seconds an item takes at least, by the multiply-adds and by memory. */
static double by_ops(const bench_tp *r, const bench_tp_row *row, int pass) {
  return ratio(2 * row->ops[pass], r->peak);
}

static double by_memory(const bench_tp *r, const bench_tp_row *row, int pass) {
  return ratio(row->bytes[pass], r->bandwidth);
}

static double share(double least, const bench_tp_ask *ask, const bench_tp_row *row, int pass) {
  return ratio(1e9 * least, ns_an_item(ask, row->ours[pass].best_cpu));
}

static void json_side(weyl_json *json, const char *name, const bench_tp_ask *ask, const bench_times *peer,
                      const bench_times *ours) {
  char key[64];
#define KEY(what) (snprintf(key, sizeof key, "%s" what, name), key)
  json_or_null(json, KEY("_ns"), ns_an_item(ask, peer->cpu));
  json_or_null(json, KEY("_best_ns"), ns_an_item(ask, peer->best_cpu));
  json_or_null(json, KEY("_ratio"), ratio(peer->cpu, ours->cpu));
  json_or_null(json, KEY("_best_ratio"), ratio(peer->best_cpu, ours->best_cpu));
#undef KEY
}

static void json_tp(weyl_json *json, const bench_tp_ask *ask, const bench_tp *r) {
  weyl_json_string(json, "product", bench_tp_kind_name[ask->kind]);
  weyl_json_string(json, "type", type_name(ask->real));
  weyl_json_integer(json, "channels", ask->channels);
  weyl_json_integer(json, "batch", ask->batch);
  weyl_json_number(json, "peak_gflops", giga(r->peak));
  weyl_json_number(json, "bandwidth_gbs", giga(r->bandwidth));
  weyl_json_string(json, "peer", r->about.name[0] ? r->about.name : NULL);
  weyl_json_string(json, "peer_version", r->about.name[0] ? r->about.version : NULL);
  weyl_json_string(json, "second", r->second);
  weyl_json_array(json, "rows");
  for (int i = 0; i < r->rows; i++)
    for (int pass = 0; pass < ask->passes; pass++) {
      const bench_tp_row *row = &r->row[i];
      const bench_times *ours = &row->ours[pass];
      weyl_json_object(json, NULL);
      weyl_json_integer(json, "L", row->l);
      weyl_json_string(json, "pass", bench_tp_pass[pass]);
      weyl_json_string(json, "method", bench_tp_method_name(row->method));
      weyl_json_bool(json, "chosen", row->chosen);
      weyl_json_integer(json, "weights", row->weights);
      weyl_json_integer(json, "peer_weights", row->peer_weights);
      weyl_json_number(json, "ops", row->ops[pass]);
      weyl_json_number(json, "ns", ns_an_item(ask, ours->cpu));
      weyl_json_number(json, "best_ns", ns_an_item(ask, ours->best_cpu));
      weyl_json_number(json, "share", share(by_ops(r, row, pass), ask, row, pass));
      weyl_json_number(json, "memory_share", share(by_memory(r, row, pass), ask, row, pass));
      json_side(json, "peer", ask, &row->peer[pass % 2], ours); /* the peer has one layout */
      json_side(json, "second", ask, &row->second[pass % 2], ours);
      weyl_json_end(json);
    }
  weyl_json_end(json);
}

static void say_rows(const cli *c, const bench_tp_ask *ask, const bench_tp *r, int from, int to) {
  const bool peer = r->about.name[0];
  static const char *const names[] = {"L",       "pass",      "method",  "ops",   "ns best", "ns median",
                                      "of peak", "of memory", "e3nn ns", "ratio", "",        "ratio"};
  sheet s;
  head(&s, names, !peer ? 8 : r->second ? 12 : 10);
  if (r->second) {
    s.rows = 0;
    put(&s, 10, "%s ns", r->second);
    s.rows = 1;
  }
  for (int i = from; i < to; i++)
    for (int pass = 0; pass < ask->passes; pass++, s.rows++) {
      const bench_tp_row *row = &r->row[i];
      put(&s, 0, "%d", row->l);
      put(&s, 1, "%s", bench_tp_pass[pass]);
      put(&s, 2, "%s%s", bench_tp_method_name(row->method), row->chosen && ask->every ? " *" : "");
      put(&s, 3, "%.0f", row->ops[pass]);
      put(&s, 4, "%.2f", ns_an_item(ask, row->ours[pass].best_cpu));
      put(&s, 5, "%.2f", ns_an_item(ask, row->ours[pass].cpu));
      put(&s, 6, "%.0f%%", 100 * share(by_ops(r, row, pass), ask, row, pass));
      put(&s, 7, "%.0f%%", 100 * share(by_memory(r, row, pass), ask, row, pass));
      const bench_times *sides[] = {&row->peer[pass % 2], &row->second[pass % 2]};
      for (size_t k = 0; peer && k < (r->second ? 2 : 1); k++) {
        if (sides[k]->steps == 0) continue;
        put(&s, 8 + 2 * k, "%.0f", ns_an_item(ask, sides[k]->cpu));
        put(&s, 9 + 2 * k, "%.1f (best %.1f)", ratio(sides[k]->cpu, row->ours[pass].cpu),
            ratio(sides[k]->best_cpu, row->ours[pass].best_cpu));
      }
    }
  show(c, &s);
}

/* ---- the table of costs ---- */

static weyl_status tune(cli *c, const bench_tp_ask *base) {
  weyl_json *json = c->result;
  weyl_json_string(json, "isa", weyl_kernels_active()->isa);
  weyl_json_array(json, "costs");
  static bench_tp r;
  for (int real = WEYL_F32; real <= WEYL_F64; real++)
    for (int kind = 0; kind < BENCH_TP_KINDS; kind++) {
      bench_tp_ask ask = *base;
      ask.real = (weyl_dtype)real;
      ask.kind = (bench_tp_kind)kind;
      ask.every = true;
      ask.passes = 2;
      ask.peer = NULL;
      WEYL_TRY(bench_products(c->ctx, &ask, &r));
      cli_bar_clear(c);
      for (int i = 0; i < r.rows;) {
        double ns[3] = {0};
        const int l = r.row[i].l;
        for (; i < r.rows && r.row[i].l == l; i++)
          ns[r.row[i].method - WEYL_PRODUCT_WRITTEN] = ns_an_item(&ask, r.row[i].ours[1].best_cpu);
        static const char *const kinds[] = {"FULL", "EVEN", "GAUNT", "COMPLETE"};
        char line[160];
        snprintf(line, sizeof line, "COST(%s, %s, %s, %d, %.3g, %.3g, %.3g)", weyl_kernels_active()->isa,
                 real == WEYL_F64 ? "F64" : "F32", kinds[kind], l, ns[0], ns[1], ns[2]);
        cli_say(c, "%s\n", line);
        weyl_json_string(json, NULL, line);
      }
    }
  for (int real = WEYL_F32; real <= WEYL_F64; real++) { /* an operation of the convolution along edges: ps */
    static bench_align edges;
    const bench_align_ask ask = {27, 434, 64, 4, 4, true, (weyl_dtype)real, base->seconds};
    WEYL_TRY(bench_aligns(c->ctx, &ask, &edges));
    cli_bar_clear(c);
    double ps[2];
    for (int k = 0; k < 2; k++) {
      const bench_align_row *row = &edges.row[k ? BENCH_ALIGN_PATHS : BENCH_ALIGN_TABLES];
      ps[k] = 1e12 * row->ours[1].best_cpu / (row->ops[1] * (double)(ask.edges * ask.channels));
    }
    char line[160];
    snprintf(line, sizeof line, "EDGE(%s, %s, %.3g, %.3g)", weyl_kernels_active()->isa,
             real == WEYL_F64 ? "F64" : "F32", ps[0], ps[1]);
    cli_say(c, "%s\n", line);
    weyl_json_string(json, NULL, line);
  }
  weyl_json_end(json);
  return WEYL_OK;
}

/* ---- ways of making products ---- */

static weyl_status table(cli *c, const bench_tp_ask *base) {
  const bench_methods_ask ask = {.low = base->l_low,
                                 .high = base->l_high,
                                 .channels = base->channels,
                                 .samples = base->batch,
                                 .real = base->real,
                                 .seconds = base->seconds};
  bench_methods r;
  WEYL_TRY(bench_methods_run(c->ctx, &ask, &r));
  cli_bar_clear(c);
  weyl_json *json = c->result;
  weyl_json_integer(json, "channels", ask.channels);
  weyl_json_integer(json, "samples", ask.samples);
  weyl_json_string(json, "type", type_name(ask.real));
  weyl_json_array(json, "rows");
  for (int i = 0; i < r.rows; i++)
    for (int m = 0; m < BENCH_METHODS; m++) {
      weyl_json_object(json, NULL);
      weyl_json_integer(json, "L", r.row[i].l);
      weyl_json_string(json, "method", bench_method_name[m]);
      weyl_json_number(json, "ns", r.row[i].ns[m]);
      weyl_json_number(json, "best_ns", r.row[i].best[m]);
      weyl_json_end(json);
    }
  weyl_json_end(json);
  weyl_json_object(json, "slopes");
  for (int m = 0; m < BENCH_METHODS; m++) json_or_null(json, bench_method_name[m], r.slope[m]);
  weyl_json_end(json);
  json_or_null(json, "grid_beats_all_from", r.grid_beats_all);
  json_or_null(json, "grid_beats_even_from", r.grid_beats_even);

  cli_say(c, "products of all degrees to L, forward: %lld channels, %lld samples, %s, instruction set %s\n",
          (long long)ask.channels, (long long)ask.samples, type_name(ask.real), weyl_kernels_active()->isa);
  cli_say(c,
          "one thread, best CPU ns of one channel of one sample; all couplings have a weight each, the others one a "
          "degree\n\n");
  const char *names[BENCH_METHODS + 1] = {"L"};
  for (int m = 0; m < BENCH_METHODS; m++) names[m + 1] = bench_method_name[m];
  sheet s;
  head(&s, names, BENCH_METHODS + 1);
  for (int i = 0; i < r.rows; i++, s.rows++) {
    put(&s, 0, "%d", r.row[i].l);
    for (int m = 0; m < BENCH_METHODS; m++) put(&s, (size_t)m + 1, "%.1f", r.row[i].best[m]);
  }
  put(&s, 0, "slope");
  for (int m = 0; m < BENCH_METHODS; m++)
    if (r.slope[m] > 0) put(&s, (size_t)m + 1, "%.2f", r.slope[m]);
  s.rows++;
  show(c, &s);
  cli_say(c, "\nslope: of log time by log L, from L = 4 on\n");
  static const char *const what[] = {"all couplings", "even couplings"};
  const int from[] = {r.grid_beats_all, r.grid_beats_even};
  for (int i = 0; i < 2; i++) {
    if (from[i] > 0)
      cli_say(c, "the separable grid is faster than %s from L = %d on\n", what[i], from[i]);
    else
      cli_say(c, "the separable grid is not faster than %s at L = %d\n", what[i], ask.high);
  }
  return WEYL_OK;
}

weyl_status cli_bench_tp(cli *c) {
  const char *peer = cli_string(c, "peer"), *method = weyl_options_string(c->extra, "method");
  const double asked = cli_number(c, "seconds");
  bench_tp_ask ask = {.channels = weyl_options_integer(c->extra, "channels"),
                      .batch = weyl_options_integer(c->extra, "batch"),
                      .real = strcmp(weyl_options_string(c->extra, "type"), "f64") == 0 ? WEYL_F64 : WEYL_F32,
                      .every = strcmp(method, "all") == 0,
                      .passes = BENCH_TP_PASSES,
                      .seconds = asked > 0 ? asked : 0.6,
                      .peer = peer && strcmp(peer, "none") != 0 ? peer : NULL,
                      .verbose = c->verbose};
  for (int m = 0; m <= WEYL_PRODUCT_GRID; m++)
    if (strcmp(bench_tp_method_name((weyl_product_method)m), method) == 0) ask.method = (weyl_product_method)m;
  for (int k = 0; k < BENCH_TP_KINDS; k++)
    if (strcmp(bench_tp_kind_name[k], weyl_options_string(c->extra, "product")) == 0) ask.kind = (bench_tp_kind)k;
  WEYL_TRY(bench_degrees(c->ctx, weyl_options_string(c->extra, "L"), 0, BENCH_TP_DEGREES - 4, &ask.l_low, &ask.l_high));
  if (weyl_options_bool(c->extra, "tune")) return tune(c, &ask);
  if (weyl_options_bool(c->extra, "table")) return table(c, &ask);
  static bench_tp r;
  WEYL_TRY(bench_products(c->ctx, &ask, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  json_tp(c->result, &ask, &r);

  static const char *const what[] = {"tensor products, all paths, a weight each",
                                     "tensor products, paths with l1 + l2 + l3 even, a weight each",
                                     "products of functions on the sphere, a weight for each degree",
                                     "products and brackets of functions on the sphere, a weight for each degree"};
  cli_say(c, "%s: all degrees to L, %lld channels, batch %lld, %s, instruction set %s\n", what[ask.kind],
          (long long)ask.channels, (long long)ask.batch, type_name(ask.real), weyl_kernels_active()->isa);
  cli_say(c, "one thread, CPU ns of one channel of one sample; multiply-adds %.1f GFLOP/s, memory %.1f GB/s\n",
          giga(r.peak), giga(r.bandwidth));
  if (r.about.name[0]) {
    cli_say(c, "peer: %s %s", r.about.name, r.about.version);
    if (ask.kind >= BENCH_TP_GAUNT) cli_say(c, ", whose product has a weight for each path: more than ours");
    cli_say(c, "\n");
  }
  cli_say(c, "\n");
  const int rows = (ROWS_MAX - 1) / ask.passes; /* a sheet holds so many */
  for (int i = 0; i < r.rows; i += rows) say_rows(c, &ask, &r, i, i + rows < r.rows ? i + rows : r.rows);
  return WEYL_OK;
}
