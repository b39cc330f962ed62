/* Wigner matrices: the definition, the axioms, the reference row of the spec sheet (2.2), parities, and the rotations
 * that they are made from. */
#include "testing.h"

static void multiply(size_t n, const double *a, const double *b, double *c) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
}

static void apply(size_t n, const double *a, const double *x, double *y) {
  for (size_t i = 0; i < n; i++) {
    y[i] = 0;
    for (size_t k = 0; k < n; k++) y[i] += a[i * n + k] * x[k];
  }
}

static double orthogonality(size_t n, const double *a) {
  double worst = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++) sum += a[i * n + k] * a[j * n + k];
      worst = fmax(worst, fabs(sum - (i == j)));
    }
  }
  return worst;
}

static void test_reference(void **state) {
  (void)state;
  static const double first[5] = {-0.0097106694, 0.4891209708, 0.2029408448, -0.3476546982, -0.7737038214};
  static const double third[5] = {0.2905855491, -0.7605781959, 0.3774753572, -0.3871100433, -0.2115159938};
  for (int axes = 0; axes < 2; axes++) {
    double r[9], d[25];
    weyl_rotation_from_euler((weyl_axes)axes, 0.3, 0.7, -1.1, r);
    ok(weyl_wigner_d(ctx, 2, (weyl_axes)axes, r, d));
    for (int k = 0; k < 5; k++) {
      assert_close(d[k], first[k], 5.1e-11);
      assert_close(d[10 + k], third[k], 5.1e-11);
    }
    assert_close(d[0] + d[6] + d[12] + d[18] + d[24], 0.9832898814, 5.1e-11);
  }
}

/* Y(R r) = D(R) Y(r), at every degree to 20 and at the highest. */
PROPERTY(test_definition, 10) {
  enum { L = WEYL_L_MAX, WIDTH = (L + 1) * (L + 1) };
  double r[9], v[6];
  random_rotation(rng, r);
  fill_normal(rng, 3, v);
  apply(3, r, v, v + 3);
  double *y = numbers(2 * WIDTH), *d = numbers(weyl_wigner_d_at(L + 1)), turned[2 * L + 1];
  for (int axes = 0; axes < 2; axes++) {
    const weyl_harmonics_opts opts = {.l_max = L, .axes = (weyl_axes)axes};
    ok(weyl_harmonics(ctx, &opts, WEYL_F64, 2, v, y, NULL));
    ok(weyl_wigner_d_all(ctx, L, (weyl_axes)axes, r, d));
    for (int l = 0; l <= L; l++) {
      const size_t n = (size_t)(2 * l + 1), at = (size_t)(l * l);
      apply(n, d + weyl_wigner_d_at(l), y + at, turned);
      assert_below(largest_difference(n, turned, y + WIDTH + at), l <= 20 ? 3e-13 : 1e-10);
    }
  }
  weyl_dealloc(ctx, y);
  weyl_dealloc(ctx, d);
}

PROPERTY(test_axioms, 5) {
  enum { L = 20, N = 2 * L + 1 };
  double r[9], s[9], rs[9];
  random_rotation(rng, r);
  random_rotation(rng, s);
  multiply(3, r, s, rs);
  double *a = numbers(4 * N * N), *b = a + N * N, *ab = b + N * N, *c = ab + N * N;
  static const int degrees[] = {0, 1, 2, 3, 4, 7, 12, 20};
  for (size_t t = 0; t < sizeof degrees / sizeof *degrees; t++) {
    const int l = degrees[t];
    const size_t n = (size_t)(2 * l + 1);
    ok(weyl_wigner_d(ctx, l, WEYL_AXES_E3NN, r, a));
    ok(weyl_wigner_d(ctx, l, WEYL_AXES_E3NN, s, b));
    ok(weyl_wigner_d(ctx, l, WEYL_AXES_E3NN, rs, ab));
    multiply(n, a, b, c);
    assert_below(largest_difference(n * n, c, ab), 1e-12);
    assert_below(orthogonality(n, a), 1e-12);
    double trace = 0;
    for (size_t i = 0; i < n; i++) trace += a[i * n + i];
    const double cosine = (r[0] + r[4] + r[8] - 1) / 2, turn = acos(fmax(-1, fmin(1, cosine)));
    assert_close(trace, sin((l + 0.5) * turn) / sin(turn / 2), 1e-9); /* acos loses digits near 0 and pi */
  }
  weyl_dealloc(ctx, a);
}

