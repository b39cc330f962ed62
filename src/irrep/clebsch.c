/* 3j symbols, complex and real, and the integrals over the sphere that are multiples of them. */
#include "degrees.h"

#include <math.h>
#include <string.h>

enum { ROW_MAX = 2 * WEYL_L_MAX + 1 };

/* The symbols (l1 l2 l3; m1 m2 -m1-m2) of one m1, m2 = *from ... : their number; 0 when the degrees make no triangle.
 *
 * They are an eigenvector: in the basis |m2>|m3> of fixed m2 + m3, (J2 + J3)^2 is tridiagonal with the eigenvalue
 * l1 (l1 + 1).  Its recursion is stable upwards while the vector grows from the low end and downwards while it grows
 * from the high end (Schulten and Gordon 1975), so both are run, and joined where their product, and so the vector, is
 * largest. */
static int symbols(int l1, int l2, int l3, int m1, int *from, double f[ROW_MAX]) {
  if (!is_triangle(l1, l2, l3) || m1 < -l1 || m1 > l1) return 0;
  const int low = -l2 > -l3 - m1 ? -l2 : -l3 - m1, high = l2 < l3 - m1 ? l2 : l3 - m1, n = high - low + 1;
  double up[ROW_MAX], down[ROW_MAX], diagonal[ROW_MAX], beside[ROW_MAX]; /* beside[i]: between i and i + 1 */
  for (int i = 0; i < n; i++) {
    const int m2 = low + i, m3 = -m1 - m2;
    diagonal[i] = l2 * (l2 + 1) + l3 * (l3 + 1) + 2 * m2 * m3 - l1 * (l1 + 1);
    beside[i] = sqrt((double)((l2 - m2) * (l2 + m2 + 1)) * (double)((l3 + m3) * (l3 - m3 + 1)));
  }
  /* What is left of two terms that cancel to rounding is 0: symbols that vanish do so exactly. */
  const double cancelled = 1e-13;
  up[0] = 1;
  for (int i = 0; i + 1 < n; i++) {
    const double a = diagonal[i] * up[i], b = i > 0 ? beside[i - 1] * up[i - 1] : 0;
    up[i + 1] = fabs(a + b) <= cancelled * (fabs(a) + fabs(b)) ? 0 : -(a + b) / beside[i];
  }
  down[n - 1] = 1;
  for (int i = n - 1; i > 0; i--) {
    const double a = diagonal[i] * down[i], b = i + 1 < n ? beside[i] * down[i + 1] : 0;
    down[i - 1] = fabs(a + b) <= cancelled * (fabs(a) + fabs(b)) ? 0 : -(a + b) / beside[i - 1];
  }
  int join = 0;
  for (int i = 1; i < n; i++) {
    if (fabs(up[i] * down[i]) > fabs(up[join] * down[join])) join = i;
  }
  double sum = 0;
  for (int i = 0; i < n; i++) {
    f[i] = i <= join ? up[i] / up[join] : down[i] / down[join];
    sum += f[i] * f[i];
  }
  const bool negative = (l2 - l3 - m1) % 2 != 0;
  const double scale = copysign(1 / sqrt((2 * l1 + 1) * sum), (f[n - 1] < 0) != negative ? -1 : 1);
  for (int i = 0; i < n; i++) f[i] *= scale;
  *from = low;
  return n;
}

double weyl_complex_3j(int l1, int l2, int l3, int m1, int m2, int m3) {
  if (!is_degree(l1) || !is_degree(l2) || !is_degree(l3)) return NAN;
  if (m1 + m2 + m3 != 0 || m2 < -l2 || m2 > l2 || m3 < -l3 || m3 > l3) return 0;
  if (m1 == 0 && m2 == 0 && (l1 + l2 + l3) % 2 != 0) return 0;
  int low = 0;
  double f[ROW_MAX];
  return symbols(l1, l2, l3, m1, &low, f) > 0 ? f[m2 - low] : 0;
}

/* The real harmonic of order i holds the complex one of order m = i or -i with the coefficient U_im; conj(U_im) is
 * i^phase, over sqrt(2) unless m = 0. */
static int phase_of(int i, int m) {
  const int odd = m % 2 != 0 ? 2 : 0;
  if (i > 0) return m > 0 ? odd : 0;     /* (-1)^m and 1 */
  if (i < 0) return m > 0 ? 1 + odd : 3; /* i (-1)^m and -i */
  return 0;
}

