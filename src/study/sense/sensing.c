/* Measurement operators: kinds, symmetry, factors. */
#include "sensing.h"

#include <math.h>
#include <string.h>

static const sensing_def *const kinds[] = {&sensing_population, &sensing_gaussian, &sensing_regenerated,
                                           &sensing_rank_one,   &sensing_entries,  &sensing_hadamard,
                                           &sensing_fourier,    &sensing_kronecker};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *weyl_sensing_known(size_t i, const char **about) {
  if (i >= KINDS) return NULL;
  if (about) *about = kinds[i]->about;
  return kinds[i]->name;
}

static weyl_status kind_of(weyl_context *ctx, const char *name, const sensing_def **out) {
  const char *names[KINDS];
  for (size_t i = 0; i < KINDS; i++) {
    names[i] = kinds[i]->name;
    if (strcmp(name, names[i]) != 0) continue;
    *out = kinds[i];
    return WEYL_OK;
  }
  const char *near = weyl_nearest_name(name, names, KINDS);
  return weyl_fail(ctx, WEYL_UNKNOWN, "no measurements \"%s\"%s%s%s", name, near ? ": did you mean \"" : "",
                   near ? near : "", near ? "\"?" : "");
}

static weyl_status check(weyl_context *ctx, const char *kind, const weyl_sensing_opts *o) {
  if (o->n1 < 1 || o->n1 > 10000000 || o->n2 > 10000000)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: a %zux%zu matrix, must have 1 to 1e7 rows and columns", kind, o->n1,
                     o->n2);
  if (o->symmetric && o->n2 && o->n2 != o->n1)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: symmetric, but %zux%zu", kind, o->n1, o->n2);
  if (o->m < 1 && strcmp(kind, "population") != 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: 0 measurements, must be 1 or more", kind);
  if (o->m > INT32_MAX) return weyl_fail(ctx, WEYL_BAD_ARG, "%s: %zu measurements, at most 2^31 - 1", kind, o->m);
  return WEYL_OK;
}

static weyl_status begin(weyl_context *ctx, const sensing_def *def, const weyl_sensing_opts *o, weyl_sensing **out) {
  weyl_sensing *a = weyl_alloc(ctx, 1, sizeof *a);
  if (!a) return WEYL_MEMORY;
  *a = (weyl_sensing){.ctx = ctx,
                      .def = def,
                      .n1 = o->n1,
                      .n2 = o->n2 ? o->n2 : o->n1,
                      .m = o->m,
                      .symmetric = o->symmetric,
                      .seed = o->seed};
  a->key = weyl_hash_name(def->name == sensing_regenerated.name ? sensing_gaussian.name : def->name) ^
           (o->seed * 0x9e3779b97f4a7c15u);
  a->length = a->symmetric ? a->n1 * (a->n1 + 1) / 2 : a->n1 * a->n2;
  weyl_status status = dense_new(ctx, &a->d);
  if (status == WEYL_OK && !def->apply_factors) { /* kinds without factors work on all of it */
    for (int i = 0; status == WEYL_OK && a->symmetric && i < 2; i++) {
      a->v[i] = weyl_alloc(ctx, def->packs ? a->length : a->n1 * a->n2, sizeof(double));
      if (!a->v[i]) status = WEYL_MEMORY;
    }
  }
  if (status == WEYL_OK)
    *out = a;
  else
    weyl_sensing_free(a);
  return status;
}

weyl_status weyl_sensing_new(weyl_context *ctx, const char *kind, const weyl_sensing_opts *opts, weyl_sensing **out) {
  const sensing_def *def = NULL;
  weyl_sensing *a;
  WEYL_TRY(kind_of(ctx, kind, &def));
  WEYL_TRY(check(ctx, kind, opts));
  WEYL_TRY(begin(ctx, def, opts, &a));
  const weyl_status status = def->make(a);
  if (status == WEYL_OK)
    *out = a;
  else
    weyl_sensing_free(a);
  return status;
}

weyl_status weyl_sensing_entries(weyl_context *ctx, size_t n1, size_t n2, size_t m, const int32_t *row,
                                 const int32_t *column, bool symmetric, weyl_sensing **out) {
  const weyl_sensing_opts o = {.n1 = n1, .n2 = n2, .m = m, .symmetric = symmetric};
  weyl_sensing *a;
  WEYL_TRY(check(ctx, sensing_entries.name, &o));
  WEYL_TRY(begin(ctx, &sensing_entries, &o, &a));
  const weyl_status status = sensing_entries_given(a, row, column);
  if (status == WEYL_OK)
    *out = a;
  else
    weyl_sensing_free(a);
  return status;
}

