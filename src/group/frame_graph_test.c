/* Frames of graphs: equation (4), sizes, sampling, enumeration; A11; the EXP graphs when the data are there. */
#include "testing_graphs.h"

static weyl_arena *arena;
static weyl_rng rng;

static int up(void **state) { return context_up(state) || weyl_arena_new(ctx, &arena) != WEYL_OK; }
static int down(void **state) {
  weyl_arena_free(arena);
  return context_down(state);
}

static void to_double(int64_t n, const uint8_t *a, double *b) {
  for (int64_t i = 0; i < n * n; i++) b[i] = a[i];
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* A path of three: L has eigenvalues 0, 1, 3; the middle vertex is alone, the ends are tied. */
static void test_by_hand(void **state) {
  (void)state;
  const double a[9] = {0, 1, 0, 1, 0, 1, 0, 1, 0};
  weyl_graph_frame f;
  ok(weyl_frame_of_graph(ctx, arena, 3, a, NULL, &f));
  assert_int_equal(f.distinct_eigenvalues, 3);
  const double s[9] = {sqrt(1 / 3.0), sqrt(0.5),     sqrt(1 / 6.0), sqrt(1 / 3.0), 0,
                       sqrt(2 / 3.0), sqrt(1 / 3.0), sqrt(0.5),     sqrt(1 / 6.0)};
  assert_below(largest_difference(9, f.criterion, s), 1e-15 * 4);
  assert_int_equal(f.order[0], 1);
  assert_true(f.tie[0] == 0 && f.tie[1] == 1 && f.tie[2] == 1);
  assert_below(fabs(f.log10_size - log10(2)), 1e-15);
  const int64_t labels[3] = {0, 0, 1}; /* further keys split the tie */
  ok(weyl_frame_of_graph(ctx, arena, 3, a, labels, &f));
  assert_true(f.order[0] == 1 && f.order[1] == 0 && f.order[2] == 2);
  assert_true(f.log10_size == 0);
}

/* A11: the sorted criterion of relabelled, also weighted and disconnected graphs is the same to 1e-8, and so are the
 * ties. */
static void check_relabelled(int64_t n, const double *a, int trials) {
  double *b = calloc((size_t)(n * n), sizeof *b);
  int64_t *pi = calloc((size_t)n, sizeof *pi);
  weyl_graph_frame f, g;
  ok(weyl_frame_of_graph(ctx, arena, n, a, NULL, &f));
  for (int trial = 0; trial < trials; trial++) {
    const weyl_mark mark = weyl_arena_mark(arena);
    random_permutation(&rng, n, pi);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < n; j++) b[pi[i] * n + pi[j]] = a[i * n + j];
    }
    ok(weyl_frame_of_graph(ctx, arena, n, b, NULL, &g));
    assert_int_equal(f.distinct_eigenvalues, g.distinct_eigenvalues);
    assert_memory_equal(f.tie, g.tie, (size_t)n * sizeof *f.tie);
    const int64_t m = f.distinct_eigenvalues;
    for (int64_t k = 0; k < n; k++) {
      assert_below(largest_difference((size_t)m, f.criterion + f.order[k] * m, g.criterion + g.order[k] * m), 1e-8);
    }
    /* and the frame is the moved frame: pi of the vertex at place k is tied with the new vertex there */
    for (int64_t k = 0; k < n; k++) {
      const double *row = f.criterion + f.order[k] * m, *moved = g.criterion + pi[f.order[k]] * m;
      assert_below(largest_difference((size_t)m, row, moved), 1e-8);
    }
    weyl_arena_release(arena, mark);
  }
  free(b);
  free(pi);
}

static void test_relabelled(void **state) {
  (void)state;
  static double a[64 * 64];
  for (int trial = 0; trial < 30; trial++) {
    const int64_t n = 2 + (int64_t)weyl_rng_below(&rng, 30);
    const double density = weyl_rng_uniform(&rng);
    for (int64_t i = 0; i < n; i++) {
      a[i * n + i] = trial % 2 ? 1 : 0;
      for (int64_t j = 0; j < i; j++) {
        const double w = weyl_rng_uniform(&rng) < density ? (trial % 3 ? 1 : weyl_rng_normal(&rng)) : 0;
        a[i * n + j] = a[j * n + i] = w;
      }
    }
    check_relabelled(n, a, 100);
  }
  uint8_t p[256];
  petersen(p);
  to_double(10, p, a);
  check_relabelled(10, a, 100);
  shrikhande(p);
  to_double(16, p, a);
  check_relabelled(16, a, 100);
}

/* Enumeration yields |F| different orders, all of the tie groups of the first; sampling is uniform on them. */
static void test_elements(void **state) {
  (void)state;
  double a[49] = {0}; /* a star of 4 leaves with a tail: ties of 4, 1, 1, 1 */
  const int edges[6][2] = {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {5, 6}};
  for (int e = 0; e < 6; e++) a[edges[e][0] * 7 + edges[e][1]] = a[edges[e][1] * 7 + edges[e][0]] = 1;
  weyl_graph_frame f;
  ok(weyl_frame_of_graph(ctx, arena, 7, a, NULL, &f));
  assert_below(fabs(f.log10_size - log10(24)), 1e-14);
  int64_t order[7], seen[24][7];
  memcpy(order, f.order, sizeof order);
  uint64_t position = 0;
  int count = 0;
  do {
    assert_true(count < 24);
    for (int k = 0; k < count; k++) assert_memory_not_equal(seen[k], order, sizeof order);
    for (int k = 0; k < 7; k++) { /* each place keeps its row of S */
      const int64_t m = f.distinct_eigenvalues;
      assert_below(largest_difference((size_t)m, f.criterion + order[k] * m, f.criterion + f.order[k] * m), 1e-9);
    }
    memcpy(seen[count++], order, sizeof order);
  } while (weyl_graph_frame_next(&f, &position, order));
  assert_int_equal(count, 24);
  assert_int_equal(position, 23);
  double hits[24] = {0}, chi = 0;
  const int draws = 24000;
  for (int k = 0; k < draws; k++) {
    weyl_graph_frame_sample(&f, &rng, order);
    int which = 0;
    while (which < 24 && memcmp(seen[which], order, sizeof order) != 0) which++;
    assert_true(which < 24);
    hits[which]++;
  }
  for (int k = 0; k < 24; k++) chi += pow(hits[k] - draws / 24.0, 2) / (draws / 24.0);
  assert_below(chi, 71); /* 23 degrees of freedom, 1 - 1e-6 */
}

