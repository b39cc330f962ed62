/* Data sets: fields over samples, nodes and edges, in one arena. */
#include <weyl/data.h>

#include <limits.h>
#include <math.h>
#include <string.h>

typedef struct note {
  const char *key, *value;
} note;

struct weyl_dataset {
  weyl_context *ctx;
  weyl_arena *arena;
  const char *name;
  int64_t samples;
  int64_t *offsets[WEYL_PER_COUNT]; /* [samples + 1], by weyl_rows_per */
  weyl_field *field;
  size_t fields, field_room;
  note *note;
  size_t notes, note_room;
};

static const char *const per_name[WEYL_PER_COUNT] = {"", "sample", "node", "edge"};

weyl_status weyl_dataset_new(weyl_context *ctx, const char *name, int64_t samples, weyl_dataset **out) {
  if (samples < 0 || samples > INT64_MAX / 16)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a data set of %lld samples", (long long)samples);
  weyl_arena *arena;
  WEYL_TRY(weyl_arena_new(ctx, &arena));
  weyl_dataset *set = weyl_arena_array(arena, weyl_dataset, 1);
  char *copy = set ? weyl_arena_strdup(arena, name) : NULL;
  int64_t *offsets = copy ? weyl_arena_array(arena, int64_t, samples + 1) : NULL;
  if (!offsets) {
    weyl_arena_free(arena);
    return WEYL_MEMORY;
  }
  for (int64_t s = 0; s <= samples; s++) offsets[s] = s;
  *set = (weyl_dataset){.ctx = ctx, .arena = arena, .name = copy, .samples = samples};
  set->offsets[WEYL_PER_SAMPLE] = offsets;
  *out = set;
  return WEYL_OK;
}

void weyl_dataset_free(weyl_dataset *set) {
  if (set) weyl_arena_free(set->arena);
}

const char *weyl_dataset_name(const weyl_dataset *set) { return set->name; }

int64_t weyl_dataset_samples(const weyl_dataset *set) { return set->samples; }

static bool per_is_known(weyl_rows_per per) {
  return per == WEYL_PER_SAMPLE || per == WEYL_PER_NODE || per == WEYL_PER_EDGE;
}

const int64_t *weyl_dataset_offsets(const weyl_dataset *set, weyl_rows_per per) {
  return per_is_known(per) ? set->offsets[per] : NULL;
}

weyl_status weyl_dataset_set_offsets(weyl_dataset *set, weyl_rows_per per, const int64_t *offsets) {
  if (per != WEYL_PER_NODE && per != WEYL_PER_EDGE)
    return weyl_fail(set->ctx, WEYL_BAD_ARG, "%s: offsets can be set for nodes and edges, not for count %d", set->name,
                     (int)per);
  if (set->offsets[per])
    return weyl_fail(set->ctx, WEYL_BAD_ARG, "%s: the %s offsets are set already", set->name, per_name[per]);
  if (offsets[0] != 0)
    return weyl_fail(set->ctx, WEYL_BAD_ARG, "%s: the first %s offset is %lld, must be 0", set->name, per_name[per],
                     (long long)offsets[0]);
  for (int64_t s = 0; s < set->samples; s++) {
    if (offsets[s + 1] < offsets[s])
      return weyl_fail(set->ctx, WEYL_BAD_ARG, "%s sample %lld: %s offsets go down, from %lld to %lld", set->name,
                       (long long)s, per_name[per], (long long)offsets[s], (long long)offsets[s + 1]);
  }
  int64_t *copy = weyl_arena_array(set->arena, int64_t, set->samples + 1);
  if (!copy) return WEYL_MEMORY;
  memcpy(copy, offsets, (size_t)(set->samples + 1) * sizeof *copy);
  set->offsets[per] = copy;
  return WEYL_OK;
}

/* Room for one more item in an arena's array; the old block stays behind, and doubling keeps that small. */
static bool grow(weyl_arena *arena, void **items, size_t count, size_t *room, size_t size) {
  if (count < *room) return true;
  const size_t larger = *room ? 2 * *room : 8;
  void *block = weyl_arena_alloc(arena, larger, size);
  if (!block) return false;
  if (count) memcpy(block, *items, count * size);
  *items = block;
  *room = larger;
  return true;
}

