/* Methods on factors. Formulas: the sheet, 2.1, 2.4 and 3.3. */
#include "solver.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const method_def *const methods[] = {&method_gd,     &method_modified, &method_scaled,  &method_prec,
                                            &method_newton, &method_nesterov, &method_alt_min, &method_iht,
                                            &method_fista,  &method_svt};

const method_def *method_at(size_t i) { return i < sizeof methods / sizeof *methods ? methods[i] : NULL; }

const char *weyl_sense_method_known(size_t i, const char **about) {
  const method_def *def = method_at(i);
  if (def && about) *about = def->about;
  return def ? def->name : NULL;
}

/* ---- gradient descent ---- */

static void descend(solver *s, double eta) {
  dense_add(s->n1 * s->k, -eta, s->s_g, s->f);
  if (!s->symmetric) dense_add(s->n2 * s->k, -eta, s->st_f, s->g);
}

static weyl_status gd_move(solver *s) {
  descend(s, s->o.eta);
  return WEYL_OK;
}

/* The point in hand is the extrapolated one: f_next and g_next keep the last that was stepped to. */
static weyl_status nesterov_begin(solver *s) {
  memcpy(s->f_next, s->f, s->n1 * s->k * sizeof *s->f);
  if (!s->symmetric) memcpy(s->g_next, s->g, s->n2 * s->k * sizeof *s->g);
  return WEYL_OK;
}

static weyl_status nesterov_move(solver *s) {
  descend(s, s->o.eta);
  for (int side = 0; side < (s->symmetric ? 1 : 2); side++) {
    double *x = side ? s->g : s->f, *last = side ? s->g_next : s->f_next;
    for (size_t i = 0; i < (side ? s->n2 : s->n1) * s->k; i++) {
      const double to = x[i];
      x[i] = to + s->o.momentum * (to - last[i]);
      last[i] = to;
    }
  }
  return WEYL_OK;
}

/* ---- one rebalancing: F = A S B^T, F <- beta A, G <- G B S / beta ---- */

/* sqrt(sigma_r) with r at the widest gap of the singular values of F G^T. */
static weyl_status beta_of(solver *s, double *beta) {
  double *values = s->gram; /* k of k k */
  WEYL_TRY(dense_svd_product(&s->d, s->n1, s->n2, s->k, s->f, s->g, NULL, values, NULL));
  size_t r = s->k;
  double widest = 0;
  for (size_t j = 0; j + 1 < s->k; j++) {
    const double gap = values[j] / fmax(values[j + 1], values[0] * DBL_EPSILON);
    if (gap <= widest) continue;
    widest = gap;
    r = j + 1;
  }
  if (widest < 3) r = s->k; /* no gap: all of them are wanted */
  *beta = 0.7 * sqrt(values[r - 1]);
  return WEYL_OK;
}

static weyl_status rebalance(solver *s) {
  double *values = s->gram, *bt = s->inverse;
  if (!(s->o.beta > 0)) WEYL_TRY(beta_of(s, &s->o.beta));
  WEYL_TRY(dense_svd_tall(&s->d, s->n1, s->k, s->f, s->f_next, values, bt));
  for (size_t i = 0; i < s->n1 * s->k; i++) s->f[i] = s->o.beta * s->f_next[i];
  dense_product(&s->d, s->n2, s->k, s->k, plain(s->g, s->k), turned(bt, s->k), s->g_next, false);
  for (size_t i = 0; i < s->n2; i++)
    for (size_t j = 0; j < s->k; j++) s->g[i * s->k + j] = s->g_next[i * s->k + j] * values[j] / s->o.beta;
  return WEYL_OK;
}

static bool triggered(solver *s) {
  if (s->after || !(s->residual2 < s->o.trigger * s->o.trigger * s->y2)) return false;
  s->after = true;
  return true;
}

static weyl_status modified_move(solver *s) {
  if (triggered(s)) {
    WEYL_TRY(rebalance(s));
    WEYL_TRY(sensing_gradient(s->a, s->k, s->f, s->g, s->s_g, s->st_f, &s->residual2));
  }
  descend(s, s->after ? s->o.eta : s->o.eta_before);
  return WEYL_OK;
}

/* ---- preconditioned: gradients times inverses of Gram matrices ---- */

