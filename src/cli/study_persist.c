/* The quantities of persistency that rows of recipes name. */
#include "studies.h"

#include <weyl/study.h>

#include <math.h>
#include <string.h>

/* What many rows share: the last simulation. */
typedef struct kept {
  bool there;
  char name[64];
  int64_t intervals;
  weyl_persist_simulation simulation;
  weyl_persist_stats stats;
} kept;

typedef struct asked {
  weyl_context *ctx;
  kept *last;
  const weyl_covariance *covariance;
  const weyl_options *options;
  double at, level;
  double value, error;
  char *budget; /* [160] */
} asked;

static weyl_status exponent(asked *a) {
  weyl_persist_rate rate;
  WEYL_TRY(weyl_persist_level_exponent(a->ctx, a->covariance, a->level, &rate));
  a->value = rate.theta;
  a->error = rate.error;
  snprintf(a->budget, 160, "quadrature");
  return WEYL_OK;
}

static weyl_status amplitude(asked *a) {
  WEYL_TRY(exponent(a));
  weyl_persist_rate rate;
  WEYL_TRY(weyl_persist_level_exponent(a->ctx, a->covariance, a->level, &rate));
  a->value = rate.amplitude;
  return WEYL_OK;
}

static weyl_status expected_sign(asked *a) {
  a->value = weyl_clipped_slepian(a->covariance, a->at);
  snprintf(a->budget, 160, "closed form");
  return WEYL_OK;
}

static weyl_status mean(asked *a) {
  const double s = 1;
  double psi;
  WEYL_TRY(weyl_persist_transform(a->ctx, a->covariance, a->level, 1, &s, &psi, &a->value));
  snprintf(a->budget, 160, "quadrature of the approximation");
  return WEYL_OK;
}

static weyl_status survival(asked *a) {
  const double mu = weyl_covariance_mean(a->covariance);
  const size_t n = (size_t)ceil(a->at / (mu / 4000)) + 1;
  double *s = weyl_alloc(a->ctx, n + 1, sizeof *s);
  if (!s) return WEYL_MEMORY;
  const weyl_status status = weyl_persist_distribution(a->ctx, a->covariance, a->level, a->at / (double)n, n, s, NULL);
  a->value = s[n];
  weyl_dealloc(a->ctx, s);
  snprintf(a->budget, 160, "renewal equation, %zu and %zu steps, extrapolated", n, 2 * n);
  return status;
}

static weyl_status laplace(asked *a) {
  snprintf(a->budget, 160, "Euler's sums, 26 terms");
  return weyl_persist_laplace(a->ctx, a->covariance, a->level, 1, &a->at, &a->value);
}

static weyl_status exact_only_of(const asked *a, const char *name) {
  if (strcmp(weyl_covariance_name(a->covariance), name) == 0) return WEYL_OK;
  return weyl_fail(a->ctx, WEYL_BAD_ARG, "known for %s, not for %s", name, weyl_covariance_name(a->covariance));
}

static weyl_status no_zero(asked *a) {
  WEYL_TRY(exact_only_of(a, "diffusion:2"));
  snprintf(a->budget, 160, "Pfaffian, three sizes, extrapolated");
  return weyl_exact_diffusion2(a->ctx, a->at, &a->value, NULL);
}

static weyl_status exact_survival(asked *a) {
  if (strcmp(weyl_covariance_name(a->covariance), "random-acceleration") == 0) {
    a->value = weyl_exact_random_acceleration(a->at);
    snprintf(a->budget, 160, "quadrature (McKean, Wong)");
    return WEYL_OK;
  }
  double none;
  WEYL_TRY(exact_only_of(a, "diffusion:2"));
  snprintf(a->budget, 160, "Pfaffian, differences of sixth order");
  return weyl_exact_diffusion2(a->ctx, a->at, &none, &a->value);
}

/* - d log P / dt between 16 and 20, where only the exponent is left */
static weyl_status exact_exponent(asked *a) {
  double p[2];
  WEYL_TRY(exact_only_of(a, "diffusion:2"));
  for (int k = 0; k < 2; k++) WEYL_TRY(weyl_exact_diffusion2(a->ctx, k ? 20 : 16, &p[k], NULL));
  a->value = log(p[0] / p[1]) / 4;
  snprintf(a->budget, 160, "Pfaffian at t = 16 and 20");
  return WEYL_OK;
}

static weyl_status exact_mean(asked *a) {
  enum { N = 60 };
  double sum = 0, x[N], w[N];
  WEYL_TRY(exact_only_of(a, "random-acceleration"));
  weyl_gauss_legendre(N, 0, sqrt(30), x, w); /* of sqrt t: the survival function has a root at 0 */
  for (int i = 0; i < N; i++) sum += w[i] * 2 * x[i] * weyl_exact_random_acceleration(x[i] * x[i]);
  a->value = sum + 0.88526 * exp(-7.5) * 4;
  snprintf(a->budget, 160, "survival to 30 at %d times, and the tail", N);
  return WEYL_OK;
}

