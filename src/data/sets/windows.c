/* Windows as `weyl data make` writes them: train_past, train_future, ... in an npz. */
#include <string.h>

#include <jansson.h>

#include "sets/motion_files.h"

/* One array of a split as a field; its rows must be as many as those of `past`. */
static weyl_status copy_field(weyl_context *ctx, const char *path, const char *array_name, const weyl_array *a,
                              const char *name, weyl_dataset *set) {
  weyl_array into;
  if (a->rank < 1 || a->dim[0] != weyl_dataset_samples(set))
    return weyl_fail(ctx, WEYL_SHAPE, "%s: array %s has %lld rows, expected %lld", path, array_name,
                     a->rank < 1 ? 0LL : (long long)a->dim[0], (long long)weyl_dataset_samples(set));
  WEYL_TRY(weyl_dataset_add(set, name, WEYL_PER_SAMPLE, a->dtype, a->rank - 1, a->dim + 1, "", &into));
  memcpy(into.data, a->data, (size_t)weyl_array_size(a) * weyl_dtype_size(a->dtype));
  return WEYL_OK;
}

/* The notes of a split: a JSON object of strings in bytes. */
static weyl_status read_notes(weyl_context *ctx, const char *path, const char *name, const weyl_array *a,
                              weyl_dataset *set) {
  json_error_t error;
  const char *key;
  json_t *value, *all = a->dtype == WEYL_U8 ? json_loadb(a->data, (size_t)weyl_array_size(a), 0, &error) : NULL;
  weyl_status status = json_is_object(all)
                           ? WEYL_OK
                           : weyl_fail(ctx, WEYL_FORMAT, "%s: array %s is no JSON object in bytes", path, name);
  json_object_foreach(all, key, value) {
    if (status != WEYL_OK) break;
    status = json_is_string(value) ? weyl_dataset_note(set, key, json_string_value(value))
                                   : weyl_fail(ctx, WEYL_FORMAT, "%s: %s: the note %s is no string", path, name, key);
  }
  json_decref(all);
  return status;
}

static weyl_status check_shapes(weyl_context *ctx, const char *path, const char *split, const weyl_dataset *set) {
  const weyl_field *past = weyl_dataset_find(set, "past"), *future = weyl_dataset_find(set, "future"),
                   *agents = weyl_dataset_find(set, "agents"), *edges = weyl_dataset_find(set, "edges");
  if (!past || !future)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: has no array %s_%s", path, split, past ? "future" : "past");
  const weyl_array *p = &past->array, *f = &future->array;
  if (p->rank != 4 || f->rank != 4 || p->dim[1] != f->dim[1] || p->dim[3] != f->dim[3] || p->dtype == WEYL_I32 ||
      f->dtype != p->dtype || p->dim[1] < 1 || p->dim[2] < 2 || f->dim[2] < 1 || p->dim[3] < 1)
    return weyl_fail(ctx, WEYL_SHAPE,
                     "%s: %s_past and %s_future must be reals [samples, agents, frames, d] that agree but in frames",
                     path, split, split);
  const int64_t n = p->dim[1];
  if (edges && (edges->array.dtype != WEYL_I32 || edges->array.rank != 3 || edges->array.dim[1] != n ||
                edges->array.dim[2] != n))
    return weyl_fail(ctx, WEYL_SHAPE, "%s: %s_edges must be whole numbers [samples, %lld, %lld]", path, split,
                     (long long)n, (long long)n);
  if (agents->array.dtype != WEYL_I32 || agents->array.rank != 1)
    return weyl_fail(ctx, WEYL_SHAPE, "%s: %s_agents must be whole numbers [samples]", path, split);
  for (int64_t s = 0; s < p->dim[0]; s++) {
    const int32_t a = ((const int32_t *)agents->array.data)[s];
    if (a < 1 || a > n)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: %s_agents[%lld] is %d, expected 1 to %lld", path, split, (long long)s, a,
                       (long long)n);
  }
  return WEYL_OK;
}

