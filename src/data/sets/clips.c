#include "sets/clips.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "formats/formats.h"
#include "formats/skeleton.h"

static const double bvh_millimetres = 10; /* a BVH names no unit; most are in centimetres */

bool clip_is_one_of(const char *name, const char *words) {
  while (*words) {
    while (*words == ' ' || *words == ',') words++;
    const size_t n = strcspn(words, ", ");
    if (n > 0 && strncmp(name, words, n) == 0 && !isalnum((unsigned char)name[n])) return true;
    words += n;
  }
  return false;
}

static bool is_subject(const char *folder, size_t n) {
  if (n < 2 || folder[0] != 'S') return false;
  for (size_t k = 1; k < n; k++)
    if (folder[k] < '0' || folder[k] > '9') return false;
  return true;
}

static const char *clip_name(weyl_arena *arena, const char *path) {
  const char *file = motion_name(path), *folder = file;
  const size_t stem = strcspn(file, ".");
  if (file > path)
    for (folder = file - 1; folder > path && folder[-1] != '/';) folder--;
  const size_t n = file > path ? (size_t)(file - 1 - folder) : 0;
  if (is_subject(folder, n)) return weyl_arena_printf(arena, "%.*s/%.*s", (int)n, folder, (int)stem, file);
  return weyl_arena_printf(arena, "%.*s", (int)stem, file);
}

/* ---- rate
 * ------------------------------------------------------------------------------------------------------------- */

/* Frames at `ratio` frames of the source, times `unit`: picked where the ratio is whole, else on the straight line
 * between two. */
static weyl_status resample(weyl_arena *arena, const weyl_trajectory *in, double ratio, double unit,
                            weyl_trajectory *out) {
  const int64_t n = in->points * in->d, frames = (int64_t)floor((double)(in->frames - 1) / ratio + 1e-9) + 1;
  double *x = weyl_arena_array(arena, double, frames *n);
  if (!x) return WEYL_MEMORY;
  for (int64_t f = 0; f < frames; f++) {
    const double at = (double)f * ratio;
    const int64_t k = (int64_t)fmin(floor(at + 1e-9), (double)(in->frames - 1)), next = k + 1 < in->frames ? k + 1 : k;
    const double part = fmax(at - (double)k, 0), *a = in->position + k * n, *b = in->position + next * n;
    for (int64_t i = 0; i < n; i++) x[f * n + i] = unit * (part > 0 ? a[i] + part * (b[i] - a[i]) : a[i]);
  }
  out->position = x;
  out->frames = frames;
  return WEYL_OK;
}

static weyl_status read_clip(weyl_context *ctx, const weyl_options *o, const char *path, clips *c, clip *into) {
  const bool fixed = strcmp(weyl_options_string(o, "root"), "fixed") == 0;
  const double rate = weyl_options_number(o, "frame_rate"), given = weyl_options_number(o, "source_rate"),
               mm = weyl_options_number(o, "millimetres");
  weyl_trajectories in = {0};
  weyl_status status;
  WEYL_GOTO(skeleton_read(ctx, path, fixed, &in));
  const weyl_trajectory *t = in.item;
  const double step = given > 0 ? 1 / given : t->time_step;
  double ratio = rate > 0 ? 1 / (rate * step) : 1;
  const double whole = round(ratio);
  if (whole >= 1 && fabs(ratio - whole) < 1e-3 * whole) ratio = whole;
  if (ratio < 1) {
    status = weyl_fail(ctx, WEYL_FORMAT,
                       "%s: has %.6g frames a second, %.6g are asked for (frame_rate=0 leaves them as they are)", path,
                       1 / step, rate);
    goto done;
  }
  const bool known = strcmp(in.length_unit, "mm") == 0;
  *into = (clip){.name = clip_name(c->arena, path), .h36m = strcmp(in.format, "h36m") == 0};
  into->motion = (weyl_trajectory){.points = t->points, .d = t->d, .time_step = step * ratio};
  WEYL_GOTO(resample(c->arena, t, ratio, mm > 0 ? mm : known ? 1 : bvh_millimetres, &into->motion));
  const char **label = weyl_arena_array(c->arena, const char *, t->points);
  int32_t *parent = weyl_arena_array(c->arena, int32_t, t->points);
  status = into->name && label && parent ? WEYL_OK : WEYL_MEMORY;
  for (int64_t j = 0; status == WEYL_OK && j < t->points; j++) {
    parent[j] = t->parent[j];
    if (!(label[j] = weyl_arena_strdup(c->arena, t->label[j]))) status = WEYL_MEMORY;
  }
  into->motion.label = label;
  into->motion.parent = parent;
done:
  weyl_trajectories_free(&in);
  return status;
}

