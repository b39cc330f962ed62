/* Functions on grids of the sphere: nodes and tables, exactness with as many nodes as needed and its loss with one
 * fewer, and products of functions against couplings (spec sheet 2.5, 2.7, 2.8). */
#include "testing.h"

static weyl_arena *arena;

static int up(void **state) {
  context_up(state);
  return weyl_arena_new(ctx, &arena) != WEYL_OK;
}

static int down(void **state) {
  weyl_arena_free(arena);
  return context_down(state);
}

static weyl_sphere_grid grid_of(int l_max, int n_theta, int n_phi, double shift) {
  weyl_sphere_grid grid;
  ok(weyl_sphere_grid_new(ctx, arena, l_max, n_theta, n_phi, shift, &grid));
  return grid;
}

static double *values(const weyl_sphere_grid *grid, weyl_sphere_part part, int l, const double *x) {
  double *f = weyl_arena_array(arena, double, grid->n_theta * grid->n_phi);
  ok(weyl_sphere_to_grid(ctx, grid, part, false, l, WEYL_F64, 1, x, f));
  return f;
}

static void test_nodes(void **state) {
  (void)state;
  static const int sizes[] = {1, 2, 3, 10, 33, 200};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const int n = sizes[i];
    const weyl_sphere_grid grid = grid_of(1, n, 3, 0);
    for (int power = 0; power <= 2 * n - 1 && power < 40; power++) { /* Gauss: exact to degree 2n - 1 */
      double sum = 0;
      for (int j = 0; j < n; j++) sum += grid.weight[j] * pow(grid.z[j], power);
      assert_close(3 * sum, power % 2 ? 0 : 4 * PI / (power + 1), 2e-14);
    }
    for (int j = 1; j < n; j++) assert_true(grid.z[j] > grid.z[j - 1]);
  }
  const weyl_sphere_grid two = grid_of(0, 2, 1, 0);
  assert_close(two.z[1], sqrt(1 / 3.0), 1e-16);
  int a, b;
  weyl_sphere_grid_sizes(6, &a, &b); /* L = 2 three times: 4 x 7 */
  assert_true(a == 4 && b == 7);
  weyl_sphere_grid_sizes(3, &a, &b);
  assert_true(a == 2 && b == 4);
}

/* Values and derivatives at the nodes are those of the harmonics there. */
PROPERTY(test_tables, 5) {
  enum { L = 6, WIDTH = (L + 1) * (L + 1) };
  const weyl_mark mark = weyl_arena_mark(arena);
  const weyl_sphere_grid grid = grid_of(L + 1, 5, 8, 0.5);
  double x[WIDTH], xyz[5 * 8 * 3], *y = weyl_arena_array(arena, double, 40 * WIDTH);
  double *dy = weyl_arena_array(arena, double, 120 * WIDTH);
  fill_normal(rng, WIDTH, x);
  const double *f[3];
  for (int part = 0; part < 3; part++) f[part] = values(&grid, (weyl_sphere_part)part, L, x);
  for (int axes = 0; axes < 2; axes++) {
    weyl_sphere_grid_points(&grid, (weyl_axes)axes, xyz);
    const weyl_harmonics_opts opts = {.l_max = L, .axes = (weyl_axes)axes};
    ok(weyl_harmonics(ctx, &opts, WEYL_F64, 40, xyz, y, dy));
    const int first = axes == WEYL_AXES_STANDARD ? 0 : 2;
    for (int p = 0; p < 40; p++) {
      const double z = grid.z[p / 8], s = sqrt(1 - z * z), c = cos(grid.phi[p % 8]), t = sin(grid.phi[p % 8]);
      double wanted[3] = {0};
      for (int i = 0; i < WIDTH; i++) {
        const double *d = dy + 3 * p * WIDTH + i;
        const double dx = d[first * WIDTH], dyy = d[(first + 1) % 3 * WIDTH], dz = d[(first + 2) % 3 * WIDTH];
        wanted[0] += x[i] * y[p * WIDTH + i];
        wanted[1] += x[i] * (z * c * dx + z * t * dyy - s * dz);
        wanted[2] += x[i] * (c * dyy - t * dx);
      }
      for (int part = 0; part < 3; part++) assert_close(f[part][p], wanted[part], 1e-12);
    }
  }
  weyl_arena_release(arena, mark);
}

