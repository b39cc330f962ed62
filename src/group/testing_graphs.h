/* Graphs for the tests: named ones, relabelling, graph6, and the shared data where they are present. */
#ifndef WEYL_GROUP_TESTING_GRAPHS_H
#define WEYL_GROUP_TESTING_GRAPHS_H

#include "testing.h"

#include <stdio.h>

/* `file` of the graphs folder of the data, or "" with a message when it is not there. */
static UNUSED const char *graph_data(const char *file, char path[512]) {
  const char *data = getenv("WEYL_DATA");
  if (data) {
    snprintf(path, 512, "%s/graphs/%s", data, file);
  } else {
    snprintf(path, 512, "%s/../shared/data/graphs/%s", WEYL_SOURCE_DIR, file);
  }
  if (weyl_file_exists(path)) return path;
  print_message("  SKIPPED: %s is not there (set WEYL_DATA)\n", file);
  return "";
}

static UNUSED void join(uint8_t *a, int64_t n, int64_t i, int64_t j) {
  i = (i % n + n) % n;
  j = (j % n + n) % n;
  a[i * n + j] = a[j * n + i] = 1;
}

/* b = a with vertex i moved to place pi[i]. */
static UNUSED void relabel(int64_t n, const uint8_t *a, const int64_t *pi, uint8_t *b) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) b[pi[i] * n + pi[j]] = a[i * n + j];
  }
}

static UNUSED void random_permutation(weyl_rng *rng, int64_t n, int64_t *pi) {
  for (int64_t i = 0; i < n; i++) pi[i] = i;
  weyl_rng_shuffle(rng, pi, (size_t)n);
}

/* One line of graph6 with up to 62 vertices; returns n, 0 at the end of the file. */
static UNUSED int64_t read_graph6(FILE *file, uint8_t *a, int64_t most) {
  char line[1024];
  if (!fgets(line, sizeof line, file)) return 0;
  const int64_t n = line[0] - 63;
  assert_true(n >= 1 && n <= most);
  memset(a, 0, (size_t)(n * n));
  int64_t bit = 0;
  for (int64_t j = 1; j < n; j++) {
    for (int64_t i = 0; i < j; i++, bit++) {
      if ((line[1 + bit / 6] - 63) >> (5 - bit % 6) & 1) join(a, n, i, j);
    }
  }
  return n;
}

static UNUSED void petersen(uint8_t *a) { /* 10 vertices */
  memset(a, 0, 100);
  for (int i = 0; i < 5; i++) {
    join(a, 10, i, (i + 1) % 5);
    join(a, 10, i, i + 5);
    a[(5 + i) * 10 + 5 + (i + 2) % 5] = a[(5 + (i + 2) % 5) * 10 + 5 + i] = 1;
  }
}

/* The two strongly regular graphs (16, 6, 2, 2). */
static UNUSED void rook(uint8_t *a) {
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 16; j++) a[16 * i + j] = i != j && (i / 4 == j / 4 || i % 4 == j % 4);
  }
}
static UNUSED void shrikhande(uint8_t *a) {
  for (int i = 0; i < 16; i++) {
    for (int j = 0; j < 16; j++) {
      const int x = (i / 4 - j / 4 + 4) % 4, y = (i % 4 - j % 4 + 4) % 4;
      a[16 * i + j] = (x == 0 && y % 2) || (y == 0 && x % 2) || (x == y && x % 2);
    }
  }
}

#endif
