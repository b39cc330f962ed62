/* A10: all 11117 connected graphs of 8 vertices. They are made here by adding vertices, one canonical form each, and
 * compared with graph8c.g6 where it is present. */
#include "testing_graphs.h"

#define GRAPHS 11117
#define PAIRS  28 /* of 8 vertices */

static weyl_arena *arena;
static weyl_rng rng;
static uint8_t graph[GRAPHS][64];
static int graphs;
static weyl_graph_frame frame[GRAPHS];

/* Bits of the lower triangle in the given order of vertices. */
static uint32_t code_of(int64_t n, const uint8_t *a, const int64_t *order) {
  uint32_t code = 0;
  for (int64_t j = 1; j < n; j++) {
    for (int64_t i = 0; i < j; i++) code = code << 1 | a[order[i] * n + order[j]];
  }
  return code;
}

static uint32_t canonical_code(int64_t n, const uint8_t *a) {
  int64_t order[8];
  ok(weyl_graph_canonical(ctx, n, a, NULL, order, NULL));
  return code_of(n, a, order);
}

/* Every connected graph has a vertex whose removal leaves it connected. */
static int setup(void **state) {
  if (context_up(state) || weyl_arena_new(ctx, &arena) != WEYL_OK) return 1;
  static uint8_t level[2][GRAPHS][64];
  uint64_t *seen = calloc(((size_t)1 << PAIRS) / 64, sizeof *seen);
  int count = 1;
  memset(level, 0, sizeof level);
  for (int64_t n = 2; n <= 8; n++) {
    const int64_t m = n - 1;
    int next = 0;
    memset(seen, 0, ((size_t)1 << PAIRS) / 8);
    for (int k = 0; k < count; k++) {
      for (uint32_t set = 1; set < 1u << m; set++) {
        uint8_t a[64] = {0};
        for (int64_t i = 0; i < m; i++) {
          memcpy(a + i * n, level[0][k] + i * m, (size_t)m);
          if (set >> i & 1) join(a, n, i, m);
        }
        const uint32_t code = canonical_code(n, a);
        if (seen[code / 64] >> (code % 64) & 1) continue;
        seen[code / 64] |= (uint64_t)1 << (code % 64);
        if (next == GRAPHS) return 1;
        memcpy(level[1][next++], a, sizeof a);
      }
    }
    count = next;
    memcpy(level[0], level[1], sizeof level[0]);
  }
  free(seen);
  graphs = count;
  memcpy(graph, level[0], sizeof graph);
  for (int k = 0; k < graphs; k++) {
    double a[64];
    for (int i = 0; i < 64; i++) a[i] = graph[k][i];
    if (weyl_frame_of_graph(ctx, arena, 8, a, NULL, &frame[k]) != WEYL_OK) return 1;
  }
  return 0;
}

static int teardown(void **state) {
  weyl_arena_free(arena);
  return context_down(state);
}