/* Coefficients come back from their values: exactly with the nodes of degree 2 L, not with one row or column fewer. */
PROPERTY(test_round_trip, 3) {
  static const int degrees[] = {0, 1, 2, 3, 4, 7, 12, 20, 33};
  for (size_t t = 0; t < sizeof degrees / sizeof *degrees; t++) {
    const weyl_mark mark = weyl_arena_mark(arena);
    const int L = degrees[t];
    const size_t width = degrees_width(L);
    double *x = weyl_arena_array(arena, double, width), *back = weyl_arena_array(arena, double, width);
    fill_normal(rng, width, x);
    int n_theta, n_phi;
    weyl_sphere_grid_sizes(2 * L, &n_theta, &n_phi);
    for (int fewer = 0; fewer < (L > 0 ? 3 : 1); fewer++) {
      const weyl_sphere_grid grid = grid_of(L, n_theta - (fewer == 1), n_phi - (fewer == 2), 0.5 * (L % 2));
      const double *f = values(&grid, WEYL_SPHERE_VALUE, L, x);
      ok(weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, L, WEYL_F64, 1, f, back));
      const double error = relative_difference(width, x, back);
      if (fewer == 0)
        assert_below(error, 1e-13);
      else
        assert_true(error > 1e-3);
    }
    weyl_arena_release(arena, mark);
  }
}

/* <A x, f> = <x, A* f>, each part, with and without weights. */
PROPERTY(test_adjoint, 10) {
  enum { L = 5, WIDTH = (L + 1) * (L + 1), POINTS = 4 * 9 };
  const weyl_mark mark = weyl_arena_mark(arena);
  const weyl_sphere_grid grid = grid_of(7, 4, 9, 0.25);
  double x[2 * WIDTH], f[2 * POINTS], ax[2 * POINTS], af[2 * WIDTH];
  fill_normal(rng, 2 * WIDTH, x);
  fill_normal(rng, 2 * POINTS, f);
  for (int part = 0; part < 3; part++) {
    for (int weighted = 0; weighted < 2; weighted++) {
      ok(weyl_sphere_to_grid(ctx, &grid, (weyl_sphere_part)part, weighted, L, WEYL_F64, 2, x, ax));
      ok(weyl_sphere_from_grid(ctx, &grid, (weyl_sphere_part)part, weighted, L, WEYL_F64, 2, f, af));
      double left = 0, right = 0;
      for (int i = 0; i < 2 * POINTS; i++) left += ax[i] * f[i];
      for (int i = 0; i < 2 * WIDTH; i++) right += x[i] * af[i];
      assert_close(left, right, 1e-12 * (1 + fabs(left)));
    }
  }
  weyl_arena_release(arena, mark);
}

/* The product of two functions to degree l3 by a grid: missing[0 or 1] nodes fewer along theta or phi. */
static void gaunt_by_grid(int l1, int l2, int l3, const int missing[2], const double *x, const double *y, double *z) {
  const weyl_mark mark = weyl_arena_mark(arena);
  int n_theta, n_phi;
  weyl_sphere_grid_sizes(l1 + l2 + l3, &n_theta, &n_phi);
  const int most = l1 > l2 ? (l1 > l3 ? l1 : l3) : l2 > l3 ? l2 : l3;
  const weyl_sphere_grid grid = grid_of(most, n_theta - missing[0], n_phi - missing[1], 0);
  double *f = values(&grid, WEYL_SPHERE_VALUE, l1, x);
  const double *g = values(&grid, WEYL_SPHERE_VALUE, l2, y);
  for (int i = 0; i < grid.n_theta * grid.n_phi; i++) f[i] *= g[i];
  ok(weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, l3, WEYL_F64, 1, f, z));
  weyl_arena_release(arena, mark);
}

static const int none[2] = {0, 0}, row[2] = {1, 0}, column[2] = {0, 1};

PROPERTY(test_gaunt, 1) {
  for (int L = 1; L <= 10; L++) {
    const int l3 = L <= 6 ? 2 * L : L; /* an even total degree: one row fewer is one too few */
    const size_t width = degrees_width(L), out = degrees_width(l3);
    double *x = numbers(2 * width + 2 * out), *y = x + width, *wanted = y + width, *z = wanted + out;
    fill_normal(rng, 2 * width, x);
    sparse_product(WEYL_COUPLING_GAUNT, L, L, l3, x, y, wanted);
    gaunt_by_grid(L, L, l3, none, x, y, z);
    assert_below(relative_difference(out, wanted, z), 1e-13);
    if ((2 * L + l3) % 2 == 0) {
      gaunt_by_grid(L, L, l3, row, x, y, z);
      assert_true(relative_difference(out, wanted, z) > 1e-6);
    }
    gaunt_by_grid(L, L, l3, column, x, y, z);
    assert_true(relative_difference(out, wanted, z) > 1e-6);
    weyl_dealloc(ctx, x);
  }
}

