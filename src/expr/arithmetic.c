/* Sums, products and powers of expressions. */
#include "algebra.h"

#include <string.h>

static const rational ONE_ = {1, 1};

const weyl_expr *expr_of(weyl_algebra *a, const monomial *m, rational c) {
  sum *s = sum_begin(a);
  sum_add(a, s, m, c);
  return sum_end(a, s);
}

static const weyl_expr *linear(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y, rational c) {
  if (!x || !y) return NULL;
  if (y->count == 0) return x;
  sum *s = sum_begin(a);
  sum_add_expr(a, s, x, ONE_);
  sum_add_expr(a, s, y, c);
  return sum_end(a, s);
}

const weyl_expr *weyl_expr_add(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y) {
  return linear(a, x, y, ONE_);
}

const weyl_expr *weyl_expr_sub(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y) {
  return linear(a, x, y, (rational){-1, 1});
}

const weyl_expr *weyl_expr_add_scaled(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y, int64_t numerator,
                                      int64_t denominator) {
  if (denominator == 0) return expr_fail(a, WEYL_BAD_ARG, "a fraction has the denominator 0");
  return linear(a, x, y, rational_of(numerator, denominator));
}

const weyl_expr *expr_scale(weyl_algebra *a, const weyl_expr *x, rational c) { return linear(a, a->zero, x, c); }

const weyl_expr *weyl_expr_mul(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y) {
  if (!x || !y) return NULL;
  if (x == a->one) return y;
  if (y == a->one) return x;
  sum *s = sum_begin(a);
  for (uint32_t i = 0; i < y->count && a->status == WEYL_OK; i++) sum_add_product(a, s, x, y->t[i].m, y->t[i].c);
  return sum_end(a, s);
}

const weyl_expr *weyl_expr_div(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y) {
  return weyl_expr_mul(a, x, expr_power(a, y, -ONE));
}

const weyl_expr *weyl_expr_number(weyl_algebra *a, int64_t numerator, int64_t denominator) {
  if (denominator == 0) return expr_fail(a, WEYL_BAD_ARG, "a fraction has the denominator 0");
  return expr_of(a, a->unit, rational_of(numerator, denominator));
}

static const weyl_expr *symbol(const atom *p) { return p ? p->self : NULL; }

const weyl_expr *weyl_expr_independent(weyl_algebra *a, size_t i) {
  return symbol(atom_symbol(a, INDEPENDENT, (uint32_t)i, NULL));
}

const weyl_expr *weyl_expr_parameter(weyl_algebra *a, size_t i) {
  return symbol(atom_symbol(a, PARAMETER, (uint32_t)i, NULL));
}

const weyl_expr *weyl_expr_jet(weyl_algebra *a, weyl_jet jet) {
  int order = 0;
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++) order += jet.order[i];
  if (order > WEYL_JET_ORDER_MAX)
    return expr_fail(a, WEYL_UNSUPPORTED, "a derivative of order %d, at most %d", order, WEYL_JET_ORDER_MAX);
  return symbol(atom_symbol(a, JET, 0, &jet));
}

size_t weyl_expr_terms(const weyl_expr *x) { return x ? x->count : 0; }

/* ---- powers ---- */

/* prime^(k power) as a number and what is left as a factor: 8^(1/2) = 2 2^(1/2). */
static const weyl_expr *prime_power(weyl_algebra *a, const weyl_expr *x, u128 prime, int64_t power) {
  if (prime > INT64_MAX) return expr_fail(a, WEYL_NUMERIC, "a root of a number with a prime factor beyond 64 bits");
  int64_t whole = power / ONE, left = power % ONE;
  if (left < 0) left += ONE, whole--;
  bool over = whole > 200 || whole < -200;
  rational c = {1, 1};
  if (!over) c = rational_power((rational){(i128)prime, 1}, (uint32_t)(whole < 0 ? -whole : whole), &over);
  if (over) return expr_fail(a, WEYL_NUMERIC, "a power of a number needs more than 128 bits");
  x = expr_scale(a, x, whole < 0 ? rational_inverse(c) : c);
  if (!x || left == 0) return x;
  const atom *p = atom_of(a, POWER, 0, expr_of(a, a->unit, (rational){(i128)prime, 1}));
  return p ? weyl_expr_mul(a, x, expr_of(a, monomial_of(a, &(factor){p->id, (int32_t)left}, 1), ONE_)) : NULL;
}

