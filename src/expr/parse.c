/* Text to expressions: recursive descent, one function a level of precedence. */
#include "algebra.h"

#include <ctype.h>
#include <string.h>

enum { NESTED_MAX = 100 };

typedef struct parser {
  weyl_algebra *a;
  const weyl_line *line;
  const char *end, *at;
  int nested;
  weyl_status status;
} parser;

static const weyl_expr *refuse(parser *p, const char *where, weyl_status status, const char *fmt, ...)
    WEYL_PRINTF(4, 5);
static const weyl_expr *refuse(parser *p, const char *where, weyl_status status, const char *fmt, ...) {
  if (p->status != WEYL_OK) return NULL;
  char what[240];
  va_list args;
  va_start(args, fmt);
  vsnprintf(what, sizeof what, fmt, args);
  va_end(args);
  p->status = weyl_fail_at(p->a->ctx, status, p->line, (size_t)(where - p->line->text), "%s", what);
  return NULL;
}

/* What the algebra refused, at this place. */
static const weyl_expr *made(parser *p, const char *where, const weyl_expr *x) {
  weyl_algebra *a = p->a;
  if (x || p->status != WEYL_OK) return p->status == WEYL_OK ? x : NULL;
  char why[200];
  const weyl_status status = a->status;
  snprintf(why, sizeof why, "%s", weyl_message(a->ctx));
  if (status == WEYL_MEMORY) {
    p->status = status;
    return NULL;
  }
  weyl_algebra_clear(a);
  return refuse(p, where, status == WEYL_BAD_ARG ? WEYL_FORMAT : status, "%s", why);
}

static void blanks(parser *p) {
  while (p->at < p->end && isspace((unsigned char)*p->at)) p->at++;
}

static bool eat(parser *p, char c) {
  blanks(p);
  if (p->at == p->end || *p->at != c) return false;
  p->at++;
  return true;
}

static const weyl_expr *sum_of(parser *p);

/* ---- numbers ---- */

static const weyl_expr *number(parser *p) {
  const char *from = p->at;
  i128 n = 0, d = 1;
  int digits = 0, power = 0;
  bool point = false;
  for (; p->at < p->end && (isdigit((unsigned char)*p->at) || (*p->at == '.' && !point)); p->at++) {
    if (*p->at == '.') {
      point = true;
      continue;
    }
    n = 10 * n + (*p->at - '0');
    if (point) d *= 10;
    if (++digits > 30) return refuse(p, from, WEYL_FORMAT, "a number has more than 30 digits");
  }
  if (digits == 0) return refuse(p, from, WEYL_FORMAT, "expected a number, found \".\"");
  if (p->at + 1 < p->end && (*p->at == 'e' || *p->at == 'E')) {
    const char *q = p->at + 1;
    const bool minus = *q == '-';
    if (*q == '-' || *q == '+') q++;
    if (q < p->end && isdigit((unsigned char)*q)) {
      for (; q < p->end && isdigit((unsigned char)*q) && power < 100; q++) power = 10 * power + (*q - '0');
      if (power + digits > 30) return refuse(p, from, WEYL_FORMAT, "a number needs more than 30 digits");
      for (int i = 0; i < power; i++) *(minus ? &d : &n) *= 10;
      p->at = q;
    }
  }
  return made(p, from, expr_of(p->a, p->a->unit, rational_of(n, d)));
}

/* ---- names ---- */

/* u_xxt: the letters behind the underscore as independent variables, longer names first where they fit. */
static bool orders(const weyl_algebra *a, const char *s, size_t n, weyl_jet *jet) {
  if (n == 0) return true;
  for (size_t length = n; length > 0; length--)
    for (size_t i = 0; i < a->names[0]; i++) {
      if (strlen(a->name[0][i]) != length || strncmp(a->name[0][i], s, length) != 0) continue;
      if (jet->order[i] >= WEYL_JET_ORDER_MAX) return false;
      jet->order[i]++;
      if (orders(a, s + length, n - length, jet)) return true;
      jet->order[i]--;
    }
  return false;
}

static size_t find_name(const weyl_algebra *a, int kind, const char *s, size_t n) {
  size_t i = 0;
  while (i < a->names[kind] && (strlen(a->name[kind][i]) != n || strncmp(a->name[kind][i], s, n) != 0)) i++;
  return i;
}

