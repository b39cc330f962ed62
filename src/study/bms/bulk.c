/* What the metric itself says: curvature, Lie derivatives, brackets and charges in the bulk. */
#include "flat.h"

#include <stdlib.h>

static weyl_status check_points(weyl_context *ctx, size_t n, const double *x) {
  for (size_t i = 0; i < n; i++) {
    const double *at = x + 3 * i;
    if (!isfinite(at[0]) || !isfinite(at[2]) || !(at[1] > 0 && at[1] < 1e150))
      return weyl_fail(ctx, WEYL_BAD_ARG, "point %zu: (%g, %g, %g) must be finite, with r above 0", i, at[0], at[1],
                       at[2]);
  }
  return WEYL_OK;
}

/* ---- curvature ---- */

enum { BLOCK = 256 };
typedef struct curvature {
  const weyl_bms_data *data;
  bool past;
  size_t n;
  const double *x;
  double *g, *ricci, *scale;
} curvature;

static void curvature_block(void *arg, int64_t block, int thread) {
  const curvature *q = arg;
  (void)thread;
  const size_t from = (size_t)block * BLOCK, to = from + BLOCK < q->n ? from + BLOCK : q->n;
  for (size_t i = from; i < to; i++) {
    const double *x = q->x + 3 * i;
    flat_angle a;
    jet g[JET_PAIRS];
    geometry at;
    double r[JET_VARS][JET_VARS], size = 0;
    flat_angle_at(q->data, x[PHI], 3, &a);
    flat_metric(&a, q->past, x[U], x[R], g);
    if (q->ricci || q->scale) {
      geometry_at(3, g, &at);
      size = geometry_ricci(&at, r);
    }
    for (int b = 0, k = 0; b < 3; b++)
      for (int c = b; c < 3; c++, k++) {
        if (q->g) q->g[6 * i + (size_t)k] = g[jet_pair(b, c)].v;
        if (q->ricci) q->ricci[6 * i + (size_t)k] = r[b][c];
      }
    if (q->scale) q->scale[i] = size;
  }
}

weyl_status weyl_bms_metric(weyl_context *ctx, const weyl_bms_data *data, bool past, size_t n, const double *x,
                            double *g, double *ricci, double *scale) {
  WEYL_TRY(check_points(ctx, n, x));
  curvature q = {data, past, n, x, g, ricci, scale};
  weyl_parallel(ctx, (int64_t)((n + BLOCK - 1) / BLOCK), curvature_block, &q);
  return WEYL_OK;
}

/* ---- identities at random points ---- */

/* The data and both variations of them at one angle. */
typedef struct family {
  const weyl_bms_data *data, *delta[2];
  const weyl_bms_vector *v[2], *bracket;
  bool past;
} family;

static double size_of(int n, const jet *x) {
  double most = 0;
  for (int k = 0; k < n; k++) most = fmax(most, fabs(x[k].v));
  return most;
}

static void identities(const family *q, const double *x, weyl_bms_bulk *out) {
  flat_angle a, delta[2];
  flat_symmetry s[2], s12;
  jet g[JET_PAIRS], n, xi[2][3], xi12[3], lie[JET_PAIRS], h[JET_PAIRS], commutator[3];
  geometry at;
  double ricci[JET_VARS][JET_VARS];
  flat_angle_at(q->data, x[PHI], FLAT_ORDER, &a);
  n = flat_n(&a, x[U]);
  flat_metric(&a, q->past, x[U], x[R], g);
  geometry_at(3, g, &at);
  const double scale = geometry_ricci(&at, ricci);
  for (int b = 0; b < 3; b++)
    for (int c = b; c < 3; c++) worst(&out->ricci, fabs(ricci[b][c]) / scale);
  jet wrong[JET_PAIRS];
  flat_metric_of(jet_along(PHI, a.theta), jet_scale(2, jet_along(PHI, a.xi)), q->past, x[R], wrong);
  geometry_at(3, wrong, &at);
  const double wrong_scale = geometry_ricci(&at, ricci);
  for (int b = 0; b < 3; b++)
    for (int c = b; c < 3; c++) worst(&out->spoilt, fabs(ricci[b][c]) / wrong_scale);
  geometry_at(3, g, &at);
  for (int k = 0; k < 2; k++) {
    flat_angle_at(q->delta[k], x[PHI], FLAT_ORDER, &delta[k]);
    flat_symmetry_at(q->v[k], x[PHI], &s[k]);
    flat_vector(&s[k], n, q->past, x[U], x[R], xi[k]);
    geometry_lie(&at, xi[k], lie);
    flat_variation(&delta[k], x[U], h);
    double terms = 0; /* the largest of the three terms of a component */
    for (int b = 0; b < 3; b++)
      for (int c = 0; c < 3; c++)
        for (int e = 0; e < 3; e++)
          terms = fmax(terms, fmax(fabs(xi[k][e].v * at.slope[e][b][c]), fabs(at.g[e][b] * xi[k][e].d[c])));
    for (int b = 0; b < 3; b++)
      for (int c = b; c < 3; c++) worst(&out->lie, fabs(lie[jet_pair(b, c)].v - h[jet_pair(b, c)].v) / terms);
  }
  flat_symmetry_at(q->bracket, x[PHI], &s12);
  flat_vector(&s12, n, q->past, x[U], x[R], xi12);
  geometry_bracket(3, xi[0], xi[1], commutator);
  /* delta_1 xi_2 - delta_2 xi_1, through N alone */
  const double change = flat_vector_variation(&s[1], flat_n(&delta[0], x[U]), x[U], x[R]).v -
                        flat_vector_variation(&s[0], flat_n(&delta[1], x[U]), x[U], x[R]).v;
  double apart[3] = {0}, largest = 0;
  for (int k = 0; k < 3; k++)
    for (int e = 0; e < 3; e++)
      largest = fmax(largest, fmax(fabs(xi[0][e].v * xi[1][k].d[e]), fabs(xi[1][e].v * xi[0][k].d[e])));
  const double size = fmax(size_of(3, xi12), size_of(3, commutator));
  for (int k = 0; k < 3; k++) {
    const double plain = commutator[k].v - xi12[k].v, by = k == R ? change : 0;
    apart[0] = fmax(apart[0], fabs(plain - by));
    apart[1] = fmax(apart[1], fabs(plain));
    apart[2] = fmax(apart[2], fabs(plain + by));
    if (isnan(plain)) apart[0] = NAN;
  }
  worst(&out->bracket, apart[0] / fmax(size, largest));
  worst(&out->unmodified, apart[1] / size);
  worst(&out->wrong_sign, apart[2] / size);
  /* g^ of Omega = 1 / r: (u, Omega, phi), dr = -dOmega / Omega^2, g^ = Omega^2 g; n_a = d_a Omega. The inverse is that
   * of g with its r components times Omega^2 each, over Omega^2 in all. */
  const double omega = 1e-6;
  flat_metric(&a, q->past, x[U], 1 / omega, g);
  geometry_at(3, g, &at);
  worst(&out->completion, fabs(at.inverse[R][R] * omega * omega) / omega);
}

