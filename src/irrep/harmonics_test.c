/* Spherical harmonics: the table of the spec sheet (2.1), norms, the axes, derivatives, and points without direction.
 */
#include "testing.h"

static const weyl_harmonics_opts standard = {.l_max = 3, .axes = WEYL_AXES_STANDARD};

static double *harmonics(weyl_harmonics_opts opts, int64_t n, const double *xyz, double **dy) {
  const size_t width = (size_t)(opts.l_max + 1) * (size_t)(opts.l_max + 1);
  double *y = numbers((size_t)n * width);
  if (dy) *dy = numbers(3 * (size_t)n * width);
  ok(weyl_harmonics(ctx, &opts, WEYL_F64, n, xyz, y, dy ? *dy : NULL));
  return y;
}

static void test_values(void **state) {
  (void)state;
  static const double sheet[16] = {0.2820947918,  -0.2467815353, 0.3948504565,  0.1480689212,
                                   -0.1672268006, -0.4459381349, 0.3025184401,  0.2675628810,
                                   -0.0891876270, -0.0060819799, -0.3575459393, -0.5229300355,
                                   0.0800089026,  0.3137580213,  -0.1906911676, -0.1204232027};
  const double xyz[3] = {0.3, -0.5, 0.8};
  double *y = harmonics(standard, 1, xyz, NULL);
  for (int i = 0; i < 16; i++) assert_close(y[i], sheet[i], 5.1e-11);
  weyl_dealloc(ctx, y);
  const double rolled[3] = {-0.5 * 7, 0.8 * 7, 0.3 * 7}; /* e3nn's axes: (x, y, z) is (z, x, y) of the standard ones */
  y = harmonics((weyl_harmonics_opts){.l_max = 3}, 1, rolled, NULL);
  for (int i = 0; i < 16; i++) assert_close(y[i], sheet[i], 5.1e-11);
  weyl_dealloc(ctx, y);
  const double unit[3] = {0.6, 0, 0.8};
  y = harmonics((weyl_harmonics_opts){.l_max = 1, .norm = WEYL_HARMONICS_NORM}, 1, unit, NULL);
  for (int k = 0; k < 3; k++) assert_close(y[1 + k], unit[k], 1e-15);
  weyl_dealloc(ctx, y);
}

/* Degrees up to 3 as polynomials, solid: (x, y, z) written out. */
PROPERTY(test_polynomials, 50) {
  double r[3];
  fill_normal(rng, 3, r);
  const double x = r[0], y = r[1], z = r[2], q = x * x + y * y + z * z;
  const double wanted[16] = {
      sqrt(1 / PI) / 2,
      sqrt(3 / PI) / 2 * y,
      sqrt(3 / PI) / 2 * z,
      sqrt(3 / PI) / 2 * x,
      sqrt(15 / PI) / 2 * x * y,
      sqrt(15 / PI) / 2 * y * z,
      sqrt(5 / PI) / 4 * (3 * z * z - q),
      sqrt(15 / PI) / 2 * x * z,
      sqrt(15 / PI) / 4 * (x * x - y * y),
      sqrt(35 / (2 * PI)) / 4 * y * (3 * x * x - y * y),
      sqrt(105 / PI) / 2 * x * y * z,
      sqrt(21 / (2 * PI)) / 4 * y * (5 * z * z - q),
      sqrt(7 / PI) / 4 * z * (5 * z * z - 3 * q),
      sqrt(21 / (2 * PI)) / 4 * x * (5 * z * z - q),
      sqrt(105 / PI) / 4 * z * (x * x - y * y),
      sqrt(35 / (2 * PI)) / 4 * x * (x * x - 3 * y * y),
  };
  weyl_harmonics_opts opts = standard;
  opts.solid = true;
  double *out = harmonics(opts, 1, r, NULL);
  for (int i = 0; i < 16; i++) assert_close(out[i], wanted[i], 1e-14 * (1 + pow(q, 1.5)));
  weyl_dealloc(ctx, out);
}

/* sum over m of Y^2 in each norm, at the highest degree too. */
PROPERTY(test_norms, 20) {
  const int L = WEYL_L_MAX;
  double r[3];
  fill_normal(rng, 3, r);
  for (int norm = 0; norm < 3; norm++) {
    const weyl_harmonics_opts opts = {.l_max = L, .norm = (weyl_harmonics_norm)norm};
    double *y = harmonics(opts, 1, r, NULL);
    for (int l = 0; l <= L; l++) {
      const double wanted = norm == 0 ? (2 * l + 1) / (4 * PI) : norm == 1 ? 2 * l + 1 : 1;
      double sum = 0;
      for (int i = l * l; i < (l + 1) * (l + 1); i++) sum += y[i] * y[i];
      assert_rel_close(sum, wanted, 1e-13);
    }
    weyl_dealloc(ctx, y);
  }
}

