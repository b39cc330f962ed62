/* "skeleton": ten poses of 40 ms predict ten (EqMotion on Human3.6M, spec sheet 5.3); also BVH and AMC, as CMU has
 * them. Positions in decimetres, errors in millimetres. */
#include <math.h>
#include <string.h>

#include "sets/clips.h"
#include "sets/pose_windows.h"
#include "sets/sets.h"

static const weyl_option options_table[] = {{"past", WEYL_OPT_INT, "10", 2, 1000, NULL, "poses seen"},
                                            {"future", WEYL_OPT_INT, "10", 1, 1000, NULL, "poses to be predicted"},
                                            MOTION_WINDOW_OPTIONS,
                                            MOTION_SKELETON_OPTIONS,
                                            {0}};

enum { TRAIN, VALID, TEST, SPLITS, H36M_JOINTS = 32 };
static const char *const split_name[SPLITS] = {"train", "valid", "test"};

/* How many of the 32 joints each one stands for in the average: joints that stand in one place are not predicted, and
 * 16 and 24, 20, 23, 28, 31 are copies of 13, 19, 22, 27, 30. */
static const uint8_t h36m_weight[H36M_JOINTS] = {0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 3, 1, 1,
                                                 0, 1, 1, 2, 0, 1, 2, 0, 0, 1, 1, 2, 0, 1, 2, 0};

/* ---- joints
 * ----------------------------------------------------------------------------------------------------------- */

/* In every frame of every clip as near to `other` (-1: to where it is in the clip's first frame) as rounding allows. */
static bool near_always(const clips *c, int64_t joint, int64_t other) {
  for (size_t k = 0; k < c->count; k++) {
    const weyl_trajectory *t = &c->item[k].motion;
    for (int64_t f = 0; f < t->frames; f++) {
      const double *x = t->position + (f * t->points + joint) * 3,
                   *y = other >= 0 ? t->position + (f * t->points + other) * 3 : t->position + joint * 3;
      if (fabs(x[0] - y[0]) + fabs(x[1] - y[1]) + fabs(x[2] - y[2]) > 1e-6) return false;
    }
  }
  return true;
}

static bool is_wanted(const clips *c, int64_t j, bool fixed) {
  const clip *first = &c->item[0];
  if (first->h36m && fixed) return h36m_weight[j] > 0;
  const int32_t parent = first->motion.parent[j];
  return !(parent >= 0 && near_always(c, j, parent)) && !(fixed && near_always(c, j, -1));
}

static weyl_status choose_by_name(weyl_context *ctx, const char *path, const weyl_trajectory *t, const char *names,
                                  int64_t *point, int64_t *count) {
  while (*names) {
    while (*names == ' ' || *names == ',') names++;
    const size_t n = strcspn(names, ",");
    int64_t j = 0;
    while (n > 0 && j < t->points && !(strlen(t->label[j]) == n && strncmp(t->label[j], names, n) == 0)) j++;
    if (j == t->points)
      return weyl_fail(ctx, WEYL_UNKNOWN, "%s: no joint '%.*s': there is %s, %s ... %s", path, (int)(n < 40 ? n : 40),
                       names, t->label[0], t->label[t->points > 1 ? 1 : 0], t->label[t->points - 1]);
    if (n > 0 && *count == t->points)
      return weyl_fail(ctx, WEYL_BAD_ARG, "joints names more than the %lld joints of %s", (long long)t->points, path);
    if (n > 0) point[(*count)++] = j;
    names += n;
  }
  return WEYL_OK;
}

/* It stands still, but elsewhere than its parent: not predicted, but it tells where the body is and how it is turned.
 */
static bool is_anchor(const clips *c, int64_t j, bool fixed) {
  const int32_t parent = c->item[0].motion.parent[j];
  return fixed && !is_wanted(c, j, fixed) && near_always(c, j, -1) && !(parent >= 0 && near_always(c, j, parent));
}

static bool is_fixed(const weyl_options *o) { return strcmp(weyl_options_string(o, "root"), "fixed") == 0; }

/* names: as the option has them, or "" for all that move. */
static weyl_status choose_joints(weyl_context *ctx, const weyl_options *o, const char *names, const char *path,
                                 const clips *c, int64_t **out, int64_t *count) {
  const weyl_trajectory *t = &c->item[0].motion;
  const bool fixed = is_fixed(o);
  int64_t *point = weyl_arena_array(c->arena, int64_t, t->points), n = 0;
  if (!point) return WEYL_MEMORY;
  WEYL_TRY(choose_by_name(ctx, path, t, names, point, &n));
  for (int64_t j = 0; names[0] == '\0' && j < t->points; j++)
    if (is_wanted(c, j, fixed) || (weyl_options_bool(o, "anchors") && is_anchor(c, j, fixed))) point[n++] = j;
  if (n == 0) return weyl_fail(ctx, WEYL_FORMAT, "%s: no joint moves (root=free keeps those that stand)", path);
  *out = point;
  *count = n;
  return WEYL_OK;
}

