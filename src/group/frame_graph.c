/* Frames of graphs for S(n): vertices sorted by the norms of their rows in the eigenspaces of the Laplacian, equation
 * (4) of Puny et al.; everything in double and compared by clusters, since rounding values or comparing them exactly
 * breaks equivariance (sheet 3.3). */
#include "family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the criterion differ by rounding over the gap of the eigenvalues (above 1e-8 n): 1e-6 bridges it. */
static const double row_tolerance = 1e-6;

static weyl_status check(weyl_context *ctx, int64_t n, const double *a) {
  if (n < 1 || n > 20000)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a graph of %lld vertices, must be 1 to 20000", (long long)n);
  double most = 0;
  for (int64_t i = 0; i < n * n; i++) {
    if (!isfinite(a[i])) {
      return weyl_fail(ctx, WEYL_NUMERIC, "the adjacency of %lld and %lld is %g, must be finite", (long long)(i / n),
                       (long long)(i % n), a[i]);
    }
    most = fmax(most, fabs(a[i]));
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      if (fabs(a[i * n + j] - a[j * n + i]) > 1e-12 * most) {
        return weyl_fail(ctx, WEYL_BAD_ARG, "the adjacency is not symmetric: %g from %lld to %lld, %g back",
                         a[i * n + j], (long long)i, (long long)j, a[j * n + i]);
      }
    }
  }
  return WEYL_OK;
}

typedef struct keyed {
  double value;
  int64_t vertex;
} keyed;

static int by_value(const void *x, const void *y) {
  const double a = ((const keyed *)x)->value, b = ((const keyed *)y)->value;
  return (a > b) - (a < b);
}

/* rank[i] = number of gaps wider than tol below value[i]. */
static void rank_by_gaps(int64_t n, const double *value, int64_t stride, double tol, keyed *sorted, int64_t *rank,
                         int64_t rank_stride) {
  for (int64_t i = 0; i < n; i++) sorted[i] = (keyed){value[i * stride], i};
  qsort(sorted, (size_t)n, sizeof *sorted, by_value);
  int64_t r = 0;
  for (int64_t k = 0; k < n; k++) {
    if (k > 0 && sorted[k].value - sorted[k - 1].value > tol) r++;
    rank[sorted[k].vertex * rank_stride] = r;
  }
}

/* A vertex's row of ranks, then the vertex itself, so that tied vertices stand in ascending order. */
typedef struct ranked {
  const int64_t *key;
  int64_t keys, vertex;
} ranked;

static int by_keys(const void *x, const void *y) {
  const ranked *a = x, *b = y;
  for (int64_t k = 0; k < a->keys; k++) {
    if (a->key[k] != b->key[k]) return a->key[k] < b->key[k] ? -1 : 1;
  }
  return (a->vertex > b->vertex) - (a->vertex < b->vertex);
}

static weyl_status criterion(weyl_context *ctx, weyl_arena *arena, int64_t n, const double *a, double *degree,
                             weyl_graph_frame *out) {
  double *l = weyl_arena_array(arena, double, n *n), *u = weyl_arena_array(arena, double, n *n);
  double *lambda = weyl_arena_array(arena, double, n);
  if (!l || !u || !lambda) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) {
    degree[i] = 0;
    for (int64_t j = 0; j < n; j++) {
      if (j == i) continue; /* a loop cancels in L = D - A */
      degree[i] += a[i * n + j];
      l[i * n + j] = -a[i * n + j];
    }
    l[i * n + i] = degree[i];
  }
  WEYL_TRY(weyl_eigh(ctx, (size_t)n, l, lambda, u));

  const double tol = 1e-8 * fmax(1, fmax(fabs(lambda[0]), fabs(lambda[n - 1]))) * (double)n;
  out->distinct_eigenvalues = 1;
  for (int64_t k = 1; k < n; k++) out->distinct_eigenvalues += lambda[k] - lambda[k - 1] > tol;
  const int64_t m = out->distinct_eigenvalues;
  out->criterion = weyl_arena_array(arena, double, n *m);
  if (!out->criterion) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) {
    int64_t space = 0;
    for (int64_t k = 0; k < n; k++) {
      if (k > 0 && lambda[k] - lambda[k - 1] > tol) space++;
      out->criterion[i * m + space] += u[i * n + k] * u[i * n + k];
    }
    for (int64_t s = 0; s < m; s++) out->criterion[i * m + s] = sqrt(out->criterion[i * m + s]);
  }
  return WEYL_OK;
}

