#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "train_fixture.h"

static const char *const good =
    "[paper]\nformat = 1\ntitle = A title\nspec = none\nsource = nowhere\n"
    "[quick]\nseeds = 2\nepochs = 2\nbatch = 8\nhorizon = 2\nhidden = 9\nlayers = 1\n"
    "[full]\nepochs = 3\nhorizon = 2\n"
    "[gnn]\ntask = dynamics\nmodel = gnn\nmetric = test mse\npaper = 0.5\nsource = table 1\nbetter = lower\nquick.rate "
    "= 2e-3\n"
    "[linear, longer]\ntask = dynamics\nmodel = linear\nmetric = valid mae\noption.epochs = 3\nfull.epochs = 4\n"
    "[gnn (centred)]\nrun = gnn\nmetric = test mse\noption.centre = true\n";

static weyl_status open_text(train_fixture *f, const char *text, weyl_recipe **r) {
  char path[300];
  snprintf(path, sizeof path, "%s/test.ini", f->folder);
  test_write(path, text, strlen(text));
  weyl_message_clear(f->ctx);
  return weyl_recipe_open(f->ctx, path, NULL, r);
}

typedef struct seen {
  int rows;
  char names[256];
} seen;

static void see(void *user, const weyl_recipe_row *row, const weyl_recipe_result *result) {
  seen *s = user;
  s->rows++;
  snprintf(s->names + strlen(s->names), sizeof s->names - strlen(s->names), "%s=%d;", row->name, result->seeds);
}

static void rows_are_read(void **state) {
  train_fixture *f = *state;
  weyl_recipe *r = NULL;
  assert_trained(f, open_text(f, good, &r));
  assert_string_equal(weyl_recipe_title(r), "A title");
  assert_string_equal(weyl_recipe_source(r), "nowhere");
  assert_int_equal(weyl_recipe_rows(r), 3);
  const weyl_recipe_row *gnn = weyl_recipe_row_at(r, 0), *linear = weyl_recipe_row_at(r, 1),
                        *centred = weyl_recipe_row_at(r, 2);
  assert_string_equal(gnn->name, "gnn");
  assert_true(gnn->paper == 0.5);
  assert_string_equal(gnn->source, "table 1");
  assert_string_equal(gnn->symmetry, "none");
  assert_string_equal(linear->metric, "valid mae");
  assert_true(isnan(linear->paper) != 0);
  assert_string_equal(linear->better, "lower");
  assert_string_equal(centred->model, "gnn");
  assert_string_equal(centred->task, "dynamics");
  assert_null(weyl_recipe_row_at(r, 3));
  weyl_recipe_free(r);
}

static void rows_run_and_are_not_run_again(void **state) {
  train_fixture *f = *state;
  weyl_recipe *r = NULL;
  assert_trained(f, open_text(f, good, &r));
  weyl_recipe_result first[3], again[3];
  seen s = {0};
  weyl_recipe_opts o = {.out = fixture_path(f, "runs", NULL), .data = f->data, .user = &s, .row = see};
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, first));
  assert_int_equal(s.rows, 3);
  assert_string_equal(s.names, "gnn=2;linear, longer=2;gnn (centred)=2;");
  for (int k = 0; k < 3; k++) assert_true(first[k].ours > 0);
  assert_true(first[0].std > 0 && first[0].ours != first[2].ours); /* not equivariant under translation */
  assert_string_equal(first[0].budget, "2 epochs of 43 samples, 2 seeds");
  assert_string_equal(first[1].budget, "3 epochs of 43 samples, 2 seeds");
  assert_string_equal(first[2].budget, "the run of gnn, 2 seeds");
  assert_true(first[0].seconds_per_epoch > 0 && first[2].seconds_per_epoch == 0);
  assert_true(weyl_file_exists(fixture_path(f, "runs", "linear--longer-seed2/metrics.json")));

  f->steps = 0;
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, again));
  assert_int_equal(f->steps, 0);
  for (int k = 0; k < 3; k++) assert_true(first[k].ours == again[k].ours && first[k].std == again[k].std);

  /* without its metrics a run is unfinished, and goes on */
  assert_int_equal(unlink(fixture_path(f, "runs", "gnn-seed1/metrics.json")), 0);
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, again));
  assert_true(first[0].ours == again[0].ours);

  o.full = true; /* the runs there are of the quick mode */
  weyl_message_clear(f->ctx);
  assert_int_equal(weyl_recipe_run(f->ctx, r, &o, again), WEYL_BAD_ARG);
  assert_message(f, "row \"gnn\"");

  o = (weyl_recipe_opts){.out = fixture_path(f, "none", NULL), .data = f->data, .task = "nbody"};
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, again));
  assert_int_equal(again[0].seeds + again[1].seeds + again[2].seeds, 0);
  weyl_recipe_free(r);
}

