/* weyl persist distribution, exact, sample: what follows from a covariance. */
#include "persist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- distribution ---- */

/* What is slow is asked for at the rows that are printed, PERSIST_SLOW of them at most; NaN in between. */
static weyl_status beside_exact(persist *p, size_t n, const double *t, double *y) {
  for (size_t i = 0; i <= n; i++) {
    if (isnan(y[i])) continue; /* not wanted */
    if (weyl_progress(p->c->ctx, "exact", (double)i, (double)n))
      return weyl_fail(p->c->ctx, WEYL_INTERRUPTED, "stopped");
    if (t[i] > 100) {
      y[i] = NAN;
      continue;
    }
    WEYL_TRY(persist_exact_at(p, t[i], &y[i], NULL));
  }
  return WEYL_OK;
}

static weyl_status numeric(persist *p, size_t n, const double *t, double *y) {
  double *at = weyl_alloc(p->c->ctx, 2 * (n + 1), sizeof *at), *s = at ? at + n + 1 : NULL;
  if (!at) return WEYL_MEMORY;
  size_t wanted = 0;
  for (size_t i = 0; i <= n; i++)
    if (!isnan(y[i]) && t[i] > 0) at[wanted++] = t[i];
  const weyl_status status = weyl_persist_numeric(p->c->ctx, p->covariance, p->u, cli_seed(p->c), wanted, at, s, NULL);
  wanted = 0;
  for (size_t i = 0; status == WEYL_OK && i <= n; i++)
    if (!isnan(y[i])) y[i] = t[i] > 0 ? s[wanted++] : 1;
  weyl_dealloc(p->c->ctx, at);
  return status;
}

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static weyl_status simulated(persist *p, size_t n, const double *t, double *y) {
  cli *c = p->c;
  const weyl_persist_simulate_opts o = {.intervals = cli_integer(c, "intervals"),
                                        .points = cli_integer(c, "points"),
                                        .level = p->level,
                                        .seed = cli_seed(c)};
  weyl_persist_simulation s;
  WEYL_TRY(weyl_persist_simulate(c->ctx, p->covariance, &o, &s));
  double *interval = s.interval + (p->below ? s.above : 0);
  const size_t count = (size_t)(p->level == 0 ? s.count : p->below ? s.count - s.above : s.above);
  if (p->level == 0) interval = s.interval;
  qsort(interval, count, sizeof *interval, rising);
  for (size_t i = 0, k = 0; i <= n; i++) {
    while (k < count && interval[k] <= t[i]) k++;
    y[i] = count ? (double)(count - k) / (double)count : NAN;
  }
  weyl_persist_simulation_free(c->ctx, &s);
  return WEYL_OK;
}

static weyl_status approximation(persist *p, bool laplace, size_t n, double step, const double *t, double *survival,
                                 double *density) {
  if (!laplace) return weyl_persist_distribution(p->c->ctx, p->covariance, p->u, step, n, survival, density);
  survival[0] = 1;
  WEYL_TRY(weyl_persist_laplace(p->c->ctx, p->covariance, p->u, n, t + 1, survival + 1));
  return WEYL_OK;
}

/* The approximation at a level may be no distribution although it is one at 0. */
static bool falls(size_t n, const double *s, size_t *at) {
  for (size_t i = 1; i <= n; i++) {
    *at = i;
    if (!(s[i] <= s[i - 1] + 1e-9) || !(s[i] > -1e-9)) return false;
  }
  return true;
}

/* Columns: survival by the method asked for, its density, and what stands beside it. */
typedef struct columns {
  size_t n, stride; /* steps; how far those are apart that what is slow is asked for */
  double *t, *y[6];
  const char *name[6];
  size_t count;
} columns;

/* A new one, NaN but where it is wanted. */
static double *column(columns *f, const char *name, size_t stride) {
  double *y = f->y[f->count];
  f->name[f->count++] = name;
  for (size_t i = 0; i <= f->n; i++) y[i] = stride && i % stride == 0 ? 0 : NAN;
  return y;
}

static weyl_status fill(persist *p, double step, columns *f) {
  cli *c = p->c;
  const char *method = cli_string(c, "method"), *beside = cli_string(c, "beside");
  const bool all = strcmp(beside, "all") == 0, by_numbers = strcmp(method, "numeric") == 0;
  double *survival = column(f, "survival", by_numbers ? f->stride : 1);
  if (by_numbers) {
    WEYL_TRY(numeric(p, f->n, f->t, survival));
  } else {
    const bool laplace = strcmp(method, "laplace") == 0;
    double *density = laplace ? NULL : column(f, "density", 1);
    WEYL_TRY(approximation(p, laplace, f->n, step, f->t, survival, density));
  }
  if ((all || strcmp(beside, "exact") == 0) && persist_exactly_known(p) != PERSIST_UNKNOWN)
    WEYL_TRY(beside_exact(p, f->n, f->t, column(f, "exact", f->stride)));
  if ((all || strcmp(beside, "numeric") == 0) && !by_numbers)
    WEYL_TRY(numeric(p, f->n, f->t, column(f, "numeric", f->stride)));
  if (all || strcmp(beside, "simulation") == 0) WEYL_TRY(simulated(p, f->n, f->t, column(f, "simulation", 1)));
  return WEYL_OK;
}

