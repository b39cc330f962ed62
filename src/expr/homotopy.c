/* The potential of a divergence: B^i with D_i B^i = f, for f with E(f) = 0.
 *
 * A part of f that is homogeneous of degree s in the fields has pr v_Q f = s f for Q = u, and integration by parts of
 * the left side leaves D_i W^i: B = W / s (Olver, section 5.4, with the integral over lambda done).  For s = 0, and for
 * functions of fields, highest derivatives are taken back by antiderivatives, one after the other. */
#include "algebra.h"

#include <string.h>

/* ---- antiderivatives ---- */

static const weyl_expr *function_integral(weyl_algebra *a, const atom *p, int32_t power) {
  if (p->kind == POWER) /* of b^p by b */
    return power == -ONE ? weyl_expr_apply(a, WEYL_LOG, p->arg)
                         : expr_scale(a, expr_power(a, p->arg, power + ONE), rational_of(ONE, power + ONE));
  if (power != ONE) return NULL;
  switch (p->index) {
    case WEYL_SIN: return expr_scale(a, weyl_expr_apply(a, WEYL_COS, p->arg), (rational){-1, 1});
    case WEYL_COS: return weyl_expr_apply(a, WEYL_SIN, p->arg);
    case WEYL_EXP: return p->self;
    default: return NULL;
  }
}

/* x / y for y of one term */
static const weyl_expr *over_term(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y) {
  return y && y->count == 1 ? weyl_expr_mul(a, x, expr_power(a, y, -ONE)) : NULL;
}

/* of c m by the symbol; NULL: not known */
static const weyl_expr *term_integral(weyl_algebra *a, const term *t, const atom *symbol) {
  const weyl_expr *rest = expr_of(a, t->m, t->c);
  const factor *function = NULL;
  for (uint32_t k = 0; k < t->m->count; k++) {
    const atom *p = a->atom[t->m->f[k].atom];
    if (p->kind < FUNCTION || weyl_expr_free_of(a, p->self ? p->self : p->arg, symbol->self)) continue;
    if (function) return NULL;
    function = &t->m->f[k];
  }
  const int32_t n = monomial_power(t->m, symbol->id);
  if (!function) {
    if (n == -ONE)
      return weyl_expr_mul(a, weyl_expr_mul(a, rest, symbol->self), weyl_expr_apply(a, WEYL_LOG, symbol->self));
    return expr_scale(a, weyl_expr_mul(a, rest, symbol->self), rational_of(ONE, n + ONE));
  }
  const atom *p = a->atom[function->atom];
  const weyl_expr *slope = weyl_expr_partial(a, p->arg, symbol->self),
                  *whole = function_integral(a, p, function->power);
  rest = expr_of(a, monomial_times(a, t->m, p->id, -function->power), t->c);
  rest = over_term(a, rest, slope);
  if (!rest || !whole || !weyl_expr_free_of(a, rest, symbol->self)) return NULL;
  return weyl_expr_mul(a, rest, whole);
}

const weyl_expr *expr_antiderivative(weyl_algebra *a, const weyl_expr *x, const atom *symbol) {
  const weyl_expr *out = a->zero;
  for (uint32_t i = 0; x && i < x->count && out; i++) out = weyl_expr_add(a, out, term_integral(a, &x->t[i], symbol));
  return out;
}

/* ---- degrees ---- */

typedef struct degree {
  bool known;
  int64_t in60; /* in the fields */
  bool fields;
} degree;

static degree degree_of(const weyl_algebra *a, const monomial *m);

static degree degree_of_sum(const weyl_algebra *a, const weyl_expr *x) {
  degree d = {true, 0, false};
  for (uint32_t i = 0; i < x->count; i++) {
    const degree t = degree_of(a, x->t[i].m);
    if (!t.known || (i > 0 && t.in60 != d.in60)) return (degree){false, 0, true};
    d.in60 = t.in60;
    d.fields = d.fields || t.fields;
  }
  return d;
}

static degree degree_of(const weyl_algebra *a, const monomial *m) {
  degree d = {true, 0, false};
  for (uint32_t k = 0; k < m->count; k++) {
    const atom *p = a->atom[m->f[k].atom];
    if (p->kind == JET) {
      d.in60 += m->f[k].power;
      d.fields = true;
    } else if (p->kind >= FUNCTION) {
      const degree inside = degree_of_sum(a, p->arg);
      d.fields = d.fields || inside.fields;
      if (!inside.known || (p->kind == FUNCTION && inside.fields)) return (degree){false, 0, true};
      if (p->kind == POWER) {
        if (inside.in60 * m->f[k].power % ONE != 0) return (degree){false, 0, true};
        d.in60 += inside.in60 * m->f[k].power / ONE;
      }
    }
  }
  return d;
}

