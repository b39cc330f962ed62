/* Shards, phases, lanes and threads: a batch norm, a contrastive loss and a force loss (second order) give equal
 * results however the batch is cut, and equal bytes on any number of threads; failures name their place; nothing is
 * allocated after the first step. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 23, WIDTH = 6, HIDDEN = 8 };

/* samples of 2..5 nodes, all pairs as edges */
typedef struct data {
  int64_t nodes[SAMPLES], edges[SAMPLES];
  double *x;
  int32_t *sample, *receiver, *sender, *key;
} data;

static data make_data(void) {
  data d = {0};
  weyl_rng rng = weyl_rng_new(4, "data");
  int64_t nodes = 0, edges = 0;
  for (int s = 0; s < SAMPLES; s++) {
    d.nodes[s] = 2 + (int64_t)weyl_rng_below(&rng, 4);
    d.edges[s] = d.nodes[s] * (d.nodes[s] - 1);
    nodes += d.nodes[s];
    edges += d.edges[s];
  }
  d.x = calloc((size_t)nodes * 3, sizeof *d.x);
  d.sample = calloc((size_t)nodes, sizeof *d.sample);
  d.key = calloc((size_t)nodes, sizeof *d.key);
  d.receiver = calloc((size_t)edges, sizeof *d.receiver);
  d.sender = calloc((size_t)edges, sizeof *d.sender);
  for (int64_t i = 0; i < nodes * 3; i++) d.x[i] = weyl_rng_normal(&rng);
  return d;
}

static void free_data(data *d) {
  free(d->x);
  free(d->sample);
  free(d->key);
  free(d->receiver);
  free(d->sender);
}

typedef struct traced {
  weyl_variables *vars;
  weyl_graph *g;
  weyl_tensor out[4];
  int n_out;
} traced;

static weyl_tensor linear(weyl_tensor x, const char *name, int64_t in, int64_t out) {
  const double r = 1 / sqrt((double)in);
  static const int last[1] = {1};
  const weyl_tensor w = weyl_param(x.graph, name, WEYL_SHAPE(weyl_num(out), weyl_num(in)), weyl_init_uniform(-r, r));
  return weyl_dot_general(x, w, 0, NULL, NULL, 1, last, last);
}

/* statistics of the whole batch, biased, as in training */
static weyl_tensor batch_norm(weyl_tensor x) {
  const weyl_tensor d = weyl_sub(x, weyl_mean(x, 0));
  const weyl_tensor variance = weyl_mean(weyl_square(d), 0);
  const weyl_tensor running = weyl_state(x.graph, "running", WEYL_SHAPE(weyl_num(HIDDEN)), weyl_init_constant(1));
  weyl_assign(running, weyl_add(weyl_scale(running, 0.9), weyl_scale(variance, 0.1)));
  return weyl_mul(d, weyl_rsqrt(weyl_shift(variance, 1e-5)));
}

