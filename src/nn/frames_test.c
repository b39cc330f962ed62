#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "points_fixture.h"

static const int64_t sizes[] = {5, 9, 4, 7};
enum { SAMPLES = 4 };

typedef struct setting {
  const char *group;
  int d, count;
  bool special, centred;
} setting;
static const setting settings[] = {
    {"E(3)", 3, 8, false, true},  {"SE(3)", 3, 4, true, true}, {"O(3)", 3, 8, false, false},
    {"SO(3)", 3, 4, true, false}, {"E(2)", 2, 4, false, true}, {"SE(2)", 2, 2, true, true},
    {"SO(4)", 4, 8, true, false}, {"E(1)", 1, 2, false, true}, {"SE(1)", 1, 1, true, true},
};

static double determinant(const double *m, int d) {
  double w[64], det = 1;
  memcpy(w, m, (size_t)(d * d) * sizeof *w);
  for (int k = 0; k < d; k++) {
    int p = k;
    for (int i = k + 1; i < d; i++)
      if (fabs(w[i * d + k]) > fabs(w[p * d + k])) p = i;
    for (int j = 0; p != k && j < d; j++) {
      const double swap = w[k * d + j];
      w[k * d + j] = w[p * d + j];
      w[p * d + j] = swap;
    }
    det *= (p != k ? -1 : 1) * w[k * d + k];
    for (int i = k + 1; i < d; i++)
      for (int j = d - 1; j >= k; j--) w[i * d + j] -= w[i * d + k] / w[k * d + k] * w[k * d + j];
  }
  return det;
}

/* A3: distinct, orthogonal to 1e-14, determinants half +1 and half -1 (all +1 for the special groups). */
static void frames_are_group_elements(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
    const setting *s = &settings[k];
    const int d = s->d;
    cloud c = cloud_new(d, SAMPLES, sizes, 2);
    traced t = traced_new(WEYL_F64, false);
    weyl_points p = weyl_points_input(t.graph, d, true, 1, 1);
    const weyl_symmetrize_opts o = {.group = s->group};
    const weyl_frames f = weyl_frames_of(&p, WEYL_NULL_TENSOR, &o);
    assert_int_equal(f.count, s->count);
    weyl_tensor out[] = {f.axes, f.center};
    traced_compile(&t, out, 2);
    assert_int_equal(cloud_step(&t, &c, 2, 0), WEYL_OK);
    double *axes = output_values(&t, 0, NULL), *center = output_values(&t, 1, NULL);
    for (int64_t b = 0, first = 0; b < SAMPLES; first += sizes[b++]) {
      int positive = 0;
      for (int a = 0; a < f.count; a++) {
        double r[16];
        for (int i = 0; i < d * d; i++) r[i] = axes[b * d * d + i] * f.signs[a * d + i % d];
        for (int i = 0; i < d; i++)
          for (int j = 0; j < d; j++) {
            double dot = 0;
            for (int m = 0; m < d; m++) dot += r[m * d + i] * r[m * d + j];
            assert_near(dot, i == j, 1e-14);
          }
        positive += determinant(r, d) > 0;
        for (int other = 0; other < a; other++)
          assert_memory_not_equal(f.signs + a * d, f.signs + other * d, (size_t)d * sizeof(double));
      }
      assert_int_equal(positive, s->special ? f.count : f.count / 2);
      for (int a = 0; a < d; a++) {
        double mean = 0;
        for (int64_t i = 0; i < sizes[b]; i++) mean += c.x[(first + i) * d + a] / (double)sizes[b];
        assert_near(center[b * d + a], s->centred ? mean : 0, 1e-14);
      }
    }
    free(axes);
    free(center);
    traced_free(&t);
    cloud_free(&c);
  }
}

/* Into all frames is (v U) times signs; back again is the identity, and of framed constants only the mean over copies
 * is left: zero. */
