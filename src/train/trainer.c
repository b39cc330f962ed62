/* weyl_train: from a configuration to a run directory. */
#include "trainer.h"

#include "fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

weyl_status train_agree(const trainer *t, weyl_status status) {
  return t->comm != NULL ? t->comm->agree(t->comm->self, t->ctx, status) : status;
}

bool train_writes(const trainer *t) { return t->comm == NULL || t->comm->rank == 0; }

/* ---- setting up
 * ---------------------------------------------------------------------------------------------------------- */

static weyl_status check_ranks(const trainer *t) {
  if (t->comm == NULL) return WEYL_OK;
  return weyl_comm_check(t->ctx, t->comm->size, (int)weyl_options_integer(t->config.options, "lanes"));
}

static weyl_status open_folder(trainer *t, const weyl_train_config *asked) {
  if (asked->out == NULL || *asked->out == '\0')
    return weyl_fail(t->ctx, WEYL_BAD_ARG, "a run directory must be named");
  t->folder = weyl_arena_strdup(t->arena, asked->out);
  const char *path = t->folder != NULL ? train_path(t->arena, t->folder, "config.ini") : NULL;
  if (path == NULL) return WEYL_MEMORY;

  if (asked->resume) {
    if (!weyl_file_exists(path))
      return weyl_fail(t->ctx, WEYL_NO_FILE, "%s is no run to go on with: there is no config.ini in it", t->folder);
    if (train_writes(t)) WEYL_TRY(weyl_folder_hold(t->ctx, t->folder, &t->hold));
    WEYL_TRY(train_config_read(t->ctx, t->arena, path, &t->config));
    WEYL_TRY(train_config_resume(t->ctx, asked, path, &t->config));
    return check_ranks(t);
  }
  if (weyl_file_exists(path))
    return weyl_fail(t->ctx, WEYL_BAD_ARG, "%s holds a run already: resume it, name another directory, or remove it",
                     t->folder);
  WEYL_TRY(train_config_make(t->ctx, t->arena, asked, &t->config));
  WEYL_TRY(check_ranks(t));
  if (!train_writes(t)) return WEYL_OK;
  WEYL_TRY(weyl_folder_make(t->ctx, t->folder));
  if (access(t->folder, W_OK) != 0)
    return weyl_fail(t->ctx, WEYL_IO, "%s: cannot be written: %s", t->folder, strerror(errno));
  return weyl_folder_hold(t->ctx, t->folder, &t->hold);
}