/* Names, parents among those chosen, weights in the average error. */
static weyl_status describe_joints(weyl_dataset *set, const clips *c, bool fixed, const int64_t *point, int64_t n) {
  const weyl_trajectory *t = &c->item[0].motion;
  char *names = weyl_arena_strdup(c->arena, ""), *parents = weyl_arena_strdup(c->arena, ""),
       *weights = weyl_arena_strdup(c->arena, "");
  double sum = 0;
  int64_t anchors = 0;
  for (int64_t i = 0; i < n; i++) anchors += is_anchor(c, point[i], fixed);
  for (int64_t i = 0; names && parents && weights && i < n; i++) {
    int64_t above = -1;
    for (int32_t p = t->parent[point[i]]; p >= 0 && above < 0; p = t->parent[p])
      for (int64_t k = 0; k < n && above < 0; k++) above = point[k] == p ? k : -1;
    names = weyl_arena_printf(c->arena, "%s%s%s", names, i ? "|" : "", t->label[point[i]]);
    parents = weyl_arena_printf(c->arena, "%s%s%lld", parents, i ? " " : "", (long long)above);
    double weight = c->item[0].h36m ? h36m_weight[point[i]] / (double)H36M_JOINTS : 0;
    if (!c->item[0].h36m && anchors > 0 && anchors < n)
      weight = is_anchor(c, point[i], fixed) ? 0 : 1 / (double)(n - anchors);
    weights = weyl_arena_printf(c->arena, "%s%s%.17g", weights, i ? " " : "", weight);
    sum += weight;
  }
  if (!names || !parents || !weights) return WEYL_MEMORY;
  if (fixed) WEYL_TRY(weyl_dataset_note(set, "root", "origin"));
  WEYL_TRY(weyl_dataset_note(set, "joints", names));
  WEYL_TRY(weyl_dataset_note(set, "parents", parents));
  return sum > 0 ? weyl_dataset_note(set, "joint_weights", weights) : WEYL_OK;
}

/* ---- splits
 * ----------------------------------------------------------------------------------------------------------- */

typedef struct plan {
  pose_settings windows;
  double fraction[SPLITS];
  const char *words[SPLITS]; /* of the clips of valid and test */
  bool by_clip[SPLITS];      /* there are such clips */
  bool fixed;                /* the root */
  int64_t stride, *point, points;
} plan;

static int split_of(const plan *p, const char *name) {
  for (int s = TEST; s > TRAIN; s--)
    if (clip_is_one_of(name, p->words[s])) return s;
  return TRAIN;
}

static weyl_status make_plan(weyl_context *ctx, const weyl_options *o, const char *path, const clips *c, plan *p) {
  p->windows = (pose_settings){
      .past = motion_count(o, "past", 10), .future = motion_count(o, "future", 10), .scale = 100, .unit = "dm"};
  p->stride = motion_count(o, "stride", 1);
  p->fixed = is_fixed(o);
  p->words[VALID] = weyl_options_string(o, "valid_clips");
  p->words[TEST] = weyl_options_string(o, "test_clips");
  const bool given = p->words[VALID][0] || p->words[TEST][0];
  if (c->item[0].h36m && !given) {
    p->words[VALID] = "S11";
    p->words[TEST] = "S5";
  }
  for (size_t k = 0; k < c->count; k++) p->by_clip[split_of(p, c->item[k].name)] = true;
  for (int s = VALID; s < SPLITS; s++)
    if (given && p->words[s][0] && !p->by_clip[s])
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s: no clip's name begins with one of %s_clips=%s (the first clip is %s)",
                       path, split_name[s], p->words[s], c->item[0].name);
  if (!p->by_clip[TRAIN])
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: all %zu clips are for validation and test, none is left to train", path,
                     c->count);
  WEYL_TRY(motion_fractions(ctx, o, p->fraction));
  return choose_joints(ctx, o, weyl_options_string(o, "joints"), path, c, &p->point, &p->points);
}

/* The frames of a clip that belong to split s. What has no clips of its own is the end of the training clips. */
static pose_part part_of(const plan *p, const clip *c, int s) {
  pose_part part = {.of = &c->motion,
                    .point = p->point,
                    .points = p->points,
                    .until = c->motion.frames,
                    .spacing = 1,
                    .stride = p->stride};
  if (split_of(p, c->name) != TRAIN) return part;
  const double frames = (double)c->motion.frames, test = p->by_clip[TEST] ? 0 : p->fraction[TEST],
               valid = p->by_clip[VALID] ? 0 : p->fraction[VALID];
  const int64_t test_from = (int64_t)floor(frames * (1 - test)),
                valid_from = (int64_t)floor(frames * (1 - test - valid));
  part.from = s == TRAIN ? 0 : s == VALID ? valid_from : test_from;
  part.until = s == TRAIN ? valid_from : s == VALID ? test_from : c->motion.frames;
  return part;
}

