/* The sheet's numbers: expected signs, exponents, survival functions, exact results, samples; and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "property.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static weyl_context *ctx;

static weyl_covariance *named(const char *text) {
  weyl_covariance *c = NULL;
  assert_ok(ctx, weyl_covariance_parse(ctx, text, &c));
  return c;
}

static void near(const char *what, double t, double got, double want, double most) {
  if (!(fabs(got - want) <= most)) fail_msg("%s at %g: %.12g, must be %.12g within %g", what, t, got, want, most);
}

static void test_expected_sign(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double t, e;
  } known[] = {{"diffusion:1", .5, .97712806},        {"diffusion:1", 1, .91467661},
               {"diffusion:1", 2, .73076283},         {"diffusion:1", 4, .41015427},
               {"diffusion:2", 1, .88681888},         {"diffusion:2", 2, .64805427},
               {"diffusion:2", 4, .26580223},         {"diffusion:3", 1, .85929443},
               {"diffusion:3", 2, .57038774},         {"random-acceleration", .5, .73225955},
               {"random-acceleration", 1, .55123052}, {"random-acceleration", 2, .32412329},
               {"random-acceleration", 4, .11747305}, {"matern:1.5", .5, .73066171},
               {"matern:1.5", 1, .54320108},          {"matern:1.5", 2, .29618045},
               {"matern:1.5", 4, .07357171},          {"matern:2.5", 1, .82804307},
               {"matern:3.5", 1, .91358962}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    weyl_covariance *c = named(known[i].name);
    near(known[i].name, known[i].t, weyl_clipped_slepian(c, known[i].t), known[i].e, 1e-8);
    weyl_covariance_free(c);
  }
}

/* 1 - r and r' as they should be: differences, and the expected sign tends to 1 without a break. */
static void test_covariances(void **state) {
  (void)state;
  static const char *const names[] = {
      "diffusion:1",    "diffusion:7.5", "random-acceleration", "matern:1.5", "matern:1.7",
      "matern:2.5",     "matern:3.5",    "matern:4.2",          "gaussian",   "rational-quadratic:1.3",
      "damped:0.2:1.5", "sinc"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    weyl_covariance *c = named(names[i]);
    for (double t = 1e-6; t < 20; t *= 1.37) {
      const weyl_covariance_at v = weyl_covariance_eval(c, t);
      near(names[i], t, v.r + v.rest, 1, 1e-14);
      const double h = 1e-5 * t, up = weyl_covariance_eval(c, t + h).rest, down = weyl_covariance_eval(c, t - h).rest;
      near(names[i], t, (down - up) / (2 * h), v.slope, 2e-8 * fabs(v.slope) + 3e-11);
      if (t < 1e-3)
        near(names[i], t, v.rest / (t * t), weyl_covariance_lambda2(c) / 2, 2e-3 * weyl_covariance_lambda2(c));
      if (t < 1e-4) near(names[i], t, weyl_clipped_slepian(c, t), 1, 2e-4);
    }
    weyl_covariance_free(c);
  }
  /* half-integers by Bessel functions agree with the polynomials */
  for (double nu = 1.5; nu < 4; nu++) {
    char text[32];
    snprintf(text, sizeof text, "matern:%g", nu);
    weyl_covariance *a = named(text);
    snprintf(text, sizeof text, "matern:%.15g", nu + 1e-13);
    weyl_covariance *b = named(text);
    for (double t = 1e-3; t < 20; t *= 1.9) {
      const weyl_covariance_at x = weyl_covariance_eval(a, t), y = weyl_covariance_eval(b, t);
      near("matern", t, x.rest, y.rest, 1e-11 * x.rest);
      near("matern", t, x.slope, y.slope, 1e-11 * fabs(x.slope));
    }
    weyl_covariance_free(a);
    weyl_covariance_free(b);
  }
}