static traced trace(weyl_context *ctx, weyl_dtype real, int what) {
  traced t = {0};
  assert_ok(ctx, weyl_variables_new(ctx, real, 9, &t.vars));
  assert_ok(ctx, weyl_graph_new(ctx, t.vars, true, &t.g));
  weyl_graph *g = t.g;
  const weyl_tensor x = weyl_input(g, "x", real, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
  const weyl_tensor sample = weyl_input(g, "sample", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_NODES)));
  const weyl_tensor key = weyl_input(g, "key", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_NODES)));
  const weyl_tensor receiver = weyl_input(g, "receiver", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_EDGES)));
  const weyl_tensor sender = weyl_input(g, "sender", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_EDGES)));
  weyl_tensor loss = WEYL_NULL_TENSOR;
  if (what == 0 || what == 3) { /* batch norm between linear layers, with noise that must not depend on the cut */
    const weyl_tensor noise = weyl_random_normal(g, "noise", WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)), key);
    const weyl_tensor h = batch_norm(linear(weyl_add(x, weyl_scale(noise, 0.1)), "w1", 3, HIDDEN));
    loss = weyl_mean_all(weyl_square(linear(weyl_silu(h), "w2", HIDDEN, 2)));
    for (int k = 0; what == 3 && k < 80; k++) { /* the gradient's vector has more parts than a small array holds */
      char name[8];
      snprintf(name, sizeof name, "b%d", k);
      loss = weyl_add(loss,
                      weyl_square(weyl_sum_all(weyl_param(g, name, WEYL_SHAPE(weyl_num(1)), weyl_init_constant(0.1)))));
    }
  } else if (what == 1) { /* contrastive: samples are compared over the whole batch */
    const weyl_tensor h = weyl_tanh(linear(x, "w1", 3, HIDDEN));
    weyl_tensor z = weyl_segment_sum(h, sample, weyl_per(WEYL_BATCH));
    z = weyl_mul(z, weyl_unsqueeze(weyl_rsqrt(weyl_shift(weyl_sum(weyl_square(z), 1), 1e-3)), 1));
    static const int last[1] = {1};
    const weyl_tensor all = weyl_collect(z),
                      other = weyl_collect(
                          weyl_mul(z, weyl_param(g, "scale", WEYL_SHAPE(weyl_num(HIDDEN)), weyl_init_normal(1, 0.1))));
    const weyl_tensor similarity = weyl_dot_general(all, other, 0, NULL, NULL, 1, last, last);
    loss = weyl_sub(weyl_mean_all(weyl_logsumexp(similarity, 1)), weyl_mean_all(weyl_sum(weyl_mul(all, other), 1)));
  } else { /* forces: the loss holds a gradient of the energy, so its gradient is of second order */
    const weyl_tensor d = weyl_sub(weyl_gather(x, receiver), weyl_gather(x, sender));
    const weyl_tensor r2 = weyl_unsqueeze(weyl_sum(weyl_square(d), 1), 1);
    const weyl_tensor m = weyl_silu(linear(r2, "w1", 1, HIDDEN));
    const weyl_tensor e = linear(weyl_segment_sum(m, receiver, weyl_per(WEYL_NODES)), "w2", HIDDEN, 1);
    const weyl_tensor force = weyl_neg(weyl_grad(weyl_sum_all(e), x));
    loss = weyl_add(weyl_mean_all(weyl_square(weyl_sub(force, weyl_sin(x)))),
                    weyl_scale(weyl_mean_all(weyl_square(weyl_segment_sum(e, sample, weyl_per(WEYL_BATCH)))), 0.01));
    t.out[2] = force;
  }
  t.out[0] = loss;
  t.out[1] = weyl_param_grad(loss);
  t.n_out = t.out[2].graph ? 3 : 2;
  const weyl_tensor p = weyl_param_vector(g);
  weyl_assign(p, weyl_sub(p, weyl_scale(t.out[1], 0.05)));
  assert_ok(ctx, weyl_graph_status(g));
  return t;
}

static void traced_free(traced *t) {
  weyl_graph_free(t->g);
  weyl_variables_free(t->vars);
}

