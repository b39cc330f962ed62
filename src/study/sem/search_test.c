/* Searches, certificates and baselines: the sheet's checks 5 to 11, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "sem/distributions.h"
#include "property.h"

static weyl_context *ctx;

static weyl_sem *preset(const char *name, uint64_t seed) {
  weyl_sem *s = NULL;
  assert_ok(ctx, weyl_sem_preset(ctx, name, &(weyl_sem_random_opts){.seed = seed}, &s));
  return s;
}

/* check 5 */
static void bounds_are_the_sheets(void **state) {
  (void)state;
  assert_close(weyl_vc_polynomial(2, 4), 15, 0);
  assert_close(weyl_vc_polynomial(3, 4), 35, 0);
  assert_close(weyl_vc_polynomial(4, 8), 495, 0);
  assert_close(weyl_vc_polynomial(8, 8), 12870, 0);
  assert_close(weyl_vc_polynomial(0, 4), 1, 0);
  assert_true(isinf(weyl_vc_polynomial(2000, 2000)));
  assert_close(weyl_vc_rank(4), 10, 0);
  assert_close(weyl_vc_rank(8), 36, 0);
  assert_close(weyl_vc_ambient(1, 0) / 14.06, 1, 1e-3);
  assert_close(weyl_pac_environments(15, 0.1, 0.05), 8427, 0);
  assert_close(weyl_pac_environments(10, 0.1, 0.05), 5618, 0);
  assert_close(weyl_pac_environments(0.001, 0.1, 0.05), 213, 0); /* 212.9: the confidence alone */
  for (double zeta = 0.01; zeta < 1; zeta *= 1.7) {
    const double n = weyl_pac_environments(35, zeta, 0.05);
    assert_rel_close(weyl_pac_zeta(35, n, 0.05), zeta, 1e-2);
    assert_true(weyl_pac_zeta(35, n, 0.05) <= zeta);
  }
  assert_true(weyl_pac_zeta(36, 32, 0.05) > 1);
  assert_close(weyl_pac_finite(log(100), 0.1, 0.05), 77, 0); /* 10 (4.605 + 2.996) = 76.01 */
  assert_close(weyl_pac_coverage(0.1, 10, 0.05), 53, 0);     /* 10 ln 200 = 52.98 */
  assert_true(weyl_pac_agnostic(10, 1e6, 0.05, 0.01) > 0.01);
  assert_true(weyl_pac_agnostic(10, 1e6, 0.05, 0.01) < 0.05);
  /* none of n: 1 - delta^(1/n) */
  assert_rel_close(weyl_clopper_pearson(0, 20, 0.05), 1 - pow(0.05, 1. / 20), 1e-12);
  assert_close(weyl_clopper_pearson(20, 20, 0.05), 1, 0);
  assert_close(weyl_clopper_pearson(3, 50, 0.05), 0.14784, 2e-5); /* binomial: P(at most 3 of 50) = 0.05 there */
  const double p = weyl_clopper_pearson(3, 50, 0.05);
  double below = 0, choose = 1;
  for (int k = 0; k <= 3; k++) {
    below += choose * pow(p, k) * pow(1 - p, 50 - k);
    choose *= (50.0 - k) / (k + 1);
  }
  assert_close(below, 0.05, 1e-12);
  const double rows = weyl_sample_rows(10, 100, 0.05, 2.5, 1.5, 0.05);
  assert_true(weyl_sample_slack(10, 100, 0.05, 2.5, 1.5, rows) <= 0.05);
  assert_true(weyl_sample_slack(10, 100, 0.05, 2.5, 1.5, rows - 2) > 0.05);
}

static void distributions_are_known(void **state) {
  (void)state;
  assert_close(student_two_sided(2.2281388519862735, 10), 0.05, 1e-12);
  assert_close(student_quantile(0.975, 10), 2.2281388519862735, 1e-10);
  assert_close(student_two_sided(1, 1), 0.5, 1e-14); /* Cauchy */
  assert_close(fisher_two_sided(1, 7, 7), 1, 1e-12);
  assert_close(fisher_two_sided(3.7167918645973, 5, 10), 2 * 0.0365, 2e-3);
  assert_close(incomplete_beta(2, 3, 0.4), 0.5248, 1e-14); /* polynomial */
  assert_close(incomplete_beta(0.5, 0.5, 0.25), 1. / 3, 1e-14);
}

