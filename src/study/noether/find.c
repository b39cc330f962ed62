/* All symmetries of a form: the determining equations are linear in the coefficients of the ansatz, so each monomial of
 * it is prolonged by itself, and the relations between what comes out are the symmetries. */
#include "noether/problem.h"

#include <string.h>

enum { UNKNOWNS_MAX = 3000, VARIABLES_MAX = 64 };

typedef struct ansatz {
  weyl_noether *p;
  const weyl_expr *variable[VARIABLES_MAX];
  size_t variables, slots, first_slot;
  weyl_generator *v; /* [count] */
  size_t count, room;
  weyl_status status;
} ansatz;

static void add_generator(ansatz *s, size_t slot, const weyl_expr *x) {
  if (s->status != WEYL_OK) return;
  if (s->count == UNKNOWNS_MAX) {
    s->status = weyl_fail(s->p->ctx, WEYL_UNSUPPORTED, "the ansatz has more than %d unknowns: a lower degree or order",
                          UNKNOWNS_MAX);
    return;
  }
  if (s->count == s->room) {
    weyl_generator *more = weyl_realloc(s->p->ctx, s->v, 2 * s->room + 32, sizeof *more);
    if (!more) {
      s->status = WEYL_MEMORY;
      return;
    }
    s->v = more;
    s->room = 2 * s->room + 32;
  }
  s->v[s->count] = (weyl_generator){0};
  *generator_slot(s->p, &s->v[s->count++], slot) = x;
}

/* Every monomial of `left` more factors from variable `from` on, times x, highest first: pivots take the complicated
 * ones, and symmetries are told by the simple ones. */
static void monomials(ansatz *s, size_t slot, const weyl_expr *x, size_t from, int left) {
  if (left > 0)
    for (size_t k = from; k < s->variables; k++)
      monomials(s, slot, weyl_expr_mul(s->p->a, x, s->variable[k]), k, left - 1);
  add_generator(s, slot, x);
}

static weyl_status fill(ansatz *s, const weyl_noether_find_opts *o, const shell *solved) {
  weyl_algebra *a = s->p->a;
  const size_t n = weyl_algebra_independents(a), q = weyl_algebra_fields(a);
  weyl_jet jet = {0};
  for (size_t i = 0; i < n; i++) s->variable[s->variables++] = weyl_expr_independent(a, i);
  /* derivatives up to the order, without those that the equations give */
  for (int order = 0; order <= o->order; order++)
    for (size_t field = 0; field < q; field++)
      for (int code = 0; code < (1 << (4 * n)); code++) {
        jet = (weyl_jet){.field = (uint8_t)field};
        for (size_t i = 0; i < n; i++) jet.order[i] = (uint8_t)(code >> (4 * i) & 15);
        if (jet_order(jet) != order) continue;
        bool given = false;
        for (size_t k = 0; k < solved->count; k++) given = given || jet_covers(jet, solved->rule[k].leader);
        if (given) continue;
        if (s->variables == VARIABLES_MAX)
          return weyl_fail(s->p->ctx, WEYL_UNSUPPORTED, "more than %d variables in the ansatz", VARIABLES_MAX);
        s->variable[s->variables++] = weyl_expr_jet(a, jet);
      }
  s->slots = n + q;
  s->first_slot = o->order > 0 ? n : 0;
  const weyl_expr *one = weyl_expr_number(a, 1, 1);
  for (size_t slot = s->first_slot; slot < s->slots; slot++) {
    for (size_t f = 0; f < s->p->ansatz; f++)
      monomials(s, slot, problem_with_values(s->p, s->p->function[f]), 0, o->degree);
    monomials(s, slot, one, 0, o->degree);
  }
  return s->status != WEYL_OK ? s->status : weyl_algebra_status(a);
}

/* sum_k c_k v_k for each relation, with whole coefficients */
static weyl_status combine(weyl_noether *p, const weyl_generator *v, const weyl_relations *r, weyl_generator *out) {
  weyl_algebra *a = p->a;
  const size_t slots = weyl_algebra_independents(a) + weyl_algebra_fields(a);
  for (size_t i = 0; i < r->count; i++) {
    const int64_t *n = r->numerator + i * r->n, *d = r->denominator + i * r->n;
    int64_t common = 1;
    bool fits = true;
    for (size_t k = 0; k < r->n; k++) {
      int64_t x = common, y = d[k];
      while (y) {
        const int64_t rest = x % y;
        x = y;
        y = rest;
      }
      fits = fits && common / x <= 1000000 / d[k]; /* large ones stay fractions */
      if (fits) common = common / x * d[k];
    }
    if (!fits) common = 1;
    size_t negative = 0, terms = 0;
    for (size_t k = 0; k < r->n; k++) negative += n[k] < 0, terms += n[k] != 0;
    if (2 * negative > terms) common = -common;
    out[i] = (weyl_generator){0};
    for (size_t k = 0; k < r->n; k++) {
      if (n[k] == 0) continue;
      for (size_t slot = 0; slot < slots; slot++) {
        weyl_generator all = v[k];
        const weyl_expr *x = *generator_slot(p, &all, slot), **to = generator_slot(p, &out[i], slot);
        if (!x) continue;
        if (!*to) *to = weyl_expr_number(a, 0, 1);
        int64_t whole;
        if (__builtin_mul_overflow(n[k], common, &whole))
          return weyl_fail(p->ctx, WEYL_NUMERIC, "a coefficient of a symmetry needs more than 64 bits");
        *to = weyl_expr_add_scaled(a, *to, x, whole, d[k]);
      }
    }
  }
  return weyl_algebra_status(a);
}

