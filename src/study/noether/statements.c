/* Problems from text, one statement a line. */
#include "noether/problem.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces of lines ---- */

typedef struct piece {
  const char *s;
  size_t n;
} piece;

typedef struct reader {
  weyl_noether *p;
  weyl_line line;
} reader;

static piece trim(piece x) {
  while (x.n && isspace((unsigned char)*x.s)) x.s++, x.n--;
  while (x.n && isspace((unsigned char)x.s[x.n - 1])) x.n--;
  return x;
}

static weyl_status refuse(const reader *r, const char *where, const char *fmt, ...) WEYL_PRINTF(3, 4);
static weyl_status refuse(const reader *r, const char *where, const char *fmt, ...) {
  char what[300];
  va_list args;
  va_start(args, fmt);
  vsnprintf(what, sizeof what, fmt, args);
  va_end(args);
  return weyl_fail_at(r->p->ctx, WEYL_FORMAT, &r->line, (size_t)(where - r->line.text), "%s", what);
}

/* The next piece up to a comma outside of brackets; false at the end. */
static bool next(piece *rest, piece *out) {
  if (rest->n == 0) return false;
  int depth = 0;
  size_t i = 0;
  for (; i < rest->n; i++) {
    const char c = rest->s[i];
    if (c == '(') depth++;
    if (c == ')') depth--;
    if (c == ',' && depth <= 0) break;
  }
  *out = trim((piece){rest->s, i});
  if (i == rest->n)
    *rest = (piece){rest->s + i, 0};
  else
    *rest = (piece){rest->s + i + 1, rest->n - i - 1};
  return true;
}

static weyl_status copy(const reader *r, piece x, const char *what, char *out, size_t room) {
  if (x.n == 0) return refuse(r, x.s, "expected %s", what);
  if (x.n >= room) return refuse(r, x.s, "%s is longer than %zu letters", what, room - 1);
  memcpy(out, x.s, x.n);
  out[x.n] = '\0';
  return WEYL_OK;
}

static weyl_status expression(const reader *r, piece x, const weyl_expr **out) {
  weyl_line line = r->line;
  line.text = x.s;
  line.n = x.n;
  line.column += (int)(x.s - r->line.text);
  return weyl_expr_parse(r->p->a, &line, out);
}

/* "left = right" */
static weyl_status equal(const reader *r, piece x, piece *left, piece *right) {
  const char *at = memchr(x.s, '=', x.n);
  if (!at) return refuse(r, x.s + x.n, "expected \"=\"");
  *left = trim((piece){x.s, (size_t)(at - x.s)});
  *right = trim((piece){at + 1, x.n - (size_t)(at + 1 - x.s)});
  if (left->n == 0) return refuse(r, at, "expected a name before \"=\"");
  return WEYL_OK;
}

/* ---- statements ---- */

static weyl_status names(reader *r, piece value, weyl_status (*declare)(weyl_algebra *a, const char *name)) {
  for (size_t i = 0; i < value.n;) {
    while (i < value.n && (isspace((unsigned char)value.s[i]) || value.s[i] == ',')) i++;
    const size_t from = i;
    while (i < value.n && !isspace((unsigned char)value.s[i]) && value.s[i] != ',') i++;
    if (i == from) break;
    char name[64];
    WEYL_TRY(copy(r, (piece){value.s + from, i - from}, "a name", name, sizeof name));
    const weyl_status status = declare(r->p->a, name);
    if (status != WEYL_OK) {
      char why[200];
      snprintf(why, sizeof why, "%s", weyl_message(r->p->ctx));
      weyl_message_clear(r->p->ctx);
      return refuse(r, value.s + from, "%s", why);
    }
  }
  return WEYL_OK;
}

static weyl_status independent(reader *r, piece name, piece value) {
  (void)name;
  return names(r, value, weyl_algebra_independent);
}

