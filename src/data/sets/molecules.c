/* "molecules": ten poses 10 fs apart predict ten more, heavy atoms only (EqMotion on MD17, spec sheet 5.2). */
#include <math.h>
#include <string.h>

#include "sets/motion_files.h"
#include "sets/pose_windows.h"
#include "sets/sets.h"

static const weyl_option options_table[] = {{"past", WEYL_OPT_INT, "10", 2, 1000, NULL, "poses seen"},
                                            {"future", WEYL_OPT_INT, "10", 1, 1000, NULL, "poses to be predicted"},
                                            MOTION_SPACING_OPTION,
                                            MOTION_WINDOW_OPTIONS,
                                            MOTION_MOLECULE_OPTIONS,
                                            {0}};

static const double pose_femtoseconds = 10, bond_length = 1.6;
enum { POSE_FRAMES = 20 }; /* 10 fs of MD17, whose files do not say their step of 0.5 fs */

/* Atoms used: all but hydrogen, or all. */
static weyl_status choose_atoms(weyl_context *ctx, weyl_arena *arena, const char *path, const weyl_trajectory *t,
                                bool hydrogens, pose_part *p) {
  int64_t *point = weyl_arena_array(arena, int64_t, t->points), n = 0;
  if (!point) return WEYL_MEMORY;
  for (int64_t i = 0; i < t->points; i++)
    if (hydrogens || !t->type || t->type[i] > 1) point[n++] = i;
  if (n == 0)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: all %lld atoms are hydrogen (hydrogens=true keeps them)", path,
                     (long long)t->points);
  p->point = point;
  p->points = n;
  return WEYL_OK;
}

/* Frames between poses: as asked, or 10 fs, or 20 frames. */
static int64_t spacing_of(const weyl_options *o, const weyl_trajectories *in, const weyl_trajectory *t) {
  int64_t paper = POSE_FRAMES;
  if (t->time_step > 0) {
    const bool picoseconds = strcmp(in->time_unit, "ps") == 0;
    paper = llround(pose_femtoseconds / (t->time_step * (picoseconds ? 1000 : 1)));
  }
  return motion_count(o, "spacing", paper > 0 ? paper : 1);
}

/* Class 1 where two atoms are bonded in the first frame. */
static void mark_bonds(const pose_part *part, int64_t samples, int64_t n, const motion_fields *f) {
  for (int64_t s = 0; s < samples; s++) {
    const pose_part *p = &part[f->scene[s]];
    for (int64_t i = 0; i < p->points; i++) {
      for (int64_t j = 0; j < p->points; j++) {
        const double *x = p->of->position + p->point[i] * p->of->d, *y = p->of->position + p->point[j] * p->of->d;
        double square = 0;
        for (int64_t k = 0; k < p->of->d; k++) square += (x[k] - y[k]) * (x[k] - y[k]);
        f->edges[(s * n + i) * n + j] = i != j && square < bond_length * bond_length;
      }
    }
  }
}

static weyl_status describe(weyl_dataset *set, const weyl_trajectories *in, const pose_part *part, const char *path) {
  const double step = part->of->time_step * (double)part->spacing;
  WEYL_TRY(weyl_dataset_note(set, "source", path));
  WEYL_TRY(weyl_dataset_note(set, "units", in->length_unit[0] ? in->length_unit : "A"));
  WEYL_TRY(weyl_dataset_note(set, "edge_classes", "none|bond"));
  WEYL_TRY(motion_note_number(set, "spacing", (double)part->spacing));
  if (!(step > 0)) return WEYL_OK;
  WEYL_TRY(weyl_dataset_note(set, "time_unit", in->time_unit[0] ? in->time_unit : "fs"));
  return motion_note_number(set, "time_step", step);
}