/* the sheet's ranks on random models of 12 nodes */
static void ranks_are_small(void **state) {
  (void)state;
  for (int variance = 0; variance < 2; variance++) {
    weyl_sem *s = NULL;
    size_t rank;
    assert_ok(ctx, weyl_sem_random(ctx,
                                   &(weyl_sem_random_opts){.nodes = 12,
                                                           .in_degree = 2,
                                                           .sites = 1,
                                                           .full_degree = true,
                                                           .only_coefficients = !variance,
                                                           .seed = 3},
                                   &s));
    assert_ok(ctx, weyl_sem_rank(ctx, s, 0, 1, &rank));
    assert_int_equal(rank, 4);
    weyl_sem_free(s);
  }
  weyl_sem *s = NULL;
  const char apart[] =
      "A = N(0,1)\nB = N(0,1)\nC = A + B + N(0,1)\nD = N(0,1)\nE = N(0,1)\nF = D - E + N(0,1)\nY = C + F + N(0,1)\n"
      "intervene C: coefficients U(-1,1), variance U(1,2)\nintervene F: coefficients U(-1,1), variance U(1,2)\n";
  size_t rank;
  assert_ok(ctx, weyl_sem_parse(ctx, apart, sizeof apart - 1, "apart", &s));
  assert_ok(ctx, weyl_sem_rank(ctx, s, 0, 1, &rank));
  /* 1, and two coefficients and a square of each site: products of the two vanish with the moments between them */
  assert_int_equal(rank, 7);
  assert_ok(ctx, weyl_sem_rank(ctx, s, 7, 1, &rank)); /* as many as there are points: perhaps more */
  assert_int_equal(rank, 0);
  weyl_sem_free(s);
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

/* check 10 */
PROPERTY(null_space_representations_are_invariant, 6) {
  weyl_sem *s = NULL;
  weyl_moments m, unseen;
  const uint64_t seed = weyl_rng_u64(rng) >> 1;
  assert_ok(
      ctx, weyl_sem_random(
               ctx, &(weyl_sem_random_opts){.nodes = 10, .in_degree = 2, .sites = 1, .full_degree = true, .seed = seed},
               &s));
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.seed = seed, .count = 12}, &m));
  assert_ok(ctx,
            weyl_sem_moments(ctx, s, &(weyl_sem_world){.which = WEYL_SEM_UNSEEN, .seed = seed, .count = 50}, &unseen));
  weyl_search found;
  assert_ok(ctx, weyl_search_continuous(ctx, &m, &(weyl_search_opts){.starts = 6, .seed = seed}, &found));
  assert_true(found.count > 0);
  for (size_t i = 0; i < found.count; i++) {
    const weyl_invariant *r = &found.found[i];
    assert_true(r->k >= m.d - 4 && r->k <= m.d);
    double worst;
    assert_ok(ctx, weyl_sem_worst(ctx, &m, r->k, r->phi, r->w, &worst));
    assert_true(worst <= 1e-8);
    assert_close(worst, r->violation, 1e-14);
    for (size_t a = 0; a < r->k; a++) /* orthonormal */
      for (size_t b = 0; b <= a; b++) {
        double dot = 0;
        for (size_t j = 0; j < m.d; j++) dot += r->phi[a * m.d + j] * r->phi[b * m.d + j];
        assert_close(dot, a == b, 1e-12);
      }
    for (size_t e = 0; e < m.count; e++) { /* beta is on every quadric, so Phi holds it */
      double own = 0, size = 0;
      for (size_t j = 0; j < m.d; j++) {
        double v = -m.c[e * m.d + j];
        for (size_t k = 0; k < m.d; k++) v += m.sigma[(e * m.d + j) * m.d + k] * r->beta[k];
        own += r->beta[j] * v;
        size += v * v;
      }
      assert_true(fabs(own) <= 1e-8 * (1 + size));
    }
    /* the family has rank 4, and 12 environments have shown all of it: nothing unseen is left */
    assert_ok(ctx, weyl_sem_worst(ctx, &unseen, r->k, r->phi, r->w, &worst));
    assert_true(worst <= 1e-6);
  }
  weyl_search_free(&found);
  weyl_moments_free(&m);
  weyl_moments_free(&unseen);
  weyl_sem_free(s);
}

