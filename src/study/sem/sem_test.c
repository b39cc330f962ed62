/* Models, interventions and moments: the sheet's checks 1 to 4 and 12, text, tables, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "property.h"

static weyl_context *ctx;

static weyl_sem *parsed(const char *text) {
  weyl_sem *s = NULL;
  assert_ok(ctx, weyl_sem_parse(ctx, text, strlen(text), "t.sem", &s));
  return s;
}

static weyl_sem *random_model(uint64_t seed, size_t nodes, size_t sites) {
  weyl_sem *s = NULL;
  assert_ok(ctx, weyl_sem_random(ctx, &(weyl_sem_random_opts){.seed = seed, .nodes = nodes, .sites = sites}, &s));
  return s;
}

/* check 1: A by substitution is the Neumann sum, and gives the moments */
PROPERTY(effects_are_the_neumann_sum, 10) {
  enum { N = 9 };
  double b[N * N] = {0}, variance[N], a[N * N], sum[N * N] = {0}, power[N * N] = {0}, next[N * N];
  for (int i = 0; i < N; i++) {
    variance[i] = 0.5 + weyl_rng_uniform(rng);
    sum[i * N + i] = power[i * N + i] = 1;
    for (int j = 0; j < i; j++) /* nodes in the reverse order: the order must be found */
      if (weyl_rng_below(rng, 2)) b[(N - 1 - i) * N + N - 1 - j] = weyl_rng_normal(rng);
  }
  weyl_sem *s = NULL;
  assert_ok(ctx, weyl_sem_new(ctx, N, b, variance, NULL, 4, NULL, &s));
  weyl_sem_effects(s, a);
  for (int k = 1; k < N; k++) {
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        next[i * N + j] = 0;
        for (int l = 0; l < N; l++) next[i * N + j] += b[i * N + l] * power[l * N + j];
      }
    memcpy(power, next, sizeof power);
    for (int i = 0; i < N * N; i++) sum[i] += power[i];
  }
  double top = 0;
  for (int i = 0; i < N * N; i++) top = fmax(top, fabs(sum[i]));
  for (int i = 0; i < N * N; i++) assert_close(a[i], sum[i], 1e-12 * top);
  double sigma[(N - 1) * (N - 1)], c[N - 1], y2, mean[N], want = 0;
  assert_ok(ctx, weyl_sem_moments_at(ctx, s, NULL, sigma, c, &y2, mean));
  for (int k = 0; k < N; k++) want += a[4 * N + k] * variance[k] * a[4 * N + k];
  assert_rel_close(y2, want, 1e-12);
  want = 0;
  for (int k = 0; k < N; k++) want += a[0 * N + k] * variance[k] * a[7 * N + k];
  assert_close(sigma[0 * (N - 1) + 6], want, 1e-11 * top * top);
  weyl_sem_free(s);
}

/* check 1: moments of data come near the exact ones as m^-1/2 */
static void samples_converge(void **state) {
  (void)state;
  weyl_sem *s = random_model(3, 8, 2);
  weyl_moments exact, drawn;
  const size_t rows[] = {100, 1600, 25600};
  double error[3] = {0};
  const weyl_sem_world world = {.seed = 5, .count = 8};
  assert_ok(ctx, weyl_sem_moments(ctx, s, &world, &exact));
  for (int i = 0; i < 3; i++) {
    weyl_sem_world with = world;
    with.rows = rows[i];
    assert_ok(ctx, weyl_sem_moments(ctx, s, &with, &drawn));
    for (size_t k = 0; k < 8 * exact.d * exact.d; k++) {
      const double apart = drawn.sigma[k] - exact.sigma[k];
      error[i] += apart * apart;
    }
    weyl_moments_free(&drawn);
  }
  const double slope = 0.5 * log(error[2] / error[0]) / log((double)rows[2] / (double)rows[0]);
  assert_close(slope, -0.5, 0.1);
  weyl_moments_free(&exact);
  weyl_sem_free(s);
}