/* The whole of each trajectory, spaced and with the atoms chosen. */
static weyl_status make_parts(weyl_context *ctx, weyl_arena *arena, const weyl_options *o, const char *path,
                              const weyl_trajectories *in, pose_part **out, pose_settings *settings) {
  const bool hydrogens = weyl_options_bool(o, "hydrogens");
  pose_part *part = weyl_arena_array(arena, pose_part, in->count);
  if (!part) return WEYL_MEMORY;
  *settings = (pose_settings){.past = motion_count(o, "past", 10),
                              .future = motion_count(o, "future", 10),
                              .scale = 1,
                              .types = true,
                              .unit = in->length_unit[0] ? in->length_unit : "A"};
  for (int64_t i = 0; i < in->count; i++) {
    part[i] = (pose_part){.of = &in->item[i], .until = in->item[i].frames, .spacing = spacing_of(o, in, &in->item[i])};
    part[i].stride = motion_count(o, "stride", part[i].spacing);
    WEYL_TRY(choose_atoms(ctx, arena, path, part[i].of, hydrogens, &part[i]));
    settings->types = settings->types && in->item[i].type;
  }
  *out = part;
  return WEYL_OK;
}

static weyl_status make_splits(weyl_context *ctx, weyl_arena *arena, const weyl_options *o, const char *path,
                               const weyl_trajectories *in, weyl_splits *out) {
  static const char *const split_name[3] = {"train", "valid", "test"};
  weyl_dataset **const set[3] = {&out->train, &out->valid, &out->test};
  pose_settings settings;
  pose_part *part;
  double fraction[3], before = 0;
  WEYL_TRY(motion_fractions(ctx, o, fraction));
  WEYL_TRY(make_parts(ctx, arena, o, path, in, &part, &settings));
  for (int s = 0; s < 3; s++) {
    for (int64_t i = 0; i < in->count; i++) {
      const double frames = (double)(part[i].of->frames - 1); /* the last is dropped, as in the original */
      part[i].from = (int64_t)floor(before * frames + 1e-9);
      part[i].until = (int64_t)floor((before + fraction[s]) * frames + 1e-9);
    }
    before += fraction[s];
    motion_fields f;
    WEYL_TRY(pose_windows(ctx, split_name[s], path, &settings, MOTION_EDGES, part, (size_t)in->count, &f, set[s]));
    mark_bonds(part, weyl_dataset_samples(*set[s]), weyl_dataset_find(*set[s], "past")->array.dim[1], &f);
    WEYL_TRY(describe(*set[s], in, part, path));
  }
  return WEYL_OK;
}

weyl_status molecules_load(weyl_context *ctx, const weyl_options *o, const char *path, weyl_splits *out) {
  static const int64_t paper[3] = {5000, 2000, 2000};
  weyl_trajectories in = {0};
  weyl_arena *arena = NULL;
  weyl_splits made = {0};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(weyl_trajectories_read(ctx, path, &in));
  WEYL_GOTO(make_splits(ctx, arena, o, path, &in, &made));
  WEYL_GOTO(motion_limit(ctx, o, paper, &made));
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&made);
  weyl_trajectories_free(&in);
  weyl_arena_free(arena);
  return status;
}

weyl_status molecules_inputs(weyl_context *ctx, const weyl_options *o, const char *path, const motion_shape *shape,
                             const weyl_dataset *like, weyl_dataset **out) {
  (void)like;
  weyl_trajectories in = {0};
  weyl_arena *arena = NULL;
  pose_settings settings;
  pose_part *part;
  motion_fields f;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(weyl_trajectories_read(ctx, path, &in));
  WEYL_GOTO(make_parts(ctx, arena, o, path, &in, &part, &settings));
  settings.past = shape->past;
  settings.future = 0;
  settings.blank = shape->future;
  WEYL_GOTO(pose_windows(ctx, "predict", path, &settings, 0, part, (size_t)in.count, &f, out));
done:
  weyl_trajectories_free(&in);
  weyl_arena_free(arena);
  return status;
}

static weyl_status load(weyl_context *ctx, const weyl_options *given, const char *path, uint64_t seed,
                        weyl_splits *out) {
  (void)seed;
  return motion_load(ctx, &weyl_set_molecules, given, path, molecules_load, out);
}

const weyl_set_def weyl_set_molecules = {
    .name = "molecules",
    .summary = "molecular dynamics (MD17 npz, xyz, HDF5): ten poses of the heavy atoms from ten",
    .source = "the file given; MD17: Chmiela et al. 2017",
    .options = options_table,
    .load = load,
    .write = NULL,
};
