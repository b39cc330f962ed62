/* Curvature and derivatives along vector fields at one point, from the jets of a metric. */
#ifndef WEYL_STUDY_BMS_GEOMETRY_H
#define WEYL_STUDY_BMS_GEOMETRY_H

#include "jet.h"

/* A metric [JET_PAIRS] of n = 3 or 4 dimensions, component (a, b) at jet_pair(a, b), with what follows from it. */
typedef struct geometry {
  int n;
  const jet *metric;
  double g[JET_VARS][JET_VARS], inverse[JET_VARS][JET_VARS];
  double slope[JET_VARS][JET_VARS][JET_VARS]; /* [c][a][b]: d_c g_ab */
  double low[JET_VARS][JET_VARS][JET_VARS];   /* [a][b][c]: Gamma_{a, bc} */
  double gamma[JET_VARS][JET_VARS][JET_VARS]; /* [a][b][c]: Gamma^a_bc */
  double volume;                              /* sqrt |det g| */
} geometry;

/* volume is 0, and nothing else right, where the metric is singular. */
void geometry_at(int n, const jet *metric, geometry *out);
/* Returns the largest term that the components are sums of, to judge them by. */
double geometry_ricci(const geometry *at, double ricci[JET_VARS][JET_VARS]);
/* The largest |R_abcd|; scale (may be NULL): the largest term. */
double geometry_riemann(const geometry *at, double *scale);

/* Lie_xi g as jets [JET_PAIRS] of first order. */
void geometry_lie(const geometry *at, const jet *xi, jet *out);
/* [x, y]^a */
void geometry_bracket(int n, const jet *x, const jet *y, jet *out);
/* 16 pi K^{mu nu} of the charge one-form for a variation h of the metric (jets of first order): Barnich, Brandt. */
double geometry_charge_form(const geometry *at, const jet *xi, const jet *h, int mu, int nu);
/* x'' = -Gamma(v, v) */
void geometry_acceleration(const geometry *at, const double *v, double *out);

#endif
