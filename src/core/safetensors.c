/* The reader of safetensors: 8 bytes with the length of a JSON header, the header, the data.  Everything is
 * checked before an array is made: types, shapes, sizes, and that the arrays cover the data without overlap
 * or hole. */
#include "bundle.h"
#include "internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX ((uint64_t)100 * 1000 * 1000)

typedef struct piece {
  const char *name;
  weyl_dtype dtype;
  int rank;
  int64_t dim[WEYL_RANK_MAX];
  uint64_t begin, end;
} piece;

static weyl_status parse_shape(weyl_context *ctx, const json_t *shape, const char *place, piece *p) {
  if (!json_is_array(shape))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" has no \"shape\" that is a list", place, p->name);
  const size_t rank = json_array_size(shape);
  if (rank > WEYL_RANK_MAX)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" has %zu dimensions, at most %d are read", place, p->name,
                     rank, WEYL_RANK_MAX);
  p->rank = (int)rank;
  for (size_t i = 0; i < rank; i++) {
    const json_t *d = json_array_get(shape, i);
    if (!json_is_integer(d) || json_integer_value(d) < 0)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\": dimension %zu is no whole number of 0 or more", place,
                       p->name, i);
    p->dim[i] = json_integer_value(d);
  }
  return WEYL_OK;
}

static weyl_status parse_type(weyl_context *ctx, const json_t *dtype, const char *place, piece *p) {
  static const char *const names[] = {
      [WEYL_F32] = "F32", [WEYL_F64] = "F64", [WEYL_I32] = "I32", [WEYL_I64] = "I64", [WEYL_U8] = "U8"};
  const char *text = json_string_value(dtype);
  if (!text) return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" has no \"dtype\" that is text", place, p->name);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(text, names[i]) == 0) {
      p->dtype = (weyl_dtype)i;
      return WEYL_OK;
    }
  }
  return weyl_fail(ctx, WEYL_DTYPE, "%s: tensor \"%s\" is %s, must be F64, F32, I64, I32 or U8", place, p->name, text);
}

static weyl_status parse_piece(weyl_context *ctx, const json_t *value, uint64_t data_size, const char *place,
                               piece *p) {
  if (!json_is_object(value) || json_object_size(value) != 3)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" needs dtype, shape and data_offsets, nothing else", place,
                     p->name);
  WEYL_TRY(parse_type(ctx, json_object_get(value, "dtype"), place, p));
  WEYL_TRY(parse_shape(ctx, json_object_get(value, "shape"), place, p));
  const json_t *offsets = json_object_get(value, "data_offsets");
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
      json_integer_value(begin) < 0 || json_integer_value(end) < json_integer_value(begin))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" has no \"data_offsets\" [begin, end]", place, p->name);
  p->begin = (uint64_t)json_integer_value(begin);
  p->end = (uint64_t)json_integer_value(end);
  if (p->end > data_size)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" ends at byte %" PRIu64 " of %" PRIu64 " bytes of data", place,
                     p->name, p->end, data_size);
  weyl_array array = {.dtype = p->dtype, .rank = p->rank};
  memcpy(array.dim, p->dim, sizeof p->dim);
  const int64_t size = weyl_array_size(&array);
  size_t bytes;
  if (size < 0 || __builtin_mul_overflow((size_t)size, weyl_dtype_size(p->dtype), &bytes) || bytes != p->end - p->begin)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" has %" PRIu64 " bytes, its shape asks for %" PRId64 " %s",
                     place, p->name, p->end - p->begin, size, weyl_dtype_name(p->dtype));
  return WEYL_OK;
}

static weyl_status parse_notes(weyl_context *ctx, json_t *notes, const char *place, weyl_bundle *bundle) {
  if (!json_is_object(notes)) return weyl_fail(ctx, WEYL_FORMAT, "%s: __metadata__ is no object", place);
  const char *key;
  json_t *value;
  json_object_foreach(notes, key, value) {
    if (!json_is_string(value)) return weyl_fail(ctx, WEYL_FORMAT, "%s: __metadata__ \"%s\" is not text", place, key);
    WEYL_TRY(weyl_bundle_note(bundle, key, json_string_value(value)));
  }
  return WEYL_OK;
}

