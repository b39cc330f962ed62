#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/data.h>

#include "property.h"

static const int64_t three = 3;

static weyl_dataset *small(weyl_context *ctx, weyl_array *x, weyl_array *e) {
  weyl_dataset *set;
  const int64_t nodes[] = {0, 5, 7, 11}, edges[] = {0, 2, 2, 3};
  assert_ok(ctx, weyl_dataset_new(ctx, "test", 3, &set));
  assert_ok(ctx, weyl_dataset_set_offsets(set, WEYL_PER_NODE, nodes));
  assert_ok(ctx, weyl_dataset_set_offsets(set, WEYL_PER_EDGE, edges));
  assert_ok(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &three, "A", x));
  assert_ok(ctx, weyl_dataset_add(set, "e", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", e));
  return set;
}

static void fields_have_rows(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_array x, e, y;
  weyl_dataset *set = small(ctx, &x, &e);
  assert_int_equal(x.dim[0], 11);
  assert_int_equal(x.dim[1], 3);
  assert_int_equal(e.rank, 1);
  assert_int_equal(e.dim[0], 3);
  assert_ok(ctx, weyl_dataset_add(set, "y", WEYL_PER_SAMPLE, WEYL_F32, 0, NULL, NULL, &y));
  assert_int_equal(y.dim[0], 3);
  for (int i = 0; i < 33; i++) assert_true(((double *)x.data)[i] == 0.0);
  assert_int_equal(weyl_dataset_fields(set), 3);
  assert_string_equal(weyl_dataset_find(set, "x")->unit, "A");
  assert_null(weyl_dataset_find(set, "z"));
  assert_null(weyl_dataset_field(set, 3));
  assert_int_equal(weyl_dataset_offsets(set, WEYL_PER_SAMPLE)[3], 3);
  for (int i = 0; i < 20; i++) { /* the list of fields and notes grows */
    char name[8];
    snprintf(name, sizeof name, "f%d", i);
    assert_ok(ctx, weyl_dataset_add(set, name, WEYL_PER_NODE, WEYL_F64, 0, NULL, "", NULL));
    assert_ok(ctx, weyl_dataset_note(set, name, "v"));
  }
  assert_string_equal(weyl_dataset_find(set, "f19")->name, "f19");
  assert_ok(ctx, weyl_dataset_note(set, "f3", "w"));
  assert_string_equal(weyl_dataset_noted(set, "f3"), "w");
  assert_string_equal(weyl_dataset_noted(set, "f19"), "v");
  assert_null(weyl_dataset_noted(set, "nothing"));
  weyl_dataset_free(set);
  test_context_free(ctx);
}

static void misuse_is_refused(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_dataset *set;
  weyl_array a;
  const int64_t down[] = {0, 3, 2}, late[] = {1, 2, 3}, good[] = {0, 2, 4}, negative = -1, huge = INT64_MAX / 2;
  assert_status(ctx, weyl_dataset_new(ctx, "x", -1, &set), WEYL_BAD_ARG);
  assert_ok(ctx, weyl_dataset_new(ctx, "train", 2, &set));
  assert_null(weyl_dataset_offsets(set, WEYL_PER_NODE));
  assert_says(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &a), WEYL_BAD_ARG,
              "node offsets first");
  assert_says(ctx, weyl_dataset_set_offsets(set, WEYL_PER_NODE, down), WEYL_BAD_ARG,
              "sample 1: node offsets go down, from 3 to 2");
  assert_says(ctx, weyl_dataset_set_offsets(set, WEYL_PER_NODE, late), WEYL_BAD_ARG, "must be 0");
  assert_status(ctx, weyl_dataset_set_offsets(set, WEYL_PER_SAMPLE, good), WEYL_BAD_ARG);
  assert_ok(ctx, weyl_dataset_set_offsets(set, WEYL_PER_NODE, good));
  assert_says(ctx, weyl_dataset_set_offsets(set, WEYL_PER_NODE, good), WEYL_BAD_ARG, "already");
  assert_status(ctx, weyl_dataset_add(set, "", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &a), WEYL_BAD_ARG);
  assert_status(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_U8, 1, &three, "", &a), WEYL_DTYPE);
  assert_status(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, WEYL_RANK_MAX, &three, "", &a), WEYL_BAD_ARG);
  assert_status(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &negative, "", &a), WEYL_BAD_ARG);
  assert_status(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &huge, "", &a), WEYL_MEMORY);
  assert_int_equal(weyl_dataset_fields(set), 0);
  assert_ok(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &a));
  assert_says(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &a), WEYL_BAD_ARG,
              "x is there already");
  weyl_dataset_free(set);
  weyl_dataset_free(NULL);
  test_context_free(ctx);
}

