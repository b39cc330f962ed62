#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <weyl/train.h>

/* Three samples with 2, 3 and 1 nodes and 2, 3 and 0 edges; x is f64, w (a sample) f32, kind (a node) i32. */
typedef struct fixture {
  weyl_context *ctx;
  weyl_dataset *set;
  weyl_variables *vars;
  weyl_graph *graph;
  weyl_program *program;
} fixture;

static const int64_t nodes[] = {0, 2, 5, 6}, edges[] = {0, 2, 5, 5};
static const double xs[6][2] = {{0, 1}, {10, 11}, {20, 21}, {30, 31}, {40, 41}, {50, 51}};
static const int32_t is[5] = {0, 1, 0, 1, 2}, js[5] = {1, 0, 1, 2, 0};

static void add_field(weyl_dataset *set, const char *name, weyl_rows_per per, weyl_dtype dtype, int rank, int64_t width,
                      const void *values) {
  weyl_array a;
  assert_int_equal(weyl_dataset_add(set, name, per, dtype, rank, &width, "", &a), WEYL_OK);
  memcpy(a.data, values, (size_t)weyl_array_size(&a) * weyl_dtype_size(dtype));
}

static weyl_dataset *make_set(weyl_context *ctx, bool with_x) {
  weyl_dataset *set = NULL;
  assert_int_equal(weyl_dataset_new(ctx, "mixed", 3, &set), WEYL_OK);
  assert_int_equal(weyl_dataset_set_offsets(set, WEYL_PER_NODE, nodes), WEYL_OK);
  assert_int_equal(weyl_dataset_set_offsets(set, WEYL_PER_EDGE, edges), WEYL_OK);
  if (with_x) add_field(set, "x", WEYL_PER_NODE, WEYL_F64, 1, 2, xs);
  add_field(set, "w", WEYL_PER_SAMPLE, WEYL_F32, 0, 0, (float[]){100, 200, 300});
  add_field(set, "kind", WEYL_PER_NODE, WEYL_I32, 0, 0, (int32_t[]){7, 8, 9, 10, 11, 12});
  add_field(set, "edge_i", WEYL_PER_EDGE, WEYL_I32, 0, 0, is);
  add_field(set, "edge_j", WEYL_PER_EDGE, WEYL_I32, 0, 0, js);
  return set;
}

/* An output of everything, so that no input is dead. */
static weyl_program *make_program(fixture *f, int64_t x_width) {
  weyl_context *ctx = f->ctx;
  assert_int_equal(weyl_variables_new(ctx, WEYL_F32, 1, &f->vars), WEYL_OK);
  assert_int_equal(weyl_graph_new(ctx, f->vars, false, &f->graph), WEYL_OK);
  weyl_graph *g = f->graph;
  const weyl_dim per_node = weyl_per(WEYL_NODES), per_edge = weyl_per(WEYL_EDGES), per_sample = weyl_per(WEYL_BATCH);
  weyl_tensor x = weyl_input(g, "x", WEYL_F32, WEYL_SHAPE(per_node, weyl_num(x_width)));
  weyl_tensor w = weyl_input(g, "w", WEYL_F32, WEYL_SHAPE(per_sample));
  weyl_tensor kind = weyl_input(g, "kind", WEYL_F32, WEYL_SHAPE(per_node));
  weyl_tensor i = weyl_input(g, "edge_i", WEYL_I32, WEYL_SHAPE(per_edge)),
              j = weyl_input(g, "edge_j", WEYL_I32, WEYL_SHAPE(per_edge));
  weyl_tensor sample = weyl_input(g, "node_sample", WEYL_I32, WEYL_SHAPE(per_node));
  weyl_tensor key = weyl_input(g, "node_key", WEYL_I32, WEYL_SHAPE(per_node));
  weyl_tensor sample_key = weyl_input(g, "sample_key", WEYL_I32, WEYL_SHAPE(per_sample));
  weyl_tensor scale = weyl_input(g, "scale", WEYL_F32, weyl_shape_scalar());
  weyl_tensor outputs[] = {
      weyl_mul(weyl_sub(weyl_gather(x, i), weyl_gather(x, j)), scale),                             /* [edges, 2] */
      weyl_add(weyl_segment_sum(weyl_add(kind, weyl_cast(key, WEYL_F32)), sample, per_sample), w), /* [batch] */
      weyl_cast(sample_key, WEYL_F32),
  };
  weyl_program *program = NULL;
  assert_int_equal(weyl_program_new(g, outputs, 3, NULL, &program), WEYL_OK);
  return program;
}

