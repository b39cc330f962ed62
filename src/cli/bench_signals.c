/* weyl bench fft, persist. */
#include "sheet.h"

#include <bench.h>

static weyl_status signals(cli *c, bool persist) {
  const char *peer = cli_string(c, "peer");
  const bool beside = peer && strcmp(peer, "scipy") == 0;
  if (peer && !beside && strcmp(peer, "none") != 0) {
    snprintf(c->place, sizeof c->place, "--peer");
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench %s has the peer scipy", c->arg[0]);
  }
  const double seconds = cli_number(c, "seconds") > 0 ? cli_number(c, "seconds") : 0.3;
  bench_signals r;
  WEYL_TRY(bench_signals_run(c->ctx, persist, seconds, beside ? peer : NULL, c->verbose, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  weyl_json *json = c->result;
  const bool shown = r.about.name[0];
  weyl_json_string(json, "peer", shown ? r.about.name : NULL);
  weyl_json_string(json, "peer_version", shown ? r.about.version : NULL);
  weyl_json_number(json, "read_gbs", giga(r.read));
  weyl_json_array(json, "rows");
  cli_say(c, "one thread, CPU time; reading memory %.1f GB/s\n", giga(r.read));
  if (shown) cli_say(c, "peer: %s %s\n", r.about.name, r.about.version);
  cli_say(c, "\n");
  static const char *const names[] = {"what",    "type",    "length",    "us best", "us median",
                                      "ns each", "of peak", "peer best", "ratio"};
  sheet s;
  head(&s, names, shown ? 9 : 7);
  for (int i = 0; i < r.rows; i++, s.rows++) {
    const bench_signal *row = &r.row[i];
    const bool twice = strcmp(row->type, "f64") == 0;
    const double fraction = ratio(ratio(row->operations, row->ours.best_cpu), r.peak[twice ? WEYL_F64 : WEYL_F32]);
    weyl_json_object(json, NULL);
    weyl_json_string(json, "what", row->what);
    weyl_json_string(json, "type", row->type);
    weyl_json_integer(json, "n", row->n);
    weyl_json_integer(json, "items", row->items);
    weyl_json_number(json, "best_us", 1e6 * row->ours.best_cpu);
    weyl_json_number(json, "us", 1e6 * row->ours.cpu);
    weyl_json_number(json, "ns_per_item", 1e9 * row->ours.best_cpu / (double)row->items);
    json_or_null(json, "fraction", fraction);
    json_or_null(json, "peer_best_us", 1e6 * row->peer.best_cpu);
    json_or_null(json, "ratio", ratio(row->peer.best_cpu, row->ours.best_cpu));
    weyl_json_end(json);
    put(&s, 0, "%s", row->what);
    put(&s, 1, "%s", row->type);
    put(&s, 2, "%lld", (long long)row->n);
    put(&s, 3, "%.1f", 1e6 * row->ours.best_cpu);
    put(&s, 4, "%.1f", 1e6 * row->ours.cpu);
    put(&s, 5, "%.2f", 1e9 * row->ours.best_cpu / (double)row->items);
    if (fraction > 0) put(&s, 6, "%.0f%%", 100 * fraction);
    if (!shown || row->peer.steps == 0) continue;
    put(&s, 7, "%.1f", 1e6 * row->peer.best_cpu);
    put(&s, 8, "%.2f", ratio(row->peer.best_cpu, row->ours.best_cpu));
  }
  weyl_json_end(json);
  show(c, &s);
  return WEYL_OK;
}

weyl_status cli_bench_fft(cli *c) { return signals(c, false); }
weyl_status cli_bench_persist(cli *c) { return signals(c, true); }