/* About the polar axis: cos(m a) on the diagonal, -+ sin(m a) across. */
static void test_about_the_pole(void **state) {
  (void)state;
  enum { L = 20, N = 2 * L + 1 };
  const double a = 0.83, axis[2][3] = {{0, 1, 0}, {0, 0, 1}};
  double *d = numbers(N * N);
  for (int axes = 0; axes < 2; axes++) {
    double r[9];
    ok(weyl_rotation_from_axis(ctx, axis[axes], a, r));
    ok(weyl_wigner_d(ctx, L, (weyl_axes)axes, r, d));
    for (int m = -L; m <= L; m++) {
      for (int k = -L; k <= L; k++) {
        const double wanted = k == m ? cos(m * a) : k == -m ? -sin(m * a) : 0;
        assert_close(d[(m + L) * N + k + L], wanted, 1e-13);
      }
    }
  }
  weyl_dealloc(ctx, d);
}

/* W is unchanged when its three indices are turned by D. */
PROPERTY(test_couplings_are_invariant, 10) {
  enum { MOST = 13 * 9 * 11 };
  static const int triples[][3] = {{1, 1, 1}, {1, 1, 2}, {2, 1, 2}, {2, 2, 3}, {3, 4, 5}, {6, 4, 5}, {6, 3, 3}};
  double r[9], w[MOST], one[MOST], two[MOST], d1[169], d2[169], d3[169];
  random_rotation(rng, r);
  for (size_t t = 0; t < sizeof triples / sizeof *triples; t++) {
    const int *l = triples[t];
    const size_t n1 = (size_t)(2 * l[0] + 1), n2 = (size_t)(2 * l[1] + 1), n3 = (size_t)(2 * l[2] + 1);
    ok(weyl_wigner_3j(ctx, l[0], l[1], l[2], WEYL_GAUGE_WEYL, w));
    ok(weyl_wigner_d(ctx, l[0], WEYL_AXES_STANDARD, r, d1));
    ok(weyl_wigner_d(ctx, l[1], WEYL_AXES_STANDARD, r, d2));
    ok(weyl_wigner_d(ctx, l[2], WEYL_AXES_STANDARD, r, d3));
    memset(one, 0, sizeof one);
    memset(two, 0, sizeof two);
    for (size_t i = 0; i < n1; i++) {
      for (size_t p = 0; p < n1; p++) {
        for (size_t jk = 0; jk < n2 * n3; jk++) one[i * n2 * n3 + jk] += d1[i * n1 + p] * w[p * n2 * n3 + jk];
      }
    }
    for (size_t ij = 0; ij < n1 * n2; ij++) {
      for (size_t p = 0; p < n2; p++) {
        for (size_t k = 0; k < n3; k++) two[ij * n3 + k] += d2[ij % n2 * n2 + p] * one[(ij / n2 * n2 + p) * n3 + k];
      }
    }
    for (size_t ij = 0; ij < n1 * n2; ij++) {
      double row[13];
      apply(n3, d3, two + ij * n3, row);
      assert_below(largest_difference(n3, row, w + ij * n3), 1e-14);
    }
  }
}

