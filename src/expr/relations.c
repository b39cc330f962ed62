/* Linear relations between expressions: exact elimination on the matrix of their coefficients. */
#include "algebra.h"

#include <stdlib.h>
#include <string.h>

/* One entry of the sparse matrix: the row is a (column of x, monomial) pair, the column an unknown. */
typedef struct entry {
  uint32_t slot, monomial, unknown;
  rational c;
} entry;

static int by_place(const void *p, const void *q) {
  const entry *x = p, *y = q;
  if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
  if (x->monomial != y->monomial) return x->monomial < y->monomial ? -1 : 1;
  return (x->unknown > y->unknown) - (x->unknown < y->unknown);
}

/* Rows in echelon form, [n][n]: row k has its first entry, 1, at k, or is empty. */
typedef struct echelon {
  size_t n;
  rational *row;
  bool *pivot;
  bool over;
} echelon;

static void take_off(echelon *e, rational *x, const rational *row, size_t from) {
  const rational c = {-x[from].n, x[from].d};
  for (size_t k = from; k < e->n; k++)
    if (row[k].n != 0) x[k] = rational_add(x[k], rational_mul(row[k], c, &e->over), &e->over);
}

static void insert(echelon *e, rational *x) {
  for (size_t k = 0; k < e->n && !e->over; k++) {
    if (x[k].n == 0) continue;
    if (e->pivot[k]) {
      take_off(e, x, e->row + k * e->n, k);
      continue;
    }
    const rational c = rational_inverse(x[k]);
    for (size_t j = k; j < e->n; j++) x[j] = rational_mul(x[j], c, &e->over);
    memcpy(e->row + k * e->n, x, e->n * sizeof *x);
    e->pivot[k] = true;
    return;
  }
}

/* Rows above are freed of the pivots below. */
static void back(echelon *e) {
  for (size_t k = e->n; k-- > 0 && !e->over;)
    for (size_t i = 0; i < k && e->pivot[k]; i++)
      if (e->pivot[i] && e->row[i * e->n + k].n != 0) take_off(e, e->row + i * e->n, e->row + k * e->n, k);
}

/* A unit for each free column, and what it asks of the others. */
static weyl_status read_off(weyl_algebra *a, const echelon *e, weyl_relations *out) {
  size_t count = 0, at = 0;
  for (size_t k = 0; k < e->n; k++) count += !e->pivot[k];
  weyl_relations r = {.n = e->n, .count = count};
  r.numerator = weyl_alloc(a->ctx, count * e->n + 1, sizeof *r.numerator);
  r.denominator = weyl_alloc(a->ctx, count * e->n + 1, sizeof *r.denominator);
  bool fits = r.numerator && r.denominator;
  for (size_t k = 0; k < e->n && fits; k++) {
    if (e->pivot[k]) continue;
    for (size_t i = 0; i < e->n && fits; i++) {
      rational c = {i == k, 1};
      if (i < k && e->pivot[i]) c = (rational){-e->row[i * e->n + k].n, e->row[i * e->n + k].d};
      fits = c.n <= INT64_MAX && c.n >= -INT64_MAX && c.d <= INT64_MAX;
      r.numerator[at * e->n + i] = (int64_t)c.n;
      r.denominator[at * e->n + i] = (int64_t)c.d;
    }
    at++;
  }
  if (fits) {
    *out = r;
    return WEYL_OK;
  }
  const bool memory = !r.numerator || !r.denominator;
  weyl_relations_free(a->ctx, &r);
  return memory ? WEYL_MEMORY : weyl_fail(a->ctx, WEYL_NUMERIC, "a coefficient of a relation needs more than 64 bits");
}

weyl_status weyl_expr_relations(weyl_algebra *a, size_t n, size_t m, const weyl_expr *const *given,
                                weyl_relations *out) {
  size_t entries = 0, used = 0;
  const weyl_expr **x = weyl_alloc(a->ctx, n * m + 1, sizeof *x);
  if (!x) return WEYL_MEMORY;
  for (size_t j = 0; j < m; j++) { /* without denominators, those of one column by one factor */
    const monomial *by = a->unit;
    for (size_t k = 0; k < n; k++) by = expr_clearing(a, by, given[k * m + j]);
    for (size_t k = 0; k < n; k++) {
      x[k * m + j] = expr_times(a, given[k * m + j], by);
      entries += weyl_expr_terms(x[k * m + j]);
    }
  }
  if (a->status != WEYL_OK) {
    weyl_dealloc(a->ctx, x);
    return a->status;
  }
  echelon e = {.n = n};
  entry *all = weyl_alloc(a->ctx, entries + 1, sizeof *all);
  rational *row = weyl_alloc(a->ctx, n + 1, sizeof *row);
  e.row = weyl_alloc(a->ctx, n * n + 1, sizeof *e.row);
  e.pivot = weyl_alloc(a->ctx, n + 1, sizeof *e.pivot);
  weyl_status status = all && row && e.row && e.pivot ? WEYL_OK : WEYL_MEMORY;
  for (size_t k = 0; k < n && status == WEYL_OK; k++)
    for (size_t j = 0; j < m; j++)
      for (uint32_t i = 0; x[k * m + j] && i < x[k * m + j]->count; i++) {
        const term *t = &x[k * m + j]->t[i];
        all[used++] = (entry){(uint32_t)j, t->m->id, (uint32_t)k, t->c};
      }
  if (status == WEYL_OK) qsort(all, used, sizeof *all, by_place);
  for (size_t i = 0; i < used && status == WEYL_OK && !e.over;) {
    for (size_t k = 0; k < n; k++) row[k] = (rational){0, 1};
    const size_t first = i;
    for (; i < used && all[i].slot == all[first].slot && all[i].monomial == all[first].monomial; i++)
      row[all[i].unknown] = all[i].c;
    insert(&e, row);
  }
  if (status == WEYL_OK) back(&e);
  if (status == WEYL_OK && e.over)
    status = weyl_fail(a->ctx, WEYL_NUMERIC, "the elimination of %zu unknowns needs more than 128 bits", n);
  if (status == WEYL_OK) status = read_off(a, &e, out);
  weyl_dealloc(a->ctx, x);
  weyl_dealloc(a->ctx, all);
  weyl_dealloc(a->ctx, row);
  weyl_dealloc(a->ctx, e.row);
  weyl_dealloc(a->ctx, e.pivot);
  return status;
}

void weyl_relations_free(weyl_context *ctx, weyl_relations *r) {
  weyl_dealloc(ctx, r->numerator);
  weyl_dealloc(ctx, r->denominator);
  *r = (weyl_relations){0};
}