weyl_status weyl_bms_bulk_check(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_vector *a,
                                const weyl_bms_vector *b, bool past, size_t points, double low, double high,
                                uint64_t seed, weyl_bms_bulk *out) {
  if (!(low > 0 && low <= high && high < 1e150))
    return weyl_fail(ctx, WEYL_BAD_ARG, "radii %g to %g, must be above 0 and rise", low, high);
  weyl_arena *arena = NULL;
  weyl_status status;
  weyl_bms_data d[2];
  weyl_bms_vector v;
  weyl_bms_bulk found = {0};
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  const weyl_bms_vector *both[2] = {a, b};
  for (int k = 0; k < 2; k++) {
    WEYL_GOTO(weyl_bms_data_new(arena, data->modes + both[k]->modes, &d[k]));
    WEYL_GOTO(weyl_bms_vary(ctx, data, both[k], &d[k]));
  }
  WEYL_GOTO(weyl_bms_vector_new(arena, a->modes + b->modes, &v));
  WEYL_GOTO(weyl_bms_bracket(ctx, a, b, &v));
  const family q = {data, {&d[0], &d[1]}, {a, b}, &v, past};
  weyl_rng rng = weyl_rng_new(seed, "bms points");
  for (size_t i = 0; i < points; i++) {
    double x[3];
    x[U] = 4 * weyl_rng_uniform(&rng) - 2;
    x[R] = low * pow(high / low, weyl_rng_uniform(&rng));
    x[PHI] = TAU * weyl_rng_uniform(&rng);
    identities(&q, x, &found);
    if (i % 4096 == 4095 && weyl_progress(ctx, "points", (double)i, (double)points)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "stopped after %zu points", i);
      goto done;
    }
  }
  *out = found;
done:
  weyl_arena_free(arena);
  return status;
}

/* ---- charges ---- */

/* Variations are given, or those of a vector field. */
typedef struct charge {
  const weyl_bms_data *data, *variation;
  const weyl_bms_vector *v, *w;
  bool past;
  double u, r;
} charge;

static double integrate(const charge *q) {
  size_t most = q->data->modes + q->v->modes + (q->variation ? q->variation->modes : q->w->modes + q->data->modes);
  const size_t n = 2 * most + 16; /* exact for fewer modes than that, and the integrand has about half */
  double sum = 0;
  for (size_t j = 0; j < n; j++) {
    const double phi = TAU * (double)j / (double)n;
    flat_angle a, delta;
    flat_symmetry s;
    jet g[JET_PAIRS], h[JET_PAIRS], xi[3], along[3];
    geometry at;
    flat_angle_at(q->data, phi, FLAT_ORDER, &a);
    flat_metric(&a, q->past, q->u, q->r, g);
    geometry_at(3, g, &at);
    flat_symmetry_at(q->v, phi, &s);
    flat_vector(&s, flat_n(&a, q->u), q->past, q->u, q->r, xi);
    if (q->variation) {
      flat_angle_at(q->variation, phi, FLAT_ORDER, &delta);
      flat_variation(&delta, q->u, h);
    } else {
      flat_symmetry_at(q->w, phi, &s);
      flat_vector(&s, flat_n(&a, q->u), q->past, q->u, q->r, along);
      geometry_lie(&at, along, h);
    }
    sum += geometry_charge_form(&at, xi, h, U, R);
  }
  return sum * TAU / (double)n;
}

static weyl_status form(weyl_context *ctx, const charge *q, double g, double *out) {
  const double x[3] = {q->u, q->r, 0};
  WEYL_TRY(check_points(ctx, 1, x));
  if (!(g > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "G is %g, must be above 0", g);
  *out = integrate(q) / (8 * TAU * g);
  return WEYL_OK;
}

weyl_status weyl_bms_bulk_charge(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_vector *v,
                                 const weyl_bms_data *variation, bool past, double u, double r, double g, double *out) {
  const charge q = {data, variation, v, NULL, past, u, r};
  return form(ctx, &q, g, out);
}

weyl_status weyl_bms_bulk_bracket(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_vector *v,
                                  const weyl_bms_vector *w, bool past, double u, double r, double g, double *out) {
  const charge q = {data, NULL, v, w, past, u, r};
  return form(ctx, &q, g, out);
}
