#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/nbody_run.h"
#include "testing.h"

/* The three particles of the sheet's reference: no random numbers in it. */
static const double x0[9] = {.5, 0, 0, -.5, .2, .1, 0, -.4, .6}, v0[9] = {0, .3, .4, .5, 0, 0, 0, -.5, 0};

/* Runs the reference for frames at steps every, 2 every, ...; one simulation, in the first split. */
static void run_reference(weyl_context *ctx, weyl_arena *arena, nbody_law law, int64_t every, int64_t frames,
                          weyl_nbody set[3]) {
  int64_t *frame = weyl_arena_array(arena, int64_t, frames);
  for (int64_t f = 0; f < frames; f++) frame[f] = f;
  for (int p = 0; p < 3; p++) assert_ok(ctx, nbody_room(arena, p == 0, frames, 3, &set[p]));
  memcpy(set[0].start_position, x0, sizeof x0);
  memcpy(set[0].start_velocity, v0, sizeof v0);
  static const double q[3] = {1, -1, 1};
  memcpy(set[0].charge, q, sizeof q);
  set[0].stiffness = weyl_arena_array(arena, double, 9);
  set[0].stiffness[1] = set[0].stiffness[3] = set[0].stiffness[5] = set[0].stiffness[7] = 0.1;
  assert_ok(ctx, nbody_run(ctx, set, law, frame, every));
}

static void expect(const weyl_nbody *set, int64_t frame, const double expected[9]) {
  for (int e = 0; e < 9; e++) assert_close(set->position[frame * 9 + e], expected[e], 6e-11);
}

/* Spec sheet 3.3, ten digits. */
static void sheet_reference(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_arena *arena;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  weyl_nbody set[3];
  static const double springs200[9] = {0.4980583077, 0.0603613307,  0.0801478912,  -0.3971212787, 0.1983669653,
                                       0.1008564924, -0.0009370289, -0.4987282960, 0.5989956165},
                      springs4000[9] = {0.3489409886, 0.9610423679, 1.3397679442,  1.4526113643, -0.3893003701,
                                        0.6460669479, 0.1984476470, -1.5717419978, 0.3141651079},
                      charged200[9] = {0.4936590322, 0.0765744924,  0.0652541649,  -0.3677722222, 0.1803042069,
                                       0.1110278852, -0.0258868100, -0.4968786993, 0.6037179499},
                      charged1000[9] = {0.3539335150, -0.0470880250, 0.3169140260,  0.5046118183, 0.4094082115,
                                        0.2264631286, -0.3585453333, -0.7623201865, 0.5566228454};
  run_reference(ctx, arena, NBODY_SPRINGS, 200, 20, set);
  expect(&set[0], 0, springs200);
  expect(&set[0], 19, springs4000);
  run_reference(ctx, arena, NBODY_COULOMB, 200, 5, set);
  expect(&set[0], 0, charged200);
  expect(&set[0], 4, charged1000);
  weyl_arena_free(arena);
  test_context_free(ctx);
}

static double spring_energy(const double *x, const double *v) {
  double e = 0;
  for (int k = 0; k < 9; k++) e += 0.5 * v[k] * v[k];
  for (int i = 0; i < 2; i++) /* 0-1 and 1-2 */
    for (int k = 0; k < 3; k++) e += 0.05 * (x[3 * i + k] - x[3 * i + 3 + k]) * (x[3 * i + k] - x[3 * i + 3 + k]);
  return e;
}

/* Acceptance check 1: momentum to 1e-12 under both laws, energy of the springs 0.4705 within 2e-4 of itself. */
static void conserved(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_arena *arena;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  static const double momentum[3] = {0.5, -0.2, 0.4};
  for (int law = 0; law < 2; law++) {
    weyl_nbody set[3];
    run_reference(ctx, arena, law ? NBODY_SPRINGS : NBODY_COULOMB, 100, 40, set);
    for (int64_t f = 0; f < 40; f++) {
      const double *x = set[0].position + f * 9, *v = set[0].velocity + f * 9;
      for (int k = 0; k < 3; k++) assert_close(v[k] + v[3 + k] + v[6 + k], momentum[k], 1e-12);
      if (law) {
        assert_close(spring_energy(x, v), 0.4705, 1e-4);
        assert_rel_close(spring_energy(x, v), spring_energy(x0, v0), 2e-4);
      }
    }
  }
  weyl_arena_free(arena);
  test_context_free(ctx);
}