void weyl_sensing_free(weyl_sensing *a) {
  if (!a) return;
  for (int i = 0; i < 2; i++) {
    weyl_dealloc(a->ctx, a->v[i]);
    weyl_dealloc(a->ctx, a->matrix[i]);
  }
  for (int i = 0; i < SENSING_PARTS; i++) weyl_dealloc(a->ctx, a->part[i]);
  weyl_dealloc(a->ctx, a->e);
  weyl_dealloc(a->ctx, a->lane);
  weyl_dealloc(a->ctx, a->side);
  weyl_fft_free(a->fft);
  dense_free(&a->d);
  weyl_dealloc(a->ctx, a);
}

size_t weyl_sensing_count(const weyl_sensing *a) { return a->m; }

/* ---- lanes: sums over measurements, in an order that no number of threads changes ---- */

double *sensing_lanes(weyl_sensing *a, size_t size) {
  if (a->lane_room < size) {
    weyl_dealloc(a->ctx, a->lane);
    a->lane = weyl_alloc(a->ctx, LANES * size, sizeof *a->lane);
    a->lane_room = a->lane ? size : 0;
  } else {
    memset(a->lane, 0, LANES * size * sizeof *a->lane);
  }
  return a->lane;
}

void sensing_lanes_sum(const weyl_sensing *a, size_t size, size_t offset, size_t n, double scale, double *out) {
  const double *lane = a->lane + offset;
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t l = 0; l < LANES; l++) sum += lane[l * size + i];
    out[i] = scale * sum;
  }
}

/* ---- symmetric matrices ---- */

static const double ROOT2 = 1.41421356237309504880;

static void pack(size_t n, const double *matrix, double *v) {
  for (size_t i = 0; i < n; i++) {
    *v++ = matrix[i * n + i];
    for (size_t j = i + 1; j < n; j++) *v++ = (matrix[i * n + j] + matrix[j * n + i]) / ROOT2;
  }
}

static void unpack(size_t n, const double *v, double *matrix) {
  for (size_t i = 0; i < n; i++) {
    matrix[i * n + i] = *v++;
    for (size_t j = i + 1; j < n; j++) matrix[i * n + j] = matrix[j * n + i] = *v++ / ROOT2;
  }
}

static void symmetrise(size_t n, const double *from, double *to) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) to[i * n + j] = to[j * n + i] = (from[i * n + j] + from[j * n + i]) / 2;
}

/* Symmetric entries see either triangle, so these are made when a matrix is first asked for. */
static weyl_status vectors(weyl_sensing *a) {
  for (int i = 0; a->symmetric && i < 2; i++) {
    if (!a->v[i]) a->v[i] = weyl_alloc(a->ctx, a->n1 * a->n2, sizeof(double));
    if (!a->v[i]) return WEYL_MEMORY;
  }
  return WEYL_OK;
}

/* After vectors(). */
static const double *seen(weyl_sensing *a, const double *matrix) {
  if (!a->symmetric) return matrix;
  if (a->def->packs)
    pack(a->n1, matrix, a->v[0]);
  else
    symmetrise(a->n1, matrix, a->v[0]);
  return a->v[0];
}

static void shown(const weyl_sensing *a, double *matrix) {
  if (!a->symmetric) return;
  if (a->def->packs)
    unpack(a->n1, a->v[1], matrix);
  else
    symmetrise(a->n1, a->v[1], matrix);
}

weyl_status weyl_sensing_apply(weyl_sensing *a, const double *matrix, double *y) {
  WEYL_TRY(vectors(a));
  a->def->apply(a, seen(a, matrix), y);
  return WEYL_OK;
}

weyl_status weyl_sensing_adjoint(weyl_sensing *a, const double *y, double *matrix) {
  WEYL_TRY(vectors(a));
  a->def->adjoint(a, y, a->symmetric ? a->v[1] : matrix);
  shown(a, matrix);
  return WEYL_OK;
}

/* ---- factors ---- */

weyl_status sensing_matrices(weyl_sensing *a) {
  for (int i = 0; i < 2; i++) {
    if (!a->matrix[i]) a->matrix[i] = weyl_alloc(a->ctx, a->n1 * a->n2, sizeof(double));
    if (!a->matrix[i]) return WEYL_MEMORY;
  }
  return vectors(a);
}

static void product(weyl_sensing *a, size_t k, const double *f, const double *g) {
  dense_product(&a->d, a->n1, a->n2, k, plain(f, k), turned(g, k), a->matrix[0], false);
}

static void times_factors(const weyl_sensing *a, size_t k, const double *f, const double *g, double *s_g,
                          double *st_f) {
  const double *s = a->matrix[1];
  if (s_g) dense_product(&a->d, a->n1, k, a->n2, plain(s, a->n2), plain(g, k), s_g, false);
  if (st_f) dense_product(&a->d, a->n2, k, a->n1, turned(s, a->n2), plain(f, k), st_f, false);
}

static double *side(weyl_sensing *a, size_t size) {
  if (a->side_room < size) {
    weyl_dealloc(a->ctx, a->side);
    a->side = weyl_alloc(a->ctx, size, sizeof *a->side);
    a->side_room = a->side ? size : 0;
  }
  return a->side;
}

