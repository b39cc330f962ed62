/* Functions on the torus: the tables of the spec sheet (2.6), the series itself, its symmetries, and products. */
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

static void test_values(void **state) {
  (void)state;
  static const struct {
    int l, m, u;
    double value;
  } a[] = {{0, 0, 0, 0.2820947918},  {1, 0, 1, 0.2443012560},  {1, 1, 1, -0.2443012560}, {2, 0, 0, 0.1576957826},
           {2, 0, 2, 0.2365436739},  {2, 1, 2, -0.2731371076}, {2, 2, 0, 0.2731371076},  {2, 2, 2, -0.1365685538},
           {3, 0, 1, 0.1399411247},  {3, 0, 3, 0.2332352079},  {3, 1, 1, -0.0571307249}, {3, 1, 3, -0.2856536247},
           {3, 2, 1, 0.1806632152},  {3, 2, 3, -0.1806632152}, {3, 3, 1, -0.2212663462}, {3, 3, 3, 0.0737554487},
           {4, 0, 0, 0.1190087403},  {4, 0, 2, 0.1322319336},  {4, 0, 4, 0.2314058839},  {4, 4, 0, 0.2346884008},
           {4, 4, 2, -0.1564589339}, {4, 4, 4, 0.0391147335}},
    b[] = {{0, 0, 0, 0.5641895835},
           {0, 0, 2, -0.1880631945},
           {1, 0, 1, 0.3257350079},
           {1, 1, 1, 0.6514700159},
           {2, 0, 0, 0},
           {2, 0, 2, 0.3364176696},
           {2, 1, 2, 0.5826924963},
           {2, 2, 0, 0.7283656204},
           {2, 2, 4, 0.0624313389},
           {3, 2, 3, -0.4955333902}};
  weyl_torus torus;
  ok(weyl_torus_new(ctx, arena, 4, 8, &torus));
  for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
    const double value = weyl_torus_a(&torus, a[i].l, a[i].m, a[i].u), sign = a[i].m % 2 ? -1 : 1;
    assert_close(value, a[i].value, 5.1e-11);
    assert_true(weyl_torus_a(&torus, a[i].l, -a[i].m, a[i].u) == value);
    if (a[i].u > 0) assert_true(weyl_torus_a(&torus, a[i].l, a[i].m, -a[i].u) == sign * value);
  }
  for (size_t i = 0; i < sizeof b / sizeof *b; i++)
    assert_close(weyl_torus_b(&torus, b[i].l, b[i].m, b[i].u), b[i].value, 5.1e-11);
  assert_true(weyl_torus_a(&torus, 3, 1, 2) == 0 && weyl_torus_b(&torus, 3, 1, 2) == 0);
}

/* The series is the function, on the sphere and on its second cover; F is that of a real function, covered twice. */
PROPERTY(test_series, 5) {
  static const int degrees[] = {0, 1, 3, 8, 20};
  for (size_t t = 0; t < sizeof degrees / sizeof *degrees; t++) {
    const weyl_mark mark = weyl_arena_mark(arena);
    const int L = degrees[t], n = 2 * L + 1;
    const size_t width = degrees_width(L);
    weyl_torus torus;
    ok(weyl_torus_new(ctx, arena, L, L, &torus));
    double *x = weyl_arena_array(arena, double, 2 * width), *y = x + width;
    double *f = weyl_arena_array(arena, double, 2 * n * n);
    fill_normal(rng, width, x);
    ok(weyl_torus_from_sphere(ctx, &torus, L, WEYL_F64, 1, x, f));
    const double theta = PI * weyl_rng_uniform(rng), phi = 2 * PI * weyl_rng_uniform(rng);
    const double r[3] = {sin(theta) * cos(phi), sin(theta) * sin(phi), cos(theta)};
    const weyl_harmonics_opts opts = {.l_max = L, .axes = WEYL_AXES_STANDARD};
    ok(weyl_harmonics(ctx, &opts, WEYL_F64, 1, r, y, NULL));
    double wanted = 0;
    for (size_t i = 0; i < width; i++) wanted += x[i] * y[i];
    for (int cover = 0; cover < 2; cover++) { /* (-theta, phi + pi) is the same point */
      const double at = cover ? -theta : theta, around = cover ? phi + PI : phi;
      double re = 0, im = 0;
      for (int u = -L; u <= L; u++) {
        for (int v = -L; v <= L; v++) {
          const double *e = f + 2 * ((u + L) * n + v + L), *mirror = f + 2 * ((L - u) * n + L - v);
          const double *half = f + 2 * ((L - u) * n + v + L), sign = v % 2 ? -1 : 1, c = cos(u * at + v * around);
          const double s = sin(u * at + v * around);
          re += c * e[0] - s * e[1];
          im += c * e[1] + s * e[0];
          assert_true(mirror[0] == e[0] && mirror[1] == -e[1]);
          assert_true(half[0] == sign * e[0] && half[1] == sign * e[1]);
        }
      }
      assert_close(re, wanted, 1e-13 * (1 + L * L));
      assert_close(im, 0, 1e-13 * (1 + L * L));
    }
    double *back = weyl_arena_array(arena, double, width);
    ok(weyl_sphere_from_torus(ctx, &torus, L, L, WEYL_F64, 1, f, back));
    assert_below(relative_difference(width, x, back), 1e-12);
    weyl_arena_release(arena, mark);
  }
}