static weyl_status make_split(weyl_context *ctx, const plan *p, const clips *c, const char *path, int s,
                              weyl_dataset **out) {
  pose_part *part = weyl_arena_array(c->arena, pose_part, c->count);
  char *scenes = weyl_arena_strdup(c->arena, "");
  size_t parts = 0;
  if (!part) return WEYL_MEMORY;
  for (size_t k = 0; scenes && k < c->count; k++) {
    if (split_of(p, c->item[k].name) != (p->by_clip[s] ? s : TRAIN)) continue;
    scenes = weyl_arena_printf(c->arena, "%s%s%s", scenes, parts ? "|" : "", c->item[k].name);
    part[parts++] = part_of(p, &c->item[k], s);
  }
  if (!scenes) return WEYL_MEMORY;
  motion_fields f;
  WEYL_TRY(pose_windows(ctx, split_name[s], path, &p->windows, 0, part, parts, &f, out));
  WEYL_TRY(weyl_dataset_note(*out, "source", path));
  WEYL_TRY(weyl_dataset_note(*out, "scenes", scenes));
  WEYL_TRY(weyl_dataset_note(*out, "units", "mm"));
  WEYL_TRY(weyl_dataset_note(*out, "time_unit", "s"));
  WEYL_TRY(motion_note_number(*out, "time_step", c->item[0].motion.time_step));
  return describe_joints(*out, c, p->fixed, p->point, p->points);
}

weyl_status skeleton_load(weyl_context *ctx, const weyl_options *o, const char *path, weyl_splits *out) {
  weyl_splits made = {0};
  weyl_dataset **const set[SPLITS] = {&made.train, &made.valid, &made.test};
  clips c = {0};
  plan p = {.words = {"", "", ""}};
  weyl_status status;
  WEYL_GOTO(clips_read(ctx, o, path, &c));
  WEYL_GOTO(make_plan(ctx, o, path, &c, &p));
  for (int s = 0; s < SPLITS; s++) WEYL_GOTO(make_split(ctx, &p, &c, path, s, set[s]));
  WEYL_GOTO(motion_limit(ctx, o, NULL, &made));
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&made);
  clips_free(&c);
  return status;
}

/* The joints are those trained on, where the set says them. */
weyl_status skeleton_inputs(weyl_context *ctx, const weyl_options *o, const char *path, const motion_shape *shape,
                            const weyl_dataset *like, weyl_dataset **out) {
  const char *trained = weyl_dataset_noted(like, "joints");
  clips c = {0};
  int64_t *point, points;
  motion_fields f;
  weyl_status status;
  WEYL_GOTO(clips_read(ctx, o, path, &c));
  char *names = weyl_arena_strdup(c.arena, trained ? trained : weyl_options_string(o, "joints"));
  pose_part *part = weyl_arena_array(c.arena, pose_part, c.count);
  if (!names || !part) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (char *at = names; *at; at++)
    if (*at == '|') *at = ',';
  WEYL_GOTO(choose_joints(ctx, o, names, path, &c, &point, &points));
  for (size_t k = 0; k < c.count; k++)
    part[k] = (pose_part){.of = &c.item[k].motion,
                          .point = point,
                          .points = points,
                          .until = c.item[k].motion.frames,
                          .spacing = 1,
                          .stride = motion_count(o, "stride", 1)};
  const pose_settings settings = {.past = shape->past, .blank = shape->future, .scale = 100, .unit = "dm"};
  WEYL_GOTO(pose_windows(ctx, "predict", path, &settings, 0, part, c.count, &f, out));
  WEYL_GOTO(describe_joints(*out, &c, is_fixed(o), point, points));
  const char *weights = weyl_dataset_noted(like, "joint_weights");
  if (weights) WEYL_GOTO(weyl_dataset_note(*out, "joint_weights", weights));
done:
  clips_free(&c);
  return status;
}

static weyl_status load(weyl_context *ctx, const weyl_options *given, const char *path, uint64_t seed,
                        weyl_splits *out) {
  (void)seed;
  return motion_load(ctx, &weyl_set_skeleton, given, path, skeleton_load, out);
}

const weyl_set_def weyl_set_skeleton = {
    .name = "skeleton",
    .summary = "motion capture (Human3.6M text, AMC of CMU, BVH): ten poses of 40 ms from ten",
    .source = "the file or folder given; Human3.6M: Ionescu et al. 2014; CMU: mocap.cs.cmu.edu",
    .options = options_table,
    .load = load,
    .write = NULL,
};
