#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "property.h"

static bool all_zero(const void *data, size_t n) {
  const unsigned char *bytes = data;
  for (size_t i = 0; i < n; i++) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

static void blocks_are_aligned_zeroed_and_counted(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const uint64_t before = weyl_allocations(ctx);
  char *block[20];
  size_t held = 0;
  for (size_t k = 0; k < 20; k++) {
    block[k] = weyl_alloc(ctx, k * 37, 3);
    assert_non_null(block[k]);
    assert_int_equal((uintptr_t)block[k] % 64, 0);
    assert_true(all_zero(block[k], k * 37 * 3));
    memset(block[k], 0xaa, k * 37 * 3);
    held += k * 37 * 3;
  }
  assert_int_equal(weyl_memory_used(ctx), held);
  assert_int_equal(weyl_allocations(ctx) - before, 20);
  for (size_t k = 0; k < 20; k++) weyl_dealloc(ctx, block[k]);
  weyl_dealloc(ctx, NULL);
  test_context_free(ctx);
}

static void realloc_keeps_and_zeroes(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  unsigned char *p = weyl_realloc(ctx, NULL, 10, 1);
  memset(p, 7, 10);
  p = weyl_realloc(ctx, p, 1000, 1);
  for (int i = 0; i < 10; i++) assert_int_equal(p[i], 7);
  assert_true(all_zero(p + 10, 990));
  p = weyl_realloc(ctx, p, 4, 1);
  for (int i = 0; i < 4; i++) assert_int_equal(p[i], 7);
  weyl_context_fail_allocation(ctx, 1);
  assert_null(weyl_realloc(ctx, p, 100000, 1));
  assert_int_equal(p[3], 7);
  weyl_dealloc(ctx, p);
  test_context_free(ctx);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  assert_null(weyl_alloc(ctx, SIZE_MAX / 2, 3));
  assert_says(ctx, WEYL_MEMORY, WEYL_MEMORY, "addressed");
  assert_null(weyl_alloc(ctx, SIZE_MAX - 3, 1));
  weyl_message_clear(ctx);
  assert_null(weyl_alloc(ctx, (size_t)1 << 46, 1));
  assert_says(ctx, WEYL_MEMORY, WEYL_MEMORY, "the machine has");
  test_context_free(ctx);
}

static void the_limit_holds(void **state) {
  (void)state;
  weyl_context *ctx = test_context_with((weyl_context_opts){.memory_limit = 1000, .threads = 1});
  void *a = weyl_alloc(ctx, 600, 1);
  assert_non_null(a);
  assert_null(weyl_alloc(ctx, 401, 1));
  assert_says(ctx, WEYL_MEMORY, WEYL_MEMORY, "memory limit of 1000");
  void *b = weyl_alloc(ctx, 400, 1);
  assert_non_null(b);
  weyl_dealloc(ctx, a);
  a = weyl_alloc(ctx, 600, 1);
  assert_non_null(a);
  weyl_dealloc(ctx, a);
  weyl_dealloc(ctx, b);
  test_context_free(ctx);
}

static void the_nth_allocation_fails(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_context_fail_allocation(ctx, 3);
  void *a = weyl_alloc(ctx, 1, 1), *b = weyl_alloc(ctx, 1, 1);
  assert_non_null(a);
  assert_non_null(b);
  assert_null(weyl_alloc(ctx, 1, 1));
  void *c = weyl_alloc(ctx, 1, 1);
  assert_non_null(c);
  weyl_context_fail_allocation(ctx, 1);
  weyl_context_fail_allocation(ctx, 0);
  void *d = weyl_alloc(ctx, 1, 1);
  assert_non_null(d);
  void *all[] = {a, b, c, d};
  for (int i = 0; i < 4; i++) weyl_dealloc(ctx, all[i]);
  test_context_free(ctx);
}

static void allocate_and_free(void *arg, int64_t i, int thread) {
  (void)thread;
  weyl_context *ctx = arg;
  unsigned char *p = weyl_alloc(ctx, (size_t)(i % 100) + 1, 8);
  if (p && all_zero(p, ((size_t)(i % 100) + 1) * 8)) memset(p, 1, 8);
  weyl_dealloc(ctx, p);
}

static void threads_may_allocate(void **state) {
  (void)state;
  weyl_context *ctx = test_context(4);
  weyl_parallel(ctx, 5000, allocate_and_free, ctx);
  assert_int_equal(weyl_memory_used(ctx), 0);
  assert_int_equal(weyl_allocations(ctx), 5000);
  test_context_free(ctx);
}

/* Random allocations, marks and releases, beside a plain record of what the arena must hold. */
PROPERTY(arena_keeps_what_it_gave, 40) {
  enum { MAX = 300 };
  weyl_context *ctx = test_context(1);
  weyl_arena *arena = NULL;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  unsigned char *item[MAX], fill[MAX];
  size_t size[MAX], count = 0, mark_count[8], depth = 0;
  weyl_mark mark[8];
  for (int step = 0; step < 600; step++) {
    const uint64_t what = weyl_rng_below(rng, 10);
    if (what == 0 && depth < 8) {
      mark_count[depth] = count;
      mark[depth++] = weyl_arena_mark(arena);
    } else if (what == 1 && depth > 0) {
      count = mark_count[--depth];
      weyl_arena_release(arena, mark[depth]);
    } else if (count < MAX) {
      const uint64_t scale = (uint64_t)1 << weyl_rng_below(rng, 18);
      size[count] = (size_t)weyl_rng_below(rng, scale + 1);
      item[count] = weyl_arena_alloc(arena, size[count], 1);
      assert_non_null(item[count]);
      assert_int_equal((uintptr_t)item[count] % 64, 0);
      assert_true(all_zero(item[count], size[count]));
      fill[count] = (unsigned char)(1 + weyl_rng_below(rng, 255));
      memset(item[count], fill[count], size[count]);
      count++;
    }
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < size[i]; k++) assert_int_equal(item[i][k], fill[i]);
  }
  weyl_arena_free(arena);
  test_context_free(ctx);
}

