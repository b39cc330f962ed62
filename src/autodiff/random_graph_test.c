/* Random networks over nodes, edges and samples: values and gradients are the same with and without the rewrites, on
 * several shards and threads, and to the bit whatever the number of threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "testing.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 7, NODES = 4, EDGES = 9, POOL = 24, GRAPHS = 150, SHARDS = 3 };

/* Widths of rows that the loops treat in their own ways: numbers, short rows, whole and broken vectors. */
static const int64_t widths[] = {1, 3, 8, 20};

typedef struct net {
  weyl_rng rng;
  weyl_graph *g;
  weyl_tensor pool[3][POOL]; /* values per sample, node, edge; all [count, width] */
  int n[3];
  weyl_tensor node_sample, receiver, sender;
  int params;
} net;

static int pick(net *m, int n) { return (int)weyl_rng_below(&m->rng, (uint64_t)n); }

static weyl_tensor one_of(net *m, int level) {
  /* the newest half the time, so that chains grow */
  const int n = m->n[level];
  return m->pool[level][pick(m, 2) ? n - 1 - pick(m, n < 4 ? n : 4) : pick(m, n)];
}

static weyl_tensor param(net *m, weyl_shape shape) {
  char name[24];
  snprintf(name, sizeof name, "p%d", m->params++);
  return weyl_param(m->g, name, shape, weyl_init_normal(0, 0.4));
}

static int64_t width_of(weyl_tensor t) { return weyl_dim_of(t, 1); }

/* Another value of the level with the same width, or one made so by a product. */
static weyl_tensor mate(net *m, int level, weyl_tensor x) {
  for (int tries = 0; tries < 6; tries++) {
    const weyl_tensor y = one_of(m, level);
    if (width_of(y) == width_of(x)) return y;
    if (width_of(y) == 1 && pick(m, 2)) return y; /* broadcasts */
  }
  const weyl_tensor y = one_of(m, level);
  return weyl_matmul(y, param(m, WEYL_SHAPE(weyl_num(width_of(y)), weyl_num(width_of(x)))));
}

static weyl_tensor grown(net *m, int level) {
  const weyl_tensor x = one_of(m, level);
  const weyl_dim rows[3] = {weyl_per(WEYL_BATCH), weyl_per(WEYL_NODES), weyl_per(WEYL_EDGES)};
  switch (pick(m, 15)) {
    case 0: return weyl_add(x, mate(m, level, x));
    case 1: return weyl_mul(x, weyl_tanh(mate(m, level, x)));
    case 2: return weyl_sub(x, mate(m, level, x));
    case 3: return weyl_silu(weyl_add(x, param(m, WEYL_SHAPE(weyl_num(width_of(x))))));
    case 4: return weyl_silu(weyl_add(weyl_add(x, mate(m, level, x)), param(m, WEYL_SHAPE(weyl_num(width_of(x))))));
    case 5: {
      const weyl_tensor w = param(m, WEYL_SHAPE(weyl_num(widths[pick(m, 4)]), weyl_num(width_of(x))));
      return weyl_dot_general(x, w, 0, NULL, NULL, 1, (int[]){1}, (int[]){1});
    }
    case 6: return weyl_unsqueeze(weyl_sum(weyl_square(x), 1), 1);
    case 7: {
      const weyl_tensor parts[2] = {x, one_of(m, level)};
      const weyl_tensor joined = weyl_concat(parts, 2, 1);
      return weyl_matmul(joined, param(m, WEYL_SHAPE(weyl_num(width_of(joined)), weyl_num(widths[pick(m, 4)]))));
    }
    case 8: return weyl_sigmoid(weyl_scale(x, -0.5));
    case 9: return weyl_where(weyl_lt(x, weyl_scalar(m->g, 0.1)), x, weyl_scale(x, 0.25));
    case 10: return width_of(x) > 1 ? weyl_slice(x, 1, 0, width_of(x) == 3 ? 1 : width_of(x) / 2, 1) : weyl_neg(x);
    default: break;
  }
  /* between the levels */
  if (level == 2) {
    const weyl_tensor h = one_of(m, 1);
    const weyl_tensor i = weyl_gather(h, m->receiver), j = weyl_gather(h, m->sender);
    if (pick(m, 2)) return weyl_sub(i, j);
    const weyl_tensor parts[3] = {i, j, x};
    const weyl_tensor joined = weyl_concat(parts, 3, 1);
    const weyl_tensor w = param(m, WEYL_SHAPE(weyl_num(widths[pick(m, 4)]), weyl_num(width_of(joined))));
    return weyl_dot_general(joined, w, 0, NULL, NULL, 1, (int[]){1}, (int[]){1});
  }
  if (level == 1)
    return pick(m, 2) ? weyl_scatter_add(one_of(m, 2), pick(m, 2) ? m->receiver : m->sender, rows[1])
                      : weyl_gather(one_of(m, 0), m->node_sample);
  return weyl_scatter_add(one_of(m, 1), m->node_sample, rows[0]);
}

