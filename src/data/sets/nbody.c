/* "nbody": five charged particles; from frame 30 (step 3100) predict the positions at frame 40 (step 4100), one time
 * unit later. Frame Averaging section 6, EGNN section 5.1: 3000 train (the first of 10000), 2000 valid, 2000 test. */
#include <math.h>
#include <string.h>

#include "sets/sets.h"

static const weyl_option options_table[] = {
    {"train", WEYL_OPT_INT, "3000", 1, 1000000, NULL,
     "training simulations; above 10000 the splits behind them differ from the published ones, because one stream "
     "feeds all"},
    {"valid", WEYL_OPT_INT, "2000", 1, 1000000, NULL,
     "validation simulations; above 2000 the test split differs from the published one"},
    {"test", WEYL_OPT_INT, "2000", 1, 1000000, NULL, "test simulations"},
    {"frame_in", WEYL_OPT_INT, "30", 0, 48, NULL,
     "frame of the input; frame f is step 100 (f + 1) of 0.001 time units"},
    {"frame_out", WEYL_OPT_INT, "40", 0, 48, NULL, "frame of the target, after frame_in"},
    {"particles", WEYL_OPT_INT, "5", 1, 64, NULL, "charged particles in each simulation"},
    {"data_seed", WEYL_OPT_U64, "43", 0, 4294967295.0, NULL, "seed of the simulations; the run's own seed is another"},
    {"rotate_train", WEYL_OPT_BOOL, "false", 0, 0, NULL,
     "turn each training and validation sample by a random rotation of its own"},
    {"rotate_test", WEYL_OPT_BOOL, "false", 0, 0, NULL, "turn each test sample by a random rotation of its own"},
    {"trajectories", WEYL_OPT_BOOL, "false", 0, 0, NULL,
     "`weyl data make` also writes all 49 frames of each simulation"},
    {0}};

static const char *const split_name[3] = {"train", "valid", "test"};

typedef struct plan {
  int64_t frame_in, frame_out;
  uint64_t seed;
  bool rotate[3];
  weyl_nbody_opts sim;
} plan;

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static weyl_status make_plan(weyl_context *ctx, const weyl_options *o, uint64_t seed, plan *out) {
  plan p = {.frame_in = weyl_options_integer(o, "frame_in"),
            .frame_out = weyl_options_integer(o, "frame_out"),
            .seed = seed,
            .sim = weyl_nbody_defaults()};
  if (p.frame_out <= p.frame_in)
    return weyl_fail(ctx, WEYL_BAD_ARG, "frame_out is %lld, must be after frame_in = %lld", (long long)p.frame_out,
                     (long long)p.frame_in);
  p.rotate[0] = p.rotate[1] = weyl_options_bool(o, "rotate_train");
  p.rotate[2] = weyl_options_bool(o, "rotate_test");
  p.sim.seed = seed;
  p.sim.particles = (int)weyl_options_integer(o, "particles");
  for (int s = 0; s < 3; s++) {
    p.sim.keep[s] = weyl_options_integer(o, split_name[s]);
    p.sim.simulations[s] = larger(p.sim.simulations[s], p.sim.keep[s]);
  }
  p.sim.simulations[2] = p.sim.keep[2]; /* nothing comes after the test split: draw no more than is wanted */
  *out = p;
  return WEYL_OK;
}

/* Turns simulation s, all frames of it, about the origin. */
static weyl_status turn_all(weyl_context *ctx, const plan *p, int split, weyl_nbody *set) {
  weyl_group *so3 = NULL;
  WEYL_TRY(weyl_group_parse(ctx, "SO(3)", &so3));
  static const char *const stream[3] = {"nbody rotate train", "nbody rotate valid", "nbody rotate test"};
  weyl_rng rng = weyl_rng_new(p->seed, stream[split]);
  weyl_status status = WEYL_OK;
  const int64_t rows = set->frames * set->particles;
  for (int64_t s = 0; s < set->simulations && status == WEYL_OK; s++) {
    double g[16]; /* R, then the zero translation */
    status = weyl_group_sample(ctx, so3, set->particles, 0.0, &rng, g);
    double *const array[2] = {set->position + s * rows * 3, set->velocity + s * rows * 3};
    for (int a = 0; a < 2 && status == WEYL_OK; a++)
      status = weyl_group_act(ctx, so3, g, WEYL_ACT_VECTOR, rows, 3, array[a], array[a]);
  }
  weyl_group_free(so3);
  return status;
}

static weyl_status simulate(weyl_context *ctx, weyl_arena *arena, plan *p, weyl_nbody out[3]) {
  WEYL_TRY(weyl_nbody_simulate(ctx, arena, &p->sim, out));
  for (int s = 0; s < 3; s++)
    if (p->rotate[s]) WEYL_TRY(turn_all(ctx, p, s, &out[s]));
  return WEYL_OK;
}

