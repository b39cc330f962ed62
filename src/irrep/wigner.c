/* Wigner matrices of real spherical harmonics, and what elements of O(3) do to lists of irreps.
 *
 * With the Euler angles of R, D = Z(alpha - pi/2) Q^T Z(beta) Q Z(gamma + pi/2): turns about the polar axis, which mix
 * only m and -m, and Q, the matrix of a quarter turn about y, whose columns are eigenvectors of J_x. Nothing grows with
 * the degree but the rounding of angles. */
#include "degrees.h"
#include "numbers.h"
#include "tridiagonal.h"

#include <math.h>
#include <string.h>

/* Q [2 l + 1][2 l + 1] of a quarter turn about y: from d_mk, the amplitude of J_z = m in the state J_x = k. */
static void quarter_turn(int l, double *q) {
  const int n = 2 * l + 1;
  double diagonal[TRIDIAGONAL_MAX], beside[TRIDIAGONAL_MAX], d[TRIDIAGONAL_MAX], mirror[TRIDIAGONAL_MAX];
  for (int i = 0; i < n; i++) beside[i] = sqrt((double)((2 * l - i) * (i + 1))) / 2;
  memset(q, 0, (size_t)n * (size_t)n * sizeof *q);
  for (int k = 0; k <= l; k++) {
    for (int i = 0; i < n; i++) diagonal[i] = -k;
    tridiagonal_vector(n, diagonal, beside, d);
    const double sign = (l - k) % 2 ? -1 : 1; /* of d_lk */
    for (int i = 0; i < n; i++) d[i] *= sign;
    for (int i = 0; i < n; i++)
      mirror[i] = (i + l + k) % 2 ? -d[n - 1 - i] : d[n - 1 - i]; /* d_m-k = (-1)^(m + k) d_-mk */
    for (int m = 0; m <= l; m++) {                                /* U d U^+, U as in clebsch.c */
      const double same = (m + k) % 2 ? -d[l + m] : d[l + m], other = m % 2 ? -mirror[l + m] : mirror[l + m];
      if (k == 0) {
        q[(l + m) * n + l] = m == 0 ? same : sqrt(2.0) * same;
      } else if (m == 0) {
        q[l * n + l + k] = sqrt(2.0) * same;
      } else {
        q[(l + m) * n + l + k] = same + other;
        q[(l - m) * n + l - k] = same - other;
      }
    }
  }
}

/* cos(m a) and sin(m a) of a turn about the polar axis; c and s [l + 1]. */
static void turns(int l, double a, double *c, double *s) {
  for (int m = 0; m <= l; m++) {
    c[m] = cos(m * a);
    s[m] = sin(m * a);
  }
}

/* out may not be q; both [2 l + 1][2 l + 1]. */
static void degree(int l, const double angles[3], const double *q, double *out) {
  const int n = 2 * l + 1;
  double c[WEYL_L_MAX + 1], s[WEYL_L_MAX + 1], a[TRIDIAGONAL_MAX], b[TRIDIAGONAL_MAX];
  double ca[WEYL_L_MAX + 1], sa[WEYL_L_MAX + 1], cg[WEYL_L_MAX + 1], sg[WEYL_L_MAX + 1];
  turns(l, angles[0] - pi / 2, ca, sa);
  turns(l, angles[1], c, s);
  turns(l, angles[2] + pi / 2, cg, sg);
  memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
  for (int m = 0; m <= l; m++) { /* rows m and -m of Z(beta) Q, each spread by its column of Q^T */
    const double *plus = q + (l + m) * n, *minus = q + (l - m) * n;
    for (int k = 0; k < n; k++) {
      a[k] = c[m] * plus[k] - s[m] * minus[k];
      b[k] = s[m] * plus[k] + c[m] * minus[k];
    }
    for (int i = 0; i < n; i++) {
      const double x = plus[i], y = m > 0 ? minus[i] : 0;
      double *row = out + i * n;
      if (x != 0) {
        for (int k = 0; k < n; k++) row[k] += x * a[k];
      }
      if (y != 0) {
        for (int k = 0; k < n; k++) row[k] += y * b[k];
      }
    }
  }
  for (int i = 0; i < n; i++) { /* times Z(gamma + pi/2) */
    double *row = out + i * n;
    for (int m = 1; m <= l; m++) {
      const double x = row[l + m], y = row[l - m];
      row[l + m] = x * cg[m] + y * sg[m];
      row[l - m] = y * cg[m] - x * sg[m];
    }
  }
  for (int m = 1; m <= l; m++) { /* Z(alpha - pi/2) times */
    double *plus = out + (l + m) * n, *minus = out + (l - m) * n;
    for (int k = 0; k < n; k++) {
      const double x = plus[k], y = minus[k];
      plus[k] = ca[m] * x - sa[m] * y;
      minus[k] = sa[m] * x + ca[m] * y;
    }
  }
}

/* 1 or -1 for an element of O(3), 0 for anything else. */
static int handedness(const double r[9]) {
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j <= i; j++) {
      double dot = 0;
      for (int k = 0; k < 3; k++) dot += r[3 * i + k] * r[3 * j + k];
      if (!(fabs(dot - (i == j)) <= 1e-6)) return 0;
    }
  }
  const double det =
      r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) + r[2] * (r[3] * r[7] - r[4] * r[6]);
  return det > 0 ? 1 : -1;
}

