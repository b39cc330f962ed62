/* Covariances from names, tables and spectra, and the expected sign that follows from them. */
#include "covariances.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double SLACK = 1e-3;

/* ---- by name ---- */

static weyl_status unknown(weyl_context *ctx, const char *text, size_t n) {
  const char *names[16];
  char word[64];
  for (size_t i = 0; i < covariance_defs_count; i++) names[i] = covariance_defs[i].name;
  snprintf(word, sizeof word, "%.*s", (int)n, text);
  const char *near = weyl_nearest_name(word, names, covariance_defs_count);
  return weyl_fail(ctx, WEYL_UNKNOWN, "no covariance \"%s\"%s%s%s", word, near ? ": did you mean " : "",
                   near ? near : "", near ? "?" : "");
}

static weyl_status read_parameters(weyl_context *ctx, const covariance_def *def, const char *text, double *p) {
  for (int i = 0; i < def->parameters; i++) {
    char *end = NULL;
    p[i] = *text == ':' ? strtod(text + 1, &end) : 0;
    if (!end || end == text + 1 || !isfinite(p[i]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s: the %s is missing: %s:NUMBER%s", def->name, def->parameter[i], def->name,
                       def->parameters > 1 ? ":NUMBER" : "");
    if (strcmp(def->name, "matern") == 0 && p[i] <= 1)
      return weyl_fail(
          ctx, WEYL_BAD_ARG,
          "matern: smoothness %g, must be more than 1: the paths have no derivative (lambda2 is infinite) and "
          "cross zero without end",
          p[i]);
    if (p[i] <= def->above[i] || p[i] > 1e6)
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s: %s %g, must be more than %g and at most 1e6", def->name,
                       def->parameter[i], p[i], def->above[i]);
    text = end;
  }
  if (*text) return weyl_fail(ctx, WEYL_BAD_ARG, "%s: \"%s\" behind its parameters", def->name, text);
  return WEYL_OK;
}

static weyl_status new_covariance(weyl_context *ctx, weyl_covariance **out) {
  *out = weyl_alloc(ctx, 1, sizeof **out);
  if (!*out) return WEYL_MEMORY;
  (*out)->ctx = ctx;
  (*out)->reach = INFINITY;
  return WEYL_OK;
}

weyl_status weyl_covariance_parse(weyl_context *ctx, const char *text, weyl_covariance **out) {
  *out = NULL;
  const size_t n = strcspn(text, ":");
  for (size_t i = 0; i < covariance_defs_count; i++) {
    const covariance_def *def = &covariance_defs[i];
    if (strlen(def->name) != n || memcmp(def->name, text, n) != 0) continue;
    double p[COVARIANCE_PARAMETERS] = {0};
    WEYL_TRY(read_parameters(ctx, def, text + n, p));
    weyl_covariance *c;
    WEYL_TRY(new_covariance(ctx, &c));
    c->def = def;
    memcpy(c->p, p, sizeof p);
    snprintf(c->name, sizeof c->name, "%s", text);
    c->lambda2 = def->lambda2(p);
    c->decay = def->decay(p);
    *out = c;
    return WEYL_OK;
  }
  return unknown(ctx, text, n);
}

const char *weyl_covariance_known(size_t i, const char **about) {
  if (i >= covariance_defs_count) return NULL;
  if (about) *about = covariance_defs[i].about;
  return covariance_defs[i].name;
}

void weyl_covariance_free(weyl_covariance *c) {
  if (!c) return;
  weyl_dealloc(c->ctx, c->t);
  weyl_dealloc(c->ctx, c->value);
  weyl_dealloc(c->ctx, c->slope);
  weyl_dealloc(c->ctx, c);
}

/* ---- from numbers ---- */

static weyl_status numbers(weyl_covariance *c, size_t n, const double *t, const double *value, const double *slope) {
  c->n = n;
  c->t = weyl_alloc(c->ctx, n, sizeof(double));
  c->value = weyl_alloc(c->ctx, n, sizeof(double));
  c->slope = weyl_alloc(c->ctx, n, sizeof(double));
  if (!c->t || !c->value || !c->slope) return WEYL_MEMORY;
  memcpy(c->t, t, n * sizeof *t);
  memcpy(c->value, value, n * sizeof *value);
  if (slope) memcpy(c->slope, slope, n * sizeof *slope);
  return WEYL_OK;
}

