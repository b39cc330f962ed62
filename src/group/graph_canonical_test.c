/* Canonical forms: against brute force on small graphs, known automorphism groups, hard pairs. */
#include "testing_graphs.h"

static weyl_rng rng;

/* The canonical adjacency of a and the size of its group. */
static double canonical(int64_t n, const uint8_t *a, const int64_t *labels, uint8_t *form, int64_t *sorted) {
  int64_t *order = calloc((size_t)n, sizeof *order), *place = calloc((size_t)n, sizeof *place);
  double size = 0;
  ok(weyl_graph_canonical(ctx, n, a, labels, order, &size));
  for (int64_t k = 0; k < n; k++) place[k] = -1;
  for (int64_t k = 0; k < n; k++) {
    assert_true(order[k] >= 0 && order[k] < n && place[order[k]] == -1);
    place[order[k]] = k;
    if (sorted) sorted[k] = labels[order[k]];
  }
  relabel(n, a, place, form);
  free(order);
  free(place);
  return size;
}

static void check_relabellings(int64_t n, const uint8_t *a, int trials, double automorphisms) {
  uint8_t *b = calloc((size_t)(n * n), 1), *form = calloc((size_t)(n * n), 1), *other = calloc((size_t)(n * n), 1);
  int64_t *pi = calloc((size_t)n, sizeof *pi);
  const double size = canonical(n, a, NULL, form, NULL);
  if (automorphisms > 0 && fabs(size / automorphisms - 1) > 1e-12)
    fail_msg("%g automorphisms, must be %g", size, automorphisms);
  for (int trial = 0; trial < trials; trial++) {
    random_permutation(&rng, n, pi);
    relabel(n, a, pi, b);
    assert_true(canonical(n, b, NULL, other, NULL) == size);
    assert_memory_equal(form, other, (size_t)(n * n));
  }
  free(b);
  free(form);
  free(other);
  free(pi);
}

static bool next_permutation(int64_t n, int64_t *a) {
  int64_t i = n - 1;
  while (i > 0 && a[i - 1] >= a[i]) i--;
  for (int64_t l = i, h = n - 1; l < h; l++, h--) {
    const int64_t t = a[l];
    a[l] = a[h];
    a[h] = t;
  }
  if (i == 0) return false;
  int64_t j = i;
  while (a[j] <= a[i - 1]) j++;
  const int64_t t = a[j];
  a[j] = a[i - 1];
  a[i - 1] = t;
  return true;
}

/* All 1024 labelled graphs of 5 vertices fall into 34 classes, those of 6 into 156; |Aut| against all permutations. */
static void test_all_small(void **state) {
  (void)state;
  const int classes[] = {0, 1, 2, 4, 11, 34, 156};
  for (int64_t n = 1; n <= 6; n++) {
    const int pairs = (int)(n * (n - 1) / 2);
    bool *seen = calloc((size_t)1 << pairs, sizeof *seen);
    int found = 0;
    double labelled = 0, factorial = 1;
    for (int64_t k = 2; k <= n; k++) factorial *= (double)k;
    for (int bits = 0; bits < 1 << pairs; bits++) {
      uint8_t a[36] = {0}, form[36], b[36];
      int at = 0, code = 0;
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++, at++) {
          if (bits >> at & 1) join(a, n, i, j);
        }
      }
      const double size = canonical(n, a, NULL, form, NULL);
      at = 0;
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++, at++) code |= form[i * n + j] << at;
      }
      if (seen[code]) continue;
      seen[code] = true;
      found++;
      labelled += factorial / size; /* orbit-stabiliser: the classes add up to all labelled graphs */
      int64_t pi[6] = {0, 1, 2, 3, 4, 5};
      double fixing = 0;
      do {
        relabel(n, a, pi, b);
        fixing += memcmp(a, b, (size_t)(n * n)) == 0;
      } while (next_permutation(n, pi));
      assert_true(fixing == size);
    }
    assert_int_equal(found, classes[n]);
    assert_true(labelled == (double)(1 << pairs));
    free(seen);
  }
}

static void test_known_groups(void **state) {
  (void)state;
  static uint8_t a[300 * 300];
  petersen(a);
  check_relabellings(10, a, 20, 120);
  rook(a);
  check_relabellings(16, a, 20, 1152);
  shrikhande(a);
  check_relabellings(16, a, 20, 192);
  for (int64_t n = 3; n <= 40; n += 37) { /* cycles */
    memset(a, 0, sizeof a);
    for (int64_t i = 0; i < n; i++) join(a, n, i, i + 1);
    check_relabellings(n, a, 5, 2 * (double)n);
  }
  for (int64_t d = 1; d <= 6; d++) { /* hypercubes: 2^d d! */
    const int64_t n = 1 << d;
    double size = 1;
    memset(a, 0, sizeof a);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t b = 0; b < d; b++) join(a, n, i, i ^ 1 << b);
    }
    for (int64_t b = 1; b <= d; b++) size *= 2 * (double)b;
    check_relabellings(n, a, 3, size);
  }
  memset(a, 0, sizeof a); /* ten disjoint triangles: 6^10 10! */
  for (int64_t i = 0; i < 30; i++) join(a, 30, i, i / 3 * 3 + (i + 1) % 3);
  check_relabellings(30, a, 3, pow(6, 10) * 3628800);
  double factorial = 1; /* the complete and the empty graph of 150 vertices */
  for (int k = 2; k <= 150; k++) factorial *= k;
  memset(a, 0, sizeof a);
  check_relabellings(150, a, 1, factorial);
  for (int i = 0; i < 150 * 150; i++) a[i] = i / 150 != i % 150;
  check_relabellings(150, a, 1, factorial);
}