/* Two unlike charges at 1e-3 of each other: 1e6 would be the force, 100 a component is the limit, so one kick of 0.001
 * changes a velocity by 0.1. */
static void forces_are_clipped(void **state) {
  (void)state;
  nbody_block *b = calloc(1, sizeof *b);
  b->particles = 2;
  for (int lane = 0; lane < NBODY_LANES; lane++) {
    b->x[1][0][lane] = 1e-3;
    b->q[0][lane] = 1;
    b->q[1][lane] = -1;
  }
  nbody_block_kick(b);
  assert_close(b->v[0][0][0], 0.1, 1e-15);
  assert_close(b->v[1][0][7], -0.1, 1e-15);
  assert_true(b->v[0][1][3] == 0);
  free(b);
}

static void simulate(weyl_context *ctx, weyl_arena *arena, weyl_particles_kind kind, int64_t count, uint64_t seed,
                     weyl_nbody set[3]) {
  weyl_particles_opts o = weyl_particles_defaults(kind);
  o.seed = seed;
  o.simulations[0] = 3;
  o.simulations[1] = 0;
  o.simulations[2] = count;
  assert_ok(ctx, weyl_particles_simulate(ctx, arena, &o, set));
}

/* ADE and FDE over frames 20-39 of x_19 + c (x_19 - x_18) (f - 19), c 0 or 1. */
static void baseline(const weyl_nbody *set, double c, double out[2]) {
  const int64_t n = set->particles;
  out[0] = out[1] = 0;
  for (int64_t s = 0; s < set->simulations; s++) {
    const double *x = set->position + s * set->frames * n * 3;
    for (int64_t f = 20; f < 40; f++) {
      for (int64_t i = 0; i < n; i++) {
        double square = 0;
        for (int64_t k = i * 3; k < i * 3 + 3; k++) {
          const double last = x[19 * n * 3 + k];
          const double e = last + c * (double)(f - 19) * (last - x[18 * n * 3 + k]) - x[f * n * 3 + k];
          square += e * e;
        }
        out[0] += sqrt(square) / (double)(20 * n * set->simulations);
        if (f == 39) out[1] += sqrt(square) / (double)(n * set->simulations);
      }
    }
  }
}

/* The sheet's baselines of 2000 test scenes, measured with other random numbers. A scene's ADE spreads by about 0.3
 * (springs) and 0.9 (charged, with a long tail), its FDE by twice that; divided by sqrt(2000) and times sqrt(2) for two
 * sets and 3 for three deviations, the differences may be up to 0.03, 0.06, 0.08 and 0.17. */
static void sheet_statistics(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  weyl_arena *arena;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  weyl_nbody set[3];
  double e[2];
  simulate(ctx, arena, WEYL_PARTICLES_SPRINGS, 2000, 42, set);
  baseline(&set[2], 0, e);
  assert_close(e[0], 0.844, 0.03);
  assert_close(e[1], 1.544, 0.06);
  baseline(&set[2], 1, e);
  assert_close(e[0], 0.572, 0.03);
  assert_close(e[1], 1.451, 0.06);
  int64_t ties = 0;
  for (int64_t k = 0; k < 2000 * 25; k++) ties += set[2].stiffness[k] > 0;
  assert_close((double)ties / 40000, 0.5, 3 * 0.5 / sqrt(20000)); /* 20 000 coins */
  simulate(ctx, arena, WEYL_PARTICLES_CHARGED, 2000, 42, set);
  baseline(&set[2], 0, e);
  assert_close(e[0], 1.621, 0.08);
  assert_close(e[1], 3.028, 0.17);
  baseline(&set[2], 1, e);
  assert_close(e[0], 0.749, 0.06);
  assert_close(e[1], 1.510, 0.12);
  weyl_arena_free(arena);
  test_context_free(ctx);
}