weyl_status weyl_frame_of_graph(weyl_context *ctx, weyl_arena *arena, int64_t n, const double *a, const int64_t *labels,
                                weyl_graph_frame *out) {
  WEYL_TRY(check(ctx, n, a));
  weyl_graph_frame frame = {.n = n};
  frame.order = weyl_arena_array(arena, int64_t, n);
  frame.tie = weyl_arena_array(arena, int64_t, n);
  double *degree = weyl_arena_array(arena, double, n);
  if (!frame.order || !frame.tie || !degree) return WEYL_MEMORY;
  WEYL_TRY(criterion(ctx, arena, n, a, degree, &frame));

  const int64_t m = frame.distinct_eigenvalues, keys = m + (labels ? 2 : 0);
  int64_t *key = weyl_arena_array(arena, int64_t, n * keys);
  keyed *sorted = weyl_arena_array(arena, keyed, n);
  ranked *row = weyl_arena_array(arena, ranked, n);
  if (!key || !sorted || !row) return WEYL_MEMORY;
  for (int64_t k = 0; k < m; k++) rank_by_gaps(n, frame.criterion + k, m, row_tolerance, sorted, key + k, keys);
  if (labels) {
    double most = 1;
    for (int64_t i = 0; i < n; i++) {
      key[i * keys + m] = labels[i];
      most = fmax(most, fabs(degree[i]));
    }
    rank_by_gaps(n, degree, 1, 1e-9 * most, sorted, key + m + 1, keys);
  }
  for (int64_t i = 0; i < n; i++) row[i] = (ranked){key + i * keys, keys, i};
  qsort(row, (size_t)n, sizeof *row, by_keys);

  int64_t size = 0;
  for (int64_t k = 0; k < n; k++) {
    frame.order[k] = row[k].vertex;
    const bool tied = k > 0 && memcmp(row[k].key, row[k - 1].key, (size_t)keys * sizeof *key) == 0;
    frame.tie[k] = k == 0 ? 0 : frame.tie[k - 1] + !tied;
    size = tied ? size + 1 : 1;
    frame.log10_size += log10((double)size); /* adds up to log10 of size! */
  }
  *out = frame;
  return WEYL_OK;
}

void weyl_graph_frame_sample(const weyl_graph_frame *frame, weyl_rng *rng, int64_t *order) {
  memcpy(order, frame->order, (size_t)frame->n * sizeof *order);
  for (int64_t first = 0, end; first < frame->n; first = end) {
    for (end = first + 1; end < frame->n && frame->tie[end] == frame->tie[first];) end++;
    weyl_rng_shuffle(rng, order + first, (size_t)(end - first));
  }
}

static void swap(int64_t *a, int64_t *b) {
  const int64_t keep = *a;
  *a = *b;
  *b = keep;
}

/* The next arrangement in lexicographic order; false, and back at the first, after the last. */
static bool next_arrangement(int64_t n, int64_t *a) {
  int64_t i = n - 1;
  while (i > 0 && a[i - 1] >= a[i]) i--;
  for (int64_t low = i, high = n - 1; low < high; low++, high--) swap(a + low, a + high);
  if (i == 0) return false;
  int64_t j = i;
  while (a[j] <= a[i - 1]) j++;
  swap(a + i - 1, a + j);
  return true;
}

/* An odometer: the first tie group turns fastest, and hands on when it is back at its start. */
bool weyl_graph_frame_next(const weyl_graph_frame *frame, uint64_t *state, int64_t *order) {
  for (int64_t first = 0, end; first < frame->n; first = end) {
    for (end = first + 1; end < frame->n && frame->tie[end] == frame->tie[first];) end++;
    if (next_arrangement(end - first, order + first)) {
      ++*state;
      return true;
    }
  }
  return false;
}