static weyl_tensor trace(net *m) {
  const weyl_dim rows[3] = {weyl_per(WEYL_BATCH), weyl_per(WEYL_NODES), weyl_per(WEYL_EDGES)};
  static const char *const names[3] = {"s", "x", "e"};
  m->node_sample = weyl_input(m->g, "node_sample", WEYL_I32, WEYL_SHAPE(rows[1]));
  m->receiver = weyl_input(m->g, "i", WEYL_I32, WEYL_SHAPE(rows[2]));
  m->sender = weyl_input(m->g, "j", WEYL_I32, WEYL_SHAPE(rows[2]));
  for (int level = 0; level < 3; level++) {
    const int64_t width = widths[pick(m, 4)];
    m->pool[level][m->n[level]++] = weyl_input(m->g, names[level], WEYL_F64, WEYL_SHAPE(rows[level], weyl_num(width)));
  }
  for (int k = 0; k < 18; k++) {
    const int level = pick(m, 8) == 0 ? 0 : 1 + pick(m, 2);
    if (m->n[level] == POOL) continue;
    const weyl_tensor made = weyl_tanh(grown(m, level)); /* which looks at the pool as it is before this one */
    m->pool[level][m->n[level]++] = made;
  }
  weyl_tensor loss = weyl_scalar(m->g, 0);
  for (int level = 0; level < 3; level++)
    for (int k = m->n[level] > 2 ? m->n[level] - 2 : 0; k < m->n[level]; k++) {
      weyl_tensor rows_of = weyl_sum(weyl_square(m->pool[level][k]), 1);
      loss = weyl_add(loss, weyl_mean(rows_of, 0));
    }
  return loss;
}

typedef struct data {
  double *value[3];
  int32_t node_sample[SAMPLES * NODES], receiver[SAMPLES * EDGES], sender[SAMPLES * EDGES];
  int64_t count[SHARDS][WEYL_COUNTS];
} data;

/* Whole samples in uneven shards, with indices that repeat and are not sorted. */
static void fill(data *d, net *m) {
  static const int samples[SHARDS] = {3, 1, 3};
  memset(d, 0, sizeof *d);
  const int64_t rows[3] = {SAMPLES, SAMPLES * NODES, SAMPLES * EDGES};
  for (int level = 0; level < 3; level++) {
    const int64_t n = rows[level] * width_of(m->pool[level][0]);
    d->value[level] = calloc((size_t)n, sizeof(double));
    for (int64_t i = 0; i < n; i++) d->value[level][i] = weyl_rng_normal(&m->rng);
  }
  for (int s = 0, sample = 0; s < SHARDS; s++)
    for (int k = 0; k < samples[s]; k++, sample++) {
      d->count[s][WEYL_BATCH]++;
      d->count[s][WEYL_NODES] += NODES;
      d->count[s][WEYL_EDGES] += EDGES;
      for (int a = 0; a < NODES; a++) d->node_sample[sample * NODES + a] = k;
      for (int e = 0; e < EDGES; e++) {
        d->receiver[sample * EDGES + e] = k * NODES + (e < 5 ? e / 3 : pick(m, NODES));
        d->sender[sample * EDGES + e] = k * NODES + pick(m, NODES);
      }
    }
}

