/* "motion": windows of whatever motion the files hold; each kind is read as the set of its own does. */
#include <string.h>

#include "formats/formats.h"
#include "formats/input.h"
#include "formats/skeleton.h"
#include "sets/motion_files.h"
#include "sets/sets.h"

static const weyl_option options_table[] = {
    {"past", WEYL_OPT_INT, "0", 0, 1000, NULL, "frames seen; 0: as the paper (8 of pedestrians, 10 otherwise)"},
    {"future", WEYL_OPT_INT, "0", 0, 1000, NULL,
     "frames to be predicted; 0: as the paper (12 of pedestrians, 10 otherwise)"},
    MOTION_SPACING_OPTION,
    MOTION_WINDOW_OPTIONS,
    MOTION_SCENE_OPTION,
    MOTION_TRACK_OPTIONS,
    MOTION_MOLECULE_OPTIONS,
    MOTION_SKELETON_OPTIONS,
    {0}};

enum { HEAD = 8192 };

static const struct {
  const char *name;
  motion_loader *load;
  motion_input_loader *inputs;
} kinds[] = {{"pedestrians", pedestrians_load, pedestrians_inputs},
             {"skeleton", skeleton_load, skeleton_inputs},
             {"molecules", molecules_load, molecules_inputs},
             {"windows", windows_load, windows_inputs}};

static bool has_windows(weyl_context *ctx, const char *path) {
  weyl_bundle *bundle;
  if (weyl_npz_read(ctx, path, &bundle) != WEYL_OK) {
    weyl_message_clear(ctx);
    return false;
  }
  const bool has = weyl_bundle_find(bundle, "train_past") != NULL;
  weyl_bundle_free(bundle);
  return has;
}

static weyl_status kind_of_file(weyl_context *ctx, const char *path, const char **kind) {
  unsigned char head[HEAD];
  size_t n = sizeof head;
  input_packing packing;
  WEYL_TRY(input_peek(ctx, path, &packing, head, &n));
  if (n == sizeof head) /* a cut line would be no row */
    while (n > 0 && head[n - 1] != '\n') n--;
  if (n == 0) n = sizeof head;
  const char *text = (const char *)head;
  if (n >= 2 && memcmp(head, "PK", 2) == 0) {
    *kind = has_windows(ctx, path) ? "windows" : "molecules";
  } else if (weyl_format_bvh.recognise(path, head, n) || weyl_format_amc.recognise(path, head, n) ||
             data_has_extension(path, ".bvh|.amc") || h36m_seems(text, n)) {
    *kind = "skeleton";
  } else if (weyl_format_npz.recognise(path, head, n) || weyl_format_hdf5.recognise(path, head, n) ||
             weyl_format_extxyz.recognise(path, head, n)) {
    *kind = "molecules";
  } else if (weyl_tracks_seems(text, n) || data_has_extension(path, ".csv")) {
    *kind = "pedestrians";
  } else {
    return weyl_fail(ctx, WEYL_FORMAT,
                     "%s: is no motion that weyl knows (npz, xyz or HDF5 trajectories, rows frame,id,x,y, ETH-UCY, "
                     "BVH, AMC, Human3.6M text)",
                     path);
  }
  return WEYL_OK;
}

weyl_status weyl_motion_kind(weyl_context *ctx, const char *path, const char **kind) {
  motion_paths files = {0};
  if (!motion_is_folder(path)) return kind_of_file(ctx, path, kind);
  if (pedestrians_folder(path)) {
    *kind = "pedestrians";
    return WEYL_OK;
  }
  WEYL_TRY(motion_paths_list(ctx, path, ".bvh|.amc|.h36m|.txt|.csv", &files));
  const weyl_status status = kind_of_file(ctx, files.path[0], kind);
  motion_paths_free(&files);
  return status;
}

static weyl_status read(weyl_context *ctx, const weyl_options *o, const char *path, weyl_splits *out) {
  const char *kind;
  size_t k = 0;
  WEYL_TRY(weyl_motion_kind(ctx, path, &kind));
  while (strcmp(kinds[k].name, kind) != 0) k++;
  return kinds[k].load(ctx, o, path, out);
}