/* (x^T x + lambda I)^-1; without lambda a singular one is refused. */
static weyl_status inverse_gram(solver *s, size_t n, const double *x, double lambda, double *out) {
  const size_t k = s->k;
  double *gram = s->gram, *v = s->gram + k * k, *w = s->inverse + 2 * k * k;
  dense_product(&s->d, k, k, n, turned(x, k), plain(x, k), gram, false);
  WEYL_TRY(weyl_eigh(s->ctx, k, gram, w, v));
  const double least = 10 * DBL_EPSILON * (double)k * w[k - 1];
  if (lambda == 0 && !(w[0] > least))
    return weyl_fail(s->ctx, WEYL_NUMERIC,
                     "%s: step %lld: the Gram matrix of a factor is singular (eigenvalues %.3g to %.3g); with k above "
                     "the rank it needs lambda > 0",
                     s->def->name, (long long)s->t, w[0], w[k - 1]);
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = 0;
      for (size_t c = 0; c < k; c++) sum += v[i * k + c] * v[j * k + c] / fmax(w[c] + lambda, least);
      out[i * k + j] = out[j * k + i] = sum;
    }
  return WEYL_OK;
}

/* x -= eta slope p */
static void descend_by(solver *s, size_t n, const double *slope, const double *p, double eta, double *room, double *x) {
  dense_product(&s->d, n, s->k, s->k, plain(slope, s->k), plain(p, s->k), room, false);
  dense_add(n * s->k, -eta, room, x);
}

static weyl_status precondition(solver *s, double lambda) {
  double *of_g = s->inverse, *of_f = s->inverse + s->k * s->k;
  WEYL_TRY(inverse_gram(s, s->n2, s->g, lambda, of_g));
  if (!s->symmetric) WEYL_TRY(inverse_gram(s, s->n1, s->f, lambda, of_f));
  descend_by(s, s->n1, s->s_g, of_g, s->o.eta, s->f_next, s->f);
  if (!s->symmetric) descend_by(s, s->n2, s->st_f, of_f, s->o.eta, s->g_next, s->g);
  return WEYL_OK;
}

static weyl_status scaled_move(solver *s) { return precondition(s, s->o.lambda); }

/* lambda follows the error: |A(X X^T) - y| / 2 = sqrt(f) unless asked otherwise. */
static weyl_status prec_move(solver *s) {
  if (s->after || triggered(s)) return precondition(s, s->o.lambda * sqrt(s->residual2));
  descend(s, s->o.eta_before);
  return WEYL_OK;
}

/* ---- Gauss-Newton in two half steps: F+ = F - eta S G (G^T G)^+, then G from the new F ---- */

/* x -= eta S z (z^T z)^+, with z = a diag(w) b^T: S a diag(w)^+ b^T. side 0: x = f, z = g. */
static weyl_status half_step(solver *s, int side) {
  const size_t n = side ? s->n2 : s->n1, other = side ? s->n1 : s->n2, k = s->k;
  double *x = side ? s->g : s->f, *z = side ? s->f : s->g, *slope = side ? s->st_f : s->s_g;
  double *base = side ? s->f_next : s->g_next, *room = side ? s->g_next : s->f_next;
  double *w = s->gram, *bt = s->inverse;
  WEYL_TRY(dense_svd_tall(&s->d, other, k, z, base, w, bt));
  double residual2;
  /* the residual is that of (f, g); S meets the orthonormal base instead of z */
  WEYL_TRY(sensing_gradient_at(s->a, k, s->f, s->g, side ? base : NULL, side ? NULL : base, side ? NULL : slope,
                               side ? slope : NULL, &residual2));
  for (size_t j = 0; j < k; j++) {
    const double inverse = w[j] > 1e-15 * (double)k * w[0] ? 1 / w[j] : 0;
    for (size_t c = 0; c < k; c++) bt[j * k + c] *= inverse;
  }
  descend_by(s, n, slope, bt, s->o.eta, room, x);
  return WEYL_OK;
}

static weyl_status newton_move(solver *s) {
  WEYL_TRY(half_step(s, 0));
  return half_step(s, 1);
}

/* ---- alternating least squares ---- */

