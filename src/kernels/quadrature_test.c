/* Quadrature: exact for polynomials up to the degree promised, and not beyond. */
#include "kernels_test.h"

static double power(size_t n, size_t degree) {
  double x[200], w[200], sum = 0;
  weyl_gauss_legendre(n, 0, 1, x, w);
  for (size_t i = 0; i < n; i++) sum += w[i] * pow(x[i], (double)degree);
  return sum * (double)(degree + 1) - 1;
}

static void exact(void **state) {
  (void)state;
  for (size_t n = 1; n <= 200; n++) {
    for (size_t degree = 0; degree < 2 * n; degree += 1 + degree / 5) assert_true(fabs(power(n, degree)) < 1e-13);
    assert_true(fabs(power(n, 2 * n - 1)) < 1e-13);
    if (n < 8) assert_true(fabs(power(n, 2 * n)) > 1e-12);
  }
}

static void known(void **state) {
  (void)state;
  double x[3], w[3];
  weyl_gauss_legendre(3, -1, 1, x, w);
  assert_true(fabs(x[2] - sqrt(0.6)) < 1e-15 && fabs(x[1]) < 1e-16 && fabs(w[1] - 8.0 / 9) < 1e-15);
  assert_true(x[0] < x[1] && x[1] < x[2]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(exact), cmocka_unit_test(known)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