static void act(int l_max, const double r[9], const double *x, double *y) {
  weyl_irreps list;
  ok(weyl_irreps_spherical(ctx, arena, l_max, &list));
  ok(weyl_irreps_act(ctx, list, WEYL_AXES_E3NN, r, WEYL_F64, 1, x, y));
}

/* Products of turned and reflected factors are turned and reflected products; a node too few breaks that. */
PROPERTY(test_equivariance, 5) {
  enum { L = 4, WIDTH = 25 };
  const weyl_mark mark = weyl_arena_mark(arena);
  double r[9], x[WIDTH], y[WIDTH], rx[WIDTH], ry[WIDTH], z[WIDTH], rz[WIDTH], wanted[WIDTH];
  random_rotation(rng, r);
  if (property_now.trial % 2) {
    for (int k = 0; k < 9; k++) r[k] = -r[k];
  }
  fill_normal(rng, WIDTH, x);
  fill_normal(rng, WIDTH, y);
  act(L, r, x, rx);
  act(L, r, y, ry);
  for (int way = 0; way < 3; way++) {
    const int *missing = way == 0 ? none : way == 1 ? row : column;
    gaunt_by_grid(L, L, L, missing, x, y, z);
    gaunt_by_grid(L, L, L, missing, rx, ry, rz);
    act(L, r, z, wanted);
    const double error = relative_difference(WIDTH, wanted, rz);
    if (way == 0)
      assert_below(error, 1e-13);
    else
      assert_true(error > 1e-4);
  }
  weyl_arena_release(arena, mark);
}

/* Commutative; associative when nothing is cut off, and not otherwise; and the cube on one grid is the cube. */
PROPERTY(test_algebra, 3) {
  enum { L = 3, W = 16, W2 = 49, W3 = 100 };
  double x[3][W], xy[W2], yx[W2], yz[W2], left[W3], right[W3], cut[W3];
  for (int k = 0; k < 3; k++) fill_normal(rng, W, x[k]);
  gaunt_by_grid(L, L, 2 * L, none, x[0], x[1], xy);
  gaunt_by_grid(L, L, 2 * L, none, x[1], x[0], yx);
  assert_below(relative_difference(W2, xy, yx), 1e-14);
  gaunt_by_grid(L, L, 2 * L, none, x[1], x[2], yz);
  gaunt_by_grid(2 * L, L, 3 * L, none, xy, x[2], left);
  gaunt_by_grid(L, 2 * L, 3 * L, none, x[0], yz, right);
  assert_below(relative_difference(W3, left, right), 1e-13);
  gaunt_by_grid(L, L, 3 * L, none, xy, x[2], cut);
  assert_true(relative_difference(W3, left, cut) > 1e-3);

  gaunt_by_grid(L, L, 2 * L, none, x[0], x[0], xy);
  sparse_product(WEYL_COUPLING_GAUNT, 2 * L, L, 2, xy, x[0], left);
  const weyl_mark mark = weyl_arena_mark(arena);
  int n_theta, n_phi;
  weyl_sphere_grid_sizes(3 * L + 2, &n_theta, &n_phi);
  const weyl_sphere_grid grid = grid_of(L, n_theta, n_phi, 0);
  double *f = values(&grid, WEYL_SPHERE_VALUE, L, x[0]);
  for (int i = 0; i < n_theta * n_phi; i++) f[i] = f[i] * f[i] * f[i];
  ok(weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, 2, WEYL_F64, 1, f, right));
  assert_below(relative_difference(9, left, right), 1e-13);
  weyl_arena_release(arena, mark);
}

static void poisson_by_grid(int l1, int l2, int l3, const double *x, const double *y, double *z) {
  const weyl_mark mark = weyl_arena_mark(arena);
  int n_theta, n_phi;
  weyl_sphere_grid_sizes(l1 + l2 + l3 - 1, &n_theta, &n_phi); /* the bracket has degree l1 + l2 - 1 */
  const int most = l1 > l2 ? (l1 > l3 ? l1 : l3) : l2 > l3 ? l2 : l3;
  const weyl_sphere_grid grid = grid_of(most, n_theta, n_phi, 0);
  double *ft = values(&grid, WEYL_SPHERE_D_THETA, l1, x), *fp = values(&grid, WEYL_SPHERE_D_PHI, l1, x);
  const double *gt = values(&grid, WEYL_SPHERE_D_THETA, l2, y), *gp = values(&grid, WEYL_SPHERE_D_PHI, l2, y);
  for (int i = 0; i < n_theta * n_phi; i++) ft[i] = ft[i] * gp[i] - fp[i] * gt[i];
  ok(weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, l3, WEYL_F64, 1, ft, z));
  weyl_arena_release(arena, mark);
}