/* check 2: parents with their effects are invariant, whatever happens elsewhere */
static void parents_are_invariant(void **state) {
  (void)state;
  double most = 0;
  for (uint64_t seed = 0; seed < 10; seed++) {
    weyl_sem *s = random_model(seed, 10, 3);
    weyl_moments m;
    assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.seed = seed, .count = 100}, &m));
    double phi[9 * 9] = {0}, w[9], worst;
    size_t k = 0;
    for (size_t i = 0; i < m.d; i++)
      if (weyl_sem_parent(s, i, &w[k])) phi[k++ * m.d + i] = 1;
    assert_int_equal(k, 3);
    assert_ok(ctx, weyl_sem_worst(ctx, &m, k, phi, w, &worst));
    most = fmax(most, worst);
    weyl_moments_free(&m);
    weyl_sem_free(s);
  }
  assert_true(most < 1e-10);
}

/* check 3: with a child of Y among the features, interventions on the child are seen */
static void children_are_not(void **state) {
  (void)state;
  weyl_sem *s = parsed(
      "X1 = N(0, 1)\nY = 0.8 X1 + N(0, 1)\nX2 = 0.9 Y + 0.3 X1 + N(0, 1)\n"
      "intervene X2: coefficients U(-1.5, 1.5), variance U(0.5, 2)\n");
  weyl_moments seen, unseen;
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.seed = 1, .count = 20}, &seen));
  assert_ok(ctx,
            weyl_sem_moments(ctx, s, &(weyl_sem_world){.which = WEYL_SEM_UNSEEN, .seed = 1, .count = 400}, &unseen));
  const double phi[4] = {1, 0, 0, 1};
  double beta[2];
  assert_ok(ctx, weyl_sem_pooled(ctx, &seen, beta));
  size_t over = 0;
  for (size_t e = 0; e < unseen.count; e++) {
    double v;
    assert_ok(ctx, weyl_sem_violation(ctx, &unseen, e, 2, phi, beta, WEYL_SEM_GRADIENT, NULL, &v));
    over += v > 0.02;
  }
  assert_true(over > unseen.count / 2);
  weyl_moments_free(&seen);
  weyl_moments_free(&unseen);
  weyl_sem_free(s);
}

/* The worst distance of values at 0 .. n - 1 from the polynomial of that degree through the first ones. */
static double off_polynomial(int degree, int n, const double *value) {
  double worst = 0, scale = 0;
  for (int i = 0; i < n; i++) scale = fmax(scale, fabs(value[i]));
  for (int x = degree + 1; x < n; x++) {
    double sum = 0;
    for (int i = 0; i <= degree; i++) {
      double l = 1;
      for (int j = 0; j <= degree; j++)
        if (j != i) l *= (double)(x - j) / (i - j);
      sum += l * value[i];
    }
    worst = fmax(worst, fabs(sum - value[x]) / fmax(scale, 1e-300));
  }
  return worst;
}

/* check 4: along lines in the parameters second moments are polynomials of degree 2 s, not less */
static void moments_are_polynomials(void **state) {
  (void)state;
  static const struct {
    const char *sites;
    int degree;
    bool lower_fails;
  } families[] = {
      {"intervene X5: coefficients U(-1, 1)\n", 2, true},
      {"intervene X5: coefficients U(-1, 1), variance U(0.5, 2), mean U(-1, 1)\n", 2, true},
      {"intervene X2: coefficients U(-1, 1)\nintervene X5: coefficients U(-1, 1), variance U(0.5, 2)\n", 4, true},
      {"intervene X2: coefficients U(-1, 1), mean U(-1, 1)\nintervene X5: coefficients U(-1, 1), mean U(-1, 1)\n", 4,
       true}};
  for (size_t f = 0; f < 4; f++) {
    char text[600];
    snprintf(text, sizeof text,
             "X1 = N(0, 1)\nX2 = 0.7 X1 + N(0, 1)\nX3 = X1 - 0.4 X2 + N(0.5, 1)\nY = X2 + 0.5 X3 + N(0, 1)\n"
             "X5 = 0.6 Y - X2 + N(0, 1)\nX6 = X5 + X1 + N(0, 1)\n%s",
             families[f].sites);
    weyl_sem *s = parsed(text);
    const weyl_sem_info about = weyl_sem_about(s);
    assert_int_equal(about.degree, families[f].degree);
    double a[16], b[16], at[16], sigma[9][25], c[9][5], y2[9];
    weyl_sem_draw(s, 1, 0, a);
    weyl_sem_draw(s, 1, 1, b);
    for (int t = 0; t < 9; t++) {
      for (size_t i = 0; i < about.parameters; i++) at[i] = a[i] + 0.25 * t * fabs(b[i]);
      assert_ok(ctx, weyl_sem_moments_at(ctx, s, at, sigma[t], c[t], &y2[t], NULL));
    }
    double exact = 0, lower = 0, value[9];
    for (int i = 0; i < 31; i++) {
      for (int t = 0; t < 9; t++) value[t] = i < 25 ? sigma[t][i] : i < 30 ? c[t][i - 25] : y2[t];
      exact = fmax(exact, off_polynomial(families[f].degree, 9, value));
      lower = fmax(lower, off_polynomial(families[f].degree - 1, 9, value));
    }
    assert_true(exact < 1e-9);
    assert_true(lower > 1e-4);
    weyl_sem_free(s);
  }
}

