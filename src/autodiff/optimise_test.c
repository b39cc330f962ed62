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
  *flops = weyl_program_about(program, &counts, 1).flops;
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
    assert_int_equal(weyl_program_about(program, &counts, 1).steps, fuse ? 1 : 2);
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

enum { LONG = 300 };

/* p, a, b, c after two steps of: a := 0.9 a + p, b and c by what, p := p - 0.1 a (a as it was). *in_place: how many of
 * them the last step writes itself. */
static double *assigned(int what, const char *rewrites, size_t *in_place) {
  weyl_variables *vars = NULL;
  weyl_graph *g = NULL;
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  weyl_arena *arena = NULL;
  setenv("WEYL_OPT", rewrites, 1);
  assert_ok(ctx, weyl_variables_new(ctx, WEYL_F64, 3, &vars));
  assert_ok(ctx, weyl_graph_new(ctx, vars, true, &g));
  const weyl_shape shape = WEYL_SHAPE(weyl_num(LONG));
  weyl_tensor p = weyl_param(g, "p", shape, weyl_init_normal(0, 1)), v[3];
  static const char *const names[] = {"a", "b", "c"};
  for (int i = 0; i < 3; i++) v[i] = weyl_state(g, names[i], shape, weyl_init_normal(0, 1));
  weyl_tensor a = weyl_add(weyl_mul(v[0], weyl_scalar(g, 0.9)), p), b, c;
  switch (what) {
    case 0: /* each from itself */
      b = weyl_square(v[1]);
      c = weyl_add(v[2], b);
      break;
    case 1: /* exchanged */
      b = v[2];
      c = v[1];
      break;
    case 2: /* b from the old a, after the new one */
      b = weyl_add(a, v[0]);
      c = weyl_mul(b, v[2]);
      break;
    default: /* one number of b for all of c, and b from a part of itself */
      c = weyl_add(v[2], weyl_slice(v[1], 0, 7, 1, 1));
      b = weyl_add(
          weyl_concat((weyl_tensor[]){weyl_slice(v[1], 0, 1, LONG - 1, 1), weyl_slice(v[1], 0, 0, 1, 1)}, 2, 0), c);
  }
  weyl_assign(v[0], a);
  weyl_assign(v[1], b);
  weyl_assign(v[2], c);
  weyl_assign(p, weyl_sub(p, weyl_mul(v[0], weyl_scalar(g, 0.1))));
  assert_ok(ctx, weyl_graph_status(g));
  assert_ok(ctx, weyl_program_new(g, NULL, 0, &(weyl_program_opts){.lanes = 1, .assigns = true}, &program));
  assert_ok(ctx, weyl_run_new(program, NULL, &run));
  for (int s = 0; s < 2; s++)
    assert_ok(ctx, weyl_run_step(run, &(weyl_batch){.shards = 1, .count = &counts, .step = (uint64_t)s}));
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  *in_place = 0;
  for (const char *at = weyl_program_text(program, arena); (at = strstr(at, "(in place)")); at++) ++*in_place;
  double *all = malloc(4 * LONG * sizeof *all);
  for (int i = 0; i < 4; i++) {
    const weyl_array x =
        i ? weyl_variables_array(vars, WEYL_STATE, (size_t)i - 1) : weyl_variables_array(vars, WEYL_PARAM, 0);
    memcpy(all + i * LONG, x.data, LONG * sizeof *all);
  }
  weyl_arena_free(arena);
  weyl_run_free(run);
  weyl_program_free(program);
  weyl_graph_free(g);
  weyl_variables_free(vars);
  return all;
}

/* The last step writes variables where they are only when nobody wants what was there. */
static void test_in_place(void **state) {
  (void)state;
  size_t plain = 0, some = 0;
  for (int what = 0; what < 4; what++) {
    double *want = assigned(what, "0", &plain), *got = assigned(what, "1", &some);
    assert_int_equal(plain, 0);
    assert_int_equal(some, 1); /* p, which the last step alone reads */
    assert_numbers(got, want, 4 * LONG, 1e-14);
    free(want);
    free(got);
  }
}

/* A product that is wanted in parts stays one, its parts are read where they are, and so is its gradient's. */
static void test_parts(void **state) {
  (void)state;
  molecule m;
  trace(&m);
  weyl_graph_free(m.g);
  assert_ok(ctx, weyl_graph_new(ctx, m.vars, true, &m.g));
  enum { PART = 8 };
  const weyl_dim nodes = weyl_per(WEYL_NODES), edges = weyl_per(WEYL_EDGES);
  const weyl_tensor h = weyl_input(m.g, "h", WEYL_F64, WEYL_SHAPE(nodes, weyl_num(WIDTH))),
                    i = weyl_input(m.g, "i", WEYL_I32, WEYL_SHAPE(edges));
  const weyl_tensor w =
      weyl_param(m.g, "parts", WEYL_SHAPE(weyl_num(WIDTH), weyl_num(3 * PART)), weyl_init_normal(0, 0.2));
  const weyl_tensor y = weyl_matmul(h, w);
  weyl_tensor part[3];
  for (int k = 0; k < 3; k++) part[k] = weyl_slice(y, 1, k * PART, PART, 1);
  const weyl_tensor z = weyl_add(weyl_mul(part[0], weyl_sigmoid(part[1])), weyl_silu(part[2]));
  const weyl_tensor far = weyl_mul(weyl_gather(part[1], i), weyl_gather(z, i)); /* parts of rows by index */
  m.out[0] = weyl_add(z, weyl_segment_sum(far, i, nodes));
  m.out[1] = weyl_param_grad(weyl_sum_all(weyl_square(m.out[0])));
  size_t n, count;
  double flops;
  double *want = outputs(&m, "0", &n, &flops);
  static const char *const settings[] = {"1", "-fuse", "-fold", "-hoist", "fuse"};
  for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
    double *got = outputs(&m, settings[s], &count, &flops);
    assert_int_equal(count, n);
    assert_numbers(got, want, (int64_t)n, 1e-12);
    free(got);
  }
  free(want);
  setenv("WEYL_OPT", "1", 1);
  weyl_program *program = NULL;
  weyl_arena *arena = NULL;
  assert_ok(ctx, weyl_arena_new(ctx, &arena));
  assert_ok(ctx, weyl_program_new(m.g, m.out, 2, NULL, &program));
  const char *text = weyl_program_text(program, arena);
  assert_non_null(strstr(text, "{8..15}"));
  assert_null(strstr(text, "slice"));
  assert_null(strstr(text, "= pad"));
  weyl_program_free(program);
  weyl_arena_free(arena);
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
      cmocka_unit_test(test_in_place),
      cmocka_unit_test(test_parts),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
