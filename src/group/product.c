/* Groups as the public sees them: a part of space, then a part of permutations, each acting by itself. */
#include "family.h"

#include <string.h>

enum { LIE_ROOM = (SPACE_MAX + 1) * (SPACE_MAX + 1) }; /* a homogeneous matrix */

static size_t space_length(const weyl_group *group) {
  return group->space ? group->space->length(group->space_size) : 0;
}

weyl_status group_check_points(weyl_context *ctx, const weyl_group *group, int64_t n) {
  if (n < 0) return weyl_fail(ctx, WEYL_BAD_ARG, "%s on %lld points, must be 0 or more", group->name, (long long)n);
  if (group->permutation_size > 0 && n != group->permutation_size) {
    return weyl_fail(ctx, WEYL_SHAPE, "%s acts on %lld points, not on %lld", group->name,
                     (long long)group->permutation_size, (long long)n);
  }
  return WEYL_OK;
}

size_t weyl_group_element_size(const weyl_group *group, int64_t n) {
  return space_length(group) + (group->permutation ? group->permutation->length(n) : 0);
}

void weyl_group_identity(const weyl_group *group, int64_t n, double *g) {
  if (group->space) group->space->identity(group->space_size, g);
  if (group->permutation) group->permutation->identity(n, g + space_length(group));
}

weyl_status weyl_group_compose(weyl_context *ctx, const weyl_group *group, int64_t n, const double *a, const double *b,
                               double *c) {
  WEYL_TRY(group_check_points(ctx, group, n));
  const size_t at = space_length(group);
  /* The permutations first: they may be refused, and then nothing is written. */
  if (group->permutation) WEYL_TRY(group->permutation->compose(ctx, n, a + at, b + at, c + at));
  if (group->space) WEYL_TRY(group->space->compose(ctx, group->space_size, a, b, c));
  return WEYL_OK;
}

weyl_status weyl_group_inverse(weyl_context *ctx, const weyl_group *group, int64_t n, const double *a, double *b) {
  WEYL_TRY(group_check_points(ctx, group, n));
  const size_t at = space_length(group);
  if (group->permutation) WEYL_TRY(group->permutation->inverse(ctx, n, a + at, b + at));
  if (group->space) WEYL_TRY(group->space->inverse(ctx, group->space_size, a, b));
  return WEYL_OK;
}

weyl_status weyl_group_sample(weyl_context *ctx, const weyl_group *group, int64_t n, double scale, weyl_rng *rng,
                              double *g) {
  WEYL_TRY(group_check_points(ctx, group, n));
  if (group->info.translations && !(scale >= 0 && scale < 1e300)) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "the scale of translations is %g, must be 0 or more and finite", scale);
  }
  if (group->space) group->space->sample(group->space_size, scale, rng, g);
  if (group->permutation) group->permutation->sample(n, scale, rng, g + space_length(group));
  return WEYL_OK;
}

weyl_status weyl_group_basis(weyl_context *ctx, const weyl_group *group, int k, double *basis) {
  if (k < 0 || k >= group->info.lie_dimension) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "basis element %d of %s, which has %d", k, group->name,
                     group->info.lie_dimension);
  }
  if (!group->space->basis)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "the Lie algebra of %s is none of matrices: its brackets are those of functions", group->name);
  group->space->basis(group->space_size, k, basis);
  return WEYL_OK;
}

/* The element of the Lie algebra with coordinates c. */
static void algebra_element(const weyl_group *group, const double *c, double *m) {
  const int h = group->info.space + 1, size = h * h;
  double basis[LIE_ROOM];
  memset(m, 0, (size_t)size * sizeof *m);
  for (int k = 0; k < group->info.lie_dimension; k++) {
    group->space->basis(group->space_size, k, basis);
    for (int i = 0; i < size; i++) m[i] += c[k] * basis[i];
  }
}

