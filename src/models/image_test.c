#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/models.h>

#include "../nn/points_fixture.h"

enum { SIDE = 8, CHANNELS = 3, CLASSES = 4, BATCH = 5 };

static weyl_options *options_of(weyl_context *ctx, const weyl_model_def *model, const char *const *set) {
  weyl_options *o = NULL;
  assert_int_equal(weyl_options_new(ctx, &o), WEYL_OK);
  assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
  for (; set && *set; set += 2) assert_int_equal(weyl_options_set(o, set[0], set[1], NULL), WEYL_OK);
  return o;
}

static weyl_tensor logits_of(traced *t, const char *name, const char *const *set, int64_t side, int64_t classes) {
  const weyl_model_def *model = weyl_model_find(name);
  assert_non_null(model);
  weyl_options *o = options_of(t->ctx, model, set);
  const weyl_tensor x =
      weyl_input(t->graph, "image", weyl_graph_dtype(t->graph),
                 WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(side), weyl_num(side), weyl_num(CHANNELS)));
  const weyl_tensor y = model->image(t->graph, x, classes, o);
  weyl_options_free(o);
  return y;
}

/* 2.24 million for 10 classes, as published; the others by hand. */
static void parameter_counts(void **state) {
  (void)state;
  static const struct {
    const char *model;
    const char *set[5];
    int64_t count;
  } row[] = {
      {"wrn-40-2", {NULL}, 2243546},
      {"wrn-40-2", {"depth", "10", "widen", "1", NULL}, 77850},
      {"small-cnn", {NULL}, 94762},
      {"small-cnn", {"width", "8", NULL}, 27 * 8 + 72 * 16 + 144 * 32 + 2 * (8 + 16 + 32) + 33 * 10},
  };
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F32, true);
    const weyl_tensor y = logits_of(&t, row[k].model, row[k].set, 32, 10);
    if (weyl_graph_status(t.graph) != WEYL_OK) fail_msg("%s: %s", row[k].model, weyl_message(t.ctx));
    assert_int_equal(weyl_variables_numbers(t.vars, WEYL_PARAM), row[k].count);
    const weyl_shape want = WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(10)), got = weyl_tensor_shape(y);
    assert_true(weyl_shape_equal(&want, &got));
    traced_free(&t);
  }
}

static void names(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int64_t dim[4];
  } row[] = {{"conv0.weight", {3, 3, 3, 16}},
             {"group0.block0.convdim.weight", {1, 1, 16, 32}},
             {"group1.block0.conv0.weight", {3, 3, 32, 64}},
             {"group2.block5.conv1.weight", {3, 3, 128, 128}},
             {"group2.block5.bn1.bias", {128, 0, 0, 0}},
             {"bn.weight", {128, 0, 0, 0}},
             {"fc.weight", {10, 128, 0, 0}}};
  traced t = traced_new(WEYL_F32, true);
  (void)logits_of(&t, "wrn-40-2", NULL, 32, 10);
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    const weyl_array a = variable(t.vars, WEYL_PARAM, row[k].name);
    for (int d = 0; d < 4; d++) assert_int_equal(d < a.rank ? a.dim[d] : 0, row[k].dim[d]);
  }
  traced_free(&t);
}

/* ---- a training step of tiny networks ---- */

typedef struct images {
  double image[BATCH * SIDE * SIDE * CHANNELS], label[BATCH];
} images;

static void fill(images *im) {
  weyl_rng rng = weyl_rng_new(5, "images");
  for (size_t i = 0; i < sizeof im->image / sizeof *im->image; i++) im->image[i] = weyl_rng_normal(&rng);
  for (int i = 0; i < BATCH; i++) im->label[i] = (double)weyl_rng_below(&rng, CLASSES);
}

static void step(traced *t, const images *im, int64_t shards) {
  int64_t count[BATCH][WEYL_COUNTS] = {{0}};
  for (int64_t s = 0; s < shards; s++) count[s][WEYL_BATCH] = BATCH * (s + 1) / shards - BATCH * s / shards;
  const bound in[] = {{"image", im->image}, {"label", im->label}};
  assert_int_equal(traced_step(t, shards, (const int64_t(*)[WEYL_COUNTS])count, in, 2, 0), WEYL_OK);
}

static const struct {
  const char *model;
  const char *set[5];
} tiny[] = {{"small-cnn", {"width", "4", NULL}}, {"wrn-40-2", {"depth", "10", "widen", "1", NULL}}};
enum { TINY = sizeof tiny / sizeof tiny[0] };

