/* forward_test.c: the networks again as plain loops over samples, frames, nodes and edges, from the papers' equations:
 * another way to the same numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/models.h>

#include "../nn/points_fixture.h"

enum { D = 3, N = 7, H = 12, W = 2 * H + 4, LAYERS = 3, SAMPLES = 3 };
static const int64_t sizes[SAMPLES] = {5, 3, 7};

/* y = W x + b by the parameters' names; a missing bias is none. */
static void affine(const weyl_variables *vars, const char *name, const double *x, double *y) {
  char full[96];
  snprintf(full, sizeof full, "%s.weight", name);
  const weyl_array w = variable(vars, WEYL_PARAM, full);
  snprintf(full, sizeof full, "%s.bias", name);
  const int64_t b = weyl_variables_find(vars, WEYL_PARAM, full);
  const weyl_array bias = b < 0 ? w : weyl_variables_array(vars, WEYL_PARAM, (size_t)b);
  for (int64_t o = 0; o < w.dim[0]; o++) {
    y[o] = b < 0 ? 0 : array_at(&bias, o);
    for (int64_t i = 0; i < w.dim[1]; i++) y[o] += array_at(&w, o * w.dim[1] + i) * x[i];
  }
}

static void silu(double *x, int n) {
  for (int i = 0; i < n; i++) x[i] /= 1 + exp(-x[i]);
}

/* Two layers with an activation between them, hidden width H. */
static void mlp(const weyl_variables *vars, const char *name, const double *x, double *y) {
  char full[96];
  double h[H];
  snprintf(full, sizeof full, "%s.0", name);
  affine(vars, full, x, h);
  silu(h, H);
  snprintf(full, sizeof full, "%s.2", name);
  affine(vars, full, h, y);
}

/* m_ij of [h_i, h_j, e_ij] */
static void message(const weyl_variables *vars, int layer, const double *hi, const double *hj, const double *e, int n_e,
                    double *m) {
  char name[64];
  double in[W];
  memcpy(in, hi, H * sizeof *in);
  memcpy(in + H, hj, H * sizeof *in);
  memcpy(in + 2 * H, e, (size_t)n_e * sizeof *in);
  snprintf(name, sizeof name, "gcl_%d.edge_mlp", layer);
  mlp(vars, name, in, m);
  silu(m, H);
}

/* h_i + mlp(h_i, sum_j m_ij) */
static void update(const weyl_variables *vars, int layer, const double *hi, const double *sum, double *out) {
  char name[64];
  double in[2 * H];
  memcpy(in, hi, H * sizeof *in);
  memcpy(in + H, sum, H * sizeof *in);
  snprintf(name, sizeof name, "gcl_%d.node_mlp", layer);
  mlp(vars, name, in, out);
  for (int f = 0; f < H; f++) out[f] += hi[f];
}

static double square_distance(const double *a, const double *b) {
  double s = 0;
  for (int k = 0; k < D; k++) s += (a[k] - b[k]) * (a[k] - b[k]);
  return s;
}

/* A layer of gnn and fa-gnn: edge attributes q_i q_j, and |x_ij|^2 if n_e is 2. */
static void graph_layer(const weyl_variables *vars, int layer, int n, const double *x, const double *q, int n_e,
                        double h[N][H]) {
  double next[N][H];
  for (int i = 0; i < n; i++) {
    double sum[H] = {0};
    for (int j = 0; j < n; j++) {
      if (i == j) continue;
      const double e[2] = {q[i] * q[j], square_distance(x + i * D, x + j * D)};
      double m[H];
      message(vars, layer, h[i], h[j], e, n_e, m);
      for (int f = 0; f < H; f++) sum[f] += m[f];
    }
    update(vars, layer, h[i], sum, next[i]);
  }
  memcpy(h, next, sizeof next);
}

static void gnn(const weyl_variables *vars, int n, const double *x, const double *v, const double *q, double *y) {
  double h[N][H];
  for (int i = 0; i < n; i++) {
    double in[2 * D];
    memcpy(in, x + i * D, D * sizeof *in);
    memcpy(in + D, v + i * D, D * sizeof *in);
    affine(vars, "embedding.0", in, h[i]);
  }
  for (int l = 0; l < LAYERS; l++) graph_layer(vars, l, n, x, q, 1, h);
  for (int i = 0; i < n; i++) mlp(vars, "decoder", h[i], y + i * D);
}