/* Loss and gradient. */
static double *run(net *m, const data *d, weyl_tensor loss, weyl_tensor gradient, const char *rewrites, size_t *n) {
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  weyl_context *ctx = weyl_graph_context(m->g);
  setenv("WEYL_OPT", rewrites, 1);
  const weyl_tensor outputs[2] = {loss, gradient};
  assert_ok(ctx, weyl_program_new(m->g, outputs, 2, &(weyl_program_opts){.lanes = 2}, &program));
  unsetenv("WEYL_OPT");
  assert_ok(ctx, weyl_run_new(program, NULL, &run));
  const void *input[6];
  for (int k = 0; k < weyl_program_inputs(program); k++) {
    const char *name = weyl_program_input_name(program, k);
    input[k] = strcmp(name, "s") == 0             ? (const void *)d->value[0]
               : strcmp(name, "x") == 0           ? (const void *)d->value[1]
               : strcmp(name, "e") == 0           ? (const void *)d->value[2]
               : strcmp(name, "node_sample") == 0 ? (const void *)d->node_sample
               : strcmp(name, "i") == 0           ? (const void *)d->receiver
                                                  : (const void *)d->sender;
  }
  const weyl_batch batch = {.shards = SHARDS, .count = d->count, .input = input};
  for (int step = 0; step < 2; step++) assert_ok(ctx, weyl_run_step(run, &batch)); /* the second one is bound already */
  const weyl_array a = weyl_run_output(run, 0), b = weyl_run_output(run, 1);
  *n = 1 + (size_t)weyl_array_size(&b);
  double *all = calloc(*n, sizeof *all);
  all[0] = *(const double *)a.data;
  memcpy(all + 1, b.data, (*n - 1) * sizeof *all);
  weyl_run_free(run);
  weyl_program_free(program);
  return all;
}

static void one_graph(uint64_t seed) {
  static const char *const settings[] = {"1", "none", "-fuse", "fuse", "-hoist", "-chain", "chain,fuse", "1"};
  double *same_bytes = NULL, *want = NULL;
  size_t n = 0, count = 0;
  for (size_t s = 0; s < 1 + sizeof settings / sizeof *settings; s++) {
    const bool reference = s == 0, again = s == sizeof settings / sizeof *settings;
    weyl_context *ctx = test_context(again ? 3 : 1);
    weyl_variables *vars = NULL;
    net m = {.rng = weyl_rng_new(seed, "graph")};
    assert_ok(ctx, weyl_variables_new(ctx, WEYL_F64, seed, &vars));
    assert_ok(ctx, weyl_graph_new(ctx, vars, true, &m.g));
    const weyl_tensor loss = trace(&m), gradient = m.params ? weyl_param_grad(loss) : loss;
    assert_ok(ctx, weyl_graph_status(m.g));
    data d;
    fill(&d, &m);
    double *got = run(&m, &d, loss, gradient, reference ? "0" : settings[s - 1], &count);
    if (reference) {
      want = got;
      n = count;
    } else {
      assert_int_equal(count, n);
      for (size_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= 1e-10 * (1 + fabs(want[i]))))
          fail_msg("graph %llu, WEYL_OPT=%s: number %zu is %.17g, must be %.17g", (unsigned long long)seed,
                   settings[s - 1], i, got[i], want[i]);
      if (again && memcmp(got, same_bytes, n * sizeof *got) != 0)
        fail_msg("graph %llu: three threads give other bytes than one", (unsigned long long)seed);
      if (s == 1)
        same_bytes = got;
      else
        free(got);
    }
    for (int level = 0; level < 3; level++) free(d.value[level]);
    weyl_graph_free(m.g);
    weyl_variables_free(vars);
    test_context_free(ctx);
  }
  free(want);
  free(same_bytes);
}

static void test_random_graphs(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= GRAPHS; seed++) one_graph(seed);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_graphs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
