/* Missing entries: exact matrices come back, noise is met with the right rank, files are read, bad ones refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/study.h>

#include "property.h"

#include <math.h>
#include <string.h>

static weyl_context *ctx;

/* A matrix of rank r with a share of its entries; noise on those. */
static weyl_triplets make(size_t n1, size_t n2, size_t r, double share, double noise, double **full) {
  weyl_rng rng = weyl_rng_new(4, "complete");
  double *f = malloc(n1 * r * sizeof *f), *g = malloc(n2 * r * sizeof *g), *seen = malloc(n1 * n2 * sizeof *seen);
  *full = malloc(n1 * n2 * sizeof **full);
  for (size_t i = 0; i < n1 * r; i++) f[i] = weyl_rng_normal(&rng);
  for (size_t i = 0; i < n2 * r; i++) g[i] = weyl_rng_normal(&rng);
  for (size_t i = 0; i < n1; i++)
    for (size_t j = 0; j < n2; j++) {
      double sum = 2;
      for (size_t c = 0; c < r; c++) sum += f[i * r + c] * g[j * r + c];
      (*full)[i * n2 + j] = sum;
      seen[i * n2 + j] = weyl_rng_uniform(&rng) < share ? sum + noise * weyl_rng_normal(&rng) : NAN;
    }
  weyl_triplets t = {0};
  assert_ok(ctx, weyl_triplets_matrix(ctx, n1, n2, seen, &t));
  free(f);
  free(g);
  free(seen);
  return t;
}

static double error(const weyl_completion *c, const double *full) {
  double sum = 0;
  for (size_t i = 0; i < c->n1; i++)
    for (size_t j = 0; j < c->n2; j++) {
      const double d = weyl_completion_at(c, i, j) - full[i * c->n2 + j];
      sum += d * d;
    }
  return sqrt(sum / (double)(c->n1 * c->n2));
}

static void test_exact(void **state) {
  (void)state;
  double *full;
  weyl_triplets t = make(60, 50, 3, 0.5, 0, &full);
  weyl_completion c;
  assert_ok(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.methods = "alt-min"}, &c));
  /* the mean is not in the span: one rank more may be needed */
  assert_true(c.rank == 3 || c.rank == 4);
  if (!(error(&c, full) < 1e-3)) fail_msg("rank %zu, error %g", c.rank, error(&c, full));
  assert_true(c.held < 1e-2 && c.held_mean > 1);
  weyl_completion_free(ctx, &c);
  weyl_triplets_free(ctx, &t);
  free(full);
}

static void test_noise(void **state) {
  (void)state;
  double *full;
  weyl_triplets t = make(80, 70, 2, 0.4, 0.3, &full);
  weyl_completion c;
  assert_ok(ctx, weyl_complete(ctx, &t, NULL, &c));
  if (c.rank < 2 || c.rank > 4 || !(error(&c, full) < 0.15)) fail_msg("rank %zu, error %g", c.rank, error(&c, full));
  assert_close(c.held, 0.33, 0.06); /* the noise, and a little more */
  weyl_completion_free(ctx, &c);
  for (size_t i = 0; i < 2; i++) { /* rank given; effects */
    assert_ok(ctx, weyl_complete(
                       ctx, &t,
                       &(weyl_complete_opts){.rank = 2, .methods = "scaled-gd", .centre = i ? "effects" : "mean"}, &c));
    assert_int_equal(c.rank, 2);
    if (!(error(&c, full) < (i ? 0.5 : 0.2))) /* effects add two ranks */
      fail_msg("rank %zu, error %g", c.rank, error(&c, full));
    weyl_completion_free(ctx, &c);
  }
  weyl_triplets_free(ctx, &t);
  free(full);
}

/* Values of any size: the answer is the same but for its unit. */
static void test_units(void **state) {
  (void)state;
  double *full, held[3];
  weyl_triplets t = make(30, 30, 1, 0.6, 0.1, &full);
  static const double factor[3] = {1, 0x1p-600, 0x1p900};
  for (int i = 0; i < 3; i++) {
    weyl_completion c;
    for (size_t e = 0; e < t.count; e++) t.value[e] *= factor[i];
    assert_ok(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.methods = "alt-min,gd"}, &c));
    held[i] = c.held;
    weyl_completion_free(ctx, &c);
  }
  assert_rel_close(held[1], held[0] * 0x1p-600, 1e-12);
  assert_rel_close(held[2], held[0] * 0x1p300, 1e-12);
  weyl_triplets_free(ctx, &t);
  free(full);
}

