/* Blocks of simulations on all threads; blocks are dealt to threads as they come, and none depends on another. */
#include "sim/nbody_run.h"

typedef struct blocks {
  weyl_nbody *set;
  nbody_law law;
  const int64_t *frame; /* [set->frames] numbers of the frames recorded */
  int64_t first;        /* block that item 0 of the loop stands for */
  int64_t sample_every;
  nbody_block *scratch; /* one a thread */
} blocks;

static void load(nbody_block *b, nbody_law law, const weyl_nbody *set, int64_t first) {
  const int n = (int)set->particles;
  b->particles = n;
  b->law = law;
  for (int lane = 0; lane < NBODY_LANES; lane++) {
    const int64_t s = first + lane < set->simulations ? first + lane : set->simulations - 1;
    int pair = 0;
    for (int i = 0; i < n; i++) {
      if (set->charge) b->q[i][lane] = set->charge[s * n + i];
      for (int k = 0; k < 3; k++) {
        b->x[i][k][lane] = set->start_position[(s * n + i) * 3 + k];
        b->v[i][k][lane] = set->start_velocity[(s * n + i) * 3 + k];
      }
      for (int j = i + 1; set->stiffness && j < n; j++) b->k[pair++][lane] = set->stiffness[(s * n + i) * n + j];
    }
  }
}

static void record(const nbody_block *b, weyl_nbody *set, int64_t first, int64_t f) {
  const int n = (int)set->particles;
  for (int lane = 0; lane < NBODY_LANES && first + lane < set->simulations; lane++) {
    const int64_t at = ((first + lane) * set->frames + f) * n * 3;
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < 3; k++) {
        set->position[at + i * 3 + k] = b->x[i][k][lane];
        set->velocity[at + i * 3 + k] = b->v[i][k][lane];
      }
    }
  }
}

static void run_block(void *arg, int64_t item, int thread) {
  const blocks *job = arg;
  nbody_block *b = &job->scratch[thread];
  const int64_t first = (job->first + item) * NBODY_LANES;
  load(b, job->law, job->set, first);
  int64_t step = 0;
  for (int64_t f = 0; f < job->set->frames; f++) {
    const int64_t until = job->sample_every * (job->frame[f] + 1);
    nbody_block_kick(b);
    nbody_block_advance(b, until - step);
    step = until;
    record(b, job->set, first, f);
  }
}

weyl_status nbody_run(weyl_context *ctx, weyl_nbody out[3], nbody_law law, const int64_t *frame, int64_t sample_every) {
  nbody_block *scratch = weyl_alloc(ctx, (size_t)weyl_threads(ctx), sizeof *scratch);
  if (!scratch) return WEYL_MEMORY;
  int64_t total = 0, done = 0;
  for (int p = 0; p < 3; p++) total += (out[p].simulations + NBODY_LANES - 1) / NBODY_LANES;
  weyl_status status = WEYL_OK;
  for (int p = 0; p < 3 && status == WEYL_OK; p++) {
    const int64_t count = (out[p].simulations + NBODY_LANES - 1) / NBODY_LANES;
    /* in portions, so that one can see it go on and stop it */
    for (int64_t first = 0; first < count && status == WEYL_OK; first += 128) {
      blocks job = {
          .set = &out[p], .law = law, .frame = frame, .first = first, .sample_every = sample_every, .scratch = scratch};
      const int64_t n = count - first < 128 ? count - first : 128;
      weyl_parallel(ctx, n, run_block, &job);
      done += n;
      if (weyl_progress(ctx, "simulating particles", (double)done, (double)total))
        status = weyl_fail(ctx, WEYL_INTERRUPTED, "interrupted after %lld of %lld blocks of simulations",
                           (long long)done, (long long)total);
    }
  }
  weyl_dealloc(ctx, scratch);
  return status;
}

weyl_status nbody_room(weyl_arena *arena, int64_t simulations, int64_t frames, int64_t n, weyl_nbody *out) {
  const int64_t room = simulations > 0 ? simulations : 1, steps = frames > 0 ? frames : 1;
  *out = (weyl_nbody){.simulations = simulations,
                      .frames = frames,
                      .particles = n,
                      .position = weyl_arena_array(arena, double, room *steps *n * 3),
                      .velocity = weyl_arena_array(arena, double, room *steps *n * 3),
                      .charge = weyl_arena_array(arena, double, room *n),
                      .start_position = weyl_arena_array(arena, double, room *n * 3),
                      .start_velocity = weyl_arena_array(arena, double, room *n * 3)};
  return out->position && out->velocity && out->charge && out->start_position && out->start_velocity ? WEYL_OK
                                                                                                     : WEYL_MEMORY;
}
