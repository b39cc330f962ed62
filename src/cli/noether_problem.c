/* weyl noether list, check and current; and where problems come from. */
#include "noether.h"

#include <ctype.h>

const char *noether_preset_name(size_t i) { return weyl_noether_preset(i, NULL); }

/* ---- problems ---- */

static weyl_status parse(cli *c, const char *name, weyl_noether **out) {
  const char *text, *known;
  for (size_t i = 0; (known = weyl_noether_preset(i, &text)); i++)
    if (strcmp(known, name) == 0) return weyl_noether_parse(c->ctx, text, strlen(text), name, out);
  if (!weyl_file_exists(name) && !strpbrk(name, "./"))
    return cli_unknown(c, "preset or file", name, noether_preset_name);
  char *bytes = NULL;
  size_t n = 0;
  WEYL_TRY(weyl_file_read(c->ctx, name, (size_t)1 << 20, &bytes, &n));
  const weyl_status status = weyl_noether_parse(c->ctx, bytes, n, name, out);
  weyl_dealloc(c->ctx, bytes);
  return status;
}

/* --parameters "m = 2, k = 1/2" */
static weyl_status set_parameters(noether *n) {
  const char *text = cli_string(n->c, "parameters");
  if (!text) return WEYL_OK;
  snprintf(n->c->place, sizeof n->c->place, "--parameters");
  while (*text) {
    const size_t length = strcspn(text, ",");
    char *one = weyl_arena_printf(n->arena, "%.*s", (int)length, text), *value = one ? strchr(one, '=') : NULL;
    if (!one) return WEYL_MEMORY;
    if (!value) return weyl_fail(n->c->ctx, WEYL_BAD_ARG, "--parameters \"%s\" must be NAME = NUMBER", one);
    char *end = value;
    *value++ = '\0';
    while (end > one && isspace((unsigned char)end[-1])) *--end = '\0';
    while (isspace((unsigned char)*one)) one++;
    const weyl_status status = weyl_noether_set(n->p, one, value);
    if (status != WEYL_OK) return status == WEYL_FORMAT ? WEYL_BAD_ARG : status;
    text += length + (text[length] == ',');
  }
  n->c->place[0] = '\0';
  return WEYL_OK;
}

weyl_status noether_open(cli *c, const char *name, noether *out) {
  *out = (noether){.c = c};
  weyl_status status = weyl_arena_new(c->ctx, &out->arena);
  if (status == WEYL_OK) status = parse(c, name, &out->p);
  if (status == WEYL_OK) {
    out->a = weyl_noether_algebra(out->p);
    status = set_parameters(out);
  }
  if (status != WEYL_OK) {
    noether_close(out);
    return status;
  }
  const weyl_expr *l = weyl_noether_lagrangian(out->p);
  weyl_json_string(c->result, "problem", name);
  if (l)
    noether_json_expr(out, "lagrangian", l);
  else
    weyl_json_string(c->result, "lagrangian", NULL);
  cli_say(c, "%s%s%s\n", name, weyl_noether_about(out->p)[0] ? ": " : "", weyl_noether_about(out->p));
  const weyl_notation as = cli_bool(c, "latex") ? WEYL_LATEX : WEYL_PLAIN;
  if (l) cli_say(c, "L = %s\n", weyl_expr_text(out->a, l, as));
  for (size_t i = 0; !l && i < weyl_noether_equations(out->p); i++)
    cli_say(c, "%s = 0\n", weyl_expr_text(out->a, weyl_noether_equation(out->p, i), as));
  cli_say(c, "\n");
  return WEYL_OK;
}

static weyl_status add_generator(noether *n, const char *text) {
  size_t k = 0;
  while (k < weyl_noether_generators(n->p) && strcmp(weyl_noether_generator_name(n->p, k), text) != 0) k++;
  n->generator[n->count] = k;
  if (k == weyl_noether_generators(n->p)) {
    if (!strchr(text, '=')) {
      const char *names[64];
      for (size_t i = 0; i < k && i < 64; i++) names[i] = weyl_noether_generator_name(n->p, i);
      const char *near = weyl_nearest_name(text, names, k);
      if (near) return weyl_fail(n->c->ctx, WEYL_BAD_ARG, "no generator \"%s\": did you mean \"%s\"?", text, near);
      return weyl_fail(n->c->ctx, WEYL_BAD_ARG, "no generator \"%s\", and no components such as \"x = t\"", text);
    }
    const weyl_status status = weyl_noether_add(n->p, NULL, text, "--generator", &n->generator[n->count]);
    if (status != WEYL_OK) return status == WEYL_FORMAT ? WEYL_BAD_ARG : status;
  }
  n->count++;
  return WEYL_OK;
}

