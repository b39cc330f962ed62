/* "springs", "charged" and "charged3": frames 0-19 of five particles predict frames 20-39 (EqMotion, spec sheet 5.1).
 */
#include <string.h>

#include "sets/motion.h"
#include "sets/sets.h"

static const weyl_option options_table[] = {
    {"train", WEYL_OPT_INT, "5000", 1, 1000000, NULL, "training scenes"},
    {"valid", WEYL_OPT_INT, "2000", 1, 1000000, NULL, "validation scenes"},
    {"test", WEYL_OPT_INT, "2000", 1, 1000000, NULL, "test scenes"},
    {"past", WEYL_OPT_INT, "20", 2, 48, NULL, "frames seen, from frame 0; 0.2 time units apart"},
    {"future", WEYL_OPT_INT, "20", 1, 47, NULL, "frames behind them to be predicted; past + future is at most 49"},
    {"particles", WEYL_OPT_INT, "5", 1, 64, NULL, "particles in each scene"},
    {"data_seed", WEYL_OPT_U64, "42", 0, 0, NULL, "seed of the simulations; the run's own seed is another"},
    {"trajectories", WEYL_OPT_BOOL, "false", 0, 0, NULL,
     "also the fields positions and velocities [frames][particles][3] of all 49 frames"},
    {0}};

static const char *const split_name[3] = {"train", "valid", "test"};

/* Frame-major to agent-major: [frames][n][3] from `first` on to [n][frames][3]. */
static void take(const double *from, int64_t n, int64_t first, int64_t frames, double *to) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t f = 0; f < frames; f++)
      memcpy(to + (i * frames + f) * 3, from + ((first + f) * n + i) * 3, 3 * sizeof(double));
}

static void classes(weyl_particles_kind kind, const weyl_nbody *sim, int64_t s, int32_t *edges) {
  const int64_t n = sim->particles;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      if (i == j) continue;
      int32_t *e = &edges[i * n + j];
      if (kind == WEYL_PARTICLES_SPRINGS) {
        *e = sim->stiffness[(s * n + i) * n + j] > 0;
        continue;
      }
      const int32_t product = (int32_t)(sim->charge[s * n + i] * sim->charge[s * n + j]);
      *e = kind == WEYL_PARTICLES_CHARGED ? product > 0 : product + 1;
    }
  }
}

static weyl_status describe(weyl_dataset *set, const weyl_particles_opts *o) {
  static const char *const what[3] = {"particles on springs", "charged particles", "particles of charge -1, 0 or 1"},
                           *const edge_classes[3] = {"none|spring", "unlike|like", "unlike|none|like"};
  char text[160];
  snprintf(text, sizeof text, "%s, seed %llu", what[o->kind], (unsigned long long)o->seed);
  WEYL_TRY(weyl_dataset_note(set, "source", text));
  WEYL_TRY(weyl_dataset_note(set, "units", "dimensionless"));
  WEYL_TRY(weyl_dataset_note(set, "time_unit", "dimensionless"));
  WEYL_TRY(motion_note_number(set, "time_step", 1e-3 * (double)o->sample_every));
  WEYL_TRY(weyl_dataset_note(set, "edge_classes", edge_classes[o->kind]));
  snprintf(text, sizeof text, "%llu", (unsigned long long)o->seed);
  return weyl_dataset_note(set, "seed", text);
}

static weyl_status fill(weyl_dataset *set, const weyl_particles_opts *o, const motion_shape *shape,
                        const weyl_nbody *sim, bool trajectories) {
  const int64_t n = shape->agents, all = sim->frames * n * 3, rows[3] = {sim->frames, n, 3};
  const bool charged = o->kind != WEYL_PARTICLES_SPRINGS;
  motion_fields f;
  WEYL_TRY(describe(set, o));
  WEYL_TRY(motion_fields_add(set, shape, MOTION_EDGES | (charged ? MOTION_CHARGE : 0), "", &f));
  for (int64_t s = 0; s < sim->simulations; s++) {
    take(sim->position + s * all, n, 0, shape->past, f.past + s * n * shape->past * 3);
    take(sim->position + s * all, n, shape->past, shape->future, f.future + s * n * shape->future * 3);
    f.agents[s] = (int32_t)n;
    classes(o->kind, sim, s, f.edges + s * n * n);
    if (charged) memcpy(f.charge + s * n, sim->charge + s * n, (size_t)n * sizeof(double));
  }
  if (!trajectories) return WEYL_OK;
  weyl_array position, velocity;
  WEYL_TRY(weyl_dataset_add(set, "positions", WEYL_PER_SAMPLE, WEYL_F64, 3, rows, "", &position));
  WEYL_TRY(weyl_dataset_add(set, "velocities", WEYL_PER_SAMPLE, WEYL_F64, 3, rows, "", &velocity));
  memcpy(position.data, sim->position, (size_t)(sim->simulations * all) * sizeof(double));
  memcpy(velocity.data, sim->velocity, (size_t)(sim->simulations * all) * sizeof(double));
  return WEYL_OK;
}

