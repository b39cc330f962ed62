#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "property.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

typedef struct count {
  atomic_int *item;
  int threads;
  atomic_int wrong;
  weyl_context *ctx;
} count;

static void count_job(void *arg, int64_t i, int thread) {
  count *c = arg;
  atomic_fetch_add(&c->item[i], 1);
  if (thread < 0 || thread >= c->threads) atomic_fetch_add(&c->wrong, 1);
}

/* Many short jobs of all sizes on any number of threads: each item once, by a thread that exists. */
static void every_item_once(void **state) {
  (void)state;
  atomic_int *item = calloc(3000, sizeof *item);
  for (int threads = 1; threads <= 7; threads += 2) {
    weyl_context *ctx = test_context(threads);
    assert_int_equal(weyl_threads(ctx), threads);
    for (int round = 0; round < 300; round++) {
      const int64_t n = round < 20 ? round : round * 10;
      for (int64_t i = 0; i < n; i++) atomic_store(&item[i], 0);
      count c = {.item = item, .threads = threads};
      weyl_parallel(ctx, n, count_job, &c);
      for (int64_t i = 0; i < n; i++) assert_int_equal(atomic_load(&item[i]), 1);
      assert_int_equal(atomic_load(&c.wrong), 0);
    }
    weyl_parallel(ctx, 0, count_job, NULL);
    weyl_parallel(ctx, -5, count_job, NULL);
    weyl_context_free(ctx);
  }
  free(item);
}

static void meet_job(void *arg, int64_t i, int thread) {
  (void)i;
  (void)thread;
  pthread_barrier_wait(arg);
}

/* Four items that wait for each other: only four threads at once can end this. */
static void items_run_beside_each_other(void **state) {
  (void)state;
  weyl_context *ctx = test_context(4);
  for (int round = 0; round < 50; round++) {
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 4);
    weyl_parallel(ctx, 4, meet_job, &barrier);
    pthread_barrier_destroy(&barrier);
  }
  weyl_context_free(ctx);
}

typedef struct nest {
  weyl_context *ctx;
  atomic_int inner, wrong;
} nest;

typedef struct nest_call {
  nest *top;
  pthread_t self;
  int thread;
} nest_call;

static void nested_job(void *arg, int64_t i, int thread) {
  (void)i;
  nest_call *call = arg;
  atomic_fetch_add(&call->top->inner, 1);
  if (!pthread_equal(pthread_self(), call->self) || thread != call->thread) atomic_fetch_add(&call->top->wrong, 1);
}

static void nest_job(void *arg, int64_t i, int thread) {
  (void)i;
  nest_call call = {.top = arg, .self = pthread_self(), .thread = thread};
  weyl_parallel(call.top->ctx, 10, nested_job, &call);
}

static void nested_calls_are_serial(void **state) {
  (void)state;
  nest n = {.ctx = test_context(3)};
  weyl_parallel(n.ctx, 200, nest_job, &n);
  assert_int_equal(atomic_load(&n.inner), 2000);
  assert_int_equal(atomic_load(&n.wrong), 0);
  weyl_context_free(n.ctx);
}

#ifdef __SSE__
typedef struct modes {
  unsigned seen[64];
  float product[64];
  volatile float tiny;
} modes;

static void mode_job(void *arg, int64_t i, int thread) {
  (void)thread;
  modes *m = arg;
  m->seen[i] = _mm_getcsr();
  m->product[i] = m->tiny * 0.5f;
}

static void floating_point_mode_is_set_and_restored(void **state) {
  (void)state;
  for (int threads = 1; threads <= 4; threads += 3) {
    weyl_context *ctx = test_context(threads);
    const unsigned own = _mm_getcsr();
    _mm_setcsr((own & ~0x6000u) | 0x4000u); /* the caller rounds up */
    const unsigned caller = _mm_getcsr();
    modes m = {.tiny = 1e-38f};
    weyl_parallel(ctx, 64, mode_job, &m);
    const unsigned after = _mm_getcsr();
    _mm_setcsr(own);
    assert_int_equal(after, caller);
    for (int i = 0; i < 64; i++) {
      assert_int_equal(m.seen[i] & 0xffc0u, 0x9fc0u); /* flush, denormals are zero, to nearest, masked */
      assert_true(m.product[i] == 0);
    }
    weyl_context_free(ctx);
  }
}
#endif

static void mask_job(void *arg, int64_t i, int thread) {
  (void)i;
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, NULL, &now);
  if (thread > 0 && !sigismember(&now, SIGINT)) atomic_fetch_add((atomic_int *)arg, 1);
  const struct timespec wait = {.tv_nsec = 1000000};
  nanosleep(&wait, NULL);
}

static void workers_leave_signals_to_the_program(void **state) {
  (void)state;
  atomic_int open_to_signals = 0;
  weyl_context *ctx = test_context(4);
  weyl_parallel(ctx, 40, mask_job, &open_to_signals);
  assert_int_equal(atomic_load(&open_to_signals), 0);
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, NULL, &now);
  assert_false(sigismember(&now, SIGINT));
  weyl_context_free(ctx);
}

/* A pool with nothing to do sleeps: idle threads may burn microseconds, not the 50 ms waited here. */
static void idle_workers_sleep(void **state) {
  (void)state;
  weyl_context *ctx = test_context(4);
  atomic_int item[8] = {0};
  count c = {.item = item, .threads = 4};
  weyl_parallel(ctx, 8, count_job, &c);
  const struct timespec moment = {.tv_nsec = 5000000}, wait = {.tv_nsec = 50000000};
  nanosleep(&moment, NULL);
  const double before = weyl_cpu_seconds();
  nanosleep(&wait, NULL);
  assert_true(weyl_cpu_seconds() - before < 0.02);
  weyl_context_free(ctx);
}

static void *own_context(void *arg) {
  (void)arg;
  weyl_context *ctx = test_context(3);
  atomic_int item[100] = {0};
  count c = {.item = item, .threads = 3};
  for (int round = 0; round < 100; round++) weyl_parallel(ctx, 100, count_job, &c);
  for (int i = 0; i < 100; i++) {
    if (atomic_load(&item[i]) != 100) c.wrong++;
  }
  weyl_context_free(ctx);
  return atomic_load(&c.wrong) ? ctx : NULL;
}

static void contexts_are_independent(void **state) {
  (void)state;
  pthread_t thread[3];
  for (int k = 0; k < 3; k++) assert_int_equal(pthread_create(&thread[k], NULL, own_context, NULL), 0);
  for (int k = 0; k < 3; k++) {
    void *wrong;
    pthread_join(thread[k], &wrong);
    assert_null(wrong);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_item_once),
      cmocka_unit_test(items_run_beside_each_other),
      cmocka_unit_test(nested_calls_are_serial),
#ifdef __SSE__
      cmocka_unit_test(floating_point_mode_is_set_and_restored),
#endif
      cmocka_unit_test(workers_leave_signals_to_the_program),
      cmocka_unit_test(idle_workers_sleep),
      cmocka_unit_test(contexts_are_independent),
  };
  return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
