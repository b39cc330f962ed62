/* The constants of the recursions of harmonics, made in double and rounded once. */
#include <weyl/irrep.h>

#include "isa.h"

#include <math.h>
#include <string.h>

static void put(weyl_dtype real, void *x, size_t i, double value) {
  if (real == WEYL_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

typedef struct pull {
  int32_t from[2];
  double factor[2];
} pull;

static int32_t place(int l, int m) { return l * (l + 1) + m; }

static void add(pull *p, int l, int m, double factor) {
  if (m < -l || m > l || factor == 0) return;
  const int k = p->factor[0] != 0;
  p->from[k] = place(l, m);
  p->factor[k] = factor;
}

/* d/dx, d/dy, d/dz of Y_l^m, l > 0, up to the ratio of the norms of degrees l and l - 1. */
static void pulls(int l, int m, pull d[3]) {
  const int k = m < 0 ? -m : m;
  const double ratio = (2 * l + 1.0) / (2 * l - 1.0);
  const double lower = k > 0 ? 0.5 * sqrt(ratio * (l + k) * (l + k - 1)) * (k == 1 ? sqrt(2) : 1) : 0;
  const double upper = (k > 0 ? 0.5 : sqrt(0.5)) * sqrt(ratio * (l - k) * (l - k - 1));
  memset(d, 0, 3 * sizeof *d);
  if (m >= 0) {
    add(&d[0], l - 1, k - 1, lower);
    if (k > 1) add(&d[1], l - 1, -(k - 1), -lower);
    add(&d[0], l - 1, k + 1, -upper);
    add(&d[1], l - 1, -(k + 1), -upper);
  } else {
    if (k > 1) add(&d[0], l - 1, -(k - 1), lower);
    add(&d[1], l - 1, k - 1, lower);
    add(&d[0], l - 1, -(k + 1), -upper);
    add(&d[1], l - 1, k + 1, upper);
  }
  add(&d[2], l - 1, m, sqrt(ratio * (l - k) * (l + k)));
}

weyl_status harmonics_table_make(weyl_arena *arena, const weyl_harmonics_opts *opts, weyl_dtype real,
                                 harmonics_table *out) {
  const double pi = 3.14159265358979323846;
  const int l_max = opts->l_max;
  const size_t degrees = (size_t)l_max + 1, columns = degrees * degrees, size = weyl_dtype_size(real);
  void *start = weyl_arena_alloc(arena, degrees, size), *step = weyl_arena_alloc(arena, columns, size);
  const size_t rates = 3 * columns + 16; /* kernels read a vector's lanes beyond */
  void *factor = weyl_arena_alloc(arena, 2 * rates, size);
  int32_t *from = weyl_arena_array(arena, int32_t, 2 * rates);
  if (!start || !step || !factor || !from) return WEYL_MEMORY;
  double norm[WEYL_L_MAX + 1];
  for (int l = 0; l <= l_max; l++) norm[l] = weyl_harmonics_scale(opts->norm, l);
  size_t at = 0;
  double square = 1 / (4 * pi); /* of P_m^m, but for the norm and the 2 of m > 0 */
  for (int m = 0; m <= l_max; m++) {
    if (m > 0) square *= (2 * m + 1.0) / (2 * m);
    put(real, start, (size_t)m, norm[m] * sqrt((m > 0 ? 2 : 1) * square));
    for (int l = m + 1; l <= l_max; l++) {
      const double up = (2 * l + 1.0) / ((double)(l - m) * (l + m)), low = (double)(l - 1 - m) * (l - 1 + m);
      put(real, step, at++, norm[l] / norm[l - 1] * sqrt(up * (2 * l - 1.0)));
      put(real, step, at++, l > m + 1 ? norm[l] / norm[l - 2] * sqrt(up * low / (2 * l - 3.0)) : 0);
    }
  }
  const int polar = opts->axes == WEYL_AXES_STANDARD ? 2 : 1;
  const int axis[3] = {(polar + 1) % 3, (polar + 2) % 3, polar};
  const int32_t bytes = 16 << irrep_isa();
  memset(factor, 0, 2 * rates * size);
  memset(from, 0, 2 * rates * sizeof *from);
  for (int l = 0; l <= l_max; l++)
    for (int m = -l; m <= l; m++) {
      pull d[3] = {0};
      if (l > 0) pulls(l, m, d);
      for (size_t k = 0; k < 3; k++)
        for (size_t j = 0; j < 2; j++) {
          const size_t i = 2 * (k * columns + (size_t)place(l, m)) + j;
          const double f = d[k].factor[j];
          put(real, factor, i, f != 0 ? f * norm[l] / norm[l - 1] : 0);
          from[i] = bytes * (f != 0 ? d[k].from[j] : 0);
        }
    }
  *out = (harmonics_table){.l_max = l_max,
                           .solid = opts->solid,
                           .axis = {axis[0], axis[1], axis[2]},
                           .real = real,
                           .start = start,
                           .step = step,
                           .pull = factor,
                           .from = from};
  return WEYL_OK;
}

/* Of the widest vectors: three times the harmonics of a vector of points, two stages of VL rows and
 * their rates, and places in them. */
size_t harmonics_scratch(const harmonics_table *t) {
  const size_t columns = (size_t)(t->l_max + 1) * (size_t)(t->l_max + 1);
  return 64 * (3 * (columns + 16) + 9 * (columns + 64) + columns);
}

void harmonics_run(const harmonics_table *t, bool stream, size_t n, const void *xyz, void *y, void *dy, void *scratch) {
  IRREP_KERNEL(harmonics, t->real)(t, stream, n, xyz, y, dy, scratch);
}
