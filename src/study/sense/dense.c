/* Matrices with few columns: products on the pool, Householder's QR, singular values. */
#include "dense.h"

#include <math.h>
#include <string.h>

weyl_status dense_new(weyl_context *ctx, dense *out) {
  *out = (dense){ctx, weyl_alloc(ctx, (size_t)weyl_threads(ctx), WEYL_GEMM_SCRATCH)};
  return out->scratch ? WEYL_OK : WEYL_MEMORY;
}

void dense_free(dense *d) {
  if (!d->ctx) return;
  weyl_dealloc(d->ctx, d->scratch);
  *d = (dense){0};
}

/* ---- products ---- */

enum { ROWS = 256 }; /* of a block */

typedef struct product {
  const dense *d;
  size_t m, n, k;
  dense_view a, b;
  double *c;
  bool add;
} product;

static void product_rows(void *arg, int64_t i, int thread) {
  const product *p = arg;
  const size_t from = (size_t)i * ROWS, rows = p->m - from < ROWS ? p->m - from : ROWS;
  weyl_kernels_active()->gemm[WEYL_F64](rows, p->n, p->k, p->a.at + from * p->a.row, (ptrdiff_t)p->a.row,
                                        (ptrdiff_t)p->a.column, p->b.at, (ptrdiff_t)p->b.row, (ptrdiff_t)p->b.column,
                                        p->c + from * p->n, (ptrdiff_t)p->n, p->add,
                                        p->d->scratch + (size_t)thread * WEYL_GEMM_SCRATCH);
}

void dense_product(const dense *d, size_t m, size_t n, size_t k, dense_view a, dense_view b, double *c, bool add) {
  product p = {d, m, n, k, a, b, c, add};
  weyl_parallel(d->ctx, (int64_t)((m + ROWS - 1) / ROWS), product_rows, &p);
}

/* ---- sums ---- */

