#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/models.h>

#include "../nn/points_fixture.h"

enum { T = 6, F = 4, SAMPLES = 4, JOINTS = 8 };
static const int64_t sizes[SAMPLES] = {5, 3, 7, 1};

typedef struct form {
  const char *model;
  const char *set[6][2]; /* options; a NULL name ends */
  bool joints;
  bool reasons; /* says something of pairs */
  bool raw;     /* no symmetry of space */
} form;

static const form forms[] = {
    {"eqmotion", {{"layers", "2"}}, false, true, false},
    {"eqmotion", {{"layers", "2"}, {"categories", "4"}, {"null_categories", "2"}}, true, true, false},
    {"eqmotion", {{"layers", "2"}, {"heads", "3"}, {"dct", "false"}}, false, true, false},
    {"eqmotion", {{"layers", "1"}, {"tau", "0.5"}, {"residual", "last"}}, false, true, false},
    {"eqmotion+", {{"layers", "2"}, {"heads", "2"}}, true, true, false},
    {"last-position", {{NULL}}, false, false, false},
    {"constant-velocity", {{NULL}}, false, false, false},
    {"linear", {{NULL}}, false, false, false},
    {"egnn", {{"layers", "2"}}, false, false, false},
    {"gnn", {{"layers", "2"}}, false, false, true},
    {"gnn", {{"layers", "0"}}, true, false, true},
    {"simlpe", {{"layers", "3"}}, true, false, true},
    {"simlpe", {{"layers", "1"}, {"relative", "true"}}, true, false, true},
};
enum { FORMS = sizeof forms / sizeof *forms };

/* Outputs: prediction, categories, loss, gradient. */
static traced model_new(const form *f, weyl_dtype real, int d, int frames, int future) {
  traced t = traced_new(real, false);
  const weyl_model_def *model = weyl_model_find(f->model);
  assert_non_null(model);
  weyl_options *o = NULL;
  assert_int_equal(weyl_options_new(t.ctx, &o), WEYL_OK);
  assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
  if (weyl_options_has(o, "channels")) assert_int_equal(weyl_options_set(o, "channels", "6", NULL), WEYL_OK);
  if (weyl_options_has(o, "hidden")) assert_int_equal(weyl_options_set(o, "hidden", "7", NULL), WEYL_OK);
  for (int k = 0; k < 6 && f->set[k][0]; k++)
    if (weyl_options_set(o, f->set[k][0], f->set[k][1], NULL) != WEYL_OK) fail_msg("%s", weyl_message(t.ctx));
  const weyl_motion in = weyl_motion_input(t.graph, d, frames, future, 0, 0, f->joints ? JOINTS : 0);
  const weyl_tensor y = model->motion(t.graph, &in, o);
  weyl_options_free(o);
  if (weyl_graph_status(t.graph) != WEYL_OK) fail_msg("%s: %s", f->model, weyl_message(t.ctx));
  const weyl_tensor target =
      weyl_input(t.graph, "target", real, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(future), weyl_num(d)));
  const weyl_tensor loss = weyl_mean_all(weyl_length(weyl_sub(y, weyl_unsqueeze(target, 1))));
  const weyl_tensor categories = weyl_watched(t.graph, "categories", 0);
  assert_true(weyl_tensor_valid(categories) == f->reasons);
  const bool learns = weyl_variables_numbers(t.vars, WEYL_PARAM) > 0;
  const weyl_tensor outputs[] = {y, f->reasons ? categories : y, loss, learns ? weyl_param_grad(loss) : loss};
  traced_compile(&t, outputs, 4);
  const int64_t small = weyl_variables_find(t.vars, WEYL_PARAM, "out.weight");
  if (strcmp(f->model, "simlpe") == 0) { /* begins with next to nothing beside the last pose */
    const weyl_array a = weyl_variables_array(t.vars, WEYL_PARAM, (size_t)small);
    for (int64_t i = 0; i < weyl_array_size(&a); i++) array_put(&a, i, 1e8 * array_at(&a, i));
  }
  return t;
}

static cloud motion_cloud(int d, uint64_t seed) {
  cloud c = cloud_new(d, SAMPLES, sizes, seed);
  cloud_give_motion(&c, T, F, seed);
  return c;
}