static int by_code(const void *a, const void *b) {
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void test_count(void **state) {
  (void)state;
  assert_int_equal(graphs, GRAPHS);
  char path[512];
  FILE *file = fopen(graph_data("graph8c.g6", path), "r");
  if (!file) skip();
  static uint32_t mine[GRAPHS], theirs[GRAPHS];
  uint8_t a[64];
  int count = 0;
  while (read_graph6(file, a, 8) == 8) {
    assert_true(count < GRAPHS);
    theirs[count++] = canonical_code(8, a);
  }
  fclose(file);
  assert_int_equal(count, GRAPHS);
  for (int k = 0; k < graphs; k++) mine[k] = canonical_code(8, graph[k]);
  qsort(mine, GRAPHS, sizeof *mine, by_code);
  qsort(theirs, GRAPHS, sizeof *theirs, by_code);
  assert_memory_equal(mine, theirs, sizeof mine);
}

static int by_number(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sheet 2.6: |F| mean 52.95, median 2, largest 40320 (K8), trivial for 3070; 2754 graphs with repeated eigenvalues. */
static void test_frame_sizes(void **state) {
  (void)state;
  static double size[GRAPHS];
  double sum = 0;
  int trivial = 0, repeated = 0;
  for (int k = 0; k < graphs; k++) {
    size[k] = round(pow(10, frame[k].log10_size));
    sum += size[k];
    trivial += size[k] == 1;
    repeated += frame[k].distinct_eigenvalues < 8;
  }
  qsort(size, GRAPHS, sizeof *size, by_number);
  print_message("  |F|: mean %.2f, median %g, largest %g, trivial for %d; repeated eigenvalues in %d\n", sum / GRAPHS,
                size[GRAPHS / 2], size[GRAPHS - 1], trivial, repeated);
  assert_below(fabs(sum / GRAPHS - 52.95), 0.005001);
  assert_true(size[GRAPHS / 2] == 2);
  assert_true(size[GRAPHS - 1] == 40320);
  assert_int_equal(trivial, 3070);
  assert_int_equal(repeated, 2754);
}

/* What stable colours say of a graph: their sizes, and how many neighbours of each colour a vertex of each has. Colours
 * are numbered alike in graphs that 1-WL cannot tell apart. */
typedef struct portrait {
  int8_t colour[8], neighbours[8][8];
  int which;
} portrait;

static int by_portrait(const void *a, const void *b) { return memcmp(a, b, offsetof(portrait, which)); }

static int by_colour(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Both graphs coloured in one call. */
static bool told_apart(const uint8_t *a, const uint8_t *b) {
  uint8_t both[256] = {0};
  int64_t colours[16];
  for (int i = 0; i < 8; i++) {
    memcpy(both + 16 * i, a + 8 * i, 8);
    memcpy(both + 16 * (8 + i) + 8, b + 8 * i, 8);
  }
  ok(weyl_graph_refine(ctx, 16, both, NULL, colours));
  qsort(colours, 8, sizeof *colours, by_colour);
  qsort(colours + 8, 8, sizeof *colours, by_colour);
  return memcmp(colours, colours + 8, 8 * sizeof *colours) != 0;
}

/* 1-WL leaves 312 pairs. */
static void test_refinement(void **state) {
  (void)state;
  static portrait all[GRAPHS];
  for (int k = 0; k < graphs; k++) {
    int64_t colours[8], sorted[8];
    ok(weyl_graph_refine(ctx, 8, graph[k], NULL, colours));
    memcpy(sorted, colours, sizeof sorted);
    qsort(sorted, 8, sizeof *sorted, by_colour);
    memset(&all[k], 0, sizeof all[k]);
    all[k].which = k;
    for (int i = 0; i < 8; i++) {
      all[k].colour[i] = (int8_t)sorted[i];
      int8_t row[8] = {0};
      for (int j = 0; j < 8; j++) row[colours[j]] = (int8_t)(row[colours[j]] + graph[k][8 * i + j]);
      memcpy(all[k].neighbours[colours[i]], row, sizeof row);
    }
  }
  qsort(all, GRAPHS, sizeof *all, by_portrait);
  int pairs = 0;
  for (int i = 0; i < graphs; i++) {
    for (int j = i + 1; j < graphs && by_portrait(&all[i], &all[j]) == 0; j++) {
      assert_false(told_apart(graph[all[i].which], graph[all[j].which]));
      pairs++;
    }
    if (i > 0 && by_portrait(&all[i - 1], &all[i]) != 0) {
      assert_true(told_apart(graph[all[i - 1].which], graph[all[i].which]));
    }
  }
  print_message("  pairs that 1-WL does not separate: %d\n", pairs);
  assert_int_equal(pairs, 312);
}

/* An invariant of a graph from its frame: the average of a random network over the relabelled adjacencies, and the
 * smallest code; of the canonical form alone where the frame has more than 5000 elements. */
typedef struct embedding {
  double value[4];
  uint32_t code;
} embedding;

static void embed(const mlp *net, const uint8_t *a, const weyl_graph_frame *f, embedding *out) {
  double in[PAIRS + 1], y[4], count = 0;
  int64_t order[8];
  uint64_t position = 0;
  *out = (embedding){.code = UINT32_MAX};
  const bool whole = f->log10_size <= log10(5000);
  in[PAIRS] = whole;
  if (whole) {
    memcpy(order, f->order, sizeof order);
  } else {
    ok(weyl_graph_canonical(ctx, 8, a, NULL, order, NULL));
  }
  do {
    const uint32_t code = code_of(8, a, order);
    if (code < out->code) out->code = code;
    for (int b = 0; b < PAIRS; b++) in[b] = code >> b & 1;
    mlp_run(net, in, y);
    for (int k = 0; k < 4; k++) out->value[k] += y[k];
    count++;
  } while (whole && weyl_graph_frame_next(f, &position, order));
  for (int k = 0; k < 4; k++) out->value[k] /= count;
  if (!whole) out->code |= 1u << 31;
}

static int by_value(const void *a, const void *b) {
  return by_number(((const embedding *)a)->value, ((const embedding *)b)->value);
}

/* 0 unseparated pairs of 61 786 288, and 0 false separations on 1000 relabellings. */
static void test_separation(void **state) {
  (void)state;
  static embedding all[GRAPHS];
  static uint32_t codes[GRAPHS];
  const mlp net = mlp_new(arena, PAIRS + 1, 24, 4, &rng);
  for (int k = 0; k < graphs; k++) {
    embed(&net, graph[k], &frame[k], &all[k]);
    codes[k] = all[k].code;
  }
  double worst = 0;
  for (int trial = 0; trial < 1000; trial++) {
    const int k = (int)weyl_rng_below(&rng, GRAPHS);
    uint8_t b[64];
    double moved[64];
    int64_t pi[8];
    random_permutation(&rng, 8, pi);
    relabel(8, graph[k], pi, b);
    for (int i = 0; i < 64; i++) moved[i] = b[i];
    const weyl_mark mark = weyl_arena_mark(arena);
    weyl_graph_frame f;
    embedding e;
    ok(weyl_frame_of_graph(ctx, arena, 8, moved, NULL, &f));
    embed(&net, b, &f, &e);
    weyl_arena_release(arena, mark);
    assert_int_equal(e.code, all[k].code);
    worst = fmax(worst, largest_difference(4, e.value, all[k].value));
  }
  /* The threshold lies between what relabelling does (rounding) and what graphs differ by. */
  const double threshold = 1e-9;
  int unseparated = 0;
  double nearest = INFINITY;
  qsort(all, GRAPHS, sizeof *all, by_value);
  for (int i = 0; i < graphs; i++) {
    for (int j = i + 1; j < graphs && all[j].value[0] - all[i].value[0] < 1e-3; j++) {
      const double apart = largest_difference(4, all[i].value, all[j].value);
      nearest = fmin(nearest, apart);
      unseparated += apart <= threshold;
    }
  }
  qsort(codes, GRAPHS, sizeof *codes, by_code);
  int equal_codes = 0;
  for (int k = 1; k < graphs; k++) equal_codes += codes[k] == codes[k - 1];
  print_message("  unseparated pairs %d, nearest %.1e; relabelling moves by %.1e; equal smallest codes %d\n",
                unseparated, nearest, worst, equal_codes);
  assert_below(worst, threshold / 100);
  assert_int_equal(unseparated, 0);
  assert_true(nearest > 100 * threshold);
  assert_int_equal(equal_codes, 0);
}

int main(void) {
  rng = weyl_rng_new(54, "graph8c");
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_count), cmocka_unit_test(test_frame_sizes),
                                     cmocka_unit_test(test_refinement), cmocka_unit_test(test_separation)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
