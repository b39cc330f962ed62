/* Dense Gaussian measurements, stored or made anew from their counters in each use. The A_i are drawn in single
 * precision and kept so: they are those numbers, exactly, and everything that is computed with them is in double. */
#include "isa.h"
#include "sensing.h"

#include <math.h>
#include <string.h>

/* Rows in hand: few enough that the second use of a row finds it near, and fours, as the kernels take them. */
static size_t block_rows(const weyl_sensing *a) {
  const size_t rows = (64u << 10) / (4 * a->length) / 4 * 4;
  return rows < 4 ? 4 : rows > 32 ? 32 : rows;
}

typedef struct pass {
  weyl_sensing *a;
  const double *v; /* NULL: y are the coefficients */
  const double *y; /* what is subtracted, or the coefficients */
  double *out;     /* of apply; NULL */
  double *lanes;   /* of the adjoint; NULL */
  double scale;
  double squares[LANES];
} pass;

static void lane(void *arg, int64_t l, int thread) {
  pass *p = arg;
  weyl_sensing *a = p->a;
  const size_t n = a->length, most = block_rows(a), to = lane_from(a->m, (size_t)l + 1);
  const weyl_kernels *k = weyl_kernels_active();
  float *made = a->part[1];
  double e[32];
  if (made) made += (size_t)thread * most * n;
  double *sum = p->lanes ? p->lanes + (size_t)l * n : NULL, squares = 0;
  for (size_t i = lane_from(a->m, (size_t)l), rows; i < to; i += rows) {
    rows = to - i < most ? to - i : most;
    const float *at = made;
    if (made)
      for (size_t r = 0; r < rows; r++) k->normals[WEYL_F32](a->key, i + r, 0, n, made + r * n);
    else
      at = (const float *)a->part[0] + i * n;
    const size_t ahead = made || i + 2 * rows > to ? 0 : rows;
    if (p->v) {
      STUDY_KERNEL(dots)(rows, n, at, p->v, e, ahead);
      for (size_t r = 0; r < rows; r++) e[r] *= p->scale;
      if (p->out) memcpy(p->out + i, e, rows * sizeof *e);
      if (p->y)
        for (size_t r = 0; r < rows; r++) {
          e[r] -= p->y[i + r];
          squares += e[r] * e[r];
        }
    } else {
      memcpy(e, p->y + i, rows * sizeof *e);
    }
    if (sum) STUDY_KERNEL(add_rows)(rows, n, at, e, sum, ahead);
  }
  p->squares[l] = squares;
}

static double run(weyl_sensing *a, pass *p, double *v2) {
  p->a = a;
  p->scale = 1 / sqrt((double)a->m);
  if (v2) p->lanes = sensing_lanes(a, a->length);
  weyl_parallel(a->ctx, LANES, lane, p);
  if (v2) sensing_lanes_sum(a, a->length, 0, a->length, p->scale, v2);
  double sum = 0;
  for (int l = 0; l < LANES; l++) sum += p->squares[l];
  return sum;
}

static void apply(weyl_sensing *a, const double *v, double *y) { run(a, &(pass){.v = v, .out = y}, NULL); }
static void adjoint(weyl_sensing *a, const double *y, double *v) { run(a, &(pass){.y = y}, v); }
static double residual(weyl_sensing *a, const double *v, const double *y, double *v2) {
  return run(a, &(pass){.v = v, .y = y}, v2);
}

static weyl_status lanes(weyl_sensing *a) {
  if (a->length > (size_t)1 << 28)
    return weyl_fail(a->ctx, WEYL_BAD_ARG,
                     "%s: each measurement has %zu numbers, at most 2^28: rank-one and entries see larger matrices",
                     a->def->name, a->length);
  return sensing_lanes(a, a->length) ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status make_regenerated(weyl_sensing *a) {
  WEYL_TRY(lanes(a));
  a->part[1] = weyl_alloc(a->ctx, (size_t)weyl_threads(a->ctx) * block_rows(a) * a->length, sizeof(float));
  return a->part[1] ? WEYL_OK : WEYL_MEMORY;
}

static void make_row(void *arg, int64_t i, int thread) {
  (void)thread;
  weyl_sensing *a = arg;
  weyl_kernels_active()->normals[WEYL_F32](a->key, (uint64_t)i, 0, a->length,
                                           (float *)a->part[0] + (size_t)i * a->length);
}

static weyl_status make(weyl_sensing *a) {
  WEYL_TRY(lanes(a));
  a->part[0] = weyl_alloc(a->ctx, a->m * a->length, sizeof(float));
  if (!a->part[0])
    return weyl_fail_within(a->ctx, WEYL_MEMORY, "gaussian: %zu stored matrices; \"regenerated\" needs no room", a->m);
  weyl_parallel(a->ctx, (int64_t)a->m, make_row, a);
  return WEYL_OK;
}

const sensing_def sensing_gaussian = {.name = "gaussian",
                                      .about = "entries of each A_i independent and normal; stored",
                                      .packs = true,
                                      .make = make,
                                      .apply = apply,
                                      .adjoint = adjoint,
                                      .residual = residual};
const sensing_def sensing_regenerated = {.name = "regenerated",
                                         .about = "the same, made anew in each use: no memory for A_i",
                                         .packs = true,
                                         .make = make_regenerated,
                                         .apply = apply,
                                         .adjoint = adjoint,
                                         .residual = residual};
