/* weyl bench edge: what is timed is in bench/edge.c. */
#include "sheet.h"

#include <bench.h>

#include <stdlib.h>

const weyl_option cli_bench_edge_options[] = {
    {"atoms", WEYL_OPT_INT, "27", 2, 1e6, NULL, "nodes"},
    {"edges", WEYL_OPT_INT, "434", 1, 1e7, NULL, "edges, equally many for each receiver"},
    {"channels", WEYL_OPT_STRING, "64,128", 0, 0, NULL, "numbers of channels"},
    {"l-in", WEYL_OPT_INT, "1", 0, 6, NULL, "highest degree of the senders"},
    {"l-harmonics", WEYL_OPT_INT, "3", 0, 6, NULL, "of the harmonics"},
    {"l-out", WEYL_OPT_INT, "3", 0, 6, NULL, "of the output"},
    {"L", WEYL_OPT_STRING, "", 0, 0, NULL,
     "2-8: instead, every degree to each L of these, over tables and in the frame of each edge, at the first number of "
     "channels"},
    {"product", WEYL_OPT_CHOICE, "even", 0, 0, "even|full", "of these, sums of degrees"},
    {"type", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "of the numbers"},
    {0},
};

static weyl_status widths(cli *c, bench_edge_ask *ask) {
  const char *text = weyl_options_string(c->extra, "channels"), *at = text;
  for (;; at++) {
    char *end;
    const long n = strtol(at, &end, 10);
    if (end == at || n < 1 || n > 65536 || (*end && *end != ',') || ask->widths == BENCH_EDGE_WIDTHS)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "channels is \"%s\", must be 1 to %d numbers of 1 to 65536, like 64,128",
                       text, BENCH_EDGE_WIDTHS);
    ask->channels[ask->widths++] = n;
    at = end;
    if (!*at) return WEYL_OK;
  }
}

static double share(const bench_edge *r, const bench_edge_row *row, int pass, const bench_edge_ask *ask) {
  return ratio(2 * row->ops[pass] * (double)(ask->edges * row->channels), r->peak * row->ours[pass].best_cpu);
}

static double us(double seconds) { return 1e6 * seconds; }

static void json_edge(weyl_json *json, const bench_edge_ask *ask, const bench_edge *r) {
  weyl_json_string(json, "type", type_name(ask->real));
  weyl_json_integer(json, "atoms", ask->atoms);
  weyl_json_integer(json, "edges", ask->edges);
  weyl_json_number(json, "peak_gflops", giga(r->peak));
  weyl_json_string(json, "peer", r->about.name[0] ? r->about.name : NULL);
  weyl_json_string(json, "peer_version", r->about.name[0] ? r->about.version : NULL);
  weyl_json_array(json, "rows");
  for (int i = 0; i < r->rows; i++)
    for (int pass = 0; pass < BENCH_EDGE_PASSES; pass++) {
      const bench_edge_row *row = &r->row[i];
      const bench_times *ours = &row->ours[pass], *peer = &row->peer[pass % 2]; /* the peer has one layout */
      weyl_json_object(json, NULL);
      weyl_json_integer(json, "channels", row->channels);
      weyl_json_string(json, "pass", bench_edge_pass[pass]);
      weyl_json_integer(json, "paths", row->paths);
      weyl_json_integer(json, "outputs", row->outputs);
      weyl_json_number(json, "ops", row->ops[pass]);
      weyl_json_number(json, "us", us(ours->cpu));
      weyl_json_number(json, "best_us", us(ours->best_cpu));
      weyl_json_number(json, "share", share(r, row, pass, ask));
      json_or_null(json, "peer_us", us(peer->cpu));
      json_or_null(json, "peer_best_us", us(peer->best_cpu));
      json_or_null(json, "ratio", ratio(peer->cpu, ours->cpu));
      json_or_null(json, "best_ratio", ratio(peer->best_cpu, ours->best_cpu));
      weyl_json_end(json);
    }
  weyl_json_end(json);
}

/* ---- in the frame of each edge ---- */

