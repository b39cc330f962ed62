/* Training on several ranks: the bytes of one process, and no rank left waiting when another stops or fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ranks_fixture.h"
#include "train_fixture.h"

#ifdef __SANITIZE_THREAD__
/* The lock inside libc's tzset, which libzip comes by, is not seen by the sanitizer. */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) { return "race:tzset_internal\n"; }
#endif

typedef struct training {
  const train_fixture *f;
  const char *run, *pairs[12];       /* option, value, ... */
  const char *other[3], *other_data; /* of rank 1 alone; NULL: as the others */
  bool resume;
  int stop_rank, stop_after; /* that rank is asked to stop at that report of progress; 0: it is not */
  int fail_rank;             /* its n-th allocation fails; 0: none does */
  uint64_t fail_at;
} training;

typedef struct reports {
  int seen, stop_after;
} reports;

static bool count_reports(void *user, const char *what, double done, double total) {
  reports *r = user;
  (void)done;
  (void)total;
  if (strncmp(what, "epoch", 5) == 0) r->seen++;
  return r->stop_after > 0 && r->seen >= r->stop_after;
}

static void train(ranks_member *m) {
  const training *x = m->arg;
  /* a context of its own, which reports progress */
  reports seen = {.stop_after = m->rank == x->stop_rank ? x->stop_after : 0};
  weyl_context *ctx =
      test_context_with((weyl_context_opts){.threads = 1 + m->rank % 2, .user = &seen, .progress = count_reports});
  weyl_options *options = NULL;
  assert_int_equal(weyl_train_options(ctx, "dynamics", "egnn", &options), WEYL_OK);
  if (!x->resume) fixture_set(options, fixture_small, false);
  fixture_set(options, x->pairs, false);
  if (m->rank == 1) fixture_set(options, x->other, false);
  char folder[400];
  snprintf(folder, sizeof folder, "%s/%s", x->f->folder, x->run);
  const weyl_train_config config = {.task = "dynamics",
                                    .model = "egnn",
                                    .data = m->rank == 1 && x->other_data != NULL ? x->other_data : x->f->data,
                                    .out = folder,
                                    .resume = x->resume,
                                    .options = options,
                                    .seed = 7,
                                    .comm = m->comm};
  weyl_train_result result;
  if (m->rank == x->fail_rank) weyl_context_fail_allocation(ctx, x->fail_at);
  m->status = weyl_train(ctx, &config, &result);
  (void)weyl_fail(m->ctx, m->status, "%s", weyl_message(ctx)); /* for the test to read */
  weyl_options_free(options);
  weyl_context_free(ctx);
}

static const char *message_of(const ranks_team *t, int rank) { return weyl_message(t->member[rank].ctx); }

static void assert_all(const ranks_team *t, weyl_status status) {
  for (int r = 0; r < t->size; r++)
    if (t->member[r].status != status)
      fail_msg("rank %d: %s: %s", r, weyl_status_name(t->member[r].status), message_of(t, r));
}

static void test_bytes_of_one_process(void **state) {
  train_fixture *f = *state;
  assert_trained(f, fixture_train(f, "alone", "egnn", false, NULL, NULL));
  static const int sizes[] = {1, 2, 4};
  for (int k = 0; k < 3; k++) {
    char name[32];
    snprintf(name, sizeof name, "ranks%d", sizes[k]);
    training x = {.f = f, .run = name};
    ranks_team team;
    ranks_run(&team, sizes[k], train, &x);
    assert_all(&team, WEYL_OK);
    ranks_end(&team);
    assert_same_file(f, "alone", name, "model.safetensors");
    assert_same_file(f, "alone", name, "state.safetensors");
  }
}

/* A stop on any rank stops all after the same step; the run goes on on another number of ranks. */
static void test_stop_and_resume(void **state) {
  train_fixture *f = *state;
  assert_trained(f, fixture_train(f, "whole", "egnn", false, NULL, NULL));
  training x = {.f = f, .run = "stopped", .stop_rank = 1, .stop_after = 9};
  ranks_team team;
  ranks_run(&team, 2, train, &x);
  assert_all(&team, WEYL_INTERRUPTED);
  assert_non_null(strstr(message_of(&team, 0), "--resume"));
  ranks_end(&team);
  x = (training){.f = f, .run = "stopped", .resume = true, .stop_rank = 3, .stop_after = 4};
  ranks_run(&team, 4, train, &x);
  assert_all(&team, WEYL_INTERRUPTED);
  ranks_end(&team);
  assert_trained(f, fixture_train(f, "stopped", "egnn", true, NULL, NULL));
  assert_same_file(f, "whole", "stopped", "model.safetensors");
}

