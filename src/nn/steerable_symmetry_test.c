/* steerable_symmetry_test.c: every layer on irreps commutes with O(3), and has the derivatives it should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "steerable_fixture.h"

static const int64_t count[1][WEYL_COUNTS] = {{0, 1, ROWS, 0}};
#define LIST "3x0e+2x0o+2x1o+1x1e+2x1o+1x2e+0x4e+2x3o+1x0e"

/* ---- the layers -------------------------------------------------------------------------------------------------- */

#define OUT "2x2e+4x0e+0x1e+3x1o+1x0o+5x2o+1x1o"
static weyl_steerable linear(const feature_inputs *in) {
  return weyl_steerable_linear(in->h, "fc", weyl_graph_irreps(in->h.x.graph, OUT), NULL);
}
static weyl_steerable linear_uniform(const feature_inputs *in) {
  return weyl_steerable_linear(in->h, "fc", weyl_graph_irreps(in->h.x.graph, OUT),
                               &(weyl_steerable_linear_opts){.uniform = true});
}
static weyl_steerable self(const feature_inputs *in) {
  return weyl_steerable_self(in->h, in->types, "si", weyl_graph_irreps(in->h.x.graph, OUT));
}
static weyl_steerable gated(const feature_inputs *in) {
  weyl_graph *g = in->h.x.graph;
  weyl_gate_spec spec = weyl_gate_for(g, weyl_graph_irreps(g, LIST));
  spec.normalise = true;
  return weyl_gate(weyl_steerable_linear(in->h, "in", weyl_gate_in(g, &spec), NULL), &spec);
}
/* gates 0o turn parities, gates of several blocks serve one block */
static weyl_steerable gated_odd(const feature_inputs *in) {
  weyl_graph *g = in->h.x.graph;
  const weyl_gate_spec spec = {.scalars = weyl_graph_irreps(g, "2x0o"),
                               .gates = weyl_graph_irreps(g, "2x0o+1x0o+1x0e+1x0e"),
                               .gated = weyl_graph_irreps(g, "3x1o+2x2e"),
                               .even = WEYL_ACT_SILU,
                               .odd = WEYL_ACT_NONE,
                               .gate_even = WEYL_ACT_GELU,
                               .gate_odd = WEYL_ACT_TANH};
  return weyl_gate(weyl_steerable_linear(in->h, "in", weyl_gate_in(g, &spec), NULL), &spec);
}
static weyl_steerable by_norm(const feature_inputs *in) {
  return weyl_norm_activation(in->h, "na", WEYL_ACT_SILU, &(weyl_norm_activation_opts){.bias = true, .eps = 0.1});
}
static weyl_steerable by_norm_raw(const feature_inputs *in) {
  return weyl_norm_activation(in->h, "na", WEYL_ACT_SIGMOID, &(weyl_norm_activation_opts){.raw = true, .eps = 0.1});
}
static weyl_steerable batch_norm(const feature_inputs *in) { return weyl_steerable_batch_norm(in->h, "bn", 0.2); }
static weyl_steerable layer_norm(const feature_inputs *in) { return weyl_steerable_layer_norm(in->h, "ln"); }
static weyl_steerable dropout(const feature_inputs *in) { return weyl_steerable_dropout(in->h, "drop", 0.4, in->key); }
static weyl_steerable joined(const feature_inputs *in) {
  const weyl_steerable none = {0}, part = weyl_steerable_part(in->h, 2, 3);
  return weyl_steerable_join((weyl_steerable[]){part, none, weyl_steerable_add(in->h, in->h), part}, 4);
}

/* harmonics of the first vector, by the features */
static weyl_steerable product(const feature_inputs *in, weyl_steerable_product_kind kind) {
  weyl_graph *g = in->h.x.graph;
  const weyl_tensor vectors = weyl_steerable_vectors_of(in->h);
  const weyl_tensor first = weyl_squeeze(weyl_slice(vectors, 1, 0, 1, 1), 1);
  const weyl_steerable y = weyl_steerable_harmonics(first, 2, WEYL_HARMONICS_COMPONENT);
  return weyl_steerable_product(in->h, y, "tp", weyl_graph_irreps(g, "2x0e+1x0o+2x1o+1x1e+2x2e+1x1o"),
                                &(weyl_steerable_product_opts){.kind = kind});
}
static weyl_steerable product_cg(const feature_inputs *in) { return product(in, WEYL_STEERABLE_CG); }
static weyl_steerable product_gaunt(const feature_inputs *in) { return product(in, WEYL_STEERABLE_GAUNT); }
static weyl_steerable product_complete(const feature_inputs *in) { return product(in, WEYL_STEERABLE_COMPLETE); }

