/* What the sets of motion in files share: rows of their option tables, files in folders, limits. */
#ifndef WEYL_DATA_MOTION_FILES_H
#define WEYL_DATA_MOTION_FILES_H

#include "sets/motion.h"

/* Every set of windows has these. */
#define MOTION_WINDOW_OPTIONS                                                                                       \
  {"stride",                                                                                                        \
   WEYL_OPT_INT,                                                                                                    \
   "0",                                                                                                             \
   0,                                                                                                               \
   1000000,                                                                                                         \
   NULL,                                                                                                            \
   "frames between the start of one window and the next; 0: as the paper"},                                         \
      {"train_fraction",                                                                                            \
       WEYL_OPT_DOUBLE,                                                                                             \
       "0.625",                                                                                                     \
       0,                                                                                                           \
       1,                                                                                                           \
       NULL,                                                                                                        \
       "part of a recording's time that is trained on, from its beginning, where files do not say"},                \
      {"valid_fraction", WEYL_OPT_DOUBLE, "0.125", 0, 1, NULL, "part of the time behind it for validation"},        \
      {"test_fraction", WEYL_OPT_DOUBLE, "0.25", 0, 1, NULL, "part of the time behind that for the test"},          \
      {"train", WEYL_OPT_INT, "0", 0, 100000000, NULL, "training windows at most, drawn; 0: as the paper"},         \
      {"valid", WEYL_OPT_INT, "0", 0, 100000000, NULL, "validation windows at most, drawn; 0: as the paper"},       \
      {"test", WEYL_OPT_INT, "0", 0, 100000000, NULL, "test windows at most, drawn; 0: as the paper"}, {            \
    "data_seed", WEYL_OPT_U64, "42", 0, 0, NULL, "seed of what is drawn of the data; the run's own seed is another" \
  }
#define MOTION_SPACING_OPTION                                                                                     \
  {                                                                                                               \
    "spacing", WEYL_OPT_INT, "0", 0, 1000000, NULL,                                                               \
        "frames of the file between two frames of a window; 0: as the paper (molecules 10 fs or 20, otherwise 1)" \
  }
#define MOTION_SCENE_OPTION \
  { "test_scene", WEYL_OPT_CHOICE, "eth", 0, 0, "eth|hotel|univ|zara1|zara2", "ETH-UCY scene left for the test" }
#define MOTION_TRACK_OPTIONS                                                                                             \
  {"agents",                                                                                                             \
   WEYL_OPT_INT,                                                                                                         \
   "0",                                                                                                                  \
   0,                                                                                                                    \
   1000,                                                                                                                 \
   NULL,                                                                                                                 \
   "rows of a sample: a person and its neighbours; 0: as released (univ 2, zara1 3, eth, hotel and zara2 1: no "         \
   "neighbours), own files 5"},                                                                                          \
      {"radius", WEYL_OPT_DOUBLE, "5", 0, 1e9, NULL, "neighbours are at most this far at the last frame seen (metres)"}, \
      {"selection",                                                                                                      \
       WEYL_OPT_CHOICE,                                                                                                  \
       "valid",                                                                                                          \
       0,                                                                                                                \
       0,                                                                                                                \
       "valid|test",                                                                                                     \
       "what the validation split is: the *_val files of the other scenes, or (the released protocol) the test"},        \
  {                                                                                                                      \
    "test_scale", WEYL_OPT_DOUBLE, "1", 1e-6, 1e6, NULL,                                                                 \
        "test positions are divided by this and errors multiplied; the released protocol has 1.6 for eth"                \
  }
#define MOTION_MOLECULE_OPTIONS \
  { "hydrogens", WEYL_OPT_BOOL, "false", 0, 0, NULL, "keep hydrogen atoms" }
