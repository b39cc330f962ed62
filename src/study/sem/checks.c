/* The sheet's acceptance checks as rows: what is known, what comes out here. */
#include "model.h"

#include <stdlib.h>

typedef struct checks {
  weyl_context *ctx;
  bool full;
  uint64_t seed;
  weyl_sem_check *row;
  size_t count;
  void (*done)(void *user, const weyl_sem_check *check);
  void *user;
  double since;
} checks;

static void add(checks *q, const char *name, const char *metric, const char *source, double known, double ours,
                double tolerance, const char *better) {
  weyl_sem_check r = {.name = name,
                      .metric = metric,
                      .source = source,
                      .known = known,
                      .ours = ours,
                      .tolerance = tolerance,
                      .better = better};
  r.holds = !better ? fabs(ours - known) <= tolerance : strcmp(better, "lower") == 0 ? ours <= known : ours >= known;
  const double now = weyl_seconds();
  r.seconds = now - q->since;
  q->since = now;
  q->row[q->count++] = r;
  if (q->done) q->done(q->user, &r);
}

static const char *const derived = "derived", *const measured = "measured";

static void known_bounds(checks *q) {
  add(q, "5 bounds", "VC dimension, p = 2, degree 4", derived, 15, weyl_vc_polynomial(2, 4), 0, NULL);
  add(q, "5 bounds", "VC dimension, p = 3, degree 4", derived, 35, weyl_vc_polynomial(3, 4), 0, NULL);
  add(q, "5 bounds", "VC dimension, p = 4, degree 8", derived, 495, weyl_vc_polynomial(4, 8), 0, NULL);
  add(q, "5 bounds", "VC dimension, p = 8, degree 8", derived, 12870, weyl_vc_polynomial(8, 8), 0, NULL);
  add(q, "5 bounds", "environments, V = 15, zeta = 0.1", derived, 8427, weyl_pac_environments(15, 0.1, 0.05), 0, NULL);
}

/* The square of the relative error of the drawn moments of environment e. */
static double relative_error(const weyl_moments *exact, const weyl_moments *drawn, size_t e) {
  const size_t n = exact->d * exact->d;
  double apart = 0, size = 0;
  for (size_t k = e * n; k < (e + 1) * n; k++) {
    const double difference = exact->sigma[k] - drawn->sigma[k];
    apart += difference * difference;
    size += exact->sigma[k] * exact->sigma[k];
  }
  return apart / size;
}

/* 1: the error of sample moments against rows, as a power: the mean over environments */
static weyl_status sample_slope(checks *q) {
  weyl_sem *s = NULL;
  weyl_moments exact = {0}, few = {0}, many = {0};
  weyl_status status;
  const size_t rows[2] = {100, 3200};
  double slope = 0;
  WEYL_GOTO(weyl_sem_random(q->ctx, &(weyl_sem_random_opts){.seed = q->seed}, &s));
  weyl_sem_world world = {.seed = q->seed, .count = q->full ? 2048 : 256};
  WEYL_GOTO(weyl_sem_moments(q->ctx, s, &world, &exact));
  world.rows = rows[0];
  WEYL_GOTO(weyl_sem_moments(q->ctx, s, &world, &few));
  world.rows = rows[1];
  WEYL_GOTO(weyl_sem_moments(q->ctx, s, &world, &many));
  for (size_t e = 0; e < exact.count; e++)
    slope += 0.5 * log(relative_error(&exact, &many, e) / relative_error(&exact, &few, e)) / (double)exact.count;
  add(q, "1 samples", "power of rows in the error of moments", derived, -0.5,
      slope / log((double)rows[1] / (double)rows[0]), 0.05, NULL);
done:
  weyl_moments_free(&exact);
  weyl_moments_free(&few);
  weyl_moments_free(&many);
  weyl_sem_free(s);
  return status;
}

/* 2: parents with their own effects over 1000 interventions */
static weyl_status parents(checks *q) {
  double most = 0;
  weyl_status status = WEYL_OK;
  for (uint64_t i = 0; i < 10 && status == WEYL_OK; i++) {
    weyl_sem *s = NULL;
    weyl_moments m = {0};
    double phi[9 * 9] = {0}, w[9], worst = 0;
    size_t k = 0;
    WEYL_GOTO(weyl_sem_random(q->ctx, &(weyl_sem_random_opts){.nodes = 10, .sites = 3, .seed = q->seed + i}, &s));
    WEYL_GOTO(weyl_sem_moments(q->ctx, s, &(weyl_sem_world){.seed = q->seed, .count = 100}, &m));
    for (size_t j = 0; j < m.d; j++)
      if (weyl_sem_parent(s, j, &w[k])) phi[k++ * m.d + j] = 1;
    WEYL_GOTO(weyl_sem_worst(q->ctx, &m, k, phi, w, &worst));
    most = fmax(most, worst);
  done:
    weyl_moments_free(&m);
    weyl_sem_free(s);
  }
  if (status == WEYL_OK) add(q, "2 parents", "largest |g|, 1000 interventions", derived, 1e-10, most, 0, "lower");
  return status;
}