static weyl_status fields(reader *r, piece name, piece value) {
  (void)name;
  return names(r, value, weyl_algebra_field);
}

static weyl_status parameters(reader *r, piece name, piece value) {
  (void)name;
  for (piece one; next(&value, &one);) {
    piece left = one, right = {NULL, 0};
    if (memchr(one.s, '=', one.n)) WEYL_TRY(equal(r, one, &left, &right));
    WEYL_TRY(names(r, left, weyl_algebra_parameter));
    const size_t k = weyl_algebra_parameters(r->p->a) - 1;
    if (weyl_algebra_parameters(r->p->a) == 0) return refuse(r, one.s, "expected the name of a parameter");
    const weyl_expr *x = weyl_expr_number(r->p->a, 1, 1);
    if (right.s) WEYL_TRY(expression(r, right, &x));
    WEYL_TRY(problem_number(r->p, x, &r->p->value[k]));
    double exact;
    r->p->parameter[k] = weyl_expr_as_number(x, &exact) ? x : NULL;
  }
  return WEYL_OK;
}

static weyl_status define(reader *r, piece name, piece value) {
  char word[64];
  const weyl_expr *x = NULL;
  WEYL_TRY(copy(r, name, "a name behind define", word, sizeof word));
  WEYL_TRY(expression(r, value, &x));
  if (weyl_algebra_define(r->p->a, word, x) == WEYL_OK) return WEYL_OK;
  char why[200];
  snprintf(why, sizeof why, "%s", weyl_message(r->p->ctx));
  weyl_message_clear(r->p->ctx);
  return refuse(r, name.s, "%s", why);
}

static weyl_status lagrangian(reader *r, piece name, piece value) {
  (void)name;
  if (r->p->lagrangian) return refuse(r, value.s, "a second lagrangian");
  return expression(r, value, &r->p->lagrangian);
}

static weyl_status equation(reader *r, piece name, piece value) {
  (void)name;
  weyl_noether *p = r->p;
  piece left = value, right = {NULL, 0};
  const weyl_expr *x = NULL, *y = NULL;
  if (p->equations == EQUATIONS_MAX) return refuse(r, value.s, "more than %d equations", EQUATIONS_MAX);
  if (memchr(value.s, '=', value.n)) WEYL_TRY(equal(r, value, &left, &right));
  WEYL_TRY(expression(r, left, &x));
  if (right.s) WEYL_TRY(expression(r, right, &y));
  p->equation[p->equations++] = y ? weyl_expr_sub(p->a, x, y) : x;
  return weyl_algebra_status(p->a);
}

/* "u_xt = expression" */
static weyl_status jet_equals(reader *r, piece one, weyl_jet *jet, const weyl_expr **value) {
  piece left, right;
  const weyl_expr *x = NULL;
  WEYL_TRY(equal(r, one, &left, &right));
  WEYL_TRY(expression(r, left, &x));
  if (!weyl_expr_as_jet(r->p->a, x, jet)) return refuse(r, left.s, "expected a field or a derivative of one");
  return expression(r, right, value);
}

static weyl_status evolution(reader *r, piece name, piece value) {
  (void)name;
  weyl_noether *p = r->p;
  if (p->evolutions == EQUATIONS_MAX) return refuse(r, value.s, "more than %d evolution equations", EQUATIONS_MAX);
  rule *to = &p->evolution[p->evolutions];
  WEYL_TRY(jet_equals(r, value, &to->leader, &to->value));
  p->evolutions++;
  return WEYL_OK;
}

static weyl_status initials(reader *r, piece name, piece value) {
  (void)name;
  weyl_noether *p = r->p;
  for (piece one; next(&value, &one);) {
    if (p->initials == INITIALS_MAX) return refuse(r, one.s, "more than %d initial values", INITIALS_MAX);
    initial *to = &p->initial[p->initials];
    WEYL_TRY(jet_equals(r, one, &to->jet, &to->value));
    for (int i = 1; i < WEYL_INDEPENDENTS_MAX; i++)
      if (to->jet.order[i]) return refuse(r, one.s, "initial values are of fields and their time derivatives");
    if (weyl_expr_jets(p->a, to->value, NULL, 0) > 0)
      return refuse(r, one.s, "an initial value depends on position and parameters alone");
    p->initials++;
  }
  return WEYL_OK;
}

