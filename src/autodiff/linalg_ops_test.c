/* eigh, svd, solve, cholesky, det, cross: known values, identities between their derivatives, degenerate matrices, bad
 * input. The generic test of all operations compares derivatives with finite differences. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "testing.h"

#define N               weyl_num
#define SHAPE2(m, n)    WEYL_SHAPE(N(m), N(n))
#define SHAPE3(b, m, n) WEYL_SHAPE(N(b), N(m), N(n))

static weyl_tensor flipped(weyl_tensor x) { return weyl_transpose(x, weyl_rank(x) - 2, weyl_rank(x) - 1); }
static weyl_tensor scaled_columns(weyl_tensor v, weyl_tensor w) {
  return weyl_mul(v, weyl_unsqueeze(w, weyl_rank(v) - 2));
}
/* v diag(w) v^T */
static weyl_tensor composed(weyl_tensor v, weyl_tensor w) { return weyl_matmul(scaled_columns(v, w), flipped(v)); }
static weyl_tensor symmetric(weyl_tensor x) { return weyl_scale(weyl_add(x, flipped(x)), 0.5); }

static void assert_same(lab *l, weyl_tensor a, weyl_tensor b, double tolerance) {
  static double x[4096], y[4096];
  const weyl_shape s = weyl_tensor_shape(a);
  const int64_t n = weyl_shape_size(&s, NULL, NULL);
  assert_ok(l->ctx, weyl_graph_status(l->g));
  assert_true(n <= 4096);
  lab_read(l, a, x, n);
  lab_read(l, b, y, n);
  assert_numbers(x, y, n, tolerance);
}

/* ---- eigh
 * ------------------------------------------------------------------------------------------------------------ */

static void test_eigh_values(void **state) {
  (void)state;
  lab l;
  double y[4];
  weyl_tensor w, v;
  lab_begin(&l, WEYL_F64);
  /* ((2, 1), (1, 2)): 1 and 3; only the symmetric part counts */
  weyl_eigh_of(lab_array(&l, SHAPE2(2, 2), (const double[]){2, 0.5, 1.5, 2}), &w, &v);
  lab_read(&l, w, y, 2);
  assert_numbers(y, (const double[]){1, 3}, 2, 1e-15);
  lab_read(&l, v, y, 4);
  assert_close(fabs(y[0]), sqrt(0.5), 1e-15);
  assert_close(y[0], -y[2], 1e-15);
  assert_close(y[1], y[3], 1e-15);
  lab_end(&l);
}

/* a = v diag(w) v^T and v^T v = 1, small (Jacobi) and large (LAPACK) */
PROPERTY(eigh_composes, 8) {
  lab l;
  lab_begin(&l, WEYL_F64);
  const int64_t d = property_now.trial < 6 ? 1 + property_now.trial : 20, b = d > 10 ? 2 : 3;
  const weyl_tensor a = symmetric(lab_random(&l, rng, SHAPE3(b, d, d), -1, 1, NULL));
  weyl_tensor w, v;
  weyl_eigh_of(a, &w, &v);
  assert_same(&l, composed(v, w), a, 1e-13);
  static double unit[400];
  memset(unit, 0, sizeof unit);
  for (int64_t i = 0; i < d; i++) unit[i * d + i] = 1;
  assert_same(&l, weyl_matmul(flipped(v), v), weyl_broadcast_to(lab_array(&l, SHAPE2(d, d), unit), SHAPE3(b, d, d)),
              1e-13);
  lab_end(&l);
}

/* tr a^3 through eigenvalues has the gradient 3 a^2; <g, a^2> through both outputs has g a + a g. */
PROPERTY(eigh_gradients, 5) {
  lab l;
  lab_begin(&l, WEYL_F64);
  const weyl_tensor a = symmetric(lab_random(&l, rng, SHAPE3(2, 4, 4), -1, 1, NULL)),
                    g = symmetric(lab_random(&l, rng, SHAPE3(2, 4, 4), -1, 1, NULL));
  weyl_tensor w, v;
  weyl_eigh_of(a, &w, &v);
  assert_same(&l, weyl_grad(weyl_sum_all(weyl_mul(w, weyl_square(w))), a), weyl_scale(weyl_matmul(a, a), 3), 1e-12);
  const weyl_tensor square = weyl_sum_all(weyl_mul(g, composed(v, weyl_square(w))));
  const weyl_tensor gradient = weyl_grad(square, a);
  assert_same(&l, gradient, weyl_add(weyl_matmul(g, a), weyl_matmul(a, g)), 1e-11);
  /* and once more: the gradient of |g a + a g|^2 / 2 is 2 g a g + g g a + a g g */
  const weyl_tensor gag = weyl_matmul(weyl_matmul(g, a), g), gga = weyl_matmul(weyl_matmul(g, g), a);
  assert_same(&l, weyl_grad(weyl_scale(weyl_sum_all(weyl_square(gradient)), 0.5), a),
              weyl_add(weyl_scale(gag, 2), weyl_add(gga, flipped(gga))), 1e-9);
  lab_end(&l);
}