PROPERTY(test_euler, 200) {
  for (int axes = 0; axes < 2; axes++) {
    double r[9], back[9], angles[3];
    random_rotation(rng, r);
    weyl_rotation_to_euler((weyl_axes)axes, r, angles);
    weyl_rotation_from_euler((weyl_axes)axes, angles[0], angles[1], angles[2], back);
    assert_below(largest_difference(9, r, back), 2e-15);
    for (int pole = 0; pole < 2; pole++) {
      weyl_rotation_from_euler((weyl_axes)axes, 0.4, pole ? PI : 0, 1.9, r);
      weyl_rotation_to_euler((weyl_axes)axes, r, angles);
      assert_true(angles[2] == 0);
      weyl_rotation_from_euler((weyl_axes)axes, angles[0], angles[1], angles[2], back);
      assert_below(largest_difference(9, r, back), 1e-14);
    }
    double v[3], image[3];
    fill_normal(rng, 3, v);
    const double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    weyl_rotation_to_pole((weyl_axes)axes, v, r);
    apply(3, r, v, image);
    for (int k = 0; k < 3; k++) assert_close(image[k], k == (axes == WEYL_AXES_STANDARD ? 2 : 1) ? length : 0, 1e-14);
    assert_below(orthogonality(3, r), 1e-15);
  }
}

static void test_rotations(void **state) {
  (void)state;
  double r[9], s[9];
  const double quarter[4] = {2, 0, 0, 2}, wanted[9] = {0, -1, 0, 1, 0, 0, 0, 0, 1}; /* about z */
  ok(weyl_rotation_from_quaternion(ctx, quarter, r));
  assert_below(largest_difference(9, r, wanted), 1e-15);
  ok(weyl_rotation_from_axis(ctx, (const double[3]){0, 0, 1e-200}, PI / 2, s));
  assert_below(largest_difference(9, s, wanted), 1e-15);
  weyl_rotation_from_euler(WEYL_AXES_STANDARD, PI / 2, 0, 0, s);
  assert_below(largest_difference(9, s, wanted), 1e-15);
  const double zero[4] = {0}, bad[4] = {1, NAN, 0, 0}, huge[4] = {INFINITY, 0, 0, 0};
  assert_says(ctx, weyl_rotation_from_quaternion(ctx, zero, r), WEYL_BAD_ARG, "(0, 0, 0, 0) is no rotation");
  assert_status(ctx, weyl_rotation_from_quaternion(ctx, bad, r), WEYL_BAD_ARG);
  assert_status(ctx, weyl_rotation_from_quaternion(ctx, huge, r), WEYL_BAD_ARG);
  assert_says(ctx, weyl_rotation_from_axis(ctx, zero, 1, r), WEYL_BAD_ARG, "about the axis (0, 0, 0)");
  assert_status(ctx, weyl_rotation_from_axis(ctx, quarter, NAN, r), WEYL_BAD_ARG);
  weyl_rotation_to_pole(WEYL_AXES_E3NN, zero, r);
  const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  assert_below(largest_difference(9, r, identity), 1e-300);
}

