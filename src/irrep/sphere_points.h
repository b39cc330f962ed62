/* Products on the grid, at the points of a pair of rows. */
#ifndef WEYL_IRREP_SPHERE_POINTS_H
#define WEYL_IRREP_SPHERE_POINTS_H

#include "sphere_sums.h"

/* At phi, -phi, pi - phi, pi + phi. */
INLINE void to_four(const vec *f, vec v[4]) {
  const vec a = f[0] + f[1], b = f[0] - f[1], c = f[2] + f[3], d = f[2] - f[3];
  v[0] = a + c;
  v[1] = a - c;
  v[2] = b - d;
  v[3] = b + d;
}

INLINE void from_four(const vec v[4], vec *f) {
  const vec a = v[0] + v[1], b = v[2] + v[3], c = v[0] - v[1], d = v[3] - v[2];
  f[0] = a + b;
  f[1] = a - b;
  f[2] = c + d;
  f[3] = c - d;
}

#define FOUR(i) UNROLL for (int i = 0; i < 4; i++)

INLINE void multiply(const vec *a, const vec *b, vec v[4]) {
  vec x[4], y[4];
  to_four(a, x);
  to_four(b, y);
  FOUR(i) v[i] = x[i] * y[i];
}

/* v times a^exponent */
INLINE void multiply_into(const vec *a, int exponent, vec v[4]) {
  vec x[4];
  to_four(a, x);
  for (int n = 0; n < exponent; n++) FOUR(i) v[i] = v[i] * x[i];
}

/* v (+)= (a_theta b_phi - a_phi b_theta) / sin theta */
INLINE void bracket(const vec *a_theta, const vec *a_phi, const vec *b_theta, const vec *b_phi, vec over_sine, bool add,
                    vec v[4]) {
  vec x[4], y[4], u[4];
  to_four(a_theta, x);
  to_four(b_phi, y);
  FOUR(i) u[i] = x[i] * y[i];
  to_four(a_phi, x);
  to_four(b_theta, y);
  FOUR(i) u[i] = u[i] - x[i] * y[i];
  FOUR(i) u[i] = u[i] * over_sine;
  FOUR(i) {
    if (add) u[i] = u[i] + v[i];
    v[i] = u[i];
  }
}

/* The fields of each kind at the points. */
enum { GX, GY, GG };                               /* Gaunt */
enum { CX, CXT, CXP, CY, CYT, CYP, CH, CQT, CQP }; /* complete */
enum { PXT, PXP, PYT, PYP, PHT, PHP };             /* Poisson */

INLINE void at_points(const sphere_product *p, sphere_product_kind kind, bool weights, int power, int quarter, int rows,
                      vec over_sine, const vec *fields, vec *results) {
  const int step = quarter * POINT;
#define F(i) (fields + (i)*step + at)
#define R(i) (results + (i)*step + at)
  for (int k = 0; k < quarter; k++)
    for (int r = 0; r < rows; r++) {
      const int at = k * POINT + r * ROW;
      vec v[4], x[4], y[4], z[4];
      switch (kind) {
        case SPHERE_GAUNT:
          multiply(F(GX), F(GY), v);
          from_four(v, R(0));
          break;
        case SPHERE_GAUNT_BACK:
          to_four(F(GX), x);
          to_four(F(GY), y);
          to_four(F(GG), z);
          if (weights) {
            FOUR(i) v[i] = x[i] * y[i];
            from_four(v, R(2));
          }
          FOUR(i) v[i] = z[i] * y[i];
          from_four(v, R(0));
          FOUR(i) v[i] = z[i] * x[i];
          from_four(v, R(1));
          break;
        case SPHERE_COMPLETE:
          multiply(F(CX), F(CY), v);
          from_four(v, R(0));
          bracket(F(CXT), F(CXP), F(CYT), F(CYP), over_sine, false, v);
          from_four(v, R(1));
          break;
        case SPHERE_COMPLETE_BACK:
          multiply(F(CH), F(CY), v);
          bracket(F(CYT), F(CYP), F(CQT), F(CQP), over_sine, true, v);
          from_four(v, R(0));
          multiply(F(CH), F(CX), v);
          bracket(F(CQT), F(CQP), F(CXT), F(CXP), over_sine, true, v);
          from_four(v, R(1));
          if (weights) {
            multiply(F(CX), F(CY), v);
            from_four(v, R(2));
            bracket(F(CXT), F(CXP), F(CYT), F(CYP), over_sine, false, v);
            from_four(v, R(3));
          }
          break;
        case SPHERE_POWERS:
          to_four(F(0), x);
          FOUR(i) v[i] = x[i] * x[i];
          from_four(v, R(0));
          for (int n = 3; n <= power; n++) {
            FOUR(i) v[i] = v[i] * x[i];
            from_four(v, R(n - 2));
          }
          break;
        case SPHERE_POWERS_BACK: {
          to_four(F(0), x);
          to_four(F(1), y);
          vec sum[4];
          FOUR(i) sum[i] = (x[i] + x[i]) * y[i];
          FOUR(i) v[i] = x[i] * x[i];
          if (weights) from_four(v, R(1));
          for (int n = 3; n <= power; n++) {
            to_four(F(n - 1), y);
            FOUR(i) sum[i] = sum[i] + v_set1((T)n) * v[i] * y[i];
            FOUR(i) v[i] = v[i] * x[i];
            if (weights) from_four(v, R(n - 1));
          }
          from_four(sum, R(0));
          break;
        }
        case SPHERE_POISSON:
          bracket(F(PXT), F(PXP), F(PYT), F(PYP), over_sine, false, v);
          from_four(v, R(0));
          break;
        case SPHERE_POISSON_BACK:
          bracket(F(PYT), F(PYP), F(PHT), F(PHP), over_sine, false, v);
          from_four(v, R(0));
          bracket(F(PHT), F(PHP), F(PXT), F(PXP), over_sine, false, v);
          from_four(v, R(1));
          if (weights) {
            bracket(F(PXT), F(PXP), F(PYT), F(PYP), over_sine, false, v);
            from_four(v, R(2));
          }
          break;
        case SPHERE_PRODUCT:
          FOUR(i) v[i] = v_set1(1);
          for (int n = 0; n < p->functions; n++) multiply_into(F(n), p->exponent[n], v);
          from_four(v, R(0));
          break;
        case SPHERE_PRODUCT_BACK:
          for (int n = 0; n < p->functions; n++) {
            to_four(F(p->functions), v);
            FOUR(i) v[i] = v[i] * v_set1((T)p->exponent[n]);
            for (int m = 0; m < p->functions; m++) multiply_into(F(m), p->exponent[m] - (m == n), v);
            from_four(v, R(n));
          }
          if (weights) {
            FOUR(i) v[i] = v_set1(1);
            for (int n = 0; n < p->functions; n++) multiply_into(F(n), p->exponent[n], v);
            from_four(v, R(p->functions));
          }
          break;
      }
    }
#undef F
#undef R
}

#endif