/* 2^(1 - nu) / Gamma(nu) t^nu K_nu(t) in 40 digits */
static void test_matern(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double t, rest, slope;
  } known[] = {
      {"matern:1.05", 0.00144914, 5.358164638344144e-6, -0.0070401377710981228},
      {"matern:1.05", 1.44914, 0.55069178362409476, -0.33485087559054219},
      {"matern:1.05", 43.4741, 1.0, -1.2999101486468342e-18},
      {"matern:1.7", 0.553173, 0.087483644617816093, -0.27387546714817221},
      {"matern:4.2", 2.89828, 0.44562280232100042, -0.20700098943957483},
      {"matern:4.2", 86.9483, 1.0, -4.8304935874557979e-33},
      {"matern:12.5", 0.005, 5.4347809912011829e-7, -0.00021739117494828273},
      {"matern:99", 14.0712, 0.39576537588378349, -0.043155575539287028},
      {"matern:150", 0.0173205, 5.0335510777959929e-7, -5.8122453767550398e-5},
      {"matern:150", 519.615, 1.0, -1.5825183883924166e-116},
      {"matern:1000", 44.7214, 0.39369734566364976, -0.013564123632497292},
      {"matern:1000", 1341.64, 1.0, -1.5520366333736173e-167},
      {"matern:30000", 73.4847, 0.044003928975911284, -0.0011708886811812514},
      {"matern:1e6", 1.41421, 4.9999785602388634e-7, -7.0710535355401602e-7},
      {"matern:1e6", 1414.21, 0.39346803989868804, -0.00042888199608919492},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    weyl_covariance *c = named(known[i].name);
    const weyl_covariance_at v = weyl_covariance_eval(c, known[i].t);
    near(known[i].name, known[i].t, v.rest, known[i].rest, 4e-15 * known[i].rest);
    /* log r is some hundreds far out, and so many roundings */
    near(known[i].name, known[i].t, v.slope, known[i].slope, (known[i].rest < 1 ? 4e-15 : 4e-13) * -known[i].slope);
    weyl_covariance_free(c);
  }
  /* ever smoother ones go to exp(-t^2 / 2) on its own scale, by a first order in 1 / nu */
  double before = 0;
  for (double nu = 100; nu < 2e5; nu *= 10) {
    char text[32];
    snprintf(text, sizeof text, "matern:%g", nu);
    weyl_covariance *c = named(text);
    weyl_persist_rate rate;
    assert_true(weyl_persist_validate(c).valid);
    assert_ok(ctx, weyl_persist_exponent(ctx, c, &rate));
    const double apart = rate.theta / sqrt(weyl_covariance_lambda2(c)) - 0.411497153976;
    if (before != 0) near(text, 0, apart / before, 0.1, 0.002);
    before = apart;
    weyl_covariance_free(c);
  }
}

static void test_exponents(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double theta;
  } known[] = {
      {"diffusion:1", 0.120327978842},  {"diffusion:2", 0.186210712979},         {"diffusion:3", 0.235774477540},
      {"diffusion:4", 0.276914508963},  {"diffusion:5", 0.312777001658},         {"diffusion:6", 0.344959440662},
      {"diffusion:8", 0.401682406000},  {"diffusion:10", 0.451334684981},        {"diffusion:20", 0.644540916665},
      {"diffusion:50", 1.024927219303}, {"random-acceleration", 0.264668571132}, {"matern:1.5", 0.336698715796},
      {"matern:2.5", 0.219030147693},   {"matern:3.5", 0.174853978245},          {"gaussian", 0.411497153976}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    weyl_covariance *c = named(known[i].name);
    weyl_persist_rate rate;
    assert_ok(ctx, weyl_persist_exponent(ctx, c, &rate));
    near(known[i].name, 0, rate.theta, known[i].theta, 1e-12);
    if (i == 1) near("amplitude", 0, rate.amplitude, 1.195426, 1e-6);
    weyl_covariance_free(c);
  }
}

static void test_means(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double mean;
  } known[] = {{"diffusion:1", 8.8857658763},
               {"diffusion:2", 6.2831853072},
               {"diffusion:3", 5.1301993206},
               {"random-acceleration", 3.6275987285}};
  for (size_t i = 0; i < 4; i++) {
    weyl_covariance *c = named(known[i].name);
    near(known[i].name, 0, weyl_covariance_mean(c), known[i].mean, 1e-10);
    weyl_covariance_free(c);
  }
}

