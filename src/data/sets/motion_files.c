#include "sets/motion_files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/formats.h"
#include "sets/sets.h"

/* ---- files ----------------------------------------------------------------------------------------------------------
 */

bool motion_is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *motion_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static weyl_status add(motion_paths *p, size_t *room, const char *path) {
  if (p->count == *room) {
    *room = *room ? 2 * *room : 32;
    const char **larger = weyl_arena_array(p->arena, const char *, *room);
    if (!larger) return WEYL_MEMORY;
    if (p->count) memcpy(larger, p->path, p->count * sizeof *larger);
    p->path = larger;
  }
  p->path[p->count++] = path;
  return WEYL_OK;
}

static weyl_status walk(motion_paths *p, size_t *room, const char *folder, const char *extensions, int depth) {
  DIR *d = opendir(folder);
  if (!d) return WEYL_OK; /* not ours to read: what is missing is seen in the count */
  weyl_status status = WEYL_OK;
  for (struct dirent *e = readdir(d); e && status == WEYL_OK; e = readdir(d)) {
    if (e->d_name[0] == '.') continue;
    const char *path = weyl_arena_printf(p->arena, "%s/%s", folder, e->d_name);
    if (!path)
      status = WEYL_MEMORY;
    else if (motion_is_folder(path))
      status = depth > 0 ? walk(p, room, path, extensions, depth - 1) : WEYL_OK;
    else if (data_has_extension(path, extensions))
      status = add(p, room, path);
  }
  closedir(d);
  return status;
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

weyl_status motion_paths_list(weyl_context *ctx, const char *path, const char *extensions, motion_paths *out) {
  motion_paths made = {.given = path};
  size_t room = 0;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &made.arena));
  if (motion_is_folder(path)) {
    WEYL_GOTO(walk(&made, &room, path, extensions, 2));
    if (made.count == 0) {
      status = weyl_fail(ctx, WEYL_NO_FILE, "%s: the folder has no file of the kind %s", path, extensions);
      goto done;
    }
    qsort(made.path, made.count, sizeof *made.path, by_name);
  } else {
    WEYL_GOTO(add(&made, &room, path));
  }
  *out = made;
  return WEYL_OK;
done:
  motion_paths_free(&made);
  return status;
}

void motion_paths_free(motion_paths *paths) {
  weyl_arena_free(paths->arena);
  *paths = (motion_paths){0};
}

/* ---- options --------------------------------------------------------------------------------------------------------
 */

int64_t motion_count(const weyl_options *o, const char *key, int64_t paper) {
  const int64_t value = weyl_options_has(o, key) ? weyl_options_integer(o, key) : 0;
  return value > 0 ? value : paper;
}

weyl_status motion_fractions(weyl_context *ctx, const weyl_options *o, double fraction[3]) {
  static const char *const key[3] = {"train_fraction", "valid_fraction", "test_fraction"};
  double sum = 0;
  for (int p = 0; p < 3; p++) {
    fraction[p] = weyl_options_number(o, key[p]);
    if (!(fraction[p] > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "%s is %g, must be above 0", key[p], fraction[p]);
    sum += fraction[p];
  }
  if (sum > 1 + 1e-9)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "train, valid and test fractions are %g, %g and %g: their sum must be at most 1", fraction[0],
                     fraction[1], fraction[2]);
  return WEYL_OK;
}

static weyl_status draw(weyl_context *ctx, uint64_t seed, const char *name, int64_t most, weyl_dataset **set) {
  const int64_t n = weyl_dataset_samples(*set);
  if (most <= 0 || n <= most) return WEYL_OK;
  int64_t *order = weyl_alloc(ctx, (size_t)n, sizeof *order);
  if (!order) return WEYL_MEMORY;
  for (int64_t s = 0; s < n; s++) order[s] = s;
  weyl_rng rng = weyl_rng_new(seed, name);
  weyl_rng_shuffle(&rng, order, (size_t)n);
  weyl_dataset *fewer;
  const weyl_status status = weyl_dataset_take(*set, order, most, &fewer);
  weyl_dealloc(ctx, order);
  if (status != WEYL_OK) return status;
  weyl_dataset_free(*set);
  *set = fewer;
  return WEYL_OK;
}

weyl_status motion_limit(weyl_context *ctx, const weyl_options *o, const int64_t *paper, weyl_splits *splits) {
  static const char *const key[3] = {"train", "valid", "test"}, *const stream[3] = {"motion train", "motion valid",
                                                                                    "motion test"};
  weyl_dataset **const set[3] = {&splits->train, &splits->valid, &splits->test};
  const uint64_t seed = (uint64_t)weyl_options_integer(o, "data_seed");
  for (int s = 0; s < 3; s++)
    WEYL_TRY(draw(ctx, seed, stream[s], motion_count(o, key[s], paper ? paper[s] : 0), set[s]));
  return WEYL_OK;
}

weyl_status motion_load(weyl_context *ctx, const weyl_set_def *def, const weyl_options *given, const char *path,
                        motion_loader *loader, weyl_splits *out) {
  if (!path || !*path) return weyl_fail(ctx, WEYL_BAD_ARG, "set %s needs a file or folder (--data PATH)", def->name);
  if (!motion_is_folder(path) && !weyl_file_exists(path))
    return weyl_fail(ctx, WEYL_NO_FILE, "%s: no such file or folder", path);
  weyl_options *made;
  const weyl_options *o;
  WEYL_TRY(data_options_ready(ctx, def, given, &made, &o));
  const weyl_status status = loader(ctx, o, path, out);
  weyl_options_free(made);
  return status;
}
