/* The charged particles of the n-body benchmark, draw for draw: E(n) equivariant graph neural networks (Satorras,
 * Hoogeboom, Welling 2021), taken over by the Frame Averaging paper.  The random stream is sequential and the
 * integration is not, so that there are two passes: all draws on one thread, then blocks of simulations on all. */
#include <weyl/data.h>

#include <math.h>
#include <string.h>

#include "sim/mt19937.h"
#include "sim/nbody_run.h"

static const double box = 5.0; /* reflects the initial state only: no walls afterwards */
static const double start_speed = 0.5;

weyl_nbody_opts weyl_nbody_defaults(void) {
  return (weyl_nbody_opts){.seed = 43,
                           .simulations = {10000, 2000, 2000},
                           .particles = 5,
                           .steps = 5000,
                           .sample_every = 100,
                           .keep = {-1, -1, -1}};
}

static weyl_status check(weyl_context *ctx, const weyl_nbody_opts *o, int64_t frames) {
  static const char *const split[3] = {"train", "valid", "test"};
  if (o->seed > UINT32_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "n-body seed is %llu, must be at most 4294967295 (its generator takes 32 bits)",
                     (unsigned long long)o->seed);
  if (o->particles < 1 || o->particles > NBODY_PARTICLES_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "n-body particles is %d, must be 1 to %d", o->particles, NBODY_PARTICLES_MAX);
  if (o->sample_every < 1 || o->steps < 2 * o->sample_every || o->steps > 10000000 || o->steps % o->sample_every != 0)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "n-body steps is %lld, must be a multiple (2 or more) of sample_every = %lld, up to 10000000",
                     (long long)o->steps, (long long)o->sample_every);
  for (int p = 0; p < 3; p++) {
    if (o->simulations[p] < 0 || o->simulations[p] > 10000000)
      return weyl_fail(ctx, WEYL_BAD_ARG, "n-body %s simulations is %lld, must be 0 to 10000000", split[p],
                       (long long)o->simulations[p]);
    if (o->keep[p] < -1 || o->keep[p] > o->simulations[p])
      return weyl_fail(ctx, WEYL_BAD_ARG, "n-body keeps %lld %s simulations of %lld", (long long)o->keep[p], split[p],
                       (long long)o->simulations[p]);
  }
  for (int64_t f = 0; o->frames && f < o->frame_count; f++) {
    if (o->frames[f] < 0 || o->frames[f] >= frames || (f > 0 && o->frames[f] <= o->frames[f - 1]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "n-body frame %lld is out of place: frames are 0 to %lld, ascending",
                       (long long)o->frames[f], (long long)frames - 1);
  }
  return WEYL_OK;
}

/* ---- the draws --------------------------------------------------------------------------------------------------- */

/* Charges [n], x [n][3], v [n][3] of one simulation; the stream is component-major. */
static void draw_start(mt19937 *mt, int n, double *q, double *x, double *v) {
  const double spread = pow(n / 5.0, 1.0 / 3.0);
  for (int i = 0; i < n; i++) q[i] = mt19937_uniform(mt) < 0.5 ? -1.0 : 1.0;
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < n; i++) x[i * 3 + k] = mt19937_normal(mt) * spread;
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < n; i++) v[i * 3 + k] = mt19937_normal(mt);
  for (int i = 0; i < n; i++) {
    double *vi = v + i * 3, *xi = x + i * 3;
    const double speed = sqrt(vi[0] * vi[0] + vi[1] * vi[1] + vi[2] * vi[2]);
    for (int k = 0; k < 3; k++) {
      vi[k] = vi[k] * start_speed / speed;
      if (xi[k] > box) {
        xi[k] = 2 * box - xi[k];
        vi[k] = -fabs(vi[k]);
      }
      if (xi[k] < -box) {
        xi[k] = -2 * box - xi[k];
        vi[k] = fabs(vi[k]);
      }
    }
  }
}

static void draw_all(const weyl_nbody_opts *o, int64_t frames, weyl_nbody out[3]) {
  mt19937 mt;
  mt19937_seed(&mt, (uint32_t)o->seed);
  const int n = o->particles;
  const int64_t noise =
      2 * frames * 3 * n; /* observation noise, times 0: drawn after each simulation, so the stream needs it */
  for (int p = 0; p < 3; p++) {
    for (int64_t s = 0; s < o->simulations[p]; s++) {
      if (s < out[p].simulations) {
        draw_start(&mt, n, out[p].charge + s * n, out[p].start_position + s * n * 3, out[p].start_velocity + s * n * 3);
        mt19937_discard_normals(&mt, noise);
      } else {
        for (int i = 0; i < n; i++) (void)mt19937_uniform(&mt);
        mt19937_discard_normals(&mt, 6 * n + noise);
      }
    }
  }
}

weyl_status weyl_nbody_simulate(weyl_context *ctx, weyl_arena *arena, const weyl_nbody_opts *opts, weyl_nbody out[3]) {
  const weyl_nbody_opts o = opts ? *opts : weyl_nbody_defaults();
  const int64_t frames = o.sample_every > 0 ? o.steps / o.sample_every - 1 : 0;
  WEYL_TRY(check(ctx, &o, frames));

  const int64_t kept_frames = o.frames ? o.frame_count : frames;
  int64_t *frame = weyl_arena_array(arena, int64_t, kept_frames > 0 ? kept_frames : 1);
  if (!frame) return WEYL_MEMORY;
  for (int64_t f = 0; f < kept_frames; f++) frame[f] = o.frames ? o.frames[f] : f;

  weyl_nbody set[3];
  for (int p = 0; p < 3; p++)
    WEYL_TRY(nbody_room(arena, o.keep[p] < 0 ? o.simulations[p] : o.keep[p], kept_frames, o.particles, &set[p]));
  draw_all(&o, frames, set);
  WEYL_TRY(nbody_run(ctx, set, NBODY_COULOMB, frame, o.sample_every));
  memcpy(out, set, sizeof set);
  return WEYL_OK;
}
