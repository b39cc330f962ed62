/* From the jets of a metric to connection, curvature and the forms of charges. Everything is algebra on exact
 * derivatives: nothing is differenced. */
#include "geometry.h"

#include <string.h>

#define AT(metric, a, b) ((metric)[jet_pair(a, b)])

/* The inverse by cofactors, which keeps small components right where r is small; returns the determinant. */
static inline double invert3(double a[JET_VARS][JET_VARS], double to[JET_VARS][JET_VARS]) {
  double cofactor[3][3];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      const int p = (i + 1) % 3, q = (i + 2) % 3, s = (j + 1) % 3, t = (j + 2) % 3;
      cofactor[i][j] = a[p][s] * a[q][t] - a[p][t] * a[q][s];
    }
  const double det = a[0][0] * cofactor[0][0] + a[0][1] * cofactor[0][1] + a[0][2] * cofactor[0][2];
  for (int i = 0; i < 3 && det != 0; i++)
    for (int j = 0; j < 3; j++) to[i][j] = cofactor[j][i] / det;
  return det;
}

/* The inverse by Gauss and Jordan with pivots; returns the determinant, 0 if singular. */
static inline double invert(int n, double from[JET_VARS][JET_VARS], double to[JET_VARS][JET_VARS]) {
  double a[JET_VARS][2 * JET_VARS] = {{0}}, det = 1;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) a[i][j] = from[i][j];
    a[i][n + i] = 1;
  }
  for (int c = 0; c < n; c++) {
    int best = c;
    for (int i = c + 1; i < n; i++)
      if (fabs(a[i][c]) > fabs(a[best][c])) best = i;
    if (!(fabs(a[best][c]) > 0)) return 0;
    if (best != c) {
      double row[2 * JET_VARS];
      memcpy(row, a[c], sizeof row);
      memcpy(a[c], a[best], sizeof row);
      memcpy(a[best], row, sizeof row);
      det = -det;
    }
    det *= a[c][c];
    const double scale = 1 / a[c][c];
    for (int j = 0; j < 2 * n; j++) a[c][j] *= scale;
    for (int i = 0; i < n; i++) {
      const double f = a[i][c];
      if (i == c || f == 0) continue;
      for (int j = 0; j < 2 * n; j++) a[i][j] -= f * a[c][j];
    }
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) to[i][j] = a[i][n + j];
  return det;
}

static inline void make(int n, const jet *metric, geometry *s) {
  s->n = n;
  s->metric = metric;
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++) {
      s->g[a][b] = AT(metric, a, b).v;
      for (int c = 0; c < n; c++) s->slope[c][a][b] = AT(metric, a, b).d[c];
    }
  s->volume = sqrt(fabs(n == 3 ? invert3(s->g, s->inverse) : invert(n, s->g, s->inverse)));
  if (!(s->volume > 0)) return;
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++)
      for (int c = b; c < n; c++)
        s->low[a][b][c] = s->low[a][c][b] = 0.5 * (s->slope[b][a][c] + s->slope[c][a][b] - s->slope[a][b][c]);
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++)
      for (int c = b; c < n; c++) {
        double sum = 0;
        for (int e = 0; e < n; e++) sum += s->inverse[a][e] * s->low[e][b][c];
        s->gamma[a][b][c] = s->gamma[a][c][b] = sum;
      }
}

void geometry_at(int n, const jet *metric, geometry *out) {
  if (n == 3)
    make(3, metric, out);
  else
    make(4, metric, out);
}

/* R_abcd = (d_b d_c g_ad + d_a d_d g_bc - d_a d_c g_bd - d_b d_d g_ac) / 2 + Gamma_{e,bc} Gamma^e_ad
 *          - Gamma_{e,bd} Gamma^e_ac; the sphere has R_abab > 0 */