static int by_begin(const void *a, const void *b) {
  const piece *x = *(const piece *const *)a, *y = *(const piece *const *)b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

static weyl_status check_cover(weyl_context *ctx, const piece *pieces, size_t count, uint64_t data_size,
                               const char *place) {
  const piece **sorted = weyl_alloc(ctx, count, sizeof *sorted);
  if (!sorted) return WEYL_MEMORY;
  for (size_t i = 0; i < count; i++) sorted[i] = &pieces[i];
  qsort(sorted, count, sizeof *sorted, by_begin);
  weyl_status status = WEYL_OK;
  uint64_t at = 0;
  for (size_t i = 0; i < count && status == WEYL_OK; i++) {
    if (sorted[i]->begin != at)
      status =
          weyl_fail(ctx, WEYL_FORMAT, "%s: tensor \"%s\" begins at byte %" PRIu64 ", the one before ends at %" PRIu64,
                    place, sorted[i]->name, sorted[i]->begin, at);
    at = sorted[i]->end;
  }
  if (status == WEYL_OK && at != data_size)
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: %" PRIu64 " bytes of data belong to no tensor", place, data_size - at);
  weyl_dealloc(ctx, sorted);
  return status;
}

static weyl_status parse_header(weyl_context *ctx, json_t *header, const unsigned char *data, uint64_t data_size,
                                const char *place, weyl_bundle *bundle) {
  weyl_status status = WEYL_OK;
  size_t count = 0;
  piece *pieces = weyl_alloc(ctx, json_object_size(header), sizeof *pieces);
  if (!pieces) return WEYL_MEMORY;
  const char *name;
  json_t *value;
  json_object_foreach(header, name, value) {
    if (strcmp(name, "__metadata__") == 0) {
      WEYL_GOTO(parse_notes(ctx, value, place, bundle));
    } else {
      pieces[count].name = name;
      WEYL_GOTO(parse_piece(ctx, value, data_size, place, &pieces[count]));
      count++;
    }
  }
  WEYL_GOTO(check_cover(ctx, pieces, count, data_size, place));
  for (size_t i = 0; i < count; i++) {
    const piece *p = &pieces[i];
    void *to;
    WEYL_GOTO(core_bundle_reserve(bundle, p->name, p->dtype, p->rank, p->dim, &to));
    if (p->end > p->begin) memcpy(to, data + p->begin, (size_t)(p->end - p->begin));
  }

done:
  weyl_dealloc(ctx, pieces);
  return status;
}

weyl_status weyl_safetensors_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place,
                                   weyl_bundle **out) {
  const unsigned char *from = bytes;
  if (n < 8) return weyl_fail(ctx, WEYL_FORMAT, "%s: not a safetensors file (%zu bytes)", place, n);
  uint64_t length;
  memcpy(&length, from, 8);
  if (length > HEADER_MAX || length > n - 8)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: a safetensors header of %" PRIu64 " bytes in a file of %zu", place, length,
                     n);
  if (length < 2 || from[8] != '{')
    return weyl_fail(ctx, WEYL_FORMAT, "%s: the safetensors header does not begin with {", place);

  weyl_status status = WEYL_OK;
  weyl_bundle *bundle = NULL;
  json_error_t error;
  json_t *header = json_loadb((const char *)from + 8, (size_t)length, JSON_REJECT_DUPLICATES, &error);
  if (!header) {
    const bool memory = json_error_code(&error) == json_error_out_of_memory;
    return weyl_fail(ctx, memory ? WEYL_MEMORY : WEYL_FORMAT, "%s: safetensors header: %s at byte %d", place,
                     error.text, error.position);
  }
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
  WEYL_GOTO(parse_header(ctx, header, from + 8 + length, n - 8 - length, place, bundle));
  *out = bundle;
  bundle = NULL;

done:
  json_decref(header);
  weyl_bundle_free(bundle);
  return status;
}

weyl_status weyl_safetensors_read(weyl_context *ctx, const char *path, weyl_bundle **out) {
  char *bytes;
  size_t n;
  WEYL_TRY(weyl_file_read(ctx, path, SIZE_MAX, &bytes, &n));
  const weyl_status status = weyl_safetensors_parse(ctx, bytes, n, path, out);
  weyl_dealloc(ctx, bytes);
  return status;
}
