/* weyl bench many: what is timed is in bench/many.c. */
#include "sheet.h"

#include <bench.h>

const weyl_option cli_bench_many_options[] = {
    {"L", WEYL_OPT_INT, "2", 0, 8, NULL, "the highest degree of the function"},
    {"L_out", WEYL_OPT_INT, "2", 0, 8, NULL, "and of the result"},
    {"order", WEYL_OPT_INT, "3", 1, 4, NULL, "copies, at most, in the symmetric contraction"},
    {"channels", WEYL_OPT_INT, "128", 1, 65536, NULL, "channels"},
    {"batch", WEYL_OPT_INT, "64", 1, 1e6, NULL, "samples a call"},
    {"elements", WEYL_OPT_INT, "3", 1, 1000, NULL, "chemical elements, each with weights of its own"},
    {"type", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "of the numbers"},
    {0},
};

static double ns_an_item(const bench_many_ask *ask, double seconds) {
  return 1e9 * seconds / ((double)ask->channels * (double)ask->batch);
}

/* The share of the time that multiply-adds, or memory, take at least: the larger binds. */
static double of_peak(const bench_many_ask *ask, const bench_many *r, const bench_many_row *row) {
  return ratio(2e9 * row->ops, r->peak * ns_an_item(ask, row->ours.best_cpu));
}

static double of_memory(const bench_many_ask *ask, const bench_many *r, const bench_many_row *row) {
  return ratio(1e9 * row->bytes, r->bandwidth * ns_an_item(ask, row->ours.best_cpu));
}

weyl_status cli_bench_many(cli *c) {
  const char *peer = cli_string(c, "peer");
  const double asked = cli_number(c, "seconds");
  const bench_many_ask ask = {
      .l = (int)weyl_options_integer(c->extra, "L"),
      .l_out = (int)weyl_options_integer(c->extra, "L_out"),
      .order = (int)weyl_options_integer(c->extra, "order"),
      .channels = weyl_options_integer(c->extra, "channels"),
      .batch = weyl_options_integer(c->extra, "batch"),
      .elements = weyl_options_integer(c->extra, "elements"),
      .real = strcmp(weyl_options_string(c->extra, "type"), "f64") == 0 ? WEYL_F64 : WEYL_F32,
      .seconds = asked > 0 ? asked : 0.6,
      .peer = peer && strcmp(peer, "none") != 0 ? peer : NULL,
      .verbose = c->verbose,
  };
  if (ask.peer && strcmp(ask.peer, "mace") != 0) {
    snprintf(c->place, sizeof c->place, "--peer");
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench many has the peer mace");
  }
  bench_many r;
  WEYL_TRY(bench_many_run(c->ctx, &ask, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  weyl_json *json = c->result;
  weyl_json_integer(json, "channels", ask.channels);
  weyl_json_integer(json, "batch", ask.batch);
  weyl_json_string(json, "type", type_name(ask.real));
  weyl_json_number(json, "peak_gflops", giga(r.peak));
  weyl_json_number(json, "bandwidth_gbs", giga(r.bandwidth));
  weyl_json_string(json, "peer", r.about.name[0] ? r.about.name : NULL);
  weyl_json_string(json, "peer_version", r.about.name[0] ? r.about.version : NULL);
  weyl_json_array(json, "rows");
  for (int i = 0; i < r.rows; i++) {
    const bench_many_row *row = &r.row[i];
    weyl_json_object(json, NULL);
    weyl_json_string(json, "what", row->what);
    weyl_json_string(json, "pass", row->pass);
    weyl_json_integer(json, "order", row->order);
    weyl_json_integer(json, "weights", row->weights);
    weyl_json_number(json, "ops", row->ops);
    weyl_json_number(json, "ns", ns_an_item(&ask, row->ours.cpu));
    weyl_json_number(json, "best_ns", ns_an_item(&ask, row->ours.best_cpu));
    weyl_json_number(json, "share", of_peak(&ask, &r, row));
    weyl_json_number(json, "memory_share", of_memory(&ask, &r, row));
    json_or_null(json, "peer_ns", ns_an_item(&ask, row->peer.cpu));
    json_or_null(json, "peer_best_ns", ns_an_item(&ask, row->peer.best_cpu));
    json_or_null(json, "ratio", ratio(row->peer.cpu, row->ours.cpu));
    json_or_null(json, "best_ratio", ratio(row->peer.best_cpu, row->ours.best_cpu));
    weyl_json_end(json);
  }
  weyl_json_end(json);

  const bool beside = r.about.name[0];
  cli_say(c, "many-body products, degrees to %d, result to %d: %lld channels, batch %lld, %s, instruction set %s\n",
          ask.l, ask.l_out, (long long)ask.channels, (long long)ask.batch, type_name(ask.real),
          weyl_kernels_active()->isa);
  cli_say(c, "one thread, CPU ns of one channel of one sample; multiply-adds %.1f GFLOP/s, memory %.1f GB/s\n",
          giga(r.peak), giga(r.bandwidth));
  if (beside) cli_say(c, "peer: %s %s, whose couplings are not all independent\n", r.about.name, r.about.version);
  cli_say(c, "\n");
  static const char *const names[] = {"product",   "pass",    "order",     "weights",   "ops",         "ns best",
                                      "ns median", "of peak", "of memory", "peer best", "peer median", "ratio"};
  sheet s;
  head(&s, names, beside ? 12 : 9);
  for (int i = 0; i < r.rows; i++, s.rows++) {
    const bench_many_row *row = &r.row[i];
    put(&s, 0, "%s", row->what);
    put(&s, 1, "%s", row->pass);
    put(&s, 2, "%d", row->order);
    put(&s, 3, "%lld", (long long)row->weights);
    put(&s, 4, "%.0f", row->ops);
    put(&s, 5, "%.1f", ns_an_item(&ask, row->ours.best_cpu));
    put(&s, 6, "%.1f", ns_an_item(&ask, row->ours.cpu));
    put(&s, 7, "%.0f%%", 100 * of_peak(&ask, &r, row));
    put(&s, 8, "%.0f%%", 100 * of_memory(&ask, &r, row));
    if (row->peer.steps == 0) continue;
    put(&s, 9, "%.0f", ns_an_item(&ask, row->peer.best_cpu));
    put(&s, 10, "%.0f", ns_an_item(&ask, row->peer.cpu));
    put(&s, 11, "%.1f (best %.1f)", ratio(row->peer.cpu, row->ours.cpu), ratio(row->peer.best_cpu, row->ours.best_cpu));
  }
  show(c, &s);
  return WEYL_OK;
}