static const struct {
  const char *name;
  weyl_steerable (*apply)(const feature_inputs *in);
  bool training;
} layers[] = {{"linear", linear, true},
              {"linear, uniform", linear_uniform, true},
              {"self-interaction", self, true},
              {"gate", gated, true},
              {"gate, odd", gated_odd, true},
              {"norm activation", by_norm, true},
              {"norm, raw", by_norm_raw, true},
              {"batch norm", batch_norm, true},
              {"batch norm, eval", batch_norm, false},
              {"layer norm", layer_norm, true},
              {"dropout", dropout, true},
              {"parts", joined, true},
              {"product", product_cg, true},
              {"Gaunt product", product_gaunt, true},
              {"complete product", product_complete, true}};
enum { LAYERS = sizeof layers / sizeof *layers };

static void every_layer_turns_along(weyl_rng *rng, weyl_dtype real, double tolerance) {
  for (int k = 0; k < LAYERS; k++) {
    traced t = traced_new(real, layers[k].training);
    const feature_inputs in = inputs_of(t.graph, LIST);
    const weyl_irreps from = in.h.irreps;
    const weyl_steerable y = layers[k].apply(&in);
    traced_compile(&t, &y.x, 1);
    variables_shake(t.vars, weyl_rng_u64(rng));
    const weyl_array state = weyl_variables_arena(t.vars, WEYL_STATE);

    double r[9], *x = calloc((size_t)(ROWS * weyl_irreps_dim(from)), sizeof *x), types[ROWS * TYPES], key[ROWS];
    normal_numbers(x, ROWS * weyl_irreps_dim(from), 1, weyl_rng_u64(rng));
    normal_numbers(types, ROWS * TYPES, 1, weyl_rng_u64(rng));
    for (int i = 0; i < ROWS; i++) key[i] = 3 + i;
    random_orthogonal(rng, 3, weyl_rng_uniform(rng) < 0.5 ? 1 : -1, r);
    const bound inputs[] = {{"x", x}, {"types", types}, {"key", key}};
    double *y0, *y1;
    int64_t n;
    double keep[64] = {0};
    assert_true(weyl_array_size(&state) <= 64);
    for (int64_t i = 0; i < weyl_array_size(&state); i++) keep[i] = array_at(&state, i);
    assert_ok(t.ctx, traced_step(&t, 1, count, inputs, 3, 7));
    y0 = output_values(&t, 0, &n);
    assert_int_equal(n, ROWS * weyl_irreps_dim(y.irreps));
    for (int64_t i = 0; i < weyl_array_size(&state); i++) array_put(&state, i, keep[i]);
    act_rows(t.ctx, from, r, ROWS, x);
    assert_ok(t.ctx, traced_step(&t, 1, count, inputs, 3, 7));
    y1 = output_values(&t, 0, NULL);
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(y0[i]));
    act_rows(t.ctx, y.irreps, r, ROWS, y0);
    const double error = largest_difference(y0, y1, n) / largest;
    if (!(largest > 0.01 && error <= tolerance)) fail_msg("%s: error %g of %g", layers[k].name, error, largest);
    free(x);
    free(y0);
    free(y1);
    traced_free(&t);
  }
}
PROPERTY(layers_turn_along, 6) { every_layer_turns_along(rng, WEYL_F64, 1e-12); }
PROPERTY(layers_turn_along_f32, 3) { every_layer_turns_along(rng, WEYL_F32, 1e-5); }

