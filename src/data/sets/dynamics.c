/* "dynamics": from any trajectories, the state of a system at one frame predicts its positions `horizon` frames later.
 * Splits follow time, with gaps, so that no frame is seen by two of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sets/dynamics.h"
#include "sets/sets.h"

static const weyl_option options_table[] = {
    {"horizon", WEYL_OPT_INT, "10", 1, 1000000, NULL, "frames between input and target"},
    {"stride", WEYL_OPT_INT, "1", 1, 1000000, NULL, "frames between one sample and the next of the same trajectory"},
    {"dim", WEYL_OPT_INT, "0", 0, 16, NULL,
     "coordinates used: the first so many, or zeros behind the file's; 0: those of the file"},
    {"train_fraction", WEYL_OPT_DOUBLE, "0.8", 0, 1, NULL,
     "part of each trajectory's time that is trained on, from its beginning"},
    {"valid_fraction", WEYL_OPT_DOUBLE, "0.1", 0, 1, NULL, "part of the time behind it for validation"},
    {"test_fraction", WEYL_OPT_DOUBLE, "0.1", 0, 1, NULL, "part of the time behind that for the test"},
    {"split", WEYL_OPT_CHOICE, "time", 0, 0, "time|trajectory",
     "what the fractions divide: the time of each trajectory, or the list of trajectories in the order of the file"},
    {"centre", WEYL_OPT_BOOL, "false", 0, 0, NULL, "subtract the mean input position from input and target"},
    {"cutoff", WEYL_OPT_DOUBLE, "0", 0, 1e9, NULL,
     "pairs farther apart than this (length unit of the file) have no edge; 0: all pairs"},
    {0}};

static const char *const split_name[3] = {"train", "valid", "test"};

static weyl_status get_settings(weyl_context *ctx, const weyl_options *o, dynamics_settings *out) {
  dynamics_settings s = {.horizon = weyl_options_integer(o, "horizon"),
                         .stride = weyl_options_integer(o, "stride"),
                         .dim = weyl_options_integer(o, "dim"),
                         .centre = weyl_options_bool(o, "centre"),
                         .cutoff = weyl_options_number(o, "cutoff"),
                         .by_trajectory = strcmp(weyl_options_string(o, "split"), "trajectory") == 0};
  static const char *const key[3] = {"train_fraction", "valid_fraction", "test_fraction"};
  double sum = 0;
  for (int p = 0; p < 3; p++) {
    s.fraction[p] = weyl_options_number(o, key[p]);
    if (!(s.fraction[p] > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "%s is %g, must be above 0", key[p], s.fraction[p]);
    sum += s.fraction[p];
  }
  if (sum > 1 + 1e-9)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "train, valid and test fractions are %g, %g and %g: their sum must be at most 1", s.fraction[0],
                     s.fraction[1], s.fraction[2]);
  *out = s;
  return WEYL_OK;
}

/* ---- what the node scalars are -------------------------------------------------------------------------------------
 */