static void interrupted_recipes_go_on(void **state) {
  train_fixture *f = *state;
  weyl_recipe *r = NULL;
  assert_trained(f, open_text(f, good, &r));
  weyl_recipe_result whole[3], parts[3];
  weyl_recipe_opts o = {.out = fixture_path(f, "whole", NULL), .data = f->data, .stop = &f->stop};
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, whole));
  o.out = fixture_path(f, "parts", NULL);
  f->steps = 0;
  f->stop_at = 9; /* in the first run's second epoch */
  assert_int_equal(weyl_recipe_run(f->ctx, r, &o, parts), WEYL_INTERRUPTED);
  f->stop = 0;
  f->stop_at = 0;
  o.out = fixture_path(f, "parts", NULL);
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, parts));
  for (int k = 0; k < 3; k++) assert_true(whole[k].ours == parts[k].ours);
  weyl_recipe_free(r);
}

static void bad_recipes_are_refused(void **state) {
  train_fixture *f = *state;
  static const struct {
    const char *text, *message;
    weyl_status status;
  } bad[] = {
      {"[paper]\nformat = 2\n[a]\ntask = dynamics\nmetric = test mse\n", "test.ini:2", WEYL_FORMAT},
      {"[paper]\nname = 2\n", "no key name", WEYL_FORMAT},
      {"[quick]\nseeds = 0\n", "seeds", WEYL_FORMAT},
      {"[paper]\ntitle = x\n", "no rows", WEYL_FORMAT},
      {"[a]\ntask = dynamics\n", "no metric", WEYL_FORMAT},
      {"[a]\ntask = dynamics\nmetric = test mse\nepochs = 3\n", "option.NAME", WEYL_FORMAT},
      {"[a]\ntask = dynamics\nmetric = test mse\npaper = good\n", "a number", WEYL_FORMAT},
      {"[a]\ntask = dynamics\nmetric = test mse\nbetter = more\n", "lower or higher", WEYL_FORMAT},
      {"[a]\ntask = dinamics\nmetric = test mse\n", "dynamics", WEYL_UNKNOWN},
      {"[a]\ntask = dynamics\nmodel = linear\nmetric = test mse\noption.hidden = 3\n", "test.ini:5", WEYL_UNKNOWN},
      {"[a]\ntask = dynamics\nmodel = linear\nmetric = test mse\nfull.epochs = -3\n", "test.ini:5", WEYL_BAD_ARG},
      {"[full]\nepoch = 3\n[a]\ntask = dynamics\nmodel = linear\nmetric = test mse\n", "test.ini:2", WEYL_UNKNOWN},
      {"[a]\nrun = b\nmetric = test mse\n", "a row above", WEYL_FORMAT},
  };
  weyl_recipe *r = NULL;
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    const weyl_status status = open_text(f, bad[k].text, &r);
    if (status != bad[k].status) fail_msg("case %zu: %s: %s", k, weyl_status_name(status), weyl_message(f->ctx));
    assert_message(f, bad[k].message);
  }
  weyl_message_clear(f->ctx);
  assert_int_equal(weyl_recipe_open(f->ctx, "frame-averagin", NULL, &r), WEYL_UNKNOWN);
  assert_message(f, "frame-averaging");
  assert_int_equal(weyl_recipe_open(f->ctx, "nowhere/at-all.ini", NULL, &r), WEYL_NO_FILE);
}