static weyl_status load(weyl_context *ctx, const weyl_options *given, const char *path, uint64_t seed,
                        weyl_splits *out) {
  (void)seed;
  return motion_load(ctx, &weyl_set_motion, given, path, read, out);
}

weyl_status weyl_motion_read(weyl_context *ctx, const weyl_options *options, const char *path, weyl_splits *out) {
  return motion_load(ctx, &weyl_set_motion, options, path, read, out);
}

/* ---- inputs without futures, for predictions ---- */

/* The table of this set with the values that `given` has of it. */
static weyl_status common_options(weyl_context *ctx, const weyl_options *given, weyl_options **out) {
  weyl_options *made;
  weyl_status status = WEYL_OK;
  WEYL_TRY(weyl_options_new(ctx, &made));
  status = weyl_options_declare(made, "motion", options_table);
  for (size_t i = 0; given && status == WEYL_OK && i < weyl_options_count(given); i++) {
    const char *value;
    const weyl_option *row = weyl_options_at(given, i, &value);
    if (weyl_options_has(made, row->name)) status = weyl_options_set(made, row->name, value, NULL);
  }
  if (status == WEYL_OK)
    *out = made;
  else
    weyl_options_free(made);
  return status;
}

/* Of windows, or of the rows that weyl_motion_rows makes of them. */
static weyl_status shape_of(weyl_context *ctx, const weyl_dataset *like, motion_shape *out) {
  const weyl_field *past = weyl_dataset_find(like, "past"), *future = weyl_dataset_find(like, "future"),
                   *target = weyl_dataset_find(like, "target");
  if (past && future && past->array.rank == 4 && future->array.rank == 4) {
    *out = (motion_shape){past->array.dim[1], past->array.dim[2], future->array.dim[2], past->array.dim[3]};
    return WEYL_OK;
  }
  const int64_t *nodes = weyl_dataset_offsets(like, WEYL_PER_NODE);
  if (!past || !target || !nodes || past->array.rank != 3 || target->array.rank != 3)
    return weyl_fail(ctx, WEYL_BAD_ARG, "the data trained on have no windows (fields past and future)");
  *out = (motion_shape){0, past->array.dim[1], target->array.dim[1], past->array.dim[2]};
  for (int64_t s = 0; s < weyl_dataset_samples(like); s++)
    if (nodes[s + 1] - nodes[s] > out->agents) out->agents = nodes[s + 1] - nodes[s];
  return WEYL_OK;
}

weyl_status weyl_motion_inputs(weyl_context *ctx, const weyl_options *options, const char *path,
                               const weyl_dataset *like, weyl_dataset **out) {
  motion_shape shape;
  WEYL_TRY(shape_of(ctx, like, &shape));
  const char *kind;
  size_t k = 0;
  weyl_options *o;
  weyl_dataset *made = NULL;
  WEYL_TRY(weyl_motion_kind(ctx, path, &kind));
  while (strcmp(kinds[k].name, kind) != 0) k++;
  WEYL_TRY(common_options(ctx, options, &o));
  weyl_status status = kinds[k].inputs(ctx, o, path, &shape, like, &made);
  weyl_options_free(o);
  if (status == WEYL_OK) {
    const int64_t *dim = weyl_dataset_find(made, "past")->array.dim;
    if (dim[1] != shape.agents || dim[3] != shape.d)
      status = weyl_fail(ctx, WEYL_SHAPE, "%s: %lld agents in R^%lld, the data trained on have %lld in R^%lld", path,
                         (long long)dim[1], (long long)dim[3], (long long)shape.agents, (long long)shape.d);
  }
  if (status == WEYL_OK)
    *out = made;
  else
    weyl_dataset_free(made);
  return status;
}

const weyl_set_def weyl_set_motion = {
    .name = "motion",
    .summary = "any motion in files: rows frame,id,x,y, ETH-UCY, BVH, AMC, Human3.6M, MD17, xyz, or windows in an npz",
    .source = "the file or folder given",
    .options = options_table,
    .load = load,
    .write = NULL,
};
