/* Gauss-Legendre nodes. */
#include <weyl/kernels.h>

#include <math.h>

/* Legendre's polynomial of degree n and its derivative at x inside (-1, 1); in long double, so that nodes and weights
 * are right to rounding. */
static long double legendre(size_t n, long double x, long double *slope) {
  long double p = 1, below = 0;
  for (size_t k = 1; k <= n; k++) {
    const long double next = ((long double)(2 * k - 1) * x * p - (long double)(k - 1) * below) / (long double)k;
    below = p;
    p = next;
  }
  *slope = (long double)n * (below - x * p) / ((1 - x) * (1 + x));
  return p;
}

void weyl_gauss_legendre(size_t n, double low, double high, double *x, double *w) {
  const long double middle = ((long double)low + high) / 2, half = ((long double)high - low) / 2;
  for (size_t i = 0; i < (n + 1) / 2; i++) {
    long double at = cosl(3.14159265358979323846L * ((long double)i + 0.75L) / ((long double)n + 0.5L)), slope = 1;
    for (int step = 0; step < 20; step++) { /* quadratic from the start */
      const long double change = legendre(n, at, &slope) / slope;
      at -= change;
      if (fabsl(change) < 1e-18L) break;
    }
    if (2 * i + 1 == n) at = 0;
    (void)legendre(n, at, &slope);
    x[i] = (double)(middle - half * at);
    x[n - 1 - i] = (double)(middle + half * at);
    w[i] = w[n - 1 - i] = (double)(half * 2 / ((1 - at) * (1 + at) * slope * slope));
  }
}
