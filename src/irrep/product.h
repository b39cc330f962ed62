/* Tensor products inside: what a plan is made of, and the kernels of one instruction set.
 *
 * Arrays in the blocked layout are [sample][channel block][row][V]: V channels side by side, so that every coefficient
 * is one number for a whole vector; V is 64 bytes' worth on every instruction set. */
#ifndef WEYL_IRREP_PRODUCT_H
#define WEYL_IRREP_PRODUCT_H

/* Written code sees nothing but this: what else changes does not compile it again. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum product_way { PRODUCT_FORWARD, PRODUCT_BACKWARD, PRODUCT_GRADIENTS, PRODUCT_WAYS } product_way;

/* Samples and channel blocks that a kernel runs over.  Strides are in numbers; a block stride of 0: one block for all.
 */
typedef struct product_span {
  size_t samples, blocks;
  size_t last;                /* channels of the last block, in whole vectors */
  const void *x, *y, *w, *g;  /* g: of the output, backward */
  void *out, *dx, *dy, *dw;   /* dw is added to */
  size_t xs, ys, os, ws, dys; /* from sample to sample: x and dx, y, out and g, w and dw, dy */
  size_t xb, yb, ob, wb, dyb; /* from block to block */
  const char *near[5];        /* memory of the samples to come, as of x, y, out or g, dx, dy: */
  size_t near_lines;          /* each block of a sample brings so many lines of each near */
} product_span;

/* Written code (generate/): one pair of degrees, or all pairs of one degree when l1 < 0.  Its weights are `paths` rows.
 */
typedef struct product_unit {
  int l1, l2, high, paths;
  long ops; /* multiplications, additions, and both in one */
  void (*run)(const product_span *q, size_t first_path);
} product_unit;

/* ---- the loop over tables, for everything else ---- */

typedef struct product_form { /* z = x[x1] y[y1] + sign x[x2] y[y2]; sign 0: one product */
  int32_t x1, y1, x2, y2, sign;
} product_form;
typedef struct product_entries { /* sums of k[i] z[at[i]] for from[j] <= i < from[j + 1] */
  int32_t *from, *at;
  void *k; /* of the type of the product */
} product_entries;
typedef struct product_couple {     /* a block of x with a block of y */
  int32_t forms, targets, channels; /* targets: a path and an order each */
  const product_form *form;
  const int32_t *row, *path; /* [targets] of the output, of the weights */
  product_entries sums;      /* of forms, by target */
  product_entries back;      /* of targets, by form */
} product_couple;
typedef struct product_table {
  int32_t couples, x_rows, y_rows, out_rows, paths, forms_max, targets_max;
  const product_couple *couple;
} product_table;

/* ---- kernels ---- */

#define PRODUCT_KERNELS(F)                                                                                            \
  F(product_table_forward, (const product_table *t, const product_span *q, void *scratch))                            \
  F(product_table_backward, (const product_table *t, const product_span *q, bool weights, void *scratch))             \
  F(product_pack, (size_t samples, size_t channels, size_t d, const void *x, size_t from_sample, size_t from_channel, \
                   size_t from_row, void *y, size_t to_sample, size_t to_block))                                      \
  F(product_unpack, (size_t samples, size_t channels, size_t d, const void *y, size_t from_sample, size_t from_block, \
                     void *x, size_t to_sample, size_t to_channel, size_t to_row))

enum { PRODUCT_TABLE_VECTORS = 4 };

typedef struct product_kernels {
  const char *isa;
  size_t vector; /* bytes */
#define F(name, args) void(*name[2]) args;
  PRODUCT_KERNELS(F)
#undef F
  const product_unit *full[2][PRODUCT_WAYS], *even[2][PRODUCT_WAYS]; /* [type][way] */
} product_kernels;

/* Of the instruction set that is active. */
const product_kernels *product_kernels_active(void);

#endif