weyl_status noether_choose(noether *n) {
  const char *text = cli_string(n->c, "generator");
  if (text) return add_generator(n, text);
  for (; n->count < weyl_noether_generators(n->p); n->count++) n->generator[n->count] = n->count;
  if (n->count == 0)
    return weyl_fail(n->c->ctx, WEYL_BAD_ARG,
                     "no generator in the problem: give one, for example --generator \"%s = 1\"",
                     weyl_algebra_independent_name(n->a, 0));
  return WEYL_OK;
}

void noether_close(noether *n) {
  weyl_noether_free(n->p);
  weyl_arena_free(n->arena);
  *n = (noether){0};
}

/* ---- what is shown ---- */

void noether_row(noether *n, noether_table *t, const char *const *cells) {
  if (t->rows == t->room) {
    const size_t room = 2 * t->room + 16;
    const char **more = weyl_arena_array(n->arena, const char *, room * t->columns);
    if (!more) return;
    if (t->rows) memcpy(more, t->cell, t->rows * t->columns * sizeof *more);
    t->cell = more;
    t->room = room;
  }
  for (size_t i = 0; i < t->columns; i++)
    t->cell[t->rows * t->columns + i] = cells[i] ? weyl_arena_strdup(n->arena, cells[i]) : "";
  t->rows++;
}

void noether_show(const noether *n, const noether_table *t) { cli_table(n->c, t->rows, t->columns, t->cell); }

void noether_relative(char cell[32], double change) {
  if (change < 1e-13)
    snprintf(cell, 32, "rounding");
  else
    snprintf(cell, 32, "%.1e", change);
}

void noether_json_expr(noether *n, const char *key, const weyl_expr *x) {
  weyl_json_string(n->c->result, key, weyl_expr_text(n->a, x, WEYL_PLAIN));
  const char *latex = weyl_arena_printf(n->arena, "%s_latex", key);
  if (latex) weyl_json_string(n->c->result, latex, weyl_expr_text(n->a, x, WEYL_LATEX));
}

void noether_json_generator(noether *n, const weyl_generator *v) {
  weyl_json *json = n->c->result;
  weyl_json_string(json, "field", weyl_noether_generator_text(n->p, v, WEYL_PLAIN));
  weyl_json_string(json, "field_latex", weyl_noether_generator_text(n->p, v, WEYL_LATEX));
}

/* ---- list ---- */

weyl_status noether_list(cli *c) {
  const char *text, *name;
  if (c->args > 1) {
    for (size_t i = 0; (name = weyl_noether_preset(i, &text)); i++) {
      if (strcmp(name, c->arg[1]) != 0) continue;
      cli_say(c, "%s", text);
      weyl_json_string(c->result, "text", text);
      return WEYL_OK;
    }
    return cli_unknown(c, "preset", c->arg[1], noether_preset_name);
  }
  noether n = {.c = c};
  noether_table t = {.columns = 3};
  WEYL_TRY(weyl_arena_new(c->ctx, &n.arena));
  noether_row(&n, &t, (const char *const[]){"preset", "generators", "about"});
  weyl_json_array(c->result, "presets");
  weyl_status status = WEYL_OK;
  for (size_t i = 0; (name = weyl_noether_preset(i, &text)) && status == WEYL_OK; i++) {
    weyl_noether *p = NULL;
    status = weyl_noether_parse(c->ctx, text, strlen(text), name, &p);
    if (status != WEYL_OK) break;
    char count[24];
    snprintf(count, sizeof count, "%zu", weyl_noether_generators(p));
    noether_row(&n, &t, (const char *const[]){name, count, weyl_noether_about(p)});
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", name);
    weyl_json_string(c->result, "about", weyl_noether_about(p));
    weyl_json_array(c->result, "generators");
    for (size_t k = 0; k < weyl_noether_generators(p); k++)
      weyl_json_string(c->result, NULL, weyl_noether_generator_name(p, k));
    weyl_json_end(c->result);
    weyl_json_end(c->result);
    weyl_noether_free(p);
  }
  weyl_json_end(c->result);
  noether_show(&n, &t);
  noether_close(&n);
  return status;
}