static weyl_status load_data(trainer *t) {
  const train_config *c = &t->config;
  WEYL_TRY(train_splits_load(t->ctx, c->task, c->set, c->options, c->options, c->data, c->seed, &t->splits));
  const weyl_dataset *const part[3] = {t->splits.train, t->splits.valid, t->splits.test};
  for (int k = 0; k < 3; k++) WEYL_TRY(weyl_dataset_check_finite(t->ctx, part[k]));
  char both[129]; /* training and validation decide the weights; the test set does not */
  weyl_dataset_checksum(part[0], both);
  weyl_dataset_checksum(part[1], both + 64);
  weyl_sha256(both, 128, t->checksum);
  weyl_dataset_checksum(part[2], both + 64);
  memcpy(both, t->checksum, 64);
  weyl_sha256(both, 128, t->alike);

  t->fields = train_fields_text(t->arena, part[0]);
  const int64_t n = weyl_dataset_samples(part[0]);
  t->batch = weyl_options_integer(c->options, "batch");
  if (t->batch > n) {
    weyl_context_log(t->ctx, WEYL_WARN, "batch %lld is more than the %lld training samples: all of them make one batch",
                     (long long)t->batch, (long long)n);
    t->batch = n;
  }
  t->steps_per_epoch = n / t->batch;
  return t->fields != NULL ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status build(trainer *t) {
  const train_config *c = &t->config;
  const weyl_dtype real = train_config_dtype(c);
  const int64_t shard = weyl_options_integer(c->options, "shard");
  WEYL_TRY(weyl_variables_new(t->ctx, real, c->seed, &t->vars));
  WEYL_TRY(weyl_variables_new(t->ctx, real, c->seed, &t->shadow));
  WEYL_TRY(train_evaluator_new(t->ctx, t->shadow, c->task, c->model, c->symmetry, c->options, t->splits.valid,
                               &t->evaluator));
  WEYL_TRY(weyl_loader_new(t->ctx, t->splits.valid, t->evaluator->program, shard, &t->valid_loader));
  WEYL_TRY(weyl_variables_cast(t->shadow, real, &t->best));

  WEYL_TRY(train_stepper_make(t->ctx, t->vars, c, t->splits.train, &t->stepper));
  t->trains = t->stepper.program != NULL;
  if (!t->trains) return WEYL_OK;
  WEYL_TRY(weyl_run_new(t->stepper.program, t->comm, &t->run));
  WEYL_TRY(weyl_loader_new(t->ctx, t->splits.train, t->stepper.program, shard, &t->loader));
  if (t->comm != NULL) weyl_loader_share(t->loader, t->comm->rank, t->comm->size);
  WEYL_TRY(weyl_schedule_new(t->ctx, c->options, t->steps_per_epoch, &t->schedule));
  t->order = weyl_alloc(t->ctx, (size_t)weyl_dataset_samples(t->splits.train), sizeof *t->order);
  return t->order != NULL ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status start(trainer *t, bool resume) {
  const char *state = train_path(t->arena, t->folder, "state.safetensors"),
             *config = train_path(t->arena, t->folder, "config.ini");
  const char *log = train_path(t->arena, t->folder, "log.jsonl");
  const char *metrics = train_path(t->arena, t->folder, "metrics.json");
  if (state == NULL || config == NULL || log == NULL || metrics == NULL) return WEYL_MEMORY;
  t->at = (train_progress){.best_epoch = -1};
  if (resume && weyl_file_exists(state)) {
    WEYL_TRY(train_state_load(t->ctx, state, t->vars, t->best, t->checksum, &t->at));
    if (t->at.step > t->steps_per_epoch)
      return weyl_fail(t->ctx, WEYL_FORMAT, "%s: step %lld of an epoch of %lld", state, (long long)t->at.step,
                       (long long)t->steps_per_epoch);
    if (t->schedule != NULL) train_schedule_load(t->schedule, t->at.schedule);
  }
  if (!train_writes(t)) return WEYL_OK;
  if (resume) train_temporaries_remove(t->folder);
  WEYL_TRY(train_config_write(t->ctx, config, &t->config));
  (void)unlink(metrics); /* it says that the run is finished */
  return train_log_open(t->ctx, log, t->at.best_epoch < 0 ? -1 : t->at.epoch, &t->log);
}

/* ---- the end
 * ----------------------------------------------------------------------------------------------------------------- */

static weyl_status measure(trainer *t, weyl_train_result *r) {
  weyl_loader *test_loader = NULL;
  train_evaluation valid, test;
  weyl_status status;
  WEYL_GOTO(train_copy(t->ctx, t->best, t->shadow, WEYL_PARAM));
  WEYL_GOTO(train_copy(t->ctx, t->best, t->shadow, WEYL_STATE));
  WEYL_GOTO(train_evaluate(t->evaluator, t->valid_loader, t->splits.valid, t->stop, t->comm, NULL, &valid));
  WEYL_GOTO(train_agree(t, weyl_loader_new(t->ctx, t->splits.test, t->evaluator->program,
                                           weyl_options_integer(t->config.options, "shard"), &test_loader)));
  WEYL_GOTO(train_evaluate(t->evaluator, test_loader, t->splits.test, t->stop, t->comm, NULL, &test));

  *r = (weyl_train_result){
      .params = weyl_variables_numbers(t->vars, WEYL_PARAM),
      .epochs = t->at.epoch,
      .best_epoch = t->at.best_epoch,
      .train_loss = t->at.train_loss,
      .seconds_per_epoch =
          t->steps_here > 0 ? t->training_seconds / (double)t->steps_here * (double)t->steps_per_epoch : 0,
      .metrics = test.metrics,
      .stopped_early = t->stopped_early,
  };
  snprintf(r->task, sizeof r->task, "%s", t->config.task->name);
  snprintf(r->model, sizeof r->model, "%s", t->config.model->name);
  snprintf(r->symmetry, sizeof r->symmetry, "%s", t->config.symmetry);
  memcpy(r->valid, valid.metric, sizeof r->valid);
  memcpy(r->test, test.metric, sizeof r->test);
done:
  weyl_loader_free(test_loader);
  return status;
}

static void free_all(trainer *t) {
  if (t->log != NULL) fclose(t->log); /* every line was flushed and checked */
  weyl_schedule_free(t->schedule);
  weyl_loader_free(t->loader);
  weyl_run_free(t->run);
  train_stepper_free(&t->stepper);
  weyl_loader_free(t->valid_loader);
  train_evaluator_free(t->evaluator);
  weyl_variables_free(t->vars);
  weyl_variables_free(t->shadow);
  weyl_variables_free(t->best);
  weyl_splits_free(&t->splits);
  weyl_options_free(t->config.options);
  weyl_dealloc(t->ctx, t->order);
  weyl_folder_release(t->hold);
  weyl_arena_free(t->arena);
}

static weyl_status write_metrics(trainer *t, const weyl_train_result *result) {
  if (!train_writes(t)) return WEYL_OK;
  int64_t samples[3] = {weyl_dataset_samples(t->splits.train), weyl_dataset_samples(t->splits.valid),
                        weyl_dataset_samples(t->splits.test)};
  const char *path = train_path(t->arena, t->folder, "metrics.json");
  if (path == NULL) return WEYL_MEMORY;
  return train_metrics_write(t->ctx, path, &t->config, result, t->comm != NULL ? t->comm->size : 1, samples,
                             weyl_seconds() - t->started);
}

/* Every rank changes its own copy of the weights: what decides how must be the same on all, or the copies part. */
static weyl_status sign_settings(trainer *t) {
  const train_config *c = &t->config;
  const char *options = train_config_options_text(t->arena, c->options), *rewrites = getenv("WEYL_OPT");
  if (options == NULL) return WEYL_MEMORY;
  char run[320];
  const int n = snprintf(run, sizeof run, "%s %s %" PRIu64 " %s %s %s", c->task->name, c->model->name, c->seed,
                         weyl_version(), weyl_kernels_active()->isa, rewrites != NULL ? rewrites : "");
  const char *const texts[3] = {run, c->symmetry, options};
  char sums[3 * 64 + 1];
  if (n < 0) return weyl_fail(t->ctx, WEYL_BUG, "the settings of the run cannot be written down");
  for (int k = 0; k < 3; k++) weyl_sha256(texts[k], strlen(texts[k]), sums + 64 * k);
  weyl_sha256(sums, 3 * 64, t->alike + 64);
  return WEYL_OK;
}

/* All ranks find the same: the largest and the smallest of each character are the same on all of them. */
static weyl_status check_alike(const trainer *t) {
  enum { N = 2 * 64 };
  int32_t most[2 * N];
  bool same[2] = {true, true};
  if (t->comm == NULL) return WEYL_OK;
  for (int i = 0; i < N; i++) {
    most[i] = t->alike[i];
    most[N + i] = -t->alike[i];
  }
  WEYL_TRY(t->comm->maximum(t->comm->self, most, WEYL_I32, 2 * N));
  for (int i = 0; i < N; i++) same[i / 64] = same[i / 64] && most[i] == -most[N + i];
  if (!same[1])
    return weyl_fail(t->ctx, WEYL_BAD_ARG,
                     "the ranks must have the same task, model, options, seed, version of weyl, instruction set "
                     "(WEYL_ISA) and WEYL_OPT, and they do not");
  if (!same[0]) return weyl_fail(t->ctx, WEYL_BAD_ARG, "the ranks read different data, which must be the same on all");
  return WEYL_OK;
}

static weyl_status set_up(trainer *t, const weyl_train_config *asked) {
  WEYL_TRY(weyl_arena_new(t->ctx, &t->arena));
  WEYL_TRY(open_folder(t, asked));
  WEYL_TRY(load_data(t));
  WEYL_TRY(sign_settings(t));
  return build(t);
}

/* Ranks agree wherever one of them can fail alone, so that none waits for another that is gone. The first time is also
 * when all have looked at the folder as it was. */
weyl_status weyl_train(weyl_context *ctx, const weyl_train_config *asked, weyl_train_result *out) {
  trainer t = {.ctx = ctx, .stop = asked->stop, .comm = asked->comm, .hold = -1, .started = weyl_seconds()};
  weyl_train_result result;
  weyl_status status;
  WEYL_GOTO(train_agree(&t, set_up(&t, asked)));
  WEYL_GOTO(train_agree(&t, check_alike(&t)));
  WEYL_GOTO(train_agree(&t, start(&t, asked->resume)));
  WEYL_GOTO(train_loop(&t));
  WEYL_GOTO(measure(&t, &result));
  WEYL_GOTO(train_agree(&t, write_metrics(&t, &result)));
  *out = result;
done:
  free_all(&t);
  return status;
}