static void assert_finite(lab *l, weyl_tensor t, int64_t n) {
  double y[64];
  lab_read(l, t, y, n);
  for (int64_t i = 0; i < n; i++) assert_true(isfinite(y[i]));
}

/* The unit matrix, three simple eigenvalues, a double one, zero; and one whose gap is small but counts in f64 alone. */
static void test_eigh_degenerate(void **state) {
  (void)state;
  const double a[45] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 2, 0, 0, 0, 3,        1, 0, 0, 0, 1,
                        0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1 + 2e-7, 0, 0, 0, 3};
  for (int type = 0; type < 2; type++) {
    lab l;
    double y[15];
    lab_begin(&l, (weyl_dtype)type);
    const weyl_tensor x = lab_array(&l, SHAPE3(5, 3, 3), a);
    weyl_tensor w, v;
    weyl_eigh_of(x, &w, &v);
    lab_read(&l, weyl_sum_all(v), y, 1); /* not differentiated: nothing to count */
    assert_int_equal(l.degenerate, 0);
    assert_finite(&l, weyl_grad(weyl_sum_all(weyl_exp(w)), x), 45); /* eigenvalues alone are fine */
    assert_int_equal(l.degenerate, 0);
    const weyl_tensor first = weyl_grad(weyl_sum_all(weyl_mul(v, weyl_sin(v))), x);
    assert_finite(&l, first, 45);
    assert_int_equal(l.degenerate, type == WEYL_F32 ? 4 : 3);
    assert_finite(&l, weyl_grad(weyl_sum_all(weyl_square(weyl_shift(first, 0.1))), x), 45);
    /* an invariant function is exact all the same: the sum of squares of a */
    assert_same(&l, weyl_grad(weyl_sum_all(weyl_square(w)), x), weyl_scale(x, 2), 1e-5);
    lab_end(&l);
  }
}

/* The projector on a double eigenvalue's space does not tell its vectors apart: exact, although degenerate. First-order
 * perturbation theory: <g, dP> with P_ik gets (g_ik + g_ki) / (w_i - w_k) between the space (i) and the rest (k). */
static void test_eigh_projector(void **state) {
  (void)state;
  lab l;
  lab_begin(&l, WEYL_F64);
  const weyl_tensor a = lab_array(&l, SHAPE2(3, 3), (const double[]){1, 0, 0, 0, 1, 0, 0, 0, 3}),
                    g = lab_array(&l, SHAPE2(3, 3), (const double[]){5, 7, 2, 7, 3, -4, 2, -4, 1});
  weyl_tensor w, v;
  weyl_eigh_of(a, &w, &v);
  const weyl_tensor low = weyl_slice(v, 1, 0, 2, 1);
  const weyl_tensor gradient = weyl_grad(weyl_sum_all(weyl_mul(g, weyl_matmul(low, flipped(low)))), a);
  double y[9];
  lab_read(&l, gradient, y, 9);
  assert_numbers(y, (const double[]){0, 0, -1, 0, 0, 2, -1, 2, 0}, 9, 1e-14);
  assert_int_equal(l.degenerate, 1);
  lab_end(&l);
}

/* ---- svd
 * ---------------------------------------------------------------------------------------------------------------- */

static const int64_t sizes[5][2] = {{3, 3}, {5, 2}, {2, 4}, {1, 3}, {24, 18}};

PROPERTY(svd_composes, 10) {
  lab l;
  lab_begin(&l, WEYL_F64);
  const int64_t m = sizes[property_now.trial % 5][0], n = sizes[property_now.trial % 5][1], r = m < n ? m : n;
  const weyl_tensor a = lab_random(&l, rng, SHAPE3(2, m, n), -1, 1, NULL);
  weyl_tensor u, s, vt;
  weyl_svd_of(a, &u, &s, &vt);
  assert_same(&l, weyl_matmul(scaled_columns(u, s), vt), a, 1e-13);
  double unit[400] = {0}, values[64];
  for (int64_t i = 0; i < r; i++) unit[i * r + i] = 1;
  const weyl_tensor one = weyl_broadcast_to(lab_array(&l, SHAPE2(r, r), unit), SHAPE3(2, r, r));
  assert_same(&l, weyl_matmul(flipped(u), u), one, 1e-13);
  assert_same(&l, weyl_matmul(vt, flipped(vt)), one, 1e-13);
  lab_read(&l, s, values, 2 * r);
  for (int64_t i = 0; i < 2 * r; i++) assert_true(values[i] >= 0 && (i % r == 0 || values[i] <= values[i - 1]));
  lab_end(&l);
}

