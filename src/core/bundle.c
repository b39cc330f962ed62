#include "bundle.h"

#include "internal.h"

#include <assert.h>
#include <string.h>

typedef struct entry {
  char *name;
  uint64_t hash;
  weyl_array array;
} entry;

typedef struct note {
  char *key, *value;
} note;

struct weyl_bundle {
  weyl_context *ctx;
  weyl_arena *arena; /* entries and text; pointers to them stay good while the bundle grows */
  entry **entries;
  size_t count, room;
  uint32_t *slots; /* open addressing by hash: index of the entry + 1, 0 when free */
  size_t slot_count;
  note *notes;
  size_t note_count, note_room;
};

weyl_status weyl_bundle_new(weyl_context *ctx, weyl_bundle **out) {
  weyl_bundle *bundle = weyl_alloc(ctx, 1, sizeof *bundle);
  if (!bundle) return WEYL_MEMORY;
  bundle->ctx = ctx;
  const weyl_status status = weyl_arena_new(ctx, &bundle->arena);
  if (status != WEYL_OK) {
    weyl_dealloc(ctx, bundle);
    return status;
  }
  *out = bundle;
  return WEYL_OK;
}

void weyl_bundle_free(weyl_bundle *bundle) {
  if (!bundle) return;
  for (size_t i = 0; i < bundle->count; i++) weyl_dealloc(bundle->ctx, bundle->entries[i]->array.data);
  weyl_dealloc(bundle->ctx, bundle->entries);
  weyl_dealloc(bundle->ctx, bundle->slots);
  weyl_dealloc(bundle->ctx, bundle->notes);
  weyl_arena_free(bundle->arena);
  weyl_dealloc(bundle->ctx, bundle);
}

weyl_context *core_bundle_context(const weyl_bundle *bundle) { return bundle->ctx; }

size_t weyl_bundle_count(const weyl_bundle *bundle) { return bundle->count; }

const char *weyl_bundle_name(const weyl_bundle *bundle, size_t i) {
  assert(i < bundle->count);
  return bundle->entries[i]->name;
}

const weyl_array *weyl_bundle_array(const weyl_bundle *bundle, size_t i) {
  assert(i < bundle->count);
  return &bundle->entries[i]->array;
}

/* The slot of the name, or the free one where it belongs. */
static uint32_t *slot_of(const weyl_bundle *bundle, const char *name, uint64_t hash) {
  size_t at = (size_t)hash & (bundle->slot_count - 1);
  while (bundle->slots[at]) {
    const entry *e = bundle->entries[bundle->slots[at] - 1];
    if (e->hash == hash && strcmp(e->name, name) == 0) break;
    at = (at + 1) & (bundle->slot_count - 1);
  }
  return &bundle->slots[at];
}

const weyl_array *weyl_bundle_find(const weyl_bundle *bundle, const char *name) {
  if (bundle->count == 0) return NULL;
  const uint32_t at = *slot_of(bundle, name, weyl_hash_name(name));
  return at ? &bundle->entries[at - 1]->array : NULL;
}

static weyl_status make_room(weyl_bundle *bundle) {
  weyl_context *ctx = bundle->ctx;
  if (bundle->count < bundle->room) return WEYL_OK;
  const size_t room = bundle->room ? 2 * bundle->room : 16;
  if (room > UINT32_MAX / 2) return weyl_fail(ctx, WEYL_MEMORY, "a bundle holds at most %u arrays", UINT32_MAX / 4);
  uint32_t *slots = weyl_alloc(ctx, 2 * room, sizeof *slots);
  if (!slots) return WEYL_MEMORY;
  entry **more = weyl_realloc(ctx, bundle->entries, room, sizeof *more);
  if (!more) {
    weyl_dealloc(ctx, slots);
    return WEYL_MEMORY;
  }
  weyl_dealloc(ctx, bundle->slots);
  bundle->entries = more;
  bundle->room = room;
  bundle->slots = slots;
  bundle->slot_count = 2 * room;
  for (size_t i = 0; i < bundle->count; i++) {
    const entry *e = bundle->entries[i];
    *slot_of(bundle, e->name, e->hash) = (uint32_t)i + 1;
  }
  return WEYL_OK;
}