static const weyl_expr *function_of(parser *p, const char *from, size_t n, bool *is) {
  static const char *const names[] = {"sin", "cos", "exp", "log", "atan", "tan", "sqrt", "sinh", "cosh", "tanh"};
  weyl_algebra *a = p->a;
  size_t k = 0;
  while (k < 10 && (strlen(names[k]) != n || strncmp(names[k], from, n) != 0)) k++;
  *is = k < 10;
  if (!*is) return NULL;
  if (!eat(p, '(')) return refuse(p, p->at, WEYL_FORMAT, "expected \"(\" behind %s", names[k]);
  const weyl_expr *x = sum_of(p);
  if (!x) return NULL;
  if (!eat(p, ')')) return refuse(p, p->at, WEYL_FORMAT, "expected \")\" at the end of %s(...", names[k]);
  if (k < 5) return made(p, from, weyl_expr_apply(a, (weyl_function)k, x));
  if (k == 5) return made(p, from, weyl_expr_div(a, weyl_expr_apply(a, WEYL_SIN, x), weyl_expr_apply(a, WEYL_COS, x)));
  if (k == 6) return made(p, from, expr_power(a, x, ONE / 2));
  const weyl_expr *up = weyl_expr_apply(a, WEYL_EXP, x),
                  *down = weyl_expr_apply(a, WEYL_EXP, weyl_expr_sub(a, a->zero, x)),
                  *plus = weyl_expr_add(a, up, down), *minus = weyl_expr_sub(a, up, down);
  if (k == 9) return made(p, from, weyl_expr_div(a, minus, plus));
  return made(p, from, expr_scale(a, k == 7 ? minus : plus, (rational){1, 2}));
}

static const weyl_expr *primes(parser *p, const char *from, size_t field) {
  weyl_jet jet = {.field = (uint8_t)field};
  for (; p->at < p->end && *p->at == '\''; p->at++) {
    if (p->a->names[0] != 1)
      return refuse(p, p->at, WEYL_FORMAT, "' is a derivative where there is one independent variable, write %s_%s",
                    p->a->name[2][field], p->a->names[0] ? p->a->name[0][0] : "t");
    if (jet.order[0]++ >= WEYL_JET_ORDER_MAX) break;
  }
  return made(p, from, weyl_expr_jet(p->a, jet));
}

static const weyl_expr *unknown(parser *p, const char *from, size_t n) {
  weyl_algebra *a = p->a;
  const char *all[3 * WEYL_PARAMETERS_MAX];
  char word[64];
  size_t count = 0;
  for (int kind = 0; kind < 3; kind++)
    for (size_t i = 0; i < a->names[kind]; i++) all[count++] = a->name[kind][i];
  snprintf(word, sizeof word, "%.*s", n > 60 ? 60 : (int)n, from);
  const char *near = weyl_nearest_name(word, all, count);
  if (near) return refuse(p, from, WEYL_FORMAT, "unknown name \"%s\": did you mean \"%s\"?", word, near);
  return refuse(p, from, WEYL_FORMAT,
                "unknown name \"%s\": it is no field, derivative of a field, independent variable or parameter", word);
}

static const weyl_expr *name(parser *p) {
  weyl_algebra *a = p->a;
  const char *from = p->at;
  while (p->at < p->end && (isalnum((unsigned char)*p->at) || *p->at == '_')) p->at++;
  const size_t n = (size_t)(p->at - from);
  bool is = false;
  const weyl_expr *x = function_of(p, from, n, &is);
  if (is) return x;
  for (size_t i = 0; i < a->defined; i++)
    if (strlen(a->define[i].name) == n && strncmp(a->define[i].name, from, n) == 0) return a->define[i].meaning;
  size_t i = find_name(a, 1, from, n);
  if (i < a->names[1]) return made(p, from, weyl_expr_parameter(a, i));
  i = find_name(a, 0, from, n);
  if (i < a->names[0]) return made(p, from, weyl_expr_independent(a, i));
  i = find_name(a, 2, from, n);
  if (i < a->names[2]) return primes(p, from, i);
  for (size_t cut = n; cut-- > 1;) {
    if (from[cut] != '_') continue;
    i = find_name(a, 2, from, cut);
    weyl_jet jet = {.field = (uint8_t)i};
    if (i < a->names[2] && cut + 1 < n && orders(a, from + cut + 1, n - cut - 1, &jet))
      return made(p, from, weyl_expr_jet(a, jet));
  }
  if (n == 2 && strncmp(from, "pi", 2) == 0) {
    if (weyl_algebra_parameter(a, "pi") != WEYL_OK)
      return refuse(p, from, WEYL_FORMAT, "there are too many parameters for pi");
    return made(p, from, weyl_expr_parameter(a, a->names[1] - 1));
  }
  return unknown(p, from, n);
}

