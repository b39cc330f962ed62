#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "points_fixture.h"

static const int64_t sizes[] = {5, 23, 7, 11};
enum { SAMPLES = 4 };

/* A DeepSets backbone with biases: no symmetry of space at all. */
static weyl_tensor deep_sets(void *self, weyl_graph *g, const weyl_points *p) {
  (void)g;
  const int64_t out = *(const int64_t *)self;
  weyl_tensor raw = weyl_tensor_valid(p->v) ? weyl_concat((weyl_tensor[]){p->x, p->v}, 2, 1) : p->x;
  weyl_tensor h = weyl_mlp(raw, "phi", (int64_t[]){16, 16}, 2, WEYL_ACT_SILU, true);
  weyl_tensor all = weyl_points_spread(p, weyl_points_mean(p, h));
  return weyl_mlp(weyl_concat((weyl_tensor[]){h, all}, 2, 1), "rho", (int64_t[]){16, out}, 2, WEYL_ACT_TANH, false);
}

static weyl_tensor odd(void *self, weyl_graph *g, const weyl_points *p) { /* phi(-Z) = -phi(Z) */
  (void)self;
  (void)g;
  return weyl_unsqueeze(weyl_sum(weyl_mul(weyl_tanh(p->x), weyl_square(p->v)), 1), 1);
}

static weyl_tensor lengths(void *self, weyl_graph *g, const weyl_points *p) { /* invariant already */
  (void)self;
  (void)g;
  return weyl_unsqueeze(weyl_sum(weyl_square(weyl_sub(p->x, weyl_points_spread(p, weyl_points_mean(p, p->x)))), 1), 1);
}

typedef struct averaged {
  traced t;
  cloud c;
  int64_t width;
} averaged;

static averaged average(weyl_dtype real, bool training, int d, const weyl_symmetrize_opts *o, weyl_output output,
                        int64_t width) {
  averaged a = {.t = traced_new(real, training), .c = cloud_new(d, SAMPLES, sizes, 8), .width = width};
  weyl_points p = weyl_points_input(a.t.graph, d, true, 1, 1);
  weyl_tensor y = weyl_frame_symmetrize(&p, o, output, deep_sets, &width);
  traced_compile(&a.t, &y, 1);
  return a;
}

static void averaged_free(averaged *a) {
  traced_free(&a->t);
  cloud_free(&a->c);
}

/* The largest deviation from "transforms as it should" under a random element with the determinant given, and the
 * largest value. */
static double deviation(averaged *a, weyl_output output, int det, double *scale) {
  const int d = a->c.d;
  double r[16], t[4] = {7, -11, 5, 3};
  weyl_rng rng = weyl_rng_new(3, "moves");
  random_orthogonal(&rng, d, det, r);
  cloud moved = cloud_moved(&a->c, r, t);
  double *y = cloud_output(&a->t, &a->c, 0, 0), *z = cloud_output(&a->t, &moved, 3, 0);
  const int64_t n = a->c.nodes * a->width;
  *scale = 0;
  for (int64_t i = 0; i < n; i++) *scale = fmax(*scale, fabs(y[i]));
  if (output != WEYL_OUT_INVARIANT) turn_rows(y, n / d, d, r, output == WEYL_OUT_POINTS ? t : NULL);
  const double worst = largest_difference(y, z, n);
  free(y);
  free(z);
  cloud_free(&moved);
  return worst;
}

