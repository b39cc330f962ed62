/* Between coefficients and values on a grid of the sphere: first along theta for each order, then along phi. */
#include "degrees.h"
#include "numbers.h"

typedef struct job {
  const weyl_sphere_grid *grid;
  weyl_sphere_part part;
  bool weighted, to;
  int l_max;
  weyl_dtype dtype;
  const void *in;
  void *out;
  double *room; /* a workspace for each thread */
  size_t room_size;
} job;

static size_t workspace(const weyl_sphere_grid *grid, int l_max) {
  return (size_t)(l_max + 1) * (size_t)(l_max + 1) + (size_t)grid->n_theta * (size_t)grid->n_phi;
}

static const double *table_row(const job *j, int row) {
  const size_t orders = (size_t)(j->grid->l_max + 1), triangle = orders * (orders + 1) / 2;
  const double *table = j->part == WEYL_SPHERE_VALUE     ? j->grid->value
                        : j->part == WEYL_SPHERE_D_THETA ? j->grid->d_theta
                                                         : j->grid->d_phi;
  return table + (size_t)row * triangle;
}

static void to_grid(const job *j, const double *x, double *f) {
  const weyl_sphere_grid *grid = j->grid;
  const int L = j->l_max;
  double even[WEYL_L_MAX + 1], odd[WEYL_L_MAX + 1]; /* what multiplies cos(m phi) and sin(m phi) */
  for (int row = 0; row < grid->n_theta; row++, f += grid->n_phi) {
    const double *table = table_row(j, row), scale = j->weighted ? grid->weight[row] : 1;
    for (int m = 0; m <= L; m++) {
      double plus = 0, minus = 0;
      for (int l = m; l <= L; l++) {
        const double t = table[l * (l + 1) / 2 + m];
        plus += t * x[l * (l + 1) + m];
        if (m > 0) minus += t * x[l * (l + 1) - m];
      }
      even[m] = scale * (j->part == WEYL_SPHERE_D_PHI ? minus : plus);
      odd[m] = scale * (j->part == WEYL_SPHERE_D_PHI ? -plus : minus);
    }
    for (int k = 0; k < grid->n_phi; k++) {
      const double *c = grid->cosine + (size_t)k * (size_t)(grid->l_max + 1);
      const double *s = grid->sine + (size_t)k * (size_t)(grid->l_max + 1);
      double sum = even[0];
      for (int m = 1; m <= L; m++) sum += c[m] * even[m] + s[m] * odd[m];
      f[k] = sum;
    }
  }
}

static void from_grid(const job *j, const double *f, double *x) {
  const weyl_sphere_grid *grid = j->grid;
  const int L = j->l_max;
  for (int i = 0; i < (L + 1) * (L + 1); i++) x[i] = 0;
  double even[WEYL_L_MAX + 1], odd[WEYL_L_MAX + 1];
  for (int row = 0; row < grid->n_theta; row++, f += grid->n_phi) {
    for (int m = 0; m <= L; m++) even[m] = odd[m] = 0;
    for (int k = 0; k < grid->n_phi; k++) {
      const double *c = grid->cosine + (size_t)k * (size_t)(grid->l_max + 1);
      const double *s = grid->sine + (size_t)k * (size_t)(grid->l_max + 1);
      for (int m = 0; m <= L; m++) {
        even[m] += c[m] * f[k];
        odd[m] += s[m] * f[k];
      }
    }
    const double *table = table_row(j, row), scale = j->weighted ? grid->weight[row] : 1;
    for (int m = 0; m <= L; m++) {
      const double plus = scale * (j->part == WEYL_SPHERE_D_PHI ? -odd[m] : even[m]);
      const double minus = scale * (j->part == WEYL_SPHERE_D_PHI ? even[m] : odd[m]);
      for (int l = m; l <= L; l++) {
        const double t = table[l * (l + 1) / 2 + m];
        x[l * (l + 1) + m] += t * plus;
        if (m > 0) x[l * (l + 1) - m] += t * minus;
      }
    }
  }
}

static void transform_one(void *arg, int64_t i, int thread) {
  const job *j = arg;
  const int64_t width = (int64_t)(j->l_max + 1) * (j->l_max + 1), points = (int64_t)j->grid->n_theta * j->grid->n_phi;
  double *x = j->room + (size_t)thread * j->room_size, *f = x + width;
  if (j->to) {
    numbers_read(j->dtype, j->in, i * width, width, x);
    to_grid(j, x, f);
    numbers_write(j->dtype, f, points, j->out, i * points);
  } else {
    numbers_read(j->dtype, j->in, i * points, points, f);
    from_grid(j, f, x);
    numbers_write(j->dtype, x, width, j->out, i * width);
  }
}

static weyl_status transform(weyl_context *ctx, job *j, int64_t n) {
  if (j->l_max < 0 || j->l_max > j->grid->l_max)
    return weyl_fail(ctx, WEYL_BAD_ARG, "l_max is %d, must be 0 to %d, that of the grid", j->l_max, j->grid->l_max);
  if ((int)j->part < 0 || j->part > WEYL_SPHERE_D_PHI)
    return weyl_fail(ctx, WEYL_BAD_ARG, "part is %d, must be a weyl_sphere_part", (int)j->part);
  j->room_size = (workspace(j->grid, j->l_max) + 7) / 8 * 8;
  WEYL_TRY(numbers_check(ctx, "functions on the sphere", j->dtype, n, (int64_t)j->room_size));
  if (n == 0) return WEYL_OK;
  j->room = weyl_alloc(ctx, (size_t)weyl_threads(ctx) * j->room_size, sizeof *j->room);
  if (!j->room) return WEYL_MEMORY;
  weyl_parallel(ctx, n, transform_one, j);
  weyl_dealloc(ctx, j->room);
  return WEYL_OK;
}

weyl_status weyl_sphere_to_grid(weyl_context *ctx, const weyl_sphere_grid *grid, weyl_sphere_part part, bool weighted,
                                int l_max, weyl_dtype dtype, int64_t n, const void *x, void *f) {
  job j = {grid, part, weighted, true, l_max, dtype, x, f, NULL, 0};
  return transform(ctx, &j, n);
}

weyl_status weyl_sphere_from_grid(weyl_context *ctx, const weyl_sphere_grid *grid, weyl_sphere_part part, bool weighted,
                                  int l_max, weyl_dtype dtype, int64_t n, const void *f, void *x) {
  job j = {grid, part, weighted, false, l_max, dtype, f, x, NULL, 0};
  return transform(ctx, &j, n);
}
