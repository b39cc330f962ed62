/* EqMotion against the equations of the spec sheet (2.2 to 2.5) in plain loops, term by term, in f64. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/models.h>

#include "../nn/points_fixture.h"

enum { N = 5, D = 3, T = 6, F = 4, C = 6, H = 8, L = 2, K = 2, WIDTH = 2 * H + 2 * C };
static const double pi = 3.14159265358979323846;

typedef double vectors[N][C][D];

static const weyl_variables *vars;

/* y = W x + b, or without b. */
static void linear(const char *name, bool bias, const double *x, int in, double *y, int out) {
  char full[64];
  snprintf(full, sizeof full, "%s.weight", name);
  const weyl_array w = variable(vars, WEYL_PARAM, full);
  assert_int_equal(weyl_array_size(&w), in * out);
  snprintf(full, sizeof full, "%s.bias", name);
  for (int o = 0; o < out; o++) {
    y[o] = 0;
    if (bias) {
      const weyl_array b = variable(vars, WEYL_PARAM, full);
      y[o] = array_at(&b, o);
    }
    for (int i = 0; i < in; i++) y[o] += array_at(&w, o * in + i) * x[i];
  }
}

static double silu(double z) { return z / (1 + exp(-z)); }

static void mlp(const char *name, const double *x, int in, int hidden, double *y, int out, bool last) {
  char full[64];
  double mid[WIDTH];
  snprintf(full, sizeof full, "%s.0", name);
  linear(full, true, x, in, mid, hidden);
  for (int i = 0; i < hidden; i++) mid[i] = silu(mid[i]);
  snprintf(full, sizeof full, "%s.2", name);
  linear(full, true, mid, hidden, y, out);
  for (int i = 0; last && i < out; i++) y[i] = silu(y[i]);
}

/* W on the channels: y_c = sum_k W_ck x_k, both vectors. */
static void channels(const char *name, int in, double x[][D], int out, double y[][D]) {
  for (int k = 0; k < D; k++) {
    double a[WIDTH], b[WIDTH];
    for (int i = 0; i < in; i++) a[i] = x[i][k];
    linear(name, false, a, in, b, out);
    for (int o = 0; o < out; o++) y[o][k] = b[o];
  }
}

static double cosine(int n, int k, int t) { return sqrt((k ? 2.0 : 1.0) / n) * cos(pi * (t + 0.5) * k / n); }

