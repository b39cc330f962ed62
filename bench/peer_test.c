#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An environment whose "python" is a shell script that plays the peer. */
typedef struct fixture {
  weyl_context *ctx;
  char folder[64], bin[96], python[128];
} fixture;

static int make(void **state) {
  static fixture f;
  assert_int_equal(weyl_context_new(&(weyl_context_opts){.threads = 1}, &f.ctx), WEYL_OK);
  strcpy(f.folder, "/tmp/weyl-peer-XXXXXX");
  assert_non_null(mkdtemp(f.folder));
  snprintf(f.bin, sizeof f.bin, "%s/bin", f.folder);
  snprintf(f.python, sizeof f.python, "%s/python", f.bin);
  assert_int_equal(mkdir(f.bin, 0700), 0);
  assert_int_equal(setenv("WEYL_PEERS", f.folder, 1), 0);
  *state = &f;
  return 0;
}

static int drop(void **state) {
  fixture *f = *state;
  unlink(f->python);
  rmdir(f->bin);
  rmdir(f->folder);
  unsetenv("WEYL_PEERS");
  weyl_context_free(f->ctx);
  return 0;
}

static void play(const fixture *f, const char *script) {
  FILE *out = fopen(f->python, "w");
  assert_non_null(out);
  fprintf(out, "#!/bin/sh\n%s\n", script);
  assert_int_equal(fclose(out), 0);
  assert_int_equal(chmod(f->python, 0700), 0);
}

#define READY "echo '{\"name\": \"player\", \"version\": \"1.2\", \"threads\": 3, \"parameters\": 42}'\n"

static const char *const words[] = {"train", "--model", "egnn", NULL};

static void runs_in_turn(void **state) {
  fixture *f = *state;
  play(f, READY
       "[ \"$2 $3 $4\" = 'train --model egnn' ] || echo '{\"error\": \"arguments\"}'\n"
       "while read word rest; do case $word in\n"
       "  run) echo '{\"cpu\": [0.25, 0.5, 1.5], \"wall\": [1, 2, 3]}' ;;\n"
       "  case) echo '{}' ;;\n"
       "esac; done");
  bench_peer *p = NULL;
  bench_samples s = {0};
  assert_int_equal(bench_peer_start(f->ctx, words, false, &p), WEYL_OK);
  assert_string_equal(bench_peer_what(p)->name, "player");
  assert_string_equal(bench_peer_what(p)->version, "1.2");
  assert_int_equal(bench_peer_what(p)->threads, 3);
  assert_int_equal(bench_peer_what(p)->parameters, 42);
  assert_int_equal(bench_peer_case(p, "any of them"), WEYL_OK);
  for (int i = 0; i < 2; i++) assert_int_equal(bench_peer_run(p, 0.01, &s), WEYL_OK);
  const bench_times t = bench_times_of(&s);
  assert_true(t.steps == 6 && t.wall == 2 && t.cpu == 0.5 && t.best_wall == 1 && t.best_cpu == 0.25);
  bench_samples_free(f->ctx, &s);
  bench_peer_free(p);
}

static void start_fails(fixture *f, const char *script, weyl_status wanted, const char *says) {
  bench_peer *p = NULL;
  if (script) play(f, script);
  const weyl_status status = bench_peer_start(f->ctx, words, false, &p);
  if (status != wanted || !strstr(weyl_message(f->ctx), says))
    fail_msg("%s: %s, wanted \"%s\"", weyl_status_name(status), weyl_message(f->ctx), says);
  assert_null(p);
  weyl_message_clear(f->ctx);
}

static void what_goes_wrong_is_said(void **state) {
  fixture *f = *state;
  start_fails(f, NULL, WEYL_NO_FILE, "make peers");
  start_fails(f, "exit 3", WEYL_UNSUPPORTED, "left without an answer");
  start_fails(f, "kill -9 $$", WEYL_UNSUPPORTED, "left without an answer");
  start_fails(f, "echo hello", WEYL_UNSUPPORTED, "hello");
  start_fails(f, "echo '{\"error\": \"no torch\"}'", WEYL_UNSUPPORTED, "no torch");
}

static void run_fails(fixture *f, const char *answer, const char *says) {
  char script[512];
  snprintf(script, sizeof script, READY "read line\n%s", answer);
  play(f, script);
  bench_peer *p = NULL;
  bench_samples s = {0};
  assert_int_equal(bench_peer_start(f->ctx, words, false, &p), WEYL_OK);
  assert_int_equal(bench_peer_run(p, 0.01, &s), WEYL_UNSUPPORTED);
  if (!strstr(weyl_message(f->ctx), says)) fail_msg("%s, wanted \"%s\"", weyl_message(f->ctx), says);
  weyl_message_clear(f->ctx);
  bench_samples_free(f->ctx, &s);
  bench_peer_free(p);
}

static void bad_times_are_refused(void **state) {
  fixture *f = *state;
  run_fails(f, "exit 1", "left without an answer");
  run_fails(f, "echo '[]'", "no JSON object");
  run_fails(f, "echo '{\"cpu\": [1], \"wall\": []}'", "0 wall times and 1 CPU times");
  run_fails(f, "echo '{\"cpu\": [1], \"wall\": [0]}'", "0 s wall");
  run_fails(f, "echo '{\"cpu\": [1], \"wall\": [\"x\"]}'", "0 s wall");
  run_fails(f, "echo '{\"error\": \"out of memory\"}'", "out of memory");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(runs_in_turn, make, drop),
      cmocka_unit_test_setup_teardown(what_goes_wrong_is_said, make, drop),
      cmocka_unit_test_setup_teardown(bad_times_are_refused, make, drop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
