/* Trigonometric polynomials on the circle. */
#include <weyl/circle.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU 6.28318530717958647692

void weyl_circle_at(size_t k, const double *c, double phi, int order, double *out) {
  const double c1 = cos(phi), s1 = sin(phi);
  double cn = 1, sn = 0;
  out[0] = c[0];
  for (int d = 1; d <= order; d++) out[d] = 0;
  for (size_t n = 1; n <= k; n++) {
    const double t = cn * c1 - sn * s1;
    sn = cn * s1 + sn * c1;
    cn = t;
    const double a = c[2 * n - 1], b = c[2 * n], w = (double)n;
    /* derivatives turn (value, slope / n) by a quarter and grow by n */
    double p = a * cn + b * sn, q = b * cn - a * sn;
    out[0] += p;
    for (int d = 1; d <= order; d++) {
      const double next = w * q;
      q = -w * p;
      p = next;
      out[d] += p;
    }
  }
}

/* Cosine and sine are made anew now and then, from an exact fraction of the circle: what a recurrence loses on the way
 * would be noise in the high modes, and derivatives blow that up. */
enum { ANEW = 4 };

void weyl_circle_modes(size_t n, const double *samples, size_t k, double *c) {
  memset(c, 0, (2 * k + 1) * sizeof *c);
  for (size_t j = 0; j < n; j++) {
    const double step = TAU / (double)n, c1 = cos(step * (double)j), s1 = sin(step * (double)j);
    const double f = samples[j] / (double)n;
    double cn = 1, sn = 0;
    c[0] += f;
    for (size_t m = 1; m <= k; m++) {
      if (m % ANEW == 0) {
        const double phi = step * (double)(m * j % n);
        cn = cos(phi);
        sn = sin(phi);
      } else {
        const double t = cn * c1 - sn * s1;
        sn = cn * s1 + sn * c1;
        cn = t;
      }
      c[2 * m - 1] += 2 * f * cn;
      c[2 * m] += 2 * f * sn;
    }
  }
  double most = 0;
  for (size_t i = 0; i <= 2 * k; i++) most = fmax(most, fabs(c[i]));
  size_t last = 2 * k;
  while (last > 0 && fabs(c[last]) <= 4 * DBL_EPSILON * most) c[last--] = 0;
}

double weyl_circle_tail(size_t k, const double *c) {
  double all = 0, upper = 0;
  for (size_t n = 1; n <= k; n++) {
    const double size = fabs(c[2 * n - 1]) + fabs(c[2 * n]);
    all += size;
    if (3 * n > 2 * k) upper += size;
  }
  return all > 0 || isnan(all) ? upper / all : 0;
}

/* ---- text ---- */

static const char *skip(const char *p) {
  while (*p == ' ' || *p == '\t') p++;
  return p;
}

static weyl_status refuse(weyl_context *ctx, const char *text, const char *at, const char *what) {
  if (!*at) return weyl_fail(ctx, WEYL_FORMAT, "\"%.60s\" ends at %d, expected %s", text, (int)(at - text) + 1, what);
  return weyl_fail(ctx, WEYL_FORMAT, "\"%.60s\" has \"%.12s\" at %d, expected %s", text, at, (int)(at - text) + 1,
                   what);
}

/* One signed term: number, number cosN, cosN; moves *at behind it. */
static weyl_status term(weyl_context *ctx, const char *text, bool first, const char **at, double *value, size_t *n,
                        bool *sine) {
  const char *p = skip(*at);
  double sign = 1;
  if (*p == '+' || *p == '-') {
    sign = *p == '-' ? -1 : 1;
    p = skip(p + 1);
  } else if (!first) {
    return refuse(ctx, text, p, "+ or - between terms");
  }
  char *end = NULL;
  double x = 1;
  bool number = false;
  if ((*p >= '0' && *p <= '9') || *p == '.') {
    x = strtod(p, &end);
    number = end != p;
    if (!number || !isfinite(x)) return refuse(ctx, text, p, "a finite number");
    p = skip(end);
    if (*p == '*') p = skip(p + 1);
  }
  *n = 0;
  *sine = false;
  if (strncmp(p, "cos", 3) == 0 || strncmp(p, "sin", 3) == 0) {
    *sine = *p == 's';
    p += 3;
    if (*p < '0' || *p > '9') return refuse(ctx, text, p, "the number of the mode: cos2 is cos(2 phi)");
    const unsigned long mode = strtoul(p, &end, 10);
    if (mode > WEYL_CIRCLE_MODES)
      return weyl_fail(ctx, WEYL_FORMAT, "\"%.60s\" has mode %lu at %d, must be at most %d", text, mode,
                       (int)(p - text) + 1, WEYL_CIRCLE_MODES);
    *n = mode;
    p = end;
  } else if (!number) {
    return refuse(ctx, text, p, "a number, cosN or sinN, as in -1 + 0.3cos1");
  }
  *value = sign * x;
  *at = skip(p);
  return WEYL_OK;
}

/* Adds the terms to c, or (NULL) finds the highest mode. */
static weyl_status terms(weyl_context *ctx, const char *text, size_t k, double *c, size_t *highest) {
  const char *at = text;
  bool first = true;
  *highest = 0;
  do {
    double value;
    size_t n;
    bool sine;
    WEYL_TRY(term(ctx, text, first, &at, &value, &n, &sine));
    first = false;
    if (n > *highest) *highest = n;
    if (!c) continue;
    if (n > k) return weyl_fail(ctx, WEYL_FORMAT, "\"%.60s\" has mode %zu, room is for %zu", text, n, k);
    if (n == 0)
      c[0] += sine ? 0 : value;
    else
      c[sine ? 2 * n : 2 * n - 1] += value;
  } while (*at);
  return WEYL_OK;
}

weyl_status weyl_circle_parse(weyl_context *ctx, const char *text, size_t k, double *c) {
  size_t highest;
  WEYL_TRY(terms(ctx, text, k, NULL, &highest)); /* nothing is written if something is wrong */
  if (highest > k) return weyl_fail(ctx, WEYL_FORMAT, "\"%.60s\" has mode %zu, room is for %zu", text, highest, k);
  return terms(ctx, text, k, c, &highest);
}

weyl_status weyl_circle_highest(weyl_context *ctx, const char *text, size_t *k) {
  size_t highest;
  WEYL_TRY(terms(ctx, text, 0, NULL, &highest));
  *k = highest;
  return WEYL_OK;
}

/* ---- diffeomorphisms ---- */

double weyl_circle_preimage(size_t k, const double *p, double y) {
  double reach = 0, f[2];
  for (size_t i = 0; i <= 2 * k; i++) reach += fabs(p[i]);
  double low = y - reach - 1e-12, high = y + reach + 1e-12, x = y;
  for (int step = 0; step < 100; step++) { /* Newton, kept between low and high */
    weyl_circle_at(k, p, x, 1, f);
    const double off = x + f[0] - y;
    if (off > 0)
      high = x;
    else
      low = x;
    double next = x - off / (1 + f[1]);
    if (!(next >= low && next <= high)) next = low + (high - low) / 2;
    const double change = fabs(next - x);
    x = next;
    if (change <= 2e-16 * (1 + fabs(x))) break;
  }
  return x;
}

double weyl_circle_slope(size_t k, const double *p) {
  const size_t n = 8 * k + 32;
  double least = INFINITY, f[2];
  for (size_t j = 0; j < n; j++) {
    weyl_circle_at(k, p, TAU * (double)j / (double)n, 1, f);
    if (!(1 + f[1] >= least)) least = 1 + f[1]; /* NaN sticks */
    if (isnan(least)) break;
  }
  return least;
}
