#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "beta.h"

static void assert_near(double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance)) fail_msg("got %.17g, want %.17g", got, want);
}

/* I_x(a, b) for integers is a binomial tail: sum_{j >= a} C(n, j) x^j (1-x)^(n-j) with n = a + b - 1 */
static double tail(int a, int b, double x) {
  const int n = a + b - 1;
  double sum = 0;
  for (int j = a; j <= n; j++) {
    double term = 1;
    for (int k = 0; k < j; k++) term *= (double)(n - k) / (double)(k + 1);
    sum += term * pow(x, j) * pow(1 - x, n - j);
  }
  return sum;
}

static void incomplete_beta(void **state) {
  (void)state;
  for (int a = 1; a <= 12; a++)
    for (int b = 1; b <= 12; b++)
      for (double x = 0.05; x < 1; x += 0.1) assert_near(weyl_beta_incomplete(a, b, x), tail(a, b, x), 1e-13);
  assert_near(weyl_beta_incomplete(0.5, 0.5, 0.3), 2 / acos(-1) * asin(sqrt(0.3)), 1e-13); /* the arcsine law */
  assert_near(weyl_beta_incomplete(2.5, 1, 0.4), pow(0.4, 2.5), 1e-13);
  assert_near(weyl_beta_incomplete(3, 4, 0), 0, 0);
  assert_near(weyl_beta_incomplete(3, 4, 1), 1, 0);
  for (double x = 0.1; x < 1; x += 0.2)
    assert_near(weyl_beta_incomplete(7.3, 250.1, x) + weyl_beta_incomplete(250.1, 7.3, 1 - x), 1, 1e-13);
}

static void upper_bound(void **state) {
  (void)state;
  assert_near(weyl_binomial_upper(0, 600, 0.95), 1 - pow(0.05, 1.0 / 600), 1e-13); /* "rule of three" */
  assert_near(weyl_binomial_upper(0, 1, 0.95), 0.95, 1e-13);
  assert_near(weyl_binomial_upper(9, 10, 0.95), pow(0.95, 0.1), 1e-13); /* P(at most 9 of 10) = 1 - p^10 */
  assert_near(weyl_binomial_upper(1, 2, 0.95), sqrt(0.95), 1e-13);
  assert_near(weyl_binomial_upper(10, 10, 0.95), 1, 0);
  assert_near(weyl_binomial_upper(0, 0, 0.95), 1, 0);
  /* at the bound, `hits` or fewer has probability 1 - confidence */
  const double p = weyl_binomial_upper(3, 50, 0.9);
  assert_near(1 - tail(4, 47, p), 0.1, 1e-12);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(incomplete_beta), cmocka_unit_test(upper_bound)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