/* ---- check and current ---- */

static const char *kind_of(const noether *n, const weyl_noether_verdict *v) {
  if (v->variational) return v->strict ? "of the action" : "up to a divergence";
  if (v->equations == 1) return weyl_noether_lagrangian(n->p) ? "of the equations alone" : "of the equations";
  return "no";
}

static const char *trivial_text(weyl_triviality trivial) {
  static const char *const text[] = {"no", "identically", "on solutions"};
  return text[trivial];
}

static void json_verdict(noether *n, const char *name, const weyl_generator *g, const weyl_noether_verdict *v) {
  weyl_json *json = n->c->result;
  weyl_json_object(json, NULL);
  weyl_json_string(json, "name", name);
  noether_json_generator(n, g);
  weyl_json_bool(json, "variational", v->variational);
  weyl_json_bool(json, "strict", v->strict);
  if (v->equations >= 0)
    weyl_json_bool(json, "equations", v->equations == 1);
  else
    weyl_json_string(json, "equations", NULL);
  weyl_json_string(json, "trivial", trivial_text(v->trivial));
  if (weyl_noether_lagrangian(n->p) && !v->variational) {
    weyl_json_object(json, "remainder");
    for (size_t k = 0; k < weyl_algebra_fields(n->a); k++)
      noether_json_expr(n, weyl_algebra_field_name(n->a, k), v->remainder[k]);
    weyl_json_end(json);
    weyl_json_number(json, "remainder_size", v->remainder_size);
  }
  if (v->closed) {
    weyl_json_object(json, "current");
    for (size_t i = 0; i < weyl_algebra_independents(n->a); i++)
      noether_json_expr(n, weyl_algebra_independent_name(n->a, i), v->current[i]);
    weyl_json_end(json);
    weyl_json_number(json, "residual", v->residual);
  } else if (v->variational) {
    weyl_json_string(json, "reason", v->reason);
  }
  weyl_json_end(json);
}

static weyl_status verdict_of(noether *n, size_t k, weyl_noether_verdict *out) {
  return weyl_noether_check(n->p, weyl_noether_generator(n->p, n->generator[k]), (size_t)cli_integer(n->c, "jets"),
                            cli_seed(n->c), out);
}

/* What is left of the condition, under the table. */
static void say_remainder(const noether *n, const char *name, const weyl_noether_verdict *v, weyl_notation as) {
  if (!weyl_noether_lagrangian(n->p)) {
    if (v->equations == 0)
      cli_say(n->c, "%s: pr v of the equation leaves, on solutions, %s\n", name,
              weyl_expr_text(n->a, v->equation_remainder, as));
    return;
  }
  for (size_t k = 0; !v->variational && k < weyl_algebra_fields(n->a); k++)
    if (weyl_expr_terms(v->remainder[k]))
      cli_say(n->c, "%s: E_%s(pr v(L) + L Div xi) = %s\n", name, weyl_algebra_field_name(n->a, k),
              weyl_expr_text(n->a, v->remainder[k], as));
  if (!v->variational && v->remainder_size < 1e-9)
    cli_say(n->c, "%s: that is %.1e of its terms at random jets: 0, it seems, by an identity that is not known here\n",
            name, v->remainder_size);
}

