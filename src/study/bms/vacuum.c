/* Minkowski space in four dimensions after a supertranslation f: the metric, its curvature, shear and charges. */
#include "sphere.h"

#include <weyl/kernels.h>

#define PI 3.14159265358979323846

void vacuum_metric(sphere f, double r, double theta, jet *g) {
  const round_sphere s = round_at(theta);
  const jet radius = jet_variable(R, r);
  jet dd[3], q[3];
  sphere_hessian(f, &s, dd);
  q[0] = jet_mix(1, radius, -1, dd[0]);
  q[1] = jet_scale(-1, dd[1]);
  q[2] = jet_mix(1, jet_mul(radius, s.square), -1, dd[2]);
  for (int p = 0; p < JET_PAIRS; p++) g[p] = jet_constant(0);
  g[jet_pair(U, U)] = jet_constant(-1);
  g[jet_pair(U, R)] = jet_constant(-1);
  g[jet_pair(U, THETA)] = jet_scale(-1, sphere_part(f, 1, 0));
  g[jet_pair(U, ANGLE)] = jet_scale(-1, sphere_part(f, 0, 1));
  const jet turned = jet_mul(q[1], s.over), last = jet_mul(q[2], s.over);
  g[jet_pair(THETA, THETA)] = jet_add(jet_mul(q[0], q[0]), jet_mul(turned, q[1]));
  g[jet_pair(THETA, ANGLE)] = jet_add(jet_mul(q[0], q[1]), jet_mul(turned, q[2]));
  g[jet_pair(ANGLE, ANGLE)] = jet_add(jet_mul(q[1], q[1]), jet_mul(last, q[2]));
}

weyl_status vacuum_arguments(weyl_context *ctx, int l_max, const double *c, double theta) {
  if (l_max < 0 || l_max > WEYL_BMS_DEGREE)
    return weyl_fail(ctx, WEYL_BAD_ARG, "degree %d, must be 0 to %d", l_max, WEYL_BMS_DEGREE);
  for (int i = 0; i < (l_max + 1) * (l_max + 1); i++)
    if (!isfinite(c[i])) return weyl_fail(ctx, WEYL_NUMERIC, "coefficient %d of f is %g", i, c[i]);
  if (!(theta > 1e-3 && theta < PI - 1e-3))
    return weyl_fail(ctx, WEYL_BAD_ARG, "theta is %g: the angles are no coordinates within 1e-3 of a pole", theta);
  return WEYL_OK;
}

/* Eigenvalues of D_A D_B f in an orthonormal frame, rising: the caustics are at r = these. */
static void caustics(sphere f, double theta, double out[2]) {
  const round_sphere s = round_at(theta);
  jet dd[3];
  sphere_hessian(f, &s, dd);
  const double sine = sin(theta), a = dd[0].v, b = dd[1].v / sine, d = dd[2].v / (sine * sine);
  const double middle = 0.5 * (a + d), half = hypot(0.5 * (a - d), b);
  out[0] = middle - half;
  out[1] = middle + half;
}

weyl_status weyl_bms_vacuum_riemann(weyl_context *ctx, int l_max, const double *c, const double x[4], double *riemann,
                                    double *scale) {
  WEYL_TRY(vacuum_arguments(ctx, l_max, c, x[2]));
  if (!isfinite(x[0]) || !isfinite(x[1]) || !isfinite(x[3]))
    return weyl_fail(ctx, WEYL_BAD_ARG, "(%g, %g, %g, %g) is not finite", x[0], x[1], x[2], x[3]);
  sphere f;
  jet g[JET_PAIRS];
  geometry at;
  double edge[2];
  sphere_at(l_max, c, x[2], x[3], f);
  caustics(f, x[2], edge);
  for (int k = 0; k < 2; k++)
    if (fabs(x[1] - edge[k]) < 1e-6 * (1 + fabs(x[1])))
      return weyl_fail(ctx, WEYL_DEGENERATE, "r = %g is on a caustic at theta = %g, phi = %g: det q = 0 at r = %.9g",
                       x[1], x[2], x[3], edge[k]);
  vacuum_metric(f, x[1], x[2], g);
  geometry_at(4, g, &at);
  *riemann = geometry_riemann(&at, scale);
  return WEYL_OK;
}

/* ---- shear ---- */