static weyl_status components(reader *r, piece value, weyl_generator *v) {
  weyl_noether *p = r->p;
  bool any = false;
  *v = (weyl_generator){0};
  for (piece one; next(&value, &one); any = true) {
    piece left, right;
    const weyl_expr *x = NULL;
    WEYL_TRY(equal(r, one, &left, &right));
    WEYL_TRY(expression(r, left, &x));
    weyl_jet jet;
    size_t i = 0;
    const weyl_expr **slot = NULL;
    if (weyl_expr_as_independent(p->a, x, &i)) slot = &v->xi[i];
    if (weyl_expr_as_jet(p->a, x, &jet) && jet_order(jet) == 0) slot = &v->phi[jet.field];
    if (!slot) return refuse(r, left.s, "expected an independent variable or a field");
    if (*slot) return refuse(r, left.s, "a second component for %.*s", (int)left.n, left.s);
    WEYL_TRY(expression(r, right, slot));
  }
  return any ? WEYL_OK : refuse(r, value.s, "expected components such as x = 1, u = t");
}

static weyl_status generator(reader *r, piece name, piece value) {
  weyl_noether *p = r->p;
  if (p->generators == GENERATORS_MAX) return refuse(r, value.s, "more than %d generators", GENERATORS_MAX);
  char *to = p->generator_name[p->generators];
  if (name.n)
    WEYL_TRY(copy(r, name, "the name of a generator", to, NAME_MAX_));
  else
    snprintf(to, NAME_MAX_, "v%zu", p->generators + 1);
  for (size_t i = 0; i < p->generators; i++)
    if (strcmp(p->generator_name[i], to) == 0) return refuse(r, value.s, "a second generator with the name %s", to);
  WEYL_TRY(components(r, value, &p->generator[p->generators]));
  p->generators++;
  return WEYL_OK;
}

static weyl_status ansatz(reader *r, piece name, piece value) {
  (void)name;
  for (piece one; next(&value, &one);) {
    if (r->p->ansatz == ANSATZ_MAX) return refuse(r, one.s, "more than %d functions", ANSATZ_MAX);
    WEYL_TRY(expression(r, one, &r->p->function[r->p->ansatz]));
    r->p->ansatz++;
  }
  return WEYL_OK;
}

static weyl_status number(reader *r, piece x, double *out) {
  const weyl_expr *e = NULL;
  WEYL_TRY(expression(r, x, &e));
  if (problem_number(r->p, e, out) == WEYL_OK && isfinite(*out)) return WEYL_OK;
  weyl_message_clear(r->p->ctx);
  return refuse(r, x.s, "expected a number");
}

static weyl_status domain(reader *r, piece name, piece value) {
  (void)name;
  weyl_noether *p = r->p;
  piece left, right;
  WEYL_TRY(equal(r, value, &left, &right));
  const weyl_expr *x = NULL;
  size_t i = 0, at = 0;
  WEYL_TRY(expression(r, left, &x));
  if (!weyl_expr_as_independent(p->a, x, &i) || i != 1)
    return refuse(r, left.s, "expected the second independent variable");
  while (at + 4 <= right.n && strncmp(right.s + at, " to ", 4) != 0) at++;
  if (at + 4 > right.n) return refuse(r, right.s, "expected two numbers with \"to\" between them");
  WEYL_TRY(number(r, trim((piece){right.s, at}), &p->low));
  WEYL_TRY(number(r, trim((piece){right.s + at + 4, right.n - at - 4}), &p->high));
  if (!(p->low < p->high)) return refuse(r, right.s, "the domain must end behind its beginning");
  p->domain = true;
  return WEYL_OK;
}