/* check 12: what holds for Phi on X = S Z holds for Phi S on Z */
PROPERTY(mixtures_do_not_matter, 5) {
  weyl_sem *latent = NULL, *direct = NULL;
  const uint64_t seed = weyl_rng_u64(rng) >> 1;
  weyl_sem_random_opts o = {.nodes = 9, .seed = seed};
  assert_ok(ctx, weyl_sem_random(ctx, &o, &direct));
  o.latent = 12;
  assert_ok(ctx, weyl_sem_random(ctx, &o, &latent));
  double s[12][8], phi[4][12], turned[4][8], w[4]; /* S is what it does to units: the moments tell */
  weyl_moments x, z;
  assert_ok(ctx, weyl_sem_moments(ctx, latent, &(weyl_sem_world){.seed = 2, .count = 6}, &x));
  assert_ok(ctx, weyl_sem_moments(ctx, direct, &(weyl_sem_world){.seed = 2, .count = 6}, &z));
  assert_int_equal(x.d, 12);
  /* c^X_e = S c_e for 6 environments is not enough to know S; write the model and read its mixtures back */
  char folder[64], path[96];
  test_folder(folder);
  snprintf(path, sizeof path, "%s/latent.sem", folder);
  assert_ok(ctx, weyl_sem_write(ctx, latent, path));
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  char line[2000];
  int row = 0;
  while (fgets(line, sizeof line, f)) {
    if (strncmp(line, "observe", 7) != 0) continue;
    for (int j = 0; j < 8; j++) {
      char name[16];
      snprintf(name, sizeof name, " X%d ", j + 1);
      const char *at = strstr(line, name);
      assert_non_null(at);
      const char *from = at;
      while (from[-1] != ' ' && from[-1] != '-') from--;
      s[row][j] = strtod(from, NULL);
      if (from[-1] == '-' || (from[-1] == ' ' && from[-2] == '-')) s[row][j] = -s[row][j];
    }
    row++;
  }
  fclose(f);
  assert_int_equal(row, 12);
  for (int a = 0; a < 4; a++) {
    w[a] = weyl_rng_normal(rng);
    for (int i = 0; i < 12; i++) phi[a][i] = weyl_rng_normal(rng);
    for (int j = 0; j < 8; j++) {
      turned[a][j] = 0;
      for (int i = 0; i < 12; i++) turned[a][j] += phi[a][i] * s[i][j];
    }
  }
  for (size_t e = 0; e < 6; e++) {
    double vx, vz, gx[4], gz[4];
    assert_ok(ctx, weyl_sem_violation(ctx, &x, e, 4, phi[0], w, WEYL_SEM_GRADIENT, gx, &vx));
    assert_ok(ctx, weyl_sem_violation(ctx, &z, e, 4, turned[0], w, WEYL_SEM_GRADIENT, gz, &vz));
    assert_rel_close(vx, vz, 1e-9);
  }
  /* the file is the model */
  weyl_sem *again = NULL;
  weyl_moments y;
  assert_ok(ctx, weyl_sem_read(ctx, path, &again));
  assert_ok(ctx, weyl_sem_moments(ctx, again, &(weyl_sem_world){.seed = 2, .count = 6}, &y));
  assert_memory_equal(x.sigma, y.sigma, 6 * 144 * sizeof(double));
  test_remove(folder);
  weyl_moments_free(&x);
  weyl_moments_free(&y);
  weyl_moments_free(&z);
  weyl_sem_free(latent);
  weyl_sem_free(direct);
  weyl_sem_free(again);
}