/* Another metric of a run on its own data is what the run wrote down: nothing is computed again. */
static void metrics_of_a_run_are_read(void **state) {
  train_fixture *f = *state;
  static const char text[] =
      "[full]\nepochs = 1\nbatch = 8\nhorizon = 2\n[a]\ntask = dynamics\nmodel = linear\nmetric = test mse\n"
      "[a, mae]\nrun = a\nmetric = valid mae\n[a, size]\nrun = a\nmetric = test size\n";
  weyl_recipe *r = NULL;
  weyl_recipe_result result[3];
  assert_trained(f, open_text(f, text, &r));
  weyl_recipe_opts o = {.full = true, .out = fixture_path(f, "runs", NULL), .data = f->data, .only = "a"};
  assert_int_equal(weyl_recipe_run(f->ctx, r, &o, result), WEYL_FORMAT);
  assert_message(f, "no metric \"size\"");
  const char *path = fixture_path(f, "runs", "a-seed1/metrics.json");
  json_t *metrics = json_load_file(path, 0, NULL);
  assert_non_null(metrics);
  assert_true(result[1].ours == json_number_value(json_object_get(json_object_get(metrics, "valid"), "mae")));
  json_object_set_new(json_object_get(metrics, "valid"), "mae", json_real(12));
  assert_int_equal(json_dump_file(metrics, path, 0), 0);
  json_decref(metrics);
  weyl_message_clear(f->ctx);
  o.only = "a, mae";
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, result));
  assert_true(result[1].ours == 12);
  assert_string_equal(result[1].budget, "the run of a, 1 seed");
  weyl_recipe_free(r);
}

/* A row's own file in the folder of the data, and rows chosen by their names. */
static void rows_have_files_and_are_chosen(void **state) {
  train_fixture *f = *state;
  const char *base = strrchr(f->data, '/');
  assert_non_null(base);
  char text[600], folder[300];
  snprintf(folder, sizeof folder, "%.*s", (int)(base - f->data), f->data);
  snprintf(text, sizeof text,
           "[full]\nepochs = 1\nbatch = 8\nhorizon = 2\n[here]\ntask = dynamics\nmodel = linear\nfile = %s\nmetric = "
           "test mse\n[away]\ntask = dynamics\nmodel = linear\nfile = none.npz\nmetric = test mse\n",
           base + 1);
  weyl_recipe *r = NULL;
  weyl_recipe_result result[2];
  assert_trained(f, open_text(f, text, &r));
  weyl_recipe_opts o = {.full = true, .out = fixture_path(f, "runs", NULL), .data = folder, .only = "her"};
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, result));
  assert_int_equal(result[0].seeds, 1);
  assert_int_equal(result[1].seeds, 0);
  weyl_message_clear(f->ctx);
  o.only = "away";
  assert_int_equal(weyl_recipe_run(f->ctx, r, &o, result), WEYL_NO_FILE);
  assert_message(f, "none.npz");
  weyl_message_clear(f->ctx);
  o.data = NULL;
  assert_int_equal(weyl_recipe_run(f->ctx, r, &o, result), WEYL_BAD_ARG);
  assert_message(f, "a folder with none.npz");
  weyl_recipe_free(r);
}

/* ---- studies ---- */

static weyl_status double_it(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options,
                             double *value, double *error, char budget[160]) {
  (void)ctx;
  *(int *)state += 1;
  *value = weyl_options_number(options, "x") * (strcmp(quantity, "twice") == 0 ? 2 : 3);
  *error = 0.5;
  snprintf(budget, 160, "%lld steps", (long long)weyl_options_integer(options, "steps"));
  return WEYL_OK;
}