static inline double riemann(int n, const geometry *s, int a, int b, int c, int d, double *scale) {
  const jet *g = s->metric;
  const double bend[4] = {0.5 * AT(g, a, d).h[jet_pair(b, c)], 0.5 * AT(g, b, c).h[jet_pair(a, d)],
                          -0.5 * AT(g, b, d).h[jet_pair(a, c)], -0.5 * AT(g, a, c).h[jet_pair(b, d)]};
  double sum = 0;
  for (int k = 0; k < 4; k++) {
    sum += bend[k];
    *scale = fmax(*scale, fabs(bend[k]));
  }
  for (int e = 0; e < n; e++) {
    const double plus = s->low[e][b][c] * s->gamma[e][a][d], minus = s->low[e][b][d] * s->gamma[e][a][c];
    sum += plus - minus;
    *scale = fmax(*scale, fmax(fabs(plus), fabs(minus)));
  }
  return sum;
}

static inline double contract(int n, const geometry *s, double ricci[JET_VARS][JET_VARS]) {
  double scale = 0;
  for (int b = 0; b < n; b++)
    for (int d = b; d < n; d++) {
      double sum = 0;
      for (int a = 0; a < n; a++)
        for (int c = 0; c < n; c++) {
          const double up = s->inverse[a][c];
          if (up == 0 || a == b || c == d) continue; /* antisymmetric in both pairs */
          double most = 0;
          sum += up * riemann(n, s, a, b, c, d, &most);
          scale = fmax(scale, fabs(up) * most);
        }
      ricci[b][d] = ricci[d][b] = sum;
    }
  return scale;
}

double geometry_ricci(const geometry *at, double ricci[JET_VARS][JET_VARS]) {
  return at->n == 3 ? contract(3, at, ricci) : contract(4, at, ricci);
}

double geometry_riemann(const geometry *at, double *scale) {
  double most = 0, largest = 0;
  const int n = at->n;
  for (int a = 0; a < n; a++)
    for (int b = a + 1; b < n; b++)
      for (int c = a; c < n; c++)
        for (int d = c + 1; d < n; d++) {
          const double r = fabs(riemann(n, at, a, b, c, d, &largest));
          if (!(r <= most)) most = r; /* NaN sticks */
        }
  if (scale) *scale = largest;
  return most;
}

void geometry_lie(const geometry *at, const jet *xi, jet *out) {
  const int n = at->n;
  for (int a = 0; a < n; a++)
    for (int b = a; b < n; b++) {
      jet sum = {0};
      for (int c = 0; c < n; c++) {
        sum = jet_add(sum, jet_mul(xi[c], jet_slope(AT(at->metric, a, b), c)));
        sum = jet_add(sum, jet_mul(AT(at->metric, c, b), jet_slope(xi[c], a)));
        sum = jet_add(sum, jet_mul(AT(at->metric, a, c), jet_slope(xi[c], b)));
      }
      out[jet_pair(a, b)] = sum;
    }
}

void geometry_bracket(int n, const jet *x, const jet *y, jet *out) {
  for (int a = 0; a < n; a++) {
    jet sum = {0};
    for (int b = 0; b < n; b++) {
      sum = jet_add(sum, jet_mul(x[b], jet_slope(y[a], b)));
      sum = jet_mix(1, sum, -1, jet_mul(y[b], jet_slope(x[a], b)));
    }
    out[a] = sum;
  }
}

/* What the form is made of, at one point: D_a xi^b, D_c h_ab and their traces. */
typedef struct form {
  int n;
  const geometry *at;
  double xi[JET_VARS], xi_low[JET_VARS];
  double turn[JET_VARS][JET_VARS];         /* [a][b]: D^a xi^b */
  double h_up[JET_VARS][JET_VARS];         /* h^{ab} */
  double h_mixed[JET_VARS][JET_VARS];      /* [a][b]: h^a_b */
  double trace, trace_up[JET_VARS];        /* h, D^a h */
  double div_up[JET_VARS];                 /* D_s h^{as} */
  double dh[JET_VARS][JET_VARS][JET_VARS]; /* [c][a][b]: D^c h^{ab} */
} form;

