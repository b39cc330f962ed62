/* Frames of points: what they are made of (A3), equivariance as sets, degenerate inputs (A5), refusals. */
#include "testing.h"

static weyl_arena *arena;

static int up(void **state) { return context_up(state) || weyl_arena_new(ctx, &arena) != WEYL_OK; }
static int down(void **state) {
  weyl_arena_free(arena);
  return context_down(state);
}

static double off_orthogonal(int d, const double *r) {
  double most = 0;
  for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) {
      double sum = i == j ? -1 : 0;
      for (int k = 0; k < d; k++) sum += r[k * d + i] * r[k * d + j];
      most = fmax(most, fabs(sum));
    }
  }
  return most;
}

/* A3: 2^d frames, distinct, orthogonal to 1e-14, half of each determinant; the SO frames are those of determinant +1.
 */
static void test_sign_frames(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(31, "signs");
  for (int d = 1; d <= 6; d++) {
    double x[60];
    fill_normal(&rng, (size_t)(10 * d), 1, x);
    const char *names[] = {"O", "SO", "E", "SE"};
    for (int which = 0; which < 4; which++) {
      char name[16];
      snprintf(name, sizeof name, "%s(%d)", names[which], d);
      weyl_group *group = group_named(name);
      weyl_frame frame;
      ok(weyl_frame_of_points(ctx, arena, group, 10, x, NULL, NULL, &frame));
      const bool special = which % 2 == 1;
      assert_int_equal(frame.count, special ? 1 << (d - 1) : 1 << d);
      int positive = 0;
      double total = 0;
      for (int64_t k = 0; k < frame.count; k++) {
        const double *r = frame.rotation + k * d * d;
        assert_below(off_orthogonal(d, r), 1e-14);
        positive += weyl_det((size_t)d, r) > 0;
        total += frame.weight[k];
        for (int64_t j = 0; j < k; j++) {
          assert_true(largest_difference((size_t)(d * d), r, frame.rotation + j * d * d) > 0.1 / d);
        }
      }
      assert_int_equal(positive, special ? frame.count : frame.count / 2);
      assert_below(fabs(total - 1), 1e-15 * 8);
      assert_false(frame.degenerate);
      if (which < 2) assert_true(frame.center[0] == 0);
      weyl_group_free(group);
    }
  }
}

/* F(gX) = g F(X) as weighted sets, for all kinds. */
static void test_equivariance(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(32, "equivariance");
  const char *names[] = {"O(2)", "SO(2)", "E(2)", "SE(2)", "O(3)", "SO(3)", "E(3)", "SE(3)", "E(4)", "SE(4)"};
  for (size_t which = 0; which < sizeof names / sizeof *names; which++) {
    weyl_group *group = group_named(names[which]);
    const int d = weyl_group_about(group).space;
    for (int kind = WEYL_FRAME_PCA; kind <= WEYL_FRAME_MINIMAL; kind++) {
      double x[28], moved[28], g[20];
      fill_normal(&rng, (size_t)(7 * d), 1, x);
      ok(weyl_group_sample(ctx, group, 7, 10, &rng, g));
      ok(weyl_group_act(ctx, group, g, WEYL_ACT_POINT, 7, d, x, moved));
      weyl_frame_opts opts = weyl_frame_defaults();
      opts.kind = (weyl_frame_kind)kind;
      weyl_frame f, h;
      ok(weyl_frame_of_points(ctx, arena, group, 7, x, NULL, &opts, &f));
      ok(weyl_frame_of_points(ctx, arena, group, 7, moved, NULL, &opts, &h));
      assert_int_equal(f.count, h.count);
      if (kind == WEYL_FRAME_MINIMAL) assert_int_equal(f.count, 1);
      if (kind == WEYL_FRAME_WEIGHTED) {
        int64_t tuples = weyl_group_about(group).reflections ? 2 : 1;
        for (int k = 0; k < d - 1; k++) tuples *= 7 - k;
        assert_int_equal(f.count, tuples);
      }
      double center[4];
      ok(weyl_group_act(ctx, group, g, WEYL_ACT_GLOBAL_POINT, 7, d, f.center, center));
      assert_below(largest_difference((size_t)d, center, h.center), 1e-13 * 100);
      for (int64_t k = 0; k < f.count; k++) {
        double turned[16], nearest = INFINITY;
        for (int i = 0; i < d; i++) {
          for (int j = 0; j < d; j++) {
            turned[i * d + j] = 0;
            for (int m = 0; m < d; m++) turned[i * d + j] += g[i * d + m] * f.rotation[k * d * d + m * d + j];
          }
        }
        for (int64_t j = 0; j < h.count; j++) {
          const double off = largest_difference((size_t)(d * d), turned, h.rotation + j * d * d);
          nearest = fmin(nearest, fmax(off, fabs(f.weight[k] - h.weight[j])));
        }
        assert_below(nearest, 1e-11);
      }
    }
    weyl_group_free(group);
  }
}

