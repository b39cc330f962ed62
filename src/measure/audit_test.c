#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <weyl/measure.h>

#include "beta.h"

#define N 4
#define D 3

/* Functions of known error. Inputs x [N][3] points, v [N][3] vectors; the outputs are points. */
typedef struct function {
  double broken; /* y = x + v + broken * e_1: e_1 does not turn, so the error is |broken (g e_1 - e_1)| */
  bool scaled;   /* y = 2 x: not a point under translations */
  double nan_at; /* returns NaN from this call on */
  int64_t calls, most;
  weyl_status status;
  double x[N * D], v[N * D];
  const double *input[2];
} function;

static weyl_status evaluate(void *arg, int64_t count, const weyl_audit_sample *samples, double *const *y) {
  function *f = arg;
  f->calls++;
  if (count > f->most) f->most = count;
  for (int64_t s = 0; s < count; s++)
    for (int i = 0; i < N * D; i++) {
      const double x = samples[s].input[0][i], v = samples[s].input[1][i];
      y[s][i] = f->scaled ? 2 * x : x + v + (i % D == 0 ? f->broken : 0);
      if (f->nan_at > 0 && (double)f->calls >= f->nan_at) y[s][i] = NAN;
    }
  return f->status;
}

static weyl_status sample(void *arg, int64_t i, weyl_audit_sample *out) {
  function *f = arg;
  weyl_rng rng = weyl_rng_new((uint64_t)i, "audit test");
  for (int k = 0; k < N * D; k++) f->x[k] = weyl_rng_normal(&rng);
  for (int k = 0; k < N * D; k++) f->v[k] = weyl_rng_normal(&rng);
  f->input[0] = f->x;
  f->input[1] = f->v;
  *out = (weyl_audit_sample){N, f->input};
  return WEYL_OK;
}

static const weyl_audit_slot slots[] = {{"x", WEYL_ACT_POINT, D}, {"v", WEYL_ACT_VECTOR, D}};

typedef struct fixture {
  weyl_context *ctx;
  weyl_arena *arena;
} fixture;

static int setup(void **state) {
  static fixture f;
  assert_int_equal(weyl_context_new(NULL, &f.ctx), WEYL_OK);
  assert_int_equal(weyl_arena_new(f.ctx, &f.arena), WEYL_OK);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  weyl_arena_free(f->arena);
  weyl_context_free(f->ctx);
  return 0;
}

static weyl_status audit(fixture *f, function *fn, const char *name, const weyl_audit_opts *o, weyl_audit_result *r) {
  weyl_group *group = NULL;
  assert_int_equal(weyl_group_parse(f->ctx, name, &group), WEYL_OK);
  const weyl_audit_target target = {.inputs = 2,
                                    .input = slots,
                                    .output = {"y", WEYL_ACT_POINT, D},
                                    .evaluate = evaluate,
                                    .arg = fn,
                                    .samples = 1000,
                                    .sample = sample};
  const weyl_status status = weyl_audit(f->ctx, f->arena, group, &target, o, r);
  weyl_group_free(group);
  return status;
}

static void exact_function_holds(void **state) {
  fixture *f = *state;
  const weyl_audit_opts o = weyl_audit_defaults(WEYL_F64);
  const char *groups[] = {"E(3)", "SO(3)", "T(3)", "S(n)", "E(3) x S(n)"};
  for (size_t k = 0; k < sizeof groups / sizeof *groups; k++) {
    function fn = {0};
    weyl_audit_result r;
    assert_int_equal(audit(f, &fn, groups[k], &o, &r), WEYL_OK);
    assert_true(r.holds);
    assert_int_equal(r.draws, 600);
    assert_int_equal(r.failing, 0);
    assert_true(r.max < 1e-14 * 10 && r.mean <= r.quantile99 && r.quantile99 <= r.max);
    assert_true(fabs(r.failing_bound - (1 - pow(0.05, 1.0 / 600))) < 1e-12);
    assert_true(fn.calls < 20); /* many draws a call */
    assert_true(fn.most > 100);
    /* x + v of normal numbers: variance 2, of which the mean of 4 points takes a quarter */
    assert_true(fabs(r.rms - sqrt(1.5)) < 0.06);
  }
}

