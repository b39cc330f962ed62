/* Charges at the boundary, and the algebra of their brackets. */
#include "flat.h"

#include <complex.h>
#include <string.h>

/* 1 / pi of the integral of f g over the circle */
static double overlap(size_t kf, const double *f, size_t kg, const double *g) {
  const size_t k = kf < kg ? kf : kg;
  double sum = 2 * f[0] * g[0];
  for (size_t i = 1; i <= 2 * k; i++) sum += f[i] * g[i];
  return sum;
}

double weyl_bms_charge(const weyl_bms_data *data, const weyl_bms_vector *v, double g) {
  return (overlap(v->modes, v->t, data->modes, data->theta) + 2 * v->t[0] +
          2 * overlap(v->modes, v->y, data->modes, data->xi)) /
         (16 * g);
}

/* 1 / pi of int y' (t'' + t): y' of mode n is n (b_n cos - a_n sin) */
static double central(size_t ky, const double *y, size_t kt, const double *t) {
  const size_t k = ky < kt ? ky : kt;
  double sum = 0;
  for (size_t n = 1; n <= k; n++) {
    const double w = (double)n;
    sum += w * (1 - w * w) * (y[2 * n] * t[2 * n - 1] - y[2 * n - 1] * t[2 * n]);
  }
  return sum;
}

double weyl_bms_central(const weyl_bms_vector *a, const weyl_bms_vector *b, double g) {
  return (central(a->modes, a->y, b->modes, b->t) - central(b->modes, b->y, a->modes, a->t)) / (8 * g);
}

/* ---- the algebra ---- */

/* delta_2 Q1 for real vectors */
typedef struct brackets {
  weyl_context *ctx;
  const weyl_bms_data *data;
  weyl_bms_data change;
  double g, r;
} brackets;

static weyl_status real_bracket(brackets *q, const weyl_bms_vector *a, const weyl_bms_vector *b, double *out) {
  if (q->r > 0) return weyl_bms_bulk_bracket(q->ctx, q->data, a, b, false, 0.7, q->r, q->g, out);
  WEYL_TRY(weyl_bms_vary(q->ctx, q->data, b, &q->change));
  /* the zero of the charge does not vary */
  *out = (overlap(a->modes, a->t, q->change.modes, q->change.theta) +
          2 * overlap(a->modes, a->y, q->change.modes, q->change.xi)) /
         (16 * q->g);
  return WEYL_OK;
}

/* cos(|n| phi) or sin(|n| phi) as Y (kind 0) or T (kind 1) */
static void unit(weyl_bms_vector *v, int kind, size_t n, bool sine) {
  memset(v->y, 0, (2 * v->modes + 1) * sizeof *v->y);
  memset(v->t, 0, (2 * v->modes + 1) * sizeof *v->t);
  double *c = kind ? v->t : v->y;
  if (n == 0)
    c[0] = sine ? 0 : 1;
  else
    c[sine ? 2 * n : 2 * n - 1] = 1;
}

/* Every bracket of real modes: [2][K][2][K], K = 2 modes + 1, place 0 the constant, 2 n - 1 cosine, 2 n sine. */
static weyl_status real_table(brackets *q, weyl_arena *arena, size_t modes, double *table) {
  const size_t K = 2 * modes + 1;
  weyl_bms_vector a, b;
  WEYL_TRY(weyl_bms_vector_new(arena, modes, &a));
  WEYL_TRY(weyl_bms_vector_new(arena, modes, &b));
  WEYL_TRY(weyl_bms_data_new(arena, modes + q->data->modes, &q->change));
  for (int p = 0; p < 2; p++)
    for (size_t i = 0; i < K; i++)
      for (int s = 0; s < 2; s++)
        for (size_t j = 0; j < K; j++) {
          unit(&a, p, (i + 1) / 2, i > 0 && i % 2 == 0);
          unit(&b, s, (j + 1) / 2, j > 0 && j % 2 == 0);
          WEYL_TRY(real_bracket(q, &a, &b, &table[(((size_t)p * K + i) * 2 + (size_t)s) * K + j]));
          if (weyl_progress(q->ctx, "brackets", (double)((size_t)p * K + i), 2 * (double)K))
            return weyl_fail(q->ctx, WEYL_INTERRUPTED, "stopped");
        }
  return WEYL_OK;
}

