/* BMS3: the diffeomorphisms F of the circle (superrotations, of its universal cover) and functions alpha on it
 * (supertranslations), as samples of F(phi) - phi and of alpha on GRID points.
 *
 *   (F1, a1) (F2, a2) = (F1 o F2, a1 + (F1' a2) o F1^-1)
 *
 * It is no group of matrices: its Lie algebra is that of pairs (Y, T) of functions, here to LIE modes, and its dual
 * that of boundary data (Theta, Xi), with the central charge that Theta = -1 belongs to (Barnich, Oblak 2014). */
#include "family.h"

#include <math.h>
#include <string.h>

enum { GRID = 256, MODES = (GRID - 1) / 2, LIE = 8, LIE_SIZE = 2 * LIE + 1, DRAWN = 3 };
#define TAU 6.28318530717958647692

typedef struct element {
  double p[2 * MODES + 1], alpha[2 * MODES + 1];
} element;

static double angle(int j) { return TAU * j / GRID; }

static void modes_of(const double *g, element *e) {
  weyl_circle_modes(GRID, g, MODES, e->p);
  weyl_circle_modes(GRID, g + GRID, MODES, e->alpha);
}

static double value(const double *c, double phi) {
  double f;
  weyl_circle_at(MODES, c, phi, 0, &f);
  return f;
}

static void about(int64_t size, weyl_group_info *info) {
  (void)size;
  info->lie_dimension = 2 * LIE_SIZE;
  info->translations = true;
  info->grid = GRID;
  info->tolerance = 1e-8; /* of the coadjoint action, which takes third derivatives; products are good to 1e-12 */
}

static size_t length(int64_t size) {
  (void)size;
  return 2 * GRID;
}

static void identity(int64_t size, double *g) {
  (void)size;
  memset(g, 0, 2 * GRID * sizeof *g);
}

static weyl_status increasing(weyl_context *ctx, const element *e) {
  const double slope = weyl_circle_slope(MODES, e->p);
  if (slope > 0) return WEYL_OK;
  return weyl_fail(ctx, WEYL_BAD_ARG, "an element of BMS3 with F' down to %g, must be above 0", slope);
}

static weyl_status compose(weyl_context *ctx, int64_t size, const double *a, const double *b, double *c) {
  (void)size;
  element first, second;
  double out[2 * GRID], slope[2];
  modes_of(a, &first);
  modes_of(b, &second);
  WEYL_TRY(increasing(ctx, &first));
  for (int j = 0; j < GRID; j++) {
    out[j] = b[j] + value(first.p, angle(j) + b[j]);
    const double back = weyl_circle_preimage(MODES, first.p, angle(j));
    weyl_circle_at(MODES, first.p, back, 1, slope);
    out[GRID + j] = a[GRID + j] + (1 + slope[1]) * value(second.alpha, back);
  }
  memcpy(c, out, sizeof out);
  return WEYL_OK;
}

static weyl_status inverse(weyl_context *ctx, int64_t size, const double *a, double *b) {
  (void)size;
  element e;
  double out[2 * GRID], p[2];
  modes_of(a, &e);
  WEYL_TRY(increasing(ctx, &e));
  for (int j = 0; j < GRID; j++) {
    out[j] = weyl_circle_preimage(MODES, e.p, angle(j)) - angle(j);
    weyl_circle_at(MODES, e.p, angle(j), 1, p);
    out[GRID + j] = -value(e.alpha, angle(j) + p[0]) / (1 + p[1]);
  }
  memcpy(b, out, sizeof out);
  return WEYL_OK;
}

/* There is no invariant measure: a rotation, and modes so low and small that F' > 4/5. */
static void sample(int64_t size, double scale, weyl_rng *rng, double *g) {
  (void)size;
  double c[2][2 * DRAWN + 1] = {{0}};
  c[0][0] = TAU * (weyl_rng_uniform(rng) - 0.5);
  c[1][0] = scale * weyl_rng_normal(rng);
  for (int i = 1; i <= 2 * DRAWN; i++) {
    c[0][i] = ldexp(0.15 * weyl_rng_normal(rng), -(i + 1) / 2);
    c[1][i] = ldexp(scale * weyl_rng_normal(rng), -(i + 1) / 2);
  }
  while (!(weyl_circle_slope(DRAWN, c[0]) > 0.8))
    for (int i = 1; i <= 2 * DRAWN; i++) c[0][i] *= 0.7;
  for (int j = 0; j < GRID; j++)
    for (int k = 0; k < 2; k++) weyl_circle_at(DRAWN, c[k], angle(j), 0, &g[k * GRID + j]);
}

static void generator(int64_t size, int k, double *g) { /* there are none */
  (void)k;
  identity(size, g);
}

/* F increases, and both functions are resolved: the upper third of the modes is no more than tol. */
static bool contains(int64_t size, const double *g, double tol) {
  (void)size;
  element e;
  for (int i = 0; i < 2 * GRID; i++)
    if (!isfinite(g[i])) return false;
  modes_of(g, &e);
  double upper = 0;
  for (int i = 2 * (2 * MODES / 3) + 1; i <= 2 * MODES; i++) upper = fmax(upper, fmax(fabs(e.p[i]), fabs(e.alpha[i])));
  return upper <= tol && weyl_circle_slope(MODES, e.p) > 0;
}

/* ---- the Lie algebra: c = modes of Y [LIE_SIZE], of T [LIE_SIZE] ---- */