/* A1 and A2: invariant and equivariant to 1e-10 in f64, sizes 5..23, translations of about 10. */
static void exact_symmetry(void **state) {
  (void)state;
  const struct {
    const char *group;
    int d;
  } row[] = {{"E(3)", 3}, {"SE(3)", 3}, {"E(2)", 2}, {"SE(2)", 2}, {"E(4)", 4}};
  for (size_t k = 0; k < sizeof row / sizeof *row; k++)
    for (int output = WEYL_OUT_INVARIANT; output <= WEYL_OUT_POINTS; output++) {
      const weyl_symmetrize_opts o = {.group = row[k].group, .vector_weight = output == WEYL_OUT_VECTORS ? 0.1 : 0};
      averaged a = average(WEYL_F64, false, row[k].d, &o, (weyl_output)output, 2 * row[k].d);
      double scale;
      const bool special = row[k].group[0] == 'S';
      assert_true(deviation(&a, (weyl_output)output, 1, &scale) < 1e-10);
      assert_true(scale > 1e-2);
      const double reflected = deviation(&a, (weyl_output)output, -1, &scale);
      if (special)
        assert_true(reflected >
                    1e-4 * scale); /* a chiral input and a generic backbone: SE(d) tells mirror images apart */
      else
        assert_true(reflected < 1e-10);
      averaged_free(&a);
    }
  /* f32: relative 1e-5 (A1), for the frame's condition here */
  const weyl_symmetrize_opts o = {.group = "E(3)"};
  averaged a = average(WEYL_F32, false, 3, &o, WEYL_OUT_INVARIANT, 3);
  double scale;
  assert_true(deviation(&a, WEYL_OUT_INVARIANT, -1, &scale) < 2e-5 * fmax(scale, 1));
  averaged_free(&a);
}

/* O(3): rotations about the origin only, so a translation must show. */
static void without_translations(void **state) {
  (void)state;
  const weyl_symmetrize_opts o = {.group = "O(3)"};
  averaged a = average(WEYL_F64, false, 3, &o, WEYL_OUT_VECTORS, 3);
  double r[9], t[3] = {0.5, 0, 0}, scale;
  weyl_rng rng = weyl_rng_new(4, "moves");
  random_orthogonal(&rng, 3, -1, r);
  cloud turned = cloud_moved(&a.c, r, NULL), shifted = cloud_moved(&a.c, (double[]){1, 0, 0, 0, 1, 0, 0, 0, 1}, t);
  double *y = cloud_output(&a.t, &a.c, 0, 0), *z = cloud_output(&a.t, &turned, 0, 0),
         *s = cloud_output(&a.t, &shifted, 0, 0);
  const int64_t n = a.c.nodes * 3;
  assert_true(largest_difference(y, s, n) > 1e-3);
  turn_rows(y, a.c.nodes, 3, r, NULL);
  assert_true(largest_difference(y, z, n) < 1e-10);
  assert_true(deviation(&a, WEYL_OUT_VECTORS, 1, &scale) > 1e-3);
  free(y);
  free(z);
  free(s);
  cloud_free(&turned);
  cloud_free(&shifted);
  averaged_free(&a);
}

static void permutations_pass_through(void **state) {
  (void)state;
  const weyl_symmetrize_opts o = {.group = "E(3)"};
  averaged a = average(WEYL_F64, false, 3, &o, WEYL_OUT_POINTS, 3);
  cloud reversed = cloud_permuted(&a.c);
  double *y = cloud_output(&a.t, &a.c, 0, 0), *z = cloud_output(&a.t, &reversed, 2, 0);
  cloud_reverse(&a.c, y, 3);
  assert_true(largest_difference(y, z, a.c.nodes * 3) < 1e-10);
  free(y);
  free(z);
  cloud_free(&reversed);
  averaged_free(&a);
}

/* A4: an odd function averages to 0, an invariant one is not changed. */
static void odd_and_invariant_backbones(void **state) {
  (void)state;
  cloud c = cloud_new(3, SAMPLES, sizes, 9);
  traced t = traced_new(WEYL_F64, false);
  weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
  const weyl_symmetrize_opts o = {.group = "E(3)"};
  weyl_tensor out[] = {weyl_frame_symmetrize(&p, &o, WEYL_OUT_INVARIANT, odd, NULL),
                       weyl_frame_symmetrize(&p, &o, WEYL_OUT_INVARIANT, lengths, NULL), lengths(NULL, t.graph, &p)};
  traced_compile(&t, out, 3);
  assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
  double *zero = output_values(&t, 0, NULL), *mean = output_values(&t, 1, NULL), *plain = output_values(&t, 2, NULL);
  for (int64_t i = 0; i < c.nodes; i++) {
    assert_near(zero[i], 0, 1e-14);
    assert_near(mean[i], plain[i], 1e-12 * (1 + plain[i]));
  }
  free(zero);
  free(mean);
  free(plain);
  traced_free(&t);
  cloud_free(&c);
}