/* Three steps in shards of `per` samples (0: one shard); outputs and variables of the end in f64. */
static double *steps(weyl_context *ctx, data *d, weyl_dtype real, int what, int64_t per, bool reference, int64_t *n,
                     uint64_t *allocations) {
  traced t = trace(ctx, real, what);
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  assert_ok(ctx, weyl_program_new(t.g, t.out, t.n_out,
                                  &(weyl_program_opts){.lanes = 4, .assigns = true, .reference = reference}, &program));
  assert_ok(ctx, weyl_run_new(program, NULL, &run));
  if (per == 0) per = SAMPLES;
  int64_t count[SAMPLES][WEYL_COUNTS] = {{0}}, shards = 0, node = 0, edge = 0;
  for (int64_t s = 0; s < SAMPLES; s++) {
    if (s % per == 0) shards++;
    int64_t *c = count[shards - 1];
    for (int64_t i = 0; i < d->nodes[s]; i++) {
      d->sample[node] = (int32_t)c[WEYL_BATCH];
      d->key[node] = (int32_t)node;
      node++;
      for (int64_t j = 0; j < d->nodes[s]; j++)
        if (j != i) {
          d->receiver[edge] = (int32_t)(c[WEYL_NODES] + i);
          d->sender[edge++] = (int32_t)(c[WEYL_NODES] + j);
        }
    }
    c[WEYL_BATCH]++;
    c[WEYL_NODES] += d->nodes[s];
    c[WEYL_EDGES] += d->edges[s];
  }
  float *single = calloc((size_t)node * 3, sizeof *single);
  for (int64_t i = 0; i < node * 3; i++) single[i] = (float)d->x[i];
  const void *input[8] = {0};
  for (int i = 0; i < weyl_program_inputs(program); i++) {
    const char *name = weyl_program_input_name(program, i);
    if (strcmp(name, "x") == 0) input[i] = real == WEYL_F32 ? (const void *)single : d->x;
    if (strcmp(name, "sample") == 0) input[i] = d->sample;
    if (strcmp(name, "key") == 0) input[i] = d->key;
    if (strcmp(name, "receiver") == 0) input[i] = d->receiver;
    if (strcmp(name, "sender") == 0) input[i] = d->sender;
  }
  weyl_batch batch = {.shards = shards, .count = (const int64_t(*)[WEYL_COUNTS])count, .input = input, .seed = 5};
  for (batch.step = 0; batch.step < 3; batch.step++) {
    assert_ok(ctx, weyl_run_step(run, &batch));
    if (batch.step == 0 && allocations) *allocations = weyl_allocations(ctx);
  }
  if (allocations) *allocations = weyl_allocations(ctx) - *allocations;
  double *result = calloc(4096, sizeof *result);
  *n = 0;
  for (int k = 0; k < t.n_out + 2; k++) {
    const weyl_array a =
        k < t.n_out ? weyl_run_output(run, k) : weyl_variables_arena(t.vars, k == t.n_out ? WEYL_PARAM : WEYL_STATE);
    assert_true(*n + weyl_array_size(&a) <= 4096);
    for (int64_t i = 0; i < weyl_array_size(&a); i++)
      result[(*n)++] = a.dtype == WEYL_F32 ? (double)((const float *)a.data)[i] : ((const double *)a.data)[i];
  }
  free(single);
  weyl_run_free(run);
  weyl_program_free(program);
  traced_free(&t);
  return result;
}

static const char *const names[4] = {"batch norm", "contrastive", "force", "many parameters"};

static void test_shards(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  data d = make_data();
  for (int what = 0; what < 3; what++) {
    int64_t n, m;
    double *whole = steps(ctx, &d, WEYL_F64, what, 0, true, &n, NULL);
    static const int64_t sizes[4] = {0, 1, 7, 5};
    for (int k = 0; k < 4; k++) {
      double *cut = steps(ctx, &d, WEYL_F64, what, sizes[k], false, &m, NULL);
      assert_int_equal(n, m);
      for (int64_t i = 0; i < n; i++)
        if (!(fabs(cut[i] - whole[i]) <= 1e-12 * (1 + fabs(whole[i]))))
          fail_msg("%s, shards of %lld: number %lld is %.17g, must be %.17g", names[what], (long long)sizes[k],
                   (long long)i, cut[i], whole[i]);
      free(cut);
    }
    free(whole);
  }
  free_data(&d);
  test_context_free(ctx);
}

static void test_threads(void **state) {
  (void)state;
  data d = make_data();
  for (int what = 0; what < 3; what++) {
    double *first = NULL;
    int64_t n = 0, m;
    for (int threads = 1; threads <= 3; threads++) {
      weyl_context *ctx = test_context(threads);
      double *r = steps(ctx, &d, WEYL_F32, what, 2, false, &m, NULL);
      if (!first) {
        first = r;
        n = m;
      } else {
        assert_int_equal(n, m);
        if (memcmp(first, r, (size_t)n * sizeof *r) != 0)
          fail_msg("%s: other bytes on %d threads", names[what], threads);
        free(r);
      }
      test_context_free(ctx);
    }
    free(first);
  }
  free_data(&d);
}

static void test_allocations(void **state) {
  (void)state;
  weyl_context *ctx = test_context(2);
  data d = make_data();
  for (int what = 0; what < 4; what++) {
    uint64_t allocations = 0;
    int64_t n;
    free(steps(ctx, &d, WEYL_F32, what, 7, false, &n, &allocations));
    if (allocations != 0)
      fail_msg("%s: %llu allocations after the first step", names[what], (unsigned long long)allocations);
  }
  free_data(&d);
  test_context_free(ctx);
}

/* ---- failures ------------------------------------------------------------------------------------------------------
 */