static const double cube[24] = {-1, -1, -1, -1, -1, 1, -1, 1, -1, -1, 1, 1, 1, -1, -1, 1, -1, 1, 1, 1, -1, 1, 1, 1};

/* A5: the vertices of a cube have an isotropic covariance. */
static void test_cube(void **state) {
  (void)state;
  weyl_group *group = group_named("SO(3)");
  weyl_frame_opts opts = weyl_frame_defaults();
  weyl_frame frame;
  ok(weyl_frame_of_points(ctx, arena, group, 8, cube, NULL, &opts, &frame));
  assert_true(frame.degenerate);
  assert_below(frame.gap, 1e-12);
  opts.strict = true;
  frame.count = 77;
  weyl_message_clear(ctx);
  assert_int_equal(weyl_frame_of_points(ctx, arena, group, 8, cube, NULL, &opts, &frame), WEYL_DEGENERATE);
  assert_int_equal(frame.count, 77); /* results only on success */
  assert_non_null(strstr(weyl_message(ctx), "relative gap"));
  /* Weights of points may resolve it (sheet 2.4 d), a weighted frame always does. */
  const double weights[8] = {1, 2, 4, 9, 1, 1, 1, 1};
  opts.point_weights = weights;
  ok(weyl_frame_of_points(ctx, arena, group, 8, cube, NULL, &opts, &frame));
  assert_false(frame.degenerate);
  opts.point_weights = NULL;
  opts.kind = WEYL_FRAME_WEIGHTED;
  ok(weyl_frame_of_points(ctx, arena, group, 8, cube, NULL, &opts, &frame));
  assert_false(frame.degenerate);
  assert_int_equal(frame.count, 8 * 6); /* opposite vertices span no plane */
  weyl_group_free(group);
}

/* Sheet 2.4 b: zeros of the spectrum are harmless for positions, not for vectors that reach into the null space. */
static void test_null_spaces(void **state) {
  (void)state;
  weyl_group *group = group_named("SE(3)");
  const double one[3] = {4, 5, 6}, same[9] = {0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3}, two[6] = {1, 0, 0, 3, 4, 1};
  const double plane[12] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 1.5, 0.5, 0};
  const double across[6] = {0, 0, 1, 1, 0, 0}, along[6] = {2, 4, 1, 4, 8, 2};
  const double none[9] = {0};
  for (int kind = WEYL_FRAME_PCA; kind <= WEYL_FRAME_MINIMAL; kind++) {
    weyl_frame_opts opts = weyl_frame_defaults();
    opts.kind = (weyl_frame_kind)kind;
    const bool weighted = kind == WEYL_FRAME_WEIGHTED; /* is not continuous there: always says so */
    weyl_frame f;
    ok(weyl_frame_of_points(ctx, arena, group, 1, one, NULL, &opts, &f));
    assert_false(f.degenerate);
    assert_true(f.count > 0 && f.weight[0] > 0);
    ok(weyl_frame_of_points(ctx, arena, group, 3, same, none, &opts, &f));
    assert_false(f.degenerate);
    ok(weyl_frame_of_points(ctx, arena, group, 4, plane, NULL, &opts, &f));
    assert_false(f.degenerate);
    ok(weyl_frame_of_points(ctx, arena, group, 2, two, NULL, &opts, &f));
    assert_int_equal(f.degenerate, weighted);
    ok(weyl_frame_of_points(ctx, arena, group, 2, two, along, &opts, &f));
    assert_int_equal(f.degenerate, weighted);
    ok(weyl_frame_of_points(ctx, arena, group, 2, two, across, &opts, &f));
    assert_true(f.degenerate);
    for (int64_t k = 0; k < f.count; k++) assert_below(off_orthogonal(3, f.rotation + 9 * k), 1e-14);
    opts.vector_weight = 0.1;
    ok(weyl_frame_of_points(ctx, arena, group, 2, two, across, &opts, &f));
    assert_false(f.degenerate);
  }
  weyl_group_free(group);
}

static void test_minimal_completions(void **state) {
  (void)state;
  weyl_group *o3 = group_named("O(3)"), *so3 = group_named("SO(3)");
  const double plane[9] = {1, 0, 0, 2, 0, 0, 0.5, 1, 0};
  weyl_frame_opts opts = weyl_frame_defaults();
  opts.kind = WEYL_FRAME_MINIMAL;
  weyl_frame f;
  ok(weyl_frame_of_points(ctx, arena, o3, 3, plane, NULL, &opts, &f));
  assert_int_equal(f.count, 2);
  assert_true(f.rotation[8] == -f.rotation[17]);
  ok(weyl_frame_of_points(ctx, arena, so3, 3, plane, NULL, &opts, &f));
  assert_int_equal(f.count, 1);
  assert_below(fabs(weyl_det(3, f.rotation) - 1), 1e-15);
  weyl_group_free(o3);
  weyl_group_free(so3);
}