/* A function, a derivative by central differences of fourth order. */
static double gradient_error(weyl_harmonics_opts opts, const double r[3]) {
  const size_t width = (size_t)(opts.l_max + 1) * (size_t)(opts.l_max + 1);
  const double h = 1e-3;
  double *dy = NULL, *y = harmonics(opts, 1, r, &dy), worst = 0, most = 1;
  for (int k = 0; k < 3; k++) {
    double *near[4];
    static const double step[4] = {-2, -1, 1, 2};
    for (int s = 0; s < 4; s++) {
      double moved[3] = {r[0], r[1], r[2]};
      moved[k] += step[s] * h;
      near[s] = harmonics(opts, 1, moved, NULL);
    }
    for (size_t i = 0; i < width; i++) {
      const double d = (near[0][i] - 8 * near[1][i] + 8 * near[2][i] - near[3][i]) / (12 * h);
      worst = fmax(worst, fabs(d - dy[(size_t)k * width + i]));
      most = fmax(most, fabs(d));
    }
    for (int s = 0; s < 4; s++) weyl_dealloc(ctx, near[s]);
  }
  weyl_dealloc(ctx, y);
  weyl_dealloc(ctx, dy);
  return worst / most;
}

PROPERTY(test_gradients, 10) {
  double r[3];
  fill_normal(rng, 3, r);
  const double length = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
  for (int k = 0; k < 3; k++) r[k] *= 1.3 / length; /* a step of differences must be small beside it */
  for (int solid = 0; solid < 2; solid++) {
    for (int axes = 0; axes < 2; axes++) {
      for (int norm = 0; norm < 3; norm++) {
        const weyl_harmonics_opts opts = {6, (weyl_axes)axes, (weyl_harmonics_norm)norm, solid};
        assert_below(gradient_error(opts, r), 1e-8);
      }
    }
  }
  const double pole[3] = {0, 0, 1.1}, back[3] = {0, -0.9, 0};
  assert_below(gradient_error((weyl_harmonics_opts){.l_max = 5, .axes = WEYL_AXES_STANDARD}, pole), 1e-8);
  assert_below(gradient_error((weyl_harmonics_opts){.l_max = 5}, back), 1e-8);
}

/* Euler: r . grad = l for solid harmonics and 0 for the others; at degree 40 too. */
PROPERTY(test_radial, 20) {
  const int L = 40;
  double r[3];
  fill_normal(rng, 3, r);
  const double length = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
  for (int k = 0; k < 3; k++) r[k] /= length;
  const size_t width = (size_t)(L + 1) * (size_t)(L + 1);
  for (int solid = 0; solid < 2; solid++) {
    double *dy = NULL, *y = harmonics((weyl_harmonics_opts){.l_max = L, .solid = solid}, 1, r, &dy);
    for (int l = 0; l <= L; l++) {
      for (int i = l * l; i < (l + 1) * (l + 1); i++) {
        double sum = 0;
        for (size_t k = 0; k < 3; k++) sum += r[k] * dy[k * width + (size_t)i];
        assert_close(sum, solid ? l * y[i] : 0, 1e-11);
      }
    }
    weyl_dealloc(ctx, y);
    weyl_dealloc(ctx, dy);
  }
}

static void test_no_direction(void **state) {
  (void)state;
  const double r[9] = {0, 0, 0, 1, NAN, 2, 3e-200, 4e-200, 0};
  double *dy = NULL, *y = harmonics((weyl_harmonics_opts){.l_max = 2}, 3, r, &dy);
  assert_close(y[0], 0.28209479177387814, 1e-16);
  for (int i = 1; i < 9; i++) assert_true(y[i] == 0);
  for (int i = 0; i < 27; i++) assert_true(dy[i] == 0);
  for (int i = 1; i < 9; i++) assert_true(isnan(y[9 + i]));
  assert_close(y[18 + 1], 0.6 * 0.48860251190291992, 1e-15); /* tiny, but with a direction */
  weyl_dealloc(ctx, y);
  weyl_dealloc(ctx, dy);
  y = harmonics((weyl_harmonics_opts){.l_max = 1, .solid = true}, 1, r, &dy);
  for (int i = 1; i < 4; i++) assert_true(y[i] == 0);
  assert_close(dy[1], 0.48860251190291992, 1e-15); /* d(x)/dx */
  weyl_dealloc(ctx, y);
  weyl_dealloc(ctx, dy);
  const double huge[3] = {3e200, 0, -4e200};
  y = harmonics((weyl_harmonics_opts){.l_max = 1, .norm = WEYL_HARMONICS_NORM}, 1, huge, NULL);
  assert_close(y[1], 0.6, 1e-15);
  assert_close(y[3], -0.8, 1e-15);
  weyl_dealloc(ctx, y);
}