/* Rows of what must vanish, [count][m]: of the Lagrangian or of the equations. */
static weyl_status remainders(weyl_noether *p, size_t count, const weyl_generator *v, const weyl_expr *lagrangian,
                              shell *s, size_t equations, const weyl_expr *const *equation, const weyl_expr **row) {
  weyl_algebra *a = p->a;
  const size_t m = lagrangian ? weyl_algebra_fields(a) : equations;
  for (size_t k = 0; k < count; k++) {
    if (weyl_progress(p->ctx, "determining equations", (double)k, (double)count))
      return weyl_fail(p->ctx, WEYL_INTERRUPTED, "stopped at %zu of %zu unknowns", k, count);
    const weyl_expr *change = lagrangian ? noether_change(p, &v[k], lagrangian) : NULL;
    for (size_t j = 0; j < m; j++)
      row[k * m + j] =
          lagrangian ? weyl_expr_euler(a, change, j) : shell_reduce(s, weyl_expr_prolong(a, &v[k], equation[j]));
    WEYL_TRY(weyl_algebra_status(a));
  }
  return WEYL_OK;
}

/* Of `count` generators the combinations that are symmetries, into out [*found]; *pivot [count] are in none of them
 * alone. */
static weyl_status symmetries(weyl_noether *p, size_t count, const weyl_generator *v, const weyl_expr *lagrangian,
                              shell *s, size_t equations, const weyl_expr *const *equation, weyl_generator **out,
                              size_t *found, bool *pivot) {
  const size_t m = lagrangian ? weyl_algebra_fields(p->a) : equations;
  const weyl_expr **row = weyl_alloc(p->ctx, count * m + 1, sizeof *row);
  weyl_relations r = {0};
  weyl_status status = row ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK) status = remainders(p, count, v, lagrangian, s, equations, equation, row);
  if (status == WEYL_OK) status = weyl_expr_relations(p->a, count, m, row, &r);
  if (status == WEYL_OK) {
    *out = weyl_alloc(p->ctx, r.count + count + 1, sizeof **out);
    status = *out ? combine(p, v, &r, *out) : WEYL_MEMORY;
    *found = r.count;
  }
  if (status == WEYL_OK && pivot) {
    memset(pivot, 1, count * sizeof *pivot);
    for (size_t i = 0; i < r.count; i++) { /* the free unknown of a relation is its last */
      size_t last = r.n;
      while (last > 0 && r.numerator[i * r.n + last - 1] == 0) last--;
      pivot[last - 1] = false;
    }
  }
  weyl_relations_free(p->ctx, &r);
  weyl_dealloc(p->ctx, row);
  return status;
}

/* The variational ones first, then what is left of the others. */
static weyl_status sort_out(weyl_noether *p, const weyl_expr *lagrangian, weyl_noether_found *f) {
  weyl_generator *better = NULL;
  size_t n = 0;
  bool *pivot = weyl_alloc(p->ctx, f->count + 1, sizeof *pivot);
  weyl_status status =
      pivot ? symmetries(p, f->count, f->v, lagrangian, NULL, 0, NULL, &better, &n, pivot) : WEYL_MEMORY;
  if (status == WEYL_OK) {
    f->variational = n;
    for (size_t k = 0; k < f->count; k++)
      if (pivot[k]) better[n++] = f->v[k];
    weyl_dealloc(p->ctx, f->v);
    f->v = better;
  } else {
    weyl_dealloc(p->ctx, better);
  }
  weyl_dealloc(p->ctx, pivot);
  return status;
}

weyl_status weyl_noether_find(weyl_noether *p, const weyl_noether_find_opts *opts, weyl_noether_found *out) {
  weyl_noether_find_opts o = opts ? *opts : (weyl_noether_find_opts){0};
  if (o.degree == 0) o.degree = 2;
  if (o.degree < 0 || o.degree > 6) return weyl_fail(p->ctx, WEYL_BAD_ARG, "degree is %d, must be 1 to 6", o.degree);
  if (o.order < 0 || o.order > 3) return weyl_fail(p->ctx, WEYL_BAD_ARG, "order is %d, must be 0 to 3", o.order);
  if (o.lagrangian && !p->lagrangian) return weyl_fail(p->ctx, WEYL_BAD_ARG, "there is no lagrangian");
  p->lagrangian = problem_with_values(p, p->lagrangian);
  for (size_t k = 0; k < p->equations; k++) p->equation[k] = problem_with_values(p, p->equation[k]);
  WEYL_TRY(weyl_algebra_status(p->a));
  const weyl_expr *lagrangian = p->lagrangian, *const *equation = p->equation;
  shell s = {0};
  ansatz all = {.p = p};
  weyl_noether_found f = {0};
  weyl_status status;
  WEYL_GOTO(shell_solve(p, p->equations, equation, BY_ORDER, &s));
  WEYL_GOTO(fill(&all, &o, &s));
  WEYL_GOTO(symmetries(p, all.count, all.v, o.lagrangian ? lagrangian : NULL, &s, p->equations, equation, &f.v,
                       &f.count, NULL));
  f.unknowns = all.count;
  if (o.lagrangian)
    f.variational = f.count;
  else if (lagrangian)
    WEYL_GOTO(sort_out(p, lagrangian, &f));
  *out = f;
done:
  if (status != WEYL_OK) weyl_noether_found_free(p->ctx, &f);
  weyl_dealloc(p->ctx, all.v);
  shell_free(&s);
  return status;
}

void weyl_noether_found_free(weyl_context *ctx, weyl_noether_found *found) {
  weyl_dealloc(ctx, found->v);
  *found = (weyl_noether_found){0};
}
