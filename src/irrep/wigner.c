/* Wigner matrices of real spherical harmonics, degree by degree (Ivanic and Ruedenberg 1996, with the erratum of 1998),
 * and what elements of O(3) do to lists of irreps. */
#include "degrees.h"
#include "numbers.h"

#include <math.h>
#include <string.h>

/* What the recursion of one degree reads: degree 1, with rows and columns m = -1 0 1, and the degree below. */
typedef struct step {
  int l;
  const double *one, *below;
} step;

/* Their P^i_{a b}. */
static double product(const step *s, int i, int a, int b) {
  const int k = s->l - 1, width = 2 * k + 1;
  const double *one = s->one + 3 * (i + 1) + 1, *row = s->below + (a + k) * width + k;
  if (b == s->l) return one[1] * row[k] - one[-1] * row[-k];
  if (b == -s->l) return one[1] * row[-k] + one[-1] * row[k];
  return one[0] * row[b];
}

static double entry(const step *s, int m, int b) {
  const int l = s->l, n = m < 0 ? -m : m;
  const double below = b == l || b == -l ? (double)(2 * l * (2 * l - 1)) : (double)((l + b) * (l - b));
  double sum = 0;
  if (n < l) sum += sqrt((l + m) * (l - m) / below) * product(s, 0, m, b);
  if (m == 0) {
    sum -= sqrt(l * (l - 1) / (2 * below)) * (product(s, 1, 1, b) + product(s, -1, -1, b));
    return sum;
  }
  const double v = sqrt((l + n - 1) * (l + n) / below) / 2, alone = sqrt(2.0);
  if (m == 1) {
    sum += v * alone * product(s, 1, 0, b);
  } else if (m == -1) {
    sum += v * alone * product(s, -1, 0, b);
  } else if (m > 0) {
    sum += v * (product(s, 1, m - 1, b) - product(s, -1, 1 - m, b));
  } else {
    sum += v * (product(s, 1, m + 1, b) + product(s, -1, -m - 1, b));
  }
  if (n < l - 1) {
    const double w = sqrt((l - n - 1) * (l - n) / below) / 2;
    sum -= w * (m > 0 ? product(s, 1, m + 1, b) + product(s, -1, -m - 1, b)
                      : product(s, 1, m - 1, b) - product(s, -1, 1 - m, b));
  }
  return sum;
}

/* D^1: the rotation between (y, z, x) of standard axes, which are (x, y, z) of e3nn's. */
static void first_degree(weyl_axes axes, const double r[9], double one[9]) {
  const int shift = axes == WEYL_AXES_STANDARD ? 1 : 0;
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) one[3 * i + j] = r[3 * ((i + shift) % 3) + (j + shift) % 3];
  }
}

/* below may lie anywhere but in out. */
static void degree(int l, const double one[9], const double *below, double *out) {
  if (l == 0) {
    out[0] = 1;
  } else if (l == 1) {
    memcpy(out, one, 9 * sizeof *out);
  } else {
    const step s = {l, one, below};
    const int width = 2 * l + 1;
    for (int m = -l; m <= l; m++) {
      for (int b = -l; b <= l; b++) out[(m + l) * width + b + l] = entry(&s, m, b);
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

weyl_status weyl_wigner_d_all(weyl_context *ctx, int l_max, weyl_axes axes, const double r[9], double *out) {
  int det;
  WEYL_TRY(check_degree(ctx, "l_max", l_max));
  WEYL_TRY(check_rotation(ctx, axes, r, true, &det));
  double one[9];
  first_degree(axes, r, one);
  for (int l = 0; l <= l_max; l++)
    degree(l, one, l > 0 ? out + weyl_wigner_d_at(l - 1) : NULL, out + weyl_wigner_d_at(l));
  return WEYL_OK;
}

weyl_status weyl_wigner_d(weyl_context *ctx, int l, weyl_axes axes, const double r[9], double *out) {
  int det;
  WEYL_TRY(check_degree(ctx, "l", l));
  WEYL_TRY(check_rotation(ctx, axes, r, true, &det));
  double *all = weyl_alloc(ctx, weyl_wigner_d_at(l + 1), sizeof *all);
  if (!all) return WEYL_MEMORY;
  const weyl_status status = weyl_wigner_d_all(ctx, l, axes, r, all);
  if (status == WEYL_OK)
    memcpy(out, all + weyl_wigner_d_at(l), (size_t)(2 * l + 1) * (size_t)(2 * l + 1) * sizeof *out);
  weyl_dealloc(ctx, all);
  return status;
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