static weyl_status show_distribution(persist *p, const columns *f) {
  cli *c = p->c;
  char what[64], title[160];
  const char *method = cli_string(c, "method");
  size_t bad;
  const bool valid = falls(f->n, f->y[0], &bad) || strcmp(method, "numeric") == 0;
  persist_common(p);
  weyl_json_string(c->result, "method", method);
  weyl_json_bool(c->result, "valid", valid);
  snprintf(title, sizeof title, "%s, intervals %s", weyl_covariance_name(p->covariance),
           persist_what(p, what, sizeof what));
  cli_say(c, "%s: P(T > t) by %s, mean %.8g\n\n", title,
          method[0] == 'i'   ? "the independent interval approximation"
          : method[0] == 'l' ? "the approximation's Laplace transform"
                             : "Gaussian integrals of the process",
          weyl_persist_level_mean(p->covariance, p->u));
  persist_curves table = {.n = f->n + 1, .t = f->t}, picture = table;
  const char *names[7] = {"t"};
  const double *values[7] = {f->t};
  for (size_t k = 0; k < f->count; k++) {
    table.name[table.count] = f->name[k];
    table.y[table.count++] = f->y[k];
    names[k + 1] = f->name[k];
    values[k + 1] = f->y[k];
    if (strcmp(f->name[k], "density") == 0) continue;
    picture.name[picture.count] = k ? f->name[k] : strcmp(method, "numeric") == 0 ? "numeric" : "approximation";
    picture.y[picture.count++] = f->y[k];
  }
  WEYL_TRY(persist_show(p, &table));
  WEYL_TRY(persist_save(p, f->n + 1, f->count + 1, names, values));
  WEYL_TRY(persist_draw(p, title, "P(T > t)", true, &picture));
  if (valid) return WEYL_OK;
  return weyl_fail(c->ctx, WEYL_NO, "%s: the approximation is no distribution: P(T > t) is %.3g at t = %.6g after %.3g",
                   title, f->y[0][bad], f->t[bad], f->y[0][bad - 1]);
}

weyl_status persist_distribution(persist *p) {
  cli *c = p->c;
  const double mu = weyl_covariance_mean(p->covariance), end = persist_end(p, 5);
  const size_t rows = (size_t)cli_integer(c, "rows");
  const bool quick = strcmp(cli_string(c, "method"), "iia") == 0;
  double step = cli_number(c, "step") > 0 ? cli_number(c, "step") : quick ? mu / 2000 : end / 200;
  if (quick && step > mu / 8)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--step %g: the renewal equation needs %.4g or less, an eighth of the mean",
                     step, mu / 8);
  double steps = ceil(end / step);
  if (steps < 2) steps = 2;
  steps = ceil(steps / (double)rows) * (double)rows; /* what is printed is on the grid */
  if (steps < 2) steps *= 2;
  if (steps > 1 << 25)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--to %g in steps of %g is %.3g steps, at most 2^25", end, step, steps);
  columns f = {.n = (size_t)steps};
  step = end / steps;
  f.stride = f.n / (rows < PERSIST_SLOW ? rows : PERSIST_SLOW);
  if (f.stride < 1) f.stride = 1;
  if (rows > PERSIST_SLOW) f.stride = (f.stride + f.n / rows - 1) / (f.n / rows) * (f.n / rows);
  double *all = weyl_alloc(c->ctx, 6 * (f.n + 1), sizeof *all);
  weyl_status status = all ? persist_times(p, end, f.n, &f.t) : WEYL_MEMORY;
  for (size_t k = 0; k < 6; k++) f.y[k] = all + k * (f.n + 1);
  if (status == WEYL_OK) status = fill(p, step, &f);
  if (status == WEYL_OK) status = show_distribution(p, &f);
  weyl_dealloc(c->ctx, f.t);
  weyl_dealloc(c->ctx, all);
  return status;
}

/* ---- exact ---- */