static void nan_is_named(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_array x, e;
  weyl_dataset *set = small(ctx, &x, &e);
  assert_ok(ctx, weyl_dataset_check_finite(ctx, set));
  ((double *)x.data)[8 * 3 + 2] = NAN; /* row 8 is node 1 of sample 2 */
  assert_says(ctx, weyl_dataset_check_finite(ctx, set), WEYL_FORMAT, "test sample 2, node 1: x[2] is nan");
  ((double *)x.data)[8 * 3 + 2] = 0;
  weyl_array f;
  assert_ok(ctx, weyl_dataset_add(set, "y", WEYL_PER_SAMPLE, WEYL_F32, 0, NULL, "", &f));
  ((float *)f.data)[1] = -INFINITY;
  assert_says(ctx, weyl_dataset_check_finite(ctx, set), WEYL_FORMAT, "test sample 1: y is -inf");
  weyl_dataset_free(set);

  const int64_t gap[] = {0, 2, 2};
  assert_ok(ctx, weyl_dataset_new(ctx, "valid", 2, &set));
  assert_ok(ctx, weyl_dataset_set_offsets(set, WEYL_PER_NODE, gap));
  assert_says(ctx, weyl_dataset_check_finite(ctx, set), WEYL_FORMAT, "valid sample 1 has no nodes");
  weyl_dataset_free(set);
  assert_ok(ctx, weyl_dataset_new(ctx, "train", 0, &set));
  assert_says(ctx, weyl_dataset_check_finite(ctx, set), WEYL_FORMAT, "train has no samples");
  weyl_dataset_free(set);
  test_context_free(ctx);
}

static void checksum_sees_everything(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_array x, e;
  char first[65], second[65];
  weyl_dataset *set = small(ctx, &x, &e), *same = small(ctx, &x, &e);
  weyl_dataset_checksum(set, first);
  weyl_dataset_checksum(same, second);
  assert_int_equal(strlen(first), 64);
  assert_string_equal(first, second);
  assert_ok(ctx, weyl_dataset_note(same, "path", "elsewhere"));
  weyl_dataset_checksum(same, second);
  assert_string_equal(first, second);
  ((double *)x.data)[32] = 1e-300;
  weyl_dataset_checksum(same, second);
  assert_string_not_equal(first, second);
  ((double *)x.data)[32] = 0;
  assert_ok(ctx, weyl_dataset_add(same, "more", WEYL_PER_SAMPLE, WEYL_F64, 0, NULL, "", NULL));
  weyl_dataset_checksum(same, second);
  assert_string_not_equal(first, second);
  weyl_dataset_free(set);
  weyl_dataset_free(same);
  test_context_free(ctx);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  bool done = false;
  for (uint64_t n = 1; !done; n++) {
    weyl_context_fail_allocation(ctx, n);
    weyl_dataset *set = NULL;
    weyl_status status = weyl_dataset_new(ctx, "a", 100000, &set);
    if (status == WEYL_OK) status = weyl_dataset_add(set, "x", WEYL_PER_SAMPLE, WEYL_F64, 1, &three, "", NULL);
    weyl_context_fail_allocation(ctx, 0);
    done = status == WEYL_OK;
    if (!done) assert_status(ctx, status, WEYL_MEMORY);
    weyl_dataset_free(set);
    assert_int_equal(weyl_memory_used(ctx), 0);
    assert_true(n < 50);
  }
  test_context_free(ctx);
}

/* Samples 2, 0, 2 of three with 1, 0 and 2 nodes. */
static void parts(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_dataset *set, *fewer;
  weyl_array x, y;
  static const int64_t offsets[4] = {0, 1, 1, 3}, two = 2, order[3] = {2, 0, 2}, far = 3;
  assert_ok(ctx, weyl_dataset_new(ctx, "all", 3, &set));
  assert_ok(ctx, weyl_dataset_set_offsets(set, WEYL_PER_NODE, offsets));
  assert_ok(ctx, weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &two, "m", &x));
  assert_ok(ctx, weyl_dataset_add(set, "y", WEYL_PER_SAMPLE, WEYL_I32, 0, NULL, "", &y));
  for (int k = 0; k < 6; k++) ((double *)x.data)[k] = k;
  for (int k = 0; k < 3; k++) ((int32_t *)y.data)[k] = k;
  assert_ok(ctx, weyl_dataset_note(set, "source", "here"));
  assert_ok(ctx, weyl_dataset_take(set, order, 3, &fewer));
  static const double expected[10] = {2, 3, 4, 5, 0, 1, 2, 3, 4, 5};
  static const int64_t nodes[4] = {0, 2, 3, 5};
  static const int32_t samples[3] = {2, 0, 2};
  assert_memory_equal(weyl_dataset_offsets(fewer, WEYL_PER_NODE), nodes, sizeof nodes);
  assert_memory_equal(weyl_dataset_find(fewer, "x")->array.data, expected, sizeof expected);
  assert_memory_equal(weyl_dataset_find(fewer, "y")->array.data, samples, sizeof samples);
  assert_string_equal(weyl_dataset_find(fewer, "x")->unit, "m");
  assert_string_equal(weyl_dataset_noted(fewer, "source"), "here");
  weyl_dataset_free(fewer);
  assert_says(ctx, weyl_dataset_take(set, &far, 1, &fewer), WEYL_BAD_ARG, "number 3 is not among them");
  weyl_dataset_free(set);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(parts),
                                     cmocka_unit_test(fields_have_rows),
                                     cmocka_unit_test(misuse_is_refused),
                                     cmocka_unit_test(nan_is_named),
                                     cmocka_unit_test(checksum_sees_everything),
                                     cmocka_unit_test(every_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