/* Functions that can be had without a decomposition, and their gradients both ways: |a|^2 through s; the projectors on
 * the column and the row space, where the terms outside of u's and v's span matter; and the polar factor u vt = a (a^T
 * a)^-1/2 by its own equation. */
PROPERTY(svd_gradients, 8) {
  lab l;
  lab_begin(&l, WEYL_F64);
  const int64_t m = sizes[property_now.trial % 4][0], n = sizes[property_now.trial % 4][1];
  const weyl_tensor a = lab_random(&l, rng, SHAPE3(2, m, n), -1, 1, NULL);
  weyl_tensor u, s, vt;
  weyl_svd_of(a, &u, &s, &vt);
  assert_same(&l, weyl_grad(weyl_sum_all(weyl_square(s)), a), weyl_scale(a, 2), 1e-12);
  assert_same(&l, weyl_grad(weyl_sum_all(s), a), weyl_matmul(u, vt), 1e-12);
  const weyl_tensor at = flipped(a);
  if (m > n) {
    const weyl_tensor g = lab_random(&l, rng, SHAPE3(2, m, m), -1, 1, NULL);
    const weyl_tensor plain = weyl_matmul(a, weyl_solve_of(weyl_matmul(at, a), at));
    assert_same(&l, weyl_grad(weyl_sum_all(weyl_mul(g, weyl_matmul(u, flipped(u)))), a),
                weyl_grad(weyl_sum_all(weyl_mul(g, plain)), a), 1e-9);
  }
  if (n > m) {
    const weyl_tensor g = lab_random(&l, rng, SHAPE3(2, n, n), -1, 1, NULL);
    const weyl_tensor plain = weyl_matmul(at, weyl_solve_of(weyl_matmul(a, at), a));
    assert_same(&l, weyl_grad(weyl_sum_all(weyl_mul(g, weyl_matmul(flipped(vt), vt))), a),
                weyl_grad(weyl_sum_all(weyl_mul(g, plain)), a), 1e-9);
  }
  if (m >= n) {
    /* q = u vt, p = vt^T s vt: a = q p.  Through eigh of a^T a: q = a v diag(1 / sqrt w) v^T */
    weyl_tensor w, v;
    weyl_eigh_of(weyl_matmul(at, a), &w, &v);
    const weyl_tensor g = lab_random(&l, rng, SHAPE3(2, m, n), -1, 1, NULL),
                      other = weyl_matmul(a, composed(v, weyl_rsqrt(w)));
    const weyl_tensor one = weyl_grad(weyl_sum_all(weyl_mul(g, weyl_matmul(u, vt))), a),
                      two = weyl_grad(weyl_sum_all(weyl_mul(g, other)), a);
    double size[64], most = 1;
    lab_read(&l, one, size, 2 * m * n);
    for (int64_t i = 0; i < 2 * m * n; i++) most = fmax(most, fabs(size[i]));
    assert_same(&l, one, two, 1e-8 * most * most); /* a^T a squares the condition */
  }
  lab_end(&l);
}

