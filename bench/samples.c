/* Times of repeated work, and what the threads used of them. */
#include "bench.h"

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

weyl_status bench_samples_add(weyl_context *ctx, bench_samples *s, double wall, double cpu) {
  if (s->n == s->room) {
    const size_t room = s->room ? 2 * s->room : 256;
    double *const more_wall = weyl_realloc(ctx, s->wall, room, sizeof *more_wall);
    if (!more_wall) return WEYL_MEMORY;
    s->wall = more_wall;
    double *const more_cpu = weyl_realloc(ctx, s->cpu, room, sizeof *more_cpu);
    if (!more_cpu) return WEYL_MEMORY;
    s->cpu = more_cpu;
    s->room = room;
  }
  s->wall[s->n] = wall;
  s->cpu[s->n++] = cpu > 0 ? cpu : wall; /* some machines' clocks stand still at times: no time is not a result */
  return WEYL_OK;
}

void bench_samples_free(weyl_context *ctx, bench_samples *s) {
  weyl_dealloc(ctx, s->wall);
  weyl_dealloc(ctx, s->cpu);
  *s = (bench_samples){0};
}

weyl_status bench_repeat(weyl_context *ctx, weyl_status (*once)(void *self), void *self, double (*cpu)(void),
                         double seconds, bench_samples *into) {
  WEYL_TRY(once(self));
  for (const double end = weyl_seconds() + seconds;;) {
    const double wall = weyl_seconds(), used = cpu();
    WEYL_TRY(once(self));
    const double took = cpu() - used, now = weyl_seconds();
    WEYL_TRY(bench_samples_add(ctx, into, now - wall, took));
    if (now >= end) return WEYL_OK;
  }
}

void *bench_random_numbers(weyl_context *ctx, weyl_rng *rng, weyl_dtype real, size_t n) {
  void *x = weyl_alloc(ctx, n, weyl_dtype_size(real));
  for (size_t i = 0; x && i < n; i++) {
    const double value = 2 * weyl_rng_uniform(rng) - 1;
    if (real == WEYL_F64)
      ((double *)x)[i] = value;
    else
      ((float *)x)[i] = (float)value;
  }
  return x;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *x, size_t n) {
  qsort(x, n, sizeof *x, by_size);
  return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

bench_times bench_times_of(const bench_samples *s) {
  bench_times t = {.steps = (int64_t)s->n};
  if (s->n == 0) return t;
  t.wall = median(s->wall, s->n);
  t.cpu = median(s->cpu, s->n);
  t.best_wall = s->wall[0];
  t.best_cpu = s->cpu[0];
  return t;
}

/* Linux numbers the CPU clock of a thread by the complement of its number, shifted by three bits of kind. */
static bool thread_seconds(int id, double *out) {
#ifdef __linux__
  struct timespec t;
  if (clock_gettime((clockid_t)((~(unsigned)id << 3) | 6u), &t) != 0) return false;
  *out = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
  return true;
#else
  (void)id;
  (void)out;
  return false;
#endif
}

void bench_threads_now(bench_threads *out) {
  out->n = 0;
  DIR *const folder = opendir("/proc/self/task");
  if (!folder) return;
  for (const struct dirent *entry; out->n < BENCH_THREADS_MAX && (entry = readdir(folder)) != NULL;) {
    const int id = (int)strtol(entry->d_name, NULL, 10);
    if (id > 0 && thread_seconds(id, &out->cpu[out->n])) out->id[out->n++] = id;
  }
  closedir(folder);
}

double bench_threads_busiest(const bench_threads *before, const bench_threads *after) {
  double most = 0;
  for (int i = 0; i < after->n; i++) {
    double used = after->cpu[i];
    for (int k = 0; k < before->n; k++)
      if (before->id[k] == after->id[i]) used -= before->cpu[k];
    if (used > most) most = used;
  }
  return before->n > 0 ? most : 0;
}
