/* Sums over ranks against the binary tree of one process, gathering, agreement, and programs run by several ranks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "ranks_fixture.h"

/* ---- sums ---------------------------------------------------------------------------------------------------- */

typedef struct adding {
  int64_t n;
  weyl_dtype dtype;
  bool maximum;
  void *part[RANKS_MOST]; /* becomes the total */
} adding;

static void add(ranks_member *m) {
  const adding *a = m->arg;
  m->status = (a->maximum ? m->comm->maximum : m->comm->sum)(m->comm->self, a->part[m->rank], a->dtype, a->n);
}

/* The tree as one process has it over its lanes, one number at a time. */
static double serial_tree(const adding *a, int size, int64_t i) {
  double x[RANKS_MOST];
  for (int r = 0; r < size; r++)
    x[r] = a->dtype == WEYL_F32   ? (double)((float *)a->part[r])[i]
           : a->dtype == WEYL_F64 ? ((double *)a->part[r])[i]
                                  : ((int32_t *)a->part[r])[i];
  for (int step = 1; step < size; step *= 2)
    for (int r = 0; r + step < size; r += 2 * step) {
      const double sum = a->dtype == WEYL_F32 ? (double)((float)x[r] + (float)x[r + step]) : x[r] + x[r + step];
      x[r] = a->maximum ? (x[r] > x[r + step] ? x[r] : x[r + step]) : sum;
    }
  return x[0];
}

static void check_sum(int size, weyl_dtype dtype, bool maximum, int64_t n) {
  adding a = {.n = n, .dtype = dtype, .maximum = maximum};
  weyl_rng rng = weyl_rng_new((uint64_t)(size * 1000 + n), "parts");
  const size_t width = weyl_dtype_size(dtype);
  for (int r = 0; r < size; r++) {
    a.part[r] = malloc((size_t)n * width);
    assert_non_null(a.part[r]);
    for (int64_t i = 0; i < n; i++) {
      const double x = weyl_rng_normal(&rng) * (i % 3 == 0 ? 1e6 : 1);
      if (dtype == WEYL_F32) ((float *)a.part[r])[i] = (float)x;
      if (dtype == WEYL_F64) ((double *)a.part[r])[i] = x;
      if (dtype == WEYL_I32) ((int32_t *)a.part[r])[i] = (int32_t)x;
    }
  }
  char *want = malloc((size_t)n * width);
  assert_non_null(want);
  for (int64_t i = 0; i < n; i++) {
    const double x = serial_tree(&a, size, i);
    if (dtype == WEYL_F32) ((float *)(void *)want)[i] = (float)x;
    if (dtype == WEYL_F64) ((double *)(void *)want)[i] = x;
    if (dtype == WEYL_I32) ((int32_t *)(void *)want)[i] = (int32_t)x;
  }
  ranks_team team;
  ranks_run(&team, size, add, &a);
  for (int r = 0; r < size; r++) {
    assert_int_equal(team.member[r].status, WEYL_OK);
    if (memcmp(a.part[r], want, (size_t)n * width) != 0)
      fail_msg("rank %d of %d: another sum of %lld numbers of type %s", r, size, (long long)n, weyl_dtype_name(dtype));
    free(a.part[r]);
  }
  ranks_end(&team);
  free(want);
}

static void test_sums_are_the_tree(void **state) {
  (void)state;
  for (int size = 1; size <= RANKS_MOST; size++)
    for (int64_t n = 1; n < 100000; n = 12 * n + 5) { /* by doubling and by halving, and odd lengths */
      check_sum(size, WEYL_F32, false, n);
      check_sum(size, WEYL_F64, false, n);
    }
  check_sum(4, WEYL_F32, false, 300001); /* in more than one piece */
  check_sum(3, WEYL_F64, false, 300001);
  check_sum(4, WEYL_F32, true, 5000);
  check_sum(6, WEYL_I32, true, 7);
}

/* ---- gathering and agreement --------------------------------------------------------------------------------- */

static void gather_blocks(ranks_member *m) {
  char *all = (char *)m->arg + 100 * m->rank;
  const int size = m->team->size;
  int64_t first[RANKS_MOST + 1] = {0};
  for (int r = 0; r < size; r++) first[r + 1] = first[r] + 3 * (r % 3); /* some are empty */
  for (int64_t i = first[m->rank]; i < first[m->rank + 1]; i++) all[i] = (char)('a' + m->rank);
  m->status = m->comm->gather(m->comm->self, all, first);
}

static void test_gather(void **state) {
  (void)state;
  for (int size = 1; size <= RANKS_MOST; size++) {
    char all[100 * RANKS_MOST];
    ranks_team team;
    memset(all, 0, sizeof all);
    ranks_run(&team, size, gather_blocks, all);
    static const char want[] = "bbbcccccceeeffffffhhh"; /* ranks 0, 3 and 6 have nothing */
    size_t length = 0;
    for (int r = 0; r < size; r++) length += (size_t)(3 * (r % 3));
    for (int r = 0; r < size; r++) {
      assert_int_equal(team.member[r].status, WEYL_OK);
      assert_memory_equal(all + 100 * r, want, length);
      assert_int_equal(all[100 * (size_t)r + length], 0);
    }
    ranks_end(&team);
  }
}

