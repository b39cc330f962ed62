/* Sums of terms, and the normal form of monomials. */
#include "algebra.h"

#include <stdlib.h>
#include <string.h>

sum *sum_begin(weyl_algebra *a) {
  if (a->status != WEYL_OK) return NULL;
  if (a->depth == DEPTH_MAX) {
    expr_fail(a, WEYL_UNSUPPORTED, "expressions are nested more than %d deep", DEPTH_MAX);
    return NULL;
  }
  sum *s = &a->sums[a->depth++];
  s->n = 0;
  return s;
}

static void append(weyl_algebra *a, sum *s, const monomial *m, rational c) {
  if (s->n == s->room) {
    const size_t room = s->room ? 2 * s->room : 64;
    if (room > 4 * (size_t)TERMS_MAX) {
      expr_fail(a, WEYL_UNSUPPORTED, "a sum has more than %d terms", TERMS_MAX);
      return;
    }
    term *t = weyl_realloc(a->ctx, s->t, room, sizeof *t);
    if (!t) {
      expr_fail(a, WEYL_MEMORY, "no memory for a sum of %zu terms", room);
      return;
    }
    s->t = t;
    s->room = room;
  }
  s->t[s->n++] = (term){c, m};
}

static rational product(weyl_algebra *a, rational x, rational y) {
  bool over = false;
  const rational r = rational_mul(x, y, &over);
  if (over) expr_fail(a, WEYL_NUMERIC, "a coefficient needs more than 128 bits");
  return r;
}

void sum_add(weyl_algebra *a, sum *s, const monomial *m, rational c) {
  if (!s || !m || c.n == 0 || a->status != WEYL_OK) return;
  if (m->reducible == m->count) {
    append(a, s, m, c);
    return;
  }
  const weyl_expr *normal = monomial_normal(a, m);
  for (uint32_t i = 0; normal && i < normal->count; i++) append(a, s, normal->t[i].m, product(a, normal->t[i].c, c));
}

void sum_add_expr(weyl_algebra *a, sum *s, const weyl_expr *x, rational c) {
  if (!s || !x || c.n == 0) return;
  for (uint32_t i = 0; i < x->count; i++) append(a, s, x->t[i].m, product(a, x->t[i].c, c));
}

void sum_add_product(weyl_algebra *a, sum *s, const weyl_expr *x, const monomial *m, rational c) {
  if (!s || !x || !m || c.n == 0) return;
  for (uint32_t i = 0; i < x->count && a->status == WEYL_OK; i++)
    sum_add(a, s, monomial_mul(a, x->t[i].m, m), product(a, x->t[i].c, c));
}

static int by_monomial(const void *p, const void *q) {
  const uint32_t x = ((const term *)p)->m->id, y = ((const term *)q)->m->id;
  return (x > y) - (x < y);
}

static uint32_t expr_hash(const term *t, size_t n) {
  uint64_t h = 0x9E3779B97F4A7C15u;
  for (size_t i = 0; i < n; i++) {
    h = (h ^ t[i].m->id) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (uint64_t)t[i].c.n) * 0x94D049BB133111EBu;
    h = (h ^ (uint64_t)t[i].c.d ^ h >> 31) * 0xBF58476D1CE4E5B9u;
  }
  return (uint32_t)(h ^ h >> 32);
}

static bool same(const weyl_expr *x, const term *t, size_t n) {
  if (x->count != n) return false;
  for (size_t i = 0; i < n; i++)
    if (x->t[i].m != t[i].m || x->t[i].c.n != t[i].c.n || x->t[i].c.d != t[i].c.d) return false;
  return true;
}

static uint32_t hash_of(const void *p) { return ((const weyl_expr *)p)->hash; }

