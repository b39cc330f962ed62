#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/models.h>

#include "../nn/points_fixture.h"

enum { D = 3, N = 7, H = 10, B = 6, STEPS = 3, SAMPLES = 3 };
static const int64_t sizes[SAMPLES] = {5, 3, 7};

static weyl_tensor flow_of(const traced *t, const weyl_points *p, const char *bend, const char *shared,
                           const char *members) {
  const weyl_model_def *model = weyl_model_find("pair-flow");
  weyl_options *o = NULL;
  assert_int_equal(weyl_options_new(t->ctx, &o), WEYL_OK);
  assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
  const char *const set[][2] = {
      {"hidden", "10"}, {"steps", "3"}, {"bend", bend}, {"shared", shared}, {"members", members}};
  for (size_t k = 0; k < sizeof set / sizeof *set; k++)
    assert_int_equal(weyl_options_set(o, set[k][0], set[k][1], NULL), WEYL_OK);
  weyl_tensor y = model->points(t->graph, p, o);
  weyl_options_free(o);
  return y;
}

/* Larger weights than at the start: every term shows. */
static void enlarge(const weyl_variables *vars, double factor) {
  for (size_t k = 0; k < weyl_variables_count(vars, WEYL_PARAM); k++) {
    const weyl_array a = weyl_variables_array(vars, WEYL_PARAM, k);
    for (int64_t i = 0; i < weyl_array_size(&a); i++) array_put(&a, i, factor * array_at(&a, i));
  }
}

/* ---- the same as plain loops ---------------------------------------------------------------------------------------
 */

static void affine(const weyl_variables *vars, const char *scope, const char *name, const double *x, double *y) {
  char full[96];
  snprintf(full, sizeof full, "%s%s.weight", scope, name);
  const weyl_array w = variable(vars, WEYL_PARAM, full);
  snprintf(full, sizeof full, "%s%s.bias", scope, name);
  const weyl_array bias = variable(vars, WEYL_PARAM, full);
  for (int64_t o = 0; o < w.dim[0]; o++) {
    y[o] = array_at(&bias, o);
    for (int64_t i = 0; i < w.dim[1]; i++) y[o] += array_at(&w, o * w.dim[1] + i) * x[i];
  }
}

static void silu(double *x, int n) {
  for (int i = 0; i < n; i++) x[i] /= 1 + exp(-x[i]);
}

