/* Second-order jets: a function of up to four variables with all its first and second derivatives at a point. What is
 * composed of them by these rules has exact derivatives; jet_slope takes one order off. */
#ifndef WEYL_STUDY_BMS_JET_H
#define WEYL_STUDY_BMS_JET_H

#include <math.h>

enum { JET_VARS = 4, JET_PAIRS = 10 };

typedef struct jet {
  double v, d[JET_VARS], h[JET_PAIRS];
} jet;

/* The place of the pair i <= j. */
static inline int jet_pair(int i, int j) {
  return i <= j ? i * (2 * JET_VARS - 1 - i) / 2 + j : j * (2 * JET_VARS - 1 - j) / 2 + i;
}

static inline jet jet_constant(double v) { return (jet){.v = v}; }

static inline jet jet_variable(int i, double v) {
  jet x = {.v = v};
  x.d[i] = 1;
  return x;
}

/* a x + b y */
static inline jet jet_mix(double a, jet x, double b, jet y) {
  jet z;
  z.v = a * x.v + b * y.v;
  for (int i = 0; i < JET_VARS; i++) z.d[i] = a * x.d[i] + b * y.d[i];
  for (int p = 0; p < JET_PAIRS; p++) z.h[p] = a * x.h[p] + b * y.h[p];
  return z;
}

static inline jet jet_add(jet x, jet y) { return jet_mix(1, x, 1, y); }
static inline jet jet_scale(double a, jet x) { return jet_mix(a, x, 0, x); }

static inline jet jet_mul(jet x, jet y) {
  jet z;
  z.v = x.v * y.v;
  for (int i = 0; i < JET_VARS; i++) z.d[i] = x.v * y.d[i] + x.d[i] * y.v;
  for (int i = 0, p = 0; i < JET_VARS; i++)
    for (int j = i; j < JET_VARS; j++, p++) z.h[p] = x.v * y.h[p] + x.d[i] * y.d[j] + x.d[j] * y.d[i] + x.h[p] * y.v;
  return z;
}

/* f(x) where f, f', f'' at x.v are given */
static inline jet jet_chain(jet x, double f0, double f1, double f2) {
  jet z;
  z.v = f0;
  for (int i = 0; i < JET_VARS; i++) z.d[i] = f1 * x.d[i];
  for (int i = 0, p = 0; i < JET_VARS; i++)
    for (int j = i; j < JET_VARS; j++, p++) z.h[p] = f1 * x.h[p] + f2 * x.d[i] * x.d[j];
  return z;
}

static inline jet jet_recip(jet x) { return jet_chain(x, 1 / x.v, -1 / (x.v * x.v), 2 / (x.v * x.v * x.v)); }

/* A function of variable i alone, from its value and two derivatives. */
static inline jet jet_along(int i, const double f[3]) { return jet_chain(jet_variable(i, 0), f[0], f[1], f[2]); }

/* The derivative along i: first order is right in it, second order is not known (0). */
static inline jet jet_slope(jet x, int i) {
  jet z = {.v = x.d[i]};
  for (int j = 0; j < JET_VARS; j++) z.d[j] = x.h[jet_pair(i, j)];
  return z;
}

#endif