/* Many points in f32 against f64, values and derivatives. */
static void test_single(void **state) {
  (void)state;
  enum { N = 1000 };
  weyl_rng rng = weyl_rng_new(5, "single");
  double *r = numbers(3 * N);
  float *rf = weyl_alloc(ctx, 3 * N, sizeof *rf);
  assert_non_null(rf);
  for (int i = 0; i < 3 * N; i++) {
    rf[i] = (float)weyl_rng_normal(&rng);
    r[i] = (double)rf[i];
  }
  for (int L = 0; L <= 12; L += 3) {
    for (int gradients = 0; gradients < 2; gradients++) {
      const size_t width = (size_t)(L + 1) * (size_t)(L + 1);
      const weyl_harmonics_opts opts = {.l_max = L};
      double *dy = NULL, *y = harmonics(opts, N, r, gradients ? &dy : NULL);
      float *yf = weyl_alloc(ctx, N * width, sizeof *yf), *dyf = weyl_alloc(ctx, 3 * N * width, sizeof *dyf);
      assert_true(yf && dyf);
      ok(weyl_harmonics(ctx, &opts, WEYL_F32, N, rf, yf, gradients ? dyf : NULL));
      for (size_t i = 0; i < N * width; i++) assert_close((double)yf[i], y[i], 1e-5);
      for (size_t i = 0; gradients && i < 3 * N * width; i++)
        assert_close((double)dyf[i], dy[i], 1e-4 * (1 + fabs(dy[i])));
      weyl_dealloc(ctx, y);
      weyl_dealloc(ctx, dy);
      weyl_dealloc(ctx, yf);
      weyl_dealloc(ctx, dyf);
    }
  }
  weyl_dealloc(ctx, r);
  weyl_dealloc(ctx, rf);
}

static void test_bad(void **state) {
  (void)state;
  const double r[3] = {1, 0, 0};
  double y[4] = {0};
  weyl_harmonics_opts o = {.l_max = -1};
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, 1, r, y, NULL), WEYL_BAD_ARG, "l_max is -1, must be 0 to 64");
  o.l_max = 65;
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, 1, r, y, NULL), WEYL_BAD_ARG, "l_max is 65");
  o.l_max = 1;
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, -1, r, y, NULL), WEYL_BAD_ARG, "-1 points");
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, INT64_MAX / 4, r, y, NULL), WEYL_BAD_ARG, "points, must be 0 to");
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_I32, 1, r, y, NULL), WEYL_DTYPE, "must be f32 or f64");
  assert_says(ctx, weyl_harmonics(ctx, NULL, WEYL_F64, 1, r, y, NULL), WEYL_BAD_ARG, "NULL");
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, 1, NULL, y, NULL), WEYL_BAD_ARG, "xyz is NULL");
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, 1, r, NULL, NULL), WEYL_BAD_ARG, "y is NULL");
  ok(weyl_harmonics(ctx, &o, WEYL_F64, 0, NULL, NULL, NULL));
  o.axes = (weyl_axes)2;
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, 1, r, y, NULL), WEYL_BAD_ARG, "axes is 2");
  o.axes = WEYL_AXES_E3NN;
  o.norm = (weyl_harmonics_norm)7;
  assert_says(ctx, weyl_harmonics(ctx, &o, WEYL_F64, 1, r, y, NULL), WEYL_BAD_ARG, "norm is 7");
  o.norm = WEYL_HARMONICS_INTEGRAL;
  weyl_context_fail_allocation(ctx, 1);
  assert_status(ctx, weyl_harmonics(ctx, &o, WEYL_F64, 1, r, y, NULL), WEYL_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values), property_test(test_polynomials), property_test(test_norms),
      property_test(test_gradients), property_test(test_radial),      cmocka_unit_test(test_no_direction),
      cmocka_unit_test(test_single), cmocka_unit_test(test_bad),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
