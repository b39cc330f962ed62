/* Methods on the matrix itself: hard and soft thresholds of its singular values. */
#include "solver.h"

#include <math.h>
#include <string.h>

static size_t smaller_side(const solver *s) { return s->n1 < s->n2 ? s->n1 : s->n2; }

static weyl_status whole_evaluate(solver *s) {
  return sensing_dense_gradient(s->a, s->matrix, s->slope, &s->residual2);
}

static weyl_status decompose(solver *s, const double *m) {
  return weyl_svd(s->ctx, s->n1, s->n2, m, s->u, s->values, s->vt);
}

/* to = u diag(values) vt with the first `count` */
static void compose(solver *s, size_t count, double *to) {
  const size_t r = smaller_side(s);
  for (size_t j = 0; j < count; j++)
    for (size_t i = 0; i < s->n2; i++) s->vt[j * s->n2 + i] *= s->values[j];
  dense_product(&s->d, s->n1, s->n2, count, plain(s->u, r), plain(s->vt, s->n2), to, false);
}

/* M <- the rank-k part of M - eta S. eta 0: |P S|^2 / |A(P S)|^2 with P on the columns of M (Tanner, Wei). */
static weyl_status iht_move(solver *s) {
  const size_t n = s->n1 * s->n2, r = smaller_side(s), k = s->k;
  double eta = s->o.eta;
  if (!(eta > 0)) {
    if (s->t == 0) WEYL_TRY(decompose(s, s->slope)); /* M is 0: the columns of the slope */
    double *w = s->extra, *ps = s->extra + k * s->n2;
    for (size_t j = 0; j < k; j++)
      for (size_t c = 0; c < s->n2; c++) w[j * s->n2 + c] = 0;
    dense_product(&s->d, k, s->n2, s->n1, turned(s->u, r), plain(s->slope, s->n2), w, false);
    dense_product(&s->d, s->n1, s->n2, k, plain(s->u, r), plain(w, s->n2), ps, false);
    WEYL_TRY(weyl_sensing_apply(s->a, ps, s->e));
    const double seen = dense_squares(s->a->m, s->e);
    eta = seen > 0 ? dense_squares(n, ps) / seen : 1;
  }
  dense_add(n, -eta, s->slope, s->matrix);
  WEYL_TRY(decompose(s, s->matrix));
  compose(s, k, s->matrix);
  return WEYL_OK;
}

static size_t shrink(solver *s, double by) {
  size_t kept = 0;
  for (; kept < smaller_side(s) && s->values[kept] > by; kept++) s->values[kept] -= by;
  return kept;
}

/* ---- FISTA on |A(M) - y|^2 / 2 + weight |M|_*; the weight falls to what was asked for ---- */

static weyl_status fista_begin(solver *s) {
  WEYL_TRY(start_norm(s->a, &s->norm2));
  s->norm2 *= 1.02;
  s->weight = 0.3 * s->sigma;
  s->momentum = 1;
  return WEYL_OK;
}

/* matrix is the extrapolated point, extra the last that was stepped to */
static weyl_status fista_move(solver *s) {
  const size_t n = s->n1 * s->n2;
  const double eta = s->o.eta > 0 ? s->o.eta : 1 / s->norm2, least = s->o.lambda * s->sigma;
  double *next = s->slope, *last = s->extra;
  for (size_t i = 0; i < n; i++) s->matrix[i] -= eta * s->slope[i];
  WEYL_TRY(decompose(s, s->matrix));
  compose(s, shrink(s, s->weight * eta), next);
  double turn = 0; /* the gradient against the last movement: uphill starts the momentum anew */
  for (size_t i = 0; i < n; i++) turn += (s->matrix[i] - next[i]) * (next[i] - last[i]);
  if (turn < 0) s->momentum = 1;
  const double m = (1 + sqrt(1 + 4 * s->momentum * s->momentum)) / 2, over = (s->momentum - 1) / m;
  for (size_t i = 0; i < n; i++) {
    s->matrix[i] = next[i] + over * (next[i] - last[i]);
    last[i] = next[i];
  }
  s->momentum = m;
  s->weight = fmax(0.9 * s->weight, least);
  return WEYL_OK;
}

/* ---- singular value thresholding (Cai, Candes, Shen): the multipliers move ---- */

static weyl_status svt_begin(solver *s) {
  double norm;
  if (!(s->o.eta > 0)) {
    WEYL_TRY(start_norm(s->a, &norm));
    s->o.eta = 1.9 / norm;
  }
  s->weight = s->o.lambda * s->sigma;
  const double first = ceil(s->weight / (s->o.eta * s->sigma)) * s->o.eta; /* steps that would leave M at 0 */
  for (size_t i = 0; i < s->a->m; i++) s->dual[i] = first * s->y[i];
  return WEYL_OK;
}

static weyl_status svt_evaluate(solver *s) {
  WEYL_TRY(weyl_sensing_apply(s->a, s->matrix, s->e));
  for (size_t i = 0; i < s->a->m; i++) s->e[i] -= s->y[i];
  s->residual2 = dense_squares(s->a->m, s->e);
  return WEYL_OK;
}

static weyl_status svt_move(solver *s) {
  dense_add(s->a->m, -s->o.eta, s->e, s->dual);
  WEYL_TRY(weyl_sensing_adjoint(s->a, s->dual, s->matrix));
  WEYL_TRY(decompose(s, s->matrix));
  compose(s, shrink(s, s->weight), s->matrix);
  return WEYL_OK;
}

const method_def method_iht = {.name = "iht",
                               .about = "gradient step on the matrix, then its best part of rank k",
                               .whole = true,
                               .eta = -1,
                               .move = iht_move,
                               .evaluate = whole_evaluate};
const method_def method_fista = {.name = "fista",
                                 .about = "nuclear norm: accelerated soft thresholds; k is not used",
                                 .whole = true,
                                 .eta = -1,
                                 .begin = fista_begin,
                                 .move = fista_move,
                                 .evaluate = whole_evaluate};
const method_def method_svt = {.name = "svt",
                               .about = "nuclear norm: singular value thresholding; k is not used",
                               .whole = true,
                               .eta = -1,
                               .begin = svt_begin,
                               .move = svt_move,
                               .evaluate = svt_evaluate};
