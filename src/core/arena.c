/* A list of blocks; those behind the current one are empty and wait for reuse, so a loop that marks and
 * releases allocates only in its first round. */
#include "internal.h"

#include <string.h>

#define ALIGN     ((size_t)64)
#define BLOCK_MIN ((size_t)1 << 16)
#define BLOCK_MAX ((size_t)1 << 22)

#ifdef WEYL_HAS_ASAN
#define GAP ALIGN /* a poisoned strip between allocations, so that running over one is seen */
#else
#define GAP 0
#endif

typedef struct block {
  struct block *next;
  char *data;
  size_t size, used;
  size_t dirty; /* bytes handed out at some time: what lies behind is still zero */
} block;

struct weyl_arena {
  weyl_context *ctx;
  block *first, *current;
  size_t next_size;
};

weyl_status weyl_arena_new(weyl_context *ctx, weyl_arena **out) {
  weyl_arena *arena = weyl_alloc(ctx, 1, sizeof *arena);
  if (!arena) return WEYL_MEMORY;
  arena->ctx = ctx;
  arena->next_size = BLOCK_MIN;
  *out = arena;
  return WEYL_OK;
}

void weyl_arena_free(weyl_arena *arena) {
  if (!arena) return;
  for (block *b = arena->first, *next; b; b = next) {
    next = b->next;
    weyl_dealloc(arena->ctx, b->data);
    weyl_dealloc(arena->ctx, b);
  }
  weyl_dealloc(arena->ctx, arena);
}

/* A block with room for `bytes` becomes the current one: the next that waits if it is large enough, else a
 * new one. */
static bool grow(weyl_arena *arena, size_t bytes) {
  block *waiting = arena->current ? arena->current->next : arena->first;
  if (!waiting || waiting->size < bytes) {
    const size_t size = bytes > arena->next_size ? bytes : arena->next_size;
    block *fresh = weyl_alloc(arena->ctx, 1, sizeof *fresh);
    if (!fresh) return false;
    fresh->data = weyl_alloc(arena->ctx, size, 1);
    if (!fresh->data) {
      weyl_dealloc(arena->ctx, fresh);
      return false;
    }
    ASAN_POISON_MEMORY_REGION(fresh->data, size);
    fresh->size = size;
    fresh->next = waiting;
    if (arena->current)
      arena->current->next = fresh;
    else
      arena->first = fresh;
    waiting = fresh;
    if (arena->next_size < BLOCK_MAX) arena->next_size *= 2;
  }
  waiting->used = 0;
  arena->current = waiting;
  return true;
}

void *weyl_arena_alloc(weyl_arena *arena, size_t count, size_t size) {
  size_t bytes, padded;
  if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, ALIGN - 1 + GAP, &padded)) {
    weyl_fail(arena->ctx, WEYL_MEMORY, "%zu items of %zu bytes pass what can be addressed", count, size);
    return NULL;
  }
  padded = padded / ALIGN * ALIGN;
  if (padded == 0) padded = ALIGN; /* no two allocations share an address */
  if (!arena->current || arena->current->size - arena->current->used < padded) {
    if (!grow(arena, padded)) return NULL;
  }
  block *b = arena->current;
  char *out = b->data + b->used;
  ASAN_UNPOISON_MEMORY_REGION(out, bytes);
  if (b->used < b->dirty) {
    const size_t old = b->dirty - b->used;
    memset(out, 0, old < bytes ? old : bytes);
  }
  b->used += padded;
  if (b->dirty < b->used) b->dirty = b->used;
  return out;
}

char *weyl_arena_printf(weyl_arena *arena, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  const int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  char *text = n < 0 ? NULL : weyl_arena_alloc(arena, (size_t)n + 1, 1);
  if (n < 0) weyl_fail(arena->ctx, WEYL_BUG, "text of the format \"%s\" cannot be made", fmt);
  if (text) vsnprintf(text, (size_t)n + 1, fmt, again);
  va_end(again);
  return text;
}

char *weyl_arena_strdup(weyl_arena *arena, const char *text) {
  const size_t n = strlen(text) + 1;
  char *copy = weyl_arena_alloc(arena, n, 1);
  return copy ? memcpy(copy, text, n) : NULL;
}

weyl_mark weyl_arena_mark(weyl_arena *arena) {
  return (weyl_mark){.block = arena->current, .used = arena->current ? arena->current->used : 0};
}

void weyl_arena_release(weyl_arena *arena, weyl_mark mark) {
  for (block *b = mark.block ? mark.block : arena->first; b; b = b->next) {
    const size_t from = b == mark.block ? mark.used : 0;
    ASAN_POISON_MEMORY_REGION(b->data + from, b->size - from);
    b->used = from;
    if (b == arena->current) break;
  }
  arena->current = mark.block;
}