/* ---- the data set of one split
 * ---------------------------------------------------------------------------------------- */

static weyl_status set_counts(weyl_dataset *set, weyl_arena *arena, int64_t samples, int64_t n) {
  int64_t *nodes = weyl_arena_array(arena, int64_t, samples + 1),
          *edges = weyl_arena_array(arena, int64_t, samples + 1);
  if (!nodes || !edges) return WEYL_MEMORY;
  for (int64_t s = 0; s <= samples; s++) {
    nodes[s] = s * n;
    edges[s] = s * n * (n - 1);
  }
  WEYL_TRY(weyl_dataset_set_offsets(set, WEYL_PER_NODE, nodes));
  return weyl_dataset_set_offsets(set, WEYL_PER_EDGE, edges);
}

static weyl_status describe(weyl_dataset *set, const plan *p) {
  char text[160];
  snprintf(text, sizeof text, "charged particles, seed %llu, frame %lld to %lld", (unsigned long long)p->seed,
           (long long)p->frame_in, (long long)p->frame_out);
  WEYL_TRY(weyl_dataset_note(set, "source", text));
  WEYL_TRY(weyl_dataset_note(set, "units", "dimensionless"));
  WEYL_TRY(weyl_dataset_note(set, "node_scalar", "charge"));
  WEYL_TRY(weyl_dataset_note(set, "edge_scalar", "product of the charges"));
  snprintf(text, sizeof text, "%llu", (unsigned long long)p->seed);
  return weyl_dataset_note(set, "seed", text);
}

/* frame_in, frame_out: places among the frames that `sim` has. */
static weyl_status fill(weyl_dataset *set, weyl_arena *arena, const plan *p, const weyl_nbody *sim, int64_t frame_in,
                        int64_t frame_out) {
  const int64_t n = sim->particles, samples = sim->simulations;
  static const int64_t three = 3, one = 1;
  weyl_array x, v, target, charge, edge_i, edge_j, product;
  WEYL_TRY(set_counts(set, arena, samples, n));
  WEYL_TRY(describe(set, p));
  WEYL_TRY(weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &x));
  WEYL_TRY(weyl_dataset_add(set, "v", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &v));
  WEYL_TRY(weyl_dataset_add(set, "target", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &target));
  WEYL_TRY(weyl_dataset_add(set, "node_scalar", WEYL_PER_NODE, WEYL_F64, 1, &one, "", &charge));
  WEYL_TRY(weyl_dataset_add(set, "edge_i", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_i));
  WEYL_TRY(weyl_dataset_add(set, "edge_j", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_j));
  WEYL_TRY(weyl_dataset_add(set, "edge_scalar", WEYL_PER_EDGE, WEYL_F64, 1, &one, "", &product));

  const size_t row = (size_t)(n * 3) * sizeof(double);
  int64_t e = 0;
  for (int64_t s = 0; s < samples; s++) {
    memcpy((double *)x.data + s * n * 3, sim->position + (s * sim->frames + frame_in) * n * 3, row);
    memcpy((double *)v.data + s * n * 3, sim->velocity + (s * sim->frames + frame_in) * n * 3, row);
    memcpy((double *)target.data + s * n * 3, sim->position + (s * sim->frames + frame_out) * n * 3, row);
    const double *q = sim->charge + s * n;
    memcpy((double *)charge.data + s * n, q, (size_t)n * sizeof(double));
    for (int64_t i = 0; i < n; i++) { /* i receives, j sends */
      for (int64_t j = 0; j < n; j++) {
        if (i == j) continue;
        ((int32_t *)edge_i.data)[e] = (int32_t)i;
        ((int32_t *)edge_j.data)[e] = (int32_t)j;
        ((double *)product.data)[e++] = q[i] * q[j];
      }
    }
  }
  return WEYL_OK;
}

static weyl_status make_splits(weyl_context *ctx, weyl_arena *arena, const plan *p, const weyl_nbody sim[3],
                               int64_t frame_in, int64_t frame_out, weyl_splits *out) {
  weyl_splits made = {0};
  weyl_dataset **const part[3] = {&made.train, &made.valid, &made.test};
  weyl_status status = WEYL_OK;
  for (int s = 0; s < 3; s++) {
    WEYL_GOTO(weyl_dataset_new(ctx, split_name[s], sim[s].simulations, part[s]));
    WEYL_GOTO(fill(*part[s], arena, p, &sim[s], frame_in, frame_out));
    WEYL_GOTO(weyl_dataset_check_finite(ctx, *part[s]));
  }
  *out = made;
  return WEYL_OK;
done:
  weyl_splits_free(&made);
  return status;
}

