/* Blocks are calloc's, so that large ones are zero pages until touched; a 64-byte header before each holds
 * its size. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN    64
#define OVERHEAD (2 * ALIGN) /* the header, and room to align what calloc aligns to 16 */

typedef struct header {
  void *raw;
  size_t bytes;
} header;

_Static_assert(sizeof(header) <= ALIGN, "the header fits before the block");

static header *header_of(const void *block) {
  header *h = (header *)(void *)((char *)(uintptr_t)block - ALIGN);
  ASAN_UNPOISON_MEMORY_REGION(h, ALIGN);
  return h;
}

static bool fails_by_order(weyl_context *ctx) {
  const uint64_t number = atomic_fetch_add(&ctx->allocations, 1) + 1;
  return number == atomic_load(&ctx->fail_at);
}

/* Takes `bytes` of the limit, or says why not. */
static weyl_status reserve(weyl_context *ctx, size_t bytes) {
  if (fails_by_order(ctx)) return weyl_fail(ctx, WEYL_MEMORY, "%zu bytes refused by order of a test", bytes);
  if (bytes > ctx->machine_memory)
    return weyl_fail(ctx, WEYL_MEMORY, "%.3g GB are needed at once, the machine has %.3g GB", (double)bytes * 1e-9,
                     (double)ctx->machine_memory * 1e-9);
  const size_t limit = ctx->opts.memory_limit;
  size_t used = atomic_load(&ctx->memory_used);
  do {
    if (limit && (bytes > limit || used > limit - bytes))
      return weyl_fail(ctx, WEYL_MEMORY, "%zu bytes more than the %zu in use would pass the memory limit of %zu", bytes,
                       used, limit);
  } while (!atomic_compare_exchange_weak(&ctx->memory_used, &used, used + bytes));
  return WEYL_OK;
}

void *weyl_alloc(weyl_context *ctx, size_t count, size_t size) {
  size_t bytes, total;
  if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, OVERHEAD, &total) ||
      total > PTRDIFF_MAX) {
    weyl_fail(ctx, WEYL_MEMORY, "%zu items of %zu bytes pass what can be addressed", count, size);
    return NULL;
  }
  if (ctx && reserve(ctx, bytes) != WEYL_OK) return NULL;
  char *raw = calloc(1, total);
  if (!raw) {
    if (ctx) atomic_fetch_sub(&ctx->memory_used, bytes);
    weyl_fail(ctx, WEYL_MEMORY, "the machine refused %zu bytes", bytes);
    return NULL;
  }
  char *block = raw + ALIGN;
  block += (ALIGN - (uintptr_t)block % ALIGN) % ALIGN;
  header *h = (header *)(void *)(block - ALIGN);
  *h = (header){.raw = raw, .bytes = bytes};
  ASAN_POISON_MEMORY_REGION(h, ALIGN);
  ASAN_POISON_MEMORY_REGION(block + bytes, (size_t)(raw + total - (block + bytes)));
  return block;
}

void *weyl_realloc(weyl_context *ctx, void *block, size_t count, size_t size) {
  void *fresh = weyl_alloc(ctx, count, size);
  if (!fresh || !block) return fresh;
  header *h = header_of(block);
  const size_t old = h->bytes;
  const size_t kept = old < count * size ? old : count * size;
  if (kept) memcpy(fresh, block, kept);
  weyl_dealloc(ctx, block);
  return fresh;
}

void weyl_dealloc(weyl_context *ctx, void *block) {
  if (!block) return;
  const header h = *header_of(block);
  if (ctx) atomic_fetch_sub(&ctx->memory_used, h.bytes);
  ASAN_UNPOISON_MEMORY_REGION(h.raw, h.bytes + OVERHEAD);
  free(h.raw);
}

size_t weyl_memory_used(const weyl_context *ctx) { return atomic_load(&ctx->memory_used); }

uint64_t weyl_allocations(const weyl_context *ctx) { return atomic_load(&ctx->allocations); }

void weyl_context_fail_allocation(weyl_context *ctx, uint64_t n) {
  atomic_store(&ctx->fail_at, n ? atomic_load(&ctx->allocations) + n : 0);
}