static void threads_do_not_matter(void **state) {
  (void)state;
  weyl_moments one, many;
  weyl_context *other = test_context(5);
  weyl_sem *s = random_model(9, 12, 3);
  const weyl_sem_world world = {.seed = 4, .count = 13, .rows = 50};
  assert_ok(ctx, weyl_sem_moments(ctx, s, &world, &one));
  assert_ok(other, weyl_sem_moments(other, s, &world, &many));
  assert_memory_equal(one.sigma, many.sigma, 13 * one.d * one.d * sizeof(double));
  weyl_sem_rows rows;
  assert_ok(other, weyl_sem_sample(other, s, &world, &rows));
  double sum = 0;
  for (size_t i = 0; i < 50; i++) sum += rows.x[(3 * 50 + i) * one.d + 2] * rows.y[3 * 50 + i];
  assert_rel_close(sum / 50, one.c[3 * one.d + 2], 1e-12);
  weyl_sem_rows_free(other, &rows);
  weyl_moments_free(&one);
  weyl_moments_free(&many);
  weyl_sem_free(s);
  test_context_free(other);
}

static void text_is_read(void **state) {
  (void)state;
  weyl_sem *s = parsed(
      "\xef\xbb\xbf"
      "format 1 # the first\n"
      "B = -A + 2*Out + N(1, 0.5)\nA = N(0, 1e-2)\nOut = -1.5e0 A + N(0, 1)\ntarget Out\n"
      "environment e1\nenvironment e2: A do 3; B variance 2, mean -1\nunseen 3: B scale {0.5, 2} , cut\n"
      "intervene B: coefficients N(0,1)\n");
  const weyl_sem_info a = weyl_sem_about(s);
  assert_int_equal(a.nodes, 3);
  assert_int_equal(a.features, 2);
  assert_int_equal(a.parameters, 2);
  assert_int_equal(a.trained, 2);
  assert_int_equal(a.unseen, 1);
  assert_string_equal(weyl_sem_feature(s, 0), "B");
  double effect;
  assert_true(weyl_sem_parent(s, 1, &effect));
  assert_close(effect, -1.5, 0);
  weyl_moments m;
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.intercept = true}, &m));
  assert_string_equal(m.name[1], "e2");
  /* A = 3, so Out has mean -4.5 and B -3 - 9 - 1 = -13 */
  assert_close(m.mean[1 * 4 + 0], -13, 1e-12);
  assert_close(m.mean[1 * 4 + 3], -4.5, 1e-12);
  assert_close(m.sigma[(1 * 3 + 1) * 3 + 1], 9, 1e-12);
  assert_close(m.y2[1], 4.5 * 4.5 + 1, 1e-12);
  assert_close(m.sigma[(1 * 3 + 2) * 3 + 0], -13, 1e-12);
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

