/* einsum against naive loops over all letters, known contractions, and specifications that are refused with their
 * place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "testing.h"

static int64_t size_of(char letter) { return 1 + (letter * 7 + 2) % 4; }

/* The value of one operand for a choice of all letters. */
static int64_t offset(const char *letters, int n, const int64_t *value) {
  int64_t at = 0;
  for (int i = 0; i < n; i++) at = at * size_of(letters[i]) + value[letters[i] - 'a'];
  return at;
}

static weyl_shape shape_of(const char *letters, int n) {
  weyl_shape s = {.rank = n};
  for (int i = 0; i < n; i++) s.dim[i] = weyl_num(size_of(letters[i]));
  return s;
}

static void check(weyl_rng *rng, const char *spec) {
  lab l;
  lab_begin(&l, WEYL_F64);
  const char *comma = strchr(spec, ','), *arrow = strstr(spec, "->"), *a = spec, *b = comma ? comma + 1 : arrow,
             *c = arrow + 2;
  const int na = (int)((comma ? comma : arrow) - a), nb = comma ? (int)(arrow - b) : 0, nc = (int)strlen(c);
  const weyl_shape sa = shape_of(a, na), sb = shape_of(b, nb), sc = shape_of(c, nc);
  static double x[4096], y[4096], want[4096], got[4096];
  const weyl_tensor ta = lab_random(&l, rng, sa, -1, 1, x),
                    tb = comma ? lab_random(&l, rng, sb, -1, 1, y) : WEYL_NULL_TENSOR;
  const int64_t n = weyl_shape_size(&sc, NULL, NULL);
  assert_true(n <= 4096);
  memset(want, 0, sizeof want);
  int64_t value[26] = {0}, all = 1;
  char used[27] = "";
  for (char k = 'a'; k <= 'z'; k++)
    if (memchr(a, k, (size_t)na) || (nb && memchr(b, k, (size_t)nb))) {
      used[strlen(used)] = k;
      all *= size_of(k);
    }
  for (int64_t i = 0; i < all; i++) {
    int64_t rest = i;
    for (const char *k = used; *k; k++) {
      value[*k - 'a'] = rest % size_of(*k);
      rest /= size_of(*k);
    }
    want[offset(c, nc, value)] += x[offset(a, na, value)] * (comma ? y[offset(b, nb, value)] : 1);
  }
  const weyl_tensor t = weyl_einsum(spec, ta, tb);
  assert_ok(l.ctx, weyl_graph_status(l.g));
  const weyl_shape s = weyl_tensor_shape(t);
  assert_true(weyl_shape_equal(&s, &sc));
  lab_read(&l, t, got, n);
  for (int64_t i = 0; i < n; i++)
    if (fabs(got[i] - want[i]) > 1e-13)
      fail_msg("%s: number %lld is %.17g, must be %.17g", spec, (long long)i, got[i], want[i]);
  lab_end(&l);
}

PROPERTY(against_loops, 3) {
  static const char *const specs[] = {
      "ij,jk->ik",   "ij,jk->ki",   "ij,kj->ik", "ji,jk->ki", "nij,njk->nik",    "nij,nkj->kin",    "i,j->ij",
      "i,j->ji",     "i,i->",       "i,i->i",    "ij,ij->",   "ij,ij->ij",       "ij,ji->ij",       "ij,j->i",
      "ij->ji",      "ij->i",       "ij->",      "ijk->ki",   "abc,cd->ab",      "abc,bc->a",       "abcd,cd->ba",
      "abcd,dcb->a", "ab,cd->acbd", "ab,cd->bd", "ab,cd->",   "bhid,bhjd->bhij", "bhij,bhjd->bihd", "i->i",
      "ij,k->jk",    ",i->i",       "->",        "i,->i",
  };
  for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) check(rng, specs[i]);
}

/* Letters at random: each of up to four in either operand, the result any subset in any order. */
PROPERTY(random_letters, 60) {
  char term[3][8] = {"", "", ""}, spec[32];
  for (int i = 0; i < 5; i++) {
    const char letter = (char)('a' + i);
    const uint64_t where = 1 + weyl_rng_below(rng, 3);
    for (int k = 0; k < 3; k++) {
      if (k < 2 ? !(where & (1u << k)) : weyl_rng_below(rng, 2)) continue;
      /* into a random place */
      const size_t n = strlen(term[k]), at = (size_t)weyl_rng_below(rng, n + 1);
      memmove(term[k] + at + 1, term[k] + at, n + 1 - at);
      term[k][at] = letter;
    }
  }
  snprintf(spec, sizeof spec, "%s,%s->%s", term[0], term[1], term[2]);
  check(rng, spec);
}