static int ascending(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

static weyl_status find_scalars(weyl_context *ctx, const char *path, const weyl_trajectories *in,
                                dynamics_scalars *out) {
  enum { TYPES_MAX = DYNAMICS_TYPES_MAX };
  dynamics_scalars s = {0};
  int64_t typed = 0, charged = 0;
  for (int64_t i = 0; i < in->count; i++) {
    const weyl_trajectory *t = &in->item[i];
    typed += t->type != NULL;
    charged += t->charge != NULL;
    for (int64_t p = 0; t->type && p < t->points; p++) {
      int k = 0;
      while (k < s.types && s.type[k] != t->type[p]) k++;
      if (k < s.types) continue;
      if (s.types == TYPES_MAX)
        return weyl_fail(ctx, WEYL_FORMAT,
                         "%s: trajectory %lld, point %lld: more than %d different types; they are classes, not labels",
                         path, (long long)i, (long long)p, TYPES_MAX);
      s.type[s.types++] = t->type[p];
    }
  }
  if ((typed != 0 && typed != in->count) || (charged != 0 && charged != in->count))
    return weyl_fail(ctx, WEYL_FORMAT,
                     "%s: %lld of %lld trajectories have types and %lld have charges; all or none should", path,
                     (long long)typed, (long long)in->count, (long long)charged);
  qsort(s.type, (size_t)s.types, sizeof s.type[0], ascending);
  s.charge = charged > 0;
  s.width = s.types + (s.charge ? 1 : 0);
  if (s.width == 0) s.width = 1; /* neither: a column of ones, so that models have something to embed */
  *out = s;
  return WEYL_OK;
}

/* ---- windows
 * ---------------------------------------------------------------------------------------------------------- */

/* The input frames of a stretch of frames [begin, end): the window of input t is t - back .. t + horizon. */
typedef struct stretch {
  int64_t begin, end;
} stretch;

static int64_t windows_in(const dynamics_settings *o, stretch s, int64_t back) {
  const int64_t last = s.end - 1 - o->horizon - (s.begin + back);
  return last < 0 ? 0 : last / o->stride + 1;
}

/* The frames of split p in trajectory i. In time the three stretches are parted by a gap of `horizon` frames. */
static stretch stretch_of(const dynamics_settings *o, const weyl_trajectories *in, int64_t i, int p) {
  const double from = p == 0 ? 0 : p == 1 ? o->fraction[0] : o->fraction[0] + o->fraction[1];
  const double to = from + o->fraction[p];
  const int64_t total = o->by_trajectory ? in->count : in->item[i].frames - 2 * o->horizon;
  if (total <= 0) return (stretch){0, 0};
  const int64_t begin = llround(from * (double)total), end = llround(to * (double)total);
  if (o->by_trajectory) return i >= begin && i < end ? (stretch){0, in->item[i].frames} : (stretch){0, 0};
  return (stretch){begin + p * o->horizon, end + p * o->horizon};
}

static weyl_status list_windows(weyl_context *ctx, weyl_arena *arena, const char *path, const dynamics_settings *o,
                                const weyl_trajectories *in, int p, dynamics_window **out, int64_t *count) {
  int64_t total = 0;
  for (int64_t i = 0; i < in->count; i++) total += windows_in(o, stretch_of(o, in, i, p), in->item[i].velocity ? 0 : 1);
  if (total == 0) {
    int64_t longest = 0;
    for (int64_t i = 0; i < in->count; i++) longest = in->item[i].frames > longest ? in->item[i].frames : longest;
    return weyl_fail(
        ctx, WEYL_FORMAT,
        "%s: no %s sample: %lld trajectories of at most %lld frames are too few for a horizon of %lld%s", path,
        split_name[p], (long long)in->count, (long long)longest, (long long)o->horizon,
        o->by_trajectory ? "" : " and gaps between the splits (try a smaller horizon, or split=trajectory)");
  }
  dynamics_window *window = weyl_arena_array(arena, dynamics_window, total);
  if (!window) return WEYL_MEMORY;
  int64_t w = 0;
  for (int64_t i = 0; i < in->count; i++) {
    const int64_t back = in->item[i].velocity ? 0 : 1;
    const stretch s = stretch_of(o, in, i, p);
    const int64_t n = windows_in(o, s, back);
    for (int64_t k = 0; k < n; k++)
      window[w++] = (dynamics_window){.trajectory = i, .frame = s.begin + back + k * o->stride};
  }
  *out = window;
  *count = total;
  return WEYL_OK;
}

/* ---- load
 * ------------------------------------------------------------------------------------------------------------------ */

static weyl_status check_dimension(weyl_context *ctx, const char *path, const weyl_trajectories *in,
                                   dynamics_settings *o) {
  for (int64_t i = 1; i < in->count; i++)
    if (in->item[i].d != in->item[0].d)
      return weyl_fail(ctx, WEYL_SHAPE, "%s: trajectory %lld has %lld coordinates a point, trajectory 0 has %lld", path,
                       (long long)i, (long long)in->item[i].d, (long long)in->item[0].d);
  if (o->dim == 0) o->dim = in->item[0].d;
  return WEYL_OK;
}

static weyl_status load(weyl_context *ctx, const weyl_options *given, const char *path, uint64_t seed,
                        weyl_splits *out) {
  (void)seed;
  if (!path || !*path)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "set dynamics needs a file of trajectories (--data FILE: npz, extended xyz or HDF5)");
  weyl_options *made_options;
  const weyl_options *o;
  WEYL_TRY(data_options_ready(ctx, &weyl_set_dynamics, given, &made_options, &o));
  weyl_trajectories in = {0};
  weyl_arena *arena = NULL;
  weyl_splits made = {0};
  weyl_dataset **const part[3] = {&made.train, &made.valid, &made.test};
  dynamics_settings settings;
  dynamics_scalars scalars;
  weyl_status status;
  WEYL_GOTO(get_settings(ctx, o, &settings));
  WEYL_GOTO(weyl_trajectories_read(ctx, path, &in));
  WEYL_GOTO(check_dimension(ctx, path, &in, &settings));
  WEYL_GOTO(find_scalars(ctx, path, &in, &scalars));
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  for (int p = 0; p < 3; p++) {
    dynamics_window *window = NULL;
    int64_t windows = 0;
    WEYL_GOTO(list_windows(ctx, arena, path, &settings, &in, p, &window, &windows));
    WEYL_GOTO(weyl_dataset_new(ctx, split_name[p], windows, part[p]));
    WEYL_GOTO(dynamics_fill(ctx, arena, path, &settings, &scalars, &in, window, *part[p]));
    WEYL_GOTO(weyl_dataset_check_finite(ctx, *part[p]));
  }
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&made);
  weyl_arena_free(arena);
  weyl_trajectories_free(&in);
  weyl_options_free(made_options);
  return status;
}

