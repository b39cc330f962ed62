/* Entries of a matrix: from a table of (row, column, value), from a matrix with gaps. */
#include "dense.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_MAX = 10000000 };

void weyl_triplets_free(weyl_context *ctx, weyl_triplets *t) {
  weyl_dealloc(ctx, t->row);
  weyl_dealloc(ctx, t->value);
  *t = (weyl_triplets){0};
}

static weyl_status triplets_new(weyl_context *ctx, size_t count, weyl_triplets *t) {
  t->count = count;
  t->row = weyl_alloc(ctx, 2 * count, sizeof *t->row);
  t->value = weyl_alloc(ctx, count, sizeof *t->value);
  if (!t->row || !t->value) return WEYL_MEMORY;
  t->column = t->row + count;
  return WEYL_OK;
}

/* ---- places given twice ---- */

typedef struct place {
  int32_t row, column, entry;
} place;

static int by_place(const void *x, const void *y) {
  const place *a = x, *b = y;
  if (a->row != b->row) return a->row < b->row ? -1 : 1;
  if (a->column != b->column) return a->column < b->column ? -1 : 1;
  return (a->entry > b->entry) - (a->entry < b->entry);
}

static weyl_status no_twins(weyl_context *ctx, const weyl_triplets *t, const char *where, int base) {
  place *p = weyl_alloc(ctx, t->count, sizeof *p);
  if (!p) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  bool sorted = true;
  for (size_t i = 0; i < t->count; i++) {
    p[i] = (place){t->row[i], t->column[i], (int32_t)i};
    if (i > 0 && by_place(&p[i - 1], &p[i]) > 0) sorted = false;
  }
  if (!sorted) qsort(p, t->count, sizeof *p, by_place);
  for (size_t i = 1; i < t->count && status == WEYL_OK; i++)
    if (p[i].row == p[i - 1].row && p[i].column == p[i - 1].column)
      status = weyl_fail(ctx, WEYL_FORMAT, "entries %d and %d both give row %d, column %d (%s)", p[i - 1].entry + 1,
                         p[i].entry + 1, p[i].row + base, p[i].column + base, where);
  weyl_dealloc(ctx, p);
  return status;
}

/* ---- tables ---- */

static weyl_status index_of(weyl_context *ctx, const weyl_table *table, size_t i, int column, const char *where,
                            int32_t *out) {
  const double x = table->value[i * table->columns + (size_t)column];
  const char *what = column ? "column" : "row";
  if (!(x >= 0) || x > INDEX_MAX || x != floor(x))
    return weyl_fail(ctx, WEYL_FORMAT, "entry %zu: %s is %.10g, must be a whole number from 0 to %d (%s)", i + 1, what,
                     x, INDEX_MAX, where);
  *out = (int32_t)x;
  return WEYL_OK;
}

weyl_status weyl_triplets_table(weyl_context *ctx, const weyl_table *table, const char *where, int base, size_t n1,
                                size_t n2, weyl_triplets *out) {
  weyl_triplets t = {.n1 = n1, .n2 = n2};
  int32_t most[2] = {0, 0}, least[2] = {INDEX_MAX, INDEX_MAX};
  weyl_status status;
  if (table->columns < 3)
    return weyl_fail(ctx, WEYL_FORMAT, "%zu columns, must be row, column and value (%s)", table->columns, where);
  if (table->rows > INT32_MAX)
    return weyl_fail(ctx, WEYL_FORMAT, "%zu entries, at most 2^31 - 1 (%s)", table->rows, where);
  WEYL_GOTO(triplets_new(ctx, table->rows, &t));
  for (size_t i = 0; i < t.count; i++) {
    int32_t *const at[2] = {t.row + i, t.column + i};
    for (int side = 0; side < 2; side++) {
      WEYL_GOTO(index_of(ctx, table, i, side, where, at[side]));
      if (*at[side] > most[side]) most[side] = *at[side];
      if (*at[side] < least[side]) least[side] = *at[side];
    }
    t.value[i] = table->value[i * table->columns + 2];
    if (!isfinite(t.value[i])) {
      status = weyl_fail(ctx, WEYL_FORMAT,
                         "entry %zu: the value of row %d, column %d is %g: leave out what is not known (%s)", i + 1,
                         (int)t.row[i], (int)t.column[i], t.value[i], where);
      goto done;
    }
  }
  if (base < 0) base = least[0] > 0 && least[1] > 0;
  for (int side = 0; side < 2; side++) {
    size_t *n = side ? &t.n2 : &t.n1;
    const char *what = side ? "column" : "row";
    if (least[side] < base) {
      status = weyl_fail(ctx, WEYL_FORMAT, "%s %d, but indices begin at %d (%s)", what, (int)least[side], base, where);
      goto done;
    }
    const size_t needed = (size_t)most[side] + 1 - (size_t)base;
    if (*n == 0) *n = needed;
    if (needed > *n) {
      status =
          weyl_fail(ctx, WEYL_FORMAT, "%s %d of a matrix with %zu %ss (%s)", what, (int)most[side], *n, what, where);
      goto done;
    }
  }
  for (size_t i = 0; i < t.count; i++) {
    t.row[i] -= base;
    t.column[i] -= base;
  }
  WEYL_GOTO(no_twins(ctx, &t, where, base));
done:
  if (status == WEYL_OK)
    *out = t;
  else
    weyl_triplets_free(ctx, &t);
  return status;
}

weyl_status weyl_triplets_matrix(weyl_context *ctx, size_t n1, size_t n2, const double *matrix, weyl_triplets *out) {
  weyl_triplets t = {.n1 = n1, .n2 = n2};
  size_t count = 0, at = 0;
  if (n1 * n2 > (size_t)INT32_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a %zux%zu matrix, at most 2^31 entries", n1, n2);
  for (size_t i = 0; i < n1 * n2; i++) {
    count += isnan(matrix[i]) ? 0 : 1;
    if (isinf(matrix[i])) return weyl_fail(ctx, WEYL_FORMAT, "row %zu, column %zu is %g", i / n2, i % n2, matrix[i]);
  }
  if (count == 0) return weyl_fail(ctx, WEYL_FORMAT, "a %zux%zu matrix with nothing in it", n1, n2);
  const weyl_status status = triplets_new(ctx, count, &t);
  for (size_t i = 0; status == WEYL_OK && i < n1 * n2; i++) {
    if (isnan(matrix[i])) continue;
    t.row[at] = (int32_t)(i / n2);
    t.column[at] = (int32_t)(i % n2);
    t.value[at++] = matrix[i];
  }
  if (status == WEYL_OK)
    *out = t;
  else
    weyl_triplets_free(ctx, &t);
  return status;
}
