/* A_i = a b^T; for symmetric matrices (a a^T - b b^T) / 2: of a a^T alone, E[A* A(M)] = 2 M + tr(M) I is biased. */
#include "sensing.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 64, STORED = 1 << 24 /* numbers; more are made anew in each use */ };

/* parts: a [m][n1]; b [m][n2], both stored or both of one block a thread; work of a thread */
enum { LEFT, RIGHT, WORK };

typedef struct pass {
  weyl_sensing *a;
  size_t k;
  const double *matrix;  /* [n1][n2], or NULL: */
  const double *f, *g;   /* [n1][k], [n2][k] */
  const double *y;       /* subtracted (residual), or the coefficients */
  bool apply, residual;  /* make A(...); subtract y from it */
  double *out;           /* of apply */
  bool to_s, to_t, to_m; /* what is summed: S g, S^T f, S */
  double *lanes;
  size_t size;
  double scale, squares[LANES];
} pass;

static bool stored(const weyl_sensing *a) { return a->m * (a->n1 + a->n2) <= STORED; }

static void rows_of(const weyl_sensing *a, size_t block, int side, double *out, size_t rows) {
  const size_t n = side ? a->n2 : a->n1;
  weyl_kernels_active()->normals[WEYL_F64](a->key, 2 * block + (size_t)side, 0, rows * n, out);
}

/* c [rows][w] = a [rows][n] b [n][w] */
static void times(size_t rows, size_t w, size_t n, const double *a, const double *b, double *c, char *scratch) {
  weyl_kernels_active()->gemm[WEYL_F64](rows, w, n, a, (ptrdiff_t)n, 1, b, (ptrdiff_t)w, 1, c, (ptrdiff_t)w, false,
                                        scratch);
}

/* sum [n][w] += a^T diag(e) c, c [rows][w] is spoilt */
static void gather(size_t rows, size_t w, size_t n, const double *a, const double *e, double factor, double *c,
                   double *sum, char *scratch) {
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < w; j++) c[r * w + j] *= factor * e[r];
  weyl_kernels_active()->gemm[WEYL_F64](n, w, rows, a, 1, (ptrdiff_t)n, c, (ptrdiff_t)w, 1, sum, (ptrdiff_t)w, true,
                                        scratch);
}

static double dot_rows(size_t w, const double *x, const double *y, size_t r) {
  return dense_dot(w, x + r * w, y + r * w);
}

static void one_block(pass *p, size_t block, size_t lane, int thread, double *squares) {
  weyl_sensing *a = p->a;
  const size_t n1 = a->n1, n2 = a->n2, from = block * BLOCK, rows = a->m - from < BLOCK ? a->m - from : BLOCK;
  const size_t w = p->matrix ? n2 : p->k;
  char *scratch = a->d.scratch + (size_t)thread * WEYL_GEMM_SCRATCH;
  double *work = (double *)a->part[WORK] + (size_t)thread * a->pad, *product[4], e[BLOCK];
  for (int i = 0; i < 4; i++) product[i] = work + (size_t)i * BLOCK * w;
  double *left = a->part[LEFT], *right = a->part[RIGHT];
  if (stored(a)) {
    left += from * n1;
    right += from * n2;
  } else {
    left += (size_t)thread * BLOCK * n1;
    right += (size_t)thread * BLOCK * n2;
    rows_of(a, block, 0, left, rows);
    rows_of(a, block, 1, right, rows);
  }
  /* product: left f, right g; symmetric: left f, right f, left g, right g (the last two those before if g is f) */
  double *lf = product[0], *rg = product[1], *rf = rg, *lg = lf;
  if (!p->matrix && (p->apply || p->to_s || p->to_t)) { /* asymmetric sums may need one side alone */
    if (p->f) times(rows, w, n1, left, p->f, lf, scratch);
    if (p->g) times(rows, w, n2, right, a->symmetric ? p->f : p->g, rg, scratch);
    if (a->symmetric && p->f != p->g) {
      times(rows, w, n1, left, p->g, lg = product[2], scratch);
      times(rows, w, n2, right, p->g, rg = product[3], scratch);
    }
  }
  if (p->apply) {
    for (size_t r = 0; r < rows && !p->matrix; r++)
      e[r] = a->symmetric ? (dot_rows(w, lf, lg, r) - dot_rows(w, rf, rg, r)) / 2 : dot_rows(w, lf, rg, r);
    if (p->matrix) {
      times(rows, w, n1, left, p->matrix, lf, scratch);
      if (a->symmetric) times(rows, w, n1, right, p->matrix, rf, scratch);
      for (size_t r = 0; r < rows; r++)
        e[r] = a->symmetric ? (dot_rows(w, lf, left, r) - dot_rows(w, rf, right, r)) / 2 : dot_rows(w, lf, right, r);
    }
    for (size_t r = 0; r < rows; r++) e[r] *= p->scale;
    if (p->out) memcpy(p->out + from, e, rows * sizeof *e);
  }
  for (size_t r = 0; r < rows && p->y; r++) {
    e[r] = p->residual ? e[r] - p->y[from + r] : p->y[from + r];
    *squares += e[r] * e[r];
  }
  if (!p->lanes) return;
  double *sum = p->lanes + lane * p->size;
  const double half = a->symmetric ? 0.5 : 1;
  if (p->to_m) { /* the rows themselves are the products */
    memcpy(lf, a->symmetric ? left : right, rows * n2 * sizeof *lf);
    gather(rows, n2, n1, left, e, half, lf, sum, scratch);
    if (!a->symmetric) return;
    memcpy(lf, right, rows * n2 * sizeof *lf);
    gather(rows, n2, n1, right, e, -half, lf, sum, scratch);
    return;
  }
  double *second = sum + n1 * w;
  if (!a->symmetric) {
    if (p->to_s) gather(rows, w, n1, left, e, 1, rg, sum, scratch);
    if (p->to_t) gather(rows, w, n2, right, e, 1, lf, second, scratch);
    return;
  }
  if (p->to_s) {
    gather(rows, w, n1, left, e, half, lg, sum, scratch);
    gather(rows, w, n1, right, e, -half, rg, sum, scratch);
  }
  if (p->to_t && p->f == p->g) { /* what was scaled once is not used again: A_i is symmetric, so both sums are one */
    if (!p->to_s) {
      gather(rows, w, n1, left, e, half, lf, second, scratch);
      gather(rows, w, n1, right, e, -half, rf, second, scratch);
    }
  } else if (p->to_t) {
    gather(rows, w, n1, left, e, half, lf, second, scratch);
    gather(rows, w, n1, right, e, -half, rf, second, scratch);
  }
}