static double dot(const double *a, const double *b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static double distance(const double *a, const double *b) {
  const double x[D] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
  return sqrt(dot(x, x));
}

static void mean_of(vectors g, double mean[D]) {
  for (int k = 0; k < D; k++) {
    mean[k] = 0;
    for (int i = 0; i < N; i++)
      for (int c = 0; c < C; c++) mean[k] += g[i][c][k] / (N * C);
  }
}

static void put(double *to, int *at, const double *from, int n) {
  memcpy(to + *at, from, (size_t)n * sizeof *to);
  *at += n;
}

/* 2.2: G, U, h and the centre of a scene. */
static void first_features(double x[N][T][D], vectors g, vectors u, double h[N][H], double centre[D]) {
  double x_hat[N][T][D], v_hat[N][T][D], m[D] = {0};
  memset(centre, 0, D * sizeof *centre);
  for (int i = 0; i < N; i++)
    for (int t = 0; t < T; t++)
      for (int k = 0; k < D; k++) centre[k] += x[i][t][k] / (N * T);
  for (int i = 0; i < N; i++) {
    double v[T][D], speed[T], angle[T];
    for (int t = 0; t < T; t++)
      for (int k = 0; k < D; k++) v[t][k] = x[i][t ? t : 1][k] - x[i][t ? t - 1 : 0][k];
    for (int t = 0; t < T; t++) {
      const double *before = v[t ? t - 1 : 0];
      speed[t] = sqrt(dot(v[t], v[t]));
      const double c = dot(before, v[t]) / ((sqrt(dot(before, before)) + 1e-6) * (speed[t] + 1e-6));
      angle[t] = acos(fmin(1, fmax(-1, c)));
    }
    linear("speed", true, speed, T, h[i], H / 2);
    linear("angle", true, angle, T, h[i] + H / 2, H / 2);
    for (int q = 0; q < T; q++)
      for (int k = 0; k < D; k++) {
        x_hat[i][q][k] = v_hat[i][q][k] = 0;
        for (int t = 0; t < T; t++) {
          x_hat[i][q][k] += cosine(T, q, t) * (x[i][t][k] - centre[k]);
          v_hat[i][q][k] += cosine(T, q, t) * v[t][k];
        }
        m[k] += x_hat[i][q][k] / (N * T);
      }
  }
  for (int i = 0; i < N; i++) {
    for (int q = 0; q < T; q++)
      for (int k = 0; k < D; k++) x_hat[i][q][k] -= m[k];
    channels("position", T, x_hat[i], C, g[i]);
    channels("step", T, v_hat[i], C, u[i]);
    for (int c = 0; c < C; c++)
      for (int k = 0; k < D; k++) g[i][c][k] += m[k];
  }
}

/* 2.3 */
static void reason(vectors g, vectors u, double h[N][H], double tau, double category[N][N][K]) {
  double delta[N][N][2 * C], n[N][H];
  for (int i = 0; i < N; i++) {
    double x[2 * H] = {0};
    memcpy(x, h[i], sizeof h[i]);
    for (int j = 0; j < N; j++) {
      double length[2 * C], z[WIDTH], e[H];
      int at = 0;
      for (int c = 0; c < C; c++) {
        length[c] = distance(g[i][c], g[j][c]);
        length[C + c] = distance(u[i][c], u[j][c]);
      }
      mlp("reasoning.distance", length, 2 * C, H, delta[i][j], 2 * C, true);
      put(z, &at, h[i], H);
      put(z, &at, h[j], H);
      put(z, &at, delta[i][j], 2 * C);
      mlp("reasoning.edge", z, at, H, e, H, true);
      for (int k = 0; j != i && k < H; k++) x[H + k] += e[k];
    }
    mlp("reasoning.node", x, 2 * H, H, n[i], H, true);
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double z[WIDTH], sum = 0;
      int at = 0;
      put(z, &at, n[i], H);
      put(z, &at, n[j], H);
      put(z, &at, delta[i][j], 2 * C);
      mlp("reasoning.category", z, at, H, category[i][j], K, true);
      for (int k = 0; k < K; k++) sum += exp(category[i][j][k] / tau);
      for (int k = 0; k < K; k++) category[i][j][k] = exp(category[i][j][k] / tau) / sum;
    }
}

/* 2.4 */
static void layer(int l, vectors g, vectors u, double h[N][H], double category[N][N][K]) {
  vectors next;
  double mean[D], messages[N][H] = {{0}};
  char name[64];
#define NAME(what) (snprintf(name, sizeof name, "layer_%d.%s", l, what), name)
  mean_of(g, mean);
  for (int i = 0; i < N; i++) {
    double a[C], push[C][D];
    linear(NAME("attention"), true, h[i], H, a, C);
    channels(NAME("step"), C, u[i], C, push);
    for (int c = 0; c < C; c++)
      for (int k = 0; k < D; k++) next[i][c][k] = g[i][c][k] + silu(a[c]) * (g[i][c][k] - mean[k]) + push[c][k];
    for (int j = 0; j < N; j++) {
      if (j == i) continue;
      double z[WIDTH], d[C], sum[C] = {0}, f[C], m[H];
      int at = 0;
      for (int c = 0; c < C; c++) d[c] = distance(g[i][c], g[j][c]);
      put(z, &at, h[i], H);
      put(z, &at, h[j], H);
      put(z, &at, d, C);
      mlp(NAME("message"), z, at, H, m, H, true);
      for (int k = 0; k < H; k++) messages[i][k] += m[k];
      for (int q = 0; q < K; q++) {
        double phi[C];
        mlp(NAME(q ? "category_1" : "category_0"), z, at, H, phi, C, true);
        for (int c = 0; c < C; c++) sum[c] += category[i][j][q] * phi[c];
      }
      mlp(NAME("aggregate"), sum, C, C, f, C, true);
      for (int c = 0; c < C; c++)
        for (int k = 0; k < D; k++) next[i][c][k] += f[c] * (g[i][c][k] - g[j][c][k]);
    }
  }
  mean_of(next, mean);
  for (int i = 0; i < N; i++) {
    double centred[C][D], q[C][D], r[C][D], x[2 * H], more[H];
    for (int c = 0; c < C; c++)
      for (int k = 0; k < D; k++) centred[c][k] = next[i][c][k] - mean[k];
    channels(NAME("q"), C, centred, C, q);
    channels(NAME("r"), C, centred, C, r);
    for (int c = 0; c < C; c++) {
      const double p = dot(q[c], r[c]);
      for (int k = 0; k < D; k++) g[i][c][k] = q[c][k] - (p < 0 ? p / (dot(r[c], r[c]) + 1e-4) * r[c][k] : 0) + mean[k];
    }
    memcpy(x, h[i], sizeof h[i]);
    memcpy(x + H, messages[i], sizeof messages[i]);
    mlp(NAME("pattern"), x, 2 * H, H, more, H, false);
    for (int k = 0; k < H; k++) h[i][k] += more[k]; /* the messages above had the layer's input */
  }
#undef NAME
}

/* 2.5 */
static void future_of(vectors g, const double centre[D], double y[N][F][D]) {
  double m[D];
  mean_of(g, m);
  for (int i = 0; i < N; i++) {
    double y_hat[F][D];
    for (int c = 0; c < C; c++)
      for (int k = 0; k < D; k++) g[i][c][k] -= m[k];
    channels("out", C, g[i], F, y_hat);
    for (int t = 0; t < F; t++)
      for (int k = 0; k < D; k++) {
        y[i][t][k] = centre[k];
        for (int q = 0; q < F; q++) y[i][t][k] += cosine(F, q, t) * (y_hat[q][k] + m[k]);
      }
  }
}

static void the_equations(void **state) {
  (void)state;
  static const char *const set[][2] = {{"channels", "6"}, {"hidden", "8"}, {"layers", "2"}, {"tau", "0.5"}};
  const int64_t size[] = {N};
  for (uint64_t seed = 1; seed <= 3; seed++) {
    cloud c = cloud_new(D, 1, size, seed);
    cloud_give_motion(&c, T, F, seed);
    traced t = traced_new(WEYL_F64, false);
    const weyl_model_def *model = weyl_model_find("eqmotion");
    weyl_options *o = NULL;
    assert_int_equal(weyl_options_new(t.ctx, &o), WEYL_OK);
    assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
    for (int k = 0; k < 4; k++) assert_int_equal(weyl_options_set(o, set[k][0], set[k][1], NULL), WEYL_OK);
    const weyl_motion in = weyl_motion_input(t.graph, D, T, F, 0, 0, 0);
    const weyl_tensor out = model->motion(t.graph, &in, o);
    weyl_options_free(o);
    if (weyl_graph_status(t.graph) != WEYL_OK) fail_msg("%s", weyl_message(t.ctx));
    const weyl_tensor outputs[] = {out, weyl_watched(t.graph, "categories", 0)};
    traced_compile(&t, outputs, 2);
    assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);

    vars = t.vars;
    vectors g, u;
    double x[N][T][D], h[N][H], centre[D], category[N][N][K], y[N][F][D];
    memcpy(x, c.past, sizeof x);
    first_features(x, g, u, h, centre);
    reason(g, u, h, 0.5, category);
    for (int l = 0; l < L; l++) layer(l, g, u, h, category);
    future_of(g, centre, y);

    int64_t n, pairs;
    double *ours = output_values(&t, 0, &n), *ours_category = output_values(&t, 1, &pairs);
    assert_int_equal(n, N * F * D);
    assert_int_equal(pairs, N * (N - 1) * K);
    for (int i = 0, e = 0; i < N; i++) {
      for (int k = 0; k < F * D; k++) assert_near(ours[i * F * D + k], (&y[i][0][0])[k], 1e-12);
      for (int j = 0; j < N; j++)
        for (int k = 0; j != i && k < K; k++) assert_near(ours_category[e++], category[i][j][k], 1e-12);
    }
    free(ours);
    free(ours_category);
    traced_free(&t);
    cloud_free(&c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_equations)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