/* Slopes for cubics: those of the parabola or quartic through the neighbours, where 1 - r goes on as an even function
 * left of 0; held back so that what rises goes on rising (Hyman 1983), and 0 at an extremum. */
static double lagrange_slope(size_t n, const double *t, const double *v, size_t at) {
  double slope = 0;
  for (size_t j = 0; j < n; j++) {
    if (j == at) continue;
    double up = 1 / (t[j] - t[at]), own = 1 / (t[at] - t[j]);
    for (size_t k = 0; k < n; k++) {
      if (k == j || k == at) continue;
      up *= (t[at] - t[k]) / (t[j] - t[k]);
    }
    slope += v[j] * up + v[at] * own;
  }
  return slope;
}

static void monotone_slopes(weyl_covariance *c) {
  const size_t n = c->n;
  c->slope[0] = 0;
  for (size_t i = 1; i < n; i++) {
    double t[5], v[5];
    size_t points = 0, at = 0;
    for (ptrdiff_t k = (ptrdiff_t)i - 2; k <= (ptrdiff_t)i + 2 && k < (ptrdiff_t)n; k++) {
      const size_t j = k < 0 ? (size_t)-k : (size_t)k;
      if (k < 0 && j == i) continue;
      if (k == (ptrdiff_t)i) at = points;
      t[points] = k < 0 ? -c->t[j] : c->t[j];
      v[points++] = c->value[j];
    }
    const double slope = lagrange_slope(points, t, v, at);
    const double left = (c->value[i] - c->value[i - 1]) / (c->t[i] - c->t[i - 1]);
    const double right = i + 1 < n ? (c->value[i + 1] - c->value[i]) / (c->t[i + 1] - c->t[i]) : left;
    const double most = 3 * fmin(fabs(left), fabs(right)), sign = left < 0 ? -1 : 1;
    c->slope[i] = left * right > 0 ? sign * fmin(fmax(sign * slope, 0), most) : 0;
  }
}

static weyl_status check_table(weyl_context *ctx, size_t n, const double *t, const double *r, const double *slope) {
  if (n < 3) return weyl_fail(ctx, WEYL_BAD_ARG, "covariance: %zu rows, must be 3 or more", n);
  if (t[0] != 0) return weyl_fail(ctx, WEYL_BAD_ARG, "covariance: the first time is %g, must be 0", t[0]);
  if (!(fabs(r[0] - 1) < 1e-9))
    return weyl_fail(ctx, WEYL_BAD_ARG, "covariance: r(0) is %.9g, must be 1: divide by the variance", r[0]);
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(t[i]) || !isfinite(r[i]) || (slope && !isfinite(slope[i])))
      return weyl_fail(ctx, WEYL_NUMERIC, "covariance: row %zu has a number that is not finite", i + 1);
    if (i && t[i] <= t[i - 1])
      return weyl_fail(ctx, WEYL_BAD_ARG, "covariance: time %g in row %zu, must be more than %g", t[i], i + 1,
                       t[i - 1]);
    if (i && !(fabs(r[i]) < 1))
      return weyl_fail(ctx, WEYL_BAD_ARG,
                       "covariance: r(%g) = %g in row %zu, must be between -1 and 1: no process has it", t[i], r[i],
                       i + 1);
  }
  if (slope && fabs(slope[0]) > 1e-6 * fabs(slope[1]) + 1e-9)
    return weyl_fail(ctx, WEYL_BAD_ARG, "covariance: r'(0) is %g, must be 0: lambda2 would be infinite", slope[0]);
  /* 1 - r goes as t^2 near 0, as t^1.5 or so where the third derivative jumps, and as t where the paths have no slope
   */
  const double near = 1 - r[1], power = log((1 - r[2]) / near) / log(t[2] / t[1]);
  if (near < 0.1 && power < 1.2)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "covariance: 1 - r grows like t^%.2g from t = %g, must be like t^2: the paths have no derivative "
                     "(lambda2 is infinite) and cross zero without end",
                     power, t[1]);
  return WEYL_OK;
}

