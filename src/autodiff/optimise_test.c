/* The rewrites: equal results with each of them, and what each is there for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "testing.h"

#include <stdlib.h>
#include <string.h>

static weyl_context *ctx;

enum { NODES = 5, EDGES = 20, WIDTH = 24, OUT = 20 };

typedef struct molecule {
  weyl_variables *vars;
  weyl_graph *g;
  weyl_tensor out[2]; /* the layer's rows, and the gradient of their squares */
  double h[NODES * WIDTH], e[EDGES * 2];
  int32_t receiver[EDGES], sender[EDGES];
} molecule;

/* y = silu([h_i | h_j | e_ij] W + b), summed by receiver: the first layer of an edge network, with its gradient. */
static void trace(molecule *m) {
  assert_ok(ctx, weyl_variables_new(ctx, WEYL_F64, 3, &m->vars));
  assert_ok(ctx, weyl_graph_new(ctx, m->vars, true, &m->g));
  const weyl_dim nodes = weyl_per(WEYL_NODES), edges = weyl_per(WEYL_EDGES);
  weyl_tensor h = weyl_input(m->g, "h", WEYL_F64, WEYL_SHAPE(nodes, weyl_num(WIDTH)));
  weyl_tensor e = weyl_input(m->g, "e", WEYL_F64, WEYL_SHAPE(edges, weyl_num(2)));
  weyl_tensor i = weyl_input(m->g, "i", WEYL_I32, WEYL_SHAPE(edges)),
              j = weyl_input(m->g, "j", WEYL_I32, WEYL_SHAPE(edges));
  weyl_tensor pre = weyl_param(m->g, "pre", WEYL_SHAPE(weyl_num(WIDTH), weyl_num(WIDTH)), weyl_init_normal(0, 0.2));
  weyl_tensor w = weyl_param(m->g, "w", WEYL_SHAPE(weyl_num(OUT), weyl_num(2 * WIDTH + 2)), weyl_init_normal(0, 0.2));
  weyl_tensor b = weyl_param(m->g, "b", WEYL_SHAPE(weyl_num(OUT)), weyl_init_normal(0, 0.2));
  h = weyl_matmul(h, pre);
  weyl_tensor joined = weyl_concat((weyl_tensor[]){weyl_gather(h, i), weyl_gather(h, j), e}, 3, 1);
  weyl_tensor y = weyl_silu(weyl_add(weyl_dot_general(joined, w, 0, NULL, NULL, 1, (int[]){1}, (int[]){1}), b));
  m->out[0] = weyl_segment_sum(y, i, nodes);
  m->out[1] = weyl_param_grad(weyl_sum_all(weyl_square(m->out[0])));
  assert_ok(ctx, weyl_graph_status(m->g));
  weyl_rng rng = weyl_rng_new(1, "molecule");
  for (int k = 0; k < NODES * WIDTH; k++) m->h[k] = weyl_rng_normal(&rng);
  for (int k = 0; k < EDGES * 2; k++) m->e[k] = weyl_rng_normal(&rng);
  int n = 0;
  for (int32_t a = 0; a < NODES; a++)
    for (int32_t c = 0; c < NODES; c++)
      if (a != c) {
        m->receiver[n] = a;
        m->sender[n++] = c;
      }
}

static void release(molecule *m) {
  weyl_graph_free(m->g);
  weyl_variables_free(m->vars);
}

static const int64_t counts[WEYL_COUNTS] = {[WEYL_BATCH] = 1, [WEYL_NODES] = NODES, [WEYL_EDGES] = EDGES};