static void arena_rounds_allocate_once(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_arena *arena = NULL;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  uint64_t after_first = 0;
  for (int round = 0; round < 10; round++) {
    const weyl_mark m = weyl_arena_mark(arena);
    for (size_t k = 0; k < 50; k++) assert_non_null(weyl_arena_alloc(arena, 7919 * k, 1));
    weyl_arena_release(arena, m);
    if (round == 0) after_first = weyl_allocations(ctx);
  }
  assert_int_equal(weyl_allocations(ctx), after_first);
  assert_null(weyl_arena_alloc(arena, SIZE_MAX / 2, 4));
  weyl_message_clear(ctx);
  assert_null(weyl_arena_alloc(arena, SIZE_MAX, 1));
  weyl_arena_free(arena);
  weyl_arena_free(NULL);
  test_context_free(ctx);
}

static void arena_text(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_arena *arena = NULL;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  const char *a = weyl_arena_printf(arena, "%s-%d", "enc", 7), *b = weyl_arena_strdup(arena, "");
  assert_string_equal(a, "enc-7");
  assert_string_equal(b, "");
  double *x = weyl_arena_array(arena, double, 3);
  x[2] = 1;
  weyl_arena_free(arena);
  test_context_free(ctx);
}

static void arena_survives_refusals(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  for (uint64_t n = 1;; n++) {
    weyl_context_fail_allocation(ctx, n);
    weyl_arena *arena = NULL;
    weyl_status status = weyl_arena_new(ctx, &arena);
    for (int k = 0; k < 5 && status == WEYL_OK; k++) {
      if (!weyl_arena_alloc(arena, 100000, 1)) status = WEYL_MEMORY;
    }
    weyl_context_fail_allocation(ctx, 0);
    if (status == WEYL_OK && n > 3) {
      weyl_arena_free(arena);
      break;
    }
    assert_status(ctx, status, WEYL_MEMORY);
    if (arena) assert_non_null(weyl_arena_alloc(arena, 10, 1));
    weyl_arena_free(arena);
    assert_int_equal(weyl_memory_used(ctx), 0);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_aligned_zeroed_and_counted),
      cmocka_unit_test(realloc_keeps_and_zeroes),
      cmocka_unit_test(what_cannot_be_is_refused),
      cmocka_unit_test(the_limit_holds),
      cmocka_unit_test(the_nth_allocation_fails),
      cmocka_unit_test(threads_may_allocate),
      property_test(arena_keeps_what_it_gave),
      cmocka_unit_test(arena_rounds_allocate_once),
      cmocka_unit_test(arena_text),
      cmocka_unit_test(arena_survives_refusals),
  };
  return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