static void loss_and_gradient(traced *t, int which, weyl_tensor out[2]) {
  const weyl_tensor y = logits_of(t, tiny[which].model, tiny[which].set, SIDE, CLASSES);
  const weyl_tensor label = weyl_input(t->graph, "label", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  out[0] = weyl_loss_cross_entropy(y, label);
  out[1] = weyl_param_grad(out[0]);
}

/* Shards of any size, and each rewrite alone and left out, against the op-by-op executor; running statistics too. */
static void planned_equals_reference(void **state) {
  (void)state;
  static const char *const settings[] = {"1", "none", "-recompute", "recompute", "recompute,fuse", "-fuse"};
  enum { SETTINGS = sizeof settings / sizeof settings[0] };
  images im;
  fill(&im);
  for (int which = 0; which < TINY; which++) {
    double *want[3] = {NULL};
    for (int k = 0; k <= SETTINGS; k++) {
      if (k)
        assert_int_equal(setenv("WEYL_OPT", settings[k - 1], 1), 0);
      else
        assert_int_equal(unsetenv("WEYL_OPT"), 0);
      traced t = traced_new(WEYL_F64, true);
      weyl_tensor out[2];
      loss_and_gradient(&t, which, out);
      traced_compile_with(&t, out, 2, k == 0);
      step(&t, &im, k == 0 ? 1 : 1 + k % BATCH);
      const weyl_array arena = weyl_variables_arena(t.vars, WEYL_STATE);
      int64_t n[3];
      double *got[3] = {output_values(&t, 0, &n[0]), output_values(&t, 1, &n[1]), NULL};
      n[2] = weyl_array_size(&arena);
      got[2] = calloc((size_t)n[2] + 1, sizeof(double));
      for (int64_t i = 0; i < n[2]; i++) got[2][i] = array_at(&arena, i);
      for (int o = 0; o < 3; o++) {
        double worst = 0;
        for (int64_t i = 0; k && i < n[o]; i++) worst = fmax(worst, fabs(got[o][i] - want[o][i]));
        if (!(worst < 1e-10)) fail_msg("%s, %s, %d: differs by %g", tiny[which].model, settings[k - 1], o, worst);
        if (k == 0) want[o] = got[o];
        if (k) free(got[o]);
      }
      traced_free(&t);
    }
    for (int o = 0; o < 3; o++) free(want[o]);
  }
  assert_int_equal(unsetenv("WEYL_OPT"), 0);
}

/* Against central differences, some entries of every part of the parameters. */
static void gradients(void **state) {
  (void)state;
  images im;
  fill(&im);
  for (int which = 0; which < TINY; which++) {
    traced t = traced_new(WEYL_F64, true);
    weyl_tensor out[2];
    loss_and_gradient(&t, which, out);
    traced_compile(&t, out, 2);
    step(&t, &im, 2);
    int64_t n;
    double *gradient = output_values(&t, 1, &n);
    const weyl_array arena = weyl_variables_arena(t.vars, WEYL_PARAM);
    for (int64_t i = 0; i < n; i += 1 + n / 100) {
      const double keep = array_at(&arena, i), h = 1e-6;
      double f[2];
      for (int k = 0; k < 2; k++) {
        array_put(&arena, i, keep + (k ? h : -h));
        step(&t, &im, 2);
        f[k] = output_scalar(&t, 0);
      }
      array_put(&arena, i, keep);
      assert_near(gradient[i], (f[1] - f[0]) / (2 * h), 1e-6);
    }
    free(gradient);
    traced_free(&t);
  }
}

static void bad_inputs(void **state) {
  (void)state;
  traced t = traced_new(WEYL_F32, true);
  assert_false(weyl_tensor_valid(logits_of(&t, "wrn-40-2", (const char *const[]){"depth", "12", NULL}, 32, 10)));
  if (!strstr(weyl_message(t.ctx), "depth is 12, must be 6 n + 4")) fail_msg("%s", weyl_message(t.ctx));
  traced_free(&t);
  t = traced_new(WEYL_F32, true);
  const weyl_tensor flat = weyl_input(t.graph, "x", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(3)));
  assert_false(weyl_tensor_valid(weyl_conv_layer(flat, "conv", 4, NULL)));
  if (!strstr(weyl_message(t.ctx), "convolution conv: [batch, 3]")) fail_msg("%s", weyl_message(t.ctx));
  traced_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameter_counts), cmocka_unit_test(names),      cmocka_unit_test(planned_equals_reference),
      cmocka_unit_test(gradients),        cmocka_unit_test(bad_inputs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
