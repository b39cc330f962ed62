/* Other ways to learn from environments: closed forms, limits and levels (the sheet's checks 7 to 9). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "property.h"

static weyl_context *ctx;

static weyl_sem *preset(const char *name, uint64_t seed) {
  weyl_sem *s = NULL;
  assert_ok(ctx, weyl_sem_preset(ctx, name, &(weyl_sem_random_opts){.seed = seed}, &s));
  return s;
}

static void toy_moments(weyl_moments *m, weyl_sem_which which) {
  weyl_sem *s = preset("irm-toy", 0);
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.which = which}, m));
  weyl_sem_free(s);
}

/* Newton's steps on beta . v_e = 0 from a grid: where they end, it is (0, 0) or (1, 0), and both are reached. */
static void the_zeros_are_two(const weyl_moments *m) {
  int ends[2] = {0};
  for (int start = 0; start < 41 * 41; start++) {
    double x = -2.03 + 0.1 * (start % 41), y = -2.01 + 0.1 * (start / 41), p[2] = {1, 1}, g[2][2];
    for (int it = 0; it < 200 && fabs(x) + fabs(y) < 100; it++) {
      for (int e = 0; e < 2; e++) {
        const double *s = m->sigma + 4 * e, *c = m->c + 2 * e;
        p[e] = x * (s[0] * x + s[1] * y - c[0]) + y * (s[2] * x + s[3] * y - c[1]);
        g[e][0] = 2 * (s[0] * x + s[1] * y) - c[0];
        g[e][1] = 2 * (s[2] * x + s[3] * y) - c[1];
      }
      const double det = g[0][0] * g[1][1] - g[0][1] * g[1][0];
      if (fabs(p[0]) + fabs(p[1]) < 1e-15 || det == 0) break;
      x -= (g[1][1] * p[0] - g[0][1] * p[1]) / det;
      y -= (g[0][0] * p[1] - g[1][0] * p[0]) / det;
    }
    if (!(fabs(p[0]) + fabs(p[1]) < 1e-12)) continue;
    const int which = x > 0.5;
    assert_close(x, which, 1e-4);
    assert_close(y, 0, 1e-4);
    ends[which]++;
  }
  assert_true(ends[0] > 20 && ends[1] > 20);
}

/* check 7 */
static void the_toy_is_in_closed_form(void **state) {
  (void)state;
  weyl_moments m, one;
  toy_moments(&m, WEYL_SEM_TRAINED);
  double beta[2], unseen_beta[2];
  assert_ok(ctx, weyl_sem_pooled(ctx, &m, beta));
  assert_close(beta[0], 0.33112583, 1e-8);
  assert_close(beta[1], 0.66887417, 1e-8);
  for (size_t e = 0; e < 2; e++) {
    const double s2 = e ? 4 : 0.04;
    assert_ok(ctx, weyl_moments_pick(ctx, &m, 1, &e, &one));
    assert_ok(ctx, weyl_sem_pooled(ctx, &one, beta));
    assert_close(beta[0], 1 / (1 + s2), 1e-12);
    assert_close(beta[1], s2 / (1 + s2), 1e-12);
    weyl_moments_free(&one);
  }
  weyl_moments far;
  toy_moments(&far, WEYL_SEM_UNSEEN);
  assert_ok(ctx, weyl_sem_pooled(ctx, &far, unseen_beta));
  assert_close(unseen_beta[0], 0.038461538, 1e-8);
  weyl_moments_free(&far);
  assert_ok(ctx, weyl_sem_dantzig(ctx, &m, 0, 1, beta));
  assert_close(beta[0], 0, 1e-12);
  assert_close(beta[1], 1, 1e-12);
  /* Both penalties are flat at (1, 0) along the second feature, so the minimum comes near it as lambda^-1/3 only:
   * 8 beta_2 against 1.98^2 lambda beta_2^4 */
  assert_ok(ctx, weyl_sem_irm(ctx, &m, 1e6, 20, 1, beta));
  assert_close(beta[0], 1, 1e-3);
  assert_close(beta[1], cbrt(8 / (4 * 1.98 * 1.98 * 1e6)), 5e-5);
  assert_ok(ctx, weyl_sem_irm(ctx, &m, 1e10, 20, 1, beta));
  assert_close(beta[0], 1, 1e-3);
  assert_close(beta[1], 0, 1e-3);
  const double zero[2] = {0, 0}, causal[2] = {1, 0};
  assert_close(weyl_moments_pooled_risk(&m, zero), 4.04, 1e-12);
  assert_close(weyl_moments_pooled_risk(&m, causal), 2.02, 1e-12);
  the_zeros_are_two(&m);
  weyl_search found;
  assert_ok(ctx, weyl_search_continuous(ctx, &m, NULL, &found));
  assert_int_equal(found.count, 1);
  assert_close(found.found[0].beta[0], 1, 1e-6);
  assert_close(found.found[0].beta[1], 0, 1e-6);
  weyl_search_free(&found);
  assert_ok(ctx, weyl_sem_vrex(ctx, &m, 1e4, 20, 1, beta)); /* equal risks: not the causal answer here */
  assert_true(fabs(beta[0] - 1) > 0.05);
  assert_close(weyl_moments_risk(&m, 0, beta), weyl_moments_risk(&m, 1, beta), 1e-2);
  double weights[2];
  assert_ok(ctx, weyl_sem_minimax(ctx, &m, 0, beta, weights)); /* the noisy environment alone is the worst */
  assert_close(beta[0], 0.2, 1e-3);
  assert_close(weights[1], 1, 1e-3);
  weyl_moments_free(&m);
}

