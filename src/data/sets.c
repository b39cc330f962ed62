/* The list of data sets, and writing any of them to an npz. */
#include <weyl/data.h>

#include <string.h>

#include "sets/sets.h"

static const weyl_set_def *const list[] = {
#define WEYL_SET(name) &weyl_set_##name,
#include "datasets.def"
#undef WEYL_SET
    NULL};

const weyl_set_def *const *weyl_sets(void) { return list; }

const weyl_set_def *weyl_set_find(const char *name) {
  for (size_t i = 0; name && list[i]; i++)
    if (strcmp(list[i]->name, name) == 0) return list[i];
  return NULL;
}

weyl_status data_options_ready(weyl_context *ctx, const weyl_set_def *def, const weyl_options *given,
                               weyl_options **made, const weyl_options **out) {
  *made = NULL;
  *out = given;
  if (given) return WEYL_OK;
  weyl_options *fresh;
  WEYL_TRY(weyl_options_new(ctx, &fresh));
  const weyl_status status = def->options ? weyl_options_declare(fresh, def->name, def->options) : WEYL_OK;
  if (status != WEYL_OK) {
    weyl_options_free(fresh);
    return status;
  }
  *made = fresh;
  *out = fresh;
  return WEYL_OK;
}

void data_report(weyl_json *result, const char *task, const char *file, const weyl_splits *splits) {
  if (!result) return;
  const weyl_dataset *const part[3] = {splits->train, splits->valid, splits->test};
  static const char *const name[3] = {"train", "valid", "test"};
  weyl_json_string(result, "task", task);
  weyl_json_string(result, "file", file);
  weyl_json_object(result, "splits");
  for (int p = 0; p < 3; p++) weyl_json_integer(result, name[p], weyl_dataset_samples(part[p]));
  weyl_json_end(result);
  weyl_json_object(result, "checksums");
  for (int p = 0; p < 3; p++) {
    char hex[65];
    weyl_dataset_checksum(part[p], hex);
    weyl_json_string(result, name[p], hex);
  }
  weyl_json_end(result);
}

/* <split>_notes: an npz has no place for text, so the bytes of a JSON object. */
static weyl_status add_notes(weyl_bundle *bundle, const char *prefix, const weyl_dataset *set) {
  char name[256];
  weyl_json *json = weyl_json_new();
  if (!json) return WEYL_MEMORY;
  weyl_json_object(json, NULL);
  for (size_t i = 0; i < weyl_dataset_notes(set); i++) {
    const char *value, *key = weyl_dataset_note_at(set, i, &value);
    weyl_json_string(json, key, value);
  }
  weyl_json_end(json);
  const char *text = weyl_json_text(json);
  weyl_status status = text ? WEYL_OK : WEYL_MEMORY;
  snprintf(name, sizeof name, "%s_notes", prefix);
  if (text) {
    const weyl_array array = {
        .data = (void *)(uintptr_t)text, .dtype = WEYL_U8, .rank = 1, .dim = {(int64_t)strlen(text)}};
    status = weyl_bundle_add(bundle, name, &array);
  }
  weyl_json_free(json);
  return status;
}

/* <split>_<field>, and <split>_nodes, <split>_edges [samples + 1] where each sample's rows begin. */
static weyl_status add_split(weyl_bundle *bundle, const char *prefix, const weyl_dataset *set) {
  char name[256];
  static const struct {
    weyl_rows_per per;
    const char *name;
  } count[2] = {{WEYL_PER_NODE, "nodes"}, {WEYL_PER_EDGE, "edges"}};
  for (int c = 0; c < 2; c++) {
    const int64_t *offsets = weyl_dataset_offsets(set, count[c].per);
    if (!offsets) continue;
    const int64_t rows = weyl_dataset_samples(set) + 1;
    /* a bundle copies what it is given, so the cast takes no right to write */
    const weyl_array array = {.data = (void *)(uintptr_t)offsets, .dtype = WEYL_I64, .rank = 1, .dim = {rows}};
    snprintf(name, sizeof name, "%s_%s", prefix, count[c].name);
    WEYL_TRY(weyl_bundle_add(bundle, name, &array));
  }
  for (size_t i = 0; i < weyl_dataset_fields(set); i++) {
    const weyl_field *field = weyl_dataset_field(set, i);
    snprintf(name, sizeof name, "%s_%s", prefix, field->name);
    WEYL_TRY(weyl_bundle_add(bundle, name, &field->array));
  }
  return weyl_dataset_notes(set) > 0 ? add_notes(bundle, prefix, set) : WEYL_OK;
}

weyl_status data_splits_write(weyl_context *ctx, const char *name, const weyl_splits *splits, const char *file,
                              weyl_json *result) {
  weyl_bundle *bundle = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
  WEYL_GOTO(add_split(bundle, "train", splits->train));
  WEYL_GOTO(add_split(bundle, "valid", splits->valid));
  WEYL_GOTO(add_split(bundle, "test", splits->test));
  WEYL_GOTO(weyl_npz_write(ctx, file, bundle));
  data_report(result, name, file, splits);
done:
  weyl_bundle_free(bundle);
  return status;
}

weyl_status weyl_set_write(weyl_context *ctx, const weyl_set_def *def, const weyl_options *options, const char *path,
                           uint64_t seed, const char *file, weyl_json *result) {
  if (def->write) return def->write(ctx, options, seed, file, result);
  weyl_splits splits = {0};
  WEYL_TRY(def->load(ctx, options, path, seed, &splits));
  const weyl_status status = data_splits_write(ctx, def->name, &splits, file, result);
  weyl_splits_free(&splits);
  return status;
}
