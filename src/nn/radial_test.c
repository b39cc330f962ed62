#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "steerable_fixture.h"

enum { PLACES = 9 };
static const int64_t count[1][WEYL_COUNTS] = {{0, 1, PLACES, 0}};
static const double radius = 2.5;
/* 0, around the change of formulas (angle 1), and around the cutoff */
static const double at[PLACES] = {0, 1e-9, 0.2, 0.79, 0.8, 1.7, 2.499999, 2.5, 40};

static double bessel(int k, double r) {
  return r == 0 ? sqrt(2 / radius) * k * M_PI / radius : sqrt(2 / radius) * sin(k * M_PI * r / radius) / r;
}
static double gaussian(int k, int n, double r) {
  const double d = radius / (n - 1), z = (r - (k - 1) * d) / d;
  return exp(-z * z / 2);
}
static double cutoff(weyl_cutoff kind, int p, double r) {
  const double x = r / radius;
  if (kind == WEYL_CUTOFF_NONE) return 1;
  if (x >= 1) return 0;
  if (kind == WEYL_CUTOFF_COSINE) return (1 + cos(M_PI * x)) / 2;
  return 1 - (p + 1) * (p + 2) / 2.0 * pow(x, p) + p * (p + 2) * pow(x, p + 1) - p * (p + 1) / 2.0 * pow(x, p + 2);
}

static weyl_tensor distances(weyl_graph *g) {
  return weyl_input(g, "r", weyl_graph_dtype(g), WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(1)));
}

static void values(void **state) {
  (void)state;
  for (int f32 = 0; f32 < 2; f32++)
    for (int kind = 0; kind < 2; kind++)
      for (int cut = 0; cut < 3; cut++)
        for (int p = 2; p <= 6; p += 4) {
          traced t = traced_new(f32 ? WEYL_F32 : WEYL_F64, false);
          const weyl_radial_opts o = {
              .kind = (weyl_radial_kind)kind, .n = 6, .radius = radius, .cutoff = (weyl_cutoff)cut, .p = p};
          const weyl_tensor y = weyl_radial(distances(t.graph), &o);
          traced_compile(&t, &y, 1);
          assert_ok(t.ctx, traced_step(&t, 1, count, (bound[]){{"r", at}}, 1, 0));
          double *got = output_values(&t, 0, NULL);
          for (int i = 0; i < PLACES; i++)
            for (int k = 1; k <= 6; k++) {
              const double f = kind ? gaussian(k, 6, at[i]) : bessel(k, at[i]);
              assert_near(got[i * 6 + k - 1], f * cutoff((weyl_cutoff)cut, p, at[i]), f32 ? 2e-5 : 2e-14);
            }
          free(got);
          traced_free(&t);
        }
}

/* Derivatives up to the third against differences, between the special places; finite at them; 0 from the cutoff on. */
static void derivatives(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++)
    for (int cut = 0; cut < 3; cut++) {
      traced t = traced_new(WEYL_F64, false);
      const weyl_radial_opts o = {.kind = (weyl_radial_kind)kind, .n = 3, .radius = radius, .cutoff = (weyl_cutoff)cut};
      const weyl_tensor r = distances(t.graph);
      weyl_tensor out[8], f = weyl_radial(r, &o);
      assert_int_equal(weyl_dim_of(f, 1), 3);
      for (int k = 0; k < 4; k++) {
        out[2 * k] = crooked_sum(f);
        f = out[2 * k + 1] = weyl_grad(out[2 * k], r);
      }
      traced_compile(&t, out, 8);
      double place[PLACES] = {0.05, 0.11, 0.31, 0.5, 0.75, 1.3, 1.9, 2.3, 40};
      const bound inputs[] = {{"r", place}};
      for (int k = 0; k < 3; k++) differences(&t, count, inputs, 1, 2 * k, 2 * k + 1, (knob){.values = place}, 1e-8);
      memcpy(place, at, sizeof at);
      assert_ok(t.ctx, traced_step(&t, 1, count, inputs, 1, 0));
      for (int k = 0; k < 4; k++) {
        double *g = output_values(&t, 2 * k + 1, NULL);
        for (int i = 0; i < PLACES; i++) assert_true(isfinite(g[i]));
        if (cut != WEYL_CUTOFF_NONE)
          for (int i = 7; i < PLACES; i++) assert_near(g[i], 0, 0);
        if (k == 0 && kind == WEYL_RADIAL_BESSEL) assert_near(g[0], 0, 1e-12); /* even */
        if (k == 0 && cut == WEYL_CUTOFF_POLYNOMIAL) assert_near(g[6], 0, 1e-8);
        free(g);
      }
      traced_free(&t);
    }
}