static void test_failures(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_variables *vars = NULL;
  weyl_graph *g = NULL;
  assert_ok(ctx, weyl_variables_new(ctx, WEYL_F32, 1, &vars));

  /* the first failure is kept, expressions after it are harmless */
  assert_ok(ctx, weyl_graph_new(ctx, vars, false, &g));
  weyl_scope(g, "enc");
  weyl_tensor a = weyl_input(g, "a", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
  weyl_tensor b = weyl_input(g, "b", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(4)));
  weyl_tensor c = weyl_sum_all(weyl_exp(weyl_add(a, b)));
  assert_false(weyl_tensor_valid(c));
  assert_int_equal(weyl_graph_status(g), WEYL_SHAPE);
  assert_non_null(strstr(weyl_message(ctx), "[nodes, 3]"));
  assert_non_null(strstr(weyl_message(ctx), "[nodes, 4]"));
  assert_non_null(strstr(weyl_message(ctx), "enc."));
  assert_false(weyl_tensor_valid(weyl_grad(c, a)));
  weyl_program *program = NULL;
  assert_int_equal(weyl_program_new(g, &c, 1, NULL, &program), WEYL_SHAPE);
  assert_null(program);
  weyl_graph_free(g);
  weyl_message_clear(ctx);

  /* a parameter with another shape; one declared after the vector was taken */
  assert_ok(ctx, weyl_graph_new(ctx, vars, false, &g));
  (void)weyl_param(g, "w", WEYL_SHAPE(weyl_num(2)), weyl_init_constant(1));
  (void)weyl_param(g, "w", WEYL_SHAPE(weyl_num(3)), weyl_init_constant(1));
  assert_int_equal(weyl_graph_status(g), WEYL_SHAPE);
  weyl_graph_free(g);
  weyl_message_clear(ctx);
  assert_ok(ctx, weyl_graph_new(ctx, vars, false, &g));
  (void)weyl_param_vector(g);
  (void)weyl_param(g, "late", WEYL_SHAPE(weyl_num(3)), weyl_init_constant(1));
  assert_int_equal(weyl_graph_status(g), WEYL_BAD_ARG);
  weyl_graph_free(g);
  weyl_message_clear(ctx);

  /* a value made whole without a reduction: cumulative sums along a count */
  assert_ok(ctx, weyl_graph_new(ctx, vars, false, &g));
  a = weyl_input(g, "a", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
  (void)weyl_cumsum(a, 0, false);
  assert_int_equal(weyl_graph_status(g), WEYL_SHAPE);
  weyl_graph_free(g);
  weyl_message_clear(ctx);

  /* two counts of a shard in one value */
  assert_ok(ctx, weyl_graph_new(ctx, vars, false, &g));
  a = weyl_input(g, "a", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(3)));
  static const int last[1] = {1};
  (void)weyl_dot_general(a, a, 0, NULL, NULL, 1, last, last);
  assert_int_equal(weyl_graph_status(g), WEYL_SHAPE);
  weyl_graph_free(g);
  weyl_message_clear(ctx);

  /* operands of another graph, null operands */
  weyl_graph *other = NULL;
  assert_ok(ctx, weyl_graph_new(ctx, vars, false, &g));
  assert_ok(ctx, weyl_graph_new(ctx, vars, false, &other));
  a = weyl_scalar(g, 1);
  b = weyl_scalar(other, 1);
  assert_false(weyl_tensor_valid(weyl_add(a, b)));
  assert_int_equal(weyl_graph_status(g), WEYL_BAD_ARG);
  weyl_message_clear(ctx);
  assert_false(weyl_tensor_valid(weyl_exp(WEYL_NULL_TENSOR)));
  assert_false(weyl_tensor_valid(weyl_add(b, WEYL_NULL_TENSOR)));
  weyl_graph_free(g);
  weyl_graph_free(other);
  weyl_variables_free(vars);
  test_context_free(ctx);
}