static void test_svd_degenerate(void **state) {
  (void)state;
  lab l;
  double y[1];
  lab_begin(&l, WEYL_F64);
  /* 3 x 2: equal values; simple; rank one, where the space outside of u is not determined; zero */
  const weyl_tensor tall = lab_array(
      &l, SHAPE3(4, 3, 2), (const double[]){1, 0, 0, 1, 0, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  /* 2 x 2: rank one is no obstacle here */
  const weyl_tensor square = lab_array(&l, SHAPE3(2, 2, 2), (const double[]){1, 0, 0, 0, 1, 0, 0, 1});
  for (int k = 0; k < 2; k++) {
    const weyl_tensor a = k ? square : tall;
    const int64_t n = k ? 8 : 24;
    weyl_tensor u, s, vt;
    weyl_svd_of(a, &u, &s, &vt);
    lab_read(&l, weyl_sum_all(u), y, 1);
    assert_int_equal(l.degenerate, 0);
    const weyl_tensor f = weyl_add(weyl_sum_all(weyl_exp(u)), weyl_sum_all(weyl_mul(vt, weyl_sin(vt))));
    const weyl_tensor first = weyl_grad(f, a);
    assert_finite(&l, first, n);
    assert_int_equal(l.degenerate, k ? 1 : 3);
    assert_finite(&l, weyl_grad(weyl_sum_all(weyl_square(weyl_shift(first, 0.1))), a), n);
  }
  lab_end(&l);
}

/* ---- solve, cholesky, det, cross
 * -------------------------------------------------------------------------------------------- */

PROPERTY(solve_and_det, 6) {
  lab l;
  lab_begin(&l, WEYL_F64);
  const int64_t d = 1 + property_now.trial;
  double shift[36] = {0};
  for (int64_t i = 0; i < d; i++) shift[i * d + i] = 2;
  const weyl_tensor a = weyl_add(lab_random(&l, rng, SHAPE3(3, d, d), -0.5, 0.5, NULL),
                                 lab_array(&l, SHAPE2(d, d), shift)),
                    b = lab_random(&l, rng, SHAPE3(3, d, 2), -1, 1, NULL);
  assert_same(&l, weyl_matmul(a, weyl_solve_of(a, b)), b, 1e-13);
  /* log |det a| has the gradient a^-T; det (a a^T) = det^2; a positive definite one by its Cholesky factor */
  const weyl_tensor unit = weyl_scale(lab_array(&l, SHAPE2(d, d), shift), 0.5),
                    inverse = weyl_solve_of(a, weyl_broadcast_to(unit, SHAPE3(3, d, d)));
  assert_same(&l, weyl_grad(weyl_sum_all(weyl_log(weyl_abs(weyl_det_of(a)))), a), flipped(inverse), 1e-12);
  const weyl_tensor p = weyl_matmul(a, flipped(a)), c = weyl_cholesky_of(p);
  assert_same(&l, weyl_matmul(c, flipped(c)), p, 1e-12);
  const weyl_tensor diagonal = weyl_sum(weyl_mul(c, unit), 1), log_det = weyl_scale(weyl_sum(weyl_log(diagonal), 1), 2);
  assert_same(&l, log_det, weyl_log(weyl_det_of(p)), 1e-11);
  assert_same(&l, weyl_grad(weyl_sum_all(log_det), p), weyl_grad(weyl_sum_all(weyl_log(weyl_det_of(p))), p), 1e-11);
  lab_end(&l);
}

static void test_known_values(void **state) {
  (void)state;
  lab l;
  double y[9];
  lab_begin(&l, WEYL_F64);
  const weyl_tensor a = lab_array(&l, SHAPE2(2, 2), (const double[]){1, 2, 3, 4});
  lab_read(&l, weyl_det_of(a), y, 1);
  assert_close(y[0], -2, 1e-15);
  lab_read(&l, weyl_grad(weyl_det_of(a), a), y, 4);
  assert_numbers(y, (const double[]){4, -3, -2, 1}, 4, 1e-14);
  lab_read(&l, weyl_solve_of(a, lab_array(&l, SHAPE2(2, 1), (const double[]){5, 11})), y, 2);
  assert_numbers(y, (const double[]){1, 2}, 2, 1e-14);
  lab_read(&l, weyl_cholesky_of(lab_array(&l, SHAPE2(2, 2), (const double[]){4, 2, 2, 5})), y, 4);
  assert_numbers(y, (const double[]){2, 0, 1, 2}, 4, 1e-15);
  lab_read(&l, weyl_det_of(lab_array(&l, SHAPE2(2, 2), (const double[]){1, 2, 2, 4})), y,
           1); /* singular is fine until differentiated */
  assert_close(y[0], 0, 1e-15);
  const weyl_tensor x = lab_array(&l, SHAPE2(1, 3), (const double[]){1, 0, 0}),
                    v = lab_array(&l, SHAPE2(2, 3), (const double[]){0, 1, 0, 4, 5, 6});
  lab_read(&l, weyl_cross(x, v), y, 6); /* broadcast */
  assert_numbers(y, (const double[]){0, 0, 1, 0, -6, 5}, 6, 0);
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_cross(x, v)), v), y, 6);
  assert_numbers(y, (const double[]){0, 1, -1, 0, 1, -1}, 6, 0);
  lab_end(&l);
}