/* ---- the rest: highest derivatives first ---- */

static int order_of(weyl_jet j) {
  int n = 0;
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++) n += j.order[i];
  return n;
}

/* The highest derivative in f of order 1 or more, ties by the order of making; false when there is none. */
static bool highest(weyl_algebra *a, const weyl_expr *f, weyl_jet *jet) {
  weyl_jet jets[256];
  size_t n = weyl_expr_jets(a, f, jets, 256), best = 0;
  if (n > 256) n = 256;
  for (size_t k = 1; k < n; k++)
    if (order_of(jets[k]) > order_of(jets[best])) best = k;
  if (n == 0 || order_of(jets[best]) == 0) return false;
  *jet = jets[best];
  return true;
}

static const weyl_expr *peel(weyl_algebra *a, const weyl_expr *f, const weyl_expr *b[WEYL_INDEPENDENTS_MAX]) {
  weyl_jet jet;
  for (int turn = 0; turn < 200 && f && f->count && highest(a, f, &jet); turn++) {
    const weyl_expr *z = weyl_expr_jet(a, jet), *g = weyl_expr_partial(a, f, z), *potential = NULL;
    size_t i = 0;
    for (; i < a->names[0]; i++) {
      weyl_jet lower = jet;
      if (lower.order[i] == 0) continue;
      lower.order[i]--;
      const weyl_expr *below = weyl_expr_jet(a, lower);
      potential = g && below && weyl_expr_free_of(a, g, z) ? expr_antiderivative(a, g, expr_as_symbol(a, below)) : NULL;
      if (potential) break;
    }
    if (!potential) return f;
    b[i] = weyl_expr_add(a, b[i], potential);
    f = weyl_expr_sub(a, f, weyl_expr_total(a, potential, i));
  }
  return f;
}

weyl_status weyl_expr_homotopy(weyl_algebra *a, const weyl_expr *f, const weyl_expr *b[WEYL_INDEPENDENTS_MAX]) {
  const weyl_expr *out[WEYL_INDEPENDENTS_MAX], *u[WEYL_FIELDS_MAX] = {NULL}, *rest = f;
  if (!f) return a->status;
  for (size_t k = 0; k < a->names[2]; k++) {
    const weyl_expr *e = weyl_expr_euler(a, f, k);
    if (a->status != WEYL_OK) return a->status;
    if (!weyl_expr_is_zero(a, e))
      return weyl_fail(a->ctx, WEYL_NO, "no divergence: its Euler operator for %s is %.200s", a->name[2][k],
                       weyl_expr_text(a, e, WEYL_PLAIN));
    u[k] = weyl_expr_jet(a, (weyl_jet){.field = (uint8_t)k});
  }
  for (size_t i = 0; i < WEYL_INDEPENDENTS_MAX; i++) out[i] = a->zero;
  /* the parts of each degree but 0, one after the other */
  for (uint32_t k = 0; rest && k < rest->count;) {
    const degree d = degree_of(a, rest->t[k].m);
    if (!d.known || d.in60 == 0) {
      k++;
      continue;
    }
    sum *s = sum_begin(a), *others = sum_begin(a);
    for (uint32_t i = 0; s && others && i < rest->count; i++) {
      const degree of = degree_of(a, rest->t[i].m);
      sum_add(a, of.known && of.in60 == d.in60 ? s : others, rest->t[i].m, rest->t[i].c);
    }
    rest = sum_end(a, others);
    const weyl_expr *part = sum_end(a, s), *w[WEYL_INDEPENDENTS_MAX];
    weyl_expr_parts(a, u, part, w);
    for (size_t i = 0; i < WEYL_INDEPENDENTS_MAX; i++)
      out[i] = weyl_expr_add(a, out[i], expr_scale(a, w[i], rational_of(ONE, d.in60)));
    k = 0;
  }
  rest = peel(a, rest, out);
  if (rest && rest->count && weyl_expr_jets(a, rest, NULL, 0) == 0 && a->names[0] > 0) { /* of position alone */
    const weyl_expr *x = weyl_expr_independent(a, 0), *potential = NULL;
    if (x) potential = expr_antiderivative(a, rest, expr_as_symbol(a, x));
    if (potential) {
      out[0] = weyl_expr_add(a, out[0], potential);
      rest = a->zero;
    }
  }
  if (a->status != WEYL_OK) return a->status;
  if (!weyl_expr_is_zero(a, rest))
    return weyl_fail(a->ctx, WEYL_NO, "a divergence, but no closed form was found for the potential of %.200s",
                     weyl_expr_text(a, rest, WEYL_PLAIN));
  memcpy(b, out, sizeof out);
  return WEYL_OK;
}