weyl_status persist_exact(persist *p) {
  cli *c = p->c;
  if (persist_exactly_known(p) == PERSIST_UNKNOWN)
    return weyl_fail(c->ctx, WEYL_BAD_ARG,
                     "exactly known are diffusion:2 and random-acceleration at level 0, not %s: distribution --method "
                     "numeric is for any covariance",
                     weyl_covariance_name(p->covariance));
  const bool pfaffian = persist_exactly_known(p) == PERSIST_DIFFUSION2;
  const size_t n = (size_t)cli_integer(c, "rows");
  const double end = cli_number(c, "to") > 0 ? cli_number(c, "to") : 20;
  double *t = NULL, *s = NULL;
  weyl_status status;
  WEYL_GOTO(persist_times(p, end, n, &t));
  s = weyl_alloc(c->ctx, 2 * (n + 1), sizeof *s);
  status = s ? WEYL_OK : WEYL_MEMORY;
  double *none = s ? s + n + 1 : NULL;
  for (size_t i = 0; i <= n && status == WEYL_OK; i++) {
    status = weyl_progress(c->ctx, "exact", (double)i, (double)n) ? weyl_fail(c->ctx, WEYL_INTERRUPTED, "stopped")
                                                                  : persist_exact_at(p, t[i], &s[i], &none[i]);
  }
  if (status != WEYL_OK) goto done;
  persist_common(p);
  weyl_json_string(c->result, "method", pfaffian ? "Pfaffian point process" : "McKean, Wong");
  cli_say(c, "%s, exactly: %s\n\n", weyl_covariance_name(p->covariance),
          pfaffian ? "its zeros are those of the Gaussian power series, a Pfaffian point process"
                   : "the returns of an integrated Brownian motion (McKean, Wong)");
  const persist_curves curves = {n + 1, pfaffian ? 2 : 1, t, {"survival", "no_zero"}, {s, none}};
  WEYL_GOTO(persist_show(p, &curves));
  WEYL_GOTO(persist_save(p, n + 1, pfaffian ? 3 : 2, (const char *const[]){"t", "survival", "no_zero"},
                         (const double *const[]){t, s, none}));
  WEYL_GOTO(persist_draw(p, weyl_covariance_name(p->covariance), "probability", true, &curves));
done:
  weyl_dealloc(c->ctx, t);
  weyl_dealloc(c->ctx, s);
  return status;
}

/* ---- sample ---- */

weyl_status persist_sample(persist *p) {
  cli *c = p->c;
  enum { LISTED = 10000 };
  if (p->level != 0)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "samples are of level 0: simulate draws intervals of any level");
  const size_t n = (size_t)cli_integer(c, "count");
  double *t = weyl_alloc(c->ctx, n, sizeof *t);
  if (!t) return WEYL_MEMORY;
  weyl_persist_stats stats;
  weyl_status status;
  WEYL_GOTO(weyl_persist_sample(c->ctx, p->covariance, cli_seed(c), n, t));
  WEYL_GOTO(weyl_persist_measure(c->ctx, (int64_t)n, t, &stats));
  double theta = NAN, error = NAN; /* where there is one */
  if (n > 1) status = weyl_persist_sample_exponent(c->ctx, p->covariance, cli_seed(c), n, &theta, &error);
  if (status != WEYL_OK && status != WEYL_NO) goto done;
  if (status == WEYL_NO) weyl_message_clear(c->ctx);
  persist_common(p);
  if (isfinite(theta)) weyl_json_number(c->result, "theta", theta);
  if (isfinite(error)) weyl_json_number(c->result, "theta_error", error);
  weyl_json_integer(c->result, "count", (int64_t)n);
  weyl_json_number(c->result, "sample_mean", stats.mean);
  weyl_json_number(c->result, "sample_mean_error", stats.mean_error);
  const bool listed = !cli_string(c, "out") && n <= LISTED;
  weyl_page *page = c->page; /* of which they are no part */
  c->page = NULL;
  if (listed) weyl_json_array(c->result, "t");
  for (size_t i = 0; i < n && !cli_string(c, "out"); i++) {
    if (listed) weyl_json_number(c->result, NULL, t[i]);
    cli_say(c, "%.17g\n", t[i]);
  }
  if (listed) weyl_json_end(c->result);
  c->page = page;
  if (cli_string(c, "out") || page)
    cli_say(c, "%s: %zu intervals, mean %.6g +- %.2g (Rice %.8g)\n", weyl_covariance_name(p->covariance), n, stats.mean,
            stats.mean_error, weyl_covariance_mean(p->covariance));
  if ((cli_string(c, "out") || page) && isfinite(error))
    cli_say(c, "exponent by as many draws of the divisor: %.6g +- %.2g\n", theta, error);
  status = persist_save(p, n, 1, (const char *const[]){"interval"}, (const double *const[]){t});
done:
  weyl_dealloc(c->ctx, t);
  return status;
}
