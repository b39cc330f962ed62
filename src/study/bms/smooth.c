/* The vacuum of a supertranslation f without caustics. Its metric is that of Minkowski space pulled back along
 *   (t, x) -> (t + chi f, x - chi grad f),    chi = chi(r / L) from 0 at r = L to 1 at 2 L,
 * which is the identity near the centre, so everywhere smooth, and at large r the supertranslation itself. */
#include "sphere.h"

enum { INSIDE, SHELL, OUTSIDE };

/* chi at s = r / L and three derivatives with respect to s: 1 / (1 + exp(1/t - 1/(1-t))), t = s - 1. */
static void step(double s, double out[4]) {
  const double t = s - 1, other = 2 - s;
  out[0] = s < 1.5 ? 0 : 1;
  out[1] = out[2] = out[3] = 0;
  if (!(t > 0 && other > 0)) return;
  const double p = 1 / (1 + exp(1 / t - 1 / other)), q = 1 / (1 + exp(1 / other - 1 / t)), w = p * q;
  out[0] = p;
  if (w < 1e-200) return; /* flat there, and what it is multiplied by may overflow */
  const double y1 = 1 / (t * t) + 1 / (other * other), y2 = 2 / (other * other * other) - 2 / (t * t * t),
               y3 = 6 / (t * t * t * t) + 6 / (other * other * other * other);
  out[1] = w * y1;
  out[2] = w * ((q - p) * y1 * y1 + y2);
  out[3] = w * ((1 - 6 * w) * y1 * y1 * y1 + 3 * (q - p) * y1 * y2 + y3);
}

/* One point: f there, and chi with its slope in r as jets. */
typedef struct place {
  double r, theta;
  sphere f;
  jet chi, slope;
} place;

static void place_at(int l_max, const double *c, double length, double r, double theta, double phi, place *out) {
  double s[4];
  const jet radius = jet_variable(R, r);
  out->r = r;
  out->theta = theta;
  sphere_at(l_max, c, theta, phi, out->f);
  step(r / length, s);
  for (int k = 1, power = 1; k < 4; k++, power++) s[k] /= pow(length, power);
  out->chi = jet_chain(radius, s[0], s[1], s[2]);
  out->slope = jet_chain(radius, s[1], s[2], s[3]);
}

/* The forms dt, n.dx and e_A.dx of the image, [form][component]; the metric is the sum of their squares. */
static void metric_at(place *at, jet *g) {
  const round_sphere s = round_at(at->theta);
  const jet radius = jet_variable(R, at->r), zero = jet_constant(0), one = jet_constant(1);
  const jet f = sphere_part(at->f, 0, 0);
  const jet df[2] = {sphere_part(at->f, 1, 0), sphere_part(at->f, 0, 1)};
  jet dd[3], form[4][4];
  sphere_hessian(at->f, &s, dd);
  for (int k = 0; k < 4; k++)
    for (int i = 0; i < 4; i++) form[k][i] = zero;
  form[0][U] = one;
  form[0][R] = jet_add(one, jet_mul(f, at->slope));
  form[1][R] = one;
  for (int a = 0; a < 2; a++) {
    form[0][THETA + a] = form[1][THETA + a] = jet_mul(at->chi, df[a]);
    form[2 + a][R] = jet_scale(-1, jet_mul(at->slope, df[a]));
    for (int b = 0; b < 2; b++) form[2 + a][THETA + b] = jet_scale(-1, jet_mul(at->chi, dd[a + b]));
  }
  form[2][THETA] = jet_add(form[2][THETA], radius);
  form[3][ANGLE] = jet_add(form[3][ANGLE], jet_mul(radius, s.square));
  const jet weight[4] = {jet_constant(-1), one, one, s.over};
  for (int i = 0; i < 4; i++)
    for (int j = i; j < 4; j++) {
      jet sum = zero;
      for (int k = 0; k < 4; k++) sum = jet_add(sum, jet_mul(weight[k], jet_mul(form[k][i], form[k][j])));
      g[jet_pair(i, j)] = sum;
    }
}

/* The map turns spheres by r - chi D D f + chi chi' Df Df, symmetric; at the centre this is r.  Its least eigenvalue
 * over r: where that is positive at all points there is no caustic, and the map has an inverse (Hadamard). */
static double stretch_at(place *at) {
  const round_sphere s = round_at(at->theta);
  const double sine = sin(at->theta), chi = at->chi.v, turn = chi * at->slope.v;
  const double df[2] = {at->f[1][0], at->f[0][1] / sine};
  jet dd[3];
  sphere_hessian(at->f, &s, dd);
  const double a = at->r - chi * dd[0].v + turn * df[0] * df[0], b = turn * df[0] * df[1] - chi * dd[1].v / sine,
               d = at->r - chi * dd[2].v / (sine * sine) + turn * df[1] * df[1];
  return (0.5 * (a + d) - hypot(0.5 * (a - d), b)) / at->r;
}

