/* segnn_test.c: the steerable network with degrees 0 and 1 again as plain loops over scalars and vectors: products are
 * written out with dot products and scalings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/models.h>

#include "../nn/points_fixture.h"

enum { N = 7, H = 3, SAMPLES = 3, MOST = 2 * H + 2 };
static const int64_t sizes[SAMPLES] = {5, 3, 7};

typedef struct feature { /* scalars and vectors; which came first */
  int scalars, vectors;
  bool vectors_first;
  double s[MOST], v[MOST][3];
} feature;
typedef struct attribute { /* harmonics of degree 0 and 1 */
  double s, v[3];
} attribute;

static attribute harmonics(const double *r) {
  const double length = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
  attribute a = {.s = sqrt(1 / (4 * M_PI))};
  for (int k = 0; k < 3; k++) a.v[k] = sqrt(3 / (4 * M_PI)) * r[k] / length;
  return a;
}

static double at(const weyl_variables *vars, const char *name, const char *of, int64_t i) {
  char full[96];
  snprintf(full, sizeof full, "%s.%s", name, of);
  const weyl_array a = variable(vars, WEYL_PARAM, full);
  return array_at(&a, i);
}

/* To `scalars` and `vectors`: s a_0, v . a_1 / sqrt 3; s a_1, v a_0. */
static feature product(const weyl_variables *vars, const char *name, const feature *x, const attribute *a, int scalars,
                       int vectors) {
  feature y = {.scalars = scalars, .vectors = vectors};
  const int fan_in = x->scalars + x->vectors, s0 = x->vectors_first ? x->vectors : 0,
            v0 = x->vectors_first ? 0 : x->scalars;
  for (int o = 0; o < scalars; o++) {
    y.s[o] = at(vars, name, "0e.bias", o);
    for (int u = 0; u < x->scalars; u++) y.s[o] += at(vars, name, "0e.weight", o * fan_in + s0 + u) * x->s[u] * a->s;
    for (int u = 0; u < x->vectors; u++) {
      const double dot = x->v[u][0] * a->v[0] + x->v[u][1] * a->v[1] + x->v[u][2] * a->v[2];
      y.s[o] += at(vars, name, "0e.weight", o * fan_in + v0 + u) * dot / sqrt(3);
    }
  }
  for (int o = 0; o < vectors; o++)
    for (int k = 0; k < 3; k++) {
      for (int u = 0; u < x->scalars; u++)
        y.v[o][k] += at(vars, name, "1o.weight", o * fan_in + s0 + u) * x->s[u] * a->v[k];
      for (int u = 0; u < x->vectors; u++)
        y.v[o][k] += at(vars, name, "1o.weight", o * fan_in + v0 + u) * x->v[u][k] * a->s;
    }
  return y;
}

static feature gated(const weyl_variables *vars, const char *name, const feature *x, const attribute *a) {
  feature y = product(vars, name, x, a, 2 * H, H);
  for (int o = 0; o < H; o++) {
    for (int k = 0; k < 3; k++) y.v[o][k] *= weyl_activation_norm(WEYL_ACT_SIGMOID) / (1 + exp(-y.s[H + o]));
    y.s[o] *= weyl_activation_norm(WEYL_ACT_SILU) / (1 + exp(-y.s[o]));
  }
  y.scalars = H;
  return y;
}

static void join(feature *to, const feature *x) {
  memcpy(to->s + to->scalars, x->s, (size_t)x->scalars * sizeof *x->s);
  memcpy(to->v + to->vectors, x->v, (size_t)x->vectors * sizeof *x->v);
  to->scalars += x->scalars;
  to->vectors += x->vectors;
}

