/* Which coadjoint orbit data are on: Hill's equation psi'' = (Theta / 4) psi round the circle. */
#include "flat.h"

#include <string.h>

#define PI 3.14159265358979323846

const char *weyl_bms_class_name(weyl_bms_class c) {
  static const char *const names[] = {"hyperbolic", "elliptic", "parabolic", "exceptional"};
  return names[c];
}

typedef struct matrix {
  double m[2][2];
} matrix;

static matrix multiply(matrix a, matrix b) {
  matrix c;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) c.m[i][j] = a.m[i][0] * b.m[0][j] + a.m[i][1] * b.m[1][j];
  return c;
}

static matrix mix(double s, matrix a, double t, matrix b) {
  for (int i = 0; i < 4; i++) a.m[i / 2][i % 2] = s * a.m[i / 2][i % 2] + t * b.m[i / 2][i % 2];
  return a;
}

static matrix commutator(matrix a, matrix b) { return mix(1, multiply(a, b), -1, multiply(b, a)); }

/* exp of a traceless matrix: its square is -det */
static matrix exponential(matrix a) {
  const double square = a.m[0][0] * a.m[0][0] + a.m[0][1] * a.m[1][0], root = sqrt(fabs(square));
  const double even = square >= 0 ? cosh(root) : cos(root);
  const double odd = root < 1e-4 ? 1 + square / 6 : square >= 0 ? sinh(root) / root : sin(root) / root;
  const matrix one = {{{1, 0}, {0, 1}}};
  return mix(even, one, odd, a);
}

/* One step of Magnus' expansion of order 6 on Gauss's three nodes (Blanes, Casas, Oteo, Ros 2009). */
static matrix step(const weyl_bms_data *data, double from, double h) {
  const double off = 0.38729833462074168852; /* sqrt(15) / 10 */
  double v[3];
  for (int i = 0; i < 3; i++) weyl_circle_at(data->modes, data->theta, from + h * (0.5 + (i - 1) * off), 0, &v[i]);
  const double mid = h * v[1] / 4, first = h * sqrt(15) / 3 * (v[2] - v[0]) / 4,
               second = h * 10 / 3 * (v[2] - 2 * v[1] + v[0]) / 4;
  const matrix a1 = {{{0, h}, {mid, 0}}}, a2 = {{{0, 0}, {first, 0}}}, a3 = {{{0, 0}, {second, 0}}};
  const matrix c1 = commutator(a1, a2), c2 = mix(-1.0 / 60, commutator(a1, mix(2, a3, 1, c1)), 0, c1);
  const matrix last = commutator(mix(-20, a1, 1, mix(-1, a3, 1, c1)), mix(1, a2, 1, c2));
  return exponential(mix(1, mix(1, a1, 1.0 / 12, a3), 1.0 / 240, last));
}

/* psi at the ends of n steps: path (may be NULL) [n] are the matrices from 0 to 2 pi i / n. */
static matrix around(const weyl_bms_data *data, size_t n, matrix *path) {
  matrix m = {{{1, 0}, {0, 1}}};
  const double h = TAU / (double)n;
  for (size_t i = 0; i < n; i++) {
    if (path) path[i] = m;
    m = multiply(step(data, h * (double)i, h), m);
  }
  return m;
}

/* Half turns of (psi, psi') from the start (x, y); a zero of psi is always crossed in one sense. */
static double turns(const matrix *path, size_t n, matrix end, double x, double y) {
  double angle = 0, ax = x, ay = y;
  for (size_t i = 1; i <= n; i++) {
    const matrix *m = i < n ? &path[i] : &end;
    const double bx = m->m[0][0] * x + m->m[0][1] * y, by = m->m[1][0] * x + m->m[1][1] * y;
    angle += atan2(ay * bx - ax * by, ax * bx + ay * by);
    ax = bx;
    ay = by;
  }
  return angle / PI;
}