static void test_survival(void **state) {
  (void)state;
  static const double at[] = {1, 2, 5, 10, 20};
  static const struct {
    const char *name;
    double s[5];
  } known[] = {{"diffusion:1", {0.95699825, 0.86093624, 0.58755360, 0.31893197, 0.09565275}},
               {"diffusion:2", {0.94280676, 0.81621975, 0.47119018, 0.18570334, 0.02884808}},
               {"diffusion:3", {0.92870857, 0.77316523, 0.38368237, 0.11802279, 0.01116890}},
               {"random-acceleration", {0.74053086, 0.56300968, 0.25351172, 0.06748799, 0.00478394}}};
  enum { A_UNIT = 1000, N = 20 * A_UNIT };
  double *s = malloc((N + 1) * sizeof *s), *density = malloc((N + 1) * sizeof *s), laplace[5];
  for (size_t i = 0; i < 4; i++) {
    weyl_covariance *c = named(known[i].name);
    assert_ok(ctx, weyl_persist_distribution(ctx, c, 0, 1.0 / A_UNIT, N, s, density));
    for (int k = 0; k < 5; k++) near(known[i].name, at[k], s[(int)at[k] * A_UNIT], known[i].s[k], 1e-8);
    assert_ok(ctx, weyl_persist_laplace(ctx, c, 0, 4, (double[]){0.5, 1, 5, 10}, laplace));
    near("laplace", 0.5, laplace[0], s[A_UNIT / 2], 1e-6);
    for (int k = 1; k < 4; k++)
      near("laplace", 0, laplace[k], s[k == 1 ? A_UNIT : k == 2 ? 5 * A_UNIT : 10 * A_UNIT], 1e-6);
    double sum = 0;
    for (int k = 0; k < N; k++) sum += (density[k] + density[k + 1]) / 2 / A_UNIT;
    near("density", 0, sum, 1 - s[N], 1e-5);
    weyl_covariance_free(c);
  }
  free(s);
  free(density);
}

static void test_order(void **state) {
  (void)state;
  weyl_covariance *c = named("diffusion:2");
  double s[4097], at_2[3];
  for (int k = 0; k < 3; k++) {
    assert_ok(ctx, weyl_persist_survival(ctx, c, 0, 2.0 / (128 << k), 128u << k, s));
    at_2[k] = s[128 << k];
  }
  near("order", 2, log2((at_2[0] - at_2[1]) / (at_2[1] - at_2[2])), 2, 0.02);
  weyl_covariance_free(c);
}

static void test_exact(void **state) {
  (void)state;
  static const double t[] = {1, 2, 4, 5, 8, 10, 16, 20};
  static const double none[] = {0.843975303, 0.703417710, 0.484159417, 0.401399321,
                                0.228712367, 0.157191555, 0.051032610, 0.024106089};
  /* the sheet has 0.943122 at t = 1: differences of its own no-zero probabilities give 0.943127 */
  static const double survival[] = {0.943127, 0.818039, 0.570114, 0.472850, 0.269446, 0.185187, 0.060122, 0.028399};
  double at_16 = 0, at_20 = 0;
  for (int i = 0; i < 8; i++) {
    double p, s;
    assert_ok(ctx, weyl_exact_diffusion2(ctx, t[i], &p, i < 2 || i == 5 ? &s : NULL));
    near("no zero", t[i], p, none[i], 1e-7);
    if (i < 2 || i == 5) near("survival", t[i], s, survival[i], 1e-6);
    if (i == 6) at_16 = p;
    at_20 = p;
  }
  near("exponent", 16, log(at_16 / at_20) / 4, 0.1875, 1e-5);
  static const struct {
    double t, s;
  } known[] = {{0.5, 0.8390007279}, {1, 0.7195857191}, {2, 0.5455187526},
               {5, 0.2538392956},   {8, 0.1198112979}, {10, 0.0726666164}};
  for (int i = 0; i < 6; i++)
    near("random acceleration", known[i].t, weyl_exact_random_acceleration(known[i].t), known[i].s,
         known[i].t > 8 ? 2e-8 : 1e-8);
}

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static void test_samples(void **state) {
  (void)state;
  enum { DRAWS = 1000000, N = 20000 };
  weyl_covariance *c = named("diffusion:2");
  double *t = malloc(DRAWS * sizeof *t), *s = malloc((N + 1) * sizeof *s), sum = 0, squares = 0, distance = 0;
  assert_ok(ctx, weyl_persist_sample(ctx, c, 1, DRAWS, t));
  assert_ok(ctx, weyl_persist_distribution(ctx, c, 0, 0.005, N, s, NULL));
  for (int i = 0; i < DRAWS; i++) {
    sum += t[i];
    squares += t[i] * t[i];
  }
  const double mean = sum / DRAWS, deviation = sqrt((squares / DRAWS - mean * mean) / DRAWS);
  near("mean", 0, mean, weyl_covariance_mean(c), 4 * deviation);
  qsort(t, DRAWS, sizeof *t, rising);
  for (int i = 0; i < DRAWS; i++) {
    const double x = t[i] / 0.005;
    if (x >= N) continue;
    const int k = (int)x;
    const double here = s[k] + (x - k) * (s[k + 1] - s[k]);
    distance = fmax(distance, fabs(1 - (i + 0.5) / DRAWS - here));
  }
  assert_true(distance < 0.002);
  free(t);
  free(s);
  weyl_covariance_free(c);
}