weyl_status weyl_covariance_table(weyl_context *ctx, size_t n, const double *t, const double *r, const double *slope,
                                  weyl_covariance **out) {
  *out = NULL;
  WEYL_TRY(check_table(ctx, n, t, r, slope));
  weyl_covariance *c;
  WEYL_TRY(new_covariance(ctx, &c));
  weyl_status status = numbers(c, n, t, r, slope);
  if (status != WEYL_OK) {
    weyl_covariance_free(c);
    return status;
  }
  for (size_t i = 0; i < n; i++) c->value[i] = 1 - r[i];
  for (size_t i = 0; slope && i < n; i++) c->slope[i] = -slope[i];
  if (!slope) monotone_slopes(c);
  c->value[0] = c->slope[0] = 0;
  c->slack = SLACK;
  snprintf(c->name, sizeof c->name, "table of %zu rows", n);
  /* on the first interval 1 - r = a t^2 + b t^3, so lambda2 = 2 a */
  const double h = c->t[1];
  c->lambda2 = 2 * (3 * c->value[1] - h * c->slope[1]) / (h * h);
  /* what has gone to 0 stays there */
  c->decay = fabs(r[n - 1]) < 1e-9 ? INFINITY : r[n - 1] > 0 && c->slope[n - 1] > 0 ? c->slope[n - 1] / r[n - 1] : 0;
  if (!(c->lambda2 > 0)) {
    weyl_covariance_free(c);
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "covariance: lambda2 = -r''(0) from the first rows is not positive: r(%g) = %.9g", t[1], r[1]);
  }
  *out = c;
  return WEYL_OK;
}