/* A count is a size like others; contracting over it gives a whole result. */
static void test_counts(void **state) {
  (void)state;
  lab l;
  lab_begin(&l, WEYL_F64);
  const weyl_tensor x = weyl_input(l.g, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(2))),
                    w = lab_array(&l, WEYL_SHAPE(weyl_num(2), weyl_num(3)), (const double[]){1, 2, 3, 4, 5, 6});
  const weyl_tensor y = weyl_einsum("nc,cd->dn", x, w), gram = weyl_einsum("nc,nd->cd", x, x);
  assert_ok(l.ctx, weyl_graph_status(l.g));
  char text[160];
  weyl_shape s = weyl_tensor_shape(y);
  assert_string_equal(weyl_shape_text(&s, text), "[3, nodes]");
  s = weyl_tensor_shape(gram);
  assert_string_equal(weyl_shape_text(&s, text), "[2, 2]");
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  assert_ok(l.ctx, weyl_program_new(l.g, &gram, 1, NULL, &program));
  assert_ok(l.ctx, weyl_run_new(program, NULL, &run));
  const int64_t counts[2][WEYL_COUNTS] = {{0, 1, 2, 0}, {0, 1, 1, 0}}; /* two shards of two nodes and one */
  const double rows[6] = {1, 2, 3, 4, 5, 6};
  assert_ok(l.ctx, weyl_run_step(run, &(weyl_batch){.shards = 2, .count = counts, .input = (const void *[]){rows}}));
  const weyl_array a = weyl_run_output(run, 0);
  assert_numbers(a.data, (const double[]){35, 44, 44, 56}, 4, 0);
  weyl_run_free(run);
  weyl_program_free(program);
  lab_end(&l);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *spec, *words;
    weyl_status status;
  } bad[] = {
      {"ij,jk>ik", "position 5: a letter or '->' is wanted", WEYL_BAD_ARG},
      {"ij,jk", "position 5: a letter or '->' is wanted", WEYL_BAD_ARG},
      {"ij,jk->iz", "position 8: a letter of the result that no operand has", WEYL_BAD_ARG},
      {"ij,jk->ii", "position 8: a letter twice", WEYL_BAD_ARG},
      {"ii,ik->k", "position 1: a letter twice in one operand", WEYL_BAD_ARG},
      {"ij,jk->ik ", "position 9: a letter or the end is wanted", WEYL_BAD_ARG},
      {"ij;jk->ik", "position 2: a letter or ',' is wanted", WEYL_BAD_ARG},
      {"ij->ji", "position 2: one operand named, two given", WEYL_BAD_ARG},
      {"ij,jk,kl->il", "position 5: more operands named than given", WEYL_BAD_ARG},
      {"...i,ij->j", "position 0: a letter or ',' is wanted", WEYL_BAD_ARG},
      {"ijk,jk->i", "position 0: 3 letters for operand 0 of shape [2, 3]", WEYL_SHAPE},
      {"ij,k->i", "position 3: 1 letters for operand 1 of shape [3, 4]", WEYL_SHAPE},
      {"ij,ik->j", "letter i has two sizes in [2, 3] and [3, 4]", WEYL_SHAPE},
      {"abcdefghi,ij->j", "position 8: more axes than a tensor can have", WEYL_BAD_ARG},
      {"", "position 0", WEYL_BAD_ARG},
  };
  lab l;
  lab_begin(&l, WEYL_F64);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const weyl_tensor a = weyl_constant(l.g, 1, WEYL_SHAPE(weyl_num(2), weyl_num(3))),
                      b = weyl_constant(l.g, 1, WEYL_SHAPE(weyl_num(3), weyl_num(4)));
    assert_false(weyl_tensor_valid(weyl_einsum(bad[i].spec, a, b)));
    lab_refused(&l, bad[i].status, bad[i].words);
  }
  assert_false(weyl_tensor_valid(weyl_einsum("i->i", WEYL_NULL_TENSOR, WEYL_NULL_TENSOR)));
  lab_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      property_test(against_loops),
      property_test(random_letters),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
