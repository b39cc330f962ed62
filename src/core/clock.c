#include <weyl/core.h>

#include <sys/resource.h>
#include <time.h>

static double read_clock(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double weyl_seconds(void) { return read_clock(CLOCK_MONOTONIC); }

double weyl_cpu_seconds(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

double weyl_thread_cpu_seconds(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

size_t weyl_peak_rss(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (size_t)usage.ru_maxrss * 1024; /* Linux counts KiB */
}
