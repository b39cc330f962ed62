/* Searches and certificates: the sheet's checks 5, 6, 10 and 11, and what is refused. */
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
