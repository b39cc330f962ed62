/* points_fixture.h: batches bound by hand, for the tests of the rooms nn and models (which know no loader).
 *
 * A `traced` is a graph with its variables, program and run.  A `bound` names one input's rows, of all shards in turn,
 * as doubles.  A `cloud` is a batch of point sets of different sizes, fully connected.
 */
#ifndef WEYL_POINTS_FIXTURE_H
#define WEYL_POINTS_FIXTURE_H

#include <weyl/nn.h>

#include "property.h"

/* |a - b| <= tolerance in double; a NaN fails. */
#define assert_near(a, b, tolerance) near_or_fail((double)(a), (double)(b), (double)(tolerance), __FILE__, __LINE__)
static inline void near_or_fail(double a, double b, double tolerance, const char *file, int line) {
  if (fabs(a - b) <= tolerance) return;
  print_error("%.17g and %.17g differ by %g, more than %g\n", a, b, fabs(a - b), tolerance);
  _fail(file, line);
}

/* ---- graph, program, run -------------------------------------------------------------------------------------------
 */

typedef struct traced {
  weyl_context *ctx;
  weyl_variables *vars;
  weyl_graph *graph;
  weyl_program *program;
  weyl_run *run;
  /* of the last step, kept while its outputs are looked at: some may be views of inputs */
  void *data[32];
  int64_t count[16][WEYL_COUNTS];
  weyl_batch batch;
} traced;

static inline traced traced_new(weyl_dtype real, bool training) {
  traced t = {.ctx = test_context(1)};
  assert_int_equal(weyl_variables_new(t.ctx, real, 7, &t.vars), WEYL_OK);
  assert_int_equal(weyl_graph_new(t.ctx, t.vars, training, &t.graph), WEYL_OK);
  return t;
}

/* A second graph over the same variables, with a program of its own. */
static inline traced traced_again(const traced *first, bool training) {
  traced t = {.ctx = first->ctx, .vars = first->vars};
  assert_int_equal(weyl_graph_new(t.ctx, t.vars, training, &t.graph), WEYL_OK);
  return t;
}

static inline void traced_compile_with(traced *t, const weyl_tensor *outputs, int n, bool reference) {
  if (weyl_graph_status(t->graph) != WEYL_OK) fail_msg("the trace failed: %s", weyl_message(t->ctx));
  weyl_program_opts o = weyl_program_defaults();
  o.assigns = weyl_graph_training(t->graph);
  o.reference = reference;
  if (weyl_program_new(t->graph, outputs, n, &o, &t->program) != WEYL_OK)
    fail_msg("no program: %s", weyl_message(t->ctx));
  if (weyl_run_new(t->program, NULL, &t->run) != WEYL_OK) fail_msg("no run: %s", weyl_message(t->ctx));
}

static inline void traced_compile(traced *t, const weyl_tensor *outputs, int n) {
  traced_compile_with(t, outputs, n, false);
}

static inline void traced_free_graph(traced *t) {
  for (int i = 0; i < 32; i++) free(t->data[i]);
  weyl_run_free(t->run);
  weyl_program_free(t->program);
  weyl_graph_free(t->graph);
}

static inline void traced_free(traced *t) {
  traced_free_graph(t);
  weyl_variables_free(t->vars);
  weyl_context_free(t->ctx);
}

/* ---- numbers in and out
 * ------------------------------------------------------------------------------------------------ */

static inline double array_at(const weyl_array *a, int64_t i) {
  if (a->dtype == WEYL_F64) return ((const double *)a->data)[i];
  if (a->dtype == WEYL_F32) return (double)((const float *)a->data)[i];
  return (double)((const int32_t *)a->data)[i];
}

static inline void array_put(const weyl_array *a, int64_t i, double value) {
  if (a->dtype == WEYL_F64)
    ((double *)a->data)[i] = value;
  else if (a->dtype == WEYL_F32)
    ((float *)a->data)[i] = (float)value;
  else
    ((int32_t *)a->data)[i] = (int32_t)value;
}

static inline weyl_array variable(const weyl_variables *vars, weyl_kind kind, const char *name) {
  const int64_t i = weyl_variables_find(vars, kind, name);
  if (i < 0) fail_msg("no variable is named %s", name);
  return weyl_variables_array(vars, kind, (size_t)i);
}

static inline void variable_set(const weyl_variables *vars, weyl_kind kind, const char *name, const double *values) {
  const weyl_array a = variable(vars, kind, name);
  for (int64_t i = 0; i < weyl_array_size(&a); i++) array_put(&a, i, values[i]);
}