/* check 11 */
PROPERTY(gradients_are_differences, 10) {
  weyl_sem *s = NULL;
  weyl_moments m;
  assert_ok(ctx, weyl_sem_random(ctx, &(weyl_sem_random_opts){.seed = weyl_rng_u64(rng) >> 1}, &s));
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.count = 2}, &m));
  enum { K = 3 };
  double phi[K * 7], w[K], gw[K], gphi[K * 7], value, other;
  for (int i = 0; i < K * 7; i++) phi[i] = weyl_rng_normal(rng);
  for (int i = 0; i < K; i++) w[i] = weyl_rng_normal(rng);
  assert_ok(ctx, weyl_sem_gradient(ctx, &m, 1, K, phi, w, &value, gw, gphi));
  double v;
  assert_ok(ctx, weyl_sem_violation(ctx, &m, 1, K, phi, w, WEYL_SEM_GRADIENT, NULL, &v));
  assert_rel_close(v * v, value, 1e-12);
  for (int i = 0; i < K * 8; i++) {
    double *at = i < K ? &w[i] : &phi[i - K];
    const double before = *at, h = 1e-5;
    *at = before + h;
    assert_ok(ctx, weyl_sem_gradient(ctx, &m, 1, K, phi, w, &other, NULL, NULL));
    double slope = other;
    *at = before - h;
    assert_ok(ctx, weyl_sem_gradient(ctx, &m, 1, K, phi, w, &other, NULL, NULL));
    slope = (slope - other) / (2 * h);
    *at = before;
    assert_close(i < K ? gw[i] : gphi[i - K], slope, 1e-6 * (1 + fabs(slope) + value));
  }
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

/* gradient, parameter and excess risk bound each other by the eigenvalues of H */
PROPERTY(the_three_modes_agree, 10) {
  weyl_sem *s = NULL;
  weyl_moments m;
  assert_ok(ctx, weyl_sem_random(ctx, &(weyl_sem_random_opts){.seed = weyl_rng_u64(rng) >> 1}, &s));
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.count = 3}, &m));
  double phi[2 * 7] = {0}, w[2] = {weyl_rng_normal(rng), weyl_rng_normal(rng)}, v[3];
  phi[2] = phi[7 + 5] = 1;
  for (int mode = 0; mode < 3; mode++)
    assert_ok(ctx, weyl_sem_violation(ctx, &m, 2, 2, phi, w, (weyl_sem_mode)mode, NULL, &v[mode]));
  const double *sigma = m.sigma + 2 * 49,
               h[4] = {sigma[2 * 7 + 2], sigma[2 * 7 + 5], sigma[2 * 7 + 5], sigma[5 * 7 + 5]};
  double values[2], vectors[4];
  assert_ok(ctx, weyl_eigh(ctx, 2, h, values, vectors));
  assert_true(values[0] * v[1] <= v[0] * (1 + 1e-9) && v[0] <= values[1] * v[1] * (1 + 1e-9));
  assert_true(v[2] <= v[0] * v[0] / values[0] * (1 + 1e-9));
  /* the excess is a difference of risks */
  double best[2], beta[7] = {0}, other[7] = {0};
  const double c[2] = {m.c[2 * 7 + 2], m.c[2 * 7 + 5]};
  assert_ok(ctx, weyl_solve(ctx, 2, 1, h, c, best));
  beta[2] = w[0], beta[5] = w[1], other[2] = best[0], other[5] = best[1];
  assert_close(v[2], weyl_moments_risk(&m, 2, beta) - weyl_moments_risk(&m, 2, other), 1e-10 * (1 + v[2]));
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