/* ---- inputs without targets, for predictions
 * ------------------------------------------------------------------------------ */

static weyl_status same_note(weyl_context *ctx, const char *place, const weyl_dataset *like, const weyl_dataset *made,
                             const char *key) {
  const char *wanted = weyl_dataset_noted(like, key), *here = weyl_dataset_noted(made, key);
  if (!wanted) wanted = "none";
  if (!here) here = "none";
  if (strcmp(wanted, here) == 0) return WEYL_OK;
  return weyl_fail(ctx, WEYL_FORMAT, "%s: %s is \"%s\", the data trained on have \"%s\"", place, key, here, wanted);
}

weyl_status weyl_dynamics_inputs(weyl_context *ctx, const weyl_options *options, const weyl_trajectories *in,
                                 const char *place, const weyl_dataset *like, weyl_dataset **out) {
  dynamics_settings settings = {.stride = 1};
  if (options && weyl_options_has(options, "centre")) settings.centre = weyl_options_bool(options, "centre");
  if (options && weyl_options_has(options, "cutoff")) settings.cutoff = weyl_options_number(options, "cutoff");
  if (options && weyl_options_has(options, "dim")) settings.dim = weyl_options_integer(options, "dim");
  dynamics_scalars scalars;
  weyl_arena *arena = NULL;
  weyl_dataset *made = NULL;
  weyl_status status;
  if (in->count == 0) return weyl_fail(ctx, WEYL_FORMAT, "%s: no trajectory", place);
  WEYL_GOTO(check_dimension(ctx, place, in, &settings));
  WEYL_GOTO(find_scalars(ctx, place, in, &scalars));
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  int64_t total = 0;
  for (int64_t i = 0; i < in->count; i++) {
    const int64_t back = in->item[i].velocity ? 0 : 1;
    if (in->item[i].frames <= back) {
      status = weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %lld has %lld frame; without velocities two are needed",
                         place, (long long)i, (long long)in->item[i].frames);
      goto done;
    }
    total += in->item[i].frames - back;
  }
  dynamics_window *window = weyl_arena_array(arena, dynamics_window, total);
  if (!window) {
    status = WEYL_MEMORY;
    goto done;
  }
  int64_t w = 0;
  for (int64_t i = 0; i < in->count; i++)
    for (int64_t f = in->item[i].velocity ? 0 : 1; f < in->item[i].frames; f++)
      window[w++] = (dynamics_window){.trajectory = i, .frame = f};
  WEYL_GOTO(weyl_dataset_new(ctx, "predict", total, &made));
  WEYL_GOTO(dynamics_fill(ctx, arena, place, &settings, &scalars, in, window, made));
  WEYL_GOTO(weyl_dataset_check_finite(ctx, made));
  if (like) {
    WEYL_GOTO(same_note(ctx, place, like, made, "types"));
    WEYL_GOTO(same_note(ctx, place, like, made, "node_scalar"));
  }
  *out = made;
  made = NULL;
done:
  weyl_dataset_free(made);
  weyl_arena_free(arena);
  return status;
}

const weyl_set_def weyl_set_dynamics = {
    .name = "dynamics",
    .summary = "your own trajectories (npz, extended xyz, HDF5): positions some frames later",
    .source = "the file given",
    .options = options_table,
    .load = load,
    .write = NULL,
};