/* Output k as doubles; freed by the caller. */
static inline double *output_values(const traced *t, int k, int64_t *n) {
  const weyl_array a = weyl_run_output(t->run, k);
  const int64_t size = weyl_array_size(&a);
  double *values = calloc((size_t)size + 1, sizeof *values);
  for (int64_t i = 0; i < size; i++) values[i] = array_at(&a, i);
  if (n) *n = size;
  return values;
}

static inline double output_scalar(const traced *t, int k) {
  const weyl_array a = weyl_run_output(t->run, k);
  return array_at(&a, 0);
}

typedef struct bound {
  const char *name;
  const double *values;
} bound;

/* One step: count [shards][WEYL_COUNTS]. Live inputs that `inputs` lacks fail the test. */
static inline weyl_status traced_step(traced *t, int64_t shards, const int64_t (*count)[WEYL_COUNTS],
                                      const bound *inputs, int n, uint64_t step) {
  int64_t total[WEYL_COUNTS] = {0};
  for (int64_t s = 0; s < shards; s++)
    for (int c = 0; c < WEYL_COUNTS; c++) total[c] += count[s][c];
  const int live = weyl_program_inputs(t->program);
  assert_true(live <= 32 && shards <= 16);
  for (int i = 0; i < live; i++) {
    const char *name = weyl_program_input_name(t->program, i);
    const double *values = NULL;
    for (int k = 0; k < n; k++)
      if (strcmp(inputs[k].name, name) == 0) values = inputs[k].values;
    if (!values) fail_msg("the program wants an input named %s", name);
    const weyl_shape shape = weyl_program_input_shape(t->program, i);
    int64_t size = 1;
    for (int a = 0; a < shape.rank; a++)
      size *= shape.dim[a].n * (shape.dim[a].count ? total[shape.dim[a].count % WEYL_COUNTS] : 1);
    weyl_array array = {.dtype = weyl_program_input_dtype(t->program, i)};
    free(t->data[i]);
    t->data[i] = array.data = aligned_alloc(64, (((size_t)size * weyl_dtype_size(array.dtype)) / 64 + 1) * 64);
    for (int64_t k = 0; k < size; k++) array_put(&array, k, values[k]);
  }
  memcpy(t->count, count, (size_t)shards * sizeof t->count[0]);
  t->batch = (weyl_batch){.shards = shards,
                          .count = (const int64_t(*)[WEYL_COUNTS])t->count,
                          .input = (const void *const *)t->data,
                          .seed = 11,
                          .step = step};
  return weyl_run_step(t->run, &t->batch);
}

/* ---- clouds
 * ------------------------------------------------------------------------------------------------------------------ */

typedef struct cloud {
  int d;
  int64_t samples, nodes, edges;
  int64_t size[16];
  double *x, *v, *q; /* [nodes][d], [nodes][d], [nodes] */
  double *target;    /* [nodes][d], or [nodes][future][d] with a past */
  int frames, future;
  double *past;  /* [nodes][frames][d], or NULL */
  double *joint; /* [nodes][8]: the number in the sample, one-hot */
} cloud;

static inline cloud cloud_new(int d, int samples, const int64_t *size, uint64_t seed) {
  cloud c = {.d = d, .samples = samples};
  for (int s = 0; s < samples; s++) {
    c.size[s] = size[s];
    c.nodes += size[s];
    c.edges += size[s] * (size[s] - 1);
  }
  const size_t n = (size_t)(c.nodes * d);
  c.x = calloc(n, sizeof *c.x);
  c.v = calloc(n, sizeof *c.v);
  c.target = calloc(n, sizeof *c.target);
  c.q = calloc((size_t)c.nodes, sizeof *c.q);
  weyl_rng rng = weyl_rng_new(seed, "cloud");
  for (size_t i = 0; i < n; i++) {
    c.x[i] = 1.5 * weyl_rng_normal(&rng);
    c.v[i] = 0.5 * weyl_rng_normal(&rng);
    c.target[i] = weyl_rng_normal(&rng);
  }
  for (int64_t i = 0; i < c.nodes; i++) c.q[i] = weyl_rng_uniform(&rng) < 0.5 ? -1 : 1;
  return c;
}