const weyl_expr *sum_end(weyl_algebra *a, sum *s) {
  if (!s) return NULL;
  if (a->depth > 0) a->depth--;
  if (a->status != WEYL_OK || !table_reserve(a, &a->expr_table, hash_of)) return NULL;
  if (s->n > 1) qsort(s->t, s->n, sizeof *s->t, by_monomial);
  size_t n = 0;
  bool over = false;
  for (size_t i = 0; i < s->n;) {
    term t = s->t[i++];
    for (; i < s->n && s->t[i].m == t.m; i++) t.c = rational_add(t.c, s->t[i].c, &over);
    if (t.c.n != 0) s->t[n++] = t;
  }
  if (over) return expr_fail(a, WEYL_NUMERIC, "a coefficient needs more than 128 bits");
  if (n > TERMS_MAX) return expr_fail(a, WEYL_UNSUPPORTED, "a sum has %zu terms, at most %d are kept", n, TERMS_MAX);
  const uint32_t h = expr_hash(s->t, n);
  table *t = &a->expr_table;
  size_t k = h & (t->room - 1);
  for (; t->slot[k]; k = (k + 1) & (t->room - 1)) {
    const weyl_expr *x = t->slot[k];
    if (x->hash == h && same(x, s->t, n)) return x;
  }
  weyl_expr *x = expr_alloc(a, sizeof *x + n * sizeof *x->t);
  if (!x) return NULL;
  x->id = a->exprs++;
  x->hash = h;
  x->count = (uint32_t)n;
  if (n) memcpy(x->t, s->t, n * sizeof *x->t);
  t->slot[k] = x;
  t->used++;
  return x;
}

/* ---- normal forms ---- */

/* sin^n = sin^(n-2) (1 - cos^2) */
static void reduce_sine(weyl_algebra *a, sum *s, const monomial *m, uint32_t k) {
  const atom *p = a->atom[m->f[k].atom];
  const atom *cosine = atom_of(a, FUNCTION, WEYL_COS, p->arg);
  const monomial *less = monomial_times(a, m, p->id, -2 * ONE);
  sum_add(a, s, less, (rational){1, 1});
  if (cosine && less) sum_add(a, s, monomial_times(a, less, cosine->id, 2 * ONE), (rational){-1, 1});
}

/* exp(x)^p exp(y)^q = exp(p x + q y) */
static void reduce_exp(weyl_algebra *a, sum *s, const monomial *m) {
  sum *power = sum_begin(a);
  const monomial *rest = m;
  for (uint32_t k = 0; power && k < m->count; k++) {
    const atom *p = a->atom[m->f[k].atom];
    if (p->kind != FUNCTION || p->index != WEYL_EXP) continue;
    sum_add_expr(a, power, p->arg, rational_of(m->f[k].power, ONE));
    rest = monomial_times(a, rest, p->id, -m->f[k].power);
  }
  const weyl_expr *e = weyl_expr_apply(a, WEYL_EXP, sum_end(a, power));
  sum_add_product(a, s, e, rest, (rational){1, 1});
}

/* A power of a base outside of [0, 1). */
static void reduce_power(weyl_algebra *a, sum *s, const monomial *m, uint32_t k) {
  const atom *p = a->atom[m->f[k].atom];
  const int32_t power = m->f[k].power;
  if (power >= ONE) {
    sum_add_product(a, s, p->arg, monomial_times(a, m, p->id, -ONE), (rational){1, 1});
  } else if (p->arg->count < 2) { /* c^p of a number, p < 0 */
    sum_add(a, s, monomial_times(a, m, p->id, ONE), rational_inverse(p->arg->t[0].c));
  } else { /* lead b^p = sign (b^(p+1) - rest b^p) */
    const monomial *less = m;
    for (uint32_t i = 0; less && i < p->lead->count; i++)
      less = monomial_times(a, less, p->lead->f[i].atom, -p->lead->f[i].power);
    if (!less) return;
    sum_add(a, s, monomial_times(a, less, p->id, ONE), (rational){p->sign, 1});
    sum_add_product(a, s, p->rest, less, (rational){-p->sign, 1});
  }
}

const weyl_expr *monomial_normal(weyl_algebra *a, const monomial *m) {
  if (m->normal) return m->normal;
  if (a->reducing >= DEPTH_MAX / 2) return expr_fail(a, WEYL_UNSUPPORTED, "powers of sums are too high to be reduced");
  a->reducing++;
  sum *s = sum_begin(a);
  const atom *p = a->atom[m->f[m->reducible].atom];
  if (p->kind == POWER)
    reduce_power(a, s, m, m->reducible);
  else if (p->index == WEYL_SIN)
    reduce_sine(a, s, m, m->reducible);
  else
    reduce_exp(a, s, m);
  const weyl_expr *normal = sum_end(a, s);
  a->reducing--;
  ((monomial *)(uintptr_t)m)->normal = normal; /* interned ones are written here alone */
  return normal;
}