static void bad_text_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } bad[] = {
      {"", "no equation"},
      {"X1 = N(0, 1)\n", "no target"},
      {"Y = N(0, 1)\nA = B + N(0, 1)\nB = A + N(0, 1)\n", "cycle, B <- A <- B"},
      {"Y = Y + N(0, 1)", "depends on itself (t.sem:1)"},
      {"Y = 2 X + N(0, 1)", "no equation defines X, which Y depends on (t.sem:1)"},
      {"X = N(0,1)\nY = X", "Y has no noise: + N(0, 1), for example (t.sem:2)"},
      {"Y = N(0, 0)", "variance 0, must be more than 0"},
      {"Y = N(0, -1)", "variance -1"},
      {"Y = N(0 1)", "takes two numbers"},
      {"Y = N(0, nan)", "takes two numbers"},
      {"Y = N(0, 1) + N(0, 1)", "noise is one term"},
      {"X = N(0,1)\nY = X + X + N(0,1)", "X twice on the right of Y"},
      {"Y = N(0,1)\nY = N(0,1)", "Y has two equations (t.sem:2)"},
      {"Y = N(0,1)\nfoo bar", "foo: neither an equation"},
      {"Y = N(0,1)\n= 3", "where an equation"},
      {"Y = N(0,1)\nX = 1 2 + N(0,1)", "where [coefficient] name"},
      {"Y = N(0,1)\nX = Y N(0,1)", "\"N(0,1)\" was not expected here (t.sem:2)"},
      {"Y = N(0,1)\ntarget Z", "no equation defines Z (t.sem:2)"},
      {"Y = N(0,1)\ntarget Y\ntarget Y", "target was given in line 2"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene Y: cut", "own equation stays"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene X: cut, coefficients 1", "no coefficients"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene X: variance N(1, 1)", "may fall below 0"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene X: variance U(2, 1)", "low, then high"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene X: mean {1, }", "a number was expected"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene X: mean 1\nintervene X: mean 2", "X twice (t.sem:4)"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene X: colour 1", "no effect colour"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nintervene X: do 1, mean 2", "do leaves no noise"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nenvironment a X mean 1", "after a colon"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nenvironment a: X mean 1\nunseen a: X mean 1", "environment a twice"},
      {"Y = N(0,1)\nX = Y + N(0,1)\nobserve W = X + Y", "holds the target"},
      {"Y = N(0,1)\nformat 2", "format 1"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    weyl_sem *s = NULL;
    assert_says(ctx, weyl_sem_parse(ctx, bad[i].text, strlen(bad[i].text), "t.sem", &s), WEYL_FORMAT, bad[i].says);
    assert_null(s);
  }
  const double b[4] = {0, 1, 1, 0}, one[2] = {1, 1}, nothing[2] = {1, 0};
  weyl_sem *s = NULL;
  assert_says(ctx, weyl_sem_new(ctx, 2, b, one, NULL, 0, NULL, &s), WEYL_BAD_ARG, "cycle");
  assert_status(ctx, weyl_sem_new(ctx, 2, (double[4]){0}, nothing, NULL, 0, NULL, &s), WEYL_BAD_ARG);
  assert_status(ctx, weyl_sem_random(ctx, &(weyl_sem_random_opts){.nodes = 3, .sites = 3}, &s), WEYL_BAD_ARG);
  assert_status(ctx, weyl_sem_preset(ctx, "irm", NULL, &s), WEYL_UNKNOWN);
}

static weyl_status table(const char *text, const weyl_moments_opts *o, weyl_moments *m) {
  weyl_table t = {0};
  assert_ok(ctx, weyl_table_parse(ctx, text, strlen(text), "d.csv", &t));
  const weyl_status status = weyl_moments_table(ctx, &t, "d.csv", o, m);
  weyl_table_free(ctx, &t);
  return status;
}