/* Lengths: the slope is the direction; a zero vector has length 0 and no slope of any order. */
static void lengths(void **state) {
  (void)state;
  for (int f32 = 0; f32 < 2; f32++) {
    traced t = traced_new(f32 ? WEYL_F32 : WEYL_F64, false);
    const weyl_tensor v =
        weyl_input(t.graph, "v", weyl_graph_dtype(t.graph), WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
    const weyl_tensor r = weyl_length(v);
    const weyl_tensor s =
        weyl_sum_all(weyl_radial(r, &(weyl_radial_opts){.radius = 3, .cutoff = WEYL_CUTOFF_POLYNOMIAL}));
    weyl_tensor out[5] = {r, weyl_grad(weyl_sum_all(r), v), weyl_grad(s, v)};
    for (int k = 3; k < 5; k++) out[k] = weyl_grad(weyl_sum_all(weyl_square(out[k - 1])), v);
    traced_compile(&t, out, 5);
    double in[PLACES * 3] = {0, 0, 0, 3, -4, 12, 1e-20, 0, 0, 0, 2e-6, 0, 0, 0, 1e-3};
    assert_ok(t.ctx, traced_step(&t, 1, count, (bound[]){{"v", in}}, 1, 0));
    double *got[5];
    for (int k = 0; k < 5; k++) got[k] = output_values(&t, k, NULL);
    const double tiny = f32 ? 1e-6 : 1e-15;
    for (int k = 1; k < 5; k++)
      for (int i = 0; i < 3; i++) assert_near(got[k][i], 0, 0);
    assert_near(got[0][0], 0, 0);
    assert_near(got[0][1], 13, 13 * tiny);
    assert_near(got[0][2], f32 ? 0 : 1e-20, 1e-34);
    assert_near(got[0][3], 2e-6, 2e-6 * tiny);
    for (int i = 0; i < 3; i++) assert_near(got[1][3 + i], in[3 + i] / 13, tiny);
    for (int k = 1; k < 5; k++)
      for (int i = 0; i < PLACES * 3; i++)
        if (!isfinite(got[k][i])) fail_msg("f%d, output %d: %g at %g", f32 ? 32 : 64, k, got[k][i], in[i]);
    for (int k = 0; k < 5; k++) free(got[k]);
    traced_free(&t);
  }
}

static void bad_input(void **state) {
  (void)state;
  static const struct {
    weyl_radial_opts o;
    int width;
    weyl_status status;
    const char *words;
  } row[] = {{{.radius = 0}, 1, WEYL_BAD_ARG, "radius 0"},
             {{.radius = NAN}, 1, WEYL_BAD_ARG, "radius nan"},
             {{.radius = 1, .n = 300}, 1, WEYL_BAD_ARG, "300 functions"},
             {{.radius = 1, .cutoff = WEYL_CUTOFF_POLYNOMIAL, .p = -2}, 1, WEYL_BAD_ARG, "p -2"},
             {{.radius = 1}, 3, WEYL_SHAPE, "distances [nodes, 3], must be [.., 1]"}};
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F64, false);
    const weyl_tensor r = weyl_input(t.graph, "r", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(row[k].width)));
    assert_false(weyl_tensor_valid(weyl_radial(r, &row[k].o)));
    assert_says(t.ctx, weyl_graph_status(t.graph), row[k].status, row[k].words);
    traced_free(&t);
  }
  assert_false(weyl_tensor_valid(weyl_length(WEYL_NULL_TENSOR)));
  assert_false(weyl_tensor_valid(weyl_radial(WEYL_NULL_TENSOR, &row[0].o)));
  assert_false(weyl_tensor_valid(weyl_cutoff_of(WEYL_NULL_TENSOR, WEYL_CUTOFF_COSINE, 1, 0)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values),
      cmocka_unit_test(derivatives),
      cmocka_unit_test(lengths),
      cmocka_unit_test(bad_input),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
