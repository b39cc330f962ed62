/* The tables between coefficients on the sphere and 2-D Fourier series. */
#include "torus.h"

#include <math.h>

/* On the meridian theta = 2 pi k / n, over a whole turn, Y_lm (m >= 0, phi = 0) is a trigonometric polynomial of degree
 * l < n / 2: its Fourier sum over the samples is exact. */
static weyl_status fill_a(weyl_context *ctx, int l_max, double *a) {
  const size_t n = 2 * (size_t)l_max + 2, width = (size_t)(l_max + 1) * (size_t)(l_max + 1);
  const weyl_harmonics_opts opts = {.l_max = l_max, .axes = WEYL_AXES_STANDARD, .solid = true};
  double *xyz = weyl_alloc(ctx, n * (3 + width), sizeof *xyz);
  if (!xyz) return WEYL_MEMORY;
  double *y = xyz + 3 * n;
  for (size_t k = 0; k < n; k++) {
    const double theta = 2 * pi * (double)k / (double)n;
    xyz[3 * k] = sin(theta);
    xyz[3 * k + 2] = cos(theta);
  }
  const weyl_status status = weyl_harmonics(ctx, &opts, WEYL_F64, (int64_t)n, xyz, y, NULL);
  for (int l = 0; status == WEYL_OK && l <= l_max; l++) {
    for (int m = 0; m <= l; m++) {
      double *row = a + torus_at(l, m) * (size_t)(l_max + 1);
      for (int u = l % 2; u <= l; u += 2) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) {
          const double angle = 2 * pi * (double)((size_t)u * k % n) / (double)n;
          sum += y[k * width + (size_t)(l * (l + 1) + m)] * (m % 2 ? -sin(angle) : cos(angle));
        }
        row[u] = sum / (double)n;
      }
    }
  }
  weyl_dealloc(ctx, xyz);
  return status;
}

/* b_u = sum_u' a_u' I(u + u'), I(k) = 2 / (1 - k^2) for even k. */
static void fill_b(weyl_torus *torus, double *b) {
  for (int l = 0; l <= torus->l_max; l++) {
    for (int m = 0; m <= l; m++) {
      double *row = b + torus_at(l, m) * (size_t)(torus->u_max + 1);
      for (int u = l % 2; u <= torus->u_max; u += 2) {
        double sum = 0;
        for (int v = -l; v <= l; v += 2) sum += weyl_torus_a(torus, l, m, v) * 2 / (1 - (double)(u + v) * (u + v));
        row[u] = sum;
      }
    }
  }
}

weyl_status weyl_torus_new(weyl_context *ctx, weyl_arena *arena, int l_max, int u_max, weyl_torus *out) {
  WEYL_TRY(check_degree(ctx, "l_max", l_max));
  if (u_max < l_max || u_max > 8 * WEYL_L_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "u_max is %d, must be l_max = %d to %d", u_max, l_max, 8 * WEYL_L_MAX);
  const size_t rows = torus_at(l_max + 1, 0);
  double *a = weyl_arena_array(arena, double, rows *(size_t)(l_max + 1));
  double *b = weyl_arena_array(arena, double, rows *(size_t)(u_max + 1));
  if (!a || !b) return WEYL_MEMORY;
  WEYL_TRY(fill_a(ctx, l_max, a));
  weyl_torus torus = {l_max, u_max, a, b};
  fill_b(&torus, b);
  *out = torus;
  return WEYL_OK;
}

static double entry(const double *table, int width, int l, int m, int u) {
  const int order = m < 0 ? -m : m, place = u < 0 ? -u : u;
  if (place >= width) return 0;
  const double value = table[torus_at(l, order) * (size_t)width + (size_t)place];
  return u < 0 && order % 2 ? -value : value;
}

double weyl_torus_a(const weyl_torus *torus, int l, int m, int u) { return entry(torus->a, torus->l_max + 1, l, m, u); }
double weyl_torus_b(const weyl_torus *torus, int l, int m, int u) { return entry(torus->b, torus->u_max + 1, l, m, u); }
