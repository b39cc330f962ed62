/* Products with one copy of each block of y, all channels of x alike: for every sample y makes a matrix, and the rows
 * of the output are its product with the rows of x, in place in WEYL_LAYOUT_ROWS. */
#ifndef WEYL_IRREP_ROW_PRODUCT_H
#define WEYL_IRREP_ROW_PRODUCT_H

#include "isa.h"

enum { ROW_SAMPLES = 16 }; /* whose matrices are made together */

/* One number of the matrix: an order of a block of the output from an order of a block of x. */
typedef struct row_entry {
  int32_t from, at; /* where the other row is in a sample; number of the entry, by rows of the output */
} row_entry;
typedef struct row_line { /* a row of the result: entries first ... end - 1 */
  int32_t to, width, first, end;
} row_line;
typedef struct row_side {
  int32_t lines;
  const row_line *line;
  const row_entry *entry;
} row_side;

typedef struct row_tables {
  int32_t entries, y_size;
  row_side out, back;     /* out from x; dx from g */
  const int32_t *of, *y;  /* entry e is the sum of k[i] y[y[i]], of[e] <= i < of[e + 1] */
  const void *k;          /* of the type of the product */
  int64_t x_size, o_size; /* numbers of a sample */
} row_tables;

/* scratch: row_product_scratch numbers, 64-byte aligned. */
static inline size_t row_product_scratch(const row_tables *t) {
  return 2 * (size_t)(t->entries + t->y_size + 1) * ROW_SAMPLES;
}

#define ROW_KERNELS(F)                                                                                            \
  F(row_product_forward, (const row_tables *t, size_t n, const void *x, const void *y, void *out, void *scratch)) \
  F(row_product_backward, (const row_tables *t, size_t n, const void *x, const void *y, const void *g, void *dx,  \
                           void *dy, void *scratch)) /* dx, dy: NULL is not made */
#define F(name, args) IRREP_DECLARE(name, args)
ROW_KERNELS(F)
#undef F

#endif
