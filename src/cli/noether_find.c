/* weyl noether find: all symmetries of a form. */
#include "noether.h"

weyl_status noether_find(cli *c) {
  noether n;
  WEYL_TRY(noether_open(c, c->arg[1], &n));
  const char *of = cli_string(c, "of");
  const weyl_notation as = cli_bool(c, "latex") ? WEYL_LATEX : WEYL_PLAIN;
  weyl_noether_find_opts o = {.degree = (int)cli_integer(c, "degree"), .order = (int)cli_integer(c, "order")};
  o.lagrangian =
      strcmp(of, "lagrangian") == 0 || (strcmp(of, "auto") == 0 && o.order > 0 && weyl_noether_lagrangian(n.p));
  weyl_noether_found f = {0};
  noether_table t = {.columns = 2};
  weyl_status status;
  const double before = weyl_seconds();
  WEYL_GOTO(weyl_noether_find(n.p, &o, &f));
  const double seconds = weyl_seconds() - before;
  const bool lagrangian = weyl_noether_lagrangian(n.p);
  weyl_json_integer(c->result, "degree", o.degree);
  weyl_json_integer(c->result, "order", o.order);
  weyl_json_string(c->result, "of", o.lagrangian ? "lagrangian" : "equations");
  weyl_json_integer(c->result, "unknowns", (int64_t)f.unknowns);
  weyl_json_integer(c->result, "count", (int64_t)f.count);
  if (lagrangian) weyl_json_integer(c->result, "variational", (int64_t)f.variational);
  weyl_json_number(c->result, "find_seconds", seconds);
  noether_row(&n, &t, (const char *const[]){"symmetry of", "v"});
  weyl_json_array(c->result, "generators");
  for (size_t k = 0; k < f.count; k++) {
    const char *what = k < f.variational ? "the action" : "the equations";
    noether_row(&n, &t, (const char *const[]){what, weyl_noether_generator_text(n.p, &f.v[k], as)});
    weyl_json_object(c->result, NULL);
    noether_json_generator(&n, &f.v[k]);
    weyl_json_bool(c->result, "variational", k < f.variational);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  if (f.count) noether_show(&n, &t);
  cli_say(c, "%s%zu dimension%s", f.count ? "\n" : "", f.count, f.count == 1 ? "" : "s");
  if (lagrangian && !o.lagrangian) cli_say(c, ", %zu of them of the action", f.variational);
  char derivatives[64] = "positions and fields";
  if (o.order > 0) snprintf(derivatives, sizeof derivatives, "positions, fields and derivatives to order %d", o.order);
  cli_say(c, "; ansatz: polynomials of degree %d in %s, %zu unknowns\n", o.degree, derivatives, f.unknowns);
  cli_note(c, "%.3g s", seconds);
done:
  weyl_noether_found_free(c->ctx, &f);
  noether_close(&n);
  return status;
}