static weyl_status check_rotation(weyl_context *ctx, weyl_axes axes, const double r[9], bool proper, int *det) {
  if (axes != WEYL_AXES_E3NN && axes != WEYL_AXES_STANDARD)
    return weyl_fail(ctx, WEYL_BAD_ARG, "axes is %d, must be WEYL_AXES_E3NN or WEYL_AXES_STANDARD", (int)axes);
  *det = handedness(r);
  if (*det == 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "the matrix [%g %g %g; %g %g %g; %g %g %g] is not orthogonal to 1e-6", r[0],
                     r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]);
  if (proper && *det < 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a matrix of determinant -1 is no rotation: reflections act by a parity too");
  return WEYL_OK;
}

/* Degrees from `first` to l_max, one after the other. */
static weyl_status degrees(weyl_context *ctx, int first, int l_max, weyl_axes axes, const double r[9], double *out) {
  int det;
  WEYL_TRY(check_rotation(ctx, axes, r, true, &det));
  double angles[3];
  weyl_rotation_to_euler(axes, r, angles);
  double *q = weyl_alloc(ctx, (size_t)(2 * l_max + 1) * (size_t)(2 * l_max + 1), sizeof *q);
  if (!q) return WEYL_MEMORY;
  for (int l = first; l <= l_max; l++) {
    quarter_turn(l, q);
    degree(l, angles, q, out);
    out += (2 * l + 1) * (2 * l + 1);
  }
  weyl_dealloc(ctx, q);
  return WEYL_OK;
}

weyl_status weyl_wigner_d_all(weyl_context *ctx, int l_max, weyl_axes axes, const double r[9], double *out) {
  WEYL_TRY(check_degree(ctx, "l_max", l_max));
  return degrees(ctx, 0, l_max, axes, r, out);
}

weyl_status weyl_wigner_d(weyl_context *ctx, int l, weyl_axes axes, const double r[9], double *out) {
  WEYL_TRY(check_degree(ctx, "l", l));
  return degrees(ctx, l, l, axes, r, out);
}

/* The matrices of an element of O(3), without parities: *all in memory of the caller's to free. */
static weyl_status matrices(weyl_context *ctx, weyl_irreps irreps, weyl_axes axes, const double r[9], int *det,
                            double **all) {
  WEYL_TRY(weyl_irreps_check(ctx, irreps));
  WEYL_TRY(check_rotation(ctx, axes, r, false, det));
  const int l_max = weyl_irreps_l_max(irreps) < 0 ? 0 : weyl_irreps_l_max(irreps);
  double proper[9];
  for (int k = 0; k < 9; k++) proper[k] = *det * r[k];
  *all = weyl_alloc(ctx, weyl_wigner_d_at(l_max + 1), sizeof **all);
  if (!*all) return WEYL_MEMORY;
  const weyl_status status = weyl_wigner_d_all(ctx, l_max, axes, proper, *all);
  if (status != WEYL_OK) weyl_dealloc(ctx, *all);
  return status;
}

weyl_status weyl_irreps_matrix(weyl_context *ctx, weyl_irreps irreps, weyl_axes axes, const double r[9], double *out) {
  enum { DIM_MAX = 32768 };
  int det;
  double *all;
  WEYL_TRY(matrices(ctx, irreps, axes, r, &det, &all));
  const int64_t dim = weyl_irreps_dim(irreps);
  if (dim > DIM_MAX) {
    weyl_dealloc(ctx, all);
    return weyl_fail(ctx, WEYL_BAD_ARG, "a matrix of %lld rows, must be at most %d", (long long)dim, DIM_MAX);
  }
  memset(out, 0, (size_t)(dim * dim) * sizeof *out);
  int64_t at = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    const weyl_irrep b = irreps.item[i];
    const int sign = det < 0 ? b.parity : 1, width = 2 * b.l + 1;
    const double *d = all + weyl_wigner_d_at(b.l);
    for (int64_t copy = 0; copy < b.mul; copy++, at += width) {
      for (int j = 0; j < width; j++) {
        for (int k = 0; k < width; k++) out[(at + j) * dim + at + k] = sign * d[j * width + k];
      }
    }
  }
  weyl_dealloc(ctx, all);
  return WEYL_OK;
}

weyl_status weyl_irreps_act(weyl_context *ctx, weyl_irreps irreps, weyl_axes axes, const double r[9], weyl_dtype dtype,
                            int64_t n, const void *x, void *y) {
  WEYL_TRY(weyl_irreps_check(ctx, irreps));
  WEYL_TRY(numbers_check(ctx, "irreps", dtype, n, weyl_irreps_dim(irreps)));
  int det;
  double *all;
  WEYL_TRY(matrices(ctx, irreps, axes, r, &det, &all));
  int64_t at = 0;
  for (int64_t row = 0; row < n; row++) {
    for (int32_t i = 0; i < irreps.n; i++) {
      const weyl_irrep b = irreps.item[i];
      const int sign = det < 0 ? b.parity : 1, width = 2 * b.l + 1;
      const double *d = all + weyl_wigner_d_at(b.l);
      for (int64_t copy = 0; copy < b.mul; copy++, at += width) {
        double in[2 * WEYL_L_MAX + 1], turned[2 * WEYL_L_MAX + 1];
        numbers_read(dtype, x, at, width, in);
        for (int j = 0; j < width; j++) {
          double sum = 0;
          for (int k = 0; k < width; k++) sum += d[j * width + k] * in[k];
          turned[j] = sign * sum;
        }
        numbers_write(dtype, turned, width, y, at);
      }
    }
  }
  weyl_dealloc(ctx, all);
  return WEYL_OK;
}