/* 3: a child of Y among the features, interventions on the child */
static weyl_status child(checks *q) {
  static const char text[] =
      "X1 = N(0, 1)\nY = 0.8 X1 + N(0, 1)\nX2 = 0.9 Y + 0.3 X1 + N(0, 1)\n"
      "intervene X2: coefficients U(-1.5, 1.5), variance U(0.5, 2)\n";
  weyl_sem *s = NULL;
  weyl_moments seen = {0}, unseen = {0};
  weyl_status status;
  double beta[2];
  size_t over = 0;
  const double phi[4] = {1, 0, 0, 1};
  WEYL_GOTO(weyl_sem_parse(q->ctx, text, sizeof text - 1, "child", &s));
  WEYL_GOTO(weyl_sem_moments(q->ctx, s, &(weyl_sem_world){.seed = q->seed, .count = 20}, &seen));
  WEYL_GOTO(weyl_sem_moments(q->ctx, s, &(weyl_sem_world){.which = WEYL_SEM_UNSEEN, .seed = q->seed, .count = 1000},
                             &unseen));
  WEYL_GOTO(weyl_sem_pooled(q->ctx, &seen, beta));
  for (size_t e = 0; e < unseen.count; e++) {
    double v;
    WEYL_GOTO(weyl_sem_violation(q->ctx, &unseen, e, 2, phi, beta, WEYL_SEM_GRADIENT, NULL, &v));
    over += v > 0.02;
  }
  add(q, "3 child", "share of interventions that are seen", derived, 0.5, (double)over / 1000, 0, "higher");
done:
  weyl_moments_free(&seen);
  weyl_moments_free(&unseen);
  weyl_sem_free(s);
  return status;
}

/* 4: ranks of the families that the sheet measured */
static weyl_status ranks(checks *q) {
  weyl_sem *s = NULL;
  size_t rank;
  WEYL_TRY(weyl_sem_random(
      q->ctx, &(weyl_sem_random_opts){.nodes = 12, .in_degree = 2, .sites = 1, .full_degree = true, .seed = q->seed},
      &s));
  const weyl_status status = weyl_sem_rank(q->ctx, s, 0, q->seed, &rank);
  weyl_sem_free(s);
  WEYL_TRY(status);
  add(q, "4 rank", "12 nodes, one site of two parents", measured, 4, (double)rank, 0, NULL);
  return WEYL_OK;
}

/* 6 */
static weyl_status pac_curve(checks *q) {
  static const struct {
    size_t nodes;
    double mean[6];
    const char *metric[6];
  } sheet[] = {{8,
                {1, .306, .060, .032, .006, .002},
                {"8 nodes, n = 1", "", "8 nodes, n = 4", "8 nodes, n = 8", "8 nodes, n = 16", "8 nodes, n = 32"}},
               {16,
                {1, .575, .123, .032, .032, .005},
                {"16 nodes, n = 1", "", "16 nodes, n = 4", "16 nodes, n = 8", "16 nodes, n = 16", "16 nodes, n = 32"}}};
  for (size_t k = 0; k < 2; k++) {
    weyl_sem_curve_opts o = {.model = {.nodes = sheet[k].nodes, .seed = q->seed}, .trials = q->full ? 1000 : 200};
    o = weyl_sem_curve_defaults(&o);
    double *violation = weyl_alloc(q->ctx, o.trials * o.counts, sizeof *violation), mean[6], high[6];
    if (!violation) return WEYL_MEMORY;
    const weyl_status status = weyl_sem_curve(q->ctx, &o, violation);
    if (status == WEYL_OK) weyl_sem_curve_summary(o.trials, o.counts, violation, mean, high);
    weyl_dealloc(q->ctx, violation);
    WEYL_TRY(status);
    bool falls = true;
    for (size_t i = 0; i < 6; i++) {
      falls = falls && (i == 0 || mean[i] <= mean[i - 1]);
      if (i != 1) add(q, "6 pac-curve", sheet[k].metric[i], measured, sheet[k].mean[i], mean[i], 0.05, NULL);
    }
    add(q, "6 pac-curve", k ? "16 nodes, falls with n" : "8 nodes, falls with n", measured, 1, falls, 0, NULL);
  }
  return WEYL_OK;
}