static void test_refused(void **state) {
  train_fixture *f = *state;
  training x = {.f = f, .run = "three"};
  ranks_team team;
  ranks_run(&team, 3, train, &x);
  assert_all(&team, WEYL_BAD_ARG);
  assert_non_null(strstr(message_of(&team, 0), "one of: 1, 2, 4"));
  ranks_end(&team);
  assert_false(weyl_file_exists(fixture_path(f, "three", NULL)));
  /* a folder in use: every rank says so before rank 0 begins */
  x = (training){.f = f, .run = "used"};
  ranks_run(&team, 2, train, &x);
  assert_all(&team, WEYL_OK);
  ranks_end(&team);
  ranks_run(&team, 2, train, &x);
  assert_all(&team, WEYL_BAD_ARG);
  assert_non_null(strstr(message_of(&team, 0), "holds a run already"));
  ranks_end(&team);
}

/* A rank with data or options of its own would train other weights: all of them say so, and write nothing. */
static void test_ranks_differ(void **state) {
  train_fixture *f = *state;
  train_fixture second = *f;
  snprintf(second.data, sizeof second.data, "%s/others.npz", f->folder);
  fixture_data(&second, 4);
  ranks_team team;
  training x = {.f = f, .run = "differ", .other_data = second.data};
  ranks_run(&team, 2, train, &x);
  assert_all(&team, WEYL_BAD_ARG);
  for (int r = 0; r < 2; r++) assert_non_null(strstr(message_of(&team, r), "different data"));
  ranks_end(&team);
  x = (training){.f = f, .run = "differ", .other = {"rate", "0.25"}};
  ranks_run(&team, 4, train, &x);
  assert_all(&team, WEYL_BAD_ARG);
  for (int r = 0; r < 4; r++) assert_non_null(strstr(message_of(&team, r), "same task, model, options"));
  ranks_end(&team);
  assert_false(weyl_file_exists(fixture_path(f, "differ", "config.ini")));
}

/* Numbers that fail do so on all ranks alike, with the first bad value of the whole batch named. */
static void test_numbers_fail(void **state) {
  train_fixture *f = *state;
  training x = {.f = f, .run = "wild", .pairs = {"rate", "1000", "optimiser", "sgd"}};
  ranks_team team;
  ranks_run(&team, 2, train, &x);
  assert_all(&team, WEYL_NUMERIC);
  assert_non_null(strstr(message_of(&team, 0), "step"));
  assert_string_equal(message_of(&team, 0), message_of(&team, 1));
  ranks_end(&team);
}

/* Memory that runs out on rank 1, at one place after another: all ranks end, and rank 0 can say why. */
static void test_memory_fails_on_one_rank(void **state) {
  train_fixture *f = *state;
  bool done = false;
  for (uint64_t n = 1; !done; n += 1 + n / 7) {
    char name[32];
    snprintf(name, sizeof name, "short%llu", (unsigned long long)n);
    training x = {.f = f, .run = name, .pairs = {"epochs", "1"}, .fail_rank = 1, .fail_at = n};
    ranks_team team;
    ranks_run(&team, 2, train, &x);
    done = team.member[1].status == WEYL_OK;
    if (!done) {
      assert_all(&team, WEYL_MEMORY);
      if (strncmp(message_of(&team, 0), "rank 1: ", 8) != 0)
        fail_msg("allocation %llu: rank 0 says \"%s\"", (unsigned long long)n, message_of(&team, 0));
    }
    ranks_end(&team);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fixture_test(test_bytes_of_one_process),
      fixture_test(test_stop_and_resume),
      fixture_test(test_refused),
      fixture_test(test_ranks_differ),
      fixture_test(test_numbers_fail),
      fixture_test(test_memory_fails_on_one_rank),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
