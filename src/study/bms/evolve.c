/* Boundary data that null matter changes, and Einstein's equations for the metric they are. */
#include "flat.h"

#include <string.h>

#define PI 3.14159265358979323846

typedef struct flowing {
  const weyl_bms_matter *m;
  size_t modes; /* of Theta and N */
} flowing;

static double pulse(const weyl_bms_matter *m, double u, double *slope) {
  const double z = (u - m->centre) / m->width, w = exp(-0.5 * z * z) / (m->width * sqrt(2 * PI));
  *slope = -z / m->width * w;
  return w;
}

static double passed(const weyl_bms_matter *m, double u) { return 0.5 * erf((u - m->centre) / (m->width * sqrt(2))); }

/* y = (Theta, N), [2][2 modes + 1] */
static void rate(const flowing *q, double u, const double *y, double *out) {
  const size_t length = 2 * q->modes + 1, own = 2 * q->m->modes + 1;
  double unused;
  const double w = -16 * PI * q->m->g * pulse(q->m, u, &unused);
  for (size_t i = 0; i < length; i++) {
    out[i] = i < own ? w * q->m->tau[i] : 0;
    out[length + i] = i < own ? w * q->m->sigma[i] : 0;
  }
  for (size_t n = 1; n <= q->modes; n++) {
    out[length + 2 * n - 1] += (double)n * y[2 * n];
    out[length + 2 * n] -= (double)n * y[2 * n - 1];
  }
}

static void runge_kutta(const flowing *q, double u, double h, double *y, double *work) {
  const size_t n = 2 * (2 * q->modes + 1);
  double *k = work, *at = work + n, *sum = work + 2 * n;
  static const double reach[4] = {0, 0.5, 0.5, 1}, weight[4] = {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6};
  memset(sum, 0, n * sizeof *sum);
  for (int s = 0; s < 4; s++) {
    for (size_t i = 0; i < n; i++) at[i] = y[i] + (s ? h * reach[s] * k[i] : 0);
    rate(q, u + h * reach[s], at, k);
    for (size_t i = 0; i < n; i++) sum[i] += weight[s] * k[i];
  }
  for (size_t i = 0; i < n; i++) y[i] += h * sum[i];
}

/* f(u, phi) whose slope in u is w(u) s(phi) + c(phi), and its second one w' s + d(phi) */
static jet changing(const double f[3], const double du[2], double duu) {
  jet x = jet_along(PHI, f);
  x.d[U] = du[0];
  x.h[jet_pair(U, PHI)] = du[1];
  x.h[jet_pair(U, U)] = duu;
  return x;
}

/* Ricci from g at (u, r, phi) against 8 pi G T, relative. */
static void einstein(const flowing *q, double u, double r, double phi, const double *y, weyl_bms_flow *out) {
  const weyl_bms_matter *m = q->m;
  const size_t length = 2 * q->modes + 1;
  double theta[4], n[3], tau[3], sigma[3], slope;
  weyl_circle_at(q->modes, y, phi, 3, theta);
  weyl_circle_at(q->modes, y + length, phi, 2, n);
  weyl_circle_at(m->modes, m->tau, phi, 2, tau);
  weyl_circle_at(m->modes, m->sigma, phi, 2, sigma);
  const double k = -16 * PI * m->g, w = k * pulse(m, u, &slope), bend = k * slope;
  const jet big = changing(theta, (const double[2]){w * tau[0], w * tau[1]}, bend * tau[0]);
  const jet turn =
      changing(n, (const double[2]){theta[1] + w * sigma[0], theta[2] + w * sigma[1]}, w * tau[1] + bend * sigma[0]);
  jet g[JET_PAIRS];
  geometry at;
  double ricci[JET_VARS][JET_VARS], matter[JET_VARS][JET_VARS] = {{0}}, trace = 0;
  flat_metric_of(big, turn, false, r, g);
  geometry_at(3, g, &at);
  const double scale = geometry_ricci(&at, ricci), e = w * sigma[0], de = w * sigma[1];
  matter[U][U] = -w * tau[0] / (2 * r) + de / (2 * r * r) - e * n[0] / (4 * r * r * r);
  matter[U][PHI] = matter[PHI][U] = -e / (2 * r);
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++) {
      worst(&out->ricci_error, fabs(ricci[a][b] - matter[a][b]) / scale);
      trace += at.inverse[a][b] * ricci[a][b];
    }
  worst(&out->trace, fabs(trace) / scale);
}

