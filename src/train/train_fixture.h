/* A small task for tests: 60 frames of four points on smooth paths, in a temporary folder. */
#ifndef WEYL_TRAIN_FIXTURE_H
#define WEYL_TRAIN_FIXTURE_H

#include <weyl/train.h>

#include "property.h"

typedef struct train_fixture {
  weyl_context *ctx;
  char folder[64], data[160], out[160];
  /* what the progress callback saw */
  int64_t steps;              /* calls in training so far */
  uint64_t allocations[4096]; /* at each of them */
  int64_t stop_at;            /* sets `stop` at this call; 0: never */
  volatile int stop;
} train_fixture;

static bool fixture_progress(void *user, const char *what, double done, double total) {
  train_fixture *f = user;
  (void)done;
  (void)total;
  if (strncmp(what, "epoch", 5) != 0) return false;
  if (f->steps < 4096) f->allocations[f->steps] = weyl_allocations(f->ctx);
  f->steps++;
  if (f->steps == f->stop_at) f->stop = 1;
  return false;
}

static void fixture_context(train_fixture *f, int threads) {
  weyl_context_free(f->ctx);
  f->ctx = test_context_with((weyl_context_opts){.threads = threads, .user = f, .progress = fixture_progress});
}

/* Paths that follow from the seed, into f->data. */
static void fixture_data(train_fixture *f, uint64_t seed) {
  enum { FRAMES = 60, POINTS = 4 };
  static double x[FRAMES][POINTS][3], v[FRAMES][POINTS][3], q[POINTS] = {1, -1, 1, -1};
  weyl_rng rng = weyl_rng_new(seed, "fixture");
  double start[POINTS][3], speed[POINTS][3], phase[POINTS][3];
  for (int p = 0; p < POINTS; p++)
    for (int c = 0; c < 3; c++) {
      start[p][c] = weyl_rng_normal(&rng);
      speed[p][c] = 0.3 * weyl_rng_normal(&rng);
      phase[p][c] = 6 * weyl_rng_uniform(&rng);
    }
  for (int k = 0; k < FRAMES; k++)
    for (int p = 0; p < POINTS; p++)
      for (int c = 0; c < 3; c++) {
        const double t = 0.2 * k;
        x[k][p][c] = start[p][c] + speed[p][c] * t + 0.5 * sin(t + phase[p][c]);
        v[k][p][c] = speed[p][c] + 0.5 * cos(t + phase[p][c]);
      }
  weyl_trajectory item = {.frames = FRAMES,
                          .points = POINTS,
                          .d = 3,
                          .position = &x[0][0][0],
                          .velocity = &v[0][0][0],
                          .charge = q,
                          .time_step = 0.2};
  const weyl_trajectories all = {.count = 1, .item = &item, .format = "npz", .length_unit = "", .time_unit = ""};
  assert_int_equal(weyl_trajectories_write(f->ctx, f->data, &all), WEYL_OK);
}

static int fixture_open(void **state) {
  train_fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  test_folder(f->folder);
  snprintf(f->data, sizeof f->data, "%s/paths.npz", f->folder);
  fixture_context(f, 2);
  fixture_data(f, 3);
  *state = f;
  return 0;
}

static int fixture_close(void **state) {
  train_fixture *f = *state;
  weyl_context_free(f->ctx);
  test_remove(f->folder);
  free(f);
  return 0;
}

#define fixture_test(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

/* Path of a file in a run; the text lives until the fourth call from now. */
static inline const char *fixture_path(const train_fixture *f, const char *run, const char *file) {
  static char text[4][400];
  static int k;
  k = (k + 1) % 4;
  snprintf(text[k], sizeof text[k], "%s/%s%s%s", f->folder, run, file != NULL ? "/" : "", file != NULL ? file : "");
  return text[k];
}

/* Pairs of option and value, NULL at the end; those that the model does not have are passed over when `known` is true.
 */
static inline void fixture_set(weyl_options *o, const char *const *pairs, bool known) {
  for (; *pairs != NULL; pairs += 2)
    if (!known || weyl_options_has(o, pairs[0]))
      assert_int_equal(weyl_options_set(o, pairs[0], pairs[1], NULL), WEYL_OK);
}

static const char *const fixture_small[] = {"horizon", "2",      "batch", "8",      "epochs", "4", "eval_every",
                                            "1",       "hidden", "9",     "layers", "2",      NULL};

/* A training of task "dynamics"; pairs of option and value, NULL at the end. */
static inline weyl_status fixture_train(train_fixture *f, const char *run, const char *model, bool resume,
                                        const char *const *pairs, weyl_train_result *out) {
  weyl_options *o = NULL;
  weyl_train_result ignored;
  assert_int_equal(weyl_train_options(f->ctx, "dynamics", model, &o), WEYL_OK);
  if (!resume) fixture_set(o, fixture_small, true);
  if (pairs != NULL) fixture_set(o, pairs, false);
  const weyl_train_config config = {.task = "dynamics",
                                    .model = model,
                                    .data = f->data,
                                    .out = fixture_path(f, run, NULL),
                                    .resume = resume,
                                    .options = o,
                                    .seed = 7,
                                    .stop = &f->stop};
  weyl_message_clear(f->ctx);
  f->steps = 0;
  const weyl_status status = weyl_train(f->ctx, &config, out != NULL ? out : &ignored);
  weyl_options_free(o);
  return status;
}

static inline void assert_trained(train_fixture *f, weyl_status status) {
  if (status != WEYL_OK) fail_msg("%s: %s", weyl_status_name(status), weyl_message(f->ctx));
}

static inline void assert_same_file(train_fixture *f, const char *run_a, const char *run_b, const char *file) {
  char a[65], b[65];
  assert_int_equal(weyl_file_sha256(f->ctx, fixture_path(f, run_a, file), a), WEYL_OK);
  assert_int_equal(weyl_file_sha256(f->ctx, fixture_path(f, run_b, file), b), WEYL_OK);
  if (strcmp(a, b) != 0) fail_msg("%s of %s and %s differ", file, run_a, run_b);
}

static inline void assert_message(const train_fixture *f, const char *part) {
  if (strstr(weyl_message(f->ctx), part) == NULL)
    fail_msg("message \"%s\" does not hold \"%s\"", weyl_message(f->ctx), part);
}

#endif