void vacuum_shear_closed(sphere f, double theta, jet c[3], double divergence[2]) {
  const round_sphere s = round_at(theta);
  jet dd[3];
  sphere_hessian(f, &s, dd);
  const jet laplace = jet_add(dd[0], jet_mul(dd[2], s.over));
  c[0] = jet_mix(-2, dd[0], 1, laplace);
  c[1] = jet_scale(-2, dd[1]);
  c[2] = jet_mix(-2, dd[2], 1, jet_mul(s.square, laplace));
  /* D^B C_AB with Gamma^theta_phiphi = -sin cos, Gamma^phi_thetaphi = cot */
  const double cot = s.cot.v, over = s.over.v, mixed = s.mixed.v;
  divergence[0] = c[0].d[THETA] + over * (c[1].d[ANGLE] + mixed * c[0].v - cot * c[2].v);
  divergence[1] = c[1].d[THETA] - cot * c[1].v + over * (c[2].d[ANGLE] + 2 * mixed * c[1].v);
}

double vacuum_shear(const jet *g, double r, double theta, double c[3]) {
  static const int place[3][2] = {{THETA, THETA}, {THETA, ANGLE}, {ANGLE, ANGLE}};
  const double sine = sin(theta), frame[3] = {1, sine, sine * sine};
  for (int k = 0; k < 3; k++) {
    const jet *x = &g[jet_pair(place[k][0], place[k][1])];
    c[k] = (x->d[R] - r * x->h[jet_pair(R, R)]) / frame[k];
  }
  const double trace = c[0] + c[2];
  c[0] -= 0.5 * trace;
  c[2] -= 0.5 * trace;
  return trace;
}

weyl_status weyl_bms_shear_at(weyl_context *ctx, int l_max, const double *c, double theta, double phi,
                              weyl_bms_shear *out) {
  WEYL_TRY(vacuum_arguments(ctx, l_max, c, theta));
  sphere f;
  jet g[JET_PAIRS], dd[3];
  double edge[2];
  sphere_at(l_max, c, theta, phi, f);
  caustics(f, theta, edge);
  const double r = 1 + 2 * fmax(fabs(edge[0]), fabs(edge[1])), sine = sin(theta);
  vacuum_metric(f, r, theta, g);
  weyl_bms_shear s;
  const double trace = vacuum_shear(g, r, theta, s.c);
  const round_sphere round = round_at(theta);
  sphere_hessian(f, &round, dd);
  s.trace = trace + 2 * (dd[0].v + dd[2].v / (sine * sine));
  s.radius = fmax(edge[0], edge[1]);
  *out = s;
  return WEYL_OK;
}

/* ---- all of it at random points ---- */

static void at_point(int l_max, const double *c, double theta, double phi, double rest, weyl_bms_vacuum *out) {
  sphere f;
  jet g[JET_PAIRS], closed[3];
  geometry at;
  weyl_bms_shear s;
  double edge[2], scale, divergence[2];
  sphere_at(l_max, c, theta, phi, f);
  caustics(f, theta, edge);
  const double most = fmax(fabs(edge[0]), fabs(edge[1])), r = 0.5 + 1.2 * most + rest;
  vacuum_metric(f, r, theta, g);
  geometry_at(4, g, &at);
  const double riemann = geometry_riemann(&at, &scale);
  worst(&out->riemann, riemann / scale);
  worst(&out->riemann_size, riemann);
  worst(&out->radius, most);
  worst(&out->mass, fabs(g[jet_pair(U, U)].v + 1));
  if (weyl_bms_shear_at(NULL, l_max, c, theta, phi, &s) != WEYL_OK) return;
  vacuum_shear_closed(f, theta, closed, divergence);
  const double sine = sin(theta), exact[3] = {closed[0].v, closed[1].v / sine, closed[2].v / (sine * sine)};
  worst(&out->trace, fabs(s.trace));
  worst(&out->trace, fabs(exact[0] + exact[2]));
  for (int k = 0; k < 3; k++) {
    worst(&out->shear, fabs(s.c[k]));
    worst(&out->closed, fabs(s.c[k] - exact[k]));
  }
  /* after r -> r + D^2 f / 2: g_uA = -d_A (f + D^2 f / 2) */
  const round_sphere round = round_at(theta);
  jet dd[3];
  sphere_hessian(f, &round, dd);
  const jet laplace = jet_add(dd[0], jet_mul(dd[2], round.over));
  for (int a = 0; a < 2; a++)
    worst(&out->divergence,
          fabs(g[jet_pair(U, THETA + a)].v - 0.5 * laplace.d[THETA + a] - 0.5 * divergence[a]) / (a ? sine : 1));
}

