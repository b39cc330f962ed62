/* Grids of the sphere: nodes, weights and the tables of the transforms. */
#include "degrees.h"

#include <math.h>

void weyl_sphere_grid_sizes(int degree, int *n_theta, int *n_phi) {
  const int d = degree < 0 ? 0 : degree;
  *n_theta = d / 2 + 1; /* (D + 1) / 2, rounded up */
  *n_phi = d + 1;
}

/* Legendre's polynomial of degree n and its derivative at z inside (-1, 1). */
static long double legendre(int n, long double z, long double *slope) {
  long double p = 1, below = 0;
  for (int k = 1; k <= n; k++) {
    const long double next = ((2 * k - 1) * z * p - (k - 1) * below) / k;
    below = p;
    p = next;
  }
  *slope = n * (z * p - below) / (z * z - 1);
  return p;
}

/* Gauss-Legendre nodes, ascending, and weights that sum to `total`.  Newton's method from Chebyshev-like guesses. */
static void gauss_legendre(int n, double total, double *z, double *weight) {
  for (int i = 0; i < (n + 1) / 2; i++) {
    long double x = cosl(3.14159265358979323846L * (i + 0.75L) / (n + 0.5L)), slope = 1;
    for (int step = 0; step < 20; step++) {
      const long double move = legendre(n, x, &slope) / slope;
      x -= move;
      if (fabsl(move) < 1e-18L) break;
    }
    if (2 * i + 1 == n) x = 0;
    legendre(n, x, &slope);
    const double w = (double)(total / ((1 - x * x) * slope * slope));
    z[n - 1 - i] = (double)x;
    z[i] = -(double)x;
    weight[i] = weight[n - 1 - i] = w;
  }
}

/* The meridian phi = 0, in standard axes: orders m >= 0 there are the tables, and derivatives come with them. */
static weyl_status fill_tables(weyl_context *ctx, int l_max, int n_theta, const double *z, double *value,
                               double *d_theta, double *d_phi) {
  const size_t rows = (size_t)n_theta, width = (size_t)(l_max + 1) * (size_t)(l_max + 1);
  const weyl_harmonics_opts opts = {.l_max = l_max, .axes = WEYL_AXES_STANDARD, .solid = true};
  double *xyz = weyl_alloc(ctx, rows * (3 + 4 * width), sizeof *xyz);
  if (!xyz) return WEYL_MEMORY;
  double *y = xyz + 3 * rows, *dy = y + rows * width;
  for (size_t j = 0; j < rows; j++) {
    xyz[3 * j] = sqrt((1 - z[j]) * (1 + z[j]));
    xyz[3 * j + 2] = z[j];
  }
  weyl_status status;
  WEYL_GOTO(weyl_harmonics(ctx, &opts, WEYL_F64, n_theta, xyz, y, dy));
  size_t at = 0;
  for (size_t j = 0; j < rows; j++) {
    const double *dx = dy + 3 * j * width, *dym = dx + width, *dz = dym + width;
    for (int l = 0; l <= l_max; l++) {
      for (int m = 0; m <= l; m++, at++) {
        const size_t plus = (size_t)(l * (l + 1) + m), minus = (size_t)(l * (l + 1) - m);
        value[at] = y[j * width + plus];
        d_theta[at] = z[j] * dx[plus] - xyz[3 * j] * dz[plus];
        d_phi[at] = m > 0 ? dym[minus] : 0;
      }
    }
  }
  status = WEYL_OK;
done:
  weyl_dealloc(ctx, xyz);
  return status;
}

weyl_status weyl_sphere_grid_new(weyl_context *ctx, weyl_arena *arena, int l_max, int n_theta, int n_phi, double shift,
                                 weyl_sphere_grid *out) {
  enum { NODES_MAX = 4096 };
  WEYL_TRY(check_degree(ctx, "l_max", l_max));
  if (n_theta < 1 || n_theta > NODES_MAX || n_phi < 1 || n_phi > NODES_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a grid of %d x %d nodes, must be 1 to %d each way", n_theta, n_phi, NODES_MAX);
  if (!isfinite(shift)) return weyl_fail(ctx, WEYL_BAD_ARG, "the shift of a grid is %g", shift);
  const size_t rows = (size_t)n_theta, columns = (size_t)n_phi, orders = (size_t)(l_max + 1);
  const size_t triangle = orders * (orders + 1) / 2;
  double *z = weyl_arena_array(arena, double, rows), *weight = weyl_arena_array(arena, double, rows);
  double *phi = weyl_arena_array(arena, double, columns);
  double *tables = weyl_arena_array(arena, double, 3 * rows * triangle);
  double *turns = weyl_arena_array(arena, double, 2 * columns * orders);
  if (!z || !weight || !phi || !tables || !turns) return WEYL_MEMORY;
  gauss_legendre(n_theta, 4 * pi / n_phi, z, weight);
  WEYL_TRY(fill_tables(ctx, l_max, n_theta, z, tables, tables + rows * triangle, tables + 2 * rows * triangle));
  for (size_t k = 0; k < columns; k++) {
    phi[k] = 2 * pi * ((double)k + shift) / n_phi;
    for (size_t m = 0; m < orders; m++) {
      /* the angle is brought below one turn first, so that no digits are lost */
      const double angle = 2 * pi * fmod((double)m * ((double)k + shift), n_phi) / n_phi;
      turns[k * orders + m] = cos(angle);
      turns[(columns + k) * orders + m] = sin(angle);
    }
  }
  *out = (weyl_sphere_grid){.l_max = l_max,
                            .n_theta = n_theta,
                            .n_phi = n_phi,
                            .z = z,
                            .phi = phi,
                            .weight = weight,
                            .value = tables,
                            .d_theta = tables + rows * triangle,
                            .d_phi = tables + 2 * rows * triangle,
                            .cosine = turns,
                            .sine = turns + columns * orders};
  return WEYL_OK;
}

void weyl_sphere_grid_points(const weyl_sphere_grid *grid, weyl_axes axes, double *xyz) {
  const int first = axes == WEYL_AXES_STANDARD ? 0 : 2; /* where x of standard axes goes */
  for (int j = 0; j < grid->n_theta; j++) {
    const double s = sqrt((1 - grid->z[j]) * (1 + grid->z[j]));
    for (int k = 0; k < grid->n_phi; k++, xyz += 3) {
      xyz[first] = s * cos(grid->phi[k]);
      xyz[(first + 1) % 3] = s * sin(grid->phi[k]);
      xyz[(first + 2) % 3] = grid->z[j];
    }
  }
}