/* Starts: spread, speed, charges, symmetric springs with nothing on the diagonal. */
static void starts(void **state) {
  (void)state;
  weyl_context *ctx = test_context(0);
  weyl_arena *arena;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  for (int kind = 0; kind < 3; kind++) {
    weyl_nbody set[3];
    weyl_particles_opts o = weyl_particles_defaults((weyl_particles_kind)kind);
    o.simulations[0] = 4000;
    o.simulations[1] = o.simulations[2] = 0;
    o.steps = 2;
    o.sample_every = 1;
    assert_ok(ctx, weyl_particles_simulate(ctx, arena, &o, set));
    double square = 0, values[3] = {0, 0, 0};
    for (int64_t i = 0; i < 4000 * 5; i++) {
      const double *x = set[0].start_position + 3 * i, *v = set[0].start_velocity + 3 * i;
      square += x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
      assert_close(sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), 0.5, 1e-14);
      values[(int)set[0].charge[i] + 1] += 1.0 / 20000;
    }
    /* 60 000 squares of normals: relative deviation sqrt(2 / 60000) = 0.006 */
    assert_rel_close(square / 60000, kind == 0 ? 0.25 : 1.0, 0.018);
    const double expected[3][3] = {{0, 1, 0}, {0.5, 0, 0.5}, {1 / 3.0, 1 / 3.0, 1 / 3.0}};
    for (int c = 0; c < 3; c++) assert_close(values[c], expected[kind][c], 3 * 0.5 / sqrt(20000));
    for (int64_t s = 0; kind == 0 && s < 4000; s++)
      for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++) {
          const double *k = set[0].stiffness + s * 25;
          assert_true(k[i * 5 + j] == k[j * 5 + i] && (i != j || k[i * 5 + j] == 0));
        }
  }
  weyl_arena_free(arena);
  test_context_free(ctx);
}

/* Threads change no byte, more scenes change none of the first, the seed changes all. */
static void same_bytes(void **state) {
  (void)state;
  double kept[3][49 * 15];
  for (int threads = 1; threads <= 3; threads++) {
    weyl_context *ctx = test_context(threads);
    weyl_arena *arena;
    assert_ok(ctx, weyl_arena_new(ctx, &arena));
    weyl_nbody set[3];
    simulate(ctx, arena, WEYL_PARTICLES_CHARGED3, threads == 2 ? 17 : 30, 9, set);
    const double *x = set[2].position + 16 * 49 * 15;
    if (threads == 1) memcpy(kept[0], x, sizeof kept[0]);
    assert_memory_equal(x, kept[0], sizeof kept[0]);
    simulate(ctx, arena, WEYL_PARTICLES_CHARGED3, 17, 10, set);
    assert_memory_not_equal(set[2].position + 16 * 49 * 15, kept[0], sizeof kept[0]);
    weyl_arena_free(arena);
    test_context_free(ctx);
  }
}

static void bad_options(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_arena *arena;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  weyl_nbody set[3];
  weyl_particles_opts o = weyl_particles_defaults(WEYL_PARTICLES_SPRINGS);
  o.particles = 65;
  assert_says(ctx, weyl_particles_simulate(ctx, arena, &o, set), WEYL_BAD_ARG, "particles is 65");
  o = weyl_particles_defaults(WEYL_PARTICLES_SPRINGS);
  o.steps = 10001;
  assert_says(ctx, weyl_particles_simulate(ctx, arena, &o, set), WEYL_BAD_ARG, "steps is 10001");
  o = weyl_particles_defaults(WEYL_PARTICLES_SPRINGS);
  o.simulations[1] = -1;
  assert_says(ctx, weyl_particles_simulate(ctx, arena, &o, set), WEYL_BAD_ARG, "valid simulations is -1");
  weyl_arena_free(arena);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sheet_reference),  cmocka_unit_test(conserved), cmocka_unit_test(forces_are_clipped),
      cmocka_unit_test(sheet_statistics), cmocka_unit_test(starts),    cmocka_unit_test(same_bytes),
      cmocka_unit_test(bad_options)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