/* A past that leads to x, and a future. */
static inline void cloud_give_motion(cloud *c, int frames, int future, uint64_t seed) {
  weyl_rng rng = weyl_rng_new(seed, "motion");
  c->frames = frames;
  c->future = future;
  c->past = calloc((size_t)(c->nodes * frames * c->d), sizeof *c->past);
  c->joint = calloc((size_t)c->nodes * 8, sizeof *c->joint);
  free(c->target);
  c->target = calloc((size_t)(c->nodes * future * c->d), sizeof *c->target);
  for (int64_t s = 0, first = 0; s < c->samples; first += c->size[s++])
    for (int64_t i = 0; i < c->size[s]; i++) c->joint[(first + i) * 8 + i % 8] = 1;
  for (int64_t i = 0; i < c->nodes; i++)
    for (int k = 0; k < c->d; k++) {
      double *x = c->past + i * frames * c->d + k, *y = c->target + i * future * c->d + k;
      for (int t = 0; t < frames; t++)
        x[t * c->d] = c->x[i * c->d + k] - 0.3 * (frames - 1 - t) * c->v[i * c->d + k] + 0.1 * weyl_rng_normal(&rng);
      for (int t = 0; t < future; t++)
        y[t * c->d] = c->x[i * c->d + k] + 0.3 * (t + 1) * c->v[i * c->d + k] + 0.1 * weyl_rng_normal(&rng);
    }
}

static inline cloud cloud_copy(const cloud *c) {
  cloud out = cloud_new(c->d, (int)c->samples, c->size, 0);
  if (c->past) {
    const size_t one = (size_t)(c->nodes * c->d) * sizeof(double);
    cloud_give_motion(&out, c->frames, c->future, 0);
    memcpy(out.past, c->past, (size_t)c->frames * one);
    memcpy(out.target, c->target, (size_t)c->future * one);
    memcpy(out.joint, c->joint, (size_t)c->nodes * 8 * sizeof(double));
  }
  const size_t n = (size_t)(c->nodes * c->d) * sizeof(double);
  memcpy(out.x, c->x, n);
  memcpy(out.v, c->v, n);
  if (!c->past) memcpy(out.target, c->target, n);
  memcpy(out.q, c->q, (size_t)c->nodes * sizeof(double));
  return out;
}

static inline void cloud_free(cloud *c) {
  free(c->x);
  free(c->v);
  free(c->q);
  free(c->target);
  free(c->past);
  free(c->joint);
}

/* A random orthogonal matrix [d][d] with the determinant asked for. */
static inline void random_orthogonal(weyl_rng *rng, int d, int det, double *r) {
  for (int i = 0; i < d; i++) { /* Gram-Schmidt of rows */
    for (int j = 0; j < d; j++) r[i * d + j] = weyl_rng_normal(rng);
    for (int twice = 0; twice < 2; twice++)
      for (int k = 0; k < i; k++) {
        double dot = 0;
        for (int j = 0; j < d; j++) dot += r[i * d + j] * r[k * d + j];
        for (int j = 0; j < d; j++) r[i * d + j] -= dot * r[k * d + j];
      }
    double norm = 0;
    for (int j = 0; j < d; j++) norm += r[i * d + j] * r[i * d + j];
    for (int j = 0; j < d; j++) r[i * d + j] /= sqrt(norm);
  }
  double work[64], sign = 1;
  memcpy(work, r, (size_t)(d * d) * sizeof *work);
  for (int k = 0; k < d; k++) { /* elimination with pivots: the sign is all that matters */
    int p = k;
    for (int i = k + 1; i < d; i++)
      if (fabs(work[i * d + k]) > fabs(work[p * d + k])) p = i;
    if (p != k) {
      sign = -sign;
      for (int j = 0; j < d; j++) {
        const double swap = work[k * d + j];
        work[k * d + j] = work[p * d + j];
        work[p * d + j] = swap;
      }
    }
    if (work[k * d + k] < 0) sign = -sign;
    for (int i = k + 1; i < d; i++) {
      const double f = work[i * d + k] / work[k * d + k];
      for (int j = k; j < d; j++) work[i * d + j] -= f * work[k * d + j];
    }
  }
  if ((sign > 0 ? 1 : -1) != det)
    for (int j = 0; j < d; j++) r[j] = -r[j];
}

/* rows of [n][d]: y <- y R^T + t (t may be NULL) */
static inline void turn_rows(double *y, int64_t n, int d, const double *r, const double *t) {
  for (int64_t i = 0; i < n; i++) {
    double out[8];
    for (int a = 0; a < d; a++) {
      out[a] = t ? t[a] : 0;
      for (int b = 0; b < d; b++) out[a] += r[a * d + b] * y[i * d + b];
    }
    memcpy(y + i * d, out, (size_t)d * sizeof *out);
  }
}