#define MOTION_SKELETON_OPTIONS                                                                                    \
  {"clips",                                                                                                        \
   WEYL_OPT_CHOICE,                                                                                                \
   "any",                                                                                                          \
   0,                                                                                                              \
   0,                                                                                                              \
   "any|amc|bvh|h36m",                                                                                             \
   "which files of a folder are read: those of one format, or any where all are of the same"},                     \
      {"frame_rate",                                                                                               \
       WEYL_OPT_DOUBLE,                                                                                            \
       "25",                                                                                                       \
       0,                                                                                                          \
       1e6,                                                                                                        \
       NULL,                                                                                                       \
       "frames a second of a window; the recording's rate is brought to this between frames; 0: leave it"},        \
      {"source_rate",                                                                                              \
       WEYL_OPT_DOUBLE,                                                                                            \
       "0",                                                                                                        \
       0,                                                                                                          \
       1e6,                                                                                                        \
       NULL,                                                                                                       \
       "frames a second of the recordings; 0: as the file says (AMC: 120, Human3.6M: 50)"},                        \
      {"root",                                                                                                     \
       WEYL_OPT_CHOICE,                                                                                            \
       "fixed",                                                                                                    \
       0,                                                                                                          \
       0,                                                                                                          \
       "fixed|free",                                                                                               \
       "fixed: the root stands at the origin and does not turn, as the papers do; free: the body moves in space"}, \
      {"anchors",                                                                                                  \
       WEYL_OPT_BOOL,                                                                                              \
       "false",                                                                                                    \
       0,                                                                                                          \
       0,                                                                                                          \
       NULL,                                                                                                       \
       "joints that stand still (root, hips) are shown to the model with the others; their errors do not count"},  \
      {"joints",                                                                                                   \
       WEYL_OPT_STRING,                                                                                            \
       "",                                                                                                         \
       0,                                                                                                          \
       0,                                                                                                          \
       NULL,                                                                                                       \
       "joints used, by name, with commas; none: all that are no copy of their parent (Human3.6M: the 22 of the "  \
       "papers)"},                                                                                                 \
      {"millimetres",                                                                                              \
       WEYL_OPT_DOUBLE,                                                                                            \
       "0",                                                                                                        \
       0,                                                                                                          \
       1e9,                                                                                                        \
       NULL,                                                                                                       \
       "millimetres in the file's unit of length; 0: as known (AMC: of its skeleton; BVH: 10, centimetres)"},      \
      {"valid_clips",                                                                                              \
       WEYL_OPT_STRING,                                                                                            \
       "",                                                                                                         \
       0,                                                                                                          \
       0,                                                                                                          \
       NULL,                                                                                                       \
       "clips for validation, as beginnings of their names, with commas (\"35_01,S11\"); none: the end of each "   \
       "training clip (Human3.6M: S11 where it is there)"},                                                        \
  {                                                                                                                \
    "test_clips", WEYL_OPT_STRING, "", 0, 0, NULL, "clips for the test, likewise (Human3.6M: S5)"                  \
  }

/* The files under a path: itself, or those of a folder and its folders with one of the extensions "|"-separated,
 * packed ones too, by name. WEYL_NO_FILE when there is none. */
typedef struct motion_paths {
  weyl_arena *arena;
  const char *given;
  const char **path;
  size_t count;
} motion_paths;
weyl_status motion_paths_list(weyl_context *ctx, const char *path, const char *extensions, motion_paths *out);
void motion_paths_free(motion_paths *paths);
bool motion_is_folder(const char *path);
const char *motion_name(const char *path); /* behind the last slash */

/* The value of a whole option, or `paper` where it is 0 or unknown to the table. */
int64_t motion_count(const weyl_options *o, const char *key, int64_t paper);
/* The three fractions, checked: above 0, their sum at most 1. */
weyl_status motion_fractions(weyl_context *ctx, const weyl_options *o, double fraction[3]);
/* Draws at most train, valid and test windows of each split, in random order. `paper`: what 0 stands for, NULL: all. */
weyl_status motion_limit(weyl_context *ctx, const weyl_options *o, const int64_t *paper, weyl_splits *splits);

/* A set's load: options that may be NULL, a path that may not. */
typedef weyl_status motion_loader(weyl_context *ctx, const weyl_options *o, const char *path, weyl_splits *out);
weyl_status motion_load(weyl_context *ctx, const weyl_set_def *def, const weyl_options *given, const char *path,
                        motion_loader *loader, weyl_splits *out);
motion_loader pedestrians_load, molecules_load, skeleton_load, windows_load;
/* Windows of which only the past is there; shape: of the set trained on, `like`. */
typedef weyl_status motion_input_loader(weyl_context *ctx, const weyl_options *o, const char *path,
                                        const motion_shape *shape, const weyl_dataset *like, weyl_dataset **out);
motion_input_loader pedestrians_inputs, molecules_inputs, skeleton_inputs, windows_inputs;
bool pedestrians_folder(const char *path); /* a folder of ETH-UCY */

#endif
