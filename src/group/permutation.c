/* S(n): permutations of the points, [pi (n)], point i moves to place pi(i). */
#include "family.h"

#include <math.h>
#include <string.h>

#define POINTS_MAX 1000000000

static void about(int64_t n, weyl_group_info *info) {
  info->permutations = true;
  info->compact = true;
  info->generators = 2;
  if (n == 0 || n > 20) return; /* 21! is beyond int64_t: told as 0 */
  info->order = 1;
  for (int64_t i = 2; i <= n; i++) info->order *= i;
}

static size_t length(int64_t n) { return (size_t)n; }

static void identity(int64_t n, double *g) {
  for (int64_t i = 0; i < n; i++) g[i] = (double)i;
}

weyl_status permutation_check(weyl_context *ctx, int64_t n, const double *pi) {
  for (int64_t i = 0; i < n; i++) {
    if (!(pi[i] >= 0 && pi[i] < (double)n && pi[i] == floor(pi[i]))) {
      return weyl_fail(ctx, WEYL_BAD_ARG, "point %lld of the permutation goes to %g, must be a whole number 0 to %lld",
                       (long long)i, pi[i], (long long)n - 1);
    }
  }
  return WEYL_OK;
}

/* (a b)(i) = a(b(i)) */
static weyl_status compose(weyl_context *ctx, int64_t n, const double *a, const double *b, double *c) {
  WEYL_TRY(permutation_check(ctx, n, a));
  WEYL_TRY(permutation_check(ctx, n, b));
  double *copy = NULL;
  if (c == a && n > 0) { /* a(b(i)) may be behind us; b(i) itself never is */
    copy = weyl_alloc(ctx, (size_t)n, sizeof *copy);
    if (!copy) return WEYL_MEMORY;
    memcpy(copy, a, (size_t)n * sizeof *copy);
    a = copy;
  }
  for (int64_t i = 0; i < n; i++) c[i] = a[(int64_t)b[i]];
  weyl_dealloc(ctx, copy);
  return WEYL_OK;
}

static weyl_status inverse(weyl_context *ctx, int64_t n, const double *a, double *b) {
  WEYL_TRY(permutation_check(ctx, n, a));
  double *out = weyl_alloc(ctx, (size_t)(n > 0 ? n : 1), sizeof *out);
  if (!out) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) out[i] = -1;
  for (int64_t i = 0; i < n; i++) out[(int64_t)a[i]] = (double)i;
  weyl_status status = WEYL_OK;
  for (int64_t i = 0; i < n && status == WEYL_OK; i++) {
    if (out[i] < 0)
      status = weyl_fail(ctx, WEYL_BAD_ARG, "no point goes to place %lld: not a permutation", (long long)i);
  }
  if (status == WEYL_OK) memcpy(b, out, (size_t)n * sizeof *b);
  weyl_dealloc(ctx, out);
  return status;
}

/* Fisher-Yates */
static void sample(int64_t n, double scale, weyl_rng *rng, double *g) {
  (void)scale;
  identity(n, g);
  for (int64_t i = n - 1; i > 0; i--) {
    const int64_t j = (int64_t)weyl_rng_below(rng, (uint64_t)i + 1);
    const double swap = g[i];
    g[i] = g[j];
    g[j] = swap;
  }
}

static void generator(int64_t n, int k, double *g) {
  identity(n, g);
  if (n < 2) return;
  if (k == 0) {
    g[0] = 1;
    g[1] = 0;
  } else {
    for (int64_t i = 0; i < n; i++) g[i] = (double)((i + 1) % n);
  }
}

static bool contains(int64_t n, const double *g, double tol) {
  (void)tol;
  if (permutation_check(NULL, n, g) != WEYL_OK) return false;
  uint64_t *seen = weyl_alloc(NULL, (size_t)n / 64 + 1, sizeof *seen);
  if (!seen) return false;
  bool all = true;
  for (int64_t i = 0; i < n && all; i++) {
    const uint64_t v = (uint64_t)g[i], bit = (uint64_t)1 << (v % 64);
    all = !(seen[v / 64] & bit);
    seen[v / 64] |= bit;
  }
  weyl_dealloc(NULL, seen);
  return all;
}

const group_family group_s = {.name = "S",
                              .argument = ARGUMENT_POINTS,
                              .low = 1,
                              .high = POINTS_MAX,
                              .about = about,
                              .length = length,
                              .identity = identity,
                              .compose = compose,
                              .inverse = inverse,
                              .sample = sample,
                              .generator = generator,
                              .contains = contains};