/* A6: each stochastic output is one of the 8; their mean is the full average, and a mean over draws comes near. */
static void stochastic_mean_is_the_average(void **state) {
  (void)state;
  const weyl_symmetrize_opts full = {.group = "E(3)"}, one = {.group = "E(3)", .mode = WEYL_FRAMES_STOCHASTIC};
  averaged a = average(WEYL_F64, true, 3, &full, WEYL_OUT_VECTORS, 3);
  averaged b = average(WEYL_F64, true, 3, &one, WEYL_OUT_VECTORS, 3);
  averaged e = average(WEYL_F64, false, 3, &one, WEYL_OUT_VECTORS, 3); /* evaluation takes all frames */
  double *want = cloud_output(&a.t, &a.c, 0, 0), *eval = cloud_output(&e.t, &e.c, 0, 0);
  const int64_t n = a.c.nodes * 3, first = sizes[0] * 3;
  assert_memory_equal(want, eval, (size_t)n * sizeof *want);

  enum { DRAWS = 4000 };
  double distinct[8][15] = {{0}}, total[15] = {0}, square[15] = {0};
  int kinds = 0;
  assert_int_equal(first, 15);
  for (uint64_t step = 0; step < DRAWS; step++) {
    double *y = cloud_output(&b.t, &b.c, 0, step);
    int k = 0;
    while (k < kinds && largest_difference(distinct[k], y, first) > 1e-9) k++;
    assert_true(k < 8);
    if (k == kinds) memcpy(distinct[kinds++], y, sizeof distinct[0]);
    for (int i = 0; i < 15; i++) {
      total[i] += y[i] / DRAWS;
      square[i] += y[i] * y[i] / DRAWS;
    }
    free(y);
  }
  assert_int_equal(kinds, 8);
  for (int i = 0; i < 15; i++) {
    double mean = 0;
    for (int k = 0; k < 8; k++) mean += distinct[k][i] / 8;
    assert_near(mean, want[i], 1e-13);
    assert_true(fabs(total[i] - want[i]) < 4.5 * sqrt((square[i] - total[i] * total[i]) / DRAWS));
  }
  free(want);
  free(eval);
  averaged_free(&a);
  averaged_free(&b);
  averaged_free(&e);
}

/* With `differentiate` the gradient by positions is that of the whole average, frames included; without, it is not. */
static void gradient_through_the_frame(void **state) {
  (void)state;
  for (int exact = 0; exact < 2; exact++) {
    const int64_t few[] = {4, 6};
    cloud c = cloud_new(3, 2, few, 10);
    traced t = traced_new(WEYL_F64, false);
    weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
    const weyl_symmetrize_opts o = {.group = "SE(3)", .differentiate = exact};
    const int64_t width = 3;
    weyl_tensor y = weyl_frame_symmetrize(&p, &o, WEYL_OUT_POINTS, deep_sets, (void *)(uintptr_t)&width);
    weyl_tensor energy = weyl_sum_all(weyl_sin(weyl_add(y, p.v)));
    weyl_tensor out[] = {energy, weyl_grad(energy, p.x)};
    traced_compile(&t, out, 2);
    assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
    double *gradient = output_values(&t, 1, NULL), worst = 0;
    for (int64_t i = 0; i < c.nodes * 3; i++) {
      const double keep = c.x[i], h = 1e-5;
      double f[2];
      for (int k = 0; k < 2; k++) {
        c.x[i] = keep + (k ? h : -h);
        assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
        f[k] = output_scalar(&t, 0);
      }
      c.x[i] = keep;
      const double diff = fabs(gradient[i] - (f[1] - f[0]) / (2 * h));
      worst = fmax(worst, diff);
    }
    if (exact)
      assert_true(worst < 1e-7);
    else
      assert_true(worst > 1e-4);
    free(gradient);
    traced_free(&t);
    cloud_free(&c);
  }
}

static weyl_tensor nested(void *self, weyl_graph *g, const weyl_points *p) {
  (void)g;
  const weyl_symmetrize_opts o = {.group = "SE(3)", .name = "inner"};
  return weyl_frame_symmetrize(p, &o, WEYL_OUT_POINTS, deep_sets, self);
}

