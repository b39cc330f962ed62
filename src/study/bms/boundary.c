/* What symmetries do to boundary data, infinitesimal and finite. */
#include "flat.h"

#include <string.h>

/* ---- functions of an angle sampled so densely that their modes are exact ---- */

typedef void (*angle_fn)(const void *arg, double phi, double out[2]);

/* Two functions of phi on n points (more where the modes need them), to k modes each. */
static weyl_status project(weyl_context *ctx, angle_fn f, const void *arg, size_t n, size_t k, double *a, double *b) {
  if (n < 2 * k + 2) n = 2 * k + 2;
  double *samples = weyl_alloc(ctx, 2 * n, sizeof *samples), both[2];
  if (!samples) return WEYL_MEMORY;
  for (size_t j = 0; j < n; j++) {
    f(arg, TAU * (double)j / (double)n, both);
    samples[j] = both[0];
    samples[n + j] = both[1];
  }
  weyl_circle_modes(n, samples, k, a);
  weyl_circle_modes(n, samples + n, k, b);
  weyl_dealloc(ctx, samples);
  return WEYL_OK;
}

/* ---- infinitesimal ---- */

typedef struct variation {
  const weyl_bms_data *data;
  const weyl_bms_vector *v, *w;
} variation;

static void vary(const void *arg, double phi, double out[2]) {
  const variation *q = arg;
  flat_angle a;
  flat_symmetry s;
  flat_angle_at(q->data, phi, 1, &a);
  flat_symmetry_at(q->v, phi, &s);
  out[0] = s.y[0] * a.theta[1] + 2 * s.y[1] * a.theta[0] - 2 * s.y[3];
  out[1] = s.y[0] * a.xi[1] + 2 * s.y[1] * a.xi[0] + 0.5 * s.t[0] * a.theta[1] + s.t[1] * a.theta[0] - s.t[3];
}

weyl_status weyl_bms_vary(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_vector *v, weyl_bms_data *out) {
  const variation q = {data, v, NULL};
  return project(ctx, vary, &q, 2 * (data->modes + v->modes) + 2, out->modes, out->theta, out->xi);
}

static void commute(const void *arg, double phi, double out[2]) {
  const variation *q = arg;
  flat_symmetry a, b;
  flat_symmetry_at(q->v, phi, &a);
  flat_symmetry_at(q->w, phi, &b);
  out[0] = a.y[0] * b.y[1] - b.y[0] * a.y[1];
  out[1] = a.y[0] * b.t[1] + a.t[0] * b.y[1] - b.y[0] * a.t[1] - b.t[0] * a.y[1];
}

weyl_status weyl_bms_bracket(weyl_context *ctx, const weyl_bms_vector *a, const weyl_bms_vector *b,
                             weyl_bms_vector *out) {
  const variation q = {NULL, a, b};
  return project(ctx, commute, &q, 2 * (a->modes + b->modes) + 2, out->modes, out->y, out->t);
}

/* ---- finite ---- */

typedef struct moved {
  const weyl_bms_data *data;
  const weyl_bms_map *map;
} moved;

static void transform(const void *arg, double phi, double out[2]) {
  const moved *q = arg;
  double p[4], al[4];
  flat_angle a;
  weyl_circle_at(q->map->modes, q->map->p, phi, 3, p);
  const double f = phi + p[0], f1 = 1 + p[1], bend = p[2] / f1;
  flat_angle_at(q->data, f, 1, &a);
  weyl_circle_at(q->map->modes, q->map->alpha, f, 3, al);
  out[0] = f1 * f1 * a.theta[0] - 2 * (p[3] / f1 - 1.5 * bend * bend);
  out[1] = f1 * f1 * (a.xi[0] + 0.5 * al[0] * a.theta[1] + al[1] * a.theta[0] - al[3]);
}