/* e^{i n phi} = cos + i sin by bilinearity */
static double complex at_modes(const double *table, size_t K, int p, int m, int s, int n) {
  const size_t i = (size_t)(m < 0 ? -m : m), j = (size_t)(n < 0 ? -n : n);
  double complex sum = 0;
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      if ((a && i == 0) || (b && j == 0)) continue;
      const size_t row = i == 0 ? 0 : 2 * i - 1 + (size_t)a, column = j == 0 ? 0 : 2 * j - 1 + (size_t)b;
      const double complex left = a ? (m < 0 ? -I : I) : 1, right = b ? (n < 0 ? -I : I) : 1;
      sum += left * right * table[(((size_t)p * K + row) * 2 + (size_t)s) * K + column];
    }
  return I * sum;
}

/* P_n = Q(e^{i n phi}, 0), J_n = Q(0, e^{i n phi}) */
static double complex charge_of(const weyl_bms_data *d, bool p, int n, double g) {
  const size_t k = (size_t)(n < 0 ? -n : n);
  const double *c = p ? d->theta : d->xi, factor = p ? 1 : 2;
  if (k == 0) return (factor * 2 * c[0] + (p ? 2 : 0)) / (16 * g);
  if (k > d->modes) return 0;
  return factor * (c[2 * k - 1] + (n < 0 ? -I : I) * c[2 * k]) / (16 * g);
}

weyl_status weyl_bms_algebra_of(weyl_context *ctx, const weyl_bms_data *data, size_t modes, double g, double r,
                                double *table, weyl_bms_algebra *out) {
  if (modes < 2 || modes > 32) return weyl_fail(ctx, WEYL_BAD_ARG, "brackets of %zu modes, must be 2 to 32", modes);
  if (!(g > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "G is %g, must be above 0", g);
  const size_t K = 2 * modes + 1;
  const int most = (int)modes;
  weyl_arena *arena = NULL;
  weyl_status status;
  brackets q = {.ctx = ctx, .data = data, .g = g, .r = r};
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  double *real = weyl_arena_array(arena, double, 4 * K * K);
  status = real ? WEYL_OK : WEYL_MEMORY;
  if (!real) goto done;
  WEYL_GOTO(real_table(&q, arena, modes, real));
  weyl_bms_algebra found = {0};
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, sum[2] = {0};
  static const int kinds[3][2] = {{0, 0}, {0, 1}, {1, 1}}; /* JJ, JP, PP; 0: Y */
  for (int kind = 0; kind < 3; kind++)
    for (int m = -most; m <= most; m++)
      for (int n = -most; n <= most; n++) {
        const double complex is = at_modes(real, K, kinds[kind][0], m, kinds[kind][1], n);
        const double w = (double)m;
        const double complex linear = kind == 2 ? 0 : (m - n) * charge_of(data, kind == 1, m + n, g);
        const double exact = kind == 1 && m + n == 0 ? w * (w * w - 1) / (4 * g) : 0;
        const double wrong = kind == 1 && m + n == 0 ? w * w * w / (4 * g) : 0;
        worst(&found.residual, cabs(is - linear - exact));
        worst(&found.wrong_term, cabs(is - linear - wrong));
        worst(&found.no_term, cabs(is - linear));
        if (kind < 2 && m >= 2 && n == -m) {
          const double c = 12 * creal(is - linear) / (w * (w * w - 1));
          low[kind] = fmin(low[kind], c);
          high[kind] = fmax(high[kind], c);
          sum[kind] += c / (most - 1);
        }
        if (table) {
          double *to = table + 2 * (((size_t)kind * K + (size_t)(m + most)) * K + (size_t)(n + most));
          to[0] = creal(is);
          to[1] = cimag(is);
        }
      }
  found.c1 = sum[0];
  found.c2 = sum[1];
  found.c1_spread = high[0] - low[0];
  found.c2_spread = high[1] - low[1];
  *out = found;
done:
  weyl_arena_free(arena);
  return status;
}