/* min over x of |A(f x^T) - y| (side 1: x = g) by conjugate gradients on the normal equations, from what x is. */
static weyl_status least(solver *s, int side) {
  const size_t k = s->k, n = side ? s->n2 : s->n1, size = n * k, m = s->a->m;
  double *x = side ? s->g : s->f, *p = side ? s->g_next : s->f_next, *slope = side ? s->st_f : s->s_g;
  if (sensing_has_rows(s->a)) return sensing_least_rows(s->a, side, k, side ? s->f : s->g, s->o.lambda, x);
  double *r = s->e, *q = s->dual;
  WEYL_TRY(weyl_sensing_apply_factors(s->a, k, s->f, s->g, r));
  for (size_t i = 0; i < m; i++) r[i] = s->y[i] - r[i];
  double gamma = 0, first = 0;
  for (int step = 0; step < 40; step++) {
    WEYL_TRY(weyl_sensing_adjoint_factors(s->a, k, r, s->f, s->g, side ? NULL : slope, side ? slope : NULL));
    if (s->o.lambda > 0) dense_add(size, -s->o.lambda, x, slope);
    const double now = dense_squares(size, slope);
    if (step == 0) first = now;
    if (!(now > 1e-12 * first) || now == 0) break;
    for (size_t i = 0; i < size; i++) p[i] = slope[i] + (step ? now / gamma : 0) * p[i];
    gamma = now;
    WEYL_TRY(weyl_sensing_apply_factors(s->a, k, side ? s->f : p, side ? p : s->g, q));
    const double along = gamma / (dense_squares(m, q) + s->o.lambda * dense_squares(size, p));
    dense_add(size, along, p, x);
    dense_add(m, -along, q, r);
  }
  return WEYL_OK;
}

/* fixed = q r, fixed <- q, x <- x r^T: the product stays, and the least squares are as well conditioned as can be. */
static weyl_status orthonormal(solver *s, int side) {
  const size_t k = s->k, n = side ? s->n2 : s->n1;
  double *x = side ? s->g : s->f, *room = side ? s->g_next : s->f_next, *r = s->gram;
  WEYL_TRY(dense_qr(s->ctx, side ? s->n1 : s->n2, k, side ? s->f : s->g, r));
  memcpy(room, x, n * k * sizeof *x);
  dense_product(&s->d, n, k, k, plain(room, k), turned(r, k), x, false);
  return WEYL_OK;
}

static weyl_status alt_min_move(solver *s) {
  for (int side = 0; side < 2; side++) {
    if (!(s->o.lambda > 0)) WEYL_TRY(orthonormal(s, side));
    WEYL_TRY(least(s, side));
  }
  return WEYL_OK;
}

static weyl_status alt_min_evaluate(solver *s) {
  return sensing_gradient(s->a, s->k, s->f, s->g, s->s_g, NULL, &s->residual2);
}

const method_def method_gd = {
    .name = "gd", .about = "gradient descent on the factors", .start = "random", .move = gd_move};
const method_def method_nesterov = {.name = "nesterov",
                                    .about = "gradient descent with momentum",
                                    .start = "random",
                                    .begin = nesterov_begin,
                                    .move = nesterov_move};
const method_def method_modified = {.name = "modified",
                                    .about = "gradient descent with one rebalancing step near the solution",
                                    .asymmetric = true,
                                    .start = "random",
                                    .move = modified_move};
const method_def method_scaled = {.name = "scaled-gd",
                                  .about = "gradients times (G^T G + lambda)^-1: steps that no condition number slows",
                                  .start = "spectral",
                                  .eta = 0.5,
                                  .move = scaled_move};
const method_def method_prec = {.name = "prec-gd",
                                .about = "the same with a lambda that follows the error; X X^T, k above the rank",
                                .symmetric = true,
                                .start = "random",
                                .eta = 0.2,
                                .move = prec_move};
const method_def method_newton = {.name = "gauss-newton",
                                  .about = "two half steps by pseudo-inverses, no damping",
                                  .asymmetric = true,
                                  .start = "random",
                                  .eta = 0.5,
                                  .move = newton_move,
                                  .evaluate = alt_min_evaluate};
const method_def method_alt_min = {.name = "alt-min",
                                   .about = "least squares for one factor, then for the other",
                                   .asymmetric = true,
                                   .start = "spectral",
                                   .eta = 1,
                                   .move = alt_min_move,
                                   .evaluate = alt_min_evaluate};
