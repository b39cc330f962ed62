/* Spherical harmonics, one point at a time, in double: what the fast loops are compared with. */
#include "harmonics.h"

#include <math.h>

double weyl_harmonics_scale(weyl_harmonics_norm norm, int l) {
  switch (norm) {
    case WEYL_HARMONICS_COMPONENT: return sqrt(4 * pi);
    case WEYL_HARMONICS_NORM: return sqrt(4 * pi / (2 * l + 1));
    default: return 1;
  }
}

void harmonics_plan_fill(const weyl_harmonics_opts *opts, double *room, harmonics_plan *plan) {
  const int L = opts->l_max;
  const size_t n = harmonics_at(L + 1, 0);
  double *a = room, *b = a + n, *gx = b + n, *gz = gx + n;
  for (int l = 0; l <= L; l++) {
    for (int m = 0; m <= l; m++) {
      const size_t i = harmonics_at(l, m);
      const double up = l, ll = up * up, mm = (double)m * m, ratio = (2 * up + 1) / (2 * up - 1);
      b[i] = gx[i] = gz[i] = 0;
      if (m == l) {
        a[i] = l == 0 ? sqrt(1 / (4 * pi)) : l == 1 ? sqrt(3.0) : sqrt((2 * up + 1) / (2 * up));
        continue;
      }
      a[i] = sqrt((4 * ll - 1) / (ll - mm));
      if (l > m + 1) {
        b[i] = sqrt((2 * up + 1) * ((up - 1) * (up - 1) - mm) / ((2 * up - 3) * (ll - mm)));
        gx[i] = sqrt(ratio * (l - m) * (l - m - 1) * (m == 0 ? 0.5 : 1)); /* sqrt(2) belongs to orders other than 0 */
      }
      gz[i] = sqrt(ratio * (l - m) * (l + m));
    }
  }
  *plan = (harmonics_plan){L, opts->axes == WEYL_AXES_STANDARD, opts->solid, a, b, gx, gz, {0}};
  for (int l = 0; l <= L; l++) plan->scale[l] = weyl_harmonics_scale(opts->norm, l);
}

enum { TRIANGLE_MAX = (WEYL_L_MAX + 1) * (WEYL_L_MAX + 2) / 2 };

typedef struct powers {
  double p[TRIANGLE_MAX], c[WEYL_L_MAX + 1], s[WEYL_L_MAX + 1];
} powers;

static void legendre(const harmonics_plan *plan, const double r[3], powers *w) {
  const int L = plan->l_max;
  const double x = r[0], y = r[1], z = r[2], square = x * x + y * y + z * z;
  w->c[0] = 1;
  w->s[0] = 0;
  for (int m = 1; m <= L; m++) {
    w->c[m] = x * w->c[m - 1] - y * w->s[m - 1];
    w->s[m] = x * w->s[m - 1] + y * w->c[m - 1];
  }
  for (int m = 0; m <= L; m++) {
    const size_t top = harmonics_at(m, m);
    w->p[top] = m == 0 ? plan->a[0] : plan->a[top] * w->p[harmonics_at(m - 1, m - 1)];
    for (int l = m + 1; l <= L; l++) {
      const size_t i = harmonics_at(l, m);
      w->p[i] = plan->a[i] * z * w->p[harmonics_at(l - 1, m)];
      if (l > m + 1) w->p[i] -= plan->b[i] * square * w->p[harmonics_at(l - 2, m)];
    }
  }
}

/* The gradients of the two harmonics of orders m and -m: g[0 or 1][3]. */
static void gradient(const harmonics_plan *plan, const powers *w, const double r[3], int l, int m, double g[2][3]) {
  const size_t i = harmonics_at(l, m);
  const double p = w->p[i], c = w->c[m], s = w->s[m];
  const double across = l > m + 1 ? -plan->gx[i] * w->p[harmonics_at(l - 1, m + 1)] : 0;
  const double along = l > m ? plan->gz[i] * w->p[harmonics_at(l - 1, m)] : 0;
  const double mc = m > 0 ? m * w->c[m - 1] : 0, ms = m > 0 ? m * w->s[m - 1] : 0;
  g[0][0] = r[0] * across * c + p * mc;
  g[0][1] = r[1] * across * c - p * ms;
  g[0][2] = along * c;
  g[1][0] = r[0] * across * s + p * ms;
  g[1][1] = r[1] * across * s + p * mc;
  g[1][2] = along * s;
}