/* Two copies of EXP are about, told apart by their numbers of vertices: that of the sheet (2.6; 32 to 64 vertices a
 * graph), and that of the GNN-RNI repository (33 to 73), whose numbers were found by a separate program in another
 * language. In both no frame is trivial and every graph has repeated eigenvalues. */
static const struct exp_copy {
  const char *name;
  int vertices, largest_tie;
  double mean, median, largest; /* of log10 |F| */
} copies[] = {
    {"the sheet's", 53336, 16, 12.27, 10.26, 26.9},
    {"GNN-RNI's", 58442, 20, 15.0536, 13.0240, 36.3453},
};

static void test_exp(void **state) {
  (void)state;
  char path[512], command[600];
  if (!*graph_data("EXP_GRAPHSAT.txt.xz", path)) skip();
  snprintf(command, sizeof command, "xz -dc '%s'", path);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  int graphs = 0, vertices = 0, trivial = 0, repeated = 0, largest_tie = 0;
  if (fscanf(pipe, "%d", &graphs) != 1) {
    pclose(pipe);
    print_message("  SKIPPED: no xz program\n");
    skip();
  }
  assert_int_equal(graphs, 1200);
  static double log_size[1200], a[80 * 80];
  double sum = 0;
  for (int k = 0; k < graphs; k++) {
    int n, label;
    assert_int_equal(fscanf(pipe, "%d %d", &n, &label), 2);
    assert_true(n >= 1 && n <= 80);
    vertices += n;
    memset(a, 0, sizeof a);
    for (int i = 0; i < n; i++) {
      int feature, degree, j;
      assert_int_equal(fscanf(pipe, "%d %d", &feature, &degree), 2);
      for (int e = 0; e < degree; e++) {
        assert_int_equal(fscanf(pipe, "%d", &j), 1);
        a[i * n + j] = a[j * n + i] = 1;
      }
    }
    const weyl_mark mark = weyl_arena_mark(arena);
    weyl_graph_frame f;
    ok(weyl_frame_of_graph(ctx, arena, n, a, NULL, &f));
    log_size[k] = f.log10_size;
    sum += f.log10_size;
    trivial += f.log10_size == 0;
    repeated += f.distinct_eigenvalues < n;
    for (int i = 0, run = 0; i < n; i++) {
      run = i > 0 && f.tie[i] == f.tie[i - 1] ? run + 1 : 1;
      if (run > largest_tie) largest_tie = run;
    }
    if (k % 10 == 0) check_relabelled(n, a, 3);
    weyl_arena_release(arena, mark);
  }
  pclose(pipe);
  qsort(log_size, 1200, sizeof *log_size, ascending);
  const double mean = sum / 1200, median = (log_size[599] + log_size[600]) / 2;
  print_message("  EXP: log10 |F| mean %.2f, median %.2f, largest %.1f, largest tie %d\n", mean, median, log_size[1199],
                largest_tie);
  const struct exp_copy *copy = vertices == copies[0].vertices ? &copies[0] : &copies[1];
  assert_int_equal(vertices, copy->vertices);
  print_message("  this is %s copy, %d vertices\n", copy->name, vertices);
  assert_below(fabs(mean - copy->mean), 0.005001);
  assert_below(fabs(median - copy->median), 0.005001);
  assert_below(fabs(log_size[1199] - copy->largest), 0.05001);
  assert_int_equal(largest_tie, copy->largest_tie);
  assert_int_equal(trivial, 0);
  assert_int_equal(repeated, 1200);
}

static void test_refused(void **state) {
  (void)state;
  double a[9] = {0, 1, 0, 1, 0, 1, 0, 0.5, 0};
  weyl_graph_frame f = {.n = -4};
  weyl_message_clear(ctx);
  assert_int_equal(weyl_frame_of_graph(ctx, arena, 3, a, NULL, &f), WEYL_BAD_ARG);
  assert_non_null(strstr(weyl_message(ctx), "not symmetric: 0.5 from 2 to 1, 1 back"));
  a[7] = (double)NAN;
  assert_int_equal(weyl_frame_of_graph(ctx, arena, 3, a, NULL, &f), WEYL_NUMERIC);
  a[7] = 1;
  assert_int_equal(weyl_frame_of_graph(ctx, arena, 0, a, NULL, &f), WEYL_BAD_ARG);
  assert_int_equal(weyl_frame_of_graph(ctx, arena, -2, a, NULL, &f), WEYL_BAD_ARG);
  assert_int_equal(f.n, -4);
  ok(weyl_frame_of_graph(ctx, arena, 1, a, NULL, &f)); /* one vertex */
  assert_true(f.log10_size == 0 && f.distinct_eigenvalues == 1 && f.order[0] == 0);
}

int main(void) {
  rng = weyl_rng_new(53, "graph frames");
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_relabelled),
                                     cmocka_unit_test(test_elements), cmocka_unit_test(test_exp),
                                     cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, up, down);
}