/* the search over subsets against each subset by itself */
static void subsets_are_all_looked_at(void **state) {
  (void)state;
  weyl_sem *s = preset("cancelling", 0);
  weyl_moments m;
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.seed = 3, .count = 10}, &m));
  weyl_search all, good;
  assert_ok(ctx, weyl_search_subsets(ctx, &m, &(weyl_search_opts){.most = 5, .all = true}, &all));
  assert_int_equal(all.count, 32);
  for (size_t i = 0; i < all.count; i++) {
    const weyl_invariant *r = &all.found[i];
    if (i > 0) assert_true(r->risk >= all.found[i - 1].risk);
    double sum[5] = {0}, worst;
    for (size_t e = 0; e < m.count; e++) { /* pooled: the gradients add up to 0 */
      double g[5], v;
      assert_ok(ctx, weyl_sem_violation(ctx, &m, e, r->k, r->phi, r->w, WEYL_SEM_GRADIENT, g, &v));
      for (size_t a = 0; a < r->k; a++) sum[a] += g[a];
    }
    for (size_t a = 0; a < r->k; a++) assert_close(sum[a], 0, 1e-9);
    assert_ok(ctx, weyl_sem_worst(ctx, &m, r->k, r->phi, r->w, &worst));
    assert_close(worst, r->violation, 1e-12);
  }
  weyl_search_free(&all);
  /* X2 -> Y <- X3: the parents, with effects elsewhere that cancel */
  assert_ok(ctx, weyl_search_subsets(ctx, &m, &(weyl_search_opts){.most = 5, .eps = 1e-8}, &good));
  assert_true(good.count >= 2);
  assert_int_equal(good.looked, 32);
  bool parents = false;
  for (size_t i = 0; i < good.count; i++) {
    parents = parents || good.found[i].subset == 6;
    assert_true((good.found[i].subset & 8) == 0); /* X4, a child that is intervened on */
  }
  assert_true(parents);
  weyl_search_free(&good);
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

static void joint_search_finds_invariance(void **state) {
  (void)state;
  weyl_sem *s = preset("cancelling", 0);
  weyl_moments m;
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.seed = 3, .count = 10}, &m));
  weyl_search found;
  assert_ok(ctx,
            weyl_search_joint(ctx, &m, &(weyl_search_opts){.most = 2, .starts = 12, .floor = 0.1, .seed = 1}, &found));
  assert_true(found.count > 0);
  assert_true(found.found[0].violation <= 0.02);
  assert_true(found.found[0].k == 2);
  weyl_search_free(&found);
  weyl_moments_free(&m);
  weyl_sem_free(s);
}

/* check 6, a tenth of it: violation falls with the number of environments, alike on any number of threads */
static void violation_falls(void **state) {
  (void)state;
  weyl_context *other = test_context(3);
  weyl_sem_curve_opts o = {.trials = 12, .counts = 3, .n = {1, 4, 16}, .unseen = 60};
  double one[12 * 3], many[12 * 3], mean[3], high[3];
  assert_ok(ctx, weyl_sem_curve(ctx, &o, one));
  assert_ok(other, weyl_sem_curve(other, &o, many));
  assert_memory_equal(one, many, sizeof one);
  weyl_sem_curve_summary(12, 3, one, mean, high);
  assert_close(mean[0], 1, 0.01);
  assert_true(mean[1] < 0.5 && mean[2] <= mean[1] && mean[2] < 0.1);
  assert_true(high[1] >= mean[1]);
  o.first = 5, o.trials = 7; /* parts of it are the same numbers */
  assert_ok(ctx, weyl_sem_curve(ctx, &o, many));
  assert_memory_equal(one + 5 * 3, many, 7 * 3 * sizeof *one);
  o.n[1] = 1;
  assert_status(ctx, weyl_sem_curve(ctx, &o, many), WEYL_BAD_ARG);
  test_context_free(other);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  weyl_sem *s = NULL;
  weyl_moments m;
  assert_ok(ctx, weyl_sem_random(ctx, &(weyl_sem_random_opts){.nodes = 30}, &s));
  assert_says(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){0}, &m), WEYL_BAD_ARG, "no fixed training environments");
  assert_ok(ctx, weyl_sem_moments(ctx, s, &(weyl_sem_world){.count = 3}, &m));
  weyl_search found;
  weyl_icp icp;
  double beta[30];
  assert_says(ctx, weyl_search_subsets(ctx, &m, NULL, &found), WEYL_BAD_ARG, "29 features: all their subsets");
  assert_status(ctx, weyl_search_subsets(ctx, &m, &(weyl_search_opts){.eps = -1}, &found), WEYL_BAD_ARG);
  assert_status(ctx, weyl_search_joint(ctx, &m, &(weyl_search_opts){.most = 40}, &found), WEYL_BAD_ARG);
  assert_status(ctx, weyl_sem_dantzig(ctx, &m, 0, 7, beta), WEYL_BAD_ARG);
  assert_status(ctx, weyl_sem_dantzig(ctx, &m, 0, 1, beta), WEYL_DEGENERATE);
  assert_status(ctx, weyl_sem_anchor(ctx, &m, INFINITY, beta), WEYL_DEGENERATE);
  assert_status(ctx, weyl_sem_minimax(ctx, &m, 0.5, beta, NULL), WEYL_BAD_ARG);
  assert_status(ctx, weyl_sem_irm(ctx, &m, -1, 1, 1, beta), WEYL_BAD_ARG);
  assert_status(ctx, weyl_sem_icp(ctx, &m, 0.05, false, &icp), WEYL_BAD_ARG);
  const size_t bad = 3;
  weyl_moments view;
  assert_status(ctx, weyl_moments_pick(ctx, &m, 1, &bad, &view), WEYL_BAD_ARG);
  for (size_t i = 0; i < m.d; i++) m.sigma[i * m.d] = m.sigma[i] = 0; /* a feature that is 0 */
  weyl_moments one = m;
  one.count = 1;
  assert_status(ctx, weyl_sem_pooled(ctx, &one, beta), WEYL_DEGENERATE);
  assert_says(ctx, weyl_moments_scale(ctx, &one, NULL), WEYL_DEGENERATE, "is the same in all rows");
  m.sigma[5] = NAN;
  assert_status(ctx, weyl_search_continuous(ctx, &m, NULL, &found), WEYL_NUMERIC);
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