weyl_status noether_check(cli *c) {
  noether n;
  WEYL_TRY(noether_open(c, c->arg[1], &n));
  const weyl_notation as = cli_bool(c, "latex") ? WEYL_LATEX : WEYL_PLAIN;
  noether_table t = {.columns = 4};
  weyl_noether_verdict *v = NULL;
  size_t failed = 0;
  weyl_status status;
  WEYL_GOTO(noether_choose(&n));
  v = weyl_arena_array(n.arena, weyl_noether_verdict, n.count);
  status = v ? WEYL_OK : WEYL_MEMORY;
  noether_row(&n, &t, (const char *const[]){"generator", "v", "symmetry", "residual"});
  weyl_json_array(c->result, "generators");
  for (size_t k = 0; k < n.count && status == WEYL_OK; k++) {
    status = verdict_of(&n, k, &v[k]);
    if (status != WEYL_OK) break;
    const char *name = weyl_noether_generator_name(n.p, n.generator[k]);
    const weyl_generator *g = weyl_noether_generator(n.p, n.generator[k]);
    char residual[32] = "";
    if (v[k].closed) snprintf(residual, sizeof residual, "%.1e", v[k].residual);
    noether_row(&n, &t,
                (const char *const[]){name, weyl_noether_generator_text(n.p, g, as), kind_of(&n, &v[k]), residual});
    json_verdict(&n, name, g, &v[k]);
    const bool good = weyl_noether_lagrangian(n.p) ? v[k].variational && !(v[k].residual > 1e-10) : v[k].equations == 1;
    failed += !good;
  }
  weyl_json_end(c->result);
  if (status != WEYL_OK) goto done;
  weyl_json_string(c->result, "verdict", failed ? "no" : "holds");
  noether_show(&n, &t);
  if (failed) cli_say(c, "\n");
  for (size_t k = 0; k < n.count; k++) say_remainder(&n, weyl_noether_generator_name(n.p, n.generator[k]), &v[k], as);
  if (failed)
    status = weyl_fail(c->ctx, WEYL_NO, "%zu of %zu generators %s no symmetry of %s", failed, n.count,
                       failed == 1 ? "is" : "are", weyl_noether_lagrangian(n.p) ? "the action" : "the equations");
done:
  noether_close(&n);
  return status;
}

static void say_current(const noether *n, const weyl_noether_verdict *v, weyl_notation as) {
  cli *c = n->c;
  const size_t x = weyl_algebra_independents(n->a);
  for (size_t k = 0; k < weyl_algebra_fields(n->a); k++)
    if (weyl_expr_terms(v->q[k]))
      cli_say(c, "  Q^%s = %s\n", weyl_algebra_field_name(n->a, k), weyl_expr_text(n->a, v->q[k], as));
  for (size_t i = 0; i < x; i++)
    if (weyl_expr_terms(v->b[i]))
      cli_say(c, "  B^%s = %s\n", weyl_algebra_independent_name(n->a, i), weyl_expr_text(n->a, v->b[i], as));
  for (size_t i = 0; i < x; i++)
    cli_say(c, "  J^%s = %s\n", weyl_algebra_independent_name(n->a, i), weyl_expr_text(n->a, v->current[i], as));
  if (v->trivial != WEYL_NOT_TRIVIAL)
    cli_say(c, "  trivial: the characteristic Q vanishes %s\n", trivial_text(v->trivial));
  cli_say(c, "  D_i J^i = Q^a E_a(L) to %.1e at random jets\n", v->residual);
}

weyl_status noether_current(cli *c) {
  noether n;
  WEYL_TRY(noether_open(c, c->arg[1], &n));
  const weyl_notation as = cli_bool(c, "latex") ? WEYL_LATEX : WEYL_PLAIN;
  size_t failed = 0;
  weyl_status status;
  if (!weyl_noether_lagrangian(n.p)) {
    status =
        weyl_fail(c->ctx, WEYL_BAD_ARG, "%s has no lagrangian, and so no currents from Noether's theorem", c->arg[1]);
    goto done;
  }
  WEYL_GOTO(noether_choose(&n));
  weyl_json_array(c->result, "generators");
  for (size_t k = 0; k < n.count && status == WEYL_OK; k++) {
    weyl_noether_verdict v;
    status = verdict_of(&n, k, &v);
    if (status != WEYL_OK) break;
    const char *name = weyl_noether_generator_name(n.p, n.generator[k]);
    const weyl_generator *g = weyl_noether_generator(n.p, n.generator[k]);
    json_verdict(&n, name, g, &v);
    cli_say(c, "%s%s: %s\n", k ? "\n" : "", name, weyl_noether_generator_text(n.p, g, as));
    if (v.closed)
      say_current(&n, &v, as);
    else if (v.variational)
      cli_say(c, "  a symmetry, but without a closed form of its current: %s\n", v.reason);
    else
      say_remainder(&n, "  no symmetry", &v, as);
    failed += !v.closed || v.residual > 1e-10;
  }
  weyl_json_end(c->result);
  if (status == WEYL_OK && failed)
    status = weyl_fail(c->ctx, WEYL_NO, "%zu of %zu generators without a current", failed, n.count);
done:
  noether_close(&n);
  return status;
}