static void symmetrizers_nest(void **state) {
  (void)state;
  cloud c = cloud_new(3, SAMPLES, sizes, 11);
  traced t = traced_new(WEYL_F64, false);
  weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
  const weyl_symmetrize_opts o = {.group = "E(3)"};
  int64_t width = 3;
  weyl_tensor y = weyl_frame_symmetrize(&p, &o, WEYL_OUT_POINTS, nested, &width);
  traced_compile(&t, &y, 1);
  averaged a = {.t = t, .c = c, .width = 3};
  double scale;
  assert_true(deviation(&a, WEYL_OUT_POINTS, -1, &scale) < 1e-9);
  averaged_free(&a);
}

static weyl_tensor wrong_rows(void *self, weyl_graph *g, const weyl_points *p) {
  (void)self;
  (void)g;
  return weyl_points_mean(p, p->x);
}

static void bad_backbones(void **state) {
  (void)state;
  const weyl_symmetrize_opts o = {.group = "E(3)"};
  for (int which = 0; which < 2; which++) {
    traced t = traced_new(WEYL_F64, false);
    weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
    int64_t width = 4;
    const weyl_tensor y = weyl_frame_symmetrize(&p, &o, WEYL_OUT_VECTORS, which ? wrong_rows : deep_sets, &width);
    assert_false(weyl_tensor_valid(y));
    assert_int_equal(weyl_graph_status(t.graph), WEYL_SHAPE);
    assert_non_null(strstr(weyl_message(t.ctx), which ? "expected [8 nodes, width]" : "multiple of 3"));
    traced_free(&t);
  }
}

static void symmetry_strings(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  bool none = true;
  char group[32] = "";
  weyl_symmetrize_opts o;
  assert_int_equal(weyl_symmetry_parse(ctx, "none", &none, group, &o), WEYL_OK);
  assert_true(none);
  assert_int_equal(weyl_symmetry_parse(ctx, "frame:SE(3)", &none, group, &o), WEYL_OK);
  assert_false(none);
  assert_string_equal(group, "SE(3)");
  assert_ptr_equal(o.group, group);
  assert_int_equal(o.mode, WEYL_FRAMES_FULL);
  assert_int_equal(weyl_symmetry_parse(ctx, "sfa:E(2)", &none, group, &o), WEYL_OK);
  assert_string_equal(group, "E(2)");
  assert_int_equal(o.mode, WEYL_FRAMES_STOCHASTIC);

  static const struct {
    const char *text, *word;
  } bad[] = {
      {"", "position 0"},
      {"frames:E(3)", "expected none, frame:GROUP or sfa:GROUP at position 0"},
      {"frame:", "expected E(d), SE(d), O(d) or SO(d) at position 6"},
      {"frame:X(3)", "position 6"},
      {"sfa:SX(3)", "expected E(d) or O(d) after S at position 5"},
      {"frame:E3", "expected ( and the dimension at position 7"},
      {"frame:E(n)", "expected a dimension 1..6 at position 8"},
      {"sfa:SE(8)", "expected a dimension 1..7 at position 7"},
      {"frame:E(3", "expected ) at position 9"},
      {"frame:E(3) ", "expected the end at position 10"},
      {"none ", "position 0"},
  };
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    weyl_message_clear(ctx);
    none = false;
    assert_int_equal(weyl_symmetry_parse(ctx, bad[k].text, &none, group, &o), WEYL_FORMAT);
    if (!strstr(weyl_message(ctx), bad[k].word))
      fail_msg("%s: %s lacks %s", bad[k].text, weyl_message(ctx), bad[k].word);
    assert_string_equal(group, "E(2)"); /* written only on success */
  }
  assert_int_equal(weyl_symmetry_parse(ctx, NULL, &none, group, &o), WEYL_BAD_ARG);
  weyl_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exact_symmetry),
      cmocka_unit_test(without_translations),
      cmocka_unit_test(permutations_pass_through),
      cmocka_unit_test(odd_and_invariant_backbones),
      cmocka_unit_test(stochastic_mean_is_the_average),
      cmocka_unit_test(gradient_through_the_frame),
      cmocka_unit_test(symmetrizers_nest),
      cmocka_unit_test(bad_backbones),
      cmocka_unit_test(symmetry_strings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