weyl_status core_bundle_reserve(weyl_bundle *bundle, const char *name, weyl_dtype dtype, int rank, const int64_t *dim,
                                void **data) {
  weyl_context *ctx = bundle->ctx;
  if (!core_utf8_valid(name)) return weyl_fail(ctx, WEYL_BAD_ARG, "the name of array %zu is not UTF-8", bundle->count);
  if (rank < 0 || rank > WEYL_RANK_MAX)
    return weyl_fail(ctx, WEYL_SHAPE, "array \"%s\" has rank %d, must be from 0 to %d", name, rank, WEYL_RANK_MAX);
  const size_t width = weyl_dtype_size(dtype);
  if (width == 0) return weyl_fail(ctx, WEYL_DTYPE, "array \"%s\" has no known element type (%d)", name, (int)dtype);
  weyl_array array = {.dtype = dtype, .rank = rank};
  for (int i = 0; i < rank; i++) array.dim[i] = dim[i];
  const int64_t size = weyl_array_size(&array);
  if (size < 0) return weyl_fail(ctx, WEYL_SHAPE, "the shape of array \"%s\" is negative or too large", name);

  WEYL_TRY(make_room(bundle));
  const uint64_t hash = weyl_hash_name(name);
  uint32_t *slot = slot_of(bundle, name, hash);
  if (*slot) return weyl_fail(ctx, WEYL_BAD_ARG, "two arrays have the name \"%s\"", name);
  entry *e = weyl_arena_array(bundle->arena, entry, 1);
  if (!e) return WEYL_MEMORY;
  *e = (entry){.name = weyl_arena_strdup(bundle->arena, name), .hash = hash, .array = array};
  if (!e->name) return WEYL_MEMORY;
  e->array.data = weyl_alloc(ctx, (size_t)size, width);
  if (!e->array.data) return WEYL_MEMORY;
  bundle->entries[bundle->count++] = e;
  *slot = (uint32_t)bundle->count;
  *data = e->array.data;
  return WEYL_OK;
}

weyl_status weyl_bundle_add(weyl_bundle *bundle, const char *name, const weyl_array *array) {
  void *data;
  WEYL_TRY(core_bundle_reserve(bundle, name, array->dtype, array->rank, array->dim, &data));
  const size_t bytes = (size_t)weyl_array_size(array) * weyl_dtype_size(array->dtype);
  if (bytes > 0) memcpy(data, array->data, bytes);
  return WEYL_OK;
}

static note *find_note(const weyl_bundle *bundle, const char *key) {
  for (size_t i = 0; i < bundle->note_count; i++) {
    if (strcmp(bundle->notes[i].key, key) == 0) return &bundle->notes[i];
  }
  return NULL;
}

weyl_status weyl_bundle_note(weyl_bundle *bundle, const char *key, const char *value) {
  weyl_context *ctx = bundle->ctx;
  if (!core_utf8_valid(key) || !core_utf8_valid(value))
    return weyl_fail(ctx, WEYL_BAD_ARG, "note %zu of the bundle is not UTF-8", bundle->note_count);
  char *copy = weyl_arena_strdup(bundle->arena, value);
  if (!copy) return WEYL_MEMORY;
  note *old = find_note(bundle, key);
  if (old) {
    old->value = copy;
    return WEYL_OK;
  }
  if (bundle->note_count == bundle->note_room) {
    const size_t room = bundle->note_room ? 2 * bundle->note_room : 8;
    note *more = weyl_realloc(ctx, bundle->notes, room, sizeof *more);
    if (!more) return WEYL_MEMORY;
    bundle->notes = more;
    bundle->note_room = room;
  }
  char *name = weyl_arena_strdup(bundle->arena, key);
  if (!name) return WEYL_MEMORY;
  bundle->notes[bundle->note_count++] = (note){.key = name, .value = copy};
  return WEYL_OK;
}

const char *weyl_bundle_noted(const weyl_bundle *bundle, const char *key) {
  const note *n = find_note(bundle, key);
  return n ? n->value : NULL;
}

size_t core_bundle_notes(const weyl_bundle *bundle) { return bundle->note_count; }

void core_bundle_note_at(const weyl_bundle *bundle, size_t i, const char **key, const char **value) {
  *key = bundle->notes[i].key;
  *value = bundle->notes[i].value;
}
