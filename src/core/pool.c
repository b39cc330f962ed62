/* The thread pool. A job is open from its start until the caller finds no item left; a worker that wakes in
 * between joins, one that wakes later does not, so the caller never waits for a thread that has not begun.
 */
#include "internal.h"

#include <signal.h>
#include <stdlib.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

/* Waits of this many pauses (a few microseconds) go before the sleep. */
#define SPINS 64

typedef struct worker {
  weyl_pool *pool;
  pthread_t thread;
  int index;
} worker;

struct weyl_pool {
  int workers; /* besides the caller */
  worker *worker;

  pthread_mutex_t lock;
  pthread_cond_t opened, idle;
  atomic_uint_fast64_t round; /* number of the job, changed under the lock, watched without it */
  bool open, stop;
  atomic_int active; /* workers inside the job, changed under the lock */

  void (*job)(void *arg, int64_t i, int thread);
  void *arg;
  int64_t n;
  _Alignas(64) atomic_int_fast64_t next;
};

/* Where the running thread stands, to see nested calls. */
static _Thread_local const weyl_pool *inside;
static _Thread_local int inside_index;

static void pause_briefly(void) {
#ifdef __SSE__
  _mm_pause();
#endif
}

/* All items run in one mode: round to nearest, exceptions masked, denormals flushed (FTZ and DAZ), whatever
 * the mode of the caller, so that results depend neither on it nor on the thread. */
static unsigned mode_enter(void) {
#ifdef __SSE__
  const unsigned old = _mm_getcsr();
  _mm_setcsr(0x1f80u | 0x8040u);
  return old;
#else
  return 0;
#endif
}

static void mode_leave(unsigned old) {
#ifdef __SSE__
  _mm_setcsr(old);
#else
  (void)old;
#endif
}

static void take_items(weyl_pool *pool, int thread) {
  for (;;) {
    const int64_t i = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (i >= pool->n) return;
    pool->job(pool->arg, i, thread);
  }
}

static void *worker_main(void *arg) {
  worker *self = arg;
  weyl_pool *pool = self->pool;
  uint64_t seen = 0;
  inside = pool;
  inside_index = self->index;
  mode_enter();
  for (;;) {
    for (int k = 0; k < SPINS && atomic_load_explicit(&pool->round, memory_order_acquire) == seen; k++) pause_briefly();
    pthread_mutex_lock(&pool->lock);
    while (!pool->stop && !(pool->open && atomic_load(&pool->round) != seen)) {
      pthread_cond_wait(&pool->opened, &pool->lock);
    }
    if (pool->stop) {
      pthread_mutex_unlock(&pool->lock);
      return NULL;
    }
    seen = atomic_load(&pool->round);
    atomic_fetch_add(&pool->active, 1);
    pthread_mutex_unlock(&pool->lock);

    take_items(pool, self->index);

    pthread_mutex_lock(&pool->lock);
    if (atomic_fetch_sub(&pool->active, 1) == 1) pthread_cond_signal(&pool->idle);
    pthread_mutex_unlock(&pool->lock);
  }
}

weyl_status core_pool_new(int threads, weyl_pool **out) {
  weyl_pool *pool = aligned_alloc(_Alignof(weyl_pool), sizeof *pool);
  if (!pool) return WEYL_MEMORY;
  *pool = (weyl_pool){.workers = 0};
  pool->worker = calloc((size_t)threads, sizeof *pool->worker);
  if (!pool->worker) {
    free(pool);
    return WEYL_MEMORY;
  }
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->opened, NULL);
  pthread_cond_init(&pool->idle, NULL);

  /* Signals are for the threads of the program: ours block all of them. */
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  weyl_status status = WEYL_OK;
  for (int k = 1; k < threads; k++) {
    worker *w = &pool->worker[k - 1];
    *w = (worker){.pool = pool, .index = k};
    if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
      status = WEYL_MEMORY;
      break;
    }
    pool->workers++;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (status != WEYL_OK) {
    core_pool_free(pool);
    return status;
  }
  *out = pool;
  return WEYL_OK;
}

void core_pool_free(weyl_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  pool->stop = true;
  atomic_fetch_add(&pool->round, 1);
  pthread_cond_broadcast(&pool->opened);
  pthread_mutex_unlock(&pool->lock);
  for (int k = 0; k < pool->workers; k++) pthread_join(pool->worker[k].thread, NULL);
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->opened);
  pthread_cond_destroy(&pool->idle);
  free(pool->worker);
  free(pool);
}

static void run_here(int64_t n, void (*job)(void *arg, int64_t i, int thread), void *arg, int thread) {
  for (int64_t i = 0; i < n; i++) job(arg, i, thread);
}

static void run_shared(weyl_pool *pool, int64_t n, void (*job)(void *arg, int64_t i, int thread), void *arg) {
  pthread_mutex_lock(&pool->lock);
  pool->job = job;
  pool->arg = arg;
  pool->n = n;
  atomic_store(&pool->next, 0);
  pool->open = true;
  atomic_fetch_add_explicit(&pool->round, 1, memory_order_release);
  if (n > pool->workers) {
    pthread_cond_broadcast(&pool->opened);
  } else {
    for (int64_t k = 1; k < n; k++) pthread_cond_signal(&pool->opened);
  }
  pthread_mutex_unlock(&pool->lock);

  take_items(pool, 0);

  for (int k = 0; k < SPINS && atomic_load_explicit(&pool->active, memory_order_acquire) > 0; k++) pause_briefly();
  pthread_mutex_lock(&pool->lock);
  pool->open = false;
  while (atomic_load(&pool->active) > 0) pthread_cond_wait(&pool->idle, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

void weyl_parallel(weyl_context *ctx, int64_t n, void (*job)(void *arg, int64_t i, int thread), void *arg) {
  if (n <= 0) return;
  weyl_pool *pool = ctx->pool;
  const weyl_pool *outer = inside;
  const unsigned mode = mode_enter();
  if (outer) {
    run_here(n, job, arg, outer == pool ? inside_index : 0);
  } else {
    inside = pool;
    inside_index = 0;
    if (n == 1 || pool->workers == 0)
      run_here(n, job, arg, 0);
    else
      run_shared(pool, n, job, arg);
    inside = NULL;
  }
  mode_leave(mode);
}