static void egnn(const weyl_variables *vars, int n, const double *x0, const double *v, const double *q, double *y) {
  double h[N][H], x[N * D];
  memcpy(x, x0, (size_t)(n * D) * sizeof *x);
  for (int i = 0; i < n; i++) {
    const double speed = sqrt(square_distance(v + i * D, (double[D]){0}));
    affine(vars, "embedding", &speed, h[i]);
  }
  for (int l = 0; l < LAYERS; l++) {
    double next_h[N][H], next_x[N * D];
    char name[64];
    for (int i = 0; i < n; i++) {
      double sum[H] = {0}, shift[D] = {0}, along;
      for (int j = 0; j < n; j++) {
        if (i == j) continue;
        const double e[3] = {square_distance(x + i * D, x + j * D), q[i] * q[j],
                             square_distance(x0 + i * D, x0 + j * D)};
        double m[H], weight;
        message(vars, l, h[i], h[j], e, 3, m);
        snprintf(name, sizeof name, "gcl_%d.coord_mlp", l);
        mlp(vars, name, m, &weight);
        for (int f = 0; f < H; f++) sum[f] += m[f];
        for (int k = 0; k < D; k++) shift[k] += (x[i * D + k] - x[j * D + k]) * weight / (n - 1);
      }
      snprintf(name, sizeof name, "gcl_%d.coord_mlp_vel", l);
      mlp(vars, name, h[i], &along);
      for (int k = 0; k < D; k++) next_x[i * D + k] = x[i * D + k] + shift[k] + along * v[i * D + k];
      update(vars, l, h[i], sum, next_h[i]);
    }
    memcpy(h, next_h, sizeof h);
    memcpy(x, next_x, sizeof x);
  }
  memcpy(y, x, (size_t)(n * D) * sizeof *y);
}

/* Axes of sum z z^T, ascending, as columns of u: cyclic Jacobi. */
static void principal_axes(const double *z, int n, double u[D][D]) {
  double c[D][D] = {{0}};
  for (int i = 0; i < n; i++)
    for (int a = 0; a < D; a++)
      for (int b = 0; b < D; b++) c[a][b] += z[i * D + a] * z[i * D + b];
  for (int a = 0; a < D; a++)
    for (int b = 0; b < D; b++) u[a][b] = a == b;
  for (int sweep = 0; sweep < 30; sweep++)
    for (int p = 0; p < D; p++)
      for (int r = p + 1; r < D; r++) {
        if (c[p][r] == 0) continue;
        const double angle = 0.5 * atan2(2 * c[p][r], c[r][r] - c[p][p]), co = cos(angle), si = sin(angle);
        for (int k = 0; k < D; k++) {
          const double kp = c[k][p], kr = c[k][r];
          c[k][p] = co * kp - si * kr;
          c[k][r] = si * kp + co * kr;
        }
        for (int k = 0; k < D; k++) {
          const double pk = c[p][k], rk = c[r][k];
          c[p][k] = co * pk - si * rk;
          c[r][k] = si * pk + co * rk;
        }
        for (int k = 0; k < D; k++) {
          const double kp = u[k][p], kr = u[k][r];
          u[k][p] = co * kp - si * kr;
          u[k][r] = si * kp + co * kr;
        }
      }
  for (int a = 0; a < D; a++) /* columns by eigenvalue */
    for (int b = a + 1; b < D; b++)
      if (c[b][b] < c[a][a]) {
        const double w = c[a][a];
        c[a][a] = c[b][b];
        c[b][b] = w;
        for (int k = 0; k < D; k++) {
          const double swap = u[k][a];
          u[k][a] = u[k][b];
          u[k][b] = swap;
        }
      }
}

static double sign_of(int frame, int axis) { return frame >> axis & 1 ? -1 : 1; }

/* to [n][D] = rows of z in a frame */
static void into_frame(const double *z, int n, double u[D][D], int frame, double *to) {
  for (int i = 0; i < n; i++)
    for (int a = 0; a < D; a++) {
      to[i * D + a] = 0;
      for (int k = 0; k < D; k++) to[i * D + a] += z[i * D + k] * u[k][a] * sign_of(frame, a);
    }
}

/* sum [n][D] += rows of z turned back, over 8 */
static void out_of_frame(const double *z, int n, double u[D][D], int frame, double *sum) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < D; k++)
      for (int a = 0; a < D; a++) sum[i * D + k] += z[i * D + a] * sign_of(frame, a) * u[k][a] / 8;
}