static void into_and_back(void **state) {
  (void)state;
  for (size_t k = 0; k < 7; k++) {
    const setting *s = &settings[k];
    const int d = s->d;
    cloud c = cloud_new(d, SAMPLES, sizes, 3);
    traced t = traced_new(WEYL_F64, false);
    weyl_points p = weyl_points_input(t.graph, d, true, 1, 1);
    const weyl_symmetrize_opts o = {.group = s->group};
    const weyl_frames f = weyl_frames_of(&p, WEYL_NULL_TENSOR, &o);
    weyl_tensor pair = weyl_stack((weyl_tensor[]){p.x, p.v}, 2, 1);
    weyl_tensor framed = weyl_frames_into(&p, &f, pair);
    weyl_tensor one = weyl_constant(t.graph, 1, weyl_tensor_shape(framed));
    weyl_tensor out[] = {framed, weyl_frames_back(&p, &f, framed), pair, f.axes, weyl_frames_back(&p, &f, one)};
    traced_compile(&t, out, 5);
    assert_int_equal(cloud_step(&t, &c, 3, 0), WEYL_OK);
    double *got[5];
    int64_t n[5];
    for (int i = 0; i < 5; i++) got[i] = output_values(&t, i, &n[i]);
    assert_int_equal(n[0], c.nodes * f.count * 2 * d);
    assert_true(largest_difference(got[1], got[2], n[2]) < 1e-13);
    for (int64_t b = 0, node = 0; b < SAMPLES; b++)
      for (int64_t i = 0; i < sizes[b]; i++, node++)
        for (int a = 0; a < f.count; a++)
          for (int m = 0; m < 2; m++)
            for (int j = 0; j < d; j++) {
              double want = 0;
              for (int l = 0; l < d; l++) want += got[2][(node * 2 + m) * d + l] * got[3][(b * d + l) * d + j];
              assert_near(got[0][((node * f.count + a) * 2 + m) * d + j], want * f.signs[a * d + j], 1e-13);
            }
    if (!(s->special && d == 2)) /* the two rotations of SE(2) are U and -U: the sum is zero there too */
      for (int64_t i = 0; i < n[4]; i++) assert_near(got[4][i], 0, 1e-13);
    for (int i = 0; i < 5; i++) free(got[i]);
    traced_free(&t);
    cloud_free(&c);
  }
}

/* Points +-a_c e_c: the spectrum is 2 a_c^2; with weight, 2 w b_c^2 of the vectors comes on top. */
static void gap_of_a_known_spectrum(void **state) {
  (void)state;
  const int64_t six[] = {6, 1};
  cloud c = cloud_new(3, 2, six, 4);
  const double a[] = {1, 3, 2}, b[] = {2, 0.5, 1};
  memset(c.x, 0, 21 * sizeof(double));
  memset(c.v, 0, 21 * sizeof(double));
  for (int i = 0; i < 3; i++) {
    c.x[(2 * i) * 3 + i] = a[i] + 1; /* centre at (1, 1, 1) */
    c.x[(2 * i + 1) * 3 + i] = -a[i] + 1;
    for (int j = 0; j < 3; j++)
      if (j != i) c.x[(2 * i) * 3 + j] = c.x[(2 * i + 1) * 3 + j] = 1;
    c.v[(2 * i) * 3 + i] = c.v[(2 * i + 1) * 3 + i] = b[i];
  }
  traced t = traced_new(WEYL_F64, false);
  weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
  const weyl_symmetrize_opts plain = {.group = "E(3)"}, joint = {.group = "E(3)", .vector_weight = 0.5};
  weyl_tensor out[] = {weyl_frames_of(&p, WEYL_NULL_TENSOR, &plain).gap,
                       weyl_frames_of(&p, WEYL_NULL_TENSOR, &joint).gap};
  traced_compile(&t, out, 2);
  assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
  double *gap = output_values(&t, 0, NULL), *with = output_values(&t, 1, NULL);
  assert_near(gap[0], 6.0 / 18, 1e-12);     /* 2, 8, 18 */
  assert_near(with[0], 3.0 / 18.25, 1e-12); /* 2 + 4, 8 + 1, 18 + 0.25 */
  assert_near(gap[1], 0, 0);                /* one point: all zero, and no NaN */
  free(gap);
  free(with);
  traced_free(&t);
  cloud_free(&c);
}