double dense_dot(size_t n, const double *a, const double *b) {
  double s[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t j = 0; j < 4; j++) s[j] += a[i + j] * b[i + j];
  for (; i < n; i++) s[0] += a[i] * b[i];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

double dense_squares(size_t n, const double *a) { return dense_dot(n, a, a); }

void dense_add(size_t n, double scale, const double *x, double *y) {
  weyl_kernels_active()->axpy[WEYL_F64](n, scale, x, y);
}

/* ---- factorisations ---- */

/* The reflection that takes x [n] (stride k) to a multiple of e_1: v in its place, 2 / |v|^2 returned. */
static double reflect(size_t n, size_t k, double *x, double *diagonal) {
  double top = 0, sum = 0;
  for (size_t i = 0; i < n; i++) top = fmax(top, fabs(x[i * k]));
  if (top == 0) {
    *diagonal = 0;
    return 0;
  }
  for (size_t i = 0; i < n; i++) sum += (x[i * k] / top) * (x[i * k] / top);
  const double length = top * sqrt(sum), first = x[0];
  *diagonal = first > 0 ? -length : length;
  x[0] = first - *diagonal;
  const double v2 = 2 * length * (length + fabs(first)); /* |v|^2 */
  return 2 / v2;
}

weyl_status dense_qr(weyl_context *ctx, size_t n, size_t k, double *a, double *r) {
  double *v = weyl_alloc(ctx, k * (n + 2), sizeof *v);
  if (!v) return WEYL_MEMORY;
  double *tau = v + k * n, *w = tau + k;
  if (r) memset(r, 0, k * k * sizeof *r);
  for (size_t j = 0; j < k; j++) {
    double *at = a + j * k, diagonal;
    tau[j] = reflect(n - j, k, at + j, &diagonal);
    for (size_t i = j; i < n; i++) v[j * n + i] = a[i * k + j];
    memset(w, 0, k * sizeof *w);
    for (size_t i = j; i < n; i++)
      for (size_t c = j + 1; c < k; c++) w[c] += v[j * n + i] * a[i * k + c];
    for (size_t i = j; i < n; i++)
      for (size_t c = j + 1; c < k; c++) a[i * k + c] -= tau[j] * v[j * n + i] * w[c];
    if (!r) continue;
    r[j * k + j] = diagonal;
    for (size_t c = j + 1; c < k; c++) r[j * k + c] = at[c];
  }
  memset(a, 0, n * k * sizeof *a);
  for (size_t j = 0; j < k; j++) a[j * k + j] = 1;
  for (size_t j = k; j-- > 0;) {
    memset(w, 0, k * sizeof *w);
    for (size_t i = j; i < n; i++)
      for (size_t c = j; c < k; c++) w[c] += v[j * n + i] * a[i * k + c];
    for (size_t i = j; i < n; i++)
      for (size_t c = j; c < k; c++) a[i * k + c] -= tau[j] * v[j * n + i] * w[c];
  }
  weyl_dealloc(ctx, v);
  return WEYL_OK;
}

weyl_status dense_svd_tall(const dense *d, size_t n, size_t k, const double *f, double *a, double *s, double *bt) {
  double *q = weyl_alloc(d->ctx, n * k + 2 * k * k, sizeof *q);
  if (!q) return WEYL_MEMORY;
  double *r = q + n * k, *u = r + k * k;
  memcpy(q, f, n * k * sizeof *q);
  weyl_status status = dense_qr(d->ctx, n, k, q, r);
  if (status == WEYL_OK) status = weyl_svd(d->ctx, k, k, r, u, s, bt);
  if (status == WEYL_OK) dense_product(d, n, k, k, plain(q, k), plain(u, k), a, false);
  weyl_dealloc(d->ctx, q);
  return status;
}

weyl_status dense_svd_product(const dense *d, size_t n1, size_t n2, size_t k, const double *f, const double *g,
                              double *u, double *s, double *v) {
  double *qf = weyl_alloc(d->ctx, (n1 + n2 + 5 * k) * k, sizeof *qf);
  if (!qf) return WEYL_MEMORY;
  double *qg = qf + n1 * k, *rf = qg + n2 * k, *rg = rf + k * k, *core = rg + k * k, *x = core + k * k, *yt = x + k * k;
  memcpy(qf, f, n1 * k * sizeof *f);
  memcpy(qg, g, n2 * k * sizeof *g);
  weyl_status status;
  WEYL_GOTO(dense_qr(d->ctx, n1, k, qf, rf));
  WEYL_GOTO(dense_qr(d->ctx, n2, k, qg, rg));
  dense_product(d, k, k, k, plain(rf, k), turned(rg, k), core, false);
  WEYL_GOTO(weyl_svd(d->ctx, k, k, core, x, s, yt));
  if (u) dense_product(d, n1, k, k, plain(qf, k), plain(x, k), u, false);
  if (v) dense_product(d, n2, k, k, plain(qg, k), turned(yt, k), v, false);
done:
  weyl_dealloc(d->ctx, qf);
  return status;
}

/* [f p] [g -q]^T = Q (R_1 R_2^T) Q'^T: the norm is that of the small one. */
weyl_status dense_distance2(const dense *d, size_t n1, size_t n2, size_t k, const double *f, const double *g, size_t r,
                            const double *p, const double *q, double *out) {
  const size_t w = k + r;
  if (w > n1 || w > n2) { /* small enough to be formed */
    double *m = weyl_alloc(d->ctx, 2 * n1 * n2, sizeof *m), *other = m ? m + n1 * n2 : NULL;
    if (!m) return WEYL_MEMORY;
    dense_product(d, n1, n2, k, plain(f, k), turned(g, k), m, false);
    dense_product(d, n1, n2, r, plain(p, r), turned(q, r), other, false);
    for (size_t i = 0; i < n1 * n2; i++) m[i] -= other[i];
    *out = dense_squares(n1 * n2, m);
    weyl_dealloc(d->ctx, m);
    return WEYL_OK;
  }
  double *a = weyl_alloc(d->ctx, (n1 + n2 + 3 * w) * w, sizeof *a);
  if (!a) return WEYL_MEMORY;
  double *b = a + n1 * w, *ra = b + n2 * w, *rb = ra + w * w, *core = rb + w * w;
  for (size_t i = 0; i < n1; i++) {
    memcpy(a + i * w, f + i * k, k * sizeof *a);
    memcpy(a + i * w + k, p + i * r, r * sizeof *a);
  }
  for (size_t i = 0; i < n2; i++) {
    memcpy(b + i * w, g + i * k, k * sizeof *b);
    for (size_t c = 0; c < r; c++) b[i * w + k + c] = -q[i * r + c];
  }
  weyl_status status = dense_qr(d->ctx, n1, w, a, ra);
  if (status == WEYL_OK) status = dense_qr(d->ctx, n2, w, b, rb);
  if (status == WEYL_OK) {
    dense_product(d, w, w, w, plain(ra, w), turned(rb, w), core, false);
    *out = dense_squares(w * w, core);
  }
  weyl_dealloc(d->ctx, a);
  return status;
}