/* (S + S^T) / 2 for symmetric A: s_g = (S g + S^T g) / 2 and so on, from products with S alone */
static weyl_status both_ways(weyl_sensing *a, size_t k, const double *y, const double *f, const double *g, double *s_g,
                             double *st_f) {
  const size_t size = a->n1 * k;
  double *w = side(a, 2 * size);
  if (!w) return WEYL_MEMORY;
  for (int i = 0; i < 2; i++) {
    double *out = i ? st_f : s_g;
    const double *x = i ? f : g;
    if (!out) continue;
    a->def->adjoint_factors(a, k, y, x, x, w, w + size);
    for (size_t j = 0; j < size; j++) out[j] = (w[j] + w[size + j]) / 2;
  }
  return WEYL_OK;
}

weyl_status weyl_sensing_apply_factors(weyl_sensing *a, size_t k, const double *f, const double *g, double *y) {
  if (a->def->apply_factors && (!a->symmetric || f == g)) {
    a->def->apply_factors(a, k, f, g, y);
    return WEYL_OK;
  }
  WEYL_TRY(sensing_matrices(a));
  product(a, k, f, g);
  return weyl_sensing_apply(a, a->matrix[0], y);
}

weyl_status weyl_sensing_adjoint_factors(weyl_sensing *a, size_t k, const double *y, const double *f, const double *g,
                                         double *s_g, double *st_f) {
  if (a->def->adjoint_factors) {
    if (a->symmetric) return both_ways(a, k, y, f, g, s_g, st_f);
    a->def->adjoint_factors(a, k, y, f, g, s_g, st_f);
    return WEYL_OK;
  }
  WEYL_TRY(sensing_matrices(a));
  WEYL_TRY(weyl_sensing_adjoint(a, y, a->matrix[1]));
  times_factors(a, k, f, g, s_g, st_f);
  return WEYL_OK;
}

/* ---- gradients ---- */

weyl_status sensing_bind(weyl_sensing *a, const double *y) {
  a->target = y;
  if (!a->e) a->e = weyl_alloc(a->ctx, a->m, sizeof *a->e);
  if (!a->e) return WEYL_MEMORY;
  return a->def == &sensing_entries ? sensing_entries_bind(a, y) : WEYL_OK;
}

weyl_status sensing_dense_gradient(weyl_sensing *a, const double *matrix, double *s, double *residual2) {
  WEYL_TRY(vectors(a));
  const double *v = seen(a, matrix);
  double *to = a->symmetric ? a->v[1] : s;
  if (a->def->residual) {
    *residual2 = a->def->residual(a, v, a->target, to);
  } else {
    a->def->apply(a, v, a->e);
    for (size_t i = 0; i < a->m; i++) a->e[i] -= a->target[i];
    *residual2 = dense_squares(a->m, a->e);
    a->def->adjoint(a, a->e, to);
  }
  shown(a, s);
  return WEYL_OK;
}

weyl_status sensing_gradient(weyl_sensing *a, size_t k, const double *f, const double *g, double *s_g, double *st_f,
                             double *residual2) {
  if (a->def->gradient && !a->symmetric) {
    *residual2 = a->def->gradient(a, k, f, g, a->target, s_g, st_f);
    return WEYL_OK;
  }
  if (a->def->gradient && f == g) { /* S x and S^T x, averaged */
    double *w = side(a, a->n1 * k);
    if (!w) return WEYL_MEMORY;
    double *out = s_g ? s_g : st_f;
    *residual2 = a->def->gradient(a, k, f, g, a->target, out, w);
    for (size_t i = 0; i < a->n1 * k; i++) out[i] = (out[i] + w[i]) / 2;
    if (s_g && st_f) memcpy(st_f, s_g, a->n1 * k * sizeof *st_f);
    return WEYL_OK;
  }
  WEYL_TRY(sensing_matrices(a));
  product(a, k, f, g);
  WEYL_TRY(sensing_dense_gradient(a, a->matrix[0], a->matrix[1], residual2));
  times_factors(a, k, f, g, s_g, st_f);
  return WEYL_OK;
}

weyl_status sensing_gradient_at(weyl_sensing *a, size_t k, const double *f, const double *g, const double *left,
                                const double *right, double *s_g, double *st_f, double *residual2) {
  if (a->def->apply_factors) {
    a->def->apply_factors(a, k, f, g, a->e);
    for (size_t i = 0; i < a->m; i++) a->e[i] -= a->target[i];
    *residual2 = dense_squares(a->m, a->e);
    a->def->adjoint_factors(a, k, a->e, left, right, s_g, st_f);
    return WEYL_OK;
  }
  WEYL_TRY(sensing_matrices(a));
  product(a, k, f, g);
  WEYL_TRY(sensing_dense_gradient(a, a->matrix[0], a->matrix[1], residual2));
  times_factors(a, k, left, right, s_g, st_f);
  return WEYL_OK;
}