/* Leading axes may carry a count; matrices of two shards are the batch's. */
static void test_counts(void **state) {
  (void)state;
  lab l;
  lab_begin(&l, WEYL_F64);
  const weyl_tensor x = weyl_input(l.g, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), N(2), N(2))),
                    y[2] = {weyl_det_of(x), weyl_grad(weyl_sum_all(weyl_det_of(x)), x)};
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  assert_ok(l.ctx, weyl_program_new(l.g, y, 2, NULL, &program));
  assert_ok(l.ctx, weyl_run_new(program, NULL, &run));
  const int64_t counts[2][WEYL_COUNTS] = {{0, 1, 2}, {0, 1, 1}};
  const double rows[12] = {1, 2, 3, 4, 2, 0, 0, 3, 5, 1, 1, 1};
  assert_ok(l.ctx, weyl_run_step(run, &(weyl_batch){.shards = 2, .count = counts, .input = (const void *[]){rows}}));
  assert_numbers(weyl_run_output(run, 0).data, (const double[]){-2, 6, 4}, 3, 1e-14);
  assert_numbers(weyl_run_output(run, 1).data, (const double[]){4, -3, -2, 1, 3, 0, 0, 2, 1, -1, -1, 5}, 12, 1e-14);
  weyl_run_free(run);
  weyl_program_free(program);
  lab_end(&l);
}

static void test_refusals(void **state) {
  (void)state;
  lab l;
  double y[8];
  weyl_tensor w, v;
  lab_begin(&l, WEYL_F64);
  weyl_eigh_of(weyl_constant(l.g, 1, SHAPE2(2, 3)), &w, &v);
  assert_false(weyl_tensor_valid(v));
  lab_refused(&l, WEYL_SHAPE, "[2, 3] is not a batch of square matrices");
  (void)weyl_det_of(weyl_input(l.g, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), N(1))));
  lab_refused(&l, WEYL_SHAPE, "[batch, 1]");
  (void)weyl_cholesky_of(weyl_constant(l.g, 1, WEYL_SHAPE(N(3))));
  lab_refused(&l, WEYL_SHAPE, "[3]");
  (void)weyl_det_of(weyl_input(l.g, "x", WEYL_I32, SHAPE2(2, 2)));
  lab_refused(&l, WEYL_DTYPE, "i32");
  (void)weyl_solve_of(weyl_constant(l.g, 1, SHAPE3(2, 3, 3)), weyl_constant(l.g, 1, SHAPE3(4, 3, 1)));
  lab_refused(&l, WEYL_SHAPE, "[4, 3, 1]");
  (void)weyl_cross(weyl_constant(l.g, 1, SHAPE2(2, 2)), weyl_constant(l.g, 1, SHAPE2(2, 3)));
  lab_refused(&l, WEYL_SHAPE, "[2, 2]");
  /* numbers that fail name the matrix */
  const weyl_tensor two = lab_array(&l, SHAPE3(2, 2, 2), (const double[]){1, 0, 0, 1, 1, 2, 2, 4});
  assert_says(l.ctx, lab_try(&l, weyl_solve_of(two, weyl_constant(l.g, 1, SHAPE3(2, 2, 1))), false, y, 4), WEYL_NUMERIC,
              "matrix 1");
  const weyl_tensor not_positive = lab_array(&l, SHAPE3(2, 2, 2), (const double[]){1, 0, 0, 1, 1, 2, 2, 1});
  assert_says(l.ctx, lab_try(&l, weyl_cholesky_of(not_positive), false, y, 8), WEYL_NUMERIC, "cholesky");
  weyl_eigh_of(lab_array(&l, SHAPE2(2, 2), (const double[]){1, NAN, NAN, 1}), &w, &v);
  assert_says(l.ctx, lab_try(&l, w, false, y, 2), WEYL_NUMERIC, "eigh");
  weyl_svd_of(lab_array(&l, SHAPE2(2, 2), (const double[]){1, INFINITY, 0, 1}), NULL, &w, NULL);
  assert_says(l.ctx, lab_try(&l, w, false, y, 2), WEYL_NUMERIC, "svd");
  const weyl_tensor singular = lab_array(&l, SHAPE2(2, 2), (const double[]){1, 2, 2, 4});
  assert_says(l.ctx, lab_try(&l, weyl_grad(weyl_det_of(singular), singular), false, y, 4), WEYL_NUMERIC, "solve");
  lab_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_eigh_values),     property_test(eigh_composes),          property_test(eigh_gradients),
      cmocka_unit_test(test_eigh_degenerate), cmocka_unit_test(test_eigh_projector), property_test(svd_composes),
      property_test(svd_gradients),           cmocka_unit_test(test_svd_degenerate), property_test(solve_and_det),
      cmocka_unit_test(test_known_values),    cmocka_unit_test(test_counts),         cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