/* The whole chain against the list of couplings, output to degree 2 L. */
PROPERTY(test_product, 1) {
  for (int L = 1; L <= 10; L++) {
    const weyl_mark mark = weyl_arena_mark(arena);
    const size_t width = degrees_width(L), out = degrees_width(2 * L);
    weyl_torus torus;
    ok(weyl_torus_new(ctx, arena, 2 * L, 2 * L, &torus));
    double *x = weyl_arena_array(arena, double, 2 * width + 2 * out), *y = x + width, *wanted = y + width;
    double *z = wanted + out;
    fill_normal(rng, 2 * width, x);
    sparse_product(WEYL_COUPLING_GAUNT, L, L, 2 * L, x, y, wanted);
    ok(weyl_gaunt_fourier(ctx, &torus, L, L, 2 * L, WEYL_F64, 1, x, y, z));
    assert_below(relative_difference(out, wanted, z), 1e-12);
    float *xf = weyl_arena_array(arena, float, 2 * width + out), *yf = xf + width, *zf = yf + width;
    for (size_t i = 0; i < 2 * width; i++) xf[i] = (float)x[i];
    ok(weyl_gaunt_fourier(ctx, &torus, L, L, 2 * L, WEYL_F32, 1, xf, yf, zf));
    for (size_t i = 0; i < out; i++) z[i] = (double)zf[i];
    assert_below(relative_difference(out, wanted, z), 3e-6);
    weyl_arena_release(arena, mark);
  }
}

/* Different degrees, several rows at once. */
PROPERTY(test_unequal, 3) {
  enum { L1 = 3, L2 = 1, L3 = 2, N = 4 };
  weyl_torus torus;
  const weyl_mark mark = weyl_arena_mark(arena);
  ok(weyl_torus_new(ctx, arena, 3, 4, &torus));
  double x[N * 16], y[N * 4], z[N * 9], wanted[9];
  fill_normal(rng, N * 16, x);
  fill_normal(rng, N * 4, y);
  ok(weyl_gaunt_fourier(ctx, &torus, L1, L2, L3, WEYL_F64, N, x, y, z));
  for (int i = 0; i < N; i++) {
    sparse_product(WEYL_COUPLING_GAUNT, L1, L2, L3, x + 16 * i, y + 4 * i, wanted);
    assert_below(relative_difference(9, wanted, z + 9 * i), 1e-13);
  }
  weyl_arena_release(arena, mark);
}

static void test_bad(void **state) {
  (void)state;
  weyl_torus torus;
  double x[4] = {0}, f[18];
  assert_says(ctx, weyl_torus_new(ctx, arena, 65, 65, &torus), WEYL_BAD_ARG, "l_max is 65");
  assert_says(ctx, weyl_torus_new(ctx, arena, 3, 2, &torus), WEYL_BAD_ARG, "u_max is 2, must be l_max = 3 to");
  ok(weyl_torus_new(ctx, arena, 1, 1, &torus));
  assert_says(ctx, weyl_torus_from_sphere(ctx, &torus, 2, WEYL_F64, 1, x, f), WEYL_BAD_ARG, "l_max is 2");
  assert_says(ctx, weyl_sphere_from_torus(ctx, &torus, 2, 1, WEYL_F64, 1, f, x), WEYL_BAD_ARG, "frequencies to 2");
  assert_says(ctx, weyl_torus_from_sphere(ctx, &torus, 1, WEYL_I64, 1, x, f), WEYL_DTYPE, "i64");
  assert_says(ctx, weyl_gaunt_fourier(ctx, &torus, 1, 1, 1, WEYL_F64, 1, x, x, x), WEYL_BAD_ARG, "frequencies to 2");
  assert_says(ctx, weyl_gaunt_fourier(ctx, &torus, 1, 0, 2, WEYL_F64, 1, x, x, x), WEYL_BAD_ARG, "l3 is 2");
  ok(weyl_gaunt_fourier(ctx, &torus, 1, 0, 1, WEYL_F64, 0, NULL, NULL, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values), property_test(test_series), property_test(test_product),
      property_test(test_unequal),   cmocka_unit_test(test_bad),
  };
  return cmocka_run_group_tests(tests, up, down);
}