/* Inside a symmetrizer segments are (sample, copy), so that a second symmetrizer keeps to them. */
static void copies_nest(void **state) {
  (void)state;
  cloud c = cloud_new(2, SAMPLES, sizes, 5);
  traced t = traced_new(WEYL_F64, false);
  weyl_points p = weyl_points_input(t.graph, 2, true, 1, 1);
  const weyl_symmetrize_opts o = {.group = "E(2)"};
  const weyl_frames f = weyl_frames_of(&p, WEYL_NULL_TENSOR, &o);
  const weyl_points q = weyl_frames_points(&p, &f);
  assert_int_equal(q.copies, 4);
  const weyl_frames ff = weyl_frames_of(&q, WEYL_NULL_TENSOR, &o);
  const weyl_points r = weyl_frames_points(&q, &ff);
  assert_int_equal(r.copies, 16);
  weyl_tensor two = weyl_mul(weyl_scalar(t.graph, 2), q.scalar);
  weyl_tensor out[] = {weyl_points_mean(&r, r.x), ff.axes, q.x, q.sample, q.receiver, q.edge_scalar, two, q.sample_key};
  traced_compile(&t, out, 8);
  assert_int_equal(cloud_step(&t, &c, 0, 0), WEYL_OK);
  double *got[8];
  int64_t n[8];
  for (int i = 0; i < 8; i++) got[i] = output_values(&t, i, &n[i]);
  assert_int_equal(n[0], SAMPLES * 16 * 2);
  for (int64_t i = 0; i < n[0]; i++) assert_near(got[0][i], 0, 1e-13); /* every copy is centred by itself */
  assert_int_equal(n[1], SAMPLES * 4 * 4);
  for (int64_t i = 0; i < n[1]; i++) /* a framed cloud is in its axes already: signs are all that is left */
    assert_near(fabs(got[1][i]), i % 4 == 0 || i % 4 == 3, 1e-6);
  assert_int_equal(n[3], c.nodes * 4);
  for (int64_t b = 0, node = 0; b < SAMPLES; b++)
    for (int64_t i = 0; i < sizes[b]; i++, node++)
      for (int a = 0; a < 4; a++) {
        assert_near(got[3][node * 4 + a], b * 4 + a, 0);
        assert_near(got[6][node * 4 + a], 2 * c.q[node], 0);
      }
  for (int64_t b = 0, e = 0, first = 0; b < SAMPLES; first += sizes[b++])
    for (int64_t i = 0; i < sizes[b]; i++)
      for (int64_t j = 0; j < sizes[b]; j++) {
        if (i == j) continue;
        for (int a = 0; a < 4; a++) {
          assert_near(got[4][e * 4 + a], (first + i) * 4 + a, 0);
          assert_near(got[5][e * 4 + a], c.q[first + i] * c.q[first + j], 0);
        }
        e++;
      }
  for (int i = 0; i < SAMPLES * 4; i++) assert_near(got[7][i], i, 0);
  for (int i = 0; i < 8; i++) free(got[i]);
  traced_free(&t);
  cloud_free(&c);
}