/* The last entry at or before t */
static size_t interval_of(const weyl_covariance *c, double t) {
  size_t low = 0, high = c->n - 1;
  while (high - low > 1) {
    const size_t middle = (low + high) / 2;
    if (c->t[middle] <= t)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static weyl_covariance_at from_table(const weyl_covariance *c, double t) {
  const size_t n = c->n;
  if (t >= c->t[n - 1]) {
    if (isinf(c->decay)) return (weyl_covariance_at){0, 1, 0};
    const double r = (1 - c->value[n - 1]) * (c->decay > 0 ? exp(-c->decay * (t - c->t[n - 1])) : 0);
    return (weyl_covariance_at){r, 1 - r, -c->decay * r};
  }
  const size_t low = interval_of(c, t), high = low + 1;
  const double h = c->t[high] - c->t[low], u = (t - c->t[low]) / h, a = c->value[low], b = c->value[high],
               p = h * c->slope[low], q = h * c->slope[high];
  /* Hermite: with u = 0 first, so that nothing cancels near t = 0 */
  const double second = 3 * (b - a) - 2 * p - q, third = 2 * (a - b) + p + q;
  const double rest = a + u * (p + u * (second + u * third));
  return (weyl_covariance_at){1 - rest, rest, -(p + u * (2 * second + 3 * u * third)) / h};
}

/* ---- from expected signs ---- */

weyl_status persist_covariance_angles(weyl_context *ctx, size_t n, const double *t, const double *sign, double lambda2,
                                      weyl_covariance **out) {
  weyl_covariance *c;
  *out = NULL;
  WEYL_TRY(new_covariance(ctx, &c));
  const weyl_status status = numbers(c, n, t, sign, NULL);
  if (status != WEYL_OK) {
    weyl_covariance_free(c);
    return status;
  }
  c->angles = true;
  c->lambda2 = lambda2;
  for (size_t i = 1; i < n; i++)
    c->slope[i] = c->slope[i - 1] + sqrt(lambda2) * (sign[i] + sign[i - 1]) / 2 * (t[i] - t[i - 1]);
  /* the tail brings the angle to pi / 2, where r is 0 */
  const double left = PI / 2 - c->slope[n - 1];
  c->decay = left > 0 && sign[n - 1] > 0 ? sqrt(lambda2) * sign[n - 1] / left : INFINITY;
  *out = c;
  return WEYL_OK;
}

/* E_0 and the angle at t */
static double sign_at(const weyl_covariance *c, double t, double *angle) {
  const size_t n = c->n;
  if (t >= c->t[n - 1]) {
    const double e = isinf(c->decay) ? 0 : c->value[n - 1] * exp(-c->decay * (t - c->t[n - 1]));
    *angle = isinf(c->decay) ? fmin(c->slope[n - 1], PI / 2) : PI / 2 - sqrt(c->lambda2) * e / c->decay;
    return e;
  }
  const size_t i = interval_of(c, t);
  const double h = c->t[i + 1] - c->t[i], u = t - c->t[i], bend = (c->value[i + 1] - c->value[i]) / h;
  *angle = c->slope[i] + sqrt(c->lambda2) * u * (c->value[i] + bend * u / 2);
  return c->value[i] + bend * u;
}

static weyl_covariance_at from_angles(const weyl_covariance *c, double t) {
  double angle;
  const double e = sign_at(c, t, &angle), half = sin(angle / 2), r = sin(PI / 2 - angle);
  return (weyl_covariance_at){r, 2 * half * half, -sqrt(c->lambda2) * e * sin(angle)};
}

/* ---- from a spectrum ---- */

weyl_status weyl_covariance_spectrum(weyl_context *ctx, size_t n, const double *w, const double *density,
                                     weyl_covariance **out) {
  *out = NULL;
  if (n < 2) return weyl_fail(ctx, WEYL_BAD_ARG, "spectrum: %zu rows, must be 2 or more", n);
  double total = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(w[i]) || !isfinite(density[i]) || density[i] < 0 || w[i] < 0 || (i && w[i] <= w[i - 1]))
      return weyl_fail(
          ctx, WEYL_BAD_ARG,
          "spectrum: frequency %g and density %g in row %zu: frequencies rise from 0, densities are 0 or more", w[i],
          density[i], i + 1);
    if (i) total += (density[i] + density[i - 1]) / 2 * (w[i] - w[i - 1]);
  }
  if (!(total > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "spectrum: it is 0 everywhere");
  weyl_covariance *c;
  WEYL_TRY(new_covariance(ctx, &c));
  weyl_status status = numbers(c, n, w, density, NULL);
  if (status != WEYL_OK) {
    weyl_covariance_free(c);
    return status;
  }
  c->spectrum = true;
  for (size_t i = 0; i < n; i++) { /* the trapezoid rule's shares */
    const double span = (i ? w[i] - w[i - 1] : 0) + (i + 1 < n ? w[i + 1] - w[i] : 0);
    c->value[i] = density[i] * span / 2 / total;
    c->lambda2 += c->value[i] * w[i] * w[i];
  }
  if (!(c->lambda2 > 0) || !isfinite(c->lambda2)) {
    status = weyl_fail(ctx, WEYL_BAD_ARG, "spectrum: lambda2, its second moment, is %g, must be more than 0 and finite",
                       c->lambda2);
    weyl_covariance_free(c);
    return status;
  }
  snprintf(c->name, sizeof c->name, "spectrum of %zu rows", n);
  c->slack = SLACK;
  c->decay = NAN; /* not known */
  /* rounding and the cut at the last frequency are all that is left where E_0 has become small */
  const double mu = weyl_covariance_mean(c);
  for (double t = mu; t < 40 * mu; t += mu / 50) {
    if (weyl_clipped_slepian(c, t) > 1e-6) continue;
    c->reach = t;
    c->decay = INFINITY;
    break;
  }
  *out = c;
  return WEYL_OK;
}

static weyl_covariance_at from_spectrum(const weyl_covariance *c, double t) {
  weyl_covariance_at v = {0};
  for (size_t i = 0; i < c->n; i++) {
    const double s = sin(c->t[i] * t / 2);
    v.rest += 2 * c->value[i] * s * s;
    v.slope -= c->value[i] * c->t[i] * sin(c->t[i] * t);
  }
  v.r = 1 - v.rest;
  return v;
}

/* ---- what follows ---- */

weyl_covariance_at weyl_covariance_eval(const weyl_covariance *c, double t) {
  if (c->def) return c->def->at(c->p, t);
  return c->spectrum ? from_spectrum(c, t) : c->angles ? from_angles(c, t) : from_table(c, t);
}
const char *weyl_covariance_name(const weyl_covariance *c) { return c->name; }
double weyl_covariance_lambda2(const weyl_covariance *c) { return c->lambda2; }
double weyl_covariance_mean(const weyl_covariance *c) { return PI / sqrt(c->lambda2); }

double weyl_clipped_slepian(const weyl_covariance *c, double t) {
  if (t <= 0) return 1;
  if (c->angles) {
    double angle;
    return sign_at(c, t, &angle);
  }
  if (t > c->reach) return 0;
  const weyl_covariance_at v = weyl_covariance_eval(c, t);
  const double below = c->lambda2 * v.rest * (1 + v.r);
  return below > 0 ? -v.slope / sqrt(below) : t < 1e-3 * weyl_covariance_mean(c) ? 1 : 0;
}