/* Scales from the smallest to the largest numbers give the same axes. */
static void test_scales(void **state) {
  (void)state;
  weyl_group *group = group_named("O(3)");
  weyl_rng rng = weyl_rng_new(33, "scales");
  double x[15], y[15];
  fill_normal(&rng, 15, 1, x);
  for (int kind = WEYL_FRAME_PCA; kind <= WEYL_FRAME_MINIMAL; kind++) {
    weyl_frame_opts opts = weyl_frame_defaults();
    opts.kind = (weyl_frame_kind)kind;
    weyl_frame a, b;
    ok(weyl_frame_of_points(ctx, arena, group, 5, x, NULL, &opts, &a));
    const double scales[] = {0x1p-600, 0x1p600, 0x1p-1000, 0x1p1000};
    for (int s = 0; s < 4; s++) {
      for (int i = 0; i < 15; i++) y[i] = x[i] * scales[s];
      ok(weyl_frame_of_points(ctx, arena, group, 5, y, NULL, &opts, &b));
      assert_int_equal(a.count, b.count);
      assert_below(largest_difference((size_t)(9 * a.count), a.rotation, b.rotation), 1e-13);
      assert_true(a.degenerate == b.degenerate && !a.degenerate);
    }
  }
  weyl_group_free(group);
}

static void test_refused(void **state) {
  (void)state;
  weyl_group *e3 = group_named("E(3)"), *c4 = group_named("C4"), *sn = group_named("S(n)"),
             *both = group_named("E(3) x S(n)");
  weyl_group *e16 = group_named("E(16)"), *fixed = group_named("E(3) x S(4)");
  double x[320] = {0, 0, 0, 1, 0, 0, 0, 2, 0}, v[9] = {0};
  weyl_frame f = {.count = -5};
  weyl_frame_opts opts = weyl_frame_defaults();
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, 0, x, NULL, NULL, &f), WEYL_BAD_ARG);
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, -1, x, NULL, NULL, &f), WEYL_BAD_ARG);
  assert_int_equal(weyl_frame_of_points(ctx, arena, c4, 3, x, NULL, NULL, &f), WEYL_UNSUPPORTED);
  assert_int_equal(weyl_frame_of_points(ctx, arena, sn, 3, x, NULL, NULL, &f), WEYL_UNSUPPORTED);
  assert_int_equal(weyl_frame_of_points(ctx, arena, fixed, 3, x, NULL, NULL, &f), WEYL_SHAPE);
  opts.kind = WEYL_FRAME_MINIMAL;
  assert_int_equal(weyl_frame_of_points(ctx, arena, both, 3, x, NULL, &opts, &f), WEYL_UNSUPPORTED);
  opts.kind = (weyl_frame_kind)9;
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, 3, x, NULL, &opts, &f), WEYL_BAD_ARG);
  opts = weyl_frame_defaults();
  opts.tolerance = -1;
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, 3, x, NULL, &opts, &f), WEYL_BAD_ARG);
  opts = weyl_frame_defaults();
  opts.vector_weight = (double)NAN;
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, 3, x, v, &opts, &f), WEYL_BAD_ARG);
  opts = weyl_frame_defaults();
  const double negative[3] = {1, -1, 1};
  opts.point_weights = negative;
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, 3, x, v, &opts, &f), WEYL_BAD_ARG);
  opts = weyl_frame_defaults();
  opts.kind = WEYL_FRAME_WEIGHTED; /* 20!/5! tuples */
  assert_int_equal(weyl_frame_of_points(ctx, arena, e16, 20, x, NULL, &opts, &f), WEYL_BAD_ARG);
  x[4] = (double)NAN;
  weyl_message_clear(ctx);
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, 3, x, NULL, NULL, &f), WEYL_NUMERIC);
  assert_non_null(strstr(weyl_message(ctx), "coordinate 1 of point 1 is"));
  x[4] = 0;
  v[8] = (double)INFINITY;
  assert_int_equal(weyl_frame_of_points(ctx, arena, e3, 3, x, v, NULL, &f), WEYL_NUMERIC);
  assert_int_equal(f.count, -5);
  ok(weyl_frame_of_points(ctx, arena, both, 3, x, NULL, NULL, &f)); /* frames of principal axes do not see the order */
  weyl_group_free(e3);
  weyl_group_free(c4);
  weyl_group_free(sn);
  weyl_group_free(both);
  weyl_group_free(e16);
  weyl_group_free(fixed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sign_frames), cmocka_unit_test(test_equivariance),        cmocka_unit_test(test_cube),
      cmocka_unit_test(test_null_spaces), cmocka_unit_test(test_minimal_completions), cmocka_unit_test(test_scales),
      cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, up, down);
}