/* -(Y1 Y2' - Y2 Y1', Y1 T2' + T1 Y2' - Y2 T1' - T2 Y1'): fields compose the other way round than their flows. */
static void bracket(int64_t size, const double *a, const double *b, double *c) {
  (void)size;
  double f[2][4 * LIE + 4], y1[2], t1[2], y2[2], t2[2];
  const int n = 4 * LIE + 4;
  for (int j = 0; j < n; j++) {
    const double phi = TAU * j / n;
    weyl_circle_at(LIE, a, phi, 1, y1);
    weyl_circle_at(LIE, a + LIE_SIZE, phi, 1, t1);
    weyl_circle_at(LIE, b, phi, 1, y2);
    weyl_circle_at(LIE, b + LIE_SIZE, phi, 1, t2);
    f[0][j] = y2[0] * y1[1] - y1[0] * y2[1];
    f[1][j] = y2[0] * t1[1] + t2[0] * y1[1] - y1[0] * t2[1] - t1[0] * y2[1];
  }
  weyl_circle_modes((size_t)n, f[0], LIE, c);
  weyl_circle_modes((size_t)n, f[1], LIE, c + LIE_SIZE);
}

/* (F - x, G - x, G', alpha) at x along the flow: F' = Y(F); G = F^-1: G' = -Y(G); alpha = integral of T(G) / G'. */
enum { FLOW = 4, COLUMNS = 7 };
static void rate(const double *c, double x, const double *y, double *out) {
  double up[1], down[2], t[1];
  weyl_circle_at(LIE, c, x + y[0], 0, up);
  weyl_circle_at(LIE, c, x + y[1], 1, down);
  weyl_circle_at(LIE, c + LIE_SIZE, x + y[1], 0, t);
  out[0] = up[0];
  out[1] = -down[0];
  out[2] = -down[1] * y[2];
  out[3] = t[0] / y[2];
}

/* One step by Gragg's midpoint rule of 2, 4, 6, ... parts, extrapolated. */
static void advance(const double *c, double x, double h, double *y) {
  double table[COLUMNS][FLOW];
  for (int k = 0; k < COLUMNS; k++) {
    const int parts = 2 * (k + 1);
    const double step = h / parts;
    double before[FLOW], now[FLOW], f[FLOW], carry[FLOW];
    memcpy(before, y, sizeof before);
    rate(c, x, y, f);
    for (int i = 0; i < FLOW; i++) now[i] = y[i] + step * f[i];
    for (int m = 1; m < parts; m++) {
      rate(c, x, now, f);
      for (int i = 0; i < FLOW; i++) {
        const double next = before[i] + 2 * step * f[i];
        before[i] = now[i];
        now[i] = next;
      }
    }
    rate(c, x, now, f);
    for (int i = 0; i < FLOW; i++) carry[i] = 0.5 * (now[i] + before[i] + step * f[i]);
    for (int l = 1; l <= k; l++) { /* Neville, in step^2 */
      const double ratio = (double)(k + 1) / (k + 1 - l), by = 1 / (ratio * ratio - 1);
      for (int i = 0; i < FLOW; i++) {
        const double better = carry[i] + (carry[i] - table[l - 1][i]) * by;
        table[l - 1][i] = carry[i];
        carry[i] = better;
      }
    }
    memcpy(table[k], carry, sizeof carry);
  }
  memcpy(y, table[COLUMNS - 1], FLOW * sizeof *y);
}

static void exponential(int64_t size, const double *c, double *g) {
  (void)size;
  double reach = 0; /* of Y', so that steps are short beside what it changes */
  for (int i = 1; i <= 2 * LIE; i++) reach += fabs(c[i]) * ((i + 1) / 2);
  const int steps = (int)fmin(256, ceil(4 * reach) + 1);
  for (int j = 0; j < GRID; j++) {
    double y[FLOW] = {0, 0, 1, 0};
    for (int s = 0; s < steps; s++) advance(c, angle(j), 1.0 / steps, y);
    g[j] = y[0];
    g[GRID + j] = y[3];
  }
}

/* (Theta, Xi) moved by the inverse: F^2 (Theta o F) - 2 {F}, F'^2 (Xi + a Theta' / 2 + a' Theta - a''') o F. */
static weyl_status coadjoint(weyl_context *ctx, int64_t size, const double *g, const double *from, double *to) {
  double back[2 * GRID];
  element e, d;
  WEYL_TRY(inverse(ctx, size, g, back));
  modes_of(back, &e);
  modes_of(from, &d);
  for (int j = 0; j < GRID; j++) {
    double p[4], theta[2], xi[1], a[4];
    weyl_circle_at(MODES, e.p, angle(j), 3, p);
    const double f = angle(j) + p[0], f1 = 1 + p[1], bend = p[2] / f1;
    weyl_circle_at(MODES, d.p, f, 1, theta);
    weyl_circle_at(MODES, d.alpha, f, 0, xi);
    weyl_circle_at(MODES, e.alpha, f, 3, a);
    to[j] = f1 * f1 * theta[0] - 2 * (p[3] / f1 - 1.5 * bend * bend);
    to[GRID + j] = f1 * f1 * (xi[0] + 0.5 * a[0] * theta[1] + a[1] * theta[0] - a[3]);
  }
  return WEYL_OK;
}

const group_family group_bms = {.name = "BMS",
                                .argument = ARGUMENT_ORDER,
                                .low = 3,
                                .high = 3,
                                .about = about,
                                .length = length,
                                .identity = identity,
                                .compose = compose,
                                .inverse = inverse,
                                .sample = sample,
                                .generator = generator,
                                .contains = contains,
                                .exp = exponential,
                                .bracket = bracket,
                                .coadjoint = coadjoint};