/* Strongly regular (25, 12, 5, 6): 15 graphs that refinement alone sees as one. */
static void test_strongly_regular(void **state) {
  (void)state;
  char path[512];
  FILE *file = fopen(graph_data("sr251256.g6", path), "r");
  if (!file) skip();
  static uint8_t form[20][625];
  uint8_t a[625];
  int count = 0;
  while (read_graph6(file, a, 25) == 25) {
    assert_true(count < 20);
    canonical(25, a, NULL, form[count], NULL);
    for (int k = 0; k < count; k++) assert_memory_not_equal(form[k], form[count], 625);
    check_relabellings(25, a, 3, 0);
    count++;
  }
  fclose(file);
  assert_int_equal(count, 15);
}

/* Random graphs of all densities, regular ones, trees. */
static void test_random(void **state) {
  (void)state;
  static uint8_t a[100 * 100];
  for (int trial = 0; trial < 60; trial++) {
    const int64_t n = 1 + (int64_t)weyl_rng_below(&rng, 40);
    const double density = weyl_rng_uniform(&rng);
    memset(a, 0, sizeof a);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < i; j++) {
        const bool tree = trial % 3 == 0;
        if (!tree && weyl_rng_uniform(&rng) < density) join(a, n, i, j);
      }
      if (trial % 3 == 0 && i > 0) join(a, n, i, (int64_t)weyl_rng_below(&rng, (uint64_t)i));
    }
    check_relabellings(n, a, 4, 0);
  }
  for (int trial = 0; trial < 5; trial++) { /* circulants */
    const int64_t n = 41, skips[] = {2, 3, 5, 9, 16};
    memset(a, 0, sizeof a);
    for (int64_t i = 0; i < n; i++) {
      join(a, n, i, i + 1);
      join(a, n, i, i + skips[trial]);
    }
    check_relabellings(n, a, 3, trial == 3 ? 4 * 41 : 2 * 41); /* 9^2 = -1 mod 41 swaps the two kinds of chords */
  }
}

/* Labels split what the graph alone does not, and come out sorted; a loop is a label. */
static void test_labels(void **state) {
  (void)state;
  uint8_t a[100], b[100], form[100], other[100];
  int64_t labels[10] = {0}, moved[10], pi[10], sorted[10], sorted2[10];
  petersen(a);
  labels[3] = -7;
  assert_true(canonical(10, a, labels, form, sorted) == 12);
  assert_int_equal(sorted[0], -7);
  labels[4] = 9; /* a neighbour of 3 */
  assert_true(canonical(10, a, labels, form, sorted) == 4);
  for (int trial = 0; trial < 20; trial++) {
    random_permutation(&rng, 10, pi);
    relabel(10, a, pi, b);
    for (int i = 0; i < 10; i++) moved[pi[i]] = labels[i];
    assert_true(canonical(10, b, moved, other, sorted2) == 4);
    assert_memory_equal(form, other, 100);
    assert_memory_equal(sorted, sorted2, sizeof sorted);
  }
  a[0] = 1;
  assert_true(canonical(10, a, NULL, form, NULL) == 12);
}

static void test_refused(void **state) {
  (void)state;
  uint8_t a[9] = {0, 1, 0, 0, 0, 0, 0, 0, 0};
  int64_t order[3] = {-1, -1, -1}, colours[3];
  double size;
  weyl_message_clear(ctx);
  assert_int_equal(weyl_graph_canonical(ctx, 3, a, NULL, order, &size), WEYL_BAD_ARG);
  assert_non_null(strstr(weyl_message(ctx), "not symmetric: 0 from 1 to 0, 1 back"));
  assert_int_equal(weyl_graph_refine(ctx, 3, a, NULL, colours), WEYL_BAD_ARG);
  a[1] = a[3] = 2;
  assert_int_equal(weyl_graph_canonical(ctx, 3, a, NULL, order, &size), WEYL_BAD_ARG);
  assert_int_equal(weyl_graph_canonical(ctx, 0, a, NULL, order, &size), WEYL_BAD_ARG);
  assert_int_equal(weyl_graph_canonical(ctx, 1001, a, NULL, order, &size), WEYL_BAD_ARG);
  assert_int_equal(weyl_graph_refine(ctx, 0, a, NULL, colours), WEYL_BAD_ARG);
  assert_int_equal(order[0], -1);
  a[1] = a[3] = 1;
  uint64_t n = 1; /* every allocation fails once */
  for (;; n++) {
    weyl_context_fail_allocation(ctx, n);
    const weyl_status status = weyl_graph_canonical(ctx, 3, a, NULL, order, NULL);
    weyl_context_fail_allocation(ctx, 0);
    if (status == WEYL_OK) break;
    assert_int_equal(status, WEYL_MEMORY);
  }
  assert_true(n > 2);
}

int main(void) {
  rng = weyl_rng_new(51, "canonical");
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_small),        cmocka_unit_test(test_known_groups),
                                     cmocka_unit_test(test_strongly_regular), cmocka_unit_test(test_random),
                                     cmocka_unit_test(test_labels),           cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