/* A direction that the monodromy keeps, or any for elliptic ones. */
static void eigenvector(matrix m, double *x, double *y) {
  const double half = 0.5 * (m.m[0][0] + m.m[1][1]), d = half * half - 1;
  const double value = half + (half < 0 ? -1 : 1) * sqrt(fmax(d, 0)); /* the larger one */
  const double rows[2][2] = {{m.m[0][1], value - m.m[0][0]}, {value - m.m[1][1], m.m[1][0]}};
  const int k = hypot(rows[0][0], rows[0][1]) >= hypot(rows[1][0], rows[1][1]) ? 0 : 1;
  const double length = hypot(rows[k][0], rows[k][1]);
  *x = length > 0 ? rows[k][0] / length : 1;
  *y = length > 0 ? rows[k][1] / length : 0;
}

static void classify(weyl_bms_orbit *o, matrix m, const matrix *path, size_t n) {
  const double near = 1e-9, sign = o->trace < 0 ? -1 : 1;
  double off = 0, x = 1, y = 0;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) off = fmax(off, fabs(m.m[i][j] - (i == j ? sign : 0)));
  o->theta0 = o->a = NAN;
  if (off < 1e-8) {
    o->what = WEYL_BMS_EXCEPTIONAL;
    o->winding = (int)lround(turns(path, n, m, 1, 0));
    o->a = o->winding;
    o->theta0 = -o->a * o->a;
    o->bounded = o->winding <= 1;
    return;
  }
  if (fabs(o->trace) < 2 - near) {
    o->what = WEYL_BMS_ELLIPTIC;
    o->winding = (int)floor(turns(path, n, m, 1, 0));
    const double rest = acos(0.5 * (o->winding % 2 ? -o->trace : o->trace)) / PI;
    o->a = o->winding + rest;
    o->theta0 = -o->a * o->a;
    o->bounded = o->winding == 0;
    return;
  }
  eigenvector(m, &x, &y);
  o->winding = (int)lround(turns(path, n, m, x, y));
  if (fabs(o->trace) <= 2 + near) {
    o->what = WEYL_BMS_PARABOLIC;
    /* M = +-(1 + N): N = q (x, y) (-y, x)^T, whose sign no change of phi alters. Around the vacuum N01 - N10 has the
     * sign of -delta Theta: negative for the massless particle of positive energy. */
    o->sign = sign * (m.m[0][1] - m.m[1][0]) > 0 ? 1 : -1;
    if (o->winding == 0) o->theta0 = 0;
    o->bounded = o->winding == 0 || (o->winding == 1 && o->sign < 0);
  } else {
    o->what = WEYL_BMS_HYPERBOLIC;
    const double root = acosh(0.5 * fabs(o->trace)) / PI;
    if (o->winding == 0) o->theta0 = root * root;
    o->bounded = o->winding == 0;
  }
}

/* y is an entry of the monodromy as seen from phi, y' and y'' follow from it. */
typedef struct periodic {
  double y, slope, bend;
} periodic;

static periodic from_monodromy(matrix at, double theta) {
  const double y = at.m[0][1];
  return (periodic){y, at.m[1][1] - at.m[0][0], 0.5 * theta * y - 2 * at.m[1][0]};
}

static double first_integral(periodic p, double theta) {
  return p.y * p.bend - 0.5 * p.slope * p.slope - 0.5 * theta * p.y * p.y;
}

/* Scale so that the first integral is -Theta0 / 2, and y = 1 where Theta is constant. */
static double normalisation(const weyl_bms_orbit *o) {
  const double gap = o->trace * o->trace - 4;
  if (o->what == WEYL_BMS_PARABOLIC) return (o->trace < 0 ? -1 : 1) / TAU;
  if (o->what == WEYL_BMS_HYPERBOLIC) { /* with windings there is no constant: its rate stands for it */
    const double root = acosh(0.5 * fabs(o->trace)) / PI;
    return (o->trace < 0 ? -1 : 1) * root / sqrt(gap);
  }
  return (o->winding % 2 ? -1 : 1) * o->a / sqrt(-gap);
}

