/* property.h: what the cmocka tests of all rooms share.  Include it after cmocka.h.
 *
 *   PROPERTY(sum_commutes, 100) {                  the body sees `weyl_rng *rng`, fresh in each trial
 *     const double a = weyl_rng_normal(rng), b = weyl_rng_normal(rng);
 *     assert_close(a + b, b + a, 0);
 *   }
 *   const struct CMUnitTest tests[] = {property_test(sum_commutes)};
 *
 * A failing trial prints its seed; WEYL_TEST_SEED=<that seed> runs this one trial again.
 */
#ifndef WEYL_TESTS_PROPERTY_H
#define WEYL_TESTS_PROPERTY_H

#include <weyl/core.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Which trial is running: a failure leaves the test by longjmp, and the teardown finds the seed here. */
static struct {
  const char *name;
  uint64_t seed;
  int trial;
} property_now;

static inline int property_teardown(void **state) {
  (void)state;
  if (property_now.name) {
    print_error("%s failed in trial %d: WEYL_TEST_SEED=%llu repeats it\n", property_now.name, property_now.trial,
                (unsigned long long)property_now.seed);
    property_now.name = NULL;
  }
  return 0;
}

static inline void property_run(const char *name, int trials, void (*trial)(weyl_rng *rng)) {
  const char *fixed = getenv("WEYL_TEST_SEED");
  const uint64_t first = fixed ? strtoull(fixed, NULL, 10) : weyl_hash_name(name) >> 1;
  for (int t = 0; t < (fixed ? 1 : trials); t++) {
    property_now.name = name;
    property_now.trial = t;
    property_now.seed = first + (uint64_t)t;
    weyl_rng rng = weyl_rng_new(property_now.seed, name);
    trial(&rng);
  }
  property_now.name = NULL;
}

#define PROPERTY(name, trials)                   \
  static void name##_trial(weyl_rng *rng);       \
  static void name(void **property_state) {      \
    (void)property_state;                        \
    property_run(#name, (trials), name##_trial); \
  }                                              \
  static void name##_trial(weyl_rng *rng)

#define property_test(name) cmocka_unit_test_teardown(name, property_teardown)

/* |a - b| <= tol; NaN on either side fails. */
#define assert_close(a, b, tol) assert_close_at((a), (b), (tol), #a, #b, __FILE__, __LINE__)
static inline void assert_close_at(double a, double b, double tol, const char *ta, const char *tb, const char *file,
                                   int line) {
  if (a == b || fabs(a - b) <= tol) return;
  print_error("%s = %.17g\n%s = %.17g\ndiffer by %.3g, more than %.3g\n", ta, a, tb, b, fabs(a - b), tol);
  _fail(file, line);
}

/* |a - b| <= tol * max(|a|, |b|) */
#define assert_rel_close(a, b, tol) assert_rel_close_at((a), (b), (tol), #a, #b, __FILE__, __LINE__)
static inline void assert_rel_close_at(double a, double b, double tol, const char *ta, const char *tb, const char *file,
                                       int line) {
  assert_close_at(a, b, tol * fmax(fabs(a), fabs(b)), ta, tb, file, line);
}

/* The status is OK, or the test fails with the context's message. */
#define assert_ok(ctx, status) assert_ok_at((ctx), (status), #status, __FILE__, __LINE__)
static inline void assert_ok_at(const weyl_context *ctx, weyl_status status, const char *text, const char *file,
                                int line) {
  if (status == WEYL_OK) return;
  print_error("%s\nis %s: %s\n", text, weyl_status_name(status), weyl_message(ctx));
  _fail(file, line);
}

/* The status is the one expected and came with a message, which is then cleared. */
#define assert_status(ctx, status, expected) assert_says_at((ctx), (status), (expected), "", __FILE__, __LINE__)
/* The same, and the message contains `words`. */
#define assert_says(ctx, status, expected, words) \
  assert_says_at((ctx), (status), (expected), (words), __FILE__, __LINE__)
static inline void assert_says_at(weyl_context *ctx, weyl_status status, weyl_status expected, const char *words,
                                  const char *file, int line) {
  const char *message = weyl_message(ctx);
  if (status != expected || message[0] == '\0' || !strstr(message, words)) {
    print_error("status %s, expected %s; message \"%s\", expected to hold \"%s\"\n", weyl_status_name(status),
                weyl_status_name(expected), message, words);
    _fail(file, line);
  }
  weyl_message_clear(ctx);
}

static inline weyl_context *test_context_with(weyl_context_opts opts) {
  weyl_context *ctx = NULL;
  assert_int_equal(weyl_context_new(&opts, &ctx), WEYL_OK);
  return ctx;
}

/* A context that logs nothing; `threads` as in weyl_context_opts. */
static inline weyl_context *test_context(int threads) {
  return test_context_with((weyl_context_opts){.threads = threads});
}

/* Frees a context after checking that nothing allocated from it is still held. */
static inline void test_context_free(weyl_context *ctx) {
  assert_int_equal(weyl_memory_used(ctx), 0);
  weyl_context_free(ctx);
}

/* A fresh empty folder for files of a test, in memory where the machine offers that; `path` holds 64 bytes. */
static inline void test_folder(char *path) {
  const char *base = getenv("TMPDIR");
  if (!base || strlen(base) > 40) base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(path, 64, "%.40s/weyl-test-XXXXXX", base);
  assert_non_null(mkdtemp(path));
}

/* A file of these bytes. */
static inline void test_write(const char *path, const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

/* Removes a file or a folder with all it holds. */
static inline void test_remove(const char *path) {
  char command[512];
  snprintf(command, sizeof command, "rm -rf -- '%s'", path);
  assert_int_equal(system(command), 0);
}

#endif