/* The modes on n points and on twice as many, and how far apart they are. */
static weyl_status doubled(weyl_context *ctx, angle_fn f, const void *arg, size_t n, size_t k, double *a, double *b,
                           double *apart) {
  const size_t length = 2 * k + 1;
  double *other = weyl_alloc(ctx, 2 * length, sizeof *other);
  if (!other) return WEYL_MEMORY;
  double most = 0, gap = 0;
  weyl_status status;
  WEYL_GOTO(project(ctx, f, arg, n, k, other, other + length));
  WEYL_GOTO(project(ctx, f, arg, 2 * n, k, a, b));
  for (size_t i = 0; i < length; i++) {
    most = fmax(most, fmax(fabs(a[i]), fabs(b[i])));
    worst(&gap, fmax(fabs(a[i] - other[i]), fabs(b[i] - other[length + i])));
    if (!isfinite(a[i]) || !isfinite(b[i])) gap = NAN;
  }
  if (isnan(gap)) status = weyl_fail(ctx, WEYL_NUMERIC, "the transformed data are not finite");
  /* what the highest modes still hold is cut off as well */
  *apart = fmax(most > 0 ? gap / most : 0, fmax(weyl_circle_tail(k, a), weyl_circle_tail(k, b)));
done:
  weyl_dealloc(ctx, other);
  return status;
}

weyl_status weyl_bms_transform(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_map *map,
                               weyl_bms_data *out, double *aliasing) {
  WEYL_TRY(weyl_bms_map_check(ctx, map));
  const moved q = {data, map};
  double apart;
  WEYL_TRY(doubled(ctx, transform, &q, 2 * out->modes + 2, out->modes, out->theta, out->xi, &apart));
  if (aliasing) *aliasing = apart;
  return WEYL_OK;
}

typedef struct product {
  const weyl_bms_map *a, *b;
} product;

/* F = a.F o b.F; alpha = a.alpha + (a.F' b.alpha) o a.F^-1 */
static void compose(const void *arg, double phi, double out[2]) {
  const product *q = arg;
  double inner[1], outer[1], slope[2], mine[1], other[1];
  weyl_circle_at(q->b->modes, q->b->p, phi, 0, inner);
  weyl_circle_at(q->a->modes, q->a->p, phi + inner[0], 0, outer);
  const double back = weyl_circle_preimage(q->a->modes, q->a->p, phi);
  weyl_circle_at(q->a->modes, q->a->p, back, 1, slope);
  weyl_circle_at(q->b->modes, q->b->alpha, back, 0, other);
  weyl_circle_at(q->a->modes, q->a->alpha, phi, 0, mine);
  out[0] = inner[0] + outer[0];
  out[1] = mine[0] + (1 + slope[1]) * other[0];
}

weyl_status weyl_bms_compose(weyl_context *ctx, const weyl_bms_map *a, const weyl_bms_map *b, weyl_bms_map *out) {
  WEYL_TRY(weyl_bms_map_check(ctx, a));
  WEYL_TRY(weyl_bms_map_check(ctx, b));
  const product q = {a, b};
  return project(ctx, compose, &q, 4 * out->modes + 4, out->modes, out->p, out->alpha);
}

static void invert(const void *arg, double phi, double out[2]) {
  const weyl_bms_map *q = arg;
  double p[2], alpha[1];
  weyl_circle_at(q->modes, q->p, phi, 1, p);
  weyl_circle_at(q->modes, q->alpha, phi + p[0], 0, alpha);
  out[0] = weyl_circle_preimage(q->modes, q->p, phi) - phi;
  out[1] = -alpha[0] / (1 + p[1]);
}

weyl_status weyl_bms_inverse(weyl_context *ctx, const weyl_bms_map *map, weyl_bms_map *out) {
  WEYL_TRY(weyl_bms_map_check(ctx, map));
  return project(ctx, invert, map, 4 * out->modes + 4, out->modes, out->p, out->alpha);
}

void weyl_bms_antipode(size_t modes, const double *from, double *to) {
  to[0] = from[0];
  for (size_t n = 1; n <= modes; n++) {
    const double sign = n % 2 ? -1 : 1;
    to[2 * n - 1] = sign * from[2 * n - 1];
    to[2 * n] = sign * from[2 * n];
  }
}
