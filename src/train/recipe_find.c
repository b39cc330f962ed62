/* Where recipes are: $WEYL_RECIPES, the source tree, the installed folder. */
#include "recipe.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define FOLDERS   3
#define NAMES_MAX 256

static void folders(const char *out[FOLDERS]) {
  out[0] = getenv("WEYL_RECIPES");
  out[1] = WEYL_RECIPE_SOURCE;
  out[2] = WEYL_RECIPE_INSTALLED;
}

static bool ends_in_ini(const char *name) {
  const size_t n = strlen(name);
  return n > 4 && strcmp(name + n - 4, ".ini") == 0;
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

weyl_status weyl_recipe_list(weyl_context *ctx, weyl_arena *arena, const char ***names) {
  (void)ctx;
  const char *folder[FOLDERS];
  folders(folder);
  const char **found = weyl_arena_array(arena, const char *, NAMES_MAX + 1);
  if (found == NULL) return WEYL_MEMORY;
  size_t n = 0;
  for (int k = 0; k < FOLDERS; k++) {
    DIR *dir = folder[k] != NULL ? opendir(folder[k]) : NULL;
    if (dir == NULL) continue;
    bool memory = true;
    for (const struct dirent *e; memory && n < NAMES_MAX && (e = readdir(dir)) != NULL;) {
      if (e->d_name[0] == '.' || !ends_in_ini(e->d_name)) continue;
      char *name = weyl_arena_strdup(arena, e->d_name);
      memory = name != NULL;
      if (!memory) break;
      name[strlen(name) - 4] = '\0';
      bool twice = false;
      for (size_t i = 0; i < n; i++) twice = twice || strcmp(found[i], name) == 0;
      if (!twice) found[n++] = name;
    }
    closedir(dir);
    if (!memory) return WEYL_MEMORY;
  }
  qsort(found, n, sizeof *found, by_name);
  *names = found;
  return WEYL_OK;
}

weyl_status recipe_find(weyl_context *ctx, weyl_arena *arena, const char *name, const char **path) {
  if (strchr(name, '/') != NULL || ends_in_ini(name)) {
    *path = weyl_arena_strdup(arena, name);
    return *path != NULL ? WEYL_OK : WEYL_MEMORY;
  }
  const char *folder[FOLDERS];
  folders(folder);
  for (int k = 0; k < FOLDERS; k++) {
    if (folder[k] == NULL) continue;
    const char *candidate = weyl_arena_printf(arena, "%s/%s.ini", folder[k], name);
    if (candidate == NULL) return WEYL_MEMORY;
    if (weyl_file_exists(candidate)) {
      *path = candidate;
      return WEYL_OK;
    }
  }
  const char **names;
  WEYL_TRY(weyl_recipe_list(ctx, arena, &names));
  size_t n = 0;
  while (names[n] != NULL) n++;
  const char *near = weyl_nearest_name(name, names, n);
  if (near != NULL) return weyl_fail(ctx, WEYL_UNKNOWN, "no recipe \"%s\": did you mean \"%s\"?", name, near);
  return weyl_fail(ctx, WEYL_UNKNOWN, "no recipe \"%s\" among the %zu known", name, n);
}
