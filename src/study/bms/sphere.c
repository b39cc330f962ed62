/* Functions on the sphere and their derivatives, as jets in (u, r, theta, phi). */
#include "sphere.h"

#include <string.h>

/* z = x y in derivatives with respect to theta */
static void leibniz(const double *x, const double *y, double *z) {
  static const double binomial[DERIVATIVES][DERIVATIVES] = {{1}, {1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}};
  double out[DERIVATIVES];
  for (int n = 0; n < DERIVATIVES; n++) {
    out[n] = 0;
    for (int k = 0; k <= n; k++) out[n] += binomial[n][k] * x[k] * y[n - k];
  }
  memcpy(z, out, sizeof out);
}

/* Adds c Y_lm, given the part in theta. */
static void add_harmonic(const double *part, int m, double phi, double c, sphere f) {
  const double w = m < 0 ? -m : m, even = cos(w * phi), odd = sin(w * phi);
  /* derivatives of cos: cos, -sin, -cos, sin; of sin: sin, cos, -sin, -cos */
  const double turn[2][4] = {{even, -odd, -even, odd}, {odd, even, -odd, -even}};
  double power = 1;
  for (int b = 0; b < DERIVATIVES; b++, power *= w)
    for (int a = 0; a + b < DERIVATIVES; a++) f[a][b] += c * part[a] * power * turn[m < 0][b % 4];
}

/* By the recurrences of the Legendre functions in jets of theta. */
void sphere_at(int l_max, const double *c, double theta, double phi, sphere f) {
  const double s = sin(theta), x = cos(theta);
  const double sine[DERIVATIVES] = {s, x, -s, -x, s}, cosine[DERIVATIVES] = {x, -s, -x, s, x};
  double start[DERIVATIVES] = {1};
  memset(f, 0, sizeof(sphere));
  for (int m = 0; m <= l_max; m++) {
    if (m > 0) {
      leibniz(start, sine, start);
      const double scale = m == 1 ? 1 : sqrt((2.0 * m - 1) / (2.0 * m));
      for (int a = 0; a < DERIVATIVES; a++) start[a] *= scale;
    }
    double at[DERIVATIVES], below[DERIVATIVES] = {0}, next[DERIVATIVES];
    memcpy(at, start, sizeof at);
    for (int l = m; l <= l_max; l++) {
      add_harmonic(at, m, phi, c[l * l + l + m], f);
      if (m > 0) add_harmonic(at, -m, phi, c[l * l + l - m], f);
      leibniz(cosine, at, next);
      const double up = sqrt((double)(l + 1) * (l + 1) - (double)m * m), down = sqrt((double)l * l - (double)m * m);
      for (int a = 0; a < DERIVATIVES; a++) {
        const double value = ((2 * l + 1) * next[a] - down * below[a]) / up;
        below[a] = at[a];
        at[a] = value;
      }
    }
  }
}

jet sphere_part(sphere f, int a, int b) {
  jet x = {.v = f[a][b]};
  x.d[THETA] = f[a + 1][b];
  x.d[ANGLE] = f[a][b + 1];
  x.h[jet_pair(THETA, THETA)] = f[a + 2][b];
  x.h[jet_pair(THETA, ANGLE)] = f[a + 1][b + 1];
  x.h[jet_pair(ANGLE, ANGLE)] = f[a][b + 2];
  return x;
}

round_sphere round_at(double theta) {
  const jet t = jet_variable(THETA, theta);
  const jet s = jet_chain(t, sin(theta), cos(theta), -sin(theta)),
            c = jet_chain(t, cos(theta), -sin(theta), -cos(theta));
  round_sphere r;
  r.square = jet_mul(s, s);
  r.mixed = jet_mul(s, c);
  r.cot = jet_mul(c, jet_recip(s));
  r.over = jet_recip(r.square);
  return r;
}

void sphere_hessian(sphere f, const round_sphere *s, jet out[3]) {
  out[0] = sphere_part(f, 2, 0);
  out[1] = jet_mix(1, sphere_part(f, 1, 1), -1, jet_mul(s->cot, sphere_part(f, 0, 1)));
  out[2] = jet_add(sphere_part(f, 0, 2), jet_mul(s->mixed, sphere_part(f, 1, 0)));
}