/* c^(power / 60) for c > 0 */
static const weyl_expr *number_power(weyl_algebra *a, rational c, int64_t power) {
  const weyl_expr *x = a->one;
  for (int k = 0; k < 2 && x; k++) {
    u128 n = magnitude(k ? c.d : c.n);
    const int64_t sign = k ? -1 : 1;
    for (u128 prime = 2; prime * prime <= n && prime < 1000000 && x; prime++) {
      int64_t times = 0;
      for (; n % prime == 0; n /= prime) times++;
      if (times) x = prime_power(a, x, prime, sign * times * power);
    }
    if (n > 1 && x) x = prime_power(a, x, n, sign * power);
  }
  return x;
}

/* The largest monomial that divides all terms: of parameters alone where roots are drawn. */
static const monomial *common_factor(weyl_algebra *a, const weyl_expr *x, bool whole) {
  const monomial *m = a->unit, *first = x->t[0].m;
  for (uint32_t pass = 0; pass < x->count; pass++)
    for (uint32_t k = 0; k < x->t[pass].m->count && m; k++) {
      const uint32_t id = x->t[pass].m->f[k].atom;
      if (monomial_power(m, id) != 0 || (!whole && a->atom[id]->kind != PARAMETER)) continue;
      if (pass > 0 && monomial_power(first, id) != 0) continue; /* seen */
      int32_t least = x->t[pass].m->f[k].power;
      for (uint32_t i = 0; i < x->count; i++) {
        const int32_t power = monomial_power(x->t[i].m, id);
        if (power < least) least = power;
      }
      m = monomial_times(a, m, id, least);
    }
  return m;
}

/* The greatest c > 0 with integer coefficients in x / c. */
static rational content(const weyl_expr *x, bool *over) {
  u128 n = 0;
  i128 d = 1;
  for (uint32_t i = 0; i < x->count; i++) {
    n = common_divisor(n, magnitude(x->t[i].c.n));
    d = i128_mul(d / (i128)common_divisor((u128)d, (u128)x->t[i].c.d), x->t[i].c.d, over);
  }
  return rational_of((i128)n, d);
}

/* All powers of the monomial times power / 60; false where that is no multiple of 1/60. */
static bool raise(const weyl_algebra *a, const monomial *m, int64_t power, factor *f) {
  for (uint32_t k = 0; k < m->count; k++) {
    i128 p = (i128)m->f[k].power * power;
    if (p % ONE != 0 || p / ONE > INT32_MAX || p / ONE < INT32_MIN) return false;
    f[k] = (factor){m->f[k].atom, (int32_t)(p / ONE)};
  }
  (void)a;
  return true;
}

static const weyl_expr *monomial_raised(weyl_algebra *a, const monomial *m, int64_t power) {
  factor f[256];
  if (m->count > 256 || !raise(a, m, power, f))
    return expr_fail(a, WEYL_UNSUPPORTED, "powers must be multiples of 1/60 below 3e7");
  return expr_of(a, monomial_of(a, f, m->count), ONE_);
}

/* A root of one term, or any power but a natural one of a sum: numbers and common factors are drawn out. */
static const weyl_expr *power_of_base(weyl_algebra *a, const weyl_expr *x, int64_t power) {
  const bool whole = power % ONE == 0;
  bool over = false;
  rational c = content(x, &over);
  if (over) return expr_fail(a, WEYL_NUMERIC, "a coefficient needs more than 128 bits");
  const monomial *m = common_factor(a, x, whole);
  const weyl_expr *out = weyl_expr_mul(a, number_power(a, c, power), m ? monomial_raised(a, m, power) : NULL);
  const weyl_expr *base =
      out ? weyl_expr_mul(a, expr_scale(a, x, rational_inverse(c)), monomial_raised(a, m, -ONE)) : NULL;
  if (!base || base == a->one) return base ? out : NULL;
  const atom *alone = expr_as_symbol(a, base);
  if (alone && alone->kind != POWER) return weyl_expr_mul(a, out, monomial_raised(a, base->t[0].m, power));
  if (base->count == 1 && base->t[0].m->count == 0) /* -1 */
    return expr_fail(a, WEYL_BAD_ARG, "a root of a negative number");
  const atom *p = atom_of(a, POWER, 0, base);
  if (!p) return NULL;
  return weyl_expr_mul(a, out, expr_of(a, monomial_of(a, &(factor){p->id, (int32_t)power}, 1), ONE_));
}