/* check 8 */
static void anchors_have_their_limits(void **state) {
  (void)state;
  char text[60000] = "a1,a2,x1,x2,Y,e\n";
  weyl_rng rng = weyl_rng_new(8, "anchor test");
  enum { N = 300 };
  static double z[N][6];
  for (int i = 0; i < N; i++) {
    double *r = z[i];
    r[0] = weyl_rng_normal(&rng);
    r[1] = weyl_rng_normal(&rng);
    const double h = weyl_rng_normal(&rng);
    r[2] = r[0] + h + weyl_rng_normal(&rng);
    r[3] = r[1] - 0.5 * r[0] + h + weyl_rng_normal(&rng);
    r[4] = r[2] - r[3] + 2 * h + 0.3 * r[0] + weyl_rng_normal(&rng);
    r[5] = i % 3;
    snprintf(text + strlen(text), sizeof text - strlen(text), "%.17g,%.17g,%.17g,%.17g,%.17g,%g\n", r[0], r[1], r[2],
             r[3], r[4], r[5]);
  }
  weyl_table t = {0};
  weyl_moments m;
  assert_ok(ctx, weyl_table_parse(ctx, text, strlen(text), "d", &t));
  assert_ok(ctx, weyl_moments_table(ctx, &t, "d", &(weyl_moments_opts){.environment = "e", .anchors = "a1,a2"}, &m));
  weyl_table_free(ctx, &t);
  /* by hand: least squares on rows, on rows projected on the anchors, and on what the projection leaves */
  double aa[4] = {0}, az[2][3] = {{0}}, coefficient[2 * 3], want[3][2];
  for (int i = 0; i < N; i++)
    for (int p = 0; p < 2; p++) {
      for (int q = 0; q < 2; q++) aa[2 * p + q] += z[i][p] * z[i][q];
      for (int q = 0; q < 3; q++) az[p][q] += z[i][p] * z[i][2 + q];
    }
  assert_ok(ctx, weyl_solve(ctx, 2, 3, aa, az[0], coefficient));
  for (int kind = 0; kind < 3; kind++) {
    double xx[4] = {0}, xy[2] = {0};
    for (int i = 0; i < N; i++) {
      double v[3];
      for (int q = 0; q < 3; q++) {
        const double on = z[i][0] * coefficient[q] + z[i][1] * coefficient[3 + q];
        v[q] = kind == 0 ? z[i][2 + q] : kind == 1 ? on : z[i][2 + q] - on;
      }
      for (int p = 0; p < 2; p++) {
        for (int q = 0; q < 2; q++) xx[2 * p + q] += v[p] * v[q];
        xy[p] += v[p] * v[2];
      }
    }
    assert_ok(ctx, weyl_solve(ctx, 2, 1, xx, xy, want[kind]));
  }
  double beta[2], pooled[2];
  assert_ok(ctx, weyl_sem_pooled(ctx, &m, pooled));
  static const double gamma[] = {1, 1e8, 0, INFINITY};
  for (int i = 0; i < 4; i++) {
    assert_ok(ctx, weyl_sem_anchor(ctx, &m, gamma[i], beta));
    const double *w = want[i == 3 ? 1 : i];
    for (int k = 0; k < 2; k++) assert_close(beta[k], w[k], i == 1 ? 1e-5 : 1e-9);
  }
  for (int k = 0; k < 2; k++) assert_close(pooled[k], want[0][k], 1e-9);
  assert_status(ctx, weyl_sem_anchor(ctx, &m, -1, beta), WEYL_BAD_ARG);
  assert_status(ctx, weyl_sem_anchor(ctx, &m, NAN, beta), WEYL_BAD_ARG);
  weyl_moments_free(&m);
}

