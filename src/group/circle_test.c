/* Trigonometric polynomials: values to digits, round trips, text. */
#include "testing.h"

#include <weyl/circle.h>

static void values(void **state) {
  (void)state;
  const double c[5] = {0.5, 1, -2, 0, 3}; /* 0.5 + cos - 2 sin + 3 sin 2 */
  double f[5];
  weyl_circle_at(2, c, 0.7, 4, f);
  const double x = 0.7;
  assert_below(fabs(f[0] - (0.5 + cos(x) - 2 * sin(x) + 3 * sin(2 * x))), 1e-14);
  assert_below(fabs(f[1] - (-sin(x) - 2 * cos(x) + 6 * cos(2 * x))), 1e-14);
  assert_below(fabs(f[2] - (-cos(x) + 2 * sin(x) - 12 * sin(2 * x))), 1e-13);
  assert_below(fabs(f[3] - (sin(x) + 2 * cos(x) - 24 * cos(2 * x))), 1e-13);
  assert_below(fabs(f[4] - (cos(x) - 2 * sin(x) + 48 * sin(2 * x))), 1e-13);
}

static void round_trip(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "round trip");
  for (size_t k = 0; k <= 40; k += 8) {
    double c[81], samples[101], back[81];
    fill_normal(&rng, 2 * k + 1, 1, c);
    const size_t n = 2 * k + 1 + weyl_rng_below(&rng, 20);
    for (size_t j = 0; j < n; j++) weyl_circle_at(k, c, 2 * PI * (double)j / (double)n, 0, &samples[j]);
    weyl_circle_modes(n, samples, k, back);
    assert_below(largest_difference(2 * k + 1, c, back), 1e-13);
  }
}

/* What is resolved ends in zeros, so that third derivatives stay clean; what is not says so. */
static void resolution(void **state) {
  (void)state;
  double samples[400], c[301];
  for (int j = 0; j < 400; j++) samples[j] = 1 / (1.5 + cos(2 * PI * j / 400)); /* modes fall by 2.6 each */
  weyl_circle_modes(400, samples, 150, c);
  assert_true(c[300] == 0 && c[120] == 0 && c[40] != 0);
  assert_below(weyl_circle_tail(150, c), 1e-15);
  weyl_circle_modes(400, samples, 9, c);
  assert_true(weyl_circle_tail(9, c) > 1e-3);
  c[3] = (double)NAN;
  assert_true(isnan(weyl_circle_tail(9, c)));
}

static void preimages(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "preimages");
  for (int trial = 0; trial < 200; trial++) {
    double p[7], f;
    fill_normal(&rng, 7, 0.15, p);
    if (!(weyl_circle_slope(3, p) > 0.01)) continue;
    const double y = 20 * weyl_rng_normal(&rng), x = weyl_circle_preimage(3, p, y);
    weyl_circle_at(3, p, x, 0, &f);
    assert_below(fabs(x + f - y), 1e-13 * (1 + fabs(y)));
  }
  const double steep[3] = {0, 0, 1.2};
  assert_true(weyl_circle_slope(1, steep) < 0);
}

static void text(void **state) {
  (void)state;
  double c[7] = {0};
  ok(weyl_circle_parse(ctx, " -1 + 0.3cos1 - 1e-2*sin 2", 3, c) == WEYL_FORMAT ? WEYL_OK : WEYL_BUG);
  assert_non_null(strstr(weyl_message(ctx), "the number of the mode"));
  weyl_message_clear(ctx);
  memset(c, 0, sizeof c);
  ok(weyl_circle_parse(ctx, " -1 + 0.3cos1 - 1e-2 * sin2+cos3-cos1", 3, c));
  const double known[7] = {-1, -0.7, 0, 0, -0.01, 1, 0};
  assert_below(largest_difference(7, c, known), 1e-15);
  size_t k;
  ok(weyl_circle_highest(ctx, "1e-2sin12+3", &k));
  assert_int_equal(k, 12);
  static const struct {
    const char *text, *says;
  } bad[] = {{"", "expected a number"},
             {"cos", "the number of the mode"},
             {"1 2", "+ or -"},
             {"1e999", "a finite number"},
             {"cos9999", "must be at most"},
             {"nan", "expected a number"},
             {"1+", "expected a number"},
             {"0.3tan1", "+ or -"},
             {"cos4", "room is for 3"},
             {"1 cos1 cos2", "+ or -"},
             {"--1", "expected a number"},
             {"cos99999999999999999999", "at most"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    weyl_message_clear(ctx);
    double out[7] = {0};
    if (weyl_circle_parse(ctx, bad[i].text, 3, out) != WEYL_FORMAT || !strstr(weyl_message(ctx), bad[i].says))
      fail_msg("\"%s\": %s", bad[i].text, weyl_message(ctx));
    for (int j = 0; j < 7; j++) assert_true(out[j] == 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(round_trip),
                                     cmocka_unit_test(resolution), cmocka_unit_test(preimages), cmocka_unit_test(text)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