static void network(const weyl_variables *vars, int n, const double *x, const double *v, const double *q, double *y) {
  feature h[N];
  attribute edge[N][N], node[N];
  double distance[N][N], centre[3] = {0};
  for (int i = 0; i < n; i++)
    for (int k = 0; k < 3; k++) centre[k] += x[i * 3 + k] / n;
  for (int i = 0; i < n; i++) {
    node[i] = harmonics(v + i * 3);
    node[i].s = 1;
    for (int j = 0; j < n; j++) {
      if (i == j) continue;
      double r[3], square = 0;
      for (int k = 0; k < 3; k++) {
        r[k] = x[i * 3 + k] - x[j * 3 + k];
        square += r[k] * r[k];
      }
      distance[i][j] = sqrt(square);
      edge[i][j] = harmonics(r);
      for (int k = 0; k < 3; k++) node[i].v[k] += edge[i][j].v[k] / (n - 1);
    }
    feature in = {.scalars = 1, .vectors = 2, .vectors_first = true};
    double square = 0;
    for (int k = 0; k < 3; k++) {
      in.v[0][k] = x[i * 3 + k] - centre[k];
      in.v[1][k] = v[i * 3 + k];
      square += v[i * 3 + k] * v[i * 3 + k];
    }
    in.s[0] = sqrt(square);
    h[i] = product(vars, "embedding_layer", &in, &node[i], H, H);
  }
  for (int l = 0; l < 2; l++) {
    feature next[N];
    char name[4][48];
    static const char *const part[] = {"message_layer_1", "message_layer_2", "update_layer_1", "update_layer_2"};
    for (int k = 0; k < 4; k++) snprintf(name[k], sizeof name[k], "layers.%d.%s", l, part[k]);
    for (int i = 0; i < n; i++) {
      feature sum = {.scalars = H, .vectors = H}, in;
      for (int j = 0; j < n; j++) {
        if (i == j) continue;
        in = h[i];
        join(&in, &h[j]);
        in.s[in.scalars++] = distance[i][j];
        in.s[in.scalars++] = q[i] * q[j];
        feature m = gated(vars, name[0], &in, &edge[i][j]);
        m = gated(vars, name[1], &m, &edge[i][j]);
        for (int o = 0; o < H; o++) {
          sum.s[o] += m.s[o];
          for (int k = 0; k < 3; k++) sum.v[o][k] += m.v[o][k];
        }
      }
      in = h[i];
      join(&in, &sum);
      feature u = gated(vars, name[2], &in, &node[i]);
      u = product(vars, name[3], &u, &node[i], H, H);
      next[i] = h[i];
      for (int o = 0; o < H; o++) {
        next[i].s[o] += u.s[o];
        for (int k = 0; k < 3; k++) next[i].v[o][k] += u.v[o][k];
      }
    }
    memcpy(h, next, (size_t)n * sizeof *h);
  }
  for (int i = 0; i < n; i++) {
    feature z = gated(vars, "pre_pool1", &h[i], &node[i]);
    z = product(vars, "pre_pool2", &z, &node[i], 0, 1);
    for (int k = 0; k < 3; k++) y[i * 3 + k] = x[i * 3 + k] + z.v[0][k];
  }
}

static void as_loops(void **state) {
  (void)state;
  cloud c = cloud_new(3, SAMPLES, sizes, 5);
  traced t = traced_new(WEYL_F64, false);
  const weyl_model_def *model = weyl_model_find("segnn");
  weyl_options *o = NULL;
  assert_int_equal(weyl_options_new(t.ctx, &o), WEYL_OK);
  assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
  assert_int_equal(weyl_options_set(o, "hidden", "3", NULL), WEYL_OK);
  assert_int_equal(weyl_options_set(o, "layers", "2", NULL), WEYL_OK);
  const weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
  const weyl_tensor y = model->points(t.graph, &p, o);
  weyl_options_free(o);
  traced_compile(&t, &y, 1);
  double *got = cloud_output(&t, &c, 0, 0), want[15 * 3];
  for (int64_t s = 0, first = 0; s < SAMPLES; first += sizes[s++])
    network(t.vars, (int)sizes[s], c.x + first * 3, c.v + first * 3, c.q + first, want + first * 3);
  assert_true(largest_difference(got, c.x, 45) > 1e-3);
  const double worst = largest_difference(got, want, 45);
  if (!(worst < 1e-12)) fail_msg("network and loops differ by %g", worst);
  free(got);
  cloud_free(&c);
  traced_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(as_loops)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
