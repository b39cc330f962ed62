/* What the tests of this room share; include it after cmocka.h. */
#ifndef WEYL_DATA_TESTING_H
#define WEYL_DATA_TESTING_H

#include <weyl/data.h>

#include "property.h"

/* The folder of public data: WEYL_DATA, or beside the repository. False, and said aloud, when the file is not there. */
static inline bool shared_file(const char *name, char path[512]) {
  const char *data = getenv("WEYL_DATA");
  if (data)
    snprintf(path, 512, "%.300s/%.200s", data, name);
  else
    snprintf(path, 512, "%.300s/../shared/data/%.180s", WEYL_SOURCE_DIR, name);
  if (weyl_file_exists(path)) return true;
  print_message("skipped: %s is not there\n", path);
  return false;
}

/* The options of a set, some of them set: "key=value" strings, NULL ends. */
static inline weyl_options *test_options(weyl_context *ctx, const weyl_set_def *set, const char *const *pairs) {
  weyl_options *o;
  assert_ok(ctx, weyl_options_new(ctx, &o));
  assert_ok(ctx, weyl_options_declare(o, set->name, set->options));
  for (; pairs && *pairs; pairs++) {
    char key[64];
    const char *equals = strchr(*pairs, '=');
    snprintf(key, sizeof key, "%.*s", (int)(equals - *pairs), *pairs);
    assert_ok(ctx, weyl_options_set(o, key, equals + 1, NULL));
  }
  return o;
}

static inline const double *reals(const weyl_dataset *set, const char *field) {
  const weyl_field *f = weyl_dataset_find(set, field);
  assert_non_null(f);
  assert_int_equal(f->array.dtype, WEYL_F64);
  return f->array.data;
}

/* Every prefix of a good file is refused with the name of the file. */
static inline void assert_prefixes_refused(weyl_context *ctx, const char *good, const char *cut_file) {
  char *bytes;
  size_t n;
  weyl_trajectories t;
  assert_ok(ctx, weyl_file_read(ctx, good, 0, &bytes, &n));
  for (size_t cut = 0; cut < n; cut += 1 + cut / 16) {
    test_write(cut_file, bytes, cut);
    assert_says(ctx, weyl_trajectories_read(ctx, cut_file, &t), WEYL_FORMAT, strrchr(cut_file, '/') + 1);
  }
  weyl_dealloc(ctx, bytes);
}

#endif
