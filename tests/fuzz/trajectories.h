/* What the fuzz targets of the trajectory formats share. */
#ifndef WEYL_TESTS_FUZZ_TRAJECTORIES_H
#define WEYL_TESTS_FUZZ_TRAJECTORIES_H

#include <weyl/data.h>

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* An empty file in memory, and the path by which it can be opened. */
static inline int fuzz_file(char path[64]) {
  const int fd = memfd_create("fuzz", 0);
  FUZZ_CHECK(fd >= 0);
  snprintf(path, 64, "/proc/self/fd/%d", fd);
  return fd;
}

static inline double fuzz_sum(const double *values, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; values && i < n; i++) sum += values[i];
  return sum;
}

/* Reads by one format, and every number of what comes out. */
static inline void fuzz_read(const char *format, const char *path) {
  weyl_context *ctx = fuzz_context();
  const weyl_format_def *def = NULL;
  for (const weyl_format_def *const *f = weyl_formats(); *f; f++)
    if (strcmp((*f)->name, format) == 0) def = *f;
  FUZZ_CHECK(def);
  weyl_trajectories in = {0};
  const weyl_status status = def->read(ctx, path, &in);
  if (status == WEYL_OK) {
    FUZZ_CHECK(in.count > 0);
    volatile double sum = 0;
    for (int64_t i = 0; i < in.count; i++) {
      const weyl_trajectory *t = &in.item[i];
      FUZZ_CHECK(t->frames > 0 && t->points > 0 && t->d > 0 && t->d <= 16 && t->position);
      const int64_t n = t->frames * t->points * t->d;
      sum = sum + fuzz_sum(t->position, n) + fuzz_sum(t->velocity, n) + fuzz_sum(t->force, n);
      sum = sum + fuzz_sum(t->energy, t->frames) + fuzz_sum(t->charge, t->points) + fuzz_sum(t->cell, 9);
      for (int64_t p = 0; t->type && p < t->points; p++) sum = sum + t->type[p];
    }
  } else {
    FUZZ_CHECK(in.arena == NULL);
    fuzz_refused(ctx, status);
  }
  weyl_trajectories_free(&in);
  fuzz_context_free(ctx);
}

#endif