static void lane(void *arg, int64_t l, int thread) {
  pass *p = arg;
  const size_t blocks = (p->a->m + BLOCK - 1) / BLOCK;
  double squares = 0;
  for (size_t b = lane_from(blocks, (size_t)l); b < lane_from(blocks, (size_t)l + 1); b++)
    one_block(p, b, (size_t)l, thread, &squares);
  p->squares[l] = squares;
}

/* Work of each thread for products of w columns; the caller has seen that it fits (room()). */
static weyl_status room(weyl_sensing *a, size_t w) {
  if (a->pad >= 4 * BLOCK * w) return WEYL_OK;
  weyl_dealloc(a->ctx, a->part[WORK]);
  a->pad = 4 * BLOCK * w;
  a->part[WORK] = weyl_alloc(a->ctx, (size_t)weyl_threads(a->ctx) * a->pad, sizeof(double));
  if (!a->part[WORK]) a->pad = 0;
  return a->part[WORK] ? WEYL_OK : WEYL_MEMORY;
}

static double run(weyl_sensing *a, pass *p, size_t size) {
  p->a = a;
  p->scale = 1 / sqrt((double)a->m);
  p->size = size;
  if (room(a, p->matrix || p->to_m ? a->n2 : p->k) != WEYL_OK) return NAN;
  if (size && !(p->lanes = sensing_lanes(a, size))) return NAN;
  weyl_parallel(a->ctx, LANES, lane, p);
  double sum = 0;
  for (int l = 0; l < LANES; l++) sum += p->squares[l];
  return sum;
}

static void apply(weyl_sensing *a, const double *m, double *y) {
  run(a, &(pass){.matrix = m, .apply = true, .out = y}, 0);
}

static void adjoint(weyl_sensing *a, const double *y, double *m) {
  pass p = {.y = y, .to_m = true, .matrix = m};
  run(a, &p, a->n1 * a->n2);
  sensing_lanes_sum(a, p.size, 0, p.size, p.scale, m);
}

static void apply_factors(weyl_sensing *a, size_t k, const double *f, const double *g, double *y) {
  run(a, &(pass){.k = k, .f = f, .g = g, .apply = true, .out = y}, 0);
}

static double sums(weyl_sensing *a, pass *p, double *s_g, double *st_f) {
  p->to_s = s_g;
  p->to_t = st_f;
  const double squares = run(a, p, (a->n1 + a->n2) * p->k);
  const bool one = a->symmetric && p->f == p->g && s_g;
  if (s_g) sensing_lanes_sum(a, p->size, 0, a->n1 * p->k, p->scale, s_g);
  if (st_f) sensing_lanes_sum(a, p->size, one ? 0 : a->n1 * p->k, a->n2 * p->k, p->scale, st_f);
  return squares;
}

static void adjoint_factors(weyl_sensing *a, size_t k, const double *y, const double *f, const double *g, double *s_g,
                            double *st_f) {
  sums(a, &(pass){.k = k, .f = f, .g = g, .y = y}, s_g, st_f);
}

static double gradient(weyl_sensing *a, size_t k, const double *f, const double *g, const double *y, double *s_g,
                       double *st_f) {
  return sums(a, &(pass){.k = k, .f = f, .g = g, .y = y, .apply = true, .residual = true}, s_g, st_f);
}

static weyl_status make(weyl_sensing *a) {
  const size_t blocks = (a->m + BLOCK - 1) / BLOCK;
  const size_t rows = stored(a) ? a->m : (size_t)weyl_threads(a->ctx) * BLOCK;
  double *left = a->part[LEFT] = weyl_alloc(a->ctx, rows * a->n1, sizeof *left);
  double *right = a->part[RIGHT] = weyl_alloc(a->ctx, rows * a->n2, sizeof *right);
  if (!left || !right) return WEYL_MEMORY;
  for (size_t b = 0; b < blocks && stored(a); b++) {
    const size_t from = b * BLOCK, n = a->m - from < BLOCK ? a->m - from : BLOCK;
    rows_of(a, b, 0, left + from * a->n1, n);
    rows_of(a, b, 1, right + from * a->n2, n);
  }
  return room(a, 16);
}

const sensing_def sensing_rank_one = {.name = "rank-one",
                                      .about = "A_i = a b^T of normal vectors (symmetric: (a a^T - b b^T) / 2)",
                                      .make = make,
                                      .apply = apply,
                                      .adjoint = adjoint,
                                      .apply_factors = apply_factors,
                                      .adjoint_factors = adjoint_factors,
                                      .gradient = gradient};