static weyl_status check_alike(weyl_context *ctx, const char *path, const clip *a, const clip *b) {
  const weyl_trajectory *s = &a->motion, *t = &b->motion;
  if (fabs(s->time_step - t->time_step) > 1e-3 * s->time_step)
    return weyl_fail(ctx, WEYL_FORMAT,
                     "%s: the clip %s has %.6g frames a second, the clip %s %.6g (frame_rate brings them to one)", path,
                     b->name, 1 / t->time_step, a->name, 1 / s->time_step);
  if (s->points != t->points)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: the clip %s has %lld joints, the clip %s %lld", path, b->name,
                     (long long)t->points, a->name, (long long)s->points);
  for (int64_t j = 0; j < s->points; j++)
    if (strcmp(s->label[j], t->label[j]) != 0 || s->parent[j] != t->parent[j])
      return weyl_fail(ctx, WEYL_FORMAT, "%s: joint %lld is %s in the clip %s and %s in the clip %s", path,
                       (long long)j, t->label[j], b->name, s->label[j], a->name);
  return WEYL_OK;
}

static const struct {
  const char *name, *extensions;
} formats[] = {{"any", ".amc|.bvh|.txt|.h36m"}, {"amc", ".amc"}, {"bvh", ".bvh"}, {"h36m", ".txt|.h36m"}};
enum { FORMATS = sizeof formats / sizeof *formats };

static int format_of(const char *path) {
  int k = 1;
  while (k < FORMATS && !data_has_extension(path, formats[k].extensions)) k++;
  return k;
}

/* A folder's files of the format that the option names; without one they must be of one format. */
static weyl_status list_files(weyl_context *ctx, const weyl_options *o, const char *path, motion_paths *out) {
  int k = FORMATS - 1;
  while (k > 0 && strcmp(weyl_options_string(o, "clips"), formats[k].name) != 0) k--;
  WEYL_TRY(motion_paths_list(ctx, path, formats[k].extensions, out));
  for (size_t i = 1; k == 0 && i < out->count; i++) {
    const int first = format_of(out->path[0]), other = format_of(out->path[i]);
    if (other == first) continue;
    const weyl_status status = weyl_fail(
        ctx, WEYL_FORMAT, "%s: holds clips of two formats, %s and %s: choose one (clips=%s or clips=%s)", path,
        out->path[0] + strlen(path) + 1, out->path[i] + strlen(path) + 1, formats[first].name, formats[other].name);
    motion_paths_free(out);
    return status;
  }
  return WEYL_OK;
}

weyl_status clips_read(weyl_context *ctx, const weyl_options *o, const char *path, clips *out) {
  motion_paths files = {0};
  clips made = {0};
  weyl_status status;
  WEYL_GOTO(list_files(ctx, o, path, &files));
  WEYL_GOTO(weyl_arena_new(ctx, &made.arena));
  if (!(made.item = weyl_arena_array(made.arena, clip, files.count))) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (size_t k = 0; k < files.count; k++) {
    WEYL_GOTO(read_clip(ctx, o, files.path[k], &made, &made.item[k]));
    WEYL_GOTO(check_alike(ctx, path, &made.item[0], &made.item[k]));
    made.count++;
    if (weyl_progress(ctx, "reading clips", (double)made.count, (double)files.count)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "interrupted after %zu of %zu clips", made.count, files.count);
      goto done;
    }
  }
  *out = made;
  made.arena = NULL;
done:
  clips_free(&made);
  motion_paths_free(&files);
  return status;
}

void clips_free(clips *c) {
  weyl_arena_free(c->arena);
  *c = (clips){0};
}