static weyl_status load_kind(weyl_context *ctx, const weyl_set_def *def, weyl_particles_kind kind,
                             const weyl_options *given, const char *path, uint64_t data_seed, weyl_splits *out) {
  if (path && *path)
    return weyl_fail(ctx, WEYL_BAD_ARG, "set %s is generated and takes no file (%s); set motion reads files", def->name,
                     path);
  weyl_options *made_options;
  const weyl_options *o;
  WEYL_TRY(data_options_ready(ctx, def, given, &made_options, &o));
  weyl_arena *arena = NULL;
  weyl_splits made = {0};
  weyl_dataset **const part[3] = {&made.train, &made.valid, &made.test};
  weyl_status status;
  weyl_nbody sim[3];
  weyl_particles_opts p = weyl_particles_defaults(kind);
  const motion_shape shape = {weyl_options_integer(o, "particles"), weyl_options_integer(o, "past"),
                              weyl_options_integer(o, "future"), 3};
  p.seed = data_seed == WEYL_SEED_NOT_GIVEN ? (uint64_t)weyl_options_integer(o, "data_seed") : data_seed;
  p.particles = (int)shape.agents;
  for (int s = 0; s < 3; s++) p.simulations[s] = weyl_options_integer(o, split_name[s]);
  const int64_t frames = p.steps / p.sample_every - 1;
  if (shape.past + shape.future > frames) {
    status = weyl_fail(ctx, WEYL_BAD_ARG, "past is %lld and future %lld: their sum must be at most %lld",
                       (long long)shape.past, (long long)shape.future, (long long)frames);
    goto done;
  }
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(weyl_particles_simulate(ctx, arena, &p, sim));
  for (int s = 0; s < 3; s++) {
    WEYL_GOTO(weyl_dataset_new(ctx, split_name[s], p.simulations[s], part[s]));
    WEYL_GOTO(fill(*part[s], &p, &shape, &sim[s], weyl_options_bool(o, "trajectories")));
    WEYL_GOTO(weyl_dataset_check_finite(ctx, *part[s]));
  }
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&made);
  weyl_arena_free(arena);
  weyl_options_free(made_options);
  return status;
}

/* Here the seed given is the seed of the data. */
static weyl_status write_kind(weyl_context *ctx, const weyl_set_def *def, weyl_particles_kind kind,
                              const weyl_options *given, uint64_t seed, const char *file, weyl_json *result) {
  const bool own = given && !weyl_options_is_default(given, "data_seed");
  weyl_splits splits = {0};
  WEYL_TRY(load_kind(ctx, def, kind, given, NULL, own ? WEYL_SEED_NOT_GIVEN : seed, &splits));
  const weyl_status status = data_splits_write(ctx, def->name, &splits, file, result);
  weyl_splits_free(&splits);
  return status;
}

#define PARTICLES(set, KIND, text)                                                                                \
  static weyl_status load_##set(weyl_context *ctx, const weyl_options *options, const char *path, uint64_t seed,  \
                                weyl_splits *out) {                                                               \
    (void)seed;                                                                                                   \
    return load_kind(ctx, &weyl_set_##set, KIND, options, path, WEYL_SEED_NOT_GIVEN, out);                        \
  }                                                                                                               \
  static weyl_status write_##set(weyl_context *ctx, const weyl_options *options, uint64_t seed, const char *file, \
                                 weyl_json *result) {                                                             \
    return write_kind(ctx, &weyl_set_##set, KIND, options, seed, file, result);                                   \
  }                                                                                                               \
  const weyl_set_def weyl_set_##set = {                                                                           \
      .name = #set,                                                                                               \
      .summary = text,                                                                                            \
      .source =                                                                                                   \
          "the simulator of NRI (Kipf et al. 2018, MIT) in space, as used by EqMotion (Xu et al. 2023); "         \
          "regenerated from its equations",                                                                       \
      .options = options_table,                                                                                   \
      .load = load_##set,                                                                                         \
      .write = write_##set,                                                                                       \
  };

PARTICLES(springs, WEYL_PARTICLES_SPRINGS, "particles on springs, who is tied to whom: 20 frames from 20 (generated)")
PARTICLES(charged, WEYL_PARTICLES_CHARGED, "charges -1 and 1 in space, who repels whom: 20 frames from 20 (generated)")
PARTICLES(charged3, WEYL_PARTICLES_CHARGED3, "charges -1, 0 and 1 in space: 20 frames from 20 (generated)")