/* ---- precedence ---- */

static const weyl_expr *primary(parser *p) {
  blanks(p);
  if (p->at == p->end) return refuse(p, p->at, WEYL_FORMAT, "expected a number, a name or \"(\" here");
  if (isdigit((unsigned char)*p->at) || *p->at == '.') return number(p);
  if (isalpha((unsigned char)*p->at)) return name(p);
  const char *from = p->at;
  if (!eat(p, '('))
    return refuse(p, p->at, WEYL_FORMAT, "expected a number, a name or \"(\", found \"%c\"",
                  isprint((unsigned char)*from) ? *from : '?');
  const weyl_expr *x = sum_of(p);
  if (x && !eat(p, ')'))
    return refuse(p, p->at, WEYL_FORMAT, "expected \")\" for the \"(\" at column %d",
                  p->line->column + (int)(from - p->line->text));
  return x;
}

static const weyl_expr *signed_power(parser *p, int sign);

/* x^(sign y) with y a fraction of numbers, else exp(sign y log x): a divisor is not multiplied out before it is one */
static const weyl_expr *power_of(parser *p, int sign) {
  const weyl_expr *x = primary(p);
  blanks(p);
  const char *where = p->at;
  if (!x) return NULL;
  if (!eat(p, '^')) return sign > 0 ? x : made(p, where, expr_power(p->a, x, -ONE));
  const weyl_expr *y = signed_power(p, 1);
  if (y && sign < 0) y = made(p, where, expr_scale(p->a, y, (rational){-1, 1}));
  if (!y) return NULL;
  if (y->count == 0) return p->a->one;
  if (y->count == 1 && y->t[0].m->count == 0) {
    const rational c = y->t[0].c;
    if (ONE % c.d != 0 || magnitude(c.n) > 1000 * ONE)
      return refuse(p, where, WEYL_FORMAT, "powers must be multiples of 1/%d, at most 1000", ONE);
    return made(p, where, expr_power(p->a, x, (int64_t)(c.n * (ONE / c.d))));
  }
  return made(p, where, weyl_expr_apply(p->a, WEYL_EXP, weyl_expr_mul(p->a, y, weyl_expr_apply(p->a, WEYL_LOG, x))));
}

static const weyl_expr *signed_power(parser *p, int sign) {
  if (++p->nested > NESTED_MAX) return refuse(p, p->at, WEYL_FORMAT, "nested more than %d deep", NESTED_MAX);
  const weyl_expr *x;
  if (eat(p, '-')) {
    x = signed_power(p, sign);
    if (x) x = expr_scale(p->a, x, (rational){-1, 1});
  } else {
    (void)eat(p, '+');
    x = power_of(p, sign);
  }
  p->nested--;
  return x;
}

static const weyl_expr *product_of(parser *p) {
  const weyl_expr *x = signed_power(p, 1);
  while (x) {
    blanks(p);
    const char *where = p->at;
    const bool times = eat(p, '*');
    if (!times && !eat(p, '/')) break;
    const weyl_expr *y = signed_power(p, times ? 1 : -1);
    if (!y) return NULL;
    x = made(p, where, weyl_expr_mul(p->a, x, y));
  }
  return x;
}

static const weyl_expr *sum_of(parser *p) {
  const weyl_expr *x = product_of(p);
  while (x) {
    blanks(p);
    const char *where = p->at;
    const bool plus = eat(p, '+');
    if (!plus && !eat(p, '-')) break;
    const weyl_expr *y = product_of(p);
    if (!y) return NULL;
    x = made(p, where, plus ? weyl_expr_add(p->a, x, y) : weyl_expr_sub(p->a, x, y));
  }
  return x;
}

weyl_status weyl_expr_parse(weyl_algebra *a, const weyl_line *line, const weyl_expr **out) {
  parser p = {.a = a, .line = line, .at = line->text, .end = line->text + line->n};
  if (a->status != WEYL_OK) return a->status;
  const weyl_expr *x = sum_of(&p);
  blanks(&p);
  if (x && p.at < p.end)
    refuse(&p, p.at, WEYL_FORMAT, "expected an operator, found \"%c\"", isprint((unsigned char)*p.at) ? *p.at : '?');
  if (p.status != WEYL_OK) return p.status;
  *out = x;
  return WEYL_OK;
}