static weyl_status positive(reader *r, piece value, double most, double *out) {
  WEYL_TRY(number(r, value, out));
  if (!(*out > 0) || *out > most) return refuse(r, value.s, "must be above 0 and at most %g", most);
  return WEYL_OK;
}

static weyl_status span(reader *r, piece name, piece value) {
  (void)name;
  return positive(r, value, 1e9, &r->p->time);
}

static weyl_status step(reader *r, piece name, piece value) {
  (void)name;
  return positive(r, value, 1e9, &r->p->step);
}

static weyl_status points(reader *r, piece name, piece value) {
  (void)name;
  double n;
  WEYL_TRY(positive(r, value, 65536, &n));
  if (n != floor(n) || n < 4) return refuse(r, value.s, "must be a whole number from 4 on");
  r->p->points = (size_t)n;
  return WEYL_OK;
}

static weyl_status about(reader *r, piece name, piece value) {
  (void)name;
  snprintf(r->p->about, sizeof r->p->about, "%.*s", (int)value.n, value.s);
  return WEYL_OK;
}

static const struct {
  const char *key;
  int pass; /* names first, then what they are used in */
  bool named;
  weyl_status (*read)(reader *r, piece name, piece value);
} statements[] = {{"independent", 0, false, independent},
                  {"fields", 0, false, fields},
                  {"parameters", 0, false, parameters},
                  {"about", 0, false, about},
                  {"define", 1, true, define},
                  {"lagrangian", 1, false, lagrangian},
                  {"equation", 1, false, equation},
                  {"evolution", 1, false, evolution},
                  {"generator", 1, true, generator},
                  {"ansatz", 1, false, ansatz},
                  {"initial", 1, false, initials},
                  {"domain", 1, false, domain},
                  {"points", 1, false, points},
                  {"time", 1, false, span},
                  {"step", 1, false, step}};
#define STATEMENTS (sizeof statements / sizeof *statements)

static weyl_status statement(reader *r, int pass) {
  piece line = {r->line.text, r->line.n};
  const char *comment = memchr(line.s, '#', line.n);
  if (comment) line.n = (size_t)(comment - line.s);
  line = trim(line);
  if (line.n == 0) return WEYL_OK;
  size_t n = 0;
  while (n < line.n && (isalpha((unsigned char)line.s[n]) || line.s[n] == '_')) n++;
  size_t k = 0;
  while (k < STATEMENTS && (strlen(statements[k].key) != n || strncmp(statements[k].key, line.s, n) != 0)) k++;
  if (k == STATEMENTS) {
    const char *keys[STATEMENTS];
    char word[40];
    for (size_t i = 0; i < STATEMENTS; i++) keys[i] = statements[i].key;
    snprintf(word, sizeof word, "%.*s", n > 30 ? 30 : (int)n, line.s);
    const char *near = n ? weyl_nearest_name(word, keys, STATEMENTS) : NULL;
    return near ? refuse(r, line.s, "no statement \"%s\": did you mean \"%s\"?", word, near)
                : refuse(r, line.s, "expected a statement such as \"fields: u\" or \"lagrangian: u_t^2/2\"");
  }
  if (statements[k].pass != pass) return WEYL_OK;
  const char *colon = memchr(line.s + n, ':', line.n - n);
  if (!colon) return refuse(r, line.s + n, "expected \":\" behind %s", statements[k].key);
  const piece name = trim((piece){line.s + n, (size_t)(colon - line.s) - n});
  if (name.n && !statements[k].named) return refuse(r, name.s, "expected \":\" behind %s", statements[k].key);
  const piece value = trim((piece){colon + 1, line.n - (size_t)(colon + 1 - line.s)});
  if (value.n == 0) return refuse(r, colon + 1, "%s has no value", statements[k].key);
  return statements[k].read(r, name, value);
}

