#include "tridiagonal.h"

#include <math.h>

/* What is left of two terms that cancel to rounding is 0. */
static double minus_sum(double a, double b) { return fabs(a + b) <= 1e-13 * (fabs(a) + fabs(b)) ? 0 : -(a + b); }

/* The recursion of three terms is stable upwards while the vector grows from the low end and downwards while it grows
 * from the high end (Schulten and Gordon 1975), so both are run, and joined where their product, and so the vector, is
 * largest. */
void tridiagonal_vector(int n, const double *diagonal, const double *beside, double *v) {
  double up[TRIDIAGONAL_MAX], down[TRIDIAGONAL_MAX];
  up[0] = 1;
  for (int i = 0; i + 1 < n; i++)
    up[i + 1] = minus_sum(diagonal[i] * up[i], i > 0 ? beside[i - 1] * up[i - 1] : 0) / beside[i];
  down[n - 1] = 1;
  for (int i = n - 1; i > 0; i--)
    down[i - 1] = minus_sum(diagonal[i] * down[i], i + 1 < n ? beside[i] * down[i + 1] : 0) / beside[i - 1];
  int join = 0;
  for (int i = 1; i < n; i++) {
    if (fabs(up[i] * down[i]) > fabs(up[join] * down[join])) join = i;
  }
  double sum = 0;
  for (int i = 0; i < n; i++) {
    v[i] = i <= join ? up[i] / up[join] : down[i] / down[join];
    sum += v[i] * v[i];
  }
  const double scale = copysign(1 / sqrt(sum), v[n - 1]);
  for (int i = 0; i < n; i++) v[i] *= scale;
}
