/* testing.h: a graph on a bench, for the tests of operations: constants in, numbers out. Include it after cmocka.h. */
#ifndef WEYL_AUTODIFF_TESTING_H
#define WEYL_AUTODIFF_TESTING_H

#include "engine.h"
#include "property.h"

typedef struct lab {
  weyl_context *ctx;
  weyl_variables *vars;
  weyl_graph *g;
  int64_t degenerate; /* of the last lab_read */
} lab;

static inline void lab_begin(lab *l, weyl_dtype real) {
  *l = (lab){.ctx = test_context(1)};
  assert_ok(l->ctx, weyl_variables_new(l->ctx, real, 1, &l->vars));
  assert_ok(l->ctx, weyl_graph_new(l->ctx, l->vars, false, &l->g));
}

static inline void lab_end(lab *l) {
  weyl_graph_free(l->g);
  weyl_variables_free(l->vars);
  test_context_free(l->ctx);
}

static inline weyl_tensor lab_array(lab *l, weyl_shape shape, const double *values) {
  return weyl_constant_array(l->g, weyl_graph_dtype(l->g), shape, values);
}

static inline weyl_tensor lab_index(lab *l, weyl_shape shape, const double *values) {
  return weyl_constant_array(l->g, WEYL_I32, shape, values);
}

/* Uniform numbers in [low, high), kept in `values` too when that is not NULL. */
static inline weyl_tensor lab_random(lab *l, weyl_rng *rng, weyl_shape shape, double low, double high, double *values) {
  const int64_t n = weyl_shape_size(&shape, NULL, NULL);
  double *v = calloc((size_t)n + 1, sizeof *v);
  for (int64_t i = 0; i < n; i++) {
    v[i] = low + (high - low) * weyl_rng_uniform(rng);
    if (weyl_graph_dtype(l->g) == WEYL_F32) v[i] = (double)(float)v[i];
    if (values) values[i] = v[i];
  }
  const weyl_tensor t = lab_array(l, shape, v);
  free(v);
  return t;
}

static inline weyl_status lab_try(lab *l, weyl_tensor t, bool reference, double *out, int64_t n) {
  static const int64_t counts[WEYL_COUNTS] = {0};
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  assert_ok(l->ctx, weyl_graph_status(l->g));
  assert_ok(l->ctx, weyl_program_new(l->g, &t, 1, &(weyl_program_opts){.lanes = 1, .reference = reference}, &program));
  assert_ok(l->ctx, weyl_run_new(program, NULL, &run));
  const weyl_status status =
      weyl_run_step(run, &(weyl_batch){.shards = 1, .count = &counts, .input = (const void *[]){NULL}});
  if (status == WEYL_OK) {
    const weyl_array a = weyl_run_output(run, 0);
    assert_int_equal(weyl_array_size(&a), n);
    for (int64_t i = 0; i < n; i++)
      out[i] = a.dtype == WEYL_F32   ? (double)((const float *)a.data)[i]
               : a.dtype == WEYL_F64 ? ((const double *)a.data)[i]
                                     : (double)((const int32_t *)a.data)[i];
  }
  l->degenerate = weyl_run_degenerate(run);
  weyl_run_free(run);
  weyl_program_free(program);
  return status;
}

/* The n numbers of t, by the planned executor. */
static inline void lab_read(lab *l, weyl_tensor t, double *out, int64_t n) {
  assert_ok(l->ctx, lab_try(l, t, false, out, n));
}

static inline void assert_numbers(const double *got, const double *want, int64_t n, double tolerance) {
  for (int64_t i = 0; i < n; i++)
    if (!(fabs(got[i] - want[i]) <= tolerance) && !(got[i] == want[i]))
      fail_msg("number %lld is %.17g, must be %.17g", (long long)i, got[i], want[i]);
}

/* The graph refused the last expression with this status and these words; the bench starts afresh. */
static inline void lab_refused(lab *l, weyl_status status, const char *words) {
  assert_says(l->ctx, weyl_graph_status(l->g), status, words);
  weyl_graph_free(l->g);
  l->g = NULL;
  assert_ok(l->ctx, weyl_graph_new(l->ctx, l->vars, false, &l->g));
}

#endif