static inline cloud cloud_moved(const cloud *c, const double *r, const double *t) {
  cloud out = cloud_copy(c);
  turn_rows(out.x, out.nodes, out.d, r, t);
  turn_rows(out.v, out.nodes, out.d, r, NULL);
  turn_rows(out.target, out.nodes * (c->past ? c->future : 1), out.d, r, t);
  if (c->past) turn_rows(out.past, out.nodes * c->frames, out.d, r, t);
  return out;
}

static inline void reverse_rows(double *y, int64_t first, int64_t n, int width) {
  for (int64_t i = 0; i < n / 2; i++)
    for (int a = 0; a < width; a++) {
      double *p = y + (first + i) * width + a, *q = y + (first + n - 1 - i) * width + a, swap = *p;
      *p = *q;
      *q = swap;
    }
}

/* The nodes of every sample in reverse order; applies to rows of results too. */
static inline void cloud_reverse(const cloud *c, double *y, int width) {
  int64_t first = 0;
  for (int64_t s = 0; s < c->samples; first += c->size[s++]) reverse_rows(y, first, c->size[s], width);
}

static inline cloud cloud_permuted(const cloud *c) {
  cloud out = cloud_copy(c);
  cloud_reverse(c, out.x, c->d);
  cloud_reverse(c, out.v, c->d);
  cloud_reverse(c, out.target, c->d * (c->past ? c->future : 1));
  if (c->past) {
    cloud_reverse(c, out.past, c->d * c->frames);
    cloud_reverse(c, out.joint, 8);
  }
  cloud_reverse(c, out.q, 1);
  return out;
}

/* Runs the program on a cloud with `per_shard` samples a shard (0: all in one). */
static inline weyl_status cloud_step(traced *t, const cloud *c, int64_t per_shard, uint64_t step) {
  if (per_shard <= 0) per_shard = c->samples;
  int64_t count[16][WEYL_COUNTS] = {{0}};
  const size_t nodes = (size_t)c->nodes, edges = (size_t)c->edges + 1;
  double *sample = calloc(nodes, sizeof *sample), *key = calloc(nodes, sizeof *key);
  double *edge_i = calloc(edges, sizeof *edge_i), *edge_j = calloc(edges, sizeof *edge_j);
  double *edge = calloc(edges, sizeof *edge), sample_key[16];
  int64_t node = 0, e = 0, shards = 0;
  for (int64_t s = 0; s < c->samples; s++) {
    const int64_t shard = s / per_shard, first = count[shard][WEYL_NODES], n = c->size[s];
    shards = shard + 1;
    sample_key[s] = (double)s;
    for (int64_t i = 0; i < n; i++) {
      sample[node + i] = (double)(s % per_shard);
      key[node + i] = (double)(node + i);
      for (int64_t j = 0; j < n; j++) {
        if (i == j) continue;
        edge_i[e] = (double)(first + i);
        edge_j[e] = (double)(first + j);
        edge[e++] = c->q[node + i] * c->q[node + j];
      }
    }
    node += n;
    count[shard][WEYL_BATCH]++;
    count[shard][WEYL_NODES] += n;
    count[shard][WEYL_EDGES] += n * (n - 1);
  }
  const bound inputs[] = {{"x", c->x},           {"v", c->v},
                          {"node_scalar", c->q}, {"node_sample", sample},
                          {"node_key", key},     {"sample_key", sample_key},
                          {"edge_i", edge_i},    {"edge_j", edge_j},
                          {"edge_scalar", edge}, {"target", c->target},
                          {"past", c->past},     {"joint", c->joint}};
  const weyl_status status =
      traced_step(t, shards, (const int64_t(*)[WEYL_COUNTS])count, inputs, (int)(sizeof inputs / sizeof *inputs), step);
  free(sample);
  free(key);
  free(edge_i);
  free(edge_j);
  free(edge);
  return status;
}

/* Output 0 for a cloud; freed by the caller. */
static inline double *cloud_output(traced *t, const cloud *c, int64_t per_shard, uint64_t step) {
  if (cloud_step(t, c, per_shard, step) != WEYL_OK) fail_msg("the step failed: %s", weyl_message(t->ctx));
  return output_values(t, 0, NULL);
}

static inline double largest_difference(const double *a, const double *b, int64_t n) {
  double worst = 0;
  for (int64_t i = 0; i < n; i++) {
    const double diff = fabs(a[i] - b[i]);
    if (!(diff <= worst)) worst = diff; /* a NaN counts */
  }
  return worst;
}

#endif