static void test_bad_batches(void **state) {
  (void)state;
  lab l;
  lab_begin(&l, WEYL_F32);
  weyl_context *ctx = l.ctx;
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  const weyl_tensor x = weyl_input(l.g, "x", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_NODES)));
  const weyl_tensor i = weyl_input(l.g, "i", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_EDGES)));
  weyl_scope(l.g, "layer.3");
  const weyl_tensor y = weyl_log(weyl_gather(x, i));
  weyl_scope_end(l.g);
  const weyl_tensor z = weyl_sum_all(weyl_mul(y, y));
  assert_ok(ctx, weyl_program_new(l.g, &z, 1, NULL, &program));
  assert_ok(ctx, weyl_run_new(program, NULL, &run));
  const float xs[3] = {1, 2, -3};
  int32_t is[2] = {0, 3};
  const int64_t count[1][WEYL_COUNTS] = {{0, 1, 3, 2}};
  const void *input[2];
  input[weyl_program_input_find(program, "x")] = xs;
  input[weyl_program_input_find(program, "i")] = is;
  weyl_batch batch = {.shards = 1, .count = count, .input = input};
  assert_int_equal(weyl_run_step(run, &batch), WEYL_BAD_ARG); /* index 3 of 3 */
  assert_non_null(strstr(weyl_message(ctx), "index 3"));
  assert_non_null(strstr(weyl_message(ctx), "layer.3"));
  weyl_message_clear(ctx);
  is[1] = -1;
  assert_int_equal(weyl_run_step(run, &batch), WEYL_BAD_ARG);
  weyl_message_clear(ctx);
  is[1] = 2; /* log(-3): NaN, found by name */
  assert_ok(ctx, weyl_run_step(run, &batch));
  assert_true(isnan(*(const float *)weyl_run_output(run, 0).data));
  assert_int_equal(weyl_run_find_nonfinite(run, &batch), WEYL_NUMERIC);
  assert_non_null(strstr(weyl_message(ctx), "log"));
  assert_non_null(strstr(weyl_message(ctx), "layer.3"));
  weyl_message_clear(ctx);
  is[1] = 1;
  assert_ok(ctx, weyl_run_find_nonfinite(run, &batch));
  batch.shards = 0;
  assert_int_equal(weyl_run_step(run, &batch), WEYL_BAD_ARG);
  weyl_run_free(run);
  weyl_program_free(program);
  lab_end(&l);
}

/* Every allocation fails once: an error each time, nothing leaks, and in the end it works. */
static void test_memory_failures(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const size_t before = weyl_memory_used(ctx);
  bool done = false;
  for (uint64_t n = 1; !done && n < 2000; n++) {
    weyl_context_fail_allocation(ctx, n);
    weyl_variables *vars = NULL;
    weyl_graph *g = NULL;
    weyl_program *program = NULL;
    weyl_run *run = NULL;
    weyl_status status = weyl_variables_new(ctx, WEYL_F64, 1, &vars);
    if (status == WEYL_OK) status = weyl_graph_new(ctx, vars, false, &g);
    if (status == WEYL_OK) {
      const weyl_tensor x = weyl_input(g, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(3)));
      const weyl_tensor w = weyl_param(g, "w", WEYL_SHAPE(weyl_num(3), weyl_num(3)), weyl_init_normal(0, 1));
      const weyl_tensor out[2] = {weyl_mean_all(weyl_square(weyl_matmul(x, w))),
                                  weyl_param_grad(weyl_mean_all(weyl_square(weyl_matmul(x, w))))};
      status = weyl_program_new(g, out, 2, NULL, &program);
    }
    if (status == WEYL_OK) status = weyl_run_new(program, NULL, &run);
    if (status == WEYL_OK) {
      const double xs[6] = {1, 2, 3, 4, 5, 6};
      const int64_t count[1][WEYL_COUNTS] = {{0, 2}};
      const void *input[1] = {xs};
      status = weyl_run_step(run, &(weyl_batch){.shards = 1, .count = count, .input = input});
    }
    done = status == WEYL_OK;
    if (!done) assert_int_equal(status, WEYL_MEMORY);
    weyl_run_free(run);
    weyl_program_free(program);
    weyl_graph_free(g);
    weyl_variables_free(vars);
    weyl_context_fail_allocation(ctx, 0);
    weyl_message_clear(ctx);
    assert_int_equal(weyl_memory_used(ctx), before);
  }
  assert_true(done);
  test_context_free(ctx);
}

