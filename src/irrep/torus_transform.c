/* Between coefficients on the sphere and 2-D Fourier series, and the product of functions by way of them. */
#include "fourier.h"
#include "numbers.h"
#include "torus.h"

#include <string.h>

static double *cell(torus_plane p, int u, int v) {
  const int row = (u + p.shift + p.n) % p.n, column = (v + p.shift + p.n) % p.n;
  return p.f + 2 * ((size_t)row * (size_t)p.n + (size_t)column);
}

/* cos(m phi) and sin(m phi) have the coefficients 1/2, 1/2 and 1/(2i), -1/(2i) at v = m and -m. */
void torus_spread(const weyl_torus *torus, int l_max, const double *x, torus_plane plane) {
  for (int l = 0; l <= l_max; l++) {
    for (int m = 0; m <= l; m++) {
      const double c = m > 0 ? x[l * (l + 1) + m] / 2 : x[l * (l + 1)], s = m > 0 ? x[l * (l + 1) - m] / 2 : 0;
      for (int u = -l; u <= l; u += 2) {
        const double a = weyl_torus_a(torus, l, m, u); /* for odd m: of i a */
        double *plus = cell(plane, u, m);
        plus[0] += m % 2 ? a * s : a * c;
        plus[1] += m % 2 ? a * c : -a * s;
        if (m == 0) continue;
        double *minus = cell(plane, u, -m);
        minus[0] += m % 2 ? -a * s : a * c;
        minus[1] += m % 2 ? a * c : a * s;
      }
    }
  }
}

/* x_lm = pi sum b_u (F_um + F_u-m), x_l-m = i pi sum b_u (F_um - F_u-m), x_l0 = 2 pi sum b_u F_u0. */
void torus_collect(const weyl_torus *torus, int u_max, int l_max, torus_plane plane, double *x) {
  for (int l = 0; l <= l_max; l++) {
    const int last = (u_max - l) % 2 == 0 ? u_max : u_max - 1; /* u - l even */
    for (int m = 0; m <= l; m++) {
      double c = 0, s = 0;
      for (int u = -last; m <= u_max && u <= last; u += 2) {
        const double b = weyl_torus_b(torus, l, m, u);
        const double *plus = cell(plane, u, m), *minus = cell(plane, u, -m);
        if (m % 2) { /* i b times the imaginary part, and i i b times the real one */
          c -= b * (plus[1] + minus[1]);
          s -= b * (plus[0] - minus[0]);
        } else {
          c += b * (plus[0] + minus[0]);
          s -= b * (plus[1] - minus[1]);
        }
      }
      x[l * (l + 1) + m] = pi * c; /* twice the same term for m = 0 */
      if (m > 0) x[l * (l + 1) - m] = pi * s;
    }
  }
}

typedef struct job {
  const weyl_torus *torus;
  int l1, l2, l3, u_max;
  weyl_dtype dtype;
  const void *x, *y;
  void *z;
  fourier plan;
  double *room; /* a workspace for each thread */
  size_t room_size;
} job;

static int64_t width_of(int l_max) { return (int64_t)(l_max + 1) * (l_max + 1); }
static int64_t cells_of(int u_max) { return 2 * (int64_t)(2 * u_max + 1) * (2 * u_max + 1); }

static weyl_status check_torus(weyl_context *ctx, const weyl_torus *torus, const char *name, int l) {
  if (l >= 0 && l <= torus->l_max) return WEYL_OK;
  return weyl_fail(ctx, WEYL_BAD_ARG, "%s is %d, must be 0 to %d, that of the torus", name, l, torus->l_max);
}

static weyl_status check_frequency(weyl_context *ctx, const weyl_torus *torus, int u_max) {
  if (u_max >= 0 && u_max <= torus->u_max) return WEYL_OK;
  return weyl_fail(ctx, WEYL_BAD_ARG, "frequencies to %d, must be 0 to %d, that of the torus", u_max, torus->u_max);
}

static weyl_status run(weyl_context *ctx, job *j, int64_t n, void (*one)(void *arg, int64_t i, int thread)) {
  j->room_size = (j->room_size + 7) / 8 * 8;
  WEYL_TRY(numbers_check(ctx, "functions on the torus", j->dtype, n, (int64_t)j->room_size));
  if (n == 0) return WEYL_OK;
  j->room = weyl_alloc(ctx, (size_t)weyl_threads(ctx) * j->room_size, sizeof *j->room);
  if (!j->room) return WEYL_MEMORY;
  weyl_parallel(ctx, n, one, j);
  weyl_dealloc(ctx, j->room);
  return WEYL_OK;
}

