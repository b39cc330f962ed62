/* Lists of irreps: their text, where an error is, order, and products of two lists. */
#include "testing.h"

static weyl_arena *arena;

static int up(void **state) {
  context_up(state);
  return weyl_arena_new(ctx, &arena) != WEYL_OK;
}

static int down(void **state) {
  weyl_arena_free(arena);
  return context_down(state);
}

static weyl_irreps irreps(const char *text) {
  weyl_irreps out = {0};
  ok(weyl_irreps_parse(ctx, arena, text, &out));
  return out;
}

static void test_text(void **state) {
  (void)state;
  static const struct {
    const char *text, *spelt;
    int64_t dim;
    int n, l_max;
  } rows[] = {
      {"16x0e+8x1o", "16x0e+8x1o", 40, 2, 1},
      {"  16 x 0e + 8\xc3\x97"
       "1 o ",
       "16x0e+8x1o", 40, 2, 1},
      {"1o", "1x1o", 3, 1, 1},
      {"0y+1y+2y", "1x0e+1x1o+1x2e", 9, 3, 2},
      {"100x0e + 50x1e + 0x2e", "100x0e+50x1e+0x2e", 250, 3, 1},
      {"64o", "1x64o", 129, 1, 64},
      {"2147483647x0e", "2147483647x0e", 2147483647, 1, 0},
      {"", "", 0, 0, -1},
      {" \t\n", "", 0, 0, -1},
      {"0x3e", "0x3e", 0, 1, -1},
      {"1e+1e+0e+1e", "1x1e+1x1e+1x0e+1x1e", 10, 4, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const weyl_irreps a = irreps(rows[i].text);
    assert_string_equal(weyl_irreps_text(arena, a), rows[i].spelt);
    assert_int_equal(a.n, rows[i].n);
    assert_int_equal(weyl_irreps_dim(a), rows[i].dim);
    assert_int_equal(weyl_irreps_l_max(a), rows[i].l_max);
    assert_true(weyl_irreps_equal(a, irreps(rows[i].spelt)));
    ok(weyl_irreps_check(ctx, a));
  }
  const weyl_irreps a = irreps("2x0e+1e+3x2o+4x1e");
  assert_int_equal(weyl_irreps_at(a, 0), 0);
  assert_int_equal(weyl_irreps_at(a, 1), 2);
  assert_int_equal(weyl_irreps_at(a, 2), 5);
  assert_int_equal(weyl_irreps_at(a, 4), 32);
  assert_int_equal(weyl_irreps_count(a, 1, 1), 5);
  assert_int_equal(weyl_irreps_count(a, 1, -1), 0);
  assert_false(weyl_irreps_equal(a, irreps("2x0e")));
  assert_false(weyl_irreps_equal(irreps("1e"), irreps("1o")));
  weyl_irreps s;
  ok(weyl_irreps_spherical(ctx, arena, 3, &s));
  assert_string_equal(weyl_irreps_text(arena, s), "1x0e+1x1o+1x2e+1x3o");
}

static void test_errors(void **state) {
  (void)state;
  static const struct {
    const char *text;
    weyl_status status;
    const char *says;
  } rows[] = {
      {"16x0e+8x", WEYL_FORMAT, "end at 9, expected a degree"},
      {"16x0e+", WEYL_FORMAT, "end at 7, expected a number of copies or a degree"},
      {"+0e", WEYL_FORMAT, "\"+0e\" at 1, expected a number of copies"},
      {"0e++1o", WEYL_FORMAT, "\"+1o\" at 4, expected a number"},
      {"16", WEYL_FORMAT, "end at 3, expected a parity, e or o, or \"x\""},
      {"16x1", WEYL_FORMAT, "end at 5, expected a parity, e or o"},
      {"16x1p", WEYL_FORMAT, "\"p\" at 5, expected a parity, e or o"},
      {"1o2e", WEYL_FORMAT, "\"2e\" at 3, expected \"+\" or the end"},
      {"-1x0e", WEYL_FORMAT, "\"-1x0e\" at 1"},
      {"1.5x0e", WEYL_FORMAT, "\".5x0e\" at 2"},
      {"1O", WEYL_FORMAT, "\"O\" at 2"},
      {"x0e", WEYL_FORMAT, "\"x0e\" at 1"},
      {"2x3x1o", WEYL_FORMAT, "\"x1o\" at 4, expected a parity"},
      {"0e+65e", WEYL_BAD_ARG, "a degree of 65 at 4, must be 0 to 64"},
      {"0e+2x99999999999999999999e", WEYL_BAD_ARG, "a degree of 99999999999999999999 at 6"},
      {"2147483648x0e", WEYL_BAD_ARG, "copies of 2147483648 at 1, must be 0 to 2147483647"},
      {"2147483647x64e + 2147483647x64e + 2147483647x64e + 2147483647x64e + 2147483647x64e", WEYL_BAD_ARG,
       "have more than 1099511627776 numbers with the block at 52"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weyl_irreps out = {-7, NULL};
    assert_says(ctx, weyl_irreps_parse(ctx, arena, rows[i].text, &out), rows[i].status, rows[i].says);
    assert_int_equal(out.n, -7);
  }
  weyl_irreps out;
  assert_says(ctx, weyl_irreps_parse(ctx, arena, NULL, &out), WEYL_BAD_ARG, "NULL");
  weyl_irrep item[2] = {{1, 0, 1}, {1, 65, 1}};
  const weyl_irreps made = {2, item};
  assert_says(ctx, weyl_irreps_check(ctx, made), WEYL_BAD_ARG, "block 1 of irreps has degree 65");
  item[1] = (weyl_irrep){1, 1, 0};
  assert_says(ctx, weyl_irreps_check(ctx, made), WEYL_BAD_ARG, "block 1 of irreps has parity 0");
  item[1] = (weyl_irrep){-2, 1, 1};
  assert_says(ctx, weyl_irreps_check(ctx, made), WEYL_BAD_ARG, "-2 copies");
  assert_says(ctx, weyl_irreps_sort(ctx, arena, made, &out, NULL, NULL), WEYL_BAD_ARG, "-2 copies");
  assert_says(ctx, weyl_irreps_simplify(ctx, arena, made, &out), WEYL_BAD_ARG, "-2 copies");
  assert_says(ctx, weyl_irreps_check(ctx, (weyl_irreps){3, NULL}), WEYL_BAD_ARG, "without blocks");
  assert_says(ctx, weyl_irreps_spherical(ctx, arena, -1, &out), WEYL_BAD_ARG, "l_max is -1");
}

static void test_sort(void **state) {
  (void)state;
  const weyl_irreps a = irreps("1x1e+2x0e+1x1o+0x0o+3x1e+1x0e");
  weyl_irreps sorted, simple;
  int32_t from[6];
  int64_t place[18];
  ok(weyl_irreps_sort(ctx, arena, a, &sorted, from, place));
  assert_string_equal(weyl_irreps_text(arena, sorted), "0x0o+2x0e+1x0e+1x1o+1x1e+3x1e");
  static const int32_t wanted[6] = {3, 1, 5, 2, 0, 4};
  static const int64_t numbers_wanted[18] = {3, 4, 17, 5, 6, 7, 0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  for (int i = 0; i < 6; i++) assert_int_equal(from[i], wanted[i]);
  for (int i = 0; i < 18; i++) assert_int_equal(place[i], numbers_wanted[i]);
  ok(weyl_irreps_simplify(ctx, arena, sorted, &simple));
  assert_string_equal(weyl_irreps_text(arena, simple), "3x0e+1x1o+4x1e");
  ok(weyl_irreps_simplify(ctx, arena, irreps("1e + 1e + 0e + 1e"), &simple));
  assert_string_equal(weyl_irreps_text(arena, simple), "2x1e+1x0e+1x1e");
  ok(weyl_irreps_simplify(ctx, arena, irreps("2147483647x0e+1x0e"), &simple)); /* no room in one block */
  assert_int_equal(simple.n, 2);
  ok(weyl_irreps_sort(ctx, arena, irreps(""), &sorted, NULL, NULL));
  assert_int_equal(sorted.n, 0);
}

/* Random letters never crash, and what parses spells itself the same again. */
PROPERTY(test_garbled, 20000) {
  const char *letters = "0123456789xeoy++  \xc3\x97-";
  char text[24] = {0};
  const size_t length = weyl_rng_below(rng, sizeof text);
  for (size_t i = 0; i < length; i++) text[i] = letters[weyl_rng_below(rng, strlen(letters))];
  const weyl_mark mark = weyl_arena_mark(arena);
  weyl_irreps a;
  if (weyl_irreps_parse(ctx, arena, text, &a) == WEYL_OK)
    assert_true(weyl_irreps_equal(a, irreps(weyl_irreps_text(arena, a))));
  weyl_message_clear(ctx);
  weyl_arena_release(arena, mark);
}

static void test_product(void **state) {
  (void)state;
  weyl_irreps out;
  weyl_paths paths;
  ok(weyl_irreps_product(ctx, arena, irreps("1o"), irreps("1o"), -1, &out, &paths));
  assert_string_equal(weyl_irreps_text(arena, out), "1x0e+1x1e+1x2e");
  assert_int_equal(paths.n, 3);
  ok(weyl_irreps_product(ctx, arena, irreps("2x0e+3x1o"), irreps("4x1e+5x2o"), 2, &out, &paths));
  /* 0e 1e: 1e; 0e 2o: 2o; 1o 1e: 0o 1o 2o; 1o 2o: 1e 2e */
  assert_string_equal(weyl_irreps_text(arena, out), "12x0o+12x1o+8x1e+15x1e+10x2o+12x2o+15x2e");
  assert_int_equal(paths.n, 7);
  static const weyl_path wanted[7] = {{0, 0, 2, 0, 1, 1}, {0, 1, 4, 0, 2, 2}, {1, 0, 0, 1, 1, 0}, {1, 0, 1, 1, 1, 1},
                                      {1, 0, 5, 1, 1, 2}, {1, 1, 3, 1, 2, 1}, {1, 1, 6, 1, 2, 2}};
  assert_memory_equal(paths.item, wanted, sizeof wanted);
  int64_t dim = 0;
  ok(weyl_irreps_product(ctx, arena, irreps("2x0e+3x3o+1x5e"), irreps("4x1e+5x2o"), -1, &out, NULL));
  dim = weyl_irreps_dim(out);
  assert_int_equal(dim, weyl_irreps_dim(irreps("2x0e+3x3o+1x5e")) * weyl_irreps_dim(irreps("4x1e+5x2o")));
  ok(weyl_irreps_product(ctx, arena, irreps("0x1o"), irreps("1o"), -1, &out, &paths));
  assert_int_equal(out.n, 0);
  assert_says(ctx, weyl_irreps_product(ctx, arena, irreps("40e"), irreps("40e"), -1, &out, NULL), WEYL_BAD_ARG,
              "degrees to 80, beyond 64: set l_max");
  ok(weyl_irreps_product(ctx, arena, irreps("40e"), irreps("40e"), 64, &out, NULL));
  assert_int_equal(out.n, 65);
  assert_says(ctx, weyl_irreps_product(ctx, arena, irreps("70000x0e"), irreps("70000x0e"), -1, &out, NULL),
              WEYL_BAD_ARG, "70000 times 70000 copies are more than");
  assert_says(ctx, weyl_irreps_product(ctx, arena, irreps("0e"), irreps("0e"), 65, &out, NULL), WEYL_BAD_ARG,
              "l_max is 65");
}

/* Paths of all degrees up to L among natural parities are those with even l1 + l2 + l3 (spec sheet 2.3). */
static void test_paths(void **state) {
  (void)state;
  static const long even[] = {4, 11, 23, 42, 69, 106, 154, 215}, all[] = {5, 15, 34, 65, 111, 175, 260, 369};
  for (int L = 1; L <= 8; L++) {
    weyl_irreps natural;
    weyl_paths paths;
    ok(weyl_irreps_spherical(ctx, arena, L, &natural));
    ok(weyl_paths_find(ctx, arena, natural, natural, natural, WEYL_PATH_ALL, &paths));
    assert_int_equal(paths.n, even[L - 1]);
    ok(weyl_paths_find(ctx, arena, natural, natural, natural, WEYL_PATH_ODD, &paths));
    assert_int_equal(paths.n, 0);
    weyl_irrep scalar[9];
    for (int l = 0; l <= L; l++) scalar[l] = (weyl_irrep){1, l, 1};
    const weyl_irreps so3 = {L + 1, scalar};
    ok(weyl_paths_find(ctx, arena, so3, so3, so3, WEYL_PATH_ALL, &paths));
    assert_int_equal(paths.n, all[L - 1]);
    ok(weyl_paths_find(ctx, arena, so3, so3, so3, WEYL_PATH_ODD, &paths));
    assert_int_equal(paths.n, all[L - 1] - even[L - 1]);
    for (int64_t i = 0; i < paths.n; i++) {
      assert_int_equal(paths.item[i].l3, paths.item[i].out);
      assert_true((paths.item[i].l1 + paths.item[i].l2 + paths.item[i].l3) % 2 == 1);
    }
  }
  weyl_paths paths;
  assert_says(ctx, weyl_paths_find(ctx, arena, irreps("0e"), irreps("0e"), irreps("0e"), (weyl_path_kind)0, &paths),
              WEYL_BAD_ARG, "kind of paths is 0");
}

static void test_couplings(void **state) {
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    const int l3 = kind == 3 ? 4 : 3;
    weyl_couplings c;
    ok(weyl_couplings_find(ctx, arena, (weyl_coupling_kind)kind, 2, 3, l3, WEYL_GAUGE_E3NN, &c));
    double w[5 * 7 * 9] = {0};
    if (kind == 0) ok(weyl_wigner_3j(ctx, 2, 3, l3, WEYL_GAUGE_E3NN, w));
    if (kind == 1) ok(weyl_clebsch(ctx, 2, 3, l3, WEYL_GAUGE_E3NN, w));
    if (kind == 2) ok(weyl_gaunt(ctx, 2, 3, l3, w));
    if (kind == 3) ok(weyl_poisson(ctx, 2, 3, l3, w));
    assert_true(c.n > 20);
    int32_t last = -1;
    for (int64_t i = 0; i < c.n; i++) {
      const weyl_coupling e = c.item[i];
      const int32_t order = (e.k * 5 + e.i) * 7 + e.j;
      assert_true(order > last);
      last = order;
      double *entry = &w[(e.i * 7 + e.j) * (2 * l3 + 1) + e.k];
      assert_true(e.value == *entry && e.value != 0);
      *entry = 0;
    }
    assert_true(largest((size_t)(5 * 7 * (2 * l3 + 1)), w) == 0); /* none left out */
  }
  weyl_couplings c;
  assert_says(ctx, weyl_couplings_find(ctx, arena, (weyl_coupling_kind)4, 1, 1, 1, WEYL_GAUGE_WEYL, &c), WEYL_BAD_ARG,
              "kind of coupling is 4");
  assert_says(ctx, weyl_couplings_find(ctx, arena, WEYL_COUPLING_3J, 1, 1, 99, WEYL_GAUGE_WEYL, &c), WEYL_BAD_ARG,
              "l3 is 99");
}

/* Every allocation fails once: the status says so, and nothing is lost. */
static void test_memory(void **state) {
  (void)state;
  for (int which = 0; which < 5; which++) {
    for (uint64_t k = 1;; k++) {
      weyl_arena *fresh;
      weyl_irreps a = {0}, out;
      weyl_paths paths;
      weyl_couplings c;
      ok(weyl_arena_new(ctx, &fresh));
      if (which > 0) ok(weyl_irreps_spherical(ctx, arena, 2, &a));
      weyl_context_fail_allocation(ctx, k);
      const weyl_status status = which == 0   ? weyl_irreps_parse(ctx, fresh, "0e+1o", &a)
                                 : which == 1 ? weyl_irreps_sort(ctx, fresh, a, &out, NULL, NULL)
                                 : which == 2 ? weyl_irreps_product(ctx, fresh, a, a, -1, &out, &paths)
                                 : which == 3
                                     ? weyl_paths_find(ctx, fresh, a, a, a, WEYL_PATH_ALL, &paths)
                                     : weyl_couplings_find(ctx, fresh, WEYL_COUPLING_3J, 1, 1, 1, WEYL_GAUGE_WEYL, &c);
      weyl_context_fail_allocation(ctx, 0);
      weyl_arena_free(fresh);
      if (status == WEYL_OK) {
        assert_true(k > 1);
        break;
      }
      assert_status(ctx, status, WEYL_MEMORY);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),      cmocka_unit_test(test_errors),  cmocka_unit_test(test_sort),
      property_test(test_garbled),      cmocka_unit_test(test_product), cmocka_unit_test(test_paths),
      cmocka_unit_test(test_couplings), cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, up, down);
}
