/* Geodesics of the metrics of boundary data. */
#include "flat.h"

#include <string.h>

enum { STATE = 6 };

static void local(const weyl_bms_data *data, bool past, const double *x, jet *g, geometry *at) {
  flat_angle a;
  flat_angle_at(data, x[PHI], 3, &a);
  flat_metric(&a, past, x[U], x[R], g);
  geometry_at(3, g, at);
}

static void slope(const weyl_bms_data *data, bool past, const double *y, double *out) {
  jet g[JET_PAIRS];
  geometry at;
  local(data, past, y, g, &at);
  memcpy(out, y + 3, 3 * sizeof *out);
  geometry_acceleration(&at, y + 3, out + 3);
}

/* g(v, v), and the square of the speed in a frame, which its terms are at most where r is large */
static double square(const weyl_bms_data *data, bool past, const double *y, double *size) {
  jet g[JET_PAIRS];
  geometry at;
  local(data, past, y, g, &at);
  const double speed = fmax(fabs(y[3]), fmax(fabs(y[4]), fabs(y[R] * y[5])));
  double sum = 0;
  *size = speed * speed;
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++) {
      const double term = at.g[a][b] * y[3 + a] * y[3 + b];
      sum += term;
      *size = fmax(*size, fabs(term));
    }
  return sum;
}

/* Dormand and Prince: the step of order 5 and its difference from order 4, relative to the tolerated one. */
static double advance(const weyl_bms_data *data, bool past, const double *y, double h, double tolerance, double *to) {
  static const double a[7][6] = {{0},
                                 {1.0 / 5},
                                 {3.0 / 40, 9.0 / 40},
                                 {44.0 / 45, -56.0 / 15, 32.0 / 9},
                                 {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
                                 {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
                                 {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};
  static const double e[7] = {71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
  double k[7][STATE], worst_part = 0;
  for (int s = 0; s < 7; s++) {
    memcpy(to, y, STATE * sizeof *to);
    for (int i = 0; i < STATE; i++)
      for (int j = 0; j < s; j++) to[i] += h * a[s][j] * k[j][i];
    slope(data, past, to, k[s]);
  }
  const double speed = fmax(fabs(y[3]), fmax(fabs(y[4]), fabs(y[5] * y[R])));
  const double scale[STATE] = {1 + fabs(y[U]), fabs(y[R]), 1, speed, speed, speed / y[R]};
  for (int i = 0; i < STATE; i++) {
    double off = 0;
    for (int s = 0; s < 7; s++) off += h * e[s] * k[s][i];
    worst(&worst_part, fabs(off) / (scale[i] * tolerance));
  }
  return worst_part;
}

static void keep(const weyl_bms_ray_opts *o, size_t i, const double *y) {
  if (!o->path || i >= o->path_room) return;
  o->path[3 * i] = y[R] * cos(y[PHI]);
  o->path[3 * i + 1] = y[R] * sin(y[PHI]);
  o->path[3 * i + 2] = y[U];
}

weyl_status weyl_bms_geodesic(weyl_context *ctx, const weyl_bms_data *data, const double x[3], const double v[3],
                              const weyl_bms_ray_opts *o, weyl_bms_ray *out) {
  for (int i = 0; i < 3; i++)
    if (!isfinite(x[i]) || !isfinite(v[i]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "the start of a geodesic is not finite: component %d is %g, velocity %g", i,
                       x[i], v[i]);
  if (!(x[R] > o->near)) return weyl_fail(ctx, WEYL_BAD_ARG, "r is %g, must be above %g", x[R], o->near);
  if (!(o->tolerance >= 1e-15 && o->tolerance < 1))
    return weyl_fail(ctx, WEYL_BAD_ARG, "the tolerance is %g, must be 1e-15 to 1", o->tolerance);
  double y[STATE] = {x[0], x[1], x[2], v[0], v[1], v[2]}, next[STATE], size;
  weyl_bms_ray ray = {.nearest = x[R]};
  const double norm = square(data, o->past, y, &size);
  double largest = size;
  if (!(size > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "a geodesic with velocity 0");
  ray.norm = fabs(norm) < 1e-9 * size ? 0 : norm;
  double h = 1e-3 * y[R] / fmax(fabs(y[4]), fmax(fabs(y[3]), fabs(y[R] * y[5])));
  keep(o, 0, y);
  while (ray.steps < o->most) {
    const double off = advance(data, o->past, y, h, o->tolerance, next);
    const bool good = off <= 1 && next[R] > 0;
    const double grow = off > 0 ? 0.9 * pow(off, -0.2) : 5;
    if (good) {
      memcpy(y, next, sizeof y);
      ray.parameter += h;
      ray.steps++;
      keep(o, ray.steps, y);
      ray.nearest = fmin(ray.nearest, y[R]);
      const double now = square(data, o->past, y, &size);
      largest = fmax(largest, size);
      worst(&ray.norm_drift, fabs(now - norm) / largest);
      if (y[R] <= o->near) break;
      if (y[R] >= o->far && y[4] > 0) {
        ray.escaped = true;
        break;
      }
    }
    h *= !good || grow < 1 ? fmax(0.2, isfinite(grow) ? fmin(grow, 0.9) : 0.2) : fmin(grow, 5);
    if (!(h > 1e-300))
      return weyl_fail(ctx, WEYL_NUMERIC, "the step of the geodesic became 0 at r = %g after %zu steps", y[R],
                       ray.steps);
  }
  memcpy(ray.x, y, sizeof ray.x);
  memcpy(ray.v, y + 3, sizeof ray.v);
  *out = ray;
  return WEYL_OK;
}

weyl_status weyl_bms_null(weyl_context *ctx, const weyl_bms_data *data, bool past, const double x[3], double b,
                          bool inward, double v[3]) {
  if (!(x[R] > 0) || !isfinite(x[U]) || !isfinite(x[PHI]) || !isfinite(x[R]) || !isfinite(b))
    return weyl_fail(ctx, WEYL_BAD_ARG, "(%g, %g, %g) with b = %g: must be finite, with r above 0", x[0], x[1], x[2],
                     b);
  flat_angle a;
  flat_angle_at(data, x[PHI], 3, &a);
  const double n = flat_n(&a, x[U]).v, sign = past ? 1 : -1, turn = b / (x[R] * x[R]), c = b * turn;
  /* Theta w^2 + w (2 sign r' + N phi') + r^2 phi'^2 = 0 with w = u': rays that cross the surfaces of constant u have w
   * = 1, the others nearly stay on one. */
  v[PHI] = turn;
  if (inward != past) {
    v[U] = 1;
    v[R] = -(a.theta[0] + n * turn + c) / (2 * sign);
    if ((inward && v[R] >= 0) || (!inward && v[R] <= 0))
      return weyl_fail(ctx, WEYL_BAD_ARG, "no ray goes %s at r = %g with b = %g: r' would be %g",
                       inward ? "inward" : "outward", x[R], b, v[R]);
    return WEYL_OK;
  }
  v[R] = -sign;
  const double middle = -2 + n * turn, root = middle * middle - 4 * a.theta[0] * c;
  if (!(root >= 0 && middle < 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "no null ray at r = %g with b = %g", x[R], b);
  v[U] = 2 * c / (-middle + sqrt(root));
  return WEYL_OK;
}