static void spins(const weyl_bms_data *data, matrix end, const matrix *path, size_t n, weyl_bms_orbit *o,
                  double *stabiliser) {
  const bool three = o->what == WEYL_BMS_EXCEPTIONAL;
  const double scale = three ? 1 : normalisation(o);
  double low = INFINITY, high = -INFINITY, size = 0;
  o->stabilisers = three ? 3 : 1;
  memset(o->spin, 0, sizeof o->spin);
  o->integral = 0;
  for (size_t i = 0; i < n; i++) {
    const double phi = TAU * (double)i / (double)n;
    double xi, theta, y[3];
    weyl_circle_at(data->modes, data->xi, phi, 0, &xi);
    weyl_circle_at(data->modes, data->theta, phi, 0, &theta);
    const matrix m = path[i];
    if (three) { /* products of the two solutions */
      y[0] = m.m[0][0] * m.m[0][0];
      y[1] = m.m[0][0] * m.m[0][1];
      y[2] = m.m[0][1] * m.m[0][1];
    } else {
      const matrix back = {{{m.m[1][1], -m.m[0][1]}, {-m.m[1][0], m.m[0][0]}}}; /* det is 1 */
      periodic p = from_monodromy(multiply(m, multiply(end, back)), theta);
      p.y *= scale;
      p.slope *= scale;
      p.bend *= scale;
      const double c = first_integral(p, theta);
      low = fmin(low, c);
      high = fmax(high, c);
      size = fmax(size, fmax(fabs(p.y * p.bend), fmax(0.5 * p.slope * p.slope, fabs(0.5 * theta * p.y * p.y))));
      o->integral += c / (double)n;
      y[0] = p.y;
    }
    for (size_t k = 0; k < o->stabilisers; k++) {
      o->spin[k] += xi * y[k] / (double)n;
      if (stabiliser) stabiliser[k * n + i] = y[k];
    }
  }
  o->integral_error = three || !(size > 0) ? 0 : (high - low) / size;
}

weyl_status weyl_bms_orbit_of(weyl_context *ctx, const weyl_bms_data *given, size_t points, weyl_bms_orbit *out,
                              double *stabiliser) {
  const weyl_bms_data trimmed = weyl_bms_data_trim(*given), *data = &trimmed;
  size_t n = points;
  if (n == 0)
    for (n = 2048; n < 8 * data->modes; n *= 2) continue;
  if (n < 64 || n > 1 << 20)
    return weyl_fail(ctx, WEYL_BAD_ARG, "Hill's equation in %zu steps, must be 64 to %d", n, 1 << 20);
  matrix *path = weyl_alloc(ctx, n, sizeof *path);
  if (!path) return WEYL_MEMORY;
  weyl_bms_orbit o = {0};
  const matrix m = around(data, n, path), half = around(data, n / 2, NULL);
  o.trace = m.m[0][0] + m.m[1][1];
  o.error = fabs(o.trace - half.m[0][0] - half.m[1][1]);
  memcpy(o.monodromy, m.m, sizeof o.monodromy);
  weyl_status status = WEYL_OK;
  if (!isfinite(o.trace) || fabs(o.trace) > 1e12) {
    status = weyl_fail(ctx, WEYL_NUMERIC, "the monodromy has trace %g: Theta is too large or not finite", o.trace);
  } else {
    classify(&o, m, path, n);
    spins(data, m, path, n, &o, stabiliser);
    *out = o;
  }
  weyl_dealloc(ctx, path);
  return status;
}

weyl_status weyl_bms_thermodynamics(weyl_context *ctx, double theta, double xi, double g, weyl_bms_thermo *out) {
  if (!(theta > 0) || !(fabs(xi) > 0) || !(g > 0) || !isfinite(theta) || !isfinite(xi))
    return weyl_fail(ctx, WEYL_BAD_ARG, "Theta = %g, Xi = %g, G = %g: a cosmology has Theta and G above 0, and a spin",
                     theta, xi, g);
  const double radius = fabs(xi) / sqrt(theta);
  *out = (weyl_bms_thermo){.mass = theta / (8 * g),
                           .spin = xi / (4 * g),
                           .radius = radius,
                           .entropy = TAU * radius / (4 * g),
                           .temperature = theta * sqrt(theta) / (TAU * fabs(xi)),
                           .omega = theta / xi};
  return WEYL_OK;
}