static void studies_are_rows(void **state) {
  train_fixture *f = *state;
  static const weyl_option options[] = {
      {"x", WEYL_OPT_DOUBLE, "1", 0, 9, NULL, "factor"}, {"steps", WEYL_OPT_INT, "1", 1, 99, NULL, "budget"}, {0}};
  static const char *const quantities[] = {"twice", "thrice", NULL};
  int calls = 0;
  const weyl_recipe_study study = {"toy", options, quantities, &calls, double_it};
  const weyl_recipe_study *const studies[] = {&study, NULL};
  const char *path = fixture_path(f, "study.ini", NULL);
  static const char text[] =
      "[full]\nsteps = 7\n[a]\nstudy = toy\nmetric = twice\neach.x = 1 2  4\npaper = 2 - 8.5\ntolerance = 0.1\n"
      "[b]\nstudy = toy\nmetric = thrice\noption.x = 3\n";
  test_write(path, text, strlen(text));
  weyl_recipe *r = NULL;
  assert_trained(f, weyl_recipe_open(f->ctx, path, studies, &r));
  assert_int_equal(weyl_recipe_rows(r), 4);
  const weyl_recipe_row *row = weyl_recipe_row_at(r, 2);
  assert_string_equal(row->name, "a, 4");
  assert_true(row->study && row->paper == 8.5 && row->tolerance == 0.1);
  assert_true(isnan(weyl_recipe_row_at(r, 1)->paper) && isnan(weyl_recipe_row_at(r, 3)->tolerance));
  weyl_recipe_result results[4];
  const weyl_recipe_opts o = {.out = fixture_path(f, "studies", NULL), .full = true};
  assert_trained(f, weyl_recipe_run(f->ctx, r, &o, results));
  assert_int_equal(calls, 4);
  assert_true(results[2].ours == 8 && results[3].ours == 9 && results[0].std == 0.5);
  assert_string_equal(results[0].budget, "7 steps");
  weyl_recipe_free(r);
  static const struct {
    const char *text, *says;
  } bad[] = {{"[a]\nstudy = boy\nmetric = twice\n", "no study"},
             {"[a]\nstudy = toy\nmetric = twise\n", "did you mean \"twice\""},
             {"[a]\nstudy = toy\nmetric = twice\neach.x = 1 2\npaper = 1\n", "2 values and 1 numbers"},
             {"[a]\nstudy = toy\nmetric = twice\neach.y = 1 2\n", "y"},
             {"[a]\nstudy = toy\nmetric = twice\nmodel = egnn\n", "no task, model or run"},
             {"[a]\nstudy = toy\nmetric = twice\neach.x =\n", "0 values"},
             {"[a]\nstudy = toy\nmetric = twice\npaper = x\n", "not a number"},
             {"[a]\ntask = dynamics\nmetric = test mse\neach.hidden = 1 2\n", "for studies"}};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    test_write(path, bad[k].text, strlen(bad[k].text));
    weyl_message_clear(f->ctx);
    assert_true(weyl_recipe_open(f->ctx, path, studies, &r) != WEYL_OK);
    assert_message(f, bad[k].says);
  }
  weyl_message_clear(f->ctx);
}

/* Every recipe that comes with weyl can be read, and all its options exist. */
static void shipped_recipes_are_good(void **state) {
  train_fixture *f = *state;
  weyl_arena *arena = NULL;
  const char **names;
  assert_int_equal(setenv("WEYL_RECIPES", WEYL_SOURCE_DIR "/recipes", 1), 0);
  assert_int_equal(weyl_arena_new(f->ctx, &arena), WEYL_OK);
  assert_int_equal(weyl_recipe_list(f->ctx, arena, &names), WEYL_OK);
  bool found = false;
  for (size_t i = 0; names[i] != NULL; i++) {
    found = found || strcmp(names[i], "frame-averaging") == 0;
    weyl_recipe *r = NULL;
    const weyl_status status = weyl_recipe_open(f->ctx, names[i], NULL, &r);
    if (status == WEYL_UNKNOWN && strstr(weyl_message(f->ctx), "no study")) { /* the command knows them */
      weyl_message_clear(f->ctx);
      continue;
    }
    assert_trained(f, status);
    weyl_recipe_free(r);
  }
  assert_true(found);
  weyl_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      fixture_test(rows_are_read),
      fixture_test(studies_are_rows),
      fixture_test(rows_run_and_are_not_run_again),
      fixture_test(interrupted_recipes_go_on),
      fixture_test(rows_have_files_and_are_chosen),
      fixture_test(metrics_of_a_run_are_read),
      fixture_test(bad_recipes_are_refused),
      fixture_test(shipped_recipes_are_good),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
