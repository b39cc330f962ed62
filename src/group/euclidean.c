/* E(d), SE(d), O(d), SO(d) and the translations T(d): five rows that differ in what they contain. */
#include "family.h"

#include <math.h>
#include <string.h>

static int planes(int64_t d) { return (int)(d * (d - 1) / 2); }

static void about(int64_t d, bool turns, bool reflects, bool moves, weyl_group_info *info) {
  info->space = (int)d;
  info->lie_dimension = (turns ? planes(d) : 0) + (moves ? (int)d : 0);
  info->generators = reflects ? 1 : 0;
  info->rotations = turns && d > 1;
  info->reflections = reflects;
  info->translations = moves;
  info->compact = !moves;
  info->order = d == 1 && !moves ? (reflects ? 2 : 1) : 0;
}

static size_t length(int64_t d) { return affine_length((int)d); }
static void identity(int64_t d, double *g) { affine_identity((int)d, g); }

static weyl_status compose(weyl_context *ctx, int64_t d, const double *a, const double *b, double *c) {
  (void)ctx;
  affine_compose((int)d, a, b, c);
  return WEYL_OK;
}

static weyl_status inverse(weyl_context *ctx, int64_t d, const double *a, double *b) {
  (void)ctx;
  affine_inverse((int)d, a, b);
  return WEYL_OK;
}

static void sample(int64_t d, bool turns, bool special, bool moves, double scale, weyl_rng *rng, double *g) {
  affine_identity((int)d, g);
  if (turns) haar_orthogonal((int)d, special, rng, g);
  if (!moves) return;
  for (int64_t i = 0; i < d; i++) g[d * d + i] = scale * weyl_rng_normal(rng);
}

/* The reflection of the last coordinate. */
static void generator(int64_t d, int k, double *g) {
  (void)k;
  affine_identity((int)d, g);
  g[d * d - 1] = -1;
}

static bool contains(int64_t d, const double *g, bool turns, bool special, bool moves, double tol) {
  if (!(affine_orthogonality((int)d, g) <= tol)) return false;
  for (int64_t i = 0; i < d; i++) {
    if (!isfinite(g[d * d + i])) return false;
  }
  if (!turns) {
    for (int64_t i = 0; i < d * d; i++) {
      if (fabs(g[i] - (i % (d + 1) == 0 ? 1 : 0)) > tol) return false;
    }
  }
  if (special && weyl_det((size_t)d, g) < 0) return false;
  return moves || affine_is_linear((int)d, g, tol);
}

/* Which plane i < j is the k-th. */
static void plane(int64_t d, int k, int *i, int *j) {
  *i = 0;
  for (int row = (int)d - 1; k >= row; row--) {
    k -= row;
    ++*i;
  }
  *j = *i + 1 + k;
}

static void basis(int64_t d, int k, bool turns, double *m) {
  const int64_t h = d + 1;
  const int turning = turns ? planes(d) : 0;
  memset(m, 0, (size_t)(h * h) * sizeof *m);
  if (k < turning) {
    int i, j;
    plane(d, k, &i, &j);
    m[i * h + j] = -1;
    m[j * h + i] = 1;
  } else {
    m[(k - turning) * h + d] = 1;
  }
}

static void exponential(int64_t d, const double *c, bool turns, bool moves, double *g) {
  double a[SPACE_MAX * SPACE_MAX] = {0}, v[SPACE_MAX * SPACE_MAX];
  const int turning = turns ? planes(d) : 0;
  for (int k = 0; k < turning; k++) {
    int i, j;
    plane(d, k, &i, &j);
    a[i * d + j] = -c[k];
    a[j * d + i] = c[k];
  }
  affine_identity((int)d, g);
  skew_exp((int)d, a, g, v);
  if (!moves) return;
  for (int64_t i = 0; i < d; i++) {
    double t = 0;
    for (int64_t j = 0; j < d; j++) t += v[i * d + j] * c[turning + j];
    g[d * d + i] = t;
  }
}

static weyl_status logarithm(weyl_context *ctx, int64_t d, const double *g, bool turns, bool moves, double *c) {
  double a[SPACE_MAX * SPACE_MAX] = {0}, e[SPACE_MAX * SPACE_MAX], v[SPACE_MAX * SPACE_MAX], b[SPACE_MAX];
  const double off = affine_orthogonality((int)d, g);
  if (!(off < 1e-6)) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "logarithm: the matrix is off an orthogonal one by %g, must be below 1e-6",
                     off);
  }
  if (turns) {
    if (weyl_det((size_t)d, g) < 0) {
      return weyl_fail(ctx, WEYL_DEGENERATE,
                       "a reflection (determinant -1) has no logarithm, it is off the identity component");
    }
    WEYL_TRY(rotation_log(ctx, (int)d, g, a));
  }
  const int turning = turns ? planes(d) : 0;
  if (moves) { /* t = V(A) b, and V is regular for a principal A */
    skew_exp((int)d, a, e, v);
    WEYL_TRY(weyl_solve(ctx, (size_t)d, 1, v, g + d * d, b));
    memcpy(c + turning, b, (size_t)d * sizeof *c);
  }
  for (int k = 0; k < turning; k++) {
    int i, j;
    plane(d, k, &i, &j);
    c[k] = a[j * d + i];
  }
  return WEYL_OK;
}

/* One row: its letters, does it turn, reflect, move. */
#define EUCLIDEAN(id, letters, turns, reflects, moves)                                                 \
  static void id##_about(int64_t d, weyl_group_info *info) { about(d, turns, reflects, moves, info); } \
  static void id##_sample(int64_t d, double scale, weyl_rng *rng, double *g) {                         \
    sample(d, turns, !reflects, moves, scale, rng, g);                                                 \
  }                                                                                                    \
  static bool id##_contains(int64_t d, const double *g, double tol) {                                  \
    return contains(d, g, turns, !reflects, moves, tol);                                               \
  }                                                                                                    \
  static void id##_basis(int64_t d, int k, double *m) { basis(d, k, turns, m); }                       \
  static void id##_exp(int64_t d, const double *c, double *g) { exponential(d, c, turns, moves, g); }  \
  static weyl_status id##_log(weyl_context *ctx, int64_t d, const double *g, double *c) {              \
    return logarithm(ctx, d, g, turns, moves, c);                                                      \
  }                                                                                                    \
  const group_family group_##id = {.name = letters,                                                    \
                                   .argument = ARGUMENT_DIMENSION,                                     \
                                   .low = 1,                                                           \
                                   .high = SPACE_MAX,                                                  \
                                   .full_orthogonal = turns,                                           \
                                   .about = id##_about,                                                \
                                   .length = length,                                                   \
                                   .identity = identity,                                               \
                                   .compose = compose,                                                 \
                                   .inverse = inverse,                                                 \
                                   .sample = id##_sample,                                              \
                                   .generator = generator,                                             \
                                   .contains = id##_contains,                                          \
                                   .basis = id##_basis,                                                \
                                   .exp = id##_exp,                                                    \
                                   .log = id##_log}

EUCLIDEAN(e, "E", true, true, true);
EUCLIDEAN(se, "SE", true, false, true);
EUCLIDEAN(o, "O", true, true, false);
EUCLIDEAN(so, "SO", true, false, false);
EUCLIDEAN(t, "T", false, false, true);