static void tables_are_read(void **state) {
  (void)state;
  weyl_moments m;
  assert_ok(ctx, table("env,a,Y,b,day\nuk,1,2,3,mon\nfr,5,1,1,tue\nuk,3,4,-1,wed\nfr,1,1,1,mon\n", NULL, &m));
  assert_int_equal(m.count, 2);
  assert_int_equal(m.d, 2);
  assert_string_equal(m.name[0], "fr");
  assert_string_equal(m.feature[1], "b");
  assert_string_equal(m.feature[2], "Y");
  assert_close(m.sigma[4 + 0], 5, 0);
  assert_close(m.sigma[4 + 1], 0, 0);
  assert_close(m.c[2], 7, 0);
  assert_close(m.y2[0], 1, 0);
  assert_close(m.rows[1], 2, 0);
  weyl_moments_free(&m);
  assert_ok(ctx, table("1 2 3\n1 2 4\n-1 0 1\n-1 2 2\n",
                       &(weyl_moments_opts){.environment = "1", .target = "3", .intercept = true}, &m));
  assert_int_equal(m.d, 2);
  assert_string_equal(m.name[0], "-1");
  assert_close(m.sigma[3], 1, 0);
  weyl_moments_free(&m);
  static const struct {
    const char *text, *says;
    weyl_moments_opts o;
    weyl_status status;
  } bad[] = {
      {"env,a,Y\n1,2,3\n1,nan,1\n2,1,1\n2,1,1\n", "row 2: a is missing or not a number (d.csv:3)", {0}, WEYL_FORMAT},
      {"env,a,Y\n1,2,inf\n1,1,1\n", "row 1: Y is infinite (d.csv:2)", {0}, WEYL_FORMAT},
      {"env,a,Y\n1,2,3\n1,1,1\n2,1,1\n", "environment 2 has one row", {0}, WEYL_FORMAT},
      {"env,a,Y\nx,2,3\n,1,1\n", "row 2: env is missing", {0}, WEYL_FORMAT},
      {"env,a,Y\n1,1e200,2\n1,3,4\n", "squares of a or Y are beyond", {0}, WEYL_NUMERIC},
      {"a,b\n1,2\n", "which column is the environment", {0}, WEYL_BAD_ARG},
      {"env,b\n1,2\n", "which column is the target", {0}, WEYL_BAD_ARG},
      {"env,b,Y\n1,2,3\n", "no column \"q\" for a feature among 3: env, b, Y", {.features = "b,q"}, WEYL_BAD_ARG},
      {"env,b,Y\n1,2,3\n", "Y is taken twice", {.features = "b,Y"}, WEYL_BAD_ARG},
      {"env,b,Y\n1,x,3\n1,y,3\n", "row 1: b is \"x\"", {.features = "b"}, WEYL_FORMAT},
      {"env,Y\n1,3\n1,3\n", "no column of numbers is left", {0}, WEYL_FORMAT},
      {"env,b,z,Y\n1,1,1,3\n1,2,1,3\n", "the anchors depend", {.anchors = "z", .intercept = true}, WEYL_DEGENERATE},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_says(ctx, table(bad[i].text, &bad[i].o, &m), bad[i].status, bad[i].says);
}

static void scales_go_and_come_back(void **state) {
  (void)state;
  weyl_sem *s = parsed(
      "X1 = N(3, 4)\nY = 2 X1 + N(1, 1)\nX2 = Y + N(0, 9)\nintervene X2: mean N(0, 4)\nintervene X1: variance U(1, "
      "9)\n");
  weyl_moments m;
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.count = 5, .intercept = true}, &m));
  double beta[3], scaled[3];
  assert_ok(ctx, weyl_sem_pooled(ctx, &m, beta));
  const double risk = weyl_moments_pooled_risk(&m, beta);
  assert_ok(ctx, weyl_moments_scale(ctx, &m, NULL));
  double square = 0, mean = 0;
  for (size_t e = 0; e < 5; e++) {
    square += m.sigma[(e * 3 + 1) * 3 + 1] / 5;
    mean += m.mean[e * 4 + 1] / 5;
  }
  assert_close(square - mean * mean, 1, 1e-12);
  assert_ok(ctx, weyl_sem_pooled(ctx, &m, scaled));
  assert_rel_close(weyl_moments_pooled_risk(&m, scaled) * m.scale[3] * m.scale[3], risk, 1e-10);
  weyl_moments_unscale(&m, scaled);
  for (int i = 0; i < 3; i++) assert_rel_close(scaled[i], beta[i], 1e-9);
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

/* every allocation fails once */
static void no_memory_is_survived(void **state) {
  (void)state;
  const char text[] =
      "X1 = N(0, 1)\nY = X1 + N(0, 1)\nX2 = Y + N(0, 1)\nintervene X2: mean {1, 2}\nobserve W = X1 + X2\n";
  for (uint64_t n = 1;; n++) {
    weyl_sem *s = NULL;
    weyl_moments m = {0};
    weyl_context_fail_allocation(ctx, n);
    weyl_status status = weyl_sem_parse(ctx, text, sizeof text - 1, "t", &s);
    if (status == WEYL_OK) status = weyl_sem_moments(ctx, s, &(weyl_sem_world){.count = 3, .rows = 5}, &m);
    weyl_context_fail_allocation(ctx, 0);
    weyl_moments_free(&m);
    weyl_sem_free(s);
    if (status == WEYL_OK) break;
    assert_int_equal(status, WEYL_MEMORY);
    weyl_message_clear(ctx);
    assert_true(n < 1000);
  }
}

int main(void) {
  ctx = test_context(2);
  const struct CMUnitTest tests[] = {
      property_test(effects_are_the_neumann_sum), cmocka_unit_test(samples_converge),
      cmocka_unit_test(parents_are_invariant),    cmocka_unit_test(children_are_not),
      cmocka_unit_test(moments_are_polynomials),  property_test(mixtures_do_not_matter),
      cmocka_unit_test(threads_do_not_matter),    cmocka_unit_test(text_is_read),
      cmocka_unit_test(bad_text_is_refused),      cmocka_unit_test(tables_are_read),
      cmocka_unit_test(scales_go_and_come_back),  cmocka_unit_test(no_memory_is_survived)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_context_free(ctx);
  return failed;
}