static void raise(const geometry *s, const double *from, double *to) {
  for (int a = 0; a < s->n; a++) {
    to[a] = 0;
    for (int b = 0; b < s->n; b++) to[a] += s->inverse[a][b] * from[b];
  }
}

static void prepare(const geometry *s, const jet *xi, const jet *h, form *f) {
  const int n = s->n;
  double down[JET_VARS][JET_VARS][JET_VARS], first[JET_VARS][JET_VARS][JET_VARS], trace_low[JET_VARS] = {0};
  memset(f, 0, sizeof *f);
  f->n = n;
  f->at = s;
  for (int a = 0; a < n; a++) f->xi[a] = xi[a].v;
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++) f->xi_low[a] += s->g[a][b] * f->xi[b];
  for (int b = 0; b < n; b++) {
    double low[JET_VARS], up[JET_VARS];
    for (int a = 0; a < n; a++) {
      low[a] = xi[b].d[a];
      for (int c = 0; c < n; c++) low[a] += s->gamma[b][a][c] * f->xi[c];
    }
    raise(s, low, up);
    for (int a = 0; a < n; a++) f->turn[a][b] = up[a];
  }
  for (int c = 0; c < n; c++)
    for (int a = 0; a < n; a++)
      for (int b = 0; b < n; b++) {
        double sum = AT(h, a, b).d[c];
        for (int d = 0; d < n; d++) sum -= s->gamma[d][c][a] * AT(h, d, b).v + s->gamma[d][c][b] * AT(h, a, d).v;
        down[c][a][b] = sum;
      }
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++)
      for (int c = 0; c < n; c++) f->h_mixed[a][b] += s->inverse[a][c] * AT(h, c, b).v;
  for (int a = 0; a < n; a++) {
    f->trace += f->h_mixed[a][a];
    raise(s, f->h_mixed[a], f->h_up[a]);
  }
  for (int c = 0; c < n; c++)
    for (int a = 0; a < n; a++) {
      double mixed[JET_VARS];
      for (int b = 0; b < n; b++) trace_low[c] += s->inverse[a][b] * down[c][a][b];
      for (int b = 0; b < n; b++) {
        mixed[b] = 0;
        for (int e = 0; e < n; e++) mixed[b] += s->inverse[a][e] * down[c][e][b];
      }
      raise(s, mixed, first[c][a]); /* D_c h^{ab} */
    }
  raise(s, trace_low, f->trace_up);
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++) {
      f->div_up[a] += first[b][a][b];
      double low[JET_VARS], up[JET_VARS];
      for (int c = 0; c < n; c++) low[c] = first[c][a][b];
      raise(s, low, up);
      for (int c = 0; c < n; c++) f->dh[c][a][b] = up[c];
    }
}

static double half_form(const form *f, int mu, int nu) {
  double sum = f->xi[nu] * (f->trace_up[mu] - f->div_up[mu]) + 0.5 * f->trace * f->turn[nu][mu];
  for (int s = 0; s < f->n; s++) sum += f->xi_low[s] * f->dh[nu][mu][s];
  /* h^{nu s} (D^mu xi_s - D_s xi^mu) / 2, with h^nu_s D^mu xi^s and h^{nu s} D_s xi^mu = h^nu_s D^s xi^mu */
  for (int s = 0; s < f->n; s++) sum += 0.5 * f->h_mixed[nu][s] * (f->turn[mu][s] - f->turn[s][mu]);
  return sum;
}

double geometry_charge_form(const geometry *at, const jet *xi, const jet *h, int mu, int nu) {
  form f;
  prepare(at, xi, h, &f);
  return at->volume * (half_form(&f, mu, nu) - half_form(&f, nu, mu));
}

void geometry_acceleration(const geometry *at, const double *v, double *out) {
  for (int a = 0; a < at->n; a++) {
    double sum = 0;
    for (int b = 0; b < at->n; b++)
      for (int c = 0; c < at->n; c++) sum += at->gamma[a][b][c] * v[b] * v[c];
    out[a] = -sum;
  }
}
