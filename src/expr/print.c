/* Expressions to text: plain, as the parser reads it, and LaTeX. */
#include "algebra.h"

#include <stdlib.h>
#include <string.h>

typedef struct text {
  weyl_algebra *a;
  char *s;
  size_t n, room;
  bool latex, failed;
} text;

static void put(text *t, const char *fmt, ...) WEYL_PRINTF(2, 3);
static void put(text *t, const char *fmt, ...) {
  char piece[160];
  va_list args;
  va_start(args, fmt);
  const int n = vsnprintf(piece, sizeof piece, fmt, args);
  va_end(args);
  if (n < 0 || t->failed) return;
  if (t->n + (size_t)n + 1 > t->room) {
    const size_t room = 2 * t->room + (size_t)n + 64;
    char *s = weyl_realloc(t->a->ctx, t->s, room, 1);
    if (!s) {
      t->failed = true;
      return;
    }
    t->s = s;
    t->room = room;
  }
  memcpy(t->s + t->n, piece, (size_t)n + 1);
  t->n += (size_t)n;
}

/* ---- the order of what is shown: parameters, positions, fields by order, functions; high powers first ---- */

static int shown_before(const weyl_algebra *a, uint32_t x, uint32_t y) {
  const atom *p = a->atom[x], *q = a->atom[y];
  static const int rank[] = {[PARAMETER] = 0, [INDEPENDENT] = 1, [JET] = 2, [FUNCTION] = 3, [POWER] = 4};
  if (p->kind != q->kind) return rank[p->kind] - rank[q->kind];
  if (p->kind != JET) return p->index != q->index ? (p->index < q->index ? -1 : 1) : (x > y) - (x < y);
  int order[2] = {0, 0};
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++) {
    order[0] += p->jet.order[i];
    order[1] += q->jet.order[i];
  }
  if (order[0] != order[1]) return order[0] - order[1];
  if (p->jet.field != q->jet.field) return p->jet.field - q->jet.field;
  return -memcmp(p->jet.order, q->jet.order, sizeof p->jet.order);
}

/* The factors of m in that order. */
static void arrange(const weyl_algebra *a, const monomial *m, factor *f) {
  memcpy(f, m->f, m->count * sizeof *f);
  for (uint32_t i = 1; i < m->count; i++)
    for (uint32_t k = i; k > 0 && shown_before(a, f[k].atom, f[k - 1].atom) < 0; k--) {
      const factor keep = f[k];
      f[k] = f[k - 1];
      f[k - 1] = keep;
    }
}