/* check 9, on fewer runs: `weyl sem check` does 200 */
static void icp_finds_causes(void **state) {
  (void)state;
  weyl_sem *s = preset("shifts", 0);
  int subset = 0, exact = 0, covered = 0;
  enum { RUNS = 40 };
  for (uint64_t run = 0; run < RUNS; run++) {
    weyl_moments m;
    weyl_icp r;
    assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.seed = run, .count = 5, .rows = 500}, &m));
    assert_ok(ctx, weyl_sem_icp(ctx, &m, 0.05, false, &r));
    subset += r.accepted == 0 || (r.causes & ~(uint64_t)3) == 0;
    exact += r.accepted > 0 && r.causes == 3;
    covered += r.accepted > 0 && r.low[0] <= 0.8 && r.high[0] >= 0.8 && r.low[1] <= -0.7 && r.high[1] >= -0.7;
    weyl_moments_free(&m);
  }
  assert_true(subset >= 38);
  assert_true(exact >= 30);
  assert_true(covered >= 34);
  weyl_sem_free(s);
}

static void icp_sees_the_toys_variance(void **state) {
  (void)state;
  weyl_sem *s = preset("irm-toy", 0);
  weyl_moments m;
  weyl_icp r;
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.seed = 1, .rows = 2000}, &m));
  assert_ok(ctx, weyl_sem_icp(ctx, &m, 0.05, false, &r));
  assert_int_equal(r.accepted, 0); /* the noise of Y changes: every set is rejected */
  assert_ok(ctx, weyl_sem_icp(ctx, &m, 0.05, true, &r));
  assert_true(r.accepted > 0);
  weyl_moments_free(&m);
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){0}, &m));
  assert_says(ctx, weyl_sem_icp(ctx, &m, 0.05, true, &r), WEYL_BAD_ARG, "its tests need data");
  assert_status(ctx, weyl_sem_icp(ctx, &m, 0, true, &r), WEYL_BAD_ARG);
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