/* The sheet's counts, section 3.1. */
static void parameter_counts(void **state) {
  (void)state;
  static const struct {
    const char *size, *layers;
    int64_t count;
  } row[] = {{"64", "4", 418242}, {"32", "2", 63010}, {"64", "1", 71362 + 86720}};
  for (int k = 0; k < 3; k++) {
    traced t = traced_new(WEYL_F32, true);
    const weyl_model_def *model = weyl_model_find("eqmotion");
    weyl_options *o = NULL;
    assert_int_equal(weyl_options_new(t.ctx, &o), WEYL_OK);
    assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
    const char *const set[][2] = {{"channels", row[k].size}, {"hidden", row[k].size}, {"layers", row[k].layers}};
    for (int i = 0; i < 3; i++) assert_int_equal(weyl_options_set(o, set[i][0], set[i][1], NULL), WEYL_OK);
    const weyl_motion in = weyl_motion_input(t.graph, 3, 20, 20, 0, 0, 0);
    const weyl_tensor y = model->motion(t.graph, &in, o);
    const weyl_shape want = WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(1), weyl_num(20), weyl_num(3)),
                     got = weyl_tensor_shape(y);
    assert_true(weyl_shape_equal(&want, &got));
    assert_int_equal(weyl_variables_numbers(t.vars, WEYL_PARAM), row[k].count);
    weyl_options_free(o);
    traced_free(&t);
  }
}

static double largest(const double *a, const double *b, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i] - b[i]));
  return most;
}

static int heads_of(const form *f) {
  for (int k = 0; k < 6 && f->set[k][0]; k++)
    if (strcmp(f->set[k][0], "heads") == 0) return atoi(f->set[k][1]);
  return 1;
}

/* E(d) with reflections and S(n): sheet, 2.6 and check 3; joints move with their nodes. */
static void symmetry(void **state) {
  (void)state;
  static const double tolerance[2] = {1e-12, 1e-5}, category_bound[2] = {1e-13, 1e-6};
  for (int k = 0; k < FORMS; k++)
    for (int d = 2; d <= 3; d++)
      for (int single = 0; single < 2; single++) {
        const form *f = &forms[k];
        cloud c = motion_cloud(d, 40 + (uint64_t)k);
        traced t = model_new(f, single ? WEYL_F32 : WEYL_F64, d, T, F);
        double r[9], shift[3] = {3, -2, 1};
        weyl_rng rng = weyl_rng_new((uint64_t)k, "moves");
        random_orthogonal(&rng, d, (k + d) % 2 ? 1 : -1, r);
        cloud moved = cloud_moved(&c, r, shift), reversed = cloud_permuted(&c);
        int64_t n, edges;
        assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
        double *y = output_values(&t, 0, &n), *p = output_values(&t, 1, &edges);
        assert_int_equal(n, c.nodes * heads_of(f) * F * d);
        assert_int_equal(cloud_step(&t, &moved, 1, 0), WEYL_OK);
        double *y_moved = output_values(&t, 0, NULL), *p_moved = output_values(&t, 1, NULL);
        assert_int_equal(cloud_step(&t, &reversed, 3, 0), WEYL_OK);
        double *y_reversed = output_values(&t, 0, NULL);

        for (int64_t i = 0; f->reasons && i < edges; i += edges / c.edges) {
          double sum = 0;
          for (int64_t a = 0; a < edges / c.edges; a++) sum += p[i + a];
          assert_near(sum, 1, 1e-6);
        }
        if (f->reasons) assert_true(largest(p, p_moved, edges) < category_bound[single]);
        cloud_reverse(&c, y_reversed, heads_of(f) * F * d);
        assert_true(largest(y, y_reversed, n) < 10 * tolerance[single]);
        double *turned = calloc((size_t)n, sizeof *turned);
        memcpy(turned, y, (size_t)n * sizeof *y);
        turn_rows(turned, n / d, d, r, shift);
        const double error = largest(turned, y_moved, n);
        if ((error < 10 * tolerance[single]) == f->raw)
          fail_msg("form %d, d = %d, %s: %g", k, d, single ? "f32" : "f64", error);
        assert_true(largest(y, y_moved, n) > 1e-2);
        free(turned);
        free(y);
        free(p);
        free(y_moved);
        free(p_moved);
        free(y_reversed);
        cloud_free(&c);
        cloud_free(&moved);
        cloud_free(&reversed);
        traced_free(&t);
      }
}

