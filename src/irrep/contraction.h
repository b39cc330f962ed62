/* Symmetric contractions inside: a basis of couplings as sparse polynomials, and the tables that kernels run over. */
#ifndef WEYL_IRREP_CONTRACTION_H
#define WEYL_IRREP_CONTRACTION_H

#include "isa.h"

enum { CONTRACTION_ORDER_MAX = 4 };

/* A homogeneous polynomial of rows: sum of c[i] times the product of the rows of a monomial. A monomial's rows, in
 * rising order, are the digits of its key, to the base of the number of rows. */
typedef struct polynomial {
  int32_t n;
  const int32_t *key;
  const double *c;
} polynomial;

/* An equivariant map of degree l: 2 l + 1 polynomials, each of norm 1 as a symmetric tensor. */
typedef struct symmetric_coupling {
  int l, order;
  int degree[CONTRACTION_ORDER_MAX]; /* of the rows that it takes, rising */
  const polynomial *part;            /* [2 l + 1] */
} symmetric_coupling;

typedef struct symmetric_basis {
  int32_t n;
  const symmetric_coupling *item; /* by l, then order */
} symmetric_basis;

/* All of orders 1 ... order from degrees 0 ... l_max to degrees 0 ... l_out, of natural parity: the sum of the degrees
 * is even. Linearly independent, and as many as there can be. Everything lives in the arena. */
WEYL_MUST_CHECK weyl_status symmetric_basis_make(weyl_context *ctx, weyl_arena *arena, int l_max, int l_out, int order,
                                                 symmetric_basis *out);

/* ---- kernels ---- */

/* Monomials: the rows of A first, then products of an earlier one (left) with a row (right). */
typedef struct contraction_table {
  int32_t rows, out_rows, monomials, targets;
  const int32_t *left, *right;   /* [monomials] */
  const int32_t *first;          /* [out_rows + 1] targets of each row of the output */
  const int32_t *row, *path;     /* [targets] */
  const int32_t *from, *at;      /* of monomials, by target: from[t] <= i < from[t + 1] */
  const void *k;                 /* coefficients, of the type of the numbers */
  const int32_t *back, *back_at; /* of targets, by monomial */
  const void *back_k;
} contraction_table;

/* One sample: arrays [block][row][V], weights [path][step numbers] that begin at the sample's element. */
typedef struct contraction_span {
  size_t blocks, weight_step;
  const void *a, *w, *g;
  void *out, *da, *dw; /* dw is added to; NULL: not wanted */
} contraction_span;

enum { CONTRACTION_VECTORS = 4 };

IRREP_DECLARE(contraction_forward, (const contraction_table *t, const contraction_span *q, void *scratch))
IRREP_DECLARE(contraction_backward, (const contraction_table *t, const contraction_span *q, void *scratch))

/* Vectors of scratch. */
static inline size_t contraction_scratch(const contraction_table *t) {
  return CONTRACTION_VECTORS * (2 * (size_t)t->monomials + (size_t)t->targets + (size_t)t->rows);
}

#endif
