/* "pedestrians": 8 frames of 0.4 s predict 12 (EqMotion, spec sheet 5.4). ETH-UCY leaves one scene out of the training;
 * other files are divided in time. */
#include <math.h>
#include <string.h>

#include "sets/motion_files.h"
#include "sets/sets.h"
#include "sets/track_windows.h"

static const weyl_option options_table[] = {MOTION_SCENE_OPTION,
                                            {"past", WEYL_OPT_INT, "8", 2, 1000, NULL, "frames seen"},
                                            {"future", WEYL_OPT_INT, "12", 1, 1000, NULL, "frames to be predicted"},
                                            MOTION_SPACING_OPTION,
                                            MOTION_WINDOW_OPTIONS,
                                            MOTION_TRACK_OPTIONS,
                                            {0}};

enum { SEQUENCES = 8, SCENES = 5, SPLITS = 3 };
static const char *const split_name[SPLITS] = {"train", "valid", "test"};

/* The recordings, and which of them are the test of a scene. */
static const struct {
  const char *name;
  int scene;
} sequence[SEQUENCES] = {{"biwi_eth", 0},       {"biwi_hotel", 1},  {"crowds_zara01", 3}, {"crowds_zara02", 4},
                         {"crowds_zara03", -1}, {"students001", 2}, {"students003", 2},   {"uni_examples", -1}};
static const struct {
  const char *name;
  int64_t agents; /* of the released configurations: an ego and so many neighbours less one */
} scene[SCENES] = {{"eth", 1}, {"hotel", 1}, {"univ", 2}, {"zara1", 3}, {"zara2", 1}};

typedef struct plan {
  track_settings windows;
  double fraction[SPLITS], test_scale;
  bool select_on_test;
  int scene;
} plan;

static weyl_status make_plan(weyl_context *ctx, const weyl_options *o, plan *out) {
  plan p = {.windows = {.past = motion_count(o, "past", 8),
                        .future = motion_count(o, "future", 12),
                        .spacing = motion_count(o, "spacing", 1),
                        .stride = motion_count(o, "stride", 1),
                        .agents = weyl_options_integer(o, "agents"),
                        .radius = weyl_options_number(o, "radius")},
            .test_scale = weyl_options_number(o, "test_scale"),
            .select_on_test = strcmp(weyl_options_string(o, "selection"), "test") == 0};
  WEYL_TRY(motion_fractions(ctx, o, p.fraction));
  while (strcmp(scene[p.scene].name, weyl_options_string(o, "test_scene")) != 0) p.scene++;
  *out = p;
  return WEYL_OK;
}

/* ---- ETH-UCY
 * --------------------------------------------------------------------------------------------------------- */

/* The two ways in which the files lie in folders, by split. */
static const char *const place[3][SPLITS] = {
    {"", "", ""}, {"eqmotion/", "eqmotion/", "eqmotion/"}, {"train/", "val/", "all_data/"}};
static const char *const ending[SPLITS] = {"_train", "_val", ""};

static bool sequence_file(const char *folder, int layout, int split, int k, char path[512]) {
  static const char *const packing[3] = {"", ".xz", ".gz"};
  for (int z = 0; z < 3; z++) {
    snprintf(path, 512, "%.400s/%s%s%s.txt%s", folder, place[layout][split], sequence[k].name, ending[split],
             packing[z]);
    if (weyl_file_exists(path)) return true;
  }
  snprintf(path, 512, "%.400s/%s%s%s.txt", folder, place[layout][split], sequence[k].name, ending[split]);
  return false;
}

static int layout_of(const char *folder, int of_scene) {
  char path[512];
  for (int l = 0; l < 3; l++)
    for (int k = 0; k < SEQUENCES; k++)
      if ((of_scene < 0 || sequence[k].scene == of_scene) && sequence_file(folder, l, 2, k, path)) return l;
  return -1;
}

bool pedestrians_folder(const char *path) { return layout_of(path, -1) >= 0; }

/* One split: the recordings of the scene (test), or of all others. */
static weyl_status load_split(weyl_context *ctx, const plan *p, const char *folder, int layout, int split,
                              const char *name, weyl_dataset **out) {
  weyl_tracks tracks[SEQUENCES] = {{0}};
  track_part part[SEQUENCES];
  size_t parts = 0;
  weyl_status status = WEYL_OK;
  char path[512], note[64];
  for (int k = 0; k < SEQUENCES && status == WEYL_OK; k++) {
    if ((sequence[k].scene == p->scene) != (split == 2)) continue;
    if (!sequence_file(folder, layout, split, k, path)) {
      status = weyl_fail(ctx, WEYL_NO_FILE, "%s: no such file; the scene %s needs it for %s", path,
                         scene[p->scene].name, name);
      break;
    }
    status = weyl_tracks_read(ctx, path, &tracks[parts]);
    if (status != WEYL_OK) break;
    part[parts] = (track_part){&tracks[parts], sequence[k].name, 0, tracks[parts].frames};
    parts++;
  }
  track_settings windows = p->windows;
  if (windows.agents == 0) windows.agents = scene[p->scene].agents;
  if (status == WEYL_OK) status = track_windows(ctx, name, &windows, part, parts, split == 2 ? p->test_scale : 1, out);
  for (size_t k = 0; k < parts; k++) weyl_tracks_free(&tracks[k]);
  if (status != WEYL_OK) return status;
  snprintf(note, sizeof note, "ETH-UCY, scene %s left out", scene[p->scene].name);
  return weyl_dataset_note(*out, "source", note);
}