/* Gauss in cos(theta), equal steps in phi: exact for the degrees that occur. */
typedef double (*sphere_fn)(const void *arg, double theta, double phi);
static weyl_status integrate(weyl_context *ctx, size_t degree, sphere_fn f, const void *arg, double *out) {
  const size_t n = degree / 2 + 2, m = degree + 4;
  double *x = weyl_alloc(ctx, 2 * n, sizeof *x), sum = 0;
  if (!x) return WEYL_MEMORY;
  weyl_gauss_legendre(n, -1, 1, x, x + n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++) sum += x[n + i] * f(arg, acos(x[i]), TAU * (double)j / (double)m) * TAU / (double)m;
  weyl_dealloc(ctx, x);
  *out = sum;
  return WEYL_OK;
}

typedef struct charged {
  int l_max, l, m;
  const double *c;
  bool curl;
} charged;

static double square(const void *arg, double theta, double phi) {
  const charged *q = arg;
  sphere f;
  jet c[3];
  double divergence[2];
  sphere_at(q->l_max, q->c, theta, phi, f);
  vacuum_shear_closed(f, theta, c, divergence);
  const double s2 = sin(theta) * sin(theta);
  return c[0].v * c[0].v + 2 * c[1].v * c[1].v / s2 + c[2].v * c[2].v / (s2 * s2);
}

static double charge_density(const void *arg, double theta, double phi) {
  const charged *q = arg;
  sphere f, y;
  jet c[3];
  double divergence[2], one[(WEYL_BMS_DEGREE + 1) * (WEYL_BMS_DEGREE + 1)] = {0};
  one[q->l * q->l + q->l + q->m] = 1;
  sphere_at(q->l_max, q->c, theta, phi, f);
  sphere_at(q->l, one, theta, phi, y);
  vacuum_shear_closed(f, theta, c, divergence);
  const double s = sin(theta);
  /* all in the frame: eps_theta phi = 1 */
  const double slope[2] = {y[1][0], y[0][1] / s}, v[2] = {divergence[0], divergence[1] / s};
  const double vector[2] = {q->curl ? slope[1] : slope[0], q->curl ? -slope[0] : slope[1]};
  const double cc[3] = {c[0].v, c[1].v / s, c[2].v / (s * s)};
  const double first = vector[0] * (cc[0] * v[0] + cc[1] * v[1]) + vector[1] * (cc[1] * v[0] + cc[2] * v[1]);
  const double spread = q->curl ? 0 : -(double)(q->l * (q->l + 1)) * y[0][0]; /* D_A Y^A, by parts */
  return 0.25 * first - spread / 16 * (cc[0] * cc[0] + 2 * cc[1] * cc[1] + cc[2] * cc[2]);
}

weyl_status weyl_bms_vacuum_charge(weyl_context *ctx, int l_max, const double *c, int l, int m, bool curl, double g,
                                   double *charge) {
  WEYL_TRY(vacuum_arguments(ctx, l_max, c, 1));
  if (l < 1 || l > WEYL_BMS_DEGREE || m < -l || m > l)
    return weyl_fail(ctx, WEYL_BAD_ARG, "the vector of degree %d, order %d: degrees are 1 to %d", l, m,
                     WEYL_BMS_DEGREE);
  const charged q = {l_max, l, m, c, curl};
  double sum;
  WEYL_TRY(integrate(ctx, (size_t)(2 * l_max + l + 2), charge_density, &q, &sum));
  *charge = -sum / (8 * PI * g);
  return WEYL_OK;
}

weyl_status weyl_bms_vacuum_check(weyl_context *ctx, int l_max, const double *c, size_t points, uint64_t seed,
                                  weyl_bms_vacuum *out) {
  WEYL_TRY(vacuum_arguments(ctx, l_max, c, 1));
  weyl_bms_vacuum v = {0};
  weyl_rng rng = weyl_rng_new(seed, "bms vacuum");
  for (size_t i = 0; i < points; i++) {
    const double theta = acos(0.98 * (2 * weyl_rng_uniform(&rng) - 1)), phi = TAU * weyl_rng_uniform(&rng);
    at_point(l_max, c, theta, phi, 5 * weyl_rng_uniform(&rng), &v);
    if (i % 4096 == 4095 && weyl_progress(ctx, "points", (double)i, (double)points))
      return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped after %zu points", i);
  }
  const charged q = {.l_max = l_max, .c = c};
  WEYL_TRY(integrate(ctx, (size_t)(2 * l_max + 2), square, &q, &v.norm2));
  v.norm2 /= 4 * PI;
  *out = v;
  return WEYL_OK;
}