static weyl_status load(weyl_context *ctx, const weyl_options *given, const char *path, uint64_t seed,
                        weyl_splits *out) {
  (void)seed;
  if (path)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "set nbody is generated and takes no file (%s); set dynamics reads trajectories", path);
  weyl_options *made;
  const weyl_options *o;
  WEYL_TRY(data_options_ready(ctx, &weyl_set_nbody, given, &made, &o));
  weyl_arena *arena = NULL;
  weyl_status status;
  plan p;
  weyl_nbody sim[3];
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(make_plan(ctx, o, (uint64_t)weyl_options_integer(o, "data_seed"), &p));
  const int64_t frames[2] = {p.frame_in, p.frame_out};
  p.sim.frames = frames;
  p.sim.frame_count = 2;
  WEYL_GOTO(simulate(ctx, arena, &p, sim));
  WEYL_GOTO(make_splits(ctx, arena, &p, sim, 0, 1, out));
done:
  weyl_arena_free(arena);
  weyl_options_free(made);
  return status;
}

/* ---- weyl data make nbody
 * ------------------------------------------------------------------------------------------------ */

static weyl_status add(weyl_bundle *bundle, const char *split, const char *what, void *data, int rank,
                       const int64_t *dim) {
  char name[32];
  snprintf(name, sizeof name, "%s_%s", split, what);
  weyl_array array = {.data = data, .dtype = WEYL_F64, .rank = rank};
  memcpy(array.dim, dim, (size_t)rank * sizeof *dim);
  return weyl_bundle_add(bundle, name, &array);
}

static weyl_status add_split(weyl_bundle *bundle, const char *split, const weyl_dataset *set, const weyl_nbody *sim,
                             bool trajectories) {
  const int64_t state[3] = {sim->simulations, sim->particles, 3},
                all[4] = {sim->simulations, sim->frames, sim->particles, 3};
  static const char *const field[4] = {"x", "v", "node_scalar", "target"}, *const key[4] = {"pos", "vel", "charge",
                                                                                            "target"};
  for (int i = 0; i < 4; i++)
    WEYL_TRY(add(bundle, split, key[i], weyl_dataset_find(set, field[i])->array.data, i == 2 ? 2 : 3, state));
  if (!trajectories) return WEYL_OK;
  WEYL_TRY(add(bundle, split, "traj_pos", sim->position, 4, all));
  return add(bundle, split, "traj_vel", sim->velocity, 4, all);
}

static weyl_status write(weyl_context *ctx, const weyl_options *given, uint64_t seed, const char *file,
                         weyl_json *result) {
  weyl_options *made;
  const weyl_options *o;
  WEYL_TRY(data_options_ready(ctx, &weyl_set_nbody, given, &made, &o));
  const bool own_seed = seed == WEYL_SEED_NOT_GIVEN || !weyl_options_is_default(o, "data_seed");
  const bool trajectories = weyl_options_bool(o, "trajectories");
  weyl_arena *arena = NULL;
  weyl_bundle *bundle = NULL;
  weyl_splits splits = {0};
  weyl_status status;
  plan p;
  weyl_nbody sim[3];
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(make_plan(ctx, o, own_seed ? (uint64_t)weyl_options_integer(o, "data_seed") : seed, &p));
  const int64_t frames[2] = {p.frame_in, p.frame_out};
  if (!trajectories) {
    p.sim.frames = frames;
    p.sim.frame_count = 2;
  }
  WEYL_GOTO(simulate(ctx, arena, &p, sim));
  WEYL_GOTO(make_splits(ctx, arena, &p, sim, trajectories ? p.frame_in : 0, trajectories ? p.frame_out : 1, &splits));
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
  WEYL_GOTO(add_split(bundle, "train", splits.train, &sim[0], trajectories));
  WEYL_GOTO(add_split(bundle, "valid", splits.valid, &sim[1], trajectories));
  WEYL_GOTO(add_split(bundle, "test", splits.test, &sim[2], trajectories));
  WEYL_GOTO(weyl_npz_write(ctx, file, bundle));
  data_report(result, "nbody", file, &splits);
done:
  weyl_bundle_free(bundle);
  weyl_splits_free(&splits);
  weyl_arena_free(arena);
  weyl_options_free(made);
  return status;
}

const weyl_set_def weyl_set_nbody = {
    .name = "nbody",
    .summary = "charged particles in space: positions one time unit later (generated)",
    .source =
        "the simulator of EGNN (Satorras et al. 2021, MIT), as used by Frame Averaging (Puny et al. 2022); "
        "regenerated, seed 43",
    .options = options_table,
    .load = load,
    .write = write,
};