/* Both outputs one after another, to be freed; the arithmetic of a run in *flops. */
static double *outputs(molecule *m, const char *rewrites, size_t *n, double *flops) {
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  if (rewrites)
    setenv("WEYL_OPT", rewrites, 1);
  else
    unsetenv("WEYL_OPT");
  assert_ok(ctx, weyl_program_new(m->g, m->out, 2, NULL, &program));
  assert_ok(ctx, weyl_run_new(program, NULL, &run));
  const void *input[4];
  for (int k = 0; k < weyl_program_inputs(program); k++) {
    const char *name = weyl_program_input_name(program, k);
    input[k] = *name == 'h'   ? (const void *)m->h
               : *name == 'e' ? (const void *)m->e
               : *name == 'i' ? m->receiver
                              : m->sender;
  }
  assert_ok(ctx, weyl_run_step(run, &(weyl_batch){.shards = 1, .count = &counts, .input = input}));
  *flops = weyl_program_about(program, counts, 1).flops;
  double *all = NULL;
  *n = 0;
  for (int k = 0; k < 2; k++) {
    const weyl_array a = weyl_run_output(run, k);
    const size_t size = (size_t)weyl_array_size(&a);
    all = realloc(all, (*n + size) * sizeof *all);
    memcpy(all + *n, a.data, size * sizeof *all);
    *n += size;
  }
  weyl_run_free(run);
  weyl_program_free(program);
  return all;
}

static void test_equal(void **state) {
  (void)state;
  static const char *const settings[] = {NULL, "1", "none",
#define WEYL_REWRITE(U, name, about) name, "-" name,
#include "optimise/rewrites.def"
#undef WEYL_REWRITE
                                         "fold,cse"};
  molecule m;
  trace(&m);
  size_t n, count;
  double flops;
  double *want = outputs(&m, "0", &n, &flops);
  for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
    double *got = outputs(&m, settings[s], &count, &flops);
    assert_int_equal(count, n);
    assert_numbers(got, want, (int64_t)n, 1e-11);
    free(got);
  }
  free(want);
  release(&m);
}

/* Hoisted, the layer and its derivatives run per node: a product of EDGES rows becomes two of NODES rows. */
static void test_hoist_saves(void **state) {
  (void)state;
  molecule m;
  trace(&m);
  size_t n;
  double plain, hoisted;
  free(outputs(&m, "none", &n, &plain));
  free(outputs(&m, "hoist", &n, &hoisted));
  const double edge_layer = 3 * 2.0 * EDGES * OUT * (2 * WIDTH), node_layer = 3 * 2.0 * 2 * NODES * OUT * WIDTH;
  assert_true(plain - hoisted > 0.8 * (edge_layer - node_layer));
  release(&m);
}

static void test_shared_and_folded(void **state) {
  (void)state;
  molecule m;
  trace(&m);
  weyl_tensor x = weyl_input(m.g, "h", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(WIDTH)));
  weyl_tensor twice = weyl_add(weyl_exp(x), weyl_exp(x)); /* one exponential */
  weyl_tensor same = weyl_add(weyl_mul(twice, weyl_scalar(m.g, 1)), weyl_scalar(m.g, 0));
  for (int fuse = 0; fuse < 2; fuse++) {
    weyl_program *program = NULL;
    setenv("WEYL_OPT", fuse ? "1" : "-fuse", 1);
    assert_ok(ctx, weyl_program_new(m.g, &same, 1, NULL, &program));
    assert_int_equal(weyl_program_about(program, counts, 1).steps, fuse ? 1 : 2);
    weyl_program_free(program);
  }
  release(&m);
}

static void test_unknown_names(void **state) {
  (void)state;
  molecule m;
  trace(&m);
  weyl_program *program = NULL;
  setenv("WEYL_OPT", "fold,hosit", 1);
  assert_says(ctx, weyl_program_new(m.g, m.out, 2, NULL, &program), WEYL_BAD_ARG, "no rewrite \"hosit\"");
  assert_null(program);
  release(&m);
}

static int begin(void **state) {
  (void)state;
  ctx = test_context(1);
  return 0;
}

static int end(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_equal),
      cmocka_unit_test(test_hoist_saves),
      cmocka_unit_test(test_shared_and_folded),
      cmocka_unit_test(test_unknown_names),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
