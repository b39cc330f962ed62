/* Paths whose slope is a Markov process with them: exact Gaussian steps of y = (X, X'), and between two points the
 * exact middle, again and again, as long as a zero may hide. */
#include "paths.h"
#include "zeros.h"

#include <math.h>

typedef double matrix[2][2];

static void times(matrix a, matrix b, matrix c) {
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j];
}
static void transposed(matrix a, matrix b) {
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) b[i][j] = a[j][i];
}
static void inverted(matrix a, matrix b) {
  const double det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
  b[0][0] = a[1][1] / det;
  b[1][1] = a[0][0] / det;
  b[0][1] = -a[0][1] / det;
  b[1][0] = -a[1][0] / det;
}
static void root(matrix a, matrix l) { /* Cholesky */
  l[0][0] = sqrt(a[0][0]);
  l[1][0] = a[1][0] / l[0][0];
  l[0][1] = 0;
  l[1][1] = sqrt(fmax(a[1][1] - l[1][0] * l[1][0], 0));
}

/* y(h) = move y(0) + noise of covariance q; q by 1 - r and lambda2 + r'', since it is of order h^3 */
static void transition(const weyl_covariance *c, double h, matrix move, matrix q) {
  const weyl_covariance_at v = weyl_covariance_eval(c, h);
  const double lambda2 = c->lambda2, bend = c->def->bend(c->p, h), second = bend - lambda2;
  move[0][0] = v.r;
  move[0][1] = -v.slope / lambda2;
  move[1][0] = v.slope;
  move[1][1] = -second / lambda2;
  q[0][0] = v.rest * (1 + v.r) - v.slope * v.slope / lambda2;
  q[0][1] = q[1][0] = -v.slope * (bend / lambda2 - v.rest);
  q[1][1] = bend * (lambda2 - second) / lambda2 - v.slope * v.slope;
}

/* The middle of a stretch of 2 h, given both ends: its precision is q^-1 + A' q^-1 A. */
static void middle(const weyl_covariance *c, double h, path_bridge *b) {
  matrix move, back, q, q_inverse, t, u, precision, covariance;
  transition(c, h, move, q);
  transposed(move, back);
  inverted(q, q_inverse);
  times(back, q_inverse, t);
  times(t, move, u);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) precision[i][j] = q_inverse[i][j] + u[i][j];
  inverted(precision, covariance);
  times(covariance, t, b->to);
  times(q_inverse, move, u);
  times(covariance, u, b->from);
  root(covariance, b->root);
  b->deviation = b->root[0][0];
}

void path_markov_new(const weyl_covariance *c, double step, path_markov *m) {
  matrix q;
  m->step = step;
  m->lambda2 = c->lambda2;
  transition(c, step, m->move, q);
  root(q, m->root);
  for (int k = 0; k < PATH_LEVELS; k++) middle(c, step / (double)(2 << k), &m->bridge[k]);
}

/* y += l noise, l lower */
static void noisy(double l00, double l10, double l11, weyl_rng *rng, double y[2]) {
  const double u = weyl_rng_normal(rng), v = weyl_rng_normal(rng);
  y[0] += l00 * u;
  y[1] += l10 * u + l11 * v;
}

/* Crossings of the level u in a stretch of step / 2^depth from time t. The cubic is the mean of what lies between; the
 * deviation from it is the bridge's. */
static void search(const path_markov *m, double u, int depth, double t, const double a[2], const double b[2],
                   weyl_rng *rng, path_zeros *zeros) {
  const double h = m->step / (double)(1 << depth), from = a[0] - u, to = b[0] - u;
  const bool crosses = (from < 0) != (to < 0);
  /* six deviations: from the ends of a stretch that crosses, from the cubic of one that does not */
  const double clear = crosses ? fmin(fabs(from), fabs(to)) : persist_nearest(from, h * a[1], to, h * b[1]);
  const bool certain = depth == PATH_LEVELS || clear > 6 * m->bridge[depth].deviation;
  if (certain) {
    double at[2];
    const int n = persist_zeros(from, h * a[1], to, h * b[1], at);
    for (int k = 0; k < n; k++) path_zero(zeros, t + h * at[k]);
    return;
  }
  const path_bridge *bridge = &m->bridge[depth];
  double y[2];
  for (int i = 0; i < 2; i++)
    y[i] = bridge->from[i][0] * a[0] + bridge->from[i][1] * a[1] + bridge->to[i][0] * b[0] + bridge->to[i][1] * b[1];
  noisy(bridge->root[0][0], bridge->root[1][0], bridge->root[1][1], rng, y);
  search(m, u, depth + 1, t, a, y, rng, zeros);
  search(m, u, depth + 1, t + h / 2, y, b, rng, zeros);
}

static weyl_rng begin(const path_markov *m, uint64_t seed, int64_t path, double a[2]) {
  weyl_rng rng = weyl_rng_new(seed, "persist path");
  rng.index = (uint64_t)path << 40; /* far more than a path takes */
  a[0] = weyl_rng_normal(&rng);
  a[1] = sqrt(m->lambda2) * weyl_rng_normal(&rng);
  return rng;
}

static void step(const path_markov *m, const double a[2], weyl_rng *rng, double b[2]) {
  for (int i = 0; i < 2; i++) b[i] = m->move[i][0] * a[0] + m->move[i][1] * a[1];
  noisy(m->root[0][0], m->root[1][0], m->root[1][1], rng, b);
}

void path_markov_draw(const path_markov *m, uint64_t seed, int64_t path, size_t points, double *x) {
  double a[2], b[2];
  weyl_rng rng = begin(m, seed, path, a);
  for (size_t j = 0; j < points; j++) {
    x[j] = a[0];
    step(m, a, &rng, b);
    a[0] = b[0];
    a[1] = b[1];
  }
}

void path_markov_zeros(const path_markov *m, double level, uint64_t seed, int64_t path, size_t points,
                       path_zeros *zeros) {
  double a[2], b[2];
  weyl_rng rng = begin(m, seed, path, a);
  zeros->above = a[0] >= level;
  for (size_t j = 0; j + 1 < points; j++) {
    step(m, a, &rng, b);
    const size_t before = zeros->n;
    search(m, level, 0, m->step * (double)j, a, b, &rng, zeros);
    zeros->hidden += (int64_t)(zeros->n - before) - ((a[0] < level) != (b[0] < level));
    a[0] = b[0];
    a[1] = b[1];
  }
}
