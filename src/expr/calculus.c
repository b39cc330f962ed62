/* Derivatives: partial, total, along prolonged vector fields; the Euler operator. */
#include "algebra.h"

#include <string.h>

/* ---- derivations ---- */

/* sum over terms and factors of p m / b db, where `of_atom` gives db */
typedef struct slopes {
  const weyl_expr *(*of_atom)(weyl_algebra *a, const struct slopes *by, uint32_t id);
  derivation rule;
  void *user;
  uint64_t stamp;
  size_t i;
} slopes;

static const weyl_expr *derive_by(weyl_algebra *a, const weyl_expr *x, const slopes *by) {
  sum *s = sum_begin(a);
  for (uint32_t i = 0; s && i < x->count; i++) {
    const term *t = &x->t[i];
    for (uint32_t k = 0; k < t->m->count && a->status == WEYL_OK; k++) {
      const factor f = t->m->f[k];
      const weyl_expr *d = by->of_atom(a, by, f.atom);
      if (!d || d->count == 0) continue;
      bool over = false;
      const rational c = rational_mul(t->c, rational_of(f.power, ONE), &over);
      if (over) expr_fail(a, WEYL_NUMERIC, "a coefficient needs more than 128 bits");
      sum_add_product(a, s, d, monomial_times(a, t->m, f.atom, -ONE), c);
    }
  }
  return sum_end(a, s);
}

static const weyl_expr *by_rule(weyl_algebra *a, const slopes *by, uint32_t id) {
  atom *p = a->atom[id];
  if (p->stamp == by->stamp) return p->memo;
  const weyl_expr *d = p->kind < FUNCTION ? by->rule(a, by->user, p) : derive_by(a, p->arg, by);
  if (p->kind >= FUNCTION && d && d->count) d = weyl_expr_mul(a, d, function_slope(a, p));
  p->stamp = by->stamp;
  p->memo = d;
  return d;
}

const weyl_expr *expr_derive(weyl_algebra *a, const weyl_expr *x, derivation rule, void *user) {
  return x ? derive_by(a, x, &(slopes){by_rule, rule, user, ++a->stamp, 0}) : NULL;
}

static const weyl_expr *one_for(weyl_algebra *a, void *user, const atom *symbol) {
  return symbol == user ? a->one : a->zero;
}

const weyl_expr *weyl_expr_partial(weyl_algebra *a, const weyl_expr *x, const weyl_expr *symbol) {
  const atom *p = expr_as_symbol(a, symbol);
  if (!p || p->kind >= FUNCTION) return expr_fail(a, WEYL_BAD_ARG, "a derivative by what is no variable");
  return expr_derive(a, x, one_for, (void *)(uintptr_t)p);
}

/* ---- total derivatives: kept with atoms and expressions ---- */

static const weyl_expr *by_position(weyl_algebra *a, const slopes *by, uint32_t id) {
  atom *p = a->atom[id];
  const size_t i = by->i;
  if (p->total[i]) return p->total[i];
  const weyl_expr *d = NULL;
  weyl_jet jet = p->jet;
  switch (p->kind) {
    case INDEPENDENT: d = p->index == i ? a->one : a->zero; break;
    case PARAMETER: d = a->zero; break;
    case JET:
      jet.order[i]++;
      d = weyl_expr_jet(a, jet);
      break;
    default: d = weyl_expr_mul(a, weyl_expr_total(a, p->arg, i), function_slope(a, p)); break;
  }
  p->total[i] = d;
  return d;
}

const weyl_expr *weyl_expr_total(weyl_algebra *a, const weyl_expr *x, size_t i) {
  if (!x || x->total[i]) return x ? x->total[i] : NULL;
  const weyl_expr *d = derive_by(a, x, &(slopes){.of_atom = by_position, .i = i});
  ((weyl_expr *)(uintptr_t)x)->total[i] = d; /* interned ones are written by the algebra alone */
  return d;
}

/* ---- what occurs in an expression ---- */

static void visit_in(weyl_algebra *a, const weyl_expr *x, void (*visit)(void *user, const atom *at), void *user,
                     uint64_t stamp) {
  for (uint32_t i = 0; i < x->count; i++)
    for (uint32_t k = 0; k < x->t[i].m->count; k++) {
      atom *p = a->atom[x->t[i].m->f[k].atom];
      if (p->stamp == stamp) continue;
      p->stamp = stamp;
      visit(user, p);
      if (p->arg) visit_in(a, p->arg, visit, user, stamp);
    }
}

void expr_atoms(weyl_algebra *a, const weyl_expr *x, void (*visit)(void *user, const atom *at), void *user) {
  if (x) visit_in(a, x, visit, user, ++a->stamp);
}