/* The exponent from draws of the divisor, within five deviations; one that has no deviation says so. */
static void test_sampled_exponents(void **state) {
  (void)state;
  static const char *const names[] = {"diffusion:1", "diffusion:2", "diffusion:3", "gaussian", "matern:2.5"};
  double theta, error, again;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    weyl_covariance *c = named(names[i]);
    weyl_persist_rate rate;
    assert_ok(ctx, weyl_persist_exponent(ctx, c, &rate));
    assert_ok(ctx, weyl_persist_sample_exponent(ctx, c, 1, 50000, &theta, &error));
    assert_true(error > 1e-5 && error < 2e-2 * rate.theta);
    near(names[i], 0, theta, rate.theta, 5 * error);
    weyl_context *alone = test_context(1);
    assert_ok(alone, weyl_persist_sample_exponent(alone, c, 1, 50000, &again, &error));
    assert_true(again == theta);
    test_context_free(alone);
    weyl_covariance_free(c);
  }
  weyl_covariance *c = named("random-acceleration");
  assert_ok(ctx, weyl_persist_sample_exponent(ctx, c, 1, 50000, &theta, &error));
  assert_true(isinf(error));
  near("random-acceleration", 0, theta, 0.264668571132, 0.01);
  assert_says(ctx, weyl_persist_sample_exponent(ctx, c, 1, 1, &theta, &error), WEYL_BAD_ARG, "1 draws");
  weyl_covariance_free(c);
  c = named("rational-quadratic:2");
  assert_says(ctx, weyl_persist_sample_exponent(ctx, c, 1, 100, &theta, &error), WEYL_NO, "no exponent");
  weyl_covariance_free(c);
}

/* Paths have the covariance asked for, near and far, also where the circle closes: the mean over many paths of
 * products at all lags, within five deviations. */
static void test_paths(void **state) {
  (void)state;
  enum { POINTS = 1024, PATHS = 500 };
  static const char *const names[] = {"diffusion:2", "gaussian", "matern:2.5"};
  static const size_t lag[] = {0, 1, 3, 10, 30, 100, 300, 1000, POINTS - 1};
  double *x = malloc(POINTS * sizeof *x);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    weyl_covariance *c = named(names[i]);
    const double step = weyl_covariance_mean(c) / 30;
    double sum[9] = {0};
    for (uint64_t k = 0; k < PATHS; k++) {
      assert_ok(ctx, weyl_persist_path(ctx, c, k, step, POINTS, x));
      for (int j = 0; j < 9; j++) sum[j] += x[0] * x[lag[j]] / PATHS;
    }
    for (int j = 0; j < 9; j++)
      near(names[i], (double)lag[j], sum[j], weyl_covariance_eval(c, step * (double)lag[j]).r, 7 / sqrt(PATHS));
    weyl_covariance_free(c);
  }
  free(x);
}

static void test_validity(void **state) {
  (void)state;
  static const char *const valid[] = {"diffusion:1", "diffusion:2", "diffusion:3", "random-acceleration",
                                      "matern:1.5",  "matern:2.5",  "matern:3.5",  "gaussian"};
  static const char *const invalid[] = {"damped:0.2:1", "sinc"};
  weyl_persist_rate rate;
  for (size_t i = 0; i < 8; i++) {
    weyl_covariance *c = named(valid[i]);
    assert_true(weyl_persist_validate(c).valid);
    weyl_covariance_free(c);
  }
  for (size_t i = 0; i < 2; i++) {
    weyl_covariance *c = named(invalid[i]);
    assert_false(weyl_persist_validate(c).valid);
    assert_says(ctx, weyl_persist_exponent(ctx, c, &rate), WEYL_NO, "r increases");
    weyl_covariance_free(c);
  }
  weyl_covariance *c = named("rational-quadratic:2");
  assert_true(weyl_persist_validate(c).valid);
  assert_says(ctx, weyl_persist_exponent(ctx, c, &rate), WEYL_NO, "slower than any exponential");
  weyl_covariance_free(c);
}