const weyl_expr *expr_power(weyl_algebra *a, const weyl_expr *x, int64_t power) {
  if (!x || a->status != WEYL_OK) return NULL;
  if (power == 0) return a->one;
  if (x->count == 0) return power > 0 ? x : expr_fail(a, WEYL_BAD_ARG, "division by zero");
  if (power > 1000 * ONE || power < -1000 * ONE)
    return expr_fail(a, WEYL_UNSUPPORTED, "power %g is beyond 1000", (double)power / ONE);
  const bool whole = power % ONE == 0;
  if (x->count == 1 && whole) {
    const int64_t k = power / ONE;
    bool over = false;
    const rational c = rational_power(x->t[0].c, (uint32_t)(k < 0 ? -k : k), &over);
    if (over) return expr_fail(a, WEYL_NUMERIC, "a coefficient needs more than 128 bits");
    return expr_scale(a, monomial_raised(a, x->t[0].m, power), k < 0 ? rational_inverse(c) : c);
  }
  if (whole && power > 0) {
    const weyl_expr *r = a->one;
    for (int64_t k = power / ONE; k; k >>= 1) {
      if (k & 1) r = weyl_expr_mul(a, r, x);
      if (k > 1) x = weyl_expr_mul(a, x, x);
    }
    return r;
  }
  return power_of_base(a, x, power);
}

const weyl_expr *weyl_expr_power(weyl_algebra *a, const weyl_expr *x, int64_t numerator, int64_t denominator) {
  if (denominator == 0 || numerator > INT32_MAX || numerator < INT32_MIN || numerator * ONE % denominator != 0)
    return expr_fail(a, WEYL_UNSUPPORTED, "power %lld/%lld is no multiple of 1/%d", (long long)numerator,
                     (long long)denominator, ONE);
  return expr_power(a, x, numerator * ONE / denominator);
}

/* ---- denominators ---- */

const monomial *expr_clearing(weyl_algebra *a, const monomial *by, const weyl_expr *x) {
  for (uint32_t i = 0; x && i < x->count; i++)
    for (uint32_t k = 0; k < x->t[i].m->count && by; k++) {
      const factor *f = &x->t[i].m->f[k];
      if (a->atom[f->atom]->kind != POWER || f->power >= 0) continue;
      const int32_t needed = (-f->power + ONE - 1) / ONE * ONE, there = monomial_power(by, f->atom);
      if (needed > there) by = monomial_times(a, by, f->atom, needed - there);
    }
  return by;
}

const weyl_expr *expr_times(weyl_algebra *a, const weyl_expr *x, const monomial *by) {
  if (!x || !by || by->count == 0) return by ? x : NULL;
  sum *s = sum_begin(a);
  sum_add_product(a, s, x, by, ONE_);
  return sum_end(a, s);
}

const weyl_expr *weyl_expr_cleared(weyl_algebra *a, const weyl_expr *x) {
  return expr_times(a, x, expr_clearing(a, a->unit, x));
}

bool weyl_expr_is_zero(weyl_algebra *a, const weyl_expr *x) {
  if (!x) return false;
  if (x->count == 0) return true;
  const weyl_expr *cleared = weyl_expr_cleared(a, x);
  return cleared && cleared->count == 0;
}

/* ---- looking at expressions ---- */

const atom *expr_as_symbol(const weyl_algebra *a, const weyl_expr *x) {
  if (!x || x->count != 1 || x->t[0].c.n != 1 || x->t[0].c.d != 1) return NULL;
  const monomial *m = x->t[0].m;
  return m->count == 1 && m->f[0].power == ONE ? a->atom[m->f[0].atom] : NULL;
}

bool weyl_expr_as_jet(const weyl_algebra *a, const weyl_expr *x, weyl_jet *jet) {
  const atom *p = expr_as_symbol(a, x);
  if (p && p->kind == JET) *jet = p->jet;
  return p && p->kind == JET;
}

bool weyl_expr_as_parameter(const weyl_algebra *a, const weyl_expr *x, size_t *i) {
  const atom *p = expr_as_symbol(a, x);
  if (p && p->kind == PARAMETER) *i = p->index;
  return p && p->kind == PARAMETER;
}

bool weyl_expr_as_independent(const weyl_algebra *a, const weyl_expr *x, size_t *i) {
  const atom *p = expr_as_symbol(a, x);
  if (p && p->kind == INDEPENDENT) *i = p->index;
  return p && p->kind == INDEPENDENT;
}

bool weyl_expr_as_number(const weyl_expr *x, double *value) {
  if (!x || x->count > 1 || (x->count == 1 && x->t[0].m->count > 0)) return false;
  *value = x->count ? rational_double(x->t[0].c) : 0;
  return true;
}

const weyl_expr *weyl_expr_term(weyl_algebra *a, const weyl_expr *x, size_t k, double *coefficient) {
  *coefficient = rational_double(x->t[k].c);
  return expr_of(a, x->t[k].m, ONE_);
}

const weyl_expr *weyl_expr_only(weyl_algebra *a, const weyl_expr *x, size_t k) {
  return expr_of(a, x->t[k].m, x->t[k].c);
}