/* Least squares in the reference, on all, and what is left of one environment beside another. */
static void drig_has_its_limits(void **state) {
  (void)state;
  weyl_sem *s = NULL;
  weyl_moments m, one;
  double drig[6], want[6];
  assert_ok(ctx, weyl_sem_preset(ctx, "shifts", NULL, &s));
  for (int intercept = 0; intercept < 2; intercept++) {
    const weyl_sem_world world = {.seed = 4, .count = 6, .intercept = intercept};
    assert_ok(ctx, weyl_sem_moments(ctx, s, &world, &m));
    assert_ok(ctx, weyl_moments_pick(ctx, &m, 1, (const size_t[]){2}, &one));
    assert_ok(ctx, weyl_sem_drig(ctx, &m, 0, 2, drig));
    assert_ok(ctx, weyl_sem_pooled(ctx, &one, want));
    for (size_t i = 0; i < m.d; i++) assert_close(drig[i], want[i], 1e-9);
    weyl_moments_free(&one);
    assert_ok(ctx, weyl_sem_drig(ctx, &m, 1, 2, drig));
    if (!intercept) { /* with one, the reference sets the means */
      assert_ok(ctx, weyl_sem_pooled(ctx, &m, want));
      for (size_t i = 0; i < m.d; i++) assert_close(drig[i], want[i], 1e-9);
    }
    assert_int_equal(weyl_sem_drig(ctx, &m, NAN, 2, drig), WEYL_BAD_ARG);
    weyl_message_clear(ctx);
    assert_int_equal(weyl_sem_drig(ctx, &m, 1, 6, drig), WEYL_BAD_ARG);
    weyl_message_clear(ctx);
    weyl_moments_free(&m);
  }
  weyl_sem_free(s);
  assert_ok(ctx, weyl_sem_preset(ctx, "irm-toy", NULL, &s));
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){0}, &m));
  assert_ok(ctx, weyl_sem_dantzig(ctx, &m, 0, 1, want));
  for (double gamma = 1e6; gamma > 1; gamma = gamma < 1e9 ? INFINITY : 0) {
    assert_ok(ctx, weyl_sem_drig(ctx, &m, gamma, 0, drig));
    for (size_t i = 0; i < m.d; i++) assert_close(drig[i], want[i], 1e-5);
  }
  /* the environment of larger noise as reference: risks would fall without end */
  assert_int_equal(weyl_sem_drig(ctx, &m, 5, 1, drig), WEYL_DEGENERATE);
  assert_non_null(strstr(weyl_message(ctx), "s2"));
  weyl_message_clear(ctx);
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

/* What changes and what does not, letter by letter. */
static void irm_variants_are_as_named(void **state) {
  (void)state;
  static const char *const names[] = {"irm-fou", "irm-fos", "irm-feu", "irm-fes",
                                      "irm-pou", "irm-pos", "irm-peu", "irm-pes"};
  for (size_t v = 0; v < 8; v++) {
    weyl_sem *s = NULL;
    weyl_moments m;
    assert_ok(ctx, weyl_sem_preset(ctx, names[v], &(weyl_sem_random_opts){.seed = 5}, &s));
    const weyl_sem_info a = weyl_sem_about(s);
    assert_int_equal(a.features, 10);
    assert_int_equal(a.trained, 3);
    assert_int_equal(a.unseen, 1);
    assert_true(a.touches_y == (names[v][5] == 'e'));
    assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){0}, &m));
    double trace = 0;
    for (size_t i = 0; i < 10; i++) trace += m.sigma[(2 * 10 + i) * 10 + i];
    /* x: 5 e^2; z = y + noise and y = x + noise, one of the two noises e^2 and the other 1 */
    if (names[v][4] == 'f') assert_close(trace, 15 * 25 + 5, 1e-9);
    if (names[v][4] == 'f') assert_close(m.y2[2], names[v][5] == 'e' ? 5 * 50 : 5 * 26, 1e-9);
    if (names[v][4] == 'f' && names[v][6] == 'u') {
      double w[5] = {1, 1, 1, 1, 1}, phi[50] = {0}, worst;
      for (size_t i = 0; i < 5; i++) phi[i * 11] = 1;
      assert_ok(ctx, weyl_sem_worst(ctx, &m, 5, phi, w, &worst));
      assert_true(worst < 1e-12);
    }
    weyl_moments_free(&m);
    weyl_sem_free(s);
  }
}

int main(void) {
  ctx = test_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_toy_is_in_closed_form), cmocka_unit_test(anchors_have_their_limits),
      cmocka_unit_test(drig_has_its_limits),       cmocka_unit_test(irm_variants_are_as_named),
      cmocka_unit_test(icp_finds_causes),          cmocka_unit_test(icp_sees_the_toys_variance)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_context_free(ctx);
  return failed;
}
