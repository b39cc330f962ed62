/* sin, cos, exp, log and atan of expressions, brought to normal form. */
#include "algebra.h"

static const weyl_expr *of(weyl_algebra *a, weyl_function function, const weyl_expr *x) {
  const atom *p = atom_of(a, FUNCTION, (uint32_t)function, x);
  return p ? p->self : NULL;
}

/* The whole number k > 0 that divides every coefficient of x. */
static int64_t multiple(const weyl_expr *x) {
  u128 n = 0;
  for (uint32_t i = 0; i < x->count; i++) n = common_divisor(n, magnitude(x->t[i].c.n));
  return n > 12 ? 1 : (int64_t)n;
}

/* sin k y, cos k y by the rule for k from those for k - 1 and k - 2 */
static const weyl_expr *of_multiple(weyl_algebra *a, weyl_function function, int64_t k, const weyl_expr *y) {
  const weyl_expr *cosine = of(a, WEYL_COS, y), *last = function == WEYL_SIN ? of(a, WEYL_SIN, y) : cosine,
                  *before = function == WEYL_SIN ? a->zero : a->one;
  for (; k > 1; k--) {
    const weyl_expr *next = weyl_expr_sub(a, expr_scale(a, weyl_expr_mul(a, cosine, last), (rational){2, 1}), before);
    before = last;
    last = next;
  }
  return last;
}

static const weyl_expr *circular(weyl_algebra *a, weyl_function function, const weyl_expr *x) {
  if (x->count == 0) return function == WEYL_COS ? a->one : a->zero;
  const term *lead = &x->t[0];
  for (uint32_t i = 1; i < x->count; i++)
    if (monomial_compare(x->t[i].m, lead->m) > 0) lead = &x->t[i];
  const int64_t sign = lead->c.n < 0 ? -1 : 1, k = multiple(x);
  const weyl_expr *y = expr_scale(a, x, rational_of(sign, k)), *value = k == 1 ? of(a, function, y)
                                                                        : y    ? of_multiple(a, function, k, y)
                                                                               : NULL;
  return sign < 0 && function == WEYL_SIN ? expr_scale(a, value, (rational){-1, 1}) : value;
}

/* exp(c log y + x) = y^c exp(x) for c a multiple of 1/60 */
static const weyl_expr *exponential(weyl_algebra *a, const weyl_expr *x) {
  const weyl_expr *out = a->one;
  sum *s = sum_begin(a);
  for (uint32_t i = 0; s && i < x->count; i++) {
    const term *t = &x->t[i];
    const atom *p = t->m->count == 1 && t->m->f[0].power == ONE ? a->atom[t->m->f[0].atom] : NULL;
    const bool log = p && p->kind == FUNCTION && p->index == WEYL_LOG && t->c.d <= ONE && ONE % (int)t->c.d == 0 &&
                     magnitude(t->c.n) < 1000;
    if (log)
      out = weyl_expr_mul(a, out, expr_power(a, p->arg, (int64_t)(t->c.n * (ONE / t->c.d))));
    else
      sum_add(a, s, t->m, t->c);
  }
  const weyl_expr *rest = sum_end(a, s);
  return rest && rest->count == 0 ? out : weyl_expr_mul(a, out, of(a, WEYL_EXP, rest));
}

const weyl_expr *weyl_expr_apply(weyl_algebra *a, weyl_function function, const weyl_expr *x) {
  if (!x || a->status != WEYL_OK) return NULL;
  switch (function) {
    case WEYL_SIN:
    case WEYL_COS: return circular(a, function, x);
    case WEYL_EXP: return exponential(a, x);
    case WEYL_LOG:
      if (x->count == 0) return expr_fail(a, WEYL_BAD_ARG, "log of 0");
      return x == a->one ? a->zero : of(a, WEYL_LOG, x);
    default: return x->count == 0 ? x : of(a, WEYL_ATAN, x);
  }
}

const weyl_expr *function_slope(weyl_algebra *a, const atom *f) {
  if (f->kind == POWER) return a->one;
  switch (f->index) {
    case WEYL_SIN: return weyl_expr_apply(a, WEYL_COS, f->arg);
    case WEYL_COS: return expr_scale(a, weyl_expr_apply(a, WEYL_SIN, f->arg), (rational){-1, 1});
    case WEYL_EXP: return f->self;
    case WEYL_LOG: return expr_power(a, f->arg, -ONE);
    default: return expr_power(a, weyl_expr_add(a, a->one, weyl_expr_mul(a, f->arg, f->arg)), -ONE);
  }
}
