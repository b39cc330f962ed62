/* Products on the grid, against sums over couplings and quadrature in double: values, gradients, weights, mixed
 * degrees, powers; equivariance, and its loss with one node too few. Run once for each instruction set by the suite. */
#include "sphere_product.h"

#include "testing.h"

enum { SAMPLES = 2, BLOCKS = 2 };

static double number(weyl_dtype real, const void *x, size_t i) {
  return real == WEYL_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* ---- what is expected, of one channel ---- */

typedef struct couplings {
  int l1, l2, l3;
  double *gaunt, *poisson; /* [(l1 + 1)^2][(l2 + 1)^2][(l3 + 1)^2] */
} couplings;

static size_t width(int l) { return (size_t)(l + 1) * (size_t)(l + 1); }

static couplings couplings_new(int l1, int l2, int l3) {
  const size_t n2 = width(l2), n3 = width(l3);
  couplings c = {l1, l2, l3, numbers(width(l1) * n2 * n3), numbers(width(l1) * n2 * n3)};
  for (int a = 0; a <= l1; a++)
    for (int b = 0; b <= l2; b++)
      for (int d = 0; d <= l3; d++) {
        const size_t da = (size_t)(2 * a + 1), db = (size_t)(2 * b + 1), dd = (size_t)(2 * d + 1);
        double *part = numbers(da * db * dd);
        for (int which = 0; which < 2; which++) {
          ok(which ? weyl_poisson(ctx, a, b, d, part) : weyl_gaunt(ctx, a, b, d, part));
          for (size_t i = 0; i < da; i++)
            for (size_t j = 0; j < db; j++)
              for (size_t k = 0; k < dd; k++)
                (which ? c.poisson
                       : c.gaunt)[((size_t)(a * a) + i) * n2 * n3 + ((size_t)(b * b) + j) * n3 + (size_t)(d * d) + k] =
                    part[(i * db + j) * dd + k];
        }
        weyl_dealloc(ctx, part);
      }
  return c;
}

static void couplings_free(couplings *c) {
  weyl_dealloc(ctx, c->gaunt);
  weyl_dealloc(ctx, c->poisson);
}

/* Adds the sums of t x y g over two of the three, whichever of the results is wanted. */
static void contract(const couplings *c, const double *t, const double *x, const double *y, const double *g, double *dx,
                     double *dy, double *z) {
  const size_t n1 = width(c->l1), n2 = width(c->l2), n3 = width(c->l3);
  for (size_t i = 0; i < n1; i++)
    for (size_t j = 0; j < n2; j++)
      for (size_t k = 0; k < n3; k++) {
        const double v = t[(i * n2 + j) * n3 + k];
        if (v == 0) continue;
        if (dx) dx[i] += v * y[j] * g[k];
        if (dy) dy[j] += v * x[i] * g[k];
        if (z) z[k] += v * x[i] * y[j];
      }
}

/* ---- arrays in blocks ---- */

typedef struct array {
  int l;
  void *data;     /* [SAMPLES][BLOCKS][(l + 1)^2][V], or [BLOCKS][l + 1][V] for weights */
  size_t samples; /* 1 for weights */
  size_t rows;    /* of V numbers */
} array;

static array array_new(weyl_dtype real, int l, bool weights, weyl_rng *rng) {
  array a = {.l = l, .samples = weights ? 1 : SAMPLES, .rows = weights ? (size_t)l + 1 : width(l)};
  const size_t n = a.samples * BLOCKS * a.rows * (size_t)sphere_block(real);
  a.data = weyl_alloc(ctx, n, weyl_dtype_size(real));
  assert_non_null(a.data);
  for (size_t i = 0; i < n; i++) {
    const double v = rng ? 2 * weyl_rng_uniform(rng) - 1 : 0;
    if (real == WEYL_F32)
      ((float *)a.data)[i] = (float)v;
    else
      ((double *)a.data)[i] = v;
  }
  return a;
}

/* One channel; weights repeated for the orders of a degree. */
static void channel(weyl_dtype real, const array *a, size_t s, size_t b, size_t c, double *to) {
  const size_t v = (size_t)sphere_block(real);
  for (int l = 0; l <= a->l; l++)
    for (size_t i = width(l - 1); i < width(l); i++) {
      const bool weights = a->samples == 1;
      const size_t row = weights ? (size_t)l : i;
      to[i] = number(real, a->data, (((weights ? 0 : s) * BLOCKS + b) * a->rows + row) * v + c);
    }
}

static void check(weyl_dtype real, const array *a, size_t s, size_t b, size_t c, const double *wanted, double bound) {
  double got[625];
  channel(real, a, s, b, c, got);
  const double most = fmax(largest(width(a->l), wanted), 1); /* some vanish */
  assert_below(largest_difference(width(a->l), got, wanted) / most, bound);
}

static void times(size_t n, const double *w, const double *x, double *to) {
  for (size_t i = 0; i < n; i++) to[i] = w[i] * x[i];
}

static void run_all(const sphere_product *p, sphere_product_kind kind, const sphere_arrays *a) {
  const size_t size = sphere_product_scratch(p);
  char *memory = weyl_alloc(ctx, size + 64, 1);
  assert_non_null(memory);
  memset(memory, 0xff, size + 64); /* NaN, if it is read before it is written */
  void *scratch = memory + (0 - (uintptr_t)memory) % 64;
  for (int64_t b = 0; b < a->blocks; b++) sphere_product_run(p, kind, a, b, 0, a->samples, scratch);
  weyl_dealloc(ctx, memory);
}

/* ---- products ---- */

static void products(int l1, int l2, int l3, weyl_dtype real, bool weighted, bool complete) {
  const double bound = real == WEYL_F32 ? 4e-6 : 2e-14;
  weyl_rng rng = weyl_rng_new((uint64_t)(100 * l1 + 10 * l2 + l3), "products");
  weyl_arena *arena = NULL;
  ok(weyl_arena_new(ctx, &arena));
  sphere_product p;
  ok(sphere_product_make(ctx, arena, l1, l2, l3, 2, 0, 0, real, &p));
  array x = array_new(real, l1, false, &rng), y = array_new(real, l2, false, &rng),
        g = array_new(real, l3, false, &rng);
  array z = array_new(real, l3, false, NULL), dx = array_new(real, l1, false, NULL),
        dy = array_new(real, l2, false, NULL);
  array wx = array_new(real, l1, true, &rng), wy = array_new(real, l2, true, &rng),
        wz = array_new(real, l3, true, &rng);
  array wp = array_new(real, l3, true, &rng), dwx = array_new(real, l1, true, NULL),
        dwy = array_new(real, l2, true, NULL);
  array dwz = array_new(real, l3, true, NULL), dwp = array_new(real, l3, true, NULL);
  sphere_arrays a = {
      .samples = SAMPLES, .blocks = BLOCKS, .f = {x.data, y.data}, .g = g.data, .z = z.data, .df = {dx.data, dy.data}};
  if (weighted) {
    a.wf[0] = wx.data, a.wf[1] = wy.data, a.wz[0] = wz.data, a.wp = wp.data;
    a.dwf[0] = dwx.data, a.dwf[1] = dwy.data, a.dwz[0] = dwz.data, a.dwp = complete ? dwp.data : NULL;
  }
  run_all(&p, complete ? SPHERE_COMPLETE : SPHERE_GAUNT, &a);
  run_all(&p, complete ? SPHERE_COMPLETE_BACK : SPHERE_GAUNT_BACK, &a);
  couplings c = couplings_new(l1, l2, l3);
  const size_t n1 = width(l1), n2 = width(l2), n3 = width(l3), lanes = (size_t)sphere_block(real);
  double *room = numbers(40 * 625);
  double *cx = room, *cy = cx + 625, *cg = cy + 625, *ux = cg + 625, *uy = ux + 625, *uz = uy + 625, *up = uz + 625;
  double *fx = up + 625, *fy = fx + 625, *h = fy + 625, *q = h + 625, *zg = q + 625, *zp = zg + 625, *ex = zp + 625;
  double *ey = ex + 625, *sums = ey + 625; /* [4][l]: of the weights' gradients */
  for (size_t b = 0; b < BLOCKS; b++)
    for (size_t k = 0; k < lanes; k += 5) {
      for (int i = 0; i < 4 * 25; i++) sums[i] = 0;
      for (size_t s = 0; s < SAMPLES; s++) {
        channel(real, &x, s, b, k, cx), channel(real, &y, s, b, k, cy), channel(real, &g, s, b, k, cg);
        channel(real, &wx, 0, b, k, ux), channel(real, &wy, 0, b, k, uy), channel(real, &wz, 0, b, k, uz);
        channel(real, &wp, 0, b, k, up);
        for (size_t i = 0; !weighted && i < 625; i++) ux[i] = uy[i] = uz[i] = up[i] = 1;
        times(n1, ux, cx, fx), times(n2, uy, cy, fy), times(n3, uz, cg, h), times(n3, up, cg, q);
        for (size_t i = 0; i < 625; i++) zg[i] = zp[i] = ex[i] = ey[i] = 0;
        contract(&c, c.gaunt, fx, fy, h, ex, ey, zg);
        if (complete) contract(&c, c.poisson, fx, fy, q, ex, ey, zp);
        for (int l = 0; l <= 24; l++)
          for (size_t i = width(l - 1); i < width(l); i++) {
            if (l <= l1) sums[l] += cx[i] * ex[i];
            if (l <= l2) sums[25 + l] += cy[i] * ey[i];
            if (l <= l3) sums[50 + l] += cg[i] * zg[i], sums[75 + l] += cg[i] * zp[i];
          }
        for (size_t i = 0; i < n3; i++) zg[i] = uz[i] * zg[i] + up[i] * zp[i];
        times(n1, ux, ex, ex), times(n2, uy, ey, ey);
        check(real, &z, s, b, k, zg, bound);
        check(real, &dx, s, b, k, ex, bound);
        check(real, &dy, s, b, k, ey, bound);
      }
      const array *const gradient[4] = {&dwx, &dwy, &dwz, &dwp};
      for (size_t i = 0; weighted && i < (complete ? 4u : 3u); i++) {
        double wanted[625];
        for (int l = 0; l <= gradient[i]->l; l++)
          for (size_t j = width(l - 1); j < width(l); j++) wanted[j] = sums[25 * i + (size_t)l];
        check(real, gradient[i], 0, b, k, wanted, 4 * bound);
      }
    }
  weyl_dealloc(ctx, room);
  couplings_free(&c);
  const array all[] = {x, y, g, z, dx, dy, wx, wy, wz, wp, dwx, dwy, dwz, dwp};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weyl_dealloc(ctx, all[i].data);
  weyl_arena_free(arena);
}

static void test_gaunt(void **state) {
  (void)state;
  for (int l = 0; l <= 6; l++)
    for (int real = WEYL_F32; real <= WEYL_F64; real++) {
      products(l, l, l, (weyl_dtype)real, false, false);
      products(l, l, l, (weyl_dtype)real, true, false);
    }
}

static void test_complete(void **state) {
  (void)state;
  for (int l = 0; l <= 6; l++)
    for (int real = WEYL_F32; real <= WEYL_F64; real++) {
      products(l, l, l, (weyl_dtype)real, false, true);
      products(l, l, l, (weyl_dtype)real, true, true);
    }
}

static void test_mixed_and_high(void **state) {
  (void)state;
  static const int degrees[][3] = {{1, 3, 2}, {4, 0, 3}, {0, 5, 5},  {3, 2, 6},
                                   {7, 7, 7}, {8, 8, 2}, {9, 5, 12}, {12, 12, 4}};
  for (size_t i = 0; i < sizeof degrees / sizeof *degrees; i++)
    for (int real = WEYL_F32; real <= WEYL_F64; real++)
      products(degrees[i][0], degrees[i][1], degrees[i][2], (weyl_dtype)real, true, i < 5);
}

/* ---- powers, by quadrature on a finer grid ---- */

static void powers(int l1, int l3, int power, weyl_dtype real, bool weighted) {
  const double bound = real == WEYL_F32 ? 4e-6 : 2e-14;
  weyl_rng rng = weyl_rng_new((uint64_t)(100 * l1 + 10 * l3 + power), "powers");
  weyl_arena *arena = NULL;
  ok(weyl_arena_new(ctx, &arena));
  sphere_product p;
  ok(sphere_product_make(ctx, arena, l1, l1, l3, power, 0, 0, real, &p));
  weyl_sphere_grid fine;
  const int degree = power * l1 + l3 + 7;
  ok(weyl_sphere_grid_new(ctx, arena, l1 > l3 ? l1 : l3, degree / 2 + 1, degree + 1, 0.1, &fine));
  array x = array_new(real, l1, false, &rng), g = array_new(real, l3, false, &rng),
        z = array_new(real, l3, false, NULL);
  array dx = array_new(real, l1, false, NULL), wx = array_new(real, l1, true, &rng),
        dwx = array_new(real, l1, true, NULL);
  array wz[3], dwz[3];
  sphere_arrays a = {.samples = SAMPLES, .blocks = BLOCKS, .f = {x.data}, .g = g.data, .z = z.data, .df = {dx.data}};
  if (weighted) a.wf[0] = wx.data, a.dwf[0] = dwx.data;
  for (int n = 0; n < 3; n++) {
    wz[n] = array_new(real, l3, true, &rng), dwz[n] = array_new(real, l3, true, NULL);
    if (weighted) a.wz[n] = wz[n].data;
    if (weighted && n < power - 1) a.dwz[n] = dwz[n].data;
  }
  run_all(&p, SPHERE_POWERS, &a);
  run_all(&p, SPHERE_POWERS_BACK, &a);
  const size_t n1 = width(l1), n3 = width(l3), lanes = (size_t)sphere_block(real);
  const size_t points = (size_t)fine.n_theta * (size_t)fine.n_phi;
  double *f = numbers(6 * points), *pw = f + points, *hn = pw + points, *sum = hn + points;
  double cx[625], cg[625], ux[625], uz[625], fx[625], t[625], zsum[625], sums[4][25];
  for (size_t b = 0; b < BLOCKS; b++)
    for (size_t k = 0; k < lanes; k += 5) {
      memset(sums, 0, sizeof sums);
      for (size_t s = 0; s < SAMPLES; s++) {
        channel(real, &x, s, b, k, cx), channel(real, &g, s, b, k, cg), channel(real, &wx, 0, b, k, ux);
        for (size_t i = 0; !weighted && i < 625; i++) ux[i] = 1;
        times(n1, ux, cx, fx);
        ok(weyl_sphere_to_grid(ctx, &fine, WEYL_SPHERE_VALUE, false, l1, WEYL_F64, 1, fx, f));
        memcpy(pw, f, points * sizeof *f);
        memset(sum, 0, points * sizeof *sum);
        memset(zsum, 0, sizeof zsum);
        for (int n = 2; n <= power; n++) {
          channel(real, &wz[n - 2], 0, b, k, uz);
          for (size_t i = 0; !weighted && i < 625; i++) uz[i] = 1;
          times(n3, uz, cg, t);
          ok(weyl_sphere_to_grid(ctx, &fine, WEYL_SPHERE_VALUE, false, l3, WEYL_F64, 1, t, hn));
          for (size_t i = 0; i < points; i++) sum[i] += n * pw[i] * hn[i], pw[i] *= f[i];
          ok(weyl_sphere_from_grid(ctx, &fine, WEYL_SPHERE_VALUE, true, l3, WEYL_F64, 1, pw, t));
          for (int l = 0; l <= l3; l++)
            for (size_t i = width(l - 1); i < width(l); i++) sums[n - 2][l] += cg[i] * t[i], zsum[i] += uz[i] * t[i];
        }
        check(real, &z, s, b, k, zsum, bound);
        ok(weyl_sphere_from_grid(ctx, &fine, WEYL_SPHERE_VALUE, true, l1, WEYL_F64, 1, sum, t));
        for (int l = 0; l <= l1; l++)
          for (size_t i = width(l - 1); i < width(l); i++) sums[3][l] += cx[i] * t[i];
        times(n1, ux, t, t);
        check(real, &dx, s, b, k, t, bound);
      }
      for (int n = 0; weighted && n < 4; n++) {
        if (n < 3 && n >= power - 1) continue;
        const array *const gradient = n == 3 ? &dwx : &dwz[n];
        for (int l = 0; l <= gradient->l; l++)
          for (size_t i = width(l - 1); i < width(l); i++) t[i] = sums[n][l];
        check(real, gradient, 0, b, k, t, 4 * bound);
      }
    }
  weyl_dealloc(ctx, f);
  const array all[] = {x, g, z, dx, wx, dwx, wz[0], wz[1], wz[2], dwz[0], dwz[1], dwz[2]};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weyl_dealloc(ctx, all[i].data);
  weyl_arena_free(arena);
}

static void test_powers(void **state) {
  (void)state;
  for (int power = 2; power <= 4; power++)
    for (int l1 = 0; l1 <= 5; l1++)
      for (int real = WEYL_F32; real <= WEYL_F64; real++) {
        powers(l1, l1, power, (weyl_dtype)real, false);
        powers(l1, (l1 + 1) / 2, power, (weyl_dtype)real, true);
        powers(l1, l1 + 1, power, (weyl_dtype)real, true);
        powers(l1, l1 / 3, power, (weyl_dtype)real, true);
        powers(l1, 0, power, (weyl_dtype)real, true);
      }
}

/* ---- rotation ---- */

/* How far D z(x, y) is from z(D x, D y), for random x and y. */
static double turned_error_of(const sphere_product *p, sphere_product_kind kind, int l) {
  const weyl_dtype real = WEYL_F64;
  weyl_rng rng = weyl_rng_new(7, "rotation");
  array x = array_new(real, l, false, &rng), y = array_new(real, l, false, &rng);
  array z = array_new(real, l, false, NULL), turned = array_new(real, l, false, NULL);
  sphere_arrays a = {.samples = SAMPLES, .blocks = BLOCKS, .f = {x.data, y.data}, .z = z.data};
  run_all(p, kind, &a);
  double quaternion[4], r[9];
  fill_normal(&rng, 4, quaternion);
  ok(weyl_rotation_from_quaternion(ctx, quaternion, r));
  const size_t v = (size_t)sphere_block(real);
  for (int which = 0; which < 3; which++)
    for (int d = 0; d <= l; d++) {
      double matrix[25 * 25];
      const size_t n = (size_t)(2 * d + 1);
      ok(weyl_wigner_d(ctx, d, WEYL_AXES_STANDARD, r, matrix));
      double *const at = (double *)(which == 0 ? x.data : which == 1 ? y.data : z.data);
      for (size_t item = 0; item < SAMPLES * BLOCKS; item++)
        for (size_t c = 0; c < v; c++) {
          double was[25], *const to = at + (item * width(l) + width(d - 1)) * v + c;
          for (size_t i = 0; i < n; i++) was[i] = to[i * v];
          for (size_t i = 0; i < n; i++) {
            to[i * v] = 0;
            for (size_t j = 0; j < n; j++) to[i * v] += matrix[i * n + j] * was[j];
          }
        }
    }
  a.z = turned.data;
  run_all(p, kind, &a);
  const size_t all = SAMPLES * BLOCKS * width(l) * v;
  const double error = largest_difference(all, z.data, turned.data) / largest(all, z.data);
  const array every[] = {x, y, z, turned};
  for (size_t i = 0; i < 4; i++) weyl_dealloc(ctx, every[i].data);
  return error;
}

/* On a grid with fewer nodes than are exact. */
static double turned_error(sphere_product_kind kind, int l, int power, int less_theta, int less_phi) {
  weyl_arena *arena = NULL;
  ok(weyl_arena_new(ctx, &arena));
  int rows = 0, columns = 0;
  weyl_sphere_grid_sizes((power > 2 ? power + 1 : 3) * l, &rows, &columns);
  columns = (columns + 3) / 4 * 4;
  sphere_product p;
  ok(sphere_product_make(ctx, arena, l, l, l, power, rows - less_theta, columns - less_phi, WEYL_F64, &p));
  assert_int_equal(p.orbits.points, 0);
  const double error = turned_error_of(&p, kind, l);
  weyl_arena_free(arena);
  return error;
}

/* By the rule of few points, or one for a lower degree. */
static double turned_error_by_orbits(int l, int power, int less) {
  weyl_arena *arena = NULL;
  ok(weyl_arena_new(ctx, &arena));
  sphere_product p;
  ok(sphere_product_make(ctx, arena, l, l, l, power, 0, 0, WEYL_F64, &p));
  assert_true(p.orbits.points > 0);
  if (less > 0) ok(sphere_orbits_make(ctx, arena, (power + 1) * l - less, l, WEYL_F64, &p.orbits));
  assert_true(p.orbits.points > 0);
  const double error = turned_error_of(&p, SPHERE_POWERS, l);
  weyl_arena_free(arena);
  return error;
}

static void test_equivariance(void **state) {
  (void)state;
  for (int l = 1; l <= 8; l++) {
    assert_below(turned_error(SPHERE_GAUNT, l, 2, 0, 0), 1e-12);
    assert_below(turned_error(SPHERE_COMPLETE, l, 2, 0, 0), 1e-12);
    if (l < 5) assert_below(turned_error(SPHERE_POWERS, l, 3, 0, 0), 1e-12);
    if (l < 5) assert_below(turned_error(SPHERE_POWERS, l, 4, 0, 0), 1e-12);
    /* one row, or the one orbit of columns, too few */
    assert_true(turned_error(SPHERE_GAUNT, l, 2, 1, 0) > 1e-6);
    if (l > 1) assert_true(turned_error(SPHERE_GAUNT, l, 2, 0, 4) > 1e-6);
    if (l > 1) assert_true(turned_error(SPHERE_COMPLETE, l, 2, 1, 0) > 1e-6);
    if (l > 1 && l < 5) assert_true(turned_error(SPHERE_POWERS, l, 3, 1, 0) > 1e-6);
  }
  for (int l = 2; l <= 3; l++)
    for (int power = 2; power <= 4; power++) {
      assert_below(turned_error_by_orbits(l, power, 0), 1e-12);
      assert_true(turned_error_by_orbits(l, power, 2) > 1e-6);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gaunt),  cmocka_unit_test(test_complete),     cmocka_unit_test(test_mixed_and_high),
      cmocka_unit_test(test_powers), cmocka_unit_test(test_equivariance),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