/* One point. xyz in the axes of the plan; dy [3][(l_max+1)^2] or NULL. */
static void point(const harmonics_plan *plan, const double xyz[3], double *y, double *dy) {
  const int L = plan->l_max;
  const size_t width = (size_t)(L + 1) * (size_t)(L + 1);
  const int first = plan->standard ? 0 : 2; /* the axis of xyz that is x of the standard axes */
  double r[3], length = 1;
  for (int k = 0; k < 3; k++) r[k] = xyz[(first + k) % 3];
  bool zero = false;
  if (!plan->solid) {
    const double big = fmax(fabs(r[0]), fmax(fabs(r[1]), fabs(r[2])));
    zero = big == 0 && !isnan(r[0]) && !isnan(r[1]) && !isnan(r[2]);
    if (!zero) { /* scaled first, so that no square overflows or is lost */
      for (int k = 0; k < 3; k++) r[k] /= big;
      length = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
      for (int k = 0; k < 3; k++) r[k] /= length;
      length *= big;
    }
  }
  powers w;
  legendre(plan, r, &w);
  for (int l = 0; l <= L; l++) {
    for (int m = 0; m <= l; m++) {
      const size_t plus = (size_t)(l * (l + 1) + m), minus = (size_t)(l * (l + 1) - m);
      const double p = zero && l > 0 ? 0 : plan->scale[l] * w.p[harmonics_at(l, m)];
      const double value[2] = {p * w.c[m], p * w.s[m]};
      y[plus] = value[0];
      if (m > 0) y[minus] = value[1];
      if (!dy) continue;
      double g[2][3];
      gradient(plan, &w, r, l, m, g);
      for (int part = 0; part < (m > 0 ? 2 : 1); part++) {
        for (int k = 0; k < 3; k++) {
          double d = plan->scale[l] * g[part][k];
          if (!plan->solid) d = zero || l == 0 ? 0 : (d - l * value[part] * r[k]) / length; /* r . grad P = l P */
          dy[(size_t)((first + k) % 3) * width + (part == 0 ? plus : minus)] = d;
        }
      }
    }
  }
}

void harmonics_reference_f64(const harmonics_plan *plan, size_t n, const void *xyz, void *y, void *dy) {
  const size_t width = (size_t)(plan->l_max + 1) * (size_t)(plan->l_max + 1);
  const double *r = xyz;
  double *out = y, *slope = dy;
  for (size_t i = 0; i < n; i++) point(plan, r + 3 * i, out + i * width, slope ? slope + 3 * i * width : NULL);
}

void harmonics_reference_f32(const harmonics_plan *plan, size_t n, const void *xyz, void *y, void *dy) {
  enum { WIDTH_MAX = (WEYL_L_MAX + 1) * (WEYL_L_MAX + 1) };
  const size_t width = (size_t)(plan->l_max + 1) * (size_t)(plan->l_max + 1);
  const float *r = xyz;
  float *out = y, *slope = dy;
  double values[WIDTH_MAX], slopes[3 * WIDTH_MAX];
  for (size_t i = 0; i < n; i++) {
    const double at[3] = {(double)r[3 * i], (double)r[3 * i + 1], (double)r[3 * i + 2]};
    point(plan, at, values, slope ? slopes : NULL);
    for (size_t k = 0; k < width; k++) out[i * width + k] = (float)values[k];
    for (size_t k = 0; slope && k < 3 * width; k++) slope[3 * i * width + k] = (float)slopes[k];
  }
}