weyl_status weyl_dataset_add(weyl_dataset *set, const char *name, weyl_rows_per per, weyl_dtype dtype, int row_rank,
                             const int64_t *row_dim, const char *unit, weyl_array *out) {
  weyl_context *ctx = set->ctx;
  if (!name || !*name) return weyl_fail(ctx, WEYL_BAD_ARG, "%s: a field needs a name", set->name);
  if (weyl_dataset_find(set, name))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: field %s is there already", set->name, name);
  if (!per_is_known(per))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: field %s is per count %d, which is unknown", set->name, name, (int)per);
  if (!set->offsets[per])
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: field %s needs the %s offsets first", set->name, name, per_name[per]);
  if (dtype != WEYL_F64 && dtype != WEYL_F32 && dtype != WEYL_I32)
    return weyl_fail(ctx, WEYL_DTYPE, "%s: field %s is %s, must be f64, f32 or i32", set->name, name,
                     weyl_dtype_name(dtype));
  if (row_rank < 0 || row_rank >= WEYL_RANK_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: rows of field %s have rank %d, must be 0 to %d", set->name, name, row_rank,
                     WEYL_RANK_MAX - 1);
  weyl_array array = {.dtype = dtype, .rank = row_rank + 1};
  array.dim[0] = set->offsets[per][set->samples];
  for (int k = 0; k < row_rank; k++) {
    if (row_dim[k] < 0)
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s: field %s has a dimension of %lld", set->name, name,
                       (long long)row_dim[k]);
    array.dim[k + 1] = row_dim[k];
  }
  const int64_t size = weyl_array_size(&array);
  if (size < 0)
    return weyl_fail(ctx, WEYL_MEMORY, "%s: field %s of %lld rows is too large", set->name, name,
                     (long long)array.dim[0]);

  if (!grow(set->arena, (void **)&set->field, set->fields, &set->field_room, sizeof *set->field)) return WEYL_MEMORY;
  char *name_copy = weyl_arena_strdup(set->arena, name);
  char *unit_copy = name_copy ? weyl_arena_strdup(set->arena, unit ? unit : "") : NULL;
  array.data = unit_copy ? weyl_arena_alloc(set->arena, size > 0 ? (size_t)size : 1, weyl_dtype_size(dtype)) : NULL;
  if (!array.data) return WEYL_MEMORY;
  set->field[set->fields++] = (weyl_field){.name = name_copy, .per = per, .array = array, .unit = unit_copy};
  if (out) *out = array;
  return WEYL_OK;
}

size_t weyl_dataset_fields(const weyl_dataset *set) { return set->fields; }

const weyl_field *weyl_dataset_field(const weyl_dataset *set, size_t i) {
  return i < set->fields ? &set->field[i] : NULL;
}

const weyl_field *weyl_dataset_find(const weyl_dataset *set, const char *name) {
  for (size_t i = 0; i < set->fields; i++)
    if (strcmp(set->field[i].name, name) == 0) return &set->field[i];
  return NULL;
}

weyl_status weyl_dataset_note(weyl_dataset *set, const char *key, const char *value) {
  char *copy = weyl_arena_strdup(set->arena, value);
  if (!copy) return WEYL_MEMORY;
  for (size_t i = 0; i < set->notes; i++) {
    if (strcmp(set->note[i].key, key) == 0) {
      set->note[i].value = copy;
      return WEYL_OK;
    }
  }
  if (!grow(set->arena, (void **)&set->note, set->notes, &set->note_room, sizeof *set->note)) return WEYL_MEMORY;
  char *key_copy = weyl_arena_strdup(set->arena, key);
  if (!key_copy) return WEYL_MEMORY;
  set->note[set->notes++] = (note){.key = key_copy, .value = copy};
  return WEYL_OK;
}

const char *weyl_dataset_noted(const weyl_dataset *set, const char *key) {
  for (size_t i = 0; i < set->notes; i++)
    if (strcmp(set->note[i].key, key) == 0) return set->note[i].value;
  return NULL;
}

size_t weyl_dataset_notes(const weyl_dataset *set) { return set->notes; }

const char *weyl_dataset_note_at(const weyl_dataset *set, size_t i, const char **value) {
  *value = set->note[i].value;
  return set->note[i].key;
}

/* ---- parts ---------------------------------------------------------------------------------------------------------
 */

static weyl_status take_offsets(const weyl_dataset *set, weyl_rows_per per, const int64_t *sample, int64_t n,
                                weyl_dataset *into) {
  const int64_t *from = set->offsets[per];
  int64_t *offsets = weyl_arena_array(into->arena, int64_t, n + 1);
  if (!offsets) return WEYL_MEMORY;
  for (int64_t s = 0; s < n; s++) offsets[s + 1] = offsets[s] + from[sample[s] + 1] - from[sample[s]];
  into->offsets[per] = offsets;
  return WEYL_OK;
}

static weyl_status take_field(const weyl_dataset *set, const weyl_field *f, const int64_t *sample, int64_t n,
                              weyl_dataset *into) {
  weyl_array a;
  WEYL_TRY(weyl_dataset_add(into, f->name, f->per, f->array.dtype, f->array.rank - 1, f->array.dim + 1, f->unit, &a));
  size_t row = weyl_dtype_size(a.dtype);
  for (int k = 1; k < a.rank; k++) row *= (size_t)a.dim[k];
  const int64_t *from = set->offsets[f->per], *to = into->offsets[f->per];
  for (int64_t s = 0; s < n; s++)
    memcpy((char *)a.data + (size_t)to[s] * row, (const char *)f->array.data + (size_t)from[sample[s]] * row,
           (size_t)(to[s + 1] - to[s]) * row);
  return WEYL_OK;
}