static weyl_status degrees(cli *c, const bench_edge_ask *e, const char *text) {
  bench_align_ask ask = {.atoms = e->atoms,
                         .edges = e->edges,
                         .channels = e->channels[0],
                         .full = strcmp(weyl_options_string(c->extra, "product"), "full") == 0,
                         .real = e->real,
                         .seconds = e->seconds};
  WEYL_TRY(bench_degrees(c->ctx, text, 0, BENCH_ALIGN_DEGREES - 1, &ask.l_low, &ask.l_high));
  static bench_align r;
  WEYL_TRY(bench_aligns(c->ctx, &ask, &r));
  cli_bar_clear(c);
  weyl_json *json = c->result;
  weyl_json_string(json, "type", type_name(ask.real));
  weyl_json_string(json, "product", ask.full ? "full" : "even");
  weyl_json_integer(json, "atoms", ask.atoms);
  weyl_json_integer(json, "edges", ask.edges);
  weyl_json_integer(json, "channels", ask.channels);
  weyl_json_number(json, "peak_gflops", giga(r.peak));
  weyl_json_array(json, "rows");
  cli_say(c,
          "convolution along edges: %lld atoms, %lld edges, %lld channels, all degrees to L, %s, instruction set %s\n",
          (long long)ask.atoms, (long long)ask.edges, (long long)ask.channels, type_name(ask.real),
          weyl_kernels_active()->isa);
  cli_say(c, "one thread, CPU ns for a channel of an edge, best and median; multiply-adds %.1f GFLOP/s\n\n",
          giga(r.peak));
  static const char *const names[] = {"L",       "method",    "weights", "ops",    "forward", "median",
                                      "of peak", "of tables", "both",    "median", "of peak", "of tables"};
  sheet s;
  head(&s, names, 12);
  for (int i = 0; i < r.rows; i++, s.rows++) {
    const bench_align_row *row = &r.row[i], *tables = &r.row[i / BENCH_ALIGN_WAYS * BENCH_ALIGN_WAYS];
    const double items = (double)ask.edges * (double)ask.channels;
    put(&s, 0, "%d", row->l);
    put(&s, 1, "%s", bench_align_way[row->way]);
    put(&s, 2, "%lld", (long long)row->weights);
    put(&s, 3, "%.0f", row->ops[0]);
    for (int pass = 0; pass < BENCH_ALIGN_PASSES; pass++) {
      const bench_times *t = &row->ours[pass];
      const double best = 1e9 * t->best_cpu / items, median = 1e9 * t->cpu / items,
                   part = ratio(2e9 * row->ops[pass], r.peak * best), times = ratio(tables->ours[pass].cpu, t->cpu);
      const size_t column = 4 + 4 * (size_t)pass;
      put(&s, column, "%.3g", best);
      put(&s, column + 1, "%.3g", median);
      put(&s, column + 2, "%.0f%%", 100 * part);
      put(&s, column + 3, "%.2fx", times);
      weyl_json_object(json, NULL);
      weyl_json_integer(json, "L", row->l);
      weyl_json_string(json, "method", bench_align_way[row->way]);
      weyl_json_string(json, "pass", bench_align_pass[pass]);
      weyl_json_integer(json, "weights", row->weights);
      weyl_json_number(json, "ops", row->ops[pass]);
      weyl_json_number(json, "ns", median);
      weyl_json_number(json, "best_ns", best);
      weyl_json_number(json, "share", part);
      weyl_json_number(json, "faster_than_tables", times);
      weyl_json_end(json);
    }
  }
  weyl_json_end(json);
  show(c, &s);
  return WEYL_OK;
}

weyl_status cli_bench_edge(cli *c) {
  const char *asked = cli_string(c, "peer");
  const bool none = !asked || strcmp(asked, "none") == 0;
  const double seconds = cli_number(c, "seconds");
  bench_edge_ask ask = {.atoms = weyl_options_integer(c->extra, "atoms"),
                        .edges = weyl_options_integer(c->extra, "edges"),
                        .l_in = (int)weyl_options_integer(c->extra, "l-in"),
                        .l_harmonics = (int)weyl_options_integer(c->extra, "l-harmonics"),
                        .l_out = (int)weyl_options_integer(c->extra, "l-out"),
                        .real = strcmp(weyl_options_string(c->extra, "type"), "f64") == 0 ? WEYL_F64 : WEYL_F32,
                        .seconds = seconds > 0 ? seconds : 0.6,
                        .peer = none ? NULL : asked,
                        .verbose = c->verbose};
  if (!none && strcmp(asked, "e3nn") != 0) {
    snprintf(c->place, sizeof c->place, "--peer");
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench edge has the peer e3nn");
  }
  WEYL_TRY(widths(c, &ask));
  const char *text = weyl_options_string(c->extra, "L");
  if (text[0]) return degrees(c, &ask, text);
  bench_edge r;
  WEYL_TRY(bench_edges(c->ctx, &ask, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  json_edge(c->result, &ask, &r);

  const bool peer = r.about.name[0];
  cli_say(c, "convolution along edges: %lld atoms, %lld edges, degrees to %d with harmonics to %d, to %d, %s\n",
          (long long)ask.atoms, (long long)ask.edges, ask.l_in, ask.l_harmonics, ask.l_out, type_name(ask.real));
  cli_say(c, "%lld paths, %lld numbers out of each channel; one thread, CPU us; multiply-adds %.1f GFLOP/s\n",
          (long long)r.row[0].paths, (long long)r.row[0].outputs, giga(r.peak));
  if (peer) cli_say(c, "peer: %s %s\n", r.about.name, r.about.version);
  cli_say(c, "\n");
  static const char *const names[] = {"channels", "pass",      "ops",         "us best", "us median",
                                      "of peak",  "peer best", "peer median", "ratio"};
  sheet s;
  head(&s, names, peer ? 9 : 6);
  for (int i = 0; i < r.rows; i++)
    for (int pass = 0; pass < BENCH_EDGE_PASSES; pass++, s.rows++) {
      const bench_edge_row *row = &r.row[i];
      const bench_times *ours = &row->ours[pass], *theirs = &row->peer[pass % 2];
      put(&s, 0, "%lld", (long long)row->channels);
      put(&s, 1, "%s", bench_edge_pass[pass]);
      put(&s, 2, "%.0f", row->ops[pass]);
      put(&s, 3, "%.1f", us(ours->best_cpu));
      put(&s, 4, "%.1f", us(ours->cpu));
      put(&s, 5, "%.0f%%", 100 * share(&r, row, pass, &ask));
      if (!peer) continue;
      put(&s, 6, "%.0f", us(theirs->best_cpu));
      put(&s, 7, "%.0f", us(theirs->cpu));
      put(&s, 8, "%.1f (best %.1f)", ratio(theirs->cpu, ours->cpu), ratio(theirs->best_cpu, ours->best_cpu));
    }
  show(c, &s);
  return WEYL_OK;
}