PROPERTY(test_poisson, 2) {
  for (int L = 1; L <= 6; L++) {
    const size_t width = degrees_width(L);
    double *x = numbers(4 * width), *y = x + width, *wanted = y + width, *z = wanted + width;
    fill_normal(rng, 2 * width, x);
    sparse_product(WEYL_COUPLING_POISSON, L, L, L, x, y, wanted);
    poisson_by_grid(L, L, L, x, y, z);
    assert_below(relative_difference(width, wanted, z), 1e-13);
    weyl_dealloc(ctx, x);
  }
  /* two vectors: their cross product, which no Gaunt product makes */
  double a[4] = {0}, b[4] = {0}, c[4], g[4];
  fill_normal(rng, 3, a + 1);
  fill_normal(rng, 3, b + 1);
  poisson_by_grid(1, 1, 1, a, b, c);
  const double scale = sqrt(3 / (4 * PI));
  for (int k = 0; k < 3; k++) {
    const int p = 1 + (k + 1) % 3, q = 1 + (k + 2) % 3;
    assert_close(c[1 + k], scale * (a[p] * b[q] - a[q] * b[p]), 1e-14);
  }
  gaunt_by_grid(1, 1, 1, none, a, b, g);
  for (int k = 1; k < 4; k++) assert_close(g[k], 0, 1e-15);
}

static void test_single(void **state) {
  (void)state;
  enum { L = 4, W = 25, N = 3 };
  weyl_rng rng = weyl_rng_new(8, "single");
  int n_theta, n_phi;
  weyl_sphere_grid_sizes(2 * L, &n_theta, &n_phi);
  const weyl_sphere_grid grid = grid_of(L, n_theta, n_phi, 0);
  float x[N * W], back[N * W], f[N * 45];
  assert_int_equal(n_theta * n_phi, 45);
  for (int i = 0; i < N * W; i++) x[i] = (float)weyl_rng_normal(&rng);
  ok(weyl_sphere_to_grid(ctx, &grid, WEYL_SPHERE_VALUE, false, L, WEYL_F32, N, x, f));
  ok(weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, L, WEYL_F32, N, f, back));
  for (int i = 0; i < N * W; i++) assert_close((double)x[i], (double)back[i], 2e-6);
}

static void test_bad(void **state) {
  (void)state;
  weyl_sphere_grid grid;
  double x[4] = {0}, f[16];
  assert_says(ctx, weyl_sphere_grid_new(ctx, arena, -1, 2, 4, 0, &grid), WEYL_BAD_ARG, "l_max is -1");
  assert_says(ctx, weyl_sphere_grid_new(ctx, arena, 1, 0, 4, 0, &grid), WEYL_BAD_ARG, "a grid of 0 x 4 nodes");
  assert_says(ctx, weyl_sphere_grid_new(ctx, arena, 1, 2, 5000, 0, &grid), WEYL_BAD_ARG, "2 x 5000");
  assert_says(ctx, weyl_sphere_grid_new(ctx, arena, 1, 2, 4, NAN, &grid), WEYL_BAD_ARG, "shift");
  grid = grid_of(1, 2, 4, 0);
  assert_says(ctx, weyl_sphere_to_grid(ctx, &grid, WEYL_SPHERE_VALUE, false, 2, WEYL_F64, 1, x, f), WEYL_BAD_ARG,
              "l_max is 2, must be 0 to 1, that of the grid");
  assert_says(ctx, weyl_sphere_to_grid(ctx, &grid, (weyl_sphere_part)3, false, 1, WEYL_F64, 1, x, f), WEYL_BAD_ARG,
              "part is 3");
  assert_says(ctx, weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, 1, WEYL_U8, 1, f, x), WEYL_DTYPE, "u8");
  assert_says(ctx, weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, 1, WEYL_F64, -2, f, x), WEYL_BAD_ARG,
              "-2 rows");
  ok(weyl_sphere_from_grid(ctx, &grid, WEYL_SPHERE_VALUE, true, 1, WEYL_F64, 0, NULL, NULL));
  x[2] = NAN;
  ok(weyl_sphere_to_grid(ctx, &grid, WEYL_SPHERE_VALUE, false, 1, WEYL_F64, 1, x, f));
  assert_true(isnan(f[0]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nodes), property_test(test_tables),  property_test(test_round_trip),
      property_test(test_adjoint),  property_test(test_gaunt),   property_test(test_equivariance),
      property_test(test_algebra),  property_test(test_poisson), cmocka_unit_test(test_single),
      cmocka_unit_test(test_bad),
  };
  return cmocka_run_group_tests(tests, up, down);
}
