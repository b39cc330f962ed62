/* steerable_fixture.h: features on irreps in the tests of the rooms nn and models: what an element of O(3) does to
 * them, and derivatives against finite differences. */
#ifndef WEYL_STEERABLE_FIXTURE_H
#define WEYL_STEERABLE_FIXTURE_H

#include "points_fixture.h"

/* Rows [n][dim] between the engine's layout (orders, copies) and e3nn's (copies, orders). */
static inline void swap_layout(weyl_irreps irreps, int64_t n, const double *from, double *to, bool to_e3nn) {
  const int64_t dim = weyl_irreps_dim(irreps);
  for (int64_t r = 0; r < n; r++)
    for (int32_t i = 0; i < irreps.n; i++) {
      const int64_t at = r * dim + weyl_irreps_at(irreps, i), mul = irreps.item[i].mul, m = 2 * irreps.item[i].l + 1;
      for (int64_t u = 0; u < mul; u++)
        for (int64_t k = 0; k < m; k++) {
          const int64_t engine = at + k * mul + u, e3nn = at + u * m + k;
          to[to_e3nn ? e3nn : engine] = from[to_e3nn ? engine : e3nn];
        }
    }
}

/* Rows in the engine's layout turned by an element of O(3). */
static inline void act_rows(weyl_context *ctx, weyl_irreps irreps, const double *r, int64_t n, double *x) {
  double *copy = calloc((size_t)(n * weyl_irreps_dim(irreps)) + 1, sizeof *copy);
  swap_layout(irreps, n, x, copy, true);
  assert_ok(ctx, weyl_irreps_act(ctx, irreps, WEYL_AXES_E3NN, r, WEYL_F64, n, copy, copy));
  swap_layout(irreps, n, copy, x, false);
  free(copy);
}

enum { ROWS = 5, TYPES = 3 }; /* of the features of a test */

typedef struct feature_inputs {
  weyl_steerable h;
  weyl_tensor types, key;
} feature_inputs;

static inline feature_inputs inputs_of(weyl_graph *g, const char *list) {
  const weyl_irreps irreps = weyl_graph_irreps(g, "%s", list);
  const weyl_dim rows = weyl_per(WEYL_NODES);
  const weyl_dtype real = weyl_graph_dtype(g);
  return (feature_inputs){
      .h = weyl_steerable_of(weyl_input(g, "x", real, WEYL_SHAPE(rows, weyl_num(weyl_irreps_dim(irreps)))), irreps),
      .types = weyl_input(g, "types", real, WEYL_SHAPE(rows, weyl_num(TYPES))),
      .key = weyl_input(g, "key", WEYL_I32, WEYL_SHAPE(rows))};
}

/* Numbers of every variable anew, so that biases and running statistics matter; statistics stay positive. */
static inline void variables_shake(const weyl_variables *vars, uint64_t seed) {
  weyl_rng rng = weyl_rng_new(seed, "shake");
  for (int kind = WEYL_PARAM; kind <= WEYL_STATE; kind++)
    for (size_t i = 0; i < weyl_variables_count(vars, (weyl_kind)kind); i++) {
      const weyl_array a = weyl_variables_array(vars, (weyl_kind)kind, i);
      for (int64_t k = 0; k < weyl_array_size(&a); k++)
        array_put(&a, k, kind == WEYL_PARAM ? weyl_rng_normal(&rng) : 0.5 + weyl_rng_uniform(&rng));
    }
}

static inline void normal_numbers(double *x, int64_t n, double deviation, uint64_t seed) {
  weyl_rng rng = weyl_rng_new(seed, "numbers");
  for (int64_t i = 0; i < n; i++) x[i] = deviation * weyl_rng_normal(&rng);
}

/* A number that depends on y unlike any symmetry: sum over rows of sin(y + 0.3 k) weighted, k the column. */
static inline weyl_tensor crooked_sum(weyl_tensor y) {
  weyl_graph *g = y.graph;
  const int64_t n = weyl_dim_of(y, -1);
  double *phase = calloc((size_t)n, sizeof *phase), *weight = calloc((size_t)n, sizeof *weight);
  for (int64_t k = 0; k < n; k++) {
    phase[k] = 0.3 * (double)k;
    weight[k] = 1 + 0.1 * (double)(k % 7);
  }
  const weyl_shape s = WEYL_SHAPE(weyl_num(n));
  const weyl_tensor p = weyl_constant_array(g, weyl_graph_dtype(g), s, phase),
                    w = weyl_constant_array(g, weyl_graph_dtype(g), s, weight);
  free(phase);
  free(weight);
  return weyl_sum_all(weyl_mul(weyl_sin(weyl_add(weyl_scale(y, 0.5), p)), w));
}

/* Numbers [n] in place or a variable's arena: where finite differences are taken. */
typedef struct knob {
  double *values;
  weyl_array array;
} knob;

static inline void knob_put(const knob *k, int64_t i, double v) {
  if (k->values)
    k->values[i] = v;
  else
    array_put(&k->array, i, v);
}

/* Output `at` of the program against the fourth-order difference quotient of output `of`, along some of n knobs. */
static inline void differences(traced *t, const int64_t (*count)[WEYL_COUNTS], const bound *inputs, int n_inputs,
                               int of, int at, knob k, double tolerance) {
  int64_t n;
  assert_ok(t->ctx, traced_step(t, 1, count, inputs, n_inputs, 3));
  double *gradient = output_values(t, at, &n), largest = 1;
  for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(gradient[i]));
  for (int64_t i = 0; i < n; i += 1 + n / 40) {
    const double h = 5e-4, keep = k.values ? k.values[i] : array_at(&k.array, i);
    static const double step[] = {-2, -1, 1, 2}, factor[] = {1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12};
    double slope = 0;
    for (int j = 0; j < 4; j++) {
      knob_put(&k, i, keep + step[j] * h);
      assert_ok(t->ctx, traced_step(t, 1, count, inputs, n_inputs, 3));
      slope += factor[j] * output_scalar(t, of) / h;
    }
    knob_put(&k, i, keep);
    assert_near(gradient[i], slope, tolerance * largest);
  }
  free(gradient);
}

#endif