/* One random sign vector a sample and step, from the sample's key alone. */
static void stochastic_signs(void **state) {
  (void)state;
  for (size_t k = 0; k < 2; k++) { /* E(3), SE(3) */
    cloud c = cloud_new(3, SAMPLES, sizes, 6);
    traced t = traced_new(WEYL_F64, true);
    weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
    const weyl_symmetrize_opts o = {.group = settings[k].group, .mode = WEYL_FRAMES_STOCHASTIC};
    const weyl_frames f = weyl_frames_of(&p, WEYL_NULL_TENSOR, &o);
    assert_int_equal(f.count, 1);
    weyl_tensor out[] = {f.sign, f.axes, weyl_frames_into(&p, &f, weyl_unsqueeze(p.v, 1))};
    traced_compile(&t, out, 3);
    int seen[8] = {0};
    for (uint64_t step = 0; step < 200; step++) {
      assert_int_equal(cloud_step(&t, &c, 0, step), WEYL_OK);
      double *sign = output_values(&t, 0, NULL);
      for (int b = 0; b < SAMPLES; b++) {
        int code = 0;
        double product = 1;
        for (int j = 0; j < 3; j++) {
          assert_true(fabs(sign[b * 3 + j]) == 1);
          code = 2 * code + (sign[b * 3 + j] < 0);
          product *= sign[b * 3 + j];
        }
        if (settings[k].special) assert_near(product, 1, 0);
        seen[code]++;
      }
      if (step < 3) { /* shards do not matter */
        double *framed = output_values(&t, 2, NULL), *axes = output_values(&t, 1, NULL);
        for (int64_t b = 0, node = 0; b < SAMPLES; b++)
          for (int64_t i = 0; i < sizes[b]; i++, node++)
            for (int j = 0; j < 3; j++) {
              double want = 0;
              for (int l = 0; l < 3; l++) want += c.v[node * 3 + l] * axes[(b * 3 + l) * 3 + j];
              assert_near(framed[node * 3 + j], want * sign[b * 3 + j], 1e-13);
            }
        free(framed);
        free(axes);
        assert_int_equal(cloud_step(&t, &c, 1, step), WEYL_OK);
        double *again = output_values(&t, 0, NULL);
        assert_memory_equal(sign, again, SAMPLES * 3 * sizeof *sign);
        free(again);
      }
      free(sign);
    }
    const double expected = 800.0 / settings[k].count, deviation = sqrt(expected);
    for (int code = 0; code < 8; code++)
      if (seen[code]) assert_true(fabs(seen[code] - expected) < 5 * deviation);
    int kinds = 0;
    for (int code = 0; code < 8; code++) kinds += seen[code] > 0;
    assert_int_equal(kinds, settings[k].count);
    traced_free(&t);
    cloud_free(&c);
  }
}

static void bad_arguments(void **state) {
  (void)state;
  static const struct {
    const char *group;
    weyl_status status;
    const char *word;
  } row[] = {
      {"E(2)", WEYL_SHAPE, "acts on dimension 2, but the points have 3"},
      {"E(9)", WEYL_FORMAT, "a dimension 1..6 at position 2"},
      {"SE(12)", WEYL_FORMAT, "a dimension 1..7 at position 3"},
      {"U(3)", WEYL_FORMAT, "expected E(d), SE(d), O(d) or SO(d) at position 0"},
      {"S(3)", WEYL_FORMAT, "expected E(d) or O(d) after S at position 1"},
      {"E", WEYL_FORMAT, "expected ( and the dimension at position 1"},
      {"E(3", WEYL_FORMAT, "expected ) at position 3"},
      {"E(3) x S(n)", WEYL_FORMAT, "expected the end at position 4"},
      {"E()", WEYL_FORMAT, "a dimension 1..6 at position 2"},
  };
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F64, false);
    weyl_points p = weyl_points_input(t.graph, 3, false, 0, -1);
    const weyl_symmetrize_opts o = {.group = row[k].group};
    assert_false(weyl_tensor_valid(weyl_frames_of(&p, WEYL_NULL_TENSOR, &o).axes));
    assert_int_equal(weyl_graph_status(t.graph), row[k].status);
    if (!strstr(weyl_message(t.ctx), row[k].word)) fail_msg("%s lacks %s", weyl_message(t.ctx), row[k].word);
    traced_free(&t);
  }
  traced t = traced_new(WEYL_F64, false);
  weyl_points p = weyl_points_input(t.graph, 3, false, 0, -1);
  assert_false(weyl_tensor_valid(weyl_frames_of(&p, p.x, NULL).axes)); /* rank 2 */
  assert_int_equal(weyl_graph_status(t.graph), WEYL_SHAPE);
  traced_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_are_group_elements), cmocka_unit_test(into_and_back),
      cmocka_unit_test(gap_of_a_known_spectrum),   cmocka_unit_test(copies_nest),
      cmocka_unit_test(stochastic_signs),          cmocka_unit_test(bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