static double dot(const double *a, const double *b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static double log_length(const double *a) { return 0.5 * log(dot(a, a) + 1e-4); }

static double field_strength(const weyl_variables *vars, const double *r, double kind) {
  double h[H], z[H];
  affine(vars, "", "field.0", (double[]){log_length(r), 1 / (sqrt(dot(r, r) + 1e-4) + 0.1), kind}, h);
  silu(h, B);
  affine(vars, "", "field.2", h, z);
  silu(z, B);
  affine(vars, "", "field.4", z, h);
  return h[0] / sqrt(dot(r, r) + 1e-4);
}

/* The relative field on the pair i, j, from every third point. */
static void others(const weyl_variables *vars, int n, const double *x, const double *q, int i, int j, double *g) {
  memset(g, 0, D * sizeof *g);
  for (int k = 0; k < n; k++) {
    if (k == i || k == j) continue;
    double from_i[D], from_j[D];
    for (int a = 0; a < D; a++) {
      from_i[a] = x[i * D + a] - x[k * D + a];
      from_j[a] = x[j * D + a] - x[k * D + a];
    }
    const double si = field_strength(vars, from_i, q[i] * q[k]), sj = field_strength(vars, from_j, q[j] * q[k]);
    for (int a = 0; a < D; a++) g[a] += si * from_i[a] - sj * from_j[a];
  }
  const double tame = 1 / sqrt(1 + 0.01 * dot(g, g));
  for (int a = 0; a < D; a++) g[a] *= tame;
}

static void coefficients(const weyl_variables *vars, const char *scope, const double *r, const double *w, double time,
                         double kind, double *c) {
  double end[D], near[D], h[H], z[H];
  const double when = fmin(fmax(-dot(r, w) / (dot(w, w) + 1e-4), 0), time);
  for (int a = 0; a < D; a++) {
    end[a] = r[a] + time * w[a];
    near[a] = r[a] + when * w[a];
  }
  const double length = sqrt(dot(r, r) + 1e-4), speed = sqrt(dot(w, w) + 1e-4);
  const double in[] = {log_length(r),    log_length(w), 1 / (length + 0.1), dot(r, w) / length / speed, log_length(end),
                       log_length(near), kind};
  affine(vars, scope, "pair.0", in, h);
  silu(h, H);
  affine(vars, scope, "pair.2", h, z);
  silu(z, H);
  affine(vars, scope, "coefficients", z, c);
}

static void flow(const weyl_variables *vars, bool bend, bool shared, int n, const double *x0, const double *v0,
                 const double *q, double *y) {
  double x[N * D], v[N * D];
  memcpy(x, x0, (size_t)(n * D) * sizeof *x);
  memcpy(v, v0, (size_t)(n * D) * sizeof *v);
  const weyl_array horizon = variable(vars, WEYL_PARAM, "time");
  const double time = array_at(&horizon, 0) / STEPS;
  for (int k = 0; k < STEPS; k++) {
    double next_x[N * D], next_v[N * D];
    char scope[32];
    snprintf(scope, sizeof scope, shared ? "step." : "step_%d.", k);
    for (int i = 0; i < n; i++) {
      double dx[D] = {0}, dv[D] = {0};
      for (int j = 0; j < n; j++) {
        if (j == i) continue;
        double r[D], w[D], g[D], c[4];
        for (int a = 0; a < D; a++) {
          r[a] = x[i * D + a] - x[j * D + a];
          w[a] = v[i * D + a] - v[j * D + a];
        }
        if (bend) {
          const weyl_array share = variable(vars, WEYL_PARAM, "bend");
          others(vars, n, x, q, i, j, g);
          for (int a = 0; a < D; a++) {
            w[a] += array_at(&share, 0) * g[a] / (2.0 * STEPS);
            r[a] -= array_at(&share, 1) * g[a] / (12.0 * STEPS * STEPS);
          }
        }
        coefficients(vars, scope, r, w, time, q[i] * q[j], c);
        const double length = sqrt(dot(r, r) + 1e-4), tame = sqrt(dot(w, w) + 1);
        for (int a = 0; a < D; a++) {
          dx[a] += c[0] * r[a] / length + c[1] * w[a] / tame;
          dv[a] += c[2] * r[a] / length + c[3] * w[a] / tame;
        }
      }
      for (int a = 0; a < D; a++) {
        next_x[i * D + a] = x[i * D + a] + time * v[i * D + a] + dx[a] / STEPS;
        next_v[i * D + a] = v[i * D + a] + 2 * dv[a] / STEPS;
      }
    }
    memcpy(x, next_x, sizeof x);
    memcpy(v, next_v, sizeof v);
  }
  memcpy(y, x, (size_t)(n * D) * sizeof *y);
}

static void same_as_plain_loops(void **state) {
  (void)state;
  for (int way = 0; way < 4; way++) {
    const bool bend = way & 1, shared = way & 2;
    cloud c = cloud_new(D, SAMPLES, sizes, 50 + (uint64_t)way);
    traced t = traced_new(WEYL_F64, false);
    const weyl_points p = weyl_points_input(t.graph, D, true, 1, 1);
    weyl_tensor y = flow_of(&t, &p, bend ? "6" : "0", shared ? "true" : "false", "1");
    traced_compile(&t, &y, 1);
    enlarge(t.vars, 1.5);
    double *got = cloud_output(&t, &c, 2, 0);
    for (int64_t s = 0, first = 0; s < SAMPLES; first += sizes[s++]) {
      double want[N * D];
      flow(t.vars, bend, shared, (int)sizes[s], c.x + first * D, c.v + first * D, c.q + first, want);
      const double worst = largest_difference(got + first * D, want, sizes[s] * D);
      if (!(worst < 1e-10)) fail_msg("way %d, sample %d: differs by %g", way, (int)s, worst);
    }
    free(got);
    traced_free(&t);
    cloud_free(&c);
  }
}

/* What a pair does to one of its points it undoes to the other: the centre moves straight on, whatever the weights. */
static void centre_moves_straight(void **state) {
  (void)state;
  cloud c = cloud_new(D, SAMPLES, sizes, 60);
  traced t = traced_new(WEYL_F64, false);
  const weyl_points p = weyl_points_input(t.graph, D, true, 1, 1);
  weyl_tensor y = flow_of(&t, &p, "6", "false", "1");
  traced_compile(&t, &y, 1);
  enlarge(t.vars, 2);
  const weyl_array horizon = variable(t.vars, WEYL_PARAM, "time");
  const double time = array_at(&horizon, 0);
  double *got = cloud_output(&t, &c, 0, 0);
  for (int64_t s = 0, first = 0; s < SAMPLES; first += sizes[s++])
    for (int a = 0; a < D; a++) {
      double sum = 0, moved = 0;
      for (int64_t i = first; i < first + sizes[s]; i++) {
        sum += got[i * D + a] - c.x[i * D + a] - time * c.v[i * D + a];
        moved = fmax(moved, fabs(got[i * D + a] - c.x[i * D + a] - time * c.v[i * D + a]));
      }
      assert_near(sum, 0, 1e-11);
      assert_true(moved > 1e-2);
    }
  free(got);
  traced_free(&t);
  cloud_free(&c);
}

/* The mean of the members that the weights' names tell apart; while training each sample has weights of its own, drawn
 * anew in every step, but the answer stays a mean. */
static void members_are_averaged(void **state) {
  (void)state;
  enum { MEMBERS = 3 };
  cloud c = cloud_new(D, SAMPLES, sizes, 62);
  traced all = traced_new(WEYL_F64, false), one = traced_new(WEYL_F64, false);
  const weyl_points p = weyl_points_input(all.graph, D, true, 1, 1), q = weyl_points_input(one.graph, D, true, 1, 1);
  weyl_tensor y = flow_of(&all, &p, "6", "false", "3"), z = flow_of(&one, &q, "6", "false", "1");
  traced_compile(&all, &y, 1);
  traced_compile(&one, &z, 1);
  assert_int_equal(weyl_variables_numbers(all.vars, WEYL_PARAM),
                   MEMBERS * weyl_variables_numbers(one.vars, WEYL_PARAM));
  enlarge(all.vars, 1.5);
  const int64_t n = c.nodes * D;
  double *got = cloud_output(&all, &c, 0, 0), *mean = calloc((size_t)n, sizeof *mean);
  double *low = calloc((size_t)n, sizeof *low), *high = calloc((size_t)n, sizeof *high);
  for (int m = 0; m < MEMBERS; m++) {
    for (size_t k = 0; k < weyl_variables_count(one.vars, WEYL_PARAM); k++) {
      char name[96];
      snprintf(name, sizeof name, "member_%d.%s", m, weyl_variables_name(one.vars, WEYL_PARAM, k));
      const weyl_array from = variable(all.vars, WEYL_PARAM, name), to = weyl_variables_array(one.vars, WEYL_PARAM, k);
      for (int64_t i = 0; i < weyl_array_size(&to); i++) array_put(&to, i, array_at(&from, i));
    }
    double *alone = cloud_output(&one, &c, 0, 0);
    for (int64_t i = 0; i < n; i++) {
      mean[i] += alone[i] / MEMBERS;
      low[i] = m ? fmin(low[i], alone[i]) : alone[i];
      high[i] = m ? fmax(high[i], alone[i]) : alone[i];
    }
    free(alone);
  }
  assert_true(largest_difference(got, mean, n) < 1e-12);

  traced train = traced_again(&all, true);
  const weyl_points u = weyl_points_input(train.graph, D, true, 1, 1);
  weyl_tensor drawn = flow_of(&train, &u, "6", "false", "3");
  traced_compile(&train, &drawn, 1);
  double *first = cloud_output(&train, &c, 0, 1), *again = cloud_output(&train, &c, 2, 1),
         *next = cloud_output(&train, &c, 0, 2);
  assert_true(largest_difference(first, mean, n) > 1e-3);
  assert_true(largest_difference(first, next, n) > 1e-3);
  assert_true(largest_difference(first, again, n) < 1e-12); /* however the batch is cut into shards */
  for (int64_t i = 0; i < n; i++) assert_true(first[i] > low[i] - 1e-12 && first[i] < high[i] + 1e-12);
  free(first);
  free(again);
  free(next);
  free(got);
  free(mean);
  free(low);
  free(high);
  traced_free_graph(&train);
  traced_free(&one);
  traced_free(&all);
  cloud_free(&c);
}

/* Points on top of each other, at rest, far away and fast: finite values and gradients in f32. */
static void extremes_stay_finite(void **state) {
  (void)state;
  cloud c = cloud_new(D, SAMPLES, sizes, 61);
  for (int a = 0; a < D; a++) {
    c.x[D + a] = c.x[a]; /* a pair in one place, */
    c.v[D + a] = c.v[a];
    c.v[3 * D + a] = 0; /* one at rest, */
    c.x[5 * D + a] = 1e5;
    c.v[9 * D + a] = -1e4;
  }
  traced t = traced_new(WEYL_F32, true);
  const weyl_points p = weyl_points_input(t.graph, D, true, 1, 1);
  weyl_tensor y = flow_of(&t, &p, "6", "false", "1");
  weyl_tensor target = weyl_input(t.graph, "target", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(D)));
  traced_compile(&t, (weyl_tensor[]){y, weyl_param_grad(weyl_loss_mse(y, target))}, 2);
  enlarge(t.vars, 2);
  assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
  for (int k = 0; k < 2; k++) {
    int64_t n;
    double *got = output_values(&t, k, &n);
    for (int64_t i = 0; i < n; i++) assert_true(isfinite(got[i]));
    free(got);
  }
  traced_free(&t);
  cloud_free(&c);
}

/* Without edge scalars the nodes' scalars tell the pairs apart, the same for both directions: the centre shows it. */
static void scalars_of_nodes(void **state) {
  (void)state;
  static const struct {
    int64_t scalars, edges, inputs;
  } row[] = {{1, 1, 7}, {1, 0, 8}, {3, 0, 12}, {0, 2, 8}, {0, 0, 6}};
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F64, false);
    const weyl_points p = weyl_points_input(t.graph, D, true, row[k].scalars, row[k].edges);
    const weyl_tensor y = flow_of(&t, &p, "6", "false", "1");
    if (!weyl_tensor_valid(y)) fail_msg("row %zu: %s", k, weyl_message(t.ctx));
    const weyl_array a = variable(t.vars, WEYL_PARAM, "step_0.pair.0.weight");
    assert_int_equal(a.dim[1], row[k].inputs);
    traced_free(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_as_plain_loops),  cmocka_unit_test(centre_moves_straight),
      cmocka_unit_test(members_are_averaged), cmocka_unit_test(extremes_stay_finite),
      cmocka_unit_test(scalars_of_nodes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