typedef struct found {
  weyl_jet *jets;
  size_t room, count;
  const atom *wanted;
  bool there;
} found;

static void note_jet(void *user, const atom *at) {
  found *f = user;
  if (at->kind != JET) return;
  if (f->count < f->room) f->jets[f->count] = at->jet;
  f->count++;
}

static void note_wanted(void *user, const atom *at) {
  found *f = user;
  f->there = f->there || at == f->wanted;
}

size_t weyl_expr_jets(weyl_algebra *a, const weyl_expr *x, weyl_jet *jets, size_t room) {
  found f = {.jets = jets, .room = room};
  expr_atoms(a, x, note_jet, &f);
  return f.count;
}

bool weyl_expr_free_of(weyl_algebra *a, const weyl_expr *x, const weyl_expr *symbol) {
  found f = {.wanted = expr_as_symbol(a, symbol)};
  expr_atoms(a, x, note_wanted, &f);
  return !f.there;
}

/* ---- integration by parts ----
 *
 * The derivatives of f by u^a_I, for one field, are worked off from the highest order down: F_I D_I Q = D_i(F_I D_(I-i)
 * Q)
 * - D_i F_I D_(I-i) Q, with the weight I_i / |I| for each i. What is left at I = 0 is the Euler operator. */

enum { ORDERS_MAX = 512 };

typedef struct parts {
  size_t count;
  struct {
    weyl_jet jet;
    int order;
    const weyl_expr *f;
  } at[ORDERS_MAX];
} parts;

static void parts_add(weyl_algebra *a, parts *p, weyl_jet jet, const weyl_expr *f) {
  if (!f || f->count == 0) return;
  for (size_t k = 0; k < p->count; k++)
    if (memcmp(&p->at[k].jet, &jet, sizeof jet) == 0) {
      p->at[k].f = weyl_expr_add(a, p->at[k].f, f);
      return;
    }
  if (p->count == ORDERS_MAX) {
    expr_fail(a, WEYL_UNSUPPORTED, "more than %d derivatives of one field", ORDERS_MAX);
    return;
  }
  p->at[p->count].jet = jet;
  p->at[p->count].order = 0;
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++) p->at[p->count].order += jet.order[i];
  p->at[p->count++].f = f;
}

static void parts_begin(weyl_algebra *a, parts *p, const weyl_expr *f, size_t field) {
  weyl_jet jets[ORDERS_MAX];
  p->count = 0;
  size_t n = weyl_expr_jets(a, f, jets, ORDERS_MAX);
  if (n > ORDERS_MAX) {
    expr_fail(a, WEYL_UNSUPPORTED, "more than %d derivatives in one expression", ORDERS_MAX);
    n = 0;
  }
  for (size_t k = 0; k < n; k++)
    if (jets[k].field == field) parts_add(a, p, jets[k], weyl_expr_partial(a, f, weyl_expr_jet(a, jets[k])));
}

/* Takes the one of highest order; false when only order 0 is left. */
static bool parts_next(parts *p, weyl_jet *jet, int *order, const weyl_expr **f) {
  size_t best = p->count;
  for (size_t k = 0; k < p->count; k++)
    if (p->at[k].order > 0 && (best == p->count || p->at[k].order > p->at[best].order)) best = k;
  if (best == p->count) return false;
  *jet = p->at[best].jet;
  *order = p->at[best].order;
  *f = p->at[best].f;
  p->at[best] = p->at[--p->count];
  return true;
}

const weyl_expr *weyl_expr_euler(weyl_algebra *a, const weyl_expr *lagrangian, size_t field) {
  parts p;
  weyl_jet jet;
  int order;
  const weyl_expr *f;
  if (!lagrangian) return NULL;
  parts_begin(a, &p, lagrangian, field);
  while (a->status == WEYL_OK && parts_next(&p, &jet, &order, &f)) {
    int i = 0;
    while (jet.order[i] == 0) i++;
    jet.order[i]--;
    parts_add(a, &p, jet, expr_scale(a, weyl_expr_total(a, f, (size_t)i), (rational){-1, 1}));
  }
  return a->status != WEYL_OK ? NULL : p.count ? p.at[0].f : a->zero;
}

/* D_I of x */
static const weyl_expr *total_many(weyl_algebra *a, const weyl_expr *x, weyl_jet jet) {
  for (size_t i = 0; i < WEYL_INDEPENDENTS_MAX; i++)
    for (int k = 0; k < jet.order[i]; k++) x = weyl_expr_total(a, x, i);
  return x;
}

