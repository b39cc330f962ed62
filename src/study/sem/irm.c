/* The eight synthetic problems of invariant risk minimisation (Arjovsky et al. 2019, 5.1): x -> y -> z, five numbers
 * each, and the sum of y to predict from x and z.  Fully or partially observed (a hidden h acts on all three), the
 * noise of z or of y changing with the environment, features as they are or turned by a random rotation. */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

enum { N = 5, ROOM = 1 << 15 };

typedef struct writer {
  char *text;
  size_t used;
} writer;

static void put(writer *w, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  w->used += (size_t)vsnprintf(w->text + w->used, ROOM - w->used, fmt, args);
  va_end(args);
}

/* + sum over j of weight[j][column] NAMEj */
static void terms(writer *w, const double *weight, size_t column, char name) {
  for (size_t j = 0; j < N; j++) put(w, "%+.17g %c%zu ", weight[j * N + column], name, j + 1);
}

static void environment(writer *w, const char *kind, double e, bool hidden, bool of_y) {
  const char *between = ":";
  put(w, "%s s%g", kind, e);
  for (size_t j = 0; j < N; j++) {
    if (hidden) put(w, "%s h%zu variance %.17g", between, j + 1, e * e);
    between = hidden ? ";" : between;
    put(w, "%s x%zu variance %.17g", between, j + 1, e * e);
    between = ";";
    if (!of_y)
      put(w, "; z%zu variance %.17g", j + 1, e * e);
    else if (j + 1 < N)
      put(w, "; y%zu variance %.17g", j + 1, e * e);
    else
      put(w, "; Y variance %.17g", e * e);
  }
  put(w, "\n");
}

/* The first columns of a random orthogonal matrix, by Gram and Schmidt twice. */
static void rotation(weyl_rng *rng, size_t n, double *q) {
  for (size_t i = 0; i < n; i++) {
    double *row = q + i * n;
    for (size_t j = 0; j < n; j++) row[j] = weyl_rng_normal(rng);
    for (int twice = 0; twice < 2; twice++) {
      for (size_t k = 0; k < i; k++) {
        const double along = dot(n, row, q + k * n);
        for (size_t j = 0; j < n; j++) row[j] -= along * q[k * n + j];
      }
      const double length = sqrt(dot(n, row, row));
      for (size_t j = 0; j < n; j++) row[j] /= length;
    }
  }
}

weyl_status sem_irm_variant(weyl_context *ctx, const char *name, uint64_t seed, weyl_sem **out) {
  const char *letters = strrchr(name, '-') + 1;
  const bool hidden = letters[0] == 'p', of_y = letters[1] == 'e', scrambled = letters[2] == 's';
  double hx[N * N], hy[N * N], hz[N * N], q[4 * N * N] = {0};
  weyl_rng rng = weyl_rng_new(seed, "irm variants");
  for (size_t i = 0; i < N * N; i++) hx[i] = weyl_rng_normal(&rng) / N;
  for (size_t i = 0; i < N * N; i++) hy[i] = weyl_rng_normal(&rng) / N;
  for (size_t i = 0; i < N * N; i++) hz[i] = weyl_rng_normal(&rng) / N;
  for (size_t i = 0; i < 2 * N; i++) q[i * 2 * N + i] = 1;
  if (scrambled) rotation(&rng, 2 * N, q);
  writer w = {.text = weyl_alloc(ctx, ROOM, 1)};
  if (!w.text) return WEYL_MEMORY;
  for (size_t i = 0; i < N && hidden; i++) put(&w, "h%zu = N(0, 1)\n", i + 1);
  for (size_t i = 0; i < N; i++) {
    put(&w, "x%zu = ", i + 1);
    if (hidden) terms(&w, hx, i, 'h');
    put(&w, "%s N(0, 1)\n", hidden ? "+" : "");
  }
  /* the last of y is what the others leave of their sum Y: no node without noise */
  for (size_t i = 0; i < N; i++) {
    if (i + 1 < N) put(&w, "y%zu = ", i + 1);
    if (i + 1 == N) put(&w, "Y = y1 + y2 + y3 + y4 + ");
    put(&w, "x%zu ", i + 1);
    if (hidden) terms(&w, hy, i, 'h');
    put(&w, "+ N(0, 1)\n");
  }
  for (size_t i = 0; i < N; i++) {
    put(&w, i + 1 < N ? "z%zu = y%zu " : "z%zu = Y - y1 - y2 - y3 - y4 ", i + 1, i + 1);
    if (hidden) terms(&w, hz, i, 'h');
    put(&w, "+ N(0, 1)\n");
  }
  put(&w, "target Y\n");
  for (size_t i = 0; i < 2 * N; i++) {
    put(&w, "observe %c%zu =", scrambled ? 'W' : i < N ? 'X' : 'Z', scrambled || i < N ? i + 1 : i + 1 - N);
    /* z5 holds Y through its own node, so mixtures are of nodes other than the target */
    for (size_t j = 0; j < 2 * N; j++)
      if (q[i * 2 * N + j] != 0)
        put(&w, " %+.17g %c%zu", q[i * 2 * N + j], j < N ? 'x' : 'z', j < N ? j + 1 : j + 1 - N);
    put(&w, "\n");
  }
  static const double sizes[] = {0.2, 2, 5};
  for (size_t e = 0; e < 3; e++) environment(&w, "environment", sizes[e], hidden, of_y);
  environment(&w, "unseen", 10, hidden, of_y);
  const weyl_status status = weyl_sem_parse(ctx, w.text, w.used, name, out);
  weyl_dealloc(ctx, w.text);
  return status;
}
