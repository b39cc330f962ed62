#include "internal.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <unistd.h>

const char *weyl_version(void) { return WEYL_VERSION_TEXT; }

/* Cores this process may run on, which taskset, a batch system or a container may have made fewer than
 * there are. */
static int cores_available(void) {
  for (size_t cpus = 1024; cpus <= 65536; cpus *= 2) {
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set) break;
    const size_t size = CPU_ALLOC_SIZE(cpus);
    CPU_ZERO_S(size, set);
    const int failed = sched_getaffinity(0, size, set);
    const int count = failed ? 0 : CPU_COUNT_S(size, set);
    CPU_FREE(set);
    if (count > 0) return count;
  }
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

static size_t machine_memory(void) {
  struct sysinfo info;
  if (sysinfo(&info) != 0) return SIZE_MAX / 4;
  return ((size_t)info.totalram + (size_t)info.totalswap) * info.mem_unit;
}

weyl_context_opts weyl_context_defaults(void) { return (weyl_context_opts){.threads = 0}; }

weyl_status weyl_context_new(const weyl_context_opts *opts, weyl_context **out) {
  *out = NULL;
  weyl_context *ctx = calloc(1, sizeof *ctx);
  if (!ctx) return WEYL_MEMORY;
  ctx->opts = opts ? *opts : weyl_context_defaults();
  ctx->threads = ctx->opts.threads > 0 ? ctx->opts.threads : cores_available();
  ctx->machine_memory = machine_memory();

  pthread_mutexattr_t recursive;
  pthread_mutexattr_init(&recursive);
  pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&ctx->callback_lock, &recursive);
  pthread_mutexattr_destroy(&recursive);
  pthread_mutex_init(&ctx->message_lock, NULL);

  const weyl_status status = core_pool_new(ctx->threads, &ctx->pool);
  if (status != WEYL_OK) {
    weyl_context_free(ctx);
    return status;
  }
  *out = ctx;
  return WEYL_OK;
}

void weyl_context_free(weyl_context *ctx) {
  if (!ctx) return;
  core_pool_free(ctx->pool);
  pthread_mutex_destroy(&ctx->message_lock);
  pthread_mutex_destroy(&ctx->callback_lock);
  free(ctx);
}

int weyl_threads(const weyl_context *ctx) { return ctx->threads; }

weyl_pool *weyl_context_pool(weyl_context *ctx) { return ctx->pool; }