static weyl_status load_split(weyl_context *ctx, const char *path, const weyl_bundle *bundle, const char *split,
                              weyl_dataset **out) {
  char prefix[16], name[32];
  weyl_dataset *set = NULL;
  weyl_status status;
  snprintf(prefix, sizeof prefix, "%s_", split);
  snprintf(name, sizeof name, "%s_past", split);
  const weyl_array *past = weyl_bundle_find(bundle, name);
  if (!past || past->rank < 1 || past->dim[0] < 1)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: has no array %s with one sample or more", path, name);
  WEYL_GOTO(weyl_dataset_new(ctx, split, past->dim[0], &set));
  WEYL_GOTO(weyl_dataset_note(set, "source", path));
  for (size_t i = 0; i < weyl_bundle_count(bundle); i++) {
    const char *array_name = weyl_bundle_name(bundle, i);
    const char *field = array_name + strlen(prefix);
    if (strncmp(array_name, prefix, strlen(prefix)) != 0) continue;
    if (strcmp(field, "notes") == 0)
      WEYL_GOTO(read_notes(ctx, path, array_name, weyl_bundle_array(bundle, i), set));
    else
      WEYL_GOTO(copy_field(ctx, path, array_name, weyl_bundle_array(bundle, i), field, set));
  }
  if (!weyl_dataset_find(set, "agents")) {
    weyl_array all;
    WEYL_GOTO(weyl_dataset_add(set, "agents", WEYL_PER_SAMPLE, WEYL_I32, 0, NULL, "", &all));
    for (int64_t s = 0; s < past->dim[0] && past->rank > 1; s++) ((int32_t *)all.data)[s] = (int32_t)past->dim[1];
  }
  WEYL_GOTO(check_shapes(ctx, path, split, set));
  WEYL_GOTO(weyl_dataset_check_finite(ctx, set));
  *out = set;
  return WEYL_OK;
done:
  weyl_dataset_free(set);
  return status;
}

/* The test windows; what they have of the future is not looked at. */
weyl_status windows_inputs(weyl_context *ctx, const weyl_options *o, const char *path, const motion_shape *shape,
                           const weyl_dataset *like, weyl_dataset **out) {
  (void)o;
  (void)like;
  weyl_bundle *bundle = NULL;
  weyl_dataset *set = NULL, *made = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_npz_read(ctx, path, &bundle));
  WEYL_GOTO(load_split(ctx, path, bundle, "test", &set));
  const int64_t *dim = weyl_dataset_find(set, "past")->array.dim;
  const int64_t future[3] = {dim[1], shape->future, dim[3]};
  if (dim[2] != shape->past) {
    status = weyl_fail(ctx, WEYL_SHAPE, "%s: test_past has %lld frames, the data trained on %lld", path,
                       (long long)dim[2], (long long)shape->past);
    goto done;
  }
  WEYL_GOTO(weyl_dataset_new(ctx, "predict", dim[0], &made));
  WEYL_GOTO(weyl_dataset_add(made, "future", WEYL_PER_SAMPLE, WEYL_F64, 3, future, "", NULL));
  for (size_t i = 0; i < weyl_dataset_fields(set); i++) {
    const weyl_field *f = weyl_dataset_field(set, i);
    if (strcmp(f->name, "future") != 0) WEYL_GOTO(copy_field(ctx, path, f->name, &f->array, f->name, made));
  }
  for (size_t i = 0; i < weyl_dataset_notes(set); i++) {
    const char *value, *key = weyl_dataset_note_at(set, i, &value);
    WEYL_GOTO(weyl_dataset_note(made, key, value));
  }
  *out = made;
  made = NULL;
done:
  weyl_dataset_free(made);
  weyl_dataset_free(set);
  weyl_bundle_free(bundle);
  return status;
}

weyl_status windows_load(weyl_context *ctx, const weyl_options *o, const char *path, weyl_splits *out) {
  weyl_bundle *bundle = NULL;
  weyl_splits made = {0};
  weyl_status status;
  WEYL_GOTO(weyl_npz_read(ctx, path, &bundle));
  WEYL_GOTO(load_split(ctx, path, bundle, "train", &made.train));
  WEYL_GOTO(load_split(ctx, path, bundle, "valid", &made.valid));
  WEYL_GOTO(load_split(ctx, path, bundle, "test", &made.test));
  WEYL_GOTO(motion_limit(ctx, o, NULL, &made));
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&made);
  weyl_bundle_free(bundle);
  return status;
}