/* First and second derivatives by features and parameters; and at zero all is finite. */
static void derivatives(void **state) {
  (void)state;
  for (int k = 0; k < LAYERS; k++) {
    traced t = traced_new(WEYL_F64, layers[k].training);
    const feature_inputs in = inputs_of(t.graph, "2x0e+1x0o+2x1o+1x2e");
    const int64_t dim = weyl_irreps_dim(in.h.irreps);
    if (layers[k].apply == joined) { /* linear, and made for the longer list */
      traced_free(&t);
      continue;
    }
    const weyl_steerable y = layers[k].apply(&in);
    const weyl_tensor first = crooked_sum(y.x), by_x = weyl_grad(first, in.h.x), second = crooked_sum(by_x);
    const bool trained = weyl_variables_count(t.vars, WEYL_PARAM) > 0;
    weyl_tensor out[6] = {first, by_x, second, weyl_grad(second, in.h.x), WEYL_NULL_TENSOR, WEYL_NULL_TENSOR};
    if (trained) {
      out[4] = weyl_param_grad(first);
      out[5] = weyl_param_grad(second);
    }
    weyl_program_opts o = weyl_program_defaults(); /* no assignments: the statistics stay put */
    if (weyl_graph_status(t.graph) != WEYL_OK) fail_msg("%s: %s", layers[k].name, weyl_message(t.ctx));
    assert_ok(t.ctx, weyl_program_new(t.graph, out, trained ? 6 : 4, &o, &t.program));
    assert_ok(t.ctx, weyl_run_new(t.program, NULL, &t.run));
    variables_shake(t.vars, 5);

    double *x = calloc((size_t)(ROWS * dim), sizeof *x), types[ROWS * TYPES], key[ROWS];
    normal_numbers(x, ROWS * dim, 1, 1);
    normal_numbers(types, ROWS * TYPES, 1, 2);
    for (int i = 0; i < ROWS; i++) key[i] = i;
    const bound inputs[] = {{"x", x}, {"types", types}, {"key", key}};
    const knob features = {.values = x}, weights = {.array = weyl_variables_arena(t.vars, WEYL_PARAM)};
    differences(&t, count, inputs, 3, 0, 1, features, 1e-8);
    differences(&t, count, inputs, 3, 2, 3, features, 1e-8);
    if (trained) {
      differences(&t, count, inputs, 3, 0, 4, weights, 1e-8);
      differences(&t, count, inputs, 3, 2, 5, weights, 1e-8);
    }
    memset(x, 0, (size_t)(ROWS * dim) * sizeof *x);
    assert_ok(t.ctx, traced_step(&t, 1, count, inputs, 3, 3));
    for (int i = 0; i < (trained ? 6 : 4); i++) {
      int64_t n;
      double *v = output_values(&t, i, &n);
      for (int64_t j = 0; j < n; j++)
        if (!isfinite(v[j])) fail_msg("%s: output %d is %g at zero vectors", layers[k].name, i, v[j]);
      free(v);
    }
    free(x);
    traced_free(&t);
  }
}

/* Null features pass through everything. */
static void null_features(void **state) {
  (void)state;
  const feature_inputs in = {0};
  for (int k = 0; k < LAYERS; k++)
    if (layers[k].apply == by_norm || layers[k].apply == batch_norm || layers[k].apply == layer_norm ||
        layers[k].apply == dropout)
      assert_false(weyl_tensor_valid(layers[k].apply(&in).x));
  assert_false(weyl_tensor_valid(weyl_steerable_linear(in.h, "fc", in.h.irreps, NULL).x));
  assert_false(weyl_tensor_valid(weyl_steerable_self(in.h, in.types, "si", in.h.irreps).x));
  assert_false(weyl_tensor_valid(weyl_gate(in.h, &(weyl_gate_spec){0}).x));
  assert_false(weyl_tensor_valid(weyl_steerable_join(&in.h, 1).x));
  assert_false(weyl_tensor_valid(weyl_steerable_add(in.h, in.h).x));
  assert_false(weyl_tensor_valid(weyl_steerable_to_e3nn(in.h)));
  assert_false(weyl_tensor_valid(weyl_steerable_block(in.h, 0)));
  assert_false(weyl_tensor_valid(weyl_steerable_part(in.h, 0, 1).x));
  assert_false(weyl_tensor_valid(weyl_steerable_of(in.h.x, in.h.irreps).x));
}

int main(void) {
  const struct CMUnitTest tests[] = {property_test(layers_turn_along), property_test(layers_turn_along_f32),
                                     cmocka_unit_test(derivatives), cmocka_unit_test(null_features)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
