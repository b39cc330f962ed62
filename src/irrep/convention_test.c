/* Other conventions: the matrices against harmonics written as their owners write them. */
#include "testing.h"

PROPERTY(test_axes, 10) {
  enum { L = 6, WIDTH = 49 };
  double r[3], e[WIDTH], s[WIDTH], m[13 * 13];
  fill_normal(rng, 3, r);
  ok(weyl_harmonics(ctx, &(weyl_harmonics_opts){.l_max = L}, WEYL_F64, 1, r, e, NULL));
  ok(weyl_harmonics(ctx, &(weyl_harmonics_opts){.l_max = L, .axes = WEYL_AXES_STANDARD}, WEYL_F64, 1, r, s, NULL));
  for (int l = 0; l <= L; l++) {
    const int n = 2 * l + 1;
    ok(weyl_convention_matrix(ctx, WEYL_CONVENTION_E3NN, WEYL_CONVENTION_STANDARD, l, m));
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int j = 0; j < n; j++) sum += m[i * n + j] * e[l * l + j];
      assert_close(sum, s[l * l + i], 1e-14);
    }
  }
}

/* The constants of spherical harmonics as used in graphics, and the order of d functions in Molden files. */
PROPERTY(test_written_out, 10) {
  double r[3], s[9], m[25];
  fill_normal(rng, 3, r);
  const double length = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
  for (int k = 0; k < 3; k++) r[k] /= length;
  const double x = r[0], y = r[1], z = r[2];
  ok(weyl_harmonics(ctx, &(weyl_harmonics_opts){.l_max = 2}, WEYL_F64, 1, r, s, NULL));
  const double graphics[8] = {-0.4886025119029199 * y,     0.4886025119029199 * z,
                              -0.4886025119029199 * x,     1.0925484305920792 * x * y,
                              -1.0925484305920792 * y * z, 0.31539156525252005 * (2 * z * z - x * x - y * y),
                              -1.0925484305920792 * x * z, 0.5462742152960396 * (x * x - y * y)};
  const double molden[5] = {graphics[5], -graphics[6], -graphics[4], graphics[7], graphics[3]};
  for (int l = 1; l <= 2; l++) {
    const int n = 2 * l + 1;
    ok(weyl_convention_matrix(ctx, WEYL_CONVENTION_E3NN, WEYL_CONVENTION_SIGNED, l, m));
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int j = 0; j < n; j++) sum += m[i * n + j] * s[l * l + j];
      assert_close(sum, graphics[l * l - 1 + i], 1e-14);
    }
  }
  ok(weyl_convention_matrix(ctx, WEYL_CONVENTION_E3NN, WEYL_CONVENTION_MOLDEN, 2, m));
  for (int i = 0; i < 5; i++) {
    double sum = 0;
    for (int j = 0; j < 5; j++) sum += m[i * 5 + j] * s[4 + j];
    assert_close(sum, molden[i], 1e-14);
  }
}

/* Orthogonal, and there and back (by way of any third) is nothing. */
static void test_group(void **state) {
  (void)state;
  enum { L = 5, N = 11 };
  double ab[N * N], bc[N * N], ac[N * N];
  for (int a = 0; a < WEYL_CONVENTIONS; a++) {
    for (int b = 0; b < WEYL_CONVENTIONS; b++) {
      for (int c = 0; c < WEYL_CONVENTIONS; c++) {
        ok(weyl_convention_matrix(ctx, (weyl_convention)a, (weyl_convention)b, L, ab));
        ok(weyl_convention_matrix(ctx, (weyl_convention)b, (weyl_convention)c, L, bc));
        ok(weyl_convention_matrix(ctx, (weyl_convention)a, (weyl_convention)c, L, ac));
        for (int i = 0; i < N; i++) {
          for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++) sum += bc[i * N + k] * ab[k * N + j];
            assert_close(sum, ac[i * N + j], 1e-13);
            if (a == c) assert_close(sum, i == j, 1e-13);
          }
        }
      }
    }
  }
}

static void test_names(void **state) {
  (void)state;
  double m[9];
  assert_string_equal(weyl_convention_name(WEYL_CONVENTION_E3NN), "e3nn");
  assert_string_equal(weyl_convention_name(WEYL_CONVENTION_MOLDEN), "molden");
  assert_null(weyl_convention_name((weyl_convention)WEYL_CONVENTIONS));
  assert_null(weyl_convention_name((weyl_convention)-1));
  assert_says(ctx, weyl_convention_matrix(ctx, (weyl_convention)4, WEYL_CONVENTION_E3NN, 1, m), WEYL_BAD_ARG,
              "convention is 4, must be 0 to 3");
  assert_says(ctx, weyl_convention_matrix(ctx, WEYL_CONVENTION_E3NN, WEYL_CONVENTION_E3NN, 65, m), WEYL_BAD_ARG,
              "l is 65");
}

int main(void) {
  const struct CMUnitTest tests[] = {property_test(test_axes), property_test(test_written_out),
                                     cmocka_unit_test(test_group), cmocka_unit_test(test_names)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