static weyl_status arguments(weyl_context *ctx, int l_max, const double *c, double length, double theta) {
  if (!(length > 0 && isfinite(length)))
    return weyl_fail(ctx, WEYL_BAD_ARG, "the radius of the smooth part is %g, must be positive", length);
  return vacuum_arguments(ctx, l_max, c, theta);
}

weyl_status weyl_bms_smooth_at(weyl_context *ctx, int l_max, const double *c, double length, const double x[4],
                               weyl_bms_smooth_point *out) {
  WEYL_TRY(arguments(ctx, l_max, c, length, x[2]));
  if (!isfinite(x[0]) || !(x[1] > 0 && isfinite(x[1])) || !isfinite(x[3]))
    return weyl_fail(ctx, WEYL_BAD_ARG, "(%g, %g, %g, %g) must be finite, with r > 0", x[0], x[1], x[2], x[3]);
  place at;
  jet g[JET_PAIRS];
  geometry curved;
  weyl_bms_smooth_point p;
  place_at(l_max, c, length, x[1], x[2], x[3], &at);
  metric_at(&at, g);
  p.stretch = stretch_at(&at);
  if (fabs(p.stretch) < 1e-6)
    return weyl_fail(ctx, WEYL_DEGENERATE, "r = %g is on a caustic: %g is too short a radius for this f", x[1], length);
  for (int i = 0; i < JET_PAIRS; i++) p.g[i] = g[i].v;
  geometry_at(4, g, &curved);
  p.volume = curved.volume;
  p.riemann = geometry_riemann(&curved, &p.scale);
  *out = p;
  return WEYL_OK;
}

static double relative_riemann(const jet *g) {
  geometry at;
  double scale;
  geometry_at(4, g, &at);
  const double most = geometry_riemann(&at, &scale);
  return most / scale;
}

/* The largest difference of two metrics in a frame. */
static double apart(const jet *g, const jet *h, double r, double theta) {
  const double frame[4] = {1, 1, r, r * sin(theta)};
  double most = 0;
  for (int i = 0; i < 4; i++)
    for (int j = i; j < 4; j++) worst(&most, fabs(g[jet_pair(i, j)].v - h[jet_pair(i, j)].v) / (frame[i] * frame[j]));
  return most;
}

/* One direction, at a share `at` of each of the three ranges of r. */
static void along(int l_max, const double *c, double length, double theta, double phi, double share,
                  weyl_bms_smooth *out) {
  enum { RADII = 64 };
  const double r[3] = {length * pow(10, -4 * share), length * (1 + share), length * (2 + 8 * share)};
  place at;
  jet g[JET_PAIRS], exact[JET_PAIRS], closed[3];
  for (int k = INSIDE; k <= OUTSIDE; k++) {
    place_at(l_max, c, length, r[k], theta, phi, &at);
    metric_at(&at, g);
    worst(&out->riemann[k], relative_riemann(g));
    if (k == SHELL) {
      at.slope = jet_constant(0);
      metric_at(&at, g);
      worst(&out->spoilt, relative_riemann(g));
      continue;
    }
    sphere none = {{0}};
    vacuum_metric(k == INSIDE ? none : at.f, r[k], theta, exact);
    worst(k == INSIDE ? &out->inside : &out->outside, apart(g, exact, r[k], theta));
  }
  double shear[3], divergence[2];
  const double sine = sin(theta), frame[3] = {1, sine, sine * sine};
  vacuum_shear(g, r[OUTSIDE], theta, shear);
  vacuum_shear_closed(at.f, theta, closed, divergence);
  for (int k = 0; k < 3; k++) worst(&out->shear, fabs(shear[k] - closed[k].v / frame[k]));
  for (int i = 1; i <= RADII; i++) {
    place_at(l_max, c, length, length * (1 + (double)i / RADII), theta, phi, &at);
    const double stretch = stretch_at(&at);
    if (!(stretch >= out->stretch)) out->stretch = stretch; /* NaN sticks */
  }
}

weyl_status weyl_bms_smooth_check(weyl_context *ctx, int l_max, const double *c, double length, size_t points,
                                  uint64_t seed, weyl_bms_smooth *out) {
  WEYL_TRY(arguments(ctx, l_max, c, length, 1));
  weyl_bms_smooth v = {.stretch = 1};
  weyl_rng rng = weyl_rng_new(seed, "bms smooth");
  for (size_t i = 0; i < points; i++) {
    const double theta = acos(0.98 * (2 * weyl_rng_uniform(&rng) - 1)), phi = TAU * weyl_rng_uniform(&rng);
    along(l_max, c, length, theta, phi, weyl_rng_uniform(&rng), &v);
    if (i % 1024 == 1023 && weyl_progress(ctx, "points", (double)i, (double)points))
      return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped after %zu points", i);
  }
  *out = v;
  return WEYL_OK;
}