static weyl_status load_eth_ucy(weyl_context *ctx, const plan *p, const char *folder, weyl_splits *out) {
  const int layout = layout_of(folder, p->scene);
  if (layout < 0)
    return weyl_fail(ctx, WEYL_NO_FILE,
                     "%s: has no recording of the scene %s (as biwi_eth.txt, or all_data/biwi_eth.txt)", folder,
                     scene[p->scene].name);
  weyl_dataset **const set[SPLITS] = {&out->train, &out->valid, &out->test};
  for (int s = 0; s < SPLITS; s++)
    WEYL_TRY(load_split(ctx, p, folder, layout, s == 1 && p->select_on_test ? 2 : s, split_name[s], set[s]));
  return WEYL_OK;
}

/* ---- other files
 * ------------------------------------------------------------------------------------------------------ */

typedef struct track_files {
  weyl_arena *arena;
  motion_paths paths;
  weyl_tracks *tracks;
  track_part *part; /* the whole of each */
  size_t count;
} track_files;

static void track_files_free(track_files *f) {
  for (size_t k = 0; k < f->count; k++) weyl_tracks_free(&f->tracks[k]);
  motion_paths_free(&f->paths);
  weyl_arena_free(f->arena);
}

static weyl_status track_files_read(weyl_context *ctx, const char *path, track_files *f) {
  WEYL_TRY(motion_paths_list(ctx, path, ".csv|.txt", &f->paths));
  WEYL_TRY(weyl_arena_new(ctx, &f->arena));
  f->tracks = weyl_arena_array(f->arena, weyl_tracks, f->paths.count);
  f->part = weyl_arena_array(f->arena, track_part, f->paths.count);
  if (!f->tracks || !f->part) return WEYL_MEMORY;
  for (; f->count < f->paths.count; f->count++) {
    weyl_tracks *t = &f->tracks[f->count];
    WEYL_TRY(weyl_tracks_read(ctx, f->paths.path[f->count], t));
    f->part[f->count] = (track_part){t, motion_name(f->paths.path[f->count]), 0, t->frames};
  }
  return WEYL_OK;
}

static weyl_status load_files(weyl_context *ctx, plan *p, const char *path, weyl_splits *out) {
  track_files files = {0};
  weyl_dataset **const set[SPLITS] = {&out->train, &out->valid, &out->test};
  weyl_status status;
  WEYL_GOTO(track_files_read(ctx, path, &files));
  if (p->windows.agents == 0) p->windows.agents = 5;
  double before = 0;
  for (int s = 0; s < SPLITS; s++) {
    for (size_t k = 0; k < files.count; k++) {
      const double frames = (double)files.tracks[k].frames;
      files.part[k].from = (int64_t)round(before * frames);
      files.part[k].until = (int64_t)round((before + p->fraction[s]) * frames);
    }
    before += p->fraction[s];
    WEYL_GOTO(
        track_windows(ctx, split_name[s], &p->windows, files.part, files.count, s == 2 ? p->test_scale : 1, set[s]));
    WEYL_GOTO(weyl_dataset_note(*set[s], "source", path));
  }
done:
  track_files_free(&files);
  return status;
}

weyl_status pedestrians_inputs(weyl_context *ctx, const weyl_options *o, const char *path, const motion_shape *shape,
                               const weyl_dataset *like, weyl_dataset **out) {
  (void)like;
  track_files files = {0};
  plan p;
  weyl_status status;
  WEYL_GOTO(make_plan(ctx, o, &p));
  p.windows.past = shape->past;
  p.windows.future = 0;
  p.windows.blank = shape->future;
  p.windows.ids = true;
  p.windows.agents = shape->agents;
  WEYL_GOTO(track_files_read(ctx, path, &files));
  WEYL_GOTO(track_windows(ctx, "predict", &p.windows, files.part, files.count, p.test_scale, out));
done:
  track_files_free(&files);
  return status;
}

weyl_status pedestrians_load(weyl_context *ctx, const weyl_options *o, const char *path, weyl_splits *out) {
  weyl_splits made = {0};
  weyl_status status;
  plan p;
  WEYL_GOTO(make_plan(ctx, o, &p));
  if (pedestrians_folder(path)) {
    WEYL_GOTO(load_eth_ucy(ctx, &p, path, &made));
  } else {
    WEYL_GOTO(load_files(ctx, &p, path, &made));
  }
  WEYL_GOTO(motion_limit(ctx, o, NULL, &made));
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&made);
  return status;
}

static weyl_status load(weyl_context *ctx, const weyl_options *given, const char *path, uint64_t seed,
                        weyl_splits *out) {
  (void)seed;
  return motion_load(ctx, &weyl_set_pedestrians, given, path, pedestrians_load, out);
}

const weyl_set_def weyl_set_pedestrians = {
    .name = "pedestrians",
    .summary = "people walking (ETH-UCY, or your own rows frame,id,x,y): 12 frames from 8",
    .source = "the folder or file given; ETH-UCY: Pellegrini et al. 2009, Lerner et al. 2007",
    .options = options_table,
    .load = load,
    .write = NULL,
};