static void test_explain(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  traced t = trace(ctx, WEYL_F32, 0);
  weyl_program *program = NULL;
  weyl_arena *arena = NULL;
  assert_ok(ctx, weyl_program_new(t.g, t.out, t.n_out, &(weyl_program_opts){.lanes = 4, .assigns = true}, &program));
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  const char *text = weyl_program_text(program, arena);
  assert_non_null(strstr(text, "phase 3")); /* mean, variance, the rest */
  assert_non_null(strstr(text, "running := "));
  assert_non_null(strstr(text, "dot_general"));
  const int64_t shard[4][WEYL_COUNTS] = {{0, 5, 20, 80}, {0, 5, 20, 80}, {0, 5, 20, 80}, {0, 5, 20, 80}};
  const weyl_program_stats one = weyl_program_about(program, shard, 1), four = weyl_program_about(program, shard, 4);
  assert_true(one.flops > 2.0 * 20 * 3 * HIDDEN && one.steps > 20);
  /* recompute alone makes nodes again and removes none */
  const char *rewrites = getenv("WEYL_OPT");
  if (!rewrites || strcmp(rewrites, "recompute") != 0) assert_true(one.nodes_after <= one.nodes_before);
  assert_true(four.flops > 3 * one.flops && four.workspace == one.workspace && one.workspace > 0);
  assert_true(weyl_program_bytes(program, shard[0]) >= one.workspace / 2);
  weyl_arena_free(arena);
  weyl_program_free(program);
  traced_free(&t);
  test_context_free(ctx);
}

/* Random numbers do not depend on the row's place, and have the moments they should. */
static void test_random(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_variables *vars = NULL;
  weyl_graph *g = NULL;
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  assert_ok(ctx, weyl_variables_new(ctx, WEYL_F32, 1, &vars));
  assert_ok(ctx, weyl_graph_new(ctx, vars, true, &g));
  const weyl_tensor key = weyl_input(g, "key", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  const weyl_shape shape = WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(101));
  const weyl_tensor out[3] = {weyl_random_uniform(g, "u", shape, key), weyl_random_normal(g, "n", shape, key),
                              weyl_random_uniform(g, "v", shape, key)};
  assert_ok(ctx, weyl_program_new(g, out, 3, NULL, &program));
  assert_ok(ctx, weyl_run_new(program, NULL, &run));
  enum { N = 400 };
  int32_t keys[N];
  for (int i = 0; i < N; i++) keys[i] = N - 1 - i;
  const int64_t count[1][WEYL_COUNTS] = {{0, N}};
  const void *input[1] = {keys};
  weyl_batch batch = {.shards = 1, .count = count, .input = input, .seed = 3, .step = 9};
  assert_ok(ctx, weyl_run_step(run, &batch));
  double sum[3] = {0}, square[3] = {0};
  for (int k = 0; k < 3; k++) {
    const float *x = weyl_run_output(run, k).data;
    for (int i = 0; i < N * 101; i++) {
      sum[k] += (double)x[i];
      square[k] += (double)x[i] * (double)x[i];
      if (k != 1) assert_true(x[i] >= 0 && x[i] < 1);
    }
  }
  const double n = N * 101;
  assert_true(fabs(sum[0] / n - 0.5) < 5 * sqrt(1 / 12.0 / n) && fabs(square[0] / n - 1 / 3.0) < 5 * 0.3 / sqrt(n));
  assert_true(fabs(sum[1] / n) < 5 / sqrt(n) && fabs(square[1] / n - 1) < 5 * sqrt(2 / n));
  float first[101], other[101];
  memcpy(first, weyl_run_output(run, 0).data, sizeof first); /* key N - 1 */
  memcpy(other, weyl_run_output(run, 2).data, sizeof other);
  assert_memory_not_equal(first, other, sizeof first);
  keys[7] = N - 1;
  assert_ok(ctx, weyl_run_step(run, &batch));
  assert_memory_equal((const float *)weyl_run_output(run, 0).data + (ptrdiff_t)7 * 101, first, sizeof first);
  batch.step = 10;
  assert_ok(ctx, weyl_run_step(run, &batch));
  assert_memory_not_equal((const float *)weyl_run_output(run, 0).data, first, sizeof first);
  weyl_run_free(run);
  weyl_program_free(program);
  weyl_graph_free(g);
  weyl_variables_free(vars);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shards),          cmocka_unit_test(test_threads),     cmocka_unit_test(test_allocations),
      cmocka_unit_test(test_failures),        cmocka_unit_test(test_bad_batches), cmocka_unit_test(test_random),
      cmocka_unit_test(test_memory_failures), cmocka_unit_test(test_explain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
