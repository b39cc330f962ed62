/* Exponential of skew matrices and the principal logarithm of rotations. */
#include "family.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MAX2 (SPACE_MAX * SPACE_MAX)

static void multiply(int d, const double *a, const double *b, double *c) {
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) {
      double sum = 0;
      for (int k = 0; k < d; k++) sum += a[i * d + k] * b[k * d + j];
      c[i * d + j] = sum;
    }
  }
}

/* One Newton step to the nearest orthogonal matrix, e (3 - e^T e) / 2: squarings drift off by some 1e-15 each. */
static void straighten(int d, double *e) {
  double m[MAX2], out[MAX2];
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) {
      double sum = i == j ? 3 : 0;
      for (int k = 0; k < d; k++) sum -= e[k * d + i] * e[k * d + j];
      m[i * d + j] = sum / 2;
    }
  }
  multiply(d, e, m, out);
  memcpy(e, out, (size_t)(d * d) * sizeof *e);
}

/* Scaling and squaring of the Taylor series.  For v(A) = integral of exp(sA) over [0, 1]:
 * exp(2A) = exp(A)^2 and v(2A) = (v(A) + exp(A) v(A)) / 2. */
void skew_exp(int d, const double *a, double *e, double *v) {
  double norm = 0;
  for (int i = 0; i < d; i++) {
    double row = 0;
    for (int j = 0; j < d; j++) row += fabs(a[i * d + j]);
    norm = fmax(norm, row);
  }
  int squarings = 0;
  if (norm > 0.25 && isfinite(norm)) squarings = (int)ceil(log2(norm / 0.25));
  const double scale = ldexp(1, -squarings);

  const int terms = 14; /* 0.25^15 / 15! is far below the rounding */
  double small[MAX2], power[MAX2], next[MAX2];
  for (int i = 0; i < d * d; i++) {
    small[i] = a[i] * scale;
    power[i] = e[i] = v[i] = i % (d + 1) == 0 ? 1 : 0;
  }
  for (int k = 1; k <= terms; k++) { /* power = A^k / k! */
    multiply(d, power, small, next);
    for (int i = 0; i < d * d; i++) {
      power[i] = next[i] / k;
      e[i] += power[i];
      v[i] += power[i] / (k + 1);
    }
  }
  for (int s = 0; s < squarings; s++) {
    multiply(d, e, v, next);
    for (int i = 0; i < d * d; i++) v[i] = (v[i] + next[i]) / 2;
    multiply(d, e, e, next);
    memcpy(e, next, (size_t)(d * d) * sizeof *e);
    straighten(d, e);
  }
}

/* By the unit quaternion, of which the largest component is found first, so that no quotient is ill-conditioned. */
static void log3(const double *r, double *a) {
  const double square[4] = {1 + r[0] + r[4] + r[8], 1 + r[0] - r[4] - r[8], 1 - r[0] + r[4] - r[8],
                            1 - r[0] - r[4] + r[8]};
  int big = 0;
  for (int i = 1; i < 4; i++) {
    if (square[i] > square[big]) big = i;
  }
  const double x = r[7] - r[5], y = r[2] - r[6], z = r[3] - r[1]; /* 4 w (x, y, z) */
  const double xy = r[1] + r[3], xz = r[2] + r[6], yz = r[5] + r[7];
  const double rows[4][4] = {
      {square[0], x, y, z}, {x, square[1], xy, xz}, {y, xy, square[2], yz}, {z, xz, yz, square[3]}};
  double q[4], norm = 0;
  for (int i = 0; i < 4; i++) norm += rows[big][i] * rows[big][i];
  norm = sqrt(norm);
  for (int i = 0; i < 4; i++) q[i] = rows[big][i] / norm;

  double sign = q[0] < 0 ? -1 : 1;
  if (fabs(q[0]) <= 4 * DBL_EPSILON) { /* a turn by pi: the axis whose first component (off 0) is positive */
    for (int i = 1; i < 4; i++) {
      if (fabs(q[i]) > 1e-8) {
        sign = q[i] < 0 ? -1 : 1;
        break;
      }
    }
    q[0] = 0;
  }
  const double sine = sqrt(q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  const double angle = 2 * atan2(sine, fabs(q[0]));
  const double f = sign * (sine > 0 ? angle / sine : 2);
  const double w[3] = {f * q[1], f * q[2], f * q[3]};
  const double out[9] = {0, -w[2], w[1], w[2], 0, -w[0], -w[1], w[0], 0};
  memcpy(a, out, sizeof out);
}

/* R = S + K, symmetric and skew, and they commute.  On an eigenvector of S, |K v| is the sine of its angle and v.S v
 * the cosine, so log R = K f(S) with f = angle / sine. */
static weyl_status log_any(weyl_context *ctx, int d, const double *r, double *a) {
  double s[MAX2] = {0}, k[MAX2] = {0}, w[SPACE_MAX], v[MAX2], f[MAX2] = {0}, product[MAX2];
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) {
      s[i * d + j] = (r[i * d + j] + r[j * d + i]) / 2;
      k[i * d + j] = (r[i * d + j] - r[j * d + i]) / 2;
    }
  }
  WEYL_TRY(weyl_eigh(ctx, (size_t)d, s, w, v));
  for (int c = 0; c < d; c++) {
    double sine = 0;
    for (int i = 0; i < d; i++) {
      double kv = 0;
      for (int j = 0; j < d; j++) kv += k[i * d + j] * v[j * d + c];
      sine += kv * kv;
    }
    sine = sqrt(sine);
    if (w[c] < 0 && sine < 1e-6) {
      return weyl_fail(ctx, WEYL_DEGENERATE, "the logarithm of a rotation by pi (to %g) in R^%d is not unique", sine,
                       d);
    }
    const double factor = sine > 1e-9 ? atan2(sine, w[c]) / sine : 1;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) f[i * d + j] += factor * v[i * d + c] * v[j * d + c];
    }
  }
  multiply(d, k, f, product);
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) a[i * d + j] = (product[i * d + j] - product[j * d + i]) / 2;
  }
  return WEYL_OK;
}

weyl_status rotation_log(weyl_context *ctx, int d, const double *r, double *a) {
  if (d == 1) {
    a[0] = 0;
  } else if (d == 2) {
    double angle = atan2(r[2] - r[1], r[0] + r[3]);
    if (angle <= -3.14159265358979311 + 4 * DBL_EPSILON) angle = -angle; /* a turn by pi is told as +pi */
    a[0] = a[3] = 0;
    a[1] = -angle;
    a[2] = angle;
  } else if (d == 3) {
    log3(r, a);
  } else {
    return log_any(ctx, d, r, a);
  }
  return WEYL_OK;
}
