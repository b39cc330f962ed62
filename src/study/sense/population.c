/* Measurements that see everything: A* A = I, the limit of many; and vec(P M Q^T). */
#include "sensing.h"

#include <math.h>
#include <string.h>

static weyl_status make_population(weyl_sensing *a) {
  a->m = a->length;
  return a->m <= INT32_MAX ? WEYL_OK
                           : weyl_fail(a->ctx, WEYL_BAD_ARG, "population: %zux%zu, at most 2^31 numbers", a->n1, a->n2);
}

static void copy(weyl_sensing *a, const double *from, double *to) { memcpy(to, from, a->length * sizeof *to); }

static double difference(weyl_sensing *a, const double *v, const double *y, double *v2) {
  for (size_t i = 0; i < a->length; i++) v2[i] = v[i] - y[i];
  return dense_squares(a->length, v2);
}

const sensing_def sensing_population = {.name = "population",
                                        .about = "A* A = I: the limit of many measurements",
                                        .packs = true,
                                        .make = make_population,
                                        .apply = copy,
                                        .adjoint = copy,
                                        .residual = difference};

/* ---- P [p][n1] and Q [q][n2] with entries N(0, 1/p) and N(0, 1/q), p q = m ---- */

static weyl_status make_kronecker(weyl_sensing *a) {
  const double wanted = sqrt((double)a->m * (double)a->n1 / (double)a->n2);
  size_t p = 1;
  for (size_t d = 1; d * d <= a->m; d++) {
    if (a->m % d != 0) continue;
    const size_t other = a->m / d;
    if (fabs(log((double)d / wanted)) < fabs(log((double)p / wanted))) p = d;
    if (fabs(log((double)other / wanted)) < fabs(log((double)p / wanted))) p = other;
  }
  const size_t q = a->m / p;
  a->pad = p;
  double *rows = a->part[0] = weyl_alloc(a->ctx, p * a->n1 + q * a->n2, sizeof *rows);
  a->part[1] = weyl_alloc(a->ctx, p * a->n2, sizeof *rows);
  if (!rows || !a->part[1]) return WEYL_MEMORY;
  for (int i = 0; i < 2; i++) {
    double *at = i ? rows + p * a->n1 : rows;
    const size_t n = i ? q * a->n2 : p * a->n1;
    weyl_kernels_active()->normals[WEYL_F64](a->key, (uint64_t)i, 0, n, at);
    for (size_t j = 0; j < n; j++) at[j] /= sqrt((double)(i ? q : p));
  }
  return WEYL_OK;
}

static void apply_kronecker(weyl_sensing *a, const double *v, double *y) {
  const size_t p = a->pad, q = a->m / p;
  const double *left = a->part[0], *right = left + p * a->n1;
  dense_product(&a->d, p, a->n2, a->n1, plain(left, a->n1), plain(v, a->n2), a->part[1], false);
  dense_product(&a->d, p, q, a->n2, plain(a->part[1], a->n2), turned(right, a->n2), y, false);
}

static void adjoint_kronecker(weyl_sensing *a, const double *y, double *v) {
  const size_t p = a->pad, q = a->m / p;
  const double *left = a->part[0], *right = left + p * a->n1;
  dense_product(&a->d, p, a->n2, q, plain(y, q), plain(right, a->n2), a->part[1], false);
  dense_product(&a->d, a->n1, a->n2, p, turned(left, a->n1), plain(a->part[1], a->n2), v, false);
}

const sensing_def sensing_kronecker = {.name = "kronecker",
                                       .about = "vec(P M Q^T), P and Q normal with m = p q rows",
                                       .make = make_kronecker,
                                       .apply = apply_kronecker,
                                       .adjoint = adjoint_kronecker};
