/* Springs and charges in space, as the motion papers simulate them: Neural Relational Inference (Kipf, Fetaya, Wang,
 * Welling, Zemel 2018), taken over in three dimensions by EqMotion (Xu and others 2023). */
#include <weyl/data.h>

#include <math.h>
#include <string.h>

#include "sim/nbody_run.h"

static const double box = 5.0; /* bounds the start only */
static const double start_speed = 0.5;
static const double stiffness = 0.1;

weyl_particles_opts weyl_particles_defaults(weyl_particles_kind kind) {
  return (weyl_particles_opts){
      .kind = kind, .seed = 42, .simulations = {5000, 2000, 2000}, .particles = 5, .steps = 10000, .sample_every = 200};
}

static weyl_status check(weyl_context *ctx, const weyl_particles_opts *o) {
  static const char *const split[3] = {"train", "valid", "test"};
  if (o->particles < 1 || o->particles > NBODY_PARTICLES_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "particles is %d, must be 1 to %d", o->particles, NBODY_PARTICLES_MAX);
  if (o->sample_every < 1 || o->steps < 2 * o->sample_every || o->steps > 10000000 || o->steps % o->sample_every != 0)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "steps is %lld, must be a multiple (2 or more) of sample_every = %lld, up to 10000000",
                     (long long)o->steps, (long long)o->sample_every);
  for (int p = 0; p < 3; p++)
    if (o->simulations[p] < 0 || o->simulations[p] > 10000000)
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s simulations is %lld, must be 0 to 10000000", split[p],
                       (long long)o->simulations[p]);
  return WEYL_OK;
}

static void draw_charges(weyl_rng *rng, int n, int kinds, double *q) {
  for (int i = 0; i < n; i++)
    q[i] = kinds == 2 ? 2.0 * (double)weyl_rng_below(rng, 2) - 1.0 : (double)weyl_rng_below(rng, 3) - 1.0;
}

/* k [n][n]: the lower triangle is drawn and mirrored. */
static void draw_springs(weyl_rng *rng, int n, double *k) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++) k[i * n + j] = k[j * n + i] = weyl_rng_below(rng, 2) ? stiffness : 0.0;
}

static void draw_state(weyl_rng *rng, int n, double spread, double *x, double *v) {
  for (int i = 0; i < 3 * n; i++) x[i] = fmin(fmax(weyl_rng_normal(rng) * spread, -box), box);
  for (int i = 0; i < n; i++) {
    double *vi = v + 3 * i, speed = 0;
    while (!(speed > 0)) {
      for (int k = 0; k < 3; k++) vi[k] = weyl_rng_normal(rng);
      speed = sqrt(vi[0] * vi[0] + vi[1] * vi[1] + vi[2] * vi[2]);
    }
    for (int k = 0; k < 3; k++) vi[k] *= start_speed / speed;
  }
}

static void draw_all(const weyl_particles_opts *o, weyl_nbody out[3]) {
  static const char *const kind[3] = {"springs", "charged", "charged3"}, *const split[3] = {"train", "valid", "test"};
  const int n = o->particles;
  const bool springs = o->kind == WEYL_PARTICLES_SPRINGS;
  const double spread = springs ? 0.5 : cbrt(n / 5.0);
  for (int p = 0; p < 3; p++) {
    for (int64_t s = 0; s < out[p].simulations; s++) {
      char name[64];
      snprintf(name, sizeof name, "%s %s %lld", kind[o->kind], split[p], (long long)s);
      weyl_rng rng = weyl_rng_new(o->seed, name);
      if (springs)
        draw_springs(&rng, n, out[p].stiffness + s * n * n);
      else
        draw_charges(&rng, n, o->kind == WEYL_PARTICLES_CHARGED ? 2 : 3, out[p].charge + s * n);
      draw_state(&rng, n, spread, out[p].start_position + s * n * 3, out[p].start_velocity + s * n * 3);
    }
  }
}

weyl_status weyl_particles_simulate(weyl_context *ctx, weyl_arena *arena, const weyl_particles_opts *opts,
                                    weyl_nbody out[3]) {
  const weyl_particles_opts o = opts ? *opts : weyl_particles_defaults(WEYL_PARTICLES_SPRINGS);
  WEYL_TRY(check(ctx, &o));
  const int64_t frames = o.steps / o.sample_every - 1;
  int64_t *frame = weyl_arena_array(arena, int64_t, frames);
  if (!frame) return WEYL_MEMORY;
  for (int64_t f = 0; f < frames; f++) frame[f] = f;
  weyl_nbody set[3];
  const bool springs = o.kind == WEYL_PARTICLES_SPRINGS;
  for (int p = 0; p < 3; p++) {
    const int64_t s = o.simulations[p], n = o.particles;
    WEYL_TRY(nbody_room(arena, s, frames, n, &set[p]));
    if (springs && !(set[p].stiffness = weyl_arena_array(arena, double, (s > 0 ? s : 1) * n * n))) return WEYL_MEMORY;
  }
  draw_all(&o, set);
  WEYL_TRY(nbody_run(ctx, set, springs ? NBODY_SPRINGS : NBODY_COULOMB, frame, o.sample_every));
  memcpy(out, set, sizeof set);
  return WEYL_OK;
}