/* the least n of 1, 2, 3, 4, 6, 8 with a mean violation of at most 0.1, over all linear representations */
static weyl_status dim_free(checks *q) {
  const size_t nodes[3] = {10, 50, 200}, sizes = q->full ? 3 : 2;
  static const char *const metric[3] = {"environments needed, 10 nodes", "environments needed, 50 nodes",
                                        "environments needed, 200 nodes"};
  for (size_t k = 0; k < sizes; k++) {
    weyl_sem_curve_opts o = {
        .model = {.nodes = nodes[k], .in_degree = 2, .sites = 1, .children = true, .seed = q->seed},
        .trials = q->full ? 20 : 8,
        .counts = 6,
        .n = {1, 2, 3, 4, 6, 8},
        .unseen = 100,
        .continuous = true};
    double violation[20 * 6], mean[6], high[6], needed = INFINITY;
    WEYL_TRY(weyl_sem_curve(q->ctx, &o, violation));
    weyl_sem_curve_summary(o.trials, o.counts, violation, mean, high);
    for (size_t i = 6; i-- > 0 && mean[i] <= 0.1;) needed = (double)o.n[i];
    add(q, "dim-free", metric[k], derived, 4, needed, 0, "lower"); /* rank 4: after so many nothing is new */
  }
  return WEYL_OK;
}

/* 7 */
static weyl_status toy(checks *q) {
  weyl_sem *s = NULL;
  weyl_moments m = {0};
  weyl_search found = {0};
  weyl_status status;
  double beta[2];
  const double zero[2] = {0, 0}, causal[2] = {1, 0};
  WEYL_GOTO(weyl_sem_preset(q->ctx, "irm-toy", NULL, &s));
  WEYL_GOTO(weyl_sem_moments(q->ctx, s, &(weyl_sem_world){0}, &m));
  WEYL_GOTO(weyl_sem_pooled(q->ctx, &m, beta));
  add(q, "7 IRM toy", "pooled, X1", derived, .33112583, beta[0], 1e-8, NULL);
  add(q, "7 IRM toy", "pooled, X2", derived, .66887417, beta[1], 1e-8, NULL);
  add(q, "7 IRM toy", "risk of (0, 0)", derived, 4.04, weyl_moments_pooled_risk(&m, zero), 1e-8, NULL);
  add(q, "7 IRM toy", "risk of (1, 0)", derived, 2.02, weyl_moments_pooled_risk(&m, causal), 1e-8, NULL);
  WEYL_GOTO(weyl_search_continuous(q->ctx, &m, &(weyl_search_opts){.seed = q->seed}, &found));
  add(q, "7 IRM toy", "zeros of the penalties but (0, 0)", derived, 1, (double)found.count, 0, NULL);
  add(q, "7 IRM toy", "the zero, X1", derived, 1, found.count ? found.found[0].beta[0] : NAN, 1e-3, NULL);
  add(q, "7 IRM toy", "the zero, X2", derived, 0, found.count ? found.found[0].beta[1] : NAN, 1e-3, NULL);
  WEYL_GOTO(weyl_sem_dantzig(q->ctx, &m, 0, 1, beta));
  add(q, "7 IRM toy", "causal Dantzig, X1", derived, 0, beta[0], 1e-8, NULL);
  add(q, "7 IRM toy", "causal Dantzig, X2", derived, 1, beta[1], 1e-8, NULL);
done:
  weyl_search_free(&found);
  weyl_moments_free(&m);
  weyl_sem_free(s);
  return status;
}

/* Pooled least squares on the representation [k][d]: |g| at the worst environment. */
static weyl_status violated(checks *q, const weyl_moments *m, size_t k, const double *phi, double *worst) {
  enum { MOST = 10 };
  const size_t d = m->d;
  double sigma[MOST * MOST] = {0}, c[MOST] = {0}, l[MOST * MOST], w[MOST], pooled[MOST * MOST], pooled_c[MOST];
  if (k > MOST || d > MOST) return weyl_fail(q->ctx, WEYL_BAD_ARG, "%zu features, at most %d", d, MOST);
  moments_pool(m, pooled, pooled_c, NULL);
  for (size_t a = 0; a < k; a++) {
    c[a] = dot(d, phi + a * d, pooled_c);
    for (size_t b = 0; b < k; b++)
      for (size_t i = 0; i < d; i++) sigma[a * k + b] += phi[a * d + i] * dot(d, pooled + i * d, phi + b * d);
  }
  if (!cholesky_solve(k, sigma, c, l, w)) return weyl_fail(q->ctx, WEYL_DEGENERATE, "singular moments");
  return weyl_sem_worst(q->ctx, m, k, phi, w, worst);
}