void weyl_expr_parts(weyl_algebra *a, const weyl_expr *const *q, const weyl_expr *f,
                     const weyl_expr *w[WEYL_INDEPENDENTS_MAX]) {
  for (size_t i = 0; i < WEYL_INDEPENDENTS_MAX; i++) w[i] = a->zero;
  for (size_t field = 0; f && field < a->names[2]; field++) {
    parts p;
    weyl_jet jet;
    int order;
    const weyl_expr *g;
    if (!q[field] || q[field]->count == 0) continue;
    parts_begin(a, &p, f, field);
    while (a->status == WEYL_OK && parts_next(&p, &jet, &order, &g))
      for (size_t i = 0; i < WEYL_INDEPENDENTS_MAX; i++) {
        if (jet.order[i] == 0) continue;
        weyl_jet lower = jet;
        lower.order[i]--;
        const rational weight = rational_of(jet.order[i], order);
        w[i] = weyl_expr_add(a, w[i], expr_scale(a, weyl_expr_mul(a, total_many(a, q[field], lower), g), weight));
        parts_add(a, &p, lower, expr_scale(a, weyl_expr_total(a, g, i), (rational){-weight.n, weight.d}));
      }
  }
}

/* ---- vector fields ---- */

const weyl_expr *weyl_generator_characteristic(weyl_algebra *a, const weyl_generator *v, size_t field) {
  const weyl_expr *q = v->phi[field] ? v->phi[field] : a->zero;
  for (size_t i = 0; i < a->names[0]; i++) {
    weyl_jet jet = {.field = (uint8_t)field};
    jet.order[i] = 1;
    if (v->xi[i]) q = weyl_expr_sub(a, q, weyl_expr_mul(a, v->xi[i], weyl_expr_jet(a, jet)));
  }
  return q;
}

typedef struct prolonged {
  const weyl_generator *v;
  const weyl_expr *q[WEYL_FIELDS_MAX];
} prolonged;

/* phi^a_I = D_I Q^a + xi^i u^a_(I+i) */
static const weyl_expr *prolonged_symbol(weyl_algebra *a, void *user, const atom *symbol) {
  prolonged *p = user;
  if (symbol->kind == PARAMETER) return a->zero;
  if (symbol->kind == INDEPENDENT) return p->v->xi[symbol->index] ? p->v->xi[symbol->index] : a->zero;
  const uint8_t field = symbol->jet.field;
  if (!p->q[field]) p->q[field] = weyl_generator_characteristic(a, p->v, field);
  const weyl_expr *d = total_many(a, p->q[field], symbol->jet);
  for (size_t i = 0; i < a->names[0]; i++) {
    if (!p->v->xi[i] || p->v->xi[i]->count == 0) continue;
    d = weyl_expr_add(a, d, weyl_expr_mul(a, p->v->xi[i], weyl_expr_total(a, symbol->self, i)));
  }
  return d;
}

const weyl_expr *weyl_expr_prolong(weyl_algebra *a, const weyl_generator *v, const weyl_expr *f) {
  prolonged p = {.v = v};
  return expr_derive(a, f, prolonged_symbol, &p);
}

/* ---- replacement ---- */

typedef struct replacement {
  const weyl_expr *(*meaning)(void *user, const weyl_expr *symbol);
  void *user;
} replacement;

static const weyl_expr *replace_in(weyl_algebra *a, const weyl_expr *x, const replacement *r, bool *changed) {
  sum *s = sum_begin(a);
  for (uint32_t i = 0; s && i < x->count; i++) {
    const term *t = &x->t[i];
    const monomial *kept = t->m;
    const weyl_expr *other = a->one;
    bool any = false;
    for (uint32_t k = 0; k < t->m->count && other; k++) {
      const factor f = t->m->f[k];
      const atom *p = a->atom[f.atom];
      const weyl_expr *to = NULL;
      if (p->kind < FUNCTION) {
        to = r->meaning(r->user, p->self);
      } else {
        bool inside = false;
        const weyl_expr *arg = replace_in(a, p->arg, r, &inside);
        if (inside) to = p->kind == POWER ? arg : weyl_expr_apply(a, (weyl_function)p->index, arg);
        if (inside && !to) other = NULL;
      }
      if (!to || to == p->self) continue;
      any = true;
      kept = monomial_times(a, kept, f.atom, -f.power);
      other = weyl_expr_mul(a, other, expr_power(a, to, f.power));
    }
    *changed = *changed || any;
    sum_add_product(a, s, other, kept, t->c);
  }
  return sum_end(a, s);
}

const weyl_expr *weyl_expr_replace(weyl_algebra *a, const weyl_expr *x,
                                   const weyl_expr *(*meaning)(void *user, const weyl_expr *symbol), void *user) {
  const replacement r = {meaning, user};
  bool changed = false;
  if (!x) return NULL;
  const weyl_expr *y = replace_in(a, x, &r, &changed);
  return changed || !y ? y : x;
}
