/* Elements [R (d*d), t (d)] of groups that act on space by x -> R x + t, R orthogonal. */
#include "family.h"

#include <math.h>
#include <string.h>

size_t affine_length(int d) { return (size_t)d * (size_t)d + (size_t)d; }

void affine_identity(int d, double *g) {
  memset(g, 0, affine_length(d) * sizeof *g);
  for (int i = 0; i < d; i++) g[i * d + i] = 1;
}

/* (a b) x = Ra (Rb x + tb) + ta */
void affine_compose(int d, const double *a, const double *b, double *c) {
  double out[SPACE_MAX * SPACE_MAX + SPACE_MAX];
  const double *tb = b + d * d;
  for (int i = 0; i < d; i++) {
    double t = a[d * d + i];
    for (int k = 0; k < d; k++) t += a[i * d + k] * tb[k];
    out[d * d + i] = t;
    for (int j = 0; j < d; j++) {
      double sum = 0;
      for (int k = 0; k < d; k++) sum += a[i * d + k] * b[k * d + j];
      out[i * d + j] = sum;
    }
  }
  memcpy(c, out, affine_length(d) * sizeof *c);
}

/* x -> R^T x - R^T t */
void affine_inverse(int d, const double *a, double *b) {
  double out[SPACE_MAX * SPACE_MAX + SPACE_MAX];
  for (int i = 0; i < d; i++) {
    double t = 0;
    for (int j = 0; j < d; j++) {
      out[i * d + j] = a[j * d + i];
      t -= a[j * d + i] * a[d * d + j];
    }
    out[d * d + i] = t;
  }
  memcpy(b, out, affine_length(d) * sizeof *b);
}

double affine_orthogonality(int d, const double *g) {
  double worst = 0;
  for (int i = 0; i < d; i++) {
    for (int j = i; j < d; j++) {
      double sum = i == j ? -1 : 0;
      for (int k = 0; k < d; k++) sum += g[k * d + i] * g[k * d + j];
      if (!isfinite(sum)) return INFINITY;
      worst = fmax(worst, fabs(sum));
    }
  }
  return worst;
}

bool affine_is_linear(int d, const double *g, double tol) {
  for (int i = 0; i < d; i++) {
    if (!(fabs(g[d * d + i]) <= tol)) return false;
  }
  return true;
}