weyl_status weyl_dataset_take(const weyl_dataset *set, const int64_t *sample, int64_t n, weyl_dataset **out) {
  weyl_dataset *made = NULL;
  weyl_status status;
  for (int64_t s = 0; s < n; s++)
    if (sample[s] < 0 || sample[s] >= set->samples)
      return weyl_fail(set->ctx, WEYL_BAD_ARG, "%s has %lld samples, number %lld is not among them", set->name,
                       (long long)set->samples, (long long)sample[s]);
  WEYL_GOTO(weyl_dataset_new(set->ctx, set->name, n, &made));
  for (int per = WEYL_PER_NODE; per < WEYL_PER_COUNT; per++)
    if (set->offsets[per]) WEYL_GOTO(take_offsets(set, (weyl_rows_per)per, sample, n, made));
  for (size_t i = 0; i < set->fields; i++) WEYL_GOTO(take_field(set, &set->field[i], sample, n, made));
  for (size_t i = 0; i < set->notes; i++) WEYL_GOTO(weyl_dataset_note(made, set->note[i].key, set->note[i].value));
  *out = made;
  return WEYL_OK;
done:
  weyl_dataset_free(made);
  return status;
}

/* ---- checks -------------------------------------------------------------------------------------------------------
 */

/* The sample that row `row` belongs to: the last one that starts at or before it and is not empty. */
static int64_t sample_of(const int64_t *offsets, int64_t samples, int64_t row) {
  int64_t low = 0, high = samples - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (offsets[middle + 1] > row)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static weyl_status fail_at(weyl_context *ctx, const weyl_dataset *set, const weyl_field *field, int64_t element,
                           double value) {
  int64_t row_size = 1;
  for (int k = 1; k < field->array.rank; k++) row_size *= field->array.dim[k];
  const int64_t row = element / row_size;
  const int64_t *offsets = set->offsets[field->per];
  const int64_t s = sample_of(offsets, set->samples, row);
  const char *what = isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  char component[32] = "";
  if (row_size > 1) snprintf(component, sizeof component, "[%lld]", (long long)(element % row_size));
  if (field->per == WEYL_PER_SAMPLE)
    return weyl_fail(ctx, WEYL_FORMAT, "%s sample %lld: %s%s is %s", set->name, (long long)s, field->name, component,
                     what);
  return weyl_fail(ctx, WEYL_FORMAT, "%s sample %lld, %s %lld: %s%s is %s", set->name, (long long)s,
                   per_name[field->per], (long long)(row - offsets[s]), field->name, component, what);
}

weyl_status weyl_dataset_check_finite(weyl_context *ctx, const weyl_dataset *set) {
  if (set->samples == 0) return weyl_fail(ctx, WEYL_FORMAT, "%s has no samples", set->name);
  const int64_t *nodes = set->offsets[WEYL_PER_NODE];
  for (int64_t s = 0; nodes && s < set->samples; s++)
    if (nodes[s + 1] == nodes[s])
      return weyl_fail(ctx, WEYL_FORMAT, "%s sample %lld has no nodes", set->name, (long long)s);
  for (size_t i = 0; i < set->fields; i++) {
    const weyl_field *field = &set->field[i];
    const int64_t size = weyl_array_size(&field->array);
    if (field->array.dtype == WEYL_F64) {
      const double *x = field->array.data;
      for (int64_t e = 0; e < size; e++)
        if (!isfinite(x[e])) return fail_at(ctx, set, field, e, x[e]);
    } else if (field->array.dtype == WEYL_F32) {
      const float *x = field->array.data;
      for (int64_t e = 0; e < size; e++)
        if (!isfinite(x[e])) return fail_at(ctx, set, field, e, (double)x[e]);
    }
  }
  return WEYL_OK;
}

/* ---- checksum
 * -------------------------------------------------------------------------------------------------------- */

/* digest = SHA-256(digest, SHA-256(bytes)): a chain needs no buffer as large as the set. */
static void chain(char digest[65], const void *bytes, size_t n) {
  char both[129];
  memcpy(both, digest, 64);
  weyl_sha256(bytes, n, both + 64);
  weyl_sha256(both, 128, digest);
}

void weyl_dataset_checksum(const weyl_dataset *set, char hex[65]) {
  weyl_sha256("weyl data set 1", 15, hex);
  for (int per = WEYL_PER_SAMPLE; per < WEYL_PER_COUNT; per++)
    if (set->offsets[per]) chain(hex, set->offsets[per], (size_t)(set->samples + 1) * sizeof(int64_t));
  for (size_t i = 0; i < set->fields; i++) {
    const weyl_array *a = &set->field[i].array;
    int64_t shape[3 + WEYL_RANK_MAX] = {(int64_t)set->field[i].per, (int64_t)a->dtype, a->rank};
    for (int k = 0; k < a->rank; k++) shape[3 + k] = a->dim[k];
    chain(hex, set->field[i].name, strlen(set->field[i].name));
    chain(hex, shape, sizeof shape);
    chain(hex, a->data, (size_t)weyl_array_size(a) * weyl_dtype_size(a->dtype));
  }
}
