/* weyl bench fft, persist, sense, sem, noether, bms. */
#include "sheet.h"

#include <bench.h>

typedef weyl_status measure(weyl_context *ctx, bool second, double seconds, const char *peer, bool verbose,
                            bench_signals *out);

static weyl_status signals(cli *c, measure *run, bool second, const char *with) {
  const char *peer = cli_string(c, "peer");
  const bool beside = peer && with && strcmp(peer, with) == 0;
  if (peer && !beside && strcmp(peer, "none") != 0) {
    snprintf(c->place, sizeof c->place, "--peer");
    if (!with) return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench %s has no peer", c->arg[0]);
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench %s has the peer %s", c->arg[0], with);
  }
  const double seconds = cli_number(c, "seconds") > 0 ? cli_number(c, "seconds") : 0.3;
  bench_signals r;
  WEYL_TRY(run(c->ctx, second, seconds, beside ? peer : NULL, c->verbose, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  weyl_json *json = c->result;
  const bool shown = r.about.name[0];
  weyl_json_string(json, "peer", shown ? r.about.name : NULL);
  weyl_json_string(json, "peer_version", shown ? r.about.version : NULL);
  weyl_json_number(json, "read_gbs", giga(r.read));
  weyl_json_array(json, "rows");
  cli_say(c, "%d thread%s, %s time; reading memory %.1f GB/s on one\n", r.wall ? weyl_threads(c->ctx) : 1,
          r.wall && weyl_threads(c->ctx) > 1 ? "s" : "", r.wall ? "wall" : "CPU", giga(r.read));
  if (shown) cli_say(c, "peer: %s %s\n", r.about.name, r.about.version);
  cli_say(c, "\n");
  static const char *const names[] = {"what",    "type",     "length",    "us best", "us median",
                                      "ns each", "of limit", "peer best", "ratio"};
  sheet s;
  head(&s, names, shown ? 9 : 7);
  for (int i = 0; i < r.rows; i++, s.rows++) {
    const bench_signal *row = &r.row[i];
    const bool twice = strcmp(row->type, "f64") == 0;
    const double best = r.wall ? row->ours.best_wall : row->ours.best_cpu,
                 median = r.wall ? row->ours.wall : row->ours.cpu,
                 other = r.wall ? row->peer.best_wall : row->peer.best_cpu;
    const double fraction = row->bytes > 0
                                ? ratio(ratio(row->bytes, best), r.read * (r.wall ? weyl_threads(c->ctx) : 1))
                                : ratio(ratio(row->operations, best), r.peak[twice ? WEYL_F64 : WEYL_F32]);
    weyl_json_object(json, NULL);
    weyl_json_string(json, "what", row->what);
    weyl_json_string(json, "type", row->type);
    weyl_json_integer(json, "n", row->n);
    weyl_json_integer(json, "items", row->items);
    weyl_json_number(json, "best_us", 1e6 * best);
    weyl_json_number(json, "us", 1e6 * median);
    weyl_json_number(json, "ns_per_item", 1e9 * best / (double)row->items);
    json_or_null(json, "fraction", fraction);
    json_or_null(json, "peer_best_us", 1e6 * other);
    json_or_null(json, "ratio", ratio(other, best));
    weyl_json_end(json);
    put(&s, 0, "%s", row->what);
    put(&s, 1, "%s", row->type);
    put(&s, 2, "%lld", (long long)row->n);
    put(&s, 3, "%.1f", 1e6 * best);
    put(&s, 4, "%.1f", 1e6 * median);
    put(&s, 5, "%.2f", 1e9 * best / (double)row->items);
    if (fraction > 0) put(&s, 6, "%.0f%%", 100 * fraction);
    if (!shown || row->peer.steps == 0) continue;
    put(&s, 7, "%.1f", 1e6 * other);
    put(&s, 8, "%.2f", ratio(other, best));
  }
  weyl_json_end(json);
  show(c, &s);
  return WEYL_OK;
}

weyl_status cli_bench_fft(cli *c) { return signals(c, bench_signals_run, false, "scipy"); }
weyl_status cli_bench_persist(cli *c) { return signals(c, bench_signals_run, true, "scipy"); }
weyl_status cli_bench_sense(cli *c) { return signals(c, bench_studies_run, false, "scipy"); }
weyl_status cli_bench_sem(cli *c) { return signals(c, bench_studies_run, true, "scipy"); }
weyl_status cli_bench_noether(cli *c) { return signals(c, bench_noether_run, false, "sympy"); }
weyl_status cli_bench_bms(cli *c) { return signals(c, bench_flat_run, false, NULL); }