/* Rows called scalars, turned as vectors by the caller: x + v, which turns with them, and with an axis of its own. */
static weyl_status turn(void *arg, int k, const double *g, int64_t rows, const double *from, double *to) {
  (void)arg;
  assert_in_range(k, 0, 2);
  for (int64_t i = 0; i < rows; i++)
    for (int a = 0; a < D; a++) {
      to[D * i + a] = 0;
      for (int b = 0; b < D; b++) to[D * i + a] += g[D * a + b] * from[D * i + b];
    }
  return WEYL_OK;
}

static void callers_turn_rows_of_their_own(void **state) {
  fixture *f = *state;
  static const weyl_audit_slot rows[] = {{"x", WEYL_ACT_SCALAR, D}, {"v", WEYL_ACT_SCALAR, D}};
  const weyl_audit_opts o = weyl_audit_defaults(WEYL_F64);
  weyl_group *group = NULL;
  assert_int_equal(weyl_group_parse(f->ctx, "O(3) x S(n)", &group), WEYL_OK);
  for (int broken = 0; broken < 2; broken++)
    for (int turned = 0; turned < 2; turned++) {
      function fn = {.broken = broken};
      const weyl_audit_target target = {.inputs = 2,
                                        .input = rows,
                                        .output = {"y", WEYL_ACT_SCALAR, D},
                                        .evaluate = evaluate,
                                        .arg = &fn,
                                        .samples = 1000,
                                        .sample = sample,
                                        .turn = turned ? turn : NULL};
      weyl_audit_result r;
      assert_int_equal(weyl_audit(f->ctx, f->arena, group, &target, &o, &r), WEYL_OK);
      assert_int_equal(r.holds, !broken || !turned); /* as scalars they do not turn at all */
      assert_true(r.holds ? r.max < 1e-13 : r.mean > 0.1);
    }
  weyl_group_free(group);
}

static void known_error_is_measured(void **state) {
  fixture *f = *state;
  weyl_audit_opts o = weyl_audit_defaults(WEYL_F64);
  o.inputs = 500;
  function fn = {.broken = 0.1};
  weyl_audit_result r;
  assert_int_equal(audit(f, &fn, "SO(3)", &o, &r), WEYL_OK);
  assert_false(r.holds);
  assert_int_equal(r.failing, r.draws);
  assert_true(r.failing_bound == 1);
  /* per sample: 0.1 |g e_1 - e_1| / sqrt(3) / rms. c = g_11 is uniform on [-1, 1]: |g e_1 - e_1| = sqrt(2 - 2c) has
   * mean 4/3, at most 2. The deviation of one draw is sqrt(2 - 16/9) = 0.47 of which 1500 leave 0.012. */
  assert_true(fabs(r.mean * r.rms * sqrt(3) / 0.1 - 4.0 / 3) < 0.05);
  const double top = r.max * r.rms * sqrt(3) / 0.1;
  assert_true(top > 1.98 && top < 2 + 1e-9);
  /* the worst element explains it: g e_1 = -e_1 nearly */
  assert_true(r.worst_size >= 9);
  assert_true(fabs(sqrt(2 - 2 * r.worst_g[0]) - top) < 1e-9);
  assert_true(r.worst_sample >= 0 && r.worst_sample < 1000 && r.worst_element >= 0 && r.worst_element < 3);

  function scaled = {.scaled = true};
  assert_int_equal(audit(f, &scaled, "O(3)", &o, &r), WEYL_OK);
  assert_true(r.holds); /* 2 x turns well */
  assert_int_equal(audit(f, &scaled, "T(3)", &o, &r), WEYL_OK);
  assert_false(r.holds); /* but 2 (x + t) - (2 x + t) = t: mean of |t| over sqrt(3) with unit normals is 2 sqrt(2/pi) /
                            sqrt(3) */
  assert_true(fabs(r.mean * r.rms - 2 * sqrt(2 / acos(-1)) / sqrt(3)) < 0.04);
  o.translation_scale = 0;
  assert_int_equal(audit(f, &scaled, "T(3)", &o, &r), WEYL_OK);
  assert_true(r.holds && r.max == 0);
}