static void test_threads(void **state) {
  (void)state;
  double *full, kept[2];
  weyl_triplets t = make(40, 30, 2, 0.6, 0.1, &full);
  for (int i = 0; i < 2; i++) {
    weyl_context *own = test_context(i ? 3 : 1);
    weyl_completion c;
    assert_ok(own, weyl_complete(own, &t, NULL, &c));
    kept[i] = error(&c, full);
    weyl_completion_free(own, &c);
    test_context_free(own);
  }
  assert_true(kept[0] == kept[1]);
  weyl_triplets_free(ctx, &t);
  free(full);
}

static weyl_status parse(const char *text, int base, size_t n1, size_t n2, weyl_triplets *t) {
  weyl_table table;
  assert_ok(ctx, weyl_table_parse(ctx, text, strlen(text), "x.csv", &table));
  const weyl_status status = weyl_triplets_table(ctx, &table, "x.csv", base, n1, n2, t);
  weyl_table_free(ctx, &table);
  return status;
}

static void test_table(void **state) {
  (void)state;
  weyl_triplets t = {0};
  assert_ok(ctx, parse("user,item,rating\n1,2,3.5\n4,1,2\n", -1, 0, 0, &t));
  assert_int_equal(t.n1, 4);
  assert_int_equal(t.n2, 2);
  assert_int_equal(t.row[1], 3);
  assert_int_equal(t.column[1], 0);
  assert_close(t.value[0], 3.5, 0);
  weyl_triplets_free(ctx, &t);
  weyl_triplets_free(ctx, &t);
  assert_ok(ctx, parse("0 2 3.5\n4 1 2\n", -1, 10, 5, &t));
  assert_int_equal(t.n1, 10);
  assert_int_equal(t.row[1], 4);
  weyl_triplets_free(ctx, &t);
  assert_says(ctx, parse("0,1\n", -1, 0, 0, &t), WEYL_FORMAT, "2 columns");
  assert_says(ctx, parse("0,1.5,1\n", -1, 0, 0, &t), WEYL_FORMAT, "column is 1.5");
  assert_says(ctx, parse("0,-1,1\n", -1, 0, 0, &t), WEYL_FORMAT, "column is -1");
  assert_says(ctx, parse("0,1,1\n1,1,nan\n", -1, 0, 0, &t), WEYL_FORMAT, "entry 2: the value of row 1, column 1 is");
  assert_says(ctx, parse("1,1,1\n2,1,3\n1,1,1\n", -1, 0, 0, &t), WEYL_FORMAT,
              "entries 1 and 3 both give row 1, column 1");
  assert_says(ctx, parse("0,1,1\n", 1, 0, 0, &t), WEYL_FORMAT, "row 0, but indices begin at 1");
  assert_says(ctx, parse("5,1,1\n", 0, 4, 4, &t), WEYL_FORMAT, "row 5 of a matrix with 4 rows");
  assert_says(ctx, parse("1e9,1,1\n", 0, 0, 0, &t), WEYL_FORMAT, "row is 1000000000");
  assert_null(t.row);
}

static void test_refused(void **state) {
  (void)state;
  double *full;
  weyl_triplets t = make(20, 20, 1, 0.5, 0, &full);
  weyl_completion c;
  assert_says(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.rank = 21}, &c), WEYL_BAD_ARG, "at most 20");
  assert_says(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.rank = 15}, &c), WEYL_BAD_ARG,
              "rank 15 has 375 numbers");
  assert_says(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.methods = "gdd"}, &c), WEYL_UNKNOWN, "gdd");
  assert_says(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.methods = "gd,,"}, &c), WEYL_BAD_ARG, "commas");
  assert_says(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.held = 1}, &c), WEYL_BAD_ARG, "held out");
  assert_says(ctx, weyl_complete(ctx, &t, &(weyl_complete_opts){.centre = "x"}, &c), WEYL_UNKNOWN, "centre");
  for (size_t i = 0; i < t.count; i++) t.value[i] = 3;
  assert_says(ctx, weyl_complete(ctx, &t, NULL, &c), WEYL_DEGENERATE, "levels");
  t.value[3] = NAN;
  assert_says(ctx, weyl_complete(ctx, &t, NULL, &c), WEYL_NUMERIC, "entry 3");
  weyl_triplets_free(ctx, &t);
  free(full);
}

static int set_up(void **state) {
  (void)state;
  ctx = test_context(2);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  test_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact),   cmocka_unit_test(test_noise),
                                     cmocka_unit_test(test_threads), cmocka_unit_test(test_units),
                                     cmocka_unit_test(test_table),   cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