/* The eight variants: the best predictor on x is the same in all environments, that on all features is not. */
static weyl_status variants(checks *q) {
  enum { X = 5, D = 2 * X };
  double most = 0, least = INFINITY, phi[D * D];
  for (int v = 0; v < 8; v++) {
    char name[16];
    weyl_sem *s = NULL;
    weyl_moments m = {0};
    double worst = NAN, all = NAN;
    weyl_status status;
    snprintf(name, sizeof name, "irm-%c%c%c", v & 1 ? 'p' : 'f', v & 2 ? 'e' : 'o', v & 4 ? 's' : 'u');
    WEYL_GOTO(weyl_sem_preset(q->ctx, name, &(weyl_sem_random_opts){.seed = q->seed}, &s));
    WEYL_GOTO(weyl_sem_moments(q->ctx, s, &(weyl_sem_world){0}, &m));
    WEYL_GOTO(weyl_moments_scale(q->ctx, &m, NULL));
    memset(phi, 0, sizeof phi);
    for (size_t i = 0; i < D; i++) phi[i * D + i] = 1;
    WEYL_GOTO(violated(q, &m, D, phi, &all));
    weyl_moments_free(&m);
    WEYL_GOTO(weyl_sem_moments(q->ctx, s, &(weyl_sem_world){0}, &m));
    for (size_t j = 0; j < X; j++) { /* rows of the rotation that give x back */
      size_t node = 0;
      while (strcmp(s->names[node], (const char *[]){"x1", "x2", "x3", "x4", "x5"}[j]) != 0) node++;
      for (size_t i = 0; i < D; i++) phi[j * D + i] = s->mix[i * s->nodes + node];
    }
    WEYL_GOTO(violated(q, &m, X, phi, &worst));
  done:
    weyl_moments_free(&m);
    weyl_sem_free(s);
    WEYL_TRY(status);
    most = fmax(most, worst);
    least = fmin(least, all);
  }
  add(q, "7 IRM variants", "largest |g| on X, of 8", derived, 1e-9, most, 0, "lower");
  add(q, "7 IRM variants", "least |g| on all, of 8", derived, 0.02, least, 0, "higher");
  return WEYL_OK;
}

/* 9: random models of six nodes as the sheet had them, shifts on all but Y; environment 0 observational */
static weyl_status icp_model(weyl_context *ctx, weyl_rng *rng, weyl_sem **out, uint64_t *causes) {
  enum { N = 6 };
  char text[2000];
  size_t used = 0;
  *causes = 0;
  for (size_t j = 0; j < N; j++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "%c = ", "ABCYEF"[j]);
    for (size_t i = 0; i < j; i++) {
      if (weyl_rng_uniform(rng) >= 0.5) continue;
      const double size = 0.5 + 0.7 * weyl_rng_uniform(rng);
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%.6f %c ", weyl_rng_below(rng, 2) ? "+ " : "- ",
                               size, "ABCYEF"[i]);
      if (j == 3) *causes |= (uint64_t)1 << i;
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "+ N(0, 1)\n");
  }
  for (int e = 0; e < 5; e++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "environment %d%s", e, e ? ": " : "\n");
    for (size_t j = 0; e > 0 && j < N; j++)
      if (j != 3)
        used += (size_t)snprintf(text + used, sizeof text - used, "%c mean %.6f%s", "ABCYEF"[j],
                                 1.5 * weyl_rng_normal(rng), j + 1 < N ? "; " : "\n");
  }
  return weyl_sem_parse(ctx, text, used, "icp", out);
}

