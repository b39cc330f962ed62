/* 1-WL: what it tells apart and what it cannot, against the plain iteration. */
#include "testing_graphs.h"

static weyl_rng rng;

static int64_t count_colours(int64_t n, const int64_t *colours) {
  int64_t most = -1;
  for (int64_t i = 0; i < n; i++) {
    assert_true(colours[i] >= 0 && colours[i] < n);
    if (colours[i] > most) most = colours[i];
  }
  return most + 1;
}

/* The definition: i and j keep one colour while they have equally many neighbours of each colour. */
static void plain(int64_t n, const uint8_t *a, const int64_t *labels, int64_t *colours) {
  int64_t next[64], count = 0;
  for (int64_t i = 0; i < n; i++) colours[i] = labels[i];
  for (;;) {
    int64_t fresh = 0;
    for (int64_t i = 0; i < n; i++) {
      next[i] = -1;
      for (int64_t j = 0; j < i && next[i] < 0; j++) {
        bool same = colours[i] == colours[j];
        for (int64_t c = 0; c < n && same; c++) { /* neighbours coloured like vertex c */
          int in_i = 0, in_j = 0;
          for (int64_t k = 0; k < n; k++) {
            in_i += a[i * n + k] && colours[k] == colours[c];
            in_j += a[j * n + k] && colours[k] == colours[c];
          }
          same = in_i == in_j;
        }
        if (same) next[i] = next[j];
      }
      if (next[i] < 0) next[i] = fresh++;
    }
    memcpy(colours, next, (size_t)n * sizeof *next);
    if (fresh == count) return;
    count = fresh;
  }
}

static void test_against_definition(void **state) {
  (void)state;
  for (int trial = 0; trial < 200; trial++) {
    const int64_t n = 1 + (int64_t)weyl_rng_below(&rng, 24);
    const double density = weyl_rng_uniform(&rng) * 0.4;
    uint8_t a[24 * 24] = {0}, b[24 * 24];
    int64_t labels[24], mine[24], theirs[24], pi[24], moved_labels[24], moved[24];
    for (int64_t i = 0; i < n; i++) {
      labels[i] = trial % 2 ? 0 : (int64_t)weyl_rng_below(&rng, 3);
      for (int64_t j = 0; j < i; j++) {
        if (weyl_rng_uniform(&rng) < density) join(a, n, i, j);
      }
    }
    ok(weyl_graph_refine(ctx, n, a, labels, mine));
    plain(n, a, labels, theirs);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < n; j++) assert_int_equal(mine[i] == mine[j], theirs[i] == theirs[j]);
    }
    random_permutation(&rng, n, pi); /* numbers of colours do not depend on those of vertices */
    relabel(n, a, pi, b);
    for (int64_t i = 0; i < n; i++) moved_labels[pi[i]] = labels[i];
    ok(weyl_graph_refine(ctx, n, b, moved_labels, moved));
    for (int64_t i = 0; i < n; i++) assert_int_equal(moved[pi[i]], mine[i]);
  }
}

static void test_known(void **state) {
  (void)state;
  uint8_t a[1024] = {0};
  int64_t colours[32], labels[32] = {0};
  for (int64_t i = 0; i < 6; i++) join(a, 12, i, (i + 1) % 6); /* a hexagon beside two triangles: all alike */
  for (int64_t i = 0; i < 6; i++) join(a, 12, 6 + i, 6 + i / 3 * 3 + (i + 1) % 3);
  ok(weyl_graph_refine(ctx, 12, a, NULL, colours));
  assert_int_equal(count_colours(12, colours), 1);
  labels[0] = 5; /* one marked vertex: distances in the hexagon, the triangles stay one colour */
  ok(weyl_graph_refine(ctx, 12, a, labels, colours));
  assert_int_equal(count_colours(12, colours), 5);
  memset(a, 0, sizeof a);
  for (int64_t i = 0; i < 8; i++) join(a, 9, i, i + 1); /* a path of 9 */
  ok(weyl_graph_refine(ctx, 9, a, NULL, colours));
  assert_int_equal(count_colours(9, colours), 5);
  for (int i = 0; i < 9; i++) assert_int_equal(colours[i], colours[8 - i]);
  uint8_t r[256], s[256]; /* Rook and Shrikhande, side by side: 1-WL sees one colour */
  rook(r);
  shrikhande(s);
  memset(a, 0, sizeof a);
  for (int64_t i = 0; i < 16; i++) {
    for (int64_t j = 0; j < 16; j++) {
      a[i * 32 + j] = r[i * 16 + j];
      a[(16 + i) * 32 + 16 + j] = s[i * 16 + j];
    }
  }
  ok(weyl_graph_refine(ctx, 32, a, NULL, colours));
  assert_int_equal(count_colours(32, colours), 1);
}

int main(void) {
  rng = weyl_rng_new(52, "refine");
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_definition), cmocka_unit_test(test_known)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