static void spread_one(void *arg, int64_t i, int thread) {
  const job *j = arg;
  const int64_t width = width_of(j->l1), cells = cells_of(j->l1);
  double *x = j->room + (size_t)thread * j->room_size, *f = x + width;
  memset(f, 0, (size_t)cells * sizeof *f);
  numbers_read(j->dtype, j->x, i * width, width, x);
  torus_spread(j->torus, j->l1, x, (torus_plane){2 * j->l1 + 1, j->l1, f});
  numbers_write(j->dtype, f, cells, j->z, i * cells);
}

weyl_status weyl_torus_from_sphere(weyl_context *ctx, const weyl_torus *torus, int l_max, weyl_dtype dtype, int64_t n,
                                   const void *x, void *f) {
  WEYL_TRY(check_torus(ctx, torus, "l_max", l_max));
  job j = {.torus = torus, .l1 = l_max, .dtype = dtype, .x = x, .z = f};
  j.room_size = (size_t)(width_of(l_max) + cells_of(l_max));
  return run(ctx, &j, n, spread_one);
}

static void collect_one(void *arg, int64_t i, int thread) {
  const job *j = arg;
  const int64_t width = width_of(j->l3), cells = cells_of(j->u_max);
  double *x = j->room + (size_t)thread * j->room_size, *f = x + width;
  numbers_read(j->dtype, j->x, i * cells, cells, f);
  torus_collect(j->torus, j->u_max, j->l3, (torus_plane){2 * j->u_max + 1, j->u_max, f}, x);
  numbers_write(j->dtype, x, width, j->z, i * width);
}

weyl_status weyl_sphere_from_torus(weyl_context *ctx, const weyl_torus *torus, int u_max, int l_max, weyl_dtype dtype,
                                   int64_t n, const void *f, void *x) {
  WEYL_TRY(check_torus(ctx, torus, "l_max", l_max));
  WEYL_TRY(check_frequency(ctx, torus, u_max));
  job j = {.torus = torus, .l3 = l_max, .u_max = u_max, .dtype = dtype, .x = f, .z = x};
  j.room_size = (size_t)(width_of(l_max) + cells_of(u_max));
  return run(ctx, &j, n, collect_one);
}

static void multiply_one(void *arg, int64_t i, int thread) {
  const job *j = arg;
  const int64_t w1 = width_of(j->l1), w2 = width_of(j->l2), w3 = width_of(j->l3);
  const size_t n = j->plan.n, cells = 2 * n * n;
  double *f = j->room + (size_t)thread * j->room_size, *g = f + cells, *column = g + cells, *x = column + 2 * n;
  memset(f, 0, 2 * cells * sizeof *f);
  numbers_read(j->dtype, j->x, i * w1, w1, x);
  torus_spread(j->torus, j->l1, x, (torus_plane){(int)n, 0, f});
  numbers_read(j->dtype, j->y, i * w2, w2, x);
  torus_spread(j->torus, j->l2, x, (torus_plane){(int)n, 0, g});
  fourier_plane(&j->plan, 0, f, column);
  fourier_plane(&j->plan, 0, g, column);
  for (size_t k = 0; k < cells; k += 2) {
    const double re = f[k] * g[k] - f[k + 1] * g[k + 1], im = f[k] * g[k + 1] + f[k + 1] * g[k];
    f[k] = re;
    f[k + 1] = im;
  }
  fourier_plane(&j->plan, 1, f, column);
  torus_collect(j->torus, j->l1 + j->l2, j->l3, (torus_plane){(int)n, 0, f}, x);
  for (int64_t k = 0; k < w3; k++) x[k] /= (double)(n * n);
  numbers_write(j->dtype, x, w3, j->z, i * w3);
}

weyl_status weyl_gaunt_fourier(weyl_context *ctx, const weyl_torus *torus, int l1, int l2, int l3, weyl_dtype dtype,
                               int64_t n, const void *x, const void *y, void *z) {
  WEYL_TRY(check_torus(ctx, torus, "l1", l1));
  WEYL_TRY(check_torus(ctx, torus, "l2", l2));
  WEYL_TRY(check_torus(ctx, torus, "l3", l3));
  WEYL_TRY(check_frequency(ctx, torus, l1 + l2));
  size_t length = 1;
  while (length < 2 * (size_t)(l1 + l2) + 1) length *= 2; /* so that no product wraps around */
  double turns[8 * WEYL_L_MAX];
  job j = {.torus = torus, .l1 = l1, .l2 = l2, .l3 = l3, .dtype = dtype, .x = x, .y = y, .z = z};
  j.plan = fourier_new(length, turns);
  const int most = l1 > l2 ? (l1 > l3 ? l1 : l3) : (l2 > l3 ? l2 : l3);
  j.room_size = 4 * length * length + 2 * length + (size_t)width_of(most);
  return run(ctx, &j, n, multiply_one);
}