static int term_before(const weyl_algebra *a, const monomial *x, const monomial *y) {
  factor f[256], g[256];
  if (x->count > 256 || y->count > 256) return 0;
  arrange(a, x, f);
  arrange(a, y, g);
  uint32_t i = 0, k = 0;
  while (i < x->count && a->atom[f[i].atom]->kind == PARAMETER) i++; /* parameters decide last */
  while (k < y->count && a->atom[g[k].atom]->kind == PARAMETER) k++;
  for (; i < x->count && k < y->count; i++, k++) {
    const int c = shown_before(a, f[i].atom, g[k].atom);
    if (c != 0) return c;
    if (f[i].power != g[k].power) return f[i].power > g[k].power ? -1 : 1;
  }
  if (i < x->count || k < y->count) return i < x->count ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

/* ---- pieces ---- */

static void put_integer(text *t, u128 n) {
  char digits[48];
  size_t at = sizeof digits;
  digits[--at] = '\0';
  do digits[--at] = (char)('0' + (int)(n % 10));
  while ((n /= 10) > 0);
  put(t, "%s", digits + at);
}

static void put_name(text *t, const char *name) {
  static const char *const greek[] = {"alpha", "beta",  "gamma", "delta", "epsilon", "theta", "lambda", "mu",  "nu",
                                      "rho",   "sigma", "phi",   "psi",   "omega",   "pi",    "kappa",  "eta", "xi"};
  bool is_greek = false;
  for (size_t i = 0; i < sizeof greek / sizeof *greek; i++) is_greek = is_greek || strcmp(greek[i], name) == 0;
  if (t->latex && is_greek)
    put(t, "\\%s", name);
  else if (t->latex && name[1])
    put(t, "\\mathit{%s}", name);
  else
    put(t, "%s", name);
}

static void put_sum(text *t, const weyl_expr *x);

/* The atom without its power. */
static void put_atom(text *t, const atom *p) {
  weyl_algebra *a = t->a;
  static const char *const functions[] = {"sin", "cos", "exp", "log", "atan"};
  switch (p->kind) {
    case INDEPENDENT: put_name(t, a->name[0][p->index]); return;
    case PARAMETER: put_name(t, a->name[1][p->index]); return;
    case JET: {
      int order = 0;
      put_name(t, a->name[2][p->jet.field]);
      for (size_t i = 0; i < a->names[0]; i++) order += p->jet.order[i];
      if (order == 0) return;
      put(t, t->latex ? "_{" : "_");
      for (size_t i = 0; i < a->names[0]; i++)
        for (int k = 0; k < p->jet.order[i]; k++) put_name(t, a->name[0][i]);
      if (t->latex) put(t, "}");
      return;
    }
    case FUNCTION:
      if (!t->latex)
        put(t, "%s(", functions[p->index]);
      else
        put(t, "\\%s\\left(", p->index == WEYL_ATAN ? "arctan" : functions[p->index]);
      put_sum(t, p->arg);
      put(t, t->latex ? "\\right)" : ")");
      return;
    default: {
      const bool brackets =
          p->arg->count > 1 || p->arg->t[0].c.n != 1 || p->arg->t[0].c.d != 1 || p->arg->t[0].m->count != 1;
      if (brackets) put(t, t->latex ? "\\left(" : "(");
      put_sum(t, p->arg);
      if (brackets) put(t, t->latex ? "\\right)" : ")");
    }
  }
}

static void put_factor(text *t, const atom *p, int32_t power) {
  const rational r = rational_of(power, ONE);
  if (r.n == 1 && r.d == 2) { /* roots */
    put(t, t->latex ? "\\sqrt{" : "sqrt(");
    if (p->kind == POWER)
      put_sum(t, p->arg);
    else
      put_atom(t, p);
    put(t, t->latex ? "}" : ")");
    return;
  }
  put_atom(t, p);
  if (power == ONE) return;
  if (t->latex && r.d == 1)
    put(t, "^{%d}", (int)r.n);
  else if (t->latex)
    put(t, "^{%d/%d}", (int)r.n, (int)r.d);
  else if (r.d == 1)
    put(t, "^%d", (int)r.n);
  else
    put(t, "^(%d/%d)", (int)r.n, (int)r.d);
}

/* Those of the wanted sign of power, with `between` before each but the first. */
static void put_factors(text *t, const factor *f, uint32_t n, bool below, bool first, const char *between) {
  for (uint32_t i = 0; i < n; i++) {
    if ((f[i].power < 0) != below) continue;
    if (!first) put(t, "%s", between);
    put_factor(t, t->a->atom[f[i].atom], below ? -f[i].power : f[i].power);
    first = false;
  }
}

static void put_term(text *t, const term *of, bool first) {
  factor f[256];
  const monomial *m = of->m;
  const rational c = of->c;
  put(t, "%s", c.n < 0 ? (first ? "-" : " - ") : first ? "" : " + ");
  if (m->count > 256) {
    put(t, "...");
    return;
  }
  arrange(t->a, m, f);
  int above = 0, below = 0;
  bool sums = false;
  for (uint32_t i = 0; i < m->count; i++) {
    ++*(f[i].power < 0 ? &below : &above);
    sums = sums || (f[i].power < 0 && t->a->atom[f[i].atom]->kind == POWER);
  }
  const u128 n = magnitude(c.n);
  const bool quotient = below > 0 || c.d > 1;
  if (t->latex && quotient) put(t, "\\frac{");
  if (n != 1 || above == 0) put_integer(t, n);
  put_factors(t, f, m->count, false, n == 1, t->latex ? " " : "*");
  if (!quotient) return;
  put(t, t->latex ? "}{" : "/");
  /* sums below are divided by one after the other: read back, they are not multiplied out */
  const bool brackets = !t->latex && !sums && below + (c.d > 1) > 1;
  if (brackets) put(t, "(");
  if (c.d > 1) put_integer(t, (u128)c.d);
  put_factors(t, f, m->count, true, c.d == 1, t->latex ? " " : sums ? "/" : "*");
  if (brackets) put(t, ")");
  if (t->latex) put(t, "}");
}

static void put_sum(text *t, const weyl_expr *x) {
  if (x->count == 0) {
    put(t, "0");
    return;
  }
  const term **order = weyl_alloc(t->a->ctx, x->count, sizeof *order);
  if (!order) {
    t->failed = true;
    return;
  }
  for (uint32_t i = 0; i < x->count; i++) {
    uint32_t k = i;
    for (; k > 0 && x->count <= 2000 && term_before(t->a, x->t[i].m, order[k - 1]->m) < 0; k--) order[k] = order[k - 1];
    order[k] = &x->t[i];
  }
  for (uint32_t i = 0; i < x->count && !t->failed; i++) put_term(t, order[i], i == 0);
  weyl_dealloc(t->a->ctx, order);
}

const char *weyl_expr_text(weyl_algebra *a, const weyl_expr *x, weyl_notation notation) {
  if (!x) return "?";
  text t = {.a = a, .latex = notation == WEYL_LATEX};
  put_sum(&t, x);
  char *kept = t.failed || !t.s ? NULL : weyl_arena_strdup(a->arena, t.s);
  weyl_dealloc(a->ctx, t.s);
  return kept ? kept : "?";
}