/* A list of irreps under O(3): homomorphism, parities, and the vector that it must be. */
PROPERTY(test_lists, 10) {
  weyl_arena *arena;
  ok(weyl_arena_new(ctx, &arena));
  weyl_irreps irreps;
  ok(weyl_irreps_parse(ctx, arena, "2x0e+1x0o+2x1o+1x1e+0x4e+1x3o", &irreps));
  enum { DIM = 2 + 1 + 6 + 3 + 7 };
  double r[9], s[9], rs[9], a[DIM * DIM], b[DIM * DIM], ab[DIM * DIM], c[DIM * DIM], x[2 * DIM], y[2 * DIM], z[DIM];
  random_rotation(rng, r);
  random_rotation(rng, s);
  for (int k = 0; k < 9; k++) r[k] = -r[k]; /* an improper one */
  multiply(3, r, s, rs);
  ok(weyl_irreps_matrix(ctx, irreps, WEYL_AXES_E3NN, r, a));
  ok(weyl_irreps_matrix(ctx, irreps, WEYL_AXES_E3NN, s, b));
  ok(weyl_irreps_matrix(ctx, irreps, WEYL_AXES_E3NN, rs, ab));
  multiply(DIM, a, b, c);
  assert_below(largest_difference(DIM * DIM, c, ab), 1e-14);
  assert_true(a[0] == 1 && a[2 * DIM + 2] == -1); /* 0e and 0o */
  for (size_t i = 0; i < 3; i++) {
    for (size_t j = 0; j < 3; j++) {
      assert_close(a[(3 + i) * DIM + 3 + j], r[3 * i + j], 1e-15);  /* a vector */
      assert_close(a[(9 + i) * DIM + 9 + j], -r[3 * i + j], 1e-15); /* an axial vector */
      assert_true(a[(3 + i) * DIM + 6 + j] == 0);
    }
  }
  fill_normal(rng, 2 * DIM, x);
  ok(weyl_irreps_act(ctx, irreps, WEYL_AXES_E3NN, r, WEYL_F64, 2, x, y));
  apply(DIM, a, x + DIM, z);
  assert_below(largest_difference(DIM, z, y + DIM), 1e-14);
  float xf[2 * DIM];
  for (int i = 0; i < 2 * DIM; i++) xf[i] = (float)x[i];
  ok(weyl_irreps_act(ctx, irreps, WEYL_AXES_E3NN, r, WEYL_F32, 2, xf, xf));
  for (int i = 0; i < 2 * DIM; i++) assert_close((double)xf[i], y[i], 1e-6);
  weyl_arena_free(arena);
}

static void test_bad(void **state) {
  (void)state;
  double d[9], r[9] = {1, 0, 0, 0, 1, 0, 0, 0, -1};
  assert_says(ctx, weyl_wigner_d(ctx, 1, WEYL_AXES_E3NN, r, d), WEYL_BAD_ARG, "determinant -1");
  r[8] = 1.001;
  assert_says(ctx, weyl_wigner_d(ctx, 1, WEYL_AXES_E3NN, r, d), WEYL_BAD_ARG, "0 0 1.001] is not orthogonal");
  r[8] = NAN;
  assert_says(ctx, weyl_wigner_d_all(ctx, 1, WEYL_AXES_E3NN, r, d), WEYL_BAD_ARG, "is not orthogonal");
  r[8] = 1;
  assert_says(ctx, weyl_wigner_d(ctx, 65, WEYL_AXES_E3NN, r, d), WEYL_BAD_ARG, "l is 65");
  assert_says(ctx, weyl_wigner_d_all(ctx, -1, WEYL_AXES_E3NN, r, d), WEYL_BAD_ARG, "l_max is -1");
  assert_says(ctx, weyl_wigner_d(ctx, 1, (weyl_axes)5, r, d), WEYL_BAD_ARG, "axes is 5");
  const weyl_irrep item = {40000, 0, 1};
  const weyl_irreps wide = {1, &item};
  assert_says(ctx, weyl_irreps_matrix(ctx, wide, WEYL_AXES_E3NN, r, d), WEYL_BAD_ARG, "40000 rows");
  assert_says(ctx, weyl_irreps_act(ctx, wide, WEYL_AXES_E3NN, r, WEYL_I64, 1, d, d), WEYL_DTYPE, "i64");
  assert_says(ctx, weyl_irreps_act(ctx, wide, WEYL_AXES_E3NN, r, WEYL_F64, -1, d, d), WEYL_BAD_ARG, "-1 rows");
  ok(weyl_irreps_act(ctx, wide, WEYL_AXES_E3NN, r, WEYL_F64, 0, NULL, NULL));
  weyl_context_fail_allocation(ctx, 1);
  assert_status(ctx, weyl_wigner_d(ctx, 1, WEYL_AXES_E3NN, r, d), WEYL_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference),
      property_test(test_definition),
      property_test(test_axioms),
      cmocka_unit_test(test_about_the_pole),
      property_test(test_couplings_are_invariant),
      property_test(test_euler),
      cmocka_unit_test(test_rotations),
      property_test(test_lists),
      cmocka_unit_test(test_bad),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