static int setup(void **state) {
  static fixture f;
  f = (fixture){0};
  assert_int_equal(weyl_context_new(NULL, &f.ctx), WEYL_OK);
  f.set = make_set(f.ctx, true);
  f.program = make_program(&f, 2);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  weyl_program_free(f->program);
  weyl_graph_free(f->graph);
  weyl_variables_free(f->vars);
  weyl_dataset_free(f->set);
  weyl_context_free(f->ctx);
  return 0;
}

static const void *input(const fixture *f, const weyl_batch *b, const char *name) {
  const int k = weyl_program_input_find(f->program, name);
  assert_true(k >= 0);
  return b->input[k];
}

static void assert_numbers(const int32_t *got, const int32_t *want, size_t n) {
  for (size_t k = 0; k < n; k++)
    if (got[k] != want[k]) fail_msg("entry %zu is %d, want %d", k, got[k], want[k]);
}

static void rows_are_laid_out_in_shards(void **state) {
  fixture *f = *state;
  weyl_loader *l = NULL;
  assert_int_equal(weyl_loader_new(f->ctx, f->set, f->program, 2, &l), WEYL_OK);
  assert_int_equal(weyl_loader_set(l, "scale", 0.5), WEYL_OK);
  weyl_batch b;
  assert_int_equal(weyl_loader_fill(l, (int64_t[]){1, 0, 2, 1}, 4, 5, 6, &b), WEYL_OK);

  assert_int_equal(b.shards, 2);
  assert_int_equal(b.seed, 5);
  assert_int_equal(b.step, 6);
  const int64_t want[2][3] = {{2, 5, 5}, {2, 4, 3}};
  for (int s = 0; s < 2; s++) {
    assert_int_equal(b.count[s][WEYL_BATCH], want[s][0]);
    assert_int_equal(b.count[s][WEYL_NODES], want[s][1]);
    assert_int_equal(b.count[s][WEYL_EDGES], want[s][2]);
  }
  const float *x = input(f, &b, "x");
  const double rows[9] = {20, 30, 40, 0, 10, 50, 20, 30, 40};
  for (int r = 0; r < 9; r++) assert_true((double)x[2 * r] == rows[r] && (double)x[2 * r + 1] == rows[r] + 1);
  const float *w = input(f, &b, "w");
  assert_true(w[0] == 200 && w[1] == 100 && w[2] == 300 && w[3] == 200);
  const float *kind = input(f, &b, "kind"); /* i32 in the data, real in the program */
  assert_true(kind[0] == 9 && kind[3] == 7 && kind[5] == 12);
  assert_true(*(const float *)input(f, &b, "scale") == 0.5f);

  /* indices count from the shard's first node; the sample's number within the shard; keys run through the batch */
  assert_numbers(input(f, &b, "edge_i"), (int32_t[]){0, 1, 2, 3, 4, 1, 2, 3}, 8);
  assert_numbers(input(f, &b, "edge_j"), (int32_t[]){1, 2, 0, 4, 3, 2, 3, 1}, 8);
  assert_numbers(input(f, &b, "node_sample"), (int32_t[]){0, 0, 0, 1, 1, 0, 1, 1, 1}, 9);
  assert_numbers(input(f, &b, "node_key"), (int32_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8}, 9);
  assert_numbers(input(f, &b, "sample_key"), (int32_t[]){0, 1, 2, 3}, 4);
  weyl_loader_free(l);
}

static void shards_do_not_change_results(void **state) {
  fixture *f = *state;
  float first[2][64];
  int64_t sizes[2] = {0};
  for (int64_t shard = 0; shard <= 4; shard++) { /* 0: by formula */
    weyl_loader *l = NULL;
    weyl_run *run = NULL;
    weyl_batch b;
    assert_int_equal(weyl_loader_new(f->ctx, f->set, f->program, shard, &l), WEYL_OK);
    assert_int_equal(weyl_loader_set(l, "scale", 2), WEYL_OK);
    assert_int_equal(weyl_loader_fill(l, (int64_t[]){0, 1, 2, 1}, 4, 1, 0, &b), WEYL_OK);
    if (shard > 0) assert_int_equal(b.shards, (4 + shard - 1) / shard);
    assert_int_equal(weyl_run_new(f->program, NULL, &run), WEYL_OK);
    assert_int_equal(weyl_run_step(run, &b), WEYL_OK);
    for (int k = 0; k < 2; k++) {
      const weyl_array y = weyl_run_output(run, k);
      const size_t bytes = (size_t)weyl_array_size(&y) * sizeof(float);
      if (shard == 0)
        memcpy(first[k], y.data, bytes);
      else
        assert_memory_equal(first[k], y.data, bytes);
      sizes[k] = weyl_array_size(&y);
    }
    weyl_run_free(run);
    weyl_loader_free(l);
  }
  assert_int_equal(sizes[0], 16);
  assert_int_equal(sizes[1], 4);
  assert_true(first[0][0] == -20);                 /* 2 (x_0 - x_1) of sample 0 */
  assert_true(first[1][0] == 7 + 8 + 0 + 1 + 100); /* kinds, keys and w of sample 0 */
}

