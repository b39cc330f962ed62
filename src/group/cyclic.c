/* The finite groups of the plane Ck (k rotations) and Dk (and k reflections), and of the line Z2 (x -> -x). */
#include "family.h"

#include <math.h>

#define ORDER_MAX 1000000
static const double two_pi = 6.283185307179586476925286766559;

/* [R, 0] with R the j-th rotation, after the reflection y -> -y if `mirror`. Quarter turns are exact. */
static void turn(int64_t k, int64_t j, bool mirror, double *g) {
  double c, s;
  if (4 * j % k == 0) {
    static const double quarter[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    c = quarter[4 * j / k % 4][0];
    s = quarter[4 * j / k % 4][1];
  } else {
    c = cos(two_pi * (double)j / (double)k);
    s = sin(two_pi * (double)j / (double)k);
  }
  g[0] = c;
  g[1] = mirror ? s : -s;
  g[2] = s;
  g[3] = mirror ? -c : c;
  g[4] = g[5] = 0;
}

static void plane_about(int64_t k, bool mirrors, weyl_group_info *info) {
  info->space = 2;
  info->compact = true;
  info->rotations = k > 1;
  info->reflections = mirrors;
  info->generators = (k > 1) + mirrors;
  info->order = mirrors ? 2 * k : k;
}

static size_t plane_length(int64_t k) {
  (void)k;
  return affine_length(2);
}

static void plane_identity(int64_t k, double *g) {
  (void)k;
  affine_identity(2, g);
}

static weyl_status plane_compose(weyl_context *ctx, int64_t k, const double *a, const double *b, double *c) {
  (void)ctx, (void)k;
  affine_compose(2, a, b, c);
  return WEYL_OK;
}

static weyl_status plane_inverse(weyl_context *ctx, int64_t k, const double *a, double *b) {
  (void)ctx, (void)k;
  affine_inverse(2, a, b);
  return WEYL_OK;
}

static bool plane_contains(int64_t k, const double *g, bool mirrors, double tol) {
  if (!(affine_orthogonality(2, g) <= tol) || !affine_is_linear(2, g, tol)) return false;
  const bool mirror = g[0] * g[3] - g[1] * g[2] < 0;
  if (mirror && !mirrors) return false;
  /* The first column is (cos, sin) of the angle in either case; the entries must agree with the nearest element. */
  const double step = atan2(g[2], g[0]) / two_pi * (double)k;
  int64_t j = (int64_t)floor(step + 0.5) % k;
  if (j < 0) j += k;
  double nearest[6];
  turn(k, j, mirror, nearest);
  for (int i = 0; i < 4; i++) {
    if (!(fabs(g[i] - nearest[i]) <= tol)) return false;
  }
  return true;
}

static void c_about(int64_t k, weyl_group_info *info) { plane_about(k, false, info); }
static void c_sample(int64_t k, double scale, weyl_rng *rng, double *g) {
  (void)scale;
  turn(k, (int64_t)weyl_rng_below(rng, (uint64_t)k), false, g);
}
static void c_generator(int64_t k, int which, double *g) {
  (void)which;
  turn(k, 1, false, g);
}
static bool c_contains(int64_t k, const double *g, double tol) { return plane_contains(k, g, false, tol); }

static void d_about(int64_t k, weyl_group_info *info) { plane_about(k, true, info); }
static void d_sample(int64_t k, double scale, weyl_rng *rng, double *g) {
  (void)scale;
  const int64_t j = (int64_t)weyl_rng_below(rng, 2 * (uint64_t)k);
  turn(k, j % k, j >= k, g);
}
static void d_generator(int64_t k, int which, double *g) {
  if (which == 0 && k > 1) {
    turn(k, 1, false, g);
  } else {
    turn(k, 0, true, g);
  }
}
static bool d_contains(int64_t k, const double *g, double tol) { return plane_contains(k, g, true, tol); }

static void z_about(int64_t k, weyl_group_info *info) {
  info->space = 1; /* any number of coordinates is that many points of the line */
  info->compact = true;
  info->reflections = true;
  info->generators = 1;
  info->order = k;
}
static size_t z_length(int64_t k) {
  (void)k;
  return affine_length(1);
}
static void z_identity(int64_t k, double *g) {
  (void)k;
  affine_identity(1, g);
}
static weyl_status z_compose(weyl_context *ctx, int64_t k, const double *a, const double *b, double *c) {
  (void)ctx, (void)k;
  affine_compose(1, a, b, c);
  return WEYL_OK;
}
static weyl_status z_inverse(weyl_context *ctx, int64_t k, const double *a, double *b) {
  (void)ctx, (void)k;
  affine_inverse(1, a, b);
  return WEYL_OK;
}
static void z_sample(int64_t k, double scale, weyl_rng *rng, double *g) {
  (void)scale;
  g[0] = weyl_rng_below(rng, (uint64_t)k) == 0 ? 1 : -1;
  g[1] = 0;
}
static void z_generator(int64_t k, int which, double *g) {
  (void)k, (void)which;
  g[0] = -1;
  g[1] = 0;
}
static bool z_contains(int64_t k, const double *g, double tol) {
  (void)k;
  return fabs(fabs(g[0]) - 1) <= tol && affine_is_linear(1, g, tol);
}

const group_family group_c = {.name = "C",
                              .argument = ARGUMENT_ORDER,
                              .low = 1,
                              .high = ORDER_MAX,
                              .about = c_about,
                              .length = plane_length,
                              .identity = plane_identity,
                              .compose = plane_compose,
                              .inverse = plane_inverse,
                              .sample = c_sample,
                              .generator = c_generator,
                              .contains = c_contains};

const group_family group_d = {.name = "D",
                              .argument = ARGUMENT_ORDER,
                              .low = 1,
                              .high = ORDER_MAX,
                              .about = d_about,
                              .length = plane_length,
                              .identity = plane_identity,
                              .compose = plane_compose,
                              .inverse = plane_inverse,
                              .sample = d_sample,
                              .generator = d_generator,
                              .contains = d_contains};

const group_family group_z = {.name = "Z",
                              .argument = ARGUMENT_ORDER,
                              .low = 2,
                              .high = 2,
                              .about = z_about,
                              .length = z_length,
                              .identity = z_identity,
                              .compose = z_compose,
                              .inverse = z_inverse,
                              .sample = z_sample,
                              .generator = z_generator,
                              .contains = z_contains};