static weyl_status complete(weyl_noether *p, const char *place) {
  weyl_algebra *a = p->a;
  if (weyl_algebra_independents(a) == 0)
    return weyl_fail(p->ctx, WEYL_FORMAT, "%s: no independent variable, expected a line such as \"independent: t\"",
                     place);
  if (weyl_algebra_fields(a) == 0)
    return weyl_fail(p->ctx, WEYL_FORMAT, "%s: no field, expected a line such as \"fields: x, y\"", place);
  if (!p->lagrangian && p->equations == 0)
    return weyl_fail(p->ctx, WEYL_FORMAT, "%s: neither a lagrangian nor an equation", place);
  if (p->lagrangian && p->equations > 0)
    return weyl_fail(p->ctx, WEYL_FORMAT, "%s: a lagrangian and equations, expected one of them (the equations follow)",
                     place);
  if (!p->lagrangian) return WEYL_OK;
  p->equations = weyl_algebra_fields(a);
  for (size_t k = 0; k < p->equations; k++) p->equation[k] = weyl_expr_euler(a, p->lagrangian, k);
  return weyl_algebra_status(a);
}

weyl_status weyl_noether_parse(weyl_context *ctx, const char *text, size_t n, const char *place, weyl_noether **out) {
  weyl_noether *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  p->ctx = ctx;
  p->points = 128;
  p->time = 10;
  p->step = 0.05;
  weyl_status status = weyl_arena_new(ctx, &p->arena);
  if (status == WEYL_OK) status = weyl_algebra_new(ctx, &p->a);
  for (int pass = 0; pass < 2 && status == WEYL_OK; pass++) {
    reader r = {.p = p, .line = {.place = place, .column = 1}};
    for (size_t from = 0; from < n && status == WEYL_OK;) {
      const char *stop = memchr(text + from, '\n', n - from);
      const size_t to = stop ? (size_t)(stop - text) : n;
      r.line.text = text + from;
      r.line.n = to - from;
      r.line.number++;
      status = statement(&r, pass);
      from = to + 1;
    }
  }
  if (status == WEYL_OK) status = complete(p, place);
  if (status == WEYL_OK)
    *out = p;
  else
    weyl_noether_free(p);
  return status;
}

void weyl_noether_free(weyl_noether *p) {
  if (!p) return;
  weyl_algebra_free(p->a);
  weyl_arena_free(p->arena);
  weyl_dealloc(p->ctx, p);
}

weyl_status weyl_noether_add(weyl_noether *p, const char *name, const char *text, const char *place, size_t *k) {
  reader r = {p, {text, strlen(text), place, 1, 1}};
  const piece called = {name ? name : "", name ? strlen(name) : 0};
  WEYL_TRY(generator(&r, called, trim((piece){text, r.line.n})));
  *k = p->generators - 1;
  return WEYL_OK;
}

weyl_status weyl_noether_set(weyl_noether *p, const char *parameter, const char *text) {
  size_t k = 0;
  while (k < weyl_algebra_parameters(p->a) && strcmp(weyl_algebra_parameter_name(p->a, k), parameter) != 0) k++;
  if (k == weyl_algebra_parameters(p->a)) return weyl_fail(p->ctx, WEYL_UNKNOWN, "no parameter \"%.40s\"", parameter);
  const reader r = {p, {text, strlen(text), parameter, 1, 1}};
  const weyl_expr *x = NULL;
  WEYL_TRY(expression(&r, trim((piece){text, r.line.n}), &x));
  if (problem_number(p, x, &p->value[k]) != WEYL_OK || !isfinite(p->value[k])) {
    weyl_message_clear(p->ctx);
    return refuse(&r, text, "expected a number");
  }
  double exact;
  p->parameter[k] = weyl_expr_as_number(x, &exact) ? x : NULL;
  return WEYL_OK;
}