static weyl_status numeric(asked *a) {
  snprintf(a->budget, 160, "16, 32 and 64 points, 12 lattices of 2^13");
  return weyl_persist_numeric(a->ctx, a->covariance, a->level, 1, 1, &a->at, &a->value, &a->error);
}

static weyl_status valid(asked *a) {
  const weyl_persist_verdict verdict = weyl_persist_validate(a->covariance);
  a->value = verdict.valid;
  if (verdict.valid)
    snprintf(a->budget, 160, "grid of 4001 times");
  else
    snprintf(a->budget, 160, "at t = %.4g %s", verdict.t, verdict.reason);
  return WEYL_OK;
}

static void clear(weyl_context *ctx, void *state) {
  kept *last = state;
  if (last->there) weyl_persist_simulation_free(ctx, &last->simulation);
  last->there = false;
}

static weyl_status simulate(asked *a) {
  kept *last = a->last;
  const int64_t intervals = weyl_options_integer(a->options, "intervals");
  const char *name = weyl_covariance_name(a->covariance);
  if (!last->there || strcmp(last->name, name) != 0 || last->intervals != intervals) {
    clear(a->ctx, last);
    const weyl_persist_simulate_opts o = {.intervals = intervals, .seed = 1};
    WEYL_TRY(weyl_persist_simulate(a->ctx, a->covariance, &o, &last->simulation));
    last->there = true;
    last->intervals = intervals;
    snprintf(last->name, sizeof last->name, "%s", name);
    WEYL_TRY(weyl_persist_measure(a->ctx, last->simulation.count, last->simulation.interval, &last->stats));
  }
  snprintf(a->budget, 160, "%lld simulated intervals", (long long)last->simulation.count);
  return WEYL_OK;
}

static weyl_status simulated_survival(asked *a) {
  WEYL_TRY(simulate(a));
  a->value = weyl_persist_beyond(a->last->simulation.count, a->last->simulation.interval, a->at);
  a->error = sqrt(a->value * (1 - a->value) / (double)a->last->simulation.count);
  return WEYL_OK;
}

static weyl_status simulated_mean(asked *a) {
  WEYL_TRY(simulate(a));
  a->value = a->last->stats.mean;
  a->error = a->last->stats.mean_error;
  return WEYL_OK;
}

static weyl_status simulated_exponent(asked *a) {
  WEYL_TRY(simulate(a));
  a->value = a->last->stats.theta;
  a->error = a->last->stats.theta_error;
  return WEYL_OK;
}

static weyl_status sampled_exponent(asked *a) {
  enum { DRAWS = 1000000 };
  snprintf(a->budget, 160, "%d draws of the divisor", DRAWS);
  return weyl_persist_sample_exponent(a->ctx, a->covariance, 1, DRAWS, &a->value, &a->error);
}

static const char *const quantities[] = {
    "exponent",         "amplitude", "expected sign",      "mean",           "survival",
    "laplace survival", "no zero",   "exact survival",     "exact exponent", "exact mean",
    "numeric survival", "valid",     "simulated survival", "simulated mean", "simulated exponent",
    "sampled exponent", NULL};
static weyl_status (*const compute[])(asked *a) = {
    exponent,        amplitude, expected_sign,      mean,           survival,
    laplace,         no_zero,   exact_survival,     exact_exponent, exact_mean,
    numeric,         valid,     simulated_survival, simulated_mean, simulated_exponent,
    sampled_exponent};

static weyl_status run(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *value,
                       double *error, char budget[160]) {
  weyl_covariance *covariance = NULL;
  WEYL_TRY(weyl_covariance_parse(ctx, weyl_options_string(options, "covariance"), &covariance));
  asked a = {.ctx = ctx,
             .last = state,
             .covariance = covariance,
             .options = options,
             .at = weyl_options_number(options, "at"),
             .level = weyl_options_number(options, "level"),
             .budget = budget};
  size_t k = 0;
  while (strcmp(quantities[k], quantity) != 0) k++;
  const weyl_status status =
      weyl_progress(ctx, quantity, 0, 0) ? weyl_fail(ctx, WEYL_INTERRUPTED, "stopped") : compute[k](&a);
  *value = a.value;
  *error = a.error;
  weyl_covariance_free(covariance);
  return status;
}

static const weyl_option options[] = {
    {"covariance", WEYL_OPT_STRING, "diffusion:2", 0, 0, NULL, "as in weyl persist"},
    {"at", WEYL_OPT_DOUBLE, "1", 0, 1e6, NULL, "time"},
    {"level", WEYL_OPT_DOUBLE, "0", -8, 8, NULL, "intervals above it; those below u are those above -u"},
    {"intervals", WEYL_OPT_INT, "1000000", 100, 1e9, NULL, "simulated at least"},
    STUDY_OPTION_END,
};

const study_kind study_kind_persist = {
    .study = {"persist", options, quantities, NULL, run}, .size = sizeof(kept), .clear = clear};