static void disagree(ranks_member *m) {
  const weyl_status *says = m->arg;
  weyl_status status = says[m->rank];
  if (status != WEYL_OK && status != WEYL_INTERRUPTED) status = weyl_fail(m->ctx, status, "the trouble of %d", m->rank);
  m->status = m->comm->agree(m->comm->self, m->ctx, status);
}

static void test_agreement(void **state) {
  (void)state;
  static const struct {
    weyl_status says[4], agreed;
    const char *message[4];
  } row[] = {
      {{WEYL_OK, WEYL_OK, WEYL_OK, WEYL_OK}, WEYL_OK, {"", "", "", ""}},
      {{WEYL_OK, WEYL_OK, WEYL_INTERRUPTED, WEYL_OK}, WEYL_INTERRUPTED, {"", "", "", ""}},
      {{WEYL_INTERRUPTED, WEYL_OK, WEYL_MEMORY, WEYL_OK},
       WEYL_MEMORY,
       {"rank 2: the trouble of 2", "rank 2: the trouble of 2", "the trouble of 2", "rank 2: the trouble of 2"}},
      {{WEYL_OK, WEYL_IO, WEYL_OK, WEYL_NUMERIC},
       WEYL_IO, /* the first rank that fails */
       {"rank 1: the trouble of 1", "the trouble of 1", "rank 1: the trouble of 1", "rank 1: the trouble of 1"}},
  };
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    weyl_status says[4];
    memcpy(says, row[k].says, sizeof says);
    ranks_team team;
    ranks_run(&team, 4, disagree, says);
    for (int r = 0; r < 4; r++) {
      assert_int_equal(team.member[r].status, row[k].agreed);
      assert_string_equal(weyl_message(team.member[r].ctx), row[k].message[r]);
      assert_int_equal(weyl_comm_failed(team.member[r].comm), row[k].agreed != WEYL_OK);
    }
    ranks_end(&team);
  }
}

static void test_bad_ranks(void **state) {
  (void)state;
  weyl_context *ctx = NULL;
  weyl_comm *comm = NULL;
  assert_int_equal(weyl_context_new(NULL, &ctx), WEYL_OK);
  const weyl_transport bad[] = {{.rank = 0, .size = 0}, {.rank = 2, .size = 2}, {.rank = 0, .size = 65}};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
    assert_int_equal(weyl_comm_new(ctx, &bad[k], &comm), WEYL_BAD_ARG);
  assert_int_equal(weyl_comm_check(ctx, 1, 6), WEYL_OK);
  assert_int_equal(weyl_comm_check(ctx, 6, 6), WEYL_OK);
  assert_int_equal(weyl_comm_check(ctx, 3, 12), WEYL_OK);
  weyl_message_clear(ctx);
  assert_int_equal(weyl_comm_check(ctx, 2, 12), WEYL_BAD_ARG); /* blocks of 6 lanes are no subtrees */
  assert_non_null(strstr(weyl_message(ctx), "1, 3, 6, 12"));
  assert_int_equal(weyl_comm_check(ctx, 8, 4), WEYL_BAD_ARG);
  weyl_context_free(ctx);
}

/* ---- a program on several ranks ------------------------------------------------------------------------------ */

enum { SHARDS_MOST = 9, ROWS_MOST = 5 * SHARDS_MOST, WIDTH = 3 };

typedef struct running {
  int lanes;
  int64_t shards;
  bool reference, spoil; /* spoil: an index out of range in the last shard */
  float out[RANKS_MOST][16 + ROWS_MOST * WIDTH * 2];
  size_t used[RANKS_MOST];
} running;

static void keep_output(running *x, int rank, const weyl_run *run, int k) {
  const weyl_array a = weyl_run_output(run, k);
  const size_t n = (size_t)weyl_array_size(&a);
  assert_true(x->used[rank] + n <= sizeof x->out[0] / sizeof(float));
  memcpy(x->out[rank] + x->used[rank], a.data, n * sizeof(float));
  x->used[rank] += n;
}