static weyl_status icp(checks *q) {
  const size_t runs = q->full ? 1000 : 200;
  size_t subset = 0, exact = 0, accepted = 0;
  for (size_t run = 0; run < runs; run++) {
    weyl_rng rng = numbered_rng(q->seed, "sem check icp", run);
    weyl_sem *s = NULL;
    weyl_moments m = {0};
    weyl_icp r;
    uint64_t causes;
    WEYL_TRY(icp_model(q->ctx, &rng, &s, &causes));
    weyl_status status = weyl_sem_moments(q->ctx, s, &(weyl_sem_world){.seed = q->seed + run, .rows = 500}, &m);
    if (status == WEYL_OK) status = weyl_sem_icp(q->ctx, &m, 0.05, false, &r);
    weyl_moments_free(&m);
    weyl_sem_free(s);
    WEYL_TRY(status);
    accepted += r.accepted > 0;
    subset += r.accepted == 0 || (r.causes & ~causes) == 0;
    exact += r.accepted > 0 && r.causes == causes;
    if (weyl_progress(q->ctx, "invariant causal prediction", (double)run + 1, (double)runs))
      return weyl_fail(q->ctx, WEYL_INTERRUPTED, "stopped");
  }
  add(q, "9 ICP", "share with only causes", measured, 0.95, (double)subset / (double)runs, 0, "higher");
  add(q, "9 ICP", "share with exactly the causes", measured, 0.96, (double)exact / (double)runs, 0.05, NULL);
  add(q, "9 ICP", "share with an accepted set", measured, 0.98, (double)accepted / (double)runs, 0.04, NULL);
  return WEYL_OK;
}

/* 10 and the claim on faithfulness, and 12 */
static weyl_status representations(checks *q) {
  weyl_sem *s = NULL;
  weyl_moments seen = {0}, unseen = {0};
  weyl_search found = {0};
  weyl_status status;
  double worst = NAN, apart = 0;
  WEYL_GOTO(weyl_sem_preset(q->ctx, "cancelling", NULL, &s));
  WEYL_GOTO(weyl_sem_moments(q->ctx, s, &(weyl_sem_world){.seed = q->seed, .count = 40}, &seen));
  WEYL_GOTO(
      weyl_sem_moments(q->ctx, s, &(weyl_sem_world){.which = WEYL_SEM_UNSEEN, .seed = q->seed, .count = 200}, &unseen));
  WEYL_GOTO(weyl_search_continuous(q->ctx, &seen, &(weyl_search_opts){.seed = q->seed}, &found));
  if (found.count) {
    const weyl_invariant *r = &found.found[0];
    for (size_t e = 0; e < seen.count; e++) {
      double v[8], own = 0;
      residual_moment(&seen, e, r->beta, v);
      for (size_t i = 0; i < seen.d; i++) own += r->beta[i] * v[i];
      apart = fmax(apart, fabs(own) / fmax(1, sqrt(dot(seen.d, v, v))));
    }
    add(q, "10 null space", "largest |Phi v|", derived, 1e-8, r->violation, 0, "lower");
    add(q, "10 null space", "beta outside Phi", derived, 1e-8, apart, 0, "lower");
    WEYL_GOTO(weyl_sem_worst(q->ctx, &unseen, r->k, r->phi, r->w, &worst));
  }
  add(q, "cancelling", "largest |g|, 200 unseen interventions", derived, 1e-6, worst, 0, "lower");
done:
  weyl_search_free(&found);
  weyl_moments_free(&seen);
  weyl_moments_free(&unseen);
  weyl_sem_free(s);
  return status;
}

/* the curve again through mixtures: the same bound, the same fall */
static weyl_status latent(checks *q) {
  weyl_sem_curve_opts o = {
      .model = {.nodes = 9, .in_degree = 2, .sites = 1, .children = true, .latent = 8, .seed = q->seed},
      .trials = q->full ? 20 : 8,
      .counts = 3,
      .n = {1, 4, 8},
      .unseen = 100,
      .continuous = true};
  double violation[20 * 3], mean[3], high[3];
  WEYL_TRY(weyl_sem_curve(q->ctx, &o, violation));
  weyl_sem_curve_summary(o.trials, o.counts, violation, mean, high);
  add(q, "12 latent", "share violated after 8 environments", derived, 0.1, mean[2], 0, "lower");
  return WEYL_OK;
}

weyl_status weyl_sem_checks(weyl_context *ctx, bool full, uint64_t seed,
                            void (*row)(void *user, const weyl_sem_check *check), void *user,
                            weyl_sem_check out[WEYL_SEM_CHECKS], size_t *count) {
  checks q = {.ctx = ctx, .full = full, .seed = seed, .row = out, .done = row, .user = user, .since = weyl_seconds()};
  weyl_status (*const each[])(checks *) = {sample_slope, parents,  child, ranks,           pac_curve, dim_free,
                                           toy,          variants, icp,   representations, latent};
  known_bounds(&q);
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) WEYL_TRY(each[i](&q));
  *count = q.count;
  return WEYL_OK;
}