/* Every variable against central differences, check 5: two entries of each. */
static void gradients(void **state) {
  (void)state;
  for (int k = 0; k < FORMS; k++) {
    cloud c = motion_cloud(3, 50);
    traced t = model_new(&forms[k], WEYL_F64, 3, T, F);
    assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
    int64_t n;
    double *gradient = output_values(&t, 3, &n), most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(gradient[i]));
    const weyl_array arena = weyl_variables_arena(t.vars, WEYL_PARAM);
    int flat = 0;
    for (size_t v = 0; v < weyl_variables_count(t.vars, WEYL_PARAM); v++) {
      const weyl_array a = weyl_variables_array(t.vars, WEYL_PARAM, v);
      const int64_t first = (const double *)a.data - (const double *)arena.data, size = weyl_array_size(&a);
      double seen = 0;
      for (int64_t i = size / 5; i < size; i += 1 + size / 2) {
        const double keep = array_at(&a, i), h = 1e-6;
        double loss[2];
        for (int s = 0; s < 2; s++) {
          array_put(&a, i, keep + (s ? h : -h));
          assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
          loss[s] = output_scalar(&t, 2);
        }
        array_put(&a, i, keep);
        const double numeric = (loss[1] - loss[0]) / (2 * h);
        if (!(fabs(numeric - gradient[first + i]) < 1e-6 * most))
          fail_msg("form %d, %s[%lld]: %g by differences, %g", k, weyl_variables_name(t.vars, WEYL_PARAM, v),
                   (long long)i, numeric, gradient[first + i]);
        seen = fmax(seen, fabs(numeric));
      }
      flat += seen == 0;
    }
    /* what the last layer's patterns are made of has no effect (2.4); all else has */
    assert_true(flat <= 8 * heads_of(&forms[k]));
    free(gradient);
    cloud_free(&c);
    traced_free(&t);
  }
}

/* Straight motion, rest, coincident agents: angle and length have no slope there, and nothing is NaN (2.8). */
static void special_points(void **state) {
  (void)state;
  cloud c = motion_cloud(3, 60);
  for (int64_t i = 0; i < c.nodes; i++)
    for (int t = 0; t < T; t++)
      for (int k = 0; k < 3; k++)
        c.past[(i * T + t) * 3 + k] = i % 3 == 0 ? 1 : (k == 0) * (double)(t * (i % 3 == 1)); /* rest, or along x */
  for (int k = 0; k < FORMS; k++) {
    traced t = model_new(&forms[k], WEYL_F64, 3, T, F);
    assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
    for (int o = 0; o < 4; o++) {
      int64_t n;
      double *y = output_values(&t, o, &n);
      for (int64_t i = 0; i < n; i++) assert_true(isfinite(y[i]));
      free(y);
    }
    traced_free(&t);
  }
  cloud_free(&c);
}

/* A temperature that falls does so with every training step, and stays where it should. */
static void temperature(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F64, true);
  const weyl_model_def *model = weyl_model_find("eqmotion");
  weyl_options *o = NULL;
  assert_int_equal(weyl_options_new(t.ctx, &o), WEYL_OK);
  assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
  const char *const set[][2] = {
      {"channels", "4"}, {"hidden", "4"}, {"layers", "1"}, {"tau_end", "0.25"}, {"tau_steps", "2"}};
  for (int i = 0; i < 5; i++) assert_int_equal(weyl_options_set(o, set[i][0], set[i][1], NULL), WEYL_OK);
  const weyl_motion in = weyl_motion_input(t.graph, 3, T, F, 0, 0, 0);
  const weyl_tensor y = model->motion(t.graph, &in, o);
  weyl_options_free(o);
  traced_compile(&t, &y, 1);
  cloud c = motion_cloud(3, 70);
  static const double want[] = {1, 2, 4, 4};
  for (int step = 0; step < 4; step++) {
    const weyl_array a = variable(t.vars, WEYL_STATE, "reasoning.sharpness");
    assert_near(array_at(&a, 0), want[step], 1e-14);
    assert_int_equal(cloud_step(&t, &c, 0, (uint64_t)step), WEYL_OK);
  }
  cloud_free(&c);
  traced_free(&t);
}

/* What cannot be: no edges, all categories without effect, one frame. */
static void refusals(void **state) {
  (void)state;
  const weyl_model_def *model = weyl_model_find("eqmotion");
  for (int k = 0; k < 3; k++) {
    traced t = traced_new(WEYL_F32, false);
    weyl_options *o = NULL;
    assert_int_equal(weyl_options_new(t.ctx, &o), WEYL_OK);
    assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
    if (k == 1) assert_int_equal(weyl_options_set(o, "null_categories", "2", NULL), WEYL_OK);
    const weyl_motion in = weyl_motion_input(t.graph, 3, k == 2 ? 1 : T, F, 0, k == 0 ? -1 : 0, 0);
    assert_false(weyl_tensor_valid(model->motion(t.graph, &in, o)));
    assert_int_equal(weyl_graph_status(t.graph), WEYL_BAD_ARG);
    weyl_options_free(o);
    traced_free_graph(&t);
    weyl_variables_free(t.vars);
    weyl_context_free(t.ctx);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameter_counts), cmocka_unit_test(symmetry),    cmocka_unit_test(gradients),
      cmocka_unit_test(special_points),   cmocka_unit_test(temperature), cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
