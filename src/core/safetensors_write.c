#include "bundle.h"
#include "internal.h"

#include <string.h>

/* Data lie by falling width of their elements, so that each array is aligned to it; the header keeps the
 * order given. */
static const size_t widths[] = {8, 4, 1};
#define WIDTHS (sizeof widths / sizeof widths[0])

static size_t bytes_of(const weyl_array *array) {
  return (size_t)weyl_array_size(array) * weyl_dtype_size(array->dtype);
}

static void put_header(weyl_json *json, const weyl_bundle *bundle) {
  static const char *const names[] = {
      [WEYL_F32] = "F32", [WEYL_F64] = "F64", [WEYL_I32] = "I32", [WEYL_I64] = "I64", [WEYL_U8] = "U8"};
  const size_t count = weyl_bundle_count(bundle);
  uint64_t at[WIDTHS] = {0}; /* where the next array of each width begins */
  for (size_t i = 0; i < count; i++) {
    const weyl_array *a = weyl_bundle_array(bundle, i);
    for (size_t w = 1; w < WIDTHS; w++) {
      if (weyl_dtype_size(a->dtype) > widths[w]) at[w] += bytes_of(a);
    }
  }
  weyl_json_object(json, NULL);
  if (core_bundle_notes(bundle) > 0) {
    weyl_json_object(json, "__metadata__");
    for (size_t i = 0; i < core_bundle_notes(bundle); i++) {
      const char *key, *value;
      core_bundle_note_at(bundle, i, &key, &value);
      weyl_json_string(json, key, value);
    }
    weyl_json_end(json);
  }
  for (size_t i = 0; i < count; i++) {
    const weyl_array *a = weyl_bundle_array(bundle, i);
    size_t w = 0;
    while (widths[w] != weyl_dtype_size(a->dtype)) w++;
    weyl_json_object(json, weyl_bundle_name(bundle, i));
    weyl_json_string(json, "dtype", names[a->dtype]);
    weyl_json_array(json, "shape");
    for (int k = 0; k < a->rank; k++) weyl_json_integer(json, NULL, a->dim[k]);
    weyl_json_end(json);
    weyl_json_array(json, "data_offsets");
    weyl_json_integer(json, NULL, (int64_t)at[w]);
    at[w] += bytes_of(a);
    weyl_json_integer(json, NULL, (int64_t)at[w]);
    weyl_json_end(json);
    weyl_json_end(json);
  }
  weyl_json_end(json);
}

weyl_status weyl_safetensors_write(weyl_context *ctx, const char *path, const weyl_bundle *bundle) {
  if (weyl_bundle_find(bundle, "__metadata__"))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: an array cannot have the name __metadata__", path);
  weyl_status status = WEYL_OK;
  weyl_writer *writer = NULL;
  weyl_json *json = weyl_json_new();
  if (json) put_header(json, bundle);
  const char *text = json ? weyl_json_text(json) : "";
  const size_t n = strlen(text), padding = (8 - n % 8) % 8; /* spaces bring the data to a multiple of 8 */
  if (n == 0) {
    status = weyl_fail(ctx, WEYL_MEMORY, "%s: no memory for the header", path);
    goto done;
  }
  const uint64_t length = n + padding;
  WEYL_GOTO(weyl_writer_open(ctx, path, &writer));
  WEYL_GOTO(weyl_writer_write(writer, &length, sizeof length));
  WEYL_GOTO(weyl_writer_write(writer, text, n));
  WEYL_GOTO(weyl_writer_write(writer, "        ", padding));
  for (size_t w = 0; w < WIDTHS; w++) {
    for (size_t i = 0; i < weyl_bundle_count(bundle); i++) {
      const weyl_array *a = weyl_bundle_array(bundle, i);
      if (weyl_dtype_size(a->dtype) == widths[w]) WEYL_GOTO(weyl_writer_write(writer, a->data, bytes_of(a)));
    }
  }

done:
  weyl_json_free(json);
  if (status != WEYL_OK) {
    weyl_writer_abandon(writer);
    return status;
  }
  return writer ? weyl_writer_close(writer) : WEYL_OK;
}