weyl_status weyl_bms_evolve(weyl_context *ctx, weyl_arena *arena, const weyl_bms_data *data, const weyl_bms_matter *m,
                            double from, double to, size_t steps, weyl_bms_flow *out) {
  if (!(to > from) || !isfinite(to) || !isfinite(from))
    return weyl_fail(ctx, WEYL_BAD_ARG, "u from %g to %g, must rise", from, to);
  if (steps < 1 || steps > 10000000) return weyl_fail(ctx, WEYL_BAD_ARG, "%zu steps, must be 1 to 10000000", steps);
  if (!(m->width > 0) || !isfinite(m->width) || !(m->g > 0))
    return weyl_fail(ctx, WEYL_BAD_ARG, "a pulse of width %g with G = %g, must be above 0", m->width, m->g);
  const flowing q = {m, data->modes > m->modes ? data->modes : m->modes};
  const size_t length = 2 * q.modes + 1, n = 2 * length;
  weyl_bms_flow f = {.steps = steps};
  double *y = weyl_arena_array(arena, double, 4 * n);
  f.u = weyl_arena_array(arena, double, steps + 1);
  f.mass = weyl_arena_array(arena, double, steps + 1);
  f.spin = weyl_arena_array(arena, double, steps + 1);
  f.lost = weyl_arena_array(arena, double, steps + 1);
  if (!y || !f.u || !f.mass || !f.spin || !f.lost) return WEYL_MEMORY;
  WEYL_TRY(weyl_bms_data_new(arena, q.modes, &f.end));
  memcpy(y, data->theta, (2 * data->modes + 1) * sizeof *y);
  for (size_t i = 0; i <= 2 * data->modes; i++) y[length + i] = 2 * data->xi[i];
  for (size_t k = 1; k <= data->modes; k++) { /* N = 2 Xi + u Theta' */
    y[length + 2 * k - 1] += from * (double)k * data->theta[2 * k];
    y[length + 2 * k] -= from * (double)k * data->theta[2 * k - 1];
  }
  weyl_rng rng = weyl_rng_new(1, "bms flow");
  const double h = (to - from) / (double)steps;
  const size_t often = steps / 50 + 1;
  for (size_t i = 0;; i++) {
    const double u = from + h * (double)i;
    f.u[i] = u;
    f.mass[i] = (y[0] + 1) / (8 * m->g);
    f.spin[i] = y[length] / (8 * m->g);
    f.lost[i] = 2 * PI * m->tau[0] * (passed(m, u) - passed(m, from));
    worst(&f.mass_error, fabs(f.mass[i] + f.lost[i] - f.mass[0]));
    worst(&f.spin_error, fabs(f.spin[i] + 2 * PI * m->sigma[0] * (passed(m, u) - passed(m, from)) - f.spin[0]));
    if (i % often == 0 || i == steps)
      einstein(&q, u, exp(log(50) * weyl_rng_uniform(&rng)), TAU * weyl_rng_uniform(&rng), y, &f);
    if (i == steps) break;
    if (i % 65536 == 65535 && weyl_progress(ctx, "matter", (double)i, (double)steps))
      return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped at u = %g", u);
    runge_kutta(&q, u, h, y, y + n);
    if (!isfinite(y[0])) return weyl_fail(ctx, WEYL_NUMERIC, "Theta is not finite at u = %g", u);
  }
  memcpy(f.end.theta, y, length * sizeof *y);
  for (size_t i = 0; i < length; i++) f.end.xi[i] = 0.5 * y[length + i];
  for (size_t k = 1; k <= q.modes; k++) {
    f.end.xi[2 * k - 1] -= 0.5 * to * (double)k * y[2 * k];
    f.end.xi[2 * k] += 0.5 * to * (double)k * y[2 * k - 1];
  }
  *out = f;
  return WEYL_OK;
}
