/* What recorded motion conserves: known motion in, known answers out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <weyl/noether.h>

#include "property.h"

enum { RUNS = 12, FRAMES = 40, PARTICLES = 3 };

typedef struct sample {
  double position[RUNS][FRAMES][PARTICLES][3], velocity[RUNS][FRAMES][PARTICLES][3];
  weyl_particles_run run;
} sample;

/* Free particles, with other velocities in each run. */
static sample *free_motion(void) {
  static sample s;
  weyl_rng rng = weyl_rng_new(3, "conserve");
  for (int r = 0; r < RUNS; r++)
    for (int p = 0; p < PARTICLES; p++)
      for (int c = 0; c < 3; c++) {
        const double x = weyl_rng_normal(&rng), v = weyl_rng_normal(&rng);
        for (int f = 0; f < FRAMES; f++) {
          s.position[r][f][p][c] = x + 0.1 * f * v;
          s.velocity[r][f][p][c] = v;
        }
      }
  s.run = (weyl_particles_run){.runs = RUNS,
                               .frames = FRAMES,
                               .particles = PARTICLES,
                               .d = 3,
                               .position = &s.position[0][0][0][0],
                               .velocity = &s.velocity[0][0][0][0],
                               .time_step = 0.1};
  return &s;
}

static void free_particles(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static double value[RUNS * FRAMES];
  const sample *s = free_motion();
  double scale;
  const char *name, *symbol, *text;
  for (size_t i = 0; (name = weyl_quantity_known(i, &symbol, &text)); i++) {
    weyl_conserved how;
    assert_ok(ctx, weyl_quantity_measure(ctx, text, name, &s->run, value, &scale));
    assert_ok(ctx, weyl_conserved_of(ctx, RUNS, FRAMES, value, scale, &how));
    const bool expected = i < 10; /* momenta, angular momenta, centre of mass, kinetic energy */
    if ((how.ratio < 1e-12) != expected) print_error("%s: %g\n", name, how.ratio);
    assert_true((how.ratio < 1e-12) == expected);
    assert_true(how.typical <= 1);
  }
  /* one number by hand */
  assert_ok(ctx, weyl_quantity_measure(ctx, "vx^2 + t | r*x2", "q", &s->run, value, &scale));
  double want = 3 * 0.1;
  for (int p = 0; p < PARTICLES; p++) {
    want += s->velocity[2][1][p][0] * s->velocity[2][1][p][0];
    for (int q = p + 1; q < PARTICLES; q++) {
      double r2 = 0;
      for (int c = 0; c < 3; c++) r2 += pow(s->position[2][1][p][c] - s->position[2][1][q][c], 2);
      want += sqrt(r2) * s->position[2][1][q][0];
    }
  }
  assert_close(value[2 * FRAMES + 1], want, 1e-12);
  test_context_free(ctx);
}

/* Oscillators: kinetic and potential energy change, their sum does not, but for one run that is kicked. */
static void energy_is_found(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static double value[3][RUNS][FRAMES];
  weyl_rng rng = weyl_rng_new(5, "energy");
  for (int r = 0; r < RUNS; r++) {
    const double size = 1 + weyl_rng_uniform(&rng), phase = 6 * weyl_rng_uniform(&rng);
    for (int f = 0; f < FRAMES; f++) {
      const double a = r == 4 && f > 20 ? 2 * size : size;
      value[0][r][f] = pow(a * sin(0.3 * f + phase), 2) / 2;
      value[1][r][f] = pow(a * cos(0.3 * f + phase), 2);
      value[2][r][f] = weyl_rng_normal(&rng);
    }
  }
  weyl_combinations c;
  assert_ok(ctx, weyl_conserved_combinations(ctx, 3, RUNS, FRAMES, &value[0][0][0], &c));
  assert_true(c.found == 3 && c.ratio[0] < 1e-7 && c.ratio[1] > 0.5);
  assert_int_equal(c.runs, RUNS - 1);
  assert_close(c.c[0], 1, 1e-7);
  assert_close(c.c[1], 0.5, 1e-7);
  assert_close(c.c[2], 0, 1e-7);
  weyl_combinations_free(ctx, &c);
  assert_says(ctx, weyl_conserved_combinations(ctx, 3, 1, FRAMES, &value[0][0][0], &c), WEYL_BAD_ARG, "4 at least");
  test_context_free(ctx);
}

static void refused(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static double value[RUNS * FRAMES];
  double scale;
  const sample *s = free_motion();
  static const struct {
    const char *text, *says;
    weyl_status status;
  } bad[] = {
      {"m*vw", "q:1:3: unknown name \"vw\"", WEYL_FORMAT},
      {"m | r +", "q:1:8: expected a number", WEYL_FORMAT},
      {"m*vx | x", "unknown name \"x\"", WEYL_FORMAT},
      {"log(-m)", "not finite", WEYL_NUMERIC},
  };
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
    assert_says(ctx, weyl_quantity_measure(ctx, bad[k].text, "q", &s->run, value, &scale), bad[k].status, bad[k].says);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(free_particles),
      cmocka_unit_test(energy_is_found),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