/* Sums, a maximum, a collected array and rows of the shards, of a batch whose rows of other ranks are never filled. */
static void run_program(ranks_member *m) {
  running *x = m->arg;
  weyl_variables *vars = NULL;
  weyl_graph *g = NULL;
  weyl_program *p = NULL;
  weyl_run *run = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_variables_new(m->ctx, WEYL_F32, 1, &vars));
  WEYL_GOTO(weyl_graph_new(m->ctx, vars, true, &g));
  const weyl_tensor a = weyl_input(g, "a", WEYL_F32, WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(WIDTH))),
                    pick = weyl_input(g, "pick", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  const weyl_tensor picked = weyl_gather(a, pick), sum = weyl_sum(picked, 0), most = weyl_reduce_max(a, 0);
  const weyl_tensor centred = weyl_sub(picked, weyl_mul(sum, most)), all = weyl_collect(centred);
  const weyl_tensor outputs[] = {sum, most, weyl_sum(weyl_square(centred), 0), all, centred};
  WEYL_GOTO(weyl_graph_status(g));
  WEYL_GOTO(weyl_program_new(g, outputs, 5,
                             &(weyl_program_opts){.lanes = x->lanes, .reference = x->reference, .assigns = false}, &p));
  WEYL_GOTO(weyl_run_new(p, m->comm, &run));

  static _Thread_local float rows[ROWS_MOST * WIDTH];
  static _Thread_local int32_t index[ROWS_MOST];
  int64_t count[SHARDS_MOST][WEYL_COUNTS] = {{0}}, from, to, row = 0;
  weyl_program_share(p, x->shards, m->rank, m->team->size, &from, &to);
  weyl_rng rng = weyl_rng_new(5, "rows");
  for (int64_t s = 0; s < x->shards; s++) {
    const bool mine = s >= from && s < to;
    count[s][WEYL_BATCH] = 1 + s % 5;
    for (int64_t i = 0; i < count[s][WEYL_BATCH]; i++, row++) {
      for (int k = 0; k < WIDTH; k++) {
        const float value = (float)weyl_rng_normal(&rng);
        rows[row * WIDTH + k] = mine ? value : NAN;
      }
      index[row] = mine ? (int32_t)(i / 2) : -1;
      if (x->spoil && s == x->shards - 1) index[row] = 77;
    }
  }
  const void *input[2];
  input[weyl_program_input_find(p, "a")] = rows;
  input[weyl_program_input_find(p, "pick")] = index;
  const weyl_batch batch = {.shards = x->shards, .count = (const int64_t(*)[WEYL_COUNTS])count, .input = input};
  for (int again = 0; again < 2; again++) WEYL_GOTO(weyl_run_step(run, &batch));
  for (int k = 0; k < 5; k++) keep_output(x, m->rank, run, k);
done:
  m->status = status;
  weyl_run_free(run);
  weyl_program_free(p);
  weyl_graph_free(g);
  weyl_variables_free(vars);
}

static void test_program_on_ranks(void **state) {
  (void)state;
  static const struct {
    int lanes, ranks;
    bool reference;
  } row[] = {{4, 2, false}, {4, 4, false}, {8, 4, false}, {8, 8, false}, {6, 3, false}, {4, 2, true}};
  static running one, many;
  for (size_t k = 0; k < sizeof row / sizeof *row; k++)
    for (int64_t shards = 1; shards <= SHARDS_MOST; shards++) {
      ranks_team team;
      one = (running){.lanes = row[k].lanes, .shards = shards, .reference = row[k].reference};
      many = one;
      ranks_run(&team, 1, run_program, &one);
      if (team.member[0].status != WEYL_OK) fail_msg("%s", weyl_message(team.member[0].ctx));
      ranks_end(&team);
      ranks_run(&team, row[k].ranks, run_program, &many);
      for (int r = 0; r < row[k].ranks; r++) {
        if (team.member[r].status != WEYL_OK) fail_msg("%s", weyl_message(team.member[r].ctx));
        assert_int_equal(many.used[r], one.used[0]);
        if (memcmp(many.out[r], one.out[0], one.used[0] * sizeof(float)) != 0)
          fail_msg("rank %d of %d, %d lanes, %lld shards: other bytes than one process", r, row[k].ranks, row[k].lanes,
                   (long long)shards);
      }
      ranks_end(&team);
    }
}

/* One rank meets an index out of range: all return it, and rank 0 has the message. */
static void test_program_fails_on_one_rank(void **state) {
  (void)state;
  static running x;
  x = (running){.lanes = 4, .shards = 8, .spoil = true};
  ranks_team team;
  ranks_run(&team, 4, run_program, &x);
  for (int r = 0; r < 4; r++) assert_int_equal(team.member[r].status, WEYL_BAD_ARG);
  assert_non_null(strstr(weyl_message(team.member[0].ctx), "rank 3: "));
  assert_non_null(strstr(weyl_message(team.member[0].ctx), "77"));
  ranks_end(&team);
}

static void test_program_refuses_ranks(void **state) {
  (void)state;
  static running x;
  x = (running){.lanes = 4, .shards = 8};
  ranks_team team;
  ranks_run(&team, 3, run_program, &x);
  for (int r = 0; r < 3; r++) {
    assert_int_equal(team.member[r].status, WEYL_BAD_ARG);
    assert_non_null(strstr(weyl_message(team.member[r].ctx), "1, 2, 4"));
  }
  ranks_end(&team);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sums_are_the_tree),
      cmocka_unit_test(test_gather),
      cmocka_unit_test(test_agreement),
      cmocka_unit_test(test_bad_ranks),
      cmocka_unit_test(test_program_on_ranks),
      cmocka_unit_test(test_program_fails_on_one_rank),
      cmocka_unit_test(test_program_refuses_ranks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