/* A table of a known covariance gives its results. */
static void test_tables(void **state) {
  (void)state;
  enum { N = 2001 };
  double *t = malloc(N * sizeof *t), *r = malloc(N * sizeof *t), *slope = malloc(N * sizeof *t);
  weyl_covariance *c = named("matern:2.5"), *table = NULL;
  for (int i = 0; i < N; i++) {
    t[i] = 0.02 * i;
    const weyl_covariance_at v = weyl_covariance_eval(c, t[i]);
    r[i] = v.r;
    slope[i] = v.slope;
  }
  weyl_persist_rate want, got;
  assert_ok(ctx, weyl_persist_exponent(ctx, c, &want));
  assert_ok(ctx, weyl_covariance_table(ctx, N, t, r, slope, &table));
  assert_ok(ctx, weyl_persist_exponent(ctx, table, &got));
  near("table", 0, got.theta, want.theta, 1e-5);
  near("lambda2", 0, weyl_covariance_lambda2(table), 1 / 3.0, 1e-4);
  weyl_covariance_free(table);
  assert_ok(ctx, weyl_covariance_table(ctx, N, t, r, NULL, &table));
  near("monotone", 1.234, weyl_covariance_eval(table, 1.234).r, weyl_covariance_eval(c, 1.234).r, 1e-5);
  weyl_covariance_free(table);
  weyl_covariance_free(c);
  /* exp(-t^2 / 2) is the transform of exp(-w^2 / 2) */
  for (int i = 0; i < N; i++) {
    t[i] = 0.005 * i;
    r[i] = exp(-t[i] * t[i] / 2);
  }
  assert_ok(ctx, weyl_covariance_spectrum(ctx, N, t, r, &table));
  for (double at = 0.1; at < 4; at += 0.7)
    near("spectrum", at, weyl_covariance_eval(table, at).r, exp(-at * at / 2), 1e-9);
  near("lambda2", 0, weyl_covariance_lambda2(table), 1, 1e-9);
  weyl_covariance_free(table);
  free(t);
  free(r);
  free(slope);
}

static void test_refused(void **state) {
  (void)state;
  weyl_covariance *c = NULL;
  assert_says(ctx, weyl_covariance_parse(ctx, "matern:0.5", &c), WEYL_BAD_ARG, "lambda2 is infinite");
  assert_says(ctx, weyl_covariance_parse(ctx, "difusion:2", &c), WEYL_UNKNOWN, "did you mean diffusion?");
  assert_says(ctx, weyl_covariance_parse(ctx, "diffusion", &c), WEYL_BAD_ARG, "dimension is missing");
  assert_says(ctx, weyl_covariance_parse(ctx, "diffusion:-1", &c), WEYL_BAD_ARG, "more than 0");
  assert_says(ctx, weyl_covariance_parse(ctx, "diffusion:nan", &c), WEYL_BAD_ARG, "missing");
  assert_says(ctx, weyl_covariance_parse(ctx, "gaussian:2", &c), WEYL_BAD_ARG, "behind its parameters");
  assert_says(ctx, weyl_covariance_parse(ctx, "", &c), WEYL_UNKNOWN, "no covariance");
  const double t[] = {0, 1, 2}, high[] = {2, 1, 0.5}, wide[] = {1, 1.5, 0.2}, kink[] = {1, 0.5, 0.2},
               back[] = {0, 2, 1}, odd[] = {1, NAN, 0};
  assert_says(ctx, weyl_covariance_table(ctx, 3, t, high, NULL, &c), WEYL_BAD_ARG, "r(0) is 2");
  assert_says(ctx, weyl_covariance_table(ctx, 3, t, wide, NULL, &c), WEYL_BAD_ARG, "between -1 and 1");
  assert_says(ctx, weyl_covariance_table(ctx, 3, back, kink, NULL, &c), WEYL_BAD_ARG, "must be more than 2");
  assert_says(ctx, weyl_covariance_table(ctx, 3, t, odd, NULL, &c), WEYL_NUMERIC, "row 2");
  assert_says(ctx, weyl_covariance_table(ctx, 2, t, kink, NULL, &c), WEYL_BAD_ARG, "3 or more");
  assert_says(ctx, weyl_covariance_table(ctx, 3, t, kink, (double[]){-1, -0.4, -0.2}, &c), WEYL_BAD_ARG, "r'(0)");
  assert_says(ctx, weyl_covariance_spectrum(ctx, 3, t, (double[]){0, 0, 0}, &c), WEYL_BAD_ARG, "0 everywhere");
  assert_says(ctx, weyl_covariance_spectrum(ctx, 3, t, (double[]){0, -1, 0}, &c), WEYL_BAD_ARG, "row 2");
  assert_null(c);
  c = named("gaussian");
  double s[4];
  assert_says(ctx, weyl_persist_survival(ctx, c, 0, 0, 3, s), WEYL_BAD_ARG, "more than 0");
  assert_says(ctx, weyl_persist_laplace(ctx, c, 0, 1, (double[]){-1}, s), WEYL_BAD_ARG, "-1");
  weyl_covariance_free(c);
  assert_says(ctx, weyl_exact_diffusion2(ctx, NAN, s, NULL), WEYL_BAD_ARG, "0..100");
}