static void same_seed_same_result(void **state) {
  fixture *f = *state;
  weyl_audit_opts o = weyl_audit_defaults(WEYL_F32);
  function fn = {.broken = 0.1};
  weyl_audit_result a, b, c;
  assert_int_equal(audit(f, &fn, "SE(3)", &o, &a), WEYL_OK);
  assert_int_equal(audit(f, &fn, "SE(3)", &o, &b), WEYL_OK);
  assert_true(a.mean == b.mean && a.max == b.max && a.worst_sample == b.worst_sample);
  assert_memory_equal(a.worst_g, b.worst_g, a.worst_size * sizeof(double));
  o.seed = 2;
  assert_int_equal(audit(f, &fn, "SE(3)", &o, &c), WEYL_OK);
  assert_true(a.mean != c.mean);
}

static void partial_failures_are_bounded(void **state) {
  fixture *f = *state;
  weyl_audit_opts o = weyl_audit_defaults(WEYL_F64);
  o.tolerance_max = 0.1 / sqrt(3) / sqrt(1.5); /* |g e_1 - e_1| > 1, that is c < 1/2: three of four draws */
  function fn = {.broken = 0.1};
  weyl_audit_result r;
  assert_int_equal(audit(f, &fn, "SO(3)", &o, &r), WEYL_OK);
  assert_true(r.failing > 400 && r.failing < 500);
  assert_true(r.failing_bound > (double)r.failing / 600 && r.failing_bound < 0.83);
  assert_true(fabs(r.failing_bound - weyl_binomial_upper(r.failing, 600, 0.95)) < 1e-15);
}

static void bad_input_is_refused(void **state) {
  fixture *f = *state;
  weyl_audit_result r = {.draws = -7};
  function fn = {0};
  weyl_audit_opts o = weyl_audit_defaults(WEYL_F64);
  o.inputs = 0;
  assert_int_equal(audit(f, &fn, "SO(3)", &o, &r), WEYL_BAD_ARG);
  o = weyl_audit_defaults(WEYL_F64);
  o.confidence = 1;
  assert_int_equal(audit(f, &fn, "SO(3)", &o, &r), WEYL_BAD_ARG);
  o = weyl_audit_defaults(WEYL_F64);
  weyl_message_clear(f->ctx);
  fn.nan_at = 2;
  assert_int_equal(audit(f, &fn, "SO(3)", &o, &r), WEYL_NUMERIC);
  assert_non_null(strstr(weyl_message(f->ctx), "sample"));
  function broken = {.status = WEYL_IO};
  assert_int_equal(audit(f, &broken, "SO(3)", &o, &r), WEYL_IO);
  assert_int_equal(audit(f, &fn, "SO(2)", &o, &r), WEYL_SHAPE); /* width 3 is not k * 2 */
  assert_int_equal(r.draws, -7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(exact_function_holds, setup, teardown),
      cmocka_unit_test_setup_teardown(callers_turn_rows_of_their_own, setup, teardown),
      cmocka_unit_test_setup_teardown(known_error_is_measured, setup, teardown),
      cmocka_unit_test_setup_teardown(same_seed_same_result, setup, teardown),
      cmocka_unit_test_setup_teardown(partial_failures_are_bounded, setup, teardown),
      cmocka_unit_test_setup_teardown(bad_input_is_refused, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