static void centre(double *z, int n, double *mean) {
  for (int k = 0; k < D; k++) {
    mean[k] = 0;
    for (int i = 0; i < n; i++) mean[k] += z[i * D + k] / n;
    for (int i = 0; i < n; i++) z[i * D + k] -= mean[k];
  }
}

static void fa_gnn(const weyl_variables *vars, int n, const double *x, const double *v, const double *q, double *y) {
  double z[N * H], u[D][D], mean[D], unused[D], h[8][N][H], *stack = z;
  memcpy(z, x, (size_t)(n * D) * sizeof *z);
  centre(z, n, mean);
  principal_axes(z, n, u);
  for (int a = 0; a < 8; a++) {
    double position[N * D], velocity[N * D], in[2 * D];
    into_frame(z, n, u, a, position);
    into_frame(v, n, u, a, velocity);
    for (int i = 0; i < n; i++) {
      memcpy(in, position + i * D, D * sizeof *in);
      memcpy(in + D, velocity + i * D, D * sizeof *in);
      affine(vars, "embedding.0", in, h[a][i]);
    }
  }
  for (int l = 0; l < LAYERS; l++) {
    for (int a = 0; a < 8; a++) graph_layer(vars, l, n, x, q, 2, h[a]);
    if (l + 1 == LAYERS) break;
    memset(z, 0, sizeof z); /* n * H / D vectors of the sample, pooled */
    for (int a = 0; a < 8; a++) out_of_frame(h[a][0], n * H / D, u, a, stack);
    centre(z, n * H / D, unused);
    principal_axes(z, n * H / D, u);
    for (int a = 0; a < 8; a++) into_frame(z, n * H / D, u, a, h[a][0]);
  }
  memset(y, 0, (size_t)(n * D) * sizeof *y);
  for (int a = 0; a < 8; a++)
    for (int i = 0; i < n; i++) {
      double out[D];
      mlp(vars, "decoder", h[a][i], out);
      out_of_frame(out, 1, u, a, y + i * D);
    }
  for (int i = 0; i < n * D; i++) y[i] += mean[i % D];
}

static void same_as_plain_loops(void **state) {
  (void)state;
  static const struct {
    const char *model;
    void (*forward)(const weyl_variables *, int, const double *, const double *, const double *, double *);
  } row[] = {{"gnn", gnn}, {"egnn", egnn}, {"fa-gnn", fa_gnn}};
  for (size_t m = 0; m < 3; m++) {
    cloud c = cloud_new(D, SAMPLES, sizes, 40 + m);
    traced t = traced_new(WEYL_F64, false);
    const weyl_model_def *model = weyl_model_find(row[m].model);
    weyl_options *o = NULL;
    assert_int_equal(weyl_options_new(t.ctx, &o), WEYL_OK);
    assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
    assert_int_equal(weyl_options_set(o, "hidden", "12", NULL), WEYL_OK);
    assert_int_equal(weyl_options_set(o, "layers", "3", NULL), WEYL_OK);
    weyl_points p = weyl_points_input(t.graph, D, true, 1, 1);
    weyl_tensor y = model->points(t.graph, &p, o);
    weyl_options_free(o);
    traced_compile(&t, &y, 1);
    for (size_t k = 0; k < weyl_variables_count(t.vars, WEYL_PARAM); k++) { /* larger weights: every term shows */
      const weyl_array a = weyl_variables_array(t.vars, WEYL_PARAM, k);
      const double factor = strstr(weyl_variables_name(t.vars, WEYL_PARAM, k), "coord_mlp.2") ? 500 : 1.5;
      for (int64_t i = 0; i < weyl_array_size(&a); i++) array_put(&a, i, factor * array_at(&a, i));
    }
    double *got = cloud_output(&t, &c, 2, 0);
    for (int64_t s = 0, first = 0; s < SAMPLES; first += sizes[s++]) {
      double want[N * D];
      row[m].forward(t.vars, (int)sizes[s], c.x + first * D, c.v + first * D, c.q + first, want);
      const double worst = largest_difference(got + first * D, want, sizes[s] * D);
      if (!(worst < 1e-9)) fail_msg("%s, sample %d: differs by %g", row[m].model, (int)s, worst);
    }
    free(got);
    traced_free(&t);
    cloud_free(&c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_plain_loops)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