weyl_status weyl_group_bracket(weyl_context *ctx, const weyl_group *group, const double *a, const double *b,
                               double *c) {
  const int dim = group->info.lie_dimension, h = group->info.space + 1;
  if (dim == 0) return weyl_fail(ctx, WEYL_BAD_ARG, "%s is discrete: it has no Lie algebra", group->name);
  if (group->space->bracket) {
    group->space->bracket(group->space_size, a, b, c);
    return WEYL_OK;
  }
  double x[LIE_ROOM], y[LIE_ROOM], z[LIE_ROOM], basis[LIE_ROOM];
  algebra_element(group, a, x);
  algebra_element(group, b, y);
  for (int i = 0; i < h; i++)
    for (int j = 0; j < h; j++) {
      double sum = 0;
      for (int k = 0; k < h; k++) sum += x[i * h + k] * y[k * h + j] - y[i * h + k] * x[k * h + j];
      z[i * h + j] = sum;
    }
  for (int k = 0; k < dim; k++) { /* the basis is orthogonal */
    double along = 0, norm = 0;
    group->space->basis(group->space_size, k, basis);
    for (int i = 0; i < h * h; i++) {
      along += z[i] * basis[i];
      norm += basis[i] * basis[i];
    }
    c[k] = along / norm;
  }
  return WEYL_OK;
}

weyl_status weyl_group_exp(weyl_context *ctx, const weyl_group *group, int64_t n, const double *c, double *g) {
  WEYL_TRY(group_check_points(ctx, group, n));
  for (int k = 0; k < group->info.lie_dimension; k++) {
    if (!(c[k] > -1e12 && c[k] < 1e12)) { /* beyond, an angle has no digits left */
      return weyl_fail(ctx, WEYL_NUMERIC, "coordinate %d of the exponential is %g, must be below 1e12", k, c[k]);
    }
  }
  weyl_group_identity(group, n, g);
  if (group->space && group->space->exp) group->space->exp(group->space_size, c, g);
  if (group->info.grid > 0 && !group->space->contains(group->space_size, g, 1e-6))
    return weyl_fail(ctx, WEYL_NUMERIC, "the exponential is not resolved on %d points: smaller coordinates are",
                     group->info.grid);
  return WEYL_OK;
}

weyl_status weyl_group_log(weyl_context *ctx, const weyl_group *group, int64_t n, const double *g, double *c) {
  WEYL_TRY(group_check_points(ctx, group, n));
  const double *pi = g + space_length(group);
  if (group->permutation) {
    for (int64_t i = 0; i < n; i++) {
      if (pi[i] != (double)i) {
        return weyl_fail(ctx, WEYL_DEGENERATE, "point %lld is permuted to %g: off the identity component, no logarithm",
                         (long long)i, pi[i]);
      }
    }
  }
  if (!group->space) return WEYL_OK;
  if (group->info.grid > 0)
    return weyl_fail(ctx, WEYL_DEGENERATE, "%s has no logarithm: its exponential is not onto", group->name);
  if (group->space->log) return group->space->log(ctx, group->space_size, g, c);
  double one[SPACE_MAX * SPACE_MAX + SPACE_MAX];
  group->space->identity(group->space_size, one);
  for (size_t i = 0; i < space_length(group); i++) {
    if (!(g[i] - one[i] < 1e-6 && one[i] - g[i] < 1e-6)) {
      return weyl_fail(ctx, WEYL_DEGENERATE, "%s is discrete: only the identity has a logarithm", group->name);
    }
  }
  return WEYL_OK;
}

weyl_status weyl_group_generator(weyl_context *ctx, const weyl_group *group, int64_t n, int k, double *g) {
  WEYL_TRY(group_check_points(ctx, group, n));
  if (k < 0 || k >= group->info.generators) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "generator %d of %s, which has %d", k, group->name, group->info.generators);
  }
  int of_space = group->info.generators;
  if (group->permutation) {
    weyl_group_info info = {0};
    group->permutation->about(group->permutation_size, &info);
    of_space -= info.generators;
  }
  weyl_group_identity(group, n, g);
  if (k < of_space) {
    group->space->generator(group->space_size, k, g);
  } else {
    group->permutation->generator(n, k - of_space, g + space_length(group));
  }
  return WEYL_OK;
}

bool weyl_group_contains(const weyl_group *group, int64_t n, const double *g, double tol) {
  if (group_check_points(NULL, group, n) != WEYL_OK) return false;
  if (group->space && !group->space->contains(group->space_size, g, tol)) return false;
  return !group->permutation || group->permutation->contains(n, g + space_length(group), tol);
}
