/* Gauss-Legendre nodes. */
#include <weyl/kernels.h>

#include <math.h>

/* P_n(x) and its derivative. */
static double legendre(size_t n, double x, double *slope) {
  double p = 1, before = 0;
  for (size_t k = 1; k <= n; k++) {
    const double next = ((double)(2 * k - 1) * x * p - (double)(k - 1) * before) / (double)k;
    before = p;
    p = next;
  }
  *slope = (double)n * (before - x * p) / ((1 - x) * (1 + x));
  return p;
}

void weyl_gauss_legendre(size_t n, double low, double high, double *x, double *w) {
  const double middle = (low + high) / 2, half = (high - low) / 2;
  for (size_t i = 0; i < (n + 1) / 2; i++) {
    double at = cos(3.14159265358979323846 * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1;
    for (int step = 0; step < 8; step++) { /* quadratic from the start: four are enough */
      const double change = legendre(n, at, &slope) / slope;
      at -= change;
      if (fabs(change) < 1e-16) break;
    }
    if (2 * i + 1 == n) at = 0;
    (void)legendre(n, at, &slope);
    const double weight = 2 / ((1 - at) * (1 + at) * slope * slope);
    x[i] = middle - half * at;
    x[n - 1 - i] = middle + half * at;
    w[i] = w[n - 1 - i] = half * weight;
  }
}