/* Adds a complex symbol and its mirror image (-m1 -m2 -m3) to the up to eight real ones of these |m|. */
static void spread(int l1, int l2, int l3, int m1, int m2, double symbol, double *out) {
  const int m3 = -m1 - m2, J = l1 + l2 + l3;
  const bool zero = m1 == 0 && m2 == 0;
  const double share = symbol * (zero ? 1 : m1 != 0 && m2 != 0 && m3 != 0 ? sqrt(0.5) : 1);
  for (int s1 = -1; s1 <= 1; s1 += 2) {
    for (int s2 = -1; s2 <= 1; s2 += 2) {
      for (int s3 = -1; s3 <= 1; s3 += 2) {
        if ((m1 == 0 && s1 < 0) || (m2 == 0 && s2 < 0) || (m3 == 0 && s3 < 0)) continue;
        const int i = s1 * m1, j = s2 * m2, k = s3 * m3;
        const int phase = (phase_of(i, m1) + phase_of(j, m2) + phase_of(k, m3)) % 4;
        if (phase % 2 != J % 2) continue; /* the mirror image takes it away */
        const size_t at = ((size_t)(i + l1) * (size_t)(2 * l2 + 1) + (size_t)(j + l2)) * (size_t)(2 * l3 + 1);
        out[at + (size_t)(k + l3)] += phase < 2 ? share : -share;
      }
    }
  }
}

static weyl_status check(weyl_context *ctx, int l1, int l2, int l3) {
  WEYL_TRY(check_degree(ctx, "l1", l1));
  WEYL_TRY(check_degree(ctx, "l2", l2));
  return check_degree(ctx, "l3", l3);
}

static void scaled_3j(int l1, int l2, int l3, double scale, double *out) {
  memset(out, 0, (size_t)(2 * l1 + 1) * (size_t)(2 * l2 + 1) * (size_t)(2 * l3 + 1) * sizeof *out);
  if (scale == 0) return;
  for (int m1 = 0; m1 <= l1; m1++) {
    int low = 0;
    double f[ROW_MAX];
    const int n = symbols(l1, l2, l3, m1, &low, f);
    for (int e = 0; e < n; e++) {
      const int m2 = low + e;
      if (m1 == 0 && m2 < 0) continue; /* the mirror image of m2 > 0 */
      if (m1 == 0 && m2 == 0 && (l1 + l2 + l3) % 2 != 0) continue;
      if (f[e] != 0) spread(l1, l2, l3, m1, m2, f[e] * scale, out);
    }
  }
}

int weyl_wigner_3j_sign(int l1, int l2, int l3) { return ((l1 + l2 + l3 + 1) / 2) % 2 == 0 ? 1 : -1; }

static weyl_status gauged(weyl_context *ctx, int l1, int l2, int l3, weyl_gauge gauge, double scale, double *out) {
  WEYL_TRY(check(ctx, l1, l2, l3));
  if (gauge != WEYL_GAUGE_WEYL && gauge != WEYL_GAUGE_E3NN)
    return weyl_fail(ctx, WEYL_BAD_ARG, "gauge is %d, must be WEYL_GAUGE_WEYL or WEYL_GAUGE_E3NN", (int)gauge);
  scaled_3j(l1, l2, l3, gauge == WEYL_GAUGE_E3NN ? scale * weyl_wigner_3j_sign(l1, l2, l3) : scale, out);
  return WEYL_OK;
}

weyl_status weyl_wigner_3j(weyl_context *ctx, int l1, int l2, int l3, weyl_gauge gauge, double *out) {
  return gauged(ctx, l1, l2, l3, gauge, 1, out);
}

weyl_status weyl_clebsch(weyl_context *ctx, int l1, int l2, int l3, weyl_gauge gauge, double *out) {
  return gauged(ctx, l1, l2, l3, gauge, sqrt(2.0 * l3 + 1), out);
}

static double degrees_factor(int l1, int l2, int l3) {
  return sqrt((2.0 * l1 + 1) * (2.0 * l2 + 1) * (2.0 * l3 + 1) / (4 * pi));
}

double weyl_gaunt_factor(int l1, int l2, int l3) {
  const double symbol = weyl_complex_3j(l1, l2, l3, 0, 0, 0);
  return symbol == 0 ? 0 : degrees_factor(l1, l2, l3) * symbol;
}

double weyl_poisson_factor(int l1, int l2, int l3) {
  const double symbol = weyl_complex_3j(l1, l2, l3, 1, -1, 0);
  if (symbol == 0 || (l1 + l2 + l3) % 2 == 0 || l1 == 0 || l2 == 0) return isnan(symbol) ? NAN : 0;
  return degrees_factor(l1, l2, l3) * sqrt((double)l1 * (l1 + 1) * l2 * (l2 + 1)) * symbol;
}

weyl_status weyl_gaunt(weyl_context *ctx, int l1, int l2, int l3, double *out) {
  WEYL_TRY(check(ctx, l1, l2, l3));
  scaled_3j(l1, l2, l3, weyl_gaunt_factor(l1, l2, l3), out);
  return WEYL_OK;
}

weyl_status weyl_poisson(weyl_context *ctx, int l1, int l2, int l3, double *out) {
  WEYL_TRY(check(ctx, l1, l2, l3));
  scaled_3j(l1, l2, l3, weyl_poisson_factor(l1, l2, l3), out);
  return WEYL_OK;
}
