/* weyl bms check: the known values again. */
#include "bms.h"

weyl_status bms_check(bms *b) {
  cli *c = b->c;
  enum { COLUMNS = 6, MOST = 96 };
  char(*text)[COLUMNS][64] = weyl_arena_alloc(b->arena, MOST, sizeof *text);
  const char **cells = weyl_arena_array(b->arena, const char *, MOST *COLUMNS);
  if (!text || !cells) return WEYL_MEMORY;
  static const char *const names[COLUMNS] = {"check", "quantity", "known", "ours", "holds", "budget"};
  memcpy(cells, names, sizeof names);
  size_t rows = 1, failed = 0;
  weyl_json_array(c->result, "rows");
  for (const weyl_bms_check *k; rows < MOST && (k = weyl_bms_check_at(rows - 1)) != NULL; rows++) {
    double ours;
    char(*t)[64] = text[rows];
    const double start = weyl_seconds();
    if (weyl_progress(c->ctx, k->name, (double)rows, 0)) return weyl_fail(c->ctx, WEYL_INTERRUPTED, "stopped");
    WEYL_TRY(weyl_bms_check_run(c->ctx, rows - 1, cli_bool(c, "full"), &ours, t[5]));
    const bool holds = ours >= k->low && ours <= k->high, control = isinf(k->high);
    failed += !holds;
    snprintf(t[0], 64, "%s", k->name);
    snprintf(t[1], 64, "%s", k->metric);
    if (!isnan(k->known))
      snprintf(t[2], 64, "%.11g", k->known);
    else
      snprintf(t[2], 64, control ? "above %.0e" : "below %.0e", control ? k->low : k->high);
    snprintf(t[3], 64, isnan(k->known) ? "%.2g" : "%.11g", ours);
    snprintf(t[4], 64, "%s", !holds ? "NO" : control ? "fails, as it must" : "yes");
    for (size_t j = 0; j < COLUMNS; j++) cells[rows * COLUMNS + j] = t[j];
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", k->name);
    weyl_json_string(c->result, "metric", k->metric);
    if (isnan(k->known))
      weyl_json_string(c->result, "paper", NULL);
    else
      weyl_json_number(c->result, "paper", k->known);
    weyl_json_number(c->result, "ours", ours);
    weyl_json_number(c->result, "residual", isnan(k->known) ? ours : fabs(ours - k->known));
    weyl_json_number(c->result, "low", k->low);
    weyl_json_number(c->result, "high", k->high);
    weyl_json_bool(c->result, "holds", holds);
    weyl_json_string(c->result, "budget", t[5]);
    weyl_json_string(c->result, "source", k->source);
    weyl_json_number(c->result, "seconds", weyl_seconds() - start);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  weyl_json_string(c->result, "verdict", failed ? "fails" : "holds");
  cli_bar_clear(c);
  cli_table(c, rows, COLUMNS, cells);
  cli_say(c, "\n%zu of %zu hold\n", rows - 1 - failed, rows - 1);
  if (failed) return weyl_fail(c->ctx, WEYL_NO, "%zu of %zu checks fail", failed, rows - 1);
  return WEYL_OK;
}
