/* dense.h: products, factorisations and norms of matrices with few columns; all [rows][columns], f64. */
#ifndef WEYL_SENSE_DENSE_H
#define WEYL_SENSE_DENSE_H

#include <weyl/study.h>

typedef struct dense {
  weyl_context *ctx;
  char *scratch; /* of the product, one a thread */
} dense;

weyl_status dense_new(weyl_context *ctx, dense *out);
void dense_free(dense *d);

typedef struct dense_view { /* any strides */
  const double *at;
  size_t row, column;
} dense_view;
static inline dense_view plain(const double *a, size_t columns) { return (dense_view){a, columns, 1}; }
static inline dense_view turned(const double *a, size_t columns) { return (dense_view){a, 1, columns}; }

/* c [m][n] = a b (add: +=), a m x k, b k x n. Rows go to the threads in fixed blocks. */
void dense_product(const dense *d, size_t m, size_t n, size_t k, dense_view a, dense_view b, double *c, bool add);

/* a [n][k] = q r, n >= k: q takes the place of a and is orthonormal whatever the rank; r [k][k] may be NULL. */
weyl_status dense_qr(weyl_context *ctx, size_t n, size_t k, double *a, double *r);
/* f [n][k] = a diag(s) bt, a [n][k] orthonormal, s [k] falling, bt [k][k]. */
weyl_status dense_svd_tall(const dense *d, size_t n, size_t k, const double *f, double *a, double *s, double *bt);
/* The k largest of the singular values of f g^T, with its vectors u [n1][k], v [n2][k] (either NULL: without). */
weyl_status dense_svd_product(const dense *d, size_t n1, size_t n2, size_t k, const double *f, const double *g,
                              double *u, double *s, double *v);
/* |f g^T - p q^T|_F^2, f [n1][k], p [n1][r], without the difference of large numbers. */
weyl_status dense_distance2(const dense *d, size_t n1, size_t n2, size_t k, const double *f, const double *g, size_t r,
                            const double *p, const double *q, double *out);

double dense_dot(size_t n, const double *a, const double *b);
double dense_squares(size_t n, const double *a);
void dense_add(size_t n, double scale, const double *x, double *y); /* y += scale x */

#endif