/* Simulated intervals against what is known exactly, and the same ones on any number of threads. */
static void test_simulation(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double t[2], s[2];
  } known[] = {{"diffusion:2", {2, 5}, {0.818039, 0.472850}},
               {"random-acceleration", {1, 5}, {0.7195857191, 0.2538392956}}};
  for (int i = 0; i < 2; i++) {
    weyl_covariance *c = named(known[i].name);
    const weyl_persist_simulate_opts o = {.intervals = 100000, .points = 1 << 16, .seed = 3};
    weyl_persist_simulation a, b;
    assert_ok(ctx, weyl_persist_simulate(ctx, c, &o, &a));
    assert_true(a.count >= o.intervals && (double)a.count < 1.3 * (double)o.intervals);
    assert_true(llabs(2 * a.above - a.count) <= 2 * a.paths);
    weyl_persist_stats stats;
    assert_ok(ctx, weyl_persist_measure(ctx, a.count, a.interval, &stats));
    near(known[i].name, 0, stats.mean, weyl_covariance_mean(c), 4 * stats.mean_error + 0.002 * stats.mean);
    for (int k = 0; k < 2; k++)
      near(known[i].name, known[i].t[k], weyl_persist_beyond(a.count, a.interval, known[i].t[k]), known[i].s[k], 0.006);
    assert_true(a.clipped < 1e-6);
    weyl_context *alone = test_context(1);
    assert_ok(alone, weyl_persist_simulate(alone, c, &o, &b));
    assert_true(b.count == a.count && memcmp(a.interval, b.interval, (size_t)a.count * sizeof *a.interval) == 0);
    weyl_persist_simulation_free(alone, &b);
    test_context_free(alone);
    weyl_persist_simulation_free(ctx, &a);
    weyl_covariance_free(c);
  }
  weyl_covariance *c = named("gaussian");
  weyl_persist_simulation none;
  assert_says(ctx, weyl_persist_simulate(ctx, c, &(weyl_persist_simulate_opts){.points = 1000}, &none), WEYL_BAD_ARG,
              "power of 2");
  assert_says(ctx, weyl_persist_simulate(ctx, c, &(weyl_persist_simulate_opts){.step = 1}, &none), WEYL_BAD_ARG,
              "tenth");
  assert_says(ctx, weyl_persist_simulate(ctx, c, &(weyl_persist_simulate_opts){.points = 1024}, &none), WEYL_BAD_ARG,
              "20 intervals");
  weyl_covariance_free(c);
}

static int begin(void **state) {
  (void)state;
  ctx = test_context(2);
  return 0;
}

static int end(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_expected_sign), cmocka_unit_test(test_covariances),
      cmocka_unit_test(test_matern),        cmocka_unit_test(test_exponents),
      cmocka_unit_test(test_means),         cmocka_unit_test(test_survival),
      cmocka_unit_test(test_order),         cmocka_unit_test(test_exact),
      cmocka_unit_test(test_samples),       cmocka_unit_test(test_sampled_exponents),
      cmocka_unit_test(test_paths),         cmocka_unit_test(test_validity),
      cmocka_unit_test(test_tables),        cmocka_unit_test(test_simulation),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
