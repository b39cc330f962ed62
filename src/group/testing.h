/* Shared by the tests of this room: a context, instances of every family, and a random network. */
#ifndef WEYL_GROUP_TESTING_H
#define WEYL_GROUP_TESTING_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <weyl/group.h>

#define ok(expr) assert_int_equal((expr), WEYL_OK)
#define PI       3.14159265358979323846

#ifdef __GNUC__
#define UNUSED __attribute__((unused))
#else
#define UNUSED
#endif

static weyl_context *ctx;

static UNUSED int context_up(void **state) {
  (void)state;
  return weyl_context_new(NULL, &ctx) != WEYL_OK;
}

static UNUSED int context_down(void **state) {
  (void)state;
  const size_t left = weyl_memory_used(ctx); /* the tests free what they make */
  weyl_context_free(ctx);
  return left != 0;
}

static UNUSED weyl_group *group_named(const char *name) {
  weyl_group *group = NULL;
  if (weyl_group_parse(ctx, name, &group) != WEYL_OK) fail_msg("%s: %s", name, weyl_message(ctx));
  return group;
}

static UNUSED double largest_difference(size_t n, const double *a, const double *b) {
  double most = 0;
  for (size_t i = 0; i < n; i++) {
    const double d = fabs(a[i] - b[i]);
    if (!(d <= most)) most = d; /* NaN sticks */
  }
  return most;
}

#define assert_below(value, bound)                                                              \
  do {                                                                                          \
    const double value_ = (value), bound_ = (bound);                                            \
    if (!(value_ < bound_)) fail_msg("%s is %.6g, must be below %.3g", #value, value_, bound_); \
  } while (0)

static UNUSED void fill_normal(weyl_rng *rng, size_t n, double scale, double *x) {
  for (size_t i = 0; i < n; i++) x[i] = scale * weyl_rng_normal(rng);
}

/* A network of one hidden layer with biases, on all numbers of a sample at once. */
typedef struct mlp {
  int64_t in, hidden, out;
  double *w1, *b1, *w2, *b2;
} mlp;

static UNUSED mlp mlp_new(weyl_arena *arena, int64_t in, int64_t hidden, int64_t out, weyl_rng *rng) {
  mlp net = {in,
             hidden,
             out,
             weyl_arena_array(arena, double, in *hidden),
             weyl_arena_array(arena, double, hidden),
             weyl_arena_array(arena, double, hidden *out),
             weyl_arena_array(arena, double, out)};
  fill_normal(rng, (size_t)(in * hidden), 1 / sqrt((double)in), net.w1);
  fill_normal(rng, (size_t)hidden, 0.5, net.b1);
  fill_normal(rng, (size_t)(hidden * out), 1 / sqrt((double)hidden), net.w2);
  fill_normal(rng, (size_t)out, 0.5, net.b2);
  return net;
}

static UNUSED void mlp_run(const mlp *net, const double *x, double *y) {
  for (int64_t o = 0; o < net->out; o++) y[o] = net->b2[o];
  for (int64_t h = 0; h < net->hidden; h++) {
    double z = net->b1[h];
    for (int64_t i = 0; i < net->in; i++) z += net->w1[i * net->hidden + h] * x[i];
    z = tanh(z);
    for (int64_t o = 0; o < net->out; o++) y[o] += net->w2[h * net->out + o] * z;
  }
}

/* Every family of groups.def at a few sizes, and products: calls test(group, n) with n points. */
static UNUSED void for_each_group(void (*test)(const weyl_group *group, int64_t n)) {
  static const int sizes[] = {1, 2, 3, 4, 5, 7};
  char name[64];
  int tested = 0;
  for (const char *const *form = weyl_group_families(); *form; form++) {
    const size_t length = strlen(*form);
    const char *variable = strpbrk(*form, "dkn");
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      for (int product = 0; product < 2; product++) {
        if (variable) {
          snprintf(name, sizeof name, "%.*s%d%s%s", (int)(variable - *form), *form, sizes[s], variable + 1,
                   product && *variable != 'n' ? " x S(n)" : "");
        } else {
          snprintf(name, sizeof name, "%.*s%s", (int)length, *form, product ? " x S(n)" : "");
        }
        weyl_group *group = group_named(name);
        test(group, variable && *variable == 'n' ? sizes[s] : 6);
        weyl_group_free(group);
        tested++;
        if (variable && *variable == 'n') {
          group = group_named("S(n)");
          test(group, sizes[s] + 3);
          weyl_group_free(group);
        }
      }
      if (!variable) break;
    }
  }
  assert_true(tested > 40);
}

#endif