static bool stop_at_once(void *user, const char *what, double done, double total) {
  (void)what;
  (void)done;
  (void)total;
  ++*(int *)user;
  return true;
}

static void long_work_stops_when_asked(void **state) {
  (void)state;
  int asked = 0;
  const weyl_context_opts o = {.threads = 2, .user = &asked, .progress = stop_at_once};
  weyl_context *asking = NULL;
  weyl_sem *s = NULL;
  weyl_moments m;
  assert_int_equal(weyl_context_new(&o, &asking), WEYL_OK);
  assert_ok(asking, weyl_sem_preset(asking, "shifts", NULL, &s));
  weyl_sem_world world = {.seed = 1, .count = 8, .rows = 1u << 30}; /* hours */
  assert_int_equal(weyl_sem_moments(asking, s, &world, &m), WEYL_INTERRUPTED);
  assert_true(asked > 0);
  weyl_message_clear(ctx);
  world = (weyl_sem_world){.seed = 1, .count = 60000};
  const weyl_search_opts all = {.most = 5};
  weyl_search found;
  asked = 0;
  assert_ok(asking, weyl_sem_moments(asking, s, &world, &m));
  assert_int_equal(weyl_search_subsets(asking, &m, &all, &found), WEYL_INTERRUPTED);
  assert_int_equal(asked, 1);
  weyl_moments_free(&m);
  weyl_sem_free(s);
  weyl_context_free(asking);
}

int main(void) {
  ctx = test_context(2);
  const struct CMUnitTest tests[] = {cmocka_unit_test(bounds_are_the_sheets),
                                     cmocka_unit_test(distributions_are_known),
                                     cmocka_unit_test(ranks_are_small),
                                     cmocka_unit_test(the_toy_is_in_closed_form),
                                     cmocka_unit_test(anchors_have_their_limits),
                                     cmocka_unit_test(drig_has_its_limits),
                                     cmocka_unit_test(irm_variants_are_as_named),
                                     cmocka_unit_test(icp_finds_causes),
                                     cmocka_unit_test(icp_sees_the_toys_variance),
                                     property_test(null_space_representations_are_invariant),
                                     property_test(gradients_are_differences),
                                     property_test(the_three_modes_agree),
                                     cmocka_unit_test(subsets_are_all_looked_at),
                                     cmocka_unit_test(joint_search_finds_invariance),
                                     cmocka_unit_test(violation_falls),
                                     cmocka_unit_test(long_work_stops_when_asked),
                                     cmocka_unit_test(what_cannot_be_is_refused)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_context_free(ctx);
  return failed;
}