static void room_is_asked_for_once(void **state) {
  fixture *f = *state;
  weyl_loader *l = NULL;
  weyl_batch b;
  assert_int_equal(weyl_loader_new(f->ctx, f->set, f->program, 1, &l), WEYL_OK);
  assert_int_equal(weyl_loader_set(l, "scale", 1), WEYL_OK);
  assert_int_equal(weyl_loader_fill(l, (int64_t[]){1, 1, 1}, 3, 1, 0, &b), WEYL_OK);
  const uint64_t before = weyl_allocations(f->ctx);
  for (int k = 0; k < 10; k++)
    assert_int_equal(weyl_loader_fill(l, (int64_t[]){k % 3, 0, 2}, 1 + k % 3, 1, 0, &b), WEYL_OK);
  assert_int_equal(weyl_allocations(f->ctx), before);
  weyl_loader_free(l);
}

static void bad_input_is_named(void **state) {
  fixture *f = *state;
  weyl_loader *l = NULL;
  weyl_batch b;
  assert_int_equal(weyl_loader_new(f->ctx, f->set, f->program, -1, &l), WEYL_BAD_ARG);
  assert_int_equal(weyl_loader_new(f->ctx, f->set, f->program, 0, &l), WEYL_OK);
  weyl_message_clear(f->ctx);
  assert_int_equal(weyl_loader_fill(l, (int64_t[]){0}, 1, 1, 0, &b), WEYL_BAD_ARG);
  assert_non_null(strstr(weyl_message(f->ctx), "scale"));
  assert_int_equal(weyl_loader_set(l, "rate", 1), WEYL_UNKNOWN);
  assert_int_equal(weyl_loader_set(l, "x", 1), WEYL_UNKNOWN);
  assert_int_equal(weyl_loader_set(l, "scale", 1), WEYL_OK);
  weyl_message_clear(f->ctx);
  assert_int_equal(weyl_loader_fill(l, (int64_t[]){0, 3}, 2, 1, 0, &b), WEYL_BAD_ARG);
  assert_non_null(strstr(weyl_message(f->ctx), "sample 3"));
  assert_int_equal(weyl_loader_fill(l, (int64_t[]){-1}, 1, 1, 0, &b), WEYL_BAD_ARG);
  assert_int_equal(weyl_loader_fill(l, (int64_t[]){0}, 0, 1, 0, &b), WEYL_BAD_ARG);
  weyl_loader_free(l);

  weyl_dataset *lacking = make_set(f->ctx, false);
  l = NULL;
  weyl_message_clear(f->ctx);
  assert_int_equal(weyl_loader_new(f->ctx, lacking, f->program, 0, &l), WEYL_UNKNOWN);
  assert_non_null(strstr(weyl_message(f->ctx), "x"));
  assert_null(l);
  weyl_dataset_free(lacking);

  fixture other = {.ctx = f->ctx};
  other.program = make_program(&other, 3); /* x has 2 numbers a node, not 3 */
  weyl_message_clear(f->ctx);
  assert_int_equal(weyl_loader_new(f->ctx, f->set, other.program, 0, &l), WEYL_SHAPE);
  assert_non_null(strstr(weyl_message(f->ctx), "2 numbers a node"));
  weyl_program_free(other.program);
  weyl_graph_free(other.graph);
  weyl_variables_free(other.vars);
}

static void memory_may_run_out(void **state) {
  fixture *f = *state;
  for (uint64_t n = 1;; n++) {
    weyl_loader *l = NULL;
    weyl_batch b;
    weyl_context_fail_allocation(f->ctx, n);
    weyl_status status = weyl_loader_new(f->ctx, f->set, f->program, 1, &l);
    if (status == WEYL_OK) status = weyl_loader_set(l, "scale", 1);
    if (status == WEYL_OK) status = weyl_loader_fill(l, (int64_t[]){0, 1}, 2, 1, 0, &b);
    weyl_context_fail_allocation(f->ctx, 0);
    weyl_loader_free(l);
    if (status == WEYL_OK) {
      assert_true(n > 5);
      return;
    }
    assert_int_equal(status, WEYL_MEMORY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(rows_are_laid_out_in_shards, setup, teardown),
      cmocka_unit_test_setup_teardown(shards_do_not_change_results, setup, teardown),
      cmocka_unit_test_setup_teardown(room_is_asked_for_once, setup, teardown),
      cmocka_unit_test_setup_teardown(bad_input_is_named, setup, teardown),
      cmocka_unit_test_setup_teardown(memory_may_run_out, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
